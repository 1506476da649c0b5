// The closed loop of [B]: five subsystems that exchange quanta and lose none, their entropy, who
// feeds whom at a moment that the reader chooses, and what equal temperatures do.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant, decimal } = drawing;
  const physicsOf = physics.closedLoop;

  const [WIDTH, HEIGHT] = [360, 284];
  const [FIRST, LAST] = [1e-3, 1e4]; // µs
  const POINTS = 141;
  const TIMES = Array.from({ length: POINTS }, (_, i) => FIRST * (LAST / FIRST) ** (i / (POINTS - 1)));
  const STYLE = { A: "level-0", B: "level-1", C: "level-1", 1: "channel-1", 2: "channel-2", TLS: "level-2" };
  const WORDS = { A: "A", B: "B", C: "C", 1: "channel 1", 2: "channel 2", TLS: "TLS" };

  const count = (label, spoken, value) => ({ label, spoken, min: 1, max: 400, step: 1, value });
  const weak = (label, spoken) => ({ label, spoken, min: 0, max: 0.1, step: 0.001, value: 0.01 });
  const parameters = {
    system: { label: "system", options: [["loop", "closed loop"], ["cavity", "embedded cavity"]], value: "loop" },
    start: { label: "start", options: [["one", "one temperature"], ["unequal", "A hot, TLS cold"]], value: "one" },
    chirality: { label: "chirality", min: -1, max: 1, step: 0.01, value: 1 },
    second: { label: "γ̃", spoken: "second-order rate γ̃ of the two-level systems", min: 0, max: 20, step: 0.1, value: 10 },
    first: { label: "γ̃ direct", spoken: "first-order rate of the two-level systems", min: 0, max: 20, step: 0.1, value: 10 },
    gamma_dec: { label: "γ_dec", spoken: "rate γ_dec from cavity to waveguide", min: 0.001, max: 1, step: 0.01, scale: "log", value: 0.01 },
    gamma_0: weak("γ₀", "rate γ_0 between the cavities"),
    gamma_3: weak("γ₃", "rate γ_3 between the channels"),
    two_level_systems: count("M", "number M of two-level systems", 100),
    modes: count("𝒩", "modes of a cavity", 100),
    waveguide_modes: count("𝒩′", "modes of a channel or of the outer cavity", 100),
    beta: { label: "ħΩ/kT", min: 0.2, max: 5, step: 0.01, scale: "log", value: 1 },
    shown: { label: "show", options: [["occupations", "occupations"], ["temperatures", "temperatures"]], value: "occupations" },
    time: { label: "time, µs", spoken: "time in microseconds", min: FIRST, max: LAST, step: 0.01, scale: "log", value: 1 },
  };
  const LOOP_ALONE = ["chirality", "gamma_0", "gamma_3"];
  const presets = [
    ["Fig. 7", {}],
    ["Symmetric", { chirality: 0, start: "unequal" }],
    ["Mirror image", { chirality: -1 }],
    ["First order alone", { second: 0, gamma_0: 0, gamma_3: 0, start: "unequal" }],
    ["Embedded cavity", { system: "cavity", start: "unequal", gamma_dec: 0.05, first: 0.5, second: 1, modes: 20 }],
  ];

  /** Everything but the cursor. */
  let kept = { key: "" };
  function runOf(values) {
    const key = JSON.stringify({ ...values, time: 0, shown: "" });
    if (kept.key !== key) {
      const loop = physicsOf.model(values);
      const begin = physicsOf.start(loop, values);
      kept = {
        key, loop, begin, run: physicsOf.history(loop, TIMES, begin),
        equal: physicsOf.netFlows(loop, loop.initialState),
      };
    }
    return kept;
  }

  function compute(values) {
    const fixed = runOf(values);
    const { loop, begin } = fixed;
    const [state] = loop.solve([values.time], begin).states;
    return {
      ...fixed, state,
      entropy: physicsOf.entropy(loop, state),
      betas: loop.inverseTemperatures(state),
      net: physicsOf.netFlows(loop, state),
      parts: loop.productionParts(state),
    };
  }

  // ---- Drawings ----

  const timeX = drawing.scale([FIRST, LAST], [52, WIDTH - 12], true);
  const timeAxis = { x: timeX, xLabel: "time, µs", xTicks: [1e-3, 1e-2, 1e-1, 1, 10, 100, 1e3] };

  const cursor = ({ time }) => drawing.line(timeX(time), 12, timeX(time), HEIGHT - 46, "handle-line");

  function drawEntropy(values, { run, entropy }) {
    const low = Math.min(...run.entropies);
    const margin = 0.08 * Math.max(run.largest - low, 0.02 * run.largest);
    const y = drawing.scale([low - margin, run.largest + margin], [HEIGHT - 46, 12]);
    return [
      drawing.axes({ ...timeAxis, y, yLabel: "entropy S, in k" }),
      drawing.line(timeX(FIRST), y(run.largest), timeX(LAST), y(run.largest), "balance-line"),
      drawing.curve(run.entropies.map((S, i) => [timeX(TIMES[i]), y(S)]), "track"),
      cursor(values),
      drawing.marker(timeX(values.time), y(entropy), "track-end"),
    ];
  }

  /** What panel 2 shows of a state: n and m/M, or kT/ħΩ. */
  function displayed(values, loop, state) {
    if (values.shown === "temperatures") return loop.inverseTemperatures(state).map((beta) => 1 / beta);
    return state.map((x, i) => (i === state.length - 1 ? x / values.two_level_systems : x));
  }

  function drawSubsystems(values, { loop, run, state }) {
    const lines = run.states.map((at) => displayed(values, loop, at));
    const top = 1.05 * Math.max(...lines.flat());
    const y = drawing.scale([0, top], [HEIGHT - 46, 12]);
    const now = displayed(values, loop, state);
    return [
      drawing.axes({ ...timeAxis, y,
        yLabel: values.shown === "temperatures" ? "kT/ħΩ" : "photons per mode; m/M" }),
      loop.subsystems.map((name, i) =>
        drawing.curve(lines.map((at, j) => [timeX(TIMES[j]), y(at[i])]), STYLE[name])),
      cursor(values),
      loop.subsystems.map((name, i) => drawing.marker(timeX(values.time), y(now[i]), STYLE[name])),
    ];
  }

  const PLACES = {
    A: [44, 132], B: [316, 132], C: [316, 132], 1: [98, 30], 2: [262, 30], TLS: [180, 246],
  };
  const RADIUS = 19;

  function drawFlows({ loop, net, betas }) {
    const largest = Math.max(...net.flat());
    const arrows = [];
    loop.subsystems.forEach((source, l) => loop.subsystems.forEach((target, k) => {
      if (net[k][l] <= 0) return;
      const [[x1, y1], [x2, y2]] = [PLACES[source], PLACES[target]];
      const length = Math.hypot(x2 - x1, y2 - y1);
      const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
      arrows.push(drawing.arrow(
        [x1 + ux * (RADIUS + 3), y1 + uy * (RADIUS + 3)], [x2 - ux * (RADIUS + 3), y2 - uy * (RADIUS + 3)],
        Math.max(0.8, (14 * net[k][l]) / largest), betas[k] < betas[l] ? "uphill" : "downhill"));
    }));
    return [
      arrows,
      loop.subsystems.map((name, i) => {
        const [x, y] = PLACES[name];
        // Where no arrow passes.
        const [aside, below] = y > 200 ? [70, 5] : y < 60 ? [0, -RADIUS - 4] : [x < 180 ? -12 : 12, RADIUS + 17];
        return [
          svg("circle", { cx: x, cy: y, r: RADIUS, class: `station ${STYLE[name]}` }),
          drawing.text(x, y + 4.5, name, { "text-anchor": "middle", class: "station-name" }),
          drawing.text(x + aside, y + below, `T ${significant(1 / betas[i], 3)}`,
            { "text-anchor": "middle", class: "tick" }),
        ];
      }),
    ];
  }

  function drawEqual({ loop, equal }) {
    const names = loop.subsystems;
    const n = names.length;
    const [left, top, width, height] = [52, 44, n > 3 ? 48 : 70, n > 3 ? 40 : 56];
    const largest = Math.max(...equal.flat(), 1e-300);
    const middle = { "text-anchor": "middle" };
    const x = (l) => left + width * l;
    const y = (k) => top + height * k;
    const gains = equal.map((row) => row.reduce((a, b) => a + b, 0));
    const noise = 1e-9 * largest;
    const flow = (value) => (Math.abs(value) <= noise ? "0" : drawing.signed(significant(value, 3)));
    return [
      drawing.text(left + (n * width) / 2, 12, "from", { ...middle, class: "axis-label" }),
      drawing.text(-(top + (n * height) / 2), 12, "to", { ...middle, class: "axis-label", transform: "rotate(-90)" }),
      names.map((name, k) => [
        drawing.text(x(k) + width / 2, 34, name, { ...middle, class: "sum" }),
        drawing.text(34, y(k) + height / 2 + 5, name, { ...middle, class: "sum" }),
      ]),
      equal.map((row, k) => row.map((value, l) => [
        svg("rect", {
          x: x(l) + 1, y: y(k) + 1, width: width - 2, height: height - 2, rx: 3, class: "cell",
          style: `--shade: ${Math.round(100 * Math.min(1, Math.abs(value) / largest))}%`,
        }),
        drawing.text(x(l) + width / 2, y(k) + height / 2 + 5, k === l ? "" : flow(value),
          { ...middle, class: "cell-text small" }),
      ])),
      drawing.line(x(n) + 3, top, x(n) + 3, y(n), "sum-rule"),
      drawing.text(x(n) + 32, 34, "gain", { ...middle, class: "axis-label" }),
      gains.map((value, k) => drawing.text(x(n) + 32, y(k) + height / 2 + 5, flow(value),
        { ...middle, class: Math.abs(value) <= noise ? "sum small" : "sum sum-wrong small" })),
    ];
  }

  // ---- Words ----

  function entropyWords({ loop, run, entropy, begin, state }) {
    const end = run.entropies[POINTS - 1];
    const fallen = run.largest - end > 1e-9 * run.largest;
    return `At the cursor S = ${significant(entropy, 6)} k, in the end ${significant(end, 6)} k. As many quanta allow `
      + `${significant(run.largest, 6)} k (dotted)${fallen ? `; ${significant(100 * (1 - end / run.largest), 3)} % of it is missing in the end` : ", and that is reached"}. `
      + `Quanta at the start ${decimal(loop.quanta(begin), 4)}, at the cursor ${decimal(loop.quanta(state), 4)}.`;
  }

  function subsystemWords(values, { loop, state, betas }) {
    return "At the cursor: " + loop.variables.map((name, i) => {
      const label = name.replace("_", "");
      const value = name === "m" ? `m = ${decimal(state[i], 3)}` : `${label} = ${decimal(state[i], 4)}`;
      return `${value} (T = ${significant(1 / betas[i], 3)})`;
    }).join(", ") + ".";
  }

  function flowWords({ loop, net, parts }) {
    const list = [];
    loop.subsystems.forEach((source, l) => loop.subsystems.forEach((target, k) => {
      if (net[k][l] > 0) list.push([net[k][l], source, target]);
    }));
    if (list.length === 0) return "Nothing flows: every exchange balances.";
    list.sort(([a], [b]) => b - a);
    const sigma = Object.values(parts).reduce((a, b) => a + b, 0);
    const made = ([flow, source, target]) => {
      const part = parts[`${source}→${target}`] ?? parts[`${target}→${source}`];
      return `${source} → ${target} ${significant(flow, 3)} (${drawing.signed(significant(part, 3))} k)`;
    };
    return `Quanta a µs, and the entropy that it makes: ${list.slice(0, 3).map(made).join(", ")}. `
      + `Together σ = ${significant(sigma, 4)} k a µs.`;
  }

  function equalWords({ loop, equal }) {
    const gains = equal.map((row) => row.reduce((a, b) => a + b, 0));
    const largest = Math.max(...equal.flat());
    if (largest === 0) return "Every exchange balances. Equal temperatures stay.";
    const moved = loop.subsystems.map((name, k) => [WORDS[name], gains[k]])
      .filter(([, gain]) => Math.abs(gain) > 1e-9 * largest)
      .map(([name, gain]) => `${name} ${gain > 0 ? "gains" : "loses"} ${significant(Math.abs(gain), 4)}`);
    return `Some exchange does not balance. ${moved.join(", ")} quanta a µs: equal temperatures do not stay.`;
  }

  /** In a few words, for whoever hears the page: the panels say the rest. */
  function spokenWords(values, { loop, entropy, run, state }) {
    const last = state.length - 1;
    return `After ${significant(values.time, 3)} microseconds entropy ${significant(entropy, 4)} of ${significant(run.largest, 4)}; `
      + loop.variables.map((name, i) => `${name.replace("_", " ")} ${decimal(state[i], i === last ? 2 : 3)}`).join(", ") + ".";
  }

  function python(values) {
    const { loop, begin } = runOf(values);
    const name = values.system === "loop" ? "ClosedLoop" : "EmbeddedCavity";
    const fields = Object.entries(loop.parameters).map(([key, value]) => `    ${key}=${value},`).join("\n");
    const betas = loop.inverseTemperatures(begin).map((beta) => Number(beta.toPrecision(12)));
    return `"""Light in a closed system, as shown in the book."""

from detailedbalance.light import ${name}

model = ${name}(
${fields}
)
start = model.thermal_state([${betas.join(", ")}])
run = model.solve([${values.time}, ${10 * LAST}], start)

print("subsystems =", list(model.subsystems))
print("state =", run.states[0].tolist())
print("temperatures =", run.temperatures[0].tolist())
print("entropy =", float(run.entropy[0]))
print("entropy in the end =", float(run.entropy[1]))
print("quanta =", float(run.quanta[0]))
print("production =", float(run.entropy_production[0]))
print("equal temperatures stay =", model.is_balanced)
`;
  }

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      entropy: drawing.surface(WIDTH, HEIGHT, "Entropy of the whole system against time"),
      subsystems: drawing.surface(WIDTH, HEIGHT, "Occupations or temperatures of the subsystems against time"),
      flows: drawing.surface(WIDTH, HEIGHT, "Net flows of quanta between the subsystems at the cursor"),
      equal: drawing.surface(WIDTH, HEIGHT, "Net flows of quanta at equal temperatures, as a matrix"),
    };
    const panels = {
      entropy: drawing.panel("Entropy of the isolated system", surfaces.entropy, 4),
      subsystems: drawing.panel("The subsystems", surfaces.subsystems, 4),
      flows: drawing.panel("Who feeds whom at the cursor", surfaces.flows, 4),
      equal: drawing.panel("Net flows at equal temperatures", surfaces.equal, 4),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    const keysOf = {
      loop: element("span", { class: "keys" }, key("level-0", "A"), key("level-1", "B"),
        key("channel-1", "1"), key("channel-2", "2"), key("level-2", "TLS")),
      cavity: element("span", { class: "keys" }, key("level-0", "A"), key("level-1", "C"), key("level-2", "TLS")),
    };
    for (const keys of Object.values(keysOf)) panels.subsystems.node.insertBefore(keys, panels.subsystems.note);
    panels.flows.node.insertBefore(element("span", { class: "keys" },
      key("downhill", "from hot to cold"), key("uphill", "from cold to hot")), panels.flows.note);
    const spoken = controls.spokenStatus();

    stage.append(
      controls.presets(state),
      controls.columns(state,
        ["system", "start", "shown", "time", "beta", "chirality", "second"],
        ["first", "gamma_dec", "gamma_0", "gamma_3", "two_level_systems", "modes", "waveguide_modes"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    const control = (name) => stage.querySelector(`[data-parameter="${name}"]`).closest(".control");

    function show() {
      const values = state.values();
      const shown = compute(values);
      for (const name of LOOP_ALONE) control(name).hidden = values.system !== "loop";
      for (const [system, keys] of Object.entries(keysOf)) keys.hidden = system !== values.system;
      drawing.fill(surfaces.entropy, drawEntropy(values, shown));
      drawing.fill(surfaces.subsystems, drawSubsystems(values, shown));
      drawing.fill(surfaces.flows, drawFlows(shown));
      drawing.fill(surfaces.equal, drawEqual(shown));
      panels.entropy.note.textContent = entropyWords(shown);
      panels.subsystems.note.textContent = subsystemWords(values, shown);
      panels.flows.note.textContent = flowWords(shown);
      panels.equal.note.textContent = equalWords(shown);
      spoken.say(spokenWords(values, shown));
    }

    const move = (x) => state.set({ time: Number(timeX.invert(x).toPrecision(3)) });
    drawing.draggable(surfaces.entropy, move);
    drawing.draggable(surfaces.subsystems, move);
    state.subscribe(show);
    return { state };
  }

  root.DetailedBalance.explorer("closed-loop", mount);
})(window);
