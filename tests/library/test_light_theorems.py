"""Three theorems in random systems, and each hypothesis broken once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss
from scipy.linalg import expm
from scipy.optimize import minimize
from scipy.stats import unitary_group
from strategies import seeds

from detailedbalance import von_neumann_entropy
from detailedbalance.light import (
    CascadeElement,
    HypothesisError,
    ThermalNetwork,
    cascade_network,
    cascade_stationarity,
    entropy_growth,
    gibbs_stationarity,
    maximal_entropy,
    mode_entropy,
    thermal_state,
    two_level_entropy,
)

EXACT = 1e-12
cavity, two_level = CascadeElement.cavity, CascadeElement.two_level
LOWER = np.array([[0.0, 1.0], [0.0, 0.0]])


def quanta(dims):
    return np.indices(dims).reshape(len(dims), -1).sum(axis=0)


def hermitian(D, random):
    matrix = random.normal(size=(D, D)) + 1j * random.normal(size=(D, D))
    return matrix + matrix.conj().T


def conserving(N):
    return np.equal.outer(N, N)


def conserving_unitary(N, random):
    return expm(1j * hermitian(N.size, random) * conserving(N))


def unital_event(N, random):
    """A random mixture of unitaries, then a collapse in an occupation basis of its own."""
    p = random.dirichlet(np.ones(3))
    mixture = [np.sqrt(w) * conserving_unitary(N, random) for w in p]
    basis = conserving_unitary(N, random)
    projectors = [np.outer(v, v.conj()) for v in basis.T]
    return np.array([P @ K for P in projectors for K in mixture])


def feedback():
    """A photon seen in the first of two modes is moved to the second: a demon, or a one-way rate.

    On 00, 01, 10, 11: it conserves quanta and the trace.
    """
    stay = np.diag([1.0, 1.0, 0.0, 1.0])
    move = np.zeros((4, 4))
    move[1, 2] = 1
    return np.array([stay, move])


# Theorem 1


@given(seeds, st.sampled_from([(2, 2), (3, 2, 2), (2, 2, 2, 2)]), st.floats(-3, 3))
@settings(max_examples=30)
def test_unitary_steps_and_unital_events_keep_the_gibbs_state(seed, dims, beta):
    random, N = np.random.default_rng(seed), quanta(dims)
    H = hermitian(N.size, random) * conserving(N)
    events = [unital_event(N, random) for _ in range(2)]
    check = gibbs_stationarity(H, N, beta, events, time=random.exponential())
    assert check.defect < EXACT
    assert check.broken == ()
    # Not because nothing happens.
    other = np.diag(random.dirichlet(np.ones(N.size)))
    moved = sum(K @ other @ K.conj().T for K in events[0])
    assert np.abs(moved - other).max() > 1e-4


def test_each_hypothesis_of_theorem_1_is_needed():
    random, N = np.random.default_rng(1), quanta((2, 2))
    H = hermitian(4, random) * conserving(N)
    both = np.kron(LOWER, LOWER)
    counter_rotating = H + 0.3 * (both + both.T)
    mixing = unitary_group.rvs(4, random_state=2)
    broken = {
        "H conserves N_exc": (counter_rotating, []),
        "event 0 is unital": (H, [feedback()]),
        "event 0 conserves N_exc": (H, [[mixing]]),
        "event 0 keeps the trace": (H, [[0.9 * np.eye(4)]]),
    }
    for name, (hamiltonian, events) in broken.items():
        with pytest.raises(HypothesisError, match=name):
            gibbs_stationarity(hamiltonian, N, 1.0, events)
        check = gibbs_stationarity(hamiltonian, N, 1.0, events, require=False)
        assert name in check.broken
        assert check.defect > 0.01
        assert f"FAILS  {dict((h.name, h.defect) for h in check.hypotheses)[name]:8.1e}" in str(
            check
        )


@given(seeds)
@settings(max_examples=30)
def test_a_unital_event_that_changes_quanta_never_keeps_the_gibbs_state(seed):
    """So unital alone is not enough: in finite dimension the hypotheses are sharp."""
    random, N = np.random.default_rng(seed), quanta((2, 3))
    turn = expm(1j * random.choice([1e-2, 1.0]) * hermitian(6, random))
    event = np.sqrt(0.5) * np.array([turn, np.eye(6)])
    check = gibbs_stationarity(np.zeros((6, 6)), N, 0.7, [event], require=False)
    assert check.broken == ("event 0 conserves N_exc",)
    assert check.defect > 1e-6


def test_own_energies_are_conserved_only_as_far_as_the_coupling_is_resonant():
    """e^{-βH_0} with H_0 = Σ ω a†a is not conserved; N_exc is."""
    detuning = 0.1
    a, b = np.kron(LOWER, np.eye(2)), np.kron(np.eye(2), LOWER)
    H = (1 + detuning) * a.T @ a + b.T @ b + 0.5 * (a.T @ b + b.T @ a)
    own = ((1 + detuning) * a.T @ a + b.T @ b).diagonal()
    assert gibbs_stationarity(H, quanta((2, 2)), 1.0, time=2.0).defect < EXACT
    check = gibbs_stationarity(H, own, 1.0, time=2.0, require=False)
    assert check.broken == ("H conserves N_exc",)
    assert 1e-3 < check.defect < detuning


# Theorem 2


@given(seeds, st.booleans())
@settings(max_examples=30)
def test_no_unital_evolution_lowers_the_sum_from_thermal_products(seed, thermalize):
    """At any temperatures, negative ones too, and whatever is or is not conserved."""
    random = np.random.default_rng(seed)
    numbers = [[0, 1], [0, 1, 1, 2], [0, 1, 2]]
    starts = [np.diag(np.exp(random.normal() * np.array(n, float))) for n in numbers]
    starts = [start / np.trace(start) for start in starts]
    N = np.add.outer(np.add.outer(*numbers[:2]), numbers[2]).ravel()
    steps = [
        [unitary_group.rvs(24, random_state=random.integers(2**31))],
        [conserving_unitary(N, random)],
        unital_event(N, random),
        [expm(0.1j * hermitian(24, random))],
    ]
    steps = [steps[i] for i in random.permutation(4)]
    check = entropy_growth(starts, numbers, steps, thermalize)
    assert check.defect < EXACT
    table = check.values["entropies"]
    assert np.all(np.diff(table, axis=1) < EXACT)
    assert table[0, 0] == pytest.approx(table[0, 2], abs=EXACT)
    if not thermalize:
        assert np.all(np.diff(table[:, 2]) > -EXACT)


def splitter(levels, angle):
    a = np.diag(np.sqrt(np.arange(1.0, levels)), k=1)
    first, second = np.kron(a, np.eye(levels)), np.kron(np.eye(levels), a)
    return expm(angle * (first.T @ second - second.T @ first))


def test_each_hypothesis_of_theorem_2_is_needed():
    number, thermal = [0, 1], np.diag([0.7, 0.3])
    cases = {
        # The same superposition of no photon and one in both: their light interferes.
        "subsystem 0 starts with the largest": (
            [np.full((2, 2), 0.5)] * 2,
            [[expm(np.pi / 4 * (np.kron(LOWER, LOWER.T) - np.kron(LOWER.T, LOWER)))]],
        ),
        "event 0 is unital": ([thermal, thermal], [feedback()]),
    }
    for name, (starts, steps) in cases.items():
        with pytest.raises(HypothesisError, match=name):
            entropy_growth(starts, [number] * 2, steps)
        check = entropy_growth(starts, [number] * 2, steps, require=False)
        assert check.broken[0].startswith(name)
        assert check.defect > 0.02


def test_coherent_light_may_lower_the_sum():
    """|α⟩|iα⟩ leaves half a beam splitter as one beam: 2 s(|α|²) falls to s(2|α|²)."""
    levels, alpha = 10, 0.5
    k = np.arange(levels)
    factorial = np.cumprod([1, *k[1:]]).astype(float)
    beam = alpha**k / np.sqrt(factorial)
    beams = [beam / np.linalg.norm(beam), beam * 1j**k / np.linalg.norm(beam)]
    starts = [np.outer(b, b.conj()) for b in beams]
    turn = np.kron(np.eye(levels), np.diag(1j**-k))
    step = splitter(levels, np.pi / 4) @ turn
    check = entropy_growth(starts, [k] * 2, [[step]], require=False)
    expected = 2 * mode_entropy(alpha**2) - mode_entropy(2 * alpha**2)
    assert check.defect == pytest.approx(float(expected), abs=1e-4)
    assert len(check.broken) == 2


@given(seeds)
@settings(max_examples=20)
def test_a_start_short_of_entropy_allows_a_fall_by_as_much(seed):
    """S_max falls by no more than what the starts lack."""
    random = np.random.default_rng(seed)
    starts = []
    for d in (2, 3):
        v = random.normal(size=(d, d)) + 1j * random.normal(size=(d, d))
        starts.append(v @ v.conj().T / np.trace(v @ v.conj().T).real)
    numbers = [range(2), range(3)]
    steps = [[unitary_group.rvs(6, random_state=random.integers(2**31))] for _ in range(3)]
    check = entropy_growth(starts, numbers, steps, require=False)
    assert check.defect <= sum(h.defect for h in check.hypotheses[:2]) + EXACT


@pytest.mark.parametrize("inputs", [(0.4, 0.4), (0.9, 0.1)])
def test_open_systems_pay_for_their_local_entropy(inputs):
    """S_max(t) - S_max(0) ≥ Σ β_j Q_j from a product of thermal states, with unequal inputs too."""
    network = cascade_network(
        [cavity((1, 1), levels=3), two_level((5, 0), dephasing=0.5), cavity((1, 1), levels=3)],
        [0.4, 1.3],
        inputs,
    )
    beta = np.log1p(1 / np.array(inputs))
    start = network.product_state([2.0, 0.1, 0.5])

    def largest(rho):
        means = network.occupations(rho)
        return sum(maximal_entropy(m, range(d)) for m, d in zip(means, network.dims, strict=True))

    nodes, weights = leggauss(24)
    for time in (0.1, 0.5, 2.0):
        states = network.evolve(start, time * (nodes + 1) / 2)
        taken = time / 2 * weights @ network.photon_flows(states)
        end = network.evolve(start, [time])[0]
        quanta_gained = (network.occupations(end) - network.occupations(start)).sum()
        assert taken.sum() == pytest.approx(quanta_gained, abs=1e-9)
        local = largest(end) - largest(start) - beta @ taken
        whole = von_neumann_entropy(end) - von_neumann_entropy(start) - beta @ taken
        assert local >= whole >= 0


# Theorem 3


def broken_networks():
    network = cascade_network(
        [cavity((1, 1), levels=4), two_level((2, 0)), cavity((1, 1), levels=4)],
        [0.3, 1.1],
        [0.5, 0.5],
    )
    H, L, n, dims = network.hamiltonian, network.couplings, network.inputs, network.dims
    one = np.eye(len(H))
    lower = np.kron(np.kron(cavity((0, 0), levels=4).lowering, np.eye(2)), np.eye(4))
    pump = np.kron(np.kron(np.eye(4), np.array([[0, 0], [1, 0]])), np.eye(4))
    swap = np.zeros((32, 32))
    i, j = np.flatnonzero(network.excitations == 1)[:2]
    swap[i, j] = 1
    return {
        "H conserves N_exc": ThermalNetwork(H + 0.2 * (lower + lower.T), L, n, dims),
        "every coupling lowers N_exc by one": ThermalNetwork(H, L + 0.2 * one, n, dims),
        "every input has the occupation n": ThermalNetwork(H, L, [0.5, 0.2], dims),
        "dephasing conserves N_exc": ThermalNetwork(H, L, n, dims, [0.3 * (pump + pump.T)]),
        "dephasing is unital": ThermalNetwork(H, L, n, dims, [0.3 * swap]),
    }


@pytest.mark.parametrize("name", broken_networks())
def test_each_hypothesis_of_theorem_3_is_needed(name):
    network = broken_networks()[name]
    with pytest.raises(HypothesisError, match=name):
        cascade_stationarity(network)
    check = cascade_stationarity(network, require=False)
    assert check.broken == (name,)
    assert check.defect > 0.02


@given(seeds, st.sampled_from([0.0, 0.01, 0.8, 50.0]))
@settings(max_examples=40)
def test_anything_that_counts_quanta_stays_in_light_of_one_temperature(seed, n):
    """Not only bosons and two-level systems: random operators that lower by one."""
    random, dims = np.random.default_rng(seed), (3, 2, 2)
    N = quanta(dims)
    lowers = np.equal.outer(N + 1, N)
    L = np.array([hermitian(12, random) * lowers for _ in range(2)])
    H = hermitian(12, random) * conserving(N)
    dephasing = [np.linalg.qr(hermitian(12, random) * conserving(N))[0]]
    network = ThermalNetwork(H, L, [n, n], dims, dephasing)
    size = 1 + np.abs(network.drift).max()
    assert cascade_stationarity(network).defect < 1e-13 * size


def test_gain_has_a_gibbs_state_only_where_quanta_are_cut_off():
    """Inverted matter, more up than down: q > 1, no state of an untruncated cavity."""
    up, down = 1.5, 1.0
    tops = []
    for levels in (4, 8, 16):
        a = cavity((0, 0), levels=levels).lowering
        operators = [np.sqrt(down) * a, np.sqrt(up) * a.T]
        q = np.diag((up / down) ** np.arange(levels))
        q /= np.trace(q)
        change = sum(C @ q @ C.T - (C.T @ C @ q + q @ C.T @ C) / 2 for C in operators)
        assert np.abs(change).max() < 1e-14
        tops.append(np.arange(levels) @ q.diagonal())
    assert tops[2] > 1.9 * tops[1] > 3 * tops[0]


def test_a_wrong_occupation_is_not_stationary():
    network = cascade_network([cavity((1, 0), levels=5)], [], [0.5, 0.5])
    assert cascade_stationarity(network, 0.5).defect < 1e-14
    check = cascade_stationarity(network, 0.6, require=False)
    assert check.broken == ("every input has the occupation n",)
    assert check.defect > 0.01


# Thermal states


@given(st.floats(0, 1))
def test_two_level_systems_have_one_state_of_each_mean(p):
    assert thermal_state(p, [0, 1]).diagonal() == pytest.approx([1 - p, p], abs=1e-13)
    assert maximal_entropy(p, [0, 1]) == pytest.approx(float(two_level_entropy(p)), abs=1e-11)


@given(st.floats(1e-9, 2))
def test_modes_that_share_their_occupation_have_the_papers_entropy(n):
    single = maximal_entropy(n, np.arange(300))
    assert single == pytest.approx(float(mode_entropy(n)), abs=1e-10)


def test_two_modes_together_have_twice_the_entropy():
    pair = np.add.outer(np.arange(60), np.arange(60)).ravel()
    assert maximal_entropy(1.0, pair) == pytest.approx(2 * float(mode_entropy(0.5)), abs=1e-10)


def test_no_other_state_of_the_same_mean_has_more_entropy():
    numbers, mean = np.array([0.0, 1, 1, 3]), 1.2

    def entropy(x):
        p = np.exp(x - x.max())
        p /= p.sum()
        return (p * np.log(p)).sum()

    def off(x):
        p = np.exp(x - x.max())
        return p @ numbers / p.sum() - mean

    best = minimize(
        entropy, np.zeros(4), constraints=[{"type": "eq", "fun": off}], options={"ftol": 1e-13}
    )
    assert maximal_entropy(mean, numbers) == pytest.approx(-best.fun, abs=1e-7)


@pytest.mark.parametrize(
    ("mean", "numbers", "entropy"),
    [(0, [0, 0, 1], np.log(2)), (1, [0, 0, 1], 0), (0, [0], 0), (1 / 3, [0, 0, 1], np.log(3))],
)
def test_edges(mean, numbers, entropy):
    assert maximal_entropy(mean, numbers) == pytest.approx(entropy, abs=1e-12)


# Errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: thermal_state(1.1, [0, 1]), "between 0 and 1"),
        (lambda: gibbs_stationarity(np.eye(3), [0, 1], 1.0), "shape \\(2, 2\\)"),
        (lambda: gibbs_stationarity(np.eye(2), [0, 1], 1.0, [np.eye(2)]), "a unitary U is \\[U\\]"),
        (lambda: entropy_growth([np.eye(2) / 2], [], []), "one entry a subsystem"),
        (lambda: entropy_growth([np.eye(2) / 2], [[0, 1]], [[np.eye(3)]]), "Kraus operators"),
        (lambda: entropy_growth([np.eye(2)], [[0, 1]], []), "trace one"),
    ],
)
def test_errors_say_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_network_must_be_a_network():
    with pytest.raises(TypeError, match="ThermalNetwork"):
        cascade_stationarity(np.eye(2))
