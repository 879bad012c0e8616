"""Locks between Python processes; asked and answering like the other programs (see ../locks-question.ts).

Modes: "Lock", "Semaphore(1)" and "Semaphore(2)" of multiprocessing, "Semaphore(0)" for the hand-over by two that count up
and down, and "flock": fcntl.flock on a file that each process has opened for itself, which is what flock(1) does.
"""

import fcntl
import json
import os
import sys
import tempfile
import time
from multiprocessing import Barrier, Lock, Pipe, Process, RawArray, Semaphore, SimpleQueue


class FileLock:
    """flock on one file; opened in the process that uses it, because a lock belongs to what was opened."""

    def __init__(self, path):
        self.path, self.fd = path, None

    def open(self):
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT)

    def acquire(self):
        fcntl.flock(self.fd, fcntl.LOCK_EX)

    def release(self):
        fcntl.flock(self.fd, fcntl.LOCK_UN)


def make_lock(mode, path):
    if mode == "flock":
        return FileLock(path)
    return Lock() if mode == "Lock" else Semaphore(int(mode[len("Semaphore(") : -1]))


def opened(lock):
    if isinstance(lock, FileLock):
        lock.open()
    return lock


def turns(lock, counter, times):
    """With a counter each turn adds 1 to it, to show that nobody else was inside."""
    acquire, release = lock.acquire, lock.release
    if counter is None:
        for _ in range(times):
            acquire()
            release()
    else:
        for _ in range(times):
            acquire()
            counter[0] += 1
            release()


def contender(lock, memory, barrier, results, question):
    opened(lock)
    counter = None if memory is None else memoryview(memory).cast("B").cast("i")
    seconds = question["seconds"]
    batch, raised = 1, 0

    def until(deadline, grow):
        nonlocal batch, raised
        done, now = 0, time.monotonic_ns()
        while now < deadline:
            turns(lock, counter, batch)
            done += batch
            then, now = now, time.monotonic_ns()
            if grow and now - then < 200_000:
                batch *= 2
        raised += done
        return done

    until(time.monotonic_ns() + int(max(0.1, seconds / 4) * 1e9), True)
    barrier.wait()
    start = time.monotonic_ns()
    done = until(start + int(seconds * 1e9), False)
    results.put((start, time.monotonic_ns(), done, raised))


def measure_turns(question, folder):
    mode, contenders = question["mode"], question["contenders"]
    lock = make_lock(mode, os.path.join(folder, "lock-0"))
    # Counting costs Python as much as a third of its lock: alone there is nobody to exclude, so it is left out.
    memory = RawArray("i", 1) if contenders > 1 and mode != "Semaphore(2)" else None
    barrier, results = Barrier(contenders), SimpleQueue()
    processes = [
        Process(target=contender, args=(lock, memory, barrier, results, question), daemon=True)
        for _ in range(contenders)
    ]
    for process in processes:
        process.start()
    done = [results.get() for _ in processes]
    for process in processes:
        process.join()
    raised = sum(one[3] for one in done)
    if memory is not None and memory[0] != raised:
        raise RuntimeError("%s: %d turns counted to %d; two were inside at once" % (mode, raised, memory[0]))
    if mode.startswith("Semaphore") and mode != "Semaphore(%d)" % lock.get_value():
        raise RuntimeError("%s: %d permits after the last release" % (mode, lock.get_value()))
    nanos = max(one[1] for one in done) - min(one[0] for one in done)
    counts = [one[2] for one in done]
    return {
        "turnsPerSecond": sum(counts) / (nanos / 1e9),
        "nanosPerTurn": nanos / sum(counts),
        "leastShare": min(counts) * len(counts) / sum(counts),
        "turns": sum(counts),
    }


def step(mode, k):
    """Which lock the first process gives and which it takes in step k; see ringStep in ../locks-question.ts."""
    return (0, 1) if mode == "Semaphore(0)" else ((2 * k) % 3, (2 * k + 1) % 3)


def partner(locks, rounds, mode):
    for lock in locks:
        opened(lock)
    if mode != "Semaphore(0)":
        locks[1].acquire()
    rounds.send("ready")
    k = 0
    while True:
        count = rounds.recv()
        if count is None:
            return
        for _ in range(count):
            gives, takes = step(mode, k)
            locks[gives].acquire()
            locks[takes].release()
            k += 1


def measure_hand_over(question, folder):
    mode, seconds = question["mode"], question["seconds"]
    many = 2 if mode == "Semaphore(0)" else 3
    locks = [make_lock(mode, os.path.join(folder, "lock-%d" % index)) for index in range(many)]
    rounds, theirs = Pipe()
    process = Process(target=partner, args=(locks, theirs, mode), daemon=True)
    process.start()
    for lock in locks:
        opened(lock)
    if mode != "Semaphore(0)":
        locks[0].acquire()
        locks[2].acquire()
    rounds.recv()
    k = 0
    clock = time.perf_counter_ns

    def trips(count):
        nonlocal k
        rounds.send(count)
        micros = []
        for _ in range(count):
            gives, takes = step(mode, k)
            k += 1
            start = clock()
            locks[gives].release()
            locks[takes].acquire()
            micros.append((clock() - start) / 1000)
        return micros

    trips(1)  # waits for the other process to start
    warm, count, took = max(0.1, seconds / 4), 8, 0.0
    while took < warm:
        start = time.perf_counter()
        trips(count)
        took = time.perf_counter() - start
        if took < warm:
            count = int(count * min(8, max(1.5, 1.2 * warm / took))) + 1
    count = max(10, round(count / took * seconds))
    micros = sorted(trips(count))
    rounds.send(None)
    process.join()
    return {
        "p50Micros": micros[-(-count * 50 // 100) - 1],
        "p99Micros": micros[-(-count * 99 // 100) - 1],
        "trips": count,
        "seconds": sum(micros) / 1e6,
    }


def main():
    question = json.loads(sys.argv[1])
    measure = measure_turns if question["measure"] == "turns" else measure_hand_over
    with tempfile.TemporaryDirectory(prefix="interproc-bench-") as folder:
        print(json.dumps(measure(question, folder)))


if __name__ == "__main__":
    main()
