"""Argument checks, with messages that say what was expected, what came and what to do.

Every public function passes its arguments through these, so that a wrong shape, a NaN, a
non-hermitian coupling or a negative temperature stops the computation where it enters.
"""

import sys
import warnings
from operator import index
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

HERMITIAN_TOLERANCE = 1e-12
"""Largest allowed |v_kl - v_lk*|, relative to that entry."""

ROUNDING = 1e-15
"""The same relative to the largest entry, for entries that are zero but for rounding."""

LARGEST_NUMBER = 1e150
"""Larger numbers are refused: their squares would overflow."""

NORMALIZATION_TOLERANCE = 1e-9
"""Largest allowed deviation of the sum of probabilities from one."""

NEGATIVE_ROUNDING = 1e-12
"""Probabilities that are negative by no more than this count as zero."""

STATE_TOLERANCE = 1e-9
"""Deviations that a density matrix may have from hermitian, from trace one, from positive."""

DEGENERACY_TOLERANCE = 1e-9
"""Levels closer than this fraction of the spectrum's width count as degenerate."""

SECULAR_RATIO = 10.0
"""Level splittings should exceed the largest decay rate by at least this factor."""


class DegenerateLevelsError(ValueError):
    """Two levels are too close for populations to evolve independently of coherences."""


class ReducibleChainError(ValueError):
    """The rates leave more than one stationary state."""


class ConvergenceError(ArithmeticError):
    """A computation did not reach its tolerance within its limits."""


class SecularWarning(UserWarning):
    """Level splittings are not large compared with decay rates."""


def real_array(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `value` as a finite real array.

    Raises
    ------
    TypeError
        If `value` is not numeric, or is complex.
    ValueError
        If an entry is NaN or infinite.
    """
    array = _numeric(value, name)
    if np.iscomplexobj(array):
        raise TypeError(f"`{name}` must be real, got complex numbers; pass the real part")
    array = array.astype(np.float64)
    _require_finite(array, name)
    return array


def complex_array(value: ArrayLike, name: str) -> NDArray[np.complex128]:
    """Return `value` as a finite complex array; errors as in `real_array`."""
    array = _numeric(value, name).astype(np.complex128)
    _require_finite(array, name)
    return array


def vector(value: ArrayLike, name: str, length: int | None = None) -> NDArray[np.float64]:
    """Return `value` as a real array of shape (length,), or of shape (n,) with n ≥ 1."""
    array = real_array(value, name)
    if array.ndim != 1 or array.size == 0 or (length is not None and array.size != length):
        expected = "(n,) with n ≥ 1" if length is None else f"({length},)"
        raise ValueError(f"`{name}` must have shape {expected}, got {array.shape}")
    return array


def rising_times(times: ArrayLike, repeated: bool = False) -> NDArray[np.float64]:
    """Return `times` as an array (t,) that begins at zero or later and increases.

    With `repeated`, a time may follow itself.
    """
    array = vector(times, "times")
    if array[0] < 0:
        raise ValueError(f"`times` must not be negative, the start is at zero; got {array[0]}")
    falls = np.diff(array) < 0 if repeated else np.diff(array) <= 0
    if np.any(falls):
        last = np.argmax(falls)
        raise ValueError(
            f"`times` must increase, got {array[last]} before {array[last + 1]}; sort them"
        )
    return array


def scalar(value: ArrayLike, name: str) -> float:
    """Return `value` as a finite real number."""
    array = real_array(value, name)
    if array.ndim != 0:
        raise ValueError(f"`{name}` must be one number, got shape {array.shape}")
    return float(array)


def positive_scalar(value: ArrayLike, name: str) -> float:
    """Return `value` as a finite number above zero."""
    number = scalar(value, name)
    if number <= 0:
        raise ValueError(f"`{name}` must be positive, got {number}")
    return number


def whole_number(value: int, name: str, lowest: int, highest: int | None = None) -> int:
    """Return `value` as a whole number from `lowest` to `highest`, both included."""
    try:
        number = index(value)
    except TypeError as error:
        raise TypeError(f"`{name}` must be a whole number, got {value!r}") from error
    if number < lowest or (highest is not None and number > highest):
        expected = f"at least {lowest}" if highest is None else f"one of {lowest} … {highest}"
        raise ValueError(f"`{name}` must be {expected}, got {number}")
    return number


def inverse_temperature(beta: ArrayLike) -> NDArray[np.float64]:
    """Return `beta`, of any shape, as finite numbers above zero."""
    array = real_array(beta, "beta")
    if array.size == 0:
        raise ValueError(f"`beta` must hold at least one number, got shape {array.shape}")
    if np.any(array <= 0):
        raise ValueError(
            f"`beta` is the inverse temperature 1/kT and must be positive, got {array.min()}"
        )
    return array


def one_inverse_temperature(beta: ArrayLike) -> float:
    """Return `beta` as one finite number above zero."""
    return float(inverse_temperature(scalar(beta, "beta")))


def hermitian_matrix(matrix: ArrayLike, name: str, size: int) -> NDArray[np.complex128]:
    """Return `matrix` as an exactly hermitian array of shape (size, size)."""
    array = complex_array(matrix, name)
    if array.shape != (size, size):
        raise ValueError(
            f"`{name}` must have shape ({size}, {size}), one row and column a level, "
            f"got {array.shape}"
        )
    adjoint = array.conj().T
    deviation, size = np.abs(array - adjoint), np.abs(array)
    allowed = HERMITIAN_TOLERANCE * np.maximum(size, size.T) + ROUNDING * size.max()
    if np.any(deviation > allowed):
        raise ValueError(
            f"`{name}` must be hermitian, but |{name} - {name}†| reaches {deviation.max():.3g}; "
            "a real potential gives v[k, l] = conj(v[l, k])"
        )
    return (array + adjoint) / 2


def rate_matrix(rates: ArrayLike) -> NDArray[np.float64]:
    """Return rates of shape (..., n, n) with a zero diagonal.

    The diagonal of the input is ignored, so a generator (whose columns sum to zero) is
    accepted as well.

    Raises
    ------
    ValueError
        If the last two axes differ in length, or a rate between two states is negative.
    """
    array = real_array(rates, "rates")
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] == 0:
        raise ValueError(f"`rates` must have shape (..., n, n) with n ≥ 1, got {array.shape}")
    n = array.shape[-1]
    array[..., np.arange(n), np.arange(n)] = 0.0
    if np.any(array < 0):
        raise ValueError(
            f"`rates` must not be negative, got {array.min():.3g}; "
            "rates[k, l] is the rate of jumps from state l to state k"
        )
    return array


def distribution(p: ArrayLike, name: str, size: int) -> NDArray[np.float64]:
    """Return probabilities of shape (..., size) that are not negative and sum to one.

    Entries that are negative by rounding, as those of differential equations are, become zero.
    """
    array = real_array(p, name)
    if array.ndim < 1 or array.shape[-1] != size:
        raise ValueError(
            f"`{name}` must have shape (..., {size}), one entry a state, got {array.shape}"
        )
    if np.any(array < -NEGATIVE_ROUNDING):
        raise ValueError(f"`{name}` must not be negative, got {array.min():.3g}")
    array = np.maximum(array, 0.0)
    deviation = np.abs(array.sum(axis=-1) - 1).max(initial=0.0)
    if deviation > NORMALIZATION_TOLERANCE:
        raise ValueError(
            f"`{name}` must sum to one, but is off by {deviation:.3g}; divide it by its sum"
        )
    return array


def density_matrix(rho: ArrayLike, name: str, size: int | None = None) -> NDArray[np.complex128]:
    """Return density matrices of shape (..., size, size), exactly hermitian and of trace one."""
    array = complex_array(rho, name)
    n = size or (array.shape[-1] if array.ndim else 0)
    if n == 0 or array.shape[-2:] != (n, n):
        expected = "(..., n, n)" if size is None else f"(..., {n}, {n})"
        raise ValueError(
            f"`{name}` must have shape {expected}, got {array.shape}; a pure state ψ has the "
            "density matrix np.outer(ψ, ψ.conj())"
        )
    adjoint = np.swapaxes(array.conj(), -1, -2)
    deviation = np.abs(array - adjoint).max(initial=0.0)
    if deviation > STATE_TOLERANCE:
        raise ValueError(
            f"`{name}` must be hermitian, but |{name} - {name}†| reaches {deviation:.3g}"
        )
    array = (array + adjoint) / 2
    trace = np.trace(array, axis1=-2, axis2=-1).real
    deviation = np.abs(trace - 1).max(initial=0.0)
    if deviation > STATE_TOLERANCE:
        raise ValueError(
            f"`{name}` must have trace one, but is off by {deviation:.3g}; divide it by its trace"
        )
    lowest = np.linalg.eigvalsh(array).min(initial=0.0)
    if lowest < -STATE_TOLERANCE:
        raise ValueError(
            f"`{name}` must be positive, but has the eigenvalue {lowest:.3g}; no eigenvalue of a "
            "density matrix is negative, they are probabilities"
        )
    return array / trace[..., None, None]


def superoperator(matrix: ArrayLike, name: str) -> NDArray[np.complex128]:
    """Return a superoperator of shape (n², n²), for density matrices stacked by columns."""
    array = complex_array(matrix, name)
    n = round(array.shape[0] ** 0.5) if array.ndim else 0
    if n == 0 or array.shape != (n * n, n * n):
        raise ValueError(
            f"`{name}` must have shape (n², n²), as `lindbladian` returns, got {array.shape}"
        )
    return array


def fitting_batches(**batches: tuple[int, ...]) -> None:
    """Raise `ValueError` unless the shapes of these batches, given by name, broadcast."""
    try:
        np.broadcast_shapes(*batches.values())
    except ValueError as error:
        shapes = ", ".join(f"`{name}` {shape}" for name, shape in batches.items())
        raise ValueError(
            f"batches must have shapes that broadcast, got {shapes}; "
            "insert axes of length one to combine each with each"
        ) from error


def square_matrix(matrix: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `matrix` as a real array of shape (n, n) with n ≥ 1."""
    array = real_array(matrix, name)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.size == 0:
        raise ValueError(f"`{name}` must have shape (n, n) with n ≥ 1, got {array.shape}")
    return array


def doubly_stochastic(matrix: ArrayLike, name: str, tolerance: float) -> NDArray[np.float64]:
    """Return a matrix (n, n) that is not negative and whose rows and columns sum to one.

    Entries that are negative by less than `tolerance` are set to zero.
    """
    array = square_matrix(matrix, name)
    if np.any(array < -tolerance):
        raise ValueError(f"`{name}` must not be negative, got {array.min():.3g}")
    for axis, lines in [(1, "rows"), (0, "columns")]:
        deviation = np.abs(array.sum(axis=axis) - 1).max()
        if deviation > tolerance:
            raise ValueError(
                f"the {lines} of `{name}` must sum to one, but are off by {deviation:.3g}; "
                "probabilities |U_kl|² of a unitary matrix sum to one both ways"
            )
    return np.maximum(array, 0.0)


def instance(value: object, name: str, kind: type) -> None:
    """Raise `TypeError` unless `value` is of this kind."""
    if not isinstance(value, kind):
        raise TypeError(
            f"`{name}` must be a {kind.__name__}, got {type(value).__name__}; "
            f"make one with {kind.__name__}(...)"
        )


def choice(value: str, name: str, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of `allowed`."""
    if value not in allowed:
        options = ", ".join(repr(option) for option in allowed)
        raise ValueError(f"`{name}` must be one of {options}, got {value!r}")
    return value


def nondegenerate(energies: NDArray[np.float64], tolerance: float = DEGENERACY_TOLERANCE) -> None:
    """Raise `DegenerateLevelsError` if two levels nearly coincide.

    The tolerance is relative to the width of the spectrum.

    The Pauli equation for populations rests on the secular average, which needs every
    transition between two levels to have a frequency well away from zero.
    """
    ordered = np.sort(energies)
    if ordered.size < 2:
        return
    closest = np.diff(ordered).min()
    if closest <= tolerance * (ordered[-1] - ordered[0]):
        levels = ", ".join(f"{level:.6g}" for level in energies)
        raise DegenerateLevelsError(
            f"two levels coincide among {levels}: their populations do not evolve "
            "independently of coherences, so the secular rate equation fails; "
            "move the flux (or the levels) away from the crossing"
        )


def secular(splitting: float, decay: float) -> None:
    """Warn, where the library was called, unless `splitting` is large compared with `decay`."""
    if splitting >= SECULAR_RATIO * decay:
        return
    library, frame, level = str(Path(__file__).parent), sys._getframe(), 1
    # The constructor that a dataclass writes itself has the file name "<string>".
    while frame.f_back and frame.f_code.co_filename.startswith((library, "<string>")):
        frame, level = frame.f_back, level + 1
    warnings.warn(
        f"frequencies that are treated as different lie {splitting:.3g} apart, only "
        f"{splitting / decay:.3g} times the largest decay rate {decay:.3g}; the secular average "
        f"needs {SECULAR_RATIO:g} or more: rates are proportional to the density of the bath, "
        "lower it or couple more weakly",
        SecularWarning,
        stacklevel=level,
    )


def _numeric(value: ArrayLike, name: str) -> NDArray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"`{name}` must be a regular array of numbers: {error}") from error
    if array.dtype.kind not in "biufc":
        raise TypeError(f"`{name}` must be numeric, got {value!r}")
    return array


def _require_finite(array: NDArray, name: str) -> None:
    if not np.all(np.isfinite(array)):
        raise ValueError(f"`{name}` must be finite, got NaN or infinity")
    if np.any(np.abs(array) > LARGEST_NUMBER):
        raise ValueError(
            f"`{name}` must be finite and at most {LARGEST_NUMBER:g} in size, got "
            f"{np.abs(array).max():.3g}; choose other units"
        )
