// Three coincident dots in a flux, scattered by a thermal gas in one dimension.
// No page in here: it runs in a browser and in Node alike. ħ = k_B = 1.
//
// Levels are in the order (−, 0, +), matrices in the order final ← initial, as in the
// Python library. `parameters` is { tunneling, flux, couplings: [V1, V2, V3], phases, mass = 1 }
// with phases "hamiltonian" or "S26" (its complex conjugate).
(function (root) {
  "use strict";

  const FLOOR = 45; // e^−45 is below the rounding error of any integral here
  const DEPTH = 40; // bisections of a panel before we admit that it does not converge
  const TOLERANCE = 1e-10; // of an integral, for each β and each pair
  const SIZE = 10; // nine entries of |S|² and the difference |S_0−|² − |S_−0|²

  const legendre = gaussLegendre(16);

  function gaussLegendre(count) {
    const nodes = [];
    const weights = [];
    for (let i = 0; i < count; i++) {
      let x = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
      let slope = 0;
      for (let newton = 0; newton < 8; newton++) {
        let previous = 1;
        let value = x;
        for (let n = 2; n <= count; n++) {
          [previous, value] = [value, ((2 * n - 1) * x * value - (n - 1) * previous) / n];
        }
        slope = (count * (x * value - previous)) / (x * x - 1);
        x -= value / slope;
      }
      nodes.push(x);
      weights.push(2 / ((1 - x * x) * slope * slope));
    }
    return { nodes, weights };
  }

  /** E_j = 2τ cos[2π(φ + j)/3] for j = −1, 0, +1. */
  function energies(tunneling, flux) {
    return [-1, 0, 1].map((j) => 2 * tunneling * Math.cos((2 * Math.PI * (flux + j)) / 3));
  }

  // (1/3) Σ_n x_{n+1} e^{2πin/3} as [re, im], written so that equal x give exactly zero.
  function fourier(x) {
    return [(x[0] - x[1] + (x[0] - x[2])) / 6, (x[1] - x[2]) / (2 * Math.sqrt(3))];
  }

  // Every v_kl off the diagonal is w for k − l = 1 (mod 3) and its conjugate otherwise.
  const turn = (k, l) => ((k - l + 3) % 3 === 1 ? 1 : -1);

  /** v_kl as { re, im }, 3 × 3 each. */
  function couplingMatrix(couplings, phases) {
    const { mean, w } = invariants(couplings, phases);
    const levels = [0, 1, 2];
    return {
      re: levels.map((k) => levels.map((l) => (k === l ? mean : w[0]))),
      im: levels.map((k) => levels.map((l) => (k === l ? 0 : turn(k, l) * w[1]))),
    };
  }

  function invariants([a, b, c], phases) {
    if (phases !== "hamiltonian" && phases !== "S26") {
      throw new RangeError(`phases must be "hamiltonian" or "S26", got ${phases}`);
    }
    const sign = phases === "S26" ? -1 : 1;
    const w = fourier([a, b, c]);
    const adjugate = fourier([b * c, a * c, a * b]);
    return {
      mean: (a + b + c) / 3,
      minors: (a * b + b * c + c * a) / 3,
      determinant: a * b * c,
      w: [w[0], sign * w[1]],
      adjugate: [adjugate[0], sign * adjugate[1]],
      // Im(v_−0 v_0+ v_+−) = −Im w³, as a product that vanishes with any two equal couplings.
      cycle: (-sign * (a - b) * (b - c) * (a - c)) / (6 * Math.sqrt(3)),
    };
  }

  // |S_kl|² in out[3k + l] and the exact difference in out[9], at channel momenta x + iy:
  // (x, 0) where the channel is open, (0, y) where it is closed. Returns det M as [re, im].
  //
  // S = 2 √p M⁻¹ √p − 1 with M = diag(p) + imv. Expanding det M along channel k gives
  // det M = p_k c + r, so S_kk = (p_k c − r)/(p_k c + r); off the diagonal
  // S_kl = −2m √(p_k p_l) (m adj(v)_kl + i v_kl p_n)/det M, with n the third channel.
  function scatter(v, mass, x, y, out) {
    const m = mass;
    let size = 0;
    let determinant = null;
    for (let k = 0; k < 3; k++) {
      const l = (k + 1) % 3;
      const n = (k + 2) % 3;
      const sumRe = x[l] + x[n];
      const sumIm = y[l] + y[n];
      const productRe = x[l] * x[n] - y[l] * y[n];
      const productIm = x[l] * y[n] + y[l] * x[n];
      const cRe = productRe - m * v.mean * sumIm - m * m * v.minors;
      const cIm = productIm + m * v.mean * sumRe;
      const rRe = -m * v.mean * productIm - m * m * v.minors * sumRe;
      const rIm = m * v.mean * productRe - m * m * v.minors * sumIm - m * m * m * v.determinant;
      const pcRe = x[k] * cRe - y[k] * cIm;
      const pcIm = x[k] * cIm + y[k] * cRe;
      if (determinant === null) {
        determinant = [pcRe + rRe, pcIm + rIm];
        size = determinant[0] ** 2 + determinant[1] ** 2;
      }
      const open = y[k] === 0;
      out[4 * k] = open ? ((pcRe - rRe) ** 2 + (pcIm - rIm) ** 2) / size : 0;

      // The pair (k, l) = (k, k + 1) has k − l = −1: v_kl is the conjugate of w.
      const common = (4 * m * m * x[k] * x[l]) / size;
      out[3 * k + l] = common * entry(v, m, -1, x[n], y[n]);
      out[3 * l + k] = common * entry(v, m, 1, x[n], y[n]);
    }
    out[9] = (16 * m * m * m * x[0] * x[1] * x[2] * v.cycle) / size;
    return determinant;
  }

  // |m adj(v) + i v p|² for one off-diagonal entry.
  function entry(v, m, sign, x, y) {
    const re = m * v.adjugate[0] - v.w[0] * y - sign * v.w[1] * x;
    const im = m * v.adjugate[1] * sign + v.w[0] * x - sign * v.w[1] * y;
    return re * re + im * im;
  }

  /** |S_kl|² at one energy, 3 × 3; rows and columns of closed channels are zero. */
  function probabilities(parameters, energy) {
    const { tunneling, flux, couplings, phases, mass = 1 } = parameters;
    const out = new Float64Array(SIZE);
    const x = [0, 0, 0];
    const y = [0, 0, 0];
    energies(tunneling, flux).forEach((level, j) => {
      if (energy >= level) x[j] = Math.sqrt(2 * mass * (energy - level));
      else y[j] = Math.sqrt(2 * mass * (level - energy));
    });
    scatter(invariants(couplings, phases), mass, x, y, out);
    return square(out);
  }

  const square = (flat) => [0, 1, 2].map((k) => [0, 1, 2].map((l) => flat[3 * k + l]));

  /**
   * Integrate over panels, halving each until its halves agree with the whole.
   * `panel(from, to)` returns { sums, jumps }: the integrals, and whether the nodes are too
   * far apart to have seen everything. All integrands here have one sign, so an error is
   * compared with the running total.
   */
  function integrate(panel, from, to, size) {
    const first = { from, to, depth: 0, ...panel(from, to) };
    const total = Float64Array.from(first.sums);
    const pending = [first];
    let converged = true;
    while (pending.length > 0) {
      const whole = pending.pop();
      const middle = (whole.from + whole.to) / 2;
      const left = panel(whole.from, middle);
      const right = panel(middle, whole.to);
      let agrees = !left.jumps && !right.jumps;
      for (let i = 0; i < size; i++) {
        const change = left.sums[i] + right.sums[i] - whole.sums[i];
        total[i] += change;
        if (Math.abs(change) > TOLERANCE * Math.abs(total[i])) agrees = false;
      }
      if (agrees) continue;
      if (whole.depth === DEPTH) {
        converged = false;
        continue;
      }
      pending.push({ from: middle, to: whole.to, depth: whole.depth + 1, ...right });
      pending.push({ from: whole.from, to: middle, depth: whole.depth + 1, ...left });
    }
    return { total, converged };
  }

  // A narrow resonance turns the phase of det M by π. Where neighbouring nodes differ by more
  // than π/3, one may hide between them, however smooth the integrand looks.
  const turns = (a, b) =>
    a[0] * b[0] + a[1] * b[1] < 0.5 * Math.hypot(a[0], a[1]) * Math.hypot(b[0], b[1]);

  // ∫ dE e^{−β(E − start)} |S|² over the energies that `place(u, x, y)` runs through: it sets
  // the channel momenta and returns [E − start, dE/du].
  function thermalIntegrals(v, mass, betas, place, end) {
    const out = new Float64Array(SIZE);
    const x = new Float64Array(3);
    const y = new Float64Array(3);
    const count = legendre.nodes.length;
    const height = new Float64Array(count);
    const values = new Float64Array(count * SIZE);

    function panel(from, to) {
      const half = (to - from) / 2;
      const sums = new Float64Array(SIZE * betas.length);
      place(from, x, y);
      let previous = scatter(v, mass, x, y, out);
      let jumps = false;
      for (let i = 0; i < count; i++) {
        const [energy, slope] = place(from + half * (1 + legendre.nodes[i]), x, y);
        const here = scatter(v, mass, x, y, out);
        jumps = jumps || turns(previous, here);
        previous = here;
        height[i] = energy;
        const weight = legendre.weights[i] * half * slope;
        for (let j = 0; j < SIZE; j++) values[SIZE * i + j] = weight * out[j];
      }
      place(to, x, y);
      jumps = jumps || turns(previous, scatter(v, mass, x, y, out));

      for (let b = 0; b < betas.length; b++) {
        for (let i = 0; i < count; i++) {
          const exponent = betas[b] * height[i];
          if (exponent > 1.5 * FLOOR) break;
          const boltzmann = Math.exp(-exponent);
          for (let j = 0; j < SIZE; j++) sums[SIZE * b + j] += boltzmann * values[SIZE * i + j];
        }
      }
      return { sums, jumps };
    }
    return integrate(panel, 0, end, SIZE * betas.length);
  }

  /** Two levels closer than 1e-9 of the spectrum's width: the Pauli equation does not close. */
  function degenerate(levels) {
    const [low, middle, high] = [...levels].sort((a, b) => a - b);
    return Math.min(middle - low, high - middle) <= 1e-9 * (high - low);
  }

  /**
   * The thermal flux for many β at once: { energies, degenerate, converged, betas, flux, excess }.
   *
   * flux[b][k][l] = e^{β max(E_k, E_l)} F_kl, which neither under- nor overflows, and
   * excess[b] = e^{β E_max} (F_0− − F_−0), by the exact-difference formula. Both are absent
   * when levels are degenerate.
   */
  function thermalFlux(parameters, betas) {
    const { tunneling, flux, couplings, phases, mass = 1 } = parameters;
    const levels = energies(tunneling, flux);
    if (degenerate(levels)) return { energies: levels, degenerate: true, converged: true, betas };

    const v = invariants(couplings, phases);
    const [low, middle, high] = [0, 1, 2].sort((a, b) => levels[a] - levels[b]);
    const gap = levels[middle] - levels[low];
    const step = levels[high] - levels[middle];
    const momentum = (energy) => Math.sqrt(2 * mass * energy);
    const none = { total: new Float64Array(SIZE * betas.length), converged: true };
    const silent = v.w[0] === 0 && v.w[1] === 0; // equal couplings scatter no level into another

    // Two channels open: E − E_middle = step sin²u, so both thresholds are smooth in u.
    const between = (u, x, y) => {
      const [sine, cosine] = [Math.sin(u), Math.cos(u)];
      const energy = step * sine * sine;
      [x[low], x[middle], x[high]] = [momentum(gap + energy), momentum(step) * sine, 0];
      [y[low], y[middle], y[high]] = [0, 0, momentum(step) * cosine];
      return [energy, 2 * step * sine * cosine];
    };
    // All open: E − E_high = scale sinh²u.
    const scale = 1 / Math.sqrt(Math.min(...betas) * Math.max(...betas));
    const above = (u, x, y) => {
      const [sine, cosine] = [Math.sinh(u), Math.cosh(u)];
      const energy = scale * sine * sine;
      x[low] = momentum(gap + step + energy);
      x[middle] = momentum(step + energy);
      x[high] = momentum(scale) * sine;
      y.fill(0);
      return [energy, 2 * scale * sine * cosine];
    };
    const end = Math.asinh(Math.sqrt(FLOOR / (Math.min(...betas) * scale)));
    const two = silent ? none : thermalIntegrals(v, mass, betas, between, Math.PI / 2);
    const three = silent ? none : thermalIntegrals(v, mass, betas, above, end);

    const matrices = betas.map((beta, b) => {
      const matrix = square(three.total.subarray(SIZE * b, SIZE * b + 9));
      const tail = Math.exp(-beta * step);
      for (const [k, l] of [[low, low], [low, middle], [middle, low], [middle, middle]]) {
        matrix[k][l] = two.total[SIZE * b + 3 * k + l] + tail * matrix[k][l];
      }
      // With one channel open |S|² = 1; with equal couplings it is 1 on the whole diagonal.
      matrix[low][low] = -Math.expm1(-beta * gap) / beta + Math.exp(-beta * gap) * matrix[low][low];
      if (silent) for (const k of [0, 1, 2]) matrix[k][k] = 1 / beta;
      return matrix;
    });
    return {
      energies: levels,
      degenerate: false,
      converged: two.converged && three.converged,
      betas,
      flux: matrices,
      excess: betas.map((_, b) => three.total[SIZE * b + 9]),
    };
  }

  /** I(k, l) = F_kl / F_lk; one on the diagonal and where both vanish. */
  function ratios(matrix) {
    return matrix.map((row, k) =>
      row.map((value, l) => (k === l || value === matrix[l][k] ? 1 : value / matrix[l][k])));
  }

  /** Gibbs populations. */
  function gibbs(levels, beta) {
    const lowest = Math.min(...levels);
    const weights = levels.map((level) => Math.exp(-beta * (level - lowest)));
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  }

  // Density one: rate a_kl = √(β/2πm) e^{βE_l} F_kl of the transition l → k.
  const gasFactor = (beta, mass) => Math.sqrt(beta / (2 * Math.PI * mass));

  /** a_kl off the diagonal and zero on it, from flux[b] at betas[b]. */
  function rates(levels, matrix, beta, mass = 1) {
    return matrix.map((row, k) =>
      row.map((value, l) => k === l ? 0
        : gasFactor(beta, mass) * Math.exp(-beta * Math.max(levels[k] - levels[l], 0)) * value));
  }

  /** K_0− = K_+0 = K_−+, the net current around the cycle − → 0 → + → −, from excess[b]. */
  function loopCurrent(levels, excess, beta, mass = 1) {
    const highest = levels.indexOf(Math.max(...levels));
    return gasFactor(beta, mass) * gibbs(levels, beta)[highest] * excess;
  }

  const threeDots = {
    energies, couplingMatrix, invariants, probabilities, degenerate, thermalFlux, ratios, gibbs,
    rates, loopCurrent,
  };
  root.DetailedBalance = root.DetailedBalance || {};
  root.DetailedBalance.physics = Object.assign(root.DetailedBalance.physics || {}, { threeDots });
  if (typeof module !== "undefined") module.exports = threeDots;
})(typeof window === "undefined" ? globalThis : window);
