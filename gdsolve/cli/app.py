"""The commands of gdsolve, made from the tables of verbs and of options, and how one is run."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from gdsolve.cli.completion import SCRIPT_OPTIONS
from gdsolve.cli.described import ABOUT, FIRST_COMMANDS, HELP, VERSION
from gdsolve.cli.help import examples, write_examples, write_panels
from gdsolve.cli.optional import join_plot
from gdsolve.cli.parameters import argument, given, options, switch
from gdsolve.cli.request import Request
from gdsolve.cli.usage import unknown_verb
from gdsolve.ranks import ALONE, Launched, Ranks
from gdsolve.spec import VERBS, Verb
from gdsolve.version import __version__


class VerbCommand(TyperCommand):
    """A verb; invoked, it gives the request for it. Its help is plain text, one section a panel."""

    def __init__(self, verb: Verb) -> None:
        super().__init__(
            verb.name,
            callback=functools.partial(_request, verb),
            params=[*map(argument, verb.operands), *options(verb.name), _help_switch()],
            help=verb.help,
            short_help=verb.help,
            epilog=examples(*verb.examples),
            add_help_option=False,
            rich_markup_mode=None,
        )

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options, panel by panel."""
        write_panels(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Commands to try."""
        write_examples(self, formatter)


class Root(TyperGroup):
    """`gdsolve` itself, with its verbs; the command of one is made when it is asked for."""

    def __init__(self) -> None:
        super().__init__(
            name="gdsolve",
            params=[
                switch(["--version"], VERSION, at_once=_show_version),
                # Both are seen to before Typer: the shell after them may be left out.
                *(switch([name], help) for name, help in SCRIPT_OPTIONS.items()),
                _help_switch(),
            ],
            help=ABOUT,
            epilog=examples(*FIRST_COMMANDS),
            add_help_option=False,
            rich_markup_mode=None,
            suggest_commands=False,
            context_settings={"max_content_width": 100},
        )

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the verbs."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> VerbCommand | None:
        """The command of a verb."""
        return command_of(cmd_name) if cmd_name in VERBS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words begin with.

        Raises:
            GdsolveError: there is none of this name.
        """
        if args[0] not in VERBS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise unknown_verb(args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The verbs, without their options."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb.name, verb.help) for verb in VERBS.values()])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options of gdsolve itself, and the verbs."""
        write_panels(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Commands to try."""
        write_examples(self, formatter)


@functools.cache
def command_of(verb: str) -> VerbCommand:
    """The command of a verb."""
    return VerbCommand(VERBS[verb])


def execute(arguments: Sequence[str], ranks: Ranks = ALONE) -> int:
    """Do what the arguments ask for; returns the exit code.

    Raises:
        Exception: whatever goes wrong, for `gdsolve.cli.main` to tell.
    """
    root = Root()
    try:
        # Not `root.main`: that turns a closed pipe and Ctrl-C into exit codes of its own.
        with root.make_context("gdsolve", join_plot(arguments)) as context:
            request: Request = root.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    return run_request(request, ranks)


def run_request(request: Request, ranks: Ranks) -> int:
    """Run a verb, by the module that has its name; returns the exit code."""
    if isinstance(ranks, Launched):
        from gdsolve.cli.distributed import require_shared

        require_shared(request.verb, ranks)
    return int(importlib.import_module(request.verb.module).run(request, ranks))


def _request(verb: Verb, sources: Sequence[str] | None = None, saved: str | None = None, **values: Any) -> Request:
    return Request(verb, tuple(sources or ()), saved, given(values))


def _help_switch() -> Any:
    return switch(["help", "-h", "--help"], HELP, at_once=_show_help)


def _show_help(ctx: Any) -> NoReturn:
    typer.echo(ctx.get_help())
    raise typer.Exit


def _show_version(_ctx: Any) -> NoReturn:
    typer.echo(f"gdsolve {__version__}")
    raise typer.Exit
