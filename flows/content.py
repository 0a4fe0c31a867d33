"""The bytes behind a row: an invoice's PDF, a file; read from the source when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.contract import Content
from flows.hub import Hub
from flows.places import refuse_elsewhere
from hub.errors import NeedsPerson


@contextmanager
def open_content(hub: Hub, source: str, stream: str, external_id: str) -> Iterator[Content]:
    """The content of a source record, while the source's session is open.

    Raises NeedsPerson when the stream has no content, RetryLater when the source is away or reads another place.
    """
    connected = hub.source(source)
    read = connected.connector.stream(stream).content
    if read is None:
        raise NeedsPerson(f"{source}.{stream} has no files to download.")
    with connected.connector.open(connected.settings, hub.tokens(source)) as session:
        refuse_elsewhere(hub, connected, session, [stream])
        yield read(session, external_id)
