"""Laws of a weight on the loop: what keeps the sum rule lifts nothing, what breaks it does."""

import itertools

import mpmath as mp
import numpy as np
import pytest
import reference
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import contacts, seeds

from detailedbalance import (
    ContactScattering,
    ConvergenceError,
    CountedRates,
    DegenerateLevelsError,
    SecularWarning,
    ThreeDots,
    consistent_load,
    coupling_matrix,
    cycle_affinities,
    figure_1,
    generator,
    gibbs_state,
    load_defect,
    loop_current,
    naive_load,
    probability_currents,
    resonances,
    stationary_state,
    transition_rates,
)
from detailedbalance.lowdensity import load as module

BETA = 2.0
CONTACT = figure_1()
GIBBS = gibbs_state(CONTACT.energies, BETA)
RATES = transition_rates(CONTACT, BETA)
weights = st.floats(-1, 1)
inverse_temperatures = st.floats(0.2, 5)


def repulsive(n, seed, strength=0.05):
    """Random levels 0.2 to 0.7 apart and a random positive coupling, of complex phases."""
    random = np.random.default_rng(seed)
    energies = np.cumsum(random.uniform(0.2, 0.7, n))
    matrix = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    return ContactScattering(random.permutation(energies), strength * matrix @ matrix.conj().T)


@st.composite
def systems(draw, min_levels=2, max_levels=4):
    """A contact, β, a weight and an edge."""
    contact = repulsive(draw(st.integers(min_levels, max_levels)), draw(seeds))
    edge = tuple(draw(st.permutations(range(contact.energies.size)))[:2])
    return contact, draw(inverse_temperatures), draw(weights), edge


def load(contact, beta, weight, edge=(1, 0), **options):
    """The consistent load in a gas so dilute that no level splitting is too small."""
    return consistent_load(contact, beta, weight, edge, density=1e-4, **options)


def turned(contact, edge, angle):
    """The same contact with another phase of one coupling."""
    v = contact.coupling_matrix.copy()
    v[edge] *= np.exp(1j * angle)
    v[edge[::-1]] = v[edge].conj()
    return ContactScattering(contact.energies, v, contact.mass)


def irreversibility(loaded, contact, beta, weight):
    """Largest |a_kl^(d) p_l e^{βwd} - a_lk^(-d) p_k|, relative to the largest of these flows."""
    p = gibbs_state(contact.energies, beta)
    forth = loaded.rates * p * np.exp(beta * weight * loaded.steps)[:, None, None]
    back = np.swapaxes(loaded.rates[::-1] * p, -1, -2)
    return np.abs(forth - back).max() / back.max()


def lifts_at_zero_weight(contact, lift, edge=(1, 0), angles=64, nodes=60):
    """e^{βE_l} ∫dE e^{-βE} |S^(d)_kl|², S^(d) the Fourier component of S in the phase of v_edge.

    Gauss-Legendre in √(E - threshold), shared with nothing.
    """
    theta = 2 * np.pi * np.arange(angles) / angles
    x, weight = np.polynomial.legendre.leggauss(nodes)
    levels = np.sort(contact.energies)
    flux = 0.0
    for low, high in zip(levels, [*levels[1:], levels[-1] + 40 / BETA], strict=True):
        angle = np.pi / 4 * (x + 1)
        energy = low + (high - low) * np.sin(angle) ** 2
        measure = weight * np.pi / 4 * (high - low) * np.sin(2 * angle) * np.exp(-BETA * energy)
        s = np.array([turned(contact, edge, t).s_matrix(energy) for t in theta])
        component = np.tensordot(np.exp(-1j * lift * theta), s, axes=1) / angles
        flux = flux + np.tensordot(measure, np.abs(component) ** 2, axes=1)
    rates = 1e-4 * np.sqrt(BETA / (2 * np.pi)) * np.exp(BETA * contact.energies) * flux
    return rates * (1 - np.eye(len(levels))) if lift == 0 else rates


# The sum rule and what follows from it alone


@settings(max_examples=25)
@given(systems(), st.floats(0.1, 10))
def test_the_sum_rule_and_kelvin_hold_for_every_contact(system, time):
    """W(βw) p = 0, ⟨e^{βwΔn}⟩ = 1 from Gibbs at all times, and w⟨Δn⟩ ≤ 0 at all times."""
    contact, beta, weight, edge = system
    loaded = load(contact, beta, weight, edge)
    p = gibbs_state(contact.energies, beta)
    traffic = (loaded.rates * p).sum()
    assert np.abs(loaded.tilted_generator(beta * weight) @ p).max() < 1e-12 * traffic
    assert load_defect(loaded, contact.energies, beta, weight) < 1e-12
    times = np.array([0.01, 1.0, 100.0]) * time / traffic
    exact = loaded.generating_function(beta * weight, p, times)
    assert exact == pytest.approx(np.ones(3), abs=1e-11 * time)
    mean, _ = loaded.moments(p, times)
    noise = 1e-12 * (1 + traffic * times)
    assert np.all(weight * mean <= noise)
    drift, variance = loaded.cumulants()
    assert weight * drift <= 1e-13 * traffic
    # Strictly, wherever the weight moves at all.
    if variance > 1e-3 * traffic and abs(weight) > 0.1:
        assert weight * drift < -1e-3 * variance * weight**2 * beta


@pytest.mark.parametrize("weight", [-0.4, 0.05, 0.3])
def test_exponential_average_of_samples(weight):
    loaded = consistent_load(CONTACT, BETA, weight)
    changes = loaded.sample(GIBBS, 2000.0, 40_000, seed=1)
    values = np.exp(BETA * weight * changes)
    assert abs(values.mean() - 1) < 4 * values.std() / np.sqrt(len(values))
    mean, variance = loaded.moments(GIBBS, 2000.0)
    assert abs(changes.mean() - mean) < 4 * np.sqrt(variance / len(changes))
    assert weight * mean < 0


@pytest.mark.parametrize(
    ("contact", "edge"), [(CONTACT, (1, 0)), (CONTACT, (2, 0)), (repulsive(4, 3), (3, 1))]
)
def test_a_light_weight_sinks_by_half_its_fluctuations(contact, edge):
    """d⟨Δn⟩/dw = -(β/2)⟨Δn²⟩ at w = 0: in the long run, and from Gibbs at all times."""
    w = 1e-3
    below, none, above = (load(contact, BETA, x, edge) for x in (-w, 0.0, w))
    slope = (above.cumulants()[0] - below.cumulants()[0]) / (2 * w)
    drift, variance = none.cumulants()
    assert abs(drift) < 1e-14 * variance
    assert slope == pytest.approx(-BETA * variance / 2, rel=1e-6)
    p = gibbs_state(contact.energies, BETA)
    times = np.array([0.01, 1.0, 30.0]) / none.rates.sum(axis=(0, 1)).max()
    slope = (above.moments(p, times)[0] - below.moments(p, times)[0]) / (2 * w)
    mean, variance = none.moments(p, times)
    assert np.abs(mean).max() < 1e-13
    assert slope == pytest.approx(-BETA * variance / 2, rel=1e-5)


def test_growth_rates_vanish_at_zero_and_at_beta_w():
    """λ(χ), the largest eigenvalue of W(χ), is convex, so its slope at 0 has the sign of -w."""
    weight = 0.3
    loaded = consistent_load(CONTACT, BETA, weight)
    chi = np.linspace(-0.3, 0.9, 13)
    growth = np.linalg.eigvals(loaded.tilted_generator(chi)).real.max(axis=-1)
    assert growth[3] == pytest.approx(0, abs=1e-17)
    assert growth[9] == pytest.approx(0, abs=1e-17)
    assert np.diff(growth, 2).min() > 1e-7
    assert growth[4:9].max() < 0


# With and without a record of the turns


@settings(max_examples=25)
@given(systems(max_levels=3))
def test_up_to_three_levels_every_process_balances_its_reverse(system):
    """The loop unrolled encloses no flux: a_kl^(d) p_l e^{βwd} = a_lk^(-d) p_k."""
    contact, beta, weight, edge = system
    loaded = load(contact, beta, weight, edge)
    assert irreversibility(loaded, contact, beta, weight) < 1e-12


def test_falls_are_more_likely_than_rises_by_the_weight_they_give():
    """P(-j) = e^{βwj} P(j) from Gibbs at any time, and the symmetry of Gallavotti and Cohen."""
    weight = 0.3
    loaded = consistent_load(CONTACT, BETA, weight)
    values, probabilities = loaded.distribution(GIBBS, 500.0)
    for j in (1, 2, 3):
        up, down = (probabilities[values == x][0] for x in (j, -j))
        assert up > 1e-4
        assert down == pytest.approx(np.exp(BETA * weight * j) * up, rel=1e-10)
    forth, back = (
        np.linalg.eigvals(loaded.tilted_generator(chi)).real.max()
        for chi in (-0.7, BETA * weight + 0.7)
    )
    assert forth == pytest.approx(back, abs=1e-17)


@settings(max_examples=30)
@given(systems(min_levels=3), st.floats(0, 6))
def test_the_phase_of_the_loaded_edge_does_not_matter(system, angle):
    contact, beta, weight, edge = system
    loaded, other = (
        load(system, beta, weight, edge, reach=2)
        for system in (contact, turned(contact, edge, angle))
    )
    assert np.abs(other.rates - loaded.rates).max() < 1e-12 * loaded.rates.max()


def test_a_record_ends_the_current_of_three_dots():
    """A weight without energy: Gibbs is stationary, and what is left balances in detail."""
    loaded = consistent_load(CONTACT, BETA, 0.0)
    currents = probability_currents(loaded.total_rates, stationary_state(loaded.total_rates))
    assert np.abs(currents).max() < 1e-13 * loop_current(CONTACT, BETA)
    assert stationary_state(loaded.total_rates) == pytest.approx(GIBBS, abs=1e-14)
    assert abs(loaded.cumulants()[0]) < 1e-13 * loop_current(CONTACT, BETA)
    # And this is the limit of small weights, from both sides.
    for weight in (1e-9, -1e-9):
        light = consistent_load(CONTACT, BETA, weight)
        assert np.abs(light.rates - loaded.rates).max() < 1e-8 * loaded.rates.max()


def four_levels(v):
    return ContactScattering([-0.7, -0.1, 0.2, 0.6], v)


def test_of_four_levels_one_loaded_edge_unrolls_one_loop_only():
    """Currents around loops that avoid the edge survive; the weight does not move all the same."""
    contact = four_levels(repulsive(4, 5, 0.15).coupling_matrix)
    unloaded = load(contact, BETA, 0.0)
    p = gibbs_state(contact.energies, BETA)
    flow = (unloaded.total_rates * p).max()
    currents = probability_currents(unloaded.total_rates, p)
    assert np.abs(currents.sum(axis=1)).max() < 1e-13 * flow
    assert abs(currents[3, 2]) > 1e-3 * flow
    # Even between the levels of the edge itself, by ways that do not use it.
    assert abs(currents[1, 0]) > 1e-4 * flow
    drift, variance = unloaded.cumulants()
    assert abs(drift) < 1e-13 * variance
    assert irreversibility(unloaded, contact, BETA, 0.0) > 1e-3
    # Nor does each process balance its reverse at a finite weight; the sum rule holds.
    loaded = load(contact, BETA, 0.3)
    assert irreversibility(loaded, contact, BETA, 0.3) > 1e-3
    assert load_defect(loaded, contact.energies, BETA, 0.3) < 1e-12
    assert loaded.cumulants()[0] < -1e-3 * variance


@pytest.mark.parametrize("shape", ["ring", "real but for the edge"])
def test_four_levels_balance_if_only_the_loaded_loops_know_a_direction(shape):
    v = repulsive(4, 6).coupling_matrix.copy()
    if shape == "ring":
        v[[0, 2, 1, 3], [2, 0, 3, 1]] = 0
    else:
        phase = v[1, 0]
        v = v.real + 0j
        v[1, 0], v[0, 1] = phase, phase.conj()
    contact = four_levels(v + 0.3 * np.eye(4))
    p = gibbs_state(contact.energies, BETA)
    free = transition_rates(contact, BETA, density=1e-3)
    assert np.abs(probability_currents(free, p)).max() > 1e-5 * (free * p).max()
    for weight in (0.0, 0.3):
        loaded = load(contact, BETA, weight)
        assert irreversibility(loaded, contact, BETA, weight) < 1e-12


# Independent computations


@settings(max_examples=30)
@given(contacts(min_levels=2, max_levels=4), inverse_temperatures, weights)
def test_without_a_loop_the_weight_only_moves_levels(contact, beta, weight):
    """On a chain 0 - 1 - 2 …, loaded at 1 ← 0, all levels but the first are higher by w."""
    chained = np.abs(np.subtract.outer(*2 * [np.arange(contact.energies.size)])) <= 1
    v = contact.coupling_matrix * chained
    levels = contact.energies + weight * (np.arange(contact.energies.size) > 0)
    assume(np.diff(np.sort(levels)).min() > 0.02)
    chain, shifted = (ContactScattering(e, v, contact.mass) for e in (contact.energies, levels))
    try:
        expected = transition_rates(shifted, beta, density=1e-4)
        loaded = load(chain, beta, weight)
    except ConvergenceError as error:
        assume("too narrow to resolve" not in str(error))
        raise
    exits = expected.sum(axis=0).max()
    assert np.abs(loaded.total_rates - expected).max() < 1e-7 * exits
    lifts = loaded.rates[loaded.steps == 1][0]
    assert lifts[1, 0] == pytest.approx(expected[1, 0], abs=1e-7 * exits)
    assert loaded.rates[np.abs(loaded.steps) > 1].max(initial=0) < 1e-14 * exits


@pytest.mark.parametrize("weight", [3e-8, -1e-5, 0.125 + 5e-8])
def test_thresholds_that_almost_coincide_are_told_apart(weight):
    """A strong coupling feels the neighbour's square root at the smallest distances."""
    v = np.array([[2.1, -1.7 + 5.6j], [-1.7 - 5.6j, 26.0]])
    contact, shifted = (ContactScattering([0.75, 0.5 + w], v) for w in (0, weight))
    loaded = load(contact, 1.0, weight)
    expected = transition_rates(shifted, 1.0, density=1e-4)
    assert loaded.total_rates == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("contact", [CONTACT, repulsive(4, 7)], ids=["figure-1", "four"])
def test_a_weight_without_energy_averages_over_the_phase(contact):
    """The amplitudes of the lifts are the Fourier components of S in the phase of the edge."""
    loaded = load(contact, BETA, 0.0)
    exits = loaded.rates.sum(axis=(0, 1))
    for lift in (-2, -1, 0, 1, 2):
        ours = loaded.rates[loaded.steps == lift][0]
        assert np.abs(ours / exits - lifts_at_zero_weight(contact, lift) / exits).max() < 1e-12


def test_narrow_resonances_of_the_tower_are_not_missed():
    """The upper level binds the particle, for long: a peak of width 3e-6 on each floor."""
    v = np.array([[0.3, 2e-3], [2e-3, -1.0]])
    contact, shifted = (ContactScattering([0.0, 1.0 + w], v) for w in (0, 0.2))
    (resonance,) = resonances(shifted)
    assert resonance.width < 4e-6
    loaded = load(contact, BETA, 0.2)
    assert loaded.total_rates == pytest.approx(transition_rates(shifted, BETA, 1e-4), rel=1e-9)


def test_attractive_couplings_average_over_the_phase():
    """Resonances move with the phase, and make bands in the tower."""
    v = np.array([[-0.8, 0.1, 0.05j], [0.1, -1.1, 0.1], [-0.05j, 0.1, 0.4]])
    contact = ContactScattering([0.0, 0.5, 0.9], v)
    angles = 2 * np.pi * np.arange(12) / 12
    rates = [transition_rates(turned(contact, (1, 0), x), BETA, 1e-4) for x in angles]
    loaded = load(contact, BETA, 0.0)
    assert loaded.total_rates == pytest.approx(np.mean(rates, axis=0), rel=1e-8)


def rates_in_thirty_digits(weight, reach):
    """Rates (2 reach + 1, 3, 3) of the loaded three dots, from S = 2√p (p + imv)⁻¹ √p - 1."""
    floors = range(-reach, reach + 1)
    with mp.workdps(reference.DIGITS):
        levels = [mp.mpf(e) + weight * floor for floor in floors for e in (-0.5, 0, 0.5)]
        v = mp.matrix(len(levels), len(levels))
        for floor in range(len(floors)):
            for k, l in np.ndindex(3, 3):
                arrival = floor + {(1, 0): 1, (0, 1): -1}.get((k, l), 0)
                if 0 <= arrival < len(floors):
                    entry = mp.mpc(complex(CONTACT.coupling_matrix[k, l]))
                    v[3 * arrival + k, 3 * floor + l] = entry
        thresholds = sorted(set(levels))
        nodes = reference._exp_sinh(thresholds[-1], mp.mpf(1) / 2, 12)
        for low, high in itertools.pairwise(t for t in thresholds if t >= -0.5):
            nodes += reference._tanh_sinh(low, high, 12)
        rates = np.zeros((len(levels), 3))
        for energy, measure in nodes:
            p = [mp.sqrt(mp.mpc(2 * (energy - level))) for level in levels]
            factors, order = mp.mp.LU_decomp(1j * v + mp.diag(p))
            for l in range(3):
                source = 3 * reach + l
                incoming = mp.matrix(len(levels), 1)
                incoming[source] = 2 * mp.sqrt(p[source])
                wave = mp.mp.U_solve(factors, mp.mp.L_solve(factors, incoming, order))
                boltzmann = measure * mp.exp(-BETA * (energy - levels[source]))
                for j, level in enumerate(levels):
                    if energy > max(level, levels[source]):
                        s = mp.sqrt(p[j]) * wave[j] - (j == source)
                        rates[j, l] += float(boltzmann * abs(s) ** 2)
        rates *= float(mp.sqrt(BETA / (2 * mp.pi)))
    rates = rates.reshape(-1, 3, 3)
    rates[reach] *= 1 - np.eye(3)  # these leave all as it is
    return rates


def test_thirty_digits():
    """A tower of three floors, whose thresholds coincide; and one of five, computed once."""
    ours = consistent_load(CONTACT, BETA, 0.5, reach=1).rates
    assert ours == pytest.approx(rates_in_thirty_digits(0.5, 1), rel=1e-11)
    ours = consistent_load(CONTACT, BETA, 0.3, reach=2).rates
    for (lift, k, l), exact in {
        (1, 1, 0): 2.1955189453062e-03,
        (-1, 0, 1): 1.0874476525358e-02,
        (0, 2, 0): 1.3706633018568e-03,
        (1, 0, 0): 2.4794530128023e-06,
        (-2, 1, 1): 4.9112938604533e-11,
        (2, 2, 2): 3.0227509960973e-12,
    }.items():
        assert ours[lift + 2, k, l] == pytest.approx(exact, rel=1e-11)


# The load put on by hand


def test_the_naive_load_is_lifted_up_to_the_affinity_of_the_loop():
    """Perpetual motion below w = A/β, and a stall exactly there."""
    (affinity,) = cycle_affinities(RATES, [(0, 1, 2)])
    stall = affinity / BETA
    assert stall == pytest.approx(0.4588395876, abs=1e-10)
    current = loop_current(CONTACT, BETA)
    assert naive_load(RATES, 0.0, BETA).cumulants()[0] == pytest.approx(current, rel=1e-11)
    assert abs(naive_load(RATES, stall, BETA).cumulants()[0]) < 1e-12 * current
    for weight in np.linspace(0.05, 0.95, 7) * stall:
        assert naive_load(RATES, weight, BETA).cumulants()[0] > 0.01 * current
        assert naive_load(RATES, 2 * stall - weight, BETA).cumulants()[0] < -0.01 * current
        assert consistent_load(CONTACT, BETA, weight).cumulants()[0] < 0


def test_the_naive_load_breaks_the_sum_rule():
    loaded = naive_load(RATES, 0.2, BETA)
    assert load_defect(loaded, CONTACT.energies, BETA, 0.2) == pytest.approx(0.0216, abs=1e-4)
    average = loaded.generating_function(BETA * 0.2, GIBBS, [10.0, 1e4, 1e5])
    assert np.all(np.diff(average) > 0)
    assert average[0] > 1 + 1e-4
    assert average[-1] > 100


@given(st.permutations([1.0, 1.0, 1.5]), weights)
def test_the_naive_load_is_right_where_the_unloaded_rates_balance(couplings, weight):
    """Two equal couplings: e^{∓βw/2} break nothing then, and nothing is lifted."""
    contact = ContactScattering([-0.5, 0.0, 0.5], coupling_matrix(couplings))
    loaded = naive_load(transition_rates(contact, BETA), weight, BETA)
    assert load_defect(loaded, contact.energies, BETA, weight) < 1e-13
    assert weight * loaded.cumulants()[0] <= 1e-18


def test_the_naive_load_changes_one_edge_only():
    loaded = naive_load(RATES, 0.3, BETA, edge=(0, 2))
    ratio = np.divide(loaded.total_rates, RATES, out=np.ones((3, 3)), where=RATES > 0)
    expected = np.ones((3, 3))
    expected[0, 2], expected[2, 0] = np.exp(-0.3), np.exp(0.3)
    assert ratio == pytest.approx(expected, rel=1e-14)
    up, down = (loaded.rates[loaded.steps == step][0] for step in (1, -1))
    assert np.argwhere(up).tolist() == [[0, 2]]
    assert np.argwhere(down).tolist() == [[2, 0]]


# Forms, symmetries, errors


def test_a_weight_on_the_way_back_is_a_negative_weight():
    forth = consistent_load(CONTACT, BETA, 0.3, (1, 0))
    back = consistent_load(CONTACT, BETA, -0.3, (0, 1))
    assert back.rates[::-1] == pytest.approx(forth.rates, rel=1e-10, abs=1e-18)
    assert np.array_equal(back.steps, -forth.steps[::-1])


def test_an_uncoupled_edge_moves_nothing():
    v = CONTACT.coupling_matrix.copy()
    v[0, 1] = v[1, 0] = 0
    contact = ContactScattering(CONTACT.energies, v)
    loaded = consistent_load(contact, BETA, 0.3)
    assert not loaded.rates[loaded.steps != 0].any()
    assert loaded.total_rates == pytest.approx(transition_rates(contact, BETA), rel=1e-12)


def test_density_normalization_and_zero_of_energy():
    plain = consistent_load(CONTACT, BETA, 0.3)
    dilute = consistent_load(CONTACT, BETA, 0.3, density=1e-2, normalization="generator")
    assert 2 * np.pi * dilute.rates == pytest.approx(1e-2 * plain.rates, rel=1e-14)
    high = ContactScattering(CONTACT.energies + 1024, CONTACT.coupling_matrix)
    shifted = consistent_load(high, BETA, 0.3)
    assert shifted.rates == pytest.approx(plain.rates, rel=1e-10, abs=1e-18)


def test_reach_is_taken_as_given():
    converged = consistent_load(CONTACT, BETA, 0.3)
    assert np.array_equal(converged.steps, np.arange(-4, 5))
    short = consistent_load(CONTACT, BETA, 0.3, reach=1)
    assert np.array_equal(short.steps, [-1, 0, 1])
    assert 1e-6 < load_defect(short, CONTACT.energies, BETA, 0.3) < 1e-4
    far = consistent_load(CONTACT, BETA, 0.3, reach=6)
    assert far.rates[2:-2] == pytest.approx(converged.rates, rel=1e-9, abs=1e-15)


def test_cold_gases_and_heavy_weights_do_not_overflow():
    for beta, weight in [(200.0, 0.1), (2.0, 50.0), (2.0, -50.0), (0.01, 0.3)]:
        loaded = consistent_load(CONTACT, beta, weight)
        assert np.all(np.isfinite(loaded.rates))
        assert weight * loaded.cumulants()[0] < 0
    with pytest.raises(OverflowError, match=r"the weight is too heavy.*pass `reach`"):
        consistent_load(CONTACT, BETA, 1000.0)
    with pytest.raises(OverflowError, match="at βw = 2000; take a smaller weight or a smaller β"):
        naive_load(RATES, 1000.0, BETA)


def test_bad_arguments_are_refused():
    with pytest.raises(TypeError, match="`contact` must be a ContactScattering"):
        consistent_load(RATES, BETA, 0.1)
    with pytest.raises(ValueError, match="`beta` must be one number"):
        consistent_load(CONTACT, [1.0, 2.0], 0.1)
    with pytest.raises(ValueError, match="`beta` must be positive"):
        naive_load(RATES, 0.1, 0.0)
    with pytest.raises(ValueError, match="`weight` must be finite"):
        consistent_load(CONTACT, BETA, np.nan)
    with pytest.raises(ValueError, match="two different states"):
        consistent_load(CONTACT, BETA, 0.1, edge=(1, 1))
    with pytest.raises(ValueError, match="`edge` must be one of 0 … 2, got 3"):
        naive_load(RATES, 0.1, BETA, edge=(3, 0))
    with pytest.raises(ValueError, match=r"`rates` must have shape \(n, n\)"):
        naive_load([RATES], 0.1, BETA)
    with pytest.raises(ValueError, match="`reach` must be at least 1, got 0"):
        consistent_load(CONTACT, BETA, 0.1, reach=0)
    with pytest.raises(ValueError, match="`normalization` must be one of"):
        consistent_load(CONTACT, BETA, 0.1, normalization="other")
    with pytest.raises(ValueError, match="`density` must be positive"):
        consistent_load(CONTACT, BETA, 0.1, density=0)
    with pytest.raises(ValueError, match=r"`energies` must have shape \(3,\)"):
        load_defect(naive_load(RATES, 0.1, BETA), [0.0, 1.0], BETA, 0.1)
    with pytest.raises(TypeError, match="`loaded` must be a CountedRates"):
        load_defect(RATES, CONTACT.energies, BETA, 0.1)


def test_levels_of_the_contact_must_differ_those_of_the_tower_need_not():
    crossing = ThreeDots(tunneling=-0.3, flux=0.0).contact((1.0, 0.7, 1.5))
    with pytest.raises(DegenerateLevelsError):
        consistent_load(crossing, BETA, 0.1)
    assert load_defect(consistent_load(CONTACT, BETA, 0.5), CONTACT.energies, BETA, 0.5) < 1e-13


def test_dense_gases_are_warned_of():
    with pytest.warns(SecularWarning, match="density") as caught:
        consistent_load(CONTACT, BETA, 0.1, density=100.0)
    assert [warning.filename for warning in caught] == [__file__]


def test_far_throws_are_refused_unless_asked_for(monkeypatch):
    """A strong coupling, of a sign that depends on the phase, throws the weight far."""
    matrix = np.full((3, 3), 1.5) + 0.2j * np.array([[0, 1, -1], [-1, 0, 1], [1, -1, 0]])
    strong = ContactScattering(CONTACT.energies, matrix)
    monkeypatch.setattr(module, "REACHES", (2, 4, 6))
    with pytest.raises(ConvergenceError, match="a reach of 6 steps"):
        load(strong, BETA, 0.1)
    defect = load_defect(load(strong, BETA, 0.1, reach=6), strong.energies, BETA, 0.1)
    assert defect > 1e-6


def test_the_documented_reach_is_the_last_one_tried():
    assert f"If a reach of {module.REACHES[-1]} does not suffice" in consistent_load.__doc__


def test_no_coupling_no_jump():
    loaded = consistent_load(ContactScattering([0.0, 1.0], np.zeros((2, 2))), 1.0, 0.1)
    assert not loaded.rates.any()
    assert isinstance(loaded, CountedRates)
    assert not generator(loaded.total_rates).any()
