"""Folders laid over a catalog: whole files or single keys, which folder wins, and where each figure comes from."""

from pathlib import Path

import overlaid
import pytest
from overlaid import CDU, edit, line_of, mistakes_of, overlay
from small_catalog import patch

from prefab.catalog import Catalog, load_catalog, load_layers

small, quick, before, copied = overlaid.small, overlaid.quick, overlaid.before, overlaid.copied


# Whole files laid over


def test_a_whole_file_replaces_its_module_and_keeps_the_rest(tmp_path: Path, before: Catalog) -> None:
    after = load_catalog(overlay(tmp_path, CDU, "mass_kg = 1600", "mass_kg = 1700"))
    assert before.module("CDU-1350").mass_kg == 1600
    assert after.module("CDU-1350").mass_kg == 1700
    assert [m for m in after.modules if m.sku != "CDU-1350"] == [m for m in before.modules if m.sku != "CDU-1350"]
    assert after.digest() != before.digest()


def test_a_key_left_out_of_a_whole_file_is_gone(tmp_path: Path, before: Catalog) -> None:
    notes = before.module("CDU-1350").notes
    assert notes
    assert load_catalog(overlay(tmp_path, CDU, f'notes = "{notes}"\n', "")).module("CDU-1350").notes == ""


def test_a_folder_may_add_a_module(tmp_path: Path, before: Catalog) -> None:
    overlay(tmp_path, CDU, '"CDU-1350"', '"CDU-1351"')
    (tmp_path / CDU).rename(tmp_path / "modules" / "cdu" / "cdu-1351.toml")
    after = load_catalog(tmp_path)
    assert {m.sku for m in after.modules} - {m.sku for m in before.modules} == {"CDU-1351"}


def test_a_new_entry_is_whole(tmp_path: Path) -> None:
    patch(tmp_path, Path("modules/cdu/cdu-1351.toml"), 'sku = "CDU-1351"\nmass_kg = 1000\n', "mass_kg")
    found = mistakes_of(tmp_path)
    assert any("cdu-1351.toml: family: missing; it must be given" in m for m in found)


# Single keys laid over


def test_a_file_of_a_few_keys_changes_just_these(tmp_path: Path, before: Catalog) -> None:
    text = '[price]\namount = 400_000\n\n[deployment]\nlead_weeks = 20\n\n[lifecycle]\nstatus = "last_order"\n'
    patch(tmp_path, CDU, text + "last_order = 2027-03-31\n", "price.amount", "deployment.lead_weeks")
    after = load_catalog(tmp_path).module("CDU-1350")
    base = before.module("CDU-1350")
    assert after.price.amount == 400_000
    assert after.price.breaks == base.price.breaks, "keys of the same table stay"
    assert after.deployment.lead_weeks == 20
    assert after.deployment.fat_days == base.deployment.fat_days
    assert str(after.lifecycle.last_order) == "2027-03-31"
    same = set(type(base).model_fields) - {"price", "deployment", "lifecycle", "provenance"}
    assert {name for name in same if getattr(after, name) != getattr(base, name)} == set()


def test_its_provenance_takes_the_place_of_the_one_below(tmp_path: Path, before: Catalog) -> None:
    patch(tmp_path, CDU, "[price]\namount = 400_000\n", "price.amount")
    after = load_catalog(tmp_path).module("CDU-1350")
    base = before.module("CDU-1350")
    assert after.source_of("price.amount").note == "Quoted to us."
    assert [p.of for p in after.provenance] == [p.of for p in base.provenance]
    assert after.source_of("mass_kg") == base.source_of("mass_kg")


def test_an_array_of_tables_is_replaced_whole(tmp_path: Path, before: Catalog) -> None:
    patch(tmp_path, CDU, '[[parts]]\nname = "Pump"\nquantity = 2\n', "parts")
    after = load_catalog(tmp_path).module("CDU-1350")
    assert len(before.module("CDU-1350").parts) > 1
    assert [(p.name, p.quantity) for p in after.parts] == [("Pump", 2)]


def test_the_entries_of_one_file_are_laid_over_by_key(tmp_path: Path, before: Catalog) -> None:
    patch(tmp_path, Path("carriers.toml"), '[[carrier]]\nkey = "fuel"\nrun_usd_per_m = 175\n', "carrier.run_usd_per_m")
    after = load_catalog(tmp_path)
    assert after.carrier("fuel").run_usd_per_m == 175
    assert after.carrier("fuel").title == before.carrier("fuel").title
    assert [c for c in after.carriers if c.key != "fuel"] == [c for c in before.carriers if c.key != "fuel"]


def test_the_last_folder_wins_key_by_key(tmp_path: Path, before: Catalog) -> None:
    one = patch(tmp_path / "one", CDU, "mass_kg = 1700\n[price]\namount = 400_000\n", "mass_kg", "price.amount")
    two = patch(tmp_path / "two", CDU, "mass_kg = 1800\n", "mass_kg")
    assert load_catalog(one, two).module("CDU-1350").mass_kg == 1800
    assert load_catalog(one, two).module("CDU-1350").price.amount == 400_000
    assert load_catalog(two, one).module("CDU-1350").mass_kg == 1700
    assert load_catalog(two, two).module("CDU-1350").price == before.module("CDU-1350").price


def test_it_is_known_from_which_folder_a_figure_comes(tmp_path: Path, small: Path) -> None:
    one = patch(tmp_path / "one", CDU, "mass_kg = 1700\n[price]\namount = 400_000\n", "mass_kg", "price.amount")
    two = patch(tmp_path / "two", CDU, "mass_kg = 1800\n", "mass_kg")
    layered = load_layers(one, two)
    assert layered.folders == (small, one, two)
    assert layered.folder_of("modules/cdu-1350", "mass_kg") == two
    assert layered.folder_of("modules/cdu-1350", "price.amount") == one
    for key in ("price.as_of", "gives.capacity_kw", "title"):
        assert layered.folder_of("modules/cdu-1350", key) == small
    assert layered.folder_of("modules/pwm-2500", "mass_kg") == small
    assert layered.module("CDU-1350").place("mass_kg") == f"{two / CDU}:1"
    assert layered.module("CDU-1350").place("price.amount") == f"{one / CDU}:3"


def test_provenance_too_knows_its_folder(tmp_path: Path, small: Path) -> None:
    patch(tmp_path, CDU, "mass_kg = 1800\n", "mass_kg")
    stack = load_layers(tmp_path).module("CDU-1350").stack
    where = {p["of"]: stack.place(("provenance", i, "of")) for i, p in enumerate(stack.tree["provenance"])}
    assert where["mass_kg"] == f"{tmp_path / CDU}:{line_of(tmp_path / CDU, 'of =')}"
    assert all(str(small) in place for of, place in where.items() if of != "mass_kg")


def test_a_changed_figure_brings_its_source(tmp_path: Path) -> None:
    patch(tmp_path, CDU, "mass_kg = 1700\n\n[price]\namount = 400_000\n", "mass_kg")
    assert mistakes_of(tmp_path) == (
        f"{tmp_path / CDU}:4: price.amount: changed without a source; "
        "add [[provenance]] with of = 'price.amount' to this file",
    )


def test_the_source_of_a_table_covers_its_figures(tmp_path: Path) -> None:
    patch(tmp_path, CDU, "[deployment]\nlead_weeks = 20\nfat_days = 4\n", "deployment")
    assert load_catalog(tmp_path).module("CDU-1350").deployment.fat_days == 4


def test_a_figure_that_stays_the_same_needs_no_source(tmp_path: Path, before: Catalog) -> None:
    patch(tmp_path, CDU, f"mass_kg = {before.module('CDU-1350').mass_kg}\n")
    assert load_catalog(tmp_path) == before


def test_words_and_dates_need_no_source(tmp_path: Path) -> None:
    patch(tmp_path, CDU, 'title = "Ours"\n[price]\nas_of = 2026-09-30\n[lifecycle]\nstatus = "withdrawn"\n')
    after = load_catalog(tmp_path).module("CDU-1350")
    assert (after.title, after.lifecycle.status) == ("Ours", "withdrawn")


def test_figures_inside_arrays_need_their_source_too(tmp_path: Path) -> None:
    patch(tmp_path, CDU, "[[gives]]\ncarrier = 'coolant'\ncapacity_kw = 1200\n")
    (mistake,) = mistakes_of(tmp_path)
    assert mistake.startswith(f"{tmp_path / CDU}:3: gives.capacity_kw: changed without a source")


def test_an_empty_array_has_no_figures(tmp_path: Path) -> None:
    assert load_catalog(patch(tmp_path, CDU, "parts = []\n")).module("CDU-1350").parts == ()


def test_mistakes_name_the_file_and_line_of_their_layer(tmp_path: Path) -> None:
    one = patch(tmp_path / "one", CDU, "\nmass_kg = -1\n", "mass_kg")
    two = patch(tmp_path / "two", CDU, "\n\n[price]\namuont = 5\n", "price")
    found = mistakes_of(one, two)
    assert len(found) == 2
    assert f"{one / CDU}:2: mass_kg: input should be greater than 0 (given: -1)" in found
    assert f"{two / CDU}:4: price.amuont: unknown key; did you mean amount?" in found


def test_what_is_missing_in_a_list_is_missing_in_the_file_that_gives_the_list(tmp_path: Path) -> None:
    patch(tmp_path, CDU, 'title = "Ours"\n\n[[gives]]\ncarrier = "coolant"\n', "gives")
    (mistake,) = mistakes_of(tmp_path)
    assert mistake.startswith(f"{tmp_path / CDU}:3: gives[0]: give exactly one of capacity_kw")


def test_a_mistake_below_keeps_its_own_file(copied: Path, tmp_path: Path) -> None:
    edit(copied / CDU, "mass_kg = 1600", "mass_kg = -1")
    (mistake,) = mistakes_of(patch(tmp_path / "over", CDU, 'title = "Ours"\n'), base=copied)
    assert mistake.startswith(f"{copied / CDU}:{line_of(copied / CDU, 'mass_kg')}: mass_kg: ")


def test_sources_of_all_folders_add_up(tmp_path: Path, before: Catalog) -> None:
    (tmp_path / "sources").mkdir()
    text = '[[source]]\nkey = "quote-7"\ntitle = "Quotation 7"\ndate = "2026-10"\n'
    # The name of a file below hides nothing of it.
    (tmp_path / "sources" / "general.toml").write_text(text, encoding="utf-8")
    patch(tmp_path, CDU, "mass_kg = 1700\n", "mass_kg")
    edit(tmp_path / CDU, "prefab-judgement", "quote-7")
    after = load_catalog(tmp_path)
    assert {s.key for s in after.sources} == {s.key for s in before.sources} | {"quote-7"}
    assert after.module("CDU-1350").source_of("mass_kg").source == "quote-7"


def test_a_source_of_an_upper_folder_replaces_one_of_the_same_key(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    text = '[[source]]\nkey = "prefab-judgement"\ntitle = "Somebody else"\ndate = "2026-10"\n'
    (tmp_path / "sources" / "a.toml").write_text(text, encoding="utf-8")
    found = {s.key: s.title for s in load_catalog(tmp_path).sources}
    assert found["prefab-judgement"] == "Somebody else"


# Mistakes


def test_keys_laid_over_a_module_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "modules/cdu/cdu-1351.toml"
    patch(tmp_path, path.relative_to(tmp_path), "[price]\namount = 5\n", "price.amount")
    (mistake,) = mistakes_of(tmp_path)
    assert mistake == f"{path}: lies over nothing: there is no modules/cdu-1351 below; did you mean modules/cdu-1350?"


def test_keys_laid_over_a_file_that_cannot_be_read_are_no_mistake_of_their_own(tmp_path: Path) -> None:
    lower, upper = tmp_path / "lower", tmp_path / "upper"
    patch(lower, Path("modules/cdu/our-1.toml"), "mass_kg = \n")
    patch(upper, Path("modules/cdu/our-1.toml"), "mass_kg = 5\n", "mass_kg")
    assert not [m for m in mistakes_of(lower, upper) if "lies over nothing" in m]


@pytest.mark.parametrize(
    "text",
    [
        'provenance = "none"',
        "provenance = [1, 2]",
        "[[provenance]]\nof = ['mass_kg']",
        "[[provenance]]\nsource = 'x'",
        "price = 5",
        "gives = { carrier = 'coolant' }",
        "gives = [[1]]",
        "losses = { points = [[[1]]] }",
        "sku = 7",
        "mass_kg = 1e400",
        "mass_kg = nan",
        "mass_kg = 99999999999999999999999999",
        "x = " + "[" * 100_000,
        "x = " + "{a=" * 5_000,
        'title = "a\\u202eb"',
        "=",
    ],
)
def test_an_overlay_of_any_shape_is_refused_and_never_crashes(tmp_path: Path, text: str) -> None:
    found = mistakes_of(patch(tmp_path, CDU, text + "\n"))
    assert all(m.startswith(f"{tmp_path / CDU}:") for m in found)
