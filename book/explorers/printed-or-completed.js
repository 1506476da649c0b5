// Printed and completed rates from the same start, at the same capture and absorption: occupations,
// entropy of the closed loop, and what the open waveguide's light would have to carry away.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant, decimal, signed } = drawing;
  const model = physics.printedOrCompleted;

  const [WIDTH, HEIGHT] = [360, 284];
  const [FIRST, LAST] = [1e-2, 1e3]; // µs
  const POINTS = 101;
  const TIMES = Array.from({ length: POINTS }, (_, i) => FIRST * (LAST / FIRST) ** (i / (POINTS - 1)));
  const KINDS = ["completed", "printed"];
  const LOOKS = { completed: "track", printed: "level-1" };
  const [A, B] = [0, 1];

  const count = (label, spoken) => ({ label, spoken, min: 1, max: 400, step: 1, value: 100 });
  const parameters = {
    system: { label: "system", options: [["closed", "closed loop"], ["open", "open waveguide"]], value: "closed" },
    start: { label: "start", options: [["one", "one temperature"], ["unequal", "A hot, TLS cold"]], value: "one" },
    chirality: { label: "chirality", min: -1, max: 1, step: 0.02, value: 1 },
    capture: { label: "capture R", min: 0.01, max: 0.5, step: 0.01, value: 0.3 },
    absorbed: { label: "aM", spoken: "absorption a M of all two-level systems together", min: 0, max: 1, step: 0.01, value: 1 },
    phases: { label: "printed with phases eⁱᵏˣ", value: true },
    beta: { label: "ħΩ/kT", min: 0.2, max: 5, step: 0.01, scale: "log", value: 1 },
    two_level_systems: count("M", "number M of two-level systems"),
    modes: count("𝒩", "modes of a cavity"),
    waveguide_modes: count("𝒩′", "modes of a channel"),
    time: { label: "time, µs", spoken: "time in microseconds", min: FIRST, max: LAST, step: 0.01, scale: "log", value: 10 },
  };
  const presets = [
    ["Closed", {}],
    ["Closed, unequal", { start: "unequal" }],
    ["Closed, balanced", { chirality: 0, start: "unequal" }],
    ["Open", { system: "open" }],
    ["Open, weak", { system: "open", capture: 0.05, absorbed: 0.2 }],
  ];

  /** Everything but the cursor. */
  let kept = { key: "" };
  function runsOf(values) {
    const key = JSON.stringify({ ...values, time: 0 });
    if (kept.key !== key) {
      kept = { key, runs: Object.fromEntries(KINDS.map((kind) => [kind, model.history(values, kind, TIMES)])) };
    }
    return kept.runs;
  }

  function compute(values) {
    const runs = runsOf(values);
    return Object.fromEntries(KINDS.map((kind) => {
      const run = runs[kind];
      const [state] = run.model.solve([values.time], run.begin).states;
      return [kind, {
        ...run, state,
        entropy: model.entropy(run.model, state),
        sigma: run.model.production(state),
        total: values.system === "open"
          ? run.model.entropyChange(state) + model.emittedEntropy(values, kind, run.model, state) : 0,
      }];
    }));
  }

  // ---- Drawings ----

  const timeX = drawing.scale([FIRST, LAST], [58, WIDTH - 18], true);
  const timeAxis = { x: timeX, xLabel: "time, µs", xTicks: [1e-2, 1e-1, 1, 10, 100, 1e3] };
  const cursor = ({ time }) => drawing.line(timeX(time), 12, timeX(time), HEIGHT - 46, "handle-line");
  const track = (y, numbers, look) =>
    drawing.curve(numbers.map((value, i) => [timeX(TIMES[i]), y(value)]), look);

  function drawOccupations(values, shown) {
    const start = shown.completed.begin;
    const top = 1.08 * Math.max(...KINDS.flatMap((kind) => shown[kind].states.flatMap((n) => [n[A], n[B]])), start[A]);
    const y = drawing.scale([0, top], [HEIGHT - 46, 12]);
    const faint = { completed: "", printed: " dim" };
    return [
      drawing.axes({ ...timeAxis, y, yLabel: "photons per mode" }),
      drawing.line(timeX(FIRST), y(Math.max(start[A], start[B])), timeX(LAST), y(Math.max(start[A], start[B])), "balance-line"),
      KINDS.map((kind) => [[A, "level-0"], [B, "level-1"]].map(([i, look]) => [
        track(y, shown[kind].states.map((n) => n[i]), `${look} ${kind}${faint[kind]}`),
        drawing.marker(timeX(values.time), y(shown[kind].state[i]), look),
      ])),
      cursor(values),
    ];
  }

  function drawNumbers(values, shown, name, now, yLabel, zero) {
    const all = KINDS.flatMap((kind) => shown[kind][name]).concat(zero ? [0] : []);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const margin = Math.max(0.06 * (high - low), 1e-3 * Math.max(1e-6, Math.abs(high)));
    const y = drawing.scale([low - margin, high + margin], [HEIGHT - 46, 12]);
    return [
      drawing.axes({ ...timeAxis, y, yLabel }),
      zero ? drawing.line(timeX(FIRST), y(0), timeX(LAST), y(0), "balance-line") : [],
      KINDS.map((kind) => [
        track(y, shown[kind][name], LOOKS[kind]),
        drawing.marker(timeX(values.time), y(shown[kind][now]), kind === "completed" ? "track-end" : LOOKS[kind]),
      ]),
      cursor(values),
    ];
  }

  const drawBooks = (values, shown) => (values.system === "open"
    ? drawNumbers(values, shown, "balance", "total", "dS/dt + emitted, k a µs", true)
    : drawDrift(shown));

  /** Quanta a µs that each subsystem gains at equal temperatures, as bars. */
  function drawDrift(shown) {
    const names = shown.completed.model.subsystems;
    const all = KINDS.flatMap((kind) => shown[kind].drift.map(Math.abs));
    const x = drawing.scale([-1, 1], [64, WIDTH - 16]);
    const largest = Math.max(...all, 1e-9);
    const row = (k) => 26 + k * 46;
    return [
      drawing.line(x(0), 8, x(0), row(names.length), "axis"),
      names.map((name, k) => [
        drawing.text(48, row(k) + 14, name, { class: "sum", "text-anchor": "end" }),
        KINDS.map((kind, j) => {
          const value = shown[kind].drift[k];
          const end = x(Math.abs(value) < 1e-9 ? 0 : value / largest);
          const y = row(k) + 13 * j;
          return [
            svg("rect", {
              x: Math.min(x(0), end), y, width: Math.max(1, Math.abs(end - x(0))), height: 11,
              class: `bar ${LOOKS[kind]}`,
            }),
          ];
        }),
      ]),
      drawing.text((x(-1) + x(1)) / 2, HEIGHT - 12, "quanta a µs, at equal temperatures",
        { class: "axis-label", "text-anchor": "middle" }),
    ];
  }

  // ---- Words ----

  const rounded = (value) => (Math.abs(value) < 1e-9 ? 0 : value);

  const occupationWords = ({ time }, shown) => `After ${significant(time, 3)} µs: ` + KINDS.map((kind) =>
    `${kind} nA = ${decimal(shown[kind].state[A], 4)}, nB = ${decimal(shown[kind].state[B], 4)}`).join("; ")
    + ".";

  function entropyWords(values, shown) {
    if (values.system === "open") {
      return "Heat exchange produces " + KINDS.map((kind) =>
        `${signed(significant(shown[kind].sigma, 4))} k a µs (${kind})`).join(", ")
        + `. Lowest: ${KINDS.map((kind) => significant(rounded(Math.min(...shown[kind].production)), 3)).join(" and ")}.`;
    }
    const [before] = KINDS.map((kind) => model.entropy(shown[kind].model, shown[kind].begin));
    const change = (kind) => {
      const run = shown[kind];
      const most = [before, ...run.entropies];
      const falls = most.some((S, i) => i > 0 && S < most[i - 1] - 1e-6 * most[i - 1]);
      return `${kind} S = ${significant(run.entropy, 6)} k${falls ? " (it falls at some time)" : " (it never falls)"}`;
    };
    return `At the start S = ${significant(before, 6)} k. At the cursor: ${KINDS.map(change).join("; ")}.`;
  }

  function bookWords(values, shown) {
    if (values.system === "open") {
      const lowest = (kind) => Math.min(...shown[kind].balance);
      return KINDS.map((kind) => `${kind}: ${lowest(kind) < -1e-9
        ? `down to ${significant(lowest(kind), 3)} k a µs: light of this band cannot carry so much`
        : "never negative"}`).join("; ") + ".";
    }
    return KINDS.map((kind) => {
      const { drift } = shown[kind];
      return `${kind}: ${drift.every((rate) => Math.abs(rate) < 1e-9) ? "nothing moves"
        : `A ${signed(significant(drift[A], 4))}, B ${signed(significant(drift[B], 4))}`}`;
    }).join("; ") + ".";
  }

  const spokenWords = ({ time }, shown) => `After ${significant(time, 3)} microseconds: ` + KINDS.map((kind) =>
    `${kind} n A ${decimal(shown[kind].state[A])}, n B ${decimal(shown[kind].state[B])}`).join("; ") + ".";

  function python(values) {
    const [a1, a2] = model.absorptions(values);
    const open = values.system === "open";
    const name = open ? "CompletedWaveguide" : "CompletedLoop";
    const betas = runsOf(values).completed.model.inverseTemperatures(runsOf(values).completed.begin)
      .map((beta) => Number(beta.toPrecision(12)));
    const fields = [
      ["two_level_systems", values.two_level_systems], ["modes", values.modes],
      ...(open ? [] : [["waveguide_modes", values.waveguide_modes]]),
      ["bandwidth", model.bandwidth], ["capture", values.capture],
      ["absorption_1", a1], ["absorption_2", a2], ["beta", values.beta],
    ].map(([key, value]) => `    ${key}=${value},`).join("\n");
    return `"""Printed and completed rates from the same start, as shown in the book."""

from detailedbalance.light import ${name}

completed = ${name}(
${fields}
)
printed = completed.printed_rates(propagation_phases=${values.phases ? "True" : "False"})
start = completed.thermal_state([${betas.join(", ")}])

for name, model in [("completed", completed), ("printed", printed)]:
    run = model.solve([${values.time}], start)
    state = run.states[0]
    print(name, "state =", state.tolist())
    print(name, "entropy =", float(run.entropy[0]))
    print(name, "production =", float(run.entropy_production[0]))
${open ? `    light = (
        completed.emitted_entropy(state)
        if model is completed
        else printed.emitted_entropy(state, completed.bandwidth)
    )
    print(name, "total =", float(model.entropy_change(state) + light))
` : `    drift = model.equilibrium_defect().derivative * model.sizes
    print(name, "drift =", drift.tolist())
`}`;
  }

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      occupations: drawing.surface(WIDTH, HEIGHT, "Occupations of the cavities against time"),
      entropy: drawing.surface(WIDTH, HEIGHT, "Entropy, or its production, against time"),
      books: drawing.surface(WIDTH, HEIGHT, "Drift at equal temperatures, or entropy with the light's"),
    };
    const panels = {
      occupations: drawing.panel("The cavities", surfaces.occupations, 4),
      entropy: drawing.panel("Entropy", surfaces.entropy, 4),
      books: drawing.panel("What must hold", surfaces.books, 4),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    panels.occupations.node.insertBefore(element("span", { class: "keys" },
      key("level-0", "A"), key("level-1", "B"), key("level-0 dim", "A, printed"), key("level-1 dim", "B, printed")),
      panels.occupations.note);
    for (const panel of [panels.entropy, panels.books]) {
      panel.node.insertBefore(element("span", { class: "keys" },
        key("track", "completed"), key("level-1", "printed")), panel.note);
    }
    const spoken = controls.spokenStatus();
    stage.append(
      controls.presets(state),
      controls.columns(state,
        ["system", "start", "phases", "time", "capture", "absorbed"],
        ["chirality", "beta", "two_level_systems", "modes", "waveguide_modes"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    const channels = stage.querySelector('[data-parameter="waveguide_modes"]').closest(".control");
    for (const surface of [surfaces.occupations, surfaces.entropy]) {
      drawing.draggable(surface, (x) => state.set({ time: Number(timeX.invert(x).toPrecision(3)) }));
    }
    state.subscribe((values) => {
      const shown = compute(values);
      const open = values.system === "open";
      channels.hidden = open;
      panels.entropy.node.querySelector(".panel-title").textContent = open
        ? "Entropy production by heat exchange" : "Entropy of the isolated loop";
      panels.books.node.querySelector(".panel-title").textContent = open
        ? "With the entropy of the light that leaves" : "Gain at equal temperatures";
      drawing.fill(surfaces.occupations, drawOccupations(values, shown));
      drawing.fill(surfaces.entropy, open
        ? drawNumbers(values, shown, "production", "sigma", "σ, k a µs", true)
        : drawNumbers(values, shown, "entropies", "entropy", "entropy S, in k", false));
      drawing.fill(surfaces.books, drawBooks(values, shown));
      panels.occupations.note.textContent = occupationWords(values, shown);
      panels.entropy.note.textContent = entropyWords(values, shown);
      panels.books.note.textContent = bookWords(values, shown);
      spoken.say(spokenWords(values, shown));
    });
    return { state };
  }

  root.DetailedBalance.explorer("printed-or-completed", mount);
})(window);
