"""What a module is besides its ratings: price, transport, factory, site work, reliability, certificates, life."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from prefab.provenance import Count, Key, Millimetres, NotNegative, Positive, Share, Sku, Sourced, Text
from prefab.tables import Frozen

Region = Literal["eu", "uk", "us", "ca", "latam", "mea", "india", "china", "japan", "korea", "sea", "oceania", "africa"]
Standard = Literal["IEC", "UL", "GB"]
Trade = Literal["civil", "rigging", "electrical", "mechanical", "controls", "commissioning"]
Side = Literal["north", "east", "south", "west", "top"]
"""Of a module that is not turned: its length lies west to east."""


class PriceBreak(Frozen):
    """From this many of one order on, the price times `frac`."""

    quantity: Count
    frac: Share


class Price(Frozen):
    """Ex works, without tax; ± stands as low and high in the provenance of `price.amount`."""

    amount: Positive
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    as_of: date
    """The day for which the maker or the source states it."""
    breaks: tuple[PriceBreak, ...] = ()
    usd_per_unit: Positive = 1.0
    """Filled in when the catalog is loaded, from its table of rates."""


class Transport(Frozen):
    """The module as it travels, the heaviest piece where it is shipped in several."""

    permit: Literal["A", "B", "C", "D", "E", "-"]
    """A permit-free, B ISO width but overweight, C oversize permit, D shipped as splices, E superload, - loose."""
    length_mm: Millimetres
    width_mm: Millimetres
    height_mm: Millimetres
    mass_kg: Count
    pieces: Count = 1


class Deployment(Frozen):
    """From order to handed over, for one module."""

    lead_weeks: Positive
    """Order to ready for the factory acceptance test; the band stands in its provenance."""
    fat_days: NotNegative
    transport_days: NotNegative
    lifts_count: Annotated[int, Field(ge=0)] = 1
    connect_days: NotNegative
    start_up_days: NotNegative


class Factory(Frozen):
    """Making and factory acceptance."""

    build_h: Positive
    """Labour in the factory."""
    fat_h: Positive
    """Test bay hours."""
    fat_levels: Annotated[tuple[Text, ...], Field(min_length=1)]
    """What is tested, in order: `routine`, `functional`, `load`, `integrated`."""
    fat_protocol: Key
    """A key of fat_protocols.toml."""
    fat_record: Text = ""
    """Reference of the record of this very unit; empty unless its maker supplies one."""


class SiteWork(Frozen):
    """Labour on site for one module."""

    crew: Trade
    hours: Positive


class Reliability(Frozen):
    """Mean times of one module; of power modules without credit for redundancy inside."""

    mtbf_h: Positive
    mttr_h: Positive


class Certification(Frozen):
    """Where the module may be used."""

    standards: Annotated[tuple[Standard, ...], Field(min_length=1)]
    regions: tuple[Region, ...] = ()
    """Empty: everywhere its standards are accepted."""
    frequencies_hz: tuple[Literal[50, 60], ...] = (50, 60)
    voltages_v: tuple[Positive, ...] = ()
    """Low voltages it is offered for; empty where none matters."""
    documents: tuple[Text, ...] = ()
    """Standards by number."""


class Lifecycle(Frozen):
    """Whether it can still be ordered."""

    status: Literal["active", "preview", "last_order", "withdrawn"] = "active"
    first_order: date | None = None
    last_order: date | None = None


class Part(Frozen):
    """Something inside a module, listed below it in the bill."""

    name: Text
    quantity: Positive
    unit: Literal["each", "m", "set", "kWh"] = "each"
    spare_frac: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Recommended spares as a share of the quantity, rounded up per site."""


class Content(Frozen):
    """Another module of the catalog that is already inside a composite, so that it is never bought again."""

    sku: Sku
    quantity: Count


class Port(Frozen):
    """Where one carrier enters or leaves."""

    carrier: Key
    side: Side
    offset_mm: Annotated[int, Field(ge=0, le=100_000)]
    """From the west end of a north or south side, from the south end of an east or west side."""
    size: Annotated[str, Field(max_length=20)]
    """`DN150`, `4x240 mm2`, `RJ45` …"""


class Face(Frozen):
    """What one side is for; a side may be several things."""

    side: Side
    kind: Literal["air_in", "air_out", "door", "service"]


class Bays(Frozen):
    """Room for other equipment: rows, racks' rear doors, rack units, house positions."""

    kind: Key
    count: Count


class FatProtocol(Frozen):
    """What the factory acceptance test of one family consists of, in order."""

    key: Key
    families: Annotated[tuple[Key, ...], Field(min_length=1)]
    title: Text
    steps: Annotated[tuple[Text, ...], Field(min_length=3)]


class FatProtocols(Sourced):
    """File `fat_protocols.toml`."""

    protocol: tuple[FatProtocol, ...]
