"""Laws of thermal light and two-level systems, against 40-digit arithmetic."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detailedbalance.light import (
    bose_occupation,
    excited_fraction,
    mode_entropy,
    mode_inverse_temperature,
    two_level_entropy,
    two_level_inverse_temperature,
)

EXACT = 1e-14
"""Relative, of one formula."""

DIGITS = 40

betas = st.floats(1e-6, 300)
occupations = st.floats(1e-100, 1e6)
fractions = st.floats(1e-100, 1 - 1e-9)


def bose(beta):
    return 1 / (mp.exp(beta) - 1)


def excited(beta):
    return 1 / (mp.exp(beta) + 1)


def light_temperature(n):
    return mp.log((n + 1) / n)


def systems_temperature(p):
    return mp.log((1 - p) / p)


def light_entropy(n):
    return (n + 1) * mp.log(n + 1) - n * mp.log(n)


def systems_entropy(p):
    return -p * mp.log(p) - (1 - p) * mp.log(1 - p)


def exact(formula, value):
    with mp.workdps(DIGITS + 100):
        return float(formula(mp.mpf(value)))


# Formulae of the paper


@given(betas)
def test_occupations_are_those_of_bose_and_boltzmann(beta):
    assert bose_occupation(beta) == pytest.approx(exact(bose, beta), rel=EXACT)
    assert excited_fraction(beta) == pytest.approx(exact(excited, beta), rel=EXACT)


@given(occupations)
def test_light_keeps_its_digits_from_empty_to_bright(n):
    temperature, entropy = exact(light_temperature, n), exact(light_entropy, n)
    assert mode_inverse_temperature(n) == pytest.approx(temperature, rel=EXACT)
    assert mode_entropy(n) == pytest.approx(entropy, rel=EXACT)


@given(fractions)
def test_two_level_systems_keep_their_digits(p):
    """Near p = 1/2 the inverse temperature vanishes, and its error is rounding of ln 2."""
    temperature, entropy = exact(systems_temperature, p), exact(systems_entropy, p)
    assert two_level_inverse_temperature(p) == pytest.approx(temperature, rel=EXACT, abs=EXACT)
    assert two_level_entropy(p) == pytest.approx(entropy, rel=EXACT)


@given(occupations)
def test_entropy_of_light_is_the_papers(n):
    """[B] (96): n ħω/kT + ln(1 + n)."""
    paper = n * mode_inverse_temperature(n) + np.log1p(n)
    assert mode_entropy(n) == pytest.approx(paper, rel=EXACT)


# Thermodynamics


@given(betas)
def test_temperatures_invert_occupations(beta):
    assert mode_inverse_temperature(bose_occupation(beta)) == pytest.approx(beta, rel=1e-13)
    fraction = excited_fraction(beta)
    assert two_level_inverse_temperature(fraction) == pytest.approx(beta, rel=1e-13, abs=EXACT)


@given(st.floats(1e-3, 10))
def test_temperature_is_the_slope_of_entropy(n):
    """dS/dU = 1/T, for light and for two-level systems; slopes from 40 digits."""
    with mp.workdps(DIGITS):
        slope = float(mp.diff(light_entropy, mp.mpf(n)))
    assert mode_inverse_temperature(n) == pytest.approx(slope, rel=1e-13)
    p = n / (1 + n)
    with mp.workdps(DIGITS):
        slope = float(mp.diff(systems_entropy, mp.mpf(p)))
    assert two_level_inverse_temperature(p) == pytest.approx(slope, rel=1e-12, abs=1e-13)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.floats(0.01, 1))
def test_no_distribution_of_photons_has_more_entropy_than_the_thermal_one(weights, vacuum):
    p = np.array([vacuum, *weights])
    p = p / p.sum()
    mean = p @ np.arange(p.size)
    shannon = -p[p > 0] @ np.log(p[p > 0])
    assert shannon <= mode_entropy(mean) + EXACT


def test_what_is_empty_or_full_has_no_entropy_and_no_finite_temperature():
    assert mode_entropy(0.0) == 0
    assert mode_inverse_temperature(0.0) == np.inf
    assert np.array_equal(two_level_entropy([0, 1]), [0, 0])
    assert not np.any(np.signbit(two_level_entropy([0, 1])))
    assert np.array_equal(two_level_inverse_temperature([0, 1]), [np.inf, -np.inf])


def test_the_faintest_light_has_the_entropy_of_few_photons():
    """Below 1e-308, 1/n is no number of the machine."""
    n = 1e-312
    assert mode_entropy(n) == pytest.approx(n * (1 - np.log(n)), rel=1e-9, abs=0)
    assert mode_inverse_temperature(n) == pytest.approx(-np.log(n), rel=1e-12)


def test_inverted_systems_have_negative_temperatures():
    p = np.array([0.6, 0.9])
    assert np.allclose(two_level_inverse_temperature(p), -two_level_inverse_temperature(1 - p))
    assert np.all(two_level_inverse_temperature(p) < 0)


def test_no_temperature_is_too_low():
    """Far below the smallest number an occupation is zero, without a warning."""
    assert bose_occupation(1e5) == 0
    assert excited_fraction(1e5) == 0


@pytest.mark.parametrize(
    "function",
    [
        bose_occupation,
        excited_fraction,
        mode_inverse_temperature,
        two_level_inverse_temperature,
        mode_entropy,
        two_level_entropy,
    ],
)
def test_arrays_of_any_shape_are_taken_one_by_one(function):
    values = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    one_by_one = [[float(function(value)) for value in row] for row in values]
    assert np.array_equal(function(values), one_by_one)
    assert np.array_equal(function(values.tolist()), one_by_one)


# Refusals


@pytest.mark.parametrize("beta", [1e-151, 5e-324, [1, 1e-200]])
def test_light_too_hot_to_compute_with_is_refused(beta):
    with pytest.raises(ValueError, match="`beta` must be at least 1e-150"):
        bose_occupation(beta)
    assert np.all(np.isfinite(mode_entropy(bose_occupation(1e-149))))


@pytest.mark.parametrize("function", [bose_occupation, excited_fraction])
@pytest.mark.parametrize("beta", [0, -1, np.nan, np.inf, [1, 0]])
def test_inverse_temperatures_that_are_not_positive_are_refused(function, beta):
    with pytest.raises(ValueError, match="beta"):
        function(beta)


@pytest.mark.parametrize("function", [mode_inverse_temperature, mode_entropy])
@pytest.mark.parametrize("n", [-1e-3, np.nan, np.inf, [1, -1]])
def test_impossible_photon_numbers_are_refused(function, n):
    with pytest.raises(ValueError, match="`n`"):
        function(n)


@pytest.mark.parametrize("function", [two_level_inverse_temperature, two_level_entropy])
@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan, [0.5, 2]])
def test_impossible_fractions_are_refused(function, p):
    with pytest.raises(ValueError, match="`p`"):
        function(p)


@pytest.mark.parametrize("function", [bose_occupation, mode_entropy, two_level_entropy])
@pytest.mark.parametrize("value", ["hot", 1j])
def test_what_is_no_real_number_is_refused(function, value):
    with pytest.raises(TypeError, match="must be"):
        function(value)
