"""How much work signatures in an export can ask for, counted rather than timed."""

from audit import signatures, trust
from audit.note import parse, signed_by
from audit.permissions import Permissions, node_text
from audit.signatures import Signatures
from audit.verdict import Verdict
from audit.verify import verify
from tests.audit import exports
from tests.audit.exports import Export, Log, story
from tests.audit.signers import Signer, signed

LOG = story(40)


def counting(asked):
    """A check of signatures that finds none good, and counts."""

    def check(_key, message, _signature):
        asked.append(message)
        return message.startswith(b"good")

    return check


def test_the_same_good_signature_is_checked_once():
    asked = []
    found = Signatures(counting(asked))

    assert [found.is_good([b"key"], b"good", b"s") for _ in range(50)] == [True] * 50
    assert len(asked) == 1


def test_after_many_bad_signatures_none_is_looked_at():
    asked = []
    found = Signatures(counting(asked))

    results = {found.is_good([b"key"], b"%d" % n, b"s") for n in range(10 * signatures.MOST_BAD)}

    assert results == {False}
    assert len(asked) == signatures.MOST_BAD
    assert not found.is_good([b"key"], b"good", b"s")


def test_a_log_of_forged_permissions_is_tampered_with_after_bounded_work(tmp_path):
    log = Log()
    for number in range(signatures.MOST_BAD + 200):
        log.add("log.pruned", {"end": number, "signature": "A" * 86})
    asked = []
    checks = Signatures(counting(asked))
    judging = Permissions(
        log.origin,
        lambda *_: [Signer(log.origin).key],
        checks,
        say=asked.append,
        note_void=asked.append,
    )
    for index, header in enumerate(log.headers):
        assert not judging.allows(index, header, log.bodies[index][1])
    assert checks.checked == signatures.MOST_BAD

    export = Export((log,), earlier=())
    found = verify(exports.write(export.files(), tmp_path), trust.read(export.trust()))

    assert found.verdict is Verdict.TAMPERED


def test_a_certificate_is_checked_once_however_often_it_comes():
    asked = []
    checks = Signatures(counting(asked))
    judging = Permissions("log", lambda *_: [Signer("log").key], checks, say=print, note_void=print)
    text = b"good" + node_text("log", ("north", "boot"), bytes(32))

    assert all(judging.certifies(index, text, bytes(64)) for index in range(100))
    assert checks.checked == 1


def test_a_signature_line_that_is_repeated_is_checked_once(monkeypatch):
    """Whoever carries a note can repeat its lines."""
    signer, asked = Signer(LOG.origin), []
    note = parse(signed(str(LOG.checkpoint()), [signer] * 32))
    monkeypatch.setattr("audit.ed25519.is_signed", lambda *words: not asked.append(words))

    assert len(signed_by(note, [signer.key])) == 1
    assert len(asked) == 1
