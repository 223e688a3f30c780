"""What a record of spikes says about a population; the same definitions as `synfire bench` and the reference data use."""

from __future__ import annotations

import numpy as np

PAIRED_NEURONS = 200
BIN_MS = 2.0


def population_measures(times_ms: np.ndarray, ids: np.ndarray, size: int, start_ms: float, end_ms: float) -> dict:
    """Returns rate (Hz), CV of intervals and mean pairwise correlation; ids count from 0, NaN becomes None."""
    inside = (times_ms > start_ms + 1e-6) & (times_ms <= end_ms + 1e-6)
    order = np.lexsort((times_ms[inside], ids[inside]))
    times, ids = times_ms[inside][order], ids[inside][order]
    counts = np.bincount(ids, minlength=size)
    ends = np.cumsum(counts)

    # Neurons with at least four spikes, population deviation: biased low in short windows, so windows must be equal.
    variations = []
    for neuron in np.flatnonzero(counts >= 4):
        intervals = np.diff(times[ends[neuron] - counts[neuron] : ends[neuron]])
        variations.append(intervals.std() / intervals.mean())

    active = np.flatnonzero(counts)
    bins = int((end_ms - start_ms) / BIN_MS)
    count = min(PAIRED_NEURONS, len(active))
    chosen = [active[i * len(active) // count] for i in range(count)]
    total, used = np.zeros(bins), 0
    for neuron in chosen:
        places = ((times[ends[neuron] - counts[neuron] : ends[neuron]] - start_ms) / BIN_MS - 1e-6).astype(int)
        train = np.bincount(np.clip(places, 0, bins), minlength=bins + 1)[:bins].astype(float)
        deviation = train.std()
        if deviation > 0:
            total += (train - train.mean()) / deviation
            used += 1
    correlation = ((total**2).mean() - used) / (used * (used - 1)) if used > 1 else None

    return {
        "rate": float(len(times) / size / (end_ms - start_ms) * 1000),
        "cv": float(np.mean(variations)) if variations else None,
        "correlation": None if correlation is None else float(correlation),
    }
