"""Writes docs/reference/command-line.md from the commands themselves.

`python -m script.command_reference` writes it; a test compares it with what it would write.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from appliance.cli.__main__ import codara

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "command-line.md"

INTRODUCTION = """# Command line

Generated from the commands by `python -m script.command_reference`.

`.venv/bin/codara` in a checkout, `codara` on an installed host. Results go to standard output,
messages to standard error; `--json` gives results for programs.

While the appliance runs, `codara` used on the same machine by the same system account needs no
sign-in; `--home DIR` or `$CODARA_HOME` says which appliance, and `--as NAME` in whose name you act.
From elsewhere, `codara login URL` keeps a token in the key ring of the system, or in a file that
only you may read; `$CODARA_URL` and `$CODARA_TOKEN` do without. What is said goes before
what is near: a command is for `--url`, `--home` or `$CODARA_HOME`, `$CODARA_URL`, an appliance in
`./var`, and what `codara login` remembers, in this order. `codara whoami` says which.

| exit status | means |
|--:|---|
| 0 | done |
| 1 | the operation failed |
| 2 | wrong usage |
| 3 | not permitted |
| 4 | not found |
| 5 | conflict |

Completion for your shell, once: `eval "$(codara completion bash)"`, or with `zsh`; for fish,
`codara completion fish > ~/.config/fish/completions/codara.fish`.
"""

EXAMPLE = """
## An afternoon

```sh
codara org create lab
codara user create writer --email writer@example.org --password-stdin < password
codara repo create lab/notes --visibility internal
codara repo grant lab/notes --user writer --role writer
codara token create --user writer --scope repo:write --repo lab/notes --expires-in 30d --json
```
"""


def commands(
    command: click.Command, above: click.Context | None, name: str
) -> Iterator[click.Context]:
    """A command's context and those of all commands under it, in the order of its help."""
    context = click.Context(command, info_name=name, parent=above)
    yield context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            under = command.get_command(context, each)
            if under is not None and not under.hidden:
                yield from commands(under, context, each)


def section(context: click.Context) -> str:
    """One command: how it is called, what it does, what it takes."""
    command = context.command
    level = "##" if context.parent and context.parent.parent is None else "###"
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    rows = [record for each in command.get_params(context) if (record := option(each, context))]
    parts = [f"\n{level} `{context.command_path}`\n", f"\n{prose(command)}\n"]
    if not isinstance(command, click.Group):
        parts.append(f"\n```text\n{usage}\n```\n")
    if rows:
        parts += ["\n| option | |\n|---|---|\n", *rows]
    return "".join(parts)


def prose(command: click.Command) -> str:
    """What a command says about itself, in paragraphs of one line each."""
    words = (command.help or "").replace("\b", "").partition("\f")[0]
    return "\n\n".join(" ".join(part.split()) for part in words.split("\n\n")).strip()


def option(parameter: click.Parameter, context: click.Context) -> str | None:
    """A row for an option; none for what every command has."""
    record = parameter.get_help_record(context)
    if record is None or not isinstance(parameter, click.Option):
        return None
    if set(parameter.opts) & {"--help", "--json", "--home", "--url", "--as"}:
        return None
    spelled, words = (" ".join(text.split()).replace("|", "\\|") for text in record)
    return f"| `{spelled}` | {words} |\n"


def page() -> str:
    """The whole page."""
    below_the_root = list(commands(codara, None, "codara"))[1:]
    return INTRODUCTION + EXAMPLE + "".join(section(context) for context in below_the_root)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
