"""The chiral waveguide with every term of the order that is kept, open and closed.

What a channel holds is followed from element to element, as a mean occupation of its temporal
modes, of which Δ/2π pass in a µs.  With W = 1 - R - C of what passes a cavity staying in its
channel:

- behind A, channel 1 holds f = W n_1 + R n_A + C b';
- the two-level systems take e_1 = a_1 [(M - m) f - m (f + 1)], and leave f' = f - e_1;
- B takes R (f' - n_B), and W f' + R n_B + C n_2 leaves;

and likewise with f, f', a_1 → b, b', a_2 from B to A in channel 2.  R is the part of the passing
light that a cavity captures, a_r the part that one two-level system in its ground state absorbs, C
the part that a cavity turns round into the other channel.

Each step turns equal occupations into equal ones and loses nothing: so equal temperatures are
stationary and quanta are conserved, whatever the chirality.  Detailed balance is broken all the
same: quanta go from A to the two-level systems and from these to B, and not back.
"""

from dataclasses import InitVar, dataclass
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from .loop import ClosedLoop
from .rate_model import RateModel
from .thermal import mode_entropy
from .waveguide import OpenWaveguide

Array = NDArray[np.float64]

EXCESS = 1e-12
"""By how much a probability may exceed one before it is refused; for rounding."""

PLACES = ClosedLoop.subsystems
"""Rows and columns of the table of flows; in the open waveguide the channels stand for outside."""


@dataclass(frozen=True, kw_only=True)
class _Completed(RateModel):
    """What the open and the closed model share."""

    two_level_systems: int = 100
    modes: float = 100.0
    bandwidth: float = 100.0
    capture: float = 0.3
    absorption_1: float = 0.01
    absorption_2: float = 0.0
    crossing: float = 0.0
    allow_unphysical: InitVar[bool] = False

    def __post_init__(self, allow_unphysical: bool) -> None:
        """Check what is not a rate; the rest as in any model."""
        checks.instance(allow_unphysical, "allow_unphysical", bool)
        checks.positive_scalar(self.bandwidth, "bandwidth")
        for name in ("capture", "absorption_1", "absorption_2", "crossing"):
            _require_probability(checks.scalar(getattr(self, name), name), f"`{name}`")
        _require_probability(self.capture + self.crossing, "`capture` + `crossing`")
        super().__post_init__()
        if not allow_unphysical:
            _require_weak(self.absorption_1, "absorption_1", self.two_level_systems)
            _require_weak(self.absorption_2, "absorption_2", self.two_level_systems)
        self._require_no_laser()

    def _require_no_laser(self) -> None:
        most_1, most_2 = (1 + self.two_level_systems * a for a in self._absorptions)
        gain = self.crossing**2 * most_1 * most_2
        if gain >= 1:
            raise ValueError(
                f"`crossing` = {self.crossing:g} turns so much light round that between the "
                f"cavities excited systems start a laser, with the gain {gain:g} in a round: then "
                "no occupations follow from what enters; lower it"
            )

    @property
    def temporal_modes(self) -> float:
        """Δ/2π, the modes of one channel that pass in a µs."""
        return self.bandwidth / (2 * np.pi)

    def _chain(self, n_A: Array, n_B: Array, n_1: Array, n_2: Array, m: Array) -> tuple[Array, ...]:
        """Return f, b behind the cavities and f', b' behind the two-level systems."""
        stay = 1 - self.capture - self.crossing
        enters_1 = stay * n_1 + self.capture * n_A
        enters_2 = stay * n_2 + self.capture * n_B
        # The two-level systems turn f into gain f + given.
        gain_1, gain_2 = (1 - a * (self.two_level_systems - 2 * m) for a in self._absorptions)
        given_1, given_2 = (a * m for a in self._absorptions)
        turned = enters_1 + self.crossing * (
            given_2 + gain_2 * (enters_2 + self.crossing * given_1)
        )
        f = turned / (1 - self.crossing**2 * gain_1 * gain_2)
        b = enters_2 + self.crossing * (given_1 + gain_1 * f)
        return f, b, gain_1 * f + given_1, gain_2 * b + given_2

    @property
    def _absorptions(self) -> tuple[float, float]:
        return self.absorption_1, self.absorption_2

    def _flows(self, n_A: Array, n_B: Array, n_1: Array, n_2: Array, m: Array) -> Array:
        """Return the quanta a µs that go from each place to each, (5, 5, ...).

        Rows are sources, in the order of `PLACES`, and each quantum is followed from its source to
        where it is captured or absorbed, or to the end of its channel.
        """
        R, C = self.capture, self.crossing
        stay, ground = 1 - R - C, self.two_level_systems - m
        f, b, _, _ = self._chain(n_A, n_B, n_1, n_2, m)
        A, B, one, two, tls = (
            np.multiply.outer(unit, np.ones_like(m)) for unit in np.eye(len(PLACES))
        )
        taken_1, taken_2 = (a * ground for a in self._absorptions)
        pass_1, pass_2 = 1 - taken_1, 1 - taken_2
        # Where a quantum ends that is behind A in channel 1, and so on round the chain.
        at_A, at_B = R * A + stay * two, R * B + stay * one
        behind_A = taken_1 * tls + pass_1 * (at_B + C * (taken_2 * tls + pass_2 * at_A))
        behind_A = behind_A / (1 - C**2 * pass_1 * pass_2)
        before_A = at_A + C * behind_A
        behind_B = taken_2 * tls + pass_2 * before_A
        before_B = at_B + C * behind_B
        emitted = (
            self.absorption_1 * m * (f + 1) * before_B + self.absorption_2 * m * (b + 1) * before_A
        )
        sources = [
            R * n_A * (behind_A + two),
            R * n_B * (behind_B + one),
            n_1 * (R * A + C * two + stay * behind_A),
            n_2 * (R * B + C * one + stay * behind_B),
            emitted,
        ]
        return self.temporal_modes * np.array(sources)


@dataclass(frozen=True, kw_only=True)
class CompletedLoop(_Completed):
    """The closed loop with every term of the order that is kept.

    𝒩 dn_A/dt = (Δ/2π) R (n_1 + b' - 2n_A),    𝒩' dn_1/dt = (Δ/2π) (W f' + R n_B + C n_2 - n_1),
    𝒩 dn_B/dt = (Δ/2π) R (n_2 + f' - 2n_B),    𝒩' dn_2/dt = (Δ/2π) (W b' + R n_A + C n_1 - n_2),
    dm/dt = (Δ/2π)(e_1 + e_2), with W = 1 - R - C and, along the two channels,
    f = W n_1 + R n_A + C b',  e_1 = a_1 [(M - m) f - m (f + 1)],  f' = f - e_1,
    b = W n_2 + R n_B + C f',  e_2 = a_2 [(M - m) b - m (b + 1)],  b' = b - e_2.

    Parameters
    ----------
    two_level_systems : int
        M; 100 by default.
    modes, waveguide_modes : float
        𝒩 and 𝒩', modes of each cavity and of each channel; 100 by default.
    bandwidth : float
        Δ, an angular frequency in 1/µs: Δ/2π modes of a channel pass in a µs; 100 by default.
    capture : float
        R: of what passes a cavity this part is captured, and of what comes round in the cavity it
        is emitted, into each channel; 0.3 by default.  A cavity that meets both channels in one
        place has R = 4x/(1 + 2x)² ≤ 1/2.
    absorption_1, absorption_2 : float
        a_1, a_2: a system in its ground state absorbs this part of what passes in channel 1 or 2;
        1/M and 0 by default.
    crossing : float
        C: a cavity turns this part of what passes round, into the other channel; 0 by default.
        4x²/(1 + 2x)² for a cavity that meets both channels in one place.
    allow_unphysical : bool
        Whether a_r M may exceed one.
    beta : float
        ħΩ/kT of `initial_state`; 1 by default.

    Raises
    ------
    ValueError
        If a part is negative or more than one, if a_r M > 1, or as in `ClosedLoop`.
    TypeError
        As in `ClosedLoop`.

    Notes
    -----
    A model of occupations, not the dynamics of M atoms: light forgets its phase, and each element
    meets what comes as if it were thermal.  For one passage of one photon, with all systems in the
    ground state, it is exact: its flows are the probabilities of the `Chain` averaged over the
    phases of round trips (with systems that see one channel), and those of one channel without any
    average.

    The sum of entropies, [B] (99), never decreases: temporal modes and a cavity are mixed by doubly
    stochastic matrices, and the two-level systems bring f nearer to n* = m/(M - 2m), as long as
    a_r (M - 2m) ≤ 1.  That is so in all states if a_r M ≤ 1, and a_r M is the probability that a
    passing photon is absorbed if all systems are in the ground state.

    Examples
    --------
    >>> loop = CompletedLoop()
    >>> bool(abs(loop.equilibrium_defect().derivative).max() < 1e-12), loop.is_balanced
    (True, False)
    >>> printed = loop.printed_rates()
    >>> bool(abs(printed.equilibrium_defect().derivative).max() < 1e-12)
    False
    """

    subsystems: ClassVar = ClosedLoop.subsystems
    variables: ClassVar = ClosedLoop.variables
    processes: ClassVar = ClosedLoop.processes

    waveguide_modes: float = 100.0

    sizes = ClosedLoop.sizes

    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r) from (..., k)."""
        flows = self._flows(*np.asarray(state).T)
        return _in_order(flows, [(p.source, p.target) for p in self.processes])

    def printed_rates(self, propagation_phases: bool = False) -> ClosedLoop:
        """Return [B]'s model with the same R and a_r, to the order that it keeps.

        γ_dec = RΔ/2π𝒩, γ̃_1r = a_rΔ/2π, γ_0 = Rγ_dec/4, γ̃_r = R a_rΔ/8π and γ_3 = Rγ'_dec/4, since
        R = 4x and a_r (M - m) = 4y_r to first order.

        Parameters
        ----------
        propagation_phases : bool
            Whether γ_0 and γ̃_r are four times that, as they are with the phases e^{ikx}.
        """
        cavities = self.capture * self.temporal_modes / self.waveguide_modes
        return ClosedLoop(
            **_printed(self, propagation_phases),
            waveguide_modes=self.waveguide_modes,
            gamma_3=self.capture * cavities / 4,
        )


@dataclass(frozen=True, kw_only=True)
class CompletedWaveguide(_Completed):
    """The open waveguide with every term of the order that is kept.

    `CompletedLoop` with empty channels, n_1 = n_2 = 0, and what goes into them leaves.

    Parameters
    ----------
    two_level_systems, modes, bandwidth, capture, absorption_1, absorption_2, crossing, \
allow_unphysical, beta
        As in `CompletedLoop`.

    Raises
    ------
    ValueError, TypeError
        As in `CompletedLoop`.

    Examples
    --------
    B keeps more than A, but never has more than it had:

    >>> run = CompletedWaveguide().solve([0, 10, 100])
    >>> run.temperature_A.round(3), run.temperature_B.round(3)
    (array([1.   , 0.634, 0.121]), array([1.   , 0.665, 0.125]))
    """

    subsystems: ClassVar = OpenWaveguide.subsystems
    variables: ClassVar = OpenWaveguide.variables
    processes: ClassVar = OpenWaveguide.processes

    sizes = OpenWaveguide.sizes

    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r) from (..., k)."""
        n_A, n_B, m = np.asarray(state).T
        empty = np.zeros_like(m)
        flows = self._flows(n_A, n_B, empty, empty, m)
        ends = product(("A", "B", "TLS"), ("1", "2"))
        return _in_order(flows, [*ends, *((p.source, p.target) for p in self.processes[6:])])

    def outgoing(self, state: ArrayLike) -> Array:
        """Return the occupation of the light that leaves through the channels, (..., 2).

        Parameters
        ----------
        state : array_like (..., k)

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> model = CompletedWaveguide(absorption_1=0.0, capture=0.5)
        >>> model.outgoing([1, 1, 0])
        array([0.75, 0.75])
        """
        n_A, n_B, m = np.moveaxis(self.checked_state(state), -1, 0)
        _, _, passed_1, passed_2 = self._chain(n_A, n_B, np.zeros_like(m), np.zeros_like(m), m)
        stay = 1 - self.capture - self.crossing
        return np.stack(
            [stay * passed_1 + self.capture * n_B, stay * passed_2 + self.capture * n_A], axis=-1
        )

    def emitted_entropy(self, state: ArrayLike) -> Array:
        """Return the most entropy that the leaving light can carry, (Δ/2π) Σ s(n_out), in k a µs.

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (...)

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        System and light together never lose entropy:

        >>> model = CompletedWaveguide()
        >>> state = model.initial_state
        >>> float(model.entropy_change(state) + model.emitted_entropy(state)) > 0
        True
        """
        return self.temporal_modes * mode_entropy(self.outgoing(state)).sum(axis=-1)

    def printed_rates(self, propagation_phases: bool = False) -> OpenWaveguide:
        """Return [B]'s model with the same R and a_r, to the order that it keeps.

        γ_dec = RΔ/2π𝒩, γ̃_1r = a_rΔ/2π, γ_0 = Rγ_dec/4 and γ̃_r = R a_rΔ/8π, since R = 4x and
        a_r (M - m) = 4y_r to first order.

        Parameters
        ----------
        propagation_phases : bool
            Whether γ_0 and γ̃_r are four times that, as they are with the phases e^{ikx}.
        """
        return OpenWaveguide(**_printed(self, propagation_phases))


def _in_order(flows: Array, pairs: list[tuple[str, str]]) -> Array:
    """Return the flows (..., r) from place to place for these pairs."""
    return np.array(
        [flows[PLACES.index(source), PLACES.index(target)] for source, target in pairs]
    ).T


def _printed(model: _Completed, propagation_phases: bool) -> dict[str, float]:
    checks.instance(propagation_phases, "propagation_phases", bool)
    second = model.capture * (1.0 if propagation_phases else 0.25)
    gamma_dec = model.capture * model.temporal_modes / model.modes
    tilde_1, tilde_2 = (a * model.temporal_modes for a in (model.absorption_1, model.absorption_2))
    return {
        "two_level_systems": model.two_level_systems,
        "modes": model.modes,
        "gamma_dec": gamma_dec,
        "gamma_0": second * gamma_dec,
        "tilde_gamma_1": second * tilde_1,
        "tilde_gamma_2": second * tilde_2,
        "tilde_gamma_11": tilde_1,
        "tilde_gamma_12": tilde_2,
        "beta": model.beta,
    }


def _require_probability(value: float, name: str) -> None:
    if not 0 <= value <= 1 + EXCESS:
        raise ValueError(f"{name} is a part of the passing light, from 0 to 1, got {value}")


def _require_weak(absorption: float, name: str, two_level_systems: int) -> None:
    if absorption * two_level_systems > 1 + EXCESS:
        raise ValueError(
            f"`{name}` times the number of two-level systems is the probability that they absorb a "
            f"passing photon if all are in the ground state, so it must be at most 1, got "
            f"{absorption} · {two_level_systems} = {absorption * two_level_systems:g}: beyond it "
            f"occupations can become negative and entropy can decrease; lower it to "
            f"{1 / two_level_systems:g}, or pass allow_unphysical=True to see that"
        )
