"""Figures in the book's style: one look, colour-blind safe, readable on any background.

Matplotlib is imported inside the functions, so the library itself does not need it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from . import checks

COLORS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#007A59",
    "purple": "#A8457F",
    "grey": "#5A5A5A",
    "light": "#D9D9D9",
}
"""After Okabe and Ito, darkened where needed for contrast with white."""

LINE_STYLES = ("solid", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
"""Second cue beside colour, in the order of the colour cycle."""


def book_style() -> None:
    """Give the figures that follow the book's style, as SVG in notebooks.

    Colours are safe for colour-blind readers, lines differ in dashes too, and the background is
    white, so that figures stay readable on dark pages.

    Examples
    --------
    >>> book_style()
    """
    import matplotlib
    from cycler import cycler
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    names = ("blue", "vermilion", "green", "purple")
    colors = cycler(color=[COLORS[name] for name in names])
    matplotlib.rcParams.update(
        {
            "axes.prop_cycle": colors + cycler(linestyle=list(LINE_STYLES)),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "figure.figsize": (6.4, 3.8),
            "font.size": 11,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "mathtext.fontset": "cm",
            "savefig.facecolor": "white",
            "svg.hashsalt": "detailedbalance",
        }
    )
    set_matplotlib_formats("svg")


def draw_matrix(
    ax, matrix: ArrayLike, labels: Sequence[str], title: str = "", digits: int = 3
) -> None:
    """Draw a matrix as a heat map with its numbers, its row sums and its column sums.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    matrix : array_like (n, n)
        Final states are rows, initial states columns; not negative.
    labels : sequence of n str
        Names of the states.
    title : str
        Title of the axes.
    digits : int
        Decimals of the numbers.

    Raises
    ------
    ValueError
        If the matrix is not square or a label is missing.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> _, ax = plt.subplots()
    >>> draw_matrix(ax, [[0.9, 0.1], [0.1, 0.9]], ["0", "1"])
    >>> plt.close()
    """
    matrix = checks.real_array(matrix, "matrix")
    n = len(labels)
    if matrix.shape != (n, n):
        raise ValueError(f"`matrix` must have shape ({n}, {n}), got {matrix.shape}")
    largest = matrix.max() or 1.0
    ax.imshow(matrix, cmap="Blues", vmin=0, vmax=1.6 * largest)
    for k, l in np.ndindex(n, n):
        dark = matrix[k, l] > 0.95 * largest
        ax.text(
            l,
            k,
            f"{matrix[k, l]:.{digits}f}",
            ha="center",
            va="center",
            color="black",
            fontweight="bold" if dark else "normal",
        )
    sums = {"ha": "center", "va": "center", "color": COLORS["vermilion"]}
    for k in range(n):
        ax.text(n - 0.1, k, f"{matrix[k].sum():.{digits}f}", **sums)
        ax.text(k, n - 0.25, f"{matrix[:, k].sum():.{digits}f}", **sums)
    ax.text(n - 0.1, n - 0.25, "sums", fontstyle="italic", **sums)
    ax.set(
        xticks=range(n),
        xticklabels=labels,
        yticks=range(n),
        yticklabels=labels,
        xlabel="initial level",
        ylabel="final level",
        title=title,
        xlim=(-0.5, n + 0.4),
        ylim=(n, -0.5),
    )
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def draw_levels(ax, energies: ArrayLike, flow: ArrayLike, labels: Sequence[str]) -> None:
    """Draw levels as a ladder with an arrow for the flow of every jump.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    energies : array_like (n,)
        Level energies.
    flow : array_like (n, n)
        flow[k, l], jumps a unit of time from l to k; arrow widths are proportional to it.
    labels : sequence of n str
        Names of the levels.

    Raises
    ------
    ValueError
        If shapes do not fit or a flow is negative.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> _, ax = plt.subplots()
    >>> draw_levels(ax, [0.0, 1.0], [[0, 1], [2, 0]], ["0", "1"])
    >>> plt.close()
    """
    from matplotlib.patches import FancyArrowPatch

    n = len(labels)
    energies = checks.vector(energies, "energies", n)
    flow = checks.rate_matrix(flow)
    if flow.shape != (n, n):
        raise ValueError(f"`flow` must have shape ({n}, {n}), got {flow.shape}")
    order = np.argsort(energies)
    for energy, label in zip(energies, labels, strict=True):
        ax.plot([0, 1], [energy, energy], color="black", lw=2, ls="solid", zorder=3)
        ax.text(1.04, energy, label, va="center", fontsize="large")
    pairs = [(upper, lower) for i, lower in enumerate(order) for upper in order[i + 1 :]]
    widest = flow.max() or 1.0
    for column, (upper, lower) in enumerate(pairs):
        x = (column + 0.5) / len(pairs)
        for k, l, color, side in (
            (upper, lower, "vermilion", -1),
            (lower, upper, "blue", 1),
        ):
            position = x + side * 0.12 / len(pairs)
            ax.add_patch(
                FancyArrowPatch(
                    (position, energies[l]),
                    (position, energies[k]),
                    arrowstyle="-|>",
                    mutation_scale=13,
                    color=COLORS[color],
                    linewidth=0.4 + 4.5 * flow[k, l] / widest,
                    shrinkA=2,
                    shrinkB=2,
                )
            )
    ax.set(xlim=(-0.02, 1.15), xticks=[], ylabel="energy")
    margin = 0.1 * (np.ptp(energies) or 1.0)
    ax.set_ylim(energies.min() - margin, energies.max() + margin)
    ax.spines["bottom"].set_visible(False)


def draw_traffic(
    ax,
    places: ArrayLike,
    populations: ArrayLike,
    flow: ArrayLike,
    labels: Sequence[str],
    gap: float = 0.2,
    numbers: bool = True,
) -> None:
    """Draw states as discs with an arrow for the flow of every jump.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    places : array_like (n, 2)
        Where the discs stand; neighbours should be about one apart.
    populations : array_like (n,)
        Probabilities; the areas of the discs are proportional to them.
    flow : array_like (n, n)
        flow[k, l], jumps a unit of time from l to k; arrow widths are proportional to it.  The
        more frequent of a pair has another colour.
    labels : sequence of n str
        Names of the states.
    gap : float
        Distance between the end of an arrow and the centre of the disc.
    numbers : bool
        Whether to write the flow beside each arrow, rounded to a whole number.

    Raises
    ------
    ValueError
        If shapes do not fit, a flow is negative, or the populations do not sum to one.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> _, ax = plt.subplots()
    >>> draw_traffic(ax, [[0, 0], [1, 0]], [0.3, 0.7], [[0, 1], [2, 0]], ["0", "1"])
    >>> plt.close()
    """
    n = len(labels)
    places = checks.real_array(places, "places")
    if places.shape != (n, 2):
        raise ValueError(f"`places` must have shape ({n}, 2), got {places.shape}")
    flow = checks.rate_matrix(flow)
    if flow.shape != (n, n):
        raise ValueError(f"`flow` must have shape ({n}, {n}), got {flow.shape}")
    populations = checks.distribution(
        checks.vector(populations, "populations", n), "populations", n
    )
    for l, k in np.argwhere(flow.T > 0):
        ahead = (places[k] - places[l]) / np.hypot(*(places[k] - places[l]))
        side = 0.06 * np.array([-ahead[1], ahead[0]])
        more = flow[k, l] > flow[l, k] * (1 + 1e-12)
        color = COLORS["vermilion" if more else "blue"]
        ax.annotate(
            "",
            xy=places[k] - gap * ahead + side,
            xytext=places[l] + gap * ahead + side,
            arrowprops={
                "arrowstyle": "-|>",
                "color": color,
                "lw": 0.6 + 4 * flow[k, l] / flow.max(),
                "mutation_scale": 14,
            },
        )
        if numbers:
            middle = (places[k] + places[l]) / 2 + 2.4 * side
            ax.text(*middle, f"{flow[k, l]:.0f}", color=color, ha="center", va="center")
    ax.scatter(*places.T, s=9000 * populations, color=COLORS["light"], zorder=0)
    for place, label in zip(places, labels, strict=True):
        ax.text(*place, label, ha="center", va="center")
    ax.set(aspect="equal")
    ax.margins(0.22)
    ax.set_axis_off()


def draw_waveguide(ax, closed: bool = False) -> None:
    """Draw two cavities on a chiral waveguide with two-level systems between them.

    Channel 1 runs to the right and channel 2 to the left; the two-level systems couple to them with
    different strengths, which the widths of their arrows stand for.  The layouts of [B] Fig. 1 and,
    with `closed`, of its Fig. 6.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; loses its axes.
    closed : bool
        Whether the waveguide is a loop; otherwise its ends are open.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> _, ax = plt.subplots()
    >>> draw_waveguide(ax)
    >>> plt.close()
    """
    middle = {"ha": "center", "va": "center"}
    lanes = {"1": (0.09, 1, "vermilion"), "2": (-0.09, -1, "blue")}
    for channel, (y, direction, color) in lanes.items():
        ends = 2.7 if closed else 3.3
        ax.plot([-ends, ends], [y, y], color=COLORS[color], ls="solid", lw=2.2)
        for x in (-2.5, -0.85, 0.4, 2.5) if closed else (-3.25, -0.85, 0.4, 3.25):
            _waveguide_arrow(ax, (x - 0.1 * direction, y), (x + 0.1 * direction, y), color)
        if closed:
            _waveguide_return(ax, y, ends, direction, color)
        side = "bottom" if direction > 0 else "top"
        ax.text(0.55, y + 0.1 * direction, f"channel {channel}", color=COLORS[color], va=side)
    for name, x in (("A", -1.8), ("B", 1.8)):
        ax.add_patch(_rounded_box(x - 0.45, 0.5, 0.9, 0.75))
        ax.text(x, 0.875, name, fontsize="x-large", **middle)
        _waveguide_arrow(ax, (x, 0.5), (x, 0.12), "grey", both=True)
        ax.text(x + 0.12, 0.33, "$h$", va="center")
    ax.add_patch(_rounded_box(-0.85, -1.25, 1.1, 0.62))
    x, y = np.meshgrid([-0.65, -0.3, 0.05], [-1.08, -0.82])
    ax.plot(x.ravel(), y.ravel(), "o", color=COLORS["purple"], ms=6, ls="none")
    ax.text(0.37, -0.94, "two-level systems", va="center")
    _waveguide_arrow(ax, (-0.55, -0.63), (-0.55, 0.06), "vermilion", both=True, lw=3.2)
    _waveguide_arrow(ax, (-0.1, -0.63), (-0.1, -0.12), "blue", both=True, lw=1)
    ax.text(-0.68, -0.38, "$g_1$", ha="right", va="center")
    ax.text(0.02, -0.38, "$g_2$", ha="left", va="center")
    if not closed:
        for side, align in ((-3.3, "left"), (3.3, "right")):
            ax.text(side, -0.22, "open end", ha=align, va="top", color=COLORS["grey"])
    ax.set(xlim=(-3.55, 3.55), ylim=(-1.35, 2.35 if closed else 1.35), aspect="equal")
    ax.set_axis_off()


def _rounded_box(x: float, y: float, width: float, height: float):
    from matplotlib.patches import FancyBboxPatch

    return FancyBboxPatch(
        (x, y), width, height, "round,pad=0,rounding_size=0.1", fc="#F2F2F2", ec="black", lw=1.4
    )


def _waveguide_arrow(ax, start, end, color, both=False, lw=2.0) -> None:
    style = {"arrowstyle": "<|-|>" if both else "-|>", "color": COLORS[color], "lw": lw}
    style |= {"mutation_scale": 13, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=end, xytext=start, arrowprops=style)


def _waveguide_return(ax, y: float, ends: float, direction: int, color: str) -> None:
    """Draw the long way round: up one side, back above the cavities, down the other."""
    # Channel 1, above channel 2 on the short way, is the inner lane.
    top = 1.85 - 0.09 * direction
    bend = np.linspace(-np.pi / 2, 0, 20)
    radius = 0.35 - 0.09 * direction
    x = np.concatenate([ends + radius * np.cos(bend), ends + radius * np.cos(bend[::-1]), [0.0]])
    low = y + radius * (1 + np.sin(bend))
    high = top - radius * (1 + np.sin(bend[::-1]))
    for side in (1, -1):
        ax.plot(side * x, [*low, *high, top], color=COLORS[color], ls="solid", lw=2.2)
    _waveguide_arrow(ax, (0.1 * direction, top), (-0.1 * direction, top), color)
