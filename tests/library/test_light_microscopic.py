"""Laws of the microscopic rates: exact dynamics of one quantum, exact junctions, and reports."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from detailedbalance.light import (
    ClosedLoop,
    EinsteinRates,
    MicroscopicCoupling,
    OpenWaveguide,
    consistency_report,
    implied_couplings,
)
from detailedbalance.light.microscopic import MUCH

DENSITY, WAVEGUIDE_DENSITY = 0.8, 1.0
"""Modes per angular frequency; what leaves into a channel comes round again after 2π."""

PLACES = {"A": 0.0, "T": 0.2, "B": 0.4}
"""Where cavities and the two-level system sit along channel 1, as times of flight."""

EARLY, LATE = 2.0, 5.0
"""Rates are slopes between these times: after all flights, before anything comes round."""


def band(modes, density):
    """Equidistant angular frequencies around that of the two-level systems, zero."""
    return (np.arange(modes) - (modes - 1) / 2) / density


def one_quantum(h, g, phases, channels, modes=301, cavity_modes=121):
    """Hamiltonian of one quantum and the states of each subsystem, as slices.

    `channels` gives the direction of each: 1 to the right, -1 to the left.
    """
    waves, cavity = band(modes, WAVEGUIDE_DENSITY), band(cavity_modes, DENSITY)
    names = [*channels, "A", "B", "T"]
    sizes = [modes] * len(channels) + [cavity_modes] * 2 + [1]
    ends = np.cumsum(sizes)
    part = {n: slice(e - s, e) for n, s, e in zip(names, sizes, ends, strict=True)}
    energies = [*[waves] * len(channels), cavity, cavity, np.zeros(1)]
    hamiltonian = np.diag(np.concatenate(energies)).astype(complex)
    for channel, direction in channels.items():
        for name, place in PLACES.items():
            row = (g if name == "T" else h) * np.exp(1j * direction * waves * place * phases)
            hamiltonian[part[name], part[channel]] = row
            hamiltonian[part[channel], part[name]] = row.conj()[:, None]
    return hamiltonian, part


def slopes(hamiltonian):
    """Rate of change of the probability of each state from each, between `EARLY` and `LATE`."""
    energies, states = np.linalg.eigh(hamiltonian)
    early, late = (
        np.abs((states * np.exp(-1j * energies * time)) @ states.conj().T) ** 2
        for time in (EARLY, LATE)
    )
    return (late - early) / (LATE - EARLY)


def from_each(rate, target, source, modes=15):
    """Rate into a subsystem from each single mode of another, averaged over its middle modes.

    The sharp ends of the bands shake single modes; neighbours shake against each other.
    """
    middle = (source.start + source.stop) // 2
    few = slice(middle - modes // 2, middle + modes // 2 + 1)
    return rate[target, few].sum(axis=0).mean()


def weak(h, g, phases):
    return MicroscopicCoupling(
        h=h,
        g_1=g,
        g_2=0.0,
        rho=DENSITY,
        rho_wg=WAVEGUIDE_DENSITY,
        bandwidth=150.0,
        propagation_phases=phases,
    )


@pytest.fixture(scope="module", params=[True, False], ids=["phases", "no phases"])
def exact(request):
    """Slopes of the exact dynamics at weak coupling, and the rates that should equal them."""
    h, g = 1e-3, 2e-3
    hamiltonian, part = one_quantum(h, g, request.param, {"1": 1})
    return slopes(hamiltonian), part, weak(h, g, request.param)


def test_first_order_rates_are_those_of_exact_dynamics(exact):
    rate, part, coupling = exact
    cavity = from_each(rate, part["1"], part["A"])
    assert cavity == pytest.approx(coupling.gamma_dec, rel=1e-3)
    assert rate[part["1"], part["T"]].sum() == pytest.approx(coupling.tilde_gamma_11, rel=1e-3)


def test_second_order_rates_downstream_are_those_of_exact_dynamics(exact):
    rate, part, coupling = exact
    transfer = from_each(rate, part["B"], part["A"])
    assert transfer == pytest.approx(coupling.gamma_0, rel=1e-2)
    absorbed = rate[part["T"], part["A"]].sum()  # over the initial modes of A
    assert absorbed == pytest.approx(coupling.tilde_gamma_1, rel=1e-2)
    emitted = rate[part["B"], part["T"]].sum()
    assert emitted == pytest.approx(coupling.tilde_gamma_1, rel=1e-2)


def test_nothing_goes_upstream_with_phases_and_as_much_as_downstream_without(exact):
    rate, part, coupling = exact
    upstream = [
        from_each(rate, part["A"], part["B"]) / coupling.gamma_0,
        rate[part["A"], part["T"]].sum() / coupling.tilde_gamma_1,
        rate[part["T"], part["B"]].sum() / coupling.tilde_gamma_1,
    ]
    expected = 0.0 if coupling.propagation_phases else 1.0
    assert np.allclose(upstream, expected, atol=2e-3)


@pytest.mark.parametrize("phases", [True, False])
def test_between_channels_through_a_cavity_phases_change_nothing(phases):
    h = 1e-3
    hamiltonian, part = one_quantum(h, 0.0, phases, {"1": 1, "2": -1}, modes=181, cavity_modes=101)
    hamiltonian[part["B"], :] = hamiltonian[:, part["B"]] = 0  # one cavity
    rate, coupling = slopes(hamiltonian), weak(h, 0.0, phases)
    assert from_each(rate, part["2"], part["1"]) == pytest.approx(coupling.gamma_3, rel=1e-2)
    into = from_each(rate, part["A"], part["1"])
    assert into == pytest.approx(coupling.gamma_dec_prime, rel=1e-2)


@pytest.mark.parametrize("x", [0.25, 1.0])
def test_emission_at_an_attempt_is_that_of_the_exact_junction(x):
    h = np.sqrt(x / (DENSITY * WAVEGUIDE_DENSITY)) / np.pi
    hamiltonian, part = one_quantum(h, 0.0, False, {"1": 1})
    hamiltonian[part["B"], :] = hamiltonian[:, part["B"]] = 0
    attempts = 1 / (2 * np.pi * DENSITY)
    emission = from_each(slopes(hamiltonian), part["1"], part["A"]) / attempts
    assert emission == pytest.approx(4 * x / (1 + x) ** 2, rel=2e-3)
    report = consistency_report(weak(h, 0.0, True))
    assert f"{4 * x / (1 + x) ** 2:.3g} for one channel" in report["emission at an attempt"].words


@pytest.mark.parametrize(
    ("linewidths", "always", "later"), [(MUCH, 0.14, 0.02), (5 * MUCH, 0.04, 0.01)]
)
def test_in_a_wide_band_decay_is_exponential(linewidths, always, later):
    """One excitation of linewidth 1 in a band with sharp ends; `MUCH` says what is wide."""
    modes = 601
    waves = band(modes, modes / linewidths)
    hamiltonian = np.diag(np.append(waves, 0.0))
    hamiltonian[-1, :-1] = hamiltonian[:-1, -1] = np.sqrt(linewidths / modes / (2 * np.pi))
    energies, states = np.linalg.eigh(hamiltonian)
    times = np.linspace(0, 5, 101)[:, None]
    survival = np.abs((states[-1] ** 2 * np.exp(-1j * energies * times)).sum(axis=-1)) ** 2
    deviation = np.abs(survival - np.exp(-times[:, 0]))
    assert deviation.max() < always
    assert deviation[times[:, 0] > 1].max() < later


@pytest.mark.parametrize("phases", [True, False])
def test_a_cavity_with_the_printed_rates_empties_as_the_exact_junction_says(phases):
    """Exact decay into two channels without end; the golden rule says exp(-2γ_dec t)."""
    model = OpenWaveguide()
    coupling = implied_couplings(model, phases)
    modes = band(100, coupling.rho)
    hamiltonian = np.diag(modes).astype(complex) - 1j * model.gamma_dec
    turn = 2 * np.pi * coupling.rho
    left = {t: np.sum(np.abs(expm(-1j * hamiltonian * t)[:, 45:55]) ** 2) / 10 for t in (20, 80)}
    probability = (left[20] - left[80]) / 60 * turn
    assert probability == pytest.approx(8 * coupling.x / (1 + 2 * coupling.x) ** 2, rel=2e-2)
    words = consistency_report(model, phases)["emission at an attempt"].words
    assert f"= {probability / 2:.2g}" in words


def scattering(*strengths):
    """Exact S of a hub that couples to continua with these strengths: (hub, continua)."""
    k = np.zeros((len(strengths) + 1,) * 2)
    k[0, 1:] = k[1:, 0] = np.sqrt(strengths)
    one = np.eye(len(k))
    return (one - 1j * k) @ np.linalg.inv(one + 1j * k)


def chain(x, y):
    """S of a right-moving channel past cavity A, absorber, cavity B: (channel, A, T, B)."""
    product = np.eye(4, dtype=complex)
    for place, strength in enumerate((x, y, x), start=1):
        junction = np.eye(4, dtype=complex)
        junction[np.ix_([0, place], [0, place])] = scattering(strength)
        product = junction @ product
    return product


def test_rates_are_attempts_times_the_lowest_order_of_exact_junctions():
    coupling = MicroscopicCoupling(
        h=1e-6, g_1=2e-6, g_2=0.0, rho=3.0, rho_wg=2.0, bandwidth=50.0, propagation_phases=True
    )
    ground = 7
    probability = np.abs(chain(coupling.x, ground * coupling.y_1)) ** 2
    from_cavity = 1 / (2 * np.pi * coupling.rho)
    assert probability[3, 1] * from_cavity == pytest.approx(coupling.gamma_0, rel=1e-8)
    per_mode = coupling.tilde_gamma_1 / coupling.modes * ground
    assert probability[2, 1] * from_cavity == pytest.approx(per_mode, rel=1e-8)
    # An absorber spread over the band meets the waveguide as often as it has levels.
    assert probability[3, 2] * coupling.bandwidth / (2 * np.pi) == pytest.approx(
        coupling.tilde_gamma_1 * ground, rel=1e-8
    )
    assert np.all(probability[[1, 1, 2], [2, 3, 3]] == 0)

    hub = np.abs(scattering(coupling.x, coupling.x)) ** 2  # a cavity with two channels
    assert hub[1, 0] * from_cavity == pytest.approx(coupling.gamma_dec, rel=1e-8)
    from_channel = 1 / (2 * np.pi * coupling.rho_wg)
    assert hub[2, 1] * from_channel == pytest.approx(coupling.gamma_3, rel=1e-8)
    assert hub[0, 1] * from_channel == pytest.approx(coupling.gamma_dec_prime, rel=1e-8)


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_no_part_exceeds_the_whole_in_an_exact_chain(x, y):
    probability = np.abs(chain(x, y)) ** 2
    whole = np.abs(scattering(x)[1, 0]) ** 2
    assert probability[2, 1] <= whole + 1e-12
    assert probability[3, 1] <= whole + 1e-12
    assert probability[3, 2] <= np.abs(scattering(y)[1, 0]) ** 2 + 1e-12


sizes = st.floats(1e-3, 1e3)


@st.composite
def couplings(draw):
    return MicroscopicCoupling(
        **{name: draw(sizes) for name in ("h", "g_1", "g_2", "rho", "rho_wg", "bandwidth")},
        two_level_systems=draw(st.integers(1, 1000)),
        propagation_phases=draw(st.booleans()),
    )


@given(couplings(), st.floats(0.1, 5))
def test_a_closed_loop_implies_the_couplings_it_was_made_of(coupling, beta):
    implied = implied_couplings(coupling.closed_loop(beta), coupling.propagation_phases)
    assert dataclasses.astuple(implied) == pytest.approx(dataclasses.astuple(coupling), rel=1e-12)


@given(couplings())
def test_an_open_waveguide_implies_the_products_that_its_rates_hold(coupling):
    implied = implied_couplings(coupling.open_waveguide(), coupling.propagation_phases)
    assert implied.rho_wg == implied.rho

    def products(c):
        strengths = np.square([c.h, c.g_1, c.g_2]) * c.rho_wg
        return [*strengths, c.rho, c.bandwidth, c.x, c.y_1, c.y_2]

    assert products(implied) == pytest.approx(products(coupling), rel=1e-12)


@given(couplings(), st.floats(1e-3, 1e3))
@settings(max_examples=25)
def test_the_unit_of_time_does_not_matter_to_a_report(coupling, unit):
    faster = {n: getattr(coupling, n) * unit for n in ("h", "g_1", "g_2", "bandwidth")}
    denser = {n: getattr(coupling, n) / unit for n in ("rho", "rho_wg")}
    report = consistency_report(coupling)
    other = consistency_report(dataclasses.replace(coupling, **faster, **denser))
    for entry, same in zip(report.entries, other.entries, strict=True):
        if entry.limit:
            assert same.value / same.limit == pytest.approx(entry.value / entry.limit, rel=1e-9)


@given(couplings())
@settings(max_examples=25)
def test_parts_to_whole_are_the_junctions_to_lowest_order(coupling):
    report, model = consistency_report(coupling), coupling.open_waveguide()
    ground = model.two_level_systems / (1 + np.exp(-1))
    factor = 4 if coupling.propagation_phases else 1
    taken, caught = factor * coupling.y_1 * ground, factor * coupling.x
    assert report["A to TLS through channel 1"].value == pytest.approx(taken, rel=1e-9)
    assert report["TLS to B through channel 1"].value == pytest.approx(caught, rel=1e-9)
    assert report["A to B through channel 1"].value == pytest.approx(caught, rel=1e-9)
    assert report["TLS to A through channel 2"].value == pytest.approx(caught, rel=1e-9)


# ------------------------------------------------------------------ the paper's numbers


@pytest.mark.parametrize(("phases", "x", "width"), [(False, 1.0, 1.5708), (True, 0.25, 6.2832)])
def test_what_the_printed_rates_imply(phases, x, width):
    for model in (OpenWaveguide(), ClosedLoop()):
        coupling = implied_couplings(model, phases)
        assert coupling.x == pytest.approx(x, rel=1e-12)
        assert coupling.bandwidth == pytest.approx(width, abs=5e-5)


def test_the_report_on_the_printed_rates():
    report = consistency_report(OpenWaveguide())
    assert not report.holds
    taken = report["A to TLS through channel 1"]
    assert taken.value == pytest.approx(0.1 * 100 * np.e / (np.e + 1) / 0.01, rel=1e-12)
    assert round(taken.value) == 731
    assert {entry.name for entry in report.entries if entry.holds} == {
        "TLS to B through channel 1",
        "A to B through channel 1",
        "γ̃_1 from the couplings",
        "γ̃_2 from the couplings",
    }
    line = report["Δ against the natural linewidth"]
    assert line.value == pytest.approx(np.pi / 2) and line.limit == 10 * 10.0


def test_the_printed_rates_of_the_closed_loop_fit_together_as_printed():
    """γ_3 = γ_0 for 𝒩 = 𝒩' belongs to the formulae as printed, without phases."""
    assert consistency_report(ClosedLoop())["γ_3 from the couplings"].holds
    with_phases = consistency_report(ClosedLoop(), propagation_phases=True)
    assert with_phases["γ_3 from the couplings"].limit == pytest.approx(0.01 / 4)


@pytest.mark.parametrize("phases", [True, False])
def test_a_weak_coupling_in_a_wide_band_passes_all(phases):
    coupling = MicroscopicCoupling(
        h=1e-3,
        g_1=1e-3,
        g_2=2e-4,
        rho=10.0,
        rho_wg=20.0,
        bandwidth=30.0,
        propagation_phases=phases,
    )
    assert consistency_report(coupling).holds
    assert consistency_report(coupling.closed_loop(), phases).holds


def test_a_report_prints_a_heading_and_a_sentence_for_each_entry():
    report = consistency_report(ClosedLoop())
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(str(report).split())
    for entry in report.entries:
        assert entry.claim in lines and f"  {entry.name}: " in str(report)
        assert entry.words in text and entry.words.endswith(".")


def test_an_emission_out_of_nothing_is_infinitely_too_large():
    entry = consistency_report(OpenWaveguide(tilde_gamma_11=0.0))["TLS to B through channel 1"]
    assert entry.value == np.inf and not entry.holds


# ------------------------------------------------------------------ errors


@pytest.mark.parametrize("name", ["h", "g_1", "g_2", "rho", "rho_wg", "bandwidth"])
def test_negative_couplings_and_densities_are_refused(name):
    with pytest.raises(ValueError, match=f"`{name}`.*got -1"):
        dataclasses.replace(weak(0.1, 0.1, False), **{name: -1.0})


@pytest.mark.parametrize("name", ["rho", "rho_wg", "bandwidth"])
def test_empty_bands_are_refused(name):
    with pytest.raises(ValueError, match=f"`{name}` must be positive"):
        dataclasses.replace(weak(0.1, 0.1, False), **{name: 0.0})


@pytest.mark.parametrize("name", ["gamma_dec", "gamma_0"])
def test_rates_that_imply_nothing_are_refused(name):
    model = dataclasses.replace(OpenWaveguide(), **{name: 0.0})
    for function in (implied_couplings, consistency_report):
        with pytest.raises(ValueError, match=f"`{name}` must be positive.*nothing follows"):
            function(model)


@pytest.mark.parametrize(("change", "name"), [({"h": 1e120}, "gamma_0"), ({"g_1": 1e150}, "y_1")])
def test_rates_that_overflow_are_refused(change, name):
    with pytest.raises(ValueError, match=f"`{name}`.*must be finite, got inf"):
        dataclasses.replace(weak(0.1, 0.1, False), **({"bandwidth": 1e-20} | change))


def test_entries_hold_plain_numbers():
    for entry in consistency_report(ClosedLoop()).entries:
        assert type(entry.value) is type(entry.limit) is float and type(entry.holds) is bool


def test_uncoupled_cavities_have_nothing_to_report():
    coupling = weak(0.0, 0.1, False)
    assert coupling.gamma_dec == coupling.gamma_0 == coupling.tilde_gamma_1 == 0
    with pytest.raises(ValueError, match="gamma_dec"):
        consistency_report(coupling)


def test_other_models_have_no_waveguide():
    einstein = EinsteinRates(two_level_systems=10, modes=10, tilde_gamma=1.0)
    for function in (implied_couplings, consistency_report):
        with pytest.raises(TypeError, match="OpenWaveguide or a ClosedLoop, got EinsteinRates"):
            function(einstein)


def test_a_coupling_has_its_own_phases():
    coupling = weak(0.1, 0.1, False)
    assert consistency_report(coupling, False).coupling is coupling
    with pytest.raises(ValueError, match="its own `propagation_phases`, False, got True"):
        consistency_report(coupling, True)
    with pytest.raises(TypeError, match="propagation_phases"):
        implied_couplings(OpenWaveguide(), propagation_phases="yes")
    with pytest.raises(TypeError, match="propagation_phases"):
        consistency_report(OpenWaveguide(), propagation_phases="yes")


def test_entries_are_found_by_name():
    report = consistency_report(OpenWaveguide())
    assert all(report[entry.name] is entry for entry in report.entries)
    with pytest.raises(KeyError, match="'y of the TLS, channel 1'"):
        report["y"]
