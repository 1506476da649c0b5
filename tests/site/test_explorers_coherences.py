"""The explorer of coherences: its physics against the library, and its page."""

from __future__ import annotations

import re

import numpy as np
import pytest
from reading import (
    CLIPBOARD,
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
from scipy.integrate import quad_vec

from detailedbalance import ThreeDots, gibbs_state, transition_rates
from detailedbalance.lindblad import (
    SecularGenerator,
    bohr_groups,
    quantum_relative_entropy,
    von_neumann_entropy,
)
from detailedbalance.lowdensity import LowDensityGenerator

PAGE = PAGES["coherences"]
TUNNELING = -1 / (2 * 3**0.5)
TOLERANCE = 1e-8
FIGURE_1 = {"flux": 0.75, "beta": 2.0, "couplings": [1.0, 0.7, 1.5]}
CLUSTER = 0.05
"""Bohr frequencies closer than this share of the largest are taken together."""


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


def random_cases(count: int) -> list[dict]:
    """Return systems and gases, every other one with equidistant levels."""
    rng = np.random.default_rng(20240811)
    return [
        {
            "flux": 0.75 if i % 2 else float(rng.choice([0.71, 0.77, 0.8])),
            "beta": float(np.exp(rng.uniform(np.log(0.2), np.log(10)))),
            "couplings": rng.uniform(0.1, 3, 3).tolist(),
            "density": 10 ** rng.uniform(-3, -2.5),
            "shifted": bool(rng.integers(2)),
            "time": rng.uniform(0, 400),
            "psi": rng.normal(size=3).tolist(),
        }
        for i in range(count)
    ]


def contact_of(case: dict):
    dots = ThreeDots(tunneling=TUNNELING, flux=case["flux"])
    return dots.contact(couplings=case["couplings"], phases="S26")


def start_of(case: dict) -> np.ndarray:
    psi = np.array(case["psi"]) / np.linalg.norm(case["psi"])
    return np.outer(psi, psi)


def complex_of(pairs) -> np.ndarray:
    """Return an array of complex numbers that came as [re, im]."""
    pairs = np.array(pairs)
    return pairs[..., 0] + 1j * pairs[..., 1]


def in_browser(page, case: dict, shared=None) -> dict:
    return page.evaluate(
        """([system, shared]) => {
          const model = DetailedBalance.physics.coherences;
          const gas = model.gas(system);
          const options = { ...system, shared: shared ?? model.shares(gas.levels) };
          const start = model.pureState(system.psi);
          const rho = model.evolve(gas, options, start, system.time);
          const gibbs = model.gibbs(gas.levels, system.beta);
          return { gas, rho, start, gibbs, distance: model.distance(rho, gibbs),
                   decay: model.largestDecay(gas, options) };
        }""",
        [case, shared],
    )


def in_frame(rho: np.ndarray, energies: np.ndarray, time: float) -> np.ndarray:
    """Return ρ in the frame that turns with H_S."""
    return rho * np.exp(1j * (energies[:, None] - energies) * time)


def test_coherences_physics_equals_the_library(blank):
    for case in random_cases(40):
        ours = in_browser(blank, case)
        contact, density = contact_of(case), case["density"]
        np.testing.assert_allclose(ours["gas"]["levels"], contact.energies, atol=1e-14)
        rates = transition_rates(contact, case["beta"], density) / density
        np.testing.assert_allclose(ours["gas"]["rates"], rates, rtol=TOLERANCE)
        generator = LowDensityGenerator(
            contact, case["beta"], density, forward_shift=case["shifted"]
        )
        start, time = start_of(case), case["time"] / density
        np.testing.assert_allclose(complex_of(ours["start"]), start, atol=1e-14)
        rho = in_frame(generator.evolve(start, time), contact.energies, time)
        # Phases turn 10⁵ times; what is left of the rounding of t × E is 1e-11.
        np.testing.assert_allclose(complex_of(ours["rho"]), rho, atol=TOLERANCE)
        decay = -np.linalg.eigvals(generator.dissipator).real.min()
        if not case["shifted"]:
            assert density * ours["decay"] == pytest.approx(decay, rel=TOLERANCE)


def one_group(contact, beta: float, density: float) -> SecularGenerator:
    """Return the generator with nearby frequencies in one group, by quadrature of its own."""
    levels = contact.energies
    groups = bohr_groups(levels, CLUSTER)

    def integrand(x: float) -> np.ndarray:
        kinetic = x**2
        weight = 2 * x * density * np.sqrt(beta / (2 * np.pi)) * np.exp(-beta * kinetic)
        X = np.stack([contact.s_matrix(e + kinetic)[:, l] for l, e in enumerate(levels)], axis=-1)
        X = X - np.eye(3)
        columns = [X[tuple(group.pairs.T)] for group in groups]
        return weight * np.concatenate([np.outer(a, a.conj()).ravel() for a in columns])

    thresholds = np.sqrt(np.unique(np.abs(levels[:, None] - levels)))[1:]
    total, _ = quad_vec(
        integrand, 0, 6 / np.sqrt(beta), epsabs=1e-13, epsrel=1e-11, points=thresholds
    )
    sizes = [len(group.pairs) for group in groups]
    parts = np.split(total, np.cumsum(np.square(sizes))[:-1])
    return SecularGenerator(
        levels,
        [part.reshape(n, n) for part, n in zip(parts, sizes, strict=True)],
        tolerance=CLUSTER,
    )


@pytest.mark.parametrize("flux", [0.7501, 0.752])
def test_one_group_with_two_frequencies_equals_a_generator_of_its_own(blank, flux):
    case = {**FIGURE_1, "flux": flux, "density": 0.003, "shifted": False, "psi": [0.2, 1, 1]}
    contact = contact_of(case)
    generator = one_group(contact, case["beta"], case["density"])
    for time in (5.0, 60.0, 300.0):
        ours = complex_of(in_browser(blank, {**case, "time": time}, shared=True)["rho"])
        duration = time / case["density"]
        rho = generator.evolve(start_of(case), duration)
        np.testing.assert_allclose(ours, in_frame(rho, contact.energies, duration), atol=TOLERANCE)


def test_states_stay_states_and_come_no_nearer_to_nothing_but_gibbs(blank):
    for case in random_cases(12):
        before = np.inf, np.inf
        for time in (0.0, 3.0, 20.0, 100.0, 400.0):
            ours = in_browser(blank, {**case, "time": time})
            rho, gibbs = complex_of(ours["rho"]), np.array(ours["gibbs"])
            assert np.trace(rho) == pytest.approx(1, abs=1e-12)
            assert np.linalg.eigvalsh(rho).min() > -1e-12
            np.testing.assert_allclose(gibbs, gibbs_state(ours["gas"]["levels"], case["beta"]))
            parts = ours["distance"]["populations"], ours["distance"]["coherence"]
            assert sum(parts) == pytest.approx(
                float(quantum_relative_entropy(rho, np.diag(gibbs))), abs=1e-7
            )
            p = np.diag(rho).real
            entropy = -(p * np.log(np.where(p > 0, p, 1))).sum()
            assert parts[1] == pytest.approx(entropy - von_neumann_entropy(rho), abs=1e-7)
            assert all(now <= old + 1e-9 for now, old in zip(parts, before, strict=True))
            before = parts
        end = complex_of(in_browser(blank, {**case, "time": 1e6})["rho"])
        np.testing.assert_allclose(end, np.diag(gibbs), atol=1e-7)


def test_gas_that_cannot_tell_the_dots_apart_changes_nothing(blank):
    case = {**FIGURE_1, "couplings": [1.3] * 3, "density": 0.01, "shifted": True, "psi": [1, 1, 1]}
    ours = in_browser(blank, {**case, "time": 400})
    np.testing.assert_allclose(complex_of(ours["rho"]), np.full((3, 3), 1 / 3), atol=1e-12)
    assert ours["gas"]["exits"][0] > 0.1, "and yet it scatters"


# ---- The page ----


def shown_coherences(figure) -> list[float]:
    text = panel(figure, "Coherences").inner_text()
    return [number(found) for found in re.findall(r"\|ρ.{2}\| = ([\d.]+)", text)]


def shown_populations(figure) -> list[float]:
    note = panel(figure, "p₋ =").locator(".panel-note").inner_text()
    return numbers(re.sub(r"p[₋₀₊]", "", note))


def test_figure_1_feeds_the_lower_coherence(open_page):
    figure = figure_of(open_page(PAGE), "coherences")
    assert value_of(figure, "time") == 0
    assert shown_coherences(figure) == [0, 0.5, 0]
    set_number(figure, "time", 80)
    density = value_of(figure, "density")
    generator = LowDensityGenerator(contact_of(FIGURE_1), FIGURE_1["beta"], density)
    psi = np.array([0, 1, 1]) / np.sqrt(2)
    rho = abs(generator.evolve(np.outer(psi, psi), value_of(figure, "time") / density))
    # The forward shift, which is on, changes the fourth decimal.
    assert shown_coherences(figure) == pytest.approx([rho[0, 1], rho[1, 2], 0], abs=1e-3)
    assert 0.12 < shown_coherences(figure)[0] < 0.14
    assert "feed each other" in panel(figure, "Coherences").inner_text()


def test_two_frequencies_keep_their_coherences_to_themselves(open_page):
    figure = figure_of(open_page(PAGE), "coherences")
    press(figure, "Two frequencies")
    set_number(figure, "time", 80)
    assert shown_coherences(figure)[0] == 0
    assert "go their own ways" in panel(figure, "Coherences").inner_text()
    press(figure, "Hardly two")
    assert "Trust neither" in panel(figure, "Coherences").inner_text()
    set_number(figure, "density", 0.001)
    assert "go their own ways" in panel(figure, "Coherences").inner_text()


def test_thin_line_is_without_the_exchange_under_either_rule(open_page):
    figure = figure_of(open_page(PAGE), "coherences")
    moduli = panel(figure, "Coherences")
    drawing = moduli.locator("svg").first
    lower = drawing.locator(".curve.otherwise").first
    floor = lower.get_attribute("d")
    for flux, rule in ((0.75, "feed each other (thick)"), (0.76, "go their own ways (thin")):
        set_number(figure, "flux", flux)
        assert rule in moduli.inner_text()
        # The coherence of the lower pair never arises without the exchange, and does with it.
        assert lower.get_attribute("d") == floor
        assert drawing.locator(".curve.level-0").get_attribute("d") != floor


def test_equal_couplings_leave_the_superposition_alone(open_page):
    figure = figure_of(open_page(PAGE), "coherences")
    press(figure, "Equal couplings")
    press(figure, "To the end")
    assert shown_coherences(figure) == [0, 0.5, 0]
    assert "cannot tell the levels apart" in panel(figure, "Coherences").inner_text()


def test_forward_shift_turns_the_hands_and_moves_no_population(open_page):
    figure = figure_of(open_page(PAGE), "coherences")
    set_number(figure, "time", 200)
    hand = panel(figure, "density matrix").locator(".hand").first
    before = (shown_populations(figure), hand.get_attribute("y2"))
    figure.locator('[data-parameter="shifted"]').click()
    next_frame(figure.page)
    after = (shown_populations(figure), hand.get_attribute("y2"))
    assert after[0] == before[0]
    assert abs(float(after[1]) - float(before[1])) > 1


def test_time_follows_the_mouse(open_page):
    page = open_page(PAGE)
    figure = figure_of(page, "coherences")
    drawing = panel(figure, "Coherences").locator("svg").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    page.mouse.up()
    next_frame(page)
    assert 180 < value_of(figure, "time") < 250


def test_film_runs_can_be_paused_and_ends(open_page):
    figure = figure_of(open_page(PAGE), "coherences")
    press(figure, "To the start")
    figure.get_by_role("button", name="Play").click()
    figure.page.wait_for_timeout(500)
    figure.get_by_role("button", name="Pause").click()
    next_frame(figure.page)
    stopped = value_of(figure, "time")
    assert 0 < stopped < 300
    figure.page.wait_for_timeout(200)
    assert value_of(figure, "time") == stopped
    set_number(figure, "time", 390)
    figure.get_by_role("button", name="Play").click()
    figure.get_by_role("button", name="Play").wait_for(timeout=3000)
    assert value_of(figure, "time") == 400


def test_reduced_motion_has_no_film(open_page):
    figure = figure_of(open_page(PAGE, reduced_motion="reduce"), "coherences")
    assert not figure.get_by_role("button", name="Play").is_visible()
    press(figure, "To the end")
    assert value_of(figure, "time") == 400


@pytest.mark.parametrize("preset", ["Reset", "Two frequencies", "All three levels"])
def test_coherences_program_gives_the_numbers_shown(open_page, preset):
    figure = figure_of(open_page(PAGE, **CLIPBOARD), "coherences")
    press(figure, preset)
    set_number(figure, "beta", 1.37)
    set_number(figure, "time", 55)
    printed = run_python(copied_program(figure))
    moduli = [float(printed[f"|rho({pair})|"]) for pair in ("-0", "0+", "-+")]
    np.testing.assert_allclose(shown_coherences(figure), moduli, atol=6e-5)
    shown = shown_populations(figure)
    np.testing.assert_allclose(shown[::2], numbers(printed["populations"]), atol=6e-5)
    np.testing.assert_allclose(shown[1::2], numbers(printed["Gibbs"]), atol=6e-5)
    hand = panel(figure, "density matrix").locator('.hand[data-pair="0+"]').first
    angle = figure.page.evaluate(
        "([line]) => Math.atan2(line.y1.baseVal.value - line.y2.baseVal.value,"
        " line.x2.baseVal.value - line.x1.baseVal.value)",
        [hand.element_handle()],
    )
    assert angle == pytest.approx(float(printed["phase(0+)"]), abs=0.02)
