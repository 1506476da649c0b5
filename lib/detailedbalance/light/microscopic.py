"""Rates of the chiral waveguide from its couplings, [B] (36)-(70), and what rates imply back.

Energies are angular frequencies in 1/µs (ħ = 1), densities of states are modes per 1/µs.

Golden rule, first order: 2π|V|²ρ.  Second order: V is replaced by the sum over the intermediate
continuum, Σ_k V_fk V_ki/(E - E_k + iη) = -iπρ V_f V_i.  If both couplings carry the phases e^{ikx}
of their places, that sum is -2πiρ V_f V_i downstream and zero upstream, so second-order rates
through a channel are four times as large, and [B]'s restriction to the channel that leads from
source to target follows instead of being put in by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill

import numpy as np

from .. import checks
from .loop import ClosedLoop
from .waveguide import OpenWaveguide

MUCH = 10.0
"""What "much larger" means in a report: by this factor or more.

In a sharp band of ten linewidths an excitation decays exponentially within 0.14, and within 0.02
from one lifetime on.
"""

SAME = 1e-9
"""Relative difference below which two numbers of a report are the same."""

WIDTH = 78
"""Columns of a printed report."""

DERIVED = (
    *("modes", "waveguide_modes", "x", "y_1", "y_2"),
    *("gamma_0", "gamma_3", "tilde_gamma_1", "tilde_gamma_2"),
)
"""What follows from couplings; if these are finite, so are the rates of first order."""

INDENT = " " * 4
"""What stands before a sentence of a printed report."""


@dataclass(frozen=True, kw_only=True)
class MicroscopicCoupling:
    """Couplings and densities of states of the chiral waveguide, and the rates that follow.

    [B] (8)-(12) with constants in the band, ħ = 1.

    Parameters
    ----------
    h : float
        Coupling of a cavity's mode to a mode of channel 1 or 2, in 1/µs.
    g_1, g_2 : float
        Coupling of a two-level system to a mode of channel 1, of channel 2, in 1/µs.
    rho, rho_wg : float
        Modes per angular frequency of one cavity and of one channel, in µs.
    bandwidth : float
        Δ, the width of the band in which all this is constant, an angular frequency in 1/µs.
    two_level_systems : int
        M.
    propagation_phases : bool
        Whether couplings carry the phases e^{ikx} of their places.  They are missing in [B] (11)
        and (12), which makes γ_0 and γ̃_r a quarter of what Fig. 1 means.

    Raises
    ------
    ValueError
        If a density or the bandwidth is not positive, a coupling is negative, or a rate that
        follows overflows.
    TypeError
        If a parameter is not a number, `two_level_systems` not whole, or `propagation_phases` not
        a bool.

    Examples
    --------
    >>> coupling = MicroscopicCoupling(h=0.01, g_1=0.02, g_2=0.0, rho=5.0, rho_wg=5.0, bandwidth=20)
    >>> round(coupling.gamma_dec, 6), round(coupling.tilde_gamma_11, 6)
    (0.003142, 0.012566)
    >>> bool(np.isclose(coupling.gamma_0 / coupling.gamma_dec, coupling.x))  # [B] (57)
    True
    """

    h: float
    g_1: float
    g_2: float
    rho: float
    rho_wg: float
    bandwidth: float
    two_level_systems: int = 100
    propagation_phases: bool = False

    def __post_init__(self) -> None:
        """Check all fields."""
        for name in ("h", "g_1", "g_2"):
            object.__setattr__(self, name, _coupling(getattr(self, name), name))
        for name in ("rho", "rho_wg", "bandwidth"):
            object.__setattr__(self, name, checks.positive_scalar(getattr(self, name), name))
        count = checks.whole_number(self.two_level_systems, "two_level_systems", 1)
        object.__setattr__(self, "two_level_systems", count)
        checks.instance(self.propagation_phases, "propagation_phases", bool)
        for name in DERIVED:
            if not np.isfinite(getattr(self, name)):
                raise ValueError(
                    f"`{name}`, which follows from the couplings and densities, must be finite, "
                    f"got {getattr(self, name)}; choose a unit of time in which they are smaller"
                )

    @property
    def modes(self) -> float:
        """𝒩 = ρΔ, the modes of one cavity in the band, [B] (70)."""
        return self.rho * self.bandwidth

    @property
    def waveguide_modes(self) -> float:
        """𝒩' = ρ_wg Δ, the modes of one channel in the band, [B] (86)."""
        return self.rho_wg * self.bandwidth

    @property
    def x(self) -> float:
        """Strength x = π²h²ρρ_wg of the junction of a cavity with a channel, [B] (57).

        A cavity's mode meets the junction 1/(2πρ) times a µs, and 4x is the probability, to first
        order, that it emits; exactly 4x/(1 + x)², or 4x/(1 + 2x)² into each of two channels.
        """
        return np.pi**2 * self.h**2 * self.rho * self.rho_wg

    @property
    def y_1(self) -> float:
        """The same of one two-level system of the band with channel 1, y_1 = π²g_1²ρ_wg/Δ."""
        return np.pi**2 * self.g_1**2 * self.rho_wg / self.bandwidth

    @property
    def y_2(self) -> float:
        """The same of one two-level system of the band with channel 2, y_2 = π²g_2²ρ_wg/Δ."""
        return np.pi**2 * self.g_2**2 * self.rho_wg / self.bandwidth

    @property
    def gamma_dec(self) -> float:
        """γ_dec = 2πh²ρ_wg, a cavity's mode into one channel, [B] (40)."""
        return 2 * np.pi * self.h**2 * self.rho_wg

    @property
    def gamma_dec_prime(self) -> float:
        """γ'_dec = 2πh²ρ, a channel's mode into one cavity, [B] (83)."""
        return 2 * np.pi * self.h**2 * self.rho

    @property
    def tilde_gamma_11(self) -> float:
        """γ̃_11 = 2πg_1²ρ_wg, a two-level system into channel 1, [B] (42)."""
        return 2 * np.pi * self.g_1**2 * self.rho_wg

    @property
    def tilde_gamma_12(self) -> float:
        """γ̃_12 = 2πg_2²ρ_wg, a two-level system into channel 2, [B] (42)."""
        return 2 * np.pi * self.g_2**2 * self.rho_wg

    @property
    def gamma_0(self) -> float:
        """γ_0 = 2π³h⁴ρ_wg²ρ, from cavity to cavity, [B] (56); with phases 4 times that."""
        return self._channel_factor * self.x * self.gamma_dec

    @property
    def tilde_gamma_1(self) -> float:
        """γ̃_1 = 2π³h²g_1²ρ_wg²ρ, through channel 1, [B] (68); with phases 4 times that."""
        return self._channel_factor * self.x * self.tilde_gamma_11

    @property
    def tilde_gamma_2(self) -> float:
        """γ̃_2 = 2π³h²g_2²ρ_wg²ρ, through channel 2, [B] (68); with phases 4 times that."""
        return self._channel_factor * self.x * self.tilde_gamma_12

    @property
    def gamma_3(self) -> float:
        """γ_3 = 2π³h⁴ρ²ρ_wg, from channel to channel through a cavity, [B] (89).

        The same with propagation phases: a photon enters and leaves the cavity at one place.
        """
        return self.x * self.gamma_dec_prime

    @property
    def _channel_factor(self) -> int:
        return 4 if self.propagation_phases else 1

    def open_waveguide(self, beta: float = 1.0) -> OpenWaveguide:
        """Return the open system, [B] (17)-(19), with these rates."""
        return OpenWaveguide(**self._rates("gamma_dec", "gamma_0"), beta=beta)

    def closed_loop(self, beta: float = 1.0) -> ClosedLoop:
        """Return the closed system, [B] (90)-(94), with these rates."""
        names = ("waveguide_modes", "gamma_dec", "gamma_0", "gamma_3")
        return ClosedLoop(**self._rates(*names), beta=beta)

    def _rates(self, *names: str) -> dict[str, float]:
        tilde = (f"tilde_gamma_{suffix}" for suffix in ("1", "2", "11", "12"))
        shared = ("two_level_systems", "modes", *tilde)
        return {name: getattr(self, name) for name in (*shared, *names)}


def implied_couplings(
    model: OpenWaveguide | ClosedLoop, propagation_phases: bool = False
) -> MicroscopicCoupling:
    """Return the couplings that a model's rates imply by the formulae of `MicroscopicCoupling`.

    γ_0/γ_dec gives x, γ_dec and x give ρ = 2x/(πγ_dec), 𝒩 gives Δ = 𝒩/ρ, and γ̃_1r gives g_r.
    γ̃_1, γ̃_2 and γ_3 are not used: whether they agree is a matter for `consistency_report`.
    The rates of the open system depend on h²ρ_wg and g_r²ρ_wg only; ρ_wg = ρ is assumed there,
    and ρ_wg = ρ 𝒩'/𝒩 in the closed one.

    Parameters
    ----------
    model : OpenWaveguide or ClosedLoop
    propagation_phases : bool
        As in `MicroscopicCoupling`.

    Raises
    ------
    TypeError
        If the model is neither an open waveguide nor a closed loop.
    ValueError
        If γ_dec or γ_0 is zero: then nothing follows for ρ and Δ.

    Examples
    --------
    >>> coupling = implied_couplings(OpenWaveguide())  # the numbers of [B]'s Fig. 2
    >>> round(coupling.x, 6), round(coupling.rho, 3), round(coupling.bandwidth, 4)
    (1.0, 63.662, 1.5708)
    """
    _require_waveguide(model)
    checks.instance(propagation_phases, "propagation_phases", bool)
    for name in ("gamma_dec", "gamma_0"):
        if getattr(model, name) == 0:
            raise ValueError(
                f"`{name}` must be positive, got 0: ρ and Δ follow from γ_0/γ_dec = x (4x with "
                "propagation phases) and γ_dec = 2x/(πρ), so without both rates nothing follows"
            )
    x = model.gamma_0 / model.gamma_dec / (4 if propagation_phases else 1)
    rho = 2 * x / (np.pi * model.gamma_dec)
    rho_wg = rho * (getattr(model, "waveguide_modes", model.modes) / model.modes)
    return MicroscopicCoupling(
        h=(model.gamma_dec / (2 * np.pi * rho_wg)) ** 0.5,
        g_1=(model.tilde_gamma_11 / (2 * np.pi * rho_wg)) ** 0.5,
        g_2=(model.tilde_gamma_12 / (2 * np.pi * rho_wg)) ** 0.5,
        rho=rho,
        rho_wg=rho_wg,
        bandwidth=model.modes / rho,
        two_level_systems=model.two_level_systems,
        propagation_phases=propagation_phases,
    )


@dataclass(frozen=True)
class ConsistencyEntry:
    """One line of a `ConsistencyReport`: a number, what it is held against, and a sentence.

    Parameters
    ----------
    claim : str
        What the entry speaks to; entries with one claim stand together.
    name : str
    value : float
    relation : str
        "≤", "≥" or "=".
    limit : float
    words : str
        One sentence.
    """

    claim: str
    name: str
    value: float
    relation: str
    limit: float
    words: str

    @property
    def holds(self) -> bool:
        """Whether value and limit stand in the relation, up to rounding."""
        slack = SAME * abs(self.limit)
        below, above = self.value <= self.limit + slack, self.value >= self.limit - slack
        return {"≤": below, "≥": above, "=": below and above}[self.relation]

    def __str__(self) -> str:
        """Return the entry as printed."""
        verdict = "holds" if self.holds else "does not hold"
        numbers = f"{_number(self.value)} {self.relation} {_number(self.limit)}"
        # No line breaks at the equals sign of a formula.
        words = self.words.replace(" = ", "\u00a0=\u00a0")
        words = fill(words, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
        return f"  {self.name}: {numbers} {verdict}\n" + words.replace("\u00a0", " ")


@dataclass(frozen=True)
class ConsistencyReport:
    """What a model's rates say about themselves; made by `consistency_report`.

    Parameters
    ----------
    coupling : MicroscopicCoupling
        What the rates imply.
    entries : tuple of ConsistencyEntry
        Each is also found by its name, as in `report["A to TLS through channel 1"]`.
    """

    coupling: MicroscopicCoupling
    entries: tuple[ConsistencyEntry, ...]

    @property
    def holds(self) -> bool:
        """Whether all entries hold."""
        return all(entry.holds for entry in self.entries)

    def __getitem__(self, name: str) -> ConsistencyEntry:
        """Return the entry of this name."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        names = ", ".join(repr(entry.name) for entry in self.entries)
        raise KeyError(f"no entry {name!r}; there are {names}")

    def __str__(self) -> str:
        """Return the report as printed."""
        coupling = self.coupling
        phases = "with" if coupling.propagation_phases else "without"
        lines = [
            f"Implied, {phases} propagation phases: x = {_number(coupling.x)}, "
            f"ρ = {_number(coupling.rho)} µs, Δ = {_number(coupling.bandwidth)} /µs."
        ]
        claim = None
        for entry in self.entries:
            if entry.claim != claim:
                claim = entry.claim
                lines += ["", claim]
            lines.append(str(entry))
        return "\n".join(lines)


def consistency_report(
    subject: OpenWaveguide | ClosedLoop | MicroscopicCoupling,
    propagation_phases: bool | None = None,
) -> ConsistencyReport:
    """Return whether rates agree with the derivation that they come from.

    Four claims, each held against numbers and their limits:

    - The band is wide enough.  The golden rule needs Δ ≫ γ̃_11 + γ̃_12, [B]'s own condition, and
      Δ ≫ any rate of change (here the fastest, at equal temperatures).
    - The coupling is weak.  x and y = π²g_r²ρ_wg(M - m)/Δ small; the first-order probabilities 4x
      (a mode emits when it meets the waveguide) and 4y (a passing photon is absorbed) at most one.
    - No part exceeds the whole.  What reaches a target through a channel has been emitted into
      it, so its rate is at most the first-order rate of emission.  To lowest order the ratios are
      4y (two-level systems) and 4x (a cavity) with phases, y and x without.  A bound for photons
      that travel from source to target.  Stimulated emission by the target is left out.
    - The numbers fit together.  γ̃_r/γ̃_1r = γ_0/γ_dec, and γ_3 = xγ'_dec.

    Parameters
    ----------
    subject : OpenWaveguide, ClosedLoop or MicroscopicCoupling
        A coupling is judged by the open system that it makes at βħΩ = 1.
    propagation_phases : bool
        For a model: as in `MicroscopicCoupling`, and False by default.  A coupling has its own.

    Raises
    ------
    TypeError, ValueError
        As `implied_couplings`; ValueError also for a coupling with other `propagation_phases`.

    Examples
    --------
    >>> report = consistency_report(OpenWaveguide())
    >>> print(report["A to TLS through channel 1"])
      A to TLS through channel 1: 731 ≤ 1 does not hold
        The TLS take 731 times what A emits into channel 1 to first order, and all
        of it has to come through there.
    """
    model, coupling = _rates_and_couplings(subject, propagation_phases)
    ground = model.two_level_systems - float(model.initial_state[model.variables.index("m")])
    entries = [
        *_band(model, coupling),
        *_weakness(coupling, ground),
        *_parts(model, ground),
        *_agreement(model, coupling),
    ]
    return ConsistencyReport(coupling, tuple(entries))


def _rates_and_couplings(
    subject: OpenWaveguide | ClosedLoop | MicroscopicCoupling, propagation_phases: bool | None
) -> tuple[OpenWaveguide | ClosedLoop, MicroscopicCoupling]:
    if not isinstance(subject, MicroscopicCoupling):
        phases = False if propagation_phases is None else propagation_phases
        return subject, implied_couplings(subject, phases)
    if propagation_phases not in (None, subject.propagation_phases):
        raise ValueError(
            f"a coupling has its own `propagation_phases`, {subject.propagation_phases}, got "
            f"{propagation_phases}; leave the argument out"
        )
    model = subject.open_waveguide()
    # For its errors: without these rates there is nothing to report.
    implied_couplings(model, subject.propagation_phases)
    return model, subject


def _band(
    model: OpenWaveguide | ClosedLoop, coupling: MicroscopicCoupling
) -> Iterator[ConsistencyEntry]:
    claim, band = "The band is wide enough", coupling.bandwidth
    line = model.tilde_gamma_11 + model.tilde_gamma_12
    changes = np.linalg.eigvals(model.linearization(model.initial_state))
    fastest = float(np.abs(changes).max())
    words = (
        f"[B] asks for a band much wider than the line γ̃_11 + γ̃_12 = {_number(line)} /µs, and "
        f"{MUCH:g} times counts as much here."
    )
    yield ConsistencyEntry(claim, "Δ against the natural linewidth", band, "≥", MUCH * line, words)
    words = (
        "An event takes a time of about 1/Δ, in which little may change: at the start the fastest "
        f"rate of change is {_number(fastest)} /µs."
    )
    yield ConsistencyEntry(claim, "Δ against the fastest change", band, "≥", MUCH * fastest, words)


def _weakness(coupling: MicroscopicCoupling, ground: float) -> Iterator[ConsistencyEntry]:
    claim, x = "The coupling is weak", coupling.x
    words = "Perturbation theory expands in x = π²h²ρρ_wg."
    yield ConsistencyEntry(claim, "x of the cavities", x, "≤", 1 / MUCH, words)
    attempts, alone = 1 / (2 * np.pi * coupling.rho), 4 * x / (1 + x) ** 2
    words = (
        f"A mode meets the waveguide 1/2πρ = {_number(attempts)} times a µs, and to first order 4x "
        "is the probability that it then emits into a channel; exactly it is 4x/(1+x)² = "
        f"{_number(alone)} for one channel, and 4x/(1+2x)² = {_number(4 * x / (1 + 2 * x) ** 2)} "
        "into each of two."
    )
    yield ConsistencyEntry(claim, "emission at an attempt", 4 * x, "≤", 1.0, words)
    for r, y in enumerate((ground * coupling.y_1, ground * coupling.y_2), start=1):
        if y == 0:
            continue
        words = f"The same for the TLS: y = π²g_{r}²ρ_wg(M-m)/Δ with {_number(ground)} of them in "
        words += "the ground state."
        yield ConsistencyEntry(claim, f"y of the TLS, channel {r}", y, "≤", 1 / MUCH, words)
        words = "To first order 4y is the probability that the TLS absorb a photon of the band "
        words += f"that passes them in channel {r}."
        yield ConsistencyEntry(claim, f"absorption, channel {r}", 4 * y, "≤", 1.0, words)


def _parts(model: OpenWaveguide | ClosedLoop, ground: float) -> Iterator[ConsistencyEntry]:
    claim = "No part exceeds the whole"
    ways = [
        ("1", "A", "B", model.tilde_gamma_1, model.tilde_gamma_11),
        ("2", "B", "A", model.tilde_gamma_2, model.tilde_gamma_12),
    ]
    for r, source, target, second, first in ways:
        if second == 0:
            continue
        taken = second * ground / (model.modes * model.gamma_dec)
        words = (
            f"The TLS take {_number(taken)} times what {source} emits into channel {r} to first "
            "order, and all of it has to come through there."
        )
        yield ConsistencyEntry(
            claim, f"{source} to TLS through channel {r}", taken, "≤", 1.0, words
        )
        caught = second / first if first > 0 else np.inf
        words = (
            f"{target} catches {_number(caught)} times what the TLS emit into channel {r}, before "
            f"stimulated emission multiplies it by n_{target} + 1."
        )
        yield ConsistencyEntry(
            claim, f"TLS to {target} through channel {r}", caught, "≤", 1.0, words
        )
    share = model.gamma_0 / model.gamma_dec
    words = (
        f"B catches {_number(share)} times what A emits into channel 1, before stimulated emission "
        "multiplies it by n_B + 1; likewise A what B emits into channel 2."
    )
    yield ConsistencyEntry(claim, "A to B through channel 1", share, "≤", 1.0, words)


def _agreement(
    model: OpenWaveguide | ClosedLoop, coupling: MicroscopicCoupling
) -> Iterator[ConsistencyEntry]:
    claim = "The numbers fit together"
    for r in "12":
        name = f"tilde_gamma_{r}"
        printed, implied = getattr(model, name), getattr(coupling, name)
        words = (
            f"The couplings that follow from γ_dec, γ_0, γ̃_1{r} and 𝒩 give "
            f"γ̃_{r}/γ̃_1{r} = γ_0/γ_dec."
        )
        yield ConsistencyEntry(claim, f"γ̃_{r} from the couplings", printed, "=", implied, words)
    if isinstance(model, ClosedLoop):
        fraction = "𝒩/(4𝒩')" if coupling.propagation_phases else "𝒩/𝒩'"
        words = f"The same couplings and 𝒩' give γ_3/γ_0 = {fraction}."
        implied = coupling.gamma_3
        yield ConsistencyEntry(claim, "γ_3 from the couplings", model.gamma_3, "=", implied, words)


def _number(value: float) -> str:
    """Return three digits, and whole numbers up to a million without an exponent."""
    return f"{value:.0f}" if 1e3 <= value < 1e6 else f"{value:.3g}"


def _coupling(value: float, name: str) -> float:
    coupling = checks.scalar(value, name)
    if coupling < 0:
        raise ValueError(
            f"`{name}` is the size of a coupling in 1/µs and must not be negative, got {coupling}"
        )
    return coupling


def _require_waveguide(model: object) -> None:
    if not isinstance(model, OpenWaveguide | ClosedLoop):
        raise TypeError(
            f"`model` must be an OpenWaveguide or a ClosedLoop, got {type(model).__name__}; other "
            "models have no cavities A and B on a waveguide"
        )
