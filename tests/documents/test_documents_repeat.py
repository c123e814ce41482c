"""Equal bytes from two processes that differ in hash seed, time zone, language and working directory."""

import os
import subprocess
import sys
from pathlib import Path

from prefab.documents import write_one, written

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from documents.maker import small_proposal
from prefab.documents import write_all
write_all(small_proposal(), Path(sys.argv[1]))
"""


def begun(folder, cwd, **env):
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))), **env},
    )


def test_same_proposal_same_bytes(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    running = (
        begun(one, ROOT, PYTHONHASHSEED="1", TZ="Pacific/Auckland", LANG="C"),
        begun(two, tmp_path, PYTHONHASHSEED="2", TZ="America/St_Johns", LANG="de_DE.UTF-8"),
    )
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert sorted(p.name for p in one.iterdir()) == sorted(written())
    assert [name for name in written() if (one / name).read_bytes() != (two / name).read_bytes()] == []


def test_second_time_in_one_process(written, proposal, tmp_path):
    for name in ("proposal.pdf", "bom.xlsx"):
        write_one(proposal, tmp_path, name)
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()
