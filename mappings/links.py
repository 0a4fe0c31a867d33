"""Whether the streams that mappings name are there: what points at nothing would hide rows without a word."""

from __future__ import annotations

import difflib
from collections.abc import Mapping as MappingType
from collections.abc import Sequence

from mappings.mapping import Mapping
from mappings.said import Link
from mappings.yaml_lines import MappingError

Streams = MappingType[str, MappingType[str, Mapping]]
"""All mappings of the folder, by source and stream."""


def refuse_broken(found: MappingType[str, Sequence[Mapping]]) -> None:
    """MappingError for the first word that names a stream which no mapping brings, or an owner that owns nothing."""
    streams = {source: {mapping.stream: mapping for mapping in mappings} for source, mappings in found.items()}
    for mapping in (mapping for mappings in found.values() for mapping in mappings):
        for link in mapping.links:
            error = _owner_error(mapping, link, streams) if link.owner else _error(mapping, link, streams)
            if error is not None:
                raise error


def _owner_error(mapping: Mapping, link: Link, streams: Streams) -> MappingError | None:
    named = streams.get(link.source, {}).get(link.stream)
    if named is not None and named.owner_kind:
        return None
    records = [one for mappings in streams.values() for one in mappings.values() if one.owner_kind]
    accepted = [_written(link, mapping, one.source, one.stream) for one in records]
    if named is None:
        return link.spot.refuse_unknown("owner stream", link.written, accepted)
    return link.spot.refuse(
        f"the owner stream {link.written!r} is itself owned by others.",
        step=f"Accepted: {', '.join(sorted(accepted))}.",
    )


def _error(mapping: Mapping, link: Link, streams: Streams) -> MappingError | None:
    if link.stream in streams.get(link.source, {}) or not _is_meant(link.source, streams):
        return None
    accepted = [_written(link, mapping, source, stream) for source, known in streams.items() for stream in known]
    return link.spot.refuse_unknown("stream", link.written, accepted)


def _is_meant(source: str, streams: Streams) -> bool:
    """Whether a source is mapped here, or is a slip of the pen for one that is; others may be mapped elsewhere.

    `quickbooks_us` beside `quickbooks` is another company, no slip.
    """
    near = difflib.get_close_matches(source, streams, n=1, cutoff=0.8)
    return source in streams or (bool(near) and not source.startswith(near[0]))


def _written(link: Link, mapping: Mapping, source: str, stream: str) -> str:
    """A stream as it would be written where the link stands: a key always says its source."""
    return stream if source == mapping.source and "." not in link.written else f"{source}.{stream}"
