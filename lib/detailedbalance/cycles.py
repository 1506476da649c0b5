"""Cycles of a Markov jump process: affinities, currents and Kolmogorov's criterion.

A cycle is a tuple of states (s0, s1, ..., sm), travelled s0 → s1 → ... → sm → s0.  Cycles read in
the order of travel; index order of matrices is final ← initial.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

from . import checks
from .markov import probability_currents, stationary_state

Array = NDArray[np.float64]
Cycle = tuple[int, ...]


def cycle_basis(rates: ArrayLike) -> tuple[Cycle, ...]:
    """Return a fundamental set of cycles of the graph of states that jumps link.

    A spanning tree connects the states without a cycle.  Each further link (a chord) closes one
    cycle with the tree; all cycles are sums of these.

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.  Two states are linked if a jump
        is possible in either direction.

    Returns
    -------
    tuple of tuples of int
        As many as links - states + connected parts.  Each cycle begins with its smallest state
        and travels its chord from the smaller to the larger state.

    Raises
    ------
    ValueError
        If the shape does not fit or a rate is negative.

    Notes
    -----
    Source: J. Schnakenberg, Rev. Mod. Phys. 48, 571 (1976).

    Examples
    --------
    >>> cycle_basis([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    ((0, 1, 2),)
    """
    return tuple(cycle for _, cycle in _chords(_single(rates)))


def cycle_affinities(rates: ArrayLike, cycles: Iterable[Sequence[int]] | None = None) -> Array:
    """Return the affinities A = Σ ln(a_next,this/a_this,next) along cycles, in units of k_B.

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    cycles : iterable of sequences of int, optional
        Each (s0, s1, ..., sm) is travelled s0 → s1 → ... → sm → s0; `cycle_basis(rates)` if left
        out.

    Returns
    -------
    array (c,)
        One entry a cycle, which changes sign with the direction of travel.  Infinite if the
        cycle can be completed one way only, NaN if neither way.

    Raises
    ------
    ValueError
        If the shape does not fit, a rate is negative, or a cycle names a state or uses a link that
        does not exist.
    TypeError
        If `cycles` are not sequences of integers.

    Notes
    -----
    Source: J. Schnakenberg, Rev. Mod. Phys. 48, 571 (1976).

    Examples
    --------
    >>> cycle_affinities([[0, 1, 4], [4, 0, 1], [1, 4, 0]]).round(4)
    array([4.1589])
    """
    rates = _single(rates)
    cycles = cycle_basis(rates) if cycles is None else cycles
    cycles = [_states(cycle, len(rates)) for cycle in cycles]
    if not cycles:
        return np.zeros(0)
    ends = np.cumsum([cycle.size for cycle in cycles])
    starts = np.append(0, ends[:-1])
    here = np.concatenate(cycles)
    there = np.roll(here, -1)
    there[ends - 1] = here[starts]
    forth, back = rates[there, here], rates[here, there]
    missing = np.flatnonzero((forth == 0) & (back == 0))
    if missing.size:
        cycle = cycles[np.searchsorted(ends, missing[0], side="right")]
        raise ValueError(
            f"the cycle {tuple(cycle.tolist())} uses the link between {here[missing[0]]} and "
            f"{there[missing[0]]}, but no jump is possible there in either direction"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.add.reduceat(np.log(forth), starts) - np.add.reduceat(np.log(back), starts)


def cycle_currents(rates: ArrayLike, stationary: ArrayLike | None = None) -> Array:
    """Return the stationary currents around the cycles of `cycle_basis`.

    Each is the net current through the chord of its cycle.  Currents around the cycles add up to
    the net current between any two states, and Σ_c J_c A_c is Schnakenberg's entropy production.

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    stationary : array_like (n,), optional
        The stationary state of `rates`, computed if left out.

    Returns
    -------
    array (c,)
        Net turns a unit of time, positive in the direction in which `cycle_basis` travels.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, or `stationary` is not a distribution.
    ReducibleChainError
        If `stationary` is left out and more than one stationary state exists.

    Notes
    -----
    Source: J. Schnakenberg, Rev. Mod. Phys. 48, 571 (1976).

    Examples
    --------
    >>> cycle_currents([[0, 1, 4], [4, 0, 1], [1, 4, 0]]).round(12)
    array([1.])
    """
    rates = _single(rates)
    p = stationary_state(rates) if stationary is None else stationary
    p = checks.distribution(checks.vector(p, "stationary", len(rates)), "stationary", len(rates))
    currents = probability_currents(rates, p)
    return np.array([currents[end, start] for (start, end), _ in _chords(rates)], dtype=float)


def satisfies_kolmogorov(rates: ArrayLike, tolerance: float = 1e-10) -> bool:
    """Return whether the rates multiply to the same number both ways around every cycle.

    For states that can all be reached from one another, this is detailed balance in the
    stationary state, tested without knowing that state.

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    tolerance : float
        Largest affinity that counts as zero.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If the shape does not fit, a rate is negative, or `tolerance` is not positive.

    Notes
    -----
    Source: A. Kolmogoroff, Math. Ann. 112, 155 (1936).

    Examples
    --------
    >>> satisfies_kolmogorov([[0, 1, 6], [2, 0, 3], [4, 1, 0]])
    True
    >>> satisfies_kolmogorov([[0, 1, 6], [2, 0, 3], [5, 1, 0]])
    False
    """
    rates, tolerance = _single(rates), checks.positive_scalar(tolerance, "tolerance")
    _, classes = connected_components(rates.T > 0, directed=True, connection="strong")
    # No cycle can be completed through a link between classes.
    rates = np.where(classes[:, None] == classes, rates, 0.0)
    if np.any((rates > 0) != (rates.T > 0)):
        return False
    linked = rates > 0
    gain = np.log(rates, where=linked, out=np.zeros_like(rates))
    gain -= gain.T
    # Along the tree all affinity is potential; what a further link adds is that of its cycle.
    potential = np.zeros(len(rates))
    for state, parent in _spanning_forest(linked).items():
        potential[state] = potential[parent] + gain[state, parent]
    affinities = gain - (potential[:, None] - potential)
    return bool(np.all(np.abs(affinities[linked]) <= tolerance))


def _single(rates: ArrayLike) -> Array:
    rates = checks.rate_matrix(rates)
    if rates.ndim != 2:
        raise ValueError(
            f"`rates` must have shape (n, n), got {rates.shape}; cycles belong to one rate matrix, "
            "take them one at a time"
        )
    return rates


def _chords(rates: Array) -> Iterator[tuple[tuple[int, int], Cycle]]:
    """Each chord (start, end) of a spanning forest, with the cycle that it closes."""
    linked = (rates > 0) | (rates.T > 0)
    parents = _spanning_forest(linked)
    for start, end in np.argwhere(np.triu(linked)).tolist():
        if parents[start] != end and parents[end] != start:
            yield (start, end), _close(start, end, parents)


def _spanning_forest(linked: NDArray[np.bool_]) -> dict[int, int]:
    """Parent of each state in trees grown breadth first, in that order; roots are their own."""
    parents: dict[int, int] = {}
    for root in range(len(linked)):
        if root in parents:
            continue
        parents[root] = root
        queue = deque([root])
        while queue:
            state = queue.popleft()
            for neighbour in np.flatnonzero(linked[state]).tolist():
                if neighbour not in parents:
                    parents[neighbour] = state
                    queue.append(neighbour)
    return parents


def _close(start: int, end: int, parents: dict[int, int]) -> Cycle:
    """Return start → end → (tree) → start, turned to begin with its smallest state."""
    back, forth = _path_to_root(end, parents), _path_to_root(start, parents)
    while len(back) > 1 and len(forth) > 1 and back[-2] == forth[-2]:
        back.pop()
        forth.pop()
    cycle = back + forth[-2::-1]
    first = cycle.index(min(cycle))
    return tuple(cycle[first:] + cycle[:first])


def _path_to_root(state: int, parents: dict[int, int]) -> list[int]:
    path = [state]
    while parents[path[-1]] != path[-1]:
        path.append(parents[path[-1]])
    return path


def _states(cycle: Sequence[int], size: int) -> NDArray[np.intp]:
    states = np.asarray(cycle)
    if states.ndim == 0:
        raise TypeError(
            f"each of `cycles` must be a sequence of states, got {cycle!r}; pass a list of cycles, "
            "even of one: [(0, 1, 2)]"
        )
    if states.ndim != 1 or states.size < 2:
        raise ValueError(f"each of `cycles` must hold two or more states, got {cycle!r}")
    if states.dtype.kind not in "iu":
        raise TypeError(f"`cycles` must name states by integers, got {cycle!r}")
    if states.min() < 0 or states.max() >= size:
        raise ValueError(f"`cycles` must name states from 0 to {size - 1}, got {cycle!r}")
    return states
