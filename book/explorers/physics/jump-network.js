// A walker in three rooms, 0 → 1 → 2 → 0 clockwise, with a door between any two of them.
// No page in here: it runs in a browser and in Node alike. Energies are in kT.
//
// `values` is { drive, door, lift2, lift3 }: the affinity of a clockwise turn, the openness of the
// door between rooms 1 and 2 (the other two are open), and the energies of these rooms.
// Matrices have the index order final ← initial.
(function (root) {
  "use strict";

  const ROOMS = [0, 1, 2];
  const sum = (numbers) => numbers.reduce((a, b) => a + b);
  const energies = ({ lift2, lift3 }) => [0, lift2, lift3];

  /** +1 for a clockwise jump l → k, −1 for a counter-clockwise one, 0 for none. */
  const sense = (k, l) => [0, 1, -1][(k - l + 3) % 3];

  /** a_kl = g_kl e^{±f/6} e^{−(E_k − E_l)/2}, with + for a clockwise jump. */
  function rates(values) {
    const levels = energies(values);
    const openness = (k, l) => (k === 0 || l === 0 ? 1 : values.door);
    return ROOMS.map((k) => ROOMS.map((l) => k === l ? 0
      : openness(k, l) * Math.exp((sense(k, l) * values.drive) / 6 - (levels[k] - levels[l]) / 2)));
  }

  // The sums over the trees that lead to each room: nothing is subtracted.
  const trees = (w) => ROOMS.map((k) => {
    const [l, n] = [(k + 1) % 3, (k + 2) % 3];
    return w[k][l] * w[k][n] + w[n][l] * w[k][n] + w[l][n] * w[k][l];
  });

  /** The stationary populations. */
  function stationaryState(w) {
    const weights = trees(w);
    return weights.map((weight) => weight / sum(weights));
  }

  /**
   * The net number of clockwise turns a unit of time: the product of the clockwise rates minus
   * that of the others, over the sum of all trees.
   */
  const current = (values) =>
    (2 * values.door * Math.sinh(values.drive / 2)) / sum(trees(rates(values)));

  /** The sum of the rates out of each room. */
  const exits = (w) => ROOMS.map((l) => sum(ROOMS.map((k) => w[k][l])));

  const apply = (w, p) => {
    const out = exits(w);
    return ROOMS.map((k) => sum(ROOMS.map((l) => w[k][l] * p[l])) - out[k] * p[k]);
  };

  /**
   * e^{Wt} v for a vector whose sum is zero. On these W² = −2sW − d, with s half the sum of all
   * rates and d the product of the two decay rates s ± r, so e^{Wt} is a combination of 1 and W.
   */
  function relax(w, v, time) {
    const s = sum(exits(w)) / 2;
    const d = sum(trees(w));
    const square = s * s - d;
    const r = Math.sqrt(Math.abs(square));
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
    const moved = apply(w, v);
    return v.map((x, k) => (even + s * odd) * x + odd * moved[k]);
  }

  // The vector x of sum zero with W x = −v, for v of sum zero: W² = −2sW − d once more.
  function integral(w, v) {
    const total = sum(exits(w));
    const d = sum(trees(w));
    const moved = apply(w, v);
    return v.map((x, k) => (moved[k] + total * x) / d);
  }

  /**
   * The mean and the variance of the net turns after a time, from a stationary start: functions
   * of time. A jump is a third of a turn. The variance is that of independent jumps, a third of a
   * third of the traffic, and twice the correlation of each jump with all that follow it.
   */
  function turns(values) {
    const w = rates(values);
    const p = stationaryState(w);
    const rate = current(values);
    const bias = ROOMS.map((l) => sum(ROOMS.map((k) => sense(k, l) * w[k][l])) / 3);
    const arriving = ROOMS.map((k) =>
      sum(ROOMS.map((l) => (sense(k, l) / 3) * w[k][l] * p[l])) - rate * p[k]);
    const traffic = sum(exits(w).map((out, l) => out * p[l]));
    const dot = (v) => sum(bias.map((b, l) => b * v[l]));
    const once = integral(w, arriving);
    const twice = integral(w, once);
    const growth = traffic / 9 + 2 * dot(once);
    return {
      mean: (time) => rate * time,
      variance: (time) => {
        const left = relax(w, twice, time);
        return Math.max(0, growth * time - 2 * dot(twice.map((x, k) => x - left[k])));
      },
    };
  }

  /** A room drawn from probabilities by a number in [0, 1). */
  function choose(weights, uniform) {
    let rest = uniform * sum(weights);
    const chosen = weights.findIndex((weight) => (rest -= weight) < 0);
    return chosen < 0 ? weights.lastIndexOf(Math.max(...weights)) : chosen;
  }

  /** The next jump out of a room: { wait, room }, by Gillespie's two draws. */
  function jump(w, room, random) {
    const out = ROOMS.map((k) => w[k][room]);
    const wait = -Math.log1p(-random()) / sum(out);
    return { wait, room: choose(out, random()) };
  }

  const jumpNetwork = {
    energies, sense, rates, stationaryState, current, turns, choose, jump,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { jumpNetwork });
  if (typeof module !== "undefined") module.exports = jumpNetwork;
})(typeof window === "undefined" ? globalThis : window);
