"""A YAML document as keys, texts and line numbers; a hostile one is an error, not an event.

It is read parser event by parser event, and no object is ever constructed from it: tags, anchors and aliases are
refused, and so is nesting deeper than a matrix needs, before anything of it is kept. Scalars stay the text that was
written (`gdsolve.spec.values` reads them).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gdsolve.bundled import nearest_name, path_of
from gdsolve.spec.long_lists import Lifted, LongList, without_long_lists
from gdsolve.spec.option import field_of
from gdsolve.spec.plain_text import refuse_no_text
from gdsolve.status import GdsolveError, Place

LARGEST_FILE = 64 * 2**20
DEEPEST = 3  # the mapping, a matrix, its rows
DEEPEST_WITH_KEYS = 5  # the mapping, the leaves, one leaf, a matrix, its rows
PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "seq", "map")}
FORBIDDEN = r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # as YAML has it
PAIRED = ("start", "lower", "upper", "class_weight")
"""Keys whose values are names with numbers."""
NULLS = ("", "~", "null", "Null", "NULL")


Events = Iterator[tuple[str, Any, int]]


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it is written; `null` is true for an empty one, `~` and `null` without quotes."""

    text: str
    line: int
    null: bool


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping in a mapping."""

    line: int
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key, the line it stands on, and its value."""

    key: str
    line: int
    value: Node


Node = Scalar | Items | Keys | LongList


def read_entries(
    path: str, *, flat: Container[str], text: str | None = None, tables: Collection[str] = ()
) -> Iterator[Entry]:
    """The keys of the mapping that a YAML file holds, in the order of the file; those of `flat` hold no keys.

    With `text` it is that which is read, and `path` is what it is called. Long lists of `tables` are `LongList`.

    Raises:
        GdsolveError: a file that cannot be read, that is no YAML mapping of values and lists, or that asks for more.
    """
    text = _read(path) if text is None else text
    lifted = without_long_lists(text, tables) if tables else Lifted(text, {})
    if lifted.marks:
        entries = [_put_back(entry, lifted.marks) for entry in _parsed(path, lifted.text, flat)]
        # A mark may stand within a text in quotes, which is none of the lists.
        if sum(isinstance(entry.value, LongList) for entry in entries) == len(lifted.marks):
            yield from entries
            return
    yield from _parsed(path, text, flat)


def _put_back(entry: Entry, marks: dict[str, LongList]) -> Entry:
    found = marks.get(entry.value.text) if isinstance(entry.value, Scalar) else None
    return entry if found is None or found.line != entry.line else replace(entry, value=found)


def _parsed(path: str, text: str, flat: Container[str]) -> Iterator[Entry]:
    import yaml

    # Its C form takes a tenth of the time and gives the same events; not every build of PyYAML has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from _entries(path, _events(path, yaml.parse(text, Loader=loader)), flat)
    except yaml.MarkedYAMLError as fault:
        raise _syntax_error(path, text, fault) from None


def _read(path: str) -> str:
    try:
        with path_of(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as fault:
        reason = os.strerror(fault.errno or 0)
        near = nearest_name(path) if isinstance(fault, FileNotFoundError) else None
        remedy = "check the path of the spec" if near is None else f"did you mean {near}?"
        raise GdsolveError(f"{reason[:1].lower()}{reason[1:]}", remedy, place=Place(path)) from None
    if len(content) > LARGEST_FILE:
        raise GdsolveError(
            "larger than 64 MiB", "put the numbers into a CSV file and name it under data:", place=Place(path)
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        byte = content[fault.start]
        raise GdsolveError(
            f"byte 0x{byte:02x} is not UTF-8", "save the spec as UTF-8", place=Place(path, line)
        ) from None
    if control := re.search(FORBIDDEN, text):
        line = text.count("\n", 0, control.start()) + 1
        raise GdsolveError(f"not YAML: {control[0]!r} is a control character", "take it out", place=Place(path, line))
    return text


def _syntax_error(path: str, text: str, fault: Any) -> GdsolveError:
    line = fault.problem_mark.line + 1 if fault.problem_mark else 1
    context = str(fault.context or "")
    if "alias" in context or "anchor" in context:
        return _no_alias(path, line)
    if "".join(text.split("\n")[line - 1 : line]).lstrip(" ").startswith("\t"):
        return GdsolveError("not YAML: a tab where spaces are expected", "indent with spaces", place=Place(path, line))
    return GdsolveError(
        f"not YAML: {fault.problem}", "put values with special characters in quotes", place=Place(path, line)
    )


def _no_alias(path: str, line: int) -> GdsolveError:
    return GdsolveError(
        "anchors and aliases (& and *) are not accepted",
        'write the value out; put one that begins with & or * in quotes, as in data: "*.csv"',
        place=Place(path, line),
    )


def _events(path: str, events: Iterator[Any]) -> Iterator[tuple[str, Any, int]]:
    """The events that carry content, each as kind, event and line, after what a spec cannot hold was refused."""
    documents = 0
    for event in events:
        kind = type(event).__name__.removesuffix("Event")
        line = event.start_mark.line + 1
        documents += kind == "DocumentStart"
        if documents > 1:
            raise GdsolveError("a second document", "give one spec a file", place=Place(path, line))
        if kind == "Alias" or getattr(event, "anchor", None) is not None:
            raise _no_alias(path, line)
        tag = getattr(event, "tag", None)
        if tag not in (None, "!") and tag not in PLAIN_TAGS:
            raise GdsolveError(
                f"the tag {tag} is not accepted", "write the value without a tag", place=Place(path, line)
            )
        if kind in ("Scalar", "SequenceStart", "SequenceEnd", "MappingStart", "MappingEnd"):
            yield kind, event, line


def _entries(path: str, events: Events, flat: Container[str]) -> Iterator[Entry]:
    kind, event, line = next(events, ("", None, 1))
    if not kind or (kind == "Scalar" and _scalar(path, event, line).null):
        raise GdsolveError(
            "the spec is empty", "begin with data: and a path, or with X: and y:", place=Place(path, line)
        )
    if kind != "MappingStart":
        form = "a list" if kind == "SequenceStart" else "a single value"
        raise GdsolveError(f"{form} where keys are expected", "write one key: value a line", place=Place(path, line))
    for kind, event, line in events:
        if kind == "MappingEnd":
            continue
        if kind != "Scalar":
            raise GdsolveError("a key that is no word", "write one key: value a line", place=Place(path, line))
        _refuse_no_text(path, event, line)
        value = _Value(path, event.value, events, field_of(event.value) not in flat)
        yield Entry(event.value, line, value.read(next(events), 2))


@dataclass(frozen=True, slots=True)
class _Value:
    """The value of one key; `nested` where it may hold keys."""

    path: str
    key: str
    events: Events
    nested: bool

    def read(self, first: tuple[str, Any, int], depth: int) -> Node:
        """What begins with the event `first`, at this depth of lists and keys."""
        kind, event, line = first
        if kind == "Scalar":
            return _scalar(self.path, event, line)
        if depth > (DEEPEST_WITH_KEYS if self.nested else DEEPEST):
            raise GdsolveError(
                "nested deeper than a matrix",
                "write X as a list of rows, each a list of numbers",
                place=Place(self.path, line),
            )
        return self._items(line, depth) if kind == "SequenceStart" else self._keys(line, depth)

    def _items(self, line: int, depth: int) -> Items:
        items = Items(line)
        for following in self.events:
            if following[0] == "SequenceEnd":
                break
            items.items.append(self.read(following, depth + 1))
        return items

    def _keys(self, line: int, depth: int) -> Keys:
        if not self.nested:
            form = "a=0,b=0, with your names and numbers" if self.key in PAIRED else "and a value"
            raise GdsolveError(
                "keys where a value or a list is expected",
                f"write {self.key}: {form}",
                place=Place(self.path, line),
                option=self.key,
            )
        keys = Keys(line)
        for kind, event, inner_line in self.events:
            if kind == "MappingEnd":
                break
            if kind != "Scalar":
                raise GdsolveError(
                    "a key that is no word", "write one key: value a line", place=Place(self.path, inner_line)
                )
            _refuse_no_text(self.path, event, inner_line)
            keys.entries.append(Entry(event.value, inner_line, self.read(next(self.events), depth + 1)))
        return keys


def _scalar(path: str, event: Any, line: int) -> Scalar:
    _refuse_no_text(path, event, line)
    plain = event.style in (None, "") and event.tag is None
    return Scalar(event.value, line, plain and event.value in NULLS)


def _refuse_no_text(path: str, event: Any, line: int) -> None:
    # The file itself has no such character: within double quotes alone one can be written, as in "\\0".
    if event.style == '"':
        refuse_no_text(event.value, place=Place(path, line))
