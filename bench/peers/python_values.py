"""multiprocessing.Value with its lock, worked on by one or two Python processes; see hammer.ts for the question.

Python has no atomic add and no compare-and-exchange: both are done as its manual says, under `with value.get_lock()`.
Reading and writing `.value` takes the same lock inside.
"""

import json
import sys
import time
from multiprocessing import Barrier, Process, Queue, Value

BATCH = 1000
CODES = {"i32": "i", "i64": "q", "f64": "d"}


def add(value, count):
    for _ in range(count):
        with value.get_lock():
            value.value += 1
    return count


def compare_exchange(value, count):
    raised = 0
    expected = value.value
    for _ in range(count):
        with value.get_lock():
            found = value.value
            if found == expected:
                value.value = expected + 1
        if found == expected:
            raised += 1
            expected += 1
        else:
            expected = found
    return raised


def set_value(value, count):
    for i in range(count):
        value.value = i
    return 0


def get_value(value, count):
    total = 0
    for _ in range(count):
        total += value.value
    if total != 0:
        raise RuntimeError("nobody writes, yet a value other than 0 was read")
    return 0


WORK = {"add": add, "compareExchange": compare_exchange, "set": set_value, "get": get_value}


def work_until(deadline, work, value):
    operations = raised = 0
    while time.monotonic_ns() < deadline:
        raised += work(value, BATCH)
        operations += BATCH
    return operations, raised


def worker(value, barrier, results, question):
    work = WORK[question["operation"]]
    seconds = question["seconds"]
    _, warm_raised = work_until(time.monotonic_ns() + int(max(0.1, seconds / 4) * 1e9), work, value)
    barrier.wait()
    start = time.monotonic_ns()
    operations, raised = work_until(start + int(seconds * 1e9), work, value)
    results.put((start, time.monotonic_ns(), operations, warm_raised + raised))


def main():
    question = json.loads(sys.argv[1])
    value = Value(CODES[question["kind"]], 0)
    barrier = Barrier(question["workers"])
    results = Queue()
    processes = [
        Process(target=worker, args=(value, barrier, results, question), daemon=True)
        for _ in range(question["workers"])
    ]
    for process in processes:
        process.start()
    done = [results.get() for _ in processes]
    for process in processes:
        process.join()
    raised = sum(one[3] for one in done)
    if question["operation"] in ("add", "compareExchange") and value.value != raised:
        raise RuntimeError("the value is %r after it was raised by %d in all" % (value.value, raised))
    start, end = min(one[0] for one in done), max(one[1] for one in done)
    operations = sum(one[2] for one in done)
    print(json.dumps({"operationsPerSecond": operations / ((end - start) / 1e9), "operations": operations}))


if __name__ == "__main__":
    main()
