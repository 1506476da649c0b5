"""The book's quizzes: questions that tell at once what is wrong with an answer.

``{quiz}`` puts one question on the page.  Its body is a list of answers, marked ``[x]`` if they are
right and ``[ ]`` if they are wrong, each with its feedback after ``||``.  Nothing is kept.
"""

from __future__ import annotations

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from .explorers import STATIC, serial

RIGHT, WRONG = "[x] ", "[ ] "
SEPARATOR = "||"


class quiz(nodes.General, nodes.Element):  # noqa: N801 (Sphinx names its visitors after the node)
    """A question, its choices and its key; ``several`` if more than one answer is right."""


class quiz_question(nodes.General, nodes.TextElement):  # noqa: N801
    """The question."""


class quiz_choices(nodes.General, nodes.Element):  # noqa: N801
    """The answers to choose from."""


class quiz_answer(nodes.General, nodes.TextElement):  # noqa: N801
    """One answer: its ``letter``."""


class quiz_key(nodes.General, nodes.Element):  # noqa: N801
    """What is said to each answer."""


class quiz_feedback(nodes.General, nodes.TextElement):  # noqa: N801
    """What is said to one answer: its ``letter``, whether it is ``right``, and why."""


class QuizDirective(SphinxDirective):
    """``{quiz}`` with ``:question:`` (required) and a list of answers as its body."""

    has_content = True
    option_spec: ClassVar = {"question": directives.unchanged_required}

    def run(self):
        """Return the question with its answers."""
        if not self.options.get("question"):
            raise self.error("A quiz needs a :question:.")
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        if len(body) != 1 or not isinstance(body[0], nodes.bullet_list) or len(body[0]) < 2:
            raise self.error("A quiz's body is one list of at least two answers.")
        choices, key = quiz_choices(), quiz_key()
        for letter, item in zip("abcdefghijklmnopqrstuvwxyz", body[0], strict=False):
            right, answer, feedback = self.parts(letter, item)
            choices += quiz_answer("", "", *answer, letter=letter)
            key += quiz_feedback("", "", *feedback, letter=letter, right=right)
        count = sum(feedback["right"] for feedback in key)
        if count == 0:
            raise self.error(f"One answer of a quiz at least must be right: mark it {RIGHT!r}.")
        text, messages = self.state.inline_text(self.options["question"], self.lineno)
        node = quiz("", quiz_question("", "", *text, *messages), choices, key, several=count > 1)
        self.set_source_info(node)
        return [node]

    def parts(self, letter, item):
        """Return whether an answer is right, its words, and what is said to it."""
        if len(item) != 1 or not isinstance(item[0], nodes.paragraph):
            raise self.error(f"Answer {letter} of a quiz must be one paragraph.")
        children = list(item[0].children)
        mark = children[0].astext()[: len(RIGHT)] if isinstance(children[0], nodes.Text) else ""
        if mark not in (RIGHT, WRONG):
            raise self.error(
                f"Answer {letter} of a quiz must begin with {RIGHT!r} or {WRONG!r}, "
                f"not with {item.astext()[: len(RIGHT)]!r}."
            )
        children[0] = nodes.Text(children[0].astext()[len(RIGHT) :])
        # Only in plain text: within a formula || is a norm.
        places = [
            place
            for place, child in enumerate(children)
            if isinstance(child, nodes.Text) and SEPARATOR in child
        ]
        if len(places) != 1 or children[places[0]].count(SEPARATOR) != 1:
            raise self.error(f"Answer {letter} of a quiz needs its feedback after one {SEPARATOR}.")
        before, _, after = children[places[0]].partition(SEPARATOR)
        answer = [*children[: places[0]], nodes.Text(before.rstrip())]
        feedback = [nodes.Text(after.lstrip()), *children[places[0] + 1 :]]
        for name, part in (("words", answer), ("feedback", feedback)):
            if not any(child.astext().strip() for child in part):
                raise self.error(f"Answer {letter} of a quiz has no {name}.")
        return mark == RIGHT, answer, feedback


class WithoutForms(SphinxPostTransform):
    """Builders that make no web page get the question, a list of answers and a list of reasons."""

    default_priority = 200

    def run(self, **kwargs):
        """Replace the nodes."""
        if self.app.builder.format == "html":
            return
        for node in list(self.document.findall(quiz)):
            question, choices, key = node.children
            answers, reasons = (
                nodes.enumerated_list(enumtype="loweralpha", prefix="", suffix=".")
                for _ in range(2)
            )
            for answer in choices:
                answers += nodes.list_item("", nodes.paragraph("", "", *answer.children))
            for said in key:
                words = [nodes.strong("", f"{verdict(said)}."), nodes.Text(" "), *said.children]
                reasons += nodes.list_item("", nodes.paragraph("", "", *words))
            asked = nodes.paragraph("", "", *question.children)
            node.replace_self([asked, answers, nodes.paragraph("", "Answers:"), reasons])


def verdict(feedback):
    """Return in words whether an answer is right."""
    return "Right" if feedback["right"] else "Wrong"


def visit_quiz(self, node):
    """Open the form; browsers that restore forms are asked not to."""
    node["group"] = serial(self, "quiz")
    described = f' aria-describedby="{node["group"]}-several"' if node["several"] else ""
    self.body.append(
        self.starttag(node, "form", CLASS="quiz", autocomplete="off") + f"<fieldset{described}>\n"
    )


def depart_quiz(self, node):
    """Close the form."""
    self.body.append("</form>\n")


def visit_quiz_question(self, node):
    """Open the question."""
    self.body.append('<legend class="quiz-question">')


def depart_quiz_question(self, node):
    """Close the question."""
    self.body.append("</legend>\n")


def visit_quiz_choices(self, node):
    """Say how many answers may be chosen, where it is not one."""
    if node.parent["several"]:
        self.body.append(
            f'<p class="quiz-several" id="{node.parent["group"]}-several">'
            "Choose every answer that is right.</p>\n"
        )


def depart_quiz_choices(self, node):
    """Write the button, which needs the script, and the place of the feedback."""
    self.body.append(
        '<p class="quiz-check"><button type="submit" disabled hidden>Check</button></p>\n'
        '<div class="quiz-said" role="status"></div>\n</fieldset>\n'
    )


def visit_quiz_answer(self, node):
    """Open an answer."""
    question = node.parent.parent
    kind = "checkbox" if question["several"] else "radio"
    self.body.append(
        f'<label class="quiz-answer"><input type="{kind}" name="{question["group"]}" '
        f'value="{node["letter"]}"/> <span class="quiz-letter">{node["letter"]}.</span> '
        "<span>"
    )


def depart_quiz_answer(self, node):
    """Close an answer."""
    self.body.append("</span></label>\n")


def visit_quiz_key(self, node):
    """Open the reasons, folded."""
    self.body.append('<details class="quiz-key"><summary>Answers</summary>\n<ul>\n')


def depart_quiz_key(self, node):
    """Close the reasons."""
    self.body.append("</ul>\n</details>\n")


def visit_quiz_feedback(self, node):
    """Open what is said to an answer."""
    word = verdict(node)
    self.body.append(
        f'<li class="{word.lower()}"><span class="quiz-letter">{node["letter"]}.</span> '
        f"<strong>{word}.</strong> "
    )


def depart_quiz_feedback(self, node):
    """Close what is said to an answer."""
    self.body.append("</li>\n")


def load_script(app, pagename, templatename, context, doctree):
    """Load the script on pages with a quiz; the extension of the explorers has copied it."""
    if doctree is not None and any(True for _ in doctree.findall(quiz)):
        app.add_js_file(f"{STATIC}/quiz.js", loading_method="defer")
        app.add_css_file(f"{STATIC}/explorers.css")


def setup(app):
    """Register directive, nodes and script."""
    app.setup_extension("_ext.explorers")
    app.add_directive("quiz", QuizDirective)
    app.add_node(quiz, html=(visit_quiz, depart_quiz))
    app.add_node(quiz_question, html=(visit_quiz_question, depart_quiz_question))
    app.add_node(quiz_choices, html=(visit_quiz_choices, depart_quiz_choices))
    app.add_node(quiz_answer, html=(visit_quiz_answer, depart_quiz_answer))
    app.add_node(quiz_key, html=(visit_quiz_key, depart_quiz_key))
    app.add_node(quiz_feedback, html=(visit_quiz_feedback, depart_quiz_feedback))
    app.add_post_transform(WithoutForms)
    app.connect("html-page-context", load_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
