from server import connect, listen, named, say

channel = connect().channel()
channel.exchange_declare(exchange=named("logs"), exchange_type="fanout")
queue = channel.queue_declare(queue="", exclusive=True).method.queue
channel.queue_bind(exchange=named("logs"), queue=queue)
channel.basic_consume(
    queue=queue, auto_ack=True, on_message_callback=lambda ch, how, props, body: say("received", body.decode())
)
listen(channel)
