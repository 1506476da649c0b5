// The closed loop and its contrast, the embedded cavity: which rates a chirality means, what a run
// does to the entropy, who feeds whom. No page in here: it runs in a browser and in Node alike; it
// needs physics/light-rates.js.
(function (root) {
  "use strict";
  const models = () => root.DetailedBalance.physics.lightRates.models;

  // Temperatures of an unequal start, in units of the common one.
  const UNEQUAL = { loop: [2, 1, 1, 1, 0.5], cavity: [2, 1, 0.5] };

  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  /**
   * The model that the explorer's values mean. The chirality χ divides what the two-level systems
   * exchange between the channels, g_1² : g_2² = 1 + χ : 1 − χ, in first and in second order.
   */
  function model(values) {
    const { system, chirality, first, second, gamma_dec, gamma_0, gamma_3 } = values;
    const common = { two_level_systems: values.two_level_systems, modes: values.modes, beta: values.beta };
    if (system === "cavity") {
      return models().embeddedCavity({
        ...common, outer_modes: values.waveguide_modes, gamma_4: gamma_dec,
        tilde_gamma_5: first, tilde_gamma_6: second,
      });
    }
    const [to1, to2] = [(1 + chirality) / 2, (1 - chirality) / 2];
    return models().closedLoop({
      ...common, waveguide_modes: values.waveguide_modes, gamma_dec, gamma_0, gamma_3,
      tilde_gamma_11: to1 * first, tilde_gamma_12: to2 * first,
      tilde_gamma_1: to1 * second, tilde_gamma_2: to2 * second,
    });
  }

  /** Where a run begins: one temperature, or A hot and the two-level systems cold. */
  function start(loop, { system, start: kind, beta }) {
    return loop.thermalState(kind === "one" ? beta : UNEQUAL[system].map((T) => beta / T));
  }

  /** β of the state of one temperature that holds so many quanta. */
  function commonInverseTemperature(loop, quanta) {
    let [low, high] = [1e-12, 700];
    for (let i = 0; i < 200; i++) {
      const middle = Math.sqrt(low * high);
      if (loop.quanta(loop.thermalState(middle)) > quanta) low = middle;
      else high = middle;
    }
    return Math.sqrt(low * high);
  }

  const entropy = (loop, state) => sum(loop.entropies(state));

  /** States and entropies at these times, and the largest entropy that as many quanta allow. */
  function history(loop, times, begin) {
    const { states } = loop.solve(times, begin);
    const common = commonInverseTemperature(loop, loop.quanta(begin));
    return {
      times, states,
      entropies: states.map((state) => entropy(loop, state)),
      common, largest: entropy(loop, loop.thermalState(common)),
    };
  }

  /** Net quanta a µs from l to k, [k][l], antisymmetric; flows below `noise` are none. */
  function netFlows(loop, state) {
    const matrix = loop.subsystems.map(() => loop.subsystems.map(() => 0));
    const noise = 1e-12 * sum(loop.fluxes(state));
    for (const [pair, flow] of Object.entries(loop.flows(state))) {
      const [l, k] = pair.split("→").map((name) => loop.subsystems.indexOf(name));
      if (Math.abs(flow) <= noise) continue;
      matrix[k][l] += flow;
      matrix[l][k] -= flow;
    }
    return matrix;
  }

  const closedLoop = {
    model, start, commonInverseTemperature, entropy, history, netFlows,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { closedLoop });
  if (typeof module !== "undefined") module.exports = closedLoop;
})(typeof window === "undefined" ? globalThis : window);
