"""Where a scattering matrix changes fast: thresholds, and resonances between them.

Quadrature that did not know these would step over narrow ones, and unitarity would not tell.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from .scattering import ContactScattering, channel_momenta

Array = NDArray[np.float64]

UNCOUPLED = 1e-14
"""Bound states that couple less than this to the open channels, relatively, do not decay."""

BROAD = 0.1
"""Bound states that the open channels shift by more of the interval leave no peak."""

AT_THRESHOLD = 1e-60
"""Bound states nearer to their threshold, relative to the interval, belong to it."""

NEWTON_STEPS = 20


@dataclass(frozen=True, eq=False)
class Resonance:
    """A bound state of closed channels that decays into open ones.

    Attributes
    ----------
    threshold : float
        Lowest threshold of the closed channels.
    below : float
        Distance of the resonance below it, exact also where it is tiny.
    width : float
        Γ/2: S has a pole at threshold - below - iΓ/2.
    decay, formation : array (n,)
        Shares of the channels in its decay and its formation; they sum to one.
    """

    threshold: float
    below: float
    width: float
    decay: Array
    formation: Array

    @property
    def energy(self) -> float:
        """Energy of the resonance."""
        return self.threshold - self.below


def resonances(contact: ContactScattering) -> list[Resonance]:
    """Return the resonances below each threshold but the lowest.

    Parameters
    ----------
    contact : ContactScattering
        The scattering problem.

    Returns
    -------
    list of Resonance
        Only attractive couplings have any.  Left out are bound states that couple to no open
        channel, and those that the open channels shift by more than a tenth of the distance
        between the thresholds around them.

    Notes
    -----
    Without the open channels a bound state is a zero eigenvalue of |p_c| + m v_cc on the closed
    channels.  Its eigenvalues fall with energy, so counting negative ones finds all.  Newton's
    method on M(E) x = 0, M = p + imv, then gives the pole.

    Examples
    --------
    >>> contact = ContactScattering([0.0, 1.0], [[0.3, 0.1], [0.1, -1.0]])
    >>> (found,) = resonances(contact)
    >>> round(float(found.energy), 4), round(float(found.width), 4)
    (0.4973, 0.0093)
    """
    found = []
    for low, high in itertools.pairwise(np.unique(contact.energies)):
        closed = contact.energies >= high
        nearest, deepest = (_closed_block(contact, closed, d)[0] for d in (0.0, high - low))
        for rank in np.flatnonzero((nearest < 0) & (deepest > 0)):
            below = brentq(
                lambda d, closed=closed, rank=rank: _closed_block(contact, closed, d)[0][rank],
                *(0.0, high - low),
                xtol=1e-300,
                rtol=1e-15,
            )
            if below < AT_THRESHOLD * (high - low):
                continue
            bound = _closed_block(contact, closed, below)[1][:, rank]
            resonance = _pole(contact, closed, high, below, bound, BROAD * (high - low))
            if resonance is not None:
                found.append(resonance)
    return found


def threshold_widths(contact: ContactScattering) -> Array:
    """Return the kinetic energy over which each channel turns on, shape (n,).

    Channel j turns on over q²/2m with q = 1/|[M⁻¹]_jj|, M = p + imv at E_j: narrow at weak
    coupling, zero if the channel is uncoupled.
    """
    energies, n = contact.energies, contact.energies.size
    matrices = contact.momentum_form(channel_momenta(energies[:, None] - energies, contact.mass))
    others = np.array([np.delete(np.arange(n), j) for j in range(n)], dtype=int)
    minors = matrices[np.arange(n)[:, None, None], others[:, :, None], others[:, None, :]]
    whole, part = (np.linalg.slogdet(m).logabsdet for m in (matrices, minors))
    with np.errstate(invalid="ignore"):  # both vanish where the channel is uncoupled
        log_q = np.where(np.isneginf(whole), -np.inf, whole - part)
    return np.exp(2 * log_q) / (2 * contact.mass)


def _closed_block(contact: ContactScattering, closed: NDArray[np.bool_], below: float):
    """Eigenvalues and eigenvectors of |p_c| + m v_cc, this far below the lowest closed level."""
    levels = contact.energies[closed]
    decay = np.sqrt(2 * contact.mass * ((levels - levels.min()) + below))
    coupling = contact.coupling_matrix[np.ix_(closed, closed)]
    return np.linalg.eigh(np.diag(decay) + contact.mass * coupling)


def _pole(contact, closed, threshold, below, bound, largest_shift) -> Resonance | None:
    """Follow a bound state of the closed channels to the pole that it becomes."""
    v, m = contact.coupling_matrix, contact.mass
    source = v[np.ix_(~closed, closed)] @ bound
    if np.linalg.norm(source) <= UNCOUPLED * np.abs(v).max():
        return None
    momenta = _momenta(contact, closed, threshold, below)
    inside = contact.momentum_form(momenta)[np.ix_(~closed, ~closed)]
    waves = np.linalg.solve(inside, source)
    # First order: i λ'(z - below) + m² source† inside⁻¹ source = 0 with λ' = Σ|bound|² m/|p_c|.
    stiffness = (np.abs(bound) ** 2 * m / np.abs(momenta[closed])).sum()
    shift = 1j * m**2 * np.vdot(source, waves) / stiffness
    if abs(shift) > largest_shift:
        return None
    outgoing = np.zeros(closed.size, dtype=complex)
    outgoing[closed], outgoing[~closed] = bound, -1j * m * waves
    pole = _refined_pole(contact, closed, threshold, below + shift, outgoing)
    if abs(pole - below - shift) > abs(shift):  # Newton went to another pole
        pole = below + shift
    speed = momenta[~closed].real
    decay, formation = np.zeros((2, closed.size))
    decay[~closed] = speed * np.abs(waves) ** 2
    formation[~closed] = speed * np.abs(np.linalg.solve(inside.T, source.conj())) ** 2
    return Resonance(
        threshold, pole.real, abs(pole.imag), decay / decay.sum(), formation / formation.sum()
    )


def _refined_pole(contact, closed, threshold, start: complex, state) -> complex:
    """Newton's method on M(z) x = 0, z the complex distance below the threshold."""
    z, state = start, state / np.linalg.norm(state)
    for _ in range(NEWTON_STEPS):
        momenta = _momenta(contact, closed, threshold, z)
        slope = contact.mass / momenta  # -dM/dz
        try:
            improved = np.linalg.solve(contact.momentum_form(momenta), slope * state)
        except np.linalg.LinAlgError:  # exactly at the pole
            break
        step = 1 / np.vdot(state, improved)
        z, state = z + step, improved / np.linalg.norm(improved)
        if abs(step) <= 1e-15 * abs(z):
            break
    return z


def _momenta(contact: ContactScattering, closed, threshold: float, below: complex):
    """Channel momenta at threshold - below, analytic in `below` on the sheet of the resonance."""
    excess = (threshold - contact.energies) - below
    sign = np.where(closed, -1.0, 1.0)
    return np.where(closed, 1j, 1.0) * np.sqrt(2 * contact.mass * sign * excess + 0j)
