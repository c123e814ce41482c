"""A small catalog to spoil and folders to lie over it: fixtures, which a test file takes by name, and helpers."""

import shutil
from pathlib import Path

import pytest
from small_catalog import write_small

from prefab import catalog as catalog_file
from prefab.catalog import Catalog, load_catalog
from prefab.errors import InputError
from prefab.shipped import shipped

CDU = Path("modules/cdu/cdu-1350.toml")
PWM = Path("modules/power/pwm-2500.toml")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(autouse=True)
def quick(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the shipped catalog stands in for the whole."""
    monkeypatch.setattr(catalog_file, "shipped", lambda _name: small)


@pytest.fixture(scope="module")
def before(small: Path) -> Catalog:
    return load_catalog(base=small)


@pytest.fixture
def copied(tmp_path: Path, small: Path) -> Path:
    """A copy to spoil, given as `base`."""
    tree = tmp_path / "somewhere else" / "catalog"
    shutil.copytree(small, tree)
    return tree


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def overlay(folder: Path, name: Path, old: str, new: str) -> Path:
    """A folder that holds one edited whole file of the shipped catalog."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shipped("catalog") / name, target)
    edit(target, old, new)
    return folder


def line_of(path: Path, start: str) -> int:
    lines = path.read_text(encoding="utf-8").split("\n")
    return next(i for i, line in enumerate(lines, 1) if line.startswith(start))


def mistakes_of(*folders: Path, base: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        load_catalog(*folders, base=base)
    return caught.value.mistakes
