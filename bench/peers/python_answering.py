"""The answering side of the python benchmark: a Client that gives back what comes, or looks at an array that comes.

Arguments: the address of the listener, "echo" or "array", the mode, and the name of the shared block where there is one.
"""

import sys
from array import array
from multiprocessing.connection import Client
from multiprocessing.shared_memory import SharedMemory

SAMPLES = 64


def digest(floats):
    """The sum of 64 of them, spread over all; the first is among them."""
    return sum(floats[:: len(floats) // SAMPLES][:SAMPLES])


def echo(conn, mode):
    if mode == "bytes":
        while True:
            conn.send_bytes(conn.recv_bytes())
    while True:
        conn.send(conn.recv())


def open_block(name):
    try:
        return SharedMemory(name, track=False)
    except TypeError:  # before Python 3.13 whoever attaches has its name removed at his end, unless he says otherwise
        from multiprocessing import resource_tracker

        block = SharedMemory(name)
        resource_tracker.unregister(block._name, "shared_memory")
        return block


def look(conn, mode, name):
    if mode == "shared memory":
        block = open_block(name)
        floats = block.buf.cast("d")
        try:
            while True:
                conn.recv()
                conn.send(digest(floats))
        finally:
            floats.release()
            block.close()
    while True:
        if mode == "bytes":
            floats = memoryview(conn.recv_bytes()).cast("d")
        elif mode == "pickled bytes":
            floats = memoryview(conn.recv()).cast("d")
        else:
            floats = conn.recv()
            if not isinstance(floats, array):
                raise RuntimeError("a %s came for an array" % type(floats).__name__)
        conn.send(digest(floats))


def answer(address, what, mode, name=None):
    with Client(address) as conn:
        try:
            if what == "echo":
                echo(conn, mode)
            else:
                look(conn, mode, name)
        except (EOFError, ConnectionResetError, BrokenPipeError):
            pass


if __name__ == "__main__":
    answer(*sys.argv[1:])
