"""Gradient boosting and Synfire on the same recorded series, origins and horizons.

    boosting.py DATA SYNFIRE [--quick]

LightGBM has one global model a horizon and quantile, trained on the training parts of all series, on differences in units of
each series' seasonal error. Both are scored by DATA/score.py; CPU time covers training, learning and forecasting.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

QUANTILES = (0.1, 0.5, 0.9)
MOST_ROWS_PER_SERIES = 8_000
TRAINING = {
    "objective": "quantile", "learning_rate": 0.05, "num_leaves": 63, "min_data_in_leaf": 100, "feature_fraction": 0.7,
    "bagging_fraction": 0.7, "bagging_freq": 1, "num_threads": 1, "seed": 1, "deterministic": True, "verbose": -1,
}
ROUNDS = 250


def say(words: str) -> None:
    print(f"boosting: {words}", file=sys.stderr, flush=True)


class Columns:
    """What a model may see of one series at origins t: values up to t only, relative to the present one."""

    def __init__(self, series: object, group: int, kind: int, cadence_s: int, week: int, start: int):
        self.x, self.m, self.week = series.x, series.m, week
        self.scale = max(series.scale, 1e-9)
        training = self.x[: series.first_test]
        self.level, self.spread = training.mean(), max(training.std(), 1e-9)
        self.codes = (group, kind, cadence_s)
        self.start, self.cadence_s = start, cadence_s
        self.sums = np.concatenate([[0.0], np.cumsum(self.x)])
        self.squares = np.concatenate([[0.0], np.cumsum(self.x**2)])

    def mean(self, t: np.ndarray, length: int) -> np.ndarray:
        return (self.sums[t + 1] - self.sums[t + 1 - length]) / length

    def deviation(self, t: np.ndarray, length: int) -> np.ndarray:
        square = (self.squares[t + 1] - self.squares[t + 1 - length]) / length
        return np.sqrt(np.maximum(square - self.mean(t, length) ** 2, 0))

    def at(self, t: np.ndarray, horizon: int) -> np.ndarray:
        x, m, now = self.x, self.m, self.x[t]
        seasons = -(-horizon // m) * m
        same = t + horizon - seasons
        columns = [(now - self.level) / self.spread]
        columns += [(x[t - k] - now) / self.scale for k in (1, 2, 3, 4, 5, 6, 8, 10, 12, 18, 24)]
        columns += [(x[np.minimum(same + k, t)] - now) / self.scale for k in (-2, -1, 0, 1, 2)]
        columns += [(x[same - k * m] - now) / self.scale for k in (1, 2)]
        columns += [(x[t - k * m] - now) / self.scale for k in (1, 2, 6)]
        columns.append((x[same - (self.week - m)] - now) / self.scale)
        columns.append((np.mean([x[same - k * m] for k in range(6)], axis=0) - now) / self.scale)
        for length in (3, 6, 12, m // 4, m, 7 * m):
            columns.append((self.mean(t, length) - now) / self.scale)
        columns += [self.deviation(t, length) / self.scale for length in (6, 12, m)]
        seconds = self.start + (t + horizon) * self.cadence_s
        for period in (86_400, 604_800):
            columns += [np.sin(2 * np.pi * seconds / period), np.cos(2 * np.pi * seconds / period)]
        columns += [np.full(len(t), float(code)) for code in self.codes]
        return np.clip(np.column_stack(columns), -1e6, 1e6)


def boosting(all_series: list, meta: pd.DataFrame) -> tuple[list, float]:
    """Forecasts of LightGBM as rows of the protocol, and CPU seconds."""
    began = time.process_time()
    codes = {name: {v: i for i, v in enumerate(sorted(meta[name].unique()))} for name in ("group", "kind")}
    columns = []
    for s in all_series:
        row = meta.loc[s.id]
        start = int(pd.Timestamp(row.start).timestamp())
        group, kind = codes["group"][row.group], codes["kind"][row.kind]
        columns.append(Columns(s, group, kind, int(row.cadence_s), int(row.season_week), start))
    rows = []
    for j, name in enumerate(("1", "12", "day")):
        inputs, targets = [], []
        for s, c in zip(all_series, columns):
            h = s.horizons[j]
            t = np.arange(8 * s.m, s.first_test - h)
            t = t[:: max(1, len(t) // MOST_ROWS_PER_SERIES)]
            inputs.append(c.at(t, h))
            targets.append((c.x[t + h] - c.x[t]) / c.scale)
        data = lightgbm.Dataset(np.concatenate(inputs), np.concatenate(targets), free_raw_data=False)
        models = []
        for quantile in QUANTILES:
            models.append(lightgbm.train(TRAINING | {"alpha": quantile}, data, ROUNDS))
            say(f"trained horizon {name}, quantile {quantile}, on {data.num_data()} rows")
        for s, c in zip(all_series, columns):
            h = s.horizons[j]
            found = np.column_stack([model.predict(c.at(s.origins, h), num_threads=1) for model in models])
            values = np.sort(c.x[s.origins, None] + found * c.scale, axis=1)
            if c.x[: s.first_test].min() >= 0:
                values = np.maximum(values, 0)
            rows += [(s.id, t, h, *v) for t, v in zip(s.origins, values)]
    return rows, time.process_time() - began


def synfire(binary: Path, data: Path, out: Path) -> float:
    """Writes the forecasts of `synfire backtest` and returns its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([binary, "backtest", "--data", data, "--out", out, "--cores", "1", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def subset(data: Path, folder: Path, names: set[str]) -> None:
    """Writes the same folder with some of its series."""
    for file in ("values.csv.gz", "series.csv", "origins.csv.gz", "events.csv", "snaive.csv"):
        table = pd.read_csv(data / file, dtype=str, keep_default_na=False)
        table[table.series_id.isin(names)].to_csv(folder / file, index=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("synfire", type=Path)
    parser.add_argument("--quick", action="store_true", help="every third series")
    options = parser.parse_args()
    sys.path.insert(0, str(options.data.resolve()))
    from score import load

    with tempfile.TemporaryDirectory(prefix="synfire-boosting-") as scratch:
        data = options.data
        if options.quick:
            names = pd.read_csv(data / "series.csv").series_id.tolist()[::3]
            data = Path(scratch) / "data"
            data.mkdir()
            subset(options.data, data, set(names))
        all_series = list(load(data))
        meta = pd.read_csv(data / "series.csv").set_index("series_id")
        count = sum(len(s.origins) for s in all_series) * 3
        rows, boosting_s = boosting(all_series, meta)
        files = {"LightGBM": Path(scratch) / "boosting.csv.gz", "Synfire": Path(scratch) / "synfire.csv"}
        with gzip.open(files["LightGBM"], "wt", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["series_id", "origin", "h", "q10", "q50", "q90"])
            writer.writerows(rows)
        seconds = {"LightGBM": boosting_s, "Synfire": synfire(options.synfire, data, files["Synfire"])}
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; commit {os.environ.get('SYNFIRE_COMMIT', 'unknown')}")
        print(f"{len(all_series)} series, {count} forecasts; errors relative to the seasonal naive forecast, geometric mean over series")
        print("           MASE 1 / 12 / day    WQL 1 / 12 / day     in the 80 % band     CPU-s per 1,000")
        for name, file in files.items():
            command = [sys.executable, "-B", options.data / "score.py", data, file, "--json"]
            table = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            figures = [[table[h][key] for h in ("1", "12", "day")] for key in ("mase", "wql", "coverage")]
            cells = "".join("   " + " / ".join(f"{v:.3f}" for v in column) for column in figures)
            print(f"{name:8s}{cells}   {seconds[name] / count * 1000:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
