"""Laws of secular generators, against dense matrices, 40-digit arithmetic and QuTiP."""

import copy
import itertools
import pickle

import mpmath as mp
import numpy as np
import pytest
import qutip
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.optimize import linear_sum_assignment
from strategies import density_matrices, secular_generators, seeds

from detailedbalance import (
    ConvergenceError,
    DegenerateLevelsError,
    ReducibleChainError,
    SecularGenerator,
    SecularWarning,
    bohr_groups,
    choi_matrix,
    commutant_dimension,
    commutation_defect,
    davies_generator,
    detailed_balance_defect,
    evolve,
    figure_1,
    generator,
    gibbs_state,
    lindbladian,
    quantum_relative_entropy,
    quantum_spohn_production,
    relative_entropy,
    spohn_production,
    stationary_state,
    stationary_states,
    transition_rates,
    von_neumann_entropy,
)

EXACT = 1e-13
"""Of identities between matrices, relative to the largest entry."""

DYNAMICS = 1e-11
"""Of states after any time."""

SIGMA_X, SIGMA_Z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])
LOWERING = np.array([[0, 1], [0, 0]])


def vec(rho):
    return np.swapaxes(rho, -1, -2).reshape(*rho.shape[:-2], -1)


def unvec(vector):
    n = round(vector.shape[-1] ** 0.5)
    return np.swapaxes(vector.reshape(*vector.shape[:-1], n, n), -1, -2)


def random_state(n, seed=0):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    rho = vectors @ vectors.conj().T
    return rho / np.trace(rho).real


def random_generator(energies, seed=0, scale=1e-3, **options):
    random = np.random.default_rng(seed)
    coefficients = []
    for group in bohr_groups(energies):
        shape = (len(group.pairs),) * 2
        vectors = random.normal(size=shape) + 1j * random.normal(size=shape)
        coefficients.append(scale * vectors @ vectors.conj().T)
    return SecularGenerator(energies, coefficients, **options)


def from_rates(energies, rates, **options):
    """A generator whose jumps do not interfere."""
    rates = np.asarray(rates)
    matrices = [np.diag(rates[g.pairs[:, 0], g.pairs[:, 1]]) for g in bohr_groups(energies)]
    return SecularGenerator(energies, matrices, **options)


def definition(secular, rho):
    """L ρ summed over pairs of pairs, with matrices |k⟩⟨l|."""
    n = secular.energies.size
    unit = np.eye(n)
    hamiltonian = np.diag(secular.energies + secular.shift)
    result = -1j * (hamiltonian @ rho - rho @ hamiltonian)
    for group, matrix in zip(secular.groups, secular.coefficients, strict=True):
        operators = [np.outer(unit[k], unit[l]) for k, l in group.pairs]
        for (a, first), (b, second) in itertools.product(enumerate(operators), repeat=2):
            both = second.T @ first
            result = result + matrix[a, b] * (first @ rho @ second.T)
            result -= matrix[a, b] * (both @ rho + rho @ both) / 2
    return result


# Bohr groups


@given(secular_generators(max_levels=6))
def test_every_pair_has_one_group_and_its_frequency(secular):
    pairs = np.concatenate([group.pairs for group in secular.groups])
    assert len(np.unique(pairs, axis=0)) == len(pairs) == secular.energies.size**2
    for group in secular.groups:
        gained = secular.energies[group.pairs[:, 0]] - secular.energies[group.pairs[:, 1]]
        assert gained == pytest.approx(group.frequency, abs=1e-12)
    assert np.all(np.diff([group.frequency for group in secular.groups]) > 0.5)


@given(secular_generators(max_levels=6))
def test_opposite_groups_hold_the_reversed_pairs_in_the_same_order(secular):
    for up, down in zip(secular.groups, secular.groups[::-1], strict=True):
        assert up.frequency == pytest.approx(-down.frequency, abs=1e-12)
        assert np.array_equal(up.pairs, down.pairs[:, ::-1])
        lower = up.pairs[:, 0 if up.frequency < 0 else 1]
        assert np.all(np.diff(lower) > 0)


def test_the_tolerance_decides_which_frequencies_are_equal():
    assert len(bohr_groups([0, 1, 2 + 1e-6])) == 7
    assert len(bohr_groups([0, 1, 2 + 1e-6], tolerance=1e-5)) == 5


def test_frequencies_neither_equal_nor_different_are_refused():
    with pytest.raises(ValueError, match="neither equal nor different"):
        bohr_groups([0, 1, 2.03, 3.09], tolerance=0.013)
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        bohr_groups([0, 1], tolerance=-1)


# The generator


@given(secular_generators(max_levels=4), st.data())
def test_blocks_act_as_the_sum_over_pairs_does(secular, data):
    rho = data.draw(density_matrices(secular.energies.size))
    expected = definition(secular, rho)
    scale = np.abs(secular.energies).max() + 1
    assert np.abs(secular.apply(rho) - expected).max() < EXACT * scale
    assert np.abs(secular.liouvillian @ vec(rho) - vec(expected)).max() < EXACT * scale


@given(secular_generators())
def test_jump_operators_make_the_same_dissipator(secular):
    dense = lindbladian(np.zeros_like(secular.hamiltonian), secular.jump_operators)
    scale = secular.exit_rates.max() + 1e-9
    assert np.abs(secular.dissipator - dense).max() < EXACT * scale
    exits = np.einsum("jki,jkl->il", secular.jump_operators.conj(), secular.jump_operators)
    assert np.abs(exits - np.diag(secular.exit_rates)).max() < EXACT * scale


@given(secular_generators())
def test_jump_operators_are_orthogonal_and_carry_their_frequency(secular):
    jumps, n = secular.jump_operators, secular.energies.size
    overlaps = np.einsum("ikl,jkl->ij", jumps.conj(), jumps)
    assert np.abs(overlaps - np.diag(overlaps.diagonal())).max(initial=0) < 1e-15
    energy = np.diag(secular.energies)
    gained = energy @ jumps - jumps @ energy
    assert np.abs(gained - secular.jump_frequencies[:, None, None] * jumps).max(initial=0) < 1e-12
    for jump in jumps:
        largest = jump.ravel()[np.abs(jump).argmax()]
        assert largest == pytest.approx(abs(largest), rel=1e-12)
    rank = sum(np.linalg.matrix_rank(matrix) for matrix in secular.coefficients)
    assert len(jumps) == len(secular.jump_frequencies) == rank <= n**2
    assert np.all(np.diff(secular.jump_frequencies) >= 0)


@given(secular_generators())
def test_dissipator_and_shift_commute_with_the_hamiltonian(secular):
    assert commutation_defect(secular, secular.energies) < 1e-15
    assert commutation_defect(secular.liouvillian, secular.energies) < 1e-15


def test_commutation_defect_is_the_norm_of_the_commutator():
    energies = np.array([0.0, 0.3, 1.0])
    random = np.random.default_rng(0)
    matrix = lindbladian(np.zeros((3, 3)), random.normal(size=(2, 3, 3)))
    bohr = 1j * lindbladian(np.diag(energies), [])
    commutator = np.linalg.norm(bohr @ matrix - matrix @ bohr) / np.linalg.norm(matrix)
    assert commutation_defect(matrix, energies) == pytest.approx(commutator, rel=1e-13)


# Evolution


@given(secular_generators(max_levels=4), st.data())
def test_evolution_by_block_is_the_exponential_of_the_dense_generator(secular, data):
    rho = data.draw(density_matrices(secular.energies.size, full_rank=False))
    times = np.array([[0.0, 3.0], [250.0, 10.0]])
    evolved = secular.evolve(rho, times)
    dense = lindbladian(secular.hamiltonian, secular.jump_operators)
    expected = unvec(expm(dense * times[..., None, None]) @ vec(rho))
    assert np.abs(evolved - expected).max() < DYNAMICS
    assert np.array_equal(evolved, np.swapaxes(evolved.conj(), -1, -2))


@given(secular_generators(max_levels=6), st.data())
def test_populations_follow_the_pauli_equation(secular, data):
    rho = data.draw(density_matrices(secular.energies.size))
    times = np.array([0.0, 1.0, 100.0, 1e4, 1e16])
    populations = np.diagonal(secular.evolve(rho, times), axis1=1, axis2=2)
    expected = evolve(secular.rates, rho.diagonal().real, times)
    assert np.abs(populations - expected).max() < DYNAMICS


def propagator(secular, time):
    """e^{Lt} from the evolution of pure states, by linearity."""
    n = secular.energies.size
    unit = np.eye(n)

    def image(ket):
        return secular.evolve(np.outer(ket, ket.conj()) / (np.linalg.norm(ket) ** 2), time)

    levels = [image(ket) for ket in unit]
    columns = []
    for l, k in itertools.product(range(n), repeat=2):
        if k == l:
            columns.append(vec(levels[k]))
            continue
        # 2|k⟩⟨l| = |+⟩⟨+| + i|i⟩⟨i| - (1 + i)(|k⟩⟨k| + |l⟩⟨l|) with + = k + l, i = k + il.
        plus, turned = image(unit[k] + unit[l]), image(unit[k] + 1j * unit[l])
        columns.append(vec(plus + 1j * turned - (1 + 1j) / 2 * (levels[k] + levels[l])))
    return np.stack(columns, axis=1)


@given(secular_generators(max_levels=4), st.sampled_from([0.1, 10.0, 1e3]))
def test_propagators_are_completely_positive_and_keep_the_trace(secular, time):
    n = secular.energies.size
    choi = choi_matrix(propagator(secular, time))
    assert np.linalg.eigvalsh(choi).min() > -1e-12
    kept = np.einsum("kili->kl", choi.reshape(n, n, n, n))
    assert np.abs(kept - np.eye(n)).max() < 1e-12


def exact_evolution(matrix, vector, times, digits=40):
    """e^{Mt} v in 40 digits; floats are taken as exact."""
    with mp.workdps(digits):
        m = mp.matrix([[mp.mpc(complex(x)) for x in row] for row in matrix])
        v = mp.matrix([mp.mpc(complex(x)) for x in vector])
        states = [mp.expm(m * mp.mpf(float(t)), method="taylor") * v for t in times]
        return np.array([[complex(x) for x in state] for state in states])


def exceptional_beta():
    """Where Fig. 1's two relaxation modes merge, by bisection on the discriminant."""

    def discriminant(beta):
        w = generator(transition_rates(figure_1(), beta))
        # λ(λ² - Tr W λ + M) with M the sum of principal minors.
        minors = (np.trace(w) ** 2 - np.trace(w @ w)) / 2
        return np.trace(w) ** 2 - 4 * minors

    low, high = 0.4, 0.6
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if discriminant(middle) < 0 else (low, middle)
    return high


@pytest.mark.parametrize("offset", [0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3])
def test_populations_are_exact_at_and_near_the_exceptional_point_of_figure_1(offset):
    beta = exceptional_beta() + offset
    assert beta * 0.5 == pytest.approx(0.25269, abs=6e-4)
    rates = 0.02 * transition_rates(figure_1(), beta)
    times = np.array([1.0, 30.0, 100.0, 300.0])
    secular = from_rates([-0.5, 0.0, 0.5], rates)
    populations = np.diagonal(secular.evolve(np.diag([0.0, 1.0, 0.0]), times), axis1=1, axis2=2)
    expected = exact_evolution(generator(rates), [0.0, 1.0, 0.0], times).real
    assert np.abs(populations - expected).max() < DYNAMICS


@pytest.mark.parametrize("offset", [0.0, 1e-14, 1e-10, 1e-6, 1e-2])
def test_coherences_are_exact_at_and_near_an_exceptional_point(offset):
    """Two coherences that feed each other, detuned by twice the rate: eigenvectors coincide."""
    rate = 0.01
    matrices = [[[0]], np.full((2, 2), rate), np.zeros((3, 3)), np.full((2, 2), rate), [[0]]]
    # The exit rates are (1, 2, 1) rate, so both coherences lose the same, 3/2 rate.
    shift = rate * np.array([0.0, 0.0, -2 - offset])
    secular = SecularGenerator([0.0, 1.0, 2.0], matrices, shift)
    rho, times = random_state(3), np.array([0.0, 5.0, 100.0, 500.0])
    block = rate * np.array([[-1.5, 1], [1, -1.5 + 1j * (2 + offset)]])
    expected = exact_evolution(block, [rho[1, 0], rho[2, 1]], times) * np.exp(-1j * times)[:, None]
    evolved = secular.evolve(rho, times)
    assert np.abs(evolved[:, [1, 2], [0, 1]] - expected).max() < DYNAMICS


def test_slow_rates_beside_fast_ones_keep_their_accuracy():
    rates = np.array([[0, 1e-2, 0], [2e-2, 0, 3e-10], [0, 1e-10, 0]])
    secular, start = from_rates([0.0, 1.0, 3.0], rates), [0.2, 0.3, 0.5]
    times = np.array([1e2, 1e9, 1e10, 1e13])
    populations = np.diagonal(secular.evolve(np.diag(start), times), axis1=1, axis2=2)
    with mp.workdps(40):
        w = mp.matrix(rates.tolist())
        for l in range(3):
            w[l, l] = -sum(w[k, l] for k in range(3))
        values, vectors = mp.eig(w)
        weights = mp.lu_solve(vectors, mp.matrix(start))
        for time, row in zip(times, populations, strict=True):
            factors = [mp.exp(value * time) * c for value, c in zip(values, weights, strict=True)]
            expected = vectors * mp.matrix(factors)
            assert max(abs(expected[k] - row[k].real) for k in range(3)) < DYNAMICS


# Stationary states


@given(secular_generators(max_levels=6, full_rank=True), st.data())
def test_every_state_relaxes_to_the_stationary_one(secular, data):
    stationary = secular.stationary_state()
    assert np.abs(secular.apply(stationary)).max() < 1e-16
    assert np.array_equal(stationary.diagonal().real, stationary_state(secular.rates))
    rho = data.draw(density_matrices(secular.energies.size, full_rank=False))
    values = secular.spectrum()
    assert values[0] == 0
    gap = -values[1:].real.max(initial=-1e-3)
    assert np.abs(secular.evolve(rho, 60 / gap) - stationary).max() < DYNAMICS


@given(secular_generators(max_levels=5), st.booleans())
def test_unique_populations_make_every_coherence_decay(secular, no_hamiltonian):
    """Even where the shift takes away all energy differences."""
    if no_hamiltonian:
        levels, matrices = secular.energies, secular.coefficients
        secular = SecularGenerator(levels, matrices, -levels)
    try:
        stationary = secular.stationary_state()
    except ReducibleChainError:
        found = stationary_states(secular)
        assert len(found) > 1
        assert np.abs(secular.apply(found)).max() < 1e-12
        decays = -secular.spectrum().real
        if decays[decays > 0].min(initial=1.0) > 1e-7:
            assert len(stationary_states(secular.liouvillian)) == len(found)
        return
    decays = -secular.spectrum()[1:].real
    assert np.all(decays > 0)
    if decays.min(initial=1.0) > 1e-7:
        found = stationary_states(secular.liouvillian)
        assert found == pytest.approx(stationary[None], abs=1e-8)
        assert np.array_equal(stationary_states(secular), stationary[None])


def test_two_qubits_of_which_one_relaxes_keep_the_state_of_the_other():
    """E = ±½ ± ¾, couplings σ_x ⊗ 1: populations of the other stay, its coherence turns."""
    energies = np.add.outer([0.5, -0.5], [0.75, -0.75]).ravel()
    thermal = davies_generator(energies, np.kron(SIGMA_X, np.eye(2)), lambda w: 0.01 * np.exp(-w))
    with pytest.raises(ReducibleChainError):
        thermal.stationary_state()
    assert np.sum(np.abs(thermal.spectrum().real) < 1e-12) == 4
    first = np.diag(gibbs_state([0.5, -0.5], 2.0))
    states = sorted(stationary_states(thermal), key=lambda state: state[0, 0].real)
    expected = [np.kron(first, np.diag(p)) for p in ([0, 1], [1, 0])]
    assert np.array(states) == pytest.approx(np.array(expected), abs=1e-10)
    # The algebra that commutes with all is that of diagonal matrices of the other qubit.
    assert commutant_dimension(thermal.hamiltonian, thermal.jump_operators) == 2


def test_without_a_hamiltonian_the_other_qubit_keeps_its_coherence_too():
    jumps = [np.kron(LOWERING, np.eye(2)), 0.5 * np.kron(LOWERING.T, np.eye(2))]
    dense = lindbladian(np.zeros((4, 4)), jumps)
    states = stationary_states(dense)
    assert len(states) == commutant_dimension(np.zeros((4, 4)), jumps) == 4
    for state in states:
        assert np.abs(dense @ vec(state)).max() < 1e-12
        values = np.linalg.eigvalsh(state)
        assert values == pytest.approx([0, 0, 0.2, 0.8], abs=1e-8)
    assert np.linalg.matrix_rank(states.reshape(4, -1)) == 4


@given(seeds, st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_a_faithful_stationary_state_is_unique_if_only_numbers_commute(seed, sizes):
    """Frigerio: random unital generators that are direct sums of blocks, in a random basis."""
    random = np.random.default_rng(seed)
    n, edges = sum(sizes), np.cumsum([0, *sizes])
    operators = np.zeros((3, n, n), dtype=complex)
    for low, high in itertools.pairwise(edges):
        shape = (3, high - low, high - low)
        operators[:, low:high, low:high] = random.normal(size=shape) + 1j * random.normal(
            size=shape
        )
    basis, _ = np.linalg.qr(random.normal(size=(n, n)) + 1j * random.normal(size=(n, n)))
    operators = basis @ operators @ basis.conj().T
    # Hermitian jump operators keep the maximally mixed state.
    operators = operators + np.swapaxes(operators.conj(), -1, -2)
    dense = lindbladian(operators[0], operators[1:])
    assert commutant_dimension(operators[0], operators[1:]) == len(sizes)
    states = stationary_states(dense)
    assert len(states) == len(sizes)
    overlaps = np.abs(np.einsum("ikl,jlk->ij", states, states))
    assert np.abs(overlaps - np.diag(overlaps.diagonal())).max() < 1e-12


def test_decay_to_one_level_is_unique_without_a_faithful_state():
    dense = lindbladian(np.diag([0.0, 1.0]), [LOWERING])
    assert stationary_states(dense) == pytest.approx(np.diag([1.0, 0.0])[None], abs=1e-12)
    dark = lindbladian(np.zeros((3, 3)), [[[0, 1, 1], [0, 0, 0], [0, 0, 0]]])
    assert len(stationary_states(dark)) == 4


def test_a_superoperator_that_keeps_no_state_is_refused():
    with pytest.raises(ValueError, match="must keep the trace"):
        stationary_states(-np.eye(4))
    random = np.random.default_rng(0)
    with pytest.raises(ValueError, match="must keep the trace"):
        stationary_states(random.normal(size=(9, 7)) @ random.normal(size=(7, 9)))
    # Everything becomes σ_z, in proportion to a trace that is kept: zero is reached by σ_z only.
    only_sigma_z = np.diag([0.0, -1.0, -1.0, 0.0])
    only_sigma_z[0, [0, 3]], only_sigma_z[3, [0, 3]] = 1, -1
    with pytest.raises(ValueError, match="all that it keeps has trace zero"):
        stationary_states(only_sigma_z)


@pytest.mark.parametrize("density", [1e-2, 1e-6, 1e-9, 1e-14])
def test_stationary_states_do_not_depend_on_the_size_of_the_rates(density):
    """Two of three levels exchange energy with a bath, the third is left alone."""
    couplings = np.zeros((3, 3))
    couplings[:2, :2] = SIGMA_X
    secular = davies_generator([0.0, 1.0, 2.5], couplings, lambda w: density * np.exp(-w))
    expected = [np.diag([*gibbs_state([0.0, 1.0], 2.0), 0.0]), np.diag([0.0, 0.0, 1.0])]
    found = sorted(stationary_states(secular), key=lambda state: state[2, 2].real)
    assert len(found) == 2
    assert np.abs(np.array(found) - expected).max() < 1e-15


def thermal_matrix(gamma, ratio=0.25):
    """Two levels of distance one: down at the rate gamma, up at `ratio` times that."""
    jumps = np.sqrt(gamma) * np.array([LOWERING, np.sqrt(ratio) * LOWERING.T])
    return lindbladian(np.diag([0.0, 1.0]), jumps)


def test_rates_lost_beside_a_frequency_are_refused_and_not_taken_for_zero():
    for gamma in (1e-1, 1e-5, 1e-9):
        found = stationary_states(thermal_matrix(gamma))
        assert found == pytest.approx(np.diag([0.8, 0.2])[None], abs=1e-15 / gamma)
    for gamma in (1e-11, 1e-13):
        with pytest.raises(ConvergenceError, match="cannot tell from zero"):
            stationary_states(thermal_matrix(gamma))
        secular = davies_generator([0.0, 1.0], SIGMA_X, lambda w, g=gamma: g * 4.0 ** -(w > 0))
        assert stationary_states(secular) == pytest.approx(np.diag([0.8, 0.2])[None], abs=1e-15)


def test_small_populations_of_a_unique_state_are_kept():
    q = np.exp(-25.0)
    (found,) = stationary_states(thermal_matrix(0.1, q))
    assert found[1, 1].real == pytest.approx(q / (1 + q), rel=1e-3, abs=0)


def test_states_that_maps_not_positive_keep_are_refused():
    """Populations that relax to (3/2, -1/2) keep their sum, and no state."""
    matrix = np.diag([0.0, -1.0, -1.0, 0.0])
    matrix[0, [0, 3]], matrix[3, [0, 3]] = [1, 3], [-1, -3]
    with pytest.raises(ConvergenceError, match="no completely positive maps"):
        stationary_states(matrix)


@given(secular_generators(max_levels=4))
def test_spectrum_is_that_of_the_dense_generator(secular):
    """By the moments Σ λ^j, which are Lipschitz where eigenvalues are not."""
    values, dense = secular.spectrum(), lindbladian(secular.hamiltonian, secular.jump_operators)
    scale = max(np.abs(values).max(), 1e-3)
    for power in range(1, 6):
        moment = np.trace(np.linalg.matrix_power(dense / scale, power))
        assert np.sum((values / scale) ** power) == pytest.approx(moment, abs=1e-11)
    assert np.all(np.diff(values.real) <= 0)
    assert values[0] == 0
    assert len(values) == secular.energies.size**2


# QuTiP


@pytest.mark.parametrize("energies", [[-0.5, 0.0, 0.5], [0.0, 1.0, 3.0, 2.0], [0.2, 1.0, 2.2, 5.0]])
def test_qutip_agrees(energies):
    n = len(energies)
    secular = random_generator(energies, seed=1, scale=2e-4, shift=0.01 * np.arange(n) ** 2)
    hamiltonian, jumps = secular.to_qutip()
    dense = qutip.liouvillian(hamiltonian, jumps)
    assert np.abs(secular.liouvillian - dense.full()).max() < 1e-14
    steady = qutip.steadystate(hamiltonian, jumps).full()
    assert np.abs(secular.stationary_state() - steady).max() < 1e-9
    distances = np.abs(np.subtract.outer(dense.eigenenergies(), secular.spectrum()))
    assert distances[linear_sum_assignment(distances)].max() < 1e-9
    rho, times = random_state(n), np.linspace(0, 60, 7)
    options = {"method": "vern9", "atol": 1e-12, "rtol": 1e-12, "progress_bar": ""}
    run = qutip.mesolve(hamiltonian, qutip.Qobj(rho), times, jumps, options=options)
    expected = np.array([state.full() for state in run.states])
    assert np.abs(secular.evolve(rho, times) - expected).max() < 1e-9


def test_superoperators_are_qutips():
    random = np.random.default_rng(0)
    hamiltonian = random_state(3, seed=1)
    jumps = random.normal(size=(2, 3, 3)) + 1j * random.normal(size=(2, 3, 3))
    dense = lindbladian(hamiltonian, jumps)
    reference = qutip.liouvillian(qutip.Qobj(hamiltonian), [qutip.Qobj(x) for x in jumps])
    assert np.abs(dense - reference.full()).max() < EXACT
    channel = qutip.Qobj(expm(dense), dims=reference.dims, superrep="super")
    assert np.abs(choi_matrix(expm(dense)) - qutip.to_choi(channel).full()).max() < EXACT


# Entropies


@pytest.mark.parametrize("seed", range(4))
def test_entropies_are_qutips(seed):
    rho, sigma = random_state(4, seed), random_state(4, seed + 10)
    assert von_neumann_entropy(rho) == pytest.approx(qutip.entropy_vn(qutip.Qobj(rho)), rel=1e-12)
    expected = qutip.entropy_relative(qutip.Qobj(rho), qutip.Qobj(sigma))
    assert quantum_relative_entropy(rho, sigma) == pytest.approx(expected, rel=1e-9)


@given(st.integers(1, 5), seeds, st.data())
def test_relative_entropy_does_not_depend_on_the_basis(n, seed, data):
    rho, sigma = (data.draw(density_matrices(n, full_rank=full)) for full in (False, True))
    random = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(random.normal(size=(n, n)) + 1j * random.normal(size=(n, n)))
    turned = quantum_relative_entropy(*(basis @ x @ basis.conj().T for x in (rho, sigma)))
    assert turned == pytest.approx(quantum_relative_entropy(rho, sigma), rel=1e-8, abs=1e-12)
    assert quantum_relative_entropy(rho, rho) < 1e-13
    mixed = quantum_relative_entropy(rho, np.eye(n) / n)
    assert mixed == pytest.approx(np.log(n) - von_neumann_entropy(rho), abs=1e-12)


def test_relative_entropy_of_diagonal_states_is_that_of_their_populations():
    p, q = np.array([0.5, 0.5, 0.0]), gibbs_state([0.0, 1.0, 60.0], 1.0)
    expected = pytest.approx(relative_entropy(p, q), rel=1e-14)
    assert quantum_relative_entropy(np.diag(p), np.diag(q)) == expected
    q = gibbs_state([0.0, 60.0, 80.0], 1.0)
    assert quantum_relative_entropy(np.diag(p), np.diag(q)) == pytest.approx(relative_entropy(p, q))


def test_relative_entropy_is_infinite_outside_the_support():
    pure, other = np.full((2, 2), 0.5), np.diag([1.0, 0.0])
    assert quantum_relative_entropy(pure, pure) < 1e-30
    assert quantum_relative_entropy(other, pure) == np.inf
    assert quantum_relative_entropy(np.stack([pure, other]), other).tolist() == [np.inf, 0]
    # A state of rank two in three dimensions, and one whose support lies within.
    basis, _ = np.linalg.qr(np.arange(9.0).reshape(3, 3) ** 2 + np.eye(3))
    rank_two = basis[:, :2] @ np.diag([0.25, 0.75]) @ basis[:, :2].T
    inside = np.outer(basis[:, 0], basis[:, 0])
    assert quantum_relative_entropy(inside, rank_two) == pytest.approx(np.log(4))
    assert quantum_relative_entropy(rank_two, inside) == np.inf


@pytest.mark.parametrize("q", [1e-3, 1e-6, 1e-10, 1e-13])
def test_small_weights_of_a_state_not_diagonal_have_the_error_of_rounding(q):
    """ε/q of the weight q, as documented, and with it of ρ ln q; below rounding q is zero."""
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    found = quantum_relative_entropy(np.eye(2) / 2, turn @ np.diag([1 - q, q]) @ turn.T)
    expected = -np.log(2) - np.log(q) / 2 - np.log1p(-q) / 2
    assert abs(found - expected) < 1e-14 + 1e-15 / q
    pure = turn @ np.diag([1.0, 0.0]) @ turn.T
    assert quantum_relative_entropy(np.eye(2) / 2, pure) == np.inf


# Spohn


@given(secular_generators(min_levels=2, full_rank=True), st.data())
def test_spohn_production_is_never_negative(secular, data):
    rho = data.draw(density_matrices(secular.energies.size))
    largest = np.abs(secular.dissipator).max()
    assert quantum_spohn_production(secular, rho) > -1e-13 * largest
    stationary = secular.stationary_state()
    assert abs(quantum_spohn_production(secular, stationary)) < 1e-13 * largest
    with_hamiltonian = quantum_spohn_production(secular.liouvillian, rho, stationary)
    assert with_hamiltonian == pytest.approx(
        float(quantum_spohn_production(secular, rho)), rel=1e-8, abs=1e-10
    )


@given(secular_generators(min_levels=2, full_rank=True), st.data())
def test_spohn_production_is_the_loss_of_relative_entropy(secular, data):
    n = secular.energies.size
    # Away from pure states, where the entropy has no derivative.
    rho = (data.draw(density_matrices(n)) + np.eye(n) / n) / 2
    stationary = secular.stationary_state()
    # Gauss-Legendre in time, short enough for shifts to turn no coherence far.
    nodes, weights = np.polynomial.legendre.leggauss(8)
    duration = 5.0
    states = secular.evolve(rho, duration * (nodes + 1) / 2)
    produced = weights @ quantum_spohn_production(secular, states) * duration / 2
    ends = quantum_relative_entropy(secular.evolve(rho, [0.0, duration]), stationary)
    assert produced == pytest.approx(ends[0] - ends[1], rel=1e-8, abs=1e-13)


@given(secular_generators(min_levels=2, full_rank=True), seeds)
def test_spohn_production_of_populations_is_the_classical_one(secular, seed):
    p = np.random.default_rng(seed).dirichlet(np.ones(secular.energies.size))
    classical = spohn_production(secular.rates, p)
    assert quantum_spohn_production(secular, np.diag(p)) == pytest.approx(classical, rel=1e-9)


def test_spohn_production_is_infinite_while_empty_states_fill():
    rates = np.array([[0, 2e-3], [1e-3, 0]])
    secular = from_rates([0.0, 1.0], rates)
    assert quantum_spohn_production(secular, np.diag([1.0, 0.0])) == np.inf
    assert quantum_spohn_production(secular, np.full((2, 2), 0.5)) == np.inf
    decay = from_rates([0.0, 1.0], [[0, 1e-3], [0, 0]])
    assert quantum_spohn_production(decay, np.diag([1.0, 0.0])) == 0
    assert quantum_spohn_production(decay, np.diag([0.5, 0.5])) == np.inf
    with pytest.raises(ValueError, match="`stationary` must be given"):
        quantum_spohn_production(decay.dissipator, np.diag([0.5, 0.5]))


@pytest.mark.parametrize("scale", [1e-2, 1e-8, 1e-12])
def test_spohn_production_needs_a_state_that_is_stationary(scale):
    """Compared with the rates, however small they are beside the Hamiltonian."""
    secular, rho = random_generator([0.0, 1.0, 2.0], scale=1e-2 * scale), random_state(3)
    wrong = gibbs_state([0.0, 1.0, 2.0], 1.0)
    # Beside a frequency of one, rates of 1e-14 are rounding errors of a matrix.
    whole = secular.liouvillian if scale > 1e-10 else secular.dissipator
    for generator_ in (secular, secular.dissipator, whole):
        with pytest.raises(ValueError, match="`stationary` must be a state with Lσ = 0"):
            quantum_spohn_production(generator_, rho, np.diag(wrong))
        assert quantum_spohn_production(generator_, rho, secular.stationary_state()) > 0
    with pytest.raises(ValueError, match="`stationary` must be a state with Lσ = 0"):
        quantum_spohn_production(secular, rho, random_state(3, seed=1))
    with pytest.raises(ValueError, match="as many levels as the generator, 3"):
        quantum_spohn_production(secular, np.eye(2) / 2, np.eye(2) / 2)


# Detailed balance


def thermal_couplings(n, m=2, seed=0):
    random = np.random.default_rng(seed)
    matrices = random.normal(size=(m, n, n)) + 1j * random.normal(size=(m, n, n))
    return matrices + np.swapaxes(matrices.conj(), -1, -2)


def kms_bath(beta, scale=1e-4):
    """A matrix γ(ω) = e^{-βω} γ(-ω)ᵀ, positive and complex."""
    gamma = scale * np.array([[1.0, 0.4 + 0.3j], [0.4 - 0.3j, 0.8]])

    def spectral_function(w):
        matrix = gamma if w > 0 else gamma.T if w < 0 else gamma.real
        return np.exp(-beta * w / 2) / (1 + w**2) * matrix

    return spectral_function


@pytest.mark.parametrize("inner_product", ["gns", "kms"])
@pytest.mark.parametrize("energies", [[0.0, 1.0, 2.0], [0.3, 0.0, 1.0, 2.1], [0.0, 1.0, 3.0, 4.0]])
def test_weak_coupling_to_equilibrium_balances_whatever_the_couplings(energies, inner_product):
    secular = davies_generator(energies, thermal_couplings(len(energies)), kms_bath(beta=1.5))
    gibbs = np.diag(gibbs_state(energies, 1.5))
    assert np.abs(secular.stationary_state() - gibbs).max() < 1e-14
    assert detailed_balance_defect(secular, gibbs, inner_product) < 1e-13


@pytest.mark.parametrize("inner_product", ["gns", "kms"])
def test_a_bath_out_of_equilibrium_breaks_balance(inner_product):
    def two_temperatures(w):
        return 1e-4 * np.array([[np.exp(-w), 0], [0, np.exp(-w / 4)]])

    secular = davies_generator([0.0, 1.0, 2.3], thermal_couplings(3), two_temperatures)
    defect = detailed_balance_defect(secular, secular.stationary_state(), inner_product)
    assert 1e-3 < defect < 1


def inner(p, kind, a, b):
    sigma, root = np.diag(p), np.diag(np.sqrt(p))
    if kind == "gns":
        return np.trace(sigma @ a.conj().T @ b)
    return np.trace(root @ a.conj().T @ root @ b)


def balanced_coefficients(energies, p, kind, random):
    """C^ω from a positive matrix X by the condition of the chosen inner product."""
    coefficients = {}
    groups = bohr_groups(energies)
    for number, group in enumerate(groups):
        m = len(group.pairs)
        if group.frequency > 0:
            continue
        x = random.normal(size=(m, m)) + 1j * random.normal(size=(m, m)) * (group.frequency != 0)
        x = 1e-4 * x @ x.conj().T
        k, l = group.pairs.T
        if group.frequency == 0:
            coefficients[number] = x
            continue
        if kind == "gns":
            # p_k/p_l must be the same for all pairs that interfere.
            ratio = p[k] / p[l]
            x = np.where(np.isclose(ratio[:, None], ratio), x, 0)
            coefficients[number] = x
            coefficients[len(groups) - 1 - number] = x.conj() / ratio
        else:
            coefficients[number] = x / np.sqrt(p[l][:, None] * p[l])
            coefficients[len(groups) - 1 - number] = x.conj() / np.sqrt(p[k][:, None] * p[k])
    return [coefficients[number] for number in range(len(groups))]


@pytest.mark.parametrize("kind", ["gns", "kms"])
@pytest.mark.parametrize("gibbs", [True, False])
def test_conditions_on_the_coefficients_are_detailed_balance(kind, gibbs):
    """The generator of observables is then symmetric in the inner product, by traces."""
    energies, random = np.arange(4.0), np.random.default_rng(3)
    p = gibbs_state(energies, 0.8) if gibbs else random.dirichlet(np.ones(4))
    secular = SecularGenerator(energies, balanced_coefficients(energies, p, kind, random))
    dual = secular.dissipator.conj().T
    assert np.abs(secular.stationary_state().diagonal() - p).max() < 1e-14
    assert detailed_balance_defect(secular, np.diag(p), kind) < 1e-14
    a, b = random.normal(size=(2, 4, 4)) + 1j * random.normal(size=(2, 4, 4))
    left, right = unvec(dual @ vec(a)), unvec(dual @ vec(b))
    size = np.abs(secular.dissipator).max()
    assert abs(inner(p, kind, left, b) - inner(p, kind, a, right)) < 1e-13 * size
    # The other inner product agrees for Gibbs states; balance in "kms" alone is weaker.
    other = detailed_balance_defect(secular, np.diag(p), "kms" if kind == "gns" else "gns")
    assert other < 1e-14 or (kind == "kms" and not gibbs and other > 1e-3)


@given(secular_generators(min_levels=2, max_levels=4, full_rank=True))
def test_the_defect_measures_the_difference_from_the_adjoint(secular):
    """By an orthonormal basis of observables, in a scalar product written with traces."""
    n, p = secular.energies.size, stationary_state(secular.rates)
    dual = secular.dissipator.conj().T
    basis = np.eye(n * n).reshape(n * n, n, n)
    for kind in ("gns", "kms"):
        norms = np.sqrt([inner(p, kind, a, a).real for a in basis])
        images = [unvec(dual @ vec(a)) for a in basis]
        entries = np.array([[inner(p, kind, a, b) for b in images] for a in basis])
        entries /= norms[:, None] * norms
        odd = (entries - entries.conj().T) / 2
        # What a shift of levels can take away: the diagonal's i(h_k - h_l).
        shifts = odd.diagonal().imag.reshape(n, n)
        h = shifts.mean(axis=1)
        rotation = 1j * np.diag((h[:, None] - h).ravel())
        expected = np.linalg.norm(odd - rotation) / np.linalg.norm(entries - rotation)
        defect = detailed_balance_defect(secular, np.diag(p), kind)
        assert defect == pytest.approx(expected, rel=1e-6, abs=1e-12)
        with_hamiltonian = detailed_balance_defect(secular.liouvillian, np.diag(p), kind)
        assert with_hamiltonian == pytest.approx(defect, rel=1e-6, abs=1e-10)


@given(secular_generators(min_levels=2, max_levels=2, full_rank=True))
def test_two_levels_always_balance(secular):
    """As populations, and as quantum systems: Im C⁰ can only shift one frequency."""
    assert detailed_balance_defect(secular, secular.stationary_state()) < 1e-12


def test_balanced_populations_are_not_enough():
    """Dephasing with a phase around the triangle, which no shift of levels makes."""
    phases = np.exp(1j * np.array([[0, 1, -1], [-1, 0, 1], [1, -1, 0]]))
    dephasing = 1e-3 * (phases + 2 * np.eye(3))
    matrices = [[[1e-3]], 1e-3 * np.eye(2), dephasing, 1e-3 * np.eye(2), [[1e-3]]]
    secular = SecularGenerator([0.0, 1.0, 2.0], matrices)
    assert np.array_equal(secular.rates, secular.rates.T)
    assert detailed_balance_defect(secular, np.eye(3) / 3) > 0.1
    shifted = dephasing.real + 1e-4j * np.subtract.outer([1, 4, 9], [1, 4, 9])
    matrices[2] = shifted
    secular = SecularGenerator([0.0, 1.0, 2.0], matrices)
    assert detailed_balance_defect(secular, np.eye(3) / 3) < 1e-15


def test_balance_does_not_depend_on_the_basis_nor_on_a_commuting_hamiltonian():
    secular = random_generator([0.0, 1.0, 2.0])
    sigma = secular.stationary_state()
    random = np.random.default_rng(0)
    basis, _ = np.linalg.qr(random.normal(size=(3, 3)) + 1j * random.normal(size=(3, 3)))
    turned = lindbladian(
        basis @ np.diag([3.0, -1.0, 0.5]) @ basis.conj().T,
        basis @ secular.jump_operators @ basis.conj().T,
    )
    for kind in ("gns", "kms"):
        expected = detailed_balance_defect(secular, sigma, kind)
        defect = detailed_balance_defect(turned, basis @ sigma @ basis.conj().T, kind)
        assert defect == pytest.approx(expected, rel=1e-9)
    # Every Hamiltonian commutes with the mixed state, so none spoils balance with it.
    mixing = lindbladian(random_state(3), [np.diag([1.0, 0, 0]), np.diag([0, 1.0, 2.0])])
    assert detailed_balance_defect(mixing, np.eye(3) / 3) < 1e-15
    assert detailed_balance_defect(lindbladian(np.diag([0, 1]), []), np.diag([0.7, 0.3])) == 0


@pytest.mark.parametrize("unit", [1e-170, 1e-290, 1e140])
def test_defects_do_not_depend_on_units(unit):
    secular = random_generator([0.0, 1.0, 2.0])
    matrix, sigma = secular.dissipator, secular.stationary_state()
    expected = detailed_balance_defect(matrix, sigma)
    assert expected > 0.01
    assert detailed_balance_defect(unit * matrix, sigma) == pytest.approx(expected, rel=1e-9)
    mixing = lindbladian(np.zeros((3, 3)), [np.arange(9.0).reshape(3, 3)])
    levels = np.array([0.0, 0.3, 1.0])
    expected = commutation_defect(mixing, levels)
    assert commutation_defect(unit * mixing, levels) == pytest.approx(expected, rel=1e-12)
    assert commutation_defect(mixing, unit * levels) == pytest.approx(expected, rel=1e-12)
    assert commutation_defect(0 * mixing, 0 * levels) == 0


def test_a_hamiltonian_far_faster_than_the_rates_does_not_hide_the_defect():
    secular = random_generator([0.0, 1.0, 2.0], scale=1e-12)
    sigma = secular.stationary_state()
    expected = detailed_balance_defect(secular, sigma)
    assert expected > 0.01
    assert detailed_balance_defect(secular.liouvillian, sigma) == pytest.approx(expected, rel=1e-2)


def test_a_state_without_full_rank_has_no_inner_product():
    with pytest.raises(ValueError, match="must have full rank"):
        detailed_balance_defect(random_generator([0.0, 1.0]), np.diag([1.0, 0.0]))
    with pytest.raises(ValueError, match="must be one of 'gns', 'kms'"):
        detailed_balance_defect(random_generator([0.0, 1.0]), np.eye(2) / 2, "other")
    with pytest.raises(ValueError, match=r"one state of shape \(2, 2\), got \(3, 2, 2\)"):
        detailed_balance_defect(random_generator([0.0, 1.0]), np.tile(np.eye(2) / 2, (3, 1, 1)))


# Davies generators


def test_davies_rates_are_the_golden_rule():
    energies, couplings = np.array([0.0, 1.0, 2.5]), thermal_couplings(3, m=1)
    secular = davies_generator(energies, couplings[0], lambda w: 1e-4 * np.exp(w), [1, 2, 3])
    golden = 1e-4 * np.exp(energies[:, None] - energies) * np.abs(couplings[0]) ** 2
    assert secular.rates + np.diag(np.diag(golden)) == pytest.approx(golden, rel=1e-13)
    assert secular.shift.tolist() == [1, 2, 3]


def test_davies_dissipator_is_the_sum_over_couplings_and_frequencies():
    """Σ_ω Σ_αβ γ_αβ(ω) (S_α(ω) ρ S_β(ω)† - ½{S_β(ω)† S_α(ω), ρ}), S(ω) the part that gains ω."""
    energies, couplings, bath = np.array([0.0, 1.0, 2.0]), thermal_couplings(3), kms_bath(1.5)
    rho, expected = random_state(3), np.zeros((3, 3), dtype=complex)
    gained = energies[:, None] - energies
    for w in np.unique(gained):
        parts, gamma = couplings * (gained == w), bath(w)
        for alpha, beta in itertools.product(range(2), repeat=2):
            first, second = parts[alpha], parts[beta].conj().T
            both = second @ first
            change = first @ rho @ second - (both @ rho + rho @ both) / 2
            expected += gamma[alpha, beta] * change
    dissipator = davies_generator(energies, couplings, bath).dissipator
    assert np.abs(unvec(dissipator @ vec(rho)) - expected).max() < 1e-15


def test_the_spectral_function_is_asked_only_for_what_a_coupling_reaches():
    asked = []

    def born(w):
        asked.append(w)
        return 1e-4 / w**2

    davies_generator([0.0, 1.0, 3.0], [[0, 1, 0], [1, 0, 0], [0, 0, 0]], born)
    assert asked == [-1.0, 1.0]


@pytest.mark.parametrize(
    ("spectral_function", "message"),
    [
        (lambda w: -1.0, "must not be negative, got -1 at the frequency -1"),
        (lambda w: np.inf, "must be finite, got inf at the frequency -1"),
        (lambda w: np.eye(2), r"a matrix of shape \(1, 1\), got shape \(2, 2\)"),
        (lambda w: [[1j]], "`spectral_function` must be hermitian"),
    ],
)
def test_impossible_spectral_functions_are_refused(spectral_function, message):
    with pytest.raises(ValueError, match=message):
        davies_generator([0.0, 1.0], SIGMA_X, spectral_function)


@pytest.mark.parametrize(
    ("spectral_function", "message"),
    [
        (0.1, "must be a function of the frequency, got 0.1"),
        (lambda w: None, "must return a number or a matrix, got None at the frequency -1"),
        (lambda w: "one", "must return a number or a matrix, got 'one'"),
    ],
)
def test_only_functions_that_return_numbers_are_spectral(spectral_function, message):
    with pytest.raises(TypeError, match=message):
        davies_generator([0.0, 1.0], SIGMA_X, spectral_function)


def test_couplings_must_be_hermitian_and_fit():
    with pytest.raises(ValueError, match=r"must have shape \(2, 2\) or \(m, 2, 2\), got \(3, 3\)"):
        davies_generator([0.0, 1.0], np.eye(3), np.exp)
    with pytest.raises(ValueError, match="`couplings` must be hermitian"):
        davies_generator([0.0, 1.0], LOWERING, np.exp)


# Errors and warnings


def test_degenerate_levels_are_refused():
    with pytest.raises(DegenerateLevelsError, match="two levels coincide"):
        SecularGenerator([0.0, 1.0, 1.0], [])
    with pytest.raises(DegenerateLevelsError, match="two levels coincide"):
        SecularGenerator([0.0, 1.0, 1.001], [], tolerance=0.01)
    with pytest.raises(DegenerateLevelsError, match="two levels coincide"):
        davies_generator([0.0, 9e-10, 1.0], np.eye(3), np.exp)


def test_rates_too_large_for_the_secular_average_are_reported_where_it_was_made():
    with pytest.warns(SecularWarning, match="only 5 times the largest decay rate 0.2") as record:
        from_rates([0.0, 1.0], [[0, 0.2], [0.0, 0]])
    assert [warning.filename for warning in record] == [__file__]
    with pytest.warns(SecularWarning) as record:
        davies_generator([0.0, 1.0], SIGMA_X, lambda w: 1.0)
    assert [warning.filename for warning in record] == [__file__]
    with pytest.warns(SecularWarning):
        from_rates([0.0, 1.0], [[0, 0.101], [0.0, 0]])
    from_rates([0.0, 1.0], [[0, 0.099], [0.0, 0]])


def test_dephasing_counts_among_the_decays():
    with pytest.warns(SecularWarning, match="largest decay rate 1"):
        SecularGenerator([0.0, 1.0], [[[0]], [[1, 0], [0, 1]], [[0]]])


@pytest.mark.parametrize(
    ("coefficients", "message"),
    [
        ([[[1e-3]]], "must hold 3 matrices, one for each Bohr group, got 1"),
        ([[[1e-3]], [[1e-3]], [[1e-3]]], r"frequency 0 must have shape \(2, 2\)"),
        ([[[1e-3]], [[0, 1e-3], [0, 0]], [[1e-3]]], "`coefficients` must be hermitian"),
        ([[[1e-3]], [[0, 1e-3], [1e-3, 0]], [[1e-3]]], "must be positive, but have the eigenvalue"),
        ([[[-1e-3]], np.zeros((2, 2)), [[1e-3]]], "frequency -1 must be positive"),
        ([[[np.nan]], np.zeros((2, 2)), [[1e-3]]], "must be finite"),
    ],
)
def test_impossible_coefficients_are_refused(coefficients, message):
    with pytest.raises(ValueError, match=message):
        SecularGenerator([0.0, 1.0], coefficients)


@pytest.mark.parametrize("coefficients", [None, 3])
def test_coefficients_must_be_a_sequence(coefficients):
    with pytest.raises(TypeError, match="`coefficients` must be a sequence of 3 matrices"):
        SecularGenerator([0.0, 1.0], coefficients)


def test_coefficients_may_come_one_by_one():
    secular = SecularGenerator([0.0, 1.0], (c for c in ([[1e-3]], np.zeros((2, 2)), [[0]])))
    assert secular.rates.tolist() == [[0, 1e-3], [0, 0]]


def test_negative_rounding_is_tolerated_and_makes_no_jump():
    dephasing = 1e-3 * np.array([[1, 1], [1, 1 - 1e-14]])
    secular = SecularGenerator([0.0, 1.0], [[[1e-3]], dephasing, [[0]]])
    assert len(secular.jump_operators) == 2
    assert np.all(secular.exit_rates >= 0)


def test_what_a_generator_gives_cannot_be_changed():
    secular = random_generator([0.0, 1.0])
    for array in (
        secular.energies,
        secular.shift,
        secular.coefficients[0],
        secular.rates,
        secular.exit_rates,
        secular.jump_operators,
        secular.jump_frequencies,
        secular.hamiltonian,
        secular.groups[0].pairs,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_generators_can_be_copied_and_pickled():
    secular = random_generator([0.0, 1.0, 2.0], shift=[0.1, 0.0, 0.2])
    for other in (copy.deepcopy(secular), pickle.loads(pickle.dumps(secular))):
        assert np.array_equal(other.liouvillian, secular.liouvillian)
        assert not other.energies.flags.writeable


@pytest.mark.parametrize(
    ("rho", "message"),
    [
        (np.eye(3) / 3, r"must have shape \(\.\.\., 2, 2\), got \(3, 3\)"),
        ([0.5, 0.5], "a pure state ψ has the density matrix"),
        ([[0.5, 0.1], [0.2, 0.5]], "must be hermitian"),
        (np.eye(2), "must have trace one, but is off by 1"),
        ([[1.5, 0], [0, -0.5]], "must be positive, but has the eigenvalue -0.5"),
        (np.stack([np.eye(2) / 2] * 2), r"must have shape \(2, 2\)"),
    ],
)
def test_only_density_matrices_evolve(rho, message):
    with pytest.raises(ValueError, match=message):
        random_generator([0.0, 1.0]).evolve(rho, [0.0])


def test_other_arguments_are_checked():
    secular = random_generator([0.0, 1.0])
    with pytest.raises(ValueError, match="`times` must not be negative, got -1"):
        secular.evolve(np.eye(2) / 2, [-1.0, 0.0])
    with pytest.raises(ValueError, match=r"must have shape \(\.\.\., 2, 2\)"):
        secular.apply(np.eye(3))
    with pytest.raises(ValueError, match=r"must have shape \(n², n²\)"):
        choi_matrix(np.eye(3))
    with pytest.raises(TypeError, match=r"pass expm\(generator.liouvillian \* t\)"):
        choi_matrix(secular)
    with pytest.raises(ValueError, match=r"`jump_operators` must have shape \(J, 2, 2\)"):
        lindbladian(np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match=r"`jump_operators` must have shape \(J, 2, 2\)"):
        lindbladian(np.eye(2), np.zeros((0, 3, 3)))
    with pytest.raises(ValueError, match="`hamiltonian` must be hermitian"):
        lindbladian(LOWERING, [])
    with pytest.raises(ValueError, match=r"`hamiltonian` must have shape \(n, n\), got \(2,\)"):
        lindbladian([0.0, 1.0], [])
    with pytest.raises(ValueError, match="batches must have shapes that broadcast"):
        quantum_relative_entropy(
            np.tile(np.eye(2) / 2, (2, 1, 1)), np.tile(np.eye(2) / 2, (3, 1, 1))
        )
