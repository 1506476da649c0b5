// The book's one picture: a matrix of probabilities with its sums. Twist it, and the populations
// stay while a loop appears; spoil one row, and they drift.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element, button } = controls;
  const { decimal, significant } = drawing;
  const model = physics.balanceMatrix;

  const NAMES = ["−", "0", "+"];
  const [WIDTH, HEIGHT] = [360, 254];
  const SECONDS = 5; // for a film from the Gibbs state to the end

  const parameters = {
    hop: { label: "hop", min: 0.05, max: 0.4, step: 0.01, value: 0.25 },
    twist: { label: "twist", min: -0.4, max: 0.4, step: 0.01, value: 0 },
    spoil: { label: "spoil", min: 0, max: 0.2, step: 0.01, value: 0 },
  };
  const presets = [
    ["Twist", { twist: 0.2 }],
    ["Spoil by 5 %", { spoil: 0.05 }],
    ["Spoil by 20 %", { spoil: 0.2 }],
    ["Both", { twist: 0.2, spoil: 0.2 }],
  ];
  const LEGEND = "Arrows: jumps a unit of time, the more frequent of a pair in colour; ring: net current; "
    + "bars: populations, with marks at the Gibbs state.";
  // No probability may be negative: the twist stops at ± hop.
  const constrain = (values) =>
    ({ ...values, twist: Math.min(values.hop, Math.max(-values.hop, values.twist)) });

  // By then what still moves has shrunk by a factor of some 10⁵.
  const endOf = ({ hop }) => 1.5 / hop;

  function compute(values, time) {
    const matrix = model.probabilities(values);
    const rates = model.rates(matrix);
    const populations = model.evolve(rates, model.gibbs(), time);
    const current = model.loopCurrent(rates, populations);
    return {
      matrix, populations,
      traffic: rates.map((row) => row.map((rate, l) => rate * populations[l])),
      current: Math.abs(current) < 1e-12 ? 0 : current,
      drift: model.drift(populations),
    };
  }

  const isSpoiled = ({ spoil }) => spoil > 0;

  const drawMatrix = ({ matrix }) => drawing.matrixMap(matrix, {
    labels: NAMES, largest: 1, cell: (value) => decimal(value), sum: (value) => decimal(value),
    wrong: (value) => (Math.abs(value - 1) > 1e-9 ? "not 1" : ""),
  });

  const ladderY = drawing.scale([-0.65, 0.65], [HEIGHT - 8, 10]);

  const drawLadder = (shown) => drawing.ladder({
    ...shown, energies: model.energies, labels: NAMES, gibbs: model.gibbs(), y: ladderY, yLabel: "energy E / kT",
  });

  function matrixWords(values) {
    const rows = isSpoiled(values) ? "Two rows do not: what is equal does not stay equal."
      : "Rows sum to one: equal stays equal.";
    return `Columns sum to one: nothing is lost. ${rows}`;
  }

  const filmWords = ({ current, drift }, time) => `Time ${decimal(time, 2)}: net current `
    + `${significant(current)}, drift ${decimal(100 * drift, 2)} % of the population.`;

  function status(values, shown, time) {
    const how = shown.drift > 1e-9 ? "The populations have left the Gibbs state"
      : "The populations are those of the Gibbs state";
    const populations = shown.populations.map((p) => decimal(p)).join(", ");
    return `${filmWords(shown, time)} ${how}: ${populations}. ${matrixWords(values)}`;
  }

  const python = (values, time) => `"""A matrix of probabilities, and what it does to the Gibbs state."""

import numpy as np

from detailedbalance.markov import evolve, probability_currents, stationary_state

hop, twist, spoil = ${values.hop}, ${values.twist}, ${values.spoil}
cycle = np.roll(np.eye(3), 1, axis=0)  # 0 → 1 → 2 → 0; matrices are final ← initial
P = (1 - 2 * hop) * np.eye(3) + (hop + twist) * cycle + (hop - twist) * cycle.T
P[0, 0] -= spoil
P[2, 0] += spoil

gibbs = np.exp([0.5, 0.0, -0.5])
gibbs /= gibbs.sum()
rates = P / gibbs  # at one total energy a rarer level is met as often: Gibbs is "equally filled"
np.fill_diagonal(rates, 0)

p = evolve(rates, gibbs, [${time}])[-1]
currents = probability_currents(rates, p)
print("populations =", p.tolist())
print("net current =", (currents[1, 0] + currents[2, 1] + currents[0, 2]) / 3)
print("drift =", abs(p - gibbs).sum() / 2)
print("in the end =", stationary_state(rates).tolist())
`;

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets, constrain });
    const still = root.matchMedia("(prefers-reduced-motion: reduce)");
    const surfaces = {
      matrix: drawing.surface(WIDTH, HEIGHT, "The matrix of probabilities with its sums"),
      ladder: drawing.surface(WIDTH, HEIGHT, "Levels with their populations, traffic and net current"),
    };
    const panels = {
      matrix: drawing.panel("Probability of each jump", surfaces.matrix),
      ladder: drawing.panel("Three levels", surfaces.ladder),
    };
    const spoken = controls.spokenStatus();
    let time = 0;
    let frame = 0; // of the film, 0 while it stands
    let before = 0;

    function show() {
      const values = state.values();
      const shown = compute(values, time);
      drawing.fill(surfaces.matrix, drawMatrix(shown));
      drawing.fill(surfaces.ladder, drawLadder(shown));
      panels.matrix.note.textContent = matrixWords(values);
      panels.ladder.note.textContent = `${filmWords(shown, time)} ${LEGEND}`;
      play.textContent = frame ? "Pause" : "Play";
      spoken.say(status(values, shown, time));
    }

    function tick(now) {
      const end = endOf(state.values());
      // A frame may carry a time from before the start was pressed.
      time = Math.min(end, time + (Math.max(0, now - before) / (1000 * SECONDS)) * end);
      before = now;
      frame = time < end ? root.requestAnimationFrame(tick) : 0;
      show();
    }

    function pause() {
      root.cancelAnimationFrame(frame);
      frame = 0;
    }

    function start() {
      pause();
      before = root.performance.now();
      frame = root.requestAnimationFrame(tick);
    }

    function toEnd() {
      pause();
      time = endOf(state.values());
      show();
    }

    function restart() {
      time = 0;
      if (still.matches) pause();
      else start();
      show();
    }

    function playOrPause() {
      if (frame) pause();
      else {
        if (time >= endOf(state.values())) time = 0;
        start();
      }
      show();
    }

    const play = button("Play", playOrPause);
    play.hidden = still.matches;
    const film = element("div", { class: "control-buttons", role: "group", "aria-label": "Film" },
      play, button("Restart", restart), button("To the end", toEnd));

    stage.append(
      controls.columns(state, ["hop", "twist", "spoil"], [controls.presets(state), film]),
      element("div", { class: "panels" }, panels.matrix.node, panels.ladder.node),
      spoken.line,
      controls.copyAsPython(state, (values) => python(values, time)),
    );
    show();
    let first = true;
    state.subscribe(() => {
      // Each change begins at the Gibbs state, so what is shown depends on the controls alone.
      if (first) first = false;
      else if (still.matches) toEnd();
      else restart();
    });
    return { state };
  }

  root.DetailedBalance.explorer("balance-matrix", mount);
})(window);
