"""What mybinder.org makes of the repository, as far as this shows without docker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINDER = ROOT / "binder"


@pytest.fixture(scope="module")
def dockerfile():
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout + answer.stderr


def test_binder_installs_the_lock(dockerfile):
    """The whole repository is there when pip runs, so that it finds the lock in the root."""
    install = dockerfile.index('-r "binder/requirements.txt"')
    assert dockerfile.rindex("src/ ${REPO_DIR}/", 0, install) > 0
    lines = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["-r ../requirements.txt"]


def test_binder_runs_a_python_of_the_lock(dockerfile):
    assert "Building conda environment for python=3.11" in dockerfile


def test_binder_installs_the_library(dockerfile):
    assert "binder/postBuild" in dockerfile
    assert os.access(BINDER / "postBuild", os.X_OK)
    assert "--no-deps --editable ." in (BINDER / "postBuild").read_text(encoding="utf-8")


def test_chapters_open_as_notebooks():
    """In Binder as in the environment of the Makefile."""
    settings = json.loads((BINDER / "overrides.json").read_text(encoding="utf-8"))
    viewers = settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers["markdown"] == viewers["myst"] == "Jupytext Notebook"
    copied = "share/jupyter/lab/settings"
    assert copied in (BINDER / "postBuild").read_text(encoding="utf-8")
    assert copied in (ROOT / "Makefile").read_text(encoding="utf-8")
