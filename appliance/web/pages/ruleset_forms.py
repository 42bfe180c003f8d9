"""The form of a ruleset: what somebody sent as a draft, and a ruleset as a filled form."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from appliance.domain.permissions import Role, Visibility
from appliance.domain.ruleset_json import SUBJECTS
from appliance.domain.ruleset_words import TAKES, Enforcement, RuleKind, SubjectKind
from appliance.domain.rulesets import Target
from appliance.errors import InvalidError
from appliance.services.ruleset_drafts import Draft, SaidSubject, Shown
from appliance.web.pages.ruleset_words import PARAMETERS

Form = MultiDict[str, str]
MOST_LINES = 50
LINES = {each.value for each in SubjectKind}


def draft(form: Form) -> Draft:
    """The ruleset that a form describes.

    Errors:
        InvalidError: a field cannot be understood.
    """
    kinds = [kind for kind in RuleKind if kind in form.getlist("rule")]
    return Draft(
        form.get("name", ""),
        _enforcement(form.get("enforcement", "")),
        Target(
            _lines(form, "includes"),
            _lines(form, "excludes"),
            _lines(form, "repositories"),
            tuple(each for each in Visibility if each in form.getlist("visibilities")),
            pairs(form.get("properties", "")),
        ),
        tuple(_rule(form, kind) for kind in kinds),
        tuple(_bypass(line) for line in _lines(form, "bypass")),
    )


def pairs(text: str) -> dict[str, str]:
    """Properties, one a line.

    Errors:
        InvalidError: a line is none, or there are too many.
    """
    return dict(_pair(line) for line in _lines(MultiDict({"properties": text}), "properties"))


def filled(shown: Shown) -> Form:
    """The form with what a ruleset says."""
    row = shown.row
    form: Form = MultiDict({"name": row.name, "enforcement": row.enforcement.value})
    for name in ("includes", "excludes", "repositories"):
        form[name] = "\n".join(getattr(row, name))
    form.setlist("visibilities", row.visibilities)
    form["properties"] = "\n".join(f"{key}={value}" for key, value in row.properties.items())
    form["bypass"] = "\n".join(f"{_said(each)}: {each['reason']}" for each in shown.bypass)
    for rule in shown.rules:
        form.add("rule", rule["kind"])
        for name, value in rule.items():
            if name != "kind":
                form.setlist(f"{rule['kind']}.{name}", _texts(name, value))
    return form


def is_too_much(shown: Shown) -> bool:
    """Whether there are several rules of a kind, which the form has no place for."""
    kinds = [rule["kind"] for rule in shown.rules]
    return len(kinds) != len(set(kinds))


def _rule(form: Form, kind: RuleKind) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": kind.value}
    for name in TAKES[kind]:
        value = _value(form, f"{kind.value}.{name}", name)
        if value:
            said[name] = value
    return said


def _value(form: Form, field: str, name: str) -> Any:
    match PARAMETERS[name].form:
        case "number":
            return _number(form.get(field, ""), field)
        case "kinds":
            return form.getlist(field)
        case "lines":
            lines = _lines(form, field)
            return [_subject(line, field) for line in lines] if _is_subjects(name) else [*lines]
        case _:
            return bool(form.get(field))


def _is_subjects(name: str) -> bool:
    return name in SUBJECTS


def _number(text: str, field: str) -> int:
    if not text.strip():
        return 0
    if not text.strip().isascii() or not text.strip().isdigit():
        raise InvalidError.of(field, _("Enter a number."))
    return min(int(text.strip()[:15]), 2**40)


def _lines(form: Form, field: str) -> tuple[str, ...]:
    found = tuple(line.strip() for line in form.get(field, "").splitlines() if line.strip())
    if len(found) > MOST_LINES:
        raise InvalidError.of(field, _("At most %(most)s lines.", most=MOST_LINES))
    return found


def _pair(line: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    if not equals:
        raise InvalidError.of("properties", _("Enter a name, = and a value on each line."))
    return key.strip(), value.strip()


def _enforcement(text: str) -> Enforcement:
    if text not in set(Enforcement):
        raise InvalidError.of("enforcement", _("Choose one of these."))
    return Enforcement(text)


def _bypass(line: str) -> SaidSubject:
    who, colon, reason = line.partition(":")
    if not colon:
        raise InvalidError.of("bypass", _("Enter who it is, a colon, and the reason."))
    return _subject(who, "bypass", reason.strip())


def _subject(line: str, field: str, reason: str = "") -> SaidSubject:
    kind, _space, name = line.strip().partition(" ")
    name = name.strip()
    is_role = kind == SubjectKind.ROLE
    if kind not in LINES or (is_role and name not in set(Role)):
        raise InvalidError.of(
            field,
            _("“%(line)s” is not a valid entry. Start with role, team or user.", line=line[:80]),
        )
    role = Role(name) if is_role else None
    return SaidSubject(SubjectKind(kind), "" if is_role else name, role, reason)


def _said(subject: dict[str, str]) -> str:
    return " ".join(subject[key] for key in ("kind", "name", "role") if subject.get(key))


def _texts(name: str, value: Any) -> list[str]:
    if _is_subjects(name):
        return ["\n".join(_said(each) for each in value)]
    if PARAMETERS[name].form == "lines":
        return ["\n".join(value)]
    if isinstance(value, list):
        return value
    return ["yes" if value is True else str(value)]
