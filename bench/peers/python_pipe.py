"""multiprocessing.Pipe between two Python processes; asked and answering like the other programs (see ../answer.ts).

Modes: "bytes" is send_bytes and recv_bytes (recv_bytes_into for into-1m), "objects" is send and recv, that is pickle;
with ", duplex=False" behind it over Pipe(duplex=False), an os.pipe, where the plain Pipe() is a socket pair.
"""

import json
import sys
import time
from multiprocessing import Pipe, Process

SAMPLE_EVERY = 64
LENGTHS = {
    "bytes-64": 64,
    "bytes-16k": 16 * 1024,
    "bytes-64k": 64 * 1024,
    "bytes-1m": 1024 * 1024,
    "into-1m": 1024 * 1024,
}
NAMES = ["sensor-%d" % index for index in range(16)]


def bytes_messages(payload):
    """The marked and the plain message; every 64th is the marked one."""
    base = bytes((i * 7) & 0xFF for i in range(256))

    def filled(first):
        shifted = bytes((byte + first) & 0xFF for byte in base)
        return (shifted * (LENGTHS[payload] // 256 + 1))[: LENGTHS[payload]]

    return filled(2), filled(1)


def digest_of_bytes(message):
    return sum(message[:: len(message) // SAMPLE_EVERY])


def digest_of_reading(message):
    return (1 if message["ok"] is True else 1000) + sum(map(ord, message["name"]))


def reading(index):
    return {"id": index, "name": NAMES[index & 15], "ok": (index & 1) == 0}


def expected_tally(payload, count):
    samples = -(-count // SAMPLE_EVERY)
    if payload == "object":
        return count, count * (count - 1) // 2, samples * digest_of_reading(reading(0))
    marked, plain = bytes_messages(payload)
    return count, samples * marked[0] + (count - samples) * plain[0], samples * digest_of_bytes(marked)


def check_tally(payload, count, seen):
    if tuple(seen) != expected_tally(payload, count):
        raise RuntimeError("the receiver saw %r instead of %r" % (tuple(seen), expected_tally(payload, count)))


def send_all(conn, payload, mode, count):
    if payload == "object":
        send = conn.send
        for i in range(count):
            send({"id": i, "name": NAMES[i & 15], "ok": (i & 1) == 0})
        return
    marked, plain = bytes_messages(payload)
    send = conn.send_bytes if mode.startswith("bytes") else conn.send
    for i in range(count):
        send(plain if i % SAMPLE_EVERY else marked)


def receive_all(conn, payload, mode, count):
    """Receives and checks `count` messages as Tally in ../tally.ts does; returns the same three numbers."""
    total = sample = 0
    if payload == "object":
        recv = conn.recv
        for i in range(count):
            message = recv()
            total += message["id"]
            if i % SAMPLE_EVERY == 0:
                sample += digest_of_reading(message)
        return count, total, sample
    length = LENGTHS[payload]
    target = bytearray(length)
    into = payload == "into-1m"
    recv = conn.recv_bytes if mode.startswith("bytes") else conn.recv
    for i in range(count):
        if into:
            got = conn.recv_bytes_into(target)
            message = target
        else:
            message = recv()
            got = len(message)
        if got != length:
            raise RuntimeError("message %d arrived with %d bytes instead of %d" % (i, got, length))
        total += message[0]
        if i % SAMPLE_EVERY == 0:
            sample += digest_of_bytes(message)
    return count, total, sample


def partner(conn, control, question):
    payload, mode = question["payload"], question["mode"]
    while True:
        count = control.recv()
        if count is None:
            return
        if question["measure"] == "one-way":
            control.send(receive_all(conn, payload, mode, count))
        elif mode == "bytes":
            for _ in range(count):
                conn.send_bytes(conn.recv_bytes())
        else:
            for _ in range(count):
                conn.send(conn.recv())


def one_way_round(conn, control, question, count):
    payload = question["payload"]
    start = time.perf_counter()
    control.send(count)
    send_all(conn, payload, question["mode"], count)
    seen = control.recv()
    took = time.perf_counter() - start
    check_tally(payload, count, seen)
    return took


def trips_round(conn, control, question, count):
    payload = question["payload"]
    is_object, is_bytes = payload == "object", question["mode"] == "bytes"
    send, recv = (conn.send_bytes, conn.recv_bytes) if is_bytes else (conn.send, conn.recv)
    marked, plain = (None, None) if is_object else bytes_messages(payload)
    clock = time.perf_counter_ns
    control.send(count)
    micros = []
    for i in range(count):
        message = reading(i) if is_object else plain if i % SAMPLE_EVERY else marked
        start = clock()
        send(message)
        reply = recv()
        micros.append((clock() - start) / 1000)
        if is_object and reply["id"] != i or not is_object and (len(reply) != len(message) or reply[0] != message[0]):
            raise RuntimeError("round trip %d answered with another message" % i)
    return micros


def grow(count, took, warm):
    return int(count * min(8, max(1.5, 1.2 * warm / took))) + 1


def measure_trips(seconds, trips):
    """Figures of round trips; `trips(count)` makes so many and returns the microseconds of each."""
    warm = max(0.1, seconds / 4)
    trips(1)  # waits for the other process to start
    count, took = 8, 0.0
    while took < warm:
        start = time.perf_counter()
        trips(count)
        took = time.perf_counter() - start
        if took < warm:
            count = grow(count, took, warm)
    count = max(10, round(count / took * seconds))
    micros = sorted(trips(count))
    return {
        "p50Micros": micros[-(-count * 50 // 100) - 1],
        "p99Micros": micros[-(-count * 99 // 100) - 1],
        "trips": count,
        "seconds": sum(micros) / 1e6,
    }


def measure_one_way(seconds, one_way):
    """Figures of one direction; `one_way(count)` sends so many and returns the seconds that took."""
    warm = max(0.1, seconds / 4)
    one_way(1)  # waits for the other process to start
    count, took = 1, one_way(1)
    while took < warm:
        count = grow(count, took, warm)
        took = one_way(count)
    count = max(1, round(count / took * seconds))
    took = one_way(count)
    return {"messagesPerSecond": count / took, "messages": count, "seconds": took}


def measure(question, ends):
    """Asks another process over a pair of connections, which `ends(question)` opens, and prints the figures."""
    seconds = question["seconds"]
    other, conn = ends(question)
    control, other_control = Pipe()
    process = Process(target=partner, args=(other, other_control, question), daemon=True)
    process.start()
    other.close()
    other_control.close()
    if question["measure"] == "one-way":
        figures = measure_one_way(seconds, lambda count: one_way_round(conn, control, question, count))
    else:
        figures = measure_trips(seconds, lambda count: trips_round(conn, control, question, count))
    control.send(None)
    process.join()
    print(json.dumps(figures))


if __name__ == "__main__":
    measure(json.loads(sys.argv[1]), lambda question: Pipe("duplex=False" not in question["mode"]))
