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
        # t = (i/m)(p M⁻¹ p - p) = p M⁻¹ v: the first off the diagonal and the second on it, so
        # that no digit is lost where coupling or momentum is small.
        t = 1j / self.mass * momenta[..., :, None] * inverse * momenta[..., None, :]
        elastic = np.arange(self.energies.size)
        t[..., elastic, elastic] = momenta * _diagonal(inverse @ self.coupling_matrix)
        return t

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

    def reflection_transmission(self, energy: ArrayLike) -> tuple[ComplexArray, ComplexArray]:
        """Return the amplitudes r = (S - 1)/2 and t = (S + 1)/2 of a particle on the line.

        A particle that arrives from one side in level l leaves towards the same side (r) or the
        other one (t) in level k; amplitudes are normalised to flux, so that
        Σ_k |r_kl|² + |t_kl|² = 1.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.

        Returns
        -------
        reflection, transmission : complex array (..., n, n)
            Rows and columns of closed channels are zero; t = 1 + r on the open ones.

        Raises
        ------
        ValueError
            If an energy is not above the lowest threshold.

        Notes
        -----
        An incoming wave is half even and half odd.  The odd half passes freely, the even half
        is scattered by S.  Both amplitudes are formed without subtraction.

        Examples
        --------
        >>> r, t = ContactScattering([0.0], [[2.0]]).reflection_transmission(0.5)
        >>> t.round(3)  # 1/(1 + imv/p)
        array([[0.2-0.4j]])
        """
        excess = self._excess(energy)
        momenta = channel_momenta(excess, self.mass)
        roots = np.where(excess > 0, np.sqrt(np.abs(momenta)), 0.0)
        inverse = _inverse(self.momentum_form(momenta))
        transmission = roots[..., :, None] * inverse * roots[..., None, :]
        reflection = transmission.copy()
        elastic = np.arange(self.energies.size)
        scattered = -1j * self.mass * _diagonal(inverse @ self.coupling_matrix)
        reflection[..., elastic, elastic] = np.where(excess > 0, scattered, 0)
        return reflection, transmission

    def transition_probabilities(self, energy: ArrayLike) -> NDArray[np.float64]:
        """Return the probability P_kl that a collision takes level l to level k.

        The particle arrives from one side and may leave to either:
        P_kl = |S_kl|²/2 for k ≠ l, and P_ll = (1 + |S_ll|²)/2.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.

        Returns
        -------
        array (..., n, n)
            P[k, l], from level l to level k.  Rows and columns of open channels sum to one, those
            of closed channels are zero.

        Raises
        ------
        ValueError
            If an energy is not above the lowest threshold.

        Examples
        --------
        >>> contact = ContactScattering([0.0, 1.0], [[1.0, 0.5], [0.5, 2.0]])
        >>> contact.transition_probabilities(1.5).sum(axis=0).round(12)
        array([1., 1.])
        """
        reflection, transmission = self.reflection_transmission(energy)
        return np.abs(reflection) ** 2 + np.abs(transmission) ** 2

    def effective_coupling(self, energy: ArrayLike) -> ComplexArray:
        """Return the coupling v_eff of the open channels, into which closed ones are folded.

        v_eff = v_oo - v_oc (1/|b_c| + v_cc)⁻¹ v_co, o the open and c the closed channels: with
        it alone, the open channels scatter as all channels do with v.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.

        Returns
        -------
        complex array (..., n, n)
            Hermitian; rows and columns of closed channels are zero.

        Raises
        ------
        ValueError
            If an energy is not above the lowest threshold, or equals that of a bound state of
            the closed channels: v_eff has a pole there, and is large nearby.

        Notes
        -----
        v_eff depends on the energy.  Its poles are the places of resonances, before the open
        channels shift and broaden them; S itself stays finite.

        Examples
        --------
        >>> contact = ContactScattering([0.0, 1.0], [[1.0, 0.5], [0.5, 2.0]])
        >>> contact.effective_coupling(0.5).real.round(4)  # 1 - 0.25/(1 + 2)
        array([[0.9167, 0.    ],
               [0.    , 0.    ]])
        """
        excess = self._excess(energy)
        is_open = excess > 0
        into_closed = np.where(~is_open[..., :, None] & is_open[..., None, :], 1, 0)
        both_open = is_open[..., :, None] & is_open[..., None, :]
        source = self.coupling_matrix * into_closed
        folded = _adjoint(source) @ _inverse(self._closed_form(excess)) @ source
        # Rounding leaves a small antihermitian part, which would cost unitarity.
        return np.where(both_open, self.coupling_matrix, 0) - (folded + _adjoint(folded)) / 2

    def k_matrix(self, energy: ArrayLike) -> ComplexArray:
        """Return the hermitian reaction matrix K(E) = √b v_eff √b of the open channels.

        S = (1 - iK)(1 + iK)⁻¹ on the open channels: the eigenvalues -tan δ of K give those of S,
        e^{2iδ}, with the phase shifts δ.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.

        Returns
        -------
        complex array (..., n, n)
            Dimensionless; rows and columns of closed channels are zero.

        Raises
        ------
        ValueError
            As in `effective_coupling`.

        Examples
        --------
        >>> ContactScattering([0.0], [[2.0]]).k_matrix(0.5).real.round(12)  # mv/p
        array([[2.]])
        """
        roots = np.sqrt(self._real_b(energy))
        return roots[..., :, None] * roots[..., None, :] * self.effective_coupling(energy)

    def optical_theorem_defect(self, energy: ArrayLike) -> NDArray[np.float64]:
        """Return by how much t violates the optical theorem i(t - t†) = 2 t† (Re b) t.

        It holds for the whole of t, closed channels included, because t⁻¹ = v⁻¹ + ib, where only
        the open channels have a Re b.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.

        Returns
        -------
        array (...)
            Frobenius norm of the difference over the sum of those of t, t† and the right side:
            rounding, if t is right.

        Raises
        ------
        ValueError
            If an energy is not above the lowest threshold.

        Notes
        -----
        In the open channels it says that S is unitary.  The diagonal, -Im t_ll = Σ_k b_k |t_kl|²,
        balances what forward scattering takes out of the incoming wave.

        Examples
        --------
        >>> contact = ContactScattering([0.0, 1.0], [[1.0, 0.5j], [-0.5j, 2.0]])
        >>> bool(contact.optical_theorem_defect(0.7) < 1e-15)
        True
        """
        t = self.t_matrix(energy)
        right = 2 * _adjoint(t) @ (self._real_b(energy)[..., None] * t)
        defect, size, other = (
            np.linalg.norm(x, axis=(-2, -1)) for x in (1j * (t - _adjoint(t)) - right, t, right)
        )
        scale = 2 * size + other
        return np.divide(defect, scale, out=np.zeros_like(scale), where=scale > 0)

    def scattering_state(self, energy: ArrayLike, level: int, position: ArrayLike) -> ComplexArray:
        """Return the wave function ψ_k(q) of a unit wave e^{ip_l q} that arrives in one level.

        The solution of the Lippmann-Schwinger equation,

            ψ_k(q) = δ_kl e^{ip_l q} - i b_k t_kl e^{ip_k |q|},

        on the contact (q = 0) and away from it; in a closed channel it decays over 1/|p_k|.

        Parameters
        ----------
        energy : array_like (...)
            Total energies E of system and particle.
        level : int
            l, the level of the system when the particle arrives from the left; an open channel.
        position : array_like (...)
            Positions q of the particle; broadcasts with `energy`.

        Returns
        -------
        complex array (..., n)

        Raises
        ------
        ValueError
            If there is no such level, or its channel is closed at an energy.

        Notes
        -----
        Normalised to the amplitude of the incoming wave, not to flux.  Source: [A] (S6), and (S23)
        for the wave at the contact.

        Examples
        --------
        >>> contact = ContactScattering([0.0], [[2.0]])
        >>> contact.scattering_state(0.5, 0, [0.0, 0.0]).round(3)  # 1/(1 + imv/p)
        array([[0.2-0.4j],
               [0.2-0.4j]])
        """
        level = checks.whole_number(level, "level", 0, self.energies.size - 1)
        energy = checks.real_array(energy, "energy")
        position = checks.real_array(position, "position")[..., None]
        if np.any(energy <= self.energies[level]):
            raise ValueError(
                f"`energy` must lie above E = {self.energies[level]:g} of level {level}, got "
                f"{energy.min():g}: no particle arrives in a closed channel"
            )
        momenta = channel_momenta(self._excess(energy), self.mass)
        scattered = _inverse(self.momentum_form(momenta)) @ self.coupling_matrix[:, level]
        waves = -1j * self.mass * scattered * np.exp(1j * momenta * np.abs(position))
        waves[..., level] += np.exp(1j * momenta[..., [level]] * position)[..., 0]
        return waves

    def s_matrix_from_excess(self, excess: NDArray[np.float64]) -> ComplexArray:
        """Return S for kinetic energies E - E_j, shape (..., n), that the caller has formed.

        Next to a threshold E - E_j is a small difference; quadrature knows it without
        cancellation.  The inverse is that of p + imv, which stays finite at thresholds.
        """
        is_open = excess > 0
        momenta = channel_momenta(excess, self.mass)
        roots = np.where(is_open, np.sqrt(np.abs(momenta)), 0.0)
        # The columns of M⁻¹ for channels that are closed at every energy would go unused.
        used = np.flatnonzero(is_open.any(axis=tuple(range(excess.ndim - 1))))
        columns = _solve(self.momentum_form(momenta), np.eye(self.energies.size)[:, used])
        columns *= 2 * roots[..., :, None] * roots[..., None, used]
        s = np.zeros((*excess.shape, self.energies.size), dtype=complex)
        s[..., used] = columns
        elastic = np.arange(self.energies.size)
        s[..., elastic, elastic] -= is_open
        return s

    def momentum_form(self, momenta: ComplexArray) -> ComplexArray:
        """Return M = p + imv for channel momenta of shape (..., n); S = 2√p M⁻¹ √p - 1."""
        n = self.energies.size
        form = np.empty((*momenta.shape, n), dtype=complex)
        form[:] = 1j * self.mass * self.coupling_matrix
        form[..., np.arange(n), np.arange(n)] += momenta
        return form

    def _closed_form(self, excess: NDArray[np.float64]) -> ComplexArray:
        """Return 1/|b| + v on the closed channels, and the identity on the open ones."""
        closed = excess <= 0
        between_closed = closed[..., :, None] & closed[..., None, :]
        inverse_b = np.abs(channel_momenta(excess, self.mass)) / self.mass
        diagonal = np.where(closed, inverse_b, 1.0)[..., None] * np.eye(self.energies.size)
        return np.where(between_closed, self.coupling_matrix, 0) + diagonal

    def _real_b(self, energy: ArrayLike) -> NDArray[np.float64]:
        """Return Re b_j: m/p_j in the open channels, zero in the closed ones."""
        excess = self._excess(energy)
        momenta = channel_momenta(excess, self.mass).real
        return np.divide(self.mass, momenta, out=np.zeros_like(momenta), where=excess > 0)

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
    return _solve(matrix, np.eye(matrix.shape[-1]))


def _solve(matrix: ComplexArray, columns: ComplexArray) -> ComplexArray:
    """Return matrix⁻¹ @ columns; the same columns for every matrix."""
    try:
        return np.linalg.solve(matrix, columns)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            "the scattering equations are singular: the energy lies exactly at a threshold whose "
            "channel is uncoupled, or at a bound state of closed channels; move the energy slightly"
        ) from error


def _diagonal(matrix: ComplexArray) -> ComplexArray:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _adjoint(matrix: ComplexArray) -> ComplexArray:
    return np.swapaxes(matrix, -1, -2).conj()
