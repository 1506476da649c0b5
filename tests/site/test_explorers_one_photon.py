"""One photon past two-level systems: physics and page of the explorer."""

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
    panel,
    physics_page,
    press,
    run_python,
    set_number,
    value_of,
)

from detailedbalance.light import Chain, emission_past, printed_probabilities

PORTS = ("1", "2", "A", "TLS", "B")
LINE, BEHIND = "The photon in channel 1", "Behind the two-level systems"
EXACT, PRINTED = "Where it ends, exactly", "Where it ends, by the printed rates"


@pytest.fixture(scope="module")
def blank(browser):
    """A page with nothing on it but the physics."""
    with physics_page(browser) as page:
        yield page


@pytest.fixture
def explorer(browser, server):
    """Open the page of the explorer and return its figure."""
    with built_pages(browser, server) as open_page:
        yield lambda **options: figure_of(open_page(PAGES["one-photon"], **options), "one-photon")


# ---- Physics ----


def random_values(count: int) -> list[dict]:
    rng = np.random.default_rng(23)
    return [
        {
            "x": float(10 ** rng.uniform(-3, 0.5)),
            "y": float(10 ** rng.uniform(-3, 0.5)),
            "systems": int(rng.integers(1, 7)),
            "phase": float(rng.uniform(0, 2 * np.pi)),
            "both": bool(rng.integers(2)),
            "present": bool(rng.integers(4)),
        }
        for _ in range(count)
    ]


def in_browser(page, values: dict) -> dict:
    return page.evaluate(
        """(values) => {
          const { photon, printed } = DetailedBalance.physics.onePhoton;
          return { ...photon(values), printed: printed(values).ends };
        }""",
        values,
    )


def chain_of(values: dict) -> Chain:
    x, n = values["x"], values["systems"]
    atoms = [values["y"] * values["present"]] * n
    return Chain(
        [x, *atoms, x],
        back_couplings=[x, *[0.0] * n, x] if values["both"] else None,
        phases=values["phase"],
        back_phases=values["phase"],
        elements=("A", *[f"TLS {j}" for j in range(n)], "B"),
    )


def test_photon_ends_where_the_library_has_it(blank):
    for values in random_values(40):
        ours, chain = in_browser(blank, values), chain_of(values)
        channels = ("1", "2") if values["both"] else ("1",)
        assert sorted(ours["ends"]) == sorted([*channels, "A", "TLS", "B"])
        for port in (*channels, "A", "B"):
            exact = chain.probability(port, "A")
            assert ours["ends"][port] == pytest.approx(exact, abs=1e-13)
        taken = [chain.probability(port, "A") for port in chain.elements[1:-1]]
        np.testing.assert_allclose(ours["taken"], taken, atol=1e-13)
        assert sum(ours["ends"].values()) == pytest.approx(1, abs=1e-13)


def test_amplitudes_in_the_channel_are_those_of_shorter_chains(blank):
    """What is behind an element does not depend on what follows, if there is one channel."""
    for values in random_values(20):
        values["both"] = False
        whole = chain_of(values)
        for n, behind in enumerate(in_browser(blank, values)["behind"], start=1):
            part = Chain(
                whole.couplings[:n], phases=whole.phases[: n - 1], elements=whole.elements[:n]
            )
            amplitude = part.scattering[0, part.ports.index("A")]
            assert complex(*behind) == pytest.approx(complex(amplitude), abs=1e-13)


def test_shadow_of_one_system_is_that_of_the_library(blank):
    values = {"x": 0.2, "y": 0.4, "systems": 1, "phase": 0, "both": False}
    ours = in_browser(blank, values)
    alone = in_browser(blank, values | {"present": False})
    light = emission_past(0.2, 0.4)
    assert complex(*alone["behind"][1]) == pytest.approx(complex(light.direct), abs=1e-14)
    scattered = complex(*ours["behind"][1]) - complex(*alone["behind"][1])
    assert scattered == pytest.approx(complex(light.scattered), abs=1e-14)


def test_printed_counts_are_the_librarys(blank):
    for values in random_values(20):
        counted = in_browser(blank, values)["printed"]
        y = values["y"] * values["present"] * values["systems"]
        column = dict(
            zip(PORTS, printed_probabilities(values["x"], y)[:, PORTS.index("A")], strict=True)
        )
        if not values["both"]:
            column["A"] += column.pop("2")
        assert counted == pytest.approx(column, abs=1e-12)


# ---- Page ----


def note(figure, title: str) -> str:
    return panel(figure, title).locator(".panel-note").inner_text()


def bars(figure, title: str) -> dict[str, float]:
    """Return what the bars of a panel say."""
    rows = panel(figure, title).locator("[data-end]")
    return {
        row.get_attribute("data-end"): number(row.locator("text").last.text_content())
        for row in rows.all()
    }


def switch(figure, name: str) -> None:
    figure.locator(f'input[type=checkbox][data-parameter="{name}"]').click()
    next_frame(figure.page)


def test_taking_the_systems_away_changes_the_printed_emission_alone(explorer):
    figure = explorer()
    with_exact, with_printed = bars(figure, EXACT), bars(figure, PRINTED)
    assert note(figure, EXACT).endswith("the same.")
    assert "the TLS downstream add 0.08000" in note(figure, PRINTED)
    switch(figure, "present")
    assert bars(figure, EXACT)["A"] == with_exact["A"] == 0.8186
    assert bars(figure, EXACT)["TLS"] == bars(figure, PRINTED)["TLS"] == 0
    assert bars(figure, PRINTED)["A"] == pytest.approx(with_printed["A"] + 0.08, abs=2e-4)
    assert panel(figure, LINE).locator("svg").first.locator(".place.level-2").count() == 0


def test_bars_add_up_to_one(explorer):
    figure = explorer()
    for preset in ("One channel", "Very weak", "Six systems", "Black absorber", "Both channels"):
        press(figure, preset)
        for title in (EXACT, PRINTED):
            ends = bars(figure, title)
            assert sum(ends.values()) == pytest.approx(1, abs=3e-4)
            assert panel(figure, title).locator("svg .sum").last.text_content() == "1.0000"
            assert ("2" in ends) == (preset == "Both channels")


def test_what_is_missing_behind_the_systems_is_in_them(explorer):
    figure = explorer()
    for systems, preset in ((1, "One channel"), (4, "One channel"), (3, "Both channels")):
        press(figure, preset)
        set_number(figure, "systems", systems)
        missing, taken = re.search(
            rf"minus sum is ({NUMBER}); the TLS have ({NUMBER})", note(figure, BEHIND)
        ).groups()
        assert missing == taken
        assert number(taken) > 0


def test_weak_couplings_do_not_make_the_counts_agree(explorer):
    """The share that the systems add to A's emission is 4y, exactly none of it."""
    figure = explorer()
    press(figure, "Very weak")
    set_number(figure, "x", 0.001)
    emits, without = re.search(
        rf"emits ({NUMBER}), without the TLS ({NUMBER})", note(figure, PRINTED)
    ).groups()
    assert number(emits) / number(without) - 1 == pytest.approx(4 * 0.005, rel=0.02)
    assert note(figure, EXACT).endswith("the same.")


def test_too_strong_a_coupling_leaves_less_than_nothing_by_the_printed_count(explorer):
    figure = explorer()
    for name, value in (("x", 0.2), ("y", 0.5)):
        set_number(figure, name, value)
    assert "less than nothing stays" in note(figure, PRINTED)
    assert bars(figure, PRINTED)["A"] < 0
    assert panel(figure, PRINTED).locator("svg .sum-wrong").count() == 1


def test_light_that_returns_by_channel_2_may_tell_a(explorer):
    figure = explorer()
    press(figure, "Both channels")
    assert "B sent back through channel 2" in note(figure, EXACT)
    before = bars(figure, EXACT)
    set_number(figure, "phase", 140)
    assert bars(figure, EXACT) != before


@pytest.mark.parametrize("name", ["x", "y", "systems", "phase"])
def test_each_slider_changes_what_is_shown(explorer, name):
    figure = explorer()
    switch(figure, "both")
    slider = figure.locator(f'input[type=range][data-parameter="{name}"]')
    before = value_of(figure, name), bars(figure, EXACT)
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    next_frame(figure.page)
    assert value_of(figure, name) > before[0]
    assert bars(figure, EXACT) != before[1]


def test_photon_is_spoken_in_a_few_words(explorer):
    figure = explorer()
    switch(figure, "present")
    spoken = figure.locator(".explorer-spoken", has_text="two-level systems removed")
    spoken.wait_for(state="attached")
    assert len(spoken.inner_text().split()) < 25


@pytest.mark.parametrize("preset", ["Six systems", "Both channels"])
@pytest.mark.parametrize("present", [True, False])
def test_program_gives_the_numbers_shown(explorer, preset, present):
    figure = explorer(**CLIPBOARD)
    press(figure, preset)
    if not present:
        switch(figure, "present")
    said = run_python(copied_program(figure))
    for title, kind in ((EXACT, "exact"), (PRINTED, "printed")):
        shown = bars(figure, title)
        counted = {name: float(said[f"{kind}, {name}"]) for name in shown}
        assert counted == pytest.approx(shown, abs=6e-5)
        assert len([name for name in said if name.startswith(kind)]) == len(shown)
