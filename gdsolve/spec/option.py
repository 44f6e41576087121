"""One option: what the command line, the schema and the reference say of a field of `Spec`."""

from __future__ import annotations

import dataclasses
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gdsolve.quoting import quoted
from gdsolve.spec.condition import Company
from gdsolve.spec.verbs import FITTING


@dataclass(frozen=True, slots=True)
class OptionInfo:
    """What the command line and the reference say of one option, and what it depends on to change anything."""

    help: str
    panel: str
    verbs: tuple[str, ...]
    metavar: str | None
    default_text: str | None
    minimum: float | None
    maximum: float | None
    by_verb: Mapping[str, Mapping[str, str]]
    goes_with: tuple[Company, ...] = ()

    def of(self, verb: str) -> OptionInfo:
        """What is said of the option where a verb takes it in a way of its own."""
        own: dict[str, Any] = dict(self.by_verb.get(verb, {}))
        return dataclasses.replace(self, **own)


def option(
    default: Any,
    help: str,
    panel: str,
    *,
    verbs: tuple[str, ...] = FITTING,
    metavar: str | None = None,
    default_text: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    by_verb: Mapping[str, Mapping[str, str]] | None = None,
    goes_with: Company | tuple[Company, ...] = (),
) -> Any:
    """A field of `Spec` with what is said of it, for some verbs otherwise; its type stands in the annotation."""
    together = goes_with if isinstance(goes_with, tuple) else (goes_with,)
    info = OptionInfo(help, panel, verbs, metavar, default_text, minimum, maximum, by_verb or {}, together)
    return dataclasses.field(default=default, metadata={"option": info, "description": help})


def shell_word(text: str) -> str:
    """A text as a word of a command line; one that begins with = would be the path of a command to zsh.

    >>> shell_word("a b"), shell_word("a"), shell_word("=a")
    ("'a b'", 'a', "'=a'")
    """
    word = quoted(text)
    return f"'{text}'" if text.startswith("=") and word == text else word


def enumerated(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> enumerated(["fit"]), enumerated(["fit", "compare", "report"])
    ('fit', 'fit, compare and report')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def flag(name: str) -> str:
    """The flag that goes with a field: `max_iter` gives `--max-iter`, and `class_`, a word of Python, `--class`."""
    return "--" + key_of(name).replace("_", "-")


def key_of(name: str) -> str:
    """The key of YAML that goes with a field: its name, without the `_` after a word that Python keeps for itself."""
    return name.removesuffix("_")


def field_of(word: str) -> str:
    """The field that a flag, without its dashes, or a key of YAML goes with.

    >>> field_of("max-iter"), field_of("class")
    ('max_iter', 'class_')
    """
    name = word.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name
