"""A numpy array over a block of shared memory, as it is told by lines of JSON."""
import sys

sys.dont_write_bytecode = True
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

import numpy

from json_lines import serve

block = None
array = None


def create(name, size):
    global block
    block = SharedMemory(name, create=True, size=size)
    return block.size


def open_block(name, tracked=False):
    global block
    block = SharedMemory(name)
    if not tracked:
        resource_tracker.unregister(block._name, "shared_memory")
    return block.size


def view(dtype, shape, offset=0):
    global array
    array = numpy.ndarray(shape, dtype=dtype, buffer=block.buf, offset=offset)
    return not array.flags["OWNDATA"]


def fill(values):
    array[...] = numpy.array(values, dtype=array.dtype).reshape(array.shape)


def multiply(factor):
    numpy.multiply(array, factor, out=array)


def close():
    global array
    array = None
    block.close()


serve(
    {
        "create": create,
        "open": open_block,
        "view": view,
        "fill": fill,
        "multiply": multiply,
        "list": lambda: array.tolist(),
        "texts": lambda: [str(value) for value in array.ravel()],
        "sum": lambda: float(array.sum()),
        "close": close,
        "unlink": lambda: block.unlink(),
    }
)
