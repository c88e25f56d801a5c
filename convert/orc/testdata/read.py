"""Prints "crc32 rows file" for each ORC file: the rows that pyarrow (ORC C++) reads, as canonical NDJSON."""
import base64, datetime, decimal, sys, zlib
import numpy, pyarrow as pa, pyarrow.orc

decimal.getcontext().prec = 60
EPOCH = datetime.datetime(1970, 1, 1)


def quote(s):
    out = ['"']
    for c in s:
        n = ord(c)
        if c in '"\\':
            out.append("\\" + c)
        elif n < 0x20:
            out.append({"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(c, "\\u%04x" % n))
        else:
            out.append(c)
    return "".join(out) + '"'


def number(v, single):
    if v != v:
        return '"NaN"'
    if v in (float("inf"), float("-inf")):
        return '"Infinity"' if v > 0 else '"-Infinity"'
    x = numpy.float32(v) if single else numpy.float64(v)
    a = abs(x)
    low, high = (numpy.float32(1e-6), numpy.float32(1e21)) if single else (1e-6, 1e21)
    if a != 0 and (a < low or a >= high):
        m, e = numpy.format_float_scientific(x, unique=True, trim="-").split("e")
        return m + "e" + e[0] + e[1:].lstrip("0")
    return numpy.format_float_positional(x, unique=True, trim="-")


def text(t, v):
    """Canonical text of a value of arrow type t as to_pylist gives it."""
    if v is None:
        return "null"
    if pa.types.is_boolean(t):
        return "true" if v else "false"
    if pa.types.is_integer(t):
        return str(v)
    if pa.types.is_floating(t):
        return number(v, pa.types.is_float32(t))
    if pa.types.is_decimal(t):
        s = format(v, "f")
        s = s.rstrip("0").rstrip(".") if "." in s else s
        return "0" if s in ("-0", "") else s
    if pa.types.is_string(t):
        return quote(v)
    if pa.types.is_binary(t):
        return quote(base64.b64encode(v).decode())
    if pa.types.is_date(t):
        return quote(v.isoformat())
    if pa.types.is_timestamp(t):  # cast to int64 before: nanoseconds
        sec, nanos = divmod(v, 10**9)
        s = (EPOCH + datetime.timedelta(seconds=sec)).isoformat(" ")
        return quote(s + (".%09d" % nanos).rstrip("0") if nanos else s)
    if pa.types.is_list(t):
        return "[" + ",".join(text(t.value_type, x) for x in v) + "]"
    if pa.types.is_map(t):
        def key(k):
            s = text(t.key_type, k)
            return s if s[0] == '"' else quote(s)
        return "{" + ",".join(key(k) + ":" + text(t.item_type, x) for k, x in v) + "}"
    if pa.types.is_struct(t):
        return "{" + ",".join(quote(f.name) + ":" + text(f.type, v[f.name]) for f in t) + "}"
    raise TypeError(t)


def plain(t):
    """Type t with int64 for timestamps, whose nanoseconds Python's datetime doesn't hold."""
    if pa.types.is_timestamp(t):
        return pa.int64()
    if pa.types.is_list(t):
        return pa.list_(t.value_field.with_type(plain(t.value_type)))
    if pa.types.is_map(t):
        return pa.map_(plain(t.key_type), plain(t.item_type))
    if pa.types.is_struct(t):
        return pa.struct([f.with_type(plain(f.type)) for f in t])
    return t


def view(a):
    """Array a with its timestamps as int64."""
    t = a.type
    if pa.types.is_timestamp(t):
        return a.view(pa.int64())
    if pa.types.is_list(t):
        return pa.ListArray.from_arrays(a.offsets, view(a.values), mask=a.is_null())
    if pa.types.is_map(t):
        return pa.MapArray.from_arrays(a.offsets, view(a.keys), view(a.items), mask=a.is_null())
    if pa.types.is_struct(t):
        return pa.StructArray.from_arrays([view(a.field(i)) for i in range(t.num_fields)], names=[f.name for f in t], mask=a.is_null())
    return a


def rows(table):
    columns = []
    for f, c in zip(table.schema, table.columns):
        t = f.type
        values = [x for chunk in c.chunks for x in view(chunk).to_pylist()]
        columns.append([quote(f.name) + ":" + text(t, x) for x in values])
    return ["{" + ",".join(r) + "}\n" for r in zip(*columns)]


bad = 0
for path in sys.argv[1:]:
    try:
        lines = rows(pyarrow.orc.ORCFile(path).read())
        print("%08x %d %s" % (zlib.crc32("".join(lines).encode()), len(lines), path))
    except Exception as e:
        bad = 1
        print(path, repr(e), file=sys.stderr)
sys.exit(bad)
