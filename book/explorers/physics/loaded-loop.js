// A weight on the loop of three levels that a thermal gas scatters between: the jump rates of the
// levels alone, with a load put in by hand, and with the weight as a part of the scatterer.
// No page in here: it runs in a browser and in Node alike. ħ = k_B = m = 1, density one.
//
// The levels are those of [A] Fig. 1 in the order (−, 0, +), matrices final ← initial.
// `parameters` is { strength, phases }: the couplings are strength · (1, 0.7, 1.5), and phases are
// "S26" as in the figure or "hamiltonian", their complex conjugates, which turn the loop around.
// A load is { steps, rates }: rates[s][k][l] of jumps l → k that lift the weight by steps[s].
(function (root) {
  "use strict";

  const ENERGIES = [-0.5, 0, 0.5];
  const COUPLINGS = [1, 0.7, 1.5];
  const LEVELS = [0, 1, 2];
  const REACH = 2; // cells of the tower below and above the middle one
  const FLOOR = 36; // e^−36 is below the rounding error of any integral here
  const DEPTH = 20; // bisections of a panel before we admit that it does not converge
  const TOLERANCE = 1e-9; // of an integral, in units of 1/β, the largest that it can be

  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const zeros = () => LEVELS.map(() => [0, 0, 0]);

  // ---- Scattering ----

  /** v_kl as { re, im }, 3 × 3 each. */
  function couplingMatrix({ strength, phases }) {
    const [a, b, c] = COUPLINGS.map((coupling) => strength * coupling);
    const up = [(a - b + (a - c)) / 6, ((phases === "S26" ? 1 : -1) * (b - c)) / Math.sqrt(12)];
    const sense = (k, l) => ((k - l + 3) % 3 === 2 ? 1 : -1);
    return {
      re: LEVELS.map((k) => LEVELS.map((l) => (k === l ? (a + b + c) / 3 : up[0]))),
      im: LEVELS.map((k) => LEVELS.map((l) => (k === l ? 0 : sense(k, l) * up[1]))),
    };
  }

  /** How far a jump l → k lifts the weight: it hangs on the link − → 0. */
  const lift = (k, l) => (k === 1 && l === 0 ? 1 : k === 0 && l === 1 ? -1 : 0);

  /** Levels and heights together: energies E_k + w n, and v between states whose heights fit. */
  function tower(parameters, weight, reach) {
    const v = couplingMatrix(parameters);
    const states = [];
    for (let n = -reach; n <= reach; n++) for (const k of LEVELS) states.push([k, n]);
    const part = (name) => states.map(([k, n]) => states.map(([l, m]) =>
      (n - m === lift(k, l) ? v[name][k][l] : 0)));
    return {
      energies: states.map(([k, n]) => ENERGIES[k] + weight * n),
      re: part("re"), im: part("im"), middle: 3 * reach,
    };
  }

  /**
   * |S|² from the three states of the middle cell into all open ones, out[3 · final + l]:
   * S = 2 √p (p + iv)⁻¹ √p − 1 at the channel momenta x + iy, by elimination.
   */
  function scatter({ re, im, middle }, x, y, out) {
    const n = x.length;
    const width = n + 3;
    const a = new Float64Array(n * width);
    const b = new Float64Array(n * width);
    for (let k = 0; k < n; k++) {
      for (let l = 0; l < n; l++) {
        a[k * width + l] = -im[k][l] + (k === l ? x[k] : 0);
        b[k * width + l] = re[k][l] + (k === l ? y[k] : 0);
      }
    }
    for (const l of LEVELS) a[(middle + l) * width + n + l] = 1;
    for (let j = 0; j < n; j++) {
      let pivot = j;
      const size = (k) => a[k * width + j] ** 2 + b[k * width + j] ** 2;
      for (let k = j + 1; k < n; k++) if (size(k) > size(pivot)) pivot = k;
      for (let c = j; c < width && pivot !== j; c++) {
        const [from, to] = [pivot * width + c, j * width + c];
        [a[from], a[to]] = [a[to], a[from]];
        [b[from], b[to]] = [b[to], b[from]];
      }
      const norm = size(j);
      const [pr, pi] = [a[j * width + j] / norm, -b[j * width + j] / norm];
      for (let c = j; c < width; c++) {
        const at = j * width + c;
        [a[at], b[at]] = [a[at] * pr - b[at] * pi, a[at] * pi + b[at] * pr];
      }
      for (let k = 0; k < n; k++) {
        const [fr, fi] = [a[k * width + j], b[k * width + j]];
        if (k === j || (fr === 0 && fi === 0)) continue;
        for (let c = j + 1; c < width; c++) {
          const [from, to] = [j * width + c, k * width + c];
          a[to] -= fr * a[from] - fi * b[from];
          b[to] -= fr * b[from] + fi * a[from];
        }
      }
    }
    for (let k = 0; k < n; k++) {
      for (const l of LEVELS) {
        const root_ = 2 * Math.sqrt(x[k] * x[middle + l]); // zero if either channel is closed
        const at = k * width + n + l;
        const same = k === middle + l && x[k] > 0 ? 1 : 0;
        out[3 * k + l] = (root_ * a[at] - same) ** 2 + (root_ * b[at]) ** 2;
      }
    }
  }

  const legendre = gaussLegendre(12);

  function gaussLegendre(count) {
    const [nodes, weights] = [[], []];
    for (let i = 0; i < count; i++) {
      let x = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
      let slope = 0;
      for (let newton = 0; newton < 8; newton++) {
        let [previous, value] = [1, x];
        for (let n = 2; n <= count; n++) {
          [previous, value] = [value, ((2 * n - 1) * x * value - (n - 1) * previous) / n];
        }
        slope = (count * (x * value - previous)) / (x * x - 1);
        x -= value / slope;
      }
      nodes.push(x);
      weights.push(2 / ((1 - x * x) * slope * slope));
    }
    return { nodes, weights };
  }

  /** ∫ dE e^{−β(E − start)} |S|² over one range; place(u, x, y) returns [E − start, dE/du]. */
  function integrate(system, beta, place, end) {
    const size = 3 * system.energies.length;
    const [x, y] = [new Float64Array(size / 3), new Float64Array(size / 3)];
    const out = new Float64Array(size);
    function panel(from, to) {
      const half = (to - from) / 2;
      const sums = new Float64Array(size);
      for (let i = 0; i < legendre.nodes.length; i++) {
        const [energy, slope] = place(from + half * (1 + legendre.nodes[i]), x, y);
        const weight = legendre.weights[i] * half * slope * Math.exp(-beta * energy);
        if (weight === 0) continue;
        scatter(system, x, y, out);
        for (let j = 0; j < size; j++) sums[j] += weight * out[j];
      }
      return sums;
    }
    const total = panel(0, end);
    const pending = [[0, end, 0, total.slice()]];
    while (pending.length > 0) {
      const [from, to, depth, whole] = pending.pop();
      const middle = (from + to) / 2;
      const [left, right] = [panel(from, middle), panel(middle, to)];
      let agrees = true;
      for (let j = 0; j < size; j++) {
        const change = left[j] + right[j] - whole[j];
        total[j] += change;
        if (Math.abs(change) > TOLERANCE / beta) agrees = false;
      }
      if (agrees || depth === DEPTH) continue;
      pending.push([middle, to, depth + 1, right], [from, middle, depth + 1, left]);
    }
    return total;
  }

  /**
   * a[state][l] off the elastic ones: rates of jumps from level l, weight at rest, into each
   * state of the system, √(β/2π) ∫ dE e^{−β(E − E_l)} |S|². Ranges lie between thresholds, where
   * E − start = width sin²u (sinh²u above the last one) makes both ends smooth.
   */
  function ratesFromMiddle(system, beta) {
    const { energies, middle } = system;
    const start = energies[middle];
    const above = [...new Set(energies)].filter((energy) => energy >= start).sort((a, b) => a - b);
    const thresholds = above.filter((energy, i) => i === 0 || energy - above[i - 1] > 1e-12);
    const momenta = (low, excess, x, y) => {
      for (let j = 0; j < energies.length; j++) {
        const kinetic = low - energies[j];
        const momentum = Math.sqrt(2 * Math.abs((Math.abs(kinetic) < 1e-12 ? 0 : kinetic) + excess));
        const open = kinetic > -1e-12;
        [x[j], y[j]] = open ? [momentum, 0] : [0, momentum];
      }
    };
    const result = new Float64Array(3 * energies.length);
    thresholds.forEach((low, i) => {
      const last = i === thresholds.length - 1;
      const width = last ? 1 / beta : thresholds[i + 1] - low;
      const factor = Math.exp(-beta * (low - start));
      if (factor < Math.exp(-FLOOR)) return;
      const place = (u, x, y) => {
        const [sine, cosine] = last ? [Math.sinh(u), Math.cosh(u)] : [Math.sin(u), Math.cos(u)];
        momenta(low, width * sine * sine, x, y);
        return [width * sine * sine, 2 * width * sine * cosine];
      };
      const end = last ? Math.asinh(Math.sqrt(FLOOR)) : Math.PI / 2;
      const part = integrate(system, beta, place, end);
      for (let j = 0; j < part.length; j++) result[j] += factor * part[j];
    });
    const arrivals = LEVELS.map((l) =>
      Math.sqrt(beta / (2 * Math.PI)) * Math.exp(beta * (energies[middle + l] - start)));
    return energies.map((_, k) => LEVELS.map((l) =>
      (k === middle + l ? 0 : arrivals[l] * result[3 * k + l])));
  }

  // ---- Loads ----

  /** Rates of the levels alone: a load whose weight never moves. */
  const unloaded = (parameters, beta) => ({
    steps: [0],
    rates: [ratesFromMiddle({ energies: ENERGIES, ...couplingMatrix(parameters), middle: 0 }, beta)],
  });

  /** The weight put in by hand: factors e^{∓βw/2} on the two jumps of its link. */
  function naive(free, weight, beta) {
    const [up, down, rest] = [zeros(), zeros(), free.rates[0].map((row) => [...row])];
    up[1][0] = rest[1][0] * Math.exp((-beta * weight) / 2);
    down[0][1] = rest[0][1] * Math.exp((beta * weight) / 2);
    rest[1][0] = rest[0][1] = 0;
    return { steps: [-1, 0, 1], rates: [down, rest, up] };
  }

  /** The weight as a part of the scatterer: one S matrix of levels and heights. */
  function consistent(parameters, weight, beta) {
    const rates = ratesFromMiddle(tower(parameters, weight, REACH), beta);
    const steps = Array.from({ length: 2 * REACH + 1 }, (_, i) => i - REACH);
    return { steps, rates: steps.map((_, i) => LEVELS.map((k) => rates[3 * i + k])) };
  }

  // ---- What follows from the rates ----

  const boltzmann = (beta) => ENERGIES.map((energy) => Math.exp(-beta * energy));

  /** Gibbs populations. */
  function gibbs(beta) {
    const factors = boltzmann(beta);
    return factors.map((factor) => factor / sum(factors));
  }

  /** Rates of the levels, whatever the weight does. */
  const total = ({ rates }) =>
    LEVELS.map((k) => LEVELS.map((l) => (k === l ? 0 : sum(rates.map((matrix) => matrix[k][l])))));

  // The sums over the trees that lead to each level: nothing is subtracted.
  const trees = (w) => LEVELS.map((k) => {
    const [l, n] = [(k + 1) % 3, (k + 2) % 3];
    return w[k][l] * w[k][n] + w[n][l] * w[k][n] + w[l][n] * w[k][l];
  });

  /** The stationary populations. */
  function stationaryState(w) {
    const factors = trees(w);
    return factors.map((factor) => factor / sum(factors));
  }

  /** The stationary net current 0 → 1 → 2 → 0. */
  const loopCurrent = (w) =>
    (w[1][0] * w[2][1] * w[0][2] - w[0][1] * w[1][2] * w[2][0]) / sum(trees(w));

  /** Σ_s f(step) a^{(s)}, less what leaves each level if `exits`. */
  function weighted({ steps, rates }, f, exits = false) {
    return LEVELS.map((k) => LEVELS.map((l) => sum(steps.map((step, s) => f(step) * rates[s][k][l]))
      - (exits && k === l ? sum(rates.map((matrix) => matrix[0][l] + matrix[1][l] + matrix[2][l])) : 0)));
  }

  /** The tilted generator W(χ). */
  const tilted = (load, chi) => weighted(load, (step) => Math.exp(chi * step), true);

  const times = (matrix, vector) => matrix.map((row) => sum(row.map((value, l) => value * vector[l])));

  /** Mean steps of the weight a unit of time in the state p. */
  const drift = (load, p) => sum(times(weighted(load, (step) => step), p));

  /** W(βw) p at the Gibbs state: zero, level by level, where the sum rule holds. */
  const sumRule = (load, weight, beta) => times(tilted(load, beta * weight), gibbs(beta));

  /** e^{Mt} by Taylor's series for a small part of t and squaring. */
  function exponential(matrix, time) {
    const n = matrix.length;
    const product = (a, b) => a.map((row) => b[0].map((_, l) => sum(row.map((value, j) => value * b[j][l]))));
    const size = time * Math.max(...matrix.map((row) => sum(row.map(Math.abs))));
    const halvings = Math.max(0, Math.ceil(Math.log2(4 * size)));
    const small = matrix.map((row) => row.map((value) => (value * time) / 2 ** halvings));
    const identity = matrix.map((_, k) => matrix.map((__, l) => (k === l ? 1 : 0)));
    let result = identity;
    for (let order = 14; order > 0; order--) {
      result = product(small, result).map((row, k) => row.map((value, l) => value / order + identity[k][l]));
    }
    for (let i = 0; i < halvings; i++) result = product(result, result);
    return result;
  }

  /** The vector after 0, 1, …, count steps of `time`. */
  function orbit(matrix, time, count, vector) {
    const step = exponential(matrix, time);
    const points = [vector];
    for (let i = 0; i < count; i++) points.push(times(step, points[i]));
    return points;
  }

  /** ⟨e^{χΔn}⟩ after 0, 1, …, count steps of `time`, from the populations p. */
  const exponentialMean = (load, chi, p, time, count) =>
    orbit(tilted(load, chi), time, count, p).map(sum);

  /**
   * Mean and variance of Δn after 0, 1, …, count steps of `time`, from the populations p: the
   * first two derivatives of e^{W(χ)t} p at χ = 0 obey one linear equation together with it.
   */
  function moments(load, p, time, count) {
    const blocks = [tilted(load, 0), weighted(load, (step) => step), weighted(load, (step) => step * step / 2)];
    const matrix = Array.from({ length: 9 }, (_, i) => Array.from({ length: 9 }, (__, j) => {
      const order = Math.floor(i / 3) - Math.floor(j / 3);
      return order < 0 ? 0 : blocks[order][i % 3][j % 3];
    }));
    return orbit(matrix, time, count, [...p, 0, 0, 0, 0, 0, 0]).map((vector) => {
      const mean = sum(vector.slice(3, 6));
      return { mean, variance: 2 * sum(vector.slice(6)) - mean * mean };
    });
  }

  /** One random history: { times, heights } of its lifts, from a level drawn from p, up to `end`. */
  function history({ steps, rates }, p, end, random) {
    const choose = (weights) => {
      let left = random() * sum(weights);
      return Math.max(0, weights.findIndex((weight) => (left -= weight) < 0));
    };
    const jumps = LEVELS.map((l) => steps.flatMap((step, s) =>
      LEVELS.map((k) => ({ step, level: k, rate: rates[s][k][l] }))).filter(({ rate }) => rate > 0));
    const chances = jumps.map((list) => list.map(({ rate }) => rate));
    const exits = chances.map(sum);
    const [moments_, heights] = [[0], [0]];
    let level = choose(p);
    let time = 0;
    for (;;) {
      time += -Math.log1p(-random()) / exits[level];
      if (!(time <= end)) return { times: moments_, heights };
      const jump = jumps[level][choose(chances[level])];
      level = jump.level;
      if (jump.step === 0) continue;
      moments_.push(time);
      heights.push(heights.at(-1) + jump.step);
    }
  }

  const loadedLoop = {
    energies: ENERGIES, couplings: COUPLINGS, reach: REACH, unloaded, naive, consistent, gibbs, total,
    stationaryState, loopCurrent, drift, sumRule, exponentialMean, moments, history,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { loadedLoop });
  if (typeof module !== "undefined") module.exports = loadedLoop;
})(typeof window === "undefined" ? globalThis : window);
