"""Two films: physics against the library, and the page."""

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
    ThreeDots,
    balance_ratio,
    entropy_production,
    gibbs_state,
    loop_current,
    reversed_rates,
    transition_rates,
)

TUNNELING = -1 / (2 * 3**0.5)
DILUTE = 1e-6
SWAPPED = [2, 1, 0]


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def films(browser, server):
    """Open the chapter and return the figure, with the odds on show unless told otherwise."""
    with built_pages(browser, server) as open_page:

        def opened(*, odds=True, **options):
            figure = figure_of(open_page(PAGES["two-films"], **options), "two-films")
            if odds:
                figure.get_by_label("Show the odds before I guess").check()
            return figure

        yield opened


# ---- Physics ----


def random_settings(count: int) -> list[dict]:
    rng = np.random.default_rng(42)
    return [
        {
            "couplings": rng.uniform(-3, 3, 3).tolist(),
            "beta": float(np.exp(rng.uniform(np.log(0.2), np.log(8)))),
        }
        for _ in range(count)
    ]


def in_browser(page, setting: dict) -> dict:
    return page.evaluate(
        """(setting) => {
          const model = DetailedBalance.physics.twoFilms;
          const here = model.ring(setting);
          const there = model.ring({ ...setting, reversed: true });
          return {
            here, there,
            naive: model.evidence(here, here), fair: model.evidence(here, there),
            traffic: model.traffic(here), perJump: model.evidencePerJump(here),
          };
        }""",
        setting,
    )


def contact_of(setting: dict, flux: float):
    dots = ThreeDots(TUNNELING, flux)
    return dots.contact(couplings=setting["couplings"], phases="S26")


def test_ring_and_its_twin_are_those_of_the_library(blank):
    for setting in random_settings(40):
        ours, beta = in_browser(blank, setting), setting["beta"]
        for name, flux, order in (("here", 0.75, [0, 1, 2]), ("there", -0.75, SWAPPED)):
            contact = contact_of(setting, flux)
            rates = transition_rates(contact, beta, DILUTE)[np.ix_(order, order)] / DILUTE
            np.testing.assert_allclose(ours[name]["rates"], rates, rtol=1e-8)
            np.testing.assert_allclose(ours[name]["energies"], [-0.5, 0, 0.5], atol=1e-14)
            gibbs = gibbs_state(contact.energies, beta)[order]
            np.testing.assert_allclose(ours[name]["populations"], gibbs, rtol=1e-12)
            current = loop_current(contact, beta, DILUTE) / DILUTE
            sense = 1 if name == "here" else -1
            np.testing.assert_allclose(ours[name]["current"], sense * current, rtol=1e-8)


def test_twin_is_the_ring_seen_backwards(blank):
    for setting in random_settings(20):
        ours = in_browser(blank, setting)
        here, there = np.array(ours["here"]["rates"]), np.array(ours["there"]["rates"])
        gibbs = ours["here"]["populations"]
        np.testing.assert_allclose(there, reversed_rates(here, gibbs), rtol=1e-8)
        np.testing.assert_allclose(there.sum(axis=0), here.sum(axis=0), rtol=1e-8)
        assert abs(np.array(ours["fair"])).max() < 1e-8


def test_evidence_of_a_jump_is_schnakenbergs(blank):
    for setting in random_settings(40):
        ours = in_browser(blank, setting)
        rates, gibbs = np.array(ours["here"]["rates"]), ours["here"]["populations"]
        np.testing.assert_allclose(
            ours["naive"], np.log(balance_ratio(rates, gibbs)), rtol=1e-8, atol=1e-12
        )
        traffic = (rates * gibbs).sum()
        np.testing.assert_allclose(ours["traffic"], traffic, rtol=1e-12)
        expected = entropy_production(rates, gibbs) / traffic
        np.testing.assert_allclose(ours["perJump"], expected, rtol=1e-7, atol=1e-14)
        assert ours["perJump"] > 0


def test_figure_1_needs_82_jumps_for_odds_of_20_to_1(blank):
    ours = in_browser(blank, {"couplings": [1, 0.7, 1.5], "beta": 2})
    assert abs(np.log(20) / ours["perJump"] - 81.76) < 0.01


def test_two_equal_couplings_give_exactly_no_evidence(blank):
    ours = in_browser(blank, {"couplings": [1, 1, 1.5], "beta": 2})
    assert not np.any(ours["naive"])
    assert ours["perJump"] == 0


def test_films_jump_and_stay_as_the_rates_say(blank):
    jumps = 100_000
    film = blank.evaluate(
        """(jumps) => {
          const model = DetailedBalance.physics.twoFilms;
          const here = model.ring({ couplings: [3, -2.5, 0.5], beta: 2 });
          const film = model.record(here, jumps, DetailedBalance.seededRandom(3));
          const back = model.backwards(film);
          const odds = (shown) => model.logOdds(shown.states, jumps, model.evidence(here, here));
          return { ...film, rates: here.rates, populations: here.populations, back,
                   odds: [odds(film), odds(back)] };
        }""",
        jumps,
    )
    rates, states, stays = (np.array(film[name]) for name in ("rates", "states", "stays"))
    assert states.size == stays.size == jumps + 1
    time = np.bincount(states[:-1], stays[:-1], minlength=3)
    counts = np.zeros((3, 3))
    np.add.at(counts, (states[1:], states[:-1]), 1)
    off = ~np.eye(3, dtype=bool)
    # Counts given the stays are Poisson: each rate is known to one over the root of its count.
    assert np.all(abs(counts / time - rates)[off] < 4 * (rates / np.sqrt(counts.clip(1)))[off])
    assert film["back"]["states"] == states[::-1].tolist()
    assert film["back"]["stays"] == stays[::-1].tolist()
    assert film["odds"][0] == pytest.approx(-film["odds"][1], rel=1e-9)
    expected = jumps * entropy_production(rates, film["populations"])
    expected /= (rates * film["populations"]).sum()
    assert film["odds"][0] == pytest.approx(expected, rel=0.05)


# ---- The page ----


def words(figure) -> str:
    return panel(figure, "Your guess").inner_text()


def shown_odds(figure) -> tuple[int, float]:
    """Return the number of jumps seen and the log-odds."""
    found = re.search(rf"After (\d+) jumps: log-odds ({NUMBER})", words(figure))
    return int(found[1]), number(found[2])


def film_of(figure, which: int) -> tuple[int, int, int]:
    """Return jumps, jumps along the loop, and jumps against it."""
    text = panel(figure, f"Film {which}").first.locator(".panel-note").inner_text()
    return tuple(map(int, re.match(r"(\d+) jumps: (\d+) along .*, (\d+) against", text).groups()))


def test_films_run_on_when_told_to(films):
    figure = films(reduced_motion="reduce")
    assert not figure.get_by_role("button", name="Play").is_visible()
    assert shown_odds(figure)[0] == 40
    press(figure, "Next jump")
    press(figure, "Next 20 jumps")
    assert shown_odds(figure)[0] == 61
    both = [film_of(figure, which) for which in (1, 2)]
    assert sum(jumps for jumps, _, _ in both) == 61
    assert all(along + against == jumps for jumps, along, against in both)
    press(figure, "New films")
    assert shown_odds(figure) == (0, 0)


def test_film_plays_and_can_be_paused(films):
    figure = films()
    set_number(figure, "speed", 40)
    press(figure, "Play")
    figure.page.wait_for_timeout(600)
    press(figure, "Pause")
    stopped = shown_odds(figure)
    assert stopped[0] > 40
    figure.page.wait_for_timeout(200)
    assert shown_odds(figure) == stopped
    figure.locator(".explorer-spoken", has_text=f"After {stopped[0]} jumps").wait_for(
        state="attached"
    )


def test_log_odds_climb_towards_the_film_that_runs_forwards(films):
    """After 500 jumps they are 18 on average, with a standard deviation of 6."""
    figure = films(reduced_motion="reduce")
    found = set()
    for _ in range(5):
        press(figure, "New films")
        onward = figure.get_by_role("button", name="Next 20 jumps")
        onward.evaluate("(button) => { for (let i = 0; i < 25; i++) button.click(); }")
        next_frame(figure.page)
        jumps, odds = shown_odds(figure)
        assert jumps == 500
        assert 0 < abs(odds) < 42
        backwards = 2 if odds > 0 else 1
        press(figure, f"Film {backwards} runs backwards")
        assert f"Right: film {backwards} ran backwards." in words(figure)
        found.add(backwards)
    assert "Right so far: 5 of 5" in words(figure)
    assert found == {1, 2}


def test_in_the_reversed_flux_the_log_odds_stay_at_zero(films):
    figure = films(reduced_motion="reduce")
    press(figure, "Reversed flux")
    assert figure.locator('[data-parameter="reversed"]').is_checked()
    for _ in range(10):
        press(figure, "Next 20 jumps")
        assert shown_odds(figure)[1] == 0
    assert shown_odds(figure)[0] == 240
    assert "Anybody’s guess" in words(figure)
    press(figure, "Film 1 runs backwards")
    assert "Nobody could have known" in words(figure)
    # Each film alone looks as if it ran forwards in the flux φ: more jumps along than against.
    for which in (1, 2):
        _, along, against = film_of(figure, which)
        assert along > against


def test_two_equal_couplings_decide_nothing(films):
    figure = films(reduced_motion="reduce")
    press(figure, "Two equal couplings")
    press(figure, "Next 20 jumps")
    assert shown_odds(figure) == (60, 0)
    assert "no film shows its direction" in words(figure)


def test_a_guess_counts_once(films):
    figure = films(reduced_motion="reduce")
    press(figure, "Film 1 runs backwards")
    buttons = figure.get_by_role("button", name=re.compile("Film . runs backwards"))
    states = [button.get_attribute("aria-disabled") for button in buttons.all()]
    assert states == ["true", "true"]
    assert re.search(r"(Right|Wrong): film \d ran backwards", words(figure))
    buttons.last.evaluate("(button) => button.click()")
    assert re.search(r"so far: \d of 1", words(figure))
    press(figure, "New films")
    states = [button.get_attribute("aria-disabled") for button in buttons.all()]
    assert states == ["false", "false"]


def test_keyboard_stays_on_the_guess(films):
    figure = films(reduced_motion="reduce")
    button = figure.get_by_role("button", name="Film 2 runs backwards")
    button.focus()
    button.press("Enter")
    assert re.search(r"(Right|Wrong): film \d ran backwards", words(figure))
    assert button.evaluate("(button) => button === document.activeElement")


def test_odds_appear_with_the_guess(films):
    figure = films(odds=False, reduced_motion="reduce")
    drawing = panel(figure, "Log-odds for film 1").locator("svg").first
    for name in ("Next 20 jumps", "New films", "Reversed flux"):
        press(figure, name)
        assert "jumps: log-odds" not in words(figure) and "odds appear when" in words(figure)
        assert drawing.locator(".track").count() == 0
        assert "Watch, and guess" in drawing.text_content()
    press(figure, "Film 1 runs backwards")
    assert shown_odds(figure)[1] == 0
    assert drawing.locator(".track").count() == 1


def test_changed_settings_bring_other_films(films):
    """What the verdict gave away about the last films says nothing about the next ones."""
    figure = films(odds=False, reduced_motion="reduce")
    found = []
    for x in np.linspace(0.8, 1.2, 10):
        set_number(figure, "x", x)
        next_frame(figure.page)
        press(figure, "Film 1 runs backwards")
        found.append(re.search(r"film (\d) ran backwards", words(figure))[1])
    assert set(found) == {"1", "2"}


def test_reset_goes_back_to_the_first_jumps(films):
    figure = films(odds=False, reduced_motion="reduce")
    press(figure, "Next 20 jumps")
    press(figure, "Film 1 runs backwards")
    press(figure, "Reset")
    assert "After 40 jumps. The odds appear" in words(figure)
    assert "Right so far" not in words(figure)


def test_expected_number_of_jumps_follows_the_temperature(films):
    figure = films(reduced_motion="reduce")
    for x in (0.5, 1, 2):
        set_number(figure, "x", x)
        rates = transition_rates(contact_of({"couplings": [1, 0.7, 1.5]}, 0.75), 2 * x, DILUTE)
        gibbs = gibbs_state([-0.5, 0, 0.5], 2 * x)
        jumps = np.log(20) * (rates * gibbs).sum() / entropy_production(rates, gibbs)
        assert f": {jumps:.0f} jumps for odds of 20 : 1" in words(figure)


def test_speed_does_not_change_the_films(films):
    figure = films(reduced_motion="reduce")
    before = shown_odds(figure)
    slider = figure.locator('input[type=range][data-parameter="speed"]')
    slider.focus()
    slider.press("ArrowRight")
    next_frame(figure.page)
    assert value_of(figure, "speed") > 5
    assert shown_odds(figure) == before


@pytest.mark.parametrize("preset", ["Same flux", "Reversed flux", "Strong loop"])
def test_program_gives_the_numbers_shown(films, preset):
    figure = films(**CLIPBOARD, reduced_motion="reduce")
    press(figure, preset)
    press(figure, "Next 20 jumps")
    _, odds = shown_odds(figure)
    printed = run_python(copied_program(figure))
    assert float(printed["log-odds for film 1"]) == pytest.approx(odds, abs=6e-4)
    per_jump = number(re.search(rf"Schnakenberg’s sum is ({NUMBER}) a jump", words(figure))[1])
    assert float(printed["log-odds a jump"]) == pytest.approx(per_jump, rel=1e-3)
    assert sum(json.loads(printed["populations"])) == pytest.approx(1)


def test_program_without_a_direction_says_so(films):
    figure = films(**CLIPBOARD, reduced_motion="reduce")
    press(figure, "Two equal couplings")
    printed = run_python(copied_program(figure))
    assert printed["jumps for odds of 20"] == "none"
    assert abs(float(printed["log-odds for film 1"])) < 1e-8
