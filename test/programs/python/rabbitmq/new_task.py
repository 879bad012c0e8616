import sys

import pika
from server import connect, named, say

task = " ".join(sys.argv[1:]) or "Hello World!"
connection = connect()
channel = connection.channel()
channel.queue_declare(queue=named("task_queue"), durable=True, arguments={"x-queue-type": "quorum"})
channel.basic_publish(
    exchange="", routing_key=named("task_queue"), body=task, properties=pika.BasicProperties(delivery_mode=2)
)
say("sent", task)
connection.close()
