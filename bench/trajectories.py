"""How many jumps a second can be simulated, for 3, 10 and 100 states?

Peers in the same run: a plain Python loop, `qutip.mcsolve` with jump operators √a_kl |k⟩⟨l|, and
GillesPy2's solvers in NumPy and, if there is a compiler, C++.  GillesPy2 is GPL and no dependency
of this book; `pip install gillespy2` brings it into the comparison.

All use one core, start in state 0 and follow each walker for the same time, a hundred jumps long
in the mean.  Slow peers get fewer trajectories; compilation is not timed.  Seconds are processor
time, child processes included, the best of several runs.  The mean number of jumps and the final
populations are compared with the master equation: deviations are in standard errors, and below 4
is agreement.  Prints JSON.

    python bench/trajectories.py
"""

import bisect
import itertools
import json
import os
import random
import shutil
from collections import Counter

import numpy as np
import qutip
from scipy.linalg import expm

from detailedbalance import evolve, figure_1, generator, stationary_state, transition_rates
from detailedbalance.trajectories import count_jumps, sample_paths

try:
    import gillespy2
except ImportError:
    gillespy2 = None

JUMPS = 100
REPETITIONS = 5
TRAJECTORIES = {
    # For 3, 10 and 100 states.
    "count_jumps": (100_000, 100_000, 50_000),
    "sample_paths": (20_000, 20_000, 20_000),
    "plain_loop": (5_000, 5_000, 5_000),
    "qutip_mcsolve": (400, 100, 20),
    "gillespy2_numpy": (1_000, 100, 20),
    "gillespy2_cpp": (20_000, 5_000, 1_000),
}


def networks():
    """Rates of Fig. 1, of a complete network, and of a circle with jumps of one and two steps."""
    rng = np.random.default_rng(0)
    circle = sum(np.roll(np.eye(100), step, axis=0) for step in (-2, -1, 1, 2))
    return [
        transition_rates(figure_1(), beta=2.0),
        rng.exponential(size=(10, 10)) * (1 - np.eye(10)),
        rng.exponential(size=(100, 100)) * circle,
    ]


# Each contender is a function of rates and duration that returns two functions: one simulates a
# number of trajectories, which is timed; the other reads from its result the number of jumps and
# the final state of each trajectory, and how many jumps were simulated.


def count_jumps_contender(rates, duration):
    def read(counts):
        return counts.numbers.sum(axis=1), counts.final_states, counts.total

    return lambda trajectories: count_jumps(rates, 0, duration, trajectories), read


def sample_paths_contender(rates, duration):
    def read(paths):
        cut = paths.until(duration)
        numbers = np.isfinite(cut.times[:, 1:]).sum(axis=1)
        return numbers, cut.states[:, -1], paths.states[:, 1:].size

    return lambda trajectories: sample_paths(rates, 0, 3 * JUMPS, trajectories), read


def plain_loop_contender(rates, duration):
    n = len(rates)
    targets = [np.flatnonzero(rates[:, l]).tolist() for l in range(n)]
    cumulative = [list(itertools.accumulate(rates[targets[l], l].tolist())) for l in range(n)]

    def trajectory(draw):
        counts, state, now = Counter(), 0, 0.0
        while True:
            total = cumulative[state][-1]
            now += draw.expovariate(total)
            if now >= duration:
                return counts, state
            choice = bisect.bisect(cumulative[state], draw.random() * total)
            after = targets[state][choice]
            counts[after, state] += 1
            state = after

    def simulate(trajectories):
        draw = random.Random(1)
        return [trajectory(draw) for _ in range(trajectories)]

    def read(result):
        numbers = np.array([counts.total() for counts, _ in result])
        return numbers, np.array([state for _, state in result]), int(numbers.sum())

    return simulate, read


def qutip_mcsolve_contender(rates, duration):
    n, links = len(rates), np.argwhere(rates > 0)
    ket = [qutip.basis(n, l) for l in range(n)]
    jumps = [np.sqrt(rates[k, l]) * ket[k] * ket[l].dag() for k, l in links]
    options = {"progress_bar": "", "keep_runs_results": True}
    solver = qutip.MCSolver(qutip.qzero(n), jumps, options=options)

    def simulate(trajectories):
        return solver.run(ket[0], [0, duration], ntraj=trajectories, seeds=1)

    def read(result):
        numbers = np.array([len(which) for which in result.col_which])
        finals = [links[which[-1], 0] if len(which) else 0 for which in result.col_which]
        return numbers, np.array(finals), int(numbers.sum())

    return simulate, read


def gillespy2_contender(rates, duration, kind):
    """One walker among n species, and one more species that counts the jumps."""
    model = gillespy2.Model(name="network")
    states = [gillespy2.Species(name=f"S{l}", initial_value=int(l == 0)) for l in range(len(rates))]
    counter = gillespy2.Species(name="jumps", initial_value=0)
    model.add_species([*states, counter])
    for k, l in np.argwhere(rates > 0):
        rate = gillespy2.Parameter(name=f"a{k}_{l}", expression=float(rates[k, l]))
        ends = {"reactants": {states[l]: 1}, "products": {states[k]: 1, counter: 1}}
        model.add_parameter(rate)
        model.add_reaction(gillespy2.Reaction(name=f"r{k}_{l}", rate=rate, **ends))
    model.timespan(gillespy2.TimeSpan([0.0, duration]))
    solver = kind(model=model)

    def simulate(trajectories):
        return model.run(solver=solver, number_of_trajectories=trajectories, seed=1)

    def read(result):
        numbers = np.array([run["jumps"][-1] for run in result])
        finals = np.array([[run[state.name][-1] for state in states] for run in result])
        return numbers, finals.argmax(axis=1), int(numbers.sum())

    return simulate, read


def gillespy2_numpy_contender(rates, duration):
    return gillespy2_contender(rates, duration, gillespy2.NumPySSASolver)


def gillespy2_cpp_contender(rates, duration):
    return gillespy2_contender(rates, duration, gillespy2.SSACSolver)


def mean_jumps(rates, duration):
    """Return Σ_l r_l ∫ p_l dt with the exit rates r_l, starting in state 0."""
    n = len(rates)
    # The upper right block of exp [[W, 1], [0, 0]] T is the integral of e^{Wt}.
    block = np.block([[generator(rates), np.eye(n)], [np.zeros((n, 2 * n))]])
    return float((rates.sum(axis=0) * expm(block * duration)[:n, n]).sum())


def processor_seconds():
    return sum(os.times()[:4])


def measure(contender, rates, duration, trajectories):
    simulate, read = contender(rates, duration)
    simulate(2)
    times = []
    while len(times) < REPETITIONS and sum(times) < 5:
        start = processor_seconds()
        result = simulate(trajectories)
        times.append(processor_seconds() - start)
    numbers, finals, jumps = read(result)
    p = evolve(rates, np.eye(len(rates))[0], duration)
    # Deviations of rarer states are not normally distributed.
    common = p * trajectories >= 10
    seen = np.bincount(finals, minlength=len(p)) / trajectories
    deviations = ((seen - p) / np.sqrt(p * (1 - p) / trajectories))[common]
    error = numbers.std(ddof=1) / np.sqrt(trajectories)
    return {
        "trajectories": trajectories,
        "jumps": jumps,
        "seconds": min(times),
        "jumps_per_second": jumps / min(times),
        "deviation_of_jumps": (numbers.mean() - mean_jumps(rates, duration)) / error,
        "deviation_of_populations": np.abs(deviations).max(initial=0.0),
    }


def missing(name):
    """Return why a contender cannot take part, if so."""
    if name.startswith("gillespy2") and gillespy2 is None:
        return "GillesPy2 is not installed (GPL, for this comparison only): pip install gillespy2"
    if name == "gillespy2_cpp" and not (shutil.which("g++") and shutil.which("make")):
        return "no compiler: needs g++ and make"
    return None


def main():
    report = []
    for i, rates in enumerate(networks()):
        duration = JUMPS / float((rates * stationary_state(rates)).sum())
        row = {"states": len(rates), "links": int((rates > 0).sum()), "duration": duration}
        for name, trajectories in TRAJECTORIES.items():
            contender = globals()[f"{name}_contender"]
            row[name] = missing(name) or measure(contender, rates, duration, trajectories[i])
        report.append(row)
    print(json.dumps(report, indent=2, default=float))


if __name__ == "__main__":
    main()
