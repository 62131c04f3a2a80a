"""What is different between two inventories."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import Bom, Component, Subject, SubjectKind
from gate.matching.diff import Change, Difference, differences

MIRRORED = {
    Change.ADDED: Change.REMOVED,
    Change.REMOVED: Change.ADDED,
    Change.UPGRADED: Change.DOWNGRADED,
    Change.DOWNGRADED: Change.UPGRADED,
    Change.CHANGED: Change.CHANGED,
}


def bom(*packages: tuple[str, str, str]) -> Bom:
    parts = [
        Component(ref=f"{t}/{n}@{v}", type=t, name=n, version=v, purl=f"pkg:{t}/{n}@{v}")
        for t, n, v in packages
    ]
    subject = Subject(kind=SubjectKind.SBOM, source="sbom", name="x")
    return Bom(subject=subject, components=tuple(parts))


def changes(before: Bom, after: Bom) -> list[tuple[str, Change, str, str]]:
    return [(d.name, d.change, d.before, d.after) for d in differences(before, after)]


def test_each_kind_by_the_order_of_its_own_scheme() -> None:
    before = bom(
        ("deb", "a", "1.0~rc1-1"), ("deb", "b", "1:1.0-1"), ("deb", "gone", "1"),
        ("npm", "c", "1.10.0"), ("conda", "d", "1"),
    )  # fmt: skip
    after = bom(
        ("deb", "a", "1.0-1"), ("deb", "b", "2.0-1"), ("deb", "new", "1"),
        ("npm", "c", "1.9.0"), ("conda", "d", "2"),
    )  # fmt: skip
    assert changes(before, after) == [
        ("d", Change.CHANGED, "1", "2"),
        ("a", Change.UPGRADED, "1.0~rc1-1", "1.0-1"),
        ("b", Change.DOWNGRADED, "1:1.0-1", "2.0-1"),
        ("gone", Change.REMOVED, "1", ""),
        ("new", Change.ADDED, "", "1"),
        ("c", Change.DOWNGRADED, "1.10.0", "1.9.0"),
    ]


def test_several_versions_of_one_package() -> None:
    before = bom(("npm", "x", "1.0.0"), ("npm", "x", "2.0.0"), ("npm", "x", "3.0.0"))
    after = bom(("npm", "x", "1.0.1"), ("npm", "x", "2.0.0"))
    assert changes(before, after) == [
        ("x", Change.REMOVED, "3.0.0", ""),
        ("x", Change.UPGRADED, "1.0.0", "1.0.1"),
    ]


def test_versions_that_are_one_are_only_changed() -> None:
    assert changes(bom(("pypi", "x", "1.0")), bom(("pypi", "x", "1.0.0"))) == [
        ("x", Change.CHANGED, "1.0", "1.0.0")
    ]


packages = st.lists(
    st.tuples(
        st.sampled_from(["deb", "npm", "pypi", "conda"]),
        st.sampled_from("abc"),
        st.sampled_from(["1", "1.0", "1.0.1", "2.0~rc1", "2.0", "odd version"]),
    ),
    max_size=8,
    unique=True,
)


@given(packages, packages)
def test_the_other_way_round_is_the_mirror(
    one: list[tuple[str, str, str]], other: list[tuple[str, str, str]]
) -> None:
    assert differences(bom(*one), bom(*one)) == ()
    there = differences(bom(*one), bom(*other))
    back = differences(bom(*other), bom(*one))
    mirrored = sorted(
        Difference(
            type=d.type, name=d.name, change=MIRRORED[d.change], before=d.after, after=d.before
        )
        for d in there
    )
    assert mirrored == list(back)
    # What is told is all there is: it makes one of the other.
    remade = set(one)
    for d in there:
        remade -= {(d.type, d.name, d.before)}
    for d in there:
        remade |= {(d.type, d.name, d.after)} if d.after else set()
    assert remade == set(other)
