"""Random physical systems for property tests."""

import numpy as np
from hypothesis import strategies as st

from detailedbalance import ContactScattering

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
