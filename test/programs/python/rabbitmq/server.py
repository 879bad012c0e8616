"""Where RabbitMQ is, and names of this run only."""

import os

import pika


def connect():
    return pika.BlockingConnection(pika.URLParameters(os.environ["RABBITMQ_URL"] + "/%2F"))


def named(name):
    return os.environ.get("RABBITMQ_RUN", "") + name


def say(*words):
    print(*words, flush=True)


def listen(channel):
    say("waiting")
    channel.start_consuming()
