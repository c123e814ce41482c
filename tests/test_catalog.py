"""Loading, laying over and checking a catalog."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefab import catalog as catalog_file
from prefab.catalog import Catalog, load_catalog
from prefab.errors import InputError
from prefab.shipped import shipped

CDU = Path("modules/cdu/cdu-1350.toml")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped catalog that stands in for it."""
    tree = tmp_path / "somewhere else" / "catalog"
    shutil.copytree(shipped("catalog"), tree)
    monkeypatch.setattr(catalog_file, "shipped", lambda _name: tree)
    return tree


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def overlay(folder: Path, name: Path, old: str, new: str) -> Path:
    """A folder that holds one edited file of the shipped catalog."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shipped("catalog") / name, target)
    edit(target, old, new)
    return folder


def mistakes_of(*folders: Path) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        load_catalog(*folders)
    return caught.value.mistakes


def test_entries_are_sorted_by_key() -> None:
    catalog = load_catalog()
    for keys in (
        [m.sku for m in catalog.modules],
        [c.key for c in catalog.carriers],
        [c.key for c in catalog.climates],
        [w.key for w in catalog.workloads],
        [t.key for t in catalog.tariffs],
        [s.key for s in catalog.sources],
    ):
        assert keys == sorted(keys)


def test_lookup_by_key_or_key_error() -> None:
    catalog = load_catalog()
    assert catalog.module("CDU-1350").sku == "CDU-1350"
    assert catalog.carrier("coolant").medium == "liquid"
    with pytest.raises(KeyError):
        catalog.module("CDU-1351")
    with pytest.raises(KeyError):
        catalog.carrier("steam")


def test_a_folder_laid_over_replaces_one_module_and_keeps_the_rest(tmp_path: Path) -> None:
    before = load_catalog()
    after = load_catalog(overlay(tmp_path, CDU, "mass_kg = 1600", "mass_kg = 1700"))
    assert before.module("CDU-1350").mass_kg == 1600
    assert after.module("CDU-1350").mass_kg == 1700
    assert [m for m in after.modules if m.sku != "CDU-1350"] == [m for m in before.modules if m.sku != "CDU-1350"]
    assert after.digest() != before.digest()


def test_a_folder_laid_over_may_add_a_module_and_replace_the_costs(tmp_path: Path) -> None:
    overlay(tmp_path, CDU, '"CDU-1350"', '"CDU-1351"')
    (tmp_path / CDU).rename(tmp_path / "modules" / "cdu" / "cdu-1351.toml")
    overlay(tmp_path, Path("costs.toml"), "contingency_frac = 0.1", "contingency_frac = 0.12")
    after = load_catalog(tmp_path)
    assert {m.sku for m in after.modules} - {m.sku for m in load_catalog().modules} == {"CDU-1351"}
    assert after.costs.contingency_frac == 0.12


def test_the_last_folder_wins(tmp_path: Path) -> None:
    first = overlay(tmp_path / "a", CDU, "mass_kg = 1600", "mass_kg = 1700")
    second = overlay(tmp_path / "b", CDU, "mass_kg = 1600", "mass_kg = 1800")
    assert load_catalog(first, second).module("CDU-1350").mass_kg == 1800
    assert load_catalog(second, first).module("CDU-1350").mass_kg == 1700


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path / "nowhere")
    assert "nowhere: no such folder" in mistake


def test_mistakes_of_several_files_come_together(tmp_path: Path) -> None:
    overlay(tmp_path, CDU, "mass_kg = 1600", "mass_kg = -1")
    overlay(tmp_path, Path("costs.toml"), "freight_frac = 0.03", "freight_frac = 3.0")
    overlay(tmp_path, Path("climates/phoenix.toml"), 'country = "US"', 'country = "usa"')
    found = mistakes_of(tmp_path)
    assert len(found) == 3
    line = (tmp_path / CDU).read_text(encoding="utf-8").split("\n").index("mass_kg = -1") + 1
    assert any(f"cdu-1350.toml:{line}: mass_kg" in m for m in found)
    assert any("costs.toml" in m and "freight_frac" in m for m in found)
    assert any("phoenix.toml" in m and "country" in m for m in found)


def test_the_name_of_a_file_is_that_of_its_entry(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(overlay(tmp_path, CDU, '"CDU-1350"', '"CDU-1360"'))
    assert "cdu-1350.toml: sku: 'CDU-1360' differs from the file's name" in mistake


def test_one_entry_in_two_files_of_a_tree_is_a_mistake(copied: Path) -> None:
    (copied / "modules" / "spare").mkdir()
    shutil.copy(copied / CDU, copied / "modules" / "spare" / "cdu-1350.toml")
    (mistake,) = mistakes_of()
    assert "'CDU-1350' stands in another file of the same folder tree too" in mistake


def test_unknown_source(tmp_path: Path) -> None:
    found = mistakes_of(overlay(tmp_path, CDU, 'source = "vertiv-coolchip"', 'source = "hearsay"'))
    assert found == ("CDU-1350: provenance of gives.capacity_kw: source 'hearsay' is not in sources.toml",)


def test_provenance_of_a_figure_that_the_file_does_not_have(tmp_path: Path) -> None:
    found = mistakes_of(overlay(tmp_path, CDU, 'of = "gives.capacity_kw"', 'of = "gives.capacity_mw"'))
    assert found == ("CDU-1350: provenance of gives.capacity_mw: no such key in the file",)


def test_provenance_without_a_default(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(overlay(tmp_path, CDU, 'of = "*"', 'of = "width_mm"'))
    assert "cdu-1350.toml" in mistake
    assert "exactly one entry with of = '*'" in mistake


def test_a_figure_with_two_provenances(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(overlay(tmp_path, CDU, 'of = "mass_kg"', 'of = "price_usd"'))
    assert "no key twice" in mistake


def test_a_source_that_stands_twice(copied: Path) -> None:
    with (copied / "sources.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[source]]\nkey = "reopt"\ntitle = "Again"\ntrust = "none"\n')
    assert mistakes_of() == ("sources.toml: key 'reopt' stands more than once",)


def test_a_carrier_that_stands_twice(copied: Path) -> None:
    edit(copied / "carriers.toml", 'key = "mv_storage"', 'key = "mv_ac"')
    found = mistakes_of()
    assert "carriers.toml: key 'mv_ac' stands more than once" in found
    assert any(m == "BES-5000-2H: carrier 'mv_storage' is not in carriers.toml" for m in found)


def test_unknown_carrier(tmp_path: Path) -> None:
    found = mistakes_of(overlay(tmp_path, CDU, 'carrier = "facility_water"', 'carrier = "steam"'))
    assert found == (
        "CDU-1350: carrier 'steam' is not in carriers.toml",
        "CDU-1350: needs 'steam', which no module gives",
    )


def test_a_need_that_nothing_gives(copied: Path) -> None:
    shutil.rmtree(copied / "modules" / "fuel")
    assert mistakes_of() == tuple(
        f"{sku}: needs 'fuel', which no module gives" for sku in ("GEN-2000", "GEN-2750", "GEN-3000", "GEN-3500")
    )


def test_missing_file_of_the_catalog_itself(copied: Path) -> None:
    (copied / "carriers.toml").unlink()
    (mistake,) = mistakes_of()
    assert mistake.endswith("carriers.toml: no such file")


def test_digest_does_not_depend_on_the_place(copied: Path) -> None:
    elsewhere = load_catalog()
    assert str(copied) not in elsewhere.model_dump_json()
    assert elsewhere.digest() == _shipped_digest()


def test_digest_does_not_depend_on_the_order_of_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_catalog()
    listed = Path.rglob

    def backwards(self: Path, pattern: str) -> Iterator[Path]:
        return iter(sorted(listed(self, pattern), reverse=True))

    monkeypatch.setattr(Path, "rglob", backwards)
    assert load_catalog().digest() == before.digest()


def test_digest_does_not_depend_on_the_order_of_sources_or_carriers(copied: Path) -> None:
    for name, table in (("sources.toml", "[[source]]"), ("carriers.toml", "[[carrier]]")):
        head, *entries = (copied / name).read_text(encoding="utf-8").split(f"{table}\n")
        last, mark, rest = entries[-1].partition("\n[[provenance]]\n")
        parts = [*entries[:-1], last.rstrip("\n") + "\n\n"]
        text = head + "".join(f"{table}\n{p}" for p in reversed(parts)) + mark + rest
        (copied / name).write_text(text, encoding="utf-8")
    assert load_catalog().digest() == _shipped_digest()


def test_digest_follows_the_content(copied: Path) -> None:
    edit(copied / CDU, "mass_kg = 1600", "mass_kg = 1601")
    assert load_catalog().digest() != _shipped_digest()


def _shipped_digest() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog_file, "shipped", shipped)
        catalog: Catalog = load_catalog()
    return catalog.digest()
