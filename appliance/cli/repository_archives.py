"""`codara repo import-archive`: repositories with their issues, from another system's archive."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from appliance.cli import archive_upload, options
from appliance.cli.client import ProblemError
from appliance.cli.client import repository as place
from appliance.cli.context import Context, Verb, current
from appliance.cli.repository_arrival import wait_for_content
from appliance.domain.brought import Talk, Whole, effort, pieces, weight
from appliance.domain.brought_words import voices
from appliance.errors import InvalidError
from appliance.services import archive_files

AT_ONCE = 50
PIECE_BYTES = 1024 * 1024
"""So much text goes in one request, at most about."""
FIELDS = {
    "repository": "Repository",
    "form": "Archive of",
    "git": "Git content",
    "labels": "Labels",
    "milestones": "Milestones",
    "conversations": "Issues and pull requests",
    "pull_requests": "Of these, pull requests",
    "brought": "Brought",
    "already": "There already",
    "as_issues": "Pull requests as issues",
    "comments": "Comments",
    "reviews": "Reviews",
    "line_comments": "Comments on lines",
    "unplaced": "Of these, lines not known",
    "lost": "Lost with those as issues",
    "nobody": "Nobody here, with contributions",
    "unknown": "People who are nobody here",
    "left_out": "Left out",
}


@click.command("import-archive", cls=Verb)
@click.argument("archive", type=click.Path(exists=True, path_type=Path))
@click.argument("target", metavar="OWNER[/NAME]")
@click.option(
    "--repository", "there", default="", metavar="OWNER/NAME", help="Only this one of it."
)
@click.option(
    "--user", "users", multiple=True, metavar="THERE=HERE", help="Who is who; administrators only."
)
@click.option(
    "--match",
    type=click.Choice(["none", "names", "emails"]),
    default="none",
    show_default=True,
    help="Who else is who: by the same name, or the same e-mail address; administrators only.",
)
@click.option("--without-git", is_flag=True, help="Its branches and tags are there already.")
@click.option("--upload", is_flag=True, help="Send it to the appliance, where a job brings it in.")
@options.dry_run
@current
def import_archive(
    context: Context,
    /,
    archive: Path,
    target: str,
    *,
    there: str,
    users: Sequence[str],
    match: str,
    without_git: bool,
    upload: bool,
    dry_run: bool,
) -> None:
    """Bring in an archive that GitHub, GitLab or Gitea has made, with all that was said.

    With OWNER alone, all of its repositories come under their own names. Said again, the command
    goes on where it was: what is here already is not brought twice. With --upload its Git content
    comes along from elsewhere, too.
    """
    if upload:
        if dry_run or without_git or match != "none":
            raise click.UsageError("--upload goes with --repository and --user alone.")
        archive_upload.bring(context, archive, target, there, _said(users))
        return
    # By name, because it reads YAML, which no other command needs.
    archives = importlib.import_module("appliance.services.archive_reading")
    with tempfile.TemporaryDirectory(prefix="codara-archive-") as scratch:
        folder = archive_files.unpack(archive.resolve(), Path(scratch))
        wholes: list[Whole] = archives.read(folder, there)
        reports = []
        for whole in wholes:
            path = target if "/" in target else f"{target}/{whole.name.rpartition('/')[2]}"
            if "/" in target and len(wholes) > 1:
                raise InvalidError(
                    "It holds several repositories. Say --repository, or OWNER alone."
                )
            people = _people(context, whole, users, match)
            bringing = _Bringing(context, path, whole, people)
            is_ours = not archive.is_dir()
            if not dry_run and bringing.git(folder, is_ours=is_ours, is_wanted=not without_git):
                bringing.sorting()
                bringing.talks()
            reports.append(bringing.report)
    context.show(reports, lambda: _lines(reports))


class _Bringing:
    """One repository on its way. Its state is the report."""

    def __init__(
        self, context: Context, path: str, whole: Whole, people: Mapping[str, str]
    ) -> None:
        self._context, self._path, self._whole, self._people = context, path, whole, people
        said = voices(whole.talks)
        pulls = [each.pull for each in whole.talks if each.pull is not None]
        self.report: dict[str, Any] = {
            "repository": path,
            "form": whole.form,
            "git": "not brought",
            "labels": len(whole.labels),
            "milestones": len(whole.milestones),
            "conversations": len(whole.talks),
            "pull_requests": len(pulls),
            "brought": 0,
            "already": 0,
            "as_issues": [],
            "comments": 0,
            "reviews": 0,
            "line_comments": 0,
            "unplaced": 0,
            "lost": 0,
            "people": dict(people),
            "nobody": {each: number for each, number in said.most_common() if each not in people},
            "unknown": [],
            "left_out": whole.left_out,
        }

    def git(self, folder: Path, *, is_ours: bool, is_wanted: bool) -> bool:
        """Its Git content, on the appliance's own machine; elsewhere an empty repository. Whether
        it is there: pull requests need their commits. What is in a folder of ours goes but for
        objects and refs.
        """
        api, content = self._context.api, archive_files.inside(folder, self._whole.git)
        with suppress(ProblemError):
            api.call("GET", place(self._path))
            self.report["git"] = "was there"
            return True
        if is_wanted and content is not None and not self._context.is_elsewhere:
            if is_ours:
                archive_files.leave_only_objects(content)
            wanted = {"local": str(content.resolve())}
            made = api.call("POST", f"{place(self._path)}/import", wanted)
            if self._context.is_served:
                wait_for_content(self._context, made)
            self.report["git"] = "brought"
            return True
        owner, _, name = self._path.partition("/")
        api.call("POST", "/repos", {"owner": owner, "name": name})
        kept = "merge-requests" if self._whole.form == "gitlab" else "pull"
        refs = f"'refs/heads/*' 'refs/tags/*' 'refs/{kept}/*/head:refs/archive/*'"
        self._context.say(
            f"{self._path} is empty. Push its Git content, then say this again: git push URL {refs}"
        )
        return not is_wanted

    def sorting(self) -> None:
        """Labels and milestones, unless they are there."""
        for label in self._whole.labels:
            colour = label.colour.lstrip("#").lower()
            plain = colour if len(colour) == len("rrggbb") else "6b7280"
            about = {"colour": plain, "description": label.description[:100]}
            self._make("labels", {"name": label.name[:50], **about})
        for each in self._whole.milestones:
            body = {"title": each.title[:100], "description": each.description}
            made = self._make("milestones", {**body, "due_on": each.due_on})
            if made and each.is_closed:
                where = f"{place(self._path)}/milestones/{made['number']}"
                self._context.api.call("PATCH", where, {"closed": True})

    def talks(self) -> None:
        """Issues and pull requests, some at a time."""
        unknown: set[str] = set()
        for batch in _batches(self._whole.talks):
            body = {"items": batch, "people": self._people}
            where = f"{place(self._path)}/import/conversations"
            came = self._context.api.call("POST", where, body)
            self.report["brought"] += len(came["brought"])
            self.report["already"] += len(set(came["already"]) - set(came["brought"]))
            for each in ("comments", "reviews", "line_comments", "unplaced", "lost", "as_issues"):
                self.report[each] += came[each]
            unknown |= set(came["unknown"])
        self.report["unknown"] = sorted(unknown)

    def _make(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            made: dict[str, Any] = self._context.api.call(
                "POST", f"{place(self._path)}/{kind}", body
            )
        except ProblemError as error:
            if error.http_status != HTTPStatus.CONFLICT:
                raise
            return None
        return made


def _batches(talks: Sequence[Talk]) -> Iterator[list[dict[str, Any]]]:
    """Pieces of conversations, as many as go into one request."""
    batch: list[dict[str, Any]] = []
    size = number = 0
    for talk in talks:
        for first, piece in pieces(talk, most_bytes=PIECE_BYTES):
            more = weight(piece) + sum(len(each.body) for each in piece.comments)
            if batch and (number >= AT_ONCE or size + more > PIECE_BYTES):
                yield batch
                batch, size, number = [], 0, 0
            batch.append(_spelled(first, piece))
            size, number = size + more, number + effort(piece)
    if batch:
        yield batch


def _spelled(first: int, talk: Talk) -> dict[str, Any]:
    said = asdict(talk)
    del said["kind"]
    return {**said, "updated_at": talk.updated_at or None, "first_comment": first}


def _people(context: Context, whole: Whole, users: Sequence[str], match: str) -> dict[str, str]:
    """Who elsewhere is which user here."""
    found: dict[str, str] = {}
    if match != "none":
        here = list(context.api.each("/users"))
        if match == "names":
            names = {each["name"].lower(): each["name"] for each in here}
            there = {*whole.people, *voices(whole.talks)}
            found = {each: names[each.lower()] for each in there if each.lower() in names}
        else:
            emails = {each["email"].lower(): each["name"] for each in here if each.get("email")}
            for name, addresses in whole.people.items():
                known = [emails[each.lower()] for each in addresses if each.lower() in emails]
                found |= {name: known[0]} if known else {}
    return {**found, **_said(users)}


def _said(users: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in users:
        name, is_pair, user = pair.partition("=")
        if not is_pair:
            raise click.UsageError(f"{pair} is no THERE=HERE.")
        found[name] = user
    return found


def _lines(reports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max(map(len, FIELDS.values()))
    for report in reports:
        for key, title in FIELDS.items():
            value = report[key]
            if isinstance(value, dict):
                value = ", ".join(f"{each} ({number})" for each, number in value.items())
            elif isinstance(value, list):
                value = ", ".join(map(str, value))
            yield f"{title:<{width}}  {value if value not in ('', None) else '-'}"
        yield ""
