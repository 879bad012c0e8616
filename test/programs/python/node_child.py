"""A parent of Node programs: starts one with an end of a Pipe as it is told by lines of JSON, and speaks to it."""
import sys

sys.dont_write_bytecode = True
import os
import signal
import subprocess
from multiprocessing import Pipe

from json_lines import serve

child = None
conn = None


def start(node, program, kind, number=0):
    """kind: "both" for Pipe(), "reader" or "writer" for the end of Pipe(False) that the child gets."""
    global child, conn
    if kind == "both":
        conn, theirs = Pipe()
    elif kind == "reader":
        theirs, conn = Pipe(False)
    else:
        conn, theirs = Pipe(False)
    fd = theirs.fileno()
    if number:
        os.dup2(fd, number)
        fd = number
    child = subprocess.Popen(
        [node, program],
        pass_fds=[fd],
        env=dict(os.environ, INTERPROC_FD=str(fd), ECHO_HELLO="1"),
        stdout=subprocess.PIPE,
    )
    theirs.close()
    if number:
        os.close(number)
    return child.pid


def told():
    output, _ = child.communicate()
    return [child.returncode, output.decode()]


def exchange(values):
    """Which of the values come back as something else."""
    changed = []
    for value in values:
        conn.send(value)
        got = conn.recv()
        if got != value:
            changed.append([value, got])
    return changed


def received():
    """All values until the end, bytes by their length."""
    values = []
    try:
        while True:
            value = conn.recv()
            values.append(len(value) if isinstance(value, bytes) else value)
    except EOFError:
        return values


serve(
    {
        "start": start,
        "exchange": exchange,
        "large": lambda size: exchange([bytes(size)]),
        "send": lambda value: conn.send(value),
        "recv": lambda: conn.recv(),
        "received": received,
        "close": lambda: conn.close(),
        "kill": lambda: os.kill(child.pid, signal.SIGKILL),
        "told": told,
    }
)
