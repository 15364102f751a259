"""How map clients spell one tile: each in its order of parameters, its case, its escapes and its
arithmetic. All spellings here mean the same picture to a GeoServer.

The shapes are those of MapStory's clients and of clients that were recorded; where MapStory's own
requests are known, they are like those.
"""

import math
from urllib.parse import quote

HALF = 20037508.342789244  # metres from the origin of Web Mercator to its edge
RADIUS = 6378137.0
WORKSPACES = {"base": "base", "hurricanes": "geonode"}


def box(tile):
    """West, south, east and north as the grid set has them."""
    side = 2 * HALF / 2 ** tile.zoom
    west, north = tile.column * side - HALF, HALF - tile.row * side
    return west, north - side, west + side, north


def time_of(tile, form="{}T00:00:00.000Z"):
    """TIME of the tile's frame, a range; None without one."""
    return tile.frame and "/".join(form.format(day) for day in tile.frame)


def written(pairs, escape=lambda text: quote(text, safe="")):
    """A query; what has no value (None) is left out."""
    return "&".join(f"{name}={escape(str(value))}" for name, value in pairs if value is not None)


def commas(values, form=repr):
    return ",".join(form(value) for value in values)


def plain(tile, start=None):
    """What the caches' own documentation asks for: no dialect at all."""
    return f"/geoserver/{WORKSPACES[tile.layer]}/wms?" + written([
        ("SERVICE", "WMS"), ("VERSION", "1.1.1"), ("REQUEST", "GetMap"), ("LAYERS", tile.layer),
        ("STYLES", ""), ("SRS", "EPSG:3857"), ("BBOX", commas(box(tile))), ("WIDTH", 256),
        ("HEIGHT", 256), ("FORMAT", "image/png"), ("TRANSPARENT", transparent(tile)),
        ("TIME", time_of(tile))])


def transparent(tile, yes="TRUE"):
    """Only a layer above others is asked for with a transparent ground."""
    return None if tile.frame is None else yes


def _openlayers2_box(tile, start):
    """OpenLayers 2 knows the edge as 20037508.34 and the coarsest resolution as 156543.0339. It
    lays its grid by adding a tile's side again and again from the view's corner on."""
    side = 156543.0339 / 2 ** tile.zoom * 256
    west = -20037508.34 + start[0] * side
    south = -20037508.34 + (2 ** tile.zoom - 1 - start[1]) * side
    for _ in range(tile.column - start[0]):
        west += side
    for _ in range(tile.row - start[1]):
        south -= side
    return west, south, west + side, south + side


def _shortest(value):
    """A number as JavaScript writes it: without ".0"."""
    return repr(value).removesuffix(".0")


def _openlayers2(tile, start, layer):
    query = written([
        ("LAYERS", layer), ("FORMAT", "image/png"), ("TRANSPARENT", transparent(tile)),
        ("SERVICE", "WMS"), ("VERSION", "1.1.1"), ("REQUEST", "GetMap"), ("STYLES", ""),
        ("TILED", "true"), ("SRS", "EPSG:900913"), ("TIME", time_of(tile))])
    edges = commas(_openlayers2_box(tile, start), _shortest)
    return f"{query}&BBOX={edges}&WIDTH=256&HEIGHT=256"


def openlayers2_data(tile, start):
    """MapStory's data page of 2013: the layer's virtual service."""
    path = f"/geoserver/{WORKSPACES[tile.layer]}/{tile.layer}/wms?"
    return path + _openlayers2(tile, start, tile.layer)


def openlayers2_map(tile, start):
    """MapStory's map page of 2013: the same tile of the global service."""
    return "/geoserver/wms?" + _openlayers2(tile, start, f"{WORKSPACES[tile.layer]}:{tile.layer}")


def _leaflet_box(tile):
    """Leaflet goes by way of latitude and longitude and back, which costs it the last digits."""
    def edge(column, row):
        scale = 256 * 2 ** tile.zoom
        x = (column * 256 / scale - 0.5) * 2 * math.pi * RADIUS
        y = (0.5 - row * 256 / scale) * 2 * math.pi * RADIUS
        longitude = x * (180 / math.pi) / RADIUS
        latitude = (2 * math.atan(math.exp(y / RADIUS)) - math.pi / 2) * (180 / math.pi)
        sine = math.sin(latitude * math.pi / 180)
        return (RADIUS * longitude * (math.pi / 180),
                RADIUS * math.log((1 + sine) / (1 - sine)) / 2)
    west, north = edge(tile.column, tile.row)
    east, south = edge(tile.column + 1, tile.row + 1)
    return west, south, east, north


def leaflet(tile, start):
    query = written([
        ("service", "WMS"), ("request", "GetMap"), ("layers", tile.layer), ("styles", ""),
        ("format", "image/png"), ("transparent", transparent(tile, "true") or "false"),
        ("version", "1.1.1"), ("time", time_of(tile)), ("width", 256), ("height", 256),
        ("srs", "EPSG:3857")])
    return (f"/geoserver/{WORKSPACES[tile.layer]}/wms?{query}"
            f"&bbox={commas(_leaflet_box(tile), _shortest)}")


def openlayers3(tile, start):
    """OpenLayers 3 and later: WMS 1.3.0."""
    return f"/geoserver/{WORKSPACES[tile.layer]}/wms?" + written([
        ("SERVICE", "WMS"), ("VERSION", "1.3.0"), ("REQUEST", "GetMap"), ("FORMAT", "image/png"),
        ("TRANSPARENT", transparent(tile, "true") or "false"), ("LAYERS", tile.layer),
        ("TIME", time_of(tile)), ("WIDTH", 256), ("HEIGHT", 256), ("CRS", "EPSG:3857"),
        ("STYLES", ""), ("BBOX", commas(box(tile), _shortest))])


def composer(tile, start):
    """MapStory's composer, its second site: OpenLayers 3 with a layer that asks by WMS 1.1.0."""
    return "/geoserver/wms?" + written([
        ("SERVICE", "WMS"), ("VERSION", "1.1.0"), ("REQUEST", "GetMap"), ("FORMAT", "image/png"),
        ("TRANSPARENT", transparent(tile, "true") or "false"),
        ("LAYERS", f"{WORKSPACES[tile.layer]}:{tile.layer}"), ("TILED", "true"),
        ("TIME", time_of(tile)), ("WIDTH", 256), ("HEIGHT", 256), ("SRS", "EPSG:3857"),
        ("STYLES", ""), ("BBOX", commas(box(tile), _shortest))])


def wmsc(tile, start):
    """GeoWebCache's own WMS-C, by a page that escapes nothing and writes its times short. Tiles of
    GeoWebCache have a transparent ground; so the base map comes by another way."""
    if tile.frame is None:
        return openlayers2_map(tile, start)
    return "/geoserver/gwc/service/wms?" + written([
        ("LAYERS", f"{WORKSPACES[tile.layer]}:{tile.layer}"), ("FORMAT", "image/png"),
        ("TRANSPARENT", "true"), ("SERVICE", "WMS"), ("VERSION", "1.1.1"),
        ("REQUEST", "GetMap"), ("STYLES", ""), ("SRS", "EPSG:900913"),
        ("BBOX", commas(box(tile), "{:.6f}".format)), ("WIDTH", 256), ("HEIGHT", 256),
        ("tiled", "true"), ("TIME", time_of(tile, "{}T00:00:00.0Z"))], escape=str)


# How many of a hundred viewers have which.
SHARES = {"openlayers2-data": 15, "openlayers2-map": 15, "leaflet": 20, "openlayers3": 15,
          "composer": 25, "wms-c": 10}
SPELLINGS = {"plain": plain, "openlayers2-data": openlayers2_data,
             "openlayers2-map": openlayers2_map, "leaflet": leaflet, "openlayers3": openlayers3,
             "composer": composer, "wms-c": wmsc}
