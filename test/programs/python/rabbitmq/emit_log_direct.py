import sys

from server import connect, named, say

severity = sys.argv[1] if len(sys.argv) > 1 else "info"
line = " ".join(sys.argv[2:]) or "Hello World!"
connection = connect()
channel = connection.channel()
channel.exchange_declare(exchange=named("direct_logs"), exchange_type="direct")
channel.basic_publish(exchange=named("direct_logs"), routing_key=severity, body=line)
say("sent", severity, line)
connection.close()
