"""Where everything stands: blocks and yards on the land, with roads between them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

from prefab.bands import Bands, Ground
from prefab.basis import DesignBasis
from prefab.brief import SiteBrief
from prefab.errors import OutOfBudget
from prefab.lot_shapes import Stock
from prefab.lots import Rect, Standing, make_lots, refuse_impossible
from prefab.module import Module
from prefab.plan import Equipment
from prefab.quiet import Heard, Quiet
from prefab.site import Site
from prefab.site_layout import Area, Placed, Position
from prefab.streets import Streets
from prefab.units import have, need


def make_placed(
    brief: SiteBrief, basis: DesignBasis, modules: Mapping[str, Module], equipment: tuple[Equipment, ...]
) -> Placed:
    """Place every module that stands on the land.

    Raises:
        Impossible: a module, or the area of all of them with the room they cannot share, exceeds the land.
        OutOfBudget: no scheme tried fits; whether another would is not known.
    """
    site = brief.site
    standing = tuple(e for e in equipment if modules[e.sku].stands == "site")
    inside = site.parcel.buildable(site.setback_m, at_most=True)
    refuse_impossible([modules[e.sku] for e in standing], inside, _stub_mm2(site, basis) if site.size_m else 0)
    stock = Stock(modules, basis, make_lots(standing, modules))
    quiet = Quiet(site, modules, equipment)
    lots, roads = _on_rectangle(site, basis, stock) if site.size_m else _on_parcel(site, basis, stock, quiet)
    if site.size_m and (too_loud_db := quiet.excess_db(lots)):
        # Bands know nothing of neighbours; streets may find nothing, or nothing quieter.
        with suppress(OutOfBudget):
            other, ways = _on_parcel(site, basis, stock, quiet)
            if quiet.excess_db(other) < too_loud_db:
                lots, roads = other, ways
    if quiet.excess_db(lots):
        raise OutOfBudget(_too_loud(quiet.heard(lots)))
    positions = {
        tag: Position(tag=tag, x_mm=x, y_mm=y, turned=turned)
        for lot in lots
        for tag, ((x, y, _, _), turned) in zip(lot.tags, lot.footprints, strict=True)
    }
    areas = [_area(f"Road {i}", "road", road) for i, road in enumerate(roads, 1)]
    areas += [_area(lot.name, "yard" if lot.yard else "block", lot.outline) for lot in lots]
    return Placed(positions=tuple(positions[e.tag] for e in standing), areas=tuple(areas))


def _stub_mm2(site: Site, basis: DesignBasis) -> int:
    """What the road at the gate of a rectangle takes of its buildable land: as long as wide, a part lies beyond the
    set-back, at worst half off a narrow site."""
    assert site.size_m is not None
    setback_mm = need(site.setback_m * 1000)
    width_mm = have(site.size_m[0] * 1000) - 2 * setback_mm
    return max(0, basis.road_width_mm - setback_mm) * min(basis.road_width_mm, width_mm // 2)


def _on_rectangle(site: Site, basis: DesignBasis, stock: Stock) -> tuple[list[Standing], Sequence[Rect]]:
    assert site.size_m is not None
    ground = Ground(
        width_mm=have(site.size_m[0] * 1000),
        depth_mm=have(site.size_m[1] * 1000),
        setback_mm=need(site.setback_m * 1000),
        road_mm=basis.road_width_mm,
        reach_mm=basis.road_reach_mm,
    )
    bands = Bands(stock)
    best = bands.best(ground)
    if best is None:
        raise OutOfBudget(bands.shortfall(ground))
    return [s.on_land() for s in best.stands], best.roads


def _on_parcel(site: Site, basis: DesignBasis, stock: Stock, quiet: Quiet) -> tuple[list[Standing], Sequence[Rect]]:
    streets = Streets(site.parcel, site.setback_m, basis.road_width_mm, basis.road_reach_mm, stock, quiet)
    best = streets.best()
    if left_mm2 := best.score[0]:
        why = "" if streets.is_open else "; no road along the axes leads in from a gate: give it farther from corners"
        raise OutOfBudget(
            f"land: not found within the budget; blocks and yards of {left_mm2 / 1e6:,.0f} m2 found no place{why}"
        )
    return best.stands, best.roads


def _too_loud(heard: Sequence[Heard]) -> str:
    worst = max(heard, key=lambda h: (h.level_dba - h.limit_dba, h.receptor))
    return (
        "noise: not found within the budget; the quietest layout found is heard with "
        f"{worst.level_dba:.1f} dB(A) {worst.state} at {worst.receptor}; {worst.limit_dba:g} is the limit there"
    )


def _area(name: str, purpose: Literal["road", "block", "yard"], rect: Rect) -> Area:
    west, south, east, north = rect
    return Area(name=name, purpose=purpose, x_mm=west, y_mm=south, width_mm=east - west, depth_mm=north - south)
