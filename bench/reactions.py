"""How many jumps of photons a second can be simulated, beside GillesPy2?

The open waveguide and Einstein's rates, with 100 two-level systems and 100 modes, from a sharp
start; counts are taken at eleven times.  `sample_trajectories` runs from one trajectory to many at
once.  Peers in the same run, with the very same reactions and propensities: GillesPy2's
`NumPySSASolver`, and its `SSACSolver` in C++ if there is a compiler.  All use one core.

Slow peers get fewer trajectories; compilation is not timed.  Seconds are processor time, child
processes included, the best of several runs.  Peers do not count reactions: they get the library's
mean number of them.  That all draw from the same law is checked: means of the counts of peer and
library, in standard errors of their difference, where below 4 is agreement.  `times_slower` is the
ratio of events a second, the library's with most trajectories to the peer's.  Prints JSON.

GillesPy2 is GPL and no dependency of this book.  An environment of its own, elsewhere, brings it
into the comparison:

    python -m venv ELSEWHERE && ELSEWHERE/bin/pip install . gillespy2
    ELSEWHERE/bin/python bench/reactions.py
"""

import json
import os
import shutil
import sys
from functools import partial
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import numpy as np

from detailedbalance.light import EinsteinRates, OpenWaveguide, sample_trajectories

try:
    import gillespy2
except ImportError:
    gillespy2 = None

REPETITIONS = 5
OWN = (1, 10, 100, 1_000, 10_000)
PEERS = {"NumPySSASolver": 200, "SSACSolver": 20_000}
SYSTEMS = [
    (OpenWaveguide(), 2.0),
    (EinsteinRates(two_level_systems=100, modes=100, tilde_gamma=10.0), 1.0),
]

# The same processes in GillesPy2's language, in the models' order; N is the number of modes.
PROPENSITIES = {
    "OpenWaveguide": [
        "gamma_dec * A",
        "gamma_dec * A",
        "gamma_dec * B",
        "gamma_dec * B",
        "tilde_gamma_11 * TLS",
        "tilde_gamma_12 * TLS",
        "gamma_0 * A * (B / modes + 1)",
        "gamma_0 * B * (A / modes + 1)",
        "tilde_gamma_1 * (two_level_systems - TLS) * A / modes",
        "tilde_gamma_1 * TLS * (B / modes + 1)",
        "tilde_gamma_2 * (two_level_systems - TLS) * B / modes",
        "tilde_gamma_2 * TLS * (A / modes + 1)",
    ],
    "EinsteinRates": [
        "tilde_gamma * (two_level_systems - TLS) * light / modes",
        "tilde_gamma * TLS * (light / modes + 1)",
    ],
}


def own(model, times, trajectories):
    run = sample_trajectories(model, times, trajectories, "sharp", seed=1)
    return run.quanta, run.events.sum()


def gillespy2_simulation(model, times, kind):
    """Return a function that simulates a number of trajectories, and one that reads the counts."""
    network = gillespy2.Model(name="network")
    start = np.rint(model.initial_state * model.sizes)
    species = {
        name: gillespy2.Species(name=name, initial_value=int(number), mode="discrete")
        for name, number in zip(model.subsystems, start, strict=True)
    }
    network.add_species(list(species.values()))
    for name, value in vars(model).items():
        if isinstance(value, int | float):
            network.add_parameter(gillespy2.Parameter(name=name, expression=value))
    propensities = PROPENSITIES[type(model).__name__]
    for i, (process, rate) in enumerate(zip(model.processes, propensities, strict=True)):
        ends = {
            side: {species[name]: 1} if name in species else {}
            for side, name in [("reactants", process.source), ("products", process.target)]
        }
        network.add_reaction(gillespy2.Reaction(name=f"r{i}", propensity_function=rate, **ends))
    network.timespan(gillespy2.TimeSpan(times))
    solver = getattr(gillespy2, kind)(model=network)

    def simulate(trajectories):
        return network.run(solver=solver, number_of_trajectories=trajectories, seed=1)

    def read(result):
        return np.array([[run[name] for name in species] for run in result]).swapaxes(1, 2)

    return simulate, read


def processor_seconds():
    return sum(sum(getrusage(who)[:2]) for who in (RUSAGE_SELF, RUSAGE_CHILDREN))


def best_time(simulate):
    simulate()
    times = []
    while len(times) < REPETITIONS and sum(times) < 10:
        start = processor_seconds()
        result = simulate()
        times.append(processor_seconds() - start)
    return result, min(times)


def deviation(a, b):
    """Return the largest difference of mean counts in units of its standard error."""
    difference = a.mean(axis=0) - b.mean(axis=0)
    error = np.sqrt(sum(x.var(axis=0, ddof=1) / len(x) for x in (a, b)))
    # The start has no spread; rare counts are not normally distributed.
    common = np.minimum(a.mean(axis=0) * len(a), b.mean(axis=0) * len(b)) >= 10
    return np.abs(difference[1:] / error[1:])[common[1:]].max()


def missing(kind):
    """Return why a peer cannot take part, if so."""
    if gillespy2 is None:
        return "GillesPy2 is not installed; bench/reactions.py says how to get it"
    if kind == "SSACSolver" and not shutil.which("g++"):
        return "no compiler: needs g++"
    return None


def measure_peer(model, times, kind, trajectories, quanta, events_each):
    simulate, read = gillespy2_simulation(model, times, kind)
    result, seconds = best_time(partial(simulate, trajectories))
    return {
        "trajectories": trajectories,
        "seconds": seconds,
        "events_per_second": events_each * trajectories / seconds,
        "deviation_of_means": deviation(read(result), quanta),
    }


def main():
    # GillesPy2 compiles with the interpreter behind an environment, which has to find SCons.
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    report = []
    for model, end in SYSTEMS:
        times = np.linspace(0, end, 11)
        row = {"model": type(model).__name__, "processes": len(model.processes), "library": []}
        for number in OWN:
            (quanta, events), seconds = best_time(partial(own, model, times, number))
            row["library"].append(
                {"trajectories": number, "seconds": seconds, "events_per_second": events / seconds}
            )
        row["events_each"] = events / number
        for kind, number in PEERS.items():
            row[kind] = missing(kind)
            if row[kind] is None:
                peer = measure_peer(model, times, kind, number, quanta, row["events_each"])
                fastest = row["library"][-1]["events_per_second"]
                row[kind] = peer | {"times_slower": fastest / peer["events_per_second"]}
        report.append(row)
    print(json.dumps(report, indent=2, default=float))


if __name__ == "__main__":
    main()
