"""The closed loop: physics and page of the explorer."""

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
    numbers,
    panel,
    physics_page,
    press,
    run_python,
    set_number,
    value_of,
)

from detailedbalance.light import ClosedLoop, EmbeddedCavity

TIMES = [1e-3, 0.1, 1.0, 30.0, 1e4]
ENTROPY, SUBSYSTEMS = "Entropy of the isolated", "The subsystems"
FLOWS, EQUAL = "Who feeds whom", "Net flows at equal"


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def explorer(browser, server):
    """Open the page of the explorer and return its figure."""
    with built_pages(browser, server) as open_page:
        yield lambda **options: figure_of(open_page(PAGES["closed-loop"], **options), "closed-loop")


# ---- Physics ----


def random_values(count: int) -> list[dict]:
    rng = np.random.default_rng(12)
    return [
        {
            "system": str(rng.choice(["loop", "loop", "cavity"])),
            "start": str(rng.choice(["one", "unequal"])),
            "chirality": float(rng.choice([-1, 0, 1, rng.uniform(-1, 1)])),
            "second": float(rng.choice([0, 10, rng.uniform(0, 20)])),
            "first": float(rng.choice([0, 10, rng.uniform(0, 20)])),
            "gamma_dec": float(10 ** rng.uniform(-3, 0)),
            "gamma_0": float(rng.choice([0, rng.uniform(0, 0.1)])),
            "gamma_3": float(rng.choice([0, rng.uniform(0, 0.1)])),
            "two_level_systems": int(rng.integers(1, 400)),
            "modes": int(rng.integers(1, 400)),
            "waveguide_modes": int(rng.integers(1, 400)),
            "beta": float(np.exp(rng.uniform(np.log(0.2), np.log(5)))),
        }
        for _ in range(count)
    ]


def model_of(values: dict) -> ClosedLoop | EmbeddedCavity:
    """Return the library's model for the explorer's values."""
    names = ("two_level_systems", "modes", "beta")
    common = {name: values[name] for name in names}
    if values["system"] == "cavity":
        return EmbeddedCavity(
            **common,
            outer_modes=values["waveguide_modes"],
            gamma_4=values["gamma_dec"],
            tilde_gamma_5=values["first"],
            tilde_gamma_6=values["second"],
        )
    to_1, to_2 = (1 + values["chirality"]) / 2, (1 - values["chirality"]) / 2
    weak = ("waveguide_modes", "gamma_dec", "gamma_0", "gamma_3")
    return ClosedLoop(
        **common,
        **{name: values[name] for name in weak},
        tilde_gamma_11=to_1 * values["first"],
        tilde_gamma_12=to_2 * values["first"],
        tilde_gamma_1=to_1 * values["second"],
        tilde_gamma_2=to_2 * values["second"],
    )


def start_of(values: dict):
    """Return where the library's run begins."""
    if values["start"] == "one":
        return model_of(values).initial_state
    middle = [1.0] * (3 if values["system"] == "loop" else 1)
    return model_of(values).thermal_state(values["beta"] / np.array([2, *middle, 0.5]))


def in_browser(page, values: dict) -> dict:
    return page.evaluate(
        """([values, times]) => {
          const physics = DetailedBalance.physics.closedLoop;
          const loop = physics.model(values);
          const begin = physics.start(loop, values);
          return {
            parameters: loop.parameters, begin, equal: physics.netFlows(loop, loop.initialState),
            net: physics.netFlows(loop, begin), ...physics.history(loop, times, begin),
          };
        }""",
        [values, TIMES],
    )


def test_runs_entropies_and_flows_equal_the_library(blank):
    for values in random_values(16):
        ours, model, start = in_browser(blank, values), model_of(values), start_of(values)
        assert ours["parameters"] == {name: getattr(model, name) for name in ours["parameters"]}
        np.testing.assert_allclose(ours["begin"], start, rtol=1e-13)
        run = model.solve(TIMES, start)
        np.testing.assert_allclose(ours["states"], run.states, rtol=2e-5)
        np.testing.assert_allclose(ours["entropies"], run.entropy, rtol=1e-5)
        for shown, state in ((ours["net"], start), (ours["equal"], model.initial_state)):
            matrix = np.zeros((len(state), len(state)))
            for (source, target), flow in model.flows(state).items():
                place = model.subsystems.index(target), model.subsystems.index(source)
                matrix[place], matrix[place[::-1]] = flow, -flow
            largest = np.abs(model.fluxes(state)).sum()
            np.testing.assert_allclose(shown, matrix, rtol=1e-9, atol=1e-11 * largest)


def test_no_state_with_as_many_quanta_has_more_entropy_than_the_one_of_equal_temperatures(blank):
    for values in random_values(16):
        ours, model = in_browser(blank, values), model_of(values)
        equal = model.thermal_state(ours["common"])
        assert model.quanta(equal) == pytest.approx(model.quanta(ours["begin"]), rel=1e-12)
        assert ours["largest"] == pytest.approx(model.entropies(equal).sum(), rel=1e-12)
        assert max(ours["entropies"]) <= ours["largest"] * (1 + 1e-9)  # the integrator's quanta


# ---- Page ----


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


def entropies(figure) -> tuple[float, float, float]:
    """Return S at the cursor, in the end, and its largest value."""
    found = re.search(
        rf"S = ({NUMBER}) k, in the end ({NUMBER}) k.*?allow ({NUMBER}) k", note(figure, ENTROPY)
    )
    return tuple(number(text) for text in found.groups())


def occupation(figure, name: str) -> float:
    return number(re.search(rf"\b{name} = ({NUMBER})", note(figure, SUBSYSTEMS))[1])


def choose(figure, name: str, option: str) -> None:
    figure.locator(f'select[data-parameter="{name}"]').select_option(option)
    next_frame(figure.page)


def test_figure_7_loses_two_fifths_of_its_entropy_and_no_quantum(explorer):
    figure = explorer()
    at_cursor, end, largest = entropies(figure)
    assert (end, largest) == (285.909, 474.481)
    assert at_cursor == pytest.approx(ClosedLoop().solve([1.0]).entropy[0], abs=1e-3)
    words = note(figure, ENTROPY)
    assert re.findall(rf"start ({NUMBER}), at the cursor ({NUMBER})\.", words) == [
        ("259.6848", "259.6848")
    ]
    set_number(figure, "time", 1e4)
    assert entropies(figure)[0] == 285.909
    assert [occupation(figure, name) for name in ("nA", "nB", "n1", "n2", "m")] == [
        0.0034,
        2.2237,
        0.0059,
        0.3617,
        0.219,
    ]


def test_equal_temperatures_leave_only_without_symmetry(explorer):
    figure = explorer()
    assert "A loses 673.1, B gains 673.1 quanta" in note(figure, EQUAL)
    assert panel(figure, EQUAL).locator(".sum-wrong").count() == 2
    press(figure, "Mirror image")
    assert "A gains 673.1, B loses 673.1 quanta" in note(figure, EQUAL)
    for preset in ("Symmetric", "First order alone", "Embedded cavity"):
        press(figure, preset)
        assert "Equal temperatures stay" in note(figure, EQUAL)
        assert panel(figure, EQUAL).locator(".sum-wrong").count() == 0
        set_number(figure, "time", 1e4)
        _, end, largest = entropies(figure)
        assert end == largest
        temperatures = re.findall(rf"T = ({NUMBER})", note(figure, SUBSYSTEMS))
        assert len(set(temperatures)) == 1


def test_mirror_image_exchanges_the_cavities_and_the_channels(explorer):
    figure = explorer()
    set_number(figure, "time", 2)
    names = ("nA", "nB", "n1", "n2", "m")
    before = [occupation(figure, name) for name in names]
    set_number(figure, "chirality", -1)
    after = [occupation(figure, name) for name in ("nB", "nA", "n2", "n1", "m")]
    assert after == before


def test_arrows_from_cold_to_hot_are_where_entropy_is_destroyed(explorer):
    figure = explorer()
    set_number(figure, "time", 1e4)
    drawing = panel(figure, FLOWS).locator("svg").first
    assert drawing.locator(".arrow.uphill").count() == 1
    assert "TLS → B 7.11 (−40.9 k)" in note(figure, FLOWS)
    press(figure, "Embedded cavity")
    assert drawing.locator(".arrow.uphill").count() == 0
    assert drawing.locator(".arrow.downhill").count() > 0


def test_chirality_of_the_cavity_is_not_asked_for(explorer):
    figure = explorer()
    names = ("chirality", "gamma_0", "gamma_3")
    sliders = [figure.locator(f'input[type=range][data-parameter="{name}"]') for name in names]
    assert all(slider.is_visible() for slider in sliders)
    choose(figure, "system", "cavity")
    assert not any(slider.is_visible() for slider in sliders)
    press(figure, "Fig. 7")
    assert all(slider.is_visible() for slider in sliders)


def test_each_control_of_the_loop_changes_the_numbers(explorer):
    figure = explorer()
    names = [
        *("chirality", "second", "first", "gamma_dec", "gamma_0", "gamma_3"),
        *("two_level_systems", "modes", "waveguide_modes", "beta", "time"),
    ]
    for name in names:
        before = value_of(figure, name), note(figure, SUBSYSTEMS), note(figure, FLOWS)
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        for _ in range(5):
            slider.press("ArrowLeft")
        next_frame(figure.page)
        assert value_of(figure, name) < before[0], name
        assert (note(figure, SUBSYSTEMS), note(figure, FLOWS)) != before[1:], name


def test_temperatures_can_be_shown_for_occupations(explorer):
    figure = explorer()
    drawing = panel(figure, SUBSYSTEMS).locator("svg").first
    label = drawing.locator(".axis-label").last
    assert label.text_content() == "photons per mode; m/M"
    choose(figure, "shown", "temperatures")
    assert label.text_content() == "kT/ħΩ"
    assert drawing.locator("path.curve").count() == 5


def test_cursor_follows_the_mouse(explorer):
    figure = explorer()
    drawing = panel(figure, ENTROPY).locator("svg").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    mouse = figure.page.mouse
    y = box["y"] + 0.5 * box["height"]
    mouse.move(box["x"] + 0.5 * box["width"], y)
    mouse.down()
    mouse.move(box["x"] + 0.9 * box["width"], y)
    mouse.up()
    next_frame(figure.page)
    assert 500 < value_of(figure, "time") < 5000
    assert entropies(figure)[0] == 285.909


def test_loop_is_spoken_in_a_few_words(explorer):
    figure = explorer()
    set_number(figure, "time", 1e4)
    spoken = figure.locator(".explorer-spoken", has_text="entropy 285.9 of 474.5")
    spoken.wait_for(state="attached")
    assert "n B 2.224" in spoken.inner_text()
    assert len(spoken.inner_text().split()) < 35


@pytest.mark.parametrize("preset", ["Fig. 7", "Embedded cavity"])
def test_program_of_the_loop_gives_the_numbers_shown(explorer, preset):
    figure = explorer(**CLIPBOARD)
    press(figure, preset)
    choose(figure, "start", "unequal")
    for name, value in (("second", 7), ("two_level_systems", 60), ("beta", 1.3), ("time", 0.4)):
        set_number(figure, name, value)
    printed = {
        name: json.loads(text.replace("'", '"').lower())
        for name, text in run_python(copied_program(figure)).items()
    }
    at_cursor, end, _ = entropies(figure)
    assert printed["entropy"] == pytest.approx(at_cursor, rel=1e-5)
    assert printed["entropy in the end"] == pytest.approx(end, rel=1e-5)
    words = note(figure, SUBSYSTEMS)
    shown = [number(text) for text in re.findall(rf"[\w]+ = ({NUMBER}) \(T", words)]
    np.testing.assert_allclose(printed["state"], shown, atol=6e-4)
    warm = [number(text) for text in re.findall(rf"T = ({NUMBER})", words)]
    np.testing.assert_allclose(printed["temperatures"], warm, rtol=6e-3)
    sigma = numbers(note(figure, FLOWS).split("σ")[1])[0]
    assert printed["production"] == pytest.approx(sigma, rel=1e-3)
    stay = "Equal temperatures stay" in note(figure, EQUAL)
    assert printed["equal temperatures stay"] is stay
