"""One run of the comparison: two producers and two consumers of a multiprocessing queue, one of them killed.

python-queue.py Queue|SimpleQueue producer|consumer BYTES DELAY_MS
Prints one line of JSON: whether every survivor went on, and how many milliseconds that took.
"""
import json
import multiprocessing
import os
import signal
import sys
import time

DRAIN = 1.0  # what was on its way at the kill is gone by then
PATIENCE = 5.0
ENOUGH = 10


def produce(queue, size, done, me):
    message = b"x" * size
    while True:
        queue.put(message)
        done[me] += 1


def consume(queue, size, done, me):
    while True:
        if len(queue.get()) != size:
            os._exit(3)
        done[me] += 1


def within(seconds, condition):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def main():
    kind, role, size, delay = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]) / 1000
    queue = multiprocessing.Queue(100) if kind == "Queue" else multiprocessing.SimpleQueue()
    done = multiprocessing.RawArray("L", 4)  # no lock: each party counts in its own cell
    work = [produce, produce, consume, consume]
    parties = [multiprocessing.Process(target=run, args=(queue, size, done, i)) for i, run in enumerate(work)]
    for party in parties:
        party.start()
    # that all four are at work at some time is not to be had for certain; that some are, and all run, is
    began = within(10, lambda: min(done[0], done[1]) > 0 and done[2] + done[3] > 0)
    time.sleep(delay)
    victim = 0 if role == "producer" else 2
    killed_at = time.monotonic()
    os.kill(parties[victim].pid, signal.SIGKILL)
    survivors = [i for i in range(4) if i != victim]
    time.sleep(DRAIN)
    before = list(done)
    went_on = began and within(PATIENCE - DRAIN, lambda: all(done[i] >= before[i] + ENOUGH for i in survivors))
    took = (time.monotonic() - killed_at) * 1000
    print(json.dumps({"wentOn": went_on, "began": began, "ms": round(took)}), flush=True)
    for party in parties:
        os.kill(party.pid, signal.SIGKILL)
    os._exit(0)


main()
