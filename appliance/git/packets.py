"""Lines of Git's wire format. Source: gitprotocol-common(5), "pkt-line Format"."""

from __future__ import annotations

FLUSH = b"0000"
HEADER_BYTES = 4
PACKET_BYTES = 65_516
"""Most bytes that one line carries."""


def packet(payload: bytes) -> bytes:
    """`payload` with its length in front.

    Errors:
        ValueError: it is longer than a line may be.
    """
    if len(payload) > PACKET_BYTES:
        raise ValueError("too long for one line")
    return b"%04x%s" % (len(payload) + HEADER_BYTES, payload)


def error_packet(sentence: str) -> bytes:
    """A line that makes every client stop and show the sentence.

    Source: gitprotocol-pack(5), "error-line".
    """
    return packet(b"ERR " + sentence.encode("utf-8")[: PACKET_BYTES - 5] + b"\n")


def fatal_packet(sentence: str) -> bytes:
    """The same where a pack flows beside progress: a line on the band that ends a transfer.

    Source: gitprotocol-pack(5), "Packfile Data".
    """
    return packet(b"\x03" + sentence.encode("utf-8")[: PACKET_BYTES - 2] + b"\n")


def service_header(service: str) -> bytes:
    """What stands before the refs in the answer to `info/refs`. Source: gitprotocol-http(5)."""
    return packet(b"# service=%s\n" % service.encode("ascii")) + FLUSH
