"""The sources of the chapters: what each must have, and that each runs alone."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import nbclient
import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
PAGES = sorted(path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.md"))
NOTEBOOKS = [page for page in PAGES if "{code-cell}" in (BOOK / page).read_text(encoding="utf-8")]
MACHINE_PATH = re.compile(r"(?<![\w.])(/(home|Users|root|tmp|work|mnt|opt)/\w|[A-Z]:\\\w)")
# Only ends a cell that hangs; how long chapters take is measured in bench/chapters.py.
CELL_TIMEOUT = 300

every_page = pytest.mark.parametrize("page", PAGES)
every_notebook = pytest.mark.parametrize("page", NOTEBOOKS)


def read(page: str) -> str:
    return (BOOK / page).read_text(encoding="utf-8")


def blocks(text: str, around: tuple[str, ...] = ()):
    """Yield each fenced block as its name, its content and the names of the blocks around it."""
    parser = MarkdownIt().use(colon_fence_plugin)
    for token in parser.parse(text):
        if token.type in ("fence", "colon_fence"):
            name = re.match(r"\{?([\w:-]*)", token.info).group(1)
            yield name, token.content, around
            if token.info.startswith("{") and name != "code-cell":
                yield from blocks(token.content, (*around, name))


def options(content: str) -> dict:
    """Return the options at the head of a directive."""
    if content.startswith("---"):
        return yaml.safe_load(content.split("---")[1])
    lines = re.match(r"(:[\w-]+:.*\n)*", content).group().splitlines()
    return dict(re.match(r":([\w-]+): *(.*)", line).groups() for line in lines)


def test_table_of_contents_lists_every_page():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = {toc["root"]}

    def collect(node):
        if isinstance(node, dict):
            listed.update([node["file"]] if "file" in node else [])
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(toc)
    assert listed == {f"book/{page.removesuffix('.md')}" for page in PAGES}


@every_notebook
def test_notebook_says_that_it_is_one(page):
    """Jupyter and Binder open the page as a notebook by this header."""
    header = yaml.safe_load(read(page).split("---")[1])
    assert header["jupytext"]["formats"] == "md:myst"
    assert header["jupytext"]["text_representation"]["format_name"] == "myst"
    assert header["kernelspec"]["name"] == "python3"


@every_page
def test_code_cells_lie_in_the_open(page):
    """Inside another directive a cell is shown but not run; solution-start/-end have no inside."""
    assert [
        around for name, _, around in blocks(read(page)) if name == "code-cell" and around
    ] == []


@every_page
def test_images_have_alternative_text(page):
    text = read(page)
    for name, content, _ in blocks(text):
        if name in ("image", "figure"):
            assert options(content).get("alt"), content
        if name == "code-cell" and "figure" in options(content).get("mystnb", {}):
            cell = options(content)["mystnb"]
            assert cell.get("image", {}).get("alt"), content
            assert cell["figure"].get("caption"), content
    assert re.findall(r"!\[\s*\]\(", text) == []


@every_page
def test_page_names_no_place_on_a_machine(page):
    assert not MACHINE_PATH.search(read(page))


@every_notebook
def test_notebook_runs_alone(page, tmp_path):
    """From a fresh kernel and an empty folder, top to bottom, without complaints."""
    notebook = jupytext.read(BOOK / page)
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output["text"]
            if any(kind.startswith("image/") for kind in output.get("data", {})):
                image = cell.metadata.get("mystnb", {}).get("image", {})
                assert image.get("alt"), f"a figure without alternative text:\n{cell.source}"


def test_references_can_be_found():
    traces = {"doi", "url", "isbn"}
    entries = parse_file(BOOK / "references.bib").entries
    assert [key for key in entries if not traces & set(entries[key].fields)] == []
