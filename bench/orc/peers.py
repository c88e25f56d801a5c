"""Compares hydrant convert --to orc with chdb, pyarrow, a Jackson program and orc-tools.

Every round runs each of them once, so that what else the machine does falls on all of them; of each the best round
counts. A run is a process of its own, pinned to one core: wall and CPU seconds and the peak of resident memory are the
operating system's. All files are SNAPPY. Prints a Markdown table.

    peers.py --hydrant ./hydrant --data events.ndjson --schema 'struct<...>' --out DIR [--java CLASSPATH] [--tools JAR] [--runs 5]

With --encode, the tests of convert/orc as a program, it also compares encoding alone: columns that are in memory.
"""

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CLICKHOUSE = {
    "string": "String", "boolean": "Bool", "tinyint": "Int8", "smallint": "Int16", "int": "Int32", "bigint": "Int64",
    "float": "Float32", "double": "Float64", "timestamp": "DateTime64(3, 'UTC')",
}  # fmt: skip


def peers():
    """The module beside, for its reader of schemas."""
    spec = importlib.util.spec_from_file_location("peers", os.path.join(HERE, "..", "peers.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def clickhouse_type(t, key=False):
    if isinstance(t, str):
        return CLICKHOUSE[t] if key else f"Nullable({CLICKHOUSE[t]})"
    name, parts = t
    if name == "struct":
        return "Tuple(" + ", ".join(f"`{n}` {clickhouse_type(x)}" for n, x in parts) + ")"
    if name == "map":
        return f"Map({clickhouse_type(parts[0], True)}, {clickhouse_type(parts[1])})"
    return f"Array({clickhouse_type(parts[0])})"


def run_chdb(source, struct, out, dictionary):
    import chdb

    columns = ", ".join(f"`{n}` {clickhouse_type(t)}" for n, t in peers().parse_struct(struct)[1])
    columns = columns.replace("'", "\\'")
    settings = ["max_threads = 1", "engine_file_truncate_on_insert = 1", "output_format_orc_compression_method = 'snappy'"]
    if dictionary:
        settings.append("output_format_orc_dictionary_key_size_threshold = 0.8")
    chdb.query(
        f"INSERT INTO FUNCTION file('{out}', 'ORC', '{columns}') "
        f"SELECT * FROM file('{source}', 'JSONEachRow', '{columns}') SETTINGS {', '.join(settings)}"
    )


def run_pyarrow(source, struct, out, dictionary):
    import pyarrow
    import pyarrow.json
    import pyarrow.orc

    pyarrow.set_cpu_count(1)
    # It takes times with fractions for text unless it is told, and has no maps: theirs become structs.
    times = [(n, pyarrow.timestamp("ns")) for n, t in peers().parse_struct(struct)[1] if t == "timestamp"]
    table = pyarrow.json.read_json(
        source,
        pyarrow.json.ReadOptions(use_threads=False, block_size=8 << 20),
        pyarrow.json.ParseOptions(explicit_schema=pyarrow.schema(times)),
    )
    more = {"dictionary_key_size_threshold": 0.8} if dictionary else {}
    pyarrow.orc.write_table(table, out, compression="snappy", **more)


def run_encode(source, struct, out, dictionary):
    """Prints the CPU seconds of writing the first rows of a file of ours, and the bytes they take. out is how many rows."""
    import pyarrow.orc

    table = pyarrow.orc.ORCFile(source).read().slice(0, int(out)).combine_chunks()
    more = {"dictionary_key_size_threshold": 0.8} if dictionary else {}
    best = float("inf")
    for _ in range(3):
        sink = pyarrow.BufferOutputStream()
        start = time.process_time()
        pyarrow.orc.write_table(table, sink, compression="snappy", **more)
        best = min(best, time.process_time() - start)
    print(best, len(sink.getvalue()))


def encode(o, own):
    """Encoding alone, a process each in every round: prints MB of the JSON that the columns came from for each CPU second."""

    def run(command, **more):
        return subprocess.run(["taskset", "-c", str(o.core), *command], stdout=subprocess.PIPE, text=True, check=True, **more).stdout

    best, sizes, rows, size = {}, {}, 0, 0
    for _ in range(o.runs):
        bench = [o.encode, "-test.run", "^$", "-test.bench", "Set/events/SNAPPY", "-test.benchtime", "3x"]
        text = run(bench, cwd=os.path.join(HERE, "../../convert/orc"), env=dict(os.environ, GOMAXPROCS="1"))
        line = next(x for x in text.splitlines() if "MB/cpu-s" in x).split()
        value = {unit: float(x) for x, unit in zip(line, line[1:]) if unit in ("MB/cpu-s", "bytes", "rows")}
        if not size:
            rows = int(value["rows"])
            with open(o.data, "rb") as f:
                size = sum(len(next(f)) for _ in range(rows)) / 1e6
        name = "hydrant"
        best[name], sizes[name] = max(best.get(name, 0), value["MB/cpu-s"]), value["bytes"]
        for name in ("pyarrow", "pyarrow + dictionaries"):
            command = [sys.executable, __file__, "--run", "encode", "--data", own, "--schema", "", "--out", str(rows)]
            command += ["--dictionary"] if "+" in name else []
            seconds, n = run(command).split()
            best[name], sizes[name] = max(best.get(name, 0), size / float(seconds)), float(n)
    print(f"\n{rows} rows of columns in memory to bytes, {size:.0f} MB as JSON, SNAPPY, {o.runs} interleaved rounds, the best of each.\n")
    print("| | MB per CPU s | file MB | × |")
    print("|---|---|---|---|")
    for name, x in best.items():
        print(f"| {name} | {x:.0f} | {sizes[name] / 1e6:.1f} | {best['hydrant'] / x:.2f} |")


def measure(command, core):
    """Wall and CPU seconds, and the peak of resident memory in MB."""
    # What a process had before exec counts as its own: a small one in between keeps this one's memory out of it.
    between, report = [], None
    if shutil.which("time"):
        report = tempfile.NamedTemporaryFile()
        between = [shutil.which("time"), "-f", "%M", "-o", report.name]
    start = time.monotonic()
    p = subprocess.Popen(["taskset", "-c", str(core), *between, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        raise SystemExit(f"ended with {p.returncode}: {' '.join(command[:8])}\n{errors.decode(errors='replace')[-2000:]}")
    peak = float(report.read().split()[-1]) if report else usage.ru_maxrss
    return wall, usage.ru_utime + usage.ru_stime, peak / 1024


def same_columns(expected, got, rows=10_000):
    """How many columns have the same values in the first rows, and the names of those that haven't."""
    import pyarrow.orc

    a, b = (pyarrow.orc.ORCFile(f).read_stripe(0) for f in (expected, got))
    rows = min(rows, a.num_rows, b.num_rows)
    others = []
    for name in a.schema.names:
        x, y = (t.column(t.schema.get_field_index(name)).slice(0, rows).to_pylist() for t in (a, b))
        if x != y:
            others.append(name)
    return a.num_columns - len(others), others


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--hydrant")
    a.add_argument("--data", required=True)
    a.add_argument("--schema", required=True)
    a.add_argument("--out", required=True)
    a.add_argument("--java", help="class path with JacksonOrc")
    a.add_argument("--tools", help="the jar of orc-tools")
    a.add_argument("--encode", help="the tests of convert/orc as a program")
    a.add_argument("--runs", type=int, default=5)
    a.add_argument("--core", type=int, default=0)
    a.add_argument("--only", default="", help="names, separated by commas")
    a.add_argument("--run", help=argparse.SUPPRESS)
    a.add_argument("--dictionary", action="store_true", help=argparse.SUPPRESS)
    o = a.parse_args()
    if o.run:
        globals()["run_" + o.run](o.data, o.schema, o.out, o.dictionary)
        return

    def path(name):
        return os.path.join(o.out, name.replace(" ", "") + ".orc")

    def library(peer, name, *options):
        return [sys.executable, __file__, "--data", o.data, "--schema", o.schema, "--out", path(name), "--run", peer, *options]

    # orc-tools knows JSON by the name of the file.
    source = os.path.join(o.out, "data.json")
    if os.path.lexists(source):
        os.remove(source)
    os.symlink(os.path.abspath(o.data), source)
    java = ["java", "-Xmx512m"]
    commands = {
        "hydrant": [o.hydrant, "convert", "--quiet", "--jobs", "1", "--schema", o.schema, "--to", "orc", "--out", path("hydrant"), o.data]
    }
    for peer in ("chdb", "pyarrow"):
        if importlib.util.find_spec(peer):
            commands[peer] = library(peer, peer)
            commands[peer + " + dictionaries"] = library(peer, peer + " + dictionaries", "--dictionary")
        else:
            print(f"{peer} isn't installed: left out", file=sys.stderr)
    if o.java:
        commands["ORC Java + Jackson"] = [*java, "-cp", o.java, "JacksonOrc", o.schema, o.data, path("ORC Java + Jackson")]
    if o.tools:
        commands["orc-tools convert"] = [
            *java, "-jar", o.tools, "-D", "orc.compress=SNAPPY", "convert", "-O", "-s", o.schema,
            "-t", "yyyy-MM-dd HH:mm:ss.SSS", "-o", path("orc-tools convert"), source,
        ]  # fmt: skip
    if o.only:
        commands = {k: v for k, v in commands.items() if k in ("hydrant", *o.only.split(","))}

    with open(o.data, "rb") as f:  # warm
        while f.read(1 << 24):
            pass
    runs = {name: [] for name in commands}
    for _ in range(o.runs):
        for name, command in commands.items():
            runs[name].append(measure(command, o.core))

    size = os.path.getsize(o.data) / 1e6
    best = {name: [min(r[0] for r in rs), min(r[1] for r in rs), max(r[2] for r in rs)] for name, rs in runs.items()}
    median = {name: statistics.median(r[0] for r in rs) for name, rs in runs.items()}
    own = best["hydrant"]
    print(f"{size:.0f} MB, one core, SNAPPY, {o.runs} interleaved rounds, the best of each; ratios are of hydrant to the peer.\n")
    print("| | wall s | MB/s | CPU s | peak RSS MB | file MB | rows | stripes | same columns | best × | median × | CPU × |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name, (wall, cpu, rss) in best.items():
        rows = stripes = same = "–"
        try:
            import pyarrow.orc

            f = pyarrow.orc.ORCFile(path(name))
            rows, stripes = f.nrows, f.nstripes
            count, others = same_columns(path("hydrant"), path(name))
            same = ", ".join([str(count), *(f"not {n}" for n in others)])
        except ImportError:
            pass
        print(
            f"| {name} | {wall:.2f} | {size / wall:.0f} | {cpu:.2f} | {rss:.0f} | {os.path.getsize(path(name)) / 1e6:.1f} | {rows} | {stripes} | {same} "
            f"| {wall / own[0]:.2f} | {median[name] / median['hydrant']:.2f} | {cpu / own[1]:.2f} |"
        )
    if o.encode and importlib.util.find_spec("pyarrow"):
        encode(o, path("hydrant"))


if __name__ == "__main__":
    main()
