"""`codara completion`: what teaches a shell our commands and the names there are."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from appliance.cli.context import Context, Plain, current

VARIABLE = "_CODARA_COMPLETE"


@click.command(
    cls=Plain,
    epilog='Once for each shell: eval "$(codara completion bash)" in ~/.bashrc, the same with zsh '
    "in ~/.zshrc; codara completion fish > ~/.config/fish/completions/codara.fish.",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@current
@click.pass_context
def completion(click_context: click.Context, context: Context, shell: str) -> None:
    """Print what lets SHELL complete commands, options and names."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} cannot be taught.")
    script = kind(click_context.find_root().command, {}, "codara", VARIABLE).source()
    context.show({"shell": shell, "script": script}, lambda: [script.strip()])
