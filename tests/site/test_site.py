"""The built site: every page, wide and narrow, light and dark, in a real browser."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
REDIRECT = "index.html"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if not path.relative_to(SITE).parts[0].startswith("_")
)
# The longest first, so that no worker is left with one at the end.
READABLE = sorted(
    (page for page in PAGES if page != REDIRECT),
    key=lambda page: (SITE / page).stat().st_size,
    reverse=True,
)
# The wide window opens the page from disk, the narrow one from a server.
SIZES = {1280: 800, 390: 844}
IMAGE_FILE = re.compile(r"\.(svg|png|jpe?g|gif|webp)\s*$", re.IGNORECASE)

every_page = pytest.mark.parametrize("page", PAGES)
every_view = pytest.mark.parametrize(
    ("page", "width", "mode"),
    [(page, width, mode) for page in READABLE for width in SIZES for mode in ("light", "dark")],
)

AXE = {"resultTypes": ["violations"]}
COLOURS = {**AXE, "runOnly": ["color-contrast"]}
ALL_BUT_COLOURS = {**AXE, "rules": {"color-contrast": {"enabled": False}}}

UNFOLD = """
for (const details of document.querySelectorAll("details")) details.open = true;
for (const button of document.querySelectorAll(".toggle-button-hidden")) button.click();
"""

# axe looks at each element of a page, and long chapters have tens of thousands. Most of them are in
# formulas, all made alike: one box for what is seen and one text for what is heard will do. Others
# are the words of code, whose elements give them a colour and nothing else: they are put back
# before colours are judged.
LIGHTEN = """() => {
    const formulas = [...document.querySelectorAll("mjx-math")]
        .map(formula => [formula, formula.getBoundingClientRect()]);
    for (const [formula, { width, height }] of formulas) {
        const box = document.createElement("span");
        box.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
        formula.replaceChildren(box);
    }
    for (const math of document.querySelectorAll("mjx-assistive-mml math"))
        math.replaceChildren(math.textContent);
    const onlyColour = e => e.localName === "span" && [...e.attributes].every(a => a.name === "class");
    window.codes = [...document.querySelectorAll("pre")]
        .filter(pre => [...pre.querySelectorAll("*")].every(onlyColour))
        .map(pre => [pre, [...pre.childNodes]]);
    for (const [pre] of codes) pre.replaceChildren(pre.textContent);
}"""  # noqa: E501

# Words whose elements agree in name, class and style, and those around them too, have one colour on
# one ground: it is judged once. The words of code are the greatest part; their elements take no
# room without them and go too. What is only heard has no colour.
ONE_OF_A_KIND = """() => {
    for (const [pre, words] of codes) pre.replaceChildren(...words);
    const kinds = new Map([[document.body, ""]]);
    const kind = e => {
        if (!kinds.has(e))
            kinds.set(e, [kind(e.parentElement), e.localName, e.getAttribute("class"), e.getAttribute("style")].join());
        return kinds.get(e);
    };
    const seen = new Set();
    for (const element of document.querySelectorAll("body *")) {
        const words = [...element.childNodes].filter(e => e.nodeType === Node.TEXT_NODE && e.data.trim());
        if (words.length && seen.size === seen.add(kind(element)).size) words.forEach(e => e.remove());
    }
    document.querySelectorAll("pre span:empty, mjx-assistive-mml").forEach(e => e.remove());
}"""  # noqa: E501

# What sticks out of the window on the right without a box of its own to scroll in.
STICKING_OUT = """() => {
    const width = document.documentElement.clientWidth;
    const boxed = element => {
        for (let e = element.parentElement; e; e = e.parentElement)
            if (["auto", "scroll"].includes(getComputedStyle(e).overflowX)) return true;
        return false;
    };
    return [...document.querySelectorAll("main *")]
        .filter(e => e.getBoundingClientRect().right > width + 1 && e.getClientRects().length)
        .filter(e => !e.closest("mjx-assistive-mml, svg") && !boxed(e))
        .filter(e => getComputedStyle(e).visibility === "visible")
        .slice(0, 5)
        .map(e => `<${e.localName} class="${e.className}">`);
}"""

UNRENDERED_MATH = """() => {
    const problems = [...document.querySelectorAll(".math")]
        .filter(e => !e.querySelector("mjx-container"))
        .concat(...document.querySelectorAll("mjx-merror"))
        .map(e => e.textContent);
    const text = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (text.nextNode()) {
        const node = text.currentNode;
        if (/\\$|\\\\\\(/.test(node.data) && !node.parentElement.closest("pre, code, script, mjx-container"))
            problems.push(node.data);
    }
    return problems;
}"""  # noqa: E501


# Boxes that scroll sideways, but not by keyboard.
UNREACHABLE = """() =>
    [...document.querySelectorAll("div.math, pre, .pst-scrollable-table-container")]
        .filter(e => e.scrollWidth > e.clientWidth + 1)
        .filter(e => getComputedStyle(e).overflowX !== "visible" && e.tabIndex < 0)
        .map(e => e.outerHTML.slice(0, 200))
"""

FORMULAS_IN_TAB_ORDER = """() => [...document.querySelectorAll("mjx-container[tabindex='0']")]
    .filter(e => e.scrollWidth <= e.clientWidth)
    .map(e => e.textContent)
"""

BEHIND_FIGURES = """() => [...document.querySelectorAll(".cell_output img")].map(image => {
    const style = getComputedStyle(image);
    return [style.backgroundColor, style.filter];
})"""


@dataclass
class View:
    """What was found on a page at one width and in one mode."""

    requests: list[str]
    console: list[str]
    theme: str
    scroll: tuple[int, int]
    sticking_out: list[str]
    math: list[str]
    unreachable: list[str]
    formulas_in_tab_order: list[str]
    behind_figures: set[tuple[str, str]]
    violations: list[str]


def watch(page):
    """Return two lists that fill with the page's requests and with its complaints."""
    requests, console = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: console.append(f"failed request {request.url}"))
    page.on(
        "console",
        lambda message: message.type in ("error", "warning") and console.append(message.text),
    )
    page.on("pageerror", lambda error: console.append(str(error)))
    return requests, console


def settle(page):
    """Wait for the formulas, and for what the page's scripts then do in the next frames."""
    page.evaluate(
        """async () => {
            if (window.MathJax?.startup) await MathJax.startup.promise;
            for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
        }"""
    )


def look(page, requests, console) -> View:
    """Return what is found on an open page, but for what axe finds."""
    return View(
        requests=list(requests),
        console=list(console),
        theme=page.evaluate("document.documentElement.dataset.theme"),
        scroll=page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        ),
        sticking_out=page.evaluate(STICKING_OUT),
        math=page.evaluate(UNRENDERED_MATH),
        unreachable=page.evaluate(UNREACHABLE),
        formulas_in_tab_order=page.evaluate(FORMULAS_IN_TAB_ORDER),
        behind_figures={tuple(style) for style in page.evaluate(BEHIND_FIGURES)},
        violations=[],
    )


def violations(page, options) -> list[str]:
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]}"
        for violation in page.evaluate("options => axe.run(options)", options)["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.fixture(scope="session")
def view(browser, site, server):
    """Open a page at a width, look at it in both modes, once for all tests.

    The wide page is loaded in the light, the narrow one in the dark; then the mode is changed.
    """

    def change(page, mode):
        page.emulate_media(color_scheme=mode)
        page.locator(f"html[data-theme={mode}]").wait_for()

    @functools.cache
    def views(path, width):
        wide = width > 1000
        modes = ["light", "dark"] if wide else ["dark", "light"]
        context = browser.new_context(
            viewport={"width": width, "height": SIZES[width]},
            color_scheme=modes[0],
            reduced_motion="reduce",
        )
        page = context.new_page()
        requests, console = watch(page)
        page.goto(f"{site.as_uri() if wide else server}/{path}")
        settle(page)
        page.evaluate(UNFOLD)
        settle(page)
        seen = {modes[0]: look(page, requests, console)}
        change(page, modes[1])
        settle(page)
        seen[modes[1]] = look(page, requests, console)
        # axe comes last, because it asks for files of its own.
        page.evaluate(AXE_SCRIPT)
        page.evaluate(LIGHTEN)
        common = violations(page, ALL_BUT_COLOURS)
        page.evaluate(ONE_OF_A_KIND)
        seen[modes[1]].violations = common + violations(page, COLOURS)
        change(page, modes[0])
        seen[modes[0]].violations = common + violations(page, COLOURS)
        context.close()
        return seen

    return lambda path, width, mode: views(path, width)[mode]


@functools.cache
def parse(page: str) -> BeautifulSoup:
    return BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(page: str) -> set[str]:
    return {tag["id"] for tag in parse(page).find_all(id=True)}


def test_site_is_built(site):
    assert len(PAGES) > 3


@every_view
def test_page_asks_no_other_host(view, server, page, width, mode):
    own = "file:" if width > 1000 else f"{server}/"
    requests = view(page, width, mode).requests
    assert [url for url in requests if not url.startswith((own, "data:", "blob:"))] == []


@every_view
def test_console_is_silent(view, page, width, mode):
    assert view(page, width, mode).console == []


@pytest.mark.parametrize("path", READABLE)
def test_wide_page_from_a_server_is_complete_and_silent(browser, server, path):
    """What `view` finds on the wide page is found from disk; a published book has a server."""
    context = browser.new_context(viewport={"width": 1280, "height": SIZES[1280]})
    page = context.new_page()
    requests, console = watch(page)
    page.goto(f"{server}/{path}")
    settle(page)
    seen = look(page, requests, console)
    context.close()
    own = (f"{server}/", "data:", "blob:")
    assert [url for url in seen.requests if not url.startswith(own)] == []
    assert seen.console == []
    assert seen.math == []


@every_view
def test_page_does_not_scroll_sideways(view, page, width, mode):
    seen = view(page, width, mode)
    assert seen.sticking_out == []
    assert seen.scroll[0] <= seen.scroll[1]


@every_view
def test_formulas_are_rendered(view, page, width, mode):
    assert view(page, width, mode).math == []


@every_view
def test_page_is_accessible(view, page, width, mode):
    assert view(page, width, mode).violations == []


@every_view
def test_mode_follows_the_system(view, page, width, mode):
    assert view(page, width, mode).theme == mode


@every_view
def test_wide_boxes_are_reached_by_keyboard(view, page, width, mode):
    assert view(page, width, mode).unreachable == []


@every_view
def test_tab_key_does_not_stop_at_formulas(view, page, width, mode):
    """But at those that are wider than the page, and scroll."""
    assert view(page, width, mode).formulas_in_tab_order == []


@every_view
def test_figures_lie_on_white(view, page, width, mode):
    assert view(page, width, mode).behind_figures <= {("rgb(255, 255, 255)", "none")}


@every_page
def test_page_has_one_heading_a_language_and_a_title(page):
    tree = parse(page)
    assert len(tree.find_all("h1")) == 1
    assert tree.html["lang"] == "en"
    assert tree.title.get_text(strip=True)


@every_page
def test_links_are_alive(page):
    """Each link and each file that a page names exists, as does the anchor in it."""
    dead = []
    for tag in parse(page).find_all(True):
        for attribute in ("href", "src", "poster"):
            target = tag.get(attribute)
            if target is None or (tag.name == "a" and urlsplit(target).scheme):
                continue
            if urlsplit(target).scheme == "data":
                continue
            if urlsplit(target).scheme or target.startswith("//"):
                dead.append(f"from another host: {target}")
                continue
            address, anchor = urldefrag(urljoin(page, target))
            path = unquote(urlsplit(address).path) or page
            if path.endswith("/") or (SITE / path).is_dir():
                path = f"{path.rstrip('/')}/index.html".lstrip("/")
            if not (SITE / path).is_file():
                dead.append(target)
            elif anchor and path.endswith(".html") and unquote(anchor) not in anchors(path):
                dead.append(target)
    assert dead == []


@every_page
def test_images_have_alternative_text(page):
    """myst-nb falls back to the name of the file, which tells a listener nothing."""
    wrong = []
    for image in parse(page).find_all("img"):
        text = image.get("alt")
        if text is None or IMAGE_FILE.search(text) or text == Path(image["src"]).stem:
            wrong.append(str(image))
        elif not text.strip() and image.find_parent(["figure", "article"]):
            wrong.append(str(image))
    assert wrong == []


@every_page
def test_no_dead_widget(page):
    assert parse(page).find_all(type=re.compile("jupyter.widget")) == []


@pytest.mark.parametrize("origin", ["server", "disk"])
def test_search_finds_a_page(browser, server, site, origin):
    base = server if origin == "server" else site.as_uri()
    tab = browser.new_page()
    _, console = watch(tab)
    tab.goto(f"{base}/search.html?q=bibliography")
    tab.wait_for_selector("#search-results li a")
    tab.wait_for_load_state("networkidle")
    tab.close()
    assert console == []


def test_root_leads_to_the_first_page(browser, server):
    tab = browser.new_page()
    tab.goto(f"{server}/")
    tab.wait_for_url("**/book/index.html")
    tab.close()


def test_root_opens_from_disk(browser, site):
    tab = browser.new_page()
    requests, console = watch(tab)
    tab.goto((site / REDIRECT).as_uri())
    tab.wait_for_url("**/book/index.html")
    settle(tab)
    tab.close()
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert console == []


def test_print_shows_the_article_alone_and_light(browser, server):
    tab = browser.new_page(color_scheme="dark")
    tab.goto(f"{server}/book/index.html")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    assert tab.evaluate("document.documentElement.dataset.theme") == "light"
    assert tab.is_visible("article h1")
    for part in (".bd-sidebar-primary", ".bd-header-article", ".prev-next-area"):
        assert not tab.is_visible(part)
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    tab.close()
