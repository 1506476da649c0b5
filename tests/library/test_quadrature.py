"""Panels converge, or say that they did not."""

import numpy as np
import pytest
from scipy.special import gamma

from detailedbalance import ConvergenceError
from detailedbalance.quadrature import integrate_panels, threshold_intervals

NO_FEATURES = np.empty((0, 3))


def panel_sums(*functions):
    """Weighted sums of scalar functions, as 1 × n matrices."""

    def sums(x, weights):
        return np.stack([(f(x) * weights).sum(axis=-1) for f in functions], axis=-1)[:, None, :]

    return sums


def integral_over(intervals, beta, function):
    total = 0.0
    for interval in intervals:

        def integrand(x, interval=interval):
            above, excess, jacobian = interval.substitute(x)
            return np.exp(-beta * (interval.floor + above)) * function(excess) * jacobian

        total += integrate_panels(panel_sums(integrand), interval.edges, 24)[0, 0]
    return total


def test_smooth_and_sharp_functions_integrate_to_rounding():
    width = 1e-6
    values = integrate_panels(
        panel_sums(np.exp, lambda x: width / ((x - 0.3) ** 2 + width**2)),
        np.array([0.0, 0.3, 1.0]),
        24,
    )[0]
    exact = [np.e - 1, np.arctan(0.3 / width) + np.arctan(0.7 / width)]
    # Rounding of x near 0.3 is 1e-10 of the width.
    assert values == pytest.approx(exact, rel=1e-11)


def test_a_discontinuity_is_pinned_down_by_halving():
    step = integrate_panels(panel_sums(lambda x: 1.0 * (x > 1 / 3)), np.array([0.0, 1.0]), 24)
    assert step[0, 0] == pytest.approx(2 / 3, abs=1e-9)


def test_noise_is_reported_not_averaged():
    random = np.random.default_rng(0)
    with pytest.raises(ConvergenceError, match="did not converge"):
        integrate_panels(panel_sums(lambda x: random.random(x.shape)), np.array([0.0, 1.0]), 24)


@pytest.mark.parametrize("beta", [1e-3, 1.0, 1e3])
def test_square_root_thresholds_are_harmless(beta):
    """∫_0^∞ dE e^{-βE} E^{±1/2} = Γ(1 ± 1/2)/β^{1 ± 1/2}, cut at two thresholds."""
    energies = np.array([0.7, 0.0])
    intervals = threshold_intervals(energies, np.array([beta]), NO_FEATURES)
    assert [interval.floor for interval in intervals] == [0.0, 0.7]
    for power in (0.5, -0.5):
        value = integral_over(intervals, beta, lambda excess, s=power: excess[..., 1] ** s)
        assert value == pytest.approx(gamma(1 + power) / beta ** (1 + power), rel=1e-12)


def test_kinetic_energies_carry_no_cancellation():
    """Next to a threshold E - E_j is Δ sin²x or -Δ cos²x itself."""
    lower, _ = threshold_intervals(np.array([-1e6, -1e6 + 1.0]), np.array([1.0]), NO_FEATURES)
    x = np.array([1e-9, np.pi / 2 - 1e-4])
    _, excess, _ = lower.substitute(x)
    assert excess[0, 0] == pytest.approx(1e-18, rel=1e-12)
    assert excess[1, 1] == pytest.approx(-(np.sin(1e-4) ** 2), rel=1e-10)


def test_panels_are_graded_towards_a_narrow_feature():
    features = np.array([[1.0, 0.75, 1e-8], [1.0, 0.0, 1e-8], [0.0, 0.0, 1e-8]])
    interval, _ = threshold_intervals(np.array([0.0, 1.0]), np.array([1.0]), features)
    x = interval.edges
    assert np.all(np.abs(x) <= np.pi / 4)
    energies = np.where(x < 0, np.cos(x), np.sin(x)) ** 2
    assert np.abs(energies - 0.25).min() < 1e-15
    assert np.sort(np.abs(energies - 0.25))[1] == pytest.approx(1e-8, rel=1e-6)
    assert np.sort(np.sin(x[x < 0]) ** 2)[0] == pytest.approx(1e-8, rel=1e-6)
    assert np.sort(energies)[1] == pytest.approx(1e-8, rel=1e-6)


@pytest.mark.parametrize("below", [0.3, 1e-6, 1e-17])
def test_a_resonance_just_below_its_threshold_is_seen_from_there(below):
    """A Lorentz curve of a millionth of that distance, in an interval of length one."""
    width = 1e-6 * below
    features = np.array([[1.0, below, width]])
    interval, _ = threshold_intervals(np.array([0.0, 1.0]), np.array([1.0]), features)

    def curve(x):
        _, excess, jacobian = interval.substitute(x)
        return jacobian * width / ((-excess[..., 1] - below) ** 2 + width**2)

    value = integrate_panels(panel_sums(curve), interval.edges, 24)[0, 0]
    exact = np.arctan(below / width) + np.arctan((1 - below) / width)
    assert value == pytest.approx(exact, rel=1e-9)
