"""The identifiers of the SPDX licence list, and what stands for those that were replaced."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

_WITH_VERSIONS = (
    *("AGPL-1.0", "AGPL-3.0", "GFDL-1.1", "GFDL-1.2", "GFDL-1.3", "GPL-1.0", "GPL-2.0", "GPL-3.0"),
    *("LGPL-2.0", "LGPL-2.1", "LGPL-3.0"),
)
"""A bare one said nothing of later versions, and so it means this one only."""
REPLACED = {
    **{each: f"{each}-only" for each in _WITH_VERSIONS},
    **{f"{each}+": f"{each}-or-later" for each in _WITH_VERSIONS},
    "BSD-2-Clause-FreeBSD": "BSD-2-Clause",
    "BSD-2-Clause-NetBSD": "BSD-2-Clause",
    "StandardML-NJ": "SMLNJ",
    "bzip2-1.0.5": "bzip2-1.0.6",
    "Net-SNMP": "BSD-3-Clause AND CMU-Mach AND MIT-CMU",
    "GPL-2.0-with-GCC-exception": "GPL-2.0-only WITH GCC-exception-2.0",
    "GPL-2.0-with-autoconf-exception": "GPL-2.0-only WITH Autoconf-exception-2.0",
    "GPL-2.0-with-bison-exception": "GPL-2.0-only WITH Bison-exception-2.2",
    "GPL-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "GPL-2.0-with-font-exception": "GPL-2.0-only WITH Font-exception-2.0",
    "GPL-3.0-with-GCC-exception": "GPL-3.0-only WITH GCC-exception-3.1",
    "GPL-3.0-with-autoconf-exception": "GPL-3.0-only WITH Autoconf-exception-3.0",
}


@cache
def licences() -> dict[str, str]:
    """Every identifier under its lower-case spelling: case says nothing in expressions."""
    return {each.lower(): each for each in _lists()["licences"]}


@cache
def exceptions() -> dict[str, str]:
    """The same for what may stand after WITH."""
    return {each.lower(): each for each in _lists()["exceptions"]}


@cache
def _lists() -> dict[str, list[str]]:
    file = resources.files("appliance.scanning.licences") / "spdx.toml"
    return tomllib.loads(file.read_text("utf-8"))
