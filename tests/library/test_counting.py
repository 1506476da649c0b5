"""Laws of counting; simulations with fixed seeds, statistics within four standard errors."""

import pickle
import random as stdlib_random

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from strategies import rate_matrices, seeds

from detailedbalance import (
    ConvergenceError,
    CountedRates,
    ReducibleChainError,
    count_cycles,
    count_edge,
    cycle_affinities,
    cycle_currents,
    evolve,
    figure_1,
    generator,
    loop_current,
    probability_currents,
    sample_paths,
    stationary_state,
    transition_rates,
)

RING = np.array([[0, 1.0, 0.3], [2.5, 0, 1.0], [0.2, 4.0, 0]])
FORWARD = np.roll(np.eye(3), 1, axis=0)
LONG_TIMES = [1e3, 1e6, 1e9, 1e12, 1e15]
rates_in_decades = st.floats(0.01, 100)
times_from_zero = st.just(0.0) | st.floats(1e-3, 5)


@st.composite
def counted(draw, max_states=4):
    """Random jumps with whole steps, some of which leave the state as it is."""
    random = np.random.default_rng(draw(seeds))
    n, s = draw(st.integers(1, max_states)), draw(st.integers(1, 4))
    steps = random.choice(np.arange(-3, 4), s, replace=False)
    rates = np.exp(random.normal(size=(s, n, n))) * (random.uniform(size=(s, n, n)) < 0.7)
    return CountedRates(rates, steps)


def mean_and_error(samples):
    return samples.mean(), samples.std(ddof=1) / np.sqrt(len(samples))


def assert_moments(samples, mean, variance):
    found, error = mean_and_error(samples)
    assert abs(found - mean) < 4 * error
    found, error = mean_and_error((samples - mean) ** 2)
    assert abs(found - variance) < 4 * error


def largest_eigenvalue(matrix):
    return np.linalg.eigvals(matrix).real.max(axis=-1)


# Processes with known laws


@given(rates_in_decades, st.floats(0.01, 3) | st.floats(-3, -0.01), times_from_zero)
def test_poisson_process(rate, step, time):
    """Mean and variance of the number of jumps are both rate × time."""
    process = CountedRates([[[rate]]], [step])
    mean, variance = process.moments(0, time)
    assert mean == pytest.approx(step * rate * time, rel=1e-11)
    assert variance == pytest.approx(step**2 * rate * time, rel=1e-11)
    assert process.cumulants() == pytest.approx((step * rate, step**2 * rate), rel=1e-14)
    chi = 0.5 / step
    exponent = rate * time * np.expm1(0.5)
    assert process.generating_function(chi, 0, time) == pytest.approx(np.exp(exponent), rel=1e-11)


def test_number_of_poisson_jumps_is_poisson():
    values, probabilities = CountedRates([[[3.0]]], [1]).distribution(0, 2.0)
    assert values[0] == 0
    assert probabilities == pytest.approx(stats.poisson.pmf(values, 6.0), abs=1e-15)


@given(st.integers(2, 7), rates_in_decades, rates_in_decades, times_from_zero)
def test_all_steps_on_a_ring_are_a_random_walk(n, a, b, time):
    """Mean (a - b)t and variance (a + b)t from every start, at all times."""
    clockwise = np.roll(np.eye(n), 1, axis=0)
    walk = CountedRates([a * clockwise, b * clockwise.T], [1, -1])
    mean, variance = walk.moments(n - 1, time)
    size = (a + b) * time
    assert mean == pytest.approx((a - b) * time, abs=1e-12 * size)
    assert variance == pytest.approx(size, rel=1e-11)
    assert walk.cumulants() == pytest.approx((a - b, a + b), abs=1e-13 * (a + b))


def test_difference_of_two_poisson_numbers_is_skellam():
    clockwise = np.roll(np.eye(3), 1, axis=0)
    walk = CountedRates([2.0 * clockwise, 1.5 * clockwise.T], [1, -1])
    values, probabilities = walk.distribution(1, 4.0)
    assert probabilities == pytest.approx(stats.skellam.pmf(values, 8.0, 6.0), abs=3e-15)


@given(st.integers(3, 7), rates_in_decades, rates_in_decades)
def test_turns_of_a_uniform_ring(n, a, b):
    """One n-th of the steps of the walk, and so 1/n² of their variance."""
    clockwise = np.roll(np.eye(n), 1, axis=0)
    turns = count_edge(a * clockwise + b * clockwise.T, (1, 0))
    expected = (a - b) / n, (a + b) / n**2
    assert turns.cumulants() == pytest.approx(expected, abs=1e-12 * (a + b))


@given(rates_in_decades, rates_in_decades)
def test_random_telegraph(a, b):
    """0 → 1 and 1 → 0 in turn: a renewal process with waiting times 1/a + 1/b on average."""
    rates = [[0, b], [a, 0]]
    clicks = CountedRates([[[0, 0], [a, 0]], [[0, b], [0, 0]]], [1, 0])
    mean, variance = a * b / (a + b), a * b * (a**2 + b**2) / (a + b) ** 3
    assert clicks.cumulants() == pytest.approx((mean, variance), rel=1e-12)
    # From equilibrium the mean is right at once.
    assert clicks.moments(stationary_state(rates), 0.7)[0] == pytest.approx(0.7 * mean, rel=1e-12)


def test_nothing_ever_counts_on_a_bridge():
    """A link that no cycle uses is crossed once more one way than the other, at most."""
    chain = np.array([[0, 1.0, 0], [2.0, 0, 3.0], [0, 0.5, 0]])
    bridge = count_edge(chain, (1, 0))
    mean, variance = bridge.cumulants()
    assert abs(mean) < 1e-16
    assert variance < 1e-15
    values, probabilities = bridge.distribution(0, 50.0)
    assert probabilities[(values < 0) | (values > 1)].max() < 1e-14
    assert probabilities[values == 0] == pytest.approx(stationary_state(chain)[0], abs=1e-13)


@pytest.mark.parametrize("time", [*LONG_TIMES, 1e140])
@pytest.mark.parametrize("rate", [2.0, 1e-8, 1e8])
def test_poisson_process_over_long_times(rate, time):
    mean, variance = CountedRates([[[rate]]], [3]).moments(0, time)
    assert (mean, variance) == pytest.approx((3 * rate * time, 9 * rate * time), rel=1e-14)


@pytest.mark.parametrize("time", LONG_TIMES)
def test_biased_ring_over_long_times(time):
    """Mean 2t/3 + 1/3 and variance 4t/9 + 2/27 of the turns, once the start is forgotten."""
    ring = 3 * FORWARD + FORWARD.T
    mean, variance = count_edge(ring, (1, 0)).moments(0, time)
    assert mean == pytest.approx(2 * time / 3 + 1 / 3, rel=1e-14)
    assert variance == pytest.approx(4 * time / 9 + 2 / 27, rel=1e-14)
    mean, variance = CountedRates([3 * FORWARD, FORWARD.T], [1, -1]).moments(0, time)
    assert (mean, variance) == pytest.approx((2 * time, 4 * time), rel=1e-14)
    # The unit of time does not matter.
    assert count_edge(1e140 * ring, (1, 0)).moments(0, 1e-140 * time)[1] == pytest.approx(
        4 * time / 9 + 2 / 27, rel=1e-14
    )


@pytest.mark.parametrize("time", [*LONG_TIMES, 1e8, 1e14, 1e20])
def test_slow_changes_between_two_fast_pairs(time, link=1e-14):
    """Jumps inside one pair are counted, those inside the other are not; links join the pairs.

    So many jumps as in a Poisson process of rate one that is switched on and off at the rate of
    the links: a mean and a variance in closed form.
    """
    swap = np.array([[0, 1], [1, 0]])
    first, second = np.kron(np.diag([1, 0]), swap), np.kron(np.diag([0, 1]), swap)
    process = CountedRates([first, second + link * np.kron(swap, np.eye(2))], [1, 0])
    with mp.workdps(60):
        time = mp.mpf(time)
        x = 2 * link * time
        decay = -mp.expm1(-x)
        mean = time / 2 * (1 + decay / x)
        stationary = time / 2 + time**2 / 2 * (x - decay) / x**2
    found, _ = process.moments(0, float(time))
    assert found == pytest.approx(float(mean), rel=1e-14)
    found = process.moments(np.full(4, 0.25), float(time))
    assert found == pytest.approx((float(time / 2), float(stationary)), rel=1e-14)


# Laws of every process


@given(counted(), times_from_zero, seeds)
def test_distribution_has_the_moments_and_the_generating_function(process, time, seed):
    """A Fourier sum on one side, derivatives and exponentials on the other."""
    start = np.random.default_rng(seed).dirichlet(np.ones(process.rates.shape[1]))
    values, probabilities = process.distribution(start, time)
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    mean, variance = process.moments(start, time)
    scale = 1 + np.abs(values).max()
    assert values @ probabilities == pytest.approx(mean, abs=1e-12 * scale)
    spread = (values - mean) ** 2 @ probabilities
    assert spread == pytest.approx(variance, abs=1e-12 * scale**2)
    chi = np.array([-2, 0, 2]) / scale
    direct = np.exp(chi[:, None] * values) @ probabilities
    assert process.generating_function(chi, start, time) == pytest.approx(direct, rel=1e-10)


@settings(max_examples=50)
@given(counted(), times_from_zero, seeds)
def test_nothing_is_left_beyond_the_values_of_a_distribution(process, time, seed):
    """Chernoff's bound P(±Δn > N) < e^{-χN} ⟨e^{±χΔn}⟩."""
    start = np.random.default_rng(seed).dirichlet(np.ones(process.rates.shape[1]))
    values, _ = process.distribution(start, time)
    jumps = 1 + time * process.rates.sum(axis=(0, 1)).max()
    for end, sign in [(values[-1], 1), (-values[0], -1)]:
        # No jump goes this way unless the largest step does.
        largest = max((sign * process.steps).max(), 0)
        chi = np.log1p(10 / np.sqrt(jumps)) / (largest or 1)
        farther = process.generating_function(sign * chi, start, time) * np.exp(-chi * (end + 1))
        assert farther < 1e-15 or largest == end == 0


@pytest.mark.parametrize("time", [300.0, 2000.0])
def test_far_values_do_not_spoil_the_moments_of_a_distribution(time):
    """Rounding errors of the probabilities, times squares of thousands."""
    edge = count_edge(3 * FORWARD + FORWARD.T, (1, 0))
    values, probabilities = edge.distribution(0, time)
    mean, variance = edge.moments(0, time)
    assert np.all(probabilities >= 0)
    assert values @ probabilities == pytest.approx(mean, rel=1e-11)
    assert (values - mean) ** 2 @ probabilities == pytest.approx(variance, rel=1e-11)


@given(counted(), times_from_zero, times_from_zero)
def test_times_add(process, first, second):
    """Counting goes on from where it stopped: the moments of an interval follow from its start."""
    n = process.rates.shape[1]
    then = evolve(process.total_rates, np.eye(n)[0], first)
    means = [process.moments(*arguments)[0] for arguments in [(0, first), (then, second)]]
    together = process.moments(0, first + second)[0]
    assert together == pytest.approx(sum(means), abs=1e-11 * (1 + process.rates.sum()))


@given(rate_matrices(), st.floats(0.1, 10))
def test_mean_is_the_probability_current(rates, time):
    """From the stationary state, at all times and in the long run; loops carry it."""
    p = stationary_state(rates)
    currents = probability_currents(rates, p)
    flow = (rates * p).max()
    k, l = len(rates) - 1, 0
    edge = count_edge(rates, (k, l))
    assert edge.cumulants()[0] == pytest.approx(currents[k, l], abs=1e-14 * flow)
    time /= rates.sum(axis=0).max()
    mean = edge.moments(p, time)[0]
    assert mean == pytest.approx(currents[k, l] * time, abs=1e-12 * flow * time)


@given(st.integers(3, 6), seeds)
def test_driven_rings_have_the_symmetry_of_gallavotti_and_cohen(n, seed):
    """Counting turns of affinity A, χ and -A - χ have the same spectrum, and only those."""
    random = np.random.default_rng(seed)
    clockwise = np.roll(np.eye(n), 1, axis=0)
    rates = clockwise * np.exp(random.normal(size=n)) + clockwise.T * np.exp(random.normal(size=n))
    turns = count_edge(rates, (1, 0))
    (affinity,) = cycle_affinities(rates, [tuple(range(n))])
    chi = random.uniform(-1, 1, 5)
    forth, back = (largest_eigenvalue(turns.tilted_generator(x)) for x in (chi, -affinity - chi))
    assert forth == pytest.approx(back, abs=1e-12 * rates.max())
    assert largest_eigenvalue(turns.tilted_generator(-affinity)) < 1e-12 * rates.max()
    # Both ends of the relation are the drift; it points the way of the affinity.
    assert turns.cumulants()[0] == pytest.approx(cycle_currents(rates)[0], abs=1e-13 * rates.max())
    assert turns.cumulants()[0] * affinity >= 0


@given(counted(), st.floats(0.1, 10), rates_in_decades)
def test_units_of_the_counter_and_of_time(process, unit, speed):
    scaled = CountedRates(speed * process.rates, unit * process.steps)
    for time in (0.0, 0.7):
        mean, variance = process.moments(0, time)
        size = 1 + variance
        found = scaled.moments(0, time / speed)
        assert found == pytest.approx((unit * mean, unit**2 * variance), abs=1e-10 * unit**2 * size)


@given(rate_matrices())
def test_long_times_lead_to_the_cumulants(rates):
    """Mean and variance grow linearly in the end; the constants cancel between two times."""
    edge = count_edge(rates, (1, 0))
    gap = np.sort(-np.linalg.eigvals(generator(rates)).real)[1]
    times = np.array([50.0, 100.0]) / gap
    mean, variance = edge.moments(0, times)
    noise = 1e-13 * rates.sum(axis=0).max() * times[1] * variance[1]
    drift, spread = edge.cumulants()
    assert np.diff(mean)[0] == pytest.approx(drift * times[0], abs=noise + 1e-12)
    assert np.diff(variance)[0] == pytest.approx(spread * times[0], abs=noise + 1e-12)


def test_variance_of_a_long_count_needs_no_difference_of_squares():
    """A million turns: squares of the mean have no digit left for the variance."""
    fast = count_edge(1e3 * RING, (1, 0))
    drift, spread = fast.cumulants()
    mean, variance = fast.moments(0, 1e4)
    assert mean > 1e6
    assert mean == pytest.approx(drift * 1e4, rel=1e-6)
    assert variance == pytest.approx(spread * 1e4, rel=1e-6)


STEP = mp.mpf("1e-25")


def tilted_in_many_digits(process, chi):
    """W(χ), one jump after the other."""
    n = process.rates.shape[1]
    w = mp.matrix(n, n)
    for s, k, l in np.argwhere(process.rates):
        rate = mp.mpf(process.rates[s, k, l])
        w[k, l] += rate * mp.exp(chi * process.steps[s])
        w[l, l] -= rate
    return w


def log_average(process, chi, time):
    """ln⟨e^{χΔn}⟩ from state 0."""
    return mp.log(sum(mp.expm(tilted_in_many_digits(process, chi) * mp.mpf(time))[:, 0]))


def derivatives(function):
    """The first and the second at zero."""
    plus, middle, minus = (function(chi) for chi in (STEP, mp.mpf(0), -STEP))
    return float((plus - minus) / (2 * STEP)), float((plus - 2 * middle + minus) / STEP**2)


@mp.workdps(120)
def assert_moments_in_many_digits(process, time):
    exact = derivatives(lambda chi: log_average(process, chi, time))
    assert process.moments(0, time) == pytest.approx(exact, rel=2e-14)


@pytest.mark.parametrize("time", [0.01, 0.4, 6.0, 1e3, 1e6])
def test_moments_of_a_ring_in_many_digits(time):
    assert_moments_in_many_digits(count_edge(RING, (1, 0)), time)


@pytest.mark.parametrize("time", [1e4, 1e8, 1e12])
def test_pairs_with_one_weak_link_in_many_digits(time):
    """Not yet in the long run: the variance is 4.4t at t = 1e8, 4e8 t at 1e12."""
    rates = np.zeros((2, 4, 4))
    rates[0, 1, 0] = rates[1, 0, 1] = rates[1, 3, 2] = rates[1, 2, 3] = 1.0
    rates[1, 1, 2] = rates[1, 2, 1] = 1e-14
    assert_moments_in_many_digits(CountedRates(rates, [1, 0]), time)


@pytest.mark.parametrize("seed", range(8))
def test_stiff_processes_in_many_digits(seed):
    """Some of them leave states for good, or fall into groups, each with a speed of its own."""
    random = np.random.default_rng(seed)
    present = random.uniform(size=(3, 3, 3)) < 0.5
    process = CountedRates(np.exp(5 * random.normal(size=(3, 3, 3))) * present, [1, 0, -3])
    for time in (1.0, 1e7):
        assert_moments_in_many_digits(process, time)


@mp.workdps(120)
def test_thirty_digits():
    """Derivatives of an eigenvalue of the tilted ring, and its exponential."""
    edge = count_edge(RING, (1, 0))

    def growth(chi):
        return max(mp.re(x) for x in mp.eig(tilted_in_many_digits(edge, chi), right=False))

    assert edge.cumulants() == pytest.approx(derivatives(growth), rel=1e-13)
    chi = np.array([-2.0, 0.3, 5.0])
    exact = [float(mp.exp(log_average(edge, mp.mpf(x), 2.0))) for x in chi]
    assert edge.generating_function(chi, 0, 2.0) == pytest.approx(exact, rel=1e-13)


# Simulations


def test_counts_of_a_plain_simulation():
    """One jump after the other, in a loop of Python, with jumps that leave the state as it is."""
    process = CountedRates(
        [[[0.5, 1.0], [0.7, 0.0]], [[0.0, 0.4], [0.9, 1.5]], [[9.0, 0.3], [0.0, 9.0]]], [2, -1, 0]
    )
    random = stdlib_random.Random(1)
    jumps = [
        [
            (process.rates[s, k, l], k, process.steps[s])
            for s in range(3)
            for k in range(2)
            if process.rates[s, k, l] > 0
        ]
        for l in range(2)
    ]
    changes = []
    for _ in range(20_000):
        state, count, time = 0, 0.0, 0.0
        while True:
            time += random.expovariate(sum(rate for rate, _, _ in jumps[state]))
            if time > 3.0:
                break
            weights = [rate for rate, _, _ in jumps[state]]
            _, state, step = random.choices(jumps[state], weights)[0]
            count += step
        changes.append(count)
    assert_moments(np.array(changes), *process.moments(0, 3.0))


@pytest.mark.parametrize("seed", range(4))
def test_samples_follow_the_distribution(seed):
    random = np.random.default_rng(seed)
    rates = random.exponential(size=(3, 3, 3)) * (random.uniform(size=(3, 3, 3)) < 0.6)
    process = CountedRates(rates, [-1, 0, 3])
    start = random.dirichlet(np.ones(3))
    samples = process.sample(start, 4.0, 50_000, seed)
    assert_moments(samples, *process.moments(start, 4.0))
    values, probabilities = process.distribution(start, 4.0)
    expected = probabilities * len(samples)
    often = expected > 20
    seen = (samples[:, None] == values[often]).sum(axis=0)
    seen, expected = (np.append(x, 50_000 - x.sum()) for x in (seen, expected[often]))
    assert stats.chisquare(seen, expected).pvalue > 1e-3


def test_samples_from_given_states_and_generators():
    process = CountedRates([RING + np.diag([1.0, 0, 2.0])], [1])
    samples = process.sample(np.repeat([0, 2], 20_000), 0.5, 40_000, seed=3)
    for half, state in [(samples[:20_000], 0), (samples[20_000:], 2)]:
        assert_moments(half, *process.moments(state, 0.5))
    again = process.sample(np.repeat([0, 2], 20_000), 0.5, 40_000, seed=3)
    assert np.array_equal(samples, again)
    assert process.sample([0, 0, 0, 0, 0, 1], 0.5, 6).shape == (6,)
    random = np.random.default_rng(3)
    first, second = (process.sample(0, 0.5, 1000, random) for _ in range(2))
    assert not np.array_equal(first, second)


def test_steps_of_one_jump_are_independent():
    """Two kinds of jumps between the same states: their numbers are uncorrelated Poissonian."""
    up = np.array([[0, 0.0], [1.0, 0]])
    process = CountedRates([up + up.T, 3 * (up + up.T)], [1, 1000])
    samples = process.sample(0, 2.0, 50_000, seed=5)
    ones, thousands = samples % 1000, samples // 1000
    assert_moments(ones, 2.0, 2.0)
    assert_moments(thousands, 6.0, 6.0)
    assert abs(np.corrcoef(ones, thousands)[0, 1]) < 4 / np.sqrt(len(samples))


def test_turns_of_three_dots_at_equilibrium():
    """The loop current is the mean, and cycles completed along trajectories agree with both."""
    contact = figure_1()
    rates = transition_rates(contact, 2.0)
    p = stationary_state(rates)
    turns = count_edge(rates, (1, 0))
    drift, spread = turns.cumulants()
    assert drift == pytest.approx(loop_current(contact, 2.0), rel=1e-11)
    paths = sample_paths(rates, p, 1500, 300, seed=8)
    duration = 0.9 * paths.times[:, -1].min()
    cycles = count_cycles(paths.until(duration))
    net = (cycles[0, 1, 2] - cycles[0, 2, 1]) / (300 * duration)
    error = np.sqrt(spread / (300 * duration))
    assert drift > 50 * error
    assert abs(net - drift) < 4 * error
    # Every edge sees the same turns in the long run, with the same variance.
    for edge in [(2, 1), (0, 2)]:
        assert count_edge(rates, edge).cumulants() == pytest.approx((drift, spread), rel=1e-11)


# Forms and errors


def test_shapes_broadcast():
    edge = count_edge(RING, (1, 0))
    assert edge.tilted_generator(np.zeros((2, 5))).shape == (2, 5, 3, 3)
    assert edge.tilted_generator(0.0) == pytest.approx(generator(RING), rel=1e-15)
    chi, times = np.array([[-0.5], [0.0], [0.5]]), np.array([0.0, 1.0, 2.0, 3.0])
    function = edge.generating_function(chi, 0, times)
    assert function.shape == (3, 4)
    assert function[:, 0] == pytest.approx(np.ones(3), abs=1e-15)
    assert function[1] == pytest.approx(np.ones(4), rel=1e-14)
    assert function[2, 3] == pytest.approx(edge.generating_function(0.5, 0, 3.0), rel=1e-14)
    mean, variance = edge.moments([1.0, 0, 0], times.reshape(2, 2))
    assert mean.shape == variance.shape == (2, 2)
    assert mean[0, 0] == variance[0, 0] == 0
    assert edge.generating_function(chi, 0, 0.0).shape == (3, 1)


def test_total_rates_forget_the_counter():
    edge = count_edge(RING, (1, 0))
    assert np.array_equal(edge.total_rates, RING)
    assert np.array_equal(count_edge(RING + 5 * np.eye(3), (1, 0)).rates, edge.rates)
    loops = CountedRates([RING + np.eye(3), RING + 7 * np.eye(3)], [1, 0])
    assert np.array_equal(loops.total_rates, 2 * RING)
    assert np.array_equal(loops.rates[1], RING)
    copy = pickle.loads(pickle.dumps(edge))
    assert np.array_equal(copy.rates, edge.rates)
    with pytest.raises(ValueError, match="read-only"):
        copy.rates[0] = 0


@pytest.mark.parametrize(
    ("rates", "steps", "error", "message"),
    [
        (RING, [1], ValueError, r"`rates` must have shape \(s, n, n\)"),
        ([RING[:2]], [1], ValueError, r"`rates` must have shape \(s, n, n\)"),
        ([RING], [1, 2], ValueError, "one matrix for each of the 2 `steps`, got 1"),
        ([RING, RING], [1, 1], ValueError, "`steps` must all be different"),
        ([RING], [np.inf], ValueError, "`steps` must be finite"),
        ([RING], 1, ValueError, r"`steps` must have shape \(n,\)"),
        ([-RING], [1], ValueError, "must not be negative, got -4;"),
        ([RING - np.eye(3)], [1], ValueError, "must not be negative, got -1;"),
        ([RING * np.nan], [1], ValueError, "`rates` must be finite"),
        ([1j * RING], [1], TypeError, "`rates` must be real"),
    ],
)
def test_bad_rates_are_refused(rates, steps, error, message):
    with pytest.raises(error, match=message):
        CountedRates(rates, steps)


@pytest.mark.parametrize(
    ("edge", "error", "message"),
    [
        ((1, 1), ValueError, "two different states"),
        ((1, 3), ValueError, "one of 0 … 2, got 3"),
        ((1,), ValueError, r"a pair \(k, l\)"),
        (1, ValueError, r"a pair \(k, l\)"),
        ((1, 0.5), TypeError, "whole number"),
    ],
)
def test_bad_edges_are_refused(edge, error, message):
    with pytest.raises(error, match=message):
        count_edge(RING, edge)
    with pytest.raises(ValueError, match=r"`rates` must have shape \(n, n\)"):
        count_edge([RING], (1, 0))


def test_bad_starts_and_times_are_refused():
    edge = count_edge(RING, (1, 0))
    for method in (edge.moments, edge.distribution, lambda *a: edge.generating_function(0, *a)):
        with pytest.raises(ValueError, match="`start` must be one of 0 … 2, got 3"):
            method(3, 1.0)
        with pytest.raises(ValueError, match="`start` must sum to one"):
            method([0.5, 0.6, 0.0], 1.0)
        name = "time" if method == edge.distribution else "times"
        with pytest.raises(ValueError, match=f"`{name}` must not be negative, got -1"):
            method(0, -1.0)
    with pytest.raises(ValueError, match="`start` must have shape"):
        edge.sample([0.5, 0.5], 1.0, 10)
    with pytest.raises(ValueError, match=r"`start` must name states 0 to 2"):
        CountedRates([RING + np.eye(3)], [1]).sample(3, 1.0, 10)
    with pytest.raises(ValueError, match="batches must have shapes that broadcast"):
        edge.generating_function([0.0, 1.0], 0, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="`steps` must be whole numbers"):
        CountedRates([RING], [0.5]).distribution(0, 1.0)


def test_what_exceeds_the_range_of_numbers_is_refused():
    edge = count_edge(RING, (1, 0))
    with pytest.raises(OverflowError, match="at χ step = 800"):
        edge.tilted_generator(800.0)
    with pytest.raises(OverflowError, match="χ or the time is too large"):
        edge.generating_function(1.0, 0, 1e5)
    with pytest.raises(OverflowError, match="mean or variance exceeds the range of numbers"):
        CountedRates([[[1e150]]], [1e10]).moments(0, 1e150)
    # A small result only vanishes.
    assert CountedRates([[[1.0]]], [1]).generating_function(-100.0, 0, 1e4) == 0


@pytest.mark.parametrize("time", [1e10, 1e16, 1e17, 1e150])
def test_generating_functions_that_rounding_would_decide_are_refused(time):
    """⟨e^{0 Δn}⟩ = 1 as long as an answer is given."""
    edge = count_edge(RING, (1, 0))
    assert edge.generating_function(0.0, 0, [1e3, 1e6, 6e8]) == pytest.approx(np.ones(3), abs=1e-6)
    with pytest.raises(ConvergenceError, match="more than a millionth; take shorter times"):
        edge.generating_function(0.0, 0, [1.0, time])


@pytest.mark.parametrize(("step", "time"), [(1e9, 1.0), (1, 1e8), (1e149, 1e149)])
def test_distributions_too_large_for_the_memory_are_refused(step, time):
    process = CountedRates([[[50.0]]], [step])
    with pytest.raises(ValueError, match=r"may take \S+ different values, too many"):
        process.distribution(0, time)


def test_processes_without_one_long_run_are_refused():
    with pytest.raises(ReducibleChainError):
        CountedRates(np.zeros((1, 2, 2)), [1]).cumulants()
    slow = np.array([[0, 1.0, 1e-15], [1.0, 0, 0], [1e-15, 0, 0]])
    with pytest.raises(ConvergenceError, match="`moments` is right at any given time"):
        count_edge(slow, (1, 0)).cumulants()


@settings(max_examples=20)
@given(counted())
def test_no_jump_no_count(process):
    still = CountedRates(0 * process.rates, process.steps)
    assert np.array_equal(still.moments(0, [0.0, 5.0]), np.zeros((2, 2)))
    assert not still.sample(0, 1.0, 10).any()
