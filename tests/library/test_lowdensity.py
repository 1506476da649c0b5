"""Laws of the thermal flux and what derives from it, and values from 30-digit arithmetic."""

import itertools

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, quad_vec
from strategies import contacts, couplings, fluxes, inverse_temperatures, masses, seeds

from detailedbalance import (
    ContactScattering,
    ConvergenceError,
    DegenerateLevelsError,
    LowDensityGenerator,
    SecularWarning,
    ThreeDots,
    consistent_load,
    coupling_matrix,
    detailed_balance_ratio,
    entropy_production,
    equilibrium_currents,
    figure_1,
    generator,
    gibbs_state,
    heat_currents,
    loop_current,
    probability_currents,
    resonances,
    stationary_state,
    thermal_flux,
    transition_rates,
)
from detailedbalance.lowdensity import symmetry_defects, thermalization_defect

MINUS, ZERO, PLUS = 0, 1, 2
TUNNELING = 1 / (2 * np.sqrt(3))
LEVELS = (-0.5, 0.0, 0.5)
DILUTE = 1e-3
STATIONARITY = 1e-10

AVERAGES = (
    thermal_flux,
    transition_rates,
    detailed_balance_ratio,
    loop_current,
    thermalization_defect,
    symmetry_defects,
)

triples = st.tuples(couplings, couplings, couplings)


def dots(values, flux=0.3, mass=1.0):
    return ThreeDots(TUNNELING, flux).contact(values, mass)


@given(contacts(), inverse_temperatures)
def test_row_sums_equal_column_sums(contact, beta):
    """Both equal e^{-βE_k}/β: unitarity makes |S|² doubly stochastic at every energy."""
    flux = thermal_flux(contact, beta)
    expected = np.exp(-beta * contact.energies) / beta
    assert np.abs(flux.sum(axis=1) - flux.sum(axis=0)).max() < 1e-12 * flux.max()
    assert np.abs(flux.sum(axis=0) / expected - 1).max() < 1e-12


@given(contacts(min_levels=2, max_levels=8), inverse_temperatures)
def test_gibbs_is_stationary_for_any_hermitian_coupling(contact, beta):
    """Level by level, relative to that level's own traffic, and as the state that rates select."""
    p = gibbs_state(contact.energies, beta)
    rates = transition_rates(contact, beta, density=1e-9)
    net = generator(rates) @ p
    traffic = rates @ p + rates.sum(axis=0) * p
    assert np.abs(net / traffic).max() < STATIONARITY
    assert stationary_state(rates) == pytest.approx(p, rel=STATIONARITY)


@given(contacts(min_levels=1, max_levels=8), inverse_temperatures)
def test_thermalization_conditions_hold_for_any_number_of_levels(contact, beta):
    assert np.abs(thermalization_defect(contact, beta)).max() < STATIONARITY


def test_thermalization_defect_is_the_net_traffic_of_a_level():
    """Σ_l (a_kl p_l - a_lk p_k) over Σ_l (a_kl p_l + a_lk p_k), for rates that miss a jump."""
    contact, beta = figure_1(), np.array([0.3, 2.0])
    flow = transition_rates(contact, beta, DILUTE) * gibbs_state(LEVELS, beta)[:, None, :]
    arriving, leaving = flow.sum(axis=-1), flow.sum(axis=-2)
    expected = (arriving - leaving) / (arriving + leaving)
    assert thermalization_defect(contact, beta) == pytest.approx(expected, abs=1e-14)
    cold = thermalization_defect(contact, [1e-6, 1e3, 1e6])
    assert np.abs(cold).max() < 1e-14, "neither overflows nor divides zero by zero"
    still = dots((1.3, 1.3, 1.3))
    assert not thermalization_defect(still, 2.0).any(), "no jumps, no defect"


@given(contacts(min_levels=2, max_levels=8), inverse_temperatures)
def test_schnakenberg_and_the_violation_of_balance_cancel_at_gibbs(contact, beta):
    """(27), Σ_{k>j} a_jk p_k (1 - I(k, j)) ln I(k, j), is minus Schnakenberg's sum; it is ≤ 0."""
    rates = transition_rates(contact, beta, density=1e-9)
    p = gibbs_state(contact.energies, beta)
    ratio = detailed_balance_ratio(contact, beta)
    terms = rates.T * p[:, None] * (1 - ratio) * np.log(ratio)
    violation = np.tril(terms, -1).sum()
    production = entropy_production(rates, p)
    # Rounding of a net current times the logarithm that multiplies it.
    rounding = 1e-14 * (rates * p).max() * (np.abs(np.log(ratio)).max() + 1e-15)
    assert violation <= 0
    assert production + violation == pytest.approx(0, abs=1e-10 * abs(violation) + rounding)


@given(contacts(min_levels=2, max_levels=2), inverse_temperatures)
def test_two_levels_balance(contact, beta):
    assert np.abs(detailed_balance_ratio(contact, beta) - 1).max() < 1e-12


@given(couplings, couplings, fluxes, inverse_temperatures)
def test_two_equal_couplings_balance(equal, other, flux, beta):
    for values in [(equal, equal, other), (equal, other, equal), (other, equal, equal)]:
        assert np.abs(detailed_balance_ratio(dots(values, flux), beta) - 1).max() < 1e-9
        assert abs(loop_current(dots(values, flux), beta, DILUTE)) < 1e-15 * DILUTE


def test_equal_couplings_never_jump():
    contact = dots((1.3, 1.3, 1.3))
    assert np.array_equal(detailed_balance_ratio(contact, 2.0), np.ones((3, 3)))
    assert loop_current(contact, 2.0) == 0
    assert not transition_rates(contact, 2.0).any()


@given(contacts(min_levels=3, max_levels=3), inverse_temperatures)
def test_conjugate_coupling_inverts_every_ratio(contact, beta):
    conjugate = ContactScattering(contact.energies, contact.coupling_matrix.conj(), contact.mass)
    product = detailed_balance_ratio(contact, beta) * detailed_balance_ratio(conjugate, beta)
    assert np.abs(product - 1).max() < 1e-10
    current, reverse = (loop_current(c, beta, DILUTE) for c in (contact, conjugate))
    assert reverse == pytest.approx(-current, rel=1e-12)


def test_check_values_of_figure_1():
    """From the paper's model computed independently in 50 digits."""
    ratio = detailed_balance_ratio(figure_1(), 2.0)
    assert ratio[ZERO, MINUS] == pytest.approx(1.1464549902, abs=1e-10)
    assert ratio[PLUS, MINUS] == pytest.approx(0.6659493639, abs=1e-10)
    assert ratio[ZERO, PLUS] == pytest.approx(0.6876584733, abs=1e-10)
    assert loop_current(figure_1(), 2.0) == pytest.approx(3.47241680385e-4, rel=1e-11)


SYSTEMS = {
    "figure 1": (LEVELS, (1, 0.7, 1.5), 1.0),
    "light particles": (LEVELS, (1, 0.7, 1.5), 0.1),
    "heavy particles": (LEVELS, (0.2, -0.4, 0.9), 5.0),
    "both signs": (LEVELS, (2, -1.3, -0.4), 0.3),
    "unequal spacing": ((0.31, -0.5, 0.02), (3.0, 0.1, 1.2), 1.0),
    "weak": (LEVELS, (1e-6, 0.7e-6, 1.5e-6), 1.0),
    "narrow resonance": (LEVELS, (-1.2, -1.2001, -1.1999), 1.0),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_thermal_flux_agrees_with_30_digits(name):
    """βΔE from 0.1 to 20; every entry to 1e-12 of itself."""
    levels, values, mass = SYSTEMS[name]
    contact = ContactScattering(levels, coupling_matrix(values, phases="S26"), mass)
    betas = [0.2, 2.0, 40.0]
    expected = reference.thermal_flux(levels, contact.coupling_matrix, mass, betas)
    assert np.abs(thermal_flux(contact, betas) / expected - 1).max() < 1e-12
    current = np.sqrt(np.array(betas) / (2 * np.pi * mass)) * (
        expected[:, ZERO, MINUS] - expected[:, MINUS, ZERO]
    )
    current /= np.exp(-np.outer(betas, levels)).sum(axis=1)
    # The reference subtracts; its 16 printed digits bound what the difference can tell.
    noise = 1e-15 * expected[:, ZERO, MINUS]
    ours = loop_current(contact, betas, DILUTE) / DILUTE
    assert np.all(np.abs(ours - current) < 1e-12 * abs(current) + noise)


def test_a_pole_at_a_threshold_comes_out_right():
    """V = (-1, -1.05, -0.95): fixed nodes miss it while rows and columns still agree."""
    contact = ContactScattering(LEVELS, coupling_matrix((-1.0, -1.05, -0.95), phases="S26"))
    expected = reference.thermal_flux(LEVELS, contact.coupling_matrix, 1.0, [0.2, 40.0], 96)
    assert np.abs(thermal_flux(contact, [0.2, 40.0]) / expected - 1).max() < 1e-12


def test_four_levels_agree_with_30_digits():
    random = np.random.default_rng(7)
    matrix = random.normal(size=(4, 4)) + 1j * random.normal(size=(4, 4))
    contact = ContactScattering([0.0, 0.4, 0.7, 1.6], (matrix + matrix.conj().T) / 2, 0.8)
    expected = reference.thermal_flux(contact.energies, contact.coupling_matrix, 0.8, [1.5])
    assert np.abs(thermal_flux(contact, 1.5) / expected[0] - 1).max() < 1e-12


def test_a_resonance_lost_in_rounding_is_reported():
    """A rate that rests on a resonance of width 7.5e-13; harmless where no rate does."""
    s = 1e-6
    contact = ContactScattering([0.0, 0.5, 1.0], [[1, 0, s], [0, 1, s], [s, s, -0.8]])
    for function in (thermal_flux, transition_rates, detailed_balance_ratio):
        with pytest.raises(ConvergenceError, match="too narrow to resolve"):
            function(contact, 1.0)
    assert np.isfinite(loop_current(contact, 1.0, DILUTE)), "no resonance above all thresholds"
    harmless = ContactScattering([0.0, 1.0], [[0.5, 1e-8], [1e-8, -1.0]])
    assert thermal_flux(harmless, 1.0)[0, 0] == pytest.approx(1.0, rel=1e-6)


def test_a_narrow_resonance_that_carries_a_rate_is_right():
    """Between uncoupled levels every jump goes through the resonance of the third (25 digits)."""
    s = 1e-4
    contact = ContactScattering([0.0, 0.5, 1.0], [[1, 0, s], [0, 1, s], [s, s, -0.8]])
    assert thermal_flux(contact, 1.0)[0, 1] == pytest.approx(1.1870988465e-8, rel=1e-9)


def test_a_resonance_that_strong_open_channels_make_is_found():
    """v_cc alone binds too deeply; v_cc - v_co v_oo⁻¹ v_oc does not (33 digits)."""
    strength = 1e7
    c = np.sqrt(strength)
    v = [[strength, strength, c], [strength, strength, c], [c, c, 0.2]]
    contact = ContactScattering([0.0, 0.5, 1.0], v)
    (found,) = resonances(contact)
    assert found.energy == pytest.approx(0.68, abs=1e-6)
    reduced = np.exp(0.5) * thermal_flux(contact, 1.0)[0, 1]
    assert reduced == pytest.approx(0.93909297900778, rel=1e-8)


@pytest.mark.parametrize("beta", [3e8, 5e8, 1e10, 1e15, [1.0, 1e9], [1e-6, 1e6, 1e12]])
def test_a_cold_gas_is_not_missed(beta):
    contact = ContactScattering([0.0, 0.5, 1.0], figure_1().coupling_matrix)
    lowest = np.asarray(beta) * thermal_flux(contact, beta)[..., MINUS, :].sum(axis=-1)
    assert lowest == pytest.approx(np.ones(np.shape(beta)), rel=1e-12)


def test_weak_attraction_gives_the_cubic_law_too():
    """K/s³ → -4.6925359e-3 (1 - 2.37|s|) for Fig. 1's couplings times -s."""
    for s in (1e-3, 1e-5, 1e-7):
        contact = ContactScattering(LEVELS, -s * coupling_matrix((1, 0.7, 1.5), "S26"))
        reduced = loop_current(contact, 2.0) / s**3
        assert reduced == pytest.approx(-4.6925359e-3 * (1 - 2.3694 * s), rel=2e-5)
        assert np.all(thermal_flux(contact, 2.0) > 0)


def test_long_lists_of_temperatures_need_no_more_memory():
    betas = np.geomspace(0.1, 100, 60_000)
    flux = thermal_flux(figure_1(), betas)
    assert flux[[0, -1]] == pytest.approx(thermal_flux(figure_1(), betas[[0, -1]]), rel=1e-12)


def test_couplings_that_hardly_differ_from_zero_give_no_current():
    """K ~ s³, below the smallest number; what is left of it must not stop the integral."""
    for s in (1e-90, 1e-100, 1e-107, 1e-120):
        contact = ContactScattering(LEVELS, s * coupling_matrix((1, 0.7, 1.5)))
        assert abs(loop_current(contact, 2.0)) < 1e-250


def test_strong_couplings_do_not_overflow():
    current = [
        loop_current(ContactScattering(LEVELS, s * coupling_matrix((1, 0.7, 1.5))), 2.0, DILUTE)
        for s in (1e20, 1e60)
    ]
    assert current[1] / current[0] == pytest.approx(1e-120, rel=1e-9), "K ~ s⁻³"


@given(triples, fluxes, masses, st.floats(0.01, 5.0))
def test_exact_difference_equals_direct_subtraction(values, flux, mass, above):
    """16 b_k b_l b_n Im(v_lk v_kn v_nl)/|det(1 + ibv)|², one number for the whole cycle."""
    contact = dots(values, flux, mass)
    energy = contact.energies.max() + above
    v = contact.coupling_matrix
    b = mass / np.sqrt(2 * mass * (energy - contact.energies))
    determinant = np.linalg.det(np.eye(3) + 1j * b[:, None] * v)
    p = np.abs(contact.s_matrix(energy)) ** 2
    for k, l, n in [(1, 0, 2), (2, 1, 0), (0, 2, 1)]:
        winding = (v[l, k] * v[k, n] * v[n, l]).imag
        exact = 16 * b.prod() * winding / abs(determinant) ** 2
        assert p[k, l] - p[l, k] == pytest.approx(exact, abs=1e-12)
    first, second, third = values
    vandermonde = (first - second) * (second - third) * (first - third)
    assert (v[0, 1] * v[1, 2] * v[2, 0]).imag == pytest.approx(
        -vandermonde / (6 * np.sqrt(3)), abs=1e-13
    ), "(S40) corrected; the sign belongs to the phases of the Hamiltonian"


@given(triples, fluxes, st.floats(0.01, 0.99))
def test_two_open_channels_always_balance(values, flux, fraction):
    contact = dots(values, flux)
    middle, top = np.sort(contact.energies)[1:]
    p = np.abs(contact.s_matrix(middle + fraction * (top - middle))) ** 2
    assert np.abs(p - p.T).max() < 1e-12


@given(triples, fluxes, inverse_temperatures)
def test_loop_current_equals_the_difference_of_rates(values, flux, beta):
    contact = dots(values, flux)
    rates = transition_rates(contact, beta, DILUTE)
    currents = probability_currents(rates, gibbs_state(contact.energies, beta))
    loop = loop_current(contact, beta, DILUTE)
    for k, l in [(ZERO, MINUS), (PLUS, ZERO), (MINUS, PLUS)]:
        assert currents[k, l] == pytest.approx(loop, abs=1e-13 * DILUTE)


def test_weak_coupling_gives_a_cubic_current():
    """K/s³ tends to a constant, with the correction 1 - 2.37 s at βΔE = 1."""
    scales = np.array([1e-5, 1e-4, 1e-3, 1e-2])
    reduced = np.array(
        [
            loop_current(ContactScattering(LEVELS, s * coupling_matrix((1, 0.7, 1.5), "S26")), 2.0)
            / s**3
            for s in scales
        ]
    )
    limit = reduced[0] / (1 - 2.37 * scales[0])
    assert reduced[1] / limit == pytest.approx(1 - 2.37e-4, abs=2e-6)
    assert reduced[2] / limit == pytest.approx(1 - 2.37e-3, abs=2e-5)
    assert loop_current(figure_1(), 2.0) / limit == pytest.approx(0.074, abs=5e-4)


def test_lowest_order_difference_is_the_triangle_of_couplings():
    """|t_kl|² - |t_lk|² → 4 Σ_n b_n Im(v_lk v_kn v_nl) over open n."""
    v = 1e-5 * coupling_matrix((1, 0.7, 1.5), "S26")
    contact = ContactScattering(LEVELS, v)
    energy = 0.9
    b = 1 / np.sqrt(2 * (energy - contact.energies))
    t = np.abs(contact.t_matrix(energy)) ** 2
    leading = 4 * b[PLUS] * (v[MINUS, ZERO] * v[ZERO, PLUS] * v[PLUS, MINUS]).imag
    assert t[ZERO, MINUS] - t[MINUS, ZERO] == pytest.approx(leading, rel=1e-4)


@given(triples, fluxes, inverse_temperatures)
def test_reversing_the_flux_reverses_the_cycle_between_energies(values, flux, beta):
    """Onsager-Casimir: F_kl(φ) = F_-l,-k(-φ), so K_0- by label is even in the flux."""
    forward = thermal_flux(dots(values, flux), beta)
    backward = thermal_flux(dots(values, -flux), beta)
    assert np.abs(forward - backward[::-1, ::-1].T).max() < 1e-12 * forward.max()
    now, later = (loop_current(dots(values, f), beta, DILUTE) for f in (flux, -flux))
    assert now == pytest.approx(later, rel=1e-9, abs=1e-18 * DILUTE)


def test_the_current_by_label_survives_zero_flux():
    for flux, expected in [
        (0.001, -3.04e-4),
        (-0.001, -3.04e-4),
        (0.75, -3.47e-4),
        (-0.75, -3.47e-4),
    ]:
        current = loop_current(dots((1, 0.7, 1.5), flux), 2.0, DILUTE) / DILUTE
        assert current == pytest.approx(expected, abs=5e-7)


def test_cold_ratio_approaches_one_only_below_the_top_level():
    """I(0, -) - 1 ~ e^{-β(E_+ - E_0)}, since balance fails only with three channels open."""
    betas = np.array([20.0, 30.0, 40.0])
    ratio = detailed_balance_ratio(figure_1(), betas)
    slope = np.diff(np.log(ratio[:, ZERO, MINUS] - 1)) / np.diff(betas)
    assert slope == pytest.approx(-0.5, abs=0.06)
    assert np.all(np.abs(ratio[:, PLUS, MINUS] - 1) > 0.3)


def test_thermalization_conditions_pass_for_wrong_numbers():
    """(30a) and (30b) hold when only four shared nodes stand for the integral."""
    contact = figure_1()
    energies = np.linspace(-0.49, 3, 4)
    p = np.abs(contact.s_matrix(energies)) ** 2
    rough = (np.exp(-2 * energies)[:, None, None] * p).sum(axis=0)
    rates = rough * np.exp(2 * contact.energies)
    ratio = rough / rough.T
    left = rates[PLUS, ZERO] * (1 - ratio[ZERO, PLUS])
    right = rates[MINUS, ZERO] * (ratio[ZERO, MINUS] - 1)
    assert left == pytest.approx(right, abs=1e-15)
    assert abs(ratio[ZERO, MINUS] - detailed_balance_ratio(contact, 2.0)[ZERO, MINUS]) > 0.02


def test_physical_rate_is_flux_times_probability():
    """a_kl = ν ∫dp G(p) |p|/m · |S_kl|²/2 over a Maxwell distribution of both directions."""
    contact = figure_1()
    beta, density = 1.3, 0.02
    rates = transition_rates(contact, beta, density)
    for k, l in [(ZERO, MINUS), (MINUS, PLUS), (PLUS, MINUS)]:
        gap = max(contact.energies[k] - contact.energies[l], 0)

        def collisions(p, k=k, l=l):
            maxwell = np.sqrt(beta / (2 * np.pi)) * np.exp(-beta * p**2 / 2)
            s = contact.s_matrix(contact.energies[l] + p**2 / 2)
            return maxwell * p * abs(s[k, l]) ** 2 / 2

        thresholds = [np.sqrt(2 * gap), *(np.sqrt([1.0, 2.0]) + 0.0), 12.0]
        cuts = sorted({t for t in thresholds if t >= np.sqrt(2 * gap)})
        one_sided = sum(
            quad(collisions, a, b, epsabs=1e-13, limit=200)[0] for a, b in itertools.pairwise(cuts)
        )
        if gap == 0:
            one_sided += quad(collisions, 1e-9, cuts[0], epsabs=1e-13, limit=200)[0]
        assert rates[k, l] == pytest.approx(density * 2 * one_sided, rel=1e-8)


def test_normalizations_differ_by_powers_of_two_pi():
    rates = {
        name: transition_rates(figure_1(), 2.0, DILUTE, name)
        for name in ("physical", "generator", "printed")
    }
    j = rates["physical"] / ((2 * np.pi) ** 2 * DILUTE)
    assert rates["generator"] == pytest.approx(2 * np.pi * DILUTE * j, rel=1e-14)
    assert rates["printed"] == pytest.approx(np.pi * DILUTE * j, rel=1e-14)
    for name, array in rates.items():
        p = gibbs_state(LEVELS, 2.0)
        current = loop_current(figure_1(), 2.0, DILUTE, name)
        assert probability_currents(array, p)[ZERO, MINUS] == pytest.approx(current, rel=1e-10)


def test_rates_are_proportional_to_density():
    once, twice = (transition_rates(figure_1(), 2.0, density) for density in (0.01, 0.02))
    assert twice == pytest.approx(2 * once, rel=1e-15)


def test_stationary_state_of_the_rates_is_gibbs():
    betas = np.array([0.2, 2.0, 20.0, 40.0])
    rates = transition_rates(figure_1(), betas, DILUTE)
    assert stationary_state(rates) == pytest.approx(gibbs_state(LEVELS, betas), rel=1e-12)


@given(contacts(min_levels=3, max_levels=4), inverse_temperatures, st.floats(-3, 3))
def test_the_zero_of_energy_does_not_matter(contact, beta, shift):
    shifted = ContactScattering(contact.energies + shift, contact.coupling_matrix, contact.mass)
    rates, same = (transition_rates(c, beta, 1e-9) for c in (contact, shifted))
    assert np.abs(rates - same).max() < 1e-9 * rates.max()


@given(contacts(min_levels=3, max_levels=3), inverse_temperatures, st.floats(0.1, 10))
def test_units_do_not_matter(contact, beta, unit):
    """Energies × u with v × √u at fixed mass leave βE and m v²/E, so I, unchanged."""
    scaled = ContactScattering(
        unit * contact.energies, np.sqrt(unit) * contact.coupling_matrix, contact.mass
    )
    ratio, same = detailed_balance_ratio(contact, beta), detailed_balance_ratio(scaled, beta / unit)
    assert np.abs(ratio / same - 1).max() < 1e-9


@given(contacts(min_levels=2, max_levels=8), inverse_temperatures, seeds)
def test_order_and_phases_of_states_are_conventions(contact, beta, seed):
    """Rates follow a permutation of the levels, and no phase of a state changes them."""
    random = np.random.default_rng(seed)
    order = random.permutation(contact.energies.size)
    phases = np.exp(2j * np.pi * random.uniform(size=order.size))
    v = phases[:, None] * contact.coupling_matrix * phases.conj()
    other = ContactScattering(contact.energies[order], v[np.ix_(order, order)], contact.mass)
    rates, same = (transition_rates(c, beta, 1e-9) for c in (contact, other))
    assert same == pytest.approx(rates[np.ix_(order, order)], rel=1e-9)


@given(
    contacts(min_levels=2, max_levels=8),
    inverse_temperatures,
    st.floats(0.1, 10),
    st.floats(0.1, 10),
)
def test_rates_scale_with_the_units(contact, beta, energy, mass):
    """E → sE, m → μm: lengths are 1/√(mE), so v → v √(s/μ), and rates → rates √(s/μ) at equal ν."""
    scale = np.sqrt(energy / mass)
    scaled = ContactScattering(
        energy * contact.energies, scale * contact.coupling_matrix, mass * contact.mass
    )
    rates = transition_rates(contact, beta, 1e-9)
    same = transition_rates(scaled, beta / energy, 1e-9)
    assert same == pytest.approx(scale * rates, rel=1e-9)


@given(contacts(min_levels=1, max_levels=8), inverse_temperatures)
def test_conjugate_coupling_transposes_the_flux(contact, beta):
    conjugate = ContactScattering(contact.energies, contact.coupling_matrix.conj(), contact.mass)
    assert thermal_flux(conjugate, beta) == pytest.approx(thermal_flux(contact, beta).T, rel=1e-10)


@pytest.mark.parametrize("name", ["figure 1", "heavy particles", "weak", "narrow resonance"])
def test_symmetry_defects_agree_with_30_digits(name):
    levels, values, mass = SYSTEMS[name]
    contact = ContactScattering(levels, coupling_matrix(values, phases="S26"), mass)
    betas = [0.2, 2.0, 40.0]
    ours = symmetry_defects(contact, betas)
    expected = reference.symmetry_defects(levels, contact.coupling_matrix, mass, betas, 24).T
    assert ours.hermiticity == pytest.approx(expected[0], rel=1e-10)
    assert ours.reciprocity == pytest.approx(expected[1], rel=1e-10)
    # Of the difference of |t_kl|² and |t_lk|² rounding leaves less.
    assert ours.time_reversal == pytest.approx(expected[2], rel=1e-10, abs=1e-15)
    assert np.array_equal(ours.parity_time_reversal, ours.time_reversal)


def test_symmetry_defects_of_four_levels_are_right_where_a_difference_changes_sign():
    random = np.random.default_rng(7)
    matrix = random.normal(size=(4, 4)) + 1j * random.normal(size=(4, 4))
    contact = ContactScattering([0.0, 0.4, 0.7, 1.6], (matrix + matrix.conj().T) / 2, 0.8)

    def differences(energy):
        k = np.flatnonzero(contact.open_channels(energy))
        t = contact.t_matrix(energy)[np.ix_(k, k)]
        p = np.abs(t) ** 2
        terms = [p, np.abs(t - t.conj().T) ** 2, np.abs(t - t.T) ** 2, np.abs(p - p.T)]
        return np.exp(-1.5 * energy) * np.sum(terms, axis=(1, 2))

    cuts = itertools.pairwise([0.0, 0.4, 0.7, 1.6, 20.0])
    size, *expected = sum(quad_vec(differences, *cut, epsrel=1e-11, limit=500)[0] for cut in cuts)
    ours = symmetry_defects(contact, 1.5)
    values = [ours.hermiticity, ours.reciprocity, ours.time_reversal]
    assert values == pytest.approx(np.array(expected) / size, rel=1e-9)


@given(contacts(min_levels=1, max_levels=8), inverse_temperatures)
def test_symmetry_defects_are_bounded(contact, beta):
    """‖t - t†‖ ≤ 2‖t‖, and likewise for the others; nothing is hermitian."""
    defects = symmetry_defects(contact, beta)
    assert 0 < defects.hermiticity <= 4
    assert 0 <= defects.reciprocity <= 4
    assert 0 <= defects.time_reversal <= 2


@given(triples, fluxes, inverse_temperatures)
def test_time_reversal_of_three_dots_needs_two_equal_couplings(values, flux, beta):
    """It is violated in proportion to |(V1 - V2)(V2 - V3)(V1 - V3)|."""
    first, second, third = values
    broken = abs((first - second) * (second - third) * (first - third))
    defects = symmetry_defects(dots(values, flux), beta)
    if broken > 1e-2:
        assert defects.time_reversal > 0
    for equal in [(first, first, third), (first, second, first), (third, second, second)]:
        defects = symmetry_defects(dots(equal, flux), beta)
        assert defects.time_reversal < 1e-12


def test_reciprocity_depends_on_the_phases_of_states_and_time_reversal_does_not():
    """Real v, then the same v with other phases of |k⟩: same physics, other numbers."""
    real = ContactScattering(LEVELS, [[0.5, 0.3, 0.2], [0.3, 0.8, -0.4], [0.2, -0.4, 1.1]])
    phases = np.exp([0.0, 0.7j, 1.9j])
    turned = ContactScattering(LEVELS, phases[:, None] * real.coupling_matrix * phases.conj())
    straight, twisted = (symmetry_defects(c, 2.0) for c in (real, turned))
    assert straight.reciprocity < 1e-28
    assert twisted.reciprocity > 0.1
    assert straight.time_reversal < 1e-13 and twisted.time_reversal < 1e-13
    assert twisted.hermiticity == pytest.approx(straight.hermiticity, rel=1e-12)
    assert np.abs(detailed_balance_ratio(turned, 2.0) - 1).max() < 1e-12


def test_hermiticity_returns_in_borns_approximation():
    """Defect/s² grows like A ln(1/s): at threshold n, |t - t†|² ~ |2 b_n v_kn v_nl|² with b² ~ 1/ε.

    A = 4m Σ_n e^{-βE_n} (Σ_k |v_kn|²)² / ∫ e^{-βE} Σ|v_kl|², k and l open at E_n.
    """
    contact, beta = figure_1(), 2.0
    energies, sizes = contact.energies, np.abs(contact.coupling_matrix) ** 2
    norm = (sizes * np.exp(-beta * np.maximum.outer(energies, energies))).sum() / beta
    opened = [sizes[energies <= level, n].sum() ** 2 for n, level in enumerate(energies)]
    slope = 4 * np.exp(-beta * energies) @ opened / norm
    scales = np.array([1e-4, 1e-6, 1e-8])
    reduced = [
        symmetry_defects(ContactScattering(energies, s * contact.coupling_matrix), beta).hermiticity
        / s**2
        for s in scales
    ]
    growth = np.diff(reduced) / np.log(100)
    assert growth == pytest.approx([slope, slope], rel=1e-4)


def test_time_reversal_is_violated_in_proportion_to_a_weak_coupling():
    """|t_kl|² - |t_lk|² is of third order."""
    weak, weaker = (
        symmetry_defects(ContactScattering(LEVELS, s * coupling_matrix((1, 0.7, 1.5))), 2.0)
        for s in (1e-4, 1e-5)
    )
    assert weak.time_reversal / weaker.time_reversal == pytest.approx(10, rel=1e-2)


def test_where_nothing_scatters_no_symmetry_is_violated():
    for coupling in (np.zeros((2, 2)), 1e-100 * np.eye(2)):
        defects = symmetry_defects(ContactScattering([0.0, 1.0], coupling), [1.0, 2.0])
        for name in ("hermiticity", "reciprocity", "time_reversal", "parity_time_reversal"):
            assert getattr(defects, name) == pytest.approx([0.0, 0.0], abs=1e-15)


def test_symmetry_defects_of_a_resonance_lost_in_rounding_are_refused():
    contact = ContactScattering([0.0, 1.0], [[0.0, 1e-8], [1e-8, -1.0]])
    assert np.isfinite(symmetry_defects(contact, 1.0).hermiticity), "no number rests on it"
    with pytest.raises(ConvergenceError, match="the averages rest on it"):
        symmetry_defects(contact, 50.0)


def test_symmetry_defects_of_a_t_that_rounding_spoils_are_refused():
    """One dot so strong that beside it double precision forgets the momenta."""
    with pytest.raises(ConvergenceError, match="misses the optical theorem"):
        symmetry_defects(dots((0.0, 0.0, 1e16)), 1.0)


def test_symmetry_defects_at_extreme_temperatures():
    defects = symmetry_defects(figure_1(), [1e-6, 1e6])
    assert np.all(np.isfinite(defects.hermiticity)) and np.all(defects.hermiticity > 0)
    assert defects.reciprocity[1] == 0 and defects.time_reversal[1] == 0


@pytest.mark.parametrize("function", [thermal_flux, detailed_balance_ratio])
def test_beta_may_have_any_shape(function):
    betas = np.linspace(0.5, 4, 6).reshape(2, 3)
    batch = function(figure_1(), betas)
    assert batch.shape == (2, 3, 3, 3)
    assert batch[1, 2] == pytest.approx(function(figure_1(), betas[1, 2]), rel=1e-12)
    assert loop_current(figure_1(), betas).shape == (2, 3)
    assert transition_rates(figure_1(), betas, DILUTE).shape == (2, 3, 3, 3)
    assert thermalization_defect(figure_1(), betas).shape == (2, 3, 3)
    assert symmetry_defects(figure_1(), betas).hermiticity.shape == (2, 3)


def test_extreme_temperatures_neither_overflow_nor_vanish():
    ratio = detailed_balance_ratio(figure_1(), [1e-6, 1e6])
    assert np.all(np.isfinite(ratio)) and np.all(ratio > 0)
    with pytest.raises(OverflowError, match="shift the zero of energy"):
        thermal_flux(figure_1(), 1e4)


@pytest.mark.parametrize("function", AVERAGES)
@pytest.mark.parametrize(
    ("beta", "error", "message"),
    [
        (0.0, ValueError, "must be positive"),
        (-1.0, ValueError, "must be positive"),
        ([1.0, np.nan], ValueError, "`beta` must be finite"),
        (np.inf, ValueError, "`beta` must be finite"),
        (1 + 1j, TypeError, "`beta` must be real"),
        ("warm", TypeError, "must be numeric"),
        (None, TypeError, "must be numeric"),
        ([], ValueError, "at least one number"),
    ],
)
def test_bad_temperatures_are_refused(function, beta, error, message):
    with pytest.raises(error, match=message):
        function(figure_1(), beta)


@pytest.mark.parametrize("function", [transition_rates, loop_current])
@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"density": 0.0}, "`density` must be positive"),
        ({"density": -1.0}, "`density` must be positive"),
        ({"density": np.nan}, "`density` must be finite"),
        ({"density": [0.1, 0.2]}, "`density` must be one number"),
        ({"normalization": "paper"}, "'physical', 'generator', 'printed'"),
    ],
)
def test_bad_gases_are_refused(function, keywords, message):
    with pytest.raises(ValueError, match=message):
        function(figure_1(), 2.0, **keywords)


@pytest.mark.parametrize("flux", [-1.0, -0.5, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("function", AVERAGES)
def test_degenerate_levels_are_refused(function, flux):
    with pytest.raises(DegenerateLevelsError, match="move the flux"):
        function(dots((1, 0.7, 1.5), flux), 2.0)


@pytest.mark.parametrize("function", AVERAGES)
def test_only_scattering_problems_are_accepted(function):
    with pytest.raises(TypeError, match="`contact` must be a ContactScattering, got list"):
        function([0.0, 1.0], 2.0)
    with pytest.raises(TypeError, match="`contact` must be a ContactScattering, got list"):
        resonances([0.0, 1.0])


def test_levels_just_apart_are_accepted():
    contact = ContactScattering([0.0, 1e-8, 1.0], coupling_matrix((1, 0.7, 1.5)))
    assert thermal_flux(contact, 2.0).shape == (3, 3)
    closer = ContactScattering([0.0, 1e-10, 1.0], coupling_matrix((1, 0.7, 1.5)))
    with pytest.raises(DegenerateLevelsError):
        thermal_flux(closer, 2.0)


def test_fast_rates_warn_that_the_secular_average_fails():
    for function in (transition_rates, loop_current, equilibrium_currents, heat_currents):
        with pytest.warns(SecularWarning, match=r"lie 0\.5 apart, only .* lower it") as caught:
            function(figure_1(), [2.0, 3.0], density=10.0)
        assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(SecularWarning, match=r"lie 0\.5 apart, only .* lower it") as caught:
        consistent_load(figure_1(), 2.0, weight=0.1, density=10.0, reach=1)
    assert [warning.filename for warning in caught] == [__file__]
    # Warnings are errors here, so these two say that none comes.
    transition_rates(figure_1(), 2.0, density=1.0)
    loop_current(figure_1(), 2.0, density=1.0)


@pytest.mark.parametrize("make", [equilibrium_currents, LowDensityGenerator])
def test_resonances_are_looked_for_once(make, monkeypatch):
    searches = []

    def counted(contact):
        searches.append(contact)
        return resonances(contact)

    for module in ("flux", "currents", "generator"):
        monkeypatch.setattr(f"detailedbalance.lowdensity.{module}.resonances", counted)
    make(figure_1(), 2.0, 0.01)
    assert len(searches) == 1


def test_a_loop_needs_three_levels():
    contact = ContactScattering([0.0, 1.0], np.eye(2))
    with pytest.raises(ValueError, match=r"got 2; .* use `equilibrium_currents`"):
        loop_current(contact, 1.0)


def test_gibbs_state_at_any_temperature():
    p = gibbs_state([1000.0, 1001.0], [[0.5], [700.0]])
    assert p.shape == (2, 1, 2)
    assert p[0, 0] == pytest.approx([1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(0.5))], rel=1e-14)
    with pytest.raises(ValueError, match="`energies`"):
        gibbs_state([[0.0]], 1.0)
