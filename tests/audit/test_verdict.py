"""What is wrong with one log is not said of another."""

from audit.verdict import Findings, Verdict


def test_problems_are_counted_for_each_log():
    findings = Findings()
    for text in ("one", "two"):
        findings.problem(Verdict.TAMPERED, "entries", text, log="broken")
    findings.problem(Verdict.MALFORMED, "files", "three")

    assert findings.count() == 3
    assert findings.count("broken") == 2
    assert findings.count("sound") == 0
