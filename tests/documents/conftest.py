"""The documents of four small proposals, written once a session."""

import pytest
from documents.maker import hostile_proposal, small_proposal, two_demands_proposal

from prefab.documents import write_all, write_one


@pytest.fixture(scope="session")
def proposal():
    return small_proposal()


@pytest.fixture(scope="session")
def written(proposal, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    write_all(proposal, folder)
    return folder


@pytest.fixture(scope="session")
def draft(tmp_path_factory):
    folder = tmp_path_factory.mktemp("draft")
    proposal = small_proposal(kept=False)
    for name in ("proposal.pdf", "bom.xlsx"):
        write_one(proposal, folder, name)
    return folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    write_all(hostile_proposal(), folder)
    return folder


@pytest.fixture(scope="session")
def two_demands():
    return two_demands_proposal()


@pytest.fixture(scope="session")
def written_for_two(two_demands, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two-demands")
    for name in ("proposal.pdf", "bom.xlsx", "projection.csv"):
        write_one(two_demands, folder, name)
    return folder
