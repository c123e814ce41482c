"""Loading a catalog: its order and digest, its currencies, and every mistake named with its file and line."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import overlaid
import pytest
from overlaid import CDU, PWM, edit, line_of, mistakes_of, overlay
from small_catalog import patch

from prefab.catalog import Catalog, load_catalog

small, quick, before, copied = overlaid.small, overlaid.quick, overlaid.before, overlaid.copied


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


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / CDU).mkdir(parents=True)
    (mistake,) = mistakes_of(tmp_path)
    assert mistake.startswith(f"{tmp_path / CDU}: cannot be read")
