// Two-level systems and modes of light in a box that nothing leaves: single jumps, rate equations in
// closed form, and the exact distribution in the long run. No page in here: it runs in a browser and
// in Node alike. Times in µs, rates in 1/µs, energies in ħΩ.
//
// A box is { atoms, modes, rate, excited, photons }: numbers of two-level systems and of modes, the
// rate γ̃ at which one excited system emits into empty modes, and what there is of each at the start.
(function (root) {
  "use strict";

  /** A box from what a reader sets: photons per mode `light` and the part `excited` of the atoms. */
  const boxOf = ({ atoms, modes, rate, light, excited }) =>
    ({ atoms, modes, rate, excited: Math.round(excited * atoms), photons: Math.round(light * modes) });

  const quanta = (box) => box.excited + box.photons;

  // ---- The rate equations ----

  /**
   * Where the rate equations lead, { m, n, upper, relaxation }: dm/dt = (2γ̃/𝒩)(m − m₋)(m − m₊), so
   * m tends to the smaller root, and (m − m₋)/(m₊ − m) falls at the rate `relaxation`.
   */
  function equilibrium(box) {
    const { atoms, modes, rate } = box;
    const total = quanta(box);
    const b = atoms + modes + 2 * total;
    const root = Math.hypot(atoms - 2 * total, Math.sqrt(modes * (modes + 2 * (atoms + 2 * total))));
    const m = (2 * atoms * total) / (b + root); // the product of the roots, over the larger one
    return { m, n: (total - m) / modes, upper: (b + root) / 4, relaxation: (rate * root) / modes };
  }

  /** { m, n } at a time, from the rate equations. */
  function mean(box, time) {
    const { m: low, upper, relaxation } = equilibrium(box);
    const u = ((box.excited - low) / (upper - box.excited)) * Math.exp(-relaxation * time);
    const m = (low + u * upper) / (1 + u);
    return { m, n: (quanta(box) - m) / box.modes };
  }

  // ---- In the long run ----

  /** The probabilities of m = 0, 1, …: all distributions of the quanta are equally likely. */
  function stationary(box) {
    const { atoms, modes } = box;
    const total = quanta(box);
    const logs = [0];
    for (let m = 0; m < Math.min(atoms, total); m++) {
      logs.push(logs[m] + Math.log(((atoms - m) * (total - m)) / ((m + 1) * (modes + total - m - 1))));
    }
    const largest = Math.max(...logs);
    const weights = logs.map((log) => Math.exp(log - largest));
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  }

  /** Mean and standard deviation of a distribution of 0, 1, … */
  function moments(p) {
    const average = p.reduce((sum, weight, m) => sum + weight * m, 0);
    const square = p.reduce((sum, weight, m) => sum + weight * (m - average) ** 2, 0);
    return { mean: average, deviation: Math.sqrt(square) };
  }

  /** Thermal light with n photons a mode: the probabilities of 0, 1, …, last. */
  const thermal = (n, last) =>
    Array.from({ length: last + 1 }, (_, j) => (n / (n + 1)) ** j / (n + 1));

  // ---- Jumps ----

  /** The microscopic state at the start: the first atoms are excited, the photons evenly spread. */
  function begin(box) {
    const share = (k) => Math.floor((k * box.photons) / box.modes);
    return {
      atoms: Array.from({ length: box.atoms }, (_, l) => (l < box.excited ? 1 : 0)),
      modes: Array.from({ length: box.modes }, (_, k) => share(k + 1) - share(k)),
      m: box.excited,
    };
  }

  /** Absorptions and emissions a µs, all together. */
  function rates(box, m) {
    const photons = quanta(box) - m;
    const each = box.rate / box.modes; // for one atom and one mode, and each photon in it
    return {
      absorption: each * (box.atoms - m) * photons,
      emission: each * m * (photons + box.modes),
    };
  }

  /** The position at which the running sum of weights passes a number. */
  function pick(weights, position) {
    let rest = position;
    return weights.findIndex((weight) => (rest -= weight) < 0);
  }

  const integer = (random, end) => Math.min(end - 1, Math.floor(random() * end));

  /**
   * The next jump, { wait, emission, atom, mode }; the wait is infinite where nothing can jump.
   * Atom l emits into mode k at the rate γ(n_k + 1), and absorbs from it at γ n_k.
   */
  function next(box, state, random) {
    const { absorption, emission } = rates(box, state.m);
    const wait = -Math.log1p(-random()) / (absorption + emission);
    if (absorption + emission === 0) return { wait: Infinity };
    const emits = random() * (absorption + emission) < emission;
    const able = state.atoms.map((excited) => (excited === 1) === emits ? 1 : 0);
    const weights = emits ? state.modes.map((n) => n + 1) : state.modes;
    return {
      wait,
      emission: emits,
      atom: pick(able, integer(random, emits ? state.m : box.atoms - state.m)),
      mode: pick(weights, integer(random, quanta(box) - state.m + (emits ? box.modes : 0))),
    };
  }

  /** Make a jump. */
  function apply(state, { emission, atom, mode }) {
    const step = emission ? 1 : -1;
    state.atoms[atom] = emission ? 0 : 1;
    state.modes[mode] += step;
    state.m -= step;
  }

  const photonJumps = {
    boxOf, quanta, equilibrium, mean, stationary, moments, thermal, begin, rates, next, apply,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { photonJumps });
  if (typeof module !== "undefined") module.exports = photonJumps;
})(typeof window === "undefined" ? globalThis : window);
