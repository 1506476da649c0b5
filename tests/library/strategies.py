"""Random physical systems for property tests."""

import numpy as np
from hypothesis import strategies as st

from detailedbalance import ContactScattering, SecularGenerator, bohr_groups

couplings = st.floats(-3, 3)
fluxes = st.floats(0.05, 0.45)
inverse_temperatures = st.floats(0.05, 20)
masses = st.floats(0.2, 5)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def contacts(draw, min_levels=1, max_levels=6):
    """Random levels and a random hermitian coupling of random strength."""
    n = draw(st.integers(min_levels, max_levels))
    random = np.random.default_rng(draw(seeds))
    energies = np.cumsum(random.uniform(0.05, 1.0, n)) - random.uniform(0, n)
    matrix = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    strength = draw(st.sampled_from([0.01, 0.3, 1.0, 10.0]))
    coupling = strength * (matrix + matrix.conj().T)
    return ContactScattering(random.permutation(energies), coupling, draw(masses))


@st.composite
def energies_above(draw, contact):
    """A collision energy between the lowest threshold and well above the highest one."""
    lowest, highest = contact.energies.min(), contact.energies.max()
    return lowest + draw(st.floats(0.001, 0.999)) * (highest - lowest + 2.0)


@st.composite
def rate_matrices(draw, min_states=2, max_states=6):
    """Random rates whose logarithms spread over several decades."""
    n = draw(st.integers(min_states, max_states))
    random = np.random.default_rng(draw(seeds))
    rates = np.exp(draw(st.sampled_from([0.5, 3.0])) * random.normal(size=(n, n)))
    np.fill_diagonal(rates, 0.0)
    return rates


LADDERS = {
    "equidistant": lambda n, random: np.arange(n),
    "some gaps equal": lambda n, random: np.cumsum(random.integers(1, 4, n)),
    "generic": lambda n, random: np.cumsum(2.0 ** np.arange(n)),
}


@st.composite
def secular_generators(draw, min_levels=1, max_levels=5, full_rank=False):
    """Random levels that share Bohr frequencies or do not, and random coefficients and shifts.

    Coefficients of full rank make the stationary state unique, with all levels occupied.
    """
    n = draw(st.integers(min_levels, max_levels))
    random = np.random.default_rng(draw(seeds))
    ladder = LADDERS[draw(st.sampled_from(sorted(LADDERS)))](n, random)
    energies = random.permutation(ladder) + random.normal()
    coefficients = []
    for group in bohr_groups(energies):
        m = len(group.pairs)
        rank = m if full_rank else random.integers(0, m + 1)
        vectors = random.normal(size=(m, rank)) + 1j * random.normal(size=(m, rank))
        # Small enough for the secular average at any draw.
        coefficients.append(2e-4 * random.exponential() * (vectors @ vectors.conj().T))
    shift = 0.1 * random.normal(size=n) * draw(st.booleans())
    return SecularGenerator(energies, coefficients, shift)


@st.composite
def density_matrices(draw, n, full_rank=True):
    """Random states with coherences."""
    random = np.random.default_rng(draw(seeds))
    rank = n if full_rank else draw(st.integers(1, n))
    vectors = random.normal(size=(n, rank)) + 1j * random.normal(size=(n, rank))
    rho = vectors @ vectors.conj().T
    return rho / np.trace(rho).real
