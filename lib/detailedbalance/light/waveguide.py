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

    with γ_r = γ̃_r/𝒩.  The channels are empty, and what goes into them leaves.

    Parameters
    ----------
    two_level_systems : int
        M; 100 by default.
    modes : float
        𝒩, modes of each cavity near the systems' frequency; 100 by default.
    gamma_dec : float
        γ_dec in 1/µs: a mode of a cavity decays with this rate into each channel; 0.01 by default.
    gamma_0 : float
        γ_0 in 1/µs: a mode of a cavity feeds the other cavity with this rate; 0.01 by default.
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
    The defaults are those of [B], Fig. 2, with 𝒩 = γ̃_1/γ_1.  [B] does not print M; with M = 100
    entropy production changes sign at 0.7512 µs, where the paper says 0.75 µs.

    Examples
    --------
    >>> run = OpenWaveguide().solve([0, 0.1, 1])
    >>> run.temperature_A.round(4)
    array([1.    , 0.6279, 0.1476])
    >>> run.temperature_B.round(4)
    array([1.    , 1.3241, 1.554 ])
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
        """Return the quanta a µs that each process carries, (..., r) from (..., k)."""
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
        end: state → e^{rate t} times `direction`, up to a factor, [B] Fig. 3.

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

        Examples
        --------
        >>> rate, direction = OpenWaveguide().slow_mode()
        >>> n_A, n_B, m = direction
        >>> round(rate, 10), round(float(n_A / n_B), 12)
        (-0.0249862594, 0.000999498877)
        """
        if not self._empties:
            raise ValueError(
                "some quanta can never leave, so there is no slowest decay; `gamma_dec`, "
                "`tilde_gamma_11` or `tilde_gamma_12` must be positive"
            )
        # Quanta from each subsystem to each other, and to the outside, for a quantum in it.
        rates = self.sizes[:, None] * self._jacobian(np.zeros(3)) / self.sizes
        stays = _mean_stays(rates, self.heat_flows(1 / self.sizes))
        # No entry is negative, so the largest eigenvalue is real and so are its vector's entries.
        times, modes = np.linalg.eig(stays)
        slowest = np.argmax(times.real)
        direction = np.abs(modes[:, slowest]) / self.sizes
        return -1 / float(times[slowest].real), direction / direction.max()

    def emitted_entropy(self, state: ArrayLike, bandwidth: float) -> Array:
        """Return the most entropy that the light in the open ends can carry away, in k a µs.

        Through the end of a channel of bandwidth Δ pass Δ/2π modes a µs.  A flow j puts 2πj/Δ
        quanta into each, and thermal light of this occupation has the most entropy:

        (Δ/2π) Σ_r s(2π j_r/Δ),  j_r = 𝒩 γ_dec (n_A + n_B) + γ̃_1r m,

        with s(n) the `mode_entropy`.

        Parameters
        ----------
        state : array_like (..., k)
        bandwidth : float
            Δ in 1/µs, an angular frequency.

        Returns
        -------
        array (...)

        Raises
        ------
        ValueError
            If the state is not possible, or Δ is not positive.

        Examples
        --------
        Whether the entropy of system and light may grow depends on how wide the band is:

        >>> model = OpenWaveguide()
        >>> state = model.solve([0.34]).states[0]
        >>> for bandwidth in (1e5, 2e5):
        ...     light = model.emitted_entropy(state, bandwidth)
        ...     print(round(float(model.entropy_change(state) + light), 3))
        -9.021
        1.037
        """
        n_A, n_B, m = np.moveaxis(self.checked_state(state), -1, 0)
        temporal_modes = checks.positive_scalar(bandwidth, "bandwidth") / (2 * np.pi)
        leak = self.modes * self.gamma_dec * (n_A + n_B)
        channels = np.stack([leak + self.tilde_gamma_11 * m, leak + self.tilde_gamma_12 * m])
        return temporal_modes * mode_entropy(channels / temporal_modes).sum(axis=0)


def _mean_stays(rates: Array, leaks: Array) -> Array:
    """Return how long a quantum that starts in j spends in i before it leaves, (k, k).

    The inverse of the matrix of all exits minus the rates from j to i (the diagonal of `rates` is
    not used), subsystem by subsystem: the quanta of the last one go on to where it sends them.
    Nothing is subtracted, so that leaks far smaller than the rates keep their digits.
    """
    into, out = rates[:-1, -1], rates[-1, :-1]
    exits = leaks[-1] + into.sum()
    if not into.size:
        return np.array([[1 / exits]])
    onward = into / exits
    others = _mean_stays(
        rates[:-1, :-1] + np.outer(onward, out), leaks[:-1] + leaks[-1] / exits * out
    )
    here = np.append(out @ others, 1 + out @ others @ onward) / exits
    return np.vstack([np.column_stack([others, others @ onward]), here])
