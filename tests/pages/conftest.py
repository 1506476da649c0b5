"""The extensions of the build, which are no package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).resolve().parents[2] / "book" / "_ext"


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"book_{name}", EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def amendments():
    """What the site needs beyond its configuration."""
    return load("site")


@pytest.fixture(scope="session")
def results():
    """What executes the notebooks and keeps their results."""
    return load("notebooks")
