"""Quantum jumps: a secular generator as pure states that jump, all trajectories in lock-step.

Between jumps |ψ⟩ follows e^{-(iH + ½ΣL†L)t}.  For a secular generator with non-degenerate levels
ΣL†L = diag(Γ) is diagonal, so ‖ψ(t)‖² = Σ_l |ψ_l|² e^{-Γ_l t}: the waiting time is a mixture of
exponentials.  A level l is drawn with probability |ψ_l|², then a time from Exp(Γ_l), and the jump's
Bohr frequency as if the system had been in l.  Waiting times are exact; there is no time step and
no root to find.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .lindblad import SecularGenerator
from .trajectories import Seed

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

BLOCK = 4096
"""Trajectories that advance together and share their stream of random numbers."""


@dataclass(frozen=True, eq=False)
class QuantumTrajectories:
    """Quantum trajectories at given times; made by `unravel`.

    Parameters
    ----------
    times : array (m,)
        When the states were taken.
    states : complex array (trajectories, m, n)
        Normalised state vectors in the basis of the levels.  Global phases mean nothing.
    jump_counts : int array (trajectories, J)
        How often each jump operator acted between time zero and the last of `times`, in the order
        of the generator's `jump_operators`.
    """

    times: Array
    states: ComplexArray
    jump_counts: NDArray[np.int64]

    @cached_property
    def density_matrices(self) -> ComplexArray:
        """The mean of |ψ⟩⟨ψ| over trajectories, (m, n, n), which estimates ρ(t)."""
        by_time = self.states.transpose(1, 2, 0)
        return by_time @ np.swapaxes(by_time.conj(), -1, -2) / len(self.states)

    @cached_property
    def standard_errors(self) -> Array:
        """Standard errors of the entries of `density_matrices`, (m, n, n).

        For coherences those of real and imaginary part, added in quadrature.  Infinite for a single
        trajectory.
        """
        number, m, n = self.states.shape
        errors = np.full((m, n, n), np.inf)
        if number > 1:
            for k, l in np.ndindex(n, n):
                entry = self.states[:, :, k] * self.states[:, :, l].conj()
                errors[:, k, l] = entry.std(axis=0, ddof=1) / np.sqrt(number)
        return errors


def unravel(
    generator: SecularGenerator,
    psi0: ArrayLike,
    times: ArrayLike,
    trajectories: int,
    seed: Seed = 0,
) -> QuantumTrajectories:
    """Return quantum-jump trajectories of a secular generator.

    Parameters
    ----------
    generator : SecularGenerator
        Its `jump_operators` are the jumps; another choice of operators for the same generator
        would give other trajectories with the same mean.
    psi0 : array_like (n,) or (trajectories, n)
        Normalised state at time zero, one for all or one for each.
    times : array_like (m,)
        When to take the states, not negative, ascending.
    trajectories : int
        At least one; thousands make the best use of the machine.
    seed : int, SeedSequence, BitGenerator or Generator
        The same number gives the same trajectories.  A Generator gives others at each call.

    Returns
    -------
    QuantumTrajectories
        Takes 16 bytes for each trajectory, time and level.

    Raises
    ------
    ValueError
        If a shape does not fit, psi0 is not normalised, times are negative or descend, or
        `trajectories` is below one.
    TypeError
        If `generator` is not a `SecularGenerator`, or `trajectories` is not whole.

    Notes
    -----
    Equal in law to QuTiP's `mcsolve` with `generator.to_qutip()`.  A trajectory that once is in a
    level stays in levels: each jump operator takes one level to one level, and the levels follow
    the jump process of the Pauli rates.
    Source: J. Dalibard, Y. Castin, K. Mølmer, Phys. Rev. Lett. 68, 580 (1992); C. W. Gardiner,
    A. S. Parkins, P. Zoller, Phys. Rev. A 46, 4363 (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from detailedbalance import davies_generator
    >>> atom = davies_generator([0.0, 100.0], [[0, 1], [1, 0]], lambda w: 1.0 * (w < 0))
    >>> run = unravel(atom, [0.6, 0.8], [0.0, 1.0], trajectories=1000)
    >>> error = np.abs(run.density_matrices[1] - atom.evolve(np.outer([0.6, 0.8], [0.6, 0.8]), 1.0))
    >>> bool(np.all(error < 4 * run.standard_errors[1]))
    True
    >>> int(run.jump_counts.max())
    1
    """
    checks.instance(generator, "generator", SecularGenerator)
    trajectories = checks.whole_number(trajectories, "trajectories", 1)
    n = generator.energies.size
    times = checks.vector(times, "times")
    steps = np.diff(times, prepend=0.0)
    if times.min() < 0:
        raise ValueError(f"`times` must not be negative, got {times.min():g}")
    if np.any(steps < 0):
        first = int(np.argmax(steps < 0))
        raise ValueError(
            f"`times` must ascend, got {times[first]:g} after {times[first - 1]:g}; sort them"
        )
    psi0 = _checked_state(psi0, n, trajectories)
    jumps = _Jumps(generator)
    states = np.empty((trajectories, times.size, n), dtype=complex)
    counts = np.zeros((trajectories, len(generator.jump_operators)), dtype=np.int64)
    starts = range(0, trajectories, BLOCK)
    streams = np.random.default_rng(seed).spawn(len(starts))
    for start, random in zip(starts, streams, strict=True):
        block = slice(start, start + BLOCK)
        psi = psi0[block].copy()
        for i, step in enumerate(steps):
            jumps.advance(psi, step, counts[block], random)
            states[block, i] = psi
    return QuantumTrajectories(times, states, counts)


class _Jumps:
    """The jump operators by Bohr frequency, in tables that serve all trajectories at once.

    A jump operator of the frequency ω has one amplitude for each pair (k, l) with E_k - E_l = ω;
    there are G frequencies with up to R operators and up to m pairs.
    """

    def __init__(self, generator: SecularGenerator) -> None:
        n = generator.energies.size
        operators, groups = generator.jump_operators, generator.groups
        strength = (np.abs(operators) ** 2).sum(axis=0)
        # Not the generator's: these leave out the operators that are rounding errors.
        self.exit_rates = strength.sum(axis=0)
        self.by_source = strength.T
        self.drift = -1j * generator.hamiltonian.diagonal() - self.exit_rates / 2
        self.group = np.empty((n, n), dtype=np.intp)
        frequencies = np.array([group.frequency for group in groups])
        belongs = np.searchsorted(frequencies, generator.jump_frequencies)
        most = np.bincount(belongs, minlength=len(groups)).max()
        pairs = max(len(group.pairs) for group in groups)
        self.amplitude = np.zeros((len(groups), most, pairs), dtype=complex)
        self.number = np.zeros((len(groups), most), dtype=np.intp)
        self.source = np.zeros((len(groups), pairs), dtype=np.intp)
        # What has no pair goes to a level behind the last, which is cut off.
        self.target = np.full((len(groups), pairs), n)
        for g, group in enumerate(groups):
            k, l = group.pairs.T
            self.group[k, l] = g
            self.target[g, : k.size], self.source[g, : k.size] = k, l
            own = np.flatnonzero(belongs == g)
            self.number[g, : own.size] = own
            self.amplitude[g, : own.size, : k.size] = operators[own[:, None], k, l]

    def advance(self, psi: ComplexArray, step: float, counts: NDArray, random) -> None:
        """Let states (trajectories, n) evolve and jump for a time, in place."""
        active = np.arange(len(psi))
        left = np.full(len(psi), step)
        while active.size:
            state = psi[active]
            level = _draw(np.abs(state) ** 2, random)
            with np.errstate(divide="ignore"):
                wait = random.exponential(size=active.size) / self.exit_rates[level]
            jumps = wait < left
            state *= np.exp(self.drift * np.minimum(wait, left)[:, None])
            if jumps.any():
                state[jumps], which = self._jump(state[jumps], level[jumps], random)
                counts[active[jumps], which] += 1
            psi[active] = state / np.linalg.norm(state, axis=1, keepdims=True)
            active, left = active[jumps], (left - wait)[jumps]

    def _jump(self, state: ComplexArray, level: NDArray, random) -> tuple[ComplexArray, NDArray]:
        """Return states after a jump from what `level` says, and which operators acted."""
        group = self.group[_draw(self.by_source[level], random), level]
        amplitudes = (
            self.amplitude[group] * np.take_along_axis(state, self.source[group], axis=1)[:, None]
        )
        choice = _draw((np.abs(amplitudes) ** 2).sum(axis=-1), random)
        rows = np.arange(len(state))
        after = np.zeros((len(state), state.shape[1] + 1), dtype=complex)
        after[rows[:, None], self.target[group]] = amplitudes[rows, choice]
        return after[:, :-1], self.number[group, choice]


def _draw(weights: Array, random: np.random.Generator) -> NDArray[np.intp]:
    """Draw a column for each row with probabilities in proportion to the weights."""
    total = np.cumsum(weights, axis=1)
    # In (0, 1], so that no weight of zero is drawn.
    level = (1.0 - random.random(len(weights))) * total[:, -1]
    return (total < level[:, None]).sum(axis=1)


def _checked_state(psi0: ArrayLike, n: int, trajectories: int) -> ComplexArray:
    """Return a state for each trajectory."""
    psi = checks.complex_array(psi0, "psi0")
    if psi.shape not in ((n,), (trajectories, n)):
        raise ValueError(
            f"`psi0` must have shape ({n},), or ({trajectories}, {n}) for a state for each "
            f"trajectory, got {psi.shape}"
        )
    norm = np.linalg.norm(psi, axis=-1, keepdims=True)
    worst = norm.flat[np.abs(norm - 1).argmax()]
    if abs(worst - 1) > checks.NORMALIZATION_TOLERANCE:
        raise ValueError(f"`psi0` must be normalised, got the norm {worst:.6g}; divide by it")
    return np.broadcast_to(psi / norm, (trajectories, n))
