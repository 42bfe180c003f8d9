"""A reader of C2SP logs that knows nothing of ours: a recursive tree, and text split into lines.

Written from RFC 6962 and from the pages of c2sp.org; it imports nothing of `audit`, on purpose.
"""

import base64
import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def tree_hash(leaves):
    """RFC 6962, section 2.1: MTH."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def audit_path(m, leaves):
    """RFC 6962, section 2.1.1: PATH."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*audit_path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), tree_hash(leaves[:k])]


def consistency(m, leaves, *, whole=True):
    """RFC 6962, section 2.1.2: SUBPROOF."""
    if m == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*consistency(m, leaves[:k], whole=whole), tree_hash(leaves[k:])]
    return [*consistency(m - k, leaves[k:], whole=False), tree_hash(leaves[:k])]


def tile_name(level, number, width):
    """The path of a tile below the log's prefix."""
    text = str(number)
    while len(text) % 3:
        text = "0" + text
    parts = [text[i : i + 3] for i in range(0, len(text), 3)]
    name = "/".join(["x" + part for part in parts[:-1]] + parts[-1:])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def tile_names(size):
    """Every tile that a log of a size serves."""
    for number in range((size + 255) // 256):
        yield tile_name("entries", number, min(256, size - number * 256))
    level, hashes = 0, size
    while hashes:
        for number in range((hashes + 255) // 256):
            yield tile_name(level, number, min(256, hashes - number * 256))
        level, hashes = level + 1, hashes // 256


def entries_of(bundle):
    found = []
    while bundle:
        (length,) = struct.unpack(">H", bundle[:2])
        found.append(bundle[2 : 2 + length])
        assert len(found[-1]) == length
        bundle = bundle[2 + length :]
    return found


def read_log(fetch, verifier_key, cosigner_keys=()):
    """Everything in a log that is served as tiles, after every check the pages ask for.

    `fetch` gives the bytes at a path. The answer: origin, entries, names of cosigners.
    """
    origin, size, root, cosigners = open_checkpoint(
        fetch("checkpoint"), verifier_key, cosigner_keys
    )
    entries, hashes = [], []
    for number in range((size + 255) // 256):
        width = min(256, size - number * 256)
        found = entries_of(fetch(tile_name("entries", number, width)))
        tile = fetch(tile_name(0, number, width))
        assert len(found) == width
        assert tile == b"".join(hashlib.sha256(b"\0" + each).digest() for each in found)
        entries += found
        hashes += [tile[i : i + 32] for i in range(0, len(tile), 32)]
    check_upper_tiles(fetch, entries, size)
    assert tree_hash(entries) == root
    return origin, entries, cosigners


def check_upper_tiles(fetch, entries, size):
    level, span = 1, 256
    while size // span:
        count = size // span
        for number in range((count + 255) // 256):
            width = min(256, count - number * 256)
            tile = fetch(tile_name(level, number, width))
            wanted = [
                tree_hash(entries[(number * 256 + i) * span : (number * 256 + i + 1) * span])
                for i in range(width)
            ]
            assert tile == b"".join(wanted)
        level, span = level + 1, span * 256


def open_note(data, verifier_keys):
    """The text of a note and what each known key signed: name to signature bytes."""
    text = data.decode("utf-8")
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    split = text.rindex("\n\n")
    body, lines = text[: split + 1], text[split + 2 :]
    known = {}
    for each in verifier_keys:
        name, key_id, material = each.split("+", 2)
        raw = base64.b64decode(material)
        expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        assert expected.hex() == key_id
        known[name, expected] = raw
    found = {}
    assert lines.endswith("\n")
    for line in lines[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        assert dash == "\u2014"
        raw = base64.b64decode(encoded)
        if (name, raw[:4]) in known:
            check(known[name, raw[:4]], body, raw[4:])
            found[name] = raw[4:]
    return body, found


def check(key, body, signature):
    """Type 1 is a plain Ed25519 signature, type 4 a cosignature with its time."""
    message = body.encode()
    if key[0] == 4:
        (seconds,) = struct.unpack(">Q", signature[:8])
        message = b"cosignature/v1\n" + f"time {seconds}\n".encode() + message
        signature = signature[8:]
    else:
        assert key[0] == 1
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, message)


def open_checkpoint(data, verifier_key, cosigner_keys=()):
    body, found = open_note(data, [verifier_key, *cosigner_keys])
    name = verifier_key.split("+")[0]
    if name not in found:
        raise InvalidSignature
    origin, size, root, rest = body.split("\n")
    assert rest == ""
    assert str(int(size)) == size
    return origin, int(size), base64.b64decode(root), sorted(found.keys() - {name})


def check_proof(data, entry, verifier_key):
    """A `.tlog-proof`: gives the index, after all checks."""
    lines = data.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    at = 2 if lines[1].startswith("extra ") else 1
    assert lines[at].startswith("index ")
    index = int(lines[at][6:])
    end = lines.index("", at)
    path = [base64.b64decode(each) for each in lines[at + 1 : end]]
    checkpoint = "\n".join(lines[end + 1 :]).encode()
    _, size, root, _ = open_checkpoint(checkpoint, verifier_key)
    assert root_from_path(entry, index, size, path) == root
    return index


def root_from_path(entry, index, size, path):
    """The root by going down the tree instead of up, to share no thought with the other."""

    def down(start, end, left):
        if end - start == 1:
            assert not left
            return hashlib.sha256(b"\0" + entry).digest()
        k = 1
        while k * 2 < end - start:
            k *= 2
        *below, beside = left
        if index < start + k:
            return hashlib.sha256(b"\1" + down(start, start + k, below) + beside).digest()
        return hashlib.sha256(b"\1" + beside + down(start + k, end, below)).digest()

    return down(0, size, path)
