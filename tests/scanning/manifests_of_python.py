"""Examples of Python's manifests, each with what must come of it, line by line."""

from __future__ import annotations

REQUIREMENTS = """\
# What we need.
-r base.txt
-c limits.txt
--index-url https://packages.example/simple
-e git+https://git.example/team/tool@v2#egg=tool
Flask==2.0.1 ; python_version >= "3.8"
requests[socks, security]>=2.8.1,==2.31.*   # a range
left-pad===1.0.0 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
pip @ https://files.example/pip-23.0-py3-none-any.whl
./vendored
https://files.example/six-1.16.0.tar.gz
only-limited
extra-thing==1 ; extra == "more"
"""
BASE = "click==8.0.0\n-r requirements.txt\n"
LIMITS = "only-limited==3.1\nnot-asked-for==1.0\n"

COMPILED = """\
#
#    pip-compile requirements.in
#
click==8.1.7 \\
    --hash=sha256:aaaa
    # via flask
flask==3.0.0
    # via -r requirements.in
markupsafe==2.1.3
    # via
    #   jinja2
    #   werkzeug
jinja2==3.1.2  # via flask
"""

POETRY = """\
# Made by a machine.

[[package]]
name = "flask"
version = "2.0.0"
description = '''
[[package]]
'''
optional = false
python-versions = ">=3.8"
groups = ["main"]

[package.dependencies]
Click = ">=7"

[[package]]
name = "click"
version = "8.1.0"
groups = ["main", "dev"]

[[package]]
name = "pytest"
version = "8.0.0"
optional = false
groups = ["dev"]

[[package]]
name = "redis"
version = "5.0.0"
optional = true

[metadata]
lock-version = "2.1"
"""
OLD_POETRY = """\
[[package]]
name = "black"
version = "22.1"
category = "dev"
optional = false

[metadata]
lock-version = "1.1"
"""
PROJECT = """\
[build-system]
requires = ["setuptools"]

[project]
name = "ours"
dependencies = [
  "flask>=2",
  "exact==1.2.3; sys_platform == 'linux'",
]

[project.optional-dependencies]
more = ["redis"]

[dependency-groups]
test = ["pytest~=8.0", {include-group = "lint"}]
lint = ["ruff==0.4.0"]

[tool.poetry.dependencies]
python = "^3.11"
httpx = "0.27.0"
numpy = {version = "^1.26", optional = true}
ours-too = {git = "https://git.example/a/b"}

[tool.poetry.group.docs.dependencies]
sphinx = "*"

[tool.uv]
dev-dependencies = ["mypy==1.9"]
"""
UV = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "ours"
version = "0.1.0"
source = { editable = "." }
dependencies = [
    { name = "flask" },
]

[package.optional-dependencies]
more = [
    { name = "redis" },
]

[package.dev-dependencies]
dev = [
    { name = "pytest" },
]

[[package]]
name = "flask"
version = "3.0.0"
source = { registry = "https://packages.example/simple" }
dependencies = [
    { name = "click" },
]

[[package]]
name = "click"
version = "8.1.0"
source = { registry = "https://packages.example/simple" }

[[package]]
name = "pytest"
version = "8.0.0"
source = { registry = "https://packages.example/simple" }
dependencies = [
    { name = "click" },
    { name = "pluggy", version = "1.5.0", source = { registry = "https://packages.example" } },
]

[[package]]
name = "pluggy"
version = "1.5.0"
source = { registry = "https://packages.example/simple" }

[[package]]
name = "redis"
version = "5.0.0"
source = { registry = "https://packages.example/simple" }
"""
PDM = """\
[metadata]
groups = ["default", "test"]
lock_version = "4.5.0"

[[package]]
name = "flask"
version = "3.0.0"
groups = ["default"]
dependencies = ["click>=8; python_version > '3.8'"]

[[package]]
name = "click"
version = "8.1.0"
groups = ["default", "test"]

[[package]]
name = "pytest"
version = "8.0.0"
groups = ["test"]
"""
PIPFILE = """\
{
    "_meta": {"hash": {"sha256": "aa"}, "pipfile-spec": 6},
    "default": {
        "flask": {
            "hashes": ["sha256:aa"],
            "index": "pypi",
            "markers": "python_version >= '3.8'",
            "version": "==3.0.0"
        },
        "ours": {"editable": true, "path": "."},
        "tool": {"git": "https://git.example/team/tool", "ref": "abc"}
    },
    "develop": {
        "pytest": {"version": "==8.0.0"}
    }
}
"""
PYLOCK = """\
lock-version = "1.0"
created-by = "a tool"

[[packages]]
name = "flask"
version = "3.0.0"
dependencies = [{name = "click"}]

[[packages]]
name = "click"
version = "8.1.0"

[[packages]]
name = "pytest"
version = "8.0.0"
marker = "'dev' in dependency_groups"

[[packages]]
name = "ours"
directory = {path = "."}
"""

EXAMPLES = {
    "requirements.txt": (
        {"requirements.txt": REQUIREMENTS, "base.txt": BASE, "limits.txt": LIMITS},
        """\
2 click@8.0.0 runtime direct
5 tool@ runtime direct
6 Flask@2.0.1 runtime direct
7 requests@ runtime direct
8 left-pad@1.0.0 runtime direct
11 pip@23.0 runtime direct
13 six@1.16.0 runtime direct
14 only-limited@3.1 runtime direct
15 extra-thing@1 optional direct""",
    ),
    "requirements/dev.txt": (
        {"requirements/dev.txt": COMPILED},
        """\
4 click@8.1.7 development transitive < flask
7 flask@3.0.0 development direct
9 markupsafe@2.1.3 development transitive < jinja2 werkzeug
13 jinja2@3.1.2 development transitive < flask""",
    ),
    "poetry.lock": (
        {"poetry.lock": POETRY, "pyproject.toml": PROJECT},
        """\
4 flask@2.0.0 runtime direct
17 click@8.1.0 runtime transitive < flask@2.0.0
22 pytest@8.0.0 development direct
28 redis@5.0.0 optional direct""",
    ),
    "old/poetry.lock": ({"old/poetry.lock": OLD_POETRY}, "2 black@22.1 development ?"),
    "pyproject.toml": (
        {"pyproject.toml": PROJECT},
        """\
7 flask@ runtime direct
8 exact@1.2.3 runtime direct
12 redis@ optional direct
15 pytest@ development direct
16 ruff@0.4.0 development direct
28 mypy@1.9 development direct
20 httpx@0.27.0 runtime direct
21 numpy@ optional direct
22 ours-too@ runtime direct
25 sphinx@ development direct""",
    ),
    "uv.lock": (
        {"uv.lock": UV},
        """\
23 flask@3.0.0 runtime direct
31 click@8.1.0 runtime transitive < flask@3.0.0 pytest@8.0.0
36 pytest@8.0.0 development direct
45 pluggy@1.5.0 development transitive < pytest@8.0.0
50 redis@5.0.0 optional direct""",
    ),
    "pdm.lock": (
        {"pdm.lock": PDM},
        """\
6 flask@3.0.0 runtime ?
12 click@8.1.0 runtime ? < flask@3.0.0
17 pytest@8.0.0 development ?""",
    ),
    "Pipfile.lock": (
        {"Pipfile.lock": PIPFILE},
        """\
4 flask@3.0.0 runtime ?
11 tool@ runtime ?
14 pytest@8.0.0 development ?""",
    ),
    "pylock.toml": (
        {"pylock.toml": PYLOCK},
        """\
5 flask@3.0.0 runtime ?
10 click@8.1.0 runtime ? < flask@3.0.0
14 pytest@8.0.0 optional ?""",
    ),
}
