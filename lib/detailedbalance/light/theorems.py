"""Three theorems on equal temperatures and entropy: hypotheses checked, conclusions measured.

Each function takes a system, measures how far each hypothesis is from true, and computes the
conclusion directly, by evolution, not from the theorem.  A hypothesis that fails raises an error
with its name; with `require=False` the answer tells what failed, and how much of the conclusion
went with it.

Conventions: ħ = k = 1; quanta are counted by N_exc, diagonal in the basis that is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm
from scipy.optimize import brentq
from scipy.special import entr

from .. import checks
from ..lindblad import von_neumann_entropy
from .cascade import ThermalNetwork

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

TOLERANCE = 1e-10
"""Hypotheses hold if they are off by no more than this, relative to what they compare."""

STEEPEST = 700.0
"""Largest |β| of a local Gibbs state; e^-700 is the smallest ordinary number."""


class HypothesisError(ValueError):
    """A hypothesis of a theorem does not hold; the message names it."""


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis of a theorem, and how far it is from true.

    Parameters
    ----------
    name : str
        What must be true.
    defect : float
        Zero if it is exactly true.
    """

    name: str
    defect: float

    @property
    def holds(self) -> bool:
        """Whether the defect is below 1e-10."""
        return self.defect <= TOLERANCE


@dataclass(frozen=True)
class TheoremCheck:
    """What became of a theorem in one system; printed, a table of hypotheses and the conclusion.

    Parameters
    ----------
    conclusion : str
        What the theorem says.
    hypotheses : tuple of Hypothesis
    defect : float
        How much the conclusion is off, computed without the theorem.
    values : dict
        Further numbers that were computed on the way.
    """

    conclusion: str
    hypotheses: tuple[Hypothesis, ...]
    defect: float
    values: dict = field(default_factory=dict, repr=False)

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of the hypotheses that fail."""
        return tuple(h.name for h in self.hypotheses if not h.holds)

    def __str__(self) -> str:
        """Return a line for each hypothesis and one for the conclusion."""
        lines = [
            f"{'holds' if h.holds else 'FAILS'}  {h.defect:8.1e}  {h.name}" for h in self.hypotheses
        ]
        return "\n".join([*lines, f"defect {self.defect:8.1e}  {self.conclusion}"])

    def _required(self, require: bool) -> "TheoremCheck":
        if require and self.broken:
            raise HypothesisError(
                f"broken: {'; '.join(self.broken)}. The theorem says nothing about this system, "
                f"whose conclusion is off by {self.defect:.3g}; pass require=False to see both"
            )
        return self


def gibbs_stationarity(
    hamiltonian: ArrayLike,
    excitations: ArrayLike,
    beta: float,
    channels: Sequence[ArrayLike] = (),
    time: float = 1.0,
    require: bool = True,
) -> TheoremCheck:
    """Theorem 1: what conserves quanta leaves e^{-βN_exc}/Z as it is, by unitary steps and events.

    Parameters
    ----------
    hamiltonian : array_like (D, D)
        H.
    excitations : array_like (D,)
        N_exc in each basis state.
    beta : float
        Any real number.
    channels : sequence of array_like (r, D, D)
        Events, each by its Kraus operators: dephasing, scattering, collapse.
    time : float
        Time of unitary evolution before each event, and after the last.
    require : bool
        Whether a broken hypothesis is an error.

    Returns
    -------
    TheoremCheck
        `defect` is the largest trace norm ‖ρ(t) - ρ(0)‖₁ after any of the steps.

    Raises
    ------
    HypothesisError
        If `require` and H or a Kraus operator changes N_exc, or an event does not keep the trace or
        is not unital, Σ KK† = 1.

    Notes
    -----
    Kraus operators that commute with N_exc give Σ KρK† = ρ ΣKK†, which is ρ if and only if the
    event is unital.  A unital event keeps ρ only if all its Kraus operators commute with N_exc
    (in finite dimension and β ≠ 0), so neither hypothesis can be dropped alone.
    Couplings, chirality, phases and detunings do not enter.

    Examples
    --------
    Two modes with at most one photon and a hopping between them; then a rule that moves a photon
    from the first mode to the second and never back, which is not unital:

    >>> import numpy as np
    >>> hopping = np.array([[0, 0, 0], [0, 0, 1j], [0, -1j, 0]])
    >>> quanta = [0, 1, 1]
    >>> gibbs_stationarity(hopping, quanta, beta=1.0).defect < 1e-14
    True
    >>> one_way = np.array([np.diag([1, 0, 1]), [[0, 0, 0], [0, 0, 0], [0, 1, 0]]])
    >>> check = gibbs_stationarity(hopping, quanta, 1.0, [one_way], require=False)
    >>> check.broken
    ('event 0 is unital',)
    >>> print(round(check.defect, 3))
    0.424
    """
    excitations = checks.vector(excitations, "excitations")
    D = excitations.size
    H = checks.hermitian_matrix(hamiltonian, "hamiltonian", D)
    beta, time = checks.scalar(beta, "beta"), checks.scalar(time, "time")
    events = [_kraus(channel, f"channels[{i}]", D) for i, channel in enumerate(channels)]
    hypotheses = [Hypothesis("H conserves N_exc", _misplaced(H, excitations, 0))]
    for i, K in enumerate(events):
        hypotheses += _event_hypotheses(K, i)
        hypotheses.append(
            Hypothesis(f"event {i} conserves N_exc", _misplaced(K, excitations, 0)),
        )
    start = np.diag(_weights(beta, excitations))
    unitary, rho, defect = expm(-1j * time * H), start.astype(complex), 0.0
    for K in [*events, None]:
        rho = unitary @ rho @ unitary.conj().T
        defect = max(defect, _trace_norm(rho - start))
        if K is not None:
            rho = _act(K, rho)
            defect = max(defect, _trace_norm(rho - start))
    return TheoremCheck(
        "exp(-beta N_exc)/Z is stationary", tuple(hypotheses), defect, {"final": rho}
    )._required(require)


def entropy_growth(
    starts: Sequence[ArrayLike],
    numbers: Sequence[ArrayLike],
    channels: Sequence[ArrayLike],
    thermalize: bool = False,
    require: bool = True,
) -> TheoremCheck:
    """Theorem 2: from a product of thermal states, the sum of subsystem entropies never falls.

    S_max(t) ≥ Σ_j S(ρ_j(t)) ≥ S(ρ(t)) ≥ S(ρ(0)) = S_max(0), where S_max is the sum over the
    subsystems of the largest entropy that their mean numbers of quanta allow.

    Parameters
    ----------
    starts : sequence of array_like (d_j, d_j)
        Density matrix of each subsystem at time zero.
    numbers : sequence of array_like (d_j,)
        Quanta in each basis state of each subsystem.
    channels : sequence of array_like (r, D, D)
        Steps of the evolution by their Kraus operators, D = Π d_j; a unitary is a list of one.
    thermalize : bool
        After each step, replace the state by the product of thermal states with the same means,
        as fast local relaxation would.
    require : bool
        Whether a broken hypothesis is an error.

    Returns
    -------
    TheoremCheck
        `defect` is the deepest fall of S_max below its start (below its largest earlier value, with
        `thermalize`); `values["entropies"]` has S_max, Σ S(ρ_j), S(ρ) at the start and after each
        step, before relaxation, (steps + 1, 3).

    Raises
    ------
    HypothesisError
        If `require` and a subsystem does not start with the largest entropy of its mean, or a step
        does not keep the trace or is not unital.

    Notes
    -----
    Nothing need be conserved and temperatures may differ, even be negative.  What is needed is that
    the subsystems are all there is and share nothing, which the product form says, and that no
    correlations are there at the start.  S_max belongs to the levels that are kept: it is below
    (n + 1) ln(n + 1) - n ln n for a cavity cut off at some number of photons.

    Examples
    --------
    Two modes at different temperatures through half a beam splitter; then two modes that start in
    the same superposition of no photon and one, whose light interferes:

    >>> import numpy as np
    >>> quanta, c = [0, 1], np.sqrt(0.5)
    >>> splitter = np.array([[1, 0, 0, 0], [0, c, c, 0], [0, -c, c, 0], [0, 0, 0, 1]])
    >>> hot, cold = np.diag([0.6, 0.4]), np.diag([0.9, 0.1])
    >>> entropy_growth([hot, cold], [quanta] * 2, [[splitter]]).defect < 1e-12
    True
    >>> pure = np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> check = entropy_growth([pure, pure], [quanta] * 2, [[splitter]], require=False)
    >>> print(check.broken[0], round(check.defect, 3))
    subsystem 0 starts with the largest entropy of its mean 0.262
    """
    numbers = [checks.vector(number, f"numbers[{j}]") for j, number in enumerate(numbers)]
    states, hypotheses = _thermal_starts(starts, numbers)
    rho = reduce(np.kron, states)
    steps = [_kraus(channel, f"channels[{i}]", len(rho)) for i, channel in enumerate(channels)]
    for i, K in enumerate(steps):
        hypotheses += _event_hypotheses(K, i)
    entropies, fall, highest = [_entropies(rho, numbers)], 0.0, _entropies(rho, numbers)[0]
    for K in steps:
        rho = _act(K, rho)
        entropies.append(_entropies(rho, numbers))
        fall = max(fall, highest - entropies[-1][0])
        if thermalize:
            parts = zip(_reduced(rho, [n.size for n in numbers]), numbers, strict=True)
            rho = reduce(np.kron, [thermal_state(_mean(part, n), n) for part, n in parts])
            highest = max(highest, entropies[-1][0])
    return TheoremCheck(
        "the sum of largest subsystem entropies does not fall",
        tuple(hypotheses),
        float(fall),
        {"entropies": np.array(entropies), "final": rho},
    )._required(require)


def open_entropy_growth(
    network: ThermalNetwork,
    starts: Sequence[ArrayLike],
    times: ArrayLike,
    require: bool = True,
) -> TheoremCheck:
    """Theorem 2 for open systems: local entropy gained is never less than Σ_j β_j Q_j.

    S_max(t) - S_max(0) ≥ S(ρ(t)) - S(ρ(0)) ≥ Σ_j β_j Q_j(t), where Q_j are the quanta that came in
    from channel j since the start and β_j = ln((n_j + 1)/n_j), with equal inputs or not.

    Parameters
    ----------
    network : ThermalNetwork
        Its elements are the subsystems.
    starts : sequence of array_like (d_j, d_j)
        Density matrix of each element at time zero.
    times : array_like (m,)
        Ascending.
    require : bool
        Whether a broken hypothesis is an error.

    Returns
    -------
    TheoremCheck
        `defect` is the deepest fall of S_max - Σ_j β_j Q_j below its start;
        `values["entropies"]` has S_max, S(ρ) and Σ_j β_j Q_j at each time, (m, 3).

    Raises
    ------
    HypothesisError
        If `require` and an element does not start with the largest entropy of its mean, H or
        dephasing changes N_exc, a coupling does anything but lower it by one, dephasing is not
        balanced, or a channel that couples has no temperature.

    Notes
    -----
    Whatever the times, the comparison is with the start.  Between two later times S_max - Σ β_j Q_j
    may fall, since subsystems are correlated by then: two equal cavities in a row, the second and
    the light in equilibrium, the first slightly warmer, lose some of it for 1 < κt < 1.839.
    Q_j by Gauss's quadrature with 16 nodes between neighbouring times, which must not be further
    apart than a few of the network's own times.

    Examples
    --------
    >>> import numpy as np
    >>> from detailedbalance.light import CascadeElement, cascade_network
    >>> row = cascade_network([CascadeElement.two_level((1.0, 0.0))] * 2, [0.4], [0.5, 0.5])
    >>> hot, cold = np.diag([0.6, 0.4]), np.diag([0.9, 0.1])
    >>> check = open_entropy_growth(row, [hot, cold], [0.0, 0.5, 1.0])
    >>> check.defect
    0.0
    >>> S_max, S, paid = (check.values["entropies"][-1] - check.values["entropies"][0]).round(3)
    >>> bool(S_max > S > paid)
    True
    """
    checks.instance(network, "network", ThermalNetwork)
    numbers = [np.arange(float(d)) for d in network.dims]
    states, short = _thermal_starts(starts, numbers)
    dark = (network.inputs == 0) & np.any(network.couplings, axis=(1, 2))
    hypotheses = (
        *short,
        *_network_hypotheses(network),
        Hypothesis("every channel that couples has a temperature", float(dark.sum())),
    )
    rho = reduce(np.kron, states)
    times = np.concatenate([[0.0], checks.vector(times, "times")])
    with np.errstate(divide="ignore"):
        beta = np.log1p(1 / network.inputs)
    beta = np.where(np.isfinite(beta), beta, 0.0)
    nodes, weights = leggauss(16)
    paid, table = 0.0, []
    for step in np.diff(times):
        *between, rho = network.evolve(rho, np.append(step * (nodes + 1) / 2, step))
        paid += step / 2 * weights @ network.photon_flows(between) @ beta
        largest, _, whole = _entropies(rho, numbers)
        table.append((largest, whole, paid))
    table = np.array(table)
    first = _entropies(reduce(np.kron, states), numbers)[0]
    fall = max(0.0, float((first - table[:, 0] + table[:, 2]).max()))
    return TheoremCheck(
        "local entropy gained is at least what the light's heat carries in",
        hypotheses,
        fall,
        {"entropies": table, "final": rho},
    )._required(require)


def cascade_stationarity(
    network: ThermalNetwork, n: float | None = None, require: bool = True
) -> TheoremCheck:
    """Theorem 3: light of one occupation n leaves (n/(n + 1))^N_exc/Z as it is, chiral or not.

    Parameters
    ----------
    network : ThermalNetwork
        Such as `cascade_network` makes.
    n : float, optional
        Occupation of the Gibbs state; that of the first input if not given.
    require : bool
        Whether a broken hypothesis is an error.

    Returns
    -------
    TheoremCheck
        `defect` is the trace norm ‖Lρ‖₁, a rate.

    Raises
    ------
    HypothesisError
        If `require` and H changes N_exc, a coupling does anything but lower it by one, an input
        differs from n, or dephasing changes N_exc or is not balanced, Σ CC† = Σ C†C.

    Notes
    -----
    If L lowers N_exc by one, L f(N_exc) = f(N_exc + 1) L.  With q = n/(n + 1),

        ((n + 1) D[L] + n D[L†]) q^N = q^N ([q(n + 1) - n] LL† + [n/q - (n + 1)] L†L) = 0.

    No commutator [L, L†] appears: cut-off cavities, two-level systems and anything that counts
    quanta satisfy the same identity, exactly.

    Examples
    --------
    >>> from detailedbalance.light import CascadeElement, cascade_network
    >>> cavity = CascadeElement.cavity((1.0, 1.0), levels=3)
    >>> atom = CascadeElement.two_level((2.0, 0.0))
    >>> equal = cascade_network([cavity, atom, cavity], [0.3, 1.1], inputs=[0.5, 0.5])
    >>> cascade_stationarity(equal).defect < 1e-14
    True
    >>> unequal = cascade_network([cavity, atom, cavity], [0.3, 1.1], inputs=[0.5, 0.2])
    >>> print(cascade_stationarity(unequal, require=False).broken)
    ('every input has the occupation n',)
    """
    checks.instance(network, "network", ThermalNetwork)
    n = float(network.inputs[0]) if n is None else checks.scalar(n, "n")
    hypotheses = (
        *_network_hypotheses(network),
        Hypothesis("every input has the occupation n", float(np.abs(network.inputs - n).max())),
    )
    change = network.apply(network.gibbs_state(n))
    return TheoremCheck(
        "(n/(n + 1))^N_exc/Z is stationary", hypotheses, _trace_norm(change)
    )._required(require)


def thermal_state(mean: float, numbers: ArrayLike) -> Array:
    """Return the state e^{-βN}/Z with ⟨N⟩ = `mean`, which has the largest entropy of all such.

    Parameters
    ----------
    mean : float
        Within the range of `numbers`.  Above their average β is negative.
    numbers : array_like (d,)
        Quanta in each basis state.

    Returns
    -------
    array (d, d)
        Diagonal.

    Raises
    ------
    ValueError
        If no state has this mean.

    Examples
    --------
    >>> thermal_state(0.25, [0, 1]).diagonal().tolist()
    [0.75, 0.25]
    """
    numbers = checks.vector(numbers, "numbers")
    mean = checks.scalar(mean, "mean")
    lowest, highest = numbers.min(), numbers.max()
    slack = TOLERANCE * max(1.0, highest - lowest)
    if not lowest - slack <= mean <= highest + slack:
        raise ValueError(
            f"`mean` must be between {lowest:g} and {highest:g}, the fewest and the most quanta "
            f"of the subsystem, got {mean:g}"
        )
    return np.diag(_weights(_local_beta(mean, numbers), numbers))


def maximal_entropy(mean: float, numbers: ArrayLike) -> float:
    """Return the largest entropy of a subsystem with ⟨N⟩ = `mean`; arguments as `thermal_state`.

    Examples
    --------
    >>> from detailedbalance.light import mode_entropy
    >>> abs(maximal_entropy(0.5, range(60)) - float(mode_entropy(0.5))) < 1e-12
    True
    """
    return float(entr(thermal_state(mean, numbers).diagonal()).sum())


def _weights(beta: float, numbers: Array) -> Array:
    """Return the probabilities e^{-βN}/Z."""
    exponents = -beta * numbers
    weights = np.exp(exponents - exponents.max())
    return weights / weights.sum()


def _local_beta(mean: float, numbers: Array) -> float:
    """Return the β at which ⟨N⟩ is the mean, at most ±STEEPEST."""

    def excess(beta: float) -> float:
        return float(_weights(beta, numbers) @ numbers) - mean

    if excess(-STEEPEST) <= 0:
        return -STEEPEST
    if excess(STEEPEST) >= 0:
        return STEEPEST
    return brentq(excess, -STEEPEST, STEEPEST, xtol=1e-14, rtol=1e-14)


def _mean(rho: ComplexArray, numbers: Array) -> float:
    return float(rho.diagonal().real @ numbers)


def _kraus(channel: ArrayLike, name: str, size: int) -> ComplexArray:
    K = checks.complex_array(channel, name)
    if K.ndim != 3 or K.shape[0] == 0 or K.shape[1:] != (size, size):
        raise ValueError(
            f"`{name}` must have shape (r, {size}, {size}), its Kraus operators, got {K.shape}; "
            "a unitary U is [U]"
        )
    return K


def _act(K: ComplexArray, rho: ComplexArray) -> ComplexArray:
    rho = (K @ rho @ K.conj().swapaxes(1, 2)).sum(axis=0)
    return (rho + rho.conj().T) / 2


def _event_hypotheses(K: ComplexArray, i: int) -> list[Hypothesis]:
    one = np.eye(K.shape[1])
    kept = np.einsum("jlk,jlm->km", K.conj(), K) - one
    unital = np.einsum("jkl,jml->km", K, K.conj()) - one
    return [
        Hypothesis(f"event {i} keeps the trace", float(np.abs(kept).max())),
        Hypothesis(f"event {i} is unital", float(np.abs(unital).max())),
    ]


def _thermal_starts(
    starts: Sequence[ArrayLike], numbers: list[Array]
) -> tuple[list[ComplexArray], list[Hypothesis]]:
    """Return the checked states of subsystems, and what they lack of their largest entropy."""
    if len(starts) != len(numbers) or not len(starts):
        raise ValueError(
            "`starts` must have one state a subsystem, got "
            f"{len(starts)} for {len(numbers)} subsystems"
        )
    states = [
        checks.density_matrix(start, f"starts[{j}]", number.size)
        for j, (start, number) in enumerate(zip(starts, numbers, strict=True))
    ]
    return states, [
        Hypothesis(
            f"subsystem {j} starts with the largest entropy of its mean",
            maximal_entropy(_mean(state, number), number) - float(von_neumann_entropy(state)),
        )
        for j, (state, number) in enumerate(zip(states, numbers, strict=True))
    ]


def _network_hypotheses(network: ThermalNetwork) -> list[Hypothesis]:
    N, C = network.excitations, network.dephasing
    unbalanced = np.einsum("jkl,jml->km", C, C.conj()) - np.einsum("jlk,jlm->km", C.conj(), C)
    scale = max(np.abs(C).max(initial=0.0) ** 2, np.finfo(float).tiny)
    return [
        Hypothesis("H conserves N_exc", _misplaced(network.hamiltonian, N, 0)),
        Hypothesis("every coupling lowers N_exc by one", _misplaced(network.couplings, N, -1)),
        Hypothesis("dephasing conserves N_exc", _misplaced(C, N, 0)),
        Hypothesis("dephasing is unital", float(np.abs(unbalanced).max(initial=0.0) / scale)),
    ]


def _misplaced(operators: ComplexArray, excitations: Array, change: int) -> float:
    """Return the largest entry that changes N_exc otherwise, relative to the largest of all."""
    size = np.abs(operators)
    wrong = np.abs(excitations[:, None] - excitations - change) > TOLERANCE
    largest = size.max(initial=0.0)
    return float((size * wrong).max(initial=0.0) / largest) if largest else 0.0


def _trace_norm(operator: ComplexArray) -> float:
    return float(np.abs(np.linalg.eigvalsh(operator)).sum())


def _reduced(rho: ComplexArray, dims: list[int]) -> list[ComplexArray]:
    """Return the state of each subsystem."""
    parts = []
    for j, d in enumerate(dims):
        before, after = int(np.prod(dims[:j])), int(np.prod(dims[j + 1 :]))
        shape = (before, d, after)
        parts.append(np.einsum("iajibj->ab", rho.reshape(*shape, *shape)))
    return parts


def _entropies(rho: ComplexArray, numbers: list[Array]) -> tuple[float, float, float]:
    """Return Σ S_max, Σ S(ρ_j) and S(ρ)."""
    parts = _reduced(rho, [number.size for number in numbers])
    largest = sum(
        maximal_entropy(_mean(part, n), n) for part, n in zip(parts, numbers, strict=True)
    )
    local = sum(float(von_neumann_entropy(part)) for part in parts)
    return largest, local, float(von_neumann_entropy(rho))
