"""What is asked and what is answered, whatever the service."""

import base64
import dataclasses
import http.cookies
import urllib.parse


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict  # names in lower case
    body: bytes
    client: str
    connection: int = 0
    fault: object = None

    def __post_init__(self):
        self.path, _, query = self.target.partition("?")
        self.path = urllib.parse.unquote(self.path)
        self.query = urllib.parse.parse_qsl(query, keep_blank_values=True)

    def parameter(self, name, default=""):
        """A query parameter by its name in any case, as OGC services read them."""
        for key, value in self.query:
            if key.lower() == name.lower():
                return value
        return default

    def has(self, name):
        return any(key.lower() == name.lower() for key, _ in self.query)

    @property
    def host(self):
        return self.headers.get("host", "localhost")

    @property
    def address(self):
        """Who asks, as control-flow sees it: the first hop of X-Forwarded-For."""
        return self.headers.get("x-forwarded-for", self.client).split(",")[0].strip()

    @property
    def session(self):
        cookie = http.cookies.SimpleCookie()
        try:
            cookie.load(self.headers.get("cookie", ""))
        except http.cookies.CookieError:
            return ""
        return cookie["JSESSIONID"].value if "JSESSIONID" in cookie else ""

    def credentials(self):
        """Name and password, or a token alone; empty texts where there is none."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                name, _, password = base64.b64decode(value).decode().partition(":")
                return name, password, ""
            except ValueError:
                return "", "", "unreadable"
        token = value if kind.lower() == "bearer" else (
            self.parameter("access_token") or self.parameter("authkey"))
        return "", "", token


@dataclasses.dataclass
class Response:
    status: int = 200
    kind: str = "text/plain"
    body: bytes = b""
    headers: list = dataclasses.field(default_factory=list)
    # As from a servlet's stream that nobody measured.
    is_chunked: bool = False

    def __post_init__(self):
        if isinstance(self.body, str):
            self.body = self.body.encode()


class OGCError(Exception):
    """What a service answers with status 200."""

    def __init__(self, text, code="", locator=""):
        super().__init__(text)
        self.text, self.code, self.locator = text, code, locator


class RESTError(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text
