"""The generator of a system in a dilute gas, coherences included: [A] (6), (7).

With X = S - 1 and pairs a = (k, l), b = (k', l') of levels with one Bohr frequency
ω = E_k - E_l = E_k' - E_l',

    C^ω_ab = ν √(β/2πm) ∫ dε e^{-βε} X_a(E_l + ε) X_b(E_l' + ε)*,    ε > max(0, ω),

is what the gas particles of kinetic energy ε do together.  ħ = k_B = 1.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import kve

from .. import checks
from ..lindblad import BohrGroup, SecularGenerator, bohr_groups
from ..quadrature import threshold_intervals
from ..resonances import resonances, threshold_widths
from ..scattering import ContactScattering, channel_momenta
from .flux import _checked_flux, _rate_prefactor, _rates, _thermal_average

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SAME_THRESHOLD = 1e-13
"""Differences of levels that agree to this fraction of the largest are equal but for rounding."""

AGREEMENT = 1e-8
"""Allowed relative deviation of the coefficients' diagonal from the Pauli rates."""


class LowDensityGenerator(SecularGenerator):
    """The generator L ρ = -i[H_S, ρ] + (7) of a system in a dilute thermal gas.

    A `SecularGenerator` with the coefficients

        C^ω_ab = ν √(β/2πm) ∫_{max(0,ω)}^∞ dε e^{-βε} (S - 1)_a(E_l + ε) (S - 1)_b(E_l' + ε)*,

    a = (k, l) and b = (k', l') pairs of levels of the Bohr frequency ω; index order is
    final ← initial.

    Parameters
    ----------
    contact : ContactScattering
        The system and its interaction with a gas particle.
    beta : float
        Inverse temperature.
    density : float
        Density ν of gas particles, per length.
    normalization : {"physical", "generator", "printed"}
        As in `transition_rates`; it applies to the forward shift too.
    forward_shift : bool
        Whether to add H_1 = ν Σ_k |k⟩⟨k| Re ∫dp G(p) t_kk(E_k + p²/2m), the energy of the waves
        that pass straight on.  It is part of the average (8) of (9) but not of (7).

    Attributes
    ----------
    contact, beta, density, normalization

    Raises
    ------
    ValueError
        If β or ν is not positive, or the normalization is unknown.
    DegenerateLevelsError
        If two levels nearly coincide.
    ConvergenceError
        If an integral does not converge.

    Warns
    -----
    SecularWarning
        If Bohr frequencies that are not equal differ by less than ten times the largest decay
        rate.

    Notes
    -----
    Corrects [A] (7) by the factor 2π of momentum states normalised to δ(p - p'), in the physical
    normalization; the Gibbs state is stationary in all of them.  Source: R. Dümcke, Commun. Math.
    Phys. 97, 331 (1985); [A] (6), (7).

    Examples
    --------
    The levels of Fig. 1 are equidistant, and nine jump operators do:

    >>> import numpy as np
    >>> from detailedbalance import figure_1, gibbs_state
    >>> generator = LowDensityGenerator(figure_1(), beta=2.0, density=0.01)
    >>> generator.jump_operators.shape
    (9, 3, 3)
    >>> gibbs = np.diag(gibbs_state(figure_1().energies, 2.0))
    >>> bool(np.abs(generator.apply(gibbs)).max() < 1e-15)
    True
    """

    def __init__(
        self,
        contact: ContactScattering,
        beta: float,
        density: float = 1.0,
        normalization: str = "physical",
        forward_shift: bool = False,
    ) -> None:
        checks.instance(contact, "contact", ContactScattering)
        beta = float(checks.inverse_temperature(checks.scalar(beta, "beta")))
        prefactor = float(_rate_prefactor(contact, np.array(beta), density, normalization))
        groups = bohr_groups(contact.energies)
        rates = _rates(
            contact.energies,
            np.array(beta),
            np.array(prefactor),
            _checked_flux(contact, np.array(beta)),
        )
        coefficients, shift = [], np.zeros(contact.energies.size)
        for group in groups:
            k, l = group.pairs.T
            if group.frequency == 0:
                elastic = _elastic_averages(contact, beta)
                coefficients.append(prefactor * elastic[1:, 1:])
                shift[k] = -prefactor * elastic[1:, 0].imag
            elif k.size == 1:
                coefficients.append(rates[k, l][None])
            else:
                matrix = prefactor * _pair_averages(contact, beta, group)
                _require_agreement(matrix.diagonal().real, rates[k, l])
                coefficients.append(matrix)
        object.__setattr__(self, "contact", contact)
        object.__setattr__(self, "beta", beta)
        object.__setattr__(self, "density", float(density))
        object.__setattr__(self, "normalization", normalization)
        super().__init__(contact.energies, tuple(coefficients), shift if forward_shift else None)

    def __reduce__(self):
        """Copy and pickle through the constructor."""
        shifted = bool(self.shift.any())
        return type(self), (self.contact, self.beta, self.density, self.normalization, shifted)


def born_spectral_function(
    contact: ContactScattering, beta: float, density: float = 1.0, normalization: str = "physical"
) -> Callable[[ArrayLike], Array]:
    """Return γ(ω), with which `davies_generator` has the rates of a weakly coupled gas.

    γ(ω) = 2mν √(β/2πm) e^{-βω/2} K_0(β|ω|/2), with the modified Bessel function K_0, for the
    energy ω given to the system.

    Parameters
    ----------
    contact : ContactScattering
        Only the mass of its gas particles matters; pass its coupling to `davies_generator`.
    beta, density, normalization
        As in `LowDensityGenerator`.

    Returns
    -------
    callable
        Takes ω (...) and returns γ (...), which obeys the KMS condition
        γ(ω) = e^{-βω} γ(-ω).  Infinite at ω = 0.

    Notes
    -----
    Born's approximation S - 1 = -2i √b v √b in C^ω leaves
    4ν √(β/2πm) ∫dε e^{-βε} m²/(p p') v_a v_b*.  At ω = 0 the integral diverges logarithmically,
    at particles that stand still: on a line, loss of coherence without a jump has no Born
    approximation.  Exactly it is of order v² ln(1/v).

    Examples
    --------
    >>> gamma = born_spectral_function(ContactScattering([0.0], [[1.0]]), beta=2.0)
    >>> round(float(gamma(-0.5) / gamma(0.5)), 12)  # e^{β/2}
    2.718281828459
    """
    checks.instance(contact, "contact", ContactScattering)
    beta = checks.positive_scalar(beta, "beta")
    factor = float(_rate_prefactor(contact, np.array(beta), density, normalization))

    def spectral_function(frequency: ArrayLike) -> Array:
        half = beta * checks.real_array(frequency, "frequency") / 2
        # kve is e^x K_0(x): neither factor overflows for a jump up, and e^{-βω} is explicit.
        return 2 * contact.mass * factor * np.exp(-half - np.abs(half)) * kve(0, np.abs(half))

    return spectral_function


def _pair_averages(contact: ContactScattering, beta: float, group: BohrGroup) -> ComplexArray:
    """Return √ … ∫dε e^{-βε} X_a X_b* without its prefactor, (m, m), for a frequency not zero."""
    k, l = group.pairs.T
    source = np.eye(contact.energies.size)[l]

    def amplitudes(excess: Array) -> ComplexArray:
        """X_kl(E_l + ε) for each pair; excess has the shape (..., pairs, n)."""
        momenta = channel_momenta(excess, contact.mass)
        waves = _solve(contact, momenta, source)
        pair = np.arange(k.size)
        roots = np.where(excess > 0, np.sqrt(np.abs(momenta)), 0.0)
        return 2 * roots[..., pair, k] * waves[..., pair, k] * roots[..., pair, l]

    return _averages(contact, beta, l, max(group.frequency, 0.0), amplitudes)


def _elastic_averages(contact: ContactScattering, beta: float) -> ComplexArray:
    """Return the averages of X_a X_b* for the pairs (k, k), after a row and column for a 1.

    So the first column holds the averages of X_kk itself.
    """
    level = np.arange(contact.energies.size)

    def amplitudes(excess: Array) -> ComplexArray:
        # X_kk = -2im (M⁻¹v)_kk: nothing is subtracted, so weak scattering keeps its digits.
        waves = _solve(contact, channel_momenta(excess, contact.mass), contact.coupling_matrix.T)
        scattered = -2j * contact.mass * waves[..., level, level]
        return np.concatenate([np.ones_like(scattered[..., :1]), scattered], axis=-1)

    return _averages(contact, beta, level, 0.0, amplitudes)


def _averages(
    contact: ContactScattering, beta: float, sources: NDArray, lowest: float, amplitudes
) -> ComplexArray:
    """Return ∫_lowest dε e^{-βε} x_a(ε) x_b(ε)* with x = amplitudes(E_l + ε - E_j), l in sources.

    In the kinetic energy ε each initial level l has thresholds of its own, E_j - E_l.
    """
    n = contact.energies.size
    thresholds, features = _features(contact, sources)
    total = 0.0

    def products(excess: Array) -> ComplexArray:
        x = amplitudes(excess.reshape(*excess.shape[:-1], sources.size, n))
        return x[..., :, None] * x[..., None, :].conj()

    for interval in threshold_intervals(thresholds, np.array(beta), features):
        if interval.floor > lowest - SAME_THRESHOLD * np.ptp(contact.energies):
            depth = np.exp(-beta * max(interval.floor, 0.0))
            total = total + depth * _thermal_average(interval, np.array(beta), products, _mean_size)
    return total


def _features(contact: ContactScattering, sources: NDArray) -> tuple[Array, Array]:
    """Return the thresholds E_j - E_l, (sources × n,), and where the integrand changes fast."""
    levels = contact.energies
    found = resonances(contact)
    peaks = np.array([r.threshold for r in found])
    own = (levels - levels[sources, None]).ravel()
    theirs = (peaks - levels[sources, None]).ravel()
    # Equidistant levels give the same difference several times, but for rounding.
    values = _merged(np.concatenate([own, theirs]), SAME_THRESHOLD * np.ptp(levels))
    own, theirs = np.split(values, [own.size])
    widths = np.tile(threshold_widths(contact), sources.size)
    below = np.tile([r.below for r in found], sources.size)
    narrow = np.tile([r.width for r in found], sources.size)
    edges = np.stack([own, np.zeros(own.size), widths], axis=-1)
    return own, np.concatenate([edges, np.stack([theirs, below, narrow], axis=-1)])


def _merged(values: Array, tolerance: float) -> Array:
    """Return values in which those that differ by rounding alone are equal."""
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    first = np.concatenate([[True], np.diff(ascending) > tolerance])
    result = np.empty_like(values)
    result[order] = ascending[first][np.cumsum(first) - 1]
    return result


def _mean_size(matrix: ComplexArray) -> Array:
    """√(C_aa C_bb), which bounds |C_ab| of a positive matrix: what its error is compared with."""
    diagonal = np.sqrt(np.abs(np.einsum("...aa->...a", matrix)))
    return diagonal[..., :, None] * diagonal[..., None, :]


def _solve(contact: ContactScattering, momenta: ComplexArray, source: NDArray) -> ComplexArray:
    """Return M⁻¹ source, a vector for each initial level: momenta and source (..., sources, n)."""
    form = contact.momentum_form(momenta)
    right = np.broadcast_to(source, momenta.shape)[..., None]
    return np.linalg.solve(form, right)[..., 0]


def _require_agreement(diagonal: Array, rates: Array) -> None:
    worst = np.max(np.abs(diagonal - rates) / np.maximum(rates, np.finfo(float).tiny))
    if worst > AGREEMENT:
        raise checks.ConvergenceError(
            f"coefficients differ from the Pauli rates by {worst:.2g} of these; the energy "
            "dependence of this scattering problem is too sharp"
        )
