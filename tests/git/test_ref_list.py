"""The list of refs is the same, byte for byte, whoever makes it: ourselves or git."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from appliance.git import process, ref_list, transport
from appliance.git.packets import FLUSH, packet, service_header

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
EVERYTHING = (b"peel", b"symrefs", b"unborn")
INTERNAL = {"CODARA_INTERNAL": "1"}


def question(*words: bytes, before: tuple[bytes, ...] = ()) -> bytes:
    lines = [packet(b"command=ls-refs\n"), *(packet(word + b"\n") for word in before)]
    return b"".join([*lines, ref_list.DELIMITER, *(packet(word + b"\n") for word in words), FLUSH])


def asked_of_git(folder: Path, request: bytes) -> bytes:
    words = ["upload-pack", "--strict", "--stateless-rpc", "."]
    return process.run(words, at=folder, input=request, extra={"GIT_PROTOCOL": "version=2"})


@pytest.fixture
def empty(store) -> Path:
    return store.create(ONE)


@pytest.fixture
def folder(empty, git, working_copy) -> Path:
    """A repository with refs of every sort, loose and packed."""
    git("fetch", "-q", working_copy, "+refs/*:refs/*", at=empty, **INTERNAL)
    git("pack-refs", "--all", at=empty, **INTERNAL)
    refs = {
        b"refs/heads/\xff\xc3\xa9": b"main",
        b"refs/heads/main-2": b"main~1",
        b"refs/internal/keep": b"main",
        b"refs/internalised": b"main",
        b"refs/notes/commits": b"main",
        b"refs/tags/light": b"main~1",
        b"refs/tags/of-a-file": b"main:notes.txt",
        b"refs/tags/of-a-tree": b"main^{tree}",
    }
    for ref, target in refs.items():
        process.run(["update-ref", ref, target], at=empty, extra=INTERNAL)
    git("tag", "-a", "-m", "Twice", "twice", "v1", at=empty, **INTERNAL)
    git("symbolic-ref", "refs/heads/alias", "refs/heads/main", at=empty, **INTERNAL)
    return empty


@pytest.mark.parametrize(
    "request_",
    [
        question(),
        question(*EVERYTHING),
        question(b"peel"),
        question(b"symrefs"),
        question(*EVERYTHING, before=(b"agent=git/2.39.5-Linux", b"object-format=sha1")),
        question(*EVERYTHING, b"ref-prefix refs/heads/", b"ref-prefix refs/tags/"),
        question(*EVERYTHING, b"ref-prefix refs/tags/", b"ref-prefix HEAD", b"ref-prefix refs/h"),
        question(*EVERYTHING, b"ref-prefix refs/internal"),
        question(*EVERYTHING, b"ref-prefix refs/internal/"),
        question(b"ref-prefix nothing"),
    ],
)
@pytest.mark.parametrize("head", ["refs/heads/main", "refs/heads/not-yet", "detached"])
def test_both_say_the_same(folder, git, request_, head):
    if head == "detached":
        oid = git("rev-parse", "main", at=folder).strip()
        (folder / "HEAD").write_text(f"{oid}\n")
    else:
        (folder / "HEAD").write_text(f"ref: {head}\n")

    answer = ref_list.answer(folder, request_)

    assert answer is not None
    assert answer == asked_of_git(folder, request_)


@pytest.mark.parametrize("request_", [question(), question(*EVERYTHING), question(b"unborn")])
def test_both_say_the_same_of_an_empty_repository(empty, request_):
    assert ref_list.answer(empty, request_) == asked_of_git(empty, request_)


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"0000",
        b"x",
        b"zzzz",
        b"0003",
        question().replace(b"0014", b"+014", 1),
        question().replace(b"0014", b" 014", 1),
        question().replace(b"0014", b"0x14", 1),
        question().replace(b"0014", b"0_14", 1),
        question()[:-4] + b"000",
        question()[:-4],
        question() + b"0000",
        question(b"something new"),
        question(before=(b"object-format=sha256",)),
        question(before=(b"server-option=x",)),
        question().replace(b"ls-refs", b"fetch!!"),
        packet(b"command=ls-refs\n") + FLUSH,
        FLUSH + question(),
    ],
)
def test_what_is_not_plain_is_left_to_git(folder, request_):
    assert ref_list.answer(folder, request_) is None


def test_broken_and_many_refs_are_left_to_git(folder):
    broken = folder / "refs/heads/broken"
    broken.write_text("1" * 40 + "\n")
    assert ref_list.answer(folder, question()) is None

    oid = process.run(["rev-parse", "main"], at=folder).decode().strip()
    broken.write_text(f"{oid}\n")
    assert ref_list.answer(folder, question()) is not None
    lines = [f"{oid} refs/tags/n{number}\n" for number in range(ref_list.REFS)]
    (folder / "packed-refs").write_text("# pack-refs with: sorted\n" + "".join(sorted(lines)))
    assert ref_list.answer(folder, question()) is None


@pytest.mark.parametrize("said", ["", "version=2"])
def test_both_say_the_same_of_what_a_push_starts_from(folder, store, said):
    other = store.create(UUID("0199aaaa-0000-7000-8000-00000000dead"))
    words = ["receive-pack", "--http-backend-info-refs", "."]

    for each in (folder, other):
        answer = b"".join(transport.advertise(each, transport.Service.RECEIVE_PACK, protocol=said))
        plain = process.run(words, at=each, extra=transport.fetch_environment(protocol=said))
        assert answer == service_header("git-receive-pack") + plain
        assert ref_list.advertisement(each, b"x") is not None


def test_a_folder_that_is_no_repository_is_left_to_git(tmp_path):
    assert ref_list.answer(tmp_path, question()) is None
