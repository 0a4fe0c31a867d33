"""From a YAML file to a Mapping. Everything that can be wrong with a mapping is said here, with file and line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from pathlib import Path
from typing import Any

from hub.errors import BadRecord
from mappings import convert, vocabulary
from mappings.convert import digits
from mappings.converter import Target, converter, refuse_other_form
from mappings.items import Part, Test, amount, flagged, items
from mappings.leaving_out import sieve_of
from mappings.links import refuse_broken
from mappings.mapping import ColumnOf, Key, Mapping, NamedColumn, reference
from mappings.page import Column, PageView
from mappings.paths import column_of, path, then
from mappings.refusals import STREAM_LENGTH
from mappings.said import Link, Said
from mappings.yaml_lines import Node, Spot, fingerprint, read

CURRENCY = "\0currency"
"""What the page's currencies are remembered under: no source has such a field."""

Values = tuple[tuple[str, Spot], ...]
Targets = MappingType[str, MappingType[str, Target]]
"""Columns by noun, as the store has them (store.targets)."""


def compile_file(file: Path, targets: Targets, firm_currency: str) -> Mapping:
    """One mapping file. MappingError with file, line and what is accepted."""
    top = read(file).words("a mapping", vocabulary.TOP)
    root, listed = Spot(file, 1), ", ".join(vocabulary.REQUIRED)
    for word in vocabulary.REQUIRED:
        if word not in top:
            raise root.refuse(f"the word {word!r} is missing.", step=f"Every mapping needs {listed}.")
    return _Compiler(top, targets, firm_currency, file).mapping()


def compile_folder(folder: Path, targets: Targets, firm_currency: str) -> dict[str, list[Mapping]]:
    """All mappings below a folder, by source, each source's in reading order: owner records before what they own."""
    found: dict[str, list[Mapping]] = {}
    for file in sorted(folder.glob("*/*.yaml")):
        if file.parent.name != "profiles":
            mapping = compile_file(file, targets, firm_currency)
            others = found.setdefault(mapping.source, [])
            _refuse_second(mapping, others)
            others.append(mapping)
    refuse_broken(found)
    return {source: sorted(mappings, key=_reading_order) for source, mappings in found.items()}


def _refuse_second(mapping: Mapping, others: Sequence[Mapping]) -> None:
    """Two mappings of one stream would take turns at reading all of it again, at every sync."""
    for other in others:
        if other.stream == mapping.stream:
            sentence = f"{other.said[0].spot.file} maps {mapping.source} {mapping.stream} already."
            raise mapping.said[0].spot.refuse(sentence, step="Take one of the two files away.")


def _reading_order(mapping: Mapping) -> tuple[int, int, str]:
    return ({"self": 0, "match": 1}.get(mapping.owner_kind, 2), mapping.order, mapping.stream)


class _Compiler:
    """Walks one file's words; remembers every source field it meets."""

    def __init__(self, top: dict[str, Node], targets: Targets, firm_currency: str, file: Path) -> None:
        self.top, self.firm_currency, self.file = top, firm_currency, file
        self.source = top["source"].text("source")
        self.stream = top["stream"].text("stream")
        if len(self.stream) > STREAM_LENGTH:
            raise top["stream"].spot.refuse(f"a stream's name has at most {STREAM_LENGTH} characters.")
        self.into = top["into"].text("into")
        if self.into not in targets:
            raise top["into"].spot.refuse_unknown("noun", self.into, targets)
        if file.parent.name != self.source:
            raise top["source"].spot.refuse(
                f"source {self.source!r} in the folder {file.parent.name!r}.",
                step=f"Move the file to {file.parent.parent / self.source}/ or mend the word.",
            )
        self.targets = targets[self.into]
        self.said: dict[Said, None] = {}
        self.links: list[Link] = []
        self.owner_path = ""

    def mapping(self) -> Mapping:
        owner_kind, owner_of = self._owner()
        key, modified = self._see(self.top["key"], "key"), self._see(self.top["modified"], "modified", "", "instant")
        keys, columns = self._keys(owner_kind), self._columns()
        label = path(self._label()) if owner_kind else (lambda _: None)
        sieve = sieve_of(self.top, lambda node, word, values: self._see(node, word, values=values))
        read = tuple(dict.fromkeys(said.path for said in self.said))
        return Mapping(
            source=self.source,
            stream=self.stream,
            into=self.into,
            order=self._order(),
            owner_kind=owner_kind,
            key=column_of(key),
            owner_of=owner_of,
            owner_path=self.owner_path,
            modified=then(column_of(modified), convert.instant),
            columns=columns,
            fingerprint=fingerprint(self.top, self.firm_currency, str(convert.RULES)),
            keys=keys,
            links=tuple(self.links),
            said=tuple(self.said),
            label=label,
            sieve=sieve,
            source_fields=read,
            plain_fields=tuple(name for name in read if "." not in name),
        )

    def _see(self, node: Node, what: str, column: str = "", kind: str = "", values: Values = ()) -> str:
        text = node.text(what)
        self.said[Said(text, node.spot, column, kind, values)] = None
        return text

    def _order(self) -> int:
        value = self.top["order"].value if "order" in self.top else 50
        if not isinstance(value, int):
            raise self.top["order"].spot.refuse(f"order must be a whole number, not {value!r}.")
        return value

    def _owner(self) -> tuple[str, ColumnOf]:
        node = self.top["owner"]
        if isinstance(node.value, str):
            if node.value not in vocabulary.OWNER_WORDS:
                raise node.spot.refuse_unknown("owner", node.value, vocabulary.OWNER_WORDS | {"{stream, id}"})
            return node.value, lambda page: [None] * len(page.records)
        words = node.words("owner", (), vocabulary.OWNER)
        source, stream = self._stream(words["stream"], "owner stream", owner=True)
        self.owner_path = self._see(words["id"], "owner id")
        return "", self._reference(source, stream, self.owner_path)

    def _reference(self, source: str, stream: str, source_path: str) -> ColumnOf:
        read_column = column_of(source_path)
        return lambda page: [
            None if value is None or value == "" else reference(source, stream, digits(value))
            for value in read_column(page)
        ]

    def _stream(self, node: Node, what: str, *, owner: bool = False) -> tuple[str, str]:
        """`Invoice` is a stream of this source; `salesforce.Project__c` names another source's."""
        source, _, stream = node.text(what).rpartition(".")
        self.links.append(Link(source or self.source, stream, node.value, node.spot, owner))
        return source or self.source, stream

    def _label(self) -> str:
        if "label" in self.top:
            return self._see(self.top["label"], "label")
        fields = self.top["fields"].block("fields")
        if "name" not in fields:
            raise self.top["owner"].spot.refuse("an owner record needs a label.", step="Write label: and a path.")
        name = fields["name"]
        return self._see(name if isinstance(name.value, str) else name.block("name")["from"], "label")

    def _keys(self, owner_kind: str) -> tuple[Key, ...]:
        if owner_kind == "self":
            block = self.top["known_by"].block("known_by") if "known_by" in self.top else {}
            return tuple(self._key(kind, node) for kind, node in block.items())
        if owner_kind == "match":
            if "match" not in self.top:
                raise self.top["owner"].spot.refuse("owner: match needs a list `match:`.")
            rules = [item.block("a match rule") for item in self.top["match"].items("match")]
            return tuple(self._key(kind, node) for rule in rules for kind, node in rule.items())
        for word in ("known_by", "match"):
            if word in self.top:
                raise self.top[word].spot.refuse(
                    f"{word} belongs to owner: {'self' if word == 'known_by' else 'match'}."
                )
        return ()

    def _key(self, kind: str, node: Node) -> Key:
        if "." in kind:
            self._stream(Node(kind, node.spot), "key")
        if isinstance(node.value, str):
            source_path, form = self._see(node, "key"), convert.KEY_FORMS["id"]
        else:
            words = node.words("a key", vocabulary.KEY, {"from"})
            source_path, form = self._see(words["from"], "from"), self._form(words)
        one = path(source_path)
        if kind == vocabulary.PARENT:
            source, stream = self.source, self.stream
            return Key(kind, lambda record: reference(source, stream, digits(v)) if (v := one(record)) else None)
        return Key(kind, lambda record: form(one(record)))

    def _form(self, words: dict[str, Node]) -> Callable[[Any], str | None]:
        node = words.get("as")
        if node is not None:
            refuse_other_form("a key", node, convert.KEY_FORMS)
        form = convert.KEY_FORMS["id" if node is None else node.value]
        if "without" not in words:
            return form
        bare = convert.without(words["without"].text("without"))
        return lambda value: form(bare([value])[0])

    def _columns(self) -> tuple[NamedColumn, ...]:
        fields = dict(self.top["fields"].block("fields"))
        settable = {name for name, target in self.targets.items() if name != "currency" or not self._has_money()}
        for name, node in fields.items():
            if name not in settable:
                raise node.spot.refuse_unknown(f"column of {self.into}", name, settable)
        columns = [self._column(name, node) for name, node in fields.items()]
        if self._has_money():
            columns.append(NamedColumn("currency", self._currency_path(), self._currency(), required=True))
        self._refuse_missing(columns)
        return tuple(columns)

    def _has_money(self) -> bool:
        return "currency" in self.targets

    def _refuse_missing(self, columns: Sequence[NamedColumn]) -> None:
        missing = [name for name, target in self.targets.items() if target.required]
        missing = sorted(set(missing) - {column.name for column in columns})
        if missing:
            raise self.top["fields"].spot.refuse(
                f"{self.into} needs {', '.join(missing)}.", step="Say where each comes from, under fields."
            )

    def _currency_path(self) -> str:
        return self._see(self.top["currency"], "currency") if "currency" in self.top else ""

    def _currency(self) -> ColumnOf:
        source_path, firm = self._currency_path(), self.firm_currency
        read_column = column_of(source_path or "\0")

        def read_currency(page: PageView) -> Column:
            try:
                return convert.currency(read_column(page), firm)
            except BadRecord as error:
                error.field = source_path
                raise

        # Every amount of a page asks for it.
        return lambda page: page.remembered(CURRENCY, lambda: read_currency(page))

    def _column(self, name: str, node: Node) -> NamedColumn:
        target = self.targets[name]
        if isinstance(node.value, str):
            words: dict[str, Node] = {"from": node}
        else:
            words = node.words(f"the column {name} ({target.kind})", vocabulary.FIELD.get(target.kind, ()), {"from"})
        table = words["values"].block("values") if "values" in words else {}
        values = tuple((word, inner.spot) for word, inner in table.items())
        # Whatever the source sends may stand in a table of words, and every text may contain one.
        kind = "" if values else "text" if "contains" in words else target.kind
        source_path = self._see(words["from"], "from", name, kind, values)
        return NamedColumn(name, source_path, self._read(name, target, source_path, words), required=target.required)

    def _read(self, name: str, target: Target, source_path: str, words: dict[str, Node]) -> ColumnOf:
        if target.kind == "items":
            return self._items(source_path, words)
        if target.kind == "reference":
            if "refers_to" not in words:
                step = "Say which stream: refers_to."
                raise words["from"].spot.refuse(f"{name} points at another record.", step=step)
            return self._reference(*self._stream(words["refers_to"], "refers_to"), source_path)
        if target.kind == "minor":
            read_column, currencies = column_of(source_path), self._currency()
            return lambda page: convert.money(read_column(page), currencies(page))
        read = then(column_of(source_path), converter(name, target, words))
        return flagged(read, self._tests(words)) if "where" in words else read

    def _tests(self, words: dict[str, Node]) -> list[Test]:
        """Other fields of the record that `where` names, and what each must hold."""
        found = words["where"].block("where").items()
        # No set: what a source sends there may have no hash, and is then simply something else.
        return [
            (path(self._see(Node(key, node.spot), "where")), tuple(_accepted("where", key, node)))
            for key, node in found
        ]

    def _items(self, source_path: str, words: dict[str, Node]) -> ColumnOf:
        if "each" not in words:
            raise words["from"].spot.refuse("a list needs `each:` to say what to take from its blocks.")
        each = {name: self._part(name, node) for name, node in words["each"].block("each").items()}
        tests = _block_tests(words, "where")
        read_column, currencies, convert_list = column_of(source_path), self._currency(), items(each, tests)
        return lambda page: [convert_list(*both) for both in zip(read_column(page), currencies(page), strict=True)]

    def _part(self, name: str, node: Node) -> Part:
        words = (
            {"from": node} if isinstance(node.value, str) else node.words(f"the part {name}", vocabulary.PART, {"from"})
        )
        one = path(words["from"].text("from"))
        if name.endswith("_minor") and "as" not in words:
            source_path = words["from"].value
            raise node.spot.refuse(f"{name} is an amount.", step=f"Write {name}: {{from: {source_path}, as: money}}.")
        if "refers_to" in words:
            source, stream = self._stream(words["refers_to"], "refers_to")
            return lambda block, _: reference(source, stream, digits(v)) if (v := one(block)) else None
        if "as" in words:
            refuse_other_form(name, words["as"], vocabulary.PART_AS)
            return amount(one, _block_tests(words, "minus"))
        if "minus" in words:
            raise words["minus"].spot.refuse(f"{name} says minus and is no amount.", step="Say `as: money` too.")
        return lambda block, _: one(block)


def _block_tests(words: dict[str, Node], word: str) -> list[Test]:
    """What `where` or `minus` asks of a list's block: fields, and the values that each may have."""
    found = words[word].block(word) if word in words else {}
    return [(path(key), _accepted(word, key, node)) for key, node in found.items()]


def _accepted(word: str, key: str, node: Node) -> frozenset[Any]:
    """The values that `key` may have. MappingError for one that could never be equal to a record's."""
    for item in node.items(word):
        if isinstance(item.value, dict | list):
            raise item.spot.refuse(f"{key} must be one of words or numbers, not {item.plain()!r}.")
    return frozenset(item.value for item in node.items(word))
