"""pika between Python processes and RabbitMQ; asked and answering like the other programs.

Messages are those of ../broker-letters.ts: four bytes of id and a pattern. Modes: "BlockingConnection" puts one message after the
other, each confirmed; "SelectConnection, n under way" has n of them unconfirmed at a time. Consumers are processes with a
BlockingConnection each, which acknowledge one after the other, as pika writes it.
"""

import json
import os
import sys
import time
from multiprocessing import Pipe, Process, Queue, Value

import pika

LOOK_EVERY = 64
UNDER_WAY = 256
LENGTHS = {"bytes-64": 64, "bytes-16k": 16 * 1024}
PERSISTENT = pika.BasicProperties(delivery_mode=2)


def tail_of(payload):
    return bytes((at * 7) & 0xFF for at in range(4, LENGTHS[payload]))


def parameters():
    return pika.URLParameters(os.environ["INTERPROC_BENCH_AMQP"] + "/%2F")


def blocking_puts(channel, name, tail, count):
    for number in range(count):
        channel.basic_publish("", name, number.to_bytes(4, "little") + tail, PERSISTENT)


class Select:
    """One connection of pika's callbacks, whose loop runs as long as a round lasts."""

    def __init__(self, name, tail):
        self.name, self.tail = name, tail
        self.count = self.sent = self.done = 0
        self.channel = None
        self.connection = pika.SelectConnection(parameters(), on_open_callback=self.opened)
        self.connection.ioloop.start()

    def opened(self, connection):
        connection.channel(on_open_callback=self.channel_opened)

    def channel_opened(self, channel):
        self.channel = channel
        channel.confirm_delivery(self.confirmed, callback=lambda _frame: self.connection.ioloop.stop())

    def confirmed(self, frame):
        method = frame.method
        if isinstance(method, pika.spec.Basic.Nack):
            raise RuntimeError("the server has refused a message")
        before = self.done
        # tags go on from round to round
        self.done = method.delivery_tag - self.base if method.multiple else self.done + 1
        if self.done < before:
            raise RuntimeError("confirmations go back")
        if self.done >= self.count:
            self.connection.ioloop.stop()
        else:
            self.fill()

    def fill(self):
        while self.sent < self.count and self.sent - self.done < UNDER_WAY:
            self.channel.basic_publish("", self.name, self.sent.to_bytes(4, "little") + self.tail, PERSISTENT)
            self.sent += 1

    base = 0

    def puts(self, count):
        self.base += self.count
        self.count, self.sent, self.done = count, 0, 0
        self.connection.ioloop.add_callback_threadsafe(self.fill)
        self.connection.ioloop.start()


def consumer(name, payload, orders, words, acknowledged):
    tail = tail_of(payload)
    connection = pika.BlockingConnection(parameters())
    words.put("ready")
    while True:
        target = orders.recv()
        if target is None:
            return
        count = total = 0
        channel = connection.channel()
        channel.basic_qos(prefetch_count=UNDER_WAY)
        for method, _properties, body in channel.consume(name, inactivity_timeout=0.02):
            if method is None:
                if orders.poll():
                    break
                continue
            channel.basic_ack(method.delivery_tag)
            number = int.from_bytes(body[:4], "little")
            if len(body) != len(tail) + 4 or (number % LOOK_EVERY == 0 and body[4:] != tail):
                raise RuntimeError("message %d arrived damaged" % number)
            count += 1
            total += number
            with acknowledged.get_lock():
                acknowledged.value += 1
                is_last = acknowledged.value == target
            if is_last:
                words.put("done")
        orders.recv()
        channel.cancel()
        channel.close()
        words.put((count, total))


def expect(words, word):
    heard = words.get(timeout=100)
    if heard != word:
        raise RuntimeError("a consumer said %r instead of %r" % (heard, word))


def grow(seconds, one_round):
    warm = max(0.1, seconds / 4)
    one_round(1)
    count, took = 1, one_round(1)
    while took < warm:
        count = int(count * min(8, max(1.5, 1.2 * warm / took))) + 1
        took = one_round(count)
    count = max(1, round(count / took * seconds))
    took = one_round(count)
    print(json.dumps({"messagesPerSecond": count / took, "messages": count, "seconds": took}))


def measure_puts(question, channel, name):
    tail = tail_of(question["payload"])
    select = Select(name, tail) if question["mode"].startswith("Select") else None

    def one_round(count):
        start = time.perf_counter()
        if select is None:
            blocking_puts(channel, name, tail, count)
        else:
            select.puts(count)
        took = time.perf_counter() - start
        found = channel.queue_purge(name).method.message_count
        if found != count:
            raise RuntimeError("%d messages were in the queue after %d puts" % (found, count))
        return took

    grow(question["seconds"], one_round)


def measure_consumers(question, channel, name):
    payload, many = question["payload"], question["consumers"]
    select = Select(name, tail_of(payload))
    words, acknowledged = Queue(), Value("i", 0)
    processes, lines = [], []
    for _ in range(many):
        orders, theirs = Pipe()
        process = Process(target=consumer, args=(name, payload, theirs, words, acknowledged), daemon=True)
        process.start()
        processes.append(process)
        lines.append(orders)
    for _ in range(many):
        expect(words, "ready")

    def one_round(count):
        select.puts(count)
        acknowledged.value = 0
        start = time.perf_counter()
        for orders in lines:
            orders.send(count)
        expect(words, "done")
        took = time.perf_counter() - start
        for orders in lines:
            orders.send("stop")
        got = tuple(map(sum, zip(*(words.get(timeout=100) for _ in range(many)))))
        if got != (count, count * (count - 1) // 2):
            raise RuntimeError("the consumers got %r of %d messages" % (got, count))
        if channel.queue_purge(name).method.message_count != 0:
            raise RuntimeError("messages are in the queue after all were acknowledged")
        return took

    grow(question["seconds"], one_round)
    for orders in lines:
        orders.send(None)


def main():
    question = json.loads(sys.argv[1])
    name = "bench-pika-%d" % os.getpid()
    connection = pika.BlockingConnection(parameters())
    channel = connection.channel()
    channel.queue_declare(name, durable=True)
    channel.confirm_delivery()
    try:
        if question["measure"] == "consume":
            measure_consumers(question, channel, name)
        else:
            measure_puts(question, channel, name)
    finally:
        channel.queue_delete(name)


if __name__ == "__main__":
    main()
