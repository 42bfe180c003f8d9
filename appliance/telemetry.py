"""OpenTelemetry traces, where a collector is configured; otherwise nothing of it is even imported.

One span for each request and each job. Names, numbers and ids go into it; never a body, a secret,
or a path inside a repository.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from appliance import version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

SHUTDOWN_MILLISECONDS = 2000


@dataclass
class Tracing:
    """Where one process sends its spans. Its state is the pipe, made after the last fork."""

    endpoint: str
    """OTLP over HTTP; empty means that nothing is traced."""
    part: str
    """Which process this is: `web`, `worker`."""
    _provider: TracerProvider | None = field(default=None, repr=False)
    _made_in: int = 0

    def begin(self, name: str, headers: Mapping[str, str] | None = None) -> Span | None:
        """A span that has begun; part of the caller's trace if `headers` name one (W3C).

        The caller ends it with `.end()`. None where nothing is traced.
        """
        if not self.endpoint:
            return None
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - see above.
            TraceContextTextMapPropagator,
        )

        carrier = {key.lower(): value for key, value in (headers or {}).items()}
        context = TraceContextTextMapPropagator().extract(carrier)
        return self._pipe().get_tracer("codara").start_span(name, context)

    @contextmanager
    def span(self, name: str, **attributes: str | int) -> Iterator[None]:
        """The same for the length of a block, with its errors."""
        begun = self.begin(name)
        if begun is None:
            yield
            return
        with begun:
            begun.set_attributes(attributes)
            yield

    def flush(self) -> None:
        """Send what waits."""
        if self._provider is not None:
            self._provider.force_flush(SHUTDOWN_MILLISECONDS)

    def _pipe(self) -> TracerProvider:
        # Its thread does not live on in a forked process, so each process makes its own.
        if self._provider is None or self._made_in != os.getpid():
            self._provider, self._made_in = _provider(self.endpoint, self.part), os.getpid()
        return self._provider


def _provider(endpoint: str, part: str) -> Any:
    # Half a second and 10 MB, which only those who trace should pay.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - see above.
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - see above.
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - see above.
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - see above.

    resource = Resource.create(
        {"service.name": f"codara-{part}", "service.version": version.RELEASE}
    )
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider
