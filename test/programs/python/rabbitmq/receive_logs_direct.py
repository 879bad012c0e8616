import sys

from server import connect, listen, named, say

channel = connect().channel()
channel.exchange_declare(exchange=named("direct_logs"), exchange_type="direct")
queue = channel.queue_declare(queue="", exclusive=True).method.queue
for severity in sys.argv[1:] or sys.exit("usage: receive_logs_direct.py [info] [warning] [error]"):
    channel.queue_bind(exchange=named("direct_logs"), queue=queue, routing_key=severity)
channel.basic_consume(
    queue=queue,
    auto_ack=True,
    on_message_callback=lambda ch, how, props, body: say("received", how.routing_key, body.decode()),
)
listen(channel)
