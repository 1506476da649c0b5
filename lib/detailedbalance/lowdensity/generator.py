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
from ..quadrature import Interval, integrate_panels, threshold_intervals
from ..resonances import Resonance, resonances, threshold_widths
from ..scattering import ContactScattering, channel_momenta
from .flux import (
    NODES_PER_PANEL,
    RESONANCE_TOLERANCE,
    _checked_flux,
    _rate_prefactor,
    _rates,
    _unresolved,
)

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SAME_THRESHOLD = 1e-13
"""Differences of levels that agree to this fraction of the largest are equal but for rounding."""

NEAR = 1e-6
"""Thresholds closer than this fraction of all, but not equal, disturb each other's integrals."""

NUMBERS_PER_BLOCK = 4_000_000
"""Entries of the matrices that are solved together; bounds the memory."""

AGREEMENT = 1e-8
"""Allowed relative deviation of the coefficients from Pauli rates and the optical theorem."""

WEAKEST = 1e-25
"""Size of X_kk below which averages that do not converge are due to a coupling too weak."""


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
    contact, beta, density, normalization, forward_shift

    Raises
    ------
    ValueError
        If β or ν is not positive, or the normalization is unknown.
    TypeError
        If `contact` is not a `ContactScattering`, or `forward_shift` neither True nor False.
    DegenerateLevelsError
        If two levels nearly coincide.
    ConvergenceError
        If an integral does not converge, or misses the optical theorem.

    Warns
    -----
    SecularWarning
        If Bohr frequencies that are not equal differ by less than ten times the largest decay
        rate.

    Notes
    -----
    Unitarity makes Σ_k C_(k,l)(k,l) = -2ν √(β/2πm) Re ∫dε e^{-βε} X_ll, the optical theorem; this
    is checked.  For other arguments make it anew: `dataclasses.replace` knows only the fields of a
    `SecularGenerator`.

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
        if not isinstance(forward_shift, bool | np.bool_):
            raise TypeError(f"`forward_shift` must be True or False, got {forward_shift!r}")
        beta = checks.one_inverse_temperature(beta)
        checks.nondegenerate(contact.energies)
        found = resonances(contact)
        prefactor = float(_rate_prefactor(contact, np.array(beta), density, normalization))
        flux = _checked_flux(contact, np.array(beta), found)
        rates = _rates(contact.energies, np.array(beta), np.array(prefactor), flux)
        try:
            coefficients, forward = _coefficients(contact, beta, prefactor, rates, found)
        except checks.ConvergenceError as error:
            if _elastic_unit(contact, beta) > WEAKEST:
                raise
            raise checks.ConvergenceError(
                "the coupling is too weak for the loss of coherence, whose logarithm spans more "
                "powers of ten than can be resolved; `transition_rates` has no such limit"
            ) from error
        shift = -prefactor * forward.imag if forward_shift else None
        object.__setattr__(self, "contact", contact)
        object.__setattr__(self, "beta", beta)
        object.__setattr__(self, "density", float(density))
        object.__setattr__(self, "normalization", normalization)
        object.__setattr__(self, "forward_shift", bool(forward_shift))
        super().__init__(contact.energies, tuple(coefficients), shift)

    def __repr__(self) -> str:
        """Return the call that makes this generator."""
        return (
            f"LowDensityGenerator({self.contact!r}, beta={self.beta}, density={self.density}, "
            f"normalization={self.normalization!r}, forward_shift={self.forward_shift})"
        )

    def __reduce__(self):
        """Copy and pickle through the constructor."""
        arguments = (self.contact, self.beta, self.density, self.normalization, self.forward_shift)
        return type(self), arguments


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
    beta = checks.one_inverse_temperature(beta)
    factor = float(_rate_prefactor(contact, np.array(beta), density, normalization))

    def spectral_function(frequency: ArrayLike) -> Array:
        half = beta * checks.real_array(frequency, "frequency") / 2
        # kve is e^x K_0(x): neither factor overflows for a jump up, and e^{-βω} is explicit.
        return 2 * contact.mass * factor * np.exp(-half - np.abs(half)) * kve(0, np.abs(half))

    return spectral_function


def _averages(
    contact: ContactScattering, beta: float, groups: list[BohrGroup], found: list[Resonance]
) -> tuple[list[ComplexArray], ComplexArray]:
    """Return ∫dε e^{-βε} X_a X_b* of each group, (m, m), and ∫dε e^{-βε} X_kk, (n,).

    In the kinetic energy ε each initial level l has thresholds of its own, E_j - E_l.  All groups
    share the nodes: column l of X at E_l + ε is what each of them needs.
    """
    n = contact.energies.size
    thresholds, features = _features(contact, found)
    total = 0.0
    for interval in threshold_intervals(thresholds, np.array(beta), features):
        if interval.floor >= -SAME_THRESHOLD * np.ptp(contact.energies):
            panel_sums = _panel_sums(contact, beta, groups, interval)
            depth = np.exp(-beta * max(interval.floor, 0.0))
            total = total + depth * integrate_panels(
                panel_sums, interval.edges, NODES_PER_PANEL, _mean_size
            )
    elastic = total[[group.frequency == 0 for group in groups]][0]
    _require_resolved_dephasing(contact, beta, elastic.diagonal()[:n].real, found)
    averages = [
        matrix[: len(g.pairs), : len(g.pairs)] for matrix, g in zip(total, groups, strict=True)
    ]
    return averages, elastic[:n, n] / _elastic_unit(contact, beta)


def _panel_sums(
    contact: ContactScattering, beta: float, groups: list[BohrGroup], interval: Interval
):
    """Return what `integrate_panels` needs: all groups, filled up with zeros to one size."""
    n = contact.energies.size
    largest = 1 + max(len(group.pairs) for group in groups)
    unit = _elastic_unit(contact, beta)

    def sums(x: Array, weights: Array) -> ComplexArray:
        above, excess, jacobian = interval.substitute(x)
        amplitudes = _amplitudes(contact, excess.reshape(*x.shape, n, n))
        root = np.sqrt(weights * jacobian * np.exp(-beta * above))[..., None]
        result = np.zeros((len(x), len(groups), largest, largest), dtype=complex)
        for number, group in enumerate(groups):
            k, l = group.pairs.T
            vectors = root * amplitudes[..., l, k]
            if group.frequency == 0:  # a number beside the X_kk: its products are their averages
                vectors = np.concatenate([vectors, unit * root], axis=-1)
            m = vectors.shape[-1]
            result[:, number, :m, :m] = np.swapaxes(vectors, -1, -2) @ vectors.conj()
        return result

    def blockwise(x: Array, weights: Array) -> ComplexArray:
        blocks = 1 + x.size * n**3 // NUMBERS_PER_BLOCK
        parts = zip(np.array_split(x, blocks), np.array_split(weights, blocks), strict=True)
        return np.concatenate([sums(*part) for part in parts])

    return blockwise


def _amplitudes(contact: ContactScattering, excess: Array) -> ComplexArray:
    """Return X_kl at E_l + ε, indices [l, k], from the kinetic energies [l, j] in the channels."""
    n = contact.energies.size
    momenta = channel_momenta(excess, contact.mass)
    roots = np.where(excess > 0, np.sqrt(np.abs(momenta)), 0.0)
    sources = np.stack([np.eye(n), contact.coupling_matrix.T], axis=-1)
    waves = np.linalg.solve(
        contact.momentum_form(momenta), np.broadcast_to(sources, (*excess.shape, 2))
    )
    level = np.arange(n)
    amplitudes = 2 * roots * waves[..., 0] * roots[..., level, level, None]
    # X_kk = -2im (M⁻¹v)_kk: nothing is subtracted, so weak scattering keeps its digits.
    amplitudes[..., level, level] = -2j * contact.mass * waves[..., level, level, 1]
    return amplitudes


def _elastic_unit(contact: ContactScattering, beta: float) -> float:
    """Return the size of X_kk where scattering is weak, 1 where it is not."""
    size = np.sqrt(beta * contact.mass) * np.abs(contact.coupling_matrix).max()
    return min(1.0, size) or 1.0


def _features(contact: ContactScattering, found: list[Resonance]) -> tuple[Array, Array]:
    """Return the thresholds E_j - E_l in ε, (n²,), and where the integrand changes fast."""
    levels, n = contact.energies, contact.energies.size
    peaks = np.array([r.threshold for r in found])
    own = (levels - levels[:, None]).ravel()
    theirs = (peaks - levels[:, None]).ravel()
    # Equidistant levels give the same difference several times, but for rounding.
    values = _merged(np.concatenate([own, theirs]), SAME_THRESHOLD * np.ptp(levels))
    own, theirs = np.split(values, [own.size])
    widths = np.tile(threshold_widths(contact), n)
    below = np.tile([r.below for r in found], n)
    narrow = np.tile([r.width for r in found], n)
    edges = np.stack([own, np.zeros(own.size), widths], axis=-1)
    peaks = np.stack([theirs, below, narrow], axis=-1)
    return own, np.concatenate([edges, peaks, _near_coincidences(own)])


def _near_coincidences(thresholds: Array) -> Array:
    """Return as features the neighbours that levels almost equidistant give.

    The root of one, seen from the other, is as sharp as the two are close.
    """
    distinct = np.unique(thresholds)
    gaps = np.diff(distinct)
    close = gaps < NEAR * np.ptp(distinct)
    ends = np.stack([distinct[:-1], distinct[1:]])[:, close].ravel()
    return np.stack([ends, np.zeros(ends.size), np.tile(gaps[close], 2)], axis=-1)


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


def _require_resolved_dephasing(
    contact: ContactScattering, beta: float, sizes: Array, found: list[Resonance]
) -> None:
    """Refuse averages of |X_kk|² that rest on a resonance narrower than the rounding of its energy.

    As `_require_resolved` of the thermal flux, which has |S_kk|² instead.
    """
    for resonance in found:
        kinetic = np.maximum(resonance.energy - contact.energies, 0.0)
        shares = resonance.decay * resonance.formation * np.exp(-beta * kinetic)
        if np.any(2 * np.pi * resonance.rounding * shares > RESONANCE_TOLERANCE * sizes):
            raise _unresolved(resonance, "the loss of coherence rests")


def _coefficients(
    contact: ContactScattering, beta: float, prefactor: float, rates: Array, found: list[Resonance]
) -> tuple[list[ComplexArray], ComplexArray]:
    """Return C^ω of each Bohr group, (m, m), and ∫dε e^{-βε} X_kk, (n,)."""
    groups = bohr_groups(contact.energies)
    # A pair with a frequency of its own has nothing to interfere with: its rate is all.
    together = [group for group in groups if len(group.pairs) > 1 or group.frequency == 0]
    averages, forward = _averages(contact, beta, together, found)
    interfering = {id(g): prefactor * c for g, c in zip(together, averages, strict=True)}
    coefficients, exits = [], rates.sum(axis=0)
    for group in groups:
        k, l = group.pairs.T
        matrix = interfering.get(id(group), rates[k, l][None])
        if group.frequency == 0:
            exits[k] += matrix.diagonal().real
        else:
            _require_agreement(matrix.diagonal().real, rates[k, l], "the Pauli rates")
        coefficients.append(matrix)
    # What all jumps and dephasing take away, the wave that passes straight on has lost.
    _require_agreement(-2 * prefactor * forward.real, exits, "the optical theorem")
    return coefficients, forward


def _require_agreement(found: Array, expected: Array, what: str) -> None:
    worst = np.max(np.abs(found - expected) / np.maximum(expected, np.finfo(float).tiny))
    if worst > AGREEMENT:
        raise checks.ConvergenceError(
            f"coefficients differ from {what} by {worst:.2g} of themselves; the energy dependence "
            "of this scattering problem is too sharp"
        )
