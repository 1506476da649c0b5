"""Exact dynamics of few excitations: modes of light and two-level systems, nothing neglected.

Elements are modes of light, with lowering operators c = a, and two-level systems, with c = σ⁻.  The
Hamiltonian H = Σ_ij E_ij c_i† c_j conserves the number of excitations N = Σ c_i† c_i, so it falls
into sectors of N, each a finite matrix, and what happens to at most N excitations is computed
without any approximation: no golden rule, no cut of the Hilbert space that matters, no randomness.

Units: ħ = k = 1.  Index order is final ← initial.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import block_diag, expm
from scipy.sparse.linalg import expm_multiply

from .. import checks
from ..lindblad import von_neumann_entropy
from .thermal import mode_entropy, two_level_entropy

Array = NDArray[np.float64]
Matrix = NDArray[np.complex128]

LARGEST_BLOCK = 4000
"""States of one sector that are diagonalised: some minutes and 3 GB."""

GIBBS_WEIGHTS = ("flat", "own", "coupled")
"""What β multiplies in a Gibbs state: N, the energies of the uncoupled elements, or H."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FewExcitations:
    """Modes of light and two-level systems with at most `most` excitations, exactly.

    H = Σ_ij E_ij c_i† c_j + κ Σ_si (E_si σ_s⁻ a_i + h.c.), where E is `one_excitation`, c = a for a
    mode and σ⁻ for a two-level system, and κ is `counter_rotating`.

    Parameters
    ----------
    one_excitation : array_like (k, k)
        The Hamiltonian ⟨i|H|j⟩ of one excitation that is in element j or i, hermitian: energies on
        the diagonal, couplings beside it.
    two_level_systems : int
        The last so many elements are two-level systems, the others modes of light.
    subsystems : mapping from str to sequence of int
        The elements of each subsystem.  Every element is in one, and in one only; a subsystem holds
        either modes or two-level systems.
    most : int
        States with at most so many excitations are kept.
    counter_rotating : float
        κ.  At 0, the default, N is conserved and the states that are kept are all that are needed;
        otherwise, what would exceed `most` is cut off.

    Raises
    ------
    ValueError
        If E is not hermitian, or the subsystems do not share out the elements.

    Examples
    --------
    A photon in a mode and a two-level system swap with the Rabi frequency 2g:

    >>> g = 0.1
    >>> system = FewExcitations(
    ...     one_excitation=[[1, g], [g, 1]],
    ...     two_level_systems=1,
    ...     subsystems={"mode": [0], "atom": [1]},
    ...     most=2,
    ... )
    >>> system.states.tolist()
    [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1]]
    >>> system.transition_matrix(np.pi / (2 * g), excitations=1).round(12)
    array([[0., 1.],
           [1., 0.]])
    """

    one_excitation: ArrayLike
    two_level_systems: int
    subsystems: Mapping[str, Sequence[int]]
    most: int
    counter_rotating: float = 0.0

    def __post_init__(self) -> None:
        """Check all fields."""
        size = np.shape(self.one_excitation)[0] if np.ndim(self.one_excitation) else 1
        matrix = checks.hermitian_matrix(self.one_excitation, "one_excitation", size)
        count = checks.whole_number(self.two_level_systems, "two_level_systems", 0, size)
        object.__setattr__(self, "one_excitation", matrix)
        object.__setattr__(self, "two_level_systems", count)
        object.__setattr__(self, "most", checks.whole_number(self.most, "most", 1))
        object.__setattr__(
            self, "counter_rotating", checks.scalar(self.counter_rotating, "counter_rotating")
        )
        shared = {name: tuple(map(int, which)) for name, which in self.subsystems.items()}
        if sorted(sum(shared.values(), ())) != list(range(size)):
            raise ValueError(
                f"`subsystems` must hold each element 0 … {size - 1} once, got {shared}"
            )
        for name, which in shared.items():
            kinds = {element >= size - count for element in which}
            if len(kinds) != 1:
                raise ValueError(
                    f"subsystem {name!r} must hold modes of light or two-level systems, not both "
                    f"and not nothing; got {which}, where {size - count} and above are two-level"
                )
        object.__setattr__(self, "subsystems", shared)

    # States and operators

    @cached_property
    def states(self) -> NDArray[np.int64]:
        """Excitations of each element in each occupation state, (d, k), ordered by their sum."""
        size = len(self.one_excitation)
        modes = size - self.two_level_systems
        rows = [
            np.bincount(chosen, minlength=size)
            for number in range(self.most + 1)
            for chosen in combinations_with_replacement(range(size), number)
        ]
        states = np.array(rows, dtype=np.int64)
        return states[np.all(states[:, modes:] <= 1, axis=1)]

    def _index(self, occupations: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places (r,) of these occupations (r, k) among `states`."""
        return np.array([self._places[row.tobytes()] for row in occupations], dtype=np.int64)

    @cached_property
    def _places(self) -> dict[bytes, int]:
        return {state.tobytes(): place for place, state in enumerate(self.states)}

    @cached_property
    def excitations(self) -> NDArray[np.int64]:
        """N of each occupation state, (d,)."""
        return self.states.sum(axis=1)

    @cached_property
    def lowering_operators(self) -> tuple[sparse.csr_array, ...]:
        """The matrices c_i, (d, d) each: √n toward the state with one excitation fewer."""
        operators = []
        for element, unit in enumerate(np.eye(self.states.shape[1], dtype=np.int64)):
            source = np.flatnonzero(self.states[:, element])
            target = self._index(self.states[source] - unit)
            root = np.sqrt(self.states[source, element])
            shape = (len(self.states),) * 2
            operators.append(sparse.csr_array((root, (target, source)), shape=shape))
        return tuple(operators)

    @cached_property
    def hamiltonian(self) -> sparse.csr_array:
        """H as a sparse matrix (d, d)."""
        lower, modes = self.lowering_operators, len(self.one_excitation) - self.two_level_systems
        H = self.second_quantized(self.one_excitation)
        for element in range(modes, len(lower)) if self.counter_rotating else ():
            row = self.one_excitation[element, :modes]
            pair = lower[element] @ sum(E * c for E, c in zip(row, lower, strict=False))
            H += self.counter_rotating * (pair + pair.conj().T)
        return sparse.csr_array(H)

    def second_quantized(self, matrix: ArrayLike) -> sparse.csr_array:
        """Return Σ_ij matrix_ij c_i† c_j of a hermitian matrix (k, k), sparse, (d, d)."""
        lower = self.lowering_operators
        matrix = checks.hermitian_matrix(matrix, "matrix", len(lower))
        total = sparse.csr_array((len(self.states),) * 2, dtype=complex)
        for c, row in zip(lower, matrix, strict=True):
            # Lowering comes first, so nothing is cut off.
            if row.any():
                total += c.T @ sum(row[j] * lower[j] for j in np.flatnonzero(row))
        return total

    @property
    def sectors(self) -> tuple[slice, ...]:
        """Where the states with N = 0, 1, … `most` are."""
        ends = np.searchsorted(self.excitations, np.arange(self.most + 2))
        return tuple(slice(int(a), int(b)) for a, b in pairwise(ends))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The elements in each subsystem: 𝒩, or M of two-level systems."""
        return np.array([len(which) for which in self.subsystems.values()])

    @cached_property
    def _blocks(self) -> tuple[slice, ...]:
        """What H leaves apart."""
        return (slice(0, len(self.states)),) if self.counter_rotating else self.sectors

    @cached_property
    def _spectra(self) -> tuple[tuple[Array, Matrix], ...]:
        """Energies and eigenvectors of H in each block."""
        for block in self._blocks:
            if block.stop - block.start > LARGEST_BLOCK:
                raise ValueError(
                    f"a sector has {block.stop - block.start} states, more than {LARGEST_BLOCK}; "
                    "take fewer elements, lower `most`, or use `evolve_ket`, which needs no "
                    "eigenvectors"
                )
        return tuple(np.linalg.eigh(self.hamiltonian[b, b].toarray()) for b in self._blocks)

    # Starts

    def gibbs(self, beta: float, weights: str = "flat") -> Matrix:
        """Return a Gibbs state, among the states that are kept.

        Parameters
        ----------
        beta : float
            1/T, positive.
        weights : str
            "flat": e^{-βN}, all elements alike, as if each had the energy 1;
            "own": e^{-βΣE_ii N_i}, each element with its own energy, couplings left out;
            "coupled": e^{-βH}.

        Returns
        -------
        array (d, d)
            Of trace one.

        Raises
        ------
        ValueError
            If β is not positive or the weights are none of these.

        Notes
        -----
        "flat" is stationary whenever N is conserved, "coupled" always.  "own" is neither.

        Examples
        --------
        >>> system = chiral_loop(most=1)
        >>> later = system.evolve(system.gibbs(1.0), 50.0)
        >>> bool(np.allclose(later, system.gibbs(1.0), rtol=0, atol=1e-14))
        True
        """
        beta = checks.one_inverse_temperature(beta)
        checks.choice(weights, "weights", GIBBS_WEIGHTS)
        if weights == "coupled":
            lowest = min(energies[0] for energies, _ in self._spectra)
            parts = [
                (V * np.exp(-beta * (energies - lowest))) @ V.conj().T
                for energies, V in self._spectra
            ]
            rho = block_diag(*parts)
            return rho / np.trace(rho).real
        own = np.ones(self.states.shape[1]) if weights == "flat" else np.diag(self.one_excitation)
        return self._weighted(beta * self.states @ own.real)

    def product(self, betas: Mapping[str, float]) -> Matrix:
        """Return the state in which each subsystem has its own flat β, e^{-Σ β_j N_j}/Z.

        Parameters
        ----------
        betas : mapping from str to float
            1/T of each subsystem; those that are not named are empty.

        Returns
        -------
        array (d, d)
            A product but for the states that exceed `most`, which are left out.

        Raises
        ------
        ValueError
            If a β is not positive, or a subsystem is unknown.

        Examples
        --------
        >>> system = chiral_loop(most=1)
        >>> rho = system.product({"A": 1.0, "TLS": 2.0})
        >>> dict(zip(system.subsystems, system.occupations(rho).round(3).tolist()))
        {'A': 0.183, 'B': 0.0, '1': 0.0, '2': 0.0, 'TLS': 0.067}
        """
        for name in set(betas) - set(self.subsystems):
            raise ValueError(f"no subsystem {name!r}; there are {', '.join(self.subsystems)}")
        weights = np.zeros(len(self.states))
        for name in self.subsystems:
            number = self._number_in(name)
            if name in betas:
                weights += checks.one_inverse_temperature(betas[name]) * number
            else:
                weights[number > 0] = np.inf
        return self._weighted(weights)

    def occupation_state(self, occupation: Sequence[int]) -> Matrix:
        """Return |n⟩⟨n| for so many excitations in each element.

        Parameters
        ----------
        occupation : sequence of int (k,)

        Returns
        -------
        array (d, d)

        Raises
        ------
        ValueError
            If that is not among the states that are kept.

        Examples
        --------
        >>> system = chiral_loop(most=1)
        >>> rho = system.occupation_state(np.eye(len(system.one_excitation))[0])
        >>> system.occupations(rho).tolist()
        [0.5, 0.0, 0.0, 0.0, 0.0]
        """
        occupation = checks.vector(occupation, "occupation", self.states.shape[1])
        return self._weighted(np.where(np.all(self.states == occupation, axis=1), 0.0, np.inf))

    def _weighted(self, exponents: Array) -> Matrix:
        lowest = exponents.min()
        if not np.isfinite(lowest):
            raise ValueError(
                f"no state that is kept is like this; {len(self.states[0])} elements hold at most "
                f"{self.most} excitations, two-level systems at most one each"
            )
        p = np.exp(lowest - exponents)
        return np.diag(p / p.sum()).astype(complex)

    # What a state says

    def _matrix(self, rho: ArrayLike) -> Matrix:
        d = len(self.states)
        if np.shape(rho) != (d, d):
            raise ValueError(
                f"ρ must have shape ({d}, {d}), one row and column an occupation state, got "
                f"{np.shape(rho)}; make one with `gibbs`, `product` or `occupation_state`"
            )
        return checks.complex_array(rho, "rho")

    def _number_in(self, name: str) -> NDArray[np.int64]:
        return self.states[:, self.subsystems[name]].sum(axis=1)

    def quanta(self, rho: Matrix) -> Array:
        """Return the mean number of excitations in each subsystem, (s,), of ρ (d, d)."""
        p = np.diag(self._matrix(rho)).real
        return np.array([p @ self._number_in(name) for name in self.subsystems])

    def occupations(self, rho: Matrix) -> Array:
        """Return the same by element: ⟨n⟩ of a mode, ⟨m⟩/M, averaged over the subsystem, (s,)."""
        return self.quanta(rho) / self.sizes

    def reduced(self, rho: Matrix, name: str) -> Matrix:
        """Return the density matrix of one subsystem, the others traced out.

        Parameters
        ----------
        rho : array (d, d)
        name : str

        Returns
        -------
        array (e, e)
            In the occupation states of the subsystem's elements, in lexical order.

        Raises
        ------
        KeyError
            If there is no such subsystem.
        """
        rho = self._matrix(rho)
        inside = np.zeros(self.states.shape[1], dtype=bool)
        inside[list(self.subsystems[name])] = True
        patterns, pattern = np.unique(self.states[:, inside], axis=0, return_inverse=True)
        _, rest = np.unique(self.states[:, ~inside], axis=0, return_inverse=True)
        reduced = np.zeros((len(patterns),) * 2, dtype=complex)
        order = np.argsort(rest, kind="stable")
        for same in np.split(order, np.flatnonzero(np.diff(rest[order])) + 1):
            reduced[np.ix_(pattern[same], pattern[same])] += rho[np.ix_(same, same)]
        return reduced

    def subsystem_entropies(self, rho: Matrix) -> Array:
        """Return -Tr ρ_j ln ρ_j of each subsystem, (s,), in k."""
        return np.array([von_neumann_entropy(self.reduced(rho, name)) for name in self.subsystems])

    def thermal_entropies(self, rho: Matrix) -> Array:
        """Return the entropies that [B] (95), (96) give to these mean occupations, (s,), in k.

        The largest that subsystems with these means can have; their sum is [B] (99).
        """
        n = np.maximum(self.occupations(rho), 0.0)
        modes = self.states.shape[1] - self.two_level_systems
        two_level = np.array([which[0] >= modes for which in self.subsystems.values()])
        return self.sizes * np.where(
            two_level, two_level_entropy(np.minimum(n, 1.0)), mode_entropy(n)
        )

    # Motion

    def propagator(self, time: float) -> Matrix:
        """Return U = e^{-iHt}, (d, d)."""
        time = checks.scalar(time, "time")
        return block_diag(*(_exponential(spectrum, time) for spectrum in self._spectra))

    def transition_matrix(self, time: float, excitations: int | None = None) -> Array:
        """Return P[f, i] = |⟨f|e^{-iHt}|i⟩|² between occupation states.

        Parameters
        ----------
        time : float
        excitations : int, optional
            Only the states with this N.

        Returns
        -------
        array (d, d)
            Rows and columns sum to one, because e^{-iHt} is unitary; for one N, if H conserves it.

        Raises
        ------
        ValueError
            If N is not kept.

        Examples
        --------
        >>> P = chiral_loop(most=2).transition_matrix(60.0)
        >>> bool(np.allclose([P.sum(axis=0), P.sum(axis=1)], 1, rtol=0, atol=1e-13))
        True
        """
        if excitations is None:
            return np.abs(self.propagator(time)) ** 2
        N = checks.whole_number(excitations, "excitations", 0, self.most)
        if self.counter_rotating:
            return np.abs(self.propagator(time)[self.sectors[N], self.sectors[N]]) ** 2
        return np.abs(_exponential(self._spectra[N], checks.scalar(time, "time"))) ** 2

    def transfer(self, time: float) -> Array:
        """Return the probabilities that one excitation goes from one subsystem to another.

        Parameters
        ----------
        time : float

        Returns
        -------
        array (s, s)
            P[f, i] from i, where the excitation is in each element with equal probability, to f.
            Where N is conserved, columns sum to one, and rows when weighted,
            Σ_i P[f, i] `sizes`[i] = `sizes`[f].

        Examples
        --------
        >>> system = chiral_loop(most=1)
        >>> names = list(system.subsystems)
        >>> P = system.transfer(80.0)
        >>> bool(P[names.index("TLS"), 0] > 100 * P[names.index("TLS"), 1])  # from A, not from B
        True
        """
        P = self.transition_matrix(time, 1)
        # Row i of the sector is the excitation in element i.
        member = np.array(
            [np.isin(range(len(P)), which) for which in self.subsystems.values()], dtype=float
        )
        return member @ P @ member.T / self.sizes

    def evolve(self, rho: Matrix, time: float) -> Matrix:
        """Return ρ(t) = e^{-iHt} ρ e^{iHt}.

        Parameters
        ----------
        rho : array (d, d)
        time : float
            Also negative.

        Returns
        -------
        array (d, d)
        """
        time = checks.scalar(time, "time")
        parts = [_exponential(spectrum, time) for spectrum in self._spectra]
        return self._sandwich(self._matrix(rho), parts, [U.conj().T for U in parts])

    def evolve_ket(self, psi: ArrayLike, time: float) -> Matrix:
        """Return e^{-iHt} ψ without eigenvectors, for sectors too large for them.

        Parameters
        ----------
        psi : array_like (d,) or (d, r)
            One state or several.
        time : float

        Returns
        -------
        array (d,) or (d, r)
        """
        psi, time = checks.complex_array(psi, "psi"), checks.scalar(time, "time")
        H = self.hamiltonian
        return expm_multiply(-1j * time * H, psi, traceA=-1j * time * H.trace())

    def _sandwich(self, rho: Matrix, left: Sequence[Matrix], right: Sequence[Matrix]) -> Matrix:
        """Return left ρ right, block by block; most states have no coherence between sectors."""
        result = np.zeros(rho.shape, dtype=complex)
        for row, L in zip(self._blocks, left, strict=True):
            for column, R in zip(self._blocks, right, strict=True):
                if np.any(rho[row, column]):
                    result[row, column] = L @ rho[row, column] @ R
        return result

    def run(
        self,
        start: Matrix,
        times: ArrayLike,
        events: Iterable[tuple[float, "Channel"]] = (),
    ) -> "ExcitationRun":
        """Return the occupations at these times.

        Parameters
        ----------
        start : array (d, d)
            ρ at time 0.
        times : array_like (t,)
            Increasing, not negative.
        events : iterable of (float, channel)
            What happens at which time, such as `(20.0, collapse(system, "1", "2"))`; before the
            occupations are read if both are at one time.

        Returns
        -------
        ExcitationRun

        Raises
        ------
        ValueError
            If times decrease or are negative.

        Examples
        --------
        >>> system = chiral_loop(most=2)
        >>> run = system.run(system.gibbs(1.0), [0, 50, 100], [(20.0, collapse(system, "1", "2"))])
        >>> bool(np.abs(run["A"] - run["B"]).max() < 1e-14)
        True
        """
        times = checks.rising_times(times, repeated=True)
        left, right = zip(*((V.conj().T, V) for _, V in self._spectra), strict=True)
        quanta = [
            self._quanta_later(self._sandwich(rho, left, right), delays)
            for rho, delays in _segments(self, self._matrix(start), times, events)
        ]
        # Rounding must not leave less than nothing.
        return ExcitationRun(self, times, np.maximum(np.concatenate(quanta), 0.0))

    def trajectory(
        self,
        start: Matrix,
        times: ArrayLike,
        events: Iterable[tuple[float, "Channel"]] = (),
    ) -> Iterator[Matrix]:
        """Yield ρ at these times; arguments as of `run`, which is faster for occupations alone."""
        times = checks.rising_times(times, repeated=True)
        for rho, delays in _segments(self, start, times, events):
            for delay in delays:
                yield self.evolve(rho, delay)

    @cached_property
    def _numbers(self) -> tuple[tuple[Matrix, ...], ...]:
        """The number of excitations in each subsystem between eigenvectors, block by block."""
        return tuple(
            tuple((V.conj().T * self._number_in(name)[block]) @ V for name in self.subsystems)
            for block, (_, V) in zip(self._blocks, self._spectra, strict=True)
        )

    def _quanta_later(self, still: Matrix, delays: Array) -> Array:
        """Σ_kl ⟨k|N_j|l⟩ ρ_lk e^{-i(E_l - E_k)t} for each t and j, from ρ between eigenvectors."""
        quanta = np.zeros((len(delays), len(self.subsystems)))
        for block, (energies, _), numbers in zip(
            self._blocks, self._spectra, self._numbers, strict=True
        ):
            phases = np.exp(-1j * np.outer(energies - energies.mean(), delays))
            for column, number in zip(quanta.T, numbers, strict=True):
                turned = (number.conj() * still[block, block]) @ phases.conj()
                column += np.sum(phases * turned, axis=0).real
        return quanta


@dataclass(frozen=True, eq=False)
class ExcitationRun:
    """Mean occupations in the course of time; made by `FewExcitations.run`.

    run["A"] is ⟨n⟩ of a mode of A, averaged over its modes, and run["TLS"] is ⟨m⟩/M, (t,) each.

    Parameters
    ----------
    system : FewExcitations
    times : array (t,)
    quanta : array (t, s)
        The mean number of excitations in each subsystem.
    """

    system: FewExcitations
    times: Array
    quanta: Array

    @property
    def occupations(self) -> Array:
        """By element, averaged over each subsystem, (t, s)."""
        return self.quanta / self.system.sizes

    def __getitem__(self, name: str) -> Array:
        """Return the mean occupation of the elements of this subsystem, (t,)."""
        return self.occupations[:, list(self.system.subsystems).index(name)]


def chiral_loop(
    *,
    h: float = 0.005,
    g_1: float = 0.01,
    g_2: float = 0.0,
    bandwidth: float = 0.3,
    cavity_modes: int = 2,
    loop_modes: int = 7,
    two_level_systems: int = 2,
    most: int = 3,
    places: tuple[float, float, float] = (0.0, 2 / 7, 4 / 7),
    propagation_phases: bool = True,
    counter_rotating: float = 0.0,
) -> FewExcitations:
    """Return cavity A, two-level systems and cavity B on a closed loop, [B] (8)-(12), Fig. 6.

    A mode of channel 1 with wave number k couples with h e^{ikx_A}, g_1 e^{ikx}, h e^{ikx_B} to
    cavity A, two-level systems and cavity B; a mode of channel 2, which goes the other way, with
    h e^{-ikx_A}, g_2 e^{-ikx}, h e^{-ikx_B}.  The middle of the band, and all two-level systems,
    have the energy 1 = ħΩ.

    Parameters
    ----------
    h : float
        Coupling of a cavity's mode to a mode of channel 1 or 2, in units of ħΩ.
    g_1, g_2 : float
        Coupling of a two-level system to a mode of channel 1, of channel 2.
    bandwidth : float
        Δ.  The modes of a cavity or a channel, 𝒩 of them, are equidistant with spacing Δ/𝒩.
    cavity_modes, loop_modes, two_level_systems : int
        𝒩 of each cavity, 𝒩' of each channel, and M.
    most : int
        Excitations at most.
    places : tuple of three floats
        x of cavity A, the two-level systems, cavity B, as parts of the loop's length; channel 1
        runs toward larger x.  Distances are whole wavelengths of the middle of the band.
    propagation_phases : bool
        Without them all factors e^{±ikx} are 1, as printed in [B] (11), (12).
    counter_rotating : float
        As in `FewExcitations`.

    Returns
    -------
    FewExcitations
        With the subsystems "A", "B", "1", "2", "TLS".  Light runs once around in 2π𝒩'/Δ.

    Raises
    ------
    ValueError
        If the bandwidth is not positive, or a number of elements is not a possible one.

    Examples
    --------
    >>> system = chiral_loop()
    >>> [len(system.states), [sector.stop - sector.start for sector in system.sectors]]
    [1729, [1, 20, 208, 1500]]
    """
    bandwidth = checks.positive_scalar(bandwidth, "bandwidth")
    cavity = checks.whole_number(cavity_modes, "cavity_modes", 1)
    loop = checks.whole_number(loop_modes, "loop_modes", 1)
    M = checks.whole_number(two_level_systems, "two_level_systems", 1)
    checks.instance(propagation_phases, "propagation_phases", bool)
    x_A, x, x_B = checks.vector(places, "places", 3) * propagation_phases
    ends = np.cumsum([cavity, cavity, loop, loop, M]).tolist()
    A, B, one, two, atoms = (slice(a, b) for a, b in pairwise([0, *ends]))
    k = 2 * np.pi * _ladder(loop)
    E = np.zeros((ends[-1],) * 2, dtype=complex)
    for channel, direction, g in [(one, 1, g_1), (two, -1, g_2)]:
        for elements, coupling, place in [(A, h, x_A), (atoms, g, x), (B, h, x_B)]:
            E[elements, channel] = coupling * np.exp(1j * direction * k * place)
    energies = [1 + bandwidth * _ladder(n) / n for n in (cavity, cavity, loop, loop)]
    E += E.conj().T + np.diag(np.concatenate([*energies, np.ones(M)]))
    names = {"A": A, "B": B, "1": one, "2": two, "TLS": atoms}
    return FewExcitations(
        one_excitation=E,
        two_level_systems=M,
        subsystems={name: range(part.start, part.stop) for name, part in names.items()},
        most=most,
        counter_rotating=counter_rotating,
    )


# Events: maps of density matrices that no Hamiltonian of the system makes


@dataclass(frozen=True, eq=False)
class KrausChannel:
    """ρ → Σ K ρ K†.

    Parameters
    ----------
    operators : sequence of sparse arrays (d, d)
        The K.
    """

    operators: Sequence[sparse.csr_array]

    def __call__(self, rho: Matrix) -> Matrix:
        """Return the map's result, (d, d)."""
        return sum((K.conj() @ (K @ rho).T).T for K in self.operators)


@dataclass(frozen=True, eq=False)
class DiagonalChannel:
    """ρ_ab → C_ab ρ_ab between occupation states: coherences shrink, probabilities stay.

    Parameters
    ----------
    kernel : array (d, d)
        C, real, positive and with ones on its diagonal: then the map has diagonal Kraus operators,
        so it is unital and leaves N alone.
    """

    kernel: Array

    def __call__(self, rho: Matrix) -> Matrix:
        """Return the map's result, (d, d)."""
        return self.kernel * rho

    @property
    def operators(self) -> tuple[sparse.csr_array, ...]:
        """Kraus operators, from C = Σ λ v vᵀ: √λ times a diagonal matrix of v."""
        weights, vectors = np.linalg.eigh(self.kernel)
        kept = weights > len(weights) * np.finfo(float).eps * weights[-1]
        return tuple(
            sparse.csr_array(sparse.diags_array(np.sqrt(weight) * v))
            for weight, v in zip(weights[kept], vectors.T[kept], strict=True)
        )


Channel = KrausChannel | DiagonalChannel


def collapse(system: FewExcitations, *names: str) -> DiagonalChannel:
    """Return the collapse of these subsystems: the excitations of each element are measured.

    ρ → Σ P ρ P over the projectors P on what can be found, the outcome forgotten.

    Parameters
    ----------
    system : FewExcitations
    *names : str
        Subsystems; all of them if none is given.

    Returns
    -------
    DiagonalChannel

    Raises
    ------
    KeyError
        If there is no such subsystem.

    Examples
    --------
    >>> system = chiral_loop(most=1)
    >>> rho = system.evolve(system.occupation_state(np.eye(20)[0]), 30.0)
    >>> probabilities = np.diag(rho)
    >>> bool(np.array_equal(collapse(system)(rho), np.diag(probabilities)))
    True
    """
    seen = system.states[:, _elements(system, names)]
    return DiagonalChannel(np.all(seen[:, None] == seen, axis=-1).astype(float))


def dephasing(system: FewExcitations, variance: float, *names: str) -> DiagonalChannel:
    """Return the map that turns the phase of each element by a random angle.

    ρ_ab → ρ_ab exp[-(variance/2) Σ (n_a - n_b)²], the sum over the elements.

    Parameters
    ----------
    system : FewExcitations
    variance : float
        Of the angles, which are normally distributed; not negative.
    *names : str
        Subsystems; all of them if none is given.

    Returns
    -------
    DiagonalChannel

    Raises
    ------
    ValueError
        If the variance is negative.
    KeyError
        If there is no such subsystem.

    Examples
    --------
    >>> system = chiral_loop(most=1)
    >>> gentle, strong = (dephasing(system, variance).kernel for variance in (0.01, 1e4))
    >>> bool(gentle.min() > 0.99), bool(np.array_equal(strong, collapse(system).kernel))
    (True, True)
    """
    variance = checks.scalar(variance, "variance")
    if variance < 0:
        raise ValueError(f"`variance` must not be negative, got {variance}")
    n = system.states[:, _elements(system, names)]
    square = np.sum(n**2, axis=1)
    return DiagonalChannel(np.exp(-variance / 2 * (square[:, None] + square - 2 * n @ n.T)))


def elastic_scattering(
    system: FewExcitations, generator: ArrayLike, probability: float = 1.0
) -> KrausChannel:
    """Return elastic scattering: with some probability, ρ → e^{-iG} ρ e^{iG}.

    Parameters
    ----------
    system : FewExcitations
    generator : array_like (k, k)
        G = Σ generator_ij c_i† c_j, hermitian; it moves excitations between elements.
    probability : float
        From 0 to 1.

    Returns
    -------
    KrausChannel

    Raises
    ------
    ValueError
        If the generator is not hermitian, or the probability is not one.
    """
    G = system.second_quantized(generator)
    p = _probability(probability)
    U = block_diag(*(expm(-1j * G[sector, sector].toarray()) for sector in system.sectors))
    one = sparse.eye_array(len(U), format="csr")
    return KrausChannel((np.sqrt(1 - p) * one, np.sqrt(p) * sparse.csr_array(U)))


def transverse_measurement(system: FewExcitations, element: int) -> KrausChannel:
    """Return the measurement of σ_x of a two-level system, the outcome forgotten.

    ρ → (ρ + XρX)/2, where X exchanges ground and excited state.  It is unital, but does not
    conserve N.

    Parameters
    ----------
    system : FewExcitations
    element : int
        A two-level system.  Where it cannot be excited because `most` is reached, X does nothing.

    Returns
    -------
    KrausChannel

    Raises
    ------
    ValueError
        If the element is no two-level system.
    """
    k = len(system.one_excitation)
    element = checks.whole_number(element, "element", k - system.two_level_systems, k - 1)
    lower = system.lowering_operators[element]
    X = lower + lower.T
    X = X + sparse.diags_array(1.0 - X.sum(axis=0))
    one = sparse.eye_array(len(system.states), format="csr")
    return KrausChannel((one / np.sqrt(2), sparse.csr_array(X) / np.sqrt(2)))


def reset(system: FewExcitations, *names: str) -> KrausChannel:
    """Return the map that empties subsystems: not unital, since everything ends in one state.

    Parameters
    ----------
    system : FewExcitations
    *names : str
        Subsystems; all of them if none is given.

    Returns
    -------
    KrausChannel
        K = |0⟩⟨n| on these elements, for each n that they can hold.

    Raises
    ------
    KeyError
        If there is no such subsystem.
    """
    which = _elements(system, names)
    emptied = system.states.copy()
    emptied[:, which] = 0
    _, pattern = np.unique(system.states[:, which], axis=0, return_inverse=True)
    target = system._index(emptied)
    shape = (len(target),) * 2
    operators = []
    for n in range(pattern.max() + 1):
        source = np.flatnonzero(pattern == n)
        operators.append(
            sparse.csr_array((np.ones(len(source)), (target[source], source)), shape=shape)
        )
    return KrausChannel(tuple(operators))


# Helpers


def _ladder(n: int) -> Array:
    """Return n equidistant numbers with spacing 1 around zero."""
    return np.arange(n) - (n - 1) / 2


def _exponential(spectrum: tuple[Array, Matrix], time: float) -> Matrix:
    energies, V = spectrum
    return (V * np.exp(-1j * energies * time)) @ V.conj().T


def _elements(system: FewExcitations, names: Sequence[str]) -> list[int]:
    return [i for name in names or system.subsystems for i in system.subsystems[name]]


def _probability(value: float) -> float:
    p = checks.scalar(value, "probability")
    if not 0 <= p <= 1:
        raise ValueError(f"`probability` must be from 0 to 1, got {p}")
    return p


def _segments(
    system: FewExcitations,
    rho: Matrix,
    times: Array,
    events: Iterable[tuple[float, Channel]],
) -> Iterator[tuple[Matrix, Array]]:
    """Yield ρ at the start and just after each event, and the delays of the times that follow."""
    then = 0.0
    for now, channel in sorted(events, key=lambda event: event[0]):
        if now < 0:
            raise ValueError(f"`events` must not lie before time 0, got one at {now}")
        yield rho, times[(then <= times) & (times < now)] - then
        rho, then = channel(system.evolve(rho, now - then)), now
    yield rho, times[times >= then] - then
