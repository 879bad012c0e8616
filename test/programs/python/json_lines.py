"""Programs that are spoken to by lines of JSON."""
import json
import sys


def tell(value):
    print(json.dumps(value, default=repr), flush=True)


def serve(commands):
    """Carries out [command, argument, ...] of each line of the input, until that ends."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            tell(commands[name](*arguments))
        except Exception as error:
            tell({"error": type(error).__name__, "message": str(error)})
