"""Laws of Markov jump processes, and values from 30-digit arithmetic."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from strategies import rate_matrices, seeds

from detailedbalance import (
    ConvergenceError,
    ReducibleChainError,
    entropy_production,
    evolve,
    generator,
    probability_currents,
    stationary_state,
)


def random_state(n, seed):
    p = np.random.default_rng(seed).exponential(size=n)
    return p / p.sum()


def balanced_rates(energies, beta, random):
    """Rates a_kl e^{-βE_l} = a_lk e^{-βE_k} with a random symmetric part."""
    symmetric = random.uniform(0.1, 1, (energies.size, energies.size))
    return (symmetric + symmetric.T) * np.exp(beta * energies)


@given(rate_matrices())
def test_stationary_state_is_stationary(rates):
    p = stationary_state(rates)
    net = generator(rates) @ p
    assert p.sum() == pytest.approx(1, abs=1e-14)
    assert np.all(p > 0)
    assert np.abs(net).max() < 1e-14 * (rates * p).max() * len(p)


@given(rate_matrices(), seeds)
def test_relabelling_states_relabels_the_stationary_state(rates, seed):
    order = np.random.default_rng(seed).permutation(len(rates))
    relabelled = stationary_state(rates[np.ix_(order, order)])
    assert relabelled == pytest.approx(stationary_state(rates)[order], rel=1e-12)


@pytest.mark.parametrize("n", [2, 5, 12])
def test_stationary_state_keeps_relative_accuracy_to_60_kt(n):
    """Balanced rates with level energies up to 60 kT have the Gibbs state, to 1e-12 each."""
    random = np.random.default_rng(n)
    energies = np.linspace(0, 60, n)
    p = stationary_state(balanced_rates(energies, 1.0, random))
    expected = np.exp(-energies) / np.exp(-energies).sum()
    assert np.abs(p / expected - 1).max() < 1e-12


def test_stationary_state_agrees_with_30_digits():
    rates = np.exp(4 * np.random.default_rng(3).normal(size=(5, 5)))
    with mp.workdps(30):
        w = mp.matrix(rates.tolist())
        for l in range(5):
            w[l, l] = -sum(w[k, l] for k in range(5) if k != l)
        w[4, :] = mp.ones(1, 5)
        p = mp.lu_solve(w, mp.matrix([0, 0, 0, 0, 1]))
        expected = np.array([float(x) for x in p])
    assert np.abs(stationary_state(rates) / expected - 1).max() < 1e-13


def test_batches_equal_single_calls():
    random = np.random.default_rng(5)
    rates = random.uniform(0, 1, (2, 3, 4, 4))
    batch = stationary_state(rates)
    assert batch.shape == (2, 3, 4)
    assert np.array_equal(batch[1, 2], stationary_state(rates[1, 2]))
    currents = probability_currents(rates, batch)
    assert currents[0, 1] == pytest.approx(probability_currents(rates[0, 1], batch[0, 1]))
    assert entropy_production(rates, batch).shape == (2, 3)


def test_states_that_are_left_for_good_are_empty():
    """0 → 1 ⇄ 2: state 0 drains."""
    rates = np.array([[0, 0, 0], [2.0, 0, 3.0], [0, 1.0, 0]])
    assert stationary_state(rates) == pytest.approx([0, 0.75, 0.25], abs=1e-15)
    trap = np.array([[0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    assert np.array_equal(stationary_state(trap), [0, 0, 1])


def test_probabilities_beyond_double_precision_are_refused():
    with pytest.raises(ConvergenceError, match="powers of ten"):
        stationary_state([[0, 0, 1e-200], [1, 0, 1], [0, 1e-200, 0]])
    with pytest.raises(ConvergenceError, match="powers of ten"):
        stationary_state([[0, 1e-150, 0], [1e150, 0, 1e-150], [0, 1e150, 0]])
    assert stationary_state([[0, 1e-100], [1e100, 0]]) == pytest.approx([1e-200, 1.0], rel=1e-14)


def test_separate_groups_have_no_unique_stationary_state():
    rates = np.zeros((4, 4))
    rates[0, 1] = rates[1, 0] = rates[2, 3] = rates[3, 2] = 1.0
    with pytest.raises(ReducibleChainError, match=r"\[\[0, 1\], \[2, 3\]\]"):
        stationary_state(rates)
    assert np.array_equal(stationary_state([[0.0]]), [1.0])


@given(rate_matrices(), seeds)
def test_currents_are_antisymmetric_and_feed_the_populations(rates, seed):
    p = random_state(len(rates), seed)
    currents = probability_currents(rates, p)
    assert np.array_equal(currents, -currents.T)
    assert currents.sum(axis=1) == pytest.approx(generator(rates) @ p, abs=1e-11 * rates.max())


@given(rate_matrices(), seeds)
def test_entropy_production_is_never_negative(rates, seed):
    assert entropy_production(rates, random_state(len(rates), seed)) >= 0


@given(seeds)
def test_balanced_rates_carry_no_current_and_produce_no_entropy(seed):
    random = np.random.default_rng(seed)
    energies = random.uniform(-2, 2, 4)
    rates = balanced_rates(energies, 1.3, random)
    p = stationary_state(rates)
    flow = (rates * p).max()
    assert np.abs(probability_currents(rates, p)).max() < 1e-14 * flow
    assert entropy_production(rates, p) < 1e-26 * flow


def test_entropy_production_of_a_driven_ring():
    """Three states, rates a clockwise and b back: (a - b) ln(a/b) in the uniform state."""
    clockwise = np.roll(np.eye(3), 1, axis=0)
    rates = 2.0 * clockwise + 0.5 * clockwise.T
    assert entropy_production(rates, np.full(3, 1 / 3)) == pytest.approx(1.5 * np.log(4), rel=1e-14)


def test_one_way_jumps_produce_infinite_entropy():
    assert entropy_production([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.full(3, 1 / 3)) == np.inf
    assert entropy_production([[0, 1], [1, 0]], [1.0, 0.0]) == np.inf
    assert entropy_production([[0, 0], [1, 0]], [0.0, 1.0]) == 0


def test_rare_jumps_are_not_taken_for_impossible_ones():
    """a_01 p_1 = 1e-400 is zero in double precision, its logarithm is not."""
    production = entropy_production([[0, 1e-200], [1, 0]], [1.0, 1e-200])
    assert production == pytest.approx(400 * np.log(10), rel=1e-12)


@given(rate_matrices(), seeds)
def test_evolution_agrees_with_30_digits(rates, seed):
    p = random_state(len(rates), seed)
    t = 2.0 / rates.max()
    with mp.workdps(30):
        w = mp.matrix(generator(rates).tolist())
        exact = mp.expm(w * t, method="taylor") * mp.matrix(p.tolist())
        expected = np.array([float(x) for x in exact])
    assert np.abs(evolve(rates, p, t) - expected).max() < 1e-13


@given(rate_matrices(), seeds)
def test_evolution_conserves_probability_and_composes(rates, seed):
    p = random_state(len(rates), seed)
    times = np.array([0.0, 0.3, 1.0, 1.3]) / rates.max()
    path = evolve(rates, p, times)
    assert path[0] == pytest.approx(p, abs=1e-15)
    assert np.all(path >= 0)
    assert path.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-14)
    assert evolve(rates, path[1] / path[1].sum(), times[2]) == pytest.approx(path[3], abs=1e-12)


@given(rate_matrices(), seeds)
def test_evolution_ends_in_the_stationary_state(rates, seed):
    slowest = np.sort(np.abs(np.linalg.eigvals(generator(rates)).real))[1]
    final = evolve(rates, random_state(len(rates), seed), 50 / slowest)
    assert final == pytest.approx(stationary_state(rates), abs=1e-9)


@pytest.mark.parametrize("t", [1e17, 1e30, 1e100])
def test_evolution_of_stiff_rates_stays_right_for_ever(t):
    """Two fast states and one reached sixteen powers of ten more slowly."""
    rates = [[0, 1, 0], [0.3, 0, 3e-16], [0, 1e-16, 0]]
    assert evolve(rates, [1, 0, 0], 1e6) == pytest.approx([1 / 1.3, 0.3 / 1.3, 0], abs=1e-9)
    assert evolve(rates, [1, 0, 0], t) == pytest.approx([5 / 7, 1.5 / 7, 0.5 / 7], abs=1e-12)


def test_evolution_works_at_an_exceptional_point():
    """W = [[-1, 0, 0], [1, -1, 0], [0, 1, 0]] has one eigenvector for its double eigenvalue."""
    times = np.array([0.5, 2.0])
    path = evolve([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [1, 0, 0], times)
    decay = np.exp(-times)
    expected = np.stack([decay, times * decay, 1 - decay - times * decay], axis=1)
    assert path == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    ("rates", "error", "message"),
    [
        ([[0, -1], [1, 0]], ValueError, "must not be negative"),
        ([[0, 1, 2], [1, 0, 2]], ValueError, r"shape \(\.\.\., n, n\)"),
        ([1.0, 2.0], ValueError, r"shape \(\.\.\., n, n\)"),
        (np.zeros((0, 0)), ValueError, r"shape \(\.\.\., n, n\)"),
        ([[0, np.nan], [1, 0]], ValueError, "`rates` must be finite"),
        ([[0, 1j], [1, 0]], TypeError, "`rates` must be real"),
        ([["a", "b"], ["c", "d"]], TypeError, "must be numeric"),
    ],
)
@pytest.mark.parametrize(
    "function",
    [
        generator,
        stationary_state,
        lambda rates: probability_currents(rates, [0.5, 0.5]),
        lambda rates: entropy_production(rates, [0.5, 0.5]),
        lambda rates: evolve(rates, [0.5, 0.5], 1.0),
    ],
)
def test_bad_rates_are_refused(function, rates, error, message):
    with pytest.raises(error, match=message):
        function(rates)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([0.5, 0.6], "must sum to one"),
        ([1.5, -0.5], "must not be negative"),
        ([1.0], r"\(\.\.\., 2\)|shape \(2,\)"),
        ([0.5, np.nan], "`p` must be finite"),
    ],
)
@pytest.mark.parametrize(
    "function", [probability_currents, entropy_production, lambda r, p: evolve(r, p, 1.0)]
)
def test_bad_probabilities_are_refused(function, p, message):
    with pytest.raises(ValueError, match=message):
        function([[0, 1], [1, 0]], p)


def test_bad_evolutions_are_refused():
    with pytest.raises(ValueError, match="`times` must not be negative"):
        evolve([[0, 1], [1, 0]], [1, 0], [0.0, -1.0])
    with pytest.raises(ValueError, match="`times` must be finite"):
        evolve([[0, 1], [1, 0]], [1, 0], np.inf)
    with pytest.raises(ValueError, match=r"`rates` must have shape \(n, n\)"):
        evolve(np.ones((2, 3, 3)), [1, 0, 0], 1.0)


def test_the_diagonal_of_rates_is_ignored():
    rates = np.array([[0, 2.0], [1.0, 0]])
    for diagonal in (generator(rates), rates + 7 * np.eye(2)):
        assert np.array_equal(stationary_state(diagonal), stationary_state(rates))
        assert np.array_equal(generator(diagonal), generator(rates))
