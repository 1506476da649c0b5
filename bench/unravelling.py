"""How long does a quantum trajectory take, for 3 to 10 levels, beside QuTiP's `mcsolve`?

Fig. 1 of [A], and random secular generators on equidistant levels and on levels without a common
Bohr frequency.  States are stored at 101 times; all trajectories start in the same superposition.
`mcsolve` gets the very same jump operators, its default tolerances, and fewer trajectories; its
integrator is prepared beforehand.

That both draw from the same law is checked.  The mean of N pure states is off the exact ρ by
‖mean - ρ‖² = (1 - Tr ρ²)/N on average; `states` is the ratio of the two, averaged over times, and
should be near 1, or 2 by chance.  The number of jumps is compared with its exact mean, in
standard errors, and between the two samples by χ² of their histograms (`p_value_of_jumps`, small
if they differ).  Seconds are processor time.  Prints JSON.

    python bench/unravelling.py [trajectories of mcsolve]
"""

import json
import sys
import time
import warnings

import numpy as np
import qutip
from scipy.linalg import expm
from scipy.stats import chi2_contingency

from detailedbalance import (
    LowDensityGenerator,
    SecularGenerator,
    SecularWarning,
    bohr_groups,
    figure_1,
    unravel,
)

OWN, PEER = 20_000, 400
TIMES = np.linspace(0, 100, 101)
RARE = 10  # numbers of jumps seen less often are counted together


def random_generator(energies):
    random = np.random.default_rng(len(energies))
    coefficients = []
    for group in bohr_groups(energies):
        shape = (len(group.pairs),) * 2
        vectors = random.normal(size=shape) + 1j * random.normal(size=shape)
        coefficients.append(vectors @ vectors.conj().T)
    scale = 0.02 / max(np.trace(matrix).real for matrix in coefficients)
    return SecularGenerator(energies, [scale * matrix for matrix in coefficients])


def systems():
    yield "figure 1", LowDensityGenerator(figure_1(), beta=2.0, density=0.2)
    for n in (3, 5, 10):
        yield "ladder", random_generator(np.arange(float(n)))
        places = np.random.default_rng(n).uniform(0, 0.8, n)
        yield "no coincidence", random_generator(np.arange(n) + places)


def ket(n):
    random = np.random.default_rng(1)
    psi = random.normal(size=n) + 1j * random.normal(size=n)
    return psi / np.linalg.norm(psi)


def own(generator, trajectories):
    before = time.process_time()
    run = unravel(generator, ket(generator.energies.size), TIMES, trajectories)
    seconds = time.process_time() - before
    return seconds, run.density_matrices, run.jump_counts.sum(axis=1)


def peer(generator, trajectories):
    hamiltonian, jumps = generator.to_qutip()
    options = {"progress_bar": "", "keep_runs_results": True, "store_states": True}
    solver = qutip.MCSolver(hamiltonian, jumps, options=options)
    psi = qutip.Qobj(ket(generator.energies.size))
    solver.run(psi, [0, 1], ntraj=1, seeds=1)
    before = time.process_time()
    result = solver.run(psi, TIMES, ntraj=trajectories, seeds=1)
    seconds = time.process_time() - before
    kets = np.array([[state.full()[:, 0] for state in run] for run in result.runs_states])
    mean = np.einsum("rtk,rtl->tkl", kets, kets.conj()) / trajectories
    return seconds, mean, np.array([len(which) for which in result.col_which])


def mean_number_of_jumps(generator):
    """∫ Tr Σ L†L ρ dt, by the exponential of a generator that counts along."""
    psi, n = ket(generator.energies.size), generator.energies.size
    rho = np.append(np.outer(psi, psi.conj()).ravel(order="F"), 0)
    dense = np.zeros((n * n + 1, n * n + 1), dtype=complex)
    dense[:-1, :-1] = generator.liouvillian
    dense[-1, : n * n : n + 1] = generator.exit_rates
    return float((expm(dense * TIMES[-1]) @ rho)[-1].real)


def report_on(generator, seconds, mean, jumps):
    psi = ket(generator.energies.size)
    exact = generator.evolve(np.outer(psi, psi.conj()), TIMES)
    square, purity = ((np.abs(x) ** 2).sum(axis=(1, 2)) for x in (mean - exact, exact))
    spread = jumps.std(ddof=1) / np.sqrt(jumps.size)
    return {
        "trajectories": jumps.size,
        "seconds": seconds,
        "trajectories_per_second": jumps.size / seconds,
        "jumps_each": jumps.mean(),
        "deviation_of_jumps": (jumps.mean() - mean_number_of_jumps(generator)) / spread,
        "states": np.mean(jumps.size * square[1:] / (1 - purity[1:])),
    }


def p_value(first, second):
    """Whether two samples of numbers come from one distribution."""
    table = np.array(
        [np.bincount(x, minlength=max(first.max(), second.max()) + 1) for x in (first, second)]
    )
    common = table[1] >= RARE
    rare = table[:, ~common].sum(axis=1, keepdims=True)
    table = np.concatenate([table[:, common], rare], axis=1)
    return chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue


def main():
    # With many levels some frequencies come close; neither method minds.
    warnings.simplefilter("ignore", SecularWarning)
    fewer = int(sys.argv[1]) if len(sys.argv) > 1 else PEER
    report = []
    for name, generator in systems():
        own(generator, 100)
        mine, theirs = own(generator, OWN), peer(generator, fewer)
        row = {
            "levels": generator.energies.size,
            "system": name,
            "jump_operators": len(generator.jump_operators),
            "library": report_on(generator, *mine),
            "qutip_mcsolve": report_on(generator, *theirs),
            "p_value_of_jumps": p_value(mine[-1], theirs[-1]),
        }
        rates = [row[k]["trajectories_per_second"] for k in ("library", "qutip_mcsolve")]
        row["times_slower"] = rates[0] / rates[1]
        report.append(row)
    print(json.dumps(report, indent=2, default=float))


if __name__ == "__main__":
    main()
