"""Python's side of classes.test.ts: classes of its own, sent and looked at when they come back.

classes.py send PROTOCOL: one pickle to stdout. classes.py check PROTOCOL: the repr of the pickle on stdin.
"""
import collections, enum, pickle, sys, types

shop = types.ModuleType('shop')
sys.modules['shop'] = shop


def belongs(thing, name=None):
    thing.__module__ = 'shop'
    setattr(shop, name or thing.__name__, thing)
    return thing


@belongs
class Order:
    def __init__(self, id, parent=None):
        self.id, self.parent, self.me = id, parent, self

    def __repr__(self):
        return 'Order(%r, %r, %r)' % (self.id, self.parent, self.me is self)


@belongs
class Colour(enum.Enum):
    RED = 'red'
    BLUE = 'blue'


Point = belongs(collections.namedtuple('Point', 'x y'))


@belongs
class Slotted:
    __slots__ = ('a', 'b')

    def __repr__(self):
        return 'Slotted(%r, %r)' % (self.a, self.b)


@belongs
class OutOfStock(Exception):
    pass


@belongs
class Outer:
    class Inner:
        def __repr__(self):
            return 'Inner(%r)' % (self.__dict__,)


Outer.Inner.__module__ = 'shop'
Outer.Inner.__qualname__ = 'Outer.Inner'


@belongs
def resize(image):
    return image


def slotted():
    one = Slotted()
    one.a, one.b = 1, 'b'
    return one


value = [Order(1, Order(0)), Colour.RED, Point(1, 2.5), OutOfStock('nuts', 3), [resize, resize, (resize, 1)]]
protocol = int(sys.argv[2])
if protocol >= 2:
    value.append(slotted())
if protocol >= 4:
    inner = Outer.Inner()
    inner.n = 1
    value.append(inner)

if sys.argv[1] == 'send':
    sys.stdout.buffer.write(pickle.dumps(value, protocol))
else:
    got = pickle.loads(sys.stdin.buffer.read())
    assert got[4][0] is resize and got[1] is Colour.RED and got[3].args == ('nuts', 3), got
    assert type(got[2]) is Point, got
    sys.stdout.write('%r %r' % (got[0], got[5:]))
