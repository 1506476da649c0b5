"""How the tests of the explorers read a page, and what they do on it."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

EXPLORERS = Path(__file__).resolve().parents[2] / "book" / "explorers"
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
NUMBER = r"[+−-]?\d+(?:\.\d+)?(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
PAGES = {
    "balance-matrix": "book/index.html",
    "jump-network": "book/balance/jump-processes.html",
    "contact-scattering": "book/balance/scattering.html",
    "collision-flux": "book/low-density/collision-rates.html",
    "gibbs-shuffle": "book/low-density/gibbs-state.html",
    "unistochastic": "book/low-density/when-balance-holds.html",
    "three-dots": "book/low-density/three-dots.html",
    "loaded-loop": "book/low-density/persistent-currents.html",
    "two-films": "book/low-density/entropy-production.html",
    "weak-coupling": "book/low-density/quantum-semigroups.html",
    "coherences": "book/low-density/master-equation.html",
    "photon-jumps": "book/light/einstein-rates.html",
    "entropy-ledger": "book/light/negative-entropy-production.html",
    "one-way-street": "book/light/chiral-waveguide.html",
    "closed-loop": "book/light/closed-loop.html",
    "one-photon": "book/light/full-dynamics.html",
    "junction-chain": "book/light/sum-rule.html",
    "printed-or-completed": "book/light/sum-rule.html",
}
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


def number(text: str) -> float:
    """Return the number that a reader sees."""
    mantissa, _, power = text.replace("−", "-").partition(" × 10")
    return float(f"{mantissa}e{power.translate(SUPERSCRIPTS) or 0}")


def numbers(text: str) -> list[float]:
    """Return all numbers that a reader sees in a text."""
    return [number(found) for found in re.findall(NUMBER, text)]


def run_python(script: str) -> dict[str, str]:
    """Run a copied program as if alone and return what it prints, by name."""
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(script, "the copied program", "exec"), {"__name__": "__main__"})
    return dict(line.split(" = ", 1) for line in said.getvalue().splitlines())


@contextmanager
def physics_page(browser):
    """Open a page with nothing on it but the physics of all explorers, and random numbers."""
    page = browser.new_page()
    for path in [EXPLORERS / "state.js", *sorted((EXPLORERS / "physics").glob("*.js"))]:
        page.add_script_tag(path=path)
    yield page
    page.close()


@contextmanager
def built_pages(browser, server):
    """Give what opens a built page, in a browser context that remembers nothing.

    A tab takes longer to open than a page to load, so tabs serve one test after the other, but for
    those that get what a tab does not forget: `own=True`.

    Formulas stay as they are: they take seconds on a long chapter, and test_site.py looks at them.
    """
    opened = []

    def open_page(path, own=False, **options):
        spare = [] if own else spare_tabs[repr(sorted(options.items()))]
        page = spare.pop() if spare else new_tab(browser, options)
        opened.append((page, own, spare))
        page.goto(f"{server}/{path}")
        return page

    yield open_page
    for page, own, spare in opened:
        if own:
            page.context.close()
        else:
            forget(page)
            spare.append(page)


spare_tabs = defaultdict(list)
WINDOW = {"width": 1280, "height": 900}


def new_tab(browser, options):
    """Open a tab in a context of its own."""
    context = browser.new_context(viewport=WINDOW, **options)
    context.route("**/_static/mathjax/**", lambda route: route.fulfill(body=""))
    return context.new_page()


def forget(page) -> None:
    """Make a tab as if nothing had happened in it."""
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    page.set_viewport_size(WINDOW)
    page.mouse.move(0, 0)


def figure_of(page, name: str):
    """Return the figure of an explorer."""
    figure = page.locator(f'figure[data-explorer="{name}"]')
    figure.scroll_into_view_if_needed()
    return figure


def panel(figure, title: str):
    """Return the panel that contains these words."""
    return figure.locator(".panel", has_text=title)


def value_of(figure, name: str):
    """Return the value of a parameter."""
    return figure.evaluate("(figure, name) => figure.explorer.state.values()[name]", name)


def set_number(figure, name: str, value) -> None:
    """Type a value into the number field beside a slider."""
    control = figure.locator(
        ".control-range", has=figure.page.locator(f'[data-parameter="{name}"]')
    )
    field = control.locator("input[type=number]")
    field.fill(str(value))
    field.press("Enter")


def shown_matrix(figure, title: str) -> list[float]:
    """Return the entries of a matrix as the page shows them, row by row."""
    return [number(text) for text in panel(figure, title).locator(".cell-text").all_text_contents()]


def copied_program(figure) -> str:
    """Press "Copy as Python" and return what the clipboard then holds."""
    figure.get_by_role("button", name="Copy as Python").click()
    figure.get_by_text("Copied.").wait_for()
    return figure.page.evaluate("navigator.clipboard.readText()")


def next_frame(page) -> None:
    """Wait until the page has drawn what was asked of it before."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def press(figure, name: str) -> None:
    """Press a button and wait for the drawing."""
    figure.get_by_role("button", name=name, exact=True).click()
    next_frame(figure.page)
