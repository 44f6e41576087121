"""Where the completion of a shell is installed, which is where that shell looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdsolve.cli.app import Root
from gdsolve.cli.completion import script_of
from gdsolve.cli.shells import install


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("ZDOTDIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_zsh_and_fish_are_told_where_they_keep_their_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert install("zsh", "#compdef") == home / ".zfunc/_gdsolve"
    assert (home / ".zshrc").read_text().startswith("fpath+=~/.zfunc; ")
    monkeypatch.setenv("ZDOTDIR", str(home / "z"))
    assert install("zsh", "#compdef") == home / ".zfunc/_gdsolve"
    assert (home / "z/.zshrc").read_text() == (home / ".zshrc").read_text()
    assert install("fish", "complete") == home / ".config/fish/completions/gdsolve.fish"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "settings"))
    assert install("fish", "complete") == home / "settings/fish/completions/gdsolve.fish"


@pytest.mark.parametrize("shell", ["powershell", "pwsh"])
def test_powershell_has_it_once_however_often_it_is_installed(home: Path, shell: str) -> None:
    profile = home / "Documents/profile.ps1"
    (home / shell).write_text(f"#!/bin/sh\necho '{profile}'\n")
    (home / shell).chmod(0o755)
    assert [install(shell, "Register-ArgumentCompleter") for _ in range(2)] == [profile, profile]
    assert profile.read_text() == "Register-ArgumentCompleter\n"


def test_a_powershell_that_is_not_there_is_no_success(home: Path) -> None:
    with pytest.raises(FileNotFoundError, match="pwsh"):
        install("pwsh", "")


def test_fish_asks_once_and_tells_what_stands_after_the_cursor() -> None:
    script = script_of(Root(), "fish")
    assert script.count("complete_fish") == 1
    assert "_GDSOLVE_COMPLETE_LINE=(commandline -p " in script
    assert "--condition _gdsolve_completion" in script
