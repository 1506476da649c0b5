"""A quantum system in a dilute thermal gas: thermal flux, Pauli rates and currents.

Everything follows from one matrix, the thermal flux
F_kl(β) = ∫ dE e^{-βE} |S_kl(E)|².  Unitarity of S makes its row sums equal its column sums, which
makes the Gibbs state stationary; F is symmetric only if detailed balance holds.
Units: ħ = k_B = 1.  Index order is final ← initial.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..markov import generator
from ..quadrature import Interval, integrate_panels, threshold_intervals
from ..resonances import Resonance, resonances, threshold_widths
from ..scattering import ContactScattering, channel_momenta

Array = NDArray[np.float64]

NORMALIZATIONS = {"physical": 1.0, "generator": 1 / (2 * np.pi), "printed": 1 / (4 * np.pi)}
"""Rates divided by the physical ones: (2π)²νJ, 2πνJ as (7) implies, νπJ as (20) prints."""

NODES_PER_PANEL = 24
ENTRIES_PER_BLOCK = 500_000
"""Flux matrices times their entries that are integrated together; bounds the memory."""

SUM_RULE_TOLERANCE = 1e-10
SMALLEST_COUPLING = 1e-150
RESONANCE_TOLERANCE = 3e-8
"""Allowed bound on the relative error that rounding causes at a resonance; 50 times the error."""


def thermal_flux(contact: ContactScattering, beta: ArrayLike) -> Array:
    """Return the thermal flux F_kl(β) = ∫_{max(E_k, E_l)}^∞ dE e^{-βE} |S_kl(E)|².

    Parameters
    ----------
    contact : ContactScattering
        The system and its interaction with a gas particle.
    beta : array_like (...)
        Inverse temperatures; the scattering problem is solved once for all of them.

    Returns
    -------
    array (..., n, n)
        F[k, l], from level l to level k, in units of energy.  Row k and column k both sum to
        e^{-βE_k}/β.

    Raises
    ------
    ValueError
        If β is not positive or finite.
    DegenerateLevelsError
        If two levels nearly coincide.
    ConvergenceError
        If the integral does not converge.  Relative errors are about 1e-12; where a narrow
        resonance of an attractive coupling carries an entry, a few 1e-9; worse is refused.
    OverflowError
        If e^{-βE} exceeds the range of numbers; shift the zero of energy.

    Notes
    -----
    For k ≠ l [A]'s (S41) is A_β(k, l) = e^{βE_l} F_kl/4π².

    Examples
    --------
    >>> from detailedbalance import figure_1
    >>> flux = thermal_flux(figure_1(), 2.0)
    >>> flux.shape
    (3, 3)
    >>> bool(np.allclose(flux.sum(axis=0), flux.sum(axis=1), rtol=1e-12))
    True
    """
    checks.instance(contact, "contact", ContactScattering)
    beta = checks.inverse_temperature(beta)
    higher = _higher_level(contact.energies)
    exponent = -beta[..., None, None] * higher
    if np.any(exponent > 700):
        raise OverflowError(
            f"e^(-βE) overflows at βE = {-exponent.max():.4g}; shift the zero of energy, for "
            "instance to the lowest level"
        )
    return np.exp(exponent) * _checked_flux(contact, beta)


def transition_rates(
    contact: ContactScattering,
    beta: ArrayLike,
    density: float = 1.0,
    normalization: str = "physical",
) -> Array:
    """Return the Pauli rates a_kl of jumps from level l to level k.

    a_kl = ν √(β/2πm) e^{βE_l} F_kl(β) for k ≠ l, the flux of gas particles times the probability
    |S_kl|²/2 that a collision takes l to k.

    Parameters
    ----------
    contact : ContactScattering
        The system and its interaction with a gas particle.
    beta : array_like (...)
        Inverse temperatures.
    density : float
        Density ν of gas particles, per length.  The rates are proportional to it.
    normalization : {"physical", "generator", "printed"}
        "physical" counts real particles of density ν, (2π)²νJ_kl.  "generator" is what [A] (7)
        implies, 2πνJ_kl; "printed" is [A] (20), πνJ_kl.  J_kl is the double integral in (20).

    Returns
    -------
    array (..., n, n)
        rates[k, l]; the diagonal is zero.

    Raises
    ------
    ValueError
        If β or ν is not positive, or the normalization is unknown.
    DegenerateLevelsError
        If two levels nearly coincide.

    Warns
    -----
    SecularWarning
        If the smallest level splitting is under ten times the largest decay rate.

    Notes
    -----
    Source: [A] (20), (S41).

    Examples
    --------
    >>> from detailedbalance import figure_1
    >>> transition_rates(figure_1(), beta=2.0).round(4)
    array([[0.    , 0.0097, 0.0115],
           [0.0041, 0.    , 0.0085],
           [0.001 , 0.0045, 0.    ]])
    """
    checks.instance(contact, "contact", ContactScattering)
    beta = checks.inverse_temperature(beta)
    prefactor = _rate_prefactor(contact, beta, density, normalization)
    rates = _rates(contact.energies, beta, prefactor, _checked_flux(contact, beta))
    _warn_unless_secular(contact.energies, rates)
    return rates


def detailed_balance_ratio(contact: ContactScattering, beta: ArrayLike) -> Array:
    """Return I(k, l) = F_kl/F_lk = a_kl e^{-βE_l}/(a_lk e^{-βE_k}).

    Detailed balance holds if every entry is one.

    Parameters
    ----------
    contact : ContactScattering
        The system and its interaction with a gas particle.
    beta : array_like (...)
        Inverse temperatures.

    Returns
    -------
    array (..., n, n)
        I[k, l]; ones on the diagonal and where neither jump ever happens.

    Raises
    ------
    ValueError, DegenerateLevelsError, ConvergenceError
        As in `thermal_flux`.

    Notes
    -----
    Source: [A] (21), (22), (S43).

    Examples
    --------
    >>> from detailedbalance import figure_1
    >>> round(float(detailed_balance_ratio(figure_1(), 2.0)[1, 0]), 10)  # I(0, -)
    1.1464549902
    """
    checks.instance(contact, "contact", ContactScattering)
    flux = _checked_flux(contact, checks.inverse_temperature(beta))
    reverse = np.swapaxes(flux, -1, -2)
    return np.divide(flux, reverse, out=np.ones_like(flux), where=(flux > 0) | (reverse > 0))


def loop_current(
    contact: ContactScattering,
    beta: ArrayLike,
    density: float = 1.0,
    normalization: str = "physical",
) -> Array:
    r"""Return the current around the only loop of a three-level system at equilibrium.

    K = a_10 p_0 - a_01 p_1 = a_21 p_1 - a_12 p_2 = a_02 p_2 - a_20 p_0 at the Gibbs state p,
    positive for 0 → 1 → 2 → 0.  For three dots, whose order is (-, 0, +), this is
    K_0- = K_+0 = K_-+.

    Parameters
    ----------
    contact : ContactScattering
        A system of exactly three levels.
    beta : array_like (...)
        Inverse temperatures.
    density, normalization
        As in `transition_rates`.

    Returns
    -------
    array (...)
        Net jumps a unit of time.

    Raises
    ------
    ValueError
        If there are not three levels, or as in `transition_rates`.
    DegenerateLevelsError
        If two levels nearly coincide.

    Warns
    -----
    SecularWarning
        If the smallest level splitting is under ten times the largest decay rate.

    Notes
    -----
    Computed without subtracting nearly equal rates, so that only rounding of v itself matters.
    While all three channels are open,

        |S_kl|² - |S_lk|² = 16 b_k b_l b_n Im(v_lk v_kn v_nl)/|det(1 + ibv)|²,

    n the third level, and zero otherwise.  Corrects [A] (S40), whose last factor should read
    (V1 - V2)(V2 - V3)(V1 - V3); current as in [A] (31).

    Examples
    --------
    >>> from detailedbalance import figure_1
    >>> f"{loop_current(figure_1(), 2.0):.11e}"
    '3.47241680385e-04'
    """
    checks.instance(contact, "contact", ContactScattering)
    if contact.energies.size != 3:
        raise ValueError(
            f"`loop_current` needs three levels, got {contact.energies.size}; for more levels "
            "use `equilibrium_currents`"
        )
    beta = checks.inverse_temperature(beta)
    checks.nondegenerate(contact.energies)
    prefactor = _rate_prefactor(contact, beta, density, normalization)
    # No resonance lies above the highest threshold, so none can spoil the current.
    flux = _reduced_flux(contact, beta, [])
    _warn_unless_secular(contact.energies, _rates(contact.energies, beta, prefactor, flux))
    interval = _intervals(contact, beta, [])[-1]
    strength, asymmetry = _cycle_asymmetry(contact, interval)
    average = _thermal_average(interval, beta, asymmetry)[..., 0, 0]
    highest = gibbs_state(contact.energies, beta)[..., contact.energies.argmax()]
    return strength * prefactor * average * highest


def gibbs_state(energies: ArrayLike, beta: ArrayLike) -> Array:
    """Return the Gibbs probabilities p_k = e^{-βE_k}/Z.

    Parameters
    ----------
    energies : array_like (n,)
        Level energies E_k.
    beta : array_like (...)
        Inverse temperatures.

    Returns
    -------
    array (..., n)

    Examples
    --------
    >>> gibbs_state([0.0, 1.0], 0.5).round(4)
    array([0.6225, 0.3775])
    """
    energies = checks.vector(energies, "energies")
    exponent = -checks.inverse_temperature(beta)[..., None] * (energies - energies.min())
    weights = np.exp(exponent)
    return weights / weights.sum(axis=-1, keepdims=True)


def thermalization_defect(contact: ContactScattering, beta: ArrayLike) -> Array:
    """Return by how much each level's traffic at the Gibbs state fails to cancel.

    Σ_l (F_kl - F_lk) / Σ_{l≠k} (F_kl + F_lk) for every level k: what arrives less what leaves,
    relative to all its traffic.

    Parameters
    ----------
    contact : ContactScattering
        The system and its interaction with a gas particle.
    beta : array_like (...)
        Inverse temperatures.

    Returns
    -------
    array (..., n)
        Between -1 and 1, and rounding for every hermitian coupling; 0 for a level that no jump
        reaches or leaves.

    Raises
    ------
    ValueError, DegenerateLevelsError, ConvergenceError
        As in `thermal_flux`.

    Notes
    -----
    All n of them zero is what [A]'s thermalization conditions (30a,b) say for three levels:
    a_kl p_l is F_kl but for a common factor.  They test little.  Any |S|² whose rows and columns
    have equal sums passes, whatever its entries and wherever the integral was sampled.

    Examples
    --------
    >>> from detailedbalance import figure_1
    >>> bool(abs(thermalization_defect(figure_1(), 2.0)).max() < 1e-13)
    True
    """
    checks.instance(contact, "contact", ContactScattering)
    beta = checks.inverse_temperature(beta)
    flux = _checked_flux(contact, beta)
    flux = flux * ~np.eye(contact.energies.size, dtype=bool)
    # Each row in units of e^{-βE_k}: no temperature lets it vanish or overflow.
    above = _higher_level(contact.energies) - contact.energies[:, None]
    decay = np.exp(-beta[..., None, None] * above)
    arriving, leaving = (
        (decay * matrix).sum(axis=-1) for matrix in (flux, np.swapaxes(flux, -1, -2))
    )
    traffic = arriving + leaving
    return np.divide(arriving - leaving, traffic, out=np.zeros_like(traffic), where=traffic > 0)


@dataclass(frozen=True)
class SymmetryDefects:
    """By how much t violates each of four conditions, any of which would bring detailed balance.

    Thermal averages over the collision energies, relative to that of ‖t‖²; see
    `symmetry_defects`.

    Attributes
    ----------
    hermiticity : array (...)
        ‖t - t†‖².  Between 0 and 4.
    reciprocity : array (...)
        ‖t - tᵀ‖².  Between 0 and 4.
    time_reversal : array (...)
        Σ_kl ||t_kl|² - |t_lk|²|, [A] (23).  Between 0 and 2.
    parity_time_reversal : array (...)
        The same, [A] (24): a contact at one point cannot tell the directions of a particle.
    """

    hermiticity: Array
    reciprocity: Array
    time_reversal: Array

    @property
    def parity_time_reversal(self) -> Array:
        """The same as `time_reversal`, for t has no directions."""
        return self.time_reversal


def symmetry_defects(contact: ContactScattering, beta: ArrayLike) -> SymmetryDefects:
    """Return how far t is from each of the four symmetries that [A] names for detailed balance.

    Each is ∫dE e^{-βE} X(E) / ∫dE e^{-βE} ‖t‖² over the energies above the lowest level, with the
    Frobenius norm over the open channels and

        X = ‖t - t†‖²,    X = ‖t - tᵀ‖²,    X = Σ_kl ||t_kl|² - |t_lk|²|  (twice).

    Parameters
    ----------
    contact : ContactScattering
        The system and its interaction with a gas particle.
    beta : array_like (...)
        Inverse temperatures.

    Returns
    -------
    SymmetryDefects
        Of arrays (...); zeros where nothing scatters.

    Raises
    ------
    ValueError, DegenerateLevelsError, ConvergenceError
        As in `thermal_flux`.

    Notes
    -----
    Source: [A] Sec. III, (23), (24).  What the numbers mean:

    - Each condition suffices for detailed balance; only the last two concern probabilities.
    - Hermiticity holds in Born's approximation: its defect is of order v² ln(1/v), the logarithm
      from the thresholds.  It holds exactly only if t = 0, for t - t† = -2i t† (Re b) t, the
      optical theorem.
    - Reciprocity depends on the phases of the states |k⟩.  If some choice of them makes v real,
      the other two defects vanish whatever this one says.
    - For a contact at one point (23) and (24) are the same condition.

    Examples
    --------
    >>> from detailedbalance import figure_1
    >>> defects = symmetry_defects(figure_1(), beta=2.0)
    >>> round(float(defects.hermiticity), 4), round(float(defects.time_reversal), 4)
    (2.0262, 0.008)
    """
    checks.instance(contact, "contact", ContactScattering)
    beta = checks.inverse_temperature(beta)
    checks.nondegenerate(contact.energies)
    found = resonances(contact)
    size, hermiticity, reciprocity, reversal, mismatch = np.zeros((5, *beta.shape))
    for interval in _intervals(contact, beta, found):
        parts = _thermal_average(interval, beta, _symmetry_integrands(contact))[..., 0, :]
        parts *= np.exp(-beta * (interval.floor - contact.energies.min()))[..., None]
        size += parts[..., 0]
        hermiticity += parts[..., 1]
        reciprocity += parts[..., 2]
        if (contact.energies <= interval.floor).sum() > 2:  # two open channels always balance
            reversal += np.maximum(parts[..., 3] - parts[..., 0], 0.0)
        mismatch += parts[..., 4]
    _require_optical_theorem(size, mismatch)
    _require_resolved_size(contact, beta, size, found)
    return SymmetryDefects(
        *(
            np.divide(part, size, out=np.zeros_like(size), where=size > 0)
            for part in (hermiticity, reciprocity, reversal)
        )
    )


def _checked_flux(
    contact: ContactScattering, beta: Array, found: list[Resonance] | None = None
) -> Array:
    """Reduced flux, or an error where it cannot be trusted; `found` are the resonances if known."""
    checks.nondegenerate(contact.energies)
    found = resonances(contact) if found is None else found
    flux = _reduced_flux(contact, beta, found)
    _require_sum_rule(contact.energies, beta, flux)
    _require_resolved(contact.energies, beta, flux, found)
    return flux


def _reduced_flux(contact: ContactScattering, beta: Array, found: list[Resonance]) -> Array:
    """F_kl e^{β max(E_k, E_l)}, shape (..., n, n): neither overflows nor underflows.

    In blocks of temperatures that fit in memory.
    """
    flat, size = beta.ravel(), contact.energies.size
    blocks = 1 + flat.size * size**2 // ENTRIES_PER_BLOCK
    parts = [_flux_block(contact, part, found) for part in np.array_split(flat, blocks)]
    return np.concatenate(parts).reshape(*beta.shape, size, size)


def _flux_block(contact: ContactScattering, beta: Array, found: list[Resonance]) -> Array:
    def probabilities(excess: Array) -> Array:
        return _squares(contact.s_matrix_from_excess(excess))

    higher = _higher_level(contact.energies)
    total = np.zeros((*beta.shape, *higher.shape))
    for interval in _intervals(contact, beta, found):
        reached = interval.floor >= higher
        depth = np.where(reached, interval.floor - higher, 0.0)
        decay = np.exp(-beta[..., None, None] * depth)
        total += reached * decay * _thermal_average(interval, beta, probabilities)
    return total


def _intervals(contact: ContactScattering, beta: Array, found: list[Resonance]) -> list[Interval]:
    widths = threshold_widths(contact)
    features = [(level, 0.0, width) for level, width in zip(contact.energies, widths, strict=True)]
    features += [(r.threshold, r.below, r.width) for r in found]
    return threshold_intervals(contact.energies, beta, np.array(features))


def _require_sum_rule(energies: Array, beta: Array, flux: Array) -> None:
    """Refuse a flux whose rows do not sum to e^{-βE_k}/β: some energies were missed."""
    above = _higher_level(energies) - energies[:, None]
    sums = (np.exp(-beta[..., None, None] * above) * flux).sum(axis=-1) * beta[..., None]
    worst = np.abs(sums - 1).max()
    if not worst < SUM_RULE_TOLERANCE:
        raise checks.ConvergenceError(
            f"the rows of the thermal flux miss their sums by {worst:.2g} of themselves; couplings "
            "or temperatures span more powers of ten than double precision holds"
        )


def _require_optical_theorem(size: Array, mismatch: Array) -> None:
    """Refuse averages over a t that rounding has spoilt."""
    worst = np.sqrt(np.divide(mismatch, size, out=np.zeros_like(size), where=size > 0).max())
    if not worst < SUM_RULE_TOLERANCE:
        raise checks.ConvergenceError(
            f"the transition matrix misses the optical theorem by {worst:.2g} of itself; couplings "
            "span more powers of ten than double precision holds"
        )


def _require_resolved(energies: Array, beta: Array, flux: Array, found: list[Resonance]) -> None:
    """Refuse entries that rest on a resonance narrower than the rounding of its energy.

    Its area, which is bounded by 2πΓ × formation × decay, changes in proportion to the rounding
    over Γ.
    """
    for resonance in found:
        shares = np.outer(resonance.decay, resonance.formation)
        depth = np.where(shares > 0, resonance.energy - _higher_level(energies), 0.0)
        error = 2 * np.pi * resonance.rounding * shares * np.exp(-beta[..., None, None] * depth)
        if np.any(error > RESONANCE_TOLERANCE * flux):
            raise _unresolved(resonance, "rates rest")


def _require_resolved_size(
    contact: ContactScattering, beta: Array, size: Array, found: list[Resonance]
) -> None:
    """Refuse a thermal average of ‖t‖²/|v|² that rests on such a resonance.

    |t_kl|² is |S_kl|² p_k p_l/4m² (|S_kk - 1|² on the diagonal).
    """
    unit = _coupling_unit(contact)
    for resonance in found:
        momenta = channel_momenta(resonance.energy - contact.energies, contact.mass).real
        speeds = momenta / (2 * contact.mass * unit)
        share = (resonance.decay * speeds).sum() * (resonance.formation * speeds).sum()
        depth = resonance.energy - contact.energies.min()
        error = 2 * np.pi * resonance.rounding * share * np.exp(-beta * depth)
        if np.any(error > RESONANCE_TOLERANCE * size):
            raise _unresolved(resonance, "the averages rest")


def _unresolved(resonance: Resonance, what: str) -> checks.ConvergenceError:
    return checks.ConvergenceError(
        f"the resonance at E = {resonance.energy:.6g} has a width of {resonance.width:.2g}, too "
        f"narrow to resolve in double precision, and {what} on it; couple its level more "
        "strongly, or not at all"
    )


def _thermal_average(interval: Interval, beta: Array, function, size=np.asarray) -> NDArray:
    """Integrate e^{-β(E - floor)} function(E - E_j) over an interval, shape (..., n, n).

    `size` is that of `integrate_panels`.
    """
    temperatures = beta.ravel()

    def panel_sums(x: Array, weights: Array) -> Array:
        above, excess, jacobian = interval.substitute(x)
        boltzmann = np.exp(-above[:, None, :] * temperatures[:, None])
        values = function(excess) * (weights * jacobian)[..., None, None]
        # Row by row of the matrix: products so small that BLAS does not share them among threads,
        # which then would wait for each other.
        sums = boltzmann[:, None] @ values.transpose(0, 2, 1, 3)
        return sums.transpose(0, 2, 1, 3)

    integral = integrate_panels(panel_sums, interval.edges, NODES_PER_PANEL, size)
    return integral.reshape(*beta.shape, *integral.shape[1:])


def _symmetry_integrands(contact: ContactScattering):
    """Five sums over the open channels at given E - E_j, shape (..., 1, 5), in units of |v|².

    ‖t‖², ‖t - t†‖², ‖t - tᵀ‖², ‖t‖² + Σ||t_kl|² - |t_lk|²| (the second term alone is nothing but
    rounding in many a system, and would never converge), and what the optical theorem misses.
    """
    v, m = contact.coupling_matrix, contact.mass
    unit = _coupling_unit(contact)

    def integrands(excess: Array) -> Array:
        momenta = channel_momenta(excess, m)
        # M⁻¹v: with it t = p M⁻¹v, and t - t† = -2im (M⁻¹v)† p M⁻¹v needs no subtraction.
        waves = np.linalg.solve(contact.momentum_form(momenta), v / unit)
        waves *= (excess > 0)[..., None, :]
        t = momenta.real[..., None] * waves  # zero from closed channels, and into them
        transposed = np.swapaxes(t, -1, -2)
        absorbed = -2j * m * unit * (np.swapaxes(waves, -1, -2).conj() @ t)
        squares = _squares(t)
        parts = [
            squares,
            _squares(absorbed),
            _squares(t - transposed),
            squares + np.abs(squares - np.swapaxes(squares, -1, -2)),
            _squares(t - transposed.conj() - absorbed),
        ]
        return np.stack([part.sum(axis=(-2, -1)) for part in parts], axis=-1)[..., None, :]

    return integrands


def _squares(matrix: NDArray[np.complex128]) -> Array:
    return matrix.real**2 + matrix.imag**2


def _coupling_unit(contact: ContactScattering) -> float:
    """Return the largest |v_kl|, or one: t is small with it, and its square might vanish."""
    return np.abs(contact.coupling_matrix).max() or 1.0


def _cycle_asymmetry(contact: ContactScattering, interval: Interval):
    """|S_10|² - |S_01|² above the highest threshold, without subtraction: a number × a function.

    The function is of order one, in logarithms: (mv)³ of a strong coupling would overflow, and
    of a weak one vanish.
    """
    v, m = contact.coupling_matrix, contact.mass
    unit = max(np.abs(v).max(), SMALLEST_COUPLING)
    winding = (v[0, 1] / unit * (v[1, 2] / unit) * (v[2, 0] / unit)).imag

    def log_determinant(excess: Array) -> Array:
        return np.linalg.slogdet(contact.momentum_form(channel_momenta(excess, m))).logabsdet

    typical = log_determinant(interval.excess_at_floor + interval.scale)

    def asymmetry(excess: Array) -> Array:
        size = np.exp(2 * (typical - log_determinant(excess)))
        return (size * channel_momenta(excess, m).real.prod(axis=-1))[..., None, None]

    return 16 * winding * np.exp(3 * np.log(m * unit) - 2 * typical), asymmetry


def _rate_prefactor(
    contact: ContactScattering, beta: Array, density: float, normalization: str
) -> Array:
    checks.choice(normalization, "normalization", tuple(NORMALIZATIONS))
    density = checks.positive_scalar(density, "density")
    return NORMALIZATIONS[normalization] * density * np.sqrt(beta / (2 * np.pi * contact.mass))


def _rates(energies: Array, beta: Array, prefactor: Array, reduced_flux: Array) -> Array:
    exponent = -beta[..., None, None] * (_higher_level(energies) - energies)
    rates = prefactor[..., None, None] * np.exp(exponent) * reduced_flux
    diagonal = np.arange(energies.size)
    rates[..., diagonal, diagonal] = 0.0
    return rates


def _higher_level(energies: Array) -> Array:
    return np.maximum(energies[:, None], energies)


def _warn_unless_secular(energies: Array, rates: Array) -> None:
    """Compare the smallest level splitting with the largest decay rate of all the rates."""
    if energies.size > 1:
        decay = np.abs(np.linalg.eigvals(generator(rates)).real).max(initial=0.0)
        checks.secular(np.diff(np.sort(energies)).min(), decay)
