import sys

from server import connect, listen, named, say

channel = connect().channel()
channel.exchange_declare(exchange=named("topic_logs"), exchange_type="topic")
queue = channel.queue_declare(queue="", exclusive=True).method.queue
for pattern in sys.argv[1:] or sys.exit("usage: receive_logs_topic.py PATTERN..."):
    channel.queue_bind(exchange=named("topic_logs"), queue=queue, routing_key=pattern)
channel.basic_consume(
    queue=queue,
    auto_ack=True,
    on_message_callback=lambda ch, how, props, body: say("received", how.routing_key, body.decode()),
)
listen(channel)
