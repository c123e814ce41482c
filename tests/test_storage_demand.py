"""A demand that makes no tokens: its pods are bought and checked, its energy is said of its own, never per token."""

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from test_several_demands import ONE, TWO, a_brief, a_plan

from prefab.catalog import load_catalog
from prefab.cli.console import demands_tree
from prefab.design import make_design
from prefab.documents import write_one
from prefab.errors import InputError
from prefab.names import check_names
from prefab.plan import read_plan, write_plan
from prefab.projection import make_projection
from prefab.proposal import make_proposal
from prefab.rules import SUPPLY, it_load
from prefab.sizing import make_sized
from prefab.solver import QUICK

STORE = '[[it.demand]]\nname = "store"\nworkload = "storage-general"\n'
TRAINING, INFERENCE = (f"[[it.demand]]{part}" for part in TWO.split("[[it.demand]]")[1:])
THREE = f"{TWO}\n{STORE}"
LOADS = {"training": 3, "inference": 2, "store": 1}


def split(**loads):
    parts = ", ".join(f'{{ demand = "{d}", it_mw = {mw} }}' for d, mw in loads.items())
    return f"it_mw = {sum(loads.values())}\nsplit = [{parts}]"


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


@pytest.fixture(scope="module")
def design(tmp_path_factory, catalog):
    return make_design(a_brief(tmp_path_factory.mktemp("store"), THREE, split(**LOADS)), catalog, "quick")


@pytest.fixture(scope="module")
def plan(design):
    return design.plan


@pytest.fixture(scope="module")
def projection(plan):
    return make_projection(plan)


def with_card(plan, utilisation_frac):
    (card,) = plan.storage_cards
    other = card.model_copy(update={"utilisation_frac": utilisation_frac})
    return plan.model_copy(update={"storage_cards": (other,)})


def racks_mwh(plan, demand, share):
    """By hand: a year of the racks of a demand that are busy to a share day and night."""
    total = 0.0
    for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        it = plan.module(kind.pod).it
        if kind.demand == demand:
            each_kw = it.measured_kw * (it.idle_frac + (1 - it.idle_frac) * share)
            total += counts[-1] * kind.pods * each_kw * 8.76
    return total


def test_its_pods_hold_storage_servers_and_every_rule_is_kept(plan):
    held = {k.demand: plan.module(k.pod).it.accelerator for k in plan.sized.kinds}
    assert held == {"training": "GB300", "inference": "GB200", "store": "storage servers"}
    assert plan.sized.status == "optimal"
    assert [f for rule in SUPPLY for f in rule.check(plan) if not f.kept] == []
    assert [c.key for c in plan.storage_cards] == ["storage-general"]


def test_pods_of_accelerators_do_not_serve_it(plan):
    wrong = tuple(k.model_copy(update={"demand": "store"}) for k in plan.sized.kinds)
    swapped = plan.model_copy(update={"sized": plan.sized.model_copy(update={"kinds": wrong})})
    (found,) = [f for f in it_load.check(swapped) if f.unit == "kinds"]
    assert (found.kept, found.actual) == (False, 2)


def test_its_energy_is_shared_out_with_the_others_and_is_in_no_figure_per_token(plan, projection):
    (store,) = projection.without_tokens
    assert [y.demand for y in projection.yields] == ["training", "inference"]
    assert sum(y.energy_frac for y in projection.yields) + store.energy_frac == pytest.approx(1)
    assert store.site_mwh == pytest.approx(store.energy_frac * projection.site_mwh)
    for y in projection.yields:
        per_mtok = y.energy_frac * projection.site_mwh * 1000 / y.mtok.base
        assert y.tokenergy_kwh_per_mtok.base == pytest.approx(per_mtok)
    racks = racks_mwh(plan, "store", plan.storage_cards[0].utilisation_frac)
    fabric_frac = plan.module("ITS-0116").needed("fabric").kw_per_kw
    assert store.it_mwh == pytest.approx(racks * (1 + fabric_frac), rel=1e-6)
    assert 1.05 < store.site_mwh / store.it_mwh < 1.6
    assert projection.it_mwh > store.it_mwh


def test_busier_storage_changes_its_own_energy_and_hardly_that_of_tokens(plan, projection):
    idle = make_projection(with_card(plan, 0.1))
    (less,), (store,) = idle.without_tokens, projection.without_tokens
    assert less.it_mwh == pytest.approx(store.it_mwh * racks_mwh(plan, "store", 0.1) / racks_mwh(plan, "store", 0.6))
    assert idle.mtok == projection.mtok
    assert idle.tokenergy_kwh_per_mtok.base == pytest.approx(projection.tokenergy_kwh_per_mtok.base, rel=2e-3)


def test_use_of_serving_capacity_in_the_brief_is_not_that_of_storage(plan, projection):
    brief = plan.brief.model_copy(update={"utilisation_frac": 0.3})
    other = make_projection(plan.model_copy(update={"brief": brief}))
    assert other.without_tokens[0].it_mwh == pytest.approx(projection.without_tokens[0].it_mwh)
    assert other.mtok.base < 0.5 * projection.mtok.base


def test_notes_say_what_no_figure_per_token_holds(projection):
    (store,) = projection.without_tokens
    (note,) = [n for n in projection.notes if n.startswith("Without tokens: ")]
    assert f"{store.site_mwh:,.0f} MWh of store" in note
    raised = 100 * (1 / (1 - store.energy_frac) - 1)
    assert f"they would raise the energy of each by {raised:.1f} %" in note
    assert not any("Pods without the accelerator" in n for n in projection.notes)


def test_json_of_design_holds_the_energy_of_every_demand(projection):
    tree = demands_tree(projection)
    assert list(tree) == ["training", "inference", "store"]
    assert sum(d["energy_mwh"] for d in tree.values()) == pytest.approx(projection.site_mwh, abs=0.2)
    assert tree["store"] == {"energy_mwh": pytest.approx(projection.without_tokens[0].site_mwh, abs=0.06)}
    for y in projection.yields:
        assert tree[y.demand]["mtok"] == pytest.approx(y.mtok.base, abs=0.06)
        per_mtok = tree[y.demand]["energy_mwh"] * 1000 / tree[y.demand]["mtok"]
        assert tree[y.demand]["tokenergy_kwh_per_mtok"] == pytest.approx(per_mtok, rel=1e-3)


def squeezed(text):
    return "".join(text.split())


def test_documents_say_energy_and_no_tokens(design, tmp_path):
    proposal = make_proposal(design.plan, design.findings)
    (store,) = proposal.projection.without_tokens
    said = f"no tokens, {store.site_mwh:,.0f} MWh a year"
    assert any(f"store: {said}." in answer for _, answer in proposal.answers)
    for name in ("proposal.pdf", "bom.xlsx", "projection.csv"):
        write_one(proposal, tmp_path, name)
    whole = squeezed(" ".join(page.extract_text() for page in PdfReader(tmp_path / "proposal.pdf").pages))
    for words in (
        f"no tokens: {store.site_mwh:,.0f} MWh a year",
        "Card of store, without tokens",
        "storage servers in",
    ):
        assert squeezed(words) in whole, words
    rows = {r[0].value: r[1].value for r in load_workbook(tmp_path / "bom.xlsx")["Summary"].iter_rows(max_col=2)}
    assert rows["Energy of store, MWh"] == pytest.approx(store.site_mwh, abs=0.06)
    assert "TokEnergy B3 of store, kWh per million tokens" not in rows
    head = (tmp_path / "projection.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert "tokens_inference_m" in head
    assert "tokens_store" not in head


def test_beside_one_demand_with_tokens(tmp_path, catalog):
    """Its tokens are named, and a kilowatt-hour costs the same whoever draws it."""
    plan = a_plan(a_brief(tmp_path, f"{TRAINING}{STORE}", split(training=3, store=1)), catalog)
    projection = make_projection(plan)
    (training,), (store,) = projection.yields, projection.without_tokens
    assert training.energy_frac + store.energy_frac == pytest.approx(1)
    assert projection.of == " of training"
    price = projection.energy_usd_per_mtok / projection.tokenergy_kwh_per_mtok.base
    alone = make_projection(a_plan(a_brief(tmp_path, ONE, "it_mw = 3"), catalog))
    assert price == pytest.approx(alone.energy_usd_per_mtok / alone.tokenergy_kwh_per_mtok.base, rel=0.02)


@pytest.mark.parametrize(
    ("it", "load", "where"),
    [
        (f"{STORE}{TRAINING}", split(store=2, training=3), r"it\.demand\[0\]\.workload"),
        (f"{TRAINING}{STORE}{INFERENCE}", split(training=3, store=2, inference=2), r"it\.demand\[1\]\.workload"),
    ],
    ids=["first", "between"],
)
def test_a_demand_with_tokens_must_come_first(tmp_path, catalog, it, load, where):
    with pytest.raises(InputError, match=f"{where}: 'storage-general' makes no tokens; the first demand must"):
        make_sized(a_brief(tmp_path, it, load), catalog, QUICK)


@pytest.mark.parametrize(
    ("it", "load", "where"),
    [
        ('[it]\nworkload = "storage-general"\n', "it_mw = 2", "it.workload"),
        (STORE, split(store=2), "it.demand[0].workload"),
        (f"{STORE}{STORE.replace('store', 'copy', 1)}", split(store=2, copy=1), "it.demand[0].workload"),
    ],
    ids=["alone", "alone by name", "two"],
)
def test_a_site_of_storage_alone_is_refused_with_the_reason(tmp_path, catalog, it, load, where):
    with pytest.raises(InputError) as error:
        check_names(a_brief(tmp_path, it, load), catalog)
    (mistake,) = error.value.mistakes
    assert mistake == (
        f"brief: {where}: 'storage-general' makes no tokens; a site of storage alone cannot be designed: "
        "one demand must compute tokens"
    )


def test_a_card_with_a_profile_that_is_not_there_is_a_mistake(tmp_path):
    folder = tmp_path / "storage_cards"
    folder.mkdir()
    because = '[[provenance]]\nof = "profile"\nsource = "prefab-judgement"\nbasis = "judgement"\n'
    (folder / "storage-general.toml").write_text(f'profile = "nowhere"\n{because}')
    with pytest.raises(InputError, match="'nowhere' is not in profiles/"):
        load_catalog(tmp_path)


def test_plan_file_keeps_the_card(plan, tmp_path):
    (tmp_path / "plan.json").write_text(write_plan(plan))
    again = read_plan(tmp_path / "plan.json")
    assert again == plan
    assert again.entries_digest_found == plan.entries_digest
    assert with_card(plan, 0.5).entries_digest_found != plan.entries_digest
