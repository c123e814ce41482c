"""What flows between modules."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from prefab.provenance import Key, NotNegative, Positive, Sourced, Text
from prefab.tables import Frozen


class Carrier(Frozen):
    """What flows between modules."""

    key: Key
    title: Text
    medium: Literal[
        "electric", "storage", "liquid", "air", "heat", "buffer", "signal", "space", "service", "fuel", "it"
    ]  # fmt: skip
    """`storage`: power held ready, not flowing; `buffer`: litres of a loop that take up heat while the cooling plant
    restarts; `space` and `service` are counted in units."""
    unit: Text = ""
    """What one unit is, where the carrier is counted in units."""
    utility: bool = False
    """It arrives from outside the site; no module need give it."""
    scope: Literal["block", "site"]
    redundancy: Literal["power", "cooling", "control", "intake", "main_transformers", "standby", "network", "none"]
    """The key of the brief's [redundancy] that governs it."""
    autonomy: bool = False
    """Whoever gives it lasts for the UPS autonomy that the brief asks for."""
    laid: bool = True
    """Its feeds are cables, pipes or ducts; not so what is given by standing there."""
    group_max_kw: Positive | None = None
    """Most that one common bus may carry."""
    density_kg_per_l: Positive | None = None
    heat_capacity_kj_per_kg_k: Positive | None = None
    grades_degc: tuple[float, ...] = ()
    """Supply temperatures tried for this liquid; none where they follow from what it serves."""
    rise_k: Positive | None = None
    """Design temperature rise of a liquid loop; none where the consumer's `return_max_degc` sets it."""
    run_usd_per_m: NotNegative = 0.0
    """Installed cable or pipe per metre of route, both conductors or both pipes of a circuit."""
    circuit_max_a: Positive | None = None
    """Most that one such circuit carries at medium voltage; larger loads take several side by side."""
    branch_max_kw: Positive | None = None
    """A consumer that draws no more than this hangs on a small cable of its own."""
    branch_usd_per_m: NotNegative | None = None
    """Installed, per metre of such a cable."""
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")] = "#888888"

    @model_validator(mode="after")
    def _branch(self) -> "Carrier":
        if (self.branch_max_kw is None) != (self.branch_usd_per_m is None):
            raise ValueError("give both branch_max_kw and branch_usd_per_m, or neither")
        return self


class Carriers(Sourced):
    """File `carriers.toml`."""

    carrier: tuple[Carrier, ...]
