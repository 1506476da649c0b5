"""Thermal averages in 30 digits, sharing no code with the library.

t comes from a linear solve of the Lippmann-Schwinger equations, closed channels included, the
energy integral from double-exponential quadrature in E itself, split at thresholds and at the
resonances that bound states of the closed channels make.
"""

import itertools

import mpmath as mp
import numpy as np

DIGITS = 30


def probabilities(energies, coupling, mass, energy):
    """|S_kl|² at one energy, zero for closed channels."""
    n = len(energies)
    b = [mass / mp.sqrt(mp.mpc(2 * mass * (energy - level))) for level in energies]
    # t = v (1 + i b v)⁻¹ solved as (1 + i v b) t = v, column by column.
    lhs = mp.matrix(n, n)
    for k in range(n):
        for j in range(n):
            lhs[k, j] = (1 if k == j else 0) + 1j * coupling[k, j] * b[j]
    result = mp.matrix(n, n)
    for incoming in range(n):
        if energy <= energies[incoming]:
            continue
        t = mp.lu_solve(lhs, coupling[:, incoming])
        for outgoing in range(n):
            if energy > energies[outgoing]:
                amplitude = -2j * mp.sqrt(b[outgoing] * b[incoming]) * t[outgoing]
                amplitude += 1 if incoming == outgoing else 0
                result[outgoing, incoming] = abs(amplitude) ** 2
    return result


def thermal_flux(energies, coupling, mass, betas, nodes_per_unit=32):
    """F_kl(β) for a list of β, as a float array (β, n, n).

    Poles at a threshold itself need more `nodes_per_unit`.
    """
    with mp.workdps(DIGITS):
        levels = [mp.mpf(level) for level in energies]
        v = mp.matrix([[mp.mpc(complex(entry)) for entry in row] for row in coupling])
        mass = mp.mpf(mass)
        betas = [mp.mpf(beta) for beta in betas]
        n = len(levels)
        flux = [mp.matrix(n, n) for _ in betas]
        cuts = sorted(set(levels) | set(_resonances(levels, v, mass)))
        nodes = []
        for low, high in itertools.pairwise(cuts):
            nodes += _tanh_sinh(low, high, nodes_per_unit)
        nodes += _exp_sinh(cuts[-1], 1 / mp.sqrt(min(betas) * max(betas)), nodes_per_unit)
        for energy, weight in nodes:
            if energy in cuts:  # rounded onto an end, where the weight is below 1e-28
                continue
            p = probabilities(levels, v, mass, energy)
            for index, beta in enumerate(betas):
                flux[index] += weight * mp.exp(-beta * energy) * p
        return np.array([[[float(entry) for entry in row] for row in f.tolist()] for f in flux])


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
