"""The notebooks are executed before the pages are read, all at once, and their results are kept.

myst-nb would execute one after the other as it reads them; so it finds their results.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
CACHES = ROOT / "_build" / "jupyter_cache"


def library_hash() -> str:
    """Return one hash of the library's files and of the versions that it runs with."""
    digest = hashlib.sha256(sys.version.encode())
    for path in [*sorted((ROOT / "lib").rglob("*.py")), ROOT / "requirements.txt"]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def current_cache():
    """Return the folder of results, which is this library's own.

    jupyter-cache looks at a notebook's cells alone, so a changed library would leave old figures.
    """
    return get_cache(CACHES / library_hash())


def set_execution_cache(app, config):
    """Let myst-nb look for results where they are, and forget those of other libraries."""
    current = current_cache().path
    for old in CACHES.glob("*"):
        if old != current:
            shutil.rmtree(old)
    config.nb_execution_cache_path = str(current)


def read_notebook(path):
    """Return the notebook in a page's source, as myst-nb reads it; None where there is none."""
    text = Path(path).read_text(encoding="utf-8")
    return read_myst_markdown_notebook(text) if is_myst_markdown_notebook(text) else None


def executed_cells(notebook, cache):
    """Return the notebook's code cells with their outputs; None where it has not been executed."""
    _, name = cache.create_hashed_notebook(notebook)
    results = cache.path / "executed" / name / "base.ipynb"
    return nbformat.read(results, as_version=4).cells if results.exists() else None


async def execute(path, notebook, cache, timeout, turns):
    """Execute a notebook in a fresh kernel and an empty folder, and keep its results."""
    async with turns:
        start = time.perf_counter()
        with TemporaryDirectory() as folder:
            client = NotebookClient(
                notebook,
                timeout=timeout,
                record_timing=False,  # the cache knows cells by their metadata too
                resources={"metadata": {"path": folder}},
                # Each kernel warns that it talks without encryption, which it does to us alone.
                extra_arguments=["--log-level=ERROR"],
            )
            # Several kernels share the cores, so each computes on one.
            await client.async_execute(env={"OMP_NUM_THREADS": "1", **os.environ})
    data = {"execution_seconds": time.perf_counter() - start}
    cache.cache_notebook_bundle(
        CacheBundleIn(notebook, str(path), data=data), check_validity=False, overwrite=True
    )


def execute_notebooks(app, env, docnames):
    """Execute the notebooks among these pages that have no results yet, on all cores."""
    cache = get_cache(env.mystnb_config.execution_cache_path)
    notebooks = {path: read_notebook(path) for path in map(env.doc2path, docnames)}
    new = {
        path: notebook
        for path, notebook in notebooks.items()
        if notebook is not None and executed_cells(notebook, cache) is None
    }

    async def execute_all():
        turns, timeout = asyncio.Semaphore(os.cpu_count()), env.mystnb_config.execution_timeout
        runs = [execute(path, notebook, cache, timeout, turns) for path, notebook in new.items()]
        return await asyncio.gather(*runs, return_exceptions=True)

    ended = zip(new, asyncio.run(execute_all()), strict=True)
    failures = [f"{path}: a cell fails.\n{error}" for path, error in ended if error is not None]
    if failures:
        raise SystemExit("\n".join(failures))


def setup(app):
    """Register what is done before the pages are read."""
    app.connect("config-inited", set_execution_cache)
    app.connect("env-before-read-docs", execute_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
