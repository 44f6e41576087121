"""docs/json.md as a schema: its tables are read, and records are held against them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ROW = re.compile(r"^\| (`[^`]+`|all of \[[^|]*) \| ?(.*?) ?\| .*\|$")
LINK = re.compile(r"\[[^\]]*\]\(#([^)]*)\)")
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "boolean": (bool,),
    "whole number": (int,),
    "number": (int, float),
}


@dataclass
class Page:
    """The fields of every section by its anchor, and what records have shown of each."""

    sections: dict[str, list[tuple[str, str]]]
    seen: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def faults(self, schema: str, record: Any) -> list[str]:
        """What of a record does not stand in the page, and what of the page is not in it."""
        return list(self._section(anchor(f"`{schema}`"), record, schema))

    def expected(self) -> set[tuple[str, str, str]]:
        """Every section, field and case (there, null, absent) that the page speaks of."""
        return {
            (section, name, case)
            for section, rows in self.sections.items()
            for name, kind in rows
            for case in (*(["there"] if set(parts(kind)) - {"null", "absent"} else []), *cases(kind))
        }

    def shown(self) -> set[tuple[str, str, str]]:
        """Those that records have shown."""
        return {(*place, case) for place, found in self.seen.items() for case in found}

    def _section(self, section: str, record: Any, path: str) -> Iterator[str]:
        if not isinstance(record, dict):
            yield f"{path} is {record!r:.60}, not an object"
            return
        known = dict(self._fields(section, record))
        own = {name.split(".")[0] for name in known}
        yield from (f"{path}.{name} does not stand in the page" for name in record if name not in own)
        for name, (home, kind) in known.items():
            value: Any = record
            for step in name.split("."):
                value = value.get(step, ...) if isinstance(value, dict) else ...
            if value is ...:
                self.seen.setdefault((home, name), set()).add("absent")
                if "absent" not in parts(kind):
                    yield f"{path}.{name} is not there"
                continue
            self.seen.setdefault((home, name), set()).add("null" if value is None else "there")
            yield from self._value(kind, value, f"{path}.{name}")
        for outer in {name.split(".")[0] for name in known if "." in name}:
            inner = {name.split(".")[1] for name in known if name.startswith(f"{outer}.")}
            yield from (f"{path}.{outer}.{one} does not stand in the page" for one in record[outer] if one not in inner)

    def _fields(self, section: str, record: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
        for name, kind in self.sections[section]:
            if not name.startswith("all of"):
                yield name, (section, kind)
                continue
            inner = list(self._fields(LINK.findall(name)[0], record))
            there = any(one in record for one, _ in inner)
            self.seen.setdefault((section, name), set()).add("there" if there else "absent")
            if there or "or absent" not in name:
                yield from inner

    def _value(self, kind: str, value: Any, path: str) -> Iterator[str]:
        options = parts(kind)
        if value is None:
            if "null" not in options:
                yield f"{path} is null"
            return
        (kind,) = [one for one in options if one not in ("null", "absent")] or ["null"]
        if kind == "any":
            return
        if kind.startswith("list of ") and isinstance(value, list):
            for one in value:
                yield from self._value(kind.removeprefix("list of "), one, f"{path}[]")
        elif kind.startswith("map of ") and isinstance(value, dict):
            for name, one in value.items():
                yield from self._value(kind.removeprefix("map of "), one, f"{path}.{name}")
        elif kind.startswith("["):
            yield from self._section(LINK.findall(kind)[0], value, path)
        elif type(value) not in KINDS.get(kind, ()):
            yield f"{path} is {value!r:.60}, not {kind}"


def parts(kind: str) -> list[str]:
    """The alternatives of a type; in brackets stands one of the items of a list or map."""
    if kind.startswith("(") and kind.endswith(")"):
        kind = kind[1:-1]
    return re.split(r" or (?![^(]*\))", kind)


def cases(kind: str) -> list[str]:
    """Of null and absent, what a type admits."""
    return [one for one in parts(kind) if one in ("null", "absent")]


def anchor(heading: str) -> str:
    """The link to a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def read_page(text: str) -> Page:
    """The tables of fields, by the heading that they stand under."""
    sections: dict[str, list[tuple[str, str]]] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith("#"):
            current = anchor(line.lstrip("# "))
            assert current not in sections, f"two headings {line!r}"
        found = ROW.match(line)
        if found and current != "models":
            kind = (
                found[2].strip() if not found[1].startswith("all of") else found[1].partition(", or ")[2] and "absent"
            )
            sections.setdefault(current, []).append((found[1].strip("`"), kind or "text"))
    return Page(sections)
