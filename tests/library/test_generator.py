"""Laws of the low-density generator, and its coefficients from independent computations."""

import copy
import itertools
import pickle

import numpy as np
import pytest
import qutip
import reference
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.optimize import linear_sum_assignment
from scipy.special import erfcx, exp1
from strategies import LADDERS, density_matrices, fluxes, inverse_temperatures, masses, seeds

from detailedbalance import (
    ContactScattering,
    ConvergenceError,
    DegenerateLevelsError,
    LowDensityGenerator,
    SecularWarning,
    ThreeDots,
    averaged_generator,
    born_spectral_function,
    choi_matrix,
    commutation_defect,
    davies_generator,
    detailed_balance_defect,
    evolve,
    figure_1,
    gibbs_state,
    lindbladian,
    quantum_spohn_production,
    resonances,
    stationary_states,
    transition_rates,
)
from detailedbalance.lowdensity import generator as generator_module

MINUS, ZERO, PLUS = 0, 1, 2
BETA = 2.0
DILUTE = 1e-9
"""Density at which no rate of any example is too large for the secular average."""

EXACT = 1e-12
"""Of coefficients, relative to √(C_aa C_bb)."""

EXPENSIVE = settings(max_examples=20)


@st.composite
def gases(draw, min_levels=2, max_levels=5):
    """A ladder that shares Bohr frequencies or does not, and a coupling of either sign."""
    n = draw(st.integers(min_levels, max_levels))
    random = np.random.default_rng(draw(seeds))
    ladder = LADDERS[draw(st.sampled_from(sorted(LADDERS)))](n, random)
    energies = random.permutation(ladder) * 1.5 / n + random.normal()
    matrix = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    strength = draw(st.sampled_from([1e-4, 0.1, 1.0, 10.0]))
    coupling = strength * (matrix + matrix.conj().T)
    return ContactScattering(energies, coupling, draw(masses))


def attractive():
    """A level at the top that binds a particle: a resonance of width 2.6e-4 at E = 0.498."""
    coupling = [[1.0, 0.2, 0.02j], [0.2, 0.5, 0.03], [-0.02j, 0.03, -1.0]]
    return ContactScattering([0.0, 0.5, 1.0], coupling)


def heavy():
    coupling = [[0.3, 0.4j, 0.1], [-0.4j, -0.2, 0.6], [0.1, 0.6, 0.5]]
    return ContactScattering([0.0, 0.5, 1.0], coupling, mass=4.0)


def ladder_of_four(sign=1.0):
    random = np.random.default_rng(3)
    matrix = random.normal(size=(4, 4)) + 1j * random.normal(size=(4, 4))
    coupling = sign * (matrix @ matrix.conj().T) / 8
    return ContactScattering([1.0, 0.0, 3.0, 2.0], coupling, mass=0.6)


def prefactor(contact, beta):
    """√(β/2πm): coefficients are ν times this times ∫dε e^{-βε} X_a X_b*."""
    return np.sqrt(beta / (2 * np.pi * contact.mass))


def sizes(matrix):
    root = np.sqrt(matrix.diagonal().real)
    return np.outer(root, root)


def relatively(expected, tolerance):
    """Without the absolute tolerance of pytest, which is larger than rates in a dilute gas."""
    return pytest.approx(expected, rel=tolerance, abs=0)


def shift_part(generator):
    """-i[H_1, ·] as a matrix."""
    return lindbladian(np.diag(generator.shift), [])


def frequency_mask(energies):
    """Where E_k - E_k' = E_l - E_l', indices [k, k', l, l']."""
    gaps = np.subtract.outer(energies, energies)
    return np.abs(gaps[:, :, None, None] - gaps) < 1e-9


# Laws


@EXPENSIVE
@given(gases(), inverse_temperatures)
def test_gibbs_is_stationary_for_the_whole_generator(contact, beta):
    """Shift included, level by level relative to its own jumps; and L ρ has no coherences."""
    generator = LowDensityGenerator(contact, beta, DILUTE, forward_shift=True)
    p = gibbs_state(contact.energies, beta)
    net = generator.apply(np.diag(p)) / DILUTE
    jumps = generator.rates / DILUTE
    traffic = jumps @ p + jumps.sum(axis=0) * p
    assert np.all(np.abs(net.diagonal()) <= 1e-11 * traffic)
    assert np.count_nonzero(net - np.diag(net.diagonal())) == 0
    assert generator.stationary_state().diagonal().real == relatively(p, 1e-9)


@EXPENSIVE
@given(gases(), inverse_temperatures)
def test_coefficients_are_positive_and_their_diagonal_is_the_pauli_rates(contact, beta):
    generator = LowDensityGenerator(contact, beta, DILUTE)
    for matrix in generator.coefficients:
        assert np.array_equal(matrix, matrix.conj().T)
        values = np.linalg.eigvalsh(matrix)
        assert values[0] >= -1e-14 * values[-1]
    expected = transition_rates(contact, beta, DILUTE)
    assert generator.rates == relatively(expected, 1e-10)
    assert commutation_defect(generator, contact.energies) < 1e-15


@EXPENSIVE
@given(gases(), inverse_temperatures)
def test_forward_scattering_loses_what_jumps_and_dephasing_take(contact, beta):
    """Optical theorem: exit rates are -2ν √(β/2πm) Re ∫dε e^{-βε} X_kk, from one amplitude."""
    # Of weaker couplings the loss is a rounding error of Re S_kk.
    assume(np.abs(contact.coupling_matrix).max() > 1e-2)
    generator = LowDensityGenerator(contact, beta, DILUTE)
    for k, exit_rate in enumerate(generator.exit_rates):
        expected = -2 * DILUTE * prefactor(contact, beta) * forward_amplitude(contact, beta, k)
        assert exit_rate == relatively(expected, 1e-11)


def test_coefficients_that_miss_the_optical_theorem_are_refused(monkeypatch):
    def with_another_forward_wave(*arguments):
        averages, forward = averages_of_the_gas(*arguments)
        return averages, forward * (1 + 1e-7)

    averages_of_the_gas = generator_module._averages
    monkeypatch.setattr(generator_module, "_averages", with_another_forward_wave)
    with pytest.raises(ConvergenceError, match="differ from the optical theorem by 1e-07"):
        LowDensityGenerator(figure_1(), BETA, DILUTE)


def forward_amplitude(contact, beta, k):
    """Re ∫dε e^{-βε} X_kk(E_k + ε), by a tanh-sinh sum between thresholds and resonances."""
    energies = contact.energies
    # Nodes crowd at the ends of an interval, and resolve a resonance that is one of them.
    sharp = [resonance.threshold - resonance.below for resonance in resonances(contact)]
    gaps = np.unique([0.0, *(e - energies[k] for e in (*energies, *sharp) if e > energies[k])])
    total = 0.0
    for low, high in itertools.pairwise([*gaps, gaps[-1] + 45 / beta]):
        x = np.linspace(-4.2, 4.2, 3000)
        share = 1 / (1 + np.exp(-np.pi * np.sinh(x)))
        jacobian = (high - low) * np.pi * np.cosh(x) * share * (1 - share) * (x[1] - x[0])
        kinetic = low + (high - low) * share
        excess = kinetic[:, None] + (energies[k] - energies)
        s = contact.s_matrix_from_excess(excess)[:, k, k]
        total += np.sum(jacobian * np.exp(-beta * kinetic) * (s.real - 1))
    return total


@EXPENSIVE
@given(gases(), inverse_temperatures, st.data())
def test_spohn_production_is_never_negative(contact, beta, data):
    generator = LowDensityGenerator(contact, beta, DILUTE)
    rho = data.draw(density_matrices(contact.energies.size))
    gibbs = np.diag(gibbs_state(contact.energies, beta))
    produced = quantum_spohn_production(generator, rho, gibbs)
    spread = beta * np.ptp(contact.energies) + 40
    assert produced >= -1e-13 * spread * generator.exit_rates.max()


@EXPENSIVE
@given(gases(max_levels=4), inverse_temperatures, st.sampled_from([0.1, 1.0, 100.0]))
def test_propagators_are_completely_positive_and_keep_the_trace(contact, beta, lifetimes):
    generator = LowDensityGenerator(contact, beta, DILUTE, forward_shift=True)
    n = contact.energies.size
    dense = generator.dissipator + shift_part(generator)
    propagator = expm(dense * lifetimes / generator.exit_rates.max())
    choi = choi_matrix(propagator)
    assert np.linalg.eigvalsh(choi).min() > -1e-12
    kept = np.einsum("kili->kl", choi.reshape(n, n, n, n))
    assert np.abs(kept - np.eye(n)).max() < 1e-12


@EXPENSIVE
@given(gases(), inverse_temperatures, st.data())
def test_populations_follow_the_pauli_equation(contact, beta, data):
    """Whatever the coherences: with rates from the flux, not from the coefficients."""
    generator = LowDensityGenerator(contact, beta, DILUTE)
    rho = data.draw(density_matrices(contact.energies.size))
    times = np.array([0.0, 0.1, 1.0, 30.0]) / generator.exit_rates.max()
    populations = np.diagonal(generator.evolve(rho, times), axis1=1, axis2=2).real
    expected = evolve(transition_rates(contact, beta, DILUTE), rho.diagonal().real, times)
    assert np.abs(populations - expected).max() < 1e-11


@EXPENSIVE
@given(gases(), inverse_temperatures)
def test_reversing_the_field_reverses_the_coherent_jumps(contact, beta):
    """Onsager-Casimir with coherences: C^ω_ab(v) = e^{-βω} C^-ω_āb̄(v*), no conjugate.

    S(v)ᵀ = S(v*), and E_l + ε = E_k + (ε - ω).
    """
    reversed_field = ContactScattering(
        contact.energies, contact.coupling_matrix.conj(), contact.mass
    )
    forward, backward = (LowDensityGenerator(c, beta, DILUTE) for c in (contact, reversed_field))
    for group, c, d in zip(
        forward.groups, forward.coefficients, backward.coefficients[::-1], strict=True
    ):
        expected = np.exp(-beta * group.frequency) * d
        assert np.all(np.abs(c - expected) <= 1e-11 * sizes(expected))


@settings(max_examples=15)
@given(st.floats(0.5, 2), st.floats(-2, -0.5), st.floats(0.1, 1), fluxes)
def test_reversing_the_flux_reverses_labels_and_jumps(first, second, third, flux):
    """C^ω of (k, l) at φ is e^{-βω} times C^-ω of (-l, -k) at -φ."""
    dots = [ThreeDots(0.3, f).contact((first, second, third)) for f in (flux, -flux)]
    forward, backward = (LowDensityGenerator(c, BETA, DILUTE) for c in dots)
    energies = dots[0].energies
    here, there = (as_tensor(generator) for generator in (forward, backward))
    mirrored = there[::-1, ::-1, ::-1, ::-1].transpose(1, 0, 3, 2)
    factors = np.exp(-BETA * np.subtract.outer(energies, energies))[:, :, None, None]
    assert np.abs(here - factors * mirrored).max() < 1e-11 * np.abs(here).max()


def as_tensor(generator):
    """C_(k,l),(k',l'), zero between pairs of different frequency."""
    n = generator.energies.size
    tensor = np.zeros((n, n, n, n), dtype=complex)
    for group, matrix in zip(generator.groups, generator.coefficients, strict=True):
        k, l = group.pairs.T
        tensor[k[:, None], l[:, None], k, l] = matrix
    return tensor


def test_without_a_field_populations_balance_but_coherences_do_not():
    """Quantum detailed balance asks for C^ω = e^{-βω} (C^-ω)*: X at two energies has a phase."""
    contact = ContactScattering(
        [0.0, 0.5, 1.0], [[1.0, 0.4, 0.3], [0.4, 0.2, 0.7], [0.3, 0.7, 1.5]]
    )
    gibbs = np.diag(gibbs_state(contact.energies, BETA))
    generator = LowDensityGenerator(contact, BETA, DILUTE)
    flow = generator.rates * gibbs.diagonal()
    assert np.abs(flow - flow.T).max() < 1e-13 * flow.max()
    assert 1e-3 < detailed_balance_defect(generator, gibbs) < 1
    two = ContactScattering([0.0, 0.5], [[1.0, 0.4], [0.4, 0.2]])
    gibbs = np.diag(gibbs_state(two.energies, BETA))
    assert detailed_balance_defect(LowDensityGenerator(two, BETA, DILUTE), gibbs) < 1e-12


@pytest.mark.parametrize("lowest", [-1e4, 0.0, 1e4])
def test_the_zero_of_energy_does_not_matter(lowest):
    contact = ladder_of_four(-1.0)
    shifted = ContactScattering(contact.energies + lowest, contact.coupling_matrix, contact.mass)
    here, there = (LowDensityGenerator(c, BETA, DILUTE) for c in (contact, shifted))
    for a, b in zip(here.coefficients, there.coefficients, strict=True):
        assert np.all(np.abs(a - b) <= EXACT * sizes(a))


# Fig. 1


def test_figure_1_has_nine_jump_operators():
    generator = LowDensityGenerator(figure_1(), BETA, 0.01)
    frequencies, counts = np.unique(generator.jump_frequencies.round(12), return_counts=True)
    assert frequencies.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert counts.tolist() == [1, 2, 3, 2, 1]
    exits = np.einsum("jki,jkl->il", generator.jump_operators.conj(), generator.jump_operators)
    assert np.abs(exits - np.diag(generator.exit_rates)).max() < 1e-15


def test_coherences_of_equidistant_levels_feed_one_another():
    """(0,+) and (-,0) share ω = -ΔE; detuned by little they do not, and rates hardly feel it."""
    generator = LowDensityGenerator(figure_1(), BETA, 0.01)
    rho = np.zeros((3, 3), dtype=complex)
    rho[np.ix_([ZERO, PLUS], [ZERO, PLUS])] = 0.5
    fed = generator.apply(rho)[MINUS, ZERO]
    (group,) = (i for i, g in enumerate(generator.groups) if abs(g.frequency + 0.5) < 1e-9)
    pairs = generator.groups[group].pairs.tolist()
    a, b = pairs.index([MINUS, ZERO]), pairs.index([ZERO, PLUS])
    assert fed == relatively(generator.coefficients[group][a, b] / 2, 1e-12)
    assert abs(fed) > 0.1 * generator.rates[MINUS, ZERO] / 2
    assert abs(generator.evolve(rho, 20.0)[MINUS, ZERO]) > 5e-4

    contact = ContactScattering([-0.5, 1e-6, 0.5], figure_1().coupling_matrix)
    detuned = LowDensityGenerator(contact, BETA, 1e-9)
    assert detuned.apply(rho)[MINUS, ZERO] == 0
    assert detuned.evolve(rho, 1e9)[MINUS, ZERO] == 0
    assert detuned.rates / 1e-9 == relatively(generator.rates / 0.01, 1e-4)


def test_almost_equidistant_levels_are_a_limit():
    """Thresholds nearly coincide; at weak coupling products feel the root of their distance."""
    for strength, beta in [(10.0, 60.0), (1e-3, 2.0), (1e-7, 20.0), (-0.3, 5.0)]:
        coupling = strength * ladder_of_four().coupling_matrix
        exact = ContactScattering(np.arange(4.0), coupling)
        almost = ContactScattering(np.add([0, 1, 2, 3], [3e-10, 0, -5e-10, 2e-10]), coupling)
        here, there = (LowDensityGenerator(c, beta, DILUTE) for c in (exact, almost))
        assert there.rates == relatively(transition_rates(almost, beta, DILUTE), EXACT)
        for a, b in zip(here.coefficients, there.coefficients, strict=True):
            assert np.all(np.abs(a - b) < 3e-4 * sizes(a))


def test_ladders_with_rounding_share_their_frequencies():
    coupling = ladder_of_four().coupling_matrix
    rounded = LowDensityGenerator(ContactScattering(0.1 * np.arange(4), coupling), BETA, DILUTE)
    # The same problem in units in which the levels are exact.
    exact = LowDensityGenerator(
        ContactScattering(np.arange(4.0), coupling / np.sqrt(0.1)), 0.1 * BETA, DILUTE
    )
    for a, b in zip(rounded.coefficients, exact.coefficients, strict=True):
        assert np.all(np.abs(a - np.sqrt(0.1) * b) <= EXACT * sizes(a))


# Values from elsewhere


@pytest.mark.parametrize(
    ("contact", "beta", "nodes"),
    [(figure_1(), BETA, 16), (attractive(), 1.5, 32), (heavy(), 3.0, 24)],
)
def test_coefficients_and_shift_agree_with_30_digits(contact, beta, nodes):
    """Dephasing and shared groups; through a resonance, and for another mass."""
    generator = LowDensityGenerator(contact, beta, DILUTE, forward_shift=True)
    groups = [group.pairs.tolist() for group in generator.groups]
    matrices, forward = reference.coefficients(
        contact.energies, contact.coupling_matrix, contact.mass, beta, groups, nodes
    )
    scale = DILUTE * prefactor(contact, beta)
    for matrix, found in zip(matrices, generator.coefficients, strict=True):
        assert np.all(np.abs(found - scale * matrix) <= EXACT * scale * sizes(matrix))
    assert generator.shift == relatively(-scale * forward.imag, EXACT)


@pytest.mark.parametrize("density", [1e-9, 0.02])
@pytest.mark.parametrize(("coupling", "mass"), [(1.3, 1.0), (-0.4, 2.5), (1e-25, 1.0), (40.0, 0.3)])
def test_one_level_only_shifts(coupling, mass, density):
    """X = -2imv/(p + imv): C⁰ and H_1 are exponential integrals, and attraction binds apart."""
    beta = 1.7
    generator = LowDensityGenerator(
        ContactScattering([0.4], [[coupling]], mass), beta, density, forward_shift=True
    )
    z = beta * mass * coupling**2 / 2
    flux = density * np.sqrt(beta / (2 * np.pi * mass))
    dephasing = flux * 2 * mass * coupling**2 * np.exp(z) * exp1(z)
    assert generator.coefficients[0].real == relatively(dephasing, EXACT)
    root = np.sqrt(2 * np.pi * mass / beta) - np.pi * mass * abs(coupling) * erfcx(np.sqrt(z))
    assert generator.shift == relatively(flux * coupling * root, 1e-11)
    assert not generator.dissipator.any(), "one level has no coherence to lose"


@pytest.mark.parametrize("contact", [figure_1(), heavy(), ladder_of_four(), ladder_of_four(-1.0)])
@pytest.mark.parametrize("beta", [0.3, 3.0])
def test_a_single_collision_makes_the_generator(contact, beta):
    """Dissipator and shift are 2ν √(β/2πm) ∫dε e^{-βε} ⟨M - 1⟩, flux times the change of ρ.

    A particle of kinetic energy ε leaves to either side: M ρ = Σ_{r,t} A ρ A†, of which the
    average over time keeps what leaves with one kinetic energy.
    """
    n, levels = contact.energies.size, contact.energies
    same = frequency_mask(levels)

    def change(kinetic):
        amplitudes = np.zeros((2, len(kinetic), n, n), dtype=complex)
        for l in range(n):
            waves = contact.reflection_transmission(levels[l] + kinetic)
            amplitudes[..., l] = np.stack(waves)[..., l]
        both = np.einsum("cekl,cejm->ekjlm", amplitudes, amplitudes.conj())
        return same * (both - np.einsum("kl,jm->kjlm", np.eye(n), np.eye(n)))

    gaps = np.unique(np.abs(np.subtract.outer(levels, levels)).round(12))
    average = 2 * prefactor(contact, beta) * gas_average(change, gaps, beta)
    expected = average.transpose(1, 0, 3, 2).reshape(n * n, n * n)
    generator = LowDensityGenerator(contact, beta, DILUTE, forward_shift=True)
    found = (generator.dissipator + shift_part(generator)) / DILUTE
    assert np.abs(found - expected).max() < 1e-10 * np.abs(expected).max()


def gas_average(function, thresholds, beta, nodes=160):
    """∫dε e^{-βε} of an array; ε = a + (b - a)(3x² - 2x³), smooth where channels open."""
    x, weights = np.polynomial.legendre.leggauss(nodes)
    x, weights = (x + 1) / 2, weights / 2
    total = 0.0
    for low, high in itertools.pairwise([*thresholds, thresholds[-1] + 45 / beta]):
        kinetic = low + (high - low) * x**2 * (3 - 2 * x)
        jacobian = 6 * (high - low) * x * (1 - x)
        total = total + np.tensordot(
            weights * jacobian * np.exp(-beta * kinetic), function(kinetic), axes=1
        )
    return total


@pytest.mark.parametrize(
    ("contact", "beta", "normalization"),
    [
        (figure_1(), 0.4, "generator"),
        (figure_1(), 20.0, "physical"),
        (heavy(), 2.0, "printed"),
        (attractive(), 4.0, "physical"),
        (ladder_of_four(), 2.0, "physical"),
    ],
)
def test_the_wave_operator_gives_dissipator_and_forward_shift(contact, beta, normalization):
    """(8) of (9) by half-on-shell T, without S, its unitarity, or a quadrature in common."""
    generator = LowDensityGenerator(contact, beta, DILUTE, normalization, forward_shift=True)
    expected = averaged_generator(contact, beta, DILUTE, normalization)
    found = generator.dissipator + shift_part(generator)
    assert np.abs(found - expected).max() < 1e-10 * np.abs(expected).max()


def test_the_wave_operator_without_a_coupling_and_with_one_level():
    still = ContactScattering([0.0, 1.0, 3.0], np.zeros((3, 3)))
    assert not averaged_generator(still, BETA).any()
    one = ContactScattering([0.3], [[1.0]])
    assert np.abs(averaged_generator(one, BETA)).max() < 1e-15
    with pytest.raises(DegenerateLevelsError, match="two levels coincide"):
        averaged_generator(ContactScattering([0.0, 1.0, 1.0], np.eye(3)), BETA)
    with pytest.raises(ValueError, match="`beta` must be one number"):
        averaged_generator(one, [1.0, 2.0])


# QuTiP


@pytest.mark.parametrize("contact", [figure_1(), heavy(), ladder_of_four(-1.0)])
def test_qutip_agrees(contact):
    generator = LowDensityGenerator(contact, BETA, 2e-3, forward_shift=True)
    hamiltonian, jumps = generator.to_qutip()
    dense = qutip.liouvillian(hamiltonian, jumps)
    assert np.abs(dense.full() - generator.liouvillian).max() < 1e-14
    gibbs = np.diag(gibbs_state(contact.energies, BETA))
    steady = qutip.steadystate(hamiltonian, jumps).full()
    assert np.abs(steady - gibbs).max() < 1e-9
    assert np.abs(generator.stationary_state() - gibbs).max() < 1e-12
    distances = np.abs(np.subtract.outer(dense.eigenenergies(), generator.spectrum()))
    assert distances[linear_sum_assignment(distances)].max() < 1e-9
    n = contact.energies.size
    rho, times = np.full((n, n), 1 / n), np.linspace(0, 40, 5)
    options = {"method": "vern9", "atol": 1e-12, "rtol": 1e-12, "progress_bar": ""}
    run = qutip.mesolve(hamiltonian, qutip.Qobj(rho), times, jumps, options=options)
    expected = np.array([state.full() for state in run.states])
    assert np.abs(generator.evolve(rho, times) - expected).max() < 1e-9


# Weak coupling


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("energies", [(-0.5, 0.0, 0.5), (0.3, -0.5, 1.0)])
def test_weak_coupling_is_davies_with_the_spectral_function_of_the_gas(energies, sign):
    """Rates and whole blocks C^ω, to a correction of order s; Davies in detail balances."""
    v = sign * figure_1().coupling_matrix
    jumps = v - np.diag(v.diagonal())  # the spectral function is infinite at ω = 0
    deviations = []
    for s in (1e-3, 1e-4, 1e-8):
        contact = ContactScattering(energies, s * v, mass=1.7)
        gamma = born_spectral_function(contact, BETA, DILUTE)
        weak = davies_generator(energies, s * jumps, gamma)
        generator = LowDensityGenerator(contact, BETA, DILUTE)
        deviations.append(
            max(
                np.max(np.abs(c - d) / sizes(d))
                for group, c, d in zip(
                    generator.groups, generator.coefficients, weak.coefficients, strict=True
                )
                if group.frequency != 0
            )
        )
        gibbs = np.diag(gibbs_state(energies, BETA))
        assert detailed_balance_defect(weak, gibbs) < 1e-12
    assert deviations[1] == relatively(deviations[0] / 10, 0.02)
    assert deviations[2] < 1e-4 * deviations[1] * 1.1
    assert 1e-4 < deviations[0] < 1e-2


@pytest.mark.parametrize("sign", [1, -1])
def test_weak_dephasing_has_a_logarithm(sign):
    """C⁰_ab = 4ν √(m β/2π) v_a v_b (L - (a ln a + b ln b)/(a + b) - iπ/2 (a - b)/(a + b)) + O(s³).

    a = m|v_a| and b = m|v_b| of order s, L = -½(γ + ln(β/2m)): from ∫p dp/((p + ia)(p - ib))
    with the gas as the cutoff.  Hence C⁰/(s² ln 1/s) → 4ν √(mβ/2π) v_a v_b, slowly.
    """
    mass, errors = 1.7, []
    for s in (1e-4, 1e-6):
        v = sign * s * (figure_1().coupling_matrix + np.diag([0.0, 0.4, 1.0]))
        contact = ContactScattering([-0.5, 0.1, 0.5], v, mass)
        generator = LowDensityGenerator(contact, BETA, DILUTE)
        size = v.diagonal().real
        a, b = mass * np.abs(size)[:, None], mass * np.abs(size)
        log = -0.5 * (np.euler_gamma + np.log(BETA / (2 * mass)))
        log = log - (a * np.log(a) + b * np.log(b)) / (a + b)
        log = log - sign * 1j * np.pi / 2 * (a - b) / (a + b)
        flux = DILUTE * np.sqrt(BETA / (2 * np.pi * mass))
        expected = 4 * mass * flux * np.outer(size, size) * log
        (dephasing,) = (
            c
            for g, c in zip(generator.groups, generator.coefficients, strict=True)
            if g.frequency == 0
        )
        errors.append(np.max(np.abs(dephasing / expected - 1)))
    assert errors[0] < 1e-3
    assert errors[1] < 0.02 * errors[0]


def test_the_spectral_function_of_the_gas():
    """KMS, the Bessel function by its integral, far frequencies, and infinity at zero."""
    contact = ContactScattering([0.0], [[1.0]], mass=0.8)
    gamma = born_spectral_function(contact, 1.3, 0.01, "generator")
    w = np.array([0.01, 0.5, 3.0, 400.0])
    assert gamma(w) == relatively(np.exp(-1.3 * w) * gamma(-w), 1e-13)
    # 4ν√(β/2πm) ∫dε e^{-βε} m²/(p p'), with ε = w + x², and 2m dε/(p p') = 2 dx/√(w + x²).
    x = (np.arange(400_000) + 0.5) * 2e-5
    for frequency in (0.05, 0.5, 3.0):
        decay = np.exp(-1.3 * (frequency + x**2))
        integral = 2 * np.sum(decay / np.sqrt(frequency + x**2)) * 2e-5
        expected = 2 * 0.8 * 0.01 / (2 * np.pi) * np.sqrt(1.3 / (2 * np.pi * 0.8)) * integral
        assert gamma(frequency) == relatively(expected, 1e-9)
    assert gamma(0.0) == np.inf
    assert np.all(np.isfinite(gamma([-1e4, 1e4])))
    with pytest.raises(ValueError, match="finite, got inf at the frequency 0"):
        davies_generator([0.0, 1.0], [[1, 1], [1, 1]], gamma)


# Hard cases


@pytest.mark.parametrize("beta", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("strength", [1e-8, 1.0, -1.0, -1e-8, 1e6])
def test_extreme_temperatures_and_couplings(beta, strength):
    coupling = strength * ladder_of_four().coupling_matrix
    contact = ContactScattering([0.0, 0.1, 0.2, 0.3], coupling)
    generator = LowDensityGenerator(contact, beta, DILUTE, forward_shift=True)
    expected = transition_rates(contact, beta, DILUTE)
    # At -1e-8 a resonance 1e-17 below its threshold carries a part of some rates.
    assert generator.rates == relatively(expected, 1e-8 if strength == -1e-8 else 1e-10)
    p = gibbs_state(contact.energies, beta)
    net = generator.apply(np.diag(p)).diagonal()
    assert np.all(np.abs(net) <= 1e-10 * (expected @ p + expected.sum(axis=0) * p))
    assert np.all(np.isfinite(generator.shift))


def test_levels_that_are_not_coupled_never_jump():
    for coupling in (np.zeros((3, 3)), np.diag([1.0, 0.0, -2.0])):
        contact = ContactScattering([0.0, 1.0, 2.0], coupling)
        generator = LowDensityGenerator(contact, BETA, DILUTE, forward_shift=True)
        assert not generator.rates.any()
        assert len(generator.jump_operators) == np.count_nonzero(coupling)
        assert np.array_equal(generator.shift == 0, coupling.diagonal() == 0)


def test_blocks_of_levels_that_are_not_coupled_keep_their_populations():
    coupling = np.zeros((4, 4))
    coupling[:2, :2], coupling[2:, 2:] = [[1, 0.5], [0.5, 1]], [[1, 0.3], [0.3, -2]]
    contact = ContactScattering(np.arange(4.0), coupling)
    generator = LowDensityGenerator(contact, BETA, 1e-2)
    assert not generator.rates[:2, 2:].any()
    assert not generator.rates[2:, :2].any()
    states = stationary_states(generator)
    assert len(states) == 2, "equidistant blocks exchange coherence, but keep none"


def test_a_coherence_that_rests_on_an_unresolved_resonance_is_refused():
    """Level 0 scatters only through the resonance of level 1; two levels of rates are right."""
    for s in (1e-8, 1e-6):
        contact = ContactScattering([0.0, 1.0], [[0, s], [s, -0.8]])
        assert np.isfinite(transition_rates(contact, 1.0)).all()
        with pytest.raises(ConvergenceError, match="and the loss of coherence rests"):
            LowDensityGenerator(contact, 1.0)
    harmless = ContactScattering([0.0, 1.0], [[0.5, 1e-8], [1e-8, -0.8]])
    assert LowDensityGenerator(harmless, 1.0, DILUTE).coefficients[1][0, 0] > 0


def test_a_logarithm_that_weak_coupling_spreads_over_too_many_decades_is_refused():
    """At v = 1e-40 the threshold has a width of 1e-80, which no panels reach."""
    contact = ContactScattering([0.4], [[1e-40]])
    with pytest.raises(ConvergenceError, match="the coupling is too weak for the loss of coher"):
        LowDensityGenerator(contact, BETA)
    contact = ContactScattering([0.0, 0.1], [[1e-40, 1e-40], [1e-40, 1e-40]])
    assert transition_rates(contact, BETA)[[0, 1], [1, 0]].all()
    with pytest.raises(ConvergenceError, match="the coupling is too weak"):
        LowDensityGenerator(contact, BETA)


@pytest.mark.parametrize("s", [1e-4, 1e-2])
def test_dephasing_through_a_narrow_resonance(s):
    """|X_00|² = Γ²/4/((E - E_0)² + Γ²/4) times 4: its area is 2πΓ with Γ/2 = m² s²|p_1|/(m p_0)."""
    contact = ContactScattering([0.0, 1.0], [[0, s], [s, -0.8]])
    energy = 1 - 0.8**2 / 2
    width = 2 * s**2 * 0.8 / np.sqrt(2 * energy)
    expected = prefactor(contact, 1.0) * 2 * np.pi * width * np.exp(-energy)
    found = LowDensityGenerator(contact, 1.0, DILUTE).coefficients[1][0, 0].real / DILUTE
    assert found == relatively(expected, 10 * s)


@pytest.mark.parametrize("n", [8, 12])
def test_many_equidistant_levels(n):
    random = np.random.default_rng(n)
    matrix = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    contact = ContactScattering(0.1 * np.arange(n), (matrix @ matrix.conj().T) / n)
    generator = LowDensityGenerator(contact, 5.0, DILUTE)
    assert [len(group.pairs) for group in generator.groups] == [
        *range(1, n),
        n,
        *range(n - 1, 0, -1),
    ]
    assert generator.rates == relatively(transition_rates(contact, 5.0, DILUTE), 1e-11)


# The object


def test_normalizations_scale_everything_and_the_density_too():
    plain = LowDensityGenerator(figure_1(), BETA, DILUTE, forward_shift=True)
    for name, factor in [("generator", 2 * np.pi), ("printed", 4 * np.pi)]:
        other = LowDensityGenerator(figure_1(), BETA, factor * DILUTE, name, True)
        assert other.shift == relatively(plain.shift, 1e-14)
        assert other.dissipator == pytest.approx(plain.dissipator, rel=1e-13, abs=1e-28)


def test_the_forward_shift_is_left_out_unless_asked_for():
    assert not LowDensityGenerator(figure_1(), BETA, DILUTE).shift.any()
    shifted = LowDensityGenerator(figure_1(), BETA, DILUTE, forward_shift=True)
    assert np.all(shifted.shift > 0), "a repulsive gas lifts every level"
    energies = figure_1().energies + shifted.shift
    assert np.array_equal(shifted.hamiltonian, np.diag(energies))


@pytest.mark.parametrize("forward_shift", [True, False])
def test_generators_are_copied_through_the_constructor(forward_shift):
    contact = ladder_of_four()
    generator = LowDensityGenerator(contact, BETA, DILUTE, "printed", forward_shift)
    for twin in (pickle.loads(pickle.dumps(generator)), copy.deepcopy(generator)):
        assert isinstance(twin, LowDensityGenerator)
        assert (twin.beta, twin.density, twin.normalization) == (BETA, DILUTE, "printed")
        assert twin.forward_shift is forward_shift
        assert np.array_equal(twin.liouvillian, generator.liouvillian)


def test_rates_too_large_for_the_secular_average_are_reported_once_where_it_was_made():
    with pytest.warns(SecularWarning, match="largest decay rate") as caught:
        LowDensityGenerator(figure_1(), BETA, density=10.0)
    assert [warning.filename for warning in caught] == [__file__]


def test_a_generator_shows_what_made_it():
    shown = repr(LowDensityGenerator(figure_1(), BETA, 0.01, forward_shift=True))
    assert shown.startswith("LowDensityGenerator(ContactScattering(")
    assert shown.endswith("beta=2.0, density=0.01, normalization='physical', forward_shift=True)")


@pytest.mark.parametrize("answer", ["no", 1, None])
def test_the_forward_shift_is_a_yes_or_a_no(answer):
    with pytest.raises(TypeError, match="`forward_shift` must be True or False"):
        LowDensityGenerator(figure_1(), BETA, forward_shift=answer)
    assert LowDensityGenerator(figure_1(), BETA, 0.01, forward_shift=np.bool_(1)).shift.any()


@pytest.mark.parametrize("make", [LowDensityGenerator, born_spectral_function, averaged_generator])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0.0, 1.0], 1.0), TypeError, "`contact` must be a ContactScattering, got list"),
        ((figure_1(), [1.0, 2.0]), ValueError, r"`beta` must be one number, got shape \(2,\)"),
        ((figure_1(), -1.0), ValueError, "`beta` is the inverse temperature 1/kT and must be"),
        ((figure_1(), np.nan), ValueError, "`beta` must be finite"),
        ((figure_1(), "cold"), TypeError, "`beta` must be numeric, got 'cold'"),
        ((figure_1(), 1.0, 0.0), ValueError, "`density` must be positive, got 0.0"),
        ((figure_1(), 1.0, [1.0, 2.0]), ValueError, "`density` must be one number"),
        ((figure_1(), 1.0, 1.0, "paper"), ValueError, "must be one of 'physical', 'generator'"),
    ],
)
def test_impossible_arguments_are_refused(make, arguments, error, message):
    with pytest.raises(error, match=message):
        make(*arguments)


def test_degenerate_levels_are_refused():
    for energies in ([0.0, 1.0, 1.0], [0.0, 9e-10, 1.0]):
        with pytest.raises(DegenerateLevelsError, match="two levels coincide"):
            LowDensityGenerator(ContactScattering(energies, np.eye(3)), BETA)
