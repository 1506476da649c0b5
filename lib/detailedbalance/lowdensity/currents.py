"""What circulates at equilibrium: probability, and heat between pairs of levels and the gas.

Index order is final ← initial; ħ = k_B = 1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..resonances import Resonance, resonances
from ..scattering import ContactScattering, channel_momenta
from .flux import (
    SMALLEST_COUPLING,
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
ComplexArray = NDArray[np.complex128]

SMALL_CURRENT = 1e-3
"""Currents converge relative to this fraction of what is typical of the levels' couplings."""


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
    With S = 1 + 2r, unitarity makes r†r the hermitian part of -r, so that

        |S_kl|² - |S_lk|² = -8 Re (r†r)_kl (r - r†)_kl*,

    the interference of the direct path with the detours in r†r, is no small difference of large
    rates.  (For strong coupling the transmission 1 + r takes the place of r.)  Currents of weak
    couplings, K ~ v³, come out to about 1e-14 of themselves, unless interference nearly cancels.
    Corrects [A] (31), K_jk = a_kj p_j (I(j, k) - 1), where p_k is printed.

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
    checks.nondegenerate(contact.energies)
    found = resonances(contact)
    rates = _rates(contact.energies, beta, prefactor, _checked_flux(contact, beta, found))
    lowest = gibbs_state(contact.energies, beta)[..., contact.energies.argmin()]
    return (prefactor * lowest)[..., None, None] * _net_flux(contact, beta, found), rates


def _net_flux(contact: ContactScattering, beta: Array, found: list[Resonance]) -> Array:
    """Return ∫dE e^{-β(E - E_min)} (|S_kl|² - |S_lk|²), (..., n, n)."""
    n = contact.energies.size
    unit = _amplitude_unit(contact, beta)

    def differences(excess: Array) -> Array:
        """Return a 16th of the difference, and below it what errors are compared with."""
        even, odd, jumps = _parts(contact, excess, unit)
        exits = jumps.sum(axis=-2)
        sizes = SMALL_CURRENT * (exits[..., :, None] + exits[..., None, :])
        return np.concatenate([(even * odd.conj()).real, sizes], axis=-2)

    def size(integral: Array) -> Array:
        return np.concatenate([integral[..., n:, :]] * 2, axis=-2)

    total = np.zeros((*beta.shape, n, n))
    for interval in _intervals(contact, beta, found):
        if (contact.energies <= interval.floor).sum() > 2:
            depth = np.exp(-beta * (interval.floor - contact.energies.min()))
            average = _thermal_average(interval, beta, differences, size)[..., :n, :]
            total += depth[..., None, None] * average
    # The integrand is antisymmetric but for rounding.
    return 8 * unit**3 * (total - np.swapaxes(total, -1, -2))


def _parts(
    contact: ContactScattering, excess: Array, unit: float
) -> tuple[ComplexArray, ComplexArray, Array]:
    """Return the hermitian part h of S/2, the antihermitian g, and |S/2|², off the diagonal.

    |S_kl|² - |S_lk|² = 16 Re h_kl g_kl*.  The amplitudes r = (S - 1)/2 of reflection and t = r + 1
    of transmission obey r + r† = -2 r†r and t + t† = 2 t†t, by unitarity.  So h comes from the
    smaller of them, be scattering weak or strong, and r_kl is never subtracted from r_lk*.
    All in units: g of `unit`, the others of its square.
    """
    level, open_channels = np.arange(contact.energies.size), excess > 0
    momenta = channel_momenta(excess, contact.mass)
    roots = np.where(open_channels, np.sqrt(np.abs(momenta)), 0.0)
    inverse = np.linalg.inv(contact.momentum_form(momenta))
    t = roots[..., :, None] * inverse * roots[..., None, :] / unit
    r = t.copy()
    elastic = np.einsum("...kl,lk->...k", inverse, contact.coupling_matrix / unit)
    r[..., level, level] = np.where(open_channels, -1j * contact.mass * elastic, 0.0)
    adjoint_t, adjoint_r = (np.swapaxes(x, -1, -2).conj() for x in (t, r))
    weak = np.linalg.norm(r, axis=(-2, -1)) < np.linalg.norm(t, axis=(-2, -1))
    h = np.where(weak[..., None, None], -adjoint_r @ r, adjoint_t @ t)
    between = ~np.eye(level.size, dtype=bool)
    return between * h, between * (r - adjoint_r) / 2, between * _squares(r)


def _amplitude_unit(contact: ContactScattering, beta: Array) -> float:
    """Return the size of r where scattering is weak, so that r³ does not vanish, else one."""
    typical = np.sqrt(contact.mass * beta.max()) * np.abs(contact.coupling_matrix).max()
    return float(np.clip(typical, SMALLEST_COUPLING, 1.0))
