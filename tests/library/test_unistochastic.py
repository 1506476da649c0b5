"""Which doubly stochastic matrices are made by a unitary one: theorems and known matrices."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import contacts, seeds

from detailedbalance import (
    ConvergenceError,
    is_doubly_stochastic,
    is_unistochastic,
    unitary_from_probabilities,
)

TOLERANCE = 1e-10

SCHUR = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


def random_unitary(n, random):
    matrix = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    return np.linalg.qr(matrix)[0]


def random_doubly_stochastic(n, random):
    """A mixture of permutations."""
    weights = random.dirichlet(np.full(2 * n, 0.7))
    return sum(weight * np.eye(n)[random.permutation(n)] for weight in weights)


def circulant(first):
    return np.stack([np.roll(first, shift) for shift in range(len(first))])


def assert_makes(probabilities, tolerance=TOLERANCE):
    u = unitary_from_probabilities(probabilities)
    assert u is not None
    assert np.abs(np.abs(u) ** 2 - probabilities).max() < tolerance
    assert u @ u.conj().T == pytest.approx(np.eye(len(u)), abs=1e-13)
    assert is_unistochastic(probabilities)


@given(st.floats(0, 1))
def test_two_states_always_have_a_unitary_matrix(p):
    assert_makes(np.array([[1 - p, p], [p, 1 - p]]), 1e-14)


@given(st.integers(1, 5), seeds)
def test_squared_moduli_of_unitary_matrices_are_recognised(n, seed):
    assert_makes(np.abs(random_unitary(n, np.random.default_rng(seed))) ** 2)


@given(st.integers(1, 4), seeds)
def test_squared_orthogonal_matrices_are_recognised(n, seed):
    """They lie on the boundary: all polygons of links are flat."""
    matrix = np.random.default_rng(seed).normal(size=(n, n))
    assert_makes(np.linalg.qr(matrix)[0] ** 2)


@given(contacts(max_levels=4), st.floats(0.1, 3))
def test_scattering_probabilities_are_recognised(contact, above):
    s = contact.s_matrix(contact.energies.max() + above)
    assert_makes(np.abs(s) ** 2)


@pytest.mark.parametrize("n", range(1, 9))
def test_flat_and_permutation_matrices_are_recognised(n):
    """The Fourier matrix has moduli 1/√n; a permutation is unitary itself."""
    assert_makes(np.full((n, n), 1 / n))
    assert_makes(np.eye(n)[np.random.default_rng(n).permutation(n)], 1e-14)


def test_entries_that_are_negative_by_rounding_count_as_zero():
    p = np.eye(3) + 1e-12 * (np.roll(np.eye(3), 1, 0) - np.roll(np.eye(3), 2, 0))
    assert p.min() < 0
    assert is_doubly_stochastic(p)
    assert_makes(p)


def test_schurs_matrix_has_no_unitary_matrix():
    """Two of its columns meet in one row only, so they cannot be orthogonal."""
    assert is_doubly_stochastic(SCHUR)
    assert unitary_from_probabilities(SCHUR) is None
    assert not is_unistochastic(SCHUR)


@given(st.floats(0.02, 1), st.floats(0.02, 1))
def test_circulants_change_sides_at_the_deltoid(a, b):
    """1/√c = 1/√a + 1/√b is the boundary: the three links √(ab), √(bc), √(ca) just close."""
    first = np.array([a, b, (a**-0.5 + b**-0.5) ** -2])
    edge = circulant(first / first.sum())
    assert_makes(edge)
    flat = np.full((3, 3), 1 / 3)
    assert_makes(edge + 1e-4 * (flat - edge))
    assert unitary_from_probabilities(edge - 1e-4 * (flat - edge)) is None


@given(seeds)
def test_circulants_of_circulant_unitary_matrices_are_recognised(seed):
    """Every point of the deltoid: U = F diag(e^{iθ}) F†."""
    fourier = np.exp(2j * np.pi * np.outer(range(3), range(3)) / 3) / np.sqrt(3)
    phases = np.exp(1j * np.random.default_rng(seed).uniform(0, 2 * np.pi, 3))
    assert_makes(np.abs(fourier @ np.diag(phases) @ fourier.conj().T) ** 2)


@given(seeds)
def test_three_states_are_decided_by_their_triangles(seed):
    """All pairs of rows and columns agree, as the theorem says, and with the library."""
    p = random_doubly_stochastic(3, np.random.default_rng(seed))
    excess = []
    for matrix in (p, p.T):
        for a, b in [(0, 1), (1, 2), (2, 0)]:
            links = np.sqrt(matrix[:, a] * matrix[:, b])
            excess.append(2 * links.max() - links.sum())
    assume(max(map(abs, excess)) > 1e-6)
    assert len({bool(x > 0) for x in excess}) == 1
    assert is_unistochastic(p) == (excess[0] < 0)


@given(seeds)
def test_three_states_go_by_the_area_of_the_triangle(seed):
    """The square of 2 Im(U_00 U_11 U_01* U_10*) would be negative where there is no U."""
    p = random_doubly_stochastic(3, np.random.default_rng(seed))
    (a, b), (c, d) = p[:2, :2]
    area = 4 * a * b * c * d - (a + b + c + d - a * d - b * c - 1) ** 2
    if abs(area) > 1e-9:
        assert is_unistochastic(p) == (area > 0)


@pytest.mark.parametrize("n", [4, 5, 6])
def test_links_refute_larger_matrices(n):
    """The mean of the identity and a shift: neighbouring columns meet in one row."""
    shift = np.roll(np.eye(n), 1, axis=0)
    assert unitary_from_probabilities((np.eye(n) + shift) / 2) is None
    assert not is_unistochastic(0.95 * (np.eye(n) + shift) / 2 + 0.05 / n)


def test_rows_refute_where_columns_do_not():
    p = np.array([[5, 5, 0, 0], [5, 1, 4, 0], [0, 4, 2, 4], [0, 0, 4, 6]]) / 10
    for matrix in (p, p.T):
        assert unitary_from_probabilities(matrix) is None
    part = np.zeros((4, 4))
    part[:3, :3], part[3, 3] = SCHUR, 1
    assert not is_unistochastic(part)


def test_what_neither_is_found_nor_excluded_is_called_undecided():
    p = np.array([[2, 75, 6, 17], [15, 9, 76, 0], [8, 15, 2, 75], [75, 1, 16, 8]]) / 100
    assert is_doubly_stochastic(p)
    for function in (unitary_from_probabilities, is_unistochastic):
        with pytest.raises(ConvergenceError, match=r"undecided.*: 3 searches .* larger `starts`"):
            function(p, starts=3)


def test_more_starts_find_what_one_does_not():
    p = np.abs(random_unitary(5, np.random.default_rng(1))) ** 2
    with pytest.raises(ConvergenceError, match="1 searches"):
        is_unistochastic(p, starts=1)
    assert is_unistochastic(p, starts=100)


@given(st.integers(2, 4), seeds)
def test_order_of_rows_and_columns_and_transposition_do_not_matter(n, seed):
    random = np.random.default_rng(seed)
    for p in (np.abs(random_unitary(n, random)) ** 2, (np.eye(n) + np.roll(np.eye(n), 1, 0)) / 2):
        expected = is_unistochastic(p)
        shuffled = p[random.permutation(n)][:, random.permutation(n)]
        assert is_unistochastic(shuffled) == is_unistochastic(p.T) == expected


@given(st.integers(2, 4), seeds)
def test_rounded_sums_do_not_matter(n, seed):
    random = np.random.default_rng(seed)
    p = np.abs(random_unitary(n, random)) ** 2
    rounded = np.abs(p + random.uniform(-1e-11, 1e-11, (n, n)))
    assert is_doubly_stochastic(rounded)
    assert is_unistochastic(rounded)


@given(st.integers(1, 6), seeds)
def test_mixtures_of_permutations_are_doubly_stochastic(n, seed):
    p = random_doubly_stochastic(n, np.random.default_rng(seed))
    assert is_doubly_stochastic(p)
    assert is_doubly_stochastic(p.T)
    if n > 1:
        one_sided = np.random.default_rng(seed).dirichlet(np.ones(n), size=n)
        assert not is_doubly_stochastic(one_sided)
        assert not is_doubly_stochastic(one_sided.T)
        negative = 1.1 * np.eye(n) - 0.1 * np.roll(np.eye(n), 1, 0)
        assert not is_doubly_stochastic(negative)
    assert not is_doubly_stochastic(p + 2e-10 / n)
    assert is_doubly_stochastic(p + 2e-10 / n, tolerance=1e-9)


@pytest.mark.parametrize("function", [unitary_from_probabilities, is_unistochastic])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0.5, 0.6], [0.5, 0.4]], "rows of `probabilities` must sum to one, .* off by 0.1"),
        ([[0.5, 0.5], [0.6, 0.4]], "columns of `probabilities` must sum to one, .* off by 0.1"),
        ([[1.1, -0.1], [-0.1, 1.1]], "must not be negative, got -0.1"),
    ],
)
def test_other_matrices_are_refused(function, matrix, message):
    with pytest.raises(ValueError, match=message):
        function(matrix)


@pytest.mark.parametrize(
    "function", [is_doubly_stochastic, unitary_from_probabilities, is_unistochastic]
)
def test_bad_arguments_are_refused(function):
    with pytest.raises(ValueError, match=r"must have shape \(n, n\) with n ≥ 1, got \(2, 1, 1\)"):
        function(np.ones((2, 1, 1)))
    with pytest.raises(ValueError, match=r"must have shape \(n, n\)"):
        function([[0.5, 0.5]])
    with pytest.raises(ValueError, match=r"must have shape \(n, n\)"):
        function(np.zeros((0, 0)))
    with pytest.raises(ValueError, match="must be finite"):
        function([[np.nan, 1], [1, 0]])
    with pytest.raises(TypeError, match="must be real"):
        function(np.eye(2) * 1j)
    with pytest.raises(ValueError, match="`tolerance` must be positive"):
        function(np.eye(2), tolerance=0.0)


@pytest.mark.parametrize("function", [unitary_from_probabilities, is_unistochastic])
def test_bad_numbers_of_starts_are_refused(function):
    with pytest.raises(ValueError, match="`starts` must be at least 1, got 0"):
        function(np.eye(4), starts=0)
    with pytest.raises(TypeError, match="`starts` must be a whole number"):
        function(np.eye(4), starts=1.5)
