"""Build an image as applications have them: Debian, Python, Node, Java, Go and Rust.

    python -m benchmarks.images.build [--folder DIR]

Needs root, mmdebstrap, npm, go and cargo, and the package registries they are
configured for; it says what is missing.  Each layer is built once and kept.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.images.layers import look, save, save_oci, write_layer

PLACE = Path(__file__).resolve().parents[2] / ".patchgate" / "images"
TAG = "example.org/bench:1"
RELEASE = "bookworm"
PACKAGES = (
    "nginx,nodejs,npm,openjdk-17-jre-headless,postgresql-client,python3-venv,git,curl,"
    "imagemagick,build-essential,php-cli,ruby"
)
PYTHON = (
    *("aiohttp", "boto3", "celery", "cryptography", "django", "django-rest-framework", "fastapi"),
    *("flask", "gunicorn", "httpx", "jinja2", "lxml", "matplotlib", "numpy", "pandas", "paramiko"),
    *("pillow", "psycopg2-binary", "pyspark==3.5.1", "pyyaml", "requests", "scikit-learn", "scipy"),
    *("sqlalchemy", "uvicorn"),
)
NODE = ("express@4.18.2", "next@13.5.6", "react-scripts@5.0.1", "webpack@5.89.0", "lodash@4.17.20")
GO = ("github.com/mikefarah/yq/v4@v4.40.5", "github.com/caddyserver/caddy/v2/cmd/caddy@v2.7.6")
CRATES = """regex = "1.9.5"
serde_json = "1.0.107"
clap = "4.4.6"
tokio = { version = "1.32.0", features = ["full"] }
"""
NEEDED = ("mmdebstrap", "npm", "go", "cargo")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=PLACE)
    place: Path = parser.parse_args().folder
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or os.geteuid():
        print(f"images not built: needs root and {', '.join(missing) or 'nothing else'}")
        return 1
    place.mkdir(parents=True, exist_ok=True)
    root = place / "root"
    layers: dict[str, Path] = {}
    for number, (name, step) in enumerate(STEPS.items()):
        layer = place / f"{number}-{step.__name__}.tar"
        layers[name] = layer
        if layer.exists():
            continue
        print(f"{name} …", flush=True)
        before = look(root) if root.exists() else {}
        step(root)
        write_layer(root, before, layer.with_suffix(".part"))
        layer.with_suffix(".part").rename(layer)
    for write, name in ((save, "bench.docker.tar"), (save_oci, "bench.oci.tar")):
        if not (place / name).exists():
            write(layers, TAG, place / name)
        print(f"{place / name}: {(place / name).stat().st_size / 1e9:.2f} GB")
    return 0


def run(*command: str, folder: Path | None = None, **env: str) -> None:
    subprocess.run(command, cwd=folder, env={**os.environ, **env}, check=True, stdout=sys.stderr)


def base(root: Path) -> None:
    run("mmdebstrap", "--variant=minbase", "--include=ca-certificates", RELEASE, str(root))


def packages(root: Path) -> None:
    full = root.with_name("full")
    shutil.rmtree(full, ignore_errors=True)
    run(
        "mmdebstrap",
        "--variant=minbase",
        f"--include=ca-certificates,{PACKAGES}",
        RELEASE,
        str(full),
    )
    shutil.rmtree(root)
    full.rename(root)


def python(root: Path) -> None:
    run("chroot", str(root), "python3", "-m", "venv", "--without-pip", "/opt/app/venv")
    venv = str(root / "opt/app/venv")
    pip = (sys.executable, "-m", "pip") if _has_pip() else ("pip",)
    run(*pip, "install", "--quiet", "--ignore-installed", "--prefix", venv, *PYTHON)


def _has_pip() -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    )
    return done.returncode == 0


def node(root: Path) -> None:
    web = root / "opt/app/web"
    web.mkdir(parents=True, exist_ok=True)
    run("npm", "init", "--yes", folder=web)
    run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *NODE, folder=web)


def programs(root: Path) -> None:
    binaries = root / "usr/local/bin"
    for module in GO:
        run("go", "install", module, GOBIN=str(binaries), GOFLAGS="-trimpath", CGO_ENABLED="0")
    work = root.with_name("rust")
    (work / "src").mkdir(parents=True, exist_ok=True)
    (work / "Cargo.toml").write_text(
        f'[package]\nname = "bench"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\n{CRATES}'
    )
    (work / "src/main.rs").write_text("fn main() {}\n")
    tools = work / "tools"
    run("cargo", "install", "--quiet", "--root", str(tools), "cargo-auditable", "--locked")
    path = f"{tools / 'bin'}{os.pathsep}{os.environ['PATH']}"
    run("cargo", "auditable", "build", "--quiet", "--release", folder=work, PATH=path)
    shutil.copy2(work / "target/release/bench", binaries / "bench")


STEPS: dict[str, Callable[[Path], None]] = {
    f"debootstrap {RELEASE}": base,
    "apt-get install": packages,
    "pip install": python,
    "npm install": node,
    "COPY programs": programs,
}
"""Instruction to what it does to the root file system."""

if __name__ == "__main__":
    raise SystemExit(main())
