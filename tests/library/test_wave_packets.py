"""Wave packets on a grid against the scattering matrix, with which they share no code."""

import numpy as np
import pytest
from scipy.integrate import quad

from detailedbalance import ContactScattering, ConvergenceError, coupling_matrix, figure_1
from detailedbalance import wave_packets as module
from detailedbalance.wave_packets import scatter_packet

ACCURACY = 2e-5
ROUNDING = 1e-11

ATTRACTIVE = ContactScattering([0.0, 1.0], [[0.3, 0.3], [0.3, -1.0]])
STRONG = ContactScattering([0.0, 1.0], [[0.5, 2.0j], [-2.0j, 3.0]])
MANY = ContactScattering(
    [0.7, 0.0, 0.4, 1.6, 1.1], np.add.outer(np.arange(5), np.arange(5)) / 4 - np.eye(5), 1.3
)

COLLISIONS = {
    "every channel open": (figure_1(), 0, 2.0, 4.0),
    "conjugate phases": (
        ContactScattering((-0.5, 0, 0.5), coupling_matrix((1, 0.7, 1.5))),
        0,
        2,
        4,
    ),
    "falling from the highest level": (figure_1(), 2, 1.5, 4.0),
    "one channel closed": (figure_1(), 1, 0.6, 10.0),
    "two channels closed": (figure_1(), 0, 0.7, 9.0),
    "a strongly coupled closed channel": (STRONG, 0, 0.9, 8.0),
    "on a resonance": (ATTRACTIVE, 0, 1.0, 8.0),
    "across a threshold": (figure_1(), 0, np.sqrt(2), 6.0),
    "across a threshold, strongly coupled": (STRONG, 0, np.sqrt(2), 6.0),
    "five levels across two thresholds": (MANY, 2, 1.4, 4.0),
}


def send(contact, level, momentum, width, **options):
    return scatter_packet(
        contact.energies, contact.coupling_matrix, level, momentum, width, contact.mass, **options
    )


@pytest.mark.parametrize("name", COLLISIONS)
def test_packets_go_where_the_s_matrix_says(name):
    """P_kl, |r_kl|² and |t_kl|², averaged over the packet's momenta."""
    contact, level, *_ = COLLISIONS[name]
    packet = send(*COLLISIONS[name])
    expected = packet.average(contact.transition_probabilities(packet.energies)[..., level])
    assert np.abs(packet.probabilities - expected).max() < ACCURACY
    amplitudes = contact.reflection_transmission(packet.energies)
    for ours, amplitude in zip((packet.reflected, packet.transmitted), amplitudes, strict=True):
        assert np.abs(ours - packet.average(np.abs(amplitude[..., level]) ** 2)).max() < ACCURACY
    assert packet.probabilities.sum() == pytest.approx(1, abs=ROUNDING)
    assert packet.remaining < module.TOLERANCE


@pytest.mark.parametrize("strength", [-20.0, -1.0, 0.0, 0.4, 1.0, 300.0])
def test_one_level_transmits_as_a_delta_potential(strength):
    """p²/(p² + m²V²), whatever the sign of V."""
    packet = scatter_packet([0.3], [[strength]], 0, 1.0, 5.0, mass=1.5)
    p = packet.momenta
    expected = packet.average(p**2 / (p**2 + (1.5 * strength) ** 2))
    assert packet.transmitted[0] == pytest.approx(expected, abs=ACCURACY)


def test_the_two_sides_differ_only_in_the_level_of_arrival():
    """Only the even half of the wave is scattered, so other levels leave alike to both sides."""
    packet = send(figure_1(), 1, 1.8, 4.0)
    for level in (0, 2):
        assert packet.reflected[level] == pytest.approx(packet.transmitted[level], abs=ACCURACY)
    assert packet.transmitted[1] > packet.reflected[1]


def test_errors_fall_with_the_fourth_power_of_the_spacing(monkeypatch):
    errors = []
    for points in (2.0, 4.0):
        monkeypatch.setattr(module, "POINTS_PER_RADIAN", points)
        packet = send(figure_1(), 0, 2.0, 4.0)
        r, _ = figure_1().reflection_transmission(packet.energies)
        errors.append(abs(packet.reflected[0] - packet.average(np.abs(r[:, 0, 0]) ** 2)))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.4)


def test_time_steps_do_not_change_where_the_packet_ends(monkeypatch):
    coarse = send(figure_1(), 0, 2.0, 4.0)
    monkeypatch.setattr(module, "PHASE_PER_STEP", module.PHASE_PER_STEP / 2)
    fine = send(figure_1(), 0, 2.0, 4.0)
    assert np.abs(coarse.reflected - fine.reflected).max() < 1e-8


def test_a_free_packet_moves_and_spreads():
    """Mean q₀ + pt/m and variance w² + (t/2mw)², in the level where it started."""
    packet = scatter_packet([0.0, 1.0], np.zeros((2, 2)), 1, 1.5, 4.0, mass=2.0, snapshots=5)
    spacing = packet.positions[1] - packet.positions[0]
    assert packet.densities.shape == (5, 2, packet.positions.size)
    assert not packet.densities[:, 0].any()
    norm = spacing * packet.densities.sum(axis=(1, 2))
    assert norm == pytest.approx(np.ones(5), abs=ROUNDING)
    mean = spacing * packet.densities[:, 1] @ packet.positions
    variance = spacing * packet.densities[:, 1] @ packet.positions**2 - mean**2
    assert mean == pytest.approx(-28 + 1.5 / 2.0 * packet.times, abs=0.01 * packet.times[-1])
    assert variance == pytest.approx(16 + (packet.times / 16) ** 2, rel=0.02)


def test_a_closed_channel_is_occupied_at_the_contact_only():
    """While the packet passes, |ψ_2|² falls off as e^{-2κ|q|}; at the end nothing is left."""
    packet = send(STRONG, 0, 0.9, 12.0, snapshots=31)
    share = packet.densities[:, 1].sum(axis=1)
    passing = packet.densities[share.argmax(), 1]
    near, far = (np.interp(q, packet.positions, passing) for q in (0.5, 2.5))
    kappa = np.sqrt(2 * (1 - 0.9**2 / 2))
    assert far / near == pytest.approx(np.exp(-4 * kappa), rel=0.1)
    assert share[-1] < 1e-10 * share.max()
    assert packet.probabilities[1] < 1e-10


def test_the_order_of_levels_is_a_convention():
    packet = send(figure_1(), 0, 2.0, 4.0)
    order = np.array([2, 0, 1])
    v = figure_1().coupling_matrix[np.ix_(order, order)]
    other = scatter_packet(figure_1().energies[order], v, 1, 2.0, 4.0)
    assert other.probabilities == pytest.approx(packet.probabilities[order], abs=ROUNDING)


def test_averages_run_over_the_momenta_of_the_packet():
    """A normal distribution of standard deviation 1/2w, exact across a threshold as well."""
    packet = scatter_packet([0.0, 0.5], [[1.0, 0.2], [0.2, 1.0]], 0, 1.05, 4.0)
    p = packet.momenta
    assert packet.weights.sum() == pytest.approx(1, abs=1e-14)
    assert packet.average(p) == pytest.approx(1.05, abs=1e-13)
    assert packet.average((p - 1.05) ** 2) == pytest.approx(1 / 64, rel=1e-12)
    assert packet.average(np.stack([p, p], axis=1)).shape == (2,)
    assert packet.energies == pytest.approx(p**2 / 2)

    def opening(p):
        return np.sqrt(max(p**2 - 1, 0.0)) * np.exp(-32 * (p - 1.05) ** 2)

    expected = quad(opening, 1, 2.05, points=[1.05], epsabs=1e-14, epsrel=1e-13)[0]
    expected *= np.sqrt(32 / np.pi)
    opened = np.sqrt(np.maximum(p**2 - 1, 0.0))
    assert packet.average(opened) == pytest.approx(expected, rel=1e-10)
    with pytest.raises(ValueError, match="one entry a momentum"):
        packet.average(p[1:])


def test_a_packet_that_lingers_is_reported():
    """A narrow resonance holds a part of it; waiting longer lets it out."""
    slow = ContactScattering([0.0, 1.0], [[0.3, 0.2], [0.2, -1.0]])
    with pytest.raises(ConvergenceError, match="choose a longer `duration`"):
        send(slow, 0, 1.0, 4.0, duration=115.0)
    assert send(slow, 0, 1.0, 4.0, duration=200.0).remaining < module.TOLERANCE


def test_a_packet_that_meets_a_wall_is_reported(monkeypatch):
    monkeypatch.setattr(module, "FASTEST", 0.5)
    with pytest.raises(ConvergenceError, match="met an end of the box"):
        scatter_packet([0.0], [[0.1]], 0, 1.0, 3.5)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"width": 2.9}, ValueError, "`width` must be at least 3/momentum = 3"),
        ({"momentum": -1.0}, ValueError, "`momentum` must be positive"),
        ({"mass": 0.0}, ValueError, "`mass` must be positive"),
        ({"duration": 10.0}, ValueError, "slow parts would not have met the contact"),
        ({"duration": np.inf}, ValueError, "`duration` must be finite"),
        ({"level": 2}, ValueError, "`level` must be one of 0 … 1, got 2"),
        ({"level": 1.0}, TypeError, "`level` must be a whole number, got 1.0"),
        ({"snapshots": 1}, ValueError, "`snapshots` must be one of 2 … 1000, got 1"),
        ({"coupling_matrix": np.eye(3)}, ValueError, r"must have shape \(2, 2\)"),
        ({"coupling_matrix": [[1, 1j], [1j, 1]]}, ValueError, "must be hermitian"),
        ({"width": 1e5}, ValueError, "choose a smaller `width`"),
    ],
)
def test_bad_packets_are_refused(changes, error, message):
    arguments = {
        "energies": [0.0, 1.0],
        "coupling_matrix": np.eye(2),
        "level": 0,
        "momentum": 1.0,
        "width": 5.0,
    }
    with pytest.raises(error, match=message):
        scatter_packet(**(arguments | changes))
