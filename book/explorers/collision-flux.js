// Flux times probability: how often a thermal gas takes a system from one of its two levels to the
// other and back, as areas, at equilibrium, and against temperature.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant } = drawing;
  const model = physics.collisionFlux;

  const [WIDTH, HEIGHT] = [360, 268];
  const [LEFT, RIGHT, TOP, BOTTOM] = [52, WIDTH - 50, 10, HEIGHT - 46];
  const BETAS = Array.from({ length: 41 }, (_, i) => 0.1 * 200 ** (i / 40));
  const STEPS = Array.from({ length: 81 }, (_, i) => i / 80);
  const DECADES = 6; // that the rates are drawn over
  const SECULAR = 10; // the gap should exceed the decay rate by this factor, as in the library

  const coupling = (name, spoken, value) =>
    ({ label: name, spoken: `coupling ${spoken}`, min: -3, max: 3, step: 0.01, value });
  const log = (label, spoken, min, max, value) => ({ label, spoken, min, max, step: 0.01, scale: "log", value });
  const parameters = {
    beta: log("β = 1/T", "inverse temperature β", 0.1, 20, 1),
    gap: { label: "gap", min: 0.1, max: 3, step: 0.01, value: 1 },
    density: log("density ν", "density ν", 1e-4, 1, 0.01),
    mass: log("mass m", "mass m", 0.1, 10, 1),
    v11: coupling("v₁₁", "v 1 1", 1),
    v22: coupling("v₂₂", "v 2 2", 0.5),
    v12: coupling("v₁₂ = v₂₁", "v 1 2", 0.8),
    normalization: {
      label: "rates", value: "physical",
      options: [
        ["physical", "physical, (2π)²νJ"],
        ["generator", "of the generator, 2πνJ"],
        ["printed", "as printed in (20), νπJ"],
      ],
    },
  };
  const presets = [
    ["Cold gas", { beta: 5 }],
    ["Hot gas", { beta: 0.2 }],
    ["Weak coupling", { v11: 0.1, v22: 0.05, v12: 0.08 }],
    ["Exchange only", { v11: 0, v22: 0, v12: 1.3 }],
  ];
  const AREAS = { physical: "", generator: "1/2π of ", printed: "1/4π of " };

  /** Everything that is shown, from the values of the controls; "each" means a unit of density. */
  function compute(values) {
    const { beta, gap, mass, density, normalization } = values;
    const each = model.rates(values, beta, normalization);
    const populations = model.gibbs(gap, beta);
    const [up, down] = [density * each.up, density * each.down];
    return {
      each, up, down, populations,
      traffic: populations[0] * up,
      between: 1 / (density * model.collisionRate(beta, mass)),
      secular: gap >= SECULAR * (up + down),
      curves: BETAS.map((b) => model.rates(values, b, normalization)),
    };
  }

  // ---- Four drawings ----

  /** The next number that an axis may end at; steps keep an axis still while a slider moves. */
  const roundUp = (value) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return Number(([1, 1.5, 2, 3, 5, 7.5, 10].find((digit) => digit * power >= value) * power).toPrecision(3));
  };

  /** Total energies that are drawn: nearly all collisions. */
  const energyScale = ({ gap, beta }) => drawing.scale([0, roundUp(gap + 4 / beta)], [LEFT, RIGHT]);

  // Curves at thresholds rise like √: points are denser there.
  const energiesFrom = (start, x) => STEPS.map((u) => start + (x.domain[1] - start) * u * u);
  const filled = (points, name) => drawing.area(
    [[points[0][0], BOTTOM], ...points, [points[points.length - 1][0], BOTTOM]], `area ${name}`);

  const chanceY = drawing.scale([0, 0.5], [BOTTOM, TOP]);
  const CHANCES = [0, 0.1, 0.2, 0.3, 0.4, 0.5];

  /** Flux from one level, probability and their product against total energy. */
  function drawIntegrand(values, level) {
    const { beta, gap, mass } = values;
    const x = energyScale(values);
    const start = level === 0 ? 0 : gap;
    const flux = (energy) => model.collisionDensity(beta, mass, energy - start);
    const y = drawing.scale([0, roundUp(flux(start))], [BOTTOM, TOP]);
    const jumps = energiesFrom(gap, x)
      .map((energy) => ({ energy, chance: model.jumpProbability(values, energy) }));
    const points = jumps.map(({ energy, chance }) => [x(energy), y(flux(energy) * chance)]);
    const name = `level-${level}`;
    return [
      drawing.axes({ x, y, xLabel: "total energy E", yLabel: "collisions / (ν · time · energy)",
        yTicks: drawing.ticks(y, 4) }),
      CHANCES.map((value) =>
        drawing.text(RIGHT + 6, chanceY(value) + 4, String(value), { class: "tick" })),
      drawing.text((TOP + BOTTOM) / 2, -(WIDTH - 14), "probability P",
        { class: "axis-label", "text-anchor": "middle", transform: "rotate(90)" }),
      drawing.line(x(gap), TOP, x(gap), BOTTOM, "threshold"),
      filled(points, name),
      drawing.curve([[x(start), BOTTOM],
        ...energiesFrom(start, x).map((energy) => [x(energy), y(flux(energy))])], name),
      drawing.curve(jumps.map(({ energy, chance }) => [x(energy), chanceY(chance)]), "chance"),
    ];
  }

  /** The two products again, each times the population of the level where it starts. */
  function drawTraffic(values, { populations }) {
    const { beta, gap, mass } = values;
    const x = energyScale(values);
    const points = [0, 1].map((level) => energiesFrom(gap, x).map((energy) => [energy, populations[level]
      * model.collisionDensity(beta, mass, energy - level * gap) * model.jumpProbability(values, energy)]));
    const extreme = Math.max(...points.flat().map(([, value]) => value));
    if (extreme === 0) return drawing.notice(WIDTH, HEIGHT, "No jumps");
    // A cold gas has few: then the unit is a power of ten.
    const unit = extreme < 0.01 ? 10 ** Math.floor(Math.log10(extreme)) : 1;
    const power = unit === 1 ? "" : `${significant(unit, 1).replace("1 × ", "")} · `;
    const y = drawing.scale([0, roundUp((1.05 * extreme) / unit)], [BOTTOM, TOP]);
    const [up, down] = points.map((list) => list.map(([energy, value]) => [x(energy), y(value / unit)]));
    return [
      drawing.axes({ x, y, xLabel: "total energy E", yLabel: `jumps / (${power}ν · time · energy)`,
        yTicks: drawing.ticks(y, 4) }),
      drawing.line(x(gap), TOP, x(gap), BOTTOM, "threshold"),
      filled(up, "level-0"),
      drawing.curve(up, "level-0 under"),
      drawing.curve(down, "level-1"),
    ];
  }

  /** A curve that falls, up to where it leaves the drawing. */
  function untilBottom(points) {
    const i = points.findIndex(([, py]) => py > BOTTOM);
    if (i <= 0) return points;
    const [[x1, y1], [x2, y2]] = points.slice(i - 1, i + 1);
    return [...points.slice(0, i), [x1 + ((x2 - x1) * (BOTTOM - y1)) / (y2 - y1), BOTTOM]];
  }

  const betaX = drawing.scale([BETAS[0], BETAS[40]], [LEFT + 8, WIDTH - 12], true);

  function drawRates(values, shown) {
    const extreme = Math.max(...shown.curves.map(({ down }) => down));
    if (extreme === 0) return drawing.notice(WIDTH, HEIGHT, "No jumps");
    const highest = 10 ** Math.ceil(Math.log10(extreme));
    const y = drawing.scale([highest * 10 ** -DECADES, highest], [BOTTOM, TOP], true);
    const x = betaX(values.beta);
    const points = (way) => shown.curves.map((rates, i) => [betaX(BETAS[i]), y(rates[way])]);
    return [
      drawing.axes({ x: betaX, y, xLabel: "inverse temperature β", yLabel: "rate / ν" }),
      drawing.line(x, TOP, x, BOTTOM, "handle-line"),
      svg("path", { class: "handle-grip", d: `M${x - 7} ${TOP - 8}h14v9l-7 8l-7 -8z` }),
      [["up", "level-0"], ["down", "level-1"]].map(([way, name]) => [
        drawing.curve(untilBottom(points(way)), name),
        shown.each[way] >= y.domain[0] ? drawing.marker(x, y(shown.each[way]), name) : [],
      ]),
    ];
  }

  // ---- Words ----

  const rateWords = (values, { up, down, each }, level) => (level === 0
    ? `a₂₁ = ${significant(up)}: ${AREAS[values.normalization]}the area times ν. `
      + `Of the collisions in level 1, ${significant(each.upChance, 4)} lead up.`
    : `a₁₂ = ${significant(down)}: ${AREAS[values.normalization]}the area times ν. `
      + `Of the collisions in level 2, ${significant(each.downChance, 4)} lead down.`);

  function balanceWords({ up, down, traffic, populations }) {
    const [first, second] = populations.map((p) => significant(p));
    if (down === 0) return "The levels do not couple: no jumps.";
    return `p₁a₂₁ = p₂a₁₂ = ${significant(traffic)} with p = ${first}, ${second}. `
      + `a₂₁/a₁₂ = ${significant(up / down)}, the Boltzmann factor of the gap.`;
  }

  function timeWords({ gap }, { between, up, down, secular }) {
    const collisions = `A collision every ${significant(between, 4)}.`;
    if (down === 0) return collisions;
    const jumps = `A jump up every ${significant(1 / up, 4)}, down every ${significant(1 / down, 4)}.`;
    const warning = secular ? ""
      : ` Not dilute: the gap ${controls.plain(gap)} is under ten times a₂₁ + a₁₂.`;
    return `${collisions} ${jumps}${warning}`;
  }

  function status(values, shown) {
    const at = `β ${controls.plain(values.beta)}, gap ${controls.plain(values.gap)}.`;
    return `${at} ${rateWords(values, shown, 0)} ${rateWords(values, shown, 1)} `
      + `${balanceWords(shown)} ${timeWords(values, shown)}`;
  }

  const python = (values) => `"""Flux times probability, as shown in the book."""

import numpy as np

from detailedbalance import ContactScattering, gibbs_state, transition_rates

beta, gap, mass, density = ${values.beta}, ${values.gap}, ${values.mass}, ${values.density}
v11, v22, v12 = ${values.v11}, ${values.v22}, ${values.v12}
contact = ContactScattering([0.0, gap], [[v11, v12], [v12, v22]], mass=mass)

one, two = range(2)  # the order of the levels; matrices are final ← initial
rates = transition_rates(contact, beta, density, normalization="${values.normalization}")
up, down = rates[two, one], rates[one, two]
print(f"up = {up:.8g}")
print(f"down = {down:.8g}")
print(f"Boltzmann factor = {np.exp(-beta * gap):.8g}")

p = gibbs_state(contact.energies, beta)
print("populations =", p.tolist())
print("traffic =", [float(p[one] * up), float(p[two] * down)])

collisions = density * np.sqrt(2 / (np.pi * beta * mass))  # from both sides
jumps = transition_rates(contact, beta, density)  # of real particles
print(f"time between collisions = {1 / collisions:.8g}")
print(f"chance to go up = {jumps[two, one] / collisions:.8g}")
print(f"chance to go down = {jumps[one, two] / collisions:.8g}")
`;

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      up: drawing.surface(WIDTH, HEIGHT,
        "Collisions in level 1, the probability of a jump up, and their product, against energy"),
      down: drawing.surface(WIDTH, HEIGHT,
        "Collisions in level 2, the probability of a jump down, and their product, against energy"),
      traffic: drawing.surface(WIDTH, HEIGHT, "Jumps up and down at equilibrium against energy"),
      rates: drawing.surface(WIDTH, HEIGHT, "Both rates against the inverse temperature"),
    };
    const panels = {
      up: drawing.panel("Up: from level 1 to level 2", surfaces.up, 5),
      down: drawing.panel("Down: from level 2 to level 1", surfaces.down, 5),
      traffic: drawing.panel("Traffic at equilibrium", surfaces.traffic, 5),
      rates: drawing.panel("Rates against temperature", surfaces.rates, 5),
    };
    const spoken = controls.spokenStatus();
    /** Legend lines [curve, words], then the words that change. */
    const notes = (panel, ...lines) => {
      const words = element("span");
      panel.note.append(...lines.map(([name, text]) =>
        element("span", { class: "key" }, drawing.swatch(name), text)), words);
      return words;
    };
    const chance = ["chance", "probability P = ½|S₂₁|² (right axis)"];
    const words = {
      up: notes(panels.up, ["level-0", "collisions; shaded: times P"], chance),
      down: notes(panels.down, ["level-1", "collisions; shaded: times P"], chance),
      traffic: notes(panels.traffic, ["level-0 under", "up: p₁ × shaded"], ["level-1", "down: p₂ × shaded"]),
      rates: notes(panels.rates, ["level-0", "up, a₂₁/ν"], ["level-1", "down, a₁₂/ν"]),
    };

    function redraw(values) {
      const shown = compute(values);
      drawing.fill(surfaces.up, drawIntegrand(values, 0));
      drawing.fill(surfaces.down, drawIntegrand(values, 1));
      drawing.fill(surfaces.traffic, drawTraffic(values, shown));
      drawing.fill(surfaces.rates, drawRates(values, shown));
      words.up.textContent = rateWords(values, shown, 0);
      words.down.textContent = rateWords(values, shown, 1);
      words.traffic.textContent = balanceWords(shown);
      words.rates.textContent = timeWords(values, shown);
      spoken.say(status(values, shown));
    }

    drawing.draggable(surfaces.rates, (x) => state.set({ beta: Number(betaX.invert(x).toPrecision(3)) }));

    stage.append(
      controls.presets(state),
      controls.columns(state, ["beta", "gap", "density", "mass"], ["v11", "v22", "v12", "normalization"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    state.subscribe(redraw);
    return { state };
  }

  root.DetailedBalance.explorer("collision-flux", mount);
})(window);
