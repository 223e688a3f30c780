"""Runs one circuit in Brian2 (C++ standalone, one thread) and prints its figures as one line of JSON.

    brian_circuits.py vogels-abbott-cuba --folder DIR --warm-up 500 --milliseconds 5000

The program is compiled once into the folder; later calls with the same folder run it again, with new random numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

import numpy as np

from measures import population_measures

SIZES = {"E": 3200, "I": 800}

CUBA = """
dv/dt = (ge + gi - (v - El)) / tau : volt (unless refractory)
dge/dt = -ge / taue : volt
dgi/dt = -gi / taui : volt
"""
COBA = """
dv/dt = (ge * (Ee - v) + gi * (Ei - v) - gl * (v - El) + kick * int(t < 50 * ms)) / C : volt (unless refractory)
dge/dt = -ge / taue : siemens
dgi/dt = -gi / taui : siemens
"""


def build(circuit: str, folder: Path, warm_up: float, milliseconds: float) -> None:
    """Compiles the circuit into the folder and writes down where its spikes and synapse counts will be found."""
    import brian2 as b

    start = time.perf_counter()
    b.set_device("cpp_standalone", build_on_run=False)
    b.prefs.devices.cpp_standalone.openmp_threads = 0
    b.defaultclock.dt = 0.1 * b.ms
    is_cuba = circuit.endswith("cuba")
    constants = {"taue": 5 * b.ms, "taui": 10 * b.ms, "Vt": -50 * b.mV, "Vr": -60 * b.mV}
    if is_cuba:
        constants |= {"El": -49 * b.mV, "tau": 20 * b.ms, "we": 1.62 * b.mV, "wi": -9 * b.mV}
    else:
        constants |= {"El": -60 * b.mV, "C": 200 * b.pF, "gl": 10 * b.nS, "we": 6 * b.nS, "wi": 67 * b.nS}
        constants |= {"Ee": 0 * b.mV, "Ei": -80 * b.mV, "kick": 150 * b.pA}
    neurons = b.NeuronGroup(
        sum(SIZES.values()),
        CUBA if is_cuba else COBA,
        threshold="v > Vt",
        reset="v = Vr",
        refractory=5 * b.ms,
        method="exact" if is_cuba else "exponential_euler",
        namespace=constants,
    )
    neurons.v = "Vr + rand() * (Vt - Vr)"
    excitatory = b.Synapses(neurons[: SIZES["E"]], neurons, on_pre="ge += we", delay=0.1 * b.ms, namespace=constants)
    inhibitory = b.Synapses(neurons[SIZES["E"] :], neurons, on_pre="gi += wi", delay=0.1 * b.ms, namespace=constants)
    for synapses in (excitatory, inhibitory):
        synapses.connect(p=0.02)
    monitor = b.SpikeMonitor(neurons)
    network = b.Network(neurons, excitatory, inhibitory, monitor)
    network.run(warm_up * b.ms)
    network.run(milliseconds * b.ms)
    b.device.build(directory=str(folder), compile=True, run=False)
    names = {"i": monitor.variables["i"], "t": monitor.variables["t"]}
    names |= {"n1": excitatory.variables["N"], "n2": inhibitory.variables["N"]}
    found = {key: Path(b.device.get_array_filename(value)).name for key, value in names.items()}
    found["version"], found["build"] = b.__version__, time.perf_counter() - start
    (folder / "compared.json").write_text(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("circuit", choices=["vogels-abbott-cuba", "vogels-abbott-coba"])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--warm-up", type=float, default=500.0)
    parser.add_argument("--milliseconds", type=float, default=5000.0)
    options = parser.parse_args()

    if not (options.folder / "compared.json").exists():
        build(options.circuit, options.folder, options.warm_up, options.milliseconds)
    found = json.loads((options.folder / "compared.json").read_text())

    process = subprocess.Popen(["./main"], cwd=options.folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"the compiled program in {options.folder} failed with status {status}")
    results = options.folder / "results"
    # Wall time of the last run() of the program, so without the warm-up; its only thread computes all the while.
    wall = float((results / "last_run_info.txt").read_text().split()[0])
    ids = np.fromfile(results / found["i"], dtype=np.int32)
    times = np.fromfile(results / found["t"], dtype=np.float64) * 1000
    synapses = sum(int(np.fromfile(results / found[key], dtype=np.int32)[0]) for key in ("n1", "n2"))

    measures, first = {}, 0
    start, end = options.warm_up, options.warm_up + options.milliseconds
    for name, size in SIZES.items():
        own = (ids >= first) & (ids < first + size)
        measures[name] = population_measures(times[own], ids[own] - first, size, start, end)
        first += size
    seconds = options.milliseconds / 1000
    print(json.dumps({
        "simulator": f"Brian2 {found['version']}",
        "neurons": first,
        "synapses": synapses,
        "wall": wall / seconds,
        "cpu": wall / seconds,
        "build": found["build"],
        "bytes_per_synapse": usage.ru_maxrss * 1024 / synapses,
        "rate": sum(measures[name]["rate"] * size for name, size in SIZES.items()) / first,
        "rates": {name: m["rate"] for name, m in measures.items()},
        "cvs": {name: m["cv"] for name, m in measures.items()},
        "correlations": {name: m["correlation"] for name, m in measures.items()},
    }))


if __name__ == "__main__":
    main()
