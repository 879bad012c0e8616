"""A client of a manager, which does what it is told by lines of JSON; objects go by names."""
import sys

sys.dont_write_bytecode = True
import gc
import os
import threading
from multiprocessing import current_process
from multiprocessing.managers import BaseManager, BaseProxy, DictProxy, IteratorProxy, ListProxy, RemoteError

from exchange import address_of
from json_lines import serve

manager = None
objects = {}


class Client(BaseManager):
    pass


class AnyProxy(BaseProxy):
    """Calls whatever it is told to."""


Client.register("Iterator", proxytype=IteratorProxy, create_method=False)
PROXIES = {"dict": DictProxy, "list": ListProxy, "any": AnyProxy, "auto": None}


def connect(url, key):
    global manager
    current_process().authkey = os.fsencode(key)
    manager = Client(address_of(url), authkey=os.fsencode(key))
    manager.connect()


def create(name, typeid, kind="auto", args=(), keywords={}):
    Client.register(typeid, proxytype=PROXIES[kind])
    objects[name] = getattr(manager, typeid)(*args, **keywords)
    return [one for one in dir(objects[name]) if not one.startswith("_")]


def call(name, method, args=(), keywords={}):
    return getattr(objects[name], method)(*args, **keywords)


def raw(name, method, args=(), keywords={}):
    """Any method, exposed or not."""
    return objects[name]._callmethod(method, tuple(args), keywords)


def evaluate(text):
    """An expression in which the objects have their names."""
    return eval(text, dict(objects))


def raised(text):
    """What an expression raises: its class, its arguments, and its cause."""
    try:
        return {"result": evaluate(text)}
    except Exception as error:
        cause = error.__cause__
        return {
            "class": type(error).__module__ + "." + type(error).__name__,
            "args": list(error.args),
            "cause": type(cause).__name__ if cause is not None else None,
            "text": str(cause if isinstance(cause, RemoteError) else error),
        }


def release(name):
    del objects[name]
    gc.collect()


def together(text, threads):
    """One expression in so many threads at once; all results."""
    results = []
    running = [threading.Thread(target=lambda: results.append(evaluate(text))) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results


serve(
    {
        "connect": connect,
        "create": create,
        "call": call,
        "raw": raw,
        "eval": evaluate,
        "raised": raised,
        "release": release,
        "together": together,
    }
)
