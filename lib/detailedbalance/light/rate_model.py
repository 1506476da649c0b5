"""What the rate models of light and two-level systems share.

A model is a list of processes, each of which carries one quantum from a subsystem to another or to
the outside at a rate that depends on the occupations.  Everything follows from that list: the rate
equations, what is conserved, entropy production, jump simulation.  A process takes from one
subsystem what it gives to another, so no choice of parameters can lose quanta.

Times are in µs, rates in 1/µs, energies in ħΩ, entropies in k.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import count, pairwise
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import lstsq, null_space
from scipy.optimize import OptimizeResult, brentq

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

RELATIVE_TOLERANCE = 1e-12
"""Relative tolerance of the integration, step by step."""

ABSOLUTE_TOLERANCE = 1e-100
"""The same, absolute; occupations below it become zero, so those above keep their digits."""

BALANCE_TOLERANCE = 1e-12
"""Net flows between two subsystems below this part of the gross flow count as balanced."""

MOST_EVALUATIONS = 50_000
"""Of the rate equations in one integration; stiff ones take some thousands."""

SIGN_TOLERANCE = 1e-11
"""Of σ, relative to the heat exchanged over the temperatures; below it the sign is rounding."""

LONGEST_TIME = 1e15
"""In µs, thirty years: what a steady state may take at most."""

NEAR = 1e-6
"""Newton takes over where its first step is smaller than this, relative to each occupation."""

NEWTON_STEPS = 3
"""From `NEAR` each doubles the digits, so that the last one is rounding."""

COMPLEX_STEP = 1e-100
"""Step of the derivative by a complex step, exact to rounding since fluxes are polynomials."""


class Process(NamedTuple):
    """One quantum goes from `source` to `target`, both names of subsystems or `OUTSIDE`."""

    source: str
    target: str
    name: str


@dataclass(frozen=True, eq=False)
class EquilibriumDefect:
    """What the equations do to equal temperatures; made by `equilibrium_defect`.

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
    """Base of the models; gives what follows from a list of processes and their fluxes."""

    subsystems: ClassVar[tuple[str, ...]]
    variables: ClassVar[tuple[str, ...]]
    processes: ClassVar[tuple[Process, ...]]

    beta: float = 1.0

    def __post_init__(self) -> None:
        """Check all fields: numbers of modes are positive, rates are not negative."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "two_level_systems":
                value = checks.whole_number(value, field.name, 1)
            elif field.name == "beta":
                value = checks.one_inverse_temperature(value)
            elif field.name.endswith("modes"):
                value = checks.positive_scalar(value, field.name)
            else:
                value = _rate(value, field.name)
            object.__setattr__(self, field.name, value)

    @property
    @abstractmethod
    def sizes(self) -> Array:
        """The quanta that one unit of each variable stands for, (k,): mode numbers, 1 for m."""

    @abstractmethod
    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r), r = len(processes)."""

    @cached_property
    def stoichiometry(self) -> Array:
        """Quanta that a process adds to a subsystem, (k, r): 1, -1 or 0."""
        return np.array(
            [
                [float(p.target == name) - float(p.source == name) for p in self.processes]
                for name in self.subsystems
            ]
        )

    @property
    def initial_state(self) -> Array:
        """Equal temperatures ħΩ/kT = `beta`, (k,)."""
        return self.thermal_state(self.beta)

    def thermal_state(self, beta: ArrayLike) -> Array:
        """Return the state with these inverse temperatures, (k,).

        Parameters
        ----------
        beta : float or array_like (k,)
            ħΩ/kT of all subsystems, or of each of them, in the order of `subsystems`.

        Raises
        ------
        ValueError
            If β is not positive.
        """
        beta = checks.inverse_temperature(beta)
        if beta.ndim and beta.shape != (len(self.subsystems),):
            raise ValueError(
                f"`beta` must be one number or one for each of {', '.join(self.subsystems)}, got "
                f"shape {beta.shape}"
            )
        beta = np.broadcast_to(beta, (len(self.subsystems),))
        state = bose_occupation(beta)
        state[self._two_level] = self.two_level_systems * excited_fraction(beta[self._two_level])
        return state

    def derivative(self, state: ArrayLike) -> Array:
        """Return d(state)/dt, (..., k), from the occupations, (..., k)."""
        return self._derivative(self.checked_state(state))

    def linearization(self, state: ArrayLike) -> Array:
        """Return the matrix ∂(derivative)_i/∂(state)_j, (k, k)."""
        return self._jacobian(self.checked_state(state))

    def quanta(self, state: ArrayLike) -> Array:
        """Return the number of quanta in the whole system, (...,)."""
        return self.checked_state(state) @ self.sizes

    def inverse_temperatures(self, state: ArrayLike) -> Array:
        """Return ħΩ/kT of each subsystem, (..., k); infinite where it is empty."""
        state = self.checked_state(state)
        beta = mode_inverse_temperature(state)
        fraction = state[..., self._two_level] / self.two_level_systems
        beta[..., self._two_level] = two_level_inverse_temperature(fraction)
        return beta

    def entropies(self, state: ArrayLike) -> Array:
        """Return the entropy of each subsystem, (..., k)."""
        state = self.checked_state(state)
        entropy = self.sizes * mode_entropy(state)
        fraction = state[..., self._two_level] / self.two_level_systems
        entropy[..., self._two_level] = self.two_level_systems * two_level_entropy(fraction)
        return entropy

    def flows(self, state: ArrayLike) -> dict[tuple[str, str], Array]:
        """Return the net quanta a µs between each two subsystems that exchange any.

        The entry [("A", "TLS")] counts from A to the TLS, and what leaves is ("A", "outside").
        """
        return self._by_pair(self.fluxes(self.checked_state(state)))

    def heat_flows(self, state: ArrayLike) -> Array:
        """Return the heat that each subsystem sends outside, in ħΩ a µs, (..., k)."""
        fluxes = self.fluxes(self.checked_state(state))
        return -(fluxes * self._leaves) @ self.stoichiometry.T

    def entropy_change(self, state: ArrayLike) -> Array:
        """Return dS/dt of the sum of the subsystems' entropies, in k a µs, (...,)."""
        state = self.checked_state(state)
        change = self.fluxes(state) @ self.stoichiometry.T
        return _finite_product(change, self.inverse_temperatures(state)).sum(axis=-1)

    def entropy_production_parts(self, state: ArrayLike) -> dict[tuple[str, str], Array]:
        """Return the entropy that heat exchange between each two subsystems produces, in k a µs.

        The flow of heat times the difference of inverse temperatures.
        """
        state = self.checked_state(state)
        beta = dict(
            zip(self.subsystems, np.moveaxis(self.inverse_temperatures(state), -1, 0), strict=True)
        )
        return {
            (source, target): _finite_product(flow, _difference(beta[target], beta[source]))
            for (source, target), flow in self.flows(state).items()
            if target != OUTSIDE
        }

    def entropy_production(self, state: ArrayLike) -> Array:
        """Return σ, the sum of `entropy_production_parts`, in k a µs, (...,)."""
        return np.sum(list(self.entropy_production_parts(state).values()), axis=0)

    def equilibrium_defect(self, beta: float | None = None) -> EquilibriumDefect:
        """Return what the equations do to equal temperatures, and which exchange does it.

        What leaves for the outside is left out.

        Parameters
        ----------
        beta : float, optional
            ħΩ/kT; the model's own by default.
        """
        state = self.thermal_state(self.beta if beta is None else beta)
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
        fluxes = self.fluxes(self.initial_state)
        gross = self._by_pair(fluxes, signed=False)
        net = self._by_pair(fluxes)
        return all(
            abs(net[pair]) <= BALANCE_TOLERANCE * gross[pair] for pair in net if OUTSIDE not in pair
        )

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
            If the integrator gives up.
        """
        start, times = self._checked_start(start), _checked_times(times)
        if times[-1] == 0:
            return Run(self, times, start[None])
        return Run(self, times, self._possible(self._integrate(start, times[-1], t_eval=times).y))

    def steady_state(self, start: ArrayLike | None = None) -> Array:
        """Return the state that is reached in the end, (k,).

        It is empty if quanta can leave from everywhere.  Otherwise the equations are integrated
        until Newton's method, with the conserved quanta held, finds the steady state nearby.

        Parameters
        ----------
        start : array_like (k,), optional
            Occupations at time zero; equal temperatures, `initial_state`, by default.

        Raises
        ------
        ValueError
            If the start is no possible state.
        ConvergenceError
            If the steady state is not reached within `LONGEST_TIME`.
        """
        state = self._checked_start(start)
        if self._empties:
            return np.zeros_like(state)
        held, time = self._conserved @ (self.sizes * state), 1.0
        while time <= LONGEST_TIME:
            state = self._possible(self._integrate(state, time).y)[-1]
            if np.abs(self._newton_step(state, held)).max() <= NEAR:
                for _ in range(NEWTON_STEPS):
                    state = state * (1 + self._newton_step(state, held))
                return state
            time *= 10
        raise checks.ConvergenceError(
            f"no steady state within {LONGEST_TIME:g} µs; are some rates far smaller than others?"
        )

    def entropy_production_zeros(self, until: float, start: ArrayLike | None = None) -> Array:
        """Return the times in µs, from zero to `until`, at which σ changes its sign.

        Parameters
        ----------
        until : float
            In µs.
        start : array_like (k,), optional
            Occupations at time zero; equal temperatures, `initial_state`, by default.
        """
        start, until = self._checked_start(start), checks.positive_scalar(until, "until")
        solution = self._integrate(start, until, dense_output=True)
        states = self._possible(solution.y)
        production = self.entropy_production(states)
        heat = sum(np.abs(flow) for pair, flow in self.flows(states).items() if OUTSIDE not in pair)
        scale = _finite_product(heat, np.abs(self.inverse_temperatures(states)).max(axis=-1))
        certain = np.flatnonzero(np.abs(production) > SIGN_TOLERANCE * scale)
        return np.array(
            [
                brentq(
                    lambda time: self.entropy_production(self._possible(solution.sol(time))),
                    *solution.t[[before, after]],
                )
                for before, after in pairwise(certain)
                if production[before] * production[after] < 0
            ]
        )

    def checked_state(self, state: ArrayLike) -> Array:
        """Return `state` as an array (..., k) of possible occupations.

        Raises
        ------
        ValueError
            If the shape does not fit, an occupation is negative, or m exceeds M.
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
        if np.any(state[..., self._two_level] > self.two_level_systems):
            raise ValueError(
                f"m must not exceed the number of two-level systems, {self.two_level_systems}, got "
                f"{state[..., self._two_level].max()}"
            )
        return state

    def _checked_start(self, start: ArrayLike | None) -> Array:
        start = self.checked_state(self.initial_state if start is None else start)
        if start.ndim != 1:
            raise ValueError(
                f"`start` must be one state, ({len(self.variables)},), got {start.shape}"
            )
        return start

    def _integrate(self, start: Array, until: float, **options: object) -> OptimizeResult:
        evaluations = count()
        stopped = (
            f"the integration over {until:g} µs stopped: {{}}; where some rates are many orders of "
            "magnitude faster than others, rounding of the fast flows outweighs the slow ones"
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
                rtol=RELATIVE_TOLERANCE,
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
        scale = np.append(fluxes @ np.abs(self.stoichiometry).T, np.abs(weights).sum(axis=1))
        scale[scale == 0] = 1.0
        return lstsq(response / scale[:, None], -excess / scale)[0]

    @cached_property
    def _active(self) -> NDArray[np.bool_]:
        """Which processes happen where nothing is empty, (r,)."""
        return self.fluxes(self.initial_state) > 0

    @cached_property
    def _conserved(self) -> Array:
        """Weights (c, k) of the subsystems' quanta in each conserved quantity."""
        return null_space(self.stoichiometry[:, self._active].T).T

    @cached_property
    def _empties(self) -> bool:
        """Whether quanta can leave from every subsystem, on some way."""
        names = [*self.subsystems, OUTSIDE]
        steps = np.eye(len(names))
        for process, active in zip(self.processes, self._active, strict=True):
            steps[names.index(process.source), names.index(process.target)] += active
        return bool(np.all(np.linalg.matrix_power(steps, len(names))[:, -1] > 0))

    @property
    def _two_level(self) -> int:
        return self.subsystems.index(TWO_LEVEL)

    @cached_property
    def _leaves(self) -> NDArray[np.bool_]:
        return np.array([process.target == OUTSIDE for process in self.processes])

    def _derivative(self, state: NDArray) -> NDArray:
        return self.fluxes(state) @ self.stoichiometry.T / self.sizes

    def _jacobian(self, state: Array) -> Array:
        k = len(self.variables)
        return self._derivative(state + 1j * COMPLEX_STEP * np.eye(k)).imag.T / COMPLEX_STEP

    def _by_pair(self, fluxes: Array, signed: bool = True) -> dict[tuple[str, str], Array]:
        pairs: dict[tuple[str, str], Array] = {}
        for process, flux in zip(self.processes, np.moveaxis(fluxes, -1, 0), strict=True):
            forward, backward = (process.source, process.target), (process.target, process.source)
            if backward in pairs:
                pairs[backward] = pairs[backward] + (-flux if signed else flux)
            else:
                pairs[forward] = pairs.get(forward, 0.0) + flux
        return pairs


@dataclass(frozen=True, eq=False)
class Run:
    """Solution of a model's rate equations; made by `RateModel.solve`.

    Parameters
    ----------
    model : RateModel
    times : array (t,)
    states : array (t, k)
        Occupations in the order of `model.variables`.

    Attributes
    ----------
    n_A, m, ... : array (t,)
        Each occupation by its name.
    temperature_A, temperature_TLS, ... : array (t,)
        The effective temperature kT/ħΩ of each subsystem.
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
        """Entropy in k that each two subsystems produce in a µs, (t,) each."""
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


def _checked_times(times: ArrayLike) -> Array:
    times = checks.vector(times, "times")
    if times[0] < 0 or np.any(np.diff(times) <= 0):
        raise ValueError("`times` must increase and begin at zero or later; the start is at zero")
    return times


def _difference(a: Array, b: Array) -> Array:
    """Return a - b, and zero where both are the same infinity."""
    both = np.isinf(a) & (a == b)
    return np.where(both, 0.0, np.where(both, 0.0, a) - np.where(both, 0.0, b))


def _finite_product(flow: Array, beta: Array) -> Array:
    """Return flow times β, and zero where nothing flows, however cold."""
    return flow * np.where(flow == 0, 0.0, beta)
