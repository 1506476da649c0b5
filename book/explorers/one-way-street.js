// The open chiral waveguide: who hands quanta to whom, temperatures in time, where the quanta are,
// and how equal temperatures drift with the chirality.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant, decimal, signed } = drawing;
  const street = physics.oneWayStreet;

  const [WIDTH, HEIGHT] = [360, 284];
  const NAMES = ["A", "B", "TLS"];
  const LOOKS = ["level-1", "level-0", "level-2"];
  const WIDEST = 22; // of the arrows, in pixels

  const parameters = {
    chirality: { label: "chirality", spoken: "chirality, (γ̃₁ − γ̃₂)/(γ̃₁ + γ̃₂)", min: -1, max: 1, step: 0.02, value: 1 },
    strength: { label: "γ̃₁ + γ̃₂", spoken: "γ̃₁ + γ̃₂, coupling to the two-level systems", unit: "per µs", min: 0.01, max: 100, step: 0.02, scale: "log", value: 10 },
    feed: { label: "A ↔ B: γ₀", spoken: "γ₀, direct exchange of A and B", unit: "per µs", min: 0, max: 1, step: 0.01, value: 0.01 },
    losses: { label: "losses", spoken: "losses to the outside, as a multiple of the paper’s", min: 0, max: 3, step: 0.05, value: 1 },
    beta: { label: "ħΩ/kT", spoken: "ħΩ/kT at the start", min: 0.2, max: 5, step: 0.01, scale: "log", value: 1 },
    span: { label: "axis, µs", spoken: "length of the time axis", unit: "µs", min: 0.1, max: 300, step: 0.02, scale: "log", value: 1 },
    moment: { label: "time, %", spoken: "time, per cent of the axis", min: 0, max: 100, step: 0.5, value: 10 },
    view: { label: "show", options: [["temperatures", "temperatures"], ["occupations", "photons per mode, log"]], value: "temperatures" },
  };
  const presets = [
    ["Fig. 2", {}],
    ["Fig. 3", { span: 150, view: "occupations" }],
    ["Symmetric", { chirality: 0 }],
    ["Mirrored", { chirality: -1 }],
    ["No losses", { losses: 0, span: 10 }],
  ];

  /** The run, kept while only the time moves. */
  let kept = { key: "" };
  function runOf(values) {
    const { moment, view, ...rest } = values;
    const key = JSON.stringify(rest);
    if (kept.key === key) return kept;
    const system = street.model(values);
    const times = street.grid(values.span);
    const { states } = system.solve(times);
    kept = {
      key, system, times, states,
      temperatures: states.map((state) => street.temperatures(system, state)),
      drift: street.drift(values),
    };
    return kept;
  }

  /** What holds at the time of the cursor. */
  function nowOf(values, { system }) {
    const time = (values.moment / 100) * values.span;
    const state = time > 0 ? system.solve([time]).states[0] : system.initialState;
    return {
      time, state,
      arrows: street.arrows(system, state),
      temperatures: street.temperatures(system, state),
      quanta: state.map((x, i) => x * system.sizes[i]),
      total: system.quanta(system.initialState),
    };
  }

  // ---- Drawings ----

  const PLACES = { A: [76, 70], B: [284, 70], TLS: [180, 222] };

  /** An arrow beside the line between two places, to the right of who walks along it. */
  function besideArrow(from, to, width, name, aside = 0) {
    const [[x1, y1], [x2, y2]] = [PLACES[from], PLACES[to]];
    const length = Math.hypot(x2 - x1, y2 - y1);
    const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
    const shift = 2 + width / 2 + aside;
    const at = ([x, y], along) => [x + along * ux - shift * uy, y + along * uy + shift * ux];
    return drawing.arrow(at(PLACES[from], 38), at(PLACES[to], -38), width, name);
  }

  function drawFlows({ arrows, temperatures }) {
    const largest = Math.max(...Object.values(arrows), 1e-300);
    const width = (flow) => Math.max(0.6, (WIDEST * flow) / largest);
    const drawn = [];
    for (const [pair, channel] of [["A→TLS", 1], ["TLS→B", 1], ["A→B", 1], ["B→TLS", 2], ["TLS→A", 2], ["B→A", 2]]) {
      if (arrows[pair] > 0) drawn.push(svg("g", { "data-flow": pair }, besideArrow(...pair.split("→"), width(arrows[pair]), `lane-${channel}`)));
    }
    for (const [source, [x1, y1], [x2, y2]] of [["A", [54, 48], [16, 14]], ["B", [306, 48], [344, 14]], ["TLS", [180, 250], [180, 282]]]) {
      const flow = arrows[`${source}→outside`];
      if (flow > 0) drawn.push(svg("g", { "data-flow": `${source}→outside` }, drawing.arrow([x1, y1], [x2, y2], width(flow), "outward")));
    }
    return [
      drawn,
      NAMES.map((name, i) => {
        const [x, y] = PLACES[name];
        return svg("g", { class: `place ${LOOKS[i]}` },
          svg("rect", { x: x - 34, y: y - 24, width: 68, height: 48, rx: 8 }),
          drawing.text(x, y - 3, name, { "text-anchor": "middle", class: "place-name" }),
          drawing.text(x, y + 15, kelvin(temperatures[i]), { "text-anchor": "middle" }));
      }),
      drawing.text(180, 18, "cold outside", { "text-anchor": "middle", class: "axis-label" }),
    ];
  }

  const timeX = (span) => drawing.scale([0, span], [56, WIDTH - 14]);

  function drawRun(values, run, now) {
    const x = timeX(values.span);
    const hot = values.view === "temperatures";
    const rows = hot ? run.temperatures : run.states.map(([a, b]) => [a, b]);
    const all = rows.flat();
    const top = 1.08 * Math.max(...all);
    const floor = Math.max(Math.min(...all), 1e-8 * top) / 1.5;
    const y = drawing.scale(hot ? [0, top] : [floor, 1.5 * top], [HEIGHT - 46, 12], !hot);
    const current = hot ? now.temperatures : now.state.slice(0, 2);
    const inside = (value) => Math.max(value, y.domain[0]);
    return [
      drawing.axes({ x, y, xLabel: "time (µs)", yLabel: hot ? "temperature (K)" : "photons per mode" }),
      drawing.line(x(0), y(rows[0][0]), x(values.span), y(rows[0][0]), "balance-line"),
      rows[0].map((_, i) => drawing.curve(
        run.times.map((t, j) => [x(t), y(inside(rows[j][i]))]), LOOKS[i])),
      drawing.line(x(now.time), 12, x(now.time), HEIGHT - 46, "handle-line"),
      current.map((value, i) => drawing.marker(x(now.time), y(inside(value)), LOOKS[i])),
    ];
  }

  function drawQuanta({ quanta, total }) {
    const away = Math.max(0, total - quanta.reduce((a, b) => a + b, 0));
    const rows = [...quanta.map((value, i) => [NAMES[i], value, LOOKS[i]]), ["outside", away, "outward"]];
    const [left, full] = [70, 226];
    return [
      rows.map(([name, value, look], i) => {
        const y = 30 + 48 * i;
        return [
          drawing.text(left - 8, y + 19, name, { "text-anchor": "end" }),
          svg("rect", { x: left, y, width: full, height: 28, class: "bar-frame" }),
          svg("rect", { x: left, y, width: decimalOf((full * value) / total), height: 28, class: `bar ${look}`, "data-quanta": value }),
          drawing.text(left + full + 6, y + 19, decimal(value, 2), { class: "bar-text" }),
        ];
      }),
      drawing.line(left, 226, left + full, 226, "sum-rule"),
      drawing.text(left - 8, 250, "sum", { "text-anchor": "end" }),
      drawing.text(left + full + 6, 250, decimal(rows.reduce((sum, [, value]) => sum + value, 0), 2), { class: "sum" }),
    ];
  }

  const decimalOf = (pixels) => Math.max(0, pixels).toFixed(1);
  const chiralityX = drawing.scale([-1, 1], [64, WIDTH - 14]);

  function drawDrift(values, { drift }) {
    const slope = driftAtOne(values);
    const top = 1.15 * Math.abs(slope);
    const y = drawing.scale([-top, top], [HEIGHT - 46, 12]);
    const x = chiralityX(values.chirality);
    const line = (sign, name) => drawing.curve([-1, 1].map((s) => [chiralityX(s), y(sign * slope * s)]), name);
    return [
      drawing.axes({ x: chiralityX, y, xLabel: "chirality", yLabel: "drift (photons per mode and µs)", xTicks: [-1, -0.5, 0, 0.5, 1] }),
      drawing.line(chiralityX(-1), y(0), chiralityX(1), y(0), "balance-line"),
      line(1, LOOKS[0]), line(-1, LOOKS[1]),
      drawing.line(x, 12, x, HEIGHT - 46, "handle-line"),
      drawing.marker(x, y(drift[0]), LOOKS[0]), drawing.marker(x, y(drift[1]), LOOKS[1]),
    ];
  }

  const driftAtOne = (values) => street.drift({ ...values, chirality: 1 })[0];

  // ---- Words ----

  const kelvin = (value) => `${decimal(value, 0)} K`;
  const per = (value) => significant(value, 4);

  function flowWords({ arrows, time }) {
    const flows = ["A→TLS", "TLS→B", "B→TLS", "TLS→A"].map((pair) => `${pair.replace("→", " → ")} ${per(arrows[pair])}`);
    const net = arrows["A→B"] - arrows["B→A"];
    return `At ${per(time)} µs, in quanta per µs: ${flows.join(", ")}; A to B directly ${per(net)} net.`;
  }

  /** A cavity may be as good as empty; then there is no ratio. */
  const ratioWords = ([a, b]) => (a > 0 && b > 0 ? `, n_A/n_B = ${significant(a / b, 5)}` : "");

  function runWords({ time, temperatures, state }) {
    const [a, b, tls] = temperatures;
    return `At ${per(time)} µs: A ${decimal(a, 1)} K, B ${decimal(b, 1)} K, TLS ${decimal(tls, 1)} K; `
      + `n_A = ${per(state[0])}, n_B = ${per(state[1])}${ratioWords(state)}.`;
  }

  function quantaWords({ quanta, total }) {
    const inside = quanta.reduce((a, b) => a + b, 0);
    return `Of ${decimal(total, 2)} quanta ${decimal(inside, 2)} are in the system. Each process takes what it gives: the sum holds.`;
  }

  function driftWords({ drift }) {
    const [a, b, m] = drift;
    if (Math.abs(a) < 1e-9) return "Equal temperatures stay equal if nothing leaves.";
    return `Equal temperatures, if nothing leaves: dn_A/dt = ${signed(decimal(a, 4))}, dn_B/dt = ${signed(decimal(b, 4))} per µs, `
      + `dm/dt = ${decimal(Math.abs(m) < 1e-9 ? 0 : m, 0)}.`;
  }

  const spokenWords = ({ time, temperatures: [a, b, tls] }) =>
    `At ${significant(time, 3)} microseconds A has ${decimal(a, 0)}, B ${decimal(b, 0)}, the two-level systems ${decimal(tls, 0)} kelvin.`;

  const python = (values) => {
    const p = street.rates(values);
    return `"""The open chiral waveguide, as shown in the book."""

from scipy import constants

from detailedbalance import light

model = light.OpenWaveguide(
    gamma_dec=${p.gamma_dec},
    gamma_0=${p.gamma_0},
    tilde_gamma_1=${p.tilde_gamma_1},
    tilde_gamma_2=${p.tilde_gamma_2},
    tilde_gamma_11=${p.tilde_gamma_11},
    tilde_gamma_12=${p.tilde_gamma_12},
    beta=${values.beta},
)
time = ${(values.moment / 100) * values.span}  # µs
run = model.solve([time])
kelvin = constants.h * constants.c / (10e-6 * constants.k)  # light of 10 µm
for name, value in zip(model.subsystems, kelvin * run.temperatures[0]):
    print(f"T_{name} =", float(value))
for name, value in zip(model.variables, run.states[0]):
    print(f"{name} =", float(value))
for process, flux in zip(model.processes, model.fluxes(run.states[0])):
    print(f"{process.name} =", float(flux))
print("quanta =", float(model.quanta(run.states[0])))
print("drift of A =", float(model.equilibrium_defect().derivative[0]))
`;
  };

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      flows: drawing.surface(WIDTH, HEIGHT, "Cavities A and B and the two-level systems with arrows for the flows between them"),
      run: drawing.surface(WIDTH, HEIGHT, "Temperatures or occupations against time"),
      quanta: drawing.surface(WIDTH, HEIGHT, "Where the quanta are, as bars, and their sum"),
      drift: drawing.surface(WIDTH, HEIGHT, "Drift of equal temperatures against the chirality"),
    };
    const panels = {
      flows: drawing.panel("Who hands quanta to whom", surfaces.flows, 4),
      run: drawing.panel("In time", surfaces.run, 4),
      quanta: drawing.panel("Where the quanta are", surfaces.quanta, 2),
      drift: drawing.panel("Drift of equal temperatures", surfaces.drift, 2),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    panels.flows.node.insertBefore(element("span", { class: "keys" },
      key("lane-1", "channel 1"), key("lane-2", "channel 2"), key("outward", "to the outside"),
      element("span", {}, "Widths: quanta per µs, the largest as wide as it goes.")), panels.flows.note);
    const third = key(LOOKS[2], "TLS"); // has a temperature, but no photons
    panels.run.node.insertBefore(element("span", { class: "keys" },
      key(LOOKS[0], "A"), key(LOOKS[1], "B"), third), panels.run.note);
    const spoken = controls.spokenStatus();

    function show() {
      const values = state.values();
      const run = runOf(values);
      const now = nowOf(values, run);
      drawing.fill(surfaces.flows, drawFlows(now));
      drawing.fill(surfaces.run, drawRun(values, run, now));
      drawing.fill(surfaces.quanta, drawQuanta(now));
      drawing.fill(surfaces.drift, drawDrift(values, run));
      third.hidden = values.view !== "temperatures";
      panels.flows.note.textContent = flowWords(now);
      panels.run.note.textContent = runWords(now);
      panels.quanta.note.textContent = quantaWords(now);
      panels.drift.note.textContent = driftWords(run);
      spoken.say(spokenWords(now));
    }

    drawing.draggable(surfaces.run, (px) => {
      const { span } = state.values();
      state.set({ moment: Math.round((200 * timeX(span).invert(px)) / span) / 2 });
    });
    drawing.draggable(surfaces.drift, (px) => state.set({ chirality: Math.round(50 * chiralityX.invert(px)) / 50 }));

    stage.append(
      controls.presets(state),
      controls.columns(state, ["chirality", "strength", "feed", "losses"], ["beta", "span", "moment", "view"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    state.subscribe(show);
    return { state };
  }

  root.DetailedBalance.explorer("one-way-street", mount);
})(window);
