"""The policy in a closed loop on recorded traffic: how well the greatest demand of a window was forecast, and what came of
it, beside the stored policies; and the same with bad metrics."""
import csv, json, math, os, resource, statistics, sys

NAMES = ('hpa', 'hpa-rps', 'vpa-p90', 'aws-hourly', 'last-week', 'yesterday', 'trend10', 'holt-winters', 'quantile',
         'hpa+quantile', 'ridge')
SINGLE = 'ridge'
GOALS = {30: 1.30, 120: 1.30, 600: 1.65}
KINDS = ('gap', 'zero', 'stale_frozen', 'stale_silent', 'spike_up', 'spike_down')
WHY = 'docs/planning.md, Shortfalls'
# Seconds that an answer may take: no figure here is a wall time, and the machine may be busy.
PATIENCE = 60


class Listening:
    """Stands in for the benchmark's JSON reader, so that a line's other members are not lost."""
    last = {}

    @staticmethod
    def dumps(value):
        return json.dumps(value)

    @staticmethod
    def loads(line):
        Listening.last = json.loads(line)
        return Listening.last


def rules(folder):
    """The benchmark's own script."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
    import score
    score.json = Listening
    return score


def product(score, command, configuration):
    """The product as a policy that keeps what it said of each window in `said`."""

    class Product(score.External):
        def decide(self, *arguments):
            replicas = super().decide(*arguments)
            self.said.append(Listening.last.get('window'))
            return replicas

    made = Product(command, configuration, PATIENCE)
    made.said = []
    return made


def play(job):
    """Plays one trace at one delay; returns a row."""
    folder, command, name, delay = job
    score = rules(folder)
    import numpy
    trace = score.load_traces(folder, [name])[0]
    policy = product(score, command + ' --forecasts', score.make_config(trace, delay))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = score.run_one(trace, lambda t, d: policy, delay)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    row = score.scores(trace, result, score.oracle_hours(trace, delay))
    row = {k: float(row[k]) for k in ('viol_min', 'severe_min', 'viol_min_events', 'cost_ratio', 'J', 'actions', 'scored_days')}
    sd, q, p99, p995 = window_error(trace, delay, policy.said, numpy)
    return dict(
        row, trace=name, delay=delay, sd=sd, q985=q, above99=p99, above995=p995, microseconds=1e6 * seconds / trace.n,
        violations=violations(score, trace, result, delay, numpy))


def window_error(trace, delay, said, numpy):
    """Deviation and 98.5 % quantile of the log error, shares above the 99 and 99.5 % quantile, of the scored part."""
    span = delay // 30 + 2
    padded = numpy.concatenate([trace.load, numpy.full(span, -numpy.inf)])
    truth = numpy.max([padded[1 + i:1 + i + trace.n] for i in range(span)], axis=0)
    rows = [(truth[k], w) for k, w in enumerate(said) if w and trace.warm <= k < trace.n - span]
    if not rows:
        return [float('nan')] * 4
    true = numpy.array([r[0] for r in rows])
    error = numpy.log((true + 1) / (numpy.array([r[1][0] for r in rows]) + 1))
    above = [float(numpy.mean(true > numpy.array([r[1][i] for r in rows]))) for i in (1, 2)]
    return [float(error.std()), float(numpy.quantile(error, 0.985))] + above


def violations(score, trace, result, delay, numpy):
    """Stretches of violating steps: start, minutes, event, and how demand rose since the last order that could serve."""
    bad = result['RHO'] > score.SLO_UTIL + score.EPS
    bad[:trace.warm] = False
    edges = numpy.flatnonzero(numpy.diff(numpy.concatenate([[0], bad.astype(int), [0]])))
    stretches = []
    for first, end in zip(edges[::2], edges[1::2]):
        # What is known when the last order that serves at the start is given: the mean of two steps, one step old.
        known = first - delay // 30 - 3
        seen = trace.load[max(0, known - 1):known + 1].mean() if known >= 1 else trace.load[0]
        time = trace.t0 + int(first) * 30
        event = next((e for e in trace.events if e['start'] - 1800 <= time < e['end'] + 1800), None)
        stretches.append(dict(
            time=str(numpy.datetime64(time, 's')) + 'Z', minutes=float(end - first) / 2,
            rise=float(trace.load[first:end].max() / max(1e-9, seen)),
            event=event and event['name'], since=event and (time - event['start']) / 60))
    return stretches


def play_faults(job):
    """Plays one trace at one delay clean and with bad metrics; returns a row."""
    folder, command, name, delay = job
    score = rules(folder)
    trace = score.load_traces(folder, [name])[0]
    plan = score.fault_plan(trace)

    def make(trace, delay):
        return score.External(command, score.make_config(trace, delay), PATIENCE)

    runs = [score.run_one(trace, make, delay, p) for p in (None, plan)]
    return dict({k: float(v) for k, v in score.fault_scores(trace, *runs, plan).items()}, trace=name, delay=delay)


def baselines(folder):
    path = os.path.join(folder, 'baselines.csv')
    rows = [b for b in csv.DictReader(open(path)) if b['status'] == 'ok'] if os.path.exists(path) else []
    return {(b['policy'], b['trace'], int(b['delay_s'])): b for b in rows}


def report(rows, folder, verdicts, columns, tells_minutes):
    stored = baselines(folder)
    delays = sorted({r['delay'] for r in rows})
    for r in rows:
        r['hpa'] = stored.get(('hpa', r['trace'], r['delay']))
        own = [b for p in NAMES if (b := stored.get((p, r['trace'], r['delay'])))]
        r['best'] = min(own, key=lambda b: float(b['J']), default=None)
    table = []
    for r in rows:
        hpa, best = r['hpa'], r['best']
        table.append(
            [f"{r['delay']} s {r['trace']}", '%.3f' % r['sd'], '%.3f' % r['q985'], '%.4f' % r['above99'],
             '%.4f' % r['above995'], '%.1f' % r['viol_min'], '%.3f' % r['cost_ratio'], '%.3f' % r['J'],
             '%.2f' % float(hpa['J']) if hpa else '-', '%s %.3f' % (best['policy'], float(best['J'])) if best else '-',
             '%.3f' % (r['viol_min'] / max(.5, float(hpa['viol_min']))) if hpa else '-',
             '%.2f' % (r['actions'] / max(1, float(hpa['actions']))) if hpa else '-',
             '%.1f' % (r['actions'] / r['scored_days'] / 24), '%.0f' % r['microseconds']])
    print('Advice in a closed loop: error of the window\'s greatest demand, and what came of it')
    print(columns(
        ['delay, trace', 'sd', 'q98.5', '>q99', '>q99.5', 'viol min', 'cost', 'J', 'J HPA', 'J best simple', 'viol/HPA',
         'act/HPA', 'act/h', 'us'], table), end='\n\n')
    means = []
    for name in NAMES + ('synfire',):
        cells = []
        for d in delays:
            mine = [r for r in rows if r['delay'] == d]
            js = [r['J'] if name == 'synfire' else float(stored[name, r['trace'], d]['J']) for r in mine
                  if name == 'synfire' or (name, r['trace'], d) in stored]
            cells.append('%.3f' % statistics.geometric_mean(js) if len(js) == len(mine) else '-')
        means.append([name] + cells)
    means.append(['goal'] + ['%.2f' % GOALS[d] if d in GOALS else '-' for d in delays])
    print(columns(['geometric mean of J'] + [f'{d} s' for d in delays], means), end='\n\n')
    for d in delays:
        mine = [r for r in rows if r['delay'] == d]
        if d in GOALS:
            verdicts.at_most(f'{d} s: geometric mean of J', statistics.geometric_mean([r['J'] for r in mine]), GOALS[d], WHY)
    for r in rows:
        if r['hpa']:
            what = f"{r['delay']} s {r['trace']}"
            share = r['viol_min'] / max(.5, float(r['hpa']['viol_min']))
            verdicts.at_most(f"{what}: violations / HPA's", share, .25, WHY)
            verdicts.at_most(f"{what}: actions / HPA's", r['actions'] / max(1, float(r['hpa']['actions'])), 1.2, WHY)
        verdicts.at_most(f"{r['delay']} s {r['trace']}: us an answer", r['microseconds'], 100, WHY)
    events(rows, stored, verdicts, columns)
    stretches(rows, columns, tells_minutes)


def events(rows, stored, verdicts, columns):
    """Violating minutes around known events: the policy of least J in the row, and the one that is best over all."""
    table = []
    for r in rows:
        best = r['best']
        if r['trace'] != 'wc98_group' or not best:
            continue
        single = stored.get((SINGLE, r['trace'], r['delay']))
        table.append(
            [f"{r['delay']} s", '%.1f, J %.3f' % (r['viol_min_events'], r['J'])]
            + ['%s %.1f, J %.3f' % (b['policy'], float(b['viol_min_events']), float(b['J'])) for b in (best, single)])
        what = f"{r['delay']} s, World Cup's matches"
        verdicts.at_most(f"{what}: violating minutes", r['viol_min_events'], .5 * float(best['viol_min_events']), WHY)
        verdicts.at_most(f'{what}: J of the trace', r['J'], float(best['J']), WHY)
    if table:
        print(columns(['violating minutes at matches', 'synfire', 'least J of the row', 'best over all traces'], table), end='\n\n')


def stretches(rows, columns, tells_all):
    """Which minutes violate, and after what."""
    table = []
    for r in rows:
        total = sum(v['minutes'] for v in r['violations'])
        if not total:
            continue
        jump = sum(v['minutes'] for v in r['violations'] if v['rise'] >= 1.3)
        event = sum(v['minutes'] for v in r['violations'] if v['event'])
        longest = max(r['violations'], key=lambda v: v['minutes'])
        text = '%s, %.1f min, x %.1f' % (longest['time'], longest['minutes'], longest['rise'])
        table.append([f"{r['delay']} s {r['trace']}", '%.1f' % total, '%.1f' % jump, '%.1f' % event, text])
    print(columns(
        ['violating minutes', 'all', 'rise of 1.3 or more', 'at known events', 'longest: start, length, rise'], table))
    print('rise: demand relative to what was known when the last order that serves then was given\n')
    if not tells_all:
        return
    for r in rows:
        for v in sorted(r['violations'], key=lambda v: -v['minutes'])[:20]:
            event = ', %s, %.0f min after its start' % (v['event'], v['since']) if v['event'] else ''
            print('  %d s %s: %s, %.1f min, x %.2f%s' % (r['delay'], r['trace'], v['time'], v['minutes'], v['rise'], event))
    print()


def report_faults(rows, verdicts, columns):
    print('Advice with bad metrics: 48 faults a trace, bad scale-ins by kind')
    table = [
        [f"{r['delay']} s {r['trace']}", '%.0f' % r['bad_scale_ins']] + ['%.0f' % r['bad_' + k] for k in KINDS]
        + ['%.0f' % r['replicas_lost'], '%.1f' % r['extra_viol_min'], '%.2f' % r['extra_cost_pct']] for r in rows]
    print(columns(
        ['delay, trace', 'bad scale-ins'] + [k.replace('_', ' ') for k in KINDS]
        + ['replicas lost', 'extra viol min', 'extra cost %'], table), end='\n\n')
    for r in rows:
        verdicts.at_most(f"{r['delay']} s {r['trace']}: bad scale-ins", int(r['bad_scale_ins']), 0, WHY)
