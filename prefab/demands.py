"""What computes on a site: one workload, or several demands, and what of each runs on the generating sets."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from prefab.provenance import Key, Sku
from prefab.tables import Frozen

Backup = Literal["full", "cooling", "none"]
"""What the generating sets carry when the utility is lost: computers and what cools them; only what cools and protects
them, while computers stop in order on their UPS; nothing."""

_Kept = Annotated[Backup, Field(exclude_if=lambda kept: kept == "full")]
"""Left out of files where it is `full`, so that plans made before it was known keep their digests."""


def twice_named(names: Iterable[str]) -> str:
    """The first name that has come before, quoted; empty where all differ."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return repr(name)
        seen.add(name)
    return ""


class ItDemand(Frozen):
    """One of several things that compute on one site, each in blocks of its own."""

    name: Key
    workload: Key
    pods: tuple[Sku, ...] = ()
    """Pods to choose from; otherwise every pod with the workload's accelerator."""
    backup: _Kept = "full"


class It(Frozen):
    """What computes: one workload, or several demands by name."""

    workload: Key | None = None
    pods: tuple[Sku, ...] = ()
    """Pods to choose from; otherwise every pod with the workload's accelerator."""
    backup: _Kept = "full"
    """Of the one demand; several have each their own."""
    demand: Annotated[tuple[ItDemand, ...], Field(max_length=4)] = ()
    """Each has one kind of block; every phase says how many megawatts of each."""

    @property
    def demands(self) -> tuple[ItDemand, ...]:
        """At least one; without a name of its own it is called `it`."""
        if self.demand:
            return self.demand
        return (ItDemand(name="it", workload=self.workload or "", pods=self.pods, backup=self.backup),)

    def only(self, demand: ItDemand) -> "It":
        """With this one of several demands alone."""
        return self.model_copy(update={"demand": (demand,)}) if self.demand else self

    def said_of_backup(self) -> str:
        """What generating sets carry of which demand; empty where they carry all of every one."""
        words = {"full": "in full", "cooling": "only what cools it", "none": "nothing"}
        kept = [(d.name if self.demand else "IT", words[d.backup]) for d in self.demands]
        return ", ".join(f"{of}: {what}" for of, what in kept) if any(w != "in full" for _, w in kept) else ""

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if (self.workload is None) == (not self.demand) or (self.demand and self.pods):
            raise ValueError("give either a workload (and pods), or [[it.demand]] with name, workload and pods")
        if self.demand and self.backup != "full":
            raise ValueError("backup: give it in each [[it.demand]]")
        if twice := twice_named(d.name for d in self.demand):
            raise ValueError(f"demand: {twice} is named twice; every name must be different")
        return self
