"""Completion: what bash, zsh and fish ask, by their scripts or as those do, and what they are answered.

The scripts start gdsolve; what only they would ask is answered in this process, as the answer is the same.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from completing import ask, bash
from places import ROOT
from quiet import KEPT_OUT

from gdsolve.spec import VERBS

# Without the files that a shell runs when it starts.
BARE = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}
KEPT = {name: value for name, value in os.environ.items() if name not in KEPT_OUT}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the home, with one table under several names, and gdsolve on the path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("h.csv", "space here.csv"):
        (tmp_path / name).write_text('weight,width,crim rate,"a,b",y\n1,2,3,4,5\n')
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gdsolve").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gdsolve "$@"\n')
    (tmp_path / "bin/gdsolve").chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gdsolve fit h.csv --target w|", ["weight", "width"]),
        ("gdsolve fit ~/h.csv --target w|", ["weight", "width"]),
        ("gdsolve fit $HOME/h.csv --target w|", ["weight", "width"]),
        ("gdsolve fit sp*re.csv --target w|", ["weight", "width"]),
        ("gdsolve fit h.csv --target=w|", ["weight", "width"]),
        ("gdsolve fit h.csv --target=|", ["weight", "width", "crim\\ rate", "a,b", "y"]),
        ("gdsolve fit --target | h.csv", ["weight", "width", "crim\\ rate", "a,b", "y"]),
        ("gdsolve fit --target w| ~/h.csv --save m.json", ["weight", "width"]),
        ("gdsolve fit --target=w| notes.txt h.csv", ["weight", "width"]),
        ("gdsolve fit h.csv --features width,w|", ["width,weight"]),
        ('gdsolve fit h.csv --target "crim|', ["crim rate"]),
        ("gdsolve fit h.csv --init z|", ["zeros"]),
    ],
)
def test_bash_is_offered(line: str, offered: list[str]) -> None:
    assert bash(line) == (0, offered)


def test_bash_that_does_not_break_words_at_equals_gets_them_back() -> None:
    found = bash("gdsolve fit h.csv --target=w|", breaks_at_equals=False)
    assert found == (0, ["--target=weight", "--target=width"])
    assert bash("gdsolve fit h.csv --loss=hub|", breaks_at_equals=False) == (0, ["--loss=huber"])


@pytest.mark.parametrize(
    "line",
    [
        "gdsolve fit - --target |",
        "gdsolve fit none.csv --target n|",
        "gdsolve fit none*.csv --target n|",
        "gdsolve fit notes.txt --target n|",
        "gdsolve fit h.csv --target n|",
        "gdsolve fit h.csv --loss z|",
    ],
)
def test_where_no_file_can_stand_none_is_offered(line: str) -> None:
    assert bash(line) == (1, [])
    typed = line.removesuffix("|")
    assert ask(_GDSOLVE_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=typed) == (0, ":\n")
    fish = {"_GDSOLVE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": typed}
    assert ask(**fish, _TYPER_COMPLETE_FISH_ACTION="get-args") == (0, "")


def test_where_a_file_can_stand_the_shell_offers_them() -> None:
    for line in ("gdsolve fit |", "gdsolve fit notes|", "gdsolve fit h.csv --init n|", "gdsolve fit h.csv --save |"):
        assert bash(line) == (0, [""])
        typed = line.removesuffix("|")
        assert ask(_GDSOLVE_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=typed) == (0, "_files\n")
        fish = {"_GDSOLVE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        assert ask(**fish, _TYPER_COMPLETE_ARGS=typed) == (1, "\n")


@pytest.mark.parametrize("source", ["h.csv", "~/h.csv", "sp*re.csv", "space\\ here.csv", "'space here.csv'"])
def test_zsh_and_fish_are_offered(source: str) -> None:
    for typed, front in ((f"gdsolve fit {source} --target w", ""), (f"gdsolve fit {source} --target=w", "--target=")):
        zsh = ask(_GDSOLVE_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=typed)
        assert zsh == (0, f'_arguments \'*: :(("{front}weight"\n"{front}width"))\'\n')
        fish = {"_GDSOLVE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": typed}
        assert ask(**fish, _TYPER_COMPLETE_FISH_ACTION="get-args") == (0, f"{front}weight\n{front}width\n")
        before, after = typed.replace(f"{source} ", ""), f" {source}"
        fish |= {"_TYPER_COMPLETE_ARGS": before, "_GDSOLVE_COMPLETE_LINE": before + after}
        assert ask(**fish, _TYPER_COMPLETE_FISH_ACTION="get-args") == (0, f"{front}weight\n{front}width\n")


def test_what_is_said_of_a_word_takes_one_line() -> None:
    """A second one would be a word that is offered."""
    asked = {"_GDSOLVE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    code, out = ask(**asked, _TYPER_COMPLETE_ARGS="gdsolve ", COLUMNS="40")
    assert (code, out.splitlines()) == (0, [f"{name}\t{verb.help}" for name, verb in VERBS.items()])
    code, out = ask(**asked, _TYPER_COMPLETE_ARGS="gdsolve fit h.csv --", COLUMNS="40")
    assert code == 0
    assert [line for line in out.splitlines() if not re.fullmatch(r"--[a-z0-9-]+\t[^\t]+", line)] == []
    code, out = ask(_GDSOLVE_COMPLETE="complete_powershell", _TYPER_COMPLETE_ARGS="gdsolve ")
    assert [line.split(":::")[0] for line in out.splitlines()] == list(VERBS)


def gives_script(*arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gdsolve", *arguments],
        capture_output=True,
        text=True,
        env=KEPT | {"PYTHONPATH": str(ROOT), "HOME": os.environ["HOME"]} | environment,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_completion_is_installed_for_the_shell_that_is_named(here: Path) -> None:
    """Whatever shell runs the command; the name may be a path, and stand after =."""
    for words, written in (
        (("--install-completion", "zsh"), ".zfunc/_gdsolve"),
        (("--install-completion=/usr/bin/fish",), ".config/fish/completions/gdsolve.fish"),
        (("--install-completion", "Bash"), ".bash_completions/gdsolve.sh"),
    ):
        code, out, err = gives_script(*words, SHELL="/bin/sh")
        shell = words[-1].split("/")[-1].split("=")[-1].split()[-1].lower()
        assert (code, err) == (0, "")
        assert out.startswith(f"{shell} completion installed in {here / written}; ")
        assert (here / written).read_text().rstrip("\n") == gives_script("--show-completion", shell)[1].rstrip("\n")
    assert (here / ".zfunc/_gdsolve").read_text().startswith("#compdef gdsolve")


@pytest.mark.parametrize("option", ["install-completion", "show-completion"])
def test_a_shell_that_there_is_none_of_is_refused(option: str) -> None:
    listed = f"hint: give --{option} bash|zsh|fish|powershell|pwsh\n"
    told = f"gdsolve: error: {option}: there is no completion for 'tcsh'\n{listed}"
    assert gives_script(f"--{option}", "tcsh") == (2, "", told)
    told = f"gdsolve: error: {option}: 2 shells, and it takes one\nhint: give --{option} zsh\n"
    assert gives_script(f"--{option}", "zsh", "fish") == (2, "", told)


def test_a_home_that_cannot_be_written_is_told(here: Path) -> None:
    (here / "home").write_text("")
    code, out, err = gives_script("--install-completion", "fish", HOME=str(here / "home"))
    assert (code, out) == (2, "")
    assert err.startswith(f"gdsolve: error: install-completion: {here / 'home'}/.config/fish/completions: ")
    assert err.splitlines()[1] == "hint: print the script instead: gdsolve --show-completion fish"


def script(shell: str, *after: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a shell, and then more."""
    shown = subprocess.run(
        [sys.executable, "-m", "gdsolve", "--show-completion", shell],
        capture_output=True,
        text=True,
        env=KEPT | {"PYTHONPATH": str(ROOT)},
        check=True,
    ).stdout
    return subprocess.run(
        [shell, *BARE[shell], "-c", "\n".join([*after[:-1], shown, after[-1]])],
        capture_output=True,
        text=True,
        env=KEPT
        | {"PYTHONPATH": str(ROOT), "HOME": os.environ["HOME"], "PATH": f"{Path.cwd()}/bin:{os.environ['PATH']}"},
        check=False,
    )


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_of_bash() -> None:
    show = '_gdsolve_completion gdsolve; printf "<%s>\\n" "${COMPREPLY[@]}"'
    stub = "compopt() { echo no files; }"
    columns = (
        "COMP_WORDS=(gdsolve fit --target h.csv) COMP_CWORD=3 COMP_LINE='gdsolve fit --target  h.csv' COMP_POINT=21"
    )
    done = script("bash", stub, f"{columns}; {show}")
    assert (done.stdout, done.stderr) == ("<weight>\n<width>\n<crim\\ rate>\n<a,b>\n<y>\n", "")
    done = script("bash", stub, f"COMP_WORDS=(gdsolve fit - --target '') COMP_CWORD=4; {show}")
    assert (done.stdout, done.stderr) == ("no files\n<>\n", "")
    done = script("bash", stub, f"COMP_WORDS=(gdsolve fit '') COMP_CWORD=2; {show}")
    assert (done.stdout, done.stderr) == ("<>\n", "")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_the_script_of_zsh() -> None:
    stubs = "compdef() { }; _arguments() { print -r -- $1; }; _files() { print files; }"
    done = script("zsh", stubs, "words=(gdsolve fit --target '' h.csv) CURRENT=4; _gdsolve_completion")
    assert done.stdout == '*: :(("weight"\n"width"\n"crim rate"\n"a,b"\n"y"))\n'
    done = script("zsh", stubs, "words=(gdsolve fit - --target '') CURRENT=5; _gdsolve_completion")
    assert (done.stdout, done.stderr) == ("", "")
    # Autoloaded, as it is installed, it completes the first time.
    loaded = 'mkdir f; gdsolve --show-completion zsh > f/_g; fpath=($PWD/f); autoload -U _g; words=(gdsolve fit ""); _g'
    assert script("zsh", stubs, f"CURRENT=3; {loaded}").stdout == "files\n"


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_the_script_of_fish() -> None:
    def offered(line: str) -> str:
        return script("fish", f"complete -C {shlex.quote(line)}").stdout

    assert offered("gdsolve fit h.csv --target=w") == "--target=weight\n--target=width\n"
    assert offered('gdsolve fit h.csv --target "crim') == "crim rate\n"
    assert offered("gdsolve fit h.csv --save=n") == "--save=notes.txt\n"
    assert offered("gdsolve fit - --target ") == ""
