"""The entropy ledger of the open chiral waveguide: physics and page of the explorer."""

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

from detailedbalance.light import OpenWaveguide, implied_couplings

FIG_4 = {
    "chirality": 1, "coupling": 10, "tls_loss": 10, "gamma_dec": 0.01, "gamma_0": 0.01, "M": 100,
}  # fmt: skip


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
            open_page(PAGES["entropy-ledger"], **options), "entropy-ledger"
        )


# ---- Physics ----


def in_library(values: dict) -> OpenWaveguide:
    one, two = (1 + values["chirality"]) / 2, (1 - values["chirality"]) / 2
    return OpenWaveguide(
        two_level_systems=values["M"],
        gamma_dec=values["gamma_dec"],
        gamma_0=values["gamma_0"],
        tilde_gamma_1=values["coupling"] * one,
        tilde_gamma_2=values["coupling"] * two,
        tilde_gamma_11=values["tls_loss"] * one,
        tilde_gamma_12=values["tls_loss"] * two,
    )


def random_values(count: int) -> list[dict]:
    rng = np.random.default_rng(6)

    def between(low, high):
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return [FIG_4] + [
        {
            "chirality": float(rng.uniform(-1, 1)),
            "coupling": between(0.1, 30),
            "tls_loss": between(0.1, 30),
            "gamma_dec": between(1e-3, 1),
            "gamma_0": between(1e-3, 1),
            "M": int(between(1, 1000)),
        }
        for _ in range(count)
    ]


def in_browser(page, values: dict, bandwidth: float, time: float) -> dict:
    return page.evaluate(
        """([values, bandwidth, time]) => {
          const model = DetailedBalance.physics.entropyLedger;
          const run = model.run(values);
          return {
            rate: model.ledgerAt(run, bandwidth, false, time),
            sum: model.ledgerAt(run, bandwidth, true, time),
            lines: model.ledger(run, bandwidth, true).map(({ production, change, booked }) =>
              [production, change, ...booked]),
            changes: model.signChanges(run),
            needed: [model.neededBandwidth(run, false), model.neededBandwidth(run, true)],
            implied: model.impliedBandwidth(values),
          };
        }""",
        [values, bandwidth, time],
    )


@pytest.mark.parametrize("values", random_values(8))
def test_ledger_equals_the_library_in_rates_and_sums(blank, values):
    model, bandwidth, time = in_library(values), 300.0, 0.37
    ours = in_browser(blank, values, bandwidth, time)
    grid = np.concatenate([[0], np.geomspace(1e-7, time, 4001)])
    run = model.solve(grid)
    heat = run.heat_flows * run.inverse_temperatures
    parts = np.transpose(list(run.entropy_production_parts.values()))
    light = model.emitted_entropy(run.states, bandwidth)
    scale = np.abs(heat[0]).sum()
    rate, total = ours["rate"], ours["sum"]
    np.testing.assert_allclose(rate["parts"], parts[-1], rtol=1e-6, atol=1e-6 * scale)
    np.testing.assert_allclose(rate["booked"], heat[-1], rtol=1e-6, atol=1e-6 * scale)
    np.testing.assert_allclose(sum(rate["light"]), light[-1], rtol=1e-6)
    change = model.entropy_change(run.states[-1])
    np.testing.assert_allclose(rate["change"], change, rtol=1e-6, atol=1e-6 * scale)
    size = np.abs(np.trapezoid(parts, grid, axis=0)).max() + heat[0].sum() * 1e-3
    np.testing.assert_allclose(
        total["parts"], np.trapezoid(parts, grid, axis=0), rtol=1e-4, atol=1e-5 * size
    )
    np.testing.assert_allclose(total["booked"], np.trapezoid(heat, grid, axis=0), rtol=1e-4)
    np.testing.assert_allclose(sum(total["light"]), np.trapezoid(light, grid), rtol=1e-4)
    np.testing.assert_allclose(total["change"], run.entropy[-1] - run.entropy[0], rtol=1e-6)


@pytest.mark.parametrize("values", random_values(4))
def test_production_is_the_change_of_entropy_and_heat_over_temperature(blank, values):
    """As sums at all times, where the two sides are computed differently: an integral, a state."""
    lines = np.array(in_browser(blank, values, 1.0, 1.0)["lines"])
    difference = lines[:, 0] - lines[:, 1] - lines[:, 2:].sum(axis=1)
    assert np.abs(difference).max() < 1e-4 * np.abs(lines[:, 1]).max()


@pytest.mark.parametrize("M", [10, 28, 29, 100])
def test_sign_changes_equal_the_library(blank, M):
    values = FIG_4 | {"M": M}
    expected = in_library(values).entropy_production_zeros(20)
    found = in_browser(blank, values, 1.0, 1.0)["changes"]
    assert len(found) == (3 if M <= 28 else 1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_needed_and_implied_bandwidths(blank):
    ours = in_browser(blank, FIG_4, 1.0, 1.0)
    np.testing.assert_allclose(ours["needed"], [1.86402e5, 8580.8], rtol=2e-3)
    np.testing.assert_allclose(ours["implied"], implied_couplings(OpenWaveguide()).bandwidth)
    symmetric = in_browser(blank, FIG_4 | {"chirality": 0}, 1.0, 1.0)
    np.testing.assert_allclose(symmetric["needed"], [742.4, 513.1], rtol=2e-3)
    mirrored = in_browser(blank, FIG_4 | {"chirality": -1}, 1.0, 1.0)
    np.testing.assert_allclose(mirrored["needed"], ours["needed"], rtol=1e-9)


def test_ledger_of_extreme_parameters_has_finite_numbers(blank):
    for chirality in (-1, 0, 0.3, 1):
        for rate, slow, M in ((30, 1, 1000), (30, 1e-3, 1), (0.1, 1, 1000), (0.1, 1e-3, 1)):
            values = {
                "chirality": chirality, "coupling": rate, "tls_loss": 30, "gamma_dec": slow,
                "gamma_0": slow, "M": M,
            }  # fmt: skip
            ours = in_browser(blank, values, 1e7, 20.0)
            assert np.isfinite(np.array(ours["lines"], dtype=float)).all()
            assert all(needed is None or needed > 0 for needed in ours["needed"])


# ---- Page ----


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


def shown(figure, title: str, pattern: str) -> float:
    return number(re.search(pattern.replace("#", f"({NUMBER})"), note(figure, title))[1])


def balances(figure) -> tuple[float, float]:
    found = re.search(rf"Balances: ({NUMBER}) and ({NUMBER})", note(figure, "The ledger"))
    return number(found[1]), number(found[2])


def production(figure) -> float:
    return shown(figure, "Entropy production", "= # k")


def expected_balance(time: float, bandwidth: float) -> float:
    model = OpenWaveguide()
    states = model.solve([time]).states
    return float((model.entropy_change(states) + model.emitted_entropy(states, bandwidth))[0])


def test_figure_4_and_its_bands(explorer):
    figure = explorer()
    assert production(figure) == pytest.approx(-175.8)
    assert shown(figure, "Entropy production", "changes sign at # µs") == 0.7512
    assert balances(figure) == pytest.approx((-175.8, -32.6), rel=1e-3)
    press(figure, "A narrow band")
    assert balances(figure)[1] == pytest.approx(expected_balance(0.133, 100), rel=1e-3)
    press(figure, "A very broad band")
    assert balances(figure)[0] < 0 < balances(figure)[1]


def test_ledger_warns_where_its_count_of_wave_packets_is_too_small(explorer):
    figure = explorer()
    for bandwidth, time, few in ((1e4, 0.133, False), (10, 0.133, True), (10, 3, False)):
        set_number(figure, "bandwidth", bandwidth)
        set_number(figure, "time", time)
        assert ("Fewer than three" in note(figure, "The ledger")) == few


def test_small_number_of_systems_has_three_changes_of_sign(explorer):
    figure = explorer()
    press(figure, "Small M")
    words = note(figure, "Entropy production").partition("changes sign at")[2]
    np.testing.assert_allclose(numbers(words), [0.006153, 0.4115, 4.537])
    set_number(figure, "M", 33.4)
    assert value_of(figure, "M") == 33


def test_symmetric_coupling_produces_and_still_fails_the_ledger_in_a_narrow_band(explorer):
    figure = explorer()
    press(figure, "Symmetric")
    assert "does not change sign" in note(figure, "Entropy production")
    assert min(balances(figure)) > 0
    press(figure, "Symmetric, narrow")
    assert balances(figure)[0] > 0 > balances(figure)[1]


def test_each_control_of_the_ledger_changes_the_numbers(explorer):
    figure = explorer()
    for name in (
        "time", "bandwidth", "M", "chirality", "coupling", "tls_loss", "gamma_dec", "gamma_0",
    ):  # fmt: skip
        before = (value_of(figure, name), balances(figure), note(figure, "The balance"))
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        for _ in range(5):
            slider.press("ArrowLeft")
        next_frame(figure.page)
        assert value_of(figure, name) < before[0]
        assert (balances(figure), note(figure, "The balance")) != before[1:]
        press(figure, "Reset")
    figure.locator("select").select_option("sum")
    next_frame(figure.page)
    assert production(figure) == pytest.approx(-16.63)
    assert balances(figure)[1] == pytest.approx(20.5, abs=0.1)


def test_columns_of_the_ledger_are_what_the_words_say(explorer):
    figure = explorer()
    bars = panel(figure, "The ledger").locator("rect.bar")
    values = bars.evaluate_all("(bars) => bars.map((bar) => Number(bar.dataset.value))")
    lost, booked, light = values[0], sum(values[1:4]), sum(values[4:])
    words = note(figure, "The ledger")
    assert numbers(words)[0] == pytest.approx(-lost, rel=1e-3)
    assert balances(figure) == pytest.approx((booked - lost, light - lost), rel=1e-3)
    heights = bars.evaluate_all("(bars) => bars.map((bar) => Number(bar.getAttribute('height')))")
    assert sum(heights[1:4]) / heights[0] == pytest.approx(booked / lost, abs=0.01)


def test_time_follows_the_mouse_in_three_drawings(explorer):
    figure = explorer()
    for title in ("The balance: two", "Entropy production", "Temperatures"):
        drawing = panel(figure, title).locator("> svg")
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        figure.page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.4 * box["height"])
        next_frame(figure.page)
        assert 4 < value_of(figure, "time") < 15
        press(figure, "Reset")


def test_ledger_is_spoken_in_a_few_words(explorer):
    figure = explorer()
    press(figure, "A very broad band")
    spoken = figure.locator(".explorer-spoken", has_text="At 0.3430 µs: booked with Q over T −72")
    spoken.wait_for(state="attached")
    assert len(spoken.inner_text().split()) < 30


@pytest.mark.parametrize("view", ["rate", "sum"])
def test_program_of_the_ledger_gives_the_numbers_shown(explorer, view):
    figure = explorer(**CLIPBOARD)
    press(figure, "Small M")
    set_number(figure, "chirality", 0.8)
    set_number(figure, "bandwidth", 200)
    set_number(figure, "time", 0.7)
    figure.locator("select").select_option(view)
    next_frame(figure.page)
    printed = {name: json.loads(text) for name, text in run_python(copied_program(figure)).items()}
    first, second = balances(figure)
    assert printed["production"] == pytest.approx(first, rel=1e-3)
    assert printed["balance"] == pytest.approx(second, rel=1e-3)
    words = note(figure, "The ledger")
    assert printed["change"] == pytest.approx(numbers(words)[0], rel=1e-3)
    assert printed["booked"] == pytest.approx(shown(figure, "The ledger", "Q/T books #"), rel=1e-3)
    assert printed["light at most"] == pytest.approx(
        shown(figure, "The ledger", "can carry # at most"), rel=1e-3
    )
    changes = note(figure, "Entropy production").partition("changes sign at")[2]
    np.testing.assert_allclose(printed["sign changes"], numbers(changes), rtol=1e-3)
    np.testing.assert_allclose(
        printed["temperatures"], numbers(note(figure, "Temperatures")), atol=1e-4
    )
    assert printed["implied bandwidth"] == pytest.approx(
        shown(figure, "The balance", "imply #/µs"), rel=5e-3
    )
