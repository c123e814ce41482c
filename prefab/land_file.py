"""Land from a user's file, GeoJSON (RFC 7946) or DXF: moved so that its south-west corner is the brief's origin.

Lengths stay what they are. Degrees become metres by a transverse Mercator projection whose meridian runs through the
middle of the land, with scale 1 there: it lengthens by x²/2R² at x from the meridian, so 0.003 mm a kilometre at the
edges of land 1 km wide and 0.3 mm a kilometre at 10 km. Lengths are those on the ellipsoid: ground at 1,000 m is 0.16 m
a kilometre longer, so that land is never taken to be larger than it is unless it lies below the sea. pyproj is the
extra `gis`; it is imported when degrees are read.
"""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from prefab.errors import InputError
from prefab.land import REACH_M, Gate, KeepOut, Land, Loc, crooked, look_like_degrees, said_of
from prefab.land_drawing import read_drawing
from prefab.land_geojson import read_geojson
from prefab.land_shape import CORNERS_MAX, KEPT_FREE, METRES, POINTS, PURPOSES, WGS84, Corner, Shape
from prefab.tables import unprintable, validate_placed

_MOST_SHOWN = 10
_WIDEST_DEG = 5.0
"""No land of 10 km spans as many degrees up to 88° north or south."""

Turned = Callable[[float, float], Corner]


class Frame(NamedTuple):
    """How figures of a file become metres, and metres figures of the file."""

    metres: Turned
    figures: Turned
    digits: int
    """Behind the point, for a millimetre."""


_AS_IT_IS = Frame(lambda x, y: (x, y), lambda x, y: (x, y), 3)


def filled(tree: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A brief's tree with what the file in `[site.land]` says and the brief does not; what must stay free adds up.

    `file` is as seen from `folder`; `coordinates` says what its figures are and is left out.

    Raises:
        InputError: see `read_land`; the file or `coordinates` is not needed, or there is no gate.
    """
    site = tree.get("site")
    own = site.get("land") if isinstance(site, dict) else None
    if not isinstance(site, dict) or not isinstance(own, dict) or not isinstance(own.get("file"), str):
        return tree
    if "outline_m" in own:
        raise InputError("site.land: file and outline_m are both given; leave one of them out")
    path = folder / own["file"]
    read = read_land(path, own.get("coordinates", ""))
    land = {**read, **own}
    # What stays free in the file stays free; the brief can only add to it.
    if isinstance(own.get("keep_out"), list):
        land["keep_out"] = [*read.get("keep_out", []), *own["keep_out"]]
    land.pop("coordinates", None)
    if not land.get("gate"):
        raise InputError(f"{path}: shows no gate; add a point for it, or [[site.land.gate]] with at_m to the brief")
    return {**tree, "site": {**site, "land": land}}


def read_land(path: Path, coordinates: str = "") -> dict[str, Any]:
    """The keys of `[site.land]` that a file gives, in whole millimetres: outline_m, keep_out, gate, utility_m, origin.

    `coordinates` is `wgs84` (GeoJSON; the default there) or a unit of length, for a drawing in place of its own.

    Raises:
        InputError: not readable, nothing like land, or land that cannot be; up to ten mistakes, each with its place.
    """
    try:
        return _read(path, coordinates)
    except InputError as error:
        mistakes = list(error.mistakes)
        if len(mistakes) > _MOST_SHOWN:
            mistakes[_MOST_SHOWN:] = [f"{path}: {len(mistakes) - _MOST_SHOWN:,} more mistakes like these"]
        raise InputError(mistakes) from None


def _read(path: Path, coordinates: str) -> dict[str, Any]:
    drawn = path.suffix.lower() == ".dxf"
    if not drawn and path.suffix.lower() not in (".geojson", ".json"):
        raise InputError(f"{path}: {path.suffix or 'no ending'}; land is read from .geojson, .json and .dxf")
    allowed = (*METRES,) if drawn else (WGS84, *METRES)
    if coordinates not in ("", *allowed):
        raise InputError(f"{path}: coordinates: {coordinates!r}; allowed: {', '.join(allowed)}")
    shapes = read_drawing(path, coordinates) if drawn else read_geojson(path, coordinates)
    land = _land_of(path, shapes, "a closed polyline on layer LAND" if drawn else "a Polygon with purpose land")
    if not drawn and coordinates in ("", WGS84):
        return _Moved(land, _projected(land)).tree(shapes)
    if look_like_degrees(land.rings[0]):
        raise InputError(
            f"{land.where}: less than 1 m wide and deep, so that its figures are degrees or of another unit; say which "
            f"in [site.land] coordinates: {', '.join(allowed)}"
        )
    return _Moved(land, _AS_IT_IS).tree(shapes)


def _land_of(path: Path, shapes: list[Shape], what: str) -> Shape:
    lands = [s for s in shapes if s.purpose == "land"]
    if len(lands) == 1:
        return lands[0]
    if not lands:
        raise InputError(f"{path}: shows no land; {what} is needed")
    raise InputError(f"{lands[1].where}: {len(lands)} outlines of land; exactly one is needed")


def _projected(land: Shape) -> Frame:
    """From degrees to metres from the middle of the land."""
    spans = [(min(axis), max(axis)) for axis in zip(*land.rings[0], strict=True)]
    if max(high - low for low, high in spans) > _WIDEST_DEG:
        size = " x ".join(f"{high - low:.3g}" for low, high in spans)
        raise InputError(
            f'{land.where}: {size} degrees wide and deep; if its figures are metres, write coordinates = "metres" in '
            "[site.land]"
        )
    (west, east), (south, north) = spans
    try:
        pyproj = importlib.import_module("pyproj")
    except ImportError:
        raise InputError("pyproj: is not installed; pip install 'prefab-dc[gis]' brings it") from None
    mercator = pyproj.Proj(proj="tmerc", lon_0=(west + east) / 2, lat_0=(south + north) / 2, k=1, ellps="WGS84")
    return Frame(mercator, lambda x, y: mercator(x, y, inverse=True), 9)


class _Moved:
    """What a file shows, from its south-west corner on; collects mistakes."""

    def __init__(self, land: Shape, frame: Frame) -> None:
        self.land, self.frame = land, frame
        corners = [frame.metres(*corner) for corner in land.rings[0]]
        self.west, self.south = (min(axis) for axis in zip(*corners, strict=True))
        spans = [max(axis) - min(axis) for axis in zip(*corners, strict=True)]
        if not max(spans) <= REACH_M:
            wide, deep = (f"{span:,.0f}" for span in spans)
            raise InputError(f"{land.where}: {wide} x {deep} m; at most {REACH_M / 1000:g} km each way")
        self.mistakes: list[str] = []
        self.places: dict[Loc, str] = {("outline_m",): land.where}

    def tree(self, shapes: list[Shape]) -> dict[str, Any]:
        """All of it as keys of `[site.land]`."""
        outline = self._ring(self.land, 0)
        kept = [k for n in range(1, len(self.land.rings)) if (k := self._kept(self.land, n, f"Hole {n}"))]
        gates: list[Gate] = []
        utility: Corner | None = None
        for shape, title in _titled(shapes):
            if shape.purpose in KEPT_FREE and (keep_out := self._kept(shape, 0, title)):
                kept.append(keep_out)
            elif shape.purpose == "gate":
                self.places["gate", len(gates)] = shape.where
                tree = {"name": shape.name or title, "at_m": self._at(shape.at)}
                gates += self._valid(tree, Gate, shape.where)
            elif shape.purpose == "utility":
                if utility is not None:
                    self.mistakes.append(f"{shape.where}: a second utility; there is one point of connection")
                utility = self._at(shape.at)
                self.places["utility_m",] = shape.where
        for n, (where, _) in enumerate(kept):
            self.places["keep_out", n] = where
        keep_outs = tuple(keep_out for _, keep_out in kept)
        if outline and not self.mistakes:
            land = Land.model_construct(outline_m=outline, keep_out=keep_outs, gate=tuple(gates), utility_m=utility)
            self.mistakes += [f"{self.places[loc]}: {what}" for loc, what in land.mistakes()]
        if self.mistakes:
            raise InputError(self.mistakes)
        given = {
            "outline_m": outline,
            "keep_out": [k.model_dump(mode="json") for k in keep_outs],
            "gate": [g.model_dump(mode="json") for g in gates],
            "utility_m": utility,
            "origin": [round(x, self.frame.digits) for x in self.frame.figures(self.west, self.south)],
        }
        return {key: value for key, value in given.items() if value}

    def _kept(self, shape: Shape, ring: int, title: str) -> tuple[str, KeepOut] | None:
        where = _of_ring(shape, ring)
        corners = self._ring(shape, ring)
        if not corners:
            return None
        tree: dict[str, Any] = {"name": title, "outline_m": corners}
        if shape.purpose != "land":
            tree |= {"name": shape.name or title, "what": shape.purpose, "setback_m": shape.setback_m or 0}
        return next(((where, k) for k in self._valid(tree, KeepOut, where)), None)

    def _ring(self, shape: Shape, ring: int) -> tuple[Corner, ...]:
        """Counter-clockwise corners without those that rounding makes equal; none where they are refused."""
        where, hole = _of_ring(shape, ring), ring > 0
        numbered: list[tuple[int, Corner]] = []
        for number, corner in enumerate(shape.rings[ring], 1):
            at = self._at(corner)
            if not max(map(abs, at)) <= REACH_M:
                far = f"more than {REACH_M / 1000:g} km from the land; cut the polygon off before it"
                self.mistakes.append(f"{where}: corner {number}: {far}")
                return ()
            if not numbered or at != numbered[-1][1]:
                numbered.append((number, at))
        if len(numbered) > 1 and numbered[0][1] == numbered[-1][1]:
            numbered.pop()
        corners = tuple(corner for _, corner in numbered)
        if wrong := self._wrong(numbered, hole):
            self.mistakes.append(f"{where}: {wrong}")
            return ()
        return (corners[0], *reversed(corners[1:])) if hole else corners

    def _wrong(self, numbered: list[tuple[int, Corner]], hole: bool) -> str:
        if not 3 <= len(numbered) <= CORNERS_MAX:
            return f"{len(numbered):,} different corners; 3 to {CORNERS_MAX:,}, so draw it simpler"
        found = crooked([corner for _, corner in numbered])
        if found and found.corners:
            return said_of([numbered[n - 1][0] for n in found.corners]) + found.what
        if bool(found) == hole:
            return ""
        runs, asked = ("counter-clockwise", "clockwise") if hole else ("clockwise", "counter-clockwise")
        return f"its corners run {runs}; RFC 7946 asks for {asked} ones {'of a hole' if hole else 'of an outline'}"

    def _at(self, corner: Corner) -> Corner:
        x, y = self.frame.metres(*corner)
        # Adding nothing makes -0.0 a plain 0.0.
        return round(x - self.west, 3) + 0.0, round(y - self.south, 3) + 0.0

    def _valid(self, tree: dict[str, Any], model: Any, where: str) -> list[Any]:
        try:
            return [validate_placed(tree, model, lambda loc: where, unprintable(tree, where))]
        except InputError as error:
            self.mistakes += error.mistakes
            return []


def _of_ring(shape: Shape, ring: int) -> str:
    return f"{shape.where}, ring {ring + 1}" if len(shape.rings) > 1 else shape.where


def _titled(shapes: list[Shape]) -> Iterator[tuple[Shape, str]]:
    """Each with a name for where it has none."""
    counts = dict.fromkeys(PURPOSES, 0)
    for shape in shapes:
        counts[shape.purpose] += 1
        yield shape, f"{(KEPT_FREE | POINTS).get(shape.purpose, '')} {counts[shape.purpose]}"
