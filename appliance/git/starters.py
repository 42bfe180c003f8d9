"""The first commit of a new repository: the files of a template without its history."""

from __future__ import annotations

import subprocess
from pathlib import Path

from appliance.errors import DamagedError
from appliance.git import process, ref_changes, refs, signed, tree
from appliance.git.commits import Person
from appliance.git.handles import opened
from appliance.git.ref_changes import RefChange
from appliance.git.ref_names import BRANCHES
from appliance.git.signed import Sign

COPY_SECONDS = 300.0


def copy_files(
    template: Path, folder: Path, branch: bytes, *, author: Person, sign: Sign | None = None
) -> RefChange | None:
    """One commit on `branch` of an empty repository with all files of a template's default branch.

    Gives the move of the branch; None where the template has no commits.

    Errors:
        DamagedError: the template cannot be read.
    """
    head = refs.head(template)
    if head.oid is None:
        return None
    with opened(template) as handle:
        root = tree.root_of(handle, head.oid)
    _copy_objects(template, folder, root)
    commit = _commit(folder, root, author, sign)
    made = RefChange(BRANCHES + branch, None, commit)
    ref_changes.change(folder, [made])
    return made


def _copy_objects(template: Path, folder: Path, root: str) -> None:
    """Bring a tree and all below it from one repository to another, as one pack."""
    packer = process.popen(["pack-objects", "--revs", "--stdout", "-q"], at=template)
    try:
        reader = process.popen(
            ["index-pack", "--stdin", "--fsck-objects"],
            at=folder,
            stdin=packer.stdout or subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            _tell(packer, root)
            statuses = (reader.wait(COPY_SECONDS), packer.wait(COPY_SECONDS))
        finally:
            process.stop(reader)
    finally:
        process.stop(packer)
    if any(statuses):
        raise DamagedError("The template cannot be read. An administrator can repair it.")


def _tell(packer: subprocess.Popen[bytes], root: str) -> None:
    if packer.stdin is not None:
        packer.stdin.write(f"{root}\n".encode())
        packer.stdin.close()
    if packer.stdout is not None:
        packer.stdout.close()  # Only the reader listens now; it ends when the packer does.


def _commit(folder: Path, root: str, author: Person, sign: Sign | None) -> str:
    who = ref_changes.signature_line(author)
    whole = b"tree %s\nauthor %s\ncommitter %s\n\nInitial commit\n" % (root.encode(), who, who)
    if sign is not None:
        whole = signed.with_signature(whole, sign(whole))
    words = ["hash-object", "-t", "commit", "-w", "--stdin"]
    return process.run(words, at=folder, input=whole).decode().strip()
