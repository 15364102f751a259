"""Speaks to GeoServer, or to an edge in front of one, as GeoNode and its users do.

usage: clients.py restconfig|owslib URL    the URL ends in /geoserver; exit 0 if all was right

restconfig is geoserver-restconfig (PyPI), GeoNode's own client; owslib is OWSLib.
"""

import sys
import urllib.request

SLD = """<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld"
 xmlns:ogc="http://www.opengis.net/ogc"><NamedLayer><Name>alice</Name><UserStyle>
<Title>{0}</Title><FeatureTypeStyle><Rule><LineSymbolizer><Stroke><CssParameter name="stroke">{0}
</CssParameter></Stroke></LineSymbolizer></Rule></FeatureTypeStyle></UserStyle></NamedLayer>
</StyledLayerDescriptor>"""
MAP = ("?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS={0}&STYLES=&SRS=EPSG:4326"
       "&BBOX=-90,0,0,90&WIDTH=256&HEIGHT=256&FORMAT=image/png&_dc={1}")


def picture(url, layer, number):
    with urllib.request.urlopen(f"{url}/wms" + MAP.format(layer, number)) as answer:
        kind = answer.headers["Content-Type"]
        assert answer.status == 200 and kind == "image/png", (answer.status, kind)
        body = answer.read()
    assert body.startswith(b"\x89PNG\r\n\x1a\n"), body[:200]
    return body


def check_restconfig(url):
    """A layer's whole life: published, drawn, styled anew, drawn otherwise, removed."""
    from geoserver.catalog import Catalog
    catalog = Catalog(f"{url}/rest", "admin", "geoserver", retries=1)
    assert catalog.get_short_version() == "2.19.6", catalog.get_version()
    publish(catalog)
    first = picture(url, "clients:tracks", 1)
    restyle(catalog)
    second = picture(url, "clients:tracks", 2)
    assert second != first, "another default style draws the same"
    catalog.create_style("alice", SLD.format("#0000ff"), overwrite=True, workspace="clients")
    third = picture(url, "clients:tracks", 3)
    assert third not in (first, second), "another style's body draws the same"
    assert catalog.reload().status_code == 200
    assert catalog.reset().status_code == 200
    assert picture(url, "clients:tracks", 4) == third, "a reload lost something"
    remove(catalog)


def publish(catalog):
    workspace = catalog.create_workspace("clients", "http://clients.example/")
    assert workspace.name == "clients" and workspace.enabled is None, workspace
    assert "clients" in [found.name for found in catalog.get_workspaces()]
    store = catalog.create_datastore("database", "clients")
    store.connection_parameters.update(
        {"dbtype": "postgis", "host": "localhost", "port": "5432", "database": "clients",
         "user": "geonode", "passwd": "geonode", "schema": "public"})
    catalog.save(store)
    store = catalog.get_store("database", "clients")
    assert store.enabled and store.connection_parameters["dbtype"] == "postgis"

    feature_type = catalog.publish_featuretype("tracks", store, "EPSG:4326", srs="EPSG:4326")
    assert feature_type.projection == "EPSG:4326", feature_type.projection
    assert feature_type.native_bbox[0] == "-180.0", feature_type.native_bbox
    assert [found.name for found in catalog.get_resources(workspaces="clients")] == ["tracks"]
    layer = catalog.get_layer("clients:tracks")
    assert layer.resource.name == "tracks", layer.resource
    assert layer.default_style.name == "generic", layer.default_style

    feature_type = catalog.get_resource("tracks", workspace="clients")
    feature_type.title, feature_type.keywords = "Tracks of storms", ["storm", "track"]
    catalog.save(feature_type)
    feature_type = catalog.get_resource("tracks", workspace="clients")
    assert feature_type.title == "Tracks of storms"
    assert feature_type.keywords == ["storm", "track"], feature_type.keywords


def restyle(catalog):
    from geoserver.catalog import ConflictingDataError
    style = catalog.create_style("alice", SLD.format("#ff0000"), workspace="clients")
    assert b"#ff0000" in catalog.get_style("alice", "clients").sld_body
    try:
        catalog.create_style("alice", SLD.format("#00ff00"), workspace="clients")
        raise AssertionError("a second style of one name was taken")
    except ConflictingDataError:
        pass
    layer = catalog.get_layer("clients:tracks")
    layer.default_style = style
    layer.styles = [catalog.get_style("line")]
    catalog.save(layer)
    layer = catalog.get_layer("clients:tracks")
    assert layer.default_style.fqn == "clients:alice", layer.default_style.fqn
    assert [found.name for found in layer.styles] == ["line"], layer.styles


def remove(catalog):
    group = catalog.create_layergroup("both", ["clients:tracks"], ["line"], workspace="clients")
    catalog.save(group)
    assert catalog.get_layergroup("both", "clients").layers == ["clients:tracks"]
    settings = catalog.get_global_settings()
    assert int(settings.updateSequence) > 1, settings.updateSequence
    catalog.delete(catalog.get_layergroup("both", "clients"))
    catalog.delete(catalog.get_layer("clients:tracks"))
    catalog.delete(catalog.get_resource("tracks", workspace="clients"))
    catalog.delete(catalog.get_style("alice", "clients"), purge=True)
    catalog.delete(catalog.get_store("database", "clients"), recurse=True)
    catalog.delete(catalog.get_workspace("clients"), recurse=True)
    assert catalog.get_workspace("clients") is None
    assert catalog.get_layer("clients:tracks") is None


def check_owslib(url):
    """Capabilities of both versions, a map of each, and the features behind one."""
    from owslib.util import ServiceException
    from owslib.wfs import WebFeatureService
    from owslib.wms import WebMapService
    for version in ("1.1.1", "1.3.0"):
        service = WebMapService(f"{url}/wms", version=version)
        assert service.identification.version == version, service.identification.version
        assert {"geonode:roads", "geonode:rivers"} <= set(service.contents), list(service.contents)
        layer = service["geonode:rivers"]
        assert layer.title == "Rivers" and "line" in layer.styles, (layer.title, layer.styles)
        assert layer.boundingBoxWGS84 == (-90.0, 0.0, 0.0, 45.0), layer.boundingBoxWGS84
        assert "image/png" in service.getOperationByName("GetMap").formatOptions
        picture = service.getmap(layers=["geonode:rivers"], srs="EPSG:4326", size=(64, 32),
                                 bbox=(-90, 0, 0, 45), format="image/png")
        assert picture.read().startswith(b"\x89PNG\r\n\x1a\n")
        try:
            service.getmap(layers=["geonode:nothing"], srs="EPSG:4326", size=(64, 32),
                           bbox=(-90, 0, 0, 45), format="image/png",
                           exceptions="XML" if version == "1.3.0" else
                           "application/vnd.ogc.se_xml")
            raise AssertionError("a map of nothing")
        except ServiceException as error:
            assert "Could not find layer" in str(error), error
    virtual = WebMapService(f"{url}/geonode/rivers/wms", version="1.1.1")
    assert list(virtual.contents) == ["rivers"], list(virtual.contents)
    for version in ("1.0.0", "1.1.0"):
        features = WebFeatureService(f"{url}/wfs", version=version)
        assert "geonode:cities" in features.contents, list(features.contents)
        found = features.getfeature(typename=["geonode:cities"]).read()
        assert b"cities.1" in found, found


CHECKS = {"restconfig": check_restconfig, "owslib": check_owslib}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        raise SystemExit(__doc__)
    CHECKS[sys.argv[1]](sys.argv[2].rstrip("/"))
    print("all answers were as they should be")
