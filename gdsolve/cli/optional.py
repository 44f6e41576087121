"""The options whose value may be left out: `--plot` and `--code`, which must not take a SOURCE for their file."""

from __future__ import annotations

from collections.abc import Sequence

from gdsolve.spec.choices import CODE_KINDS, PLOT_ENDINGS

# Pictures that gdsolve does not write: to be told so, they must not be taken for a table.
OTHER_ENDINGS = (".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".eps", ".ps", ".html", ".dot")


def _is_value(flag: str, word: str) -> bool:
    if flag == "--code":
        return word in CODE_KINDS or word.lower().endswith(".py")
    return word.lower().endswith((*PLOT_ENDINGS, *OTHER_ENDINGS))


def join_plot(arguments: Sequence[str]) -> list[str]:
    """The arguments with a value for every `--plot` and `--code`: the word after it if it can be one, else `true`.

    >>> join_plot(["fit", "--plot", "data.csv"]), join_plot(["fit", "data.csv", "--plot", "loss.svg"])
    (['fit', '--plot=true', 'data.csv'], ['fit', 'data.csv', '--plot=loss.svg'])
    """
    words = list(arguments)
    joined: list[str] = []
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        if word == "--":
            return [*joined, word, *words[place:]]
        if word in ("--plot", "--code"):
            follows = place < len(words) and _is_value(word, words[place])
            word += f"={words[place]}" if follows else "=true"
            place += follows
        joined.append(word)
    return joined
