// The density matrix of three dots in a dilute thermal gas, coherences included.
// No page in here: it runs in a browser and in Node alike. ħ = k_B = 1, the gas has mass 1.
//
// Levels are in the order (−, 0, +), matrices in the order final ← initial. A complex number is
// [re, im]. Everything is for a unit of density: rates and shifts are proportional to it.
(function (root) {
  "use strict";

  const NODES = 48; // in each range between thresholds
  const CUTOFF = 42; // e^−42 is nothing beside one
  const TUNNELING = -1 / (2 * Math.sqrt(3)); // levels −1/2, 0, 1/2 at φ = 3/4
  const LEVELS = [0, 1, 2];

  const add = ([a, b], [c, d]) => [a + c, b + d];
  const subtract = ([a, b], [c, d]) => [a - c, b - d];
  const multiply = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
  const conjugate = ([a, b]) => [a, -b];
  const scaled = ([a, b], factor) => [a * factor, b * factor];
  const divide = (a, b) => scaled(multiply(a, conjugate(b)), 1 / (b[0] * b[0] + b[1] * b[1]));
  const modulus = ([a, b]) => Math.hypot(a, b);
  const exponential = ([a, b]) => scaled([Math.cos(b), Math.sin(b)], Math.exp(a));

  function squareRoot([a, b]) {
    const size = Math.hypot(a, b);
    const re = Math.sqrt((size + a) / 2);
    const im = Math.sqrt(Math.max(0, size - a) / 2);
    return [re, b < 0 ? -im : im];
  }

  const legendre = gaussLegendre(NODES);

  function gaussLegendre(count) {
    const nodes = [];
    for (let i = 0; i < count; i++) {
      let x = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
      let slope = 0;
      for (let newton = 0; newton < 8; newton++) {
        let previous = 1;
        let value = x;
        for (let n = 2; n <= count; n++) {
          [previous, value] = [value, ((2 * n - 1) * x * value - (n - 1) * previous) / n];
        }
        slope = (count * (x * value - previous)) / (x * x - 1);
        x -= value / slope;
      }
      nodes.push([x, 2 / ((1 - x * x) * slope * slope)]);
    }
    return nodes;
  }

  /** E_j = 2τ cos[2π(φ + j)/3] for j = −1, 0, +1. */
  const energies = (flux) =>
    [-1, 0, 1].map((j) => 2 * TUNNELING * Math.cos((2 * Math.PI * (flux + j)) / 3));

  /** v_kl of [A] (S26): circulant, v_0+ = v_+− = v_−0 = (V1 + V2 e^{2πi/3} + V3 e^{−2πi/3})/3. */
  function couplingMatrix([a, b, c]) {
    const mean = [(a + b + c) / 3, 0];
    const up = [(a - b + (a - c)) / 6, (b - c) / (2 * Math.sqrt(3))];
    return LEVELS.map((k) => LEVELS.map((l) =>
      k === l ? mean : (l - k + 3) % 3 === 1 ? up : conjugate(up)));
  }

  /**
   * Column l of S at the kinetic energies E − E_j of all channels, with `null` in closed ones:
   * S = 2√p (p + iv)⁻¹√p − 1 with p_j = i|p_j| where a channel is closed.
   */
  function column(v, kinetic, l) {
    const p = kinetic.map((e) => (e >= 0 ? [Math.sqrt(2 * e), 0] : [0, Math.sqrt(-2 * e)]));
    const m = LEVELS.map((j) => LEVELS.map((k) => {
      const iv = [-v[j][k][1], v[j][k][0]];
      return j === k ? add(p[j], iv) : iv;
    }));
    const minor = (r, c) => {
      const [r1, r2] = [(r + 1) % 3, (r + 2) % 3];
      const [c1, c2] = [(c + 1) % 3, (c + 2) % 3];
      return subtract(multiply(m[r1][c1], m[r2][c2]), multiply(m[r1][c2], m[r2][c1]));
    };
    const cofactors = LEVELS.map((k) => minor(l, k)); // (m⁻¹)_kl = minor(l, k)/det
    const determinant = LEVELS.reduce((sum, k) => add(sum, multiply(m[l][k], cofactors[k])), [0, 0]);
    return LEVELS.map((k) => {
      if (kinetic[k] < 0) return null;
      const entry = scaled(divide(cofactors[k], determinant), 2 * Math.sqrt(p[k][0] * p[l][0]));
      return k === l ? subtract(entry, [1, 0]) : entry;
    });
  }

  /** Nodes [ε, weight] over ε > 0, smooth in √ at every threshold of every level. */
  function kineticNodes(levels, beta) {
    const cuts = [0, ...levels.flatMap((a) => levels.map((b) => a - b)).filter((gap) => gap > 0)]
      .sort((a, b) => a - b);
    const nodes = [];
    cuts.forEach((from, i) => {
      const to = cuts[i + 1];
      if (to !== undefined && to - from < 1e-14) return;
      for (const [x, w] of legendre) {
        if (to === undefined) {
          const top = Math.sqrt(CUTOFF / beta);
          const y = (top * (1 + x)) / 2;
          nodes.push([from + y * y, w * top * y]);
        } else {
          const u = (Math.PI * (1 + x)) / 4;
          const width = to - from;
          nodes.push([from + width * Math.sin(u) ** 2, (w * Math.PI * width * Math.sin(2 * u)) / 4]);
        }
      }
    });
    return nodes;
  }

  /**
   * What the gas does, a unit of density: { levels, rates, exits, elastic, exchange, shift }.
   *
   * With the average ⟨f⟩ = √(β/2π) ∫dε e^{−βε} f(ε) and X = S − 1, X_kl at the energy E_l + ε:
   * rates[k][l] = ⟨|X_kl|²⟩, k ≠ l; exits[l] = Σ_k ⟨|X_kl|²⟩; elastic[k][l] = ⟨X_kk X_ll*⟩;
   * exchange.up = ⟨X_0− X_+0*⟩ and exchange.down = ⟨X_−0 X_0+*⟩ couple the coherences that share a
   * Bohr frequency; shift[k] = −⟨Im S_kk⟩ is the forward shift of level k.
   */
  function gas({ flux, beta, couplings }) {
    const levels = energies(flux);
    const v = couplingMatrix(couplings);
    const zero = () => LEVELS.map(() => LEVELS.map(() => [0, 0]));
    const [elastic, squares] = [zero(), LEVELS.map(() => [0, 0, 0])];
    const exchange = { up: [0, 0], down: [0, 0] };
    const shift = [0, 0, 0];
    const density = Math.sqrt(beta / (2 * Math.PI));
    for (const [kinetic, measure] of kineticNodes(levels, beta)) {
      const weight = density * measure * Math.exp(-beta * kinetic);
      const X = LEVELS.map((l) => column(v, levels.map((e) => levels[l] - e + kinetic), l)
        .map((entry, k) => (entry && k === l ? subtract(entry, [1, 0]) : entry)));
      const mean = (a, b) => (a && b ? scaled(multiply(a, conjugate(b)), weight) : [0, 0]);
      for (const l of LEVELS) { // X[l][k] is X_kl
        shift[l] -= weight * X[l][l][1];
        for (const k of LEVELS) {
          elastic[k][l] = add(elastic[k][l], mean(X[k][k], X[l][l]));
          squares[k][l] += mean(X[l][k], X[l][k])[0];
        }
      }
      exchange.up = add(exchange.up, mean(X[0][1], X[1][2]));
      exchange.down = add(exchange.down, mean(X[1][0], X[2][1]));
    }
    const rates = squares.map((row, k) => row.map((value, l) => (k === l ? 0 : value)));
    const exits = LEVELS.map((l) => squares.reduce((sum, row) => sum + row[l], 0));
    return { levels, rates, exits, elastic, exchange, shift };
  }

  /** E_+ + E_− − 2E_0, by which the two lower Bohr frequencies differ. */
  const detuning = ([minus, middle, plus]) => plus + minus - 2 * middle;

  /** Whether the two are one frequency, by the library's rule. */
  const shares = (levels) =>
    Math.abs(detuning(levels)) <= 1e-9 * (Math.max(...levels) - Math.min(...levels));

  /**
   * What ρ_−0, ρ_0+ and ρ_−+ do in the frame that turns with H_S, a unit of νt:
   * { own: [γ_−0, γ_0+, γ_−+] complex, exchange: [ρ_0+ → ρ_−0, ρ_−0 → ρ_0+], detuning: δ/ν }.
   */
  function coherenceRates({ levels, exits, elastic, exchange, shift }, { density, shifted, shared }) {
    const own = [[0, 1], [1, 2], [0, 2]].map(([k, l]) => add(elastic[k][l],
      [-(exits[k] + exits[l]) / 2, shifted ? shift[l] - shift[k] : 0]));
    return {
      own,
      exchange: shared ? [exchange.down, exchange.up] : [[0, 0], [0, 0]],
      detuning: detuning(levels) / density,
    };
  }

  /**
   * ρ_−0 and ρ_0+ at the time νt = x, for the start [a, b]. In the frame that turns with the first
   * of them the equation has constant coefficients.
   */
  function evolvePair({ own, exchange, detuning: delta }, [a, b], x) {
    // In the frame of ρ_−0 the element ρ_0+ turns by ω_0+ − ω_−0 = (E_0 − E_+) − (E_− − E_0) = −δ.
    const second = add(own[1], [0, delta]);
    const mean = scaled(add(own[0], second), 0.5);
    const half = scaled(subtract(own[0], second), 0.5);
    const root2 = squareRoot(add(multiply(half, half), multiply(exchange[0], exchange[1])));
    const [plus, minus] = [exponential(scaled(add(mean, root2), x)), exponential(scaled(subtract(mean, root2), x))];
    const cosh = scaled(add(plus, minus), 0.5);
    const sinh = modulus(root2) * x < 1e-7 ? scaled(exponential(scaled(mean, x)), x)
      : divide(scaled(subtract(plus, minus), 0.5), root2);
    const mix = (own1, start, cross, other) => add(multiply(add(cosh, multiply(sinh, own1)), start),
      multiply(multiply(sinh, cross), other));
    return [
      mix(half, a, exchange[0], b),
      multiply(mix(scaled(half, -1), b, exchange[1], a), exponential([0, -delta * x])),
    ];
  }

  /** The largest decay rate |Re λ| of populations and coherences, a unit of density. */
  function largestDecay(gasRates, options) {
    const { rates } = gasRates;
    const { own, exchange } = coherenceRates(gasRates, options);
    const out = LEVELS.map((l) => LEVELS.reduce((sum, k) => sum + rates[k][l], 0));
    const trace = out[0] + out[1] + out[2]; // of the generator, with the opposite sign
    const minors = [[0, 1], [1, 2], [0, 2]].reduce((sum, [k, l]) =>
      sum + out[k] * out[l] - rates[k][l] * rates[l][k], 0);
    const populations = (trace + Math.sqrt(Math.max(0, trace * trace - 4 * minors))) / 2;
    const mean = scaled(add(own[0], own[1]), 0.5);
    const half = scaled(subtract(own[0], own[1]), 0.5);
    const root2 = squareRoot(add(multiply(half, half), multiply(exchange[0], exchange[1])));
    return Math.max(populations, -own[2][0], Math.abs(root2[0]) - mean[0]);
  }

  /** Populations by squaring the propagator of a short time. */
  function evolvePopulations(rates, start, x) {
    const generator = LEVELS.map((k) => LEVELS.map((l) =>
      k === l ? -LEVELS.reduce((sum, j) => sum + rates[j][l], 0) : rates[k][l]));
    const product = (a, b) => LEVELS.map((k) => LEVELS.map((l) =>
      LEVELS.reduce((sum, j) => sum + a[k][j] * b[j][l], 0)));
    const size = x * Math.max(...LEVELS.map((l) => Math.abs(generator[l][l])));
    const halvings = Math.max(0, Math.ceil(Math.log2(size / 0.05 || 1)));
    const step = x / 2 ** halvings;
    const eye = LEVELS.map((k) => LEVELS.map((l) => (k === l ? 1 : 0)));
    let term = eye;
    let propagator = eye;
    for (let order = 1; order <= 9; order++) {
      term = product(term, generator).map((row) => row.map((value) => (value * step) / order));
      propagator = propagator.map((row, k) => row.map((value, l) => value + term[k][l]));
    }
    for (let i = 0; i < halvings; i++) propagator = product(propagator, propagator);
    return propagator.map((row) => row.reduce((sum, value, l) => sum + value * start[l], 0));
  }

  /** The pure state with these real amplitudes, normalised, as a 3 × 3 matrix of [re, im]. */
  function pureState(amplitudes) {
    const norm = Math.hypot(...amplitudes);
    return amplitudes.map((a) => amplitudes.map((b) => [(a * b) / norm ** 2, 0]));
  }

  /** ρ at νt = x in the frame that turns with H_S, from a start whose ρ is given. */
  function evolve(gasRates, options, start, x) {
    const rates = coherenceRates(gasRates, options);
    const p = evolvePopulations(gasRates.rates, LEVELS.map((k) => start[k][k][0]), x);
    const [first, second] = evolvePair(rates, [start[0][1], start[1][2]], x);
    const third = multiply(start[0][2], exponential(scaled(rates.own[2], x)));
    const rho = LEVELS.map((k) => LEVELS.map((l) => (k === l ? [p[k], 0] : null)));
    for (const [[k, l], value] of [[[0, 1], first], [[1, 2], second], [[0, 2], third]]) {
      rho[k][l] = value;
      rho[l][k] = conjugate(value);
    }
    return rho;
  }

  /** Eigenvalues of a hermitian 3 × 3 matrix of trace one, by the trigonometric formula. */
  function eigenvalues(rho) {
    const trace = rho[0][0][0] + rho[1][1][0] + rho[2][2][0];
    const mean = trace / 3;
    const off = rho[0][1][0] ** 2 + rho[0][1][1] ** 2 + rho[0][2][0] ** 2 + rho[0][2][1] ** 2
      + rho[1][2][0] ** 2 + rho[1][2][1] ** 2;
    const d = LEVELS.map((k) => rho[k][k][0] - mean);
    const size = Math.sqrt((d[0] ** 2 + d[1] ** 2 + d[2] ** 2 + 2 * off) / 6);
    if (size < 1e-15) return [mean, mean, mean];
    const squared = ([a, b]) => a * a + b * b;
    const cycle = multiply(multiply(rho[0][1], rho[1][2]), rho[2][0])[0];
    const determinant = d[0] * d[1] * d[2] + 2 * cycle - d[0] * squared(rho[1][2])
      - d[1] * squared(rho[0][2]) - d[2] * squared(rho[0][1]);
    const angle = Math.acos(Math.min(1, Math.max(-1, determinant / (2 * size ** 3)))) / 3;
    return LEVELS.map((k) => mean + 2 * size * Math.cos(angle + (2 * Math.PI * k) / 3));
  }

  const entropy = (probabilities) =>
    -probabilities.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0);

  /**
   * D(ρ ‖ Gibbs) in its two parts: { populations: D(p ‖ Gibbs), coherence: S(p) − S(ρ) }, where p is
   * the diagonal of ρ.
   */
  function distance(rho, gibbs) {
    const p = LEVELS.map((k) => rho[k][k][0]);
    const cross = -p.reduce((sum, value, k) => sum + value * Math.log(gibbs[k]), 0);
    return { populations: cross - entropy(p), coherence: Math.max(0, entropy(p) - entropy(eigenvalues(rho))) };
  }

  function gibbs(levels, beta) {
    const weights = levels.map((level) => Math.exp(-beta * level));
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  }

  const coherences = {
    energies, gas, detuning, shares, coherenceRates, largestDecay, evolve, pureState, distance, gibbs,
    modulus,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { coherences });
  if (typeof module !== "undefined") module.exports = coherences;
})(typeof window === "undefined" ? globalThis : window);
