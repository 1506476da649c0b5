"""Laws of jump trajectories, with fixed seeds: statistics within four standard errors."""

import itertools
import tracemalloc
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import expm
from strategies import rate_matrices, seeds

from detailedbalance import (
    entropy_production,
    evolve,
    figure_1,
    generator,
    probability_currents,
    reversed_rates,
    stationary_state,
    transition_rates,
)
from detailedbalance import trajectories as module
from detailedbalance.trajectories import (
    Paths,
    count_cycles,
    count_jumps,
    log_path_ratio,
    sample_paths,
)

RING = np.array([[0, 1.0, 2.0], [2.0, 0, 1.0], [1.0, 2.0, 0]])
TRAP = np.array([[0, 0, 0], [2.0, 0, 0.5], [0, 0, 0]])
"""0 → 1 and 2 → 1: state 1 cannot be left."""


def driven(n, seed):
    """Random rates, which have no reason to balance."""
    rates = np.random.default_rng(seed).exponential(size=(n, n))
    np.fill_diagonal(rates, 0.0)
    return rates


def balanced(n, seed):
    random = np.random.default_rng(seed)
    symmetric = random.uniform(0.5, 2, (n, n))
    rates = (symmetric + symmetric.T) * np.exp(random.normal(size=n))[:, None]
    np.fill_diagonal(rates, 0.0)
    return rates


def pulls(measured, expected):
    """Deviations in units of the standard error, where there is one."""
    mean, error = measured
    assert np.array_equal(mean[error == 0], np.broadcast_to(expected, mean.shape)[error == 0])
    return ((mean - expected)[error > 0] / error[error > 0]).ravel()


def mean_and_error(samples):
    return samples.mean(axis=0), samples.std(axis=0, ddof=1) / np.sqrt(len(samples))


def assert_agree(measured, expected):
    assert np.abs(pulls(measured, expected)).max() < 4


# Jumps in a given time


@pytest.mark.parametrize(
    "rates",
    [transition_rates(figure_1(), beta=2.0), driven(4, 1), driven(6, 2), balanced(5, 3)],
    ids=["figure-1", "four", "six", "balanced"],
)
def test_mean_currents_are_probability_currents(rates):
    p = stationary_state(rates)
    counts = count_jumps(rates, p, 60 / (rates * p).sum(), 20_000, seed=1)
    assert counts.total > 1e6
    assert_agree(counts.currents, probability_currents(rates, p))
    assert_agree(counts.flows, rates * p)


def test_the_current_of_figure_1_is_seen():
    rates = transition_rates(figure_1(), beta=2.0)
    p = stationary_state(rates)
    mean, error = count_jumps(rates, p, 60 / (rates * p).sum(), 20_000, seed=2).currents
    assert mean[1, 0] > 50 * error[1, 0]


def test_standard_errors_are_honest():
    """Over 250 runs the deviations have the variance that the quoted errors claim."""
    rates = driven(3, 4)
    p = stationary_state(rates)
    currents, flows = probability_currents(rates, p), rates * p
    size, runs = 100, 250
    deviations = []
    for seed in range(runs):
        counts = count_jumps(rates, p, 20.0, size, seed)
        current = pulls(counts.currents, currents)
        deviations.append(np.concatenate([current, pulls(counts.flows, flows)]))
    deviations = np.array(deviations)
    student = (size - 1) / (size - 3)
    assert np.abs(deviations.var(axis=0) - student).max() < 4 * np.sqrt(2 / runs)
    assert np.abs(deviations.mean(axis=0)).max() < 4 / np.sqrt(runs)


def test_a_single_trajectory_has_no_standard_error():
    mean, error = count_jumps(RING, 0, 100.0, 1).currents
    assert np.all(np.isfinite(mean))
    assert np.array_equal(np.isinf(error), ~np.eye(3, dtype=bool))


@pytest.mark.parametrize("duration", [0.05, 0.7, 5.0])
def test_jumps_are_counted_without_bias_for_any_duration(duration):
    """The mean number of jumps from l to k is a_kl ∫ p_l dt, far from the steady state as well."""
    rates = driven(4, 5)
    w = generator(rates)
    # The upper right block of exp [[W, 1], [0, 0]] T is the integral of e^{Wt}.
    block = expm(np.block([[w, np.eye(4)], [np.zeros((4, 8))]]) * duration)[:4, 4:]
    counts = count_jumps(rates, 2, duration, 100_000, seed=6)
    assert_agree(mean_and_error(counts.counts), rates * block[:, 2])


def test_jumps_of_equal_rate_are_a_poisson_process():
    one_way = np.roll(np.eye(3), 1, axis=0)
    counts = count_jumps(one_way, 0, 3.0, 200_000, seed=7)
    seen = np.bincount(counts.counts.sum(axis=(1, 2)), minlength=13)
    expected = stats.poisson.pmf(np.arange(12), 3.0)
    expected = np.append(expected, 1 - expected.sum()) * 200_000
    seen = np.append(seen[:12], seen[12:].sum())
    assert stats.chisquare(seen, expected).pvalue > 1e-3


@pytest.mark.parametrize("start", [1, np.array([0.2, 0.5, 0.1, 0.2])], ids=["state", "drawn"])
def test_populations_follow_the_master_equation(start):
    rates, times = driven(4, 8), np.array([0.0, 0.1, 0.5, 3.0])
    p = np.eye(4)[start] if isinstance(start, int) else start
    expected = evolve(rates, p, times)
    paths = sample_paths(rates, start, 40, 50_000, seed=9)
    assert_agree(mean_and_error(np.eye(4)[paths.states_at(times)]), expected)
    finals = count_jumps(rates, start, 0.5, 50_000, seed=10).final_states
    assert_agree(mean_and_error(np.eye(4)[finals]), expected[2])


@settings(max_examples=30)
@given(rate_matrices(), seeds, st.floats(0.01, 30))
def test_every_trajectory_conserves_its_walker(rates, seed, jumps):
    """Start + arrivals - departures = end, state by state."""
    n = len(rates)
    starts = np.arange(50) % n
    counts = count_jumps(rates, starts, jumps / rates.sum(axis=0).max(), 50, seed)
    assert np.array_equal(counts.start_states, starts)
    net = counts.counts.sum(axis=2) - counts.counts.sum(axis=1)
    assert np.array_equal(np.eye(n)[starts] + net, np.eye(n)[counts.final_states])
    assert not counts.counts[:, rates == 0].any()
    assert counts.total == counts.counts.sum()


def test_currents_and_flows_are_means_over_trajectories():
    """Also where the reverse of a jump, or every jump between two states, is missing."""
    rates = driven(5, 37)
    rates[1, 0] = rates[2, 3] = rates[3, 2] = 0.0
    counts = count_jumps(rates, 0, 4.0, 500, seed=38)
    net = counts.counts - counts.counts.swapaxes(1, 2)
    for measured, samples in [(counts.flows, counts.counts), (counts.currents, net)]:
        for ours, expected in zip(measured, mean_and_error(samples / 4.0), strict=True):
            assert ours == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_a_large_network_has_honest_currents():
    rates = driven(60, 11) * (np.random.default_rng(12).uniform(size=(60, 60)) < 0.2)
    p = stationary_state(rates)
    counts = count_jumps(rates, p, 200 / (rates * p).sum(), 5_000, seed=13)
    assert counts.total > 9e5
    deviations = pulls(counts.currents, probability_currents(rates, p))
    assert deviations.var() == pytest.approx(1, abs=8 / np.sqrt(deviations.size))


def test_memory_does_not_grow_with_the_number_of_jumps():
    tracemalloc.start()
    try:
        count_jumps(RING, 0, 200.0, 6_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8e6  # 3.6 million jumps


# Single paths


def test_stays_are_exponential():
    rates = driven(3, 14)
    paths = sample_paths(rates, 0, 200, 1_000, seed=15)
    states, stays = paths.states[:, :-1], paths.stays[:, :-1]
    for state, rate in enumerate(rates.sum(axis=0)):
        sample = stays[states == state]
        assert sample.size > 10_000
        assert stats.kstest(rate * sample, "expon").pvalue > 1e-3


def test_successors_are_independent_of_stays():
    rates = driven(3, 16)
    paths = sample_paths(rates, 0, 200, 1_000, seed=17)
    for k, l in [(1, 0), (2, 1), (0, 2)]:
        left = paths.states[:, :-1] == l
        chosen = (paths.states[:, 1:] == k)[left]
        assert_agree(mean_and_error(chosen), rates[k, l] / rates[:, l].sum())
        stays = paths.stays[:, :-1][left]
        assert stats.ks_2samp(stays[chosen], stays[~chosen]).pvalue > 1e-3


def test_time_is_shared_as_in_the_stationary_state():
    rates = driven(5, 18)
    p = stationary_state(rates)
    paths = sample_paths(rates, p, 300, 4_000, seed=19)
    duration = 0.8 * paths.times[:, -1].min()
    shares = paths.until(duration).residence_times(5) / duration
    assert shares.sum(axis=1) == pytest.approx(np.ones(4_000), rel=1e-12)
    assert_agree(mean_and_error(shares), p)


@given(rate_matrices(), seeds)
def test_paths_only_make_jumps_that_have_a_rate(rates, seed):
    rates[np.random.default_rng(seed).uniform(size=rates.shape) < 0.3] = 0.0
    paths = sample_paths(rates, 0, 20, 5, seed)
    happened = np.isfinite(paths.times[:, 1:])
    before, after = paths.states[:, :-1], paths.states[:, 1:]
    assert np.all(rates[after, before][happened] > 0)
    assert np.all(rates.sum(axis=0)[before[~happened]] == 0)
    assert np.array_equal(before[~happened], after[~happened])
    assert np.all(paths.times[:, 1:] > paths.times[:, :-1], where=happened)


@settings(max_examples=50)
@given(rate_matrices(max_states=9))
def test_every_random_number_leads_to_one_successor_with_the_right_weight(rates):
    """The 2^64 numbers are divided among the successors as the rates are."""
    chain = module._compile(rates)
    width, n = 1 << chain.bits, len(rates)
    column = Fraction(2**64, width)
    for l in range(n):
        weights = [Fraction(0)] * n
        for c in range(width):
            place = 2 * (l * width + c)
            limit = Fraction(int(chain.limits[place])) + 1 - c * column
            weights[chain.successors[place]] += limit
            weights[chain.successors[place + 1]] += column - limit
            assert chain.limits[place] == chain.limits[place + 1]
            assert 0 < limit <= column
        exact = [Fraction(rate) for rate in rates[:, l]]
        for weight, rate in zip(weights, exact, strict=True):
            assert abs(weight / 2**64 - rate / sum(exact)) < 1e-15
            assert rate > 0 or weight == 0


def test_states_that_cannot_be_left_keep_the_walker():
    paths = sample_paths(TRAP, [0, 1, 2], 3, 3)
    assert np.array_equal(paths.states, [[0, 1, 1, 1], [1, 1, 1, 1], [2, 1, 1, 1]])
    assert np.array_equal(np.isinf(paths.times).sum(axis=1), [2, 3, 2])
    assert np.array_equal(paths.states_at([0.0, 1e9]), [[0, 1], [1, 1], [2, 1]])
    assert paths.residence_times(3)[1] == pytest.approx([0, 0, 0], abs=0)
    assert paths.until(1e9).residence_times(3).sum(axis=1) == pytest.approx(np.full(3, 1e9))
    assert count_cycles(paths) == {}
    counts = count_jumps(TRAP, 0, 1.0, 100_000, seed=20)
    assert_agree(mean_and_error(counts.counts[:, 1, 0]), 1 - np.exp(-2.0))
    assert counts.total == counts.counts[:, 1, 0].sum()
    assert count_jumps([[0.0]], 0, 1.0, 5).total == 0


def test_cutting_paths_keeps_what_happened_before():
    paths = sample_paths(RING, 0, 50, 200, seed=21)
    cut = paths.until(5.0)
    times = np.linspace(0, 5, 40)
    assert np.array_equal(cut.states_at(times), paths.states_at(times))
    assert cut.stays.sum(axis=1) == pytest.approx(np.full(200, 5.0), rel=1e-14)
    assert np.array_equal(cut.states[:, -1], paths.states_at([5.0])[:, 0])
    twice = cut.until(2.0)
    assert np.array_equal(twice.times, paths.until(2.0).times)
    assert np.array_equal(twice.states, paths.until(2.0).states)


def test_residence_times_are_the_integrals_of_the_states():
    paths = Paths(np.array([[0, 2, 0]]), np.array([[0.0, 1.0, 4.0]]))
    assert np.array_equal(paths.residence_times(4), [[1.0, 0.0, 3.0, 0.0]])
    assert np.array_equal(paths.until(3.0).residence_times(3), [[1.0, 0.0, 2.0]])


# Random numbers


def test_the_same_seed_gives_the_same_trajectories():
    for seed in (3, np.random.SeedSequence(3), np.random.PCG64(3), np.random.default_rng(3)):
        paths, counts = sample_paths(RING, 0, 30, 9, 3), count_jumps(RING, 0, 9.0, 9, 3)
        again = sample_paths(RING, 0, 30, 9, seed)
        assert np.array_equal(again.states, paths.states)
        assert np.array_equal(again.times, paths.times)
        if isinstance(seed, int):
            assert np.array_equal(count_jumps(RING, 0, 9.0, 9, seed).counts, counts.counts)
        else:
            # What is passed in remembers that it was used.
            assert not np.array_equal(sample_paths(RING, 0, 30, 9, seed).times, paths.times)
    assert not np.array_equal(sample_paths(RING, 0, 30, 9, 4).times, paths.times)


def test_longer_paths_begin_with_the_shorter_ones():
    p = stationary_state(RING)
    short, long = (sample_paths(RING, p, jumps, 5_000, seed=22) for jumps in (7, 40))
    assert np.array_equal(short.states, long.states[:, :8])
    assert np.array_equal(short.times, long.times[:, :8])


def test_full_blocks_do_not_depend_on_how_many_follow():
    few, many = (count_jumps(RING, 0, 3.0, number, seed=23) for number in (4096, 5000))
    assert np.array_equal(few.counts, many.counts[:4096])


@pytest.mark.parametrize("at_once", [1, 1 << 10, 1 << 20])
def test_paths_do_not_depend_on_how_many_jumps_are_drawn_at_once(at_once, monkeypatch):
    paths = sample_paths(RING, 0, 60, 300, seed=24)
    monkeypatch.setattr(module, "JUMPS_AT_ONCE", at_once)
    again = sample_paths(RING, 0, 60, 300, seed=24)
    assert np.array_equal(again.states, paths.states)
    assert np.array_equal(again.times, paths.times)


def test_few_trajectories_make_the_same_paths_without_the_loop_for_few(monkeypatch):
    rates = driven(5, 25)
    paths = sample_paths(rates, 0, 500, 3, seed=26)
    counts = count_jumps(rates, 0, 50.0, 3, seed=26)
    monkeypatch.setattr(module, "FEW", 0)
    again = sample_paths(rates, 0, 500, 3, seed=26)
    assert np.array_equal(again.states, paths.states)
    assert np.array_equal(again.times, paths.times)
    assert np.array_equal(count_jumps(rates, 0, 50.0, 3, seed=26).counts, counts.counts)


# Cycles


def completions(states):
    """Return the loops of a path and what remains: cut out the first loop until none is left."""
    states, cycles = list(states), Counter()
    while len(set(states)) < len(states):
        end = next(i for i, state in enumerate(states) if state in states[:i])
        start = states.index(states[end])
        cycle = states[start:end]
        first = cycle.index(min(cycle))
        cycles[tuple(cycle[first:] + cycle[:first])] += 1
        del states[start:end]
    return cycles, states


@given(rate_matrices(max_states=8), seeds)
def test_every_jump_belongs_to_one_cycle_or_to_what_remains(rates, seed):
    paths = sample_paths(rates, 0, 60, 3, seed)
    expected, remaining = Counter(), 0
    for states in paths.states.tolist():
        cycles, rest = completions(states)
        expected += cycles
        remaining += len(rest) - 1
    found = count_cycles(paths)
    assert found == expected
    assert sum(len(cycle) * number for cycle, number in found.items()) + remaining == 3 * 60


def test_net_completions_are_the_net_jumps_of_a_ring():
    paths = sample_paths(RING, 0, 500, 50, seed=27).until(20.0)
    cycles = count_cycles(paths)
    before, after = paths.states[:, :-1], paths.states[:, 1:]
    net = np.sum((after - before) % 3 == 1) - np.sum((before - after) % 3 == 1)
    # The way left over at the end of each path is two jumps long at most.
    assert abs(3 * (cycles[0, 1, 2] - cycles[0, 2, 1]) - net) <= 2 * 50


@pytest.mark.parametrize(
    ("rates", "cycles"),
    [
        (RING, [(0, 1, 2)]),
        (
            # Two triangles with a common side, and the square around both.
            np.array([[0, 1, 2, 1.5], [1.2, 0, 1, 0], [1, 1.4, 0, 1], [1, 0, 1.5, 0]]),
            [(0, 1, 2), (0, 2, 3), (0, 1, 2, 3)],
        ),
    ],
    ids=["ring", "two-cycles"],
)
def test_a_cycle_and_its_reverse_complete_in_the_ratio_of_their_rates(rates, cycles):
    """Exact for every cycle of every network; n₊ of n₊ + n₋ completions is binomial."""
    found = count_cycles(sample_paths(rates, 0, 1_000, 1_000, seed=28))
    for cycle in cycles:
        onwards = [*cycle[1:], cycle[0]]
        affinity = np.log(rates[onwards, cycle] / rates[cycle, onwards]).sum()
        forward = found[cycle]
        backward = found[(cycle[0], *cycle[:0:-1])]
        total = forward + backward
        share = 1 / (1 + np.exp(-affinity))
        assert total > 2_000
        assert abs(forward - share * total) < 4 * np.sqrt(total * share * (1 - share))


# Path ratios


def log_density(states, times, duration, rates, start):
    """ln of the probability density of one path, jump by jump."""
    result, exits = np.log(start[states[0]]), rates.sum(axis=0)
    ends = [*times[1:], duration]
    for i, state in enumerate(states):
        result -= exits[state] * (ends[i] - times[i])
        if i + 1 < len(states):
            result += np.log(rates[states[i + 1], state])
    return result


@settings(max_examples=50)
@given(seeds)
def test_ratio_compares_the_densities_of_a_path_and_its_reverse(seed):
    """And exchanging the two processes and reversing the path changes its sign."""
    random = np.random.default_rng(seed)
    rates, other = driven(4, random), driven(4, random)
    start, other_start = random.dirichlet(np.ones(4), 2)
    paths = sample_paths(rates, start, 10, 6, random)
    duration = paths.times.max() + 1
    paths = Paths(paths.states, paths.times, duration)
    # The reversed path enters each state when the path leaves it.
    left = np.concatenate([paths.times[:, 1:], np.full((6, 1), duration)], axis=1)
    mirrored = Paths(paths.states[:, ::-1], duration - left[:, ::-1], duration)
    expected = [
        log_density(s, t, duration, rates, start) - log_density(u, v, duration, other, other_start)
        for s, t, u, v in zip(
            paths.states, paths.times, mirrored.states, mirrored.times, strict=True
        )
    ]
    ratio = log_path_ratio(paths, rates, other, start, other_start)
    scale = 1 + np.abs(expected).max()
    assert np.abs(ratio - expected).max() < 1e-12 * scale
    back = log_path_ratio(mirrored, other, rates, other_start, start)
    assert np.abs(ratio + back).max() < 1e-12 * scale


@pytest.mark.parametrize("other", [None, 30])
def test_integral_fluctuation_relation(other):
    """⟨e^{-R}⟩ = 1 for paths of one duration, whatever process the reversed path is judged by."""
    rates, start = driven(3, 29), np.array([0.5, 0.3, 0.2])
    reverse_rates = None if other is None else driven(3, other)
    paths = sample_paths(rates, start, 60, 100_000, seed=31).until(1.0)
    for end in ([0.1, 0.2, 0.7], None):
        ratio = log_path_ratio(paths, rates, reverse_rates, start, end)
        assert_agree(mean_and_error(np.exp(-ratio)), 1.0)
        assert ratio.std() > 0.5


def test_integral_fluctuation_relation_for_a_number_of_jumps():
    """Paths that end with a jump obey it if all states are left equally fast."""
    start = np.array([0.5, 0.3, 0.2])
    paths = sample_paths(RING, start, 5, 100_000, seed=32)
    ratio = log_path_ratio(paths, RING, start=start, reverse_start=[0.2, 0.2, 0.6])
    assert_agree(mean_and_error(np.exp(-ratio)), 1.0)


def mean_over_all_paths(rates, jumps, start, reverse_start):
    """⟨e^{-R}⟩ over every sequence of so many jumps; R does not depend on the stays."""
    n = len(rates)
    sequences = itertools.product(range(n), repeat=jumps + 1)
    states = np.array([s for s in sequences if all(k != l for k, l in itertools.pairwise(s))])
    branching = (rates / rates.sum(axis=0))[states[:, 1:], states[:, :-1]]
    weights = start[states[:, 0]] * branching.prod(axis=1)
    assert weights.sum() == pytest.approx(1, rel=1e-13)
    paths = Paths(states, np.tile(np.arange(jumps + 1.0), (len(states), 1)))
    return weights @ np.exp(-log_path_ratio(paths, rates, None, start, reverse_start))


@pytest.mark.parametrize("jumps", [1, 2, 5])
def test_integral_fluctuation_relation_for_jumps_needs_a_stationary_end(jumps):
    """Exactly, for exit rates 62, 6.4 and 1.1: if p* is stationary, whatever the start."""
    rates = driven(3, 40)
    rates *= np.array([62, 6.4, 1.1]) / rates.sum(axis=0)
    p, start, uniform = stationary_state(rates), np.array([0.5, 0.3, 0.2]), np.full(3, 1 / 3)
    assert mean_over_all_paths(rates, jumps, p, None) == pytest.approx(1, rel=1e-12)
    assert mean_over_all_paths(rates, jumps, start, p) == pytest.approx(1, rel=1e-12)
    assert mean_over_all_paths(rates, jumps, uniform, None) > 2
    equally_fast = rates / rates.sum(axis=0)
    assert mean_over_all_paths(equally_fast, jumps, start, uniform) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("seed", [33, 34])
def test_mean_ratio_grows_with_schnakenbergs_sum(seed):
    rates = driven(4, seed)
    p = stationary_state(rates)
    paths = sample_paths(rates, p, 200, 10_000, seed)
    duration = 0.9 * paths.times[:, -1].min()
    ratio = log_path_ratio(paths.until(duration), rates, start=p)
    assert_agree(mean_and_error(ratio / duration), entropy_production(rates, p))


def test_balanced_films_run_backwards_as_well():
    """Path by path, not only on average; without the ends the free energies of these remain."""
    rates = balanced(5, 35)
    p = stationary_state(rates)
    paths = sample_paths(rates, p, 100, 200, seed=36)
    for film in (paths, paths.until(0.9 * paths.times[:, -1].min())):
        assert np.abs(log_path_ratio(film, rates, start=p)).max() < 1e-11
        ends = np.log(p[film.states[:, -1]] / p[film.states[:, 0]])
        assert log_path_ratio(film, rates) == pytest.approx(ends, abs=1e-11)


@settings(max_examples=30)
@given(rate_matrices(), seeds)
def test_reversed_films_are_films_of_the_dual_process(rates, seed):
    p = stationary_state(rates)
    paths = sample_paths(rates, p, 50, 20, seed)
    for film in (paths, paths.until(0.5 * paths.times[:, -1].min())):
        ratio = log_path_ratio(film, rates, reversed_rates(rates), start=p)
        scale = 50 + (rates.sum(axis=0)[film.states] * film.stays).sum(axis=1).max()
        assert np.abs(ratio).max() < 1e-12 * scale


def test_impossible_reverses_are_infinitely_unlikely():
    one_way = np.roll(np.eye(3), 1, axis=0)
    film = sample_paths(one_way, 0, 2, 2)
    assert np.array_equal(log_path_ratio(film, one_way), [np.inf, np.inf])
    ratio = log_path_ratio(film, RING, start=[0.5, 0.5, 0], reverse_start=[0.5, 0.5, 0])
    assert np.array_equal(ratio, [np.inf, np.inf])
    with pytest.raises(ValueError, match="`rates` must allow every jump"):
        log_path_ratio(film, one_way.T)
    with pytest.raises(ValueError, match="`start` must allow the first state"):
        log_path_ratio(film, RING, start=[0, 0.5, 0.5])


# Bad input


@pytest.mark.parametrize(
    "function",
    [
        lambda rates, start: sample_paths(rates, start, 5, 4),
        lambda rates, start: count_jumps(rates, start, 1.0, 4),
    ],
    ids=["paths", "counts"],
)
@pytest.mark.parametrize(
    ("rates", "start", "message"),
    [
        (RING, [0.5, 0.5, 0.1], "`start` must sum to one"),
        (RING, [1.5, -0.5, 0.0], "`start` must not be negative"),
        (RING, [0.5, 0.5], r"`start` must have shape \(3,\)"),
        (RING, 0.0, r"`start` must have shape \(3,\)"),
        (RING, 3, "`start` must name states 0 to 2"),
        (RING, [0, 1, -1, 2], "`start` must name states 0 to 2"),
        (RING, [1, 0, 0], r"shape \(4,\), a state for each trajectory"),
        (-RING, 0, "`rates` must not be negative"),
        (np.ones((2, 3)), 0, "`rates` must have shape"),
        (np.ones((2, 3, 3)), 0, r"`rates` must have shape \(n, n\)"),
        (RING * np.nan, 0, "`rates` must be finite"),
    ],
)
def test_bad_processes_are_refused(function, rates, start, message):
    with pytest.raises(ValueError, match=message):
        function(rates, start)


@pytest.mark.parametrize("start", [[1, 0, 0], np.array([0, 0, 1], dtype=np.uint8)])
def test_integers_that_may_be_probabilities_are_refused(start):
    """Three trajectories of three states: one in state 1, or all in state 0?"""
    for run in (lambda: sample_paths(RING, start, 5, 3), lambda: count_jumps(RING, start, 1.0, 3)):
        with pytest.raises(
            ValueError, match=r"unambiguous.*write floats, \[(1|0)\.0, 0\.0, .\.0\]"
        ):
            run()
    assert np.array_equal(sample_paths(RING, [1, 1, 0], 5, 3).states[:, 0], [1, 1, 0])
    assert np.array_equal(sample_paths(RING, [1.0, 0.0, 0.0], 5, 3).states[:, 0], [0, 0, 0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sample_paths(RING, 0, 0), ValueError, "`jumps` must be at least 1, got 0"),
        (lambda: sample_paths(RING, 0, 2.5), TypeError, "`jumps` must be a whole number, got 2.5"),
        (lambda: sample_paths(RING, 0, 5, 0), ValueError, "`trajectories` must be at least 1"),
        (lambda: count_jumps(RING, 0, 1.0, 0), ValueError, "`trajectories` must be at least 1"),
        (lambda: count_jumps(RING, 0, 0.0, 5), ValueError, "`duration` must be positive"),
        (lambda: count_jumps(RING, 0, -1.0, 5), ValueError, "`duration` must be positive"),
        (lambda: count_jumps(RING, 0, np.inf, 5), ValueError, "`duration` must be finite"),
        (lambda: count_cycles([[0, 1]]), TypeError, "`paths` must be a Paths"),
        (lambda: log_path_ratio([[0, 1]], RING), TypeError, "`paths` must be a Paths"),
    ],
)
def test_bad_numbers_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_bad_questions_to_paths_are_refused():
    paths = sample_paths(RING, 0, 5, 4)
    with pytest.raises(ValueError, match=r"`duration` must not exceed .* sample more jumps"):
        paths.until(1e3)
    with pytest.raises(ValueError, match="`times` must not exceed"):
        paths.states_at([0.0, 1e3])
    with pytest.raises(ValueError, match="`times` must not exceed"):
        paths.until(1e-3).states_at([1.0])
    with pytest.raises(ValueError, match="`times` must not be negative"):
        paths.states_at([-1.0])
    with pytest.raises(ValueError, match="must visit states 0 to 1 only"):
        paths.residence_times(2)
    with pytest.raises(ValueError, match="must visit states 0 to 1 only"):
        log_path_ratio(paths, RING[:2, :2])
    with pytest.raises(ValueError, match=r"`reverse_rates` must have shape \(3, 3\)"):
        log_path_ratio(paths, RING, np.ones((4, 4)))
    with pytest.raises(ValueError, match="`reverse_start` needs `start`"):
        log_path_ratio(paths, RING, reverse_start=[1.0, 0, 0])
    with pytest.raises(ValueError, match="`reverse_start` must sum to one"):
        log_path_ratio(paths, RING, start=[1.0, 0, 0], reverse_start=[0.5, 0, 0])


def test_malformed_paths_are_refused():
    with pytest.raises(ValueError, match=r"shape \(trajectories, jumps \+ 1\)"):
        Paths(np.zeros((2, 3), dtype=int), np.zeros((2, 4)))
    with pytest.raises(TypeError, match="`states` must be integers"):
        Paths(np.zeros((2, 3)), np.zeros((2, 3)))
    for times in ([0.0, 2.0, 1.0], [0.1, 1.0, 2.0], [0.0, np.nan, 1.0], [0.0, np.inf, 1.0]):
        with pytest.raises(ValueError, match="`times` must begin with 0 and never decrease"):
            Paths([[0, 1, 2]], [times])
    for duration in (-1.0, 0.0, np.nan):
        with pytest.raises(ValueError, match="`duration` must be positive"):
            Paths([[0, 1]], [[0.0, 1.0]], duration)


def test_paths_may_be_written_as_lists():
    paths = Paths([[0, 1, 0]], [[0, 1, np.inf]])
    assert np.array_equal(paths.states_at([0.5, 1.5]), [[0, 1]])
    assert np.array_equal(paths.until(3).residence_times(2), [[1.0, 2.0]])
