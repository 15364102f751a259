"""Who stands in front of MapServer in the part "workload": the edge, nginx keyed by raw URLs,
MapProxy and MapCache."""

import getpass
import os
import shutil

from .machine import HERE, BenchmarkError
from .servers import MapEdge, Nginx, Server, fill_template

PYTHON = os.path.join(HERE, "..", "..", ".build", "workload")
APACHE_MODULES = "/usr/lib/apache2/modules"


class TileCache:
    """What all of them have: an origin, and the place of their WMS."""

    origin = None  # the MapServer
    endpoint = None  # the path of the only WMS; None: all of GeoServer's paths

    def target(self, text):
        """A request as a viewer spells it, for this server: with the path and the layer's name it
        has here. Nothing else is changed."""
        if self.endpoint is None:
            return text
        query = text.partition("?")[2]
        for workspace in ("base", "geonode"):
            for colon in ("%3A", ":"):
                query = query.replace(f"={workspace}{colon}", "=")
        return f"{self.endpoint}?{query}"


class EdgeOfMaps(TileCache, MapEdge):
    """The edge with nothing but an origin: what a map is called it finds out by itself."""

    def rules(self):
        return ["--origin", self.origin.url, "--mode", "cloudfront"]


class RawKeys(TileCache, Nginx):
    """nginx whose key is the URL as it was sent."""

    name = "nginx-raw"
    needs = "nginx"
    bypass = ""

    def command(self):
        self.origin_port = self.origin.port
        return super().command()

    def listening(self):
        return ("proxy_cache_key $request_uri; proxy_cache_valid 200 1d; proxy_cache_lock on;"
                + self.bypass)


class GeoWebCacheRules(RawKeys):
    """The same, and what GeoWebCache in GeoServer would not look at goes to GeoServer: a GetMap
    of WMS that does not say TILED=TRUE."""

    name = "nginx-gwc"
    # It stands where directives for all servers do.
    open_files = ('map $request_uri $untiled { default 1; "~*[?&]tiled=true(&|$)" 0; '
                  '"~^/geoserver/gwc/service/" 0; }')
    bypass = "proxy_cache_bypass $untiled; proxy_no_cache $untiled;"


class MapProxy(TileCache, Server):
    name = "mapproxy"
    endpoint = "/service"

    needs = "uwsgi_python3"

    def command(self):
        """By uWSGI: a hit costs it about a quarter less than gunicorn with threads. Each
        connection has a thread."""
        packages = os.path.abspath(PYTHON)
        if not os.path.isdir(packages) or shutil.which(self.needs) is None:
            raise BenchmarkError("MapProxy is missing; conf/install-packages.sh workload")
        path = fill_template("mapproxy.yaml", self.directory, ORIGIN=self.origin.url,
                             DIR=self.directory)
        program = os.path.join(self.directory, "application.py")
        with open(program, "w") as file:
            file.write("from mapproxy.wsgiapp import make_wsgi_app\n"
                       f"application = make_wsgi_app({path!r})\n")
        line = ('{"time":"%(ltime)","viewer":"%(addr)","method":"%(method)","target":"%(uri)",'
                '"status":%(status),"bytes":%(size),"microseconds":%(micros),"agent":"%(uagent)"}')
        return [self.locate(), "--virtualenv", packages, "--wsgi-file", program, "--need-app",
                "--http11-socket", f"127.0.0.1:{self.port}", "--tcp-nodelay", "--listen", "100",
                "--master", "--die-on-term", "--processes", "1", "--threads", "24",
                "--log-format", line, "--logto", self.access_log], None


class MapCache(TileCache, Server):
    name = "mapcache"
    needs = "apache2"
    endpoint = "/mapcache/"

    def command(self):
        if not os.path.exists(os.path.join(APACHE_MODULES, "mod_mapcache.so")):
            raise BenchmarkError("MapCache is missing; conf/install-packages.sh workload")
        user = ""
        if getpass.getuser() == "root":  # Apache does not serve as root
            user = "User www-data\nGroup www-data"
            place = self.directory
            for _ in range(3):  # up to the bench's own directory
                os.chmod(place, 0o755)
                place = os.path.dirname(place)
            os.chmod(self.directory, 0o777)
        fill_template("mapcache.xml", self.directory, ORIGIN=self.origin.url, DIR=self.directory)
        path = fill_template("mapcache-httpd.conf", self.directory, PORT=self.port, USER=user,
                             DIR=self.directory, MODULES=APACHE_MODULES)
        return [self.locate(), "-f", path, "-DFOREGROUND"], None


KINDS = {kind.name: kind for kind in (EdgeOfMaps, RawKeys, GeoWebCacheRules, MapProxy, MapCache)}
