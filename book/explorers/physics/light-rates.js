// Rate models of light and two-level systems: Einstein's rates, the open chiral waveguide, the
// closed loop, and the embedded cavity of [B].
// No page in here: it runs in a browser and in Node alike. Times in µs, rates in 1/µs, energies in
// ħΩ, entropies in k.
//
// A model is a list of processes, each carrying one quantum from a subsystem to another or outside.
//
//   const model = DetailedBalance.physics.lightRates.models.openWaveguide({ gamma_dec: 0.02 });
//   const run = model.solve([0, 0.1, 1], model.thermalState(1)); // run.states[time][variable], run.n_A
//
// Parameters have the library's names; rates are not negative, numbers of modes positive. A state
// is an array of mean occupations in the order of `model.variables`, the last one m.
(function (root) {
  "use strict";

  const OUTSIDE = "outside";
  const TWO_LEVEL = "TLS";
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  // ---- Thermal light and two-level systems, by β = ħΩ/kT ----

  const boseOccupation = (beta) => 1 / Math.expm1(beta);
  const excitedFraction = (beta) => 1 / (Math.exp(beta) + 1);
  const timesLog = (x, logarithm) => (x === 0 ? 0 : x * logarithm);

  /** β of a mode with n photons on average: infinite when it is empty. */
  const modeInverseTemperature = (n) => Math.log1p(1 / n);

  /** β of two-level systems of which the part p is excited: negative for an inversion. */
  const twoLevelInverseTemperature = (p) => Math.log1p(-p) - Math.log(p);

  /** The largest entropy that a mode with n photons on average can have. */
  const modeEntropy = (n) => Math.log1p(n) + timesLog(n, modeInverseTemperature(n));

  const twoLevelEntropy = (p) => -timesLog(p, Math.log(p)) - timesLog(1 - p, Math.log1p(-p));

  // Flow times β or a difference of them: zero where nothing flows, however cold.
  const finiteProduct = (flow, beta) => (flow === 0 ? 0 : flow * beta);
  const difference = (a, b) => (a === b ? 0 : a - b); // also where both are infinite

  // ---- Linear equations ----

  /** LU factors of a matrix in rows of length n, in place; returns how rows were swapped. */
  function factorize(a, n) {
    const pivots = new Int32Array(n);
    for (let j = 0; j < n; j++) {
      let pivot = j;
      for (let i = j + 1; i < n; i++) {
        if (Math.abs(a[i * n + j]) > Math.abs(a[pivot * n + j])) pivot = i;
      }
      pivots[j] = pivot;
      for (let c = 0; c < n && pivot !== j; c++) {
        const kept = a[j * n + c];
        a[j * n + c] = a[pivot * n + c];
        a[pivot * n + c] = kept;
      }
      for (let i = j + 1; i < n; i++) {
        const factor = (a[i * n + j] /= a[j * n + j]);
        if (factor === 0) continue;
        for (let c = j + 1; c < n; c++) a[i * n + c] -= factor * a[j * n + c];
      }
    }
    return pivots;
  }

  /** Solve with these factors, in place. */
  function substitute(lu, pivots, b) {
    const n = pivots.length;
    for (let j = 0; j < n; j++) {
      const kept = b[pivots[j]];
      b[pivots[j]] = b[j];
      b[j] = kept;
    }
    for (let i = 1; i < n; i++) for (let c = 0; c < i; c++) b[i] -= lu[i * n + c] * b[c];
    for (let i = n - 1; i >= 0; i--) {
      for (let c = i + 1; c < n; c++) b[i] -= lu[i * n + c] * b[c];
      b[i] /= lu[i * n + i];
    }
    return b;
  }

  // ---- Integration: Radau IIA, order 5, for stiff equations ----
  // Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.8. The method keeps
  // what is linear and conserved, here the quanta, and its decays never overshoot zero.

  const ROOT = Math.sqrt(6);
  const STAGES = [
    [(88 - 7 * ROOT) / 360, (296 - 169 * ROOT) / 1800, (3 * ROOT - 2) / 225],
    [(296 + 169 * ROOT) / 1800, (88 + 7 * ROOT) / 360, (-3 * ROOT - 2) / 225],
    [(16 - ROOT) / 36, (16 + ROOT) / 36, 1 / 9],
  ];
  const ESTIMATE = [(-13 - 7 * ROOT) / 3, (-13 + 7 * ROOT) / 3, -1 / 3];
  const ESTIMATE_SHIFT = 3 + Math.cbrt(9) - Math.cbrt(3);

  const TOLERANCE = 1e-6; // of the error estimate, which is of lower order than the step
  const EMPTY = 1e-40; // occupations below this are zero to the integrator
  const NEWTON = 1e-4; // the stages are solved to this part of the tolerance
  const NEWTON_STEPS = 12;
  const MOST_STEPS = 100000;

  /** Root mean square of the change in units of what is tolerated. */
  function size(change, state, k) {
    let total = 0;
    for (let i = 0; i < change.length; i++) {
      total += (change[i] / (EMPTY + TOLERANCE * state[i % k])) ** 2;
    }
    return Math.sqrt(total / change.length);
  }

  /** ∂(derivative)_i/∂(state)_j in rows: fluxes are at most quadratic in each occupation alone,
   * so central differences are exact. */
  function jacobian(derivative, state) {
    const k = state.length;
    const matrix = new Float64Array(k * k);
    for (let j = 0; j < k; j++) {
      const [above, below] = [state.slice(), state.slice()];
      above[j] += 0.5;
      below[j] -= 0.5;
      const [up, down] = [derivative(above), derivative(below)];
      for (let i = 0; i < k; i++) matrix[i * k + j] = up[i] - down[i];
    }
    return matrix;
  }

  /** The changes of state at the three stages of a step, or null if Newton does not find them. */
  function stages(derivative, state, slope, step) {
    const k = state.length;
    const matrix = new Float64Array(9 * k * k);
    for (let s = 0; s < 3; s++) {
      for (let r = 0; r < 3; r++) {
        for (let i = 0; i < k; i++) {
          for (let j = 0; j < k; j++) {
            matrix[(s * k + i) * 3 * k + r * k + j] =
              (s === r && i === j ? 1 : 0) - step * STAGES[s][r] * slope[i * k + j];
          }
        }
      }
    }
    const pivots = factorize(matrix, 3 * k);
    const changes = new Float64Array(3 * k);
    const rest = new Float64Array(3 * k);
    let last = Infinity;
    for (let newton = 0; newton < NEWTON_STEPS; newton++) {
      const slopes = [0, 1, 2].map((s) => derivative(state.map((x, i) => x + changes[s * k + i])));
      for (let s = 0; s < 3; s++) {
        const [a, b, c] = STAGES[s];
        for (let i = 0; i < k; i++) {
          rest[s * k + i] = -changes[s * k + i]
            + step * (a * slopes[0][i] + b * slopes[1][i] + c * slopes[2][i]);
        }
      }
      substitute(matrix, pivots, rest);
      let largest = 0;
      for (let i = 0; i < 3 * k; i++) {
        changes[i] += rest[i];
        largest = Math.max(largest, Math.abs(rest[i]));
      }
      const reached = state.map((x, i) => Math.max(x, Math.abs(x + changes[2 * k + i])));
      const change = size(rest, reached, k);
      if (change <= NEWTON) return changes;
      if (!(change < 2 * last)) return null;
      last = change;
    }
    return null;
  }

  /** One step: { state, error }, the error in units of what is tolerated; null if it failed. */
  function tryStep(derivative, ceilings, state, slope, step) {
    const k = state.length;
    const changes = stages(derivative, state, slope, step);
    if (!changes) return null;
    const next = state.map((x, i) => x + changes[2 * k + i]);
    for (let i = 0; i < k; i++) {
      if (!(next[i] >= -EMPTY && next[i] <= ceilings[i] * (1 + 1e-12))) return null;
      next[i] = Math.min(ceilings[i], next[i] < EMPTY ? 0 : next[i]);
    }
    const matrix = slope.map((x) => -x);
    for (let i = 0; i < k; i++) matrix[i * (k + 1)] += ESTIMATE_SHIFT / step;
    const pivots = factorize(matrix, k);
    const defect = state.map((_, i) =>
      sum(ESTIMATE.map((weight, s) => weight * changes[s * k + i])) / step);
    const reached = state.map((x, i) => Math.max(x, next[i]));
    const filtered = (at) =>
      substitute(matrix, pivots, derivative(at).map((x, i) => x + defect[i]));
    let error = filtered(state);
    // Once more for what is stiff, where the first estimate is far too large.
    if (size(error, reached, k) > 1) error = filtered(state.map((x, i) => x + error[i]));
    return { state: next, error: size(error, reached, k) };
  }

  /** The states at increasing times, from a start at time zero. */
  function integrate(derivative, ceilings, times, start) {
    let [time, state] = [0, start.slice()];
    let slope = jacobian(derivative, state);
    let wanted = 0.01 / Math.max(...slope.map(Math.abs), 1e-300);
    let count = 0;
    return times.map((target) => {
      while (time < target) {
        const rest = target - time;
        const whole = rest > 1.1 * wanted;
        const step = whole ? wanted : rest;
        const tried = tryStep(derivative, ceilings, state, slope, step);
        if (++count > MOST_STEPS || time + step / 16 === time) {
          throw new Error(`The rate equations could not be integrated beyond ${time} µs.`);
        }
        const error = tried ? tried.error : 256;
        const proposal = step * Math.min(8, Math.max(0.2, 0.9 * error ** -0.25));
        if (!(error <= 1)) {
          wanted = proposal;
          continue;
        }
        wanted = whole ? proposal : Math.max(wanted, proposal);
        time = whole ? time + step : target;
        state = tried.state;
        slope = jacobian(derivative, state);
      }
      return state.slice();
    });
  }

  // ---- What follows from a list of processes ----

  /**
   * A model: `sizes` are the quanta that one unit of each variable stands for, `processes` are
   * [source, target, name], `fluxes(state)` the quanta a µs that each carries.
   */
  function rateModel({ subsystems, variables, processes, parameters, sizes, fluxes }) {
    const M = parameters.two_level_systems;
    const places = processes.map((process) =>
      process.slice(0, 2).map((name) => subsystems.indexOf(name)));
    const last = variables.length - 1;
    const ceilings = variables.map((_, i) => (i === last ? M : Infinity));
    const by = (mode, twoLevel) => (state) =>
      state.map((x, i) => (i === last ? twoLevel(x / M) : mode(x)));
    const inverseTemperatures = by(modeInverseTemperature, twoLevelInverseTemperature);
    const single = by(modeEntropy, twoLevelEntropy);

    function derivative(state) {
      const carried = fluxes(state);
      const change = new Array(variables.length).fill(0);
      for (let r = 0; r < carried.length; r++) {
        const [source, target] = places[r];
        if (source >= 0) change[source] -= carried[r];
        if (target >= 0) change[target] += carried[r];
      }
      for (let i = 0; i < change.length; i++) change[i] /= sizes[i];
      return change;
    }

    /** Net quanta a µs by pair: flows["A→TLS"] from A to the TLS, "A→outside" what leaves. */
    function flows(state) {
      const net = {};
      fluxes(state).forEach((flux, r) => {
        const [source, target] = processes[r];
        const back = `${target}→${source}`;
        if (back in net) net[back] -= flux;
        else net[`${source}→${target}`] = (net[`${source}→${target}`] || 0) + flux;
      });
      return net;
    }

    /** The entropy that heat exchange between each two subsystems produces, k a µs. */
    function productionParts(state) {
      const beta = inverseTemperatures(state);
      const parts = {};
      for (const [pair, flow] of Object.entries(flows(state))) {
        const [source, target] = pair.split("→").map((name) => subsystems.indexOf(name));
        if (target >= 0) parts[pair] = finiteProduct(flow, difference(beta[target], beta[source]));
      }
      return parts;
    }

    /** β is one number or one for each subsystem. */
    function thermalState(beta = parameters.beta) {
      return subsystems.map((_, i) => {
        const own = Array.isArray(beta) ? beta[i] : beta;
        return i === last ? M * excitedFraction(own) : boseOccupation(own);
      });
    }

    return {
      subsystems, variables, processes, parameters, sizes, fluxes, derivative, thermalState,
      inverseTemperatures, flows, productionParts,
      initialState: thermalState(),
      /** Quanta in the whole system. */
      quanta: (state) => sum(state.map((x, i) => x * sizes[i])),
      /** The entropy of each subsystem. */
      entropies: (state) => single(state).map((s, i) => s * (i === last ? M : sizes[i])),
      /** The heat that each subsystem sends outside, ħΩ a µs. */
      heatFlows(state) {
        const heat = subsystems.map(() => 0);
        fluxes(state).forEach((flux, r) => {
          if (processes[r][1] === OUTSIDE) heat[places[r][0]] += flux;
        });
        return heat;
      },
      /** dS/dt of the sum of the subsystems' entropies, k a µs. */
      entropyChange(state) {
        const beta = inverseTemperatures(state);
        return sum(derivative(state).map((x, i) => finiteProduct(x * sizes[i], beta[i])));
      },
      /** σ, the sum of the parts. */
      production: (state) => sum(Object.values(productionParts(state))),
      /** { times, states } and each occupation by its name; times increase, the start is at 0. */
      solve(times, start = thermalState()) {
        const states = integrate(derivative, ceilings, times, start);
        const run = { times, states };
        variables.forEach((name, i) => (run[name] = states.map((state) => state[i])));
        return run;
      },
    };
  }

  /** The parameters of a model: all that have no default must be given, and be numbers. */
  function complete(names, defaults, given) {
    const parameters = { beta: 1, ...defaults, ...given };
    for (const name of [...names, "beta"]) {
      const positive = name === "beta" || /(modes|systems)$/.test(name);
      const value = parameters[name];
      if (!Number.isFinite(value) || value < 0 || (positive && value === 0)) {
        throw new Error(`${name} must be a number, ${positive ? "positive" : "0 or more"}, got ${value}.`);
      }
    }
    return parameters;
  }

  // ---- The models ----

  /** Two-level systems and the modes of light that they exchange quanta with, [B] (2), (3). */
  function einstein(given) {
    const parameters = complete(["two_level_systems", "modes", "tilde_gamma"], {}, given);
    const { two_level_systems: M, modes, tilde_gamma: rate } = parameters;
    return rateModel({
      subsystems: ["light", TWO_LEVEL],
      variables: ["n", "m"],
      processes: [
        ["light", TWO_LEVEL, "TLS absorb"],
        [TWO_LEVEL, "light", "TLS emit"],
      ],
      parameters,
      sizes: [modes, 1],
      fluxes: ([n, m]) => [rate * (M - m) * n, rate * m * (n + 1)],
    });
  }

  const CHIRAL = {
    two_level_systems: 100, modes: 100, gamma_dec: 0.01, gamma_0: 0.01,
    tilde_gamma_1: 10, tilde_gamma_2: 0, tilde_gamma_11: 10, tilde_gamma_12: 0,
  };

  /** Cavities A and B coupled by a chiral waveguide with open ends, [B] (17)-(19). */
  function openWaveguide(given) {
    const parameters = complete(Object.keys(CHIRAL), CHIRAL, given);
    const { two_level_systems: M, modes } = parameters;
    const [to1, to2] = [parameters.tilde_gamma_11, parameters.tilde_gamma_12];
    const [by1, by2] = [parameters.tilde_gamma_1, parameters.tilde_gamma_2];
    const [leak, feed] = [modes * parameters.gamma_dec, modes * parameters.gamma_0];
    return rateModel({
      subsystems: ["A", "B", TWO_LEVEL],
      variables: ["n_A", "n_B", "m"],
      processes: [
        ["A", OUTSIDE, "A leaks through channel 1"],
        ["A", OUTSIDE, "A leaks through channel 2"],
        ["B", OUTSIDE, "B leaks through channel 1"],
        ["B", OUTSIDE, "B leaks through channel 2"],
        [TWO_LEVEL, OUTSIDE, "TLS emit into channel 1"],
        [TWO_LEVEL, OUTSIDE, "TLS emit into channel 2"],
        ["A", "B", "A feeds B through channel 1"],
        ["B", "A", "B feeds A through channel 2"],
        ["A", TWO_LEVEL, "TLS absorb from A through channel 1"],
        [TWO_LEVEL, "B", "TLS emit to B through channel 1"],
        ["B", TWO_LEVEL, "TLS absorb from B through channel 2"],
        [TWO_LEVEL, "A", "TLS emit to A through channel 2"],
      ],
      parameters,
      sizes: [modes, modes, 1],
      fluxes: ([nA, nB, m]) => [
        leak * nA,
        leak * nA,
        leak * nB,
        leak * nB,
        to1 * m,
        to2 * m,
        feed * nA * (nB + 1),
        feed * nB * (nA + 1),
        by1 * (M - m) * nA,
        by1 * m * (nB + 1),
        by2 * (M - m) * nB,
        by2 * m * (nA + 1),
      ],
    });
  }

  /** The chiral waveguide with its ends joined, [B] (90)-(94). */
  function closedLoop(given) {
    const defaults = { ...CHIRAL, waveguide_modes: 100, gamma_3: 0.01 };
    const parameters = complete(Object.keys(defaults), defaults, given);
    const { two_level_systems: M, modes, waveguide_modes: waveguideModes } = parameters;
    const [to1, to2] = [parameters.tilde_gamma_11, parameters.tilde_gamma_12];
    const [by1, by2] = [parameters.tilde_gamma_1, parameters.tilde_gamma_2];
    const [leak, feed] = [modes * parameters.gamma_dec, modes * parameters.gamma_0];
    const across = waveguideModes * parameters.gamma_3;
    return rateModel({
      subsystems: ["A", "B", "1", "2", TWO_LEVEL],
      variables: ["n_A", "n_B", "n_1", "n_2", "m"],
      processes: [
        ["A", "1", "A emits into channel 1"],
        ["1", "A", "A absorbs from channel 1"],
        ["A", "2", "A emits into channel 2"],
        ["2", "A", "A absorbs from channel 2"],
        ["B", "1", "B emits into channel 1"],
        ["1", "B", "B absorbs from channel 1"],
        ["B", "2", "B emits into channel 2"],
        ["2", "B", "B absorbs from channel 2"],
        [TWO_LEVEL, "1", "TLS emit into channel 1"],
        ["1", TWO_LEVEL, "TLS absorb from channel 1"],
        [TWO_LEVEL, "2", "TLS emit into channel 2"],
        ["2", TWO_LEVEL, "TLS absorb from channel 2"],
        ["A", "B", "A feeds B through channel 1"],
        ["B", "A", "B feeds A through channel 2"],
        ["A", TWO_LEVEL, "TLS absorb from A through channel 1"],
        [TWO_LEVEL, "B", "TLS emit to B through channel 1"],
        ["B", TWO_LEVEL, "TLS absorb from B through channel 2"],
        [TWO_LEVEL, "A", "TLS emit to A through channel 2"],
        ["1", "2", "channel 1 feeds channel 2 through a cavity"],
        ["2", "1", "channel 2 feeds channel 1 through a cavity"],
      ],
      parameters,
      sizes: [modes, modes, waveguideModes, waveguideModes, 1],
      fluxes: ([nA, nB, n1, n2, m]) => [
        leak * nA * (n1 + 1),
        leak * n1 * (nA + 1),
        leak * nA * (n2 + 1),
        leak * n2 * (nA + 1),
        leak * nB * (n1 + 1),
        leak * n1 * (nB + 1),
        leak * nB * (n2 + 1),
        leak * n2 * (nB + 1),
        to1 * m * (n1 + 1),
        to1 * (M - m) * n1,
        to2 * m * (n2 + 1),
        to2 * (M - m) * n2,
        feed * (n1 + 1) * (nB + 1) * nA,
        feed * (n2 + 1) * (nA + 1) * nB,
        by1 * (M - m) * nA * (n1 + 1),
        by1 * m * (nB + 1) * (n1 + 1),
        by2 * (M - m) * nB * (n2 + 1),
        by2 * m * (nA + 1) * (n2 + 1),
        across * (nA + nB + 2) * n1 * (n2 + 1),
        across * (nA + nB + 2) * n2 * (n1 + 1),
      ],
    });
  }

  /** A small cavity A inside a closed cavity C with two-level systems, [B] (108), (109). */
  function embeddedCavity(given) {
    const names = [
      "two_level_systems", "modes", "outer_modes", "gamma_4", "tilde_gamma_5", "tilde_gamma_6",
    ];
    const parameters = complete(names, {}, given);
    const { two_level_systems: M, modes, outer_modes: outerModes } = parameters;
    const leak = modes * parameters.gamma_4;
    const { tilde_gamma_5: direct, tilde_gamma_6: through } = parameters;
    return rateModel({
      subsystems: ["A", "C", TWO_LEVEL],
      variables: ["n_A", "n_C", "m"],
      processes: [
        ["A", "C", "A emits into C"],
        ["C", "A", "A absorbs from C"],
        ["C", TWO_LEVEL, "TLS absorb from C"],
        [TWO_LEVEL, "C", "TLS emit into C"],
        ["A", TWO_LEVEL, "TLS absorb from A through C"],
        [TWO_LEVEL, "A", "TLS emit to A through C"],
      ],
      parameters,
      sizes: [modes, outerModes, 1],
      fluxes: ([nA, nC, m]) => [
        leak * nA * (nC + 1),
        leak * nC * (nA + 1),
        direct * (M - m) * nC,
        direct * m * (nC + 1),
        through * (nC + 1) ** 2 * (M - m) * nA,
        through * (nC + 1) ** 2 * m * (nA + 1),
      ],
    });
  }

  const lightRates = {
    models: { einstein, openWaveguide, closedLoop, embeddedCavity },
    rateModel,
    boseOccupation, excitedFraction, modeInverseTemperature, twoLevelInverseTemperature,
    modeEntropy, twoLevelEntropy,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { lightRates });
  if (typeof module !== "undefined") module.exports = lightRates;
})(typeof window === "undefined" ? globalThis : window);
