// The 3 × 3 matrices of probabilities that treat all levels alike: each stays with probability a,
// goes around, 0 → 1 → 2 → 0, with b and back with c; a + b + c = 1. Which of them are
// |U|² of a unitary U?
// No page in here: it runs in a browser and in Node alike. A complex number is [re, im].
//
// U may be taken circulant, with entries x, y, z and |x|² = a, |y|² = b, |z|² = c. It is unitary
// if x ȳ + y z̄ + z x̄ = 0: three numbers of lengths √ab, √bc, √ca that close a triangle.
// Matrices have the index order final ← initial.
(function (root) {
  "use strict";

  const ROUNDING = 1e-12; // lengths that miss closing by so little do close

  const squareRoot = (x) => Math.sqrt(Math.max(0, x)); // a share may be −1e-17
  const times = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
  const square = ([a, b]) => a * a + b * b;
  const phase = (angle) => [Math.cos(angle), Math.sin(angle)];

  /** [a, b, c] from the chance to stay and the twist (b − c)/2. */
  const shares = ({ stay, twist }) => [stay, (1 - stay) / 2 + twist, (1 - stay) / 2 - twist];

  /** P[k][l] = a, b or c for k − l = 0, 1 or 2 (mod 3). */
  const circulant = (three) => [0, 1, 2].map((k) => [0, 1, 2].map((l) => three[(k - l + 3) % 3]));

  /** √ab, √bc, √ca. */
  const lengths = ([a, b, c]) => [squareRoot(a * b), squareRoot(b * c), squareRoot(c * a)];

  /** By how much the two shorter lengths together exceed the longest: no unitary if negative. */
  function margin(three) {
    const [low, middle, high] = lengths(three).sort((a, b) => a - b);
    return low + middle - high;
  }

  const isUnistochastic = (three) => margin(three) >= -ROUNDING;

  // Four times the area of a triangle, by Kahan's form of Heron's formula.
  function fourAreas(sides) {
    const [c, b, a] = [...sides].sort((p, q) => p - q);
    return squareRoot((a + (b + c)) * (c - (a - b)) * (c + (a - b)) * (a + (b - c)));
  }

  /**
   * The sides of the triangle as complex numbers of these lengths with sum zero, the first along
   * the real axis and the next to its left; null if it does not close.
   */
  function triangle(sides) {
    const [p, q, r] = sides;
    const height = fourAreas(sides);
    const turn = (opposite, one, other) =>
      Math.PI - Math.atan2(height, one * one + other * other - opposite * opposite);
    const angles = [0, turn(r, p, q), turn(r, p, q) + turn(p, q, r)];
    return sides.map((side, i) => [side * Math.cos(angles[i]), side * Math.sin(angles[i])]);
  }

  /**
   * [x, y, z] of a circulant unitary with |x|² = a, |y|² = b, |z|² = c and x > 0, or null if there
   * is none. The product of x ȳ, y z̄, z x̄ is positive, so their triangle is turned until it is.
   */
  function unitary(three) {
    if (!isUnistochastic(three)) return null;
    const sides = triangle(lengths(three));
    const angles = sides.map(([re, im]) => Math.atan2(im, re));
    const mean = (angles[0] + angles[1] + angles[2]) / 3;
    const [x, y, z] = three.map(squareRoot);
    const scaled = (length, angle) => phase(angle).map((part) => length * part);
    return [[x, 0], scaled(y, mean - angles[0]), scaled(z, angles[2] - mean)];
  }

  // Σ_n f_n e^{2πi jn/3} for j = 0, 1, 2, with the sign of j as given.
  const fourier = (f, sign) => [0, 1, 2].map((j) => f.reduce((total, value, n) => {
    const [re, im] = times(value, phase((sign * 2 * Math.PI * ((j * n) % 3)) / 3));
    return [total[0] + re, total[1] + im];
  }, [0, 0]));

  /** e^{−2iθ_ι} with tan θ_ι = bV_ι: how a dot of this strength turns a wave that meets it alone. */
  const dotPhases = (couplings) =>
    couplings.map((v) => [(1 - v * v) / (1 + v * v), (-2 * v) / (1 + v * v)]);

  /** [a, b, c] = |S_kl|² of three dots that are met at one common b = m/p. */
  const sharesOfDots = (couplings) => fourier(dotPhases(couplings), 1).map((w) => square(w) / 9);

  /**
   * bV₁, bV₂, bV₃ of three dots that make these probabilities, none beyond ±√3; null if none do.
   * A common phase is free: it is chosen such that the widest gap between the phases lies at −1.
   */
  function couplings(three) {
    const entries = unitary(three);
    if (!entries) return null;
    const angles = fourier(entries, -1).map(([re, im]) => Math.atan2(im, re));
    const order = [...angles].sort((p, q) => p - q);
    const gaps = order.map((angle, i) => (i < 2 ? order[i + 1] : order[0] + 2 * Math.PI) - angle);
    const widest = gaps.indexOf(Math.max(...gaps));
    const middle = order[widest] + gaps[widest] / 2;
    return angles.map((angle) => {
      const from = angle - middle + Math.PI; // so that `middle` comes to lie at −1
      return -Math.tan(Math.atan2(Math.sin(from), Math.cos(from)) / 2);
    });
  }

  /** The boundary of what unitaries make: a deltoid, where two sides together equal the third. */
  function boundary(count) {
    return Array.from({ length: count }, (_, i) => {
      const angle = (2 * Math.PI * i) / count;
      // (2e^{iα} + e^{−2iα})/3 = a + b e^{2πi/3} + c e^{−2πi/3}
      const re = (2 * Math.cos(angle) + Math.cos(2 * angle)) / 3;
      const im = (2 * Math.sin(angle) - Math.sin(2 * angle)) / 3;
      return [(1 + 2 * re) / 3, (1 - re) / 3 + im / Math.sqrt(3), (1 - re) / 3 - im / Math.sqrt(3)];
    });
  }

  const unistochastic = {
    shares, circulant, lengths, margin, isUnistochastic, triangle, unitary, dotPhases,
    sharesOfDots, couplings, boundary,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { unistochastic });
  if (typeof module !== "undefined") module.exports = unistochastic;
})(typeof window === "undefined" ? globalThis : window);
