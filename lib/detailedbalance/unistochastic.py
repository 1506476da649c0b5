"""Probabilities that come from a unitary matrix, P_kl = |U_kl|².

Unitarity makes rows and columns of |U|² sum to one.  From three states on that is not enough:
the amplitudes √(P_k0 P_k1) of two columns must close to a polygon, for the columns to be
orthogonal.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from . import checks

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


def is_doubly_stochastic(matrix: ArrayLike, tolerance: float = 1e-10) -> bool:
    """Return whether no entry is negative and all rows and columns sum to one.

    Parameters
    ----------
    matrix : array_like (n, n)
    tolerance : float
        Largest allowed deviation of a sum from one, and of an entry below zero.

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        If `matrix` is complex.
    ValueError
        If `matrix` is not square or `tolerance` is not positive.

    Examples
    --------
    >>> is_doubly_stochastic([[0.9, 0.1], [0.1, 0.9]])
    True
    >>> is_doubly_stochastic([[0.9, 0.2], [0.1, 0.8]])  # the columns sum to one, the rows do not
    False
    """
    matrix = checks.square_matrix(matrix, "matrix")
    tolerance = checks.positive_scalar(tolerance, "tolerance")
    sums = np.concatenate([matrix.sum(axis=0), matrix.sum(axis=1)])
    return bool(np.all(matrix >= -tolerance) and np.abs(sums - 1).max() <= tolerance)


def unitary_from_probabilities(
    probabilities: ArrayLike, tolerance: float = 1e-10, starts: int = 100
) -> ComplexArray | None:
    """Return a unitary U with |U_kl|² = P_kl, or None if there is none.

    Parameters
    ----------
    probabilities : array_like (n, n)
        P[k, l], from l to k; rows and columns sum to one.
    tolerance : float
        Largest allowed deviation of |U_kl|² from P_kl, and of the sums of P from one.  It is meant
        for rounding: n times the latter is added to the former.
    starts : int
        Sets of phases from which a unitary matrix is searched before giving up, from four states
        on.

    Returns
    -------
    complex array (n, n) or None
        One of many: the phases of rows and columns are free, and others may be.

    Raises
    ------
    ValueError
        If the shape does not fit, an entry is negative, a row or column does not sum to one,
        `tolerance` is not positive, or `starts` is below one.
    TypeError
        If `probabilities` are complex or `starts` is not whole.
    ConvergenceError
        If the question stays undecided, which happens from four states on: no unitary matrix was
        found, yet the links of no two rows or columns exclude it.

    Notes
    -----
    Two columns are orthogonal if Σ_k √(P_ka P_kb) e^{iα_k} = 0, so no link √(P_ka P_kb) may be
    longer than the others together.  For n = 3 one pair of columns decides: the links make a
    triangle, whose angles are the phases, and the third column is orthogonal to both.  For n ≥ 4
    the condition on all pairs is necessary only; where it holds, least squares looks for phases.
    The search takes the longer, and fails the more often, the more states there are: of matrices
    |U_kl|² with U random, 1 in 10 with eight states and 1 in 3 with ten stay undecided after a
    hundred starts and tens of seconds.
    Sources: C. Jarlskog, R. Stora, Phys. Lett. B 208, 268 (1988); I. Bengtsson, Å. Ericsson,
    M. Kuś, W. Tadej, K. Życzkowski, Commun. Math. Phys. 259, 307 (2005).

    Examples
    --------
    >>> import numpy as np
    >>> u = unitary_from_probabilities(np.full((3, 3), 1 / 3))
    >>> bool(np.allclose(abs(u) ** 2, 1 / 3) and np.allclose(u @ u.conj().T, np.eye(3)))
    True
    >>> unitary_from_probabilities([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]) is None
    True
    """
    tolerance = checks.positive_scalar(tolerance, "tolerance")
    starts = checks.whole_number(starts, "starts", 1)
    p = checks.doubly_stochastic(probabilities, "probabilities", tolerance)
    n = len(p)
    sums = np.concatenate([p.sum(axis=0), p.sum(axis=1)])
    allowed = tolerance + n * np.abs(sums - 1).max()
    if n <= 3:
        u = (_one_state, _two_states, _three_states)[n - 1](np.sqrt(p))
        return u if _misfit(u, p) <= allowed else None
    if _links_exclude(p, allowed) or _links_exclude(p.T, allowed):
        return None
    return _search(p, allowed, starts)


def is_unistochastic(probabilities: ArrayLike, tolerance: float = 1e-10, starts: int = 100) -> bool:
    """Return whether P_kl = |U_kl|² for some unitary U.

    Parameters
    ----------
    probabilities : array_like (n, n)
        P[k, l], from l to k; rows and columns sum to one.
    tolerance : float
    starts : int
        As in `unitary_from_probabilities`.

    Returns
    -------
    bool

    Raises
    ------
    ValueError, TypeError, ConvergenceError
        As in `unitary_from_probabilities`.

    Examples
    --------
    >>> is_unistochastic([[0.9, 0.1], [0.1, 0.9]])
    True
    >>> is_unistochastic([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    False
    """
    return unitary_from_probabilities(probabilities, tolerance, starts) is not None


def _one_state(amplitudes: Array) -> ComplexArray:
    return np.ones((1, 1), dtype=complex)


def _two_states(amplitudes: Array) -> ComplexArray:
    return _nearest_isometry(amplitudes * np.array([[1, -1], [1, 1]], dtype=complex))


def _three_states(amplitudes: Array) -> ComplexArray:
    """Columns u_0 ≥ 0, u_1 with the phases that the triangle gives, and u_2 = (u_0 × u_1)*."""
    first, second = amplitudes[:, 0], amplitudes[:, 1]
    columns = np.stack([first, second * _triangle(first * second)], axis=1)
    columns = _nearest_isometry(columns)
    return np.column_stack([columns, np.cross(columns[:, 0], columns[:, 1]).conj()])


def _triangle(links: Array) -> ComplexArray:
    """Directions in which three links close to a triangle, or nearly, if one is too long."""
    order = np.argsort(-links)
    long, middle, short = links[order]
    directions = np.ones(3, dtype=complex)
    if middle > 0:
        # 1 + cos of the angle between the two longer links; no subtraction of rounded squares.
        rise = (short - (long - middle)) * (short + (long - middle)) / (2 * long * middle)
        rise = min(max(rise, 0.0), 2.0)
        turn = complex(rise - 1, np.sqrt(rise * (2 - rise)))
        rest = complex(long - middle + middle * rise, middle * turn.imag)
        directions[order[1:]] = turn, -_phase(rest)
    return directions


def _phase(z: ArrayLike) -> ComplexArray:
    """z/|z|, and one where z is zero."""
    modulus = np.abs(z)
    return np.divide(z, modulus, where=modulus > 0, out=np.ones(np.shape(z), dtype=complex))


def _nearest_isometry(matrix: ComplexArray) -> ComplexArray:
    """Orthonormal columns, as close to those of `matrix` as can be."""
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    return left @ right


def _misfit(u: ComplexArray, p: Array) -> float:
    return np.abs(u.real**2 + u.imag**2 - p).max()


def _links_exclude(p: Array, allowed: float) -> bool:
    """Whether a link of two columns is too long, whatever P is within `allowed`."""
    least, most = np.sqrt(np.maximum(p - allowed, 0.0)), np.sqrt(p + allowed)
    first, second = np.triu_indices(len(p), 1)
    shortest, longest = least[:, first] * least[:, second], most[:, first] * most[:, second]
    return bool(np.any(shortest + longest > longest.sum(axis=0)))


def _search(p: Array, allowed: float, starts: int) -> ComplexArray:
    """Phases that make the columns orthogonal, by least squares from several starts."""
    n = len(p)
    amplitudes = np.sqrt(p)
    random = np.random.default_rng(0)
    best = np.inf
    for start in range(starts):
        if start == 0:
            phases = 2 * np.pi * np.outer(np.arange(n), np.arange(n)) / n
        else:
            phases = random.uniform(0, 2 * np.pi, (n, n))
        found = least_squares(
            lambda x: _overlaps(amplitudes, x)[0],
            phases[1:, 1:].ravel(),
            jac=lambda x: _overlaps(amplitudes, x)[1],
            method="lm",
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
            max_nfev=200,
        )
        u = _nearest_isometry(_with_phases(amplitudes, found.x))
        misfit = _misfit(u, p)
        if misfit <= allowed:
            return u
        best = min(best, misfit)
    raise checks.ConvergenceError(
        f"undecided whether `probabilities` come from a unitary matrix: {starts} searches came no "
        f"closer than {best:.2g}, yet no two rows or columns exclude it; for up to five states "
        "there probably is none, for more try a larger `starts`"
    )


def _with_phases(amplitudes: Array, x: Array) -> ComplexArray:
    """First row and column real, as phases of rows and columns are free."""
    n = len(amplitudes)
    phases = np.zeros((n, n))
    phases[1:, 1:] = x.reshape(n - 1, n - 1)
    return amplitudes * np.exp(1j * phases)


def _overlaps(amplitudes: Array, x: Array) -> tuple[Array, Array]:
    """Overlaps Σ_k U_ka* U_kb of the columns a < b as real numbers, and their derivatives."""
    n = len(amplitudes)
    u = _with_phases(amplitudes, x)
    first, second = np.triu_indices(n, 1)
    terms = u[:, first].conj() * u[:, second]
    overlaps = terms.sum(axis=0)
    pair = np.arange(first.size)
    derivative = np.zeros((first.size, n, n), dtype=complex)
    derivative[pair, :, first] = -1j * terms.T
    derivative[pair, :, second] = 1j * terms.T
    derivative = derivative[:, 1:, 1:].reshape(first.size, -1)
    return (
        np.concatenate([overlaps.real, overlaps.imag]),
        np.concatenate([derivative.real, derivative.imag]),
    )
