// Three dots in a flux at weak coupling: what the gas does at lowest order (rates of Davies' form,
// always balanced), and the first imbalance, an interference. Uses the physics of three-dots.
// No page in here: it runs in a browser and in Node alike. ħ = k_B = 1.
//
// Levels are in the order (−, 0, +), matrices in the order final ← initial. `parameters` is
// { tunneling, flux, couplings: [V1, V2, V3], phases, mass = 1 }.
(function (root) {
  "use strict";
  const dots = typeof module !== "undefined" ? require("./three-dots.js")
    : root.DetailedBalance.physics.threeDots;

  const FLOOR = 45; // e^−45 is below the rounding error of any integral here
  const STEP = 0.1; // the trapezoidal rule is exact to rounding on these even, analytic integrands

  /** ∫_0^∞ f(t) dt of an even analytic f that is negligible from `end` on. */
  function evenIntegral(f, end) {
    let sum = f(0) / 2;
    for (let t = STEP; t < end + STEP; t += STEP) sum += f(t);
    return STEP * sum;
  }

  /** e^x K_0(x) = ∫_0^∞ exp(−2x sinh²(t/2)) dt, for 0 < x < 50; sharper peaks slip between nodes. */
  function scaledBesselK0(x) {
    const end = 2 * Math.asinh(Math.sqrt(FLOOR / (2 * x)));
    return evenIntegral((t) => Math.exp(-2 * x * Math.sinh(t / 2) ** 2), end);
  }

  const levels = [0, 1, 2];
  const square = (entry) => levels.map((k) => levels.map((l) => entry(k, l)));

  /** v_kl as [re, im]. */
  function coupling({ couplings, phases }) {
    const { re, im } = dots.couplingMatrix(couplings, phases);
    return (k, l) => [re[k][l], im[k][l]];
  }

  const times = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
  const conjugate = ([a, b]) => [a, -b];
  const size = ([a, b]) => a * a + b * b;

  /**
   * The spectral function of the gas at lowest order, for an energy ω given to the system, at
   * density one: g(ω) = 2m √(β/2πm) e^{−βω/2} K_0(β|ω|/2), infinite at ω = 0.
   */
  function spectralFunction(omega, beta, mass = 1) {
    const x = (beta * Math.abs(omega)) / 2;
    const downwards = 2 * mass * Math.sqrt(beta / (2 * Math.PI * mass)) * scaledBesselK0(x);
    return downwards * (omega > 0 ? Math.exp(-beta * omega) : 1);
  }

  /** Davies' rates g(E_k − E_l) |v_kl|² of l → k at density one; zero on the diagonal. */
  function daviesRates(parameters, beta) {
    const { tunneling, flux, mass = 1 } = parameters;
    const energies = dots.energies(tunneling, flux);
    const v = coupling(parameters);
    return square((k, l) => (k === l ? 0
      : spectralFunction(energies[k] - energies[l], beta, mass) * size(v(k, l))));
  }

  /**
   * The excess e^{β E_max}(F_0− − F_−0) at third order in the coupling,
   * 16 Im(v_−0 v_0+ v_+−) ∫ dE e^{−β(E − E_max)} b_− b_0 b_+.
   */
  function thirdOrderExcess(parameters, beta) {
    const { tunneling, flux, mass = 1 } = parameters;
    const energies = dots.energies(tunneling, flux);
    const highest = Math.max(...energies);
    const [near, far] = energies.map((energy) => highest - energy).sort((a, b) => a - b).slice(1);
    // E − E_max = (c sinh t)²: dE b_max has no pole left, and the other two are π/2 off the axis.
    const c = Math.min(Math.sqrt(near), 1 / Math.sqrt(beta));
    const integral = evenIntegral((t) => {
      const x = (c * Math.sinh(t)) ** 2;
      return (c * Math.cosh(t) * Math.exp(-beta * x)) / Math.sqrt((x + near) * (x + far));
    }, Math.asinh(Math.sqrt(FLOOR / beta) / c));
    const { cycle } = dots.invariants(parameters.couplings, parameters.phases);
    return 32 * cycle * (mass / 2) ** 1.5 * integral;
  }

  /**
   * Two paths from level − to level 0 and back, relative to the direct one, at `above` over the
   * highest level: { up, down } is −ib_+ times v_0+ v_+− / v_0− and its conjugate, each [re, im].
   */
  function detours(parameters, above) {
    const { tunneling, flux, mass = 1 } = parameters;
    const energies = dots.energies(tunneling, flux);
    const b = mass / Math.sqrt(2 * mass * (Math.max(...energies) + above - energies[2]));
    const v = coupling(parameters);
    const direct = v(1, 0);
    const weight = b / size(direct);
    const [re, im] = times(times(v(1, 2), v(2, 0)), conjugate(direct));
    return { up: [weight * im, -weight * re], down: [-weight * im, -weight * re] };
  }

  const weakCoupling = {
    scaledBesselK0, spectralFunction, daviesRates, thirdOrderExcess, detours,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { weakCoupling });
  if (typeof module !== "undefined") module.exports = weakCoupling;
})(typeof window === "undefined" ? globalThis : window);
