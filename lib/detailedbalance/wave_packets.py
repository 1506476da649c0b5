"""A wave packet that meets an n-level system: the time-dependent Schrödinger equation on a grid.

Units: ħ = 1.  H = p²/2m + Σ_k E_k |k⟩⟨k| + δ(q) Σ_kl v_kl |k⟩⟨l|, as in `scattering`, but nothing
of that theory is used: no S matrix, no incoming and outgoing waves.  The packet is put on a line,
left to itself, and found again when it has passed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from . import checks

Array = NDArray[np.float64]

TAIL = 7.0
"""The packet starts this many times its width before the contact: 1e-12 of it lies beyond."""

SLOWEST, FASTEST = 5.0, 6.0
"""Momenta that are waited for, and that fit in the box, in standard deviations from the mean."""

WAIT, SHORTEST_WAIT = 3.0, 1.5
"""Durations, default and least, in times that the packet's slow parts need to the contact."""

POINTS_PER_RADIAN = 5.0
"""Grid points while the fastest wave turns its phase by one: speeds are right to 2e-5."""

POINTS_PER_BOUND_STATE = 1 / 3
"""Grid points per decay length of the deepest bound state of an attractive coupling."""

PHASE_PER_STEP = 0.5
"""Phase by which the fastest and the slowest parts of the packet come apart in a time step."""

NEAR_CONTACT = 0.5
"""What lies within this many widths of the contact has not left it."""

TOLERANCE = 1e-4
"""Largest probability that may be left at the contact, or lie near an end of the box."""

MAX_UNKNOWNS = 400_000
"""Largest number of grid points times levels."""

NODES = 48
"""Gauss-Legendre nodes between two thresholds for averages over the packet's momenta."""


@dataclass(frozen=True, eq=False)
class PacketResult:
    """Where a wave packet went.

    Attributes
    ----------
    reflected, transmitted : array (n,)
        Probability to find the particle left or right of the contact and the system in level k.
    remaining : float
        Probability within half a width of the contact at the end.  Where a threshold lies among
        the packet's energies a few times as much may still change.
    momenta, weights : array (nodes,)
        Quadrature over the packet's momentum distribution |φ(p)|²: Σ weights × f(momenta) is the
        mean of f.  Weights sum to one; nodes cluster where a channel opens.
    energies : array (nodes,)
        Total energies at these momenta.
    positions : array (points,)
        The grid.
    times : array (snapshots,)
        Times of the snapshots, from the start to the end.
    densities : array (snapshots, n, points)
        |ψ_k(q)|², probability per length.
    """

    reflected: Array
    transmitted: Array
    remaining: float
    momenta: Array
    weights: Array
    energies: Array
    positions: Array
    times: Array
    densities: Array

    @property
    def probabilities(self) -> Array:
        """Probability of each level after the collision, shape (n,)."""
        return self.reflected + self.transmitted

    def average(self, values: ArrayLike) -> Array:
        """Return the mean over the packet's momenta of values given at them.

        Parameters
        ----------
        values : array_like (nodes, ...)
            Values at `momenta` (or `energies`), along the first axis.

        Returns
        -------
        array (...)
        """
        values = checks.real_array(values, "values")
        if values.ndim == 0 or values.shape[0] != self.weights.size:
            raise ValueError(
                f"`values` must have shape ({self.weights.size}, ...), one entry a momentum, got "
                f"{values.shape}"
            )
        return np.tensordot(self.weights, values, axes=1)


def scatter_packet(
    energies: ArrayLike,
    coupling_matrix: ArrayLike,
    level: int,
    momentum: float,
    width: float,
    mass: float = 1.0,
    duration: float | None = None,
    snapshots: int = 2,
) -> PacketResult:
    r"""Send a Gaussian wave packet from the left and return where it went.

    Solves i ∂ψ_k/∂t = (-∂²/2m + E_k) ψ_k + δ(q) Σ_l v_kl ψ_l with
    ψ_l(q) ~ exp[-(q - q₀)²/4w² + ipq] at the start, q₀ = -7w.

    Parameters
    ----------
    energies : array_like (n,)
        Level energies E_k.
    coupling_matrix : array_like (n, n)
        Hermitian matrix v_kl, in units of energy × length.
    level : int
        Level of the system when the particle arrives.
    momentum : float
        Mean momentum p of the packet, to the right.
    width : float
        Standard deviation w of its position; that of its momentum is 1/2w.  At least 3/p, or
        slow parts of the packet would never arrive.
    mass : float
        Mass m of the particle.
    duration : float, optional
        How long to wait.  By default until a free packet's slow parts are gone.
    snapshots : int
        How many densities to keep, evenly spaced in time, at least the first and the last.

    Returns
    -------
    PacketResult

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, or the grid would be too large.
    ConvergenceError
        If the packet has not left the contact at the end, as after it excited a narrow
        resonance, or if it met an end of the box.

    Notes
    -----
    Numerov's form of the second derivative on a line, with v/h on the middle point of step h: the
    error of probabilities is of order (ph)⁴.  Crank-Nicolson steps: unitary, and a function of
    the grid's own H, so their length does not change where the packet ends.

    Examples
    --------
    >>> packet = scatter_packet([0.0], [[1.0]], level=0, momentum=1.0, width=8.0)
    >>> p = packet.momenta
    >>> exact = packet.average(p**2 / (p**2 + 1))  # transmission of a δ potential
    >>> bool(abs(packet.transmitted[0] - exact) < 1e-4)
    True
    """
    energies = checks.vector(energies, "energies")
    coupling = checks.hermitian_matrix(coupling_matrix, "coupling_matrix", energies.size)
    level = checks.whole_number(level, "level", 0, energies.size - 1)
    mass, width = checks.positive_scalar(mass, "mass"), checks.positive_scalar(width, "width")
    momentum = checks.positive_scalar(momentum, "momentum")
    snapshots = checks.whole_number(snapshots, "snapshots", 2, 1000)
    momenta = momentum + np.array([-SLOWEST, 0, FASTEST]) / (2 * width)
    duration = _checked_duration(duration, momenta[0], width, mass, momentum)
    total = energies[level] + momenta**2 / (2 * mass)
    grid = _make_grid(energies, coupling, mass, total, width, duration)
    psi = np.zeros((energies.size, grid.positions.size), dtype=complex)
    psi[level] = grid.packet(-TAIL * width, width, momentum)
    pauses = snapshots - 1
    steps = int(np.ceil(duration * np.ptp(total) / PHASE_PER_STEP / pauses))
    step = grid.stepper(energies - total[1], coupling, mass, duration / (pauses * steps))
    densities = [np.abs(psi) ** 2]
    for _ in range(pauses):
        for _ in range(steps):
            psi = step(psi)
        densities.append(np.abs(psi) ** 2)
    nodes, weights = _momentum_quadrature(energies, level, momentum, width, mass)
    return PacketResult(
        *grid.shares(densities[-1], width),
        momenta=nodes,
        weights=weights,
        energies=energies[level] + nodes**2 / (2 * mass),
        positions=grid.positions,
        times=np.linspace(0, duration, snapshots),
        densities=np.array(densities),
    )


def _checked_duration(duration, slow: float, width: float, mass: float, momentum: float) -> float:
    if momentum * width < 3:  # three standard deviations above SLOWEST times the spread 1/2w
        raise ValueError(
            f"`width` must be at least 3/momentum = {3 / momentum:.3g}, got {width:g}: the packet "
            "would hold momenta near zero, which never arrive"
        )
    arrival = TAIL * width * mass / slow
    if duration is None:
        return WAIT * arrival
    duration = checks.positive_scalar(duration, "duration")
    if duration < SHORTEST_WAIT * arrival:
        raise ValueError(
            f"`duration` must be at least {SHORTEST_WAIT * arrival:.4g}, got {duration:g}: the "
            "packet's slow parts would not have met the contact"
        )
    return duration


def _make_grid(
    energies: Array, coupling: NDArray, mass: float, total: Array, width: float, duration: float
) -> "_Grid":
    """Choose the spacing for the fastest wave and the steepest decay, the length for the time."""
    momentum = np.sqrt(2 * mass * np.abs(total[:, None] - energies)).max()
    binding = mass * max(-np.linalg.eigvalsh(coupling)[0], 0.0)
    spacing = 1 / max(POINTS_PER_RADIAN * momentum, POINTS_PER_BOUND_STATE * binding)
    speed = np.sqrt(2 / mass * (total[-1] - energies.min()))
    half = int(np.ceil(max(2 * TAIL * width, speed * duration) / spacing))
    if (2 * half + 1) * energies.size > MAX_UNKNOWNS:
        raise ValueError(
            f"{energies.size} levels need {2 * half + 1} grid points each, more than "
            f"{MAX_UNKNOWNS} together; choose a smaller `width`, a shorter `duration`, a larger "
            "`momentum`, levels that lie closer or a less attractive coupling"
        )
    return _Grid(spacing * np.arange(-half, half + 1), spacing)


@dataclass(frozen=True, eq=False)
class _Grid:
    """A line of points with the contact on the middle one, and walls beyond its ends."""

    positions: Array
    spacing: float

    def packet(self, center: float, width: float, momentum: float) -> NDArray[np.complex128]:
        """Return a normalised Gaussian packet."""
        distance = self.positions - center
        psi = np.exp(-((distance / (2 * width)) ** 2) + 1j * momentum * distance)
        return psi / np.sqrt(self.spacing * (np.abs(psi) ** 2).sum())

    def stepper(self, levels: Array, coupling: NDArray, mass: float, dt: float):
        """Return a Crank-Nicolson step of H = -B⁻¹D/2mh² + E_k + v δ/h, with B = 1 + D/12.

        D is the second difference.  `levels` are counted from the packet's mean energy, so a
        step turns no part of it by much.
        """
        n, points = levels.size, self.positions.size
        second = sparse.diags_array(
            [np.ones(points - 1), np.full(points, -2.0), np.ones(points - 1)], offsets=[-1, 0, 1]
        )
        numerov = sparse.eye_array(points) + second / 12
        middle = sparse.coo_array(([1.0], ([points // 2], [points // 2])), (points, points))
        # B⁻¹ answers a delta with a delta of its own, of strength c v ψ(0), beside the waves;
        # v(1 + cv)⁻¹ in the place of v makes up for it.  -levels are kinetic energies.
        own = mass * self.spacing / (6 - mass * self.spacing**2 * levels)
        on_grid = np.linalg.solve(np.eye(n) + coupling * own, coupling) / self.spacing
        metric = sparse.kron(sparse.eye_array(n), numerov)
        kinetic = sparse.kron(sparse.eye_array(n), second / (-2 * mass * self.spacing**2))
        potential = sparse.kron(sparse.diags_array(levels), numerov)
        potential = potential + sparse.kron(on_grid, numerov @ middle)
        half_step = 0.5j * dt * (kinetic + potential)
        backward = sparse.csr_array(metric - half_step)
        solve = splu(sparse.csc_array(metric + half_step)).solve
        return lambda psi: solve(backward @ psi.ravel()).reshape(psi.shape)

    def shares(self, density: Array, width: float) -> tuple[Array, Array, float]:
        """Return reflected, transmitted and remaining probability, if the packet has left."""
        probability = self.spacing * density
        middle = self.positions.size // 2
        remaining = probability[:, np.abs(self.positions) < NEAR_CONTACT * width].sum()
        if remaining > TOLERANCE:
            raise checks.ConvergenceError(
                f"a probability of {remaining:.2g} is still at the contact when the time is over; "
                "choose a longer `duration`, several times the default if a threshold lies among "
                "the packet's energies"
            )
        at_walls = probability[:, np.abs(self.positions) > self.positions[-1] - width].sum()
        if at_walls > TOLERANCE:
            raise checks.ConvergenceError(
                f"a probability of {at_walls:.2g} has met an end of the box; choose a shorter "
                "`duration`"
            )
        reflected = probability[:, :middle].sum(axis=-1) + probability[:, middle] / 2
        transmitted = probability[:, middle + 1 :].sum(axis=-1) + probability[:, middle] / 2
        return reflected, transmitted, float(remaining)


def _momentum_quadrature(
    energies: Array, level: int, mean: float, width: float, mass: float
) -> tuple[Array, Array]:
    """Nodes and weights over |φ(p)|², a normal distribution, cut at every threshold."""
    spread = 1 / (2 * width)
    low, high = max(mean - 8 * spread, 0.0), mean + 8 * spread
    opening = np.sqrt(2 * mass * np.maximum(energies - energies[level], 0.0))
    inner = opening[(opening > low) & (opening < high)]
    cuts = np.unique(np.concatenate([[low, mean, high], inner]))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    # p = a + (b - a) sin²x: what is a square root at an end of the interval is smooth in x.
    x = np.pi / 4 * (nodes + 1)
    lengths = np.diff(cuts)[:, None]
    momenta = (cuts[:-1, None] + lengths * np.sin(x) ** 2).ravel()
    measure = (lengths * np.sin(2 * x) * weights).ravel()
    density = measure * np.exp(-((momenta - mean) ** 2) / (2 * spread**2))
    return momenta, density / density.sum()
