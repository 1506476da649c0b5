// SVG drawing for explorers: plain functions from numbers to descriptions of elements. Colours,
// fonts and dashes are the stylesheet's, so that light, dark and print are one drawing.
//
// A redraw describes the whole drawing anew, and fill(surface, descriptions) changes on the page
// what differs from before: laying out what is new is most of a redraw's time.
(function (root) {
  "use strict";
  const DetailedBalance = (root.DetailedBalance = root.DetailedBalance || {});

  /** Describe an SVG element: svg("path", { d, class: "x" }, child, "text"). */
  const svg = (tag, attributes = {}, ...children) => ({ tag, attributes, children });

  /** The element that a description means. */
  function make(description) {
    const node = root.document.createElementNS("http://www.w3.org/2000/svg", description.tag);
    node.drawn = { attributes: {} };
    change(node, description);
    return node;
  }

  function change(node, description) {
    const { attributes: before } = node.drawn;
    const { attributes: after, children } = description;
    for (const name of Object.keys(after)) {
      if (after[name] !== before[name]) node.setAttribute(name, after[name]);
    }
    for (const name of Object.keys(before)) {
      if (!(name in after)) node.removeAttribute(name);
    }
    node.drawn = description;
    fill(node, children);
  }

  /** Give an element these children, by changing those that it has. */
  function fill(parent, descriptions) {
    const wanted = descriptions.flat(Infinity);
    const present = [...parent.childNodes];
    wanted.forEach((description, i) => {
      const node = present[i];
      if (typeof description === "string") {
        if (!node) parent.append(description);
        else if (node.textContent !== description) node.textContent = description;
      } else if (!node) parent.append(make(description));
      else if (node.nodeName === description.tag) change(node, description);
      else node.replaceWith(make(description));
    });
    for (const node of present.slice(wanted.length)) node.remove();
  }

  /** An empty drawing with a name for assistive technology. */
  const surface = (width, height, label) =>
    make(svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }));

  const text = (x, y, content, attributes = {}) => svg("text", { x: r(x), y: r(y), ...attributes }, content);
  const line = (x1, y1, x2, y2, name) =>
    svg("line", { x1: r(x1), y1: r(y1), x2: r(x2), y2: r(y2), class: name });

  // Tenths of a pixel are enough, and keep the page small.
  const r = (number) => Math.round(number * 10) / 10;

  // ---- Numbers as readers write them ----

  const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  const minus = (string) => string.replace("-", "−");

  /** With `digits` significant figures; very small and very large numbers by powers of ten. */
  function significant(number, digits = 4) {
    if (number === 0) return "0";
    const [mantissa, exponent] = number.toExponential(digits - 1).split("e");
    const power = Number(exponent);
    if (power >= -3 && power < 6) return minus(number.toFixed(Math.max(0, digits - 1 - power)));
    return `${minus(mantissa)} × 10${[...String(power)].map((c) => SUPERSCRIPTS[c]).join("")}`;
  }

  /** With `digits` decimals; what would round to −0 is 0. */
  const decimal = (number, digits = 3) => minus(number.toFixed(digits)).replace(/^−(0\.?0*)$/, "$1");

  /** With its sign, also when it is positive. */
  const signed = (string) => (/^[−0]/.test(string) && !/^0\.0*[1-9]/.test(string) ? string : `+${string}`);

  // ---- Scales and axes ----

  /** From values [a, b] to pixels [x, y]; `log` for a logarithmic scale. */
  function scale([a, b], [from, to], log = false) {
    const f = log ? Math.log : (x) => x;
    const place = (value) => from + ((f(value) - f(a)) / (f(b) - f(a))) * (to - from);
    place.invert = (pixel) => {
      const x = f(a) + ((pixel - from) / (to - from)) * (f(b) - f(a));
      return log ? Math.exp(x) : x;
    };
    place.domain = [a, b];
    place.range = [from, to];
    place.log = log;
    return place;
  }

  /** About `count` round numbers in a scale's domain. */
  function ticks(place, count = 5) {
    const [a, b] = place.domain;
    const inside = (x) => x >= a * (1 - 1e-12 * Math.sign(a)) && x <= b * (1 + 1e-12 * Math.sign(b));
    if (place.log && b / a > 10) {
      const decades = [];
      for (let n = Math.floor(Math.log10(a)); n <= Math.ceil(Math.log10(b)); n++) decades.push(n);
      for (const digits of [[1, 2, 5], [1, 3], [1]]) {
        const all = decades.flatMap((n) => digits.map((d) => Number(`${d}e${n}`))).filter(inside);
        if (all.length <= count + 2) return all;
        if (digits.length === 1) {
          const skip = Math.ceil(all.length / (count + 2));
          return all.filter((x) => Math.round(Math.log10(x)) % skip === 0);
        }
      }
    }
    const rough = (b - a) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((digit) => digit * power >= rough);
    const first = Math.ceil(a / step - 1e-9);
    const last = Math.floor(b / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  }

  const tickText = (value) =>
    value !== 0 && (Math.abs(value) >= 1e4 || Math.abs(value) < 1e-2)
      ? significant(value, 1).replace("1 × ", "") : minus(String(value));

  /** Axes with ticks, a light grid and a name each: { x, y, xLabel, yLabel, xTicks, yTicks }. */
  function axes({ x, y, xLabel, yLabel, xTicks = ticks(x), yTicks = ticks(y) }) {
    const [left, right] = x.range;
    const [bottom, top] = y.range;
    return [
      xTicks.map((value) => [
        line(x(value), top, x(value), bottom, "grid"),
        text(x(value), bottom + 17, tickText(value), { class: "tick", "text-anchor": "middle" }),
      ]),
      yTicks.map((value) => [
        line(left, y(value), right, y(value), "grid"),
        text(left - 6, y(value) + 4, tickText(value), { class: "tick", "text-anchor": "end" }),
      ]),
      svg("path", { d: `M${left} ${top}V${bottom}H${right}`, class: "axis" }),
      text((left + right) / 2, bottom + 35, xLabel, { class: "axis-label", "text-anchor": "middle" }),
      text(-(top + bottom) / 2, 12, yLabel, { class: "axis-label", "text-anchor": "middle", transform: "rotate(-90)" }),
    ];
  }

  /** A curve through points [[x, y], …] in pixels. */
  const curve = (points, name) =>
    svg("path", { d: `M${points.map(([x, y]) => `${r(x)} ${r(y)}`).join("L")}`, class: `curve ${name}` });

  /** A filled point that names what it marks. */
  const badge = (x, y, label, name) => svg("g", { class: `badge ${name}` },
    svg("circle", { cx: r(x), cy: r(y), r: 10 }),
    text(x, y + 4.5, label, { "text-anchor": "middle" }));

  const marker = (x, y, name) => svg("circle", { cx: r(x), cy: r(y), r: 4, class: `marker ${name}` });

  /** A short piece of a curve, for a legend in the page's text. */
  const swatch = (name) => make(svg("svg", { viewBox: "0 0 34 12", class: "swatch", "aria-hidden": "true" },
    curve([[1, 6], [33, 6]], name)));

  /** Words in the middle of a drawing that has nothing else to show. */
  const notice = (width, height, words) =>
    [text(width / 2, height / 2, words, { class: "notice", "text-anchor": "middle" })];

  // ---- Arrows whose width is a number ----

  /** A straight arrow from point to point, its shaft `width` pixels wide. */
  function arrow([x1, y1], [x2, y2], width, name) {
    const length = Math.hypot(x2 - x1, y2 - y1);
    const head = Math.min(7 + 0.7 * width, 0.6 * length);
    const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
    const at = (along, across) =>
      `${r(x1 + along * ux - across * uy)} ${r(y1 + along * uy + across * ux)}`;
    const w = width / 2;
    const barb = w + 3;
    const neck = length - head;
    return svg("path", {
      class: `arrow ${name}`,
      d: `M${at(0, -w)}L${at(neck, -w)}L${at(neck, -barb)}L${at(length, 0)}L${at(neck, barb)}L${at(neck, w)}L${at(0, w)}Z`,
    });
  }

  /** A circular arrow around (x, y), clockwise as seen or not. */
  function loopArrow(x, y, radius, width, clockwise) {
    const sense = clockwise ? 1 : -1;
    const at = (angle, distance) => [x + distance * Math.sin(angle), y - distance * Math.cos(angle)];
    const head = 9 + 0.7 * width;
    const neck = sense * (2 * Math.PI - head / radius);
    const [bx, by] = at(neck, radius);
    const [tx, ty] = at(neck + (sense * head) / radius, radius);
    const chord = Math.hypot(tx - bx, ty - by);
    const barb = (width / 2 + 3.5) / chord;
    const [across, down] = [barb * (ty - by), barb * (bx - tx)];
    const start = at(sense * 0.55, radius);
    return svg("g", { class: "loop", "data-clockwise": clockwise },
      svg("path", {
        class: "loop-shaft", "stroke-width": r(width),
        d: `M${start.map(r).join(" ")}A${radius} ${radius} 0 1 ${clockwise ? 1 : 0} ${r(bx)} ${r(by)}`,
      }),
      svg("path", {
        class: "loop-head",
        d: `M${r(bx + across)} ${r(by + down)}L${r(tx)} ${r(ty)}L${r(bx - across)} ${r(by - down)}Z`,
      }));
  }

  // ---- Matrices with their sums ----

  /**
   * A square matrix, final ← initial, as numbers on shades, with the sums of its rows and columns.
   * `cell(value, k, l)` and `sum(value, k)` make the words, `excess(k, l)` a second, signed line of a
   * cell and `wrong(value, k)` a second line of a sum that is not what it should be ("" for none).
   * `size` is a cell's, in pixels, and `look(k)` the class of the badge of row and column k.
   */
  function matrixMap(matrix, {
    labels, largest, cell, excess = () => "", sum, wrong = () => "", size = [76, 56],
    look = (k) => `level-${k}`,
  }) {
    const n = matrix.length;
    const [left, top, width, height] = [48, 46, ...size];
    const x = (l) => left + width * l;
    const y = (k) => top + height * k;
    const total = (values) => values.reduce((a, b) => a + b, 0);
    const rows = matrix.map(total);
    const columns = matrix.map((_, l) => total(matrix.map((row) => row[l])));
    const middle = { "text-anchor": "middle" };
    const sumText = (value, k, xs, ys) => [
      text(xs, ys, sum(value, k), { ...middle, class: wrong(value, k) ? "sum sum-wrong" : "sum" }),
      wrong(value, k) ? text(xs, ys + 15, wrong(value, k), { ...middle, class: "sum-wrong small" }) : [],
    ];
    return [
      text(left + (n * width) / 2, 12, "from", { ...middle, class: "axis-label" }),
      text(-(top + (n * height) / 2), 12, "to", { ...middle, class: "axis-label", transform: "rotate(-90)" }),
      labels.map((label, k) => [
        badge(x(k) + width / 2, 29, label, look(k)),
        badge(32, y(k) + height / 2, label, look(k)),
      ]),
      matrix.map((row, k) => row.map((value, l) => {
        const second = excess(k, l);
        const centre = { ...middle, class: "cell-text" };
        return [
          svg("rect", {
            x: x(l) + 1, y: y(k) + 1, width: width - 2, height: height - 2, rx: 3, class: "cell",
            style: `--shade: ${r(100 * Math.min(1, Math.abs(value) / largest))}%`,
          }),
          second ? svg("rect", {
            x: x(l) + 2, y: y(k) + 2, width: width - 4, height: height - 4, rx: 2,
            class: `cell-mark ${second.startsWith("−") ? "less" : "more"}`,
          }) : [],
          text(x(l) + width / 2, y(k) + height / 2 + (second ? -2 : 5), cell(value, k, l), centre),
          second ? text(x(l) + width / 2, y(k) + height / 2 + 15, second, { ...middle, class: "cell-excess" }) : [],
        ];
      })),
      line(x(n) + 3, top, x(n) + 3, y(n), "sum-rule"),
      line(left, y(n) + 3, x(n), y(n) + 3, "sum-rule"),
      text(x(n) + 42, 33.5, "sum", { ...middle, class: "axis-label" }),
      text(32, y(n) + 22, "sum", { ...middle, class: "axis-label" }),
      rows.map((value, k) => sumText(value, k, x(n) + 42, y(k) + height / 2 + 5)),
      columns.map((value, l) => sumText(value, l, x(l) + width / 2, y(n) + 22)),
    ];
  }

  // ---- The energy ladder ----

  /** Positions near the wanted ones, in the same order and at least `gap` apart. */
  function spread(wanted, gap) {
    const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
    const placed = order.map((i) => wanted[i]);
    // Two neighbours that overlap move apart by the same amount; a few sweeps settle three labels.
    for (let sweep = 0; sweep < 20; sweep++) {
      for (let i = 1; i < placed.length; i++) {
        const overlap = gap - (placed[i] - placed[i - 1]);
        if (overlap > 0) {
          placed[i - 1] -= overlap / 2;
          placed[i] += overlap / 2;
        }
      }
    }
    const result = [];
    order.forEach((index, i) => { result[index] = placed[i]; });
    return result;
  }

  /**
   * Three levels at their energies: an arrow for each transition, as wide as what it carries, a
   * loop for the net current, and the populations as bars.
   *
   * { energies, labels, traffic, current, populations, gibbs, y, yLabel } with traffic[k][l] the
   * jumps l → k a unit of time and `current` the net current 0 → 1 → 2 → 0 by index. With `gibbs`
   * each bar has a mark where the Gibbs state has it; without `traffic` only the levels are drawn.
   * A level's place goes by its rank in energy, with the middle one on the
   * right: a loop that climbs rung by rung and falls back at once turns anticlockwise.
   */
  function ladder({ energies, labels, traffic, current, populations, gibbs, y, yLabel }) {
    const [left, right, bars, full] = [82, 214, 244, 72];
    const rank = [0, 1, 2].sort((a, b) => energies[a] - energies[b]);
    const middleLevel = rank[1];
    const station = energies.map((energy, k) => [k === middleLevel ? right : left, y(energy)]);
    const [bottom, top] = y.range;
    const drawn = [
      ticks(y, 4).map((value) => [
        line(44, y(value), 49, y(value), "axis"),
        text(40, y(value) + 4, tickText(value), { class: "tick", "text-anchor": "end" }),
      ]),
      svg("path", { d: `M49 ${top}V${bottom}`, class: "axis" }),
      text(-(top + bottom) / 2, 12, yLabel, { class: "axis-label", "text-anchor": "middle", transform: "rotate(-90)" }),
      energies.map((energy, k) => line(62, y(energy), bars - 10, y(energy), `rung level-${k}`)),
    ];
    const badges = station.map(([px, py], k) => badge(px, py, labels[k], `level-${k}`));
    if (!traffic) return [drawn, badges];

    const largest = Math.max(...traffic.flat());
    const width = (value) => (largest > 0 ? (14 * value) / largest : 0);
    const forward = (k, l) => (k - l + 3) % 3 === 1; // l → k is a step of 0 → 1 → 2 → 0
    for (const [k, l] of [[0, 1], [1, 2], [2, 0], [1, 0], [2, 1], [0, 2]]) {
      if (traffic[k][l] <= 0) continue;
      const [[x1, y1], [x2, y2]] = [station[l], station[k]];
      const length = Math.hypot(x2 - x1, y2 - y1);
      const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
      const aside = 1.5 + width(traffic[k][l]) / 2;
      const shift = ([px, py], along) => [px + along * ux - aside * uy, py + along * uy + aside * ux];
      const along = current !== 0 && forward(k, l) === current > 0;
      drawn.push(arrow(shift(station[l], 13), shift(station[k], -13),
        Math.max(0.6, width(traffic[k][l])), along ? "along" : "against"));
    }
    if (current !== 0) {
      const side = [0, 1, 2].map((k) => {
        const [a, b] = [station[(k + 1) % 3], station[(k + 2) % 3]];
        return Math.hypot(a[0] - b[0], a[1] - b[1]);
      });
      const around = side[0] + side[1] + side[2];
      const centre = [0, 1].map((i) => station.reduce((sum, point, k) => sum + side[k] * point[i], 0) / around);
      const [[x0, y0], [x1, y1], [x2, y2]] = station;
      const turning = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0); // > 0: 0 → 1 → 2 is clockwise
      drawn.push(loopArrow(...centre, 24, Math.max(2, width(Math.abs(current))), turning * current > 0));
    }
    const places = spread(station.map(([, py]) => py), 26);
    return [
      drawn,
      badges,
      populations.map((p, k) => [
        svg("path", { d: `M${bars - 10} ${r(station[k][1])}L${bars} ${r(places[k])}`, class: `rung level-${k}` }),
        svg("rect", { x: bars, y: r(places[k] - 8), width: full, height: 16, class: "bar-frame" }),
        svg("rect", { x: bars, y: r(places[k] - 8), width: r(full * p), height: 16, class: `bar level-${k}` }),
        gibbs ? line(bars + full * gibbs[k], places[k] - 10, bars + full * gibbs[k], places[k] + 10, "gibbs-mark") : [],
        text(bars + full + 5, places[k] + 4.5, decimal(p, 3), { class: "bar-text" }),
      ]),
    ];
  }

  /** Call `move(x, y)` in the drawing's own units while a pointer is pressed on it. */
  function draggable(drawing, move) {
    const follow = (event) => {
      const point = new DOMPoint(event.clientX, event.clientY);
      const { x, y } = point.matrixTransform(drawing.getScreenCTM().inverse());
      move(x, y);
    };
    drawing.classList.add("draggable");
    drawing.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      drawing.setPointerCapture(event.pointerId);
      event.preventDefault(); // no text selection
      follow(event);
    });
    drawing.addEventListener("pointermove", (event) => {
      if (drawing.hasPointerCapture(event.pointerId)) follow(event);
    });
  }

  /** A titled drawing, and beneath it words that usually need so many lines. */
  function panel(title, drawing, lines = 2) {
    const { element } = DetailedBalance.controls;
    const note = element("p", { class: "panel-note", style: `--lines: ${lines}` });
    const heading = element("p", { class: "panel-title" }, title);
    return { node: element("div", { class: "panel" }, heading, drawing, note), note };
  }

  /** A filled region with these corners, [[x, y], …] in pixels. */
  const area = (points, name) =>
    svg("path", { d: `M${points.map(([x, y]) => `${r(x)} ${r(y)}`).join("L")}Z`, class: name });

  DetailedBalance.drawing = {
    svg, surface, fill, text, line, significant, decimal, signed, scale, ticks, axes, curve, badge,
    marker, swatch, notice, arrow, loopArrow, matrixMap, spread, ladder, draggable, panel,
    area,
  };
})(typeof window === "undefined" ? globalThis : window);
