"""The rate models with whole quanta: photons and excitations that jump.

The models' variables are means over modes; a subsystem of 𝒩 modes with the mean n holds 𝒩n quanta.
Here these are whole numbers, and each process moves one of them, at the rate that the rate
equations give it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..reactions import LARGEST_COUNT, ReactionPaths, simulate_reactions
from ..trajectories import Seed
from .rate_model import TWO_LEVEL, RateModel
from .thermal import excited_fraction

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

STARTS = ("thermal", "sharp")
NO_LIMIT = 2**62
"""The models do not explode: they make no quanta."""


@dataclass(frozen=True, eq=False)
class PhotonTrajectories:
    """Trajectories of the quanta of a rate model; made by `sample_trajectories`.

    Parameters
    ----------
    model : RateModel
    paths : ReactionPaths
        The quanta in each subsystem as counts, the model's processes as reactions.
    """

    model: RateModel
    paths: ReactionPaths

    @property
    def times(self) -> Array:
        """When the quanta were counted, in µs, (t,)."""
        return self.paths.times

    @property
    def quanta(self) -> Counts:
        """Quanta in each subsystem, in the order of `model.subsystems`, (trajectories, t, k)."""
        return self.paths.states

    @property
    def events(self) -> Counts:
        """How often each of `model.processes` happened until the last time, (trajectories, r)."""
        return self.paths.reaction_counts

    @cached_property
    def occupations(self) -> Array:
        """Photons per mode and excited two-level systems, (trajectories, t, k).

        In the order of `model.variables`, for which the rate equations hold in the mean, but for
        terms of order 1/𝒩.
        """
        return self.quanta / self.model.sizes

    @property
    def mean(self) -> Array:
        """The mean of `occupations` over trajectories, (t, k)."""
        return self.paths.mean / self.model.sizes

    @property
    def standard_error(self) -> Array:
        """The standard error of `mean`, (t, k); infinite for a single trajectory."""
        return self.paths.standard_error / self.model.sizes


def sample_trajectories(
    model: RateModel,
    times: ArrayLike,
    trajectories: int,
    start: str | ArrayLike = "thermal",
    seed: Seed = 0,
) -> PhotonTrajectories:
    """Return trajectories of whole quanta that jump between the subsystems of a rate model.

    Process by process the same rates as in the rate equations, with 𝒩n photons and m excitations
    as whole numbers; waiting times are exact.

    Parameters
    ----------
    model : RateModel
    times : array_like (t,)
        In µs, increasing, the first not negative; the start is at zero.
    trajectories : int
        At least one; thousands make the best use of the machine.
    start : "thermal", "sharp" or array_like (k,) or (trajectories, k)
        "thermal": drawn from equilibrium at the model's `beta`, each of the 𝒩 modes with a
        geometric distribution and each two-level system by itself.  "sharp": `initial_state` in
        the nearest whole quanta, the same for all.  Or the quanta in each subsystem.
    seed : int, SeedSequence, BitGenerator or Generator
        The same number gives the same trajectories, and so it does with more `times` before the
        last.  A Generator gives others at each call.

    Returns
    -------
    PhotonTrajectories

    Raises
    ------
    ValueError
        If times do not increase, or the start is no possible state.
    TypeError
        If `model` is no rate model, or `trajectories` is not whole.

    Notes
    -----
    For whole 𝒩 this is the exact jump process of 𝒩 modes that all couple in the same way: the sum
    of 𝒩 rates ∝ n_j + 1 only depends on the sum of the n_j.
    Source: [B] (17)-(19), (90)-(94); D. T. Gillespie, J. Phys. Chem. 81, 2340 (1977).

    Examples
    --------
    >>> from detailedbalance.light import OpenWaveguide
    >>> model = OpenWaveguide()
    >>> run = sample_trajectories(model, [0.0, 0.1, 1.0], trajectories=2000)
    >>> run.quanta.shape, run.events.shape
    ((2000, 3, 3), (2000, 12))
    >>> spread = run.occupations[:, :, 2].std(axis=0) / model.two_level_systems
    >>> print(np.round(spread * np.sqrt(model.two_level_systems), 1))
    [0.4 0.3 0. ]
    """
    if not isinstance(model, RateModel):
        raise TypeError(
            "`model` must be a RateModel such as OpenWaveguide() or ClosedLoop(), got "
            f"{model if isinstance(model, type) else type(model).__name__}"
        )
    trajectories = checks.whole_number(trajectories, "trajectories", 1)
    random, jumps = np.random.default_rng(seed).spawn(2)
    start, sizes = _start(model, start, trajectories, random), model.sizes

    def propensities(quanta: Array) -> Array:
        return model.fluxes(quanta / sizes)

    paths = simulate_reactions(
        propensities, model.stoichiometry, start, times, trajectories, jumps, NO_LIMIT
    )
    return PhotonTrajectories(model, paths)


def _start(
    model: RateModel, start: str | ArrayLike, trajectories: int, random: np.random.Generator
) -> ArrayLike:
    """Return quanta for each trajectory or for all."""
    if not isinstance(start, str):
        start = checks.real_array(start, "start")
        # What does not fit in shape is refused with the other starts of reactions.
        if start.shape[-1:] == model.sizes.shape:
            model.checked_state(start / model.sizes)
        return start
    _require_countable(model)
    if checks.choice(start, "start", STARTS) == "sharp":
        return np.rint(model.initial_state * model.sizes)
    # The number of photons in 𝒩 modes, each with a geometric distribution.
    empty = -np.expm1(-model.beta)
    shape = (trajectories, len(model.sizes))
    quanta = random.negative_binomial(model.sizes, empty, shape)
    excited = excited_fraction(model.beta)
    two_level = model.subsystems.index(TWO_LEVEL)
    quanta[:, two_level] = random.binomial(model.two_level_systems, excited, trajectories)
    return quanta


def _require_countable(model: RateModel) -> None:
    """Refuse models with too many quanta in equilibrium and ten standard deviations above."""
    x = model.initial_state
    mean = model.sizes * x
    # (x + 1) is for light; for two-level systems it is more than needed.
    most = (mean + 10 * np.sqrt(mean * (x + 1))).max()
    if most > LARGEST_COUNT:
        raise ValueError(
            f"`model` may hold up to {most:.2g} quanta in a subsystem, and they are counted up to "
            f"{LARGEST_COUNT:.2g}; take fewer modes and two-level systems, or a larger `beta`"
        )
