"""What the API says of itself, put together when somebody asks: few read it, and it is 13 MiB."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.openapi import OpenAPI

_describing = threading.Lock()
"""Two may ask at once."""


class Area(APIBlueprint):
    """The endpoints of one row of the API's table. Its state is those it has still to describe."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._undescribed: list[Callable[[], object]] = []

    def _collect_openapi_info(self, rule: str, func: Callable[..., Any], **said: Any) -> Any:
        """What a function takes from a request; how it is described, is found out later."""
        collect = super()._collect_openapi_info
        self._undescribed.append(partial(collect, rule, func, **said))
        return collect(rule, func, **said | {"doc_ui": False})

    def describe(self) -> None:
        """Put what the document says of these endpoints beside them, once."""
        while self._undescribed:
            self._undescribed.pop(0)()


class Describing(OpenAPI):
    """The library's application, which knows what its areas are. Its state is those."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._areas: list[Area] = []
        super().__init__(*arguments, **options)

    def register_api(self, api: APIBlueprint, **options: Any) -> None:
        """Put the endpoints of an area into the application."""
        if isinstance(api, Area):
            self._areas.append(api)
        super().register_api(api, **options)

    @property
    def api_doc(self) -> dict[str, Any]:
        """The document, which is made once."""
        with _describing:
            while self._areas:
                area = self._areas.pop(0)
                area.describe()
                self.tags += [tag for tag in area.tags if tag not in self.tags]
                self.paths.update(area.paths)
                self.components_schemas.update(area.components_schemas)
            return super().api_doc
