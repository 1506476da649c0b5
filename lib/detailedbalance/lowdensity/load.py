"""A weight that the loop current might lift, put on by hand or together with the collisions.

Passing one edge of the system raises a weight, passing it backwards lowers it.  Two ways to say
so: factors on the rates of that edge, which break the sum rule and make a perpetuum mobile; and
the scattering of a gas particle by system and weight together, which keeps it and lifts nothing.
Units: ħ = k_B = 1.  Index order is final ← initial.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..counting import CountedRates, count_edge, counted_edge
from ..resonances import Resonance, resonances
from ..scattering import ContactScattering, channel_momenta
from .flux import (
    RESONANCE_TOLERANCE,
    SUM_RULE_TOLERANCE,
    _higher_level,
    _intervals,
    _rate_prefactor,
    _squares,
    _thermal_average,
    _unresolved,
    _warn_unless_secular,
    gibbs_state,
)

Array = NDArray[np.float64]

REACHES = (2, 3, 4, 6, 8, 12, 16)
REACH_TOLERANCE = 1e-12
"""Reaches are tried until no rate changes by more, and the sum rule holds to this, relatively."""

SMALLEST_GAP = 1e-10
"""Thresholds closer than this fraction of all need no panels between them."""

LARGEST_EXPONENT = 600.0
"""Largest β|w|, in all steps together, whose exponential is formed."""


def naive_load(
    rates: ArrayLike, weight: float, beta: float, edge: tuple[int, int] = (1, 0)
) -> CountedRates:
    """Return rates with a weight hung on one edge by factors e^{∓βw/2}, as is often done.

    a_kl → a_kl e^{-βw/2} for (k, l) = `edge`, which lifts the weight, and a_lk → a_lk e^{βw/2},
    which lowers it; all else stays.

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    weight : float
        w, the energy that the jump l → k stores in the weight; the reverse gives it back.
    beta : float
        Inverse temperature.
    edge : tuple of two int
        (k, l).

    Returns
    -------
    CountedRates
        With steps (0, 1, -1), the change of the weight's height.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, β is not positive, or there is no such edge.
    OverflowError
        If e^{βw/2} is too large.

    Notes
    -----
    Local detailed balance, which this keeps between the two ways through the edge, is enough
    where the unloaded rates balance.  Where they do not, the sum rule W(βw) p = 0 of
    `consistent_load` fails, and a single loop with affinity A lifts any weight w < A/β for ever.

    Examples
    --------
    >>> from detailedbalance import figure_1, transition_rates
    >>> loaded = naive_load(transition_rates(figure_1(), 2.0), weight=0.2, beta=2.0)
    >>> loaded.cumulants()[0] > 0  # a gas of one temperature lifts it: perpetual motion
    True
    """
    weight, beta = checks.scalar(weight, "weight"), checks.positive_scalar(beta, "beta")
    loaded = checks.rate_matrix(rates)
    if loaded.ndim != 2:
        raise ValueError(f"`rates` must have shape (n, n), got {loaded.shape}")
    k, l = counted_edge(edge, len(loaded))
    if abs(beta * weight) > LARGEST_EXPONENT:
        raise OverflowError(
            f"e^(β|w|/2) is too large at βw = {beta * weight:.4g}; take a smaller weight or a "
            "smaller β"
        )
    loaded[k, l] *= np.exp(-beta * weight / 2)
    loaded[l, k] *= np.exp(beta * weight / 2)
    return count_edge(loaded, (k, l))


def consistent_load(
    contact: ContactScattering,
    beta: float,
    weight: float,
    edge: tuple[int, int] = (1, 0),
    density: float = 1.0,
    normalization: str = "physical",
    reach: int | None = None,
) -> CountedRates:
    """Return the rates of a system that lifts a weight whenever a collision passes one edge.

    The system with its weight has the states |k, n⟩ of energy E_k + wn, and a collision couples
    them by v_kl |k⟩⟨l| U^d: U raises n by one, d = 1 on `edge`, -1 on its reverse, 0 elsewhere.
    With the flux of this tower of levels, a_kl^(d) = ν √(β/2πm) e^{βE_l} F_{(k,d),(l,0)}.

    Parameters
    ----------
    contact : ContactScattering
        The system without the weight and its interaction with a gas particle.
    beta : float
        Inverse temperature.
    weight : float
        w, the energy of one step up; negative to lift on the way back.  Zero is allowed: a weight
        without energy whose height still tells which way a collision went.
    edge : tuple of two int
        (k, l), passed from l to k.
    density, normalization
        As in `transition_rates`.
    reach : int, optional
        How far the weight moves in a collision at most, R: the tower has 2R + 1 floors and
        scattering starts from the middle one.  By default as far as it takes for the rates to
        converge to 1e-12 of each level's traffic.

    Returns
    -------
    CountedRates
        With steps -R … R, the change of the weight's height.  With k = l as well: a collision may
        move the weight and leave the system in its level.

    Raises
    ------
    ValueError
        If an argument is out of range.
    DegenerateLevelsError
        If two levels of the contact nearly coincide.
    ConvergenceError
        If a reach of 16 does not suffice, or a resonance cannot be resolved.

    Warns
    -----
    SecularWarning
        If the smallest level splitting is under ten times the largest decay rate.

    Notes
    -----
    The weight's height is on record: no coherence between different heights is kept, so levels of
    the tower may coincide.  Its scattering matrix is unitary and the same on every floor, so the
    flux into a level equals that out of it:

        Σ_l,d a_kl^(d) e^{-β(E_l - wd)} = e^{-βE_k} Σ_l,d a_lk^(d),

    which is W(βw) p = 0 for the tilted generator and the Gibbs state p.  Hence ⟨e^{βwΔn}⟩ = 1 at
    all times from a start in p, so w⟨Δn⟩ ≤ 0, and the same in the long run from any start: no
    weight is lifted, whatever the number of levels and whether or not they balance unloaded.  To
    second order in w it says ⟨Δn⟩ = -βw⟨Δn²⟩/2, so a light weight stays where it is on average.
    (At w ≠ 0 the falling weight drives the system, and p itself is not stationary.)

    Gauge transformations that change from floor to floor remove the phase of v on the edge.  Where
    all loops pass the edge, as with three levels, nothing is left of a flux, and each process
    balances its reverse, a_kl^(d) p_l e^{βwd} = a_lk^(-d) p_k: a record of the turns ends the
    current.  With more levels, loops that avoid the edge keep their currents, also at w = 0.

    Examples
    --------
    >>> from detailedbalance import figure_1, gibbs_state
    >>> loaded = consistent_load(figure_1(), beta=2.0, weight=0.2)
    >>> p = gibbs_state(figure_1().energies, 2.0)
    >>> bool(abs(loaded.tilted_generator(2.0 * 0.2) @ p).max() < 1e-15)
    True
    >>> loaded.cumulants()[0] < 0  # the weight sinks
    True
    """
    checks.instance(contact, "contact", ContactScattering)
    beta, weight = checks.positive_scalar(beta, "beta"), checks.scalar(weight, "weight")
    edge = counted_edge(edge, contact.energies.size)
    checks.nondegenerate(contact.energies)
    prefactor = _rate_prefactor(contact, np.array(beta), density, normalization)
    if reach is None:
        loaded = _converged(contact, beta, weight, edge)
    else:
        reach = checks.whole_number(reach, "reach", 1)
        loaded = _collisions(contact, beta, weight, edge, reach)
    loaded = CountedRates(prefactor * loaded.rates, loaded.steps)
    _warn_unless_secular(contact.energies, loaded.total_rates)
    return loaded


def load_defect(loaded: CountedRates, energies: ArrayLike, beta: float, weight: float) -> float:
    """Return by how much a load breaks the sum rule: max_k |(W(βw) p)_k| / (p_k Σ_s,l a_lk^(s)).

    Parameters
    ----------
    loaded : CountedRates
        The rates with the load.
    energies : array_like (n,)
        Level energies E_k.
    beta, weight : float
        Inverse temperature, and the energy w that one step of the counter stores.

    Returns
    -------
    float
        Zero but for rounding if ⟨e^{βwΔn}⟩ = 1 from a start in the Gibbs state p.

    Raises
    ------
    ValueError
        If `energies` do not fit the rates, or β is not positive.
    OverflowError
        If e^{βw step} is too large.

    Examples
    --------
    >>> from detailedbalance import figure_1, transition_rates
    >>> contact = figure_1()
    >>> naive = naive_load(transition_rates(contact, 2.0), weight=0.2, beta=2.0)
    >>> round(load_defect(naive, contact.energies, beta=2.0, weight=0.2), 3)
    0.022
    """
    checks.instance(loaded, "loaded", CountedRates)
    beta, weight = checks.positive_scalar(beta, "beta"), checks.scalar(weight, "weight")
    p = gibbs_state(checks.vector(energies, "energies", loaded.rates.shape[-1]), beta)
    traffic = loaded.rates.sum(axis=(0, 1)) * p
    missed = np.abs(loaded.tilted_generator(beta * weight) @ p)
    return float(np.divide(missed, traffic, out=np.zeros_like(p), where=traffic > 0).max())


def _converged(
    contact: ContactScattering, beta: float, weight: float, edge: tuple[int, int]
) -> CountedRates:
    """Return the rates of the smallest tower that tells all that happens on its middle floor."""
    shorter = _collisions(contact, beta, weight, edge, REACHES[0] - 1)
    for reach in REACHES:
        if beta * abs(weight) * reach > LARGEST_EXPONENT:
            raise OverflowError(
                f"the weight is too heavy: e^(βw) overflows in {reach} steps at βw = "
                f"{beta * weight:.4g}; take a smaller weight, or pass `reach`"
            )
        longer = _collisions(contact, beta, weight, edge, reach)
        growth = longer.rates.copy()
        growth[np.isin(longer.steps, shorter.steps)] -= shorter.rates
        exits = longer.rates.sum(axis=(0, 1))
        growth = np.abs(np.divide(growth, exits, out=np.zeros_like(growth), where=exits > 0)).max()
        defect = load_defect(longer, contact.energies, beta, weight)
        if max(growth, defect) < REACH_TOLERANCE:
            return longer
        shorter = longer
    raise checks.ConvergenceError(
        f"a reach of {reach} steps of the weight is not enough: rates still change by {growth:.2g} "
        f"and the sum rule fails by {defect:.2g}, relatively; strong couplings throw the weight "
        "far: weaken them, or pass `reach`"
    )


def _collisions(
    contact: ContactScattering, beta: float, weight: float, edge: tuple[int, int], reach: int
) -> CountedRates:
    """Return e^{βE_l} F_{(k,d),(l,0)} for |d| ≤ reach; levels of the tower may coincide."""
    n = contact.energies.size
    tower = _tower(contact, weight, edge, reach)
    middle = slice(reach * n, reach * n + n)
    # Below the middle floor nothing arrives that could be scattered from it.
    found = [r for r in resonances(tower) if r.energy > contact.energies.min()]
    flux = _flux_from(middle, tower, beta, found)
    missed = np.abs(flux.sum(axis=0) * beta - 1).max()
    if not missed < SUM_RULE_TOLERANCE:
        raise checks.ConvergenceError(
            f"collisions of the loaded system miss {missed:.2g} of the particles; couplings or "
            "temperatures span more powers of ten than double precision holds"
        )
    loaded = CountedRates(flux.reshape(-1, n, n), np.arange(-reach, reach + 1))
    _require_resolved(contact.energies, beta, loaded, found, middle)
    return loaded


def _tower(
    contact: ContactScattering, weight: float, edge: tuple[int, int], reach: int
) -> ContactScattering:
    """Return the levels E_k + wn, floor by floor from n = -reach to reach, and their coupling."""
    floors = np.arange(-reach, reach + 1)
    energies = np.add.outer(weight * floors, contact.energies).ravel()
    lift = np.zeros(contact.coupling_matrix.shape)
    lift[edge], lift[edge[::-1]] = 1, -1
    coupling = sum(
        np.kron(np.eye(floors.size, k=-step), np.where(lift == step, contact.coupling_matrix, 0))
        for step in (-1, 0, 1)
    )
    return ContactScattering(energies, coupling, contact.mass)


def _flux_from(
    middle: slice, tower: ContactScattering, beta: float, found: list[Resonance]
) -> Array:
    """Return e^{βE_l} F_kl from the levels l of the middle floor to all k, (levels, n)."""
    source = np.eye(tower.energies.size)[:, middle]

    def probabilities(excess: Array) -> Array:
        momenta = channel_momenta(excess, tower.mass)
        roots = np.where(excess > 0, np.sqrt(np.abs(momenta)), 0.0)
        waves = np.linalg.solve(tower.momentum_form(momenta), source)
        scattered = 2 * roots[..., :, None] * waves * roots[..., None, middle]
        return _squares(scattered - source * (excess > 0)[..., None, middle])

    temperature, higher = np.array(beta), _higher_level(tower.energies)[:, middle]
    flux = np.zeros(higher.shape)
    neighbours = _neighbours(tower.energies)
    for interval in _intervals(tower, temperature, found):
        interval = interval.refined(neighbours)
        reached = interval.floor >= higher
        if reached.any():
            depth = np.where(reached, interval.floor - tower.energies[middle], np.inf)
            flux += np.exp(-beta * depth) * _thermal_average(interval, temperature, probabilities)
    return flux


def _neighbours(energies: Array) -> Array:
    """Return thresholds with the distance of the nearest other one, features for quadrature.

    Beyond a threshold's own square root, which quadrature removes, lies that of its neighbour.
    Closer ones act as one.
    """
    thresholds = np.unique(energies)
    distances = np.abs(np.subtract.outer(thresholds, thresholds))
    distances[distances <= SMALLEST_GAP * distances.max()] = np.inf
    return np.stack([thresholds, 0 * thresholds, distances.min(axis=1)], axis=-1)


def _require_resolved(
    energies: Array, beta: float, loaded: CountedRates, found: list[Resonance], middle: slice
) -> None:
    """Refuse rates that rest on a resonance narrower than the rounding of its energy.

    As in `thermal_flux`, but relative to all exits of a level: single entries, of far lifts, may
    be next to nothing.
    """
    exits = loaded.rates.sum(axis=(0, 1))
    for resonance in found:
        formation = resonance.formation[middle]
        depth = np.where(formation > 0, resonance.energy - energies, 0.0)
        error = 2 * np.pi * resonance.rounding * formation * np.exp(-beta * depth)
        if np.any(error > RESONANCE_TOLERANCE * exits):
            raise _unresolved(resonance, "rates rest")
