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

    [B] (90)-(94), where light may stay in the channels:

    dn_A/dt = γ_dec (n_1 + n_2 - 2n_A) - γ_1 (M - m) n_A (n_1 + 1)
              + γ_2 m (n_A + 1)(n_2 + 1)
              + γ_0 [(n_2 + 1)(n_A + 1) n_B - (n_1 + 1)(n_B + 1) n_A]
    dn_B/dt = γ_dec (n_1 + n_2 - 2n_B) - γ_2 (M - m) n_B (n_2 + 1)
              + γ_1 m (n_B + 1)(n_1 + 1)
              + γ_0 [(n_1 + 1)(n_B + 1) n_A - (n_2 + 1)(n_A + 1) n_B]
    dn_1/dt = γ'_dec (n_A + n_B - 2n_1) - γ_11 [(M - m) n_1 - m (n_1 + 1)]
              + γ_3 (n_A + n_B + 2)(n_2 - n_1)
    dn_2/dt = γ'_dec (n_A + n_B - 2n_2) - γ_12 [(M - m) n_2 - m (n_2 + 1)]
              + γ_3 (n_A + n_B + 2)(n_1 - n_2)
    dm/dt = Σ_r γ̃_1r [(M - m) n_r - m (n_r + 1)]
            + γ̃_1 (n_1 + 1)[(M - m) n_A - m (n_B + 1)]
            + γ̃_2 (n_2 + 1)[(M - m) n_B - m (n_A + 1)]

    with γ_r = γ̃_r/𝒩, γ_1r = γ̃_1r/𝒩' and γ'_dec = γ_dec 𝒩/𝒩', so that quanta are conserved.

    Parameters
    ----------
    two_level_systems : int
        M; 100 by default.
    modes, waveguide_modes : float
        𝒩 and 𝒩', modes of each cavity and of each channel near the systems' frequency; 100 by
        default.
    gamma_dec : float
        γ_dec in 1/µs: a mode of a cavity decays with this rate into each channel; 0.01 by default.
    gamma_0 : float
        γ_0 in 1/µs: a mode of a cavity feeds the other cavity with this rate; 0.01 by default.
    gamma_3 : float
        γ_3 in 1/µs, by mode of a channel: one channel feeds the other through a cavity; 0.01 by
        default.
    tilde_gamma_1, tilde_gamma_2 : float
        γ̃_1, γ̃_2 in 1/µs: a two-level system takes a quantum from the cavity upstream in channel 1
        or 2, or gives one to that downstream; 10 and 0 by default.
    tilde_gamma_11, tilde_gamma_12 : float
        γ̃_11, γ̃_12 in 1/µs: an excited system emits into channel 1 or 2; 10 and 0 by default.
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
    The defaults are those of [B], Fig. 7, and M = 100 as in `OpenWaveguide`.

    With γ̃_1 = γ̃_2 equal temperatures stay in place.  Entropy may still decrease where n_1 and n_2
    differ: A feeds B with the factor n_1 + 1, and B feeds A with n_2 + 1.

    Examples
    --------
    >>> model = ClosedLoop()
    >>> model.is_balanced, ClosedLoop(tilde_gamma_2=10).is_balanced
    (False, True)
    >>> final = model.steady_state()
    >>> [round(float(model.entropies(state).sum()), 3) for state in (model.initial_state, final)]
    [474.481, 285.909]
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
        """Return the quanta a µs that each process carries, (..., r) from (..., k)."""
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
