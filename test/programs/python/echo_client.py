"""A client of multiprocessing.connection: echo_client.py ADDRESS [--authkey KEY] [--mode echo|echo-bytes|values] …"""
import sys

sys.dont_write_bytecode = True
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

from exchange import address_of, arguments, talk
from json_lines import tell

options = arguments("address")
try:
    connection = Client(address_of(options.address), authkey=options.authkey)
except (AuthenticationError, EOFError, OSError) as error:
    tell({"end": type(error).__name__, "message": str(error)})
else:
    talk(connection, options)
