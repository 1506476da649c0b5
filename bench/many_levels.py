"""How long do the rates between 64 levels take, at 50 temperatures, and how much memory?

Two systems: a repulsive coupling, and one of both signs with resonances between its thresholds.
Limits: 5 s and 1 GB.  Peer in the same run: `scipy.integrate.quad`, one integral for every pair
and temperature, split at the thresholds, epsrel 1e-9.  It is given a few pairs high in the
spectrum, where few thresholds cut the integral, and its time for all pairs is extrapolated from
these, so it comes out too short.  Times are of the wall clock and of the processor.  The limit is
held against the latter: on a machine that does nothing else, no wall clock shows more.  Prints
JSON.

    python bench/many_levels.py
"""

import itertools
import json
import resource
import sys
import time

import numpy as np
from scipy.integrate import quad

from detailedbalance import ContactScattering, gibbs_state, resonances, transition_rates

LEVELS, BETAS = 64, np.geomspace(0.2, 20, 50)  # spectrum of width 4: βΔE up to 80
DENSITY = 1e-9
SAMPLE = [(61, 58), (58, 61)]  # final ← initial
SAMPLED_BETAS = [25]
LIMIT_SECONDS, LIMIT_BYTES = 5.0, 1e9
REPETITIONS = 3


def systems():
    random = np.random.default_rng(1)
    matrix = random.normal(size=(LEVELS, LEVELS)) + 1j * random.normal(size=(LEVELS, LEVELS))
    energies = np.sort(random.uniform(0, 4, LEVELS))
    return {
        "repulsive": (energies, matrix @ matrix.conj().T / LEVELS),
        "both signs": (energies, (matrix + matrix.conj().T) / (4 * np.sqrt(LEVELS))),
    }


def quad_rate(contact, k, l, beta):
    energies, v = contact.energies, contact.coupling_matrix
    identity = np.eye(LEVELS)

    def integrand(energy):
        b = 1 / np.sqrt(2 * (energy - energies) + 0j)
        t = v @ np.linalg.inv(identity + 1j * b[:, None] * v)
        return (
            np.exp(-beta * (energy - energies[l])) * 4 * b[k].real * b[l].real * abs(t[k, l]) ** 2
        )

    start = max(energies[k], energies[l])
    cuts = [start, *energies[energies > start], np.inf]
    flux = sum(
        quad(integrand, low, high, epsrel=1e-9, epsabs=0, limit=50)[0]
        for low, high in itertools.pairwise(cuts)
    )
    return DENSITY * np.sqrt(beta / (2 * np.pi)) * flux


def peak_bytes():
    """Largest memory that this process has ever held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure(energies, v):
    wall, processor = [], []
    for _ in range(REPETITIONS):
        started = time.perf_counter(), time.process_time()
        # From a fresh model, so nothing remembered from an earlier call helps.
        contact = ContactScattering(energies, v)
        rates = transition_rates(contact, BETAS, DENSITY)
        wall.append(time.perf_counter() - started[0])
        processor.append(time.process_time() - started[1])
    memory = peak_bytes()  # of the library: the peer has not run yet, or only held less
    p = gibbs_state(energies, BETAS)
    flow = rates * p[:, None, :]
    net = flow.sum(axis=-1) - flow.sum(axis=-2)
    sampled = list(itertools.product(SAMPLE, SAMPLED_BETAS))
    start = time.perf_counter()
    peer = [quad_rate(contact, k, l, BETAS[i]) for (k, l), i in sampled]
    peer_seconds = time.perf_counter() - start
    ours = [rates[i, k, l] for (k, l), i in sampled]
    integrals = BETAS.size * LEVELS * (LEVELS - 1)
    return {
        "resonances": len(resonances(contact)),
        "seconds_best": min(wall),
        "seconds_median": float(np.median(wall)),
        "processor_seconds_best": min(processor),
        "peak_gigabytes": memory / 1e9,
        "within_limits": min(processor) < LIMIT_SECONDS and memory < LIMIT_BYTES,
        "gibbs_defect": float(np.abs(net / (flow.sum(axis=-1) + flow.sum(axis=-2))).max()),
        "quad_seconds_sampled": peer_seconds,
        "quad_seconds_extrapolated": peer_seconds / len(sampled) * integrals,
        "quad_over_library": peer_seconds / len(sampled) * integrals / min(wall),
        "largest_relative_difference": float(np.abs(np.array(ours) / peer - 1).max()),
    }


def main():
    print(
        json.dumps(
            {
                "levels": LEVELS,
                "temperatures": BETAS.size,
                "quad_sample": f"{len(SAMPLE) * len(SAMPLED_BETAS)} integrals, extrapolated",
                **{name: measure(*system) for name, system in systems().items()},
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    np.seterr(divide="ignore", invalid="ignore")
    main()
