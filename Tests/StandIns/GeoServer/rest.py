"""The REST API: objects at their paths, lists of them, and the operations beside them."""

import itertools
import json

import publishing
from exchange import RESTError, Response
from markup import build, link, merge, node, read, to_json, to_xml, without_links

# Last part of a collection's path: the element of one, the element of the list, its name in texts.
COLLECTIONS = {
    "workspaces": ("workspace", "workspaces", "workspace"),
    "namespaces": ("namespace", "namespaces", "namespace"),
    "datastores": ("dataStore", "dataStores", "data store"),
    "coveragestores": ("coverageStore", "coverageStores", "coverage store"),
    "wmsstores": ("wmsStore", "wmsStores", "wms store"),
    "featuretypes": ("featureType", "featureTypes", "feature type"),
    "coverages": ("coverage", "coverages", "coverage"),
    "wmslayers": ("wmsLayer", "wmsLayers", "wms layer"),
    "layers": ("layer", "layers", "layer"),
    "layergroups": ("layerGroup", "layerGroups", "layer group"),
    "styles": ("style", "styles", "style"),
}
STYLE_BODIES = ("application/vnd.ogc.sld+xml", "application/vnd.ogc.se+xml",
                "application/vnd.geoserver.geocss+css", "application/zip")
EXTENSIONS = ("xml", "json", "html", "sld")
VERSION = """<about><resource name="GeoServer"><Build-Timestamp>20-Apr-2022 12:00</Build-Timestamp>
<Version>2.19.6</Version><Git-Revision>0</Git-Revision></resource>
<resource name="GeoTools"><Version>25.6</Version></resource>
<resource name="GeoWebCache"><Version>1.19.3/1.19.3</Version></resource></about>"""
fresh = itertools.count(1)


def answer(server, request, path):
    if server.user(request) == "":
        return Response(401, "text/html;charset=utf-8", "<html><body>401</body></html>\n",
                        [("WWW-Authenticate", 'Basic realm="GeoServer Realm"')])
    parts = [part for part in path.split("/") if part]
    extension = ""
    if parts and parts[-1].rpartition(".")[2] in EXTENSIONS:
        parts[-1], _, extension = parts[-1].rpartition(".")
    try:
        with server.lock:
            return Call(server, request, parts, extension).answer()
    except RESTError as error:
        return Response(error.status, "text/plain", error.text)


class Call:
    def __init__(self, server, request, parts, extension):
        self.server, self.catalog, self.request = server, server.catalog, request
        self.parts, self.extension = parts, extension
        self.root = f"http://{request.host}/geoserver/rest"

    def answer(self):
        operation = "/".join(self.parts)
        if operation in ("reload", "reset", "security/acl/catalog/reload"):
            return self.operate(operation)
        if self.parts[:1] == ["about"]:
            return self.about()
        if operation == "security/acl/layers":
            return self.rules()
        if self.parts[:1] in (["settings"], ["services"]):
            return self.settings(operation)
        if self.parts[:1] == ["namespaces"]:
            return self.namespaces()
        if len(self.parts) % 2 == 1 and self.parts[-1] in COLLECTIONS:
            return self.collection()
        if self.parts[-1:] and self.parts[-1].startswith(("file", "external", "url")):
            return self.upload()
        if len(self.parts) >= 2 and self.parts[-2] in COLLECTIONS:
            return self.item()
        raise RESTError(404, f"No such page: {self.request.path}")

    def refuse(self, *allowed):
        if self.request.method not in allowed:
            raise RESTError(405, f"Request method '{self.request.method}' not supported")

    def operate(self, operation):
        self.refuse("POST", "PUT")
        {"reload": self.server.reload, "reset": self.server.reset}.get(
            operation, self.catalog.reload_rules)()
        return Response(200, "")

    def about(self):
        self.refuse("GET", "HEAD")
        if self.parts[1:] == ["version"]:
            return self.show(read(VERSION, "xml"))
        return self.show(build("statuses", {"status": [
            {"name": "GeoServer Main", "isEnabled": "true", "isAvailable": "true"}]}))

    def show(self, element, status=200):
        """In the notation that was asked for: by extension, by Accept, else XML."""
        accept = self.request.headers.get("accept", "")
        if self.extension == "json" or not self.extension and "json" in accept:
            return Response(status, "application/json", to_json(element))
        return Response(status, "application/xml", to_xml(element))

    def document(self):
        try:
            return without_links(
                read(self.request.body.decode(), self.request.headers.get("content-type", "xml")))
        except ValueError as error:
            raise RESTError(400, str(error)) from error

    def wants_json(self):
        return self.extension == "json" or "json" in self.request.headers.get("accept", "")

    # Objects

    @property
    def workspace(self):
        return self.parts[1] if self.parts[0] == "workspaces" and len(self.parts) > 1 else ""

    def check_parents(self):
        """404 in GeoServer's words for what lies above the asked path and is not there."""
        for end in range(2, len(self.parts), 2):
            key, kind = "/".join(self.parts[:end]), COLLECTIONS.get(self.parts[end - 2])
            if kind and key not in self.catalog.objects:
                if kind[2] == "workspace":
                    raise RESTError(404, f"No such workspace: '{self.parts[1]}' found")
                raise RESTError(404, f"No such {kind[2]}: {self.workspace},{self.parts[end - 1]}")

    def names(self):
        """What a list shows: name by name with the key behind it."""
        catalog, last = self.catalog, self.parts[-1]
        if last == "layers":
            names = catalog.layers(self.workspace or None)
            start = f"{self.workspace}:" if self.workspace else ""
            return [(name.removeprefix(start), f"layers/{name}") for name in names]
        if last in ("featuretypes", "coverages") and len(self.parts) == 3:
            end = f"/{last}/"
            return [(key.rpartition("/")[2], key) for key in sorted(catalog.objects)
                    if key.startswith(f"workspaces/{self.workspace}/") and end in key]
        place = "/".join(self.parts)
        return [(name, f"{place}/{name}") for name in catalog.below(place)]

    def collection(self):
        one, many, words = COLLECTIONS[self.parts[-1]]
        self.check_parents()
        if self.request.method in ("GET", "HEAD"):
            if self.request.parameter("list").startswith("available"):
                found = node("list", None)
                return self.show(found)
            items = [node(one, None, node("name", name), link(f"{self.root}/{key}.xml"))
                     for name, key in self.names()]
            if not items and self.wants_json():
                return Response(200, "application/json", json.dumps({many: ""}))
            return self.show(node(many, None, *items))
        self.refuse("GET", "HEAD", "POST")
        if self.parts[-1] == "layers":
            raise RESTError(405, "Request method 'POST' not supported")
        return self.create(one, words)

    def create(self, one, words):
        kind, body = self.request.headers.get("content-type", ""), None
        if one == "style" and kind.startswith(STYLE_BODIES):
            name = self.request.parameter("name")
            if not name:
                raise RESTError(400, "Style must have a name.")
            body, element = self.request.body.decode(), node("style", None)
        else:
            element = self.document()
            name = element.findtext("name") or self.request.parameter("name")
        if not name:
            raise RESTError(400, f"{words} name is required")
        key = f"{'/'.join(self.parts)}/{name}"
        if key in self.catalog.objects:
            if one == "style":
                raise RESTError(403, f"Style {name} already exists.")
            if one == "workspace":
                raise RESTError(409, f"Workspace '{name}' already exists")
            raise RESTError(500, f"{words} '{name}' already exists in workspace '{self.workspace}'")
        if element.find("name") is None:
            element.insert(0, node("name", name))
        changes = publishing.created(self.catalog, one, key, element)
        first = name if one == "workspace" and not self.catalog.default else None
        self.catalog.change(changes, None if body is None else {key: body}, first)
        location = f"{self.root}/{key}"
        return Response(201, "text/plain", name, [("Location", location)])

    def key(self):
        """The key of the object that the path names, however it spells a layer."""
        collection, name = self.parts[-2], self.parts[-1]
        if collection == "workspaces" and name == "default":
            name = self.catalog.default
            if not name:
                raise RESTError(404, "No default workspace found")
            return f"workspaces/{name}"
        if collection == "layers":
            full = self.catalog.full_name(name, self.workspace)
            return f"layers/{full}" if full else None
        if collection in ("featuretypes", "coverages") and len(self.parts) == 4:
            self.parts = ["workspaces", self.workspace, collection]
            return dict(self.names()).get(name)
        key = "/".join(self.parts)
        return key if key in self.catalog.objects else None

    def item(self):
        one, _, words = COLLECTIONS[self.parts[-2]]
        name = self.parts[-1]
        if one == "workspace" and name == "default" and self.request.method == "PUT":
            self.catalog.change({}, default=self.document().findtext("name"))
            return Response(200, "")
        self.check_parents()
        key = self.key()
        if key is None:
            if one == "workspace":
                raise RESTError(404, f"No such workspace: '{name}' found")
            where = f"{self.workspace}," if self.workspace else ""
            raise RESTError(404, f"No such {words}: {where}{name}")
        if self.request.method in ("GET", "HEAD"):
            return self.view(one, key)
        if self.request.method == "PUT":
            return self.update(one, key)
        self.refuse("GET", "HEAD", "PUT", "DELETE")
        recurses = self.request.parameter("recurse") == "true"
        gone = publishing.deleted(self.catalog, one, key, recurses)
        self.server.tiles.forget(self.catalog, one, key)
        bodies = {name: None for name in gone if name in self.catalog.bodies}
        self.catalog.change(gone, bodies)
        return Response(200, "")

    def view(self, one, key):
        if one == "style":
            accept = self.request.headers.get("accept", "")
            if self.extension == "sld" or not self.extension and accept.startswith(STYLE_BODIES):
                return Response(200, STYLE_BODIES[0], self.catalog.bodies.get(key, ""))
        return self.show(publishing.shown(self.catalog, one, key, self.root))

    def update(self, one, key):
        kind = self.request.headers.get("content-type", "")
        if one == "style" and (kind.startswith(STYLE_BODIES) or self.extension == "sld"):
            # Truncated before, as GeoServer's listener does; a tile drawn meanwhile stays.
            self.server.tiles.forget(self.catalog, one, key)
            self.catalog.change({key: self.catalog.objects[key]}, {key: self.request.body.decode()})
            return Response(200, "")
        change = publishing.qualified(self.catalog, one, key, self.document())
        self.server.tiles.forget(self.catalog, one, key)
        self.catalog.change({key: merge(self.catalog.objects[key], change)})
        return Response(200, "")

    # Beside objects

    def namespaces(self):
        """A namespace and its workspace are one thing; only the uri is its own."""
        if len(self.parts) == 1:
            if self.request.method == "POST":
                element = self.document()
                prefix = element.findtext("prefix") or ""
                self.parts, self.extension = ["workspaces"], ""
                if f"workspaces/{prefix}" in self.catalog.objects:
                    raise RESTError(409, f"Namespace with prefix '{prefix}' already exists")
                self.catalog.change(
                    {f"workspaces/{prefix}": node("workspace", None, node("name", prefix),
                                                  node("uri", element.findtext("uri")))},
                    default=None if self.catalog.default else prefix)
                place = f"{self.root}/namespaces/{prefix}"
                return Response(201, "text/plain", prefix, [("Location", place)])
            items = [node("namespace", None, node("name", name),
                          link(f"{self.root}/namespaces/{name}.xml"))
                     for name in self.catalog.workspaces()]
            return self.show(node("namespaces", None, *items))
        key = f"workspaces/{self.parts[1]}"
        if key not in self.catalog.objects:
            raise RESTError(404, f"No such namespace: '{self.parts[1]}' found")
        self.refuse("GET", "HEAD")
        return self.show(node("namespace", None, node("prefix", self.parts[1]),
                              node("uri", self.catalog.text(key, "uri"))))

    def settings(self, operation):
        tag = "wms" if operation.startswith("services") else "global"
        now = self.catalog.objects.get(operation, node(tag, None))
        if self.request.method == "PUT":
            self.catalog.change({operation: merge(now, self.document())})
            return Response(200, "")
        self.refuse("GET", "HEAD", "PUT")
        shown = merge(now, node(tag, None))
        if operation == "settings":
            if shown.find("settings") is None:
                shown.append(build("settings", {
                    "id": "settings", "charset": "UTF-8", "numDecimals": 8, "verbose": False,
                    "verboseExceptions": False, "localWorkspaceIncludesPrefix": False}))
            shown.append(node("updateSequence", str(self.server.sequence)))
        return self.show(shown)

    def rules(self):
        """Who may read and write which layer: {"W.T.r": "ROLE,ROLE"}."""
        rules = self.catalog.rules
        if self.request.method in ("POST", "PUT"):
            try:
                body = self.request.body.decode()
                is_json = "json" in self.request.headers.get("content-type", "")
                given = json.loads(body) if is_json else {
                    rule.get("resource"): rule.text for rule in read(body, "xml").iter("rule")}
            except ValueError as error:
                raise RESTError(422, str(error)) from error
            taken = sorted(set(given) & set(rules))
            if taken and self.request.method == "POST":
                raise RESTError(409, f"Already existing rules: {','.join(taken)}")
            self.catalog.change_rules({**rules, **given})
            return Response(200, "")
        if self.wants_json():
            return Response(200, "application/json", json.dumps(rules))
        return self.show(node("rules", None, *(
            node("rule", text, resource=name) for name, text in sorted(rules.items()))))

    def upload(self):
        """PUT .../datastores/S/file.shp and its like: a store and what it holds, at once."""
        self.refuse("PUT")
        store = self.parts[:-1]
        self.parts = store
        if f"workspaces/{self.workspace}" not in self.catalog.objects:
            raise RESTError(404, f"No such workspace: '{self.workspace}' found")
        changes, shown = publishing.uploaded(
            self.catalog, "/".join(store), self.request.body,
            self.request.parameter("coverageName"), next(fresh))
        self.catalog.change(changes)
        return self.show(shown, 201)
