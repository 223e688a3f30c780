"""Draws a history of benchmarks (one line of JSON a run) as SVG: a panel per benchmark, setting and machine.

Each figure is a line relative to its first value, on a logarithmic axis; runs stand side by side in the order of time, and
runs of one commit share a label. The legend tells the first and the last value.
"""

from __future__ import annotations

import json
import math
import sys
from html import escape

WIDTH, LEFT, RIGHT, PLOT, LINE = 900, 60, 330, 190, 16
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
DASHES = ("", "6 4", "2 3", "9 3 2 3")
# What says how it was measured rather than what came out.
SETTINGS = {"scale", "cores", "precision", "seed", "exchange", "model_seconds", "neurons", "synapses"}


def number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 1e5 or abs(value) < 1e-3:
        return f"{value:.3g}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def figures(run: dict, prefix: str = "") -> dict[str, float]:
    """All numbers of a run by name; rows of tables are named by their first column."""
    found: dict[str, float] = {}
    for key, value in run.items():
        if key == "machine" or (not prefix and key in SETTINGS):
            continue
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, (int, float)):
            found[prefix + key] = float(value)
        elif isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            for row in value:
                names = list(row)
                rest = {k: row[k] for k in names[1:]}
                found |= figures(rest, f"{prefix}{names[0]} {row[names[0]]}: ")
    return found


def panels(lines: list[str]) -> dict[str, list[dict]]:
    """Runs by what can be compared: benchmark, setting and processor."""
    found: dict[str, list[dict]] = {}
    for line in lines:
        try:
            run = json.loads(line)
        except json.JSONDecodeError:
            print("history: a line is not JSON and is left out", file=sys.stderr)
            continue
        setting = [f"{key} {run[key]}" for key in ("scale", "cores", "precision", "exchange") if run.get(key) is not None]
        machine = run.get("machine", {})
        title = f"{run['benchmark']}: {', '.join(setting)}: {machine.get('cpu')}, {machine.get('cores')} cores"
        found.setdefault(title, []).append(run)
    return found


def panel(title: str, runs: list[dict], top: int) -> tuple[str, int]:
    """One panel and its height."""
    runs = sorted(runs, key=lambda run: run["date"])
    series: dict[str, list[float | None]] = {}
    for i, run in enumerate(runs):
        for name, value in figures(run).items():
            series.setdefault(name, [None] * len(runs))[i] = value if value > 0 else None
    lines = []
    for name, values in series.items():
        first = next((v for v in values if v is not None), None)
        if first is not None:
            lines.append((name, values, first))
    ratios = [v / first for _, values, first in lines for v in values if v is not None] or [1.0]
    low, high = min(0.8, min(ratios) * 0.95), max(1.25, max(ratios) * 1.05)
    height = max(PLOT, LINE * len(lines) + 30) + 66
    plot_top, plot_bottom = top + 34, top + 34 + max(PLOT, LINE * len(lines))
    span = WIDTH - LEFT - RIGHT

    def x(i: int) -> float:
        return LEFT + (i + 0.5) / len(runs) * span

    def y(ratio: float) -> float:
        return plot_bottom - math.log(ratio / low) / math.log(high / low) * (plot_bottom - plot_top)

    out = [f'<text x="{LEFT}" y="{top + 18}" font-size="14" font-weight="bold">{escape(title)}</text>']
    ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10, 20, 50, 100) if low <= t <= high]
    for tick in ticks:
        style = 'stroke="#888888"' if tick == 1 else 'stroke="#e4e4e4"'
        out.append(f'<line x1="{LEFT}" y1="{y(tick):.1f}" x2="{LEFT + span}" y2="{y(tick):.1f}" {style}/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">×{tick:g}</text>')
    last_commit, last_x = None, -math.inf
    for i, run in enumerate(runs):
        commit = (run.get("commit") or "unknown")[:7]
        if commit != last_commit and x(i) - last_x > 52:
            out.append(f'<text x="{x(i):.1f}" y="{plot_bottom + 18}" text-anchor="middle" font-size="11">{escape(commit)}</text>')
            last_x = x(i)
        last_commit = commit
    for n, (name, values, first) in enumerate(lines):
        colour, dash = COLOURS[n % len(COLOURS)], DASHES[n // len(COLOURS) % len(DASHES)]
        places = [(x(i), y(v / first), v) for i, v in enumerate(values) if v is not None]
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py, _ in places)
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dash}"/>')
        out += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2.2" fill="{colour}"/>' for px, py, _ in places]
        at = plot_top + LINE * n + 8
        left = LEFT + span + 16
        out.append(f'<line x1="{left}" y1="{at}" x2="{left + 18}" y2="{at}" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        change = f" → {number(places[-1][2])}" if len(places) > 1 else ""
        out.append(f'<text x="{left + 24}" y="{at + 4}" font-size="11">{escape(name)}: {number(first)}{change}</text>')
    return "\n".join(out), height


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        found = panels([line for line in file if line.strip()])
    body, top = [], 10
    for title in sorted(found):
        drawn, height = panel(title, found[title], top)
        body.append(drawn)
        top += height
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333333">'
    )
    print('<rect width="100%" height="100%" fill="#ffffff"/>')
    print("\n".join(body))
    print("</svg>")


if __name__ == "__main__":
    main()
