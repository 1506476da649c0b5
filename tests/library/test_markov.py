"""Laws of Markov jump processes, and values from 30-digit or exact arithmetic."""

import itertools
from fractions import Fraction
from math import prod

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import rate_matrices, seeds

from detailedbalance import (
    ConvergenceError,
    ReducibleChainError,
    balance_ratio,
    balance_violation,
    entropy_production,
    evolve,
    generator,
    probability_currents,
    relative_entropy,
    relaxation_modes,
    reversed_rates,
    reversibilization,
    spectral_gap,
    spohn_production,
    stationary_state,
)

TOLERANCE = 1e-10
"""Of identities, relative to the sum of the moduli of their terms."""


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


def ring_state(forward, backward):
    """Stationary state of a ring, from its spanning trees, each with one link cut.

    forward[k] is the rate k → k+1, backward[k] of k+1 → k.
    """
    n = len(forward)
    weights = []
    for root in range(n):
        trees = []
        for cut in range(n):
            # After the cut between cut and cut+1 all flows to the root along the two arms.
            up = [forward[(cut + 1 + i) % n] for i in range((root - cut - 1) % n)]
            down = [backward[(root + i) % n] for i in range((cut - root) % n)]
            trees.append(prod(up, start=Fraction(1)) * prod(down, start=Fraction(1)))
        weights.append(sum(trees))
    return [float(weight / sum(weights)) for weight in weights]


@pytest.mark.parametrize("n", [3, 7, 20])
def test_driven_rings_keep_relative_accuracy_to_60_kt(n):
    """Exact fractions of the very same rates, summed over the spanning trees."""
    random = np.random.default_rng(n)
    energies = np.linspace(0, 60, n)
    gain = np.roll(energies, -1) - energies
    forward = random.uniform(0.5, 1, n) * np.exp(-gain / 2 + 0.5)
    backward = random.uniform(0.5, 1, n) * np.exp(gain / 2 - 0.5)
    rates = np.zeros((n, n))
    here = np.arange(n)
    rates[(here + 1) % n, here] += forward
    rates[here, (here + 1) % n] += backward
    p = stationary_state(rates)
    expected = ring_state([Fraction(x) for x in forward], [Fraction(x) for x in backward])
    assert p.max() > 1e20 * p.min()
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
    assert stationary_state(np.ones((0, 4, 4))).shape == (0, 4)
    currents = probability_currents(rates, batch)
    assert currents[0, 1] == pytest.approx(probability_currents(rates[0, 1], batch[0, 1]))
    assert entropy_production(rates, batch).shape == (2, 3)


def test_states_that_are_left_for_good_are_empty():
    """0 → 1 ⇄ 2: state 0 drains."""
    rates = np.array([[0, 0, 0], [2.0, 0, 3.0], [0, 1.0, 0]])
    assert stationary_state(rates) == pytest.approx([0, 0.75, 0.25], abs=1e-15)
    trap = np.array([[0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    assert np.array_equal(stationary_state(trap), [0, 0, 1])


def test_batches_may_mix_patterns_of_links():
    drain = np.array([[0, 0, 0], [2.0, 0, 3.0], [0, 1.0, 0]])
    ring = np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]])
    full = np.ones((3, 3))
    batch = np.stack([full, drain, ring, 2 * drain, full])
    expected = [[1 / 3] * 3, [0, 0.75, 0.25], [1 / 3] * 3, [0, 0.75, 0.25], [1 / 3] * 3]
    assert stationary_state(batch) == pytest.approx(np.array(expected), abs=1e-15)


def cycle_state(first, second, third):
    """Stationary state of 0 → 1 → 2 → 0: times of stay, in 30 digits."""
    with mp.workdps(30):
        stays = [1 / mp.mpf(rate) for rate in (first, second, third)]
        return [float(stay / sum(stays)) for stay in stays]


@pytest.mark.parametrize(
    "rates", [(1e-200, 1e-200, 1e90), (1e150, 1e-130, 1e-150), (1e-320, 3e-320, 1e-319)]
)
def test_products_of_rates_may_overflow_or_vanish(rates):
    matrix = np.zeros((3, 3))
    matrix[[1, 2, 0], [0, 1, 2]] = rates
    for order in itertools.permutations(range(3)):
        relabelled = stationary_state(matrix[np.ix_(order, order)])
        assert relabelled == pytest.approx(np.array(cycle_state(*rates))[[*order]], rel=1e-12)


def test_ways_that_are_rarer_than_the_smallest_number_still_count():
    """0 ⇄ 2 ⇄ 1, all jumps of rate 1e-200 but 2 → 1: from 1 to 0 it would be 1e-400."""
    rates = np.array([[0, 0, 1e-200], [0, 0, 1], [1e-200, 1e-200, 0]])
    expected = np.array([1e-200, 1, 1e-200])
    for order in itertools.permutations(range(3)):
        p = stationary_state(rates[np.ix_(order, order)])
        assert p == pytest.approx(expected[[*order]], rel=1e-12)


def ladder(height, n):
    """Balanced rates of a ladder of states, and their Gibbs state."""
    energies = np.linspace(0, height, n)
    step = np.exp(-np.diff(energies) / 2)
    return np.diag(step, -1) + np.diag(1 / step, 1), np.exp(-energies) / np.exp(-energies).sum()


@pytest.mark.parametrize("n", [2, 9, 30])
def test_high_ladders_are_exact_in_any_order(n):
    """A height of 690 kT, where probabilities span 300 powers of ten."""
    rates, expected = ladder(690, n)
    for order in (np.arange(n), np.arange(n)[::-1], np.random.default_rng(n).permutation(n)):
        p = stationary_state(rates[np.ix_(order, order)])
        assert np.abs(p / expected[order] - 1).max() < 1e-12


def test_probabilities_beyond_double_precision_are_refused_in_any_order():
    ladders = [ladder(height, 9)[0] for height in (700, 740, 800, 5000)]
    passing = np.zeros((3, 3))
    passing[[1, 2, 0], [0, 1, 2]] = 1e-200, 1e-200, 1e150
    for rates in (*ladders, passing):
        for order in (slice(None), slice(None, None, -1)):
            turned = rates[order, order]
            rarest = len(rates) - 1 if order == slice(None) else 0
            with pytest.raises(ConvergenceError, match=rf"states \[.*\b{rarest}\b.*below 1e-300"):
                stationary_state(turned)
    assert stationary_state([[0, 1e-100], [1e100, 0]]) == pytest.approx([1e-200, 1.0], rel=1e-14)


def test_extreme_rates_change_nothing_for_the_rest_of_a_batch():
    rates = np.exp(np.random.default_rng(6).normal(size=(5, 9, 9)))
    rates[3] = ladder(690, 9)[0]
    batch = stationary_state(rates)
    for single, p in zip(rates, batch, strict=True):
        assert np.array_equal(stationary_state(single), p)


def test_every_matrix_of_a_batch_may_have_links_of_its_own():
    random = np.random.default_rng(7)
    rates = random.uniform(0.1, 1, (300, 4, 4)) * (random.uniform(size=(300, 4, 4)) < 0.6)
    rates[:, 0, 1:] += 0.1  # from everywhere to 0, so one class is never left
    batch = stationary_state(rates)
    assert len({tuple(p > 0) for p in batch}) > 4
    for single, p in zip(rates, batch, strict=True):
        w = generator(single)
        w[0] = 1.0
        assert p == pytest.approx(np.linalg.solve(w, np.eye(4)[0]), abs=1e-14)


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


def test_rounding_makes_no_entropy_production_negative():
    """Balanced rates at rest: terms K ln(...) of rounding errors have either sign."""
    random = np.random.default_rng(1)
    rates = np.stack([balanced_rates(random.uniform(-2, 2, 3), 1.0, random) for _ in range(500)])
    assert entropy_production(rates, stationary_state(rates)).min() == 0


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


def test_one_rate_matrix_serves_many_distributions():
    rates = np.random.default_rng(8).uniform(0.1, 1, (3, 3))
    states = np.random.default_rng(9).dirichlet(np.ones(3), size=(4, 2))
    for function in (entropy_production, spohn_production, balance_violation):
        values = function(rates, states)
        assert values.shape == (4, 2)
        assert values[3, 1] == pytest.approx(function(rates, states[3, 1]), rel=1e-14)
    batch = np.stack([rates, 2 * rates])
    assert spohn_production(batch, states)[1, 1] == pytest.approx(
        2 * spohn_production(rates, states[1, 1]), rel=1e-12
    )
    for function in (balance_ratio, reversed_rates, reversibilization):
        assert function(batch)[1] == pytest.approx(function(2 * rates), rel=1e-14)
    assert spectral_gap(batch) == pytest.approx([spectral_gap(rates), spectral_gap(2 * rates)])
    assert relaxation_modes(batch).shape == (2, 3)


@given(st.integers(1, 6), seeds)
def test_relative_entropy_is_a_distance_of_a_kind(n, seed):
    """Never negative, zero for equal distributions, and additive for independent ones."""
    p, q = random_state(n, seed), random_state(n, seed + 1)
    assert relative_entropy(p, q) >= 0
    assert relative_entropy(p, p) == 0
    pairs = relative_entropy(np.outer(p, p).ravel(), np.outer(q, q).ravel())
    assert pairs == pytest.approx(2 * relative_entropy(p, q), rel=TOLERANCE, abs=1e-14)


def test_relative_entropy_of_empty_states():
    assert relative_entropy([1.0, 0.0], [0.25, 0.75]) == pytest.approx(np.log(4), rel=1e-15)
    assert relative_entropy([0.25, 0.75], [1.0, 0.0]) == np.inf
    assert relative_entropy([1.0, 0.0], [1.0, 0.0]) == 0
    assert relative_entropy([[1.0, 0.0], [0.5, 0.5]], [0.5, 0.5]) == pytest.approx([np.log(2), 0])


@given(rate_matrices(), seeds)
def test_spohns_production_is_the_rate_at_which_relative_entropy_falls(rates, seed):
    """Central difference of D(p(t)‖π) over e^{±Wh} p, in 50 digits."""
    p, stationary = random_state(len(rates), seed), stationary_state(rates)
    with mp.workdps(50):
        step = mp.mpf(10) ** -16 / rates.max()
        w = mp.matrix(generator(rates).tolist())
        distances = []
        for h in (-step, step):
            path = mp.expm(w * h, method="taylor") * mp.matrix(p.tolist())
            distances.append(sum(x * mp.log(x / q) for x, q in zip(path, stationary, strict=True)))
        fall = float((distances[0] - distances[1]) / (2 * step))
    assert spohn_production(rates, p) == pytest.approx(fall, rel=TOLERANCE)


@given(rate_matrices(), seeds)
def test_spohns_production_is_never_negative_and_vanishes_at_rest(rates, seed):
    stationary = stationary_state(rates)
    flow = (rates * stationary).max()
    assert spohn_production(rates, random_state(len(rates), seed)) > 0
    assert abs(spohn_production(rates, stationary)) < 1e-26 * flow


@given(rate_matrices(), seeds)
def test_spohn_is_schnakenberg_plus_the_violation_of_balance(rates, seed):
    """[A] (26), at any moment."""
    p = random_state(len(rates), seed)
    total, record = spohn_production(rates, p), entropy_production(rates, p)
    difference = balance_violation(rates, p)
    assert total == pytest.approx(record + difference, abs=TOLERANCE * (record + abs(difference)))


@given(rate_matrices(), seeds)
def test_26_holds_for_any_reference_in_place_of_the_stationary_state(rates, seed):
    p, reference = random_state(len(rates), seed), random_state(len(rates), seed + 1)
    total, record = spohn_production(rates, p, reference), entropy_production(rates, p)
    difference = balance_violation(rates, p, reference)
    assert total == pytest.approx(record + difference, abs=TOLERANCE * (record + abs(difference)))


def sum_27(rates, p):
    """Σ_{k>j} a_jk p_k (1 - I(k, j)) ln I(k, j), and the sum of the moduli of all it holds."""
    total = size = 0.0
    for k in range(len(p)):
        for j in range(k):
            ratio = rates[k, j] * p[j] / (rates[j, k] * p[k])
            total += rates[j, k] * p[k] * (1 - ratio) * np.log(ratio)
            size += rates[j, k] * p[k] * (1 + ratio) * abs(np.log(ratio))
    return total, size


@given(rate_matrices())
def test_violation_at_rest_is_27_and_cancels_schnakenberg(rates):
    p = stationary_state(rates)
    expected, size = sum_27(rates, p)
    violation = balance_violation(rates, p)
    assert violation == pytest.approx(expected, abs=TOLERANCE * size)
    assert violation == pytest.approx(-entropy_production(rates, p), abs=TOLERANCE * size)
    assert violation <= TOLERANCE * size


@given(rate_matrices())
def test_balance_ratio_compares_jumps_with_their_reverse(rates):
    p, ratio = stationary_state(rates), balance_ratio(rates)
    flow = rates * p
    off_diagonal = ~np.eye(len(p), dtype=bool)
    assert ratio[off_diagonal] == pytest.approx((flow / (flow.T + np.eye(len(p))))[off_diagonal])
    assert np.array_equal(np.diag(ratio), np.ones(len(p)))
    assert ratio * ratio.T == pytest.approx(np.ones_like(ratio), rel=1e-12)


@given(seeds, st.integers(2, 8))
def test_balanced_rates_have_ratio_one_and_no_violation(seed, n):
    random = np.random.default_rng(seed)
    rates = balanced_rates(random.uniform(-3, 3, n), 1.0, random)
    p = random_state(n, seed)
    assert balance_ratio(rates) == pytest.approx(np.ones((n, n)), abs=1e-13)
    record = entropy_production(rates, p)
    assert balance_violation(rates, p) == pytest.approx(0, abs=1e-13 * (rates * p).sum())
    assert spohn_production(rates, p) == pytest.approx(record, rel=TOLERANCE)


@pytest.mark.parametrize("barrier", [1.0, 1e-100])
def test_60_kt_leave_balance_ratios_exact(barrier):
    energies = np.linspace(0, 60, 7)
    rates = barrier * balanced_rates(energies, 1.0, np.random.default_rng(1))
    assert np.abs(balance_ratio(rates) - 1).max() < 1e-12


def test_one_way_jumps_have_infinite_ratio_and_violation():
    ring = np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]])
    assert np.array_equal(balance_ratio(ring), [[1, 0, np.inf], [np.inf, 1, 0], [0, np.inf, 1]])
    assert balance_violation(ring, np.full(3, 1 / 3)) == -np.inf
    # No jump happens here that is one way: 0 drains, but is empty.
    draining = [[0, 0, 0], [2.0, 0, 3.0], [0, 1.0, 0]]
    assert balance_violation(draining, [0, 0.75, 0.25]) == 0
    assert balance_ratio(draining) == pytest.approx(np.ones((3, 3)), abs=1e-15)


def test_spohns_production_is_finite_where_26_is_not():
    """One way round a ring, from rates 1: dp = (p₂ - p₀, ...), against a uniform π."""
    ring, p = np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]]), np.array([0.5, 0.3, 0.2])
    assert entropy_production(ring, p) == np.inf
    assert balance_violation(ring, p) == -np.inf
    expected = -(p[[2, 0, 1]] - p) @ np.log(p)
    assert spohn_production(ring, p) == pytest.approx(expected, rel=1e-14)


def test_spohns_production_at_the_edges():
    """Filling an empty state, or leaving one that π lacks, changes D at an infinite rate."""
    assert spohn_production([[0, 1], [1, 0]], [1.0, 0.0]) == np.inf
    draining = [[0, 0, 0], [2.0, 0, 3.0], [0, 1.0, 0]]
    assert spohn_production(draining, [0.2, 0.4, 0.4]) == np.inf
    assert spohn_production(draining, [0, 0.5, 0.5]) == pytest.approx(np.log(3), rel=1e-14)
    assert spohn_production([[0.0]], [1.0]) == 0


def test_a_reference_that_is_not_stationary_can_make_spohns_sum_negative():
    assert spohn_production([[0, 1], [3, 0]], [0.5, 0.5], [0.75, 0.25]) < -1


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_gap_of_two_states_is_the_sum_of_both_rates(a, b):
    assert spectral_gap([[0, a], [b, 0]]) == pytest.approx(a + b, rel=1e-13)


def ring_rates(n, forward, backward):
    clockwise = np.roll(np.eye(n), 1, axis=0)
    return forward * clockwise + backward * clockwise.T


@given(st.integers(3, 9), st.floats(0.1, 10), st.floats(0.1, 10))
def test_modes_of_a_uniform_ring_are_plane_waves(n, a, b):
    """λ_q = a(e^{-iq} - 1) + b(e^{iq} - 1), q = 2πm/n."""
    q = 2 * np.pi * np.arange(n) / n
    expected = a * (np.exp(-1j * q) - 1) + b * (np.exp(1j * q) - 1)
    modes = relaxation_modes(ring_rates(n, a, b))
    assert modes[0] == 0
    assert np.all(np.diff(modes.real) <= 1e-13 * (a + b))
    distances = np.abs(modes[:, None] - expected)
    assert distances.min(axis=0).max() < 1e-13 * (a + b)
    assert distances.min(axis=1).max() < 1e-13 * (a + b)
    assert spectral_gap(ring_rates(n, a, b)) == pytest.approx(
        (a + b) * (1 - np.cos(q[1])), rel=1e-12
    )


@given(seeds, st.integers(2, 8))
def test_balanced_rates_relax_without_oscillation(seed, n):
    """√π makes the generator symmetric, so its spectrum is real."""
    random = np.random.default_rng(seed)
    rates = balanced_rates(random.uniform(-2, 2, n), 1.0, random)
    root = np.sqrt(stationary_state(rates))
    symmetric = generator(rates) * root / root[:, None]
    assert symmetric == pytest.approx(symmetric.T, rel=1e-12)
    expected = np.linalg.eigvalsh(symmetric)[::-1]
    modes = relaxation_modes(rates)
    assert modes.real == pytest.approx(expected, abs=1e-12 * rates.max())
    assert np.abs(modes.imag).max() < 1e-12 * rates.max()


def test_modes_agree_with_30_digits():
    rates = np.exp(np.random.default_rng(11).normal(size=(6, 6)))
    with mp.workdps(30):
        values, _ = mp.eig(mp.matrix(generator(rates).tolist()))
        expected = np.array([complex(value) for value in values])
    modes = relaxation_modes(rates)
    assert np.abs(modes[:, None] - expected).min(axis=1).max() < 1e-13 * rates.max()
    assert np.sort(modes.real) == pytest.approx(np.sort(expected.real), abs=1e-13 * rates.max())


@given(rate_matrices())
def test_modes_decay_and_sum_to_the_trace(rates):
    modes = relaxation_modes(rates)
    assert modes[0] == 0
    assert np.all(modes.real <= 0)
    assert modes.sum() == pytest.approx(np.trace(generator(rates)), rel=1e-12)
    assert spectral_gap(rates) == -modes[1].real


def test_every_closed_group_adds_a_mode_at_zero():
    rates = np.zeros((4, 4))
    rates[0, 1] = rates[1, 0] = rates[2, 3] = rates[3, 2] = 1.0
    assert relaxation_modes(rates) == pytest.approx([0, 0, -2, -2], abs=1e-15)
    with pytest.raises(ReducibleChainError, match=r"\[\[0, 1\], \[2, 3\]\]"):
        spectral_gap(rates)
    with pytest.raises(ReducibleChainError):
        spectral_gap(np.stack([np.ones((4, 4)), rates]))
    with pytest.raises(ValueError, match="one state"):
        spectral_gap([[0.0]])
    assert spectral_gap([[0, 0, 0], [2.0, 0, 0], [0, 5.0, 0]]) == pytest.approx(2, rel=1e-14)


def test_states_left_for_good_may_oscillate_though_all_balances():
    """1 → 2 → 3 → 1 with a leak 1 → 0: the stationary state is 0 alone."""
    rates = np.zeros((4, 4))
    rates[[2, 3, 1, 0], [1, 2, 3, 1]] = 1.0
    assert np.array_equal(stationary_state(rates), [1, 0, 0, 0])
    assert np.array_equal(balance_ratio(rates), np.ones((4, 4)))
    assert np.abs(relaxation_modes(rates).imag).max() > 0.5


def nearly_decoupled(coupling):
    """0 ⇄ 1 and 2 ⇄ 3, with a weak link 1 ⇄ 2."""
    return np.array([[0, 1, 0, 0], [2, 0, coupling, 0], [0, coupling, 0, 3.0], [0, 0, 1, 0]])


@pytest.mark.parametrize("coupling", [1e-17, 1e-15, 1e-13])
def test_gaps_within_rounding_errors_are_refused(coupling):
    weak = nearly_decoupled(coupling)
    for rates in (weak, weak[::-1, ::-1], 1e20 * weak, np.stack([np.ones((4, 4)), weak])):
        with pytest.raises(ConvergenceError, match="drowns in rounding errors; `evolve`"):
            spectral_gap(rates)


def test_small_gaps_are_the_rate_of_exchange():
    """Between 2/3 of the left pair and 3/4 of the right one, of which the link is tried."""
    assert spectral_gap(nearly_decoupled(1e-8)) == pytest.approx(1e-8 * (2 / 3 + 3 / 4), rel=1e-6)


@given(rate_matrices())
def test_the_reversed_process_turns_all_currents_round(rates):
    p, backward = stationary_state(rates), reversed_rates(rates)
    flow = (rates * p).max()
    assert stationary_state(backward) == pytest.approx(p, rel=1e-12)
    assert backward.sum(axis=0) == pytest.approx(rates.sum(axis=0), rel=1e-12)
    assert (
        np.abs(probability_currents(backward, p) + probability_currents(rates, p)).max()
        < 1e-13 * flow
    )
    assert reversed_rates(backward) == pytest.approx(rates, rel=1e-12)


@given(rate_matrices())
def test_reversibilization_balances_and_keeps_state_and_traffic(rates):
    p, balanced = stationary_state(rates), reversibilization(rates)
    flow, kept = rates * p, balanced * p
    assert stationary_state(balanced) == pytest.approx(p, rel=1e-12)
    assert balance_ratio(balanced) == pytest.approx(np.ones_like(rates), rel=1e-12)
    assert kept + kept.T == pytest.approx(flow + flow.T, rel=1e-12)


@given(rate_matrices(), seeds)
def test_relaxation_is_at_least_as_fast_as_that_of_the_reversibilization(rates, seed):
    """Σ (p - π)²/π ≤ e^{-2γt} times its first value, so the gap of `rates` is γ or more."""
    stationary = stationary_state(rates)
    gap = spectral_gap(reversibilization(rates))
    times = np.array([0.1, 0.5, 1.0, 3.0]) / gap
    p = random_state(len(rates), seed)
    distance = ((evolve(rates, p, times) - stationary) ** 2 / stationary).sum(axis=1)
    first = ((p - stationary) ** 2 / stationary).sum()
    rounding = 1e-26 / stationary.min()
    assert np.all(distance <= np.exp(-2 * gap * times) * first * (1 + 1e-9) + rounding)
    assert spectral_gap(rates) >= gap * (1 - 1e-9) - 1e-13 * rates.max()


def test_a_state_that_is_left_for_good_cannot_be_reversed():
    draining = [[0, 0, 0], [2.0, 0, 3.0], [0, 1.0, 0]]
    for function in (reversed_rates, reversibilization):
        with pytest.raises(ValueError, match="left for good"):
            function(draining)


@given(rate_matrices(), seeds, st.floats(1e-3, 1e3))
def test_units_labels_and_diagonals_change_nothing_but_themselves(rates, seed, unit):
    """Rates in another unit of time, states in another order, any diagonal."""
    p = random_state(len(rates), seed)
    order = np.random.default_rng(seed).permutation(len(rates))
    relabelled = rates[np.ix_(order, order)]
    diagonal = rates + np.diag(p)
    for production in (entropy_production, spohn_production, balance_violation):
        value = production(rates, p)
        scale = abs(value) + entropy_production(rates, p)
        assert production(unit * rates, p) == pytest.approx(unit * value, abs=1e-11 * unit * scale)
        assert production(relabelled, p[order]) == pytest.approx(value, abs=1e-11 * scale)
        assert production(diagonal, p) == value
    ratio = balance_ratio(rates)
    assert balance_ratio(unit * rates) == pytest.approx(ratio, rel=1e-11)
    assert balance_ratio(relabelled) == pytest.approx(ratio[np.ix_(order, order)], rel=1e-11)
    assert np.array_equal(balance_ratio(diagonal), ratio)
    balanced = reversibilization(rates)
    assert reversibilization(unit * rates) == pytest.approx(unit * balanced, rel=1e-11)
    assert reversibilization(relabelled) == pytest.approx(balanced[np.ix_(order, order)], rel=1e-11)
    gap = spectral_gap(rates)
    assume(gap > 1e-6 * rates.max())
    assert spectral_gap(unit * rates) == pytest.approx(unit * gap, rel=1e-7)
    assert spectral_gap(relabelled) == pytest.approx(gap, rel=1e-7)


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
        lambda rates: spohn_production(rates, [0.5, 0.5]),
        lambda rates: balance_violation(rates, [0.5, 0.5], [0.5, 0.5]),
        balance_ratio,
        relaxation_modes,
        spectral_gap,
        reversed_rates,
        reversibilization,
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
    "function",
    [
        probability_currents,
        entropy_production,
        spohn_production,
        balance_violation,
        lambda r, p: evolve(r, p, 1.0),
    ],
)
def test_bad_probabilities_are_refused(function, p, message):
    with pytest.raises(ValueError, match=message):
        function([[0, 1], [1, 0]], p)


@pytest.mark.parametrize("function", [probability_currents, entropy_production, spohn_production])
def test_probabilities_negative_by_rounding_count_as_zero(function):
    rates = [[0, 1], [1, 0]]
    assert np.array_equal(function(rates, [-1e-17, 1.0]), function(rates, [0.0, 1.0]))
    assert np.all(evolve(rates, [1 + 1e-13, -1e-13], [0.0, 1.0]) >= 0)
    with pytest.raises(ValueError, match="`p` must not be negative, got -1e-11"):
        function(rates, [-1e-11, 1.0])


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (lambda a, p, q: probability_currents(a, p), r"`rates` \(2,\), `p` \(3,\)"),
        (lambda a, p, q: entropy_production(a, p), r"`rates` \(2,\), `p` \(3,\)"),
        (lambda a, p, q: spohn_production(a, p), r"`rates` \(2,\), `p` \(3,\)"),
        (lambda a, p, q: balance_violation(a, p), r"`rates` \(2,\), `p` \(3,\)"),
        (lambda a, p, q: balance_ratio(a, q), r"`rates` \(2,\), `stationary` \(4,\)"),
        (lambda a, p, q: reversed_rates(a, q), r"`rates` \(2,\), `stationary` \(4,\)"),
        (lambda a, p, q: reversibilization(a, q), r"`rates` \(2,\), `stationary` \(4,\)"),
        (lambda a, p, q: relative_entropy(p, q), r"`p` \(3,\), `q` \(4,\)"),
        (
            lambda a, p, q: spohn_production(a[0], p, q),
            r"`rates` \(\), `p` \(3,\), `stationary` \(4,\)",
        ),
        (
            lambda a, p, q: balance_violation(a[0], p, q),
            r"`rates` \(\), `p` \(3,\), `stationary` \(4,\)",
        ),
    ],
)
def test_batches_that_do_not_fit_are_named(call, shapes):
    with pytest.raises(ValueError, match=rf"batches must .* broadcast, got {shapes};"):
        call(np.ones((2, 2, 2)), np.full((3, 2), 0.5), np.full((4, 2), 0.5))


@pytest.mark.parametrize(
    "function",
    [
        balance_ratio,
        reversed_rates,
        reversibilization,
        lambda rates, q: spohn_production(rates, [0.5, 0.5], q),
        lambda rates, q: balance_violation(rates, [0.5, 0.5], q),
    ],
)
def test_bad_stationary_states_are_refused(function):
    rates = [[0, 1], [1, 0]]
    with pytest.raises(ValueError, match="`stationary` must sum to one"):
        function(rates, [0.5, 0.6])
    with pytest.raises(ValueError, match=r"`stationary` must have shape \(\.\.\., 2\)"):
        function(rates, [1.0])


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        (1.0, [1.0], r"`p` must have shape"),
        ([0.5, 0.5], [1.0], r"`q` must have shape \(\.\.\., 2\)"),
        ([0.5, 0.6], [0.5, 0.5], "`p` must sum to one"),
        ([0.5, 0.5], [1.5, -0.5], "`q` must not be negative"),
        ([0.5, np.nan], [0.5, 0.5], "`p` must be finite"),
    ],
)
def test_relative_entropy_compares_distributions_only(p, q, message):
    with pytest.raises(ValueError, match=message):
        relative_entropy(p, q)


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
