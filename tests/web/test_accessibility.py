"""Every page that the portal knows, in a real browser: axe finds nothing, and nothing is refused.

The pages are taken from the application's own map of addresses, so that a new one is looked at too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import flask
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, expect
from werkzeug.routing import Rule

from appliance.db.outbox import JobRecord
from appliance.db.proposals import Proposal
from appliance.db.pushes import Push, PushedRef, PushState
from appliance.db.repositories import RepositoryHealth
from appliance.domain.access_requests import Thing, Wish
from appliance.domain.access_reviews import Plan, Reviewers, Right
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Receiver
from appliance.domain.conversations import Which
from appliance.domain.identity import Actor, ActorKind, Method
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.domain.second_person import Act
from appliance.domain.webhooks import DeliveryState
from appliance.jobs import notifying
from appliance.services import (
    access_requests,
    access_reviews,
    comments,
    conversation_sorting,
    conversations,
    identity_providers,
    labels,
    milestones,
    passwords,
    service_accounts,
    ssh_keys,
    webhook_deliveries,
    webhooks,
)
from appliance.services.audit_log import streams
from appliance.services.audit_log.streams import NewStream
from appliance.services.conversation_sorting import Sorted
from appliance.services.conversations import NewIssue
from appliance.services.identity_providers import NewProvider
from appliance.services.webhooks import NewWebhook
from tests.mirrors import mirrored
from tests.peers.appliance import serve
from tests.services.synchronising import held_report
from tests.web import axe
from tests.web.code_pages import asked_to_merge, odd
from tests.web.reported import checked, half_brought, spoken_of, written_and_stopped
from tests.web.ruled import ruled
from tests.web.test_account_pages import public_key
from tests.world import World, copy_sqlite

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PARTS = 4
"""The pages are dealt out to so many tests, which may run side by side."""
PAGES_ARE_IN = "appliance.web.pages"
# These answer a GET with something that is no page.
NO_PAGES = frozenset(
    {
        *("archives.download", "raw.show", "jobs.progress", "dependencies.download_vex"),
        *("audit.vocabulary", "audit.newer", "audit.proof", "audit.moved", "licences.notice"),
        *("audit_integrity.checkpoint", "audit_integrity.trust", "audit_integrity.verifier"),
        *("audit_exports.progress", "audit_exports.download", "pushes.download", "wiki.show_raw"),
        *("archive_imports.progress", "archive_imports.report", "access_reviews.result"),
    }
)
TAILS = {
    "compare.show_comparison": "v1...main",
    "blame.show_blame": "main/with space.txt",
    "files.show_file": "main/with space.txt",
    **dict.fromkeys(("wiki.show_page", "wiki.show_history", "wiki_editing.edit"), "Home"),
}
ALSO = (
    *("/?show=mine", "/?q=nothing-like-it"),
    "/administrator",
    *("/search?q=lab", "/search?q=lab&kind=organisations", "/search?q=admin&kind=users"),
    *("/lab/odd/labelled-commits?label=security", "/lab/odd/settings/access?why=writer"),
    *("/lab/odd/settings/access?why=nobody-there", "/lab/odd/wiki/Nothing"),
    *("/administration/repositories?show=damaged", "/administration/repositories?show=bin"),
    "/administration/jobs?state=dead",
    *("/lab/-/audit?q=colour:red", "/lab/-/audit?live=1", "/lab/odd/wiki/_pages?q=first"),
    "/lab/-/audit/streams/new?to=s3",
    "/nobody-is-here",
    "/lab/-/audit/access?about=user&name=writer&on=2026-01-01",
)


@pytest.fixture(scope="module")
def full(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, list[str], str]]:
    """An appliance with something on every page: its address, the pages, a cookie."""
    home = tmp_path_factory.mktemp("full") / "home"
    world = World(home, copy_sqlite(migrated_sqlite, home))
    values = fill(world)
    with serve(world) as served:
        client = world.browser("administrator", elevated=True)
        cookie = client.get_cookie("codara_session")
        assert cookie is not None
        yield served.url, [*addresses(world.app, values), *ALSO], cookie.value
    world.close()


def fill(world: World) -> dict[str, Any]:
    """Put something onto every page; gives what stands in addresses."""
    world.organisation("lab", base_role=Role.READER)
    administrator = world.administrator()
    world.join("administrator", "lab", OrganisationRole.OWNER)
    world.user("writer", member=OrganisationRole.MEMBER, of="lab")
    world.team("lab/core", "writer")
    world.team("lab/inner", parent="core")
    builder, commit = odd(world)
    world.grant("lab/core", Role.WRITER, "lab/odd")
    world.protect("lab/odd", "refs/heads/main")
    world.token("administrator", Scope.USER, expires_at=datetime.now(UTC) + timedelta(days=3))
    damaged = world.repository("lab/damaged", archived_at=datetime.now(UTC), is_template=True)
    world.repository("lab/gone", deleted_at=datetime.now(UTC))
    world.add(
        RepositoryHealth(id=damaged.id, damaged_since=datetime.now(UTC), problem="is corrupt"),
        job(administrator.id, JobState.DEAD),
    )
    running = job(administrator.id, JobState.RUNNING)
    world.add(running)
    present = datetime.now(UTC)
    tools = world.wiring.sign_in
    with world.begin(administrator) as work:
        link = passwords.issue_reset_link(work, "writer", tools=tools, now=present)
        ssh_keys.add(work, text=public_key(b"a"), title="Laptop", now=present)
        service_accounts.create(work, "builder", organisation="lab", title="Builds", now=present)
        ssh_keys.add_deploy_key(work, "lab/odd", text=public_key(b"b"), title="Host", now=present)
        event_id = work.recorded[0].id
        stream = streams.create(
            work,
            NewStream("siem", Receiver.FILE, "siem", Format.JSON),
            sealer=world.wiring.sealer,
            now=present,
        )
    pushed = push(world, commit)
    comment_id = talked(world, administrator)
    asked = asked_to_merge(world, administrator, builder, commit)
    world.keep_log()
    notifying.tell(world.wiring)
    return {
        "push_id": pushed,
        "oid": commit,
        "job_id": running.id,
        "secret": link.secret,
        "team": "core",
        "event_id": event_id,
        "stream_id": stream.id,
        "provider": directory(world, administrator),
        "run_id": held_report(world, administrator),
        "proposal_id": proposed(world, administrator),
        "request_id": asked_for(world),
        "review_id": begun_review(world),
        **hooked(world, "lab/odd"),
        "mirror_id": mirrored(world),
        **{f"org_{name}": value for name, value in hooked(world, "lab").items()},
        "comment_id": comment_id,
        **(asked | half_brought(world, administrator)),
        "check_id": checked(world, administrator, commit),
        "remark_id": spoken_of(world, administrator, commit),
        **written_and_stopped(world),
        **ruled(world),
    }


def talked(world: World, administrator: Actor) -> UUID:
    """An issue and what belongs to one; gives a comment."""
    present = datetime.now(UTC)
    with world.begin(administrator) as work:
        labels.create_usual(work, "lab/odd")
        milestones.create(work, "lab/odd", milestones.Plan("1.0", "The *first*"), now=present)
        new = NewIssue("It breaks", "# Often\n\n- [ ] see #1, @writer[^1]\n\n[^1]: So.")
        conversations.open_issue(work, "lab/odd", new, now=present)
        wanted = Sorted(("bug",), ("writer",), 1)
        conversation_sorting.sort(work, Which("lab/odd", 1), wanted, now=present)
        text = "# Here too\n\n`x`[^1]\n\n[^1]: So."
        comments.add(work, Which("lab/odd", 1), text, now=present)
        comment = comments.add(work, Which("lab/odd", 1), text, now=present).comment
    with world.begin(world.actor("writer")) as work:
        comments.add(work, Which("lab/odd", 1), "@administrator, so it is.", now=present)
    return comment.id


def proposed(world: World, administrator: Actor) -> UUID:
    """Something that waits for another administrator."""
    row = Proposal(
        id=new_id(),
        act=Act.USER_ROLE,
        arguments=b"",
        subject="writer",
        before={"": "writer", "role": "user"},
        after={"": "writer", "role": "auditor"},
        proposer_id=administrator.id,
        proposed_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + timedelta(days=3),
    )
    world.add(row)
    return row.id


def push(world: World, commit: str) -> UUID:
    """A signed push of two refs."""
    found = Push(
        id=new_id(),
        repository_id=world._repository("lab/odd").id,
        actor_kind=ActorKind.USER,
        actor_id=world.actor("writer").id,
        actor_ref="p_writer",
        actor_label="writer",
        method=Method.SSH_KEY,
        address="127.0.0.1",
        request_id="",
        protocol="ssh",
        state=PushState.SETTLED,
        size_bytes=2048,
        accepted_at=datetime.now(UTC),
        certificate=b"certificate version 0.1",
        certificate_digest="0" * 64,
        certificate_finding="unknown_key",
        certificate_form="ssh",
        certificate_key="SHA256:0",
    )
    moves = {b"refs/heads/main": "force", b"refs/tags/v1": "create"}
    world.add(found)
    world.add(
        *(
            PushedRef(
                push_id=found.id,
                ref=ref,
                old_oid="0" * 40 if movement == "create" else commit,
                new_oid=commit,
                movement=movement,
                moved=True,
            )
            for ref, movement in moves.items()
        )
    )
    return found.id


def asked_for(world: World) -> UUID:
    """A request for access that waits."""
    wish = Wish(Thing.REPOSITORY, "lab/odd", Role.MAINTAINER, 8, "for the audit")
    with world.begin(world.actor("writer")) as work:
        return access_requests.ask(work, wish, now=datetime.now(UTC)).request.id


def hooked(world: World, place: str) -> dict[str, Any]:
    """A webhook that was sent something, to which the receiver answered."""
    present = datetime.now(UTC)
    wanted = NewWebhook("https://8.8.8.8/in", ["push", "ref.created"])
    with world.begin(world.actor("administrator")) as work:
        made, _ = webhooks.create(work, place, wanted, sealer=world.wiring.sealer, now=present)
        ping = webhook_deliveries.ping(work, place, made.id, url="https://codara.test", now=present)
        ping.state, ping.status, ping.answer = DeliveryState.GIVEN_UP, 500, "no"
        ping.request_headers = ping.answer_headers = [["Content-Type", "application/json"]]
        made.failures, made.error = 1, "The receiver answered with 500."
    return {"hook_id": made.id, "number": ping.number}


def begun_review(world: World) -> UUID:
    """A review that goes on."""
    due_at = datetime.now(UTC) + timedelta(days=3)
    rights = tuple(each for each in Right if each is not Right.INSTANCE)
    plan = Plan("Spring", "lab", rights, Reviewers.OWNERS, due_at)
    with world.begin(world.actor("administrator")) as work:
        return access_reviews.start(work, plan, now=datetime.now(UTC)).id


def directory(world: World, administrator: Actor) -> str:
    """A way to sign in, of the name that stands in addresses."""
    settings = {
        "servers": ["ldaps://directory.test"],
        "bind_name": "cn=reader",
        "bind_password": "x",
        "user_base": "dc=test",
    }
    wanted = NewProvider(
        name="writer",
        kind=ProviderKind.LDAP,
        label="Directory",
        settings=settings,
        domains=(),
        policy={},
    )
    present, sealer = datetime.now(UTC), world.wiring.sealer
    with world.begin(administrator) as work:
        identity_providers.add(work, wanted, sealer=sealer, now=present)
    with world.begin(administrator) as work:
        identity_providers.switch(work, wanted.name, is_enabled=True, now=present)
    return wanted.name


def job(promised_by: Any, state: JobState) -> JobRecord:
    """A job half done."""
    present = datetime.now(UTC)
    return JobRecord(
        id=new_id(),
        job=Job.CHECK_REPOSITORY,
        arguments={},
        promised_by=promised_by,
        attempts_left=1,
        state=state,
        created_at=present,
        started_at=present,
        leased_until=present + timedelta(days=1),
        step="Looking at objects",
        progress_done=40,
        progress_total=100,
        error="It could not be read." if state is JobState.DEAD else "",
    )


def addresses(app: flask.Flask, values: dict[str, Any]) -> list[str]:
    """One address of every page."""
    with app.test_request_context():
        return [
            flask.url_for(rule.endpoint, **_arguments(rule, values))
            for rule in app.url_map.iter_rules()
            if _is_page(app, rule)
        ]


def _is_page(app: flask.Flask, rule: Rule) -> bool:
    blueprint = app.blueprints.get(rule.endpoint.rpartition(".")[0])
    if blueprint is None or not blueprint.import_name.startswith(PAGES_ARE_IN):
        return False
    return "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES


def _arguments(rule: Rule, values: dict[str, Any]) -> dict[str, Any]:
    name = "odd" if "owner" in rule.arguments else "writer"
    if rule.endpoint == "service_accounts.show":
        name = "builder"
    owner = "writer" if rule.endpoint == "social.of_user" else "lab"
    tail = TAILS.get(rule.endpoint, "main")
    known = {"owner": owner, "name": name, "tail": tail, **values}
    if "name" not in rule.arguments:
        known |= {name: values[f"org_{name}"] for name in ("hook_id", "number", "ruleset_id")}
    known |= {} if "owner" in rule.arguments else {"ruleset_id": values["all_ruleset_id"]}
    if "hook_id" not in rule.arguments:
        known["number"] = 2 if "/pulls/" in rule.rule else 1
    return {argument: known[argument] for argument in rule.arguments if argument in known}


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_on_any_page(full, chromium: Browser, part: int):
    url, paths, cookie = full
    context = chromium.new_context(reduced_motion="reduce")
    context.add_cookies([{"name": "codara_session", "value": cookie, "url": url}])
    page = Watched(context)
    found = {path: page.problems(url + path) for path in paths[part::PARTS]}
    context.close()

    assert len(paths) > 50
    assert {path: each for path, each in found.items() if each} == {}


class Watched:
    """A tab that opens one page after the other, and what its browser has said since it was asked.

    A tab for each page would be a process for each, which reads axe anew.
    """

    def __init__(self, context: BrowserContext) -> None:
        self._page = context.new_page()
        self._said: list[object] = []
        self._page.on("console", self._note)
        self._page.on("pageerror", lambda error: self._said.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if "Security Policy" in message.text:
            self._said.append(message.text)

    def problems(self, url: str) -> list[object]:
        """What is wrong with a page: with what is seen, what the browser refused, its answer."""
        self._said.clear()
        self._page.set_viewport_size(axe.DESK)
        self._page.emulate_media(color_scheme="light")
        answer = self._page.goto(url)
        if answer is None or answer.status not in {200, 404, 422}:
            self._said.append(answer.status if answer else "no answer")
        expect(self._page.locator("[aria-busy]")).to_have_count(0)
        return [*axe.problems(self._page), *self._said]
