"""Quanta that jump between two-level systems and modes of light: physics and page."""

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

from detailedbalance import stationary_state
from detailedbalance.light import EinsteinRates, bose_occupation


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def explorer(browser, server):
    """Open the page of the explorer and return its figure."""
    with built_pages(browser, server) as open_page:
        name = "photon-jumps"
        yield lambda **options: figure_of(open_page(PAGES[name], **options), name)


# ---- Physics ----


def random_boxes(count: int) -> list[dict]:
    """Boxes of all sizes, some full, some empty of light or of excitations."""
    rng = np.random.default_rng(41)
    boxes = []
    for _ in range(count):
        atoms, modes = (int(np.exp(rng.uniform(0, np.log(101)))) for _ in range(2))
        boxes.append(
            {
                "atoms": atoms,
                "modes": modes,
                "rate": float(np.exp(rng.uniform(-3, 3))),
                "excited": int(rng.choice([0, atoms, rng.integers(atoms + 1)])),
                "photons": int(rng.choice([0, 1, rng.integers(4 * modes + 1)])),
            }
        )
    return [box for box in boxes if box["excited"] + box["photons"] > 0]


def in_browser(page, box: dict, times) -> dict:
    return page.evaluate(
        """([box, times]) => {
          const model = DetailedBalance.physics.photonJumps;
          const p = model.stationary(box);
          return {
            equilibrium: model.equilibrium(box), p, moments: model.moments(p),
            means: times.map((time) => model.mean(box, time)),
          };
        }""",
        [box, list(times)],
    )


def library_model(box: dict) -> tuple[EinsteinRates, list[float]]:
    model = EinsteinRates(
        two_level_systems=box["atoms"], modes=box["modes"], tilde_gamma=box["rate"]
    )
    return model, [box["photons"] / box["modes"], box["excited"]]


def test_means_are_those_of_the_rate_equations(blank):
    for box in random_boxes(40):
        model, start = library_model(box)
        times = np.array([0.0, 0.05, 0.4, 2.0, 7.0]) / box["rate"]
        ours = in_browser(blank, box, times)
        run = model.solve(times, start)
        quanta = model.quanta(np.array(start))
        for name, size in (("m", 1), ("n", box["modes"])):
            shown = np.array([mean[name] for mean in ours["means"]])
            np.testing.assert_allclose(size * shown, size * getattr(run, name), atol=1e-9 * quanta)


def test_rate_equations_end_where_the_page_says_at_one_temperature(blank):
    for box in random_boxes(40):
        model, _ = library_model(box)
        ours = in_browser(blank, box, [])["equilibrium"]
        state = np.array([ours["n"], ours["m"]])
        light, atoms = model.inverse_temperatures(state)
        assert light == pytest.approx(atoms, rel=1e-8)
        assert model.quanta(state) == pytest.approx(box["excited"] + box["photons"])
        # The slowest rate of the linearized equations, and the other one is zero.
        slow = np.sort(np.linalg.eigvals(model.linearization(state)).real)
        assert slow[0] == pytest.approx(-ours["relaxation"], rel=1e-8)


def test_in_the_long_run_m_has_the_stationary_distribution_of_its_jumps(blank):
    for box in random_boxes(25):
        total, modes = box["excited"] + box["photons"], box["modes"]
        m = np.arange(min(box["atoms"], total) + 1)
        up = (box["atoms"] - m) * (total - m) / modes
        down = m * (total - m + modes) / modes
        p = stationary_state(np.diag(up[:-1], -1) + np.diag(down[1:], 1))
        ours = in_browser(blank, box, [])
        np.testing.assert_allclose(ours["p"], p, rtol=1e-9, atol=1e-300)
        mean = p @ m
        assert ours["moments"]["mean"] == pytest.approx(mean)
        deviation = np.sqrt(p @ (m - mean) ** 2)
        assert ours["moments"]["deviation"] == pytest.approx(deviation, abs=1e-9)


def test_each_pair_jumps_as_often_as_its_photons_say(blank):
    """From one microstate, many times: the waits, and the pairs of atom and mode."""
    box = {"atoms": 3, "modes": 3, "rate": 2.0, "excited": 1, "photons": 4}
    tries = 40_000
    drawn = blank.evaluate(
        """([box, tries]) => {
          const model = DetailedBalance.physics.photonJumps;
          const random = DetailedBalance.seededRandom(7);
          const state = { atoms: [0, 1, 0], modes: [3, 0, 1], m: 1 };
          const counts = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
          let waited = 0;
          for (let i = 0; i < tries; i++) {
            const next = model.next(box, state, random);
            if (next.emission !== (state.atoms[next.atom] === 1)) throw new Error("no such jump");
            waited += next.wait;
            counts[next.atom][next.mode] += 1;
          }
          return { counts, waited };
        }""",
        [box, tries],
    )
    each = 2.0 / 3
    rates = each * np.array([[3, 0, 1], [4, 1, 2], [3, 0, 1]])
    counts = np.array(drawn["counts"])
    expected = tries * rates / rates.sum()
    assert np.all(abs(counts - expected) <= 4.5 * np.sqrt(expected))
    assert drawn["waited"] / tries == pytest.approx(1 / rates.sum(), rel=4 / np.sqrt(tries))


def test_long_run_of_single_jumps_shows_the_exact_distribution_and_thermal_modes(blank):
    box = {"atoms": 12, "modes": 20, "rate": 1.0, "excited": 0, "photons": 24}
    seen = blank.evaluate(
        """(box) => {
          const model = DetailedBalance.physics.photonJumps;
          const random = DetailedBalance.seededRandom(9);
          const state = model.begin(box);
          const [times, held] = [new Array(13).fill(0), new Array(30).fill(0)];
          let kept = true;
          for (let i = 0; i < 60000; i++) {
            const next = model.next(box, state, random);
            times[state.m] += next.wait;
            for (const n of state.modes) held[n] += next.wait;
            model.apply(state, next);
            kept = kept && state.modes.every((n) => n >= 0)
              && state.m + state.modes.reduce((a, b) => a + b) === 24
              && state.m === state.atoms.reduce((a, b) => a + b);
          }
          return { times, held, kept };
        }""",
        box,
    )
    assert seen["kept"]
    times, held = (np.array(seen[name]) / sum(seen[name]) for name in ("times", "held"))
    ours = in_browser(blank, box, [])
    assert abs(times - ours["p"]).max() < 0.01
    n = (24 - ours["moments"]["mean"]) / 20
    thermal = (n / (n + 1)) ** np.arange(4) / (n + 1)
    assert abs(held[:4] - thermal).max() < 0.03  # 20 modes are nearly many


# ---- Page ----


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


BOX, TRACES, MODES, VISITS = "The box", "Jumps and rate", "Photons in the modes", "In the long run"


def shown(figure, title: str, pattern: str) -> float:
    return number(re.search(pattern.replace("#", f"({NUMBER})"), note(figure, title))[1])


def jumps(figure) -> int:
    return int(shown(figure, TRACES, "# jumps"))


def excited(figure) -> int:
    return int(shown(figure, TRACES, "jumps: m = #,"))


def check_books(figure) -> None:
    """Drawn discs and squares hold as many quanta as the parameters say."""
    values = {name: value_of(figure, name) for name in ("atoms", "modes", "light", "excited")}
    box = panel(figure, BOX).locator("svg").first
    up = box.locator(".room").count()
    photons = sum(int(text) for text in box.locator("text.small").all_text_contents())
    assert box.locator("circle:not(.walker)").count() == values["atoms"]
    assert box.locator(".cell").count() == values["modes"]
    assert up == excited(figure)
    total = np.floor(values["light"] * values["modes"] + 0.5)
    total += np.floor(values["excited"] * values["atoms"] + 0.5)
    assert up + photons == total


def test_no_quantum_is_lost_from_any_start(explorer):
    figure = explorer()
    for preset in ("Cold atoms, hot light", "Inversion", "One single atom", "Equal temperatures"):
        press(figure, preset)
        check_books(figure)
        for button in ("One jump", "Next 1000 jumps", "Another run", "Start again"):
            press(figure, button)
            check_books(figure)


def test_one_jump_moves_one_quantum_and_is_told(explorer):
    figure = explorer()
    press(figure, "Start again")
    assert "No jump yet" in note(figure, BOX)
    for count in range(1, 6):
        before = excited(figure)
        press(figure, "One jump")
        assert jumps(figure) == count
        emitted = "emitted into" in note(figure, BOX)
        assert excited(figure) - before == (-1 if emitted else 1)
        held = int(shown(figure, BOX, "which held #"))
        weight = int(shown(figure, BOX, r"weight n(?: \+ 1)? = #"))
        assert weight == held + emitted
    assert panel(figure, BOX).locator(".arrow").count() == 3


def test_equilibrium_of_equal_temperatures_is_where_it_starts(explorer):
    figure = explorer()
    press(figure, "Equal temperatures")
    assert shown(figure, TRACES, "At the end: m = #,") == 33
    assert shown(figure, TRACES, "At the end: m = .*n = #,") == 1
    temperature = number(re.search(rf"kT/ħΩ = ({NUMBER})", note(figure, TRACES))[1])
    assert bose_occupation(1 / temperature) == pytest.approx(1, rel=1e-3)
    assert jumps(figure) == 150, "and yet quanta jump"


def test_rate_changes_times_and_not_what_is_reached(explorer):
    figure = explorer()
    press(figure, "Next 1000 jumps")
    before = note(figure, VISITS), shown(figure, TRACES, "Time #")
    set_number(figure, "rate", 10)
    press(figure, "Next 1000 jumps")
    assert note(figure, VISITS) == before[0]
    assert shown(figure, TRACES, "Time #") == pytest.approx(before[1] / 10, rel=1e-3)


def test_single_atom_is_excited_for_the_thermal_part_of_the_time(explorer):
    figure = explorer()
    press(figure, "One single atom")
    for _ in range(6):
        press(figure, "Next 1000 jumps")
    exact = shown(figure, VISITS, "likely: m = #")
    assert exact == pytest.approx(1 / 3, abs=2e-3)  # one quantum of a hundred is missed
    assert shown(figure, VISITS, "on: m = #") == pytest.approx(exact, abs=0.03)


def test_box_without_quanta_says_so_and_stands_still(explorer):
    figure = explorer()
    set_number(figure, "light", 0)
    assert "nothing can jump" in note(figure, BOX)
    press(figure, "Next 1000 jumps")
    assert jumps(figure) == 0
    press(figure, "Play")
    figure.page.wait_for_timeout(150)
    press(figure, "Pause")
    assert jumps(figure) == 0


def test_each_slider_of_the_box_moves_by_keyboard_and_changes_the_numbers(explorer):
    figure = explorer()
    for name in ("atoms", "modes", "rate", "light", "excited"):
        press(figure, "Reset")  # a hundred modes: a step of n is a quantum
        before = value_of(figure, name), note(figure, TRACES)
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        slider.press("ArrowLeft" if name in ("atoms", "modes") else "ArrowRight")
        next_frame(figure.page)
        assert value_of(figure, name) != before[0]
        assert note(figure, TRACES) != before[1]
        check_books(figure)


def test_numbers_of_things_are_whole(explorer):
    figure = explorer()
    set_number(figure, "atoms", 7.4)
    assert value_of(figure, "atoms") == 7
    set_number(figure, "modes", 12.6)
    assert value_of(figure, "modes") == 13
    check_books(figure)


def test_film_runs_at_the_speed_chosen_and_another_speed_does_not_begin_anew(explorer):
    figure = explorer()
    press(figure, "Start again")
    press(figure, "Play")
    figure.get_by_label("film").select_option("2000")
    figure.page.wait_for_function(
        "() => document.querySelector('figure[data-explorer=photon-jumps]')"
        ".explorer.run().ms.length > 400"
    )
    press(figure, "Pause")
    stopped = jumps(figure)
    assert stopped >= 400
    figure.get_by_label("film").select_option("2")
    figure.page.wait_for_timeout(150)
    assert jumps(figure) == stopped
    check_books(figure)


def test_other_runs_stay_to_be_seen_until_the_start_and_a_run_can_be_seen_again(explorer):
    figure = explorer()
    words = note(figure, TRACES)
    press(figure, "Inversion")
    assert note(figure, TRACES) != words
    press(figure, "Cold atoms, hot light")
    assert note(figure, TRACES) == words
    lines = panel(figure, TRACES).locator("svg").first.locator(".track-old")
    assert lines.count() == 0
    set_number(figure, "seed", 3)
    third = note(figure, TRACES)
    press(figure, "Another run")
    assert value_of(figure, "seed") == 4
    assert lines.count() == 4  # m/M and n of two runs
    set_number(figure, "seed", 3)
    assert note(figure, TRACES) == third
    press(figure, "Start again")
    assert lines.count() == 0


def test_reduced_motion_offers_steps_and_no_film(explorer):
    figure = explorer(reduced_motion="reduce")
    assert not figure.get_by_role("button", name="Play").is_visible()
    assert jumps(figure) == 150
    press(figure, "One jump")
    assert jumps(figure) == 151


def test_box_is_spoken_in_a_few_words(explorer):
    figure = explorer()
    press(figure, "Start again")
    spoken = figure.locator(".explorer-spoken", has_text="0 jumps, time 0 microseconds: 0 of 60")
    spoken.wait_for(state="attached")
    assert len(spoken.inner_text().split()) < 35


@pytest.mark.parametrize("preset", ["Inversion", "One single atom"])
def test_program_of_the_box_gives_the_numbers_shown(explorer, preset):
    figure = explorer(**CLIPBOARD)
    press(figure, preset)
    set_number(figure, "modes", 40)
    set_number(figure, "rate", 3)
    printed = {name: json.loads(text) for name, text in run_python(copied_program(figure)).items()}
    words = note(figure, TRACES)
    for said, name in (("Rate equations", "rate equations"), ("At the end", "equilibrium")):
        m, n = re.search(rf"{said}: m = ({NUMBER}), n = ({NUMBER})", words).groups()
        assert printed[f"{name} m"] == pytest.approx(number(m), rel=1e-4)
        assert printed[f"{name} n"] == pytest.approx(number(n), rel=1e-4)
    m, deviation = re.search(rf"likely: m = ({NUMBER}) ± ({NUMBER})", note(figure, VISITS)).groups()
    assert printed["long run m"] == pytest.approx(number(m), rel=1e-4)
    assert printed["long run, standard deviation"] == pytest.approx(number(deviation), rel=1e-3)
    # The rate equations are off by about a tenth of a quantum per M/𝒩.
    off = abs(printed["jumps, mean m"] - printed["rate equations m"])
    assert off < 4 * printed["jumps, standard error"] + 0.2 * value_of(figure, "atoms") / 40
