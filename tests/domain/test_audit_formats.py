"""Events in the words of other systems, read back by strict readers of other make."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import audit_formats
from appliance.domain.audit_formats import Format, ocsf, syslog
from appliance.domain.audit_formats.entry import LINE_BREAKERS, Entry, Meaning, Sender, Value
from tests.domain.strict_lines import read_cef, read_frames, read_leef, read_syslog

SENDER = Sender("codara.test", "1.2.3")
HOSTILE = [
    *("pipe | pipe", "a=b c=d", "=cmd()|' /C calc'!A0", "back\\slash\\", "two\nlines\r\nmore"),
    *("tab\there", "nul\x00nul", "\x1b[31mred", "\u202eright to left", "\u2028separator\u2029"),
    *(
        "\x85next",
        'quote " bracket ] end',
        "",
        " leading and trailing ",
        "a\\",
        "\\=\\|\\n",
        "🦊é漢",
    ),
    *("cs6=other", "x cs1=forged cs1Label=forged", '] [forged@1 a="b"', "<13>1 - - - - - -"),
]
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))


def entry(words="notes", *, log="instance", meaning=None, address="192.0.2.7", **header: Any):
    leaf = {
        "action": "repo.archived",
        "actor": {"ref": "p_abc", "type": "user"},
        "auth": {"method": "session", "mfa": True, "token_ref": ""},
        "b": "s1:x",
        "category": "repo",
        "id": "0197aaaa-0000-7000-8000-000000000001",
        "log": log,
        "outcome": "success",
        "request_id": "r-1",
        "src": {"boot": "b", "n": 1, "node": "n"},
        "target": {"ref": "0197aaaa-0000-7000-8000-000000000002", "type": "repo"},
        "time": "2026-11-20T21:00:00.123456Z",
        "v": 1,
        **header,
    }
    return Entry(
        log=log,
        origin=f"codara.test/audit/{log}",
        index=41,
        leaf=json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        meaning=meaning or Meaning("A repository became read-only"),
        body={"path": words, "reason": "p1:commitment", "address": "p1:other"},
        salt="c2FsdA==",
        values=(Value("reason", words, "c2FsdA=="), Value("address", address, "c2FsdA==")),
        actor_name=words,
        target_name=words,
    )


def line(kind, what, **options: Any):
    return audit_formats.line(audit_formats.of(kind, SENDER, **options)(what))


def readable(text):
    """What a format of lines keeps of a text."""
    return LINE_BREAKERS.sub("\ufffd", text)


@pytest.mark.parametrize("kind", list(Format))
@pytest.mark.parametrize("words", HOSTILE)
def test_every_event_is_one_line_whatever_stands_in_it(kind, words):
    text = line(kind, entry(words))

    assert len(text.splitlines()) == 1
    assert not LINE_BREAKERS.search(text)


@given(words=TEXTS)
def test_cef_says_exactly_what_it_was_given(words):
    read = read_cef(line(Format.CEF, entry(words)))

    assert read.header[1:5] == ["Codara", "Codara Appliance", "1.2.3", "repo.archived"]
    assert read.fields.get("cs2", "") == (readable(words) or "0197aaaa-0000-7000-8000-000000000002")
    assert read.fields["suser"] == (readable(words) or "p_abc")
    assert json.loads(read.fields["cs6"])["reason"] == words
    assert read.fields["cn1"] == "41"
    assert read.fields["rt"] == "1795208400123"


@given(title=TEXTS)
def test_the_header_of_cef_holds_any_title(title):
    read = read_cef(line(Format.CEF, entry(meaning=Meaning(title))))

    assert read.header[5] == re.sub(r"[\n\r\t]", " ", readable(title))


@given(words=TEXTS, title=TEXTS)
def test_leef_says_exactly_what_it_was_given(words, title):
    read = read_leef(line(Format.LEEF, entry(words, meaning=Meaning(title))))

    assert read.header[1:5] == ["Codara", "Codara Appliance", "1.2.3", "repo.archived"]
    assert read.fields["usrName"] == (readable(words) or "p_abc")
    assert json.loads(read.fields["details"])["path"] == words
    assert read.fields["devTime"] == "2026-11-20T21:00:00.123Z"
    assert read.fields["devTimeFormat"] == "yyyy-MM-dd'T'HH:mm:ss.SSSX"


@given(words=TEXTS, kind=st.sampled_from(list(Format)))
def test_a_syslog_message_holds_any_format(words, kind):
    what = entry(words)
    text = line(kind, what)

    read = read_syslog(syslog.message(what, SENDER, text))

    assert (read.facility, read.severity) == (13, 6)
    assert (read.host, read.application) == ("codara.test", "codara")
    assert read.message_id == "repo.archived"
    assert read.data["audit@32473"] == {
        "log": "instance",
        "index": "41",
        "id": what.id,
        "origin": what.origin,
    }
    assert read.message == text


@given(log=TEXTS)
def test_structured_data_holds_any_text(log):
    read = read_syslog(syslog.message(entry(log=log or "x"), SENDER, "text", enterprise=4711))

    kept = readable(log or "x").replace("\n", " ").replace("\r", " ")
    assert read.data["audit@4711"]["log"] == kept


def test_a_heartbeat_says_how_much_was_sent():
    beat = syslog.heartbeat(entry().moment, SENDER, {"sent": 7, "index": 41})

    assert read_syslog(beat).data == {"heartbeat@32473": {"sent": "7", "index": "41"}}


@given(messages=st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_frames_are_counted_in_octets(messages):
    assert read_frames(b"".join(map(syslog.frame, messages))) == messages


@given(words=TEXTS)
def test_json_holds_what_it_takes_to_check_it(words):
    what = entry(words)
    read = json.loads(line(Format.JSON, what))

    assert json.dumps(
        read["header"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ) == (what.leaf)
    assert (read["log"], read["index"]) == ("instance", 41)
    assert read["body"]["reason"] == "p1:commitment"
    assert read["values"][0] == {"field": "reason", "value": words, "salt": "c2FsdA=="}


@given(words=TEXTS)
def test_the_fingerprint_of_an_ocsf_event_is_over_all_else(words):
    read = json.loads(line(Format.OCSF, entry(words)))
    (attestation,) = read["attestation_list"]
    fingerprint = attestation.pop("fingerprint")
    text = json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert fingerprint["value"] == hashlib.sha256(text.encode()).hexdigest()
    assert attestation["uid"] == "codara.test/audit/instance/41"
    assert attestation["chain_uid"] == "codara.test/audit/instance"


REQUIRED = {
    1008: {"actor", "device", "log_name"},
    2003: {"finding_info", "compliance"},
    2006: {"finding_info"},
    3002: {"user", "service"},
    3003: {"user", "privileges"},
    3004: {"entity"},
    3006: {"group"},
    3007: {"user"},
    3008: {"iam_role"},
    6001: {"web_resources"},
    6003: {"actor", "api", "src_endpoint"},
    6007: {"scan"},
}
OF_ALL = {
    *("activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"),
}


@pytest.mark.parametrize("kind", sorted(REQUIRED))
def test_an_ocsf_event_has_what_its_class_demands(kind):
    meaning = Meaning("x", severity=3, ocsf_class=kind, ocsf_activity=2)
    read = json.loads(line(Format.OCSF, entry(meaning=meaning, address="")))

    assert read.keys() >= REQUIRED[kind] | OF_ALL
    assert (read["class_uid"], read["category_uid"]) == (kind, kind // 1000)
    assert read["type_uid"] == kind * 100 + 2
    assert read["time"] == 1795208400123
    assert read["metadata"]["version"] == ocsf.NEWEST
    assert read["metadata"]["product"]["name"] == "Codara Appliance"
    assert read["metadata"]["profiles"] == ["record_integrity"]


@pytest.mark.parametrize("version", ocsf.VERSIONS[:-1])
@pytest.mark.parametrize(("kind", "activity", "before"), [(3007, 1, 300101), (3008, 4, 300501)])
def test_earlier_versions_know_other_classes_and_no_attestation(version, kind, activity, before):
    meaning = Meaning("x", ocsf_class=kind, ocsf_activity=activity)
    read = json.loads(line(Format.OCSF, entry(meaning=meaning), ocsf_version=version))

    assert read["type_uid"] == before
    assert read["metadata"]["version"] == version
    assert "attestation_list" not in read
    assert "profiles" not in read["metadata"]


@pytest.mark.parametrize(("outcome", "said"), [("success", 1), ("refused", 2), ("failed", 2)])
def test_what_was_refused_is_a_failure_elsewhere(outcome, said):
    what = entry(outcome=outcome)

    assert json.loads(line(Format.OCSF, what))["status_id"] == said
    expected = "success" if said == 1 else "failure"
    assert json.loads(line(Format.ECS, what))["event"]["outcome"] == expected


def test_an_ecs_document_names_its_event_and_its_people():
    meaning = Meaning("x", ecs_categories=("iam",), ecs_types=("user", "creation"))
    read = json.loads(line(Format.ECS, entry("writer", meaning=meaning, log="0197-org")))

    assert read["@timestamp"] == "2026-11-20T21:00:00.123456Z"
    assert read["event"]["category"] == ["iam"]
    assert read["event"]["type"] == ["user", "creation"]
    assert read["user"] == {"id": "p_abc", "name": "writer"}
    assert read["related"] == {"user": ["writer", "p_abc"], "ip": ["192.0.2.7"]}
    assert read["organization"] == {"id": "0197-org"}


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("192.0.2.7", {"src": "192.0.2.7"}),
        ("2001:db8::7", {"c6a2": "2001:db8::7", "c6a2Label": "Source IPv6 Address"}),
        ("no address", {}),
    ],
)
def test_cef_has_a_key_for_each_kind_of_address(address, fields):
    read = read_cef(line(Format.CEF, entry(address=address)))

    assert {
        key: read.fields[key] for key in read.fields if key in {"src", "c6a2", "c6a2Label"}
    } == (fields)


@given(words=TEXTS)
def test_cloud_events_come_as_one_list(words):
    spell = audit_formats.of(Format.CLOUD_EVENTS, SENDER)
    message = audit_formats.batch(Format.CLOUD_EVENTS, [spell(entry(words)), spell(entry())])
    first, _second = json.loads(message.body)

    assert message.media_type.startswith("application/cloudevents-batch+json")
    assert first["specversion"] == "1.0"
    assert first["source"] == "https://codara.test/audit/instance"
    assert first["type"] == "codara.repo.archived"
    assert first["subject"] == "repo/0197aaaa-0000-7000-8000-000000000002"
    assert first["time"] == "2026-11-20T21:00:00.123456Z"
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in first)
    assert all(first[name] != "" for name in first)


@pytest.mark.parametrize("kind", [each for each in Format if each is not Format.CLOUD_EVENTS])
def test_other_formats_come_as_lines(kind):
    spell = audit_formats.of(kind, SENDER)
    message = audit_formats.batch(kind, [spell(entry(words)) for words in HOSTILE])

    assert len(message.body.decode().splitlines()) == len(HOSTILE)
    assert message.body.endswith(b"\n")


def test_nobody_acted_and_nothing_is_named_where_there_is_no_name():
    what = entry("", actor={"ref": "", "type": "appliance"}, target={"ref": "", "type": "instance"})

    for kind in Format:
        assert line(kind, what)
    assert "subject" not in json.loads(line(Format.CLOUD_EVENTS, what))
    assert "user" not in json.loads(line(Format.ECS, what))
