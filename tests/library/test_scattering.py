"""Laws of the scattering matrix, and values from matching wave functions by hand."""

import copy
import pickle

import mpmath as mp
import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from strategies import contacts, energies_above, seeds

from detailedbalance import ContactScattering, coupling_matrix, figure_1

UNITARITY = 1e-12


def open_block(contact, energy):
    channels = np.flatnonzero(contact.open_channels(energy))
    return contact.s_matrix(energy)[np.ix_(channels, channels)]


def matched_s_matrix(contact, energy):
    """S from continuity and the jump ψ'(0+) - ψ'(0-) = 2m v ψ(0), channel by channel.

    Unknowns are the amplitudes c_j of e^{ip|q|}/√p where channel j is open and of e^{-κ|q|} where
    it is closed; the incoming wave is e^{-ip|q|}/√p.
    """
    n, m = contact.energies.size, contact.mass
    excess = energy - contact.energies
    p = np.sqrt(2 * m * np.abs(excess))
    is_open = excess > 0
    value = np.where(is_open, 1 / np.sqrt(p), 1.0)
    slope = np.where(is_open, 1j * p, -p)
    jump = 2 * np.diag(slope * value) - 2 * m * contact.coupling_matrix * value
    s = np.zeros((n, n), dtype=complex)
    for incoming in np.flatnonzero(is_open):
        source = np.zeros(n, dtype=complex)
        source[incoming] = 2j * p[incoming] * value[incoming]
        source += 2 * m * contact.coupling_matrix[:, incoming] * value[incoming]
        amplitudes = np.linalg.solve(jump, source)
        s[is_open, incoming] = amplitudes[is_open]
    return s


@given(st.data(), contacts(max_levels=8))
def test_s_is_unitary_on_the_open_channels(data, contact):
    """Any hermitian coupling, any energy, closed channels included."""
    s = open_block(contact, data.draw(energies_above(contact)))
    assert np.abs(s.conj().T @ s - np.eye(len(s))).max() < UNITARITY
    assert np.abs(s @ s.conj().T - np.eye(len(s))).max() < UNITARITY


@given(contacts(), st.floats(0.01, 3.0))
def test_s_matches_wave_functions_at_the_contact(contact, above):
    energy = np.sort(contact.energies)[contact.energies.size // 2] + above
    error = np.abs(contact.s_matrix(energy) - matched_s_matrix(contact, energy)).max()
    assert error < 1e-10


@given(contacts(), st.floats(0.01, 3.0))
def test_s_follows_from_t(contact, above):
    """S = 1 - 2i √b t √b on the open channels."""
    energy = contact.energies.min() + above
    root = np.emath.sqrt(np.where(energy > contact.energies, 1.0, 0.0))
    root = (
        root * np.sqrt(contact.mass) / (2 * contact.mass * abs(energy - contact.energies)) ** 0.25
    )
    s = contact.s_matrix(energy)
    expected = (
        np.diag(energy > contact.energies) - 2j * root[:, None] * contact.t_matrix(energy) * root
    )
    assert np.abs(s - expected).max() < 1e-10 * max(1, np.abs(expected).max())


def test_open_channels_reach_the_cayley_form():
    """With every channel open, S = (1 - iK)(1 + iK)⁻¹ with K = √b v √b."""
    contact = figure_1()
    energy = 1.3
    root = np.sqrt(contact.mass / np.sqrt(2 * contact.mass * (energy - contact.energies)))
    k = root[:, None] * contact.coupling_matrix * root
    cayley = (np.eye(3) - 1j * k) @ np.linalg.inv(np.eye(3) + 1j * k)
    assert np.abs(contact.s_matrix(energy) - cayley).max() < 1e-14


def test_closed_channels_fold_into_an_effective_coupling():
    """v_eff = v_oo - v_oc (|b_c|⁻¹ + v_cc)⁻¹ v_co, hermitian, does the work of closed channels."""
    contact = figure_1()
    energy = 0.2
    v = contact.coupling_matrix
    inverse_b = np.sqrt(2 * 0.3)
    effective = v[:2, :2] - np.outer(v[:2, 2], v[2, :2]) / (inverse_b + v[2, 2])
    folded = ContactScattering(contact.energies[:2], effective)
    assert np.abs(contact.s_matrix(energy)[:2, :2] - folded.s_matrix(energy)).max() < 1e-14


def test_one_channel_is_the_delta_potential():
    """Transmission through V δ(q) is 1/(1 + imV/p) = (1 + S)/2."""
    for strength in (-2.0, 0.3, 5.0):
        contact = ContactScattering([0.0], [[strength]], mass=1.7)
        p = np.sqrt(2 * 1.7 * 0.8)
        transmission = (1 + contact.s_matrix(0.8)[0, 0]) / 2
        assert transmission == pytest.approx(1 / (1 + 1j * 1.7 * strength / p), abs=1e-15)


def test_off_diagonal_t_has_the_closed_form():
    """t_kl det(1 + ibv) = v_kl + i b_n (v_kl v_nn - v_kn v_nl), n the third level."""
    contact = figure_1()
    v = contact.coupling_matrix
    for energy in (-0.2, 0.3, 0.9):
        b = contact.mass / np.sqrt(2 * contact.mass * (energy - contact.energies) + 0j)
        determinant = np.linalg.det(np.eye(3) + 1j * b[:, None] * v)
        t = contact.t_matrix(energy)
        for k, l, n in [(1, 0, 2), (2, 0, 1), (1, 2, 0), (0, 1, 2)]:
            closed_form = v[k, l] + 1j * b[n] * (v[k, l] * v[n, n] - v[k, n] * v[n, l])
            assert t[k, l] == pytest.approx(closed_form / determinant, abs=1e-14)


def test_determinant_has_the_sign_that_the_paper_misprints():
    """1/N_Ψ = i det(1 + ibv) for (S37) with its linear term negative."""
    couplings = np.array([1.0, 0.7, 1.5])
    contact = figure_1()
    b = 1 / np.sqrt(2 * (0.9 - contact.energies))
    e1, e3 = couplings.sum(), couplings.prod()
    e2 = couplings[0] * couplings[1] + couplings[0] * couplings[2] + couplings[1] * couplings[2]
    pairs = b[0] * b[1] + b[0] * b[2] + b[1] * b[2]
    corrected = 1j + b.prod() * e3 - b.sum() * e1 / 3 - 1j * pairs * e2 / 3
    determinant = np.linalg.det(np.eye(3) + 1j * b[:, None] * contact.coupling_matrix)
    assert corrected == pytest.approx(1j * determinant, abs=1e-14)


def test_conjugate_coupling_transposes_s():
    contact = figure_1()
    conjugate = ContactScattering(contact.energies, contact.coupling_matrix.conj())
    for energy in (-0.3, 0.3, 2.0):
        assert np.abs(conjugate.s_matrix(energy) - contact.s_matrix(energy).T).max() < 1e-14


@given(st.data(), contacts(max_levels=8))
def test_line_amplitudes_are_half_even_and_half_odd(data, contact):
    """r = (S - 1)/2 and t = (S + 1)/2; what arrives leaves to one of two sides."""
    energy = data.draw(energies_above(contact))
    is_open = contact.open_channels(energy)
    r, t = contact.reflection_transmission(energy)
    s, identity = contact.s_matrix(energy), np.diag(is_open)
    assert np.abs(r - (s - identity) / 2).max() < 1e-12
    assert np.abs(t - (s + identity) / 2).max() < 1e-12
    outgoing = np.abs(r) ** 2 + np.abs(t) ** 2
    assert outgoing.sum(axis=0) == pytest.approx(1.0 * is_open, abs=1e-12)


def test_weak_reflection_keeps_its_digits():
    """r = -imV/(p + imV), where (S - 1)/2 would be rounding."""
    for strength in (1e-20, 1e-9, 1e20):
        r, t = ContactScattering([0.0], [[strength]]).reflection_transmission(0.5)
        assert r[0, 0] == pytest.approx(-1j * strength / (1 + 1j * strength), rel=1e-15)
        assert t[0, 0] == pytest.approx(1 / (1 + 1j * strength), rel=1e-15)


@given(st.data(), contacts(max_levels=8))
def test_transition_probabilities_are_doubly_stochastic_on_open_channels(data, contact):
    """P_kl = |S_kl|²/2, P_ll = (1 + |S_ll|²)/2."""
    energy = data.draw(energies_above(contact))
    is_open = contact.open_channels(energy)
    p = contact.transition_probabilities(energy)
    expected = (np.abs(contact.s_matrix(energy)) ** 2 + np.diag(is_open)) / 2
    assert p == pytest.approx(expected, abs=1e-12)
    for axis in (0, 1):
        assert p.sum(axis=axis) == pytest.approx(1.0 * is_open, abs=1e-12)


@given(st.data(), contacts(max_levels=8))
def test_effective_coupling_does_the_work_of_closed_channels(data, contact):
    """With v_eff alone the open channels scatter as all channels do with v."""
    energy = data.draw(energies_above(contact))
    channels = np.flatnonzero(contact.open_channels(energy))
    block = np.ix_(channels, channels)
    effective = contact.effective_coupling(energy)
    assert np.array_equal(effective, effective.conj().T)
    folded = ContactScattering(contact.energies[channels], effective[block], contact.mass)
    scale = np.linalg.cond(folded.momentum_form(folded_momenta(folded, energy)))
    assert np.abs(folded.s_matrix(energy) - contact.s_matrix(energy)[block]).max() < 1e-13 * scale


def folded_momenta(contact, energy):
    return np.sqrt(2 * contact.mass * (energy - contact.energies))


@given(st.data(), contacts(max_levels=8))
def test_k_matrix_is_hermitian_and_gives_s(data, contact):
    """S = (1 - iK)(1 + iK)⁻¹ on open channels; eigenvalues -tan δ of K give e^{2iδ}."""
    energy = data.draw(energies_above(contact))
    channels = np.flatnonzero(contact.open_channels(energy))
    k = contact.k_matrix(energy)
    assert np.array_equal(k, k.conj().T)
    closed = ~contact.open_channels(energy)
    assert not k[closed].any() and not k[:, closed].any()
    tangents, vectors = np.linalg.eigh(k[np.ix_(channels, channels)])
    s = vectors * np.exp(-2j * np.arctan(tangents)) @ vectors.conj().T
    scale = max(1, np.abs(k).max())
    assert np.abs(s - open_block(contact, energy)).max() < 1e-13 * scale


def test_effective_coupling_has_a_pole_at_a_bound_state_of_closed_channels():
    """m|v_22| = |p_2| binds; v_eff diverges there, changes sign, and S stays finite."""
    contact = ContactScattering([0.0, 1.0], [[0.3, 0.1], [0.1, -1.0]])
    for method in (contact.effective_coupling, contact.k_matrix):
        with pytest.raises(ValueError, match="bound state of closed channels"):
            method(0.5)
    below, above = contact.effective_coupling([0.5 - 1e-9, 0.5 + 1e-9])[:, 0, 0].real
    assert below < -1e6 and above > 1e6
    assert abs(contact.s_matrix(0.5)[0, 0]) == pytest.approx(1, abs=1e-14)


@given(st.data(), contacts(max_levels=8))
def test_optical_theorem_holds_for_closed_channels_too(data, contact):
    """i(t - t†) = 2 t† (Re b) t; the diagonal says -Im t_ll = Σ_k b_k |t_kl|²."""
    energy = data.draw(energies_above(contact))
    assert contact.optical_theorem_defect(energy) < 1e-12
    t, excess = contact.t_matrix(energy), energy - contact.energies
    b = np.where(excess > 0, np.sqrt(contact.mass / 2 / np.abs(excess)), 0.0)
    removed = (b[:, None] * np.abs(t) ** 2).sum(axis=0)
    assert -t.diagonal().imag == pytest.approx(removed, abs=1e-11 * np.abs(t).max())


def test_the_optical_theorem_holds_where_a_channel_just_opens():
    """There b = m/p is large and t_kl small."""
    contact = figure_1()
    energies = np.add.outer(contact.energies, [1e-15, 1e-12, 1e-9, 1e-6])[1:]
    assert np.all(contact.optical_theorem_defect(energies) < 1e-15)


def test_the_optical_theorem_notices_a_wrong_t():
    class Wrong(ContactScattering):
        def t_matrix(self, energy):
            return 1.001 * super().t_matrix(energy)

    contact = figure_1()
    wrong = Wrong(contact.energies, contact.coupling_matrix)
    energies = np.linspace(-0.4, 2, 7)
    assert np.all(wrong.optical_theorem_defect(energies) > 1e-4)
    assert contact.optical_theorem_defect(energies) == pytest.approx(np.zeros(7), abs=1e-15)
    assert ContactScattering([0.0], [[0.0]]).optical_theorem_defect(1.0) == 0


@pytest.mark.parametrize("energy", [-0.3, 0.2, 1.1])
def test_scattering_states_agree_with_30_digits(energy):
    """Matching of plane waves left and right of the contact, where each has its own amplitude."""
    contact = figure_1()
    positions = np.array([-7.0, -0.3, 0.0, 0.8, 5.0])
    for level in np.flatnonzero(contact.open_channels(energy)).tolist():
        expected = reference.matched_wave(
            contact.energies, contact.coupling_matrix, 1.0, energy, level, positions
        )
        assert np.abs(contact.scattering_state(energy, level, positions) - expected).max() < 1e-13


@given(st.data(), contacts(max_levels=8))
def test_scattering_states_solve_the_lippmann_schwinger_equation(data, contact):
    """ψ_k(q) = δ_kl e^{ip_l q} - i b_k e^{ip_k|q|} Σ_j v_kj ψ_j(0), and t_kl = Σ_j v_kj ψ_j(0)."""
    energy = data.draw(energies_above(contact))
    level = int(np.argmin(contact.energies))
    at_contact = contact.scattering_state(energy, level, 0.0)
    source = contact.coupling_matrix @ at_contact
    scale = np.abs(source).max()
    assert np.abs(source - contact.t_matrix(energy)[:, level]).max() < 1e-11 * scale
    p = np.sqrt(2 * contact.mass * (energy - contact.energies) + 0j)
    for q in (-2.0, 0.7):
        expected = -1j * contact.mass / p * np.exp(1j * p * abs(q)) * source
        expected[level] += np.exp(1j * p[level] * q)
        state = contact.scattering_state(energy, level, q)
        # Rounding of t in a column that just opens is magnified by b = m/p.
        assert np.abs(state - expected).max() < 1e-11 * (1 + scale * np.abs(contact.mass / p).max())


def test_scattering_states_broadcast_and_stay_finite_at_thresholds():
    contact = figure_1()
    grid = contact.scattering_state([[0.2], [0.7]], 1, [-1.0, 0.0, 1.0])
    assert grid.shape == (2, 3, 3)
    assert np.array_equal(grid[1, 2], contact.scattering_state(0.7, 1, 1.0))
    at, after = contact.scattering_state([0.5, 0.5 + 1e-12], 0, 3.0)
    assert at == pytest.approx(after, abs=1e-5)
    closed = contact.scattering_state(0.2, 0, [0.0, 2.0])[:, 2]
    assert abs(closed[1] / closed[0]) == pytest.approx(np.exp(-2 * np.sqrt(2 * 0.3)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0.2, 2, 0.0), ValueError, "no particle arrives in a closed channel"),
        ((0.2, 3, 0.0), ValueError, r"`level` must be one of 0 … 2, got 3"),
        ((0.2, -1, 0.0), ValueError, r"`level` must be one of 0 … 2, got -1"),
        ((0.2, 0.5, 0.0), TypeError, "`level` must be a whole number, got 0.5"),
        ((0.2, 0, np.nan), ValueError, "`position` must be finite"),
        ((np.inf, 0, 0.0), ValueError, "`energy` must be finite"),
    ],
)
def test_bad_scattering_states_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        figure_1().scattering_state(*arguments)


@given(st.data(), contacts(max_levels=8), seeds)
def test_order_phases_and_zero_of_energy_are_conventions(data, contact, seed):
    """S follows a permutation of the levels and phases of their states, and no shift."""
    energy = data.draw(energies_above(contact))
    random = np.random.default_rng(seed)
    order = random.permutation(contact.energies.size)
    phases = np.exp(2j * np.pi * random.uniform(size=order.size))
    v = phases[:, None] * contact.coupling_matrix * phases.conj()
    other = ContactScattering(contact.energies[order], v[np.ix_(order, order)], contact.mass)
    s = phases[:, None] * contact.s_matrix(energy) * phases.conj()
    assert np.abs(other.s_matrix(energy) - s[np.ix_(order, order)]).max() < 1e-11
    shifted = ContactScattering(contact.energies + 0.75, contact.coupling_matrix, contact.mass)
    assert np.abs(shifted.s_matrix(energy + 0.75) - contact.s_matrix(energy)).max() < 1e-6


def test_energies_broadcast():
    contact = figure_1()
    energies = np.linspace(-0.4, 2, 12).reshape(3, 4)
    batch = contact.s_matrix(energies)
    assert batch.shape == (3, 4, 3, 3)
    assert np.array_equal(batch[1, 2], contact.s_matrix(energies[1, 2]))


def test_s_is_continuous_through_its_thresholds():
    contact = figure_1()
    for threshold in (0.0, 0.5):
        below, above = contact.s_matrix([threshold - 1e-12, threshold + 1e-12])
        opened = int(np.flatnonzero(contact.energies == threshold)[0])
        assert above[opened, opened] == pytest.approx(-1, abs=1e-5)
        others = np.delete(np.arange(3), opened)
        assert np.abs((above - below)[np.ix_(others, others)]).max() < 1e-5


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0.0, 1.0], np.eye(3)), ValueError, r"must have shape \(2, 2\)"),
        (([0.0, 1.0], [[1, 1j], [1j, 1]]), ValueError, "must be hermitian"),
        (([0.0, np.nan], np.eye(2)), ValueError, "`energies` must be finite"),
        (([0.0, 1.0], [[np.inf, 0], [0, 1]]), ValueError, "`coupling_matrix` must be finite"),
        (([0.0, 1j], np.eye(2)), TypeError, "`energies` must be real"),
        (("levels", np.eye(2)), TypeError, "must be numeric"),
        (([], np.eye(0)), ValueError, r"must have shape \(n,\)"),
        (([[0.0]], np.eye(1)), ValueError, r"must have shape \(n,\)"),
        (([0.0, [1.0]], np.eye(2)), ValueError, "regular array"),
        (([0.0, 1.0], [[1e6, 1e-7], [0, 1e6]]), ValueError, "must be hermitian"),
        (([0.0], [[1e200]]), ValueError, "choose other units"),
        (([0.0], [[1.0]], 0.0), ValueError, "`mass` must be positive"),
        (([0.0], [[1.0]], -1.0), ValueError, "`mass` must be positive"),
        (([0.0], [[1.0]], [1.0, 2.0]), ValueError, "`mass` must be one number"),
    ],
)
def test_bad_scattering_problems_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ContactScattering(*arguments)


@pytest.mark.parametrize("energy", [-0.5, -1.0, [0.3, -2.0]])
def test_energies_below_all_thresholds_are_refused(energy):
    contact = figure_1()
    for method in (
        contact.s_matrix,
        contact.t_matrix,
        contact.open_channels,
        contact.k_matrix,
        contact.effective_coupling,
        contact.transition_probabilities,
        contact.reflection_transmission,
        contact.optical_theorem_defect,
    ):
        with pytest.raises(ValueError, match="above the lowest threshold"):
            method(energy)


def test_an_uncoupled_channel_at_its_threshold_is_refused():
    contact = ContactScattering([0.0, 1.0], np.zeros((2, 2)))
    with pytest.raises(ValueError, match="exactly at a threshold"):
        contact.s_matrix(1.0)


def test_t_agrees_with_30_digits_of_wave_functions():
    """Jump conditions ψ'(0+) - ψ'(0-) = 2m v ψ(0) in mpmath; outgoing amplitude -i b_k t_kl."""
    contact = figure_1()
    for energy in (-0.3, 0.2, 1.1):
        with mp.workdps(30):
            excess = [mp.mpf(energy) - mp.mpf(level) for level in contact.energies]
            rate = [1j * mp.sqrt(2 * x) if x > 0 else mp.mpc(-mp.sqrt(-2 * x)) for x in excess]
            v = mp.matrix([[mp.mpc(complex(x)) for x in row] for row in contact.coupling_matrix])
            jump = mp.diag([2 * r for r in rate]) - 2 * v
            expected = np.zeros((3, 3), dtype=complex)
            for l in range(3):
                outgoing = mp.lu_solve(jump, 2 * v[:, l])
                for k in range(3):
                    expected[k, l] = complex(rate[k] * outgoing[k])  # -i b_k t_kl = t_kl / rate_k
        assert np.abs(contact.t_matrix(energy) - expected).max() < 1e-14


def test_copies_are_read_only_too():
    for copied in (copy.deepcopy(figure_1()), pickle.loads(pickle.dumps(figure_1()))):
        assert np.array_equal(copied.coupling_matrix, figure_1().coupling_matrix)
        with pytest.raises(ValueError, match="read-only"):
            copied.coupling_matrix[0, 0] = 0


def test_models_cannot_be_changed_behind_their_back():
    contact = figure_1()
    with pytest.raises(ValueError, match="read-only"):
        contact.energies[0] = 3.0
    levels = np.array([0.0, 1.0])
    independent = ContactScattering(levels, np.eye(2))
    levels[0] = 5.0
    assert independent.energies[0] == 0.0
    assert coupling_matrix((1, 1, 1))[0, 1] == 0
