"""Every module is tested by a protocol of its own family."""

from collections.abc import Iterator
from datetime import date

from prefab.catalog_check.entries import Entries, modules
from prefab.product import FatProtocols


def check(entries: Entries, _today: date) -> Iterator[str]:
    """The factory acceptance protocol exists and is of the module's family."""
    files = (e.data for e in entries.values() if isinstance(e.data, FatProtocols))
    known = {p.key: p for file in files for p in file.protocol}
    for entry, module in modules(entries):
        if module.factory is None:
            continue
        protocol = known.get(module.factory.fat_protocol)
        fitting = ", ".join(sorted(p.key for p in known.values() if module.family in p.families)) or "none yet"
        if protocol is None:
            what = f"{module.factory.fat_protocol!r} is not in fat_protocols.toml; for {module.family}: {fitting}"
            yield entry.says("factory.fat_protocol", what)
        elif module.family not in protocol.families:
            what = f"{protocol.key!r} is for {', '.join(protocol.families)}; for {module.family}: {fitting}"
            yield entry.says("factory.fat_protocol", what)
