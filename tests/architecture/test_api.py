"""The document of the API knows each shape by one name, which is that of its class."""

import ast
from collections import Counter

from tests.architecture.sources import files, parse

NOT_IN_THE_DOCUMENT = ("Path", "Query")  # Their fields stand there one by one.


def test_no_two_shapes_have_one_name():
    names = Counter(
        node.name
        for path in files("appliance/web/api", suffix=".py")
        for node in parse(path).body
        if isinstance(node, ast.ClassDef) and not node.name.endswith(NOT_IN_THE_DOCUMENT)
    )

    assert [each for each, count in names.items() if count > 1] == []
