"""What help and manual pages say alike of verbs, operands and options."""

from __future__ import annotations

from gdsolve.data.formats.registry import format_endings, in_words
from gdsolve.data.packing import PACKED_ENDINGS
from gdsolve.spec import OptionInfo, Spec, choices, flag
from gdsolve.spec.curves import BY_NAME
from gdsolve.spec.values import kinds
from gdsolve.spec.verbs import Operand

ABOUT = "The gradient descent solver of the command line."
FIRST_COMMANDS = ("gdsolve check data.csv", "gdsolve fit data.csv", "gdsolve fit --help")
VERSION, HELP = "Print the version and exit.", "Show this message and exit."
SHORT = {"output": "-o"}
WORDS = {"model": tuple(BY_NAME), "lr": ("auto",), "every": ("log", "none"), "init": ("zeros", "random")}
"""What completion offers for options that take other values too."""


def default_text(name: str, info: OptionInfo) -> str | None:
    """The default as the help shows it; nothing for a plain flag or where there is none."""
    default = Spec.__dataclass_fields__[name].default
    if info.default_text is not None or default is None or default is False or default == ():
        return info.default_text
    return f"{default:g}" if isinstance(default, float) else str(default)


def help_of(name: str, info: OptionInfo) -> str:
    """What an option does, and its default."""
    shown = default_text(name, info)
    return f"{info.help} [default: {shown}]" if shown else info.help


def is_switch(name: str) -> bool:
    """True for an option without a value."""
    return kinds()[name] in (bool, bool | None)


def names_of(name: str) -> tuple[str, ...]:
    """The flags of an option, the long one first."""
    return (flag(name), SHORT[name]) if name in SHORT else (flag(name),)


def value_of(name: str, info: OptionInfo, verb: str) -> str:
    """What stands behind the flag: a name for it, or the words that it may be."""
    return info.metavar or "|".join(choices(name, verb) or WORDS.get(name) or ("TEXT",))


def help_of_operand(operand: Operand) -> str:
    """What stands on the command line without a flag."""
    return operand.help.format(endings=" ".join(format_endings()), packed=in_words(PACKED_ENDINGS, "and"))
