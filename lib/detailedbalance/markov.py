"""Markov jump processes: stationary states, currents, entropy production, relaxation, evolution.

A process on n states is given by its rates, rates[k, l] for jumps from l to k (final ← initial).
Diagonals are ignored, so generators may be passed as well.  Nothing here knows of scattering.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm
from scipy.special import rel_entr

from . import checks

Array = NDArray[np.float64]

RAREST = 1e-300
"""Smaller stationary probabilities are refused: double precision ends soon below."""

SLOWEST = 1e-12
"""Smallest spectral gap, relative to the largest rate, that stands out from rounding errors."""


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
    probability has full relative accuracy however small it is: 1e-15, or 1e-12 where rates differ
    by so many powers of ten that logarithms have to take over.

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
        If a state that is not left for good has a probability below 1e-300.

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
    recurrent, members = _distinct(_recurrent_states(flat_rates > 0))
    for states, batch in zip(recurrent, members, strict=True):
        states = np.flatnonzero(states)
        p = _eliminate(flat_rates[np.ix_(batch, states, states)])
        rare = states[(p < RAREST).any(axis=0)]
        if rare.size:
            raise checks.ConvergenceError(
                f"the stationary probabilities of the states {rare.tolist()} are below {RAREST:g}, "
                "too small for double precision; leave these states out, and put direct rates in "
                "place of the ways through them"
            )
        flat_result[np.ix_(batch, states)] = p
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
    the direction of time can be told from a record of jumps.  It is the entropy produced in system
    and surroundings together only where each jump's reverse is its time reverse; this fails in a
    magnetic field and for states that know a velocity.

    Examples
    --------
    >>> round(float(entropy_production([[0, 1], [2, 0]], [0.5, 0.5])), 4)
    0.3466
    """
    currents = probability_currents(rates, p)
    log_ratio = _log_flow_ratio(rates, p)
    one_way = np.isinf(log_ratio)
    terms = currents * np.where(one_way, 0.0, log_ratio)
    # No exact term is negative, but at balance rounding errors may be.
    total = np.maximum(terms.sum(axis=(-2, -1)) / 2, 0.0)
    return np.where(one_way.any(axis=(-2, -1)), np.inf, total)


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
    checks.fitting_batches(p=p.shape[:-1], q=q.shape[:-1])
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
    Equals `entropy_production` plus `balance_violation`, [A] (26), where these are finite.  While
    a jump happens whose reverse never does they are +∞ and -∞, and their sum NaN, but this one may
    be finite.

    Examples
    --------
    >>> round(float(spohn_production([[0, 1], [2, 0]], [0.5, 0.5])), 4)
    0.3466
    """
    gain = probability_currents(rates, p).sum(axis=-1)
    p, reference = checks.distribution(p, "p", gain.shape[-1]), _reference(rates, stationary)
    checks.fitting_batches(
        rates=np.shape(rates)[:-2], p=p.shape[:-1], stationary=reference.shape[:-1]
    )
    gain, p, reference = np.broadcast_arrays(gain, p, reference)
    occupied = (p > 0) & (reference > 0)
    ratio = np.divide(p, reference, where=occupied, out=np.ones_like(p))
    infinite = ((p == 0) & (gain > 0)) | ((p > 0) & (reference == 0))
    return np.where(infinite.any(axis=-1), np.inf, -(gain * np.log(ratio)).sum(axis=-1))


def balance_ratio(rates: ArrayLike, stationary: ArrayLike | None = None) -> Array:
    """Return I(k, l) = a_kl π_l/(a_lk π_k), jumps from l to k over jumps from k to l.

    Where no state is left for good, the process balances in detail if and only if every entry is
    one.

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
    never positive, and the exact negative of Schnakenberg's sum.  Where it is minus infinity,
    Schnakenberg's sum is plus infinity and (26) says nothing; use `spohn_production` itself.

    Examples
    --------
    >>> rates = [[0, 1, 4], [4, 0, 1], [1, 4, 0]]
    >>> p = stationary_state(rates)
    >>> round(float(balance_violation(rates, p) + entropy_production(rates, p)), 12)
    0.0
    """
    currents, reference = probability_currents(rates, p), _reference(rates, stationary)
    checks.fitting_batches(
        rates=np.shape(rates)[:-2], p=np.shape(p)[:-1], stationary=reference.shape[:-1]
    )
    log_ratio = _log_flow_ratio(rates, reference)
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
        real if the process balances in detail and leaves no state for good.

    Raises
    ------
    ValueError
        If the shape does not fit or a rate is negative.

    Notes
    -----
    With balance and π > 0, W is similar to the symmetric matrix π_k^(-1/2) W_kl π_l^(1/2).  States
    that are left for good may oscillate on the way: they do not show in π.  Absolute errors
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
        Above 1e-12 of the largest rate.

    Raises
    ------
    ValueError
        If there is one state only, the shape does not fit, or a rate is negative.
    ReducibleChainError
        If more than one stationary state exists.
    ConvergenceError
        If the gap is smaller and so cannot be told from rounding errors.

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
    _recurrent_states(rates.reshape(-1, n, n) > 0)
    gap = -relaxation_modes(rates)[..., 1].real
    if np.any(gap <= SLOWEST * rates.max(axis=(-2, -1))):
        raise checks.ConvergenceError(
            f"the slowest relaxation is slower than {SLOWEST:g} times the largest rate and drowns "
            "in rounding errors; `evolve` is still right, follow the populations with it"
        )
    return gap


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
    p = checks.distribution(p, "p", rates.shape[-1])
    checks.fitting_batches(rates=rates.shape[:-2], p=p.shape[:-1])
    return rates * p[..., None, :]


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
    rates = checks.rate_matrix(rates)
    reference = checks.distribution(stationary, "stationary", rates.shape[-1])
    checks.fitting_batches(rates=rates.shape[:-2], stationary=reference.shape[:-1])
    return reference


def _distinct(rows: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], list[NDArray[np.intp]]]:
    """Return the different rows of a matrix, and for each of them where it stands."""
    packed = np.packbits(rows, axis=-1)
    # One comparable item a row: np.unique with an axis makes a field of every entry.
    keys = packed.view(f"V{packed.shape[-1]}").ravel()
    _, firsts, members, sizes = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    by_row = np.argsort(members, kind="stable")
    return rows[firsts], np.split(by_row, np.cumsum(sizes))[:-1]


def _recurrent_states(linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which states belong to the only class that is never left, (batch, n).

    They are those that can be reached from every state; linked[:, k, l] says where jumps lead.
    """
    n = linked.shape[-1]
    reached = linked | np.eye(n, dtype=bool)
    for via in range(n):
        reached |= reached[:, :, via, None] & reached[:, None, via, :]
    recurrent = reached.all(axis=-1)
    split = np.flatnonzero(~recurrent.any(axis=-1))
    if split.size:
        _refuse_groups(reached[split[0]])
    return recurrent


def _refuse_groups(reached: NDArray[np.bool_]) -> None:
    """Raise `ReducibleChainError` and name the groups; reached[k, l]: k can be reached from l."""
    closed = np.all(~reached | reached.T, axis=0)
    groups = {tuple(np.flatnonzero(reached[:, l]).tolist()) for l in np.flatnonzero(closed)}
    raise checks.ReducibleChainError(
        f"`rates` leave {len(groups)} separate groups of states, {[*map(list, sorted(groups))]}, "
        "and so no unique stationary state; add the missing rates or treat each group by itself"
    )


def _eliminate(rates: Array) -> Array:
    """GTH elimination of irreducible rates of shape (batch, n, n)."""
    left = rates.copy()
    n = rates.shape[-1]
    try:
        with np.errstate(all="raise"):
            for last in range(n - 1, 0, -1):
                exits = left[:, :last, last].sum(axis=-1)
                left[:, last, :last] /= exits[:, None]
                left[:, :last, :last] += left[:, :last, last, None] * left[:, None, last, :last]
            p = np.ones(rates.shape[:-1])
            for state in range(1, n):
                p[:, state] = (left[:, state, :state] * p[:, :state]).sum(axis=-1)
            return p / p.sum(axis=-1, keepdims=True)
    except FloatingPointError:
        if len(rates) == 1:
            return _eliminate_logarithms(rates[0])[None]
        # Only the matrices that need logarithms shall get them.
        return np.concatenate([_eliminate(half) for half in np.array_split(rates, 2)])


def _eliminate_logarithms(rates: Array) -> Array:
    """GTH elimination of one matrix (n, n), where products of rates overflow or vanish."""
    n = len(rates)
    with np.errstate(divide="ignore"):
        left = np.log(rates)
    for last in range(n - 1, 0, -1):
        left[last, :last] -= np.logaddexp.reduce(left[:last, last])
        through = left[:last, last, None] + left[None, last, :last]
        left[:last, :last] = np.logaddexp(left[:last, :last], through)
    log_p = np.zeros(n)
    for state in range(1, n):
        log_p[state] = np.logaddexp.reduce(left[state, :state] + log_p[:state])
    return np.exp(log_p - np.logaddexp.reduce(log_p))
