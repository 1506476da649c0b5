"""A weight on the loop of three levels: physics and page of the explorer."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from reading import (
    CLIPBOARD,
    NUMBER,
    PAGES,
    built_pages,
    copied_program,
    figure_of,
    next_frame,
    number,
    panel,
    physics_page,
    press,
    run_python,
    set_number,
    value_of,
)

from detailedbalance import (
    ContactScattering,
    consistent_load,
    coupling_matrix,
    gibbs_state,
    loop_current,
    naive_load,
    transition_rates,
)

LEVELS = [-0.5, 0.0, 0.5]
DILUTE = 1e-6
TOLERANCE = 1e-7


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def explorer(browser, server):
    """Open the page of the explorer and return its figure."""
    with built_pages(browser, server) as open_page:
        yield lambda **options: figure_of(open_page(PAGES["loaded-loop"], **options), "loaded-loop")


# ---- Physics ----


def random_parameters(count: int) -> list[dict]:
    rng = np.random.default_rng(31)
    return [
        {
            "strength": float(np.exp(rng.uniform(np.log(0.3), np.log(3)))),
            "phases": str(rng.choice(["hamiltonian", "S26"])),
            "beta": float(np.exp(rng.uniform(np.log(0.2), np.log(6)))),
            "weight": float(rng.choice([0, 0.1, 0.5, 1, rng.uniform(-1, 1), rng.uniform(-1, 1)])),
        }
        for _ in range(count)
    ]


def contact_of(values: dict) -> ContactScattering:
    couplings = values["strength"] * np.array([1.0, 0.7, 1.5])
    return ContactScattering(LEVELS, coupling_matrix(couplings, values["phases"]))


def in_browser(page, values: dict, kind: str, time: float) -> dict:
    return page.evaluate(
        """([values, kind, time]) => {
          const model = DetailedBalance.physics.loadedLoop;
          const { beta, weight } = values;
          const free = model.unloaded(values, beta);
          const load = kind === "naive" ? model.naive(free, weight, beta)
            : model.consistent(values, weight, beta);
          const p = model.gibbs(beta);
          const total = model.total(load);
          const populations = model.stationaryState(total);
          return {
            free: free.rates[0], steps: load.steps, rates: load.rates, gibbs: p, populations,
            current: model.loopCurrent(free.rates[0]), drift: model.drift(load, populations),
            defect: model.sumRule(load, weight, beta),
            moments: model.moments(load, p, time / 8, 8)[8],
            average: model.exponentialMean(load, beta * weight, p, time / 8, 8)[8],
          };
        }""",
        [values, kind, time],
    )


def in_library(values: dict, kind: str):
    contact, beta, weight = contact_of(values), values["beta"], values["weight"]
    free = transition_rates(contact, beta, DILUTE)
    if kind == "naive":
        return free, naive_load(free, weight, beta)
    # The page cuts the tower at the same floors.
    return free, consistent_load(contact, beta, weight, density=DILUTE, reach=2)


@pytest.mark.parametrize("kind", ["naive", "consistent"])
def test_physics_of_the_load_equals_the_library(blank, kind):
    for values in random_parameters(12):
        free, load = in_library(values, kind)
        beta = values["beta"]
        gibbs = gibbs_state(LEVELS, beta)
        jumps = (free * gibbs).sum()
        time = 50 / jumps
        ours = in_browser(blank, values, kind, time * DILUTE)
        scale = free.max() / DILUTE
        np.testing.assert_allclose(ours["free"], free / DILUTE, rtol=TOLERANCE, atol=1e-9 * scale)
        np.testing.assert_allclose(
            ours["current"],
            loop_current(contact_of(values), beta, DILUTE) / DILUTE,
            rtol=1e-6,
            atol=1e-9 * scale,
        )
        order = [list(load.steps).index(step) for step in ours["steps"]]
        np.testing.assert_allclose(
            ours["rates"], load.rates[order] / DILUTE, rtol=TOLERANCE, atol=1e-9 * scale
        )
        np.testing.assert_allclose(ours["gibbs"], gibbs, rtol=1e-13)
        drift, _ = load.cumulants()
        np.testing.assert_allclose(ours["drift"], drift / DILUTE, rtol=1e-6, atol=1e-9 * scale)
        chi = beta * values["weight"]
        defect = load.tilted_generator(chi) @ gibbs / DILUTE
        np.testing.assert_allclose(
            ours["defect"], defect, rtol=1e-6, atol=1e-9 * scale * np.exp(2 * abs(chi))
        )
        mean, variance = load.moments(gibbs, time)
        np.testing.assert_allclose(ours["moments"]["mean"], mean, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(ours["moments"]["variance"], variance, rtol=1e-6)
        average = load.generating_function(chi, gibbs, time)
        np.testing.assert_allclose(ours["average"], average, rtol=1e-5)


def test_scattered_weight_is_never_lifted_and_its_exponential_mean_stays_one(blank):
    for values in random_parameters(12):
        ours = in_browser(blank, values, "consistent", 1e4)
        assert values["weight"] * ours["drift"] <= 1e-12
        assert ours["average"] == pytest.approx(1, abs=1e-5)


def test_history_moves_as_often_as_the_rates_say(blank):
    values = {"strength": 1.0, "phases": "S26", "beta": 2.0, "weight": 0.2}
    end = 2e6
    for kind in ("naive", "consistent"):
        last = blank.evaluate(
            """([values, kind, end]) => {
              const model = DetailedBalance.physics.loadedLoop;
              const free = model.unloaded(values, values.beta);
              const load = kind === "naive" ? model.naive(free, values.weight, values.beta)
                : model.consistent(values, values.weight, values.beta);
              const random = DetailedBalance.seededRandom(3);
              const gibbs = model.gibbs(values.beta);
              return Array.from({ length: 20 }, () =>
                model.history(load, gibbs, end, random).heights.at(-1));
            }""",
            [values, kind, end],
        )
        _, load = in_library(values, kind)
        mean, variance = load.moments(gibbs_state(LEVELS, 2.0), end / DILUTE)
        assert abs(np.mean(last) - mean) < 4 * np.sqrt(variance / len(last))
        assert 0.4 < np.var(last) / variance < 2


# ---- Page ----


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


def shown(figure, title: str, pattern: str) -> float:
    return number(re.search(pattern.replace("#", f"({NUMBER})"), note(figure, title))[1])


def shown_drift(figure) -> float:
    return shown(figure, "Six weights", "Drift # steps")


def shown_average(figure) -> float:
    return shown(figure, "What the sum rule says", r"\) = #")


def height_of_weight(figure) -> float:
    return float(figure.locator(".weight").get_attribute("data-height"))


def test_load_by_hand_lifts_and_scattered_load_sinks(explorer):
    figure = explorer()
    assert "perpetual motion" in note(figure, "Six weights")
    assert shown_drift(figure) == pytest.approx(1.7831e-4)
    assert shown_average(figure) > 1e6
    press(figure, "Scattered, w = 0.2")
    assert "gives energy away" in note(figure, "Six weights")
    assert shown_drift(figure) == pytest.approx(-1.6563e-4)
    assert shown_average(figure) == 1
    set_number(figure, "weight", -0.2)
    assert shown_drift(figure) > 0
    assert "gives energy away" in note(figure, "Six weights")


def test_weight_without_energy_that_is_scattered_leaves_no_current(explorer):
    figure = explorer()
    assert figure.locator(".loop").count() == 1
    press(figure, "Scattered, w = 0")
    assert figure.locator(".loop").count() == 0
    assert "with it, nothing" in note(figure, "The loop under the load")
    assert shown_drift(figure) == 0


def test_mill_by_hand_stands_still_where_the_affinity_says(explorer):
    figure = explorer()
    words = note(figure, "Energy that the weight gains")
    limit = number(re.search(rf"0 < w < ({NUMBER})", words)[1])
    assert limit == 0.4588
    for weight, sign in ((limit - 0.01, 1), (limit + 0.01, -1)):
        set_number(figure, "weight", weight)
        assert np.sign(shown_drift(figure)) == sign


def test_turned_loop_turns_the_weight_by_hand_and_changes_no_digit_of_the_scattered_one(explorer):
    figure = explorer()
    choice = figure.locator('select[data-parameter="phases"]')
    set_number(figure, "weight", 0)
    before = shown_drift(figure)
    choice.select_option("hamiltonian")
    next_frame(figure.page)
    assert shown_drift(figure) == -before
    press(figure, "Scattered, w = 0.2")
    words = [note(figure, title) for title in ("Six weights", "What the sum rule says")]
    choice.select_option("hamiltonian")
    next_frame(figure.page)
    assert [note(figure, t) for t in ("Six weights", "What the sum rule says")] == words


def test_each_control_of_the_load_changes_the_numbers(explorer):
    figure = explorer()
    for name in ("weight", "beta", "strength"):
        before = (value_of(figure, name), shown_drift(figure))
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        slider.press("ArrowRight")
        next_frame(figure.page)
        assert value_of(figure, name) > before[0]
        assert shown_drift(figure) != before[1]
    set_number(figure, "time", 0)
    assert height_of_weight(figure) == 0
    assert shown_average(figure) == 1
    set_number(figure, "time", 1500)
    assert height_of_weight(figure) != 0
    before = height_of_weight(figure)
    heights = set()
    for _ in range(4):
        press(figure, "Six others")
        heights.add(height_of_weight(figure))
    assert heights != {before}


def test_weight_follows_the_mouse_in_the_panel_of_the_power(explorer):
    figure = explorer()
    press(figure, "Scattered, w = 0.2")
    drawing = panel(figure, "Energy that the weight gains").locator("svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    mouse = figure.page.mouse
    y = box["y"] + 0.5 * box["height"]
    mouse.move(box["x"] + 0.5 * box["width"], y)
    mouse.down()
    for share in (0.55, 0.6, 0.65):
        mouse.move(box["x"] + share * box["width"], y)
        next_frame(figure.page)
    mouse.up()
    next_frame(figure.page)
    assert 0.1 < value_of(figure, "weight") < 0.3
    assert figure.locator(".tried").count() >= 3


def test_power_off_the_scale_is_an_arrow_and_no_point(explorer):
    figure = explorer()
    drawing = panel(figure, "Energy that the weight gains").locator("svg").first
    assert drawing.locator(".track-end").count() == 1
    assert drawing.locator(".beyond").count() == 0
    set_number(figure, "weight", -1)
    next_frame(figure.page)
    assert drawing.locator(".track-end").count() == 0
    assert drawing.locator(".beyond").count() == 1


def test_load_is_spoken_in_a_few_words(explorer):
    figure = explorer()
    press(figure, "Scattered, w = 0.2")
    spoken = figure.locator(".explorer-spoken", has_text="Weight 0.20: drift −")
    spoken.wait_for(state="attached")
    assert "loop current −1.38 × 10⁻⁴, mean of the exponential 1.00" in spoken.inner_text()
    assert len(spoken.inner_text().split()) < 35


def test_film_of_the_weight_runs_and_can_be_paused(explorer):
    figure = explorer()
    press(figure, "Play")
    figure.page.wait_for_timeout(500)
    press(figure, "Pause")
    stopped = value_of(figure, "time")
    assert 0 < stopped < 1000
    figure.page.wait_for_timeout(200)
    assert value_of(figure, "time") == stopped


def test_reduced_motion_shows_the_end_and_offers_no_film(explorer):
    figure = explorer(reduced_motion="reduce")
    assert not figure.get_by_role("button", name="Play").is_visible()
    assert value_of(figure, "time") == 2000
    assert height_of_weight(figure) != 0


@pytest.mark.parametrize("preset", ["By hand, w = 0.2", "Scattered, w = 0.2"])
def test_program_of_the_load_gives_the_numbers_shown(explorer, preset):
    figure = explorer(**CLIPBOARD)
    press(figure, preset)
    set_number(figure, "beta", 1.37)
    set_number(figure, "strength", 1.3)
    set_number(figure, "time", 150)
    printed = {name: json.loads(text) for name, text in run_python(copied_program(figure)).items()}
    free = shown(figure, "The loop under the load", "K = #")
    assert printed["K without load"] == pytest.approx(free, rel=1e-4)
    assert printed["drift"] == pytest.approx(shown_drift(figure), rel=1e-4)
    per_jump = shown(figure, "Six weights", "time, # per jump")
    assert printed["drift per jump"] == pytest.approx(per_jump, rel=1e-3)
    power = shown(figure, "Energy that the weight gains", "1000 × power = # per jump")
    assert printed["power per jump"] == pytest.approx(power / 1000, rel=1e-3)
    found = re.search(rf"mean ({NUMBER}) ± ({NUMBER})", note(figure, "Six weights"))
    assert printed["mean height"] == pytest.approx(number(found[1]), abs=6e-3)
    assert printed["standard deviation"] == pytest.approx(number(found[2]), abs=6e-3)
    assert printed["mean of exp(beta w dn)"] == pytest.approx(shown_average(figure), rel=1e-3)
    missing = np.array(printed["sum rule off by, %"])
    if preset.startswith("By hand"):
        rows = re.findall(rf"[−0+]: ({NUMBER}) %", note(figure, "What the sum rule says"))
        np.testing.assert_allclose(missing, [number(row) for row in rows], atol=6e-3)
    else:
        assert abs(missing).max() < 1e-6
