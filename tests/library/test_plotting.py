"""Figures show the numbers they are given."""

import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from detailedbalance import figure_1, thermal_flux
from detailedbalance.plotting import (
    COLORS,
    book_style,
    draw_levels,
    draw_matrix,
    draw_traffic,
    draw_waveguide,
)

NAMES = ["−", "0", "+"]


@pytest.fixture
def ax():
    with matplotlib.rc_context():
        book_style()
        figure, axes = plt.subplots()
        yield axes
        figure.canvas.draw()
        plt.close(figure)


def contrast_with_white(color):
    channels = np.array(matplotlib.colors.to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)


def test_a_matrix_shows_its_entries_and_sums(ax):
    flux = thermal_flux(figure_1(), 2.0)
    draw_matrix(ax, flux, NAMES, digits=4)
    shown = [text.get_text() for text in ax.texts]
    for number in [*flux.ravel(), *flux.sum(axis=0), *flux.sum(axis=1)]:
        assert f"{number:.4f}" in shown


def test_arrows_are_as_wide_as_their_flow(ax):
    draw_levels(ax, [0.0, 1.0], [[0.0, 1.0], [0.5, 0.0]], ["a", "b"])
    up, down = ax.patches
    assert up.get_linewidth() - 0.4 == pytest.approx((down.get_linewidth() - 0.4) / 2)


def test_traffic_shows_populations_as_areas_and_the_busier_direction_in_colour(ax):
    flow = [[0.0, 30.0, 0.0], [10.0, 0.0, 5.0], [0.0, 5.0, 0.0]]
    draw_traffic(ax, [[0, 0], [1, 0], [2, 0]], [0.2, 0.3, 0.5], flow, ["a", "b", "c"])
    (discs,) = ax.collections
    np.testing.assert_allclose(discs.get_sizes() / discs.get_sizes().sum(), [0.2, 0.3, 0.5])
    colors = {text.get_text(): text.get_color() for text in ax.texts if text.get_text()}
    assert colors["30"] == COLORS["vermilion"] != colors["10"] == colors["5"] == COLORS["blue"]


@pytest.mark.parametrize(
    ("places", "populations", "flow"),
    [
        ([[0, 0]], [0.5, 0.5], [[0, 1], [1, 0]]),
        ([[0, 0], [1, 0]], [0.5, 0.6], [[0, 1], [1, 0]]),
        ([[0, 0], [1, 0]], [0.5, 0.5], [[0, -1], [1, 0]]),
        ([[0, 0], [1, 0]], [0.5, 0.5], [[0]]),
    ],
)
def test_traffic_refuses_what_does_not_fit(ax, places, populations, flow):
    with pytest.raises(ValueError, match="must"):
        draw_traffic(ax, places, populations, flow, ["a", "b"])


@pytest.mark.parametrize("closed", [False, True])
def test_waveguide_shows_both_channels_and_where_light_leaves(ax, closed):
    draw_waveguide(ax, closed=closed)
    words = [text.get_text() for text in ax.texts if text.get_text()]
    assert {"A", "B", "channel 1", "channel 2", "two-level systems", "$g_1$", "$g_2$"} <= set(words)
    assert words.count("open end") == (0 if closed else 2)
    lanes = {color: [] for color in ("vermilion", "blue")}
    for line in ax.lines:
        for color, points in lanes.items():
            if line.get_color() == COLORS[color]:
                points.append(line.get_xydata())
    for points in lanes.values():
        ends = np.concatenate([[lane[0], lane[-1]] for lane in points])
        met = [np.sum(np.all(np.isclose(ends, end), axis=1)) for end in ends]
        # A loop is closed if each end of a piece is the end of another.
        assert (min(met) == 2) == closed
    inner, outer = (np.concatenate(points) for points in lanes.values())
    if closed:
        assert np.all(np.ptp(inner, axis=0) < np.ptp(outer, axis=0)), "lanes cross"


def test_lines_contrast_with_their_background_and_differ_in_dashes(ax):
    for name in ("blue", "vermilion", "green", "purple", "grey"):
        assert contrast_with_white(COLORS[name]) > 3.5
    lines = [ax.plot([0, 1])[0] for _ in range(4)]
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in lines}) == 4


def test_bad_figures_are_refused(ax):
    with pytest.raises(ValueError, match=r"shape \(3, 3\), got \(2, 2\)"):
        draw_matrix(ax, np.eye(2), NAMES)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        draw_levels(ax, [0.0, 1.0], np.ones((3, 3)), NAMES)
    with pytest.raises(ValueError, match=r"shape \(3, 3\)"):
        draw_levels(ax, [0.0, 1.0, 2.0], np.ones((2, 2)), NAMES)


def test_matplotlib_is_loaded_only_when_a_figure_is_drawn():
    code = "import sys, detailedbalance.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
