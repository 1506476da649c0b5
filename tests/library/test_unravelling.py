"""Laws of quantum trajectories: their mean, their jumps and their waiting times, as statistics."""

import numpy as np
import pytest
import qutip
from scipy.linalg import expm
from scipy.stats import chi2, kstest
from test_lindblad import from_rates, random_generator, random_state, vec

from detailedbalance import SecularGenerator, davies_generator, evolve, lindbladian, unravel

STANDARD_ERRORS = 4

DOUBTFUL = 1e-4
"""Smallest accepted p-value."""

LADDER, GENERIC = [0.0, 1.0, 2.0], [0.3, 2.0, 0.0, 7.0]


def random_ket(n, seed=0):
    random = np.random.default_rng(seed)
    psi = random.normal(size=n) + 1j * random.normal(size=n)
    return psi / np.linalg.norm(psi)


def projector(psi):
    return np.outer(psi, psi.conj())


@pytest.mark.parametrize("energies", [LADDER, GENERIC, [0.0, 1.0, 2.0, 3.0, 5.0]])
def test_the_mean_of_all_trajectories_is_the_evolved_state(energies):
    n = len(energies)
    secular = random_generator(energies, seed=1, shift=0.05 * np.arange(n) ** 2)
    psi, times = random_ket(n), np.array([0.0, 20.0, 20.0, 70.0, 200.0])
    run = unravel(secular, psi, times, 5000, seed=2)
    deviation = np.abs(run.density_matrices - secular.evolve(projector(psi), times))
    assert run.density_matrices[0] == pytest.approx(projector(psi), abs=1e-13)
    assert np.all(deviation[1:] < STANDARD_ERRORS * run.standard_errors[1:])
    assert np.abs(run.states[:, 1] - run.states[:, 2]).max() < 1e-14
    # Deviations have the size that the errors say, neither much larger nor smaller.
    ratio = deviation[3:] ** 2 / run.standard_errors[3:] ** 2
    assert 0.3 < ratio.mean() < 3


def test_standard_errors_are_the_spread_of_repeated_runs():
    secular, psi = random_generator(LADDER, seed=1), random_ket(3)
    runs = [unravel(secular, psi, [50.0], 100, seed) for seed in range(300)]
    means = np.array([run.density_matrices[0] for run in runs])
    spread = np.sqrt(np.mean(np.abs(means - means.mean(axis=0)) ** 2, axis=0))
    errors = np.mean([run.standard_errors[0] for run in runs], axis=0)
    assert errors == pytest.approx(spread, rel=0.2)
    assert np.all(np.isinf(unravel(secular, psi, [50.0], 1).standard_errors))


def test_states_are_normalised():
    run = unravel(random_generator(GENERIC), random_ket(4), np.linspace(0, 300, 7), 50)
    assert np.abs(np.linalg.norm(run.states, axis=-1) - 1).max() < 1e-14


def count_distribution(secular, psi, time, operator, largest=64):
    """Exact probabilities of 0, 1, … jumps of one operator, by the tilted generator.

    The trace of e^{L_z t} ρ, with the gain of this operator multiplied by z, is Σ P(N) z^N; on the
    unit circle this is a Fourier series.
    """
    jump = secular.jump_operators[operator]
    gain = np.kron(jump.conj(), jump)
    dense = lindbladian(secular.hamiltonian, secular.jump_operators)
    z = np.exp(2j * np.pi * np.arange(largest) / largest)
    tilted = expm((dense + (z[:, None, None] - 1) * gain) * time)
    n = secular.energies.size
    series = (tilted @ vec(projector(psi)))[:, :: n + 1].sum(axis=1)
    return np.fft.fft(series).real / largest


def p_value(numbers, probabilities):
    """Of Pearson's χ², with rare numbers of jumps in one class, joined to the rarest other."""
    expected = probabilities * len(numbers)
    seen = np.bincount(numbers, minlength=len(expected)).astype(float)
    common = expected >= 10
    rest, rest_seen = expected[~common].sum(), seen[~common].sum()
    expected, seen = expected[common], seen[common]
    rarest = expected.argmin()
    expected[rarest] += rest
    seen[rarest] += rest_seen
    return chi2.sf(np.sum((seen - expected) ** 2 / expected), max(len(expected) - 1, 1))


@pytest.mark.parametrize("energies", [LADDER, GENERIC])
def test_numbers_of_jumps_have_the_exact_distribution(energies):
    """Operator by operator, from a superposition whose coherence tells the operators apart."""
    n = len(energies)
    secular, psi, time = random_generator(energies, seed=4), random_ket(n, seed=1), 150.0
    run = unravel(secular, psi, [40.0, time], 8000, seed=5)
    assert run.jump_counts.shape == (8000, len(secular.jump_operators))
    for operator in range(len(secular.jump_operators)):
        exact = count_distribution(secular, psi, time, operator)
        assert exact.sum() == pytest.approx(1, abs=1e-12)
        assert p_value(run.jump_counts[:, operator], exact) > DOUBTFUL


def test_interference_decides_which_operator_jumps():
    """Two pairs of one frequency with full coherence: a superposition can be dark."""
    plus, minus = np.array([[1, 1], [1, 1]]), np.array([[1, -1], [-1, 1]])
    matrices = [[[0]], 1e-2 * plus + 0.5e-2 * minus, np.zeros((3, 3)), np.zeros((2, 2)), [[0]]]
    secular = SecularGenerator([0.0, 1.0, 2.0], matrices)
    # Strongest first: √0.01 (|0⟩⟨1| + |1⟩⟨2|), then √0.005 (|0⟩⟨1| - |1⟩⟨2|).  From |1⟩ either
    # happens, 2 : 1; from |1⟩ + |2⟩ the jump leaves |0⟩ + |1⟩ or |0⟩ - |1⟩, and nothing else.
    run = unravel(secular, [0, 1, 0], [1e4], 4000, seed=1)
    assert np.all(run.jump_counts.sum(axis=1) == 1)
    first = run.jump_counts[:, 0].mean()
    assert abs(first - 2 / 3) < STANDARD_ERRORS * np.sqrt(2 / 9 / 4000)
    psi = np.array([0, 1, 1]) / np.sqrt(2)
    run = unravel(secular, psi, [2.0], 4000, seed=2)
    once = run.jump_counts.sum(axis=1) == 1
    # Energy differences are one before and after, so the phase does not tell when it happened.
    state = run.states[once, 0]
    relative = state[:, 1] / state[:, 0] * np.exp(2j)
    relative /= np.abs(relative)
    sign = np.where(run.jump_counts[once, 0] == 1, 1.0, -1.0)
    assert once.sum() > 50
    assert np.abs(relative * sign - 1).max() < 1e-12


def test_waiting_times_are_a_mixture_of_exponentials():
    """Until its first jump a superposition has all its levels, afterwards one."""
    rates = np.array([[0, 0.01, 0.0], [0.0, 0, 0.0], [0.04, 0.002, 0]])
    decay = from_rates([1.0, 7.0, 0.0], rates)
    weights, times = np.array([0.5, 0.3, 0.2]), np.geomspace(1, 400, 30)
    run = unravel(decay, np.sqrt(weights), times, 4000, seed=3)
    waiting = np.all(run.states != 0, axis=-1).mean(axis=0)
    expected = np.exp(-times[:, None] * rates.sum(axis=0)) @ weights
    error = np.sqrt(expected * (1 - expected) / 4000)
    assert np.all(np.abs(waiting - expected) < STANDARD_ERRORS * error)


@pytest.mark.parametrize("rate", [1e-3, 5.0])
def test_first_jumps_are_exponential_from_a_level(rate):
    """Also when many jumps happen between two times: then the last state is what matters."""
    energies = [0.0, 200.0]
    telegraph = from_rates(energies, [[0, rate], [2 * rate, 0]])
    times = np.arange(1, 400) * 0.02 / rate
    run = unravel(telegraph, [1, 0], times, 3000, seed=7)
    up = np.abs(run.states[:, :, 1]) ** 2 > 0.5
    expected = evolve(telegraph.rates, [1, 0], times)[:, 1]
    error = np.sqrt(expected * (1 - expected) / 3000)
    assert np.all(np.abs(up.mean(axis=0) - expected) < 4.5 * error)
    slow = from_rates(energies, [[0, 0.0], [rate, 0]])
    run = unravel(slow, [1, 0], times, 3000, seed=8)
    up = np.abs(run.states[:, :, 1]) ** 2 > 0.5
    assert np.all(np.diff(up.astype(int), axis=1) >= 0)
    waited = times[up.argmax(axis=1)][up.any(axis=1)]
    # Rounded up to the next time, by half a step in the mean.
    statistic = kstest(waited - 0.01 / rate, lambda t: -np.expm1(-rate * t))
    assert statistic.pvalue > DOUBTFUL or statistic.statistic < 0.03


def test_trajectories_in_levels_follow_the_pauli_rates():
    secular = random_generator(GENERIC, seed=6)
    run = unravel(secular, np.eye(4)[2], [100.0, 400.0], 4000, seed=9)
    occupied = np.abs(run.states) ** 2
    assert np.abs(np.sort(occupied, axis=-1)[..., -1] - 1).max() < 1e-12
    expected = evolve(secular.rates, np.eye(4)[2], run.times)
    error = np.sqrt(expected * (1 - expected) / 4000)
    assert np.all(np.abs(occupied.mean(axis=0) - expected) < STANDARD_ERRORS * error)


def test_mixed_states_start_from_one_state_for_each_trajectory():
    secular = random_generator(LADDER, seed=1)
    rho = random_state(3)
    p, vectors = np.linalg.eigh(rho)
    which = np.random.default_rng(0).choice(3, 6000, p=p / p.sum())
    run = unravel(secular, vectors.T[which], [0.0, 60.0], 6000)
    deviation = np.abs(run.density_matrices - secular.evolve(rho, run.times))
    assert np.all(deviation < STANDARD_ERRORS * run.standard_errors)


def test_without_jumps_the_hamiltonian_alone_acts():
    silent = from_rates(LADDER, np.zeros((3, 3)))
    psi = random_ket(3)
    run = unravel(silent, psi, [0.7], 3)
    expected = psi * np.exp(-1j * silent.energies * 0.7)
    assert run.states[:, 0] == pytest.approx(np.tile(expected, (3, 1)), abs=1e-14)
    assert run.jump_counts.shape == (3, 0)
    # Nothing is random, and the errors say so.
    assert unravel(silent, psi, [0.7, 60.0], 100).standard_errors.max() < 1e-15


def test_what_never_jumps_ends_in_the_dark_level():
    """The state turns towards the level that cannot decay, by not decaying."""
    atom = davies_generator([0.0, 100.0], [[0, 1], [1, 0]], lambda w: 1.0 * (w < 0))
    run = unravel(atom, [0.6, 0.8], [1.0, 50.0], 2000, seed=1)
    dark = run.jump_counts[:, 0] == 0
    assert abs(dark.mean() - 0.36) < STANDARD_ERRORS * np.sqrt(0.36 * 0.64 / 2000)
    expected = 0.36 / (0.36 + 0.64 * np.exp(-1.0))
    assert np.abs(run.states[dark, 0, 0]) ** 2 == pytest.approx(expected, rel=1e-12)
    assert np.abs(run.states[:, 1, 0]) == pytest.approx(1, abs=1e-9)


def test_qutips_trajectories_have_the_same_law():
    """Of the number of jumps of each operator, by two independent samples of it."""
    secular, psi, time = random_generator(LADDER, seed=1, scale=2e-3), random_ket(3), 30.0
    ours = unravel(secular, psi, [time], 20_000, seed=1).jump_counts
    hamiltonian, jumps = secular.to_qutip()
    options = {"progress_bar": "", "method": "vern7", "keep_runs_results": True}
    run = qutip.mcsolve(
        hamiltonian, qutip.Qobj(psi), [0.0, time], jumps, ntraj=150, seeds=3, options=options
    )
    theirs = np.array([np.bincount(w, minlength=len(jumps)) for w in run.col_which])
    for mine, other in zip(ours.T, theirs.T, strict=True):
        error = np.sqrt(mine.var() * (1 / len(ours) + 1 / len(theirs)))
        assert abs(mine.mean() - other.mean()) < STANDARD_ERRORS * error
    # And of all jumps together, number by number.
    law = np.bincount(ours.sum(axis=1)) / len(ours)
    theirs = np.minimum(theirs.sum(axis=1), law.size - 1)
    assert p_value(theirs, law) > DOUBTFUL


def test_the_seed_decides():
    secular = random_generator(LADDER)
    first, again, other = (unravel(secular, random_ket(3), [50.0], 20, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.states, again.states)
    assert not np.array_equal(first.states, other.states)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"generator": np.eye(4)}, TypeError, "`generator` must be a SecularGenerator"),
        ({"psi0": [1, 0]}, ValueError, r"`psi0` must have shape \(3,\), or \(5, 3\)"),
        ({"psi0": [1, 1, 0]}, ValueError, "`psi0` must be normalised, got the norm 1.41421"),
        ({"psi0": np.diag([1, 1, 0.2])[[0, 1, 2, 0, 1]]}, ValueError, "got the norm 0.2; divide"),
        ({"times": [0.0, 1.0, 0.5]}, ValueError, "`times` must ascend, got 0.5 after 1; sort"),
        ({"times": [-1.0, 0.5]}, ValueError, "`times` must not be negative, got -1"),
        ({"trajectories": 0}, ValueError, "`trajectories` must be at least 1, got 0"),
        ({"trajectories": 2.5}, TypeError, "`trajectories` must be a whole number"),
    ],
)
def test_other_arguments_are_refused(arguments, error, message):
    valid = {
        "generator": random_generator(LADDER),
        "psi0": [1, 0, 0],
        "times": [0.0, 1.0],
        "trajectories": 5,
    }
    with pytest.raises(error, match=message):
        unravel(**valid | arguments)
