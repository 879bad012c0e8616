"""What both ends of a connection of multiprocessing.connection do in the tests: echo, or send many values.

Addresses are written unix:/path and tcp:host:port.
"""
import argparse
import collections
import datetime
import decimal
import os
import sys
import threading
import uuid

from json_lines import tell

PLAIN = [
    None, True, False,
    0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**53 - 1, 2**53 + 1, -(2**53) - 1,
    2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**200, -(2**2100),
    0.0, -0.0, 1.5, -1e300, 5e-324, float("inf"), float("-inf"), float("nan"),
    "", "a", "gr\u00fc\u00dfe \U0001f600", "a\0b", "\ufeff", "x" * 255, "x" * 256, "x" * 70000,
    b"", b"\0\xff", b"x" * 255, b"x" * 256, bytes(70000), bytearray(b"abc"),
    [], [1, [2, [3, []]]], (), (1,), (1, "two", None), (1, 2, 3, 4),
    {}, {"a": 1, "b": {"c": [True]}}, {1: "a", (1, 2): "b", None: "c"}, {"__proto__": 1},
    set(), {1, 2}, frozenset(["x"]),
    list(range(1500)), {"k%d" % i: i for i in range(1500)},
]  # fmt: skip

RICH = [
    complex(1, -2), range(1, 10, 2), slice(1, 2), Ellipsis,
    datetime.date(2020, 2, 29), datetime.time(23, 59, 59, 999999), datetime.timedelta(days=-1, microseconds=1),
    datetime.datetime(2020, 2, 29, 12, 30, 1, 250000),
    datetime.datetime(2020, 2, 29, tzinfo=datetime.timezone.utc),
    decimal.Decimal("1.10"), uuid.UUID(int=2**127),
    collections.OrderedDict(b=1, a=2), collections.deque([1, 2]), collections.Counter("aab"),
    ValueError("wrong", 1), KeyError("missing"),
]  # fmt: skip


def arguments(*names):
    """The arguments of all of these programs: an address, if they have one, and what is to be done there."""
    parser = argparse.ArgumentParser()
    for name in names:
        parser.add_argument(name)
    parser.add_argument("--authkey", type=os.fsencode)
    parser.add_argument("--mode", choices=["echo", "echo-bytes", "values"], default="echo")
    parser.add_argument("--set", choices=["plain", "rich"], default="plain")
    parser.add_argument("--count", type=int, help="how many values are sent; the set is gone through again and again")
    parser.add_argument("--connections", type=int, default=1, help="how many a listener accepts before it ends")
    parser.add_argument("--until-stdin-ends", action="store_true", help="end when the input does, whatever goes on")
    options = parser.parse_args()
    if options.until_stdin_ends:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    return options


def _end_with_stdin():
    sys.stdin.read()
    os._exit(0)


def address_of(text):
    """The address as multiprocessing.connection wants it; urls of interproc are addresses, too."""
    kind, _, rest = text.partition(":")
    if kind == "unix":
        return rest
    host, _, port = rest.replace("//", "").rpartition(":")
    return (host.strip("[]"), int(port))


def text_of(address):
    if isinstance(address, tuple):
        return "tcp:%s:%d" % (address[0], address[1])
    return "unix:" + os.fsdecode(address)


def talk(connection, options):
    """Does what the options say until the peer closes; tells how it went, one line of JSON for each value."""
    try:
        if options.mode == "echo":
            while True:
                connection.send(connection.recv())
        elif options.mode == "echo-bytes":
            while True:
                connection.send_bytes(connection.recv_bytes())
        else:
            _send_values(connection, options)
    except EOFError:
        tell({"end": "eof"})
    except OSError as error:
        tell({"end": type(error).__name__})
    finally:
        connection.close()


def _send_values(connection, options):
    values = PLAIN if options.set == "plain" else RICH
    count = len(values) if options.count is None else options.count
    for index in range(count):
        value = values[index % len(values)]
        connection.send(value)
        got = connection.recv()
        same = type(got) is type(value) and repr(got) == repr(value)
        told = {"index": index, "type": type(value).__name__, "same": same}
        if not same:
            told.update(sent=repr(value)[:200], got=repr(got)[:200])
        tell(told)
    tell({"end": "done", "count": count})
