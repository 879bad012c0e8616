"""Calls a method that a Node program exposes: call_json.py METHOD ARGUMENTS-AS-JSON"""

import json
import sys
import uuid

import pika
from server import connect, named, say

connection = connect()
channel = connection.channel()
replies = channel.queue_declare(queue="", exclusive=True).method.queue
asked = str(uuid.uuid4())


def heard(ch, how, props, body):
    if props.correlation_id == asked:
        say(body.decode())
        ch.stop_consuming()


channel.basic_consume(queue=replies, auto_ack=True, on_message_callback=heard)
channel.basic_publish(
    exchange="",
    routing_key=named("calls"),
    properties=pika.BasicProperties(reply_to=replies, correlation_id=asked, content_type="application/json"),
    body=json.dumps({"method": sys.argv[1], "args": json.loads(sys.argv[2])}),
)
channel.start_consuming()
connection.close()
