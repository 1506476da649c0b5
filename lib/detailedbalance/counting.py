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
from .markov import SLOWEST, _stochastic, generator, stationary_state
from .trajectories import Seed, _checked_start, count_jumps

Array = NDArray[np.float64]

ROUNDING = np.finfo(float).eps
"""Generating functions are exact to this × (largest entry of W(χ)) × time, relatively."""

GENERATING_TOLERANCE = 1e-6
"""Generating functions with a larger relative error are refused."""

LARGEST_DISTRIBUTION = 4_000_000
"""Largest number of matrix entries, over all angles, from which a distribution is formed."""


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
        ConvergenceError
            If (largest entry of W(χ)) × time exceeds 4e9.

        Notes
        -----
        Relative errors are about 1e-16 × (largest entry of W(χ)) × time: rounding of W(χ) changes
        its eigenvalues, and so the rate at which the result grows.

        Examples
        --------
        >>> poisson = CountedRates([[[2.0]]], [1])
        >>> round(float(poisson.generating_function(np.log(2), 0, 3.0) / np.exp(6)), 12)
        1.0
        """
        chi, p, times = checks.real_array(chi, "chi"), self._start(start), _times(times, "times")
        checks.fitting_batches(chi=chi.shape, times=times.shape)
        with np.errstate(over="ignore"):
            tilted = self._tilted(chi) * times[..., None, None]
        size = np.abs(tilted).max(initial=0.0)
        if size * ROUNDING > GENERATING_TOLERANCE:
            raise checks.ConvergenceError(
                f"over so long a time, {size:.2g} in units of the largest entry of W(χ), rounding "
                "changes ⟨e^(χ Δn)⟩ by more than a millionth; take shorter times, or `moments`, "
                "which is exact at any time"
            )
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
        OverflowError
            If a result is too large.

        Notes
        -----
        From a short time by doubling: what is counted in the second half depends on the first only
        through the state between them.  So means, variances, and covariances of the count with
        the last state add up, and no square of the mean is subtracted.  At any time, and however
        slowly the process relaxes, errors are about 1e-14 of the result, or of the terms that
        cancel in it where a link is crossed to and fro.

        Examples
        --------
        >>> ring = count_edge([[0, 1, 3], [3, 0, 1], [1, 3, 0]], (1, 0))
        >>> mean, variance = ring.moments(start=0, times=[0.0, 1.0, 1e4])
        >>> (mean / [1.0, 1.0, 1e4]).round(3)
        array([0.   , 1.001, 0.667])
        """
        p, times = self._start(start), _times(times, "times")
        _, halvings = np.frexp(np.maximum(times * self._fastest, 0.5))
        with np.errstate(over="ignore", invalid="ignore"):
            count = self._short_count(np.ldexp(times, -halvings))
            for done in range(halvings.max(initial=0)):
                longer = (halvings > done)[..., None, None]
                doubled = zip(_twice_as_long(*count), count, strict=True)
                count = [np.where(longer, new, old) for new, old in doubled]
            _, mean, lead, variance, _ = count
            between = (lead - (lead @ p)[..., None]) ** 2
            mean, variance = ((x @ p)[..., 0] for x in (mean, variance + between))
            # In units of the largest step until here.
            mean, variance = self._unit * mean, self._unit**2 * np.maximum(variance, 0.0)
        if not np.all(np.isfinite([mean, variance])):
            raise OverflowError(
                "mean or variance exceeds the range of numbers; take shorter times or other units"
            )
        return mean, variance

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
            Exact to about 1e-16 × (1 + largest rate × time), absolutely; those below the
            rounding errors are zero.

        Raises
        ------
        ValueError
            If steps are not whole numbers, the time is negative, `start` is not a state or a
            distribution, or there are too many values to hold, some four million over the number
            of states squared.

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
        p, time = self._start(start), float(_times(checks.scalar(time, "time"), "time"))
        if np.any(self.steps != np.round(self.steps)):
            raise ValueError(f"`steps` must be whole numbers, got {self.steps}; use other units")
        low, high = self._range(time)
        size = high - low + 1
        if size * p.size**2 > LARGEST_DISTRIBUTION:
            raise ValueError(
                f"the counter may take {size:.3g} different values, too many for a distribution "
                f"over {p.size} states; take a shorter time or smaller steps, or `moments`"
            )
        # The other half of the circle carries the complex conjugates.
        angles = 2 * np.pi * np.arange(int(size) // 2 + 1) / size
        characteristic = (expm(self._tilted(1j * angles) * time) @ p).sum(axis=-1)
        values = np.arange(low, high + 1, dtype=np.int64)
        probabilities = np.fft.hfft(characteristic, int(size))[values % int(size)] / size
        # Negative ones show how large the noise is, which far values would carry into the moments.
        probabilities[probabilities < -2 * probabilities.min()] = 0.0
        return values, probabilities

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

    def _range(self, time: float) -> tuple[float, float]:
        """Return the lowest and the highest change of the counter that will ever be seen."""
        most = time * self.rates[self.steps != 0].sum(axis=(0, 1)).max()
        jumps = np.ceil(most + 10 * np.sqrt(most) + 30)
        with np.errstate(over="ignore"):
            return jumps * min(self.steps.min(), 0), jumps * max(self.steps.max(), 0)

    def _short_count(self, times: Array) -> list[Array]:
        """Return what `_twice_as_long` doubles, for times over which less than one jump happens.

        The derivatives of e^{W(χ)t} at χ = 0 are blocks of one exponential, that of
        [[W, W', W''/2], [0, W, W'], [0, 0, W]] t.  Steps are in units of the largest.
        """
        w, none = generator(self.total_rates), np.zeros_like(self.total_rates)
        first, second = self._power(1) / self._unit, self._power(2) / self._unit**2
        blocks = np.block([[w, first, second / 2], [none, w, first], [none, none, w]])
        row = expm(blocks * times[..., None, None])[..., : len(w), :]
        p, first, second = np.split(row, 3, axis=-1)
        mean, square = (x.sum(axis=-2, keepdims=True) for x in (first, 2 * second))
        lead = mean - mean.mean(axis=-1, keepdims=True)
        return [_stochastic(p), mean, lead, square - mean**2, first - mean * p]

    @property
    def _fastest(self) -> float:
        """Largest rate at which something happens, with jumps that leave the state as it is."""
        return self.rates.sum(axis=(0, 1)).max()

    @property
    def _unit(self) -> float:
        """Largest step, in units of which derivatives with respect to χ are as large as rates."""
        return np.abs(self.steps).max() or 1.0

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


def _twice_as_long(
    p: Array, mean: Array, lead: Array, variance: Array, covariance: Array
) -> tuple[Array, ...]:
    """Return the same for twice the time.

    Of the probabilities p[k, l] = e^{Wt}; the mean of the count from each state l and its lead
    over an average state, which stays small where the mean grows; its variance; and
    covariance[k, l] between the count from l and being in k at the end.  Rows are (1, n).
    """
    later = lead @ p
    ahead = np.swapaxes(lead, -1, -2) - later
    gained = ahead * p
    both = (ahead * (gained + 2 * covariance)).sum(axis=-2, keepdims=True)
    covariance = p @ (covariance + gained) + covariance @ p
    mean, lead, variance = mean + mean @ p, lead + later, variance + variance @ p + both
    p = _stochastic(p @ p)
    # Exact columns sum to zero; what rounding leaves would double each time.
    covariance -= p * covariance.sum(axis=-2, keepdims=True)
    return p, mean, lead - lead.mean(axis=-1, keepdims=True), variance, covariance


def _times(times: ArrayLike, name: str) -> Array:
    times = checks.real_array(times, name)
    if np.any(times < 0):
        raise ValueError(f"`{name}` must not be negative, got {times.min():g}")
    return times
