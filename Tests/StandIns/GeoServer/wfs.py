"""WFS 1.0.0 and 1.1.0: reading as GeoJSON and GML, transactions, and errors with status 200."""

import json
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape, quoteattr

from exchange import OGCError, Response

NAMESPACES = ('xmlns:wfs="http://www.opengis.net/wfs" xmlns:ogc="http://www.opengis.net/ogc" '
              'xmlns:gml="http://www.opengis.net/gml" '
              'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"')
START = '<?xml version="1.0" encoding="UTF-8"?>'


def answer(server, request, user, workspace="", layer=""):
    root, version = None, request.parameter("version")
    try:
        if request.method == "POST":
            try:
                root = ElementTree.fromstring(request.body)
            except ElementTree.ParseError as error:
                raise OGCError(f"XML getFeature request SAX parsing error: {error}") from error
            version = root.get("version", "1.1.0")
        version = "1.0.0" if version.startswith("1.0") else "1.1.0"
        operation = (local(root.tag) if root is not None else request.parameter("request")).lower()
        if operation == "transaction":
            return Transaction(server, root, user, workspace, version).answer()
        if operation == "getcapabilities":
            return capabilities(server, request, user, workspace, version)
        if operation == "describefeaturetype":
            return describe(server, request, user, workspace)
        if operation == "getfeature":
            return get_feature(server, request, root, user, workspace, version)
        raise OGCError(f"Could not determine geoserver request from http request {request.path}",
                       "MissingParameterValue", "request")
    except OGCError as error:
        return failure(version, error)


def failure(version, error):
    """The two documents of the two versions; the status is 200 in both."""
    code, place = error.code, error.locator
    if version == "1.0.0":
        attributes = (f" code={quoteattr(code)}" if code else "") + (
            f" locator={quoteattr(place)}" if place else "")
        body = (f'{START}<ServiceExceptionReport version="1.2.0" '
                'xmlns="http://www.opengis.net/ogc">'
                f"<ServiceException{attributes}>\n{escape(error.text)}\n</ServiceException>"
                "</ServiceExceptionReport>")
        return Response(200, "text/xml;charset=UTF-8", body, is_chunked=True)
    locator = f" locator={quoteattr(place)}" if place else ""
    body = (f'{START}<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.0.0">'
            f'<ows:Exception exceptionCode="{code or "NoApplicableCode"}"{locator}>'
            f"<ows:ExceptionText>{escape(error.text)}</ows:ExceptionText></ows:Exception>"
            "</ows:ExceptionReport>")
    return Response(200, "application/xml", body, is_chunked=True)


def local(tag):
    return tag.rpartition("}")[2]


def found_layer(server, user, name, workspace):
    layer = None if server.is_loading else server.catalog.full_name(name, workspace)
    if layer is None or not server.may_read(user, layer):
        raise OGCError(f"Feature type {name} unknown", "InvalidParameterValue", "typeName")
    return layer


class Transaction:
    """Insert, Update and Delete in their order; all of them or none."""

    def __init__(self, server, root, user, workspace, version):
        self.server, self.root, self.user = server, root, user
        self.workspace, self.version = workspace, version
        self.inserted, self.counts, self.touched = [], {"Updated": 0, "Deleted": 0}, {}

    def answer(self):
        if self.server.switches["readOnly"]:
            raise OGCError("Service level does not allow transactions: read-only", "", "wfs")
        if self.server.switches["failed"]:
            if self.version == "1.1.0":
                raise OGCError("Error performing insert: connection refused", "", "insert")
            return self.older("FAILED", "<wfs:Locator>insert</wfs:Locator>"
                              "<wfs:Message>Error performing insert: connection refused"
                              "</wfs:Message>")
        with self.server.lock:
            for element in self.root:
                action = {"insert": self.insert, "update": self.update, "delete": self.delete}.get(
                    local(element.tag).lower())
                if action:
                    action(element)
            changed = [layer for layer, (old, new) in self.touched.items() if old != new]
            for layer in changed:
                self.server.catalog.change_features(
                    layer, lambda features, layer=layer: self.replace(features, layer))
            self.server.tiles.forget_layers(changed)
        return self.newer() if self.version == "1.1.0" else self.older()

    def replace(self, features, layer):
        old, new = self.touched[layer]
        for name in set(old) - set(new):
            features.pop(name, None)
        for name, fields in new.items():
            if old.get(name) != fields:
                features[name] = fields

    def features(self, name):
        layer = found_layer(self.server, self.user, name, self.workspace)
        if layer not in self.touched:
            now = self.server.catalog.features(layer)
            self.touched[layer] = (now, {key: dict(fields) for key, fields in now.items()})
        return layer, self.touched[layer][1]

    def insert(self, element):
        for feature in element:
            layer, features = self.features(local(feature.tag))
            plain = layer.split(":")[1]
            number = 1 + max((int(name.rpartition(".")[2]) for name in features
                              if name.rpartition(".")[2].isdigit()), default=0)
            features[f"{plain}.{number}"] = {local(child.tag): content(child) for child in feature}
            self.inserted.append(f"{plain}.{number}")

    def update(self, element):
        _, features = self.features(element.get("typeName", ""))
        chosen = self.chosen(element, features)
        for item in element:
            if local(item.tag) == "Property":
                parts = {local(child.tag): child for child in item}
                key = (parts["Name"].text or "").rpartition(":")[2]
                for name in chosen:
                    features[name][key] = content(parts["Value"]) if "Value" in parts else None
        self.counts["Updated"] += len(chosen)

    def delete(self, element):
        _, features = self.features(element.get("typeName", ""))
        chosen = self.chosen(element, features)
        for name in chosen:
            del features[name]
        self.counts["Deleted"] += len(chosen)

    def chosen(self, element, features):
        """The ids that a filter picks: all without one; those of an id or an equal property."""
        picks = [item for item in element if local(item.tag) == "Filter"]
        if not picks:
            return list(features)
        found = []
        for item in picks[0].iter():
            tag = local(item.tag)
            if tag in ("FeatureId", "GmlObjectId"):
                name = item.get("fid") or item.get("{http://www.opengis.net/gml}id")
                found += [name] if name in features else []
            elif tag == "PropertyIsEqualTo":
                key = (item[0].text or "").rpartition(":")[2]
                found += [name for name, fields in features.items()
                          if fields.get(key) == (item[1].text or "")]
        return found

    def ids(self):
        # GeoServer has one of the name "none" where nothing was inserted.
        return "".join(f'<ogc:FeatureId fid="{name}"/>' for name in self.inserted or ["none"])

    def older(self, status="SUCCESS", reason=""):
        body = (f'{START}<wfs:WFS_TransactionResponse version="1.0.0" {NAMESPACES}>'
                f"<wfs:InsertResult>{self.ids()}</wfs:InsertResult> <wfs:TransactionResult>"
                f" <wfs:Status> <wfs:{status}/> </wfs:Status>{reason} </wfs:TransactionResult>"
                "</wfs:WFS_TransactionResponse>")
        return Response(200, "text/xml; subtype=gml/2.1.2", body, is_chunked=True)

    def newer(self):
        body = (f'{START}<wfs:TransactionResponse version="1.1.0" {NAMESPACES}>'
                f"<wfs:TransactionSummary><wfs:totalInserted>{len(self.inserted)}"
                f"</wfs:totalInserted><wfs:totalUpdated>{self.counts['Updated']}"
                f"</wfs:totalUpdated><wfs:totalDeleted>{self.counts['Deleted']}"
                "</wfs:totalDeleted></wfs:TransactionSummary><wfs:TransactionResults/>"
                f"<wfs:InsertResults><wfs:Feature>{self.ids()}</wfs:Feature></wfs:InsertResults>"
                "</wfs:TransactionResponse>")
        return Response(200, "application/xml", body, is_chunked=True)


def content(element):
    """Text, or a geometry as its kind and its coordinates."""
    if not len(element):
        return element.text or ""
    kind = next(iter(element))
    return f"{local(kind.tag).upper()}({' '.join(' '.join(kind.itertext()).split())})"


def get_feature(server, request, root, user, workspace, version):
    if root is not None:
        query = next(item for item in root if local(item.tag) == "Query")
        name, form = query.get("typeName", ""), root.get("outputFormat", "")
    else:
        name = request.parameter("typename") or request.parameter("typenames")
        form = request.parameter("outputformat")
    layer = found_layer(server, user, name, workspace)
    features = server.catalog.features(layer)
    if "json" in form:
        body = json.dumps({
            "type": "FeatureCollection", "totalFeatures": len(features), "features": [
                {"type": "Feature", "id": key, "geometry": None, "properties": fields}
                for key, fields in sorted(features.items())], "crs": None})
        return Response(200, "application/json;charset=UTF-8", body, is_chunked=True)
    plain = layer.split(":")
    members = "".join(
        f'<gml:featureMember><{layer} fid="{key}">'
        + "".join(f"<{plain[0]}:{name}>{escape(str(text))}</{plain[0]}:{name}>"
                  for name, text in fields.items()) + f"</{layer}></gml:featureMember>"
        for key, fields in sorted(features.items()))
    space = server.catalog.text(f"workspaces/{plain[0]}", "uri", f"http://{plain[0]}")
    body = (f'{START}<wfs:FeatureCollection {NAMESPACES} xmlns:{plain[0]}="{space}" '
            f'numberOfFeatures="{len(features)}">{members}</wfs:FeatureCollection>')
    kind = "text/xml; subtype=gml/" + ("2.1.2" if version == "1.0.0" else "3.1.1")
    return Response(200, kind, body, is_chunked=True)


def describe(server, request, user, workspace):
    layer = found_layer(server, user, request.parameter("typename"), workspace)
    names = sorted({name for fields in server.catalog.features(layer).values() for name in fields})
    place, plain = layer.split(":")
    fields = "".join(f'<xsd:element minOccurs="0" name="{name}" nillable="true" type="xsd:string"/>'
                     for name in names)
    body = (f'{START}<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            f'xmlns:gml="http://www.opengis.net/gml" elementFormDefault="qualified">'
            f'<xsd:complexType name="{plain}Type"><xsd:complexContent><xsd:extension '
            f'base="gml:AbstractFeatureType"><xsd:sequence>{fields}</xsd:sequence></xsd:extension>'
            f'</xsd:complexContent></xsd:complexType><xsd:element name="{plain}" '
            f'substitutionGroup="gml:_Feature" type="{place}:{plain}Type"/></xsd:schema>')
    return Response(200, "text/xml; subtype=gml/3.1.1", body, is_chunked=True)


def capabilities(server, request, user, workspace, version):
    catalog = server.catalog
    names = [] if server.is_loading else catalog.layers(workspace or None)
    names = [name for name in names if server.may_read(user, name)
             and "/featuretypes/" in catalog.resource(name)]
    system = "SRS" if version == "1.0.0" else "DefaultSRS"
    types = "".join(
        f"<wfs:FeatureType><wfs:Name>{name}</wfs:Name><wfs:Title>{name}</wfs:Title>"
        f"<wfs:{system}>EPSG:4326</wfs:{system}></wfs:FeatureType>" for name in names)
    base = quoteattr(f"http://{request.host}{request.path}")
    if version == "1.0.0":
        operations = "".join(
            f"<wfs:{name}>{inner}<wfs:DCPType><wfs:HTTP><wfs:{verb} onlineResource={base}/>"
            f"</wfs:HTTP></wfs:DCPType></wfs:{name}>" for name, verb, inner in (
                ("GetCapabilities", "Get", ""), ("DescribeFeatureType", "Get", ""),
                ("GetFeature", "Get", "<wfs:ResultFormat><wfs:GML2/></wfs:ResultFormat>"),
                ("Transaction", "Post", "")))
        middle = ("<wfs:Service><wfs:Name>WFS</wfs:Name><wfs:Title>GeoServer</wfs:Title>"
                  "<wfs:Abstract/><wfs:Keywords>WFS, WMS, GEOSERVER</wfs:Keywords>"
                  f"<wfs:OnlineResource>{base[1:-1]}</wfs:OnlineResource><wfs:Fees>NONE</wfs:Fees>"
                  "<wfs:AccessConstraints>NONE</wfs:AccessConstraints></wfs:Service>"
                  f"<wfs:Capability><wfs:Request>{operations}</wfs:Request></wfs:Capability>")
    else:
        operations = "".join(
            f'<ows:Operation name="{name}"><ows:DCP><ows:HTTP><ows:Get xlink:href={base}/>'
            f"<ows:Post xlink:href={base}/></ows:HTTP></ows:DCP></ows:Operation>"
            for name in ("GetCapabilities", "DescribeFeatureType", "GetFeature", "Transaction"))
        middle = ("<ows:ServiceIdentification><ows:Title>GeoServer</ows:Title><ows:Keywords>"
                  "<ows:Keyword>WFS</ows:Keyword></ows:Keywords>"
                  "<ows:ServiceType>WFS</ows:ServiceType>"
                  "<ows:ServiceTypeVersion>1.1.0</ows:ServiceTypeVersion>"
                  "</ows:ServiceIdentification>"
                  f"<ows:OperationsMetadata>{operations}</ows:OperationsMetadata>")
    body = (f'{START}<wfs:WFS_Capabilities version="{version}" {NAMESPACES} '
            'xmlns:ows="http://www.opengis.net/ows" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'updateSequence="{server.sequence}">{middle}'
            f"<wfs:FeatureTypeList>{types}</wfs:FeatureTypeList></wfs:WFS_Capabilities>\n")
    kind = "text/xml" if version == "1.0.0" else "application/xml"
    return Response(200, kind, body, is_chunked=True)
