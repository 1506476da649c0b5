"""Where a scattering matrix changes fast: thresholds, and resonances between them.

Quadrature that did not know these would step over narrow ones, and unitarity would not tell.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from . import checks
from .scattering import ContactScattering, channel_momenta

Array = NDArray[np.float64]

UNCOUPLED = 1e-14
"""Bound states that couple less than this to the open channels, relatively, do not decay."""

BROAD = 0.1
"""Bound states that the open channels broaden by more of the interval leave no sharp peak."""

SEARCH = np.array(
    [0, 1e-9, 1e-6, 1e-3, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999, 1 - 1e-6, 1 - 1e-15]
)
"""Distances below a threshold, relative to the interval, between which eigenvalues change sign."""

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
    rounding : float
        By how much rounding in double precision moves it.
    decay, formation : array (n,)
        Shares of the channels in its decay and its formation; they sum to one.
    """

    threshold: float
    below: float
    width: float
    rounding: float
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
        channel, and those whose width exceeds a tenth of the distance between the thresholds
        around them.

    Raises
    ------
    TypeError
        If `contact` is not a ContactScattering.

    Notes
    -----
    A bound state is a zero eigenvalue of |p_c| + m v_cc on the closed channels, shifted by the
    hermitian part of what the open ones contribute when they are eliminated.  Changes of sign on
    a grid graded towards both thresholds find it; Newton's method on M(E) x = 0, M = p + imv,
    gives the pole.

    Examples
    --------
    >>> contact = ContactScattering([0.0, 1.0], [[0.3, 0.1], [0.1, -1.0]])
    >>> (found,) = resonances(contact)
    >>> round(float(found.energy), 4), round(float(found.width), 4)
    (0.4973, 0.0093)
    """
    checks.instance(contact, "contact", ContactScattering)
    found = []
    if np.linalg.eigvalsh(contact.coupling_matrix)[0] >= 0:  # repulsion binds nothing
        return found
    for low, high in itertools.pairwise(np.unique(contact.energies)):
        closed = contact.energies >= high
        grid = SEARCH * (high - low)
        negative = np.linalg.eigvalsh(_closed_block(contact, closed, grid)) < 0
        for step, rank in zip(*np.nonzero(negative[:-1] != negative[1:]), strict=True):
            below, _ = brentq(
                lambda d, closed=closed, rank=rank: np.linalg.eigvalsh(
                    _closed_block(contact, closed, d)
                )[rank],
                *(grid[step], grid[step + 1]),
                xtol=1e-300,
                rtol=1e-15,
                full_output=True,
                disp=False,  # rounding may end the search early; `rounding` accounts for it
            )
            if below < AT_THRESHOLD * (high - low):
                continue
            resonance = _pole(contact, closed, high, below, rank, BROAD * (high - low))
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


def _closed_block(contact: ContactScattering, closed: NDArray[np.bool_], below: Array):
    """|p_c| + m v_cc with the open channels folded in, (..., c, c), this far below a threshold.

    Of the folded term the hermitian part, which shifts bound states; the rest broadens them.
    """
    v, m = contact.coupling_matrix, contact.mass
    levels = contact.energies[closed]
    below = np.asarray(below)[..., None]
    decay = np.sqrt(2 * m * ((levels - levels.min()) + below))
    momenta = np.sqrt(2 * m * ((levels.min() - contact.energies[~closed]) - below))
    inside = m * v[np.ix_(~closed, ~closed)] - 1j * momenta[..., None] * np.eye((~closed).sum())
    source = m * v[np.ix_(~closed, closed)]
    folded = source.conj().T @ np.linalg.solve(
        inside, np.broadcast_to(source, (*below.shape[:-1], *source.shape))
    )
    adjoint = np.swapaxes(folded, -1, -2).conj()
    block = m * v[np.ix_(closed, closed)] - (folded + adjoint) / 2
    return block + decay[..., None] * np.eye(levels.size)


def _pole(contact, closed, threshold, below, rank, largest_shift) -> Resonance | None:
    """Follow a bound state of the closed channels to the pole that it becomes."""
    v, m = contact.coupling_matrix, contact.mass
    block = _closed_block(contact, closed, below)
    bound = np.linalg.eigh(block)[1][:, rank]
    source = v[np.ix_(~closed, closed)] @ bound
    if np.linalg.norm(source) <= UNCOUPLED * np.abs(v).max():
        return None
    momenta = _momenta(contact, closed, threshold, below)
    inside = contact.momentum_form(momenta)[np.ix_(~closed, ~closed)]
    waves = np.linalg.solve(inside, source)
    # First order: the eigenvalue falls by `stiffness` an energy, and has the imaginary part
    # m² Re source† inside⁻¹ source.
    stiffness = (np.abs(bound) ** 2 * m / np.abs(momenta[closed])).sum()
    shift = 1j * m**2 * np.vdot(source, waves).real / stiffness
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
    size = m * np.abs(v[np.ix_(closed, closed)]).max()
    return Resonance(
        threshold=threshold,
        below=pole.real,
        width=abs(pole.imag),
        rounding=np.finfo(float).eps * max(below, size / stiffness),
        decay=decay / decay.sum(),
        formation=formation / formation.sum(),
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
