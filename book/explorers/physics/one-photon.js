// One photon that starts in cavity A, on a line of junctions: cavity A, two-level systems, cavity B.
// Exactly, by the S matrix of each junction, and as the printed golden-rule rates count it.
// Complex numbers are [re, im].
(function (root) {
  "use strict";
  const physics = (root.DetailedBalance.physics = root.DetailedBalance.physics || {});

  const times = (a, b) => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
  const plus = (a, b) => [a[0] + b[0], a[1] + b[1]];
  const minus = (a, b) => [a[0] - b[0], a[1] - b[1]];
  const square = (a) => a[0] * a[0] + a[1] * a[1];
  const over = (a, b) => times(a, [b[0] / square(b), -b[1] / square(b)]);
  const turn = (angle) => [Math.cos(angle), Math.sin(angle)];
  const real = (value) => [value, 0];

  /** A junction of strength x with each of `channels` channels, by symmetry: four numbers. */
  function junction(x, channels) {
    const whole = 1 + channels * x;
    return {
      pass: real(1 - (2 * x) / whole), // in a channel, past the element
      cross: real((-2 * x) / whole), // from channel to channel
      exchange: [0, (-2 * Math.sqrt(x)) / whole], // between a channel and the element
      stay: real(2 / whole - 1), // from the element to itself
    };
  }

  /**
   * A photon from A: `behind`, its amplitudes in channel 1 just behind A, each two-level system and
   * B; `direct`, what would be behind the last two-level system if none of them scattered what A
   * sends; `taken`, the probability that each two-level system has it; `ends`, where it ends.
   *
   * With `both` channels, light that B sends into channel 2 meets A again, and so on: a geometric
   * series. The two-level systems couple to channel 1 alone.
   */
  function photon({ x, y, systems, phase, both, present = true }) {
    const cavity = junction(x, both ? 2 : 1);
    const atom = junction(present ? y : 0, 1);
    const link = turn(phase);
    // From just behind A to just in front of B, for an amplitude of one.
    const line = [real(1)];
    for (let j = 0; j < systems; j++) line.push(times(times(line[j], link), atom.pass));
    const toB = times(line[systems], link);
    // From just behind A in channel 1 to A in channel 2.
    const back = both ? times(times(toB, cavity.cross), turn((systems + 1) * phase)) : real(0);
    const start = over(cavity.exchange, minus(real(1), times(cavity.cross, back)));
    const returned = times(start, back);
    const arrived = times(start, toB);
    const behind = [...line.map((amplitude) => times(start, amplitude)), times(arrived, cavity.pass)];
    const direct = times(start, turn(systems * phase));
    const taken = line.slice(0, systems)
      .map((amplitude) => square(times(times(start, amplitude), atom.exchange)));
    const ends = {
      A: square(plus(cavity.stay, times(cavity.exchange, returned))),
      1: square(behind[systems + 1]),
      TLS: taken.reduce((a, b) => a + b, 0),
      B: square(times(arrived, cavity.exchange)),
    };
    if (both) ends[2] = square(plus(cavity.exchange, times(cavity.pass, returned)));
    return { behind, direct, taken, ends };
  }

  /** As the printed rates count it, each a probability per meeting; what is left stays in A. */
  function printed({ x, y, systems, both, present = true }) {
    const ends = { 1: 4 * x, TLS: present ? 16 * x * y * systems : 0, B: 16 * x * x };
    if (both) ends[2] = 4 * x;
    ends.A = 1 - Object.values(ends).reduce((a, b) => a + b, 0);
    return { ends };
  }

  physics.onePhoton = { photon, printed, square, minus };
})(typeof window === "undefined" ? globalThis : window);
