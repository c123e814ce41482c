"""The command line: what it prints, its exit codes, and that bad input leaves nothing behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from prefab.cli.design import command as design_command
from prefab.design import Design
from prefab.plan import read_plan

LAYOUTS = Path(__file__).parents[1] / "layouts"
EDGE = LAYOUTS / "edge-2mw"


def prefab(*arguments, cwd=None, env=None):
    return subprocess.run(
        [sys.executable, "-m", "prefab", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=env,
        check=False,
    )


@pytest.fixture(scope="module")
def designed(tmp_path_factory):
    out = tmp_path_factory.mktemp("designed") / "out"
    done = prefab("design", EDGE / "brief.toml", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def brief_with(tmp_path, old, new):
    text = (EDGE / "brief.toml").read_text()
    assert old in text
    path = tmp_path / "brief.toml"
    path.write_text(text.replace(old, new))
    return path


def test_help_loads_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "prefab", "--help"], capture_output=True, text=True, check=True
    )
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "click" in loaded
    assert not loaded & {"ortools", "pandas", "numpy", "networkx", "reportlab", "openpyxl", "pydantic"}
    for command in ("init", "design", "check", "documents", "explain", "catalog"):
        assert command in done.stdout


@pytest.mark.parametrize("command", ["init", "design", "check", "documents", "explain", "catalog"])
def test_every_command_has_an_example(command):
    done = prefab(command, "--help")
    assert done.returncode == 0
    assert "Example:" in done.stdout


def test_design_writes_every_document(designed):
    out, said = designed
    assert said["status"] == "optimal"
    assert said["gap_frac"] == 0
    assert sorted(str(p) for p in out.iterdir()) == sorted(said["documents"])
    # Nothing but a reserve is asked of storage; what the sets may not give is said all the same.
    assert said["storage"] == said["storage_events"] == []
    assert {o["source"]: o["magnitude_mw"] for o in said["flexibility"]}["generating sets"] == 0
    assert {"plan.json", "bom.xlsx", "proposal.pdf", "projection.csv"} <= {p.name for p in out.iterdir()}
    assert not [p for p in out.parent.iterdir() if p != out]


@pytest.mark.parametrize(
    ("ended", "said"),
    [("user", "stopped by the user: the best"), ("budget", "budget of effort spent: the best"), ("", None)],
)
def test_what_ended_a_search_early_is_said(ended, said, tmp_path, monkeypatch):
    plan = read_plan(EDGE / "plan.json")
    design = Design(plan.model_copy(update={"sized": plan.sized.model_copy(update={"stopped": ended})}), ())
    monkeypatch.setattr("prefab.design.make_design", lambda *_: design)
    monkeypatch.setattr("prefab.documents.write_all", lambda *_: None)
    done = CliRunner().invoke(design_command, [str(EDGE / "brief.toml"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0
    found = [line for line in done.stdout.splitlines() if line.endswith(": the best plan found until then was kept")]
    assert [line.startswith(said) for line in found] == [True] if said else not found


def test_check_of_a_good_plan(designed):
    out, _ = designed
    done = prefab("check", out / "plan.json")
    assert done.returncode == 0
    assert "checks kept" in done.stdout


def test_check_of_a_damaged_plan(designed, tmp_path):
    out, _ = designed
    tree = json.loads((out / "plan.json").read_text())
    tree["brief"]["grid"]["capacity_mw"] = 1.0
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(tree))
    done = prefab("check", path, "--json")
    assert done.returncode == 1
    assert {f["rule"] for f in json.loads(done.stdout)["findings"]} == {"grid_limit"}
    refused = prefab("documents", path, "--out", tmp_path / "out")
    assert refused.returncode == 1
    assert "grid_limit" in refused.stderr
    assert not (tmp_path / "out").exists()
    draft = prefab("documents", path, "--out", tmp_path / "out", "--only", "proposal.pdf", "--draft")
    assert draft.returncode == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["proposal.pdf"]


def test_documents_again_are_the_same_bytes(designed, tmp_path):
    out, _ = designed
    done = prefab("documents", out / "plan.json", "--out", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    for path in sorted(out.iterdir()):
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_init_then_check_reads(tmp_path):
    done = prefab("init", "--from", "edge-2mw", tmp_path / "site.toml")
    assert done.returncode == 0
    again = prefab("init", tmp_path / "site.toml")
    assert again.returncode == 2
    assert "exists; --force writes over it" in again.stderr
    from prefab.brief import read_brief

    assert read_brief(tmp_path / "site.toml").name == "Edge 2 MW"


@pytest.mark.parametrize(
    ("old", "new", "code", "text"),
    [
        ("it_mw = 2.0", "it_mw = -2.0", 2, "it_mw: input should be greater than 0"),
        ("it_mw = 2.0", "it_nw = 2.0", 2, "did you mean it_mw?"),
        ("energised_by = 2029-09-30", "energised_by = 2026-01-01", 2, "must be later than 2026-11-23"),
        ('power = "2N"', 'power = "4N"', 2, "redundancy.power"),
        ("capacity_mw = 4.5", "capacity_mw = 2.2", 3, "no combination"),
        ("width_m = 90", "width_m = 14", 3, "The modules cover no more than the"),
        ("width_m = 90", "width_m = 42", 4, "not found within the budget; best arrangement needs"),
        ("energised_by = 2029-09-30", "energised_by = 2027-02-01", 3, "IT pods: none may stand here"),
        ('climate = "frankfurt"', 'climate = "atlantis"', 2, "'atlantis' is not in the catalog"),
        (
            "generator_h = 24",
            'generator_h = 24\n[restrict]\nonly = ["PWM-1251"]',
            2,
            "'PWM-1251' is not in the catalog; did you mean PWM-1250?",
        ),
        (
            "generator_h = 24",
            'generator_h = 24\n[restrict]\nexclude_refrigerants = ["R999"]',
            2,
            "restrict.exclude_refrigerants: 'R999' is not in the catalog; allowed: ",
        ),
        (
            "generator_h = 24",
            'generator_h = 24\n[limits]\nexclude = ["PWM-9999"]',
            2,
            "'PWM-9999' is not in the catalog",
        ),
    ],
)
def test_bad_brief(tmp_path, old, new, code, text):
    done = prefab("design", brief_with(tmp_path, old, new), "--out", tmp_path / "out")
    assert done.returncode == code, done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["brief.toml"]


def test_missing_file(tmp_path):
    done = prefab("design", tmp_path / "none.toml", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "no such file" in done.stderr


def test_out_is_never_written_over(designed, tmp_path):
    (tmp_path / "plan.json").write_text("mine")
    done = prefab("design", EDGE / "brief.toml", "--out", tmp_path)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert (tmp_path / "plan.json").read_text() == "mine"


def test_hostile_text_stays_text(tmp_path):
    path = brief_with(tmp_path, 'customer = "Example Edge Ltd"', "customer = \"=HYPERLINK('x') <b>&amp;</b>\"")
    done = prefab("design", path, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    import openpyxl
    from pypdf import PdfReader

    cells = [
        c for sheet in openpyxl.load_workbook(tmp_path / "out" / "bom.xlsx") for row in sheet.iter_rows() for c in row
    ]
    hostile = [c for c in cells if isinstance(c.value, str) and "HYPERLINK" in c.value]
    assert hostile
    assert {c.data_type for c in hostile} == {"s"}
    text = "".join(p.extract_text() for p in PdfReader(tmp_path / "out" / "proposal.pdf").pages)
    assert "<b>&amp;</b>" in text


def test_explain_names_the_clash(tmp_path):
    path = brief_with(tmp_path, "capacity_mw = 4.5", "capacity_mw = 2.2")
    done = prefab("explain", path, "--json")
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert said["verdict"] == "impossible"
    assert "grid.capacity_mw" in [c["field"] for c in said["clashing"]]
    assert "grid.capacity_mw" in said["freeing"]


def test_json_even_when_impossible(tmp_path):
    path = brief_with(tmp_path, "capacity_mw = 4.5", "capacity_mw = 2.2")
    done = prefab("design", path, "--out", tmp_path / "out", "--json")
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert said["error"] == "Impossible"
    assert "no combination" in said["messages"][0]


def test_unknown_command_has_a_near_miss():
    done = prefab("desing")
    assert done.returncode == 2
    assert "did you mean design?" in done.stderr


def test_a_weather_file_beside_the_brief_is_used_and_named(tmp_path):
    hours = [
        f"2005,{m},{d},{h},0,?,{20 + h / 10},{5 + h / 10},40,101325" + ",0" * 25
        for m, days in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1)
        for d in range(1, days + 1)
        for h in range(1, 25)
    ]
    heads = ["LOCATION,Test Field,X,DEU,Made up,999999,50.0,8.0,1.0,100.0", *("COMMENTS",) * 6]
    heads.append("DATA PERIODS,1,1,Data,Sunday,1/1,12/31")
    (tmp_path / "field.epw").write_text("\n".join([*heads, *hours]) + "\n")
    brief = brief_with(tmp_path, 'climate = "frankfurt"', 'climate = "frankfurt"\nweather_file = "field.epw"')
    done = prefab("design", brief, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    rows = (tmp_path / "out" / "projection.csv").read_text().splitlines()
    assert sum(",22.4," in r for r in rows) >= 364  # the last hour of every day
    assert prefab("check", tmp_path / "out" / "plan.json").returncode == 0
    missing = brief_with(tmp_path, 'climate = "frankfurt"', 'climate = "frankfurt"\nweather_file = "none.epw"')
    done = prefab("design", missing, "--out", tmp_path / "other")
    assert done.returncode == 2
    assert "none.epw" in done.stderr


def test_supply_beside_the_brief_stands_in_year_and_proposal(tmp_path):
    (tmp_path / "sun.csv").write_text("".join(f"{0.6 * (8 <= h % 24 < 17)}\n" for h in range(8760)))
    tables = """
[[supply]]
name = "sun"
kind = "pv"
mw = 1.0
on_site = true
ha = 3.0
profile = "sun.csv"

[[supply]]
name = "deal"
kind = "ppa"
mw = 0.5
usd_per_mwh = 45.0
"""
    brief = brief_with(tmp_path, "", "")
    brief.write_text(brief.read_text() + tables)
    done = prefab("design", brief, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    head, *rows = (tmp_path / "out" / "projection.csv").read_text(encoding="utf-8-sig").splitlines()
    assert head.endswith("supply_sun_kw,supply_deal_kw,import_kw,export_kw,curtailed_kw,carbon_kg")
    assert ",600.0,500.0," in rows[12]
    text = " ".join(page.extract_text() for page in PdfReader(tmp_path / "out" / "proposal.pdf").pages)
    assert "Matched in the year" in text
    assert "Matched hour by hour" in text
    assert prefab("check", tmp_path / "out" / "plan.json").returncode == 0
    brief.write_text(brief.read_text().replace("ha = 3.0", "ha = 1.9"))
    done = prefab("design", brief, "--out", tmp_path / "other")
    assert done.returncode == 2
    assert "supply[0].ha: 1.9; 1 MW of pv take at least 2 ha" in done.stderr
