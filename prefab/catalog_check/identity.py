"""Tags tell families apart, files lie where one looks for them, and nothing that a buyer asks for is missing."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, modules
from prefab.module import Module


def check(entries: Entries, _today: date) -> Iterator[str]:
    """One family a prefix, so that `B03-PWM-02` says what it is; its folder; the tables that every module has."""
    families: dict[str, dict[str, str]] = {}
    for _, module in modules(entries):
        families.setdefault(module.prefix, {}).setdefault(module.family, module.sku)
    for entry, module in modules(entries):
        first = next(iter(families[module.prefix]))
        if module.family != first:
            what = (
                f"{module.prefix!r} is that of {families[module.prefix][first]} of family {first}; another is allowed"
            )
            yield entry.says("prefix", what)
        folder = entry.stack.files[0].path.parent.name
        if folder != module.family:
            yield entry.says("family", f"{module.family!r} in folder {folder}; the folder of its family is allowed")
        for key, missing in _missing(module):
            if missing:
                yield entry.says(key, "missing; it must be given")


def _missing(module: Module) -> Iterator[tuple[str, bool]]:
    yield "factory", module.factory is None
    yield "site_work", not module.site_work
    yield "reliability", module.reliability is None
    yield "certification", "certification" not in module.model_fields_set
