"""The python benchmark with Python on both sides: Listener and Client over a unix socket (see python_answering.py)."""

import json
import os
import sys
import time
from array import array
from multiprocessing import Process
from multiprocessing.connection import Listener
from multiprocessing.shared_memory import SharedMemory

from python_answering import answer, digest
from python_pipe import SAMPLE_EVERY, bytes_messages, measure_trips, reading

ARRAY_LENGTH = 10 * 2**20 // 8


def trips_with(conn, measure, mode):
    """Gives a function that makes so many round trips and returns the microseconds of each."""
    send, recv = (conn.send_bytes, conn.recv_bytes) if mode == "bytes" else (conn.send, conn.recv)
    marked, plain = (None, None) if measure == "object" else bytes_messages(measure)
    clock = time.perf_counter_ns

    def trips(count):
        micros = []
        for i in range(count):
            message = reading(i) if measure == "object" else plain if i % SAMPLE_EVERY else marked
            start = clock()
            send(message)
            reply = recv()
            micros.append((clock() - start) / 1000)
            if reply != message:
                raise RuntimeError("round trip %d answered with another message" % i)
        return micros

    return trips


def arrays_with(conn, mode, floats):
    clock = time.perf_counter_ns

    def hand_over():
        if mode == "bytes":
            conn.send_bytes(floats)
        elif mode == "pickled bytes":
            conn.send(bytes(floats))
        elif mode == "pickle":
            conn.send(floats)
        else:
            conn.send("look")
        return conn.recv()

    def trips(count):
        micros = []
        for i in range(count):
            floats[0] = i
            start = clock()
            seen = hand_over()
            micros.append((clock() - start) / 1000)
            if seen != digest(floats):
                raise RuntimeError("the other side saw %r in array %d" % (seen, i))
        return micros

    return trips


def main():
    question = json.loads(sys.argv[1])
    measure, mode, seconds = question["measure"], question["mode"], question["seconds"]
    block = SharedMemory(create=True, size=ARRAY_LENGTH * 8) if mode == "shared memory" else None
    with Listener(family="AF_UNIX") as listener:
        what = "array" if measure == "array" else "echo"
        arguments = (listener.address, what, mode) + ((block.name,) if block else ())
        process = Process(target=answer, args=arguments, daemon=True)
        process.start()
        with listener.accept() as conn:
            if measure != "array":
                figures = measure_trips(seconds, trips_with(conn, measure, mode))
            else:
                floats = block.buf.cast("d") if block else array("d", bytes(ARRAY_LENGTH * 8))
                for i in range(ARRAY_LENGTH):
                    floats[i] = i & 1023
                figures = measure_trips(seconds, arrays_with(conn, mode, floats))
                if block:
                    floats.release()
        process.join()
    if block:
        block.close()
        os.unlink("/dev/shm/" + block.name.lstrip("/"))
    print(json.dumps(figures))
    sys.stdout.flush()
    os._exit(0)  # its tracker would complain that the block is gone


if __name__ == "__main__":
    main()
