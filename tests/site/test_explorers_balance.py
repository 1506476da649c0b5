"""Jumps in a network, shuffles of levels, unistochastic matrices: physics and pages."""

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
from scipy.integrate import quad
from scipy.linalg import expm

from detailedbalance import (
    coupling_matrix,
    cycle_affinities,
    entropy_production,
    evolve,
    gibbs_state,
    is_unistochastic,
    probability_currents,
    relative_entropy,
    stationary_state,
)

TOLERANCE = 1e-8
ENERGIES = np.array([0, 1, 1.8])
TRIANGLE = (0, 1, 2)
CLOCKWISE = ((1, 0), (2, 1), (0, 2))


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


@pytest.fixture
def explorer(open_page):
    """Open the page of an explorer and return the explorer's figure."""
    return lambda name, **options: figure_of(open_page(PAGES[name], **options), name)


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


# ---- Jumps in a network: physics ----


def random_networks(count: int) -> list[dict]:
    rng = np.random.default_rng(11)
    return [
        {
            "drive": rng.uniform(-6, 6),
            "door": float(rng.choice([0, 0.01, rng.uniform(0, 1), 1])),
            "lift2": rng.uniform(-2, 2),
            "lift3": rng.uniform(-2, 2),
        }
        for _ in range(count)
    ]


def network_rates(values: dict) -> np.ndarray:
    energies = np.array([0, values["lift2"], values["lift3"]])
    rates = np.exp(-(energies[:, None] - energies) / 2)
    for k, l in CLOCKWISE:
        rates[k, l] *= np.exp(values["drive"] / 6)
        rates[l, k] *= np.exp(-values["drive"] / 6)
    rates[2, 1] *= values["door"]
    rates[1, 2] *= values["door"]
    np.fill_diagonal(rates, 0)
    return rates


def network_in_browser(page, values: dict, times=()) -> dict:
    return page.evaluate(
        """([values, times]) => {
          const model = DetailedBalance.physics.jumpNetwork;
          const rates = model.rates(values);
          const turns = model.turns(values);
          return { rates, current: model.current(values), p: model.stationaryState(rates),
                   mean: times.map(turns.mean), variance: times.map(turns.variance) };
        }""",
        [values, list(times)],
    )


def test_network_physics_equals_the_library(blank):
    for values in random_networks(60):
        ours = network_in_browser(blank, values)
        rates = network_rates(values)
        np.testing.assert_allclose(ours["rates"], rates, rtol=1e-13)
        p = stationary_state(rates)
        np.testing.assert_allclose(ours["p"], p, rtol=1e-12)
        currents = probability_currents(rates, p)
        for k, l in CLOCKWISE:
            np.testing.assert_allclose(ours["current"], currents[k, l], rtol=1e-10, atol=1e-14)
        production = ours["current"] * values["drive"]
        np.testing.assert_allclose(
            production, entropy_production(rates, p), rtol=TOLERANCE, atol=1e-13
        )
        if values["door"] > 0:
            assert cycle_affinities(rates, [TRIANGLE])[0] == pytest.approx(values["drive"])


def test_no_drive_or_a_closed_door_means_exactly_no_current(blank):
    for values in random_networks(20):
        assert network_in_browser(blank, {**values, "drive": 0})["current"] == 0
        assert network_in_browser(blank, {**values, "door": 0})["current"] == 0


def turns_by_tilting(rates: np.ndarray, time: float) -> tuple[float, float]:
    """Mean and variance of net turns, from the counting field's first two derivatives at zero.

    The exponential of a block matrix has the derivatives of e^{W(λ)t} beside it.
    """
    w = rates - np.diag(rates.sum(axis=0))
    sense = np.zeros((3, 3))
    for k, l in CLOCKWISE:
        sense[k, l], sense[l, k] = 1, -1
    first, second, zero = rates * sense / 3, rates * sense**2 / 18, np.zeros((3, 3))
    blocks = expm(time * np.block([[w, first, second], [zero, w, first], [zero, zero, w]]))
    p = stationary_state(rates)
    mean = (blocks[:3, 3:6] @ p).sum()
    return mean, 2 * (blocks[:3, 6:] @ p).sum() - mean**2


def test_mean_and_variance_of_the_turns_are_those_of_the_tilted_generator(blank):
    times = (0.01, 0.3, 2, 15)
    for values in random_networks(30):
        ours = network_in_browser(blank, values, times)
        expected = [turns_by_tilting(network_rates(values), time) for time in times]
        means, variances = np.transpose(expected)
        scale = means**2 + abs(variances)  # the second moment, from which the mean is taken off
        np.testing.assert_allclose(ours["mean"], means, rtol=TOLERANCE, atol=1e-11)
        assert np.all(abs(ours["variance"] - variances) < 1e-9 * (1 + scale))


def test_walker_visits_rooms_as_often_and_stays_as_long_as_the_rates_say(blank):
    values = {"drive": 2.5, "door": 0.4, "lift2": 1.0, "lift3": -0.7}
    jumps = 200_000
    walk = blank.evaluate(
        """([values, jumps]) => {
          const model = DetailedBalance.physics.jumpNetwork;
          const random = DetailedBalance.seededRandom(5);
          const rates = model.rates(values);
          const [counts, stays] = [[[0, 0, 0], [0, 0, 0], [0, 0, 0]], [0, 0, 0]];
          let room = model.choose(model.stationaryState(rates), random());
          let net = 0;
          for (let i = 0; i < jumps; i++) {
            const next = model.jump(rates, room, random);
            stays[room] += next.wait;
            counts[next.room][room] += 1;
            net += model.sense(next.room, room);
            room = next.room;
          }
          return { counts, stays, net };
        }""",
        [values, jumps],
    )
    rates = network_rates(values)
    counts, stays = np.array(walk["counts"]), np.array(walk["stays"])
    off = ~np.eye(3, dtype=bool)
    # Counts given the stays are Poisson: each rate is known to one over the root of its count.
    assert np.all(abs(counts / stays - rates)[off] < 4 * (rates / np.sqrt(counts.clip(1)))[off])
    time = stays.sum()
    mean, variance = turns_by_tilting(rates, time)
    assert abs(walk["net"] / 3 - mean) < 4 * np.sqrt(variance)


# ---- Shuffles: physics ----


def shuffle_in_browser(page, values: dict) -> dict:
    return page.evaluate(
        """({ seed, spoil, beta, start, times }) => {
          const model = DetailedBalance.physics.gibbsShuffle;
          const deals = model.deals(DetailedBalance.seededRandom(seed), spoil);
          const flux = model.flux(deals, beta);
          const rates = model.rates(flux, beta);
          const gibbs = model.gibbs(beta);
          const path = model.evolve(rates, start, times);
          return { deals, flux, rates, gibbs, path, current: model.current(rates),
                   end: model.stationaryState(rates),
                   distances: path.map((p) => model.relativeEntropy(p, gibbs)) };
        }""",
        values,
    )


def random_shuffles(count: int, **fixed) -> list[dict]:
    rng = np.random.default_rng(23)
    return [
        {
            "seed": int(rng.integers(1, 100)),
            "spoil": rng.uniform(0, 1),
            "beta": float(np.exp(rng.uniform(np.log(0.1), np.log(5)))),
            "start": rng.dirichlet(np.ones(3)).tolist(),
            "times": [0, 0.05, 0.4, 1.7, 6, 20],
            **fixed,
        }
        for _ in range(count)
    ]


def flux_by_quadrature(deals: np.ndarray, beta: float) -> np.ndarray:
    """β∫e^{−βE}|S|²dE, an adaptive integral for each range between thresholds."""
    ends = [*ENERGIES, np.inf]
    shares = [
        quad(lambda energy: beta * np.exp(-beta * energy), *ends[i : i + 2], epsabs=1e-13)[0]
        for i in range(3)
    ]
    return np.einsum("i,ikl->kl", shares, deals)


def test_shuffle_physics_equals_the_library(blank):
    for values in random_shuffles(40):
        ours = shuffle_in_browser(blank, values)
        beta = values["beta"]
        flux = flux_by_quadrature(np.array(ours["deals"]), beta)
        np.testing.assert_allclose(ours["flux"], flux, rtol=1e-9, atol=1e-11)
        rates = np.array(ours["flux"]) * np.exp(beta * ENERGIES)
        np.fill_diagonal(rates, 0)
        np.testing.assert_allclose(ours["rates"], rates, rtol=1e-12)
        gibbs = gibbs_state(ENERGIES, beta)
        np.testing.assert_allclose(ours["gibbs"], gibbs, rtol=1e-13)
        end = stationary_state(rates)
        np.testing.assert_allclose(ours["end"], end, rtol=1e-11)
        current = probability_currents(rates, end)[1, 0]
        np.testing.assert_allclose(ours["current"], current, rtol=TOLERANCE, atol=1e-13)
        path = evolve(rates, values["start"], values["times"])
        np.testing.assert_allclose(ours["path"], path, rtol=1e-9, atol=1e-12)
        distances = relative_entropy(path, gibbs)
        np.testing.assert_allclose(ours["distances"], distances, rtol=TOLERANCE, atol=1e-12)


def test_unitary_deals_sum_to_one_and_spoiled_ones_only_by_columns(blank):
    for values in random_shuffles(20):
        fair = np.array(shuffle_in_browser(blank, {**values, "spoil": 0})["deals"])
        spoiled = np.array(shuffle_in_browser(blank, values)["deals"])
        opened = np.tri(3)  # channels open on each range
        np.testing.assert_allclose(fair.sum(axis=1), opened, atol=1e-14)
        np.testing.assert_allclose(fair.sum(axis=2), opened, atol=1e-14)
        assert all(is_unistochastic(deal[:n, :n]) for n, deal in enumerate(fair, start=1))
        moved = values["spoil"] * fair[2, 0, 0]
        np.testing.assert_allclose(spoiled.sum(axis=1), opened, atol=1e-14)
        np.testing.assert_allclose(spoiled[2].sum(axis=1), [1 - moved, 1, 1 + moved])
        assert spoiled.min() >= 0


def test_random_unitaries_have_the_moments_of_haars_measure(blank):
    samples = 1500
    entries = np.array(
        blank.evaluate(
            """(samples) => {
              const { unitary } = DetailedBalance.physics.gibbsShuffle;
              const random = DetailedBalance.seededRandom(1);
              return Array.from({ length: samples }, () => unitary(3, random));
            }""",
            samples,
        )
    )
    unitaries = entries[..., 0] + 1j * entries[..., 1]  # by columns, which unitarity allows
    products = unitaries @ unitaries.conj().swapaxes(-1, -2)
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(3), products.shape), atol=1e-14)
    for power, expected in ((1, 1 / 3), (2, 1 / 6), (3, 1 / 10)):  # ⟨|U|^{2q}⟩ = q! 2!/(q + 2)!
        values = abs(unitaries) ** (2 * power)
        error = values.std(axis=0) / np.sqrt(samples)
        assert np.all(abs(values.mean(axis=0) - expected) < 4.5 * error)
    # Phases are uniform: means of entries and of their squares vanish.
    for values in (unitaries, unitaries**2):
        assert abs(values.mean(axis=0)).max() < 4.5 * np.sqrt(1 / 3 / samples)


def test_fair_shuffles_end_at_gibbs_and_come_nearer_all_the_way(blank):
    times = np.linspace(0, 30, 200).tolist()
    for values in random_shuffles(20, spoil=0, times=times):
        ours = shuffle_in_browser(blank, values)
        np.testing.assert_allclose(ours["end"], ours["gibbs"], rtol=1e-12)
        assert np.diff(ours["distances"]).max() < 1e-15


def test_relative_entropy_keeps_its_digits_near_the_gibbs_state(blank):
    gibbs = gibbs_state(ENERGIES, 1.0)
    for size in (1e-2, 1e-4, 1e-6):
        p = gibbs + size * np.array([1, 1, -2]) * gibbs.min()
        x = (p - gibbs) / gibbs
        series = (gibbs * (x**2 / 2 - x**3 / 6 + x**4 / 12 - x**5 / 20)).sum()
        ours = blank.evaluate(
            "([p, q]) => DetailedBalance.physics.gibbsShuffle.relativeEntropy(p, q)",
            [p.tolist(), gibbs.tolist()],
        )
        assert ours == pytest.approx(series, rel=1e-9)


# ---- Unistochastic matrices: physics ----


def circulant(a: float, b: float, c: float) -> np.ndarray:
    step = np.roll(np.eye(3), 1, axis=0)
    return a * np.eye(3) + b * step + c * step.T


def of_dots(couplings) -> np.ndarray:
    """|S_kl|² by the Cayley form, for three dots that all channels meet with b = 1."""
    k_matrix = coupling_matrix(couplings)
    return abs(np.linalg.solve(np.eye(3) + 1j * k_matrix, np.eye(3) - 1j * k_matrix)) ** 2


def test_dots_scatter_with_the_probabilities_of_the_library(blank):
    rng = np.random.default_rng(5)
    for couplings in [*rng.uniform(-6, 6, (50, 3)), [1, 1, -2], [0, 3**0.5, -(3**0.5)]]:
        couplings = np.asarray(couplings).tolist()
        shares, possible = blank.evaluate(
            """(couplings) => {
              const model = DetailedBalance.physics.unistochastic;
              const shares = model.sharesOfDots(couplings);
              return [shares, model.isUnistochastic(shares)];
            }""",
            couplings,
        )
        np.testing.assert_allclose(circulant(*shares), of_dots(couplings), atol=1e-14)
        assert possible


def test_lengths_close_where_the_library_finds_a_unitary(blank):
    rng = np.random.default_rng(6)
    found = 0
    for shares in rng.dirichlet(np.ones(3), 200):
        possible, couplings, entries = blank.evaluate(
            """(shares) => {
              const { isUnistochastic, couplings, unitary } = DetailedBalance.physics.unistochastic;
              return [isUnistochastic(shares), couplings(shares), unitary(shares)];
            }""",
            shares.tolist(),
        )
        matrix = circulant(*shares)
        assert possible == is_unistochastic(matrix)
        found += possible
        if not possible:
            assert couplings is None
            assert entries is None
            continue
        assert np.abs(couplings).max() < 3**0.5 + 1e-12
        np.testing.assert_allclose(of_dots(couplings), matrix, atol=1e-12)
        unitary = circulant(*(np.array(entries) @ [1, 1j]))
        np.testing.assert_allclose(abs(unitary) ** 2, matrix, atol=1e-14)
        np.testing.assert_allclose(unitary.conj().T @ unitary, np.eye(3), atol=1e-13)
    # The deltoid covers 8π/(27√3) = 0.537 of the triangle.
    assert abs(found / 200 - 8 * np.pi / (27 * 3**0.5)) < 4 * np.sqrt(0.25 / 200)


def test_on_the_boundary_two_lengths_equal_the_third(blank):
    margins, shares = blank.evaluate(
        """() => {
          const model = DetailedBalance.physics.unistochastic;
          const shares = model.boundary(360);
          return [shares.map(model.margin), shares];
        }"""
    )
    assert np.abs(margins).max() < 1e-13
    np.testing.assert_allclose(np.sum(shares, axis=1), 1, atol=1e-15)
    assert np.min(shares) > -1e-15


# ---- Jumps in a network: page ----


def shown_current(figure) -> float:
    found = re.search(rf"net current K = ({NUMBER}) turns", note(figure, "Three rooms"))
    return number(found[1])


def walk_of(figure) -> dict[str, float]:
    """Return what the page says about its walker."""
    time, clockwise, counter, net, mean, deviation = numbers(note(figure, "Turns of one walker"))
    return {
        "time": time,
        "jumps": clockwise + counter,
        "excess": clockwise - counter,
        "net": net,
        "mean": mean,
        "deviation": deviation,
    }


@pytest.mark.parametrize("preset", ["Reset", "Lifts, no drive"])
def test_rooms_without_drive_balance_whatever_the_lifts(explorer, preset):
    figure = explorer("jump-network")
    press(figure, preset)
    assert "net current K = 0" in note(figure, "Three rooms")
    assert figure.locator(".loop, .along").count() == 0
    assert figure.locator(".against").count() == 6


def test_closed_door_shows_no_affinity_no_current_and_stationary_populations(explorer):
    figure = explorer("jump-network")
    press(figure, "Drive")
    assert figure.locator(".loop").count() == 1
    press(figure, "Drive, door closed")
    words = note(figure, "Three rooms")
    assert "f = " not in words
    assert "K = 0" in words
    assert figure.locator(".loop").count() == 0
    assert figure.locator(".arrow").count() == 4
    shown = [number(text) for text in figure.locator(".bar-text").all_text_contents()]
    ends = np.exp([0, 1, -1])  # of a row of rooms 3 – 1 – 2, each step with a drive of one
    np.testing.assert_allclose(shown, ends / ends.sum(), atol=6e-4)


def test_each_control_of_the_rooms_changes_the_numbers(explorer):
    figure = explorer("jump-network")
    press(figure, "Drive and lifts")
    for name in ("drive", "lift2", "lift3"):
        before = (value_of(figure, name), shown_current(figure), walk_of(figure))
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        slider.press("ArrowRight")
        next_frame(figure.page)
        assert value_of(figure, name) > before[0]
        assert shown_current(figure) != before[1]
        assert walk_of(figure) != before[2]
    half_open = shown_current(figure)
    set_number(figure, "door", 0.5)
    assert shown_current(figure) < half_open


def test_reversed_drive_turns_the_ring(explorer):
    figure = explorer("jump-network")
    for drive, clockwise in ((2, "true"), (-2, "false")):
        set_number(figure, "drive", drive)
        assert figure.locator(".loop").get_attribute("data-clockwise") == clockwise
        assert np.sign(shown_current(figure)) == np.sign(drive)


def test_walker_jumps_when_told_to(explorer):
    figure = explorer("jump-network", reduced_motion="reduce")
    press(figure, "Drive")
    assert not figure.get_by_role("button", name="Play").is_visible()
    first = walk_of(figure)
    assert first["jumps"] == 200
    press(figure, "Next 1000 jumps")
    second = walk_of(figure)
    assert second["jumps"] == 1200
    assert second["time"] > first["time"]
    assert second["net"] == pytest.approx(second["excess"] / 3, abs=6e-3)
    assert second["mean"] == pytest.approx(shown_current(figure) * second["time"], rel=1e-3)
    assert abs(second["net"] - second["mean"]) < 4 * second["deviation"]
    press(figure, "Another walker")
    third = walk_of(figure)
    assert third["time"] == second["time"]
    assert third["jumps"] != second["jumps"]
    assert figure.locator(".track-old").count() == 1
    press(figure, "Walk again from 0")
    assert walk_of(figure)["time"] == walk_of(figure)["jumps"] == 0
    assert figure.locator(".track-old").count() == 0


def test_film_of_the_walker_runs_and_can_be_paused(explorer):
    figure = explorer("jump-network")
    press(figure, "Play")
    begun = walk_of(figure)["time"]
    figure.page.wait_for_timeout(500)
    press(figure, "Pause")
    stopped = walk_of(figure)
    assert stopped["time"] > begun
    figure.page.wait_for_timeout(200)
    assert walk_of(figure) == stopped
    figure.locator(".explorer-spoken", has_text=f"Time {stopped['time']:.1f}").wait_for(
        state="attached"
    )


@pytest.mark.parametrize("preset", ["Drive and lifts", "Drive, door closed"])
def test_program_of_the_rooms_gives_the_numbers_shown(explorer, preset):
    figure = explorer("jump-network", **CLIPBOARD)
    press(figure, preset)
    printed = run_python(copied_program(figure))
    shown = [number(text) for text in figure.locator(".bar-text").all_text_contents()]
    np.testing.assert_allclose(shown, json.loads(printed["populations"]), atol=6e-4)
    if preset == "Drive and lifts":
        words = note(figure, "Three rooms")
        affinity, current, production = (
            number(re.search(rf"{name} = ({NUMBER})", words)[1]) for name in ("f", "K", "K f")
        )
        assert float(printed["affinity"]) == pytest.approx(affinity)
        assert float(printed["net current"]) == pytest.approx(current, rel=1e-3)
        assert float(printed["entropy production"]) == pytest.approx(production, rel=1e-3)
    else:
        assert abs(float(printed["net current"])) < 1e-15
        assert abs(float(printed["entropy production"])) < 1e-15
    walk = walk_of(figure)
    mean = float(printed["turns of 2000 walkers, mean"])
    deviation = float(printed["turns of 2000 walkers, standard deviation"])
    assert abs(mean - walk["mean"]) < 4 * walk["deviation"] / np.sqrt(2000) + 6e-3
    assert deviation == pytest.approx(walk["deviation"], rel=0.1, abs=6e-3)


# ---- Shuffles: page ----


def shown_populations(figure) -> tuple[np.ndarray, np.ndarray]:
    """Return the populations at the time shown, and those of the Gibbs state."""
    words = note(figure, "Populations on their way")
    pairs = re.findall(rf"p[₁₂₃] = ({NUMBER}), Gibbs ({NUMBER})", words)
    populations, gibbs = np.array([[number(a), number(b)] for a, b in pairs]).T
    return populations, gibbs


def shown_distance(figure) -> float:
    words = note(figure, "Distance from the Gibbs state")
    return number(re.search(rf"\) = ({NUMBER}) at this time", words)[1])


def shown_sums(figure) -> list[float]:
    return [number(text) for text in figure.locator(".sum").all_text_contents()]


def test_fair_shuffle_has_equal_sums_whatever_the_unitary(explorer):
    figure = explorer("gibbs-shuffle")
    seen = set()
    for _ in range(4):
        sums = shown_sums(figure)
        assert sums[:3] == sums[3:] == pytest.approx(np.exp(-ENERGIES), abs=6e-5)
        assert figure.locator(".sum-wrong").count() == 0
        assert "it never rises" in note(figure, "Distance")
        seen.add(tuple(shown_matrix(figure, "Thermal flux F")))
        press(figure, "Another unitary")
    assert len(seen) == 4


def test_last_unitary_is_followed_by_the_first(explorer):
    figure = explorer("gibbs-shuffle")
    set_number(figure, "seed", 98.7)
    assert value_of(figure, "seed") == 99
    press(figure, "Another unitary")
    assert value_of(figure, "seed") == 1


def test_populations_arrive_at_gibbs_from_every_start(explorer):
    figure = explorer("gibbs-shuffle")
    set_number(figure, "time", 20)
    for start in ("1", "2", "3", "hot", "gibbs"):
        figure.locator('select[data-parameter="start"]').select_option(start)
        next_frame(figure.page)
        populations, gibbs = shown_populations(figure)
        np.testing.assert_allclose(populations, gibbs, atol=1.1e-3)
        assert shown_distance(figure) < 1e-6


def test_spoiled_shuffle_leaves_the_gibbs_state(explorer):
    figure = explorer("gibbs-shuffle")
    press(figure, "Spoiled, from Gibbs")
    set_number(figure, "time", 20)
    populations, gibbs = shown_populations(figure)
    assert abs(populations - gibbs).max() > 0.01
    assert shown_distance(figure) > 1e-4
    assert "it rises on its way" in note(figure, "Distance")
    sums = np.array(shown_sums(figure))
    np.testing.assert_allclose(sums[3:], np.exp(-ENERGIES), atol=6e-5)
    assert sums[0] < 0.99 < 1 < sums[2] / np.exp(-1.8)
    press(figure, "Reset")
    assert figure.locator(".sum-wrong").count() == 0


def test_start_at_gibbs_draws_no_curve_of_a_distance_that_is_zero(explorer):
    figure = explorer("gibbs-shuffle")
    figure.locator('select[data-parameter="start"]').select_option("gibbs")
    next_frame(figure.page)
    distance = panel(figure, "Distance from the Gibbs state")
    assert distance.locator(".curve, .marker").count() == 0
    assert shown_distance(figure) == 0


def test_each_control_of_the_shuffle_changes_the_numbers(explorer):
    figure = explorer("gibbs-shuffle")
    for name in ("beta", "spoil", "time", "seed"):
        before = (value_of(figure, name), shown_distance(figure))
        slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
        slider.focus()
        slider.press("ArrowRight")
        next_frame(figure.page)
        assert value_of(figure, name) > before[0]
        assert shown_distance(figure) != before[1]


def test_time_line_follows_the_mouse(explorer):
    figure = explorer("gibbs-shuffle")
    drawing = panel(figure, "Distance from the Gibbs state").locator("svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    mouse = figure.page.mouse
    mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
    mouse.up()
    next_frame(figure.page)
    assert 12 < value_of(figure, "time") < 16


@pytest.mark.parametrize("preset", ["Cold", "Spoiled, from Gibbs"])
def test_program_of_the_shuffle_gives_the_numbers_shown(explorer, preset):
    figure = explorer("gibbs-shuffle", **CLIPBOARD)
    press(figure, preset)
    printed = run_python(copied_program(figure))
    populations, gibbs = shown_populations(figure)
    np.testing.assert_allclose(populations, json.loads(printed["populations"]), atol=6e-4)
    np.testing.assert_allclose(gibbs, json.loads(printed["Gibbs"]), atol=6e-4)
    assert float(printed["relative entropy"]) == pytest.approx(shown_distance(figure), rel=6e-3)
    sums = shown_sums(figure)
    np.testing.assert_allclose(sums[:3], json.loads(printed["row sums"]), atol=6e-5)
    np.testing.assert_allclose(sums[3:], json.loads(printed["column sums"]), atol=6e-5)


# ---- Unistochastic matrices: page ----


def shown_lengths(figure) -> np.ndarray:
    words = note(figure, "Do three lengths close?")
    return np.array([number(found) for found in re.findall(rf"√.. = ({NUMBER})", words)])


def point_of(figure) -> np.ndarray:
    mark = figure.locator(".point-mark")
    return np.array([float(mark.get_attribute(name)) for name in ("cx", "cy")])


def test_matrix_that_never_stays_has_no_unitary_and_shows_no_phases(explorer):
    figure = explorer("unistochastic")
    press(figure, "Never stay")
    assert "no unitary makes this matrix" in note(figure, "Do three lengths close?")
    assert figure.locator(".point.outside").count() == 1
    phases = panel(figure, "Three dots that do it")
    assert phases.locator(".marker, .badge").count() == 0
    assert not re.search(r"\d", phases.locator(".panel-note").inner_text())
    figure.locator(".explorer-spoken", has_text="no unitary").wait_for(state="attached")


def test_symmetric_matrices_have_a_unitary_from_a_ninth_on(explorer):
    figure = explorer("unistochastic")
    for stay, possible in ((0.11, False), (0.112, True)):
        set_number(figure, "stay", stay)
        set_number(figure, "twist", 0)
        assert (figure.locator(".point.outside").count() == 0) == possible
        assert figure.locator(".gap").count() == (not possible)


def test_each_control_moves_the_point(explorer):
    figure = explorer("unistochastic")
    for preset, names in (("Reset", ("stay", "twist")), ("Couplings of [A]", ("V1", "V2", "V3"))):
        press(figure, preset)
        for name in names:
            before = (value_of(figure, name), point_of(figure), shown_lengths(figure))
            slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
            slider.focus()
            for _ in range(8):
                slider.press("ArrowRight")
            next_frame(figure.page)
            assert value_of(figure, name) > before[0]
            assert np.any(point_of(figure) != before[1])
            assert np.any(shown_lengths(figure) != before[2])


def test_twist_stops_where_a_probability_would_be_negative(explorer):
    figure = explorer("unistochastic")
    set_number(figure, "stay", 0.6)
    set_number(figure, "twist", 0.5)
    assert value_of(figure, "twist") == pytest.approx(0.2)
    assert min(shown_matrix(figure, "The matrix P")) == 0


def test_couplings_never_leave_what_unitaries_make(explorer):
    figure = explorer("unistochastic")
    press(figure, "Circulator")
    assert shown_matrix(figure, "The matrix P") == [0, 0, 1, 1, 0, 0, 0, 1, 0]
    for couplings in ((6, -6, 0), (-3, 5, 0.4), (2, 2, 2)):
        for index, value in enumerate(couplings, start=1):
            set_number(figure, f"V{index}", value)
        assert figure.locator(".point.outside").count() == 0
        np.testing.assert_allclose(
            shown_matrix(figure, "The matrix P"), of_dots(couplings).ravel(), atol=6e-4
        )


def test_two_equal_couplings_lie_on_the_line_of_balance(explorer):
    figure = explorer("unistochastic")
    press(figure, "Two equal couplings")
    line = figure.locator(".balance-line")
    assert point_of(figure)[0] == float(line.get_attribute("x1"))
    assert figure.locator(".cell-mark").count() == 0


def test_change_of_mode_moves_nothing(explorer):
    figure = explorer("unistochastic")
    mode = figure.locator('select[data-parameter="mode"]')
    for option, others in (("dots", ("stay", "twist")), ("matrix", ("V1", "V2", "V3"))):
        before = point_of(figure)
        mode.select_option(option)
        next_frame(figure.page)
        np.testing.assert_allclose(point_of(figure), before, atol=0.5)
        for name in others:
            assert not figure.locator(f'input[data-parameter="{name}"]').is_visible()


def drag_point(figure, shares) -> None:
    """Drag the point to the matrix with these shares."""
    corners = np.array([[180, 24], [326, 277], [34, 277]])
    drawing = panel(figure, "All matrices").locator("svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    scale = box["width"] / 360
    (x, y), (to_x, to_y) = (
        np.array([box["x"], box["y"]]) + scale * place
        for place in (point_of(figure), np.asarray(shares) @ corners)
    )
    mouse = figure.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(to_x, to_y, steps=4)
    mouse.up()
    next_frame(figure.page)


@pytest.mark.parametrize("preset", ["Reset", "Couplings of [A]"])
def test_point_follows_the_mouse_in_both_modes(explorer, preset):
    figure = explorer("unistochastic")
    press(figure, preset)
    drag_point(figure, (0.5, 0.3, 0.2))
    shown = shown_matrix(figure, "The matrix P")
    np.testing.assert_allclose(shown[:3], [0.5, 0.2, 0.3], atol=0.012)


def test_point_stays_in_the_triangle(explorer):
    figure = explorer("unistochastic")
    drag_point(figure, (-0.1, 1.1, 0.0))
    assert shown_matrix(figure, "The matrix P") == [0, 0, 1, 1, 0, 0, 0, 1, 0]


def test_point_follows_a_finger(explorer):
    figure = explorer("unistochastic", has_touch=True)
    page = figure.page
    mark = figure.locator(".point-reach")
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger = page.context.new_cdp_session(page)
    for kind, rise in (("touchStart", 0), ("touchMove", 30), ("touchMove", 60)):
        points = [{"x": x, "y": y - rise}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    raised = "(figure) => figure.explorer.state.values().stay > 0.6"
    page.wait_for_function(raised, arg=figure.element_handle())


@pytest.mark.parametrize("preset", ["Reset", "Never stay", "Circulator"])
def test_program_of_the_triangle_gives_the_numbers_shown(explorer, preset):
    figure = explorer("unistochastic", **CLIPBOARD)
    press(figure, preset)
    printed = run_python(copied_program(figure))
    shown = shown_matrix(figure, "The matrix P")
    np.testing.assert_allclose(shown, np.ravel(json.loads(printed["P"])), atol=6e-4)
    np.testing.assert_allclose(shown_lengths(figure), json.loads(printed["lengths"]), atol=6e-4)
    outside = figure.locator(".point.outside").count()
    assert printed["unistochastic"] == str(outside == 0)
    if not outside:
        assert float(printed["error of |U|²"]) < 1e-9
        assert float(printed["error of U†U"]) < 1e-9
