"""The command's skeleton: groups, help by subject, the one store of global options."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import typer
from typer.core import TyperGroup

TRY_IT, MAKE_READY, KEEP_TRUE, RUN = "Try it", "Make ready", "Keep the copy true", "Run"
LET_IN, MEASURE = "Let people in", "Measure"
SUBJECTS = (TRY_IT, MAKE_READY, KEEP_TRUE, RUN, LET_IN, MEASURE)


class BySubject(TyperGroup):
    """Help that lists commands by subject: the `rich_help_panel` of each, printed without rich (60 ms)."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        subjects: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for name, command in self.commands.items():
            subject = getattr(command, "rich_help_panel", None) or "Commands"
            subjects[subject].append((name, command.get_short_help_str(limit=90)))
        for subject in sorted(subjects, key=lambda title: SUBJECTS.index(title) if title in SUBJECTS else 0):
            with formatter.section(subject):
                formatter.write_dl(subjects[subject])


def group(**facts: Any) -> typer.Typer:
    """A group of commands: plain help, no rich tracebacks, nothing that costs time to import."""
    names = {"help_option_names": ["-h", "--help"]}
    return typer.Typer(
        cls=BySubject,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        no_args_is_help=True,
        context_settings=names,
        **facts,
    )
