"""Forms of pages become frozen values, or an InvalidError that names the fields."""

from __future__ import annotations

from typing import Annotated, Any, Self

from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from werkzeug.datastructures import MultiDict

from appliance.errors import ApplianceError, FieldProblem, InvalidError
from appliance.web import language

Exact = Annotated[str, StringConstraints(strip_whitespace=False)]
"""Text whose spaces count: a password, a file's content."""


class Form(BaseModel):
    """What a person filled in. A field left empty counts as not there."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    @classmethod
    def parse(cls, values: MultiDict[str, str]) -> Self:
        """The form, checked.

        Errors:
            InvalidError: names each field that is not as it must be, in words for people.
        """
        given: dict[str, object] = {}
        for name, field in cls.model_fields.items():
            entries = [entry for entry in values.getlist(name) if entry != ""]
            if not entries:
                continue
            is_list = str(field.annotation).startswith(("list", "tuple"))
            given[name] = entries if is_list else entries[0]
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise _in_words(error) from error


def problems(error: ApplianceError | None) -> dict[str, str]:
    """The problem of each field; one about no field stands under the empty name."""
    if error is None:
        return {}
    if isinstance(error, InvalidError) and error.fields:
        return {each.field: language.said(each.message) for each in error.fields}
    return {"": language.said(error.message)}


def _in_words(error: ValidationError) -> InvalidError:
    found = []
    for each in error.errors(include_url=False, include_input=False):
        name = str(each["loc"][0]) if each["loc"] else ""
        found.append(FieldProblem(name, _problem(each["type"], each.get("ctx", {}))))
    return InvalidError(_("The form has errors."), *found)


def _problem(kind: str, limits: dict[str, Any]) -> str:
    """What pydantic found wrong with a field, in words for people."""
    if kind.startswith(("int_", "float_")):
        return str(_("Enter a number."))
    found = {
        "missing": _("This is required."),
        "string_too_long": _("At most %(most)s characters.", most=limits.get("max_length")),
        "greater_than_equal": _("Must be at least %(least)s.", least=limits.get("ge")),
        "less_than_equal": _("Must be at most %(most)s.", most=limits.get("le")),
        "enum": _("Choose one of these."),
    }
    return str(found.get(kind, _("This is not valid.")))
