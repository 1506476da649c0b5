// Two films of the same ring at equilibrium, one of which runs backwards: which? The log-odds climb
// with every jump, unless the film that runs backwards was taken in the reversed magnetic flux.
(function (root) {
  "use strict";
  const { controls, drawing, physics, seededRandom } = root.DetailedBalance;
  const { element, button } = controls;
  const { svg, decimal, significant } = drawing;
  const model = physics.twoFilms;

  const NAMES = ["L", "M", "H"]; // the levels from low to high
  const [WIDTH, HEIGHT, TALL] = [360, 210, 268];
  const LENGTH = 2000; // jumps on each film
  const FIRST = 40; // jumps of both films that are seen before the reader presses anything
  const STEP = 0.25; // seconds that the dot is seen between two levels
  const TRAIL = 3; // jumps that stay visible
  const ODDS = 20;
  const DECIDED = Math.log(ODDS);

  const COUPLINGS = {
    paper: [[1, 0.7, 1.5], "Fig. 1 of [A]: 1, 0.7, 1.5"],
    strong: [[3, -2.5, 0.5], "strong loop: 3, −2.5, 0.5"],
    equal: [[1, 1, 1.5], "two equal: 1, 1, 1.5"],
  };
  const parameters = {
    x: { label: "β ΔE", spoken: "level spacing over temperature, β ΔE", min: 0.1, max: 4, step: 0.01, scale: "log", value: 1 },
    speed: { label: "speed", spoken: "speed, jumps a second", unit: "jumps a second", min: 1, max: 40, step: 0.01, scale: "log", value: 5 },
    couplings: { label: "couplings", options: Object.entries(COUPLINGS).map(([name, [, text]]) => [name, text]), value: "paper" },
    reversed: { label: "The film that runs backwards was taken in the reversed flux", value: false },
  };
  const presets = [
    ["Same flux", {}],
    ["Reversed flux", { reversed: true }],
    ["Strong loop", { couplings: "strong" }],
    ["Two equal couplings", { couplings: "equal" }],
  ];

  function compute({ x, couplings, reversed }) {
    const setting = { couplings: COUPLINGS[couplings][0], beta: 2 * x }; // ΔE = 1/2
    const here = model.ring(setting);
    const there = reversed ? model.ring({ ...setting, reversed: true }) : here;
    return {
      here, there,
      evidence: model.evidence(here, there),
      naive: model.evidence(here, here),
      perJump: model.evidencePerJump(here),
      traffic: model.traffic(here),
    };
  }

  // ---- The films ----

  /** Two films that nobody has seen yet. The one taken forwards is from the flux φ. */
  function shoot({ here, there }, seed) {
    const random = seededRandom(seed);
    const backward = random() < 0.5 ? 0 : 1;
    const films = [0, 1].map((i) => {
      const { states, stays } = i === backward
        ? model.backwards(model.record(there, LENGTH, random)) : model.record(here, LENGTH, random);
      return { states, stays, jumps: 0, next: stays[0] }; // `next`: the time of the next jump
    });
    return { films, backward, time: 0, odds: [0], alone: [[0], [0]], along: [0, 0] };
  }

  const total = (show) => show.films[0].jumps + show.films[1].jumps;
  const over = (show) => show.films.some((film) => film.jumps === LENGTH);

  /** Go on to the next jump in either film. */
  function jump(show, { evidence, naive }) {
    const which = show.films[0].next <= show.films[1].next ? 0 : 1;
    const film = show.films[which];
    const [l, k] = film.states.slice(film.jumps, film.jumps + 2);
    show.time = film.next;
    film.jumps += 1;
    film.next += film.stays[film.jumps];
    show.odds.push(show.odds.at(-1) + (which === 0 ? 1 : -1) * evidence[k][l]);
    for (const i of [0, 1]) {
      show.alone[i].push(show.alone[i].at(-1) + (i === which ? naive[k][l] : 0));
    }
    show.along[which] += (k - l + 3) % 3 === 1 ? 1 : 0;
  }

  function jumpTimes(show, shown, count) {
    for (let i = 0; i < count && !over(show); i++) jump(show, shown);
  }

  function runUntil(show, shown, time) {
    while (!over(show) && Math.min(...show.films.map(({ next }) => next)) <= time) jump(show, shown);
    show.time = time;
  }

  // ---- Drawings ----

  const [LEFT, RIGHT] = [120, 270];
  const levelY = drawing.scale([-0.6, 0.6], [HEIGHT - 12, 12]);

  const station = ({ energies }, k) => [k === 1 ? RIGHT : LEFT, levelY(energies[k])];

  /** Where the dot is seen: on its level, or on its way to the next one shortly before it jumps. */
  function place(film, ring, time, pace) {
    const at = station(ring, film.states[film.jumps]);
    if (!pace || film.jumps === LENGTH) return at;
    const begun = 1 - (film.next - time) / (pace * STEP);
    if (begun <= 0) return at;
    const to = station(ring, film.states[film.jumps + 1]);
    return [0, 1].map((i) => at[i] + begun * (to[i] - at[i]));
  }

  /** The last jumps as arrows, the older the paler; a jump keeps to the right of its way. */
  function drawTrail({ states, jumps }, ring) {
    const first = Math.max(1, jumps - TRAIL + 1);
    return Array.from({ length: jumps - first + 1 }, (_, i) => {
      const [from, to] = [states[first + i - 1], states[first + i]].map((k) => station(ring, k));
      const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
      const [ux, uy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
      const at = ([x, y], along) => [x + along * ux - 7 * uy, y + along * uy + 7 * ux];
      return drawing.arrow(at(from, 15), at(to, -15), 4, `trail-${jumps - first - i}`);
    });
  }

  function drawFilm(film, ring, time, pace) {
    const [x, y] = place(film, ring, time, pace);
    return [
      ring.energies.map((energy, k) => {
        const [middle] = station(ring, k);
        const name = middle === LEFT ? LEFT - 74 : RIGHT + 74;
        return [
          drawing.line(middle - 52, levelY(energy), middle + 52, levelY(energy), `shelf level-${k}`),
          drawing.badge(name, levelY(energy), NAMES[k], `level-${k}`),
        ];
      }),
      drawTrail(film, ring),
      svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 8, class: "walker" }),
    ];
  }

  const horizon = (jumps) => [100, 200, 500, 1000, 2000, 4000].find((end) => end >= jumps) || jumps;

  /** A curve of log-odds, a step for each jump, or samples where there are many. */
  function steps(values, x, y, name) {
    const last = values.length - 1;
    const every = Math.max(1, Math.ceil(last / 300));
    const points = [[x(0), y(0)]];
    for (let i = every; i < last + every; i += every) {
      const jumps = Math.min(i, last);
      if (every === 1) points.push([x(jumps), y(values[jumps - 1])]);
      points.push([x(jumps), y(values[jumps])]);
    }
    return drawing.curve(points, name);
  }

  function drawOdds(show, { perJump }, reversed) {
    const end = horizon(total(show));
    const slope = reversed ? 0 : perJump;
    const highest = Math.max(...[show.odds, ...show.alone].flatMap((values) => values.map(Math.abs)));
    const largest = Math.max(1.25 * DECIDED, slope * end, 1.08 * highest);
    const x = drawing.scale([0, end], [52, WIDTH - 14]);
    const y = drawing.scale([-largest, largest], [TALL - 46, 10]);
    const [left, right] = x.range;
    return [
      drawing.axes({ x, y, xLabel: "jumps seen in both films together", yLabel: "log-odds" }),
      drawing.line(left, y(0), right, y(0), "balance-line"),
      [1, -1].map((sign) => [
        drawing.line(left, y(sign * DECIDED), right, y(sign * DECIDED), "threshold"),
        drawing.text(left + 6, y(sign * DECIDED) + (sign > 0 ? -5 : 14), `${ODDS} : 1 for film ${sign > 0 ? 1 : 2}`,
          { class: "tick" }),
        drawing.curve([[x(0), y(0)], [x(end), y(sign * slope * end)]], "expected dim"),
      ]),
      show.alone.map((values, i) => steps(values, x, y, `alone-${i + 1}`)),
      steps(show.odds, x, y, "track together"),
      drawing.marker(x(total(show)), y(show.odds.at(-1)), "track-end"),
    ];
  }

  // ---- Words ----

  function filmWords(show, which) {
    const { jumps } = show.films[which];
    const along = show.along[which];
    return `${jumps} jumps: ${along} along L → M → H → L, ${jumps - along} against.`;
  }

  const oddsText = (logOdds) => {
    const odds = Math.exp(Math.abs(logOdds));
    return `${odds < 1e4 ? decimal(odds, odds < 100 ? 1 : 0) : significant(odds, 2)} : 1`;
  };

  function oddsWords(show) {
    const now = show.odds.at(-1);
    const [value, jumps] = [decimal(now, 3), total(show)];
    if (Number(value.replace("−", "-")) === 0) return `After ${jumps} jumps: log-odds ${value}, odds 1 : 1. Anybody’s guess.`;
    return `After ${jumps} jumps: log-odds ${value}, odds ${oddsText(now)} for film ${now > 0 ? 1 : 2} running forwards.`;
  }

  const unseenWords = (show) => `After ${total(show)} jumps. The odds appear when you have guessed.`;

  function expectedWords({ perJump }, reversed) {
    if (perJump === 0) return "With two equal couplings every jump is as frequent as its reverse: no film shows its direction.";
    const each = `Schnakenberg’s sum is ${significant(perJump)} a jump`;
    if (reversed) {
      return `${each} in either flux. But a film taken in the reversed flux and run backwards looks like one `
        + "taken forwards: expected log-odds 0.";
    }
    return `${each}: ${decimal(DECIDED / perJump, 0)} jumps for odds of ${ODDS} : 1, on average.`;
  }

  function python(values, shown, show) {
    const film = (i) => `[${show.films[i].states.slice(0, show.films[i].jumps + 1).join(", ")}]`;
    const couplings = COUPLINGS[values.couplings][0].join(", ");
    return `"""Two films of three dots in a flux, one of which runs backwards: the log-odds."""

import numpy as np

from detailedbalance import ThreeDots, gibbs_state, transition_rates

beta, density = ${2 * values.x}, 1e-6  # a dilute gas; nothing below depends on how dilute


def ring(flux):
    """Rates at this flux, labels in the order -, 0, +; matrices are final ← initial."""
    dots = ThreeDots(tunneling=-1 / (2 * 3**0.5), flux=flux)
    contact = dots.contact(couplings=(${couplings}), phases="S26")
    return contact.energies, transition_rates(contact, beta, density)


energies, rates = ring(0.75)  # here -, 0, + are also low, middle, high
backward_rates = ${values.reversed ? "ring(-0.75)[1][::-1, ::-1]  # time reversal exchanges - and +" : "rates"}
p = gibbs_state(energies, beta)
print("populations =", p.tolist())


def log_ratio(rates, backward_rates):
    """What a jump l → k adds to the log-odds for running forwards."""
    flow, reverse = rates * p, (backward_rates * p).T
    return np.log(flow + np.eye(3)) - np.log(reverse + np.eye(3))


expected = (rates * p * log_ratio(rates, rates)).sum() / (rates * p).sum()
print("log-odds a jump =", expected)
${shown.perJump === 0 ? 'print("jumps for odds of 20 = none")' : 'print("jumps for odds of 20 =", np.log(20) / expected)'}

# The levels as shown, in the order in which they were shown.
film_1 = ${film(0)}
film_2 = ${film(1)}
evidence = log_ratio(rates, backward_rates)
odds = [evidence[film[1:], film[:-1]].sum() for film in map(np.array, (film_1, film_2))]
print("log-odds for film 1 =", odds[0] - odds[1])
`;
  }

  // ---- The page ----

  function mount(stage) {
    const state = root.DetailedBalance.createState(parameters, { presets });
    const still = root.matchMedia("(prefers-reduced-motion: reduce)");
    const surfaces = {
      first: drawing.surface(WIDTH, HEIGHT, "Film 1: a dot jumps between three levels"),
      second: drawing.surface(WIDTH, HEIGHT, "Film 2: a dot jumps between three levels"),
      odds: drawing.surface(WIDTH, TALL, "Log-odds that film 1 runs forwards and film 2 backwards, against jumps seen"),
    };
    const panels = {
      first: drawing.panel("Film 1", surfaces.first, 1),
      second: drawing.panel("Film 2", surfaces.second, 1),
      odds: drawing.panel("Log-odds for film 1 forwards", surfaces.odds, 3),
    };
    const key = (name, text) => element("span", { class: "key" }, drawing.swatch(name), text);
    const keys = element("span", { class: "keys" }, key("track together", "both films together"),
      key("alone-1", "film 1 alone, if in flux φ"), key("alone-2", "film 2 alone, if in flux φ"), key("expected dim", "expected"));
    panels.odds.note.append(keys);
    const [said, verdict] = [7, 2].map((lines) => element("p", { class: "panel-note", style: `--lines: ${lines}` }));
    const spoken = controls.spokenStatus();
    const peek = element("input", { type: "checkbox", onchange: () => draw() });
    let seed = 326; // of a pair that is neither lucky nor unlucky
    let [guesses, right] = [0, 0];
    let shown; // what the parameters fix
    let show; // the two films and how far they have run
    let guess = null;
    let before; // the values that the films were taken with
    let taken = false; // whether there were films before
    let frame = 0; // of the animation, 0 while it stands
    let then = 0;

    const pace = () => state.values().speed / (2 * shown.traffic);

    function draw() {
      const { reversed } = state.values();
      const running = frame && pace();
      drawing.fill(surfaces.first, drawFilm(show.films[0], shown.here, show.time, running));
      drawing.fill(surfaces.second, drawFilm(show.films[1], shown.here, show.time, running));
      // Who sees the odds need not guess.
      const seen = guess !== null || peek.checked;
      drawing.fill(surfaces.odds, seen ? drawOdds(show, shown, reversed)
        : drawing.notice(WIDTH, TALL, "Watch, and guess: then the odds appear here."));
      keys.classList.toggle("idle", !seen);
      panels.first.note.textContent = filmWords(show, 0);
      panels.second.note.textContent = filmWords(show, 1);
      const words = `${seen ? oddsWords(show) : unseenWords(show)} ${expectedWords(shown, reversed)}`;
      said.textContent = words;
      play.textContent = frame ? "Pause" : "Play";
      for (const control of [play, ...onward]) rest(control, over(show));
      for (const control of bets) rest(control, guess !== null);
      verdict.textContent = verdictWords();
      if (!frame) spoken.say(guess === null ? words : `${verdict.textContent} ${words}`);
    }

    function verdictWords() {
      if (guess === null) return guesses === 0 ? "Which film runs backwards?" : `Which film runs backwards? Right so far: ${right} of ${guesses}.`;
      const answer = guess === show.backward ? "Right" : "Wrong";
      const luck = state.values().reversed || shown.perJump === 0 ? " Nobody could have known." : "";
      return `${answer}: film ${show.backward + 1} ran backwards.${luck} Right so far: ${right} of ${guesses}.`;
    }

    /** A button that does nothing now, but keeps the focus of the keyboard. */
    const rest = (control, idle) => control.setAttribute("aria-disabled", idle);

    function stop() {
      root.cancelAnimationFrame(frame);
      frame = 0;
    }

    function tick(now) {
      // A frame may carry a time from before the start was pressed; a hidden page stands still.
      const seconds = Math.min(0.1, Math.max(0, now - then) / 1000);
      then = now;
      runUntil(show, shown, show.time + seconds * pace());
      frame = over(show) ? 0 : root.requestAnimationFrame(tick);
      draw();
    }

    function playOrPause() {
      if (over(show)) return;
      if (frame) {
        stop();
      } else {
        then = root.performance.now();
        frame = root.requestAnimationFrame(tick);
      }
      draw();
    }

    function onwardBy(count) {
      jumpTimes(show, shown, count);
      draw();
    }

    function bet(film) {
      if (guess !== null) return;
      guess = film;
      guesses += 1;
      right += film === show.backward ? 1 : 0;
      stop();
      draw();
    }

    function begin(jumps) {
      show = shoot(shown, seed);
      guess = null;
      jumpTimes(show, shown, jumps);
    }

    function another() {
      seed += 1;
      begin(0);
      draw();
    }

    // Back to the beginning: the first jumps of other films, and no guesses.
    const { reset } = state;
    state.reset = () => {
      [before, show, peek.checked] = [undefined, undefined, false];
      [guesses, right] = [0, 0];
      stop();
      reset();
    };

    const play = button("Play", playOrPause);
    play.hidden = still.matches;
    const onward = [button("Next jump", () => onwardBy(1)), button("Next 20 jumps", () => onwardBy(20))];
    const bets = [0, 1].map((film) => button(`Film ${film + 1} runs backwards`, () => bet(film)));
    const group = (label, ...buttons) => element("div", { class: "control-buttons", role: "group", "aria-label": label }, ...buttons);

    stage.append(
      controls.presets(state),
      controls.columns(state, ["x", "speed"], ["couplings", "reversed"]),
      group("The films", play, ...onward, button("New films", another)),
      element("div", { class: "panels" }, panels.first.node, panels.second.node, panels.odds.node,
        element("div", { class: "panel" }, element("p", { class: "panel-title" }, "Your guess"),
          group("Your guess", ...bets),
          element("label", { class: "control control-toggle" }, peek, element("span", {}, "Show the odds before I guess")),
          verdict, said)),
      spoken.line,
      controls.copyAsPython(state, (values) => python(values, shown, show)),
    );
    state.subscribe((values) => {
      const now = [values.x, values.couplings, values.reversed].join();
      if (now !== before) {
        before = now;
        shown = compute(values);
        if (taken) seed += 1; // the verdict on the last films must not tell these
        taken = true;
        begin(show ? total(show) : FIRST); // other films, as far as the reader had come
      }
      draw();
    });
    return { state };
  }

  root.DetailedBalance.explorer("two-films", mount);
})(window);
