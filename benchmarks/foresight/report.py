"""Measures forecasts, advice and alarms on the reference data beside the repository and holds them against their goals.
Called by scripts/score, which has the usage."""
import argparse, json, multiprocessing, os, time
import anomalies, forecasts, loop
from verdicts import Verdicts, columns

SECTIONS = ('forecasts', 'loop', 'faults', 'anomalies')


def main():
    parser = argparse.ArgumentParser(prog='scripts/score', description=__doc__.splitlines()[0])
    parser.add_argument('shared')
    parser.add_argument('binary')
    parser.add_argument('--quick', action='store_true', help='no faults and no anomalies, one delay of 120 s')
    parser.add_argument('--only', default='', help='sections, of ' + ', '.join(SECTIONS))
    parser.add_argument('--delays', default='', help='in s (default: 30,120,600)')
    parser.add_argument('--traces', default='', help='names of traces (default: all)')
    parser.add_argument('--policy', default='', help="more options of 'synfire policy', such as '--action-price 0.5'")
    parser.add_argument('--minutes', action='store_true', help='lists the longest violations of each row')
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1, help='processes side by side')
    parser.add_argument('--save', help='a file for all results (JSON)')
    parser.add_argument('--load', help='prints results that were saved instead of measuring')
    a = parser.parse_args()
    wanted = a.only.split(',') if a.only else ['forecasts', 'loop'] if a.quick else list(SECTIONS)
    unknown = [name for name in wanted if name not in SECTIONS]
    if unknown:
        parser.error(f'--only: {unknown[0]} is none of ' + ', '.join(SECTIONS))
    result = json.load(open(a.load)) if a.load else measure(a, wanted)
    if a.save:
        with open(a.save, 'w') as file:
            json.dump(result, file)
    folder = os.path.join(a.shared, 'autoscale')
    verdicts = Verdicts()
    if 'forecasts' in result:
        forecasts.report(result['forecasts'], verdicts, columns)
    if 'loop' in result:
        loop.report(result['loop'], folder, verdicts, columns, a.minutes)
    if 'faults' in result:
        loop.report_faults(result['faults'], verdicts, columns)
    if 'anomalies' in result:
        anomalies.report(result['anomalies'], verdicts, columns)
    print('Goals')
    print(verdicts)
    print('measured in ' + ', '.join(f'{name} {seconds:.0f} s' for name, seconds in result['seconds'].items()))


def measure(a, wanted):
    result, seconds = {}, {}
    folder = os.path.join(a.shared, 'autoscale')
    delays = [int(d) for d in (a.delays or ('120' if a.quick else '30,120,600')).split(',')]
    command = f'{a.binary} policy --stdio {a.policy}'.strip()
    for name in wanted:
        start = time.monotonic()
        if name == 'forecasts':
            result[name] = forecasts.measure(a.shared, a.binary, a.jobs)
        elif name == 'anomalies':
            result[name] = anomalies.measure(a.shared, a.binary)
        else:
            # The longest traces first, so that no process is left alone with one at the end.
            traces = sorted(loop.rules(folder).load_traces(folder, a.traces.split(',') if a.traces else None), key=lambda t: -t.n)
            jobs = [(folder, command, t.name, d) for t in traces for d in delays]
            with multiprocessing.Pool(max(1, a.jobs)) as pool:
                rows = pool.map(loop.play if name == 'loop' else loop.play_faults, jobs, chunksize=1)
            result[name] = sorted(rows, key=lambda r: r['delay'])
        seconds[name] = time.monotonic() - start
    return dict(result, seconds=seconds)


if __name__ == '__main__':
    main()
