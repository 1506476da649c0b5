// A weight on the loop of the three dots: what a load put in by hand promises, and what the weight
// does when it is scattered together with the levels. Histories, the mean of e^{βwΔn}, the power.
(function (root) {
  "use strict";
  const { controls, drawing, physics, seededRandom } = root.DetailedBalance;
  const { element, button } = controls;
  const { svg, significant, decimal } = drawing;
  const model = physics.loadedLoop;

  const NAMES = ["−", "0", "+"];
  const [WIDTH, HEIGHT] = [360, 284];
  const END = 2000; // of the time axis, in mean jumps of the levels without a load
  const POINTS = 80;
  const HISTORIES = 6;
  const SECONDS = 16; // that the film takes
  const WEIGHTS = [-1, 1];
  const RULE_HOLDS = 1e-8; // a violation below this is the quadrature's
  const ROUNDING = 1e-9; // of all jumps: a current below this is none

  const parameters = {
    load: { label: "load", options: [["naive", "put in by hand"], ["consistent", "scattered with the levels"]], value: "naive" },
    weight: { label: "weight w", min: WEIGHTS[0], max: WEIGHTS[1], step: 0.01, value: 0.2 },
    beta: { label: "β = 1/T", spoken: "inverse temperature β", min: 0.2, max: 6, step: 0.01, scale: "log", value: 2 },
    strength: { label: "strength s", spoken: "strength s of the couplings", min: 0.3, max: 3, step: 0.01, scale: "log", value: 1 },
    phases: { label: "loop", options: [["S26", "− → 0 → + (Fig. 1)"], ["hamiltonian", "+ → 0 → − (conjugate)"]], value: "S26" },
    time: { label: "time", spoken: "time, in mean jumps of the levels without load", min: 0, max: END, step: 10, value: END },
  };
  const presets = [
    ["By hand, w = 0.2", { load: "naive" }],
    ["By hand, w = 0.6", { load: "naive", weight: 0.6 }],
    ["Scattered, w = 0.2", { load: "consistent" }],
    ["Scattered, w = 0", { load: "consistent", weight: 0 }],
  ];

  /** The levels without load, and the load by hand for all weights; kept while these stay. */
  let bare = { key: "" };
  function bareOf({ beta, strength, phases }) {
    const key = JSON.stringify([beta, strength, phases]);
    if (bare.key === key) return bare;
    const rates = model.unloaded({ strength, phases }, beta);
    const gibbs = model.gibbs(beta);
    const [free] = rates.rates;
    const affinity = Math.log((free[1][0] * free[2][1] * free[0][2]) / (free[0][1] * free[1][2] * free[2][0]));
    bare = {
      key, rates, gibbs,
      traffic: free.flat().reduce((sum, rate, i) => sum + rate * gibbs[i % 3], 0),
      current: model.loopCurrent(free),
      limit: affinity / beta,
      curve: Array.from({ length: 81 }, (_, i) => {
        const weight = WEIGHTS[0] + (i / 80) * (WEIGHTS[1] - WEIGHTS[0]);
        const load = model.naive(rates, weight, beta);
        return [weight, weight * model.drift(load, model.stationaryState(model.total(load)))];
      }),
      tried: [], // weights whose consistent load has been computed
    };
    return bare;
  }

  /** Everything but the time and the histories. */
  let kept = { key: "" };
  function compute(values) {
    const { load: kind, weight, beta, strength, phases } = values;
    const key = JSON.stringify([kind, weight, beta, strength, phases]);
    if (kept.key === key) return kept;
    const levels = bareOf(values);
    const load = kind === "naive" ? model.naive(levels.rates, weight, beta)
      : model.consistent({ strength, phases }, weight, beta);
    const total = model.total(load);
    const loop = model.loopCurrent(total);
    const populations = model.stationaryState(total);
    const exact = model.drift(load, populations);
    const drift = Math.abs(exact) < ROUNDING * levels.traffic ? 0 : exact;
    const step = END / levels.traffic / POINTS;
    const defect = model.sumRule(load, weight, beta).map((value, k) =>
      value / total.reduce((sum, row) => sum + row[k] * levels.gibbs[k], 0));
    kept = {
      key, levels, load, populations, drift, step,
      energies: model.energies,
      gibbs: levels.gibbs,
      traffic: total.map((row) => row.map((rate, l) => rate * populations[l])),
      loop: Math.abs(loop) < ROUNDING * levels.traffic ? 0 : loop,
      power: weight * drift,
      defect: Math.max(...defect.map(Math.abs)) < RULE_HOLDS ? [0, 0, 0] : defect,
      moments: model.moments(load, levels.gibbs, step, POINTS),
      averages: model.exponentialMean(load, beta * weight, levels.gibbs, step, POINTS),
    };
    if (kind === "consistent") {
      levels.tried = [...levels.tried.filter(([tried]) => tried !== weight), [weight, kept.power]];
    }
    return kept;
  }

  // ---- Drawings ----

  const ladderY = drawing.scale([-0.65, 0.65], [HEIGHT - 12, 14]);

  const drawLadder = (shown) => drawing.ladder({
    ...shown, current: shown.loop, labels: NAMES, y: ladderY, yLabel: "energy E",
  });

  const timeX = drawing.scale([0, END], [52, 284]);
  const SHAFT = 318;

  /** The height of a history at a time. */
  function heightAt({ times, heights }, time) {
    let [low, high] = [0, times.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] <= time) low = middle;
      else high = middle;
    }
    return heights[low];
  }

  const STEPS = 232; // one for each pixel

  function path(history, unit, y, until, name) {
    const points = [];
    for (let i = 0; i <= STEPS && (i / STEPS) * END <= until; i++) {
      const time = (i / STEPS) * END;
      points.push([timeX(time), y(heightAt(history, time / unit))]);
    }
    if (points.length < 2) return [];
    return drawing.curve(points, name);
  }

  function heightScale(shown, histories) {
    let [low, high] = [-10, 10];
    const include = (value) => { [low, high] = [Math.min(low, value), Math.max(high, value)]; };
    shown.moments.forEach(({ mean, variance }) => {
      include(mean - 2 * Math.sqrt(variance));
      include(mean + 2 * Math.sqrt(variance));
    });
    for (const { heights } of histories) for (const height of heights) include(height);
    return drawing.scale([low, high], [HEIGHT - 46, 12]);
  }

  function drawWeight(values, shown, histories) {
    const y = heightScale(shown, histories);
    const unit = shown.levels.traffic; // times it, a time is a number of jumps
    const x = (i) => timeX((i / POINTS) * END);
    const edge = (sign) => shown.moments.map(({ mean, variance }, i) =>
      [x(i), y(mean + sign * Math.sqrt(variance))]);
    const height = heightAt(histories[0], values.time / unit);
    const now = timeX(values.time);
    const size = 9 + 12 * Math.sqrt(Math.abs(values.weight));
    const [bottom, top] = y.range;
    return [
      drawing.axes({ x: timeX, y, xLabel: "time, in mean jumps without load", yLabel: "height n of the weight",
        xTicks: [0, 500, 1000, 1500, 2000] }),
      drawing.area([...edge(1), ...edge(-1).reverse()], "band"),
      drawing.curve(shown.moments.map(({ mean }, i) => [x(i), y(mean)]), "expected"),
      histories.slice(1).map((history) => path(history, unit, y, values.time, "track-old")),
      path(histories[0], unit, y, values.time, "track"),
      drawing.line(now, top, now, bottom, "handle-line"),
      drawing.marker(now, y(height), "track-end"),
      drawing.line(SHAFT - 20, y(0), SHAFT + 24, y(0), "balance-line"),
      drawing.text(SHAFT + 28, y(0) + 4, "0", { class: "tick" }),
      drawing.line(SHAFT, 2, SHAFT, y(height) - size / 2, "rope"),
      svg("rect", { x: (SHAFT - size / 2).toFixed(1), y: (y(height) - size / 2).toFixed(1),
        width: size.toFixed(1), height: size.toFixed(1), rx: 2, class: "weight", "data-height": height }),
    ];
  }

  const averageX = drawing.scale([0, END], [60, WIDTH - 14]);

  function drawAverage(values, { averages }) {
    const logs = averages.map(Math.log10);
    const limit = Math.max(1, ...logs.map((value) => Math.abs(value)));
    const power = Math.ceil(1.05 * limit);
    const y = drawing.scale([10 ** -power, 10 ** power], [HEIGHT - 46, 12], true);
    const x = averageX(values.time);
    const at = averages[Math.round((values.time / END) * POINTS)];
    const ticks = [-1, -0.5, 0, 0.5, 1].map((share) => 10 ** Math.round(share * power));
    return [
      drawing.axes({ x: averageX, y, xLabel: "time, in mean jumps without load", yLabel: "mean of exp(βwΔn)",
        xTicks: [0, 500, 1000, 1500, 2000], yTicks: [...new Set(ticks)] }),
      drawing.line(...[averageX(0), y(1), averageX(END), y(1)], "balance-line"),
      drawing.curve(averages.map((value, i) => [averageX((i / POINTS) * END), y(value)]), "level-0"),
      drawing.line(x, 12, x, HEIGHT - 46, "handle-line"),
      drawing.marker(x, y(at), "level-0"),
    ];
  }

  const weightX = drawing.scale(WEIGHTS, [60, WIDTH - 14]);

  function drawPower(values, { levels, power }) {
    const unit = levels.traffic / 1000; // powers in thousandths per mean jump
    const gains = levels.curve.map(([, value]) => value / unit);
    const top = 1.25 * Math.max(...gains);
    const y = drawing.scale([-2.5 * top, top], [HEIGHT - 46, 12]);
    const inside = ([, value]) => value / unit >= y.domain[0];
    const at = ([weight, value]) => [weightX(weight), y(value / unit)];
    const naive = levels.curve.filter(inside);
    const now = weightX(values.weight);
    const [bottom] = y.range;
    return [
      drawing.axes({ x: weightX, y, xLabel: "weight w", yLabel: "1000 × power, per jump", xTicks: [-1, -0.5, 0, 0.5, 1] }),
      drawing.line(weightX.range[0], y(0), weightX.range[1], y(0), "balance-line"),
      drawing.curve(naive.map(at), "level-1"),
      levels.tried.filter(inside).map((point) => drawing.marker(...at(point), "level-2 tried")),
      drawing.line(now, 12, now, bottom, "handle-line"),
      // What lies below the axis is no point of the drawing: an arrow says where it is.
      inside([values.weight, power]) ? drawing.marker(...at([values.weight, power]), "track-end")
        : drawing.arrow([now, bottom - 26], [now, bottom - 2], 4, "beyond"),
    ];
  }

  // ---- Words ----

  const per = (value, { levels }) => significant(value / levels.traffic, 4);

  function ladderWords(shown) {
    const { levels, loop } = shown;
    const free = `Without a load the loop carries K = ${significant(levels.current, 5)}`;
    if (loop === 0) return `${free}; with it, nothing: every pair of levels balances.`;
    return `${free}; with it ${significant(loop, 5)}, ${loop > 0 ? "− → 0 → + → −" : "− → + → 0 → −"}.`;
  }

  function weightWords(values, shown, histories) {
    const { levels, drift, moments } = shown;
    const height = heightAt(histories[0], values.time / levels.traffic);
    const { mean, variance } = moments[Math.round((values.time / END) * POINTS)];
    const fate = values.weight === 0 ? "A weight without energy."
      : drift * values.weight > 0 ? "The weight gains energy from heat of one temperature: perpetual motion."
        : "The weight gives energy away.";
    return `${fate} Drift ${significant(drift, 5)} steps per unit time, ${per(drift, shown)} per jump. `
      + `At this time n = ${decimal(height, 0)}; mean ${decimal(mean, 2)} ± ${decimal(Math.sqrt(variance), 2)}.`;
  }

  function averageWords(values, { averages, defect }) {
    const at = averages[Math.round((values.time / END) * POINTS)];
    if (defect.every((value) => value === 0)) {
      return `Mean of e^(βwΔn) = ${decimal(at, 6)}: the sum rule holds for each level, so this is one at all times, and w × drift ≤ 0.`;
    }
    const rows = defect.map((value, k) => `${NAMES[k]}: ${drawing.signed(decimal(100 * value, 2))} %`).join(", ");
    return `Mean of e^(βwΔn) = ${significant(at, 4)}. The sum rule fails by (in per cent of a level’s jumps) ${rows}: it no longer forbids w × drift > 0.`;
  }

  function powerWords({ levels, power }) {
    const range = levels.limit > 0 ? `0 < w < ${decimal(levels.limit, 4)}` : `${decimal(levels.limit, 4)} < w < 0`;
    return `Dashed: by hand, positive for ${range}. Dots: scattered, for the weights that you have tried. `
      + `Now: 1000 × power = ${significant((1000 * power) / levels.traffic, 4)} per jump.`;
  }

  /** In a few words, for whoever hears the page: the panels say the rest. */
  function spokenWords(values, { levels, loop, drift, averages }) {
    const at = averages[Math.round((values.time / END) * POINTS)];
    return `Weight ${decimal(values.weight, 2)}: drift ${significant((1000 * drift) / levels.traffic, 3)} steps in 1000 jumps, `
      + `loop current ${significant(loop, 3)}, mean of the exponential ${significant(at, 3)}.`;
  }

  const python = (values) => `"""A weight on the loop of three dots, as shown in the book."""

from detailedbalance import (
    ContactScattering, consistent_load, coupling_matrix, gibbs_state, loop_current, naive_load, transition_rates,
)

beta, weight, strength = ${values.beta}, ${values.weight}, ${values.strength}
couplings = [strength * coupling for coupling in (1, 0.7, 1.5)]
contact = ContactScattering([-0.5, 0, 0.5], coupling_matrix(couplings, phases="${values.phases}"))
gibbs = gibbs_state(contact.energies, beta)

density = 1e-6  # a dilute gas; all numbers are proportional to it
free = transition_rates(contact, beta, density)
jumps = (free * gibbs).sum()
${values.load === "naive" ? "load = naive_load(free, weight, beta, edge=(1, 0))"
    : `load = consistent_load(contact, beta, weight, edge=(1, 0), density=density, reach=${model.reach})`}
drift, _ = load.cumulants()
time = ${values.time} / jumps
mean, variance = load.moments(gibbs, time)

print("K without load =", float(loop_current(contact, beta, density) / density))
print("drift =", drift / density)
print("drift per jump =", drift / jumps)
print("power per jump =", weight * drift / jumps)
print("mean height =", float(mean))
print("standard deviation =", float(variance**0.5))
print("mean of exp(beta w dn) =", float(load.generating_function(beta * weight, gibbs, time)))
leaving = gibbs * load.total_rates.sum(axis=0)
print("sum rule off by, % =", (100 * load.tilted_generator(beta * weight) @ gibbs / leaving).tolist())
`;

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const still = root.matchMedia("(prefers-reduced-motion: reduce)");
    const surfaces = {
      ladder: drawing.surface(WIDTH, HEIGHT, "The three levels with their traffic and net current under the load"),
      weight: drawing.surface(WIDTH, HEIGHT, "Height of the weight against time, and the weight on its rope"),
      average: drawing.surface(WIDTH, HEIGHT, "The mean of e to the beta w delta n against time"),
      power: drawing.surface(WIDTH, HEIGHT, "The power against the weight"),
    };
    const panels = {
      ladder: drawing.panel("The loop under the load", surfaces.ladder, 3),
      weight: drawing.panel("Six weights, and the mean of many", surfaces.weight, 4),
      average: drawing.panel("What the sum rule says", surfaces.average, 4),
      power: drawing.panel("Energy that the weight gains", surfaces.power, 4),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    panels.ladder.node.insertBefore(element("span", { class: "keys" },
      key("jumps-along", "jumps along the net current"), key("jumps-against", "jumps against it"),
      element("span", {}, "Bars: populations; black marks: Gibbs.")), panels.ladder.note);
    const spoken = controls.spokenStatus();
    let seed = 1;
    let histories = { key: "" };
    let frame = 0; // of the film, 0 while it stands
    let before = 0;
    let clock = 0; // time of the film, between the whole numbers that are shown

    function historiesOf(shown) {
      const key = `${seed} ${shown.key}`;
      if (histories.key !== key) {
        const list = Array.from({ length: HISTORIES }, (_, i) => model.history(
          shown.load, shown.gibbs, END / shown.levels.traffic, seededRandom(HISTORIES * seed + i)));
        histories = { key, list };
      }
      return histories.list;
    }

    function show() {
      const values = state.values();
      const shown = compute(values);
      const list = historiesOf(shown);
      drawing.fill(surfaces.ladder, drawLadder(shown));
      drawing.fill(surfaces.weight, drawWeight(values, shown, list));
      drawing.fill(surfaces.average, drawAverage(values, shown));
      drawing.fill(surfaces.power, drawPower(values, shown));
      panels.ladder.note.textContent = ladderWords(shown);
      panels.weight.note.textContent = weightWords(values, shown, list);
      panels.average.note.textContent = averageWords(values, shown);
      panels.power.note.textContent = powerWords(shown);
      play.textContent = frame ? "Pause" : "Play";
      // A film that talked would not stop.
      if (!frame) spoken.say(spokenWords(values, shown));
    }

    function tick(now) {
      const passed = Math.min(0.1, Math.max(0, now - before) / 1000); // a hidden page stands still
      before = now;
      // The reader may have moved the time; then the film goes on from there.
      const { time } = state.values();
      if (Math.round(clock) !== time) clock = time;
      clock = Math.min(END, clock + (passed / SECONDS) * END);
      frame = clock < END ? root.requestAnimationFrame(tick) : 0;
      state.set({ time: Math.round(clock) });
    }

    function playOrPause() {
      if (frame) {
        root.cancelAnimationFrame(frame);
        frame = 0;
      } else {
        if (state.values().time >= END) state.set({ time: 0 });
        before = root.performance.now();
        frame = root.requestAnimationFrame(tick);
      }
      show();
    }

    function others() {
      seed += 1;
      show();
    }

    const play = button("Play", playOrPause);
    play.hidden = still.matches;
    const film = element("div", { class: "control-buttons", role: "group", "aria-label": "The weights" },
      play, button("Six others", others));

    drawing.draggable(surfaces.weight, (x) => state.set({ time: Math.round(timeX.invert(x) / 10) * 10 }));
    drawing.draggable(surfaces.average, (x) => state.set({ time: Math.round(averageX.invert(x) / 10) * 10 }));
    drawing.draggable(surfaces.power, (x) => state.set({ weight: Number(weightX.invert(x).toFixed(2)) }));

    stage.append(
      controls.presets(state),
      controls.columns(state, ["load", "weight", "time"], ["beta", "strength", "phases"]),
      film,
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, python),
    );
    state.subscribe(show);
    return { state };
  }

  root.DetailedBalance.explorer("loaded-loop", mount);
})(window);
