// The chain A – two-level systems – B as the book's one picture: a matrix of probabilities with its
// sums. The reader makes it lopsided, drops its interference, or puts the printed rates in its
// place, and sees whether what is equally filled stays so, and whether A can know what is behind it.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { decimal, significant, signed } = drawing;
  const model = physics.junctionChain;

  const [WIDTH, HEIGHT] = [400, 300];
  const NAMES = model.ports;
  const LOOKS = ["channel-1", "channel-2", "level-0", "level-2", "level-1"];
  const WORDS = ["channel 1", "channel 2", "A", "the two-level systems", "B"];
  const [TO_A, TO_B] = [2, 4];
  const MOST = 400; // passages
  const MOST_Y = 0.2;
  const HIGHEST = 4; // of the axis of occupations
  const NOISE = 1e-9;

  const parameters = {
    view: {
      label: "matrix", value: "exact",
      options: [["exact", "exact"], ["orders", "to second order"], ["printed", "printed rates"]],
    },
    interference: { label: "with interference", value: true },
    x: { label: "x, cavities", spoken: "strength x of the cavities", min: 0, max: 0.2, step: 0.001, value: 0.01 },
    y: { label: "y, two-level", spoken: "strength y of the two-level systems", min: 0, max: MOST_Y, step: 0.001, value: 0.05 },
    chirality: { label: "chirality", min: -1, max: 1, step: 0.02, value: 1 },
    passages: { label: "passages", spoken: "passages of light", min: 0, max: MOST, step: 1, value: 100 },
  };
  const presets = [
    ["Lopsided", {}],
    ["Balanced", { chirality: 0 }],
    ["Second order", { view: "orders" }],
    ["No interference", { view: "orders", interference: false }],
    ["Printed", { view: "printed" }],
    ["Printed, balanced", { view: "printed", chirality: 0 }],
  ];

  const total = (numbers) => numbers.reduce((a, b) => a + b, 0);

  /** Everything but the number of passages. */
  let kept = { key: "" };
  function fixedOf(values) {
    const key = JSON.stringify({ ...values, passages: 0 });
    if (kept.key === key) return kept;
    const matrix = model.matrix(values);
    const history = [model.occupations(matrix, 0)];
    while (history.length <= MOST) history.push(model.occupations(matrix, 1, history[history.length - 1]));
    const losses = (view) => Array.from({ length: 21 }, (_, i) => {
      const y = (MOST_Y * i) / 20;
      return [y, 1 - model.matrix({ ...values, view, interference: true, y })[TO_A][TO_A]];
    });
    kept = {
      key, matrix, history,
      exact: values.view === "exact" ? matrix : model.exact(model.strengths(values)),
      rows: matrix.map(total),
      columns: matrix.map((_, l) => total(matrix.map((row) => row[l]))),
      losses: { exact: losses("exact"), printed: losses("printed") },
    };
    return kept;
  }

  const isOne = (value) => Math.abs(value - 1) < NOISE;

  // ---- Drawings ----

  const drawMatrix = (values, { matrix, exact }) => drawing.matrixMap(matrix, {
    labels: NAMES, largest: 1, size: [54, 44], look: (k) => LOOKS[k],
    cell: (value) => (Math.abs(value) < 5e-5 ? "0" : decimal(value, 4)),
    excess: (k, l) => {
      const more = matrix[k][l] - exact[k][l];
      return Math.abs(more) < 5e-5 ? "" : signed(decimal(more, 4));
    },
    sum: (value) => decimal(value, 4),
    wrong: (value) => (isOne(value) ? "" : "not 1"),
  });

  function drawOccupations({ passages }, { history }) {
    const all = history.flat();
    const [low, high] = [Math.min(...all), Math.min(HIGHEST, Math.max(...all))];
    const inside = history.findIndex((n) => Math.max(...n) > HIGHEST);
    const shown = inside < 0 ? history : history.slice(0, inside);
    const x = drawing.scale([0, MOST], [52, WIDTH - 14]);
    const y = drawing.scale([Math.min(0.9, low - 0.05), Math.max(1.1, 1.05 * high)], [HEIGHT - 46, 12]);
    return [
      drawing.axes({ x, y, xLabel: "passages of light", yLabel: "occupation, in units of the start" }),
      drawing.line(x(0), y(1), x(MOST), y(1), "balance-line"),
      LOOKS.map((look, k) => drawing.curve(shown.map((n, i) => [x(i), y(n[k])]), look)),
      drawing.line(x(passages), 12, x(passages), HEIGHT - 46, "handle-line"),
      LOOKS.map((look, k) => (passages < shown.length
        ? drawing.marker(x(passages), y(history[passages][k]), look) : [])),
    ];
  }

  const lossX = drawing.scale([0, MOST_Y], [58, WIDTH - 14]);

  function drawLosses(values, { losses }) {
    const top = 1.15 * Math.max(...Object.values(losses).flat().map(([, p]) => p), 0.01);
    const y = drawing.scale([0, top], [HEIGHT - 46, 12]);
    const points = (pairs) => pairs.map(([at, p]) => [lossX(at), y(p)]);
    const now = (view) => 1 - model.matrix({ ...values, view, interference: true })[TO_A][TO_A];
    return [
      drawing.axes({ x: lossX, y, xLabel: "y, strength of what is behind A", yLabel: "1 − P(A←A)" }),
      drawing.line(lossX(values.y), 12, lossX(values.y), HEIGHT - 46, "handle-line"),
      drawing.curve(points(losses.exact), "track"),
      drawing.curve(points(losses.printed), "level-1"),
      drawing.marker(lossX(values.y), y(now("exact")), "track-end"),
      drawing.marker(lossX(values.y), y(now("printed")), "level-1"),
    ];
  }

  // ---- Words ----

  /** The sums furthest from one, by name. */
  function worst(sums) {
    const off = sums.map((value) => Math.abs(value - 1));
    const largest = Math.max(...off);
    const names = WORDS.filter((_, k) => off[k] > (1 - NOISE) * largest);
    return `${names.join(" and ")} by ${significant(largest, 3)}`;
  }

  function matrixWords({ columns, rows }) {
    const first = columns.every(isOne) ? "Columns sum to one: nothing is lost."
      : `Columns do not sum to one (at most ${worst(columns)}): quanta appear or vanish.`;
    const second = rows.every(isOne) ? "Rows sum to one: equal stays equal."
      : `Rows do not (at most ${worst(rows)}): what is equally filled does not stay so.`;
    return `${first} ${second}`;
  }

  function occupationWords({ passages }, { history }) {
    const n = history[passages];
    return `After ${passages} passages: ${NAMES.map((name, k) => `${name} ${decimal(n[k], 4)}`).join(", ")}.`;
  }

  function lossWords(values, { losses }) {
    const change = (pairs) => pairs[pairs.length - 1][1] - pairs[0][1];
    const [exactly, byRates] = [change(losses.exact), change(losses.printed)];
    const say = (value) => (Math.abs(value) < NOISE ? "nothing" : signed(significant(value, 2)));
    const back = Math.abs(exactly) < NOISE ? "" : ", by light that comes back in channel 2";
    return `Along this axis what stands behind A changes its loss by ${say(exactly)} exactly${back}; `
      + `by ${say(byRates)} by the printed rates.`;
  }

  const spokenWords = (values, fixed) => {
    const n = fixed.history[values.passages];
    return `${fixed.rows.every(isOne) ? "Rows sum to one" : "Rows do not sum to one"}; after `
      + `${values.passages} passages A ${decimal(n[TO_A])}, B ${decimal(n[TO_B])}.`;
  };

  const PYTHON = {
    exact: `phase = 2 * np.pi * np.arange(12) / 12  # the average over the phases of round trips
phases = np.stack(np.meshgrid(phase, phase), axis=-1)
P = light.Chain((x, y_1, x), (x, y_2, x), phases=phases).probabilities.mean(axis=(0, 1))`,
    orders: `entries = light.expand_chain(chiral=False)
P = np.array([[entries[k, l].averaged(x, y_1, y_2) for l in PORTS] for k in PORTS])`,
    printed: "P = light.printed_probabilities(x, y_1, y_2)",
  };
  const WITHOUT = `
events = light.printed_probabilities(x, y_1, y_2)
P = np.where(np.eye(5, dtype=bool), P, events)  # off the diagonal events alone, no interference`;

  function python(values) {
    const { x, y1, y2 } = model.strengths(values);
    const without = values.view === "orders" && !values.interference ? WITHOUT : "";
    return `"""One photon past A, the two-level systems and B: probabilities, and what they do."""

import numpy as np

from detailedbalance import light

PORTS = ("1", "2", "A", "TLS", "B")  # matrices are final ← initial
x, y_1, y_2 = ${x}, ${y1}, ${y2}
${PYTHON[values.view]}${without}

print("matrix =", P.tolist())
print("columns =", P.sum(axis=0).tolist())
print("rows =", P.sum(axis=1).tolist())
print("occupations =", (np.linalg.matrix_power(P, ${values.passages}) @ np.ones(5)).tolist())
`;
  }

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      matrix: drawing.surface(WIDTH, 312, "The matrix of probabilities with its sums"),
      occupations: drawing.surface(WIDTH, HEIGHT, "Occupations, passage after passage"),
      losses: drawing.surface(WIDTH, HEIGHT, "The probability that A loses its photon, against y"),
    };
    const panels = {
      matrix: drawing.panel("Where a photon goes", surfaces.matrix, 4),
      occupations: drawing.panel("Equally filled at the start", surfaces.occupations, 3),
      losses: drawing.panel("Does A know what is behind it?", surfaces.losses, 3),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    const keys = (...list) => element("span", { class: "keys" }, ...list);
    panels.occupations.node.insertBefore(
      keys(...NAMES.map((name, k) => key(LOOKS[k], name))), panels.occupations.note);
    panels.losses.node.insertBefore(
      keys(key("track", "exact"), key("level-1", "printed")), panels.losses.note);
    const spoken = controls.spokenStatus();

    stage.append(
      controls.presets(state),
      controls.columns(state, ["view", "interference", "chirality"], ["x", "y", "passages"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    const interference = stage.querySelector('[data-parameter="interference"]').closest(".control");
    drawing.draggable(surfaces.occupations, (x) => state.set({
      passages: Math.round((MOST * (x - 52)) / (WIDTH - 66)),
    }));
    drawing.draggable(surfaces.losses, (x) => state.set({ y: Number(lossX.invert(x).toFixed(3)) }));

    state.subscribe((values) => {
      const fixed = fixedOf(values);
      interference.hidden = values.view !== "orders";
      drawing.fill(surfaces.matrix, drawMatrix(values, fixed));
      drawing.fill(surfaces.occupations, drawOccupations(values, fixed));
      drawing.fill(surfaces.losses, drawLosses(values, fixed));
      panels.matrix.note.textContent = matrixWords(fixed);
      panels.occupations.note.textContent = occupationWords(values, fixed);
      panels.losses.note.textContent = lossWords(values, fixed);
      spoken.say(spokenWords(values, fixed));
    });
    return { state };
  }

  root.DetailedBalance.explorer("junction-chain", mount);
})(window);
