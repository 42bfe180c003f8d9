"""A reader that was written from the C2SP pages reads our tiles, checkpoints and proofs."""

import pytest
from cryptography.exceptions import InvalidSignature

from audit import merkle, note, tiles, trust
from audit import proof as proofs
from audit.verdict import Verdict
from tests.audit import naive
from tests.audit.exports import story, tlog_proof
from tests.audit.signers import Signer, signed, witness

SIZES = [1, 2, 255, 256, 257, 700]


def served(log, signers):
    """A log as files under its prefix, made with our functions."""
    leaves = log.leaves()
    size = len(leaves)
    files = {"checkpoint": signed(str(log.checkpoint()), signers)}
    for start in range(0, size, tiles.WIDTH):
        some = leaves[start : start + tiles.WIDTH]
        name = tiles.path(tiles.ENTRIES, start // tiles.WIDTH, len(some))
        files[name] = tiles.bundle(some)
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    for level, count in tiles.widths(size):
        for start in range(0, count, tiles.WIDTH):
            some = hashes[start : start + tiles.WIDTH]
            files[tiles.path(level, start // tiles.WIDTH, len(some))] = b"".join(some)
        full = [hashes[n : n + tiles.WIDTH] for n in range(0, count, tiles.WIDTH)]
        hashes = [tiles.tile_root(b"".join(each)) for each in full if len(each) == tiles.WIDTH]
    return files


@pytest.mark.parametrize("size", SIZES)
def test_every_tile_checkpoint_and_entry_is_understood(size):
    log = story(max(size, 40))
    log.headers = log.headers[:size]
    signer, other = Signer(log.origin), witness("revision")
    files = served(log, [signer, other])

    origin, entries, cosigners = naive.read_log(
        files.__getitem__, str(signer.key), [str(other.key)]
    )

    assert (origin, cosigners) == (log.origin, ["revision"])
    assert entries == log.leaves()
    assert files.keys() == {"checkpoint", *naive.tile_names(size)}


@pytest.mark.parametrize("size", SIZES)
def test_every_node_comes_out_of_the_tiles(size):
    log = story(max(size, 40))
    log.headers = log.headers[:size]
    files = served(log, [Signer(log.origin)])
    by_place = {tiles.parse_path(name)[:2]: data for name, data in files.items() if "/" in name}
    node = tiles.node_from(lambda level, index: by_place[level, index])

    assert merkle.root_at(size, node) == naive.tree_hash(log.leaves())
    for index in {0, size // 2, size - 1}:
        proof = merkle.inclusion_proof(index, size, node)
        assert proof == naive.audit_path(index, log.leaves())
    for first in {1, size // 2 or 1, size}:
        proof = merkle.consistency_proof(first, size, node)
        assert proof == naive.consistency(first, log.leaves())


@pytest.mark.parametrize("index", [0, 1, 40, 69])
def test_a_proof_file_is_understood(index):
    log = story(70)
    signer = Signer(log.origin)
    data = tlog_proof(log, index, [signer]).encode()

    assert naive.check_proof(data, log.leaves()[index], str(signer.key)) == index


def test_the_reader_itself_refuses_a_strangers_checkpoint():
    log = story(20)
    files = served(log, [Signer(log.origin, seed="stranger")])

    with pytest.raises(InvalidSignature):
        naive.read_log(files.__getitem__, str(Signer(log.origin).key))


def test_the_example_of_c2sp_is_a_note_signed_by_its_key():
    """From https://c2sp.org/signed-note, where this key and note are the example."""
    key = note.Key.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    data = (
        "This is an example message.\n\n"
        "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
        "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    ).encode()

    assert note.signed_by(note.parse(data), [key]) == [(key, None)]
    with pytest.raises(note.BadSignatureError):
        note.signed_by(note.parse(data.replace(b"example m", b"another m")), [key])


def test_the_proof_of_an_entry_is_checked_with_the_auditors_keys():
    log = story(70)
    signer = Signer(log.origin)
    trusted = trust.read(
        b'{"format":"codara-audit-trust/1","logs":[{"origin":"%s","keys":[{"vkey":"%s"}]}]}'
        % (log.origin.encode(), str(signer.key).encode())
    )
    data = tlog_proof(log, 40, [signer]).encode()
    stranger = tlog_proof(log, 40, [Signer(log.origin, seed="stranger")]).encode()

    assert proofs.verify(data, log.leaves()[40], trusted).verdict is Verdict.GOOD
    assert proofs.verify(data, log.leaves()[41], trusted).verdict is Verdict.TAMPERED
    assert proofs.verify(stranger, log.leaves()[40], trusted).verdict is Verdict.UNTRUSTED
    assert proofs.verify(b"no proof", b"", trusted).verdict is Verdict.MALFORMED
