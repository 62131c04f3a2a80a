"""Which images a file names: by the documented shapes of each kind of file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.references.finding import find_references, may_name_images

DIGEST = "sha256:" + "0" * 64

KINDS: list[tuple[str, str, list[str]]] = [
    ("Dockerfile", "FROM debian:12\n", ["1 debian:12"]),
    ("build/api.Dockerfile", "FROM debian:12\n", ["1 debian:12"]),
    ("Dockerfile.prod", "FROM scratch\nCOPY --from=acme/tool:1 /a /a\n", ["2 acme/tool:1"]),
    (
        "Containerfile",
        ("# syntax=docker/dockerfile:1\nFROM golang:1.22 AS build\nFROM build AS more\n"
        "FROM alpine:3.20\nCOPY --from=build /a /a\nCOPY --from=0 /b /b\n"
        "RUN --mount=type=bind,from=acme/keys:2,target=/k true\n"),
        ["1 docker/dockerfile:1", "2 golang:1.22", "4 alpine:3.20", "7 acme/keys:2"],
    ),
    ("Dockerfile", "ARG V=12\nFROM debian:${V}\n", ["2 debian:12"]),
    ("Dockerfile", "ARG V\nFROM debian:${V}\n", ["2 ? an ARG without a value is part of it"]),
    ("Dockerfile", "FROM --platform=linux/arm64 debian:12\n", ["1 debian:12 linux/arm64"]),
    (
        "compose.yaml",
        ("services:\n  db:\n    image: postgres:16\n  web:\n    image: acme/web:dev\n"
        "    build: .\n  odd:\n    image: acme/odd:${TAG}\n  set:\n    image: acme/s:${A:-1.10}\n"),
        ["3 postgres:16", "Dockerfile:2 alpine:3.20", "10 acme/s:1.10",
         "8 ? a variable without a value is part of it"],
    ),
    (
        "docker-compose.override.yml",
        ("services:\n  web:\n    build:\n      context: app\n      dockerfile: ../Dockerfile\n"
        "      args: {BASE: debian:12}\n"),
        ["Dockerfile:2 debian:12"],
    ),
    (
        "compose.yml",
        "services:\n  web:\n    build: https://example.com/x.git\n  out:\n    build: none\n",
        ["3 ? its Dockerfile is not in this repository",
         "5 ? there is no none/Dockerfile in this revision"],
    ),
    ("env/compose.yml", "services: {a: {image: 'acme/a:$TAG'}}", ["1 acme/a:2"]),
    (
        "k8s/deploy.yaml",
        ("apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  spec:\n"
        "    template:\n      spec:\n        initContainers:\n        - image: busybox:1.36\n"
        "        containers:\n        - {name: a, image: nginx:1.10}\n        volumes:\n"
        "        - image: {reference: acme/data:1}\n---\napiVersion: batch/v1\nkind: Job\n"
        "spec: {template: {spec: {containers: [{image: 'acme/job:1'}]}}}\n"),
        ["10 busybox:1.36", "12 nginx:1.10", "14 acme/data:1", "18 acme/job:1"],
    ),
    ("notes.yaml", "image: not/a/manifest\n", []),
    (
        "kustomization.yaml",
        (f"images:\n- name: a\n  newTag: '1.10'\n- name: b\n  newName: c\n  digest: {DIGEST}\n"
        "- name: d\n  newName: e\n"),
        ["3 a:1.10", f"5 c@{DIGEST}", "8 ? the tag is that of another file"],
    ),
    (
        "chart/values.yaml",
        ("image:\n  repository: acme/app\n  tag: ''\nside:\n  image: busybox:1.36\ndb:\n  image:\n"
        "    registry: quay.io\n    repository: acme/db\n    tag: 16\nother:\n  image: acme/o\n"
        "  tag: 2\nrepository: https://charts.example\n"),
        ["2 acme/app:1.2.3", "5 busybox:1.36", "9 quay.io/acme/db:16", "12 acme/o:2"],
    ),
    (
        "values-prod.yaml",
        "image: {repository: acme/app, pullPolicy: Always}\n",
        ["1 ? neither a tag nor a Chart.yaml with an appVersion is there"],
    ),
    (
        ".github/workflows/ci.yml",
        ("jobs:\n  a:\n    container: node:22\n    services:\n      db: {image: 'postgres:16'}\n"
        "    steps:\n    - uses: docker://alpine:3.20\n    - uses: actions/checkout@v4\n"
        "  b:\n    container: {image: '${{ matrix.image }}'}\n"),
        ["3 node:22", "5 postgres:16", "7 alpine:3.20", "10 ? the CI system fills it in"],
    ),
    ("action.yml", "runs: {using: docker, image: Dockerfile}\n", []),
    ("action.yml", "runs: {using: docker, image: 'docker://acme/a:1'}\n", ["1 acme/a:1"]),
    (
        ".gitlab-ci.yml",
        ("image: python:3.12\nvariables: {V: '16'}\n.a: &a {image: {name: 'ruby:3'}}\nb:\n"
        "  <<: *a\n  services: ['postgres:$V', {name: 'redis:7'}]\n"
        "c: {image: $CI_REGISTRY_IMAGE}\n"),
        ["1 python:3.12", "3 ruby:3", "6 postgres:16", "6 redis:7",
         "7 ? the CI system fills it in"],
    ),
    (".circleci/config.yml", "jobs: {a: {docker: [{image: 'cimg/base:1'}]}}\n", ["1 cimg/base:1"]),
    (
        "azure-pipelines.yml",
        ("resources:\n  containers:\n  - {container: u, image: 'ubuntu:24.04'}\n"
        "jobs:\n- {job: a, container: u}\n- {job: b, container: 'debian:12'}\n"),
        ["3 ubuntu:24.04", "6 debian:12"],
    ),
    ("bitbucket-pipelines.yml", "image: node:22\n", ["1 node:22"]),
    (
        "task.yaml",
        "apiVersion: tekton.dev/v1\nkind: Task\nspec: {steps: [{image: 'alpine:3.20'}]}\n",
        ["3 alpine:3.20"],
    ),
    (
        "Jenkinsfile",
        "agent { docker { image 'maven:3' } }\ndocker.image(\"acme/${x}\").inside {}\n",
        ["1 maven:3", "2 ? the CI system fills it in"],
    ),
    (
        ".devcontainer/devcontainer.json",
        '{ // what we work in\n "image": "mcr.microsoft.com/devcontainers/base:bookworm",\n}\n',
        ["2 mcr.microsoft.com/devcontainers/base:bookworm"],
    ),
    (".devcontainer/devcontainer.json", '{"build": {"dockerfile": "../Dockerfile"}}',
     ["Dockerfile:2 alpine:3.20"]),
]  # fmt: skip

BESIDE = {
    "Dockerfile": b"ARG BASE=alpine:3.20\nFROM $BASE\n",
    "chart/Chart.yaml": b"apiVersion: v2\nappVersion: 1.2.3\n",
    "env/.env": b"# x\nTAG=2\n",
}


@pytest.mark.parametrize(("path", "content", "expected"), KINDS)
def test_what_each_kind_of_file_names(path: str, content: str, expected: list[str]) -> None:
    assert may_name_images(path)
    found = find_references(path, content.encode(), BESIDE.get)
    shown = []
    for one in found.references:
        where = str(one.line) if one.path == path else f"{one.path}:{one.line}"
        shown.append(f"{where} {one.image or f'? {one.why}'} {one.platform}".strip())
    assert sorted(shown) == sorted(expected)
    assert not found.unread


@pytest.mark.parametrize(
    ("path", "content", "word"),
    [
        ("compose.yaml", "services: [", "not valid YAML"),
        (".gitlab-ci.yml", "{" * 50_000, "too deep"),
        ("chart/templates/web.yaml", "image: {{ .Values.image }}\n  x: {{ y", "helm template"),
        ("Dockerfile", "#" * 5_000_000, "larger"),
        (".devcontainer.json", "{", "not valid JSON"),
    ],
)
def test_what_cannot_be_read_is_said(path: str, content: str, word: str) -> None:
    (unread,) = find_references(path, content.encode(), BESIDE.get).unread
    assert word in unread.why


@pytest.mark.parametrize("path", ["README.md", "Dockerfile.md", "src/main.py", ".dockerignore"])
def test_other_files_are_left_alone(path: str) -> None:
    assert not may_name_images(path)


@given(st.sampled_from([path for path, _, _ in KINDS]), st.text(max_size=300))
def test_any_content_is_read_or_said_to_be_unread(path: str, content: str) -> None:
    found = find_references(path, content.encode("utf-8", "replace"), BESIDE.get)
    for one in found.references:
        assert one.line >= 1
        assert bool(one.image) is not bool(one.why)
