"""Files are one topic each, in a folder that says what it is for, with names that say something."""

import ast
import re

from tests.architecture.sources import (
    FOLDERS,
    OTHERS,
    ROOT,
    files,
    name,
    parse,
    read,
    top_level_files,
)

LONGEST = 400
GENERATED = {"docs/reference/openapi.json"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "stuff"}
HOME = re.compile(r"/(?:home|Users)/(?!git\b|codara\b|\.\.\.)[a-z][\w-]*/|/root/\w|[A-Z]:\\\\Users")
UNFINISHED = re.compile(r"\b(TODO(?!\(#\d+\):)|FIXME|XXX|HACK)\b|NotImplementedError")


def everything():
    return (*files(*FOLDERS, *OTHERS), *top_level_files())


def test_no_file_is_two_topics():
    long = [
        f"{name(path)}: {lines} lines"
        for path in files(*FOLDERS)
        if path.suffix in {".py", ".js", ".html", ".css", ".sh"}
        and name(path) not in GENERATED
        and (lines := read(path).count("\n")) > LONGEST
    ]

    assert long == []


def test_names_of_files_say_something():
    assert [name(path) for path in files(*FOLDERS) if path.stem in EMPTY_NAMES] == []


def test_every_folder_says_where_to_start():
    missing = [folder for folder in FOLDERS if not (ROOT / folder / "README.md").exists()]

    assert missing == []


def test_every_module_says_what_it_is_for():
    silent = [
        name(path)
        for path in files(
            "appliance", "audit", "clients", "script", "migrations", "witness", suffix=".py"
        )
        if not ast.get_docstring(parse(path))
    ]

    assert silent == []


def test_nothing_is_left_for_later():
    ours = name(ROOT / "tests" / "architecture" / "test_shape.py")
    found = [
        f"{name(path)}:{number}"
        for path in everything()
        if name(path) != ours and path.suffix in {".py", ".js", ".html", ".css", ".sh"}
        for number, line in enumerate(read(path).splitlines(), 1)
        if UNFINISHED.search(line)
    ]

    assert found == []


def test_no_file_knows_the_machine_it_was_written_on():
    here = re.escape(f"{ROOT}/") if len(ROOT.parts) > 2 else r"(?!)"
    places = re.compile(f"{HOME.pattern}|{here}")
    found = [
        f"{name(path)}:{number}: {line.strip()[:80]}"
        for path in everything()
        for number, line in enumerate(read(path).splitlines(), 1)
        if places.search(line)
    ]

    assert found == []


def test_suppressions_name_their_rule_and_reason():
    """`noqa: ABC123 — why` and `type: ignore[rule]  # why`; a rule alone is half an answer."""
    bare = [
        f"{name(path)}:{number}"
        for path in files(
            "appliance", "audit", "clients", "migrations", "script", "witness", suffix=".py"
        )
        for number, line in enumerate(read(path).splitlines(), 1)
        if re.search(r"# noqa(?!: [A-Z]+\d+(, [A-Z]+\d+)* \S+ \w)", line)
        or re.search(r"# type: ignore(?!\[[\w-]+(, ?[\w-]+)*\]\s+(#|—|-) ?\S)", line)
    ]

    assert bare == []
