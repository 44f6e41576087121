"""The textbook's part A: every case is a spec in configs/autograd, and gives the textbook's figures."""

from __future__ import annotations

import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import forked
import pytest
from places import CONFIGS

from gdsolve.cli.main import run
from gdsolve.graph import trace
from gdsolve.report.graph_record import graph_record
from gdsolve.report.write import write_record
from gdsolve.spec import Format
from gdsolve.spec.graph import build_trace_spec
from gdsolve.status import GdsolveError

SPECS = CONFIGS / "autograd"
SECOND = "Trying to backward through the graph a second time"
LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
UNTRACKED = "element 0 of tensors does not require grad and does not have a grad_fn"


def traced(case: str, **options: Any) -> dict[str, Any]:
    return graph_record(trace(build_trace_spec([str(SPECS / f"{case}.yaml")], options)))


def nodes(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {node["name"]: tuple(node[key] for key in keys) for node in record["nodes"]}


def grad(record: dict[str, Any], name: str) -> Any:
    return nodes(record, "grad")[name][0]


def test_a1_grad_fn_and_slope() -> None:
    record = traced("a01_chain")
    assert nodes(record, "value", "grad_fn", "is_leaf") == {
        "t": (1.0, None, True),
        "y": (1.0, "PowBackward0", False),
        "z": (2.0, "AddBackward0", False),
    }
    assert grad(record, "t") == 2.0
    assert [(row["depth"], row["name"], row["operation"]) for row in record["tree"]] == [
        (0, "z", "AddBackward0"),
        (1, "y", "PowBackward0"),
        (2, "t", None),
    ]


def test_a2_kinds() -> None:
    record = traced("a02_kinds")
    assert nodes(record, "kind", "value", "grad_fn") == {
        "x": ("leaf", 2.0, None),
        "y": ("intermediate", 6.0, "MulBackward0"),
        "z": ("output", 11.0, "AddBackward0"),
    }
    assert grad(record, "x") == 3.0


def test_a3_backward_from_an_intermediate_node() -> None:
    assert grad(traced("a03_intermediate"), "t") == 4.0
    assert grad(traced("a03_intermediate", backward_from="y"), "t") == 2.0


def test_a4_retained_or_not() -> None:
    record = traced("a04_retain_grad")
    assert (grad(record, "y"), grad(record, "t")) == (2.0, 4.0)
    assert grad(traced("a03_intermediate", retain_grad=("y",)), "y") == 2.0
    assert nodes(traced("a03_intermediate"), "grad", "grad_note")["y"] == (None, "not a leaf and not retained")


def test_a5_the_second_backward_is_refused() -> None:
    first, second = traced("a05_twice")["backward"]
    assert (first["status"], first["grads"]) == ("ok", {"t": 2.0})
    assert second["status"] == "refused"
    assert second["reason"].startswith(SECOND)
    assert "--retain-graph" in second["plain"]
    assert [one["status"] for one in traced("a05_twice", retain_graph=True)["backward"]] == ["ok", "ok"]


def test_a6_gradients_accumulate_or_are_zeroed() -> None:
    assert [one["grads"]["x"] for one in traced("a06_accumulate")["backward"]] == [2.0, 4.0]
    assert [one["grads"]["x"] for one in traced("a06_accumulate", zero_grad=True)["backward"]] == [2.0, 2.0]


def test_a7_no_grad() -> None:
    record = traced("a07_no_grad")
    assert nodes(record, "requires_grad", "grad_fn") == {
        "t": (True, None),
        "y": (True, "PowBackward0"),
        "z": (False, None),
    }
    (backward,) = record["backward"]
    assert (backward["status"], backward["reason"]) == ("refused", UNTRACKED)
    assert backward["plain"].startswith("z has no grad_fn")
    assert nodes(record, "grad_note")["t"] == ("backward was refused",)


def test_a8_detach() -> None:
    record = traced("a08_detach")
    assert nodes(record, "kind", "is_leaf", "requires_grad", "grad_fn") == {
        "t": ("leaf", True, True, None),
        "y": ("intermediate", False, True, "PowBackward0"),
        "d": ("leaf", True, False, None),
        "z": ("output", True, False, None),
    }
    assert {(edge["from"], edge["to"]): edge["operation"] for edge in record["edges"]} == {
        ("y", "t"): "PowBackward0",
        ("d", "y"): None,
        ("z", "d"): None,
    }


def test_a9_leaves() -> None:
    record = traced("a09_leaves")
    assert nodes(record, "is_leaf") == {"t": (True,), "c": (True,), "y": (False,), "d": (True,), "z": (False,)}
    assert grad(record, "t") == 4.0
    assert nodes(record, "grad_note")["c"] == ("no gradient required",)


def test_a10_the_graph_grows() -> None:
    steps = traced("a10_dynamic")["steps"]
    assert [step["statement"] for step in steps] == ["t = 1", "y = t**2", "z = y + 1"]
    assert [[row["name"] for row in step["tree"]] for step in steps] == [["t"], ["y", "t"], ["z", "y", "t"]]
    assert [step["nodes"][-1]["kind"] for step in steps] == ["leaf", "output", "output"]
    assert steps[-1]["nodes"][0]["grad_note"] == "no backward yet"


def test_a11_three_ways_to_one_gradient() -> None:
    record = traced("a11_data")
    assert {name: shape for name, (shape,) in nodes(record, "shape").items()} == {
        "X": [2, 2],
        "y": [2, 1],
        "w": [2, 1],
        "prediction": [2, 1],
        "residual": [2, 1],
        "sse": [],
        "loss": [],
    }
    assert [row["operation"] for row in record["tree"]] == [
        *("DivBackward0", "SumBackward0", "PowBackward0", "SubBackward0", "MmBackward0"),
        None,
    ]
    compare = record["compare"]
    assert grad(record, "w") == compare["autograd"] == compare["formula"] == [[-7.0], [-3.0]]
    assert 0 < compare["largest_difference"] < 1e-8


def did(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["statement"], one["status"]) for one in record["actions"]]


def test_a12_three_backwards_with_a_zero_between() -> None:
    record = traced("a12_three_backwards")
    assert [one["grads"]["x"] for one in record["actions"]] == [2.0, 4.0, 0.0, 2.0]
    assert record["backward"] == []


def test_a13_a_value_that_backward_needs_is_changed() -> None:
    record = traced("a13_in_place")
    change, backward = record["actions"]
    assert (change["status"], change["values"]) == ("ok", {"y": 2.0})
    assert backward["status"] == "refused"
    assert backward["plain"].startswith("y += 1 changed y in place, after z had kept its value for backward;")
    assert "has been modified by an inplace operation" in backward["reason"]
    assert nodes(record, "expression", "value", "grad_fn")["y"] == ("t**2; y += 1", 2.0, "AddBackward0")


def test_a14_a_leaf_is_changed_under_no_grad_alone() -> None:
    record = traced("a14_leaf_in_place")
    assert did(record) == [
        ("L.backward()", "ok"),
        ("w -= 0.25*w.grad", "refused"),
        ("with no_grad: w -= 0.25*w.grad", "ok"),
    ]
    assert record["actions"][1]["reason"] == LEAF_IN_PLACE
    assert record["actions"][1]["plain"].startswith("w is a leaf that requires a gradient")
    assert nodes(record, "value", "grad", "is_leaf")["w"] == (1.0, -4.0, True)


def test_a15_a_hook_changes_a_gradient() -> None:
    record = traced("a15_hook")
    assert (grad(record, "t"), grad(record, "y")) == (40.0, 20.0)
    assert record["actions"][-1]["hooks"] == [{"name": "y", "before": 2.0, "after": 20.0}]
    assert nodes(record, "gradient") == {"t": (40.0,), "y": (20.0,), "z": (1.0,)}


def test_a16_the_derivative_of_a_derivative() -> None:
    record = traced("a16_second_derivative")
    assert nodes(record, "value", "requires_grad") == {
        "t": (3.0, True),
        "y": (27.0, True),
        "dy": (27.0, True),
        "d2y": (18.0, False),
    }
    assert grad(record, "t") is None


def test_a17_data_and_rate_require_gradients() -> None:
    record = traced("a17_all_require_grad")
    w, g, g1 = [0.07, 0.03], [-7.0, -3.0], [-6.2039, -2.6699]
    assert [row[0] for row in nodes(record, "value")["w1"][0]] == pytest.approx(w)
    assert [row[0] for row in nodes(record, "value")["g"][0]] == pytest.approx(g)
    assert nodes(record, "value")["loss1"][0] == pytest.approx(17.7476 / 4)
    assert [row[0] for row in grad(record, "w")] == pytest.approx(g1, abs=1e-4)
    # Minus the product of the gradients at both points: (-7, -3) and (-6.59, -2.83).
    assert grad(record, "rate") == pytest.approx(-(7 * 6.59 + 3 * 2.83))
    assert all(grad(record, name) is not None for name in ("X", "y", "w", "rate"))


# Through a process, in every form.


def gdsolve(*words: str) -> subprocess.CompletedProcess[str]:
    return forked.run("trace", *words)


def test_a_refusal_is_a_result() -> None:
    done = gdsolve(str(SPECS / "a03_intermediate.yaml"), "--repeat", "2", "--format", "json", "--backward-from", "y")
    record = json.loads(done.stdout)
    assert (done.returncode, done.stderr, record["schema"]) == (0, "", "gdsolve.trace/1")
    assert [(one["from"], one["status"]) for one in record["backward"]] == [("y", "ok"), ("y", "refused")]


def test_an_error_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("leaves: {t: 1}\nnodes: {z: t + q}\n")
    done = gdsolve(str(path))
    assert (done.returncode, done.stdout) == (2, "")
    hint = "write it under leaves:, as in q: 1.0, or under nodes: before it; known here: t"
    assert done.stderr == f"gdsolve: error: {path}: nodes.z: column 5: unknown name 'q'\nhint: {hint}\n"


def written(case: str, form: Format, **options: Any) -> str:
    stream = io.StringIO()
    write_record(traced(case, **options), form, stream)
    return stream.getvalue()


def test_the_table_has_tree_reasons_and_plain_words() -> None:
    text = written("a05_twice", Format.TABLE)
    assert (
        "z = y + 2    AddBackward0\n└─ y = t**2  PowBackward0  ∂z/∂y = 1\n   └─ t = 1  leaf          ∂y/∂t = 2\n"
    ) in text
    assert "backward 1 from z: t.grad = 2\n" in text
    assert "backward 2 from z: refused\n" in text
    assert f"PyTorch says    {SECOND}" in text
    assert "none: not a leaf" in text
    assert "after z = y + 1" in written("a10_dynamic", Format.TABLE)
    assert "largest difference" in written("a11_data", Format.TABLE)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("case", sorted(path.stem for path in SPECS.glob("*.yaml")))
def test_a_narrow_terminal_gets_two_tables_of_nodes(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    write_record(traced(case), Format.TABLE, stream)
    text = re.sub("\033\\[[0-9;]*m", "", stream.getvalue())
    assert max(map(len, text.splitlines())) <= 60
    assert "PowBackward0" in text or "MulBackward0" in text


def test_dot_is_a_digraph() -> None:
    assert written("a08_detach", Format.DOT) == (
        'digraph trace {\n  rankdir=BT;\n  "t" [label="t\\n1", shape=box];\n'
        '  "y" [label="y = t**2\\n1", shape=ellipse];\n  "d" [label="d = y (detached)\\n1", shape=box];\n'
        '  "z" [label="z = d**2\\n1", shape=box];\n  "y" -> "t" [label="PowBackward0"];\n'
        '  "d" -> "y" [style=dashed];\n  "z" -> "d" [style=dashed];\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nodes: {z: 1}", "no leaves"),
        ("leaf: {t: 1}", "line 1: unknown key 'leaf'"),
        ("leaves: {t: one}", "line 1: t: 'one' is not a finite number"),
        ("leaves: {t: {values: 1}}", "line 1: t: unknown key 'values'"),
        ("leaves: {t: 1}\nnodes: {t: t}", "line 2: t: given before, on line 1"),
        ("leaves: {sum: 1}\nnodes: {z: 2 + sum(sum)}", "nodes.z: column 5: sum is a function here, and a name"),
        ("leaves: {t.x: 1}", "line 1: leaves: 't.x' is no name"),
        ("leaves: {t: 1}\nbackward_from: u", "backward_from: unknown name 'u'"),
        ("leaves: {t: 1}\nrepeat: -1", "repeat: -1 is not a finite number of at least 0"),
        ("leaves: {t: 1}\nformat: csv", "format: trace does not write csv"),
        ("leaves: {t: 1}\nlr: 1", "line 2: unknown key 'lr'"),
        ("leaves: {t: [1, 2], u: [1, 2, 3]}\nnodes: {z: t + u}", "nodes.z: column 1: +: The size of tensor"),
        ("leaves: {t: 1}\nnodes: {z: t}\ncompare: {formula: t, leaf: v}", "compare: leaf: unknown name 'v'"),
    ],
)
def test_what_is_wrong_with_a_spec(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(GdsolveError) as fault:
        trace(build_trace_spec([str(path)], {}))
    assert fault.value.message.startswith(f"{path}: {message}")
    assert fault.value.hint


def test_options_of_trace_are_no_keys_of_a_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("X: [1, 3]\ny: [2, 4]\nretain_graph: true\n")
    assert run(["fit", str(path)]) == 2
    assert "unknown key 'retain_graph'" in capsys.readouterr().err
    assert run(["fit", "a.csv", "--format", "dot"]) == 2
    assert "format: fit does not write dot" in capsys.readouterr().err


def test_every_spec_is_tested() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [spec.stem for spec in SPECS.glob("*.yaml") if f'"{spec.stem}' not in tested] == []


def test_a_large_graph_is_drawn_whole(tmp_path: Path) -> None:
    """Thirty nodes of ninety additions each: every function of the graph has its row."""
    nodes = {f"n{i}": " + ".join([("t" if i == 0 else f"n{i - 1}")] + ["1"] * 90) for i in range(30)}
    text = "leaves: {t: 1}\nnodes:\n" + "".join(f"  {name}: {formula}\n" for name, formula in nodes.items())
    path = tmp_path / "large.yaml"
    path.write_text(text)
    graph = trace(build_trace_spec([str(path)], {}))
    assert sum(row.operation == "AddBackward0" for row in graph.tree) == 30 * 90
    assert graph.backward[0].grads == {"t": 1.0}
