"""Compares hydrant convert with DuckDB, Polars and pyarrow on one machine.

Every round runs each of them once, so that what else the machine does falls on all of them, every other one backwards, since
what runs behind a large process may pay for the memory that it gave back; of each the best round counts.
A run is a process of its own, pinned to its cores: wall and CPU seconds and the peak of resident memory are the
operating system's. At the end DuckDB reads what hydrant and itself have written, and finds the same values in the same rows. Prints a Markdown table.

    peers.py --hydrant ../hydrant --data DIR [--set events] [--cores 1] [--runs 5] [--only hydrant,duckdb]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def parse_struct(text):
    """struct<a:int,...> as ('struct', [(name, type)...])."""
    pos = 0

    def kind():
        nonlocal pos
        start = pos
        while pos < len(text) and text[pos] not in "<>,:":
            pos += 1
        name = text[start:pos]
        if pos == len(text) or text[pos] != "<":
            return name
        pos += 1
        parts = []
        while True:
            if name == "struct":
                start = pos
                pos = text.index(":", pos)
                field = text[start:pos]
                pos += 1
                parts.append((field, kind()))
            else:
                parts.append(kind())
            pos += 1
            if text[pos - 1] == ">":
                return (name, parts)

    return kind()


DUCKDB = {"string": "VARCHAR", "int": "INTEGER"}


def duckdb_type(t):
    if isinstance(t, str):
        return DUCKDB.get(t, t.upper())
    name, parts = t
    if name == "struct":
        return "STRUCT(" + ", ".join(f'"{n}" {duckdb_type(x)}' for n, x in parts) + ")"
    if name == "map":
        return f"MAP({duckdb_type(parts[0])}, {duckdb_type(parts[1])})"
    return duckdb_type(parts[0]) + "[]"


def run_duckdb(source, struct, out, cores):
    import duckdb

    columns = ", ".join(f"'{n}': '{duckdb_type(t)}'" for n, t in parse_struct(struct)[1])
    db = duckdb.connect()
    db.execute(f"SET threads = {cores}")
    db.execute(
        f"COPY (SELECT * FROM read_json('{source}', format = 'newline_delimited', columns = {{{columns}}})) "
        f"TO '{out}' (FORMAT parquet, COMPRESSION snappy)"
    )


def run_polars(source, struct, out, cores):
    import polars

    polars.scan_ndjson(source, infer_schema_length=1000).sink_parquet(out, compression="snappy")


def run_pyarrow(source, struct, out, cores):
    import pyarrow
    import pyarrow.json
    import pyarrow.parquet

    pyarrow.set_cpu_count(cores)
    options = pyarrow.json.ReadOptions(use_threads=cores > 1, block_size=8 << 20)
    pyarrow.parquet.write_table(pyarrow.json.read_json(source, options), out, compression="snappy")


def summaries(path, struct):
    """Of each column: values that aren't null, least, greatest, sum, and a hash of what stands in which row."""
    import duckdb

    db = duckdb.connect()
    db.execute("SET memory_limit = '4GB'")
    names, parts = [], ["count(*)"]
    for name, t in parse_struct(struct)[1]:
        x = f'CAST("{name}" AS {duckdb_type(t)})'
        total = "NULL"
        if t in ("float", "double"):
            total = f"round(fsum({x}), 3)"  # in whatever order
        elif t in ("tinyint", "smallint", "int", "bigint") or isinstance(t, str) and t.startswith("decimal"):
            total = f"sum({x})::VARCHAR"
        parts += [f"count({x})", f"min({x})::VARCHAR", f"max({x})::VARCHAR", total,
                  f"sum(hash({x}, file_row_number)::HUGEINT)"]
        names.append(name)
    row = db.execute(f"SELECT {', '.join(parts)} FROM read_parquet('{path}', file_row_number = true)").fetchone()
    return {"rows": row[0], **{n: row[1 + 5 * i : 6 + 5 * i] for i, n in enumerate(names)}}


def compare(ours, theirs, struct):
    """Fails unless both files hold the same values in the same rows."""
    a, b = summaries(ours, struct), summaries(theirs, struct)
    wrong = [k for k in a if a[k] != b[k]]
    for k in wrong:
        print(f"{k}: {a[k]} in {ours}, {b[k]} in {theirs}", file=sys.stderr)
    if wrong:
        raise SystemExit(f"{len(wrong)} columns differ")
    print(f"\n{ours} and {theirs}: {a['rows']} rows, the same values in {len(a) - 1} columns")


def version(name):
    import importlib

    return importlib.import_module(name).__version__


def measure(command, cores):
    command = ["taskset", "-c", ",".join(str(i) for i in range(cores))] + command
    env = dict(os.environ, POLARS_MAX_THREADS=str(cores), OMP_NUM_THREADS=str(cores))
    start = time.monotonic()
    p = subprocess.Popen(command, env=env)
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - start
    p.returncode = status
    if status:
        raise SystemExit(f"failed with {status}: {' '.join(command[:8])}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--hydrant", default="../hydrant")
    a.add_argument("--data", required=True)
    a.add_argument("--set", default="events")
    a.add_argument("--cores", type=int, default=1)
    a.add_argument("--runs", type=int, default=5)
    a.add_argument("--only", default="")
    a.add_argument("--gzip", action="store_true", help="from .ndjson.gz; hydrant only, beside inflating alone")
    a.add_argument("--json", action="store_true", help="every run as a line of JSON")
    a.add_argument("--run", help=argparse.SUPPRESS)
    o = a.parse_args()

    source = os.path.join(o.data, o.set + ".ndjson") + (".gz" if o.gzip else "")
    struct = open(os.path.join(o.data, o.set + ".struct")).read().strip()
    out = os.path.join(o.data, "out.")
    if o.run:
        globals()["run_" + o.run](source, struct, out + o.run, o.cores)
        return

    def hydrant(name, *options):
        return [o.hydrant, "convert", "--quiet", "--schema", struct, "--jobs", str(o.cores), "--out", out + name, *options, source]

    dictionary = "EnableDictionaryCompression=true"
    commands = {
        # groups of about 122,880 rows of events, as DuckDB's
        "hydrant": hydrant("hydrant", "--to", "parquet", "--option", dictionary, "--memory", "64MiB"),
        "hydrant-large-groups": hydrant("hydrant-large-groups", "--to", "parquet", "--option", dictionary),
        "hydrant-defaults": hydrant("hydrant-defaults", "--to", "parquet"),
        "hydrant-hive": hydrant("hydrant-hive", "--to", "parquet", "--option", dictionary, "--memory", "64MiB", "--deserializer", "hive"),
        "hydrant-orc": hydrant("hydrant-orc", "--to", "orc"),
    }
    names = {"hydrant": subprocess.run([o.hydrant, "version"], capture_output=True, text=True).stdout.strip()}
    if o.gzip:
        commands = {k: commands[k] for k in ("hydrant", "hydrant-defaults")}
        commands["inflate"] = [o.hydrant, "cat", source]
    else:
        for peer in ("duckdb", "polars", "pyarrow"):
            try:
                names[peer] = version(peer)
            except ImportError:
                print(f"{peer} isn't installed: left out", file=sys.stderr)
                continue
            commands[peer] = [sys.executable, __file__, "--data", o.data, "--set", o.set, "--cores", str(o.cores), "--run", peer]
    only = o.only.split(",") if o.only else list(commands)
    commands = {k: v for k, v in commands.items() if k in only}

    with open(source, "rb") as f:  # warm
        while f.read(1 << 24):
            pass
    runs = {}
    for i in range(o.runs):
        for name, command in list(commands.items())[::-1 if i % 2 else 1]:
            sink = open(os.devnull, "w") if name == "inflate" else None
            if sink:
                stdout = os.dup(1)
                os.dup2(sink.fileno(), 1)
            wall, cpu, rss = measure(command, o.cores)
            if sink:
                os.dup2(stdout, 1)
            if o.json:
                print(json.dumps({"name": name, "wall": wall, "cpu": cpu, "rss": rss}), flush=True)
            for run, x in zip(runs.setdefault(name, ([], [], [])), (wall, cpu, rss)):
                run.append(x)
    best = {name: (min(wall), min(cpu), max(rss)) for name, (wall, cpu, rss) in runs.items()}
    middle = {name: (statistics.median(wall), statistics.median(cpu)) for name, (wall, cpu, _) in runs.items()}

    if "duckdb" in best:
        for name in best:
            if name.startswith("hydrant") and "orc" not in name:
                compare(out + name, out + "duckdb", struct)

    size = os.path.getsize(source)
    print(f"\n{o.set}: {size / 1e6:.0f} MB{' (gzip)' if o.gzip else ''}, {o.cores} core(s), best of {o.runs} interleaved runs; ", end="")
    print(", ".join(f"{k} {v}" for k, v in names.items()) + "\n")
    print("| | wall s | MB/s | CPU s | peak RSS MB | file MB | row groups |\n|---|---|---|---|---|---|---|")
    for name, (wall, cpu, rss) in best.items():
        written, groups = "", ""
        if os.path.exists(out + name):
            written = f"{os.path.getsize(out + name) / 1e6:.0f}"
            if "orc" not in name:
                try:
                    import pyarrow.parquet

                    groups = pyarrow.parquet.read_metadata(out + name).num_row_groups
                except ImportError:
                    pass
        print(f"| {name} | {wall:.2f} | {size / 1e6 / wall:.0f} | {cpu:.2f} | {rss:.0f} | {written} | {groups} |")
    if "duckdb" in best and "hydrant" in best:
        for k in best:
            if k.startswith("hydrant"):
                by = [(x["duckdb"][0] / x[k][0], x["duckdb"][1] / x[k][1]) for x in (best, middle)]
                print("\n%s: %.2f × DuckDB by wall time, %.2f × by CPU time; by medians %.2f × and %.2f ×" % (k, *by[0], *by[1]))


if __name__ == "__main__":
    main()
