"""The stored layouts: clean, of the cost they claim, made from their own brief, and found again by today's program."""

import tomllib
from functools import cache

import pytest
from refresh_layouts import LATER, LAYOUTS, stored_whole

from prefab.audit import audit, broken, text_of
from prefab.brief import read_brief
from prefab.design import make_design
from prefab.effects import make_effects
from prefab.placing import make_placed
from prefab.plan import read_plan
from prefab.scheduling import make_scheduled
from prefab.sizing import make_sized
from prefab.solver import FULL, QUICK

FOLDERS = sorted(p.parent for p in LAYOUTS.glob("*/brief.toml"))
SIZED_AGAIN_UP_TO_MW = 60
RULES_OF_A_WHOLE_PLAN = {"claims", "contingencies", "feeds", "clearance", "runs", "schedule"}


@cache
def brief_of(folder):
    return read_brief(folder / "brief.toml")


@cache
def plan_of(folder):
    return read_plan(folder / "plan.json")


def mw(folder):
    return brief_of(folder).it_kw / 1000


WHOLE = [f for f in FOLDERS if stored_whole(brief_of(f))]
SMALLEST = min(FOLDERS, key=mw)


def each(folders, ordinary=lambda folder: True):
    """A case for each layout; those that are not ordinary are slow."""
    return [pytest.param(f, id=f.name, marks=() if ordinary(f) else pytest.mark.slow) for f in folders]


def test_every_size_and_climate_is_there():
    assert [f.name for f in FOLDERS] == [
        "arctic-40mw", "campus-200mw", "dc800-50mw", "desert-30mw", "edge-1mw", "edge-2mw", "gigawatt",
        "highland-15mw", "inference-60mw", "limited-50mw", "texas-100mw", "training-20mw", "tropics-25mw",
    ]  # fmt: skip
    assert (min(map(mw, FOLDERS)), max(map(mw, FOLDERS))) == (1, 1000)
    assert len({brief_of(f).site.climate for f in FOLDERS}) >= 6


@pytest.mark.parametrize("folder", each(FOLDERS))
def test_audit_is_clean(folder):
    plan = plan_of(folder)
    findings = audit(plan)
    assert [text_of(f) for f in broken(findings)] == []
    assert {type(f.kept) for f in findings} == {bool}
    whole = stored_whole(brief_of(folder))
    assert {getattr(plan, section) is not None for section in LATER} == {whole}
    assert {f.rule for f in findings} >= (RULES_OF_A_WHOLE_PLAN if whole else {"claims"})


@pytest.mark.parametrize("folder", each(FOLDERS))
def test_plan_carries_its_brief_and_is_not_large(folder):
    assert plan_of(folder).brief == brief_of(folder)
    assert (folder / "plan.json").stat().st_size < 8e6


@pytest.mark.parametrize("folder", each(FOLDERS, lambda f: mw(f) <= SIZED_AGAIN_UP_TO_MW))
def test_sized_again_at_the_expected_cost(folder, catalog):
    effort = QUICK if mw(folder) <= SIZED_AGAIN_UP_TO_MW else FULL
    sized = make_sized(brief_of(folder), catalog, effort)
    want = tomllib.loads((folder / "expected.toml").read_text())
    found = {"status": sized.status, "objective_usd": sized.objective_usd, "bound_usd": sized.bound_usd}
    assert found == want
    assert sized.objective_usd == plan_of(folder).sized.objective_usd


@pytest.mark.parametrize("folder", each(WHOLE, lambda f: f == SMALLEST))
def test_placed_and_scheduled_again(folder, catalog):
    """Today's catalog gives the same land; at quick effort no later date than the stored plan's proof allows."""
    plan = plan_of(folder)
    modules = {m.sku: m for m in catalog.modules}
    assert make_placed(plan.brief, catalog.basis, modules, plan.connected.equipment) == plan.placed
    scheduled = make_scheduled(plan.brief, catalog.basis, modules, plan.connected.equipment, QUICK)
    assert scheduled.objective_days >= plan.scheduled.bound_days
    assert plan.scheduled.objective_days >= scheduled.bound_days


@pytest.mark.slow
@pytest.mark.parametrize("folder", each([f for f in FOLDERS if f not in WHOLE]))
def test_what_is_stored_as_sized_can_be_designed(folder, catalog):
    design = make_design(brief_of(folder), catalog, "quick")
    assert broken(design.findings) == ()
    assert {f.rule for f in design.findings} >= RULES_OF_A_WHOLE_PLAN


def test_effects_of_a_catalog_need_no_connections(tmp_path, catalog):
    """`catalog diff --layouts` reads the smallest layout's plan as it would be stored as sized."""
    folder = tmp_path / SMALLEST.name
    folder.mkdir()
    sized = plan_of(SMALLEST).model_copy(update=dict.fromkeys(LATER))
    (folder / "plan.json").write_text(sized.model_dump_json())
    (folder / "brief.toml").write_text((SMALLEST / "brief.toml").read_text())
    (effect,) = make_effects(tmp_path, catalog)
    assert effect.is_empty, effect


def test_example_is_the_training_layout():
    example = LAYOUTS.parent / "examples" / "training-20mw.toml"
    assert read_brief(example) == brief_of(next(f for f in FOLDERS if f.name == "training-20mw"))
