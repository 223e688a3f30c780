"""Detection of anomalies: recorded files with known windows, made-up series, and shops in which things go wrong."""
import json, os, re, subprocess, sys, tempfile

WHY = 'docs/anomalies.md'
SEEDS = (1, 2, 3, 4, 5)


def measure(shared, binary):
    folder = os.path.join(shared, 'nab')
    result = dict(files=None, made=[], shops=None)
    if os.path.exists(os.path.join(folder, 'windows.json')):
        files = [os.path.join(d, f) for d, _, fs in os.walk(os.path.join(folder, 'data')) for f in fs if f.endswith('.csv')]
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run([binary, 'detect', *sorted(files), '--out', scratch, '--quiet'], check=True)
            result['files'] = {
                profile: nab(folder, scratch, profile) for profile in ('standard', 'low_fp', 'low_fn')}
    for seed in SEEDS:
        made = bench(binary, 'incidents', '--seed', str(seed))
        result['made'].append({k: made[k] for k in ('score', 'found', 'incidents', 'false_alarms_per_week')})
    shops = bench(binary, 'alarms')
    result['shops'] = {k: shops[k] for k in ('incidents', 'noticed', 'unexplained_per_service_and_week', 'kinds')}
    return result


def nab(folder, results, profile):
    text = subprocess.run(
        [sys.executable, '-B', os.path.join(folder, 'score.py'), folder, results, '--threshold', '0.5', '--profile', profile],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(re.search(r'^([-0-9.]+) \(', text, re.M).group(1))


def bench(binary, *words):
    return json.loads(subprocess.run(
        [binary, 'bench', *words, '--quiet', '-o', 'json'], check=True, stdout=subprocess.PIPE).stdout)


def report(result, verdicts, columns):
    print('Anomalies')
    rows = []
    if result['files']:
        rows.append(['recorded files, threshold 0.5'] + ['%.1f' % result['files'][p] for p in ('standard', 'low_fp', 'low_fn')])
    for seed, made in zip(SEEDS, result['made']):
        rows.append([f'made-up series of seed {seed}', '%.1f' % made['score'], '', ''])
    print(columns(['score', 'standard', 'few false alarms', 'few misses'], rows), end='\n\n')
    rows = [
        [k['incident'], str(k['times']), str(k['noticed']), str(k['within_2_samples'])] for k in result['shops']['kinds']]
    print(columns(['what goes wrong in five shops', 'times', 'noticed', 'within 2 samples'], rows), end='\n\n')
    if result['files']:
        verdicts.at_least('score on the recorded files', result['files']['standard'], 79, WHY)
    rate = result['shops']['unexplained_per_service_and_week']
    verdicts.at_most('unexplained alarms per service and week', rate, 1, WHY)
