"""Loading a catalog and laying folders over it: single keys change, every mistake is named, and so is every layer."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_catalog import patch, write_small

from prefab import catalog as catalog_file
from prefab.catalog import Catalog, load_catalog, load_layers
from prefab.errors import InputError
from prefab.shipped import shipped

CDU = Path("modules/cdu/cdu-1350.toml")
PWM = Path("modules/power/pwm-2500.toml")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(autouse=True)
def _quick(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the shipped catalog stands in for the whole."""
    monkeypatch.setattr(catalog_file, "shipped", lambda _name: small)


@pytest.fixture(scope="module")
def before(small: Path) -> Catalog:
    return load_catalog(base=small)


@pytest.fixture
def copied(tmp_path: Path, small: Path) -> Path:
    """A copy to spoil, given as `base`."""
    tree = tmp_path / "somewhere else" / "catalog"
    shutil.copytree(small, tree)
    return tree


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def overlay(folder: Path, name: Path, old: str, new: str) -> Path:
    """A folder that holds one edited whole file of the shipped catalog."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shipped("catalog") / name, target)
    edit(target, old, new)
    return folder


def line_of(path: Path, start: str) -> int:
    lines = path.read_text(encoding="utf-8").split("\n")
    return next(i for i, line in enumerate(lines, 1) if line.startswith(start))


def mistakes_of(*folders: Path, base: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        load_catalog(*folders, base=base)
    return caught.value.mistakes


# What a catalog is


def test_entries_are_sorted_by_key(before: Catalog) -> None:
    for keys in (
        [m.sku for m in before.modules],
        [c.key for c in before.carriers],
        [c.key for c in before.climates],
        [w.key for w in before.workloads],
        [t.key for t in before.tariffs],
        [s.key for s in before.sources],
    ):
        assert keys
        assert keys == sorted(keys)


def test_lookup_by_key_or_key_error(before: Catalog) -> None:
    assert before.module("CDU-1350").sku == "CDU-1350"
    assert before.carrier("coolant").medium == "liquid"
    with pytest.raises(KeyError):
        before.module("CDU-1351")
    with pytest.raises(KeyError):
        before.carrier("steam")


def test_digest_does_not_depend_on_the_place(copied: Path, before: Catalog) -> None:
    elsewhere = load_catalog(base=copied)
    assert str(copied) not in elsewhere.model_dump_json()
    assert elsewhere.digest() == before.digest()


def test_digest_does_not_depend_on_the_order_of_listing(monkeypatch: pytest.MonkeyPatch, before: Catalog) -> None:
    listed = Path.rglob

    def backwards(self: Path, pattern: str) -> Iterator[Path]:
        return iter(sorted(listed(self, pattern), reverse=True))

    monkeypatch.setattr(Path, "rglob", backwards)
    assert load_catalog().digest() == before.digest()


def test_digest_does_not_depend_on_the_order_of_carriers(copied: Path, before: Catalog) -> None:
    path = copied / "carriers.toml"
    head, *entries = path.read_text(encoding="utf-8").split("[[carrier]]\n")
    last, mark, rest = entries[-1].partition("\n[[provenance]]\n")
    parts = [*entries[:-1], last.rstrip("\n") + "\n\n"]
    path.write_text(head + "".join(f"[[carrier]]\n{p}" for p in reversed(parts)) + mark + rest, encoding="utf-8")
    assert load_catalog(base=copied).digest() == before.digest()


def test_digest_follows_the_content(copied: Path, before: Catalog) -> None:
    edit(copied / CDU, "mass_kg = 1600", "mass_kg = 1601")
    assert load_catalog(base=copied).digest() != before.digest()


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


# Currencies


def test_a_price_in_another_currency_is_worth_its_rate(tmp_path: Path, before: Catalog) -> None:
    patch(tmp_path, CDU, '[price]\namount = 300_000\ncurrency = "EUR"\n', "price.amount")
    after = load_catalog(tmp_path).module("CDU-1350")
    rate = before.currencies.usd_per_unit("EUR")
    assert rate != 1
    assert after.price_usd == pytest.approx(300_000 * rate)


def test_rates_of_an_overlay_count(tmp_path: Path) -> None:
    patch(tmp_path, CDU, '[price]\namount = 300_000\ncurrency = "XTS"\n', "price.amount")
    text = 'as_of = 2026-10-01\n\n[[rate]]\ncode = "XTS"\ntitle = "Test"\nusd_per_unit = 2.0\n'
    patch(tmp_path, Path("currencies.toml"), text, "*")
    assert load_catalog(tmp_path).module("CDU-1350").price_usd == 600_000


def test_unknown_currency(tmp_path: Path) -> None:
    patch(tmp_path, CDU, '[price]\namount = 300_000\ncurrency = "XTS"\n', "price.amount")
    (mistake,) = mistakes_of(tmp_path)
    assert mistake.startswith(f"{tmp_path / CDU}:3: price.currency: 'XTS' has no rate; allowed: ")
    assert "USD" in mistake


def test_the_rate_stands_in_its_table_only(tmp_path: Path) -> None:
    patch(tmp_path, CDU, "[price]\nusd_per_unit = 1.1\n", "price.usd_per_unit")
    (mistake,) = mistakes_of(tmp_path)
    assert mistake.startswith(f"{tmp_path / CDU}:2: price.usd_per_unit: comes from currencies.toml")


# Mistakes


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path / "nowhere")
    assert "nowhere: no such folder" in mistake


def test_a_file_that_belongs_to_nothing(tmp_path: Path) -> None:
    patch(tmp_path, Path("modlues/cdu/cdu-1350.toml"), "mass_kg = 5\n")
    patch(tmp_path, Path("price.toml"), "amount = 5\n")
    (tmp_path / "README.md").write_text("Ours.\n")
    found = mistakes_of(tmp_path)
    assert [m.partition(": ")[0] for m in found] == [
        str(tmp_path / "modlues/cdu/cdu-1350.toml"),
        str(tmp_path / "price.toml"),
    ]
    assert all("belongs to nothing in a catalog; allowed: accelerators" in m for m in found)


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


def test_mistakes_of_several_files_come_together(tmp_path: Path) -> None:
    overlay(tmp_path, CDU, "mass_kg = 1600", "mass_kg = -1")
    patch(tmp_path, Path("costs.toml"), "contingency_frac = 3.0\n", "contingency_frac")
    overlay(tmp_path, Path("climates/phoenix.toml"), 'country = "US"', 'country = "usa"')
    patch(tmp_path, PWM, "mass_kg = \n", "mass_kg")
    found = mistakes_of(tmp_path)
    assert len(found) == 4
    assert any(f"cdu-1350.toml:{line_of(tmp_path / CDU, 'mass_kg = -1')}: mass_kg" in m for m in found)
    assert any("costs.toml:1: contingency_frac" in m for m in found)
    assert any("phoenix.toml" in m and "country" in m for m in found)
    assert any("pwm-2500.toml: not valid TOML" in m and "line 1" in m for m in found)


def test_the_name_of_a_file_is_that_of_its_entry(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(patch(tmp_path, CDU, 'sku = "CDU-1360"\n'))
    assert mistake.startswith(f"{tmp_path / CDU}:1: sku: 'CDU-1360' differs from the file's name")


def test_one_entry_in_two_files_of_a_tree_is_a_mistake(copied: Path) -> None:
    (copied / "modules" / "spare").mkdir()
    shutil.copy(copied / CDU, copied / "modules" / "spare" / "cdu-1350.toml")
    (mistake,) = mistakes_of(base=copied)
    assert "'cdu-1350' stands in" in mistake
    assert "spare" in mistake


def test_unknown_source(tmp_path: Path) -> None:
    patch(tmp_path, CDU, "mass_kg = 1700\n", "mass_kg")
    edit(tmp_path / CDU, "prefab-judgement", "hearsay")
    line = line_of(tmp_path / CDU, "source =")
    (mistake,) = mistakes_of(tmp_path)
    assert mistake.startswith(f"{tmp_path / CDU}:{line}: provenance[")
    assert mistake.endswith("source: 'hearsay' (of mass_kg) is unknown; a key of sources/ is allowed")


@pytest.mark.parametrize("of", ["gives.capacity_mw", "mass", "engine.start_s", "price.amount.usd"])
def test_provenance_of_a_figure_that_the_file_does_not_have(tmp_path: Path, of: str) -> None:
    (mistake,) = mistakes_of(patch(tmp_path, CDU, "", of))
    assert mistake.startswith(f"{tmp_path / CDU}:3: provenance[")
    assert mistake.endswith(f"of: {of!r} is no key of the file; a key, a table or '*' is allowed")


def test_provenance_without_a_default(copied: Path) -> None:
    edit(copied / CDU, 'of = "*"', 'of = "width_mm"')
    (mistake,) = mistakes_of(base=copied)
    assert "cdu-1350.toml" in mistake
    assert "exactly one entry with of = '*'" in mistake


def test_a_figure_with_two_provenances(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(overlay(tmp_path, CDU, 'of = "mass_kg"', 'of = "price.amount"'))
    assert "no key twice" in mistake


def test_a_source_that_stands_twice(copied: Path) -> None:
    with (copied / "sources" / "zz.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[source]]\nkey = "prefab-judgement"\ntitle = "Again"\n')
    (mistake,) = mistakes_of(base=copied)
    assert mistake.endswith("zz.toml:3: key: 'prefab-judgement' stands more than once; once is allowed")


def test_a_carrier_that_stands_twice_and_one_that_is_gone(copied: Path) -> None:
    edit(copied / "carriers.toml", 'key = "mv_storage"', 'key = "mv_ac"')
    found = mistakes_of(base=copied)
    assert any("carriers.toml" in m and "'mv_ac' stands more than once" in m for m in found)
    assert any("bes-5000-2h.toml" in m and "gives[0].carrier: 'mv_storage' is unknown" in m for m in found)


def test_unknown_carrier(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(overlay(tmp_path, CDU, 'carrier = "critical_ac"', 'carrier = "steam"'))
    line = line_of(tmp_path / CDU, 'carrier = "steam"')
    assert (
        mistake == f"{tmp_path / CDU}:{line}: needs[1].carrier: 'steam' is unknown; a key of carriers.toml is allowed"
    )


def test_a_needed_carrier_that_nothing_gives(copied: Path) -> None:
    shutil.rmtree(copied / "modules" / "control")
    found = mistakes_of(base=copied)
    assert all("carrier: 'control' is given by no module" in m for m in found)
    assert any(m.startswith(f"{copied / CDU}:") for m in found)


def test_a_composite_of_nothing(tmp_path: Path) -> None:
    patch(tmp_path, PWM, '[[contains]]\nsku = "UPS-9999"\nquantity = 1\n', "contains")
    found = mistakes_of(tmp_path)
    assert found == (f"{tmp_path / PWM}:2: contains[0].sku: 'UPS-9999' is unknown; the SKU of a module is allowed",)


def test_a_card_without_its_accelerator(copied: Path) -> None:
    (copied / "accelerators" / "gb300.toml").unlink()
    found = mistakes_of(base=copied)
    assert found
    assert all("/workloads/" in m and "'GB300' is not in accelerators/" in m for m in found)


def test_missing_file_of_the_catalog_itself(copied: Path) -> None:
    (copied / "carriers.toml").unlink()
    (mistake,) = mistakes_of(base=copied)
    assert mistake.endswith("carriers.toml: no such file")


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


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / CDU).mkdir(parents=True)
    (mistake,) = mistakes_of(tmp_path)
    assert mistake.startswith(f"{tmp_path / CDU}: cannot be read")
