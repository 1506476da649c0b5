"""How long does the exact dynamics of a chiral ring of 3500 modes take, and what does it say?

Cavities A and B, 100 modes each, an absorber of 150 modes that talks to channel 1 only, and 1575
modes in each channel, all in one band, with phases of propagation and all delays.  One
diagonalisation serves three starts: all modes at one occupation; each mode at one temperature with
its own energy, for a band of a tenth of kT; and an empty waveguide, so that light is lost until it
comes around.  Prints JSON with seconds, processor time and the largest |n_A - n_B|; fails above two
minutes of processor time or if equal occupations do not stay equal.

    python bench/linear_bosons.py
"""

import json
import resource
import sys
import time

import numpy as np

from detailedbalance.light import LinearElement, bose_occupation, closed_ring

LIMIT = 120
EQUAL = 1e-13
LENGTH = 15.75
TIMES = [0.5, 2.0, 20.0]


def ring():
    elements = [
        LinearElement.comb(
            name, modes=modes, round_trip=modes / 100, strengths=(x, share * x), place=place
        )
        for name, modes, x, share, place in [
            ("A", 100, 0.1, 1, 0.0),
            ("T", 150, 0.3, 0, 0.4),
            ("B", 100, 0.1, 1, 0.8),
        ]
    ]
    return closed_ring(elements, length=LENGTH, waveguide_modes=1575)


def main():
    start, used = time.perf_counter(), time.process_time()
    system = ring()
    flat = np.full(len(system.energies), 1 / (np.e - 1))
    width = np.ptp(system.energies)
    starts = {
        "one occupation": flat,
        "own energies": bose_occupation(1 + 0.1 * system.energies / width),
        "empty waveguide": np.where(np.arange(len(flat)) < 350, flat, 0),
    }
    differences, lost = {}, {}
    for name, occupations in starts.items():
        run = system.evolve(TIMES, occupations, watch=["A", "T", "B"])
        differences[name] = float(np.abs(run["A"] - run["B"]).max())
        lost[name] = float(np.abs(run.mode_occupations / occupations[:350] - 1).max())
    used = time.process_time() - used
    report = {
        "modes": len(flat),
        "seconds": round(time.perf_counter() - start, 1),
        "processor_seconds": round(used, 1),
        "limit": LIMIT,
        "gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "largest_difference_of_A_and_B": differences,
        "largest_relative_change_of_a_mode": lost,
    }
    print(json.dumps(report, indent=2))
    sys.exit(used > LIMIT or lost["one occupation"] > EQUAL)


if __name__ == "__main__":
    main()
