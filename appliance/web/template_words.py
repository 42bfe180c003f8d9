"""The words of templates in the reader's language, found quickly: a page has hundreds of them.

As Jinja's and Flask-Babel's own `gettext`, which looks for the catalogue anew each time and goes
through three calls to come to the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask
from flask_babel import get_locale, get_translations
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

MOST_KEPT = 8192
"""More than all templates have in all languages; what they put together must not add up."""


def install(app: Flask) -> None:
    """Give templates these words; `Babel` must have been there before."""

    @lru_cache(maxsize=MOST_KEPT)
    def found(_language: tuple[str, str | None] | None, text: str) -> Markup:
        return Markup(get_translations().ugettext(text))  # noqa: S704 - as Jinja has it.

    @pass_context
    def gettext(context: Context, text: str, /, **values: Any) -> str:
        locale = get_locale()
        language = (locale.language, locale.territory) if locale is not None else None
        marked = found(language, text)
        said: str = marked if context.eval_ctx.autoescape else str(marked)
        # As everywhere in newer templates a text is a format, be there values or not.
        return said % values if values or "%" in said else said

    app.jinja_env.globals.update(gettext=gettext, _=gettext)
