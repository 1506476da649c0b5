"""The explorers: their physics against the library, and their pages in a real browser."""

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
    numbers,
    panel,
    physics_page,
    run_python,
    set_number,
    shown_matrix,
    value_of,
)

from detailedbalance import (
    ThreeDots,
    detailed_balance_ratio,
    evolve,
    gibbs_state,
    loop_current,
    probability_currents,
    stationary_state,
    thermal_flux,
    transition_rates,
)

DOTS_PAGE = PAGES["three-dots"]
INDEX_PAGE = PAGES["balance-matrix"]
TUNNELING = 1 / (2 * 3**0.5)
TOLERANCE = 1e-8
DILUTE = 1e-6

# ---- The physics, computed in the browser ----


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


def random_parameters(count: int) -> list[dict]:
    rng = np.random.default_rng(20231004)
    return [
        {
            "tunneling": float(rng.choice([-1, 1])) * TUNNELING,
            "flux": rng.uniform(-1.5, 1.5),
            "couplings": rng.uniform(-3, 3, 3).tolist(),
            "phases": str(rng.choice(["hamiltonian", "S26"])),
            "beta": float(np.exp(rng.uniform(np.log(0.1), np.log(40)))),
        }
        for _ in range(count)
    ]


def contact_of(parameters: dict):
    dots = ThreeDots(tunneling=parameters["tunneling"], flux=parameters["flux"])
    return dots.contact(couplings=parameters["couplings"], phases=parameters["phases"])


def in_browser(page, parameters: dict) -> dict:
    return page.evaluate(
        """(parameters) => {
          const model = DetailedBalance.physics.threeDots;
          const { beta } = parameters;
          const { energies, degenerate, converged, flux, excess } =
            model.thermalFlux(parameters, [beta, 0.1, 40]);
          if (degenerate) return { degenerate, flux };
          return {
            energies, degenerate, converged, flux: flux[0],
            ratios: model.ratios(flux[0]),
            rates: model.rates(energies, flux[0], beta),
            gibbs: model.gibbs(energies, beta),
            current: model.loopCurrent(energies, excess[0], beta),
            probabilities: model.probabilities(parameters, 0.3),
          };
        }""",
        parameters,
    )


RESONANCE = {
    "tunneling": -TUNNELING,
    "flux": 0.75,
    "couplings": [-1, -1.05, -0.95],
    "phases": "S26",
    "beta": 2.0,
}


def test_three_dots_physics_equals_the_library(blank):
    for parameters in [RESONANCE, *random_parameters(100)]:
        ours = in_browser(blank, parameters)
        contact, beta = contact_of(parameters), parameters["beta"]
        energies = contact.energies
        assert ours["converged"]
        scale = np.exp(beta * np.maximum.outer(energies, energies))
        # The page shows rates for a unit of density; the library wants a gas that is dilute.
        expected = {
            "flux": scale * thermal_flux(contact, beta),
            "ratios": detailed_balance_ratio(contact, beta),
            "rates": transition_rates(contact, beta, DILUTE) / DILUTE,
            "gibbs": gibbs_state(energies, beta),
            "current": loop_current(contact, beta, DILUTE) / DILUTE,
        }
        for name, value in expected.items():
            np.testing.assert_allclose(
                ours[name], value, rtol=TOLERANCE, err_msg=f"{name} {parameters}"
            )
        np.testing.assert_allclose(ours["energies"], energies, atol=1e-14)
        np.testing.assert_allclose(
            ours["probabilities"], abs(contact.s_matrix(0.3)) ** 2, atol=1e-12
        )


def test_row_sums_of_the_thermal_flux_equal_its_column_sums(blank):
    for parameters in random_parameters(20):
        ours = in_browser(blank, parameters)
        energies, beta = np.array(ours["energies"]), parameters["beta"]
        weights = np.exp(-beta * (np.maximum.outer(energies, energies) - energies.min()))
        flux = weights * ours["flux"]
        boltzmann = np.exp(-beta * (energies - energies.min())) / beta
        np.testing.assert_allclose(flux.sum(axis=0), boltzmann, rtol=1e-9)
        np.testing.assert_allclose(flux.sum(axis=1), boltzmann, rtol=1e-9)


def test_equal_couplings_scatter_no_level_into_another(blank):
    parameters = {**RESONANCE, "couplings": [-1.3, -1.3, -1.3]}
    flux = np.array(in_browser(blank, parameters)["flux"])
    assert np.array_equal(flux, np.diag(np.diag(flux)))
    np.testing.assert_allclose(np.diag(flux), 1 / parameters["beta"])


@pytest.mark.parametrize("flux", [-1.5, -1, -0.5, 0, 0.5, 1, 1.5])
def test_physics_gives_no_flux_where_levels_coincide(blank, flux):
    ours = in_browser(blank, {**RESONANCE, "flux": flux})
    assert ours["degenerate"]
    assert ours.get("flux") is None


def test_balance_matrix_physics_equals_the_library(blank):
    rng = np.random.default_rng(7)
    gibbs = gibbs_state([-0.5, 0.0, 0.5], 1.0)
    for _ in range(30):
        hop = rng.uniform(0.05, 0.4)
        values = {"hop": hop, "twist": rng.uniform(-hop, hop), "spoil": rng.uniform(0, 0.2)}
        time = rng.uniform(0, 1.5 / hop)
        ours = blank.evaluate(
            """([values, time]) => {
              const model = DetailedBalance.physics.balanceMatrix;
              const matrix = model.probabilities(values);
              const rates = model.rates(matrix);
              const p = model.evolve(rates, model.gibbs(), time);
              return { matrix, rates, p, current: model.loopCurrent(rates, p),
                       stationary: model.stationaryState(rates) };
            }""",
            [values, time],
        )
        matrix = np.array(ours["matrix"])
        assert matrix.min() >= -1e-15
        np.testing.assert_allclose(matrix.sum(axis=0), 1)
        spoil = values["spoil"]
        np.testing.assert_allclose(matrix.sum(axis=1), [1 - spoil, 1, 1 + spoil])
        rates = matrix / gibbs
        np.fill_diagonal(rates, 0)
        np.testing.assert_allclose(ours["rates"], rates, rtol=1e-12)
        p = evolve(rates, gibbs, time)
        np.testing.assert_allclose(ours["p"], p, rtol=1e-10)
        currents = probability_currents(rates, p)
        loop = (currents[1, 0] + currents[2, 1] + currents[0, 2]) / 3
        np.testing.assert_allclose(ours["current"], loop, rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(ours["stationary"], stationary_state(rates), rtol=1e-10)


# ---- The pages ----


@pytest.fixture
def open_page(browser, server):
    """Open a built page; each in a browser context of its own."""
    with built_pages(browser, server) as open_page:
        yield open_page


def net_current(figure) -> float:
    text = panel(figure, "Traffic at equilibrium").locator(".panel-note").inner_text()
    return number(re.search(rf"K₀₋/ν = ({NUMBER})", text)[1])


def shown_ratios(figure) -> dict[str, float]:
    text = panel(figure, "How lopsided").inner_text()
    found = re.findall(rf"I\(([−0+]), ([−0+])\) = ({NUMBER})", text)
    return {f"I({k},{l})".replace("−", "-"): number(value) for k, l, value in found}


def test_figure_1_shows_the_known_values(open_page):
    figure = figure_of(open_page(DOTS_PAGE), "three-dots")
    figure.get_by_role("button", name="Fig. 1 of [A]").click()
    figure.locator(".key", has_text="I(0, −) = 1.1465").wait_for()
    assert shown_ratios(figure) == {"I(0,-)": 1.1465, "I(+,-)": 0.66595, "I(0,+)": 0.68766}
    assert net_current(figure) == 3.472e-4


def test_arrow_keys_on_a_slider_change_the_numbers(open_page):
    figure = figure_of(open_page(DOTS_PAGE), "three-dots")
    for name in ("flux", "beta", "V1", "V2", "V3"):
        before = (value_of(figure, name), shown_ratios(figure), net_current(figure))
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        slider.press("ArrowRight")
        next_frame(figure.page)
        after = (value_of(figure, name), shown_ratios(figure), net_current(figure))
        assert after[0] > before[0]
        assert after[1] != before[1]
        assert after[2] != before[2]


def test_flux_line_follows_the_mouse(open_page):
    page = open_page(DOTS_PAGE)
    figure = figure_of(page, "three-dots")
    drawing = panel(figure, "Levels against flux").locator("svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()
    next_frame(page)
    dragged = value_of(figure, "flux")
    assert -0.6 < dragged < -0.2
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"])
    next_frame(page)
    assert value_of(figure, "flux") == dragged


def test_flux_line_follows_a_finger(open_page):
    page = open_page(DOTS_PAGE, has_touch=True)
    figure = figure_of(page, "three-dots")
    drawing = panel(figure, "Levels against flux").locator("svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    finger = page.context.new_cdp_session(page)
    y = box["y"] + 0.5 * box["height"]
    for kind, share in (("touchStart", 0.7), ("touchMove", 0.5), ("touchMove", 0.3)):
        point = {"x": box["x"] + share * box["width"], "y": y}
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    next_frame(page)
    assert -1 < value_of(figure, "flux") < -0.5


@pytest.mark.parametrize("flux", [0, 0.5, -1])
def test_degenerate_flux_shows_no_numbers(open_page, flux):
    figure = figure_of(open_page(DOTS_PAGE), "three-dots")
    set_number(figure, "flux", flux)
    assert "coincide" in panel(figure, "Traffic at equilibrium").inner_text()
    for title in ("Traffic at equilibrium", "How lopsided", "Thermal flux F"):
        assert panel(figure, title).locator(".bar-text, .marker, .cell-text, .arrow").count() == 0
        assert "=" not in panel(figure, title).inner_text()
    assert figure.locator(".loop").count() == 0
    figure.locator(".explorer-spoken", has_text="coincide").wait_for(state="attached")


def test_flux_through_zero_turns_the_loop_on_the_ladder_but_not_the_current_by_label(open_page):
    figure = figure_of(open_page(DOTS_PAGE), "three-dots")
    for flux in (0.02, 0.3, 0.75):
        seen = []
        for sign in (1, -1):
            set_number(figure, "flux", sign * flux)
            clockwise = figure.locator(".loop").get_attribute("data-clockwise") == "true"
            words = panel(figure, "Traffic at equilibrium").inner_text()
            assert ("descending" if clockwise else "climbing") in words
            seen.append((net_current(figure), clockwise))
        assert seen[0][0] == pytest.approx(seen[1][0], rel=1e-3)
        assert seen[0][1] != seen[1][1]


def test_two_equal_couplings_balance_and_show_no_loop(open_page):
    figure = figure_of(open_page(DOTS_PAGE), "three-dots")
    assert figure.locator(".loop").count() == 1
    figure.get_by_role("button", name="Two equal couplings").click()
    figure.locator(".panel-note", has_text="every pair of levels balances").wait_for()
    assert figure.locator(".loop").count() == 0
    assert set(shown_ratios(figure).values()) == {1.0}


def test_row_and_column_sums_are_shown_equal(open_page):
    figure = figure_of(open_page(DOTS_PAGE), "three-dots")
    figure.get_by_role("button", name="Strong loop").click()
    next_frame(figure.page)
    sums = panel(figure, "Thermal flux F").locator(".sum").all_text_contents()
    assert len(sums) == 6
    assert sums[:3] == sums[3:]


def test_numbers_out_of_range_and_words_are_refused(open_page):
    figure = figure_of(open_page(DOTS_PAGE), "three-dots")
    set_number(figure, "V1", 99)
    assert value_of(figure, "V1") == 3
    set_number(figure, "V1", "")
    assert value_of(figure, "V1") == 3
    figure.get_by_role("button", name="Reset").click()
    next_frame(figure.page)
    assert value_of(figure, "V1") == 1


@pytest.mark.parametrize("preset", ["Fig. 1 of [A]", "Weak coupling", "Strong loop", "Reset"])
def test_three_dots_program_gives_the_numbers_shown(open_page, preset):
    figure = figure_of(open_page(DOTS_PAGE, **CLIPBOARD), "three-dots")
    figure.get_by_role("button", name=preset).click()
    set_number(figure, "beta", 1.37)
    printed = run_python(copied_program(figure))
    for name, value in shown_ratios(figure).items():
        assert float(printed[name]) == pytest.approx(value, rel=1e-4)
    assert float(printed["K(0,-)/density"]) == pytest.approx(net_current(figure), rel=2e-3)
    flux = np.array([numbers(row) for row in re.findall(r"\[([^\[\]]+)\]", printed["F"])])
    np.testing.assert_allclose(shown_matrix(figure, "Thermal flux F"), flux.ravel(), atol=6e-5)


@pytest.mark.parametrize("preset", ["Twist", "Both"])
def test_balance_matrix_program_gives_the_numbers_shown(open_page, preset):
    figure = figure_of(open_page(INDEX_PAGE, **CLIPBOARD), "balance-matrix")
    figure.get_by_role("button", name=preset).click()
    figure.page.wait_for_timeout(300)
    figure.get_by_role("button", name="To the end").click()
    printed = run_python(copied_program(figure))
    levels = panel(figure, "Three levels")
    bars = [number(text) for text in levels.locator(".bar-text").all_text_contents()]
    np.testing.assert_allclose(bars, numbers(printed["populations"]), atol=6e-4)
    _, current, drift = numbers(levels.locator(".panel-note").inner_text())
    assert float(printed["net current"]) == pytest.approx(current, rel=1e-3)
    assert 100 * float(printed["drift"]) == pytest.approx(drift, abs=6e-3)


def test_program_is_shown_where_nothing_can_be_copied(open_page):
    page = open_page(DOTS_PAGE)
    page.evaluate(
        """() => {
          navigator.clipboard.writeText = () => Promise.reject(new Error("refused"));
          document.execCommand = () => false;
        }"""
    )
    figure = figure_of(page, "three-dots")
    figure.get_by_role("button", name="Copy as Python").click()
    program = figure.get_by_role("textbox", name="The Python program")
    program.wait_for()
    assert "from detailedbalance import ThreeDots" in program.input_value()
    assert "Here is the program" in figure.locator(".control-said").inner_text()


def test_twist_keeps_the_populations_and_makes_a_loop(open_page):
    figure = figure_of(open_page(INDEX_PAGE), "balance-matrix")
    bars = figure.locator(".bar-text")
    before = bars.all_text_contents()
    assert figure.locator(".loop").count() == 0
    figure.get_by_role("button", name="Twist").click()
    figure.locator(".loop").wait_for()
    figure.get_by_role("button", name="To the end").click()
    assert bars.all_text_contents() == before
    assert figure.locator(".loop").count() == 1
    assert figure.locator(".sum-wrong").count() == 0


def test_spoiled_row_lets_the_populations_drift(open_page):
    figure = figure_of(open_page(INDEX_PAGE), "balance-matrix")
    bars = figure.locator(".bar-text")
    before = bars.all_text_contents()
    figure.get_by_role("button", name="Spoil by 5 %").click()
    figure.locator(".sum-wrong").first.wait_for()
    figure.get_by_role("button", name="To the end").click()
    assert bars.all_text_contents() != before
    sums = [number(text) for text in figure.locator(".sum").all_text_contents()]
    assert sums == [0.95, 1, 1.05, 1, 1, 1]  # rows, then columns


def test_twist_is_limited_by_the_hop(open_page):
    figure = figure_of(open_page(INDEX_PAGE), "balance-matrix")
    set_number(figure, "twist", 0.4)
    assert value_of(figure, "twist") == value_of(figure, "hop") == 0.25
    set_number(figure, "hop", 0.1)
    assert value_of(figure, "twist") == 0.1


def test_film_can_be_paused(open_page):
    figure = figure_of(open_page(INDEX_PAGE), "balance-matrix")
    figure.get_by_role("button", name="Spoil by 20 %").click()
    figure.get_by_role("button", name="Pause").click()
    note = panel(figure, "Three levels").locator(".panel-note")
    stopped = note.inner_text()
    figure.page.wait_for_timeout(300)
    assert note.inner_text() == stopped
    assert figure.get_by_role("button", name="Play").is_visible()


def test_reduced_motion_goes_to_the_end_at_once(open_page):
    figure = figure_of(open_page(INDEX_PAGE, reduced_motion="reduce"), "balance-matrix")
    figure.get_by_role("button", name="Spoil by 20 %").click()
    figure.get_by_text("Time 6.00").first.wait_for(timeout=1000)
    assert not figure.get_by_role("button", name="Play").is_visible()
    figure.get_by_role("button", name="Restart").click()
    figure.page.wait_for_timeout(200)
    assert "Time 0.00" in panel(figure, "Three levels").inner_text()


def test_votes_persist_and_can_be_withdrawn(open_page):
    page = open_page(INDEX_PAGE)
    assert page.locator("form.vote").count() == 3
    form = page.locator('form.vote[data-vote="does-equilibrium-need-balance"]')
    form.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert form.get_by_role("radio").nth(1).is_checked()
    assert "kept in this browser only" in form.get_by_role("status").inner_text()
    page.reload()
    assert form.get_by_role("radio").nth(1).is_checked()
    assert page.locator("form.vote input:checked").count() == 1
    form.get_by_role("button", name="Withdraw my vote").click()
    assert page.locator("form.vote input:checked").count() == 0
    page.reload()
    assert page.locator("form.vote input:checked").count() == 0
    assert not form.get_by_role("button").is_visible()


def test_votes_work_where_the_browser_keeps_nothing(open_page):
    page = open_page(DOTS_PAGE, own=True)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })"
    )
    page.goto(page.url.replace(DOTS_PAGE, INDEX_PAGE))
    form = page.locator("form.vote").first
    form.get_by_role("radio").first.check()
    assert "lasts until you leave" in form.get_by_role("status").inner_text()
    form.get_by_role("button", name="Withdraw my vote").click()
    assert form.locator("input:checked").count() == 0


# ---- What holds for every explorer ----

every_explorer = pytest.mark.parametrize("name", PAGES)


@every_explorer
def test_explorer_draws_when_opened_from_disk(browser, site, name):
    page = browser.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.goto((site / PAGES[name]).as_uri())
    assert page.locator(f'figure[data-explorer="{name}"] .panel svg > *').count() >= 2
    page.close()
    assert complaints == []


@every_explorer
def test_everything_is_reached_by_the_tab_key(open_page, name):
    page = open_page(PAGES[name])
    figure = figure_of(page, name)
    controls = figure.locator("button:visible, input:visible, select:visible")
    controls.first.focus()
    for _ in range(controls.count() - 1):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Copy as Python"


@every_explorer
def test_explorer_speaks_and_has_names_for_its_drawings(open_page, name):
    figure = figure_of(open_page(PAGES[name]), name)
    spoken = figure.locator('.explorer-spoken[role="status"]')
    figure.page.wait_for_function("(line) => line.textContent", arg=spoken.element_handle())
    assert numbers(spoken.inner_text())
    for drawing in figure.locator('.panel svg[role="img"]').all():
        assert drawing.get_attribute("aria-label")


@every_explorer
def test_explorer_fits_on_a_narrow_screen(open_page, name):
    page = open_page(PAGES[name])
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 800})
        figure = figure_of(page, name)
        sticks_out = figure.evaluate("(figure) => figure.scrollWidth - figure.clientWidth")
        assert sticks_out <= 0
        for control in figure.locator("button:visible, input:visible, select:visible").all():
            box = control.bounding_box()
            assert box["height"] >= 44 or control.get_attribute("type") == "checkbox"
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width


@every_explorer
def test_explorer_can_be_read_without_scripts(open_page, name):
    page = open_page(PAGES[name], java_script_enabled=False)
    figure = page.locator(f'figure[data-explorer="{name}"]')
    message = figure.locator(".explorer-message")
    assert message.is_visible()
    assert "It shows:" in message.inner_text()
    assert figure.locator("figcaption").is_visible()
