// The strength of the coupling as a slider: traffic in the gas beside that of Davies' rates, the two
// paths whose interference makes the difference, and how the imbalance dies with the strength.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant, decimal, signed } = drawing;
  const { threeDots: dots, weakCoupling: model } = physics;

  const TUNNELING = 1 / (2 * Math.sqrt(3)); // three levels 1/2 apart at φ = ±1/4, ±3/4
  const NAMES = ["−", "0", "+"];
  const PAIRS = [[1, 0], [2, 0], [1, 2]]; // I(0, −), I(+, −), I(0, +)
  const STRENGTHS = Array.from({ length: 41 }, (_, i) => 0.01 * 300 ** (i / 40));
  const [WIDTH, HEIGHT] = [360, 268];
  const NO_NUMBERS = "No numbers at this flux";
  const BALANCED = "Every pair balances";
  const PATHS = "Two terms of a series, at kT above the highest level; the direct path is the unit. The detour goes "
    + "over +; those that stay in − or 0 first are left out: they are alike in both directions.";
  const NO_JUMPS = "No jumps: the couplings are equal";

  const coupling = (name, value) =>
    ({ label: name, spoken: `coupling ${name}`, min: 0, max: 3, step: 0.01, value });
  const parameters = {
    s: { label: "strength s", spoken: "strength s of the coupling", min: 0.01, max: 3, step: 0.01, scale: "log", value: 1 },
    beta: { label: "β = 1/T", spoken: "inverse temperature β", min: 0.1, max: 10, step: 0.01, scale: "log", value: 2 },
    flux: { label: "flux φ", min: -1.5, max: 1.5, step: 0.01, value: 0.75 },
    V1: coupling("V₁", 1),
    V2: coupling("V₂", 0.7),
    V3: coupling("V₃", 1.5),
  };
  const presets = [
    ["Strength of [A]", {}],
    ["Ten times weaker", { s: 0.1 }],
    ["A hundred times weaker", { s: 0.01 }],
    ["Two equal couplings", { V2: 1 }],
  ];

  // With τ < 0 and the phases of (S26) the defaults are Fig. 1 of [A].
  const modelOf = ({ flux, V1, V2, V3 }, s) => ({
    tunneling: -TUNNELING, flux, couplings: [s * V1, s * V2, s * V3], phases: "S26",
  });

  /** What depends on everything but the strength: kept while only the strength moves. */
  let kept = { key: "" };
  function curvesOf(values) {
    const { s, ...others } = values;
    const key = JSON.stringify(others);
    if (kept.key === key) return kept;
    const { beta } = values;
    const energies = dots.energies(-TUNNELING, values.flux);
    const gibbs = dots.gibbs(energies, beta);
    const traffic = (rates) => rates.map((row) => row.map((rate, l) => rate * gibbs[l]));
    kept = {
      key,
      davies: traffic(model.daviesRates(modelOf(values, 1), beta)),
      cubic: dots.loopCurrent(energies, model.thirdOrderExcess(modelOf(values, 1), beta), beta),
      curves: STRENGTHS.map((strength) => at(values, strength)).filter((point) => !point.reason),
    };
    return kept;
  }

  /** Traffic, ratios and current of the gas at one strength. */
  function at(values, s) {
    const { energies, degenerate, converged, flux, excess } = dots.thermalFlux(modelOf(values, s), [values.beta]);
    if (degenerate || !converged) return { s, energies, degenerate, reason: true };
    const populations = dots.gibbs(energies, values.beta);
    const rates = dots.rates(energies, flux[0], values.beta);
    const traffic = rates.map((row) => row.map((rate, l) => rate * populations[l]));
    const current = dots.loopCurrent(energies, excess[0], values.beta);
    return {
      s, energies, populations, traffic, current, ratios: dots.ratios(flux[0]),
      // |I − 1|, without the subtraction of nearly equal numbers
      imbalance: PAIRS.map(([k, l]) => (current === 0 ? 0 : Math.abs(current) / traffic[l][k])),
    };
  }

  /** Everything that is shown, from the values of the controls. */
  function compute(values) {
    const here = at(values, values.s);
    if (here.degenerate) {
      return { ...here, reason: "Two levels coincide: populations alone no longer close an equation. Move the flux a little." };
    }
    if (here.reason) return { ...here, reason: "This page cannot resolve the integrals here." };
    const whole = here.traffic.flat().reduce((a, b) => a + b);
    return {
      ...here, ...curvesOf(values),
      share: whole > 0 ? (3 * Math.abs(here.current)) / whole : 0,
      paths: model.detours(modelOf(values, values.s), 1 / values.beta),
    };
  }

  const visible = ({ share }) => share >= 0.01; // no arrow is thin enough for less
  const silent = ({ davies }) => Math.max(...davies.flat()) === 0; // equal couplings: no jumps

  // ---- Six drawings ----

  const ladderY = drawing.scale([-0.65, 0.65], [HEIGHT - 8, 10]);
  const drawLadder = (shown) => drawing.ladder({
    ...shown, current: visible(shown) ? shown.current : 0,
    labels: NAMES, y: ladderY, yLabel: "energy E / 2√3|τ|",
  });

  /** For each direction two paths end to end, and below them their sum. */
  function drawPaths(shown) {
    if (shown.reason) return drawing.notice(WIDTH, HEIGHT, NO_NUMBERS);
    if (silent(shown)) return drawing.notice(WIDTH, HEIGHT, NO_JUMPS);
    const { up, down } = shown.paths;
    const ends = [0, 1, 1 + up[0], 1 + down[0]];
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    const unit = Math.min(250 / (last - first), 34 / Math.abs(up[1] || 1e-9), 170);
    const left = 82 - unit * first;
    const arrow = (from, to, kind) => (Math.hypot(to[0] - from[0], to[1] - from[1]) < 1 ? []
      : drawing.arrow(from, to, 4, `path-${kind}`));
    return [["0 ← −", up, 48, "pair-0"], ["− ← 0", down, 178, "pair-1"]].map(([name, [re, im], y, badge]) => {
      const elbow = [left + unit, y];
      const below = y + 52;
      return svg("g", { class: `paths ${badge}` },
        drawing.text(4, y + 4, name),
        drawing.text(4, below + 4, "sum"),
        arrow([left, y], elbow, "direct"),
        arrow(elbow, [elbow[0] + unit * re, y - unit * im], "detour"),
        arrow([left, below], [elbow[0] + unit * re, below - unit * im], "sum"));
    });
  }

  const perSquare = (matrix, s) => matrix.map((row) => row.map((value) => value / (s * s)));

  function drawTraffic(shown, matrix, current) {
    if (shown.reason) return drawing.notice(WIDTH, HEIGHT, NO_NUMBERS);
    if (silent(shown)) return drawing.notice(WIDTH, HEIGHT, NO_JUMPS);
    const excess = (k, l) => (k === l || current === 0 ? ""
      : signed(significant(((k - l + 3) % 3 === 1 ? 1 : -1) * current, 2)));
    return drawing.matrixMap(matrix, {
      labels: NAMES, largest: Math.max(...shown.davies.flat()), excess,
      cell: (value, k, l) => (k === l ? "·" : small(value)), sum: small,
    });
  }

  const small = (value) => (value > 0 && value < 1e-3 ? significant(value, 2) : decimal(value, 4));

  const strengthX = drawing.scale([0.008, 3.75], [60, WIDTH - 12], true);

  /**
   * Curves against the strength on logarithmic scales, each with the power law that it follows at
   * weak coupling and its value now: [{ name, points: [[s, y]], now, law: [factor, power] }].
   */
  function drawPowers(values, shown, yLabel, lines) {
    if (shown.reason) return drawing.notice(WIDTH, HEIGHT, NO_NUMBERS);
    const all = lines.flatMap(({ points }) => points.map(([, y]) => y)).filter((y) => y > 0);
    if (all.length === 0) return drawing.notice(WIDTH, HEIGHT, silent(shown) ? "No jumps" : BALANCED);
    const decade = (x, round) => 10 ** round(Math.log10(x));
    const top = decade(Math.max(...all), Math.ceil);
    const y = drawing.scale([decade(Math.min(...all), Math.floor), top], [HEIGHT - 46, 10], true);
    const x = strengthX(values.s);
    const straight = ([factor, power]) => [0.01, Math.min(3, (top / factor) ** (1 / power))]
      .map((s) => [strengthX(s), y(factor * s ** power)]);
    return [
      drawing.axes({ x: strengthX, y, xLabel: "strength s of the coupling", yLabel,
        xTicks: [0.01, 0.03, 0.1, 0.3, 1, 3] }),
      lines.map(({ name, points, law }) => [
        drawing.curve(straight(law), "law"),
        drawing.curve(points.filter(([, value]) => value > 0)
          .map(([s, value]) => [strengthX(s), y(value)]), name),
      ]),
      drawing.line(x, 10, x, HEIGHT - 46, "handle-line"),
      svg("path", { class: "handle-grip", d: `M${x - 7} 2h14v9l-7 8l-7 -8z` }),
      lines.filter(({ now }) => now > 0).map(({ name, now }) => drawing.marker(x, y(now), name)),
    ];
  }

  const drawImbalance = (values, shown) => drawPowers(values, shown, "|I(k, l) − 1|",
    shown.reason ? [] : PAIRS.map((pair, i) => ({
      name: `pair-${i}`,
      points: shown.curves.map(({ s, imbalance }) => [s, imbalance[i]]),
      now: shown.imbalance[i],
      // The current at third order over the traffic at second.
      law: [Math.abs(shown.cubic) / shown.davies[pair[0]][pair[1]], 1],
    })));

  const drawCurrent = (values, shown) => drawPowers(values, shown, "|K| / ν",
    shown.reason ? [] : [{
      name: "loop-curve",
      points: shown.curves.map(({ s, current }) => [s, Math.abs(current)]),
      now: Math.abs(shown.current),
      law: [Math.abs(shown.cubic), 3],
    }]);

  // ---- Words ----

  const ratioWords = ({ ratios }, [k, l]) =>
    `I(${NAMES[k]}, ${NAMES[l]}) = ${significant(ratios[k][l], 5)}`;

  function pathWords({ paths }) {
    const weight = ([re, im]) => (1 + re) ** 2 + im ** 2;
    return [
      `0 ← −: |direct + detour|² = ${decimal(weight(paths.up), 4)}`,
      `− ← 0: |direct + detour|² = ${decimal(weight(paths.down), 4)}`,
    ];
  }

  function currentWords(shown) {
    const { current, cubic, s } = shown;
    if (silent(shown)) return "No jumps, no current.";
    if (current === 0) return "K = 0, at every strength.";
    return `K₀₋/ν = ${significant(current)}: ${significant(current / (cubic * s ** 3), 3)} of the cubic law (dotted).`;
  }

  const shareWords = (shown) => (shown.current === 0 ? "No net current. "
    : `The net current is ${significant(100 * shown.share, 3)} % of all jumps${visible(shown) ? "" : ", too little to draw"}. `);

  function status(values, shown) {
    const where = `Strength ${controls.plain(values.s)}, β ${controls.plain(values.beta)}.`;
    if (shown.reason) return `${where} ${shown.reason} ${NO_NUMBERS}.`;
    return `${where} ${PAIRS.map((pair) => ratioWords(shown, pair)).join(", ")}. ${currentWords(shown)}`;
  }

  const python = (values) => `"""Three dots at weaker and weaker coupling, as shown in the book."""

import numpy as np

from detailedbalance import (
    ContactScattering,
    ThreeDots,
    born_spectral_function,
    davies_generator,
    detailed_balance_ratio,
    gibbs_state,
    loop_current,
    transition_rates,
)

s, beta = ${values.s}, ${values.beta}
density = 1e-6  # a dilute gas; rates are proportional to it
dots = ThreeDots(tunneling=-1 / (2 * 3**0.5), flux=${values.flux})
contact = dots.contact(couplings=(${values.V1}, ${values.V2}, ${values.V3}), mass=1.0, phases="S26")
v = contact.coupling_matrix
weaker = ContactScattering(contact.energies, s * v)
gibbs = gibbs_state(contact.energies, beta)

minus, zero, plus = range(3)  # the order of the levels; matrices are final ← initial
ratio = detailed_balance_ratio(weaker, beta)
print(f"I(0,-) = {ratio[zero, minus]:.8g}")
print(f"I(+,-) = {ratio[plus, minus]:.8g}")
print(f"I(0,+) = {ratio[zero, plus]:.8g}")
print(f"K(0,-)/density = {loop_current(weaker, beta, density) / density:.8g}")
gas = transition_rates(weaker, beta, density) * gibbs / (density * s**2)
print("gas =", gas.tolist())

born = born_spectral_function(contact, beta, density)
jumps = v - np.diag(np.diag(v))  # at ω = 0 the function is infinite
davies = davies_generator(contact.energies, jumps, lambda w: born(w) if w else 0.0)
print("Davies =", (davies.rates * gibbs / density).tolist())
`;

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      ladder: drawing.surface(WIDTH, HEIGHT, "Levels, traffic between them, and the net current"),
      paths: drawing.surface(WIDTH, HEIGHT, "Amplitudes of the direct path and of the detour, and their sums"),
      gas: drawing.surface(WIDTH, HEIGHT, "Jumps in the gas, over the strength squared"),
      davies: drawing.surface(WIDTH, HEIGHT, "Jumps with Davies' rates"),
      imbalance: drawing.surface(WIDTH, HEIGHT, "The imbalance against the strength"),
      current: drawing.surface(WIDTH, HEIGHT, "The current against the strength"),
    };
    const panels = {
      ladder: drawing.panel("Traffic at equilibrium", surfaces.ladder, 4),
      paths: drawing.panel("Why: two paths interfere", surfaces.paths, 4),
      gas: drawing.panel("The gas, in units of νs²", surfaces.gas, 2),
      davies: drawing.panel("Weak coupling (Davies), same units", surfaces.davies, 2),
      imbalance: drawing.panel("Imbalance against strength", surfaces.imbalance, 3),
      current: drawing.panel("Current against strength", surfaces.current, 3),
    };
    panels.gas.note.textContent = "Jumps a unit of time at equilibrium. In small figures: an entry minus its mirror image.";
    panels.davies.note.textContent = "Equal to its mirror image, at every flux and temperature.";
    const weights = [0, 1].map(() => element("span", { class: "key" }));
    const pathsNote = element("span");
    panels.paths.note.append(...weights, pathsNote);
    const spoken = controls.spokenStatus();
    const keys = PAIRS.map(() => element("span"));
    panels.imbalance.note.append(...keys.map((key, i) =>
      element("span", { class: "key" }, drawing.swatch(`pair-${i}`), key)));

    function redraw(values) {
      const shown = compute(values);
      drawing.fill(surfaces.ladder, drawLadder(shown));
      drawing.fill(surfaces.paths, drawPaths(shown));
      drawing.fill(surfaces.gas, drawTraffic(shown, shown.reason ? [] : perSquare(shown.traffic, values.s),
        shown.reason ? 0 : shown.current / values.s ** 2));
      drawing.fill(surfaces.davies, drawTraffic(shown, shown.davies, 0));
      drawing.fill(surfaces.imbalance, drawImbalance(values, shown));
      drawing.fill(surfaces.current, drawCurrent(values, shown));
      panels.ladder.note.textContent = shown.reason
        || `${shareWords(shown)}Arrows: jumps, the more frequent of a pair in colour; ring: net current; bars: populations.`;
      const words = shown.reason || silent(shown) ? ["", ""] : pathWords(shown);
      weights.forEach((line, i) => { line.textContent = words[i]; });
      pathsNote.textContent = shown.reason || silent(shown) ? "" : PATHS;
      panels.current.note.textContent = shown.reason ? "" : currentWords(shown);
      keys.forEach((key, i) => { key.textContent = shown.reason ? "" : ratioWords(shown, PAIRS[i]); });
      for (const name of ["gas", "davies", "imbalance"]) {
        panels[name].note.classList.toggle("idle", Boolean(shown.reason) || silent(shown));
      }
      spoken.say(status(values, shown));
    }

    const follow = (x) => state.set({ s: Number(strengthX.invert(x).toPrecision(3)) });
    drawing.draggable(surfaces.imbalance, follow);
    drawing.draggable(surfaces.current, follow);

    stage.append(
      controls.presets(state),
      controls.columns(state, ["s", "beta", "flux"], ["V1", "V2", "V3"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    state.subscribe(redraw);
    return { state };
  }

  root.DetailedBalance.explorer("weak-coupling", mount);
})(window);
