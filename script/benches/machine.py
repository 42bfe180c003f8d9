"""What was measured on: a number without its machine is a rumour."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path


def facts() -> dict[str, str]:
    """Processor, cores, load, memory and versions."""
    return {
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "memory": memory(),
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "git": said("git", "--version").removeprefix("git version "),
    }


def processor() -> str:
    """The name that the processor gives itself."""
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory() -> str:
    """How much memory there is, in GiB."""
    kib = int(Path("/proc/meminfo").read_text("utf-8").split()[1])
    return f"{kib / 1024**2:.0f} GiB"


def said(*command: str) -> str:
    """What a program says about itself."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
