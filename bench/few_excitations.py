"""How long does the exact dynamics of at most three excitations take, and how still is it?

Cavities A and B with 2 modes each, 7 right- and 7 left-moving modes of the loop, 2 two-level
systems that hear the right-movers only: 1729 states.  From a Gibbs state, with all elements alike
(flat) or with the modes' own energies at β·bandwidth = 0.3, up to four times around the loop;
beside it [B] (90)-(94) with rates from the same couplings, from equal temperatures with the same
occupation of A.  Also the direction: the probability that two-level systems have taken a quantum
of A, and of B.

Seconds are processor time, gigabytes the process's largest.  Prints JSON.

    python bench/few_excitations.py [most excitations, 3 by default]
"""

import json
import resource
import sys
import time

import numpy as np

from detailedbalance.light import MicroscopicCoupling, chiral_loop, collapse

COUPLINGS = {"h": 0.005, "g_1": 0.01, "g_2": 0.0, "bandwidth": 0.3}
TIMES = np.linspace(0, 600, 301)  # once around the loop in 146.6
LISTENING = 80.0
BETA = 1.0


def printed(start, phases):
    """|n_A - n_B| at most by [B]'s equations, from equal temperatures."""
    rates = MicroscopicCoupling(
        **COUPLINGS,
        rho=2 / COUPLINGS["bandwidth"],
        rho_wg=7 / COUPLINGS["bandwidth"],
        two_level_systems=2,
        propagation_phases=phases,
    )
    run = rates.closed_loop(beta=np.log1p(1 / start)).solve(TIMES)
    return float(np.abs(run.n_A - run.n_B).max())


def apart(system, *args):
    run = system.run(system.gibbs(BETA, *args), TIMES, [(100.0, collapse(system, "1", "2"))])
    return float(np.abs(run["A"] - run["B"]).max())


def main():
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    before = time.process_time()
    system = chiral_loop(**COUPLINGS, most=most)
    A, B, TLS = 0, 1, 4
    probabilities = system.transition_matrix(LISTENING)
    transfer = system.transfer(LISTENING)
    start = system.occupations(system.gibbs(BETA))[A]
    report = {
        "states": len(system.states),
        "unitarity": max(float(np.abs(probabilities.sum(axis=axis) - 1).max()) for axis in (0, 1)),
        "P(TLS <- A)": float(transfer[TLS, A]),
        "P(TLS <- B)": float(transfer[TLS, B]),
        "P(B <- TLS)": float(transfer[B, TLS]),
        "P(A <- TLS)": float(transfer[A, TLS]),
        "occupation": float(start),
        "apart": {
            "exact, flat": apart(system),
            "exact, own energies": apart(system, "own"),
            "printed": printed(start, phases=False),
            "printed, with phases": printed(start, phases=True),
        },
    }
    report["seconds"] = time.process_time() - before
    report["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
