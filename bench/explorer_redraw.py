"""How long does an explorer take from a changed parameter to a new picture?

Each explorer is opened in Chromium on its built page and put into 200 random states.  A redraw is
the physics, the drawing, and the layout that the browser does for it.  Prints JSON, in ms.

    python bench/explorer_redraw.py [root of the built site]
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PAGES = {
    "balance-matrix": "book/index.html",
    "jump-network": "book/balance/jump-processes.html",
    "contact-scattering": "book/balance/scattering.html",
    "collision-flux": "book/low-density/collision-rates.html",
    "gibbs-shuffle": "book/low-density/gibbs-state.html",
    "unistochastic": "book/low-density/when-balance-holds.html",
    "three-dots": "book/low-density/three-dots.html",
    "loaded-loop": "book/low-density/persistent-currents.html",
}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

# The generator is mulberry32 with a fixed seed: the states are the same in each run.
MEASURE = """
([name, count]) => {
  const figure = document.querySelector(`figure[data-explorer="${name}"]`);
  const { state } = figure.explorer;
  let seed = 20231004;
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const draw = (parameter) => {
    if (parameter.options) {
      return parameter.options[Math.floor(random() * parameter.options.length)][0];
    }
    if (parameter.min === undefined) return random() < 0.5;
    const slider = DetailedBalance.slider(parameter);
    return slider.value(slider.min + random() * (slider.max - slider.min));
  };
  const times = [];
  for (let i = 0; i < count + 20; i++) {
    const values = {};
    for (const [key, parameter] of Object.entries(state.parameters)) values[key] = draw(parameter);
    const start = performance.now();
    state.set(values);
    state.flush();
    figure.getBoundingClientRect();
    times.push(performance.now() - start);
  }
  return times.slice(20);  // the first ones warm the compiler up
}
"""


def main() -> None:
    """Measure each explorer and print the result."""
    default = Path(__file__).resolve().parents[1] / "_build" / "html"
    site = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    result = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        result["browser"] = browser.version
        for name, page_path in PAGES.items():
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto((site / page_path).as_uri())
            times = sorted(page.evaluate(MEASURE, [name, 200]))
            result[name] = {
                "redraws": len(times),
                "median_ms": round(times[len(times) // 2], 2),
                "p95_ms": round(times[int(0.95 * len(times))], 2),
                "limit_ms": 16,
            }
            page.close()
        browser.close()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
