"""What circulates at equilibrium: probability, and heat between pairs of levels and the gas.

Index order is final ← initial; ħ = k_B = 1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..resonances import resonances
from ..scattering import ContactScattering
from .flux import (
    _checked_flux,
    _intervals,
    _rate_prefactor,
    _rates,
    _squares,
    _thermal_average,
    _warn_unless_secular,
    gibbs_state,
)

Array = NDArray[np.float64]


def equilibrium_currents(
    contact: ContactScattering,
    beta: ArrayLike,
    density: float = 1.0,
    normalization: str = "physical",
) -> Array:
    """Return the net jumps K_kl = a_kl p_l - a_lk p_k a unit of time at the Gibbs state p.

    K_kl = (ν/Z) √(β/2πm) ∫dE e^{-βE} (|S_kl|² - |S_lk|²), over energies with three or more open
    channels: with two there is balance.

    Parameters
    ----------
    contact : ContactScattering
        The system, of any number of levels, and its interaction with a gas particle.
    beta : array_like (...)
        Inverse temperatures.
    density, normalization
        As in `transition_rates`.

    Returns
    -------
    array (..., n, n)
        K[k, l], from l to k; antisymmetric, and all rows sum to zero.

    Raises
    ------
    ValueError, DegenerateLevelsError, ConvergenceError
        As in `thermal_flux`.

    Warns
    -----
    SecularWarning
        If the smallest level splitting is under ten times the largest decay rate.

    Notes
    -----
    Differences are formed energy by energy, so errors are about 1e-16 of the jumps, and 1e-12 of
    the currents where these are larger.  For three levels `loop_current` has full relative
    accuracy.  Corrects [A] (31), K_jk = a_kj p_j (I(j, k) - 1), where p_k is printed.

    Examples
    --------
    >>> from detailedbalance import figure_1
    >>> (1e4 * equilibrium_currents(figure_1(), beta=2.0)).round(4) + 0.0
    array([[ 0.    , -3.4724,  3.4724],
           [ 3.4724,  0.    , -3.4724],
           [-3.4724,  3.4724,  0.    ]])
    """
    currents, rates = _currents(contact, beta, density, normalization)
    _warn_unless_secular(contact.energies, rates)
    return currents


def heat_currents(
    contact: ContactScattering,
    beta: ArrayLike,
    density: float = 1.0,
    normalization: str = "physical",
) -> Array:
    """Return the energy J_kl = K_kl (E_k - E_l) that net jumps of a pair take from the gas.

    Parameters
    ----------
    contact, beta, density, normalization
        As in `equilibrium_currents`.

    Returns
    -------
    array (..., n, n)
        Energy a unit of time; symmetric.  Positive where the net jumps go up.  Over all pairs they
        sum to zero.

    Raises
    ------
    ValueError, DegenerateLevelsError, ConvergenceError
        As in `thermal_flux`.

    Warns
    -----
    SecularWarning
        As in `equilibrium_currents`.

    Notes
    -----
    [A] (32) for any number of levels.  There N contains E_+, N = a_-+ e^{-β(E_+ - E_0)}/[…], and
    the form N (I(+,-) - 1)(E_i - E_j) holds for (i, j) = (+, -), (0, +) and (-, 0): J is symmetric.
    It is heat between pairs of levels and the gas, not heat that flows in space.

    Examples
    --------
    >>> from detailedbalance import figure_1
    >>> (1e4 * heat_currents(figure_1(), beta=2.0)).round(4) + 0.0
    array([[ 0.    ,  1.7362, -3.4724],
           [ 1.7362,  0.    ,  1.7362],
           [-3.4724,  1.7362,  0.    ]])
    """
    currents, rates = _currents(contact, beta, density, normalization)
    _warn_unless_secular(contact.energies, rates)
    return currents * (contact.energies[:, None] - contact.energies)


def _currents(
    contact: ContactScattering, beta: ArrayLike, density: float, normalization: str
) -> tuple[Array, Array]:
    """Return the currents at the Gibbs state, and the rates."""
    checks.instance(contact, "contact", ContactScattering)
    beta = checks.inverse_temperature(beta)
    prefactor = _rate_prefactor(contact, beta, density, normalization)
    rates = _rates(contact.energies, beta, prefactor, _checked_flux(contact, beta))
    lowest = gibbs_state(contact.energies, beta)[..., contact.energies.argmin()]
    return (prefactor * lowest)[..., None, None] * _net_flux(contact, beta), rates


def _net_flux(contact: ContactScattering, beta: Array) -> Array:
    """Return ∫dE e^{-β(E - E_min)} (|S_kl|² - |S_lk|²), (..., n, n)."""
    n = contact.energies.size

    def traffic(excess: Array) -> Array:
        """Return sums and differences, one below the other: the sums tell how small an error is."""
        squares = _squares(contact.s_matrix_from_excess(excess))
        reverse = np.swapaxes(squares, -1, -2)
        return np.concatenate([squares + reverse, squares - reverse], axis=-2)

    def size(integral: Array) -> Array:
        return np.concatenate([integral[..., :n, :]] * 2, axis=-2)

    total = np.zeros((*beta.shape, n, n))
    for interval in _intervals(contact, beta, resonances(contact)):
        if (contact.energies <= interval.floor).sum() > 2:
            depth = np.exp(-beta * (interval.floor - contact.energies.min()))
            average = _thermal_average(interval, beta, traffic, size)[..., n:, :]
            total += depth[..., None, None] * average
    return total
