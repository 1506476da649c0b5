"""Laws of the completed rates: conservation, equal temperatures, entropy, exact chains."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from detailedbalance.light import (
    Chain,
    ClosedLoop,
    CompletedLoop,
    CompletedWaveguide,
    MicroscopicCoupling,
    OpenWaveguide,
    mode_inverse_temperature,
    sample_trajectories,
    two_level_inverse_temperature,
)

EXACT = 1e-12
"""Of identities, relative to the terms that are added."""

parts = st.just(0.0) | st.floats(1e-3, 1)


@st.composite
def loops(draw):
    """A physical closed loop of any strength and chirality."""
    systems = draw(st.integers(1, 300))
    capture = draw(parts)
    most = min(1 - capture, 0.49)
    return CompletedLoop(
        two_level_systems=systems,
        modes=draw(st.floats(1, 300)),
        waveguide_modes=draw(st.floats(1, 300)),
        bandwidth=draw(st.floats(0.1, 1000)),
        capture=capture,
        crossing=most * draw(parts),
        absorption_1=draw(parts) / systems,
        absorption_2=draw(parts) / systems,
    )


@st.composite
def loops_with_states(draw):
    """A loop and states (20, 5), some far from equal temperatures."""
    loop = draw(loops())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    states = np.exp(random.uniform(-7, 3, (20, 5)))
    states[:, 4] = loop.two_level_systems * random.uniform(0, 1, 20)
    return loop, states


def opened(loop):
    """The open waveguide with the parameters of a loop."""
    names = {field.name for field in dataclasses.fields(CompletedWaveguide)}
    values = {f.name: getattr(loop, f.name) for f in dataclasses.fields(loop) if f.name in names}
    return CompletedWaveguide(**values)


# What the fluxes are


@settings(max_examples=30)
@given(loops_with_states())
def test_fluxes_are_those_of_occupations_followed_along_the_channels(case):
    """The derivative against the chain solved by iteration, and no flux is negative."""
    loop, states = case
    R, C, M = loop.capture, loop.crossing, loop.two_level_systems
    n_A, n_B, n_1, n_2, m = states.T
    f = b = f_out = b_out = np.zeros_like(m)
    for _ in range(3000):
        f = (1 - R - C) * n_1 + R * n_A + C * b_out
        b = (1 - R - C) * n_2 + R * n_B + C * f_out
        e_1 = loop.absorption_1 * ((M - m) * f - m * (f + 1))
        e_2 = loop.absorption_2 * ((M - m) * b - m * (b + 1))
        f_out, b_out = f - e_1, b - e_2
    expected = (
        loop.bandwidth
        / (2 * np.pi)
        * np.array(
            [
                R * (n_1 + b_out - 2 * n_A) / loop.modes,
                R * (n_2 + f_out - 2 * n_B) / loop.modes,
                ((1 - R - C) * f_out + R * n_B + C * n_2 - n_1) / loop.waveguide_modes,
                ((1 - R - C) * b_out + R * n_A + C * n_1 - n_2) / loop.waveguide_modes,
                e_1 + e_2,
            ]
        )
    )
    fluxes = loop.fluxes(states)
    scale = fluxes.sum(axis=-1)[:, None] / loop.sizes
    assert np.all(np.abs(loop.derivative(states) - expected.T) <= 1e-10 * scale)
    assert np.all(fluxes >= -1e-15 * fluxes.max())


@given(loops_with_states())
def test_an_open_waveguide_is_a_loop_with_empty_channels(case):
    loop, states = case
    states[:, 2:4] = 0
    model, three = opened(loop), states[:, [0, 1, 4]]
    closed = loop.derivative(states)
    scale = loop.fluxes(states).sum(axis=-1, keepdims=True)
    assert np.all(np.abs(model.derivative(three) - closed[:, [0, 1, 4]]) <= EXACT * scale)
    flow = loop.temporal_modes * model.outgoing(three)
    assert np.all(np.abs(flow - loop.waveguide_modes * closed[:, 2:4]) <= EXACT * scale)


@pytest.mark.parametrize("capture", [0.05, 0.3, 0.5])
def test_one_photon_goes_where_the_chain_sends_it(capture):
    """All systems in the ground state; the chain is averaged over the phase of the round trip."""
    x = brentq(lambda x: 4 * x / (1 + 2 * x) ** 2 - capture, 0, 0.5) if capture < 0.5 else 0.5
    y = 0.15
    loop = CompletedLoop(
        two_level_systems=50,
        capture=capture,
        crossing=4 * x**2 / (1 + 2 * x) ** 2,
        absorption_1=4 * y / (1 + y) ** 2 / 50,
    )
    phases = 2 * np.pi * np.arange(64)[:, None] / 64 * np.array([1.0, 0.0])
    chain = Chain((x, y, x), (x, 0, x), phases)
    exact = chain.probabilities.mean(axis=0)
    for source, name in enumerate(("A", "B", "1", "2")):
        state = np.zeros(5)
        state[source] = 1e-9
        flows = loop.fluxes(state) / 1e-9 / loop.temporal_modes
        for process, flow in zip(loop.processes, flows, strict=True):
            if process.source == name:
                expected = exact[chain.ports.index(process.target), chain.ports.index(name)]
                assert flow == pytest.approx(expected, abs=1e-12)


@given(loops_with_states())
def test_what_a_loses_depends_on_nothing_downstream(case):
    """All that leaves A goes into the channels, R each; what is turned round comes back."""
    loop, states = case
    loop = dataclasses.replace(loop, crossing=0.0)
    from_a = [i for i, process in enumerate(loop.processes) if process.source == "A"]
    lost = loop.fluxes(states)[:, from_a].sum(axis=1)
    expected = 2 * loop.capture * loop.temporal_modes * states[:, 0]
    assert lost == pytest.approx(expected, rel=1e-12)


# Laws


@given(loops(), st.floats(0.01, 10))
def test_equal_temperatures_are_stationary_and_detailed_balance_is_broken(loop, beta):
    defect = loop.equilibrium_defect(beta)
    scale = loop.fluxes(defect.state).sum()
    assert np.all(np.abs(defect.derivative * loop.sizes) <= EXACT * scale)
    chiral = dataclasses.replace(loop, absorption_2=0.0)
    broken = loop.capture > 1e-3 and loop.absorption_1 * loop.two_level_systems > 1e-3
    assert not (broken and chiral.is_balanced)


@given(loops_with_states())
def test_quanta_are_conserved(case):
    loop, states = case
    change = loop.derivative(states) @ loop.sizes
    assert np.all(np.abs(change) <= EXACT * loop.fluxes(states).sum(axis=-1))


@given(loops_with_states())
def test_entropy_never_decreases(case):
    loop, states = case
    beta = np.abs(loop.inverse_temperatures(states)).max(axis=-1)
    scale = loop.fluxes(states).sum(axis=-1) * beta
    assert np.all(loop.entropy_change(states) >= -EXACT * scale)


@given(loops_with_states())
def test_an_open_system_and_its_light_never_lose_entropy(case):
    loop, states = case
    model, states = opened(loop), states[:, [0, 1, 4]]
    total = model.entropy_change(states) + model.emitted_entropy(states)
    beta = np.abs(model.inverse_temperatures(states)).max(axis=-1)
    assert np.all(total >= -EXACT * model.fluxes(states).sum(axis=-1) * beta)


@pytest.mark.parametrize("seed", range(4))
def test_entropy_never_decreases_from_random_starts(seed):
    """25 runs each, with aM = 1 and either chirality."""
    random = np.random.default_rng(seed)
    loop = CompletedLoop(capture=0.3, absorption_1=0.01, absorption_2=0.01 * (seed % 2))
    times = np.geomspace(0.01, 300, 40)
    for _ in range(25):
        start = np.append(np.exp(random.uniform(-4, 2, 4)), random.uniform(0, 100))
        entropy = loop.solve(times, start).entropy
        assert np.all(np.diff(entropy) >= -1e-9 * entropy[:-1])


def test_entropy_decreases_somewhere_if_more_than_everything_is_absorbed():
    loop = CompletedLoop(capture=0.3, absorption_1=0.1, allow_unphysical=True)
    random = np.random.default_rng(0)
    states = np.exp(random.uniform(-4, 2, (200, 5)))
    states[:, 4] = random.uniform(0, 100, 200)
    assert loop.entropy_change(states).min() < -1
    assert loop.derivative([5.0, 1e-3, 5.0, 1.0, 0.0])[1] < 0  # B loses what it does not have
    assert np.abs(loop.equilibrium_defect().derivative).max() <= EXACT


def test_what_entropy_needs_is_that_light_does_not_overshoot_the_systems_temperature():
    """a (M - 2m) ≤ 1: with more systems excited, aM may exceed one."""
    loop = CompletedLoop(absorption_1=0.02, absorption_2=0.02, allow_unphysical=True)
    random = np.random.default_rng(3)
    states = np.exp(random.uniform(-6, 2, (500, 5)))
    states[:, 4] = random.uniform(25, 100, 500)
    assert loop.entropy_change(states).min() > 0


@given(loops_with_states())
def test_occupations_stay_within_those_of_the_start(case):
    """The hottest cools and the coldest warms, with any chirality."""
    loop, states = case
    M = loop.two_level_systems
    states[:, 4] = np.minimum(states[:, 4], 0.45 * M)
    m = states[:, 4]
    level = np.column_stack([states[:, :4], m / (M - 2 * m)])
    rate = loop.derivative(states)
    scale = EXACT * loop.fluxes(states).sum(axis=-1) / loop.sizes.min()
    rows = np.arange(len(states))
    assert np.all(rate[rows, level.argmax(axis=1)] <= scale)
    assert np.all(rate[rows, level.argmin(axis=1)] >= -scale)


def test_a_cavity_of_the_open_waveguide_never_has_more_than_at_the_start():
    model = CompletedWaveguide(capture=0.5)
    run = model.solve(np.geomspace(0.1, 1000, 50))
    start = model.initial_state
    assert np.all(run.states <= start * (1 + EXACT))
    assert np.all(run.n_B >= run.n_A)  # the asymmetry is real
    assert np.max(run.n_B - run.n_A) > 0.01


def test_light_of_one_temperature_leaves_a_transparent_waveguide_at_capture_twice():
    model = CompletedWaveguide(capture=0.25, absorption_1=0.0)
    assert model.outgoing([2, 2, 0]) == pytest.approx(2 * (1 - 0.75**2))


# Against the printed rates


@pytest.mark.parametrize("phases", [True, False])
def test_printed_rates_are_those_of_the_couplings_with_the_same_capture_and_absorption(phases):
    coupling = MicroscopicCoupling(
        h=1e-3,
        g_1=2e-3,
        g_2=1e-3,
        rho=3.0,
        rho_wg=5.0,
        bandwidth=40.0,
        two_level_systems=7,
        propagation_phases=phases,
    )
    numbers = dict(
        two_level_systems=7,
        modes=coupling.modes,
        bandwidth=coupling.bandwidth,
        capture=4 * coupling.x,
        absorption_1=4 * coupling.y_1,
        absorption_2=4 * coupling.y_2,
    )
    pairs = [
        (CompletedWaveguide(**numbers), coupling.open_waveguide()),
        (
            CompletedLoop(**numbers, waveguide_modes=coupling.waveguide_modes),
            coupling.closed_loop(),
        ),
    ]
    for completed, expected in pairs:
        printed = completed.printed_rates(propagation_phases=phases)
        for field in dataclasses.fields(expected):
            assert getattr(printed, field.name) == pytest.approx(
                getattr(expected, field.name), rel=1e-12
            )


def test_printed_rates_are_off_by_the_chirality_where_completed_ones_are_stationary():
    loop = CompletedLoop(capture=0.1, absorption_1=0.008, absorption_2=0.003)
    for phases in (True, False):
        printed = loop.printed_rates(phases)
        n_A, *_, m = printed.initial_state
        expected = (printed.gamma_1 - printed.gamma_2) * m * (n_A + 1) ** 2
        assert printed.equilibrium_defect().derivative == pytest.approx(
            [-expected, expected, 0, 0, 0], abs=1e-12 * expected * 100
        )


def test_to_lowest_order_both_send_the_same_from_a_to_the_systems():
    loop = CompletedLoop(capture=1e-6, absorption_1=1e-6)
    state = np.array([1e-6, 0, 0, 0, 0])
    process = [p.name for p in loop.processes].index("TLS absorb from A through channel 1")
    completed = loop.fluxes(state)[process]
    assert completed == pytest.approx(loop.printed_rates(True).fluxes(state)[process], rel=1e-5)


# What a model can do


def test_completed_models_are_models_like_the_others():
    model = CompletedWaveguide(capture=0.2, absorption_1=0.005)
    assert model.steady_state() == pytest.approx(np.zeros(3))
    loop = CompletedLoop(capture=0.2, absorption_1=0.005)
    start = loop.thermal_state([1, 2, 3, 1, 0.5])
    final = loop.steady_state(start)
    assert loop.quanta(final) == pytest.approx(float(loop.quanta(start)), rel=1e-12)
    beta = loop.inverse_temperatures(final)
    assert beta == pytest.approx(np.full(5, beta[0]), rel=1e-10)
    assert beta[0] == pytest.approx(float(mode_inverse_temperature(final[0])))
    assert beta[4] == pytest.approx(float(two_level_inverse_temperature(final[4] / 100)))
    paths = sample_trajectories(model, [0.0, 5.0], 50, seed=1)
    assert np.all(np.diff(paths.quanta.sum(axis=-1), axis=1) <= 0)


def test_processes_are_those_of_the_printed_models():
    assert CompletedLoop.processes == ClosedLoop.processes
    assert CompletedWaveguide.processes == OpenWaveguide.processes


# What cannot be


@pytest.mark.parametrize("model", [CompletedLoop, CompletedWaveguide])
def test_impossible_parameters_are_refused(model):
    with pytest.raises(ValueError, match=r"`absorption_1` times .* 0.02 · 100 = 2: .* lower it to"):
        model(absorption_1=0.02)
    with pytest.raises(ValueError, match="`absorption_2` times the number"):
        model(absorption_2=0.02)
    with pytest.raises(ValueError, match=r"`capture` is a part of the passing light, .* got 1.5"):
        model(capture=1.5)
    with pytest.raises(ValueError, match=r"`capture` \+ `crossing` is a part"):
        model(capture=0.8, crossing=0.3)
    with pytest.raises(ValueError, match=r"start a laser, with the gain 1.28 in a round"):
        model(capture=0.1, crossing=0.8)
    with pytest.raises(ValueError, match="`bandwidth` must be positive"):
        model(bandwidth=0)
    with pytest.raises(TypeError, match="`allow_unphysical` must be a bool"):
        model(allow_unphysical=1)
    with pytest.raises(TypeError, match="`propagation_phases` must be a bool"):
        model().printed_rates(1)


@settings(max_examples=5)
@given(loops())
def test_loops_can_be_changed(loop):
    assert dataclasses.replace(loop, capture=0.0).capture == 0.0
