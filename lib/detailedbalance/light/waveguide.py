"""The open chiral waveguide: two cavities, and two-level systems between them, [B] (17)-(19)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .rate_model import OUTSIDE, Process, RateModel

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class OpenWaveguide(RateModel):
    """Cavities A and B coupled by a chiral waveguide whose ends are open.

    Channel 1 leads from A past the two-level systems to B, channel 2 back.  [B] (17)-(19):

    dn_A/dt = -2γ_dec n_A + γ_0 (n_B - n_A) - γ_1 (M - m) n_A + γ_2 m (n_A + 1)
    dn_B/dt = -2γ_dec n_B + γ_0 (n_A - n_B) - γ_2 (M - m) n_B + γ_1 m (n_B + 1)
    dm/dt = -(γ̃_11 + γ̃_12) m + γ̃_1 [n_A (M - m) - (n_B + 1) m]
            + γ̃_2 [n_B (M - m) - (n_A + 1) m]

    with γ_r = γ̃_r/𝒩.
    """

    subsystems: ClassVar = ("A", "B", "TLS")
    variables: ClassVar = ("n_A", "n_B", "m")
    processes: ClassVar = (
        Process("A", OUTSIDE, "A leaks through channel 1"),
        Process("A", OUTSIDE, "A leaks through channel 2"),
        Process("B", OUTSIDE, "B leaks through channel 1"),
        Process("B", OUTSIDE, "B leaks through channel 2"),
        Process("TLS", OUTSIDE, "TLS emit into channel 1"),
        Process("TLS", OUTSIDE, "TLS emit into channel 2"),
        Process("A", "B", "A feeds B through channel 1"),
        Process("B", "A", "B feeds A through channel 2"),
        Process("A", "TLS", "TLS absorb from A through channel 1"),
        Process("TLS", "B", "TLS emit to B through channel 1"),
        Process("B", "TLS", "TLS absorb from B through channel 2"),
        Process("TLS", "A", "TLS emit to A through channel 2"),
    )

    two_level_systems: int = 100
    modes: float = 100.0
    gamma_dec: float = 0.01
    gamma_0: float = 0.01
    tilde_gamma_1: float = 10.0
    tilde_gamma_2: float = 0.0
    tilde_gamma_11: float = 10.0
    tilde_gamma_12: float = 0.0

    @property
    def sizes(self) -> Array:
        """The quanta that one unit of each variable stands for, (k,): mode numbers, 1 for m."""
        return np.array([self.modes, self.modes, 1.0])

    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r), r = len(processes)."""
        n_A, n_B, m = np.moveaxis(np.asarray(state), -1, 0)
        ground = self.two_level_systems - m
        leak, feed = self.modes * self.gamma_dec, self.modes * self.gamma_0
        return np.stack(
            [
                leak * n_A,
                leak * n_A,
                leak * n_B,
                leak * n_B,
                self.tilde_gamma_11 * m,
                self.tilde_gamma_12 * m,
                feed * n_A * (n_B + 1),
                feed * n_B * (n_A + 1),
                self.tilde_gamma_1 * ground * n_A,
                self.tilde_gamma_1 * m * (n_B + 1),
                self.tilde_gamma_2 * ground * n_B,
                self.tilde_gamma_2 * m * (n_A + 1),
            ],
            axis=-1,
        )
