"""Laws of the currents of probability and heat at equilibrium."""

import itertools

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import contacts, couplings, fluxes, inverse_temperatures, seeds

from detailedbalance import (
    ContactScattering,
    ConvergenceError,
    DegenerateLevelsError,
    SecularWarning,
    ThreeDots,
    coupling_matrix,
    detailed_balance_ratio,
    equilibrium_currents,
    figure_1,
    gibbs_state,
    heat_currents,
    loop_current,
    thermal_flux,
    transition_rates,
)

MINUS, ZERO, PLUS = 0, 1, 2
DILUTE = 1e-9
"""Density at which no rate of any example is too large for the secular average."""

CYCLE = [(ZERO, MINUS), (PLUS, ZERO), (MINUS, PLUS)]
"""Edges, final ← initial, of the loop - → 0 → + → -."""

EXPENSIVE = settings(max_examples=40)

triples = st.tuples(couplings, couplings, couplings)


def traffic(contact, beta):
    """a_kl p_l + a_lk p_k, to which errors of a current are relative; a unit of density."""
    p = gibbs_state(contact.energies, beta)
    jumps = transition_rates(contact, beta, DILUTE) / DILUTE * p[..., None, :]
    return jumps + np.swapaxes(jumps, -1, -2)


def currents(contact, beta):
    return equilibrium_currents(contact, beta, DILUTE) / DILUTE


@EXPENSIVE
@given(contacts(min_levels=2), inverse_temperatures)
def test_currents_are_what_rates_leave_at_the_gibbs_state(contact, beta):
    p = gibbs_state(contact.energies, beta)
    jumps = transition_rates(contact, beta, DILUTE) / DILUTE * p
    k = currents(contact, beta)
    assert np.abs(k - (jumps - jumps.T)).max() < 1e-10 * jumps.max()
    assert np.array_equal(k, -k.T)


@EXPENSIVE
@given(contacts(min_levels=1), inverse_temperatures)
def test_what_arrives_at_a_level_leaves_it(contact, beta):
    """Rows sum to zero: Gibbs is stationary.  Errors are relative to the currents themselves."""
    k = currents(contact, beta)
    rounding = 1e-18 * traffic(contact, beta).sum(axis=1)
    assert np.all(np.abs(k.sum(axis=1)) <= 1e-12 * np.abs(k).sum(axis=1) + rounding)


@EXPENSIVE
@given(triples, fluxes, inverse_temperatures)
def test_three_levels_have_one_current(values, flux, beta):
    contact = ThreeDots(0.3, flux).contact(values)
    loop = loop_current(contact, beta, DILUTE) / DILUTE
    k = currents(contact, beta)
    for edge in CYCLE:
        # Equal couplings balance: what is left then is rounding.
        rounding = 1e-15 * traffic(contact, beta)[edge]
        assert k[edge] == pytest.approx(loop, rel=1e-12, abs=rounding)


def test_the_current_of_figure_1():
    """K_0- from 50-digit arithmetic at βΔE = 1; minus that for the conjugate phases."""
    k = equilibrium_currents(figure_1(), 2.0)
    assert [k[edge] for edge in CYCLE] == pytest.approx([3.47241680385e-4] * 3, rel=1e-11, abs=0)
    conjugate = ContactScattering([-0.5, 0.0, 0.5], coupling_matrix((1, 0.7, 1.5)))
    assert equilibrium_currents(conjugate, 2.0) == pytest.approx(-k, rel=1e-11, abs=1e-18)


@pytest.mark.parametrize("strength", [0.5, -1.0])
def test_four_levels_agree_with_30_digits(strength):
    """Strong scattering, repulsive or through a resonance."""
    random = np.random.default_rng(7)
    matrix = random.normal(size=(4, 4)) + 1j * random.normal(size=(4, 4))
    levels, coupling = [0.0, 0.4, 0.7, 1.6], strength * (matrix + matrix.conj().T)
    betas = np.array([0.3, 1.5, 12.0])
    flux = reference.net_flux(levels, coupling, 0.8, betas, 16)
    weights = np.sqrt(betas / (2 * np.pi * 0.8)) / np.exp(-np.outer(betas, levels)).sum(axis=1)
    expected = weights[:, None, None] * flux
    found = currents(ContactScattering(levels, coupling, 0.8), betas)
    assert np.all(np.abs(found - expected) <= 1e-11 * np.abs(expected))


@pytest.mark.parametrize("strength", [1e-9, -1e-5, 1e-2, 1e5, -1e12])
def test_the_smallest_currents_keep_their_accuracy(strength):
    """K ~ v³ at weak and v⁻³ at strong coupling, next to jumps ~ v² and v⁻²."""
    contact = ContactScattering([-0.5, 0.0, 0.5], strength * figure_1().coupling_matrix)
    betas = np.array([0.2, 2.0, 40.0])
    loop = loop_current(contact, betas, DILUTE) / DILUTE
    k = currents(contact, betas)
    for edge in CYCLE:
        assert k[(..., *edge)] == pytest.approx(loop, rel=2e-13, abs=0)


@EXPENSIVE
@given(contacts(min_levels=2, max_levels=2), inverse_temperatures)
def test_two_levels_have_no_current(contact, beta):
    assert not equilibrium_currents(contact, beta, DILUTE).any()


@EXPENSIVE
@given(st.integers(3, 6), seeds, inverse_temperatures)
def test_real_couplings_make_no_current(n, seed, beta):
    """|S|² is symmetric then, with each choice of the states' phases."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(n, n))
    phases = np.exp(2j * np.pi * random.uniform(size=n))
    energies = np.cumsum(random.uniform(0.1, 1, n))
    contact = ContactScattering(energies, phases[:, None] * (matrix + matrix.T) * phases.conj())
    assert np.abs(currents(contact, beta)).max() <= 1e-14 * traffic(contact, beta).max()


@EXPENSIVE
@given(contacts(min_levels=3), inverse_temperatures)
def test_the_conjugate_coupling_reverses_every_current(contact, beta):
    conjugate = ContactScattering(contact.energies, contact.coupling_matrix.conj(), contact.mass)
    forward, backward = (currents(c, beta) for c in (contact, conjugate))
    rounding = 1e-16 * traffic(contact, beta)
    assert np.all(np.abs(forward + backward) <= 1e-11 * np.abs(forward) + rounding)


@pytest.mark.parametrize("beta", [30.0, 300.0, 3000.0])
def test_below_the_third_level_there_is_balance(beta):
    """Colder, the current is that of the few particles above it: K ~ e^{-β(E_+ - E_-)}."""
    ceiling = np.exp(-beta) * np.sqrt(1 / (2 * np.pi * beta))
    assert np.all(np.abs(currents(figure_1(), beta)) <= ceiling)


def test_the_cubic_law_holds_for_any_number_of_levels():
    """K/s³ → 16 (1/Z) √(β/2πm) ∫dE e^{-βE} Σ_n b_k b_l b_n Im(v_lk v_kn v_nl), n open."""
    levels, mass, beta, s = np.array([0.0, 0.5, 1.2, 1.5]), 0.7, 2.0, 1e-8
    random = np.random.default_rng(3)
    matrix = random.normal(size=(4, 4)) + 1j * random.normal(size=(4, 4))
    v = (matrix + matrix.conj().T) / 2
    expected = np.zeros((4, 4))
    for k, l, n in itertools.permutations(range(4), 3):
        winding = (v[l, k] * v[k, n] * v[n, l]).imag
        expected[k, l] += 16 * winding * triple_integral(levels[[k, l, n]], mass, beta)
    expected *= np.sqrt(beta / (2 * np.pi * mass)) / np.exp(-beta * levels).sum()
    found = currents(ContactScattering(levels, s * v, mass), beta) / s**3
    assert found == pytest.approx(expected, rel=1e-6, abs=0)


def triple_integral(levels, mass, beta):
    """∫dE e^{-βE} b_1 b_2 b_3 above the highest of three levels; E = top + u²/β."""
    below = np.sort(levels.max() - levels)[1:]
    u = np.linspace(0, 7, 10_001)
    first, second = np.sqrt(2 * mass * (u**2 / beta + below[:, None]))
    integrand = 2 * np.exp(-(u**2)) / np.sqrt(2 * mass * beta) / (first * second)
    return mass**3 * np.exp(-beta * levels.max()) * np.trapezoid(integrand, u)


@EXPENSIVE
@given(contacts(), inverse_temperatures)
def test_heat_currents_are_symmetric_and_sum_to_zero(contact, beta):
    """The pairs exchange energy with the gas, and on the whole nobody gains."""
    heat = heat_currents(contact, beta, DILUTE) / DILUTE
    assert np.array_equal(heat, heat.T)
    gaps = np.abs(np.subtract.outer(contact.energies, contact.energies))
    size = traffic(contact, beta) * gaps
    assert np.abs(np.triu(heat).sum()) <= 1e-12 * size.sum()


@EXPENSIVE
@given(triples, fluxes, inverse_temperatures)
def test_currents_of_the_paper_corrected(values, flux, beta):
    """[A] (31), (32): K_jk = a_kj p_j (I(j,k) - 1), and J_ij = N (I(+,-) - 1)(E_i - E_j).

    N = a_-+ e^{-β(E_+ - E_0)}/(1 + e^{-β(E_- - E_0)} + e^{-β(E_+ - E_0)}), and (i, j) one of the
    pairs (+,-), (0,+), (-,0).
    """
    contact = ThreeDots(0.3, flux).contact(values)
    rates = transition_rates(contact, beta, DILUTE) / DILUTE
    ratio = detailed_balance_ratio(contact, beta)
    p, energies = gibbs_state(contact.energies, beta), contact.energies
    k, heat = currents(contact, beta), heat_currents(contact, beta, DILUTE) / DILUTE
    rounding = 1e-12 * traffic(contact, beta)
    expected = rates.T * p[:, None] * (ratio - 1)
    assert np.all(np.abs(k - expected) <= rounding)
    above = np.exp(-beta * (energies - energies[ZERO]))
    n = rates[MINUS, PLUS] * above[PLUS] / (1 + above[MINUS] + above[PLUS])
    common = n * (ratio[PLUS, MINUS] - 1)
    for i, j in [(PLUS, MINUS), (ZERO, PLUS), (MINUS, ZERO)]:
        gap = energies[i] - energies[j]
        allowed = 1e-12 * abs(gap) * traffic(contact, beta).max()
        assert heat[i, j] == pytest.approx(common * gap, abs=allowed)


def test_heat_of_figure_1_is_taken_in_two_steps_up_and_returned_in_one_down():
    heat = heat_currents(figure_1(), 2.0)
    loop = loop_current(figure_1(), 2.0)
    assert heat[ZERO, MINUS] == pytest.approx(loop / 2, rel=1e-11, abs=0)
    assert heat[PLUS, ZERO] == pytest.approx(loop / 2, rel=1e-11, abs=0)
    assert heat[MINUS, PLUS] == pytest.approx(-loop, rel=1e-11, abs=0)


def ring_of_five():
    random = np.random.default_rng(5)
    matrix = random.normal(size=(5, 5)) + 1j * random.normal(size=(5, 5))
    return ContactScattering(np.arange(5) * 0.4, 0.3 * (matrix + matrix.conj().T))


@pytest.mark.parametrize("function", [equilibrium_currents, heat_currents])
def test_beta_may_have_any_shape(function):
    betas = np.geomspace(0.2, 20, 6).reshape(2, 3)
    batch = function(ring_of_five(), betas, DILUTE)
    assert batch.shape == (2, 3, 5, 5)
    for place in np.ndindex(2, 3):
        single = function(ring_of_five(), betas[place], DILUTE)
        assert batch[place] == pytest.approx(single, abs=1e-12 * np.abs(single).max())


@pytest.mark.parametrize("function", [equilibrium_currents, heat_currents])
def test_currents_scale_with_density_and_normalization(function):
    plain = function(figure_1(), 2.0, DILUTE)
    assert function(figure_1(), 2.0, 2 * DILUTE) == pytest.approx(2 * plain, rel=1e-14, abs=0)
    half = function(figure_1(), 2.0, DILUTE, "printed")
    assert half == pytest.approx(plain / (4 * np.pi), rel=1e-14, abs=0)


@pytest.mark.parametrize("function", [equilibrium_currents, heat_currents])
def test_impossible_arguments_are_refused(function):
    with pytest.raises(TypeError, match="`contact` must be a ContactScattering"):
        function([0.0, 1.0], 2.0)
    with pytest.raises(ValueError, match="must be positive"):
        function(figure_1(), -1.0)
    with pytest.raises(ValueError, match="`density` must be positive"):
        function(figure_1(), 1.0, 0.0)
    with pytest.raises(ValueError, match="'physical', 'generator', 'printed'"):
        function(figure_1(), 1.0, normalization="paper")
    with pytest.raises(DegenerateLevelsError, match="two levels coincide"):
        function(ContactScattering([0.0, 1.0, 1.0], np.eye(3)), 1.0)
    s = 1e-6
    narrow = ContactScattering([0.0, 0.5, 1.0], [[1, 0, s], [0, 1, s], [s, s, -0.8]])
    with pytest.raises(ConvergenceError, match="too narrow to resolve"):
        function(narrow, 1.0)


@pytest.mark.parametrize("function", [equilibrium_currents, heat_currents])
def test_rates_too_large_for_the_secular_average_are_reported_where_they_were_asked_for(function):
    with pytest.warns(SecularWarning, match="lower it") as caught:
        function(figure_1(), 2.0, density=10.0)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_currents_neither_overflow_nor_vanish_at_extreme_temperatures():
    k = equilibrium_currents(figure_1(), [1e-6, 1e6], DILUTE)
    assert np.all(np.isfinite(k))
    shifted = ContactScattering(figure_1().energies - 1e4, figure_1().coupling_matrix)
    assert currents(shifted, 2.0) == pytest.approx(currents(figure_1(), 2.0), rel=1e-9, abs=0)
    with pytest.raises(OverflowError):
        thermal_flux(shifted, 2.0)


@pytest.mark.parametrize("strength", [0.0, 1e-160, 1e-100, 1e100, 1e149])
def test_couplings_of_any_size_give_a_current(strength):
    contact = ContactScattering([-0.5, 0.0, 0.5], strength * figure_1().coupling_matrix)
    k = currents(contact, [1e-6, 2.0, 1e6])
    assert np.all(np.isfinite(k))
    assert np.abs(k).max() < 1e-250
