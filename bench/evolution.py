"""How long does a master equation with coherences take at 101 times, for 3 to 32 levels?

Random secular generators on a ladder of equidistant levels, whose coherences share Bohr
frequencies, on levels without any such coincidence, and, for three levels, Fig. 1 of [A].  All
start in a pure superposition of all levels.

Peers: QuTiP's `mesolve` with its default solver (Adams), with the best of its Runge-Kutta methods
at tight tolerances (vern9), and by diagonalisation of the whole superoperator; dynamiqs with
Dopri8 and by matrix exponentials, if it is installed (`pip install dynamiqs`; it is no dependency
of this book).  Solvers with a tolerance get the loosest power of ten that reaches the target
error; errors are the largest of any entry at any time, against the library, which itself is held
to a dense matrix exponential where that is affordable (`error` of the library).

Seconds are processor time.  "Warm" is the best of several runs with everything prepared that does
not depend on the state: the library's generator, QuTiP's superoperator, dynamiqs' compiled
solver.  "Cold" is one first run that prepares it, from coefficient matrices for the library, from
Hamiltonian and jump operators for the peers.  Prints JSON.

    python bench/evolution.py [levels ...]
"""

import json
import sys
import time
import warnings

import numpy as np
import qutip
from scipy.linalg import expm

from detailedbalance import (
    LowDensityGenerator,
    SecularGenerator,
    SecularWarning,
    bohr_groups,
    figure_1,
)

try:
    import dynamiqs
    import jax
except ImportError:
    dynamiqs = None

LEVELS = [3, 8, 16, 32]
TIMES = np.linspace(0, 50, 101)
TARGET = 1e-9
TOLERANCES = [10.0**-digits for digits in range(10, 15)]
REPETITIONS, SECONDS = 5, 5.0
LARGEST_DENSE = 16  # levels up to which matrices of the size of the superoperator are affordable


def ladder(n):
    return random_generator(np.arange(float(n)))


def without_coincidence(n):
    """Levels at random places, one in each unit of energy."""
    return random_generator(np.arange(n) + np.random.default_rng(n).uniform(0, 0.8, n))


def random_generator(energies):
    """Full coefficient matrices, scaled to a largest decay rate near a twentieth of the spacing."""
    random = np.random.default_rng(len(energies))
    coefficients = []
    for group in bohr_groups(energies):
        shape = (len(group.pairs),) * 2
        vectors = random.normal(size=shape) + 1j * random.normal(size=shape)
        coefficients.append(vectors @ vectors.conj().T)
    scale = 0.02 / max(np.trace(matrix).real for matrix in coefficients)
    return lambda: SecularGenerator(energies, [scale * matrix for matrix in coefficients])


def systems(n):
    yield "ladder", ladder(n)
    yield "no coincidence", without_coincidence(n)
    if n == 3:
        yield "figure 1", lambda: LowDensityGenerator(figure_1(), beta=2.0, density=0.2)


def start(n):
    random = np.random.default_rng(1)
    psi = random.normal(size=n) + 1j * random.normal(size=n)
    psi /= np.linalg.norm(psi)
    return np.outer(psi, psi.conj())


# Each contender takes the recipe of a generator.  It returns two functions: one prepares what does
# not depend on state or times, the other computes all states from that, with some tolerance.


def library(make):
    def evolve(generator, tolerance):
        return generator.evolve(start(generator.energies.size), TIMES)

    return make, evolve


def qutip_adams(make):
    return qutip_mesolve(make, "adams")


def qutip_vern9(make):
    return qutip_mesolve(make, "vern9")


def qutip_diag(make):
    return qutip_mesolve(make, "diag")


def qutip_mesolve(make, method):
    hamiltonian, jumps = make().to_qutip()

    def assemble():
        return qutip.liouvillian(hamiltonian, jumps)

    def run(liouvillian, tolerance):
        options = {"method": method, "progress_bar": "", "store_states": True}
        if tolerance:
            options |= {"atol": tolerance, "rtol": tolerance, "nsteps": 10**6}
        rho = qutip.Qobj(start(hamiltonian.shape[0]))
        result = qutip.mesolve(liouvillian, rho, TIMES, options=options)
        return np.array([state.full() for state in result.states])

    return assemble, run


def dynamiqs_dopri8(make):
    def method(tolerance):
        return dynamiqs.method.Dopri8(rtol=tolerance, atol=tolerance, max_steps=10**6)

    # Small superoperators are faster as one matrix.
    return dynamiqs_mesolve(make, method, vectorized=True)


def dynamiqs_expm(make):
    return dynamiqs_mesolve(make, lambda tolerance: dynamiqs.method.Expm())


def dynamiqs_mesolve(make, method, **options):
    generator = make()
    jumps, rho = list(generator.jump_operators), start(generator.energies.size)

    def forget():
        jax.clear_caches()
        dynamiqs.set_precision("double")

    def run(_, tolerance):
        result = dynamiqs.mesolve(
            generator.hamiltonian.astype(complex),
            jumps,
            rho,
            TIMES,
            method=method(tolerance),
            progress_meter=False,
            **options,
        )
        return result.states.to_numpy()

    return forget, run


WITH_TOLERANCE = [qutip_adams, qutip_vern9, dynamiqs_dopri8]
EXACT = [qutip_diag, dynamiqs_expm]


def timed(run):
    before = time.process_time()
    result = run()
    return result, time.process_time() - before


def best(run, first):
    """Shortest time of several runs; `first` is one that was measured already."""
    number = int(np.clip(0.02 / max(first, 1e-6), 1, 50))

    def several():
        for _ in range(number):
            run()

    times = [first]
    while len(times) < REPETITIONS and sum(times) * number < SECONDS:
        times.append(timed(several)[1] / number)
    return min(times)


def missing(contender, n):
    """Return why a contender cannot take part, if so."""
    if contender.__name__.startswith("dynamiqs") and dynamiqs is None:
        return "dynamiqs is not installed, for this comparison only: pip install dynamiqs"
    if contender in EXACT and n > LARGEST_DENSE:
        return f"needs functions of a dense matrix of {n**2} rows"
    if contender is dynamiqs_dopri8 and n > 8:
        return f"multiplies {n**2} dense jump operators at every step, or their superoperator"
    return None


def measure(contender, make, expected):
    """Timings at the first tolerance that reaches the target, and of a cold run."""
    prepare, run = contender(make)
    tolerances = TOLERANCES if contender in WITH_TOLERANCE else [None]
    prepared, seconds = timed(prepare)
    states, more = timed(lambda: run(prepared, tolerances[0]))
    cold = seconds + more
    for tolerance in tolerances:
        states, seconds = timed(lambda tolerance=tolerance: run(prepared, tolerance))
        error = None if expected is None else np.abs(states - expected).max()
        if error is None or error <= TARGET:
            break
    return states, {
        "tolerance": tolerance,
        "error": error,
        "warm_seconds": best(lambda: run(prepared, tolerance), seconds),
        "cold_seconds": cold,
    }


def dense_error(generator, states):
    """Largest deviation from the exponential of the whole superoperator."""
    rho = start(generator.energies.size)
    exact = expm(generator.liouvillian * TIMES[:, None, None]) @ rho.ravel(order="F")
    return np.abs(states - exact.reshape(-1, *rho.shape).swapaxes(1, 2)).max()


def main():
    # With many levels some frequencies come close; the solvers do not mind.
    warnings.simplefilter("ignore", SecularWarning)
    report = []
    for n in map(int, sys.argv[1:]) if len(sys.argv) > 1 else LEVELS:
        for name, make in systems(n):
            states, own = measure(library, make, None)
            own["error"] = dense_error(make(), states) if n <= 8 else None
            row = {"levels": n, "system": name, "library": own}
            for contender in WITH_TOLERANCE + EXACT:
                row[contender.__name__] = missing(contender, n)
                if row[contender.__name__] is None:
                    _, found = measure(contender, make, states)
                    for kind in ("warm", "cold"):
                        ratio = found[f"{kind}_seconds"] / own[f"{kind}_seconds"]
                        found[f"times_slower_{kind}"] = ratio
                    row[contender.__name__] = found
            report.append(row)
    print(json.dumps(report, indent=2, default=float))


if __name__ == "__main__":
    main()
