"""The verbs of gdsolve and their help."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from gdsolve.cli.bar import watching
from gdsolve.cli.completion import SCRIPT_OPTIONS, as_typed, is_asked
from gdsolve.cli.help import examples, write_examples, write_panels
from gdsolve.cli.messages import listen
from gdsolve.cli.optional import join_plot
from gdsolve.cli.options import SOURCES, given, parameters
from gdsolve.ranks import ALONE, Launched, Ranks
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.spec.file import from_flag, read_spec
from gdsolve.spec.located import located
from gdsolve.spec.parameters import OF_PARAMETERS
from gdsolve.status import GdsolveError
from gdsolve.version import __version__


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: the module that runs it, its help, and commands to try."""

    module: str
    help: str
    examples: tuple[str, ...]


VERBS: dict[str, Verb] = {
    "fit": Verb(
        "fit",
        "Fit a linear model, a curve or a formula by gradient descent, and say how far the result is from the optimum.",
        (
            "gdsolve fit data.csv",
            "gdsolve fit data.csv --target price --lr 0.01 --max-iter 1000 --format json",
            "gdsolve fit data.csv --save model.json",
            "gdsolve fit data.csv --model 'b1*(1 - exp(-b2*x))' --start b1=500,b2=0.0001",
            "gdsolve fit --minimize '(2 - a - b)**2 + (4 - 3*a - b)**2' --start a=0,b=0 --lr 0.01",
        ),
    ),
    "compare-lr": Verb(
        "compare_lr",
        "Compare learning rates, below and above the largest stable one.",
        ("gdsolve compare-lr data.csv", "gdsolve compare-lr data.csv --lr 1e-4..1:20 --iterates 3"),
    ),
    "compare": Verb(
        "compare",
        "Compare methods: iterations, evaluations, time, and how far each ends from the minimum.",
        (
            "gdsolve compare data.csv --methods gd,momentum,nesterov",
            "gdsolve compare curve.yaml --methods gd,nesterov,lbfgs,lm",
        ),
    ),
    "check": Verb(
        "check",
        "Look at the data before a fit: columns, rank, condition number, learning rates, iterations needed.",
        ("gdsolve check data.csv",),
    ),
    "predict": Verb(
        "predict",
        "Write the rows of a table with the predictions of a saved model as a last column.",
        ("gdsolve predict model.json new.csv > predicted.csv", "gdsolve predict model.json - --only < new.csv"),
    ),
    "report": Verb(
        "report",
        "Write a run as one HTML page: what was asked, what was reached, pictures, and a learning rate to play with.",
        ("gdsolve report data.csv -o run.html", "gdsolve report configs/textbook/b4_half_mse.yaml -o run.html"),
    ),
    "trace": Verb(
        "trace",
        "Show the autograd graph of formulas: nodes, tree, gradients, and what PyTorch refuses.",
        (
            "gdsolve trace configs/autograd/a01_chain.yaml",
            "gdsolve trace configs/autograd/a05_twice.yaml --repeat 2 --retain-graph",
        ),
    ),
    "tour": Verb(
        "tour",
        "Walk through the textbook: every step is a real command, which is shown, run and explained.",
        ("gdsolve tour", "gdsolve tour --case B4", "gdsolve tour --list"),
    ),
    "schema": Verb(
        "schema",
        "Print the JSON Schema of a YAML spec, for editors.",
        ("gdsolve schema > gdsolve.schema.json",),
    ),
}
MODEL = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="What `gdsolve fit --save` or `--format json` wrote.", show_default=False),
]
GRAPH = Annotated[
    list[str] | None,
    typer.Argument(metavar="SPEC", help="A YAML file with leaves: and nodes:.", show_default=False),
]


def command_line(words: Container[str], ranks: Ranks = ALONE) -> Any:
    """The command of typer that runs gdsolve, with every verb of `VERBS`.

    Only the verbs among `words` get their options: to build those of all takes as long as to import rich.
    """
    app = typer.Typer(
        name="gdsolve",
        help="The gradient descent solver of the command line.",
        epilog=examples("gdsolve check data.csv", "gdsolve fit data.csv", "gdsolve fit --help"),
        cls=_Group,
        rich_markup_mode=None,
        suggest_commands=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    for name, verb in VERBS.items():
        app.command(name, help=verb.help, short_help=verb.help, epilog=examples(*verb.examples), cls=_Command)(
            _callback(name, verb, name in words, ranks)
        )
    return typer.main.get_command(app)


def execute(arguments: Sequence[str], ranks: Ranks = ALONE) -> int:
    """Do what the arguments ask for; returns the exit code.

    Raises:
        Exception: whatever goes wrong, for `gdsolve.cli.main` to tell.
    """
    words = join_plot(arguments)
    command = command_line(words, ranks)
    try:
        # Not `command.main`: that turns a closed pipe and Ctrl-C into exit codes of its own.
        with command.make_context("gdsolve", words) as context:
            return int(command.invoke(context))
    except typer.Exit as done:
        return done.exit_code


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gdsolve {__version__}")
        raise typer.Exit


VERSION = Annotated[
    bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and exit.")
]


def _root(version: VERSION = False) -> None:
    """What typer takes the options of `gdsolve` itself from; the version is printed while they are read."""


def _callback(name: str, verb: Verb, with_options: bool, ranks: Ranks) -> Callable[..., int]:
    """The function that typer calls for a verb; its signature is made from the options of the verb."""

    def call(*, sources: list[str] | None = None, saved: str | None = None, **options: Any) -> int:
        run = importlib.import_module(f"gdsolve.cli.{verb.module}").run
        if isinstance(ranks, Launched):
            from gdsolve.cli.distributed import accept, require_shared

            require_shared(name, ranks)
        if name == "schema":
            return int(run())
        if name == "tour":
            return int(run(Spec(**{key: from_flag(key, value) for key, value in given(options).items()}), execute))
        if name == "predict" and saved is None:
            raise GdsolveError("predict: no MODEL is given", f"give one, as in {verb.examples[0]}")
        flags = given(options)
        if name == "trace":
            return int(run(sources or [], flags))
        spec, fixed = _spec(sources or [], flags, name)
        try:
            with watching(spec.quiet or not ranks.first, name, watch=spec.watch and name == "fit" and ranks.first):
                if name == "predict":
                    return int(run(spec, saved))
                command = Command(name, tuple(sources or ()), flags, fixed)
                if isinstance(ranks, Launched):
                    return int(run(accept(spec, ranks), command, ranks))
                return int(run(spec, command))
        except GdsolveError as fault:
            raise located(fault, sources or (), flags) from None

    keyword = inspect.Parameter.KEYWORD_ONLY
    arguments = {"saved": MODEL, "sources": GRAPH if name == "trace" else SOURCES}
    if name != "predict":
        del arguments["saved"]
    if name in ("schema", "tour"):
        del arguments["sources"]
    positional = [inspect.Parameter(word, keyword, default=None, annotation=kind) for word, kind in arguments.items()]
    signature = inspect.Signature([*positional, *(parameters(name) if with_options else ())])
    call.__dict__["__signature__"] = signature
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in signature.parameters.values()}
    return call


def _spec(sources: list[str], options: dict[str, Any], verb: str) -> tuple[Spec, frozenset[str]]:
    if not sources and options.get("minimize") is None:
        piped = sys.stdin is not None and not sys.stdin.isatty()
        hint = f"give a table, as in {VERBS[verb].examples[0]}" + (", or - for standard input" if piped else "")
        raise GdsolveError(f"{verb}: no SOURCE is given", hint)
    try:
        spec, fixed = read_spec(sources, options, verb)
    except GdsolveError as fault:
        if fault.option not in OF_PARAMETERS:
            raise
        from gdsolve.solve.typed_out import as_a_curve

        raise as_a_curve(fault, sources, options, verb) from None
    listen(spec.quiet, spec.verbose)
    return spec, fixed


class _Command(TyperCommand):
    """A verb: its values are left as they are given, its help is plain text, one section a panel."""

    def get_params(self, ctx: Any) -> Any:
        return _as_given(super().get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_panels(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_examples(self, formatter)


class _Group(TyperGroup):
    """The verbs together, in the same way."""

    def get_params(self, ctx: Any) -> Any:
        found = _as_given(super().get_params(ctx))
        for parameter in found:
            parameter.help = SCRIPT_OPTIONS.get(parameter.opts[0], parameter.help)
        return found

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_panels(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_examples(self, formatter)


def _as_given(parameters: list[Any]) -> list[Any]:
    """The parameters without typer's checks: those import pydantic, and `gdsolve.spec.file` reads the text anyway."""
    for parameter in parameters:
        parameter.process_value = functools.partial(_call_back, parameter)
        if is_asked(os.environ):
            parameter.shell_complete = functools.partial(as_typed, parameter)
    return parameters


def _call_back(parameter: Any, ctx: Any, value: Any) -> Any:
    return value if parameter.callback is None else parameter.callback(ctx, parameter, value)
