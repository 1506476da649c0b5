// Small repairs that need the page itself. A classic script, so that it also runs from disk.
"use strict";

// From disk, browsers refuse to fetch a page for an excerpt; the list of results works without.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// A box that scrolls sideways must be reachable by keyboard, but is no stop on the way if all of it is seen.
// A formula in a line of text becomes such a box where it is wider than the text.
function markScrollable() {
  for (const formula of document.querySelectorAll("span.math")) {
    const text = formula.closest("p, li, td, th, dd, figcaption, div");
    const width = formula.firstElementChild ? formula.firstElementChild.getBoundingClientRect().width : 0;
    formula.classList.toggle("wide", width > text.clientWidth);
  }
  const boxes = "div.math, span.math, mjx-container, pre, .cell_output .output, .pst-scrollable-table-container";
  for (const box of document.querySelectorAll(boxes)) {
    const scrolls = getComputedStyle(box).overflowX === "auto" && box.scrollWidth > box.clientWidth;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

addEventListener("load", async () => {
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  // Called at once, and again when the window changes or something is unfolded.
  const observer = new ResizeObserver(() => requestAnimationFrame(markScrollable));
  for (const article of document.querySelectorAll("article")) observer.observe(article);
});

// Paper is light, and what is folded on the screen is printed.
addEventListener("beforeprint", () => {
  const root = document.documentElement;
  const theme = root.dataset.theme;
  const folded = document.querySelectorAll("details:not([open])");
  const hidden = document.querySelectorAll(".toggle-hidden");
  root.dataset.theme = "light";
  for (const details of folded) details.open = true;
  for (const box of hidden) box.classList.remove("toggle-hidden");
  addEventListener("afterprint", () => {
    root.dataset.theme = theme;
    for (const details of folded) details.open = false;
    for (const box of hidden) box.classList.add("toggle-hidden");
  }, { once: true });
});
