"""What is compared: circuits, sizes, windows and goals, and how each simulator is asked to run them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """The most that a figure of Synfire may be on two processors, with as many cores as `synfire run` chooses."""

    figure: str
    most: float
    stretch: float | None = None


@dataclass(frozen=True)
class Row:
    """One circuit at one size; times are per second of model time."""

    name: str
    title: str
    circuit: str  # of `synfire bench` and of nest_circuits.py
    scale: float
    milliseconds: float
    goals: tuple[Goal, ...]
    # What a quick comparison takes instead.
    quick_scale: float
    quick_milliseconds: float
    precision: str = "single"
    simulators: tuple[str, ...] = ("nest", "synfire")
    repeats: bool = True
    warm_up: float = 500.0


ROWS = (
    Row(
        "microcircuit", "cortical microcircuit", "microcircuit", 1.0, 1000,
        (Goal("wall", 0.6, 0.45), Goal("cpu", 1.2), Goal("build", 5.0, 2.5), Goal("bytes_per_synapse", 5.5, 4.9)),
        0.1, 1000,
    ),
    Row("microcircuit-0.3", "cortical microcircuit, scale 0.3", "microcircuit", 0.3, 2000, (Goal("wall", 0.12, 0.09),), 0.1, 2000),
    Row("brunel", "Brunel's network", "brunel", 1.0, 2000, (Goal("wall", 0.15, 0.1),), 0.2, 1000),
    Row("brunel-stdp", "Brunel's network, STDP on E to E", "brunel-stdp", 1.0, 1000, (Goal("wall", 1.5, 0.5),), 0.2, 500),
    Row(
        "vogels-abbott-cuba", "Vogels-Abbott, currents", "vogels-abbott-cuba", 1.0, 5000, (Goal("wall", 0.03, 0.015),),
        1.0, 1000, simulators=("nest", "brian2", "synfire"),
    ),
    Row(
        "vogels-abbott-coba", "Vogels-Abbott, conductances", "vogels-abbott-coba", 1.0, 5000, (Goal("wall", 0.12, 0.06),),
        1.0, 1000, simulators=("nest", "brian2", "synfire"),
    ),
    Row(
        "columns", "columns of the microcircuit, 1 M neurons", "columns", 1.0, 500,
        (Goal("wall", 12.0, 8.0), Goal("gibibytes", 22.0)), 0.05, 500, simulators=("synfire",), repeats=False,
    ),
    Row(
        "microcircuit-double", "cortical microcircuit, double precision", "microcircuit", 1.0, 1000, (Goal("wall", 0.9),),
        0.1, 1000, precision="double", simulators=("synfire",),
    ),
)

# Figures as they are shown: key, heading, digits.
FIGURES = (
    ("wall", "wall", 3),
    ("cpu", "CPU-s", 3),
    ("build", "build s", 3),
    ("bytes_per_synapse", "B/synapse", 3),
    ("rate", "rate Hz", 4),
)
