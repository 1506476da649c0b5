"""How long does each chapter take, alone, from a fresh kernel?  The limit is a minute.

Prints JSON: seconds from the start of the kernel to the end of the last cell.

    python bench/chapters.py
"""

import json
import time
from pathlib import Path

import jupytext
import nbclient

BOOK = Path(__file__).resolve().parents[1] / "book"
LIMIT = 60


def main():
    seconds = {}
    for path in sorted(BOOK.glob("*/*.md")):
        notebook = jupytext.read(path)
        if "kernelspec" in notebook.metadata:
            start = time.perf_counter()
            nbclient.NotebookClient(notebook, timeout=300).execute()
            seconds[path.relative_to(BOOK).as_posix()] = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "limit": LIMIT}, indent=2))


if __name__ == "__main__":
    main()
