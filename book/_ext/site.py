"""What the book's site needs beyond ``_config.yml``.

Everything that depends on the machine or on the repository, and each amendment to the theme's
pages, once, with its reason.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from myst_nb.sphinx_ import NbMetadataCollector
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle

ROOT = Path(__file__).resolve().parents[2]
PUBLIC_REPOSITORY = re.compile(r"https://(github\.com|gitlab\.com)/[\w.-]+/[\w.-]+?(\.git)?/?")

INDEX = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={first}">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p><a href="{first}">Open the book</a></p>
</main>
</body>
</html>
"""


def repository_url() -> str | None:
    """Return the repository's public https address, or None where there is none.

    The environment variable ``REPOSITORY_URL`` is asked first, then the git remote ``origin``.
    """
    url = os.environ.get("REPOSITORY_URL")
    if not url:
        try:
            answer = subprocess.run(
                ["git", "remote", "get-url", "origin"], cwd=ROOT, capture_output=True, text=True
            )
        except OSError:  # there is no git
            return None
        url = answer.stdout.strip()
    if not PUBLIC_REPOSITORY.fullmatch(url):
        return None
    return url.rstrip("/").removesuffix(".git")


def add_repository_links(app, config):
    """Offer Binder, the source and the issues where the repository is public, else nothing."""
    url = repository_url()
    if url is None:
        return
    config.html_theme_options.update(
        repository_url=url,
        repository_branch="main",
        use_repository_button=True,
        use_issues_button=True,
        launch_buttons={
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    )


def amend_body(app, pagename, templatename, context, doctree):
    """Amend the body of a page."""
    if "body" in context:
        # docutils marks a list of citations as role="list", but its items are not listitems, which
        # is worse for a screen reader than no role.
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


class AuthorYearLabels(BaseLabelStyle):
    """Labels of the bibliography as the text cites: authors, year, and a letter where needed."""

    def format_labels(self, sorted_entries):
        """Yield a label for each entry."""
        labels = [self.label(entry) for entry in sorted_entries]
        for position, label in enumerate(labels):
            twins = labels.count(label) > 1
            yield label + (chr(ord("a") + labels[:position].count(label)) if twins else "")

    @staticmethod
    def label(entry):
        """Return authors and year."""
        names = [
            " ".join([*person.prelast_names, *person.last_names])
            for person in entry.persons["author"]
        ]
        short = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        return f"{short}, {entry.fields['year']}"


class AuthorYearStyle(Style):
    """The plain style with these labels."""

    default_label_style = AuthorYearLabels
    default_sorting_style = "author_year_title"


def drop_widgets(app, doctree):
    """Leave the state of widgets out of the pages: without a kernel they are dead."""
    NbMetadataCollector.get_js_files(app.env, app.env.docname).pop("ipywidgets_state", None)


def write_index(app, exception):
    """Write the index.html that leads to the first page, as a page with a title and a language."""
    if exception is None and app.builder.format == "html":
        first = app.builder.get_target_uri(app.config.root_doc)
        page = INDEX.format(first=first, title=app.config.html_title)
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app):
    """Register the amendments."""
    register_plugin("pybtex.style.formatting", "author_year", AuthorYearStyle)
    app.connect("config-inited", add_repository_links)
    app.connect("doctree-read", drop_widgets)
    app.connect("html-page-context", amend_body)
    app.connect("build-finished", write_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
