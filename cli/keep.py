"""Keeping the copy true: sync, status, check."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import say
from cli.app import KEEP_TRUE, MAKE_READY

if TYPE_CHECKING:
    from flows.hub import Hub
    from flows.status import Status
    from flows.sync import RunSummary
    from mappings.standing import Known

FAILING = ("failed", "partly", "held", "busy")


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=MAKE_READY)(check)
    app.command(rich_help_panel=KEEP_TRUE)(sync)
    app.command(rich_help_panel=KEEP_TRUE)(status)


def sync(
    targets: Annotated[list[str] | None, typer.Argument(metavar="SOURCE[.STREAM]")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again and sweep what is gone.")] = False,
    let_through: Annotated[bool, typer.Option("--let-through", help="Let a braked run through, once.")] = False,
) -> None:
    """Read what is new and store it.

    All sources, or those named. Exit 1 when a stream failed, or could not be read because another worker reads it.
    """
    from flows.hub import open_hub
    from hub.collector import leave_at_once
    from hub.settings import load

    leave_at_once()
    with open_hub(load()) as hub:
        chosen = chosen_streams(hub, targets or [])
        unmapped = _tell_unmapped(hub, chosen)
        progress = Progress()
        summaries = _sync_all(hub, chosen, progress, full=full, let_through=let_through) if chosen else []
        progress.clear()
    tell_all(summaries)
    if unmapped:
        raise typer.Exit(1)


def _tell_unmapped(hub: Hub, chosen: dict[str, list[str] | None]) -> bool:
    """Say which of the sources have nothing mapped, and leave them out of `chosen`: the others go on."""
    from hub.errors import NeedsPerson

    before = len(chosen)
    for source in list(chosen):
        try:
            hub.source(source).require_mapped()
        except NeedsPerson as error:
            say.problem(error.sentence, error.step)
            del chosen[source]
    return len(chosen) < before


def tell_all(summaries: Sequence[RunSummary]) -> None:
    """What each run did, what went wrong, where to look; exit 1 when a stream was not read."""
    for summary in summaries:
        print(summary_table(summary), end="\n\n")
        for (sentence, step), streams in _causes(summary).items():
            whole = len(streams) == len(summary.streams) > 1
            where = summary.source if whole else ", ".join(f"{summary.source}.{stream}" for stream in streams)
            say.problem(f"{where}: {sentence}", step)
        if held := sum(result.held for result in summary.streams):
            are = "record is" if held == 1 else "records are"
            say.problem(f"{summary.source}: {held:,} {are} held.", "`frontdesk quarantine list` says why.")
    if any(summary.state in FAILING for summary in summaries):
        raise typer.Exit(1)


def _causes(summary: RunSummary) -> dict[tuple[str, str], list[str]]:
    """What went wrong, each cause once, with the streams that it stopped."""
    causes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in summary.streams:
        if result.sentence:
            causes[result.sentence, result.step or ""].append(result.stream)
    return causes


def chosen_streams(hub: Hub, targets: Sequence[str]) -> dict[str, list[str] | None]:
    """Streams by source; None stands for all of them. `crm` and `crm.Account` together mean all of crm."""
    from hub.errors import NeedsPerson

    if not hub.settings.sources:
        raise NeedsPerson("No source is configured.", step="Run `frontdesk init` to write a frontdesk.toml.")
    chosen: dict[str, list[str] | None] = defaultdict(list)
    for target in targets or hub.settings.sources:
        source, _, stream = target.partition(".")
        if stream:
            hub.source(source).mapping(stream)
        streams = chosen[source]
        chosen[source] = [*streams, stream] if stream and streams is not None else None
    for source in chosen:
        hub.source(source)
    return dict(chosen)


def _sync_all(hub: Hub, chosen: dict[str, list[str] | None], progress: Progress, **options: Any) -> list[RunSummary]:
    from concurrent.futures import ThreadPoolExecutor

    from flows.sync import sync_source

    def one(source: str) -> RunSummary:
        return sync_source(hub, source, chosen[source], progress=progress.of(source), **options)

    # Sources wait for their own vendors, so they wait side by side.
    with ThreadPoolExecutor(len(chosen)) as pool:
        return list(pool.map(one, chosen))


class Progress:
    """One line on a terminal that says where each source is; nothing at all elsewhere."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.lines: dict[str, str] = {}
        self.printed = 0.0

    def of(self, source: str) -> Any:
        def report(stream: str, counts: Any) -> None:
            self.lines[source] = f"{source}.{stream} {counts.seen:,}"
            if self.shown and time.monotonic() - self.printed > 0.1:
                self.printed = time.monotonic()
                print("\r\x1b[K" + "   ".join(self.lines.values())[:100], end="", file=sys.stderr, flush=True)

        return report

    def clear(self) -> None:
        if self.shown and self.lines:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        self.lines.clear()


def summary_table(summary: RunSummary) -> str:
    """What a run did, stream by stream."""
    counts = ("added", "updated", "unchanged", "removed", "left_out", "held")
    rows = [
        (result.stream, result.state, *(getattr(result, name) for name in counts), float(result.seconds))
        for result in summary.streams
    ]
    head = f"{summary.source}: {summary.state}, {summary.requests} requests, {summary.seconds:.1f} s"
    return head + "\n" + say.table(("stream", "state", *(name.replace("_", " ") for name in counts), "seconds"), rows)


def status(json: Annotated[bool, typer.Option("--json", help="One JSON document, for scripts.")] = False) -> None:
    """Tell how every stream stands."""
    from flows.hub import open_hub
    from flows.status import status as read
    from hub.settings import load

    with open_hub(load()) as hub:
        found = read(hub.engine, _known(hub), hub.settings.late_after)
    if json:
        say.json(found)
        return
    if not found.streams:
        print("Nothing has been read yet. Run `frontdesk sync`.")
        return
    rows = [
        (s.source, s.stream, s.state, s.high_water, s.checked_at, s.matched_at, s.left_out, s.held)
        for s in found.streams
    ]
    print(say.table(("source", "stream", "state", "true up to", "last read", "matched", "left out", "held"), rows))
    counts = (found.held, "held"), (found.unmatched, "unmatched"), (found.ownerless, "without an owner")
    print(f"\n{', '.join(f'{n} {what}' for n, what in counts)}, {found.inbox_waiting} hints waiting")
    if found.left_out:
        print(_left_out(found))
    if changed := [f"{s.source}.{s.stream}" for s in found.streams if s.state == "changed"]:
        print(f"The mapping has changed, and the next sync reads everything again: {', '.join(changed)}")
    _tell_what_is_wrong(found)


def _left_out(found: Status) -> str:
    """Nothing is wrong with these; but nobody should have to wonder where they are."""
    said = f"{found.left_out:,} left out by `only` and `except` in the mappings"
    if not found.below:
        return said
    where = ", ".join(f"{s.below:,} of {s.source}.{s.stream}" for s in found.streams if s.below)
    return f"{said}; no client sees what belongs to them either: {where}"


def _tell_what_is_wrong(found: Status) -> None:
    told: dict[tuple[str, str, str], list[str]] = {}
    for stream in found.streams:
        if stream.error:
            told.setdefault((stream.source, stream.error, stream.step or ""), []).append(stream.stream)
    for (source, error, step), streams in told.items():
        say.problem(f"{source} ({', '.join(streams)}): {error}", step)
    _tell_what_has_no_owner(found)


def _tell_what_has_no_owner(found: Status) -> None:
    from store.ownerless import STEP, sentence

    without = [stream for stream in found.streams if stream.ownerless]
    for stream in without:
        say.problem(f"{stream.source}.{stream.stream}: {sentence(stream.ownerless)}")
    if without:
        say.note(f"  {STEP}")


def _known(hub: Hub) -> Known | None:
    """What is configured and mapped now. A mapping that cannot be read is told, and keeps nobody from the rest."""
    from mappings.yaml_lines import MappingError

    try:
        return hub.known()
    except MappingError as error:
        say.problem(error.sentence, error.step)
        return None


def check() -> None:
    """Tell whether a sync would work, and what is missing.

    Looks at configuration, store, mappings, credentials and permissions; exit 1 when something is missing.
    """
    from flows.check import check as look
    from flows.hub import open_hub
    from hub.settings import load

    settings = load()
    settings.require_secret_key()
    with open_hub(settings) as hub:
        findings = [*look(hub), *_store_findings(hub)]
    for finding in findings:
        print(f"{'ok      ' if finding.ok else 'missing '}  {finding.subject}: {finding.sentence}")
        if not finding.ok and finding.step:
            print(f"            {finding.step}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _store_findings(hub: Hub) -> list[Any]:
    from connectors.contract import Finding
    from flows.check import left_behind
    from store.migrate import is_current

    if not is_current(hub.engine):
        sentence = "The store has not the present schema."
        return [Finding("store", ok=False, sentence=sentence, step="Run `frontdesk migrate`.")]
    return [Finding("store", ok=True, sentence="The store has the present schema."), *left_behind(hub)]
