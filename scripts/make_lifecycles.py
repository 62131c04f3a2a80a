"""Make gate/advisories/lifecycles.json from endoflife.date's data and Debian's distro-info-data.

    python scripts/make_lifecycles.py ENDOFLIFE.json [DISTRO-INFO VERSION]

DISTRO-INFO is the folder with debian.csv and ubuntu.csv of the Debian package
distro-info-data (ISC licence), VERSION is that of the package.  Where the two
differ, the earlier day counts.  ENDOFLIFE.json holds `as_of`, `source` and
`products`, each with its `releases` as endoflife.date (MIT licence) publishes
them: `releaseCycle`, `eol` and `eoes` are a day or true or false.
"""

from __future__ import annotations

import csv
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


CSV = {
    "debian": ("debian.csv", "eol-lts"),
    "ubuntu": ("ubuntu.csv", "eol-esm"),
}
"""Product to the file of distro-info-data, and its column of extended support."""


def put_together(
    known: list[dict[str, object]], rows: list[dict[str, str]], extended: str, day: str
) -> list[dict[str, object]]:
    """Return `known` with the days of distro-info-data where they are earlier, or alone."""
    releases = {str(release["cycle"]): dict(release) for release in known}
    for row in rows:
        cycle = (row["version"] or "").removesuffix(" LTS")
        if not cycle or not row.get("release") or row["release"] > day:
            continue
        release = releases.setdefault(cycle, {"cycle": cycle})
        for field, column in (("end", "eol"), ("extended", extended)):
            said = [text for text in (release.get(field), row.get(column)) if text]
            if said and not release.get("ended"):
                release[field] = min(map(str, said))
    return list(releases.values())


def main(path: str, distro_info: str = "", version: str = "") -> None:
    data = json.loads(Path(path).read_text())
    products = {
        name: [release_of(found) for found in data["products"][name]["releases"]]
        for name in PRODUCTS
    }
    source, licence = f"endoflife.date of {data['as_of']}", "MIT"
    for name, (file, extended) in CSV.items() if distro_info else ():
        with (Path(distro_info) / file).open(newline="") as opened:
            rows = list(csv.DictReader(opened))
        products[name] = put_together(products[name], rows, extended, data["as_of"])
    if distro_info:
        source, licence = f"{source}; distro-info-data {version}", f"{licence}; ISC"
    head = {"as_of": data["as_of"], "source": source, "licence": licence}
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(releases)}" for name, releases in products.items()
    )
    start = json.dumps(head)[:-1]
    TARGET.write_text(f'{start}, "products": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    main(*sys.argv[1:])
