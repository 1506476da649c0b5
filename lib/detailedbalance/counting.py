"""Counting statistics of a jump process: how far a counter has moved that some jumps change.

A counter may count the turns of a cycle, the charges that passed a contact, or the height of a
weight.  Everything follows from the tilted generator W(χ), in which each jump has the factor
e^{χ step}: ⟨e^{χ Δn}⟩ = Σ_k (e^{W(χ)t} p)_k, p the probabilities at the start.  Nothing here knows
what the states are.  Index order is final ← initial.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm

from . import checks
from .markov import SLOWEST, generator, stationary_state
from .trajectories import Seed, _checked_start, count_jumps

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CountedRates:
    """A jump process that moves a counter: rates[s, k, l] of jumps l → k that add steps[s] to it.

    Parameters
    ----------
    rates : array_like (s, n, n)
        rates[s, k, l], jumps from l to k with steps[s].  A jump with k = l leaves the state as it
        is and moves the counter only; with step 0 it would do nothing, and is ignored.
    steps : array_like (s,)
        By how much these jumps change the counter; all different.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, a rate is negative, or two steps are equal.
    TypeError
        If an entry is not a real number.

    Notes
    -----
    H. Touchette, Phys. Rep. 478, 1 (2009), and U. Seifert, Rep. Prog. Phys. 75, 126001 (2012),
    review the method.

    Examples
    --------
    A Poisson process of rate 2, which has one state only:

    >>> poisson = CountedRates([[[2.0]]], [1])
    >>> mean, variance = poisson.moments(start=0, times=3.0)
    >>> round(float(mean), 12), round(float(variance), 12)
    (6.0, 6.0)
    """

    rates: Array
    steps: Array

    def __post_init__(self) -> None:
        """Check the fields and keep copies that cannot be changed."""
        steps = checks.vector(self.steps, "steps")
        if np.unique(steps).size < steps.size:
            raise ValueError(f"`steps` must all be different, got {steps}; add up their rates")
        rates = checks.real_array(self.rates, "rates")
        if rates.ndim != 3 or rates.shape[1] != rates.shape[2] or rates.shape[1] == 0:
            raise ValueError(
                "`rates` must have shape (s, n, n), a matrix of rates for each step, got "
                f"{rates.shape}"
            )
        if len(rates) != steps.size:
            raise ValueError(
                f"`rates` must hold one matrix for each of the {steps.size} `steps`, got "
                f"{len(rates)}"
            )
        diagonal = np.arange(rates.shape[1])
        rates[np.flatnonzero(steps == 0)[:, None], diagonal, diagonal] = 0.0
        if np.any(rates < 0):
            raise ValueError(
                f"`rates` must not be negative, got {rates.min():.3g}; rates[s, k, l] is the rate "
                "of jumps from state l to state k that add steps[s] to the counter"
            )
        rates.flags.writeable = False
        steps.flags.writeable = False
        object.__setattr__(self, "rates", rates)
        object.__setattr__(self, "steps", steps)

    def __reduce__(self):
        """Copy and pickle through the constructor, which makes the arrays read-only again."""
        return type(self), (self.rates, self.steps)

    @property
    def total_rates(self) -> Array:
        """Rates of jumps between states whatever they do to the counter, (n, n), zero diagonal."""
        return checks.rate_matrix(self.rates.sum(axis=0))

    def tilted_generator(self, chi: ArrayLike) -> Array:
        """Return W(χ), the generator with a factor e^{χ step} for each jump but not for the stays.

        W(χ)_kl = Σ_s a^(s)_kl e^{χ d_s} - δ_kl Σ_s,j a^(s)_jl with a = `rates` and d = `steps`.

        Parameters
        ----------
        chi : array_like (...)
            χ.

        Returns
        -------
        array (..., n, n)
            The generator of `total_rates` at χ = 0.

        Raises
        ------
        OverflowError
            If e^{χ step} is too large.

        Examples
        --------
        >>> CountedRates([[[0, 0], [2, 0]], [[0, 3], [0, 0]]], [1, 0]).tilted_generator(np.log(2))
        array([[-2.,  3.],
               [ 4., -3.]])
        """
        return self._tilted(checks.real_array(chi, "chi"))

    def generating_function(self, chi: ArrayLike, start: ArrayLike, times: ArrayLike) -> Array:
        """Return ⟨e^{χ Δn}⟩ = Σ_k (e^{W(χ)t} p)_k, Δn the change of the counter since time zero.

        Parameters
        ----------
        chi, times : array_like (...)
            χ, and times that are not negative; they broadcast.
        start : int or array_like (n,)
            The state at time zero, or the probabilities p.

        Returns
        -------
        array (...)

        Raises
        ------
        ValueError
            If shapes do not fit, a time is negative, or `start` is not a state or a distribution.
        OverflowError
            If e^{χ step} or the result is too large.

        Notes
        -----
        Relative errors are about 1e-16 × (largest rate × time).

        Examples
        --------
        >>> poisson = CountedRates([[[2.0]]], [1])
        >>> round(float(poisson.generating_function(np.log(2), 0, 3.0) / np.exp(6)), 12)
        1.0
        """
        chi, p, times = checks.real_array(chi, "chi"), self._start(start), _times(times)
        checks.fitting_batches(chi=chi.shape, times=times.shape)
        tilted = self._tilted(chi) * times[..., None, None]
        with np.errstate(over="ignore", invalid="ignore"):
            result = (expm(tilted) @ p).sum(axis=-1)
        if not np.all(np.isfinite(result)):
            raise OverflowError(
                "⟨e^(χ Δn)⟩ exceeds the range of numbers: χ or the time is too large; over long "
                "times it grows with the largest eigenvalue of `tilted_generator(chi)`"
            )
        return result

    def cumulants(self) -> tuple[float, float]:
        """Return mean and variance of the counter, each a unit of time, in the long run.

        mean = Σ_k (W'π)_k and variance = Σ_k (W''π)_k + 2 Σ_k (W'x)_k, with the derivatives of
        W(χ) at χ = 0, the stationary state π, and x the solution of Wx = mean π - W'π, Σ_k x_k = 0.

        Returns
        -------
        mean, variance : float
            They do not depend on the start.

        Raises
        ------
        ReducibleChainError
            If there is more than one stationary state.
        ConvergenceError
            If the slowest relaxation is too slow for double precision.

        Notes
        -----
        The first two derivatives of the largest eigenvalue of W(χ), by perturbation theory.

        Examples
        --------
        A ring with three jumps forward for one back makes (3 - 1)/3 turns a unit of time, and
        passes one of its doors as often:

        >>> mean, variance = count_edge([[0, 1, 3], [3, 0, 1], [1, 3, 0]], (1, 0)).cumulants()
        >>> round(mean, 12), round(variance, 12)
        (0.666666666667, 0.444444444444)
        """
        p = stationary_state(self.total_rates)
        w, first, second = generator(self.total_rates), self._power(1), self._power(2)
        mean = float((first @ p).sum())
        fastest = np.abs(w).max() or 1.0
        # π1ᵀ lifts the zero eigenvalue of W and leaves the solution as it is.
        regular = fastest * p[:, None] - w
        if np.linalg.cond(regular) * SLOWEST > 1:
            raise checks.ConvergenceError(
                f"the slowest relaxation is slower than {SLOWEST:g} times the largest rate, so the "
                "variance drowns in rounding errors; `moments` is right at any given time"
            )
        shift = np.linalg.solve(regular, first @ p - mean * p)
        # A variance of zero, as that of a bridge which no cycle uses, may come out negative.
        return mean, max(float((second @ p).sum() + 2 * (first @ shift).sum()), 0.0)

    def moments(self, start: ArrayLike, times: ArrayLike) -> tuple[Array, Array]:
        """Return mean and variance of the change Δn of the counter at given times.

        Parameters
        ----------
        start : int or array_like (n,)
            The state at time zero, or the probabilities.
        times : array_like (...)
            Times, not negative.

        Returns
        -------
        mean, variance : array (...)

        Raises
        ------
        ValueError
            If shapes do not fit, a time is negative, or `start` is not a state or a distribution.

        Notes
        -----
        Derivatives of e^{W(χ)t} are blocks of one exponential, that of [[W, W', W''/2], [0, W, W'],
        [0, 0, W]] t.  The variance is that of Δn - ct, c the mean velocity: with W' - c in place of
        W', no square of the mean has to be subtracted.  Relative errors are about 1e-16 × (largest
        rate × time).

        Examples
        --------
        >>> ring = count_edge([[0, 1, 3], [3, 0, 1], [1, 3, 0]], (1, 0))
        >>> mean, variance = ring.moments(start=0, times=[0.0, 1.0, 1e4])
        >>> (mean / [1.0, 1.0, 1e4]).round(3)
        array([0.   , 1.001, 0.667])
        """
        p, times = self._start(start), _times(times)
        # In units of the largest step the blocks have equal size.
        unit = np.abs(self.steps).max() or 1.0
        w, first, second = generator(self.total_rates), self._power(1), self._power(2)
        first, second, none = first / unit, second / unit**2, np.zeros_like(w)
        n, time = p.size, times[..., None, None]
        mean = (expm(np.block([[w, first], [none, w]]) * time)[..., :n, n:] @ p).sum(axis=-1)
        velocity = np.divide(mean, times, out=np.zeros_like(mean), where=times > 0)
        blocks = np.zeros((*times.shape, 3, n, 3, n))
        for diagonal in range(3):
            blocks[..., diagonal, :, diagonal, :] = w
        centred = first - velocity[..., None, None] * np.eye(n)
        blocks[..., 0, :, 1, :] = blocks[..., 1, :, 2, :] = centred
        blocks[..., 0, :, 2, :] = second / 2
        flat = blocks.reshape(*times.shape, 3 * n, 3 * n)
        variance = 2 * (expm(flat * time)[..., :n, 2 * n :] @ p).sum(axis=-1)
        return unit * mean, unit**2 * np.maximum(variance, 0.0)

    def distribution(self, start: ArrayLike, time: float) -> tuple[NDArray[np.int64], Array]:
        """Return the values that the change Δn of the counter may have, and their probabilities.

        Parameters
        ----------
        start : int or array_like (n,)
            The state at time zero, or the probabilities.
        time : float
            Not negative.

        Returns
        -------
        values : int array (v,)
            Consecutive numbers, beyond which lies less than 1e-15.
        probabilities : array (v,)
            Exact to about 1e-16 × (1 + largest rate × time), absolutely.

        Raises
        ------
        ValueError
            If steps are not whole numbers, the time is negative, or `start` is not a state or a
            distribution.

        Notes
        -----
        A Fourier sum of ⟨e^{iθΔn}⟩ over as many angles θ as there are values.  The number of
        jumps is less, in law, than that of a Poisson process with the largest exit rate; that
        tells how far the counter may get.  Work and memory grow with this rate × time × the
        largest step.

        Examples
        --------
        >>> poisson = CountedRates([[[2.0]]], [1])
        >>> values, probabilities = poisson.distribution(start=0, time=1.0)
        >>> bool(abs(probabilities[values == 1][0] - 2 * np.exp(-2)) < 1e-15)
        True
        """
        p, time = self._start(start), float(_times(checks.scalar(time, "time")))
        if np.any(self.steps != np.round(self.steps)):
            raise ValueError(f"`steps` must be whole numbers, got {self.steps}; use other units")
        most = time * self.rates[self.steps != 0].sum(axis=(0, 1)).max()
        jumps = np.ceil(most + 10 * np.sqrt(most) + 30)
        low, high = (
            int(jumps * end) for end in (min(self.steps.min(), 0), max(self.steps.max(), 0))
        )
        size = high - low + 1
        # The other half of the circle carries the complex conjugates.
        angles = 2 * np.pi * np.arange(size // 2 + 1) / size
        characteristic = (expm(self._tilted(1j * angles) * time) @ p).sum(axis=-1)
        values = np.arange(low, high + 1)
        probabilities = np.fft.hfft(characteristic, size)[values % size] / size
        return values, np.maximum(probabilities, 0.0)

    def sample(self, start: ArrayLike, duration: float, trajectories: int, seed: Seed = 0) -> Array:
        """Return changes Δn of the counter in simulated trajectories.

        Parameters
        ----------
        start : int, int array (trajectories,) or float array (n,)
            One state for all trajectories, one for each, or the probabilities to draw it from.
        duration : float
            For how long each is watched.
        trajectories : int
            At least one.
        seed : int, SeedSequence, BitGenerator or Generator
            The same number gives the same changes.  A Generator gives others at each call.

        Returns
        -------
        array (trajectories,)

        Raises
        ------
        ValueError, TypeError
            As in `trajectories.count_jumps`.

        Examples
        --------
        >>> turns = count_edge([[0, 1, 3], [3, 0, 1], [1, 3, 0]], (1, 0))
        >>> counts = turns.sample(start=0, duration=50.0, trajectories=10_000)
        >>> bool(abs(counts.mean() - turns.moments(0, 50.0)[0]) < 4 * counts.std() / 100)
        True
        """
        random = np.random.default_rng(seed)
        n = len(self.total_rates)
        jumps = count_jumps(*self._doubled(start, trajectories), duration, trajectories, random)
        change = np.zeros(len(jumps.numbers))
        for numbers, (final, initial) in zip(jumps.numbers.T, jumps.links % n, strict=True):
            # Given that l → k happens, its step is independent of all else.
            rates = self.rates[:, final, initial]
            change += random.multinomial(numbers, rates / rates.sum()) @ self.steps
        return change

    def _doubled(self, start: ArrayLike, trajectories: int) -> tuple[Array, NDArray]:
        """Rates and start of a process on two copies of the states, l and n + l.

        A jump that leaves the state as it is leads to the other copy, all others stay in theirs:
        so it counts as a jump between different states, and the copies forget nothing else.
        """
        n = self.rates.shape[1]
        start = _checked_start(start, n, trajectories)
        moving, staying = self.total_rates, np.diag(self.rates.sum(axis=0).diagonal())
        # In the second copy: zeros and a one would look like probabilities.
        start = np.append(np.zeros(n), start) if start.dtype.kind == "f" else n + start
        return np.block([[moving, staying], [staying, moving]]), start

    def _tilted(self, chi: NDArray) -> NDArray:
        """W(χ) for real or complex χ."""
        exponents = chi[..., None] * self.steps
        diagonal = np.arange(self.rates.shape[1])
        with np.errstate(over="ignore", invalid="ignore"):
            tilted = np.tensordot(np.exp(exponents), self.rates, axes=1)
            # Jumps that leave the state as it is, without the subtraction of their exit rate.
            moved = np.expm1(exponents) @ self.rates[:, diagonal, diagonal]
            tilted[..., diagonal, diagonal] = moved - self.total_rates.sum(axis=0)
        if not np.all(np.isfinite(tilted)):
            raise OverflowError(
                f"e^(χ step) is too large at χ step = {exponents.real.max():.4g}; take a smaller χ"
            )
        return tilted

    def _power(self, power: int) -> Array:
        """Return the derivative of W(χ) of this order, one or two, at χ = 0."""
        return np.tensordot(self.steps**power, self.rates, axes=1)

    def _start(self, start: ArrayLike) -> Array:
        n = self.rates.shape[1]
        if np.ndim(start) == 0:
            return np.eye(n)[checks.whole_number(start, "start", 0, n - 1)]
        return checks.distribution(checks.vector(start, "start", n), "start", n)


def count_edge(rates: ArrayLike, edge: tuple[int, int]) -> CountedRates:
    """Return rates with a counter of the net jumps between two states.

    Parameters
    ----------
    rates : array_like (n, n)
        rates[k, l], jumps from l to k; the diagonal is ignored.
    edge : tuple of two int
        (k, l): each jump l → k adds one to the counter, each k → l subtracts one.

    Returns
    -------
    CountedRates
        With steps (0, 1, -1).

    Raises
    ------
    ValueError
        If the shape does not fit, a rate is negative, or the states are equal or do not exist.

    Notes
    -----
    A cycle that has this edge only once is counted turn by turn.  Over long times the net number
    of jumps is the same at each edge of a single loop.

    Examples
    --------
    >>> count_edge([[0, 2], [1, 0]], (1, 0)).tilted_generator(np.log(2))
    array([[-1.,  1.],
           [ 2., -2.]])
    """
    rates = checks.rate_matrix(rates)
    if rates.ndim != 2:
        raise ValueError(f"`rates` must have shape (n, n), got {rates.shape}")
    k, l = counted_edge(edge, len(rates))
    split = np.zeros((3, *rates.shape))
    split[0], split[1, k, l], split[2, l, k] = rates, rates[k, l], rates[l, k]
    split[0, k, l] = split[0, l, k] = 0.0
    return CountedRates(split, [0, 1, -1])


def counted_edge(edge: tuple[int, int], n: int) -> tuple[int, int]:
    """Return (k, l), two different states out of n."""
    try:
        k, l = edge
    except (TypeError, ValueError) as error:
        raise ValueError(f"`edge` must be a pair (k, l) of states, got {edge!r}") from error
    k, l = (checks.whole_number(state, "edge", 0, n - 1) for state in (k, l))
    if k == l:
        raise ValueError(f"`edge` must link two different states, got {edge!r}")
    return k, l


def _times(times: ArrayLike) -> Array:
    times = checks.real_array(times, "times")
    if np.any(times < 0):
        raise ValueError(f"`times` must not be negative, got {times.min():g}")
    return times
