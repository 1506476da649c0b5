"""The sources of the chapters: what each must have, and that each ran alone."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
PAGES = sorted(path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.md"))
NOTEBOOKS = [page for page in PAGES if "{code-cell}" in (BOOK / page).read_text(encoding="utf-8")]
# A notebook in one of the book's parts; coursework and reference are no chapters.
PARTS = ("balance", "low-density", "light")
CHAPTERS = [page for page in NOTEBOOKS if page.split("/")[0] in PARTS]
EXERCISES, QUESTIONS = 5, 3
MACHINE_PATH = re.compile(r"(?<![\w.])(/(home|Users|root|tmp|work|mnt|opt)/\w|[A-Z]:\\\w)")

every_page = pytest.mark.parametrize("page", PAGES)
every_notebook = pytest.mark.parametrize("page", NOTEBOOKS)
every_chapter = pytest.mark.parametrize("page", CHAPTERS)


@dataclass(frozen=True)
class Block:
    """A fenced block: ``name`` and ``argument`` of a directive, and the names around it."""

    name: str
    argument: str
    content: str
    around: tuple[str, ...]

    @property
    def options(self) -> dict:
        """What stands at the head of the directive."""
        if self.content.startswith("---"):
            return yaml.safe_load(self.content.split("---")[1])
        lines = re.match(r"(:[\w-]+:.*\n)*", self.content).group().splitlines()
        return dict(re.match(r":([\w-]+): *(.*)", line).groups() for line in lines)

    @property
    def folded(self) -> bool:
        """Whether the directive's body is folded."""
        return "dropdown" in self.options.get("class", "").split()


def read(page: str) -> str:
    return (BOOK / page).read_text(encoding="utf-8")


def blocks(text: str, around: tuple[str, ...] = ()):
    """Yield each fenced block, in order, before those within it."""
    parser = MarkdownIt().use(colon_fence_plugin)
    for token in parser.parse(text):
        if token.type in ("fence", "colon_fence"):
            name, argument = re.match(r"\{?([\w:-]*)\}? *(.*)", token.info).groups()
            yield Block(name, argument, token.content, around)
            if token.info.startswith("{") and name != "code-cell":
                yield from blocks(token.content, (*around, name))


def headings(page: str) -> list[str]:
    """Return the headings of the second level."""
    tokens = MarkdownIt().parse(read(page))
    return [
        after.content
        for token, after in pairwise(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]


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
    cells = [block for block in blocks(read(page)) if block.name == "code-cell"]
    assert [block for block in cells if block.around] == []


@every_page
def test_images_have_alternative_text(page):
    text = read(page)
    for block in blocks(text):
        if block.name in ("image", "figure"):
            assert block.options.get("alt"), block.content
        if block.name == "code-cell" and "figure" in block.options.get("mystnb", {}):
            cell = block.options["mystnb"]
            alt, caption = cell.get("image", {}).get("alt"), cell["figure"].get("caption")
            assert alt, block.content
            assert caption, block.content
            assert " ".join(alt.split()) != " ".join(caption.split()), "said twice to a listener"
    assert re.findall(r"!\[\s*\]\(", text) == []


@every_chapter
def test_chapter_opens_with_a_question_and_says_what_it_is_for(page):
    opening = read(page).split("\n# ", 1)[1].split("\n\n")[1]
    assert re.fullmatch(r"\*[^*]+\?\*", opening), opening
    assert "In this chapter" in [
        block.argument for block in blocks(read(page)) if block.name == "admonition"
    ]


@every_chapter
def test_chapter_ends_with_summary_quiz_and_further_reading(page):
    assert {"Summary", "Quiz", "Further reading"} <= set(headings(page))
    _, _, quiz = read(page).partition("\n## Quiz\n")
    quiz = quiz.partition("\n## ")[0]
    assert sum(block.name == "quiz" for block in blocks(quiz)) >= QUESTIONS


@every_chapter
def test_prediction_returns_at_the_end(page):
    """A vote stands before the first section and again after it."""
    opening, _, rest = read(page).partition("\n## ")
    asked, answered = (
        {block.argument for block in blocks(text) if block.name == "vote"}
        for text in (opening, rest)
    )
    assert asked & answered


def test_vote_is_the_same_wherever_it_stands():
    """A vote is kept by the words of the answer."""
    ballots = {}
    for page in PAGES:
        for block in blocks(read(page)):
            if block.name == "vote":
                answers = re.sub(r":back:.*\n", "", block.content)
                assert ballots.setdefault(block.argument, answers) == answers, block.argument


@every_chapter
def test_chapter_has_an_explorer_with_alternative_text(page):
    explorers = [block for block in blocks(read(page)) if block.name == "explorer"]
    assert explorers
    assert all(block.options.get("alt") for block in explorers)


@every_chapter
def test_exercises_have_a_hint_and_a_folded_solution(page):
    """In this order; a solution ends before the next begins."""
    found = list(blocks(read(page)))
    exercises = [block.options.get("label") for block in found if block.name == "exercise"]
    assert len(exercises) >= EXERCISES
    assert [label for label, count in Counter(exercises).items() if count > 1 or not label] == []
    for label in exercises:
        (asked,) = (
            place
            for place, block in enumerate(found)
            if block.name == "exercise" and block.options["label"] == label
        )
        places = [
            place
            for place, block in enumerate(found)
            if block.name == "solution-start" and block.argument == label
        ]
        assert len(places) == 1, f"{label} needs one solution-start, and has {len(places)}"
        assert found[places[0]].folded, f"the solution of {label} is not folded"
        assert any(
            block.name == "admonition" and re.match("Hints?$", block.argument) and block.folded
            for block in found[asked : places[0]]
        ), f"{label} has no folded hint before its solution"
    markers = [block.name for block in found if block.name.startswith("solution-")]
    assert markers == ["solution-start", "solution-end"] * len(exercises)


def names(code: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell binds, and all that it reads."""
    bound, read_ = set(), set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (read_ if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return bound, read_


@every_notebook
def test_every_solution_can_be_skipped(page):
    """A cell reads names of the text before it and of its own solution, of no other solution."""
    text, solution, inside = set(dir(builtins)), set(), False
    for block in blocks(read(page)):
        if block.name.startswith("solution-"):
            solution, inside = set(), block.name == "solution-start"
        if block.name == "code-cell":
            code = re.sub(r"\A---\n.*?^---\n", "", block.content, flags=re.DOTALL | re.MULTILINE)
            bound, needed = names(code)
            assert needed - bound - text - solution == set(), code
            (solution if inside else text).update(bound)


@every_page
def test_page_names_no_place_on_a_machine(page):
    assert not MACHINE_PATH.search(read(page))


@every_notebook
def test_notebook_ran_alone(results, page):
    """From a fresh kernel and an empty folder, top to bottom, without complaints."""
    notebook = results.read_notebook(BOOK / page)
    executed = results.executed_cells(notebook, results.current_cache())
    if executed is None:
        pytest.fail(f"There are no results of {page}: run `make book` first.", pytrace=False)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, done in zip(cells, executed, strict=True):
        assert done.source == cell.source
        for output in done.outputs:
            assert output.output_type != "error", output.evalue
            assert output.get("name") != "stderr", output.text
            if any(kind.startswith("image/") for kind in output.get("data", {})):
                image = cell.metadata.get("mystnb", {}).get("image", {})
                assert image.get("alt"), f"a figure without alternative text:\n{cell.source}"


def test_references_can_be_found():
    traces = {"doi", "url", "isbn"}
    entries = parse_file(BOOK / "references.bib").entries
    assert [key for key in entries if not traces & set(entries[key].fields)] == []
