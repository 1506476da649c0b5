"""What an audit finds in the models of the book, and in equations that are wrong in one way."""

import dataclasses

import numpy as np
import pytest

from detailedbalance.light import (
    ClosedLoop,
    CompletedLoop,
    CompletedWaveguide,
    EinsteinRates,
    EmbeddedCavity,
    OpenWaveguide,
    RateEquations,
    audit_rates,
    model_from_processes,
)

ROWS, COLUMNS = "equal temperatures stationary", "quanta conserved"
BALANCE, CAUSAL, PRODUCTION = "detailed balance", "causality", "entropy production"

EMBEDDED = EmbeddedCavity(
    two_level_systems=10,
    modes=3,
    outer_modes=10,
    gamma_4=1,
    tilde_gamma_5=1,
    tilde_gamma_6=1,
)
EINSTEIN = EinsteinRates(two_level_systems=10, modes=5, tilde_gamma=1)


def found(audit):
    """The names of the entries that do not hold."""
    return {entry.name for entry in audit.entries if not entry.holds}


# The book's models


FIRST_ORDER = ClosedLoop(gamma_0=0, tilde_gamma_1=0, tilde_gamma_12=3)


@pytest.mark.parametrize("model", [EMBEDDED, EINSTEIN, FIRST_ORDER])
def test_nothing_is_found_in_models_that_balance(model):
    audit = audit_rates(model)
    assert found(audit) == set()
    assert audit.holds


def test_the_printed_loop_breaks_rows_causality_and_entropy_production():
    audit = audit_rates(ClosedLoop())
    assert found(audit) == {ROWS, BALANCE, CAUSAL, PRODUCTION}
    assert not audit.holds
    loop = ClosedLoop()
    n, m = loop.initial_state[0], loop.initial_state[4]
    expected = (loop.gamma_1 - loop.gamma_2) * m * (n + 1) ** 2 * loop.modes
    assert audit.gains["A"] == pytest.approx(-expected, rel=1e-12)
    assert audit.gains["B"] == pytest.approx(expected, rel=1e-12)
    assert audit.flows["A", "TLS"] == pytest.approx(expected, rel=1e-12)
    assert audit.flows["A", "1"] == pytest.approx(0, abs=1e-12)
    assert "A gains -673 quanta a µs (A to TLS 673)" in audit[ROWS].words
    assert audit[CAUSAL].words.startswith("A depends on TLS, TLS on B")


def test_without_chirality_printed_second_order_rates_still_break_entropy_production():
    """Equal temperatures stay, but channels that differ drive quanta through (n_r + 1)."""
    symmetric = ClosedLoop(tilde_gamma_2=10, tilde_gamma_12=10)
    audit = audit_rates(symmetric)
    assert found(audit) == {PRODUCTION}
    assert "near equal" not in audit[PRODUCTION].words
    # A and channel 2 are hot, B and channel 1 cold: A gives to the systems only if n_1 + 1 helps.
    state = [7.3, 0.36, 0.06, 7.07, 29.7]
    assert symmetric.entropy_change(state) < -8000
    assert symmetric.entropy_production_parts(state)["A", "TLS"] < -10000


def test_the_completed_loop_breaks_detailed_balance_only():
    for crossing in (0.0, 0.02):
        audit = audit_rates(CompletedLoop(crossing=crossing))
        assert found(audit) == {BALANCE}
        assert audit.holds


def test_without_phases_and_with_them_printed_rates_fail_where_completed_ones_hold():
    loop = CompletedLoop(capture=0.1, absorption_1=0.005)
    assert audit_rates(loop).holds
    for phases in (True, False):
        assert ROWS in found(audit_rates(loop.printed_rates(phases)))


def test_more_absorption_than_light_is_found_by_entropy_production_alone():
    loop = CompletedLoop(absorption_1=0.1, allow_unphysical=True)
    audit = audit_rates(loop)
    assert found(audit) == {BALANCE, PRODUCTION}
    assert not audit.holds


def test_in_an_open_system_only_causality_tells_printed_from_completed_rates():
    """Rows and σ of a system with a cold outside are broken by correct rates as well."""
    completed, printed = audit_rates(CompletedWaveguide()), audit_rates(OpenWaveguide())
    assert found(completed) == {ROWS, BALANCE, PRODUCTION}
    assert found(printed) == {ROWS, BALANCE, PRODUCTION, CAUSAL}
    assert completed.holds and not printed.holds
    assert not completed[ROWS].required and not completed[PRODUCTION].required
    assert "may be" in completed[PRODUCTION].words


# Causality


def test_with_light_that_comes_back_dependence_is_allowed():
    # With g_2 > 0 the systems can send to A through channel 2.
    both = OpenWaveguide(tilde_gamma_2=1.0, tilde_gamma_12=1.0)
    assert audit_rates(both)[CAUSAL].holds
    assert audit_rates(both).acausal == {}
    # A cavity that turns light lets the systems reach A.
    loop = CompletedLoop(crossing=0.05)
    assert audit_rates(loop).acausal == {}
    seen = audit_rates(loop, turning=()).acausal
    assert seen["A", "TLS"] > 1e-6
    assert not audit_rates(loop, turning=())[CAUSAL].holds


def test_a_drawing_can_be_given():
    model = dataclasses.replace(OpenWaveguide(), gamma_0=0.0)
    one_way = {"1": ("A", "TLS", "B")}
    audit = audit_rates(model, one_way)
    assert set(audit.acausal) == {("A", "TLS"), ("A", "B"), ("TLS", "B")}
    assert audit.acausal["A", "B"] == 0
    assert audit_rates(model, {})[ROWS].name == ROWS
    with pytest.raises(KeyError, match="no entry 'causality'; there are 'quanta conserved'"):
        audit_rates(model, {})[CAUSAL]
    with pytest.raises(ValueError, match="the drawing names 'C', but the model has A, B, TLS"):
        audit_rates(model, {"1": ("A", "C")})


# Equations as functions


def printed_open(gamma_1):
    """[B] (17)-(19) as functions, with a rate by mode that may not fit γ̃_1/𝒩 = 0.1."""

    def derivative(state):
        n_A, n_B, m = state
        return [
            -0.02 * n_A + 0.01 * (n_B - n_A) - gamma_1 * (100 - m) * n_A,
            -0.02 * n_B + 0.01 * (n_A - n_B) + gamma_1 * m * (n_B + 1),
            -10 * m + 10 * (n_A * (100 - m) - (n_B + 1) * m),
        ]

    def leaving(state):
        return [2 * state[0], 2 * state[1], 10 * state[2]]

    return RateEquations(
        sizes={"A": 100, "B": 100, "TLS": 100}, derivative=derivative, leaving=leaving
    )


DRAWING = {"1": ("A", "TLS", "B"), "2": ("B", "A")}


def test_equations_and_the_model_made_of_them_get_the_same_verdicts():
    typed, model = audit_rates(printed_open(0.1), DRAWING), audit_rates(OpenWaveguide())
    assert found(typed) == found(model) - {BALANCE}
    for name in ("A", "B", "TLS"):
        assert typed.gains[name] == pytest.approx(model.gains[name], rel=1e-9, abs=1e-9)
    assert typed.acausal == pytest.approx(model.acausal)
    assert typed.flows == {}


def test_a_rate_that_does_not_fit_loses_quanta():
    audit = audit_rates(printed_open(0.2), DRAWING)
    assert COLUMNS in found(audit)
    assert "come from nowhere in the state A" in audit[COLUMNS].words


def test_closed_equations_of_completed_rates_hold():
    loop = CompletedLoop()
    sizes = dict(zip(loop.subsystems, (*loop.sizes[:-1], loop.two_level_systems), strict=True))
    equations = RateEquations(sizes=sizes, derivative=loop.derivative)
    audit = audit_rates(equations, DRAWING)
    assert found(audit) == set()
    assert BALANCE not in [entry.name for entry in audit.entries]


def test_one_forgotten_term_is_found_where_it_is():
    """Spontaneous emission left out on both sides: conserved, but not at rest."""
    model = model_from_processes(
        sizes={"light": 4, "TLS": 50},
        processes={
            ("TLS", "light"): lambda n: n["TLS"] * n["light"],
            ("light", "TLS"): lambda n: (50 - n["TLS"]) * n["light"],
        },
    )
    audit = audit_rates(model)
    assert found(audit) == {ROWS, BALANCE, PRODUCTION}
    assert audit.gains["TLS"] > 0


def test_a_model_from_processes_is_a_model_like_the_others():
    model = model_from_processes(
        sizes={"A": 100, "B": 100, "TLS": 100},
        processes={
            ("A", "outside"): lambda n: 2 * n["A"],
            ("B", "outside"): lambda n: 2 * n["B"],
            ("TLS", "outside"): lambda n: 10 * n["TLS"],
            ("A", "B"): lambda n: n["A"] * (n["B"] + 1),
            ("B", "A"): lambda n: n["B"] * (n["A"] + 1),
            ("A", "TLS"): lambda n: 10 * (100 - n["TLS"]) * n["A"],
            ("TLS", "B"): lambda n: 10 * n["TLS"] * (n["B"] + 1),
        },
    )
    expected = OpenWaveguide()
    times = [0.1, 1.0, 10.0]
    assert model.solve(times).states == pytest.approx(expected.solve(times).states, rel=1e-9)
    assert model.variables == ("n_A", "n_B", "m")
    states = np.ones((2, 3, 3))
    assert model.fluxes(states).shape == (2, 3, 7)
    constant = model_from_processes(
        sizes={"A": 1, "TLS": 1}, processes={("A", "TLS"): lambda n: 1.0}
    )
    assert constant.fluxes(np.ones((4, 2))).shape == (4, 1)


def test_broken_rows_make_entropy_production_negative_near_equal_temperatures():
    """σ = Σ δβ_j times the gain of j: no closed model has σ ≥ 0 and broken rows."""
    loop = ClosedLoop(tilde_gamma_2=9.99)  # hardly chiral
    gain = loop.equilibrium_defect().derivative * loop.sizes
    for size in (1e-3, 1e-5):
        beta = 1 - size * gain / np.abs(gain).max()
        sigma = loop.entropy_production(loop.thermal_state(beta))
        # Conduction, of second order in size, comes on top.
        if size == 1e-5:
            assert sigma == pytest.approx((beta - 1) @ gain, rel=0.1)
            assert sigma < 0
    assert PRODUCTION in found(audit_rates(ClosedLoop()))


# Printing and refusing


def test_reports_fit_a_terminal():
    for model in (ClosedLoop(), CompletedWaveguide(), EINSTEIN, printed_open(0.2)):
        lines = str(audit_rates(model)).splitlines()
        assert max(map(len, lines)) <= 78


def test_impossible_models_are_refused():
    with pytest.raises(TypeError, match="`model` must be a RateModel or RateEquations, got dict"):
        audit_rates({})
    with pytest.raises(ValueError, match="`A` must be positive"):
        RateEquations(sizes={"A": 0}, derivative=lambda state: state)
    with pytest.raises(TypeError, match="rate equations must be a function, got 3"):
        RateEquations(sizes={"A": 1}, derivative=3)
    with pytest.raises(ValueError, match="`sizes` must name the two-level systems"):
        model_from_processes(sizes={"A": 1}, processes={})
    with pytest.raises(ValueError, match="`target` must be one of 'A', 'TLS', 'outside'"):
        model_from_processes(sizes={"A": 1, "TLS": 3}, processes={("A", "B"): lambda n: n["A"]})
    with pytest.raises(ValueError, match="`derivative` must be finite"):
        audit_rates(RateEquations(sizes={"A": 1}, derivative=lambda state: [np.nan]))
    with pytest.raises(ValueError, match=r"`derivative` must have shape \(2,\), got \(1,\)"):
        audit_rates(RateEquations(sizes={"A": 1, "TLS": 2}, derivative=lambda state: [1.0]))
