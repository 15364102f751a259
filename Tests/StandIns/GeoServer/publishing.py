"""What creating, changing and deleting an object brings with it, and how REST shows one."""

import io
import zipfile

from exchange import RESTError
from markup import link, node, without_links

WORLD = (("minx", "-180.0"), ("maxx", "180.0"), ("miny", "-90.0"), ("maxy", "90.0"),
         ("crs", "EPSG:4326"))


def created(catalog, one, key, element):
    """The changes that make this object."""
    if one in ("featureType", "coverage", "wmsLayer"):
        return published(key, element)
    if one == "layerGroup":
        names = [item.findtext("name") for item in element.iter("published")]
        for name in names:
            if catalog.full_name(name or "") is None and not group_key(catalog, name or ""):
                raise RESTError(400, f"Layer group references unknown layer: {name}")
        if not names:
            raise RESTError(400, "layer group must not be empty")
    if one in ("dataStore", "coverageStore") and element.find("enabled") is None:
        element.append(node("enabled", "true"))
    return {key: element}


def published(key, element):
    """A resource, and the layer that is made for it."""
    name = element.findtext("name")
    for tag in ("nativeName", "title"):
        if element.find(tag) is None:
            element.append(node(tag, name))
    if element.find("srs") is None:
        element.append(node("srs", "EPSG:4326"))
    if element.find("enabled") is None:
        element.append(node("enabled", "true"))
    for tag in ("nativeBoundingBox", "latLonBoundingBox"):
        if element.find(f"{tag}/minx") is None:
            element.extend([node(tag, None, *(node(*pair) for pair in WORLD))])
    kind, style = ("RASTER", "raster") if element.tag == "coverage" else ("VECTOR", "generic")
    layer = node("layer", None, node("name", name), node("type", kind),
                 node("defaultStyle", None, node("name", style)), node("resource", key))
    return {key: element, f"layers/{key.split('/')[1]}:{name}": layer}


def uploaded(catalog, store, body, name, number):
    """The changes that an uploaded file makes, and what REST shows of them."""
    workspace, collection, store_name = store.split("/")[1:]
    if not name:
        name = store_name
        if zipfile.is_zipfile(io.BytesIO(body)):
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                name = archive.namelist()[0].rpartition("/")[2].rpartition(".")[0]
    is_raster = collection == "coveragestores"
    place = f"{store}/{'coverages' if is_raster else 'featuretypes'}/{name}"
    file = node("entry", f"file:data/{workspace}/{store_name}/{name}.{number}", key="url")
    stored = node("coverageStore" if is_raster else "dataStore", None, node("name", store_name),
                  node("enabled", "true"), node("connectionParameters", None, file))
    changes = {} if store in catalog.objects else {store: stored}
    if place not in catalog.objects:
        resource = node("coverage" if is_raster else "featureType", None, node("name", name))
        changes.update(published(place, resource))
    else:
        changes[store] = stored
    return changes, stored


def group_key(catalog, name, workspace=""):
    place, _, plain = name.rpartition(":")
    for key in ([f"workspaces/{place}/layergroups/{plain}"] if place else
                [f"workspaces/{workspace}/layergroups/{name}", f"layergroups/{name}"]):
        if key in catalog.objects:
            return key
    return None


def qualified(catalog, one, key, change):
    """A change as it is kept: styles of a layer by their full names, and only known ones."""
    if one != "layer":
        return change
    for style in [*change.findall("defaultStyle"), *change.findall("styles/style")]:
        name, place = style.findtext("name") or style.text, style.findtext("workspace")
        if not name:
            continue
        full = f"{place}:{name}" if place and ":" not in name else name
        if catalog.style_key(full) is None:
            raise RESTError(500, f"No such style: {full}")
        for child in list(style):
            style.remove(child)
        style.text = None
        style.append(node("name", full))
    return change


def deleted(catalog, one, key, recurses):
    """The changes that remove this object; RESTError 403 for what others still need."""
    below = [other for other in catalog.objects if other.startswith(f"{key}/")]
    layers = [name for name in catalog.layers()
              if catalog.resource(name) == key or catalog.resource(name).startswith(f"{key}/")]
    if one == "style" and catalog.users_of(key):
        raise RESTError(403, "Can't delete style referenced by existing layers.")
    if one == "layer" and recurses:
        below = [catalog.resource(key.removeprefix("layers/"))]
    elif not recurses and one == "workspace" and below:
        raise RESTError(403, "Workspace not empty")
    elif not recurses and one in ("dataStore", "coverageStore", "wmsStore") and below:
        raise RESTError(403, "store not empty")
    elif not recurses and one in ("featureType", "coverage") and layers:
        name = key.rpartition("/")[2]
        raise RESTError(403, f"feature type referenced by layer(s): {name}")
    return dict.fromkeys([key, *below, *(f"layers/{name}" for name in layers)])


def reference(tag, name, href):
    return node(tag, None, node("name", name), link(href))


def shown(catalog, one, key, root):
    """The object with its links, as GET answers."""
    kept, parts = catalog.objects[key], key.split("/")
    element = without_links(kept)
    if one == "workspace":
        for extra in element.findall("uri"):
            element.remove(extra)
        for tag in ("dataStores", "coverageStores", "wmsStores"):
            element.append(node(tag, None, link(f"{root}/{key}/{tag.lower()}.xml")))
    elif one in ("dataStore", "coverageStore", "wmsStore"):
        for old in element.findall("workspace"):
            element.remove(old)
        element.append(reference("workspace", parts[1], f"{root}/workspaces/{parts[1]}.xml"))
        types = "featureTypes" if one == "dataStore" else "coverages"
        element.append(node(types, None, link(f"{root}/{key}/{types.lower()}.xml")))
    elif one in ("featureType", "coverage", "wmsLayer"):
        store = reference("store", f"{parts[1]}:{parts[3]}", f"{root}/{'/'.join(parts[:4])}.xml")
        store.set("class", "dataStore" if one == "featureType" else "coverageStore")
        element.append(
            reference("namespace", parts[1], f"{root}/namespaces/{parts[1]}.xml"))
        element.append(store)
    elif one == "layer":
        return shown_layer(catalog, key, element, root)
    elif one == "style":
        complete_style(element, parts)
    elif one == "layerGroup" and parts[0] == "workspaces":
        if element.find("workspace") is None:
            element.append(node("workspace", None, node("name", parts[1])))
    return element


def complete_style(element, parts):
    name = parts[-1]
    for old in [*element.findall("workspace"), *element.findall("format")]:
        element.remove(old)
    element.append(node("format", "sld"))
    element.append(node("languageVersion", None, node("version", "1.0.0")))
    if element.find("filename") is None:
        element.append(node("filename", f"{name}.sld"))
    if parts[0] == "workspaces":
        element.append(node("workspace", None, node("name", parts[1])))


def shown_layer(catalog, key, kept, root):
    resource = catalog.text(key, "resource")
    workspace, name = key.removeprefix("layers/").split(":")
    element = node("layer", None, node("name", name), node("type", kept.findtext("type")))

    def style(tag, full):
        place = catalog.style_key(full)
        return place and reference(tag, full, f"{root}/{place}.xml")
    element.append(style("defaultStyle", kept.findtext("defaultStyle/name")) or
                   node("defaultStyle", None))
    others = [style("style", item.findtext("name")) for item in kept.findall("styles/style")]
    if others:
        element.append(node("styles", None, *others))
    points_to = reference("resource", f"{workspace}:{name}", f"{root}/{resource}.xml")
    points_to.set("class", "coverage" if "/coverages/" in resource else "featureType")
    element.append(points_to)
    element.extend(child for child in kept if child.tag not in (
        "name", "type", "defaultStyle", "styles", "resource"))
    if element.find("attribution") is None:
        element.append(node("attribution", None, node("logoWidth", "0"), node("logoHeight", "0")))
    return element
