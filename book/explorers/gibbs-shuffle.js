// A gas shuffles three levels: a random unitary on each range of energy, the thermal flux that they
// add up to with its equal sums, and populations on their way to the Gibbs state.
(function (root) {
  "use strict";
  const { controls, drawing, physics, seededRandom } = root.DetailedBalance;
  const { element, button } = controls;
  const { svg, significant, decimal, signed } = drawing;
  const model = physics.gibbsShuffle;

  const NAMES = ["1", "2", "3"];
  const [WIDTH, HEIGHT] = [360, 268];
  const SEEDS = 99;
  const END = 20; // of the time axis
  const TIMES = Array.from({ length: 161 }, (_, i) => END * (i / 160) ** 2); // dense where much happens
  const FLOOR = 1e-6; // of the axis of relative entropies

  const parameters = {
    beta: { label: "β = 1/T", spoken: "inverse temperature β", min: 0.1, max: 5, step: 0.01, scale: "log", value: 1 },
    seed: { label: "unitary no.", min: 1, max: SEEDS, step: 1, value: 1 },
    spoil: { label: "spoil", min: 0, max: 1, step: 0.01, value: 0 },
    start: {
      label: "start in",
      options: [["1", "level 1"], ["2", "level 2"], ["3", "level 3"], ["hot", "all levels equally"], ["gibbs", "the Gibbs state"]],
      value: "3",
    },
    time: { label: "time γt", spoken: "time, in units of 1/γ", min: 0, max: END, step: 0.1, value: 3 },
  };
  const presets = [
    ["Cold", { beta: 3 }],
    ["Hot", { beta: 0.2, start: "1" }],
    ["Spoiled", { spoil: 0.5 }],
    ["Spoiled, from Gibbs", { spoil: 0.5, start: "gibbs" }],
  ];
  const constrain = (values) => ({ ...values, seed: Math.round(values.seed) });

  function startOf({ start }, gibbs) {
    if (start === "gibbs") return gibbs;
    if (start === "hot") return [1 / 3, 1 / 3, 1 / 3];
    return NAMES.map((name) => (name === start ? 1 : 0));
  }

  const withoutRounding = (distance) => (distance < 1e-25 ? 0 : distance);

  function compute(values) {
    const { beta } = values;
    const deals = model.deals(seededRandom(values.seed), values.spoil);
    const flux = model.flux(deals, beta);
    const rates = model.rates(flux, beta);
    const gibbs = model.gibbs(beta);
    const start = startOf(values, gibbs);
    const [populations, ...curves] = model.evolve(rates, start, [values.time, ...TIMES]);
    const distances = curves.map((p) => model.relativeEntropy(p, gibbs));
    const end = model.stationaryState(rates);
    return {
      deals, flux, gibbs, start, populations, curves, distances,
      factors: model.energies.map((energy) => Math.exp(-beta * energy)),
      weights: model.weights(beta),
      current: model.current(rates),
      distance: withoutRounding(model.relativeEntropy(populations, gibbs)),
      last: model.relativeEntropy(end, gibbs),
      rises: distances.some((value, i) => i > 0 && value > distances[i - 1] + 1e-12),
    };
  }

  // ---- What each range of energy deals ----

  const energyX = drawing.scale([0, 3.4], [30, 350]);
  const BASE = HEIGHT - 54;
  const CURVE_TOP = 128;

  function drawDeal(matrix, size, [left, right], spoiled) {
    const width = Math.min(46, (right - left - 4) / size);
    const height = 28;
    const x = (l) => (left + right) / 2 + (l - size / 2) * width;
    const y = (k) => 110 + (k - size) * height;
    const cells = [];
    for (let k = 0; k < size; k++) {
      for (let l = 0; l < size; l++) {
        const value = matrix[k][l];
        cells.push(
          svg("rect", { x: (x(l) + 1).toFixed(1), y: y(k) + 1, width: (width - 2).toFixed(1), height: height - 2, rx: 3,
            class: "cell", style: `--shade: ${(100 * value).toFixed(1)}%` }),
          drawing.text(x(l) + width / 2, y(k) + 18.5, size === 1 ? "1" : decimal(value, 2),
            { "text-anchor": "middle", class: "deal-text" }));
        if (spoiled && l === 0 && k !== 1) {
          cells.push(svg("rect", { x: (x(l) + 2).toFixed(1), y: y(k) + 2, width: (width - 4).toFixed(1), height: height - 4,
            rx: 2, class: `cell-mark ${k === 0 ? "less" : "more"}` }));
        }
      }
    }
    return cells;
  }

  function drawDeals({ beta, spoil }, { deals, weights }) {
    const y = drawing.scale([0, 1], [BASE, CURVE_TOP]);
    const ends = [...model.energies, energyX.domain[1]];
    const middle = { "text-anchor": "middle" };
    return deals.map((matrix, i) => {
      const [from, to] = [ends[i], ends[i + 1]];
      const grid = Array.from({ length: 25 }, (_, j) => from + (j / 24) * (to - from));
      const top = grid.map((energy) => [energyX(energy), y(Math.exp(-beta * energy))]);
      const range = [energyX(from), energyX(to)];
      return [
        drawDeal(matrix, i + 1, range, i === 2 && spoil > 0),
        drawing.area([...top, [range[1], BASE], [range[0], BASE]], `area level-${i}`),
        drawing.text((range[0] + range[1]) / 2, BASE + 18, `${decimal(100 * weights[i], 1)} %`, middle),
      ];
    }).concat([
      svg("path", { d: `M${energyX.range[0]} ${BASE}H${energyX.range[1]}`, class: "axis" }),
      model.energies.map((energy, k) => [
        drawing.line(energyX(energy), 22, energyX(energy), BASE, "threshold"),
        drawing.badge(energyX(energy), BASE + 14, NAMES[k], `level-${k}`),
      ]),
      drawing.text((energyX.range[0] + energyX.range[1]) / 2, BASE + 44, "total energy E; area: e^(−βE)",
        { class: "axis-label", "text-anchor": "middle" }),
    ]);
  }

  // ---- The flux, the populations, the distance ----

  const entryText = (value) => (value > 0 && value < 1e-3 ? significant(value, 2) : decimal(value, 4));

  function drawFlux({ flux, factors }) {
    const wrong = (value, k) => {
      const excess = value / factors[k] - 1;
      return Math.abs(excess) > 1e-9 ? `${signed(significant(100 * excess, 2))} %` : "";
    };
    const excess = (k, l) => {
      const difference = flux[k][l] - flux[l][k];
      return k === l || difference === 0 ? "" : signed(significant(difference, 2));
    };
    return drawing.matrixMap(flux, {
      labels: NAMES, largest: 1, cell: entryText, sum: entryText, wrong, excess,
    });
  }

  const timeX = drawing.scale([0, END], [52, WIDTH - 18]);

  const handle = (x, top, bottom) => drawing.line(x, top, x, bottom, "handle-line");

  function drawPopulations(values, { curves, populations, gibbs }) {
    const y = drawing.scale([0, 1], [HEIGHT - 46, 10]);
    const x = timeX(values.time);
    const right = timeX.range[1];
    return [
      drawing.axes({ x: timeX, y, xLabel: "time γt", yLabel: "population" }),
      handle(x, 10, HEIGHT - 46),
      NAMES.map((_, k) => [
        drawing.curve(curves.map((p, i) => [timeX(TIMES[i]), y(p[k])]), `level-${k}`),
        drawing.line(right - 3, y(gibbs[k]), right + 11, y(gibbs[k]), `gibbs-level level-${k}`),
        drawing.marker(x, y(populations[k]), `level-${k}`),
      ]),
    ];
  }

  const distanceY = drawing.scale([FLOOR, 10], [HEIGHT - 46, 10], true);

  /** The part of the curve that is on the axis, with where it enters and leaves at the bottom. */
  function onAxis(distances) {
    const seen = (value) => value >= FLOOR;
    const [first, last] = [distances.findIndex(seen), distances.findLastIndex(seen)];
    return distances.map((value, i) => [timeX(TIMES[i]), distanceY(Math.max(FLOOR, value))])
      .slice(Math.max(0, first - 1), last < 0 ? 0 : last + 2);
  }

  function drawDistance(values, { distances, distance, last }) {
    const x = timeX(values.time);
    const right = timeX.range[1];
    const points = onAxis(distances);
    return [
      drawing.axes({ x: timeX, y: distanceY, xLabel: "time γt", yLabel: "D(p ‖ Gibbs)",
        yTicks: [1e-6, 1e-4, 1e-2, 1] }),
      handle(x, 10, HEIGHT - 46),
      last > FLOOR ? drawing.line(52, distanceY(last), right, distanceY(last), "balance-line") : [],
      points.length > 0 ? drawing.curve(points, "expected") : [],
      distance >= FLOOR ? drawing.marker(x, distanceY(distance), "expected") : [],
    ];
  }

  // ---- Words ----

  const dealWords = ({ spoil }) => spoil > 0
    ? "With all channels open, a share of what should leave level 1 as it is ends in level 3: columns sum to one, two rows do not."
    : "|S|² between thresholds, at random from all unitaries; below, how much of the gas meets it. Columns and rows sum to one.";

  function fluxWords({ spoil }) {
    const rows = spoil > 0 ? "two rows do not" : "rows too";
    return `Columns sum to the levels’ Boltzmann factors, ${rows}. In small figures: an entry minus its mirror image.`;
  }

  function distanceWords({ spoil }, { distance, last, rises }) {
    const now = `D(p ‖ Gibbs) = Σ p ln(p/Gibbs) = ${significant(distance, 3)} at this time`;
    if (spoil === 0) return `${now}; it never rises, and in the end it is 0.`;
    return `${now}; ${rises ? "it rises on its way" : "it does not rise here"}, and in the end it is `
      + `${significant(last, 3)}: not at Gibbs.`;
  }

  function currentWords({ current }) {
    if (Math.abs(current) < 1e-12) return "";
    const way = current > 0 ? "1 → 2 → 3 → 1" : "1 → 3 → 2 → 1";
    return `In the end a net current ${way} of ${significant(Math.abs(current), 3)} γ remains.`;
  }

  function status(values, shown) {
    const populations = NAMES.map((name, k) =>
      `level ${name}: ${decimal(shown.populations[k])}, Gibbs ${decimal(shown.gibbs[k])}`).join("; ");
    return `Time ${controls.plain(values.time)}, ${populations}. ${distanceWords(values, shown)} `
      + `${currentWords(shown)} ${fluxWords(values)}`;
  }

  const rows = (matrix) => matrix.map((row) => `    [${row.join(", ")}],`).join("\n");

  const python = (values, { flux, start }) => `"""Three levels that a gas shuffles: sums of the thermal flux, and the way to the Gibbs state."""

import numpy as np

from detailedbalance import evolve, gibbs_state, relative_entropy, stationary_state

beta, time = ${values.beta}, ${values.time}
energies = np.array([${model.energies.join(", ")}])
F = np.array([  # the thermal flux in units of 1/β, final ← initial
${rows(flux)}
])
print("column sums =", F.sum(axis=0).tolist())
print("row sums =", F.sum(axis=1).tolist())
print("Boltzmann factors =", np.exp(-beta * energies).tolist())

rates = F * np.exp(beta * energies)  # in units of γ
np.fill_diagonal(rates, 0)
gibbs = gibbs_state(energies, beta)
${values.start === "gibbs" ? "start = gibbs" : `start = np.array([${start.join(", ")}])`}
p = evolve(rates, start, [time])[-1]
print("populations =", p.tolist())
print("Gibbs =", gibbs.tolist())
print("in the end =", stationary_state(rates).tolist())
print("relative entropy =", float(relative_entropy(p, gibbs)))
`;

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets, constrain });
    const surfaces = {
      deals: drawing.surface(WIDTH, HEIGHT, "The probabilities dealt on each range of the energy"),
      flux: drawing.surface(WIDTH, HEIGHT, "The thermal flux matrix with its sums"),
      populations: drawing.surface(WIDTH, HEIGHT, "Populations against time, with marks at the Gibbs state"),
      distance: drawing.surface(WIDTH, HEIGHT, "Relative entropy to the Gibbs state against time"),
    };
    const panels = {
      deals: drawing.panel("What each range of energy deals", surfaces.deals, 3),
      flux: drawing.panel("Thermal flux F and its sums", surfaces.flux, 3),
      populations: drawing.panel("Populations on their way", surfaces.populations, 5),
      distance: drawing.panel("Distance from the Gibbs state", surfaces.distance, 5),
    };
    const spoken = controls.spokenStatus();
    const keys = NAMES.map(() => element("span"));
    const remains = element("span");
    panels.populations.note.append(...keys.map((key, k) =>
      element("span", { class: "key" }, drawing.swatch(`level-${k}`), key)), remains);

    function redraw(values) {
      const shown = compute(values);
      drawing.fill(surfaces.deals, drawDeals(values, shown));
      drawing.fill(surfaces.flux, drawFlux(shown));
      drawing.fill(surfaces.populations, drawPopulations(values, shown));
      drawing.fill(surfaces.distance, drawDistance(values, shown));
      panels.deals.note.textContent = dealWords(values);
      panels.flux.note.textContent = fluxWords(values);
      keys.forEach((key, k) => {
        key.textContent = `p${"₁₂₃"[k]} = ${decimal(shown.populations[k])}, Gibbs ${decimal(shown.gibbs[k])}`;
      });
      remains.textContent = currentWords(shown);
      panels.distance.note.textContent = distanceWords(values, shown);
      spoken.say(status(values, shown));
    }

    const follow = (x) => state.set({ time: Number(timeX.invert(x).toFixed(1)) });
    drawing.draggable(surfaces.populations, follow);
    drawing.draggable(surfaces.distance, follow);

    const another = button("Another unitary", () =>
      state.set({ seed: (state.values().seed % SEEDS) + 1 }));
    stage.append(
      controls.presets(state),
      controls.columns(state, ["beta", "spoil", "time"],
        ["seed", "start", element("div", { class: "control-buttons" }, another)]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, (values) => python(values, compute(values))),
    );
    state.subscribe(redraw);
    return { state };
  }

  root.DetailedBalance.explorer("gibbs-shuffle", mount);
})(window);
