// A gas particle on a line meets a system with two levels at a point.
// No page in here: it runs in a browser and in Node alike. ħ = 1.
//
// `parameters` is { gap, v11, v22, v12, mass = 1 }: levels 0 and gap, real couplings. Matrices are
// in the order final ← initial, as in the Python library, and complex numbers are [re, im].
(function (root) {
  "use strict";

  const LEVELS = [0, 1];
  const SPACING = 0.15; // of sampled energies around a resonance, on a scale of its own
  const REACH = 7.5;

  const times = (a, b) => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
  const plus = (a, b) => [a[0] + b[0], a[1] + b[1]];
  const scaled = (factor, a) => [factor * a[0], factor * a[1]];
  const square = (a) => a[0] * a[0] + a[1] * a[1];
  const over = (a, b) => scaled(1 / square(b), times(a, [b[0], -b[1]]));
  const matrix = (entry) => LEVELS.map((k) => LEVELS.map((l) => entry(k, l)));

  /** p_j = √(2m(E − E_j)), on the positive imaginary axis where channel j is closed. */
  function momentum(excess, mass) {
    const size = Math.sqrt(2 * mass * Math.abs(excess));
    return excess > 0 ? [size, 0] : [0, size];
  }

  /**
   * Scattering at one total energy E > 0: { open, momenta, reflected, transmitted, s }, or
   * { singular: true } where a bound state of level 2 has exactly this energy and does not couple.
   *
   * With M = p + imv, reflected[k][l] = −im (M⁻¹v)_kl = −i b_k t_kl is the wave e^{ip_k|q|} of level
   * k that a unit wave arriving in level l sets off, transmitted[l] what then passes in level l, and
   * S = 2 √p M⁻¹ √p − 1. Nothing arrives in a closed channel and no S leads there: these are zero.
   */
  function scatter(parameters, energy) {
    const { gap, v11, v22, v12, mass = 1 } = parameters;
    const momenta = [energy, energy - gap].map((excess) => momentum(excess, mass));
    const open = [true, energy > gap];
    const own = [v11, v22];
    const diagonal = LEVELS.map((l) => plus(momenta[l], [0, mass * own[l]]));
    const exchange = (mass * v12) ** 2;
    const determinant = plus(times(diagonal[0], diagonal[1]), [exchange, 0]);
    if (square(determinant) === 0) return { singular: true };

    const share = (value) => over(value, determinant);
    const jump = share([0, -mass * v12]); // (M⁻¹)_21 = (M⁻¹)_12
    const reflected = matrix((k, l) => {
      if (!open[l]) return [0, 0];
      if (k !== l) return times(jump, momenta[l]);
      return share(plus(times([0, -mass * own[l]], diagonal[1 - l]), [-exchange, 0]));
    });
    return {
      open,
      momenta,
      reflected,
      transmitted: LEVELS.map((l) =>
        (open[l] ? share(times(momenta[l], diagonal[1 - l])) : [0, 0])),
      s: matrix((k, l) => {
        if (!open[k] || !open[l]) return [0, 0];
        return k === l ? plus([1, 0], scaled(2, reflected[l][l]))
          : scaled(2 * Math.sqrt(momenta[0][0] * momenta[1][0]), jump);
      }),
    };
  }

  /** |S_kl|². */
  const probabilities = ({ s }) => s.map((row) => row.map(square));

  /**
   * Where a particle arriving in level l from one side goes: { transmitted, reflected } in level l,
   * `changed` to the other level on either side. They sum to one.
   */
  const outcomes = ({ s, reflected, transmitted }, l = 0) => ({
    transmitted: square(transmitted[l]),
    reflected: square(reflected[l][l]),
    changed: square(s[1 - l][l]) / 2,
  });

  /** [ψ_1, ψ_2] at position q for a unit wave e^{ip_l q} arriving from the left in level l. */
  function wave({ momenta, reflected }, l, q) {
    const travelled = (k, distance) =>
      scaled(Math.exp(-momenta[k][1] * Math.abs(distance)),
        [Math.cos(momenta[k][0] * distance), Math.sin(momenta[k][0] * distance)]);
    return LEVELS.map((k) => {
      const scattered = times(reflected[k][l], travelled(k, Math.abs(q)));
      return k === l ? plus(scattered, travelled(k, q)) : scattered;
    });
  }

  // v_11 with a closed level 2 folded in; infinite where level 2 is bound at this very energy.
  function effective({ v11, v22, v12, mass = 1 }, momenta) {
    return v12 === 0 ? v11 : v11 - v12 ** 2 / (momenta[1][1] / mass + v22);
  }

  /** K = √b v √b on the open channels, real; S = (1 − iK)/(1 + iK). Closed ones are zero. */
  function kMatrix(parameters, { open, momenta }) {
    const { v11, v22, v12, mass = 1 } = parameters;
    const p = momenta.map(([re]) => re);
    if (!open[1]) return [[(mass * effective(parameters, momenta)) / p[0], 0], [0, 0]];
    const v = [[v11, v12], [v12, v22]];
    return matrix((k, l) => (mass * v[k][l]) / Math.sqrt(p[k] * p[l]));
  }

  /**
   * What a closed level 2 does to transmission in level 1, as energies below the gap or null: it
   * is `blocked` where level 2 is bound, v_eff = ∞, and `clear` where v_eff = 0.
   */
  function interference({ gap, v11, v22, v12, mass = 1 }) {
    const below = (decay) => {
      const energy = gap - (decay * decay) / (2 * mass);
      return decay > 0 && energy > 0 ? energy : null;
    };
    if (v12 === 0) return { blocked: null, clear: null };
    return {
      blocked: below(-mass * v22),
      clear: v11 === 0 ? null : below(mass * (v12 ** 2 / v11 - v22)),
    };
  }

  /** Energies at which to draw: denser at thresholds, where S has √, and around a resonance. */
  function sampleEnergies(parameters, highest, count = 110) {
    const { gap, v11, v22, v12, mass = 1 } = parameters;
    const steps = Array.from({ length: count }, (_, i) => (i + 0.5) / count);
    const sampled = [
      ...steps.map((u) => gap * Math.sin((Math.PI / 2) * u) ** 2),
      ...steps.map((u) => gap + (highest - gap) * u * u),
      gap, highest,
    ];
    const { blocked, clear } = interference(parameters);
    if (blocked !== null) {
      // To lowest order in v12: the pole in the decay constant κ of level 2.
      const p = momentum(blocked, mass)[0];
      const size = (mass * v12) ** 2 / (p * p + (mass * v11) ** 2);
      for (let u = -REACH; u <= REACH; u += SPACING) {
        const decay = mass * (size * v11 - v22) + size * p * Math.sinh(u);
        if (decay > 0) sampled.push(gap - (decay * decay) / (2 * mass));
      }
      sampled.push(blocked);
    }
    if (clear !== null) sampled.push(clear);
    return sampled.filter((energy) => energy > 0 && energy <= highest).sort((a, b) => a - b);
  }

  const contactScattering = {
    scatter, probabilities, outcomes, wave, kMatrix, interference, sampleEnergies, square,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { contactScattering });
  if (typeof module !== "undefined") module.exports = contactScattering;
})(typeof window === "undefined" ? globalThis : window);
