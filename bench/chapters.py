"""How long does each chapter take, alone, from a fresh kernel?  The limit is a minute.

Prints JSON: seconds from the start of the kernel to the end of the last cell, one chapter after the
other; fails if one of them is over the limit.

    python bench/chapters.py [word in the page's path ...]
"""

import json
import sys
import time
from pathlib import Path

import jupytext
import nbclient

BOOK = Path(__file__).resolve().parents[1] / "book"
LIMIT = 60


def main():
    seconds = {}
    for path in sorted(BOOK.glob("*/*.md")):
        page = path.relative_to(BOOK).as_posix()
        notebook = jupytext.read(path)
        wanted = any(word in page for word in sys.argv[1:] or [""])
        if wanted and "kernelspec" in notebook.metadata:
            start = time.perf_counter()
            nbclient.NotebookClient(notebook, timeout=300).execute()
            seconds[page] = round(time.perf_counter() - start, 1)
    print(json.dumps({"seconds": seconds, "limit": LIMIT}, indent=2))
    sys.exit(max(seconds.values(), default=0) > LIMIT)


if __name__ == "__main__":
    main()
