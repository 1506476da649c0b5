"""The extensions of the build: what they do where a built page would not show it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

NOTEBOOK = """---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  name: python3
---

```{code-cell} python
1 / 0
```
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://github.com/someone/book.git", "https://github.com/someone/book"),
        ("https://gitlab.com/someone/book/", "https://gitlab.com/someone/book"),
        ("https://name:secret@github.com/someone/book", None),
        ("git@github.com:someone/book.git", None),
        ("https://intranet.example/someone/book", None),
        ("/srv/book.git", None),
    ],
)
def test_only_a_public_repository_is_linked(amendments, monkeypatch, address, expected):
    monkeypatch.setenv("REPOSITORY_URL", address)
    assert amendments.repository_url() == expected


def test_execution_cache_follows_the_library(results, monkeypatch, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    hashes = set()
    for text in ("a = 1", "a = 2"):
        (tmp_path / "lib" / "module.py").write_text(text)
        hashes |= {results.library_hash()}
    (tmp_path / "requirements.txt").write_text("numpy")
    hashes |= {results.library_hash()}
    assert len(hashes) == 3


def test_failing_cell_stops_the_build_and_is_shown(results, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(NOTEBOOK, encoding="utf-8")
    config = SimpleNamespace(execution_cache_path=tmp_path / "cache", execution_timeout=60)
    env = SimpleNamespace(doc2path=str, mystnb_config=config)
    with pytest.raises(SystemExit, match=r"page\.md: a cell fails\.\n(.*\n)*1 / 0\n(.*\n)*.*Zero"):
        results.execute_notebooks(None, env, [page])
    cache = results.get_cache(config.execution_cache_path)
    assert results.executed_cells(results.read_notebook(page), cache) is None
