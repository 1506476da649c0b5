"""Laws of junctions and chains, against wave packets of one photon and Taylor expansion."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detailedbalance.light import MicroscopicCoupling
from detailedbalance.light.junctions import (
    ELEMENTS,
    PORTS,
    Chain,
    Series,
    emission_past,
    expand_chain,
    printed_probabilities,
    printed_terms,
    probability_matrix,
    sums,
    three_port,
    two_port,
)

EXACT = 1e-14
"""Of sums of probabilities that are one."""

WELL_DEFINED = 1e-12
"""The same where light bounces between strong junctions."""

weak, angles = st.floats(0, 10), st.floats(-7, 7)


def lists(numbers, n):
    return st.lists(numbers, min_size=n, max_size=n)


# Unitarity


@given(lists(weak, 3), lists(weak, 3), lists(angles, 2), lists(angles, 2))
def test_chains_are_unitary(forth, back, phases, back_phases):
    for chain in (Chain(forth, phases=phases), Chain(forth, back, phases, back_phases)):
        s = chain.scattering
        deviation = np.abs(s @ s.conj().T - np.eye(len(s))).max()
        assert deviation <= (EXACT if len(s) == 4 else WELL_DEFINED)
        columns, rows = sums(chain.probabilities)
        assert np.abs(columns - 1).max() <= WELL_DEFINED
        assert np.abs(rows - 1).max() <= WELL_DEFINED


@given(lists(st.floats(0, 0.5), 5), lists(angles, 4))
def test_two_channel_chains_of_moderate_strength_are_unitary_to_rounding(x, phases):
    s = Chain(x, x[::-1], phases, phases[::-1], elements="abcde").scattering
    assert np.abs(s @ s.conj().T - np.eye(7)).max() <= EXACT


@given(weak, weak)
def test_junctions_have_the_probabilities_of_their_strength(x, y):
    assert two_port(x) == pytest.approx(
        np.array([[1 - x, -2j * x**0.5], [-2j * x**0.5, 1 - x]]) / (1 + x), abs=1e-15
    )
    p = probability_matrix(three_port(x, x))
    assert p[0, 2] == pytest.approx(4 * x / (1 + 2 * x) ** 2, rel=1e-12, abs=1e-15)
    assert p[1, 0] == pytest.approx(4 * x**2 / (1 + 2 * x) ** 2, rel=1e-12, abs=1e-15)
    s = three_port(x, y)
    assert np.abs(s @ s.conj().T - np.eye(3)).max() <= EXACT


def test_a_junction_is_that_of_the_golden_rules_couplings():
    # S = (1 - iK)/(1 + iK) with K = πρV: the first-order probability is 2π|V|²ρ times 2πρ.
    coupling = MicroscopicCoupling(h=1e-4, g_1=0.0, g_2=0.0, rho=3.0, rho_wg=5.0, bandwidth=10.0)
    emission = probability_matrix(two_port(coupling.x))[0, 1]
    assert emission == pytest.approx(coupling.gamma_dec * 2 * np.pi * coupling.rho, rel=1e-4)
    turned = probability_matrix(three_port(coupling.x, coupling.x))[1, 0]
    assert turned == pytest.approx(coupling.gamma_3 * 2 * np.pi * coupling.rho_wg, rel=1e-4)


# Causality and what is sent where


@given(weak, lists(weak, 2), lists(weak, 2), lists(angles, 2))
def test_in_one_channel_nothing_downstream_changes_what_stays(x, downstream, other, phases):
    one, two = (Chain((x, *d), phases=phases).probabilities for d in (downstream, other))
    a = 1  # A
    assert np.abs(one[a] - two[a]).max() <= 1e-15
    assert np.abs(one[a, 2:]).max() <= 1e-30


@given(weak, weak, weak)
def test_one_channel_chains_are_products_of_probability_matrices(x, y, z):
    """Only one way leads from port to port, so that no phase can matter."""
    product = np.eye(4)
    for place, strength in enumerate((x, y, z), start=1):
        step = np.eye(4)
        step[np.ix_([0, place], [0, place])] = probability_matrix(two_port(strength))
        product = step @ product
    assert Chain((x, y, z)).probabilities == pytest.approx(product, abs=1e-14)


@given(st.floats(1e-3, 3), st.floats(1e-3, 3), lists(angles, 2))
def test_with_a_second_channel_a_sees_the_systems_only_through_light_that_b_turns_round(x, y, p):
    stays = abs(1 - 2 * x) / (1 + 2 * x)
    quiet = Chain((x, y, 0), (x, 0, 0), p, p).probability("A", "A")
    assert quiet == pytest.approx(stays**2, abs=1e-14)
    # A sends, B turns round and A takes, after any number of rounds between them.
    turn = 2 * x / (1 + 2 * x)
    returned = 4 * x / (1 + 2 * x) ** 2 * turn / (1 - turn**2)
    bound = 2 * stays * returned + returned**2
    assert abs(Chain((x, y, x), (x, 0, x), p, p).probability("A", "A") - quiet) <= bound + 1e-14


# Against one photon on many modes

MODES, HALF_BAND, SOFT_EDGE = 4.0, 20.0, 13.0
"""Modes per angular frequency, half the band, and where couplings fall off."""

PACKET, ARRIVAL, END = 0.5, 8.0, 20.0
"""Width of the packet in frequency, when it meets its junction, and when all is over.

Light comes round again after 2π times MODES, 25.
"""

PLACES = np.array([0.0, 1.0, 2.2])
"""Of the junctions, as times of flight."""

TWIST = 0.7
"""Phase that the right-moving channel adds between neighbours."""


def packets(couplings, back_couplings=None):
    """Where a wave packet from each port is in the end, by exact dynamics; and the chain's answer.

    Each cavity, the two-level systems and each channel are equidistant modes; couplings carry the
    phase of the place.
    """
    w = np.arange(-HALF_BAND, HALF_BAND + 0.5 / MODES, 1 / MODES)
    n, soft = len(w), np.exp(-((w / SOFT_EDGE) ** 6))
    channels = [(1, couplings)]
    if back_couplings is not None:
        channels.append((-1, back_couplings))
    parts = [slice(i * n, (i + 1) * n) for i in range(len(channels) + 3)]
    hamiltonian = np.diag(np.tile(w, len(parts))).astype(complex)
    for channel, (direction, strengths) in zip(parts, channels, strict=False):
        elements = parts[len(channels) :]
        for j, (element, x) in enumerate(zip(elements, strengths, strict=True)):
            phase = np.exp(1j * (direction * w * PLACES[j] + (direction == 1) * TWIST * j))
            block = x**0.5 / (np.pi * MODES) * np.outer(soft, soft * phase)
            hamiltonian[element, channel], hamiltonian[channel, element] = block, block.conj().T
    energies, states = np.linalg.eigh(hamiltonian)
    shape = np.exp(-((w / (2 * PACKET)) ** 2))
    shape /= np.linalg.norm(shape)
    # What moves left and meets B on arrival would be at A later.
    delays = [ARRIVAL, ARRIVAL + PLACES[-1]][: len(channels)] + [ARRIVAL] * 3
    start = np.zeros((len(hamiltonian), len(parts)), dtype=complex)
    for source, (part, delay) in enumerate(zip(parts, delays, strict=True)):
        start[part, source] = shape * np.exp(1j * w * delay)
    end = states @ (np.exp(-1j * energies * END)[:, None] * (states.conj().T @ start))
    found = (np.abs(end) ** 2).reshape(len(parts), n, len(parts)).sum(axis=1)
    flight = w[:, None] * np.diff(PLACES)
    chain = Chain(couplings, back_couplings, flight + TWIST, flight)
    return found, np.einsum("w,wkl->kl", shape**2, chain.probabilities), end, parts


@pytest.mark.parametrize(
    "couplings", [((0.1, 0.3, 0.2),), ((0.1, 0.3, 0.2), (0.1, 0.0, 0.2))], ids=["one", "two"]
)
def test_wave_packets_go_where_the_chain_sends_them(couplings):
    found, expected, *_ = packets(*couplings)
    assert found == pytest.approx(expected, abs=5e-4)


def test_wave_packets_meet_strong_junctions_again_and_again():
    # A TLS that sees both channels turns light round as well; five round trips are seen.
    found, expected, *_ = packets((0.3, 0.5, 0.6), (0.3, 0.2, 0.6))
    assert found == pytest.approx(expected, abs=3e-3)


def test_the_interference_is_seen_in_wave_packets():
    """What the systems add to A's light, from dynamics with and without them."""
    x, y = 0.1, 0.02
    _, _, with_systems, parts = packets((x, y, 0.0))
    _, _, without, _ = packets((x, 0.0, 0.0))
    source, end = 1, parts[0]
    direct = without[end, source]
    scattered = with_systems[end, source] - direct
    absorbed = np.sum(np.abs(with_systems[parts[2], source]) ** 2)
    expected = emission_past(x, y)
    assert 2 * np.sum((direct.conj() * scattered).real) == pytest.approx(
        float(expected.interference), rel=2e-3
    )
    assert np.sum(np.abs(scattered) ** 2) == pytest.approx(
        float(expected.scattered_alone), rel=2e-3
    )
    assert absorbed == pytest.approx(float(expected.absorbed), rel=2e-3)
    # and A does not know.
    stays = [np.sum(np.abs(end[parts[1], source]) ** 2) for end in (with_systems, without)]
    assert abs(stays[0] - stays[1]) <= 1e-4 * absorbed


# Order by order


def along(series, order, ray, phases=(0.0, 0.0)):
    """The same of a series."""
    by_order = np.zeros(order + 1)
    for powers, coefficient in series.terms.items():
        size = np.prod(np.array(ray, dtype=float) ** (np.array(powers[:3]) / 2))
        turn = np.cos(powers[3] * phases[0] + powers[4] * phases[1])
        by_order[sum(powers[:3]) // 2] += coefficient * size * turn
    return by_order


def followed(x, y, y_2, phases, rounds=12):
    """|S|² on PORTS with mpmath: amplitudes followed from junction to junction, for weak ones."""
    junctions = []
    for a, b in ((x, x), (y, y_2), (x, x)):
        v = mp.matrix([[mp.sqrt(a), mp.sqrt(b)]])
        k = mp.matrix(3, 3)
        k[0, 2] = k[2, 0] = v[0]
        k[1, 2] = k[2, 1] = v[1]
        junctions.append(mp.inverse(mp.eye(3) + 1j * k) * (mp.eye(3) - 1j * k))
    turns = [mp.expj(phase) for phase in phases]
    entrance = {"1": (0, 0), "2": (2, 1), "A": (0, 2), "TLS": (1, 2), "B": (2, 2)}
    columns = []
    for source in PORTS:
        place, port = entrance[source]
        met = [mp.matrix(3, 1) for _ in ELEMENTS]
        met[place][port] = 1
        left = dict.fromkeys(PORTS, mp.mpf(0))
        for _ in range(rounds):
            sent = [junction * wave for junction, wave in zip(junctions, met, strict=True)]
            left["1"] += sent[2][0]
            left["2"] += sent[0][1]
            met = [mp.matrix(3, 1) for _ in ELEMENTS]
            for j, name in enumerate(ELEMENTS):
                left[name] += sent[j][2]
                if j < 2:
                    met[j + 1][0] = turns[j] * sent[j][0]
                if j > 0:
                    met[j - 1][1] = sent[j][1]
        columns.append([abs(left[target]) ** 2 for target in PORTS])
    return [columns[l][k] for k in range(5) for l in range(5)]


def taylor(ray, phases, order, points=8):
    """Coefficients (order + 1, 5, 5) of the exact probabilities along (x, y, y_2) = s ray."""
    with mp.workdps(120):
        s = [mp.mpf(j) / 10**9 for j in range(points)]
        values = mp.matrix([followed(*(p * r for r in ray), phases) for p in s])
        coefficients = mp.inverse(mp.matrix([[p**j for j in range(points)] for p in s])) * values
        table = [[float(coefficients[j, c]) for c in range(25)] for j in range(order + 1)]
    return np.array(table).reshape(order + 1, 5, 5)


@pytest.mark.parametrize(
    "chiral, ray", [(True, (1, 1, 0)), (True, (1, 3, 0)), (False, (1, 1, 1)), (False, (1, 4, 2))]
)
def test_series_are_the_taylor_expansion_of_the_exact_chain(chiral, ray):
    phases, order = (0.4, 1.1), 3
    exact, entries = taylor(ray, phases, order), expand_chain(order, chiral=chiral)
    for k, target in enumerate(PORTS):
        for l, source in enumerate(PORTS):
            found = along(entries[target, source], order, ray, phases)
            assert found == pytest.approx(exact[:, k, l], rel=1e-12, abs=1e-6)


def test_series_approach_the_chain():
    random = np.random.default_rng(2)
    x, y, y_2 = random.uniform(0, 0.02, (3, 50))
    phases = random.uniform(-4, 4, (50, 2))
    chain = Chain(np.stack([x, y, x], axis=-1), np.stack([x, y_2, x], axis=-1), phases)
    for (target, source), series in expand_chain(4, chiral=False).items():
        value = series(x, y, y_2, tuple(phases.T))
        # The next order, with coefficients up to a few thousands.
        assert value == pytest.approx(chain.probability(target, source), abs=2e4 * 0.02**5)


@pytest.mark.parametrize("channels, chiral", [(1, True), (2, True), (2, False)])
def test_rows_and_columns_of_the_series_sum_to_one_in_every_order(channels, chiral):
    entries = expand_chain(4, channels, chiral)
    ports = {target for target, _ in entries}
    nothing, one = Series({}), {(0, 0, 0, 0, 0): 1}
    for port in ports:
        assert sum((entries[target, port] for target in ports), start=nothing).terms == one
        assert sum((entries[port, source] for source in ports), start=nothing).terms == one


def test_the_orders_of_the_one_channel_chain():
    entries = expand_chain(channels=1)
    assert str(entries["TLS", "A"]) == "16xy"
    assert entries["A", "TLS"].terms == {}
    assert str(entries["1", "A"]) == "4x − 16xy − 24x²"
    assert str(entries["A", "A"]) == "1 − 4x + 8x²"
    assert str(entries["B", "A"]) == "16x²"


def test_the_orders_of_the_two_channel_chain():
    entries = expand_chain()
    assert str(entries["1", "A"]) == "4x − 16xy − 32x²"
    assert str(entries["2", "A"].averaged) == "4x − 16x²"
    assert str(entries["TLS", "A"]) == "16xy"
    assert entries["A", "TLS"].averaged.coefficient(x=1, y=1) == 0
    assert str(entries["2", "1"]) == "8x² + 8x² cos φ"
    assert str(entries["TLS", "1"]) == "4y − 8y² − 16xy"


# What is printed and what is dropped


def test_the_dropped_term_has_the_order_of_the_kept_one():
    terms = {(term.target, term.source): term for term in printed_terms()}
    assert terms["TLS", "A"].printed.coefficient(x=1, y=1) == 16
    assert terms["1", "A"].dropped.coefficient(x=1, y=1) == -16
    assert terms["A", "A"].dropped.coefficient(x=1, y=1) == 16
    assert terms["A", "A"].exact.coefficient(x=1, y=1) == 0
    without = {(term.target, term.source): term for term in printed_terms(False)}
    assert without["TLS", "A"].printed.coefficient(x=1, y=1) == 4


@pytest.mark.parametrize("phases, second", [(True, 16), (False, 4)])
def test_printed_columns_sum_to_one_and_rows_to_one_but_for_the_chirality(phases, second):
    random = np.random.default_rng(1)
    x, y, y_2 = random.uniform(0, 0.01, (3, 20))
    columns, rows = sums(printed_probabilities(x, y, y_2, phases))
    assert np.abs(columns - 1).max() <= EXACT
    defect = second * x * (y - y_2)
    expected = np.stack([0 * x, 0 * x, -defect, 0 * x, defect], axis=-1)
    assert np.abs(rows - 1 - expected).max() <= EXACT


def test_printed_probabilities_are_the_rates_times_the_time_between_meetings():
    coupling = MicroscopicCoupling(
        h=1e-3, g_1=2e-3, g_2=1e-3, rho=3.0, rho_wg=3.0, bandwidth=40.0, two_level_systems=7
    )
    x, y, y_2 = coupling.x, 7 * coupling.y_1, 7 * coupling.y_2
    printed = printed_probabilities(x, y, y_2, propagation_phases=False)
    # One quantum in A, on one of its modes; all systems in the ground state.
    loop = coupling.closed_loop()
    alone = np.array([1 / coupling.modes, 0, 0, 0, 0])
    small = 1e-6 * alone  # no stimulated emission
    rate = loop.derivative(small) * loop.sizes / 1e-6
    order = [PORTS.index(name) for name in loop.subsystems]
    change = (printed - np.eye(5))[np.ix_(order, [PORTS.index("A")])][:, 0]
    assert rate * 2 * np.pi * coupling.rho == pytest.approx(change, rel=1e-6, abs=1e-12)


@given(st.floats(0, 3), st.floats(0, 3))
def test_what_leaves_and_what_is_absorbed_is_what_a_emits(x, y):
    emission = emission_past(x, y)
    emitted = abs(two_port(x)[0, 1]) ** 2
    passed = emitted + emission.interference + emission.scattered_alone
    assert passed == pytest.approx(abs(emission.direct + emission.scattered) ** 2, abs=1e-15)
    assert passed + emission.absorbed == pytest.approx(emitted, abs=1e-15)


# What cannot be


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: two_port(-1), "`x` holds strengths .* must not be negative, got -1.0"),
        (lambda: Chain((1, 2)), r"`couplings` must have shape \(..., 3\) to fit `elements`"),
        (lambda: Chain((1, 2, 3), phases=(1, 2, 3)), r"`phases` must have shape \(..., 2\)"),
        (lambda: Chain((1, 2, 3)).probability("2", "A"), "`target` must be one of '1', 'A'"),
        (lambda: expand_chain(0), "`order` must be at least 1"),
        (lambda: expand_chain(2, 3), "`channels` must be one of 1 … 2"),
    ],
)
def test_impossible_chains_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_chains_broadcast():
    x, phases = np.linspace(0, 1, 4)[:, None, None] * np.ones(3), np.zeros((5, 2))
    assert Chain(x, x, phases).scattering.shape == (4, 5, 5, 5)
    assert three_port(np.zeros(4), np.zeros((3, 1))).shape == (3, 4, 3, 3)
