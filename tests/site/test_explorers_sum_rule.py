"""The junction chain, and printed beside completed rates: physics and pages of the explorers."""

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
    shown_matrix,
    value_of,
)

from detailedbalance import light

PORTS = ("1", "2", "A", "TLS", "B")
MATRIX, FILLED, KNOWS = "Where a photon goes", "filled at the start", "Does A know"
CAVITIES, ENTROPY, GAIN = "The cavities", "Entropy of the isolated", "Gain at equal"
SIGMA, WHOLE = "Entropy production by heat", "With the entropy of the light"
TIMES = [1e-2, 1.0, 30.0, 1e3]


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def explorer(browser, server):
    """Open the page and return one of its figures."""
    with built_pages(browser, server) as open_page:
        yield lambda name, **options: figure_of(open_page(PAGES[name], **options), name)


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


def choose(figure, name: str, option: str) -> None:
    figure.locator(f'select[data-parameter="{name}"]').select_option(option)
    next_frame(figure.page)


# ---- Physics of the chain ----


def strengths(count: int, largest: float) -> np.ndarray:
    return np.random.default_rng(5).uniform(0, largest, size=(count, 3))


def chain_matrices(page, x: float, y_1: float, y_2: float) -> dict[str, np.ndarray]:
    found = page.evaluate(
        """([x, y1, y2]) => {
          const chain = DetailedBalance.physics.junctionChain;
          const s = { x, y1, y2 };
          return {
            once: chain.probabilities(s, [0.3, 1.1]), exact: chain.exact(s),
            printed: chain.printed(s), orders: chain.secondOrder(s, true),
            events: chain.secondOrder(s, false),
          };
        }""",
        [x, y_1, y_2],
    )
    return {name: np.array(matrix) for name, matrix in found.items()}


def test_chain_equals_the_library(blank):
    entries = light.expand_chain(chiral=False)
    angles = 2 * np.pi * np.arange(48) / 48
    grid = np.stack(np.meshgrid(angles, angles), axis=-1)
    for x, y_1, y_2 in strengths(8, 0.2):
        ours = chain_matrices(blank, x, y_1, y_2)
        couplings, back = (x, y_1, x), (x, y_2, x)
        once = light.Chain(couplings, back, phases=(0.3, 1.1)).probabilities
        mean = light.Chain(couplings, back, phases=grid).probabilities.mean(axis=(0, 1))
        series = [[entries[k, m].averaged(x, y_1, y_2) for m in PORTS] for k in PORTS]
        np.testing.assert_allclose(ours["once"], once, atol=1e-14)
        np.testing.assert_allclose(ours["exact"], mean, atol=1e-9)
        np.testing.assert_allclose(ours["orders"], series, atol=1e-14)
        printed = light.printed_probabilities(x, y_1, y_2)
        np.testing.assert_allclose(ours["printed"], printed, atol=1e-14)


def test_rows_and_columns_of_the_chain_are_one_and_of_the_printed_rates_columns_only(blank):
    for x, y_1, y_2 in strengths(20, 0.2):
        ours = chain_matrices(blank, x, y_1, y_2)
        for name in ("once", "exact", "orders", "printed"):
            np.testing.assert_allclose(ours[name].sum(axis=0), 1, atol=1e-13)
        for name in ("once", "exact", "orders"):
            np.testing.assert_allclose(ours[name].sum(axis=1), 1, atol=1e-13)
        off = 16 * x * (y_1 - y_2)
        np.testing.assert_allclose(
            ours["printed"].sum(axis=1) - 1, [0, 0, -off, 0, off], atol=1e-13
        )
        assert np.all(ours["events"].sum(axis=0) > 1)


# ---- Page of the chain ----


def test_lopsided_chain_leaves_equal_occupations(explorer):
    figure = explorer("junction-chain")
    for preset in ("Lopsided", "Balanced", "Second order", "Printed, balanced"):
        press(figure, preset)
        assert "Rows sum to one" in note(figure, MATRIX)
        found = re.findall(rf"[12ATB] ({NUMBER})", note(figure, FILLED))
        assert [number(text) for text in found] == [1.0] * 5
        assert panel(figure, MATRIX).locator(".sum-wrong").count() == 0
    press(figure, "Lopsided")
    matrix = np.reshape(shown_matrix(figure, MATRIX), (5, 5))
    assert matrix[3, 2] == pytest.approx(0.0070, abs=1e-4) and matrix[2, 3] == 0


def test_printed_rates_break_two_rows_and_move_a_and_b(explorer):
    figure = explorer("junction-chain")
    press(figure, "Printed")
    assert "Columns sum to one" in note(figure, MATRIX)
    assert "Rows do not (at most A and B by 0.00800)" in note(figure, MATRIX)
    assert panel(figure, MATRIX).locator(".sum-wrong.small").count() == 2
    n = dict(re.findall(rf"\b([12ATB]) ({NUMBER})", note(figure, FILLED).split(":")[1]))
    matrix = np.linalg.matrix_power(light.printed_probabilities(0.01, 0.05), 100)
    for name, exact in zip("12ATB", matrix @ np.ones(5), strict=True):
        assert number(n[name]) == pytest.approx(exact, abs=1e-4)
    assert number(n["A"]) < 0.95 < 1.05 < number(n["B"])


def test_without_interference_photons_are_made(explorer):
    figure = explorer("junction-chain")
    box = figure.locator('input[data-parameter="interference"]')
    assert not box.is_visible()
    press(figure, "Second order")
    assert "Columns sum to one" in note(figure, MATRIX)
    box.uncheck()
    next_frame(figure.page)
    assert "quanta appear" in note(figure, MATRIX)
    assert "channel 1 by 0.0408" in note(figure, MATRIX)


def test_only_the_printed_rates_let_a_know_what_is_behind_it(explorer):
    figure = explorer("junction-chain")
    exactly, by_rates = re.search(
        rf"by ({NUMBER}) exactly.*; by ({NUMBER}) by", note(figure, KNOWS)
    ).groups()
    assert abs(number(exactly)) < 1e-6
    assert number(by_rates) == pytest.approx(16 * 0.01 * 0.2)


def test_each_control_of_the_chain_changes_the_matrix_or_the_occupations(explorer):
    figure = explorer("junction-chain")
    press(figure, "Printed")
    for name in ("x", "y", "chirality", "passages"):
        before = shown_matrix(figure, MATRIX), note(figure, FILLED)
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        for _ in range(5):
            slider.press("ArrowLeft")
        next_frame(figure.page)
        assert (shown_matrix(figure, MATRIX), note(figure, FILLED)) != before, name


def test_passages_and_y_follow_the_mouse(explorer):
    figure = explorer("junction-chain")
    for title, name, low, high in [(FILLED, "passages", 250, 400), (KNOWS, "y", 0.12, 0.2)]:
        drawing = panel(figure, title).locator("svg").first
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        mouse, height = figure.page.mouse, box["y"] + 0.4 * box["height"]
        mouse.move(box["x"] + 0.5 * box["width"], height)
        mouse.down()
        mouse.move(box["x"] + 0.85 * box["width"], height)
        mouse.up()
        next_frame(figure.page)
        assert low < value_of(figure, name) < high


@pytest.mark.parametrize(
    "preset", ["Lopsided", "Second order", "No interference", "Printed, balanced"]
)
def test_program_of_the_chain_gives_the_numbers_shown(explorer, preset):
    figure = explorer("junction-chain", **CLIPBOARD)
    press(figure, preset)
    set_number(figure, "y", 0.083)
    set_number(figure, "passages", 17)
    printed = run_python(copied_program(figure))
    np.testing.assert_allclose(
        shown_matrix(figure, MATRIX), np.ravel(json.loads(printed["matrix"])), atol=6e-5
    )
    shown = [number(t) for t in re.findall(rf"[12ATB] ({NUMBER})", note(figure, FILLED))]
    np.testing.assert_allclose(json.loads(printed["occupations"]), shown, atol=6e-5)


# ---- Physics of the rates ----


def random_values(count: int) -> list[dict]:
    rng = np.random.default_rng(9)
    return [
        {
            "system": str(rng.choice(["closed", "open"])),
            "start": str(rng.choice(["one", "unequal"])),
            "chirality": float(rng.choice([-1, 0, 1, rng.uniform(-1, 1)])),
            "capture": float(rng.uniform(0.01, 0.5)),
            "absorbed": float(rng.choice([0, 1, rng.uniform(0, 1)])),
            "phases": bool(rng.integers(2)),
            "beta": float(np.exp(rng.uniform(np.log(0.2), np.log(5)))),
            "two_level_systems": int(rng.integers(1, 400)),
            "modes": int(rng.integers(1, 400)),
            "waveguide_modes": int(rng.integers(1, 400)),
        }
        for _ in range(count)
    ]


def models_of(values: dict) -> dict:
    """Return the library's models for the explorer's values."""
    M, chirality = values["two_level_systems"], values["chirality"]
    common = {name: values[name] for name in ("two_level_systems", "modes", "capture", "beta")}
    common |= {
        "absorption_1": values["absorbed"] * (1 + chirality) / (2 * M),
        "absorption_2": values["absorbed"] * (1 - chirality) / (2 * M),
    }
    if values["system"] == "closed":
        completed = light.CompletedLoop(waveguide_modes=values["waveguide_modes"], **common)
    else:
        completed = light.CompletedWaveguide(**common)
    return {"completed": completed, "printed": completed.printed_rates(values["phases"])}


def start_of(values: dict):
    """Return where the library's runs begin."""
    model = models_of(values)["completed"]
    if values["start"] == "one":
        return model.initial_state
    middle = [1.0] * (3 if values["system"] == "closed" else 1)
    return model.thermal_state(values["beta"] / np.array([2, *middle, 0.5]))


def test_runs_entropies_and_light_equal_the_library(blank):
    for values in random_values(12):
        start = start_of(values)
        for kind, model in models_of(values).items():
            ours = blank.evaluate(
                """([values, kind, times]) => {
                  const { model, ...rest } =
                    DetailedBalance.physics.printedOrCompleted.history(values, kind, times);
                  return rest;
                }""",
                [values, kind, TIMES],
            )
            run = model.solve(TIMES, start)
            np.testing.assert_allclose(ours["states"], run.states, rtol=2e-5, atol=1e-12)
            np.testing.assert_allclose(ours["entropies"], run.entropy, rtol=1e-5, atol=1e-9)
            np.testing.assert_allclose(
                ours["production"], run.entropy_production, rtol=1e-4, atol=1e-6
            )
            drift = model.derivative(model.initial_state) * model.sizes
            np.testing.assert_allclose(ours["drift"], drift, atol=1e-11)
            if values["system"] == "open":
                sent = (
                    model.emitted_entropy(run.states)
                    if kind == "completed"
                    else model.emitted_entropy(run.states, 100.0)
                )
                whole = model.entropy_change(run.states) + sent
                np.testing.assert_allclose(ours["balance"], whole, rtol=1e-4, atol=1e-6)


# ---- Page of the rates ----


def occupations(figure) -> dict[str, tuple[float, float]]:
    found = re.findall(rf"(\w+) nA = ({NUMBER}), nB = ({NUMBER})", note(figure, CAVITIES))
    return {kind: (number(a), number(b)) for kind, a, b in found}


def test_completed_loop_stays_and_the_printed_one_pumps(explorer):
    figure = explorer("printed-or-completed")
    set_number(figure, "time", 1000)
    now = occupations(figure)
    assert now["completed"] == (0.582, 0.582)
    assert now["printed"] == (0.4211, 0.799)
    assert "completed S = 474.481 k (it never falls)" in note(figure, ENTROPY)
    assert "printed S = 470.260 k (it falls at some time)" in note(figure, ENTROPY)
    assert "completed: nothing moves; printed: A −3.214, B +3.214" in note(figure, GAIN)
    figure.locator('input[data-parameter="phases"]').uncheck()
    next_frame(figure.page)
    assert occupations(figure)["printed"] == (0.5145, 0.6577)


def test_without_chirality_both_reach_one_temperature(explorer):
    figure = explorer("printed-or-completed")
    press(figure, "Closed, balanced")
    assert note(figure, GAIN) == "completed: nothing moves; printed: nothing moves."
    set_number(figure, "time", 1000)
    now = occupations(figure)
    assert len({n for pair in now.values() for n in pair}) == 1


def test_open_ends_allow_a_difference(explorer):
    figure = explorer("printed-or-completed")
    modes = figure.locator('input[type=range][data-parameter="waveguide_modes"]')
    assert modes.is_visible()
    press(figure, "Open")
    assert not modes.is_visible()
    n_A, n_B = occupations(figure)["completed"]
    assert 0.01 < n_B - n_A < 0.03
    assert "completed: never negative" in note(figure, WHOLE)
    lowest = numbers(note(figure, SIGMA).split("Lowest:")[1])
    assert lowest[0] >= 0 > lowest[1]


def test_each_control_of_the_rates_changes_the_numbers(explorer):
    figure = explorer("printed-or-completed")
    press(figure, "Closed, unequal")
    names = ("capture", "absorbed", "chirality", "beta", "two_level_systems", "modes")
    for name in (*names, "waveguide_modes", "time"):
        before = note(figure, CAVITIES), note(figure, ENTROPY)
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        for _ in range(5):
            slider.press("ArrowLeft")
        next_frame(figure.page)
        assert (note(figure, CAVITIES), note(figure, ENTROPY)) != before, name
    choose(figure, "start", "one")
    now = occupations(figure)["completed"]
    assert now[0] == now[1]


@pytest.mark.parametrize("preset", ["Closed, unequal", "Open"])
def test_program_of_the_rates_gives_the_numbers_shown(explorer, preset):
    figure = explorer("printed-or-completed", **CLIPBOARD)
    press(figure, preset)
    choose(figure, "start", "unequal")
    for name, value in (("chirality", 0.4), ("two_level_systems", 60), ("time", 3)):
        set_number(figure, name, value)
    printed = run_python(copied_program(figure))
    for kind, pair in occupations(figure).items():
        state = json.loads(printed[f"{kind} state"])
        np.testing.assert_allclose(state[:2], pair, atol=6e-5)
        if preset == "Open":
            shown = re.search(rf"({NUMBER}) k a µs \({kind}\)", note(figure, SIGMA))[1]
            assert float(printed[f"{kind} production"]) == pytest.approx(number(shown), rel=1e-3)
            assert float(printed[f"{kind} total"]) > 0
        else:
            shown = re.search(rf"{kind} S = ({NUMBER})", note(figure, ENTROPY))[1]
            assert float(printed[f"{kind} entropy"]) == pytest.approx(number(shown), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "words"),
    [("junction-chain", "Rows sum to one"), ("printed-or-completed", "completed n A 0.582")],
)
def test_explorers_of_the_sum_rule_are_spoken_in_a_few_words(explorer, name, words):
    figure = explorer(name)
    spoken = figure.locator(".explorer-spoken", has_text=words)
    spoken.wait_for(state="attached")
    assert len(spoken.inner_text().split()) < 30
