"""Completion in bash, zsh and fish: what the shell asks, how it wants the answer, and the scripts that it runs.

Typer finds what is to be completed and by what. Here is what it does not know: bash takes words apart at =, the other
two want `--target=` in front of a value again, what stands after the cursor, and that there may be nothing to offer.
"""

from __future__ import annotations

import io
import os
import re
import shlex
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

from gdsolve.advice import Advice
from gdsolve.cli.shells import SHELLS, install, running_shell
from gdsolve.spec.numbers import shown
from gdsolve.status import GdsolveError

ASKED = "_GDSOLVE_COMPLETE"
_WHICH = "of the shell named after it, or of the one that runs gdsolve."
SCRIPT_OPTIONS = {
    "--install-completion": f"Install the completion {_WHICH}",
    "--show-completion": f"Show the completion {_WHICH}",
}
TYPED, WHOLE = "_TYPER_COMPLETE_ARGS", "_GDSOLVE_COMPLETE_LINE"

if TYPE_CHECKING:
    from typer.core import TyperGroup

# A word as a shell hands it over, quotes and backslashes included.
WIDE = "10000"
"""Cells of a line that nothing is too long for."""
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'?|"(?:[^"\\]|\\.)*"?)+""")

# Those of typer say nothing of what stands after the cursor, have bash take an empty answer for a wish for file names,
# have zsh do nothing the first time, and have fish ask twice.
SCRIPTS = {
    "bash": r"""
%(complete_func)s() {
    local IFS=$'\n' answer
    COMPREPLY=()
    answer=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD COMP_LINE="$COMP_LINE" COMP_POINT=$COMP_POINT \
        %(autocomplete_var)s=complete_bash "$1") || compopt +o default
    [[ -z $answer ]] || mapfile -t COMPREPLY <<< "$answer"
}

complete -o default -F %(complete_func)s %(prog_name)s
""",
    "zsh": r"""
#compdef %(prog_name)s

%(complete_func)s() {
  eval "$(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _GDSOLVE_COMPLETE_LINE="${words[*]}" \
    %(autocomplete_var)s=complete_zsh %(prog_name)s)"
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  %(complete_func)s "$@"
else
  compdef %(complete_func)s %(prog_name)s
fi
""",
    "fish": r"""
function %(complete_func)s
    set --global %(complete_func)s_offers (env _TYPER_COMPLETE_ARGS=(commandline -cp | string collect) \
        _GDSOLVE_COMPLETE_LINE=(commandline -p | string collect) \
        _TYPER_COMPLETE_FISH_ACTION=get-args %(autocomplete_var)s=complete_fish %(prog_name)s)
end

complete --command %(prog_name)s --no-files --condition %(complete_func)s \
    --arguments '(string join \n -- $%(complete_func)s_offers)'
""",
}


class NothingToOfferError(Exception):
    """No word can stand here that gdsolve knows of, and a file's name cannot either."""


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A command line to be completed: the word at the cursor as it was typed, and the words after it."""

    shell: str
    current: str
    after: tuple[str, ...]

    def written(self, value: str) -> str:
        """A value as the shell wants it, to put it in the place of the word at the cursor."""
        option, equals, typed = self.current.partition("=")
        front = option + equals if equals and option.startswith("--") else ""
        quoted = typed if front else self.current
        # zsh and fish quote what they are given, and so does bash once a quote is open.
        return front + (_escaped(value) if self.shell == "bash" and not quoted.startswith(("'", '"')) else value)


def instruction_of(environment: Mapping[str, str]) -> str | None:
    """What a shell asks, such as `complete_bash`; None where none does, and a command is to be run."""
    return environment.get(ASKED) or None


def read_line(environment: MutableMapping[str, str]) -> TypedLine:
    """The line that a shell asks about; what bash asks is put as typer reads it."""
    shell = environment.get(ASKED, "").removeprefix("complete_")
    if shell == "bash":
        words, place = _split(environment.get("COMP_WORDS", "")), int(environment.get("COMP_CWORD") or 0)
        if _is_between_words(environment):
            words.insert(place, "")
        words, place = _joined(words, place)
        environment.update(COMP_WORDS=" ".join(word or "''" for word in words), COMP_CWORD=str(place))
        return TypedLine(shell, words[place] if place < len(words) else "", tuple(map(_unquoted, words[place + 1 :])))
    typed = environment.get(TYPED, "")
    words = _WORD.findall(typed)
    after = _WORD.findall(environment.get(WHOLE, "")[len(typed) :])
    return TypedLine(shell, words[-1] if words and not typed.endswith(" ") else "", tuple(map(_unquoted, after)))


def script_asked(arguments: Sequence[str]) -> tuple[str, str | None] | None:
    """Which of `SCRIPT_OPTIONS` stands first among the arguments, and the shell that it names; None where none does.

    >>> script_asked(["--install-completion", "zsh"]), script_asked(["--show-completion"]), script_asked(["fit"])
    (('--install-completion', 'zsh'), ('--show-completion', None), None)

    Raises:
        GdsolveError: more than one shell.
    """
    option, equals, shell = arguments[0].partition("=") if arguments else ("", "", "")
    if option not in SCRIPT_OPTIONS:
        return None
    words = [*([shell] if equals else []), *arguments[1:]]
    if len(words) > 1:
        raise GdsolveError(
            f"{option.removeprefix('--')}: {len(words)} shells, and it takes one", f"give {option} {words[0]}"
        )
    return option, words[0] if words else None


def give_script(command: TyperGroup, option: str, shell: str | None) -> None:
    """Install the script of a shell, or show it: of the one that is named, else of the one that runs this.

    Raises:
        GdsolveError: a shell that there is no script for, or one that cannot be told.
    """
    name = (running_shell() if shell is None else Path(shell).name) or ""
    if name.lower() not in SHELLS:
        what = "the shell that runs gdsolve is not known" if not name else f"there is no completion for {shown(name)}"
        raise GdsolveError(f"{option.removeprefix('--')}: {what}", f"give {option} {'|'.join(SHELLS)}")
    if option == "--show-completion":
        print(script_of(command, name.lower()))
        return
    try:
        path = install(name.lower(), script_of(command, name.lower()))
    except (OSError, CalledProcessError) as fault:
        reason = os.strerror(fault.errno) if isinstance(fault, OSError) and fault.errno else f"{fault}"
        place = getattr(fault, "filename", None) or name
        raise GdsolveError(
            f"install-completion: {place}: {reason}",
            Advice("print the script instead", f"gdsolve --show-completion {name}"),
        ) from None
    print(f"{name.lower()} completion installed in {path}; it works in shells that are started from now on")


def script_of(command: TyperGroup, shell: str) -> str:
    """The script that a shell runs to have `command` completed: ours, else that of Typer."""
    if shell in SCRIPTS:
        words = {"complete_func": "_gdsolve_completion", "prog_name": "gdsolve", "autocomplete_var": ASKED}
        return (SCRIPTS[shell] % words).strip()
    written = io.StringIO()
    with redirect_stdout(written):
        answer(command, f"source_{shell}")
    return written.getvalue().strip()


def answer(command: TyperGroup, instruction: str, line: TypedLine | None = None) -> int:
    """Print what a shell asks for by an `instruction` such as `complete_bash`; returns the exit code.

    The names of parameters are completed by themselves, and their values as on `line`.
    """
    from typer.completion import shell_complete

    written = io.StringIO()
    try:
        with redirect_stdout(written), _unbroken_help():
            code = shell_complete(command, {"obj": line}, "gdsolve", ASKED, instruction)
    except NothingToOfferError:
        return _offer_nothing(instruction.removeprefix("complete_"))
    print(written.getvalue(), end="")
    # The script of fish has files offered then.
    return int(not written.getvalue().strip()) if instruction == "complete_fish" else code


@contextmanager
def _unbroken_help() -> Iterator[None]:
    """A span in which rich, which renders help, does not break it: fish would offer each of its lines as a word."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = WIDE
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def _offer_nothing(shell: str) -> int:
    """Tell the shell that there is nothing to offer, no file names either; returns the exit code."""
    if shell == "zsh":
        print(":")
    # To the script of bash, 1 says so; to that of fish, 0 says that file names are not asked for.
    return int(shell == "bash")


def _split(text: str) -> list[str]:
    # The script joins words by line breaks, as they may hold blanks.
    return text.split("\n") if "\n" in text else _WORD.findall(text)


def _is_between_words(environment: Mapping[str, str]) -> bool:
    """True where the cursor is on a blank with words after it: bash then takes the next of them for the one at hand."""
    line, point = os.fsencode(environment.get("COMP_LINE", "")), int(environment.get("COMP_POINT") or 0)
    return line[:point].endswith((b" ", b"\t")) and bool(line[point:].strip())


def _joined(words: list[str], cursor: int) -> tuple[list[str], int]:
    """The words with the = left out that bash makes a word of, as in `--target=price`; and where the cursor is then."""
    kept: list[str] = []
    place = cursor
    for number, word in enumerate(words):
        if word != "=" or not kept or not kept[-1].startswith("--"):
            kept.append(word)
        elif number == cursor:
            kept.append("")
        else:
            place -= number < cursor
    return kept, place


def _unquoted(word: str) -> str:
    try:
        return next(iter(shlex.split(word)), "")
    except ValueError:
        return word


def _escaped(name: str) -> str:
    """The name as bash takes it as one word."""
    return "".join(letter if letter.isalnum() or letter in "_.-,:/%+@" else f"\\{letter}" for letter in name)
