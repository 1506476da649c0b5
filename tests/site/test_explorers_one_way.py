"""The open chiral waveguide: physics and page of the explorer."""

from __future__ import annotations

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
from scipy import constants

from detailedbalance import light

KELVIN = constants.h * constants.c / (10e-6 * constants.k)


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def explorer(browser, server):
    """Open the page of the explorer and return its figure."""
    with built_pages(browser, server) as open_page:
        yield lambda **options: figure_of(
            open_page(PAGES["one-way-street"], **options), "one-way-street"
        )


# ---- Physics ----


def random_values(count: int) -> list[dict]:
    rng = np.random.default_rng(17)
    return [
        {
            "chirality": float(rng.uniform(-1, 1)),
            "strength": float(10 ** rng.uniform(-1, 1.5)),
            "feed": float(rng.uniform(0, 1)),
            "losses": float(rng.choice([0.0, 1.0, rng.uniform(0, 3)])),
            "beta": float(rng.uniform(0.3, 3)),
        }
        for _ in range(count)
    ]


def in_library(values: dict) -> light.OpenWaveguide:
    one = values["strength"] * (1 + values["chirality"]) / 2
    two = values["strength"] * (1 - values["chirality"]) / 2
    return light.OpenWaveguide(
        gamma_dec=0.01 * values["losses"],
        gamma_0=values["feed"],
        tilde_gamma_1=one,
        tilde_gamma_2=two,
        tilde_gamma_11=values["losses"] * one,
        tilde_gamma_12=values["losses"] * two,
        beta=values["beta"],
    )


def in_browser(page, values: dict, time: float) -> dict:
    return page.evaluate(
        """([values, time]) => {
          const street = DetailedBalance.physics.oneWayStreet;
          const system = street.model(values);
          const state = system.solve([time]).states[0];
          return { state, temperatures: street.temperatures(system, state),
            arrows: street.arrows(system, state), drift: street.drift(values) };
        }""",
        [values, time],
    )


def test_one_way_street_equals_the_library(blank):
    for values in random_values(10):
        model = in_library(values)
        run = model.solve([0.7])
        ours = in_browser(blank, values, 0.7)
        np.testing.assert_allclose(ours["state"], run.states[0], rtol=2e-6)
        np.testing.assert_allclose(ours["temperatures"], KELVIN * run.temperatures[0], rtol=2e-6)
        flows = dict.fromkeys(ours["arrows"], 0.0)
        for process, flux in zip(model.processes, model.fluxes(run.states[0]), strict=True):
            flows[f"{process.source}→{process.target}"] += flux
        for pair, flow in flows.items():
            assert ours["arrows"][pair] == pytest.approx(flow, rel=1e-5, abs=1e-12)
        defect = model.equilibrium_defect().derivative
        np.testing.assert_allclose(
            ours["drift"], defect, rtol=1e-9, atol=1e-10 * values["strength"] * 100
        )


def test_opposite_chirality_exchanges_the_cavities(blank):
    for values in random_values(6):
        mirrored = {**values, "chirality": -values["chirality"]}
        (a, b, m), (mirrored_a, mirrored_b, mirrored_m) = (
            in_browser(blank, each, 0.4)["state"] for each in (values, mirrored)
        )
        np.testing.assert_allclose([mirrored_a, mirrored_b, mirrored_m], [b, a, m], rtol=1e-9)


# ---- Page ----


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


def shown(figure, title: str, pattern: str) -> float:
    return number(re.search(pattern.replace("#", f"({NUMBER})"), note(figure, title))[1])


def temperature(figure, name: str) -> float:
    return shown(figure, "In time", rf"\b{name} # K")


def arrow_width(figure, pair: str) -> float:
    """Width of an arrow's shaft, from the first two corners of its outline and the last."""
    path = figure.locator(f'[data-flow="{pair}"] path').get_attribute("d")
    points = np.array([list(map(float, p.split())) for p in re.findall(r"[-\d.]+ [-\d.]+", path)])
    return float(np.hypot(*(points[0] - points[-1])))


def test_figure_2_of_the_paper_is_shown(explorer):
    figure = explorer()
    press(figure, "Fig. 2")
    set_number(figure, "moment", 0)
    assert {temperature(figure, name) for name in ("A", "B", "TLS")} == {1438.8}
    set_number(figure, "moment", 57)
    hottest = KELVIN * light.OpenWaveguide().solve([0.57]).temperatures[0, 1]
    assert temperature(figure, "B") == pytest.approx(hottest, abs=0.1)
    assert shown(figure, "In time", "n_B = #") == pytest.approx(1.1158, abs=1e-3)


def test_figure_3_of_the_paper_ends_in_its_ratio(explorer):
    figure = explorer()
    press(figure, "Fig. 3")
    set_number(figure, "moment", 100)
    assert shown(figure, "In time", "n_A/n_B = #") == pytest.approx(9.995e-4, rel=2e-4)


def test_symmetric_street_keeps_both_cavities_alike(explorer):
    figure = explorer()
    press(figure, "Symmetric")
    assert temperature(figure, "A") == temperature(figure, "B")
    assert "stay equal" in note(figure, "Drift")
    press(figure, "Mirrored")
    assert temperature(figure, "A") > 1439 > temperature(figure, "B")
    assert shown(figure, "Drift", "dn_A/dt = #") == pytest.approx(4.2546, abs=1e-4)


def test_arrows_of_the_street_are_as_wide_as_their_flows(explorer):
    figure = explorer()
    flows = note(figure, "Who hands")
    taken = number(re.search(rf"A → TLS ({NUMBER})", flows)[1])
    given = number(re.search(rf"TLS → B ({NUMBER})", flows)[1])
    ratio = arrow_width(figure, "TLS→B") / arrow_width(figure, "A→TLS")
    assert ratio == pytest.approx(given / taken, rel=0.02)
    assert figure.locator('[data-flow="B→TLS"]').count() == 0
    set_number(figure, "chirality", 0.5)
    assert figure.locator('[data-flow="B→TLS"]').count() == 1


def test_no_quantum_is_lost_from_the_sum(explorer):
    figure = explorer()
    for name, value in (("moment", 60), ("losses", 2.5), ("chirality", -0.3)):
        set_number(figure, name, value)
        drawing = panel(figure, "Where the quanta are")
        parts = drawing.locator(".bar").evaluate_all(
            "(bars) => bars.map((bar) => Number(bar.dataset.quanta))"
        )
        start = light.OpenWaveguide().initial_state @ light.OpenWaveguide().sizes
        assert sum(parts) == pytest.approx(start, rel=1e-9)
        assert number(drawing.locator(".sum").text_content()) == pytest.approx(start, abs=0.005)
    press(figure, "No losses")
    assert "143.29 are in the system" in note(figure, "Where the quanta are")


def test_each_control_of_the_street_changes_the_numbers(explorer):
    figure = explorer()
    for name, value in (("chirality", 0.4), ("strength", 3), ("feed", 0.3), ("losses", 2)):
        before = note(figure, "In time")
        set_number(figure, name, value)
        assert note(figure, "In time") != before
    for name in ("beta", "span", "moment"):
        before = (value_of(figure, name), note(figure, "In time"))
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        slider.press("ArrowRight")
        next_frame(figure.page)
        assert value_of(figure, name) > before[0]
        assert note(figure, "In time") != before[1]
    curves = panel(figure, "In time").locator("svg .curve")
    before = curves.first.get_attribute("d")
    figure.locator('select[data-parameter="view"]').select_option("occupations")
    next_frame(figure.page)
    assert curves.first.get_attribute("d") != before


def test_empty_cavities_have_a_temperature_and_no_ratio(explorer):
    figure = explorer()
    extremes = {"strength": 100, "losses": 3, "span": 300, "moment": 100}
    for chirality, empty in ((-1, "n_B = 0."), (0.3, "n_A = 0, n_B = 0.")):
        set_number(figure, "chirality", chirality)
        for name, value in {**extremes, "feed": 0}.items():
            set_number(figure, name, value)
        assert note(figure, "In time").endswith(empty)
        drawn = figure.locator(".panels").inner_html()
        assert "NaN" not in drawn
        assert "Infinity" not in drawn


def test_cursor_follows_the_mouse(explorer):
    figure = explorer()
    for title, name in (("In time", "moment"), ("Drift", "chirality")):
        drawing = panel(figure, title).locator("svg").first
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        mouse = figure.page.mouse
        mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
        mouse.down()
        mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"])
        mouse.up()
        next_frame(figure.page)
        low, high = {"moment": (60, 72), "chirality": (0.2, 0.5)}[name]
        assert low < value_of(figure, name) < high


def test_street_is_spoken_in_a_few_words(explorer):
    figure = explorer()
    press(figure, "Symmetric")
    figure.locator(".explorer-spoken", has_text="At 0.100 microseconds A has").wait_for(
        state="attached"
    )
    assert len(figure.locator(".explorer-spoken").inner_text().split()) < 30


@pytest.mark.parametrize("preset", ["Fig. 2", "Fig. 3", "No losses"])
def test_program_of_the_street_gives_the_numbers_shown(explorer, preset):
    figure = explorer(**CLIPBOARD)
    press(figure, preset)
    set_number(figure, "chirality", 0.6)
    set_number(figure, "beta", 1.4)
    set_number(figure, "moment", 30)
    printed = {name: float(text) for name, text in run_python(copied_program(figure)).items()}
    for name in ("A", "B", "TLS"):
        assert printed[f"T_{name}"] == pytest.approx(temperature(figure, name), abs=0.06)
    assert printed["n_B"] == pytest.approx(shown(figure, "In time", "n_B = #"), rel=1e-3)
    taken = shown(figure, "Who hands", "A → TLS #")
    assert printed["TLS absorb from A through channel 1"] == pytest.approx(taken, rel=1e-3)
    inside = shown(figure, "Where the quanta are", "quanta # are in")
    assert printed["quanta"] == pytest.approx(inside, abs=6e-3)
    drift = shown(figure, "Drift", "dn_A/dt = #")
    assert printed["drift of A"] == pytest.approx(drift, abs=6e-5)
