"""The images that a push touches, each judged from what is known without a network.

An image is known by the inventory that an earlier run kept of it, or by an SBOM in the
pushed commit.  What is not known is not judged, and says so: it is never a pass.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from gate.bom.detect import read_bom
from gate.bom.model import Bom
from gate.errors import InputError
from gate.policy.durations import write_duration
from gate.references.finding import Unread, find_references, may_name_images
from gate.references.model import ImageReference
from gate.run.git import Repository
from gate.run.image_names import canonical_name, is_pinned
from gate.run.inventories import Inventories
from gate.run.pushes import PushedFiles
from gate.run.result import Result


class KnownImage(msgspec.Struct, frozen=True, kw_only=True):
    """An inventory, and where it comes from."""

    bom: Bom
    basis: str
    """For a person: ``read 2026-11-20``, ``sboms/debian.cdx.json``."""


class PushedImage(msgspec.Struct, frozen=True, kw_only=True):
    """One image that a push touches, and what came of it."""

    references: tuple[ImageReference, ...]
    """Where it is named; never empty."""
    result: Result | None = None
    """None where it was not judged."""
    basis: str = ""
    why: str = ""
    """Why it was not judged, for a person."""

    @property
    def name(self) -> str:
        """The image, or what is written where it is not known which."""
        return self.references[0].image or self.references[0].written


Judge = Callable[[str, Bom], Result]
"""From the name of an image and its inventory to a verdict."""


class Knowledge:
    """What is known of images: the inventories on this machine, and SBOMs in a commit."""

    def __init__(
        self,
        repository: Repository,
        commit: str,
        *,
        folder: str,
        inventories: Inventories | None,
        now: datetime,
        max_age: timedelta,
    ) -> None:
        """Look for SBOMs in `folder` of `commit`; a tag was read at most `max_age` ago."""
        self._inventories = inventories
        self._now = now
        self._max_age = max_age
        self._sboms = _sboms_of(repository, commit, folder)
        self._read: dict[str, Bom | None] = {}

    def find(self, image: str, platform: str) -> KnownImage | str:
        """Return what is known of `image`, or why nothing is."""
        canonical = canonical_name(image)
        if not canonical:
            return "is no name of an image"
        kept = self._kept(image, platform)
        if isinstance(kept, KnownImage):
            return kept
        for path, content in self._sboms.items():
            called_so = _stem(path) == _file_name(image)
            bom = self._sbom(path, content, "" if called_so else image)
            if bom is not None and (called_so or canonical in _names(bom)):
                created = bom.subject.created
                built = f", built {created:%Y-%m-%d}" if created is not None else ""
                return KnownImage(bom=bom, basis=f"{path}{built}")
        return kept

    def _kept(self, image: str, platform: str) -> KnownImage | str:
        if self._inventories is None:
            return "no cache (--cache off), and no SBOM of it in this commit"
        known = self._inventories.names.find(image, platform)
        if known is None:
            return "was not read here before, and there is no SBOM of it in this commit"
        bom = self._inventories.image(known.key)
        if bom is None:
            return "was read by another version of patchgate, or what it found is gone"
        age = self._now - known.asked
        if age > self._max_age and not is_pinned(image):
            return f"was read {write_duration(age)} ago, and the tag may have moved since"
        subject = msgspec.structs.replace(bom.subject, name=image)
        named = msgspec.structs.replace(bom, subject=subject)
        return KnownImage(bom=named, basis=f"read {known.asked:%Y-%m-%d}")

    def _sbom(self, path: str, content: bytes, image: str) -> Bom | None:
        """Return the SBOM at `path` if it may be that of `image`; reading one costs time."""
        word = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
        if word.encode() not in content:
            return None
        if path not in self._read:
            try:
                self._read[path] = read_bom(content, path)
            except InputError:
                # Not an SBOM, or a broken one: the image stays unknown, and is said to be.
                self._read[path] = None
        return self._read[path]


def pushed_references(
    repository: Repository, files: PushedFiles
) -> tuple[list[ImageReference], list[Unread]]:
    """Return the images that the pushed files name, read from the pushed commit."""
    paths = [path for path in files.paths if may_name_images(path)]
    blobs = repository.blobs(files.commit, paths)

    def read(path: str) -> bytes | None:
        if path not in blobs:
            blobs.update(repository.blobs(files.commit, [path]))
        return blobs[path]

    references: set[ImageReference] = set()
    unread: list[Unread] = []
    for path in paths:
        content = read(path)
        if content is not None:
            found = find_references(path, content, read)
            references.update(found.references)
            unread.extend(found.unread)
    return sorted(references), unread


def judge_references(
    references: list[ImageReference], knowledge: Knowledge, judge: Judge
) -> Iterator[PushedImage]:
    """Yield each image once, with all the places that name it."""
    together: dict[tuple[str, str, str], list[ImageReference]] = {}
    for one in references:
        together.setdefault((one.image, one.platform, one.image or one.written), []).append(one)
    for (image, platform, _), places in together.items():
        here = tuple(places)
        if not image:
            yield PushedImage(references=here, why=places[0].why)
            continue
        known = knowledge.find(image, platform)
        if isinstance(known, str):
            yield PushedImage(references=here, why=known)
        else:
            result = judge(image, known.bom)
            yield PushedImage(references=here, result=result, basis=known.basis)


def _sboms_of(repository: Repository, commit: str, folder: str) -> dict[str, bytes]:
    listed = repository.names(
        "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", f"{folder.rstrip('/')}/"
    )
    paths = [path for path in listed if posixpath.basename(path).endswith(".json")]
    found = repository.blobs(commit, paths)
    return {path: content for path, content in found.items() if content}


def _stem(path: str) -> str:
    name = posixpath.basename(path)
    for ending in (".cdx.json", ".spdx.json", ".json"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def _file_name(image: str) -> str:
    """Return how the file of an image's SBOM is called: `scripts/refresh-sboms` does so, too."""
    return image.replace("/", "-").replace(":", "-")


def _names(bom: Bom) -> set[str]:
    """Return the canonical names that an SBOM says its image has.

    One without a tag does not count: nobody meant `latest` by leaving it out.
    """
    subject = bom.subject
    names = {subject.name, *subject.tags, *subject.repo_digests}
    tagged = {name for name in names if "@" in name or ":" in name.rpartition("/")[2]}
    return {canonical_name(name) for name in tagged} - {""}
