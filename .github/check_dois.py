"""Ask doi.org whether every DOI of the bibliography is registered.

Publishers turn robots away from the articles themselves, so a link checker is no help here.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from pybtex.database import parse_file

REGISTERED = 1


def is_registered(doi: str) -> bool:
    """Return whether doi.org knows this DOI."""
    address = f"https://doi.org/api/handles/{urllib.parse.quote(doi)}"
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return json.load(answer)["responseCode"] == REGISTERED
    except urllib.error.HTTPError:
        return False


def main() -> int:
    """Print the unknown DOIs and return their number."""
    book = Path(__file__).resolve().parents[1] / "book"
    entries = parse_file(book / "references.bib").entries
    dois = {key: entry.fields["doi"] for key, entry in entries.items() if "doi" in entry.fields}
    unknown = {key: doi for key, doi in dois.items() if not is_registered(doi)}
    for key, doi in unknown.items():
        print(f"{key}: {doi} is not registered")
    print(f"{len(dois) - len(unknown)} of {len(dois)} DOIs are registered")
    return len(unknown)


if __name__ == "__main__":
    sys.exit(main())
