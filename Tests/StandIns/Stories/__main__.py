"""A site of stories in Django, with all that makes pages personal: sessions and a login, forms with
csrf tokens, messages, languages, tokens in links, and CORS. It says of every page that it may be
kept for a minute, of personal ones too: what is not shared all the same is the edge's doing.

usage: python3 Tests/StandIns/Stories
Readers are ann, bob and cid; their passwords are their names. Prints "port N" and serves until
SIGTERM, or until its standard input, if that is a pipe, ends.

    GET  /                    who reads, in which language, what there is to tell, all comments
    GET  /read                all comments, without a form
    GET  /write               a form for one;  POST /comment  keeps it, and leaves a message
    POST /note                keeps a comment, and says nothing
    GET  /player              a page whose script reads the csrf cookie
    GET  /script              a page with the csrf token in a script
    GET  /front               a form, the csrf token in a script, and a token in two links; in gzip
    GET  /echoed              a form, and its secret once more elsewhere
    GET  /layer               writes into the session of everybody, and has a token in a link
    GET  /visited             writes into the session of everybody, and shows nothing of it; in gzip,
                              with a form below /visited/form and an entity tag below /visited/tag
    GET  /greeted             greets by a name made up for the session
    GET  /nonce               a session, and a number used once in the page
    GET  /told                a session, and a message in it that is told at once
    GET  /warned              a session, and a message in it that the next page tells
    GET  /keyed               shows the session's key
    GET  /coin                one of two pages, for sessions in turn: A, A, B, and so on
    GET  /mine                for those who are signed in; others are sent to /login
    GET, POST /login, /logout
    POST /i18n/setlang/       chooses a language
    GET  /api                 JSON for scripts of other sites, one at a time
"""

import itertools
import pathlib
import sys
import tempfile
import threading
import uuid
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from ending import serve_until_told  # noqa: E402

FOLDER = tempfile.TemporaryDirectory()
settings.configure(
    SECRET_KEY="of no use to anybody", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_I18N=True,
    LANGUAGE_CODE="en", LANGUAGES=[("en", "English"), ("de", "Deutsch")], LOGIN_URL="/login",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                           "NAME": f"{FOLDER.name}/stories"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth",
                    "django.contrib.sessions", "django.contrib.messages"],
    MIDDLEWARE=[f"{__name__}.kept",
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.middleware.locale.LocaleMiddleware",
                "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {
        "context_processors": ["django.template.context_processors.request",
                               "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"]}}])
django.setup()

from django.contrib import messages  # noqa: E402
from django.contrib.auth import authenticate, login, logout  # noqa: E402
from django.contrib.auth.decorators import login_required  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.middleware.csrf import get_token  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.template import RequestContext, Template  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.decorators.csrf import ensure_csrf_cookie  # noqa: E402
from django.views.decorators.gzip import gzip_page  # noqa: E402
from django.views.decorators.http import conditional_page  # noqa: E402

COMMENTS = []
SIDES = itertools.cycle("AAB")
FORM = "<form method=post action={}>{{% csrf_token %}}<input name=text></form>"


def kept(answer):
    """Says what many a site says without having thought of it."""
    def middleware(request):
        response = answer(request)
        response.setdefault("Cache-Control", "max-age=60")
        return response
    return middleware


def page(request, text, **values):
    whole = Template("<!DOCTYPE html><title>Stories</title><body>" + text + "</body>")
    return HttpResponse(whole.render(RequestContext(request, values)))


def home(request):
    return page(
        request,
        "{% load i18n %}<p>for {% if user.is_authenticated %}{{ user.username }}"
        "{% else %}nobody{% endif %} on {% translate 'Monday' %}</p>"
        "{% for message in messages %}<p>told {{ message }}</p>{% endfor %}"
        "<p>{{ comments|join:', ' }}</p>", comments=COMMENTS)


def read(request):
    return page(request, "<p>{{ comments|join:', ' }}</p>", comments=COMMENTS)


def write(request):
    return page(request, FORM.format("/comment"))


def comment(request):
    COMMENTS.append(request.POST["text"])
    messages.success(request, "kept " + request.POST["text"])
    return redirect("/done")


def note(request):
    COMMENTS.append(request.POST["text"])
    return HttpResponse(status=204)


@ensure_csrf_cookie
def player(request):
    return page(request, "<script>let token = cookie('csrftoken')</script>plays")


def script(request):
    return page(request, "<script>let config = {token: '{{ csrf_token }}'}</script>")


@gzip_page
def front(request):
    return page(
        request, FORM.format("/comment") + "<script>let config = {csrfToken: \"{{ csrf_token }}\"}"
        "</script><p>front for {% if user.is_authenticated %}{{ user.username }}{% else %}nobody"
        "{% endif %}</p><a href='/geoserver/wms?access_token={{ token }}'>map</a>"
        "<img src='/geoserver/legend?access_token={{ token }}'>{{ filler }}",
        token=uuid.uuid1().hex, filler="rather a long page. " * 100)


def echoed(request):
    get_token(request)
    return page(request, FORM.format("/comment") + "<p>{{ secret }}</p>",
                secret=request.META["CSRF_COOKIE"])


def layer(request):
    request.session["shape"] = str(uuid.uuid4())
    return page(request, "<a href='/geoserver/wms?access_token={{ token }}'>map</a>",
                token=uuid.uuid1().hex)


def visit(request, text, **values):
    request.session["shape"] = "roads"
    return page(request, text, **values)


@gzip_page
def visited(request):
    return visit(
        request, "<p>{% if user.is_authenticated %}of {{ user.username }}{% else %}of nobody"
        "{% endif %}</p>{{ filler }}", filler="rather a long page. " * 100)


def visited_form(request):
    return visit(request, FORM.format("/comment"))


@conditional_page
def visited_tag(request):
    return visit(request, "<p>a page</p>")


def greeted(request):
    name = request.session.setdefault("name", f"guest-{uuid.uuid4().hex[:6]}")
    return page(request, "<p>hello {{ name }}</p>", name=name)


def nonce(request):
    return visit(request, "<script nonce='{{ nonce }}'>play()</script>",
                 nonce=uuid.uuid4().hex[:12])


def told(request):
    messages.info(request, "welcome, guest " + uuid.uuid4().hex[:6])
    return visit(request, "{% for message in messages %}<p>told {{ message }}</p>{% endfor %}")


def warned(request):
    messages.info(request, "you were warned")
    return visit(request, "<p>a page</p>")


def keyed(request):
    request.session["shape"] = "roads"
    request.session.save()
    return page(request, "<a href='/?s={{ key }}'>share</a>", key=request.session.session_key)


def coin(request):
    side = request.session.setdefault("side", next(SIDES))
    return page(request, "<p>side {{ side }}</p>", side=side)


@login_required
def mine(request):
    return page(request, "<p>of {{ user.username }}</p>")


def signin(request):
    if request.method == "GET":
        return page(request, FORM.format("/login"))
    name = request.POST["text"]
    user = authenticate(request, username=name, password=name)
    if user is None:
        return HttpResponse(status=403)
    login(request, user)
    return redirect("/mine")


def signout(request):
    logout(request)
    return redirect("/bye")


def api(request):
    response = JsonResponse({"comments": COMMENTS})
    if "Origin" in request.headers:
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
    return response


def sniffed(request):
    """A part for htmx, and a banner for an old browser, of which no Vary tells."""
    if "HX-Request" in request.headers:
        return HttpResponse("<li>a part</li>")
    banner = "<b>old</b>" if "MSIE" in request.headers.get("User-Agent", "") else ""
    return page(request, banner + "<ul>the whole</ul>")


urlpatterns = [
    path("", home), path("read", read), path("write", write), path("comment", comment),
    path("note", note), path("player", player), path("script", script),
    path("front", front), path("echoed", echoed), path("layer", layer),
    path("visited", visited), path("visited/form", visited_form),
    path("visited/tag", visited_tag), path("greeted", greeted), path("nonce", nonce),
    path("told", told), path("warned", warned), path("keyed", keyed), path("coin", coin),
    path("mine", mine), path("login", signin), path("logout", signout), path("api", api),
    path("sniffed", sniffed),
    path("i18n/", include("django.conf.urls.i18n"))]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    call_command("migrate", run_syncdb=True, verbosity=0)
    for name in ["ann", "bob", "cid"]:
        User.objects.create_user(name, password=name)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    serve_until_told(server.server_address[1])


if __name__ == "__main__":
    main()
