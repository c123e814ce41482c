"""A small whole catalog cut out of the shipped one, so that tests are quick, and folders to lay over it."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from prefab.catalog import Catalog, load_layers

SKUS = ("ITL-1136", "PWM-2500", "GEN-3000", "GAS-10000", "CDU-1350", "CHL-1500", "TXD-2500", "BES-5000-2H", "MVS-12")
_WHOLE = ("sources", "accelerators", "profiles", "materials")

OURS = 'source = "prefab-judgement"\nbasis = "judgement"\nnote = "Quoted to us."\n'


def patch(folder: Path, name: Path, text: str, *of: str) -> Path:
    """A folder with a file of a few keys, and provenance for the named ones."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "".join(f'\n[[provenance]]\nof = "{key}"\n{OURS}' for key in of), encoding="utf-8")
    return folder


def write_small(folder: Path, skus: Iterable[str] = SKUS) -> Path:
    """Copy the named modules and what they and their composites need, with everything that modules refer to."""
    layered = load_layers()
    shipped = layered.folders[0]
    for name in _WHOLE:
        shutil.copytree(shipped / name, folder / name)
    for path in shipped.glob("*.toml"):
        shutil.copy(path, folder)
    kept = [shipped / "climates" / "phoenix.toml", min((shipped / "tariffs").glob("*.toml"))]
    kept += sorted((shipped / "workloads").glob("*.toml"))
    kept += [layered.module(sku).stack.files[0].path for sku in _closed(layered.catalog, skus)]
    for path in kept:
        target = folder / path.relative_to(shipped)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return folder


def _closed(catalog: Catalog, skus: Iterable[str]) -> set[str]:
    """The SKUs with one giver of every carrier needed, every host, and all that composites hold."""
    found: set[str] = set()
    left = list(skus)
    while left:
        module = catalog.module(left.pop())
        if module.sku in found:
            continue
        found.add(module.sku)
        left += [c.sku for c in module.contains]
        given = {g.carrier for sku in found for g in catalog.module(sku).gives}
        for carrier in {n.carrier for n in module.needs} | {n.alternate for n in module.needs if n.alternate}:
            if carrier not in given:
                left += [m.sku for m in catalog.modules if m.given(carrier)][:1]
        hosts = [m.sku for m in catalog.modules if m.family == module.inside and module.bay in {b.kind for b in m.bays}]
        if module.inside and not found & set(hosts):
            left += hosts[:1]
    return found
