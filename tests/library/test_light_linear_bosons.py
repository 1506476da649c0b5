"""Laws of linear light: against Fock space, QuTiP, junctions, and for all systems."""

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from detailedbalance.light import (
    LinearBosons,
    LinearElement,
    MicroscopicCoupling,
    bose_occupation,
    closed_ring,
    mode_entropy,
    open_chain,
)

ROUNDING = 1e-13
"""Of what is exact but for rounding, relative to occupations of about one."""

EVEN = 1e-14
"""The same of equal temperatures that stay equal."""

N_0 = 1 / (np.e - 1)
"""Photons of a mode at βħΩ = 1."""

seeds = st.integers(0, 2**32 - 1)
strengths = st.floats(0, 3)


def random_matrix(random, *shape):
    return random.normal(size=shape) + 1j * random.normal(size=shape)


def random_system(seed, channels=0, inputs=None):
    """Subsystems A, B, C of one to three modes, all coupled to all."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 4, 3)
    n = sizes.sum()
    h = random_matrix(random, n, n)
    ends = [0, *np.cumsum(sizes)]
    return LinearBosons(
        hamiltonian=h + h.conj().T,
        subsystems={name: range(ends[i], ends[i + 1]) for i, name in enumerate("ABC")},
        emission=random_matrix(random, channels, n) if channels else None,
        inputs=inputs,
    ), random


def chain(x=0.1, y=0.2, z=0.1, modes=21, back=0.0, places=(0, 1, 2), carrier=0.0, **outside):
    """Cavity A, an absorber and cavity B, which light needs one unit of time to go around in.

    `back` times the strengths belongs to channel 2.
    """
    elements = [
        LinearElement.comb(name, modes=modes, round_trip=1, strengths=(s, share * s), place=place)
        for name, s, share, place in zip("ATB", (x, y, z), (back, 0, back), places, strict=True)
    ]
    return open_chain(elements, carrier=carrier, **outside)


# Against computations that share no code


def test_a_closed_system_is_that_of_the_full_fock_space():
    """Two thermal modes, 16 levels each: occupations and entropies from density matrices."""
    levels, starts, times = 16, np.array([0.12, 0.03]), [0.0, 0.4, 1.3]
    h = np.array([[0.3, 0.7 - 0.4j], [0.7 + 0.4j, -0.5]])
    run = LinearBosons(hamiltonian=h, subsystems={"A": [0], "B": [1]}).evolve(times, starts)
    lower = np.diag(np.sqrt(np.arange(1.0, levels)), 1)
    a = [np.kron(lower, np.eye(levels)), np.kron(np.eye(levels), lower)]
    H = sum(h[i, j] * a[i].T @ a[j] for i in range(2) for j in range(2))
    weights = [(n / (n + 1)) ** np.arange(levels) / (n + 1) for n in starts]
    rho_0 = np.diag(np.kron(*weights))
    for i, time in enumerate(times):
        U = expm(-1j * H * time)
        rho = U @ rho_0 @ U.conj().T
        C = [[np.trace(a[l].T @ a[k] @ rho) for l in range(2)] for k in range(2)]
        # What is missing beyond 16 levels: (0.12/1.12)^16 ~ 1e-15.
        np.testing.assert_allclose(run.covariances[i], C, atol=1e-12)
        parts = rho.reshape((levels,) * 4)
        for k, reduced in enumerate([parts.trace(0, 1, 3), parts.trace(0, 0, 2)]):
            p = np.linalg.eigvalsh(reduced)
            p = p[p > 1e-30]
            assert run.entropies[i, k] == pytest.approx(-p @ np.log(p), abs=1e-11)


def test_an_open_chain_is_that_of_qutip():
    """Three single modes in a chiral chain, two quanta, both channels, zero temperature."""
    rates, omega, k = [(0.7, 0.4), (0.5, 0.0), (0.9, 0.3)], [0.3, -0.2, 0.1], 0.6
    elements = [
        LinearElement(name=name, energies=[w], rates=rate, place=place)
        for name, w, rate, place in zip("ATB", omega, rates, (0, 1, 3), strict=True)
    ]
    times = np.linspace(0, 3, 7)
    run = open_chain(elements, carrier=k).evolve(times, start=[1, 1, 0])
    # The same by the rule for cascaded systems, (L_a then L_b): H has (L_b† L_a - h.c.)/2i.
    a = [qutip.tensor([qutip.destroy(3) if j == i else qutip.qeye(3) for j in range(3)])
         for i in range(3)]  # fmt: skip
    forward = [np.sqrt(rates[i][0]) * np.exp(-1j * k * x) * a[i] for i, x in enumerate((0, 1, 3))]
    backward = [np.sqrt(rates[i][1]) * np.exp(1j * k * x) * a[i] for i, x in enumerate((0, 1, 3))]
    H = sum(w * b.dag() * b for w, b in zip(omega, a, strict=True))
    for first, second in [(0, 1), (0, 2), (1, 2)]:
        for up, down in [
            (forward[first], forward[second]),
            (backward[second], backward[first]),
        ]:
            H += (down.dag() * up - up.dag() * down) / 2j
    solution = qutip.mesolve(
        H,
        qutip.basis([3, 3, 3], [1, 1, 0]),
        times,
        c_ops=[sum(forward), sum(backward)],
        e_ops=[b.dag() * b for b in a],
        options={"atol": 1e-12, "rtol": 1e-10},
    )
    np.testing.assert_allclose(run.mode_occupations, np.array(solution.expect).T, atol=1e-8)


@given(seeds)
@settings(max_examples=10)
def test_unequal_light_from_outside_is_that_of_the_differential_equation(seed):
    system, random = random_system(seed, channels=2, inputs=[0.3, 2.0])
    n, times = len(system.hamiltonian), [0.1, 0.1, 0.35, 1.0]
    start = random.uniform(0, 2, n)
    h, L = system.hamiltonian, system.emission

    def derivative(_, c):
        C = c.reshape(n, n)
        K = -1j * h - L.conj().T @ L / 2
        return (K @ C + C @ K.conj().T + L.conj().T @ np.diag([0.3, 2.0]) @ L).ravel()

    solution = solve_ivp(
        derivative,
        (0, 1),
        np.diag(start).ravel().astype(complex),
        "DOP853",
        t_eval=np.unique(times),
        rtol=1e-12,
        atol=1e-12,
    )
    expected = solution.y.T.reshape(-1, n, n)[[0, 0, 1, 2]]
    np.testing.assert_allclose(system.evolve(times, start).covariances, expected, atol=1e-9)


def test_one_mode_decays_into_a_long_ring_by_the_golden_rule():
    """E^{-2πh²ρt}, [B] (40), but for the ends of the waveguide's band, 1/(bandwidth)."""
    length, rate = 5.5, 1.0
    A = LinearElement(name="A", energies=[0.0], rates=(rate, 0))
    run = closed_ring([A], length=length, waveguide_modes=250).evolve(
        np.linspace(0, 5, 11), np.eye(501)[0], watch=["A"]
    )
    coupling = MicroscopicCoupling(
        h=(rate / length) ** 0.5, g_1=0, g_2=0, rho=1, rho_wg=length / (2 * np.pi), bandwidth=1
    )
    np.testing.assert_allclose(run["A"], np.exp(-coupling.gamma_dec * run.times), atol=5e-3)


def test_one_mode_decays_exponentially_into_a_waveguide_without_end():
    A = LinearElement(name="A", energies=[0.4], rates=(0.7, 0.5))
    times = np.linspace(0, 9, 10)
    run = open_chain([A]).evolve(times, [N_0])
    np.testing.assert_allclose(run["A"], N_0 * np.exp(-1.2 * times), rtol=ROUNDING)
    np.testing.assert_allclose(run.emission, run["A"][:, None] * [0.7, 0.5], rtol=ROUNDING)


def junction(element, strength):
    """A channel, 0, passing an element, in the space of the channel, A, T and B."""
    S = np.eye(4, dtype=complex)
    S[[0, element], [0, element]] = (1 - strength) / (1 + strength)
    S[[0, element], [element, 0]] = -2j * np.sqrt(strength) / (1 + strength)
    return S


def from_the_middle(system, time, names):
    """P[k, l], from the mode in the middle of the band of l to all of k."""
    columns = []
    for name in names:
        modes = system.subsystems[name]
        start = np.eye(len(system.hamiltonian))[modes[len(modes) // 2]]
        columns.append(system.evolve([time], start).quanta[0])
    return np.array(columns).T


def without_ends(transfer):
    """What `transfer(modes)` tends to for many modes: the ends of the band are felt like 1/𝒩."""
    return (3 * transfer(45) - transfer(15)) / 2


@pytest.mark.parametrize("strengths", [(0.1, 0.2, 0.15), (0.25, 3, 1)])
def test_a_chain_is_the_product_of_its_junctions(strengths):
    """After one round trip in all elements, in the middle of the band."""
    x, y, z = strengths
    exact = np.abs(junction(3, z) @ junction(2, y) @ junction(1, x))[1:, 1:] ** 2
    found = without_ends(lambda modes: from_the_middle(chain(x, y, z, modes), 1, "ATB"))
    np.testing.assert_allclose(found, exact, atol=2e-4)


def network(x, y, z, phase):
    """P[k, l] of A, T, B in both channels; a photon may go around from A to B and back.

    What meets an element leaves it by 1 - 2 u u^T/(1 + u²), u = (√x_1, √x_2), -2iu/(1 + u²) to and
    from its modes; light between elements is solved for at once.
    """
    u = {"A": (x**0.5, x**0.5), "T": (y**0.5, 0), "B": (z**0.5, z**0.5)}
    # Light in front of A, T, B: channel 1, then channel 2.  `upstream` is what it has left behind.
    fields = [(channel, name) for channel in (0, 1) for name in "ATB"]
    upstream = {(0, "T"): "A", (0, "B"): "T", (1, "T"): "B", (1, "A"): "T"}
    through, sources = np.zeros((6, 6), dtype=complex), np.zeros((6, 3), dtype=complex)
    for row, field in enumerate(fields):
        if field in upstream:
            channel, name = field[0], upstream[field]
            v, total = u[name], 1 + np.dot(u[name], u[name])
            sources[row, "ATB".index(name)] = -2j * v[channel] / total * phase
            for other in (0, 1):
                column = fields.index((other, name))
                passes = (other == channel) - 2 * v[channel] * v[other] / total
                through[row, column] = passes * phase
    incoming = np.linalg.solve(np.eye(6) - through, sources)
    amplitudes = np.zeros((3, 3), dtype=complex)
    for k, name in enumerate("ATB"):
        v, total = u[name], 1 + np.dot(u[name], u[name])
        amplitudes[k, k] = (2 - total) / total
        for channel in (0, 1):
            amplitudes[k] += -2j * v[channel] / total * incoming[fields.index((channel, name))]
    return np.abs(amplitudes) ** 2


@pytest.mark.parametrize("carrier", [0.0, 0.5, 1.3])
def test_a_chain_with_both_channels_is_the_network_of_its_junctions(carrier):
    x, y, z = 0.2, 0.4, 0.3
    found = without_ends(
        lambda modes: from_the_middle(chain(x, y, z, modes, back=1, carrier=carrier), 1, "ATB")
    )
    exact = network(x, y, z, np.exp(1j * carrier))
    np.testing.assert_allclose(found, exact, atol=1e-4)
    assert exact[1, 0] > 2 * exact[0, 1]


@pytest.mark.parametrize("x", [0.05, 0.25, 1.0, 4.0])
def test_a_cavity_emits_what_one_meeting_with_the_waveguide_takes(x):
    """4x/(1 + x)² by one channel and 4x/(1 + 2x)² by each of two."""
    for back, exact in [(0, 4 * x / (1 + x) ** 2), (1, 8 * x / (1 + 2 * x) ** 2)]:

        def stays(modes, back=back):
            cavity = LinearElement.comb("A", modes=modes, round_trip=3, strengths=(x, back * x))
            return from_the_middle(open_chain([cavity]), 3, "A")[0, 0]

        assert 1 - without_ends(stays) == pytest.approx(exact, abs=1e-5)


def three(back, distance, modes):
    return [
        LinearElement.comb(name, modes=modes, round_trip=1, strengths=(s, share * s), place=place)
        for name, s, share, place in [
            ("A", 0.1, back, 0),
            ("T", 0.3, 0, distance),
            ("B", 0.1, back, 2 * distance),
        ]
    ]


def test_a_long_ring_is_an_open_chain_with_delays():
    """One way, in a band that ends: what starts in A arrives with a delay, and the same."""
    times, delay, names = np.linspace(0, 1.2, 4), 0.1, ["A", "T", "B"]
    start = np.repeat([1.0, 0, 0], 3)
    chained = open_chain(three(0, delay, 3)).evolve(times, start)
    ring = closed_ring(three(0, delay, 3), length=1.6, waveguide_modes=200)
    for k, name in enumerate(names):
        run = ring.evolve(times + k * delay, np.append(start, np.zeros(400)), watch=names)
        np.testing.assert_allclose(run[name], chained[name], atol=2e-3)


def test_a_long_ring_is_open_until_the_light_comes_around():
    """Both ways, with the short delay and the end of the band as what sets them apart."""
    times, start = np.linspace(0, 1.2, 4), np.array([N_0, 0.2, N_0])
    ring = closed_ring(three(1, 0.02, 1), length=1.6, waveguide_modes=200)
    closed = ring.evolve(times, np.append(start, np.zeros(400)), watch=["A", "T", "B"])
    opened = open_chain(three(1, 0.02, 1)).evolve(times, start)
    np.testing.assert_allclose(closed.occupations, opened.occupations, atol=1e-2)
    assert np.ptp(opened["A"]) > 0.2


# Laws for all systems


@given(seeds, st.floats(0, 5))
def test_equal_temperatures_stay_equal(seed, n):
    closed, _ = random_system(seed)
    opened, _ = random_system(seed, channels=2, inputs=[n, n])
    for system in (closed, opened):
        run = system.evolve([0, 0.3, 0.7, 2.5], np.full(len(system.hamiltonian), n))
        flat = n * np.eye(len(system.hamiltonian))
        np.testing.assert_allclose(run.covariances, [flat] * 4, atol=EVEN * max(n, 1))


@pytest.mark.parametrize("back", [0, 0.5, 1])
def test_equal_temperatures_stay_equal_in_a_chiral_ring(back):
    elements = [
        LinearElement.comb(
            name, modes=9, round_trip=1, strengths=(s, share * s), detuning=shift, place=place
        )
        for name, s, share, shift, place in [
            ("A", 0.1, 1, 0, 0),
            ("T", 0.3, back, 2, 0.1),
            ("B", 0.1, 1, -3, 0.3),
        ]
    ]
    ring = closed_ring(elements, length=2, waveguide_modes=60)
    run = ring.evolve([0.5, 3, 50], np.full(147, N_0))
    np.testing.assert_allclose(run.mode_occupations, N_0, atol=EVEN)
    np.testing.assert_allclose(run.occupations[:, 0], run.occupations[:, 2], atol=EVEN)


@given(seeds)
def test_a_closed_system_keeps_quanta_and_the_spectrum_of_its_covariance(seed):
    system, random = random_system(seed)
    n = len(system.hamiltonian)
    G = random_matrix(random, n, 3)
    start = G @ G.conj().T
    run = system.evolve([0, 0.2, 4], start)
    scale = np.trace(start).real
    np.testing.assert_allclose(run.quanta.sum(axis=1), scale, rtol=ROUNDING)
    spectra = np.linalg.eigvalsh(run.covariances)
    np.testing.assert_allclose(spectra, [np.linalg.eigvalsh(start)] * 3, atol=ROUNDING * scale)
    np.testing.assert_allclose(run.entropy, run.entropy[0], rtol=1e-9)


@given(seeds)
def test_names_of_modes_do_not_matter(seed):
    """Another basis of all modes changes C with it and no entropy."""
    system, random = random_system(seed, channels=1)
    n = len(system.hamiltonian)
    U = np.linalg.qr(random_matrix(random, n, n))[0]
    whole = {"all": range(n)}
    start = random.uniform(0, 2, n)
    old = LinearBosons(
        hamiltonian=system.hamiltonian, subsystems=whole, emission=system.emission, inputs=[0]
    ).evolve([0.4], start)
    new = LinearBosons(
        hamiltonian=U @ system.hamiltonian @ U.conj().T,
        subsystems=whole,
        emission=system.emission @ U.conj().T,
        inputs=[0],
    ).evolve([0.4], (U * start) @ U.conj().T)
    rotated = U @ old.covariances @ U.conj().T
    np.testing.assert_allclose(new.covariances, rotated, atol=20 * ROUNDING)
    np.testing.assert_allclose(new.entropy, old.entropy, atol=1e-9)
    np.testing.assert_allclose(new.entropy_elsewhere, old.entropy_elsewhere, atol=1e-9)


@given(seeds, st.floats(0, 2), st.floats(0, 2))
def test_nothing_gets_warmer_than_the_warmest(seed, input_1, input_2):
    """Not even a mode that is a superposition of others: no eigenvalue of C exceeds n_0."""
    system, random = random_system(seed, channels=2, inputs=[input_1, input_2])
    start = random.uniform(0, 2, len(system.hamiltonian))
    largest = np.linalg.eigvalsh(system.evolve([0.1, 0.5, 3], start).covariances).max()
    assert largest <= max(start.max(), input_1, input_2) + 1e-12


@given(seeds)
def test_entropies_stand_in_their_order_and_grow_from_a_product(seed):
    """Theorem 2: S_(99)(t) ≥ Σ S(ρ_k) ≥ S(ρ(t)) = S(ρ(0)), the last with the light that left."""
    for channels in (0, 2):
        system, random = random_system(seed, channels)
        by_subsystem = random.uniform(0, 2, 3)
        start = np.repeat(by_subsystem, [len(system.subsystems[name]) for name in "ABC"])
        run = system.evolve([0, 0.1, 0.5, 2], start)
        coarse, parts = run.thermal_entropies.sum(axis=1), run.entropies.sum(axis=1)
        slack = 1e-9
        assert np.all(run.thermal_entropies >= run.mode_entropies - slack)
        assert np.all(run.mode_entropies >= run.entropies - slack)
        assert np.all(parts >= run.entropy - slack)
        assert np.all(run.entropy + run.entropy_elsewhere >= run.entropy[0] - slack)
        np.testing.assert_allclose([coarse[0], parts[0]], run.entropy[0], rtol=1e-12)


@given(seeds)
def test_light_that_left_takes_the_entropy_of_beam_splitters(seed):
    """From a flat start, each singular value c of e^{At} is one: n c² stay, n (1 - c²) leave."""
    system, _ = random_system(seed, channels=1)
    n = len(system.hamiltonian)
    run = system.evolve([0.4], np.full(n, N_0))
    c = np.linalg.svd(expm(system.drift * 0.4), compute_uv=False)
    assert run.entropy[0] == pytest.approx(mode_entropy(N_0 * c**2).sum(), rel=1e-9)
    left = np.maximum(1 - c**2, 0)
    assert run.entropy_elsewhere[0] == pytest.approx(mode_entropy(N_0 * left).sum(), rel=1e-9)


@given(seeds)
def test_the_entropy_elsewhere_is_that_of_the_other_modes(seed):
    system, random = random_system(seed)
    start = random.uniform(0, 2, len(system.hamiltonian))
    whole, part = system.evolve([0.7], start), system.evolve([0.7], start, watch=["C", "A"])
    np.testing.assert_allclose(part.entropy_elsewhere, whole.entropies[:, 1], atol=1e-8)
    np.testing.assert_allclose(part.occupations, whole.occupations[:, [2, 0]], rtol=ROUNDING)


@given(seeds)
def test_quanta_change_by_flows_and_light_from_outside(seed):
    system, random = random_system(seed, channels=2, inputs=[0.2, 1.1])
    start = random.uniform(0, 2, len(system.hamiltonian))
    time, step = 0.3, 1e-4
    run = system.evolve([time - step, time, time + step], start)
    change = (run.quanta[2] - run.quanta[0]) / (2 * step)
    came = [np.trace(system.diffusion[np.ix_(m, m)]).real for m in system.subsystems.values()]
    scale = np.abs(run.flows[1]).max()
    np.testing.assert_allclose(run.flows[1].sum(axis=1) + came, change, atol=1e-4 * scale)
    total = -run.emission[1].sum()
    assert total == pytest.approx(run.flows[1].sum() + sum(came), abs=1e-12 * scale)


@given(seeds)
def test_flows_in_a_closed_system_go_from_one_to_the_other(seed):
    system, random = random_system(seed)
    flows = system.evolve([0.5], random.uniform(0, 2, len(system.hamiltonian))).flows[0]
    np.testing.assert_allclose(flows, -flows.T, atol=1e-12)


@given(seeds)
def test_steps_need_not_be_equal(seed):
    system, random = random_system(seed, channels=2, inputs=[0.5, 0])
    start = random.uniform(0, 2, len(system.hamiltonian))
    many = system.evolve([0, 0.1, 0.15, 0.15, 0.9], start).covariances[-1]
    np.testing.assert_allclose(system.evolve([0.9], start).covariances[0], many, atol=1e-12)


# The chiral chain


@given(strengths, strengths, strengths)
@settings(max_examples=20)
def test_what_lies_downstream_does_not_matter(x, y, z):
    """In channel 1, A's fate depends on A alone and that of T on A and T."""

    def transfer(*strengths):
        return chain(*strengths, modes=5).transfer([0.2, 0.9, 2.3])

    np.testing.assert_allclose(transfer(x, y, z)[:, 0, 0], transfer(x, 0, 0)[:, 0, 0], atol=1e-12)
    np.testing.assert_allclose(
        transfer(x, y, z)[:, :2, :2], transfer(x, y, 0)[:, :2, :2], atol=1e-12
    )
    np.testing.assert_array_equal(np.triu(transfer(x, y, z), 1), 0)
    flows = chain(x, y, z, modes=5).evolve([0.4], np.full(15, N_0)).flows
    np.testing.assert_array_equal(np.triu(flows, 1), 0)


def test_the_chain_tells_a_from_b_only_with_phases_of_propagation():
    """At one place, as printed, [B] (11) and (12): n_A = n_B for any chirality."""
    start, times = np.full(27, N_0), np.linspace(0, 3, 7)
    here = chain(0.2, 0.3, 0.2, 9, back=1, places=(0, 0, 0)).evolve(times, start)
    along = chain(0.2, 0.3, 0.2, 9, back=1).evolve(times, start)
    np.testing.assert_allclose(here["A"], here["B"], atol=ROUNDING)
    assert np.ptp(here["A"]) > 0.1
    assert np.abs(along["A"] - along["B"]).max() > 1e-3


@given(strengths, strengths, st.floats(0, 7))
@settings(max_examples=20)
def test_without_chirality_a_mirrored_chain_is_the_same(x, y, carrier):
    system = open_chain(
        [
            LinearElement.comb(name, modes=3, round_trip=1, strengths=(s, s), place=place)
            for name, s, place in [("A", x, -1), ("T", y, 0), ("B", x, 1)]
        ],
        carrier=carrier,
    )
    run = system.evolve([0.3, 1, 2], np.full(9, N_0))
    np.testing.assert_allclose(run["A"], run["B"], atol=1e-12)


def test_own_energies_move_a_ring_by_little():
    """Bose's law with each mode's own energy is not flat; n_A - n_B is of order β·bandwidth."""
    elements = [
        LinearElement.comb(name, modes=9, round_trip=1, strengths=(s, back * s), place=place)
        for name, s, back, place in [("A", 0.1, 1, 0), ("T", 0.3, 0, 0.2), ("B", 0.1, 1, 0.4)]
    ]
    ring = closed_ring(elements, length=2, waveguide_modes=18)
    width = np.ptp(ring.energies[:9])
    for narrow in (0.1, 0.05):
        start = bose_occupation(1 + narrow * ring.energies / width)
        run = ring.evolve(np.linspace(0, 8, 17), start, watch=["A", "B"])
        assert 1e-7 < np.abs(run["A"] - run["B"]).max() < narrow**2


# What cannot be asked


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hamiltonian": [[0, 1], [2, 0]]}, "hermitian"),
        ({"subsystems": {"A": [0], "B": [0]}}, "each mode 0 … 1 once"),
        ({"emission": [[1, 2, 3]]}, "a row for each channel"),
        ({"emission": [[1, 0]], "inputs": [-1]}, "none negative"),
        ({"inputs": [1]}, "one for each channel"),
    ],
)
def test_a_system_that_is_none_is_refused(change, words):
    fields = {"hamiltonian": np.eye(2), "subsystems": {"A": [0], "B": [1]}} | change
    with pytest.raises(ValueError, match=words):
        LinearBosons(**fields)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"times": [1, 0]}, "must increase"),
        ({"times": [-1]}, "must not be negative"),
        ({"start": [1, -1]}, "must not be negative"),
        ({"start": [1, 1, 1]}, "a covariance, got"),
        ({"start": [[1, 2], [2, 1]]}, "no negative eigenvalue"),
        ({"watch": ["C"]}, "must be one of"),
        ({"watch": ["A", "A"]}, "each subsystem once"),
    ],
)
def test_a_run_that_is_none_is_refused(arguments, words):
    system = LinearBosons(hamiltonian=np.eye(2), subsystems={"A": [0], "B": [1]})
    with pytest.raises(ValueError, match=words):
        system.evolve(**({"times": [0, 1], "start": [1, 1]} | arguments))


def test_elements_that_are_none_are_refused():
    A = LinearElement.comb("A", modes=2, round_trip=1, strengths=(1, 1), place=2)
    one = LinearElement.comb("1", modes=2, round_trip=1, strengths=(1, 1))
    for wrong, words in [
        (lambda: open_chain([A, A]), "names of their own"),
        (lambda: closed_ring([A], length=1, waveguide_modes=3), "on the ring"),
        (lambda: closed_ring([one], length=1, waveguide_modes=3), "names of the channels"),
        (lambda: LinearElement(name="A", energies=[0], rates=(1, -1)), "must not be negative"),
        (lambda: LinearElement.comb("A", modes=1, round_trip=1, strengths=(-1, 0)), "negative"),
    ]:
        with pytest.raises(ValueError, match=words):
            wrong()


def test_a_run_does_not_answer_what_it_does_not_know():
    run = chain(modes=3, inputs=(1, 0)).evolve([1], np.ones(9), watch=["A"])
    with pytest.raises(ValueError, match="entropy without end"):
        _ = run.entropy_elsewhere
    with pytest.raises(ValueError, match="`watch` all of them"):
        _ = run.emission
    with pytest.raises(ValueError, match="must be one of"):
        run["B"]
