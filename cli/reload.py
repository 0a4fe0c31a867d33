"""Serving while somebody works on it: a change in code, templates, styles or mappings starts the portal anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from uvicorn import Config, Server
from uvicorn.supervisors.statreload import StatReload

ROOMS = ("portal_api", "templates", "store", "mappings", "hub")
KINDS = frozenset({".py", ".html", ".txt", ".css", ".js", ".svg", ".yaml"})


class Reload(StatReload):
    """Uvicorn's own watcher looks at Python files only; templates are compiled, and styles read, at the start too."""

    def iter_py_files(self) -> Iterator[Path]:
        """Every file whose change shows in the portal."""
        for room in self.config.reload_dirs:
            yield from (path.resolve() for path in room.rglob("*") if path.suffix in KINDS)


def serve_and_reload(app: str, **options: Any) -> None:
    """Serve until Ctrl-C, anew after every change."""
    config = Config(app, reload=True, reload_dirs=list(ROOMS), **options)
    Reload(config, target=Server(config).run, sockets=[config.bind_socket()]).run()
