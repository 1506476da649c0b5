// The parameters of an explorer: their ranges and values, and who is told of a change.
//
//   const state = DetailedBalance.createState({
//     beta: { label: "β", min: 0.1, max: 40, step: 0.01, scale: "log", value: 2 },
//     phases: { label: "Phases", options: [["hamiltonian", "hamiltonian"], ["S26", "(S26)"]], value: "S26" },
//     averaged: { label: "Average", value: false },
//   }, { presets: [["Cold", { beta: 20 }]], constrain: (values) => values });
//
// A parameter with `min` and `max` is a number, one with `options` a choice, else a switch.
// `step` is what a slider moves by: a difference, or with scale "log" a difference of log10.
// A preset gives what differs from the defaults. `constrain` mends values that depend on one
// another: it gets all and returns all.
(function (root) {
  "use strict";
  const DetailedBalance = (root.DetailedBalance = root.DetailedBalance || {});

  const isNumber = (parameter) => parameter.min !== undefined;

  function admissible(parameter, value, current) {
    if (isNumber(parameter)) {
      const number = Number(value);
      if (value === "" || !Number.isFinite(number)) return current;
      return Math.min(parameter.max, Math.max(parameter.min, number));
    }
    if (parameter.options) {
      return parameter.options.some(([option]) => option === value) ? value : current;
    }
    return Boolean(value);
  }

  DetailedBalance.createState = function (parameters, { presets = [], constrain } = {}) {
    const defaults = {};
    for (const [name, parameter] of Object.entries(parameters)) defaults[name] = parameter.value;
    let values = constrain ? constrain(defaults) : defaults;
    const listeners = [];
    let frame = 0;

    function tell() {
      frame = 0;
      for (const listener of listeners) listener(state.values());
    }

    const state = {
      parameters,
      presets,
      values: () => ({ ...values }),

      /** Set some values, each brought into its range; what is no number changes nothing. */
      set(changes) {
        const next = { ...values };
        for (const [name, value] of Object.entries(changes)) {
          next[name] = admissible(parameters[name], value, values[name]);
        }
        values = constrain ? constrain(next) : next;
        // However often a slider moves, we draw once a frame.
        if (!frame) frame = root.requestAnimationFrame(tell);
      },

      reset: () => state.set(defaults),
      apply: (preset) => state.set({ ...defaults, ...preset }),

      /** Call `listener(values)` now and after each change, once a frame. */
      subscribe(listener) {
        listeners.push(listener);
        listener(state.values());
      },

      /** Tell the listeners now, without waiting for the next frame. */
      flush() {
        root.cancelAnimationFrame(frame);
        tell();
      },
    };
    return state;
  };

  /** Where on its slider a value stands, and back: sliders are linear, so log scales go by log10. */
  DetailedBalance.slider = function (parameter) {
    const log = parameter.scale === "log";
    const { min, max, step } = parameter;
    const digits = Math.max(0, Math.ceil(-Math.log10(step)));
    return {
      min: log ? Math.log10(min) : min,
      max: log ? Math.log10(max) : max,
      step,
      position: (value) => (log ? Math.log10(value) : value),
      // Powers of ten come out as 2.003; readers want three figures, and scripts the same ones.
      value: (position) => log ? Number((10 ** position).toPrecision(3))
        : Number(position.toFixed(digits)),
    };
  };

  /**
   * Numbers in [0, 1) that look random and are the same for the same seed (mulberry32), so that
   * what a reader sees can be seen again.
   */
  DetailedBalance.seededRandom = function (seed) {
    let state = seed | 0;
    return function () {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  };

  /**
   * Start the explorer `name` in each figure that asks for it. `mount(stage, figure)` returns
   * what tests and benchmarks may use, kept as `figure.explorer`.
   */
  DetailedBalance.explorer = function (name, mount) {
    for (const figure of root.document.querySelectorAll(`figure[data-explorer="${name}"]`)) {
      figure.explorer = mount(figure.querySelector(".explorer-stage"), figure);
    }
  };
})(typeof window === "undefined" ? globalThis : window);
