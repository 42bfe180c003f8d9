"""Webhooks over the API, in the portal and on the command line: shown, changed, sent again."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from uuid import UUID

import pytest

from appliance.domain.permissions import OrganisationRole, Role
from tests.commands import saying
from tests.peers.receivers import OK, receiving, refuse
from tests.webhooks import NOTES, SECRET, deliver, hook, lab, now, push

__all__ = ["lab"]

API = {"lab/notes": "/api/v1/repos/lab/notes/hooks", "lab": "/api/v1/orgs/lab/hooks"}
PORTAL = {"lab/notes": "/lab/notes/settings/hooks", "lab": "/lab/-/settings/hooks"}
PLACES = pytest.mark.parametrize("place", sorted(API))
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADDRESS = "http://127.0.0.1:1/in"


def made(world, place=NOTES, **fields: Any):
    body = {"url": ADDRESS, "events": ["push"], "secret": SECRET, **fields}
    answer = world.client("owner").post(API[place], json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


@PLACES
def test_a_webhook_is_made_shown_and_listed_without_its_secret(lab, place):
    first = made(lab, place, secret="")
    client = lab.client("owner")
    shown = client.get(f"{API[place]}/{first['id']}").json

    assert len(first.pop("secret")) > 30
    assert shown == first
    assert client.get(API[place]).json["items"] == [shown]
    assert (shown["state"], shown["responsible"]) == ("new", "owner")
    (event,) = lab.recorded("webhook.created")
    assert event.body["host"] == "http://127.0.0.1:1", "paths may hold secrets"
    assert event.body["scope"] == ("organisation" if place == "lab" else "repository")


@PLACES
def test_it_is_changed_pinged_and_deleted(lab, place):
    client = lab.client("owner")
    one = f"{API[place]}/{made(lab, place)['id']}"

    changed = client.patch(one, json={"events": ["*"], "secret": f"{SECRET}!", "url": ADDRESS})
    assert changed.json["events"] == ["*"]
    assert changed.json["former_secret_until"] is not None
    pinged = client.post(f"{one}/ping")
    assert (pinged.status_code, pinged.json["event"]) == (202, "ping")
    assert client.patch(one, json={"is_active": False}).json["state"] == "off"
    assert client.post(f"{one}/ping").status_code == 409
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404
    assert [each for each in lab.events() if each.startswith("webhook.")] == [
        *("webhook.created", "webhook.changed", "webhook.tested", "webhook.disabled"),
        "webhook.deleted",
    ]


@PLACES
def test_deliveries_are_listed_shown_and_sent_again(lab, place):
    since = now()
    with receiving(lambda request: refuse(500) if request.number == 1 else OK) as receiver:
        hook_id = hook(lab, receiver.url, place)
        push(lab, 2)
        deliver(lab, hook_id)
        client, one = lab.client("owner"), f"{API[place]}/{hook_id}"
        listed = client.get(f"{one}/deliveries").json["items"]
        assert [each["state"] for each in listed] == ["waiting", "delivered"]
        assert client.get(f"{one}/deliveries?state=delivered").json["items"] == listed[1:]
        number = listed[1]["number"]
        whole = client.get(f"{one}/deliveries/{number}").json
        assert json.loads(whole["request_body"])["data"]["push_id"] == "0"
        assert {"name": "Codara-Event", "value": "push"} in whole["request_headers"]
        assert (whole["status"], whole["answer_body"]) == (200, "{}")
        again = client.post(f"{one}/deliveries/{number}/redeliver")
        assert (again.status_code, again.json["redelivery_of"]) == (202, whole["id"])
        body = {"since": since.isoformat(), "until": now().isoformat()}
        several = client.post(f"{one}/redeliver", json=body)
        assert (several.status_code, several.json) == (202, {"deliveries": 1})
        waiting = client.post(f"{one}/deliveries/{listed[0]['number']}/redeliver")
        assert waiting.status_code == 409


@ON_ONE
@pytest.mark.promise("P10")
@pytest.mark.promise("P11")
@PLACES
def test_who_does_not_manage_them_is_told_so_or_nothing(lab, place):
    lab.user("nobody")
    lab.user("maintainer", role=Role.MAINTAINER, on=NOTES)
    lab.user("member", member=OrganisationRole.MEMBER, of="lab")
    one = f"{API[place]}/{made(lab, place)['id']}"
    page = PORTAL[place] + one.removeprefix(API[place])
    may_see = {"lab/notes": {"maintainer"}, "lab": {"maintainer", "member"}}[place]
    for name in ("nobody", "maintainer", "member"):
        expected = {403} if name in may_see else {404}
        client, browser = lab.client(name), lab.browser(name)
        answers = [
            client.get(one),
            client.patch(one, json={"is_active": False}),
            client.delete(one),
            *(client.get(f"{one}/deliveries{each}") for each in ("", "/1")),
            *(client.post(f"{one}/{each}") for each in ("ping", "deliveries/1/redeliver")),
            client.post(
                f"{one}/redeliver",
                json={"since": now().isoformat(), "until": now().isoformat()},
            ),
            browser.get(page),
            browser.get(f"{page}/deliveries/1"),
            *(
                browser.post(f"{page}{each}", data=form)
                for each, form in {
                    "": {"url": ADDRESS, "events": "push"},
                    "/secret": {"secret": f"{SECRET}!"},
                    "/ping": {},
                    "/redeliver": {"since": "2026-01-01T00:00", "until": "2099-01-01T00:00"},
                    "/delete": {},
                    "/deliveries/1/redeliver": {},
                }.items()
            ),
        ]
        assert {each.status_code for each in answers} == expected, name


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"events": ["nothing"]}, "events"),
        ({"events": []}, "events"),
        ({"secret": "short"}, "secret"),
    ],
)
def test_what_is_wrong_is_named(lab, body, field):
    sent = {"url": ADDRESS, "events": ["push"], **body}
    answer = lab.client("owner").post(API[NOTES], json=sent)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


@PLACES
def test_the_portal_makes_one_and_shows_its_secret_once(lab, place):
    browser, home = lab.browser("owner"), PORTAL[place]
    assert "No webhooks" in browser.get(home).text
    form = {"url": ADDRESS, "events": ["push", "ref.created"], "active": "yes"}
    page = browser.post(f"{home}/new", data=form).text
    (one,) = set(re.findall(rf"{home}/[0-9a-f-]{{36}}", page))

    assert "shown only once" in page
    assert ADDRESS in browser.get(home).text
    assert "ref.created" in browser.get(one).text
    wrong = browser.post(f"{home}/new", data={**form, "url": "https://169.254.169.254/"})
    assert (wrong.status_code, "address is not allowed" in wrong.text) == (422, True)


@PLACES
def test_the_portal_changes_sends_again_and_deletes(lab, place):
    with receiving() as receiver:
        hook_id = hook(lab, receiver.url, place)
        push(lab)
        deliver(lab, hook_id)
    browser, one = lab.browser("owner"), f"{PORTAL[place]}/{hook_id}"
    (delivery,) = set(re.findall(rf"{one}/deliveries/\d+", browser.get(one).text))
    page = browser.get(delivery).text
    assert "refs/heads/main" in page
    assert SECRET not in page

    forms = {
        one: {"url": receiver.url, "everything": "yes", "active": "yes"},
        f"{one}/secret": {"secret": f"{SECRET}!", "overlap_hours": "2"},
        f"{one}/ping": {},
        f"{delivery}/redeliver": {},
        f"{one}/redeliver": {"since": "2020-01-01T00:00", "until": "2100-01-01T00:00"},
    }
    for address, form in forms.items():
        assert browser.post(address, data=form).status_code == 303, address
    assert "Both secrets sign" in browser.get(one).text
    bad = browser.post(f"{one}/redeliver", data={"since": "soon", "until": "later"})
    assert (bad.status_code, "Enter a date" in bad.text) == (422, True)
    assert browser.post(f"{one}/delete").status_code == 303
    assert browser.get(one).status_code == 404


@ON_ONE
def test_the_command_line_does_all_of_it(lab, capsys, monkeypatch):
    with saying(lab, "owner", monkeypatch, capsys) as say, receiving() as receiver:

        def run(verb: str, *words: str, said=""):
            monkeypatch.setattr("sys.stdin", io.StringIO(said))
            return say("repo", "hook", verb, NOTES, *words)

        found = run("create", "--address", receiver.url, "--secret-stdin", said=f"{SECRET}\n")
        identifier = found["id"]
        assert found["events"] == ["*"]
        assert [each["id"] for each in run("list")] == [identifier]
        assert run("change", identifier, "--event", "push")["events"] == ["push"]
        assert run("show", identifier)["url"] == receiver.url
        assert run("ping", identifier)["event"] == "ping"
        lab.sender.work_off(UUID(found["id"]))
        push(lab)
        lab.sender.look()
        listed = run("deliveries", identifier)
        assert {each["event"] for each in listed} == {"push", "ping"}
        number = str(listed[0]["number"])
        assert run("delivery", identifier, number)["repository"] == NOTES
        since, until = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
        run("redeliver", identifier, "--since", since, "--until", until, "--only-given-up")
        run("delete", identifier, "--yes")
        assert run("list") == []
