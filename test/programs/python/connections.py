"""One end of a connection of multiprocessing.connection, which does what it is told by lines of JSON."""
import sys

sys.dont_write_bytecode = True
import hashlib
import multiprocessing
import os
import time
from multiprocessing import connection as connections

from exchange import PLAIN, RICH, address_of, text_of
from json_lines import serve

listener = None
conn = None


def key_of(text):
    return None if text is None else os.fsencode(text)


def listen(url, key=None):
    global listener
    listener = connections.Listener(address_of(url), authkey=key_of(key))
    return text_of(listener.address).replace("tcp:", "tcp://")


def accept():
    global conn
    conn = listener.accept()
    return "connected"


def connect(url, key=None):
    global conn
    conn = connections.Client(address_of(url), authkey=key_of(key))
    return "connected"


def descriptor(number, readable=True, writable=True):
    global conn
    conn = connections.Connection(number, readable, writable)
    return "connected"


def close():
    conn.close()


def close_listener():
    listener.close()


def pattern(size):
    return (bytes(range(256)) * (size // 256 + 1))[:size]


def digest(data):
    return [len(data), hashlib.sha256(data).hexdigest()]


def recv():
    value = conn.recv()
    return [type(value).__name__, ascii(value)]


def echo(count):
    for _ in range(count):
        conn.send(conn.recv())
    return count


def exchange(name):
    """Sends each value of a set and reads it back; tells those that came back as something else."""
    values = PLAIN if name == "plain" else RICH
    changed = []
    for value in values:
        conn.send(value)
        got = conn.recv()
        if type(got) is not type(value) or repr(got) != repr(value):
            changed.append([repr(value)[:200], repr(got)[:200]])
    return {"count": len(values), "changed": changed}


def recv_bytes_into(room, offset=0):
    buffer = bytearray(room)
    try:
        count = conn.recv_bytes_into(buffer, offset)
    except multiprocessing.BufferTooShort as error:
        return {"error": "BufferTooShort", "whole": error.args[0].decode()}
    return [count, buffer.hex()]


def poll(timeout=0):
    started = time.monotonic()
    ready = conn.poll(timeout)
    return [ready, time.monotonic() - started >= (timeout or 0)]


serve(
    {
        "listen": listen,
        "accept": accept,
        "connect": connect,
        "descriptor": descriptor,
        "close": close,
        "close_listener": close_listener,
        "send": lambda text: conn.send(eval(text)),
        "recv": recv,
        "echo": echo,
        "exchange": exchange,
        "send_bytes": lambda size: conn.send_bytes(pattern(size)),
        "send_part": lambda text, offset, size: conn.send_bytes(text.encode(), offset, size),
        "send_each": lambda sizes: [conn.send_bytes(pattern(size)) for size in sizes],
        "recv_bytes": lambda limit=None: digest(conn.recv_bytes(limit)),
        "recv_bytes_into": recv_bytes_into,
        "write": lambda text: os.write(conn.fileno(), bytes.fromhex(text)),
        "poll": poll,
        "flags": lambda: [conn.readable, conn.writable],
        "deliver_challenge": lambda key, name: connections.deliver_challenge(conn, key.encode(), name),
        "answer_challenge": lambda key: connections.answer_challenge(conn, key.encode()),
    }
)
