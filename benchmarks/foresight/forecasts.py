"""Backtest on the recorded series: errors relative to the seasonal naive forecast beside those of gradient boosting."""
import csv, importlib.util, json, math, os, subprocess, sys, tempfile

HORIZONS = ('1', '12', 'day')
# One global LightGBM model, its cost in CPU seconds per 1,000 forecasts, and the project's reference, on the same series.
OTHERS = {
    'LightGBM': dict(mase=(.533, .684, .802), wql=(.467, .616, .720), cpu=4.2, kilobytes=None),
    'reference': dict(mase=(.446, .608, .768), wql=(.394, .558, .699), cpu=.69, kilobytes=101),
}
GOALS = dict(mase=(.43, .59, .75), wql=(.38, .54, .68), cpu=.2, kilobytes=64)
WHY = 'docs/forecasting.md'


def measure(shared, binary, cores):
    """Runs the backtest and scores it by the benchmark's own script; the tails, which that does not know, are added."""
    folder = os.path.join(shared, 'data')
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, 'forecasts.csv')
        text = subprocess.run(
            [binary, 'backtest', '--data', folder, '--cores', str(cores), '--out', path, '-o', 'json'],
            check=True, stdout=subprocess.PIPE).stdout
        cost = json.loads(text)['cpu_seconds_per_1000_forecasts']
        text = subprocess.run(
            [sys.executable, '-B', os.path.join(folder, 'score.py'), folder, path, '--json'],
            check=True, stdout=subprocess.PIPE).stdout
        table = json.loads(text)
        series, tails = details(folder, path)
    counts = json.loads(subprocess.run(
        [binary, 'bench', 'counts', '--quiet', '-o', 'json'], check=True, stdout=subprocess.PIPE).stdout)
    return dict(
        table=table, series=series, tails=tails, cpu=cost, kilobytes=counts['series_state_bytes'] / 1024)


def details(folder, path):
    """Errors of each series relative to the seasonal naive one, and the shares of values below the upper quantiles."""
    spec = importlib.util.spec_from_file_location('data_score', os.path.join(folder, 'score.py'))
    rules = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rules)
    import numpy
    said = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            values = [float(row[k]) for k in ('q10', 'q50', 'q90', 'q99', 'q995')]
            said.setdefault(row['series_id'], {})[int(row['origin']), int(row['h'])] = values
    with open(os.path.join(folder, 'snaive.csv')) as file:
        naive = {(r['series_id'], r['hi']): (float(r['mase']), float(r['wql'])) for r in csv.DictReader(file)}
    rows, tails = [], {h: [] for h in HORIZONS}
    for s in rules.load(folder):
        q = numpy.array([[said[s.id][int(o), h] for h in s.horizons] for o in s.origins])
        for row in rules.score(s, q[:, :, :3]):
            mase, wql = naive[s.id, row['hi']]
            ratios = [max(row[k], 1e-3 * n) / max(n, 1e-9) for k, n in (('mase', mase), ('wql', wql))]
            rows.append(dict(series=s.id, group=s.group, hi=row['hi'], mase=ratios[0], wql=ratios[1]))
        for j, hi in enumerate(HORIZONS):
            y = s.x[s.origins + s.horizons[j]]
            tails[hi].append([float(numpy.mean(y <= q[:, j, k])) for k in (3, 4)])
    return rows, {hi: numpy.mean(v, axis=0).tolist() for hi, v in tails.items()}


def report(result, verdicts, columns):
    """Prints the tables and adds the goals."""
    table = result['table']
    mine = dict(
        mase=[table[h]['mase'] for h in HORIZONS], wql=[table[h]['wql'] for h in HORIZONS],
        cpu=result['cpu'], kilobytes=result['kilobytes'])
    print('Forecasts of %d series, errors relative to the seasonal naive forecast' % table['day']['series'])
    rows = []
    for name, x in list(OTHERS.items()) + [('synfire', mine), ('goal', GOALS)]:
        rows.append(
            [name] + ['%.3f / %.3f' % (x['mase'][j], x['wql'][j]) for j in range(3)]
            + ['%.2f' % x['cpu'], '-' if x['kilobytes'] is None else '%.0f' % x['kilobytes']])
    print(columns(['MASE / WQL', 'next tick', '12 ticks', 'a day', 'CPU-s per 1,000', 'state, KB'], rows), end='\n\n')
    rows = [
        [name, '%.3f' % table[h]['coverage']] + ['%.4f' % v for v in result['tails'][h]]
        for name, h in zip(('next tick', '12 ticks', 'a day'), HORIZONS)
    ]
    print(columns(['horizon', 'in the 80 % band', 'below q99', 'below q99.5'], rows), end='\n\n')
    groups = sorted({r['group'] for r in result['series']})
    rows = [[g] + ['%.3f / %.3f' % tuple(mean(result, h, k, g) for k in ('mase', 'wql')) for h in HORIZONS] for g in groups]
    print(columns(['MASE / WQL by group', 'next tick', '12 ticks', 'a day'], rows), end='\n\n')
    rows = []
    for h in HORIZONS:
        worst = sorted((r for r in result['series'] if r['hi'] == h), key=lambda r: -r['mase'])
        rows.append([h, ', '.join('%s %.2f' % (r['series'], r['mase']) for r in worst[:5])])
    print('Series with the greatest MASE, by horizon')
    print('\n'.join(f'  {h:4s} {text}' for h, text in rows), end='\n\n')
    for j, h in enumerate(HORIZONS):
        for k in ('mase', 'wql'):
            verdicts.at_most(f'{k.upper()} {h} ahead', mine[k][j], GOALS[k][j], WHY)
        verdicts.between(f'share inside the 80 % band, {h} ahead', table[h]['coverage'], .78, .82, WHY)
        verdicts.between(f'share below the 99 % quantile, {h} ahead', result['tails'][h][0], .97, .995, WHY)
    verdicts.at_most('CPU-seconds per 1,000 forecasts', result['cpu'], GOALS['cpu'], WHY)
    verdicts.at_most('KB of state a series', result['kilobytes'], GOALS['kilobytes'], WHY)


def mean(result, horizon, key, group):
    values = [r[key] for r in result['series'] if r['hi'] == horizon and r['group'] == group]
    return math.exp(sum(math.log(v) for v in values) / len(values))
