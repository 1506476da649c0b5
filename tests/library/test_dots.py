"""Three dots in a flux: spectrum, eigenstates, couplings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import couplings

from detailedbalance import ThreeDots, coupling_matrix, figure_1

ROUNDING = 1e-14

fluxes = st.floats(-3, 3)
tunnelings = st.floats(0.1, 2).flatmap(lambda size: st.sampled_from([size, -size]))


@given(tunnelings, fluxes)
def test_labelled_states_diagonalise_the_hamiltonian(tunneling, flux):
    dots = ThreeDots(tunneling, flux)
    hamiltonian, states = dots.hamiltonian, dots.states
    assert np.abs(hamiltonian - hamiltonian.conj().T).max() == 0
    assert np.abs(states.conj().T @ states - np.eye(3)).max() < ROUNDING
    assert np.abs(hamiltonian @ states - states * dots.energies).max() < ROUNDING * 10
    assert np.abs(np.sort(dots.energies) - np.linalg.eigvalsh(hamiltonian)).max() < 10 * ROUNDING


def test_hamiltonian_has_the_phases_of_28():
    tunneling, flux = 0.3, 0.2
    up = tunneling * np.exp(2j * np.pi * flux / 3)
    expected = [[0, up.conj(), up], [up, 0, up.conj()], [up.conj(), up, 0]]
    assert np.abs(ThreeDots(tunneling, flux).hamiltonian - expected).max() < ROUNDING


@given(tunnelings, fluxes)
def test_one_flux_quantum_shifts_the_labels(tunneling, flux):
    """φ → φ + 1 leaves the spectrum and moves j to j - 1."""
    now, later = ThreeDots(tunneling, flux), ThreeDots(tunneling, flux + 1)
    assert np.abs(later.energies[[0, 1]] - now.energies[[1, 2]]).max() < 10 * ROUNDING


@given(tunnelings, fluxes)
def test_reversed_flux_reverses_quasi_momentum(tunneling, flux):
    forward, backward = ThreeDots(tunneling, flux), ThreeDots(tunneling, -flux)
    assert np.abs(forward.energies - backward.energies[::-1]).max() < 10 * ROUNDING


@given(st.tuples(couplings, couplings, couplings))
def test_coupling_matrix_is_the_potential_between_eigenstates(values):
    states = ThreeDots(1.0, 0.3).states
    between = states.conj().T @ np.diag(values) @ states
    assert np.abs(coupling_matrix(values) - between).max() < 10 * ROUNDING
    assert np.array_equal(coupling_matrix(values, "S26"), coupling_matrix(values).conj())


def test_s26_is_as_printed():
    first, second, third = 1.0, 0.7, 1.5
    printed = (first + second * np.exp(2j * np.pi / 3) + third * np.exp(-2j * np.pi / 3)) / 3
    v = coupling_matrix((first, second, third), phases="S26")
    for k, l in [(1, 2), (2, 0), (0, 1)]:  # (0, +), (+, -), (-, 0)
        assert v[k, l] == pytest.approx(printed, abs=ROUNDING)


def test_printed_energies_need_negative_tunnelling():
    flux = 0.2
    printed = -2 * 0.3 * np.cos(2 * np.pi * (flux + np.array([-1, 0, 1])) / 3)
    assert np.abs(ThreeDots(-0.3, flux).energies - printed).max() < ROUNDING
    assert np.abs(np.sort(ThreeDots(0.3, flux).energies) - np.sort(printed)).max() > 0.1


def test_figure_1_is_three_dots_with_plus_and_minus_exchanged():
    """At φ = 3/4, τ > 0 has Fig. 1's levels; exchanging labels turns its phases into (S26)."""
    size = 1 / (2 * np.sqrt(3))
    dots = ThreeDots(tunneling=size, flux=0.75)
    contact = dots.contact((1.0, 0.7, 1.5))
    assert np.abs(contact.energies[::-1] - figure_1().energies).max() < ROUNDING
    relabelled = contact.coupling_matrix[::-1, ::-1]
    assert np.abs(relabelled - figure_1().coupling_matrix).max() < ROUNDING
    other_sign = ThreeDots(tunneling=-size, flux=0.75).contact((1.0, 0.7, 1.5))
    assert np.abs(other_sign.energies - figure_1().energies).max() < ROUNDING
    assert np.abs(other_sign.coupling_matrix - figure_1().coupling_matrix.conj()).max() < ROUNDING


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ThreeDots(0.0, 0.3), ValueError, "must not be zero"),
        (lambda: ThreeDots(np.nan, 0.3), ValueError, "`tunneling` must be finite"),
        (lambda: ThreeDots(0.3, 1j), TypeError, "`flux` must be real"),
        (lambda: ThreeDots(0.3, [0.1, 0.2]), ValueError, "`flux` must be one number"),
        (lambda: coupling_matrix((1.0, 2.0)), ValueError, r"shape \(3,\), got \(2,\)"),
        (lambda: coupling_matrix((1.0, 2.0, 3.0), "s26"), ValueError, "'hamiltonian', 'S26'"),
        (lambda: ThreeDots(1, 0.3).contact((1, 2, 3), mass=0), ValueError, "`mass`"),
    ],
)
def test_bad_dots_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
