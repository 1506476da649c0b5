"""One photon past a chain of junctions: where it can end, exactly and order by order.

A channel that passes a continuum of modes (a cavity, or two-level systems spread over the band)
exchanges light with it in one place.  If both couplings and densities are constant over the band,
the S matrix of that place is (1 - iK)/(1 + iK), K = π√(ρρ_wg) times the coupling: it depends on one
number, the strength x = π²h²ρρ_wg of [B] (57).  A chain is what the order of its junctions makes of
them: a unitary matrix, so that the probabilities sum to one over targets and over sources.

Index order: target first, P[k, l] is the probability from l to k.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

ELEMENTS = ("A", "TLS", "B")
"""What [B]'s waveguide passes, in the order of channel 1."""

PORTS = ("1", "2", *ELEMENTS)
"""As sources, "1" and "2" are what comes in through a channel; as targets, what goes out."""


def two_port(x: ArrayLike) -> ComplexArray:
    """Return the S matrix of one channel that passes a continuum.

    S = [[t, r], [r, t]] on (channel, continuum), t = (1 - x)/(1 + x), r = -2i√x/(1 + x).

    Parameters
    ----------
    x : array_like (...)
        Strength π²h²ρρ_wg of the junction, not negative.

    Returns
    -------
    complex array (..., 2, 2)

    Raises
    ------
    ValueError
        If a strength is negative.

    Examples
    --------
    >>> abs(two_port(1 / 3)) ** 2
    array([[0.25, 0.75],
           [0.75, 0.25]])
    """
    return _junction(np.expand_dims(_strengths(x, "x"), -1))


def three_port(x_1: ArrayLike, x_2: ArrayLike) -> ComplexArray:
    """Return the S matrix of two channels that pass one continuum in the same place.

    On (channel 1, channel 2, continuum).  With x_1 = x_2 = x the continuum gives 4x/(1 + 2x)² to
    each channel, and 4x²/(1 + 2x)² goes from channel to channel.

    Parameters
    ----------
    x_1, x_2 : array_like (...)
        Strengths of the junction with each channel, not negative.

    Returns
    -------
    complex array (..., 3, 3)

    Raises
    ------
    ValueError
        If a strength is negative.

    Examples
    --------
    >>> abs(three_port(0.5, 0.5)) ** 2
    array([[0.25, 0.25, 0.5 ],
           [0.25, 0.25, 0.5 ],
           [0.5 , 0.5 , 0.  ]])
    """
    strengths = np.broadcast_arrays(_strengths(x_1, "x_1"), _strengths(x_2, "x_2"))
    return _junction(np.stack(strengths, axis=-1))


def probability_matrix(scattering: ArrayLike) -> Array:
    """Return P = |S|², P[k, l] from l to k.

    Parameters
    ----------
    scattering : array_like (..., k, l)

    Returns
    -------
    array (..., k, l)

    Examples
    --------
    >>> probability_matrix([[0.6, 0.8j], [0.8j, 0.6]]).round(2)
    array([[0.36, 0.64],
           [0.64, 0.36]])
    """
    return np.abs(checks.complex_array(scattering, "scattering")) ** 2


class Sums(NamedTuple):
    """What a probability matrix adds up to; made by `sums`.

    Parameters
    ----------
    columns : array (..., k)
        Over targets: one if nothing is lost.
    rows : array (..., k)
        Over sources: one if equal occupations stay equal.
    """

    columns: Array
    rows: Array


def sums(probabilities: ArrayLike) -> Sums:
    """Return the column sums and the row sums of a probability matrix.

    Parameters
    ----------
    probabilities : array_like (..., k, k)
        P[k, l] from l to k.

    Returns
    -------
    Sums

    Examples
    --------
    >>> columns, rows = sums(printed_probabilities(0.01, 0.02))
    >>> columns.round(12)
    array([1., 1., 1., 1., 1.])
    >>> rows.round(12)
    array([1.    , 1.    , 0.9968, 1.    , 1.0032])
    """
    matrix = checks.real_array(probabilities, "probabilities")
    return Sums(matrix.sum(axis=-2), matrix.sum(axis=-1))


@dataclass(frozen=True, eq=False)
class Chain:
    """Junctions along channel 1, and along channel 2 that runs the other way.

    Without `back_couplings` there is channel 1 alone, and S is the product of the junctions in
    their order.  With them light can turn round, 1 → cavity → 2, and meet a junction again: then S
    solves the linear equations of all amplitudes between the junctions.

    Parameters
    ----------
    couplings : array_like (..., n)
        Strength of each element's junction with channel 1, in its order.
    back_couplings : array_like (..., n), optional
        Strength of the same elements' junctions with channel 2, in the order of channel 1.
    phases, back_phases : array_like (..., n - 1)
        What light picks up between neighbours in channel 1 and in channel 2, in radians.
    elements : tuple of str
        Names of the elements.

    Raises
    ------
    ValueError
        If a strength is negative, or the numbers of names, strengths and phases do not fit.

    Examples
    --------
    >>> chain = Chain((0.1, 0.2, 0.1))
    >>> round(float(chain.probability("TLS", "A")), 4), float(chain.probability("A", "TLS"))
    (0.1837, 0.0)
    >>> abs(chain.scattering @ chain.scattering.conj().T).round(14)
    array([[1., 0., 0., 0.],
           [0., 1., 0., 0.],
           [0., 0., 1., 0.],
           [0., 0., 0., 1.]])
    """

    couplings: ArrayLike
    back_couplings: ArrayLike | None = None
    phases: ArrayLike = 0.0
    back_phases: ArrayLike = 0.0
    elements: tuple[str, ...] = ELEMENTS

    def __post_init__(self) -> None:
        """Check all fields and make them arrays."""
        object.__setattr__(self, "elements", tuple(self.elements))
        n = len(self.elements)
        for name, length in [("couplings", n), ("back_couplings", n)]:
            value = getattr(self, name)
            if value is not None:
                value = _of_length(_strengths(value, name), name, length)
                object.__setattr__(self, name, value)
        for name in ("phases", "back_phases"):
            value = checks.real_array(getattr(self, name), name)
            value = np.full(n - 1, value) if value.ndim == 0 else value
            object.__setattr__(self, name, _of_length(value, name, n - 1))

    @property
    def ports(self) -> tuple[str, ...]:
        """Names of rows and columns: "1", if there is one "2", and the elements."""
        channels = ("1",) if self.back_couplings is None else ("1", "2")
        return (*channels, *self.elements)

    @property
    def scattering(self) -> ComplexArray:
        """S on `ports`, complex (..., p, p): S[k, l] from l to k.

        What meets a junction, w, is what enters plus what the neighbours send, w = in + L J w, with
        J the junctions and L the links between them; what leaves is J w.
        """
        n = len(self.elements)
        back = np.zeros(n) if self.back_couplings is None else self.back_couplings
        couplings = np.stack(np.broadcast_arrays(self.couplings, back), axis=-1)
        batch = np.broadcast_shapes(
            couplings.shape[:-2], self.phases.shape[:-1], self.back_phases.shape[:-1]
        )
        junctions = np.zeros((*batch, n, 3, n, 3), dtype=complex)
        links = np.zeros_like(junctions)
        here, before, behind = np.arange(n), np.arange(n - 1), np.arange(1, n)
        # NumPy moves the axis of advanced indices to the front.
        single = np.broadcast_to(_junction(couplings), (*batch, n, 3, 3))
        junctions[..., here, :, here, :] = np.moveaxis(single, -3, 0)
        links[..., behind, 0, before, 0] = np.exp(1j * self.phases)
        links[..., before, 1, behind, 1] = np.exp(1j * self.back_phases)
        junctions, links = (m.reshape(*batch, 3 * n, 3 * n) for m in (junctions, links))
        enter, leave = [0, 3 * n - 2, *3 * here + 2], [3 * n - 3, 1, *3 * here + 2]
        if self.back_couplings is None:
            del enter[1], leave[1]
        met = np.linalg.solve(np.eye(3 * n) - links @ junctions, np.eye(3 * n)[:, enter])
        return (junctions @ met)[..., leave, :]

    @property
    def probabilities(self) -> Array:
        """|S|² on `ports`, (..., p, p)."""
        return probability_matrix(self.scattering)

    def probability(self, target: str, source: str) -> Array:
        """Return the probability that a photon from `source` ends in `target`, (...).

        Raises
        ------
        ValueError
            If a name is not one of `ports`.
        """
        for name, value in (("target", target), ("source", source)):
            checks.choice(value, name, self.ports)
        return self.probabilities[..., self.ports.index(target), self.ports.index(source)]


class Emission(NamedTuple):
    """What leaves A past the two-level systems, and what it is made of; made by `emission_past`.

    Parameters
    ----------
    direct : complex array (...)
        Amplitude of emission by A, as if the two-level systems were not there: of order h.
    scattered : complex array (...)
        Amplitude that the two-level systems add in the forward direction: of order hg².
    interference : array (...)
        2 Re(direct* scattered), of order h²g².
    scattered_alone : array (...)
        |scattered|², of order h²g⁴.
    absorbed : array (...)
        The probability that the two-level systems take the photon, of order h²g².
    """

    direct: ComplexArray
    scattered: ComplexArray
    interference: Array
    scattered_alone: Array
    absorbed: Array


def emission_past(x: ArrayLike, y: ArrayLike) -> Emission:
    """Return how a photon of A leaves in channel 1, past two-level systems.

    The two amplitudes add, r_x and r_x (t_y - 1).  Their interference, -16xy to lowest order, is
    what the two-level systems take from the light that passes: it has the order of their absorption
    +16xy.  Forward scattering alone, 16xy², has a higher one.

    Parameters
    ----------
    x, y : array_like (...)
        Strengths of the junctions of A and of the two-level systems with channel 1.

    Returns
    -------
    Emission

    Raises
    ------
    ValueError
        If a strength is negative.

    Examples
    --------
    >>> x, y = 1e-4, 1e-6
    >>> emission = emission_past(x, y)
    >>> [round(float(part / (x * y)), 2) for part in (emission.interference, emission.absorbed)]
    [-16.0, 16.0]
    """
    cavity, systems = two_port(x), two_port(y)
    direct = cavity[..., 0, 1] * np.ones_like(systems[..., 0, 0])
    scattered = direct * (systems[..., 0, 0] - 1)
    return Emission(
        direct,
        scattered,
        2 * np.real(direct.conj() * scattered),
        np.abs(scattered) ** 2,
        np.abs(direct * systems[..., 1, 0]) ** 2,
    )


# Order by order

Powers = tuple[int, int, int, int, int]
"""Powers of √x, √y, √y_2 and of e^{iφ_1}, e^{iφ_2}, the phases of two round trips."""

ONE: Powers = (0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Series:
    """A probability as a power series in the strengths of the junctions, with whole coefficients.

    Parameters
    ----------
    terms : mapping
        Coefficient of each product of powers of √x, √y, √y_2, e^{iφ_1} and e^{iφ_2}: x the strength
        of the cavities, y and y_2 those of the two-level systems with channel 1 and 2, φ_1 and φ_2
        the phases of the round trips A – TLS – A and TLS – B – TLS.

    Examples
    --------
    >>> end = expand_chain(channels=1)["1", "A"]
    >>> print(end)
    4x − 16xy − 24x²
    >>> end.coefficient(x=1, y=1)
    -16
    """

    terms: Mapping[Powers, int]

    def __post_init__(self) -> None:
        """Leave out what is zero."""
        object.__setattr__(self, "terms", {p: c for p, c in self.terms.items() if c})

    def coefficient(self, x: int = 0, y: int = 0, y_2: int = 0) -> int:
        """Return the coefficient of x^x y^y y_2^y_2, averaged over the phases."""
        return self.terms.get((2 * x, 2 * y, 2 * y_2, 0, 0), 0)

    @property
    def averaged(self) -> "Series":
        """The average over the phases of the round trips."""
        return Series({p: c for p, c in self.terms.items() if p[3:] == (0, 0)})

    def __call__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        y_2: ArrayLike = 0.0,
        phases: tuple[ArrayLike, ArrayLike] = (0.0, 0.0),
    ) -> Array:
        """Return the sum of the terms.

        Parameters
        ----------
        x, y, y_2 : array_like (...)
        phases : pair of array_like (...)
            φ_1 and φ_2, in radians.

        Returns
        -------
        array (...)
        """
        strengths = [_strengths(value, name) for value, name in ((x, "x"), (y, "y"), (y_2, "y_2"))]
        phases = [checks.real_array(phase, "phases") for phase in phases]
        total = np.zeros(np.broadcast_shapes(*(np.shape(v) for v in (*strengths, *phases))))
        for powers, coefficient in self.terms.items():
            size = np.prod(
                [v ** (p / 2) for v, p in zip(strengths, powers[:3], strict=True)], axis=0
            )
            angle = powers[3] * phases[0] + powers[4] * phases[1]
            total = total + coefficient * size * np.cos(angle)
        return total

    def __add__(self, other: "Series") -> "Series":
        terms = dict(self.terms)
        for powers, coefficient in other.terms.items():
            terms[powers] = terms.get(powers, 0) + coefficient
        return Series(terms)

    def __sub__(self, other: "Series") -> "Series":
        return self + Series({p: -c for p, c in other.terms.items()})

    def __str__(self) -> str:
        text = ""
        for powers in sorted(self.terms, key=lambda p: (sum(p[:3]), p)):
            harmonic = powers[3:]
            if harmonic < (0, 0):
                continue  # comes with its mirror image, as a cosine
            coefficient = self.terms[powers] * (1 if harmonic == (0, 0) else 2)
            factors = _monomial(powers[:3]) + _cosine(harmonic)
            number = "" if abs(coefficient) == 1 and factors else str(abs(coefficient))
            sign = "−" if coefficient < 0 else "+"
            text += f" {sign} {number}{factors}"
        if text.startswith(" −"):
            return "−" + text[3:]
        return text[3:] or "0"


def expand_chain(
    order: int = 2, channels: int = 2, chiral: bool = True
) -> dict[tuple[str, str], Series]:
    """Return the probabilities of the chain A – TLS – B as power series in x, y and y_2.

    Parameters
    ----------
    order : int
        Highest total power of x, y and y_2.
    channels : int
        1: channel 1 alone, past A, the two-level systems and B.  2: both channels, each cavity a
        three-port.
    chiral : bool
        Whether the two-level systems see channel 1 only, y_2 = 0.

    Returns
    -------
    dict
        Each series by (target, source), from `PORTS`; without "2" if there is one channel.

    Raises
    ------
    ValueError
        If the order is not positive, or there are not one or two channels.

    Examples
    --------
    >>> entries = expand_chain()
    >>> for target in PORTS:
    ...     print(f"{target} ← A: {entries[target, 'A']}")
    1 ← A: 4x − 16xy − 32x²
    2 ← A: 4x − 16x² − 16x² cos φ
    A ← A: 1 − 8x + 32x² + 16x² cos φ
    TLS ← A: 16xy
    B ← A: 16x²
    """
    order = checks.whole_number(order, "order", 1)
    channels = checks.whole_number(channels, "channels", 1, 2)
    checks.instance(chiral, "chiral", bool)
    ports = PORTS if channels == 2 else ("1", *ELEMENTS)
    degree = 2 * order
    x, y = (1, 0, 0, 0, 0), (0, 1, 0, 0, 0)
    back_x, back_y = (
        x if channels == 2 else None,
        None if chiral or channels == 1 else (0, 0, 1, 0, 0),
    )
    junctions = [
        _expand_junction(roots, degree) for roots in ((x, back_x), (y, back_y), (x, back_x))
    ]
    entries = {}
    for source in ports:
        for target, amplitude in _amplitudes(source, junctions, degree).items():
            if target in ports:
                mirror = {(*p[:3], -p[3], -p[4]): c for p, c in amplitude.items()}
                entries[target, source] = Series(_times(amplitude, mirror, degree))
    return entries


class Term(NamedTuple):
    """One entry of the probability matrix, to second order; made by `printed_terms`.

    Parameters
    ----------
    target, source : str
    exact : Series
        What the chain gives, averaged over the phases of round trips.
    printed : Series
        What the rates of [B] say.
    dropped : Series
        exact - printed.
    """

    target: str
    source: str
    exact: Series
    printed: Series
    dropped: Series

    def __str__(self) -> str:
        return (
            f"{self.target} ← {self.source}: {self.exact}; printed {self.printed}; "
            f"dropped {self.dropped}"
        )


def printed_terms(propagation_phases: bool = True, chiral: bool = True) -> tuple[Term, ...]:
    """Return which terms of the chain's probabilities [B]'s rates keep, and which they drop.

    A rate times the time between two meetings with the junction, 2πρ for a mode of a cavity, is a
    probability: 4x stands for γ_dec, 4y for γ̃_11, 16xy for γ_1 (M - m), 16x² for γ_0, 4x² for γ_3.
    What stays in its place is what is left, so that columns sum to one.

    Parameters
    ----------
    propagation_phases : bool
        Whether second-order rates through a channel are those that follow with the phases e^{ikx},
        as the chain has them; without, as [B] prints them, they are a quarter of that.
    chiral : bool
        Whether the two-level systems see channel 1 only, y_2 = 0.

    Returns
    -------
    tuple of Term
        In the order of `PORTS`, by source and then by target.

    Examples
    --------
    >>> for term in printed_terms():
    ...     if term.source == "A":
    ...         print(term)
    1 ← A: 4x − 16xy − 32x²; printed 4x; dropped −16xy − 32x²
    2 ← A: 4x − 16x²; printed 4x; dropped −16x²
    A ← A: 1 − 8x + 32x²; printed 1 − 8x − 16xy − 16x²; dropped 16xy + 48x²
    TLS ← A: 16xy; printed 16xy; dropped 0
    B ← A: 16x²; printed 16x²; dropped 0
    """
    exact, printed = expand_chain(2, 2, chiral), _printed(propagation_phases, chiral)
    return tuple(
        Term(
            target,
            source,
            exact[target, source].averaged,
            printed[target, source],
            exact[target, source].averaged - printed[target, source],
        )
        for source, target in product(PORTS, PORTS)
    )


def printed_probabilities(
    x: ArrayLike, y: ArrayLike, y_2: ArrayLike = 0.0, propagation_phases: bool = True
) -> Array:
    """Return the probability matrix that [B]'s rates imply, on `PORTS`.

    See `printed_terms`.  Columns sum to one; the rows of A and B are off by ∓16x (y - y_2), which
    is [B]'s dn_A/dt = -(γ_1 - γ_2) m (n + 1)² at equal temperatures.

    Parameters
    ----------
    x, y, y_2 : array_like (...)
        Strengths: of the cavities with each channel, of the two-level systems with channels 1, 2.
    propagation_phases : bool
        As in `printed_terms`.

    Returns
    -------
    array (..., 5, 5)

    Raises
    ------
    ValueError
        If a strength is negative.

    Examples
    --------
    >>> printed_probabilities(0.01, 0.02)[:, PORTS.index("A")].round(4)
    array([0.04  , 0.04  , 0.9152, 0.0032, 0.0016])
    """
    entries = _printed(propagation_phases, chiral=False)
    rows = [[entries[target, source](x, y, y_2) for source in PORTS] for target in PORTS]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def _strengths(value: ArrayLike, name: str) -> Array:
    strengths = checks.real_array(value, name)
    if np.any(strengths < 0):
        raise ValueError(
            f"`{name}` holds strengths π²h²ρρ_wg of junctions, which must not be negative, got "
            f"{strengths.min()}"
        )
    return strengths


def _of_length(value: Array, name: str, length: int) -> Array:
    if value.ndim == 0 or value.shape[-1] != length:
        raise ValueError(
            f"`{name}` must have shape (..., {length}) to fit `elements`, got {value.shape}"
        )
    return value


def _junction(strengths: Array) -> ComplexArray:
    """Return S (..., c + 1, c + 1) of c channels, from strengths (..., c).

    One combination of the channels, √x_r/√X with X = Σ x_r, sees the continuum as a two-port of
    strength X; what is orthogonal to it passes.
    """
    roots, whole = np.sqrt(strengths), 1 + strengths.sum(axis=-1)
    c = strengths.shape[-1]
    s = np.zeros((*strengths.shape[:-1], c + 1, c + 1), dtype=complex)
    factor = 2 / whole[..., None]
    s[..., :c, :c] = np.eye(c) - factor[..., None] * roots[..., :, None] * roots[..., None, :]
    s[..., :c, c] = s[..., c, :c] = -1j * factor * roots
    s[..., c, c] = 2 / whole - 1
    return s


Polynomial = dict[Powers, int]


def _times(a: Polynomial, b: Polynomial, degree: int) -> Polynomial:
    result: Polynomial = {}
    for (p, c), (q, d) in product(a.items(), b.items()):
        powers = tuple(i + j for i, j in zip(p, q, strict=True))
        if sum(powers[:3]) <= degree:
            result[powers] = result.get(powers, 0) + c * d
    return result


def _plus(*polynomials: Polynomial) -> Polynomial:
    result: Polynomial = {}
    for polynomial in polynomials:
        for powers, coefficient in polynomial.items():
            result[powers] = result.get(powers, 0) + coefficient
    return {p: c for p, c in result.items() if c}


def _expand_junction(
    roots: tuple[Powers | None, Powers | None], degree: int
) -> list[list[Polynomial]]:
    """Return the expansion of a three-port on (channel 1, channel 2, element).

    The phase of the element's port is chosen so that all entries are real, which no probability
    sees: -2i√x becomes 2√x, and t of the element -t.
    """
    kappa = [{root: 1} if root else {} for root in roots]
    strength = _plus(*(_times(k, k, degree) for k in kappa))
    inverse, power = {ONE: 1}, {ONE: 1}  # of 1 + strength
    for _ in range(degree // 2):
        power = _times(power, {p: -c for p, c in strength.items()}, degree)
        inverse = _plus(inverse, power)
    twice = {p: 2 * c for p, c in inverse.items()}
    one = {ONE: 1}
    kappa_r, element = [_times(k, twice, degree) for k in kappa], _plus(one, _minus(twice))
    channels = [
        [_plus(one if r == s else {}, _minus(_times(kappa_r[r], kappa[s], degree))) for s in (0, 1)]
        for r in (0, 1)
    ]
    return [[*channels[0], kappa_r[0]], [*channels[1], kappa_r[1]], [*kappa_r, element]]


def _minus(a: Polynomial) -> Polynomial:
    return {p: -c for p, c in a.items()}


def _amplitudes(
    source: str, junctions: list[list[list[Polynomial]]], degree: int
) -> dict[str, Polynomial]:
    """Return the amplitudes of all targets for a photon from one source.

    Round trips are added one after another; each begins with two turns, of order x or y, so that
    few are within the degree.  Channel 1 carries the phases of both ways.
    """
    one, links = {ONE: 1}, ({(0, 0, 0, 1, 0): 1}, {(0, 0, 0, 0, 1): 1})
    own = [one if source == name else {} for name in ELEMENTS]
    right, left = [{}, {}, {}], [{}, {}, {}]  # behind each element, in channel 1 and 2
    while True:
        old = [*right, *left]
        from_left = [
            one if source == "1" else {},
            *(_times(link, behind, degree) for link, behind in zip(links, right, strict=False)),
        ]
        from_right = [*left[1:], one if source == "2" else {}]
        met = list(zip(from_left, from_right, own, strict=True))
        sent = [
            [
                _plus(*(_times(s, w, degree) for s, w in zip(row, waves, strict=True)))
                for row in junction
            ]
            for junction, waves in zip(junctions, met, strict=True)
        ]
        right, left, kept = (list(part) for part in zip(*sent, strict=True))
        if old == [*right, *left]:
            return {"1": right[-1], "2": left[0], **dict(zip(ELEMENTS, kept, strict=True))}


def _printed(propagation_phases: bool, chiral: bool) -> dict[tuple[str, str], Series]:
    checks.instance(propagation_phases, "propagation_phases", bool)
    x, y, y_2, xx = (2, 0, 0, 0, 0), (0, 2, 0, 0, 0), (0, 0, 2, 0, 0), (4, 0, 0, 0, 0)
    xy, xy_2 = (2, 2, 0, 0, 0), (2, 0, 2, 0, 0)
    second = 16 if propagation_phases else 4
    moves: dict[tuple[str, str], Polynomial] = {("2", "1"): {xx: 8}, ("1", "2"): {xx: 8}}
    for channel, strength in (("1", y), ("2", y_2)):
        moves["TLS", channel] = moves[channel, "TLS"] = {strength: 4}
        for cavity in ("A", "B"):
            moves[cavity, channel] = moves[channel, cavity] = {x: 4}
    moves["B", "A"] = moves["A", "B"] = {xx: second}
    moves["TLS", "A"] = moves["B", "TLS"] = {xy: second}
    moves["TLS", "B"] = moves["A", "TLS"] = {xy_2: second}
    for source in PORTS:
        leaving = _plus(*(moves[target, source] for target in PORTS if target != source))
        moves[source, source] = _plus({ONE: 1}, _minus(leaving))
    drop = {y_2, xy_2} if chiral else set()
    return {
        pair: Series({p: c for p, c in terms.items() if p not in drop})
        for pair, terms in moves.items()
    }


def _monomial(powers: tuple[int, ...]) -> str:
    superscript = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
    whole, roots = "", ""
    for name, power in zip(("x", "y", "y_2"), powers, strict=True):
        exponent, half = divmod(power, 2)
        if exponent:
            whole += name + (str(exponent).translate(superscript) if exponent > 1 else "")
        if half:
            roots += name
    return whole + (f"√({roots})" if roots else "")


def _cosine(harmonic: tuple[int, int]) -> str:
    if harmonic == (0, 0):
        return ""
    first, second = harmonic
    if first == second:
        return f" cos {first if first > 1 else ''}φ"
    parts = [f"{abs(k) if abs(k) > 1 else ''}φ_{i}" for i, k in ((1, first), (2, second)) if k]
    return f" cos({(' − ' if second < 0 else ' + ').join(parts)})"
