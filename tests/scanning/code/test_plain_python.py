"""Python is said more plainly before it is looked at: no line moves; the uncertain stays."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from appliance.scanning.code.plain_python import plain

CERTAIN = {
    "a constant decides": ("if 2 * 3 > 5:\n    x = 'a'\nelse:\n    x = p\n", "x = p"),
    "a name of a constant decides": (
        "n = 7\nif n - 3 > 9:\n    x = p\nelse:\n    x = 1\n",
        "x = p",
    ),
    "nothing is left": ("n = 7\nif n > 9:\n    x = p\n", "x = p"),
    "what follows elif is all": ("n = 7\nif n > 9: x = p\nelif q: x = 2\nelse: x = 3\n", "x = p"),
    "one of two values": ("n = 7\nx = 'a' if n == 7 else p\n", "p"),
    "a letter of a text": ("g = 'ABC'\nx = p if g[1] == 'A' else 'b'\n", "p"),
    "a case": (
        "g = 'B'\nmatch g:\n    case 'A':\n        x = p\n    case 'B' | 'C':\n        x = 1\n",
        "x = p",
    ),
    "no case": ("g = 'Z'\nmatch g:\n    case 'A':\n        x = p\n", "x = p"),
    "a text holds another": ("t = 'never'\nif 'should' in t:\n    t = p\n", "t = p"),
    "an element": ("l = []\nl.append('a')\nl.append(p)\nx = l[0]\n", "l[0]"),
    "an element that moved": ("l = ['a', p, 'b']\nl.pop(0)\nx = l[1]\n", "l[1]"),
    "a part of a text": ("x = p[1:-2]\n", "[1:-2]"),
    "a part inside a text": ("x = f'{p.read()[:9]}'\n", "[:9]"),
    "texts of a newer Python": ('x = f"{p["a"]}"[2:]\n', "[2:]"),
    "with tabs": ("if 1 > 2:\n\tx = p\nelse:\n\tx = 1\n", "x = p"),
    "with CRLF": ("if 1 > 2:\r\n    x = p\r\nx = 1\r\n", "x = p"),
}
UNCERTAIN = {
    "a name of somebody": "if n > 5:\n    x = 'a'\nelse:\n    x = p\n",
    "a setting": "WIDE = True\nif WIDE:\n    x = 'a'\nelse:\n    x = p\n",
    "a loop changes it": "n = 1\nfor a in b:\n    if n == 1:\n        x = p\n    n = n + 1\n",
    "a branch changes it": "n = 1\nif a:\n    n = 2\nif n == 1:\n    x = p\n",
    "a try may change it": "n = 1\ntry:\n    n = f()\nexcept E:\n    pass\nif n == 1:\n    x = p\n",
    "a with may end early": "n = 1\nwith c:\n    f()\n    n = 2\nif n == 1:\n    x = p\n",
    "a function changes it": (
        "n = 1\ndef f():\n    global n\n    n = 2\nf()\nif n == 2:\n    x = p\n"
    ),
    "another function's name": "n = 1\ndef f(n):\n    if n == 2:\n        x = p\n",
    "somebody else has the list": "l = ['a', p]\nf(l)\nx = l[0]\n",
    "two names of a list": "l = ['a', p]\nm = l\nm.pop(0)\nx = l[0]\n",
    "an element has changed": "l = [a, p]\na = q\nx = l[0]\n",
    "no such element": "l = ['a']\nx = l[4]\n",
    "a guard": "g = 'B'\nmatch g:\n    case 'B' if q:\n        x = p\n",
    "a number without end": "n = 10 ** 10\nif n * n * n > 5:\n    x = p\n",
    "an error": "if 1 // 0 > 5:\n    x = p\n",
    "no Python": "if 1 > 2 x = p\n",
    "a target": "p[1:2] = q\n",
}


@pytest.mark.parametrize("name", CERTAIN)
def test_what_never_happens_is_gone(name):
    text, gone = CERTAIN[name]

    said = plain(text.encode()).decode()

    assert gone not in said
    assert said.count("\n") == text.count("\n")
    if "newer" not in name:
        ast.parse(said)


@pytest.mark.parametrize("name", UNCERTAIN)
def test_what_is_uncertain_stays(name):
    text = UNCERTAIN[name]

    assert plain(text.encode()).decode() == text


@pytest.mark.parametrize(
    "content",
    [
        b"(" * 5000,
        b"\xff\xfe\x00",
        b"a = " + b"-" * 50_000 + b"1",
        b"x = 1\rif 1 > 2: y = 1\r",
        b"",
    ],
)
def test_hostile_files_stay_as_they_are(content):
    assert plain(content) == content


def test_programs_keep_their_lines():
    for path in sorted(Path(ast.__file__).parent.glob("a*.py"))[:12]:
        content = path.read_bytes()
        said = plain(content)
        assert said.count(b"\n") == content.count(b"\n")
        compile(said, path.name, "exec")
