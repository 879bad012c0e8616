import sys

from server import connect, named, say

line = " ".join(sys.argv[1:]) or "info: Hello World!"
connection = connect()
channel = connection.channel()
channel.exchange_declare(exchange=named("logs"), exchange_type="fanout")
channel.basic_publish(exchange=named("logs"), routing_key="", body=line)
say("sent", line)
connection.close()
