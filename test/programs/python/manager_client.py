"""Uses the dict, the list and the queue of a manager, and tells what came of each step: manager_client.py ADDRESS …

manager_client.py ADDRESS [--authkey KEY] [--dict NAME] [--list NAME] [--queue NAME], the names being those under
which the server registered them; an empty one leaves it out.
"""
import sys

sys.dont_write_bytecode = True
import argparse
import os
import queue
from multiprocessing import AuthenticationError, current_process
from multiprocessing.managers import BaseManager, DictProxy, ListProxy

from exchange import address_of
from json_lines import tell

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("--authkey", type=os.fsencode, default=b"")
parser.add_argument("--dict", default="shared_dict")
parser.add_argument("--list", default="shared_list")
parser.add_argument("--queue", default="shared_queue")
options = parser.parse_args()


class Client(BaseManager):
    pass


Client.register(options.dict or "no_dict", proxytype=DictProxy)
Client.register(options.list or "no_list", proxytype=ListProxy)
Client.register(options.queue or "no_queue")


def step(name, action):
    """One line for each step: its result, or what it raised."""
    try:
        tell({"step": name, "result": action()})
    except Exception as error:
        tell({"step": name, "error": type(error).__name__, "message": str(error)})


def use_dict(proxy):
    step("dict.set", lambda: proxy.__setitem__("from-python", [1, {"two": 2.5}]))
    step("dict.get", lambda: proxy["from-python"])
    step("dict.missing", lambda: proxy["no such key"])
    step("dict.in", lambda: ["from-python" in proxy, "no such key" in proxy])
    step("dict.update", lambda: proxy.update({"a": 1, "b": None}))
    step("dict.pop", lambda: proxy.pop("a"))
    step("dict.len", lambda: len(proxy))
    step("dict.keys", lambda: sorted(str(key) for key in proxy.keys()))
    step("dict.copy", lambda: {str(key): value for key, value in proxy.copy().items()})


def use_list(proxy):
    step("list.append", lambda: proxy.append("from python"))
    step("list.get", lambda: proxy[-1])
    step("list.slice", lambda: proxy[:2])
    step("list.missing", lambda: proxy[1000])
    step("list.set", lambda: proxy.__setitem__(0, 2**70))
    step("list.extend", lambda: proxy.extend([3, 4]))
    step("list.pop", lambda: proxy.pop())
    step("list.index", lambda: proxy.index("from python"))
    step("list.len", lambda: len(proxy))
    step("list.all", lambda: proxy[:])


def use_queue(proxy):
    step("queue.put", lambda: proxy.put({"job": 1}))
    step("queue.qsize", lambda: proxy.qsize())
    step("queue.get", lambda: proxy.get())
    step("queue.empty", lambda: proxy.empty())
    try:
        proxy.get(timeout=0.01)
        tell({"step": "queue.get-empty", "error": None})
    except queue.Empty:
        tell({"step": "queue.get-empty", "error": "Empty"})


current_process().authkey = options.authkey  # for proxies that come inside of other results
manager = Client(address_of(options.address), authkey=options.authkey)
try:
    manager.connect()
except (AuthenticationError, EOFError, OSError) as error:
    tell({"step": "connect", "error": type(error).__name__, "message": str(error)})
    sys.exit(0)
tell({"step": "connect", "result": None})
if options.dict:
    use_dict(getattr(manager, options.dict)())
if options.list:
    use_list(getattr(manager, options.list)())
if options.queue:
    use_queue(getattr(manager, options.queue)())
tell({"step": "end", "result": None})
