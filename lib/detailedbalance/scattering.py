"""Scattering of a gas particle by an n-level system through a contact interaction.

Units: ħ = 1.  The particle moves on a line, H = p²/2m + Σ_k E_k |k⟩⟨k| + δ(q) Σ_kl v_kl |k⟩⟨l|.
Odd waves vanish at the contact and pass freely; everything here refers to the even sector.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks

ComplexArray = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class ContactScattering:
    r"""A system of n levels that scatters a particle by a contact interaction in one dimension.

    With the channel momenta p_j = √(2m(E - E_j)) (on the positive imaginary axis where channel j
    is closed) and b_j = m/p_j,

        t(E) = v (1 + i b v)⁻¹,    S(E) = 1 - 2i √b t √b   (on the open channels).

    Parameters
    ----------
    energies : array_like (n,)
        Level energies E_j, in any order.
    coupling_matrix : array_like (n, n)
        Hermitian matrix v_kl, in units of energy × length.
    mass : float
        Mass m of the gas particle.

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit, an entry is not finite, v is not hermitian, or m is not positive.

    Notes
    -----
    Index order is final ← initial.  ⟨p'k|T|p l⟩ = t_kl/2π for momentum states normalised to
    δ(p - p').  Source: [A] (S15)-(S24), with the closed channels' b_j = -i|b_j|.

    Examples
    --------
    >>> import numpy as np
    >>> contact = ContactScattering([0.0, 1.0], [[1.0, 0.5j], [-0.5j, 2.0]])
    >>> s = contact.s_matrix(1.7)
    >>> bool(np.allclose(s @ s.conj().T, np.eye(2)))
    True
    """

    energies: NDArray[np.float64]
    coupling_matrix: ComplexArray
    mass: float = 1.0

    def __post_init__(self) -> None:
        """Check the fields and keep copies that cannot be changed."""
        energies = checks.vector(self.energies, "energies")
        coupling = checks.hermitian_matrix(self.coupling_matrix, "coupling_matrix", energies.size)
        energies.flags.writeable = False
        coupling.flags.writeable = False
        object.__setattr__(self, "energies", energies)
        object.__setattr__(self, "coupling_matrix", coupling)
        object.__setattr__(self, "mass", checks.positive_scalar(self.mass, "mass"))

    def __reduce__(self):
        """Copy and pickle through the constructor, which makes the arrays read-only again."""
        return type(self), (self.energies, self.coupling_matrix, self.mass)

    def open_channels(self, energy: ArrayLike) -> NDArray[np.bool_]:
        """Return which channels are open, E > E_j.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.

        Returns
        -------
        array of bool (..., n)

        Raises
        ------
        ValueError
            If an energy is not above the lowest threshold.
        """
        return self._excess(energy) > 0

    def t_matrix(self, energy: ArrayLike) -> ComplexArray:
        """Return the transition matrix t(E) = v (1 + i b v)⁻¹, closed channels included.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.

        Returns
        -------
        complex array (..., n, n)
            t[k, l], from level l to level k, in units of the coupling.

        Raises
        ------
        ValueError
            If an energy is not above the lowest threshold.

        Notes
        -----
        Source: [A] (S17), (S23).  A real bound state of the closed channels gives a resonance
        wherever they couple to an open one.

        Examples
        --------
        >>> contact = ContactScattering([0.0], [[2.0]])
        >>> contact.t_matrix(0.5).round(3)  # p = b = 1: 2/(1 + 2i)
        array([[0.4-0.8j]])
        """
        momenta = channel_momenta(self._excess(energy), self.mass)
        inverse = _inverse(self.momentum_form(momenta))
        return self.coupling_matrix @ inverse * momenta[..., None, :]

    def s_matrix(self, energy: ArrayLike) -> ComplexArray:
        """Return the scattering matrix S(E) of the even sector.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.

        Returns
        -------
        complex array (..., n, n)
            S[k, l], from level l to level k; rows and columns of closed channels are zero.
            On the open channels S is unitary.

        Raises
        ------
        ValueError
            If an energy is not above the lowest threshold.

        Examples
        --------
        >>> contact = ContactScattering([0.0, 1.0], [[1.0, 0.5], [0.5, 2.0]])
        >>> contact.s_matrix([0.5, 1.5]).shape
        (2, 2, 2)
        >>> float(abs(contact.s_matrix(0.5)[1, 1]))  # level 1 is out of reach
        0.0
        """
        return self.s_matrix_from_excess(self._excess(energy))

    def s_matrix_from_excess(self, excess: NDArray[np.float64]) -> ComplexArray:
        """Return S for kinetic energies E - E_j, shape (..., n), that the caller has formed.

        Next to a threshold E - E_j is a small difference; quadrature knows it without
        cancellation.  The inverse is that of p + imv, which stays finite at thresholds.
        """
        momenta = channel_momenta(excess, self.mass)
        roots = np.where(excess > 0, np.sqrt(np.abs(momenta)), 0.0)
        inverse = _inverse(self.momentum_form(momenta))
        s = 2 * roots[..., :, None] * inverse * roots[..., None, :]
        n = self.energies.size
        s[..., np.arange(n), np.arange(n)] -= excess > 0
        return s

    def momentum_form(self, momenta: ComplexArray) -> ComplexArray:
        """Return M = p + imv for channel momenta of shape (..., n); S = 2√p M⁻¹ √p - 1."""
        n = self.energies.size
        return momenta[..., None] * np.eye(n) + 1j * self.mass * self.coupling_matrix

    def _excess(self, energy: ArrayLike) -> NDArray[np.float64]:
        total = checks.real_array(energy, "energy")
        lowest = self.energies.min()
        if np.any(total <= lowest):
            raise ValueError(
                f"`energy` must lie above the lowest threshold {lowest:g}, got {total.min():g}: "
                "no channel is open there, so nothing scatters"
            )
        return total[..., None] - self.energies


def channel_momenta(excess: NDArray[np.float64], mass: float) -> ComplexArray:
    """Return p_j = √(2m(E - E_j)): positive where open, positive imaginary where closed.

    The square root of a negative real number is taken through +i0; NumPy's own branch for a real
    argument would be NaN, and the reciprocal's the wrong sign.
    """
    size = np.sqrt(2 * mass * np.abs(excess))
    return np.where(excess > 0, size, 1j * size)


def _inverse(matrix: ComplexArray) -> ComplexArray:
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            "the scattering equations are singular: the energy lies exactly at a threshold whose "
            "channel is uncoupled, or at a bound state of closed channels; move the energy slightly"
        ) from error
