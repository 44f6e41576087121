"""What to do next: words, and a command as a field of its own, which is shown whole and never searched for in words."""

from __future__ import annotations


class Advice(str):
    """Words, the command that they lead to, and what else could be done; as text the three are one.

    Where it is `verbatim`, flags in its words are meant for a command line, also where a caller from Python reads them.

    >>> advice = Advice("Run instead", "gdsolve fit two.csv")
    >>> advice, advice.command
    ('Run instead: gdsolve fit two.csv', 'gdsolve fit two.csv')
    >>> Advice("", "gdsolve fit two.csv").after("else ").then("or leave it")
    'else gdsolve fit two.csv; or leave it'
    """

    text: str
    command: str | None
    rest: Advice | None
    verbatim: bool

    def __new__(  # noqa: D102
        cls, text: str = "", command: str | None = None, rest: str | None = None, *, verbatim: bool = False
    ) -> Advice:
        whole = text if command is None else f"{text}{_colon(text)}{command}"
        made = super().__new__(cls, whole if rest is None else f"{whole}; {rest}")
        made.text, made.command, made.verbatim = text, command, verbatim
        made.rest = None if rest is None else Advice.of(rest)
        return made

    @classmethod
    def of(cls, words: str) -> Advice:
        """The words themselves where they are advice, else as text on one line, whatever they quote."""
        return words if isinstance(words, Advice) else cls(" ".join(words.split("\n")))

    @property
    def lead(self) -> str:
        """The words as they stand on a line before the command."""
        return f"{self.text}{_colon(self.text)}".rstrip()

    def after(self, words: str) -> Advice:
        """The same, told after other words."""
        return Advice(words + self.text, self.command, self.rest, verbatim=self.verbatim)

    def then(self, other: str) -> Advice:
        """The same, with what else could be done."""
        if self.command is None:
            return Advice.of(other).after(f"{self.text}; ")
        rest = other if self.rest is None else self.rest.then(other)
        return Advice(self.text, self.command, rest, verbatim=self.verbatim)


def _colon(text: str) -> str:
    # Words that end in a blank run on into the command.
    return "" if not text or text.endswith(" ") else ": "
