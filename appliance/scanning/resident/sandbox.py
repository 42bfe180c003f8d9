"""What the scanner gives up before it looks at anything: the network, files, programs, its account.

What a machine does not allow is told, and not pretended: `wire.Greeting` says which of them hold.
Source: seccomp(2), unshare(2), prctl(2), bpf(2); the numbers of calls are those of the kernel's
tables for x86-64 and for all newer machines (AArch64).
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from contextlib import suppress

CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
NOBODY = 65534
MOST_MEMORY_BYTES = 2 * 1024**3
MOST_FILES = 64
MOST_WRITTEN_BYTES = 64 * 1024 * 1024

LOAD, JUMP_IF_EQUAL, JUMP_IF_GREATER, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000
NUMBER_AT, ARCHITECTURE_AT = 0, 4
NO_SUCH_CALL = 0x00050000 | 38
OTHER_ABI = 0x40000000
"""From here on the numbers of x32 begin, which nobody uses."""

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE3 = 435
CALLS: dict[str, tuple[int, ...]] = {
    "x86_64": (
        *(0, 1, 3, 5, 7, 8),  # read, write, close, fstat, poll, lseek
        *(9, 10, 11, 12, 25, 28),  # mmap, mprotect, munmap, brk, mremap, madvise
        *(13, 14, 15, 131),  # signals
        *(17, 19, 20, 32, 72),  # pread64, readv, writev, dup, fcntl
        *(24, 35, 38, 39, 96, 186, 201),  # yield, nanosleep, setitimer, getpid, times, gettid
        *(43, 44, 45, 46, 47, 48, 51, 54, 55, 288),  # accept, send, receive, shutdown, options
        *(56, 57, 60, 61, 231, 247),  # clone, fork, exit, wait
        *(102, 104, 107, 108, 110),  # who we are
        *(202, 228, 229, 230, 270, 271, 273, 318, 324, 334),  # futex, clocks, poll, random, rseq
    ),
    "aarch64": (
        *(63, 64, 57, 80, 62),
        *(222, 226, 215, 214, 216, 233),
        *(132, 134, 135, 139),
        *(67, 65, 66, 23, 25),
        *(124, 101, 103, 172, 169, 178),
        *(202, 206, 207, 211, 212, 210, 204, 208, 209, 242),
        *(220, 93, 94, 95, 260),
        *(174, 175, 176, 177, 173),
        *(98, 113, 114, 115, 72, 73, 99, 278, 283, 293),
    ),
}
"""All that it may ask of the kernel: nothing opens a file, a connection or a program."""


def enter() -> dict[str, bool]:
    """Give up what can be given up; gives what holds from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    held = {"network": _without_network(libc), "user": _as_nobody(), "memory": _bounded()}
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    # A change of account has taken back that we end with who started us.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(0)
    held["calls"] = _only_few_calls(libc)
    return held


def end_after(cpu_seconds: float) -> None:
    """Let this process end when it has worked that long."""
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)


def _without_network(libc: ctypes.CDLL) -> bool:
    parts = CLONE_NEWNET | CLONE_NEWIPC
    asked = parts if os.geteuid() == 0 else parts | CLONE_NEWUSER
    return bool(libc.unshare(asked) == 0)


def _as_nobody() -> bool:
    """Another account than that of all the rest, which only root can take."""
    if os.geteuid() != 0:
        return False
    with suppress(OSError):
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    return os.geteuid() == NOBODY


def _bounded() -> bool:
    for kind, most in (
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, MOST_FILES),
        (resource.RLIMIT_FSIZE, MOST_WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):
            return False
    return True


def _only_few_calls(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in CALLS:
        return False
    program = _filter(ARCHITECTURES[machine], CALLS[machine])
    text = ctypes.create_string_buffer(program)
    # struct sock_fprog: how many instructions, and where they are.
    said = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(text))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, said, 0, 0) == 0)


def _filter(architecture: int, calls: tuple[int, ...]) -> bytes:
    """Instructions of the kernel's packet filter, which here looks at calls.

    clone3 is said not to exist, so that the library takes the older one.
    """
    steps = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_IF_GREATER, 0, 1, OTHER_ABI),
        (RETURN, 0, 0, REFUSE),
        (JUMP_IF_EQUAL, 0, 1, CLONE3),
        (RETURN, 0, 0, NO_SUCH_CALL),
    ]
    for number in calls:
        steps += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    steps.append((RETURN, 0, 0, REFUSE))
    return b"".join(struct.pack("HBBI", *step) for step in steps)
