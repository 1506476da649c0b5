// All 3 × 3 matrices of probabilities that treat three levels alike, as points of a triangle, and
// those among them that a unitary makes: move the point, and three lengths close or fail to.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, decimal, signed, text } = drawing;
  const model = physics.unistochastic;

  const NAMES = ["0", "1", "2"];
  const CYCLE = "0 → 1 → 2 → 0";
  const DOTS = ["1", "2", "3"];
  const [WIDTH, HEIGHT] = [360, 300];
  const LOW = 232; // height of the drawings in the second row

  const coupling = (index, value) => ({
    label: `bV${"₁₂₃"[index]}`, spoken: `coupling b V ${index + 1}`, min: -6, max: 6, step: 0.01, value,
  });
  const parameters = {
    mode: { label: "choose", options: [["matrix", "a matrix"], ["dots", "the couplings of three dots"]], value: "matrix" },
    stay: { label: "stay a", spoken: "probability a to stay", min: 0, max: 1, step: 0.01, value: 0.4 },
    twist: { label: "twist η", spoken: "twist, half of b minus c", min: -0.5, max: 0.5, step: 0.01, value: 0.1 },
    V1: coupling(0, 0),
    V2: coupling(1, 0),
    V3: coupling(2, 0),
  };
  const presets = [
    ["All alike", { stay: 0.3333, twist: 0 }],
    ["Never stay", { stay: 0, twist: 0 }],
    ["Couplings of [A]", { mode: "dots", V1: 1, V2: 0.7, V3: 1.5 }],
    ["Two equal couplings", { mode: "dots", V1: 1, V2: 1, V3: -2 }],
    ["Circulator", { mode: "dots", V1: 0, V2: 1.7321, V3: -1.7321 }],
  ];

  const rounded = (number, digits) => Number(number.toFixed(digits)) + 0; // no −0
  const couplingsOf = ({ V1, V2, V3 }) => [V1, V2, V3];
  const sharesOf = (values) =>
    (values.mode === "dots" ? model.sharesOfDots(couplingsOf(values)) : model.shares(values));

  /** Each mode keeps the other's controls at the same point, so that a change of mode moves nothing. */
  function constrain(values) {
    if (values.mode === "dots") {
      const [a, b, c] = sharesOf(values);
      return { ...values, stay: rounded(a, 4), twist: rounded((b - c) / 2, 4) };
    }
    const limit = (1 - values.stay) / 2;
    const next = { ...values, twist: Math.min(limit, Math.max(-limit, values.twist)) };
    return { ...next, ...named(model.couplings(model.shares(next))) };
  }

  const named = (couplings) => couplings === null ? {}
    : Object.fromEntries(couplings.map((value, i) => [`V${i + 1}`, rounded(value, 3)]));

  function compute(values) {
    const shares = sharesOf(values);
    const [a, b, c] = shares;
    const dots = values.mode === "dots" ? couplingsOf(values) : model.couplings(shares);
    return {
      shares, dots,
      matrix: model.circulant(shares),
      hop: (b + c) / 2,
      twist: Math.abs(b - c) < 1e-12 ? 0 : (b - c) / 2,
      lengths: model.lengths(shares),
      margin: model.margin(shares),
      permutation: Math.max(a, b, c) > 1 - 1e-9,
      possible: dots !== null,
    };
  }

  // ---- The triangle of all matrices ----

  const CORNERS = [[180, 24], [326, 277], [34, 277]]; // stay, around, back
  const place = (shares) => [0, 1].map((i) =>
    shares.reduce((sum, share, corner) => sum + share * CORNERS[corner][i], 0));

  /** The matrix at a point of the drawing, the nearest one for points outside the triangle. */
  function sharesAt(x, y) {
    const limit = (value, most) => Math.min(most, Math.max(-most, value));
    const stay = Math.min(1, Math.max(0, (CORNERS[1][1] - y) / (CORNERS[1][1] - CORNERS[0][1])));
    const twist = limit((x - CORNERS[0][0]) / (CORNERS[1][0] - CORNERS[2][0]), (1 - stay) / 2);
    return { stay: rounded(stay, 2), twist: rounded(twist, 2) };
  }

  const DELTOID = model.boundary(180).map(place);

  function drawTriangle({ shares, possible }) {
    const [x, y] = place(shares);
    const middle = { "text-anchor": "middle" };
    return [
      drawing.area(CORNERS, "simplex"),
      drawing.area(DELTOID, "deltoid"),
      drawing.line(CORNERS[0][0], CORNERS[0][1], CORNERS[0][0], CORNERS[1][1], "balance-line"),
      text(CORNERS[0][0], 13, "stay", { ...middle, class: "axis-label" }),
      text(WIDTH - 2, 296, "around", { "text-anchor": "end", class: "axis-label" }),
      text(2, 296, "back", { class: "axis-label" }),
      svg("g", { class: possible ? "point" : "point outside" },
        svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 22, class: "point-reach" }),
        svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 8, class: "point-mark" })),
    ];
  }

  // ---- The matrix ----

  function drawMatrix({ matrix, twist }) {
    const excess = (k, l) => (k === l || twist === 0 ? ""
      : signed(decimal((k - l + 3) % 3 === 1 ? twist : -twist)));
    return drawing.matrixMap(matrix, {
      labels: NAMES, largest: 1, cell: (value) => decimal(value), sum: (value) => decimal(value), excess,
    });
  }

  // ---- Three lengths ----

  const SIDES = ["√ab", "√bc", "√ca"];
  const BASE = 220; // pixels of the longest length: only their ratios matter

  /** The longest length on the ground; on it the others as a triangle, or side by side with a gap. */
  function drawLengths({ lengths, possible, permutation }) {
    if (permutation) return drawing.notice(WIDTH, LOW, "All three are zero");
    const longest = lengths.indexOf(Math.max(...lengths));
    const [left, right] = [(longest + 1) % 3, (longest + 2) % 3];
    const [p, q] = [left, right].map((side) => (BASE * lengths[side]) / lengths[longest]);
    const along = (BASE * BASE + p * p - q * q) / (2 * BASE);
    const height = possible ? Math.sqrt(Math.max(0, p * p - along * along)) : 20;
    const ground = (LOW + height) / 2;
    const from = [(WIDTH - BASE) / 2, ground];
    const to = [(WIDTH + BASE) / 2, ground];
    const side = (index, a, b) => drawing.curve([a, b], `side pair-${index}`);
    if (possible) {
      const apex = [from[0] + along, ground - height];
      return [
        drawing.area([from, to, apex], "closed"),
        side(longest, from, to), side(left, from, apex), side(right, to, apex),
      ];
    }
    const above = ground - height;
    return [
      drawing.line(from[0] + p, above, to[0] - q, above, "gap"),
      side(longest, from, to),
      side(left, [from[0], above], [from[0] + p, above]),
      side(right, [to[0], above], [to[0] - q, above]),
    ];
  }

  // ---- Three phases ----

  const [CX, CY, R] = [180, 112, 74];

  function drawPhases({ dots }) {
    if (dots === null) return drawing.notice(WIDTH, LOW, "No unitary, no phases");
    const phases = model.dotPhases(dots);
    const angles = phases.map(([re, im]) => Math.atan2(im, re));
    const near = (a, b) => Math.cos(angles[a] - angles[b]) > 0.97;
    return [
      svg("circle", { cx: CX, cy: CY, r: R, class: "axis" }),
      drawing.line(CX - R - 8, CY, CX + R + 8, CY, "grid"),
      text(CX + R - 8, CY - 6, "V = 0", { "text-anchor": "end", class: "tick" }),
      text(CX - R + 8, CY - 6, "V = ±∞", { class: "tick" }),
      text(0, 14, "e^(−2iθ), tan θ = bV", { class: "axis-label" }),
      phases.map(([re, im], i) => {
        const behind = [0, 1, 2].slice(0, i).filter((j) => near(i, j)).length; // step aside for these
        const far = R + 20 + 23 * behind;
        return [
          drawing.line(CX, CY, CX + R * re, CY - R * im, "rung dot"),
          drawing.line(CX + R * re, CY - R * im, CX + far * re, CY - far * im, "rung dot"),
          drawing.marker(CX + R * re, CY - R * im, "dot"),
          drawing.badge(CX + far * re, CY - far * im, DOTS[i], "dot"),
        ];
      }),
    ];
  }

  // ---- Words ----

  const pointWords = ({ shares: [a, b, c] }) =>
    `Stay with a = ${decimal(a)}, go around (${CYCLE}) with b = ${decimal(b)}, back with c = ${decimal(c)}.`;

  const matrixWords = ({ shares, hop, twist }) => "P = a 1 + h (C + Cᵀ) + η (C − Cᵀ) with C once around: "
    + `a = ${decimal(shares[0])}, h = ${decimal(hop)}, η = ${decimal(twist)}. In small figures: ±η.`;

  function lengthWords({ possible, margin, permutation }) {
    if (permutation) return "A permutation is a unitary itself.";
    if (possible) return "They close a triangle: columns can be orthogonal, and a unitary makes this matrix.";
    return `They miss closing by ${decimal(-margin)}: no unitary makes this matrix.`;
  }

  function dotWords({ dots }) {
    if (dots === null) return "No three dots scatter with these probabilities.";
    return `Dots of bV = ${dots.map((value) => decimal(value)).join(", ")} make this matrix`
      + " when a wave meets all three with the same b.";
  }

  const status = (shown) => `${pointWords(shown)} Twist ${decimal(shown.twist)}. `
    + `Lengths ${shown.lengths.map((length) => decimal(length)).join(", ")}. ${lengthWords(shown)} ${dotWords(shown)}`;

  const matrixProgram = (values) => `stay, twist = ${values.stay}, ${values.twist}
hop = (1 - stay) / 2
cycle = np.roll(np.eye(3), 1, axis=0)  # ${CYCLE}; matrices are final ← initial
P = stay * np.eye(3) + hop * (cycle + cycle.T) + twist * (cycle - cycle.T)`;

  const dotsProgram = ({ V1, V2, V3 }) => `K = coupling_matrix((${V1}, ${V2}, ${V3}))  # b v, with one b for all channels
S = np.linalg.solve(np.eye(3) + 1j * K, np.eye(3) - 1j * K)
P = abs(S) ** 2  # final ← initial`;

  const python = (values) => `"""Is there a unitary that makes this matrix of probabilities?"""

import numpy as np

from detailedbalance import ${values.mode === "dots" ? "coupling_matrix, " : ""}is_unistochastic, unitary_from_probabilities

${values.mode === "dots" ? dotsProgram(values) : matrixProgram(values)}
a, b, c = P[:, 0]  # stay, around, back
print("P =", P.tolist())
print("lengths =", np.sqrt([a * b, b * c, c * a]).tolist())
print("unistochastic =", is_unistochastic(P))

U = unitary_from_probabilities(P)
if U is not None:
    print("U =", U.tolist())
    print("error of |U|² =", abs(abs(U) ** 2 - P).max())
    print("error of U†U =", abs(U.conj().T @ U - np.eye(3)).max())
`;

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets, constrain });
    const surfaces = {
      triangle: drawing.surface(WIDTH, HEIGHT, "The triangle of matrices, with those that a unitary makes shaded"),
      matrix: drawing.surface(WIDTH, 254, "The matrix of probabilities with its sums"),
      lengths: drawing.surface(WIDTH, LOW, "Three lengths that close a triangle or fail to"),
      phases: drawing.surface(WIDTH, LOW, "The phases of three dots on the unit circle"),
    };
    const panels = {
      triangle: drawing.panel("All matrices that treat three levels alike", surfaces.triangle, 3),
      matrix: drawing.panel("The matrix P and its sums", surfaces.matrix, 3),
      lengths: drawing.panel("Do three lengths close?", surfaces.lengths, 4),
      phases: drawing.panel("Three dots that do it", surfaces.phases, 4),
    };
    const spoken = controls.spokenStatus();
    const keys = SIDES.map(() => element("span"));
    const closing = element("span");
    panels.lengths.note.append(element("span", { class: "keys" }, ...keys.map((key, i) =>
      element("span", { class: "key" }, drawing.swatch(`pair-${i}`), key))), closing);
    const choices = {
      matrix: element("div", {}, controls.control(state, "stay"), controls.control(state, "twist")),
      dots: element("div", {}, ...["V1", "V2", "V3"].map((name) => controls.control(state, name))),
    };

    function redraw(values) {
      const shown = compute(values);
      for (const [mode, box] of Object.entries(choices)) box.hidden = mode !== values.mode;
      drawing.fill(surfaces.triangle, drawTriangle(shown));
      drawing.fill(surfaces.matrix, drawMatrix(shown));
      drawing.fill(surfaces.lengths, drawLengths(shown));
      drawing.fill(surfaces.phases, drawPhases(shown));
      panels.triangle.note.textContent = `${pointWords(shown)} Shaded: made by a unitary. Dotted: no twist, balance.`;
      panels.matrix.note.textContent = matrixWords(shown);
      keys.forEach((key, i) => { key.textContent = `${SIDES[i]} = ${decimal(shown.lengths[i])}`; });
      closing.textContent = lengthWords(shown);
      panels.phases.note.textContent = dotWords(shown);
      spoken.say(status(shown));
    }

    drawing.draggable(surfaces.triangle, (x, y) => {
      const point = sharesAt(x, y);
      if (state.values().mode === "matrix") state.set(point);
      else state.set(named(model.couplings(model.shares(point))));
    });
    surfaces.triangle.classList.add("draggable-freely");
    // A finger on the point moves it in all directions; beside it, up and down scroll the page.
    // (touch-action would say so, but browsers heed it on whole drawings only.)
    surfaces.triangle.addEventListener("touchstart", (event) => {
      if (event.target.classList.contains("point-reach")) event.preventDefault();
    }, { passive: false });

    stage.append(
      controls.presets(state),
      controls.columns(state, ["mode"], [choices.matrix, choices.dots]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    state.subscribe(redraw);
    return { state };
  }

  root.DetailedBalance.explorer("unistochastic", mount);
})(window);
