"""multiprocessing.Pool; asked and answering like the other programs of the pool benchmark.

Modes: "map, chunk 1" and "imap, chunk 1", a message for each task; "map, own chunks", which are four for each worker. The
items, the tasks and the check of every result are those of ../pool-work.ts.
"""

import json
import os
import sys
import time
from multiprocessing import Pool

MEBIBYTE = 1024 * 1024
STARTS = 5


def tiny(n):
    return n * n


def busy(n):
    end = time.perf_counter() + 0.001
    while time.perf_counter() < end:
        pass
    return n * n


def sleep(n):
    time.sleep(0.001)
    return n * n


def one_mebibyte(block):
    changed = bytearray(block)
    changed[0] += 1
    return changed


WORK = {"tiny": tiny, "busy": busy, "sleep": sleep, "bytes-1m": one_mebibyte}


def items_of(work, count):
    if work != "bytes-1m":
        return [index & 1023 for index in range(count)]
    blocks = [bytearray(bytes([first]) + b"\7" * (MEBIBYTE - 1)) for first in (1, 2)]
    return [blocks[index & 1] for index in range(count)]


def check(work, index, result):
    if work == "bytes-1m":
        right = len(result) == MEBIBYTE and result[0] == (index & 1) + 2 and result[-1] == 7
    else:
        right = result == (index & 1023) ** 2
    if not right:
        raise RuntimeError("call %d of %s gave a wrong result" % (index, work))


def call_all(pool, work, mode, items):
    way, chunks = mode.split(", ")
    chunksize = 1 if chunks == "chunk 1" else None
    count = 0
    start = time.perf_counter()
    if way == "map":
        results = pool.map(WORK[work], items, chunksize)
    else:
        results = pool.imap(WORK[work], items, 1)
    for index, result in enumerate(results):
        check(work, index, result)
        count += 1
    took = time.perf_counter() - start
    if count != len(items):
        raise RuntimeError("%d calls gave %d results" % (len(items), count))
    return took


def measure_tasks(question):
    work, seconds = question["work"], question["seconds"]
    warm = max(0.1, seconds / 4)
    with Pool(question["workers"]) as pool:

        def one_round(count):
            return call_all(pool, work, question["mode"], items_of(work, count))

        one_round(1)
        count, took = 1, one_round(1)
        while took < warm:
            count = int(count * min(8, max(1.5, 1.2 * warm / took))) + 1
            took = one_round(count)
        count = max(1, round(count / took * seconds))
        took = one_round(count)
    return {"tasksPerSecond": count / took}


def proportional_bytes(pid):
    with open("/proc/%d/smaps_rollup" % pid) as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024


def measure_start(question):
    millis = []
    for index in range(STARTS):
        start = time.perf_counter()
        with Pool(question["workers"]) as pool:
            check("tiny", 3, pool.apply(tiny, (3,)))
            millis.append((time.perf_counter() - start) * 1000)
            if index == STARTS - 1:
                pool.map(busy, range(200 * question["workers"]), 1)
                pids = [worker.pid for worker in pool._pool]
                size = sum(proportional_bytes(pid) for pid in pids) / len(pids) if os.path.exists("/proc/self/smaps_rollup") else None
    return {"startMillis": sorted(millis)[STARTS // 2], **({} if size is None else {"workerBytes": size})}


def main():
    question = json.loads(sys.argv[1])
    print(json.dumps((measure_start if question["measure"] == "start" else measure_tasks)(question)))


if __name__ == "__main__":
    main()
