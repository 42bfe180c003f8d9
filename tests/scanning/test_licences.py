"""Licences are read as people write them, recognised where they stand, and judged by a policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain.licences import LicenceDecision
from appliance.scanning.licences import detection, expressions, spdx, texts
from appliance.scanning.licences.expressions import licences, read
from appliance.scanning.licences.policy import Judge
from appliance.scanning.manifests.refusal import ManifestError

STARTERS = Path(__file__).parents[2] / "appliance" / "services" / "starter_texts" / "licences"
WRITTEN = {
    "MIT": "MIT",
    "mit": "MIT",
    "The MIT License (MIT)": "MIT",
    "Apache 2": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "ASL 2.0": "Apache-2.0",
    "MIT/Apache-2.0": "Apache-2.0 OR MIT",
    "MIT | Apache 2.0": "Apache-2.0 OR MIT",
    "Apache-2.0+": "Apache-2.0+",
    "GPL-2.0": "GPL-2.0-only",
    "GPL-2.0+": "GPL-2.0-or-later",
    "GPLv3": "GPL-3.0-only",
    "GPLv3+": "GPL-3.0-or-later",
    "GPL (>= 2)": "GPL-2.0-or-later",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "OSI Approved :: GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "BSD 3-Clause": "BSD-3-Clause",
    "New BSD License": "BSD-3-Clause",
    "2-clause BSD": "BSD-2-Clause",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Eclipse Public License - v 2.0": "EPL-2.0",
    "zlib/libpng License": "Zlib",
    "https://opensource.org/licenses/MIT": "MIT",
    "http://www.apache.org/licenses/LICENSE-2.0.txt": "Apache-2.0",
    "GPL-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "apache-2.0 with llvm-exception": "Apache-2.0 WITH LLVM-exception",
    "LicenseRef-Ours": "LicenseRef-Ours",
    "LGPL-2.1+ or MPL 2.0": "LGPL-2.1-or-later OR MPL-2.0",
    "(MIT OR Apache-2.0) AND BSD-3-Clause": "(Apache-2.0 OR MIT) AND BSD-3-Clause",
    "MIT OR Apache-2.0 AND ISC": "Apache-2.0 AND ISC OR MIT",
    "MIT AND (MIT OR MIT)": "MIT",
    "MIT OR (ISC OR (MIT OR 0BSD))": "0BSD OR ISC OR MIT",
}


@pytest.mark.parametrize("written", list(WRITTEN))
def test_what_people_write_has_one_spelling(written):
    found = read(written)

    assert str(found) == WRITTEN[written]
    assert all(each.is_known for each in licences(found))
    assert str(read(str(found))) == str(found)


@pytest.mark.parametrize(
    "written",
    [
        "BSD",
        "GPL",
        "UNLICENSED",
        "SEE LICENSE IN LICENSE.md",
        "Version 2",
        "2",
        "All rights reserved",
        "MIT WITH no-such-exception",
        "Proprietary",
    ],
)
def test_what_names_no_licence_is_unknown(written):
    assert [each.is_known for each in licences(read(written))] == [False]


@pytest.mark.parametrize(
    "written",
    ["", " ", "MIT OR", "(MIT", "MIT)", "OR", "AND MIT", "()", "MIT WITH", "(" * 99, "M" * 9999],
)
def test_what_is_no_expression_is_none(written):
    assert read(written) is None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.recursive(
        st.sampled_from(["MIT", "ISC", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"]),
        lambda inner: st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map(
            lambda parts: f"({parts[0]}{parts[1]}{parts[2]})"
        ),
        max_leaves=8,
    )
)
def test_a_spelling_read_again_is_the_same(written):
    found = read(written)
    assert found is not None
    assert read(str(found)) == found


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="()MITANDORWHTapch-2.0+/| ", max_size=60))
def test_any_text_is_read_or_none(written):
    found = read(written)
    assert found is None or str(found)


POLICY = Judge(
    allowed=("MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
    denied=("AGPL-3.0-only", "GPL-3.0-only"),
)


@pytest.mark.parametrize(
    ("written", "decision", "because"),
    [
        ("MIT", "allow", ("MIT",)),
        ("mit", "allow", ("MIT",)),
        ("AGPL-3.0", "deny", ("AGPL-3.0-only",)),
        ("ISC", "review", ("ISC",)),
        ("", "review", ()),
        ("MIT OR", "review", ("MIT OR",)),
        ("Whatever", "review", ("Whatever",)),
        ("MIT OR GPL-3.0", "allow", ("MIT",)),
        ("ISC OR GPL-3.0", "review", ("ISC",)),
        ("MIT AND ISC", "review", ("ISC",)),
        ("MIT AND GPL-3.0 AND ISC", "deny", ("GPL-3.0-only",)),
        ("(MIT OR GPL-3.0) AND Apache-2.0", "allow", ("Apache-2.0", "MIT")),
        ("GPL-2.0-only", "review", ("GPL-2.0-only",)),
        (
            "GPL-2.0-with-classpath-exception",
            "allow",
            ("GPL-2.0-only WITH Classpath-exception-2.0",),
        ),
    ],
)
def test_a_policy_takes_the_best_of_a_choice_and_the_worst_of_all(written, decision, because):
    found = POLICY.judge(written)

    assert (found.decision, found.because) == (decision, because)


def test_what_is_unknown_is_never_allowed_and_denial_wins():
    both = Judge(allowed=("Whatever", "MIT"), denied=("MIT",))
    assert both.judge("Whatever").decision == LicenceDecision.REVIEW
    assert both.judge("MIT").decision == LicenceDecision.DENY
    assert Judge((), ()).judge("MIT").decision == LicenceDecision.REVIEW


DECLARED = [
    ("package.json", '{\n "license": "MIT"\n}', [("MIT", 2)]),
    ("package.json", '{"license": {"type": "ISC", "url": "x"}}', [("ISC", 1)]),
    (
        "package.json",
        '{"licenses": [{"type": "MIT"}, {"type": "GPLv3"}]}',
        [("GPL-3.0-only OR MIT", 1)],
    ),
    ("package.json", "{}", []),
    ("pyproject.toml", '[project]\nlicense = "MIT OR Apache-2.0"', [("Apache-2.0 OR MIT", 2)]),
    ("pyproject.toml", '[project]\nlicense = {text = "BSD 3-Clause"}', [("BSD-3-Clause", 2)]),
    (
        "pyproject.toml",
        (
            '[project]\nclassifiers = [\n "License :: OSI Approved",\n'
            ' "License :: OSI Approved :: MIT License",\n]'
        ),
        [("MIT", 4)],
    ),
    ("pyproject.toml", '[tool.poetry]\nlicense = "MIT"', [("MIT", 2)]),
    ("setup.cfg", "[metadata]\nname = a\nlicense = Apache 2.0\n", [("Apache-2.0", 3)]),
    (
        "setup.cfg",
        "[metadata]\nclassifiers =\n  License :: OSI Approved :: ISC License (ISCL)\n",
        [("ISC", 1)],
    ),
    (
        "a/Cargo.toml",
        '[package]\nname = "a"\nlicense = "MIT/Apache-2.0"',
        [("Apache-2.0 OR MIT", 3)],
    ),
    ("composer.json", '{"license": ["MIT", "GPL-3.0-or-later"]}', [("GPL-3.0-or-later OR MIT", 1)]),
    (
        "pom.xml",
        (
            "<project>\n<licenses>\n<license><name>Some words</name>"
            "<url>https://www.apache.org/licenses/LICENSE-2.0.txt</url></license>\n"
            "<license><name>MIT License</name></license></licenses></project>"
        ),
        [("Apache-2.0 AND MIT", 3)],
    ),
    (
        "a.nuspec",
        '<package><metadata><license type="expression">MIT</license></metadata></package>',
        [("MIT", 1)],
    ),
    (
        "DESCRIPTION",
        "Package: a\nLicense: GPL (>= 2) | MIT + file LICENSE\n",
        [("GPL-2.0-or-later OR MIT", 2)],
    ),
    ("README.md", "MIT", []),
]


@pytest.mark.parametrize(("path", "text", "expected"), DECLARED)
def test_a_manifest_declares_a_licence(path, text, expected):
    found = detection.read(path, text.encode())

    assert [(each.expression, each.line) for each in found] == expected


@pytest.mark.parametrize(
    "path", ["package.json", "pyproject.toml", "setup.cfg", "pom.xml", "a.nuspec"]
)
@pytest.mark.parametrize("content", [b"<<<", b"\xff\x00", b"[" * 9999])
def test_a_broken_manifest_is_an_error(path, content):
    with pytest.raises(ManifestError):
        detection.read(path, content)


@pytest.mark.parametrize(
    "name", ["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0"]
)
def test_a_whole_text_is_recognised(name):
    assert str(texts.of_text((STARTERS / f"{name}.txt").read_bytes())) == name


def test_of_the_text_of_the_gnu_licence_nobody_knows_whether_later_ones_do():
    content = (STARTERS / "GPL-3.0-or-later.txt").read_bytes()
    assert str(texts.of_text(content)) == "GPL-3.0-only"
    assert texts.of_text((STARTERS / "Proprietary.txt").read_bytes()) is None


def test_two_licences_in_one_file_both_count():
    both = (STARTERS / "MIT.txt").read_bytes() + (STARTERS / "MPL-2.0.txt").read_bytes()
    assert str(texts.of_text(both)) == "MIT AND MPL-2.0"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("// SPDX-License-Identifier: MIT OR Apache-2.0\nint main;", "Apache-2.0 OR MIT"),
        ("/* SPDX-License-Identifier: GPL-2.0-only */", "GPL-2.0-only"),
        ("<!-- SPDX-License-Identifier: CC-BY-4.0 -->", "CC-BY-4.0"),
        (
            (
                "# You can redistribute it under the terms of the GNU General Public License\n"
                "# as published by the Free Software Foundation, either version 3 of the\n"
                "# License, or (at your option) any later version."
            ),
            "GPL-3.0-or-later",
        ),
        (
            (
                " * GNU Lesser General Public License version 2.1 as published by the\n"
                " * Free Software Foundation."
            ),
            "LGPL-2.1-only",
        ),
        ('# Licensed under the Apache License, Version 2.0 (the "License");', "Apache-2.0"),
        ("print('MIT')", "None"),
        ("", "None"),
    ],
)
def test_a_header_says_the_licence_of_a_source(head, expected):
    assert str(texts.of_header(head.encode())) == expected


def test_files_of_licences_are_known_by_their_names():
    names = [
        "LICENSE",
        "LICENCE.txt",
        "COPYING.LESSER",
        "a/UNLICENSE",
        "LICENSE-MIT",
        "LICENSES/MIT.txt",
    ]
    assert [name for name in names if not texts.is_licence_file(name)] == []
    others = ["license.py.d/x", "README", "src/licensed.c", "copyist"]
    assert [name for name in others if texts.is_licence_file(name)] == []


def test_every_identifier_is_read_as_itself_or_as_what_replaced_it():
    wrong = {}
    for name in spdx.licences().values():
        found = read(name)
        if str(found) != spdx.REPLACED.get(name, name):
            wrong[name] = str(found)
    assert wrong == {}
    assert expressions.read("Net-SNMP") is not None
