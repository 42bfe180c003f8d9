"""Filters, orders, pages and attributes of SCIM, the same on both databases. RFC 7644, 3.4.2."""

from __future__ import annotations

import pytest

from tests.web.scim_clients import ENTERPRISE, client

PEOPLE = (
    {
        "name": "Ada@corp.local",
        "externalId": "AbC",
        "displayName": "Ünïcode A",
        "active": True,
        "title": "Owner",
        "name_": {"familyName": "Zeta", "givenName": "First"},
        "emails": [
            {"value": "a@corp.local", "type": "work", "primary": True},
            {"value": "a@home.example", "type": "home"},
        ],
        "department": "Research",
    },
    {
        "name": "bee",
        "externalId": "abc",
        "displayName": "100% \\_ B",
        "active": False,
        "name_": {"familyName": "Eta"},
        "emails": [{"value": "b@home.example", "type": "home"}],
    },
    {"name": "cee", "title": "Reader", "name_": {"givenName": "Third"}},
)

FOUND = {
    'userName eq "ADA@corp.local"': "Ada@corp.local",
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bee"': "bee",
    'USERNAME EQ "bee"': "bee",
    'userName ne "bee"': "Ada@corp.local cee",
    'userName co "E"': "bee cee",
    'userName sw "b"': "bee",
    'userName ew "EE"': "bee cee",
    'userName gt "bee"': "cee",
    'userName ge "bee"': "bee cee",
    'userName lt "bee"': "Ada@corp.local",
    'userName le "bee"': "Ada@corp.local bee",
    'externalId eq "abc"': "bee",
    'externalId co "B"': "",
    'externalId sw "A"': "Ada@corp.local",
    "externalId pr": "Ada@corp.local bee",
    "not (externalId pr)": "cee",
    "externalId eq null": "cee",
    "externalId ne null": "Ada@corp.local bee",
    'title pr and not (title eq "owner")': "cee",
    'title ne "owner"': "bee cee",
    "active eq true": "Ada@corp.local",
    "active eq false": "bee",
    'displayName eq "ünïcode a"': "Ada@corp.local",
    'displayName co "%"': "bee",
    'displayName co "_"': "bee",
    'displayName co "\\\\"': "bee",
    'displayName co "x%"': "",
    'name.familyName eq "zeta"': "Ada@corp.local",
    'name.familyName pr or name.givenName eq "third"': "Ada@corp.local bee cee",
    "emails pr": "Ada@corp.local bee",
    'emails.type eq "work"': "Ada@corp.local",
    'emails co "home.example"': "Ada@corp.local bee",
    'emails eq "a@corp.local"': "Ada@corp.local",
    'emails.value ew ".example"': "Ada@corp.local bee",
    'emails ne "a@corp.local"': "bee cee",
    'emails[type eq "work" and value co "home"]': "",
    'emails[type eq "home" and value co "home"]': "Ada@corp.local bee",
    'emails[type eq "home" or primary eq true]': "Ada@corp.local bee",
    'emails[not (type eq "work")]': "Ada@corp.local bee",
    "emails[primary pr]": "Ada@corp.local",
    'emails[type eq "work"].value eq "a@corp.local"': "Ada@corp.local",
    f'{ENTERPRISE}:department eq "research"': "Ada@corp.local",
    f"not ({ENTERPRISE}:department pr)": "bee cee",
    'groups.display eq "readers"': "bee cee",
    'groups[display sw "read"] and active eq false': "bee",
    "not (groups pr)": "Ada@corp.local",
    "meta.resourceType pr": "Ada@corp.local bee cee",
    'meta.lastModified gt "2011-05-13T04:42:34Z"': "Ada@corp.local bee cee",
    'meta.created lt "2011-05-13T04:42:34.5+02:00"': "",
    'userName eq "bee" or userName eq "cee" and active eq true': "bee",
    '(userName eq "bee" or userName eq "cee") and not (active eq true)': "bee cee",
    'userName eq "\\u0062ee"': "bee",
    'id eq "no id"': "",
    "userName eq \"' or 1=1 --\"": "",
}  # fmt: skip

REFUSED = (
    *(
        "userName",
        "userName eq",
        'userName eq "x',
        "userName xx 1",
        'userName eq "a" and',
        "(",
        "[]",
    ),
    *('nothing eq "x"', "active gt true", 'meta.created gt "yesterday"'),
    *('emails[type eq "work"', 'userName[value eq "x"]', 'meta.version eq "x"'),
    " or ".join(['userName eq "x"'] * 51),
    "(" * 300 + 'userName eq "x"' + ")" * 300 + " " * 1500,
    "not (" * 40 + "userName pr" + ")" * 40,
)


@pytest.fixture
def there(world):
    """A client that has told of three people and a group."""
    asks = client(world)
    made = []
    for each in PEOPLE:
        said = {name: value for name, value in each.items() if name not in {"name", "name_"}}
        department = said.pop("department", None)
        if department:
            said[ENTERPRISE] = {"department": department}
        made.append(asks.user(each["name"], name=each["name_"], **said)["id"])
    asks.group("Readers", *made[1:])
    asks.group("Empty", externalId="g-1")
    return asks


def test_filters_find_what_they_say(there):
    wrong = {}
    for text, names in FOUND.items():
        answer = there.names(text, sortBy="id")
        if answer != names.split():
            wrong[text] = answer

    assert wrong == {}


def test_groups_are_found_by_name_id_and_members(there):
    bee = there.get("/Users", filter='userName eq "bee"')["Resources"][0]["id"]

    assert there.names('displayName eq "readers"', "/Groups") == ["Readers"]
    assert there.names(f'members eq "{bee}"', "/Groups") == ["Readers"]
    assert there.names(f'members[value eq "{bee}"]', "/Groups") == ["Readers"]
    assert there.names(f'members.value ne "{bee}"', "/Groups") == ["Empty"]
    assert there.names("not (members pr)", "/Groups") == ["Empty"]
    assert there.names('externalId eq "g-1" and displayName pr', "/Groups") == ["Empty"]
    answer = there("GET", '/Groups?filter=members.value co "x"')
    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidFilter")


def test_filters_that_mean_nothing_or_too_much_are_refused(there):
    wrong = {}
    for text in REFUSED:
        answer = there("GET", "/Users?" + there.query(filter=text))
        if (answer.status_code, answer.json.get("scimType")) != (400, "invalidFilter"):
            wrong[text] = answer.text

    assert wrong == {}


def test_lists_are_ordered_with_what_has_no_value_last_or_first(there):
    def order(**asked: str):
        return there.names("userName pr", **asked)

    assert order(sortBy="userName") == ["Ada@corp.local", "bee", "cee"]
    assert order(sortBy="userName", sortOrder="descending") == ["cee", "bee", "Ada@corp.local"]
    assert order(sortBy="name.familyName") == ["bee", "Ada@corp.local", "cee"]
    assert order(sortBy="name.familyName", sortOrder="descending")[0] == "cee"
    assert order(sortBy="emails") == ["Ada@corp.local", "bee", "cee"]
    assert order(sortBy="meta.created") == ["Ada@corp.local", "bee", "cee"]
    assert there("GET", "/Users?sortBy=name").json["scimType"] == "invalidPath"


def test_pages_are_cut_by_index_and_count(there):
    first = there.get("/Users", startIndex=1, count=2, sortBy="userName")
    second = there.get("/Users", startIndex=3, count=2, sortBy="userName")
    none = there.get("/Users", count=0)
    odd = there.get("/Users", startIndex=-5, count=-1)
    far = there.get("/Users", startIndex=10**12)

    assert [each["userName"] for each in first["Resources"]] == ["Ada@corp.local", "bee"]
    assert [each["userName"] for each in second["Resources"]] == ["cee"]
    assert (first["totalResults"], first["itemsPerPage"], second["startIndex"]) == (3, 2, 3)
    assert (none["totalResults"], none["Resources"]) == (3, [])
    assert (odd["startIndex"], odd["Resources"]) == (1, [])
    assert (far["totalResults"], far["Resources"]) == (3, [])
    assert there.get("/Users", count=10**6)["itemsPerPage"] == 3


def test_attributes_are_chosen_and_left_out(there):
    only = there.get("/Users", attributes="userName,emails.type")["Resources"][0]
    group = there.get("/Groups", excludedAttributes="members")["Resources"][0]

    assert set(only) == {"schemas", "id", "userName", "emails"}
    assert only["emails"] == [{"type": "work"}, {"type": "home"}]
    assert "members" not in group
    assert "members" in there.get("/Groups", attributes="members")["Resources"][0]


def test_a_question_may_stand_in_a_body_and_be_asked_of_everything(there):
    asked = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": 'displayName eq "readers" or userName eq "bee"',
        "attributes": ["displayName"],
    }
    everything = there("POST", "/.search", asked).json
    people = there("POST", "/Users/.search", asked | {"filter": 'userName eq "bee"'}).json
    rest = there("POST", "/.search", asked | {"startIndex": 2, "count": 5}).json

    assert [each.get("displayName") for each in everything["Resources"]] == [
        "100% \\_ B",
        "Readers",
    ]
    assert people["totalResults"] == 1
    assert [each["displayName"] for each in rest["Resources"]] == ["Readers"]
