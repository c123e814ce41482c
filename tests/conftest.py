"""Fixtures that several tests share; what takes long is made once a session."""

from pathlib import Path

import pytest
from hypothesis import settings

from prefab.brief import read_brief
from prefab.catalog import Catalog, load_catalog
from prefab.plan import Plan, read_plan

# The same cases on every machine and every run: a failure is found again.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")

LAYOUTS = Path(__file__).parents[1] / "layouts"


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def edge_plan() -> Plan:
    """The stored plan of the smallest layout."""
    return read_plan(LAYOUTS / "edge-2mw" / "plan.json")


@pytest.fixture(scope="session")
def edge_brief():
    return read_brief(LAYOUTS / "edge-2mw" / "brief.toml")
