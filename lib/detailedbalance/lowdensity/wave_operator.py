"""The master equation from the wave operator, [A] (8) and (9), as an independent check of (7).

Nothing here uses unitarity, the optical theorem or the S matrix, and the quadrature is its own.
ħ = k_B = 1.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad_vec

from .. import checks
from ..lindblad import bohr_groups
from ..scattering import ContactScattering, channel_momenta
from .flux import NORMALIZATIONS

ComplexArray = NDArray[np.complex128]

TOLERANCE = 1e-11
"""Relative error at which the quadrature stops."""

ABSOLUTE_TOLERANCE = 1e-300
"""Absolute error at which it stops as well: without a coupling there is no relative one."""

CUTOFF = 42.0
"""βε beyond which the gas is left out."""


def averaged_generator(
    contact: ContactScattering,
    beta: float,
    density: float = 1.0,
    normalization: str = "physical",
) -> ComplexArray:
    """Return the average (8) of (9), [A]'s master equation before it is brought to the form (7).

    L_0 ρ = -2πiν ∫dp'' G(p'') ∫dp ⟨p| [H_int, Ω_+ (ρ ⊗ |p''⟩⟨p''|) Ω_+†] |p⟩, and of its elements
    ρ_ll' → ρ_kk' those with E_k - E_k' = E_l - E_l', which the average over time leaves.

    Parameters
    ----------
    contact : ContactScattering
        The system and its interaction with a gas particle.
    beta : float
        Inverse temperature.
    density : float
        Density ν of gas particles, per length.
    normalization : {"physical", "generator", "printed"}
        As in `transition_rates`.

    Returns
    -------
    complex array (n², n²)
        Acts on stacked columns, vec(ρ)[k + n k'] = ρ_kk'.  Without -i[H_S, ·], but with the
        forward shift -i[H_1, ·], which (9) contains.

    Raises
    ------
    ValueError
        If β or ν is not positive, or the normalization is unknown.
    DegenerateLevelsError
        If two levels nearly coincide.
    ConvergenceError
        If the quadrature does not reach its tolerance, as at narrow resonances.

    Notes
    -----
    With Ω_+ = 1 + G_0 T, ⟨p k|T|p''l⟩ = t_kl(E_l + ε)/2π for every p, ε = p''²/2m, and
    ∫dp (X - p²/2m - i0)⁻¹ = 2πi b(X)*, b(X) = m/√(2mX),

        L_0 ρ = ν ∫dp'' G(p'') { -i t(E_l + ε)_kl ρ_ll' + t_kl(E_l + ε) t_k'l'(E_l' + ε)*
                b_k'(E_l' + ε)* ρ_ll' } + h.c.

    Corrects [A] (9) by the density ν and the factor 2π of momentum states normalised to δ(p - p').

    Examples
    --------
    >>> from detailedbalance import LowDensityGenerator, figure_1
    >>> generator = LowDensityGenerator(figure_1(), 2.0, 0.01, forward_shift=True)
    >>> free = LowDensityGenerator(figure_1(), 2.0, 0.01)
    >>> shift = generator.liouvillian - free.liouvillian
    >>> average = averaged_generator(figure_1(), 2.0, 0.01)
    >>> bool(abs(average - generator.dissipator - shift).max() < 1e-12)
    True
    """
    checks.instance(contact, "contact", ContactScattering)
    checks.choice(normalization, "normalization", tuple(NORMALIZATIONS))
    beta = checks.one_inverse_temperature(beta)
    density = NORMALIZATIONS[normalization] * checks.positive_scalar(density, "density")
    checks.nondegenerate(contact.energies)
    n = contact.energies.size
    half = density * np.sqrt(beta / (2 * np.pi * contact.mass)) * _gas_average(contact, beta)
    # The adjoint of ρ_ll' → ρ_kk' takes ρ_l'l to ρ_k'k.
    whole = half + half.conj().transpose(1, 0, 3, 2)
    group_of = np.empty((n, n), dtype=np.intp)
    for number, group in enumerate(bohr_groups(contact.energies)):
        group_of[group.pairs[:, 0], group.pairs[:, 1]] = number
    whole = whole * (group_of[:, :, None, None] == group_of)
    return whole.transpose(1, 0, 3, 2).reshape(n * n, n * n)


def _gas_average(contact: ContactScattering, beta: float) -> ComplexArray:
    """Return ∫dp e^{-βp²/2m} of the first half of the commutator, indices [k, k', l, l']."""
    levels = contact.energies
    gaps = (levels - levels[:, None]).ravel()
    # Where channels open for one of the initial levels; equal gaps but for rounding are one.
    cuts = np.unique(np.append(gaps[gaps > 0], 0.0))
    cuts = cuts[np.append(True, np.diff(cuts) > 1e-12 * np.ptp(levels))]
    ends = np.append(cuts[1:], cuts[-1] + CUTOFF / beta)
    return sum(_integral(contact, beta, *ends) for ends in zip(cuts, ends, strict=True))


def _integral(contact: ContactScattering, beta: float, low: float, high: float) -> ComplexArray:
    def integrand(x: float) -> ComplexArray:
        # ε = low + (high - low)(3x² - 2x³): square roots at both ends become smooth.
        energy = low + (high - low) * x * x * (3 - 2 * x)
        slope = 6 * (high - low) * x * (1 - x)
        # Both signs of p'', dp'' = m/p'' dε.
        weight = 2 * slope * contact.mass / np.sqrt(2 * contact.mass * energy)
        return weight * np.exp(-beta * energy) * _half_commutator(contact, energy)

    value, error = quad_vec(
        integrand, 0, 1, epsrel=TOLERANCE, epsabs=ABSOLUTE_TOLERANCE, limit=2000, norm="max"
    )
    if not error <= 100 * TOLERANCE * np.abs(value).max():
        raise checks.ConvergenceError(
            f"the average over the gas between kinetic energies {low:.6g} and {high:.6g} is "
            f"uncertain by {error:.2g}; the energy dependence of this scattering problem is too "
            "sharp for this check"
        )
    return value


def _half_commutator(contact: ContactScattering, kinetic: float) -> ComplexArray:
    """Return -i t_kl δ_k'l' + t_kl t_k'l'* b_k'*, indices [k, k', l, l'], at one kinetic energy."""
    energies = contact.energies + kinetic
    t = np.stack([contact.t_matrix(energy)[:, l] for l, energy in enumerate(energies)], axis=-1)
    momenta = channel_momenta(energies - contact.energies[:, None], contact.mass)
    out = (t * contact.mass / momenta).conj()
    identity = np.eye(contact.energies.size)
    return np.einsum("kl,jm->kjlm", t, out - 1j * identity)
