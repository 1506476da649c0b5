"""Wave functions and thermal averages in 30 digits, sharing no code with the library.

t comes from a linear solve of the Lippmann-Schwinger equations, closed channels included, wave
functions from matching at the contact, the energy integral from double-exponential quadrature in
E itself, split at thresholds and at the resonances that bound states of the closed channels make.
"""

import itertools

import mpmath as mp
import numpy as np

DIGITS = 30


def matched_wave(energies, coupling, mass, energy, level, positions):
    """ψ_k(q) of a unit wave from the left in `level`, a complex array (positions, n).

    Unknown are r_k and s_k of ψ_k = δ_kl e^{ip_l q} + r_k e^{-ip_k q} on the left and
    s_k e^{ip_k q} on the right.  ψ_k is continuous at the contact, and
    ψ_k'(0+) - ψ_k'(0-) = 2m Σ_j v_kj ψ_j(0).
    """
    n = len(energies)
    with mp.workdps(DIGITS):
        p = [
            mp.sqrt(mp.mpc(2 * mp.mpf(mass) * (mp.mpf(energy) - mp.mpf(level))))
            for level in energies
        ]
        equations, source = mp.zeros(2 * n), mp.zeros(2 * n, 1)
        for k in range(n):
            equations[k, k], equations[k, n + k] = -1, 1
            equations[n + k, k] += 1j * p[k]
            equations[n + k, n + k] += 1j * p[k]
            for j in range(n):
                equations[n + k, n + j] -= 2 * mp.mpf(mass) * mp.mpc(complex(coupling[k][j]))
        source[level], source[n + level] = 1, 1j * p[level]
        amplitudes = mp.lu_solve(equations, source)
        wave = np.zeros((len(positions), n), dtype=complex)
        for row, q in enumerate(positions):
            for k in range(n):
                side = amplitudes[k] if q < 0 else amplitudes[n + k]
                psi = side * mp.exp(1j * p[k] * abs(mp.mpf(q)))
                if q < 0 and k == level:
                    psi += mp.exp(1j * p[k] * mp.mpf(q))
                wave[row, k] = complex(psi)
        return wave


def t_matrix(energies, coupling, mass, energy):
    """Return t from the open channels, and b, at one energy."""
    n = len(energies)
    b = [mass / mp.sqrt(mp.mpc(2 * mass * (energy - level))) for level in energies]
    # t = v (1 + i b v)⁻¹ solved as (1 + i v b) t = v, column by column.
    lhs = [[(j == k) + 1j * coupling[k, j] * b[j] for j in range(n)] for k in range(n)]
    channels = [k for k, level in enumerate(energies) if energy > level]
    solution = _solve(lhs, [[coupling[k, l] for l in channels] for k in range(n)])
    t = mp.matrix(n, n)
    for k, row in enumerate(solution):
        for l, entry in zip(channels, row, strict=True):
            t[k, l] = entry
    return t, b


def _solve(lhs, rhs):
    """Gauss-Jordan elimination on lists of rows, several times faster than `mp.lu_solve`."""
    n = len(lhs)
    rows = [left + right for left, right in zip(lhs, rhs, strict=True)]
    for j in range(n):
        pivot = max(range(j, n), key=lambda k: abs(rows[k][j]))
        rows[j], rows[pivot] = rows[pivot], rows[j]
        rows[j] = [entry / rows[j][j] for entry in rows[j]]
        for k in range(n):
            if k != j:
                rows[k] = [x - rows[k][j] * y for x, y in zip(rows[k], rows[j], strict=True)]
    return [row[n:] for row in rows]


def probabilities(energies, coupling, mass, energy):
    """|S_kl|² at one energy, zero for closed channels."""
    t, b = t_matrix(energies, coupling, mass, energy)
    n = len(energies)
    result = mp.matrix(n, n)
    for incoming, outgoing in itertools.product(range(n), repeat=2):
        if energy > energies[incoming] and energy > energies[outgoing]:
            amplitude = -2j * mp.sqrt(b[outgoing] * b[incoming]) * t[outgoing, incoming]
            amplitude += 1 if incoming == outgoing else 0
            result[outgoing, incoming] = abs(amplitude) ** 2
    return result


def symmetries(energies, coupling, mass, energy):
    """‖t‖², ‖t - t†‖², ‖t - tᵀ‖² and Σ||t_kl|² - |t_lk|²| of the open channels, a row."""
    t, _ = t_matrix(energies, coupling, mass, energy)
    channels = [k for k, level in enumerate(energies) if energy > level]
    result = mp.matrix(1, 4)
    for k, l in itertools.product(channels, repeat=2):
        result[0] += abs(t[k, l]) ** 2
        result[1] += abs(t[k, l] - mp.conj(t[l, k])) ** 2
        result[2] += abs(t[k, l] - t[l, k]) ** 2
        result[3] += abs(abs(t[k, l]) ** 2 - abs(t[l, k]) ** 2)
    return result


def thermal_flux(energies, coupling, mass, betas, nodes_per_unit=32):
    """F_kl(β) for a list of β, as a float array (β, n, n).

    Poles at a threshold itself need more `nodes_per_unit`.
    """
    return _thermal_integral(probabilities, energies, coupling, mass, betas, nodes_per_unit)


def symmetry_defects(energies, coupling, mass, betas, nodes_per_unit=32):
    """Hermiticity, reciprocity and time reversal for a list of β, a float array (β, 3)."""
    sums = _thermal_integral(symmetries, energies, coupling, mass, betas, nodes_per_unit)[:, 0]
    return sums[:, 1:] / sums[:, :1]


def net_flux(energies, coupling, mass, betas, nodes_per_unit=32):
    """F_kl(β) - F_lk(β), subtracted in 30 digits energy by energy, as a float array (β, n, n)."""

    def differences(*arguments):
        p = probabilities(*arguments)
        return p - p.T

    return _thermal_integral(differences, energies, coupling, mass, betas, nodes_per_unit)


def coefficients(energies, coupling, mass, beta, groups, nodes_per_unit=32):
    """∫dε e^{-βε} X_a(E_l + ε) X_b(E_l' + ε)* for lists of pairs a = (k, l), and that of X_kk.

    X = S - 1.  Returns a complex array (m, m) for each list, and one (n,).
    """
    n = len(energies)
    with mp.workdps(DIGITS):
        levels = [mp.mpf(level) for level in energies]
        v = [[mp.mpc(complex(entry)) for entry in row] for row in coupling]
        mass, beta = mp.mpf(mass), mp.mpf(beta)
        # Each initial level has thresholds and resonances of its own in the kinetic energy.
        special = levels + _resonances(levels, mp.matrix(v), mass)
        cuts = sorted({energy - level for energy in special for level in levels})
        cuts = [cut for cut in cuts if cut >= 0]
        matrices = [np.zeros((len(pairs), len(pairs)), dtype=object) for pairs in groups]
        averages = np.zeros(n, dtype=object)
        for kinetic, weight in _nodes(cuts, [beta], nodes_per_unit):
            if kinetic in cuts:
                continue
            weight *= mp.exp(-beta * kinetic)
            columns = [_scattered(levels, v, mass, kinetic, l) for l in range(n)]
            averages += [weight * columns[k][k] for k in range(n)]
            for matrix, pairs in zip(matrices, groups, strict=True):
                x = [columns[l][k] for k, l in pairs]
                matrix += np.outer([weight * entry for entry in x], [mp.conj(y) for y in x])
        return [matrix.astype(complex) for matrix in matrices], averages.astype(complex)


def _scattered(levels, v, mass, kinetic, l):
    """Column l of S - 1 at the energy E_l + ε."""
    n, energy = len(levels), levels[l] + kinetic
    b = [mass / mp.sqrt(mp.mpc(2 * mass * (energy - level))) for level in levels]
    lhs = [[(j == k) + 1j * v[k][j] * b[j] for j in range(n)] for k in range(n)]
    t = [entry for (entry,) in _solve(lhs, [[row[l]] for row in v])]
    is_open = [energy > level for level in levels]
    return [-2j * mp.sqrt(b[k] * b[l]) * t[k] if is_open[k] else mp.mpc(0) for k in range(n)]


def _thermal_integral(function, energies, coupling, mass, betas, nodes_per_unit):
    """∫dE e^{-βE} of a matrix, from the lowest level up, as a float array (β, rows, columns)."""
    with mp.workdps(DIGITS):
        levels = [mp.mpf(level) for level in energies]
        v = mp.matrix([[mp.mpc(complex(entry)) for entry in row] for row in coupling])
        mass = mp.mpf(mass)
        betas = [mp.mpf(beta) for beta in betas]
        cuts = sorted(set(levels) | set(_resonances(levels, v, mass)))
        nodes = _nodes(cuts, betas, nodes_per_unit)
        totals = [0 for _ in betas]
        for energy, weight in nodes:
            if energy in cuts:  # rounded onto an end, where the weight is below 1e-28
                continue
            value = function(levels, v, mass, energy)
            for index, beta in enumerate(betas):
                totals[index] += weight * mp.exp(-beta * energy) * value
        return np.array([[[float(entry) for entry in row] for row in x.tolist()] for x in totals])


def _resonances(levels, v, mass):
    """Energies where the closed channels alone, κ + m v_cc, have a bound state."""
    ordered = sorted(levels)
    found = []
    for low, high in itertools.pairwise(ordered):
        closed = [j for j, level in enumerate(levels) if level >= high]

        def bound(energy, rank, closed=closed):
            matrix = mp.matrix(len(closed), len(closed))
            for row, k in enumerate(closed):
                for column, l in enumerate(closed):
                    matrix[row, column] = mass * v[k, l]
                matrix[row, row] += mp.sqrt(2 * mass * (levels[k] - energy))
            return mp.eighe(matrix, eigvals_only=True)[rank]

        # Each eigenvalue falls with energy, so it changes sign once at most.
        for rank in range(len(closed)):
            if bound(low, rank) > 0 > bound(high, rank):
                left, right = low, high
                for _ in range(100):
                    middle = (left + right) / 2
                    left, right = (middle, right) if bound(middle, rank) > 0 else (left, middle)
                found.append(_pole(levels, v, mass, left, closed))
    return found


def _pole(levels, v, mass, start, closed):
    """Real part of the zero of det(p + imv) next to a bound state of the closed channels.

    Quadrature that clusters its nodes around it meets a symmetric peak.
    """
    n = len(levels)

    def determinant(energy):
        matrix = 1j * mass * v
        for j in range(n):
            gap = 2 * mass * (levels[j] - energy)
            matrix[j, j] += 1j * mp.sqrt(gap) if j in closed else mp.sqrt(-gap)
        return mp.det(matrix)

    nearby = mp.mpc(start), start + mp.mpc("1e-12", "-1e-12")
    root = mp.findroot(determinant, nearby, tol=1e-50, verify=False)
    return root.real


def _nodes(cuts, betas, nodes_per_unit):
    nodes = []
    for low, high in itertools.pairwise(cuts):
        nodes += _tanh_sinh(low, high, nodes_per_unit)
    return nodes + _exp_sinh(cuts[-1], 1 / mp.sqrt(min(betas) * max(betas)), nodes_per_unit)


def _tanh_sinh(low, high, nodes_per_unit):
    half, step = (high - low) / 2, mp.mpf(1) / nodes_per_unit
    nodes = []
    for k in range(int(-3.6 * nodes_per_unit), int(3.6 * nodes_per_unit) + 1):
        s = mp.pi / 2 * mp.sinh(k * step)
        weight = step * half * mp.pi / 2 * mp.cosh(k * step) / mp.cosh(s) ** 2
        # Distance from the nearer end, formed without cancellation.
        distance = 2 * half / (1 + mp.exp(2 * abs(s)))
        nodes.append((low + distance if s < 0 else high - distance, weight))
    return nodes


def _exp_sinh(low, scale, nodes_per_unit):
    step = mp.mpf(1) / nodes_per_unit
    nodes = []
    for k in range(int(-4.2 * nodes_per_unit), int(2.8 * nodes_per_unit) + 1):
        distance = scale * mp.exp(mp.pi / 2 * mp.sinh(k * step))
        weight = step * distance * mp.pi / 2 * mp.cosh(k * step)
        nodes.append((low + distance, weight))
    return nodes
