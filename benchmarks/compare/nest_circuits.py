"""Runs one circuit in NEST and prints its figures as one line of JSON.

    nest_circuits.py microcircuit --scale 0.1 --seed 1 --threads 2 --warm-up 500 --milliseconds 1000

The circuits are those of Sources/Circuits/CircuitLibrary.swift, with the same sizes, rules, weights, delays, input and
initial values. Wall and CPU time are those of the simulation after the warm-up; building goes from the first call after
`import nest` until the kernel is ready for its first step. All spikes are recorded, in memory.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import time

import nest
import numpy as np

from measures import population_measures

STEP_MS = 0.1


def microcircuit(scale: float) -> list:
    """Potjans & Diesmann 2014: numbers and in-degrees scaled, weights by 1/sqrt(scale), lost mean input as a current."""
    names = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
    full = [20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948]
    probabilities = [
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
        [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
    ]
    external = [1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100]
    rates = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829]
    potentials = [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43]
    deviations = [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48]
    capacitance, membrane, synaptic = 250.0, 10.0, 0.5
    ratio, power = membrane / synaptic, 1 / (membrane - synaptic)
    peak = membrane * synaptic / (capacitance * (synaptic - membrane))
    peak *= ratio ** (-membrane * power) - ratio ** (-synaptic * power)
    unit, root = 0.15 / peak, math.sqrt(scale)

    populations = []
    for i, name in enumerate(names):
        mean = unit * external[i] * 8
        for j in range(8):
            synapses = synapse_count(probabilities[i][j], full[i], full[j])
            mean += microcircuit_weight(unit, i, j) * synapses / full[i] * rates[j]
        current = 0.0 if scale == 1 else 0.001 * synaptic * (1 - root) * mean
        parameters = {"E_L": -65.0, "V_th": -50.0, "V_reset": -65.0, "C_m": capacitance, "tau_m": membrane, "t_ref": 2.0}
        parameters |= {"tau_syn_ex": synaptic, "tau_syn_in": synaptic, "I_e": current}
        nodes = nest.Create("iaf_psc_exp", round(full[i] * scale), params=parameters)
        nodes.V_m = nest.random.normal(potentials[i], deviations[i])
        poisson(8.0 * round(external[i] * scale), unit / root, nodes)
        populations.append((name, nodes))
    for i, (name, target) in enumerate(populations):
        # A copy of the synapse model for each target: a model holds at most 2^27 connections on a thread.
        nest.CopyModel("static_synapse", f"onto_{name}")
        for j, (_, source) in enumerate(populations):
            total = round(synapse_count(probabilities[i][j], full[i], full[j]) * scale * scale)
            if total == 0:
                continue
            weight = microcircuit_weight(unit, i, j) / root
            bounds = {"min": 0.0} if weight > 0 else {"max": 0.0}
            delay = 1.5 if j % 2 == 0 else 0.75
            synapse = {
                "synapse_model": f"onto_{name}",
                "weight": nest.math.redraw(
                    nest.random.normal(weight, 0.1 * abs(weight)), **({"min": -math.inf, "max": math.inf} | bounds)
                ),
                # Rounding to steps makes half a step the least draw that a step's delay can come from.
                "delay": nest.math.redraw(nest.random.normal(delay, 0.5 * delay), min=0.5 * STEP_MS, max=math.inf),
            }
            nest.Connect(source, target, {"rule": "fixed_total_number", "N": total}, synapse)
    return populations


def synapse_count(probability: float, targets: int, sources: int) -> float:
    pairs = targets * sources
    return math.log(1 - probability) / math.log((pairs - 1) / pairs)


def microcircuit_weight(unit: float, target: int, source: int) -> float:
    return unit * (1 if source % 2 == 0 else -4) * (2 if (target, source) == (0, 2) else 1)


def poisson(rate: float, weight: float, nodes: object, delay: float = 1.5) -> None:
    generator = nest.Create("poisson_generator", params={"rate": rate})
    nest.Connect(generator, nodes, "all_to_all", {"weight": weight, "delay": delay})


def brunel(scale: float, plastic: bool = False) -> list:
    """Brunel 2000, g = 6, background at twice the threshold's rate; in-degrees do not scale."""
    parameters = {"E_L": 0.0, "V_th": 20.0, "V_reset": 10.0, "C_m": 1.0, "tau_m": 20.0, "t_ref": 2.0, "V_m": 0.0}
    excitatory = nest.Create("iaf_psc_delta", round(10_000 * scale), params=parameters)
    inhibitory = nest.Create("iaf_psc_delta", round(2_500 * scale), params=parameters)
    if plastic:
        nest.CopyModel("stdp_synapse", "plastic", STDP)
        excitatory.tau_minus = STDP_TAU_MINUS
    for source, indegree, weight in ((excitatory, 1000, 0.1), (inhibitory, 250, -0.6)):
        for target in (excitatory, inhibitory):
            is_plastic = plastic and source is excitatory and target is excitatory
            model = "plastic" if is_plastic else "static_synapse"
            synapse = {"synapse_model": model, "weight": weight, "delay": 1.5}
            nest.Connect(source, target, {"rule": "fixed_indegree", "indegree": indegree}, synapse)
    for nodes in (excitatory, inhibitory):
        poisson(20_000.0, 0.1, nodes)
    return [("E", excitatory), ("I", inhibitory)]


# Pair rule with all pairs, additive, weights bounded at three times their start.
STDP = {"tau_plus": 20.0, "lambda": 0.005, "alpha": 1.05, "mu_plus": 0.0, "mu_minus": 0.0, "Wmax": 0.3}
STDP_TAU_MINUS = 20.0


def vogels_abbott(scale: float, conductances: bool) -> list:
    """Vogels & Abbott 2005 as in Brette et al. 2007 (benchmarks 1 and 2): no input once the activity runs.

    With currents it starts by itself. With conductances it dies at once in most draws unless something starts it: a current of
    150 pA into every neuron for the first 50 ms, which lie in the warm-up.
    """
    sizes = (round(3200 * scale), round(800 * scale))
    parameters = {"V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0}
    if conductances:
        model, weights = "iaf_cond_exp", (6.0, -67.0)
        parameters |= {"E_L": -60.0, "C_m": 200.0, "g_L": 10.0, "E_ex": 0.0, "E_in": -80.0}
    else:
        # Brian's voltages as currents: w C / tau_m.
        model, weights = "iaf_psc_exp", (1.62 * 200 / 20, -9.0 * 200 / 20)
        parameters |= {"E_L": -49.0, "C_m": 200.0, "tau_m": 20.0}
    populations = [(name, nest.Create(model, n, params=parameters)) for name, n in zip("EI", sizes)]
    for _, nodes in populations:
        nodes.V_m = nest.random.uniform(-60.0, -50.0)
        if conductances:
            kick = nest.Create("dc_generator", params={"amplitude": 150.0, "stop": 50.0})
            nest.Connect(kick, nodes, "all_to_all", {"delay": STEP_MS})
    for (_, source), weight in zip(populations, weights):
        for _, target in populations:
            rule = {"rule": "pairwise_bernoulli", "p": 0.02, "allow_autapses": True}
            nest.Connect(source, target, rule, {"weight": weight, "delay": STEP_MS})
    return populations


CIRCUITS = {
    "microcircuit": microcircuit,
    "brunel": brunel,
    "brunel-stdp": lambda scale: brunel(scale, plastic=True),
    "vogels-abbott-cuba": lambda scale: vogels_abbott(scale, conductances=False),
    "vogels-abbott-coba": lambda scale: vogels_abbott(scale, conductances=True),
}


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_bytes() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("circuit", choices=CIRCUITS)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warm-up", type=float, default=500.0)
    parser.add_argument("--milliseconds", type=float, default=1000.0)
    options = parser.parse_args()

    nest.verbosity = nest.VerbosityLevel.ERROR
    start = time.perf_counter()
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": STEP_MS, "local_num_threads": options.threads, "rng_seed": options.seed})
    populations = CIRCUITS[options.circuit](options.scale)
    recorders = []
    for _, nodes in populations:
        recorders.append(nest.Create("spike_recorder"))
        nest.Connect(nodes, recorders[-1])
    nest.Prepare()
    build = time.perf_counter() - start
    # Recorders and generators have a connection for each neuron, too.
    devices = 1 if options.circuit == "vogels-abbott-cuba" else 2
    synapses = int(nest.GetKernelStatus("num_connections")) - devices * sum(len(nodes) for _, nodes in populations)

    nest.Run(options.warm_up)
    wall, cpu = time.perf_counter(), cpu_seconds()
    nest.Run(options.milliseconds)
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    end = nest.biological_time
    peak = peak_bytes()

    measures = {}
    for (name, nodes), recorder in zip(populations, recorders):
        events = recorder.events
        ids = np.asarray(events["senders"]) - nodes[0].global_id
        measures[name] = population_measures(
            np.asarray(events["times"]), ids, len(nodes), end - options.milliseconds, end
        )
    nest.Cleanup()
    sizes = {name: len(nodes) for name, nodes in populations}
    neurons = sum(sizes.values())
    seconds = options.milliseconds / 1000
    print(json.dumps({
        "simulator": f"NEST {nest.__version__}",
        "neurons": neurons,
        "synapses": synapses,
        "wall": wall / seconds,
        "cpu": cpu / seconds,
        "build": build,
        "bytes_per_synapse": peak / synapses,
        "rate": sum(measures[name]["rate"] * n for name, n in sizes.items()) / neurons,
        "rates": {name: m["rate"] for name, m in measures.items()},
        "cvs": {name: m["cv"] for name, m in measures.items()},
        "correlations": {name: m["correlation"] for name, m in measures.items()},
    }))


if __name__ == "__main__":
    main()
