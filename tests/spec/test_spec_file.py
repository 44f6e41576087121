"""One spec from sources, flags and YAML; a hostile YAML file is an error of one line."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.spec import PLOT_KINDS, Loss, PlotKind, Spec, document, kinds_drawn
from gdsolve.spec.file import build_spec
from gdsolve.status import ExitCode, GdsolveError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["C", "Python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers of PyYAML must say the same; not every build has the C one."""
    if request.param == "Python":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    return str(request.param)


def load(text: str | bytes, verb: str = "fit", **flags: Any) -> Spec:
    Path("p.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return build_spec(["p.yaml"], flags, verb)


def refusal(text: str | bytes, verb: str = "fit", **flags: Any) -> tuple[str, str | None]:
    with pytest.raises(GdsolveError) as caught:
        load(text, verb, **flags)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in caught.value.message
    return caught.value.message, caught.value.hint


INLINE = "X: [[1], [3]]\ny: [2, 4]\n"


def test_tables_and_flags() -> None:
    spec = build_spec(["a.csv", "b.csv"], {"lr": ["1/28"], "max_iter": "1e12", "no_intercept": True}, "fit")
    assert spec == Spec(data=("a.csv", "b.csv"), lr=1 / 28, max_iter=10**12, no_intercept=True)


def test_columns_keep_their_commas_and_missing_cells_are_split() -> None:
    spec = build_spec(["a.csv"], {"features": ["a,b", "c"], "na_values": ["-999,?", "x"]}, "fit")
    assert spec.features == ("a,b", "c")
    assert spec.na_values == ("-999", "?", "x")


def test_a_yaml_list_is_taken_as_it_is() -> None:
    spec = load(INLINE + "na_values: ['9,9', NA, null, -999]\nfeatures: [a, no, 2020, 1e3]\ntarget: on\n")
    assert spec.na_values == ("9,9", "NA", "null", "-999")
    assert spec.features == ("a", "no", "2020", "1e3")
    assert spec.target == "on"
    assert load(INLINE + "na_values: NA,-999").na_values == ("NA", "-999")


def test_numbers_are_read_as_written_not_as_yaml_1_1_reads_them(loader: str) -> None:
    spec = load(INLINE + "max_iter: 1e12\ntol: 1e-10\nlr: 1/28\nevery: 1_000\nridge: '2'\ninit: random\nseed: 010\n")
    assert (spec.max_iter, spec.tol, spec.lr, spec.every, spec.ridge, spec.seed) == (10**12, 1e-10, 1 / 28, 1000, 2, 10)


def test_an_empty_value_is_the_default_where_there_may_be_none() -> None:
    spec = load(INLINE + "tol:\nmax_iter: ~\ntarget: null\nloss_tol: null\n")
    assert spec == load(INLINE)
    assert load(INLINE + "target: 'null'").target == "null"
    assert refusal(INLINE + "lr:\n") == ("p.yaml: line 3: lr: no value", "give one, or take the key out")


def test_rates_in_yaml() -> None:
    assert load(INLINE + "lr: [0.5, 1/28, 1e-3..1e-1:3]", "compare-lr").lr == (0.5, 1 / 28, 1e-3, 1e-2, 1e-1)
    assert load(INLINE + "lr: 0.5,0.1", "compare-lr").lr == (0.5, 0.1)
    assert load(INLINE + "lr: auto").lr == "auto"
    assert load(INLINE + "lr:\n- 0.5\n- 0.1\n", "compare-lr").lr == (0.5, 0.1)


def test_several_rates_belong_to_compare_lr() -> None:
    with pytest.raises(GdsolveError) as caught:
        build_spec(["a.csv"], {"lr": ["0.5", "0.1"]}, "fit")
    assert caught.value.message == "lr: 2 rates, and fit takes one"
    assert caught.value.hint == "run gdsolve compare-lr, which takes several"
    assert refusal(INLINE + "lr: [0.5, 0.1]", "fit")[0] == "p.yaml: line 3: lr: 2 rates, and fit takes one"


def test_check_has_no_use_for_rates_and_takes_any_number_of_them() -> None:
    assert load(INLINE + "lr: [0.5, 0.1]", "check").lr == (0.5, 0.1)


def test_inline_numbers() -> None:
    matrix = load("X: [[1, 1], [3, 1e-1]]\ny: [[2], [4]]\n")
    assert matrix.X == ((1.0, 1.0), (3.0, 0.1))
    assert matrix.y == (2.0, 4.0)
    assert load("X: [1, 3]\ny:\n- 2\n- 4\n").X == ((1.0,), (3.0,))


def test_a_flag_wins_over_a_key() -> None:
    spec = load(INLINE + "loss: mse\nmax-iter: 5\nlr: nonsense\n", loss="sse", lr=["0.1"])
    assert (spec.loss, spec.max_iter, spec.lr) == (Loss.SSE, 5, 0.1)


def test_options_of_another_verb_are_read_and_checked() -> None:
    assert load(INLINE + "iterates: 3\nonly: true\n").iterates == 3
    assert refusal(INLINE + "iterates: x\n")[0] == "p.yaml: line 3: iterates: 'x' is not a whole number"


def test_a_page_and_a_picture_in_one_spec_are_each_for_their_verb(here: Path) -> None:
    (here / "p.yaml").write_text(INLINE + "output: run.html\nplot: path.svg\nplot_kind: path\nwatch: true\n")
    fitted, paged = (build_spec(["p.yaml"], {}, verb) for verb in ("fit", "report"))
    assert (fitted.output, fitted.plot, fitted.watch) == (None, "path.svg", True)
    assert kinds_drawn(fitted) == (PlotKind.PATH,)
    assert (paged.output, paged.plot, paged.watch) == ("run.html", False, False)
    # A page has no folds.
    assert kinds_drawn(paged) == tuple(kind for kind in PLOT_KINDS["fit"] if kind is not PlotKind.VALIDATION)


def test_paths_are_taken_from_the_folder_of_the_spec(here: Path) -> None:
    (here / "runs[1]").mkdir()
    text = "data: [a.csv, /b.csv, '*.csv', '-']\ninit: m.json\nsave: out/m.json\nhistory: h.csv\n"
    (here / "runs[1]" / "p.yml").write_text(text)
    spec = build_spec(["runs[1]/p.yml"], {}, "fit")
    assert spec.data == ("runs[1]/a.csv", "/b.csv", "runs[[]1]/*.csv", "-")
    assert (spec.init, spec.save, spec.history) == ("runs[1]/m.json", "runs[1]/out/m.json", "runs[1]/h.csv")
    assert load("data: a.csv\ninit: random\n").data == ("a.csv",)
    assert load("data: a.csv\ninit: random\n", save="m.json").save == "m.json"


def test_byte_order_mark_and_document_start_are_no_matter() -> None:
    assert load(b"\xef\xbb\xbf--- # two points\r\nX: [1, 3]\r\ny: [2, 4]\r\n...\r\n") == load(INLINE)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (
            "X: [1]\ny: [1]\nlerning_rate: 1",
            "line 3: unknown key 'lerning_rate'",
            "gdsolve schema lists the keys",
        ),
        ("max_itr: 3", "line 1: unknown key 'max_itr'", "did you mean max_iter?"),
        ("learning-rate: 3", "line 1: unknown key 'learning-rate'", "did you mean lr?"),
        ("<<: a", "line 1: unknown key '<<'", "gdsolve schema lists the keys"),
        ("tol: 1\nlr: 1\ntol: 2", "line 3: tol: given before, on line 1", "keep one of them"),
        ("max_iter: 1\nmax-iter: 2", "line 2: max-iter: given before, on line 1", "keep one of them"),
        ("", "line 1: the spec is empty", "begin with data: and a path, or with X: and y:"),
        ("# nothing\n", "line 1: the spec is empty", "begin with data: and a path, or with X: and y:"),
        ("---\n", "line 2: the spec is empty", "begin with data: and a path, or with X: and y:"),
        ("- a\n", "line 1: a list where keys are expected", "write one key: value a line"),
        ("data.csv", "line 1: a single value where keys are expected", "write one key: value a line"),
        ("? [a]\n: b", "line 1: a key that is no word", "write one key: value a line"),
        (
            "loss: sse",
            "neither data nor X and y",
            "add data: and a path, or X: and y: with the numbers, or minimize:",
        ),
        ("data: []", "neither data nor X and y", "add data: and a path, or X: and y: with the numbers, or minimize:"),
        ("X: [1]", "line 1: X and y must be given together", "add the missing one to the spec"),
        ("data: a.csv\nX: [1]\ny: [1]", "line 1: data and inline X, y exclude each other", "keep one of them"),
        (
            "data: a.csv\ntol: -1",
            "line 2: tol: -1.0 is not a finite number of at least 0",
            "give --tol 0 or more",
        ),
        (
            "data: a.csv\nseed: 1e32",
            f"line 2: seed: {10**32} is more than {2**63 - 1}",
            "give --seed 9223372036854775807 or less",
        ),
        (
            "data: a.csv\nloss: hinge",
            f"line 2: loss: 'hinge' is not one of {', '.join(Loss)}",
            "give one of them, as in --loss half-mse",
        ),
        ("target: [a, b]", "line 1: target: a list where one value is expected", "write target: and one value"),
        (
            "target:\n  a: b",
            "line 2: target: keys where a value or a list is expected",
            "write target: and a value",
        ),
        (
            "minimize: a**2\nstart: {a: 1}",
            "line 2: start: keys where a value or a list is expected",
            "write start: a=0,b=0, with your names and numbers",
        ),
        ("features: [[a]]", "line 1: features: a list in a list", "write a flat list"),
        ("X: 3", "line 1: X: a list of numbers is expected", "write X: [1, 2, 3]"),
        ("y: []", "line 1: y: a list of numbers is expected", "write y: [1, 2, 3]"),
        (
            "X:\n- [1, 2]\n- [1]",
            "line 3: X: row 2 has 1 numbers, row 1 has 2",
            "give every row as many numbers",
        ),
        ("X: [[]]", "line 1: X: row 1 has 0 numbers", "give every row as many numbers"),
        ("X: [1,\n null]", "line 2: X: 'null' is not a finite number", "X and y hold numbers only"),
        ("X: [[[1]]]", "line 1: nested deeper than a matrix", "write X as a list of rows, each a list of numbers"),
        ("y: [[1, 2]]", "line 1: y: 2 numbers a row", "give one number per row"),
        ("X: [1, 2]\ny: [1]", "line 2: y: 1 numbers for 2 rows of X", "give one number per row"),
        ("data: a.csv\n---\ndata: b.csv", "line 2: a second document", "give one spec a file"),
    ],
)
def test_refused_with_the_line_and_a_remedy(loader: str, text: str, said: str, hint: str) -> None:
    assert refusal(text) == (f"p.yaml: {said}", hint)


NO_ALIAS = (
    "anchors and aliases (& and *) are not accepted",
    'write the value out; put one that begins with & or * in quotes, as in data: "*.csv"',
)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("data: *.csv", f"line 1: {NO_ALIAS[0]}", NO_ALIAS[1]),
        ("a: &a [x]\nb: &b [*a, *a]", f"line 1: {NO_ALIAS[0]}", NO_ALIAS[1]),
        ("target: a\nfeatures: *a", f"line 2: {NO_ALIAS[0]}", NO_ALIAS[1]),
        (
            "target: !!python/object/apply:os.system ['touch owned']",
            "line 1: the tag tag:yaml.org,2002:python/object/apply:os.system is not accepted",
            "write the value without a tag",
        ),
        ("target: !secret x", "line 1: the tag !secret is not accepted", "write the value without a tag"),
        (
            "!!set {a, b}",
            "line 1: the tag tag:yaml.org,2002:set is not accepted",
            "write the value without a tag",
        ),
        (
            "X: " + "[" * 10_000,
            "line 1: nested deeper than a matrix",
            "write X as a list of rows, each a list of numbers",
        ),
        ("{data: " * 10_000, "line 1: data: keys where a value or a list is expected", "write data: and a value"),
        ("data: a\x00b", "line 1: not YAML: '\\x00' is a control character", "take it out"),
        ("data: a\ntarget: \x1b[2J", "line 2: not YAML: '\\x1b' is a control character", "take it out"),
        (b"target: a\ntol: caf\xe9\n", "line 2: byte 0xe9 is not UTF-8", "save the spec as UTF-8"),
        (b"\xff\xfed\x00a\x00", "line 1: byte 0xff is not UTF-8", "save the spec as UTF-8"),
        ("data:\n\ta.csv", "line 2: not YAML: a tab where spaces are expected", "indent with spaces"),
    ],
)
def test_a_hostile_file_is_an_error(loader: str, text: str | bytes, said: str, hint: str) -> None:
    assert refusal(text) == (f"p.yaml: {said}", hint)
    assert not Path("owned").exists()


@pytest.mark.parametrize("text", ["data: [a", "data: 'a", "target: a: b", "data: @x", "%YAML 9\n---\na: b"])
def test_broken_yaml_names_the_line(loader: str, text: str) -> None:
    said, hint = refusal(text)
    assert said.startswith("p.yaml: line ")
    assert ": not YAML: " in said
    assert hint == "put values with special characters in quotes"


def test_a_file_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "LARGEST_FILE", 10)
    assert refusal("data: abcde.csv") == (
        "p.yaml: larger than 64 MiB",
        "put the numbers into a CSV file and name it under data:",
    )


def test_an_endless_device_is_not_read_to_its_end(here: Path) -> None:
    (here / "zero.yaml").symlink_to("/dev/zero")
    with pytest.raises(GdsolveError, match=r"^zero\.yaml: larger than 64 MiB$"):
        build_spec(["zero.yaml"], {}, "fit")


def test_a_spec_that_cannot_be_opened(here: Path) -> None:
    (here / "folder.yaml").mkdir()
    (here / "closed.yaml").touch()
    (here / "closed.yaml").chmod(0)
    reasons = {"none.yaml": "no such file or directory", "folder.yaml": "is a directory"}
    if os.geteuid() != 0:
        assert stat.S_IMODE((here / "closed.yaml").stat().st_mode) == 0
        reasons["closed.yaml"] = "permission denied"
    for path, reason in reasons.items():
        with pytest.raises(GdsolveError) as caught:
            build_spec([path], {}, "fit")
        assert (caught.value.message, caught.value.exit_code) == (f"{path}: {reason}", ExitCode.USAGE)


def test_a_spec_stands_alone() -> None:
    with pytest.raises(GdsolveError) as caught:
        build_spec(["a.csv", "P.YAML"], {}, "fit")
    assert caught.value.message == "P.YAML: a YAML spec stands alone, not with 1 more"
    assert caught.value.hint == "name the tables under data: in the spec"


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=60) | st.text("dataXy:[]{}&*!-'\"\n #123,.\t", max_size=60).map(str.encode))
def test_no_bytes_bring_anything_but_a_spec_or_an_error(content: bytes) -> None:
    try:
        spec = load(content)
    except GdsolveError as fault:
        assert fault.message.startswith("p.yaml: ")
        assert fault.hint
    else:
        assert spec.data or spec.X


COLUMN = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(COLUMN, min_size=1, max_size=4), st.floats(1e-12, 1e3), st.integers(0, 10**30))
def test_what_is_dumped_is_what_is_read(columns: list[str], rate: float, count: int) -> None:
    text = yaml.safe_dump(
        {"data": "a.csv", "features": columns, "lr": rate, "max_iter": count, "loss": "sse"}, allow_unicode=True
    )
    assert load(text) == Spec(data=("a.csv",), features=tuple(columns), lr=rate, max_iter=count, loss=Loss.SSE)
