"""Every check of an export, against keys that came another way.

    manifest     a trusted key signed what the export says of itself
    files        the files are those that it names, and none else
    checkpoint, witnesses, history, known      see `heads.py`
    headers      they are entries, in order, and make the signed root
    bodies, values, tombstones                 see `contents.py`
    permissions  what allows that something is gone, or that keys change, the log's key signed
    heartbeats   as many entries of each process are there as it says to have written
    pruning      where the first entries are gone, an entry allowed it

It reads a bundle once, from front to back, and holds none of it: a million entries need no more
memory than a thousand. It goes on after a problem wherever it can, so that a report names them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from audit import bundle as bundles
from audit import note as notes
from audit import selection as selections
from audit.bundle import Bundle, BundleError, Manifest, MissingError
from audit.heartbeats import NodeKeys
from audit.log_check import LogCheck
from audit.signatures import Signatures
from audit.trust import Trust
from audit.verdict import Findings, Verdict

MANIFEST_TITLE = "codara-audit-bundle/1"
Known = Mapping[str, notes.Checkpoint]


def verify(path: Path, trust: Trust, known: Known | None = None) -> Findings:
    """Check an export.

    `known` are checkpoints that the auditor kept from earlier visits, by origin; trust them as much
    as the key file, because here their signatures are not looked at.
    """
    findings = Findings()
    try:
        bundle = Bundle(path)
    except BundleError as error:
        findings.problem(Verdict.MALFORMED, "manifest", str(error))
        return findings
    try:
        _check(bundle, trust, known or {}, findings)
    finally:
        bundle.close()
    return findings


def _check(bundle: Bundle, trust: Trust, known: Known, findings: Findings) -> None:
    try:
        data = bundle.small(bundles.MANIFEST, bundles.LARGEST_MANIFEST)
    except BundleError as error:
        findings.problem(Verdict.MALFORMED, "manifest", str(error), file=bundles.MANIFEST)
        return
    signers = _manifest_signers(bundle, data, trust, findings)
    try:
        manifest = bundles.manifest(data)
        selected = selections.compiled(manifest.selection)
    except (BundleError, selections.SelectionError) as error:
        _say_malformed(findings, error, signers)
        return
    _check_signers(manifest, signers, trust, findings)
    node_keys: NodeKeys = {}
    signatures = Signatures()
    carried: dict[str, notes.Checkpoint] = {}
    for part in manifest.logs:
        check = LogCheck(bundle, manifest, part, trust, findings, signatures)
        check.run(selected, node_keys, known.get(part.origin))
        if check.carried is not None:
            carried[check.carried.origin] = check.carried
    for origin in known.keys() - {part.origin for part in manifest.logs}:
        _check_absent(known[origin], carried.get(origin), findings)
    findings.blame_changes(_check_files(bundle, manifest, findings))
    _tell(manifest, findings)


def _manifest_signers(
    bundle: Bundle, data: bytes, trust: Trust, findings: Findings
) -> set[notes.Key]:
    """The log keys that signed the manifest's note, whatever sizes they count for."""
    keys = [each.key for of_log in trust.logs.values() for each in of_log]
    try:
        note = notes.parse(bundle.small(bundles.MANIFEST_NOTE))
        signers = {key for key, _ in notes.signed_by(note, keys) if key.kind is notes.Kind.ED25519}
    except MissingError as error:
        findings.problem(Verdict.INCOMPLETE, "manifest", str(error), file=bundles.MANIFEST_NOTE)
        return set()
    except (BundleError, notes.NoteError) as error:
        is_bad = isinstance(error, notes.BadSignatureError)
        verdict = Verdict.TAMPERED if is_bad else Verdict.MALFORMED
        findings.problem(verdict, "manifest", str(error), file=bundles.MANIFEST_NOTE)
        return set()
    if note.text != f"{MANIFEST_TITLE}\n{hashlib.sha256(data).hexdigest()}\n":
        text = "what is signed is not this manifest"
        findings.problem(Verdict.TAMPERED, "manifest", text, file=bundles.MANIFEST)
    return signers


def _say_malformed(findings: Findings, error: ValueError, signers: set[notes.Key]) -> None:
    """Say that the manifest cannot be read, or that it was changed, where a signature shows it."""
    findings.problem(Verdict.MALFORMED, "manifest", str(error), file=bundles.MANIFEST)
    if signers and findings.count() > 1:
        findings.blame_changes({bundles.MANIFEST})


def _check_signers(
    manifest: Manifest, signers: set[notes.Key], trust: Trust, findings: Findings
) -> None:
    """Insist that a key of one of these logs signed, one that counts at the size that it has."""
    counting = {key for each in manifest.logs for key in trust.keys_of(each.origin, each.size)}
    if not counting & signers and not findings.count():
        text = "no key that you trust for a log in this export signed its manifest"
        findings.problem(Verdict.UNTRUSTED, "manifest", text, file=bundles.MANIFEST_NOTE)
    findings.did("manifest", f"made {manifest.made_at}, {len(manifest.files)} files")


def _check_files(bundle: Bundle, manifest: Manifest, findings: Findings) -> set[str]:
    """Compare files with the manifest; gives those that are not as they were signed."""
    changed = set()
    for name, (digest, size) in manifest.files.items():
        try:
            # A file of another size need not be read to its end, which may be far.
            is_same = bundle.size(name) == size and bundle.digest(name) == (digest, size)
        except MissingError as error:
            findings.problem(Verdict.INCOMPLETE, "files", str(error), file=name)
            continue
        except BundleError as error:
            findings.problem(Verdict.TAMPERED, "files", f"{name}: {error}", file=name)
            changed.add(name)
            continue
        if not is_same:
            findings.problem(Verdict.TAMPERED, "files", f"{name} was changed", file=name)
            changed.add(name)
    try:
        named = manifest.files.keys() | {bundles.MANIFEST, bundles.MANIFEST_NOTE}
        for name in sorted(bundle.names() - named):
            text = f"{name[:100]} was added: the manifest does not name it"
            findings.problem(Verdict.TAMPERED, "files", text)
    except BundleError as error:
        findings.problem(Verdict.MALFORMED, "files", str(error))
    findings.did("files", f"{len(manifest.files)} files compared with the manifest")
    return changed


def _check_absent(
    known: notes.Checkpoint, carried: notes.Checkpoint | None, findings: Findings
) -> None:
    """Compare what the auditor kept of a log that is not here with what its successor says."""
    verdict = Verdict.INCOMPLETE
    if carried is None:
        text = f"{known.origin}, of which you kept a checkpoint, is not in the export"
    elif known.size > carried.size:
        verdict = Verdict.FORKED
        text = f"{known.origin} had {known.size} entries; its successor knows of {carried.size}"
    elif known.size < carried.size:
        text = f"what you kept of {known.origin} can only be compared with that log itself"
    elif known.root != carried.root:
        verdict = Verdict.FORKED
        text = f"{known.origin} ended as another log than the one you saw"
    else:
        findings.did("known", f"{known.origin} ended with the state that you kept")
        return
    findings.problem(verdict, "known", text)
    findings.did("known", text)


def _tell(manifest: Manifest, findings: Findings) -> None:
    """Note what limits the export by intention."""
    if manifest.selection != ["all"]:
        chosen = json.dumps(manifest.selection)
        findings.note(f"bodies were asked for only of some entries: {chosen}")
    if manifest.query:
        findings.note(f"the export was made for the query: {manifest.query}")
    if manifest.disclosure != "all":
        findings.note(
            "not all personal values are told; that none of them is missing is not checked"
        )
    stamps = sum(name.startswith("anchors/") for name in manifest.files)
    if stamps:
        findings.note(f"{stamps} time stamps are there and not looked at: use openssl ts -verify")
