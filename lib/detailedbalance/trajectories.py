"""Jump trajectories of any rate matrix, all of them in lock-step.

A trajectory stays in state l for an exponentially distributed time of mean 1/Σ_k a_kl and then
jumps to k with probability a_kl/Σ_k a_kl.  Nothing here knows what the states are: rates may come
from scattering, from an enzyme or from a game.  Paths and cycles read in the order of travel; index
order of matrices and links is final ← initial.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks

Array = NDArray[np.float64]
States = NDArray[np.intp]
Seed = int | np.random.SeedSequence | np.random.BitGenerator | np.random.Generator
Streams = tuple[np.random.Generator, np.random.Generator]

BLOCK = 4096
"""Trajectories that advance together and share their streams of random numbers."""

JUMPS_AT_ONCE = 1 << 15
"""Jumps of a block for which random numbers are drawn together; they fit in the cache."""

FEW = 250
"""With fewer (trajectories times states) an interpreted loop is faster than NumPy's calls."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Jump trajectories: which state was entered when.

    Parameters
    ----------
    states : int array (trajectories, jumps + 1)
        The state at the start and after each jump.
    times : array (trajectories, jumps + 1)
        When it was entered; 0 for the first.  Infinite for jumps that do not happen, because the
        state cannot be left or because the path was cut by `until`; the state is then repeated.
    duration : float
        For how long the paths were followed; infinite if each ends with its last jump.

    Raises
    ------
    ValueError
        If `states` and `times` differ in shape or are not matrices, times do not begin with 0 or
        decrease, or the duration is not positive.
    TypeError
        If states are not integers.

    Examples
    --------
    >>> paths = Paths(np.array([[0, 1, 2]]), np.array([[0.0, 0.5, 2.0]]))
    >>> paths.states_at([0.0, 1.0, 2.0])
    array([[0, 1, 2]])
    >>> paths.until(1.0).times
    array([[0. , 0.5, inf]])
    """

    states: States
    times: Array
    duration: float = np.inf

    def __post_init__(self):
        states, times = np.asarray(self.states), np.asarray(self.times, dtype=float)
        if states.ndim != 2 or states.shape != times.shape or not states.size:
            raise ValueError(
                "`states` and `times` must both have shape (trajectories, jumps + 1), got "
                f"{states.shape} and {times.shape}"
            )
        if states.dtype.kind not in "iu":
            raise TypeError(f"`states` must be integers, got {states.dtype}")
        if np.any(times[:, 0] != 0) or not np.all(times[:, 1:] >= times[:, :-1]):
            raise ValueError(
                "`times` must begin with 0 and never decrease, path by path; write infinity for "
                "jumps that do not happen"
            )
        if not self.duration > 0:
            raise ValueError(f"`duration` must be positive, got {self.duration}")
        object.__setattr__(self, "states", states)
        object.__setattr__(self, "times", times)

    @property
    def stays(self) -> Array:
        """How long each entry of `states` lasted, (trajectories, jumps + 1).

        Zero for the last state of a path that ends with its last jump.
        """
        end = np.full((len(self.times), 1), self.duration)
        if np.isinf(self.duration):
            end = np.where(np.isfinite(self.times), self.times, 0.0).max(axis=1, keepdims=True)
        return np.diff(np.minimum(self.times, end), axis=1, append=end)

    def until(self, duration: float) -> "Paths":
        """Return the same paths cut at one common time; later jumps are forgotten.

        Raises
        ------
        ValueError
            If the time is not positive, or a path is not known for so long.
        """
        duration = checks.positive_scalar(duration, "duration")
        self._require_known(duration, "duration")
        happened = self.times <= duration
        last = happened.sum(axis=1, keepdims=True) - 1
        final = np.take_along_axis(self.states, last, axis=1)
        states = np.where(happened, self.states, final)
        return Paths(states, np.where(happened, self.times, np.inf), duration)

    def states_at(self, times: ArrayLike) -> States:
        """Return the states at given times.

        Parameters
        ----------
        times : array_like (m,)
            In any order.

        Returns
        -------
        int array (trajectories, m)

        Raises
        ------
        ValueError
            If a time is negative, or a path is not known for so long.
        """
        times = checks.vector(times, "times")
        if times.min() < 0:
            raise ValueError(f"`times` must not be negative, got {times.min():g}")
        self._require_known(times.max(), "times")
        paths = zip(self.states, self.times, strict=True)
        return np.array([s[np.searchsorted(t, times, side="right") - 1] for s, t in paths])

    def residence_times(self, n: int) -> Array:
        """Return the time that each path spent in states 0 to n - 1, (trajectories, n).

        Raises
        ------
        ValueError
            If a path visits another state.
        """
        n = checks.whole_number(n, "n", 1)
        self._require_states(n)
        rows = np.arange(len(self.states))[:, None] * n
        codes, stays = (rows + self.states).ravel(), self.stays.ravel()
        return np.bincount(codes, stays, minlength=rows.size * n).reshape(-1, n)

    def _require_known(self, time: float, name: str) -> None:
        known = min(self.duration, self.times[:, -1].min())
        if time > known:
            raise ValueError(
                f"`{name}` must not exceed {known:.6g}, up to when all paths are known, got "
                f"{time:.6g}; sample more jumps"
            )

    def _require_states(self, n: int) -> None:
        if self.states.min() < 0 or self.states.max() >= n:
            raise ValueError(
                f"`paths` must visit states 0 to {n - 1} only, but visit "
                f"{self.states.min()} to {self.states.max()}"
            )


@dataclass(frozen=True, eq=False)
class JumpCounts:
    """How often each jump happened, trajectory by trajectory; made by `count_jumps`.

    Parameters
    ----------
    n : int
        Number of states.
    links : int array (m, 2)
        The jumps that have a rate, as pairs (final, initial).
    numbers : int array (trajectories, m)
        How often each trajectory made them.
    duration : float
        For how long each trajectory was watched.
    start_states, final_states : int array (trajectories,)
        Where the trajectories began, and where they were when the watch ended.
    """

    n: int
    links: States
    numbers: NDArray[np.int64]
    duration: float
    start_states: States
    final_states: States

    @property
    def counts(self) -> NDArray[np.int64]:
        """The same numbers by final and initial state, (trajectories, n, n)."""
        result = np.zeros((len(self.numbers), self.n, self.n), dtype=np.int64)
        result[:, self.links[:, 0], self.links[:, 1]] = self.numbers
        return result

    @property
    def total(self) -> int:
        """The number of all jumps."""
        return int(self.numbers.sum())

    @property
    def flows(self) -> tuple[Array, Array]:
        """Jumps from l to k a unit of time, (n, n), and their standard errors, (n, n).

        In the long run a_kl p_l with the stationary p.  Errors come from the spread over
        trajectories, and are infinite for a single one.
        """
        mean, error = np.zeros((2, self.n, self.n))
        final, initial = self.links.T
        mean[final, initial], error[final, initial] = self._mean_and_error(self.numbers)
        return mean, error

    @property
    def currents(self) -> tuple[Array, Array]:
        """Net jumps from l to k a unit of time, (n, n), and their standard errors, (n, n).

        In the long run a_kl p_l - a_lk p_k with the stationary p.  Errors come from the spread
        over trajectories, and are infinite for a single one.
        """
        mean, error = np.zeros((2, self.n, self.n))
        final, initial = self.links.T
        # The column of each link's reverse; the last, of zeros, if that has no rate.
        column = np.full((self.n, self.n), len(self.links))
        column[final, initial] = np.arange(len(self.links))
        padded = np.pad(self.numbers, ((0, 0), (0, 1)))
        net, spread = self._mean_and_error(self.numbers - padded[:, column[initial, final]])
        mean[final, initial], mean[initial, final] = net, -net
        error[final, initial] = error[initial, final] = spread
        return mean, error

    def _mean_and_error(self, numbers: NDArray[np.int64]) -> tuple[Array, Array]:
        mean = numbers.mean(axis=0) / self.duration
        if len(numbers) == 1:
            return mean, np.full_like(mean, np.inf)
        return mean, numbers.std(axis=0, ddof=1) / (self.duration * np.sqrt(len(numbers)))


def sample_paths(
    rates: ArrayLike,
    start: ArrayLike,
    jumps: int,
    trajectories: int = 1,
    seed: Seed = 0,
) -> Paths:
    """Return trajectories with a given number of jumps.

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    start : int, int array (trajectories,) or float array (n,)
        One state for all trajectories, one for each, or the probabilities to draw it from.
    jumps, trajectories : int
        At least one.
    seed : int, SeedSequence, BitGenerator or Generator
        The same number gives the same trajectories; with more `jumps` they only get longer.
        A Generator gives others at each call.

    Returns
    -------
    Paths
        Once a state is reached that cannot be left, it is repeated at infinite times.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, a state does not exist, probabilities do not
        sum to one, or a number is below one.
    TypeError
        If a number is not whole.

    Notes
    -----
    D. T. Gillespie, J. Phys. Chem. 81, 2340 (1977).

    Examples
    --------
    >>> paths = sample_paths([[0, 0, 3], [3, 0, 0], [0, 3, 0]], start=0, jumps=4)
    >>> paths.states
    array([[0, 1, 2, 0, 1]])
    >>> bool(np.all(np.diff(paths.times) > 0))
    True
    """
    chain = _compile(rates)
    jumps = checks.whole_number(jumps, "jumps", 1)
    trajectories = checks.whole_number(trajectories, "trajectories", 1)
    start = _checked_start(start, chain.n, trajectories)
    states = np.empty((trajectories, jumps + 1), dtype=np.intp)
    times = np.empty((trajectories, jumps + 1))
    for block, streams in _blocks(trajectories, seed):
        size = block.stop - block.start
        states[block, 0], times[block, 0] = _first_states(start, block, streams), 0.0
        most = max(JUMPS_AT_ONCE // size, 1)
        for done in range(0, jumps, most):
            steps = min(most, jumps - done)
            visited, entered = chain.walk(states[block, done], times[block, done], steps, streams)
            states[block, done + 1 : done + steps + 1] = visited[1:].T
            times[block, done + 1 : done + steps + 1] = entered[1:].T
    return Paths(states, times)


def count_jumps(
    rates: ArrayLike,
    start: ArrayLike,
    duration: float,
    trajectories: int,
    seed: Seed = 0,
) -> JumpCounts:
    """Return how often each jump happens in a given time.

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    start : int, int array (trajectories,) or float array (n,)
        One state for all trajectories, one for each, or the probabilities to draw it from.
    duration : float
        Each trajectory is watched for exactly this time: the stay during which it ends is cut,
        and the jump that would end that stay is not counted.
    trajectories : int
        At least one; thousands make the best use of the machine.
    seed : int, SeedSequence, BitGenerator or Generator
        The same number gives the same counts.  A Generator gives others at each call.

    Returns
    -------
    JumpCounts
        Takes 8 bytes for each trajectory and each pair of states with a rate; nothing else grows
        with the number of jumps or trajectories.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, a state does not exist, probabilities do not
        sum to one, the duration is not positive, or `trajectories` is below one.
    TypeError
        If `trajectories` is not whole.

    Notes
    -----
    D. T. Gillespie, J. Phys. Chem. 81, 2340 (1977).

    Examples
    --------
    A ring with three jumps forward for one back, 3 - 1 = 2 net jumps a unit of time and a third
    of them through each door:

    >>> ring = [[0, 1, 3], [3, 0, 1], [1, 3, 0]]
    >>> counts = count_jumps(ring, [1 / 3, 1 / 3, 1 / 3], duration=10.0, trajectories=10_000)
    >>> current, error = counts.currents
    >>> bool(abs(current[1, 0] - 2 / 3) < 3 * error[1, 0])
    True
    """
    chain = _compile(rates)
    duration = checks.positive_scalar(duration, "duration")
    trajectories = checks.whole_number(trajectories, "trajectories", 1)
    start = _checked_start(start, chain.n, trajectories)
    numbers = np.zeros((trajectories, len(chain.links)), dtype=np.int64)
    starts = np.empty(trajectories, dtype=np.intp)
    finals = np.empty(trajectories, dtype=np.intp)
    for block, streams in _blocks(trajectories, seed):
        starts[block] = _first_states(start, block, streams)
        finals[block] = _count_block(chain, starts[block], duration, numbers[block], streams)
    return JumpCounts(chain.n, chain.links, numbers, duration, starts, finals)


def count_cycles(paths: Paths) -> dict[tuple[int, ...], int]:
    """Return how often each cycle was completed.

    The visited states are kept on a stack.  A jump back to a state of the stack completes the
    cycle of that state and those above it, and takes the latter off the stack (loop erasure).
    So each jump belongs to one completed cycle or to the way left on the stack at the end.

    Parameters
    ----------
    paths : Paths

    Returns
    -------
    dict
        Number of completions for each cycle.  The cycle s₀ → s₁ → … → s₀ is the tuple
        (s₀, s₁, …) with the smallest state first, so (0, 1, 2) and (0, 2, 1) are the two ways
        around, and (0, 1) is a jump and its reverse.

    Raises
    ------
    TypeError
        If `paths` is not a `Paths`.
    ValueError
        If a state is negative.

    Notes
    -----
    In the long run, a cycle and its reverse are completed in the ratio of the products of their
    rates, e^A with the cycle's affinity A, in any network.  T. L. Hill, *Free Energy Transduction
    in Biology* (Academic Press, 1977).

    Examples
    --------
    >>> paths = Paths(np.array([[0, 1, 2, 1, 0, 2, 1, 0]]), np.arange(8.0)[None, :])
    >>> count_cycles(paths)
    {(1, 2): 1, (0, 1): 1, (0, 2, 1): 1}
    """
    checks.instance(paths, "paths", Paths)
    size = int(paths.states.max()) + 1
    paths._require_states(size)
    completed: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for states, times in zip(paths.states, paths.times, strict=True):
        happened = int(np.searchsorted(times, np.inf))
        _erase_loops(states[:happened].tolist(), size, completed)
    cycles: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for cycle, number in completed.items():
        first = cycle.index(min(cycle))
        cycles[cycle[first:] + cycle[:first]] += number
    return dict(cycles)


def log_path_ratio(
    paths: Paths,
    rates: ArrayLike,
    reverse_rates: ArrayLike | None = None,
    start: ArrayLike | None = None,
    reverse_start: ArrayLike | None = None,
) -> Array:
    """Return R = ln(P[path]/P*[reversed path]), the log-odds for the film running forwards.

    R = Σ_jumps ln(a_kl/a*_lk) - Σ_stays τ Σ_k (a_kl - a*_kl) + ln p(first) - ln p*(last): jumps
    l → k and stays of length τ in l; the reversed path makes the same stays in opposite order.

    Parameters
    ----------
    paths : Paths
        Drawn with `rates`.
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    reverse_rates : array_like (n, n), optional
        a*, the rates of the process that the reversed path is judged by; by default `rates`.
    start, reverse_start : array_like (n,), optional
        Probabilities p of the path's first state, and p* of the reversed path's first state, the
        last of the path.  Without both the ends do not count; p* is p by default.

    Returns
    -------
    array (trajectories,)
        In units of k_B; +inf where the reversed path is impossible.

    Raises
    ------
    ValueError
        If shapes do not fit, a rate is negative, probabilities do not sum to one,
        `reverse_start` comes without `start`, or a path is impossible with `rates` or `start`.
    TypeError
        If `paths` is not a `Paths`.

    Notes
    -----
    For paths of one duration (`Paths.until`) drawn with `start`, ⟨e^{-R}⟩ = 1 if each reversed
    path is possible, and ⟨R⟩ per time tends to Schnakenberg's sum.  Paths that end with their
    last jump are judged without a stay after it, and for them ⟨e^{-R}⟩ = 1 holds if p* is the
    stationary state of a*, as it is by default for a stationary `start`, or if a* leaves all
    states equally fast; else it need not.  U. Seifert, Phys. Rev. Lett. 95, 040602 (2005).

    Examples
    --------
    >>> ring = [[0, 1, 3], [3, 0, 1], [1, 3, 0]]
    >>> once_around = Paths(np.array([[0, 1, 2, 0]]), np.array([[0.0, 0.1, 0.4, 0.7]]))
    >>> log_path_ratio(once_around, ring) - 3 * np.log(3)
    array([0.])
    """
    checks.instance(paths, "paths", Paths)
    rates = _square_rates(rates)
    paths._require_states(len(rates))
    back = rates if reverse_rates is None else _square_rates(reverse_rates)
    if back.shape != rates.shape:
        raise ValueError(f"`reverse_rates` must have shape {rates.shape}, got {back.shape}")
    possible = rates > 0
    gain = np.full_like(rates, np.nan)
    with np.errstate(divide="ignore"):
        gain[possible] = np.log(rates[possible]) - np.log(back.T[possible])
    happened = np.isfinite(paths.times[:, 1:])
    gains = np.where(happened, gain[paths.states[:, 1:], paths.states[:, :-1]], 0.0)
    if np.isnan(gains).any():
        raise ValueError("`rates` must allow every jump of `paths`; pass those they came from")
    ratio = gains.sum(axis=1) + _log_ratio_of_ends(paths, start, reverse_start, len(rates))
    if reverse_rates is not None:
        haste = rates.sum(axis=0) - back.sum(axis=0)
        ratio -= (haste[paths.states] * paths.stays).sum(axis=1)
    return ratio


def _log_ratio_of_ends(
    paths: Paths, start: ArrayLike | None, reverse_start: ArrayLike | None, n: int
) -> Array | float:
    if start is None and reverse_start is None:
        return 0.0
    if start is None:
        raise ValueError("`reverse_start` needs `start`; give both, or neither")
    first = last = checks.distribution(checks.vector(start, "start", n), "start", n)
    if reverse_start is not None:
        last = checks.vector(reverse_start, "reverse_start", n)
        last = checks.distribution(last, "reverse_start", n)
    first, last = first[paths.states[:, 0]], last[paths.states[:, -1]]
    if np.any(first == 0):
        raise ValueError("`start` must allow the first state of every path")
    with np.errstate(divide="ignore"):
        return np.log(first) - np.log(last)


@dataclass(frozen=True, eq=False)
class _Chain:
    """Rates compiled for simulation.

    Successors are drawn by Walker's alias method, in integers.  Each state has 2^bits columns of
    equal weight, each shared by two of its successors.  The highest bits of a random 64-bit
    number choose the column; the first successor has it up to a limit on that number.
    """

    n: int
    links: States
    """Pairs (final, initial) with a rate, (m, 2)."""
    bits: int
    lifetimes: Array
    """Mean stays (n,), infinite in states that cannot be left."""
    limits: NDArray[np.uint64]
    """The limit of column c of state l at index 2 (2^bits l + c), and again at the next."""
    successors: States
    """At that index the first successor, at the next the second."""

    def walk(
        self, states: States, times: Array, steps: int, streams: Streams
    ) -> tuple[States, Array]:
        """Return the states and when they are entered, (steps + 1, trajectories) each."""
        branching, waiting = streams
        visited = np.empty((steps + 1, states.size), dtype=np.intp)
        entered = np.empty((steps + 1, states.size))
        visited[0], entered[0] = states, times
        draws = branching.integers(0, 2**64, dtype=np.uint64, size=(steps, states.size))
        waiting.standard_exponential(out=entered[1:])
        if states.size * self.n <= FEW:
            self._advance_few(visited, draws)
            entered[1:] *= self.lifetimes[visited[:-1]]
            np.cumsum(entered, axis=0, out=entered)
        else:
            self._advance_many(visited, draws)
            entered[1:] *= self.lifetimes[visited[:-1]]
            for step in range(steps):
                entered[step + 1] += entered[step]
        return visited, entered

    def _advance_many(self, visited: States, draws: NDArray[np.uint64]) -> None:
        columns = self._columns(draws)
        for step in range(len(draws)):
            visited[step + 1] = self._successors(visited[step], columns[step], draws[step])

    def _advance_few(self, visited: States, draws: NDArray[np.uint64]) -> None:
        """Find where each draw would lead from every state, then follow the leads."""
        columns = self._columns(draws)
        for path in range(visited.shape[1]):
            draw, column = draws[:, path, None], columns[:, path, None]
            leads = self._successors(np.arange(self.n), column, draw).tolist()
            state, way = int(visited[0, path]), []
            for lead in leads:
                state = lead[state]
                way.append(state)
            visited[1:, path] = way

    def _columns(self, draws: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (draws >> np.uint64(64 - self.bits)).view(np.int64) << 1

    def _successors(
        self, states: States, columns: NDArray[np.int64], draws: NDArray[np.uint64]
    ) -> States:
        places = (states << (self.bits + 1)) + columns
        places += draws > self.limits[places]
        return self.successors[places]


def _compile(rates: ArrayLike) -> _Chain:
    rates = _square_rates(rates)
    n = len(rates)
    exits = rates.sum(axis=0)
    stuck = np.flatnonzero(exits == 0)
    bits = max(int((rates > 0).sum(axis=0).max() - 1).bit_length(), 1)
    width = 1 << bits
    # Row l lists the successors of l; those of no weight, at the end, are never reached.
    targets = np.argsort(rates.T == 0, axis=1, kind="stable")[:, :width]
    weights = np.take_along_axis(rates.T, targets, axis=1)
    targets[stuck, 0], weights[stuck, 0] = stuck, 1.0
    padding = ((0, 0), (0, width - targets.shape[1]))
    targets, weights = np.pad(targets, padding), np.pad(weights, padding)
    shares, partners = _alias_tables(weights / weights.mean(axis=1, keepdims=True))
    # A column is 2^(64-bits) numbers, `owned` of them the first successor's.
    owned = np.round(np.ldexp(shares, 64 - bits)).astype(np.uint64)
    second = np.take_along_axis(targets, partners, axis=1)
    first = np.where(owned > 0, targets, second)
    limits = np.maximum(owned, np.uint64(1)) - np.uint64(1)
    limits += np.arange(width, dtype=np.uint64) << np.uint64(64 - bits)
    with np.errstate(divide="ignore", over="ignore"):
        lifetimes = 1 / exits
    return _Chain(
        n=n,
        links=np.argwhere(rates > 0),
        bits=bits,
        lifetimes=lifetimes,
        limits=np.repeat(limits.ravel(), 2),
        successors=np.stack([first, second], axis=-1).ravel(),
    )


def _alias_tables(weights: Array) -> tuple[Array, States]:
    """Return the share of each column's owner and the column of who has the rest, (n, width) each.

    Weights are one on average in each row.  In each round the fullest column of a row fills up
    the emptiest one.
    """
    left, rows = weights.copy(), np.arange(len(weights))
    shares, partners = np.empty_like(weights), np.empty(weights.shape, dtype=np.intp)
    waiting = np.ones(weights.shape, dtype=bool)
    for _ in range(weights.shape[1]):
        emptiest = np.where(waiting, left, np.inf).argmin(axis=1)
        fullest = np.where(waiting, left, -np.inf).argmax(axis=1)
        share = np.clip(left[rows, emptiest], 0.0, 1.0)
        shares[rows, emptiest], partners[rows, emptiest] = share, fullest
        left[rows, fullest] -= 1 - share
        waiting[rows, emptiest] = False
    return shares, partners


def _count_block(
    chain: _Chain, states: States, duration: float, numbers: NDArray[np.int64], streams: Streams
) -> States:
    """Add the jumps of a block of trajectories to `numbers` and return the final states."""
    links = len(chain.links)
    link_of = np.zeros((chain.n, chain.n), dtype=np.intp)
    link_of[chain.links[:, 0], chain.links[:, 1]] = np.arange(links)
    final, fastest = states.copy(), chain.lifetimes.min()
    alive, times = np.arange(states.size), np.zeros(states.size)
    while alive.size:
        needed = int(min((duration - times.min()) / fastest, JUMPS_AT_ONCE)) + 2
        steps = max(min(JUMPS_AT_ONCE // alive.size, needed), 1)
        visited, entered = chain.walk(states, times, steps, streams)
        counted = entered[1:] < duration
        codes = alive * links + link_of[visited[1:], visited[:-1]]
        going = counted[-1]
        np.add.at(numbers.reshape(-1), codes.ravel() if going.all() else codes[counted], 1)
        final[alive] = visited[counted.sum(axis=0), np.arange(alive.size)]
        alive, states, times = alive[going], visited[-1, going], entered[-1, going]
    return final


def _erase_loops(states: list[int], size: int, completed: dict[tuple[int, ...], int]) -> None:
    """Count the cycles of one path, each from the state where it closes."""
    stack, depths, height = [-1] * size, [0] * size, 0
    for state in states:
        depth = depths[state]
        # Depths of states taken off the stack are not deleted, hence two conditions.
        if depth < height and stack[depth] == state:
            completed[tuple(stack[depth:height])] += 1
            height = depth + 1
        else:
            stack[height], depths[state] = state, height
            height += 1


def _blocks(trajectories: int, seed: Seed) -> Iterator[tuple[slice, Streams]]:
    """Yield blocks of trajectories, each with its streams for branching and for waiting."""
    first = range(0, trajectories, BLOCK)
    streams = np.random.default_rng(seed).spawn(2 * len(first))
    for i, start in enumerate(first):
        block = slice(start, min(start + BLOCK, trajectories))
        yield block, (streams[2 * i], streams[2 * i + 1])


def _checked_start(start: ArrayLike, n: int, trajectories: int) -> NDArray:
    """Return integer states (trajectories,), or probabilities (n,)."""
    array = np.asarray(start)
    if array.dtype.kind not in "iu":
        return checks.distribution(checks.vector(start, "start", n), "start", n)
    if array.shape not in ((), (trajectories,)):
        raise ValueError(
            f"`start` must be one state or have shape ({trajectories},), a state for each "
            f"trajectory, got integers of shape {array.shape}; write probabilities as floats"
        )
    if array.shape == (n,) and array.min() >= 0 and array.sum() == 1:
        raise ValueError(
            f"`start` must be unambiguous, got {array}, which may be a state for each trajectory "
            f"or probabilities; for these write floats, {array.astype(float).tolist()}, for those "
            "take more trajectories"
        )
    if np.any((array < 0) | (array >= n)):
        raise ValueError(f"`start` must name states 0 to {n - 1}, got {array}")
    return np.broadcast_to(array, (trajectories,))


def _first_states(start: NDArray, block: slice, streams: Streams) -> States:
    if start.dtype.kind in "iu":
        return start[block]
    return streams[0].choice(start.size, block.stop - block.start, p=start / start.sum())


def _square_rates(rates: ArrayLike) -> Array:
    rates = checks.rate_matrix(rates)
    if rates.ndim != 2:
        raise ValueError(f"`rates` must have shape (n, n), got {rates.shape}")
    return rates
