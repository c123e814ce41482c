"""The stored layouts: clean, of the cost they claim, made from their own brief, and found again by today's program."""

import tomllib
from pathlib import Path

import pytest

from prefab.audit import audit, broken, text_of
from prefab.brief import read_brief
from prefab.catalog import load_catalog
from prefab.plan import read_plan
from prefab.sizing import make_sized
from prefab.solver import QUICK

FOLDERS = sorted(p.parent for p in (Path(__file__).parents[1] / "layouts").glob("*/brief.toml"))
NAMES = [f.name for f in FOLDERS]


def expected(folder):
    return tomllib.loads((folder / "expected.toml").read_text())


def test_there_are_three():
    assert NAMES == ["edge-2mw", "inference-60mw", "training-20mw"]


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_audit_is_clean(folder):
    findings = audit(read_plan(folder / "plan.json"))
    assert [text_of(f) for f in broken(findings)] == []
    assert {f.rule for f in findings} >= {"claims", "contingencies", "feeds", "clearance", "runs", "schedule"}


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_plan_carries_its_brief(folder):
    assert read_plan(folder / "plan.json").brief == read_brief(folder / "brief.toml")


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_sized_again_at_the_expected_cost(folder):
    sized = make_sized(read_brief(folder / "brief.toml"), load_catalog(), QUICK)
    stored = read_plan(folder / "plan.json").sized
    want = expected(folder)
    assert (sized.status, sized.objective_usd, sized.bound_usd) == (
        want["status"],
        want["objective_usd"],
        want["bound_usd"],
    )
    assert sized.objective_usd == stored.objective_usd


def test_example_is_the_training_layout():
    example = Path(__file__).parents[1] / "examples" / "training-20mw.toml"
    layout = next(f for f in FOLDERS if f.name == "training-20mw")
    assert read_brief(example) == read_brief(layout / "brief.toml")
