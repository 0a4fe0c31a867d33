"""Reconcile: our copy set beside the sources, record by record, with every difference by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli import say
from cli.app import KEEP_TRUE
from cli.keep import Progress, chosen_streams
from hub.errors import FrontdeskError

if TYPE_CHECKING:
    from flows.compare import StreamCertificate, Total
    from flows.reconcile import Certificate

NAMED = 10
"""So many ids of each kind of difference are printed; the certificate keeps more, and /ops/compared shows them."""


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=KEEP_TRUE)(reconcile)


def reconcile(
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document, for scripts.")] = False,
) -> None:
    """Compare our copy with the sources: every record, every value, the money.

    What the next sync brings is no difference. Exit 1 where one differs, or could not be compared.
    """
    from flows.hub import open_hub
    from flows.reconcile import reconcile_source
    from hub.settings import load

    found: list[Certificate] = []
    failed, progress = False, Progress()
    with open_hub(load()) as hub:
        hub.settings.require_secret_key()
        for source in chosen_streams(hub, sources or []):
            try:
                found.append(reconcile_source(hub, source, progress.of(source)))
            except FrontdeskError as error:
                failed = True
                progress.clear()
                say.problem(f"{source}: {error.sentence}", error.step)
            else:
                progress.clear()
                if not json:
                    tell(found[-1])
    if json:
        say.json(found)
    if failed or not all(certificate.agrees for certificate in found):
        raise typer.Exit(1)


def tell(certificate: Certificate) -> None:
    """Print one source's certificate: a table, the money, what differs, and what to do."""
    source, streams = certificate.source, certificate.streams
    print(f"{source}: {verdict(certificate)}, {certificate.at:%Y-%m-%d %H:%M} UTC")
    titles = ("stream", "theirs", "ours", "left out", "held", "on the way", "missing", "too many", "different")
    print(say.table(titles, [_counts(one) for one in streams]), end="\n\n")
    if money := [(one.stream, *_money(total)) for one in streams for total in one.totals]:
        print(say.table(("stream", "money", "theirs", "ours"), money), end="\n\n")
    for one in streams:
        _tell_differences(source, one)
    for (sentence, step), names in _failures(streams).items():
        say.problem(f"{source}.{', '.join(names)} could not be compared: {sentence}", step)
    if any(one.unread for one in streams):
        say.problem("What was not read whole with its mapping yet was not compared.", f"Run `frontdesk sync {source}`.")
    if any(one.compared and not one.agrees for one in streams):
        say.problem(f"Our copy of {source} differs.", f"Run `frontdesk sync {source} --full`, which mends it.")


def verdict(certificate: Certificate) -> str:
    """The word for a source."""
    if certificate.agrees:
        return "matches"
    differs = any(one.compared and not one.agrees for one in certificate.streams)
    return "differs" if differs else "not compared in full"


def _failures(streams: Sequence[StreamCertificate]) -> dict[tuple[str, str], list[str]]:
    """The streams that could not be compared, by why and what to do: often it is the same for all."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in streams:
        if one.sentence is not None:
            found.setdefault((one.sentence, one.step or ""), []).append(one.stream)
    return found


def _counts(one: StreamCertificate) -> tuple[object, ...]:
    if not one.compared:
        return (one.stream, *[None] * 8)
    counts = (len(one.missing), len(one.surplus), len(one.differing))
    return (one.stream, one.theirs, one.ours, one.left_out, one.held, one.on_the_way, *counts)


def _money(total: Total) -> tuple[str, str, str]:
    from hub.money import in_full

    def shown(minor: int) -> str:
        return in_full(minor, total.currency) if total.currency else f"{minor:,}"

    return total.column.removesuffix("_minor").replace("_", " "), shown(total.theirs), shown(total.ours)


def _tell_differences(source: str, one: StreamCertificate) -> None:
    where = f"{source}.{one.stream}"
    for what, ids in (("missing here", one.missing), ("too many here", one.surplus)):
        if ids:
            print(f"{where}, {what}: {', '.join(ids[:NAMED])}{_more(len(ids))}")
    for external_id, fields in list(one.differing.items())[:NAMED]:
        print(f"{where} {external_id} differs in {', '.join(fields)}")
    if more := _more(len(one.differing)):
        print(f"{where}:{more}")


def _more(count: int) -> str:
    return f" and {count - NAMED:,} more" if count > NAMED else ""
