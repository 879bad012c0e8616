import time

from server import connect, listen, named, say


def work(ch, how, props, body):
    say("received", body.decode())
    time.sleep(0.01 * body.count(b"."))
    say("done", body.decode())
    ch.basic_ack(delivery_tag=how.delivery_tag)


channel = connect().channel()
channel.queue_declare(queue=named("task_queue"), durable=True, arguments={"x-queue-type": "quorum"})
channel.basic_qos(prefetch_count=1)
channel.basic_consume(queue=named("task_queue"), on_message_callback=work)
listen(channel)
