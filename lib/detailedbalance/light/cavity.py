"""The embedded cavity: a small one inside a closed one with two-level systems, [B] (108), (109)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .rate_model import Process, RateModel

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class EmbeddedCavity(RateModel):
    """A small cavity A inside a closed cavity C that also holds two-level systems.

    [B] (108), (109), and the equation for m that the paper does not print:

    dn_A/dt = γ_4 (n_C - n_A) + γ_6 (n_C + 1)² [m (n_A + 1) - (M - m) n_A]
    dn_C/dt = γ'_4 (n_A - n_C) + γ_5 [m (n_C + 1) - (M - m) n_C]
    dm/dt = γ̃_5 [(M - m) n_C - m (n_C + 1)] + γ̃_6 (n_C + 1)² [(M - m) n_A - m (n_A + 1)]

    with γ_6 = γ̃_6/𝒩_A, γ_5 = γ̃_5/𝒩_C and γ'_4 = γ_4 𝒩_A/𝒩_C.  The last equation follows from the
    others, since no quanta are lost.

    Parameters
    ----------
    two_level_systems : int
        M.
    modes, outer_modes : float
        𝒩_A and 𝒩_C, modes of the small and of the outer cavity near the systems' frequency.
    gamma_4 : float
        γ_4 in 1/µs: a mode of A decays with this rate into C.
    tilde_gamma_5 : float
        γ̃_5 in 1/µs: an excited system emits into C.
    tilde_gamma_6 : float
        γ̃_6 in 1/µs: an excited system emits into A, by way of C.
    beta : float
        ħΩ/kT of `initial_state`; 1 by default.

    Raises
    ------
    ValueError
        If a rate is negative, or ħΩ/kT or a number of modes or two-level systems is not positive.
    TypeError
        If a parameter is not a number, or the number of two-level systems not a whole one.

    Notes
    -----
    [B] prints no values, so only β has a default.

    Examples
    --------
    >>> model = EmbeddedCavity(
    ...     two_level_systems=100, modes=50, outer_modes=200,
    ...     gamma_4=0.1, tilde_gamma_5=1.0, tilde_gamma_6=0.1,
    ... )
    >>> model.inverse_temperatures(model.steady_state([1, 0.2, 70])).round(6)
    array([1.05222, 1.05222, 1.05222])
    """

    subsystems: ClassVar = ("A", "C", "TLS")
    variables: ClassVar = ("n_A", "n_C", "m")
    processes: ClassVar = (
        Process("A", "C", "A emits into C"),
        Process("C", "A", "A absorbs from C"),
        Process("C", "TLS", "TLS absorb from C"),
        Process("TLS", "C", "TLS emit into C"),
        Process("A", "TLS", "TLS absorb from A through C"),
        Process("TLS", "A", "TLS emit to A through C"),
    )

    two_level_systems: int
    modes: float
    outer_modes: float
    gamma_4: float
    tilde_gamma_5: float
    tilde_gamma_6: float

    @property
    def gamma_4_prime(self) -> float:
        """γ'_4 = γ_4 𝒩_A/𝒩_C, by mode of C, in 1/µs."""
        return self.gamma_4 * self.modes / self.outer_modes

    @property
    def gamma_5(self) -> float:
        """γ_5 = γ̃_5/𝒩_C, by mode of C, in 1/µs."""
        return self.tilde_gamma_5 / self.outer_modes

    @property
    def gamma_6(self) -> float:
        """γ_6 = γ̃_6/𝒩_A, by mode of A, in 1/µs."""
        return self.tilde_gamma_6 / self.modes

    @property
    def sizes(self) -> Array:
        """The quanta that one unit of each variable stands for, (k,): mode numbers, 1 for m."""
        return np.array([self.modes, self.outer_modes, 1.0])

    def fluxes(self, state: ArrayLike) -> Array:
        """Return the quanta a µs that each process carries, (..., r) from (..., k)."""
        n_A, n_C, m = np.asarray(state).T
        ground = self.two_level_systems - m
        through = self.tilde_gamma_6 * (n_C + 1) ** 2
        return np.array(
            [
                self.modes * self.gamma_4 * n_A * (n_C + 1),
                self.modes * self.gamma_4 * n_C * (n_A + 1),
                self.tilde_gamma_5 * ground * n_C,
                self.tilde_gamma_5 * m * (n_C + 1),
                through * ground * n_A,
                through * m * (n_A + 1),
            ]
        ).T
