"""Laws of jumping quanta, with fixed seeds: statistics within four standard errors."""

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from strategies import seeds

from detailedbalance import count_jumps, evolve, stationary_state
from detailedbalance.light import (
    OUTSIDE,
    ClosedLoop,
    EinsteinRates,
    EmbeddedCavity,
    OpenWaveguide,
    sample_trajectories,
)

TIMES = np.array([0.1, 0.3, 1.0])
EINSTEIN = EinsteinRates(two_level_systems=40, modes=30.0, tilde_gamma=2.0)
EMBEDDED = EmbeddedCavity(
    two_level_systems=20,
    modes=10.0,
    outer_modes=40.0,
    gamma_4=1.0,
    tilde_gamma_5=2.0,
    tilde_gamma_6=0.5,
)


def assert_distributed(seen, p):
    """χ² of numbers against probabilities; rare classes are put together."""
    expected = np.asarray(p) * seen.sum()
    assert expected.sum() == pytest.approx(seen.sum(), rel=1e-9)
    common = expected >= 8
    seen = np.append(seen[common], seen[~common].sum())
    # A class that nothing can be in adds nothing to χ² if nothing is in it.
    expected = np.append(expected[common], max(expected[~common].sum(), 1e-9))
    assert stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-3


# Small systems, against the master equation


def einstein_chain(M, modes, quanta, rate):
    """Rates between m = 0 … M of two-level systems that share `quanta` with `modes` modes."""
    m = np.arange(min(M, quanta) + 1)
    rates = np.zeros((m.size, m.size))
    rates[m[1:], m[:-1]] = rate / modes * (M - m[:-1]) * (quanta - m[:-1])
    rates[m[:-1], m[1:]] = rate / modes * m[1:] * (quanta - m[1:] + modes)
    return rates


@pytest.mark.parametrize("quanta", [3, 4])
def test_few_quanta_follow_the_master_equation(quanta):
    """The whole distribution of m, and the number of jumps, by rate matrix and exponential."""
    model = EinsteinRates(two_level_systems=3, modes=5.0, tilde_gamma=1.5)
    rates = einstein_chain(3, 5, quanta, 1.5)
    run = sample_trajectories(model, [0.2, 0.7, 3.0], 20_000, [quanta - 1, 1], seed=quanta)
    expected = evolve(rates, np.eye(4)[1], run.times)
    for seen, p in zip(run.quanta[:, :, 1].T, expected, strict=True):
        assert_distributed(np.bincount(seen, minlength=4), p)
    chain = count_jumps(rates, 1, 3.0, 20_000, seed=1).counts
    up = chain[:, np.arange(1, 4), np.arange(3)].sum(axis=1)
    table = np.array([np.bincount(x, minlength=40)[:40] for x in (up, run.events[:, 0])])
    common = table.sum(axis=0) >= 16
    assert common.sum() > 5
    assert stats.chi2_contingency(table[:, common]).pvalue > 1e-3


def single_modes_generator(modes, M, quanta, rate):
    """Return states and generator of modes and two-level systems that are all told apart."""
    states = [
        state
        for state in itertools.product(*[range(quanta + 1)] * modes, *[range(2)] * M)
        if sum(state) == quanta
    ]
    number = {state: i for i, state in enumerate(states)}
    w = np.zeros((len(states), len(states)))
    for state, i in number.items():
        for mode, system in itertools.product(range(modes), range(modes, modes + M)):
            after = list(state)
            step = 1 if state[system] else -1
            after[mode], after[system] = state[mode] + step, 1 - state[system]
            if after[mode] >= 0:
                w[number[tuple(after)], i] += rate * max(state[mode], after[mode])
                w[i, i] -= rate * max(state[mode], after[mode])
    return np.array(states), w


def test_counting_the_quanta_of_all_modes_loses_nothing():
    """Every mode and every two-level system by itself gives the same law for their sums."""
    model = EinsteinRates(two_level_systems=3, modes=2.0, tilde_gamma=1.2)
    states, w = single_modes_generator(2, 3, 4, 1.2 / 2)
    p = np.all(states == [3, 0, 1, 0, 0], axis=1).astype(float)
    run = sample_trajectories(model, [0.3, 1.0], 20_000, [3, 1], seed=2)
    excited = states[:, 2:].sum(axis=1)
    for t, seen in zip(run.times, run.quanta[:, :, 1].T, strict=True):
        expected = np.bincount(excited, expm(w * t) @ p, minlength=4)
        assert_distributed(np.bincount(seen, minlength=4), expected)


# Equilibrium


def test_quanta_in_balance_are_spread_evenly_over_microstates():
    """W(m) = C(M, m) C(Q - m + 𝒩 - 1, Q - m), the ways to place m and Q - m quanta."""
    M, modes, quanta = 6, 4, 9
    m = np.arange(M + 1)
    ways = [comb(M, k) * comb(quanta - k + modes - 1, quanta - k) for k in m]
    p = np.array(ways) / sum(ways)
    assert stationary_state(einstein_chain(M, modes, quanta, 1.0)) == pytest.approx(p, rel=1e-12)
    model = EinsteinRates(two_level_systems=M, modes=modes, tilde_gamma=2.0)
    run = sample_trajectories(model, [20.0], 20_000, [quanta, 0], seed=3)
    assert_distributed(np.bincount(run.quanta[:, -1, 1], minlength=M + 1), p)


@pytest.mark.parametrize(
    "model",
    [
        EINSTEIN,
        EMBEDDED,
        ClosedLoop(
            two_level_systems=30, modes=20, waveguide_modes=10, gamma_0=0.0, tilde_gamma_1=0.0
        ),
    ],
    ids=["einstein", "embedded", "loop-of-first-order"],
)
def test_thermal_quanta_stay_thermal_where_rates_balance(model):
    """The whole distribution: negative binomial for light, binomial for two-level systems."""
    run = sample_trajectories(model, [0.0, 0.5], 10_000, seed=4)
    for i, name in enumerate(model.subsystems):
        law = stats.nbinom(model.sizes[i], 1 - np.exp(-model.beta))
        if name == "TLS":
            law = stats.binom(model.two_level_systems, 1 / (np.exp(model.beta) + 1))
        most = int(law.ppf(1 - 1e-9)) + 1
        p = np.append(law.pmf(np.arange(most)), law.sf(most - 1))
        for t in range(2):
            seen = np.minimum(run.quanta[:, t, i], most)
            assert_distributed(np.bincount(seen, minlength=most + 1), p)
    assert run.events.sum() > 50_000


def test_the_chiral_loop_leaves_equal_temperatures():
    """Its rates do not balance: B gains what A loses, far beyond statistics."""
    run = sample_trajectories(ClosedLoop(), [0.5], 500, seed=5)
    n_A, n_B = run.mean[-1, :2]
    assert n_B - n_A > 50 * run.standard_error[-1, :2].max()


# Conservation


@pytest.mark.parametrize(
    "model", [EINSTEIN, EMBEDDED, ClosedLoop()], ids=["einstein", "embedded", "loop"]
)
def test_a_closed_system_keeps_its_quanta(model):
    run = sample_trajectories(model, np.linspace(0, 0.3, 7), 300, seed=6)
    total = run.quanta.sum(axis=2)
    assert np.array_equal(total, np.broadcast_to(total[:, :1], total.shape))
    assert run.events.sum() > 5_000


@settings(max_examples=20)
@given(
    seeds,
    st.integers(1, 30),
    st.floats(0.5, 40),
    st.floats(0, 20),
    st.floats(0, 20),
    st.floats(0.1, 3),
)
def test_quanta_are_counted_out_and_stay_possible(seed, M, modes, right, left, beta):
    """No count is negative, m ≤ M, and what is missing has left through a process."""
    model = OpenWaveguide(
        two_level_systems=M, modes=modes, tilde_gamma_1=right, tilde_gamma_2=left, beta=beta
    )
    run = sample_trajectories(model, [0.0, 0.05, 0.2], 20, seed=seed)
    assert run.quanta.min() >= 0
    assert run.quanta[:, :, 2].max() <= M
    left_for_good = [process.target == OUTSIDE for process in model.processes]
    total = run.quanta.sum(axis=2)
    assert np.array_equal(total[:, 0] - total[:, -1], run.events[:, left_for_good].sum(axis=1))
    change = run.events @ model.stoichiometry.T
    assert np.array_equal(run.quanta[:, -1] - run.quanta[:, 0], change)


# Fluctuations, against van Kampen's expansion


def open_waveguide_rates(N, M=100):
    """The open waveguide's printed rates, (..., 7), for N_A, N_B, m quanta and 𝒩 = M."""
    a, b, m = np.moveaxis(N, -1, 0)
    return np.stack(
        [
            2 * 0.01 * a,
            2 * 0.01 * b,
            10 * m,
            0.01 * a * (b / M + 1),
            0.01 * b * (a / M + 1),
            10 * (M - m) * a / M,
            10 * m * (b / M + 1),
        ],
        axis=-1,
    )


OPEN_CHANGES = np.array(
    [[-1, 0, 0, -1, 1, -1, 0], [0, -1, 0, 1, -1, 0, 1], [0, 0, -1, 0, 0, 1, -1]]
)


def expansion(rates, changes, start, covariance, times):
    """Return mean and covariance of counts X, and the next correction to the mean.

    dX/dt = S a(X), dC/dt = J C + C Jᵀ + S diag(a) Sᵀ, dδ/dt = J δ + ½ Σ_jk H_jk C_jk with the
    first and second derivatives J, H of S a, by differences.
    """
    k, h = len(start), 1e-2
    e, shape = h * np.eye(k), (k, k)
    corners = np.array(
        [[e[i] + e[j], e[i] - e[j], e[j] - e[i], -e[i] - e[j]] for i, j in np.ndindex(shape)]
    )

    def drift(x):
        return rates(x) @ changes.T

    def slope(_, y):
        x, C, delta = np.split(y, [k, k + k * k])
        C = C.reshape(shape)
        J = ((drift(x + e) - drift(x - e)) / (2 * h)).T
        H = drift(x + corners).transpose(0, 2, 1) @ [1, -1, -1, 1] / (4 * h**2)
        dC = J @ C + C @ J.T + (changes * rates(x)) @ changes.T
        return np.concatenate([drift(x), dC.ravel(), J @ delta + C.ravel() @ H / 2])

    y = np.concatenate([start, covariance.ravel(), np.zeros(k)])
    solution = solve_ivp(slope, (0, times[-1]), y, "RK45", t_eval=times, rtol=1e-6, atol=1e-6)
    x, C, delta = np.split(solution.y.T, [k, k + k * k], axis=1)
    return x, C.reshape(-1, k, k), delta


def thermal_start(model):
    """Means, and variances 𝒩n(n + 1) and Mp(1 - p), of quanta at equal temperatures."""
    x = model.initial_state
    mean = model.sizes * x
    variance = mean * (1 + x)
    variance[-1] = x[-1] * (1 - x[-1] / model.two_level_systems)
    return mean, np.diag(variance)


def assert_moments(run, mean, covariance, finite=0.02):
    """Within four standard errors, and for the covariances what lies beyond the expansion."""
    quanta = run.quanta.astype(float)
    n = len(quanta)
    assert np.abs((quanta.mean(axis=0) - mean) / quanta.std(axis=0)).max() < 4 / np.sqrt(n)
    off = quanta - quanta.mean(axis=0)
    products = off[..., :, None] * off[..., None, :]
    error = products.std(axis=0) / np.sqrt(n)
    scale = np.sqrt(np.einsum("tii,tjj->tij", covariance, covariance))
    deviation = np.abs(products.mean(axis=0) - covariance)
    assert np.all(deviation < 4 * error + finite * scale)


def open_expansion(model, start):
    mean, C = thermal_start(model)
    if start == "sharp":
        mean, C = np.rint(mean), 0 * C
    return expansion(open_waveguide_rates, OPEN_CHANGES, mean, C, TIMES)


@pytest.mark.parametrize("start", ["thermal", "sharp"])
def test_fluctuations_of_the_open_waveguide(start):
    model = OpenWaveguide()
    x, C, delta = open_expansion(model, start)
    run = sample_trajectories(model, TIMES, 30_000, start, seed=7)
    assert_moments(run, x + delta, C)


def test_how_far_the_excited_fraction_scatters():
    """The spread of m/M times √M for M = 𝒩, printed in the book."""
    spread = {
        start: np.sqrt(open_expansion(OpenWaveguide(), start)[1][:, 2, 2] / 100)
        for start in ["thermal", "sharp"]
    }
    assert spread["thermal"] == pytest.approx([0.3362, 0.1350, 0.0193], abs=5e-5)
    assert spread["sharp"] == pytest.approx([0.3008, 0.1314, 0.0193], abs=5e-5)
    run = sample_trajectories(OpenWaveguide(), TIMES, 30_000, seed=8)
    seen = run.occupations[:, :, 2].std(axis=0, ddof=1) / np.sqrt(100)
    assert seen == pytest.approx(spread["thermal"], rel=0.04)


@pytest.mark.parametrize(("M", "trajectories"), [(25, 200_000), (100, 30_000), (400, 8_000)])
def test_means_leave_the_rate_equations_by_the_inverse_number_of_modes(M, trajectories):
    """The same fraction of a quantum for every 𝒩, and that is 1/𝒩 for a mode."""
    model = OpenWaveguide(two_level_systems=M, modes=M)
    start = np.array([0.6, 0.6, 0.28])
    run = sample_trajectories(model, TIMES, trajectories, np.rint(M * start), seed=M)
    x = model.solve(TIMES, start * [1, 1, M]).states
    _, _, delta = expansion(
        open_waveguide_rates, OPEN_CHANGES, 100 * start, np.zeros((3, 3)), TIMES
    )
    bias, error = run.mean - x, run.standard_error
    assert np.abs((bias - delta / model.sizes) / error).max() < 4
    if M == 25:
        assert np.abs(bias / error).max() > 6


@pytest.mark.parametrize("left", [0.0, 10.0], ids=["chiral", "symmetric"])
def test_fluctuations_of_the_closed_loop(left):
    model = ClosedLoop(tilde_gamma_2=left, tilde_gamma_12=left)
    times = np.array([0.1, 0.4])

    def rates(quanta):
        return model.fluxes(quanta / model.sizes)

    x, C, delta = expansion(rates, model.stoichiometry, *thermal_start(model), times)
    run = sample_trajectories(model, times, 3_000, seed=9)
    assert_moments(run, x + delta, C)


def test_the_symmetric_loop_keeps_its_temperatures_but_not_its_fluctuations():
    """A and B feed each other through different channels, which balances in the mean only."""
    model = ClosedLoop(tilde_gamma_2=10.0, tilde_gamma_12=10.0)
    _, thermal = thermal_start(model)
    run = sample_trajectories(model, [0.7], 1_000, seed=10)
    assert np.abs((run.mean - model.initial_state) / run.standard_error).max() < 4
    excess = run.quanta[:, 0].var(axis=0, ddof=1) / thermal.diagonal()
    assert excess == pytest.approx([1.409, 1.409, 1, 1, 1], abs=4 * 1.41 * np.sqrt(2 / 1_000))


# Starts, seeds, errors


def test_a_sharp_start_is_the_nearest_whole_number():
    run = sample_trajectories(OpenWaveguide(), [0.0], 10, "sharp")
    assert np.array_equal(run.quanta, np.broadcast_to([58, 58, 27], (10, 1, 3)))
    assert run.occupations[0, 0] == pytest.approx([0.58, 0.58, 27])
    assert not run.events.any()


def test_each_trajectory_may_have_its_own_start():
    starts = np.arange(12).reshape(4, 3)
    run = sample_trajectories(OpenWaveguide(), [0.0, 0.1], 4, starts)
    assert np.array_equal(run.quanta[:, 0], starts)


def test_a_seed_gives_one_result_and_a_generator_gives_others():
    model, random = OpenWaveguide(), np.random.default_rng(1)
    a, b = (sample_trajectories(model, [0.1], 50, seed=3) for _ in range(2))
    assert np.array_equal(a.quanta, b.quanta) and np.array_equal(a.events, b.events)
    c = sample_trajectories(model, [0.02, 0.05, 0.1], 50, seed=3)
    assert np.array_equal(a.quanta[:, 0], c.quanta[:, 2])
    d, e = (sample_trajectories(model, [0.1], 50, seed=random) for _ in range(2))
    assert not np.array_equal(d.quanta, e.quanta)


def test_means_and_errors_are_those_of_occupations():
    run = sample_trajectories(OpenWaveguide(), TIMES, 40, seed=11)
    assert run.mean == pytest.approx(run.occupations.mean(axis=0), rel=1e-12)
    error = run.occupations.std(axis=0, ddof=1) / np.sqrt(40)
    assert run.standard_error == pytest.approx(error, rel=1e-12)
    assert np.all(np.isinf(sample_trajectories(OpenWaveguide(), TIMES, 1).standard_error))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"model": OpenWaveguide}, TypeError, r"RateModel such as OpenWaveguide\(\)"),
        ({"model": OpenWaveguide(modes=1e30)}, ValueError, "`model` may hold up to 5.8e"),
        ({"model": OpenWaveguide(two_level_systems=10**19)}, ValueError, "quanta in a subsystem"),
        ({"model": OpenWaveguide(beta=1e-17), "start": "sharp"}, ValueError, "larger `beta`"),
        ({"start": []}, ValueError, "shape"),
        ({"times": [0.2, 0.1]}, ValueError, "increase"),
        ({"times": [-0.1, 0.1]}, ValueError, "negative"),
        ({"trajectories": 0}, ValueError, "trajectories"),
        ({"trajectories": 1.5}, TypeError, "trajectories"),
        ({"start": "hot"}, ValueError, "'thermal', 'sharp'"),
        ({"start": [1, 1]}, ValueError, "shape"),
        ({"start": [[1, 1, 1]] * 4}, ValueError, "shape"),
        ({"start": [1, -1, 1]}, ValueError, "negative"),
        ({"start": [1, 1, 101]}, ValueError, "two-level systems, 100"),
        ({"start": [1, 0.5, 1]}, ValueError, "whole"),
        ({"start": [1, np.nan, 1]}, ValueError, "finite"),
    ],
)
def test_impossible_arguments_are_refused(change, error, words):
    arguments = {"model": OpenWaveguide(), "times": [0.1], "trajectories": 3} | change
    with pytest.raises(error, match=words):
        sample_trajectories(**arguments)
