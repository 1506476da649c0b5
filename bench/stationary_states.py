"""How accurate and how fast are stationary states that span 60 kT, for 3 to 300 states?

Two families: a balanced chain, and a ring driven around with a total affinity of 10.  Peers in the
same run: `numpy.linalg.solve` with the last row replaced by the normalisation, the null vector of a
singular value decomposition, and quantecon's `gth_solve`, where quantecon is installed (the
library neither needs nor installs it: pip install quantecon).  The reference takes the very same
rates, sums over spanning trees, and is exact to 50 digits.  Prints JSON.

    python bench/stationary_states.py
"""

import json
import time

import mpmath as mp
import numpy as np

from detailedbalance import generator, stationary_state

try:
    from quantecon.markov import gth_solve
except ImportError:
    gth_solve = None

SIZES = [3, 10, 30, 100, 300]
SPAN = 60.0  # kT from the lowest to the highest state
AFFINITY = 10.0
SECONDS = 0.5  # for timing each method


def balanced_chain(n):
    """Rates up and down a ladder of states; the last link, which would close it, is missing."""
    up, down = links(np.linspace(0, SPAN, n), np.zeros(n), n)
    up[-1] = down[-1] = 0.0
    return up, down


def driven_ring(n):
    """Energies rise half way round and fall again."""
    energies = SPAN * (1 - np.abs(np.linspace(-1, 1, n)))
    return links(energies, np.full(n, AFFINITY / n), n)


def links(energies, force, n):
    """Rates k → k+1 and k+1 → k, with random barriers."""
    step = (np.roll(energies, -1) - energies - force) / 2
    barrier = np.random.default_rng(n).uniform(0.5, 1, n)
    return barrier * np.exp(-step), barrier * np.exp(step)


def rate_matrix(up, down):
    n = len(up)
    here, there = np.arange(n), (np.arange(n) + 1) % n
    rates = np.zeros((n, n))
    rates[there, here] = up
    rates[here, there] = down
    return rates


def exact_state(up, down):
    """Each state's weight is the sum over the trees that one cut link leaves; no subtraction."""
    n = len(up)
    with mp.workdps(50):
        up, down = [mp.mpf(x) for x in up], [mp.mpf(x) for x in down]
        weights = []
        for root in range(n):
            # arms[i]: the i links before the root, travelled up; tails[i]: those after it, down.
            arms, tails = [mp.mpf(1)], [mp.mpf(1)]
            for i in range(1, n):
                arms.append(arms[-1] * up[(root - i) % n])
                tails.append(tails[-1] * down[(root + i - 1) % n])
            weights.append(mp.fsum(arms[i] * tails[n - 1 - i] for i in range(n)))
        total = mp.fsum(weights)
        return np.array([float(weight / total) for weight in weights])


def by_solve(rates):
    w = generator(rates)
    w[-1] = 1.0
    return np.linalg.solve(w, np.eye(len(w))[-1])


def by_svd(rates):
    null = np.linalg.svd(generator(rates))[2][-1]
    return null / null.sum()


def by_quantecon(rates):
    return gth_solve(generator(rates).T)


METHODS = {
    "library": stationary_state,
    "numpy_solve": by_solve,
    "svd": by_svd,
    "quantecon": by_quantecon if gth_solve else None,
}


def measure(method, rates, exact):
    if method is None:
        return "not installed"
    p = method(rates)
    times = []
    while sum(times) < SECONDS:
        start = time.perf_counter()
        method(rates)
        times.append(time.perf_counter() - start)
    return {
        "relative_error": float(np.abs(p / exact - 1).max()),
        "negative_probabilities": int(np.count_nonzero(p < 0)),
        "ms": 1e3 * float(np.median(times)),
    }


def main():
    table = []
    for name, family in [("balanced chain", balanced_chain), ("driven ring", driven_ring)]:
        for n in SIZES:
            up, down = family(n)
            rates, exact = rate_matrix(up, down), exact_state(up, down)
            row = {"family": name, "states": n, "span_kT": float(np.log(exact.max() / exact.min()))}
            row |= {label: measure(method, rates, exact) for label, method in METHODS.items()}
            table.append(row)
    print(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()
