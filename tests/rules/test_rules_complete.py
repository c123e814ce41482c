"""Every rule is whole: listed once, tested, explained, and its check shares nothing with the solver's side."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from build import a_brief

from prefab.rules import APPLIED, RULES

FOLDER = Path(__file__).parents[2] / "prefab"
NOT_RULES = {
    "__init__",
    "elements",
    "network",
    "losses",
    "sets",
    "short_circuits",
    "storage_loads",
    "totals",
    "twins",
    "walk",
}
FORBIDDEN = {"columns", "problem", "eligible", "objective", "sizing", "solver"}
FORBIDDEN |= {"placing", "routing", "scheduling", "tasks", "lots"}
TESTED_TOGETHER = "test_limits.py"


def name_of(rule):
    return rule.__name__.rpartition(".")[2]


def test_every_file_is_listed_once():
    files = {p.stem for p in (FOLDER / "rules").glob("*.py")} - NOT_RULES
    listed = [name_of(r) for r in RULES]
    assert sorted(files) == sorted(listed)
    assert len(set(listed)) == len(listed)
    assert {name_of(r) for r in APPLIED} <= set(listed)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_has_a_test_and_words(rule):
    together = (Path(__file__).parent / TESTED_TOGETHER).read_text()
    own = Path(__file__).parent / f"test_{name_of(rule)}.py"
    assert own.is_file() or f"    {name_of(rule)},\n" in together
    assert rule.TITLE
    assert rule.BASIS
    sentence = rule.explain(a_brief())
    assert sentence.endswith(".")
    assert sentence.count("\n") == 0


def functions_of(path):
    return {n.name: n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)}


def reached(functions, start):
    """Functions of one file that `start` calls, directly or through others of the file."""
    found, todo = set(), [start]
    while todo:
        name = todo.pop()
        if name in found or name not in functions:
            continue
        found.add(name)
        todo += [n.id for n in ast.walk(functions[name]) if isinstance(n, ast.Name)]
    return found


def imported(path):
    """Name used in the file -> prefab file it comes from, type-checking imports left out."""
    names = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prefab"):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_check_calls_nothing_of_the_solvers_side(rule):
    path = FOLDER / "rules" / f"{name_of(rule)}.py"
    functions, names = functions_of(path), imported(path)
    for call in reached(functions, "check"):
        used = {n.id for n in ast.walk(functions[call]) if isinstance(n, ast.Name)}
        for name in sorted(used & names.keys()):
            assert names[name].split(".")[1] not in FORBIDDEN, f"check of {name_of(rule)} reaches {names[name]}"


def test_network_imports_nothing_of_the_solvers_side():
    for target in imported(FOLDER / "rules" / "network.py").values():
        assert target.split(".")[1] in {"module", "plan", "physics", "results"}


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_check_and_solver_part_share_no_helper(rule):
    path = FOLDER / "rules" / f"{name_of(rule)}.py"
    functions = functions_of(path)
    checked = reached(functions, "check")
    solved = set().union(*(reached(functions, part) for part in ("apply", "shape", "admit")))
    assert not checked & solved


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_wishes_are_fields_of_the_brief(rule):
    for field in rule.WISHES:
        *sections, name = field.split(".")
        part = a_brief()
        for section in sections:
            part = getattr(part, section)
            part = part[0] if isinstance(part, tuple) else part
        assert name in type(part).model_fields


def test_checks_load_no_solver():
    code = "import sys, prefab.audit; print(sorted(m for m in sys.modules if m.startswith(('ortools', 'pandas'))))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
