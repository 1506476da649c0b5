// One photon from cavity A past two-level systems to cavity B: its amplitudes as hands of clocks,
// where it ends, and what the printed rates count. The two-level systems can be taken away.
(function (root) {
  "use strict";
  const { controls, drawing, physics } = root.DetailedBalance;
  const { element } = controls;
  const { svg, significant, decimal } = drawing;
  const { photon, printed, square, minus } = physics.onePhoton;

  const [WIDTH, HEIGHT] = [360, 236];
  const TURN = 360;

  const strength = (label, spoken, value) =>
    ({ label, spoken, min: 0.001, max: 3, step: 0.01, scale: "log", value });
  const parameters = {
    present: { label: "two-level systems are there", value: true },
    both: { label: "both channels", value: false },
    x: strength("x (A, B)", "strength x of the cavities", 0.05),
    y: strength("y (TLS)", "strength y of each two-level system", 0.1),
    systems: { label: "TLS, how many", spoken: "number of two-level systems", min: 1, max: 6, step: 1, value: 1 },
    phase: { label: "phase, °", spoken: "phase between neighbours, degrees", min: 0, max: TURN, step: 1, value: 30 },
  };
  const presets = [
    ["One channel", {}],
    ["Very weak", { x: 0.002, y: 0.005 }],
    ["Six systems", { systems: 6, y: 0.05 }],
    ["Black absorber", { y: 1 }],
    ["Both channels", { both: true }],
  ];

  function compute(values) {
    const given = { ...values, phase: (values.phase / TURN) * 2 * Math.PI };
    const without = { ...given, present: false };
    return {
      exact: photon(given), alone: photon(without),
      printed: printed(given), printedAlone: printed(without),
    };
  }

  // ---- Drawings ----

  const names = ({ systems }) =>
    ["A", ...Array.from({ length: systems }, (_, j) => (systems > 1 ? `T${j + 1}` : "TLS")), "B"];

  const hand = ([x, y], [re, im], scale, name) => drawing.line(x, y, x + scale * re, y - scale * im, name);

  /** The hand as it would stand without two-level systems: its tip shows beside another hand. */
  const without = ([x, y], [re, im], scale) => [
    hand([x, y], [re, im], scale, "hand-without"),
    svg("circle", { cx: (x + scale * re).toFixed(1), cy: (y - scale * im).toFixed(1), r: 3.5, class: "tip-without" }),
  ];

  function drawLine(values, { exact, alone }) {
    const stations = names(values);
    const middle = { "text-anchor": "middle" };
    const step = (WIDTH - 20) / stations.length;
    const radius = Math.min(34, 0.44 * step);
    const longest = Math.sqrt(Math.max(...[...exact.behind, ...alone.behind].map(square)));
    return [
      drawing.arrow([6, 58], [WIDTH - 4, 58], 3, "lane-1"),
      drawing.text(6, 84, "channel 1", { class: "axis-label" }),
      stations.map((name, j) => {
        const x = 10 + step * (j + 0.5);
        const look = j === 0 ? "level-0" : j === stations.length - 1 ? "level-1" : "level-2";
        const gone = look === "level-2" && !values.present;
        const disc = [x, 146];
        const share = square(exact.behind[j]);
        return [
          gone ? [] : svg("g", { class: `place ${look}` },
            svg("rect", { x: x - Math.min(22, 0.4 * step), y: 16, width: Math.min(44, 0.8 * step), height: 30, rx: 6 }),
            drawing.text(x, 36, name, { ...middle, class: "place-name" }),
            drawing.line(x, 46, x, 56, `rung ${look}`)),
          svg("circle", { cx: x, cy: disc[1], r: radius, class: `disc ${look}` }),
          without(disc, alone.behind[j], radius / longest),
          hand(disc, exact.behind[j], radius / longest, "hand"),
          drawing.text(x, disc[1] + radius + 20, decimal(share, 3), { ...middle, class: "tick" }),
        ];
      }),
      drawing.text(WIDTH / 2, 226, "amplitude in channel 1 behind each, and its square", { ...middle, class: "axis-label" }),
    ];
  }

  const rotated = ([re, im], angle) =>
    [re * Math.cos(angle) - im * Math.sin(angle), re * Math.sin(angle) + im * Math.cos(angle)];

  /** What is behind the last two-level system: direct + scattered = sum, direct drawn to the right. */
  function drawSum(values, { exact }) {
    const { direct } = exact;
    const sum = exact.behind[values.systems];
    const angle = -Math.atan2(direct[1], direct[0]);
    const [d, s] = [rotated(direct, angle), rotated(sum, angle)];
    const scale = 250 / Math.max(d[0], Math.sqrt(square(sum)));
    const origin = [44, 80];
    const at = ([re, im], aside) => [origin[0] + scale * re, origin[1] - scale * im + aside];
    const drawn = (from, to, aside, name) => {
      const [a, b] = [at(from, aside), at(to, aside)];
      return Math.hypot(b[0] - a[0], b[1] - a[1]) < 1 ? [] : drawing.arrow(a, b, 9, name);
    };
    return [
      drawn([0, 0], d, -26, "path-direct"),
      drawn(d, s, 0, "path-detour"),
      drawn([0, 0], s, 26, "path-sum"),
    ];
  }

  const ORDER = ["A", "1", "2", "TLS", "B"];
  const WORDS = { A: "stays in A", 1: "channel 1", 2: "channel 2", TLS: "TLS", B: "B" };
  const LOOK = { A: "level-0", 1: "lane-1", 2: "outward", TLS: "level-2", B: "level-1" };

  function drawEnds({ ends }, without) {
    const rows = ORDER.filter((name) => name in ends);
    const [left, full] = [84, 206];
    const total = rows.reduce((sum, name) => sum + ends[name], 0);
    const share = (value) => full * Math.min(1, Math.max(0, value));
    const bottom = 16 + 34 * rows.length;
    return [
      rows.map((name, i) => {
        const y = 12 + 34 * i;
        const negative = ends[name] < 0;
        return svg("g", { "data-end": name, "data-value": ends[name] },
          drawing.text(left - 8, y + 16, WORDS[name], { "text-anchor": "end" }),
          svg("rect", { x: left, y, width: full, height: 22, class: "bar-frame" }),
          svg("rect", { x: left, y, width: share(ends[name]).toFixed(1), height: 22, class: `bar ${LOOK[name]}` }),
          drawing.line(left + share(without.ends[name]), y - 3, left + share(without.ends[name]), y + 25, "gibbs-mark"),
          drawing.text(left + full + 8, y + 16, decimal(ends[name], 4), { class: negative ? "sum-wrong" : "bar-text" }));
      }),
      drawing.line(left, bottom, left + full, bottom, "sum-rule"),
      drawing.text(left - 8, bottom + 20, "sum", { "text-anchor": "end" }),
      drawing.text(left + full + 8, bottom + 20, decimal(total, 4), { class: "sum" }),
    ];
  }

  // ---- Words ----

  const chance = (value) => significant(value, 4);
  const emitted = ({ ends }) => 1 - ends.A;

  function sumWords(values, { exact }) {
    const sum = exact.behind[values.systems];
    const [before, after] = [exact.direct, sum].map(square);
    if (!values.present) return `Nothing scatters. The square is ${chance(before)}.`;
    const scattered = square(minus(sum, exact.direct));
    return `Squares: direct ${chance(before)}, scattered alone ${chance(scattered)}, sum ${chance(after)}. `
      + `Direct minus sum is ${chance(before - after)}; the TLS have ${chance(exact.ends.TLS)}.`;
  }

  function exactWords(values, { exact, alone }) {
    const same = Math.abs(exact.ends.A - alone.ends.A) < 1e-12;
    return `A emits ${chance(emitted(exact))}, without the TLS ${chance(emitted(alone))}`
      + (same ? ": the same." : ". The difference is light that B sent back through channel 2.");
  }

  function printedWords(values, { printed: counted, printedAlone }) {
    const more = emitted(counted) - emitted(printedAlone);
    return `A emits ${chance(emitted(counted))}, without the TLS ${chance(emitted(printedAlone))}`
      + (more > 0 ? `: the TLS downstream add ${chance(more)}.` : ".")
      + (counted.ends.A < 0 ? " More than there is: less than nothing stays." : "");
  }

  const spokenWords = (values, shown) =>
    `A emits ${significant(emitted(shown.exact), 3)} exactly, ${significant(emitted(shown.printed), 3)} by the printed rates; `
    + `two-level systems ${values.present ? `take ${significant(shown.exact.ends.TLS, 3)} and ${significant(shown.printed.ends.TLS, 3)}` : "removed"}.`;

  function python(values) {
    const atoms = values.systems;
    return `"""One photon from cavity A past two-level systems to cavity B, as shown in the book."""

import numpy as np

from detailedbalance.light import Chain, printed_probabilities

PORTS = ("1", "2", "A", "TLS", "B")
x, y, systems = ${values.x}, ${values.present ? values.y : 0.0}, ${atoms}
both_channels = ${values.both ? "True" : "False"}
phase = np.radians(${values.phase})  # between neighbours, in either direction

atoms = [f"TLS {j + 1}" for j in range(systems)]
chain = Chain(
    [x, *[y] * systems, x],
    back_couplings=[x, *[0.0] * systems, x] if both_channels else None,
    phases=phase,
    back_phases=phase,
    elements=("A", *atoms, "B"),
)
exact = {port: float(chain.probability(port, "A")) for port in chain.ports}
exact["TLS"] = sum(exact.pop(atom) for atom in atoms)
for end, probability in exact.items():
    print(f"exact, {end} =", probability)

counted = dict(zip(PORTS, printed_probabilities(x, systems * y)[:, PORTS.index("A")].tolist()))
if not both_channels:
    counted["A"] += counted.pop("2")  # nothing leaves by channel 2
for end, probability in counted.items():
    print(f"printed, {end} =", probability)
`;
  }

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const surfaces = {
      line: drawing.surface(WIDTH, HEIGHT, "Cavity A, two-level systems and cavity B along channel 1, with the photon's amplitude behind each"),
      sum: drawing.surface(WIDTH, 160, "Direct and scattered amplitude behind the two-level systems, and their sum"),
      exact: drawing.surface(WIDTH, HEIGHT - 20, "Where the photon ends, exactly, as bars with their sum"),
      printed: drawing.surface(WIDTH, HEIGHT - 20, "Where the photon ends by the printed rates, as bars with their sum"),
    };
    const panels = {
      line: drawing.panel("The photon in channel 1", surfaces.line, 2),
      sum: drawing.panel("Behind the two-level systems", surfaces.sum, 3),
      exact: drawing.panel("Where it ends, exactly", surfaces.exact, 3),
      printed: drawing.panel("Where it ends, by the printed rates", surfaces.printed, 3),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    panels.sum.node.insertBefore(element("span", { class: "keys" },
      key("path-direct-key", "direct"), key("path-detour-key", "scattered by the TLS"), key("path-sum-key", "sum")), panels.sum.note);
    panels.line.note.textContent = "Hands: the amplitude, all to one scale. Dashed, with an open tip: without two-level systems.";
    const spoken = controls.spokenStatus();

    stage.append(
      controls.presets(state),
      controls.columns(state, ["present", "x", "y"], ["both", "systems", "phase"]),
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      element("p", { class: "panel-note", style: "--lines: 1" }, "The marks on the bars stand where the bars end without two-level systems."),
      spoken.line,
      controls.copyAsPython(state, python),
    );

    state.subscribe((values) => {
      const shown = compute(values);
      drawing.fill(surfaces.line, drawLine(values, shown));
      drawing.fill(surfaces.sum, drawSum(values, shown));
      drawing.fill(surfaces.exact, drawEnds(shown.exact, shown.alone));
      drawing.fill(surfaces.printed, drawEnds(shown.printed, shown.printedAlone));
      panels.sum.note.textContent = sumWords(values, shown);
      panels.exact.note.textContent = exactWords(values, shown);
      panels.printed.note.textContent = printedWords(values, shown);
      spoken.say(spokenWords(values, shown));
    });
    return { state };
  }

  root.DetailedBalance.explorer("one-photon", mount);
})(window);
