"""Proves that the stand-in does what its README says.

usage: proof.py [unittest's arguments]
Needs the standard library; with geoserver-restconfig or OWSLib installed those work on it as well.
"""

import importlib.util
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import clients  # noqa: E402

ADMIN = {"Authorization": "Basic YWRtaW46Z2Vvc2VydmVy"}
XML = {**ADMIN, "Content-Type": "application/xml"}
TILE = ("/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS={}&STYLES=&SRS=EPSG:900913&TILED=true"
        "&BBOX=-20037508.34,0,0,20037508.34&WIDTH=256&HEIGHT=256&FORMAT=image/png")
TRANSACTION = ('<wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" service="WFS" '
               'xmlns:ogc="http://www.opengis.net/ogc" xmlns:gml="http://www.opengis.net/gml" '
               'xmlns:f="http://www.geonode.org/" version="{}">{}</wfs:Transaction>')
INSERT = ("<wfs:Insert><f:{}><f:the_geom><gml:Point><gml:coordinates>-74.8,40.5</gml:coordinates>"
          "</gml:Point></f:the_geom><f:name>two</f:name></f:{}></wfs:Insert>")


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()
        self.kind = response.headers.get("Content-Type", "")

    @property
    def text(self):
        return self.body.decode()

    @property
    def rgb(self):
        """The one colour of a PNG with a palette."""
        assert self.body.startswith(b"\x89PNG") and self.body[37:41] == b"PLTE", self.body[:60]
        return self.body[41:44]


class Instance:
    def __init__(self, data, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE), "--data", data, *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.url = f"http://127.0.0.1:{self.port}/geoserver"

    def ask(self, path, method="GET", body=None, headers={}, root="/geoserver"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, root + path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def control(self, path, method="GET", wish=None):
        body = None if wish is None else json.dumps(wish)
        answer = self.ask(path, method, body, root="/stand-in")
        assert answer.status == 200, answer.text
        return json.loads(answer.body)

    def fault(self, **wish):
        return self.control("/faults", "POST", wish)["id"]

    def mend(self):
        self.control("/faults", "DELETE")

    def tile(self, layer="geonode:roads", **headers):
        return self.ask(TILE.format(layer), headers=headers)

    def capabilities(self, version="1.1.1", **headers):
        return ElementTree.fromstring(self.ask(
            f"/wms?service=WMS&request=GetCapabilities&version={version}", headers=headers).body)

    def transact(self, body, version="1.0.0"):
        return self.ask("/geonode/roads/wfs/WfsDispatcher", "POST",
                        TRANSACTION.format(version, body), {"Content-Type": "text/xml"})

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Case(unittest.TestCase):
    arguments = ()

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.data = directory.name
        self.leader = self.instance("--name", "leader")

    def instance(self, *arguments):
        found = Instance(self.data, "--sample", *self.arguments, *arguments)
        self.addCleanup(found.end)
        return found

    def begin(self, path, one=None):
        """A request whose answer is read later."""
        connection = http.client.HTTPConnection("127.0.0.1", (one or self.leader).port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", f"/geoserver{path}")
        return connection


class LifeTests(Case):
    def test_it_ends_with_its_standard_input(self):
        self.leader.process.stdin.close()
        self.assertEqual(self.leader.process.wait(10), 0)

    def test_it_ends_at_SIGTERM_even_with_a_request_that_hangs(self):
        self.leader.fault(kind="hang")
        self.begin(TILE.format("geonode:roads"))
        self.leader.control("/requests?match=GetMap&count=1")
        self.leader.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.leader.process.wait(10), 0)


class ErrorTests(Case):
    def map(self, **changes):
        fields = {"service": "WMS", "version": "1.1.1", "request": "GetMap", "styles": "",
                  "layers": "geonode:none", "srs": "EPSG:4326", "bbox": "-180,-90,180,90",
                  "width": "8", "height": "4", "format": "image/png", **changes}
        return self.leader.ask("/wms?" + urllib.parse.urlencode(fields))

    def test_an_exception_has_status_200_and_its_version_s_type(self):
        for version, kind in (("1.1.1", "application/vnd.ogc.se_xml;charset=UTF-8"),
                              ("1.3.0", "text/xml;charset=UTF-8")):
            answer = self.map(version=version, crs="EPSG:4326")
            self.assertEqual((answer.status, answer.kind), (200, kind))
            self.assertIn('code="LayerNotDefined" locator="layers"', answer.text)
            root = ElementTree.fromstring(answer.body)
            self.assertEqual(root.get("version"), version)
            self.assertEqual(answer.headers["Transfer-Encoding"], "chunked")
            self.assertNotIn("Cache-Control", answer.headers)

    def test_images_of_errors_have_the_size_asked_for(self):
        for wish in ("application/vnd.ogc.se_inimage", "BLANK"):
            answer = self.map(exceptions=wish, transparent="TRUE")
            self.assertEqual((answer.status, answer.kind), (200, "image/png"))
            self.assertEqual(answer.body[16:24], bytes([0, 0, 0, 8, 0, 0, 0, 4]))
        self.assertIn(b"tRNS", self.map(exceptions="BLANK", transparent="TRUE").body)
        self.assertIn("xml", self.map(exceptions="BLANK", width="0").kind)

    def test_json_is_named_so(self):
        answer = self.map(exceptions="application/json")
        self.assertEqual(json.loads(answer.body)["exceptions"][0]["code"], "LayerNotDefined")

    def test_what_is_asked_wrongly_says_what(self):
        for changes, code in (({"styles": "nothing"}, "StyleNotDefined"),
                              ({"format": "image/nothing"}, "InvalidFormat"),
                              ({"srs": "EPSG:1"}, "InvalidSRS"),
                              ({"request": ""}, "MissingParameterValue")):
            answer = self.map(**{"layers": "geonode:roads", **changes})
            self.assertIn(f'code="{code}"', answer.text)

    def test_each_format_is_one(self):
        for kind, start in (("image/png", b"\x89PNG"), ("image/jpeg", b"\xff\xd8\xff"),
                            ("image/gif", b"GIF89a")):
            answer = self.map(layers="geonode:roads", format=kind)
            self.assertEqual(answer.kind, kind)
            self.assertTrue(answer.body.startswith(start))
            self.assertNotIn("Cache-Control", answer.headers)

    def test_the_update_sequence_may_be_asked_about(self):
        now = int(self.leader.capabilities().get("updateSequence"))
        for asked, code in ((now, "CurrentUpdateSequence"), (now + 1, "InvalidUpdateSequence")):
            answer = self.leader.ask(
                f"/wms?service=WMS&request=GetCapabilities&updateSequence={asked}")
            self.assertIn(code, answer.text)


class RESTTests(Case):
    def test_statuses(self):
        for method, path, body, status in (
                ("GET", "/rest/reload", None, 405), ("POST", "/rest/reload", None, 200),
                ("PUT", "/rest/reset", None, 200), ("GET", "/rest/workspaces/none.xml", None, 404),
                ("PUT", "/rest/security/acl/catalog/reload", None, 200),
                ("POST", "/rest/workspaces", "<workspace><name>geonode</name></workspace>", 409),
                ("POST", "/rest/workspaces", "<workspace><name>new</name></workspace>", 201),
                ("POST", "/rest/workspaces", "<workspace>", 400),
                ("DELETE", "/rest/workspaces/geonode", None, 403),
                ("DELETE", "/rest/styles/roads", None, 403),
                ("POST", "/rest/styles", "<style><name>roads</name></style>", 403),
                ("GET", "/rest/layers/geonode:none", None, 404),
                ("PUT", "/rest/settings.xml", "<global><xmlPostRequestLogBufferSize>1"
                 "</xmlPostRequestLogBufferSize></global>", 200),
                ("GET", "/gwc/rest/seed.json", None, 200), ("GET", "/gwc/rest/layers", None, 200),
                ("GET", "/gwc/rest/diskquota.xml", None, 200),
                ("GET", "/gwc/rest/masstruncate", None, 200)):
            answer = self.leader.ask(path, method, body, XML)
            self.assertEqual(answer.status, status, f"{method} {path}: {answer.text}")

    def test_nobody_without_a_name_may(self):
        for path in ("/rest/layers.xml", "/gwc/rest/layers"):
            answer = self.leader.ask(path)
            self.assertEqual(answer.status, 401)
            self.assertIn("Basic", answer.headers["WWW-Authenticate"])

    def test_json_and_xml_tell_the_same(self):
        told = json.loads(self.leader.ask("/rest/layers/geonode:roads.json", headers=ADMIN).body)
        self.assertEqual(told["layer"]["defaultStyle"]["name"], "roads")
        self.assertEqual(told["layer"]["resource"]["@class"], "featureType")
        root = ElementTree.fromstring(
            self.leader.ask("/rest/layers/geonode:roads.xml", headers=ADMIN).body)
        self.assertEqual(root.findtext("defaultStyle/name"), "roads")
        empty = self.leader.ask("/rest/layergroups.json", headers=ADMIN)
        self.assertEqual(json.loads(empty.body), {"layerGroups": ""})

    def test_an_sld_is_posted_and_put_as_MapStory_does(self):
        kind = {**ADMIN, "Content-Type": "application/vnd.ogc.sld+xml; charset=UTF-8"}
        name = "alice-42-0-simple-point-X"
        for status in (201, 403):
            answer = self.leader.ask(
                f"/rest/styles?name={name}", "POST", clients.SLD.format("#1"), kind)
            self.assertEqual(answer.status, status)
        answer = self.leader.ask(
            f"/rest/styles/{name}.xml", "PUT", clients.SLD.format("#2"), kind)
        self.assertEqual(answer.status, 200)
        self.assertIn("#2", self.leader.ask(f"/rest/styles/{name}.sld", headers=ADMIN).text)

    def test_cache_headers_are_a_layer_s_own(self):
        place = "/rest/workspaces/geonode/datastores/postgis/featuretypes/roads.xml"
        self.leader.ask(place, "PUT", '<featureType><metadata><entry key="cachingEnabled">true'
                        '</entry><entry key="cacheAgeMax">60</entry></metadata></featureType>', XML)
        self.assertEqual(
            self.leader.tile().headers["Cache-Control"], "max-age=60, must-revalidate")
        self.assertNotIn("Cache-Control", self.leader.tile("geonode:cities").headers)
        self.assertNotIn("Cache-Control", self.leader.tile("geonode:roads,geonode:cities").headers)

    def test_an_uploaded_coverage_is_a_layer(self):
        answer = self.leader.ask("/rest/workspaces/geonode/coveragestores/relief/file.geotiff",
                                 "PUT", b"II*\0", {**ADMIN, "Content-Type": "image/tiff"})
        self.assertEqual(answer.status, 201)
        self.assertEqual(self.leader.tile("geonode:relief").kind, "image/png")


class ClusterTests(Case):
    def setUp(self):
        super().setUp()
        self.follower = self.instance("--name", "follower")

    def restyle(self, style="point"):
        body = f"<layer><defaultStyle><name>{style}</name></defaultStyle></layer>"
        answer = self.leader.ask("/rest/layers/geonode:roads", "PUT", body, XML)
        self.assertEqual(answer.status, 200)

    def sequences(self):
        return [one.capabilities().get("updateSequence") for one in (self.leader, self.follower)]

    def test_a_change_is_seen_elsewhere_only_after_a_reload(self):
        before = self.follower.tile().rgb
        self.assertEqual(before, self.leader.tile().rgb)
        self.restyle()
        self.assertNotEqual(self.leader.tile().rgb, before)
        self.assertEqual(self.follower.tile().rgb, before)
        old, new = self.sequences()
        self.assertNotEqual(old, new)
        self.follower.ask("/rest/reset", "POST", headers=ADMIN)
        self.assertEqual(self.follower.tile().rgb, before)
        self.follower.ask("/rest/reload", "POST", headers=ADMIN)
        self.assertEqual(self.follower.tile().rgb, self.leader.tile().rgb)
        self.assertEqual(*self.sequences())
        self.assertEqual(self.follower.control("/state")["layers"],
                         self.leader.control("/state")["layers"])

    def test_a_style_s_body_is_seen_after_a_reset(self):
        self.leader.ask("/rest/styles/roads.sld", "PUT", clients.SLD.format("#3"),
                        {**ADMIN, "Content-Type": "application/vnd.ogc.sld+xml"})
        self.assertNotEqual(self.follower.tile().rgb, self.leader.tile().rgb)
        self.follower.ask("/rest/reset", "PUT", headers=ADMIN)
        self.assertEqual(self.follower.tile().rgb, self.leader.tile().rgb)

    def test_a_reset_may_be_told_to_read_everything(self):
        self.follower.control("/switches", "POST", {"resetReadsCatalog": True})
        self.restyle()
        self.follower.ask("/rest/reset", "PUT", headers=ADMIN)
        self.assertEqual(self.follower.tile().rgb, self.leader.tile().rgb)

    def test_one_that_drifts_says_200_and_stays_behind(self):
        self.follower.control("/switches", "POST", {"drift": True})
        before = self.follower.tile().rgb
        self.restyle()
        self.assertEqual(self.follower.ask("/rest/reload", "POST", headers=ADMIN).status, 200)
        self.assertEqual(self.follower.tile().rgb, before)
        self.follower.control("/switches", "POST", {"drift": False})
        self.follower.ask("/rest/reload", "POST", headers=ADMIN)
        self.assertNotEqual(self.follower.tile().rgb, before)

    def test_the_sequence_may_lie(self):
        self.restyle()
        sequence = self.leader.control("/state")["sequence"]
        self.follower.control("/switches", "POST", {"sequence": sequence})
        self.assertEqual(*self.sequences())
        self.assertNotEqual(self.follower.tile().rgb, self.leader.tile().rgb)

    def test_a_new_layer_is_not_defined_elsewhere(self):
        self.leader.ask("/rest/workspaces/geonode/datastores/postgis/featuretypes", "POST",
                        "<featureType><name>new</name></featureType>", XML)
        self.assertEqual(self.leader.tile("geonode:new").kind, "image/png")
        self.assertIn("LayerNotDefined", self.follower.tile("geonode:new").text)

    def test_features_in_a_database_are_everybody_s_and_those_in_files_are_not(self):
        for layer, is_shared in (("roads", True), ("rivers", False)):
            name = f"geonode:{layer}"
            before = self.leader.tile(name).rgb
            self.assertIn("SUCCESS", self.leader.transact(INSERT.format(layer, layer)).text)
            after = self.leader.tile(name).rgb
            self.assertNotEqual(after, before)
            self.assertEqual(self.follower.tile(name).rgb, after if is_shared else before)
            self.follower.ask("/rest/reset", "POST", headers=ADMIN)
            self.assertEqual(self.follower.tile(name).rgb, after)

    def test_two_writers_lose_nothing(self):
        for number in range(4):
            one = (self.leader, self.follower)[number % 2]
            answer = one.ask("/rest/workspaces", "POST",
                             f"<workspace><name>w{number}</name></workspace>", XML)
            self.assertEqual(answer.status, 201)
        self.leader.ask("/rest/reload", "POST", headers=ADMIN)
        names = self.leader.ask("/rest/workspaces.xml", headers=ADMIN).text
        for number in range(4):
            self.assertIn(f"<name>w{number}</name>", names)

    def test_a_session_counts_only_where_it_began(self):
        self.assertIn("LayerNotDefined", self.leader.tile("geonode:secret").text)
        answer = self.leader.ask(TILE.format("geonode:secret") + "&access_token=token-of-alice")
        self.assertEqual(answer.kind, "image/png")
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.assertTrue(cookie.startswith("JSESSIONID="))
        self.assertEqual(self.leader.tile("geonode:secret", Cookie=cookie).kind, "image/png")
        self.assertIn("LayerNotDefined", self.follower.tile("geonode:secret", Cookie=cookie).text)
        names = [layer.text for layer in self.leader.capabilities().iter("Name")]
        self.assertNotIn("geonode:secret", names)
        names = [layer.text for layer in self.leader.capabilities(Cookie=cookie).iter("Name")]
        self.assertIn("geonode:secret", names)

    def test_the_pages_know_who_signed_in_only_where_they_did(self):
        answer = self.leader.ask(
            "/j_spring_security_check", "POST", "username=admin&password=geoserver")
        self.assertEqual(answer.status, 302)
        cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
        self.assertIn("Logged in as", self.leader.ask("/web/", headers=cookie).text)
        self.assertIn("Login", self.follower.ask("/web/", headers=cookie).text)


class TransactionTests(Case):
    def test_counts_and_ids(self):
        answer = self.leader.transact(INSERT.format("roads", "roads"), "1.1.0")
        self.assertIn("<wfs:totalInserted>1</wfs:totalInserted>", answer.text)
        self.assertIn('fid="roads.2"', answer.text)
        update = ('<wfs:Update typeName="geonode:roads"><wfs:Property><wfs:Name>name</wfs:Name>'
                  '<wfs:Value>{}</wfs:Value></wfs:Property>{}</wfs:Update>')
        every = self.leader.transact(update.format("x", ""), "1.1.0")
        self.assertIn("<wfs:totalUpdated>2</wfs:totalUpdated>", every.text)
        delete = ('<wfs:Delete typeName="geonode:roads"><ogc:Filter><ogc:FeatureId fid="roads.1"/>'
                  "</ogc:Filter></wfs:Delete>")
        answer = self.leader.transact(delete, "1.1.0")
        self.assertIn("<wfs:totalDeleted>1</wfs:totalDeleted>", answer.text)
        self.assertIn('fid="none"', answer.text)

    def test_the_probe_for_read_only_layers_succeeds_and_changes_nothing(self):
        before = self.leader.tile().rgb
        probe = ('<wfs:Update typeName="geonode:roads"><wfs:Property><wfs:Name>name</wfs:Name>'
                 "</wfs:Property><ogc:Filter><ogc:FeatureId fid=\"garbage_id\"/></ogc:Filter>"
                 "</wfs:Update>")
        self.assertIn("SUCCESS", self.leader.transact(probe).text)
        self.assertIn(">0</wfs:totalUpdated>", self.leader.transact(probe, "1.1.0").text)
        self.assertEqual(self.leader.tile().rgb, before)

    def test_a_failure_has_status_200_and_changes_nothing(self):
        before = self.leader.tile().rgb
        good_and_bad = INSERT.format("roads", "roads") + INSERT.format("none", "none")
        for version, tag in (("1.0.0", "ServiceException"), ("1.1.0", "ows:ExceptionText")):
            answer = self.leader.transact(good_and_bad, version)
            self.assertEqual(answer.status, 200)
            self.assertIn(f"<{tag}", answer.text)
        self.leader.control("/switches", "POST", {"failed": True})
        insert = INSERT.format("roads", "roads")
        self.assertIn("<wfs:FAILED/>", self.leader.transact(insert).text)
        self.assertIn("ExceptionReport", self.leader.transact(insert, "1.1.0").text)
        self.leader.control("/switches", "POST", {"readOnly": True, "failed": False})
        self.assertIn("read-only", self.leader.transact(INSERT.format("roads", "roads")).text)
        self.assertEqual(self.leader.tile().rgb, before)


class TileCacheTests(Case):
    arguments = ("--gwc",)

    def test_a_truncation_is_one_instance_s_own(self):
        follower = self.instance("--name", "follower")
        for one in (self.leader, follower):
            for result in ("MISS", "HIT"):
                self.assertEqual(one.tile().headers["geowebcache-cache-result"], result)
        old = self.leader.tile()
        self.assertEqual(old.headers["geowebcache-tile-index"], "[0, 1, 1]")
        self.assertFalse(old.headers["ETag"].startswith('"'))
        body = "<layer><defaultStyle><name>point</name></defaultStyle></layer>"
        self.leader.ask("/rest/layers/geonode:roads", "PUT", body, XML)
        self.assertEqual(self.leader.tile().headers["geowebcache-cache-result"], "MISS")
        follower.ask("/rest/reload", "POST", headers=ADMIN)
        self.assertEqual(follower.tile().body, old.body)
        truncate = "<truncateLayer><layerName>geonode:roads</layerName></truncateLayer>"
        answer = follower.ask(
            "/gwc/rest/masstruncate", "POST", truncate, {**ADMIN, "Content-Type": "text/xml"})
        self.assertEqual(answer.status, 200)
        self.assertEqual(follower.tile().rgb, self.leader.tile().rgb)

    def test_what_is_no_tile_says_why(self):
        for change, reason in (
                (("HEIGHT=256", "HEIGHT=257"), "align"), (("SRS=EPSG:900913", "SRS=CRS:84"), "ali"),
                (("TILED=true", "TILED=true&BGCOLOR=0x0"),
                 "no parameter filter exists for BGCOLOR"),
                (("geonode:roads", "geonode:roads,geonode:cities"), "more than one layer")):
            answer = self.leader.ask(TILE.format("geonode:roads").replace(*change))
            self.assertIn(reason, answer.headers["geowebcache-miss-reason"])

    def test_extents_and_seeds_truncate_what_they_name(self):
        self.leader.tile()
        for corner, left in ((10, 1), (-10, 0)):
            box = f"<double>{corner}</double><double>10</double>"
            box += "<double>1e6</double><double>1e6</double>"
            answer = self.leader.ask(
                "/gwc/rest/masstruncate", "POST", "<truncateExtent><layerName>geonode:roads"
                "</layerName><gridSetId>EPSG:900913</gridSetId><bounds><coords>"
                f"{box}</coords></bounds></truncateExtent>", XML)
            self.assertEqual(answer.status, 200)
            self.assertEqual(self.leader.control("/state")["tiles"], left)
        self.leader.tile()
        self.leader.ask("/gwc/rest/seed/geonode:roads.json", "POST", json.dumps(
            {"seedRequest": {"name": "geonode:roads", "type": "truncate", "zoomStart": 0,
                             "zoomStop": 4}}), ADMIN)
        self.assertEqual(self.leader.control("/state")["tiles"], 0)


class FaultTests(Case):
    def test_one_that_hangs_takes_the_request_and_sends_nothing(self):
        self.leader.fault(kind="hang", match="GetMap")
        with socket.create_connection(("127.0.0.1", self.leader.port)) as plain:
            plain.sendall(f"GET /geoserver{TILE.format('geonode:roads')} HTTP/1.1\r\n"
                          "Host: x\r\n\r\n".encode())
            self.leader.control("/requests?match=GetMap&count=1")
            plain.setblocking(False)
            with self.assertRaises(BlockingIOError):
                plain.recv(1)
            self.assertEqual(self.leader.control("/state")["inFlight"], 1)
            self.assertEqual(self.leader.ask("/web/").status, 200)
            self.leader.mend()
            plain.setblocking(True)
            with self.assertRaises(ConnectionResetError):
                plain.recv(1)

    def test_what_is_held_is_served_when_it_is_let_go(self):
        self.leader.fault(kind="hold", match="GetMap")
        waiting = self.begin(TILE.format("geonode:roads"))
        self.leader.control("/requests?match=GetMap&count=1")
        self.leader.mend()
        self.assertEqual(waiting.getresponse().status, 200)

    def test_a_render_shows_the_state_that_it_began_with(self):
        before = self.leader.tile().rgb
        self.leader.fault(kind="render", count=1)
        rendering = self.begin(TILE.format("geonode:roads"))
        self.leader.control("/faults?met=1")
        self.leader.transact(INSERT.format("roads", "roads"))
        self.leader.mend()
        self.assertEqual(Answer(rendering.getresponse()).rgb, before)
        self.assertNotEqual(self.leader.tile().rgb, before)

    def test_slow_ones_take_their_time(self):
        for wish in ({"kind": "slowFirstByte", "ms": 60},
                     {"kind": "slowBody", "ms": 30, "pieces": 3}):
            self.leader.fault(count=1, **wish)
            began = time.monotonic()
            self.assertEqual(self.leader.tile().kind, "image/png")
            self.assertGreaterEqual(time.monotonic() - began, 0.06)

    def test_a_body_that_is_cut_says_so_by_its_framing(self):
        for framing in ("chunked", "length"):
            self.leader.fault(kind="truncate", count=1, framing=framing)
            with self.assertRaises(http.client.IncompleteRead):
                self.leader.tile()
        self.assertEqual(self.leader.tile().status, 200)

    def test_a_reset_connection(self):
        self.leader.fault(kind="reset", count=1)
        with self.assertRaises(ConnectionResetError):
            self.leader.tile()

    def test_answers_that_are_not_what_they_seem(self):
        for wish, kind, text in (
                ({"kind": "wrongType"}, "text/html;charset=utf-8", "<html>"),
                ({"kind": "exception"}, "application/vnd.ogc.se_xml;charset=UTF-8", "OutOfMemory"),
                ({"kind": "empty"}, "image/png", "")):
            self.leader.fault(count=1, **wish)
            answer = self.leader.tile()
            self.assertEqual((answer.status, answer.kind), (200, kind))
            self.assertIn(text, answer.text)
        self.leader.fault(kind="splice", match="GetCapabilities", count=1)
        with self.assertRaises(ElementTree.ParseError):
            self.leader.capabilities()

    def test_a_status_for_so_many_requests(self):
        self.leader.fault(kind="status", status=502, count=2, match="GetMap")
        self.assertEqual([self.leader.tile().status for _ in range(3)], [502, 502, 200])

    def test_a_catalog_that_is_not_loaded_yet(self):
        self.leader.control("/switches", "POST", {"loading": True})
        self.assertIn("LayerNotDefined", self.leader.tile().text)
        self.assertEqual(len(list(self.leader.capabilities().iter("Layer"))), 1)
        self.assertEqual(
            self.leader.ask("/rest/about/version.xml", headers=ADMIN).status, 200)

    def test_control_flow_refuses_with_the_time_to_come_back(self):
        self.leader.control("/switches", "POST", {
            "controlFlow": {"concurrent": 1, "timeout": 0, "retryAfter": 7}})
        self.leader.fault(kind="render", count=1)
        first = self.begin(TILE.format("geonode:roads"))
        self.leader.control("/faults?met=1")
        answer = self.leader.tile()
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "7"))
        self.leader.mend()
        response = first.getresponse()
        self.assertEqual(response.status, 200)
        self.assertEqual(response.headers["X-Concurrent-Limit-wms.getmap"], "1")
        self.leader.control(
            "/switches", "POST", {"controlFlow": {"requests": 1, "retryAfter": 3}})
        self.assertEqual(self.leader.tile().headers["X-Rate-Limit-Remaining"], "0")
        answer = self.leader.tile()
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "3"))
        self.assertEqual(self.leader.tile(**{"X-Forwarded-For": "192.0.2.1, x"}).status, 200)

    def test_a_switch_or_fault_that_is_not_known_is_refused(self):
        for path, wish in (("/switches", {"no": 1}), ("/faults", {"kind": "no"})):
            answer = self.leader.ask(path, "POST", json.dumps(wish), root="/stand-in")
            self.assertEqual(answer.status, 400)


class ClientTests(Case):
    def client(self, module, name):
        if importlib.util.find_spec(module) is None:
            self.skipTest(f"there is no {module}")
        clients.CHECKS[name](self.leader.url)

    def test_geoserver_restconfig_does_a_layer_s_whole_life(self):
        self.client("geoserver", "restconfig")

    def test_OWSLib_reads_capabilities_of_both_versions(self):
        self.client("owslib", "owslib")


if __name__ == "__main__":
    os.environ["no_proxy"] = "127.0.0.1"
    unittest.main()
