"""The tree of folders as it is read: by Drive's list, then by the change log, and by id where both lack a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.google_drive.entries import FOLDER, fault, media_type, parent_of
from connectors.google_drive.listing import FOLDER_FIELDS, ChangePage, list_all
from connectors.google_drive.tree import DEEPEST, Tree, folder_of
from connectors.rows import id_in

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive


def load_tree(drive: Drive) -> Tree:
    """All folders that we can see, read anew."""
    tree = Tree(drive.settings.root_folder_id)
    for page in list_all(drive, f"mimeType = '{FOLDER}'", FOLDER_FIELDS):
        for file in page:
            if id_in(file, "id"):
                tree.put(folder_of(file))
            else:
                tree.nameless.append(file)
    drive.tree = tree
    return tree


def tree_of(drive: Drive) -> Tree:
    """The folders, read once a session and kept true by the change pages that `follow` is given."""
    return drive.tree or load_tree(drive)


def follow(drive: Drive, page: ChangePage) -> None:
    """Apply a page's folders to the tree, whenever that was read: Drive's list of folders may be behind its change log.

    All is read anew for a folder that cannot be read, and for one that comes into sight: what lies below comes with it.
    """
    folders = [change.file for change in page.changes if change.file and media_type(change.file) in (FOLDER, "")]
    if drive.tree and any(fault(folder) or folder["id"] not in drive.tree.folders for folder in folders):
        drive.tree = None
    tree = tree_of(drive)
    for change in page.changes:
        if change.file is None:
            tree.remove(change.id)
    for folder in folders:
        if not fault(folder):
            tree.put(folder_of(folder))


def tree_above(drive: Drive, tree: Tree, file: Any) -> Tree:
    """The tree with the folders above a file; those that it lacks are asked for one by one."""
    folder_id = parent_of(file)
    for _ in range(DEEPEST):
        if folder_id in ("", tree.root) or folder_id in tree.unseen:
            break
        if folder_id not in tree.folders and not found_folder(drive, tree, folder_id):
            break
        folder_id = tree.folders[folder_id].parent
    return tree


def found_folder(drive: Drive, tree: Tree, folder_id: str) -> bool:
    """Whether Drive shows a folder that its list lacked; the tree has it then."""
    request = drive.service.files().get(fileId=folder_id, fields=FOLDER_FIELDS, supportsAllDrives=True)
    found: dict[str, Any] | None = drive.ask_for(request)
    if found is None:
        tree.unseen.add(folder_id)
    else:
        tree.put(folder_of({**found, "id": folder_id}))
    return found is not None
