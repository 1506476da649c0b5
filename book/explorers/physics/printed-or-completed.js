// Printed rates of [B] beside completed ones, at the same capture and absorption: the open waveguide
// and the closed loop. No page in here: it runs in a browser and in Node alike; it needs
// physics/light-rates.js. Times in µs, energies in ħΩ, entropies in k.
(function (root) {
  "use strict";
  const light = () => root.DetailedBalance.physics.lightRates;

  const TWO_LEVEL = "TLS";
  const BANDWIDTH = 100; // Δ per µs: it only sets the scale of time
  const FLUX = BANDWIDTH / (2 * Math.PI); // temporal modes a µs
  const UNEQUAL = { closed: [2, 1, 1, 1, 0.5], open: [2, 1, 0.5] }; // temperatures, of the common one

  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  /** Absorption per two-level system and channel: the reader sets a M of both together, and χ. */
  function absorptions({ absorbed, chirality, two_level_systems: M }) {
    return [1, -1].map((sign) => (absorbed * (1 + sign * chirality)) / (2 * M));
  }

  // Pairs of places between which a quantum can go in the completed model, in the order of `flows`.
  const PAIRS = [
    ["A", TWO_LEVEL], ["A", "B"], ["A", "1"], ["A", "2"],
    ["B", TWO_LEVEL], ["B", "A"], ["B", "2"], ["B", "1"],
    ["1", "A"], ["1", TWO_LEVEL], ["1", "B"],
    ["2", "B"], ["2", TWO_LEVEL], ["2", "A"],
    [TWO_LEVEL, "B"], [TWO_LEVEL, "1"], [TWO_LEVEL, "A"], [TWO_LEVEL, "2"],
  ];

  /** What the channels hold behind the cavities and behind the two-level systems. */
  function chain(R, [a1, a2], M, [nA, nB, n1, n2, m]) {
    const f = (1 - R) * n1 + R * nA;
    const b = (1 - R) * n2 + R * nB;
    const left = (a, n) => n - a * ((M - m) * n - m * (n + 1));
    return { f, b, f1: left(a1, f), b1: left(a2, b) };
  }

  /** Quanta a µs by pair: each followed from where it comes from to where it stays. */
  function flows(R, a, M, state) {
    const [nA, nB, n1, n2, m] = state;
    const { f, b } = chain(R, a, M, state);
    const W = 1 - R;
    const [t1, t2] = a.map((each) => each * (M - m));
    const [e1, e2] = [a[0] * m * (f + 1), a[1] * m * (b + 1)];
    return [
      R * nA * t1, R * nA * (1 - t1) * R, R * nA * (1 - t1) * W, R * nA,
      R * nB * t2, R * nB * (1 - t2) * R, R * nB * (1 - t2) * W, R * nB,
      n1 * R, n1 * W * t1, n1 * W * (1 - t1) * R,
      n2 * R, n2 * W * t2, n2 * W * (1 - t2) * R,
      e1 * R, e1 * W, e2 * R, e2 * W,
    ].map((flow) => FLUX * flow);
  }

  function completed(values) {
    const { two_level_systems: M, modes, waveguide_modes: waveguideModes, capture: R } = values;
    const a = absorptions(values);
    const closed = values.system === "closed";
    const outside = (name) => (!closed && (name === "1" || name === "2") ? "outside" : name);
    const used = PAIRS.map((pair, i) => i).filter((i) => closed || !/[12]/.test(PAIRS[i][0]));
    const full = (state) => (closed ? state : [state[0], state[1], 0, 0, state[2]]);
    return light().rateModel({
      subsystems: closed ? ["A", "B", "1", "2", TWO_LEVEL] : ["A", "B", TWO_LEVEL],
      variables: closed ? ["n_A", "n_B", "n_1", "n_2", "m"] : ["n_A", "n_B", "m"],
      processes: used.map((i) => [...PAIRS[i].map(outside), PAIRS[i].join(" to ")]),
      parameters: { two_level_systems: M, beta: values.beta },
      sizes: closed ? [modes, modes, waveguideModes, waveguideModes, 1] : [modes, modes, 1],
      fluxes: (state) => {
        const all = flows(R, a, M, full(state));
        return used.map((i) => all[i]);
      },
    });
  }

  /** [B]'s model with the same R and a_r; `phases`: second-order rates as the phases e^{ikx} make them. */
  function printed(values) {
    const { two_level_systems, modes, waveguide_modes, capture: R, beta, phases } = values;
    const [a1, a2] = absorptions(values);
    const second = R * (phases ? 1 : 0.25);
    const gammaDec = (R * FLUX) / modes;
    const common = {
      two_level_systems, modes, beta, gamma_dec: gammaDec, gamma_0: second * gammaDec,
      tilde_gamma_1: second * a1 * FLUX, tilde_gamma_2: second * a2 * FLUX,
      tilde_gamma_11: a1 * FLUX, tilde_gamma_12: a2 * FLUX,
    };
    if (values.system === "open") return light().models.openWaveguide(common);
    return light().models.closedLoop({
      ...common, waveguide_modes, gamma_3: (R * R * FLUX) / (4 * waveguide_modes),
    });
  }

  /** Where both begin. */
  function start(model, { system, start: kind, beta }) {
    return model.thermalState(kind === "one" ? beta : UNEQUAL[system].map((T) => beta / T));
  }

  const entropy = (model, state) => sum(model.entropies(state));

  /**
   * The most entropy that the light which leaves the open waveguide can carry, k a µs: by what
   * leaves through each end in the completed model, by the flows of the printed one.
   */
  function emittedEntropy(values, kind, model, state) {
    const { capture: R, two_level_systems: M } = values;
    const [nA, nB, m] = state;
    const a = absorptions(values);
    let out;
    if (kind === "completed") {
      const { f1, b1 } = chain(R, a, M, [nA, nB, 0, 0, m]);
      out = [(1 - R) * f1 + R * nB, (1 - R) * b1 + R * nA];
    } else {
      out = a.map((each) => R * (nA + nB) + each * m);
    }
    return FLUX * sum(out.map((n) => light().modeEntropy(n)));
  }

  const models = { printed, completed };

  /** A run of one model: states, and for each what the second panel shows. */
  function history(values, kind, times) {
    const model = models[kind](values);
    const begin = start(model, values);
    const { states } = model.solve(times, begin);
    const open = values.system === "open";
    return {
      model, begin, times, states,
      entropies: states.map((state) => entropy(model, state)),
      production: states.map((state) => model.production(state)),
      balance: open ? states.map((state) =>
        model.entropyChange(state) + emittedEntropy(values, kind, model, state)) : null,
      drift: model.derivative(model.initialState).map((rate, i) => rate * model.sizes[i]),
    };
  }

  const printedOrCompleted = {
    bandwidth: BANDWIDTH, absorptions, printed, completed, start, entropy, emittedEntropy, history,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { printedOrCompleted });
  if (typeof module !== "undefined") module.exports = printedOrCompleted;
})(typeof window === "undefined" ? globalThis : window);
