"""Thermal light and two-level systems: occupations, effective temperatures, entropies.

Energies are in units of ħΩ, the energy of one quantum, and temperatures in units of ħΩ/k; entropies
are in units of k.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks

Array = NDArray[np.float64]


def bose_occupation(beta: ArrayLike) -> Array:
    """Return ⟨n⟩ = 1/(e^β - 1), the photons a mode holds at temperature 1/β.

    Parameters
    ----------
    beta : array_like (...)
        ħΩ/kT, positive.

    Returns
    -------
    array (...)

    Raises
    ------
    ValueError
        If β is not positive and finite, or below 1e-150.

    Notes
    -----
    [B] (16).

    Examples
    --------
    >>> float(bose_occupation(np.log(2)))
    1.0
    """
    beta = checks.inverse_temperature(beta)
    if beta.min() < 1 / checks.LARGEST_NUMBER:
        raise ValueError(
            f"`beta` must be at least {1 / checks.LARGEST_NUMBER:g}, got {beta.min():g}: a mode "
            "that hot holds more photons than can be computed with"
        )
    return np.exp(-beta) / -np.expm1(-beta)


def excited_fraction(beta: ArrayLike) -> Array:
    """Return ⟨m⟩/M = 1/(e^β + 1), the excited part of two-level systems at temperature 1/β.

    Parameters
    ----------
    beta : array_like (...)
        ħΩ/kT, positive.

    Returns
    -------
    array (...)

    Raises
    ------
    ValueError
        If β is not positive and finite.

    Notes
    -----
    [B] (13).

    Examples
    --------
    >>> float(excited_fraction(np.log(2)))
    0.3333333333333333
    """
    boltzmann = np.exp(-checks.inverse_temperature(beta))
    return boltzmann / (1 + boltzmann)


def mode_inverse_temperature(n: ArrayLike) -> Array:
    """Return ħΩ/kT = ln((n + 1)/n) of a mode that holds n photons on average.

    Parameters
    ----------
    n : array_like (...)
        Not negative.

    Returns
    -------
    array (...)
        Infinite for an empty mode.

    Raises
    ------
    ValueError
        If an occupation is negative or not finite.

    Notes
    -----
    [B] (76).

    Examples
    --------
    >>> float(mode_inverse_temperature(1 / (np.e - 1)))
    1.0
    """
    n = _occupations(n)
    with np.errstate(divide="ignore", over="ignore"):
        # 1/n overflows below 1e-308, and ln(n + 1) - ln n cancels for large n.
        return np.where(n < 1, np.log1p(n) - np.log(n), np.log1p(1 / n))


def two_level_inverse_temperature(p: ArrayLike) -> Array:
    """Return ħΩ/kT = ln((1 - p)/p) of two-level systems of which the part p is excited.

    Parameters
    ----------
    p : array_like (...)
        From 0 to 1.

    Returns
    -------
    array (...)
        Infinite for p = 0, negative for an inversion, p > 1/2.

    Raises
    ------
    ValueError
        If p is not between 0 and 1.

    Notes
    -----
    [B] (76).

    Examples
    --------
    >>> float(two_level_inverse_temperature(0.5))
    0.0
    """
    p = _fractions(p)
    with np.errstate(divide="ignore"):
        return np.log1p(-p) - np.log(p)


def mode_entropy(n: ArrayLike) -> Array:
    """Return (n + 1) ln(n + 1) - n ln n, the entropy of a thermal mode, in units of k.

    It is the largest entropy that a mode with n photons on average can have.

    Parameters
    ----------
    n : array_like (...)
        Not negative.

    Returns
    -------
    array (...)

    Raises
    ------
    ValueError
        If an occupation is negative or not finite.

    Notes
    -----
    [B] (96), where it reads n ħω/kT + ln(1 + n).

    Examples
    --------
    >>> round(float(mode_entropy(1.0) / np.log(2)), 12)
    2.0
    """
    n = _occupations(n)
    return np.log1p(n) + _times_log(n, mode_inverse_temperature(n))


def two_level_entropy(p: ArrayLike) -> Array:
    """Return -p ln p - (1 - p) ln(1 - p), the entropy of a two-level system, in units of k.

    Parameters
    ----------
    p : array_like (...)
        The part that is excited, from 0 to 1.

    Returns
    -------
    array (...)

    Raises
    ------
    ValueError
        If p is not between 0 and 1.

    Notes
    -----
    [B] (14), (95), without the number M.

    Examples
    --------
    >>> float(two_level_entropy(0.5) / np.log(2))
    1.0
    """
    p = _fractions(p)
    with np.errstate(divide="ignore"):
        # Zero minus zero: no entropy is 0.0, not -0.0.
        return 0.0 - _times_log(p, np.log(p)) - _times_log(1 - p, np.log1p(-p))


def _times_log(x: Array, logarithm: Array) -> Array:
    """Return x times a logarithm, and zero where x is zero and the logarithm infinite."""
    return x * np.where(x == 0, 0.0, logarithm)


def _occupations(n: ArrayLike) -> Array:
    n = checks.real_array(n, "n")
    if np.any(n < 0):
        raise ValueError(f"`n` is a mean number of photons and must not be negative, got {n.min()}")
    return n


def _fractions(p: ArrayLike) -> Array:
    p = checks.real_array(p, "p")
    if np.any((p < 0) | (p > 1)):
        raise ValueError(f"`p` must be between 0 and 1, got {p.min()} to {p.max()}")
    return p
