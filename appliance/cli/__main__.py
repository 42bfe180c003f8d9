"""`codara <noun> <verb>`: every command by name; its module is read only when it is used."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from appliance import version
from appliance.cli.client import ProposedError
from appliance.cli.context import (
    Context,
    alone_option,
    appliance_options,
    harmless,
    json_option,
)
from appliance.errors import ApplianceError

# Name: where it is, and what it does in a few words, so that --help imports none of them.
COMMANDS = {
    "serve": ("appliance.cli.processes", "Run the appliance; with --all, every part of it."),
    "worker": ("appliance.cli.processes", "Do the jobs that wait in the queue."),
    "scheduler": ("appliance.cli.processes", "Hand jobs to the queue and promise regular ones."),
    "events": ("appliance.cli.processes", "Serve those who listen to what happens."),
    "scanner": ("appliance.cli.processes", "Look for secrets in what is pushed."),
    "ssh": ("appliance.cli.processes", "Serve Git over SSH without the host's OpenSSH."),
    "sshd": ("appliance.cli.processes", "Print what the host's own OpenSSH needs."),
    "migrate": ("appliance.cli.processes", "Bring the database to what this release needs."),
    "check": ("appliance.cli.processes", "Say how every part is, one line each."),
    "job": ("appliance.cli.job", "List, show, retry, cancel and discard jobs."),
    "user": ("appliance.cli.people", "Create, list, change, suspend and delete users."),
    "service-account": ("appliance.cli.service_accounts", "Machines that are users."),
    "provider": (
        "appliance.cli.providers",
        "Identity providers: LDAP, SAML, OpenID Connect, SCIM.",
    ),
    "proposal": ("appliance.cli.proposals", "Acts that wait for a second administrator."),
    "address-list": ("appliance.cli.address_lists", "From which networks people may come."),
    "factor-rule": ("appliance.cli.factor_rules", "Who must have a second factor."),
    "access": ("appliance.cli.access", "Ask for access, answer, and end what was given."),
    "review": ("appliance.cli.review", "Reviews of who has which right."),
    "org": ("appliance.cli.organisations", "Organisations and their members."),
    "team": ("appliance.cli.teams", "Teams and their members."),
    "repo": ("appliance.cli.repositories", "Repositories: create, import, grant, export and more."),
    "ruleset": ("appliance.cli.ruleset", "Rules for branches, tags and pushes, in three layers."),
    "alert": ("appliance.cli.alerts", "Alerts: what scans found, and what is decided about it."),
    "activity": ("appliance.cli.activity", "Suspicious activity, and who is exempt."),
    "dependency": (
        "appliance.cli.dependencies",
        "What repositories depend on, and what is known of that.",
    ),
    "licence": (
        "appliance.cli.licences",
        "Licences of components, and which of them are allowed.",
    ),
    "issue": ("appliance.cli.issues", "Issues: open, list, comment, close."),
    "pr": ("appliance.cli.pulls", "Pull requests: open, list, review, merge."),
    "inbox": ("appliance.cli.inbox", "What one is told of issues and pull requests."),
    "email": ("appliance.cli.own_addresses", "Your e-mail addresses, and which of them count."),
    "search": ("appliance.cli.search", "Find repositories, organisations and users."),
    "feed": ("appliance.cli.social", "What happened lately in repositories."),
    "scan": ("appliance.cli.scan", "Scanning, and feeds of advisories."),
    "token": ("appliance.cli.credentials", "Access tokens."),
    "key": ("appliance.cli.credentials", "SSH keys and OpenPGP keys."),
    "ssh-authority": ("appliance.cli.ssh_authorities", "Whose SSH certificates let users in."),
    "x509-authority": (
        "appliance.cli.x509_authorities",
        "Whose X.509 certificates count for signatures.",
    ),
    "x509-certificate": (
        "appliance.cli.x509_certificates",
        "Certificates that people sign with.",
    ),
    "audit": ("appliance.cli.audit", "The audit log: search, follow, export, prove, verify."),
    "witness": ("appliance.cli.witness", "Witnesses of the audit log; run one, ask them."),
    "anchor": ("appliance.cli.anchor", "Time stamps under the states of the audit log."),
    "login": ("appliance.cli.remote", "Use an appliance elsewhere, with a token."),
    "logout": ("appliance.cli.remote", "Forget an appliance elsewhere."),
    "whoami": ("appliance.cli.remote", "Say which appliance commands reach, and as whom."),
    "completion": ("appliance.cli.completion", "Let the shell complete commands and names."),
}
USAGE = 2
TRACEBACK = "CODARA_TRACEBACK"
UNEXPECTED = f"Something went wrong in the command itself. {TRACEBACK}=1 shows where."


class Codara(click.Group):
    """All commands, read when they are needed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += [json_option(), *appliance_options(), alone_option()]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        found = getattr(module, cmd_name.replace("-", "_"))
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The one that was meant; where none was, the likeliest is named."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(
                error.command_name, possibilities=COMMANDS, ctx=ctx
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of them, from the table alone."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(
    cls=Codara,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None},
    epilog="Every command has --help.",
)
@click.version_option(version.RELEASE, prog_name="Codara Appliance")
@click.pass_context
def codara(context: click.Context) -> None:
    """Run, administer and use a Codara Appliance."""
    context.ensure_object(Context)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        outcome = codara.main(words, prog_name="codara", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        print("Nothing was done.", file=sys.stderr)
        return 1
    except ApplianceError as error:
        return _explain(error, words)
    except BrokenPipeError:
        # Whoever read our answer has had enough of it.
        sys.stderr.close()
        return 0
    except Exception:  # noqa: BLE001 - the one handler of this door that catches everything.
        if os.environ.get(TRACEBACK) or _is_process(words):
            traceback.print_exc()
        print(UNEXPECTED, file=sys.stderr)
        return 1
    return outcome if isinstance(outcome, int) else 0


def _explain(error: ApplianceError, words: Sequence[str]) -> int:
    """Say why nothing was done, or who must confirm it first."""
    if isinstance(error, ProposedError) and "--json" in words:
        print(json.dumps({"proposal": error.proposal}, indent=2))
    print(harmless(str(error)), file=sys.stderr)
    return error.exit_code


def _is_process(words: Sequence[str]) -> bool:
    """Whether these start a part of the appliance, whose log may say more than a terminal."""
    return bool(words) and COMMANDS.get(words[0], ("",))[0] == "appliance.cli.processes"


if __name__ == "__main__":
    sys.exit(main())
