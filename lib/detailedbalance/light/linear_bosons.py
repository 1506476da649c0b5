"""Modes of light that exchange quanta linearly: exact dynamics of thousands of modes.

H = Σ_ij h_ij a_i† a_j conserves the number of quanta, and light that enters or leaves through a
channel couples to Σ_j L_cj a_j.  Then the covariance C_ij = ⟨a_j† a_i⟩, whose diagonal holds the
mean occupations, obeys a closed equation,

    dC/dt = A C + C A† + L† N L,    A = -ih - L†L/2,

with N the mean quanta of the light that comes in, and a state that is Gaussian and has no phase,
as a Gibbs state, is known by its C alone.  Two-level systems are replaced by modes, which they
resemble as long as few of them are excited.

Units: ħ = k = 1, energies from the middle of the band.  Index order is final ← initial.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import expm

from .. import checks
from .thermal import mode_entropy

Array = NDArray[np.float64]
Matrix = NDArray[np.complex128]
Factor = Matrix | sparse.csc_array

SAME_STEP = 1e-12
"""Steps that differ by no more than this part of the whole time are one step."""

SMALL_STEP = 1.0
"""Norm of A dt below which the light that came in is summed as a power series."""

SERIES = 24
"""Terms of it: the last one is smaller than the first by 2^23/24! < 2e-17."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearBosons:
    """Modes with linear exchange, closed or open to channels.

    Parameters
    ----------
    hamiltonian : array_like (n, n)
        h, hermitian: energies on the diagonal, couplings beside it.
    subsystems : mapping from str to sequence of int
        The modes of each subsystem; every mode is in one, and in one only.
    emission : array_like (c, n), optional
        L: channel c takes light of the amplitude Σ_j L_cj a_j.  None in a closed system.
    inputs : array_like (c,), optional
        Mean quanta per temporal mode of the light that comes in, the same at all energies.  By
        default none: the outside is at zero temperature.

    Raises
    ------
    ValueError
        If h is not hermitian, the subsystems do not share out the modes, shapes do not fit, or an
        input is negative.

    Examples
    --------
    A mode that leaks at rate γ into a channel that carries one quantum in each temporal mode:

    >>> gamma = 2.0
    >>> cavity = LinearBosons(
    ...     hamiltonian=[[0]], subsystems={"A": [0]}, emission=[[gamma**0.5]], inputs=[1]
    ... )
    >>> run = cavity.evolve([0, 0.5, 50], start=[3])
    >>> np.allclose(run["A"], 1 + 2 * np.exp(-gamma * run.times))
    True
    """

    hamiltonian: ArrayLike
    subsystems: Mapping[str, Sequence[int]]
    emission: ArrayLike | None = None
    inputs: ArrayLike | None = None

    def __post_init__(self) -> None:
        """Check all fields."""
        size = np.shape(self.hamiltonian)[0] if np.ndim(self.hamiltonian) else 1
        matrix = checks.hermitian_matrix(self.hamiltonian, "hamiltonian", size)
        shared = {name: tuple(map(int, which)) for name, which in self.subsystems.items()}
        if sorted(sum(shared.values(), ())) != list(range(size)):
            raise ValueError(
                f"`subsystems` must hold each mode 0 … {size - 1} once; an index is missing, "
                "there twice, or too large"
            )
        emission = np.zeros((0, size)) if self.emission is None else self.emission
        emission = checks.complex_array(emission, "emission")
        if emission.ndim != 2 or emission.shape[1] != size:
            raise ValueError(
                f"`emission` must have shape (c, {size}), a row for each channel, "
                f"got {emission.shape}"
            )
        inputs = np.zeros(len(emission)) if self.inputs is None else self.inputs
        inputs = checks.real_array(inputs, "inputs")
        if inputs.shape != (len(emission),) or np.any(inputs < 0):
            raise ValueError(
                f"`inputs` must be {len(emission)} mean numbers of quanta, one for each channel "
                f"and none negative, got {inputs}"
            )
        for name, value in [
            ("hamiltonian", matrix),
            ("subsystems", shared),
            ("emission", emission),
            ("inputs", inputs),
        ]:
            object.__setattr__(self, name, value)

    @property
    def is_closed(self) -> bool:
        """Whether no channel leads out."""
        return len(self.emission) == 0

    @property
    def energies(self) -> Array:
        """Energy of each mode by itself, (n,)."""
        return np.diag(self.hamiltonian).real

    @cached_property
    def drift(self) -> Matrix:
        """A = -ih - L†L/2, (n, n): da/dt = A a - L† a_in."""
        return -1j * self.hamiltonian - self.emission.conj().T @ self.emission / 2

    @cached_property
    def diffusion(self) -> Matrix:
        """L† N L, (n, n): what the incoming light adds to dC/dt."""
        return (self.emission.conj().T * self.inputs) @ self.emission

    @cached_property
    def _fastest(self) -> float:
        return np.linalg.norm(self.drift, 2)

    @cached_property
    def _spectrum(self) -> tuple[Array, Matrix]:
        return np.linalg.eigh(self.hamiltonian)

    def evolve(
        self, times: ArrayLike, start: ArrayLike, watch: Sequence[str] | None = None
    ) -> "LinearRun":
        """Return the covariance of the watched subsystems in the course of time.

        C(t) = E C(0) E† + ∫_0^t e^{As} L† N L e^{A†s} ds,  E = e^{At}.

        Parameters
        ----------
        times : array_like (t,)
            Not negative, not falling.
        start : array_like (n,) or (n, n)
            Mean occupations of modes without correlations, or C(0).
        watch : sequence of str, optional
            Names of subsystems, all by default.  In a closed system of thousands of modes,
            watching some hundred of them saves most of the time and memory.

        Returns
        -------
        LinearRun

        Raises
        ------
        ValueError
            If times fall, `start` is no covariance, or a name is unknown.

        Examples
        --------
        Two modes that swap their quanta:

        >>> pair = LinearBosons(hamiltonian=[[0, 1], [1, 0]], subsystems={"A": [0], "B": [1]})
        >>> run = pair.evolve([0, np.pi / 4, np.pi / 2], start=[1, 0])
        >>> run.occupations.round(12)
        array([[1. , 0. ],
               [0.5, 0.5],
               [0. , 1. ]])

        On the way, they know of each other: the sum of their entropies is too large.

        >>> run.entropies.sum(axis=1).round(3)
        array([1.386, 1.91 , 1.386])
        >>> run.entropy.round(3)
        array([1.386, 1.386, 1.386])
        """
        times = checks.rising_times(times, repeated=True)
        names, modes = self._watched(watch)
        factor = _factor(start, len(self.hamiltonian))
        pairs = list(self._amplitudes(times, factor, modes))
        return LinearRun(
            system=self,
            watched=names,
            times=times,
            amplitudes=np.array([amplitudes for amplitudes, _ in pairs]),
            noise=np.array([noise for _, noise in pairs]),
            start=_dense(factor.conj().T @ factor),
        )

    def transfer(self, times: ArrayLike, watch: Sequence[str] | None = None) -> Array:
        """Return where quanta go: P[k, l], from any mode of subsystem l to all modes of k.

        P_kl = Σ_{i in k, j in l} |E_ij|²/(modes of l).  One minus the sum of a column is what has
        left the watched subsystems for good or for the time being.

        Parameters
        ----------
        times : array_like (t,)
        watch : sequence of str, optional
            As in `evolve`.

        Returns
        -------
        array (t, k, k)

        Raises
        ------
        ValueError
            If times fall, or a name is unknown.

        Examples
        --------
        >>> pair = LinearBosons(hamiltonian=[[0, 1], [1, 0]], subsystems={"A": [0], "B": [1]})
        >>> pair.transfer([np.pi / 3]).round(12)
        array([[[0.25, 0.75],
                [0.75, 0.25]]])
        """
        times = checks.rising_times(times, repeated=True)
        names, modes = self._watched(watch)
        factor = sparse.eye_array(len(self.hamiltonian), format="csc")[:, modes]
        blocks = _blocks(self, names)
        sizes = np.array([block.stop - block.start for block in blocks])
        probabilities = [
            np.abs(amplitudes) ** 2 for amplitudes, _ in self._amplitudes(times, factor, modes)
        ]
        return np.array([_by_block(p, blocks) / sizes for p in probabilities])

    def _watched(self, watch: Sequence[str] | None) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        names = tuple(self.subsystems if watch is None else watch)
        for name in names:
            checks.choice(name, "watch", tuple(self.subsystems))
        if not names or len(set(names)) < len(names):
            raise ValueError(f"`watch` must name each subsystem once, got {names}")
        return names, np.array(sum((self.subsystems[name] for name in names), ()))

    def _amplitudes(
        self, times: Array, factor: Factor, modes: NDArray[np.int64]
    ) -> Iterator[tuple[Matrix, Matrix]]:
        """Rows `modes` of E F and of the light that came in, for each time; C(0) = F F†."""
        if self.is_closed:
            energies, vectors = self._spectrum
            rows, start = vectors[modes], vectors.conj().T @ factor
            for time in times:
                yield (rows * np.exp(-1j * energies * time)) @ start, np.zeros((len(modes),) * 2)
            return
        steps = {}
        noise = np.zeros_like(self.drift)
        for step in np.diff(times, prepend=0.0):
            key = round(step / (SAME_STEP * max(times[-1], np.finfo(float).tiny)))
            if key not in steps:
                steps[key] = self._step(step)
            evolution, added = steps[key]
            factor = evolution @ factor
            noise = evolution @ noise @ evolution.conj().T + added
            yield factor[modes], noise[np.ix_(modes, modes)]

    def _step(self, step: float) -> tuple[Matrix, Matrix]:
        """E = e^{A dt} and Q = ∫_0^dt e^{As} L† N L e^{A†s} ds, (n, n) each.

        Both for a small part of the step, Q as a power series, which then is doubled.
        """
        doublings = int(np.ceil(np.log2(max(self._fastest * step / SMALL_STEP, 1))))
        part = step / 2**doublings
        evolution, term = expm(self.drift * part), part * self.diffusion
        noise = term.copy()
        for order in range(2, SERIES + 1):
            change = self.drift @ term
            term = (change + change.conj().T) * part / order
            noise += term
        for _ in range(doublings):
            noise += evolution @ noise @ evolution.conj().T
            evolution = evolution @ evolution
        return evolution, noise


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearRun:
    """Covariances of linear modes in the course of time; made by `LinearBosons.evolve`.

    run["A"] is the mean occupation ⟨n⟩ of the modes of A, (t,).

    Parameters
    ----------
    system : LinearBosons
    watched : tuple of str
        The subsystems whose modes the run holds, in this order.
    times : array (t,)
    amplitudes : array (t, s, r)
        G, what has become of the start: C(t) = G G† + noise on the s modes that are watched.
    noise : array (t, s, s)
        What incoming light has added.
    start : array (r, r)
        G†G of all modes at time zero.
    """

    system: LinearBosons
    watched: tuple[str, ...]
    times: Array
    amplitudes: Matrix
    noise: Matrix
    start: Matrix

    def __getitem__(self, name: str) -> Array:
        """Return the mean occupation of the modes of this subsystem, (t,)."""
        checks.choice(name, "name", self.watched)
        return self.occupations[:, self.watched.index(name)]

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Modes of each watched subsystem, (k,)."""
        return np.array([block.stop - block.start for block in self._blocks])

    @cached_property
    def covariances(self) -> Matrix:
        """C_ij = ⟨a_j† a_i⟩ of the watched modes, (t, s, s)."""
        return self.amplitudes @ _adjoint(self.amplitudes) + self.noise

    @property
    def mode_occupations(self) -> Array:
        """⟨a_i† a_i⟩ of each watched mode, (t, s)."""
        return np.einsum("tii->ti", self.covariances).real

    @property
    def quanta(self) -> Array:
        """Mean number of quanta in each watched subsystem, (t, k)."""
        return self._sums(self.mode_occupations)

    @property
    def occupations(self) -> Array:
        """By mode, averaged over each watched subsystem, (t, k)."""
        return self.quanta / self.sizes

    @property
    def flows(self) -> Array:
        """Quanta that k gains in a unit of time by what it has from l, 2 Re tr(A_kl C_lk).

        (t, k, k).  On the diagonal stands, with a minus, what a subsystem radiates by itself.  In a
        closed system F_kl = -F_lk; in an open one F_kl = 0 if nothing from l can reach k.
        """
        _, modes = self.system._watched(self.watched)
        drift = self.system.drift[np.ix_(modes, modes)]
        rates = 2 * (drift * self.covariances.swapaxes(1, 2)).real
        return np.array([_by_block(rate, self._blocks) for rate in rates])

    @property
    def emission(self) -> Array:
        """Quanta that leave by each channel in a unit of time, less those that enter, (t, c).

        (L C L†)_cc - N_c (L L†)_cc.  All subsystems must be watched.
        """
        if set(self.watched) != set(self.system.subsystems):
            raise ValueError("the light that leaves comes from all subsystems: `watch` all of them")
        _, modes = self.system._watched(self.watched)
        rows = self.system.emission[:, modes]
        leaving = np.einsum("ci,tij,cj->tc", rows, self.covariances, rows.conj()).real
        return leaving - self.system.inputs * np.sum(np.abs(rows) ** 2, axis=1)

    # Entropies, in units of k

    @property
    def thermal_entropies(self) -> Array:
        """𝒩 s(n) of each subsystem, (t, k): all its modes at its mean occupation, [B] (96), (99).

        The most that 𝒩 modes with so many quanta can have.
        """
        return self.sizes * mode_entropy(self.occupations)

    @property
    def mode_entropies(self) -> Array:
        """Σ_i s(n_i) over the modes of each subsystem, (t, k): its modes without correlations."""
        return self._sums(mode_entropy(self.mode_occupations))

    @cached_property
    def entropies(self) -> Array:
        """S(ρ_k) of each subsystem, (t, k): Σ s over the eigenvalues of its part of C."""
        return np.stack(
            [_entropy(self.covariances[:, part, part]) for part in self._blocks], axis=-1
        )

    @cached_property
    def entropy(self) -> Array:
        """S(ρ) of all that is watched, with its correlations, (t,)."""
        return _entropy(self.covariances)

    @cached_property
    def entropy_elsewhere(self) -> Array:
        """S of all else, (t,): of the modes that are not watched and of light that has left.

        A closed system and what it radiates into the vacuum are one unitary whole.  Hence the
        covariance of the rest has the eigenvalues of F†F - G†G and zeros.

        Raises
        ------
        ValueError
            If light comes in: the entropy of a stream without end is infinite.
        """
        if np.any(self.system.inputs > 0):
            raise ValueError(
                "light that comes in carries entropy without end; `entropy_elsewhere` needs "
                "`inputs` of zero"
            )
        return _entropy(self.start - _adjoint(self.amplitudes) @ self.amplitudes)

    @cached_property
    def _blocks(self) -> list[slice]:
        return _blocks(self.system, self.watched)

    def _sums(self, values: Array) -> Array:
        return np.stack([values[:, part].sum(axis=1) for part in self._blocks], axis=-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearElement:
    """Modes at one place of a waveguide, each coupled to both of its channels.

    Parameters
    ----------
    name : str
    energies : array_like (n,)
        From the middle of the band.
    rates : pair of floats
        γ_1, γ_2: a mode by itself radiates at these rates into channel 1, which runs toward larger
        x, and channel 2, which runs back; γ_dec of a cavity, γ̃_11 and γ̃_12 of an absorber.
    place : float
        x, in units of the speed of light times the unit of time.

    Raises
    ------
    ValueError
        If a rate is negative.
    """

    name: str
    energies: ArrayLike
    rates: tuple[float, float]
    place: float = 0.0

    def __post_init__(self) -> None:
        """Check all fields."""
        rates = checks.vector(self.rates, "rates", 2)
        if np.any(rates < 0):
            raise ValueError(f"`rates` must not be negative, got {rates}")
        object.__setattr__(self, "rates", rates)
        object.__setattr__(self, "energies", checks.vector(self.energies, "energies"))
        object.__setattr__(self, "place", checks.scalar(self.place, "place"))

    @classmethod
    def comb(
        cls,
        name: str,
        *,
        modes: int,
        round_trip: float,
        strengths: tuple[float, float],
        detuning: float = 0.0,
        place: float = 0.0,
    ) -> "LinearElement":
        """Return equidistant modes, as those of a cavity in which light needs a time to go around.

        The spacing is 2π/T, with T = 2πρ the round trip, and γ_r = 4x_r/T.  Each time it comes
        around, light leaves by a channel with the probability 4x/(1 + x)² if there is one, and
        4x/(1 + 2x)² by each of two.  An absorber is a comb too: as long as t < T, nothing that
        it took comes back, and a photon that passes is taken with that same probability.

        Parameters
        ----------
        name : str
        modes : int
            𝒩.
        round_trip : float
            T = 2πρ.
        strengths : pair of floats
            x_1, x_2 = π²h²ρρ_wg, [B] (57), for the two channels.
        detuning : float
            The middle of the comb, from the middle of the band.
        place : float

        Raises
        ------
        ValueError
            If the round trip is not positive, or a strength is negative.

        Examples
        --------
        >>> cavity = LinearElement.comb("A", modes=3, round_trip=2 * np.pi, strengths=(0.25, 0))
        >>> cavity.energies
        array([-1.,  0.,  1.])
        >>> cavity.rates.round(3)
        array([0.159, 0.   ])
        """
        spacing = 2 * np.pi / checks.positive_scalar(round_trip, "round_trip")
        energies = detuning + spacing * _ladder(checks.whole_number(modes, "modes", 1))
        rates = 4 * checks.vector(strengths, "strengths", 2) / round_trip
        return cls(name=name, energies=energies, rates=rates, place=place)


def open_chain(
    elements: Sequence[LinearElement], *, carrier: float = 0.0, inputs: ArrayLike = (0.0, 0.0)
) -> LinearBosons:
    """Return elements along an open waveguide without end, short and with a band of any width.

    Light runs from element to element in no time, forward in channel 1 and back in channel 2, with
    the phase of the middle of the band.  An element downstream gets what one upstream radiates,
    A_kl = -L_k† L_l, and A_lk = 0.  Elements at one place have half of that both ways, which is
    what couplings without propagation phases mean, as printed in [B] (11), (12).

    Parameters
    ----------
    elements : sequence of LinearElement
    carrier : float
        Wave number k of the middle of the band: its phases are e^{±ikx}.
    inputs : array_like (2,)
        Mean quanta per temporal mode that come in by channels 1 and 2.

    Returns
    -------
    LinearBosons
        With the elements' names as subsystems.

    Raises
    ------
    ValueError
        If two elements have one name.

    Examples
    --------
    Light goes from A to B and never back, if both talk to channel 1 only:

    >>> A, B = (
    ...     LinearElement.comb(name, modes=5, round_trip=1, strengths=(0.2, 0), place=place)
    ...     for name, place in [("A", 0), ("B", 1)]
    ... )
    >>> open_chain([A, B]).transfer([0.4])[0].round(3)
    array([[0.763, 0.   ],
           [0.107, 0.763]])
    """
    energies, amplitudes, places, subsystems = _assembled(elements)
    phases = np.exp(-1j * carrier * np.array([1, -1])[:, None] * places)
    emission = amplitudes * phases
    # In front of element i in channel 1 are those with smaller x, in channel 2 those with larger.
    order = np.sign(places[:, None] - places)
    hamiltonian = np.diag(energies).astype(complex)
    for row, direction in zip(emission, (1, -1), strict=True):
        hamiltonian -= 0.5j * direction * order * np.outer(row.conj(), row)
    return LinearBosons(
        hamiltonian=hamiltonian, subsystems=subsystems, emission=emission, inputs=inputs
    )


def closed_ring(
    elements: Sequence[LinearElement], *, length: float, waveguide_modes: int, carrier: float = 0.0
) -> LinearBosons:
    """Return elements on a closed waveguide, with its modes and all delays, [B] (8)-(12), (79).

    A mode of energy ω, of which each channel has 𝒩' with spacing 2π/(length), couples to a mode at
    x with √(γ_r/length) e^{±i(k + ω)x}; the speed of light is one.

    Parameters
    ----------
    elements : sequence of LinearElement
    length : float
        Of the ring, 2πρ_wg.  Light takes this time to run around once.
    waveguide_modes : int
        𝒩' of each channel; the band of the waveguide is 2π𝒩'/length.
    carrier : float
        Wave number k of the middle of the band.

    Returns
    -------
    LinearBosons
        With the elements' names, "1" and "2" as subsystems.

    Raises
    ------
    ValueError
        If two subsystems have one name, or an element is not on the ring.

    Examples
    --------
    >>> A = LinearElement.comb("A", modes=5, round_trip=1, strengths=(0.25, 0))
    >>> ring = closed_ring([A], length=3, waveguide_modes=600)
    >>> 1 - ring.transfer([1], watch=["A"])[0].round(2)  # 4x/(1 + x)² = 0.64, but for the band
    array([[0.63]])
    """
    length = checks.positive_scalar(length, "length")
    omega = 2 * np.pi / length * _ladder(checks.whole_number(waveguide_modes, "waveguide_modes", 1))
    energies, amplitudes, places, subsystems = _assembled(elements)
    if np.any((places < 0) | (places >= length)):
        raise ValueError(f"`place` must be on the ring, from 0 to below {length}, got {places}")
    if {"1", "2"} & set(subsystems):
        raise ValueError('"1" and "2" are the names of the channels; give elements other names')
    n, N = len(energies), len(omega)
    hamiltonian = np.diag(np.concatenate([energies, omega, omega])).astype(complex)
    for channel, direction in enumerate((1, -1)):
        columns = slice(n + channel * N, n + (channel + 1) * N)
        phases = np.exp(1j * direction * np.outer(places, carrier + omega))
        hamiltonian[:n, columns] = amplitudes[channel][:, None] / length**0.5 * phases
        hamiltonian[columns, :n] = hamiltonian[:n, columns].conj().T
        subsystems[str(channel + 1)] = range(columns.start, columns.stop)
    return LinearBosons(hamiltonian=hamiltonian, subsystems=subsystems)


def _assembled(
    elements: Sequence[LinearElement],
) -> tuple[Array, Array, Array, dict[str, Sequence[int]]]:
    """Energies (n,), √γ (2, n), places (n,) of all modes, and the modes of each element."""
    names = [element.name for element in elements]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"`elements` must have names of their own, got {names}")
    sizes = [len(element.energies) for element in elements]
    ends = np.cumsum([0, *sizes]).tolist()
    return (
        np.concatenate([element.energies for element in elements]),
        np.repeat(np.sqrt([element.rates for element in elements]).T, sizes, axis=1),
        np.repeat([element.place for element in elements], sizes),
        {name: range(*ends[i : i + 2]) for i, name in enumerate(names)},
    )


def _ladder(n: int) -> Array:
    """N numbers one apart, symmetric about zero."""
    return np.arange(n) - (n - 1) / 2


def _adjoint(matrices: Matrix) -> Matrix:
    return matrices.conj().swapaxes(-1, -2)


def _dense(factor: Factor) -> Matrix:
    return factor.toarray() if sparse.issparse(factor) else factor


def _entropy(covariances: Matrix) -> Array:
    """Σ s over the eigenvalues; they are not negative but for rounding."""
    return mode_entropy(np.maximum(np.linalg.eigvalsh(covariances), 0)).sum(axis=-1)


def _blocks(system: LinearBosons, names: Sequence[str]) -> list[slice]:
    """Where each named subsystem's modes stand among those of all named ones."""
    ends = np.cumsum([0, *(len(system.subsystems[name]) for name in names)]).tolist()
    return [slice(*ends[i : i + 2]) for i in range(len(names))]


def _by_block(matrix: Array, blocks: Sequence[slice]) -> Array:
    """Sum over each block, (k, k)."""
    starts = [block.start for block in blocks]
    return np.add.reduceat(np.add.reduceat(matrix, starts, axis=0), starts, axis=1)


def _factor(start: ArrayLike, size: int) -> Factor:
    """F with F F† = C(0), (n, r); sparse, with a column for each filled mode, if C is diagonal."""
    array = checks.complex_array(start, "start")
    if array.shape == (size,):
        occupations = checks.real_array(start, "start")
        if np.any(occupations < 0):
            raise ValueError(f"occupations must not be negative, got {occupations.min():.3g}")
        roots = sparse.diags_array(np.sqrt(occupations), format="csc")
        return roots[:, np.flatnonzero(occupations)]
    if array.shape != (size, size):
        raise ValueError(
            f"`start` must have shape ({size},), mean occupations, or ({size}, {size}), a "
            f"covariance, got {array.shape}"
        )
    values, vectors = np.linalg.eigh(checks.hermitian_matrix(array, "start", size))
    if values[0] < -checks.STATE_TOLERANCE * max(values[-1], 1):
        raise ValueError(
            f"a covariance has no negative eigenvalue, occupations are not negative; "
            f"got {values[0]:.3g}"
        )
    return vectors * np.sqrt(np.maximum(values, 0))
