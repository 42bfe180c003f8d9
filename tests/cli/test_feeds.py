"""`codara scan feed`: made on one machine, signed by two people, used on an appliance."""

from __future__ import annotations

from tests.scanning.feeds.kit import record, zipped

LEFT = ("PyPI", "left-pad", "1.3")


def test_a_feed_is_made_signed_and_used(here, tmp_path):
    publics = [here("scan", "feed", "key", f"{name}.pem").out.strip() for name in ("a", "b")]
    keys = [word for each in publics for word in ("--key", each)]
    both = ("--sign", "a.pem", "--sign", "b.pem")
    assert here("scan", "feed", "key", "a.pem").code == 2  # It is there already.
    made = here("scan", "feed", "root", "root.json", "--threshold", "2", *keys, *both)
    assert made.code == 0, made.said
    (tmp_path / "in" / "osv").mkdir(parents=True)
    (tmp_path / "in" / "osv" / "PyPI.zip").write_bytes(zipped([record("GHSA-1", LEFT)]))
    built = here("scan", "feed", "build", "in", "--out", "one.codara-feed", "--sign", "a.pem")
    assert built.code == 0, built.said

    assert here("scan", "feed", "trust", "root.json", "--yes").code == 0
    assert here("scan", "feed", "keys", "--json").json["threshold"] == 2
    refused = here("scan", "feed", "import", "one.codara-feed", "--yes")
    assert (refused.code, "enough keys" in refused.said) == (1, True)
    assert here("scan", "feed", "sign", "one.codara-feed", "--sign", "b.pem").code == 0
    checked = here("scan", "feed", "import", "one.codara-feed", "--check", "--json").json
    number = str(checked["number"])
    assert (checked["step"], checked["difference"]["new"]["number"]) == ("ready", 1)
    assert here("scan", "feed", "discard", number).code == 0
    used = here("scan", "feed", "import", "one.codara-feed", "--yes")
    assert (used.code, "1 advisories" in used.said) == (0, True), used.said

    assert here("scan", "feed", "show", "--json").json["state"] == "fresh"
    listed = here("scan", "feed", "list", "--json").json
    assert [each["step"] for each in listed[:3]] == ["current", "discarded", "failed"]
    assert here("scan", "feed", "use", listed[0]["number"]).code == 5
    assert "CC-BY-4.0" in here("scan", "feed", "show", listed[0]["number"]).out
    assert here("scan", "feed", "restore", "--yes").code == 5  # There is none before.
