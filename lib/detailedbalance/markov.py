"""Markov jump processes: stationary states, currents, entropy production, relaxation, evolution.

A process on n states is given by its rates, rates[k, l] for jumps from l to k (final ← initial).
Diagonals are ignored, so generators may be passed as well.  Nothing here knows of scattering.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm
from scipy.sparse.csgraph import connected_components
from scipy.special import rel_entr

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
    for linked, batch in _link_patterns(flat_rates):
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
    log_ratio = _log_flow_ratio(rates, p)
    one_way = np.isinf(log_ratio)
    terms = currents * np.where(one_way, 0.0, log_ratio)
    return np.where(one_way.any(axis=(-2, -1)), np.inf, terms.sum(axis=(-2, -1)) / 2)


def relative_entropy(p: ArrayLike, q: ArrayLike) -> Array:
    """Return D(p‖q) = Σ_k p_k ln(p_k/q_k), in units of k_B.

    Parameters
    ----------
    p, q : array_like (..., n)
        Probabilities.

    Returns
    -------
    array (...)
        Never negative, zero if p = q; infinite if p has a state that q has not.

    Raises
    ------
    ValueError
        If shapes do not fit, or p or q is not a distribution.

    Notes
    -----
    If q is the Gibbs state, D/β is the free energy that p has above equilibrium.
    Source: S. Kullback, R. A. Leibler, Ann. Math. Stat. 22, 79 (1951).

    Examples
    --------
    >>> round(float(relative_entropy([1.0, 0.0], [0.5, 0.5])), 4)
    0.6931
    """
    p = checks.real_array(p, "p")
    size = p.shape[-1] if p.ndim else 1
    p, q = checks.distribution(p, "p", size), checks.distribution(q, "q", size)
    return np.maximum(rel_entr(p, q).sum(axis=-1), 0.0)


def spohn_production(rates: ArrayLike, p: ArrayLike, stationary: ArrayLike | None = None) -> Array:
    """Return Σ_k (dp_k/dt) (ln π_k - ln p_k) = -d/dt D(p‖π), in units of k_B a time.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    p : array_like (..., n)
        Probabilities.
    stationary : array_like (..., n), optional
        π, the stationary state of `rates` if left out.

    Returns
    -------
    array (...)
        Never negative if π is stationary, and zero at p = π.  Infinite while an empty state
        fills, or while p occupies a state that π does not.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, or p or π is not a distribution.
    ReducibleChainError
        If `stationary` is left out and more than one stationary state exists.

    Notes
    -----
    Source: [A] (25); H. Spohn, J. Math. Phys. 19, 1227 (1978).  With a single bath of inverse
    temperature β, and π the Gibbs state, this is the entropy given to system and bath together.
    Equals `entropy_production` plus `balance_violation`, [A] (26).

    Examples
    --------
    >>> round(float(spohn_production([[0, 1], [2, 0]], [0.5, 0.5])), 4)
    0.3466
    """
    gain = probability_currents(rates, p).sum(axis=-1)
    n = np.shape(rates)[-1]
    gain, p, reference = np.broadcast_arrays(
        gain, checks.distribution(p, "p", n), _reference(rates, stationary)
    )
    occupied = (p > 0) & (reference > 0)
    ratio = np.divide(p, reference, where=occupied, out=np.ones_like(p))
    infinite = ((p == 0) & (gain > 0)) | ((p > 0) & (reference == 0))
    return np.where(infinite.any(axis=-1), np.inf, -(gain * np.log(ratio)).sum(axis=-1))


def balance_ratio(rates: ArrayLike, stationary: ArrayLike | None = None) -> Array:
    """Return I(k, l) = a_kl π_l/(a_lk π_k), jumps from l to k over jumps from k to l.

    The process balances in detail if every entry is one.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    stationary : array_like (..., n), optional
        π, the stationary state of `rates` if left out.

    Returns
    -------
    array (..., n, n)
        I[k, l]; ones on the diagonal and where neither jump happens, infinite where only the
        reverse does not.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, or π is not a distribution.
    ReducibleChainError
        If `stationary` is left out and more than one stationary state exists.

    Notes
    -----
    Source: [A] (21), (22), for any stationary state in place of the Gibbs state.

    Examples
    --------
    >>> balance_ratio([[0, 1, 4], [4, 0, 1], [1, 4, 0]]).round(12)
    array([[1.  , 0.25, 4.  ],
           [4.  , 1.  , 0.25],
           [0.25, 4.  , 1.  ]])
    """
    with np.errstate(over="ignore"):
        return np.exp(_log_flow_ratio(rates, _reference(rates, stationary)))


def balance_violation(rates: ArrayLike, p: ArrayLike, stationary: ArrayLike | None = None) -> Array:
    """Return Σ_{k>j} K_jk ln I(k, j), what `spohn_production` adds to `entropy_production`.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    p : array_like (..., n)
        Probabilities.
    stationary : array_like (..., n), optional
        π, the stationary state of `rates` if left out.

    Returns
    -------
    array (...)
        In units of k_B a time.  Zero for every p if the process balances in detail; minus
        infinity if a jump happens whose reverse never does.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, or p or π is not a distribution.
    ReducibleChainError
        If `stationary` is left out and more than one stationary state exists.

    Notes
    -----
    Second term of [A] (26).  At p = π it is [A] (27), Σ_{k>j} a_jk π_k (1 - I(k, j)) ln I(k, j),
    never positive, and the exact negative of Schnakenberg's sum.

    Examples
    --------
    >>> rates = [[0, 1, 4], [4, 0, 1], [1, 4, 0]]
    >>> p = stationary_state(rates)
    >>> round(float(balance_violation(rates, p) + entropy_production(rates, p)), 12)
    0.0
    """
    currents = probability_currents(rates, p)
    log_ratio = _log_flow_ratio(rates, _reference(rates, stationary))
    one_way = np.isinf(log_ratio)
    terms = currents * np.where(one_way, 0.0, log_ratio)
    blocked = (one_way & (currents != 0)).any(axis=(-2, -1))
    return np.where(blocked, -np.inf, -terms.sum(axis=(-2, -1)) / 2)


def relaxation_modes(rates: ArrayLike) -> NDArray[np.complex128]:
    """Return the eigenvalues λ of the generator W; populations relax as Σ_i c_i v_i e^{λ_i t}.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.

    Returns
    -------
    complex array (..., n)
        By descending real part.  The first is exactly zero, no real part is positive; all are
        real if the process balances in detail.

    Raises
    ------
    ValueError
        If the shape does not fit or a rate is negative.

    Notes
    -----
    With balance, W is similar to the symmetric matrix π_k^(-1/2) W_kl π_l^(1/2).  Absolute errors
    are about 1e-15 of the largest rate, near an exceptional point the square root of that.

    Examples
    --------
    >>> relaxation_modes([[0, 0, 3], [3, 0, 0], [0, 3, 0]]).round(4)
    array([ 0. +0.j    , -4.5-2.5981j, -4.5+2.5981j])
    """
    modes = np.linalg.eigvals(generator(rates)).astype(np.complex128)
    np.put_along_axis(modes, np.abs(modes).argmin(axis=-1, keepdims=True), 0.0, axis=-1)
    modes.real = np.minimum(modes.real, 0.0)
    order = np.lexsort((modes.imag, np.abs(modes) > 0, -modes.real))
    return np.take_along_axis(modes, order, axis=-1)


def spectral_gap(rates: ArrayLike) -> Array:
    """Return the rate -Re λ of the slowest relaxation, λ the eigenvalue of W next to zero.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.

    Returns
    -------
    array (...)
        Above zero.

    Raises
    ------
    ValueError
        If there is one state only, the shape does not fit, or a rate is negative.
    ReducibleChainError
        If more than one stationary state exists.

    Notes
    -----
    Accuracy as in `relaxation_modes`.

    Examples
    --------
    >>> round(float(spectral_gap([[0, 1], [2, 0]])), 12)
    3.0
    """
    rates = checks.rate_matrix(rates)
    n = rates.shape[-1]
    if n < 2:
        raise ValueError("`rates` must connect two states or more to relax, got one state")
    for linked, _ in _link_patterns(rates.reshape(-1, n, n)):
        _recurrent_states(linked)
    return -relaxation_modes(rates)[..., 1].real


def reversed_rates(rates: ArrayLike, stationary: ArrayLike | None = None) -> Array:
    """Return a*_kl = a_lk π_k/π_l, the rates of the stationary process seen backwards in time.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    stationary : array_like (..., n), optional
        π, the stationary state of `rates` if left out.

    Returns
    -------
    array (..., n, n)
        The same stationary state and waiting times, opposite currents; the rates themselves if
        they balance in detail.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, or π is not a distribution or has an empty state.
    ReducibleChainError
        If `stationary` is left out and more than one stationary state exists.

    Notes
    -----
    Source: F. P. Kelly, Reversibility and Stochastic Networks (Wiley, 1979), section 1.7.

    Examples
    --------
    >>> reversed_rates([[0, 1, 4], [4, 0, 1], [1, 4, 0]]).round(12)
    array([[0., 4., 1.],
           [1., 0., 4.],
           [4., 1., 0.]])
    """
    rates, reference = checks.rate_matrix(rates), _reference(rates, stationary)
    if np.any(reference == 0):
        raise ValueError(
            "a state that is left for good has no reversed process: the stationary state must be "
            "positive everywhere; leave out the states where it is zero"
        )
    return np.swapaxes(rates, -1, -2) * (reference[..., :, None] / reference[..., None, :])


def reversibilization(rates: ArrayLike, stationary: ArrayLike | None = None) -> Array:
    """Return (a_kl + a*_kl)/2, the balanced rates with the same π and the same traffic.

    Parameters
    ----------
    rates : array_like (..., n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    stationary : array_like (..., n), optional
        π, the stationary state of `rates` if left out.

    Returns
    -------
    array (..., n, n)
        As many jumps between each two states, in the stationary state, as `rates` make, in
        equal numbers both ways.

    Raises
    ------
    ValueError, ReducibleChainError
        As in `reversed_rates`.

    Notes
    -----
    Its spectral gap γ bounds the relaxation of `rates`: Σ_k (p_k - π_k)²/π_k falls at least as
    fast as e^{-2γt}; so the gap of `rates` is never smaller.
    Source: J. A. Fill, Ann. Appl. Probab. 1, 62 (1991).

    Examples
    --------
    >>> reversibilization([[0, 1, 4], [4, 0, 1], [1, 4, 0]]).round(12)
    array([[0. , 2.5, 2.5],
           [2.5, 0. , 2.5],
           [2.5, 2.5, 0. ]])
    """
    return (checks.rate_matrix(rates) + reversed_rates(rates, stationary)) / 2


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


def _log_flow_ratio(rates: ArrayLike, p: ArrayLike) -> Array:
    """ln(a_kl p_l/(a_lk p_k)); zero where neither jump happens, ±infinity where only one does."""
    rates = checks.rate_matrix(rates)
    p = checks.distribution(p, "p", rates.shape[-1])[..., None, :]
    happens = (rates > 0) & (p > 0)
    # Sum of two logarithms: the product a_kl p_l of small numbers could vanish.
    log_flow = np.log(rates, where=happens, out=np.full(happens.shape, -np.inf))
    log_flow += np.log(p, where=happens, out=np.zeros(happens.shape))
    reverse = np.swapaxes(log_flow, -1, -2)
    either = happens | np.swapaxes(happens, -1, -2)
    return np.subtract(log_flow, reverse, where=either, out=np.zeros(happens.shape))


def _reference(rates: ArrayLike, stationary: ArrayLike | None) -> Array:
    if stationary is None:
        return stationary_state(rates)
    return checks.distribution(stationary, "stationary", np.shape(rates)[-1])


def _link_patterns(rates: Array) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.intp]]]:
    """Each pattern of possible jumps among rates of shape (batch, n, n), and who has it."""
    linked = rates > 0
    bits = np.packbits(linked.reshape(len(rates), rates.shape[-1] ** 2), axis=-1)
    # One comparable item a matrix: np.unique with an axis makes a field of every entry.
    keys = bits.view(f"V{bits.shape[-1]}").ravel()
    _, firsts, members = np.unique(keys, return_index=True, return_inverse=True)
    for pattern, first in enumerate(firsts):
        yield linked[first], np.flatnonzero(members == pattern)


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
