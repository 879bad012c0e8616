import sys

import pika
from server import connect, named, say

messages = [str(n) for n in range(int(sys.argv[1]) if len(sys.argv) > 1 else 100)]
connection = connect()
channel = connection.channel()
channel.queue_declare(queue=named("confirmed"))
channel.confirm_delivery()
for text in messages:
    channel.basic_publish(exchange="", routing_key=named("confirmed"), body=text, mandatory=True)
say("confirmed", len(messages), "one by one")
try:
    channel.basic_publish(exchange="", routing_key=named("nobody"), body="lost", mandatory=True)
except pika.exceptions.UnroutableError as error:
    say(type(error).__name__)
connection.close()
