import sys

from server import connect, named, say

key = sys.argv[1] if len(sys.argv) > 1 else "anonymous.info"
line = " ".join(sys.argv[2:]) or "Hello World!"
connection = connect()
channel = connection.channel()
channel.exchange_declare(exchange=named("topic_logs"), exchange_type="topic")
channel.basic_publish(exchange=named("topic_logs"), routing_key=key, body=line)
say("sent", key, line)
connection.close()
