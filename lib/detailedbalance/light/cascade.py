"""Cascades: cavities and two-level systems along a waveguide, driven by thermal light.

The light passes each element once, channel 1 from the first to the last and channel 2 back, and
what leaves an element drives the next one.  That is the theory of cascaded systems: components
(S, L, H) and their series product, then a master equation for all elements together, without the
golden rule's separation into events:

    dρ/dt = -i[H, ρ] + Σ_j ((n_j + 1) D[L_j] + n_j D[L_j†]) ρ,   D[L]ρ = LρL† - ½{L†L, ρ}.

Here j are the two channels and n_j the occupation of their inputs, which are white: their band is
wide against every rate.  Frequencies are those relative to Ω; ħ = k = 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import expm
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import expm_multiply

from .. import checks
from ..trajectories import Seed
from ..unravelling import QuantumTrajectories
from .thermal import mode_inverse_temperature

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

TICKS = 30
"""Waiting times of quantum jumps are exact to 2^-30 of the time between two outputs."""

EMPTY = 1e-14
"""Probability below which a state counts as empty."""

REDUCIBLE = 1e13
"""Condition number above which a network has more than one stationary state."""


@dataclass(frozen=True, eq=False)
class SLH:
    """A component with p ports: scattering S, couplings L, Hamiltonian H.

    Its output is b_out = S b_in + L, with S of numbers, not operators.

    Parameters
    ----------
    scattering : array_like (p, p)
        A unitary matrix S.
    couplings : array_like (p, D, D)
        Operators L_j of the whole system's space.
    hamiltonian : array_like (D, D)
        Hermitian.

    Raises
    ------
    ValueError
        If shapes do not fit, S is not unitary or H not hermitian.

    Notes
    -----
    J. Gough, M. R. James, IEEE Trans. Automat. Contr. 54, 2530 (2009).

    Examples
    --------
    A cavity that feeds a two-level system; the light between them takes up the phase π:

    >>> import numpy as np
    >>> lower = np.array([[0.0, 1.0], [0.0, 0.0]])
    >>> nothing = np.zeros((4, 4))
    >>> cavity = SLH([[1]], [np.kron(lower, np.eye(2))], nothing)
    >>> fibre = SLH([[-1]], [nothing], nothing)
    >>> atom = SLH([[1]], [np.kron(np.eye(2), lower)], nothing)
    >>> both = atom.after(fibre).after(cavity)
    >>> complex(both.hamiltonian[1, 2])
    0.5j
    """

    scattering: ComplexArray
    couplings: ComplexArray
    hamiltonian: ComplexArray

    def __post_init__(self) -> None:
        """Check shapes, unitarity and hermiticity."""
        S = checks.complex_array(self.scattering, "scattering")
        L = checks.complex_array(self.couplings, "couplings")
        if S.ndim != 2 or S.shape[0] != S.shape[1]:
            raise ValueError(f"`scattering` must have shape (p, p), got {S.shape}")
        if L.ndim != 3 or L.shape[0] != len(S) or L.shape[1] != L.shape[2]:
            raise ValueError(
                f"`couplings` must have shape ({len(S)}, D, D), one operator a port, got {L.shape}"
            )
        deviation = np.abs(S @ S.conj().T - np.eye(len(S))).max()
        if deviation > checks.HERMITIAN_TOLERANCE:
            raise ValueError(
                f"`scattering` must be unitary, but |S S† - 1| reaches {deviation:.3g}; "
                "what a component absorbs belongs to a further port"
            )
        H = checks.hermitian_matrix(self.hamiltonian, "hamiltonian", L.shape[1])
        for name, value in [("scattering", S), ("couplings", L), ("hamiltonian", H)]:
            object.__setattr__(self, name, value)

    def after(self, first: "SLH") -> "SLH":
        """Return the series product: the output of `first` is the input of this component.

        S = S₂S₁,  L = L₂ + S₂L₁,  H = H₁ + H₂ + (L₂†S₂L₁ - h.c.)/2i.
        """
        if first.couplings.shape != self.couplings.shape:
            raise ValueError(
                "both components must have the same ports and live in the same space, got "
                f"`couplings` of shapes {first.couplings.shape} and {self.couplings.shape}"
            )
        arriving = np.tensordot(self.scattering, first.couplings, axes=1)
        forward = np.einsum("jlk,jlm->km", self.couplings.conj(), arriving)
        return SLH(
            self.scattering @ first.scattering,
            self.couplings + arriving,
            self.hamiltonian + first.hamiltonian + (forward - forward.conj().T) / 2j,
        )

    def beside(self, other: "SLH") -> "SLH":
        """Return both components together, each with its own ports."""
        p, q = len(self.scattering), len(other.scattering)
        scattering = np.zeros((p + q, p + q), dtype=complex)
        scattering[:p, :p], scattering[p:, p:] = self.scattering, other.scattering
        couplings = np.concatenate([self.couplings, other.couplings])
        return SLH(scattering, couplings, self.hamiltonian + other.hamiltonian)


@dataclass(frozen=True, eq=False)
class CascadeElement:
    """A cavity or two-level system beside the waveguide; make it with `cavity` or `two_level`.

    Parameters
    ----------
    lowering : array_like (d, d)
        Operator that takes one quantum away, in the basis of 0 … d - 1 quanta.
    rates : (float, float)
        Rates κ_1, κ_2 at which one quantum leaves into channel 1 and channel 2.
    detuning : float
        Frequency minus Ω.
    dephasing : float
        Rate at which the coherence of neighbouring numbers of quanta decays, beside the light.

    Raises
    ------
    ValueError
        If `lowering` does not take exactly one quantum, or a rate is negative.

    Examples
    --------
    >>> CascadeElement.cavity((1.0, 1.0), levels=3).lowering.round(3)
    array([[0.   , 1.   , 0.   ],
           [0.   , 0.   , 1.414],
           [0.   , 0.   , 0.   ]])
    >>> CascadeElement.two_level((2.0, 0.0)).rates
    array([2., 0.])
    """

    lowering: Array
    rates: Array
    detuning: float = 0.0
    dephasing: float = 0.0

    def __post_init__(self) -> None:
        """Check the fields."""
        lowering = checks.square_matrix(self.lowering, "lowering")
        if np.any(lowering[~np.eye(len(lowering), k=1, dtype=bool)]):
            raise ValueError(
                "`lowering` must take away exactly one quantum, so only lowering[k, k + 1] may "
                "differ from zero"
            )
        rates = checks.vector(self.rates, "rates", 2)
        dephasing = checks.scalar(self.dephasing, "dephasing")
        for name, lowest in [("rates", rates.min()), ("dephasing", dephasing)]:
            if lowest < 0:
                raise ValueError(f"`{name}` must not be negative, got {lowest:g}")
        object.__setattr__(self, "lowering", lowering)
        object.__setattr__(self, "rates", rates)
        object.__setattr__(self, "detuning", checks.scalar(self.detuning, "detuning"))
        object.__setattr__(self, "dephasing", dephasing)

    @classmethod
    def cavity(
        cls, rates: ArrayLike, detuning: float = 0.0, levels: int = 4, dephasing: float = 0.0
    ) -> "CascadeElement":
        """Return one mode of a cavity, cut off above `levels` - 1 photons."""
        levels = checks.whole_number(levels, "levels", 2)
        return cls(np.diag(np.sqrt(np.arange(1.0, levels)), k=1), rates, detuning, dephasing)

    @classmethod
    def two_level(
        cls, rates: ArrayLike, detuning: float = 0.0, dephasing: float = 0.0
    ) -> "CascadeElement":
        """Return a two-level system."""
        return cls(np.array([[0.0, 1.0], [0.0, 0.0]]), rates, detuning, dephasing)


@dataclass(frozen=True, eq=False)
class ThermalNetwork:
    """Elements that exchange quanta with channels of thermal light.

    dρ/dt = -i[H, ρ] + Σ_j ((n_j + 1) D[L_j] + n_j D[L_j†]) ρ + Σ_i D[C_i] ρ

    Parameters
    ----------
    hamiltonian : array_like (D, D)
        H, hermitian, in the basis of the elements' numbers of quanta; the last element's number
        runs fastest.
    couplings : array_like (p, D, D)
        L_j, one for each channel.
    inputs : array_like (p,)
        Occupations n_j of the channels' inputs, not negative.
    dims : sequence of int
        Levels of each element; their product is D.
    dephasing : array_like (q, D, D), optional
        Further jump operators C_i, which emit nothing.

    Raises
    ------
    ValueError
        If shapes do not fit, H is not hermitian or an input negative.

    Notes
    -----
    Made by `cascade_network`; made directly for systems that break a hypothesis of a theorem.
    Nothing here assumes that quanta are conserved, but `photon_flows` and `clausius_production`
    count one quantum a coupling.

    Examples
    --------
    A two-level system between dark light and light of one photon a mode, from its ground state:

    >>> import numpy as np
    >>> lower = np.array([[0.0, 1.0], [0.0, 0.0]])
    >>> network = ThermalNetwork(np.zeros((2, 2)), [lower, lower], inputs=[1.0, 0.0], dims=(2,))
    >>> ground = np.diag([1.0, 0.0])
    >>> network.photon_flows(ground)
    array([1., 0.])
    >>> steady = network.stationary_state()
    >>> network.occupations(steady).round(6), network.photon_flows(steady).round(6)
    (array([0.25]), array([ 0.25, -0.25]))
    >>> states = network.evolve(ground, [0.0, 0.5])
    >>> network.occupations(states)[:, 0].round(4)
    array([0.    , 0.2162])
    >>> run = network.trajectories([1.0, 0.0], [0.5], trajectories=500, seed=1)
    >>> error = np.abs(run.density_matrices[0] - states[1])
    >>> bool(np.all(error < 4 * run.standard_errors[0] + 1e-12))
    True
    """

    hamiltonian: ComplexArray = field(repr=False)
    couplings: ComplexArray = field(repr=False)
    inputs: Array
    dims: tuple[int, ...]
    dephasing: ComplexArray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check the fields."""
        dims = tuple(checks.whole_number(d, "dims", 1) for d in self.dims)
        size = int(np.prod(dims))
        couplings = checks.complex_array(self.couplings, "couplings")
        if couplings.ndim != 3 or couplings.shape[1:] != (size, size):
            raise ValueError(
                f"`couplings` must have shape (p, {size}, {size}), got {couplings.shape}"
            )
        inputs = checks.vector(self.inputs, "inputs", len(couplings))
        if inputs.min() < 0:
            raise ValueError(
                f"`inputs` are mean numbers of photons and must not be negative, got {inputs.min()}"
            )
        dephasing = np.zeros((0, size, size)) if self.dephasing is None else self.dephasing
        dephasing = checks.complex_array(dephasing, "dephasing")
        if dephasing.ndim != 3 or dephasing.shape[1:] != (size, size):
            raise ValueError(
                f"`dephasing` must have shape (q, {size}, {size}), got {dephasing.shape}"
            )
        hamiltonian = checks.hermitian_matrix(self.hamiltonian, "hamiltonian", size)
        for name, value in [
            ("hamiltonian", hamiltonian),
            ("couplings", couplings),
            ("inputs", inputs),
            ("dims", dims),
            ("dephasing", dephasing),
        ]:
            object.__setattr__(self, name, value)

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Quanta of each element in each basis state, (elements, D)."""
        return np.indices(self.dims).reshape(len(self.dims), -1)

    @cached_property
    def excitations(self) -> NDArray[np.int64]:
        """N_exc, the quanta of all elements together, in each basis state, (D,)."""
        return self.numbers.sum(axis=0)

    @cached_property
    def jump_operators(self) -> ComplexArray:
        """√(n_j + 1) L_j of all channels, then √n_j L_j†, then C_i, (2p + q, D, D)."""
        down = np.sqrt(self.inputs + 1)[:, None, None] * self.couplings
        up = np.sqrt(self.inputs)[:, None, None] * self.couplings.conj().swapaxes(1, 2)
        return np.concatenate([down, up, self.dephasing])

    @cached_property
    def drift(self) -> ComplexArray:
        """-iH - ½ Σ C†C over all jump operators, (D, D); between jumps ∂_t|ψ⟩ = drift|ψ⟩."""
        jumps = self.jump_operators
        return -1j * self.hamiltonian - np.einsum("jlk,jlm->km", jumps.conj(), jumps) / 2

    @cached_property
    def liouvillian(self) -> sparse.csr_array:
        """The generator as a sparse matrix (D², D²) that acts on stacked columns."""
        one = sparse.eye_array(len(self.drift))
        drift = sparse.csr_array(self.drift)
        matrix = sparse.kron(one, drift) + sparse.kron(drift.conj(), one)
        for jump in map(sparse.csr_array, self.jump_operators):
            matrix = matrix + sparse.kron(jump.conj(), jump)
        return sparse.csr_array(matrix)

    def gibbs_state(self, n: float) -> ComplexArray:
        """Return (n/(n + 1))^N_exc / Z, (D, D): every element in equilibrium with light of n.

        Truncated elements have the truncated geometric distribution.  For n = 0 it is empty.
        """
        n = checks.scalar(n, "n")
        if n < 0:
            raise ValueError(f"`n` is a mean number of photons and must not be negative, got {n}")
        weights = (n / (n + 1)) ** self.excitations
        return np.diag(weights / weights.sum()).astype(complex)

    def product_state(self, occupations: ArrayLike) -> ComplexArray:
        """Return the product of Gibbs states at the occupations (elements,) of light in balance."""
        occupations = checks.vector(occupations, "occupations", len(self.dims))
        if occupations.min() < 0:
            raise ValueError(f"`occupations` must not be negative, got {occupations.min()}")
        ratios = occupations / (occupations + 1)
        weights = np.prod(ratios[:, None] ** self.numbers, axis=0)
        return np.diag(weights / weights.sum()).astype(complex)

    def apply(self, rho: ArrayLike) -> ComplexArray:
        """Return Lρ for operators of shape (..., D, D)."""
        rho = self._operators(rho)
        result = self.drift @ rho + rho @ self.drift.conj().T
        for jump in self.jump_operators:
            result += jump @ rho @ jump.conj().T
        return result

    def occupations(self, rho: ArrayLike) -> Array:
        """Return mean quanta of each element, (..., elements)."""
        return self._operators(rho).diagonal(axis1=-2, axis2=-1).real @ self.numbers.T

    def reduced_state(self, rho: ArrayLike, element: int) -> ComplexArray:
        """Return the state of one element, (..., d, d), the others traced out."""
        rho = self._operators(rho)
        element = checks.whole_number(element, "element", 0, len(self.dims) - 1)
        before = int(np.prod(self.dims[:element]))
        d = self.dims[element]
        shape = (before, d, self.excitations.size // (before * d))
        return np.einsum("...iajibj->...ab", rho.reshape(*rho.shape[:-2], *shape, *shape))

    def photon_flows(self, rho: ArrayLike) -> Array:
        """Return quanta per time that enter from each channel, (..., p): n⟨LL†⟩ - (n + 1)⟨L†L⟩.

        For couplings that take one quantum.
        """
        rho = self._operators(rho)
        L = self.couplings
        emitted = np.einsum("jlk,jlm,...mk->...j", L.conj(), L, rho, optimize=True).real
        absorbed = np.einsum("jkl,jml,...mk->...j", L, L.conj(), rho, optimize=True).real
        return self.inputs * absorbed - (self.inputs + 1) * emitted

    def entropy_rate(self, rho: ArrayLike) -> float:
        """Return dS/dt = -Tr (Lρ) ln ρ, the change of the von Neumann entropy of ρ (D, D).

        It is +∞ if weight flows into a direction that ρ leaves empty.
        """
        rho = checks.density_matrix(self._operators(rho), "rho", self.excitations.size)
        p, vectors = np.linalg.eigh(rho)
        gain = np.einsum("ki,kl,li->i", vectors.conj(), self.apply(rho), vectors).real
        full = p > EMPTY
        if gain[~full].sum() > EMPTY * np.abs(self.drift).max():
            return np.inf
        return float(-(gain[full] * np.log(p[full])).sum())

    def clausius_production(self, rho: ArrayLike) -> float:
        """Return σ = dS/dt - Σ_j β_j J_j ≥ 0, with the flows J_j and β_j = ln((n_j + 1)/n_j).

        Returns
        -------
        float
            Infinite while quanta flow to a channel with n_j = 0, which has no temperature.

        Notes
        -----
        Each channel's part of the generator has its own stationary state (n_j/(n_j + 1))^N_exc,
        so Spohn's inequality holds for each and they add up, whether or not inputs are equal.
        For equal inputs σ = -Tr (Lρ)(ln ρ - ln ρ_Gibbs).
        Source: H. Spohn, J. Math. Phys. 19, 1227 (1978).
        """
        flows, beta = self.photon_flows(rho), mode_inverse_temperature(self.inputs)
        dark = np.isinf(beta)
        if np.any(flows[dark] < -EMPTY * np.abs(self.drift).max()):
            return np.inf
        return self.entropy_rate(rho) - float(beta[~dark] @ flows[~dark])

    def evolve(self, rho: ArrayLike, times: ArrayLike) -> ComplexArray:
        """Return ρ(t) = e^{Lt}ρ at ascending times (m,), as an array (m, D, D).

        Raises
        ------
        ValueError
            If rho is not a density matrix, or times are negative or descend.

        Notes
        -----
        Only those entries are evolved that the start can reach: what conserves quanta never mixes
        coherences between different numbers.
        """
        D = self.excitations.size
        rho = checks.density_matrix(self._operators(rho), "rho", D)
        times = _ascending(times)
        start = rho.ravel(order="F")
        sector = self._sector(np.flatnonzero(start))
        matrix, part = self.liouvillian[sector][:, sector], start[sector]
        trace = matrix.trace()
        result = np.zeros((times.size, D * D), dtype=complex)
        for i, step in enumerate(np.diff(times, prepend=0.0)):
            if step > 0:
                part = expm_multiply(step * matrix, part, traceA=step * trace)
            result[i, sector] = part
        return result.reshape(times.size, D, D).swapaxes(1, 2)

    def stationary_state(self) -> ComplexArray:
        """Return the state (D, D) with Lρ = 0.

        Raises
        ------
        ReducibleChainError
            If there is more than one, as when elements form a dark state that no light reaches.
        """
        D = self.excitations.size
        diagonal = np.arange(D) * (D + 1)
        sector = self._sector(diagonal)
        matrix = self.liouvillian[sector][:, sector].toarray()
        matrix[0] = np.isin(sector, diagonal)
        if np.linalg.cond(matrix, 1) > REDUCIBLE:
            raise checks.ReducibleChainError(
                "the network has more than one stationary state: some combination of its elements "
                "does not couple to any channel; change a phase or a rate, or `evolve` from a start"
            )
        rho = np.zeros(D * D, dtype=complex)
        rho[sector] = np.linalg.solve(matrix, np.eye(len(matrix))[0])
        rho = rho.reshape(D, D, order="F")
        return (rho + rho.conj().T) / 2

    def trajectories(
        self, psi0: ArrayLike, times: ArrayLike, trajectories: int, seed: Seed = 0
    ) -> QuantumTrajectories:
        """Return quantum-jump trajectories, whose mean is `evolve`.

        Parameters
        ----------
        psi0 : array_like (D,) or (trajectories, D)
            Normalised states at time zero.
        times : array_like (m,)
            When to take the states, ascending.
        trajectories : int
            How many, at least one.
        seed : int, SeedSequence, BitGenerator or Generator
            The same number gives the same trajectories.

        Returns
        -------
        QuantumTrajectories
            Its `jump_counts` follow `jump_operators`: quanta given to each channel, quanta taken
            from each channel, dephasing.

        Notes
        -----
        The generator is not secular, and two equal cavities in a row make the drift defective, so
        there are no waiting times in closed form and no basis of eigenvectors.  The norm of the
        state between jumps falls; where it passes a random number is found by halving: exponentials
        of the drift over 1/2, 1/4, … of a step are tried from the largest on, all trajectories in
        lock-step.
        Source: J. Dalibard, Y. Castin, K. Mølmer, Phys. Rev. Lett. 68, 580 (1992).
        """
        trajectories = checks.whole_number(trajectories, "trajectories", 1)
        times = _ascending(times)
        psi = _states(psi0, self.excitations.size, trajectories)
        random = np.random.default_rng(seed)
        states = np.empty((trajectories, times.size, psi.shape[1]), dtype=complex)
        counts = np.zeros((trajectories, len(self.jump_operators)), dtype=np.int64)
        known: dict[float, ComplexArray] = {}
        for i, step in enumerate(np.diff(times, prepend=0.0)):
            if step > 0:
                # Equal steps differ by rounding.
                key = round(step / times[-1], 12)
                if key not in known:
                    halves = step / 2.0 ** np.arange(TICKS + 1)
                    known[key] = expm(halves[:, None, None] * self.drift)
                self._jump_along(psi, known[key], counts, random)
            states[:, i] = psi
        return QuantumTrajectories(times, states, counts)

    def to_qutip(self):
        """Return what QuTiP's solvers take: the Hamiltonian and the list of jump operators.

        Returns
        -------
        Qobj, list of Qobj
            With the dimensions of the elements; jump operators that are zero are left out.

        Raises
        ------
        ImportError
            If QuTiP is not installed.
        """
        from qutip import Qobj

        dims = [list(self.dims)] * 2
        jumps = [Qobj(jump, dims=dims) for jump in self.jump_operators if np.any(jump)]
        return Qobj(self.hamiltonian, dims=dims), jumps

    def _operators(self, rho: ArrayLike) -> ComplexArray:
        rho, D = checks.complex_array(rho, "rho"), self.excitations.size
        if rho.shape[-2:] != (D, D):
            raise ValueError(f"`rho` must have shape (..., {D}, {D}), got {rho.shape}")
        return rho

    def _sector(self, entries: NDArray) -> NDArray[np.intp]:
        """Return the entries of stacked columns that mix with the given ones."""
        # Of the pattern alone: the graph's weights would lose imaginary parts.
        L = self.liouvillian
        graph = sparse.csr_array((np.ones(L.nnz), L.indices, L.indptr), shape=L.shape)
        label = connected_components(graph, directed=False)[1]
        return np.flatnonzero(np.isin(label, label[entries]))

    def _jump_along(self, psi: ComplexArray, halves: ComplexArray, counts: NDArray, random) -> None:
        """Let states (trajectories, D) evolve and jump for one step, in place."""
        active = np.arange(len(psi))
        left = np.full(len(psi), 2**TICKS, dtype=np.int64)
        while active.size:
            state, threshold = psi[active], random.random(active.size)
            for k, half in enumerate(halves):
                tick = 2 ** (TICKS - k)
                fits = np.flatnonzero(left >= tick)
                later = state[fits] @ half.T
                stays = (np.abs(later) ** 2).sum(axis=1) >= threshold[fits]
                state[fits[stays]] = later[stays]
                left[fits[stays]] -= tick
            jumps = np.flatnonzero(left > 0)
            if jumps.size:
                state[jumps], which = self._jump(state[jumps], random)
                counts[active[jumps], which] += 1
            psi[active] = state / np.linalg.norm(state, axis=1, keepdims=True)
            # The tick in which the norm passed the threshold is used up.
            active, left = active[jumps], left[jumps] - 1

    def _jump(self, state: ComplexArray, random) -> tuple[ComplexArray, NDArray]:
        """Return the states after a jump, and which operators acted."""
        jumps = self.jump_operators
        after = (state @ jumps.reshape(-1, state.shape[1]).T).reshape(len(state), *jumps.shape[:2])
        total = np.cumsum((np.abs(after) ** 2).sum(axis=2), axis=1)
        # In (0, 1], so that no operator of weight zero is drawn.
        level = (1.0 - random.random(len(state))) * total[:, -1]
        which = (total < level[:, None]).sum(axis=1)
        return after[np.arange(len(state)), which], which


def cascade_network(
    elements: Sequence[CascadeElement], phases: ArrayLike, inputs: ArrayLike
) -> ThermalNetwork:
    """Return elements along a waveguide: channel 1 passes them in order, channel 2 in reverse.

    Parameters
    ----------
    elements : sequence of CascadeElement
        In the order of channel 1.
    phases : array_like (elements - 1,)
        Phase that light of the frequency Ω takes up between neighbours, in either direction.
        Zeros put elements at the same place.
    inputs : array_like (2,)
        Occupations n_1, n_2 of the light that comes in from the two ends.

    Returns
    -------
    ThermalNetwork
        Couplings are those of channel 1 and channel 2, as seen at their ends.

    Raises
    ------
    TypeError
        If an element is not a `CascadeElement`.
    ValueError
        If there are no elements or shapes do not fit.

    Notes
    -----
    With the positions' phases φ_i, channel 1 has L_1 = Σ_i e^{i(φ_last - φ_i)} √κ_i1 a_i and
    H_1 = Σ_{i before k} (L_k† L_i - h.c.)/2i, channel 2 likewise from the other end.  The phase of
    the whole way has no effect, those between neighbours do if an element emits both ways.

    Delays are left out, as is usual: the light's way is short against every 1/rate.  Then the
    master equation for thermal inputs is the one for dark inputs with two more jumps: terms with n
    in H cancel, because operators of different elements commute.

    Source: C. W. Gardiner, Phys. Rev. Lett. 70, 2269 (1993); H. J. Carmichael, Phys. Rev. Lett. 70,
    2273 (1993); J. Gough, M. R. James, IEEE Trans. Automat. Contr. 54, 2530 (2009).

    Examples
    --------
    Two cavities and between them a two-level system that couples to channel 1 alone.  In light of
    one photon a mode the common Gibbs state stays:

    >>> import numpy as np
    >>> cavity = CascadeElement.cavity((1.0, 1.0), levels=3)
    >>> atom = CascadeElement.two_level((2.0, 0.0))
    >>> network = cascade_network([cavity, atom, cavity], phases=[0.3, 1.1], inputs=[1.0, 1.0])
    >>> network.dims
    (3, 2, 3)
    >>> bool(np.abs(network.apply(network.gibbs_state(1.0))).max() < 1e-15)
    True
    """
    for element in elements:
        checks.instance(element, "elements", CascadeElement)
    if not elements:
        raise ValueError("`elements` must hold at least one element")
    phases = np.atleast_1d(checks.real_array(phases, "phases"))
    if phases.shape != (len(elements) - 1,):
        raise ValueError(
            f"`phases` must have shape ({len(elements) - 1},), one between neighbours, "
            f"got {phases.shape}"
        )
    dims = tuple(len(element.lowering) for element in elements)
    numbers = np.indices(dims).reshape(len(dims), -1)
    lowering = [_embed(element.lowering, i, dims) for i, element in enumerate(elements)]
    nothing = np.zeros_like(lowering[0])
    channels = []
    for channel, order in enumerate([range(len(elements)), range(len(elements) - 1, -1, -1)]):
        path = SLH([[1]], [nothing], nothing)
        for step, i in enumerate(order):
            if step:
                phase = phases[min(i, order[step - 1])]
                path = SLH([[np.exp(1j * phase)]], [nothing], nothing).after(path)
            coupling = np.sqrt(elements[i].rates[channel]) * lowering[i]
            path = SLH([[1]], [coupling], nothing).after(path)
        channels.append(path)
    both = channels[0].beside(channels[1])
    detunings = np.array([element.detuning for element in elements])
    dephasing = [
        np.sqrt(2 * element.dephasing) * np.diag(number)
        for element, number in zip(elements, numbers, strict=True)
        if element.dephasing
    ]
    return ThermalNetwork(
        both.hamiltonian + np.diag(detunings @ numbers),
        both.couplings,
        inputs,
        dims,
        np.array(dephasing) if dephasing else None,
    )


def _embed(operator: Array, place: int, dims: tuple[int, ...]) -> Array:
    """Return an element's operator in the space of all elements."""
    factors = [operator if i == place else np.eye(d) for i, d in enumerate(dims)]
    return reduce(np.kron, factors)


def _ascending(times: ArrayLike) -> Array:
    times = checks.vector(times, "times")
    if times[0] < 0 or np.any(np.diff(times) < 0):
        raise ValueError(f"`times` must ascend and not be negative, got {times}")
    return times


def _states(psi0: ArrayLike, size: int, trajectories: int) -> ComplexArray:
    """Return a normalised state for each trajectory."""
    psi = checks.complex_array(psi0, "psi0")
    if psi.shape not in ((size,), (trajectories, size)):
        raise ValueError(
            f"`psi0` must have shape ({size},) or ({trajectories}, {size}), got {psi.shape}"
        )
    norm = np.linalg.norm(psi, axis=-1, keepdims=True)
    worst = norm.flat[np.abs(norm - 1).argmax()]
    if abs(worst - 1) > checks.NORMALIZATION_TOLERANCE:
        raise ValueError(f"`psi0` must be normalised, got the norm {worst:.6g}; divide by it")
    return np.broadcast_to(psi / norm, (trajectories, size)).copy()
