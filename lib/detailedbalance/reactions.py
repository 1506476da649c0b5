"""Jumps of any reaction network, all trajectories in lock-step.

A reaction r adds the column r of the stoichiometry to the counts x, at the rate a_r(x) that its
propensity gives.  The network stays in x for an exponentially distributed time of mean 1/Σ_r a_r(x)
and then lets reaction r happen with probability a_r/Σ_r a_r: no time step, nothing approximated.
Unlike `trajectories`, which wants all rates of a finite number of states, this needs no list of
states.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .trajectories import JUMPS_AT_ONCE, Seed, Streams, _blocks

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Propensities = Callable[[Array], ArrayLike]

LARGEST_COUNT = 2**53
"""Up to here counts are exact in floating point."""

SHORTEST_WAIT = np.finfo(float).tiny
"""Exponential draws are at least this, so that states which cannot be left last for ever."""

FEW_WALKERS = 128
"""Up to here adding up column by column is faster than row by row."""


@dataclass(frozen=True, eq=False)
class ReactionPaths:
    """Trajectories of a reaction network at given times; made by `simulate_reactions`.

    Parameters
    ----------
    times : array (t,)
        When the counts were taken.
    states : int array (trajectories, t, k)
        The counts of the k species.
    reaction_counts : int array (trajectories, r)
        How often each reaction happened between time zero and the last of `times`.
    """

    times: Array
    states: Counts
    reaction_counts: Counts

    @cached_property
    def mean(self) -> Array:
        """The mean of the counts over trajectories, (t, k)."""
        return self.states.mean(axis=0)

    @cached_property
    def standard_error(self) -> Array:
        """The standard error of `mean`, (t, k); infinite for a single trajectory."""
        number = len(self.states)
        if number == 1:
            return np.full(self.states.shape[1:], np.inf)
        return self.states.std(axis=0, ddof=1) / np.sqrt(number)

    @property
    def final(self) -> Counts:
        """The counts at the last of `times`, (trajectories, k)."""
        return self.states[:, -1]


def simulate_reactions(
    propensities: Propensities,
    stoichiometry: ArrayLike,
    start: ArrayLike,
    times: ArrayLike,
    trajectories: int = 1,
    seed: Seed = 0,
    most_events: int = 1_000_000,
) -> ReactionPaths:
    """Return trajectories of a reaction network at given times.

    Parameters
    ----------
    propensities : callable
        Takes counts, a float array (n, k) of n states, and returns how many of each reaction happen
        in them a unit of time, (n, r).  It is called once for each step of all trajectories.
    stoichiometry : array_like (k, r)
        What each reaction adds to each count: whole numbers.
    start : array_like (k,) or (trajectories, k)
        Counts at time zero, the same for all trajectories or for each: whole numbers.
    times : array_like (t,)
        When to take the counts: increasing, the first not negative.
    trajectories : int
        At least one; thousands make the best use of the machine.
    seed : int, SeedSequence, BitGenerator or Generator
        The same number gives the same trajectories, and so it does with more `times` before the
        last.  A Generator gives others at each call.
    most_events : int
        As many reactions may happen in a trajectory.  Without such a limit a network that explodes,
        one that makes infinitely many reactions in a finite time, would never come to an end.

    Returns
    -------
    ReactionPaths
        Takes 8 bytes for each trajectory, time and species and for each trajectory and reaction;
        nothing else grows with the number of trajectories or reactions that happen.

    Raises
    ------
    ValueError
        If shapes do not fit, counts are negative or not whole, times do not increase, a propensity
        is negative, NaN, infinite or above 1e150, a reaction with a positive propensity makes a
        count negative, or counts come to exceed 2^53.
    TypeError
        If a number is not whole, or propensities are not real numbers.
    ConvergenceError
        If a trajectory does not reach the last of `times` within `most_events`.

    Notes
    -----
    D. T. Gillespie, J. Phys. Chem. 81, 2340 (1977).  Once all propensities of a trajectory are
    zero, its counts stay as they are.

    Examples
    --------
    Things that are made at the rate 5 and decay at the rate 1 each; in the long run their number
    has a Poisson distribution:

    >>> def propensities(x):
    ...     return np.stack([np.full(len(x), 5.0), x[:, 0]], axis=-1)
    >>> run = simulate_reactions(propensities, [[1, -1]], [0], [0.0, 1.0, 20.0], 10_000)
    >>> run.states.shape
    (10000, 3, 1)
    >>> made, decayed = run.reaction_counts.T
    >>> bool(np.all(run.final[:, 0] == made - decayed))
    True
    >>> error = abs(run.mean[:, 0] - 5 * (1 - np.exp(-run.times)))
    >>> bool(np.all(error <= 4 * run.standard_error[:, 0]))
    True
    """
    trajectories = checks.whole_number(trajectories, "trajectories", 1)
    most_events = checks.whole_number(most_events, "most_events", 1)
    changes = _whole_numbers(stoichiometry, "stoichiometry")
    if changes.ndim != 2 or not changes.size:
        raise ValueError(
            "`stoichiometry` must have shape (k, r), a row for each species and a column for each "
            f"reaction, got {changes.shape}"
        )
    times = checks.rising_times(times)
    start = _checked_start(start, len(changes), trajectories)
    states = np.empty((trajectories, times.size, len(changes)), dtype=np.int64)
    counts = np.zeros((trajectories, changes.shape[1]), dtype=np.int64)
    for block, streams in _blocks(trajectories, seed):
        walkers = _Walkers(propensities, changes, start[block], times)
        walkers.run(states[block], counts[block], streams, most_events)
    return ReactionPaths(times, states, counts)


class _Walkers:
    """The trajectories of a block that have not yet reached the last of the times.

    Arrays have the trajectories along their last axis, so that all work is on long rows.
    """

    def __init__(
        self, propensities: Propensities, changes: Array, start: Array, times: Array
    ) -> None:
        self.propensities = propensities
        # One more reaction, which does nothing, for those that wait for the others.
        self.changes = np.pad(changes, ((0, 0), (0, 1)))
        self.growth = self.changes.max()
        self.times = np.append(times, np.inf)
        self._set(np.arange(len(start)), start.T, np.zeros(len(start)), np.zeros(len(start), int))

    def _set(self, who: Counts, state: Array, now: Array, due: Counts) -> None:
        """Go on with these: numbers in the block, counts (k, n), times, next entries of times."""
        self.who, self.now, self.due = who, now, due
        self.state = np.array(state, order="C")
        self.due_time = self.times[due]
        self.columns = self.state.T
        self.columns.flags.writeable = False
        self.cumulated = np.empty((self.changes.shape[1] - 1, who.size))
        self.passed = np.empty(self.cumulated.shape, dtype=bool)

    def run(self, states: Counts, counts: Counts, streams: Streams, most_events: int) -> None:
        """Follow all trajectories to the last time; fill `states`, add to `counts`."""
        branching, waiting = streams
        idle, done = counts.shape[1], 0
        while self.who.size:
            if done == most_events:
                self._complain_of_events(most_events)
            # No more than so far, or few trajectories would draw many numbers in vain.
            steps = max(min(JUMPS_AT_ONCE // self.who.size, done), 1)
            steps = min(steps, most_events - done, self._exact_steps())
            waits = waiting.standard_exponential(size=(steps, self.who.size))
            np.maximum(waits, SHORTEST_WAIT, out=waits)
            places = branching.random(size=(steps, self.who.size))
            happened = np.full(places.shape, idle, dtype=np.min_scalar_type(idle))
            for wait, place, reaction in zip(waits, places, happened, strict=True):
                self._step(wait, place, reaction, states)
                if reaction.min() == idle:
                    break
            done += steps
            codes = self.who * idle + happened
            np.add.at(counts.reshape(-1), codes[happened != idle], 1)
            going = self.now <= self.times[-2]
            self._set(self.who[going], self.state[:, going], self.now[going], self.due[going])

    def _exact_steps(self) -> int:
        """Return in how many steps no count can exceed `LARGEST_COUNT`."""
        if self.growth == 0:
            return JUMPS_AT_ONCE
        steps = int((LARGEST_COUNT - self.state.max()) // self.growth)
        if steps == 0:
            largest = int(self.state.max(axis=0).argmax())
            raise ValueError(
                f"counts must not exceed {LARGEST_COUNT}, up to where they are exact, and the next "
                f"reaction may do so in the state {_written(self.state[:, largest])}"
            )
        return steps

    def _step(self, wait: Array, place: Array, reaction: Counts, states: Counts) -> None:
        """Let each trajectory wait and react once, and say in `reaction` how."""
        self._cumulate()
        total = self.cumulated[-1]
        # What cannot or can hardly be left lasts for ever.
        with np.errstate(divide="ignore", over="ignore"):
            self.now += wait / total
        place *= total
        crossed = (self.now > self.due_time).nonzero()[0]
        if crossed.size:
            self._record(crossed, states)
        np.less_equal(self.cumulated, place, out=self.passed)
        np.add.reduce(self.passed, axis=0, dtype=reaction.dtype, out=reaction)
        reaction[self.now > self.times[-2]] = len(self.cumulated)
        self.state += self.changes.take(reaction, axis=1)
        if self.state.min() < 0:
            self._complain_of_change(reaction)

    def _cumulate(self) -> None:
        """Evaluate the propensities and add them up, reaction by reaction."""
        a, found = self.cumulated, np.asarray(self.propensities(self.columns))
        if found.shape != a.T.shape:
            raise ValueError(
                f"`propensities` must return shape {a.T.shape}, a row for each state and a column "
                f"for each reaction, got {found.shape}; it was given states of shape "
                f"{self.columns.shape}"
            )
        if found.dtype.kind not in "biuf":
            raise TypeError(f"`propensities` must return real numbers, got {found.dtype}")
        a[...] = found.T
        # Not the other way round: comparisons with NaN are false.
        if not (a.min() >= 0 and a.max() <= checks.LARGEST_NUMBER):
            self._complain_of_propensity(found)
        if a.shape[1] <= FEW_WALKERS:
            np.add.accumulate(a, axis=0, out=a)
        else:
            for reaction in range(1, len(a)):
                a[reaction] += a[reaction - 1]

    def _record(self, crossed: Counts, states: Counts) -> None:
        """Enter the counts for the times that these trajectories have passed in their state."""
        first = self.due[crossed]
        last = np.searchsorted(self.times[:-1], self.now[crossed])
        number = last - first
        passed = np.repeat(crossed, number)
        # Entries first, first + 1, … last - 1 of each.
        skipped = np.repeat(first - np.cumsum(number) + number, number)
        entries = self.who[passed] * states.shape[1] + skipped + np.arange(passed.size)
        states.reshape(-1, len(self.state))[entries] = self.state.take(passed, axis=1).T
        self.due[crossed], self.due_time[crossed] = last, self.times[last]

    def _complain_of_propensity(self, found: NDArray) -> None:
        possible = (found >= 0) & (found <= checks.LARGEST_NUMBER)
        state, reaction = np.argwhere(~possible)[0]
        raise ValueError(
            "`propensities` must be finite and not negative, got "
            f"{found[state, reaction]} for reaction {reaction} in the state "
            f"{_written(self.state[:, state])}"
        )

    def _complain_of_change(self, reactions: Counts) -> None:
        first = int(np.argmax((self.state < 0).any(axis=0)))
        before = self.state[:, first] - self.changes[:, reactions[first]]
        raise ValueError(
            f"reaction {reactions[first]} happened in the state {_written(before)} and left "
            f"{_written(self.state[:, first])}; where a count would become negative the "
            "propensity must be zero"
        )

    def _complain_of_events(self, most_events: int) -> None:
        slowest = int(self.now.argmin())
        raise checks.ConvergenceError(
            f"a trajectory made {most_events} reactions and came to time {self.now[slowest]:.6g} "
            f"of {self.times[-2]:.6g}, in the state {_written(self.state[:, slowest])}; if the "
            "network does not explode, raise `most_events` or end earlier"
        )


def _written(state: Array) -> str:
    return f"({', '.join(f'{count:.0f}' for count in state)})"


def _checked_start(start: ArrayLike, species: int, trajectories: int) -> Array:
    """Return counts for each trajectory, (trajectories, k)."""
    start = _whole_numbers(start, "start")
    if start.shape not in ((species,), (trajectories, species)):
        raise ValueError(
            f"`start` must have shape ({species},), or ({trajectories}, {species}) for counts for "
            f"each trajectory, got {start.shape}"
        )
    if start.min() < 0:
        raise ValueError(f"`start` holds counts, which must not be negative, got {start.min():g}")
    return np.broadcast_to(start, (trajectories, species))


def _whole_numbers(value: ArrayLike, name: str) -> Array:
    array = checks.real_array(value, name)
    wrong = (array != np.rint(array)) | (np.abs(array) > LARGEST_COUNT)
    if np.any(wrong):
        raise ValueError(
            f"`{name}` must hold whole numbers up to {LARGEST_COUNT}, got {array[wrong][0]}"
        )
    return array
