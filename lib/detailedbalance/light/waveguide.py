"""The open chiral waveguide: two cavities, and two-level systems between them, [B] (17)-(19)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from .rate_model import OUTSIDE, Process, RateModel
from .thermal import mode_entropy

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
    def gamma_1(self) -> float:
        """γ_1 = γ̃_1/𝒩, by mode of a cavity, in 1/µs."""
        return self.tilde_gamma_1 / self.modes

    @property
    def gamma_2(self) -> float:
        """γ_2 = γ̃_2/𝒩, by mode of a cavity, in 1/µs."""
        return self.tilde_gamma_2 / self.modes

    @property
    def sizes(self) -> Array:
        """The quanta that one unit of each variable stands for, (k,): mode numbers, 1 for m."""
        return np.array([self.modes, self.modes, 1.0])

    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r), r = len(processes)."""
        n_A, n_B, m = np.asarray(state).T
        ground = self.two_level_systems - m
        leak, feed = self.modes * self.gamma_dec, self.modes * self.gamma_0
        return np.array(
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
            ]
        ).T

    def slow_mode(self) -> tuple[float, Array]:
        """Return how the last quanta leave: the rate of decay and the direction.

        Near the empty state the equations are linear, and what decays most slowly is left in the
        end: state → e^{rate t} times `direction`.

        Returns
        -------
        rate : float
            In 1/µs, negative.
        direction : array (k,)
            Not negative; the largest entry is one.

        Raises
        ------
        ValueError
            If some quanta can never leave.
        """
        if not self._empties:
            raise ValueError(
                "some quanta can never leave, so there is no slowest decay; `gamma_dec`, "
                "`tilde_gamma_11` or `tilde_gamma_12` must be positive"
            )
        # No entry of minus the inverse is negative, so its largest eigenvalue is real and so are
        # the entries of its vector; the slowest rate is there to full precision.
        times, modes = np.linalg.eig(-np.linalg.inv(self._jacobian(np.zeros(3))))
        slowest = np.argmax(times.real)
        direction = np.abs(modes[:, slowest])
        return -1 / float(times[slowest].real), direction / direction.max()

    def emitted_entropy(self, state: ArrayLike, bandwidth: float) -> Array:
        """Return the most entropy that the light in the open ends can carry away, in k a µs.

        A channel of bandwidth Δ holds Δ/2π modes in time a µs, so a flow j puts 2πj/Δ quanta into
        each, and black light of this occupation has the most entropy:

        (Δ/2π) Σ_r s(2π j_r/Δ),  j_r = 𝒩 γ_dec (n_A + n_B) + γ̃_1r m,

        with s(n) the `mode_entropy`.

        Parameters
        ----------
        state : array_like (..., k)
        bandwidth : float
            Δ in 1/µs.

        Returns
        -------
        array (...)
        """
        n_A, n_B, m = np.moveaxis(self.checked_state(state), -1, 0)
        temporal_modes = checks.positive_scalar(bandwidth, "bandwidth") / (2 * np.pi)
        leak = self.modes * self.gamma_dec * (n_A + n_B)
        channels = np.stack([leak + self.tilde_gamma_11 * m, leak + self.tilde_gamma_12 * m])
        return temporal_modes * mode_entropy(channels / temporal_modes).sum(axis=0)
