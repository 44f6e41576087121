"""The JSON Schema of a spec says what the reader accepts."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from places import CONFIGS

from gdsolve.spec import Loss, Spec, only_traced, options_of
from gdsolve.spec.file import build_spec
from gdsolve.spec.graph import SECTIONS, build_trace_spec
from gdsolve.spec.option import key_of
from gdsolve.spec.schema import json_schema
from gdsolve.status import GdsolveError

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
PROBLEM, GRAPH = SCHEMA["$defs"]["problem"], SCHEMA["$defs"]["graph"]
DATA = "data: t.csv\n"
INLINE = "X: [1, 3]\ny: [2, 4]\n"
LEAVES = "leaves: {t: 1}\n"


def is_valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(yaml.safe_load(text)))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "gdsolve spec"


def test_it_has_every_field_and_no_other() -> None:
    assert list(PROBLEM["properties"]) == [
        key_of(field.name) for field in dataclasses.fields(Spec) if not only_traced(field.name)
    ]
    assert list(GRAPH["properties"]) == [*SECTIONS, *options_of("trace")]


def test_descriptions_are_the_help_of_the_options() -> None:
    fields = Spec.__dataclass_fields__
    for part in (PROBLEM, GRAPH):
        described = {name: option["description"] for name, option in part["properties"].items() if name in fields}
        assert described == {name: fields[name].metadata["option"].help for name in described}


def test_words_and_defaults() -> None:
    properties = PROBLEM["properties"]
    assert properties["loss"]["enum"] == list(Loss)
    assert (properties["loss"]["default"], properties["every"]["default"]) == ("half-mse", "log")
    assert properties["format"]["enum"] == ["table", "json", "csv", "markdown", "latex"]
    assert GRAPH["properties"]["format"]["enum"] == ["table", "json", "dot"]


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_spec_in_configs_is_valid(path: Path) -> None:
    assert [fault.message for fault in VALIDATOR.iter_errors(yaml.safe_load(path.read_text()))] == []


@pytest.mark.parametrize(
    "text",
    [
        DATA + "tol: 1e-6",
        DATA + "engine: closed-form",
        DATA + "tol: ~",
        DATA + "max_iter: 1e12",
        DATA + "max-iter: 100",
        DATA + "check-gradient: yes",
        DATA + "lr: 1/3",
        DATA + "lr: [0.5, 1/28, 1e-4..1:20]",
        DATA + "lr: 0.5,0.1",
        DATA + "lr: [auto]",
        DATA + "ridge: 1/3",
        DATA + "na_values: -9",
        DATA + "na_values: [NA, -9, null]",
        DATA + "init: random\nseed: 1e3",
        DATA + "target: 5",
        DATA + "quiet: 'yes'",
        DATA + "every: 1e3",
        DATA + "model: b1*x\nparameters: {b1: {start: 1, lower: 0, fixed: false}}",
        DATA + "model: b1*x\nstart: b1=1",
        DATA + "model: b1*x\nparameters: {b1: -1..1e3, b2: {start: 1/3..2}}\nstarts: 20",
        "minimize: (1 - a)**2\nparameters: {a: 1/3}\nconstants: {B: [[1, 2], [3, 4]], c: [1, 2]}",
        "data: [a.csv, b.csv]",
        "X: [[1, 1e-3], [3, 1/3]]\ny: [[2], [4]]",
        LEAVES + "nodes: {z: t**2, u: {expression: z, detach: true}}\nbackward-from: z\nformat: json\nsteps: on",
        "leaves: {X: [[1, 2]], v: {value: [1, 2], requires_grad: false}}\ncompare: {formula: X}\nrepeat: 1e1",
    ],
)
def test_what_is_accepted_is_valid(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    if text.startswith("leaves"):
        build_trace_spec([str(path)], {})
    else:
        build_spec([str(path)], {}, "compare-lr")
    assert is_valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "[1, 2]",
        "lr: 0.1",
        "X: [1, 3]",
        INLINE + DATA,
        "data: []",
        "data: ''",
        "data: {a: b}",
        "X: [[1, a]]\ny: [1]",
        "X: []\ny: []",
        DATA + "every: 0",
        DATA + "every: often",
        DATA + "delimiter: ;;",
        DATA + "delimiter: ''",
        DATA + "decimal: ;",
        DATA + "lr: fast",
        DATA + "lr: 0",
        DATA + "lr: -1/3",
        DATA + "lr: []",
        DATA + "lr: [auto, 0.1]",
        DATA + "lr: ~",
        DATA + "tol: -1e-6",
        DATA + "tol: small",
        DATA + "max_iter: 1.5",
        DATA + "max_iter: -1",
        DATA + "max_iter: [1]",
        DATA + "seed: 9223372036854775808",
        DATA + "loss: least",
        DATA + "format: dot",
        DATA + "quiet: maybe",
        DATA + "quantile: 1\nloss: quantile",
        DATA + "tols: 1",
        DATA + "steps: true",
        DATA + "leaves: {t: 1}",
        "minimize: a\nmodel: a\nparameters: {a: 1}",
        "minimize: a\nparameters: [a]",
        "minimize: a\nparameters: {a: {lower: 0}}",
        "minimize: a\nparameters: {a: {start: 1, upper: high}}",
        "minimize: a\nparameters: {a: 1...5}",
        "minimize: a\nparameters: {a: 1..}",
        "minimize: a\nstarts: 0",
        "minimize: a\nparameters: {2a: 1}",
        "nodes: {z: t}",
        LEAVES + "nodes: [z]",
        LEAVES + "nodes: {z: {detach: true}}",
        LEAVES + "compare: {leaf: t}",
        LEAVES + "lr: 0.1",
        "leaves: {t: {requires_grad: true}}",
        "leaves: {a b: 1}",
    ],
)
def test_what_is_refused_is_not_valid(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    trace = "leaves" in text or "nodes" in text
    with pytest.raises(GdsolveError):
        if trace and not text.startswith("data"):
            build_trace_spec([str(path)], {})
        else:
            spec = build_spec([str(path)], {}, "compare-lr")
            assert all(spec.data), "refused where it is opened"
            raise GdsolveError("")
    assert not is_valid(text)


NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.tuples(st.integers(-99, 99), st.integers(-20, 20)).map(lambda pair: f"{pair[0]}e{pair[1]}"),
    st.tuples(st.integers(-9, 9), st.integers(1, 99)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    st.sampled_from(["1.", ".5", "+3", "-0", "-0.0", "1_000", "1e400", "nan", ".inf", "0x10", "1:30"]),
)
WORDS = st.sampled_from(
    [
        *("auto", "log", "yes", "No", "TRUE", "off", "~", "null", "''", '"5"', '"yes"', "zeros", "x", "a,b", ";", ","),
        *("sse", "huber", "standard", "leap", "cpu", "float32", "drop", "onehot", "json", "csv", "dot", "adam"),
        *("1e-4..1:20", "0.1..1", "0.5,1/3", "a=1,b=2", "2001-1", "constant", "cosine", "newton"),
    ]
)
SCALARS = NUMBERS | WORDS
VALUES = SCALARS | st.lists(SCALARS, max_size=3).map(lambda items: f"[{', '.join(items)}]")
KEYS = st.sampled_from([name for name in PROBLEM["properties"] if name not in ("data", "X", "y", "minimize")])


@given(key=KEYS, value=VALUES, base=st.sampled_from([DATA, INLINE, "minimize: a**2\n"]))
@example(key="max_iter", value="1.0e3", base=DATA)
@example(key="tol", value="-0e5", base=DATA)
@example(key="target", value="2001-1", base=DATA)
def test_what_the_reader_accepts_the_schema_accepts(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: str, base: str
) -> None:
    text = f"{base}{key}: {value}\n"
    path = tmp_path_factory.getbasetemp() / f"generated-{os.getpid()}.yaml"
    path.write_text(text)
    try:
        build_spec([str(path)], {}, "compare-lr")
    except GdsolveError:
        return
    assert is_valid(text), explain(text)


def explain(text: str) -> list[Any]:
    return [(list(fault.absolute_path), fault.message) for fault in VALIDATOR.iter_errors(yaml.safe_load(text))]
