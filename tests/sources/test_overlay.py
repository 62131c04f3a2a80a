"""Layers merged: the rules of the OCI specification, and a model that applies them one by one."""

from __future__ import annotations

import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.layer import Content, scan
from gate.sources.overlay import OverlayTree
from gate.sources.streams import ChunkReader
from gate.sources.tree import MissingError
from gate.sources.wanted import NOTHING, Wanted
from tests.builders import Item, file, folder, hardlink, symlink, tar


def tree(*layers: list[Item]) -> OverlayTree:
    built = []
    for number, items in enumerate(layers):
        data = memoryview(tar(items))
        index = scan(ChunkReader([data], "test"), NOTHING, Meter(), keep=False)
        built.append((f"layer{number}", Content(index, "test", mapped=data)))
    return OverlayTree(built, Meter(), "test")


def files(merged: OverlayTree) -> dict[str, bytes]:
    paths = merged.find(_Everything())
    return {path.decode(): bytes(merged.read(path)) for path in paths}


class _Everything(Wanted, frozen=True):
    def matcher(self, *, to_read: bool = False) -> Callable[[bytes], bool]:
        return lambda path: True


def codes(merged: OverlayTree) -> list[str]:
    return [note.code for note in merged.notes]


def test_a_whiteout_removes_a_file_and_a_folder_of_lower_layers() -> None:
    merged = tree(
        [file("a", b"1"), file("d/x", b"2"), file("d/y/z", b"3"), file("dd", b"4")],
        [file(".wh.a"), file(".wh.d")],
    )
    assert files(merged) == {"dd": b"4"}


def test_a_whiteout_does_not_touch_its_own_layer() -> None:
    merged = tree(
        [file("d/old", b"1"), file("a", b"old")],
        [file(".wh.d"), file("d/new", b"2"), file("a", b"new"), file(".wh.a")],
    )
    assert files(merged) == {"d/new": b"2", "a": b"new"}


def test_what_a_higher_layer_adds_again_stays() -> None:
    merged = tree([file("lib/a", b"1")], [file(".wh.lib")], [file("lib/a", b"3")])
    assert files(merged) == {"lib/a": b"3"}
    assert merged.layer_of(b"lib/a") == "layer2"


@pytest.mark.parametrize("last", [True, False])
def test_an_opaque_folder_hides_lower_content_wherever_its_marker_stands(last: bool) -> None:
    marker, sibling = file("d/.wh..wh..opq"), file("d/new", b"2")
    merged = tree(
        [file("d/old", b"1"), file("d/sub/old", b"1"), file("e", b"1")],
        [sibling, marker] if last else [marker, sibling],
    )
    assert files(merged) == {"d/new": b"2", "e": b"1"}


def test_an_opaque_root() -> None:
    assert files(tree([file("a", b"1")], [file(".wh..wh..opq"), file("b", b"2")])) == {"b": b"2"}


def test_a_file_that_replaces_a_folder_hides_what_was_in_it() -> None:
    merged = tree([file("d/x", b"1")], [file("d", b"file")], [folder("d"), file("d/y", b"3")])
    assert files(merged) == {"d/y": b"3"}


def test_a_link_that_replaces_a_folder_hides_what_was_in_it() -> None:
    merged = tree([file("lib/x", b"1"), file("usr/lib/x", b"2")], [symlink("lib", "usr/lib")])
    assert bytes(merged.read(b"lib/x")) == b"2"
    assert "lib/x" not in files_without_links(merged)


def files_without_links(merged: OverlayTree) -> set[str]:
    return {path.decode() for path in merged._nodes}


@pytest.mark.parametrize("name", [".wh.", "d/.wh..", ".wh...", "d/.wh."])
def test_whiteouts_that_name_nothing_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="invalid whiteout"):
        tree([file("var/lib/dpkg/status", b"x")], [file(name)])


def test_a_whiteout_of_nothing_is_noted() -> None:
    merged = tree([file("a", b"1")], [file(".wh.b")])
    assert files(merged) == {"a": b"1"}
    assert codes(merged) == ["whiteout-of-nothing"]


def test_aufs_bookkeeping_removes_nothing() -> None:
    merged = tree([file("aufs", b"1")], [file(".wh..wh.aufs"), file(".wh..wh.plnk/x")])
    assert files(merged)["aufs"] == b"1"


def test_duplicate_paths_in_a_layer_the_last_counts() -> None:
    merged = tree([file("a", b"first"), file("a", b"last")])
    assert files(merged) == {"a": b"last"}
    assert codes(merged) == ["duplicate-path"]


def test_a_folder_replaced_by_a_file_in_one_layer_loses_its_content() -> None:
    merged = tree([folder("d"), file("d/x", b"1"), file("d", b"file")])
    assert files(merged) == {"d": b"file"}


def test_a_file_under_a_file_is_refused() -> None:
    with pytest.raises(InputError, match="not a folder"):
        tree([file("a", b"1"), file("a/b", b"2")])
    with pytest.raises(InputError, match="lies under a file"):
        tree([file("a", b"1")], [file("a/b", b"2")])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../../etc/passwd", "parent-name"),
        ("/etc/passwd", "absolute-name"),
        ("a/../etc/passwd", "parent-name"),
    ],
)
def test_names_that_leave_the_root_lie_inside_it(name: str, code: str) -> None:
    merged = tree([file(name, b"1")])
    assert files(merged) == {"etc/passwd": b"1"}
    assert codes(merged) == [code]


def test_dots_and_slashes_are_ordinary() -> None:
    merged = tree([file("./etc//./passwd", b"1"), folder("./")])
    assert files(merged) == {"etc/passwd": b"1"}
    assert codes(merged) == []


def test_links_resolve_inside_the_root() -> None:
    merged = tree(
        [
            file("etc/passwd", b"inside"),
            symlink("up", "../../../etc/passwd"),
            symlink("absolute", "/etc/passwd"),
            symlink("chain", "absolute"),
            symlink("folder", "etc"),
            symlink("deep/er/link", "../../folder/passwd"),
        ]
    )
    for path in (b"up", b"absolute", b"chain", b"folder/passwd", b"deep/er/link"):
        assert bytes(merged.read(path)) == b"inside"


def test_loops_of_links_end() -> None:
    merged = tree([symlink("a", "b"), symlink("b", "a"), symlink("c", "c/x")])
    for path in (b"a", b"b", b"c"):
        with pytest.raises(InputError, match="links"):
            merged.read(path)


def test_a_link_to_nothing_says_where_it_leads() -> None:
    with pytest.raises(MissingError, match="links to 'nowhere'"):
        tree([symlink("a", "nowhere")]).read(b"a")


def test_what_is_no_file_is_not_read() -> None:
    merged = tree([folder("d"), Item("fifo", type=tarfile.FIFOTYPE)])
    for path, kind in ((b"d", "folder"), (b"fifo", "device, fifo or socket")):
        with pytest.raises(InputError, match=kind):
            merged.read(path)


def test_hard_links() -> None:
    merged = tree([file("a", b"1"), hardlink("b", "a"), hardlink("c", "./a")])
    assert files(merged) == {"a": b"1", "b": b"1", "c": b"1"}


def test_a_hard_link_outlives_its_target() -> None:
    assert files(tree([file("a", b"1"), hardlink("b", "a")], [file(".wh.a")])) == {"b": b"1"}


def test_a_hard_link_into_a_lower_layer_or_forward() -> None:
    assert files(tree([file("a", b"1")], [hardlink("b", "a")])) == {"a": b"1", "b": b"1"}
    assert files(tree([hardlink("b", "a"), file("a", b"1")])) == {"a": b"1", "b": b"1"}


def test_a_hard_link_to_nothing_is_no_file() -> None:
    merged = tree([hardlink("b", "gone"), hardlink("self", "self")])
    for path in (b"b", b"self"):
        with pytest.raises(InputError, match="hard link whose target is in no layer"):
            merged.read(path)


def test_what_is_written_through_a_link_lies_behind_it() -> None:
    merged = tree(
        [symlink("lib", "usr/lib"), file("usr/lib/old", b"1"), file("usr/lib/both", b"low")],
        [file("lib/new", b"2"), file("lib/both", b"high")],
    )
    assert bytes(merged.read(b"usr/lib/new")) == b"2"
    assert bytes(merged.read(b"lib/new")) == b"2"
    assert bytes(merged.read(b"lib/old")) == b"1"
    assert bytes(merged.read(b"usr/lib/both")) == b"high"
    assert codes(merged) == ["through-link"]


def test_wanted_paths_are_found_behind_linked_folders() -> None:
    merged = tree(
        [
            symlink("var/lib/rpm", "../../usr/lib/sysimage/rpm"),
            file("usr/lib/sysimage/rpm/db", b"x"),
        ]
    )
    wanted = Wanted(paths=frozenset({b"var/lib/rpm/db"}), folders=frozenset({b"var/lib/rpm"}))
    assert merged.find(wanted) == [b"var/lib/rpm/db"]
    assert merged.exists(b"var/lib/rpm")
    assert merged.exists(b"usr/lib")
    assert not merged.exists(b"usr/li")


parts = st.sampled_from(["a", "b", "c"])
paths = st.lists(parts, min_size=1, max_size=3).map("/".join)
changes = st.one_of(
    st.tuples(st.just("add"), paths),
    st.tuples(st.just("remove"), paths),
    st.tuples(st.just("hide"), paths),
)


def layer_items(number: int, steps: list[tuple[str, str]]) -> list[Item]:
    """Turn steps into a layer that a builder could write: no file under a file."""
    added = {path for what, path in steps if what == "add"}
    kept = {p for p in added if not any(p.startswith(other + "/") for other in added)}
    items = []
    for what, path in steps:
        above, _, name = path.rpartition("/")
        prefix = f"{above}/" if above else ""
        if what == "add" and path in kept:
            items.append(file(path, f"{number}:{path}".encode()))
        elif what == "remove":
            items.append(file(f"{prefix}.wh.{name}"))
        elif what == "hide" and path not in kept:
            items.append(file(f"{path}/.wh..wh..opq"))
    return items


def model(layers: list[list[Item]]) -> dict[str, bytes]:
    """Apply layers one after the other: first what each removes, then what it adds."""
    state: dict[str, bytes] = {}
    for items in layers:
        for item in items:
            above, _, name = item.name.rpartition("/")
            if name == ".wh..wh..opq":
                state = {p: c for p, c in state.items() if not p.startswith(above + "/")}
            elif name.startswith(".wh."):
                target = f"{above}/{name[4:]}" if above else name[4:]
                state = {
                    p: c for p, c in state.items() if p != target and not p.startswith(target + "/")
                }
        for item in items:
            if ".wh." not in item.name:
                state = {p: c for p, c in state.items() if not p.startswith(item.name + "/")}
                state[item.name] = item.content
    return state


@given(st.lists(st.lists(changes, max_size=6), min_size=1, max_size=4))
def test_the_merged_view_is_what_applying_the_layers_gives(
    plan: list[list[tuple[str, str]]],
) -> None:
    layers = [layer_items(number, steps) for number, steps in enumerate(plan)]
    try:
        merged = tree(*layers)
    except InputError as error:
        assert "lies under" in error.what  # noqa: PT017 - a file below a file of a lower layer
        return
    assert files(merged) == model(layers)
