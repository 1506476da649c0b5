// Three rooms in a ring and a walker who jumps: populations, traffic, the net current and what it
// costs; and how far one walker's turns may be from what the current promises.
(function (root) {
  "use strict";
  const { controls, drawing, physics, seededRandom } = root.DetailedBalance;
  const { element, button } = controls;
  const { svg, decimal, significant } = drawing;
  const model = physics.jumpNetwork;

  const NAMES = ["1", "2", "3"];
  const [WIDTH, HEIGHT] = [360, 284];
  const FIRST = 200; // jumps that are made before the reader presses anything
  const MANY = 1000;
  const JUMPS_A_SECOND = 3; // of the film, on average
  const STEP = 0.25; // seconds that a walker is seen between two rooms
  const OLD = 12; // walkers that are remembered

  const lift = (room) => ({
    label: `lift E${room === 2 ? "₂" : "₃"}`, spoken: `energy of room ${room} in kT`,
    min: -2, max: 2, step: 0.05, value: 0,
  });
  const parameters = {
    drive: { label: "drive f", spoken: "drive f, the affinity of a turn", min: -6, max: 6, step: 0.1, value: 0 },
    door: { label: "door 2–3", spoken: "openness of the door between rooms 2 and 3", min: 0, max: 1, step: 0.01, value: 1 },
    lift2: lift(2),
    lift3: lift(3),
  };
  const presets = [
    ["Lifts, no drive", { lift2: 1, lift3: -1 }],
    ["Drive", { drive: 3 }],
    ["Drive and lifts", { drive: 3, lift2: 1, lift3: -1 }],
    ["Drive, door closed", { drive: 3, door: 0 }],
  ];
  const LEGEND = "Discs: populations; arrows: jumps a unit of time, the more frequent of a pair in colour; "
    + "ring: net current; dot: the walker.";

  function compute(values) {
    const rates = model.rates(values);
    const populations = model.stationaryState(rates);
    const current = model.current(values);
    return {
      rates, populations, current,
      traffic: rates.map((row) => row.map((rate, l) => rate * populations[l])),
      production: current * values.drive,
      turns: model.turns(values),
      closed: values.door === 0,
    };
  }

  // ---- The walker ----

  /** A walker at time zero in a room drawn from the populations; `next` is its next jump. */
  function createWalker(shown, seed) {
    const random = seededRandom(seed);
    const room = model.choose(shown.populations, random());
    const walker = {
      random, time: 0, times: [0], rooms: [room], net: [0], low: 0, high: 0, clockwise: 0, counter: 0,
    };
    look(walker, shown);
    return walker;
  }

  function look(walker, { rates }) {
    const { wait, room } = model.jump(rates, walker.rooms.at(-1), walker.random);
    walker.next = { time: walker.times.at(-1) + wait, room };
  }

  function jump(walker, shown) {
    const { time, room } = walker.next;
    const sense = model.sense(room, walker.rooms.at(-1));
    if (sense > 0) walker.clockwise += 1;
    else walker.counter += 1;
    walker.times.push(time);
    walker.rooms.push(room);
    walker.net.push(walker.net.at(-1) + sense);
    walker.low = Math.min(walker.low, walker.net.at(-1));
    walker.high = Math.max(walker.high, walker.net.at(-1));
    look(walker, shown);
  }

  function jumpTimes(walker, shown, count) {
    for (let i = 0; i < count; i++) jump(walker, shown);
    walker.time = walker.times.at(-1);
  }

  function walkUntil(walker, shown, time) {
    while (walker.next.time <= time) jump(walker, shown);
    walker.time = time;
  }

  // ---- Rooms ----

  const CENTRE = [180, 170];
  const ROOMS = [[180, 62], [270, 224], [90, 224]];
  const radius = (population) => 50 * Math.sqrt(population); // equal areas for equal populations

  const between = ([x1, y1], [x2, y2], share) => [x1 + share * (x2 - x1), y1 + share * (y2 - y1)];

  function drawArrows({ traffic, populations, current }) {
    const largest = Math.max(...traffic.flat());
    return [[1, 0], [2, 1], [0, 2], [0, 1], [1, 2], [2, 0]].map(([k, l]) => {
      if (traffic[k][l] === 0) return [];
      const [[x1, y1], [x2, y2]] = [ROOMS[l], ROOMS[k]];
      const length = Math.hypot(x2 - x1, y2 - y1);
      const width = (14 * traffic[k][l]) / largest;
      const aside = 1.5 + width / 2;
      const at = (along) => [
        x1 + (along * (x2 - x1) - aside * (y2 - y1)) / length,
        y1 + (along * (y2 - y1) + aside * (x2 - x1)) / length,
      ];
      const along = current !== 0 && model.sense(k, l) === Math.sign(current);
      return drawing.arrow(at(radius(populations[l]) + 5), at(length - radius(populations[k]) - 5),
        Math.max(0.6, width), along ? "along" : "against");
    });
  }

  /** A wall across the middle of each side, with a gap as wide as its door stands open. */
  function drawWalls(values) {
    return [[0, 1, 1], [1, 2, values.door], [2, 0, 1]].map(([k, l, openness]) => {
      const middle = between(ROOMS[k], ROOMS[l], 0.5);
      const away = Math.hypot(middle[0] - CENTRE[0], middle[1] - CENTRE[1]);
      const at = (distance) => between(CENTRE, middle, 1 + distance / away);
      const gap = 19 * openness;
      return [[-28, -gap], [gap, 44]].filter(([from, to]) => to > from)
        .map(([from, to]) => drawing.line(...at(from), ...at(to), "wall"));
    });
  }

  /** Where the walker is seen: in a room, or on its way to the next one shortly before it jumps. */
  function placeOf(walker, pace) {
    const room = ROOMS[walker.rooms.at(-1)];
    if (!pace) return room;
    const begun = 1 - (walker.next.time - walker.time) / (pace * STEP);
    return begun > 0 ? between(room, ROOMS[walker.next.room], begun) : room;
  }

  function drawRooms(values, shown, walker, pace) {
    const { populations, current, traffic } = shown;
    const ring = Math.max(2, (14 * Math.abs(current)) / Math.max(...traffic.flat()));
    const middle = { "text-anchor": "middle" };
    const [x, y] = placeOf(walker, pace);
    return [
      drawWalls(values),
      drawArrows(shown),
      current === 0 ? [] : drawing.loopArrow(...CENTRE, 20, Math.min(10, ring), current > 0),
      ROOMS.map(([px, py], k) => {
        const size = radius(populations[k]);
        const label = k === 2 ? px - size - 20 : px + size + 20;
        return [
          svg("circle", { cx: px, cy: py, r: Math.max(1, size).toFixed(1), class: `room level-${k}` }),
          drawing.badge(label, py - 9, NAMES[k], `level-${k}`),
          drawing.text(label, py + 18, decimal(populations[k]), { ...middle, class: "bar-text" }),
        ];
      }),
      svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 6, class: "walker" }),
    ];
  }

  // ---- Turns against time ----

  /** The first of 20, 50, 100, 200, … that is not less. */
  function horizon(time) {
    for (let power = 10; ; power *= 10) {
      for (const digit of [1, 2, 5]) {
        if (digit * power >= Math.max(20, time)) return digit * power;
      }
    }
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

  /** The turns of a walker as a curve: each jump a step, or samples where there are many. */
  function path({ times, net, time }, x, y, name) {
    const points = [];
    if (times.length <= 240) {
      times.forEach((t, i) => {
        if (i > 0) points.push([x(t), y(net[i - 1] / 3)]);
        points.push([x(t), y(net[i] / 3)]);
      });
    } else {
      for (let i = 0; i <= 240; i++) {
        points.push([x((i / 240) * time), y(net[indexAt(times, (i / 240) * time)] / 3)]);
      }
    }
    points.push([x(time), y(net.at(-1) / 3)]);
    return drawing.curve(points, name);
  }

  function drawTurns({ turns }, walker, others) {
    const end = horizon(Math.max(walker.time, ...others.map(({ time }) => time)));
    const grid = Array.from({ length: 61 }, (_, i) => (end * i) / 60);
    const middles = grid.map(turns.mean);
    const widths = grid.map((time) => Math.sqrt(turns.variance(time)));
    let [low, high] = [-1, 1];
    const include = (value) => { [low, high] = [Math.min(low, value), Math.max(high, value)]; };
    middles.forEach((middle, i) => { include(middle - 2 * widths[i]); include(middle + 2 * widths[i]); });
    for (const one of [walker, ...others]) { include(one.low / 3); include(one.high / 3); }
    const x = drawing.scale([0, end], [52, WIDTH - 12]);
    const y = drawing.scale([low, high], [HEIGHT - 46, 10]);
    const edge = (sign) => grid.map((time, i) => [x(time), y(middles[i] + sign * widths[i])]);
    return [
      drawing.axes({ x, y, xLabel: "time", yLabel: "net clockwise turns" }),
      drawing.area([...edge(1), ...edge(-1).reverse()], "band"),
      drawing.curve(grid.map((time, i) => [x(time), y(middles[i])]), "expected"),
      others.map((other) => path(other, x, y, "track-old")),
      path(walker, x, y, "track"),
      drawing.marker(x(walker.time), y(walker.net.at(-1) / 3), "track-end"),
    ];
  }

  // ---- Words ----

  function currentWords(values, { current, production, closed }) {
    if (closed) {
      return "One door is closed: there is no way round, so a turn has no affinity. Net current K = 0, "
        + "Schnakenberg's sum σ = 0, and the populations are stationary all the same.";
    }
    if (current === 0) {
      return "Affinity of a turn f = 0, net current K = 0, Schnakenberg's sum σ = 0: through each "
        + "door as many go one way as the other, whatever the lifts.";
    }
    return `Affinity of a turn f = ${controls.plain(values.drive)}, net current K = ${significant(current)} turns `
      + `a unit of time (${current > 0 ? "clockwise" : "counter-clockwise"}), Schnakenberg's sum σ = K f = `
      + `${significant(production)}.`;
  }

  function walkerWords({ turns }, { time, clockwise, counter, net }) {
    return `Time ${decimal(time, 1)}: ${clockwise} jumps clockwise, ${counter} counter-clockwise, `
      + `${decimal(net.at(-1) / 3, 2)} net turns (a jump is a third of a turn). Expected: K × time = ${decimal(turns.mean(time), 2)} `
      + `± ${decimal(Math.sqrt(turns.variance(time)), 2)}.`;
  }

  const python = (values, time) => `"""A walker in three rooms: populations, net current, and what it costs."""

import numpy as np

from detailedbalance import cycle_affinities, entropy_production, probability_currents, stationary_state
from detailedbalance.trajectories import count_jumps

drive, door = ${values.drive}, ${values.door}
energies = np.array([0, ${values.lift2}, ${values.lift3}])  # of the rooms 1, 2, 3, in kT; Python counts from 0
openness = [1, door, 1]  # of the doors 1-2, 2-3, 3-1

rates = np.zeros((3, 3))  # final ← initial
for room in range(3):
    after = (room + 1) % 3
    rise = (energies[after] - energies[room]) / 2
    rates[after, room] = openness[room] * np.exp(drive / 6 - rise)
    rates[room, after] = openness[room] * np.exp(-drive / 6 + rise)

p = stationary_state(rates)
print("populations =", p.tolist())
${values.door === 0 ? 'print("affinity = none: there is no way round")' : 'print("affinity =", cycle_affinities(rates, [(0, 1, 2)])[0])'}
print("net current =", probability_currents(rates, p)[1, 0])
print("entropy production =", entropy_production(rates, p))

duration = ${time > 0 ? time : 100}
counts = count_jumps(rates, p, duration, trajectories=2000, seed=1).counts
net = counts - counts.swapaxes(-1, -2)
turns = (net[:, 1, 0] + net[:, 2, 1] + net[:, 0, 2]) / 3
print("turns of 2000 walkers, mean =", turns.mean())
print("turns of 2000 walkers, standard deviation =", turns.std())
`;

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const still = root.matchMedia("(prefers-reduced-motion: reduce)");
    const surfaces = {
      rooms: drawing.surface(WIDTH, HEIGHT, "Three rooms with their populations, traffic and net current"),
      turns: drawing.surface(WIDTH, HEIGHT, "Net turns of the walker against time, beside the expected turns"),
    };
    const panels = {
      rooms: drawing.panel("Three rooms", surfaces.rooms, 5),
      turns: drawing.panel("Turns of one walker", surfaces.turns, 5),
    };
    const spoken = controls.spokenStatus();
    let seed = 1;
    let shown; // what the parameters fix
    let walker;
    let others = []; // earlier walkers at the same parameters
    let frame = 0; // of the film, 0 while it stands
    let before = 0;

    const pace = () => JUMPS_A_SECOND / shown.traffic.flat().reduce((a, b) => a + b);

    function show() {
      const values = state.values();
      drawing.fill(surfaces.rooms, drawRooms(values, shown, walker, frame && pace()));
      drawing.fill(surfaces.turns, drawTurns(shown, walker, others));
      const words = [currentWords(values, shown), walkerWords(shown, walker)];
      panels.rooms.note.textContent = `${words[0]} ${LEGEND}`;
      panels.turns.note.textContent = `${words[1]} Line and band: mean and standard deviation of many walkers.`;
      play.textContent = frame ? "Pause" : "Play";
      if (!frame) spoken.say(words.join(" ")); // a film that talked would not stop
    }

    function begin(jumps) {
      walker = createWalker(shown, seed);
      jumpTimes(walker, shown, jumps);
    }

    function tick(now) {
      // A frame may carry a time from before the start was pressed; a hidden page stands still.
      const seconds = Math.min(0.1, Math.max(0, now - before) / 1000);
      before = now;
      walkUntil(walker, shown, walker.time + seconds * pace());
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

    function restart() {
      others = [];
      begin(0);
      show();
    }

    function jumpOn() {
      jumpTimes(walker, shown, MANY);
      show();
    }

    function another() {
      others = [...others, walker].slice(-OLD);
      const { time } = walker;
      seed += 1;
      begin(0);
      walkUntil(walker, shown, time);
      show();
    }

    const play = button("Play", playOrPause);
    play.hidden = still.matches;
    const film = element("div", { class: "control-buttons", role: "group", "aria-label": "The walker" },
      play, button("Next 1000 jumps", jumpOn), button("Another walker", another), button("Walk again from 0", restart));

    stage.append(
      controls.presets(state),
      controls.columns(state, ["drive", "door"], ["lift2", "lift3"]),
      film,
      element("div", { class: "panels" }, panels.rooms.node, panels.turns.node),
      spoken.line,
      controls.copyAsPython(state, (values) => python(values, walker.time)),
    );
    state.subscribe((values) => {
      shown = compute(values);
      others = [];
      begin(FIRST);
      show();
      if (frame) spoken.say(currentWords(values, shown)); // the film goes on, with other rates
    });
    return { state };
  }

  root.DetailedBalance.explorer("jump-network", mount);
})(window);
