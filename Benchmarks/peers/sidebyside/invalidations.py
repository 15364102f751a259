"""How long a full cache takes to acknowledge that a part of it, or all, is void. From then on it is."""

import contextlib
import http.client
import re
import time

from . import load
from .machine import BenchmarkError

TIMES = 20
LAYER = "<truncateLayer><layerName>{0}</layerName></truncateLayer>"
EXTENT = ("<truncateExtent><layerName>{0}</layerName><gridSetId>EPSG:4326</gridSetId>"
          "<bounds><coords><double>-180</double><double>-90</double><double>180</double>"
          "<double>-60</double></coords></bounds></truncateExtent>")
EVERYTHING = ("<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">"
              "<Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items></Paths>"
              "<CallerReference>{0}</CallerReference></InvalidationBatch>")


def measure(server, layer, path):
    """Milliseconds of the slowest of several, by kind. `path` is that of a tile of the layer in the
    far south: it is stored before each, and none of it is from the acknowledgement on."""
    with (contextlib.closing(http.client.HTTPConnection(
            "127.0.0.1", server.admin_port, timeout=20)) as admin,
          load.Client(server.port) as viewer):
        listed = _answer(admin, "GET", "/2020-05-31/distribution", None)[1]
        distribution = re.search(r"<Id>([A-Z0-9]+)</Id>", listed)
        if distribution is None:
            raise BenchmarkError(f"{server.name} lists no distribution: {listed[:200]}")
        truncate = "/gwc/rest/masstruncate"
        invalidate = f"/2020-05-31/distribution/{distribution[1]}/invalidation"

        def is_hit():
            return server.is_hit(viewer.get(path)[1])

        def slowest(kind, times, target, body):
            spent = []
            for number in range(times):
                if not (is_hit() or is_hit()):  # The first may have to fetch it.
                    raise BenchmarkError(f"{path} is not kept")
                spent.append(_spent(admin, target, body(number)))
                if is_hit():
                    raise BenchmarkError(f"{path} is a hit behind the acknowledgement: {kind}")
            return max(spent)

        return {"layer": slowest("layer", TIMES, truncate, lambda _: LAYER.format(layer)),
                "extent": slowest("extent", TIMES, truncate, lambda _: EXTENT.format(layer)),
                "everything": slowest("everything", 3, invalidate, EVERYTHING.format)}


def _spent(admin, target, body):
    start = time.monotonic()
    status, text = _answer(admin, "POST", target, body)
    if status not in (200, 201):
        raise BenchmarkError(f"{target} answered {status}: {text[:200]}")
    return (time.monotonic() - start) * 1_000


def _answer(admin, method, target, body):
    admin.request(method, target, body, {"Content-Type": "text/xml"} if body else {})
    response = admin.getresponse()
    return response.status, response.read().decode()
