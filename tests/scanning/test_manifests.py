"""Manifests say which components there are; what is no manifest is an error with its line."""

from __future__ import annotations

import json

import pytest

from appliance.domain.components import Component
from appliance.scanning.manifests import refusal, source
from appliance.scanning.manifests.reading import FORMATS, ManifestError, format_of, read
from tests.scanning import (
    manifests_of_compiled,
    manifests_of_javascript,
    manifests_of_others,
    manifests_of_python,
)

EXAMPLES = {
    **manifests_of_python.EXAMPLES,
    **manifests_of_javascript.EXAMPLES,
    **manifests_of_compiled.EXAMPLES,
    **manifests_of_others.EXAMPLES,
}
DIRECT = {True: "direct", False: "transitive", None: "?"}


def line(component: Component) -> str:
    name = f"{component.line} {component.name}@{component.version}"
    parents = f" < {' '.join(component.parents)}" if component.parents else ""
    return f"{name} {component.scope} {DIRECT[component.is_direct]}{parents}"


@pytest.mark.parametrize("path", list(EXAMPLES))
def test_an_example_is_read(path):
    files, expected = EXAMPLES[path]

    def beside(name):
        return files[name].encode() if name in files else None

    found = read(path, files[path].encode(), beside)

    assert "\n".join(map(line, found)) == expected


def test_every_format_has_an_example():
    shown = {format_of(path).name for path in EXAMPLES}

    assert [each.name for each in FORMATS if each.name not in shown] == []


@pytest.mark.parametrize("path", list(EXAMPLES))
def test_windows_and_a_byte_order_mark_change_nothing(path):
    files, _ = EXAMPLES[path]
    plain = read(path, files[path].encode())
    marked = "\ufeff" + files[path].replace("\n", "\r\n")

    assert read(path, marked.encode()) == plain


BROKEN = {
    "requirements.txt": [("flask==1\nwhat is this?\n", 2), ("--no-such-option\n", 1)],
    "poetry.lock": [
        ("", 1),
        ("[[package]]\nname = 'a'\n", 1),
        ("[[package]\n", 1),
        ("package = 1", 1),
        ('\n[[package]]\nname = []\nversion = "1"', 3),
    ],
    "uv.lock": [("", 1), ("version = 9\n", 1), ("package = []", 1)],
    "pdm.lock": [("", 1), ("[[package]]\nname = 'a'\nversion = '1'\n", 1)],
    "Pipfile.lock": [("{}", 1), ('{"_meta": {},\n"default": {"a": []}}', 2), ("[]", 1)],
    "pylock.toml": [("", 1), ('lock-version = "2.0"\n', 1), ("packages = []", 1)],
    "pyproject.toml": [
        ('[project]\ndependencies = ["a b"]', 2),
        ("[project]\ndependencies = 1", 2),
        ("[project\n", 1),
    ],
    "package-lock.json": [
        ("", 1),
        ("{}", 1),
        ('{"lockfileVersion": 4}', 1),
        ('{"lockfileVersion": 3}', 1),
        ('{"lockfileVersion": 3,\n"packages": []}', 2),
        ('{"lockfileVersion": 3, "packages": {},}', 1),
        ('{"lockfileVersion": 1, "dependencies": {"a": {}}}', 1),
        ('{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": {}}}}', 1),
        ('{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1\\n"}}}', 1),
    ],
    "yarn.lock": [
        ("", 1),
        ("a@1:\n", 1),
        ("a@1\n", 1),
        ("# yarn lockfile v1\n  stray\n", 2),
        ("__metadata:\n  version: 8\n\na@1:\n  version: 1\n", 5),
    ],
    "pnpm-lock.yaml": [
        ("", 1),
        ("packages: {}\n", 1),
        ("lockfileVersion: '12'\n", 1),
        ("lockfileVersion: '9.0'\npackages:\n  nonsense: {}\n", 3),
        ("lockfileVersion: '9.0'\npackages: [\n", 3),
    ],
    "bun.lock": [("{}", 1), ('{"lockfileVersion": 7}', 1), ('{"lockfileVersion": 1}', 1)],
    "go.mod": [
        ("", 1),
        ("module a\nrequire (\n", 1),
        ("module a\nnonsense b\n", 2),
        ("module a\nrequire b\n", 2),
        ("module a\nreplace b c\n", 2),
    ],
    "go.sum": [("a v1.0.0\n", 1), ("a v1.0.0 h1:short=\n", 1)],
    "Cargo.lock": [("", 1), ("version = 9", 1), ("[[package]]\nname = 'a'\n", 1)],
    "pom.xml": [
        ("", 1),
        ("<project>", 1),
        ("<settings/>", 1),
        ("<!DOCTYPE project [<!ENTITY a 'b'>]><project/>", 1),
        ("<project>\n<dependencies><dependency/></dependencies></project>", 2),
    ],
    "gradle.lockfile": [("nonsense\n", 1), ("a:b:1\n", 1)],
    "gradle/verification-metadata.xml": [
        ("<a/>", 1),
        ("<verification-metadata><components><component/></components></verification-metadata>", 1),
    ],
    "gradle/libs.versions.toml": [
        ("", 1),
        ('[libraries]\na = "b"\n', 2),
        ('[libraries]\na = {module = "a:b", version.ref = "c"}\n', 2),
    ],
    "Gemfile.lock": [("", 1), ("nonsense\n", 1), ("GEM\n  specs:\n    what is this\n", 3)],
    "composer.lock": [("{}", 1), ('{"packages": [{"name": "a/b"}]}', 1)],
    "packages.lock.json": [("{}", 1), ('{"version": 1, "dependencies": {"a": {"b": {}}}}', 1)],
    "obj/project.assets.json": [("{}", 1)],
    "bin/a.deps.json": [("{}", 1)],
    "packages.config": [("<a/>", 1), ("<packages>\n<package id='a'/></packages>", 2)],
    "paket.lock": [("", 1), ("nonsense\n", 1), ("NUGET\n    what is this\n", 2)],
    "mix.lock": [
        ("", 1),
        ("%{", 1),
        ('%{"a": 1}', 1),
        ('%{"a": {:svn, :b, "c"}}', 1),
        ("%{} %{}", 1),
    ],
    "pubspec.lock": [("", 1), ("sdks: {}\n", 1), ("packages:\n  a:\n    source: hosted\n", 3)],
    "Package.resolved": [("{}", 1), ('{"version": 9}', 1), ('{"version": 2}', 1)],
    "Podfile.lock": [("", 1), ("DEPENDENCIES: []\n", 1), ("PODS:\n  - what is this\n", 2)],
    "renv.lock": [("{}", 1), ('{"Packages": {"a": {}}}', 1)],
    "conan.lock": [("{}", 1), ('{"version": "0.5",\n"requires": ["a"]}', 2)],
    "Dockerfile": [("", 1), ("RUN a\n", 1), ("FROM a\nNONSENSE b\n", 2), ("FROM a b c\n", 1)],
    "sbom.json": [
        ("{}", 1),
        ('{"bomFormat": "CycloneDX"}', 1),
        ('{"bomFormat": "CycloneDX",\n"specVersion": "9.9"}', 2),
        ('{"spdxVersion": "SPDX-2.3"}', 1),
        ('{"spdxVersion": "SPDX-3.0"}', 1),
    ],
    ".github/workflows/a.yml": [
        ("", 1),
        ("on: push\n", 1),
        ("jobs:\n  a:\n    steps:\n      - uses: nonsense\n", 4),
        ("jobs: 1\n", 1),
    ],
}


@pytest.mark.parametrize(
    ("path", "text", "number"),
    [(path, text, number) for path, cases in BROKEN.items() for text, number in cases],
)
def test_what_is_broken_is_an_error_with_its_line(path, text, number):
    with pytest.raises(ManifestError) as refused:
        read(path, text.encode())

    assert refused.value.line == number
    assert str(refused.value).startswith(f"Line {number}: ")


def test_every_format_refuses_something():
    refused = {format_of(path).name for path in BROKEN}

    assert [each.name for each in FORMATS if each.name not in refused] == []


@pytest.mark.parametrize("path", list(BROKEN))
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a\xff", b"\x00\x01\x02", b"{" * 9999])
def test_what_is_no_text_at_all_is_an_error(path, content):
    with pytest.raises(ManifestError):
        read(path, content)


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "requirements.in",
        "lock.json",
        "my-uv.lock.txt",
        "workflows/a.yml",
        "Dockerfiles",
    ],
)
def test_other_files_are_no_manifests(path):
    assert format_of(path) is None
    with pytest.raises(ManifestError):
        read(path, b"")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (
            "package-lock.json",
            '{"lockfileVersion": 3, "packages": ' + '{"a":' * 100 + "1" + "}" * 101,
        ),
        ("package-lock.json", "[" * 100_000),
        ("pyproject.toml", "a = " + "[" * 5000),
        ("pyproject.toml", ".".join("a" * 2000) + " = 1"),
        ("pyproject.toml", "a = " + "9" * 5000),
        ("pyproject.toml", "a = 2026-02-31"),
        ("pnpm-lock.yaml", "a: " + "[" * 1000),
        ("pnpm-lock.yaml", "a: &a [*a]"),
        ("pnpm-lock.yaml", "a: &a [1]\nb: [" + "*a, " * 200 + "]"),
        ("pnpm-lock.yaml", "a: !!python/object/apply:os.system [exit]\n"),
        ("pnpm-lock.yaml", "? [a]\n: b\n"),
        ("pom.xml", "<project>" + "<a>" * 1000 + "</a>" * 1000 + "</project>"),
        ("mix.lock", '%{"a": ' + "[" * 100 + "]" * 100 + "}"),
        ("requirements.txt", "a" * 200_000),
    ],
)
def test_what_is_too_deep_or_too_much_is_an_error(path, content):
    with pytest.raises(ManifestError):
        read(path, content.encode())


def test_a_file_has_a_largest_size_and_names_so_many_components(monkeypatch):
    monkeypatch.setattr(source, "LARGEST_BYTES", 100)
    with pytest.raises(ManifestError):
        read("requirements.txt", b"a==1\n" * 50)
    monkeypatch.setattr(source, "LARGEST_BYTES", refusal.LARGEST_BYTES)
    monkeypatch.setattr("appliance.scanning.manifests.reading.MOST_COMPONENTS", 3)
    with pytest.raises(ManifestError) as refused:
        read("requirements.txt", b"a==1\nb==1\nc==1\nd==1\n")
    assert refused.value.line == 4


def test_files_that_include_one_another_end():
    files = {"requirements.txt": b"-r a.txt\n", "a.txt": b"-r requirements.txt\nb==1\n"}
    found = read("requirements.txt", files["requirements.txt"], files.get)
    assert [each.label for each in found] == ["b@1"]
    chain = {f"{number}.txt": f"-r {number + 1}.txt\n".encode() for number in range(100)}
    with pytest.raises(ManifestError):
        read("requirements.txt", b"-r 0.txt\n", chain.get)


def test_parents_that_name_one_another_end():
    pom = (
        "<project><parent><artifactId>a</artifactId><relativePath>%s</relativePath></parent>"
        "<artifactId>a</artifactId></project>"
    )
    files = {"pom.xml": (pom % "b.xml").encode(), "b.xml": (pom % "pom.xml").encode()}
    with pytest.raises(ManifestError):
        read("pom.xml", files["pom.xml"], files.get)


def test_properties_that_grow_end():
    grown = "".join(f"<p{n + 1}>{f'${{p{n}}}' * 10}</p{n + 1}>" for n in range(20))
    pom = (
        f"<project><properties><p0>aaaaaaaaaa</p0>{grown}</properties><dependencies><dependency>"
        "<groupId>a</groupId><artifactId>b</artifactId><version>${p20}</version>"
        "</dependency></dependencies></project>"
    )
    (found,) = read("pom.xml", pom.encode())
    assert found.version == ""


def test_what_a_lock_repeats_of_licences_is_kept():
    npm = {"node_modules/a": {"license": "MIT"}, "node_modules/b": {"license": {"type": "ISC"}}}
    lock = json.dumps({"lockfileVersion": 3, "packages": {**npm, "node_modules/c": {}}})
    found = read("package-lock.json", lock.encode())
    assert [each.licence for each in found] == ["MIT", "ISC", ""]
    package = {"name": "a/b", "version": "1", "license": ["MIT", "GPL-3.0-only"]}
    (found,) = read("composer.lock", json.dumps({"packages": [package]}).encode())
    assert found.licence == "MIT OR GPL-3.0-only"


def test_no_file_outside_the_tree_is_asked_for():
    asked = []

    def beside(path):
        asked.append(path)

    read("a/requirements.txt", b"-r ../../etc/passwd\n-r /etc/passwd\n-c ../b.txt\n", beside)
    assert asked == ["b.txt"]


def test_wide_text_is_read_where_it_is_marked():
    (found,) = read("requirements.txt", "flask==1.0\n".encode("utf-16"))
    assert found.label == "flask@1.0"


def test_empty_locks_that_say_what_they_are_are_empty():
    for path, text in {
        "requirements.txt": "# Nothing.\n",
        "poetry.lock": 'package = []\n\n[metadata]\nlock-version = "2.0"\n',
        "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {}}}',
        "yarn.lock": "# yarn lockfile v1\n\n",
        "go.mod": "module example.org/a\n",
        "mix.lock": "%{\n}\n",
        "pnpm-lock.yaml": "lockfileVersion: 5.3\n\npackages:\n",
        "Cargo.lock": "version = 4\n",
    }.items():
        assert read(path, text.encode()) == ()


def test_a_module_may_be_asked_for_twice_and_each_replaced_by_another():
    content = b"""\
require (
    example.org/net v1.2.3
    example.org/net v0.5.6
)
replace (
    example.org/net v1.2.3 => example.org/fork v1.4.5
    example.org/net v0.5.6 => example.org/fork v1.4.2
)
"""
    found = {(each.name, each.version) for each in read("go.mod", content)}

    assert found == {("example.org/fork", "v1.4.5"), ("example.org/fork", "v1.4.2")}
