"""Three quantum dots in a ring that encloses a magnetic flux, [A] (28)-(29)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .scattering import ContactScattering

QUASI_MOMENTA = np.array([-1, 0, 1])
"""Quasi-momentum j of the levels, in the order of every array: (-, 0, +)."""

PHASES = ("hamiltonian", "S26")


@dataclass(frozen=True)
class ThreeDots:
    """One electron on three dots in a ring, tunnelling τ, flux φ in flux quanta.

    H = τ Σ_n (e^{-2πiφ/3} |n⟩⟨n+1| + h.c.), with the levels
    E_j = 2τ cos[2π(φ + j)/3] in the order j = -1, 0, +1, written -, 0, +; they are labelled by
    quasi-momentum and not sorted by energy.

    Parameters
    ----------
    tunneling : float
        τ, not zero.
    flux : float
        φ.  At integers and half-integers two levels cross.

    Notes
    -----
    Source: [A] (28).  The energies printed below (28), -2|τ| cos[2π(φ + j)/3], are those of (28)
    for every flux only if τ < 0.

    Examples
    --------
    >>> ThreeDots(tunneling=-0.5, flux=0.25).energies.round(3)
    array([-0.   , -0.866,  0.866])
    """

    tunneling: float
    flux: float

    def __post_init__(self) -> None:
        """Check the fields."""
        tunneling = checks.scalar(self.tunneling, "tunneling")
        if tunneling == 0:
            raise ValueError("`tunneling` must not be zero: all three levels would coincide")
        object.__setattr__(self, "tunneling", tunneling)
        object.__setattr__(self, "flux", checks.scalar(self.flux, "flux"))

    @property
    def hamiltonian(self) -> NDArray[np.complex128]:
        """Hamiltonian (28) in the basis of the dots, shape (3, 3)."""
        hop = self.tunneling * np.exp(-2j * np.pi * self.flux / 3)
        forward = hop * np.roll(np.eye(3), 1, axis=1)
        return forward + forward.conj().T

    @property
    def energies(self) -> NDArray[np.float64]:
        """Levels E_j in the order (-, 0, +), shape (3,)."""
        return 2 * self.tunneling * np.cos(2 * np.pi * (self.flux + QUASI_MOMENTA) / 3)

    @property
    def states(self) -> NDArray[np.complex128]:
        """Eigenstates as columns in the order (-, 0, +), rows are dots, shape (3, 3).

        |j⟩ = Σ_n e^{-2πijn/3} |n + 1⟩/√3 with n = 0, 1, 2.
        """
        return np.exp(-2j * np.pi * np.outer(np.arange(3), QUASI_MOMENTA) / 3) / np.sqrt(3)

    def contact(
        self, couplings: ArrayLike, mass: float = 1.0, phases: str = "hamiltonian"
    ) -> ContactScattering:
        """Return the scattering of a gas particle by the dots at one point.

        Parameters
        ----------
        couplings : array_like (3,)
            Strengths V_1, V_2, V_3 of the contact interactions of the dots.
        mass : float
            Mass of the gas particle.
        phases : {"hamiltonian", "S26"}
            See `coupling_matrix`.

        Examples
        --------
        >>> ThreeDots(tunneling=-0.3, flux=0.6).contact((1.0, 0.7, 1.5)).coupling_matrix.shape
        (3, 3)
        """
        return ContactScattering(self.energies, coupling_matrix(couplings, phases), mass)


def coupling_matrix(couplings: ArrayLike, phases: str = "hamiltonian") -> NDArray[np.complex128]:
    """Return v_kl = Σ_n ⟨k|n⟩ V_n ⟨n|l⟩ between the levels of three dots.

    Parameters
    ----------
    couplings : array_like (3,)
        V_1, V_2, V_3.
    phases : {"hamiltonian", "S26"}
        "hamiltonian" uses the eigenvectors of (28), so v_0+ = (V_1 + V_2 e^{-2πi/3} +
        V_3 e^{2πi/3})/3.  "S26" is the complex conjugate, as [A] (S26) prints it.  Conjugation
        reverses the cycle: I(k, l) → 1/I(k, l) and K → -K.

    Returns
    -------
    complex array (3, 3)
        In the order (-, 0, +); a circulant matrix.

    Notes
    -----
    Source: [A] (S25)-(S27).

    Examples
    --------
    >>> coupling_matrix((1.0, 1.0, 4.0))[1, 2].round(3)
    np.complex128(-0.5+0.866j)
    """
    first, second, third = checks.vector(couplings, "couplings", 3)
    checks.choice(phases, "phases", PHASES)
    mean = (first + second + third) / 3
    # Written in differences, so equal couplings give exactly zero and balance exactly.
    real = ((first - second) + (first - third)) / 6
    imaginary = (second - third) / np.sqrt(12)
    up = complex(real, -imaginary if phases == "hamiltonian" else imaginary)  # v_-0 = v_0+ = v_+-
    down = up.conjugate()
    return np.array([[mean, up, down], [down, mean, up], [up, down, mean]])


def figure_1() -> ContactScattering:
    """Return the system of [A] Fig. 1.

    Levels (-0.5, 0, 0.5) in the order (-, 0, +), couplings (1, 0.7, 1.5), phases as printed in
    (S26), and m = 1, since the paper does not state the mass.

    Examples
    --------
    >>> figure_1().energies
    array([-0.5,  0. ,  0.5])
    """
    return ContactScattering([-0.5, 0.0, 0.5], coupling_matrix((1.0, 0.7, 1.5), phases="S26"))
