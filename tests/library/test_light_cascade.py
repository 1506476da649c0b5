"""Laws of cascades, against colliding bins of light, QuTiP, linear systems and closed forms."""

from functools import reduce

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.stats import binomtest, kstest
from strategies import seeds

from detailedbalance import quantum_relative_entropy, von_neumann_entropy
from detailedbalance.checks import ReducibleChainError
from detailedbalance.light import SLH, CascadeElement, ThermalNetwork, cascade_network

cavity, two_level = CascadeElement.cavity, CascadeElement.two_level

ELEMENTS = [
    cavity((0.7, 1.3), 0.2, levels=4),
    two_level((2.0, 0.4), -0.5, dephasing=0.3),
    cavity((1.1, 0.6), 0.1, levels=3),
]
PHASES, INPUTS = [0.7, 2.1], [0.8, 0.3]


def mixed_state(D, seed=0):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(D, D)) + 1j * random.normal(size=(D, D))
    rho = vectors @ vectors.conj().T
    return rho / np.trace(rho).real


def embedded(elements):
    dims = [len(e.lowering) for e in elements]
    return [
        reduce(np.kron, [e.lowering if i == k else np.eye(d) for i, d in enumerate(dims)])
        for k, e in enumerate(elements)
    ]


@st.composite
def networks(draw, equal=True):
    """Random elements, chirality, phases, detunings and inputs."""
    random = np.random.default_rng(draw(seeds))
    elements = []
    for _ in range(draw(st.integers(1, 3))):
        rates = random.exponential(size=2) * random.integers(0, 2, 2)
        detuning, dephasing = random.normal(), random.exponential() * random.integers(0, 2)
        if draw(st.booleans()):
            elements.append(cavity(rates, detuning, draw(st.integers(2, 4)), dephasing))
        else:
            elements.append(two_level(rates, detuning, dephasing))
    n = draw(st.sampled_from([0.0, 0.05, 0.7, 20.0]))
    inputs = np.full(2, n) if equal else random.exponential(size=2)
    phases = random.uniform(0, 2 * np.pi, len(elements) - 1)
    return cascade_network(elements, phases, inputs)


# The generator


def collide(rho, elements, phases, inputs, dt):
    """Let a bin of light of length dt from each end pass all elements, one after the other.

    A two-level bin has the right ⟨b†b⟩ = n, ⟨bb†⟩ = n + 1 if b = √(2n + 1) σ⁻.
    """
    D = len(rho)
    lowering = embedded(elements)
    numbers = np.indices([len(e.lowering) for e in elements]).reshape(len(elements), -1)
    for channel, n in enumerate(inputs):
        b = np.sqrt(2 * n + 1) * np.array([[0, 1], [0, 0]])
        light = np.diag([n + 1, n]) / (2 * n + 1)
        order = range(len(elements)) if channel == 0 else range(len(elements) - 1, -1, -1)
        passage = np.eye(2 * D)
        for step, i in enumerate(order):
            if step:
                way = np.exp(1j * phases[min(i, order[step - 1])])
                passage = np.kron(np.eye(D), np.diag([1, way])) @ passage
            x = np.sqrt(elements[i].rates[channel] * dt) * np.kron(lowering[i], b.T)
            passage = expm(x - x.T) @ passage
        rho = passage @ np.kron(rho, light) @ passage.conj().T
        rho = np.einsum("iaja->ij", rho.reshape(D, 2, D, 2))
    for element, k in zip(elements, numbers, strict=True):
        turn = np.exp(-1j * dt * element.detuning * k)
        rho = turn[:, None] * rho * turn.conj()
        rho = rho * np.exp(-dt * element.dephasing * (k[:, None] - k) ** 2)
    return rho


def test_bins_of_light_that_collide_with_one_element_after_the_other():
    """The master equation without any theory of components: phases, order, both ways, heat."""
    network = cascade_network(ELEMENTS, PHASES, INPUTS)
    rho = mixed_state(24)
    change = network.apply(rho)
    errors = []
    for dt in (4e-4, 2e-4):
        step = (collide(rho, ELEMENTS, PHASES, INPUTS, dt) - rho) / dt
        half = (collide(rho, ELEMENTS, PHASES, INPUTS, dt / 2) - rho) / (dt / 2)
        errors.append(np.abs(2 * half - step - change).max())
    assert errors[0] < 1e-5
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize("n", [0.0, 0.6])
def test_a_cavity_before_a_two_level_system_by_hand(n):
    kappa, gamma, phase = 1.3, 0.8, 0.9
    network = cascade_network([cavity((kappa, 0)), two_level((gamma, 0))], [phase], [n, n])
    a = np.kron(np.diag(np.sqrt([1, 2, 3]), k=1), np.eye(2))
    sigma = np.kron(np.eye(4), [[0, 1], [0, 0]])
    turn = np.exp(1j * phase)
    H = np.sqrt(kappa * gamma) / 2j * (turn * sigma.T @ a - turn.conjugate() * a.T @ sigma)
    L = turn * np.sqrt(kappa) * a + np.sqrt(gamma) * sigma
    assert network.hamiltonian == pytest.approx(H, abs=1e-15)
    assert network.couplings[0] == pytest.approx(L, abs=1e-15)
    assert not network.couplings[1].any()
    rho = mixed_state(8)

    def dissipator(L):
        return L @ rho @ L.conj().T - (L.conj().T @ L @ rho + rho @ L.conj().T @ L) / 2

    by_hand = -1j * (H @ rho - rho @ H) + (n + 1) * dissipator(L) + n * dissipator(L.conj().T)
    assert network.apply(rho) == pytest.approx(by_hand, abs=1e-14)


def random_component(seed):
    random = np.random.default_rng(seed)
    S = np.linalg.qr(random.normal(size=(2, 2)) + 1j * random.normal(size=(2, 2)))[0]
    L = random.normal(size=(2, 3, 3)) + 1j * random.normal(size=(2, 3, 3))
    H = random.normal(size=(3, 3))
    return SLH(S, L, H + H.T)


def test_the_series_product_is_associative_and_has_one():
    first, second, third = map(random_component, range(3))
    one = SLH(np.eye(2), np.zeros((2, 3, 3)), np.zeros((3, 3)))
    pairs = [
        (third.after(second).after(first), third.after(second.after(first))),
        (first.after(one), first),
        (one.after(first), first),
    ]
    for left, right in pairs:
        for name in ("scattering", "couplings", "hamiltonian"):
            assert getattr(left, name) == pytest.approx(getattr(right, name), abs=1e-13)


def test_components_side_by_side_in_a_row_are_rows_side_by_side():
    a, b, c, d = map(random_component, range(4))
    together, apart = c.beside(d).after(a.beside(b)), c.after(a).beside(d.after(b))
    for name in ("scattering", "couplings", "hamiltonian"):
        assert getattr(together, name) == pytest.approx(getattr(apart, name), abs=1e-13)


# QuTiP


def test_qutip_has_the_same_generator_evolution_and_stationary_state():
    network = cascade_network(ELEMENTS, PHASES, INPUTS)
    hamiltonian, jumps = network.to_qutip()
    generator = qutip.liouvillian(hamiltonian, jumps)
    assert np.abs(generator.full() - network.liouvillian.toarray()).max() < 1e-13
    rho, times = mixed_state(24), [0.0, 0.4, 0.4, 1.5]
    assert network.liouvillian @ rho.ravel(order="F") == pytest.approx(
        network.apply(rho).ravel(order="F"), abs=1e-13
    )
    options = {"atol": 1e-12, "rtol": 1e-10, "nsteps": 100_000}
    start = qutip.Qobj(rho, dims=hamiltonian.dims)
    run = qutip.mesolve(hamiltonian, start, times, jumps, options=options)
    states = network.evolve(rho, times)
    for mine, theirs in zip(states, run.states, strict=True):
        assert mine == pytest.approx(theirs.full(), abs=1e-8)
    assert network.reduced_state(states[2], 1) == pytest.approx(
        run.states[2].ptrace(1).full(), abs=1e-8
    )
    steady = qutip.steadystate(hamiltonian, jumps).full()
    assert network.stationary_state() == pytest.approx(steady, abs=1e-10)
    assert np.abs(network.apply(network.stationary_state())).max() < 1e-13


def test_qutips_trajectories_have_the_same_law():
    network = cascade_network([cavity((1, 0.5), levels=3), two_level((2, 0.3))], [0.4], [0.5, 0.2])
    hamiltonian, jumps = network.to_qutip()
    psi, time = np.eye(6)[4], 1.5
    ours = network.trajectories(psi, [0.0, time], 1000, seed=1).jump_counts
    run = qutip.mcsolve(
        hamiltonian,
        qutip.Qobj(psi, dims=[[3, 2], [1, 1]]),
        [0.0, time],
        jumps,
        ntraj=200,
        seeds=3,
        options={"progress_bar": ""},
    )
    theirs = np.array([np.bincount(np.array(w, int), minlength=4)[:4] for w in run.col_which])
    error = np.sqrt(ours.var(axis=0) / len(ours) + theirs.var(axis=0) / len(theirs))
    assert np.all(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4 * error)


# Limits with known answers


def test_a_cavity_fills_from_its_two_ends():
    n = np.array([0.02, 0.05])
    network = cascade_network([cavity((1.0, 2.0), 0.7, levels=10)], [], n)
    times = np.array([0.0, 0.3, 1.0, 30.0])
    held = network.occupations(network.evolve(network.gibbs_state(0), times))[:, 0]
    mean = (1 * n[0] + 2 * n[1]) / 3
    assert held == pytest.approx(mean * (1 - np.exp(-3 * times)), abs=1e-12)
    steady = network.stationary_state()
    assert steady == pytest.approx(network.gibbs_state(mean), abs=1e-13)


@pytest.mark.parametrize("n", [0.0, 1.0, 1e3])
def test_a_two_level_system_in_thermal_light(n):
    network = cascade_network([two_level((0.5, 0.7), 0.3, dephasing=0.2)], [], [n, n])
    times, rate = np.array([0.0, 0.1, 0.7]) / (2 * n + 1), 1.2 * (2 * n + 1)
    states = network.evolve([[0.5, 0.5], [0.5, 0.5]], times)
    p = n / (2 * n + 1)
    assert states[:, 1, 1] == pytest.approx(p + (0.5 - p) * np.exp(-rate * times), abs=1e-12)
    turning = 0.5 * np.exp((-rate / 2 - 0.2 - 0.3j) * times)
    assert states[:, 1, 0] == pytest.approx(turning, abs=1e-12)


def test_one_photon_through_two_equal_cavities():
    """The amplitudes e^{-κt/2} and -κt e^{-κt/2}: the drift has no basis of eigenvectors."""
    network = cascade_network([cavity((1.0, 0), levels=2)] * 2, [1.9], [0, 0])
    times = np.linspace(0, 8, 17)
    held = network.occupations(network.evolve(np.diag(np.eye(4)[2]), times))
    assert held[:, 0] == pytest.approx(np.exp(-times), abs=1e-13)
    assert held[:, 1] == pytest.approx(times**2 * np.exp(-times), abs=1e-13)
    assert held[4, 1] == pytest.approx(4 * np.exp(-2), abs=1e-13)


def test_cavities_follow_the_equation_of_their_covariances():
    """C = ⟨a_i†a_j⟩ obeys a linear equation with unequal inputs, however the light goes."""
    rates, detunings = np.array([[0.7, 1.3], [0.9, 0.4]]), np.array([0.3, -0.5])
    phase, n = 1.1, np.array([0.01, 0.03])
    elements = [cavity(r, d, levels=6) for r, d in zip(rates, detunings, strict=True)]
    network = cascade_network(elements, [phase], n)
    # The amplitude equation da/dt = A a - (√κ b_in): each channel feeds downstream only.
    turn, root = np.exp(1j * phase), np.sqrt(rates)
    A = np.diag(-1j * detunings - rates.sum(axis=1) / 2)
    A[1, 0] = -turn * root[0, 0] * root[1, 0]
    A[0, 1] = -turn * root[0, 1] * root[1, 1]
    B = np.array([[root[0, 0], turn * root[0, 1]], [turn * root[1, 0], root[1, 1]]])
    noise = B.conj() @ np.diag(n) @ B.T
    time = 1.7
    start = np.diag([0.0, 0.04]).astype(complex)

    def drive(s):
        half = expm(A * s)
        return half.conj() @ noise @ half.T

    gained = [
        [quad(lambda s, i=i, j=j: drive(s)[i, j].real, 0, time)[0] for j in (0, 1)] for i in (0, 1)
    ]
    whole = expm(A * time)
    expected = (whole.conj() @ start @ whole.T).diagonal().real + np.diag(gained)
    rho = network.evolve(network.product_state([0.0, 0.04]), [time])[0]
    assert network.occupations(rho) == pytest.approx(expected, abs=2e-7)


def test_what_lies_downstream_changes_nothing_upstream():
    """In a right-moving chain A's state is the same with and without the two-level system."""
    states = []
    for gamma in (0.0, 3.0):
        elements = [cavity((1, 0)), two_level((gamma, 0)), cavity((1, 0), levels=3)]
        network = cascade_network(elements, [0.3, 0.5], [0.4, 0.0])
        rho = network.product_state([2.0, 0.3, 0.1])
        states.append(network.evolve(rho, [0.2, 1.0]))
    upstream = [network.reduced_state(state, 0) for state in states]
    assert upstream[0] == pytest.approx(upstream[1], abs=1e-13)
    downstream = [network.occupations(state)[:, 2] for state in states]
    assert np.abs(downstream[0] - downstream[1]).max() > 0.05


@pytest.mark.parametrize("n", [0.0, 0.7])
def test_the_rate_of_what_is_upstream_does_not_know_what_is_downstream(n):
    """In any state, correlated or not: dn_A/dt is the same for every γ_1 if γ_2 = 0.

    Channel 2 still leads from B to A, so A may learn of the two-level system by B's light alone.
    """
    changes = []
    for gamma in (0.0, 1.0, 9.0):
        elements = [cavity((1, 1), levels=3), two_level((gamma, 0)), cavity((1, 1), levels=3)]
        network = cascade_network(elements, [0.3, 0.5], [n, n])
        changes.append(network.apply(mixed_state(18)))
    slopes = np.array([network.occupations(change) for change in changes])
    assert slopes[:, 0] == pytest.approx(np.full(3, slopes[0, 0]), abs=1e-13)
    assert np.abs(slopes[1:, 2] - slopes[0, 2]).min() > 1e-3
    A_and_B = [c.reshape(3, 2, 3, 3, 2, 3).trace(axis1=1, axis2=4) for c in changes]
    assert np.abs(A_and_B[1] - A_and_B[0]).max() > 1e-3


def test_one_quantum_goes_downstream_only():
    elements = [cavity((1, 0), levels=2), two_level((2, 0)), cavity((1, 0), levels=2)]
    network = cascade_network(elements, [0.0, 0.0], [0, 0])
    from_A, from_T = (
        network.occupations(network.evolve(np.diag(np.eye(8)[k]), [0.7]))[0] for k in (4, 2)
    )
    assert from_A[1] > 0.2
    assert from_T[0] == 0


def test_phases_matter_only_where_light_goes_both_ways():
    for rates, changes in [((1.0, 0.0), False), ((1.0, 0.6), True)]:
        elements = [cavity(rates, levels=3), two_level(rates), cavity(rates, levels=3)]
        held = []
        for phases in ([0.0, 0.0], [0.8, 1.7], [0.8 + np.pi, 1.7 - np.pi]):
            network = cascade_network(elements, phases, [0.2, 0.0])
            held.append(network.occupations(network.evolve(network.gibbs_state(1.0), [0.8]))[0])
        assert (np.abs(held[0] - held[1]).max() > 1e-3) == changes
        # A half wave more on each way only changes the sign of some amplitudes.
        assert held[1] == pytest.approx(held[2], abs=1e-12)


# Equal temperatures


@given(networks())
@settings(max_examples=60)
def test_equal_inputs_leave_the_truncated_gibbs_state(network):
    scale = 1 + np.abs(network.drift).max()
    assert np.abs(network.apply(network.gibbs_state(network.inputs[0]))).max() < 1e-14 * scale


@pytest.mark.parametrize("levels", [4, 5])
@pytest.mark.parametrize("atoms", [1, 2])
def test_a_chiral_waveguide_in_thermal_light_stays_as_it_is(levels, atoms):
    ends = [cavity((1, 1), 0.2, levels), cavity((1, 1), -0.3, levels)]
    elements = [ends[0], *[two_level((5, 0), dephasing=0.4)] * atoms, ends[1]]
    phases = np.random.default_rng(levels).uniform(0, 6, atoms + 1)
    network = cascade_network(elements, phases, [0.582, 0.582])
    assert np.abs(network.apply(network.gibbs_state(0.582))).max() < 1e-15 * levels * 5
    if levels * atoms == 4:
        assert network.stationary_state() == pytest.approx(network.gibbs_state(0.582), abs=1e-13)


def test_bins_of_any_length_leave_the_gibbs_state():
    """Light of temperature T keeps the state exactly, not only in the limit of short bins."""
    network = cascade_network(ELEMENTS, PHASES, [0.4, 0.4])
    # A bin of two levels with the ratio q = n/(n + 1) of populations counts as light of n.
    gibbs = network.gibbs_state(0.4)
    assert collide(gibbs, ELEMENTS, PHASES, [0.4, 0.4], 3.0) == pytest.approx(gibbs, abs=1e-14)


def test_a_dark_state_is_reported_not_guessed():
    network = cascade_network([cavity((1, 1), levels=3)] * 2, [0.0], [0.3, 0.3])
    with pytest.raises(ReducibleChainError, match="more than one stationary state"):
        network.stationary_state()
    assert np.abs(network.apply(network.gibbs_state(0.3))).max() < 1e-15
    # A quarter of a wave further apart there is none.
    apart = cascade_network([cavity((1, 1), levels=3)] * 2, [np.pi / 2], [0.3, 0.3])
    assert apart.stationary_state() == pytest.approx(apart.gibbs_state(0.3), abs=1e-13)


# Flows and entropy


@given(networks(equal=False), seeds)
@settings(max_examples=60)
def test_clausius_holds_with_unequal_inputs(network, seed):
    rho = mixed_state(network.excitations.size, seed)
    scale = 1 + np.abs(network.drift).max()
    assert network.clausius_production(rho) > -1e-12 * scale
    gained = network.apply(rho).diagonal().real @ network.excitations
    assert network.photon_flows(rho).sum() == pytest.approx(gained, abs=1e-13 * scale)


def test_rates_of_entropy_are_derivatives():
    network = cascade_network(ELEMENTS, PHASES, INPUTS)
    equal = cascade_network(ELEMENTS, PHASES, [0.5, 0.5])
    rho, h = (mixed_state(24) + np.eye(24) / 24) / 2, 2e-5

    def slope(function, network):
        # Backwards in time as well: the state has full rank.
        earlier, later = (rho + s * h * network.apply(rho) for s in (-1, 1))
        return (function(later) - function(earlier)) / (2 * h)

    assert network.entropy_rate(rho) == pytest.approx(slope(von_neumann_entropy, network), abs=1e-6)
    gibbs = equal.gibbs_state(0.5)
    falling = slope(lambda r: -quantum_relative_entropy(r, gibbs), equal)
    assert equal.clausius_production(rho) == pytest.approx(falling, abs=1e-6)
    assert equal.clausius_production(gibbs) == pytest.approx(0, abs=1e-13)


def test_empty_channels_and_pure_states():
    dark = cascade_network([two_level((1, 0))], [], [0.0, 0.0])
    ground, excited, mixed = np.diag([1.0, 0]), np.diag([0, 1.0]), np.diag([0.5, 0.5])
    assert dark.clausius_production(ground) == 0
    assert dark.clausius_production(mixed) == np.inf
    assert dark.entropy_rate(excited) == np.inf
    assert dark.entropy_rate(mixed) == 0
    warm = cascade_network([two_level((1, 0))], [], [0.5, 0.0])
    # The second channel is empty, but nothing couples to it.
    assert 0 < warm.clausius_production(mixed) < np.inf


# Trajectories


def test_the_mean_of_all_trajectories_is_the_evolved_state():
    elements = [cavity((1, 0.3), 0.4, levels=3), two_level((2, 0.5), dephasing=0.3)]
    network = cascade_network(elements, [0.6], [0.4, 0.1])
    psi = np.array([0, 0, 0.6, 0.8j, 0, 0])
    times = np.array([0.0, 0.4, 0.4, 0.8, 2.0])
    run = network.trajectories(psi, times, 2000, seed=4)
    deviation = np.abs(run.density_matrices - network.evolve(np.outer(psi, psi.conj()), times))
    assert np.all(deviation[1:] < 4.5 * run.standard_errors[1:] + 1e-12)
    assert np.abs(run.states[:, 1] - run.states[:, 2]).max() < 1e-14
    assert np.abs(np.linalg.norm(run.states, axis=-1) - 1).max() < 1e-13


def test_the_first_click_of_two_equal_cavities():
    """No photon until t with probability (1 + κ²t²) e^{-κt}, at the exceptional point."""
    network = cascade_network([cavity((1.0, 0), levels=2)] * 2, [0.3], [0, 0])
    times = np.array([0.7, 2.0, 3.1])
    for k, time in enumerate(times):
        run = network.trajectories(np.eye(4)[2], [time / 3, time], 2000, seed=k)
        dark = int((run.jump_counts.sum(axis=1) == 0).sum())
        assert binomtest(dark, 2000, (1 + time**2) * np.exp(-time)).pvalue > 1e-3


def test_waiting_times_are_exact():
    """A two-level system's photons: the time of the last quantum is uniform in its phase."""
    network = cascade_network([two_level((2.0, 0))], [], [0.0, 0.0])
    times = np.linspace(0, 3, 301)
    run = network.trajectories([0, 1], times, 3000, seed=5)
    left = (np.abs(run.states[:, :, 1]) ** 2 > 0.5).sum(axis=1)
    emitted = left < times.size
    # Within a step of 0.01 the time is not known; spread it evenly, as the law nearly is.
    seen = times[left[emitted] - 1] + 0.01 * np.random.default_rng(0).random(emitted.sum())
    law = lambda t: (1 - np.exp(-2 * t)) / (1 - np.exp(-6))  # noqa: E731
    assert kstest(seen, law).pvalue > 1e-3
    assert np.array_equal(run.jump_counts.sum(axis=1), emitted)


def test_each_trajectory_may_have_its_own_start():
    network = cascade_network([two_level((1, 0))], [], [0, 0])
    run = network.trajectories(np.eye(2), [0.0], 2)
    assert run.states[:, 0] == pytest.approx(np.eye(2))
    again = [network.trajectories([0, 1], [1.0], 50, seed=s).states for s in (3, 3, 4)]
    assert np.array_equal(again[0], again[1])
    assert not np.array_equal(again[0], again[2])


# Errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SLH([[2]], [[[0]]], [[0]]), "must be unitary"),
        (lambda: SLH([[1, 0]], [[[0]]], [[0]]), "shape \\(p, p\\)"),
        (lambda: SLH([[1]], [[[0]], [[0]]], [[0]]), "one operator a port"),
        (lambda: SLH([[1]], [[[0]]], [[1j]]), "hermitian"),
        (lambda: random_component(0).after(SLH([[1]], [[[0]]], [[0]])), "the same ports"),
        (lambda: CascadeElement(np.eye(2), (1, 1)), "exactly one quantum"),
        (lambda: cavity((-1, 1)), "`rates` must not be negative"),
        (lambda: cavity((1, 1), dephasing=-0.1), "`dephasing` must not be negative"),
        (lambda: cavity((1, 1), levels=1), "levels"),
        (lambda: two_level((1,)), "shape"),
        (lambda: cascade_network([], [], [0, 0]), "at least one element"),
        (lambda: cascade_network([two_level((1, 1))] * 2, [], [0, 0]), "one between neighbours"),
        (lambda: cascade_network([two_level((1, 1))], [], [0, -1]), "must not be negative"),
        (lambda: ThermalNetwork(np.eye(2), [np.eye(3)], [0], (2,)), "couplings"),
        (lambda: ThermalNetwork(np.eye(2), [np.eye(2)], [0], (2,), np.eye(2)), "dephasing"),
        (lambda: NETWORK.gibbs_state(-1), "must not be negative"),
        (lambda: NETWORK.product_state([-1]), "must not be negative"),
        (lambda: NETWORK.apply(np.eye(3)), "shape \\(..., 2, 2\\)"),
        (lambda: NETWORK.evolve(np.eye(2) / 2, [1, 0]), "ascend"),
        (lambda: NETWORK.evolve(np.eye(2), [1]), "trace one"),
        (lambda: NETWORK.trajectories([1, 1], [1], 1), "normalised"),
        (lambda: NETWORK.trajectories([1, 0, 0], [1], 1), "shape"),
        (lambda: NETWORK.trajectories([1, 0], [1], 0), "trajectories"),
        (lambda: NETWORK.reduced_state(np.eye(2) / 2, 1), "element"),
    ],
)
def test_errors_say_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_elements_must_be_elements():
    with pytest.raises(TypeError, match="CascadeElement"):
        cascade_network([np.eye(2)], [], [0, 0])


NETWORK = cascade_network([two_level((1, 0.5))], [], [0.3, 0.3])
