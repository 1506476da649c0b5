"""Integrals over collision energy with square-root thresholds, refined until they converge.

Scattering amplitudes are analytic in the channel momenta √(E - E_j), not in E.
Between two thresholds the substitution E = E_a + Δ sin²x, and above the highest one
E = E_a + δ sinh²x, make every integrand here analytic in x, so Gauss-Legendre panels converge
geometrically.  What remains sharp (narrow resonances of attractive couplings, weak coupling
near a threshold, a very cold gas) is met by halving panels until the integral itself stops
changing.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .checks import ConvergenceError

Array = NDArray[np.float64]

RELATIVE_TOLERANCE = 1e-10
"""Largest accepted change when a panel is halved.

The halves are kept, and for an analytic integrand their error is about the square of that change.
"""

AMPLITUDE_NOISE = 1e-14
"""Rounding error allowed in an amplitude of modulus one; its square bounds what can be resolved."""

MAX_HALVINGS = 60
MAX_PANELS = 2000
"""Bounds on the refinement of panels; beyond them the integral counts as not converged."""

GRADING = 16.0
"""Ratio of neighbouring panels, in energy, on the way to a sharp feature."""

BROAD, NEGLIGIBLE = 1e-2, 1e-60
"""Widths of features, relative to the interval, between which panels are graded.

Above the first, halving finds a feature unaided; below the second it is not there.
"""

EXPONENT_CUTOFF = 42.0
"""The gas is cut off where e^{-βE} has fallen by e^{-42} = 6e-19 above the highest threshold."""


@dataclass(frozen=True)
class Interval:
    """The energies between two neighbouring thresholds, or above the highest.

    Attributes
    ----------
    floor, ceiling : float
        Thresholds at the ends; the ceiling is infinite above the highest.
    excess_at_floor : array (n,)
        floor - E_j for every level j, without rounding where it vanishes.
    excess_at_ceiling : array (n,) or None
        The same at the upper end; None if there is none.
    scale : float
        Δ (distance to the upper end), or δ above the highest threshold.
    edges : array
        First division into panels of the variable x: from 0 to π/2, or from -π/4 to π/4 if
        something is sharp at the ceiling.  Negative x count from there, for numbers are dense only
        around zero.
    """

    floor: float
    ceiling: float
    excess_at_floor: Array
    excess_at_ceiling: Array | None
    scale: float
    edges: Array

    def refined(self, features: Array) -> "Interval":
        """Return the interval with panels graded towards features (threshold, below, width)."""
        edges = [self.edges]
        for threshold, below, width in features:
            reach = width * GRADING ** np.arange(self._grades(width))
            if threshold == self.floor and below == 0:
                edges.append(self._above_floor(reach))
            elif threshold == self.ceiling and reach.size:
                sides = np.concatenate([below - reach, [below], below + reach])
                edges.append(-self._above_floor(sides))
        edges = np.unique(np.concatenate(edges))
        return replace(self, edges=edges if edges[0] >= 0 else _from_both_ends(edges))

    def _grades(self, width: float) -> int:
        """Return how many panels lead from a feature to the scale where nothing is sharp."""
        relative = width / self.scale
        if not NEGLIGIBLE < relative < BROAD:
            return 0
        return 1 + int(np.log(1 / relative) / np.log(GRADING))

    def _above_floor(self, distance: Array) -> Array:
        """Values of x at energies this far above the floor; -x: this far below the ceiling."""
        fraction = distance / self.scale
        if self.ceiling == np.inf:
            x = np.arcsinh(np.sqrt(fraction[fraction > 0]))
            return x[x < self.edges[-1]]
        return np.arcsin(np.sqrt(fraction[(fraction > 0) & (fraction < 1)]))

    def substitute(self, x: Array) -> tuple[Array, Array, Array]:
        """Return E - floor, the kinetic energies E - E_j with a last axis (n,), and dE/dx.

        Next to either end the small differences are formed directly (Δ sin²x or Δ cos²x), so
        they carry no cancellation.
        """
        if self.ceiling == np.inf:
            above = self.scale * np.sinh(x) ** 2
            return above, above[..., None] + self.excess_at_floor, self.scale * np.sinh(2 * x)
        near, far = self.scale * np.sin(x) ** 2, self.scale * np.cos(x) ** 2
        above, below = np.where(x < 0, far, near), np.where(x < 0, near, far)
        excess = np.where(
            self.excess_at_floor >= 0,
            above[..., None] + self.excess_at_floor,
            self.excess_at_ceiling - below[..., None],
        )
        return above, excess, self.scale * np.abs(np.sin(2 * x))


def _from_both_ends(edges: Array) -> Array:
    """Move edges beyond the middle to the end they are nearer to: x and x ∓ π/2 are one energy."""
    quarter = np.pi / 4
    turns = np.where(edges > quarter, -1, np.where(edges < -quarter, 1, 0))
    return np.unique(np.concatenate([edges + turns * np.pi / 2, [-quarter, 0.0, quarter]]))


def threshold_intervals(energies: Array, beta: Array, features: Array) -> list[Interval]:
    """Divide the energies above the lowest level at every other level.

    Parameters
    ----------
    energies : array (n,)
        Channel thresholds E_j, in any order.
    beta : array
        Inverse temperatures that the integrals will be weighted with; they set the scale and
        the upper cutoff above the highest threshold.
    features : array (features, 3)
        Where the integrand changes fast: a threshold, the distance below it, and the width.
    """
    thresholds = np.unique(energies)
    intervals = [
        Interval(low, high, low - energies, high - energies, high - low, np.array([0, np.pi / 2]))
        for low, high in itertools.pairwise(thresholds)
    ]
    # A cold gas sees only a layer of width 1/β above each floor.
    intervals = [part.refined(np.array([[part.floor, 0.0, 1 / beta.max()]])) for part in intervals]
    top = thresholds[-1]
    upper_end = np.arcsinh(np.sqrt(EXPONENT_CUTOFF * beta.max() / beta.min()))
    panels = 1 + int(upper_end / 2)
    edges = np.linspace(0, upper_end, panels + 1)
    intervals.append(Interval(top, np.inf, top - energies, None, 1 / beta.max(), edges))
    return [interval.refined(features) for interval in intervals]


def integrate_panels(
    panel_sums: Callable[[Array, Array], NDArray],
    edges: Array,
    order: int,
    size: Callable[[NDArray], Array] = np.asarray,
) -> NDArray:
    """Integrate a vector of functions by Gauss-Legendre panels.

    A panel is accepted when halving it changes no component by more than `RELATIVE_TOLERANCE` of
    the size of that component's whole integral (plus what rounding in the amplitudes must be
    granted); the result is then the sum over the halves.  Otherwise the halves are halved again.

    Parameters
    ----------
    panel_sums : callable
        Takes nodes and weights of shape (panels, order) and returns the weighted sums over the
        nodes of every panel, shape (panels, ...) with the rows and columns of a matrix last.
    edges : array (panels + 1,)
        First division of the range.
    order : int
        Nodes a panel.
    size : callable
        Returns, for whole integrals, what errors of each component are compared with.  The
        integrals themselves will do if no function is ever negative.

    Raises
    ------
    ConvergenceError
        If that takes more than `MAX_HALVINGS` generations or `MAX_PANELS` panels at once.
    """
    whole = np.stack([edges[:-1], edges[1:]])
    parts = _halve(whole)
    sums = panel_sums(*_panel_nodes(np.hstack([whole, parts]), order))
    coarse, fine = np.split(sums, [whole.shape[1]])
    accepted = np.zeros_like(coarse[0])
    for _ in range(MAX_HALVINGS):
        halves = fine.reshape(-1, 2, *fine.shape[1:]).sum(axis=1)
        total = size(accepted + halves.sum(axis=0))
        scale = AMPLITUDE_NOISE**2 * total.max(axis=(-2, -1), keepdims=True)
        allowed = RELATIVE_TOLERANCE * total + np.sqrt(scale * total) + scale
        rough = np.any(np.abs(halves - coarse) > allowed, axis=tuple(range(1, halves.ndim)))
        accepted += halves[~rough].sum(axis=0)
        if not rough.any():
            return accepted
        if rough.sum() > MAX_PANELS:
            break
        unresolved = np.repeat(rough, 2)
        coarse, parts = fine[unresolved], _halve(parts[:, unresolved])
        fine = panel_sums(*_panel_nodes(parts, order))
    raise ConvergenceError(
        f"the thermal average did not converge: {rough.sum()} panels still change by more than "
        f"{RELATIVE_TOLERANCE:g} of the integral when halved; the energy dependence of "
        "this scattering problem is too sharp"
    )


@cache
def _gauss_legendre(order: int) -> tuple[Array, Array]:
    """Nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return (nodes + 1) / 2, weights / 2


def _halve(panels: Array) -> Array:
    """Split panels, given as rows of lower and upper ends, each into two neighbours."""
    low, high = panels
    middle = (low + high) / 2
    return np.stack([[low, middle], [middle, high]]).transpose(0, 2, 1).reshape(2, -1)


def _panel_nodes(panels: Array, order: int) -> tuple[Array, Array]:
    nodes, weights = _gauss_legendre(order)
    low, high = panels[..., None]
    return low + (high - low) * nodes, (high - low) * weights
