// Two-level systems and modes of light in a box: single quanta jump; beside them the rate equations,
// the occupations of the modes, and the time spent at each number of excited systems.
(function (root) {
  "use strict";
  const { controls, drawing, physics, seededRandom } = root.DetailedBalance;
  const { element, button } = controls;
  const { svg, decimal, significant } = drawing;
  const model = physics.photonJumps;

  const [WIDTH, HEIGHT] = [360, 284];
  const FIRST = 150; // jumps that are made before the reader presses anything
  const MANY = 1000;
  const FLIGHT = 0.4; // seconds that a quantum is seen on its way, at most
  const OLD = 8; // earlier runs that are remembered
  const TRAIL = 3; // jumps that are drawn as arrows
  const SETTLED = 4; // relaxation times after which the time at each m is counted
  const TRAJECTORIES = 2000; // of the program, or fewer where that would take long

  const parameters = {
    atoms: { label: "systems M", spoken: "number M of two-level systems", min: 1, max: 100, step: 1, value: 60 },
    modes: { label: "modes 𝒩", spoken: "number of modes of light", min: 1, max: 100, step: 1, value: 100 },
    rate: { label: "rate γ̃", spoken: "rate of emission γ̃ per microsecond", unit: "per microsecond", min: 0.01, max: 100, step: 0.01, scale: "log", value: 1 },
    light: { label: "n at start", spoken: "photons per mode at the start", min: 0, max: 4, step: 0.01, value: 1.5 },
    excited: { label: "m/M at start", spoken: "excited part of the systems at the start", min: 0, max: 1, step: 0.01, value: 0 },
    seed: { label: "run", spoken: "number of the run, which fixes its random numbers", min: 1, max: 999, step: 1, value: 1 },
    speed: { label: "film", options: [["2", "2 jumps a second"], ["20", "20 jumps a second"], ["200", "200 jumps a second"], ["2000", "2000 jumps a second"]], value: "20" },
  };
  const presets = [
    ["Cold atoms, hot light", {}],
    ["Inversion", { light: 0, excited: 1 }],
    ["One single atom", { atoms: 1, light: 1 }],
    ["Equal temperatures", { atoms: 99, light: 1, excited: 0.33 }],
  ];
  // Numbers of things are whole.
  const constrain = (values) => ({
    ...values,
    atoms: Math.round(values.atoms), modes: Math.round(values.modes), seed: Math.round(values.seed),
  });

  function compute(values) {
    const box = model.boxOf(values);
    const equilibrium = model.equilibrium(box);
    const { absorption, emission } = model.rates(box, equilibrium.m);
    const exact = model.stationary(box);
    return {
      box, equilibrium, exact, total: model.quanta(box),
      moments: model.moments(exact), traffic: absorption + emission,
    };
  }

  // ---- A run ----

  /** A run at time zero: what is where, all jumps so far, the next one, and the time at each m. */
  function createRun(shown, seed) {
    const state = model.begin(shown.box);
    const run = {
      state, random: seededRandom(seed), time: 0, times: [0], ms: [state.m], trail: [], visits: [],
    };
    look(run, shown);
    return run;
  }

  function look(run, { box }) {
    const next = model.next(box, run.state, run.random);
    run.next = { ...next, time: run.times.at(-1) + next.wait };
  }

  /** The time up to `until` counts for the present m, from where the start is forgotten. */
  function visit(run, { equilibrium }, until) {
    const begun = Math.max(run.time, SETTLED / equilibrium.relaxation);
    if (until > begun) run.visits[run.state.m] = (run.visits[run.state.m] || 0) + until - begun;
    run.time = until;
  }

  function jump(run, shown) {
    const { next } = run;
    visit(run, shown, next.time);
    const held = run.state.modes[next.mode];
    model.apply(run.state, next);
    run.times.push(next.time);
    run.ms.push(run.state.m);
    run.trail = [{ ...next, held }, ...run.trail].slice(0, TRAIL);
    look(run, shown);
  }

  function jumpTimes(run, shown, count) {
    for (let i = 0; i < count && run.next.wait < Infinity; i++) jump(run, shown);
  }

  function runUntil(run, shown, time) {
    while (run.next.time <= time) jump(run, shown);
    visit(run, shown, time);
  }

  // ---- The box ----

  const [CELL, ROW] = [15, 22];
  const [LEFT, RIGHT, TOP] = [6, 206, 28];
  const place = (left) => (i) => [left + CELL * (i % 10 + 0.5), TOP + ROW * (Math.floor(i / 10) + 0.5)];
  const atomAt = place(LEFT);
  const modeAt = place(RIGHT);
  const ends = ({ emission, atom, mode }) =>
    emission ? [atomAt(atom), modeAt(mode)] : [modeAt(mode), atomAt(atom)];

  /** A quantum on its way shortly before it arrives; `pace` is the film's, 0 while it stands. */
  function drawQuantum({ next, time }, pace) {
    const begun = 1 - (next.time - time) / (pace * FLIGHT);
    if (!(begun > 0)) return [];
    const [[x1, y1], [x2, y2]] = ends(next);
    return svg("circle", {
      cx: (x1 + begun * (x2 - x1)).toFixed(1), cy: (y1 + begun * (y2 - y1)).toFixed(1), r: 5, class: "walker",
    });
  }

  function drawBox({ box, equilibrium }, run, pace) {
    const middle = { "text-anchor": "middle" };
    const darkest = Math.max(2, 3 * equilibrium.n);
    const below = TOP + 10 * ROW;
    const each = { ...middle, class: "bar-text" };
    return [
      drawing.text(LEFT + 5 * CELL, 14, "two-level systems", each),
      drawing.text(RIGHT + 5 * CELL, 14, "modes of light", each),
      run.state.modes.map((n, k) => {
        const [x, y] = modeAt(k);
        return [
          svg("rect", {
            x: x - CELL / 2 + 0.5, y: y - ROW / 2 + 0.5, width: CELL - 1, height: ROW - 1, rx: 2, class: "cell",
            style: `--shade: ${Math.round(Math.min(100, (100 * n) / darkest))}%`,
          }),
          n > 0 ? drawing.text(x, y + 4, String(n), { ...middle, class: "small" }) : [],
        ];
      }),
      run.state.atoms.map((excited, l) => {
        const [cx, cy] = atomAt(l);
        return svg("circle", { cx, cy, r: excited ? 6 : 3, class: excited ? "room level-1" : "disc population" });
      }),
      [...run.trail].reverse().map((jumped, i) =>
        drawing.arrow(...ends(jumped), 1.5, `trail-${run.trail.length - 1 - i}`)),
      pace ? drawQuantum(run, pace) : [],
      drawing.text(LEFT + 5 * CELL, below + 20, `m = ${run.state.m} of ${box.atoms} excited`, each),
      drawing.text(RIGHT + 5 * CELL, below + 20, `${model.quanta(box) - run.state.m} photons in ${box.modes}`, each),
    ];
  }

  // ---- m/M and n against time ----

  /** The first of 1, 2, 5 times a power of ten that is not less. */
  function horizon(time) {
    const power = 10 ** Math.floor(Math.log10(time));
    return [1, 2, 5, 10].map((digit) => digit * power).find((end) => end >= time * (1 - 1e-9));
  }

  /** The last jump before a time. */
  function indexAt(times, time) {
    let [low, high] = [0, times.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] <= time) low = middle;
      else high = middle;
    }
    return low;
  }

  /** A run as a curve: each jump a step, or samples where there are many; `f` of m is drawn. */
  function path({ times, ms, time }, f, x, y, name) {
    const points = [];
    if (times.length <= 300) {
      times.forEach((t, i) => {
        if (i > 0) points.push([x(t), y(f(ms[i - 1]))]);
        points.push([x(t), y(f(ms[i]))]);
      });
    } else {
      for (let i = 0; i <= 300; i++) {
        const t = (i / 300) * time;
        points.push([x(t), y(f(ms[indexAt(times, t)]))]);
      }
    }
    points.push([x(time), y(f(ms.at(-1)))]);
    return drawing.curve(points, name);
  }

  function drawTraces({ box, equilibrium, total }, run, others) {
    const end = horizon(Math.max(1 / equilibrium.relaxation, run.time, ...others.map(({ time }) => time)));
    const part = (m) => m / box.atoms;
    const photons = (m) => (total - m) / box.modes;
    const highest = Math.max(1, ...[run, ...others].flatMap(({ ms }) => photons(ms.reduce((a, b) => Math.min(a, b)))));
    const x = drawing.scale([0, end], [44, WIDTH - 12]);
    const y = drawing.scale([0, 1.05 * highest], [HEIGHT - 46, 10]);
    const grid = Array.from({ length: 121 }, (_, i) => (end * i) / 120);
    const means = grid.map((time) => model.mean(box, time));
    const level = (value, name) => drawing.line(x(0), y(value), x(end), y(value), name);
    return [
      drawing.axes({ x, y, xLabel: "time, µs", yLabel: "m/M and n" }),
      level(equilibrium.m / box.atoms, "balance-line"),
      level(equilibrium.n, "balance-line"),
      others.map((other) => [path(other, part, x, y, "track-old"), path(other, photons, x, y, "track-old")]),
      path(run, part, x, y, "track"),
      path(run, photons, x, y, "track"),
      drawing.curve(means.map(({ m }, i) => [x(grid[i]), y(m / box.atoms)]), "level-1"),
      drawing.curve(means.map(({ n }, i) => [x(grid[i]), y(n)]), "level-0"),
      drawing.marker(x(run.time), y(part(run.state.m)), "level-1"),
      drawing.marker(x(run.time), y(photons(run.state.m)), "level-0"),
    ];
  }

  // ---- Two histograms ----

  /** Bars for shares of 0, 1, …, and the expected shares as marks. */
  function drawShares(bars, marks, { first, last, xLabel, yLabel, name }) {
    const count = last - first + 1;
    const x = drawing.scale([first - 0.5, last + 0.5], [48, WIDTH - 12]);
    const y = drawing.scale([0, 1.08 * Math.max(...bars, ...marks)], [HEIGHT - 46, 10]);
    const width = (WIDTH - 60) / count;
    const ticks = drawing.ticks(x, 6).filter(Number.isInteger);
    return [
      drawing.axes({ x, y, xLabel, yLabel, xTicks: count > 2 ? ticks : [first, last] }),
      bars.slice(first, last + 1).map((share, i) => share > 0 ? svg("rect", {
        x: (x(first + i) - 0.4 * width).toFixed(1), y: y(share).toFixed(1),
        width: (0.8 * width).toFixed(1), height: (y(0) - y(share)).toFixed(1), class: `bar ${name}`,
      }) : []),
      marks.slice(first, last + 1).map((share, i) => {
        const [middle, half] = [x(first + i), 0.45 * width];
        return drawing.line(middle - half, y(share), middle + half, y(share), "gibbs-mark");
      }),
    ];
  }

  function drawModes({ box, equilibrium }, { state }) {
    const last = Math.max(8, ...state.modes);
    const bars = new Array(last + 1).fill(0);
    for (const n of state.modes) bars[n] += 1 / box.modes;
    return drawShares(bars, model.thermal(equilibrium.n, last), {
      first: 0, last, name: "level-0", xLabel: "photons in a mode", yLabel: "part of the modes",
    });
  }

  function shares({ exact }, { visits }) {
    const time = visits.reduce((a, b) => a + b, 0); // skips what was not visited
    return exact.map((_, m) => (time > 0 ? (visits[m] || 0) / time : 0));
  }

  function drawVisits(shown, run) {
    const { exact, moments } = shown;
    const bars = shares(shown, run);
    const reach = (m) => exact[m] > 1e-4 || bars[m] > 0 || Math.abs(m - moments.mean) < 1;
    const reached = exact.map((_, m) => m).filter(reach);
    return drawShares(bars, exact, {
      first: reached[0], last: reached.at(-1), name: "level-1",
      xLabel: "m, systems excited", yLabel: "part of the time",
    });
  }

  // ---- Words ----

  /** kT/ħΩ of light and atoms. */
  function temperatures({ box }, n, m) {
    const rates = physics.lightRates.models.einstein(
      { two_level_systems: box.atoms, modes: box.modes, tilde_gamma: box.rate });
    return rates.inverseTemperatures([n, m]).map((beta) =>
      beta === 0 ? "∞" : Math.abs(beta) === Infinity ? "0" : significant(1 / beta, 4));
  }

  function boxWords({ box, total }, { state, trail }) {
    const { absorption, emission } = model.rates(box, state.m);
    const rates = `Now: absorption ${significant(absorption, 4)}, emission ${significant(emission, 4)} per µs.`;
    if (total === 0) return "No quanta: nothing can jump.";
    if (trail.length === 0) return `${rates} No jump yet.`;
    const { emission: emitted, held, atom, mode } = trail[0];
    const last = emitted
      ? `system ${atom + 1} emitted into mode ${mode + 1}, which held ${held}: weight n + 1 = ${held + 1}`
      : `system ${atom + 1} absorbed from mode ${mode + 1}, which held ${held}: weight n = ${held}`;
    return `${rates} Last jump: ${last}.`;
  }

  function traceWords(shown, { state, time, ms }) {
    const { box, equilibrium, total } = shown;
    const n = (total - state.m) / box.modes;
    const mean = model.mean(box, time);
    const [light, atoms] = temperatures(shown, n, state.m);
    return `Time ${significant(time, 4)} µs, ${ms.length - 1} jumps: m = ${state.m}, n = ${decimal(n, 4)}; `
      + `kT/ħΩ of atoms ${atoms}, of light ${light}. `
      + `Rate equations: m = ${significant(mean.m, 5)}, n = ${significant(mean.n, 5)}. `
      + `At the end: m = ${significant(equilibrium.m, 5)}, n = ${significant(equilibrium.n, 5)}, `
      + `kT/ħΩ = ${temperatures(shown, equilibrium.n, equilibrium.m)[0]}.`;
  }

  const modeWords = ({ equilibrium }) => "Bars: now. Marks: thermal light, the part (n/(n + 1))ʲ/(n + 1) of "
    + `the modes holds j photons, with n = ${significant(equilibrium.n, 5)}.`;

  function visitWords(shown, run) {
    const { mean, deviation } = shown.moments;
    const counted = run.visits.length > 0;
    const bars = model.moments(shares(shown, run));
    const found = counted
      ? `Bars, from ${SETTLED} relaxation times on: m = ${decimal(bars.mean, 2)} ± ${decimal(bars.deviation, 2)}.`
      : `Counting begins after ${SETTLED} relaxation times, ${significant(SETTLED / shown.equilibrium.relaxation, 3)} µs.`;
    return `${found} Marks, all distributions of the quanta equally likely: m = ${significant(mean, 5)} ± ${significant(deviation, 4)}.`;
  }

  function spokenWords({ box, equilibrium, total }, { state, time, ms }) {
    return `${ms.length - 1} jumps, time ${significant(time, 3)} microseconds: ${state.m} of ${box.atoms} systems excited, `
      + `${significant((total - state.m) / box.modes, 3)} photons a mode. Rate equations end at `
      + `${significant(equilibrium.m, 3)} and ${significant(equilibrium.n, 3)}.`;
  }

  function python({ box, traffic }, time, seed) {
    const trajectories = Math.round(Math.min(TRAJECTORIES, Math.max(20, 4e6 / (1 + traffic * time))));
    return `"""Quanta that jump between two-level systems and modes of light: simulation and rate equations."""

from math import comb

import numpy as np

from detailedbalance.light import EinsteinRates, sample_trajectories

model = EinsteinRates(two_level_systems=${box.atoms}, modes=${box.modes}, tilde_gamma=${box.rate})
photons, excited = ${box.photons}, ${box.excited}  # at the start
time, trajectories = ${time > 0 ? time : 1 / box.rate}, ${trajectories}

M, modes, quanta = model.two_level_systems, ${box.modes}, photons + excited
roots = np.roots([2, -(M + modes + 2 * quanta), M * quanta])  # of dm/dt = 0
print("equilibrium m =", float(roots.min()))
print("equilibrium n =", float(quanta - roots.min()) / modes)
run = model.solve([time], start=[photons / modes, excited])
print("rate equations m =", float(run.m[0]))
print("rate equations n =", float(run.n[0]))

sample = sample_trajectories(model, [time], trajectories, start=[photons, excited], seed=${seed})
print("jumps, mean m =", float(sample.mean[0, 1]))
print("jumps, standard error =", float(sample.standard_error[0, 1]))

ways = [comb(M, m) * comb(modes + quanta - m - 1, quanta - m) for m in range(min(M, quanta) + 1)]
p = np.array([way / sum(ways) for way in ways])
mean = p @ np.arange(p.size)
print("long run m =", float(mean))
print("long run, standard deviation =", float((p @ (np.arange(p.size) - mean) ** 2) ** 0.5))
`;
  }

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets, constrain });
    const still = root.matchMedia("(prefers-reduced-motion: reduce)");
    const surfaces = {
      box: drawing.surface(WIDTH, HEIGHT, "Two-level systems and modes of light with their quanta and the last jumps"),
      traces: drawing.surface(WIDTH, HEIGHT, "Excited part and photons per mode against time, jumps and rate equations"),
      modes: drawing.surface(WIDTH, HEIGHT, "How many modes hold how many photons"),
      visits: drawing.surface(WIDTH, HEIGHT, "Part of the time spent at each number of excited systems"),
    };
    const panels = {
      box: drawing.panel("The box", surfaces.box, 3),
      traces: drawing.panel("Jumps and rate equations", surfaces.traces, 6),
      modes: drawing.panel("Photons in the modes", surfaces.modes, 2),
      visits: drawing.panel("In the long run", surfaces.visits, 4),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    panels.traces.node.insertBefore(element("span", { class: "keys" },
      key("level-1", "m/M, rate equations"), key("level-0", "n, rate equations"),
      key("track", "jumps"), key("track-old", "other runs")), panels.traces.note);
    const spoken = controls.spokenStatus();
    let shown; // what the parameters fix
    let setUp = ""; // the parameters of the box and its start
    let seed; // of the run that is shown
    let run;
    let others = []; // earlier runs with the same parameters
    let frame = 0; // of the film, 0 while it stands
    let before = 0;

    /** Microseconds that pass in a second of the film. */
    const pace = () => Number(state.values().speed) / (shown.traffic || Infinity);

    function show() {
      drawing.fill(surfaces.box, drawBox(shown, run, frame ? pace() : 0));
      drawing.fill(surfaces.traces, drawTraces(shown, run, others));
      drawing.fill(surfaces.modes, drawModes(shown, run));
      drawing.fill(surfaces.visits, drawVisits(shown, run));
      panels.box.note.textContent = boxWords(shown, run);
      panels.traces.note.textContent = traceWords(shown, run);
      panels.modes.note.textContent = modeWords(shown);
      panels.visits.note.textContent = visitWords(shown, run);
      play.textContent = frame ? "Pause" : "Play";
      if (!frame) spoken.say(spokenWords(shown, run)); // a film that talked would not stop
    }

    function begin(jumps) {
      run = createRun(shown, seed);
      jumpTimes(run, shown, jumps);
    }

    function tick(now) {
      // A frame may carry a time from before the start was pressed; a hidden page stands still.
      const seconds = Math.min(0.1, Math.max(0, now - before) / 1000);
      before = now;
      runUntil(run, shown, run.time + seconds * pace());
      frame = root.requestAnimationFrame(tick);
      show();
    }

    function playOrPause() {
      if (frame) {
        root.cancelAnimationFrame(frame);
        frame = 0;
      } else {
        before = root.performance.now();
        frame = root.requestAnimationFrame(tick);
      }
      show();
    }

    function jumpOn(count) {
      jumpTimes(run, shown, count);
      show();
    }

    /** The run of another seed, as long as the last one, which stays to be seen. */
    function change() {
      others = [...others, run].slice(-OLD);
      const { time } = run;
      begin(0);
      runUntil(run, shown, time);
    }

    function another() {
      state.set({ seed: 1 + (seed % parameters.seed.max) });
      state.flush();
    }

    function restart() {
      others = [];
      begin(0);
      show();
    }

    const play = button("Play", playOrPause);
    play.hidden = still.matches;
    const film = element("div", { class: "control-buttons", role: "group", "aria-label": "The jumps" },
      play, button("One jump", () => jumpOn(1)), button("Next 1000 jumps", () => jumpOn(MANY)),
      button("Another run", another), button("Start again", restart));

    stage.append(
      controls.presets(state),
      controls.columns(state, ["atoms", "modes", "rate"], ["light", "excited", "seed", "speed"]),
      film,
      element("div", { class: "panels" }, ...Object.values(panels).map((panel) => panel.node)),
      spoken.line,
      controls.copyAsPython(state, (values) => python(shown, run.time, values.seed)),
    );
    state.subscribe((values) => {
      const { speed, seed: wanted, ...rest } = values; // another speed is no other box
      const changed = wanted !== seed;
      seed = wanted;
      if (JSON.stringify(rest) !== setUp) {
        setUp = JSON.stringify(rest);
        shown = compute(values);
        others = [];
        begin(FIRST);
      } else if (changed) change();
      show();
    });
    return { state, run: () => run };
  }

  root.DetailedBalance.explorer("photon-jumps", mount);
})(window);
