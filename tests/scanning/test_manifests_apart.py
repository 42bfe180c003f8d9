"""Manifests are read in a process of their own: hostile ones end that, and are told as unread."""

from __future__ import annotations

import io
import zipfile

import pytest

from appliance.scanning.manifests import apart, reading
from appliance.scanning.manifests.apart import Limits, Reader
from appliance.scanning.manifests.refusal import LARGEST_BYTES, ManifestError
from tests.scanning.test_manifests import EXAMPLES

LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


def zipped(name, content):
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return found.getvalue()


BOMB = zipped("package.json", b"0" * 10_000_000)
ALIASES = b"a: &a [x]\n" + b"".join(b"b%d: &b%d [%s]\n" % (n, n, b"*a," * 9) for n in range(2, 40))
HOSTILE = {
    "deep JSON": ("package-lock.json", b"[" * 200_000),
    "deep JSON in a mapping": ("package-lock.json", b'{"packages":' * 50_000),
    "deep TOML": ("poetry.lock", b"a = " + b"[" * 100_000),
    "deep YAML": ("pnpm-lock.yaml", b"[" * 100_000),
    "aliases in YAML": ("pnpm-lock.yaml", ALIASES),
    "a billion laughs": (
        "pom.xml",
        b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY l0 "ha">'
        + LAUGHS
        + b"]><project>&l9;</project>",
    ),
    "a file outside in XML": (
        "pom.xml",
        b'<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]><project>&e;</project>',
    ),
    "millions of lines": ("go.sum", b"\n" * (LARGEST_BYTES + 1)),
    "a line without an end": ("requirements.txt", b"a" * 1_000_000),
    "a bomb under a lock's name": ("package-lock.json", BOMB),
    "an archive in an archive": ("Cargo.lock", zipped("Cargo.lock", BOMB)),
    "the target of a link": ("package-lock.json", b"../../../etc/passwd"),
    "a name with NUL": ("requirements.txt", b"a\0b==1.0\n"),
    "a name with NUL, escaped": (
        "package-lock.json",
        b'{"lockfileVersion":3,"packages":{"node_modules/a":{"version":["\\u0000"]}}}',
    ),
    "no UTF-8": ("yarn.lock", b"\xff\xfe\xfd\x80" * 10 + b"\xff"),
    "half of a surrogate": ("composer.lock", b'{"packages": "\xed\xa0\x80"}'),
    "an enormous number": ("package-lock.json", b'{"lockfileVersion": ' + b"9" * 1_000_000 + b"}"),
    "an enormous exponent": ("package-lock.json", b'{"lockfileVersion": 1e999999999}'),
}


@pytest.fixture(scope="module")
def reader():
    with Reader() as found:
        yield found


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_manifest_is_told_as_unread(reader, what):
    path, content = HOSTILE[what]

    with pytest.raises(ManifestError) as refused:
        reader.read(path, content)

    assert str(refused.value)
    assert reader.read("requirements.txt", b"flask==3.0.0\n")[0].name == "flask"


@pytest.mark.parametrize("path", EXAMPLES)
def test_what_is_read_apart_is_what_is_read_here(reader, path):
    files, _ = EXAMPLES[path]

    def beside(name):
        return files[name].encode() if name in files else None

    content = files[path].encode()

    assert reader.read(path, content, beside) == reading.read(path, content, beside)


def test_files_beside_are_asked_of_the_caller():
    asked = []

    def beside(path):
        asked.append(path)
        return b"flask==3.0.0\n"

    with Reader() as reader:
        found = reader.read("app/requirements.txt", b"-r more.txt\n", beside)

    assert [each.name for each in found] == ["flask"]
    assert asked == ["app/more.txt"]


def test_a_process_that_is_killed_is_told_and_another_reads_the_next():
    def beside(_path):
        reader._process.kill()
        return b""

    with Reader() as reader:
        with pytest.raises(ManifestError) as refused:
            reader.read("requirements.txt", b"-r more.txt\n", beside)
        found = reader.read("requirements.txt", b"flask==3.0.0\n")

    assert str(refused.value) == str(apart.FAILED)
    assert len(found) == 1


@pytest.mark.parametrize("limits", [Limits(wall_seconds=0.001)], ids=["time"])
def test_what_takes_too_long_is_told(limits):
    with Reader(limits) as reader, pytest.raises(ManifestError) as refused:
        reader.read("go.sum", b"a v1 h1:x=\n" * 500_000)

    assert str(refused.value) == str(apart.NO_TIME)
