"""WMS 1.1.1 and 1.3.0: capabilities, maps of one colour, and errors with status 200."""

import collections
import email.utils
import json
import time
from xml.sax.saxutils import escape, quoteattr

import capabilities
import images
from exchange import OGCError, Response
from publishing import group_key

Drawing = collections.namedtuple("Drawing", "layers state rgb")
SYSTEMS = ("EPSG:4326", "EPSG:3857", "EPSG:900913", "CRS:84", "EPSG:2193")


def exception_document(version, text, code="", locator=""):
    """As WMSServiceExceptionHandler writes it: whatever happened, the status is 200."""
    attributes = "".join(
        f" {name}={quoteattr(value)}" for name, value in (("code", code), ("locator", locator))
        if value)
    inner = f"   <ServiceException{attributes}>\n      {escape(text)}\n</ServiceException>"
    start = '<?xml version="1.0" encoding="UTF-8"?>'
    if version == "1.3.0":
        kind = "text/xml;charset=UTF-8"
        body = (f'{start}<ServiceExceptionReport version="1.3.0" '
                'xmlns="http://www.opengis.net/ogc" '
                'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                'xsi:schemaLocation="http://www.opengis.net/ogc '
                'http://schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd">'
                f"{inner}</ServiceExceptionReport>")
    else:
        kind = "application/vnd.ogc.se_xml;charset=UTF-8"
        body = (f"{start[:-2]} standalone=\"no\"?>"
                "<!DOCTYPE ServiceExceptionReport SYSTEM "
                '"http://localhost/geoserver/schemas/wms/1.1.1/WMS_exception_1_1_1.dtd"> '
                f'<ServiceExceptionReport version="1.1.1" >{inner}</ServiceExceptionReport>')
    return Response(200, kind, body, is_chunked=True)


def answer(server, request, user, workspace="", layer=""):
    version = "1.3.0" if request.parameter("version").startswith("1.3") else "1.1.1"
    operation = request.parameter("request").lower()
    try:
        if operation in ("getcapabilities", "capabilities"):
            # Without a version the newest one.
            if not request.parameter("version"):
                version = "1.3.0"
            return capabilities.answer(server, request, user, version, workspace, layer)
        if operation in ("getmap", "map"):
            return server.tiles.through(
                server, request, lambda: get_map(server, request, user, version, workspace, layer))
        if operation == "getfeatureinfo":
            return feature_info(server, request, user, workspace, layer)
        if operation == "getlegendgraphic":
            drawn = drawing(server, request.parameter("layer"), request.parameter("style"), user,
                            workspace, layer)
            size = [int(request.parameter(name, "20")) for name in ("width", "height")]
            return Response(200, "image/png", images.png(*size, drawn.rgb))
        if not operation:
            raise OGCError(
                "Could not determine geoserver request from http request "
                f"{request.method} {request.path}", "MissingParameterValue", "request")
        raise OGCError(f"No such operation WMS {operation}", "OperationNotSupported", operation)
    except OGCError as error:
        return failure(request, version, error)


def failure(request, version, error):
    """In the way that EXCEPTIONS asks for; images only where size and format are sound."""
    wish = request.parameter("exceptions").lower()
    form = images.FORMATS.get(request.parameter("format"))
    sizes = [request.parameter(name) for name in ("width", "height")]
    is_sound = form is not None and all(size.isdigit() and int(size) > 0 for size in sizes)
    if is_sound and ("inimage" in wish or "blank" in wish):
        is_clear = request.parameter("transparent").lower() == "true" and "blank" in wish
        # In an image the text is drawn in black on white; here a gray stands for it.
        rgb = (255, 255, 255) if "blank" in wish else (200, 200, 200)
        body = form[0](*map(int, sizes), rgb, 0 if is_clear else 255)
        return Response(200, form[1], body, is_chunked=True)
    if wish in ("application/json", "text/javascript"):
        body = json.dumps({"version": version, "exceptions": [
            {"code": error.code or "noApplicableCode", "locator": error.locator or "noLocator",
             "text": error.text}]})
        if wish == "text/javascript":
            return Response(200, wish, f"parseResponse({body})")
        return Response(200, "application/json;charset=UTF-8", body)
    return exception_document(version, error.text, error.code, error.locator)


def members(server, name, workspace):
    """The layers that a name stands for, each with its style in a group or ''."""
    catalog = server.catalog
    layer = None if server.is_loading else catalog.full_name(name, workspace)
    if layer and workspace in ("", layer.split(":")[0]):
        return [(layer, "")]
    group = None if server.is_loading else group_key(catalog, name, workspace)
    if group is None:
        raise OGCError(f"Could not find layer {name}", "LayerNotDefined", "layers")
    element = catalog.objects[group]
    styles = [item.findtext("name") or "" for item in element.findall("styles/style")]
    names = [item.findtext("name") for item in element.iter("published")]
    styles += [""] * len(names)
    return [(member, style) for name, style in zip(names, styles)
            for member, _ in members(server, name, workspace)]


def drawing(server, layers, styles, user="admin", workspace="", only=""):
    """What these layers look like in these styles; OGCError if one is not known to the user."""
    catalog, found, words = server.catalog, [], []
    if not layers and only:
        layers = only
    if not layers:
        raise OGCError("No layers have been requested", "LayerNotDefined", "layers")
    names, wanted = layers.split(","), styles.split(",") if styles else []
    if wanted and len(wanted) != len(names):
        raise OGCError(f"{len(names)} layers requested, but found {len(wanted)} styles specified.",
                       "", "styles")
    for name, style in zip(names, wanted or [""] * len(names)):
        for layer, own in members(server, name, workspace):
            if only and layer != catalog.full_name(only, workspace) or not (
                    server.may_read(user, layer)):
                raise OGCError(f"Could not find layer {name}", "LayerNotDefined", "layers")
            key = (catalog.style_key(style or own, layer.split(":")[0]) if style or own else
                   next(iter(catalog.styles(layer)), None))
            if key is None:
                raise OGCError(f"No such style: {style or own}", "StyleNotDefined", "styles")
            found.append(layer)
            words.append(f"{layer}@{catalog.version(layer)}/{key.removeprefix('styles/')}"
                         f"@{catalog.style_version(key)}")
    return Drawing(found, " ".join(words), images.colour(*words))


def numbers(text, count):
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != count:
        raise OGCError("Requested bounding box contains wrong number of coordinates "
                       "(should have 4): " + text, "", "bbox")
    return found


def get_map(server, request, user, version, workspace, layer):
    drawn = drawing(server, request.parameter("layers"), request.parameter("styles"), user,
                    workspace, layer)
    system = request.parameter("crs" if version == "1.3.0" else "srs") or (
        request.parameter("srs") or request.parameter("crs"))
    if system.upper() not in SYSTEMS:
        raise OGCError(f"Error occurred decoding the espg code {system}",
                       "InvalidCRS" if version == "1.3.0" else "InvalidSRS", "crs")
    west, south, east, north = numbers(request.parameter("bbox"), 4)
    if west >= east or south >= north:
        raise OGCError("The request bounding box has zero area", "", "bbox")
    form = images.FORMATS.get(request.parameter("format", "image/png"))
    if form is None:
        raise OGCError("There is no support for creating maps in "
                       f"{request.parameter('format')} format", "InvalidFormat", "format")
    try:
        width, height = int(request.parameter("width")), int(request.parameter("height"))
    except ValueError as error:
        raise OGCError("Missing or invalid requested map size. Parameters WIDTH and HEIGHT shall "
                       "be present and be integers > 0.", "MissingOrInvalidParameter") from error
    if not 0 < width * height <= 4_000_000:
        raise OGCError("This request used more memory than allowed")
    if request.fault and request.fault.kind == "render":
        # After the state was read: what comes out is as old as the beginning of the render.
        request.fault.wait(request.fault.wish.get("ms"))
    headers = [("Content-Disposition",
                f"inline; filename={'-'.join(drawn.layers).replace(':', '-')}.png"),
               ("X-Stand-In-State", drawn.state), *lifetime(server, drawn.layers)]
    return Response(200, form[1], form[0](width, height, drawn.rgb), headers, is_chunked=True)


def lifetime(server, layers):
    """Only layers that were told to have one have one, and the least counts."""
    ages = []
    for layer in layers:
        resource = server.catalog.objects.get(server.catalog.resource(layer))
        entries = {} if resource is None else {
            entry.get("key"): entry.text for entry in resource.iter("entry")}
        if entries.get("cachingEnabled") != "true":
            return []
        ages.append(int(entries.get("cacheAgeMax") or 0))
    age = min(ages)
    return [("Cache-Control", f"max-age={age}, must-revalidate"),
            ("Expires", email.utils.formatdate(time.time() + age, usegmt=True))]


def feature_info(server, request, user, workspace, layer):
    drawn = drawing(server, request.parameter("query_layers"), "", user, workspace, layer)
    features = [{"type": "Feature", "id": name, "geometry": None,
                 "properties": {key: text for key, text in fields.items() if key != "the_geom"}}
                for layer in drawn.layers
                for name, fields in server.catalog.features(layer).items()]
    features = features[:int(request.parameter("feature_count", "1"))]
    if "json" in request.parameter("info_format"):
        body = json.dumps({"type": "FeatureCollection", "features": features})
        return Response(200, "application/json;charset=UTF-8", body, is_chunked=True)
    lines = [f"Results for FeatureType '{name}':" for name in drawn.layers]
    lines += [f"{key} = {value}" for feature in features
              for key, value in feature["properties"].items()]
    return Response(200, "text/plain;charset=UTF-8", "\n".join(lines) + "\n", is_chunked=True)
