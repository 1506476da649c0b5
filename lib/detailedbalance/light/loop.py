"""The closed loop: the chiral waveguide with its ends joined, [B] (90)-(94)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .rate_model import Process, RateModel

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ClosedLoop(RateModel):
    """Cavities A and B, channels 1 and 2 of a closed waveguide, and two-level systems.

    [B] (90)-(94), with γ'_dec = γ_dec 𝒩/𝒩', γ_r = γ̃_r/𝒩, γ_1r = γ̃_1r/𝒩'.
    """

    subsystems: ClassVar = ("A", "B", "1", "2", "TLS")
    variables: ClassVar = ("n_A", "n_B", "n_1", "n_2", "m")
    processes: ClassVar = (
        Process("A", "1", "A emits into channel 1"),
        Process("1", "A", "A absorbs from channel 1"),
        Process("A", "2", "A emits into channel 2"),
        Process("2", "A", "A absorbs from channel 2"),
        Process("B", "1", "B emits into channel 1"),
        Process("1", "B", "B absorbs from channel 1"),
        Process("B", "2", "B emits into channel 2"),
        Process("2", "B", "B absorbs from channel 2"),
        Process("TLS", "1", "TLS emit into channel 1"),
        Process("1", "TLS", "TLS absorb from channel 1"),
        Process("TLS", "2", "TLS emit into channel 2"),
        Process("2", "TLS", "TLS absorb from channel 2"),
        Process("A", "B", "A feeds B through channel 1"),
        Process("B", "A", "B feeds A through channel 2"),
        Process("A", "TLS", "TLS absorb from A through channel 1"),
        Process("TLS", "B", "TLS emit to B through channel 1"),
        Process("B", "TLS", "TLS absorb from B through channel 2"),
        Process("TLS", "A", "TLS emit to A through channel 2"),
        Process("1", "2", "channel 1 feeds channel 2 through a cavity"),
        Process("2", "1", "channel 2 feeds channel 1 through a cavity"),
    )

    two_level_systems: int = 100
    modes: float = 100.0
    waveguide_modes: float = 100.0
    gamma_dec: float = 0.01
    gamma_0: float = 0.01
    gamma_3: float = 0.01
    tilde_gamma_1: float = 10.0
    tilde_gamma_2: float = 0.0
    tilde_gamma_11: float = 10.0
    tilde_gamma_12: float = 0.0

    @property
    def gamma_dec_prime(self) -> float:
        """γ'_dec = γ_dec 𝒩/𝒩', by mode of a channel, in 1/µs, [B] (83)."""
        return self.gamma_dec * self.modes / self.waveguide_modes

    @property
    def gamma_1(self) -> float:
        """γ_1 = γ̃_1/𝒩, by mode of a cavity, in 1/µs."""
        return self.tilde_gamma_1 / self.modes

    @property
    def gamma_2(self) -> float:
        """γ_2 = γ̃_2/𝒩, by mode of a cavity, in 1/µs."""
        return self.tilde_gamma_2 / self.modes

    @property
    def gamma_11(self) -> float:
        """γ_11 = γ̃_11/𝒩', by mode of channel 1, in 1/µs."""
        return self.tilde_gamma_11 / self.waveguide_modes

    @property
    def gamma_12(self) -> float:
        """γ_12 = γ̃_12/𝒩', by mode of channel 2, in 1/µs."""
        return self.tilde_gamma_12 / self.waveguide_modes

    @property
    def sizes(self) -> Array:
        """The quanta that one unit of each variable stands for, (k,): mode numbers, 1 for m."""
        return np.array([self.modes] * 2 + [self.waveguide_modes] * 2 + [1.0])

    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r), r = len(processes)."""
        n_A, n_B, n_1, n_2, m = np.asarray(state).T
        ground = self.two_level_systems - m
        leak, feed = self.modes * self.gamma_dec, self.modes * self.gamma_0
        cross = self.waveguide_modes * self.gamma_3 * (n_A + n_B + 2)
        return np.array(
            [
                leak * n_A * (n_1 + 1),
                leak * n_1 * (n_A + 1),
                leak * n_A * (n_2 + 1),
                leak * n_2 * (n_A + 1),
                leak * n_B * (n_1 + 1),
                leak * n_1 * (n_B + 1),
                leak * n_B * (n_2 + 1),
                leak * n_2 * (n_B + 1),
                self.tilde_gamma_11 * m * (n_1 + 1),
                self.tilde_gamma_11 * ground * n_1,
                self.tilde_gamma_12 * m * (n_2 + 1),
                self.tilde_gamma_12 * ground * n_2,
                feed * (n_1 + 1) * (n_B + 1) * n_A,
                feed * (n_2 + 1) * (n_A + 1) * n_B,
                self.tilde_gamma_1 * ground * n_A * (n_1 + 1),
                self.tilde_gamma_1 * m * (n_B + 1) * (n_1 + 1),
                self.tilde_gamma_2 * ground * n_B * (n_2 + 1),
                self.tilde_gamma_2 * m * (n_A + 1) * (n_2 + 1),
                cross * n_1 * (n_2 + 1),
                cross * n_2 * (n_1 + 1),
            ]
        ).T
