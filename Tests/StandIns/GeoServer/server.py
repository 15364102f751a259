"""HTTP: reads requests, meets faults, and writes answers as Tomcat does. `/stand-in` is the tests'
own and meets no fault."""

import http.server
import itertools
import json
import socketserver
import threading

import faults
from exchange import Request, Response

connections = itertools.count(1)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address, node):
        self.node = node
        super().__init__(address, Connection)

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without asking DNS for the host's name
        self.server_name, self.server_port = self.server_address[:2]

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Viewers that leave are nothing to tell of; mistakes in here are."""
        import sys
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Connection(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version, sys_version = "Apache-Coyote/1.1", ""

    def setup(self):
        super().setup()
        self.number = next(connections)

    def parse_request(self):
        known = super().parse_request()
        if known:
            setattr(self, f"do_{self.command}", self.exchange)
        return known

    def exchange(self):
        node = self.server.node
        fields = {}
        for name, value in self.headers.items():
            key = name.lower()
            fields[key] = f"{fields[key]}, {value}" if key in fields else value
        request = Request(self.command, self.path, fields, self.read_body(),
                          self.client_address[0], self.number)
        if request.path.startswith("/stand-in"):
            self.write(node.control.answer(request), None)
            return
        entry = node.log.begin(request)
        fault = request.fault = node.faults.take(request)
        try:
            self.serve(node, request, fault, entry)
        finally:
            node.log.end(entry)

    def serve(self, node, request, fault, entry):
        if fault and fault.kind in ("hang", "reset"):
            if fault.kind == "hang":
                fault.wait()
            self.close_connection = True
            faults.reset(self.connection)
            return
        response = fault and faults.before(fault, request)
        if response is None:
            response = node.answer(request)
            if fault:
                response = faults.after(fault, response)
        node.log.answered(entry, response.status)
        self.write(response, fault)

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def write(self, response, fault):
        is_chunked = response.is_chunked and self.request_version == "HTTP/1.1"
        self.send_response(response.status)
        if response.kind:
            self.send_header("Content-Type", response.kind)
        for field in response.headers:
            self.send_header(*field)
        if response.is_chunked and not is_chunked:
            self.close_connection = True
        elif is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif response.status not in (204, 304):
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command == "HEAD" or response.status in (204, 304):
            return
        parts, is_whole = faults.pieces(fault, response.body)
        for wait, part in parts:
            if wait:
                fault.wait(wait)
            if part:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if is_chunked else part)
        if not is_whole:
            self.close_connection = True
        elif is_chunked:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *details):
        """Tests read /stand-in/requests."""


class Control:
    """The tests' side: faults, switches, the log of requests."""

    def __init__(self, node):
        self.node = node

    def answer(self, request):
        name, _, rest = request.path.removeprefix("/stand-in").strip("/").partition("/")
        try:
            found = getattr(self, name or "state")(request, rest)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return Response(400, "text/plain", f"{type(error).__name__}: {error}\n")
        return Response(200, "application/json", json.dumps(found) + "\n")

    def faults(self, request, number):
        if request.method == "POST":
            return self.node.faults.add(json.loads(request.body)).description()
        if request.method == "DELETE":
            return {"removed": self.node.faults.remove(int(number) if number else None)}
        for fault in self.node.faults.all:
            fault.wait_for(int(request.parameter("met", "0")),
                           int(request.parameter("timeout", "10000")))
        return [fault.description() for fault in self.node.faults.all]

    def switches(self, request, _):
        if request.method == "POST":
            self.node.set_switches(json.loads(request.body))
        return self.node.switches

    def requests(self, request, _):
        """Answers at once; with count, when so many requests have been seen, or after timeout
        milliseconds with those that were."""
        if request.method == "DELETE":
            return {"removed": self.node.log.clear()}
        return self.node.log.wait(
            request.parameter("match"), int(request.parameter("count", "0")),
            int(request.parameter("timeout", "10000")))

    def state(self, request, _):
        return self.node.state()

    def colour(self, request, _):
        """What a map of these layers and styles looks like now."""
        import wms
        drawn = wms.drawing(self.node, request.parameter("layers"), request.parameter("styles"))
        return {"state": drawn.state, "rgb": "%02x%02x%02x" % drawn.rgb}
