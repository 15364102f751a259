"""How a stand-in ends: by SIGTERM or SIGINT, or with the program that started it through a pipe."""

import os
import signal
import stat


def serve_until_told(port):
    """Says where it serves, from other threads, and returns never."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    print(f"port {port}", flush=True)
    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        while os.read(0, 4096):
            pass
    else:
        signal.pause()
    os._exit(0)
