import sys
import uuid

import pika
from server import connect, named, say


class Fibonacci:
    def __init__(self):
        self.connection = connect()
        self.channel = self.connection.channel()
        self.replies = self.channel.queue_declare(queue="", exclusive=True).method.queue
        self.channel.basic_consume(queue=self.replies, auto_ack=True, on_message_callback=self.heard)

    def heard(self, ch, how, props, body):
        if props.correlation_id == self.asked:
            self.answer = int(body)

    def __call__(self, n):
        self.answer = None
        self.asked = str(uuid.uuid4())
        self.channel.basic_publish(
            exchange="",
            routing_key=named("rpc_queue"),
            properties=pika.BasicProperties(reply_to=self.replies, correlation_id=self.asked),
            body=str(n),
        )
        while self.answer is None:
            self.connection.process_data_events(time_limit=None)
        return self.answer


fibonacci = Fibonacci()
for n in sys.argv[1:]:
    say("got", fibonacci(int(n)))
fibonacci.connection.close()
