"""The command line or the call that a user gave, to be shown again with something changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from gdsolve.advice import Advice
from gdsolve.model import Model
from gdsolve.spec.numbers import rate_text
from gdsolve.spec.option import flag, shell_word
from gdsolve.spec.spec import Spec

__all__ = ["Advice", "Command", "list_words", "operand"]

CHECKPOINTS = ("checkpoint", "checkpoint_every", "resume")
PLOTTING = ("plot", "plot_kind", "watch")


@dataclass(frozen=True, slots=True)
class Command:
    """A verb, its sources and the options that were given; `fixed` are the options that a YAML spec among them sets.

    `arguments` stand in place of the sources in a call from Python that no command line can say.
    """

    verb: str
    sources: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    arguments: tuple[str, ...] | None = None

    def but(self, verb: str | None = None, **changes: Any) -> str:
        """The command with some options changed; None takes one out.

        What a YAML spec sets cannot be taken out, and is overruled with the default, where it can be given.
        """
        overruled = {
            name: Spec.__dataclass_fields__[name].default if value is None and name in self.fixed else value
            for name, value in changes.items()
        }
        # What one verb draws another may not.
        left = PLOTTING if verb not in (None, self.verb) else ()
        options = {**self._goes_on(changes, verb), **overruled}
        options = {name: value for name, value in options.items() if value is not None and name not in left}
        if self.arguments is not None:
            named = [f"{name}={_literal(name, value)}" for name, value in options.items()]
            return f"gdsolve.{(verb or self.verb).replace('-', '_')}({', '.join([*self.arguments, *named])})"
        words = [word for name, value in options.items() for word in _words(name, value)]
        return " ".join(map(shell_word, ["gdsolve", verb or self.verb, *map(operand, self.sources), *words]))

    def _goes_on(self, changes: Mapping[str, Any], verb: str | None) -> Mapping[str, Any]:
        """What was given, with its checkpoint resumed by a run that is merely longer, and left to itself by others."""
        checkpoint = self.given.get("checkpoint")
        if verb in (None, self.verb) and set(changes) == {"max_iter"}:
            return {**self.given, "resume": checkpoint} if checkpoint is not None else self.given
        if set(changes) <= {"resume"}:
            return self.given
        return {name: value for name, value in self.given.items() if name not in CHECKPOINTS}


def _words(name: str, value: Any) -> list[str]:
    if value is True or (name in ("plot", "code") and str(value).lower() == "true"):
        return [flag(name)]
    if value is False:
        return []
    if isinstance(value, tuple | list):
        return list_words(flag(name), [_text(name, item) for item in value])
    return [flag(name), _text(name, value)]


def _literal(name: str, value: Any) -> str:
    """A value as Python writes it."""
    if isinstance(value, Model):
        return "fit"
    if isinstance(value, float) and name == "lr":
        return rate_text(value)
    return repr(value.value if isinstance(value, Enum) else value)


def list_words(name: str, items: Sequence[str]) -> list[str]:
    """A list flag as words: `--ignore name,city`; where an item holds a comma, every one gets a flag of its own."""
    if any("," in item for item in items):
        return [word for item in items for word in (name, item)]
    return [name, ",".join(items)]


def operand(name: str) -> str:
    """A file's name as an argument of a command: one that begins with a dash would be read as an option.

    >>> operand("-neg.csv"), operand("data.csv"), operand("-")
    ('./-neg.csv', 'data.csv', '-')
    """
    return f"./{name}" if name.startswith("-") and name != "-" else name


def _text(name: str, value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return rate_text(value) if name == "lr" and isinstance(value, float) else str(value)
