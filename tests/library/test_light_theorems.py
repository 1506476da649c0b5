"""Three theorems in random systems, and each hypothesis broken once."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.optimize import minimize
from scipy.stats import unitary_group
from strategies import seeds

from detailedbalance import commutant_dimension, detailed_balance_defect
from detailedbalance.checks import ReducibleChainError
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
    open_entropy_growth,
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


def test_a_fall_is_measured_from_the_last_relaxation_on():
    """With relaxation each step starts anew; without it only the start is compared with."""
    number, steps = [0, 1], [[splitter(2, np.pi / 4)], feedback()]
    starts = [np.diag([0.95, 0.05]), np.diag([0.55, 0.45])]
    relaxed, free = (
        entropy_growth(starts, [number] * 2, steps, thermalize, require=False)
        for thermalize in (True, False)
    )
    table = relaxed.values["entropies"][:, 0]
    assert table[1] > table[0] + 0.1
    assert relaxed.defect == pytest.approx(table[1] - table[2], abs=EXACT)
    assert relaxed.defect > free.defect + 0.1


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


# Theorem 2 for open systems


def chiral_waveguide(inputs):
    ends = cavity((1, 1), levels=3)
    return cascade_network([ends, two_level((5, 0), dephasing=0.5), ends], [0.4, 1.3], inputs)


@pytest.mark.parametrize("inputs", [(0.4, 0.4), (0.9, 0.1)])
def test_open_systems_pay_for_their_local_entropy(inputs):
    network, times = chiral_waveguide(inputs), np.array([0.0, 0.1, 0.5, 2.0])
    means = [0.8, 0.1, 0.3]
    starts = [thermal_state(m, range(d)) for m, d in zip(means, network.dims, strict=True)]
    check = open_entropy_growth(network, starts, times)
    assert check.defect < EXACT
    largest, whole, paid = (check.values["entropies"] - check.values["entropies"][0]).T
    assert np.all(largest[1:] > whole[1:])
    assert np.all(whole[1:] > paid[1:])
    # Where inputs are equal only the number of quanta counts.
    held = network.occupations(network.evolve(reduce(np.kron, starts), times)).sum(axis=1)
    if inputs[0] == inputs[1]:
        assert paid == pytest.approx(np.log1p(1 / 0.4) * (held - held[0]), abs=1e-10)


def test_each_hypothesis_of_the_open_theorem_is_checked():
    network = chiral_waveguide([0.4, 0.4])
    starts = [thermal_state(0.3, range(d)) for d in network.dims]
    pure = [np.full((3, 3), 1 / 3), *starts[1:]]
    H, L, n, dims = network.hamiltonian, network.couplings, network.inputs, network.dims
    cases = {
        "subsystem 0 starts with": (network, pure),
        "has a temperature": (ThermalNetwork(H, L, [0.4, 0], dims), starts),
        "every coupling lowers": (ThermalNetwork(H, L + L[::-1].swapaxes(1, 2), n, dims), starts),
        "H conserves": (ThermalNetwork(H + L[0] + L[0].conj().T, L, n, dims), starts),
        "dephasing conserves": (
            ThermalNetwork(H, L, n, dims, [L[0] + L[0].conj().T]),
            starts,
        ),
    }
    for name, (system, states) in cases.items():
        with pytest.raises(HypothesisError, match=name):
            open_entropy_growth(system, states, [0.1])


def test_coherence_at_the_start_can_pay_instead_of_heat():
    """Two superpositions, the second driven by the first: the means do not show that they shine."""
    network = cascade_network([two_level((1, 0))] * 2, [np.pi], [0.2, 0.2])
    amplitude = np.sqrt([0.8, 0.2])
    starts, times = [np.outer(amplitude, amplitude)] * 2, [0.0, 0.05, 0.1, 0.3, 1.0]
    check = open_entropy_growth(network, starts, times, require=False)
    assert len(check.broken) == 2
    assert check.defect > 0.03
    thermal = [np.diag([0.8, 0.2])] * 2
    assert open_entropy_growth(network, thermal, times).defect < EXACT


def test_two_equal_cavities_in_a_row_lose_local_entropy_for_a_while():
    """Only from the start on is the sum bounded: σ < 0 while 1 < κt < 1.839, the whole's σ ≥ 0.

    The first cavity is warmer by δe^{-t}, the second by δt²e^{-t}; what local entropy lacks is
    ∝ e^{-2t}(1 + t⁴) for small δ, which rises where t³(2 - t) > 1.
    """
    n, warmer, levels = 0.1, 0.11, 8
    network = cascade_network([cavity((1, 0), levels=levels)] * 2, [0.7], [n, n])
    times = np.array([0.5, 0.9, 1.1, 1.4, 1.7, 2.0, 3.0])
    start = network.product_state([warmer, n])
    beta, h = np.log1p(1 / n), 1e-3

    def lack(time):
        state = network.evolve(start, [time])[0]
        return sum(float(mode_entropy(m)) - beta * m for m in network.occupations(state))

    sigma = np.array([(lack(t + h) - lack(t - h)) / (2 * h) for t in times])
    assert np.array_equal(sigma < 0, (times > 1) & (times < 1.8393))
    assert sigma == pytest.approx(
        (warmer - n) ** 2
        / (2 * n * (n + 1))
        * np.exp(-2 * times)
        * (2 + 2 * times**4 - 4 * times**3),
        rel=0.2,
        abs=2e-6,
    )
    for state in network.evolve(start, times):
        assert network.clausius_production(state) > 0


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


def test_one_way_events_without_their_interference_are_not_unital():
    """Jumps C that conserve quanta change the Gibbs state by ρ Σ(CC† - C†C), and not at all else.

    A gives to the two-level system, this to B, nothing goes back: dn_A/dt = -γ n(n + 1)(1 - 2p).
    """
    levels, n, gamma = 7, 0.08, 0.7
    dims = (levels, 2, levels)
    a = np.kron(np.kron(cavity((0, 0), levels=levels).lowering, np.eye(2)), np.eye(levels))
    sigma = np.kron(np.kron(np.eye(levels), LOWER), np.eye(levels))
    b = np.kron(np.eye(2 * levels), cavity((0, 0), levels=levels).lowering)
    events = np.sqrt(gamma) * np.array([a @ sigma.T, sigma @ b.T])
    nothing = np.zeros((1, *a.shape))
    one_way = ThermalNetwork(nothing[0], nothing, [n], dims, events)
    check = cascade_stationarity(one_way, require=False)
    assert check.broken == ("dephasing is unital",)
    gibbs, p = one_way.gibbs_state(n), n / (2 * n + 1)
    change = one_way.apply(gibbs)
    operator = sum(C @ C.T - C.T @ C for C in events)
    assert change == pytest.approx(gibbs @ operator, abs=1e-15)
    slope = gamma * n * (n + 1) * (1 - 2 * p)
    assert one_way.occupations(change) == pytest.approx([-slope, 0, slope], abs=1e-6)
    # With the way back, of the same strength, nothing is left.
    both = ThermalNetwork(nothing[0], nothing, [n], dims, [*events, *events.swapaxes(1, 2)])
    assert cascade_stationarity(both).defect < 1e-14


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


def test_delays_and_feedback_keep_the_gibbs_state():
    """Bins of light that come back later, through a loop, conserve quanta as all else does.

    The state of elements and bins together is q^N at every collision, whatever the order.
    """
    q, random = 0.4, np.random.default_rng(3)
    dims = (3, 2, 2, 2, 2)
    ladders = [np.diag(np.sqrt(np.arange(1.0, d)), k=1) for d in dims]
    lower = [
        reduce(np.kron, [x if i == k else np.eye(d) for i, d in enumerate(dims)])
        for k, x in enumerate(ladders)
    ]
    collisions = [(0, 2), (1, 2), (0, 3), (1, 3), (0, 2), (0, 4), (1, 2), (1, 4), (0, 3), (0, 2)]
    steps = []
    for element, light in collisions:
        x = random.normal() * np.exp(1j * random.uniform(0, 6)) * lower[element] @ lower[light].T
        steps.append([expm(x - x.conj().T)])
    check = gibbs_stationarity(np.zeros((48, 48)), quanta(dims), -np.log(q), steps)
    assert check.defect < EXACT
    part = check.values["final"].reshape(6, 8, 6, 8).trace(axis1=1, axis2=3)
    expected = np.kron(np.diag(q ** np.arange(3)), np.diag([1, q]))
    assert part == pytest.approx(expected / np.trace(expected), abs=1e-13)


@pytest.mark.parametrize(("back", "one_way"), [(0.0, True), (1.0, False)])
def test_one_way_light_breaks_balance_between_occupations_and_nothing_else(back, one_way):
    """Rows of the transition matrix keep their sums; alone its symmetry goes.

    Quantum detailed balance in Alicki's sense holds for any cascade in light of one temperature:
    it leaves the Hamiltonian free, and the direction sits there.
    """
    elements = [cavity((1, back), levels=2), two_level((2, 2 * back)), cavity((1, back), levels=2)]
    network = cascade_network(elements, [0.4, 1.1], [0.5, 0.5])
    generator, gibbs = network.liouvillian.toarray(), network.gibbs_state(0.5)
    for inner_product in ("gns", "kms"):
        assert detailed_balance_defect(generator, gibbs, inner_product) < 1e-14
    diagonal = np.arange(8) * 9
    P = expm(0.7 * generator)[np.ix_(diagonal, diagonal)].real
    p = gibbs.diagonal().real
    assert p == pytest.approx(P @ p, abs=1e-14)
    exchange = P * p
    assert (np.abs(exchange - exchange.T).max() > 0.02) == one_way
    assert one_way or np.abs(exchange - exchange.T).max() < 1e-14


@given(seeds)
@settings(max_examples=25)
def test_the_gibbs_state_is_alone_unless_something_commutes(seed):
    """For n > 0 it is the only stationary state if and only if no operator commutes with all."""
    random = np.random.default_rng(seed)
    elements = []
    for _ in range(random.integers(1, 4)):
        rates = random.exponential(size=2) * random.integers(0, 2, 2)
        rates = rates if random.random() < 0.7 else np.ones(2)
        detuning = random.normal() * random.integers(0, 2)
        small = cavity(rates, detuning, levels=int(random.integers(2, 4)))
        elements.append(small if random.random() < 0.5 else two_level(rates, detuning))
    phases = random.choice([0, np.pi, np.pi / 2, 0.3], len(elements) - 1)
    network = cascade_network(elements, phases, [0.4, 0.4])
    if commutant_dimension(network.hamiltonian, network.jump_operators) == 1:
        gibbs = network.gibbs_state(0.4)
        assert network.stationary_state() == pytest.approx(gibbs, abs=1e-9)
    else:
        with pytest.raises(ReducibleChainError):
            network.stationary_state()


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
        (lambda: entropy_growth([np.eye(2) / 2], [], []), "one state a subsystem"),
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
