from server import connect, listen, named, say

channel = connect().channel()
channel.queue_declare(queue=named("hello"))
channel.basic_consume(
    queue=named("hello"), auto_ack=True, on_message_callback=lambda ch, how, props, body: say("received", body.decode())
)
listen(channel)
