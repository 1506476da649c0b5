"""Quantum Markov semigroups dρ/dt = Lρ: secular generators by block, and tests of any generator.

With non-degenerate levels a secular generator acts on each Bohr frequency by itself: populations
obey the Pauli equation, and a coherence ρ_kk' mixes only with those of the same E_k - E_k'.  So
everything here works on small blocks; the (n², n²) matrix is made only when asked for.  Nothing
here knows of scattering.

Conventions: ħ = k_B = 1.  Index order is final ← initial.  Superoperators act on density matrices
whose columns are stacked, vec(ρ)[k + n k'] = ρ_kk', as QuTiP's do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import expm
from scipy.sparse.csgraph import connected_components
from scipy.special import entr, kl_div

from . import checks, markov

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

POSITIVE_TOLERANCE = 1e-12
"""How far below zero eigenvalues of coefficients may lie, relative to the largest of the group."""

NO_OPERATOR = 1e-14
"""Eigenvalues of coefficients below this fraction of the group's largest are rounding errors."""

REGULAR = 1e3
"""Eigenvectors are used up to this condition number, beyond it the matrix exponential."""

NULL = 1e-10
"""Singular values above this fraction of the largest are different from zero."""

ROUNDING = 2e-15
"""Rounding error of a superoperator's action, relative to its size times its largest entry."""

STATIONARY = 1e-8
"""Allowed change of a stationary state, relative to the largest entry of the row that gives it."""

SUPPORT = 1e-8
"""Probability, relative to the largest, below which one of several stationary states has none."""

DISTINCT = 1e-6
"""Least distance of different eigenvalues, and least singular value of independent states."""

OUTSIDE = 1e-14
"""Weight of a state outside the support of another that counts as zero."""


@dataclass(frozen=True, eq=False)
class BohrGroup:
    """Pairs of levels with one Bohr frequency.

    Parameters
    ----------
    frequency : float
        ω, the energy that the system gains.
    pairs : int array (m, 2)
        Rows (k, l), final ← initial, with E_k - E_l = ω.  Their order is that of the lower level's
        number, so the group of -ω has the same pairs, reversed, in the same order.
    """

    frequency: float
    pairs: NDArray[np.intp]


def bohr_groups(energies: ArrayLike, tolerance: float = 1e-9) -> tuple[BohrGroup, ...]:
    """Return the pairs of levels, grouped by Bohr frequency ω = E_k - E_l.

    Parameters
    ----------
    energies : array_like (n,)
        Level energies E_k, in any order.
    tolerance : float
        Frequencies closer than this fraction of the largest one form one group.

    Returns
    -------
    tuple of BohrGroup
        By ascending frequency; all n² pairs, those with k = l included.

    Raises
    ------
    ValueError
        If frequencies are spaced so that neighbours are within the tolerance and the ends of their
        row are not, or if the tolerance is negative.

    Examples
    --------
    Equidistant levels share their Bohr frequencies:

    >>> for group in bohr_groups([-0.5, 0.0, 0.5]):
    ...     print(group.frequency, group.pairs.tolist())
    -1.0 [[0, 2]]
    -0.5 [[0, 1], [1, 2]]
    0.0 [[0, 0], [1, 1], [2, 2]]
    0.5 [[1, 0], [2, 1]]
    1.0 [[2, 0]]
    """
    energies = checks.vector(energies, "energies")
    tolerance = checks.scalar(tolerance, "tolerance")
    if tolerance < 0:
        raise ValueError(f"`tolerance` must not be negative, got {tolerance}")
    n = energies.size
    frequency = (energies[:, None] - energies).ravel()
    k, l = np.divmod(np.arange(n * n), n)
    allowed = tolerance * frequency.max()
    ascending = np.argsort(frequency, kind="stable")
    number = np.empty(n * n, dtype=np.intp)
    number[ascending] = np.cumsum(np.diff(frequency[ascending], prepend=-np.inf) > allowed) - 1
    order = np.lexsort((np.where(frequency < 0, k, l), number))
    bounds = np.flatnonzero(np.diff(number[order])) + 1
    groups = []
    for members in np.split(order, bounds):
        spread = np.ptp(frequency[members])
        if spread > allowed:
            raise ValueError(
                f"the Bohr frequencies around {frequency[members].mean():.6g} are neither equal "
                f"nor different: neighbours lie within {allowed:.3g} of each other, the outermost "
                f"{spread:.3g} apart; make the levels equidistant or move them further apart "
                "(`bohr_groups` and `SecularGenerator` also take another `tolerance`)"
            )
        pairs = _frozen(np.stack([k[members], l[members]], axis=-1))
        groups.append(BohrGroup(float(frequency[members].mean()), pairs))
    return tuple(groups)


@dataclass(frozen=True, eq=False)
class _Block:
    """Coherences of all positive Bohr frequencies that c groups of the same size m have.

    Attributes
    ----------
    k, l : int array (c, m)
        The coherences ρ_kl.
    frequency : array (c,)
        Bohr frequencies.
    matrix : complex array (c, m, m)
        The dissipator's action.
    """

    k: NDArray[np.intp]
    l: NDArray[np.intp]
    frequency: Array
    matrix: ComplexArray


@dataclass(frozen=True, eq=False)
class _Modes:
    """Eigenvalues and eigenvectors of a `_Block`, its Hamiltonian part included.

    The frequency itself is in `values` only: `matrix` stays small, its exponential exact.
    """

    matrix: ComplexArray
    values: ComplexArray
    vectors: ComplexArray
    inverse: ComplexArray
    regular: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SecularGenerator:
    """A generator that mixes only what has the same Bohr frequency, in the basis of the levels.

    With A_(k,l) = |k⟩⟨l|, pairs a, b of levels, and H = diag(energies + shift),

        L ρ = -i[H, ρ] + Σ_ω Σ_ab C^ω_ab (A_a ρ A_b† - ½{A_b†A_a, ρ}).

    Parameters
    ----------
    energies : array_like (n,)
        Level energies, in any order, no two of them equal.
    coefficients : sequence of array_like (m, m)
        One hermitian positive matrix C^ω for each group of `bohr_groups(energies, tolerance)`, in
        that order, rows and columns in the order of its pairs.
    shift : array_like (n,), optional
        What the bath adds to the energies (Lamb shift, forward scattering).  Groups are those of
        `energies` alone.
    tolerance : float
        As in `bohr_groups`.

    Attributes
    ----------
    groups : tuple of BohrGroup

    Raises
    ------
    DegenerateLevelsError
        If two levels nearly coincide.
    ValueError
        If a shape does not fit, or coefficients are not hermitian or have negative eigenvalues
        (below -1e-12 of the largest of their group, which is allowed for rounding).

    Warns
    -----
    SecularWarning
        When frequencies of different groups lie closer than ten times the largest decay rate of
        the dissipator.

    Notes
    -----
    Populations obey the Pauli equation with the rates C_aa, whatever the coherences do, because
    Σ_ab C_ab A_b†A_a is diagonal.  Coherences of one frequency mix among themselves.

    If the stationary populations are unique, so is the stationary state, and every coherence
    decays, whatever the shift.  (If X of frequency ν ≠ 0 did not decay, X†X and XX† would be
    conserved among the levels that are not left for good, hence multiples of one there; but a
    unitary cannot raise all of finitely many levels.)

    Source: [A] (6), (7); G. Lindblad, Commun. Math. Phys. 48, 119 (1976); V. Gorini,
    A. Kossakowski, E. C. G. Sudarshan, J. Math. Phys. 17, 821 (1976).

    Examples
    --------
    Two levels, one jump down at the rate 2, one up at the rate 1, and dephasing:

    >>> generator = SecularGenerator([0.0, 50.0], [[[2]], [[1, 0], [0, 0]], [[1]]])
    >>> generator.rates
    array([[0., 2.],
           [1., 0.]])
    >>> generator.stationary_state().real.round(4)
    array([[0.6667, 0.    ],
           [0.    , 0.3333]])
    >>> generator.spectrum().round(4)
    array([ 0. +0.j, -2.+50.j, -2.-50.j, -3. +0.j])
    """

    energies: Array
    coefficients: tuple[ComplexArray, ...] = field(repr=False)
    shift: Array | None = None
    tolerance: float = 1e-9
    groups: tuple[BohrGroup, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the fields, keep copies that cannot be changed, compare rates with splittings."""
        energies = checks.vector(self.energies, "energies")
        tolerance = checks.scalar(self.tolerance, "tolerance")
        checks.nondegenerate(energies, max(tolerance, checks.DEGENERACY_TOLERANCE))
        groups = bohr_groups(energies, tolerance)
        shift = np.zeros(energies.size) if self.shift is None else self.shift
        shift = checks.vector(shift, "shift", energies.size)
        coefficients = _checked_coefficients(self.coefficients, groups)
        object.__setattr__(self, "energies", _frozen(energies))
        object.__setattr__(self, "coefficients", tuple(map(_frozen, coefficients)))
        object.__setattr__(self, "shift", _frozen(shift))
        object.__setattr__(self, "tolerance", tolerance)
        object.__setattr__(self, "groups", groups)
        if energies.size > 1:
            splitting = np.diff([group.frequency for group in groups]).min()
            checks.secular(splitting, self._fastest_decay())

    def __reduce__(self):
        """Copy and pickle through the constructor, which makes the arrays read-only again."""
        return type(self), (self.energies, self.coefficients, self.shift, self.tolerance)

    @cached_property
    def rates(self) -> Array:
        """Pauli rates C_aa of the jumps l → k, (n, n), zero on the diagonal; [A] (20)."""
        return _frozen(self._all_rates * ~np.eye(self.energies.size, dtype=bool))

    @cached_property
    def exit_rates(self) -> Array:
        """Rates at which each level sees a jump, dephasing included, (n,): diagonal of Σ L†L."""
        return _frozen(self._all_rates.sum(axis=0))

    @cached_property
    def jump_operators(self) -> ComplexArray:
        """Operators L_j with Σ_ab C_ab A_a ρ A_b† = Σ_j L_j ρ L_j†, (J, n, n).

        Exact, from the eigenvectors of each C^ω; by ascending frequency, and the strongest first.
        """
        return self._jumps[0]

    @cached_property
    def jump_frequencies(self) -> Array:
        """The energy that the system gains with each jump operator, (J,)."""
        return self._jumps[1]

    @cached_property
    def hamiltonian(self) -> Array:
        """The Hamiltonian diag(energies + shift), (n, n)."""
        return _frozen(np.diag(self.energies + self.shift))

    @property
    def dissipator(self) -> ComplexArray:
        """The generator without -i[H, ·] as a matrix (n², n²)."""
        n = self.energies.size
        matrix = np.zeros((n * n, n * n), dtype=complex)
        diagonal = np.arange(n) * (n + 1)
        matrix[np.ix_(diagonal, diagonal)] = markov.generator(self.rates)
        for block in self._blocks:
            for place, values in [
                (block.k + n * block.l, block.matrix),
                (block.l + n * block.k, block.matrix.conj()),
            ]:
                matrix[place[:, :, None], place[:, None, :]] = values
        return matrix

    @property
    def liouvillian(self) -> ComplexArray:
        """The whole generator, -i[H, ·] included, as a matrix (n², n²)."""
        n = self.energies.size
        matrix = self.dissipator
        matrix[np.diag_indices(n * n)] += -1j * self._hamiltonian_frequencies.ravel(order="F")
        return matrix

    def apply(self, rho: ArrayLike) -> ComplexArray:
        """Return L ρ.

        Parameters
        ----------
        rho : array_like (..., n, n)
            Any operators, density matrices or not.

        Returns
        -------
        complex array (..., n, n)
        """
        rho = checks.complex_array(rho, "rho")
        n = self.energies.size
        if rho.shape[-2:] != (n, n):
            raise ValueError(f"`rho` must have shape (..., {n}, {n}), got {rho.shape}")
        return self._dissipate(rho) - 1j * self._hamiltonian_frequencies * rho

    def evolve(self, rho: ArrayLike, times: ArrayLike) -> ComplexArray:
        """Return the states ρ(t) = e^{Lt} ρ(0).

        Parameters
        ----------
        rho : array_like (n, n)
            Density matrix at time zero.
        times : array_like (...)
            Times, not negative, in any order.

        Returns
        -------
        complex array (..., n, n)
            Exactly hermitian.

        Raises
        ------
        ValueError
            If rho is not a density matrix, or a time is negative.

        Notes
        -----
        By eigenvectors of each block where these are well conditioned, and else, as at exceptional
        points, by scaling and squaring.  Errors are about 1e-12; for coherences, times the largest
        decay rate of a block over its smallest, if this ratio exceeds a thousand.
        """
        n = self.energies.size
        rho = checks.density_matrix(rho, "rho", n)
        if rho.ndim != 2:
            raise ValueError(f"`rho` must have shape ({n}, {n}), got {rho.shape}")
        times = checks.real_array(times, "times")
        if np.any(times < 0):
            raise ValueError(f"`times` must not be negative, got {times.min():g}")
        flat = times.ravel()
        result = np.zeros((flat.size, n, n), dtype=complex)
        levels = np.arange(n)
        result[:, levels, levels] = self._evolve_populations(rho.diagonal().real, flat)
        for block, modes in zip(self._blocks, self._modes, strict=True):
            evolved = _evolve_block(block, modes, rho[block.k, block.l], flat).swapaxes(0, 1)
            result[:, block.k, block.l] = evolved
            result[:, block.l, block.k] = evolved.conj()
        return result.reshape(*times.shape, n, n)

    def stationary_state(self) -> ComplexArray:
        """Return the density matrix with L ρ = 0, which is diagonal.

        Returns
        -------
        complex array (n, n)
            Each population with the relative accuracy of `markov.stationary_state`.

        Raises
        ------
        ReducibleChainError
            If more than one stationary state exists; `stationary_states` gives them all.
        """
        return np.diag(markov.stationary_state(self.rates)).astype(complex)

    def spectrum(self) -> ComplexArray:
        """Return the n² eigenvalues λ of the generator, by descending real part.

        The first is exactly zero, no real part is positive.  Near an exceptional point errors are
        the square root of rounding.
        """
        parts = [markov.relaxation_modes(self.rates)]
        for modes in self._modes:
            values = modes.values.ravel()
            parts += [values, values.conj()]
        values = np.concatenate(parts)
        return values[np.lexsort((-values.imag, np.abs(values) > 0, -values.real))]

    def to_qutip(self):
        """Return what QuTiP's solvers take: the Hamiltonian and the list of jump operators.

        Returns
        -------
        Qobj, list of Qobj

        Raises
        ------
        ImportError
            If QuTiP is not installed.
        """
        from qutip import Qobj

        return Qobj(self.hamiltonian), [Qobj(operator) for operator in self.jump_operators]

    @cached_property
    def _all_rates(self) -> Array:
        """C_aa of every pair, (n, n)."""
        n = self.energies.size
        rates = np.empty((n, n))
        pairs = np.concatenate([group.pairs for group in self.groups])
        diagonals = np.concatenate([matrix.diagonal().real for matrix in self.coefficients])
        rates[pairs[:, 0], pairs[:, 1]] = np.maximum(diagonals, 0.0)
        return rates

    @cached_property
    def _hamiltonian_frequencies(self) -> Array:
        levels = self.energies + self.shift
        return levels[:, None] - levels

    @cached_property
    def _blocks(self) -> list[_Block]:
        """Coherences of positive frequency; those of negative frequency are their conjugates."""
        n = self.energies.size
        sizes = np.array([len(group.pairs) for group in self.groups])
        position, start = np.empty((2, n, n), dtype=np.intp)
        starts = np.cumsum(sizes**2) - sizes**2
        entries = np.empty(np.sum(sizes**2), dtype=complex)
        for group, first in zip(self.groups, starts, strict=True):
            k, l = group.pairs.T
            position[k, l], start[k, l] = np.arange(k.size), first
        size = np.empty((n, n), dtype=np.intp)
        for group in self.groups:
            size[group.pairs[:, 0], group.pairs[:, 1]] = len(group.pairs)
        # A_a ρ A_b† with a = (k, l), b = (k', l') takes ρ_ll' to ρ_kk': C_ab is the entry in row
        # (k, k') and column (l, l') of the block of E_k - E_k'.
        for group, matrix in zip(self.groups, self.coefficients, strict=True):
            k, l = group.pairs.T
            row, column = (k[:, None], k), (l[:, None], l)
            entries[start[row] + position[row] * size[row] + position[column]] = matrix
        return [
            self._block(members, entries, starts)
            for members in _by_size(self.groups, positive=True)
        ]

    def _block(self, members: list[int], entries: ComplexArray, starts: NDArray) -> _Block:
        pairs = np.stack([self.groups[i].pairs for i in members])
        k, l = pairs[..., 0], pairs[..., 1]
        m = k.shape[1]
        places = starts[members][:, None] + np.arange(m * m)
        matrix = entries[places].reshape(-1, m, m)
        diagonal = np.arange(m)
        matrix[:, diagonal, diagonal] -= (self.exit_rates[k] + self.exit_rates[l]) / 2
        frequency = np.array([self.groups[i].frequency for i in members])
        return _Block(k, l, frequency, matrix)

    @cached_property
    def _modes(self) -> list[_Modes]:
        result = []
        for block in self._blocks:
            detuning = self._hamiltonian_frequencies[block.k, block.l] - block.frequency[:, None]
            diagonal = np.arange(block.k.shape[1])
            matrix = block.matrix.copy()
            matrix[:, diagonal, diagonal] -= 1j * detuning
            modes = _diagonalize(matrix)
            modes.values.imag -= block.frequency[:, None]
            result.append(modes)
        return result

    @cached_property
    def _population_modes(self) -> _Modes | None:
        """Eigenvectors of the Pauli generator, if they serve as well as the matrix exponential."""
        modes = _diagonalize(markov.generator(self.rates)[None])
        size = np.sort(np.abs(modes.values[0]))
        # Errors of eigenvalues are relative to the largest and matter for the slowest decay.
        if not modes.regular[0] or size[-1] > REGULAR * size[min(1, size.size - 1)]:
            return None
        modes.values[0, np.abs(modes.values[0]).argmin()] = 0.0
        return modes

    @cached_property
    def _jumps(self) -> tuple[ComplexArray, Array]:
        n = self.energies.size
        operators, order = [], []
        for members in _by_size(self.groups):
            pairs = np.stack([self.groups[i].pairs for i in members])
            values, vectors = np.linalg.eigh(np.stack([self.coefficients[i] for i in members]))
            group, which = np.nonzero(values > NO_OPERATOR * np.maximum(values[:, -1:], 0.0))
            value, vector = values[group, which], vectors[group, :, which]
            largest = np.take_along_axis(vector, np.abs(vector).argmax(axis=1)[:, None], axis=1)
            vector = vector * (largest.conj() / np.abs(largest)) * np.sqrt(value)[:, None]
            matrices = np.zeros((group.size, n, n), dtype=complex)
            row = np.arange(group.size)[:, None]
            matrices[row, pairs[group, :, 0], pairs[group, :, 1]] = vector
            operators.append(matrices)
            order += list(zip(np.array(members)[group], -value, strict=True))
        number, strength = np.array(order).reshape(-1, 2).T
        ascending = np.lexsort((strength, number))
        frequency = np.array([group.frequency for group in self.groups])
        frequencies = frequency[number[ascending].astype(np.intp)]
        return _frozen(np.concatenate(operators)[ascending]), _frozen(frequencies)

    def _dissipate(self, rho: ComplexArray) -> ComplexArray:
        """Apply the dissipator to operators (..., n, n)."""
        result = np.zeros_like(rho)
        levels = np.arange(self.energies.size)
        populations = rho[..., levels, levels]
        result[..., levels, levels] = populations @ markov.generator(self.rates).T
        for block in self._blocks:
            for k, l, matrix in [
                (block.k, block.l, block.matrix),
                (block.l, block.k, block.matrix.conj()),
            ]:
                result[..., k, l] = np.squeeze(matrix @ rho[..., k, l, None], axis=-1)
        return result

    def _evolve_populations(self, p: Array, times: Array) -> Array:
        p = np.maximum(p, 0.0)
        modes = self._population_modes
        if modes is None:
            return markov.evolve(self.rates, p / p.sum(), times)
        amplitudes = np.exp(modes.values[0] * times[:, None]) * (modes.inverse[0] @ p)
        return np.maximum((amplitudes @ modes.vectors[0].T).real, 0.0)

    def _coherences_decay_or_turn(self) -> bool:
        """Whether none can be stationary, as where frequencies exceed all that rates can undo."""
        turned = (self._hamiltonian_frequencies[block.k, block.l] for block in self._blocks)
        return all(
            np.all(np.abs(frequency).min(axis=1) > np.linalg.norm(block.matrix, axis=(1, 2)))
            for frequency, block in zip(turned, self._blocks, strict=True)
        )

    def _fastest_decay(self) -> float:
        """Return the largest |Re λ| of the dissipator."""
        decays = [np.abs(markov.relaxation_modes(self.rates).real).max()]
        decays += [np.abs(np.linalg.eigvals(block.matrix).real).max() for block in self._blocks]
        return float(max(decays))


def davies_generator(
    energies: ArrayLike,
    couplings: ArrayLike,
    spectral_function: Callable[[float], ArrayLike],
    lamb_shift: ArrayLike | None = None,
) -> SecularGenerator:
    """Return the weak-coupling generator of a system that a bath disturbs through Σ_α S_α B_α.

    C^ω_ab = Σ_αβ γ_αβ(ω) ⟨k|S_α|l⟩ ⟨k'|S_β|l'⟩* with the pairs a = (k, l), b = (k', l') of
    frequency ω.

    Parameters
    ----------
    energies : array_like (n,)
        Level energies, no two of them equal.
    couplings : array_like (n, n) or (m, n, n)
        Hermitian operators S_α in the basis of the levels.
    spectral_function : callable
        γ(ω) for the energy ω *given to the system*: a number, or a hermitian positive matrix
        (m, m).  It is called once for each Bohr frequency that a coupling reaches.
    lamb_shift : array_like (n,), optional
        Added to the energies.

    Returns
    -------
    SecularGenerator

    Raises
    ------
    ValueError
        If a shape does not fit, couplings are not hermitian, or γ(ω) is negative or not finite.
    DegenerateLevelsError
        If two levels nearly coincide.

    Notes
    -----
    A bath in equilibrium obeys the KMS condition γ(ω) = e^{-βω} γ(-ω)ᵀ.  Then the generator
    balances in detail (`detailed_balance_defect`), whatever the couplings, complex ones as in a
    magnetic field included: hermitian couplings give C^-ω the conjugate products of C^ω.  Any
    other positive γ is allowed, and describes a bath out of equilibrium.

    Source: E. B. Davies, Commun. Math. Phys. 39, 91 (1974).

    Examples
    --------
    >>> import numpy as np
    >>> def bath(w, beta=2.0):
    ...     return 0.01 * np.exp(-beta * w / 2)
    >>> generator = davies_generator([0.0, 1.0], [[0, 1j], [-1j, 0]], bath)
    >>> p = generator.stationary_state().diagonal().real
    >>> round(float(np.log(p[0] / p[1])), 12)
    2.0
    """
    energies = checks.vector(energies, "energies")
    n = energies.size
    couplings = checks.complex_array(couplings, "couplings")
    if couplings.ndim not in (2, 3) or couplings.shape[-2:] != (n, n) or not couplings.size:
        raise ValueError(
            f"`couplings` must have shape ({n}, {n}) or (m, {n}, {n}), got {couplings.shape}"
        )
    couplings = couplings.reshape(-1, n, n)
    couplings = np.stack([checks.hermitian_matrix(s, "couplings", n) for s in couplings])
    if not callable(spectral_function):
        raise TypeError(
            f"`spectral_function` must be a function of the frequency, got {spectral_function!r}; "
            "for white noise pass lambda w: strength"
        )
    checks.nondegenerate(energies)
    coefficients = []
    for group in bohr_groups(energies):
        amplitudes = couplings[:, group.pairs[:, 0], group.pairs[:, 1]]
        strength = np.zeros((len(couplings), len(couplings)))
        if np.any(amplitudes):
            strength = _spectral_matrix(spectral_function, group.frequency, len(couplings))
        coefficients.append(amplitudes.T @ strength @ amplitudes.conj())
    return SecularGenerator(energies, coefficients, lamb_shift)


def lindbladian(hamiltonian: ArrayLike, jump_operators: ArrayLike) -> ComplexArray:
    """Return the matrix of L ρ = -i[H, ρ] + Σ_j (L_j ρ L_j† - ½{L_j†L_j, ρ}).

    Parameters
    ----------
    hamiltonian : array_like (n, n)
        Hermitian; zeros for the dissipator alone.
    jump_operators : array_like (J, n, n)
        In any basis, the same as the Hamiltonian's.

    Returns
    -------
    complex array (n², n²)
        Acts on stacked columns, vec(ρ)[k + n k'] = ρ_kk'.

    Examples
    --------
    >>> lindbladian([[0, 0], [0, 0]], [[[0, 1], [0, 0]]]).real
    array([[ 0. ,  0. ,  0. ,  1. ],
           [ 0. , -0.5,  0. ,  0. ],
           [ 0. ,  0. , -0.5,  0. ],
           [ 0. ,  0. ,  0. , -1. ]])
    """
    hamiltonian, jumps = _checked_operators(hamiltonian, jump_operators)
    n, one = len(hamiltonian), np.eye(len(hamiltonian))
    # X ρ Y is Y^T ⊗ X on stacked columns.
    drift = -1j * hamiltonian - np.einsum("jki,jkl->il", jumps.conj(), jumps) / 2
    gain = np.einsum("jkl,jmn->kmln", jumps.conj(), jumps).reshape(n * n, n * n)
    return gain + np.kron(one, drift) + np.kron(drift.conj(), one)


def choi_matrix(superoperator: ArrayLike) -> ComplexArray:
    """Return Σ_kl |k⟩⟨l| ⊗ Φ(|k⟩⟨l|), which is positive if and only if Φ is completely positive.

    Parameters
    ----------
    superoperator : array_like (n², n²)
        Matrix of Φ on stacked columns, such as e^{Lt} of a `lindbladian` L.

    Returns
    -------
    complex array (n², n²)
        Its trace over the second factor is one if Φ keeps the trace.

    Notes
    -----
    M.-D. Choi, Linear Algebra Appl. 10, 285 (1975).

    Examples
    --------
    Transposition is positive but not completely positive:

    >>> import numpy as np
    >>> transposition = np.eye(4)[[0, 2, 1, 3]]
    >>> np.linalg.eigvalsh(choi_matrix(transposition)).round(12)
    array([-1.,  1.,  1.,  1.])
    """
    if isinstance(superoperator, SecularGenerator):
        raise TypeError(
            "`superoperator` must be a map of states to states, got a generator; pass "
            "expm(generator.liouvillian * t), with expm of scipy.linalg"
        )
    matrix = checks.superoperator(superoperator, "superoperator")
    n = round(len(matrix) ** 0.5)
    # Axes are (column and row of the result, column and row of the argument).
    return matrix.reshape(n, n, n, n).transpose(3, 1, 2, 0).reshape(n * n, n * n)


def commutation_defect(superoperator: "SecularGenerator | ArrayLike", energies: ArrayLike) -> float:
    """Return by how much a superoperator fails to commute with [H_S, ·], H_S = diag(energies).

    Parameters
    ----------
    superoperator : SecularGenerator or array_like (n², n²)
        A generator stands for its dissipator.
    energies : array_like (n,)

    Returns
    -------
    float
        Norm of the commutator, relative to that of the superoperator and the largest Bohr
        frequency; zero if what it mixes has the same Bohr frequency.

    Notes
    -----
    Source: [A] (10).

    Examples
    --------
    >>> lowering = [[0, 1], [0, 0]]
    >>> commutation_defect(lindbladian([[0, 0], [0, 0]], [lowering]), [0.0, 1.0])
    0.0
    """
    matrix = _in_own_units(_matrix(superoperator))
    energies = checks.vector(energies, "energies", round(len(matrix) ** 0.5))
    frequency = _in_own_units((energies[:, None] - energies).ravel(order="F"))
    commutator = matrix * (frequency - frequency[:, None])
    return float(np.linalg.norm(commutator) / (np.linalg.norm(matrix) or 1.0))


def detailed_balance_defect(
    generator: "SecularGenerator | ArrayLike",
    state: ArrayLike,
    inner_product: Literal["gns", "kms"] = "gns",
) -> float:
    """Return how large a part of a generator breaks quantum detailed balance with a state σ.

    Observables have one of the inner products

        gns:  ⟨A, B⟩ = Tr(σ A†B),        kms:  ⟨A, B⟩ = Tr(σ^½ A† σ^½ B),

    in which the generator of observables L* has an adjoint L*⁺.  Detailed balance means that
    they differ by a mere commutator: L* - L*⁺ = 2i[K, ·] with K = K† and [K, σ] = 0.

    Parameters
    ----------
    generator : SecularGenerator or array_like (n², n²)
        Acts on states.  Whether its Hamiltonian part is included makes no difference if this
        commutes with σ.
    state : array_like (n, n)
        σ, positive definite.
    inner_product : {"gns", "kms"}

    Returns
    -------
    float
        Norm of ½(L* - L*⁺) - i[K, ·] over that of L* - i[K, ·], with the K that makes it smallest.
        From 0, detailed balance, to 1.

    Raises
    ------
    ValueError
        If σ has no full rank, or the inner product has another name.

    Notes
    -----
    Balance in the first inner product implies balance in the second.  For a `SecularGenerator` the
    two agree if σ is a Gibbs state of its energies.  Rounding errors are about 1e-15, times the
    root of σ's largest over its smallest eigenvalue where σ is not diagonal.

    For a `SecularGenerator` and σ = diag(p) the condition is, for pairs a = (k, l), b = (k', l')
    of one frequency ω ≠ 0 and their reverses ā = (l, k), b̄ = (l', k'),

        gns:  C^ω_ab p_l' = (C^-ω_āb̄)* p_k',    kms:  C^ω_ab √(p_l p_l') = (C^-ω_āb̄)* √(p_k p_k'),

    and for ω = 0 that Im C⁰_kl be a difference h_k - h_l, a shift of levels.  With a = b it is
    the classical a_kl p_l = a_lk p_k: balanced populations are necessary, but for generators with
    shared frequencies or dephasing not sufficient.

    Source: R. Alicki, Rep. Math. Phys. 10, 249 (1976); A. Kossakowski, A. Frigerio, V. Gorini,
    M. Verri, Commun. Math. Phys. 57, 97 (1977).

    Examples
    --------
    >>> import numpy as np
    >>> down, up = np.array([[0, 1], [0, 0]]), np.array([[0, 0], [0.5, 0]])
    >>> matrix = lindbladian([[1, 0], [0, 2]], [down, up])
    >>> detailed_balance_defect(matrix, np.diag([0.8, 0.2])) < 1e-15
    True
    """
    matrix = _in_own_units(_matrix(generator))
    n = round(len(matrix) ** 0.5)
    checks.choice(inner_product, "inner_product", ("gns", "kms"))
    state = checks.density_matrix(state, "state", n)
    if state.ndim != 2:
        raise ValueError(f"`state` must be one state of shape ({n}, {n}), got {state.shape}")
    p, basis = np.linalg.eigh(state)
    if p.min() <= n * np.finfo(float).eps * p.max():
        raise ValueError(
            f"`state` must have full rank, got an eigenvalue {p.min():.3g}; leave out the levels "
            "that are left for good"
        )
    # Observables in the basis of σ: rows and columns of L* count pairs (k, k') with k first.
    change = np.kron(basis.conj(), basis)
    dual = change.conj().T @ matrix.conj().T @ change
    weight = np.repeat(p, n) if inner_product == "gns" else np.sqrt(np.outer(p, p)).ravel()
    scaled = dual * np.sqrt(weight[:, None] / weight)
    odd = (scaled - scaled.conj().T) / 2
    rotation = _nearest_commutator(odd, p)
    scale = np.linalg.norm(scaled - rotation)
    if scale <= ROUNDING * len(matrix) * np.linalg.norm(scaled):
        return 0.0
    return float(np.linalg.norm(odd - rotation) / scale)


def von_neumann_entropy(rho: ArrayLike) -> Array:
    """Return S(ρ) = -Tr ρ ln ρ, in units of k_B.

    Parameters
    ----------
    rho : array_like (..., n, n)
        Density matrices.

    Returns
    -------
    array (...)
        From 0, pure states, to ln n.

    Examples
    --------
    >>> round(float(von_neumann_entropy([[0.5, 0], [0, 0.5]])), 4)
    0.6931
    """
    p = np.maximum(np.linalg.eigvalsh(checks.density_matrix(rho, "rho")), 0.0)
    return np.maximum(entr(p).sum(axis=-1), 0.0)


def quantum_relative_entropy(rho: ArrayLike, sigma: ArrayLike) -> Array:
    """Return D(ρ‖σ) = Tr ρ(ln ρ - ln σ), in units of k_B.

    Parameters
    ----------
    rho, sigma : array_like (..., n, n)
        Density matrices.

    Returns
    -------
    array (...)
        Never negative, zero if ρ = σ; infinite if ρ has weight, above 1e-14, where σ has none.

    Notes
    -----
    Summed over eigenvectors i of ρ and j of σ as Σ |⟨i|j⟩|² (p_i ln(p_i/q_j) - p_i + q_j), whose
    terms are never negative.  Diagonal states have full relative accuracy, however small their
    entries.  An eigenvalue q of any other σ has the error ε = 2e-16, and with it the answer one of
    about ε/q times the weight that ρ has there; eigenvalues below nε times the largest count as
    zero.
    Source: H. Umegaki, Kodai Math. Sem. Rep. 14, 59 (1962).

    Examples
    --------
    >>> round(float(quantum_relative_entropy([[0.5, 0.5], [0.5, 0.5]], [[0.5, 0], [0, 0.5]])), 4)
    0.6931
    """
    rho, sigma = _two_states(rho, "rho", sigma, "sigma")
    (p, i), (q, j) = _eigensystem(rho), _eigensystem(sigma)
    overlap = np.abs(np.swapaxes(i.conj(), -1, -2) @ j) ** 2
    supported = (q > 0)[..., None, :]
    terms = overlap * kl_div(p[..., :, None], np.where(supported, q[..., None, :], 1.0))
    outside = np.where(supported, 0.0, overlap * p[..., :, None]).sum(axis=(-2, -1))
    total = np.where(supported, terms, 0.0).sum(axis=(-2, -1))
    return np.where(outside > OUTSIDE, np.inf, total)


def quantum_spohn_production(
    generator: SecularGenerator | ArrayLike, rho: ArrayLike, stationary: ArrayLike | None = None
) -> Array:
    """Return -Tr[(Lρ)(ln ρ - ln σ)] = -d/dt D(ρ‖σ), in units of k_B a time.

    Parameters
    ----------
    generator : SecularGenerator or array_like (n², n²)
        L; whether its Hamiltonian part is included makes no difference if this commutes with σ.
    rho : array_like (..., n, n)
        Density matrices.
    stationary : array_like (n, n), optional
        σ with Lσ = 0; may be left out for a `SecularGenerator`, which knows it.

    Returns
    -------
    array (...)
        Never negative, and zero at ρ = σ.  Infinite while an empty state fills (as pure states do
        that decay), or while ρ occupies a state that σ does not.

    Raises
    ------
    ValueError
        If rho or σ is not a density matrix, or `stationary` is missing or not stationary.
    ReducibleChainError
        If `stationary` is left out and more than one stationary state exists.

    Notes
    -----
    Source: H. Spohn, J. Math. Phys. 19, 1227 (1978); [A] (25).  For a diagonal ρ and a secular
    generator this is `markov.spohn_production`; a coherence adds to it what it loses by decay.

    Examples
    --------
    >>> generator = SecularGenerator([0.0, 50.0], [[[2]], [[1, 0], [0, 0]], [[1]]])
    >>> round(float(quantum_spohn_production(generator, [[0.5, 0.2], [0.2, 0.5]])), 4)
    0.6855
    """
    secular = isinstance(generator, SecularGenerator)
    if stationary is None:
        if not secular:
            raise ValueError(
                "`stationary` must be given with a superoperator; `stationary_states` finds it"
            )
        stationary = generator.stationary_state()
    rho, sigma = _two_states(rho, "rho", stationary, "stationary")
    matrix = _matrix(generator)
    if len(matrix) != rho.shape[-1] ** 2:
        raise ValueError(
            f"`rho` must have as many levels as the generator, {round(len(matrix) ** 0.5)}, got "
            f"shape {rho.shape}"
        )
    if not _are_stationary(matrix, sigma, STATIONARY):
        raise ValueError(
            "`stationary` must be a state with Lσ = 0, but L changes it; `stationary_states` finds "
            "such states"
        )
    change = generator._dissipate(rho) if secular else _act(matrix, rho)
    (p, i), (q, j) = _eigensystem(rho), _eigensystem(sigma)
    gain_p, gain_q = (_expectations(change, vectors) for vectors in (i, j))
    outside = np.where(q > 0, 0.0, _expectations(rho, j)).sum(axis=-1)
    # Rounding of L ρ would fill any empty state.
    noise = OUTSIDE * np.abs(change).max(axis=(-2, -1))
    filling = np.where(p > 0, 0.0, gain_p).max(axis=-1) > noise
    total = (gain_q * _log(q)).sum(axis=-1) - (gain_p * _log(p)).sum(axis=-1)
    return np.where(filling | (outside > OUTSIDE), np.inf, total)


def stationary_states(superoperator: SecularGenerator | ArrayLike) -> ComplexArray:
    """Return stationary states that span all of them.

    Parameters
    ----------
    superoperator : SecularGenerator or array_like (n², n²)
        A generator L of completely positive maps that keep the trace.

    Returns
    -------
    complex array (d, n, n)
        Density matrices, none of them a mixture of others, d the dimension of the kernel of L.
        One: the stationary state is unique.  Every stationary state is a combination of them with
        real coefficients; a mixture of them, unless coherences are conserved as well.

    Raises
    ------
    ValueError
        If the shape does not fit, L does not keep the trace, or no state.
    ConvergenceError
        If singular values are too small to be told from zero, or too few states are found.

    Notes
    -----
    The levels of a `SecularGenerator` fall into groups that are never left; each has one stationary
    state, with the relative accuracy of `markov.stationary_state`, and coherences have none as long
    as their frequencies exceed all rates.  Any other L is analysed as a matrix: rates below 1e-14
    of its largest entry count as zero, between that and 1e-10 it is refused.

    With R the stationary state of the largest support, R^-½ X R^-½ runs through a *-algebra on this
    support while X runs through the kernel.  The eigenprojections P of a generic element give the
    states R^½ P R^½.  If there are several, probabilities below 1e-8 of the largest are cut off.
    Source: A. Frigerio, Commun. Math. Phys. 63, 269 (1978).

    Examples
    --------
    Dephasing keeps both levels:

    >>> states = stationary_states(lindbladian([[0, 0], [0, 1]], [[[1, 0], [0, -1]]]))
    >>> sorted(state.diagonal().real.round(12).tolist() for state in states)
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if isinstance(superoperator, SecularGenerator):
        classes = _closed_classes(superoperator.rates)
        if len(classes) == 1 or superoperator._coherences_decay_or_turn():
            return np.stack([_stationary_of(levels, superoperator.rates) for levels in classes])
        superoperator = superoperator.liouvillian
    matrix = checks.superoperator(superoperator, "superoperator")
    kernel = _hermitian_kernel(matrix)
    states = _extremal_states(kernel) if len(kernel) > 1 else kernel / np.trace(kernel[0]).real
    sound = len(states) == len(kernel) and np.linalg.eigvalsh(states).min() > -STATIONARY
    if not sound or not _are_stationary(matrix, states, 10 * SUPPORT):
        raise checks.ConvergenceError(
            f"`superoperator` has the eigenvalue zero {len(kernel)} times, but no such number of "
            "stationary states: it generates no completely positive maps, or its rates span more "
            "powers of ten than double precision holds; pass a `SecularGenerator` if it is one"
        )
    return states


def commutant_dimension(hamiltonian: ArrayLike, jump_operators: ArrayLike) -> int:
    """Return how many linearly independent operators commute with H, all L_j and all L_j†.

    Parameters
    ----------
    hamiltonian : array_like (n, n)
        Hermitian.
    jump_operators : array_like (J, n, n)

    Returns
    -------
    int
        At least one, for multiples of the identity.

    Notes
    -----
    If a stationary state of full rank exists it is unique if and only if the answer is one, and
    then every state relaxes to it.  Without one, as where levels are left for good, the number
    says nothing.  Operators are compared after scaling each to norm one, and singular values below
    1e-10 of the largest count as zero.
    Source: A. Frigerio, Commun. Math. Phys. 63, 269 (1978); H. Spohn, Lett. Math. Phys. 2, 33
    (1977).

    Examples
    --------
    >>> commutant_dimension([[0, 0], [0, 1]], [[[0, 1], [0, 0]]])
    1
    >>> commutant_dimension([[0, 0], [0, 1]], [[[1, 0], [0, -1]]])
    2
    """
    hamiltonian, jumps = _checked_operators(hamiltonian, jump_operators)
    one = np.eye(len(hamiltonian))
    operators = [hamiltonian, *jumps, *np.swapaxes(jumps.conj(), -1, -2)]
    operators = [x - np.trace(x) / len(one) * one for x in operators]
    commutators = [np.kron(one, x) - np.kron(x.T, one) for x in operators]
    sizes = [np.linalg.norm(x) for x in commutators]
    commutators = [x / size for x, size in zip(commutators, sizes, strict=True) if size > 0]
    if not commutators:
        return one.size
    values = np.linalg.svd(np.concatenate(commutators), compute_uv=False)
    return int(np.sum(values <= NULL * values[0]))


def _frozen(array: NDArray) -> NDArray:
    array.flags.writeable = False
    return array


def _checked_coefficients(
    coefficients: Sequence[ArrayLike], groups: Sequence[BohrGroup]
) -> tuple[ComplexArray, ...]:
    try:
        coefficients = tuple(coefficients)
    except TypeError as error:
        raise TypeError(
            f"`coefficients` must be a sequence of {len(groups)} matrices, one for each Bohr "
            f"group, got {coefficients!r}"
        ) from error
    if len(coefficients) != len(groups):
        raise ValueError(
            f"`coefficients` must hold {len(groups)} matrices, one for each Bohr group, got "
            f"{len(coefficients)}"
        )
    matrices = []
    for group, given in zip(groups, coefficients, strict=True):
        matrix, m = checks.complex_array(given, "coefficients"), len(group.pairs)
        if matrix.shape != (m, m):
            raise ValueError(
                f"`coefficients` of the Bohr frequency {group.frequency:.6g} must have shape "
                f"({m}, {m}), a row and a column for each of its pairs {group.pairs.tolist()}, "
                f"got {matrix.shape}"
            )
        matrices.append(matrix)
    for members in _by_size(groups):
        stack = np.stack([matrices[i] for i in members])
        stack = _hermitian_part(stack, "coefficients")
        values = np.linalg.eigvalsh(stack)
        negative = values[:, 0] < -POSITIVE_TOLERANCE * np.abs(values).max(axis=1)
        if negative.any():
            worst = members[int(negative.argmax())]
            raise ValueError(
                f"`coefficients` of the Bohr frequency {groups[worst].frequency:.6g} must be "
                f"positive, but have the eigenvalue {values[negative.argmax(), 0]:.3g}; sums and "
                "integrals of products t_a t_b* are positive, differences are not: check signs, "
                "and if rounding did it, set negative eigenvalues to zero"
            )
        for i, matrix in zip(members, stack, strict=True):
            matrices[i] = matrix
    return tuple(matrices)


def _by_size(groups: Sequence[BohrGroup], positive: bool = False) -> list[list[int]]:
    """Numbers of the groups that have the same number of pairs, those of ω > 0 if asked."""
    members: dict[int, list[int]] = {}
    for i, group in enumerate(groups):
        if not positive or group.frequency > 0:
            members.setdefault(len(group.pairs), []).append(i)
    return list(members.values())


def _hermitian_part(matrix: ComplexArray, name: str) -> ComplexArray:
    """Half the sum of matrices (..., m, m) and their adjoints, which may differ by rounding."""
    adjoint = np.swapaxes(matrix.conj(), -1, -2)
    deviation = np.abs(matrix - adjoint).max(axis=(-2, -1), initial=0.0)
    excess = deviation - POSITIVE_TOLERANCE * np.abs(matrix).max(axis=(-2, -1), initial=0.0)
    if np.any(excess > 0):
        raise ValueError(
            f"`{name}` must be hermitian, but |{name} - {name}†| reaches {deviation.max():.3g}"
        )
    return (matrix + adjoint) / 2


def _checked_operators(
    hamiltonian: ArrayLike, jump_operators: ArrayLike
) -> tuple[ComplexArray, ComplexArray]:
    hamiltonian = checks.complex_array(hamiltonian, "hamiltonian")
    n = hamiltonian.shape[0] if hamiltonian.ndim else 0
    if n == 0 or hamiltonian.shape != (n, n):
        raise ValueError(f"`hamiltonian` must have shape (n, n), got {hamiltonian.shape}")
    jumps = checks.complex_array(jump_operators, "jump_operators")
    if jumps.shape == (0,):
        jumps = jumps.reshape(0, n, n)
    if jumps.ndim != 3 or jumps.shape[1:] != (n, n):
        raise ValueError(
            f"`jump_operators` must have shape (J, {n}, {n}), as the Hamiltonian has "
            f"({n}, {n}), got {jumps.shape}"
        )
    return _hermitian_part(hamiltonian, "hamiltonian"), jumps


def _spectral_matrix(function: Callable[[float], ArrayLike], frequency: float, m: int):
    """γ(ω) as a positive matrix (m, m)."""
    value = np.asarray(function(frequency))
    if value.dtype.kind not in "biufc":
        raise TypeError(
            f"`spectral_function` must return a number or a matrix, got {value.tolist()!r} at the "
            f"frequency {frequency:.6g}"
        )
    if not np.all(np.isfinite(value)):
        raise ValueError(
            f"`spectral_function` must be finite, got {value} at the frequency {frequency:.6g}; "
            "couplings without elements of this frequency do not need it (at zero: no diagonal)"
        )
    if value.ndim == 0:
        value = value * np.eye(m)
    value = checks.complex_array(value, "spectral_function")
    if value.shape != (m, m):
        raise ValueError(
            f"`spectral_function` must return a number or a matrix of shape ({m}, {m}), got shape "
            f"{value.shape}"
        )
    value = _hermitian_part(value, "spectral_function")
    values = np.linalg.eigvalsh(value)
    if values[0] < -POSITIVE_TOLERANCE * np.abs(values).max():
        raise ValueError(
            f"`spectral_function` must not be negative, got {values[0]:.3g} at the frequency "
            f"{frequency:.6g}; it is the Fourier transform of the bath's correlations"
        )
    return value


def _diagonalize(matrix: ComplexArray) -> _Modes:
    """Eigenvectors of matrices (c, m, m) that generate contractions."""
    values, vectors = np.linalg.eig(matrix)
    values = values.astype(complex)
    values.real = np.minimum(values.real, 0.0)
    with np.errstate(invalid="ignore"):
        regular = np.linalg.cond(vectors) < REGULAR
    safe = np.where(regular[:, None, None], vectors, np.eye(matrix.shape[-1]))
    return _Modes(matrix, values, safe, np.linalg.inv(safe), regular)


def _evolve_block(block: _Block, modes: _Modes, rho: ComplexArray, times: Array) -> ComplexArray:
    """Coherences (c, times, m) from those at time zero, (c, m)."""
    amplitudes = np.swapaxes(modes.inverse @ rho[..., None], -1, -2)
    decays = np.exp(modes.values[:, None] * times[:, None])
    evolved = decays @ np.swapaxes(modes.vectors * amplitudes, -1, -2)
    for i in np.flatnonzero(~modes.regular):
        turned = np.exp(-1j * block.frequency[i] * times)[:, None]
        evolved[i] = turned * (expm(modes.matrix[i] * times[:, None, None]) @ rho[i])
    return evolved


def _matrix(generator: SecularGenerator | ArrayLike) -> ComplexArray:
    if isinstance(generator, SecularGenerator):
        return generator.dissipator
    return checks.superoperator(generator, "superoperator")


def _in_own_units(array: NDArray) -> NDArray:
    """Divide by the largest entry, so that no square of a small number vanishes."""
    return array / (np.abs(array).max() or 1.0)


def _two_states(
    rho: ArrayLike, name: str, sigma: ArrayLike, other: str
) -> tuple[ComplexArray, ComplexArray]:
    rho = checks.density_matrix(rho, name)
    sigma = checks.density_matrix(sigma, other, rho.shape[-1])
    checks.fitting_batches(**{name: rho.shape[:-2], other: sigma.shape[:-2]})
    return rho, sigma


def _eigensystem(rho: ComplexArray) -> tuple[Array, ComplexArray]:
    """Eigenvalues and eigenvectors; rounding errors become zero unless the matrix is diagonal."""
    n = rho.shape[-1]
    p, vectors = np.linalg.eigh(rho)
    p = np.where(p > n * np.finfo(float).eps * p[..., -1:], p, 0.0)
    entries = np.diagonal(rho, axis1=-2, axis2=-1).real
    diagonal = ~np.any(rho * ~np.eye(n, dtype=bool), axis=(-2, -1))
    p = np.where(diagonal[..., None], np.maximum(entries, 0.0), p)
    return p, np.where(diagonal[..., None, None], np.eye(n), vectors)


def _expectations(operator: ComplexArray, vectors: ComplexArray) -> Array:
    """⟨i|X|i⟩ for the columns i of `vectors`."""
    return np.einsum("...ki,...kl,...li->...i", vectors.conj(), operator, vectors).real


def _log(p: Array) -> Array:
    return np.log(p, where=p > 0, out=np.zeros_like(p))


def _nearest_commutator(odd: ComplexArray, p: Array) -> ComplexArray:
    """Return the i[K, ·], [K, diag(p)] = 0, that is nearest to an antihermitian superoperator."""
    n = p.size
    one = np.eye(n)
    axes = odd.reshape(n, n, n, n)
    k = -1j * (np.einsum("akal->kl", axes) - np.einsum("akbk->ba", axes)) / (2 * n)
    k *= np.abs(p[:, None] - p) <= checks.DEGENERACY_TOLERANCE * np.maximum(p[:, None], p)
    return 1j * (np.kron(one, k) - np.kron(k.T, one))


def _act(matrix: ComplexArray, rho: ComplexArray) -> ComplexArray:
    """Apply a superoperator (n², n²) to operators (..., n, n)."""
    stacked = np.swapaxes(rho, -1, -2).reshape(*rho.shape[:-2], -1)
    return np.swapaxes((stacked @ matrix.T).reshape(rho.shape), -1, -2)


def _are_stationary(matrix: ComplexArray, states: ComplexArray, tolerance: float) -> bool:
    """Whether L ρ is zero, each entry compared with its own row: frequencies may be far larger."""
    n = states.shape[-1]
    rows = np.abs(matrix).max(axis=1)
    allowed = tolerance * rows + ROUNDING * len(matrix) * rows.max()
    return bool(np.all(np.abs(_act(matrix, states)) <= allowed.reshape(n, n, order="F")))


def _closed_classes(rates: Array) -> list[NDArray[np.intp]]:
    """Return the groups of levels that are never left and reach all of themselves."""
    linked = rates > 0
    count, label = connected_components(linked, connection="strong")
    left = label[np.nonzero(linked & (label[:, None] != label))[1]]
    return [np.flatnonzero(label == group) for group in range(count) if group not in left]


def _stationary_of(levels: NDArray[np.intp], rates: Array) -> ComplexArray:
    """Return the stationary state (n, n) of one closed group of levels."""
    state = np.zeros(rates.shape, dtype=complex)
    state[levels, levels] = markov.stationary_state(rates[np.ix_(levels, levels)])
    return state


def _hermitian_kernel(matrix: ComplexArray) -> ComplexArray:
    """Return an orthonormal hermitian basis (d, n, n) of the X with L X = 0."""
    n = round(len(matrix) ** 0.5)
    leak = np.abs(np.eye(n).ravel() @ matrix).max()
    if leak > STATIONARY * np.abs(matrix).max():
        raise ValueError(
            "`superoperator` must keep the trace, as generators do, and with it a state, but "
            f"changes the trace of a matrix unit by {leak:.3g}"
        )
    _, sizes, right = np.linalg.svd(matrix)
    # Who keeps the trace has the eigenvalue zero at least once.
    zero = sizes <= ROUNDING * len(matrix) * sizes[0]
    zero[-1] = True
    doubtful = ~zero & (sizes <= NULL * sizes[0])
    if doubtful.any():
        raise checks.ConvergenceError(
            f"`superoperator` has singular values from {sizes[0]:.3g} down to "
            f"{sizes[doubtful].min():.3g}, which double precision cannot tell from zero; pass a "
            "`SecularGenerator` if it is one, or leave out a Hamiltonian that commutes with the "
            "dissipator"
        )
    basis = _hermitian_basis(right[zero].conj().reshape(-1, n, n).transpose(0, 2, 1))
    if np.abs(np.trace(basis, axis1=1, axis2=2)).max() < DISTINCT:
        raise ValueError(
            "`superoperator` must keep a state, but all that it keeps has trace zero; it generates "
            "no completely positive maps"
        )
    return basis


def _hermitian_basis(kernel: ComplexArray) -> ComplexArray:
    """Return an orthonormal hermitian basis of the space that these matrices span."""
    adjoint = np.swapaxes(kernel.conj(), -1, -2)
    parts = np.concatenate([kernel + adjoint, 1j * (kernel - adjoint)])
    flat = parts.reshape(len(parts), -1)
    # Real combinations of hermitian matrices: real and imaginary parts are coordinates.
    _, _, right = np.linalg.svd(np.concatenate([flat.real, flat.imag], axis=1))
    real, imaginary = np.split(right[: len(kernel)], 2, axis=1)
    return (real + 1j * imaginary).reshape(kernel.shape)


def _extremal_states(hermitian: ComplexArray) -> ComplexArray:
    """Return as many independent extremal states as the stationary space has dimensions."""
    random = np.random.default_rng(0)
    states = np.empty((0, *hermitian.shape[1:]), dtype=complex)
    # A draw gives a state for each of the k dimensions, of at most k² that are independent.
    for _ in range(2 * len(hermitian)):
        for state in _orthogonal_states(hermitian, random.normal(size=len(hermitian))):
            extended = np.concatenate([states, state[None]])
            flat = extended.reshape(len(extended), -1)
            if np.linalg.matrix_rank(flat, tol=DISTINCT) > len(states):
                states = extended
        if len(states) >= len(hermitian):
            break
    return states


def _orthogonal_states(hermitian: ComplexArray, coefficients: Array) -> ComplexArray:
    """Orthogonal extremal states (d, n, n) from one generic element of the stationary space."""
    # |X| is stationary with X; together their support is the largest that is possible.
    values, vectors = np.linalg.eigh(hermitian)
    moduli = (vectors * np.abs(values)[:, None, :]) @ np.swapaxes(vectors.conj(), -1, -2)
    p, basis = np.linalg.eigh(moduli.sum(axis=0))
    support = p > SUPPORT * p[-1]
    p, basis = p[support], basis[:, support]
    generic = np.einsum("i,ikl->kl", coefficients, hermitian)
    inner = basis.conj().T @ generic @ basis / np.sqrt(p[:, None] * p)
    values, vectors = np.linalg.eigh(inner)
    parts = np.split(np.arange(p.size), np.flatnonzero(np.diff(values) > DISTINCT) + 1)
    roots = [(basis * np.sqrt(p)) @ vectors[:, part] for part in parts]
    states = [root @ root.conj().T for root in roots]
    return np.stack([state / np.trace(state).real for state in states])
