"""Land from GeoJSON: features that say by `properties.purpose` what they are."""

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from prefab.errors import InputError
from prefab.land_shape import KEPT_FREE, METRES, POINTS, PURPOSES, WGS84, Corner, Shape
from prefab.tables import read_text

_STRETCHED = ("3857", "3785", "900913", "102100", "102113")
"""Web Mercator by its numbers: at 60° its metres are half of those on the ground."""


def read_geojson(path: Path, coordinates: str) -> list[Shape]:
    """What a FeatureCollection, Feature or Polygon holds: degrees with `WGS84`, otherwise metres.

    A feature that is alone is the land; properties are `purpose`, `name` and `setback_m`. Heights and further members
    are left alone.

    Raises:
        InputError: not readable, larger than 5 MB, not GeoJSON or other than RFC 7946 has it, with features' numbers.
    """
    try:
        data = json.loads(read_text(path).removeprefix("\ufeff"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error})") from None
    features = _features(path, data)
    _check_system(path, data, coordinates)
    reader = _Reader(coordinates, alone=len(features) == 1)
    found: list[Shape] = []
    mistakes: list[str] = []
    for n, feature in enumerate(features, 1):
        where = f"{path}, feature {n}" if data["type"] == "FeatureCollection" else str(path)
        try:
            found.append(reader.shape(feature, where))
        except InputError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _features(path: Path, data: Any) -> list[Any]:
    kind = data.get("type") if isinstance(data, dict) else None
    if kind == "FeatureCollection" and isinstance(data.get("features"), list):
        features: list[Any] = data["features"]
        return features
    if kind == "Feature":
        return [data]
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "geometry": data}]
    raise InputError(f"{path}: no GeoJSON of land; its type is FeatureCollection with features, Feature or Polygon")


def _check_system(path: Path, data: dict[str, Any], coordinates: str) -> None:
    """Files from before RFC 7946 name a coordinate system."""
    system = data.get("crs")
    for key in ("properties", "name"):
        system = system.get(key) if isinstance(system, dict) else None
    number = str(system or "CRS84").rsplit(":", 1)[-1].rsplit("/", 1)[-1]
    if number in ("CRS84", "4326"):
        return
    if number in _STRETCHED:
        raise InputError(f"{path}: crs: web Mercator stretches lengths; write the file in WGS84 (EPSG:4326)")
    if coordinates in ("", WGS84):
        raise InputError(
            f"{path}: crs: {str(system)[:60]!r}; write the file in WGS84 (EPSG:4326), or in [site.land] coordinates = "
            '"metres" where that is its unit'
        )


class _Reader:
    def __init__(self, coordinates: str, alone: bool) -> None:
        self.coordinates, self.alone = coordinates, alone
        self.degrees = coordinates in ("", WGS84)

    def shape(self, feature: Any, where: str) -> Shape:
        geometry = feature.get("geometry") if isinstance(feature, dict) and feature.get("type") == "Feature" else None
        properties = feature.get("properties") or {} if isinstance(feature, dict) else None
        if not isinstance(geometry, dict) or not isinstance(properties, dict):
            raise InputError(f"{where}: no Feature with a geometry and properties")
        purpose = properties.get("purpose") or ("land" if self.alone else None)
        if purpose not in PURPOSES:
            said = "missing" if purpose is None else repr(purpose)[:60]
            raise InputError(f"{where}: properties.purpose: {said}; allowed: {', '.join(PURPOSES)}")
        kind, held = geometry.get("type"), geometry.get("coordinates")
        if kind == "MultiPolygon" and isinstance(held, list):
            if len(held) != 1:
                raise InputError(f"{where}: MultiPolygon of {len(held)} polygons; one feature for each is needed")
            kind, held = "Polygon", held[0]
        asked = "Point" if purpose in POINTS else "Polygon"
        if kind != asked:
            raise InputError(f"{where}: {purpose} is a {str(kind)[:60]!r}; a {asked} is needed")
        rings = ((self._position(held, where),),) if asked == "Point" else self._rings(held, where)
        if purpose in KEPT_FREE and len(rings) > 1:
            raise InputError(f"{where}: ring 2: a hole in what must stay free is not read; draw two polygons around it")
        setback_m = properties.get("setback_m")
        if setback_m is not None and purpose not in KEPT_FREE:
            what = "only what must stay free has one in a file; edges have theirs in [[site.land.setback]] of the brief"
            raise InputError(f"{where}: properties.setback_m: {what}")
        return Shape(where, purpose, rings, properties.get("name"), setback_m)

    def _rings(self, held: Any, where: str) -> tuple[tuple[Corner, ...], ...]:
        if not isinstance(held, list) or not held:
            raise InputError(f"{where}: coordinates: a Polygon is a list of rings, a ring a list of positions")
        rings = []
        for n, ring in enumerate(held, 1):
            place = f"{where}, ring {n}" if len(held) > 1 else where
            if not isinstance(ring, list) or not ring:
                raise InputError(f"{place}: coordinates: a Polygon is a list of rings, a ring a list of positions")
            corners = [self._position(position, f"{place}, corner {k}") for k, position in enumerate(ring, 1)]
            if len(corners) < 2 or corners[0] != corners[-1]:
                raise InputError(f"{place}: the ring is open; RFC 7946 asks for the first position again at its end")
            rings.append(tuple(corners[:-1]))
        return tuple(rings)

    def _position(self, held: Any, where: str) -> Corner:
        if not isinstance(held, list) or len(held) < 2 or not all(type(x) in (int, float) for x in held):
            raise InputError(f"{where}: no position; [east, north] in figures is needed, rings one list deeper in")
        x, y = (_float(figure) for figure in held[:2])
        if not (math.isfinite(x) and math.isfinite(y)):
            raise InputError(f"{where}: holds a figure that is not finite")
        if self.degrees and not (abs(x) <= 180 and abs(y) <= 90):
            what = "give degrees east and north" if self.coordinates else 'in [site.land] write coordinates = "metres"'
            raise InputError(f"{where}: {x:.10g}, {y:.10g} are no degrees; {what}")
        metres = 1.0 if self.degrees else METRES[self.coordinates]
        return x * metres, y * metres


def _float(figure: float) -> float:
    """Whole numbers may be longer than any float."""
    try:
        return float(figure)
    except OverflowError:
        return math.inf
