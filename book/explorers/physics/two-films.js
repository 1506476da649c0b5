// Records of a ring of three dots whose levels a gas makes jump, played forwards or backwards, and
// what they say about the direction. No page in here: it runs in a browser and in Node alike; it
// needs physics/three-dots.js.
//
// Levels go by their rank in energy, 0 the lowest: this order time reversal does not change, while
// it exchanges the labels − and +. Matrices have the index order final ← initial.
(function (root) {
  "use strict";

  const LEVELS = [0, 1, 2];
  const SWAPPED = [2, 1, 0]; // the label −, 0, + that time reversal makes of each
  const FLUX = 0.75; // where the levels are −1/2, 0, 1/2
  const TUNNELING = -1 / (2 * Math.sqrt(3));
  const sum = (numbers) => numbers.reduce((a, b) => a + b);
  const table = (entry) => LEVELS.map((k) => LEVELS.map((l) => entry(k, l)));
  const model = () => root.DetailedBalance.physics.threeDots;

  /**
   * The ring at equilibrium: { beta, energies, populations, flux, rates, current }, for a gas of
   * density one. `flux[k][l]` is the thermal flux e^{β max(E_k, E_l)} F_kl, `current` the net
   * current 0 → 1 → 2 → 0. With `reversed` the magnetic flux is −φ.
   */
  function ring({ couplings, beta, reversed = false }) {
    const { thermalFlux, rates, gibbs, loopCurrent } = model();
    const magnetic = reversed ? -FLUX : FLUX;
    const result = thermalFlux({ tunneling: TUNNELING, flux: magnetic, couplings, phases: "S26" }, [beta]);
    const label = reversed ? SWAPPED : LEVELS; // of the level with this rank
    const energies = label.map((j) => result.energies[j]);
    const flux = table((k, l) => result.flux[0][label[k]][label[l]]);
    const byLabel = loopCurrent(result.energies, result.excess, beta);
    return {
      beta, energies, flux,
      populations: gibbs(energies, beta),
      rates: rates(energies, flux, beta),
      current: reversed ? -byLabel : byLabel,
    };
  }

  /**
   * ln P(shown | forwards, `here`) − ln P(shown | backwards, `there`) that a jump l → k adds, for
   * films that begin in the Gibbs state: ln(a_kl p_l / b_lk p_k) with the rates a of `here` and b of
   * `there`. Stays add nothing, as both rings leave each level at the same rate.
   */
  const evidence = (here, there) =>
    table((k, l) => (k === l ? 0 : Math.log(here.flux[k][l] / there.flux[l][k])));

  /** All jumps a unit of time. */
  const traffic = ({ rates, populations }) =>
    sum(rates.map((row) => sum(row.map((rate, l) => rate * populations[l]))));

  /**
   * What a jump adds on average to the log-odds for a film's true direction, both directions in one
   * and the same magnetic flux: Schnakenberg's sum over the traffic, and that sum is the current
   * times the affinity of a turn.
   */
  function evidencePerJump(here) {
    const jump = evidence(here, here);
    return (here.current * (jump[1][0] + jump[2][1] + jump[0][2])) / traffic(here);
  }

  /** An index drawn from weights by a number in [0, 1). */
  function choose(weights, uniform) {
    let rest = uniform * sum(weights);
    const chosen = weights.findIndex((weight) => (rest -= weight) < 0);
    return chosen < 0 ? weights.lastIndexOf(Math.max(...weights)) : chosen;
  }

  /** A film as it was taken: { states, stays }, from the Gibbs state, with so many jumps. */
  function record({ rates, populations }, jumps, random) {
    const states = [choose(populations, random())];
    const stays = [];
    for (let i = 0; i <= jumps; i++) {
      const out = LEVELS.map((k) => rates[k][states[i]]);
      stays.push(-Math.log1p(-random()) / sum(out));
      if (i < jumps) states.push(choose(out, random()));
    }
    return { states, stays };
  }

  /** The same film, run backwards. */
  const backwards = ({ states, stays }) =>
    ({ states: [...states].reverse(), stays: [...stays].reverse() });

  /** The log-odds that the first so many jumps add up to. */
  function logOdds(states, jumps, jumpEvidence) {
    let total = 0;
    for (let i = 1; i <= jumps; i++) total += jumpEvidence[states[i]][states[i - 1]];
    return total;
  }

  const twoFilms = { ring, evidence, traffic, evidencePerJump, record, backwards, logOdds };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { twoFilms });
  if (typeof module !== "undefined") module.exports = twoFilms;
})(typeof window === "undefined" ? globalThis : window);
