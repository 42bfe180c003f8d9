"""One line changes a version, or the file is left alone and the reason is said."""

from __future__ import annotations

import pytest

from appliance.scanning.manifests import reading
from appliance.scanning.upgrade_edits import NoEditError, Wanted, edited

PYPI, GO, MAVEN = "PyPI", "Go", "Maven"
POM = """\
<project><groupId>g</groupId><artifactId>a</artifactId><version>1.0</version>
<dependencies>
  <dependency>
    <groupId>org.x</groupId>
    <artifactId>y</artifactId>
    <version>1.0</version>
  </dependency>
</dependencies></project>
"""
MOD = "module example.org/a\n\nrequire example.org/b v1.0.0 // indirect\n"
WORKFLOW = "on: push\njobs:\n  a:\n    steps:\n      - uses: lab/build@v1.0.0 # pinned\n"
PROJECT = '[project]\nname = "a"\nversion = "1"\ndependencies = ["left-pad==1.0", "other==1.0"]\n'


def line_of(path, content, name):
    return next(each.line for each in reading.read(path, content.encode()) if each.name == name)


LEFT = (PYPI, "left-pad", "1.0", "1.3")
FOLDED = (PYPI, "Left_Pad", "1.0", "1.3")
MODULE = (GO, "example.org/b", "v1.0.0", "1.2.0")
ACTION = ("GitHub Actions", "lab/build", "v1.0.0", "1.0.1")
REQUIREMENTS, CARGO = "requirements.txt", "Cargo.lock"
HASHED = f"left-pad==1.0 --hash=sha256:{'0' * 64}\n"
DEEPER = ("    <version>1.0", "    <version>1.1")
IMAGE = ("Docker", "lab/base", "1.0", "1.1")
ODD = "a==1.0\nLeft_Pad [x] == 1.0 ; python_version > '3' # why\n"
CRATE = 'version = 3\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+x"\n'


@pytest.mark.parametrize(
    ("path", "content", "wanted", "old", "new"),
    [
        (REQUIREMENTS, ODD, FOLDED, "1.0 ;", "1.3 ;"),
        (REQUIREMENTS, "left-pad==1.0\r\nb==1.0\r\n", LEFT, "pad==1.0", "pad==1.3"),
        ("pyproject.toml", PROJECT, LEFT, "left-pad==1.0", "left-pad==1.3"),
        ("go.mod", MOD, MODULE, "v1.0.0", "v1.2.0"),
        ("pom.xml", POM, (MAVEN, "org.x:y", "1.0", "1.1"), *DEEPER),
        (".github/workflows/a.yml", WORKFLOW, ACTION, "@v1.0.0", "@v1.0.1"),
        ("Dockerfile", "FROM lab/base:1.0 AS a\n", IMAGE, ":1.0", ":1.1"),
    ],
)
def test_one_line_is_changed_and_nothing_else(path, content, wanted, old, new):
    asked = Wanted(*wanted, line=line_of(path, content, wanted[1]))
    made = edited(path, content.encode(), asked).decode()

    assert made == content.replace(old, new)
    assert made != content


@pytest.mark.parametrize(
    ("path", "content", "wanted", "beside", "why"),
    [
        (REQUIREMENTS, HASHED, LEFT, "", "hashes"),
        (REQUIREMENTS, "left-pad>=1.0,<1.2\n", (PYPI, "left-pad", "", "1.3"), "", "pin"),
        (REQUIREMENTS, "left-pad==1.0.*\n", LEFT, "", "pin"),
        ("pyproject.toml", PROJECT, LEFT, "uv.lock", "written by a tool"),
        ("go.mod", MOD, MODULE, "go.sum", "go.sum"),
        (CARGO, CRATE, ("crates.io", "a", "1.0.0", "1.1.0"), "", "written by a tool"),
    ],
)
def test_what_one_line_cannot_say_is_left_alone(path, content, wanted, beside, why):
    asked = Wanted(*wanted, line=line_of(path, content, wanted[1]))

    with pytest.raises(NoEditError, match=why):
        edited(path, content.encode(), asked, lambda at: b"x" if at == beside else None)
