"""Laws of cycles: Kolmogorov's criterion, affinities, and the currents around them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import seeds

from detailedbalance import (
    ReducibleChainError,
    balance_ratio,
    cycle_affinities,
    cycle_basis,
    cycle_currents,
    entropy_production,
    probability_currents,
    satisfies_kolmogorov,
    stationary_state,
)
from detailedbalance import cycles as module


@st.composite
def networks(draw, min_states=2, max_states=7):
    """Random connected graphs, linked both ways, with random rates."""
    n = draw(st.integers(min_states, max_states))
    random = np.random.default_rng(draw(seeds))
    linked = np.triu(random.uniform(size=(n, n)) < draw(st.sampled_from([0.0, 0.3, 0.7])), 1)
    for state in range(1, n):
        linked[random.integers(state), state] = True
    order = random.permutation(n)
    linked = (linked | linked.T)[np.ix_(order, order)]
    return linked * np.exp(random.normal(size=(n, n)))


def balance(rates, seed):
    """The same links, with random energies and symmetric barriers."""
    energies = np.random.default_rng(seed).uniform(-2, 2, len(rates))
    return np.sqrt(rates * rates.T) * np.exp(energies)


def steps(cycle):
    """The jumps (from, to) of a cycle."""
    return list(zip(cycle, cycle[1:] + cycle[:1], strict=True))


def circulation(cycle, n):
    """+1 for each step l → k of the cycle at [k, l], -1 at [l, k]."""
    result = np.zeros((n, n))
    for here, there in steps(cycle):
        result[there, here] += 1
        result[here, there] -= 1
    return result


def all_cycles(rates):
    """Every cycle of three states or more, by brute force."""
    for size in range(3, len(rates) + 1):
        for cycle in itertools.permutations(range(len(rates)), size):
            if cycle[0] == min(cycle) and all(rates[k, l] > 0 for l, k in steps(cycle)):
                yield cycle


@given(networks())
def test_basis_has_one_cycle_for_each_link_beyond_a_tree(rates):
    """Simple cycles along links, each independent of the others."""
    n = len(rates)
    cycles = cycle_basis(rates)
    assert len(cycles) == np.count_nonzero(np.triu(rates)) - n + 1
    for cycle in cycles:
        assert len(set(cycle)) == len(cycle) >= 3
        assert cycle[0] == min(cycle)
        assert all(rates[k, l] > 0 for l, k in steps(cycle))
    flat = [circulation(cycle, n).ravel() for cycle in cycles]
    assert not cycles or np.linalg.matrix_rank(flat) == len(cycles)


def test_basis_of_separate_parts_and_of_one_way_links():
    two_rings = np.zeros((7, 7))
    two_rings[[1, 2, 0], [0, 1, 2]] = 1.0
    two_rings[[4, 5, 6, 3], [3, 4, 5, 6]] = 1.0
    assert cycle_basis(two_rings) == ((0, 1, 2), (3, 4, 5, 6))
    assert cycle_basis([[0, 1], [1, 0]]) == ()
    assert cycle_basis([[5.0]]) == ()


@given(networks(), seeds)
def test_chains_without_balance_fail_kolmogorov_and_carry_currents(rates, seed):
    """Criterion ⇔ affinities ⇔ currents ⇔ ratios, before and after one rate is changed."""
    balanced = balance(rates, seed)
    k, l = np.argwhere(rates > 0)[seed % np.count_nonzero(rates)]
    driven = balanced.copy()
    driven[k, l] *= 1.5
    on_a_cycle = any((l, k) in steps(c) or (k, l) in steps(c) for c in cycle_basis(rates))
    for network, breaks in [(balanced, False), (driven, on_a_cycle)]:
        p = stationary_state(network)
        flow = (network * p).max()
        affinities = np.abs(cycle_affinities(network))
        assert satisfies_kolmogorov(network) is not breaks
        assert (affinities.max(initial=0) > 0.4) == breaks
        assert affinities.max(initial=0) < (0.41 if breaks else 1e-13)
        currents = np.abs(probability_currents(network, p)).max()
        assert currents > 1e-8 * flow if breaks else currents < 1e-13 * flow
        around = np.abs(cycle_currents(network)).max(initial=0)
        assert around > 1e-8 * flow if breaks else around < 1e-13 * flow
        unequal = np.abs(balance_ratio(network) - 1).max()
        assert unequal > 1e-8 if breaks else unequal < 1e-12


@given(networks(), seeds)
def test_the_basis_speaks_for_every_cycle(rates, seed):
    """Any cycle's affinity is the sum of those of the basis whose chords it uses."""
    n = len(rates)
    basis = cycle_basis(rates)
    affinities = cycle_affinities(rates)
    flat = np.array([circulation(cycle, n).ravel() for cycle in basis]).T
    for cycle in itertools.islice(all_cycles(rates), 40):
        parts = np.linalg.lstsq(flat, circulation(cycle, n).ravel(), rcond=None)[0]
        assert parts == pytest.approx(parts.round(), abs=1e-10)
        (value,) = cycle_affinities(rates, [cycle])
        assert value == pytest.approx(parts @ affinities, abs=1e-11)
    for cycle in itertools.islice(all_cycles(balance(rates, seed)), 40):
        assert np.abs(cycle_affinities(balance(rates, seed), [cycle])) < 1e-12


@given(networks())
def test_net_currents_are_sums_over_cycles(rates):
    p = stationary_state(rates)
    currents = probability_currents(rates, p)
    total = np.zeros_like(rates)
    for current, cycle in zip(cycle_currents(rates), cycle_basis(rates), strict=True):
        total += current * circulation(cycle, len(rates))
    assert np.abs(total - currents).max() < 1e-13 * (rates * p).max()


@given(networks())
def test_cycles_produce_the_entropy(rates):
    """Σ_c J_c A_c is Schnakenberg's sum."""
    parts = cycle_currents(rates) * cycle_affinities(rates)
    expected = entropy_production(rates, stationary_state(rates))
    size = np.abs(parts).sum() + (rates * stationary_state(rates)).sum()
    assert parts.sum() == pytest.approx(expected, abs=1e-12 * size)


@given(st.integers(3, 9), st.floats(0.01, 100), st.floats(0.01, 100))
def test_uniform_ring(n, a, b):
    """Affinity n ln(a/b), current (a - b)/n."""
    clockwise = np.roll(np.eye(n), 1, axis=0)
    rates = a * clockwise + b * clockwise.T
    assert cycle_basis(rates) == (tuple(range(n)),)
    assert cycle_affinities(rates) == pytest.approx([n * np.log(a / b)], abs=1e-12)
    assert cycle_currents(rates) == pytest.approx([(a - b) / n], abs=1e-13 * (a + b))
    assert satisfies_kolmogorov(rates) == (abs(n * np.log(a / b)) <= 1e-10)


@given(networks())
def test_trees_always_balance(rates):
    """Cut one link of a cycle after another, and in the end nothing can go around."""
    tree = rates.copy()
    while cycle_basis(tree):
        k, l = cycle_basis(tree)[0][:2]
        tree[k, l] = tree[l, k] = 0.0
    assert np.count_nonzero(tree) == 2 * (len(tree) - 1)
    assert cycle_affinities(tree).shape == cycle_currents(tree).shape == (0,)
    assert satisfies_kolmogorov(tree)
    p = stationary_state(tree)
    assert np.abs(probability_currents(tree, p)).max() < 1e-13 * (tree * p).max()


@given(networks(min_states=3), seeds)
def test_direction_start_units_and_labels(rates, seed):
    for cycle in cycle_basis(rates):
        (value,) = cycle_affinities(rates, [cycle])
        assert cycle_affinities(rates, [cycle[::-1]]) == pytest.approx([-value], abs=1e-13)
        assert cycle_affinities(rates, [cycle[1:] + cycle[:1]]) == pytest.approx([value], abs=1e-13)
        assert cycle_affinities(1e-3 * rates, [cycle]) == pytest.approx([value], abs=1e-12)
        assert cycle_affinities(rates + 3 * np.eye(len(rates)), [list(cycle)]) == [value]
        order = np.random.default_rng(seed).permutation(len(rates))
        renamed = [int(np.flatnonzero(order == state)[0]) for state in cycle]
        relabelled = rates[np.ix_(order, order)]
        assert cycle_affinities(relabelled, [renamed]) == pytest.approx([value], abs=1e-13)
    order = np.random.default_rng(seed).permutation(len(rates))
    for network in (rates, balance(rates, seed)):
        relabelled = network[np.ix_(order, order)]
        assert satisfies_kolmogorov(relabelled) == satisfies_kolmogorov(network)
        assert satisfies_kolmogorov(1e3 * network) == satisfies_kolmogorov(network)


def test_cycles_of_two_states_have_no_affinity():
    assert np.array_equal(cycle_affinities([[0, 2.0], [5.0, 0]], [(0, 1), (1, 0)]), [0, 0])


def test_one_way_cycles_have_infinite_affinity():
    ring = np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]])
    assert np.array_equal(cycle_affinities(ring), [np.inf])
    assert np.array_equal(cycle_affinities(ring.T), [-np.inf])
    assert cycle_currents(ring) == pytest.approx([1 / 3], rel=1e-15)
    assert not satisfies_kolmogorov(ring)


def test_one_way_links_between_groups_break_no_cycle():
    """From 0 into 1 ⇄ 2 by two ways: the cycle can be completed in neither direction."""
    draining = [[0, 0, 0], [1.0, 0, 2.0], [3.0, 4.0, 0]]
    assert np.isnan(cycle_affinities(draining)).all()
    assert cycle_currents(draining) == pytest.approx([0], abs=1e-16)
    assert satisfies_kolmogorov(draining)


def test_one_way_links_on_a_cycle_off_the_basis_are_seen():
    """A square, one way round, with diagonals: some fundamental cycles are blocked both ways."""
    rates = np.zeros((4, 4))
    for l, k in [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]:
        rates[k, l] = 1.0
    order = [2, 0, 3, 1]
    for network in (rates, rates[np.ix_(order, order)]):
        assert not satisfies_kolmogorov(network)


def test_tiny_rates_do_not_underflow():
    """The product of the three is below the smallest number."""
    rates = 1e-120 * np.array([[0, 1, 4.0], [4, 0, 1], [1, 4, 0]])
    assert cycle_affinities(rates) == pytest.approx([3 * np.log(4)], rel=1e-12)


def test_many_cycles_at_once_are_the_same_as_one_by_one():
    """Of different lengths, and among them cycles that go one way or neither way."""
    rates = np.exp(np.random.default_rng(1).normal(size=(7, 7)))
    rates[0, 1] = rates[2, 3] = rates[4, 5] = rates[5, 6] = 0.0
    cycles = [(0, 1), (0, 1, 2), (6, 5, 4, 3), (4, 5, 6), (0, 2, 4, 6), (4, 5, 2), (5, 4, 2)]
    values = cycle_affinities(rates, cycles)
    for cycle, value in zip(cycles, values, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            ways = [(np.log(rates[k, l]), np.log(rates[l, k])) for l, k in steps(cycle)]
            expected = sum(forth for forth, _ in ways) - sum(back for _, back in ways)
        assert value == pytest.approx(expected, abs=1e-13, nan_ok=True)
    assert cycle_affinities(rates, []).shape == (0,)


def test_hundreds_of_linked_states_are_compared_with_their_tree_only(monkeypatch):
    """80 000 cycles need not be followed one by one to see that they balance."""
    monkeypatch.setattr(module, "cycle_affinities", None)
    monkeypatch.setattr(module, "_close", None)
    balanced = balance(np.ones((400, 400)), seed=1)
    assert satisfies_kolmogorov(balanced)
    balanced[17, 230] *= 1 + 1e-9
    assert not satisfies_kolmogorov(balanced)
    assert satisfies_kolmogorov(balanced, tolerance=2e-9)


@pytest.mark.parametrize(
    ("cycle", "error", "message"),
    [
        ((0, 1, 3), ValueError, "names? states from 0 to 2"),
        ((0, -1, 2), ValueError, "names? states from 0 to 2"),
        ((0,), ValueError, "two or more states"),
        (0, TypeError, r"pass a list of cycles, even of one: \[\(0, 1, 2\)\]"),
        ((0.0, 1.0, 2.0), TypeError, "by integers, got"),
        ((0, 2), ValueError, "uses the link between 0 and 2"),
        ((0, 1, 1), ValueError, "uses the link between 1 and 1"),
    ],
)
def test_bad_cycles_are_refused(cycle, error, message):
    chain = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    with pytest.raises(error, match=message):
        cycle_affinities(chain, [(1, 0), cycle])


@pytest.mark.parametrize(
    "function", [cycle_basis, cycle_affinities, cycle_currents, satisfies_kolmogorov]
)
def test_bad_rates_are_refused(function):
    with pytest.raises(ValueError, match="must not be negative"):
        function([[0, -1], [1, 0]])
    with pytest.raises(ValueError, match=r"`rates` must have shape \(n, n\).*one at a time"):
        function(np.ones((2, 3, 3)))


def test_bad_stationary_states_and_tolerances_are_refused():
    ring = np.ones((3, 3))
    with pytest.raises(ValueError, match="`stationary` must sum to one"):
        cycle_currents(ring, [0.5, 0.5, 0.5])
    with pytest.raises(ValueError, match=r"`stationary` must have shape \(3,\)"):
        cycle_currents(ring, np.full((2, 3), 1 / 3))
    with pytest.raises(ReducibleChainError):
        cycle_currents(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="`tolerance` must be positive"):
        satisfies_kolmogorov(ring, tolerance=0)
