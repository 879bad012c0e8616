"""Sends random graphs of objects as pickles, gets them back as another program has written them, and compares.

graphs.py SEED COUNT: batches of pickles go to stdout, each as a u32 and its bytes, a batch as a u32 and its pickles; the
answers come on stdin in the same form. In the end 0 and one text: "ok", or what was wrong.
"""
import array, collections, datetime, decimal, fractions, math, pathlib, pickle, random, struct, sys, uuid

try:
    import zoneinfo
except ImportError:
    zoneinfo = None

SEED, COUNT = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(SEED)
BATCH = 250
PROTOCOLS = [p for p in range(6) if p <= pickle.HIGHEST_PROTOCOL]
Ordered, Default, Counter, deque = collections.OrderedDict, collections.defaultdict, collections.Counter, collections.deque
PIECES = ['', 'a', 'key', '__proto__', 'constructor', '\u00e9', '\u20ac', '\U0001f600', '\ud800', '\n', '\\', "'", '12', '0', 'x' * 30, '\x00']


def integer():
    return rng.choice([rng.randrange(-3, 300), rng.randrange(-2**17, 2**17), rng.randrange(-2**33, 2**33),
                       rng.choice([1, -1]) * (2**rng.randrange(30, 80) + rng.randrange(-2, 3)), rng.randrange(2**600)])


def text():
    return ''.join(rng.choice(PIECES) for _ in range(rng.randrange(4)))


def real():
    return rng.choice([0.0, -0.0, 1.0, 0.1, 1e300, -5e-324, math.inf, -math.inf, math.nan, 2.0**53, rng.random(), -rng.random() * 1e9])


def data():
    return bytes(rng.randrange(256) for _ in range(rng.choice([0, 1, 3, 10, 300])))


def zone():
    kinds = [None, datetime.timezone.utc, datetime.timezone(datetime.timedelta(minutes=rng.randrange(-1439, 1440))),
             datetime.timezone(datetime.timedelta(hours=1, seconds=3 if sys.version_info >= (3, 7) else 0), 'name')]
    if zoneinfo is not None:
        kinds.append(zoneinfo.ZoneInfo(rng.choice(['Europe/Berlin', 'America/New_York', 'UTC'])))
    return rng.choice(kinds)


def moment():
    return datetime.datetime(rng.choice([1, 1900, 1970, 2024, 9999]), rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24),
                             rng.randrange(60), rng.randrange(60), rng.choice([0, 1000, 999999, rng.randrange(10**6)]), zone(), fold=rng.choice([0, 0, 1]))


def moment_without_fold():
    return moment().replace(fold=0)


# what is equal when it comes back, and can be a key
ATOMS = [
    integer, integer, text, text, data, lambda: None, lambda: True, lambda: False,
    lambda: decimal.Decimal(rng.choice(['1.50', '-0', 'Infinity', '1E+50', '12345678901234567890.5'])),
    lambda: fractions.Fraction(rng.randrange(-50, 50), rng.randrange(1, 50)),
    lambda: uuid.UUID(int=rng.getrandbits(128)),
    lambda: datetime.date(rng.randrange(1, 9999), rng.randrange(1, 13), rng.randrange(1, 29)),
    lambda: datetime.timedelta(rng.randrange(-10**6, 10**6), rng.randrange(86400), rng.randrange(10**6)),
    lambda: complex(rng.choice([0.0, 1.5, -2.25]), rng.choice([0.0, -1.5])),
    lambda: pathlib.PurePosixPath(rng.choice(['/', '/a/b', 'a', '.', 'a/../b'])),
    lambda: pathlib.PureWindowsPath(rng.choice(['C:\\a', 'a\\b', '\\\\host\\share\\x'])),
    lambda: range(rng.randrange(-5, 5), rng.randrange(-5, 50), rng.choice([-1, 1, 3, 2**60])),
    lambda: Ellipsis, lambda: NotImplemented, moment_without_fold,
    lambda: datetime.time(rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.choice([0, 1, 999999]), rng.choice([None, datetime.timezone.utc])),
]
EXCEPTIONS = [ValueError, KeyError, TypeError, RuntimeError, Exception, ZeroDivisionError, StopIteration, LookupError]


def key(depth=0):
    choice = rng.random()
    if choice < 0.15 and depth < 3:
        return tuple(key(depth + 1) for _ in range(rng.randrange(5)))
    if choice < 0.2 and depth < 3:
        return frozenset(key(depth + 1) for _ in range(rng.randrange(4)))
    return rng.choice(ATOMS)()


def value(depth, made):
    """A value; `made` are the containers above and before, some of which come again."""
    choice = rng.random()
    if made and choice < 0.12:
        return rng.choice(made)
    if depth <= 0 or choice < 0.4:
        return rng.choice(ATOMS + [real, real])()
    count = rng.choice([0, 1, 2, 3, 5])
    below = lambda: value(depth - 1, made)
    kind = rng.randrange(17)
    if kind <= 2:
        new = []
        made.append(new)
        new.extend(below() for _ in range(count))
    elif kind <= 5:
        new = {}
        made.append(new)
        for _ in range(count):
            new[text()] = below()
    elif kind <= 7:
        new = {}
        made.append(new)
        for _ in range(count):
            new[key() if rng.random() < 0.7 else text()] = below()
    elif kind == 8:
        new = tuple(below() for _ in range(count))
        made.append(new)
    elif kind == 9:
        new = set(key() for _ in range(count))
        made.append(new)
    elif kind == 10:
        new = frozenset(key() for _ in range(count))
    elif kind == 11:
        new = Ordered()
        made.append(new)
        for _ in range(count):
            new[key()] = below()
    elif kind == 12:
        new = Default(rng.choice([None, int, list, dict, set, str, float, Ordered]))
        made.append(new)
        for _ in range(count):
            new[key()] = below()
    elif kind == 13:
        new = deque(maxlen=rng.choice([None, 10]))
        made.append(new)
        new.extend(below() for _ in range(count))
    elif kind == 14:
        new = rng.choice(EXCEPTIONS)(*[rng.choice(ATOMS)() for _ in range(rng.randrange(3))])
        made.append(new)
        if rng.random() < 0.3:
            new.extra = below()
    elif kind == 15:
        code = rng.choice('bBhHiIlLqQfd')
        new = array.array(code, [rng.randrange(100) for _ in range(count)])
        made.append(new)
    else:
        new = rng.choice([bytearray(data()), slice(integer(), below(), None), Counter(text()), moment()])
    return new


class Different(Exception):
    pass


class Comparison:
    def __init__(self):
        self.there, self.back, self.kept = {}, {}, []

    def same_place(self, a, b):
        """True when the pair was met before; identity has to agree both ways."""
        if id(a) in self.there or id(b) in self.back:
            if self.there.get(id(a)) != id(b) or self.back.get(id(b)) != id(a):
                raise Different('identity of %s' % type(a).__name__)
            return True
        self.there[id(a)], self.back[id(b)] = id(b), id(a)
        self.kept.append((a, b))
        return False

    def run(self, a, b):
        todo = [(a, b)]
        while todo:
            a, b = todo.pop()
            todo.extend(self.parts(a, b))

    def parts(self, a, b):
        kind = type(a)
        if kind is float:
            if type(b) not in (float, int) or (repr(a) != repr(float(b))):
                raise Different('%r %r' % (a, b))
            return []
        if kind is tuple:
            self.expect(list, b)
            if a == () or self.same_place(a, b):
                return []
            self.length(a, b)
            return list(zip(a, b))
        if kind in (list, deque):
            self.expect(kind, b)
            if self.same_place(a, b):
                return []
            self.length(a, b)
            if kind is deque and a.maxlen != b.maxlen:
                raise Different('maxlen')
            return list(zip(a, b))
        if kind in (dict, Ordered, Default, Counter):
            self.expect(kind, b)
            if self.same_place(a, b):
                return []
            self.length(a, b)
            if kind is Default and a.default_factory is not b.default_factory:
                raise Different('factory')
            if kind is Ordered and list(a) != list(b):
                raise Different('order')
            if any(type(x) is not str for x in a) and list(a) != list(b) and kind is not dict:
                raise Different('order')
            for k in a:
                if k not in b:
                    raise Different('key %r' % (k,))
            return [(a[k], b[k]) for k in a]
        if kind in (set, frozenset):
            self.expect(set, b)
            if a != b:
                raise Different('%r %r' % (a, b))
            return []
        if isinstance(a, Exception):
            self.expect(kind, b)
            if self.same_place(a, b):
                return []
            self.length(a.args, b.args)
            return list(zip(a.args, b.args)) + [(a.__dict__, b.__dict__)] if a.__dict__ else list(zip(a.args, b.args))
        if kind is bytearray:
            self.expect(bytes, b)
        elif kind is array.array:
            self.expect(kind, b)
        elif kind is slice:
            self.expect(kind, b)
            return [(a.start, b.start), (a.stop, b.stop), (a.step, b.step)]
        elif kind is decimal.Decimal or kind is complex:
            self.expect(kind, b)
            if repr(a) != repr(b):
                raise Different('%r %r' % (a, b))
            return []
        elif kind is datetime.datetime:
            self.expect(kind, b)
            if repr(a) != repr(b):
                raise Different('%r %r' % (a, b))
            return []
        else:
            self.expect(kind, b)
        if a != b:
            raise Different('%r %r' % (a, b))
        return []

    def expect(self, kind, b):
        if type(b) is not kind:
            raise Different('%s became %s' % (kind.__name__, type(b).__name__))

    def length(self, a, b):
        if len(a) != len(b):
            raise Different('length %d %d' % (len(a), len(b)))


def read(count):
    got = sys.stdin.buffer.read(count)
    if len(got) != count:
        sys.exit('the other end is gone')
    return got


def main():
    left = COUNT
    out = sys.stdout.buffer
    while left > 0:
        graphs = []
        while len(graphs) < min(BATCH, left):
            graph = value(rng.randrange(1, 5), [])
            protocol = rng.choice(PROTOCOLS)
            try:
                data = pickle.dumps(graph, protocol)
                # what this Python itself cannot read again, or says otherwise, is no question for us
                graph = pickle.loads(data)
            except Exception:
                continue
            graphs.append((graph, protocol, data))
        out.write(struct.pack('<I', len(graphs)) + b''.join(struct.pack('<I', len(data)) + data for _, _, data in graphs))
        out.flush()
        for graph, protocol, data in graphs:
            answer = read(struct.unpack('<I', read(4))[0])
            try:
                if answer[:1] != b'\x80':
                    raise Different(answer.decode('utf8', 'replace'))
                Comparison().run(graph, pickle.loads(answer))
            except Exception as error:
                return '%s, protocol %d: %s' % (ascii(error), protocol, data.hex()[:3000])
        left -= len(graphs)
    return 'ok'


result = main().encode()
sys.stdout.buffer.write(struct.pack('<II', 0, len(result)) + result)
sys.stdout.buffer.flush()
