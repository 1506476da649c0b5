"""The built site and a real browser to open it in."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With pytest-xdist, what is asked about one view goes to the worker that has opened it."""
    from xdist.scheduler import LoadScopeScheduling

    class ByView(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            view = re.search(r"\[(.+-\d+)-(light|dark)\]$", nodeid)
            return view[1] if view else nodeid

    return ByView(config, log)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without writing a line for each."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def site() -> Path:
    """Root of the built HTML."""
    root = ROOT / "_build" / "html"
    if not (root / "index.html").exists():
        pytest.fail(f"There is no built site in {root}: run `make book` first.", pytrace=False)
    return root


@pytest.fixture(scope="session")
def server(site):
    """Address of a local server of the built site, without a slash at its end."""
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture(scope="session")
def browser():
    """A Chromium of this machine, with a new profile."""
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        message = (
            "No Chromium was found (set CHROMIUM to its path): the built site is not tested in a "
            "browser."
        )
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()
