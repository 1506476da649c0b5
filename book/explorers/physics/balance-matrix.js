// Three levels and a matrix of probabilities: columns that sum to one keep the number of
// particles, rows that sum to one keep the Gibbs state, and symmetry is needed for neither.
// No page in here: it runs in a browser and in Node alike.
(function (root) {
  "use strict";

  const ENERGIES = [-0.5, 0, 0.5]; // in kT, so neighbours are half a kT apart
  const LEVELS = [0, 1, 2];

  /** Gibbs populations. */
  function gibbs() {
    const weights = ENERGIES.map((energy) => Math.exp(-energy));
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  }

  /**
   * P[k][l], the probability that a collision takes l to k. `hop` is its symmetric part, `twist`
   * prefers 0 → 1 → 2 → 0 to its reverse, and `spoil` moves weight within the first column from
   * its first row to its last: then two rows no longer sum to one.
   */
  function probabilities({ hop, twist, spoil }) {
    const matrix = LEVELS.map((k) => LEVELS.map((l) => {
      if (k === l) return 1 - 2 * hop;
      return (k - l + 3) % 3 === 1 ? hop + twist : hop - twist;
    }));
    matrix[0][0] -= spoil;
    matrix[2][0] += spoil;
    return matrix;
  }

  /** Rates P_kl/π_l of l → k: at the Gibbs state each level is asked equally often. */
  function rates(matrix) {
    const weights = gibbs();
    return matrix.map((row, k) => row.map((value, l) => (k === l ? 0 : value / weights[l])));
  }

  const multiply = (a, b) =>
    LEVELS.map((k) => LEVELS.map((l) => LEVELS.reduce((sum, n) => sum + a[k][n] * b[n][l], 0)));

  /** p after `time`, by the exponential of the generator: Taylor's series, then squarings. */
  function evolve(rateMatrix, p, time) {
    const out = LEVELS.map((l) => LEVELS.reduce((sum, k) => sum + rateMatrix[k][l], 0));
    const squarings = Math.max(0, Math.ceil(Math.log2(4 * time * Math.max(...out))));
    const step = time / 2 ** squarings;
    const generator = rateMatrix.map((row, k) =>
      row.map((rate, l) => step * (k === l ? -out[l] : rate)));
    const identity = LEVELS.map((k) => LEVELS.map((l) => (k === l ? 1 : 0)));
    let exponential = identity;
    for (let n = 16; n >= 1; n--) {
      exponential = multiply(generator, exponential).map((row, k) =>
        row.map((value, l) => identity[k][l] + value / n));
    }
    for (let i = 0; i < squarings; i++) exponential = multiply(exponential, exponential);
    return exponential.map((row) => row.reduce((sum, value, l) => sum + value * p[l], 0));
  }

  /** The stationary state, as sums over the trees that lead to a level: nothing is subtracted. */
  function stationaryState(w) {
    const trees = LEVELS.map((k) => {
      const [l, n] = [(k + 1) % 3, (k + 2) % 3];
      return w[k][l] * w[k][n] + w[n][l] * w[k][n] + w[l][n] * w[k][l];
    });
    const sum = trees.reduce((a, b) => a + b);
    return trees.map((tree) => tree / sum);
  }

  /** The net current around 0 → 1 → 2 → 0: the mean of those along its three edges. */
  function loopCurrent(w, p) {
    const edge = (l) => w[(l + 1) % 3][l] * p[l] - w[l][(l + 1) % 3] * p[(l + 1) % 3];
    return (edge(0) + edge(1) + edge(2)) / 3;
  }

  /** Half the sum of |p − Gibbs|: the part of the population that has moved. */
  const drift = (p) => gibbs().reduce((sum, weight, k) => sum + Math.abs(p[k] - weight), 0) / 2;

  const balanceMatrix = {
    energies: ENERGIES, gibbs, probabilities, rates, evolve, stationaryState, loopCurrent, drift,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { balanceMatrix });
  if (typeof module !== "undefined") module.exports = balanceMatrix;
})(typeof window === "undefined" ? globalThis : window);
