"""Build one file that runs without Python, on this architecture with this libc or a later one.

python -m release.single_file [FILE]
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from release.moment import ROOT
from release.venv import make_venv, run


def build_single_file(file: Path, place: Path) -> Path:
    """Build `file`, working in the folder `place`; return it."""
    python = make_venv(place / "venv", "release.txt")
    options = ["--onefile", "--noconfirm", "--clean", "--log-level", "ERROR", "--name", file.name]
    # Commands, sources and rules are imported by name when they are called.
    options += ["--paths", str(ROOT), "--collect-submodules", "gate", "--collect-data", "gate"]
    options += ["--add-data", f"{ROOT / 'ci-templates'}:gate/ci_templates"]
    # All of it is unpacked at each start: without what no run of ours needs.
    options += ["--exclude-module", "zstandard._cffi", "--exclude-module", "unittest"]
    options += ["--strip"] if shutil.which("strip") else []
    options += ["--distpath", str(file.parent), "--workpath", str(place / "work")]
    options += ["--specpath", str(place)]
    run(str(python), "-m", "PyInstaller", *options, str(ROOT / "gate" / "cli" / "__main__.py"))
    return file


def main() -> int:
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "dist/patchgate").resolve()
    print(build_single_file(file, ROOT / "build" / "single-file"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
