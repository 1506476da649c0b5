// The entropy ledger of the open chiral waveguide of [B]: what the exchange between cavities and
// two-level systems produces, what the system loses, what Q/T books as taken away, and what light
// can carry away at most. No page in here: it runs in a browser and in Node alike; it needs
// physics/light-rates.js. Times in µs, rates in 1/µs, entropies in k.
(function (root) {
  "use strict";

  const MODES = 100; // of each cavity
  const FIRST = 1e-5; // the grid of times, µs: even in ln t, so that fast and slow are resolved
  const LAST = 20;
  const INTERVALS = 240; // an even number, for Simpson's rule
  const STEP = Math.log(LAST / FIRST) / INTERVALS;
  const TIMES = Array.from({ length: INTERVALS + 1 }, (_, i) => FIRST * Math.exp(i * STEP));
  const NOTHING = 1e-12; // fewer quanta than this are none
  const ROUNDING = 1e-9; // a balance, in k or k a µs, that is less negative than this is none
  const PARTS = { AB: "A→B", ATLS: "A→TLS", BTLS: "TLS→B" };
  const rates = () => root.DetailedBalance.physics.lightRates;
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  /**
   * The library's parameters. The chirality χ splits both couplings of the two-level systems
   * between the channels, as g₁² and g₂² do: (1 + χ)/2 for channel 1, (1 − χ)/2 for channel 2.
   */
  function parametersOf({ chirality, coupling, tls_loss, gamma_dec, gamma_0, M }) {
    const [one, two] = [(1 + chirality) / 2, (1 - chirality) / 2];
    return {
      two_level_systems: M, modes: MODES, gamma_dec, gamma_0,
      tilde_gamma_1: coupling * one, tilde_gamma_2: coupling * two,
      tilde_gamma_11: tls_loss * one, tilde_gamma_12: tls_loss * two,
    };
  }

  /** Quanta a µs that leave through channel 1 and channel 2. */
  const lightFlows = (model, state) => {
    const [a1, a2, b1, b2, m1, m2] = model.fluxes(state);
    return [a1 + b1 + m1, a2 + b2 + m2];
  };

  /** The most entropy that light of this flow can carry in a band Δ, k a µs: black emission. */
  const emitted = (flow, bandwidth) => {
    const cells = bandwidth / (2 * Math.PI); // temporal modes a µs
    return cells * rates().modeEntropy(flow / cells);
  };

  /** What Q/T books for each subsystem, k a µs. */
  function bookedHeat(model, state) {
    const beta = model.inverseTemperatures(state);
    return model.heatFlows(state).map((heat, i) => (heat === 0 ? 0 : heat * beta[i]));
  }

  /**
   * Everything at one state that does not depend on the bandwidth, k a µs: the parts of σ, the
   * system's change of entropy, what Q/T books for A, B and the TLS; and flows of light, quanta a µs.
   */
  function entries(model, state) {
    if (model.quanta(state) < NOTHING) {
      return { parts: [0, 0, 0], change: 0, booked: [0, 0, 0], flows: [0, 0] };
    }
    const parts = model.productionParts(state);
    return {
      parts: Object.values(PARTS).map((pair) => parts[pair]),
      change: model.entropyChange(state),
      booked: bookedHeat(model, state),
      flows: lightFlows(model, state),
    };
  }

  /** The run from equal temperatures ħΩ/kT = 1, on the grid of times. */
  function run(values) {
    const model = rates().models.openWaveguide(parametersOf(values));
    const start = model.thermalState(1);
    const { states } = model.solve(TIMES, start);
    return {
      model, start, states,
      entropy: sum(model.entropies(start)),
      first: entries(model, start),
      rows: states.map((state) => entries(model, state)),
      temperatures: states.map((state) => model.inverseTemperatures(state).map((beta) => 1 / beta)),
    };
  }

  // ---- Lines of the ledger: [change, parts (3), booked (3), light (2)] ----

  const CHANGE = 0;
  const line = ({ change, parts, booked, flows }, bandwidth) =>
    [change, ...parts, ...booked, ...flows.map((flow) => emitted(flow, bandwidth))];

  const read = (numbers) => {
    const [change, ...rest] = numbers;
    const [parts, booked, light] = [rest.slice(0, 3), rest.slice(3, 6), rest.slice(6)];
    return { change, parts, booked, light, production: sum(parts), balance: change + sum(light) };
  };

  /** Integrals from zero to each time of the grid: Simpson's rule in ln t, cubic steps between. */
  function accumulate(atZero, lines) {
    const f = lines.map((numbers, i) => numbers.map((value) => value * TIMES[i]));
    const result = [lines[0].map((value, c) => 0.5 * (atZero[c] + value) * FIRST)];
    for (let i = 2; i < f.length; i += 2) {
      const [a, b, c] = [f[i - 2], f[i - 1], f[i]];
      const before = result[i - 2];
      result.push(before.map((value, k) => value + (STEP * (5 * a[k] + 8 * b[k] - c[k])) / 12));
      result.push(before.map((value, k) => value + (STEP * (a[k] + 4 * b[k] + c[k])) / 3));
    }
    return result;
  }

  /** The ledger on the grid of times, as rates or as sums since t = 0. */
  function ledger({ model, states, entropy, first, rows }, bandwidth, sums) {
    const lines = rows.map((row) => line(row, bandwidth));
    if (!sums) return lines.map(read);
    const totals = accumulate(line(first, bandwidth), lines);
    // The system's entropy is known without an integral.
    totals.forEach((total, i) => { total[CHANGE] = sum(model.entropies(states[i])) - entropy; });
    return totals.map(read);
  }

  /** State and ledger at any time between the first and the last of the grid. */
  function ledgerAt(whole, bandwidth, sums, time) {
    const { model, states, entropy } = whole;
    const place = Math.floor(Math.log(time / FIRST) / STEP);
    const i = Math.max(0, Math.min(INTERVALS - 1, place));
    const rest = Math.max(time - TIMES[i], 0);
    const [half, state] = rest > 0 ? model.solve([rest / 2, rest], states[i]).states
      : [states[i], states[i]];
    const lineAt = (s) => line(entries(model, s), bandwidth);
    if (!sums) return { state, ...read(lineAt(state)) };
    const [a, b, c] = [states[i], half, state].map(lineAt);
    const before = accumulate(line(whole.first, bandwidth), whole.rows.map((row) => line(row, bandwidth)))[i];
    const total = before.map((value, k) => value + (rest * (a[k] + 4 * b[k] + c[k])) / 6);
    total[CHANGE] = sum(model.entropies(state)) - entropy;
    return { state, ...read(total) };
  }

  /** Times at which σ changes sign, by secants that keep the change between them. */
  function signChanges({ model, states, rows }) {
    const found = [];
    const production = rows.map((row) => sum(row.parts));
    for (let i = 1; i < rows.length; i++) {
      if (production[i - 1] * production[i] >= 0) continue;
      const at = (rest) => sum(entries(model, model.solve([rest], states[i - 1]).states[0]).parts);
      let [a, b] = [[0, production[i - 1]], [TIMES[i] - TIMES[i - 1], production[i]]];
      for (let step = 0; step < 6; step++) {
        const x = b[0] - (b[1] * (b[0] - a[0])) / (b[1] - a[1]);
        const y = at(x);
        if (y * b[1] < 0) a = b;
        else a = [a[0], a[1] / 2]; // the Illinois rule
        b = [x, y];
      }
      found.push(TIMES[i - 1] + b[0]);
    }
    return found;
  }

  /** The lowest value between the grid's times, by a parabola through the lowest three. */
  function lowest(values) {
    let i = 0;
    values.forEach((value, k) => { if (value < values[i]) i = k; });
    if (i === 0 || i === values.length - 1) return values[i];
    const [a, b, c] = [values[i - 1], values[i], values[i + 1]];
    return b - (c - a) ** 2 / (8 * (a - 2 * b + c) || Infinity);
  }

  /**
   * The bandwidth above which the balance with what light can carry is never negative; infinite if
   * no band up to 10¹² /µs is wide enough.
   */
  function neededBandwidth(whole, sums) {
    const { model, states, entropy, first, rows } = whole;
    const changes = states.map((state) => sum(model.entropies(state)) - entropy);
    const light = ({ flows }, bandwidth) => [sum(flows.map((flow) => emitted(flow, bandwidth)))];
    const holds = (bandwidth) => {
      const lights = rows.map((row) => light(row, bandwidth));
      const balances = sums
        ? accumulate(light(first, bandwidth), lights).map(([total], i) => changes[i] + total)
        : lights.map(([value], i) => rows[i].change + value);
      return lowest(balances) >= -ROUNDING;
    };
    let [low, high] = [-3, 12];
    if (!holds(10 ** high)) return Infinity;
    for (let step = 0; step < 26; step++) {
      const middle = (low + high) / 2;
      if (holds(10 ** middle)) high = middle;
      else low = middle;
    }
    return 10 ** high;
  }

  /** The bandwidth that [B]'s formulae imply for these rates: γ₀/γ_dec = π²h²ρρ_wg, 𝒩 = ρΔ. */
  const impliedBandwidth = ({ gamma_dec, gamma_0 }) => (Math.PI * MODES * gamma_dec ** 2) / (2 * gamma_0);

  const entropyLedger = {
    TIMES, parametersOf, emitted, run, ledger, ledgerAt, signChanges, neededBandwidth,
    impliedBandwidth,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { entropyLedger });
  if (typeof module !== "undefined") module.exports = entropyLedger;
})(typeof window === "undefined" ? globalThis : window);
