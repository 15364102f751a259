"""Layers to begin with: two in a database, one in files of its own, one that needs a sign-in."""

from catalog import SLD, Catalog, Directory
from markup import node


def layer(catalog, workspace, store, name, style, box):
    place = f"workspaces/{workspace}/datastores/{store}/featuretypes/{name}"
    west, south, east, north = box
    corners = [node("minx", str(west)), node("maxx", str(east)), node("miny", str(south)),
               node("maxy", str(north)), node("crs", "EPSG:4326")]
    return {
        place: node("featureType", None, node("name", name), node("nativeName", name),
                    node("title", name.title()), node("srs", "EPSG:4326"),
                    node("nativeBoundingBox", None, *corners),
                    node("latLonBoundingBox", None, *corners), node("enabled", "true")),
        f"layers/{workspace}:{name}": node(
            "layer", None, node("name", name), node("type", "VECTOR"),
            node("defaultStyle", None, node("name", style)), node("resource", place)),
    }


def database(name, **parameters):
    entries = [node("entry", text, key=key) for key, text in parameters.items()]
    return node("dataStore", None, node("name", name), node("enabled", "true"),
                node("connectionParameters", None, *entries))


def write(path):
    catalog = Catalog(Directory(path))
    if catalog.workspaces():
        return
    world = (-180, -90, 180, 90)
    objects = {
        "workspaces/geonode": node("workspace", None, node("name", "geonode")),
        "workspaces/geonode/datastores/postgis": database(
            "postgis", dbtype="postgis", host="localhost", database="geonode",
            namespace="http://www.geonode.org/"),
        "workspaces/geonode/datastores/files": database("files", url="file:data/geonode"),
        "styles/roads": node("style", None, node("name", "roads"), node("filename", "roads.sld")),
        **layer(catalog, "geonode", "postgis", "roads", "roads", world),
        **layer(catalog, "geonode", "postgis", "cities", "point", world),
        **layer(catalog, "geonode", "files", "rivers", "line", (-90, 0, 0, 45)),
        **layer(catalog, "geonode", "postgis", "secret", "polygon", world),
    }
    catalog.change(objects, {"styles/roads": SLD.format("roads")}, "geonode")
    catalog.change_rules({**catalog.rules, "geonode.secret.r": "ROLE_AUTHENTICATED"})
    for name in ("roads", "cities"):
        catalog.change_features(f"geonode:{name}", lambda features: features.update(
            {f"{name}.1": {"the_geom": "POINT(-74.8 40.5)", "name": "one"}}))
