"""The `frontdesk` command. Errors leave it as one sentence and the next step: never a traceback, never a secret."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import demo, forget, held, keep, measure, people, ready, reconcile, run, say, tidy
from cli.app import group
from hub.collector import collect_rarely
from hub.errors import FrontdeskError

OK, FAILED, INTERRUPTED = 0, 1, 130
CONFIG = "FRONTDESK_CONFIG"
log = logging.getLogger("frontdesk.cli")

app = group(help="Frontdesk: clients see the answer instead of asking for it.", name="frontdesk")
for room in (demo, ready, keep, reconcile, held, forget, run, tidy, people, measure):
    room.add_to(app)


@app.callback()
def options(
    config: Annotated[Path | None, typer.Option(help="The configuration file (default frontdesk.toml).")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell details of errors, with tracebacks.")] = False,
) -> None:
    """Frontdesk: clients see the answer instead of asking for it."""
    if config is not None:
        os.environ[CONFIG] = str(config)
    logging.basicConfig(level=logging.CRITICAL, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("frontdesk").setLevel(logging.INFO if verbose else logging.CRITICAL)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code: 0 well, 1 something failed, 2 wrong usage, 130 interrupted."""
    given = sys.argv[1:] if arguments is None else arguments
    verbose = "--verbose" in given
    # A global option may stand anywhere.
    words = (["--verbose"] if verbose else []) + [word for word in given if word != "--verbose"]
    collect_rarely()
    try:
        app(words, prog_name="frontdesk")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except FrontdeskError as error:
        say.problem(error.sentence, error.step)
        if verbose and error.detail:
            say.note(f"  {error.detail}")
    except Exception as error:
        if verbose:
            log.exception("unexpected")
        say.problem(*unexpected(error))
    return FAILED


def unexpected(error: Exception) -> tuple[str, str]:
    """Sentence and step for an error that nobody raised on purpose. Its text is kept back: it may hold a secret."""
    text, kind = str(getattr(error, "orig", error)).lower(), type(error).__name__
    if type(error).__module__.startswith("sqlalchemy"):
        from store.trouble import trouble

        if known := trouble(error):
            return known.sentence, known.step
        if "no such table" in text or ("relation" in text and "does not exist" in text):
            return "The store has no tables yet, or older ones.", "Run `frontdesk migrate`, then try again."
        return f"The store cannot be used ({kind}).", "Check FRONTDESK_DATABASE_URL; --verbose tells more."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'The system'}: {error.strerror}.", "Mend that, then try again."
    return f"Something in Frontdesk itself went wrong ({kind}).", "Run it again with --verbose, and please report it."


if __name__ == "__main__":
    sys.exit(main())
