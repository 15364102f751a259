"""What goes wrong on request, and how the answer then looks on the wire."""

import itertools
import re
import socket
import struct
import threading

from exchange import Response

KINDS = {"hang", "hold", "late", "render", "slowFirstByte", "slowBody", "truncate", "wrongType",
         "exception", "status", "reset", "empty", "splice"}
HTML = b"<!doctype html><html><head><title>GeoServer</title></head><body></body></html>\n"
OUT_OF_MEMORY = (
    b'<?xml version="1.0" encoding="UTF-8"?><ServiceExceptionReport version="1.3.0" >'
    b"<ServiceException>java.lang.OutOfMemoryError: GC overhead limit exceeded"
    b"</ServiceException></ServiceExceptionReport>")


class Fault:
    def __init__(self, number, wish):
        if wish.get("kind") not in KINDS:
            raise ValueError(f"kind: \"{wish.get('kind')}\" is none of {sorted(KINDS)}")
        self.number, self.wish, self.kind = number, wish, wish["kind"]
        self.match = re.compile(wish.get("match", ""))
        self.left = wish.get("count")  # None: until it is taken back
        self.hits = 0
        # Requests that stand still because of it, now or before.
        self.met, self.changed = 0, threading.Condition()
        self.over = threading.Event()

    def description(self):
        return {**self.wish, "id": self.number, "hits": self.hits, "met": self.met,
                "left": self.left}

    def wait(self, milliseconds=None):
        """Until it is taken back, or for that long."""
        with self.changed:
            self.met += 1
            self.changed.notify_all()
        self.over.wait(None if milliseconds is None else milliseconds / 1000)

    def wait_for(self, count, milliseconds):
        """Until so many requests stand still because of it."""
        with self.changed:
            self.changed.wait_for(lambda: self.met >= count, milliseconds / 1000)


class Faults:
    def __init__(self):
        self.lock, self.all, self.numbers = threading.Lock(), [], itertools.count(1)

    def add(self, wish):
        fault = Fault(next(self.numbers), wish)
        with self.lock:
            self.all.append(fault)
        return fault

    def remove(self, number=None):
        with self.lock:
            gone = [fault for fault in self.all if number in (None, fault.number)]
            self.all = [fault for fault in self.all if fault not in gone]
        for fault in gone:
            fault.over.set()
        return len(gone)

    def take(self, request):
        """The first fault that the request is to meet, counted; None if there is none."""
        line = f"{request.method} {request.target}"
        with self.lock:
            for fault in self.all:
                if fault.left != 0 and fault.match.search(line):
                    fault.hits += 1
                    if fault.left is not None:
                        fault.left -= 1
                    return fault
        return None


def before(fault, request):
    """An answer that takes the place of the real one, after any wait; None for the real one."""
    wish = fault.wish
    if fault.kind == "hold":
        fault.wait()
    elif fault.kind == "slowFirstByte":
        fault.wait(wish.get("ms", 1000))
    elif fault.kind == "status":
        headers = []
        if "retryAfter" in wish:
            headers.append(("Retry-After", str(wish["retryAfter"])))
        return Response(wish.get("status", 503), wish.get("type", "text/html;charset=utf-8"),
                        wish.get("body", "<html><body>unavailable</body></html>"), headers)
    elif fault.kind == "exception":
        from wms import exception_document
        return exception_document(
            request.parameter("version") or "1.1.1",
            wish.get("text", "java.lang.OutOfMemoryError: Java heap space"), wish.get("code", ""))
    return None


def after(fault, response):
    """Spoils a real answer."""
    if fault.kind == "late":
        fault.wait()
    elif fault.kind == "wrongType":
        response.kind = fault.wish.get("type", "text/html;charset=utf-8")
        response.body = HTML
    elif fault.kind == "empty":
        response.body, response.is_chunked = b"", False
    elif fault.kind == "splice":
        middle = len(response.body) // 2
        response.body = response.body[:middle] + OUT_OF_MEMORY
    if "framing" in fault.wish:
        response.is_chunked = fault.wish["framing"] == "chunked"
    return response


def pieces(fault, body):
    """The body in parts, each with the milliseconds to wait before it; and whether it ends."""
    if fault is None:
        return [(0, body)], True
    if fault.kind == "truncate":
        return [(0, body[:fault.wish.get("after", len(body) // 2)])], False
    if fault.kind == "slowBody":
        count = max(1, fault.wish.get("pieces", 4))
        size = max(1, -(-len(body) // count))
        wait = fault.wish.get("ms", 1000)
        return [(wait if at else 0, body[at:at + size]) for at in range(0, len(body), size)], True
    return [(0, body)], True


def reset(connection):
    """Ends a connection with RST, as a process does that dies with bytes unread."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
