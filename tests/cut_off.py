"""Runs something with the network cut, and notes who wanted to speak to whom: this process and all
that it starts, whatever they give up themselves.

The kernel asks about each call that says an address. Only local sockets of one folder are let
through: behind others somebody could look up names for them. A kernel that cannot be asked is an
error.
Source: seccomp_unotify(2), seccomp(2), bpf(2), unix(7), ip(7), ipv6(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from appliance.scanning.resident import sandbox

SECCOMP_SET_MODE_FILTER, NEW_LISTENER = 1, 8
ASK = 0x7FC00000
FIFTH_ARGUMENT_AT = 48
NO_NETWORK, NOBODY_THERE = -101, -111
GO_ON = 1
RECEIVE, ANSWER, IS_STILL_THERE = 0xC0502100, 0xC0182101, 0x40082102
QUESTION = "QIIiIQ6Q"
LONGEST_ADDRESS = 110  # sockaddr_un has the longest.
MESSAGE_BYTES = 64
SECONDS_BETWEEN_LOOKS = 0.05


@dataclass(frozen=True)
class Numbers:
    """What a machine calls the calls."""

    seccomp: int
    connect: int
    send_to: int
    send_message: int
    send_messages: int
    ring: int = 425
    """It could do all of that unseen: here it does not exist."""


NUMBERS = {
    "x86_64": Numbers(317, 42, 44, 46, 307),
    "aarch64": Numbers(277, 203, 206, 211, 269),
}


@dataclass
class Noted:
    """Who wanted what. It fills while something runs."""

    home: Path
    """Where local sockets are spoken to."""
    wishes: list[tuple[str, str]] = field(default_factory=list)
    """Programs, and the address that they wanted to speak to."""
    programs: set[str] = field(default_factory=set)
    """All that spoke to anything, or wanted to."""


def run(act: Callable[[], object], home: Path) -> Noted:
    """Do it in a thread without a network; what it raises is raised here."""
    noted, failed, listeners = Noted(home), list[BaseException](), list[int]()
    is_cut = threading.Event()

    def cut_and_act() -> None:
        try:
            listeners.append(_cut())
        except OSError as error:
            failed.append(error)
            return
        finally:
            is_cut.set()
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to who waits.
            failed.append(error)

    thread = threading.Thread(target=cut_and_act)
    thread.start()
    is_cut.wait()
    while listeners and thread.is_alive():
        if select.select(listeners, [], [], SECONDS_BETWEEN_LOOKS)[0]:
            with suppress(FileNotFoundError, ProcessLookupError):  # Who asked has ended.
                _answer(listeners[0], noted)
    thread.join()
    for each in listeners:
        os.close(each)
    if failed:
        raise failed[0]
    return noted


def _cut() -> int:
    """From here on the kernel asks about this thread and all that it starts."""
    machine = platform.machine()
    numbers = NUMBERS[machine]
    steps = [
        (sandbox.LOAD, 0, 0, sandbox.ARCHITECTURE_AT),
        (sandbox.JUMP_IF_EQUAL, 1, 0, sandbox.ARCHITECTURES[machine]),
        (sandbox.RETURN, 0, 0, sandbox.KILL),
        (sandbox.LOAD, 0, 0, sandbox.NUMBER_AT),
        (sandbox.JUMP_IF_EQUAL, 8, 0, numbers.ring),
        (sandbox.JUMP_IF_EQUAL, 6, 0, numbers.connect),
        (sandbox.JUMP_IF_EQUAL, 5, 0, numbers.send_message),
        (sandbox.JUMP_IF_EQUAL, 4, 0, numbers.send_messages),
        (sandbox.JUMP_IF_EQUAL, 0, 2, numbers.send_to),
        (sandbox.LOAD, 0, 0, FIFTH_ARGUMENT_AT),  # Without an address it is connected already.
        (sandbox.JUMP_IF_EQUAL, 0, 1, 0),
        (sandbox.RETURN, 0, 0, sandbox.ALLOW),
        (sandbox.RETURN, 0, 0, ASK),
        (sandbox.RETURN, 0, 0, sandbox.NO_SUCH_CALL),
    ]
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    said = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(sandbox.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
    words = (SECCOMP_SET_MODE_FILTER, NEW_LISTENER, ctypes.c_char_p(said))
    listener: int = libc.syscall(numbers.seccomp, *words)
    if listener < 0:
        raise OSError(ctypes.get_errno(), "This kernel does not tell who speaks to whom.")
    return listener


def _answer(listener: int, noted: Noted) -> None:
    question = bytearray(struct.calcsize(QUESTION))
    fcntl.ioctl(listener, RECEIVE, question)
    token, process, _, number, _, _, *arguments = struct.unpack(QUESTION, question)
    name = Path(f"/proc/{process}/comm").read_text("utf-8").strip()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        addresses = _addresses(memory, number, arguments)
    # Only then it counts that what was read is that of who asked.
    fcntl.ioctl(listener, IS_STILL_THERE, struct.pack("Q", token))
    noted.programs.add(name)
    error, flags = 0, GO_ON
    for each in addresses:
        (family,) = struct.unpack_from("H", each)
        if family == socket.AF_NETLINK:  # Whoever speaks to the kernel speaks to nobody else.
            continue
        if family != socket.AF_UNIX:
            noted.wishes.append((name, _told(family, each)))
            error, flags = NO_NETWORK, 0
        elif not Path(os.fsdecode(each[2:].split(b"\0")[0])).is_relative_to(noted.home):
            error, flags = NOBODY_THERE, 0
    fcntl.ioctl(listener, ANSWER, bytearray(struct.pack("QqiI", token, 0, error, flags)))


def _addresses(memory: BinaryIO, number: int, arguments: list[int]) -> list[bytes]:
    """What a call says of whom it wants to speak to; nothing where it is connected already."""
    numbers = NUMBERS[platform.machine()]
    if number == numbers.connect:
        return [_read(memory, arguments[1], arguments[2])]
    if number == numbers.send_to:
        return [_read(memory, arguments[4], arguments[5])]
    count = arguments[2] if number == numbers.send_messages else 1
    found = []
    for each in range(count):
        message = _read(memory, arguments[1] + each * MESSAGE_BYTES, 12)
        at, size = struct.unpack("QI", message)
        if at and size:
            found.append(_read(memory, at, size))
    return found


def _read(memory: BinaryIO, at: int, size: int) -> bytes:
    memory.seek(at)
    return memory.read(min(size, LONGEST_ADDRESS))


def _told(family: int, address: bytes) -> str:
    if family == socket.AF_INET:
        return f"{socket.inet_ntop(family, address[4:8])} {int.from_bytes(address[2:4])}"
    if family == socket.AF_INET6:
        return f"{socket.inet_ntop(family, address[8:24])} {int.from_bytes(address[2:4])}"
    return f"family {family}"
