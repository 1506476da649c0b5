"""Laws of reaction networks, with fixed seeds: χ² above 0.001, or within four standard errors."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import expm
from strategies import seeds

from detailedbalance import ConvergenceError, count_jumps, generator
from detailedbalance.reactions import FEW_WALKERS, simulate_reactions

SIZES = [FEW_WALKERS // 2, 5_000]
"""Trajectories at once, for the way that serves few of them and for the way that serves many."""


def assert_distributed(seen, p):
    """χ² of numbers 0, 1, … against probabilities; rare classes are put together."""
    expected = np.append(p, max(1 - np.sum(p), 0)) * seen.size
    seen = np.bincount(np.minimum(seen, len(p)), minlength=len(p) + 1)
    assert not seen[expected < 1e-6].any()
    common = expected >= 8
    seen = np.append(seen[common], seen[~common].sum())
    expected = np.append(expected[common], max(expected[~common].sum(), 1e-9))
    assert stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-3


def repeated(size, *arguments, most=12_000, seed=0):
    """Final counts and numbers of reactions of many trajectories, so many at once."""
    random = np.random.default_rng(seed)
    runs = [
        simulate_reactions(*arguments, trajectories=size, seed=random) for _ in range(most // size)
    ]
    return (
        np.concatenate([run.states for run in runs]),
        np.concatenate([run.reaction_counts for run in runs]),
    )


# Networks with a closed form


def birth_and_death(x):
    return np.stack([np.full(len(x), 5.0), 2 * x[:, 0]], axis=-1)


def decay(x):
    return x


@pytest.mark.parametrize("size", SIZES)
def test_births_and_deaths_give_a_poisson_distribution(size):
    """From nothing, with the mean (5/2)(1 - e^{-2t}); births are a Poisson process."""
    times = np.array([0.0, 0.1, 0.5, 4.0])
    states, counts = repeated(size, birth_and_death, [[1, -1]], [0], times)
    for seen, mean in zip(states[:, 1:, 0].T, 2.5 * (1 - np.exp(-2 * times[1:])), strict=True):
        assert_distributed(seen, stats.poisson.pmf(np.arange(20), mean))
    assert not states[:, 0].any()
    assert_distributed(counts[:, 0], stats.poisson.pmf(np.arange(60), 20.0))


def test_births_from_one_give_a_geometric_distribution():
    """Yule's process: P(x) = e^{-t}(1 - e^{-t})^{x-1}."""
    run = simulate_reactions(decay, [[1]], [1], [1.5], trajectories=20_000, seed=1)
    assert_distributed(run.final[:, 0], stats.geom.pmf(np.arange(80), np.exp(-1.5)))


def isomers(x):
    return x * [3.0, 1.0]


@pytest.mark.parametrize("size", SIZES)
def test_isomers_are_binomially_distributed(size):
    """Each of 12 molecules by itself: P(B) = (3/4)(1 - e^{-4t})."""
    times = np.array([0.1, 0.4, 3.0])
    states, _ = repeated(size, isomers, [[-1, 1], [1, -1]], [12, 0], times)
    assert np.all(states.sum(axis=2) == 12)
    for seen, p in zip(states[..., 1].T, 0.75 * (1 - np.exp(-4 * times)), strict=True):
        assert_distributed(seen, stats.binom.pmf(np.arange(13), 12, p))


def test_waiting_times_are_exponential_and_choices_follow_the_propensities():
    """One event and no more: P(none) = e^{-10t}, shares 1 : 0 : 2 : 7."""
    weights = np.array([1.0, 0.0, 2.0, 7.0])
    once = np.vstack([-np.ones(4, int), np.eye(4, dtype=int)])
    times = np.array([0.02, 0.1, 0.3, 9.0])
    run = simulate_reactions(
        lambda x: x[:, :1] * weights, once, [1, 0, 0, 0, 0], times, 100_000, seed=2
    )
    left = run.states[:, :, 0]
    survival = np.exp(-10 * times)
    error = np.sqrt(survival * (1 - survival) / len(left)) + 1e-12
    assert np.abs((left.mean(axis=0) - survival) / error).max() < 4
    assert_distributed(run.reaction_counts.argmax(axis=1), weights / 10)
    # When and which are independent.
    early = left[:, 1] == 0
    table = [run.reaction_counts[early].sum(axis=0), run.reaction_counts[~early].sum(axis=0)]
    assert stats.chi2_contingency(np.array(table)[:, weights > 0]).pvalue > 1e-3


# Networks against a master equation


def binding(x):
    """A + A ⇌ B, B + C → A."""
    a, b, c = x.T
    return np.stack([0.3 * a * (a - 1), 0.7 * b, 0.5 * b * c], axis=-1)


BINDING = np.array([[-2, 2, 1], [1, -1, -1], [0, 0, -1]])


def master_equation(propensities, changes, start):
    """Return all states that can be reached, and the generator among them."""
    states, todo, moves = {tuple(start): 0}, [tuple(start)], []
    while todo:
        state = todo.pop()
        for change, rate in zip(changes.T, propensities(np.array([state], float))[0], strict=True):
            if rate > 0:
                after = tuple(np.add(state, change))
                if after not in states:
                    states[after] = len(states)
                    todo.append(after)
                moves.append((states[after], states[state], rate))
    w = np.zeros((len(states),) * 2)
    for after, before, rate in moves:
        w[after, before] += rate
        w[before, before] -= rate
    return np.array(list(states)), w


@pytest.mark.parametrize("size", SIZES)
def test_a_network_follows_its_master_equation(size):
    """The joint distribution of three species, by the exponential of a matrix."""
    reached, w = master_equation(binding, BINDING, [7, 1, 3])
    number = {tuple(state): i for i, state in enumerate(reached)}
    times = [0.1, 0.5, 2.0]
    states, _ = repeated(size, binding, BINDING, [7, 1, 3], times)
    for seen, t in zip(states.swapaxes(0, 1), times, strict=True):
        codes = np.array([number[tuple(state)] for state in seen])
        assert_distributed(codes, np.maximum(expm(w * t)[:, 0], 0))


def test_a_walker_jumps_as_it_does_with_its_rate_matrix():
    """How often each jump happens: the same counts as from `count_jumps`, and their exact mean."""
    rates = np.random.default_rng(3).exponential(size=(4, 4)) * (1 - np.eye(4))
    chain = count_jumps(rates, 2, 1.5, 20_000, seed=4)
    final, initial = chain.links.T
    changes = np.eye(4)[:, final] - np.eye(4)[:, initial]
    run = simulate_reactions(
        lambda x: x[:, initial] * rates[final, initial], changes, np.eye(4)[2], [1.5], 20_000, 5
    )
    assert np.all(run.final.sum(axis=1) == 1)
    # The upper right block of exp [[W, 1], [0, 0]] T is the integral of e^{Wt}.
    block = expm(np.block([[generator(rates), np.eye(4)], [np.zeros((4, 8))]]) * 1.5)[:4, 4:]
    mean, spread = run.reaction_counts.mean(axis=0), run.reaction_counts.std(axis=0)
    exact = rates[final, initial] * block[initial, 2]
    assert np.abs((mean - exact) / spread).max() < 4 / np.sqrt(20_000)
    for ours, theirs in zip(run.reaction_counts.T, chain.numbers.T, strict=True):
        table = np.array([np.bincount(x, minlength=30)[:30] for x in (ours, theirs)])
        common = table.sum(axis=0) >= 16
        assert stats.chi2_contingency(table[:, common]).pvalue > 1e-4


# Bookkeeping


@settings(max_examples=30)
@given(seeds, st.integers(1, 4), st.integers(1, 5), st.integers(1, 200), st.floats(0.01, 2))
def test_what_happened_is_what_changed(seed, species, reactions, trajectories, end):
    """End - start = stoichiometry times counts, for networks that use only what is there."""
    random = np.random.default_rng(seed)
    changes = random.integers(-2, 3, (species, reactions))
    uses = np.maximum(-changes, 0)
    speeds = random.exponential(size=reactions)

    def propensities(x):
        return speeds * np.all(x[:, :, None] >= uses, axis=1)

    start = random.integers(0, 6, (trajectories, species))
    run = simulate_reactions(propensities, changes, start, [0.0, end], trajectories, seed)
    assert np.array_equal(run.states[:, 0], start)
    assert np.array_equal(run.final - start, run.reaction_counts @ changes.T)
    assert run.states.min() >= 0


def test_more_times_do_not_change_the_paths():
    few = simulate_reactions(birth_and_death, [[1, -1]], [3], [2.0], 5_000, seed=6)
    times = np.linspace(0, 2, 201)
    many = simulate_reactions(birth_and_death, [[1, -1]], [3], times, 5_000, seed=6)
    assert np.array_equal(few.final, many.final)
    assert np.array_equal(few.reaction_counts, many.reaction_counts)
    steps = np.abs(np.diff(many.states[..., 0], axis=1)).sum(axis=1)
    assert np.all(steps <= many.reaction_counts.sum(axis=1))


def test_a_seed_gives_one_result_and_a_generator_gives_others():
    arguments = birth_and_death, [[1, -1]], [3], [1.0], 200
    a, b, c = (simulate_reactions(*arguments, seed=seed).final for seed in (7, 7, 8))
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    random = np.random.default_rng(7)
    d, e = (simulate_reactions(*arguments, seed=random).final for _ in range(2))
    assert np.array_equal(a, d) and not np.array_equal(d, e)


def test_blocks_are_independent():
    """Trajectories beyond the first 4096 do not repeat it."""
    run = simulate_reactions(birth_and_death, [[1, -1]], [0], [5.0], 12_288, seed=9)
    blocks = run.reaction_counts[:, 0].reshape(3, 4096)
    assert np.abs(np.corrcoef(blocks) - np.eye(3)).max() < 4 / np.sqrt(4096)


def test_trajectories_of_unequal_length_do_not_disturb_each_other():
    """Some stop at once, some make a thousand reactions: each start has its binomial law."""
    starts = np.resize([0, 1, 30, 1_000], 8_000)[:, None]
    run = simulate_reactions(decay, [[-1]], starts, [0.5, 1.0], 8_000, seed=10)
    for i, start in enumerate([0, 1, 30, 1_000]):
        for t, seen in zip(run.times, run.states[i::4, :, 0].T, strict=True):
            assert_distributed(seen, stats.binom.pmf(np.arange(start + 1), start, np.exp(-t)))
    assert np.array_equal(starts - run.reaction_counts, run.final)


def test_what_cannot_react_any_more_stays_as_it_is():
    run = simulate_reactions(decay, [[-1]], [4], [0.0, 1e3, 1e6, 1e9], 100, seed=11)
    assert np.all(run.states[:, 0] == 4) and not run.states[:, 1:].any()
    assert np.all(run.reaction_counts == 4)


def test_the_end_may_be_the_start():
    run = simulate_reactions(birth_and_death, [[1, -1]], [4], [0.0], 10)
    assert np.all(run.states == 4) and not run.reaction_counts.any()


def test_means_and_errors_are_those_of_the_counts():
    run = simulate_reactions(birth_and_death, [[1, -1]], [4], [0.5, 1.0], 50, seed=12)
    assert run.mean == pytest.approx(run.states.mean(axis=0))
    assert run.standard_error == pytest.approx(
        run.states.std(axis=0, ddof=1) / np.sqrt(50), rel=1e-12
    )
    one = simulate_reactions(birth_and_death, [[1, -1]], [4], [0.5], seed=12)
    assert np.all(np.isinf(one.standard_error))


def test_memory_does_not_grow_with_the_number_of_reactions():
    tracemalloc.start()
    try:
        run = simulate_reactions(birth_and_death, [[1, -1]], [4], [100.0], 4_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert run.reaction_counts.sum() > 3e6
    assert peak < 4e6


# Errors


def test_an_explosion_is_stopped():
    """x → x + 1 at the rate x² makes infinitely many reactions in a finite time."""
    with pytest.raises(ConvergenceError, match=r"made 5000 reactions .* of 100, in the state \(50"):
        simulate_reactions(lambda x: x**2, [[1]], [2], [100.0], 10, most_events=5_000)


def test_as_many_reactions_as_allowed_may_happen():
    run = simulate_reactions(decay, [[-1]], [50], [1e9], 20, most_events=51)
    assert not run.final.any()
    with pytest.raises(ConvergenceError, match="made 49 reactions"):
        simulate_reactions(decay, [[-1]], [50], [1e9], 20, most_events=49)


def test_counts_are_exact_or_refused():
    """Beyond 2^53 adding one changes nothing."""
    with pytest.raises(ValueError, match=r"must not exceed 9007199254740992.* \(90071992547409"):
        simulate_reactions(lambda x: np.full((len(x), 1), 1e3), [[1]], [2**53 - 5], [1.0], 3)
    run = simulate_reactions(lambda x: np.full((len(x), 1), 5.0), [[-1]], [2**53], [1.0], 3)
    assert np.array_equal(2**53 - run.final, run.reaction_counts)


def test_what_hardly_ever_happens_does_not_happen():
    run = simulate_reactions(lambda x: np.full((len(x), 1), 1e-310), [[1]], [0], [1.0, 1e9], 20)
    assert not run.states.any()


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda x: np.stack([x[:, 0], 3 - x[:, 0]], axis=-1), ValueError, r"reaction 1 .* \(4\)"),
        (lambda x: np.full((len(x), 2), [1, np.nan]), ValueError, r"nan for reaction 1 .* \(3\)"),
        (lambda x: np.full((len(x), 2), [np.inf, 1]), ValueError, r"inf for reaction 0 .* \(3\)"),
        (lambda x: np.full((len(x), 2), 1e308), ValueError, r"1e\+308 for reaction 0"),
        (lambda x: x, ValueError, r"shape \(5, 2\)"),
        (lambda x: np.ones((2, len(x))), ValueError, r"shape \(5, 2\)"),
        (lambda x: np.ones((len(x), 2), complex), TypeError, "real"),
        (lambda x: np.ones((len(x), 2)), ValueError, r"reaction 1 .* \(0\) and left \(-1\)"),
        (lambda x: np.multiply(x, 2, out=x), ValueError, "read-only"),
    ],
    ids=[
        "negative",
        "nan",
        "infinite",
        "huge",
        "shape",
        "transposed",
        "complex",
        "below-zero",
        "writes",
    ],
)
def test_impossible_propensities_are_named(wrong, error, words):
    with pytest.raises(error, match=words):
        simulate_reactions(wrong, [[1, -1]], [3], [100.0], 5, seed=1)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"stoichiometry": [1, -1]}, ValueError, r"\(k, r\)"),
        ({"stoichiometry": [[1, -0.5]]}, ValueError, "whole"),
        ({"stoichiometry": [[1, "x"]]}, TypeError, "numeric"),
        ({"start": [1, 2]}, ValueError, r"shape \(1,\)"),
        ({"start": [[1]] * 3}, ValueError, r"\(5, 1\)"),
        ({"start": [-1]}, ValueError, "negative"),
        ({"start": [0.5]}, ValueError, "whole"),
        ({"start": [1e17]}, ValueError, "up to"),
        ({"start": [np.nan]}, ValueError, "finite"),
        ({"times": [1.0, 1.0]}, ValueError, "increase"),
        ({"times": [-1.0, 1.0]}, ValueError, "negative.*got -1.0"),
        ({"times": [1.0, 3.0, 2.0]}, ValueError, "increase, got 3.0 before 2.0"),
        ({"times": []}, ValueError, "times"),
        ({"times": [np.inf]}, ValueError, "finite"),
        ({"trajectories": 0}, ValueError, "trajectories"),
        ({"trajectories": 2.0}, TypeError, "trajectories"),
        ({"most_events": 0}, ValueError, "most_events"),
    ],
)
def test_impossible_arguments_are_refused(change, error, words):
    arguments = {
        "propensities": birth_and_death,
        "stoichiometry": [[1, -1]],
        "start": [1],
        "times": [1.0],
        "trajectories": 5,
    }
    with pytest.raises(error, match=words):
        simulate_reactions(**(arguments | change))
