"""Few excitations: against other methods, and laws that unitarity and conservation make."""

import dataclasses
import itertools

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from strategies import seeds

from detailedbalance import von_neumann_entropy
from detailedbalance.light import (
    FewExcitations,
    MicroscopicCoupling,
    bose_occupation,
    chiral_loop,
    collapse,
    dephasing,
    elastic_scattering,
    excited_fraction,
    reset,
    transverse_measurement,
)

TIMES = np.linspace(0, 300, 16)


def random_system(seed, modes=3, atoms=2, most=3, counter_rotating=0.0):
    random = np.random.default_rng(seed)
    k = modes + atoms
    matrix = random.normal(size=(k, k)) + 1j * random.normal(size=(k, k))
    return FewExcitations(
        one_excitation=matrix + matrix.conj().T,
        two_level_systems=atoms,
        subsystems={"a": [0], "b": range(1, modes), "TLS": range(modes, k)},
        most=most,
        counter_rotating=counter_rotating,
    )


def random_state(system, seed):
    random = np.random.default_rng(seed)
    d = len(system.states)
    root = random.normal(size=(d, d)) + 1j * random.normal(size=(d, d))
    return root @ root.conj().T / np.trace(root @ root.conj().T).real


def tensor_operators(system, cutoff):
    """Lowering operators on the whole product space, as QuTiP objects, and where states lie."""
    modes = len(system.one_excitation) - system.two_level_systems
    sizes = [cutoff + 1] * modes + [2] * system.two_level_systems
    # QuTiP's destroy(2) takes |1⟩ to |0⟩, so 1 is the excited state here.
    lower = [
        qutip.tensor([qutip.destroy(n) if i == j else qutip.qeye(n) for j, n in enumerate(sizes)])
        for i in range(len(sizes))
    ]
    return lower, np.ravel_multi_index(system.states.T, sizes)


# Against other methods


@pytest.mark.parametrize("counter_rotating", [0.0, 0.7])
def test_hamiltonian_is_that_of_the_product_space(counter_rotating):
    """By QuTiP's tensor products; states with more excitations are left out at the end."""
    system = random_system(1, counter_rotating=counter_rotating)
    lower, kept = tensor_operators(system, cutoff=6)
    E, modes = system.one_excitation, 3
    H = sum(E[i, j] * lower[i].dag() * lower[j] for i, j in itertools.product(range(5), repeat=2))
    for s, i in itertools.product(range(modes, 5), range(modes)):
        pair = E[s, i] * lower[s] * lower[i]
        H += counter_rotating * (pair + pair.dag())
    np.testing.assert_allclose(
        system.hamiltonian.toarray(), H.full()[np.ix_(kept, kept)], rtol=0, atol=1e-13
    )


def test_evolution_is_the_exponential_on_the_product_space():
    """All states of 2 modes and 2 two-level systems, also those with more excitations."""
    system = random_system(2, modes=2, most=3)
    lower, kept = tensor_operators(system, cutoff=3)
    E = system.one_excitation
    H = sum(
        E[i, j] * lower[i].dag() * lower[j] for i, j in itertools.product(range(4), repeat=2)
    ).full()
    rho = np.zeros(H.shape, dtype=complex)
    rho[np.ix_(kept, kept)] = random_state(system, 2)
    U = expm(-1.3j * H)
    later = (U @ rho @ U.conj().T)[np.ix_(kept, kept)]
    np.testing.assert_allclose(
        system.evolve(random_state(system, 2), 1.3), later, rtol=0, atol=1e-13
    )


def test_qutip_solves_to_the_same_occupations_and_reduced_states():
    system = random_system(3, modes=2, most=2)
    lower, kept = tensor_operators(system, cutoff=2)
    E = system.one_excitation
    H = sum(E[i, j] * lower[i].dag() * lower[j] for i, j in itertools.product(range(4), repeat=2))
    rho = random_state(system, 3)
    full = np.zeros(H.shape, dtype=complex)
    full[np.ix_(kept, kept)] = rho
    times = np.linspace(0, 1.5, 4)
    result = qutip.mesolve(
        H, qutip.Qobj(full, dims=H.dims), times, options={"atol": 1e-11, "rtol": 1e-9}
    )
    run = system.run(rho, times)
    groups = [[0], [1], [2, 3]]
    for group, occupation in zip(groups, run.quanta.T, strict=True):
        number = sum(lower[i].dag() * lower[i] for i in group)
        np.testing.assert_allclose(occupation, qutip.expect(number, result.states), atol=1e-7)
    final = list(system.trajectory(rho, times))[-1]
    for group, theirs in zip(groups, system.subsystem_entropies(final), strict=True):
        reduced = result.states[-1].ptrace(group)
        assert theirs == pytest.approx(qutip.entropy_vn(reduced), abs=1e-6)
    assert von_neumann_entropy(rho) == pytest.approx(qutip.entropy_vn(qutip.Qobj(rho)), abs=1e-10)


def test_one_excitation_follows_the_one_particle_matrix():
    system = chiral_loop(most=2)
    U = expm(-40j * system.one_excitation)
    np.testing.assert_allclose(
        system.transition_matrix(40.0, excitations=1), np.abs(U) ** 2, rtol=0, atol=1e-13
    )
    sector = system.sectors[1]
    np.testing.assert_allclose(system.propagator(40.0)[sector, sector], U, rtol=0, atol=1e-12)


def test_modes_alone_are_linear():
    """⟨a_i† a_j⟩ evolves by the one-particle matrix whatever the number of photons."""
    system = random_system(4, modes=4, atoms=1, most=3)
    E = system.one_excitation.copy()
    E[4, :4] = E[:4, 4] = 0
    system = dataclasses.replace(system, one_excitation=E)
    rho = system.product({"a": 0.7, "b": 1.9, "TLS": 1.0})
    before = np.diag(rho).real @ system.states
    U = expm(-0.8j * E)
    after = np.diag(system.evolve(rho, 0.8)).real @ system.states
    np.testing.assert_allclose(after, np.abs(U) ** 2 @ before, rtol=0, atol=1e-14)


@pytest.mark.parametrize("photons", [1, 2, 4])
@pytest.mark.parametrize("detuning", [0.0, 0.3])
def test_jaynes_cummings_oscillates_with_rabis_frequency(photons, detuning):
    """P(e) = 4g²n/ω² sin²(ωt/2), ω² = 4g²n + δ²."""
    g = 0.2
    system = FewExcitations(
        one_excitation=[[1, g], [g, 1 + detuning]],
        two_level_systems=1,
        subsystems={"mode": [0], "TLS": [1]},
        most=photons,
    )
    times = np.linspace(0, 40, 50)
    run = system.run(system.occupation_state([photons, 0]), times)
    frequency = np.sqrt(4 * g**2 * photons + detuning**2)
    expected = 4 * g**2 * photons / frequency**2 * np.sin(frequency * times / 2) ** 2
    np.testing.assert_allclose(run["TLS"], expected, rtol=0, atol=1e-13)


def test_a_photon_among_M_atoms_oscillates_faster_by_the_root_of_M():
    g, M = 0.2, 5
    E = np.eye(M + 1)
    E[0, 1:] = E[1:, 0] = g
    system = FewExcitations(
        one_excitation=E,
        two_level_systems=M,
        subsystems={"mode": [0], "TLS": range(1, M + 1)},
        most=2,
    )
    run = system.run(system.occupation_state([1] + [0] * M), TIMES)
    np.testing.assert_allclose(run["mode"], np.cos(np.sqrt(M) * g * TIMES) ** 2, rtol=0, atol=1e-12)


@pytest.mark.parametrize("source", ["A", "TLS"])
def test_emission_follows_the_golden_rule_until_light_returns(source):
    """A mode of a cavity decays into each channel with 2πh²ρ, an atom into one with 2πg²ρ."""
    sizes = {"cavity_modes": 1, "loop_modes": 201, "two_level_systems": 1}
    couplings = {"h": 0.002, "g_1": 0.002, "g_2": 0.0, "bandwidth": 1.0}
    system = chiral_loop(**sizes, **couplings, most=1, places=(0.0, 0.5, 0.75))
    rates = MicroscopicCoupling(
        **couplings, rho=1.0, rho_wg=201.0, two_level_systems=1, propagation_phases=True
    )
    rate = {"A": 2 * rates.gamma_dec, "TLS": rates.tilde_gamma_11}[source]
    times = np.array([200.0, 500.0])  # light returns after 2π·201/(2Δ) = 630
    P = np.array([system.transfer(t) for t in times])
    i = list(system.subsystems).index(source)
    decay = -np.diff(np.log(P[:, i, i])) / np.diff(times)
    assert decay == pytest.approx(rate, rel=0.01)


def test_kets_without_eigenvectors_agree():
    system = chiral_loop(most=2)
    random = np.random.default_rng(5)
    psi = random.normal(size=(len(system.states), 2)) + 1j
    later = system.evolve_ket(psi, 70.0)
    np.testing.assert_allclose(later, system.propagator(70.0) @ psi, rtol=0, atol=1e-10)


# Balance and its two sums


@given(seeds, st.floats(-5, 5))
@settings(max_examples=20)
def test_transition_probabilities_sum_to_one_both_ways(seed, time):
    P = random_system(seed).transition_matrix(time)
    for axis in (0, 1):
        np.testing.assert_allclose(P.sum(axis=axis), 1, rtol=0, atol=1e-12)


def test_transfer_balances_when_weighted():
    system = chiral_loop(most=1)
    P = system.transfer(80.0)
    np.testing.assert_allclose(P.sum(axis=0), 1, rtol=0, atol=1e-13)
    np.testing.assert_allclose(P @ system.sizes, system.sizes, rtol=0, atol=1e-12)


def test_the_loop_has_a_direction():
    """Two-level systems hear A and not B, and feed B and not A; without phases both alike."""
    A, B, T = 0, 1, 4
    P = chiral_loop(most=1).transfer(80.0)
    assert P[T, A] > 0.04 > 1e-5 > P[T, B]
    assert P[B, T] > 0.04 > 1e-5 > P[A, T]
    # Two-level systems halfway: time reversal together with A ↔ B is a symmetry.
    np.testing.assert_allclose(P[T, A], P[B, T], rtol=1e-10)
    mirrored = chiral_loop(most=1, g_1=0.0, g_2=0.01).transfer(80.0)
    np.testing.assert_allclose(mirrored[T, [B, A]], P[T, [A, B]], rtol=1e-9)
    without = chiral_loop(most=1, propagation_phases=False).transfer(80.0)
    assert without[T, A] > 1e-4
    np.testing.assert_allclose(without[T, A], without[T, B], rtol=1e-10)


def test_what_stays_in_A_does_not_depend_on_what_lies_downstream():
    """Until light comes around; [B]'s γ_1 (M - m) n_A makes A decay faster at once."""
    loop, band = 161, 4.0
    around = 2 * np.pi * loop / band
    stay, heard = [], []
    for g_1 in (0.0, 0.04):
        system = chiral_loop(
            h=0.0075,
            g_1=g_1,
            bandwidth=band,
            cavity_modes=8,
            loop_modes=loop,
            most=1,
            places=(0.0, 0.25, 0.5),
        )
        P = np.array([system.transfer(part * around) for part in (0.2, 0.3, 0.6, 1.1)])
        stay.append(P[:, 0, 0])
        heard.append(P[:, 4, 0])
    assert heard[1][0] < 1e-5 and heard[1][1] > 0.01
    np.testing.assert_allclose(stay[1][:3], stay[0][:3], rtol=0, atol=1e-4)
    assert stay[1][3] < 0.8 * stay[0][3]
    printed = [
        MicroscopicCoupling(
            h=0.0075,
            g_1=g_1,
            g_2=0.0,
            rho=8 / band,
            rho_wg=loop / band,
            bandwidth=band,
            two_level_systems=2,
            propagation_phases=True,
        )
        .closed_loop()
        .solve([0.2 * around], start=[1e-3, 0, 0, 0, 0])
        .n_A[-1]
        for g_1 in (0.0, 0.04)
    ]
    assert printed[1] < 0.6 * printed[0]


def test_transfer_needs_one_excitation_only():
    np.testing.assert_allclose(
        chiral_loop(most=2).transfer(33.0), chiral_loop(most=1).transfer(33.0), rtol=0, atol=1e-15
    )


# Theorem 1: flat Gibbs states stay


def local_events(system):
    random = np.random.default_rng(6)
    k = len(system.one_excitation)
    G = random.normal(size=(k, k)) + 1j * random.normal(size=(k, k))
    first = next(iter(system.subsystems))
    return {
        "collapse": collapse(system),
        "partial collapse": collapse(system, first),
        "dephasing": dephasing(system, 0.3, first),
        "scattering": elastic_scattering(system, G + G.conj().T, 0.4),
    }


@given(seeds, st.floats(0.1, 5))
@settings(max_examples=20)
def test_flat_gibbs_states_stay_whatever_the_hamiltonian_and_the_unital_events(seed, beta):
    system = random_system(seed, most=2)
    rho = system.gibbs(beta)
    events = zip([0.5, 1.0, 2.0, 2.5], local_events(system).values(), strict=True)
    for later in system.trajectory(rho, [0.2, 0.7, 1.5, 2.2, 4.0], events):
        np.testing.assert_allclose(later, rho, rtol=0, atol=1e-13)


def test_equal_occupations_stay_equal_where_the_printed_rates_part_them():
    system = chiral_loop(most=2)
    run = system.run(system.gibbs(1.0), TIMES, [(40.0, collapse(system, "1", "2"))])
    start = run.occupations[0]
    np.testing.assert_allclose(run.occupations, np.tile(start, (16, 1)), rtol=0, atol=1e-14)
    printed = MicroscopicCoupling(
        h=0.005,
        g_1=0.01,
        g_2=0.0,
        rho=2 / 0.3,
        rho_wg=7 / 0.3,
        bandwidth=0.3,
        two_level_systems=2,
        propagation_phases=True,
    ).closed_loop(beta=np.log1p(1 / start[0]))
    there = printed.solve(TIMES)
    assert np.max(there.n_B - there.n_A) > 0.2 * start[0]


def test_own_energies_disturb_little_and_by_their_square_in_a_symmetric_band():
    """|n_A - n_B| is of the order (βΔ)² here, and exactly zero without propagation phases."""
    system = chiral_loop(most=2)
    apart = []
    for beta in (0.25, 0.5, 1.0):
        run = system.run(system.gibbs(beta, "own"), TIMES)
        apart.append(np.abs(run["A"] - run["B"]).max())
    assert apart[-1] < 1e-4
    np.testing.assert_allclose(np.diff(np.log2(apart)), 2, atol=0.1)
    without = chiral_loop(most=2, propagation_phases=False)
    run = without.run(without.gibbs(1.0, "own"), TIMES)
    np.testing.assert_allclose(run["A"], run["B"], rtol=0, atol=1e-14)


def test_any_function_of_the_number_stays_and_nothing_else_needs_to():
    system = random_system(8, most=2)
    weights = np.array([0.2, 0.7, 0.1])[system.excitations]
    rho = np.diag(weights / weights.sum()).astype(complex)
    np.testing.assert_allclose(system.evolve(rho, 3.0), rho, rtol=0, atol=1e-14)
    one = system.occupation_state([1, 0, 0, 0, 0])
    assert np.abs(system.evolve(one, 3.0) - one).max() > 0.1


def test_counter_rotating_terms_move_the_flat_state_but_not_that_of_the_whole_energy():
    system = random_system(9, most=3, counter_rotating=1.0)
    system = dataclasses.replace(
        system, one_excitation=np.eye(5) + 0.05 * np.array(system.one_excitation)
    )
    flat, coupled = system.gibbs(1.0), system.gibbs(1.0, "coupled")
    assert np.abs(system.evolve(flat, 20.0) - flat).max() > 1e-3
    np.testing.assert_allclose(system.evolve(coupled, 20.0), coupled, rtol=0, atol=1e-13)


def test_events_that_are_not_unital_or_move_quanta_disturb_the_flat_state():
    system = random_system(10, most=3)
    rho = system.gibbs(2.0)
    before = system.occupations(rho)
    cooled = system.occupations(reset(system, "TLS")(rho))
    assert cooled[2] == 0 and before[2] > 0.1
    heated = system.occupations(transverse_measurement(system, 4)(rho))
    assert heated[2] > before[2] + 0.05


# Theorem 2: entropies of subsystems


@given(seeds, st.tuples(*[st.floats(0.5, 4)] * 3))
@settings(max_examples=10)
def test_entropies_stand_in_their_order_from_products_of_gibbs_states(seed, betas):
    """S(99) ≥ Σ S(ρ_j) ≥ S(ρ(t)) ≥ S(ρ(0)), with and without unital events."""
    system = random_system(seed, most=2)
    rho = system.product(dict(zip(system.subsystems, betas, strict=True)))
    last = von_neumann_entropy(rho)
    events = zip([0.3, 0.6, 0.9, 1.2], local_events(system).values(), strict=True)
    for later in system.trajectory(rho, [0.2, 0.5, 0.8, 1.1, 1.4], events):
        now = von_neumann_entropy(later)
        parts = system.subsystem_entropies(later).sum()
        assert system.thermal_entropies(later).sum() > parts - 1e-10
        assert parts > now - 1e-10
        assert now > last - 1e-10
        last = now


def test_reset_lowers_what_unital_events_cannot():
    system = random_system(11, most=2)
    rho = system.gibbs(1.0)
    later = reset(system, "TLS")(rho)
    for entropies in (system.subsystem_entropies, system.thermal_entropies):
        assert entropies(later).sum() < entropies(rho).sum() - 0.5


def test_correlations_at_the_start_can_turn_into_less_entropy():
    """The film backwards: unitary, from a state that is no product."""
    system = random_system(12, most=2)
    product = system.product({"a": 0.5, "b": 3.0, "TLS": 3.0})
    correlated = system.evolve(product, -1.0)
    after = system.evolve(correlated, 1.0)
    parts = [system.subsystem_entropies(rho).sum() for rho in (correlated, after)]
    assert parts[1] < parts[0] - 0.05


def test_a_sharp_start_can_lower_what_the_means_allow():
    """One photon that an atom takes: s(1) = 2 ln 2 for the mean of the mode, then zero."""
    g = 0.1
    system = FewExcitations(
        one_excitation=[[1, g], [g, 1]],
        two_level_systems=1,
        subsystems={"mode": [0], "TLS": [1]},
        most=1,
    )
    states = system.trajectory(system.occupation_state([1, 0]), [0, np.pi / (2 * g)])
    before, after = (system.thermal_entropies(rho).sum() for rho in states)
    assert before == pytest.approx(2 * np.log(2), rel=1e-13)
    assert after < 1e-10


# States and events


def test_flat_gibbs_states_have_the_occupations_of_bose_and_of_two_level_systems():
    """At low temperature, where more excitations than three hardly occur."""
    system = random_system(13)
    n = system.occupations(system.gibbs(6.0))
    np.testing.assert_allclose(n[:2], bose_occupation(6.0), rtol=1e-4)
    np.testing.assert_allclose(n[2], excited_fraction(6.0), rtol=1e-4)


def test_events_keep_trace_and_are_their_kraus_operators():
    system = random_system(14, most=2)
    rho = random_state(system, 14)
    d = len(system.states)
    unital = local_events(system) | {"transverse": transverse_measurement(system, 3)}
    for name, channel in unital.items() | {"reset": reset(system, "b", "TLS")}.items():
        operators = [K.toarray() for K in channel.operators]
        by_hand = sum(K @ rho @ K.conj().T for K in operators)
        np.testing.assert_allclose(channel(rho), by_hand, rtol=0, atol=1e-13)
        total = sum(K.conj().T @ K for K in operators)
        np.testing.assert_allclose(total, np.eye(d), rtol=0, atol=1e-12)
        image = sum(K @ K.conj().T for K in operators)
        assert np.allclose(image, np.eye(d), rtol=0, atol=1e-12) == (name != "reset")
        N = np.diag(system.excitations)
        conserves = all(np.allclose(K @ N, N @ K, rtol=0, atol=1e-12) for K in operators)
        assert conserves == (name not in ("reset", "transverse"))


def test_one_subsystem_alone_is_the_whole():
    system = FewExcitations(
        one_excitation=[[1, 0.1], [0.1, 2]],
        two_level_systems=0,
        subsystems={"both": [0, 1]},
        most=2,
    )
    rho = random_state(system, 17)
    assert system.subsystem_entropies(rho) == pytest.approx([von_neumann_entropy(rho)], rel=1e-12)


def test_dephasing_is_the_mean_over_random_phases():
    """Gauss-Hermite's nodes for a normal angle of each element of a subsystem."""
    system = random_system(18, most=2)
    rho, variance = random_state(system, 18), 0.4
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    mean = np.zeros_like(rho)
    for (a, p), (b, q) in itertools.product(zip(nodes, weights, strict=True), repeat=2):
        angle = np.sqrt(variance) * (system.states[:, [3, 4]] @ [a, b])
        turn = np.exp(1j * angle)
        mean += p * q * turn[:, None] * rho * turn.conj() / weights.sum() ** 2
    np.testing.assert_allclose(dephasing(system, variance, "TLS")(rho), mean, rtol=0, atol=1e-13)


def test_scattering_happens_with_its_probability():
    """For one excitation, by the exponential of the generator."""
    system = random_system(19, most=2)
    sector, G = system.sectors[1], random_system(20).one_excitation
    U = expm(-1j * G)
    rho = random_state(system, 19)
    inside = rho[sector, sector]
    expected = 0.75 * inside + 0.25 * U @ inside @ U.conj().T
    np.testing.assert_allclose(
        elastic_scattering(system, G, 0.25)(rho)[sector, sector], expected, rtol=0, atol=1e-13
    )


def test_events_happen_in_the_order_of_their_times():
    system = random_system(15, most=2)
    rho = random_state(system, 15)
    first, second = reset(system, "TLS"), collapse(system, "a")
    run = system.run(rho, [0.0, 1.0, 2.0], [(1.5, second), (1.0, first)])
    by_hand = first(system.evolve(rho, 1.0))
    np.testing.assert_allclose(run.quanta[1], system.quanta(by_hand), rtol=0, atol=1e-12)
    by_hand = system.evolve(second(system.evolve(by_hand, 0.5)), 0.5)
    np.testing.assert_allclose(run.quanta[2], system.quanta(by_hand), rtol=0, atol=1e-12)
    assert run["TLS"] == pytest.approx(run.quanta[:, 2] / 2)


# Errors


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"one_excitation": [[1, 1j], [1j, 1]]}, "must be hermitian"),
        ({"subsystems": {"mode": [0]}}, "each element 0 … 1 once"),
        ({"subsystems": {"all": [0, 1]}}, "not both"),
        ({"two_level_systems": 3}, "one of 0 … 2"),
        ({"most": 0}, "at least 1"),
        ({"counter_rotating": np.nan}, "finite"),
    ],
)
def test_impossible_systems_are_refused(change, message):
    fields = {
        "one_excitation": np.eye(2),
        "two_level_systems": 1,
        "subsystems": {"mode": [0], "TLS": [1]},
        "most": 2,
    }
    with pytest.raises(ValueError, match=message):
        FewExcitations(**fields | change)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.gibbs(-1.0), "must be positive"),
        (lambda s: s.gibbs(1.0, "mine"), "must be one of 'flat', 'own', 'coupled'"),
        (lambda s: s.product({"C": 1.0}), "no subsystem 'C'"),
        (lambda s: s.occupation_state([2, 0, 0, 0, 2]), "no state that is kept"),
        (lambda s: s.run(s.gibbs(1.0), [1.0, 0.0]), "must increase"),
        (lambda s: s.run(s.gibbs(1.0), [1.0], [(-1.0, collapse(s))]), "before time 0"),
        (lambda s: s.evolve(np.eye(3), 1.0), r"shape \(44, 44\)"),
        (lambda s: s.transition_matrix(1.0, 7), "one of 0 … 3"),
        (lambda s: dephasing(s, -1.0), "must not be negative"),
        (lambda s: elastic_scattering(s, np.eye(5), 1.5), "from 0 to 1"),
        (lambda s: transverse_measurement(s, 0), "one of 3 … 4"),
        (lambda s: chiral_loop(bandwidth=0.0), "must be positive"),
    ],
)
def test_impossible_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(random_system(16))


def test_sectors_too_large_for_eigenvectors_are_refused_with_the_way_out():
    system = chiral_loop(most=5, two_level_systems=1, loop_modes=9)
    with pytest.raises(ValueError, match="use `evolve_ket`"):
        system.propagator(1.0)
