// The density matrix of three dots in a dilute gas: what becomes of a superposition, how one
// coherence feeds another that turns at the same frequency, and the way to the Gibbs state.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element, button } = controls;
  const { svg, significant, decimal } = drawing;
  const model = physics.coherences;

  const NAMES = ["−", "0", "+"];
  const COHERENCES = [[0, 1], [1, 2], [0, 2]]; // ρ_−0, ρ_0+, ρ_−+
  const SYMBOLS = ["ρ₋₀", "ρ₀₊", "ρ₋₊"];
  const [WIDTH, HEIGHT] = [360, 268];
  const END = 400; // of the time axis
  const TIMES = Array.from({ length: 101 }, (_, i) => END * (i / 100) ** 1.5);
  const FLOOR = 1e-4; // of the axis of distances
  const SECULAR = 10; // decay rates that must fit between two different frequencies
  const SECONDS = 8; // for a film

  const coupling = (name, value) =>
    ({ label: name, spoken: `coupling ${name}`, min: 0.1, max: 3, step: 0.01, value });
  const parameters = {
    start: {
      label: "start in",
      options: [["0+", "(|0⟩ + |+⟩)/√2"], ["-0", "(|−⟩ + |0⟩)/√2"], ["-+", "(|−⟩ + |+⟩)/√2"], ["all", "(|−⟩ + |0⟩ + |+⟩)/√3"]],
      value: "0+",
    },
    time: { label: "time νt", spoken: "time, in units of one over the density", min: 0, max: END, step: 1, value: 0 },
    flux: { label: "flux φ", min: 0.7, max: 0.8, step: 0.0005, value: 0.75 },
    density: { label: "density ν", min: 1e-3, max: 0.1, step: 0.01, scale: "log", value: 0.01 },
    beta: { label: "β = 1/T", spoken: "inverse temperature β", min: 0.2, max: 10, step: 0.01, scale: "log", value: 2 },
    shifted: { label: "forward shift", value: true },
    V1: coupling("V₁", 1),
    V2: coupling("V₂", 0.7),
    V3: coupling("V₃", 1.5),
  };
  const presets = [
    ["Two frequencies", { flux: 0.76 }],
    ["Hardly two", { flux: 0.7502 }],
    ["Equal couplings", { V1: 1, V2: 1, V3: 1 }],
    ["All three levels", { start: "all" }],
  ];
  const START = { "0+": [0, 1, 1], "-0": [1, 1, 0], "-+": [1, 0, 1], all: [1, 1, 1] };

  /** What does not depend on the time that is looked at; kept, for a film changes nothing else. */
  function solve({ time, ...values }) {
    const key = JSON.stringify(values);
    if (key === solved.key) return solved.result;
    const gas = model.gas({ flux: values.flux, beta: values.beta, couplings: [values.V1, values.V2, values.V3] });
    const shared = model.shares(gas.levels);
    const start = model.pureState(START[values.start]);
    const options = { density: values.density, shifted: values.shifted, shared };
    const at = (x, changed = {}) => model.evolve(gas, { ...options, ...changed }, start, x);
    const gibbs = model.gibbs(gas.levels, values.beta);
    const curves = TIMES.map((x) => at(x));
    const others = TIMES.map((x) => at(x, { shared: !shared }));
    solved.key = key;
    solved.result = {
      at, shared, gibbs, curves,
      together: shared ? curves : others, // with the exchange, whatever the rule says
      apart: shared ? others : curves,
      distances: curves.map((rho) => model.distance(rho, gibbs)),
      decay: values.density * model.largestDecay(gas, options),
      detuning: model.detuning(gas.levels),
    };
    return solved.result;
  }
  const solved = { key: "" };

  /** Everything that is shown, from the values of the controls. */
  function compute(values) {
    const result = solve(values);
    const rho = result.at(values.time);
    return { ...result, rho, distance: model.distance(rho, result.gibbs) };
  }

  // ---- Four drawings ----

  const [LEFT, TOP, CELL_WIDTH, CELL_HEIGHT] = [48, 38, 100, 76];

  /** A disc whose area is |ρ_kl|, with a hand that shows its phase. */
  function drawElement([re, im], k, l) {
    const x = LEFT + CELL_WIDTH * (l + 0.38);
    const y = TOP + CELL_HEIGHT * (k + 0.5);
    const size = Math.hypot(re, im);
    const radius = 36 * Math.sqrt(size);
    const name = k === l ? "population" : `level-${COHERENCES.findIndex(([a, b]) => a === Math.min(k, l) && b === Math.max(k, l))}`;
    return [
      svg("rect", { x: LEFT + CELL_WIDTH * l + 1, y: TOP + CELL_HEIGHT * k + 1, width: CELL_WIDTH - 2, height: CELL_HEIGHT - 2, rx: 3, class: "bar-frame" }),
      size < 5e-4 ? [] : [
        svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: radius.toFixed(1), class: `disc ${name}` }),
        k === l ? [] : svg("line", {
          x1: x.toFixed(2), y1: y.toFixed(2), class: "hand", "data-pair": NAMES[k] + NAMES[l],
          x2: (x + (radius * re) / size).toFixed(2), y2: (y - (radius * im) / size).toFixed(2),
        }),
      ],
      drawing.text(LEFT + CELL_WIDTH * (l + 1) - 5, TOP + CELL_HEIGHT * (k + 1) - 7, decimal(size, 3),
        { class: "cell-text small", "text-anchor": "end" }),
    ];
  }

  function drawMatrix({ rho }) {
    return [
      NAMES.map((label, k) => [
        drawing.badge(LEFT + CELL_WIDTH * (k + 0.5), 20, label, "dot"),
        drawing.badge(24, TOP + CELL_HEIGHT * (k + 0.5), label, "dot"),
      ]),
      rho.map((row, k) => row.map((value, l) => drawElement(value, k, l))),
    ];
  }

  const timeX = drawing.scale([0, END], [52, WIDTH - 18]);
  const handle = (time) => drawing.line(timeX(time), 10, timeX(time), HEIGHT - 46, "handle-line");

  /** Thick: with the exchange. Thin: without. The markers are where the rule says. */
  function drawModuli({ time }, { together, apart, rho }) {
    const y = drawing.scale([0, 0.5], [HEIGHT - 46, 10]);
    const path = (states, [k, l], name) => drawing.curve(
      states.map((state, i) => [timeX(TIMES[i]), y(model.modulus(state[k][l]))]), name);
    return [
      drawing.axes({ x: timeX, y, xLabel: "time νt", yLabel: "|ρ| of a coherence" }),
      handle(time),
      [0, 1].map((i) => path(apart, COHERENCES[i], "otherwise")),
      COHERENCES.map((pair, i) => [
        path(together, pair, `level-${i}`),
        drawing.marker(timeX(time), y(model.modulus(rho[pair[0]][pair[1]])), `level-${i}`),
      ]),
    ];
  }

  function drawPopulations({ time }, { curves, rho, gibbs }) {
    const y = drawing.scale([0, 1], [HEIGHT - 46, 10]);
    const right = timeX.range[1];
    return [
      drawing.axes({ x: timeX, y, xLabel: "time νt", yLabel: "population" }),
      handle(time),
      NAMES.map((_, k) => [
        drawing.curve(curves.map((state, i) => [timeX(TIMES[i]), y(state[k][k][0])]), `level-${k}`),
        drawing.line(right - 3, y(gibbs[k]), right + 11, y(gibbs[k]), `gibbs-level level-${k}`),
        drawing.marker(timeX(time), y(rho[k][k][0]), `level-${k}`),
      ]),
    ];
  }

  const distanceY = drawing.scale([FLOOR, 10], [HEIGHT - 46, 10], true);

  /** The part of a falling curve that is on the axis. */
  function onAxis(values) {
    const last = values.findLastIndex((value) => value >= FLOOR);
    return values.slice(0, last + 2).map((value, i) => [timeX(TIMES[i]), distanceY(Math.max(FLOOR, value))]);
  }

  function drawDistance({ time }, { distances, distance }) {
    return [
      drawing.axes({ x: timeX, y: distanceY, xLabel: "time νt", yLabel: "distance from Gibbs", yTicks: [1e-4, 1e-2, 1] }),
      handle(time),
      [["populations", "chance"], ["coherence", "expected"]].map(([part, name]) => {
        const points = onAxis(distances.map((both) => both[part]));
        return [
          points.length > 1 ? drawing.curve(points, name) : [],
          distance[part] >= FLOOR ? drawing.marker(timeX(time), distanceY(distance[part]), name) : [],
        ];
      }),
    ];
  }

  // ---- Words ----

  const coherenceWords = ({ rho }, i) =>
    `|${SYMBOLS[i]}| = ${decimal(model.modulus(rho[COHERENCES[i][0]][COHERENCES[i][1]]), 4)}`;

  function ruleWords({ shared, detuning, decay }) {
    if (decay < 1e-12) return "The gas changes nothing at all: it cannot tell the levels apart.";
    if (shared) return "ω₀₋ = ω₊₀: ρ₋₀ and ρ₀₊ feed each other (thick). Thin: as if they did not.";
    const apart = Math.abs(detuning) / decay;
    const how = `ω₀₋ and ω₊₀ differ by ${significant(apart, 3)} times the largest decay rate`;
    return apart < SECULAR
      ? `${how}: too little for two groups (thin, the rule), and they are not one (thick). Trust neither.`
      : `${how}: ρ₋₀ and ρ₀₊ go their own ways (thin, the rule). Thick: as one group.`;
  }

  const populationWords = ({ rho, gibbs }, k) =>
    `p${["₋", "₀", "₊"][k]} = ${decimal(rho[k][k][0], 4)}, Gibbs ${decimal(gibbs[k], 4)}`;

  const partWords = ({ distance }) => [
    `populations D(p ‖ Gibbs) = ${significant(distance.populations, 3)}`,
    `coherence S(p) − S(ρ) = ${significant(distance.coherence, 3)}`,
  ];

  function frameWords({ shifted }) {
    const turning = shifted ? "With the forward shift the hands turn a little faster or slower than Hₛ says."
      : "Without the forward shift they still turn a little: some of the phase comes with the collisions.";
    return `Area: |ρ|. Hand: phase, in the frame that turns with Hₛ. ${turning}`;
  }

  const status = (values, shown) => `Time ${controls.plain(values.time)}. `
    + `${SYMBOLS.map((_, i) => coherenceWords(shown, i)).join(", ")}. ${ruleWords(shown)} `
    + `${NAMES.map((_, k) => populationWords(shown, k)).join("; ")}. ${partWords(shown).join("; ")}.`;

  const python = (values) => `"""Three dots in a dilute gas: the density matrix, as shown in the book."""

import numpy as np

from detailedbalance import ThreeDots, gibbs_state
from detailedbalance.lowdensity import LowDensityGenerator

beta, density, time = ${values.beta}, ${values.density}, ${values.time} / ${values.density}
dots = ThreeDots(tunneling=-1 / (2 * 3**0.5), flux=${values.flux})
contact = dots.contact(couplings=(${values.V1}, ${values.V2}, ${values.V3}), phases="S26")
generator = LowDensityGenerator(contact, beta, density, forward_shift=${values.shifted ? "True" : "False"})

psi = np.array([${START[values.start].join(", ")}]) / np.sqrt(${START[values.start].reduce((a, b) => a + b)})
rho = generator.evolve(np.outer(psi, psi), [time])[-1]
E = contact.energies
rho = rho * np.exp(1j * (E[:, None] - E) * time)  # the frame that turns with H_S

minus, zero, plus = range(3)  # the order of the levels; matrices are final ← initial
for name, k, l in [("-0", minus, zero), ("0+", zero, plus), ("-+", minus, plus)]:
    print(f"|rho({name})| = {abs(rho[k, l]):.8f}")
    print(f"phase({name}) = {np.angle(rho[k, l]):.8f}")
print("populations =", np.diag(rho).real.tolist())
print("Gibbs =", gibbs_state(E, beta).tolist())
`;

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const still = root.matchMedia("(prefers-reduced-motion: reduce)");
    const surfaces = {
      matrix: drawing.surface(WIDTH, HEIGHT, "The density matrix: a disc for each element, with a hand for its phase"),
      moduli: drawing.surface(WIDTH, HEIGHT, "Moduli of the three coherences against time"),
      populations: drawing.surface(WIDTH, HEIGHT, "Populations against time, with marks at the Gibbs state"),
      distance: drawing.surface(WIDTH, HEIGHT, "Distance from the Gibbs state against time, in its two parts"),
    };
    const panels = {
      matrix: drawing.panel("The density matrix", surfaces.matrix, 5),
      moduli: drawing.panel("Coherences", surfaces.moduli, 6),
      populations: drawing.panel("Populations", surfaces.populations, 3),
      distance: drawing.panel("Distance from the Gibbs state", surfaces.distance, 3),
    };
    const spoken = controls.spokenStatus();
    const keysFor = (note, names) => {
      const keys = names.map(() => element("span"));
      note.append(...keys.map((key, i) => element("span", { class: "key" }, drawing.swatch(names[i]), key)));
      return keys;
    };
    const coherenceKeys = keysFor(panels.moduli.note, ["level-0", "level-1", "level-2"]);
    const rule = element("span");
    panels.moduli.note.append(rule);
    const populationKeys = keysFor(panels.populations.note, ["level-0", "level-1", "level-2"]);
    const partKeys = keysFor(panels.distance.note, ["chance", "expected"]);
    panels.distance.note.append(element("span", {}, "Neither ever rises."));

    function redraw(values) {
      const shown = compute(values);
      drawing.fill(surfaces.matrix, drawMatrix(shown));
      drawing.fill(surfaces.moduli, drawModuli(values, shown));
      drawing.fill(surfaces.populations, drawPopulations(values, shown));
      drawing.fill(surfaces.distance, drawDistance(values, shown));
      panels.matrix.note.textContent = frameWords(values);
      coherenceKeys.forEach((key, i) => { key.textContent = coherenceWords(shown, i); });
      rule.textContent = ruleWords(shown);
      populationKeys.forEach((key, k) => { key.textContent = populationWords(shown, k); });
      partKeys.forEach((key, i) => { key.textContent = partWords(shown)[i]; });
      if (!frame) spoken.say(status(values, shown)); // a film that talked would not stop
    }

    // ---- The film: the time runs from where it is to the end ----

    let frame = 0; // 0 while it stands
    let before = 0;

    function stop() {
      root.cancelAnimationFrame(frame);
      frame = 0;
      play.textContent = "Play";
    }

    function tick(now) {
      // A frame may carry a time from before the start was pressed.
      const time = Math.min(END, state.values().time + (Math.max(0, now - before) / (1000 * SECONDS)) * END);
      before = now;
      if (time < END) frame = root.requestAnimationFrame(tick);
      else stop();
      state.set({ time: Number(time.toFixed(1)) });
    }

    function playOrPause() {
      if (frame) {
        stop();
        state.set({});
        return;
      }
      if (state.values().time >= END) state.set({ time: 0 });
      play.textContent = "Pause";
      before = root.performance.now();
      frame = root.requestAnimationFrame(tick);
    }

    const play = button("Play", playOrPause);
    play.hidden = still.matches;
    const film = element("div", { class: "control-buttons", role: "group", "aria-label": "Film" },
      play, button("To the start", () => { stop(); state.set({ time: 0 }); }),
      button("To the end", () => { stop(); state.set({ time: END }); }));

    const follow = (x) => { stop(); state.set({ time: Math.round(timeX.invert(x)) }); };
    for (const name of ["moduli", "populations", "distance"]) drawing.draggable(surfaces[name], follow);

    stage.append(
      controls.presets(state),
      controls.columns(state, ["start", "time", film, "flux", "density"], ["beta", "V1", "V2", "V3", "shifted"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    state.subscribe(redraw);
    return { state };
  }

  root.DetailedBalance.explorer("coherences", mount);
})(window);
