// One photon past A, the two-level systems and B, in a channel each way: where it can end, exactly,
// to second order in the strengths of the junctions, and by the printed rates of [B].
// No page in here: it runs in a browser and in Node alike.
//
// Matrices are final ← initial, in the order 1, 2, A, T, B. As sources "1" and "2" are light that
// comes in through a channel, as targets light that goes out. Strengths are { x, y1, y2 }.
(function (root) {
  "use strict";

  const PORTS = ["1", "2", "A", "T", "B"];
  const ANGLES = 12; // for the average over a phase

  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  /** What the reader's chirality χ means: y_1 : y_2 = 1 + χ : 1 − χ. */
  const strengths = ({ x, y, chirality }) =>
    ({ x, y1: (y * (1 + chirality)) / 2, y2: (y * (1 - chirality)) / 2 });

  /**
   * S of an element on (channel 1, channel 2, element), with the phase of the element's port so
   * chosen that all entries are real, which no probability sees.
   */
  function junction(s1, s2) {
    const [a, b, f] = [Math.sqrt(s1), Math.sqrt(s2), 2 / (1 + s1 + s2)];
    return [
      [1 - f * s1, -f * a * b, f * a],
      [-f * a * b, 1 - f * s2, f * b],
      [f * a, f * b, 1 - f],
    ];
  }

  // Complex numbers are pairs.
  const times = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
  const plus = ([a, b], [c, d]) => [a + c, b + d];
  const scaled = (k, [a, b]) => [k * a, k * b];
  const over = ([a, b], [c, d]) => scaled(1 / (c * c + d * d), [a * c + b * d, b * c - a * d]);
  const ZERO = [0, 0];

  /** Join two pieces of a chain; each has S on (channel 1, channel 2, elements…). */
  function join(left, right, phase) {
    const turn = [Math.cos(phase), Math.sin(phase)]; // on the way from left to right
    const inner = left.length - 2;
    const n = inner + right.length;
    // Amplitudes to the right of `left` (u) and to the left of `right` (w) for each source:
    // u = L_1s + L_12 w, w = R_2s + R_21 turn u.
    const echo = times(times(left[0][1], right[1][0]), turn);
    const loop = [1 - echo[0], -echo[1]];
    const result = Array.from({ length: n }, () => new Array(n));
    for (let s = 0; s < n; s++) {
      // Which of the two pieces the source enters, and where.
      const first = s === 0 ? 0 : s >= 2 && s < 2 + inner ? s : -1;
      const second = s === 1 ? 1 : s >= 2 + inner ? s - inner : -1;
      const from = first >= 0 ? left[0][first] : ZERO;
      const back = second >= 0 ? right[1][second] : ZERO;
      const u = over(plus(from, times(left[0][1], back)), loop);
      const w = plus(back, times(right[1][0], times(turn, u)));
      const out = (piece, k, entry, at) =>
        plus(times(piece[k][piece === left ? 1 : 0], at), entry >= 0 ? piece[k][entry] : ZERO);
      const arriving = times(turn, u);
      result[0][s] = out(right, 0, second, arriving);
      result[1][s] = out(left, 1, first, w);
      for (let k = 2; k < left.length; k++) result[k][s] = out(left, k, first, w);
      for (let k = 2; k < right.length; k++) result[inner + k][s] = out(right, k, second, arriving);
    }
    return result;
  }

  /** |S|² with these phases of the round trips A – T – A and T – B – T. */
  function probabilities({ x, y1, y2 }, [phi1, phi2]) {
    const pieces = [junction(x, x), junction(y1, y2), junction(x, x)].map((piece) =>
      piece.map((row) => row.map((entry) => [entry, 0])));
    const chain = join(join(pieces[0], pieces[1], phi1), pieces[2], phi2);
    return chain.map((row) => row.map(([re, im]) => re * re + im * im));
  }

  /** The mean of |S|² over the phases of the round trips. */
  function exact(strength) {
    const mean = PORTS.map(() => PORTS.map(() => 0));
    for (let i = 0; i < ANGLES; i++) {
      for (let j = 0; j < ANGLES; j++) {
        const phases = [i, j].map((k) => (2 * Math.PI * k) / ANGLES);
        probabilities(strength, phases).forEach((row, k) => row.forEach((p, l) => {
          mean[k][l] += p / ANGLES ** 2;
        }));
      }
    }
    return mean;
  }

  /** What the printed rates let a photon do, the diagonal left out. */
  function events({ x, y1, y2 }) {
    const [xx, xy1, xy2] = [16 * x * x, 16 * x * y1, 16 * x * y2];
    return [
      [0, xx / 2, 4 * x, 4 * y1, 4 * x],
      [xx / 2, 0, 4 * x, 4 * y2, 4 * x],
      [4 * x, 4 * x, 0, xy2, xx],
      [4 * y1, 4 * y2, xy1, 0, xy2],
      [4 * x, 4 * x, xx, xy1, 0],
    ];
  }

  /** The printed rates: what does not leave stays, so columns sum to one. */
  function printed(strength) {
    const matrix = events(strength);
    return matrix.map((row, k) => row.map((value, l) =>
      (k === l ? 1 - sum(matrix.map((other) => other[l])) : value)));
  }

  /** What second order adds to the first order off the diagonal and is no event of its own. */
  function corrections({ x, y1, y2 }) {
    const [xx, yy] = [16 * x * x, 8 * y1 * y2];
    const own = (y) => -16 * x * y - 8 * y * y - yy;
    return [
      [0, yy / 2, -16 * x * y1 - 2 * xx, own(y1), -xx],
      [yy / 2, 0, -xx, own(y2), -16 * x * y2 - 2 * xx],
      [-xx, -16 * x * y2 - 2 * xx, 0, 0, 0],
      [own(y1), own(y2), 0, 0, 0],
      [-16 * x * y1 - 2 * xx, -xx, 0, 0, 0],
    ];
  }

  /**
   * The exact matrix to second order, averaged over the phases. Without `interference` the entries
   * off the diagonal are only the events, so that a photon has too many ways to go.
   */
  function secondOrder(strength, interference) {
    const [events_, more] = [events(strength), corrections(strength)];
    return events_.map((row, k) => row.map((value, l) => {
      if (k !== l) return value + (interference ? more[k][l] : 0);
      return 1 - sum(events_.map((other, j) => other[l] + more[j][l]));
    }));
  }

  /** The matrix that the reader looks at. */
  function matrix(values) {
    const strength = strengths(values);
    if (values.view === "exact") return exact(strength);
    return values.view === "printed" ? printed(strength) : secondOrder(strength, values.interference);
  }

  /** Occupations after so many passages, each of which sends what leaves a channel round again. */
  function occupations(p, passages, start = PORTS.map(() => 1)) {
    let n = start;
    for (let i = 0; i < passages; i++) n = p.map((row) => sum(row.map((value, l) => value * n[l])));
    return n;
  }

  const junctionChain = {
    ports: PORTS, strengths, probabilities, exact, printed, secondOrder,
    matrix, occupations,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { junctionChain });
  if (typeof module !== "undefined") module.exports = junctionChain;
})(typeof window === "undefined" ? globalThis : window);
