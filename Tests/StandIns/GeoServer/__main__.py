"""A stand-in for GeoServer: what a proxy can see of it, and switches for what goes wrong with it.

Several of these share one data directory, as GeoServers do, and each keeps a catalog of its own in
memory, which only /rest/reload and, for what the resource pool holds, /rest/reset bring up to date.
The Python standard library and nothing else. README.md beside this file has the switches.

usage: python3 Tests/StandIns/GeoServer --data DIRECTORY [--port 0] [--name NAME] [--sample] [--gwc]
Prints "port N" and serves until SIGTERM, or until its standard input, if that is a pipe, ends.
"""

import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
sys.dont_write_bytecode = True

import sample  # noqa: E402
from ending import serve_until_told  # noqa: E402
from node import Node  # noqa: E402
from server import Server  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="geoserver", description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, type=pathlib.Path, help="the data directory")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--name", default="geoserver", help="what this instance is called")
    parser.add_argument("--sample", action="store_true", help="layers to begin with, if none yet")
    parser.add_argument("--gwc", action="store_true", help="tiled=true goes to the tile cache")
    options = parser.parse_args()

    if options.sample:
        sample.write(options.data)
    server = Server((options.host, options.port), Node(options.name, options.data, options.gwc))
    server.start()
    serve_until_told(server.server_address[1])


if __name__ == "__main__":
    main()
