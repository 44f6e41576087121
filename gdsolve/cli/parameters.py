"""What a verb takes on the command line, made from the table of its options: name, help, panel, metavar, completion.

Values stay the text that was typed, and only what was given counts: `gdsolve.spec.file` reads it exactly as YAML.
"""

from __future__ import annotations

import functools
import glob
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperArgument, TyperOption

from gdsolve.bundled import names_from
from gdsolve.cli.columns import complete_column
from gdsolve.cli.completion import NothingToOfferError, TypedLine
from gdsolve.cli.described import WORDS, help_of, help_of_operand, is_switch, names_of, value_of
from gdsolve.spec import OptionInfo, choices, options_of
from gdsolve.spec.values import is_list
from gdsolve.spec.verbs import Names, Operand

COLUMNS = ("target", "features", "ignore", "weight", "sigma", "group_by", "cv_by")
# Of what takes one of some words, what takes a file as well.
FILES = ("init", "online", "weights")


class TextOption(TyperOption):
    """An option as it was typed: to have Typer convert it would import pydantic, which takes as long as all else."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """The value as it is, after what is done at once with it."""
        return value if self.callback is None else self.callback(ctx, self, value)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What may stand here, as the shell wants it."""
        return _as_typed(ctx, super().shell_complete(ctx, incomplete))


class TextArgument(TyperArgument):
    """An argument as it was typed; see `TextOption`."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """The value as it is."""
        return value

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What may stand here, as the shell wants it."""
        return _as_typed(ctx, super().shell_complete(ctx, incomplete))


def options(verb: str) -> Iterator[TextOption]:
    """The options of a verb."""
    for name, info in options_of(verb).items():
        if is_switch(name):
            yield switch([name, *names_of(name)], help_of(name, info), info.panel)
        else:
            yield _option(name, info, verb)


def argument(operand: Operand) -> TextArgument:
    """What stands without a flag."""
    return TextArgument(
        param_decls=[operand.name],
        type_descriptor=_kinds_of_typer()["texts" if operand.several else "text"],
        nargs=-1 if operand.several else 1,
        metavar=operand.metavar,
        help=help_of_operand(operand),
        show_default=False,
        autocompletion=_operand_completer(operand),
    )


def switch(
    names: Sequence[str], help: str, panel: str | None = None, at_once: Callable[[Any], None] | None = None
) -> TextOption:
    """An option without a value; `at_once` is done with the context where it is given, before anything else."""

    def do(ctx: Any, _parameter: Any, value: Any) -> Any:
        if at_once is not None and value and not ctx.resilient_parsing:
            at_once(ctx)
        return value

    return TextOption(
        param_decls=[*names],
        type_descriptor=_kinds_of_typer()["switch"],
        default=False,
        is_flag=True,
        is_eager=at_once is not None,
        expose_value=at_once is None,
        callback=None if at_once is None else do,
        help=help,
        rich_help_panel=panel,
    )


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, of all that a command was called with."""
    return {name: value for name, value in values.items() if value not in (None, False, [])}


@functools.cache
def _kinds_of_typer() -> dict[str, Any]:
    """How Typer describes the three kinds of values here, which its parameters are made with: it is asked for one each.

    On the way it learns of the shells that it can complete in.
    """

    def command(
        text: Annotated[str | None, typer.Option()] = None,
        texts: Annotated[list[str] | None, typer.Option()] = None,
        switch: Annotated[bool, typer.Option()] = False,
    ) -> None: ...

    app = typer.Typer()
    app.command()(command)
    made = typer.main.get_command(app).params
    return {parameter.name: parameter.type_descriptor for parameter in made if isinstance(parameter, TyperOption)}


def _option(name: str, info: OptionInfo, verb: str) -> TextOption:
    words = choices(name, verb) or WORDS.get(name)
    return TextOption(
        param_decls=[name, *names_of(name)],
        type_descriptor=_kinds_of_typer()["texts" if is_list(name) else "text"],
        multiple=is_list(name),
        metavar=value_of(name, info, verb),
        help=help_of(name, info),
        rich_help_panel=info.panel,
        autocompletion=_completer(name, words),
    )


def _completer(name: str, words: tuple[str, ...] | None) -> Callable[[Any, Any, str], list[str]] | None:
    """What Typer asks, with its context and the words before, for what may follow what was typed."""
    if name in COLUMNS:
        return lambda ctx, _words, incomplete: complete_column(ctx, incomplete)
    if words is None:
        return None

    def complete(_ctx: Any, _words: Any, incomplete: str) -> list[str]:
        known = [word for word in words if word.startswith(incomplete)]
        if not known and name not in FILES:
            raise NothingToOfferError
        return known

    return complete


def _operand_completer(operand: Operand) -> Callable[[Any, Any, str], list[str]] | None:
    """What completes the names of what comes with gdsolve, beside the files that begin alike."""
    if operand.names is Names.NONE:
        return None

    def complete(_ctx: Any, _words: Any, incomplete: str) -> list[str]:
        # With nothing typed, files come first where most sources are files.
        # The shell's words go on as they were begun, whatever their case.
        begun = [incomplete + name[len(incomplete) :] for name in names_from(incomplete)]
        names = begun if incomplete or operand.names is not Names.BESIDE else []
        # A shell that is given words looks for no files of its own.
        files = _files_from(incomplete) if names and operand.names is not Names.ALONE else []
        if not names and operand.names is Names.ALONE:
            raise NothingToOfferError
        return [*names, *files]

    return complete


def _files_from(start: str) -> list[str]:
    found = (entry for entry in Path().glob(f"{glob.escape(start)}*") if not entry.name.startswith("."))
    return sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in found)


def _as_typed(ctx: Any, items: list[Any]) -> list[Any]:
    line: TypedLine | None = ctx.find_object(TypedLine)
    if line is not None:
        for item in items:
            item.value = line.written(item.value)
    return items
