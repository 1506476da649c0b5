"""Balance at weak coupling: the explorer's physics against the library, and its page."""

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
from scipy.integrate import quad
from scipy.special import k0e

from detailedbalance import (
    ContactScattering,
    ThreeDots,
    born_spectral_function,
    davies_generator,
    gibbs_state,
    loop_current,
)

TUNNELING = 1 / (2 * 3**0.5)
MINUS, ZERO, PLUS = range(3)
W = np.exp(2j * np.pi / 3)
GAS, DAVIES = "The gas, in units", "Weak coupling (Davies)"


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def explorer(browser, server):
    """Open the chapter and return the explorer's figure."""
    with built_pages(browser, server) as open_page:
        yield lambda **options: figure_of(
            open_page(PAGES["weak-coupling"], **options), "weak-coupling"
        )


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


# ---- Physics ----


def random_parameters(count: int) -> list[dict]:
    rng = np.random.default_rng(41)
    return [
        {
            "tunneling": float(rng.choice([-1, 1])) * TUNNELING,
            "flux": rng.uniform(-1.5, 1.5),
            "couplings": rng.uniform(0, 3, 3).tolist(),
            "phases": str(rng.choice(["hamiltonian", "S26"])),
            "beta": float(np.exp(rng.uniform(np.log(0.1), np.log(10)))),
        }
        for _ in range(count)
    ]


def contact_of(parameters: dict, s: float = 1.0) -> ContactScattering:
    dots = ThreeDots(tunneling=parameters["tunneling"], flux=parameters["flux"])
    contact = dots.contact(couplings=parameters["couplings"], phases=parameters["phases"])
    return ContactScattering(contact.energies, s * contact.coupling_matrix)


def in_browser(page, parameters: dict) -> dict:
    return page.evaluate(
        """(parameters) => {
          const { threeDots: dots, weakCoupling: model } = DetailedBalance.physics;
          const { beta } = parameters;
          const energies = dots.energies(parameters.tunneling, parameters.flux);
          return {
            spectrum: [-1.3, -0.2, 1e-3, 0.7].map((w) => model.spectralFunction(w, beta)),
            davies: model.daviesRates(parameters, beta),
            cubic: dots.loopCurrent(energies, model.thirdOrderExcess(parameters, beta), beta),
            paths: model.detours(parameters, 1 / beta),
          };
        }""",
        parameters,
    )


def third_order_current(contact: ContactScattering, beta: float) -> float:
    """K_3 for a unit of density, by an adaptive integral over x = √(E − E_max)."""
    energies, v = contact.energies, contact.coupling_matrix
    near, far = np.sort(energies.max() - energies)[1:]

    def integrand(x):
        return 2 * np.exp(-beta * x**2) / np.sqrt(8 * (x**2 + near) * (x**2 + far))

    ends = sorted({0, near**0.5, far**0.5, 7 / beta**0.5})
    pieces = zip(ends, ends[1:], strict=False)
    integral = sum(quad(integrand, *piece, epsabs=0, epsrel=1e-11)[0] for piece in pieces)
    loop = (v[MINUS, ZERO] * v[ZERO, PLUS] * v[PLUS, MINUS]).imag
    population = gibbs_state(energies, beta).min()
    return 16 * np.sqrt(beta / (2 * np.pi)) * loop * population * integral


def test_scaled_bessel_function_equals_scipys(blank):
    arguments = np.geomspace(1e-6, 50, 60)
    ours = blank.evaluate(
        "(xs) => xs.map(DetailedBalance.physics.weakCoupling.scaledBesselK0)", arguments.tolist()
    )
    np.testing.assert_allclose(ours, k0e(arguments), rtol=1e-12)


def test_weak_coupling_physics_equals_the_library(blank):
    for parameters in random_parameters(40):
        ours, beta = in_browser(blank, parameters), parameters["beta"]
        contact = contact_of(parameters)
        born = born_spectral_function(contact, beta)
        np.testing.assert_allclose(
            ours["spectrum"], [born(w) for w in (-1.3, -0.2, 1e-3, 0.7)], rtol=1e-11
        )
        # The diagonal makes no jumps, and at ω = 0 the spectral function is infinite.
        small = 1e-4 * (contact.coupling_matrix - np.diag(np.diag(contact.coupling_matrix)))
        davies = davies_generator(contact.energies, small, lambda w, g=born: g(w) if w else 0.0)
        np.testing.assert_allclose(ours["davies"], davies.rates / 1e-8, rtol=1e-10)
        np.testing.assert_allclose(ours["cubic"], third_order_current(contact, beta), rtol=1e-9)


def test_current_of_a_weak_coupling_is_cubic(blank):
    s = 1e-7
    for parameters in random_parameters(10):
        cubic = in_browser(blank, parameters)["cubic"]
        exact = loop_current(contact_of(parameters, s), parameters["beta"], 1e-6) / 1e-6
        np.testing.assert_allclose(exact / s**3, cubic, rtol=1e-5)


def test_two_paths_make_the_difference_of_the_probabilities(blank):
    s = 1e-5
    for parameters in random_parameters(10):
        up, down = (
            abs(1 + complex(*in_browser(blank, parameters)["paths"][way])) ** 2
            for way in ("up", "down")
        )
        contact = contact_of(parameters)
        energy = contact.energies.max() + 1 / parameters["beta"]
        weaker = contact_of(parameters, s)
        t = abs(weaker.t_matrix(energy)) ** 2
        direct = abs(contact.coupling_matrix[ZERO, MINUS]) ** 2
        difference = (t[ZERO, MINUS] - t[MINUS, ZERO]) / s**3
        np.testing.assert_allclose(direct * (up - down), difference, rtol=2e-3)


# ---- The page ----


def shown_ratios(figure) -> dict[str, float]:
    text = panel(figure, "Imbalance against strength").inner_text()
    found = re.findall(rf"I\(([−0+]), ([−0+])\) = ({NUMBER})", text)
    return {f"I({k},{l})".replace("−", "-"): number(value) for k, l, value in found}


def current_and_share(figure) -> list[float]:
    """The loop current over the density, and its share of the cubic law."""
    words = note(figure, "Current against strength")
    return [
        number(found) for found in re.search(rf"K₀₋/ν = ({NUMBER}): ({NUMBER}) of", words).groups()
    ]


def matrix_shown(figure, title: str) -> np.ndarray:
    """The entries off the diagonal, row by row."""
    texts = panel(figure, title).locator(".cell-text").all_text_contents()
    return np.array([number(text) for text in texts if text != "·"])


MIRROR = [2, 4, 0, 5, 1, 3]  # where the mirror image of each entry stands in that list


def test_strength_of_the_paper_shows_the_known_values(explorer):
    figure = explorer()
    assert shown_ratios(figure) == {"I(0,-)": 1.1465, "I(+,-)": 0.66595, "I(0,+)": 0.68766}
    assert current_and_share(figure) == [3.472e-4, 0.074]


def test_weaker_coupling_tends_to_davies_rates(explorer):
    figure = explorer()
    apart = []
    for preset in ("Strength of [A]", "Ten times weaker", "A hundred times weaker"):
        press(figure, preset)
        gas, davies = matrix_shown(figure, GAS), matrix_shown(figure, DAVIES)
        apart.append(abs(gas / davies - 1).max())
        _, share = current_and_share(figure)
    assert apart[0] > 0.8
    assert apart[1] < 0.25
    assert apart[2] < 0.03
    assert share == pytest.approx(1 - 2.37 * 0.01, abs=1e-3)


@pytest.mark.parametrize("flux", [0.75, -0.3, 1.2])
def test_davies_matrix_is_its_own_mirror_image_and_knows_no_strength(explorer, flux):
    figure = explorer()
    set_number(figure, "flux", flux)
    first = matrix_shown(figure, DAVIES)
    assert np.array_equal(first, first[MIRROR])
    set_number(figure, "s", 0.02)
    assert np.array_equal(matrix_shown(figure, DAVIES), first)
    gas = matrix_shown(figure, GAS)
    assert panel(figure, DAVIES).locator(".cell-mark").count() == 0
    assert panel(figure, GAS).locator(".cell-mark").count() == 6
    assert not np.array_equal(gas, first)


def test_loop_is_drawn_where_it_can_be_seen(explorer):
    figure = explorer()
    for preset, loops in (("Ten times weaker", 1), ("A hundred times weaker", 0)):
        press(figure, preset)
        assert figure.locator(".loop").count() == loops
        words = note(figure, "Traffic at equilibrium")
        assert ("too little to draw" in words) == (loops == 0)


def test_sums_of_rows_and_columns_are_shown_equal(explorer):
    figure = explorer()
    for title in (GAS, DAVIES):
        sums = panel(figure, title).locator(".sum").all_text_contents()
        assert len(sums) == 6
        assert sums[:3] == sums[3:]


def test_paths_of_both_directions_are_shown_with_their_squares(explorer):
    figure = explorer()
    up, down = (
        number(found)
        for found in re.findall(rf"\|² = ({NUMBER})", note(figure, "Why: two paths interfere"))
    )
    # At kT above the highest level b = 1, so the difference is 4 Im(v_-0 v_0+ v_+-)/|v_0-|².
    loop, direct = 0.12 / (6 * 3**0.5), abs((1 + 0.7 * W + 1.5 * W**2) / 3) ** 2
    assert up - down == pytest.approx(4 * loop / direct, abs=2e-4)


@pytest.mark.parametrize("flux", [0, 0.5, -1])
def test_degenerate_flux_shows_no_numbers(explorer, flux):
    figure = explorer()
    set_number(figure, "flux", flux)
    assert "Move the flux" in note(figure, "Traffic at equilibrium")
    assert note(figure, "Why: two paths interfere") == ""
    shown = ".bar-text, .marker, .cell-text, .arrow, .loop"
    assert figure.locator(shown).count() == 0
    assert not any("=" in text for text in figure.locator(".panel svg").all_text_contents())
    figure.page.wait_for_timeout(600)
    assert "coincide" in figure.locator(".explorer-spoken").inner_text()


def test_two_equal_couplings_balance_at_every_strength(explorer):
    figure = explorer()
    press(figure, "Two equal couplings")
    for s in (0.02, 0.5, 3):
        set_number(figure, "s", s)
        assert "at every strength" in note(figure, "Current against strength")
        gas = matrix_shown(figure, GAS)
        assert np.array_equal(gas, gas[MIRROR])
        assert figure.locator(".loop, .cell-mark").count() == 0
        assert figure.get_by_text("Every pair balances").count() == 2


def test_equal_couplings_make_no_jumps(explorer):
    figure = explorer()
    for name in ("V1", "V2", "V3"):
        set_number(figure, name, 1.2)
    assert "No jumps" in note(figure, "Current against strength")
    assert figure.locator(".cell-text, .marker, .loop").count() == 0
    for title in (GAS, DAVIES, "Imbalance against strength"):
        assert not panel(figure, title).locator(".panel-note").is_visible()


def test_arrow_keys_on_a_slider_change_the_numbers(explorer):
    figure = explorer()
    for name in ("s", "beta", "flux", "V1", "V2", "V3"):
        before = (value_of(figure, name), shown_ratios(figure), current_and_share(figure))
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        slider.press("ArrowRight")
        next_frame(figure.page)
        after = (value_of(figure, name), shown_ratios(figure), current_and_share(figure))
        assert after[0] > before[0]
        assert after[1] != before[1]
        assert after[2] != before[2]


@pytest.mark.parametrize("title", ["Imbalance against strength", "Current against strength"])
def test_strength_follows_the_mouse(explorer, title):
    figure = explorer()
    drawing = panel(figure, title).locator("svg").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    mouse = figure.page.mouse
    mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    mouse.up()
    next_frame(figure.page)
    assert 0.02 < value_of(figure, "s") < 0.12


def test_strength_follows_a_finger(explorer):
    figure = explorer(has_touch=True)
    page = figure.page
    drawing = panel(figure, "Current against strength").locator("svg").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    finger = page.context.new_cdp_session(page)
    y = box["y"] + 0.5 * box["height"]
    for kind, share in (("touchStart", 0.7), ("touchMove", 0.5), ("touchMove", 0.3)):
        point = {"x": box["x"] + share * box["width"], "y": y}
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    moved = "(figure) => figure.explorer.state.values().s < 0.06"
    page.wait_for_function(moved, arg=figure.element_handle())


@pytest.mark.parametrize("preset", ["Strength of [A]", "A hundred times weaker", "Reset"])
def test_program_gives_the_numbers_shown(explorer, preset):
    figure = explorer(**CLIPBOARD)
    press(figure, preset)
    set_number(figure, "beta", 1.37)
    printed = run_python(copied_program(figure))
    for name, value in shown_ratios(figure).items():
        assert float(printed[name]) == pytest.approx(value, rel=1e-4)
    current, _ = current_and_share(figure)
    assert float(printed["K(0,-)/density"]) == pytest.approx(current, rel=2e-3)
    off = ~np.eye(3, dtype=bool)
    for name, title in (("gas", GAS), ("Davies", DAVIES)):
        exact = np.array(json.loads(printed[name]))[off]
        np.testing.assert_allclose(matrix_shown(figure, title), exact, rtol=0.03, atol=6e-5)
