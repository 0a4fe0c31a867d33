"""Drive's search language: what it finds, what it refuses, and that any name can be searched for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.google_drive.fields import FieldsError, parse_fields, select
from sandbox.google_drive.files import file_body, new_file
from sandbox.google_drive.query import QueryError, compile_query
from sandbox.google_drive.tree import FOLDER, prepare, select_files


@pytest.fixture
def files(state):
    prepare(state)
    new_file(state, "dir", file_body(state, "Verträge", FOLDER, "root"))
    rows: dict[str, tuple[str, str, dict[str, Any]]] = {
        "a": ("Invoice 1042.pdf", "application/pdf", {"properties": {"status": "Final"}, "starred": True}),
        "b": ("invoice draft.docx", "application/msword", {"properties": {"status": "Draft"}}),
        "c": ("MyInvoice.txt", "text/plain", {"trashed": True, "_text": "Demurrage is due on Monday"}),
        "d": ("O'Neill & Söhne.txt", "text/plain", {"modifiedTime": "2025-06-01T12:00:00.000Z"}),
    }
    for id_, (name, mime, extra) in rows.items():
        new_file(
            state, id_, file_body(state, name, mime, "dir", **{"modifiedTime": "2026-01-01T00:00:00.000Z", **extra})
        )
    return state


def found(state, query):
    condition = compile_query(query)
    return [file.id for file in select_files(state, f"NOT gone AND {condition.sql}", condition.args)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("name contains 'invoice'", "ab"),
        ("name contains 'INV'", "ab"),
        ("name contains 'nvoice'", ""),
        ("name = 'MyInvoice.txt'", "c"),
        (r"name = 'O\'Neill & Söhne.txt'", "d"),
        ("name != 'MyInvoice.txt' and mimeType = 'text/plain'", "d"),
        ("mimeType contains 'application/' and 'dir' in parents", "ab"),
        ("'dir' in parents and trashed=false", "abd"),
        ("not trashed = true and not 'root' in parents", "abd"),
        ("trashed = true", "c"),
        ("modifiedTime > '2025-12-31T23:00:00' and not mimeType = 'application/vnd.google-apps.folder'", "abc"),
        ("modifiedTime < '2025-06-01T14:00:01+02:00'", "d"),
        ("properties has { key='status' and value='Draft' }", "b"),
        ("starred = true or starred != false", "a"),
        ("fullText contains 'demurrage monday'", "c"),
        ("fullText contains '\"due on\"'", "c"),
        ("sharedWithMe", ""),
        ("'hub@sandbox.example' in owners and starred = true", "a"),
        ("visibility = 'limited' and name contains 'O'", "d"),
        # From left to right: (b or c) and untrashed.
        ("name contains 'invoice d' or name contains 'My' and trashed = false", "b"),
        ("name contains 'invoice 1' or (name contains 'My' and trashed = true)", "ac"),
    ],
)
def test_a_query_finds(files, query, ids):
    assert found(files, query) == list(ids)


@pytest.mark.parametrize(
    "query",
    [
        "name", "name =", "name = x", "name ~ 'x'", "name contains", "name = 'x", "(name = 'x'", "name = 'x')",
        "name = 'x' and", "and name = 'x'", "colour = 'red'", "trashed = 'yes'", "trashed > true", "starred = maybe",
        "'x' in cupboard", "'x' parents", "modifiedTime > 'yesterday'", "modifiedTime > 5", "fullText = 'x'",
        "properties has { key='x' }", "properties has { key='x' and value='y'", "properties = 'x'", 'name = "x"',
        "mimeType < 'x'", "name = 'x' name = 'y'", "not", "'x'", ";", "name = 'x'; drop table record",
    ],
)  # fmt: skip
def test_what_is_no_query_is_refused(query):
    with pytest.raises(QueryError):
        compile_query(query)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12),
    other=st.text(st.sampled_from("'\\() andor"), max_size=8),
)
def test_any_name_is_found_by_its_quoted_self_and_by_nothing_else(files, name, other):
    new_file(files, "named", file_body(files, name, "text/plain", "root"))

    def quoted(text):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    assert found(files, f"name = {quoted(name)} and 'root' in parents") == ["named"]
    assert ("named" in found(files, f"name = {quoted(other)}")) == (name == other)
    assert found(files, f"not name = {quoted(name)} and name = {quoted(name)}") == []


def test_fields_select_as_google_does():
    files = [{"id": "1", "owners": [{"emailAddress": "x", "me": True}], "properties": {"a": "1", "b": "2"}}]
    value = {"kind": "k", "nextPageToken": "t", "files": files}
    for text, expected in [
        ("nextPageToken", {"nextPageToken": "t"}),
        ("files/id", {"files": [{"id": "1"}]}),
        ("files(id,owners/emailAddress)", {"files": [{"id": "1", "owners": [{"emailAddress": "x"}]}]}),
        ("files(properties(a))", {"files": [{"properties": {"a": "1"}}]}),
        ("files/id,files/properties/b", {"files": [{"id": "1", "properties": {"b": "2"}}]}),
        ("*", value),
        ("files(*)", {"files": files}),
        ("files/*/me", {"files": [{"id": "1", "owners": [{"me": True}], "properties": {}}]}),
    ]:
        assert select(value, parse_fields(text, "FileList")) == expected
    for text in ("file", "files(idd)", "files(id", "files)id", "", ",", "files(id,)"):
        with pytest.raises(FieldsError):
            parse_fields(text, "FileList")
