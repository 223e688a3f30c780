"""Plays the recorded traces of the replay benchmark against `synfire policy --stdio` and prints two pairs of figures per
trace and delay: how well the greatest demand of a window was forecast (log error, shares above the 99 and 99.5 % quantile),
and what came of it (violating minutes and cost), beside the stored baselines. Called by scripts/score."""
import argparse, csv, json, math, os, statistics, sys


def product(score, command, configuration):
    """The product as a policy that keeps what it said of each window in `said`."""

    class Product(score.External):
        def decide(self, *arguments):
            replicas = super().decide(*arguments)
            self.said.append(Listening.last.get('window'))
            return replicas

    made = Product(command, configuration)
    made.said = []
    return made


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


def table(score, traces, delays, binary, baselines, numpy):
    row = '%6s %-12s | %6s %6s %6s %7s | %7s %6s %6s %6s %6s %7s | %5s'
    print(row % ('delay', 'trace', 'sd', 'q98.5', '>q99', '>q99.5', 'viol', '/HPA', 'cost', 'J', 'J HPA', 'J best', 'act/HPA'))
    means = {}
    for delay in delays:
        for trace in traces:
            score.json = Listening
            policy = product(score, f'{binary} policy --stdio --forecasts', score.make_config(trace, delay))
            result = score.run_one(trace, lambda t, d: policy, delay)
            s = score.scores(trace, result, score.oracle_hours(trace, delay))
            sd, q, p99, p995 = window_error(trace, delay, policy.said, numpy)
            own = [b for b in baselines if b['trace'] == trace.name and int(b['delay_s']) == delay]
            hpa = next((b for b in own if b['policy'] == 'hpa'), None)
            best = min((float(b['J']) for b in own if b['policy'] not in ('oracle', 'static-peak')), default=float('nan'))
            nan = float('nan')
            violations = float(hpa['viol_min']) if hpa else nan
            actions = float(hpa['actions']) if hpa else nan
            print(row % (
                delay, trace.name, '%.3f' % sd, '%.3f' % q, '%.4f' % p99, '%.4f' % p995, '%.1f' % s['viol_min'],
                '%.3f' % (s['viol_min'] / max(violations, .5)), '%.3f' % s['cost_ratio'], '%.3f' % s['J'],
                '%.2f' % (float(hpa['J']) if hpa else nan), '%.3f' % best, '%.2f' % (s['actions'] / max(actions, 1))), flush=True)
            means.setdefault(delay, []).append(s['J'])
    for delay, values in means.items():
        names = {t.name for t in traces}
        others = {}
        for b in baselines:
            if int(b['delay_s']) == delay and b['trace'] in names:
                others.setdefault(b['policy'], []).append(float(b['J']))
        text = '  '.join(
            f'{name} {statistics.geometric_mean(js):.2f}' for name, js in sorted(others.items()) if len(js) == len(names))
        print(f'{delay} s: geometric mean of J {statistics.geometric_mean(values):.3f}  ({text})')


def faults(score, traces, delays, binary):
    for delay in delays:
        for trace in traces:
            def make():
                return score.External(f'{binary} policy --stdio', score.make_config(trace, delay))
            plan = score.fault_plan(trace)
            clean, bad = make(), make()
            try:
                s = score.fault_scores(
                    trace, score.simulate(trace, clean, delay), score.simulate(trace, bad, delay, plan), plan)
            finally:
                clean.close()
                bad.close()
            print('%4d s %-12s bad scale-ins %d, extra violating minutes %.1f, extra cost %.2f %%' % (
                delay, trace.name, s['bad_scale_ins'], s['extra_viol_min'], s['extra_cost_pct']), flush=True)


def main():
    parser = argparse.ArgumentParser(description='Scores the policy on recorded traffic.')
    parser.add_argument('folder')
    parser.add_argument('binary')
    parser.add_argument('--delays', default='30,120,600')
    parser.add_argument('--traces', default='')
    parser.add_argument('--faults', action='store_true', help='play bad metrics instead')
    a = parser.parse_args()
    sys.path.insert(0, a.folder)
    import numpy
    import score
    traces = score.load_traces(a.folder, a.traces.split(',') if a.traces else None)
    delays = [int(d) for d in a.delays.split(',')]
    if a.faults:
        return faults(score, traces, delays, a.binary)
    path = os.path.join(a.folder, 'baselines.csv')
    baselines = [b for b in csv.DictReader(open(path)) if b['status'] == 'ok'] if os.path.exists(path) else []
    table(score, traces, delays, a.binary, baselines, numpy)


if __name__ == '__main__':
    main()
