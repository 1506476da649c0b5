"""The repository: what belongs together agrees, and only what belongs there is there."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
TOP_LEVEL = {
    ".ci",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "LICENSE-TEXT",
    "Makefile",
    "README.md",
    "_config.yml",
    "_toc.yml",
    "bench",
    "binder",
    "book",
    "lib",
    "pyproject.toml",
    "requirements.txt",
    "tests",
}
GENERATED = re.compile(
    r"(^|/)(_build|\.venv|__pycache__|\.ipynb_checkpoints)/|\.(pyc|ipynb|egg-info)$"
)
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(home|Users|root|work)/[\w.]")


@pytest.fixture(scope="module")
def files():
    """Return the files under version control and those that could be added to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git repository")
    return [name for name in answer.stdout.splitlines() if (ROOT / name).is_file()]


def test_library_imports_numpy_and_scipy_alone():
    """So it also runs in a browser, and starts quickly."""
    script = """
import sys

class OnlyNumpyAndScipy:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = sys.stdlib_module_names | {"numpy", "scipy", "detailedbalance"}
        if top not in known and not top.startswith("_"):
            raise ImportError(f"{name} was asked for")

sys.meta_path.insert(0, OnlyNumpyAndScipy())
import detailedbalance
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_lock_says_how_it_is_made():
    command = next(line for line in LOCK.splitlines() if "uv pip compile" in line)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert command.removeprefix("#").strip() in makefile


def test_lock_pins_what_the_project_asks_for():
    pins = {}
    for line in LOCK.splitlines():
        if line and not line.startswith(("#", " ")):
            requirement = Requirement(line)
            (specifier,) = requirement.specifier
            assert specifier.operator == "=="
            pins.setdefault(canonicalize_name(requirement.name), []).append(specifier.version)
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for requirement in (Requirement(line) for group in groups for line in group):
        versions = pins[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_versions_agree():
    import detailedbalance

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    assert PROJECT["version"] == detailedbalance.__version__ == citation["version"] == versions[0]


def test_top_level_is_the_one_agreed_on(files):
    assert {name.split("/")[0] for name in files} <= TOP_LEVEL


def test_nothing_generated_is_kept(files):
    assert [name for name in files if GENERATED.search(name)] == []


def test_no_file_names_a_place_on_a_machine(files):
    found = []
    for name in files:
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert found == []
