"""Calls of an object that a multiprocessing Manager serves; asked and answering like the other programs of the rpc benchmark.

64 calls under way are 64 threads, because a proxy waits; each has a connection of its own, as proxies give it. A sequence is a generator
behind a proxy, asked for each item. A Manager cannot call back.
"""

import json
import math
import sys
import threading
import time
from multiprocessing.managers import BaseManager, BaseProxy

UNDER_WAY = 64
LENGTH = 10_000


class Api:
    def add(self, a, b):
        return a + b

    def echo(self, record):
        return {**record, "active": not record["active"]}


def count(length):
    yield from range(length)


class GeneratorProxy(BaseProxy):
    _exposed_ = ["__next__"]

    def __iter__(self):
        return self

    def __next__(self):
        return self._callmethod("__next__")


class ApiManager(BaseManager):
    pass


ApiManager.register("Api", Api)
ApiManager.register("count", count, proxytype=GeneratorProxy)


def record_of(number):
    return {
        "id": number,
        "name": "a sensor on the roof of the third house",
        "active": True,
        "owner": {"name": "Ada Lovelace", "mail": "ada.lovelace@example.org"},
        "tags": ["tag number %d" % index for index in range(20)],
        "values": [index * 12.5 for index in range(107)],
    }


def expect(found, wanted):
    if found != wanted:
        raise RuntimeError("an answer was %r instead of %r" % (found, wanted))


def grow(seconds, one_round):
    """One round that lasts about as long as asked, after rounds that warm up; gives its count and what it took."""
    warm = max(0.1, seconds / 4)
    one_round(1)
    many, took = 1, one_round(1)
    while took < warm:
        many = int(many * min(8, max(1.5, 1.2 * warm / took))) + 1
        took = one_round(many)
    many = max(10, round(many / took * seconds))
    return many, one_round(many)


def timed(seconds, call):
    micros = []

    def one_round(many):
        micros.clear()
        begin = time.perf_counter()
        for i in range(many):
            start = time.perf_counter()
            call(i)
            micros.append((time.perf_counter() - start) * 1e6)
        return time.perf_counter() - begin

    grow(seconds, one_round)
    micros.sort()

    def percentile(percent):
        return micros[max(0, math.ceil(percent / 100 * len(micros)) - 1)]

    return {"p50Micros": percentile(50), "p99Micros": percentile(99)}


def many_under_way(seconds, api):
    def one_round(many):
        failures = []

        def work(first):
            try:
                for i in range(first, many, UNDER_WAY):
                    expect(api.add(i, 1), i + 1)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(first,)) for first in range(min(UNDER_WAY, many))]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - start
        if failures:
            raise failures[0]
        return took

    many, took = grow(seconds, one_round)
    return {"callsPerSecond": many / took}


def items(seconds, manager):
    def one_round(many):
        start = time.perf_counter()
        for first in range(0, many, LENGTH):
            length = min(LENGTH, many - first)
            seen = 0
            for item in manager.count(length):
                expect(item, seen)
                seen += 1
            expect(seen, length)
        return time.perf_counter() - start

    many, took = grow(seconds, one_round)
    return {"callsPerSecond": many / took}


def measure(question, manager):
    seconds = question["seconds"]
    api = manager.Api()
    if question["measure"] == "one":
        return timed(seconds, lambda i: expect(api.add(i, 1), i + 1))
    if question["measure"] == "object":
        record = record_of(0)

        def echo(i):
            record["id"] = i
            found = api.echo(record)
            expect((found["id"], found["active"], len(found["values"]), len(found["tags"])), (i, False, 107, 20))

        return timed(seconds, echo)
    if question["measure"] == "many":
        return many_under_way(seconds, api)
    return items(seconds, manager)


def main():
    question = json.loads(sys.argv[1])
    with ApiManager() as manager:
        figures = measure(question, manager)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
