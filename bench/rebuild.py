"""How long does a rebuild take after a sentence has changed?  The limit is 20 seconds.

Copies the book to a temporary folder, with the results of its notebooks that _build holds, and
builds it there.  Then adds a sentence to one chapter after the other and builds again, as
`make book` does.  Prints JSON, in seconds, by the clock and of the processor (on a busy machine the
clock runs ahead); fails if a rebuild is over the limit by the clock.

    make book && .venv/bin/python bench/rebuild.py
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("book", "lib", "_config.yml", "_toc.yml", "requirements.txt", "_build/jupyter_cache")
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")
COMMAND = (JUPYTER_BOOK, "build", ".", "-W", "-n", "--keep-going", "--quiet")
LIMIT = 20


def copy(target: Path) -> None:
    """Copy what a build reads."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        elif source.exists():
            shutil.copyfile(source, target / name)


def build(folder: Path) -> dict:
    """Build the book and return the seconds that it took."""
    start, before = time.perf_counter(), os.times()
    done = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True)
    seconds, after = time.perf_counter() - start, os.times()
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    processor = sum(after[2:4]) - sum(before[2:4])  # of child processes, user and system
    return {"clock": round(seconds, 1), "processor": round(processor, 1)}


def main() -> None:
    """Measure and print the result."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy(folder)
        seconds = {"everything": build(folder), "nothing changed": build(folder)}
        chapters = {}
        for path in sorted((folder / "book").glob("*/*.md")):
            text = path.read_text(encoding="utf-8")
            if text.startswith("---\njupytext"):
                path.write_text(f"{text}\nOne more sentence.\n", encoding="utf-8")
                chapters[path.relative_to(folder / "book").as_posix()] = build(folder)
    print(json.dumps({**seconds, "after an edit": chapters, "limit": LIMIT}, indent=2))
    sys.exit(max((seconds["clock"] for seconds in chapters.values()), default=0) > LIMIT)


if __name__ == "__main__":
    main()
