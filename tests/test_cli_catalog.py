"""The commands `prefab catalog …`: what they print, their exit codes, and that bad input changes nothing."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from prefab.cli import main
from prefab.shipped import shipped


@pytest.fixture
def prefab(capsys):
    """Run a command inside this process: exit code, standard output, standard error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in ("catalog", *arguments)])
        done = capsys.readouterr()
        return left.value.code or 0, done.out, done.err

    return run


PRICES = "sku,price,currency,price_date\nPWM-1500,{price},USD,2026-10-01\n"


# List


def listed(prefab, *arguments):
    code, out, err = prefab("list", "--json", *arguments)
    assert code == 0, err
    return json.loads(out)


@pytest.mark.parametrize(
    ("arguments", "holds"),
    [
        (["--family", "power"], lambda m: m["family"] == "power"),
        (["--carrier", "coolant"], lambda m: "coolant" in [g["carrier"] for g in m["gives"]]),
        (["--maker", "generic"], lambda m: m["manufacturer"] == "generic"),
        (["--region", "japan"], lambda m: not m["regions"] or "japan" in m["regions"]),
        (["--status", "active"], lambda m: m["status"] == "active"),
        (["--text", "LITHIUM"], lambda m: True),
        (["--family", "power", "--carrier", "critical_ac"], lambda m: m["family"] == "power"),
    ],
)
def test_filters(prefab, catalog, arguments, holds):
    found = listed(prefab, *arguments)
    assert found
    assert all(holds(m) for m in found)
    assert len(found) < len(catalog.modules) or arguments[0] in ("--maker", "--region", "--status")


def test_text_is_found_in_the_title(prefab, catalog):
    want = {m.sku for m in catalog.modules if "lithium" in (m.sku + m.title + m.manufacturer + m.notes).lower()}
    assert {m["sku"] for m in listed(prefab, "--text", "lithium")} == want


@pytest.mark.parametrize(
    ("sort", "key"),
    [("price", "price_usd"), ("lead", "lead_weeks"), ("mass", "mass_kg"), ("sku", "sku"), ("family", "family")],
)
def test_sorts(prefab, catalog, sort, key):
    values = [m[key] for m in listed(prefab, "--sort", sort)]
    assert values == sorted(values)
    assert len(values) == len(catalog.modules)


def test_json_holds_the_main_figures(prefab, catalog):
    (found,) = (m for m in listed(prefab) if m["sku"] == "PWM-1500")
    module = catalog.module("PWM-1500")
    assert found["price_usd"] == module.price_usd
    assert found["price_low"] < found["price"] < found["price_high"]
    assert found["lead_low_weeks"] < found["lead_weeks"] < found["lead_high_weeks"]
    assert (found["mass_kg"], found["length_mm"]) == (module.mass_kg, module.length_mm)
    assert found["gives"][0]["capacity_kw"] == 1500


@pytest.mark.parametrize("columns", ["40", "80", "120", "300"])
def test_lines_fit(prefab, catalog, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    head, *lines = prefab("list")[1].splitlines()
    assert head.split() == ["SKU", "family", "title", "USD", "weeks", "kg"]
    assert len(lines) == len(catalog.modules)
    assert max(map(len, lines)) <= max(80, min(120, int(columns)))
    assert len({len(line) for line in (head, *lines)}) == 1


@pytest.mark.parametrize("arguments", [[], ["--family", "power"]])
def test_titles_can_be_read_in_80_columns(prefab, catalog, monkeypatch, arguments):
    monkeypatch.setenv("COLUMNS", "80")
    for line in prefab("list", *arguments)[1].splitlines()[1:]:
        module = catalog.module(line.split()[0])
        if module.lifecycle.status == "active":
            assert module.title[: 36 if arguments else 16] in line


def test_list_says_what_is_by_the_metre_and_what_is_not_active(prefab, catalog):
    lines = {line.split()[0]: line for line in prefab("list")[1].splitlines()[1:]}
    for module in catalog.modules:
        assert ("/m " in lines[module.sku]) == (module.stands == "per_metre")
        assert ("preview: " in lines[module.sku]) == (module.lifecycle.status == "preview")


def test_list_keeps_small_masses(prefab, catalog):
    (line,) = (x for x in prefab("list")[1].splitlines() if x.startswith("CAP-020"))
    assert line.split()[-1] == f"{catalog.module('CAP-020').mass_kg:,.0f}"


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("--family", "powr", "did you mean power"),
        ("--carrier", "coolent", "did you mean coolant"),
        ("--maker", "generik", "did you mean generic?"),
        ("--region", "europe", "--region: 'europe' is not in the catalog"),
        ("--status", "old", "active"),
        ("--sort", "colour", "price"),
    ],
)
def test_wrong_filters(prefab, option, value, text):
    code, _, err = prefab("list", option, value)
    assert code == 2
    assert text in err


# Show


def test_show_says_everything_of_a_figure(prefab, catalog):
    code, out, _ = prefab("show", "pwm-1500")
    assert code == 0
    module = catalog.module("PWM-1500")
    p = module.source_of("price.amount")
    (line,) = (x for x in out.splitlines() if x.strip().startswith("price.amount"))
    assert f"{module.price.amount:,.0f} ({p.low:,.0f} to {p.high:,.0f})" in line
    assert p.basis in line
    source = next(s for s in catalog.sources if s.key == p.source)
    for text in (source.title, source.date, source.url, p.note):
        assert text in out


def test_show_json_has_a_source_for_every_figure(prefab, catalog):
    figures = json.loads(prefab("show", "PWM-1500", "--json")[1])["figures"]
    numbers = [f for f in figures if isinstance(f["value"], int | float) and not isinstance(f["value"], bool)]
    assert len(numbers) > 20
    assert all(f["source"]["title"] and f["basis"] and f["layer"] for f in numbers)
    by_key = {f["key"]: f for f in figures}
    assert by_key["gives[critical_ac].capacity_kw"]["value"] == 1500


def test_show_says_the_layer(prefab, tmp_path):
    write_prices(tmp_path, 1_900_000)
    assert prefab("import", tmp_path / "p.csv", "--into", tmp_path / "over", "--source", "prefab-modules")[0] == 0
    _, out, _ = prefab("show", "PWM-1500", "--catalog", tmp_path / "over")
    lines = {line.split(":")[0].strip(): line for line in out.splitlines()}
    assert lines["price.amount"].endswith(f"from {tmp_path / 'over'}")
    assert lines["mass_kg"].endswith(f"from {shipped('catalog')}")
    figures = json.loads(prefab("show", "PWM-1500", "--catalog", tmp_path / "over", "--json")[1])["figures"]
    assert {f["key"]: f["layer"] for f in figures}["price.amount"] == str(tmp_path / "over")


def test_show_says_maker_status_and_place_where_the_file_leaves_them_out(prefab, catalog):
    usual = next(m for m in catalog.modules if not m.model_fields_set & {"manufacturer", "lifecycle"})
    assert prefab("show", usual.sku)[1].splitlines()[1].split(", ")[:2] == [usual.family, "generic"]
    assert prefab("show", usual.sku)[1].splitlines()[1].endswith(", active")


def test_every_figure_of_show_has_a_name_of_its_own(prefab, catalog):
    for sku in ("ITK-2400", "PWM-1500", "MVS-12"):
        keys = [f["key"] for f in json.loads(prefab("show", sku, "--json")[1])["figures"]]
        assert len(keys) == len(set(keys)), sku


def test_show_of_nothing(prefab):
    code, _, err = prefab("show", "PWM-150")
    assert code == 2
    assert "did you mean PWM-1500" in err


# Check and schema


def test_the_shipped_catalog_is_in_order(prefab, catalog):
    code, out, _ = prefab("check", "--as-of", "2026-11-23", "--dead")
    assert code == 0, out
    assert out.startswith(f"in order: {len(catalog.modules)} modules in")


def test_check_names_every_mistake_of_an_overlay(prefab, tmp_path):
    module = tmp_path / "modules" / "power" / "pwm-1500.toml"
    module.parent.mkdir(parents=True)
    module.write_text("mass_kg = 1\nlenght_mm = 3\n")
    code, out, _ = prefab("check", "--as-of", "2026-11-23", "--catalog", tmp_path)
    assert code == 1
    assert "pwm-1500.toml:2: lenght_mm: unknown key; did you mean length_mm?" in out
    assert "changed without a source" in out


def test_check_of_a_folder_that_is_not_there(prefab, tmp_path):
    code, _, err = prefab("check", "--as-of", "2026-11-23", "--catalog", tmp_path / "nowhere")
    assert code == 2
    assert f"{tmp_path / 'nowhere'}: no such folder; --catalog takes" in err


def test_check_dead_and_json(prefab, tmp_path):
    module = tmp_path / "modules" / "power" / "pwm-1500.toml"
    module.parent.mkdir(parents=True)
    module.write_text('[lifecycle]\nstatus = "withdrawn"\n')
    code, out, _ = prefab("check", "--as-of", "2026-11-23", "--dead", "--catalog", tmp_path, "--json")
    assert code == 1
    assert any(m.startswith("PWM-1500: no brief can choose it") for m in json.loads(out)["mistakes"])
    assert not any(
        "PWM-1500: no brief" in m
        for m in json.loads(prefab("check", "--as-of", "2026-11-23", "--catalog", tmp_path, "--json")[1])["mistakes"]
    )


def test_schema_of_every_kind_of_file(prefab, tmp_path):
    from prefab.catalog import KINDS

    assert prefab("schema", "--out", tmp_path / "s")[0] == 0
    names = {p.name for p in (tmp_path / "s").iterdir()}
    assert names >= {f"{k.model.__name__.lower()}.schema.json" for k in KINDS} | {"sitebrief.schema.json"}
    assert json.loads((tmp_path / "s" / "module.schema.json").read_text())["additionalProperties"] is False
    assert prefab("schema", "--out", tmp_path / "s")[0] == 2


# Diff


def test_diff_of_an_overlay(prefab, tmp_path):
    write_prices(tmp_path, 2_062_500)
    prefab("import", tmp_path / "p.csv", "--into", tmp_path / "over", "--source", "prefab-modules")
    code, out, _ = prefab("diff", shipped("catalog"), tmp_path / "over")
    assert code == 0
    assert out.startswith("modules/pwm-1500\n  price.amount: 1,875,000 -> 2,062,500 (+10.0%)\n")
    tree = json.loads(prefab("diff", shipped("catalog"), tmp_path / "over", "--json")[1])
    assert list(tree["changed"]) == ["modules/pwm-1500"]
    assert {
        "key": "price.amount", "old": 1_875_000, "new": 2_062_500, "relative_frac": 0.1
    } in tree["changed"]["modules/pwm-1500"]  # fmt: skip


def test_diff_of_nothing(prefab):
    assert prefab("diff", shipped("catalog"), shipped("catalog"))[1] == "no difference\n"


def test_diff_with_git(prefab):
    home = shipped("catalog")
    if shutil.which("git") is None or subprocess.run(["git", "-C", home, "rev-parse"], capture_output=True).returncode:
        pytest.skip("the catalog does not lie in a git repository here")
    assert prefab("diff", "HEAD", "HEAD")[1] == "no difference\n"
    code, _, err = prefab("diff", "HEAD", "no-such-revision")
    assert code == 2
    assert "no-such-revision: neither a folder nor a git revision" in err


def test_diff_layouts_where_the_catalog_does_not_load(prefab, tmp_path):
    shutil.copytree(shipped("catalog"), tmp_path / "old")
    path = tmp_path / "old" / "modules" / "power" / "pwm-1500.toml"
    path.write_text("colour = 'red'\n" + path.read_text())
    code, out, _ = prefab("diff", shipped("catalog"), tmp_path / "old", "--layouts")
    assert code == 0
    assert "colour: (none) -> 'red'" in out
    assert "is not a catalog that today's prefab reads" in out


# Import


def write_prices(folder, price):
    (folder / "p.csv").write_text(PRICES.format(price=price))
    return folder / "p.csv"


@pytest.mark.parametrize("name", ["p.xlsx", "p.csv"])
def test_template_and_back(prefab, tmp_path, name):
    assert prefab("import", "--template", tmp_path / name)[0] == 0
    assert prefab("import", "--template", tmp_path / name)[0] == 2
    code, out, _ = prefab("import", tmp_path / name, "--into", tmp_path / "over")
    assert code == 0
    assert "0 figures in 0 files changed" in out
    assert not (tmp_path / "over").exists()


def test_dry_run_writes_nothing(prefab, tmp_path):
    path, over = write_prices(tmp_path, 1_900_000), tmp_path / "over"
    code, out, _ = prefab("import", path, "--into", over, "--source", "prefab-modules", "--dry-run")
    assert code == 0
    assert "PWM-1500 price: 1,875,000 -> 1,900,000" in out
    assert "would change" in out
    assert not over.exists()
    said = json.loads(prefab("import", path, "--into", over, "--source", "prefab-modules", "--json")[1])
    assert said["written"] == [str(over / "modules" / "power" / "pwm-1500.toml")]
    assert {"sku": "PWM-1500", "column": "price", "old": 1_875_000, "new": 1_900_000} in said["changes"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--source", "prefab-moduls"], "--source: 'prefab-moduls' is not in the catalog; did you mean prefab-modules"),
        ([], "--source: missing"),
    ],
)
def test_source_must_exist(prefab, tmp_path, arguments, text):
    code, _, err = prefab("import", write_prices(tmp_path, 1_900_000), "--into", tmp_path / "over", *arguments)
    assert code == 2
    assert text in err
    assert not (tmp_path / "over").exists()


def test_a_house_judgement_is_no_fact(prefab, tmp_path):
    arguments = [write_prices(tmp_path, 1_900_000), "--into", tmp_path / "over", "--source", "prefab-judgement"]
    code, _, err = prefab("import", *arguments)
    assert code == 2
    assert "--basis: prefab-judgement publishes nothing; --basis judgement or interpolated is allowed" in err
    assert not (tmp_path / "over").exists()
    assert prefab("import", *arguments, "--basis", "judgement")[0] == 0
    assert prefab("check", "--as-of", "2026-11-23", "--catalog", tmp_path / "over")[0] == 0


def test_a_template_into_a_folder_that_is_not_there(prefab, tmp_path):
    code, _, err = prefab("import", "--template", tmp_path / "nowhere" / "p.csv")
    assert code == 2
    assert f"{tmp_path / 'nowhere'}: no such folder" in err


def test_one_bad_row_and_nothing_is_written(prefab, tmp_path):
    path, over = write_prices(tmp_path, 1_900_000), tmp_path / "over"
    path.write_text(path.read_text() + "GEN-2000,call us,USD,2026-10-01\nGEN-2001,5,USD,2026-10-01\n")
    code, _, err = prefab("import", path, "--into", over, "--source", "prefab-modules")
    assert code == 2
    assert "p.csv: B3: price: 'call us' is not a number" in err
    assert "p.csv: A4: 'GEN-2001' is not in the catalog; did you mean" in err
    assert not over.exists()


def test_into_is_asked_for(prefab, tmp_path):
    assert "--into: missing" in prefab("import", write_prices(tmp_path, 1_900_000))[2]
    (tmp_path / "file").write_text("")
    assert "not a folder" in prefab("import", tmp_path / "p.csv", "--into", tmp_path / "file")[2]


# All


def test_help_is_quick_and_light():
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "prefab", "catalog", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "100"},
    )
    assert time.monotonic() - begun < 5
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert not loaded & {"ortools", "numpy", "openpyxl", "pydantic", "tomlkit"}
    for name in ("list", "show", "check", "diff", "schema", "import"):
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", ["list", "show", "check", "diff", "schema", "import"])
def test_every_command_has_an_example(prefab, name):
    assert "Example:" in prefab(name, "--help")[1]


def test_prices_grow_old_by_the_day_that_is_given(prefab):
    assert prefab("check", "--as-of", "2027-06-30")[0] == 0
    code, out, _ = prefab("check", "--as-of", "2027-07-02")
    assert code == 1
    assert "price.as_of" in out
