"""How fast and how accurate is the thermal flux of Fig. 1, for 200 temperatures and all pairs?

Peers in the same run: `scipy.integrate.quad`, one integral for every pair and temperature, split
at the thresholds, epsrel 1e-9 (speed); mpmath with 30 digits, which shares no code with the
library (accuracy).  Prints JSON.

    python bench/thermal_flux.py
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy.integrate import quad

from detailedbalance import ContactScattering, coupling_matrix, figure_1, thermal_flux

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "library"))
import itertools

import reference

BETAS = np.geomspace(0.2, 40, 200)  # βΔE from 0.1 to 20
CHECKED = [0, 66, 133, 199]
REPETITIONS = 100


def library_flux():
    """From a fresh model, so nothing remembered from an earlier call helps."""
    contact = ContactScattering([-0.5, 0.0, 0.5], coupling_matrix((1.0, 0.7, 1.5), "S26"))
    return thermal_flux(contact, BETAS)


def quad_flux(betas):
    contact = figure_1()
    energies, v = contact.energies, contact.coupling_matrix
    identity = np.eye(3)

    def integrand(energy, k, l, beta):
        b = 1 / np.sqrt(2 * (energy - energies) + 0j)
        t = v @ np.linalg.inv(identity + 1j * b[:, None] * v)
        return np.exp(-beta * energy) * 4 * b[k].real * b[l].real * abs(t[k, l]) ** 2

    flux = np.zeros((len(betas), 3, 3))
    for i, beta in enumerate(betas):
        for k, l in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]:
            start = max(energies[k], energies[l])
            cuts = [start, *(e for e in energies if e > start), np.inf]
            for low, high in itertools.pairwise(cuts):
                flux[i, k, l] += quad(
                    integrand, low, high, args=(k, l, beta), epsrel=1e-9, epsabs=0, limit=200
                )[0]
    return flux


def main():
    library_flux()
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        ours = library_flux()
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    peer = quad_flux(BETAS)
    quad_seconds = time.perf_counter() - start

    contact = figure_1()
    exact = reference.thermal_flux(
        contact.energies, contact.coupling_matrix, 1.0, BETAS[CHECKED], 48
    )
    off_diagonal = ~np.eye(3, dtype=bool)

    def worst(flux):
        return float(np.abs(flux[CHECKED] / exact - 1)[:, off_diagonal].max())

    print(
        json.dumps(
            {
                "temperatures": BETAS.size,
                "library_ms_median": 1e3 * float(np.median(times)),
                "library_ms_best": 1e3 * min(times),
                "quad_s": quad_seconds,
                "quad_over_library": quad_seconds / float(np.median(times)),
                "library_relative_error": worst(ours),
                "quad_relative_error": worst(peer),
                "largest_difference": float(np.abs(ours / peer - 1)[:, off_diagonal].max()),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    np.seterr(divide="ignore", invalid="ignore")
    main()
