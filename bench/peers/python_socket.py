"""multiprocessing.connection's Listener and Client between two Python processes; see python_pipe.py, which does the rest."""

import json
import sys
from multiprocessing.connection import Client, Listener

from python_pipe import measure


def ends(question):
    with Listener(family="AF_UNIX" if question["transport"] == "unix" else "AF_INET") as listener:
        client = Client(listener.address)
        return client, listener.accept()


if __name__ == "__main__":
    measure(json.loads(sys.argv[1]), ends)
