"""`grid.json`: the electric supply of the whole site as a pandapower network, for studies by grid engineers."""

from pathlib import Path

from prefab.grid_model import grid_text
from prefab.proposal import Proposal


def write(proposal: Proposal, path: Path) -> None:
    """Write the normal state of the last phase.

    Raises:
        InputError: pandapower is not installed.
    """
    path.write_text(grid_text(proposal.plan), encoding="utf-8", newline="\n")
