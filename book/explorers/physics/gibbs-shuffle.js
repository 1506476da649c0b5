// Three levels that a gas shuffles: between two thresholds the collision is one unitary on the
// open channels, drawn at random, and the thermal flux is the sum of what the ranges give.
// No page in here: it runs in a browser and in Node alike. ħ = k_B = 1.
//
// Fluxes are in units of 1/β with the energy of the lowest level at zero, so that the sums of F
// should be Boltzmann factors. Times are in units of 1/γ, γ = ν√(T/2πm) the particles that arrive
// from one side a unit of time. Matrices have the index order final ← initial.
(function (root) {
  "use strict";

  const ENERGIES = [0, 1, 1.8];
  const LEVELS = [0, 1, 2];
  const sum = (numbers) => numbers.reduce((a, b) => a + b);

  /** Two independent normal numbers (Box and Muller). */
  function normalPair(random) {
    const radius = Math.sqrt(-2 * Math.log1p(-random()));
    const angle = 2 * Math.PI * random();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }

  /**
   * A unitary of size n by Haar's measure, as columns of [re, im]: Gram and Schmidt's procedure on
   * columns of normal numbers, which leaves the diagonal of R positive, as it must be.
   */
  function unitary(n, random) {
    const columns = [];
    for (let l = 0; l < n; l++) {
      let column = Array.from({ length: n }, () => normalPair(random));
      // Twice, so that rounding in nearly parallel columns does no harm.
      for (const other of [...columns, ...columns]) {
        const re = sum(column.map(([a, b], k) => other[k][0] * a + other[k][1] * b));
        const im = sum(column.map(([a, b], k) => other[k][0] * b - other[k][1] * a));
        column = column.map(([a, b], k) =>
          [a - re * other[k][0] + im * other[k][1], b - re * other[k][1] - im * other[k][0]]);
      }
      const length = Math.sqrt(sum(column.map(([a, b]) => a * a + b * b)));
      columns.push(column.map(([a, b]) => [a / length, b / length]));
    }
    return columns;
  }

  /**
   * |S|² with one, two and three channels open, each 3 × 3 with zeros for closed channels. `spoil`
   * is the share of the collisions with all channels open that should leave the lowest level as it
   * is and lift it to the highest instead: columns keep their sums, two rows do not.
   */
  function deals(random, spoil = 0) {
    const matrices = LEVELS.map((highest) => {
      const columns = unitary(highest + 1, random);
      return LEVELS.map((k) => LEVELS.map((l) =>
        Math.max(k, l) > highest ? 0 : columns[l][k][0] ** 2 + columns[l][k][1] ** 2));
    });
    const moved = spoil * matrices[2][0][0];
    matrices[2][0][0] -= moved;
    matrices[2][2][0] += moved;
    return matrices;
  }

  /** β∫e^{−βE}dE between thresholds: the weights of the three ranges, whose sum is one. */
  const weights = (beta) => ENERGIES.map((from, i) => {
    const width = i < 2 ? ENERGIES[i + 1] - from : Infinity;
    return -Math.exp(-beta * from) * Math.expm1(-beta * width);
  });

  /** β F, the thermal flux in units of 1/β. */
  function flux(matrices, beta) {
    const shares = weights(beta);
    return LEVELS.map((k) => LEVELS.map((l) =>
      sum(shares.map((share, i) => share * matrices[i][k][l]))));
  }

  const boltzmann = (beta) => ENERGIES.map((energy) => Math.exp(-beta * energy));

  /** Gibbs populations. */
  function gibbs(beta) {
    const factors = boltzmann(beta);
    return factors.map((factor) => factor / sum(factors));
  }

  /** Rates a_kl = e^{βE_l} βF_kl, in units of γ; zero on the diagonal. */
  function rates(matrix, beta) {
    const factors = boltzmann(beta);
    return matrix.map((row, k) => row.map((value, l) => (k === l ? 0 : value / factors[l])));
  }

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

  /** The net current 0 → 1 → 2 → 0 in the stationary state. */
  const current = (w) =>
    (w[1][0] * w[2][1] * w[0][2] - w[0][1] * w[1][2] * w[2][0]) / sum(trees(w));

  /**
   * p after each of the times. What differs from the stationary state has sum zero, where
   * W² = −2sW − d, with s half the sum of all rates and d the product of the decay rates s ± r:
   * e^{Wt} is there a combination of 1 and W.
   */
  function evolve(w, p, times) {
    const end = stationaryState(w);
    const v = p.map((value, k) => value - end[k]);
    const exits = LEVELS.map((l) => sum(LEVELS.map((k) => w[k][l])));
    const moved = LEVELS.map((k) => sum(LEVELS.map((l) => w[k][l] * v[l])) - exits[k] * v[k]);
    const s = sum(exits) / 2;
    const d = sum(trees(w));
    const square = s * s - d;
    const r = Math.sqrt(Math.abs(square));
    return times.map((time) => {
      let even; // e^{−st} cosh rt, and
      let odd; // e^{−st} sinh rt / r
      if (square > 0) {
        const slow = Math.exp((-d / (s + r)) * time);
        even = (slow * (1 + Math.exp(-2 * r * time))) / 2;
        odd = (-slow * Math.expm1(-2 * r * time)) / (2 * r);
      } else {
        even = Math.exp(-s * time) * Math.cos(r * time);
        odd = Math.exp(-s * time) * (r === 0 ? time : Math.sin(r * time) / r);
      }
      return end.map((value, k) => value + (even + s * odd) * v[k] + odd * moved[k]);
    });
  }

  /**
   * D(p‖q) = Σ p ln(p/q), as a sum of terms q[(1 + x) ln(1 + x) − x] ≥ 0 with x = p/q − 1, so that
   * no digits are lost as p comes near to q.
   */
  function relativeEntropy(p, q) {
    return sum(p.map((value, k) => {
      const x = (value - q[k]) / q[k];
      if (value <= 0) return q[k];
      if (Math.abs(x) < 1e-3) return q[k] * x * x * (1 / 2 - x * (1 / 6 - x * (1 / 12 - x / 20)));
      return q[k] * ((1 + x) * Math.log1p(x) - x);
    }));
  }

  const gibbsShuffle = {
    energies: ENERGIES, unitary, deals, weights, flux, gibbs, rates, stationaryState, current,
    evolve, relativeEntropy,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { gibbsShuffle });
  if (typeof module !== "undefined") module.exports = gibbsShuffle;
})(typeof window === "undefined" ? globalThis : window);
