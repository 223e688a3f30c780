"""The comparison for people: a table on the terminal, a page of Markdown, a chart."""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys
from html import escape
from pathlib import Path

from rows import FIGURES

WORDS = {"wall": "wall", "cpu": "CPU-s", "build": "build", "bytes_per_synapse": "bytes per synapse", "gibibytes": "GiB in all"}


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def number(value: float | None, digits: int = 3) -> str:
    """A number to some significant digits, without exponents."""
    if value is None or not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{round(value, decimals):,.{decimals}f}" if abs(value) < 10**digits else f"{value:,.0f}"


def machine() -> dict:
    """What it was measured on."""
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1]) * 1024
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "kernel": f"Linux {platform.release()}",
        "load": os.getloadavg()[0],
    }


def commit(root: Path) -> str:
    """The commit that is measured, with a mark where files differ from it."""
    def git(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)

    name = git("rev-parse", "--short=12", "HEAD").stdout.strip() or "unknown"
    return name + ("+changes" if git("diff", "--quiet", "HEAD").returncode == 1 else "")


def header(results: dict) -> list[str]:
    m = results["machine"]
    runs = f"median of {results['runs']} runs" if results["runs"] > 1 else "one run"
    lines = [
        f"{m['cpu']}, {m['cores']} cores, {m['memory_bytes'] / 2**30:.1f} GiB, {m['kernel']}, load {m['load']:.1f} before",
        f"commit {results['commit']}; {runs}, simulators in turn, range in brackets; wall and CPU time per model second",
    ]
    if results["quick"]:
        lines.append("--quick: small sizes; the goals are those of the full sizes and do not apply")
    return lines


def cell(entry: dict, key: str, digits: int) -> str:
    if key not in entry["median"]:
        return "-"
    text = number(entry["median"][key], digits)
    low, high = entry["range"][key]
    if len(entry["runs"]) > 1 and key in ("wall", "cpu", "build"):
        text += f" ({number(low, 2)}–{number(high, 2)})"
    return text


def verdict(goal: dict) -> str:
    """Whether a goal is met, and by how much it is missed."""
    name = WORDS[goal["figure"]]
    wanted = f"{name} ≤ {goal['most']:g}"
    if goal["value"] is None:
        return f"{wanted}: not available"
    if goal["verdict"] == "met":
        return f"{wanted}: met ({number(goal['value'])})"
    return f"{wanted}: short by {number(goal['value'] / goal['most'], 2)}× ({number(goal['value'])})"


def lines_of(row: dict) -> list[list[str]]:
    """One line per variant: title, figures, ratio."""
    lines = []
    for entry in row["variants"].values():
        if not entry["runs"]:
            lines.append([entry["title"], "not available", "", "", "", "", ""])
            continue
        figures = [cell(entry, key, digits) for key, _, digits in FIGURES]
        ratio = entry.get("times_nest")
        mark = "?" if row.get("is_disturbed") else ""
        runs = len(entry["runs"])
        fewer = f" (runs: {runs})" if runs < max(len(e["runs"]) for e in row["variants"].values()) else ""
        lines.append([entry["title"] + fewer, *figures, f"{number(ratio, 2)}×{mark}" if ratio else ""])
    return lines


def size_of(row: dict) -> str:
    for entry in row["variants"].values():
        if entry["median"].get("synapses"):
            return f"{entry['median']['neurons']:,.0f} neurons, {entry['median']['synapses'] / 1e6:,.3g} M synapses"
    return "size unknown"


def correctness(row: dict) -> str:
    return f"rates {row['rates']['text']}; bits {row['bits']['text']}"


def reasons(row: dict) -> list[str]:
    """What a reader must know: which settings are missing, and whether something else used the processors."""
    warnings = []
    if row.get("is_disturbed"):
        share = f"{100 * row['nest_share']:.0f} %"
        warnings = [f"NEST had only {share} of its processors: the machine was busy, do not quote these ratios"]
    return warnings + [f"{e['title']}: {e['reason']}" for e in row["variants"].values() if e["reason"]]


def text(results: dict) -> str:
    """The whole comparison for a terminal."""
    headings = ["", *[heading for _, heading, _ in FIGURES], "NEST ÷"]
    tables = [(row, lines_of(row)) for row in results["rows"]]
    grid = [headings, *[line for _, lines in tables for line in lines]]
    widths = [max(len(line[i]) for line in grid) for i in range(len(headings))]

    def aligned(line: list[str]) -> str:
        cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))]
        return "  " + "  ".join(cells).rstrip()

    out = header(results)
    for row, lines in tables:
        out += ["", f"{row['title']} ({size_of(row)}, {row['milliseconds'] / 1000:g} s)", aligned(headings)]
        out += [aligned(line) for line in lines]
        if not results["quick"]:
            out += [f"  goal {verdict(goal)}" for goal in row["goals"]]
        out += [f"  {correctness(row)}"]
        out += [f"  {reason}" for reason in reasons(row)]
    if "minutes" in results:
        out += ["", f"{results['minutes']:.0f} minutes in all"]
    return "\n".join(out)


def markdown(results: dict) -> str:
    """The whole comparison as a page."""
    out = [
        "# Synfire, NEST and Brian2 side by side",
        "",
        "Written by `make bench-compare` with `--write`; the method is told in [README.md](README.md).",
        "",
        *[line + "  " for line in header(results)],
        "",
        "![wall time per model second](../../docs/pictures/compare.svg)",
        "",
        "## Goals",
        "",
        "| work | goal | measured, as `run` chooses | verdict | NEST, wall | times NEST | rates | bits on 1 and 2 cores |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in results["rows"]:
        best = row["variants"].get(row["chosen"], {})
        for i, goal in enumerate(row["goals"]):
            state = {"met": "**met**", "not available": "not available"}.get(goal["verdict"])
            if state is None:
                state = f"short by {number(goal['value'] / goal['most'], 2)}×"
            rest = ["", "", "", ""]
            if i == 0:
                ratio = None if row.get("is_disturbed") else best.get("times_nest")
                rest = [number(row["nest"].get("wall")), f"{number(ratio, 2)}×" if ratio else "-"]
                rest += [row["rates"]["text"], row["bits"]["text"]]
            title = row["title"] if i == 0 else "the same"
            cells = [title, f"{WORDS[goal['figure']]} ≤ {goal['most']:g}", number(goal["value"]), state, *rest]
            out.append("| " + " | ".join(cells) + " |")
    out += ["", "## Figures", ""]
    for row in results["rows"]:
        headings = ["", *[heading for _, heading, _ in FIGURES], "NEST ÷"]
        out += [f"### {row['title']}", "", f"{size_of(row)}; {row['milliseconds'] / 1000:g} s of model time.", ""]
        out += ["| " + " | ".join(headings) + " |", "| --- " * len(headings) + "|"]
        out += ["| " + " | ".join(line) + " |" for line in lines_of(row)]
        out += [""]
        out += [f"{reason}.  " for reason in reasons(row)]
        out += populations(row)
    return "\n".join(out).rstrip() + "\n"


def populations(row: dict) -> list[str]:
    """Rates, regularity and synchrony per population, NEST beside Synfire."""
    shown = [(k, e) for k, e in row["variants"].items() if e["runs"] and k in ("nest", "brian2", "synfire-1", "synfire-2")]
    shown = [(k, e) for k, e in shown if not (k == "synfire-1" and row["variants"].get("synfire-2", {}).get("runs"))]
    if not shown:
        return []
    # A network too large to record has a mean rate only.
    names = list(shown[0][1]["runs"][0].get("rates", {}))
    if not 0 < len(names) <= 16:
        return []
    out = ["| mean of runs | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
    for key, heading, digits in (("rates", "rate, Hz", 4), ("cvs", "CV of intervals", 3), ("correlations", "correlation", 2)):
        for _, entry in shown:
            values = []
            for name in names:
                runs = [run.get(key, {}).get(name) for run in entry["runs"]]
                runs = [v for v in runs if v is not None]
                values.append(number(sum(runs) / len(runs), digits) if runs else "-")
            out.append(f"| {heading}: {entry['title'].split(',')[0]} | " + " | ".join(values) + " |")
    return [*out, ""]


# Chart

COLOURS = {"nest": "#888888", "brian2": "#e69f00", "synfire-1": "#56b4e9", "synfire-2": "#0072b2"}
BAR, GAP, LEFT, RIGHT, WIDTH = 15, 16, 290, 70, 800


def chart(results: dict) -> str:
    """Bars of wall time per model second on a logarithmic axis, with real time and the goals marked."""
    groups = []
    for row in results["rows"]:
        walls = {k: e["median"].get("wall") for k, e in row["variants"].items()}
        if walls.get("synfire-2") is None:
            walls["synfire-2"] = walls.get("synfire-2-ipc")
        if row.get("is_disturbed"):
            walls["nest"] = None
        elif row["row"].endswith("-double") and row["nest"].get("wall"):
            walls["nest"] = row["nest"]["wall"]
        bars = [(k, walls[k]) for k in COLOURS if walls.get(k)]
        if bars:
            groups.append((row, bars))
    values = [v for _, bars in groups for _, v in bars] + [1.0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    span = WIDTH - LEFT - RIGHT
    top = 66

    def x(value: float) -> float:
        return LEFT + (math.log10(value) - low) / max(1, high - low) * span

    height = top + sum(len(bars) * BAR + GAP for _, bars in groups) + 40
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333333">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<text x="16" y="26" font-size="15" font-weight="bold">Wall time of a second of model time (less is better)</text>',
    ]
    titles = {"nest": "NEST, 2 threads", "brian2": "Brian2, 1 thread", "synfire-1": "Synfire, 1 core", "synfire-2": "Synfire, 2 cores"}
    place = 16
    for key, colour in COLOURS.items():
        out.append(f'<rect x="{place}" y="38" width="12" height="12" fill="{colour}"/>')
        out.append(f'<text x="{place + 17}" y="48">{titles[key]}</text>')
        place += 30 + int(len(titles[key]) * 6.6)
    bottom = height - 32
    for power in range(low, high + 1):
        at = x(10.0**power)
        is_real = power == 0
        style = 'stroke="#333333"' if is_real else 'stroke="#e4e4e4"'
        out.append(f'<line x1="{at:.1f}" y1="{top - 6}" x2="{at:.1f}" y2="{bottom}" {style}/>')
        label = "1 s: real time" if is_real else f"{10.0**power:g} s"
        out.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    y = top
    for row, bars in groups:
        middle = y + len(bars) * BAR / 2 + 4
        out.append(f'<text x="{LEFT - 10}" y="{middle:.1f}" text-anchor="end">{escape(row["title"])}</text>')
        for key, value in bars:
            out.append(
                f'<rect x="{LEFT}" y="{y + 1}" width="{max(1.0, x(value) - LEFT):.1f}" height="{BAR - 2}" fill="{COLOURS[key]}"/>'
            )
            out.append(f'<text x="{x(value) + 5:.1f}" y="{y + BAR - 4}" font-size="11">{number(value)}</text>')
            y += BAR
        y += GAP
    return "\n".join([*out, "</svg>"]) + "\n"


BEGIN, END = "<!-- fast: begin -->", "<!-- fast: end -->"


def readme(results: dict, document: str) -> str:
    """Returns a document with the chart and the short table between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"compare: README.md lacks the lines '{BEGIN}' and '{END}'")
    m = results["machine"]
    out = [
        "![wall time of a second of model time: NEST, Brian2, Synfire](docs/pictures/compare.svg)",
        "",
        "| seconds per model second | NEST, 2 threads | Brian2, 1 thread | Synfire, 1 core | Synfire, 2 cores | times NEST | goal |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in results["rows"]:
        variants = row["variants"]
        walls = {key: entry["median"].get("wall") for key, entry in variants.items()}
        two = "synfire-2" if walls.get("synfire-2") else "synfire-2-ipc"
        if walls.get(two) is None and walls.get("synfire-1") is None:
            continue
        ratio = None if row.get("is_disturbed") else variants.get(row["chosen"], {}).get("times_nest")
        goal = next(goal for goal in row["goals"] if goal["figure"] == "wall")
        mark = "met" if goal["verdict"] == "met" else "short"
        nest = None if row.get("is_disturbed") else row["nest"].get("wall")
        cells = [
            row["title"], number(nest), number(walls.get("brian2")),
            *[f"**{number(walls.get(key))}**" if key == row["chosen"] else number(walls.get(key)) for key in ("synfire-1", two)], f"{number(ratio, 2)}×" if ratio else "-", f"≤ {goal['most']:g}: {mark}",
        ]
        out.append("| " + " | ".join(cells) + " |")
    out += [
        "",
        f"{m['cpu']}, {m['cores']} cores; commit {results['commit']}. Bold: the number of cores that `synfire run` chooses. "
        "[All figures](benchmarks/compare/results.md), with memory, construction, ipc, tcp, and rates beside NEST's.",
    ]
    return before + BEGIN + "\n" + "\n".join(out) + "\n" + END + after
