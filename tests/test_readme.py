"""The README says what is so: its files, its words on adding, its example's output."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_names_every_file_of_the_package():
    names = {p.stem for p in (ROOT / "prefab").glob("*.py")} - {"__init__", "__main__"}
    names |= {p.name for p in (ROOT / "prefab").iterdir() if p.is_dir() and not p.name.startswith("_")}
    assert len(names) > 20
    assert [n for n in sorted(names) if f"prefab/{n}" not in README] == []


def test_names_no_file_that_is_gone():
    for path in re.findall(r"`((?:prefab|tests|catalog|layouts|examples)/[\w./-]+)`", README):
        assert (ROOT / path).exists(), path


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_example_output_is_real(tmp_path):
    command, said = re.search(r"^\$ (prefab design .*)\n((?:.*\n)*?)```", README, re.MULTILINE).groups()
    arguments = command.replace("--out out", f"--out {tmp_path / 'out'}").split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "prefab", *arguments], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.replace(str(tmp_path / "out"), "out") == said


def test_picture_is_the_layouts_plan():
    from prefab.documents.site_plan import make_site_plan
    from prefab.documents.svg import svg_of
    from prefab.plan import read_plan

    (picture,) = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    plan = read_plan((ROOT / picture).with_name("plan.json"))
    assert (ROOT / picture).read_text(encoding="utf-8") == svg_of(make_site_plan(plan))
