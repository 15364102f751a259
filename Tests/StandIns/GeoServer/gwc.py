"""The tile cache inside GeoServer: one to each instance, which nobody else truncates."""

import email.utils
import json
import math
import time

import matrices
import wms
from exchange import OGCError, Response
from markup import build, node, read, to_xml

# Side of the world and its lower left corner, for square tiles of 256 pixels.
GRIDS = {"EPSG:900913": (20037508.342789244, -20037508.342789244, -20037508.342789244),
         "EPSG:4326": (90.0, -180.0, -90.0)}
ALIASES = {"EPSG:3857": "EPSG:900913", "CRS:84": "EPSG:4326"}
PLAIN = {"service", "version", "request", "layers", "styles", "srs", "crs", "bbox", "width",
         "height", "format", "transparent", "tiled", "exceptions", "time", "access_token",
         "authkey"}
KINDS = ("truncateLayer", "truncateParameters", "truncateOrphans", "truncateExtent", "truncateAll")


class Miss(Exception):
    """Why a request is none for the cache, in the words of geowebcache-miss-reason."""


class TileCache:
    def __init__(self, answers_tiled):
        # As direct integration in GeoServer: WMS requests with tiled=true come here.
        self.answers_tiled = answers_tiled
        self.stored, self.truncations = {}, []

    def count(self):
        return len(self.stored)

    def through(self, server, request, draw):
        is_direct = request.path.startswith("/geoserver/gwc/")
        is_tiled = self.answers_tiled and request.parameter("tiled").lower() == "true"
        if not is_direct and not is_tiled:
            return draw()
        try:
            layer, index, bounds, grid = self.address(server, request)
        except Miss as reason:
            if is_direct:
                return Response(400, "text/html;charset=utf-8",
                                f"<html><body>400: {reason}</body></html>\n")
            return self.marked(draw(), "MISS", [("geowebcache-miss-reason", str(reason))])
        if not server.may_read(server.user(request), layer):
            raise OGCError(f"Could not find layer {layer}", "LayerNotDefined", "layers")
        key = (layer, grid, index, *(request.parameter(name) for name in (
            "styles", "format", "transparent", "time")))
        found, result = self.stored.get(key), "HIT"
        if found is None:
            began, result = time.time(), "MISS"
            response = draw()
            if not response.kind.startswith("image/"):
                return response
            # No fence, as in GeoWebCache: what was drawn before a truncation is kept after it.
            found = self.stored[key] = (response.body, response.kind, response.headers, began)
        return self.tile(request, found, result, index, bounds, grid, layer)

    def tile(self, request, found, result, index, bounds, grid, layer):
        body, kind, headers, began = found
        modified = email.utils.formatdate(began, usegmt=True)
        tag = format(int(began * 1000), "x")
        fields = [
            ("Last-Modified", modified), ("ETag", tag), ("geowebcache-layer", layer),
            ("geowebcache-tile-index", f"[{index[0]}, {index[1]}, {index[2]}]"),
            ("geowebcache-tile-bounds", ",".join(map(str, bounds))),
            ("geowebcache-gridset", grid), ("geowebcache-crs", grid)]
        if not any(name == "Cache-Control" for name, _ in headers):
            fields.append(("Cache-Control", "no-cache"))
        since = request.headers.get("if-modified-since")
        is_same = since == modified or request.headers.get("if-none-match") == tag
        response = (Response(304, "", b"", list(headers)) if is_same else
                    Response(200, kind, body, list(headers)))
        return self.marked(response, result, fields)

    def marked(self, response, result, fields):
        response.headers += [("geowebcache-cache-result", result), *fields]
        return response

    def address(self, server, request):
        """Layer, (x, y from below, z), bounds and grid set of an aligned tile; Miss otherwise."""
        names = request.parameter("layers").split(",")
        if len(names) != 1:
            raise Miss("more than one layer requested")
        layer = server.catalog.full_name(names[0])
        if layer is None or f"untiled/{layer}" in server.catalog.objects:
            raise Miss("not a tile layer")
        for key, _ in request.query:
            if key.lower() not in PLAIN:
                raise Miss(f"no parameter filter exists for {key.upper()}")
        system = (request.parameter("srs") or request.parameter("crs")).upper()
        grid = ALIASES.get(system, system)
        if grid not in GRIDS:
            raise Miss("no cache exists for requested CRS")
        size = (request.parameter("width"), request.parameter("height"))
        try:
            box = [float(part) for part in request.parameter("bbox").split(",")]
        except ValueError:
            box = []
        unaligned = Miss(f"request does not align to grid(s) '{grid}'")
        if size != ("256", "256") or len(box) != 4 or box[2] <= box[0]:
            raise unaligned
        half, west, south = GRIDS[grid]
        level = round(math.log2(2 * half / (box[2] - box[0])))
        side = 2 * half / 2 ** level if level >= 0 else 0
        if not side or abs(box[2] - box[0] - side) > 0.1 * side:
            raise unaligned
        x, y = (box[0] - west) / side, (box[1] - south) / side
        if abs(x - round(x)) > 0.1 or abs(y - round(y)) > 0.1:
            raise unaligned
        x, y = round(x), round(y)
        bounds = (west + x * side, south + y * side, west + (x + 1) * side, south + (y + 1) * side)
        return layer, (x, y, level), bounds, grid

    def truncate(self, chosen):
        for key in [key for key in list(self.stored) if chosen(key)]:
            self.stored.pop(key, None)

    def forget_layers(self, layers):
        self.truncate(lambda key: key[0] in layers)

    def forget(self, catalog, one, key):
        """What a configuration change makes stale, as far as this instance's listener sees."""
        if one == "style":
            self.forget_layers(catalog.users_of(key))
        elif one == "layer":
            self.forget_layers([key.removeprefix("layers/")])
        elif one in ("featureType", "coverage"):
            self.forget_layers([f"{key.split('/')[1]}:{key.rpartition('/')[2]}"])


def answer(server, request, path):
    if path.startswith("/service/wms"):
        user = server.user(request)
        return server.with_session(request, wms.answer(server, request, user), user)
    if path == "/service/wmts" and request.parameter("request").lower() == "getcapabilities":
        return Response(200, "application/xml", matrices.capabilities(server, request))
    if path.startswith("/rest"):
        if server.user(request) == "":
            return Response(401, "text/html;charset=utf-8", "",
                            [("WWW-Authenticate", 'Basic realm="GeoServer Realm"')])
        parts = [part for part in path.removeprefix("/rest").split("/") if part]
        with server.lock:
            return administration(server, request, parts)
    return Response(404, "text/html;charset=utf-8", "<html><body>404</body></html>\n")


def administration(server, request, parts):
    name, kind = parts[-1] if parts else "", "xml"
    if name.endswith((".xml", ".json")):
        name, _, kind = name.rpartition(".")
    if parts[:1] == ["masstruncate"]:
        return mass_truncate(server, request)
    if len(parts) == 1 and name == "seed":
        return Response(200, "application/json", '{"long-array-array":[]}')
    if parts[:1] == ["seed"]:
        return seed(server, request, name, kind)
    if parts[:1] == ["layers"] or name == "layers":
        return layers(server, request, name if len(parts) > 1 else "")
    if name == "diskquota":
        return disk_quota(server, request, kind)
    if name == "reload" and request.method == "POST":
        return Response(200, "text/html", "<html><body>Configuration reloaded</body></html>\n")
    return Response(404, "text/plain", f"404: there is no {'/'.join(parts)}")


def mass_truncate(server, request):
    if request.method == "GET":
        kinds = (node("requestType", kind) for kind in KINDS)
        shown = node("massTruncateRequests", None, *kinds, href=request.path)
        return Response(200, "application/xml", to_xml(shown))
    if request.method != "POST":
        return Response(405, "text/plain", "")
    try:
        wish = read(request.body.decode(), request.headers.get("content-type", "xml"))
    except ValueError as error:
        return Response(400, "text/plain", f"Bad request: {error}")
    if wish.tag not in KINDS:
        return Response(400, "text/plain", f"Failed to parse request: {wish.tag}")
    name = wish.findtext("layerName")
    layer = server.catalog.full_name(name) if name else None
    if wish.tag != "truncateAll" and layer is None:
        # As GeoWebCache did until issue 587.
        return Response(500, "text/plain", f"Could not find layer {name}")
    server.tiles.truncations.append(to_xml(wish))
    if wish.tag == "truncateAll":
        server.tiles.truncate(lambda key: True)
    elif wish.tag == "truncateExtent":
        box = [float(item.text) for item in wish.iter("double")]
        grid = wish.findtext("gridSetId")
        server.tiles.truncate(
            lambda key: key[0] == layer and key[1] == grid and touches(key[1], key[2], box))
    elif wish.tag == "truncateParameters":
        given = {item[0].text.lower(): item[1].text for item in wish.iter("entry") if len(item) > 1}
        server.tiles.truncate(lambda key: key[0] == layer and key[3] == (
            given.get("styles") or "") and key[6] == (given.get("time") or ""))
    elif wish.tag == "truncateLayer":
        server.tiles.forget_layers([layer])
    return Response(200, "text/plain", "")


def touches(grid, index, box):
    half, west, south = GRIDS[grid]
    side = 2 * half / 2 ** index[2]
    left, low = west + index[0] * side, south + index[1] * side
    return left < box[2] and left + side > box[0] and low < box[3] and low + side > box[1]


def seed(server, request, name, kind):
    layer = server.catalog.full_name(name)
    if layer is None:
        return Response(404, "text/plain", f"Unknown layer: {name}")
    if request.method == "GET":
        return Response(200, "application/json", '{"long-array-array":[]}')
    try:
        wish = read(request.body.decode(), kind)
    except ValueError as error:
        return Response(400, "text/plain", str(error))
    if wish.findtext("type") == "truncate":
        first, last = (int(wish.findtext(tag) or default) for tag, default in (
            ("zoomStart", 0), ("zoomStop", 30)))
        server.tiles.truncations.append(to_xml(wish))
        server.tiles.truncate(lambda key: key[0] == layer and first <= key[2][2] <= last)
    return Response(200, "text/plain", "")


def layers(server, request, name):
    """Each layer is a tile layer until it is deleted here."""
    catalog = server.catalog
    if not name:
        names = [layer for layer in catalog.layers() if f"untiled/{layer}" not in catalog.objects]
        return Response(200, "application/xml", to_xml(node("layers", None, *(
            node("layer", None, node("name", layer)) for layer in names))))
    layer = catalog.full_name(name)
    if layer is None:
        return Response(404, "text/plain", f"Unknown layer: {name}")
    is_tiled, mark = f"untiled/{layer}" not in catalog.objects, f"untiled/{layer}"
    if request.method == "DELETE":
        server.tiles.forget_layers([layer])
        catalog.change({mark: node("untiled", None)})
        return Response(200, "text/plain", f"{layer} deleted")
    if request.method in ("PUT", "POST"):
        server.tiles.forget_layers([layer])
        catalog.change({mark: None})
        return Response(200, "text/plain", "layer saved")
    if not is_tiled:
        return Response(404, "text/plain", f"Unknown layer: {name}")
    formats = [node("string", kind) for kind in ("image/png", "image/jpeg", "image/gif")]
    grids = [node("gridSubset", None, node("gridSetName", grid)) for grid in GRIDS]
    return Response(200, "application/xml", to_xml(node(
        "GeoServerLayer", None, node("enabled", "true"), node("name", layer),
        node("mimeFormats", None, *formats), node("gridSubsets", None, *grids),
        node("metaWidthHeight", None, node("int", "4"), node("int", "4")))))


def disk_quota(server, request, kind):
    key = "diskquota"
    now = server.catalog.objects.get(key, build("gwcQuotaConfiguration", {
        "enabled": False, "cacheCleanUpFrequency": 10, "cacheCleanUpUnits": "SECONDS",
        "maxConcurrentCleanUps": 2, "globalExpirationPolicyName": "LFU",
        "globalQuota": {"value": 500, "units": "MiB"}, "quotaStore": "H2"}))
    if request.method == "PUT":
        try:
            server.catalog.change({key: read(request.body.decode(), kind)})
        except ValueError as error:
            return Response(400, "text/plain", str(error))
        return Response(200, "text/plain", "")
    if kind == "json":
        return Response(200, "application/json", json.dumps(
            {"org.geowebcache.diskquota.DiskQuotaConfig": {
                child.tag: child.text for child in now if child.text}}))
    return Response(200, "application/xml", to_xml(now))
