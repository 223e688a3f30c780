"""Turns what benchmarks/performance has measured into tables, and puts them into docs/performance.md.

    performance.py FOLDER [DOCUMENT]
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
STEPS_PER_SECOND = 10_000


def number(value: float | None, digits: int = 3) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{round(value, decimals):,.{decimals}f}" if abs(value) < 10**digits else f"{value:,.0f}"


def table(headings: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(headings) + " |", "| --- " * len(headings) + "|"]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def size(kibibytes: float) -> str:
    if kibibytes >= 1 << 20:
        return f"{kibibytes / (1 << 20):g} GiB"
    return f"{kibibytes / 1024:g} MiB" if kibibytes >= 1024 else f"{kibibytes:g} KiB"


class Measured:
    """The results by name."""

    def __init__(self, folder: Path):
        self.results = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}

    def __getitem__(self, name: str) -> dict:
        return self.results[name]

    def machine(self) -> str:
        first = self["memory"]
        m = first["machine"]
        memory = f"{m['memory_bytes'] / 2**30:.1f} GiB" if m.get("memory_bytes") else "memory unknown"
        loads = sorted(r["machine"].get("load") or 0 for r in self.results.values())
        load = f"load {loads[0]:.1f} to {loads[-1]:.1f} while measured"
        return f"{m['cpu']}, {m['cores']} cores, {memory}, {m['kernel']}; commit {first.get('commit')}; {load}."

    def roof(self) -> list[str]:
        headings = ["size", "in order", "scattered pieces of 4 lines", "scattered lines", "scattered lines, pages of 4 KiB"]
        rows = []
        for row in self["memory"]["sizes"]:
            rows.append([
                size(row["bytes"]),
                f"{number(row['sequential_gigabytes_per_second'])} GB/s",
                f"{number(row['scattered_piece_gigabytes_per_second'])} GB/s",
                f"{number(64 / row['scattered_line_ns'])} GB/s, {number(row['scattered_line_ns'])} ns a line",
                f"{number(row['scattered_line_small_pages_ns'])} ns a line",
            ])
        return ["### What memory gives to one core", "", *table(headings, rows)]

    def kernels(self) -> list[str]:
        columns = ("kernel", "kernel-avx2", "kernel-portable", "kernel-small-pages")
        names = (
            ("iaf_psc_exp_ns", "step of iaf_psc_exp"),
            ("iaf_psc_delta_ns", "step of iaf_psc_delta"),
            ("rate_encoder_ns", "step of rate_encoder"),
            ("poisson_ns", "Poisson input of a neuron and step"),
            ("drain_ns_per_event", "drain of an event"),
            ("push_ns_per_event", "push of an event"),
            ("build_ns_per_synapse", "build of a synapse"),
        )
        rows = [[title, *(number(self[c].get(key)) for c in columns)] for key, title in names]
        headings = ["ns", "as chosen", "AVX2", "portable", "as chosen, no huge pages"]
        return ["### Unit costs", "", *table(headings, rows)]

    def roofline(self) -> list[str]:
        kernel, largest = self["kernel"], self["memory"]["sizes"][-1]
        stored = kernel["stored_bytes_per_synapse"]
        ordered, scattered = largest["sequential_gigabytes_per_second"], largest["scattered_piece_gigabytes_per_second"]
        rows = []
        for title, cost in (
            ("drain alone", kernel["drain_ns_per_event"]),
            ("drain and push", kernel["drain_ns_per_event"] + kernel["push_ns_per_event"]),
        ):
            flow = stored / cost
            rows.append([
                title, f"{number(1 / cost)} G", f"{number(stored)} B", f"{number(flow)} GB/s",
                f"{100 * flow / scattered:.0f} %", f"{100 * flow / ordered:.0f} %",
            ])
        headings = ["", "events per second", "bytes per event", "flow", "of scattered pieces", "of reading in order"]
        return ["### Roofline of delivery, one core", "", *table(headings, rows)]

    def budget(self) -> list[str]:
        out = ["### Where a model second of the microcircuit goes", ""]
        kernel = self["kernel"]
        rows = []
        for name in ("microcircuit-1", "microcircuit-2"):
            result = self[name]
            neurons = result["neurons"] / result["cores"]
            for core in result["budget"]:
                update = neurons * STEPS_PER_SECOND * kernel["iaf_psc_exp_ns"] * 1e-9
                noise = neurons * STEPS_PER_SECOND * kernel["poisson_ns"] * 1e-9
                figures = [update, noise, core["compute"] - update - noise]
                figures += [core["deliver"], core["exchange"], core["wait"]]
                row = [f"core {core['core'] + 1} of {result['cores']}", *(number(figure) for figure in figures)]
                rows.append(row)
        headings = ["s per model second", "update", "input", "drain", "push", "exchange", "waiting"]
        out += table(headings, rows)
        scale = self["microcircuit-1"]["scale"]
        out += [
            f"Scale {scale:g}, the warm-up included. Computing, push, exchange and waiting are measured by each core; update "
            "and input are the unit costs above times neurons and steps, and the drain is what remains of computing.",
            "",
        ]
        walls = [[f"{self[n]['cores']}", number(self[n]["real_time_factor"]), number(self[n]["cpu_seconds_per_model_second"]),
                  number(self[n]["build_seconds"]), number(self[n]["bytes_per_synapse"]), number(self[n]["mean_rate_hz"], 4)]
                 for n in ("microcircuit-1", "microcircuit-2")]
        return out + table(["cores", "wall", "CPU-s", "build, s", "bytes per synapse", "rate, Hz"], walls)

    def scaling(self) -> list[str]:
        networks = [
            [
                f"{row['synapses']:,}", f"{row['neurons']:,}", number(row["events_per_step"]), number(row["event_ns"]),
                number(row["dense_event_ns"]), number(row["update_ns"]), number(row["bytes_per_synapse"]),
            ]
            for row in self["scaling"]["networks"]
        ]
        series = [
            [f"{row['series']:,}", number(row["microseconds_per_series_and_tick"]), f"{row['state_bytes'] / 2**20:,.1f} MiB"]
            for row in self["scaling"]["series"]
        ]
        headings = ["synapses", "neurons", "events per step", "event, ns", "event, 60 a segment, ns", "neuron's step, ns", "B/synapse"]
        return [
            "### Small and large", "", "![cost of an event and of a neuron's step](pictures/scaling-networks.svg)", "",
            *table(headings, networks),
            "![cost of a series and tick](pictures/scaling-series.svg)", "",
            *table(["series", "µs per series and tick", "state"], series),
        ]

    def text(self) -> str:
        parts = [self.machine(), ""]
        for part in (self.roof, self.kernels, self.roofline, self.budget, self.scaling):
            parts += part()
        return "\n".join(parts).rstrip()


def main() -> None:
    measured = Measured(Path(sys.argv[1])).text()
    if len(sys.argv) < 3:
        print(measured)
        return
    document = Path(sys.argv[2])
    before, _, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        sys.exit(f"performance: {document} lacks the lines '{BEGIN}' and '{END}'")
    document.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}", encoding="utf-8")
    print(document)


if __name__ == "__main__":
    main()
