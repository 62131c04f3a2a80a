"""Languages whose packages each leave a small file: what is read, and how it is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.lookup import lookup
from gate.bom.model import ReadingStatus
from gate.catalog import beam, composer, dotnet, r, ruby
from gate.errors import InputError
from gate.sources.budget import Meter
from tests.builders import file
from tests.catalog.languages import of, take, unread
from tests.catalog.test_ownership import debian, owned

GEM = b"""# -*- encoding: utf-8 -*-
# stub: nokogiri 1.15.0 x86_64-linux lib

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.15.0"
  s.platform = "x86_64-linux".freeze
end
"""
INSTALLED_1 = json.dumps([{"name": "Monolog/monolog", "version": "v2.9.1"}]).encode()
INSTALLED_2 = json.dumps(
    {"packages": [{"name": "psr/log", "version": "3.0.0"}, {"name": "a/b", "version": "dev-main"}]}
).encode()
DEPS = json.dumps(
    {
        "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64"},
        "libraries": {
            "app/1.0.0": {"type": "project", "serviceable": False},
            "Newtonsoft.Json/12.0.1": {"type": "package", "serviceable": True},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.0": {"type": "runtimepack"},
        },
    }
).encode()
RUNTIME = json.dumps(
    {"libraries": {"Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"type": "project"}}}
).encode()
PLUG = b'{application,plug,\n [{description,"x"},{vsn,"1.14.0"},{modules,[]}]}.\n'
BUILT = b"Package: commonmark\nVersion: 1.7\nLicense: BSD_2_clause\nBuilt: R 4.3.1; ; 2026; unix\n"

FOUND: dict[str, tuple[bytes, list[str], str]] = {
    "usr/local/bundle/specifications/nokogiri-1.15.0-x86_64-linux.gemspec": (
        GEM,
        ["pkg:gem/nokogiri@1.15.0"],
        "RubyGems nokogiri 1.15.0",
    ),
    "srv/vendor/composer/installed.json": (
        INSTALLED_1,
        ["pkg:composer/monolog/monolog@2.9.1"],
        "Packagist monolog/monolog 2.9.1",
    ),
    "app/vendor/composer/installed.json": (
        INSTALLED_2,
        ["pkg:composer/a/b@dev-main", "pkg:composer/psr/log@3.0.0"],
        "Packagist psr/log 3.0.0",
    ),
    "app/app.deps.json": (
        DEPS,
        [
            "pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@8.0.0",
            "pkg:nuget/Newtonsoft.Json@12.0.1",
        ],
        "NuGet newtonsoft.json 12.0.1",
    ),
    "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json": (
        RUNTIME,
        ["pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@8.0.1"],
        "NuGet microsoft.netcore.app.runtime.linux-x64 8.0.1",
    ),
    "app/lib/plug-1.14.0/ebin/plug.app": (PLUG, ["pkg:hex/plug@1.14.0"], "Hex plug 1.14.0"),
    "usr/local/lib/R/site-library/commonmark/DESCRIPTION": (
        BUILT,
        ["pkg:cran/commonmark@1.7"],
        "CRAN commonmark 1.7",
    ),
    "root/.pub-cache/hosted/pub.dev/http-0.13.3/pubspec.yaml": (
        b"name: http\n",
        ["pkg:pub/http@0.13.3"],
        "Pub http 0.13.3",
    ),
}


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("path", list(FOUND))
def test_what_is_read_and_how_it_is_asked_for(tmp_path: Path, path: str, compression: str) -> None:
    content, purls, asked = FOUND[path]
    bom = take(tmp_path, [file(path, content)], compression=compression)
    assert unread(bom) == []
    assert [c.purl for c in bom.components if c.type != "deb"] == purls
    queries = {f"{query.ecosystem} {query.name} {query.version}" for query in lookup(bom).queries}
    assert asked in queries


def test_real_files(data: Path, tmp_path: Path) -> None:
    real = data / "catalog" / "installed"
    places = {
        "usr/lib/ruby/specifications/rack-2.2.22.gemspec": "rack-2.2.22.gemspec",
        "usr/lib/ruby/specifications/default/webrick-1.8.1.gemspec": "webrick-1.8.1.gemspec",
        "usr/lib/erlang/lib/kernel-8.5.3/ebin/kernel.app": "kernel.app",
        "usr/lib/R/site-library/jsonlite/DESCRIPTION": "jsonlite.DESCRIPTION",
    }
    files = [file(path, (real / name).read_bytes()) for path, name in places.items()]
    bom = take(tmp_path, files)
    assert unread(bom) == []
    # The kernel application is a part of Erlang, not a package of Hex.
    assert [c.purl for c in bom.components if c.type != "deb"] == [
        "pkg:cran/jsonlite@1.8.4",
        "pkg:gem/rack@2.2.22",
        "pkg:gem/webrick@1.8.1",
    ]


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("path", [path for path in FOUND if path.startswith("usr/share")])
def test_what_the_distribution_packed(tmp_path: Path, path: str, compression: str) -> None:
    content = FOUND[path][0]
    layer = [*debian((path, content)), file(path, content)]
    bom = take(tmp_path, layer, compression=compression)
    assert [c.type for c in bom.components if c.type != "deb"] == []
    assert len(owned(bom)) == 1


BITNAMI = json.dumps(
    {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "SPDX document for nginx",
        "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.org/x",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Organization: x"]},
        "packages": [
            {
                "name": "nginx",
                "SPDXID": "SPDXRef-nginx",
                "versionInfo": "1.25.3-2",
                "downloadLocation": "NONE",
                "externalRefs": [
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": "pkg:bitnami/nginx@1.25.3-2?arch=amd64",
                    }
                ],
            }
        ],
    }
).encode()


def test_sboms_that_builders_left(tmp_path: Path) -> None:
    bom = take(tmp_path, [file("opt/bitnami/nginx/.spdx-nginx.spdx", BITNAMI)])
    assert unread(bom) == []
    assert [(c.name, c.version) for c in of(bom, "bitnami")] == [("nginx", "1.25.3-2")]
    assert ("Bitnami", "nginx") in {(q.ecosystem, q.name) for q in lookup(bom).queries}
    # What the package databases know is not taken from an SBOM beside them.
    cyclonedx = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [
            {"type": "library", "name": "x", "version": "1", "purl": "pkg:deb/debian/x@1"},
            {"type": "library", "name": "y", "version": "2.0", "purl": "pkg:npm/y@2.0"},
        ],
    }
    place = "layers/sbom/launch/paketo/sbom.cdx.json"
    bom = take(tmp_path, [file(place, json.dumps(cyclonedx).encode())])
    assert [c.purl for c in bom.components if c.name in {"x", "y"}] == ["pkg:npm/y@2.0"]
    ((what, _, said),) = unread(take(tmp_path, [file("usr/share/sbom/x.spdx.json", b"{")]))
    assert what == "SBOMs inside the image"
    assert said.startswith("usr/share/sbom/x.spdx.json")


def test_rocks_are_gaps_since_no_advisory_speaks_of_them(tmp_path: Path) -> None:
    path = "usr/local/lib/luarocks/rocks-5.4/lua-cjson/2.1.0-1/lua-cjson-2.1.0-1.rockspec"
    bom = take(tmp_path, [file(path, b"package = 'x'")])
    assert [c.purl for c in of(bom, "luarocks")] == ["pkg:luarocks/lua-cjson@2.1.0-1"]
    assert [gap.code for gap in lookup(bom).gaps] == ["no-ecosystem"]


NOT_INSTALLED = {
    "src/rack.gemspec": GEM,
    "etc/installed.json": b"{}",
    "src/pkg/DESCRIPTION": BUILT,
    "usr/lib/R/library/stats/DESCRIPTION": BUILT + b"Priority: base\n",
    "usr/lib/R/library/own/DESCRIPTION": b"Package: own\nVersion: 1.0\n",
    "app/pubspec.yaml": b"",
    "src/x.rockspec": b"",
}


@pytest.mark.parametrize("path", list(NOT_INSTALLED))
def test_what_is_not_installed(tmp_path: Path, path: str) -> None:
    bom = take(tmp_path, [file(path, NOT_INSTALLED[path])])
    assert unread(bom) == []
    assert {component.type for component in bom.components} == {"deb"}


BROKEN = [
    ("a/specifications/x-1.0.gemspec", b"nothing", "names no gem and version"),
    ("a/specifications/x-1.0.gemspec", GEM, "describes 'nokogiri-1.15.0'"),
    ("composer/installed.json", b"{}", "has no list as packages"),
    ("composer/installed.json", b"[{}]", "has no single word as the name"),
    ("x.deps.json", b"{}", "has no mapping as 'libraries'"),
    (
        "x.deps.json",
        b'{"libraries": {"x": {"type": "package"}}}',
        "has a library without a version",
    ),
    ("lib/x-1/ebin/x.app", b"{}.", "describes no application"),
    ("lib/x-1/ebin/x.app", b"{application, x, []}.", "has no version of 'x'"),
    ("a/library/x/DESCRIPTION", b"Package: x\nBuilt: y\n", "names no package and version"),
    ("hosted/pub.dev/odd/pubspec.yaml", b"", "lies in a folder"),
]


@pytest.mark.parametrize(("path", "content", "reason"), BROKEN)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, path: str, content: bytes, reason: str
) -> None:
    ((_, status, said),) = unread(take(tmp_path, [file(path, content)]))
    assert status is ReadingStatus.FAILED
    assert said.startswith(f"{path} {reason}")


@given(st.binary(max_size=400))
def test_any_bytes(content: bytes) -> None:
    for parse in (
        ruby.parse_gemspec, composer.parse_installed, beam.parse_app, r.parse_description,
    ):  # fmt: skip
        try:
            parse(b"lib/x-1/ebin/x.app", content, Meter())
        except (ValueError, InputError):
            continue
    assert isinstance(dotnet.reduce_deps(b"x", memoryview(content), True), bytes)
