"""The explorers of scattering off two levels: their physics and their pages."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
from reading import (
    CLIPBOARD,
    NUMBER,
    built_pages,
    copied_program,
    figure_of,
    number,
    panel,
    physics_page,
    run_python,
    set_number,
    shown_matrix,
    value_of,
)

from detailedbalance import ContactScattering, gibbs_state, transition_rates

CONTACT_PAGE = "book/balance/scattering.html"
FLUX_PAGE = "book/low-density/collision-rates.html"
PAGES = {"contact-scattering": CONTACT_PAGE, "collision-flux": FLUX_PAGE}
TOLERANCE = 1e-8
ROUNDING = 1e-12
VISIBLE = 0.02
"""Where a drawn curve misses by more of the panel's height, a reader sees it."""
HIGHEST_ENERGY = 3
PIXEL = HIGHEST_ENERGY / 300
DILUTE = 1e-8
CONTACT_PARAMETERS = ["energy", "gap", "v11", "v22", "v12"]
FLUX_PARAMETERS = ["beta", "gap", "density", "mass", "v11", "v22", "v12"]

RESONANCE = {"gap": 1.0, "v11": 0.5, "v22": -1.0, "v12": 0.3, "mass": 1.0}
NARROW = {"gap": 1.0, "v11": 1.5, "v22": -0.8, "v12": 0.02, "mass": 1.0}
BOUND = {"gap": 1, "v11": 1, "v22": -1, "v12": 0}


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def open_page(browser, server):
    """Open a built page; each in a browser context of its own."""
    with built_pages(browser, server) as open_page:
        yield open_page


def random_parameters(count: int, weakest: float = 1.0) -> list[dict]:
    rng = np.random.default_rng(20230405)
    found = []
    for _ in range(count):
        couplings = rng.uniform(-3, 3, 3) * np.exp(rng.uniform(np.log(weakest), 0))
        names = ("v11", "v22", "v12")
        found.append(
            dict(zip(names, couplings.tolist(), strict=True))
            | {"gap": rng.uniform(0.1, 3), "mass": float(np.exp(rng.uniform(-2.3, 2.3)))}
        )
    return found


def contact_of(parameters: dict) -> ContactScattering:
    v11, v22, v12 = (parameters[name] for name in ("v11", "v22", "v12"))
    return ContactScattering(
        [0.0, parameters["gap"]], [[v11, v12], [v12, v22]], mass=parameters["mass"]
    )


def complex_of(pairs) -> np.ndarray:
    """Return an array of complex numbers that came as [re, im]."""
    pairs = np.array(pairs)
    return pairs[..., 0] + 1j * pairs[..., 1]


# ---- Scattering off two levels, computed in the browser ----


def scattered(page, parameters: dict, energy: float, positions) -> dict:
    return page.evaluate(
        """([parameters, energy, positions]) => {
          const model = DetailedBalance.physics.contactScattering;
          const scattering = model.scatter(parameters, energy);
          const levels = energy > parameters.gap ? [0, 1] : [0];
          return {
            s: scattering.s,
            probabilities: model.probabilities(scattering),
            k: model.kMatrix(parameters, scattering),
            outcomes: levels.map((l) => model.outcomes(scattering, l)),
            waves: levels.map((l) => positions.map((q) => model.wave(scattering, l, q))),
          };
        }""",
        [parameters, energy, positions],
    )


@pytest.mark.parametrize("channels", ["one open", "both open"])
def test_contact_scattering_physics_equals_the_library(blank, channels):
    rng = np.random.default_rng(5)
    positions = [-7.3, -1.0, 0.0, 0.2, 4.0]
    for parameters in [RESONANCE, NARROW, *random_parameters(60)]:
        gap = parameters["gap"]
        energy = rng.uniform(0.01, 0.99) * gap + (gap if channels == "both open" else 0)
        ours = scattered(blank, parameters, energy, positions)
        contact = contact_of(parameters)
        s = contact.s_matrix(energy)
        np.testing.assert_allclose(complex_of(ours["s"]), s, atol=TOLERANCE)
        np.testing.assert_allclose(ours["probabilities"], abs(s) ** 2, atol=TOLERANCE)
        k = contact.k_matrix(energy)
        np.testing.assert_allclose(ours["k"], k, rtol=TOLERANCE, atol=ROUNDING)
        r, t = contact.reflection_transmission(energy)
        changed = contact.transition_probabilities(energy)
        for level, (outcomes, wave) in enumerate(zip(ours["outcomes"], ours["waves"], strict=True)):
            assert outcomes["transmitted"] == pytest.approx(abs(t[level, level]) ** 2, TOLERANCE)
            assert outcomes["reflected"] == pytest.approx(abs(r[level, level]) ** 2, TOLERANCE)
            assert outcomes["changed"] == pytest.approx(changed[1 - level, level], TOLERANCE)
            assert sum(outcomes.values()) == pytest.approx(1, abs=ROUNDING)
            expected = contact.scattering_state(energy, level, positions)
            scale = abs(expected).max()
            np.testing.assert_allclose(complex_of(wave), expected, atol=TOLERANCE * scale)


def test_slope_of_the_wave_jumps_by_the_coupling_at_the_contact(blank):
    """ψ'(0+) − ψ'(0−) = 2mv ψ(0), which no scattering formula enters."""
    step = 1e-5
    for parameters in [RESONANCE, *random_parameters(10)]:
        energy = parameters["gap"] + 0.7
        wave = complex_of(scattered(blank, parameters, energy, [-step, 0.0, step])["waves"][0])
        left, middle, right = wave
        mass, v12 = parameters["mass"], parameters["v12"]
        v = np.array([[parameters["v11"], v12], [v12, parameters["v22"]]])
        jump = (right + left - 2 * middle) / step
        expected = 2 * mass * v @ middle
        curvature = 2 * mass * energy * abs(middle).max() * step
        np.testing.assert_allclose(jump, expected, atol=2 * curvature + 1e-9 * abs(jump).max())


def test_nothing_passes_where_level_2_is_bound_and_everything_where_v_eff_vanishes(blank):
    seen = {"blocked": 0, "clear": 0}
    for parameters in [RESONANCE, NARROW, *random_parameters(60)]:
        found = blank.evaluate(
            "(p) => DetailedBalance.physics.contactScattering.interference(p)", parameters
        )
        contact = contact_of(parameters)
        for name, vanishing in (("blocked", 1), ("clear", 0)):
            if found[name] is not None:
                amplitude = contact.reflection_transmission(found[name])[vanishing][0, 0]
                assert abs(amplitude) < 1e-6  # an energy that is rounded, on a steep slope
                seen[name] += 1
    assert min(seen.values()) > 5


@pytest.mark.parametrize("parameters", [RESONANCE, NARROW, *random_parameters(20)])
def test_sampled_energies_leave_out_nothing_that_a_reader_sees(blank, parameters):
    parameters = {**parameters, "mass": 1.0}  # as on the page
    energies = np.unique(
        blank.evaluate(
            "([p, highest]) => DetailedBalance.physics.contactScattering"
            ".sampleEnergies(p, highest)",
            [parameters, HIGHEST_ENERGY],
        )
    )
    contact = contact_of(parameters)
    low, high = energies[:-1], energies[1:]
    opens = (low <= parameters["gap"]) & (high > parameters["gap"])
    width = (high - low)[:, None, None]
    for probabilities in (
        lambda energy: abs(contact.reflection_transmission(energy)[1]) ** 2,
        lambda energy: abs(contact.s_matrix(energy)) ** 2,
    ):
        start, middle, end = (probabilities(energy) for energy in (low, (low + high) / 2, high))
        straight = abs((start + end) / 2 - middle) < VISIBLE
        steep = (np.sort([start, middle, end], axis=0)[1] == middle) & (width < PIXEL)
        assert np.all((straight | steep)[~opens])


def test_uncoupled_bound_state_is_singular_as_in_the_library(blank):
    assert blank.evaluate(
        "(p) => DetailedBalance.physics.contactScattering.scatter(p, 0.5).singular", BOUND
    )
    with pytest.raises(ValueError, match="bound state"):
        contact_of({**BOUND, "mass": 1}).s_matrix(0.5)


# ---- Flux times probability ----


def collided(page, parameters: dict, beta: float, normalization="physical") -> dict:
    return page.evaluate(
        """([parameters, beta, normalization]) => {
          const model = DetailedBalance.physics.collisionFlux;
          return {
            ...model.rates(parameters, beta, normalization),
            gibbs: model.gibbs(parameters.gap, beta),
            collisions: model.collisionRate(beta, parameters.mass),
          };
        }""",
        [parameters, beta, normalization],
    )


@pytest.mark.parametrize("normalization", ["physical", "generator", "printed"])
def test_collision_flux_physics_equals_the_library(blank, normalization):
    rng = np.random.default_rng(9)
    for parameters in [RESONANCE, NARROW, *random_parameters(40, weakest=1e-3)]:
        beta = float(np.exp(rng.uniform(np.log(0.1), np.log(20))))
        ours = collided(blank, parameters, beta, normalization)
        contact = contact_of(parameters)
        # The page shows rates for a unit of density; the library wants a gas that is dilute.
        rates = transition_rates(contact, beta, DILUTE, normalization) / DILUTE
        assert ours["up"] == pytest.approx(rates[1, 0], rel=TOLERANCE)
        assert ours["down"] == pytest.approx(rates[0, 1], rel=TOLERANCE)
        populations = gibbs_state(contact.energies, beta)
        np.testing.assert_allclose(ours["gibbs"], populations, rtol=ROUNDING)
        up, down = populations[0] * ours["up"], populations[1] * ours["down"]
        assert up == pytest.approx(down, rel=ROUNDING)


def test_chances_are_the_mean_probabilities_of_the_collisions(blank):
    """Sampled: speeds of colliding particles, v e^{−βmv²/2}, and the library's probabilities."""
    rng = np.random.default_rng(11)
    count = 200_000
    for parameters in [RESONANCE, *random_parameters(3)]:
        beta, contact = 1.3, contact_of(parameters)
        ours = collided(blank, parameters, beta)
        kinetic = rng.exponential(1 / beta, count)
        for level, chance in ((0, ours["upChance"]), (1, ours["downChance"])):
            energy = kinetic + contact.energies[level]
            sample = contact.transition_probabilities(energy)[:, 1 - level, level]
            error = sample.std() / count**0.5
            assert abs(sample.mean() - chance) < 4 * error
        assert ours["up"] == pytest.approx(ours["collisions"] * ours["upChance"])
        speed = abs(rng.normal(0, (beta * parameters["mass"]) ** -0.5, count))
        assert ours["collisions"] == pytest.approx(speed.mean(), abs=4 * speed.std() / count**0.5)


def test_drawn_areas_are_the_rates(blank):
    for parameters in [RESONANCE, *random_parameters(5)]:
        beta = 0.8
        ours = collided(blank, parameters, beta)
        # Energies from the threshold up, denser near it, where P rises like √.
        x = np.linspace(0, 1, 5001) ** 4 * 40 / beta
        flux, chance = np.array(
            blank.evaluate(
                """([p, beta, xs]) => {
                  const model = DetailedBalance.physics.collisionFlux;
                  return [xs.map((x) => model.collisionDensity(beta, p.mass, x)),
                          xs.map((x) => model.jumpProbability(p, p.gap + x))];
                }""",
                [parameters, beta, x.tolist()],
            )
        )
        area = np.trapezoid(flux * chance, x)
        assert area == pytest.approx(ours["down"], rel=1e-5)
        assert area * np.exp(-beta * parameters["gap"]) == pytest.approx(ours["up"], rel=1e-5)
        assert chance.max() <= 0.5


def test_sign_of_the_off_diagonal_coupling_changes_no_rate(blank):
    for parameters in random_parameters(5):
        flipped = {**parameters, "v12": -parameters["v12"]}
        assert collided(blank, parameters, 2.0) == collided(blank, flipped, 2.0)


# ---- The pages ----


def shown(figure, name: str) -> float:
    """Return the number that the figure shows for this name."""
    text = " ".join(figure.locator(".panel-note").all_inner_texts())
    found = re.search(rf"{re.escape(name)} = ({NUMBER})", text)
    assert found, f"no {name} in {text}"
    return number(found[1])


def matrix_sums(figure) -> list[str]:
    return panel(figure, "|S|² at this energy").locator(".sum").all_text_contents()


def press_preset(figure, name: str) -> None:
    figure.get_by_role("button", name=name).click()
    figure.page.wait_for_timeout(200)


@pytest.mark.parametrize("preset", ["Both channels open", "Upper channel closed", "Resonance"])
def test_contact_scattering_program_gives_the_numbers_shown(open_page, preset):
    figure = figure_of(open_page(CONTACT_PAGE, **CLIPBOARD), "contact-scattering")
    press_preset(figure, preset)
    printed = run_python(copied_program(figure))
    is_open = preset == "Both channels open"
    expected = ast.literal_eval(printed["|S|^2"])
    entries = panel(figure, "|S|² at this energy").locator(".cell-text").all_text_contents()
    if is_open:
        matrix = shown_matrix(figure, "|S|² at this energy")
        np.testing.assert_allclose(matrix, np.ravel(expected), atol=6e-5)
        assert shown(figure, "to level 2") == pytest.approx(float(printed["to level 2"]), rel=1e-3)
    else:
        assert entries[1:] == ["–"] * 3
        assert expected[1] == [0, 0]
        assert float(printed["to level 2"]) == 0
    for name in ("transmitted", "reflected"):
        assert shown(figure, name) == pytest.approx(float(printed[name]), rel=1e-3, abs=1e-12)
    shift = float(printed[f"{'half of arg S11' if is_open else 'phase shift'} in degrees"])
    # Phase shifts count modulo 180°, and only one open channel has a phase shift of its own.
    assert np.sin(np.radians(shown(figure, "arg S₁₁") - shift)) == pytest.approx(0, abs=1e-4)
    assert ("Phase shift" in figure.inner_text()) != is_open
    if preset == "Resonance":
        assert "K₁₁ = ∞" in figure.inner_text()
        assert "K" not in printed
    else:
        k = ast.literal_eval(printed["K"])
        assert shown(figure, "K₁₁") == pytest.approx(k[0][0], rel=1e-3)
    wave = panel(figure, "Its wave").locator(".panel-note").inner_text()
    behind, beside = (number(x) for x in re.findall(rf"level [12]: ({NUMBER})", wave))
    expected = ast.literal_eval(printed["|psi(0)|^2"])
    assert [behind, beside] == pytest.approx(expected, rel=1e-3, abs=1e-12)


def test_closed_channel_is_empty_and_open_sums_are_one(open_page):
    figure = figure_of(open_page(CONTACT_PAGE), "contact-scattering")
    assert matrix_sums(figure) == ["1.0000"] * 4
    press_preset(figure, "Upper channel closed")
    assert matrix_sums(figure) == ["1.0000", "–", "1.0000", "–"]
    assert "|S₂₁|²: level 2 closed" in panel(figure, "|S|² against energy").inner_text()
    assert "tail 1/(2|p₂|)" in panel(figure, "Its wave").inner_text()


def test_at_the_threshold_level_2_is_still_closed_and_its_tail_endless(open_page):
    figure = figure_of(open_page(CONTACT_PAGE), "contact-scattering")
    set_number(figure, "energy", 1)
    assert matrix_sums(figure) == ["1.0000", "–", "1.0000", "–"]
    assert "level 2: 2.463 on both sides" in panel(figure, "Its wave").inner_text()
    assert "Infinity" not in figure.inner_text()


def test_resonance_turns_everything_back(open_page):
    figure = figure_of(open_page(CONTACT_PAGE), "contact-scattering")
    press_preset(figure, "Resonance")
    assert shown(figure, "transmitted") == 0
    assert shown(figure, "reflected") == 1
    assert "nothing passes at E = 0.5000" in figure.inner_text()
    set_number(figure, "energy", 0.3038)
    assert shown(figure, "transmitted") == 1


def test_decoupled_levels_do_not_see_the_bound_state(open_page):
    figure = figure_of(open_page(CONTACT_PAGE), "contact-scattering")
    press_preset(figure, "Decoupled")
    energy, v11 = value_of(figure, "energy"), value_of(figure, "v11")
    alone = 1 / (1 + v11**2 / (2 * energy))
    assert shown(figure, "transmitted") == pytest.approx(alone, rel=1e-3)
    assert "nothing passes" not in panel(figure, "A particle arrives in level 1").inner_text()
    set_number(figure, "energy", 1.8)
    assert shown_matrix(figure, "|S|² at this energy") == [1, 0, 0, 1]
    assert shown(figure, "to level 2") == 0


def test_uncoupled_bound_state_shows_no_numbers(open_page):
    figure = figure_of(open_page(CONTACT_PAGE), "contact-scattering")
    for name, value in {**BOUND, "energy": 0.5}.items():
        set_number(figure, name, value)
    assert "does not couple" in panel(figure, "|S|² at this energy").inner_text()
    assert figure.locator(".cell-text, .marker").count() == 0
    figure.page.wait_for_timeout(600)
    assert "No numbers" in figure.locator(".explorer-spoken").inner_text()
    set_number(figure, "energy", 0.51)
    assert figure.locator(".cell-text").count() == 4


@pytest.mark.parametrize("title", ["|S|² against energy", "A particle arrives in level 1"])
def test_energy_follows_the_mouse(open_page, title):
    page = open_page(CONTACT_PAGE)
    figure = figure_of(page, "contact-scattering")
    drawing = panel(figure, title).locator("svg").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    y = box["y"] + 0.5 * box["height"]
    page.mouse.move(box["x"] + 0.8 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], y, steps=5)
    page.mouse.up()
    page.wait_for_timeout(100)
    dragged = value_of(figure, "energy")
    assert 0.5 < dragged < 0.7
    page.mouse.move(box["x"] + 0.9 * box["width"], y)
    page.wait_for_timeout(100)
    assert value_of(figure, "energy") == dragged


@pytest.mark.parametrize("name", list(PAGES))
def test_finger_moves_the_line(open_page, name):
    page = open_page(PAGES[name], has_touch=True)
    figure = figure_of(page, name)
    drawing = figure.locator("svg.draggable").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    finger = page.context.new_cdp_session(page)
    y = box["y"] + 0.5 * box["height"]
    for kind, share in (("touchStart", 0.8), ("touchMove", 0.6), ("touchMove", 0.4)):
        point = {"x": box["x"] + share * box["width"], "y": y}
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(100)
    moved, low, high = ("energy", 0.8, 1.1) if name == "contact-scattering" else ("beta", 0.4, 0.8)
    assert low < value_of(figure, moved) < high


@pytest.mark.parametrize(
    ("preset", "normalization"),
    [("Reset", "physical"), ("Cold gas", "generator"), ("Weak coupling", "printed")],
)
def test_collision_flux_program_gives_the_numbers_shown(open_page, preset, normalization):
    figure = figure_of(open_page(FLUX_PAGE, **CLIPBOARD), "collision-flux")
    press_preset(figure, preset)
    figure.locator('[data-parameter="normalization"]').select_option(normalization)
    set_number(figure, "mass", 1.7)
    printed = run_python(copied_program(figure))
    up, down = shown(figure, "a₂₁"), shown(figure, "a₁₂")
    assert up == pytest.approx(float(printed["up"]), rel=1e-3)
    assert down == pytest.approx(float(printed["down"]), rel=1e-3)
    ratio = shown(figure, "a₂₁/a₁₂")
    assert ratio == pytest.approx(float(printed["Boltzmann factor"]), rel=1e-3)
    traffic = shown(figure, "p₁a₂₁ = p₂a₁₂")
    assert [traffic] * 2 == pytest.approx(ast.literal_eval(printed["traffic"]), rel=1e-3)
    text = figure.inner_text()
    for name, words in (
        ("time between collisions", r"A collision every"),
        ("chance to go up", r"Of the collisions in level 1,"),
        ("chance to go down", r"Of the collisions in level 2,"),
    ):
        value = number(re.search(rf"{words} ({NUMBER})", text)[1])
        assert value == pytest.approx(float(printed[name]), rel=1e-3)


def test_normalization_changes_both_rates_and_not_their_ratio(open_page):
    figure = figure_of(open_page(FLUX_PAGE), "collision-flux")
    choice = figure.locator('[data-parameter="normalization"]')
    seen = {}
    for name in ("physical", "generator", "printed"):
        choice.select_option(name)
        figure.page.wait_for_timeout(100)
        seen[name] = (shown(figure, "a₂₁"), shown(figure, "a₁₂"), shown(figure, "a₂₁/a₁₂"))
    assert seen["physical"][0] / seen["generator"][0] == pytest.approx(2 * np.pi, rel=1e-3)
    assert seen["physical"][1] / seen["printed"][1] == pytest.approx(4 * np.pi, rel=1e-3)
    assert len({ratio for _, _, ratio in seen.values()}) == 1


def test_density_changes_rates_and_warns_where_the_gas_is_not_dilute(open_page):
    figure = figure_of(open_page(FLUX_PAGE), "collision-flux")
    before = shown(figure, "a₂₁")
    assert "Not dilute" not in figure.inner_text()
    set_number(figure, "density", 1)
    assert shown(figure, "a₂₁") == pytest.approx(100 * before, rel=1e-3)
    assert "Not dilute" in panel(figure, "Rates against temperature").inner_text()


def test_levels_that_do_not_couple_show_no_jumps(open_page):
    figure = figure_of(open_page(FLUX_PAGE), "collision-flux")
    set_number(figure, "v12", 0)
    assert shown(figure, "a₂₁") == shown(figure, "a₁₂") == 0
    assert "no jumps" in panel(figure, "Traffic at equilibrium").inner_text()
    assert "NaN" not in figure.inner_text()


def test_curves_of_traffic_up_and_down_coincide(open_page):
    figure = figure_of(open_page(FLUX_PAGE), "collision-flux")
    for preset in ("Cold gas", "Hot gas", "Weak coupling", "Exchange only"):
        press_preset(figure, preset)
        curves = panel(figure, "Traffic at equilibrium").locator("svg[role=img] .curve")
        up, down = (curves.nth(i).get_attribute("d") for i in range(2))
        coordinates = [np.array(re.findall(r"[\d.]+", path), dtype=float) for path in (up, down)]
        np.testing.assert_allclose(*coordinates, atol=0.11)  # tenths of a pixel


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("contact-scattering", CONTACT_PARAMETERS), ("collision-flux", FLUX_PARAMETERS)],
)
def test_arrow_keys_on_a_slider_change_the_numbers(open_page, name, parameters):
    figure = figure_of(open_page(PAGES[name]), name)
    for parameter in parameters:
        before = (value_of(figure, parameter), figure.locator(".panel-note").all_inner_texts())
        slider = figure.locator(f'input[type=range][data-parameter="{parameter}"]')
        slider.focus()
        slider.press("ArrowRight")
        figure.page.wait_for_timeout(100)
        after = (value_of(figure, parameter), figure.locator(".panel-note").all_inner_texts())
        assert after[0] > before[0]
        assert after[1] != before[1]
    press_preset(figure, "Reset")
    defaults = figure.evaluate(
        """(figure) => {
          const { state } = figure.explorer;
          const values = state.values();
          return Object.entries(state.parameters).every(([k, { value }]) => values[k] === value);
        }"""
    )
    assert defaults


@pytest.mark.parametrize("name", list(PAGES))
def test_everything_is_reached_by_the_tab_key(open_page, name):
    page = open_page(PAGES[name])
    figure = figure_of(page, name)
    figure.get_by_role("button").first.focus()
    for _ in range(figure.locator("button, input, select").count() - 1):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Copy as Python"


@pytest.mark.parametrize("name", list(PAGES))
def test_changes_are_spoken(open_page, name):
    figure = figure_of(open_page(PAGES[name]), name)
    line = figure.locator(".explorer-spoken")
    figure.page.wait_for_timeout(600)
    before = line.inner_text()
    set_number(figure, "v12", 0.4)
    figure.page.wait_for_timeout(600)
    assert line.inner_text() != before


@pytest.mark.parametrize("name", list(PAGES))
def test_no_state_makes_an_error_or_a_number_that_is_none(open_page, name):
    page = open_page(PAGES[name])
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    figure = figure_of(page, name)
    wrong = figure.evaluate(
        """(figure) => {
          const { state } = figure.explorer;
          const ends = Object.entries(state.parameters).filter(([, p]) => p.min !== undefined);
          const wrong = [];
          for (let corner = 0; corner < 2 ** ends.length; corner++) {
            state.set(Object.fromEntries(
              ends.map(([key, p], i) => [key, corner & (1 << i) ? p.max : p.min])));
            state.flush();
            if (/NaN|undefined|Infinity/.test(figure.querySelector(".panels").outerHTML)) {
              wrong.push(state.values());
            }
          }
          return wrong;
        }"""
    )
    assert wrong == []
    assert errors == []


@pytest.mark.parametrize("name", list(PAGES))
def test_explorers_draw_when_opened_from_disk(browser, site, name):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto((site / PAGES[name]).as_uri())
    assert page.locator(f'figure[data-explorer="{name}"] .panel svg[role=img]').count() == 4
    page.close()
    assert errors == []


@pytest.mark.parametrize("name", list(PAGES))
def test_explorers_fit_on_a_narrow_screen(open_page, name):
    page = open_page(PAGES[name])
    figure = figure_of(page, name)
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert figure.evaluate("(figure) => figure.scrollWidth - figure.clientWidth") <= 0
        for control in figure.locator("button:visible, input:visible, select:visible").all():
            box = control.bounding_box()
            assert box["height"] >= 44
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("name", list(PAGES))
def test_explorers_can_be_read_without_scripts(open_page, name):
    figure = figure_of(open_page(PAGES[name], java_script_enabled=False), name)
    message = figure.locator(".explorer-message")
    assert message.is_visible()
    assert "It shows:" in message.inner_text()
    assert figure.locator("figcaption").is_visible()
