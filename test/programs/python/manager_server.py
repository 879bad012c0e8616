"""A manager that serves a dict, a list, a queue and a class: manager_server.py ADDRESS [--authkey KEY] …

Besides these it has what every SyncManager has (dict(), list(), Queue(), Namespace(), Lock() …).
"""
import sys

sys.dont_write_bytecode = True
import queue
import threading
from multiprocessing.managers import AcquirerProxy, DictProxy, ListProxy, SyncManager

from exchange import address_of, arguments, text_of
from json_lines import tell


class Account:
    """What a user's class looks like."""

    def __init__(self, owner="nobody"):
        self._owner = owner
        self._balance = 0

    def deposit(self, amount):
        if amount < 0:
            raise ValueError("a deposit of %r" % amount)
        self._balance += amount
        return self._balance

    def describe(self, greeting="hello", *, mark="!"):
        return "%s, %s has %d%s" % (greeting, self._owner, self._balance, mark)

    def _secret(self):
        return "not exposed"


class ServedManager(SyncManager):
    pass


shared_dict = {"text": "gr\u00fc\u00dfe", 1: 1.5}
shared_list = [1, "two", None]
shared_queue = queue.Queue()
account = Account("all")
ServedManager.register("shared_dict", callable=lambda: shared_dict, proxytype=DictProxy)
ServedManager.register("shared_list", callable=lambda: shared_list, proxytype=ListProxy)
ServedManager.register("shared_queue", callable=lambda: shared_queue)
shared_lock = threading.Lock()
ServedManager.register("shared_lock", callable=lambda: shared_lock, proxytype=AcquirerProxy)
ServedManager.register("account", callable=lambda: account)
ServedManager.register("Account", Account)

options = arguments("address")
server = ServedManager(address_of(options.address), authkey=options.authkey).get_server()
tell({"address": text_of(server.address)})
server.serve_forever()
