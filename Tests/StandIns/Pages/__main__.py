"""A site as GeoNode is one, in one file of Django: while it renders the page of a layer it asks its
map server, several times and without a time-out of its own.

usage: python3 Tests/StandIns/Pages --geoserver URL
URL is what GeoNode calls GEOSERVER_LOCATION. Prints "port N" and serves until SIGTERM, or until its
standard input, if that is a pipe, ends.

    GET /layers/NAME    the layer's title as the capabilities have it and its default style as the
                        catalogue has it; what could not be had is told in an alert
"""

import argparse
import base64
import json
import os
import signal
import stat
import sys
import threading
import urllib.error
import urllib.request
import xml.etree.ElementTree
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import RequestContext, Template
from django.urls import path

settings.configure(
    SECRET_KEY="of no use to anybody", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
django.setup()

PAGE = Template("""<!DOCTYPE html>
<title>{{ name }}</title>
{% if trouble %}<div class="alert">No word from the map server: {{ trouble }}</div>{% endif %}
<h1>{{ title|default:name }}</h1>
<p id="style">{{ style|default:"unknown" }}</p>
""")


class MapServer:
    """What views ask; `location` is the map server's, or of a proxy in front of it."""

    location = ""
    catalogue = {"Authorization": "Basic " + base64.b64encode(b"admin:geoserver").decode()}

    @classmethod
    def get(cls, rest, headers={}):
        request = urllib.request.Request(cls.location + rest, headers=headers)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    @classmethod
    def title(cls, name):
        document = cls.get("ows?service=WMS&version=1.1.1&request=GetCapabilities")
        for layer in xml.etree.ElementTree.fromstring(document).iter("Layer"):
            if layer.findtext("Name") == name:
                return layer.findtext("Title")
        return None

    @classmethod
    def style(cls, name):
        document = cls.get(f"rest/layers/{name}.json", cls.catalogue)
        return json.loads(document)["layer"]["defaultStyle"]["name"]


def layer(request, name):
    found, troubles = {"name": name}, []
    for word, ask in [("title", MapServer.title), ("style", MapServer.style)]:
        try:
            found[word] = ask(name)
        except urllib.error.HTTPError as error:
            troubles.append(str(error.code))
        except OSError as error:
            troubles.append(type(error).__name__)
    return HttpResponse(PAGE.render(RequestContext(request, {
        **found, "trouble": ", ".join(troubles)})))


urlpatterns = [path("layers/<str:name>", layer)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(prog="pages", description=__doc__.split("\n")[0])
    parser.add_argument("--geoserver", required=True)
    MapServer.location = parser.parse_args().geoserver.rstrip("/") + "/"
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"port {server.server_address[1]}", flush=True)
    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        while os.read(0, 4096):
            pass
    else:
        signal.pause()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
