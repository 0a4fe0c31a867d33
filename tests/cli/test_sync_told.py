"""What a sync says at its end: what is held and where to look, and when nothing could be read at all."""

from __future__ import annotations

import pytest
import typer

from cli.keep import tell_all
from flows.sync import RunSummary, _busy
from store.runs import StreamResult


def result(stream: str, state: str, held: int = 0) -> StreamResult:
    return StreamResult(stream, state, 0, 0, 0, 0, 0, held, 0.0)


def summary(source: str, state: str, *streams: StreamResult) -> RunSummary:
    return RunSummary("run", source, state, streams, 1, 0.1)


def test_held_records_point_to_their_list(capsys: pytest.CaptureFixture[str]) -> None:
    tell_all([summary("crm", "done", result("Account", "done", 3), result("Case", "done"))])
    assert capsys.readouterr().err == "crm: 3 records are held.\n  `frontdesk quarantine list` says why.\n"


def test_a_source_that_another_worker_reads_was_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    busy = [_busy("Account"), _busy("Case")]
    with pytest.raises(typer.Exit) as ended:
        tell_all([summary("crm", "busy", *busy), summary("books", "done", result("Invoice", "done"))])
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == (
        "crm: Another worker is reading this just now, so nothing was read here.\n"
        "  Nothing to do: that one goes on. To read once more, try again in a minute.\n"
    )
