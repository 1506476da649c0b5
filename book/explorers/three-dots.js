// Three dots in a flux: levels, the traffic between them at equilibrium, how lopsided it is, and
// the thermal flux with its equal row and column sums.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant, decimal, signed } = drawing;
  const model = physics.threeDots;

  const TUNNELING = 1 / (2 * Math.sqrt(3)); // three levels 1/2 apart at φ = ±1/4, ±3/4
  const NAMES = ["−", "0", "+"];
  const PAIRS = [[1, 0], [2, 0], [1, 2]]; // I(0, −), I(+, −), I(0, +)
  const FLUXES = [-1.5, 1.5];
  const BETAS = Array.from({ length: 80 }, (_, i) => 0.1 * 400 ** (i / 79));
  const [WIDTH, HEIGHT] = [360, 268];
  const NO_NUMBERS = "No numbers at this flux";
  const LEGEND = "Arrows: jumps a unit of time in a dilute gas, the more frequent of a pair in colour; "
    + "ring: net current; bars: populations.";
  const ENERGY_LABEL = "energy E / 2√3|τ|";

  const coupling = (name, value) => ({ label: name, spoken: `coupling ${name}`, min: -3, max: 3, step: 0.01, value });
  const parameters = {
    flux: { label: "flux φ", min: FLUXES[0], max: FLUXES[1], step: 0.01, value: 0.75 },
    beta: { label: "β = 1/T", spoken: "inverse temperature β", min: 0.1, max: 40, step: 0.01, scale: "log", value: 2 },
    V1: coupling("V₁", 1),
    V2: coupling("V₂", 0.7),
    V3: coupling("V₃", 1.5),
    sign: { label: "tunnelling", options: [["+", "τ > 0"], ["-", "τ < 0"]], value: "+" },
    phases: { label: "phases", options: [["hamiltonian", "of the Hamiltonian"], ["S26", "(S26), conjugate"]], value: "hamiltonian" },
  };
  const presets = [
    ["Fig. 1 of [A]", { sign: "-", phases: "S26" }],
    ["Two equal couplings", { V2: 1 }],
    ["Weak coupling", { V1: 0.1, V2: 0.07, V3: 0.15 }],
    ["Strong loop", { V1: 3, V2: -2.5, V3: 0.5 }],
  ];

  const modelOf = (values) => ({
    tunneling: values.sign === "-" ? -TUNNELING : TUNNELING,
    flux: values.flux,
    couplings: [values.V1, values.V2, values.V3],
    phases: values.phases,
  });

  /** Everything that is shown, from the values of the controls. */
  function compute(values) {
    const { beta } = values;
    const result = model.thermalFlux(modelOf(values), [beta, ...BETAS]);
    const { energies } = result;
    if (result.degenerate || !result.converged) return { energies, reason: reasonOf(result) };
    const [flux] = result.flux;
    const populations = model.gibbs(energies, beta);
    const rates = model.rates(energies, flux, beta);
    const traffic = rates.map((row) => row.map((rate, l) => rate * populations[l]));
    const current = model.loopCurrent(energies, result.excess[0], beta);
    const lowest = Math.min(...energies);
    // In units of e^{−βE_min}/β the sums are the levels' Boltzmann factors.
    const unit = (k, l) => beta * Math.exp(-beta * (Math.max(energies[k], energies[l]) - lowest));
    return {
      energies, populations, traffic, current,
      share: (3 * Math.abs(current)) / traffic.flat().reduce((a, b) => a + b),
      ratios: model.ratios(flux),
      curves: result.flux.slice(1).map(model.ratios),
      flux: flux.map((row, k) => row.map((value, l) => value * unit(k, l))),
      excess: result.excess[0] * beta * Math.exp(-beta * (Math.max(...energies) - lowest)),
      climbs: climbs(energies) === current > 0,
    };
  }

  function reasonOf({ energies, degenerate }) {
    if (!degenerate) return "A resonance here is too narrow for this page to resolve.";
    const order = [0, 1, 2].sort((a, b) => energies[a] - energies[b]);
    const low = energies[order[1]] - energies[order[0]] < energies[order[2]] - energies[order[1]];
    const pair = (low ? order.slice(0, 2) : order.slice(1)).sort().map((k) => NAMES[k]);
    return `Levels ${pair.join(" and ")} coincide: populations alone no longer close an equation.`;
  }

  /** Whether − → 0 → + → − goes up the ladder rung by rung. */
  function climbs(energies) {
    const [low, middle] = [0, 1, 2].sort((a, b) => energies[a] - energies[b]);
    return (middle - low + 3) % 3 === 1;
  }

  // ---- Four drawings ----

  const levelX = drawing.scale(FLUXES, [52, WIDTH - 12]);
  const levelY = drawing.scale([-0.65, 0.65], [HEIGHT - 46, 10]);
  const FLUX_GRID = Array.from({ length: 121 }, (_, i) => FLUXES[0] + (i / 120) * (FLUXES[1] - FLUXES[0]));

  function drawLevels(values, shown) {
    const { tunneling } = modelOf(values);
    const spectra = FLUX_GRID.map((flux) => model.energies(tunneling, flux));
    const x = levelX(values.flux);
    const [bottom, top] = levelY.range;
    return [
      drawing.axes({ x: levelX, y: levelY, xLabel: "flux φ", yLabel: ENERGY_LABEL,
        xTicks: [-1.5, -1, -0.5, 0, 0.5, 1, 1.5], yTicks: [-0.5, 0, 0.5] }),
      NAMES.map((_, k) => drawing.curve(
        FLUX_GRID.map((flux, i) => [levelX(flux), levelY(spectra[i][k])]), `level-${k}`)),
      drawing.line(x, top, x, bottom, "handle-line"),
      svg("path", { class: "handle-grip", d: `M${x - 7} ${top - 8}h14v9l-7 8l-7 -8z` }),
      shown.energies.map((energy, k) => drawing.badge(x, levelY(energy), NAMES[k], `level-${k}`)),
    ];
  }

  const ladderY = drawing.scale([-0.65, 0.65], [HEIGHT - 8, 10]);

  function drawLadder(values, shown) {
    return drawing.ladder({ ...shown, labels: NAMES, y: ladderY, yLabel: ENERGY_LABEL });
  }

  const ratioX = drawing.scale([BETAS[0], BETAS[79]], [52, WIDTH - 12], true);
  const LIMITS = [1.1, 1.2, 1.5, 2, 3, 5, 10, 30, 100, 1e3, 1e4, 1e6, 1e9];

  function drawRatios(values, shown) {
    if (shown.reason) return drawing.notice(WIDTH, HEIGHT, NO_NUMBERS);
    const extreme = Math.max(...[shown.ratios, ...shown.curves].flatMap((ratios) =>
      PAIRS.map(([k, l]) => Math.max(ratios[k][l], 1 / ratios[k][l]))));
    const limit = LIMITS.find((candidate) => candidate >= extreme) || extreme;
    const y = drawing.scale([1 / limit, limit], [HEIGHT - 46, 10], true);
    const x = ratioX(values.beta);
    return [
      drawing.axes({ x: ratioX, y, xLabel: "inverse temperature β · 2√3|τ|", yLabel: "I(k, l) = F(k, l) / F(l, k)" }),
      drawing.line(ratioX.range[0], y(1), ratioX.range[1], y(1), "balance-line"),
      drawing.line(x, 10, x, HEIGHT - 46, "handle-line"),
      PAIRS.map(([k, l], i) => [
        drawing.curve(BETAS.map((beta, b) => [ratioX(beta), y(shown.curves[b][k][l])]), `pair-${i}`),
        drawing.marker(x, y(shown.ratios[k][l]), `pair-${i}`),
      ]),
    ];
  }

  const entryText = (value) => (value > 0 && value < 1e-3 ? significant(value, 2) : decimal(value, 4));

  function drawFlux(values, shown) {
    if (shown.reason) return drawing.notice(WIDTH, HEIGHT, NO_NUMBERS);
    // F_0− − F_−0 = F_+0 − F_0+ = F_−+ − F_+−: one number, half of it in each direction.
    const excess = (k, l) => (k === l || shown.excess === 0 ? ""
      : signed(significant(((k - l + 3) % 3 === 1 ? 1 : -1) * shown.excess, 2)));
    return drawing.matrixMap(shown.flux, {
      labels: NAMES, largest: 1, cell: entryText, sum: entryText, excess,
    });
  }

  // ---- Words ----

  const ratioWords = ({ ratios }, [k, l]) =>
    `I(${NAMES[k]}, ${NAMES[l]}) = ${significant(ratios[k][l], 5)}`;

  function currentWords({ current, climbs: up, share }) {
    if (current === 0) return "No net current: every pair of levels balances.";
    const way = up ? "climbing" : "descending";
    return `Net current K₀₋/ν = ${significant(current)}, ${way} rung by rung: `
      + `${significant(100 * share, 3)} % of all jumps.`;
  }

  function status(values, shown) {
    const at = `Flux ${controls.plain(values.flux)}, β ${controls.plain(values.beta)}.`;
    if (shown.reason) return `${at} ${shown.reason} ${NO_NUMBERS}.`;
    return `${at} ${PAIRS.map((pair) => ratioWords(shown, pair)).join(", ")}. ${currentWords(shown)}`;
  }

  const python = (values) => `"""Three dots in a flux, as shown in the book."""

import numpy as np

from detailedbalance import ThreeDots, detailed_balance_ratio, loop_current, thermal_flux

beta = ${values.beta}
dots = ThreeDots(tunneling=${values.sign === "-" ? "-" : ""}1 / (2 * 3**0.5), flux=${values.flux})
contact = dots.contact(couplings=(${values.V1}, ${values.V2}, ${values.V3}), mass=1.0, phases="${values.phases}")

minus, zero, plus = range(3)  # the order of the levels; matrices are final ← initial
ratio = detailed_balance_ratio(contact, beta)
print(f"I(0,-) = {ratio[zero, minus]:.8g}")
print(f"I(+,-) = {ratio[plus, minus]:.8g}")
print(f"I(0,+) = {ratio[zero, plus]:.8g}")

unit = np.exp(-beta * contact.energies.min()) / beta  # sums are then Boltzmann factors
print("F =", (thermal_flux(contact, beta) / unit).tolist())
density = 1e-6  # a dilute gas; K is proportional to it
print(f"K(0,-)/density = {loop_current(contact, beta, density) / density:.8g}")
`;

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      levels: drawing.surface(WIDTH, HEIGHT, "The three levels against the flux"),
      ladder: drawing.surface(WIDTH, HEIGHT, "Levels, traffic between them, and the net current"),
      ratios: drawing.surface(WIDTH, HEIGHT, "The ratios I against the inverse temperature"),
      flux: drawing.surface(WIDTH, HEIGHT, "The thermal flux matrix with its sums"),
    };
    const panels = {
      levels: drawing.panel("Levels against flux", surfaces.levels),
      ladder: drawing.panel("Traffic at equilibrium", surfaces.ladder),
      ratios: drawing.panel("How lopsided the traffic is", surfaces.ratios, 3),
      flux: drawing.panel("Thermal flux F and its sums", surfaces.flux, 3),
    };
    panels.levels.note.textContent = "Drag the line. Where levels cross, at whole and half fluxes, there are no rates.";
    panels.flux.note.append("Unit: e", element("sup", {}, "−βE"), "/β of the lowest level, so each sum is a level’s "
      + "Boltzmann factor. In small figures: an entry minus its mirror image.");
    const spoken = controls.spokenStatus();
    const keys = PAIRS.map(() => element("span"));
    panels.ratios.note.append(...keys.map((key, i) =>
      element("span", { class: "key" }, drawing.swatch(`pair-${i}`), key)));

    function redraw(values) {
      const shown = compute(values);
      drawing.fill(surfaces.levels, drawLevels(values, shown));
      drawing.fill(surfaces.ladder, drawLadder(values, shown));
      drawing.fill(surfaces.ratios, drawRatios(values, shown));
      drawing.fill(surfaces.flux, drawFlux(values, shown));
      panels.ladder.note.textContent = shown.reason || `${currentWords(shown)} ${LEGEND}`;
      keys.forEach((key, i) => { key.textContent = shown.reason ? "" : ratioWords(shown, PAIRS[i]); });
      panels.ratios.note.classList.toggle("idle", Boolean(shown.reason));
      panels.flux.note.classList.toggle("idle", Boolean(shown.reason));
      spoken.say(status(values, shown));
    }

    const round = (value, step) => Math.round(value / step) * step;
    drawing.draggable(surfaces.levels, (x) => state.set({ flux: Number(round(levelX.invert(x), 0.01).toFixed(2)) }));
    drawing.draggable(surfaces.ratios, (x) => state.set({ beta: Number(ratioX.invert(x).toPrecision(3)) }));

    stage.append(
      controls.presets(state),
      controls.columns(state, ["V1", "V2", "V3"], ["flux", "beta", "sign", "phases"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    state.subscribe(redraw);
    return { state };
  }

  root.DetailedBalance.explorer("three-dots", mount);
})(window);
