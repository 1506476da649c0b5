"""Markov jump processes: stationary states, currents, entropy production, evolution.

A process on n states is given by its rates, rates[k, l] for jumps from l to k (final ← initial).
Diagonals are ignored, so generators may be passed as well.  Nothing here knows of scattering.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm
from scipy.sparse.csgraph import connected_components

from . import checks

Array = NDArray[np.float64]


def generator(rates: ArrayLike) -> Array:
    """Return the matrix W of dp/dt = W p, whose columns sum to zero.

    W_kl = a_kl for k ≠ l and W_ll = -Σ_k a_kl.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.

    Returns
    -------
    array (..., n, n)

    Raises
    ------
    ValueError
        If the shape does not fit or a rate is negative.

    Notes
    -----
    Source: [A] (19).

    Examples
    --------
    >>> generator([[0, 2], [1, 0]])
    array([[-1.,  2.],
           [ 1., -2.]])
    """
    rates = checks.rate_matrix(rates)
    return rates - np.eye(rates.shape[-1]) * rates.sum(axis=-2)[..., None, :]


def stationary_state(rates: ArrayLike) -> Array:
    """Return the probabilities p with Σ_l (a_kl p_l - a_lk p_k) = 0.

    By elimination of states without any subtraction (Grassmann, Taksar, Heyman), so each
    probability has full relative accuracy however small it is.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.

    Returns
    -------
    array (..., n)
        States that the process leaves for good get zero.

    Raises
    ------
    ValueError
        If the shape does not fit or a rate is negative.
    ReducibleChainError
        If more than one stationary state exists.
    ConvergenceError
        If two probabilities differ by more than about 300 powers of ten.

    Notes
    -----
    Accuracy: O'Cinneide, Numer. Math. 65, 109 (1993).

    Examples
    --------
    >>> stationary_state([[0, 2, 1], [1, 0, 3], [1, 1, 0]]).round(4)
    array([0.45, 0.35, 0.2 ])
    """
    rates = checks.rate_matrix(rates)
    n = rates.shape[-1]
    result = np.zeros(rates.shape[:-1])
    flat_rates, flat_result = rates.reshape(-1, n, n), result.reshape(-1, n)
    patterns, members = np.unique(flat_rates > 0, axis=0, return_inverse=True)
    for pattern, linked in enumerate(patterns):
        batch = np.flatnonzero(members.ravel() == pattern)
        recurrent = np.flatnonzero(_recurrent_states(linked))
        closed = flat_rates[np.ix_(batch, recurrent, recurrent)]
        flat_result[np.ix_(batch, recurrent)] = _eliminate(closed)
    return result


def probability_currents(rates: ArrayLike, p: ArrayLike) -> Array:
    """Return the net currents K_kl = a_kl p_l - a_lk p_k from l to k.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    p : array_like (..., n)
        Probabilities.

    Returns
    -------
    array (..., n, n)
        Antisymmetric.  All rows sum to zero if p is stationary; all entries vanish if the
        process balances in detail.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, or p is not a distribution.

    Notes
    -----
    Corrects the definition below [A] (26), where both terms carry p_k.

    Examples
    --------
    >>> probability_currents([[0, 0, 3], [3, 0, 0], [0, 3, 0]], [1 / 3, 1 / 3, 1 / 3]).round(12)
    array([[ 0., -1.,  1.],
           [ 1.,  0., -1.],
           [-1.,  1.,  0.]])
    """
    flow = _flow(rates, p)
    return flow - np.swapaxes(flow, -1, -2)


def entropy_production(rates: ArrayLike, p: ArrayLike) -> Array:
    """Return Schnakenberg's sum Σ_{k<l} K_kl ln(a_kl p_l/(a_lk p_k)), in units of k_B a time.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    p : array_like (..., n)
        Probabilities.

    Returns
    -------
    array (...)
        Never negative; infinite if a jump happens whose reverse never does.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, or p is not a distribution.

    Notes
    -----
    First term of [A] (26); J. Schnakenberg, Rev. Mod. Phys. 48, 571 (1976).  It measures how well
    the direction of time can be told from a record of jumps.  It is the entropy given to the
    surroundings only where each jump's reverse is its time reverse, which fails in a magnetic
    field.

    Examples
    --------
    >>> round(float(entropy_production([[0, 1], [2, 0]], [0.5, 0.5])), 4)
    0.3466
    """
    currents = probability_currents(rates, p)
    rates = checks.rate_matrix(rates)
    p = np.broadcast_to(np.asarray(p, dtype=float)[..., None, :], rates.shape)
    happens = (rates > 0) & (p > 0)
    reversible = happens & np.swapaxes(happens, -1, -2)
    one_way = happens & ~reversible
    # Sum of two logarithms: the product a_kl p_l of small numbers could vanish.
    log_flow = np.log(rates, where=reversible, out=np.zeros_like(rates))
    log_flow += np.log(p, where=reversible, out=np.zeros_like(rates))
    terms = currents * (log_flow - np.swapaxes(log_flow, -1, -2))
    return np.where(one_way.any(axis=(-2, -1)), np.inf, terms.sum(axis=(-2, -1)) / 2)


def evolve(rates: ArrayLike, p: ArrayLike, times: ArrayLike) -> Array:
    """Return the probabilities p(t) = e^{Wt} p(0).

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    p : array_like (n,)
        Probabilities at time zero.
    times : array_like (...)
        Times, not negative, in any order.

    Returns
    -------
    array (..., n)

    Raises
    ------
    ValueError
        If shapes do not fit, a rate or a time is negative, or p is not a distribution.

    Notes
    -----
    Scaling and squaring, unlike a sum over eigenvectors, also works at exceptional points, where
    two of them coincide.  Each probability is exact to about 1e-14 absolutely, at any time and
    however stiff the rates; for the relative accuracy of small ones use `stationary_state`.

    Examples
    --------
    >>> evolve([[0, 1], [1, 0]], [1, 0], [0.0, 0.5]).round(4)
    array([[1.    , 0.    ],
           [0.6839, 0.3161]])
    """
    w = generator(rates)
    if w.ndim != 2:
        raise ValueError(f"`rates` must have shape (n, n), got {w.shape}")
    n = w.shape[0]
    p = checks.distribution(checks.vector(p, "p", n), "p", n)
    times = checks.real_array(times, "times")
    if np.any(times < 0):
        raise ValueError(f"`times` must not be negative, got {times.min():g}")
    return _propagators(w, times) @ p


def _propagators(w: Array, times: Array) -> Array:
    """e^{Wt} by scaling and squaring, shape (..., n, n).

    Squaring doubles the deviation of every column's sum from one, which would ruin slow decays
    beside fast ones; so each column is divided by its sum after every squaring.
    """
    _, halvings = np.frexp(np.maximum(times * np.abs(w.diagonal()).max(), 0.5))
    result = _stochastic(expm(np.ldexp(times, -halvings)[..., None, None] * w))
    for done in range(halvings.max(initial=0)):
        squared = _stochastic(result @ result)
        result = np.where((halvings > done)[..., None, None], squared, result)
    return result


def _stochastic(matrix: Array) -> Array:
    matrix = np.maximum(matrix, 0.0)
    return matrix / matrix.sum(axis=-2, keepdims=True)


def _flow(rates: ArrayLike, p: ArrayLike) -> Array:
    """Jumps a unit of time a_kl p_l."""
    rates = checks.rate_matrix(rates)
    return rates * checks.distribution(p, "p", rates.shape[-1])[..., None, :]


def _recurrent_states(linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the states of the only class that is never left."""
    count, labels = connected_components(linked.T, directed=True, connection="strong")
    into, out_of = np.nonzero(linked)
    left = np.zeros(count, dtype=bool)
    left[labels[out_of[labels[into] != labels[out_of]]]] = True
    closed = np.flatnonzero(~left)
    if closed.size > 1:
        groups = [np.flatnonzero(labels == label).tolist() for label in closed]
        raise checks.ReducibleChainError(
            f"`rates` leave {closed.size} separate groups of states, {groups}, and so no unique "
            "stationary state; add the missing rates or treat each group by itself"
        )
    return labels == closed[0]


def _eliminate(rates: Array) -> Array:
    """GTH elimination of irreducible rates of shape (batch, n, n)."""
    rates = rates.copy()
    n = rates.shape[-1]
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            for last in range(n - 1, 0, -1):
                exits = rates[:, :last, last].sum(axis=-1)
                rates[:, last, :last] /= exits[:, None]
                rates[:, :last, :last] += rates[:, :last, last, None] * rates[:, None, last, :last]
            p = np.ones(rates.shape[:-1])
            for state in range(1, n):
                p[:, state] = (rates[:, state, :state] * p[:, :state]).sum(axis=-1)
            return p / p.sum(axis=-1, keepdims=True)
    except FloatingPointError as error:
        raise checks.ConvergenceError(
            "`rates` differ by more powers of ten than double precision holds, "
            "so the ratio of two probabilities overflows; leave out the rarest states"
        ) from error
