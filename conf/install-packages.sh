#!/usr/bin/env bash
# Installs the Debian packages that are missing, and nothing when none is.
#
# usage: install-packages.sh GROUP...    groups: build, demo, test, peers, workload
set -euo pipefail

declare -A groups=(
    [build]="liblmdb-dev libssl-dev zlib1g-dev"
    [demo]="cgi-mapserver gdal-bin libjs-leaflet lighttpd python3"
    [test]="chromium curl goaccess libjs-leaflet libjs-openlayers openssl python3 python3-owslib python3-venv ruby ruby-json-schema testssl.sh"
    [peers]="gcc libc6-dev libssl-dev haproxy nghttp2-client nginx openssl python3 strace varnish wrk"
    [workload]="apache2-bin cgi-mapserver gcc gdal-bin libapache2-mod-mapcache libc6-dev lighttpd nginx python3 python3-venv uwsgi-core uwsgi-plugin-python3 wrk"
)

if ! command -v swift >/dev/null; then
    echo "install-packages.sh: there is no 'swift' on PATH; install Swift 6.3 or newer from swift.org" >&2
    exit 1
fi

missing=()
for group in "$@"; do
    if [ -z "${groups[$group]-}" ]; then
        echo "install-packages.sh: \"$group\" is no group; name one of ${!groups[*]}" >&2
        exit 2
    fi
    for package in ${groups[$group]}; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || missing+=("$package")
    done
done

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
update() { "${as_root[@]}" apt-get update -qq </dev/null; }

if [ "${#missing[@]}" -gt 0 ]; then
    echo "installing: ${missing[*]}"
    update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
    # Debian starts a server when its package arrives. Ours run by themselves, on ports of their own.
    if [ -d /run/systemd/system ]; then
        for service in haproxy lighttpd nginx varnish; do
            case " ${missing[*]} " in
                *" $service "*) "${as_root[@]}" systemctl disable --now -q "$service" || true ;;
            esac
        done
    fi
fi

# What comes from PyPI has a place of its own for each group, made anew when its list changes.
root="$(cd "$(dirname "$0")/.." && pwd)"
python_packages() { # LIST NAME
    local list="$root/$1" place="$root/.build/$2"
    cmp -s "$list" "$place/packages.txt" && return
    echo "installing what $list names"
    rm -rf "$place"
    mkdir -p "$(dirname "$place")"
    /usr/bin/python3 -m venv "$place"
    pip=("$place/bin/pip" install --quiet --disable-pip-version-check -r /dev/stdin)
    grep -v '# alone$' "$list" | "${pip[@]}"
    if grep -q '# alone$' "$list"; then grep '# alone$' "$list" | "${pip[@]}" --no-deps; fi
    cp "$list" "$place/packages.txt"
}
case " $* " in *" test "*) python_packages conf/python-packages.txt python ;; esac
case " $* " in
    *" workload "*) python_packages Benchmarks/peers/conf/python-packages.txt workload ;;
esac

# The demo's map data comes out of packages that are only unpacked: apt must know where they are.
case " $* " in
    *" demo "* | *" workload "*) apt-cache show r-cran-dplyr >/dev/null 2>&1 || update ;;
esac
