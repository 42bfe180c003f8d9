"""What the contract says of every command, whichever it is."""

from __future__ import annotations

import click

from appliance.cli.__main__ import codara
from script.command_reference import commands


def test_every_command_answers_programs():
    verbs = [
        each
        for each in commands(codara, None, "codara")
        if not isinstance(each.command, click.Group)
    ]
    lacking = [
        each.command_path
        for each in verbs
        if not any("--json" in parameter.opts for parameter in each.command.params)
    ]

    assert len(verbs) > 200
    assert lacking == [], "They take no --json: give them cls=Verb."
