"""Where the catalog and the layouts that ship with prefab lie: in the wheel, else beside the package."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Folder `name` (`catalog` or `layouts`). A checkout wins over the copy that an installed wheel carries."""
    beside = _PACKAGE.parent / name
    if beside.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return beside
    return _PACKAGE / "_data" / name
