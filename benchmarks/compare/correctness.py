"""Whether what was timed is the right network: rates against NEST's spread from seed to seed, and equal bits."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

from rows import Row

# How often equal networks may be called different, over all populations of a row.
FALSE_ALARMS = 0.01


def judge_rates(row: Row, found: dict, nest_runs: list[dict], reference: Path) -> dict:
    """Holds the mean rate of every population against NEST's.

    The spread from seed to seed is taken from the runs of both, at least the median over populations. That of three runs may be a
    third of the true one, so the limit is Student's for so few, shared by all populations (Bonferroni). With fewer than two
    runs of NEST, what `reference.json` has for the circuit and scale is taken.
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
    mine = {name: [run["rates"][name] for run in ours] for name in means}
    relative = {name: pooled_deviation(values[name], mine[name]) / means[name] for name in means if means[name] > 0}
    floor = statistics.median(relative.values()) if relative else 0.0
    worst, where = 0.0, ""
    for name, mean in means.items():
        deviation = max(relative.get(name, 0.0), floor) * mean
        error = deviation * math.sqrt(1 / len(mine[name]) + 1 / len(values[name]))
        distance = (statistics.mean(mine[name]) - mean) / error if error > 0 else 0.0
        if abs(distance) >= abs(worst):
            worst, where = distance, name
    freedom = min(len(values[name]) + len(mine[name]) - 2 for name in means)
    most = student_limit(freedom, FALSE_ALARMS / len(means))
    verdict = "ok" if abs(worst) <= most else "off"
    return {
        "verdict": verdict,
        "worst": worst,
        "population": where,
        "source": source,
        "nest": means,
        "text": f"{verdict}: worst {where} {worst:+.1f} s.e. of at most {most:.1f}",
    }


def pooled_deviation(a: list[float], b: list[float]) -> float:
    """The deviation within two samples of one spread."""
    squares = sum((x - statistics.mean(part)) ** 2 for part in (a, b) for x in part)
    return math.sqrt(squares / (len(a) + len(b) - 2))


def student_limit(freedom: int, chance: float) -> float:
    """What |t| exceeds with a chance, of Student's distribution with so many degrees of freedom."""
    factor = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)

    def within(limit: float, steps: int = 2000) -> float:
        """The chance that |t| is at most a limit, by Simpson's rule."""
        width = limit / steps
        density = [factor * (1 + (i * width) ** 2 / freedom) ** (-(freedom + 1) / 2) for i in range(steps + 1)]
        return 2 * width / 3 * (density[0] + density[-1] + 4 * sum(density[1:-1:2]) + 2 * sum(density[2:-1:2]))

    low, high = 0.0, 1000.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) < 1 - chance else (low, middle)
    return high


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
