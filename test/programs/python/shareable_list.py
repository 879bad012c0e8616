"""A ShareableList at the other side: makes, opens, reads and changes one, as it is told by lines of JSON.

Values are pairs: the name of their type, and their text (of bytes: hexadecimal digits).
"""
import sys

sys.dont_write_bytecode = True
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import ShareableList

from json_lines import serve

shared = None


def written(value):
    return [type(value).__name__, value.hex() if isinstance(value, bytes) else str(value)]


def read(pair):
    kind, text = pair
    if kind == "NoneType":
        return None
    if kind == "bool":
        return text == "True"
    if kind == "bytes":
        return bytes.fromhex(text)
    return {"int": int, "float": float, "str": str}[kind](text)


def create(name, pairs):
    global shared
    shared = ShareableList([read(pair) for pair in pairs], name=name)
    return shared.shm.name


def open_list(name, tracked=False):
    global shared
    shared = ShareableList(name=name)
    if not tracked:
        resource_tracker.unregister(shared.shm._name, "shared_memory")
    return len(shared)


def put(index, pair):
    shared[index] = read(pair)


serve(
    {
        "create": create,
        "open": open_list,
        "get": lambda index: written(shared[index]),
        "set": put,
        "all": lambda: [written(value) for value in shared],
        "format": lambda: shared.format,
        "count": lambda pair: shared.count(read(pair)),
        "index": lambda pair: shared.index(read(pair)),
        "size": lambda: shared.shm.size,
        "close": lambda: shared.shm.close(),
        "unlink": lambda: shared.shm.unlink(),
    }
)
