"""Einstein's rates: two-level systems that absorb and emit light, [B] (2)-(7)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .rate_model import Process, RateModel

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class EinsteinRates(RateModel):
    """Two-level systems and the modes of light that they exchange quanta with.

    [B] (2), (3):

    dn/dt = γ [m (n + 1) - (M - m) n],  dm/dt = γ̃ [(M - m) n - m (n + 1)],

    with γ = γ̃/𝒩: what the two-level systems emit, the modes share.

    Parameters
    ----------
    two_level_systems : int
        M.
    modes : float
        𝒩, modes of light near the systems' frequency.
    tilde_gamma : float
        γ̃ in 1/µs, [B]'s γ': the rate at which a single excited system emits into the dark.
    beta : float
        ħΩ/kT of `initial_state`; 1 by default.

    Raises
    ------
    ValueError
        If a rate is negative, or ħΩ/kT or a number of modes or two-level systems is not positive.
    TypeError
        If a parameter is not a number, or the number of two-level systems not a whole one.

    Notes
    -----
    [B] prints no values, so only β has a default.

    Examples
    --------
    A hundred excited systems in the dark come to one temperature with their light:

    >>> model = EinsteinRates(two_level_systems=100, modes=200, tilde_gamma=1.0)
    >>> light, systems = model.inverse_temperatures(model.steady_state([0, 100]))
    >>> round(float(light), 9), round(float(systems), 9)
    (1.270196633, 1.270196633)
    """

    subsystems: ClassVar = ("light", "TLS")
    variables: ClassVar = ("n", "m")
    processes: ClassVar = (
        Process("light", "TLS", "TLS absorb"),
        Process("TLS", "light", "TLS emit"),
    )

    two_level_systems: int
    modes: float
    tilde_gamma: float

    @property
    def gamma(self) -> float:
        """γ = γ̃/𝒩, by mode of light, in 1/µs."""
        return self.tilde_gamma / self.modes

    @property
    def sizes(self) -> Array:
        """The quanta that one unit of each variable stands for, (k,): mode numbers, 1 for m."""
        return np.array([self.modes, 1.0])

    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r) from (..., k)."""
        n, m = np.asarray(state).T
        absorbed, emitted = (self.two_level_systems - m) * n, m * (n + 1)
        return self.tilde_gamma * np.array([absorbed, emitted]).T
