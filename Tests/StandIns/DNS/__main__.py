"""A name server that knows one address, answers its first questions, and is silent from then on.

usage: python3 Tests/StandIns/DNS [--answers N]
Prints "port N" (UDP, 127.0.0.1) and serves until SIGTERM, or until its standard input, if that is a
pipe, ends. Every name has the address 127.0.0.1, for one second. Each question is told on standard
error: "answered NAME" or "silent about NAME".
"""

import argparse
import pathlib
import socket
import struct
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from ending import serve_until_told  # noqa: E402


def question(message):
    """The name asked for, and where the question ends (RFC 1035 §4.1.2)."""
    labels, at = [], 12
    while size := message[at]:
        labels.append(message[at + 1:at + 1 + size].decode())
        at += 1 + size
    return ".".join(labels), at + 5


def serve(server, answers):
    while True:
        message, peer = server.recvfrom(4096)
        name, end = question(message)
        if answers > 0:
            answers -= 1
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton("127.0.0.1")
            server.sendto(message[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
                          + message[12:end] + record, peer)
            print(f"answered {name}", file=sys.stderr, flush=True)
        else:
            print(f"silent about {name}", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(prog="dns", description=__doc__.split("\n")[0])
    parser.add_argument("--answers", type=int, default=1)
    options = parser.parse_args()
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(server, options.answers), daemon=True).start()
    serve_until_told(server.getsockname()[1])


if __name__ == "__main__":
    main()
