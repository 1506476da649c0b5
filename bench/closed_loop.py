"""How fast does the closed loop of light reach its steady state, 3000 µs from the start?

Peers in the same run, on the paper's equations in plain Python floats: `scipy.integrate.solve_ivp`
with its default method RK45, and with DOP853, Radau, BDF and LSODA.  Each gets the loosest
tolerance with which it is as precise as the library promises, 1e-11 relative in every occupation;
where none is, the best error stands.  The reference is an explicit method of order eight in short
pieces up to 10 µs, and at 3000 µs the steady state in 40 digits.  Prints JSON.

    python bench/closed_loop.py
"""

import json
import time

import mpmath as mp
import numpy as np
from scipy.integrate import solve_ivp

from detailedbalance.light import ClosedLoop

MODEL = ClosedLoop()
TIMES = np.array([0.1, 1, 10, 3000])
GOAL = 1e-11
TOLERANCES = [1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 3e-14]
ABSOLUTE = 1e-3  # of the relative tolerance: occupations go down to 0.003
METHODS = ["RK45", "DOP853", "Radau", "BDF", "LSODA"]
REPETITIONS = 5


def equations(_, state):
    """[B] (90)-(94) with the parameters of Fig. 7: γ̃_2 = γ̃_12 = 0, 𝒩 = 𝒩' = M = 100."""
    a, b, c, d, m = state
    g, up = 0.01, 100 - m
    to_b, to_a = (c + 1) * (b + 1) * a, (d + 1) * (a + 1) * b
    absorbed, emitted = up * a * (c + 1), m * (b + 1) * (c + 1)
    channel = up * c - m * (c + 1)
    cross = g * (a + b + 2) * (d - c)
    return [
        g * (c + d - 2 * a) - absorbed / 10 + g * (to_a - to_b),
        g * (c + d - 2 * b) + emitted / 10 + g * (to_b - to_a),
        g * (a + b - 2 * c) - channel / 10 + cross,
        g * (a + b - 2 * d) - cross,
        10 * (channel + absorbed - emitted),
    ]


def reference():
    """The states at `TIMES`, to about 1e-13."""
    states, now = [MODEL.initial_state], 0.0
    for until in TIMES[:-1]:
        for piece in np.linspace(now, until, 51)[1:]:
            solution = solve_ivp(
                equations, (now, piece), states[-1], method="DOP853", rtol=3e-14, atol=1e-20
            )
            now = piece
            states.append(solution.y[:, -1])
    return np.array([*states[50::50], exact_steady_state()])


def exact_steady_state():
    """The same equations and the number of quanta, solved in 40 digits."""
    quanta = 100 * MODEL.initial_state[:4].sum() + MODEL.initial_state[4]

    def unknown(*state):
        return [*equations(0, state)[:4], 100 * sum(state[:4]) + state[4] - quanta]

    with mp.workdps(40):
        start = [float(x) for x in MODEL.steady_state()]
        return np.array([float(x) for x in mp.findroot(unknown, start)])


def by_library():
    return MODEL.solve(TIMES).states


def by_scipy(method, tolerance):
    def run():
        solution = solve_ivp(
            equations,
            (0, TIMES[-1]),
            MODEL.initial_state,
            method=method,
            t_eval=TIMES,
            rtol=tolerance,
            atol=ABSOLUTE * tolerance,
        )
        return solution.y.T

    return run


def seconds(run, repetitions=REPETITIONS):
    taken = []
    for _ in range(repetitions):
        begin = time.process_time()
        run()
        taken.append(time.process_time() - begin)
    return min(taken)


def main():
    exact = reference()

    def error(run):
        return float(np.abs(run() / exact - 1).max())

    library = seconds(by_library)
    table = [
        {"method": "library", "error": error(by_library), "ms": 1e3 * library, "ratio": 1.0},
        {
            "method": "library, steady_state",
            "error": float(np.abs(MODEL.steady_state() / exact[-1] - 1).max()),
            "ms": 1e3 * seconds(MODEL.steady_state),
        },
    ]
    for method in METHODS:
        rows = []
        for tolerance in TOLERANCES:
            run = by_scipy(method, tolerance)
            rows.append({"method": method, "rtol": tolerance, "error": error(run)})
            if rows[-1]["error"] <= GOAL:
                break
        row = min(rows, key=lambda row: row["error"])
        taken = seconds(by_scipy(method, row["rtol"]), repetitions=1)
        row |= {"reached": row["error"] <= GOAL, "ms": 1e3 * taken, "ratio": taken / library}
        table.append(row)
    print(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()
