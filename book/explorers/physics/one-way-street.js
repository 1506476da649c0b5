// The open chiral waveguide by chirality: what its rates are, how it evolves, what flows where, and
// how equal temperatures drift.
(function (root) {
  "use strict";
  const physics = (root.DetailedBalance.physics = root.DetailedBalance.physics || {});
  const { models } = physics.lightRates;

  const KELVIN = 1438.776877; // ħΩ/k for light of 10 µm
  const POINTS = 160;

  /**
   * The model: `strength` = γ̃_1 + γ̃_2, split by `chirality` = (γ̃_1 − γ̃_2)/strength. `losses` is 1 for
   * [B]'s, γ_dec = 0.01/µs and γ̃_1r = γ̃_r, and multiplies them.
   */
  function rates({ chirality, strength, feed, losses, beta }) {
    const [one, two] = [(strength * (1 + chirality)) / 2, (strength * (1 - chirality)) / 2];
    return {
      gamma_dec: 0.01 * losses, gamma_0: feed, beta,
      tilde_gamma_1: one, tilde_gamma_2: two,
      tilde_gamma_11: losses * one, tilde_gamma_12: losses * two,
    };
  }

  const model = (values) => models.openWaveguide(rates(values));

  /** Times from 0 to `span`, dense at the start, where all is fast. */
  const grid = (span) => Array.from({ length: POINTS + 1 }, (_, i) => span * (i / POINTS) ** 2);

  /** Effective temperatures in kelvin, for A, B and the two-level systems. */
  const temperatures = (system, state) =>
    system.inverseTemperatures(state).map((beta) => KELVIN / beta);

  /** Quanta a µs by the drawing's arrows: gross, what leaves for the outside by its source. */
  function arrows(system, state) {
    const carried = system.fluxes(state);
    const between = {};
    system.processes.forEach(([source, target], r) => {
      const name = `${source}→${target}`;
      between[name] = (between[name] || 0) + carried[r];
    });
    return between;
  }

  /** dn_A/dt of equal temperatures without losses; dn_B/dt is minus that, and dm/dt is zero. */
  function drift(values) {
    const system = model({ ...values, losses: 0 });
    return system.derivative(system.initialState);
  }

  physics.oneWayStreet = { KELVIN, rates, model, grid, temperatures, arrows, drift };
})(typeof window === "undefined" ? globalThis : window);
