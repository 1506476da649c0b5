"""The book's explorers and votes: figures that answer in the reader's browser.

``{explorer} name`` puts the figure drawn by ``book/explorers/name.js`` on the page, ``{vote} id``
a question on which the reader votes.  A page loads only the scripts that it uses.  They are
classic scripts, in order, because browsers refuse modules in a page opened from disk.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

SOURCE = Path(__file__).resolve().parents[1] / "explorers"
SHARED = ("state.js", "controls.js", "drawing.js")
STATIC = "explorers"
# Explorers that use the physics of others beside their own.
BORROWED = {
    "weak-coupling": ("three-dots",),
    "two-films": ("three-dots",),
    "photon-jumps": ("light-rates",),
    "one-way-street": ("light-rates",),
    "entropy-ledger": ("light-rates",),
    "closed-loop": ("light-rates",),
    "printed-or-completed": ("light-rates",),
}


class explorer(nodes.figure):  # noqa: N801 (Sphinx names its visitors after the node)
    """An interactive figure: attribute ``explorer`` (its name); a stage, then a caption."""


class explorer_stage(nodes.General, nodes.Element):  # noqa: N801
    """What the script draws on, as an image is in another figure: ``explorer`` and ``alt``."""


class vote(nodes.General, nodes.Element):  # noqa: N801
    """A question: attribute ``vote`` (its id), then question, answers, perhaps a link."""


class vote_question(nodes.General, nodes.TextElement):  # noqa: N801
    """The question of a vote."""


class vote_answer(nodes.General, nodes.TextElement):  # noqa: N801
    """One answer of a vote."""


class vote_back(nodes.General, nodes.TextElement):  # noqa: N801
    """Where a vote's question is answered."""


class ExplorerDirective(SphinxDirective):
    """``{explorer} name`` with ``:alt:`` (required), ``:name:`` and a caption as its body."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"alt": directives.unchanged_required, "name": directives.unchanged}

    def run(self):
        """Return the figure."""
        name = self.arguments[0].strip()
        for script in scripts_of(name):
            if not (SOURCE / script).is_file():
                raise self.error(f"There is no explorer {name!r}: {SOURCE / script} is missing.")
        if not self.options.get("alt"):
            raise self.error("An explorer needs :alt:, for readers who cannot see it.")
        alt = " ".join(self.options["alt"].split())
        figure = explorer("", explorer_stage(explorer=name, alt=alt), explorer=name)
        self.set_source_info(figure)
        self.add_name(figure)
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        if body.children:
            first, *rest = body.children
            if not isinstance(first, nodes.paragraph):
                raise self.error("An explorer's caption must begin with a paragraph.")
            caption = nodes.caption(first.rawsource, "", *first.children)
            caption.source, caption.line = first.source, first.line
            figure += caption
            if rest:
                figure += nodes.legend("", *rest)
        return [figure]


class VoteDirective(SphinxDirective):
    """``{vote} id`` with ``:question:`` (required), ``:back:`` and a list of answers as its body.

    The vote is kept under its id, so it appears wherever the same id is used.  ``:back:`` is the
    page where the question is answered.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "question": directives.unchanged_required,
        "back": directives.unchanged_required,
    }

    def run(self):
        """Return the question with its answers."""
        if not self.options.get("question"):
            raise self.error("A vote needs a :question:.")
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        if len(body) != 1 or not isinstance(body[0], nodes.bullet_list) or len(body[0]) < 2:
            raise self.error("A vote's body is one list of at least two answers.")
        ballot = vote(vote=self.arguments[0].strip())
        self.set_source_info(ballot)
        ballot += self.inline(vote_question, self.options["question"])
        for item in body[0]:
            if len(item) != 1 or not isinstance(item[0], nodes.paragraph):
                raise self.error("An answer of a vote is one paragraph.")
            ballot += vote_answer("", "", *item[0].children)
        if "back" in self.options:
            where = addnodes.pending_xref(
                "",
                nodes.inline(),
                refdomain="std",
                reftype="doc",
                reftarget=self.options["back"],
                refdoc=self.env.docname,
                refexplicit=False,
                refwarn=True,
            )
            self.set_source_info(where)
            ballot += vote_back(
                "", "", nodes.Text("The book answers it in "), where, nodes.Text(".")
            )
        return [ballot]

    def inline(self, kind, text):
        """Return a node of this kind with the text parsed."""
        children, messages = self.state.inline_text(text, self.lineno)
        return kind("", "", *children, *messages)


class WithoutScripts(SphinxPostTransform):
    """Builders that make no web page get an explorer's caption and a vote's list."""

    default_priority = 200

    def run(self, **kwargs):
        """Replace the nodes."""
        if self.app.builder.format == "html":
            return
        for node in list(self.document.findall(explorer)):
            text = nodes.container(ids=node["ids"], names=node["names"])
            for part in node.children[1:]:
                is_caption = isinstance(part, nodes.caption)
                text += nodes.paragraph("", "", *part.children) if is_caption else part.children
            node.replace_self(text)
        for node in list(self.document.findall(vote)):
            answers = nodes.bullet_list()
            paragraphs = []
            for part in node.children:
                paragraph = nodes.paragraph("", "", *part.children)
                if isinstance(part, vote_answer):
                    answers += nodes.list_item("", paragraph)
                else:
                    paragraphs.append(paragraph)
            node.replace_self([paragraphs[0], answers, *paragraphs[1:]])


def scripts_of(name):
    """Return the scripts of an explorer alone, in the order in which they load."""
    physics = (*BORROWED.get(name, ()), name)
    return (*(f"physics/{part}.js" for part in physics), f"{name}.js")


def serial(translator, prefix):
    """Return an id that nothing else on the page has."""
    count = getattr(translator, "explorer_serial", 0) + 1
    translator.explorer_serial = count
    return f"{prefix}-{count}"


def visit_explorer(self, node):
    """Open the figure."""
    self.body.append(
        self.starttag(node, "figure", CLASS="explorer", **{"data-explorer": node["explorer"]})
    )


def depart_explorer(self, node):
    """Close the figure, and its caption as Sphinx does."""
    self.depart_figure(node)


def visit_stage(self, node):
    """Write an empty stage for the script, and words for readers without it."""
    alt = self.encode(node["alt"])
    described = serial(self, f"explorer-{node['explorer']}")
    self.body.append(
        f'<p class="explorer-alt" id="{described}">{alt}</p>\n'
        '<div class="explorer-stage" role="group" aria-label="Interactive figure" '
        f'aria-describedby="{described}"></div>\n'
        '<noscript><p class="explorer-message">This figure answers to its controls once '
        f"JavaScript is on. It shows: {alt}</p></noscript>\n"
    )
    raise nodes.SkipNode


def visit_vote(self, node):
    """Open the form."""
    node["group"] = serial(self, f"vote-{node['vote']}")
    self.body.append(
        self.starttag(node, "form", CLASS="vote", **{"data-vote": node["vote"]}) + "<fieldset>\n"
    )


def depart_vote(self, node):
    """Close the form, with the button and the line that says what happened."""
    self.body.append(
        '<p class="vote-kept"><span role="status"></span> '
        '<button type="button" hidden>Withdraw my vote</button></p>\n'
        "</fieldset></form>\n"
    )


def visit_vote_question(self, node):
    """Open the question."""
    self.body.append('<legend class="vote-question">')


def depart_vote_question(self, node):
    """Close the question."""
    self.body.append("</legend>\n")


def visit_vote_answer(self, node):
    """Open an answer; its words are what is kept, so answers may change their order."""
    group, value = node.parent["group"], self.attval(node.astext())
    self.body.append(
        f'<label class="vote-answer"><input type="radio" name="{group}" value="{value}"/> <span>'
    )


def depart_vote_answer(self, node):
    """Close an answer."""
    self.body.append("</span></label>\n")


def visit_vote_back(self, node):
    """Open the link to the answer."""
    self.body.append('<p class="vote-back">')


def depart_vote_back(self, node):
    """Close the link to the answer."""
    self.body.append("</p>\n")


def copy_scripts(app):
    """Put scripts and style where pages look for them, before pages ask for their checksums."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / STATIC
    for path in SOURCE.rglob("*"):
        if path.suffix in {".js", ".css"}:
            copy = target / path.relative_to(SOURCE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def load_scripts(app, pagename, templatename, context, doctree):
    """Load on a page what its explorers and votes need, and nothing on other pages."""
    if doctree is None:
        return
    names = list(dict.fromkeys(node["explorer"] for node in doctree.findall(explorer)))
    votes = any(True for _ in doctree.findall(vote))
    own = dict.fromkeys(script for name in names for script in scripts_of(name))
    scripts = [*SHARED, *own] if own else []
    if votes:
        scripts.append("vote.js")
    for script in scripts:
        app.add_js_file(f"{STATIC}/{script}", loading_method="defer")
    if scripts:
        app.add_css_file(f"{STATIC}/explorers.css")


def setup(app):
    """Register directives, nodes and scripts."""
    app.add_directive("explorer", ExplorerDirective)
    app.add_directive("vote", VoteDirective)
    app.add_enumerable_node(explorer, "figure", html=(visit_explorer, depart_explorer))
    app.add_node(explorer_stage, html=(visit_stage, None))
    app.add_node(vote, html=(visit_vote, depart_vote))
    app.add_node(vote_question, html=(visit_vote_question, depart_vote_question))
    app.add_node(vote_answer, html=(visit_vote_answer, depart_vote_answer))
    app.add_node(vote_back, html=(visit_vote_back, depart_vote_back))
    app.add_post_transform(WithoutScripts)
    app.connect("builder-inited", copy_scripts)
    app.connect("html-page-context", load_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
