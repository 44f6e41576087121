"""The shells that complete: which of them runs gdsolve, and where each looks for the script of a command."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from gdsolve.files import whole

AS_IT_IS = ("utf-8", "surrogateescape")
POWERSHELLS = ("powershell", "pwsh")
SHELLS = ("bash", "zsh", "fish", *POWERSHELLS)


def running_shell() -> str | None:
    """The name of the shell that runs gdsolve; None where it cannot be told."""
    from shellingham import ShellDetectionFailure, detect_shell

    try:
        name, _ = detect_shell()
    except ShellDetectionFailure:
        return None
    return str(name)


def install(shell: str, script: str) -> Path:
    """Write the script of gdsolve where a shell finds it when it starts; returns the path.

    Raises:
        OSError, CalledProcessError: it cannot be written, or the shell does not say where.
    """
    home = Path.home()
    if shell in POWERSHELLS:
        return _mention(_profile(shell), script)
    if shell == "bash":
        path = home / ".bash_completions/gdsolve.sh"
        _mention(home / ".bashrc", f"source '{path}'")
        return _write(path, script)
    if shell == "zsh":
        started = Path(os.environ.get("ZDOTDIR") or home) / ".zshrc"
        _mention(started, "fpath+=~/.zfunc; autoload -Uz compinit; compinit")
        _mention(started, "zstyle ':completion:*' menu select", unless="zstyle")
        return _write(home / ".zfunc/_gdsolve", script)
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return _write(settings / "fish/completions/gdsolve.fish", f"{script}\n")


def _mention(path: Path, line: str, unless: str | None = None) -> Path:
    """Add lines to the file that a shell runs when it starts, unless they stand there, or others with this word."""
    text = path.read_text(*AS_IT_IS) if path.is_file() else ""
    if (unless or line) not in text:
        _write(path, f"{text}\n{line}\n" if text else f"{line}\n")
    return path


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A whole file of settings must not be lost where the disk is full.
    with whole(str(path)) as stream:
        stream.write(text.encode(*AS_IT_IS))
    return path


def _profile(shell: str) -> Path:
    """What PowerShell runs when it starts; scripts of the user are allowed on the way."""
    allow = ["Set-ExecutionPolicy", "Unrestricted", "-Scope", "CurrentUser"]
    subprocess.run([shell, "-Command", *allow], check=False)
    told = subprocess.run([shell, "-NoProfile", "-Command", "echo", "$profile"], check=True, stdout=subprocess.PIPE)
    for encoding in ("windows-1252", "utf8"):
        with suppress(UnicodeDecodeError):
            return Path(told.stdout.decode(encoding).strip())
    return Path(told.stdout.decode("cp850").strip())
