// Controls that any explorer can use: each has a visible label, works by keyboard and touch, and
// follows the state whoever changed it.
(function (root) {
  "use strict";
  const DetailedBalance = (root.DetailedBalance = root.DetailedBalance || {});
  let serial = 0;

  /** An element: element("p", { class: "x", onclick: f }, "text", child). */
  function element(tag, attributes = {}, ...children) {
    const node = root.document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") node[name] = value;
      else if (value !== undefined && value !== false) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  const uniqueId = (name) => `explorer-control-${name}-${++serial}`;

  /** A short decimal form: what a reader would write. */
  const plain = (number) => String(Number(number.toPrecision(6))).replace("-", "−");

  /** A slider with a number field beside it. */
  function range(state, name) {
    const parameter = state.parameters[name];
    const scale = DetailedBalance.slider(parameter);
    const id = uniqueId(name);
    const unit = parameter.unit ? ` ${parameter.unit}` : "";
    const track = element("input", {
      type: "range", id, min: scale.min, max: scale.max, step: scale.step,
      "data-parameter": name,
      oninput: () => state.set({ [name]: scale.value(Number(track.value)) }),
    });
    const field = element("input", {
      type: "number", min: parameter.min, max: parameter.max, step: "any", inputmode: "decimal",
      "aria-label": `${parameter.spoken || parameter.label}, number`,
      onchange: () => {
        state.set({ [name]: field.value });
        state.flush(); // shows the value that was taken, also when it is the old one
      },
    });
    state.subscribe((values) => {
      const value = values[name];
      track.value = scale.position(value);
      track.setAttribute("aria-valuetext", plain(value) + unit);
      track.style.setProperty("--filled",
        `${(100 * (scale.position(value) - scale.min)) / (scale.max - scale.min)}%`);
      field.value = Number(value.toPrecision(12));
    });
    return element("div", { class: "control control-range" },
      element("label", { for: id }, parameter.label), field, track);
  }

  /** A choice among options. */
  function select(state, name) {
    const { label, options } = state.parameters[name];
    const id = uniqueId(name);
    const box = element("select", {
      id, "data-parameter": name, onchange: () => state.set({ [name]: box.value }),
    }, ...options.map(([value, text]) => element("option", { value }, text)));
    state.subscribe((values) => { box.value = values[name]; });
    return element("div", { class: "control control-select" },
      element("label", { for: id }, label), box);
  }

  /** A switch. */
  function toggle(state, name) {
    const box = element("input", {
      type: "checkbox", "data-parameter": name,
      onchange: () => state.set({ [name]: box.checked }),
    });
    state.subscribe((values) => { box.checked = values[name]; });
    return element("label", { class: "control control-toggle" }, box,
      element("span", {}, state.parameters[name].label));
  }

  /** The control that suits a parameter. */
  function control(state, name) {
    const parameter = state.parameters[name];
    if (parameter.min !== undefined) return range(state, name);
    return parameter.options ? select(state, name) : toggle(state, name);
  }

  /** Columns where there is room, each a list of parameters' names and of elements. */
  const columns = (state, ...lists) => element("div", { class: "controls" }, ...lists.map((list) =>
    element("div", {}, ...list.map((item) => typeof item === "string" ? control(state, item) : item))));

  const button = (text, onclick) => element("button", { type: "button", onclick }, text);

  /** One button a preset, and one that goes back to the beginning. */
  function presets(state) {
    return element("div", { class: "control-buttons", role: "group", "aria-label": "Examples" },
      ...state.presets.map(([text, preset]) => button(text, () => state.apply(preset))),
      button("Reset", state.reset));
  }

  /**
   * "Copy as Python": `script(values)` returns a whole program. Pages opened from disk or without
   * permission have no clipboard, so there is the older way, and if that fails too, the text.
   */
  function copyAsPython(state, script) {
    const said = element("span", { class: "control-said", role: "status" });
    const text = element("textarea", { class: "control-script", readonly: "", rows: "12", hidden: "",
      spellcheck: "false", "aria-label": "The Python program" });

    function copyBySelection() {
      text.hidden = false;
      text.select();
      let copied = false;
      try {
        copied = root.document.execCommand("copy");
      } catch (error) {
        copied = false;
      }
      text.hidden = copied;
      return copied;
    }

    async function copy() {
      text.value = script(state.values());
      let copied = true;
      try {
        await root.navigator.clipboard.writeText(text.value);
        text.hidden = true;
      } catch (error) {
        copied = copyBySelection();
      }
      said.textContent = copied ? "Copied."
        : "Your browser does not let this page copy. Here is the program, selected.";
      if (copied) copying.focus();
    }

    const copying = button("Copy as Python", copy);
    state.subscribe(() => {
      said.textContent = "";
      text.hidden = true;
    });
    return element("div", { class: "control-copy" }, copying, said, text);
  }

  /**
   * What a screen reader hears after a change, at most once in `pause` milliseconds. The page
   * shows the same numbers beside its drawings, so this text is not seen.
   */
  function spokenStatus(pause = 400) {
    const line = element("p", { class: "explorer-spoken", role: "status" });
    let timer = 0;
    let latest = "";
    const say = () => {
      timer = 0;
      if (line.textContent !== latest) line.textContent = latest;
    };
    return {
      line,
      say(text) {
        latest = text;
        if (!timer) timer = root.setTimeout(say, pause);
      },
    };
  }

  DetailedBalance.controls = {
    element, control, columns, button, presets, copyAsPython, spokenStatus, plain,
  };
})(typeof window === "undefined" ? globalThis : window);
