import pika
from server import connect, listen, named, say


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def answer(ch, how, props, body):
    say("asked", body.decode())
    ch.basic_publish(
        exchange="",
        routing_key=props.reply_to,
        properties=pika.BasicProperties(correlation_id=props.correlation_id),
        body=str(fibonacci(int(body))),
    )
    ch.basic_ack(delivery_tag=how.delivery_tag)


channel = connect().channel()
channel.queue_declare(queue=named("rpc_queue"))
channel.basic_qos(prefetch_count=1)
channel.basic_consume(queue=named("rpc_queue"), on_message_callback=answer)
listen(channel)
