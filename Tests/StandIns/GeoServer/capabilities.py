"""The WMS capabilities of what one user may see, of all, one workspace or one layer."""

from xml.sax.saxutils import escape, quoteattr

from exchange import OGCError, Response
from images import FORMATS

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
OPERATIONS = (
    ("GetCapabilities", ("text/xml",), ("application/vnd.ogc.wms_xml",)),
    ("GetMap", tuple(FORMATS), tuple(FORMATS)),
    ("GetFeatureInfo", ("text/plain", "application/json"), ("text/plain", "application/json")),
)


def answer(server, request, user, version, workspace, layer):
    asked, now = request.parameter("updatesequence"), server.sequence
    if asked.isdigit() and int(asked) >= now:
        is_current = int(asked) == now
        raise OGCError(
            f"WMS capabilities document is current (updateSequence = {now})" if is_current else
            f"Client supplied an updateSequence ({asked}) that is greater than {now}",
            "CurrentUpdateSequence" if is_current else "InvalidUpdateSequence", "updateSequence")
    path = request.path.rstrip("/")
    base = f"http://{request.host}{path}?SERVICE=WMS&"
    if version == "1.3.0":
        kind, body = "text/xml", newer(server, base, user, workspace, layer)
    else:
        kind = "application/vnd.ogc.wms_xml"
        body = older(server, base, user, workspace, layer)
    return Response(200, kind, body, is_chunked=True)


def service(name):
    return (f"<Service><Name>{name}</Name><Title>GeoServer Web Map Service</Title>"
            "<Abstract>A compliant implementation of WMS</Abstract>"
            f'<OnlineResource {XLINK} xlink:type="simple" xlink:href="http://geoserver.org"/>'
            "<Fees>NONE</Fees><AccessConstraints>NONE</AccessConstraints></Service>")


def requests(base, which):
    place = f"<OnlineResource {XLINK} xlink:type=\"simple\" xlink:href={quoteattr(base)}/>"
    text = ""
    for operation in OPERATIONS:
        formats = "".join(f"<Format>{escape(name)}</Format>" for name in operation[which])
        text += (f"<{operation[0]}>{formats}<DCPType><HTTP><Get>{place}</Get></HTTP></DCPType>"
                 f"</{operation[0]}>")
    return f"<Request>{text}</Request>"


def box(server, layer):
    place = server.catalog.resource(layer)
    return [server.catalog.text(place, f"latLonBoundingBox/{corner}", default)
            for corner, default in (
                ("minx", "-180"), ("miny", "-90"), ("maxx", "180"), ("maxy", "90"))]


def times(server, layer):
    """The values of TIME, for layers whose time dimension is on."""
    resource = server.catalog.objects.get(server.catalog.resource(layer))
    is_on = resource is not None and any(
        entry.get("key") == "time" and entry.findtext("dimensionInfo/enabled") == "true"
        for entry in resource.iter("entry"))
    return sorted({fields["time"] for fields in server.catalog.features(layer).values()
                   if "time" in fields}) if is_on else []


def seen(server, user, workspace, only):
    """Full names of the layers to tell of."""
    catalog = server.catalog
    names = [] if server.is_loading else catalog.layers(workspace or None)
    if only and (group := f"{workspace}:{only}") in names:
        names = [group]
    return [name for name in names if server.may_read(user, name)]


def styles(server, layer, base):
    text = ""
    for key in server.catalog.styles(layer):
        parts = key.split("/")
        name = f"{parts[1]}:{parts[3]}" if parts[0] == "workspaces" else parts[1]
        legend = f"{base}request=GetLegendGraphic&format=image%2Fpng&layer={layer}"
        text += (f"<Style><Name>{escape(name)}</Name><Title>{escape(name)}</Title>"
                 '<LegendURL width="20" height="20"><Format>image/png</Format>'
                 f'<OnlineResource {XLINK} xlink:type="simple" xlink:href={quoteattr(legend)}/>'
                 "</LegendURL></Style>")
    return text


def groups(server, workspace):
    catalog = server.catalog
    if server.is_loading:
        return []
    if workspace:
        return catalog.below(f"workspaces/{workspace}/layergroups")
    return catalog.below("layergroups") + [
        f"{place}:{name}" for place in catalog.workspaces()
        for name in catalog.below(f"workspaces/{place}/layergroups")]


def described(server, layer, workspace):
    """Name, title and abstract, the name without its workspace in a virtual service."""
    resource = server.catalog.resource(layer)
    name = layer.split(":")[1] if workspace else layer
    title = server.catalog.text(resource, "title", name)
    return (f"<Name>{escape(name)}</Name><Title>{escape(title)}</Title>"
            f"<Abstract>{escape(server.catalog.text(resource, 'abstract'))}</Abstract>")


def newer(server, base, user, workspace, only):
    layers = ""
    for layer in seen(server, user, workspace, only):
        west, south, east, north = box(server, layer)
        values = times(server, layer)
        dimension = values and (
            f'<Dimension name="time" default="{values[-1]}" units="ISO8601">'
            f"{','.join(values)}</Dimension>")
        layers += (
            f'<Layer queryable="1" opaque="0">{described(server, layer, workspace)}'
            "<CRS>EPSG:4326</CRS><CRS>CRS:84</CRS><EX_GeographicBoundingBox>"
            f"<westBoundLongitude>{west}</westBoundLongitude>"
            f"<eastBoundLongitude>{east}</eastBoundLongitude>"
            f"<southBoundLatitude>{south}</southBoundLatitude>"
            f"<northBoundLatitude>{north}</northBoundLatitude></EX_GeographicBoundingBox>"
            f'<BoundingBox CRS="CRS:84" minx="{west}" miny="{south}" maxx="{east}" maxy="{north}"/>'
            f'<BoundingBox CRS="EPSG:4326" minx="{south}" miny="{west}" maxx="{north}" '
            f'maxy="{east}"/>{dimension or ""}{styles(server, layer, base)}</Layer>')
    for name in groups(server, workspace):
        layers += (f'<Layer queryable="1"><Name>{escape(name)}</Name>'
                   f"<Title>{escape(name)}</Title><CRS>EPSG:4326</CRS></Layer>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?><WMS_Capabilities version="1.3.0" '
        f'updateSequence="{server.sequence}" xmlns="http://www.opengis.net/wms" {XLINK} '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation='
        '"http://www.opengis.net/wms '
        'http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd">'
        f"{service('WMS')}<Capability>{requests(base, 1)}<Exception><Format>XML</Format>"
        "<Format>INIMAGE</Format><Format>BLANK</Format><Format>JSON</Format></Exception>"
        "<Layer><Title>GeoServer Web Map Service</Title><CRS>EPSG:4326</CRS><CRS>EPSG:3857</CRS>"
        "<CRS>EPSG:900913</CRS><CRS>CRS:84</CRS><EX_GeographicBoundingBox>"
        "<westBoundLongitude>-180</westBoundLongitude><eastBoundLongitude>180</eastBoundLongitude>"
        "<southBoundLatitude>-90</southBoundLatitude><northBoundLatitude>90</northBoundLatitude>"
        f"</EX_GeographicBoundingBox>{layers}</Layer></Capability></WMS_Capabilities>\n")


def older(server, base, user, workspace, only):
    layers = ""
    for layer in seen(server, user, workspace, only):
        corners = dict(zip(("minx", "miny", "maxx", "maxy"), box(server, layer)))
        bounds = " ".join(f'{name}="{value}"' for name, value in corners.items())
        values = times(server, layer)
        dimension = values and (
            '<Dimension name="time" units="ISO8601"/>'
            f'<Extent name="time" default="{values[-1]}">{",".join(values)}</Extent>')
        layers += (
            f'<Layer queryable="1" opaque="0">{described(server, layer, workspace)}'
            f"<SRS>EPSG:4326</SRS><LatLonBoundingBox {bounds}/>"
            f'<BoundingBox SRS="EPSG:4326" {bounds}/>{dimension or ""}'
            f"{styles(server, layer, base)}</Layer>")
    for name in groups(server, workspace):
        layers += (f'<Layer queryable="1"><Name>{escape(name)}</Name>'
                   f"<Title>{escape(name)}</Title><SRS>EPSG:4326</SRS></Layer>")
    dtd = base.split("/geoserver")[0] + "/geoserver/schemas/wms/1.1.1/WMS_MS_Capabilities.dtd"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<!DOCTYPE WMT_MS_Capabilities SYSTEM "{dtd}">'
        f'<WMT_MS_Capabilities version="1.1.1" updateSequence="{server.sequence}">'
        f"{service('OGC:WMS')}<Capability>{requests(base, 2)}"
        "<Exception><Format>application/vnd.ogc.se_xml</Format>"
        "<Format>application/vnd.ogc.se_inimage</Format>"
        "<Format>application/vnd.ogc.se_blank</Format></Exception>"
        '<UserDefinedSymbolization SupportSLD="1" UserLayer="1" UserStyle="1" RemoteWFS="1"/>'
        "<Layer><Title>GeoServer Web Map Service</Title><SRS>EPSG:4326</SRS><SRS>EPSG:3857</SRS>"
        '<SRS>EPSG:900913</SRS><LatLonBoundingBox minx="-180" miny="-90" maxx="180" maxy="90"/>'
        f"{layers}</Layer></Capability></WMT_MS_Capabilities>\n")
