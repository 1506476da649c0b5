"""Resonances and thresholds: where S changes fast."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from strategies import contacts

from detailedbalance import ContactScattering, coupling_matrix, resonances
from detailedbalance.resonances import threshold_widths


def test_the_phase_of_s_winds_once_across_a_resonance():
    contact = ContactScattering([0.0, 1.0], [[0.0, 0.01], [0.01, -1.0]])
    (found,) = resonances(contact)
    assert found.energy == pytest.approx(0.5, abs=1e-4)  # κ = m|v| without the open channel
    distance = np.linspace(-10, 10, 101) * found.width
    phases = np.unwrap(np.angle(contact.s_matrix(found.energy + distance)[:, 0, 0]))
    assert abs(phases[-1] - phases[0]) == pytest.approx(4 * np.arctan(10), rel=0.01)


def test_the_pole_agrees_with_30_digits():
    """det(p + imv) = 0 on the sheet where the closed channel still decays."""
    v = coupling_matrix((-1.2, -1.25, -1.15), "S26")
    (found,) = resonances(ContactScattering([-0.5, 0.0, 0.5], v))
    with mp.workdps(30):
        entries = mp.matrix([[mp.mpc(complex(x)) for x in row] for row in v])

        def determinant(energy):
            p = [
                mp.sqrt(2 * (energy + 0.5)),
                1j * mp.sqrt(-2 * energy),
                1j * mp.sqrt(1 - 2 * energy),
            ]
            return mp.det(mp.diag(p) + 1j * entries)

        near = mp.mpc(found.energy, -found.width)
        pole = mp.findroot(determinant, (near, near * (1 + mp.mpf("1e-6"))))
    assert found.energy == pytest.approx(float(pole.real), abs=1e-15)
    assert found.width == pytest.approx(-float(pole.imag), rel=1e-11)


def test_shares_follow_from_the_peak():
    """At the peak of a narrow resonance |S_kl|² = 4 decay_k formation_l for k ≠ l."""
    s = 1e-3
    v = np.array([[1, 0, s], [0, 2, 2j * s], [s, -2j * s, -0.8]])
    contact = ContactScattering([0.0, 0.5, 1.0], v)
    (found,) = resonances(contact)
    assert found.decay.sum() == pytest.approx(1) and found.formation.sum() == pytest.approx(1)
    peak = np.abs(contact.s_matrix(found.energy)) ** 2
    assert peak[0, 1] == pytest.approx(4 * found.decay[0] * found.formation[1], rel=1e-4)


@given(contacts(min_levels=1))
def test_repulsion_has_no_resonances(contact):
    repulsive = contact.coupling_matrix @ contact.coupling_matrix
    assert resonances(ContactScattering(contact.energies, repulsive, contact.mass)) == []


@given(contacts(min_levels=2))
def test_resonances_lie_between_thresholds_and_decay(contact):
    for found in resonances(contact):
        assert found.width >= 0
        assert contact.energies.min() < found.energy < contact.energies.max()


def test_uncoupled_bound_states_are_no_resonances():
    assert resonances(ContactScattering([0.0, 1.0], np.diag([0.3, -1.0]))) == []
    assert resonances(ContactScattering([0.0, 1.0, 1.5], np.diag([0.3, 0.5, -1.0]))) == []


def test_weak_channels_turn_on_over_q_squared():
    """One channel: S = (p - imv)/(p + imv) turns on at p ~ m|v|, over m v²/2."""
    assert threshold_widths(ContactScattering([0.0], [[1e-3]], mass=2.0)) == pytest.approx(1e-6)
    assert threshold_widths(ContactScattering([0.0, 1.0], np.zeros((2, 2)))).tolist() == [0, 0]
