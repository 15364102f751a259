"""One instance: its catalog, its sessions, its tile cache, and which service answers what."""

import itertools
import re
import secrets
import threading
import time

import gwc
import rest
import wfs
import wms
from catalog import Catalog, Directory
from exchange import Response
from faults import Faults
from server import Control

SWITCHES = {
    # The catalog of a GeoServer that has not read it yet: no layer, and REST answers.
    "loading": False,
    # /rest/reload and /rest/reset say 200 and change nothing.
    "drift": False,
    # /rest/reset brings the whole catalog up to date, which a real one's does not.
    "resetReadsCatalog": False,
    # The update sequence to tell instead of the true one.
    "sequence": None,
    # WFS-T answers with an exception and changes nothing.
    "readOnly": False,
    # The same, in the way of WFS 1.0.0: a transaction response whose status is FAILED.
    "failed": False,
    # The control-flow module: {"concurrent": N, "timeout": ms, "requests": N, "retryAfter": s}.
    "controlFlow": {},
}
USERS = {"admin": "geoserver"}
TOKENS = {"token-of-alice": "alice"}


class Log:
    """Requests in the order of their arrival."""

    def __init__(self):
        self.changed, self.entries, self.numbers = threading.Condition(), [], itertools.count(1)

    def begin(self, request):
        headers = {key: value for key, value in request.headers.items() if key != "authorization"}
        entry = {"id": next(self.numbers), "method": request.method, "target": request.target,
                 "headers": headers, "isAuthorized": "authorization" in request.headers,
                 "body": request.body.decode(errors="replace"), "connection": request.connection,
                 "status": None, "isOver": False}
        with self.changed:
            self.entries.append(entry)
            self.changed.notify_all()
        return entry

    def answered(self, entry, status):
        with self.changed:
            entry["status"] = status
            self.changed.notify_all()

    def end(self, entry):
        with self.changed:
            entry["isOver"] = True
            self.changed.notify_all()

    def wait(self, match, count, milliseconds):
        wanted = re.compile(match)

        def found():
            return [entry for entry in self.entries
                    if wanted.search(f"{entry['method']} {entry['target']}")]
        with self.changed:
            self.changed.wait_for(lambda: len(found()) >= count, milliseconds / 1000)
            return found()

    def clear(self):
        with self.changed:
            count = len(self.entries)
            self.entries.clear()
            return count

    def in_flight(self):
        with self.changed:
            return sum(not entry["isOver"] for entry in self.entries)


class Node:
    def __init__(self, name, directory, has_tile_cache):
        self.name = name
        self.catalog = Catalog(Directory(directory))
        self.lock = threading.RLock()
        self.sessions = {}
        self.tiles = gwc.TileCache(has_tile_cache)
        self.log, self.faults, self.control = Log(), Faults(), Control(self)
        self.switches = dict(SWITCHES)
        self.set_switches({})

    def set_switches(self, changes):
        unknown = set(changes) - set(SWITCHES)
        if unknown:
            raise ValueError(f"there is no switch {sorted(unknown)}; {sorted(SWITCHES)}")
        self.switches.update(changes)
        limit = self.switches["controlFlow"].get("concurrent")
        self.places = threading.BoundedSemaphore(limit) if limit else None
        self.asked = {}

    # Catalog

    @property
    def is_loading(self):
        return self.switches["loading"]

    @property
    def sequence(self):
        told = self.switches["sequence"]
        return self.catalog.sequence if told is None else told

    def reload(self):
        if not self.switches["drift"]:
            with self.lock:
                self.catalog.load()

    def reset(self):
        if not self.switches["drift"]:
            with self.lock:
                if self.switches["resetReadsCatalog"]:
                    self.catalog.load()
                else:
                    self.catalog.reset()

    def state(self):
        catalog = self.catalog
        return {"name": self.name, "sequence": self.sequence, "inFlight": self.log.in_flight(),
                "sessions": self.sessions, "tiles": self.tiles.count(), "switches": self.switches,
                "layers": {layer: catalog.version(layer) for layer in catalog.layers()}}

    # Who asks

    def user(self, request):
        """The user's name; empty for everybody. A session counts only where it began."""
        name, password, token = request.credentials()
        if name and USERS.get(name) == password:
            return name
        return TOKENS.get(token) or self.sessions.get(request.session, "")

    def may_read(self, user, layer):
        workspace, name = layer.split(":")
        for rule in (f"{workspace}.{name}.r", f"{workspace}.*.r", "*.*.r"):
            if rule in self.catalog.rules:
                return user != "" or "*" in self.catalog.rules[rule].split(",")
        return True

    def with_session(self, request, response, user, always=False):
        """A session for whoever showed who they are, so that the cookie is enough from now on."""
        if request.session in self.sessions:
            if user:
                self.sessions[request.session] = user
        elif user or always:
            session = secrets.token_hex(16).upper()
            self.sessions[session] = user
            response.headers.append(
                ("Set-Cookie", f"JSESSIONID={session}; Path=/geoserver; HttpOnly"))
        return response

    # Services

    def answer(self, request):
        if not request.path.startswith("/geoserver"):
            return not_found(request.path)
        path = request.path.removeprefix("/geoserver")
        if path.startswith("/rest"):
            return rest.answer(self, request, path.removeprefix("/rest"))
        if path.startswith("/gwc"):
            return gwc.answer(self, request, path.removeprefix("/gwc"))
        if path in ("", "/"):
            return Response(302, "", b"", [("Location", "/geoserver/web/")])
        if path.startswith(("/web", "/j_spring_security_")):
            return self.page(request, path)
        service = path.rstrip("/").rpartition("/")[2]
        if "WfsDispatcher" in path or service in ("wms", "wfs", "ows"):
            return self.limited(request, lambda: self.ogc(request, path, service))
        return not_found(request.path)

    def ogc(self, request, path, service):
        """A service, global or virtual: /W/wms and /W/L/wms know only W's layers or L."""
        parts = [part for part in path.strip("/").split("/")
                 if part not in ("wms", "wfs", "ows", "WfsDispatcher")]
        user = self.user(request)
        asked = request.parameter("service").lower()
        if not asked:
            asked = "wfs" if request.method == "POST" or service == "wfs" else "wms"
        module = wfs if asked == "wfs" else wms
        response = module.answer(self, request, user, *(parts + ["", ""])[:2])
        response.headers += [("X-Stand-In", self.name)]
        return self.with_session(request, response, user)

    def page(self, request, path):
        """As much of the administration pages as a balancer's checks and sign-in see."""
        if path.startswith("/j_spring_security_check"):
            fields = dict(part.split("=", 1) for part in request.body.decode().split("&"))
            user = fields.get("username", "")
            is_known = USERS.get(user) == fields.get("password")
            response = Response(302, "", b"", [("Location", "/geoserver/web/")])
            return self.with_session(request, response, user if is_known else "", always=True)
        user = self.sessions.get(request.session, "")
        text = f"Logged in as <span>{user}</span>" if user else "<form>Login</form>"
        body = f"<html><head><title>GeoServer: Welcome</title></head><body>{text}</body></html>\n"
        response = Response(
            200, "text/html;charset=UTF-8", body, [("Cache-Control", "no-cache, no-store")])
        return self.with_session(request, response, user, always=True)

    def limited(self, request, serve):
        """The control-flow module: 429 over a client's rate, 503 after waiting for a place."""
        rules = self.switches["controlFlow"]
        retry = [("Retry-After", str(rules["retryAfter"]))] if "retryAfter" in rules else []
        rate = []
        if "requests" in rules:
            with self.lock:
                asked = self.asked[request.address] = self.asked.get(request.address, 0) + 1
            left = max(0, rules["requests"] - asked)
            rate = [("X-Rate-Limit-Context", request.address),
                    ("X-Rate-Limit-Limit", str(rules["requests"])),
                    ("X-Rate-Limit-Remaining", str(left))]
            if asked > rules["requests"]:
                text = f"Too many requests requested from {request.address}"
                return Response(429, "text/html;charset=utf-8", text, rate + retry)
        if self.places is None or request.parameter("request").lower() != "getmap":
            response = serve()
            response.headers += rate
            return response
        places, began = self.places, time.monotonic()
        if not places.acquire(timeout=rules.get("timeout", 1000) / 1000):
            text = "Requested timeout out while waiting to be executed"
            return Response(503, "text/html;charset=utf-8", text, retry)
        try:
            response = serve()
        finally:
            places.release()
        waited = round((time.monotonic() - began) * 1000)
        response.headers += [*rate, ("X-Control-flow-delay-ms", str(waited)),
                             ("X-Concurrent-Limit-wms.getmap", str(rules["concurrent"]))]
        return response


def not_found(path):
    body = f"<html><body><h1>HTTP Status 404 - {path}</h1></body></html>\n"
    return Response(404, "text/html;charset=utf-8", body)
