"""Runs the same circuits in NEST, Brian2 and Synfire, in turn, and says how they compare and which goals are met.

    compare.py [--rows NAME,...] [--runs N] [--quick] [--without nest|brian2] [-o json FILE] [--write]

`run` beside this file makes the environment in which it runs. Wall and CPU time are per second of model time, after a
warm-up; a figure is the median of its runs, with the range in brackets.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report
from correctness import judge_bits, judge_rates
from rows import ROWS, Row

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SYNFIRE = ROOT / ".build" / "release" / "synfire"
# Where the figures of the last comparison stay, so that its tables can be written without measuring again.
FOUND = ROOT / ".build" / "compare.json"
TIMEOUT_S = 1800
FIRST_SEED = 101
NEST_THREADS = 2
# Of the time of its processors NEST has this much at least on a machine that does nothing else.
LEAST_SHARE = 0.9


class NotAvailable(Exception):
    """A simulator cannot run a circuit here; the text says why."""


def call(command: list[str], environment: dict[str, str] | None = None) -> dict:
    """Runs a command whose last line, or whole output, is JSON; raises NotAvailable with its last words."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, env=os.environ | (environment or {}), check=False
        )
    except subprocess.TimeoutExpired:
        raise NotAvailable(f"took more than {TIMEOUT_S} s") from None
    if done.returncode != 0:
        words = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("Try '")]
        raise NotAvailable(words[-1].strip() if words else f"ended with status {done.returncode}")
    output = done.stdout.strip()
    try:
        return json.loads(output)
    except json.JSONDecodeError:
        return json.loads(output.splitlines()[-1])


def synfire_has(option: str) -> bool:
    """Whether this build's `bench` has an option or a benchmark."""
    if synfire_has.text is None:
        synfire_has.text = subprocess.run(
            [SYNFIRE, "bench", "--help"], capture_output=True, text=True, check=False
        ).stdout
    return option in synfire_has.text


synfire_has.text = None


class Variant:
    """One simulator in one setting."""

    def __init__(self, key: str, title: str, cores: int, exchange: str | None = None):
        self.key, self.title, self.cores, self.exchange = key, title, cores, exchange


VARIANTS = (
    Variant("nest", "NEST, 2 threads", NEST_THREADS),
    Variant("brian2", "Brian2 C++, 1 thread", 1),
    Variant("synfire-1", "Synfire, 1 core", 1),
    Variant("synfire-2", "Synfire, 2 cores", 2, "shared-memory"),
    Variant("synfire-2-ipc", "Synfire, 2 cores, ipc", 2, "ipc"),
    Variant("synfire-2-tcp", "Synfire, 2 cores, tcp", 2, "tcp"),
)


class Size:
    """How large and how long a row runs."""

    def __init__(self, row: Row, quick: bool):
        self.scale = row.quick_scale if quick else row.scale
        self.milliseconds = row.quick_milliseconds if quick else row.milliseconds


def run_once(row: Row, size: Size, variant: Variant, repetition: int, scratch: Path) -> dict:
    """Runs a circuit once and returns figures in the words of rows.FIGURES."""
    window = ["--warm-up", str(row.warm_up), "--milliseconds", str(size.milliseconds)]
    seed = str(FIRST_SEED + repetition)
    if variant.key == "nest":
        script = [sys.executable, str(HERE / "nest_circuits.py"), row.circuit, "--scale", str(size.scale)]
        return call([*script, "--seed", seed, "--threads", str(variant.cores), *window], {"PYTHONWARNINGS": "ignore"})
    if variant.key == "brian2":
        script = [sys.executable, str(HERE / "brian_circuits.py"), row.circuit]
        return call([*script, "--folder", str(scratch / f"brian2-{row.name}"), *window], {"PYTHONWARNINGS": "ignore"})
    return run_synfire(row, size, variant, seed)


def run_synfire(row: Row, size: Size, variant: Variant, seed: str) -> dict:
    if not synfire_has(f"{row.circuit}:"):
        raise NotAvailable(f"this build has no benchmark '{row.circuit}'")
    command = [str(SYNFIRE), "bench", row.circuit, "--scale", str(size.scale), "--cores", str(variant.cores)]
    command += ["--seed", seed, "--for", f"{size.milliseconds} ms", "--precision", row.precision]
    if variant.exchange is not None:
        if synfire_has("--exchange"):
            command += ["--exchange", variant.exchange]
        elif variant.exchange != "ipc":
            raise NotAvailable(f"this build has no exchange '{variant.exchange}'")
    found = call([*command, "--quiet", "-o", "json"])
    keys = {
        "wall": "real_time_factor",
        "cpu": "cpu_seconds_per_model_second",
        "build": "build_seconds",
        "bytes_per_synapse": "bytes_per_synapse",
        "rate": "mean_rate_hz",
        "rates": "rates_hz",
        "cvs": "cv_of_intervals",
        "correlations": "correlations",
        "digest": "spikes_digest",
        "neurons": "neurons",
        "synapses": "synapses",
        "budget": "budget",
        "advised_cores": "advised_cores",
    }
    figures = {ours: found[theirs] for ours, theirs in keys.items() if found.get(theirs) is not None}
    figures["simulator"] = f"Synfire {found['version']}"
    figures["commit"] = found.get("commit")
    if "bytes_per_synapse" in figures:
        figures["gibibytes"] = figures["bytes_per_synapse"] * figures["synapses"] / 2**30
    return figures


def measure(row: Row, options: argparse.Namespace, scratch: Path) -> dict:
    """Runs all variants of a row, alternating, and returns their runs and reasons."""
    size = Size(row, options.quick)
    runs = options.runs if row.repeats else 1
    chosen = [v for v in VARIANTS if v.key.split("-")[0] in row.simulators and v.key.split("-")[0] not in options.without]
    found = {v.key: {"title": v.title, "runs": [], "reason": None} for v in chosen}
    for repetition in range(runs):
        for variant in chosen:
            entry = found[variant.key]
            if entry["reason"] is not None:
                continue
            load, start = os.getloadavg()[0], time.monotonic()
            try:
                figures = run_once(row, size, variant, repetition, scratch)
            except NotAvailable as error:
                entry["reason"] = str(error)
                report.progress(f"{row.name}: {variant.title}: not available: {error}")
                continue
            entry["runs"].append(figures | {"seed": FIRST_SEED + repetition, "load": load})
            spent = time.monotonic() - start
            report.progress(
                f"{row.name} {repetition + 1}/{runs}: {variant.title}: "
                f"{report.number(figures['wall'])} s per model second ({spent:.0f} s in all, load {load:.1f})"
            )
    return {"row": row.name, "title": row.title, "scale": size.scale, "milliseconds": size.milliseconds, "variants": found}


def chosen_variant(variants: dict) -> str:
    """The setting that `synfire run` takes on two processors when nobody says how many cores."""
    runs = [run for key, entry in variants.items() if key.startswith("synfire") for run in entry["runs"]]
    if any(run.get("advised_cores") == 1 for run in runs) and variants["synfire-1"]["runs"]:
        return "synfire-1"
    return "synfire-2" if variants.get("synfire-2", {}).get("runs") else "synfire-2-ipc"


def conclude(row: Row, found: dict, everything: dict[str, dict]) -> None:
    """Adds medians, ratios, goals and correctness to what a row's runs found."""
    for entry in found["variants"].values():
        entry["median"], entry["range"] = {}, {}
        keys = {k for run in entry["runs"] for k, v in run.items() if isinstance(v, (int, float))}
        for key in keys:
            values = [run[key] for run in entry["runs"] if run.get(key) is not None]
            entry["median"][key] = statistics.median(values)
            entry["range"][key] = [min(values), max(values)]
    # Double precision is held against the same NEST, whose state is double anyway.
    yardstick = found["variants"].get("nest") or everything.get(row.circuit, {}).get("variants", {}).get("nest")
    found["nest"] = yardstick["median"] if yardstick else {}
    # NEST's threads wait for each other by spinning: when one has no processor, both lose, and the ratio says nothing.
    share = found["nest"]["cpu"] / (NEST_THREADS * found["nest"]["wall"]) if found["nest"].get("wall") else 1.0
    found["nest_share"] = share
    found["is_disturbed"] = share < LEAST_SHARE
    for entry in found["variants"].values():
        wall = found["nest"].get("wall")
        entry["times_nest"] = wall / entry["median"]["wall"] if wall and entry["median"].get("wall") else None
    found["chosen"] = chosen_variant(found["variants"])
    best = found["variants"].get(found["chosen"], {})
    found["goals"] = []
    for goal in row.goals:
        value = best.get("median", {}).get(goal.figure)
        verdict = "not available" if value is None else "met" if value <= goal.most else "short"
        found["goals"].append({"figure": goal.figure, "most": goal.most, "value": value, "verdict": verdict})
    nest_runs = yardstick["runs"] if yardstick else []
    found["rates"] = judge_rates(row, found, nest_runs, HERE / "reference.json")
    found["bits"] = judge_bits([e for k, e in found["variants"].items() if k.startswith("synfire")])


def merged(parts: list[dict]) -> dict:
    """Puts what several runs found together, later settings in place of earlier ones, and judges it anew."""
    found: dict[str, dict] = {}
    for part in parts:
        for row in part["rows"]:
            measured = {key: entry for key, entry in row["variants"].items() if entry["runs"] or row["row"] not in found}
            variants = found.get(row["row"], {}).get("variants", {}) | measured
            found[row["row"]] = found.get(row["row"], {}) | row | {"variants": variants}
    results = parts[0] | {"rows": [], "minutes": sum(part.get("minutes", 0) for part in parts)}
    for row in ROWS:
        if row.name in found:
            conclude(row, found[row.name], found)
            results["rows"].append(found[row.name])
    results["commit"] = ", ".join(dict.fromkeys(part["commit"] for part in parts))
    return results


def write(results: dict) -> None:
    """Writes the page of results, the chart, and the table of the README."""
    if results["quick"]:
        report.progress("results of --quick are not written: they say nothing about the goals")
        return
    pictures = ROOT / "docs" / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    readme = ROOT / "README.md"
    (HERE / "results.md").write_text(report.markdown(results), encoding="utf-8")
    (pictures / "compare.svg").write_text(report.chart(results), encoding="utf-8")
    readme.write_text(report.readme(results, readme.read_text(encoding="utf-8")), encoding="utf-8")
    report.progress("wrote benchmarks/compare/results.md, docs/pictures/compare.svg and the table of README.md")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [row.name for row in ROWS]
    parser.add_argument("--rows", default=",".join(names), help=f"rows with commas between (default: all: {', '.join(names)})")
    parser.add_argument("--runs", type=int, default=3, help="repetitions, alternating between simulators (default 3)")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run: a minute or two, goals do not apply")
    parser.add_argument("--without", action="append", default=[], choices=["nest", "brian2", "synfire"])
    parser.add_argument(
        "-o", dest="output", metavar="FILE", default=str(FOUND), help="all figures of all runs as JSON (default .build/compare.json)"
    )
    parser.add_argument(
        "--from", dest="earlier", metavar="FILE", action="append", help="measure nothing, take what -o has written; settings of later files replace earlier ones"
    )
    parser.add_argument("--write", action="store_true", help="write results.md, docs/pictures/compare.svg and the table of README.md")
    options = parser.parse_args()
    if options.quick and "--runs" not in " ".join(sys.argv):
        options.runs = 1
    unknown = set(options.rows.split(",")) - set(names)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}; rows are {', '.join(names)}")
    if not SYNFIRE.exists() and "synfire" not in options.without:
        parser.error("synfire is not built; run 'make build', or give --without synfire")

    if options.earlier:
        results = merged([json.loads(Path(file).read_text(encoding="utf-8")) for file in options.earlier])
        print(report.text(results))
        if options.write:
            write(results)
        return 0
    scratch = Path(tempfile.mkdtemp(prefix="synfire-compare-"))
    start = time.monotonic()
    results = {"machine": report.machine(), "commit": report.commit(ROOT), "quick": options.quick, "runs": options.runs, "rows": []}
    everything: dict[str, dict] = {}
    try:
        for row in ROWS:
            if row.name not in options.rows.split(","):
                continue
            found = measure(row, options, scratch)
            everything[row.name] = found
            conclude(row, found, everything)
            results["rows"].append(found)
            # After each row, so that what was measured is there even when the rest is interrupted.
            Path(options.output).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    except KeyboardInterrupt:
        report.progress("interrupted; what is there follows")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    results["minutes"] = (time.monotonic() - start) / 60
    print(report.text(results))
    if options.write:
        write(results)
    wrong = [r["row"] for r in results["rows"] if r["rates"]["verdict"] == "off" or r["bits"]["verdict"] == "differ"]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
