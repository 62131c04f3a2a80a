"""What Java archives are made of, however they were built and packed."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.lookup import lookup
from gate.bom.model import ReadingStatus
from gate.catalog.java.archive import reduce_archive
from gate.catalog.java.coordinates import of_file_name
from tests.builders import file, symlink
from tests.catalog.java.jars import CLASS, LOG4J, jar, manifest, properties
from tests.catalog.languages import of, places, take, unread
from tests.catalog.test_ownership import debian

POM = b"""<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0">
<parent><groupId>org.example</groupId><artifactId>up</artifactId><version>3.1</version></parent>
<artifactId>thing</artifactId><dependencies><dependency><groupId>no</groupId>
<artifactId>no</artifactId><version>9</version></dependency></dependencies></project>"""
SPRING = {
    "META-INF/MANIFEST.MF": manifest(
        Implementation_Title="spring-core", Implementation_Version="5.3.1"
    ),
    "org/springframework/core/A.class": CLASS,
    "org/springframework/core/io/B.class": CLASS,
}
BUNDLE = {
    "META-INF/MANIFEST.MF": manifest(
        Bundle_SymbolicName="org.slf4j.api;singleton:=true", Bundle_Version="1.7.36"
    ),
    "org/slf4j/Logger.class": CLASS,
}


def found(tmp_path: Path, name: str, content: bytes) -> dict[str, str]:
    bom = take(tmp_path, [file(name, content)])
    assert unread(bom) == []
    return {place: full.replace("/", ":") for place, full in places(bom, "maven").items()}


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_an_archive_that_maven_built(tmp_path: Path, compression: str) -> None:
    bom = take(tmp_path, [file("app/x.jar", jar(LOG4J))], compression=compression)
    (component,) = of(bom, "maven")
    assert component.purl == "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"
    (query,) = [query for query in lookup(bom).queries if query.ref == component.ref]
    assert (query.ecosystem, query.name) == ("Maven", "org.apache.logging.log4j:log4j-core")
    assert query.version == "2.14.1"


def test_archives_in_archives(tmp_path: Path) -> None:
    boot = {"BOOT-INF/lib/log4j-core-2.14.1.jar": jar(LOG4J), "BOOT-INF/classes/a/App.class": CLASS}
    ear = jar({"web.war": jar({"WEB-INF/lib/x-5.3.1.jar": jar(SPRING)})})
    script = b"#!/bin/sh\nexec java -jar $0\n"
    assert found(tmp_path, "app.jar", script + jar(boot, zipfile.ZIP_STORED)) == {
        "app.jar!/BOOT-INF/lib/log4j-core-2.14.1.jar": "org.apache.logging.log4j:log4j-core@2.14.1"
    }
    assert found(tmp_path, "app.ear", ear) == {
        "app.ear!/web.war!/WEB-INF/lib/x-5.3.1.jar": "org.springframework:x@5.3.1"
    }


def test_a_shaded_archive_is_all_of_its_parts(tmp_path: Path) -> None:
    parts = LOG4J | properties("com.google.guava", "guava", "31.1-jre") | {"a/b/C.class": CLASS}
    bom = take(tmp_path, [file("tool-1.0.jar", jar(parts))])
    assert {component.name for component in of(bom, "maven")} == {"guava", "log4j-core", "tool"}
    shaded = LOG4J | properties("com.google.guava", "guava", "31.1-jre")
    bom = take(tmp_path, [file("log4j-core-2.14.1.jar", jar(shaded))])
    assert {component.name for component in of(bom, "maven")} == {"guava", "log4j-core"}


NAMED = {
    "spring-core-5.3.1.jar": (SPRING, "org.springframework:spring-core@5.3.1"),
    "spring-core.jar": (SPRING, "org.springframework:spring-core@5.3.1"),
    "slf4j-api-1.7.36.jar": (BUNDLE, "org.slf4j:slf4j-api@1.7.36"),
    "log4j-1.2-api-2.17.1.jar": (
        {"org/apache/log4j/A.class": CLASS},
        "org.apache:log4j-1.2-api@2.17.1",
    ),
    "py4j0.10.9.7.jar": ({"py4j/commands/A.class": CLASS}, "py4j.commands:py4j@0.10.9.7"),
    "guava-31.1-jre.jar": ({"com/google/common/A.class": CLASS}, "com.google:guava@31.1-jre"),
    "own-1.0-20240101.010203-4.jar": (
        {"a/b/A.class": CLASS},
        "a.b:own@1.0-20240101.010203-4",
    ),
    "thing.jar": (
        {"META-INF/maven/org.example/thing/pom.xml": POM, "x/A.class": CLASS},
        "org.example:thing@3.1",
    ),
}


@pytest.mark.parametrize(
    ("stem", "artifact", "version"),
    [
        ("zstd-jni-1.5.5-4", "zstd-jni", "1.5.5-4"),
        ("log4j-1.2-api-2.17.1", "log4j-1.2-api", "2.17.1"),
        ("scala-library_2.12-2.0.1", "scala-library_2.12", "2.0.1"),
        ("netty-all-4.1.96.Final", "netty-all", "4.1.96.Final"),
        ("guava-33.0.0-jre", "guava", "33.0.0-jre"),
        ("jackson-core-2.16.0-rc1", "jackson-core", "2.16.0-rc1"),
        ("commons-io-20030203.000550", "commons-io", "20030203.000550"),
        ("geronimo-jta_1.1_spec-1.1.1", "geronimo-jta_1.1_spec", "1.1.1"),
        ("jsr305-3", "jsr305", "3"),
        ("app", "app", ""),
    ],
)
def test_names_of_files(stem: str, artifact: str, version: str) -> None:
    assert of_file_name(stem) == ("", artifact, version)


@pytest.mark.parametrize("name", list(NAMED))
def test_an_archive_that_maven_did_not_build(tmp_path: Path, name: str) -> None:
    files, expected = NAMED[name]
    assert found(tmp_path, name, jar(files)) == {name: expected}


def test_every_group_that_it_could_be_of_is_asked_for(tmp_path: Path) -> None:
    bom = take(tmp_path, [file("spring-core-5.3.1.jar", jar(SPRING))])
    names = {query.name for query in lookup(bom).queries if query.ecosystem == "Maven"}
    assert names == {
        "org.springframework:spring-core",
        "org.springframework.core:spring-core",
        "spring-core:spring-core",
    }


def test_the_groups_do_not_depend_on_chance(tmp_path: Path) -> None:
    folders = [f"{name}/{name}" for name in ("delta", "alpha", "gamma", "omega", "theta", "kappa")]
    files = {f"{folder}/A.class": CLASS for folder in folders}
    bom = take(tmp_path, [file("mixed-1.0.jar", jar(files))])
    (component,) = of(bom, "maven")
    assert "alpha.alpha" in {component.namespace, *component.other_namespaces}


def test_what_runs_nothing_is_no_package(tmp_path: Path) -> None:
    runtime = {
        "META-INF/MANIFEST.MF": manifest(
            Implementation_Title="Java Runtime Environment", Implementation_Version="17.0.9"
        ),
        "jdk/internal/jrtfs/A.class": CLASS,
    }
    bom = take(
        tmp_path,
        [
            file("opt/java/lib/jrt-fs.jar", jar(runtime)),
            file("resources.jar", jar({"a.txt": b"x"})),
            file("text.jar", b"not an archive at all"),
            file("empty.jar", b""),
        ],
    )
    assert of(bom, "maven") == []
    assert unread(bom) == []


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_the_distribution_packed_is_matched_as_its_package(
    tmp_path: Path, compression: str
) -> None:
    path, content = "usr/share/java/log4j-core.jar", jar(LOG4J)
    layer = [*debian((path, content)), file(path, content), symlink("usr/share/java/l.jar", path)]
    bom = take(tmp_path, layer, compression=compression)
    assert of(bom, "maven") == []
    changed = [*debian((path, content)), file(path, jar(LOG4J | {"a": b"b"}))]
    assert len(of(take(tmp_path, changed, compression=compression), "maven")) == 1


def encrypted() -> bytes:
    data = bytearray(jar(LOG4J))
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def nested(depth: int) -> bytes:
    content = jar(LOG4J)
    for _ in range(depth):
        content = jar({"a.jar": content})
    return content


def bomb() -> bytes:
    inner = jar({"META-INF/maven/a/b/pom.properties": b"\n" * (64 << 20)})
    return jar({f"{n}.jar": inner for n in range(3)})


def lying(at: int, value: int) -> bytes:
    """An archive whose directory has another 32-bit number at an offset of its last entry."""
    data = bytearray(jar(LOG4J))
    struct.pack_into("<L", data, data.index(b"PK\1\2") + at, value)
    return bytes(data)


HOSTILE = {
    "cut short": (jar(LOG4J)[:-30], "is not a zip archive, or is cut short"),
    "encrypted": (encrypted(), "encrypted"),
    "nested too deep": (nested(12), "is nested too deep"),
    "a bomb": (bomb(), "67,108,864 bytes"),
    "wrong sum": (lying(16, 1), "damaged"),
    "wrong size": (lying(24, 1), "damaged"),
    "elsewhere": (lying(42, 7), "another file where"),
    "far away": (lying(42, 1 << 30), "outside of the archive"),
    "no version": (jar({"a/A.class": CLASS}), "names no version of 'x'"),
    "no version, Maven": (
        jar({"META-INF/maven/a/b/pom.properties": b"groupId=a\n"}),
        "names no version of 'a:b'",
    ),
    "document type": (
        jar({"META-INF/maven/a/b/pom.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><project/>"}),
        "has a pom.xml with a document type",
    ),
    "not XML": (jar({"META-INF/maven/a/b/pom.xml": b"<project>"}), "that is not XML"),
    "two directories": (jar(LOG4J)[:-22] + b"PK\5\6" + b"\1\0" * 8 + b"\0\0", "in several files"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    content, reason = HOSTILE[name]
    bom = take(tmp_path, [file("x.jar", content)])
    ((what, status, said),) = unread(bom)
    assert (what, status is not ReadingStatus.COMPLETE) == ("Java archives", True)
    assert reason in said


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_not_chosen_from(tmp_path: Path) -> None:
    twice = dict(LOG4J)
    twice["META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties "] = b"version=9\n"
    ((_, _, said),) = unread(take(tmp_path, [file("x.jar", jar(twice))]))
    assert "more than once" in said


SEEDS = [jar(LOG4J), nested(2), jar(SPRING, zipfile.ZIP_STORED), encrypted()]


@given(st.sampled_from(SEEDS), st.data())
def test_damage_is_told_or_harmless(seed: bytes, data: st.DataObject) -> None:
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    assert isinstance(reduce_archive(b"x.jar", memoryview(content), True), bytes)
