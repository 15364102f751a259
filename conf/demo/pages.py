"""The demo's page application: one process, the Python standard library and nothing else.

It answers as GeoNode does where a cache can tell the difference: `Vary` names cookies and the
language, the login page sets a session and forbids storing, static files carry validators, and
the map proxy puts a whole document into the reason phrase.

usage: pages.py PORT
"""

import email.utils
import hashlib
import html
import http.cookies
import http.server
import json
import mimetypes
import pathlib
import secrets
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
LEAFLET = pathlib.Path("/usr/share/javascript/leaflet")

VARY = ("Vary", "Authorization, Cookie, Accept-Language, origin")
# A page may be shared for half a minute; browsers ask each time.
PAGE = ("Cache-Control", "max-age=0, s-maxage=30")
NEVER = ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private")

LOGIN = """<!doctype html><meta charset="utf-8"><title>Log in</title>
<h1>Log in</h1>
<p>Any name will do. A session's pages are its own: they pass through the edge and are not
stored.</p>
<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">
<label>Name <input name="username" required maxlength="40"></label> <button>Log in</button></form>
"""


class Application(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "demo-pages"
    sys_version = ""
    # Headers and body leave in two writes; without this the second waits for an ACK.
    disable_nagle_algorithm = True

    def answer(self, status, kind, body, *fields, reason=None):
        """Sends one response; HEAD gets the same fields and no body."""
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status, reason)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(data))), *fields):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/":
            self.page()
        elif path == "/account/login/":
            self.login()
        elif path == "/account/logout/":
            self.leave("sessionid=; Max-Age=0; Path=/")
        elif path == "/api/v2/datasets":
            self.datasets()
        elif path.startswith("/static/"):
            self.static(path.removeprefix("/static/"))
        elif path.startswith("/gs/"):
            self.broken_proxy()
        else:
            self.answer(404, "text/plain; charset=utf-8", "there is no such page\n", VARY)

    do_HEAD = do_GET

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        form = urllib.parse.parse_qs(self.rfile.read(length).decode())
        if urllib.parse.urlsplit(self.path).path != "/account/login/":
            self.answer(405, "text/plain; charset=utf-8", "only the login form is posted\n")
            return
        name = urllib.parse.quote(form.get("username", ["somebody"])[0][:40])
        self.leave(f"sessionid={name}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax")

    def page(self):
        cookies = http.cookies.SimpleCookie(self.headers.get("Cookie", ""))
        session = cookies.get("sessionid")
        viewer = html.escape(urllib.parse.unquote(session.value)) if session else ""
        body = (HERE / "map.html").read_text().replace("@VIEWER@", viewer)
        self.answer(200, "text/html; charset=utf-8", body, VARY, PAGE, ("Content-Language", "en"))

    def login(self):
        token = secrets.token_urlsafe(24)
        self.answer(
            200, "text/html; charset=utf-8", LOGIN.format(token=token), VARY, NEVER,
            ("Set-Cookie", f"csrftoken={token}; Max-Age=31449600; Path=/; SameSite=Lax"))

    def leave(self, cookie):
        """Back to the map, with a cookie set."""
        self.answer(
            302, "text/plain; charset=utf-8", "", VARY, NEVER, ("Location", "/"),
            ("Set-Cookie", cookie))

    def datasets(self):
        listing = {"total": 1, "datasets": [{"alternate": "geonode:hurricanes"}]}
        self.answer(200, "application/json", json.dumps(listing) + "\n", VARY, PAGE)

    def static(self, name):
        """Files of the Debian package, with the validators that GeoNode's static files have."""
        file = (LEAFLET / name).resolve()
        if not file.is_relative_to(LEAFLET) or not file.is_file():
            self.answer(404, "text/plain; charset=utf-8", "there is no such file\n")
            return
        data = file.read_bytes()
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        fields = [
            ("ETag", tag), ("Cache-Control", "max-age=60, public"),
            ("Last-Modified", email.utils.formatdate(file.stat().st_mtime, usegmt=True)),
        ]
        if tag in self.headers.get("If-None-Match", ""):
            self.send_response(304)
            for field in fields:
                self.send_header(*field)
            self.end_headers()
            return
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self.answer(200, kind, data, *fields)

    def broken_proxy(self):
        """GeoNode's map proxy sends the body as reason phrase; see its proxy/views.py."""
        body = "<?xml version='1.0'?><h1>404 Not Found</h1>"
        self.answer(404, "text/html; charset=utf-8", body, VARY, reason=repr(body.encode()))

    def log_message(self, *details):
        """The edge's log has every request that matters."""


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Application)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
