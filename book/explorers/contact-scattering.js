// Scattering off two levels at a point: probabilities against energy, where the particle goes, the
// matrix |S|² with its sums, and the wave on both sides with its tail in a closed channel.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant, decimal } = drawing;
  const model = physics.contactScattering;

  const NAMES = ["1", "2"];
  const [WIDTH, HEIGHT] = [360, 268];
  const HIGHEST = 3; // energy
  const FAR = 10; // position
  const NO_NUMBERS = "No numbers at this energy";

  const coupling = (name, spoken, value) =>
    ({ label: name, spoken: `coupling ${spoken}`, min: -3, max: 3, step: 0.01, value });
  const parameters = {
    energy: { label: "energy E", min: 0.01, max: HIGHEST, step: 0.01, value: 1.8 },
    gap: { label: "gap", min: 0.2, max: 2, step: 0.01, value: 1 },
    v11: coupling("v₁₁", "v 1 1", 1),
    v22: coupling("v₂₂", "v 2 2", 0.5),
    v12: coupling("v₁₂ = v₂₁", "v 1 2", 0.8),
  };
  const presets = [
    ["Both channels open", {}],
    ["Upper channel closed", { energy: 0.7 }],
    ["Resonance", { energy: 0.5, v11: 0.5, v22: -1, v12: 0.3 }],
    ["Decoupled", { energy: 0.45, v11: 0.5, v22: -1, v12: 0 }],
  ];

  /** Everything that is shown, from the values of the controls. */
  function compute(values) {
    const curves = model.sampleEnergies(values, HIGHEST)
      .map((energy) => ({ energy, scattering: model.scatter(values, energy) }))
      .filter(({ scattering }) => !scattering.singular)
      .map(({ energy, scattering }) => ({
        energy, open: scattering.open[1],
        probabilities: model.probabilities(scattering), outcomes: model.outcomes(scattering),
      }));
    const scattering = model.scatter(values, values.energy);
    if (scattering.singular) {
      return { curves, reason: "Level 2 has a state at just this energy that does not couple: move E a little." };
    }
    const [re, im] = scattering.s[0][0];
    return {
      curves, scattering,
      open: scattering.open[1],
      probabilities: model.probabilities(scattering),
      outcomes: model.outcomes(scattering),
      phase: (Math.atan2(im, re) / 2) * (180 / Math.PI),
      k: model.kMatrix(values, scattering),
    };
  }

  // ---- Four drawings ----

  const energyX = drawing.scale([0, HIGHEST], [52, WIDTH - 12]);
  const chanceY = drawing.scale([0, 1.12], [HEIGHT - 46, 10]);

  /** Axes, the threshold, the energy as a line to drag, and curves { name, of, from } over them. */
  function drawChances(values, shown, yLabel, curves) {
    const x = energyX(values.energy);
    const threshold = energyX(values.gap);
    const [bottom, top] = chanceY.range;
    // The words stand on the side where the energy's line is not, if there is room.
    const left = threshold > WIDTH - 95 || (threshold > 135 && x > threshold && x < threshold + 95);
    return [
      drawing.axes({ x: energyX, y: chanceY, xLabel: "total energy E", yLabel,
        xTicks: [0, 0.5, 1, 1.5, 2, 2.5, 3], yTicks: [0, 0.25, 0.5, 0.75, 1] }),
      drawing.line(threshold, top, threshold, bottom, "threshold"),
      drawing.text(threshold + (left ? -4 : 4), top + 9, "level 2 opens",
        { class: "tick", "text-anchor": left ? "end" : "start" }),
      curves.map(({ name, of, open }) => drawing.curve(
        shown.curves.filter((point) => !open || point.open)
          .map((point) => [energyX(point.energy), chanceY(of(point))]), name)),
      drawing.line(x, top, x, bottom, "handle-line"),
      svg("path", { class: "handle-grip", d: `M${x - 7} ${top - 8}h14v9l-7 8l-7 -8z` }),
      shown.reason ? [] : curves.filter(({ open }) => !open || shown.open)
        .map(({ name, of }) => drawing.marker(x, chanceY(of(shown)), name)),
    ];
  }

  const SQUARES = [
    { name: "pair-0 under", label: "|S₁₁|²", of: ({ probabilities }) => probabilities[0][0] },
    { name: "pair-1", label: "|S₂₁|²", of: ({ probabilities }) => probabilities[1][0], open: true },
    { name: "pair-2", label: "|S₂₂|²", of: ({ probabilities }) => probabilities[1][1], open: true },
  ];
  const OUTCOMES = [
    { name: "pair-0", label: "transmitted", of: ({ outcomes }) => outcomes.transmitted },
    { name: "pair-1", label: "reflected", of: ({ outcomes }) => outcomes.reflected },
    { name: "pair-2", label: "to level 2", of: ({ outcomes }) => outcomes.changed, open: true, shut: "closed" },
  ];

  function drawMatrix(values, shown) {
    if (shown.reason) return drawing.notice(WIDTH, HEIGHT, NO_NUMBERS);
    const { open } = shown.scattering;
    const map = drawing.matrixMap(shown.probabilities, {
      labels: NAMES, largest: 1,
      cell: (value, k, l) => (open[k] && open[l] ? decimal(value, 4) : "–"),
      sum: (value, k) => (open[k] ? decimal(value, 4) : "–"),
    });
    return [svg("g", { transform: "translate(14 14) scale(1.25)" }, map)];
  }

  const placeX = drawing.scale([-FAR, FAR], [52, WIDTH - 12]);
  const HEIGHTS = [1.5, 2.5, 4.2, 6, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4];
  const PLACES = [
    ...Array.from({ length: 240 }, (_, i) => -FAR * (1 - i / 240)),
    ...Array.from({ length: 61 }, (_, i) => (FAR * i) / 60),
  ];

  function drawWave(values, shown) {
    if (shown.reason) return drawing.notice(WIDTH, HEIGHT, NO_NUMBERS);
    const waves = PLACES.map((q) => model.wave(shown.scattering, 0, q).map(model.square));
    const extreme = Math.max(...waves.flat());
    const y = drawing.scale([0, HEIGHTS.find((limit) => limit >= extreme) || extreme], [HEIGHT - 46, 10]);
    return [
      drawing.axes({ x: placeX, y, xLabel: "position q", yLabel: "|ψ(q)|²", xTicks: [-10, -5, 0, 5, 10] }),
      drawing.line(placeX(0), 10, placeX(0), HEIGHT - 46, "threshold"),
      NAMES.map((_, k) => drawing.curve(
        PLACES.map((q, i) => [placeX(q), y(waves[i][k])]), `level-${k}`)),
    ];
  }

  // ---- Words ----

  const chance = (value) => significant(Math.abs(value) < 1e-12 ? 0 : value); // less is rounding
  const keyWords = (shown, { label, of, open, shut = "level 2 closed" }) =>
    (open && !shown.open ? `${label}: ${shut}` : `${label} = ${chance(of(shown))}`);
  const isInfinite = (value) => Math.abs(value) > 1e12; // but for rounding

  function matrixWords({ open, k, phase }) {
    const entries = open ? [["₁₁", k[0][0]], ["₂₁", k[1][0]], ["₂₂", k[1][1]]] : [["₁₁", k[0][0]]];
    const kWords = entries.map(([name, value]) => `K${name} = ${isInfinite(value) ? "∞" : chance(value)}`).join(", ");
    return `${open ? "Rows and columns" : "The open row and column"} sum to one. ${kWords}. `
      + `${open ? "" : "Phase shift δ = "}½ arg S₁₁ = ${decimal(phase, 2)}°.`;
  }

  function waveWords({ open, scattering, outcomes }) {
    const density = chance(model.square(scattering.reflected[1][0]));
    const decay = scattering.momenta[1][1]; // 0 at the threshold too
    return [
      `level 1: ${chance(outcomes.transmitted)} behind the contact`,
      open || decay === 0 ? `level 2: ${density} on both sides`
        : `level 2: ${density} at q = 0, tail 1/(2|p₂|) = ${significant(0.5 / decay)}`,
    ];
  }

  /** What a closed level 2 does to transmission in level 1. */
  function interferenceWords(values) {
    const { blocked, clear } = model.interference(values);
    const found = [
      blocked === null ? [] : `nothing passes at E = ${decimal(blocked, 4)}, where level 2 is bound`,
      clear === null ? [] : `everything passes at E = ${decimal(clear, 4)}`,
    ].flat();
    return found.length ? `Below the gap ${found.join("; ")}.` : "";
  }

  function status(values, shown) {
    const at = `Energy ${controls.plain(values.energy)}, level 2 ${values.energy > values.gap ? "open" : "closed"}.`;
    if (shown.reason) return `${at} ${shown.reason} ${NO_NUMBERS}.`;
    const words = [...OUTCOMES, ...SQUARES].map((curve) => keyWords(shown, curve)).join(", ");
    return `${at} ${words}. ${matrixWords(shown)} ${interferenceWords(values)}`;
  }

  function python(values, shown = compute(values)) {
    const program = `"""A particle meets two levels at a point, as shown in the book."""

import numpy as np

from detailedbalance import ContactScattering

energy, gap = ${values.energy}, ${values.gap}
v11, v22, v12 = ${values.v11}, ${values.v22}, ${values.v12}
contact = ContactScattering([0.0, gap], [[v11, v12], [v12, v22]], mass=1.0)

one, two = range(2)  # the order of the levels; matrices are final ← initial
S = contact.s_matrix(energy)
print("|S|^2 =", (abs(S) ** 2).tolist())
half = np.degrees(np.angle(S[one, one])) / 2
print(f"${shown.open ? "half of arg S11" : "phase shift"} in degrees = {half:.8g}")

r, t = contact.reflection_transmission(energy)  # for a particle that arrives from one side
print(f"transmitted = {abs(t[one, one]) ** 2:.8g}")
print(f"reflected = {abs(r[one, one]) ** 2:.8g}")
print(f"to level 2 = {contact.transition_probabilities(energy)[two, one]:.8g}")

psi = contact.scattering_state(energy, level=one, position=0.0)
print("|psi(0)|^2 =", (abs(psi) ** 2).tolist())
`;
    // Where level 2 is bound at this energy, K is infinite and the library says so.
    return shown.reason || isInfinite(shown.k[0][0]) ? program
      : `${program}print("K =", contact.k_matrix(energy).real.tolist())\n`;
  }

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      squares: drawing.surface(WIDTH, HEIGHT, "The entries of |S|² against the energy"),
      outcomes: drawing.surface(WIDTH, HEIGHT, "Where a particle arriving in level 1 goes, against the energy"),
      matrix: drawing.surface(WIDTH, HEIGHT, "The matrix |S|² with its sums"),
      wave: drawing.surface(WIDTH, HEIGHT, "The wave on both sides of the contact"),
    };
    const panels = {
      squares: drawing.panel("|S|² against energy", surfaces.squares, 3),
      outcomes: drawing.panel("A particle arrives in level 1", surfaces.outcomes, 5),
      matrix: drawing.panel("|S|² at this energy", surfaces.matrix, 3),
      wave: drawing.panel("Its wave, arriving from the left", surfaces.wave, 3),
    };
    const spoken = controls.spokenStatus();
    /** Lines of a legend, each with its piece of a curve, and the spans whose text changes. */
    const legend = (panel, names) => names.map((name) => {
      const words = element("span");
      panel.note.append(element("span", { class: "key" }, drawing.swatch(name), words));
      return words;
    });
    const keys = {
      squares: legend(panels.squares, SQUARES.map(({ name }) => name)),
      outcomes: legend(panels.outcomes, OUTCOMES.map(({ name }) => name)),
      wave: legend(panels.wave, ["level-0", "level-1"]),
    };
    const interference = element("span");
    panels.outcomes.note.append(interference);

    function redraw(values) {
      const shown = compute(values);
      drawing.fill(surfaces.squares, drawChances(values, shown, "|S|²", SQUARES));
      drawing.fill(surfaces.outcomes, drawChances(values, shown, "probability", OUTCOMES));
      drawing.fill(surfaces.matrix, drawMatrix(values, shown));
      drawing.fill(surfaces.wave, drawWave(values, shown));
      const write = (spans, words) => spans.forEach((span, i) => { span.textContent = words[i]; });
      if (!shown.reason) {
        write(keys.squares, SQUARES.map((curve) => keyWords(shown, curve)));
        write(keys.outcomes, OUTCOMES.map((curve) => keyWords(shown, curve)));
        write(keys.wave, waveWords(shown));
      }
      interference.textContent = interferenceWords(values);
      panels.matrix.note.textContent = shown.reason || matrixWords(shown);
      for (const name of ["squares", "outcomes", "wave"]) {
        panels[name].note.classList.toggle("idle", Boolean(shown.reason));
      }
      spoken.say(status(values, shown));
    }

    const follow = (x) => state.set({ energy: Number(energyX.invert(x).toFixed(2)) });
    drawing.draggable(surfaces.squares, follow);
    drawing.draggable(surfaces.outcomes, follow);

    stage.append(
      controls.presets(state),
      controls.columns(state, ["energy", "gap"], ["v11", "v22", "v12"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, (values) => python(values)),
    );
    state.subscribe(redraw);
    return { state };
  }

  root.DetailedBalance.explorer("contact-scattering", mount);
})(window);
