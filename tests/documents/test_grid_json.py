"""`grid.json`: a network that pandapower reads back, the same bytes every time, and a word on how to get the extra."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

from prefab.cli import prefab
from prefab.documents import write_one, written
from prefab.errors import InputError

LAYOUT = Path(__file__).parents[2] / "layouts" / "edge-2mw" / "plan.json"


@pytest.fixture(scope="module")
def pandapower():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("pandapower", reason="the extra `grid` is not installed")


def asked_for(folder):
    return ["documents", str(LAYOUT), "--only", "grid.json", "--out", str(folder)]


def test_is_written_when_asked_for_and_read_back(pandapower, tmp_path):
    command = [sys.executable, "-m", "prefab", *asked_for(tmp_path / "one")]
    env = {**os.environ, "PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LANG": "C"}
    elsewhere = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    (written,) = (tmp_path / "one").iterdir()
    assert elsewhere.stdout.split() == [str(written)]
    assert CliRunner().invoke(prefab, asked_for(tmp_path / "two")).exit_code == 0
    assert written.read_bytes() == (tmp_path / "two" / "grid.json").read_bytes()
    net = pandapower.from_json(str(written))
    pandapower.runpp(net, numba=False)
    assert 2 < net.res_ext_grid.p_mw.sum() < 4.5
    assert {"GRID", "MVS-A1", "MVS-A1 B01"} <= {*net.bus.name}


def test_is_no_document_that_comes_unasked():
    assert "grid.json" not in written()


@pytest.fixture
def without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandapower", None)


def test_without_the_extra_it_says_how_to_get_it(without_the_extra, proposal, tmp_path):
    with pytest.raises(InputError, match=r"pip install 'prefab-dc\[grid\]'"):
        write_one(proposal, tmp_path, "grid.json")
    assert [*tmp_path.iterdir()] == []


def test_without_the_extra_nothing_is_written(without_the_extra, tmp_path):
    out = tmp_path / "out"
    done = CliRunner().invoke(prefab, asked_for(out))
    assert isinstance(done.exception, InputError)
    assert done.exception.exit_code == 2
    assert not out.exists()
