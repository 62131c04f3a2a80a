"""A folder of sources: what a project would install, not what is installed."""

from __future__ import annotations

from pathlib import Path

from gate.bom.model import Subject, SubjectKind
from gate.sources.budget import Meter
from gate.sources.folder import FolderTree
from gate.sources.image import Opened

_OF_SYSTEMS = ("etc", "usr", "var", "bin")


def is_source_folder(path: Path) -> bool:
    """Return whether a folder is a work tree of Git, or holds files and no part of a system."""
    if (path / ".git").exists():
        return True
    holds_system = any((path / name).exists() for name in _OF_SYSTEMS)
    return not holds_system and any(child.is_file() for child in path.iterdir())


def open_source_folder(path: Path, meter: Meter) -> Opened:
    """Open a folder of sources.  Its digest is that of its inventory."""
    name = path.resolve().name or "/"
    subject = Subject(kind=SubjectKind.SOURCE, source="source", name=name)
    return Opened(subject=subject, tree=FolderTree(path, meter, name))
