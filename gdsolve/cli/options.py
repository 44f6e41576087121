"""The options of a verb, generated from `gdsolve.spec.options_of`: name, help, panel, metavar, default and completion.

Values arrive as text, and only when they were given: `gdsolve.spec.file` reads them exactly as it reads YAML.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from gdsolve.cli.columns import complete_column
from gdsolve.cli.completion import NothingToOfferError
from gdsolve.data.formats.registry import format_endings, in_words
from gdsolve.data.packing import PACKED_ENDINGS
from gdsolve.spec import OptionInfo, Spec, choices, flag, options_of
from gdsolve.spec.values import is_list, kinds

SHORT = {"output": "-o"}
COLUMNS = ("target", "features", "ignore", "weight", "group_by")
# Of what takes one of some words, what takes a file as well.
FILES = ("init",)
WORDS = {"lr": ("auto",), "every": ("log", "none"), "init": ("zeros", "random")}

SOURCES = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help=f"Tables ({' '.join(format_endings())}, also {in_words(PACKED_ENDINGS, 'and')}), a glob, - for standard "
        "input, or one YAML spec.",
        show_default=False,
    ),
]


def parameters(verb: str) -> Iterator[inspect.Parameter]:
    """The options of a verb as keyword parameters that typer reads."""
    for name, info in options_of(verb).items():
        annotation, default = (bool, False) if kinds()[name] in (bool, bool | None) else (_text_type(name), None)
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[annotation, _option(name, info, verb)],
        )


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, of all that a command was called with."""
    return {name: value for name, value in values.items() if value not in (None, False, [])}


def default_text(name: str, info: OptionInfo) -> str | None:
    """The default as the help shows it; nothing for a plain flag or where there is none."""
    default = Spec.__dataclass_fields__[name].default
    if info.default_text is not None or default is None or default is False or default == ():
        return info.default_text
    return f"{default:g}" if isinstance(default, float) else str(default)


def _text_type(name: str) -> Any:
    return list[str] | None if is_list(name) else str | None


def _option(name: str, info: OptionInfo, verb: str) -> Any:
    words = choices(name, verb) or WORDS.get(name)
    shown = default_text(name, info)
    return typer.Option(
        flag(name),
        *([SHORT[name]] if name in SHORT else []),
        help=f"{info.help} [default: {shown}]" if shown else info.help,
        show_default=False,
        metavar=info.metavar or "|".join(words or ("TEXT",)),
        rich_help_panel=info.panel,
        autocompletion=complete_column if name in COLUMNS else _completer(words, name) if words else None,
    )


def _completer(words: tuple[str, ...], name: str) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        known = [word for word in words if word.startswith(incomplete)]
        if not known and name not in FILES:
            raise NothingToOfferError
        return known

    return complete
