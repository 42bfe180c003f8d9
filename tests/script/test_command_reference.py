"""The page about the command line is what the commands themselves say."""

from script import command_reference


def test_the_page_is_what_would_be_written_now():
    advice = "run: .venv/bin/python -m script.command_reference"

    assert command_reference.PAGE.read_text("utf-8") == command_reference.page(), advice
