"""A listener of multiprocessing.connection: says where it listens, then serves so many connections at once.

echo_listener.py ADDRESS [--authkey KEY] [--connections N] [--mode echo|echo-bytes|values] …
"""
import sys

sys.dont_write_bytecode = True
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Listener

from exchange import address_of, arguments, talk, text_of
from json_lines import tell

options = arguments("address")
listener = Listener(address_of(options.address), authkey=options.authkey)
tell({"address": text_of(listener.address)})
threads = []
while len(threads) < options.connections:
    try:
        connection = listener.accept()
    except (AuthenticationError, EOFError, OSError) as error:
        tell({"refused": type(error).__name__, "message": str(error)})
        continue
    thread = threading.Thread(target=talk, args=(connection, options))
    thread.start()
    threads.append(thread)
listener.close()
for thread in threads:
    thread.join()
