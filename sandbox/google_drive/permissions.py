"""permissions.*: who else may see a file. They are kept and shown, also in `q`. They say what the service account sees
that names no user (`tree.SEEN`), and forbid nobody else anything.

Sources: the discovery document (Permission), and Google's guide on sharing. Inherited ones are not told below a folder.
"""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.responses import Response

from sandbox.google_drive.listing import visible
from sandbox.google_drive.resource import iso, permissions, user
from sandbox.google_drive.tree import KIND, VENDOR, File
from sandbox.google_drive.wire import Answer, Call, DriveError, invalid

ROLES = ("owner", "organizer", "fileOrganizer", "writer", "commenter", "reader")
NAMED = {"user": "emailAddress", "group": "emailAddress", "domain": "domain", "anyone": ""}
"""Each type of grantee, and the field that names it."""
SETTABLE = ("role", "type", "emailAddress", "domain", "allowFileDiscovery", "expirationTime", "view")
CHANGEABLE = ("role", "expirationTime")
DEFAULT = "kind,id,type,role"
Json = dict[str, Any]


def listing(call: Call) -> Answer:
    """GET /drive/v3/files/{id}/permissions."""
    kept = permissions(visible(call, call.path["id"]).body)
    answer = {"kind": "drive#permissionList", "permissions": kept}
    return Answer(answer, "PermissionList", f"kind,nextPageToken,permissions({DEFAULT})")


def get(call: Call) -> Answer:
    """GET /drive/v3/files/{id}/permissions/{permissionId}."""
    return shown(found(call, visible(call, call.path["id"])))


def create(call: Call) -> Answer:
    """POST: give a role to somebody; whoever has one already has this one then."""
    file, wish = visible(call, call.path["id"]), {n: v for n, v in call.json().items() if n in SETTABLE}
    check(call, wish)
    given = {"kind": "drive#permission", "id": id_of(wish)} | wish
    if wish["type"] in ("user", "group"):
        given |= {"displayName": user(wish["emailAddress"])["displayName"], "deleted": False, "pendingOwner": False}
    elif wish["type"] == "anyone":
        given["allowFileDiscovery"] = bool(wish.get("allowFileDiscovery"))
    store(call, file, [*others(file, given["id"]), given])
    return shown(given)


def update(call: Call) -> Answer:
    """PATCH: another role, or another end."""
    file, wish = visible(call, call.path["id"]), call.json()
    given = changeable(found(call, file)) | {name: wish[name] for name in CHANGEABLE if name in wish}
    check(call, given)
    store(call, file, [given if one["id"] == given["id"] else one for one in permissions(file.body)[1:]])
    return shown(given)


def delete(call: Call) -> Response:
    """DELETE: take it back."""
    file = visible(call, call.path["id"])
    store(call, file, others(file, changeable(found(call, file))["id"]))
    return Response(status_code=204)


def check(call: Call, wish: Json) -> None:
    """Raises what Drive says of a permission that is not whole, or asks too much."""
    for name, known in (("type", tuple(NAMED)), ("role", ROLES)):
        if not wish.get(name):
            raise DriveError(
                400, "required", f"The permission {name} field is required.", location=f"permission.{name}"
            )
        if wish[name] not in known:
            raise invalid(f"permission.{name}", f"The specified {name} is invalid.")
    named = NAMED[wish["type"]]
    if named and not wish.get(named):
        message = f"The specified {named} is invalid or not applicable for the given permission type."
        raise invalid(f"permission.{named}", message)
    if wish["role"] == "owner":
        check_transfer(call)


def check_transfer(call: Call) -> None:
    """Another owner takes a switch, and then the new one's consent, which nobody gives here."""
    if not call.flag("transferOwnership"):
        message = "The transferOwnership parameter must be enabled when the permission role is 'owner'."
        raise DriveError(403, "forbidden", message, location="transferOwnership")
    raise DriveError(403, "consentRequiredForOwnershipTransfer", "Consent is required to transfer ownership of a file.")


def id_of(wish: Json) -> str:
    """The grantee's id: the same for each file."""
    if wish["type"] == "anyone":
        return "anyone" if wish.get("allowFileDiscovery") else "anyoneWithLink"
    name = str(wish[NAMED[wish["type"]]]).lower()
    return str(int(hashlib.sha256(name.encode()).hexdigest()[:16], 16)) + ("k" if wish["type"] == "domain" else "")


def found(call: Call, file: File) -> Json:
    """The permission that the path names, or 404."""
    wanted = call.path["permission"]
    for one in permissions(file.body):
        if one["id"] == wanted:
            return one
    raise DriveError(404, "notFound", f"Permission not found: {wanted}.", location="permissionId")


def changeable(given: Json) -> Json:
    """Anybody's but the owner's."""
    if given["role"] == "owner":
        message = "The user does not have sufficient permissions for this file."
        raise DriveError(403, "insufficientFilePermissions", message)
    return given


def others(file: File, id_: str) -> list[Json]:
    """All that were given, but for one."""
    return [one for one in permissions(file.body)[1:] if one["id"] != id_]


def store(call: Call, file: File, given: list[Json]) -> None:
    """Write them down. The file's modifiedTime stays."""
    open_to = next((one["id"] for one in given if one["type"] == "anyone"), "")
    visibility = {"anyone": "anyoneCanFind", "anyoneWithLink": "anyoneWithLink"}.get(open_to, "limited")
    body = {"modifiedTime": iso(file.modified)} | file.body | {"_permissions": given, "_visibility": visibility}
    call.state.put(VENDOR, KIND, file.id, body)


def shown(given: Json) -> Answer:
    """The Permission resource."""
    return Answer(given, "Permission", DEFAULT)
