"""Make gate/advisories/lifecycles.json from endoflife.date's data.

    python scripts/make_lifecycles.py ENDOFLIFE.json

ENDOFLIFE.json holds `as_of`, `source` and `products`, each with its `releases`
as endoflife.date (MIT licence) publishes them: `releaseCycle`, `eol` and `eoes`
are a day or true or false.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "gate" / "advisories" / "lifecycles.json"
PRODUCTS = (
    "almalinux", "alpine-linux", "amazon-linux", "centos", "centos-stream", "debian", "dotnet",
    "eclipse-temurin", "fedora", "go", "mageia", "nodejs", "opensuse", "oracle-linux", "perl",
    "php", "python", "rhel", "rocky-linux", "ruby", "rust", "sles", "ubuntu",
)  # fmt: skip


def release_of(found: dict[str, object]) -> dict[str, object]:
    """Return the fields that gate.advisories.lifecycles.Release reads."""
    release: dict[str, object] = {"cycle": str(found["releaseCycle"])}
    if isinstance(found.get("eol"), str):
        release["end"] = found["eol"]
    elif found.get("eol") is True:
        release["ended"] = True
    if isinstance(found.get("eoes"), str):
        release["extended"] = found["eoes"]
    return release


def main(path: str) -> None:
    data = json.loads(Path(path).read_text())
    products = {
        name: [release_of(found) for found in data["products"][name]["releases"]]
        for name in PRODUCTS
    }
    head = {"as_of": data["as_of"], "source": "endoflife.date", "licence": "MIT"}
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(releases)}" for name, releases in products.items()
    )
    start = json.dumps(head)[:-1]
    TARGET.write_text(f'{start}, "products": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    main(sys.argv[1])
