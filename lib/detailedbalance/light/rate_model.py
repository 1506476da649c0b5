"""What the rate models of light and two-level systems share.

A model is a list of processes, each of which carries one quantum from a subsystem to another or to
the outside at a rate that depends on the occupations.  Everything follows from that list: the rate
equations, what is conserved, entropy production, jump simulation.  A process takes from one
subsystem what it gives to another, so no choice of parameters can lose quanta.

Times are in µs, rates in 1/µs, energies in ħΩ, entropies in k.
"""

import itertools
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import lstsq
from scipy.optimize import OptimizeResult, brentq
from scipy.sparse.csgraph import connected_components

from .. import checks
from .thermal import (
    bose_occupation,
    excited_fraction,
    mode_entropy,
    mode_inverse_temperature,
    two_level_entropy,
    two_level_inverse_temperature,
)

Array = NDArray[np.float64]

OUTSIDE = "outside"
"""Where a quantum goes that leaves the system: a bath at temperature zero."""

TWO_LEVEL = "TLS"
"""The name of the two-level systems among the subsystems; all others are modes of light."""

LARGEST = 1e30
"""Larger parameters and occupations are refused, and fewer modes and a smaller ħΩ/kT than its
inverse: fluxes, which multiply up to six of them, would overflow."""

RELATIVE_TOLERANCE = 1e-13
"""Relative tolerance of the integration, step by step."""

ABSOLUTE_TOLERANCE = 1e-100
"""The same, absolute; occupations below it become zero, so those above keep their digits."""

MOST_EVALUATIONS = 200_000
"""Of the rate equations in one integration; stiff ones take some thousands."""

BALANCE_TOLERANCE = 1e-12
"""Net flows between two subsystems below this part of the gross flow count as balanced."""

SIGN_TOLERANCE = 1e-11
"""Of σ, relative to the heat exchanged over the temperatures; below it the sign is rounding."""

LONGEST_TIME = 1e15
"""In µs, thirty years: what a steady state may take at most."""

APPROACH_TOLERANCE = 1e-9
"""Relative tolerance on the way to a steady state that what is conserved determines."""

NEAR = 1e-6
"""Newton takes over where its first step is smaller than this, relative to each occupation."""

NEWTON_STEPS = 2
"""From `NEAR` each doubles the digits, so that the last one is rounding."""

COMPLEX_STEP = 1e-100
"""Step of the derivative by a complex step, exact to rounding since fluxes are polynomials."""


class Process(NamedTuple):
    """One quantum goes from one subsystem to another, or leaves.

    Parameters
    ----------
    source, target : str
        Names of subsystems; the target may be `OUTSIDE`.
    name : str
        What happens, in words.
    """

    source: str
    target: str
    name: str


@dataclass(frozen=True, eq=False)
class EquilibriumDefect:
    """What the equations do to equal temperatures; made by `RateModel.equilibrium_defect`.

    Parameters
    ----------
    state : array (k,)
        Equal temperatures.
    derivative : array (k,)
        d(state)/dt without what leaves for the outside; zero if equal temperatures stay equal.
    flows : mapping
        Net quanta a µs between two subsystems: flows["A", "TLS"] from A to the TLS.
    """

    state: Array
    derivative: Array
    flows: Mapping[tuple[str, str], float]


@dataclass(frozen=True, kw_only=True)
class RateModel(ABC):
    """Base of the models: what follows from a list of processes and the quanta they carry.

    A model names its `subsystems`, the `variables` that say how full they are (⟨n⟩ of modes of
    light, ⟨m⟩ of the two-level systems "TLS"), and its `processes`, and defines `sizes` and
    `fluxes`.  States are arrays (..., k) of the variables, in their order.  The fields are the
    whole number `two_level_systems`, mode numbers, whose names end in "modes", and rates.

    Parameters
    ----------
    beta : float
        ħΩ/kT of the state that a model starts from, the same in all subsystems.

    Raises
    ------
    ValueError
        If a rate is negative, or ħΩ/kT or a number of modes or two-level systems is not positive.
    TypeError
        If a parameter is not a number, or the number of two-level systems not a whole one.

    Examples
    --------
    A model of one's own, in which two-level systems lose their quanta to a cavity and never absorb:

    >>> from dataclasses import dataclass
    >>> from detailedbalance.light import OUTSIDE, Process, RateModel
    >>> @dataclass(frozen=True, kw_only=True)
    ... class OneWay(RateModel):
    ...     subsystems = ("A", "TLS")
    ...     variables = ("n_A", "m")
    ...     processes = (Process("TLS", "A", "emission"), Process("A", OUTSIDE, "leak"))
    ...     two_level_systems: int
    ...     modes: float
    ...     emission: float
    ...     leak: float
    ...
    ...     @property
    ...     def sizes(self):
    ...         return np.array([self.modes, 1.0])
    ...
    ...     def fluxes(self, state):
    ...         n_A, m = np.asarray(state).T
    ...         return np.array([self.emission * m * (n_A + 1), self.leak * self.modes * n_A]).T
    >>> model = OneWay(two_level_systems=10, modes=5, emission=2.0, leak=0.0)
    >>> model.is_balanced, model.steady_state([0, 10])
    (False, array([2., 0.]))
    """

    subsystems: ClassVar[tuple[str, ...]]
    variables: ClassVar[tuple[str, ...]]
    processes: ClassVar[tuple[Process, ...]]

    beta: float = 1.0

    def __post_init__(self) -> None:
        """Check all fields; what a field is shows in its name."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "two_level_systems":
                value = checks.whole_number(value, field.name, 1)
            elif field.name == "beta":
                value = checks.one_inverse_temperature(value)
                _require_range(value, field.name, 1 / LARGEST)
            elif field.name.endswith("modes"):
                value = checks.positive_scalar(value, field.name)
                _require_range(value, field.name, 1 / LARGEST)
            else:
                value = _rate(value, field.name)
            _require_range(value, field.name)
            object.__setattr__(self, field.name, value)

    @property
    @abstractmethod
    def sizes(self) -> Array:
        """The quanta that one unit of each variable stands for, (k,): mode numbers, 1 for m."""

    @abstractmethod
    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries.

        Parameters
        ----------
        state : array_like (..., k)
            Not checked: integrators try states that are slightly impossible, and complex ones.

        Returns
        -------
        array (..., r)
            In the order of `processes`.
        """

    @cached_property
    def stoichiometry(self) -> Array:
        """The quanta that a process adds to a subsystem, (k, r): 1, -1 or 0."""
        matrix = self._gains([(process.source, process.target) for process in self.processes])
        matrix.flags.writeable = False
        return matrix

    @property
    def initial_state(self) -> Array:
        """Equal temperatures ħΩ/kT = `beta`, (k,)."""
        return self.thermal_state(self.beta)

    def thermal_state(self, beta: ArrayLike) -> Array:
        """Return the state with these inverse temperatures, [B] (13), (16).

        Parameters
        ----------
        beta : float or array_like (k,)
            ħΩ/kT of all subsystems, or of each of them, in the order of `subsystems`.

        Returns
        -------
        array (k,)

        Raises
        ------
        ValueError
            If β is not positive or out of range, or not one number or k.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> OpenWaveguide().thermal_state(np.log(2)).round(12)
        array([ 1.        ,  1.        , 33.33333333])
        """
        beta = checks.inverse_temperature(beta)
        _require_range(beta.max(), "beta")
        _require_range(beta.min(), "beta", 1 / LARGEST)
        if beta.ndim and beta.shape != (len(self.subsystems),):
            raise ValueError(
                f"`beta` must be one number or one for each of {', '.join(self.subsystems)}, got "
                f"shape {beta.shape}"
            )
        beta = np.broadcast_to(beta, (len(self.subsystems),))
        state = bose_occupation(beta)
        state[self._two_level] = self.two_level_systems * excited_fraction(beta[self._two_level])
        return state

    def checked_state(self, state: ArrayLike) -> Array:
        """Return a state as an array, if its occupations are possible.

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (..., k)

        Raises
        ------
        ValueError
            If the shape does not fit, an occupation is negative or not finite, or m exceeds M.
        TypeError
            If an occupation is not a real number.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> OpenWaveguide().checked_state([1, 1, 101])
        Traceback (most recent call last):
        ...
        ValueError: m must not exceed the number of two-level systems, 100, got 101.0
        """
        state = checks.real_array(state, "state")
        names = ", ".join(self.variables)
        if state.ndim == 0 or state.shape[-1] != len(self.variables):
            raise ValueError(
                f"`state` must have shape (..., {len(self.variables)}), for {names}, "
                f"got {state.shape}"
            )
        if np.any(state < 0):
            raise ValueError(
                f"`state` holds mean occupations {names}, which must not be negative, got "
                f"{state.min()}"
            )
        _require_range(state.max(initial=0.0), "state")
        if np.any(state[..., self._two_level] > self.two_level_systems):
            raise ValueError(
                f"m must not exceed the number of two-level systems, {self.two_level_systems}, got "
                f"{state[..., self._two_level].max()}"
            )
        return state

    def derivative(self, state: ArrayLike) -> Array:
        """Return the right-hand side of the rate equations, d(state)/dt.

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (..., k)
            In 1/µs.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        A hundred excited systems emit into ten empty modes:

        >>> from detailedbalance.light import EinsteinRates
        >>> model = EinsteinRates(two_level_systems=100, modes=10, tilde_gamma=1.0)
        >>> model.derivative([0, 100])
        array([  10., -100.])
        """
        return self._derivative(self.checked_state(state))

    def linearization(self, state: ArrayLike) -> Array:
        """Return the matrix of the rate equations near a state, ∂(derivative)_i/∂(state)_j.

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (..., k, k)
            In 1/µs, exact to rounding.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> from detailedbalance.light import EinsteinRates
        >>> model = EinsteinRates(two_level_systems=100, modes=50, tilde_gamma=1.0)
        >>> model.linearization([0, 0])
        array([[-2.e+00,  2.e-02],
               [ 1.e+02, -1.e+00]])
        """
        return self._jacobian(self.checked_state(state))

    def quanta(self, state: ArrayLike) -> Array:
        """Return the number of quanta in the whole system, Σ 𝒩 n + m.

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
        >>> from detailedbalance.light import OpenWaveguide
        >>> float(OpenWaveguide().quanta([1, 0.5, 20]))
        170.0
        """
        return self.checked_state(state) @ self.sizes

    def inverse_temperatures(self, state: ArrayLike) -> Array:
        """Return ħΩ/kT of each subsystem, [B] (76).

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (..., k)
            In the order of `subsystems`; infinite where one is empty, and negative where more than
            half of the two-level systems are excited.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> (OpenWaveguide().inverse_temperatures([1, 0, 50]) / np.log(2)).round(12)
        array([ 1., inf,  0.])
        """
        state = self.checked_state(state)
        beta = mode_inverse_temperature(state)
        beta[..., self._two_level] = two_level_inverse_temperature(self._fraction(state))
        return beta

    def entropies(self, state: ArrayLike) -> Array:
        """Return the entropy of each subsystem, [B] (95), (96).

        𝒩 [(n + 1) ln(n + 1) - n ln n] of modes of light, and -M [p ln p + (1 - p) ln(1 - p)] with
        p = m/M of two-level systems.  Their sum is [B] (15), and (99) of the closed loop.

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (..., k)
            In k, in the order of `subsystems`.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> (OpenWaveguide().entropies([1, 0, 50]) / np.log(2)).round(12)
        array([200.,   0., 100.])
        """
        state = self.checked_state(state)
        entropy = self.sizes * mode_entropy(state)
        fraction = self._fraction(state)
        entropy[..., self._two_level] = self.two_level_systems * two_level_entropy(fraction)
        return entropy

    def flows(self, state: ArrayLike) -> dict[tuple[str, str], Array]:
        """Return the net quanta a µs between each two subsystems that exchange any.

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        dict
            An array (...) for each pair: flows["A", "TLS"] from A to the TLS, and
            flows["A", "outside"] what leaves A for the outside.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> for pair, flow in OpenWaveguide().flows([0.5, 0.5, 25]).items():
        ...     print(pair, float(flow))
        ('A', 'outside') 1.0
        ('B', 'outside') 1.0
        ('TLS', 'outside') 250.0
        ('A', 'B') 0.0
        ('A', 'TLS') 375.0
        ('TLS', 'B') 375.0
        """
        return self._by_pair(self.fluxes(self.checked_state(state)))

    def heat_flows(self, state: ArrayLike) -> Array:
        """Return the heat that each subsystem sends outside, [B] (74).

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (..., k)
            In ħΩ a µs, in the order of `subsystems`.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> OpenWaveguide().heat_flows([1, 0.5, 20])
        array([  2.,   1., 200.])
        """
        fluxes = self.fluxes(self.checked_state(state))
        return -(fluxes * self._leaves) @ self.stoichiometry.T

    def entropy_change(self, state: ArrayLike) -> Array:
        """Return dS/dt, S the sum of the subsystems' `entropies`.

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (...)
            In k a µs; infinite where quanta reach what is empty or leave what is full.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> from detailedbalance.light import ClosedLoop
        >>> model = ClosedLoop(gamma_0=0, tilde_gamma_1=0)
        >>> float(model.entropy_change(model.thermal_state([1, 2, 1, 1, 1]))) > 0
        True
        """
        state = self.checked_state(state)
        change = self._derivative(state) * self.sizes
        return _finite_product(change, self.inverse_temperatures(state)).sum(axis=-1)

    def entropy_production_parts(self, state: ArrayLike) -> dict[tuple[str, str], Array]:
        """Return the entropy that heat exchange between each two subsystems produces.

        σ_ab = (heat from a to b) (1/T_b - 1/T_a), in the open waveguide [B] (22)-(24).

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        dict
            An array (...), in k a µs, for each pair, named as in `flows`.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> model = OpenWaveguide(tilde_gamma_2=10)
        >>> parts = model.entropy_production_parts(model.thermal_state([1, 2, 3]))
        >>> [pair for pair, part in parts.items() if part > 0]
        [('A', 'B'), ('A', 'TLS'), ('TLS', 'B')]
        """
        return {
            pair: _finite_product(flow, _difference(beta_target, beta_source))
            for pair, flow, beta_source, beta_target in self._exchanges(self.checked_state(state))
        }

    def entropy_production(self, state: ArrayLike) -> Array:
        """Return σ, the sum of `entropy_production_parts`, [B] (21).

        It is dS/dt plus the heat that leaves each subsystem over its temperature, [B] (20), (75):
        heat exchange between subsystems is all that produces entropy.

        Parameters
        ----------
        state : array_like (..., k)

        Returns
        -------
        array (...)
            In k a µs; infinite where quanta reach what is empty or leave what is full.

        Raises
        ------
        ValueError
            If the state is not possible, as in `checked_state`.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> model = OpenWaveguide()
        >>> float(model.entropy_production(model.thermal_state([2, 1, 1.5]))) < 0
        True
        """
        return np.sum(list(self.entropy_production_parts(state).values()), axis=0)

    def equilibrium_defect(self, beta: float | None = None) -> EquilibriumDefect:
        """Return what the equations do to equal temperatures, and which exchange does it.

        What leaves for the outside is left out.

        Parameters
        ----------
        beta : float, optional
            ħΩ/kT; the model's own by default.

        Returns
        -------
        EquilibriumDefect

        Raises
        ------
        ValueError
            If β is not positive.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> defect = OpenWaveguide().equilibrium_defect(np.log(2))
        >>> defect.derivative.round(9)
        array([-6.66666667,  6.66666667,  0.        ])
        >>> {pair: round(flow, 9) for pair, flow in defect.flows.items()}
        {('A', 'B'): 0.0, ('A', 'TLS'): 666.666666667, ('TLS', 'B'): 666.666666667}
        """
        state = self.thermal_state(
            self.beta if beta is None else checks.one_inverse_temperature(beta)
        )
        fluxes = self.fluxes(state) * ~self._leaves
        flows = {
            pair: float(flow) for pair, flow in self._by_pair(fluxes).items() if OUTSIDE not in pair
        }
        return EquilibriumDefect(state, fluxes @ self.stoichiometry.T / self.sizes, flows)

    @property
    def is_balanced(self) -> bool:
        """Whether equal temperatures balance the exchange of each two subsystems.

        What leaves for the outside does not count.
        """
        fluxes = self.fluxes(self.initial_state) * ~self._leaves
        net, gross = self._exchange @ fluxes, np.abs(self._exchange) @ fluxes
        return bool(np.all(np.abs(net) <= BALANCE_TOLERANCE * gross))

    def solve(self, times: ArrayLike, start: ArrayLike | None = None) -> "Run":
        """Return the solution of the rate equations at given times.

        Parameters
        ----------
        times : array_like (t,)
            In µs, increasing, the first not negative; the start is at zero.
        start : array_like (k,), optional
            Occupations at time zero; equal temperatures, `initial_state`, by default.

        Returns
        -------
        Run

        Raises
        ------
        ValueError
            If times do not increase, or the start is no possible state.
        ConvergenceError
            If the integrator gives up, because rates are too many orders of magnitude apart or
            the time is far longer than a closed system moves; its end is `steady_state`.

        Notes
        -----
        LSODA chooses its steps from the equations alone, and interpolates at `times` as precisely:
        a time's values do not depend on the times between.  Relative errors are about 1e-11, of
        small occupations too; those below 1e-100 become zero.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> run = OpenWaveguide().solve([0, 1, 100])
        >>> run.n_B.round(6)
        array([0.581977, 1.107223, 0.101246])
        """
        start, times = self._checked_start(start), checks.rising_times(times)
        if times[-1] == 0:
            return Run(self, times, start[None])
        return Run(self, times, self._possible(self._integrate(start, times[-1], t_eval=times).y))

    def steady_state(self, start: ArrayLike | None = None) -> Array:
        """Return the state that is reached in the end.

        It is empty if quanta can leave from everywhere.  Otherwise the equations are integrated
        until Newton's method, with what is conserved held, finds the steady state nearby.

        Parameters
        ----------
        start : array_like (k,), optional
            Occupations at time zero; equal temperatures, `initial_state`, by default.

        Returns
        -------
        array (k,)
            Precise to rounding.

        Raises
        ------
        ValueError
            If the start is no possible state.
        ConvergenceError
            If the integrator gives up, or the steady state is not reached within 1e15 µs.

        Examples
        --------
        >>> from detailedbalance.light import ClosedLoop, OpenWaveguide
        >>> ClosedLoop().steady_state().round(8)
        array([0.00337545, 2.22367372, 0.0059365 , 0.36167099, 0.21915944])
        >>> OpenWaveguide().steady_state()
        array([0., 0., 0.])
        """
        state = self._checked_start(start)
        if self._empties:
            return np.zeros_like(state)
        held, time = self._conserved @ (self.sizes * state), 1.0
        tolerance = APPROACH_TOLERANCE if held.size else RELATIVE_TOLERANCE
        while time <= LONGEST_TIME:
            state = self._possible(self._integrate(state, time, rtol=tolerance).y)[-1]
            if np.abs(self._newton_step(state, held)).max() <= NEAR:
                for _ in range(NEWTON_STEPS):
                    state = state * (1 + self._newton_step(state, held))
                return state
            time *= 10
        raise checks.ConvergenceError(
            f"no steady state within {LONGEST_TIME:g} µs; are some rates far smaller than others?"
        )

    def entropy_production_zeros(self, until: float, start: ArrayLike | None = None) -> Array:
        """Return the times at which σ changes its sign.

        Parameters
        ----------
        until : float
            Time in µs up to which to look, from zero.
        start : array_like (k,), optional
            Occupations at time zero; equal temperatures, `initial_state`, by default.

        Returns
        -------
        array (z,)
            In µs.

        Raises
        ------
        ValueError
            If `until` is not positive, or the start is no possible state.
        ConvergenceError
            If the integrator gives up.

        Examples
        --------
        >>> from detailedbalance.light import OpenWaveguide
        >>> OpenWaveguide().entropy_production_zeros(until=1000).round(7)
        array([0.7511704])
        """
        start, until = self._checked_start(start), checks.positive_scalar(until, "until")
        solution = self._integrate(start, until, dense_output=True)
        states = self._possible(solution.y)
        production = self.entropy_production(states)
        scale = sum(
            _finite_product(np.abs(flow), np.maximum(np.abs(beta_source), np.abs(beta_target)))
            for _, flow, beta_source, beta_target in self._exchanges(states)
        )
        certain = np.flatnonzero(np.abs(production) > SIGN_TOLERANCE * scale)
        return np.array(
            [
                brentq(
                    lambda time: self.entropy_production(self._possible(solution.sol(time))),
                    *solution.t[[before, after]],
                )
                for before, after in itertools.pairwise(certain)
                if production[before] * production[after] < 0
            ]
        )

    @property
    def _two_level(self) -> int:
        return self.subsystems.index(TWO_LEVEL)

    def _fraction(self, state: Array) -> Array:
        return state[..., self._two_level] / self.two_level_systems

    @cached_property
    def _leaves(self) -> NDArray[np.bool_]:
        return np.array([process.target == OUTSIDE for process in self.processes])

    @cached_property
    def _ways(self) -> Array:
        """Flows from each to each where nothing is empty, (k + 1, k + 1); the last is outside."""
        names = [*self.subsystems, OUTSIDE]
        ways = np.zeros((len(names), len(names)))
        fluxes = self.fluxes(self.thermal_state(1.0))
        for process, flux in zip(self.processes, fluxes, strict=True):
            ways[names.index(process.source), names.index(process.target)] += flux
        return ways

    @cached_property
    def _conserved(self) -> Array:
        """The subsystems that exchange quanta only among themselves, (c, k): 1 for a member."""
        count, labels = connected_components(self._ways, directed=False)
        groups = labels == np.arange(count)[:, None]
        return groups[~groups[:, -1], :-1].astype(float)

    @cached_property
    def _empties(self) -> bool:
        """Whether quanta can leave from every subsystem, on some way."""
        steps = (self._ways > 0) + np.eye(len(self._ways))
        return bool(np.all(np.linalg.matrix_power(steps, len(steps))[:, -1] > 0))

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        """Subsystems that exchange quanta, each two once, as the first process names them."""
        pairs: list[tuple[str, str]] = []
        for source, target, _ in self.processes:
            if (source, target) not in pairs and (target, source) not in pairs:
                pairs.append((source, target))
        return pairs

    @cached_property
    def _exchange(self) -> Array:
        """Which processes make up the flow of each pair, (p, r): 1, -1 or 0."""
        return np.array(
            [
                [
                    float((p.source, p.target) == pair) - float((p.target, p.source) == pair)
                    for p in self.processes
                ]
                for pair in self._pairs
            ]
        )

    def _gains(self, transfers: list[tuple[str, str]]) -> Array:
        """Return what each subsystem gains by each transfer, (k, len(transfers))."""
        return np.array(
            [
                [float(target == name) - float(source == name) for source, target in transfers]
                for name in self.subsystems
            ]
        )

    @cached_property
    def _change(self) -> Array:
        """How each variable changes by the flow of each pair, (p, k)."""
        return self._gains(self._pairs).T / self.sizes

    def _derivative(self, state: NDArray) -> NDArray:
        # Pair by pair, so that rounding loses no quanta where the processes of a pair balance.
        return self.fluxes(state) @ self._exchange.T @ self._change

    def _jacobian(self, state: Array) -> Array:
        steps = 1j * COMPLEX_STEP * np.eye(len(self.variables))
        change = self._derivative(state[..., None, :] + steps).imag / COMPLEX_STEP
        return np.swapaxes(change, -1, -2)

    def _by_pair(self, fluxes: Array) -> dict[tuple[str, str], Array]:
        flows = np.moveaxis(fluxes @ self._exchange.T, -1, 0)
        return dict(zip(self._pairs, flows, strict=True))

    def _exchanges(self, state: Array) -> Iterator[tuple[tuple[str, str], Array, Array, Array]]:
        """Yield names, net flow (...) and both ħΩ/kT of each two subsystems that exchange any."""
        betas = np.moveaxis(self.inverse_temperatures(state), -1, 0)
        beta = dict(zip(self.subsystems, betas, strict=True))
        for (source, target), flow in self.flows(state).items():
            if target != OUTSIDE:
                yield (source, target), flow, beta[source], beta[target]

    def _checked_start(self, start: ArrayLike | None) -> Array:
        start = self.checked_state(self.initial_state if start is None else start)
        if start.ndim != 1:
            raise ValueError(
                f"`start` must be one state, ({len(self.variables)},), got {start.shape}"
            )
        return start

    def _integrate(
        self, start: Array, until: float, rtol: float = RELATIVE_TOLERANCE, **options: object
    ) -> OptimizeResult:
        evaluations = itertools.count()
        stopped = (
            f"the integration over {until:g} µs stopped: {{}}; where some rates are many orders of "
            "magnitude faster than others, or the system has long been at rest, rounding of the "
            "fast flows outweighs the slow ones; `steady_state` returns where it ends"
        )

        def derivative(_: float, state: Array) -> Array:
            if next(evaluations) > MOST_EVALUATIONS:
                raise checks.ConvergenceError(stopped.format("it takes too many steps"))
            return self._derivative(state)

        with warnings.catch_warnings():
            # What LSODA warns of is in its message as well.
            warnings.simplefilter("ignore", UserWarning)
            solution = solve_ivp(
                derivative,
                (0.0, until),
                start,
                method="LSODA",
                jac=lambda _, state: self._jacobian(state),
                rtol=rtol,
                atol=ABSOLUTE_TOLERANCE,
                **options,
            )
        if not solution.success:
            raise checks.ConvergenceError(stopped.format(solution.message))
        return solution

    def _possible(self, solution: Array) -> Array:
        """Return the integrator's states (k, ...) as (..., k), rounding errors cut off."""
        states = np.where(solution < ABSOLUTE_TOLERANCE, 0.0, solution).T
        m = states[..., self._two_level]
        np.minimum(m, self.two_level_systems, out=m)
        return states

    def _newton_step(self, state: Array, held: Array) -> Array:
        """Return the relative change (k,) after which nothing changes and `held` is conserved."""
        fluxes, weights = self.fluxes(state), self._conserved * self.sizes * state
        response = np.vstack([self.sizes[:, None] * self._jacobian(state) * state, weights])
        excess = np.append(fluxes @ self.stoichiometry.T, weights.sum(axis=1) - held)
        # Each row in units of what flows in and out, or of what is conserved.
        scale = np.append(fluxes @ np.abs(self.stoichiometry).T, weights.sum(axis=1))
        scale[scale == 0] = 1.0
        return lstsq(response / scale[:, None], -excess / scale)[0]


@dataclass(frozen=True, eq=False)
class Run:
    """Solution of a model's rate equations; made by `RateModel.solve`.

    Parameters
    ----------
    model : RateModel
    times : array (t,)
        In µs.
    states : array (t, k)
        Occupations in the order of `model.variables`.

    Attributes
    ----------
    n_A, m, ... : array (t,)
        Each occupation by its name.
    temperature_A, temperature_TLS, ... : array (t,)
        The effective temperature kT/ħΩ of each subsystem.

    Examples
    --------
    >>> from detailedbalance.light import ClosedLoop
    >>> run = ClosedLoop().solve([0, 3000])
    >>> run.entropy.round(3)
    array([474.481, 285.909])
    >>> run.temperature_A.round(4)
    array([1.    , 0.1756])
    """

    model: RateModel
    times: Array
    states: Array

    def __post_init__(self) -> None:
        """Make each occupation and each temperature an attribute."""
        for name, occupation in zip(self.model.variables, self.states.T, strict=True):
            object.__setattr__(self, name, occupation)
        for name, temperature in zip(self.model.subsystems, self.temperatures.T, strict=True):
            object.__setattr__(self, f"temperature_{name}", temperature)

    @property
    def quanta(self) -> Array:
        """Quanta in the whole system, (t,)."""
        return self.model.quanta(self.states)

    @property
    def inverse_temperatures(self) -> Array:
        """ħΩ/kT of each subsystem, (t, k)."""
        return self.model.inverse_temperatures(self.states)

    @property
    def temperatures(self) -> Array:
        """Effective temperature kT/ħΩ of each subsystem, (t, k)."""
        with np.errstate(divide="ignore"):
            return 1 / self.inverse_temperatures

    @property
    def entropies(self) -> Array:
        """Entropy of each subsystem in k, (t, k)."""
        return self.model.entropies(self.states)

    @property
    def entropy(self) -> Array:
        """Entropy of the whole system in k, (t,): the sum over the subsystems."""
        return self.entropies.sum(axis=-1)

    @property
    def heat_flows(self) -> Array:
        """Heat that each subsystem sends outside, in ħΩ a µs, (t, k)."""
        return self.model.heat_flows(self.states)

    @property
    def entropy_production_parts(self) -> dict[tuple[str, str], Array]:
        """Entropy in k that exchange between each two subsystems produces in a µs, (t,) each."""
        return self.model.entropy_production_parts(self.states)

    @property
    def entropy_production(self) -> Array:
        """σ in k a µs, (t,)."""
        return self.model.entropy_production(self.states)


def _rate(value: ArrayLike, name: str) -> float:
    rate = checks.scalar(value, name)
    if rate < 0:
        raise ValueError(f"`{name}` is a rate in 1/µs and must not be negative, got {rate}")
    return rate


def _require_range(number: float, name: str, smallest: float = 0.0) -> None:
    if not smallest <= number <= LARGEST:
        expected = f"from {smallest:g} to {LARGEST:g}" if smallest else f"at most {LARGEST:g}"
        # A whole number may be too large for a float.
        raise ValueError(f"`{name}` must be {expected}, got {Decimal(number):.3g}")


def _difference(a: Array, b: Array) -> Array:
    """Return a - b, and zero where both are the same infinity."""
    both = np.isinf(a) & (a == b)
    return np.where(both, 0.0, a) - np.where(both, 0.0, b)


def _finite_product(flow: Array, beta: Array) -> Array:
    """Return flow times β, and zero where nothing flows, however cold."""
    return flow * np.where(flow == 0, 0.0, beta)
