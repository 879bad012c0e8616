"""multiprocessing.Queue and SimpleQueue between Python processes; asked and answering like the other programs.

The question and the accounts are those of ../queue-letters.ts: ids from 0 up, each producer's last word, then a stop for
each consumer; what all consumers have counted must be every message once. Modes: "unbounded" and "maxsize=1000"
of Queue, and "put, get", which is SimpleQueue. What the processes have to say beside the messages goes through a SimpleQueue and pipes of its own.
"""

import json
import sys
import time
from multiprocessing import Pipe, Process, Queue, SimpleQueue

LOOK_EVERY = 64
LARGE_VARIANTS = 8
LENGTHS = {"bytes-64": 64, "bytes-64k": 64 * 1024}
NAMES = ["sensor-%d" % index for index in range(16)]
END, STOP = -1, -2
SHAPES = {"1-1": (1, 1), "4-1": (4, 1), "1-4": (1, 4), "2-2": (2, 2)}


def tail_of(payload):
    return bytes((at * 7) & 0xFF for at in range(4, LENGTHS[payload]))


def mark_of(payload, mark):
    return {"id": mark, "name": "mark", "ok": True} if payload == "object" else bytes([mark & 0xFF])


def put_all(queue, payload, first, count):
    put = queue.put
    if payload == "object":
        for i in range(first, first + count):
            put({"id": i, "name": NAMES[i & 15], "ok": (i & 1) == 0})
    elif payload == "bytes-64":
        tail = tail_of(payload)
        for i in range(first, first + count):
            put(i.to_bytes(4, "little") + tail)
    else:
        tail = tail_of(payload)
        variants = [i.to_bytes(4, "little") + tail for i in range(LARGE_VARIANTS)]
        for i in range(first, first + count):
            put(variants[i % LARGE_VARIANTS])
    put(mark_of(payload, END))


def get_objects(queue, on_end):
    get = queue.get
    count = total = 0
    while True:
        message = get()
        number = message["id"]
        if number < 0:
            if number == STOP:
                return count, total
            on_end()
            continue
        count += 1
        total += number
        if number % LOOK_EVERY == 0:
            if message["name"] != NAMES[number & 15] or message["ok"] is not ((number & 1) == 0):
                raise RuntimeError("message %d arrived damaged: %r" % (number, message))


def get_bytes(queue, payload, on_end):
    get = queue.get
    length = LENGTHS[payload]
    step = 1 if length == 64 else length // LOOK_EVERY
    expected = tail_of(payload)[::step]
    from_bytes = int.from_bytes
    count = total = 0
    while True:
        message = get()
        if len(message) != length:
            if len(message) != 1:
                raise RuntimeError("a message arrived with %d bytes instead of %d" % (len(message), length))
            if message[0] == STOP & 0xFF:
                return count, total
            on_end()
            continue
        number = from_bytes(message[:4], "little")
        count += 1
        total += number
        if number % LOOK_EVERY == 0 and message[4::step] != expected:
            raise RuntimeError("message %d arrived damaged" % number)


def producer(queue, rounds, payload):
    while True:
        portion = rounds.recv()
        if portion is None:
            return
        put_all(queue, payload, *portion)


def consumer(queue, rounds, reports, payload):
    def on_end():
        reports.put("end")

    while rounds.recv() is not None:
        reports.put(get_objects(queue, on_end) if payload == "object" else get_bytes(queue, payload, on_end))


def sum_below(count):
    return count * (count - 1) // 2


def check(payload, count, counted):
    total = sum_below(count)
    if payload == "bytes-64k":
        total = count // LARGE_VARIANTS * sum_below(LARGE_VARIANTS) + sum_below(count % LARGE_VARIANTS)
    got = tuple(map(sum, zip(*counted)))
    if got != (count, total):
        raise RuntimeError("the consumers got %r instead of %r messages and sum of ids" % (got, (count, total)))


def make_queue(mode):
    if mode == "put, get":
        return SimpleQueue()
    return Queue(1000) if mode == "maxsize=1000" else Queue()


def main():
    question = json.loads(sys.argv[1])
    payload, seconds = question["payload"], question["seconds"]
    producers, consumers = SHAPES[question["shape"]]
    queue, reports = make_queue(question["mode"]), SimpleQueue()
    processes, putting, getting = [], [], []
    for role, many, pipes in ((producer, producers, putting), (consumer, consumers, getting)):
        for _ in range(many):
            rounds, theirs = Pipe()
            args = (queue, theirs, payload) if role is producer else (queue, theirs, reports, payload)
            processes.append(Process(target=role, args=args, daemon=True))
            pipes.append(rounds)
    for process in processes:
        process.start()

    def one_round(count):
        start = time.perf_counter()
        for rounds in getting:
            rounds.send("go")
        for index, rounds in enumerate(putting):
            first = count * index // producers
            rounds.send((first, count * (index + 1) // producers - first))
        for _ in range(producers):
            reports.get()
        for _ in range(consumers):
            queue.put(mark_of(payload, STOP))
        counted = [reports.get() for _ in range(consumers)]
        took = time.perf_counter() - start
        check(payload, count, counted)
        return took

    warm = max(0.1, seconds / 4)
    one_round(1)  # waits for the other processes to start
    count, took = 1, one_round(1)
    while took < warm:
        count = int(count * min(8, max(1.5, 1.2 * warm / took))) + 1
        took = one_round(count)
    count = max(1, round(count / took * seconds))
    took = one_round(count)
    for rounds in putting + getting:
        rounds.send(None)
    for process in processes:
        process.join()
    print(json.dumps({"messagesPerSecond": count / took, "messages": count, "seconds": took}))


if __name__ == "__main__":
    main()
