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

    dn/dt = γ [m (n + 1) - (M - m) n],  dm/dt = γ̃ [(M - m) n - m (n + 1)],  γ = γ̃/𝒩,

    where γ̃, [B]'s γ', is the rate at which a single excited two-level system emits.
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
        """Return the quanta a µs that each process carries, (..., r), r = len(processes)."""
        n, m = np.asarray(state).T
        absorbed, emitted = (self.two_level_systems - m) * n, m * (n + 1)
        return self.tilde_gamma * np.array([absorbed, emitted]).T
