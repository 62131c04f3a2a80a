"""The image of the tool itself: what its Dockerfile copies is in the context that Docker sends."""

from __future__ import annotations

import tomllib

from release import build


def _copied() -> list[str]:
    """Sources of each COPY that reads the build context, in order."""
    text = (build.ROOT / "release" / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line.startswith("COPY ")]
    return [name for words in lines if "--from=build" not in words for name in words[1:-1]]


def test_what_is_copied_is_sent() -> None:
    lines = (build.ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    sent = {line[1:] for line in lines if line.startswith("!")}
    copied = {name.split("/")[0] for name in _copied()}
    assert copied
    assert copied <= sent


def test_what_the_wheel_takes_in_is_copied() -> None:
    project = tomllib.loads((build.ROOT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    copied = _copied()
    for source in included:
        assert any(source == name or source.startswith(name + "/") for name in copied), source
