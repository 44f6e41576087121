"""What the README and docs/ show of gdsolve, made by running it: `python tests/support/readme.py` writes them."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout

from places import ROOT

from gdsolve.cli.tour_runs import run_shown
from gdsolve.data.formats.registry import format_endings
from gdsolve.spec import VERBS, Spec, choices, flag, options_of
from gdsolve.spec.choices import Tongue
from gdsolve.spec.curves import CURVES
from gdsolve.status import ExitCode
from gdsolve.tour.catalogue import catalogue_of
from gdsolve.tour.figures import with_figures
from gdsolve.tour.lesson import thing_of
from gdsolve.tour.script import PARTS, STEPS

README = ROOT / "README.md"
CHINESE = ROOT / "README.zh-CN.md"
MADE = re.compile(r"<!-- (?:run: gdsolve |reference: begin|curves: begin|textbook: begin)")
_PAGES = (README, CHINESE, *sorted((ROOT / "docs").rglob("*.md")))
PAGES = tuple(page for page in _PAGES if MADE.search(page.read_text(encoding="utf-8")))
"""The pages of which something is made by running gdsolve."""
RUN = re.compile(r"<!-- run: (gdsolve [^\n]*) -->\n```text\n.*?```\n", re.DOTALL)
REFERENCE = re.compile(r"(<!-- reference: begin -->\n).*?(<!-- reference: end -->)", re.DOTALL)
NAMED_CURVES = re.compile(r"(<!-- curves: begin -->\n).*?(<!-- curves: end -->)", re.DOTALL)
USAGE = dict.fromkeys(("predict", "score"), "MODEL SOURCE…") | {
    "trace": "SPEC",
    "curves": "[NAME…]",
    "configs": "[NAME]",
}
USAGE |= dict.fromkeys(("schema", "tour"), "")
TEXTBOOK = re.compile(r"(<!-- textbook: begin -->\n).*?(<!-- textbook: end -->)", re.DOTALL)
EXAMPLE = "gdsolve fit configs/two_points.csv --loss sse --lr 0.01 --max-iter 1 --format json"


def output_of(command: str) -> str:
    """What a command prints on both streams, as a reader of the README would see it."""
    words = [sys.executable, "-m", "gdsolve", *shlex.split(command)[1:]]
    done = subprocess.run(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120
    )
    code = f"[exit code {done.returncode}]\n" if done.returncode else ""
    return f"$ {command}\n{done.stdout}{code}"


def reference(run: Callable[[str], str]) -> str:
    """Verbs with their options, exit codes, and the JSON of a fit."""
    parts = []
    for verb in VERBS:
        usage = USAGE.get(verb, "SOURCE…")
        parts += [f"### `{f'gdsolve {verb} {usage}'.strip()}`\n", VERBS[verb].help + "\n"]
        options = options_of(verb)
        if options:
            parts += ["| option | default | meaning |", "|---|---|---|"]
            parts += [_row(name, verb) for name in options]
            parts.append("")
    parts += ["### Sources\n", SOURCES, "### Exit codes\n", "| code | meaning |", "|---|---|"]
    parts += [f"| {code.value} | {code.meaning} |" for code in ExitCode]
    parts += ["", "### JSON\n", JSON_TEXT, f"```json\n{_example(run)}\n```\n"]
    return "\n".join(parts)


_ENDINGS = ", ".join(f"`{ending}`" for ending in format_endings())
SOURCES = f"""A SOURCE is a table ({_ENDINGS}, also with `.gz` or
`.zst`), a glob in quotes, `-` for standard input, or one YAML spec. Several tables must have the same columns, in any
order. `'FILE?sheet=NAME'`, `'FILE?table=NAME'` and `'FILE?query=SELECT …'` say what is read of a workbook or a
database: [tables.md](guide/tables.md).
"""
JSON_TEXT = f"""`{EXAMPLE}` prints the document below; `--save` writes the same, and `predict` and `--init` read it.
`sse`, `loss`, `gap`, weights, `standard_errors` and `optimum` are in the units of the file, `gradient_norm`, `update`
and the tolerances in the coordinates of descent. A figure that does not exist is `null`. [json.md](json.md) has every
schema, that of every verb, with every field.
"""


def _row(name: str, verb: str) -> str:
    info = options_of(verb)[name]
    metavar = "" if info.metavar is None else f" {info.metavar}"
    kind = Spec.__dataclass_fields__[name].default
    if info.metavar is None and not isinstance(kind, bool):
        metavar = " " + "|".join(choices(name, verb) or ())
    default = info.default_text or ("" if isinstance(kind, bool) or kind in (None, ()) else f"`{kind}`")
    cells = (f"`{flag(name)}{metavar}`", default, info.help)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _example(run: Callable[[str], str]) -> str:
    text = run(EXAMPLE)
    record = json.loads(text[text.index("{") : text.rindex("}") + 1])
    record["seconds"] = dict.fromkeys(record["seconds"], 0.0)
    return json.dumps(record, indent=1, ensure_ascii=False)


def named_curves() -> str:
    """The curves by name, a table for each kind."""
    parts: list[str] = []
    for kind, curves in CURVES.items():
        parts += [f"## {kind.capitalize()}\n", "| name | formula | what it is | used for |", "|---|---|---|---|"]
        for curve in curves:
            names = f"`{curve.name}`" + (f", also {', '.join(f'`{one}`' for one in curve.also)}" if curve.also else "")
            parts.append(f"| {names} | `{curve.formula}` | {curve.says} | {curve.field} |")
        parts.append("")
    return "\n".join(parts)


def textbook() -> str:
    """Every step of the tour: what it is about, its command, and what is to be seen, with the figures of a run."""
    words, parts = catalogue_of(Tongue.EN), []
    for part in PARTS:
        parts += [f"## {part}. {words.say(f'parts.{part}')}", ""]
        for step in (step for step in STEPS if step.part == part):
            out = io.StringIO()
            with redirect_stdout(out), redirect_stderr(out):
                record = run_shown([step.bundled.verb, step.config, *step.options])[1]
                thing = thing_of(step, words, io.StringIO())
            text = "\n".join("".join(segment.text for segment in line) for line in thing.lines)
            said = with_figures(words.say(f"steps.{step.key}.says"), record)
            command = shlex.join(["gdsolve", *step.command])
            title = words.say(f"steps.{step.key}.title")
            parts += [f"### {step.case}: {_prose(title)}", "", "```text", text.strip("\n")]
            parts += ["```", "", f"`{command}`", "", _prose(said), ""]
    return "\n".join(parts)


def _prose(text: str) -> str:
    """A text of the tour as Markdown: its asterisks are those of formulas."""
    return text.replace("*", r"\*")


def made_anew(text: str, run: Callable[[str], str] = output_of) -> str:
    """A page with every run, and its reference or curves, made anew by `run`, which gives what a command prints."""
    text = RUN.sub(lambda found: f"<!-- run: {found[1]} -->\n```text\n{run(found[1])}```\n", text)
    made = reference(run) if REFERENCE.search(text) else ""
    if TEXTBOOK.search(text):
        text = TEXTBOOK.sub(lambda found: f"{found[1]}\n{textbook()}\n{found[2]}", text)
    text = NAMED_CURVES.sub(lambda found: f"{found[1]}\n{named_curves()}\n{found[2]}", text)
    return REFERENCE.sub(lambda found: f"{found[1]}\n{made}\n{found[2]}", text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(made_anew(page.read_text(encoding="utf-8")), encoding="utf-8")
