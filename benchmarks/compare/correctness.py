"""Whether what was timed is the right network: rates against NEST's spread from seed to seed, and equal bits."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

from rows import Row

# A mean of runs may lie this many standard errors from NEST's mean, in any population.
MOST_ERRORS = 3.5


def judge_rates(row: Row, found: dict, nest_runs: list[dict], reference: Path) -> dict:
    """Holds the mean rate of every population against NEST's.

    The spread is that of NEST's runs, at least the median over populations (a spread of three runs may be small by
    chance); with fewer than two runs of NEST, what `reference.json` has for the circuit and scale.
    """
    ours = found["variants"].get("synfire-2", {}).get("runs") or found["variants"].get("synfire-1", {}).get("runs") or []
    if not ours:
        return {"verdict": "not available", "text": "-"}
    source = "this run"
    if len(nest_runs) >= 2:
        values = {name: [run["rates"][name] for run in nest_runs] for name in nest_runs[0]["rates"]}
    else:
        values = stored(reference, row.circuit, found["scale"])
        source = "reference.json"
    if not values:
        return {"verdict": "not judged", "text": "no NEST spread at this size"}
    means = {name: statistics.mean(v) for name, v in values.items()}
    relative = {name: statistics.stdev(v) / means[name] for name, v in values.items() if means[name] > 0}
    floor = statistics.median(relative.values()) if relative else 0.0
    worst, where = 0.0, ""
    for name, mean in means.items():
        mine = [run["rates"][name] for run in ours]
        deviation = max(relative.get(name, 0.0), floor) * mean
        error = deviation * math.sqrt(1 / len(mine) + 1 / len(values[name]))
        distance = (statistics.mean(mine) - mean) / error if error > 0 else 0.0
        if abs(distance) >= abs(worst):
            worst, where = distance, name
    verdict = "ok" if abs(worst) <= MOST_ERRORS else "off"
    return {
        "verdict": verdict,
        "worst": worst,
        "population": where,
        "source": source,
        "nest": means,
        "text": f"{verdict}: worst {where} {worst:+.1f} s.e.",
    }


def stored(reference: Path, circuit: str, scale: float) -> dict[str, list[float]]:
    """Rates per population and seed that an earlier NEST gave for a circuit and scale."""
    if not reference.exists():
        return {}
    for entry in json.loads(reference.read_text(encoding="utf-8")):
        if entry["circuit"] == circuit and entry["scale"] == scale:
            return entry["rates"]
    return {}


def judge_bits(entries: list[dict]) -> dict:
    """Whether runs of one seed have one digest on every number of cores and every exchange."""
    by_seed: dict[int, set[str]] = {}
    settings = 0
    for entry in entries:
        digests = [run for run in entry["runs"] if run.get("digest")]
        settings += bool(digests)
        for run in digests:
            by_seed.setdefault(run["seed"], set()).add(run["digest"])
    if settings < 2:
        return {"verdict": "not available", "text": "-"}
    same = all(len(digests) == 1 for digests in by_seed.values())
    return {"verdict": "same" if same else "differ", "text": f"{'same' if same else 'DIFFER'} in {settings} settings"}
