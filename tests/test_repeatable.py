"""Equal bytes from two processes that differ in everything that should not matter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("prefab", "catalog", "layouts", "pyproject.toml")


def copied_backwards(target):
    """The program and its data in another place, its files made in the opposite order."""
    files = [p for part in PARTS for p in ((ROOT / part).rglob("*") if (ROOT / part).is_dir() else [ROOT / part])]
    for path in sorted((p for p in files if p.is_file() and "__pycache__" not in p.parts), reverse=True):
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def design(root, cwd, out, **env):
    subprocess.run(
        [sys.executable, "-m", "prefab", "design", str(root / "layouts/edge-2mw/brief.toml"), "--out", str(out)],
        check=True,
        cwd=cwd,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(root), **env},
    )
    return {p.name: p.read_bytes() for p in sorted(out.iterdir())}


def test_same_input_same_bytes(tmp_path):
    other = tmp_path / "elsewhere"
    copied_backwards(other)
    one = design(ROOT, ROOT, tmp_path / "one", PYTHONHASHSEED="1", TZ="Pacific/Auckland", LANG="C")
    two = design(other, tmp_path, tmp_path / "two", PYTHONHASHSEED="2", TZ="America/St_Johns", LANG="de_DE.UTF-8")
    assert {"plan.json", "bom.xlsx", "proposal.pdf", "projection.csv"} <= one.keys()
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []
