// The entropy ledger of the open chiral waveguide: σ with its three parts against time, columns of
// entropy at one time (what the system loses, what Q/T books, what light can carry), and both
// balances against time.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant, decimal, signed } = drawing;
  const model = physics.entropyLedger;

  const [WIDTH, HEIGHT] = [360, 284];
  const [EARLY, LATE] = [1e-3, 20]; // µs, shown
  const CAVITY_MODES = 100;
  const FEW = 3; // temporal modes, too few to count on
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  const parameters = {
    show: { label: "show", options: [["rate", "rates, at this time"], ["sum", "sums since t = 0"]], value: "rate" },
    time: { label: "time, µs", spoken: "time in microseconds", min: EARLY, max: LATE, step: 0.01, scale: "log", value: 0.133 },
    bandwidth: { label: "bandwidth Δ, 1/µs", spoken: "bandwidth Δ of the light, 1 over microseconds",
      min: 10, max: 1e7, step: 0.01, scale: "log", value: 1e4 },
    M: { label: "number M of TLS", spoken: "number M of two-level systems", min: 1, max: 1000, step: 0.01, scale: "log", value: 100 },
    chirality: { label: "chirality χ", min: -1, max: 1, step: 0.01, value: 1 },
    coupling: { label: "coupling γ̃₁ + γ̃₂", spoken: "coupling of the two-level systems to the cavities, 1 over microseconds",
      min: 0.1, max: 30, step: 0.01, scale: "log", value: 10 },
    tls_loss: { label: "TLS loss γ̃₁₁ + γ̃₁₂", spoken: "loss of the two-level systems, 1 over microseconds",
      min: 0.1, max: 30, step: 0.01, scale: "log", value: 10 },
    gamma_dec: { label: "cavity loss γ_dec", spoken: "loss of the cavities, 1 over microseconds",
      min: 1e-3, max: 1, step: 0.01, scale: "log", value: 0.01 },
    gamma_0: { label: "exchange γ₀", spoken: "exchange between the cavities, 1 over microseconds",
      min: 1e-3, max: 1, step: 0.01, scale: "log", value: 0.01 },
  };
  const presets = [
    ["Fig. 4", {}],
    ["A narrow band", { bandwidth: 100 }],
    ["A very broad band", { bandwidth: 2e5, time: 0.343 }],
    ["Small M", { M: 10, time: 1 }],
    ["Symmetric", { chirality: 0 }],
    ["Symmetric, narrow", { chirality: 0, bandwidth: 100 }],
  ];

  /** What does not depend on time, band and view: kept while only these move. */
  let kept = { key: "" };
  function runOf({ show, time, bandwidth, ...others }) {
    const key = JSON.stringify(others);
    if (kept.key === key) return kept;
    const whole = model.run(others);
    kept = {
      key, whole, changes: model.signChanges(whole),
      needed: { rate: model.neededBandwidth(whole, false), sum: model.neededBandwidth(whole, true) },
      implied: model.impliedBandwidth(others),
    };
    return kept;
  }

  /** Everything that is shown. */
  function compute(values) {
    const { whole, ...others } = runOf(values);
    const sums = values.show === "sum";
    return {
      ...others, sums, whole,
      lines: model.ledger(whole, values.bandwidth, sums),
      now: model.ledgerAt(whole, values.bandwidth, sums, values.time),
    };
  }

  const unitOf = (sums) => (sums ? "k" : "k/µs");
  const FIRST_SHOWN = model.TIMES.findIndex((time) => time >= EARLY);
  const timeX = drawing.scale([EARLY, LATE], [58, WIDTH - 12], true);
  const TIME_TICKS = [0.001, 0.01, 0.1, 1, 10];

  /** Curve through shown times, cut where it leaves the drawing. */
  function trace(values, y, name) {
    const [low, high] = y.domain;
    const pieces = [[]];
    values.forEach((value, i) => {
      if (i < FIRST_SHOWN) return;
      if (value < low || value > high) pieces.push([]);
      else pieces.at(-1).push([timeX(model.TIMES[i]), y(value)]);
    });
    return pieces.filter((piece) => piece.length > 1).map((piece) => drawing.curve(piece, name));
  }

  const cursor = (time, y, values) => [
    drawing.line(timeX(time), y.range[1], timeX(time), y.range[0], "handle-line"),
    values.filter(([value]) => value >= y.domain[0] && value <= y.domain[1])
      .map(([value, name]) => drawing.marker(timeX(time), y(value), name)),
  ];

  const frame = (y, yLabel) => [
    drawing.axes({ x: timeX, y, xLabel: "time, µs", yLabel, xTicks: TIME_TICKS }),
    drawing.line(timeX.range[0], y(0), timeX.range[1], y(0), "balance-line"),
  ];

  /** A scale that holds these values and zero. */
  function holding(lists, range = [HEIGHT - 46, 12]) {
    const all = [0, ...lists.flat()];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const room = 0.06 * (high - low || 1);
    return drawing.scale([low < 0 ? low - room : 0, high + room], range);
  }

  // ---- Four drawings ----

  const THREE = ["pair-0", "pair-1", "pair-2"]; // parts of σ, or A, B and the TLS

  function drawProduction(values, { lines, now, sums }) {
    const shownLines = lines.slice(FIRST_SHOWN);
    const columns = [0, 1, 2].map((i) => lines.map(({ parts }) => parts[i]));
    const y = holding([shownLines.flatMap(({ parts }) => parts), shownLines.map(({ production }) => production)]);
    return [
      frame(y, `${sums ? "produced" : "production"}, ${unitOf(sums)}`),
      columns.map((column, i) => trace(column, y, THREE[i])),
      trace(lines.map(({ production }) => production), y, "track"),
      cursor(values.time, y, [...now.parts.map((part, i) => [part, THREE[i]]), [now.production, "track-end"]]),
    ];
  }

  const COLUMNS = [["system", "loses"], ["booked", "Q/T"], ["light, at", "most"]];
  const SHADES = [["dot"], THREE, ["pair-0", "pair-1"]];

  function drawLedger({ now, sums }) {
    const stacks = [[-now.change], now.booked, now.light];
    const y = holding(stacks.map((stack) => [sum(stack)]), [HEIGHT - 50, 26]);
    const x = (i) => 92 + 90 * i;
    const owed = y(-now.change);
    return [
      drawing.ticks(y).map((value) => [
        drawing.line(58, y(value), WIDTH - 8, y(value), "grid"),
        drawing.text(52, y(value) + 4, controls.plain(value), { class: "tick", "text-anchor": "end" }),
      ]),
      drawing.text(-(HEIGHT - 24) / 2, 12, `entropy, ${unitOf(sums)}`,
        { class: "axis-label", "text-anchor": "middle", transform: "rotate(-90)" }),
      stacks.map((stack, i) => {
        let base = 0;
        const blocks = stack.map((value, part) => {
          const [from, to] = [y(base), y(base + value)];
          base += value;
          return svg("rect", { x: x(i), y: Math.min(from, to).toFixed(1), width: 62,
            height: Math.abs(from - to).toFixed(1), class: `bar ${SHADES[i][part]}`, "data-value": value });
        });
        return [
          blocks,
          COLUMNS[i].map((word, row) => drawing.text(x(i) + 31, HEIGHT - 30 + 15 * row, word,
            { class: "tick", "text-anchor": "middle" })),
        ];
      }),
      // What a column has above the debt, or lacks.
      [now.production, now.balance].map((value, i) => {
        const top = y(sum(stacks[i + 1]));
        return [
          svg("rect", { x: x(i + 1), y: Math.min(owed, top).toFixed(1), width: 62,
            height: Math.abs(owed - top).toFixed(1), class: `cell-mark ${value < 0 ? "more" : "less"}` }),
          drawing.text(x(i + 1) + 31, Math.min(owed, top) - 7, signed(significant(value, 3)),
            { class: value < 0 ? "sum-wrong" : "sum", "text-anchor": "middle" }),
        ];
      }),
      drawing.line(58, y(0), WIDTH - 8, y(0), "axis"),
      drawing.line(58, owed, WIDTH - 8, owed, "balance-line"),
    ];
  }

  function drawBalance(values, { lines, now, sums }) {
    const inTime = lines.slice(FIRST_SHOWN);
    const productions = inTime.map(({ production }) => production);
    const low = Math.min(0, ...productions, ...inTime.map(({ balance }) => balance));
    // Light may carry far more than is owed: what is of interest is where it falls short.
    const high = Math.max(...productions, -0.8 * low, 1e-9);
    const y = drawing.scale([1.06 * low, 1.06 * high], [HEIGHT - 46, 12]);
    return [
      frame(y, `balance, ${unitOf(sums)}`),
      trace(lines.map(({ balance }) => balance), y, "expected"),
      trace(lines.map(({ production }) => production), y, "track"),
      cursor(values.time, y, [[now.balance, "expected"], [now.production, "track-end"]]),
    ];
  }

  function drawTemperatures(values, { whole, now }) {
    const columns = [0, 1, 2].map((i) => whole.temperatures.map((row) => row[i]));
    const y = holding([columns.flat()]);
    const current = whole.model.inverseTemperatures(now.state).map((beta, i) => [1 / beta, THREE[i]]);
    return [
      frame(y, "kT / ħΩ"),
      columns.map((column, i) => trace(column, y, THREE[i])),
      cursor(values.time, y, current),
    ];
  }

  // ---- Words ----

  const micro = (time) => `${significant(time, 4)} µs`;
  const change = (value) => signed(significant(value, 4));

  function productionWords({ now, changes, sums }) {
    const name = sums ? "∫σ dt" : "σ";
    const where = changes.length === 0 ? "σ does not change sign."
      : `σ changes sign at ${changes.map(micro).join(", ")}.`;
    return `${name} = ${change(now.production)} ${unitOf(sums)} at this time. ${where}`;
  }

  function ledgerWords({ time, bandwidth }, { now, sums }) {
    const unit = unitOf(sums);
    const passed = (time * bandwidth) / (2 * Math.PI);
    const warning = passed >= FEW ? ""
      : " Fewer than three wave packets of this band have passed: the bound needs many. What a wider band cannot carry, this one cannot.";
    return `The system’s entropy: ${change(now.change)} ${unit}. Q/T books ${significant(sum(now.booked), 4)}; `
      + `light can carry ${significant(sum(now.light), 4)} at most. Balances: ${change(now.production)} and ${change(now.balance)}.${warning}`;
  }

  const perMicro = (value) => (value === Infinity ? "more than any" : `${significant(Number(value.toPrecision(3)), 3)}/µs`);

  function balanceWords({ needed, implied }) {
    return `The coloured line stays above zero at all times if Δ exceeds ${perMicro(needed.rate)}, `
      + `summed from t = 0 if Δ exceeds ${perMicro(needed.sum)}. By [B]’s formulae γ_dec and γ₀ imply ${perMicro(implied)}.`;
  }

  function temperatureWords({ whole, now }) {
    const [a, b, tls] = whole.model.inverseTemperatures(now.state).map((beta) => decimal(1 / beta, 4));
    return `At this time A has ${a}, B ${b}, the two-level systems ${tls}.`;
  }

  function spokenWords(values, { now, sums }) {
    return `At ${micro(values.time)}: booked with Q over T ${change(now.production)}, `
      + `with what light can carry at most ${change(now.balance)} ${unitOf(sums)}.`;
  }

  const python = (values) => `"""The entropy ledger of the open chiral waveguide, as shown in the book."""

import numpy as np

from detailedbalance.light import OpenWaveguide, implied_couplings

# The chirality splits the couplings of the two-level systems between the channels.
one, two = (1 + ${values.chirality}) / 2, (1 - ${values.chirality}) / 2
model = OpenWaveguide(
    two_level_systems=${values.M},
    modes=${CAVITY_MODES},
    gamma_dec=${values.gamma_dec},
    gamma_0=${values.gamma_0},
    tilde_gamma_1=${values.coupling} * one,
    tilde_gamma_2=${values.coupling} * two,
    tilde_gamma_11=${values.tls_loss} * one,
    tilde_gamma_12=${values.tls_loss} * two,
)
time, bandwidth = ${values.time}, ${values.bandwidth}
grid = np.concatenate([[0], np.geomspace(1e-6, 1, 2001)]) * time
run = model.solve(grid)
heat = run.heat_flows * run.inverse_temperatures  # Q/T
light = model.emitted_entropy(run.states, bandwidth)
${values.show === "rate" ? `change = model.entropy_change(run.states)[-1]
booked, carried = heat[-1].sum(), light[-1]
produced = run.entropy_production[-1]`
    : `change = run.entropy[-1] - run.entropy[0]
booked = np.trapezoid(heat.sum(axis=1), grid)
carried = np.trapezoid(light, grid)
produced = np.trapezoid(run.entropy_production, grid)`}

print("change =", float(change))
print("booked =", float(booked))
print("light at most =", float(carried))
print("production =", float(produced))
print("balance =", float(change + carried))
print("temperatures =", run.temperatures[-1].tolist())
print("sign changes =", model.entropy_production_zeros(until=20).tolist())
print("implied bandwidth =", implied_couplings(model).bandwidth)
`;

  // ---- The page ----

  function mount(stage) {
    const constrain = (values) => ({ ...values, M: Math.max(1, Math.round(values.M)) });
    const state = root.DetailedBalance.createState(parameters, { presets, constrain });
    const surfaces = {
      ledger: drawing.surface(WIDTH, HEIGHT, "Columns of entropy: what the system loses, what Q over T books, what light can carry"),
      balance: drawing.surface(WIDTH, HEIGHT, "Both balances against time"),
      production: drawing.surface(WIDTH, HEIGHT, "Entropy production and its three parts against time"),
      temperatures: drawing.surface(WIDTH, HEIGHT, "Temperatures of A, B and the two-level systems against time"),
    };
    const panels = {
      ledger: drawing.panel("The ledger at this time", surfaces.ledger, 4),
      balance: drawing.panel("The balance: two ways to book", surfaces.balance, 4),
      production: drawing.panel("Entropy production", surfaces.production, 3),
      temperatures: drawing.panel("Temperatures", surfaces.temperatures, 3),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    const keys = (panel, ...list) => panel.node.insertBefore(element("span", { class: "keys" },
      ...list.map(([name, text]) => key(name, text))), panel.note);
    keys(panels.balance, ["track", "with Q/T: σ"], ["expected", "with what light can carry"]);
    keys(panels.production, ["track", "σ"], ["pair-0", "A, B"], ["pair-1", "A, TLS"], ["pair-2", "B, TLS"]);
    keys(panels.temperatures, ["pair-0", "A"], ["pair-1", "B"], ["pair-2", "TLS"]);
    panels.ledger.node.insertBefore(element("span", { class: "keys" },
      element("span", {}, "Q/T, from below: A, B, TLS. Light: channels 1 and 2. Dotted: what is owed.")), panels.ledger.note);
    const spoken = controls.spokenStatus();

    function show(values) {
      const shown = compute(values);
      drawing.fill(surfaces.ledger, drawLedger(shown));
      drawing.fill(surfaces.balance, drawBalance(values, shown));
      drawing.fill(surfaces.production, drawProduction(values, shown));
      drawing.fill(surfaces.temperatures, drawTemperatures(values, shown));
      panels.ledger.note.textContent = ledgerWords(values, shown);
      panels.balance.note.textContent = balanceWords(shown);
      panels.production.note.textContent = productionWords(shown);
      panels.temperatures.note.textContent = temperatureWords(shown);
      spoken.say(spokenWords(values, shown));
    }

    const follow = (x) => state.set({ time: Number(timeX.invert(x).toPrecision(3)) });
    for (const name of ["balance", "production", "temperatures"]) drawing.draggable(surfaces[name], follow);

    stage.append(
      controls.presets(state),
      controls.columns(state, ["show", "time", "bandwidth", "M", "chirality"],
        ["coupling", "tls_loss", "gamma_dec", "gamma_0"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    state.subscribe(show);
    return { state };
  }

  root.DetailedBalance.explorer("entropy-ledger", mount);
})(window);
