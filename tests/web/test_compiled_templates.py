"""Templates are compiled once for all processes, and believed only while their text is the same."""

import jinja2
import pytest

from appliance.web.compiled_templates import CompiledTemplates


class NeverCompiling(jinja2.Environment):
    """A process that has nothing to compile."""

    compile = None


def environment(folder, text, kind=jinja2.Environment):
    return kind(
        loader=jinja2.DictLoader({"page.html": text}), bytecode_cache=CompiledTemplates(folder)
    )


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "templates"


def shown(made):
    return made.get_template("page.html").render(name="lab")


def test_what_one_process_has_compiled_another_takes(folder):
    first = environment(folder, "Hello {{ name }}")
    assert shown(first) == "Hello lab"

    second = environment(folder, "Hello {{ name }}", NeverCompiling)

    assert shown(second) == "Hello lab"
    assert len(list(folder.iterdir())) == 1


def test_another_text_is_compiled_anew(folder):
    assert shown(environment(folder, "Hello {{ name }}")) == "Hello lab"

    assert shown(environment(folder, "Bye {{ name }}")) == "Bye lab"


def test_what_is_damaged_is_compiled_anew(folder):
    assert shown(environment(folder, "Hello {{ name }}")) == "Hello lab"
    for file in folder.iterdir():
        file.write_bytes(b"nothing of ours")

    assert shown(environment(folder, "Hello {{ name }}")) == "Hello lab"


def test_without_a_place_for_them_pages_are_shown_all_the_same(folder):
    folder.write_text("no folder")

    assert shown(environment(folder, "Hello {{ name }}")) == "Hello lab"
