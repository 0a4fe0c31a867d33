"""Drive's routes, and the sandbox's own controls that only Google's emulator has."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from sandbox import bearers
from sandbox.google_drive import (
    auth,
    change_log,
    channels,
    content,
    downloads,
    files,
    listing,
    permissions,
    tree,
    uploads,
    writing,
)
from sandbox.google_drive.batch import batch_endpoint
from sandbox.google_drive.wire import Answer, Call, Check, Handler, endpoint, json_response
from sandbox.state import State

READ, CONTENT, WRITE = auth.needs(auth.READING), auth.needs(auth.CONTENT), auth.needs(auth.WRITING)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def get_file(call: Call) -> Answer | Response:
    """Metadata by any reading scope; content needs a scope that covers content."""
    return listing.get_file(CONTENT(call) if call.query.get("alt") == "media" else call)


def key_file(call: Call) -> Response:
    """GET /control/google/service-account.json."""
    return json_response(auth.service_account(call.state, call.base))


def unshare(call: Call) -> Response:
    """POST /control/google/unshare/{id}: the firm's account loses sight of a file, or a folder with all below."""
    return shared(call, shared_now=False)


def share(call: Call) -> Response:
    """POST /control/google/share/{id}: gives it back."""
    return shared(call, shared_now=True)


def shared(call: Call, *, shared_now: bool) -> Response:
    """Set access and show the stored body."""
    try:
        record = files.share(call.state, call.path["id"], shared=shared_now)
    except KeyError:
        return json_response({"error": f"There is no file {call.path['id']}."}, 404)
    return json_response({"id": record.id, **record.body})


def set_scopes(call: Call) -> Response:
    """POST /control/google/scopes {"scopes": [...]}: what the domain's admin delegates; an empty list is none."""
    scopes = [str(scope) for scope in call.json().get("scopes", [])]
    call.state.set_fact("google_scopes", " ".join(scopes))
    return json_response({"scopes": scopes})


def expire(call: Call) -> Response:
    """POST /control/google/expire: ends every access token."""
    bearers.end_all(call.state, tree.VENDOR)
    return json_response({"expired": True})


Methods = dict[str, tuple[Handler, Check]]
FILE_UPLOAD: Methods = {"POST": (uploads.post, auth.session_or(WRITE)), "PUT": (uploads.put, auth.anyone)}
PATHS: dict[str, Methods] = {
    "/token": {"POST": (auth.token, auth.anyone)},
    "/drive/v3/about": {"GET": (listing.about, READ)},
    "/drive/v3/changes": {"GET": (change_log.list_changes, READ)},
    "/drive/v3/changes/startPageToken": {"GET": (change_log.start_token, READ)},
    "/drive/v3/changes/watch": {"POST": (channels.watch, READ)},
    "/drive/v3/channels/stop": {"POST": (channels.stop, READ)},
    "/drive/v3/drives": {"GET": (listing.list_drives, READ)},
    "/drive/v3/drives/{id}": {"GET": (listing.get_drive, READ)},
    "/drive/v3/files": {"GET": (listing.list_files, READ), "POST": (writing.create, WRITE)},
    "/drive/v3/files/generateIds": {"GET": (writing.generate_ids, WRITE)},
    "/drive/v3/files/trash": {"DELETE": (writing.empty_trash, WRITE)},
    "/drive/v3/files/{id}": {
        "GET": (get_file, READ),
        "PATCH": (writing.update, WRITE),
        "DELETE": (writing.delete, WRITE),
    },
    "/drive/v3/files/{id}/copy": {"POST": (writing.copy, WRITE)},
    "/drive/v3/files/{id}/download": {"POST": (downloads.start, CONTENT)},
    "/drive/v3/files/{id}/export": {"GET": (content.export, CONTENT)},
    "/drive/v3/files/{id}/permissions": {"GET": (permissions.listing, READ), "POST": (permissions.create, WRITE)},
    "/drive/v3/files/{id}/permissions/{permission}": {
        "GET": (permissions.get, READ),
        "PATCH": (permissions.update, WRITE),
        "DELETE": (permissions.delete, WRITE),
    },
    "/drive/v3/files/{id}/revisions": {"GET": (content.list_revisions, READ)},
    "/drive/v3/files/{id}/revisions/{revision}": {"GET": (content.get_revision, CONTENT)},
    "/drive/v3/files/{id}/watch": {"POST": (channels.watch, READ)},
    "/drive/v3/operations/{name}": {"GET": (downloads.look, CONTENT)},
    "/feeds/download/{editor}/export/Export": {"GET": (content.export_link, CONTENT)},
    "/upload/drive/v3/files": FILE_UPLOAD,
    "/upload/drive/v3/files/{id}": {"PATCH": (uploads.start, WRITE), "PUT": (uploads.put, auth.anyone)},
}
CONTROLS: dict[str, Methods] = {
    "/control/google/service-account.json": {"GET": (key_file, auth.anyone)},
    "/control/google/expire": {"POST": (expire, auth.anyone)},
    "/control/google/scopes": {"POST": (set_scopes, auth.anyone)},
    "/control/google/share/{id}": {"POST": (share, auth.anyone)},
    "/control/google/unshare/{id}": {"POST": (unshare, auth.anyone)},
}


def routes(state: State) -> list[Route]:
    """Everything that Google's clients and the control page may ask of the emulated Drive."""
    tree.prepare(state)
    uploads.prepare(state)
    vendor = [Route(path, endpoint(state, methods), methods=METHODS) for path, methods in PATHS.items()]
    controls = [Route(path, endpoint(state, methods), methods=METHODS) for path, methods in CONTROLS.items()]
    return [*vendor, batch_endpoint(vendor), *controls]
