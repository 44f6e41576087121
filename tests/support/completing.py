"""What bash asks for completion, and what it is answered."""

from __future__ import annotations

from in_process import completed


def ask(**environment: str) -> tuple[int, str]:
    done = completed(**environment)
    assert done.err == ""
    return done.code, done.out


def bash(line: str, *, breaks_at_equals: bool = True) -> tuple[int, list[str]]:
    """Exit code and words for a line that has | where the cursor is."""
    before, _, after = line.partition("|")
    split = before.replace("=", "\n=\n") if breaks_at_equals else before
    words = split.replace(" ", "\n").split("\n")
    code, out = ask(
        _GDSOLVE_COMPLETE="complete_bash",
        # bash leaves no empty word where others follow.
        COMP_WORDS="\n".join([*words[:-1], *(words[-1:] if words[-1] or not after else []), *after.split()]),
        COMP_CWORD=str(len(words) - 1),
        COMP_LINE=before + after,
        COMP_POINT=str(len(before.encode())),
    )
    return code, out.splitlines()
