"""The capabilities of WMTS as GeoWebCache writes them: layers, and the tile matrix sets."""

from xml.sax.saxutils import escape

WORLD = 20037508.34
# Name, system, west, south, tile's side, northing first, laid from the north, and per level units
# of a pixel, columns and rows.
SETS = [
    ("EPSG:900913", 3857, -WORLD, -WORLD, 256, False, False, [
        (2 * WORLD / 256 / 2 ** level, 2 ** level, 2 ** level) for level in range(31)]),
    ("EPSG:4326", 4326, -180.0, -90.0, 256, True, False, [
        (180 / 256 / 2 ** level, 2 ** (level + 1), 2 ** level) for level in range(22)]),
    ("EPSG:3857x2", 3857, -WORLD, -WORLD, 512, False, False, [
        (2 * WORLD / 512 / 2 ** level, 2 ** level, 2 ** level) for level in range(20)]),
    # New Zealand's, whose corner is its north-western one and whose northing comes first.
    ("NZTM", 2193, -1000000.0, 10000000.0, 256, True, True, [
        (8960.0 / 2 ** level, 4 * 2 ** level, 4 * 2 ** level) for level in range(12)]),
]
METRES = {4326: 111319.49079327358}


def matrix_set(name, system, west, base, side, is_northing_first, is_from_north, levels):
    text = (f"<TileMatrixSet><ows:Identifier>{name}</ows:Identifier>"
            f"<ows:SupportedCRS>urn:ogc:def:crs:EPSG::{system}</ows:SupportedCRS>")
    for level, (resolution, columns, rows) in enumerate(levels):
        north = base if is_from_north else base + rows * side * resolution
        # GridSet.getOrderedTopLeftCorner rounds what it suspects of being inexact.
        if not is_from_north and abs(north - round(north)) < north / 200:
            north = float(round(north))
        corner = (north, west) if is_northing_first else (west, north)
        text += (f"<TileMatrix><ows:Identifier>{name}:{level}</ows:Identifier>"
                 f"<ScaleDenominator>{resolution * METRES.get(system, 1) / 0.00028!r}"
                 f"</ScaleDenominator><TopLeftCorner>{corner[0]!r} {corner[1]!r}</TopLeftCorner>"
                 f"<TileWidth>{side}</TileWidth><TileHeight>{side}</TileHeight>"
                 f"<MatrixWidth>{columns}</MatrixWidth><MatrixHeight>{rows}</MatrixHeight>"
                 "</TileMatrix>")
    return text + "</TileMatrixSet>"


def capabilities(server, request):
    base = f"http://{request.host}{request.path}"
    layers = ""
    for layer in server.catalog.layers():
        links = "".join(f"<TileMatrixSetLink><TileMatrixSet>{name}</TileMatrixSet>"
                        "</TileMatrixSetLink>" for name, *_ in SETS)
        layers += (
            f"<Layer><ows:Title>{escape(layer)}</ows:Title><ows:WGS84BoundingBox>"
            "<ows:LowerCorner>-180.0 -90.0</ows:LowerCorner><ows:UpperCorner>180.0 90.0"
            f"</ows:UpperCorner></ows:WGS84BoundingBox><ows:Identifier>{escape(layer)}"
            '</ows:Identifier><Style isDefault="true"><ows:Identifier></ows:Identifier></Style>'
            f"<Format>image/png</Format>{links}</Layer>")
    get = (f'<ows:DCP><ows:HTTP><ows:Get xlink:href="{escape(base)}?"><ows:Constraint '
           'name="GetEncoding"><ows:AllowedValues><ows:Value>KVP</ows:Value></ows:AllowedValues>'
           "</ows:Constraint></ows:Get></ows:HTTP></ows:DCP>")
    operations = "".join(f'<ows:Operation name="{name}">{get}</ows:Operation>'
                         for name in ("GetCapabilities", "GetTile"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Capabilities '
        'xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0"><ows:ServiceIdentification>'
        "<ows:Title>Web Map Tile Service - GeoWebCache</ows:Title><ows:ServiceType>OGC WMTS"
        "</ows:ServiceType><ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion>"
        f"</ows:ServiceIdentification><ows:OperationsMetadata>{operations}</ows:OperationsMetadata>"
        f"<Contents>{layers}{''.join(matrix_set(*one) for one in SETS)}</Contents></Capabilities>")
