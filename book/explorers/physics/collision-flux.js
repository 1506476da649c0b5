// How often a thermal gas on a line takes a system from one of its two levels to the other.
// No page in here: it runs in a browser and in Node alike. ħ = k_B = 1.
//
// `parameters` is { gap, v11, v22, v12, mass = 1 }: levels 0 and gap, real couplings.
(function (root) {
  "use strict";

  const NORMALIZATIONS = { physical: 1, generator: 1 / (2 * Math.PI), printed: 1 / (4 * Math.PI) };
  const STEP = 0.3; // of the trapezoidal rule in ln βx, whose error falls with e^{−π²/step}
  const FIRST = -40; // |S|² falls no faster than 1/√x: below x = e^−40/β lies < e^−20 of the whole
  const LAST = Math.log(45); // e^−45 is below any rounding error

  /**
   * |S_21|² = |S_12|² at the kinetic energy x above the upper level, zero where that is negative.
   *
   * S = 2 √p M⁻¹ √p − 1 with M = p + imv, so |S_21|² = 4 m² v_12² p_1 p_2/|det M|².
   */
  function conversion({ gap, v11, v22, v12, mass = 1 }, x) {
    if (!(x > 0)) return 0;
    const m = mass;
    const p1 = Math.sqrt(2 * m * (gap + x));
    const p2 = Math.sqrt(2 * m * x);
    const re = p1 * p2 + m * m * (v12 * v12 - v11 * v22);
    const im = m * (p1 * v22 + p2 * v11);
    return (4 * m * m * v12 * v12 * p1 * p2) / (re * re + im * im);
  }

  /** Probability ½|S_21|² that a collision at total energy E changes the level, either way. */
  const jumpProbability = (parameters, energy) => conversion(parameters, energy - parameters.gap) / 2;

  /** Collisions from both sides, a unit of time and of density: ⟨|v|⟩ = √(2/πβm). */
  const collisionRate = (beta, mass = 1) => Math.sqrt(2 / (Math.PI * beta * mass));

  /** The same a unit of the kinetic energy x: fast particles arrive more often, so no √x is left. */
  const collisionDensity = (beta, mass, x) =>
    (x < 0 ? 0 : collisionRate(beta, mass) * beta * Math.exp(-beta * x));

  /**
   * β ∫_0^∞ dx e^{−βx} |S_21|², which is β e^{β gap} F_21.
   *
   * In ln x every scale of the integrand, however weak the coupling, is as wide as any other, and
   * its singularities keep their distance from the real axis: the trapezoidal rule sees them all.
   */
  function meanConversion(parameters, beta) {
    let sum = 0;
    for (let u = LAST; u > FIRST; u -= STEP) {
      const scaled = Math.exp(u);
      sum += scaled * Math.exp(-scaled) * conversion(parameters, scaled / beta);
    }
    return STEP * sum;
  }

  /** Gibbs populations of the two levels. */
  function gibbs(gap, beta) {
    const weight = Math.exp(-beta * gap);
    return [1 / (1 + weight), weight / (1 + weight)];
  }

  /**
   * Rates a unit of density, { up, down }, with the mean probabilities of a jump a collision,
   * { upChance, downChance }, which no normalization changes.
   */
  function rates(parameters, beta, normalization = "physical") {
    const factor = NORMALIZATIONS[normalization];
    if (factor === undefined) throw new RangeError(`unknown normalization ${normalization}`);
    const { gap, mass = 1 } = parameters;
    const downChance = meanConversion(parameters, beta) / 2;
    const upChance = Math.exp(-beta * gap) * downChance;
    const asked = factor * collisionRate(beta, mass);
    return { up: asked * upChance, down: asked * downChance, upChance, downChance };
  }

  const collisionFlux = {
    NORMALIZATIONS, conversion, jumpProbability, collisionRate, collisionDensity, gibbs, rates,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { collisionFlux });
  if (typeof module !== "undefined") module.exports = collisionFlux;
})(typeof window === "undefined" ? globalThis : window);
