"""The dict of a multiprocessing Manager, used by several Python processes; asked and answering like the other programs of the map benchmark.

Keys, values and the order of use are those of benched-map.ts.
"""

import json
import sys
import time
from multiprocessing import Barrier, Manager, Process, Queue

ENTRIES = 1000
KEYS = ["key-%d" % index for index in range(ENTRIES)]
BATCH = 100


def value_of(kind, index):
    if kind == "number":
        return index
    return {"id": index, "name": "sensor-%d" % (index & 15), "ok": (index & 1) == 0}


def work_until(deadline, shared, question, start):
    kind, reads = question["value"], question["measure"] == "reads"
    values = [value_of(kind, index) for index in range(ENTRIES)]
    operations, index = 0, start
    while time.monotonic_ns() < deadline:
        for _ in range(BATCH):
            if reads:
                found = shared[KEYS[index]]
                if (found if kind == "number" else found["id"]) != index:
                    raise RuntimeError("%s was %r" % (KEYS[index], found))
            else:
                shared[KEYS[index]] = values[index]
            index = (index + 389) % ENTRIES
        operations += BATCH
    return operations


def user(shared, barrier, results, question):
    seconds = question["seconds"]
    work_until(time.monotonic_ns() + int(max(0.1, seconds / 4) * 1e9), shared, question, 0)
    barrier.wait()
    start = time.monotonic_ns()
    operations = work_until(start + int(seconds * 1e9), shared, question, 0)
    results.put((start, time.monotonic_ns(), operations))


def main():
    question = json.loads(sys.argv[1])
    with Manager() as manager:
        shared = manager.dict({key: value_of(question["value"], index) for index, key in enumerate(KEYS)})
        barrier, results = Barrier(question["processes"]), Queue()
        processes = [
            Process(target=user, args=(shared, barrier, results, question), daemon=True)
            for _ in range(question["processes"])
        ]
        for process in processes:
            process.start()
        done = [results.get() for _ in processes]
        for process in processes:
            process.join()
        if dict(shared) != {key: value_of(question["value"], index) for index, key in enumerate(KEYS)}:
            raise RuntimeError("the dict is wrong at the end")
    nanos = max(one[1] for one in done) - min(one[0] for one in done)
    operations = sum(one[2] for one in done)
    print(json.dumps({"operationsPerSecond": operations / (nanos / 1e9), "operations": operations}))


if __name__ == "__main__":
    main()
