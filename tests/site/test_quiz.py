"""The quizzes: what the directive takes, and how a reader answers by mouse, keyboard and ear."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
WITH_QUIZ = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.glob("book/**/*.html")
    if 'class="quiz"' in path.read_text(encoding="utf-8")
)

CONFIGURATION = """\
extensions = ["myst_parser", "_ext.quiz", "sphinx-mathjax-offline"]
myst_enable_extensions = ["dollarmath"]
html_theme = "basic"
mathjax3_config = {"options": {"menuOptions": {"settings": {"inTabOrder": False}}}}
"""

PAGE = r"""# A page

## Quiz

```{quiz}
:question: One door between rooms, and $p_1 = *p_2*$: is a *stationary* state balanced?
- [x] Yes, $\|K\| = 0$ || What goes out must come back: $||a|| = \|b\|$.
- [ ] Not *necessarily*: a `net` flow is possible. || It would fill
  one room, see [the glossary](#glossary).
- [ ] $K > 0$ || **Never** with one door.
```

```{quiz}
:question: Which numbers are even?
- [x] Two. || Twice one.
- [ ] Three. || Once more than two.
- [x] Four. || Twice two.
```

(glossary)=
### A heading of the third level

Words.
"""

NO_LIST = "A quiz's body is one list of at least two answers."
NO_MARK = "must begin with '[x] ' or '[ ] ', not with"
NO_FEEDBACK = "needs its feedback after one ||."
MALFORMED = [
    ("- [x] a || b\n- [ ] c || d", "A quiz needs a :question:."),
    (":question: Q\n- [x] a || b", NO_LIST),
    (":question: Q\n- [x] a || b\n- [ ] c || d\n\nMore words.", NO_LIST),
    (":question: Q\n- [x] a || b\n- c || d", f"Answer b of a quiz {NO_MARK} 'c ||'."),
    (":question: Q\n- [X] a || b\n- [ ] c || d", f"Answer a of a quiz {NO_MARK} '[X] '."),
    (":question: Q\n- [x] a || b\n- [ ] c $||d||$", f"Answer b of a quiz {NO_FEEDBACK}"),
    (":question: Q\n- [x] a || b || c\n- [ ] d || e", f"Answer a of a quiz {NO_FEEDBACK}"),
    (":question: Q\n- [x] a || b\n- [ ] c ||", "Answer b of a quiz has no feedback."),
    (":question: Q\n- [x] a || b\n- [ ] || c", "Answer b of a quiz has no words."),
    (
        ":question: Q\n- [x] a || b\n\n  more\n- [ ] c || d",
        "Answer a of a quiz must be one paragraph.",
    ),
    (
        ":question: Q\n- [ ] a || b\n- [ ] c || d",
        "One answer of a quiz at least must be right: mark it '[x] '.",
    ),
]


def build(folder: Path, builder: str, source: str) -> tuple[Path, str]:
    """Build a page with the quiz extension; return the folder of the result and the complaints."""
    folder.mkdir(exist_ok=True)
    (folder / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "index.md").write_text(source, encoding="utf-8")
    result = folder / builder
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-b", builder, str(folder), str(result)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "book"), "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return result, done.stderr


@pytest.fixture(scope="module")
def small_page(tmp_path_factory) -> Path:
    """A page with two questions, one with one right answer and one with two."""
    result, complaints = build(tmp_path_factory.mktemp("quiz"), "html", PAGE)
    assert complaints == ""
    return result / "index.html"


@pytest.fixture
def tab(browser, small_page):
    """The small page, opened from disk."""
    tab = browser.new_page()
    tab.goto(small_page.as_uri())
    yield tab
    tab.close()


def first(tab):
    return tab.locator("form.quiz").nth(0)


def second(tab):
    return tab.locator("form.quiz").nth(1)


def check(form) -> str:
    """Press Check and return what is said."""
    form.get_by_role("button", name="Check").click()
    form.locator("[role=status] p").first.wait_for()
    return form.get_by_role("status").inner_text()


# ---- The directive ----


def test_malformed_quiz_is_an_error_with_its_line(tmp_path):
    source, expected = "# A page\n\n", []
    for body, message in MALFORMED:
        expected.append((source.count("\n") + 1, message))
        source += f"```{{quiz}}\n{body}\n```\n\n"
    _, complaints = build(tmp_path, "html", source)
    found = re.findall(r"index\.md:(\d+): ERROR: (.*)", complaints)
    assert [(int(line), message) for line, message in found] == expected


@pytest.mark.parametrize("builder", ["text", "latex"])
def test_other_builders_get_question_answers_and_reasons(tmp_path, builder):
    result, complaints = build(tmp_path, builder, PAGE)
    assert complaints == ""
    (file,) = [*result.glob("*.txt"), *result.glob("*.tex")]
    text = " ".join(file.read_text(encoding="utf-8").split())
    words = [
        "Which numbers are even?",
        "Two.",
        "Three.",
        "Four.",
        "Right.",
        "Twice one.",
        "Wrong.",
        "Once more than two.",
        "Twice two.",
    ]
    position = text.index(words[0])
    for word in words:
        position = text.index(word, position)


def test_quiz_leaves_headings_and_ids_alone(small_page):
    tree = BeautifulSoup(small_page.read_text(encoding="utf-8"), "html.parser")
    headings = [tag.name for tag in tree.select("section > :is(h1, h2, h3, h4)")]
    assert headings == ["h1", "h2", "h3"]
    ids = [tag["id"] for tag in tree.find_all(id=True)]
    assert len(ids) == len(set(ids))
    names = {tag["name"] for tag in tree.select("form.quiz input")}
    assert len(names) == 2


# ---- The page ----


def test_question_names_the_group_and_answers_name_the_buttons(tab):
    one = tab.get_by_role("group", name=re.compile(r"^One door .* stationary state balanced\?$"))
    assert one.get_by_role("radio").count() == 3
    assert one.get_by_role("radio", name="b. Not necessarily: a net flow is possible.").count() == 1
    two = tab.get_by_role("group", name="Which numbers are even?")
    assert two.get_by_role("checkbox").count() == 3
    assert tab.locator(f"#{two.get_attribute('aria-describedby')}").inner_text() == (
        "Choose every answer that is right."
    )


def test_right_and_wrong_are_told_in_words(tab):
    form = first(tab)
    form.get_by_text("Not necessarily").click()
    assert check(form).startswith("b. Wrong. It would fill one room, see the glossary")
    form.get_by_text("Yes").click()
    assert form.get_by_role("status").inner_text() == ""
    assert check(form).startswith("a. Right. What goes out must come back")


def test_several_right_answers(tab):
    form = second(tab)
    assert check(form) == "Choose an answer first."
    form.get_by_role("checkbox", name="Two").check()
    assert check(form).split("\n\n") == [
        "a. Right. Twice one.",
        "Another answer is right as well.",
    ]
    form.get_by_role("checkbox", name="Three").check()
    assert check(form).split("\n\n") == ["a. Right. Twice one.", "b. Wrong. Once more than two."]
    form.get_by_role("checkbox", name="Three").uncheck()
    form.get_by_role("checkbox", name="Four").check()
    assert check(form).split("\n\n") == ["a. Right. Twice one.", "c. Right. Twice two."]


def test_quiz_is_answered_by_keyboard(tab):
    form = first(tab)
    form.get_by_role("radio").first.focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "Tab"):
        tab.keyboard.press(key)
    assert form.get_by_role("radio").nth(2).is_checked()
    assert tab.evaluate("document.activeElement.textContent") == "Check"
    address = tab.url
    tab.keyboard.press("Enter")
    form.get_by_text("Never with one door.").first.wait_for()
    assert form.get_by_role("status").inner_text().startswith("c. Wrong. Never with one door.")
    assert tab.evaluate("document.activeElement.textContent") == "Check"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert form.locator("details").get_attribute("open") is not None
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    tab.keyboard.press("Enter")  # in a form, Enter does what its button does
    second(tab).get_by_text("Another answer is right as well.").wait_for()
    assert tab.url == address


def test_formulas_are_drawn_in_question_answers_and_feedback(tab):
    tab.evaluate("MathJax.startup.promise.then(() => true)")
    form = first(tab)
    assert form.locator("legend mjx-container").count() == 1
    assert form.locator(".quiz-answer mjx-container").count() == 2
    form.get_by_role("radio").first.check()
    check(form)
    assert form.locator("[role=status] mjx-container").count() == 1
    assert "\\(" not in form.inner_text()


def test_nothing_is_kept_and_nothing_is_asked(tab):
    form = first(tab)
    requests = []
    tab.on("request", lambda request: requests.append(request.url))
    form.get_by_role("radio").first.check()
    check(form)
    assert [url for url in requests if "/_static/mathjax/output/chtml/fonts/" not in url] == []
    assert tab.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    tab.reload()
    assert tab.locator("form.quiz input:checked").count() == 0
    assert tab.locator("form.quiz [role=status]").all_inner_texts() == ["", ""]


def test_quiz_is_read_without_scripts(browser, small_page):
    tab = browser.new_page(java_script_enabled=False)
    tab.goto(small_page.as_uri())
    form = second(tab)
    assert form.get_by_text("Which numbers are even?").is_visible()
    assert form.get_by_role("checkbox").nth(2).is_visible()
    assert not form.locator("button").is_visible()
    assert not form.get_by_text("Twice two.").is_visible()
    form.get_by_role("checkbox").first.press("Enter")
    form.get_by_text("Answers").click()
    answers = form.locator("details li").all_inner_texts()
    assert answers == [
        "a. Right. Twice one.",
        "b. Wrong. Once more than two.",
        "c. Right. Twice two.",
    ]
    assert tab.url == small_page.as_uri()
    tab.close()


# ---- The book's quizzes ----


@pytest.mark.parametrize("page", WITH_QUIZ)
def test_answered_quiz_is_accessible_on_a_narrow_screen(browser, server, page):
    """The other tests see the quizzes of every page before they are answered."""
    tab = browser.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    tab.goto(f"{server}/{page}")
    tab.evaluate("MathJax.startup.promise.then(() => true)")
    # The forms alone: the rest of the page has been looked at.
    tab.evaluate(
        """() => {
          const forms = document.querySelectorAll("form.quiz");
          document.querySelector("article").replaceChildren(...forms);
        }"""
    )
    for form in tab.locator("form.quiz").all():
        key = form.locator(".quiz-key li").all_inner_texts()
        for choice, expected in zip(form.locator("input").all(), key, strict=True):
            choice.check()
            said = check(form)
            assert re.match(r"[a-z]\. (Right|Wrong)\. ", said)
            assert " ".join(expected.split()) in " ".join(said.split())
            assert form.evaluate("form => form.scrollWidth - form.clientWidth") <= 0
            if choice.get_attribute("type") == "checkbox":
                choice.uncheck()
        choice.check()
        check(form)
        form.locator("summary").click()
        for target in form.locator(":is(button, label, summary)").all():
            assert target.bounding_box()["height"] >= 44
    for mode in ("light", "dark"):
        tab.emulate_media(color_scheme=mode)
        tab.locator(f"html[data-theme={mode}]").wait_for()
        found = Axe().run(tab, context="form.quiz").response["violations"]
        assert [(violation["id"], violation["nodes"]) for violation in found] == []
    tab.close()
