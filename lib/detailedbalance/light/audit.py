"""An audit of rate equations: what they conserve, what they leave at rest, and who knows whom.

Five questions that any equations for mean occupations can be asked:

- Columns: are quanta conserved?
- Rows: do equal temperatures stay equal, but for what leaves?  If not, which exchange changes them?
- Detailed balance: does each pair of subsystems exchange as much each way?  It need not.
- Causality: does a subsystem's rate of change depend on one from which no light comes to it?
- Entropy production: is σ negative somewhere?  If the rows are broken it is, as near to equal
  temperatures as one likes, since to first order in δβ_j σ is the sum of δβ_j times what j gains.

Physics asks for columns and causality always, for rows and entropy production in a closed system,
for detailed balance never.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from textwrap import fill
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from .completed import CompletedLoop, CompletedWaveguide
from .loop import ClosedLoop
from .rate_model import OUTSIDE, TWO_LEVEL, Process, RateModel
from .thermal import (
    bose_occupation,
    excited_fraction,
    mode_inverse_temperature,
    two_level_inverse_temperature,
)
from .waveguide import OpenWaveguide

Array = NDArray[np.float64]

BETAS = (0.3, 1.0, 3.0)
"""βħΩ of the equal temperatures that are tried."""

SAMPLES = 200
"""Random states that are tried."""

NEARBY = 1e-3
"""Relative distance from equal temperatures of the states near them."""

ROUNDING = 1e-10
"""Below this part of the gross flow a net flow, or a change of one, counts as none."""

WIDTH = 78
"""Columns of a printed report."""


@dataclass(frozen=True, kw_only=True)
class RateEquations:
    """Rate equations that are given as a function, for `audit_rates`.

    Parameters
    ----------
    sizes : mapping of str to float
        Names of the subsystems, and how many modes each has; "TLS" are the two-level systems, with
        their number M.
    derivative : callable
        d(state)/dt, (k,) in 1/µs, from the state (k,): photons per mode of each subsystem, and for
        the two-level systems the number of excited ones, in the order of `sizes`.
    leaving : callable, optional
        The quanta a µs, (k,), that leave each subsystem for the outside; none by default.

    Raises
    ------
    ValueError
        If a size is not positive.
    TypeError
        If M is not whole, or what should be a function is none.

    Examples
    --------
    Einstein's equations with the spontaneous emission forgotten in one of them:

    >>> def forgetful(state):
    ...     n, m = state
    ...     return np.array([m * (n + 1) - (50 - m) * n, (50 - m) * n - m * n])
    >>> equations = RateEquations(sizes={"light": 1, "TLS": 50}, derivative=forgetful)
    >>> audit_rates(equations)["quanta conserved"].holds
    False
    """

    sizes: Mapping[str, float]
    derivative: Callable[[Array], ArrayLike]
    leaving: Callable[[Array], ArrayLike] | None = None

    def __post_init__(self) -> None:
        """Check all fields."""
        object.__setattr__(self, "sizes", MappingProxyType(_checked_sizes(self.sizes)))
        for function in (self.derivative, self.leaving):
            if function is not None and not callable(function):
                raise TypeError(f"rate equations must be a function, got {function!r}")


@dataclass(frozen=True, kw_only=True)
class _OwnModel(RateModel):
    two_level_systems: int

    _sizes: ClassVar[Mapping[str, float]]
    _functions: ClassVar[Mapping[tuple[str, str], Callable[[dict[str, Array]], Array]]]

    @property
    def sizes(self) -> Array:
        """The quanta that one unit of each variable stands for, (k,): mode numbers, 1 for m."""
        return np.array([1.0 if name == TWO_LEVEL else n for name, n in self._sizes.items()])

    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r) from (..., k)."""
        columns = np.moveaxis(np.asarray(state), -1, 0)
        occupations = dict(zip(self.subsystems, columns, strict=True))
        rates = [function(occupations) for function in self._functions.values()]
        # The last only gives the shape, to rates that are constant.
        return np.stack(np.broadcast_arrays(*rates, columns[0]), axis=-1)[..., :-1]


def model_from_processes(
    sizes: Mapping[str, float],
    processes: Mapping[tuple[str, str], Callable[[dict[str, Array]], Array]],
    beta: float = 1.0,
) -> RateModel:
    """Return the rate model of processes that are given as functions.

    Parameters
    ----------
    sizes : mapping of str to float
        Names of the subsystems, and how many modes each has; "TLS" are the two-level systems, with
        their number M.
    processes : mapping
        For each (source, target) the quanta a µs that go this way, as a function of a dictionary of
        occupations: photons per mode by name, and under "TLS" the number of excited ones.  The
        target may be "outside".  Use arithmetic only, so that arrays and complex numbers pass.
    beta : float
        ħΩ/kT of `initial_state`; 1 by default.

    Returns
    -------
    RateModel
        With all that a model can do.

    Raises
    ------
    ValueError
        If a size is not positive, there are no "TLS", or a process names no subsystem.
    TypeError
        If M is not whole.

    Examples
    --------
    >>> model = model_from_processes(
    ...     sizes={"light": 1, "TLS": 50},
    ...     processes={
    ...         ("TLS", "light"): lambda n: n["TLS"] * (n["light"] + 1),
    ...         ("light", "TLS"): lambda n: (50 - n["TLS"]) * n["light"],
    ...     },
    ... )
    >>> print(audit_rates(model))
    Audit of OwnModel
      quanta conserved: holds
        What leaves one subsystem arrives in another or outside.
      equal temperatures stationary: holds
        Nothing changes, at βħΩ = 0.3, 1 or 3.
      detailed balance: holds
        Each two subsystems exchange as much each way.
      entropy production: holds
        σ is not negative in 203 states.
    """
    sizes = _checked_sizes(sizes)
    if TWO_LEVEL not in sizes:
        raise ValueError(f'`sizes` must name the two-level systems "{TWO_LEVEL}", got {[*sizes]}')
    for source, target in processes:
        checks.choice(source, "source", tuple(sizes))
        checks.choice(target, "target", (*sizes, OUTSIDE))
    names = {
        "subsystems": tuple(sizes),
        "variables": tuple("m" if name == TWO_LEVEL else f"n_{name}" for name in sizes),
        "processes": tuple(Process(*pair, f"{pair[0]} to {pair[1]}") for pair in processes),
        "_sizes": sizes,
        "_functions": dict(processes),
    }
    return type("OwnModel", (_OwnModel,), names)(two_level_systems=sizes[TWO_LEVEL], beta=beta)


@dataclass(frozen=True)
class AuditEntry:
    """The answer to one question of an audit.

    Parameters
    ----------
    name : str
    holds : bool
    value : float
        How far off, relative to the gross flow; 0 or rounding if it holds.
    required : bool
        Whether physics asks for it.
    words : str
        What holds, or where it does not.
    """

    name: str
    holds: bool
    value: float
    required: bool
    words: str

    def __str__(self) -> str:
        """Return the entry as printed."""
        verdict = "holds" if self.holds else "does not hold"
        if not self.holds and not self.required:
            verdict += ", as it may be"
        indent = " " * 4
        return f"  {self.name}: {verdict}\n" + fill(
            self.words, WIDTH, initial_indent=indent, subsequent_indent=indent
        )


@dataclass(frozen=True)
class RateAudit:
    """What an audit found; made by `audit_rates`.

    Parameters
    ----------
    subject : str
        What was audited.
    entries : tuple of AuditEntry
        Each is also found by its name, as in `audit["detailed balance"]`.
    gains : mapping
        Quanta a µs that each subsystem gains at equal temperatures βħΩ = 1, without what leaves.
    flows : mapping
        Net quanta a µs between each two subsystems there; empty if only a derivative is known.
    acausal : mapping
        For (upstream, downstream): by how much the upstream rate of change, relative to itself,
        changes with a downstream occupation from which no light comes back.
    """

    subject: str
    entries: tuple[AuditEntry, ...]
    gains: Mapping[str, float]
    flows: Mapping[tuple[str, str], float]
    acausal: Mapping[tuple[str, str], float]

    @property
    def holds(self) -> bool:
        """Whether all entries hold that physics asks for."""
        return all(entry.holds for entry in self.entries if entry.required)

    def __getitem__(self, name: str) -> AuditEntry:
        """Return the entry of this name."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        names = ", ".join(repr(entry.name) for entry in self.entries)
        raise KeyError(f"no entry {name!r}; there are {names}")

    def __str__(self) -> str:
        """Return the report as printed."""
        return "\n".join([f"Audit of {self.subject}", *map(str, self.entries)])


def audit_rates(
    model: RateModel | RateEquations,
    channels: Mapping[str, tuple[str, ...]] | None = None,
    turning: tuple[str, ...] | None = None,
    seed: int = 0,
) -> RateAudit:
    """Return an audit of rate equations.

    Parameters
    ----------
    model : RateModel or RateEquations
        Of the second kind no flows between pairs are known, so detailed balance is left out.
    channels : mapping, optional
        The drawing: for each one-way channel the elements that couple to it, in the order in which
        its light passes them.  That of the waveguide's models is known.  Without a drawing
        causality is left out.
    turning : tuple of str, optional
        Elements that turn light from one channel into another, without absorbing it.
    seed : int
        Of the random states.

    Returns
    -------
    RateAudit

    Raises
    ------
    TypeError
        If the model is neither a RateModel nor RateEquations.
    ValueError
        If the drawing names what the model has not, or equations give a wrong shape or a NaN.

    Notes
    -----
    Causality compares states that differ in one occupation only.  That the mere presence of
    something downstream matters, as in γ_0 n_A, it cannot see.

    In an open system with a cold outside neither broken rows nor σ < 0 is by itself against the
    second law.  Rows would have to count the light that does not come from there, which equations
    for empty channels leave out; and light that leaves can carry more entropy than the heat divided
    by the temperature of its source.  `CompletedWaveguide` has both.

    Examples
    --------
    >>> print(audit_rates(ClosedLoop()))
    Audit of ClosedLoop
      quanta conserved: holds
        What leaves one subsystem arrives in another or outside.
      equal temperatures stationary: does not hold
        At βħΩ = 1: A gains -673 quanta a µs (A to TLS 673); B gains 673 quanta a
        µs (TLS to B 673).
      detailed balance: does not hold, as it may be
        At βħΩ = 1 the net flow is, of the gross flow: A to TLS 100%, TLS to B
        100%.
      causality: does not hold
        A depends on TLS, TLS on B, from where no light comes to them.
      entropy production: does not hold
        σ reaches -1.98e+03 k a µs in 203 states; it is negative near equal
        temperatures already.
    """
    subject = _Subject.of(model)
    random = np.random.default_rng(checks.whole_number(seed, "seed", 0))
    channels, turning = _drawing(model, subject.names, channels, turning)
    states = _random_states(subject, random)
    closed = not any(np.any(subject.leaving(state) > 0) for state in states)
    entries = [_columns(subject, states), _rows(subject, closed)]
    if subject.model is not None:
        entries.append(_balance(subject))
    acausal = dict(_acausal(subject, states, channels, turning))
    if channels:
        entries.append(_causality(acausal))
    entries.append(_production(subject, states, closed))
    thermal = subject.thermal(1.0)
    return RateAudit(
        type(model).__name__,
        tuple(entries),
        dict(zip(subject.names, subject.gain(thermal).tolist(), strict=True)),
        {pair: net for pair, (net, _) in subject.exchanges(thermal).items()},
        acausal,
    )


@dataclass(frozen=True)
class _Subject:
    """What is audited: `change` and `leaving` in quanta a µs, (k,) from a state (k,)."""

    names: tuple[str, ...]
    sizes: Array
    systems: float
    change: Callable[[Array], Array]
    leaving: Callable[[Array], Array]
    model: RateModel | None

    @classmethod
    def of(cls, model: RateModel | RateEquations) -> "_Subject":
        if isinstance(model, RateModel):
            return cls(
                model.subsystems,
                model.sizes,
                model.two_level_systems,
                lambda state: model.fluxes(state) @ model.stoichiometry.T,
                lambda state: model.heat_flows(state),
                model,
            )
        if not isinstance(model, RateEquations):
            raise TypeError(
                f"`model` must be a RateModel or RateEquations, got {type(model).__name__}; make "
                "one with model_from_processes(...) or RateEquations(...)"
            )
        names = tuple(model.sizes)
        sizes = np.array([1.0 if name == TWO_LEVEL else model.sizes[name] for name in names])

        def leaving(state: Array) -> Array:
            if model.leaving is None:
                return np.zeros(len(names))
            return checks.vector(model.leaving(state), "leaving", len(names))

        def change(state: Array) -> Array:
            return sizes * checks.vector(model.derivative(state), "derivative", len(names))

        return cls(names, sizes, model.sizes.get(TWO_LEVEL, 1.0), change, leaving, None)

    @cached_property
    def is_tls(self) -> NDArray[np.bool_]:
        return np.array([name == TWO_LEVEL for name in self.names])

    def thermal(self, beta: ArrayLike) -> Array:
        beta = np.broadcast_to(beta, (len(self.names),))
        return np.where(self.is_tls, self.systems * excited_fraction(beta), bose_occupation(beta))

    def betas(self, state: Array) -> Array:
        fraction = np.where(self.is_tls, state / self.systems, 0.25)
        return np.where(
            self.is_tls, two_level_inverse_temperature(fraction), mode_inverse_temperature(state)
        )

    def gain(self, state: Array) -> Array:
        """Return what exchange within the system gives each subsystem, in quanta a µs."""
        return self.change(state) + self.leaving(state)

    def gross(self, state: Array) -> float:
        """Return what rounding is relative to: all that flows.

        If flows are not known, all that changes when one occupation is halved.
        """
        if self.model is not None:
            return float(self.model.fluxes(state).sum()) or 1.0
        halved = state * (1 - np.eye(len(state)) / 2)
        return float(max(np.abs(self.change(other)).sum() for other in halved)) or 1.0

    def exchanges(self, state: Array) -> dict[tuple[str, str], tuple[float, float]]:
        """Return net and gross quanta a µs between each two subsystems."""
        if self.model is None:
            return {}
        flows: dict[tuple[str, str], tuple[float, float]] = {}
        fluxes = self.model.fluxes(state)
        for process, flux in zip(self.model.processes, fluxes.tolist(), strict=True):
            if process.target == OUTSIDE:
                continue
            pair, sign = (process.source, process.target), 1
            if pair[::-1] in flows:
                pair, sign = pair[::-1], -1
            net, gross = flows.get(pair, (0.0, 0.0))
            flows[pair] = net + sign * flux, gross + flux
        return flows


def _columns(subject: _Subject, states: Array) -> AuditEntry:
    off = [abs(subject.gain(state).sum()) / subject.gross(state) for state in states]
    worst = float(np.max(off))
    if worst <= ROUNDING:
        words = "What leaves one subsystem arrives in another or outside."
    else:
        state = states[int(np.argmax(off))]
        words = (
            f"{subject.gain(state).sum():+.3g} quanta a µs come from nowhere in the state "
            f"{_state(subject, state)}."
        )
    return AuditEntry("quanta conserved", worst <= ROUNDING, worst, True, words)


def _rows(subject: _Subject, closed: bool) -> AuditEntry:
    rest = {beta: subject.thermal(beta) for beta in BETAS}
    off = {b: np.abs(subject.gain(state)).max() / subject.gross(state) for b, state in rest.items()}
    worst = float(max(off.values()))
    if worst <= ROUNDING:
        words = "Nothing changes, at βħΩ = 0.3, 1 or 3."
        return AuditEntry("equal temperatures stationary", True, worst, closed, words)
    beta = 1.0 if off[1.0] > ROUNDING else max(off, key=off.get)
    state, parts = rest[beta], []
    for name, gain in zip(subject.names, subject.gain(state), strict=True):
        if abs(gain) <= ROUNDING * subject.gross(state):
            continue
        unbalanced = [
            f"{a} to {b} {net:.3g}" if net > 0 else f"{b} to {a} {-net:.3g}"
            for (a, b), (net, gross) in subject.exchanges(state).items()
            if name in (a, b) and abs(net) > ROUNDING * gross
        ]
        because = f" ({', '.join(unbalanced)})" if unbalanced else ""
        parts.append(f"{name} gains {gain:.3g} quanta a µs{because}")
    words = f"At βħΩ = {beta:g}: {'; '.join(parts)}."
    if not closed:
        words += " Light that does not come in from the cold outside may be what is missing."
    return AuditEntry("equal temperatures stationary", False, worst, closed, words)


def _balance(subject: _Subject) -> AuditEntry:
    off = {
        pair: net / gross
        for pair, (net, gross) in subject.exchanges(subject.thermal(1.0)).items()
        if gross > 0
    }
    broken = {pair: part for pair, part in off.items() if abs(part) > ROUNDING}
    words = "Each two subsystems exchange as much each way."
    if broken:
        parts = [
            f"{a} to {b} {part:.3g}" if part > 0 else f"{b} to {a} {-part:.3g}"
            for (a, b), part in ((pair, round(100 * part, 6)) for pair, part in broken.items())
        ]
        words = "At βħΩ = 1 the net flow is, of the gross flow: " + ", ".join(
            f"{part}%" for part in parts
        )
        words += "."
    worst = float(max((abs(part) for part in off.values()), default=0.0))
    return AuditEntry("detailed balance", not broken, worst, False, words)


def _acausal(
    subject: _Subject,
    states: Array,
    channels: Mapping[str, tuple[str, ...]],
    turning: tuple[str, ...],
) -> Iterator[tuple[tuple[str, str], float]]:
    elements = [n for n in subject.names if any(n in order for order in channels.values())]
    for upstream in elements:
        for downstream in elements:
            if upstream == downstream or _reaches(downstream, upstream, channels, turning):
                continue
            i, j = subject.names.index(upstream), subject.names.index(downstream)
            others = states.copy()
            others[:, j] = states[::-1, j]
            one, two = (
                np.array([subject.change(s)[i] for s in batch]) for batch in (states, others)
            )
            scale = np.abs(one) + np.abs(two)
            part = np.abs(one - two) / np.where(scale > 0, scale, 1.0)
            yield (upstream, downstream), float(part.max())


def _causality(acausal: Mapping[tuple[str, str], float]) -> AuditEntry:
    found = [pair for pair, part in acausal.items() if part > ROUNDING]
    worst = max(acausal.values(), default=0.0)
    words = "No rate depends on what lies downstream, unless light comes back from there."
    if found:
        words = ", ".join(f"{up} on {down}" for up, down in found)
        words = f"{words.replace(' on ', ' depends on ', 1)}, from where no light comes to them."
    return AuditEntry("causality", not found, worst, True, words)


def _production(subject: _Subject, states: Array, closed: bool) -> AuditEntry:
    near = []
    for beta in BETAS:
        gain = subject.gain(subject.thermal(beta))
        size = np.abs(gain).max() or 1.0
        near.append(subject.thermal(beta * (1 - NEARBY * gain / size)))
    found, scales = [], []
    for state in (*near, *states):
        beta, gain = subject.betas(state), subject.gain(state)
        found.append(float(beta @ gain))
        scales.append(float(np.abs(beta).max() * subject.gross(state)) or 1.0)
    part = np.array(found) / np.array(scales)
    holds = bool(np.all(part >= -ROUNDING))
    words = f"σ is not negative in {len(found)} states."
    if not holds:
        words = f"σ reaches {min(found):.3g} k a µs in {len(found)} states"
        if np.any(part[: len(BETAS)] < -ROUNDING):
            words += "; it is negative near equal temperatures already"
        words += "."
        if not closed:
            words += " What leaves carries entropy, which may be more."
    return AuditEntry("entropy production", holds, max(0.0, float(-part.min())), closed, words)


def _random_states(subject: _Subject, random: np.random.Generator) -> Array:
    states = np.exp(random.uniform(-4, 2, (SAMPLES, len(subject.names))))
    return np.where(
        subject.is_tls, subject.systems * random.uniform(0.01, 0.99, states.shape), states
    )


def _drawing(
    model: RateModel | RateEquations,
    names: tuple[str, ...],
    channels: Mapping[str, tuple[str, ...]] | None,
    turning: tuple[str, ...] | None,
) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    if channels is None:
        channels = {}
        if isinstance(model, OpenWaveguide | ClosedLoop):
            seen = {
                r: getattr(model, f"tilde_gamma_{r}") + getattr(model, f"tilde_gamma_1{r}")
                for r in "12"
            }
        elif isinstance(model, CompletedWaveguide | CompletedLoop):
            seen = {r: getattr(model, f"absorption_{r}") for r in "12"}
            turning = ("A", "B") if turning is None and model.crossing > 0 else turning
        else:
            seen = {}
        for channel, coupling in seen.items():
            between = (TWO_LEVEL,) if coupling > 0 else ()
            channels[channel] = ("A", *between, "B") if channel == "1" else ("B", *between, "A")
    turning = turning or ()
    for name in (*turning, *(n for order in channels.values() for n in order)):
        if name not in names:
            raise ValueError(f"the drawing names {name!r}, but the model has {', '.join(names)}")
    return channels, turning


def _reaches(
    source: str,
    target: str,
    channels: Mapping[str, tuple[str, ...]],
    turning: tuple[str, ...],
) -> bool:
    """Return whether light from the source meets the target, passing or turned, not absorbed."""
    to_do = [(c, order.index(source)) for c, order in channels.items() if source in order]
    seen = set()
    while to_do:
        channel, place = to_do.pop()
        if (channel, place) in seen:
            continue
        seen.add((channel, place))
        for j in range(place + 1, len(channels[channel])):
            name = channels[channel][j]
            if name == target:
                return True
            if name in turning:
                to_do += [(c, o.index(name)) for c, o in channels.items() if name in o]
    return False


def _checked_sizes(sizes: Mapping[str, float]) -> dict[str, float]:
    return {
        name: checks.whole_number(size, name, 1)
        if name == TWO_LEVEL
        else checks.positive_scalar(size, name)
        for name, size in sizes.items()
    }


def _state(subject: _Subject, state: Array) -> str:
    return ", ".join(f"{name} {n:.3g}" for name, n in zip(subject.names, state, strict=True))
