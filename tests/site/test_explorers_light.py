"""Rate models of light and two-level systems: what the explorers of Part III compute with."""

from __future__ import annotations

import numpy as np
import pytest
from reading import physics_page

from detailedbalance.light import (
    ClosedLoop,
    EinsteinRates,
    EmbeddedCavity,
    OpenWaveguide,
    thermal,
)

MODELS = {
    "einstein": EinsteinRates,
    "openWaveguide": OpenWaveguide,
    "closedLoop": ClosedLoop,
    "embeddedCavity": EmbeddedCavity,
}
EVALUATE = """([name, values, states]) => {
  const model = DetailedBalance.physics.lightRates.models[name](values);
  const every = (law) => states.map(law);
  return {
    subsystems: model.subsystems, variables: model.variables, processes: model.processes,
    sizes: model.sizes, initial: model.initialState, colder: model.thermalState(3),
    unequal: model.thermalState(model.subsystems.map((_, i) => 0.5 + i)),
    fluxes: every(model.fluxes), derivative: every(model.derivative),
    betas: every((state) => model.inverseTemperatures(state).map(String)),
    entropies: every(model.entropies), flows: every(model.flows), heat: every(model.heatFlows),
    parts: every(model.productionParts), production: every(model.production),
    change: every(model.entropyChange), quanta: every(model.quanta),
  };
}"""
SOLVE = """([name, values, times, start]) => {
  const model = DetailedBalance.physics.lightRates.models[name](values);
  return model.solve(times, start || undefined);
}"""


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


def log_uniform(rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def random_rate(rng, low: float, high: float) -> float:
    return float(rng.choice([0.0, *(log_uniform(rng, low, high) for _ in range(4))]))


def random_parameters(name: str, rng) -> dict:
    """Parameters over several decades, some rates zero."""
    values = {"two_level_systems": int(log_uniform(rng, 1, 1000)), "modes": 0.0, "beta": 0.0}
    values["modes"] = log_uniform(rng, 10, 1000)
    values["beta"] = log_uniform(rng, 0.1, 10)
    if name == "einstein":
        return values | {"tilde_gamma": log_uniform(rng, 1e-2, 1e3)}
    if name == "embeddedCavity":
        rates = ("gamma_4", "tilde_gamma_5", "tilde_gamma_6")
        values["outer_modes"] = log_uniform(rng, 10, 1000)
        return values | {rate: random_rate(rng, 1e-3, 10) for rate in rates}
    small, large = ["gamma_dec", "gamma_0"], [f"tilde_gamma_{r}" for r in (1, 2, 11, 12)]
    if name == "closedLoop":
        small.append("gamma_3")
        values["waveguide_modes"] = log_uniform(rng, 10, 1000)
    values |= {rate: random_rate(rng, 1e-4, 1) for rate in small}
    return values | {rate: random_rate(rng, 1e-2, 1e3) for rate in large}


def cases(name: str, count: int, seed: int):
    rng = np.random.default_rng(seed)
    if name in ("openWaveguide", "closedLoop"):
        yield {}, rng
    for _ in range(count):
        yield random_parameters(name, rng), rng


def random_states(model, rng) -> np.ndarray:
    """Possible occupations: hot and cold ones, empty ones, and inversions."""
    k = len(model.variables)
    states = np.exp(rng.uniform(np.log(1e-12), np.log(20), (8, k)))
    states[:, -1] = model.two_level_systems * rng.uniform(0, 1, 8)
    states[0] = 0
    states[1, 0] = 0
    states[2, -1] = 0
    states[3, -1] = model.two_level_systems / 2
    states[4, -1] = 1e-9 * model.two_level_systems
    return states


@pytest.mark.parametrize("name", MODELS)
def test_rate_models_of_the_page_equal_the_library(blank, name):
    for values, rng in cases(name, 8, seed=17):
        model = MODELS[name](**values)
        states = random_states(model, rng)
        ours = blank.evaluate(EVALUATE, [name, values, states.tolist()])
        assert tuple(ours["subsystems"]) == model.subsystems
        assert tuple(ours["variables"]) == model.variables
        assert [tuple(process) for process in ours["processes"]] == list(model.processes)
        unequal = 0.5 + np.arange(len(model.variables))
        theirs = {
            "sizes": model.sizes,
            "initial": model.initial_state,
            "colder": model.thermal_state(3),
            "unequal": model.thermal_state(unequal),
            "fluxes": model.fluxes(states),
            "quanta": model.quanta(states),
            "heat": model.heat_flows(states),
            "entropies": model.entropies(states),
        }
        for what, expected in theirs.items():
            np.testing.assert_allclose(ours[what], expected, rtol=1e-13, err_msg=what)
        betas = np.array([[float(beta) for beta in row] for row in ours["betas"]])
        np.testing.assert_allclose(
            betas, model.inverse_temperatures(states), rtol=1e-13, atol=1e-13
        )
        # Differences of large flows are exact to a part of what flows.
        gross = 1e-13 * model.fluxes(states).sum(axis=-1)
        by_heat = gross * np.where(np.isfinite(betas), abs(betas), 0).max(axis=-1)
        same_within(
            ours["derivative"] * model.sizes,
            model.derivative(states) * model.sizes,
            gross[:, None],
        )
        for pair, flow in model.flows(states).items():
            same_within([row["→".join(pair)] for row in ours["flows"]], flow, gross)
        for pair, part in model.entropy_production_parts(states).items():
            same_within([row["→".join(pair)] for row in ours["parts"]], part, by_heat)
        same_within(ours["production"], model.entropy_production(states), by_heat)
        same_within(ours["change"], model.entropy_change(states), by_heat)


def same_within(found, expected, tolerance) -> None:
    """Equal where infinite, and close elsewhere."""
    found = np.asarray(found, dtype=float)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    error = abs(np.where(finite, found, 0) - np.where(finite, expected, 0))
    assert np.all(error <= tolerance)


@pytest.mark.parametrize("name", MODELS)
def test_solution_of_the_page_equals_the_library(blank, name):
    times = np.geomspace(1e-4, 3000, 60)
    for values, rng in cases(name, 6, seed=29):
        model = MODELS[name](**values)
        for start in (None, random_states(model, rng)[5]):
            run = model.solve(times, start)
            given = None if start is None else start.tolist()
            ours = blank.evaluate(SOLVE, [name, values, times.tolist(), given])
            for i, variable in enumerate(model.variables):
                assert ours[variable] == [state[i] for state in ours["states"]]
            # The library's own integrator is exact to 1e-12 of 1e-6, not below.
            np.testing.assert_allclose(ours["states"], run.states, rtol=1e-6, atol=1e-13)


def test_solution_keeps_quanta_and_signs(blank):
    times = np.geomspace(1e-5, 3000, 40)
    for name in ("einstein", "closedLoop", "embeddedCavity"):
        for values, rng in cases(name, 5, seed=41):
            model = MODELS[name](**values)
            for start in random_states(model, rng)[:4]:
                states = np.array(
                    blank.evaluate(SOLVE, [name, values, times.tolist(), start.tolist()])["states"]
                )
                assert np.all(states >= 0)
                assert np.all(states[:, -1] <= model.two_level_systems)
                quanta = model.quanta(start)
                np.testing.assert_allclose(
                    model.quanta(states), quanta, rtol=1e-10, atol=1e-20, err_msg=name
                )


def test_leaking_cavity_decays_exactly_however_empty_it_gets(blank):
    times = np.array([0.0, 1.0, 100.0, 1000.0, 3000.0])
    values = {name: 0 for name in ("gamma_0", "tilde_gamma_1", "tilde_gamma_11")}
    run = blank.evaluate(SOLVE, ["openWaveguide", values, times.tolist(), [1.0, 0.0, 40.0]])
    np.testing.assert_allclose(run["n_A"], np.exp(-0.02 * times), rtol=1e-6)
    assert run["n_B"] == [0] * 5
    assert run["m"] == [40] * 5


def test_slow_mode_is_followed_to_the_end(blank):
    times = np.linspace(0, 3000, 200)
    run = blank.evaluate(SOLVE, ["openWaveguide", {}, times.tolist(), None])
    n_A, n_B = np.array(run["n_A"]), np.array(run["n_B"])
    assert n_A[-1] / n_B[-1] == pytest.approx(9.99498877e-4, rel=1e-7)
    rate = np.log(n_B[-1] / n_B[-50]) / (times[-1] - times[-50])
    assert rate == pytest.approx(-0.0249862594, rel=1e-7)


def test_dragging_a_slider_redraws_at_once(blank):
    """The integrator's cost, warm: far below what a page must draw in."""
    took = blank.evaluate(
        """() => {
          const { models } = DetailedBalance.physics.lightRates;
          const times = Array.from({ length: 200 }, (_, i) => 1e-4 * 3e7 ** (i / 199));
          let best = Infinity;
          for (let i = 0; i < 10; i++) {
            for (const model of [models.openWaveguide(), models.closedLoop()]) {
              const start = performance.now();
              model.solve(times);
              best = Math.min(best, performance.now() - start);
            }
          }
          return best;
        }"""
    )
    assert took < 20


def test_thermal_functions_of_the_page_equal_the_library(blank):
    laws = {
        "boseOccupation": (thermal.bose_occupation, np.geomspace(1e-6, 600, 40)),
        "excitedFraction": (thermal.excited_fraction, np.geomspace(1e-6, 600, 40)),
        "modeInverseTemperature": (thermal.mode_inverse_temperature, np.geomspace(1e-200, 1e9, 40)),
        "twoLevelInverseTemperature": (
            thermal.two_level_inverse_temperature,
            np.r_[np.geomspace(1e-200, 0.4, 30), np.linspace(0.5, 0.999, 10)],
        ),
        "modeEntropy": (thermal.mode_entropy, np.r_[0, np.geomspace(1e-200, 1e9, 40)]),
        "twoLevelEntropy": (
            thermal.two_level_entropy,
            np.r_[0, np.geomspace(1e-200, 0.4, 30), np.linspace(0.5, 1, 10)],
        ),
    }
    for name, (law, arguments) in laws.items():
        ours = blank.evaluate(
            "([name, xs]) => xs.map(DetailedBalance.physics.lightRates[name])",
            [name, arguments.tolist()],
        )
        np.testing.assert_allclose(ours, law(arguments), rtol=1e-13, err_msg=name)


def test_missing_or_impossible_parameter_is_named(blank):
    for name, values, word in (
        ("einstein", {"two_level_systems": 10, "modes": 5}, "tilde_gamma"),
        ("openWaveguide", {"gamma_dec": -1}, "gamma_dec"),
        ("closedLoop", {"waveguide_modes": 0}, "waveguide_modes"),
    ):
        message = blank.evaluate(
            """([name, values]) => {
              try { DetailedBalance.physics.lightRates.models[name](values); }
              catch (error) { return error.message; }
            }""",
            [name, values],
        )
        assert word in message
