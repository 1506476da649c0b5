"""How fast and how accurate is the stationary state of a master equation, for 3 to 32 levels?

Davies generators of random couplings to a bath in equilibrium, whose stationary state is the Gibbs
state, known exactly; at two temperatures, with the levels spanning 3 kT and 40 kT; and Fig. 1 of
[A].  The library knows that populations decouple and eliminates n states without a subtraction.
QuTiP's `steadystate` takes the superoperator as it would any other: by its default, a sparse direct
solution, from Hamiltonian and jump operators ("from operators"), and by three methods from the
superoperator ready-made.

Errors are the largest relative one of any population, `negative` counts negative populations; a
method that does not converge is reported as such.
Seconds are processor time, the best of several runs.  Prints JSON.

    python bench/steady_states.py [levels ...]
"""

import json
import sys
import time
import warnings

import numpy as np
import qutip
from scipy.sparse.linalg import ArpackNoConvergence

from detailedbalance import LowDensityGenerator, davies_generator, figure_1, gibbs_state

LEVELS = [3, 8, 16, 32]
SPANS = [3.0, 40.0]  # kT from the lowest to the highest level
REPETITIONS, SECONDS = 5, 5.0
LARGEST_ASSEMBLED = 8  # levels up to which QuTiP also starts from jump operators
METHODS = ["direct", "eigen", "svd"]
LARGEST_SVD = 16


def thermal(n, span):
    """Levels 1, 2, 3, … and weak random couplings; the energies in kT enter γ alone."""
    random = np.random.default_rng(n)
    energies = np.arange(float(n))
    matrix = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    beta = span / (n - 1)

    def bath(w):
        return 1e-4 / n * min(np.exp(-beta * w), 1.0)

    generator = davies_generator(energies, matrix + matrix.conj().T, bath)
    return generator, gibbs_state(energies, beta)


def systems(n):
    for span in SPANS:
        yield f"{span:g} kT", *thermal(n, span)
    if n == 3:
        contact = figure_1()
        generator = LowDensityGenerator(contact, beta=2.0, density=0.2)
        yield "figure 1", generator, gibbs_state(contact.energies, 2.0)


def seconds(run):
    """Shortest processor time of several runs."""
    before = time.process_time()
    run()
    first = time.process_time() - before
    number = int(np.clip(0.02 / max(first, 1e-6), 1, 200))
    times = []
    while len(times) < REPETITIONS and sum(times) * number < SECONDS:
        before = time.process_time()
        for _ in range(number):
            run()
        times.append((time.process_time() - before) / number)
    return min(times)


def measure(run, exact):
    p = run().diagonal().real
    return {
        "relative_error": np.abs(p / exact - 1).max(),
        "negative": int(np.count_nonzero(p < 0)),
        "seconds": seconds(run),
    }


def qutip_methods(generator, n):
    """Functions that return QuTiP's steady state, by name."""
    hamiltonian, jumps = generator.to_qutip()
    dims = [[[n], [n]]] * 2
    ready = qutip.Qobj(generator.liouvillian, dims=dims, superrep="super").to("CSR")
    for method in METHODS:
        if method == "svd" and n > LARGEST_SVD:
            continue
        yield f"qutip_{method}", lambda m=method: qutip.steadystate(ready, method=m).full()
    if n <= LARGEST_ASSEMBLED:
        yield "qutip_from_operators", lambda: qutip.steadystate(hamiltonian, jumps).full()


def main():
    warnings.simplefilter("ignore")  # QuTiP's sparse solvers remark on formats
    report = []
    for n in map(int, sys.argv[1:]) if len(sys.argv) > 1 else LEVELS:
        for name, generator, exact in systems(n):
            own = measure(generator.stationary_state, exact)
            row = {"levels": n, "system": name, "library": own}
            for peer, run in qutip_methods(generator, n):
                try:
                    row[peer] = measure(run, exact)
                except ArpackNoConvergence as error:
                    row[peer] = f"did not converge: {error}"
                    continue
                row[peer]["times_slower"] = row[peer]["seconds"] / own["seconds"]
            report.append(row)
    print(json.dumps(report, indent=2, default=float))


if __name__ == "__main__":
    main()
