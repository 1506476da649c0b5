"""Laws of the rate models of light, against the paper's equations written out by hand."""

import copy
import dataclasses
import pickle

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import cumulative_simpson, solve_ivp
from scipy.optimize import brentq

from detailedbalance import ConvergenceError
from detailedbalance.light import (
    ClosedLoop,
    EinsteinRates,
    EmbeddedCavity,
    OpenWaveguide,
    RateModel,
    rate_model,
)

EXACT = 1e-12
"""Of identities, relative to the terms that are added."""

DYNAMICS = 1e-11
"""Of occupations at any time, each relative to itself."""

LONG = 1e5
"""µs, far longer than any process of the default models takes."""


# The paper's equations, with rates by mode that may or may not fit


def by_mode(model):
    """γ_1, γ_2 and so on as a user would compute them who knows the paper."""
    rates = {
        "gamma_1": model.tilde_gamma_1 / model.modes,
        "gamma_2": model.tilde_gamma_2 / model.modes,
    }
    if isinstance(model, ClosedLoop):
        rates["gamma_11"] = model.tilde_gamma_11 / model.waveguide_modes
        rates["gamma_12"] = model.tilde_gamma_12 / model.waveguide_modes
        rates["gamma_dec_prime"] = model.gamma_dec * model.modes / model.waveguide_modes
    return rates


def open_equations(model, state, gamma_1, gamma_2):
    """[B] (17)-(19)."""
    n_A, n_B, m = state
    M, gamma_0, gamma_dec = model.two_level_systems, model.gamma_0, model.gamma_dec
    g1, g2 = model.tilde_gamma_1, model.tilde_gamma_2
    return [
        -2 * gamma_dec * n_A
        + gamma_0 * (-n_A + n_B)
        - gamma_1 * (M - m) * n_A
        + gamma_2 * m * (n_A + 1),
        -2 * gamma_dec * n_B
        + gamma_0 * (-n_B + n_A)
        - gamma_2 * (M - m) * n_B
        + gamma_1 * m * (n_B + 1),
        -(model.tilde_gamma_11 + model.tilde_gamma_12) * m
        + g1 * (n_A * (M - m) - (n_B + 1) * m)
        + g2 * (n_B * (M - m) - (n_A + 1) * m),
    ]


def closed_equations(model, state, gamma_1, gamma_2, gamma_11, gamma_12, gamma_dec_prime):
    """[B] (90)-(94)."""
    n_A, n_B, n_1, n_2, m = state
    M, gamma_0, gamma_3, gamma_dec = (
        model.two_level_systems,
        model.gamma_0,
        model.gamma_3,
        model.gamma_dec,
    )
    to_B = (n_1 + 1) * (n_B + 1) * n_A
    to_A = (n_2 + 1) * (n_A + 1) * n_B
    return [
        gamma_dec * (n_1 + n_2 - 2 * n_A)
        - gamma_1 * (M - m) * n_A * (n_1 + 1)
        + gamma_2 * m * (n_A + 1) * (n_2 + 1)
        + gamma_0 * (to_A - to_B),
        gamma_dec * (n_1 + n_2 - 2 * n_B)
        - gamma_2 * (M - m) * n_B * (n_2 + 1)
        + gamma_1 * m * (n_B + 1) * (n_1 + 1)
        + gamma_0 * (to_B - to_A),
        gamma_dec_prime * (n_A + n_B - 2 * n_1)
        - gamma_11 * ((M - m) * n_1 - m * (n_1 + 1))
        + gamma_3 * (n_A + n_B + 2) * (n_2 - n_1),
        gamma_dec_prime * (n_A + n_B - 2 * n_2)
        - gamma_12 * ((M - m) * n_2 - m * (n_2 + 1))
        + gamma_3 * (n_A + n_B + 2) * (n_1 - n_2),
        model.tilde_gamma_11 * ((M - m) * n_1 - m * (n_1 + 1))
        + model.tilde_gamma_12 * ((M - m) * n_2 - m * (n_2 + 1))
        - m
        * (
            model.tilde_gamma_1 * (n_B + 1) * (n_1 + 1)
            + model.tilde_gamma_2 * (n_A + 1) * (n_2 + 1)
        )
        + (M - m) * (model.tilde_gamma_1 * n_A * (n_1 + 1) + model.tilde_gamma_2 * n_B * (n_2 + 1)),
    ]


def equations(model, state, **rates):
    if isinstance(model, ClosedLoop):
        return closed_equations(model, state, **(by_mode(model) | rates))
    return open_equations(model, state, **(by_mode(model) | rates))


def independent_run(model, times, start, **rates):
    """An explicit method of order eight on the equations above, which stops at each time."""
    states, time = [start], 0.0
    for until in times:
        solution = solve_ivp(
            lambda _, state: equations(model, state, **rates),
            (time, until),
            states[-1],
            method="DOP853",
            t_eval=[until],
            rtol=3e-14,
            atol=1e-20,
        )
        states.append(solution.y[:, -1])
        time = until
    return np.array(states[1:])


# Random models and states

rates = st.just(0.0) | st.floats(0.01, 10)
mode_numbers = st.floats(1, 1000)
occupied = st.just(0.0) | st.floats(1e-3, 5)
filled = st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]) | st.floats(0.01, 1)


@st.composite
def models(draw, kinds=(OpenWaveguide, ClosedLoop, EmbeddedCavity, EinsteinRates)):
    kind = draw(st.sampled_from(kinds))
    parameters = {"two_level_systems": draw(st.integers(1, 300))}
    for field in dataclasses.fields(kind):
        if field.name.endswith("modes"):
            parameters[field.name] = draw(mode_numbers)
        elif "gamma" in field.name:
            parameters[field.name] = draw(rates)
    return kind(**parameters)


@st.composite
def models_and_states(draw, kinds=(OpenWaveguide, ClosedLoop, EmbeddedCavity, EinsteinRates)):
    model = draw(models(kinds))
    light = [draw(occupied) for _ in model.variables[:-1]]
    return model, np.array([*light, draw(filled) * model.two_level_systems])


waveguides = models_and_states((OpenWaveguide, ClosedLoop))
closed_kinds = (ClosedLoop, EmbeddedCavity, EinsteinRates)


def interior(model, state):
    """The same state without what is exactly empty or full, where logarithms diverge."""
    state = np.maximum(state, 1e-3)
    state[-1] = np.clip(state[-1], 1e-3, model.two_level_systems - 1e-3)
    return state


def gross(model, state):
    """What goes into and out of each variable in a µs."""
    return model.fluxes(state) @ np.abs(model.stoichiometry).T / model.sizes


# The equations are the paper's


@given(waveguides)
def test_rate_equations_are_the_papers(case):
    model, state = case
    difference = model.derivative(state) - equations(model, state)
    # Where stimulated absorption and emission cancel, the paper has done it.
    assert np.all(np.abs(difference) <= EXACT * (gross(model, state) + 1e-300))


@given(models_and_states((EinsteinRates, EmbeddedCavity)))
def test_einsteins_and_the_cavitys_equations_are_the_papers(case):
    """[B] (2), (3) and (108), (109)."""
    model, state = case
    M, m = model.two_level_systems, state[-1]
    if isinstance(model, EinsteinRates):
        n = state[0]
        emitted = m * (n + 1) - (M - m) * n
        expected = [model.tilde_gamma / model.modes * emitted, -model.tilde_gamma * emitted]
    else:
        n_A, n_C = state[:2]
        gamma_4_prime = model.gamma_4 * model.modes / model.outer_modes
        gamma_5 = model.tilde_gamma_5 / model.outer_modes
        gamma_6 = model.tilde_gamma_6 / model.modes
        expected = [
            model.gamma_4 * (-n_A + n_C)
            + gamma_6 * (n_C + 1) ** 2 * (-n_A * (M - m) + (n_A + 1) * m),
            gamma_4_prime * (-n_C + n_A) - gamma_5 * n_C * (M - m) + gamma_5 * (n_C + 1) * m,
        ]
        # Not printed: no quanta are lost.
        expected.append(-model.modes * expected[0] - model.outer_modes * expected[1])
    scale = gross(model, state)
    scale[-1] += scale[:-1] @ model.sizes[:-1]
    assert np.all(np.abs(model.derivative(state) - expected) <= EXACT * (scale + 1e-300))


def test_rates_by_mode_follow_from_those_of_two_level_systems():
    loop = ClosedLoop(
        modes=200, waveguide_modes=50, tilde_gamma_2=3, tilde_gamma_12=4, gamma_dec=0.02
    )
    assert {name: getattr(loop, name) for name in by_mode(loop)} == by_mode(loop)
    waveguide = OpenWaveguide(modes=200, tilde_gamma_2=3)
    assert (waveguide.gamma_1, waveguide.gamma_2) == (0.05, 0.015)
    cavity = EmbeddedCavity(
        two_level_systems=1,
        modes=10,
        outer_modes=40,
        gamma_4=2,
        tilde_gamma_5=3,
        tilde_gamma_6=4,
    )
    assert (cavity.gamma_4_prime, cavity.gamma_5, cavity.gamma_6) == (0.5, 0.075, 0.4)
    assert EinsteinRates(two_level_systems=1, modes=4, tilde_gamma=2).gamma == 0.5


def test_defaults_are_the_papers():
    """Figs. 2 and 7: 10 kHz, 10 MHz, 100 kHz, in 1/µs."""
    for model in (OpenWaveguide(), ClosedLoop()):
        assert model.gamma_dec == model.gamma_0 == 0.01
        assert model.tilde_gamma_1 == model.tilde_gamma_11 == 10
        assert model.tilde_gamma_2 == model.tilde_gamma_12 == 0
        assert model.gamma_1 == 0.1
        assert model.beta == 1
        assert model.two_level_systems == 100
    assert ClosedLoop().gamma_3 == 0.01
    assert ClosedLoop().gamma_11 == 0.1
    assert ClosedLoop().modes == ClosedLoop().waveguide_modes == 100


@given(models_and_states())
def test_linearization_is_the_slope_of_the_equations(case):
    """Fluxes are polynomials of degree four at most, so five points give the slope exactly."""
    model, state = case
    state = interior(model, state)
    matrix = model.linearization(state)
    for j in range(state.size):
        step = 0.1 * state[j] * np.eye(state.size)[j]
        left2, left, right, right2 = (model._derivative(state + x * step) for x in (-2, -1, 1, 2))
        slope = (8 * (right - left) - (right2 - left2)) / (12 * step[j])
        assert np.allclose(
            matrix[:, j] * state[j],
            slope * state[j],
            rtol=0,
            atol=1e-11 * gross(model, state).max(),
        )


# Solutions


@pytest.mark.parametrize(
    ("model", "start"),
    [
        (OpenWaveguide(), None),
        (OpenWaveguide(two_level_systems=7, tilde_gamma_2=2, tilde_gamma_12=1, beta=0.5), None),
        (OpenWaveguide(), [0, 2, 100]),
        (ClosedLoop(), None),
        (ClosedLoop(waveguide_modes=30, tilde_gamma_2=1, tilde_gamma_12=3), None),
        (ClosedLoop(), [1, 0, 0, 2, 0]),
    ],
)
def test_solutions_agree_with_a_second_integrator(model, start):
    """At dense times, which the integrator does not stop at."""
    times = np.linspace(0, 4, 81)[1:]
    found = model.solve(times, start)
    expected = independent_run(model, times, model.initial_state if start is None else start)
    assert np.all(np.abs(found.states / expected - 1) < DYNAMICS)


def test_second_integrator_is_a_reference():
    """Taylor series in 25 digits."""
    model = OpenWaveguide()
    with mp.workdps(25):
        start = [mp.mpf(x) for x in model.initial_state]
        taylor = mp.odefun(lambda _, state: equations(model, state), 0, start)
        exact = np.array([float(x) for x in taylor(0.02)])
    times = [0.02]
    assert independent_run(model, times, model.initial_state)[0] == pytest.approx(exact, rel=1e-13)
    assert model.solve(times).states[0] == pytest.approx(exact, rel=EXACT)


def test_values_at_a_time_do_not_depend_on_other_times():
    model = ClosedLoop()
    few, many = model.solve([1, 2, 50]), model.solve(np.linspace(0, 50, 101))
    assert np.array_equal(few.states, many.states[[2, 4, 100]])
    assert many.states[0] == pytest.approx(model.initial_state, rel=1e-15)


def test_small_occupations_keep_their_digits():
    """In the end all occupations decay together, by 32 orders of magnitude in 3000 µs."""
    model = OpenWaveguide()
    rate, direction = model.slow_mode()
    run = model.solve([1500, 3000])
    assert run.states[1].max() < 1e-32
    assert run.states[1] / run.states[0] == pytest.approx(np.exp(1500 * rate), rel=1e-9)
    assert run.states[1] / run.n_B[1] == pytest.approx(direction / direction[1], rel=1e-10)


@settings(max_examples=60)
@given(models_and_states(), st.floats(1e-3, 100))
def test_occupations_stay_possible(case, time):
    """Also from empty, ground and inverted states."""
    model, start = case
    run = model.solve(time * np.array([1e-3, 0.1, 1]), start)
    assert np.all(run.states >= 0)
    assert np.all(run.m <= model.two_level_systems)
    assert not np.any(np.isnan(run.temperatures))
    assert not np.any(np.isnan(run.entropy_production))


def test_two_level_systems_are_never_more_than_full():
    """Bright light from A excites all but one in 1e14 of them; the integrator goes beyond."""
    model = OpenWaveguide(gamma_dec=0, gamma_0=0, tilde_gamma_11=0)
    run = model.solve(np.geomspace(1e-16, 1e-3, 2000), start=[1e14, 0, 50])
    assert np.all(run.m <= 100)
    assert not np.any(np.isnan(run.entropy_production))


@settings(max_examples=60)
@given(models_and_states(closed_kinds))
def test_closed_models_conserve_quanta(case):
    model, start = case
    run = model.solve([1, 100], start)
    assert np.all(np.abs(run.quanta - model.quanta(start)) <= EXACT * model.quanta(start))


@pytest.mark.parametrize("changes", [{}, {"tilde_gamma_2": 10}, {"waveguide_modes": 7}])
def test_the_papers_loop_conserves_quanta_for_long(changes):
    model = ClosedLoop(**changes)
    run = model.solve(np.append(0, np.geomspace(1e-3, LONG, 300)))
    assert run.quanta == pytest.approx(model.quanta(model.initial_state), rel=EXACT)


def test_rates_by_mode_that_do_not_fit_lose_quanta():
    """What no parameters of the library can do."""
    model, times = ClosedLoop(), np.array([0.5, 1.0])
    weights = np.array([100, 100, 100, 100, 1])
    begin = weights @ model.initial_state
    fitting = independent_run(model, times, model.initial_state)
    assert fitting @ weights == pytest.approx(begin, rel=EXACT)
    wrong = independent_run(model, times, model.initial_state, gamma_1=0.11)
    lost = wrong @ weights / begin - 1
    assert np.all(np.abs(lost) > 1e-3)


@given(waveguides)
def test_mirror_image_runs_in_the_other_direction(case):
    """Exchange A and B, channels 1 and 2."""
    model, state = case
    exchanged = {
        f"{name}{r}": getattr(model, f"{name}{3 - r}")
        for name in ("tilde_gamma_", "tilde_gamma_1")
        for r in (1, 2)
    }
    mirror = dataclasses.replace(model, **exchanged)
    order = [1, 0, 2] if isinstance(model, OpenWaveguide) else [1, 0, 3, 2, 4]
    difference = mirror.derivative(state[order]) - model.derivative(state)[order]
    assert np.all(np.abs(difference) <= EXACT * (gross(model, state)[order] + 1e-300))


# The paper's numbers


@pytest.mark.parametrize(
    ("systems", "time"), [(99, 0.757), (100, 0.7511704), (101, 0.745)], ids=str
)
def test_entropy_production_turns_positive_when_the_paper_says(systems, time):
    (zero,) = OpenWaveguide(two_level_systems=systems).entropy_production_zeros(until=1000)
    digits = len(str(time)) - 2
    assert round(float(zero), digits) == time


@pytest.mark.parametrize(("systems", "changes"), [(1, 3), (10, 3), (28, 3), (29, 1), (50, 1)])
def test_few_two_level_systems_have_three_sign_changes(systems, changes):
    model = OpenWaveguide(two_level_systems=systems)
    zeros = model.entropy_production_zeros(until=2000)
    assert zeros.size == changes
    around = np.sort([0.999 * zeros, 1.001 * zeros], axis=None)
    signs = np.sign(model.solve(around).entropy_production).reshape(-1, 2)
    assert np.all(signs[:, 0] == -signs[:, 1])


def test_lowest_entropy_production_of_the_open_waveguide():
    run = OpenWaveguide().solve(np.linspace(0.1, 0.2, 10001))
    lowest = run.entropy_production.argmin()
    assert round(float(run.entropy_production[lowest]), 2) == -175.79
    assert round(float(run.times[lowest]), 4) == 0.1331


def test_highest_occupation_of_the_open_waveguide():
    run = OpenWaveguide().solve(np.linspace(0.5, 0.6, 10001))
    highest = run.n_B.argmax()
    assert round(float(run.n_B[highest]), 4) == 1.1158
    assert round(float(run.times[highest]), 3) == 0.569


def test_slow_mode_of_the_open_waveguide():
    rate, (n_A, n_B, _) = OpenWaveguide().slow_mode()
    assert round(rate, 10) == -0.0249862594
    assert f"{n_A / n_B:.8e}" == "9.99498877e-04"


def test_closed_loop_ends_with_less_entropy():
    model = ClosedLoop()
    run = model.solve([0, 3000])
    assert np.array_equal(run.entropy.round(3), [474.481, 285.909])
    steady = model.steady_state()
    assert np.array_equal(
        steady.round(8), [0.00337545, 2.22367372, 0.00593650, 0.36167099, 0.21915944]
    )
    assert run.states[-1] == pytest.approx(steady, rel=DYNAMICS)
    assert model.entropies(steady).sum() == pytest.approx(run.entropy[-1], rel=EXACT)


def test_bandwidth_that_lets_light_carry_enough_entropy():
    """1.9e11 /s at all times of Fig. 4; integrated from the start already 1e10 /s."""
    model = OpenWaveguide()
    run = model.solve(np.geomspace(1e-5, 400, 20001))
    change = model.entropy_change(run.states)

    def worst(bandwidth):
        return (change + model.emitted_entropy(run.states, bandwidth)).min()

    threshold = brentq(worst, 1e5, 1e6)
    assert f"{threshold:.1e}" == "1.9e+05"
    assert 1.86e5 < threshold < 1.87e5
    times = np.append(0, run.times)
    states = np.vstack([model.initial_state, run.states])
    emitted = cumulative_simpson(model.emitted_entropy(states, 1e4), x=times, initial=0)
    gained = model.entropies(states).sum(axis=1) - model.entropies(states[0]).sum()
    assert np.all(gained + emitted >= -1e-6)
    emitted = cumulative_simpson(model.emitted_entropy(states, 1e3), x=times, initial=0)
    assert np.any(gained + emitted < -1)


# Entropy


def written_out(model, state):
    """[B] (22)-(24), term by term, and the terms' size."""
    n_A, n_B, m = state
    M, N, g1, g2 = model.two_level_systems, model.modes, model.tilde_gamma_1, model.tilde_gamma_2
    log_A, log_B = np.log(n_A) - np.log(n_A + 1), np.log(n_B) - np.log(n_B + 1)
    log_m = np.log(m) - np.log(M - m)
    parts = {
        ("A", "B"): N
        * model.gamma_0
        * (n_B - n_A)
        * (np.log(n_B * (n_A + 1)) - np.log(n_A * (n_B + 1))),
        ("A", "TLS"): (g2 * m * (n_A + 1) - g1 * n_A * (M - m))
        * (np.log(m * (n_A + 1)) - np.log((M - m) * n_A)),
        ("TLS", "B"): (g1 * m * (n_B + 1) - g2 * n_B * (M - m))
        * (np.log(m * (n_B + 1)) - np.log((M - m) * n_B)),
    }
    size = model.fluxes(state).sum() * (abs(log_A) + abs(log_B) + abs(log_m))
    return parts, size


@given(models_and_states((OpenWaveguide,)))
def test_entropy_production_is_the_papers(case):
    model, state = case
    state = interior(model, state)
    expected, size = written_out(model, state)
    parts = model.entropy_production_parts(state)
    assert parts.keys() == expected.keys()
    for pair, part in parts.items():
        assert part == pytest.approx(expected[pair], rel=0, abs=EXACT * size)
    total = sum(expected.values())
    assert model.entropy_production(state) == pytest.approx(total, rel=0, abs=EXACT * size)


def entropy(model, state):
    """[B] (95), (96), (99), also of complex states."""
    light, m = state[:-1], state[-1]
    p = m / model.two_level_systems
    modes = np.sum(model.sizes[:-1] * ((light + 1) * np.log(light + 1) - light * np.log(light)))
    return modes - model.two_level_systems * (p * np.log(p) + (1 - p) * np.log(1 - p))


@given(models_and_states())
def test_entropy_production_is_entropy_change_and_heat_over_temperature(case):
    """The slope of the entropy along the rate equations is taken by a complex step."""
    model, state = case
    state = interior(model, state)
    change = entropy(model, state + 1e-100j * model.derivative(state)).imag / 1e-100
    light, m = state[:-1], state[-1]
    beta = np.append(np.log((light + 1) / light), np.log((model.two_level_systems - m) / m))
    heat = np.zeros_like(state)
    if isinstance(model, OpenWaveguide):
        # [B] (74).
        heat[:2] = 2 * model.modes * model.gamma_dec * light
        heat[2] = (model.tilde_gamma_11 + model.tilde_gamma_12) * m
    size = model.fluxes(state).sum() * np.abs(beta).sum()
    production = model.entropy_production(state)
    assert production == pytest.approx(change + heat @ beta, rel=0, abs=EXACT * size)
    assert model.entropy_change(state) == pytest.approx(change, rel=0, abs=EXACT * size)
    assert model.heat_flows(state) == pytest.approx(heat, rel=EXACT)
    assert model.entropies(state).sum() == pytest.approx(entropy(model, state).real, rel=EXACT)


def test_entropy_of_a_run_is_the_integral_of_its_production():
    """Over the whole fall of the closed loop's entropy."""
    run = ClosedLoop().solve(np.append(0, np.geomspace(1e-6, 3000, 20001)))
    integral = cumulative_simpson(run.entropy_production, x=run.times, initial=0)
    assert run.entropy - run.entropy[0] == pytest.approx(integral, rel=0, abs=1e-6)


@given(st.floats(0.1, 5), st.floats(1, 1e6))
def test_thermal_light_emits_its_own_entropy(beta, bandwidth):
    """Light of one temperature in all temporal modes of both channels, Δ/2π a µs each."""
    n = 1 / np.expm1(beta)
    temporal_modes = bandwidth / (2 * np.pi)
    model = OpenWaveguide(gamma_dec=1.0, tilde_gamma_11=0)
    state = [temporal_modes * n / model.modes, 0, 0]
    expected = 2 * temporal_modes * (n * beta + np.log1p(n))
    assert model.emitted_entropy(state, bandwidth) == pytest.approx(expected, rel=EXACT)


def test_emitted_entropy_counts_each_channel():
    model = OpenWaveguide(tilde_gamma_12=3.0)
    n_A, n_B, m = state = np.array([0.7, 0.2, 20.0])
    expected = 0.0
    for emission in (10.0, 3.0):
        n = 2 * np.pi * (100 * 0.01 * (n_A + n_B) + emission * m) / 1e3
        expected += 1e3 / (2 * np.pi) * ((n + 1) * np.log(n + 1) - n * np.log(n))
    assert model.emitted_entropy(state, 1e3) == pytest.approx(expected, rel=EXACT)
    both = model.emitted_entropy([state, state], 1e3)
    assert both == pytest.approx([expected, expected], rel=EXACT)


def test_what_reaches_an_empty_mode_produces_infinite_entropy():
    """And nothing is NaN, also where an empty mode meets inverted two-level systems."""
    model = OpenWaveguide()
    run = model.solve([0, 1e-3], start=[0, 0, 100])
    assert np.array_equal(run.temperatures[0], [0, 0, 0])
    assert run.entropy_production[0] == model.entropy_change(run.states[0]) == np.inf
    assert np.isfinite(run.entropy_production[1])
    assert run.temperature_TLS[1] < 0
    empty = np.zeros(3)
    assert model.entropy_production(empty) == model.entropies(empty).sum() == 0
    half = model.solve([0], start=[1, 1, 50])
    assert half.temperature_TLS[0] == np.inf


# Equal temperatures


@settings(max_examples=60)
@given(models((OpenWaveguide, ClosedLoop)), st.floats(0.2, 5))
def test_symmetric_coupling_leaves_equal_temperatures_in_place(model, beta):
    """Of the closed loop, and of the open waveguide as far as it keeps its quanta."""
    balanced = {"tilde_gamma_2": model.tilde_gamma_1, "beta": beta}
    if isinstance(model, OpenWaveguide):
        balanced |= {"gamma_dec": 0, "tilde_gamma_11": 0, "tilde_gamma_12": 0}
    model = dataclasses.replace(model, **balanced)
    assert model.is_balanced
    defect = model.equilibrium_defect()
    assert np.all(np.abs(defect.derivative) <= EXACT * gross(model, defect.state) + 1e-300)
    run = model.solve([1, 100])
    assert run.inverse_temperatures == pytest.approx(np.full(run.states.shape, beta), rel=EXACT)
    assert model.steady_state() == pytest.approx(model.initial_state, rel=EXACT)


@given(models((OpenWaveguide, ClosedLoop)), st.floats(0.2, 5))
def test_equilibrium_defect_is_the_asymmetry(model, beta):
    """dn_A/dt = -(γ_1 - γ_2) m (n + 1)² in the loop, and one factor less where n_r = 0."""
    defect = model.equilibrium_defect(beta)
    n, m = defect.state[0], defect.state[-1]
    factors = 2 if isinstance(model, ClosedLoop) else 1
    expected = (model.gamma_1 - model.gamma_2) * m * (n + 1) ** factors
    size = (model.gamma_1 + model.gamma_2) * m * (n + 1) ** factors
    scale = EXACT * (size + (model.gamma_0 + model.gamma_dec) * (n + 1) ** 4) + 1e-300
    assert defect.derivative[0] == pytest.approx(-expected, rel=0, abs=scale)
    assert defect.derivative[1] == pytest.approx(expected, rel=0, abs=scale)
    fluxes = model.fluxes(defect.state).sum()
    for pair, flow in defect.flows.items():
        responsible = pair in (("A", "TLS"), ("TLS", "B"))
        named = model.modes * expected if responsible else 0.0
        assert flow == pytest.approx(named, rel=0, abs=EXACT * fluxes + 1e-300)
    assert model.is_balanced == (model.tilde_gamma_1 == model.tilde_gamma_2)


def test_light_and_the_embedded_cavity_are_balanced():
    """Whatever their parameters."""
    for seed in range(20):
        cavity, einstein = random_cavity(seed), random_einstein(seed)
        assert cavity.is_balanced
        assert einstein.is_balanced
        assert set(cavity.equilibrium_defect().flows) == {("A", "C"), ("C", "TLS"), ("A", "TLS")}


def random_cavity(seed):
    random = np.random.default_rng(seed)
    return EmbeddedCavity(
        two_level_systems=int(random.integers(1, 500)),
        modes=random.uniform(1, 100),
        outer_modes=random.uniform(1, 1000),
        gamma_4=random.exponential(),
        tilde_gamma_5=random.exponential(),
        tilde_gamma_6=random.exponential(),
    )


def random_einstein(seed):
    random = np.random.default_rng(seed)
    return EinsteinRates(
        two_level_systems=int(random.integers(1, 500)),
        modes=random.uniform(1, 100),
        tilde_gamma=random.exponential(),
    )


def random_loop(seed):
    random = np.random.default_rng(seed)
    coupling, radiation = random.exponential(size=2)
    return ClosedLoop(
        two_level_systems=int(random.integers(1, 500)),
        modes=random.uniform(1, 100),
        waveguide_modes=random.uniform(1, 100),
        gamma_dec=random.exponential(),
        gamma_0=random.exponential(),
        gamma_3=random.exponential(),
        tilde_gamma_1=coupling,
        tilde_gamma_2=coupling,
        tilde_gamma_11=radiation,
        tilde_gamma_12=radiation,
    )


def random_start(model, seed):
    random = np.random.default_rng(seed)
    light = random.exponential(size=len(model.variables) - 1)
    if isinstance(model, ClosedLoop):
        light[3] = light[2]
    return np.append(light, random.uniform(0, 0.9) * model.two_level_systems)


@pytest.mark.parametrize("make", [random_cavity, random_einstein, random_loop])
@pytest.mark.parametrize("seed", range(8))
def test_balanced_models_come_to_one_temperature(make, seed):
    """From any start; their entropy never decreases on the way, if channels are filled alike."""
    model = make(seed)
    start = random_start(model, seed)
    run = model.solve(np.append(0, np.geomspace(1e-6, 1e4, 400)), start)
    assert np.all(np.diff(run.entropy) >= -EXACT * run.entropy[-1])
    assert np.all(run.entropy_production >= -EXACT * np.abs(run.entropy_production).max())
    assert run.quanta == pytest.approx(model.quanta(start), rel=EXACT)
    steady = model.steady_state(start)
    assert model.quanta(steady) == pytest.approx(model.quanta(start), rel=1e-14)
    beta = model.inverse_temperatures(steady)
    assert beta == pytest.approx(np.full(beta.shape, beta[0]), rel=EXACT, abs=EXACT)
    # The temperature is the one at which all of the quanta fit in.
    assert model.quanta(model.thermal_state(beta[0])) == pytest.approx(run.quanta[0], rel=EXACT)
    # No state of the same energy has more entropy.
    assert model.entropies(steady).sum() >= run.entropy[-1] * (1 - EXACT)


@pytest.mark.parametrize("seed", range(8))
def test_symmetric_loops_come_to_one_temperature_from_unlike_channels(seed):
    model = dataclasses.replace(random_loop(seed), tilde_gamma_12=3.0)
    random = np.random.default_rng(seed)
    start = np.append(random.exponential(size=4), random.uniform(0, 0.9) * model.two_level_systems)
    beta = model.inverse_temperatures(model.steady_state(start))
    assert beta == pytest.approx(np.full(5, beta[0]), rel=EXACT)


def test_unlike_channels_can_move_heat_from_cold_to_hot_in_a_symmetric_loop():
    """The factors n_r + 1 of (88) are those of different channels in the two directions."""
    model = ClosedLoop(gamma_dec=0, gamma_3=0, tilde_gamma_1=0, tilde_gamma_11=0)
    assert model.is_balanced
    state = n_A, n_B, n_1, n_2, _ = model.thermal_state([1, 0.9, 0.5, 2, 1])
    heat = n_A * (n_B + 1) * (n_1 + 1) - n_B * (n_A + 1) * (n_2 + 1)
    assert heat > 0
    assert model.flows(state)["A", "B"] == pytest.approx(heat, rel=EXACT)
    assert model.entropy_production(state) == pytest.approx(-0.1 * heat, rel=1e-10)


# Where it ends


@settings(max_examples=40)
@given(models_and_states((ClosedLoop,)))
def test_steady_states_solve_the_equations_to_rounding(case):
    model, start = case
    steady = model.steady_state(start)
    residual = np.array(equations(model, steady))
    assert np.all(np.abs(residual) <= 1e-13 * gross(model, steady) + 1e-300)
    assert model.quanta(steady) == pytest.approx(model.quanta(start), rel=1e-14)


@given(models_and_states((OpenWaveguide,)))
def test_a_waveguide_that_leaks_everywhere_ends_empty(case):
    model, start = case
    model = dataclasses.replace(model, gamma_dec=0.01, tilde_gamma_11=0.01)
    assert np.array_equal(model.steady_state(start), np.zeros(3))


def test_a_waveguide_that_does_not_leak_keeps_its_quanta():
    model = OpenWaveguide(gamma_dec=0, tilde_gamma_11=0)
    steady = model.steady_state()
    assert model.quanta(steady) == pytest.approx(model.quanta(model.initial_state), rel=1e-15)
    assert np.all(np.abs(equations(model, steady)) <= 1e-14 * gross(model, steady))
    assert steady[0] < steady[1]


def test_what_cannot_leave_remains():
    """Only the two-level systems emit for the outside, and B gives nothing to them."""
    model = OpenWaveguide(gamma_dec=0, gamma_0=0)
    n_A, n_B, m = model.steady_state()
    assert n_A == m == 0
    assert n_B == pytest.approx(model.solve([LONG]).n_B[0], rel=DYNAMICS)
    assert n_B > model.initial_state[1]
    # Without any exchange all is as it was.
    still = EinsteinRates(two_level_systems=10, modes=10, tilde_gamma=0)
    assert np.array_equal(still.steady_state([2, 3]), [2, 3])


@given(models((OpenWaveguide,)))
def test_slow_mode_decays_as_the_equations_say(model):
    model = dataclasses.replace(model, gamma_dec=0.02, tilde_gamma_12=0.5)
    rate, direction = model.slow_mode()
    matrix = np.array([equations(model, state) for state in 1e-9 * np.eye(3)]).T / 1e-9
    slowest = np.linalg.eigvals(matrix).real.max()
    assert rate == pytest.approx(slowest, rel=1e-6)
    assert rate < 0
    assert np.all(direction >= 0)
    assert direction.max() == 1
    linear = model.linearization([0, 0, 0])
    assert linear @ direction == pytest.approx(
        rate * direction, rel=0, abs=EXACT * gross_norm(linear)
    )


def test_slow_leaks_keep_their_digits():
    """However fast the exchange: of quanta in three equal parts only those in the TLS leave."""
    for leak in (1e-10, 1e-16, 1e-25):
        model = OpenWaveguide(gamma_dec=leak, gamma_0=1, tilde_gamma_1=0)
        rate, direction = model.slow_mode()
        assert rate == pytest.approx(-2 * leak, rel=EXACT)
        assert direction[:2] == pytest.approx([1, 1], rel=EXACT)
    model = OpenWaveguide(gamma_dec=0, gamma_0=1, tilde_gamma_2=10, tilde_gamma_11=1e-18)
    rate, direction = model.slow_mode()
    assert rate == pytest.approx(-1e-18 / 3, rel=EXACT)
    assert direction == pytest.approx([0.01, 0.01, 1], rel=EXACT)


@given(models((OpenWaveguide,)), st.floats(-20, 2))
def test_slow_mode_loses_what_leaks(model, exponent):
    """d(quanta)/dt is minus the heat outside, without any difference of large numbers."""
    model = dataclasses.replace(model, gamma_dec=10**exponent, tilde_gamma_12=3 * 10**exponent)
    rate, direction = model.slow_mode()
    lost = model.heat_flows(direction).sum() / model.quanta(direction)
    assert rate == pytest.approx(-lost, rel=1e-11)


@pytest.mark.parametrize("start", [[0, 0.2, 20], [0, 0.1, 90]])
def test_what_stays_empty_hides_no_sign_change(start):
    """Nothing reaches A, whose inverse temperature stays infinite."""
    model = OpenWaveguide(gamma_0=0, tilde_gamma_11=0)
    (zero,) = model.entropy_production_zeros(100, start)
    before, after = model.solve([0.99 * zero, 1.01 * zero], start).entropy_production
    assert before > 0 > after


def gross_norm(matrix):
    return np.abs(matrix).sum(axis=1).max()


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (ClosedLoop(), 0),
        (ClosedLoop(two_level_systems=56, beta=2.97, modes=278), 0),
        (OpenWaveguide(two_level_systems=121, beta=0.672276450698343, modes=204.48), 1),
    ],
)
def test_rounding_near_equal_temperatures_and_steady_states_has_no_sign(model, changes):
    assert model.entropy_production_zeros(until=1000).size == changes


def test_balanced_loops_do_not_change_the_sign_of_entropy_production():
    model = ClosedLoop(tilde_gamma_2=10, tilde_gamma_12=10)
    assert model.entropy_production_zeros(100).size == 0
    start = model.thermal_state([1, 2, 1, 1, 3])
    assert model.entropy_production_zeros(100, start).size == 0


# Objects


def test_runs_and_models_can_be_copied_and_pickled():
    model = ClosedLoop()
    run = model.solve([0, 1])
    for made in (copy.deepcopy(run), pickle.loads(pickle.dumps(run)), copy.copy(run)):
        assert made.model == model
        assert np.array_equal(made.n_A, run.n_A)
        assert np.array_equal(made.entropy, run.entropy)
    assert pickle.loads(pickle.dumps(model)) == copy.copy(model) == model
    assert hash(ClosedLoop()) == hash(model)
    assert dataclasses.replace(model, beta=2).beta == 2


def test_a_run_names_its_occupations_and_temperatures():
    run = OpenWaveguide().solve([0, 1, 2])
    assert {"n_A", "n_B", "m", "temperature_A", "temperature_TLS", "entropy"} <= set(dir(run))
    assert np.array_equal(np.stack([run.n_A, run.n_B, run.m], axis=1), run.states)
    assert np.array_equal(run.temperature_TLS, run.temperatures[:, 2])
    assert run.entropies.shape == run.heat_flows.shape == run.states.shape
    assert np.array_equal(run.entropy_production_parts["A", "B"], parts_of(run)["A", "B"])
    with pytest.raises(AttributeError, match="n_C"):
        _ = run.n_C


def parts_of(run):
    return run.model.entropy_production_parts(run.states)


def test_models_are_frozen_and_their_base_is_abstract():
    with pytest.raises(dataclasses.FrozenInstanceError):
        OpenWaveguide().beta = 2
    with pytest.raises(TypeError, match="abstract"):
        RateModel()


@given(models_and_states())
def test_arrays_of_states_are_taken_one_by_one(case):
    model, state = case
    states = np.stack([state, interior(model, state), model.initial_state])
    states = np.stack([states, states[::-1]])
    for function in (
        model.fluxes,
        model.derivative,
        model.linearization,
        model.quanta,
        model.inverse_temperatures,
        model.entropies,
        model.heat_flows,
        model.entropy_change,
        model.entropy_production,
    ):
        together = function(states)
        one_by_one = np.array([[function(x) for x in row] for row in states])
        assert np.allclose(together, one_by_one, rtol=EXACT, atol=1e-10)


# Refusals

GOOD = {
    OpenWaveguide: {},
    ClosedLoop: {},
    EinsteinRates: {"two_level_systems": 10, "modes": 10, "tilde_gamma": 1},
    EmbeddedCavity: {
        "two_level_systems": 10,
        "modes": 10,
        "outer_modes": 10,
        "gamma_4": 1,
        "tilde_gamma_5": 1,
        "tilde_gamma_6": 1,
    },
}
PARAMETERS = [(kind, field.name) for kind in GOOD for field in dataclasses.fields(kind)]


@pytest.mark.parametrize(("kind", "name"), PARAMETERS)
def test_impossible_parameters_are_refused_by_name(kind, name):
    bad = [-1, np.nan, np.inf, 10**40]
    if name == "beta" or name.endswith(("modes", "systems")):
        bad.append(0)
    for value in bad:
        with pytest.raises((ValueError, TypeError), match=name):
            kind(**(GOOD[kind] | {name: value}))
    for value in ("many", 1j, None):
        with pytest.raises(TypeError, match=name):
            kind(**(GOOD[kind] | {name: value}))
    with pytest.raises((ValueError, TypeError), match=name):
        kind(**(GOOD[kind] | {name: [1, 2]}))


@pytest.mark.parametrize("kind", list(GOOD))
def test_numbers_of_systems_that_are_not_whole_are_refused(kind):
    with pytest.raises(TypeError, match=r"two_level_systems.*whole"):
        kind(**(GOOD[kind] | {"two_level_systems": 10.5}))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([1, 1], r"\(\.\.\., 3\)"),
        (1.0, r"\(\.\.\., 3\)"),
        ([1, 1, 1, 1], r"n_A, n_B, m"),
        ([-1e-9, 1, 1], "negative"),
        ([1, 1, -1], "negative"),
        ([1, 1, 100.001], "m must not exceed.*100"),
        ([1, np.nan, 1], "NaN"),
        ([1, 1e31, 1], "at most 1e"),
        ([[1, 1, 1], [1, 1, 101]], "101"),
    ],
)
def test_impossible_states_are_refused(state, message):
    model = OpenWaveguide()
    for function in (
        model.checked_state,
        model.derivative,
        model.linearization,
        model.quanta,
        model.inverse_temperatures,
        model.entropies,
        model.flows,
        model.heat_flows,
        model.entropy_change,
        model.entropy_production,
        lambda x: model.emitted_entropy(x, 1.0),
        lambda x: model.solve([1], x),
        model.steady_state,
        lambda x: model.entropy_production_zeros(1, x),
    ):
        with pytest.raises(ValueError, match=message):
            function(state)


def test_only_one_start_is_taken():
    with pytest.raises(ValueError, match=r"one state, \(3,\), got \(2, 3\)"):
        OpenWaveguide().solve([1], [[1, 1, 1], [1, 1, 1]])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1, 1], "increase"),
        ([0, 2, 1], "2.0 before 1.0"),
        ([-1, 1], "negative"),
        ([], r"\(n,\)"),
        (1.0, r"\(n,\)"),
        ([[1, 2]], r"\(n,\)"),
        ([0, np.nan], "NaN"),
    ],
)
def test_times_that_do_not_increase_are_refused(times, message):
    with pytest.raises(ValueError, match=message):
        OpenWaveguide().solve(times)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"two_level_systems": 10**400}, r"`two_level_systems` must be at most 1e\+30, got 1.*400"),
        ({"modes": 1e-310}, "`modes` must be from 1e-30 to 1e"),
        ({"beta": 1e-31}, "`beta` must be from 1e-30 to 1e"),
        ({"gamma_dec": 1e31}, r"`gamma_dec` must be at most 1e\+30, got 1.00e\+31"),
    ],
)
def test_parameters_out_of_range_are_told_the_range(parameters, message):
    with pytest.raises(ValueError, match=message):
        OpenWaveguide(**parameters)


def test_the_hottest_model_can_be_computed_with():
    model = ClosedLoop(beta=1e-30)
    assert np.all(np.isfinite(model.derivative(0.999 * model.initial_state)))
    assert not model.is_balanced
    assert ClosedLoop(beta=1e-30, tilde_gamma_2=10).is_balanced


@pytest.mark.parametrize("beta", [0, -1, [1, 2], np.nan, 1e-120])
def test_impossible_temperatures_are_refused(beta):
    with pytest.raises(ValueError, match="beta"):
        OpenWaveguide().thermal_state(beta)
    with pytest.raises(ValueError, match="beta"):
        ClosedLoop().equilibrium_defect(beta)


def test_other_arguments_are_refused():
    with pytest.raises(ValueError, match="until"):
        OpenWaveguide().entropy_production_zeros(0)
    with pytest.raises(ValueError, match="bandwidth"):
        OpenWaveguide().emitted_entropy([1, 1, 1], 0)
    with pytest.raises(ValueError, match="never leave"):
        OpenWaveguide(gamma_dec=0, tilde_gamma_11=0).slow_mode()


def test_an_integration_that_rounding_holds_up_is_an_error_and_no_warning(monkeypatch):
    monkeypatch.setattr(rate_model, "MOST_EVALUATIONS", 5000)
    model = ClosedLoop(
        modes=2.4e8,
        waveguide_modes=5.5,
        gamma_dec=8.6e3,
        gamma_0=4,
        tilde_gamma_2=2900,
        two_level_systems=7,
    )
    with pytest.raises(ConvergenceError, match="orders of magnitude"):
        model.solve([4e5], [766, 589, 22, 1.8, 0.05])
