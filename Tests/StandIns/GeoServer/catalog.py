"""The data directory that instances share, and the catalog that each reads from it into memory."""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import threading
import xml.etree.ElementTree as ElementTree

SLD = """<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld"><NamedLayer>
<Name>{0}</Name><UserStyle><Title>{0}</Title></UserStyle></NamedLayer></StyledLayerDescriptor>
"""
BUILT_IN = ("generic", "line", "point", "polygon", "raster")


def digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


class Directory:
    """Two documents on disk. Each change is read, changed and written under one lock, so that no
    instance undoes another's: GeoServer has a file for each object and no such trouble."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.guard = threading.RLock()
        with self.changing("catalog") as document:
            if not document:
                document.update({"sequence": 1, "default": "", "objects": {}, "bodies": {},
                                 "rules": {"*.*.r": "*", "*.*.w": "GROUP_ADMIN,ADMIN"}})
                for name in BUILT_IN:
                    document["objects"][f"styles/{name}"] = (
                        f"<style><name>{name}</name><filename>{name}.sld</filename></style>")
                    document["bodies"][f"styles/{name}"] = SLD.format(name)

    @contextlib.contextmanager
    def locked(self):
        with self.guard, open(self.path / ".lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self, name):
        try:
            return json.loads((self.path / f"{name}.json").read_text())
        except FileNotFoundError:
            return {}

    @contextlib.contextmanager
    def changing(self, name):
        """The document, written back when the block ends without an exception."""
        with self.locked():
            document = self.read(name)
            yield document
            draft = self.path / f"{name}.draft"
            draft.write_text(json.dumps(document, indent=1, sort_keys=True))
            os.replace(draft, self.path / f"{name}.json")


class Catalog:
    """What one instance believes.

    Keys are REST paths: workspaces/W/datastores/S/featuretypes/T, layers/W:T, styles/N,
    workspaces/W/styles/N. A value is an element as REST shows it, without links."""

    def __init__(self, directory):
        self.directory = directory
        self.load()

    def load(self):
        """Everything anew from disk: /rest/reload."""
        document = self.directory.read("catalog")
        self.objects = {
            key: ElementTree.fromstring(text) for key, text in document["objects"].items()}
        self.sequence, self.default = document["sequence"], document["default"]
        self.rules, self.bodies = document["rules"], document["bodies"]
        self.snapshot = self.directory.read("features")

    def reset(self):
        """What GeoServer's ResourcePool holds, and no more: parsed styles and data of stores
        that are no database. New layers and changed default styles need load()."""
        self.bodies = self.directory.read("catalog")["bodies"]
        self.snapshot = self.directory.read("features")

    def reload_rules(self):
        self.rules = self.directory.read("catalog")["rules"]

    def change(self, objects, bodies=None, default=None):
        """Writes to memory and disk: a value of None removes. As in GeoServer the update sequence
        is this instance's own plus one, whatever another one has written meanwhile."""
        self.sequence += 1
        # Taken the place of at the end: requests read the old ones meanwhile.
        now, texts = dict(self.objects), dict(self.bodies)
        with self.directory.changing("catalog") as document:
            document["sequence"] = self.sequence
            for key, element in objects.items():
                if element is None:
                    now.pop(key, None)
                    document["objects"].pop(key, None)
                else:
                    now[key] = element
                    document["objects"][key] = ElementTree.tostring(element, encoding="unicode")
            for key, body in (bodies or {}).items():
                for place in (texts, document["bodies"]):
                    if body is None:
                        place.pop(key, None)
                    else:
                        place[key] = body
            if default is not None:
                self.default = document["default"] = default
        self.objects, self.bodies = now, texts

    def change_rules(self, rules):
        with self.directory.changing("catalog") as document:
            self.rules = document["rules"] = rules

    def text(self, key, path, default=""):
        element = self.objects.get(key)
        return default if element is None else element.findtext(path) or default

    def below(self, collection):
        """Names of what lies directly below a path, in order."""
        start = f"{collection}/"
        return sorted(
            key.removeprefix(start) for key in self.objects
            if key.startswith(start) and "/" not in key.removeprefix(start))

    def workspaces(self):
        return self.below("workspaces")

    def layers(self, workspace=None):
        """Full names, W:T."""
        names = self.below("layers")
        return [name for name in names if workspace in (None, name.split(":")[0])]

    def full_name(self, name, workspace=None):
        """W:T for a name as a request spells it; None if there is no such layer."""
        if workspace and ":" not in name:
            name = f"{workspace}:{name}"
        if ":" in name:
            return name if f"layers/{name}" in self.objects else None
        order = [self.default, *self.workspaces()]
        found = [f"{place}:{name}" for place in order if f"layers/{place}:{name}" in self.objects]
        return found[0] if found else None

    def resource(self, layer):
        """The key of a layer's feature type or coverage."""
        return self.text(f"layers/{layer}", "resource")

    def style_key(self, name, workspace=None):
        """The key of a style as a request spells it, or None."""
        place, _, plain = name.rpartition(":")
        for key in ([f"workspaces/{place}/styles/{plain}"] if place else
                    [f"workspaces/{workspace}/styles/{name}", f"styles/{name}"]):
            if key in self.objects:
                return key
        return None

    def styles(self, layer):
        """Keys of a layer's styles, its default first."""
        element = self.objects[f"layers/{layer}"]
        names = [element.findtext("defaultStyle/name"),
                 *(item.findtext("name") for item in element.findall("styles/style"))]
        return [key for name in names if name and (key := self.style_key(name))]

    def users_of(self, style):
        """The layers that use a style, by its key."""
        return [name for name in self.layers() if style in self.styles(name)]

    def is_shared(self, layer):
        """Whether the layer's data lie in a database, which every instance reads for itself."""
        store = self.resource(layer).rsplit("/", 2)[0]
        for entry in self.objects.get(store, ElementTree.Element("none")).iter("entry"):
            if entry.get("key") == "dbtype" and entry.text == "postgis":
                return True
        return False

    def features(self, layer):
        """The features of a layer by their ids."""
        shared = self.is_shared(layer)
        return (self.directory.read("features") if shared else self.snapshot).get(layer, {})

    def change_features(self, layer, change):
        """Calls `change` with the features, then keeps what it made of them."""
        with self.directory.changing("features") as document:
            features = document.setdefault(layer, {})
            outcome = change(features)
        self.snapshot = {**self.snapshot, layer: features}
        return outcome

    def version(self, layer):
        """Names the state of a layer and its data: equal on two instances that draw the same."""
        texts = [ElementTree.tostring(self.objects[key], encoding="unicode")
                 for key in (f"layers/{layer}", self.resource(layer)) if key in self.objects]
        return digest(*texts, json.dumps(self.features(layer), sort_keys=True))

    def style_version(self, key):
        return digest(self.bodies.get(key, ""))
