"""Times hydrant replay on streams that do one thing each, interleaved.

    measure.py --hydrant ./hydrant --codec ./codec --events events.ndjson --table events.struct --work DIR --rounds 5

Every round runs each program once, so that what else the machine does falls on all of them; the least of each counts. MB
are of the input. A run is pinned to its cores. Prints a Markdown table, and what the figures are held to.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

STREAM = {
    "DeliveryStreamName": "bench",
    "ExtendedS3DestinationConfiguration": {
        "RoleARN": "arn:aws:iam::123456789012:role/r",
        "BucketARN": "arn:aws:s3:::bench",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 300},
    },
}

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def stream(**more):
    s = json.loads(json.dumps(STREAM))
    s["ExtendedS3DestinationConfiguration"].update(more)
    return s


def processor(kind, **parameters):
    return {"Enabled": True, "Processors": [{"Type": kind, "Parameters": [
        {"ParameterName": k, "ParameterValue": v} for k, v in parameters.items()]}]}


def generate(path, size, record):
    if path.exists() and path.stat().st_size >= size:
        return
    rng, n = random.Random(1), 0
    lines = [record(rng, i) for i in range(20_000)]
    with open(path, "w") as f:
        while n < size:
            text = "".join(lines)
            f.write(text)
            n += len(text)


def row(rng, i):
    text = json.dumps({
        "id": i, "name": f"user-{rng.randrange(5000)}", "city": rng.choice(["Ulm", "Bonn", "Rom", "Oslo", "Turin"]),
        "amount": rng.randrange(10**6) / 100, "at": "2025-01-01 10:%02d:%02d.%03d" % (i // 60 % 60, i % 60, rng.randrange(1000)),
        "tags": [f"t{rng.randrange(100)}" for _ in range(4)], "text": "".join(rng.choice("abcdefgh ") for _ in range(300)),
    })
    return text + " " * max(499 - len(text), 0) + "\n"


def access(rng, i):
    return '%d.%d.%d.%d - - [22/Nov/2024:10:%02d:%02d +0000] "GET /item/%d?page=%d HTTP/1.1" %d %d "https://example.com/p/%d" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/132.0"\n' % (
        rng.randrange(1, 224), rng.randrange(256), rng.randrange(256), rng.randrange(256), i // 60 % 60, i % 60,
        rng.randrange(10**6), rng.randrange(20), rng.choice([200, 200, 200, 304, 404]), rng.randrange(10**5), rng.randrange(10**4))


def tenant(partitions):
    order = list(range(20_000))
    random.Random(2).shuffle(order)

    def record(rng, i):
        text = json.dumps({"tenant": f"t{order[i] % partitions:04d}", "type": rng.choice(["click", "view"]), "ts": 1735689600 + i % 3600,
                           "text": "".join(rng.choice("abcdefgh ") for _ in range(900))})
        return text + " " * max(1023 - len(text), 0) + "\n"
    return record


def run(command, cores, work, out):
    start = time.monotonic()
    p = subprocess.Popen(["taskset", "-c", cores, *map(str, command)], cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         env={**os.environ, "GOMAXPROCS": str(cores.count(",") + 1)})
    errors = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - start
    shutil.rmtree(out, ignore_errors=True)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{command}: {errors.decode()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--hydrant", required=True)
    a.add_argument("--codec", required=True, help="compresses a file and throws the result away")
    a.add_argument("--events", required=True, help="what is converted")
    a.add_argument("--table", required=True, help="a file with its struct<…>")
    a.add_argument("--work", required=True)
    a.add_argument("--out", default="/dev/shm" if os.path.isdir("/dev/shm") else None,
                   help="a folder that outputs are written to and deleted from; in memory, or a disk is measured, and how it makes thousands of files")
    a.add_argument("--bytes", type=int, default=500_000_000)
    a.add_argument("--rounds", type=int, default=5)
    o = a.parse_args()
    work = pathlib.Path(o.work)
    work.mkdir(parents=True, exist_ok=True)
    hydrant = pathlib.Path(o.hydrant).resolve()
    out = pathlib.Path(tempfile.mkdtemp(prefix="hydrant-bench-", dir=o.out or work))
    rows, logs = work / "rows.ndjson", work / "access.log"
    generate(rows, o.bytes, row)
    generate(logs, o.bytes, access)
    few, many = work / "tenants-100.ndjson", work / "tenants-5000.ndjson"
    generate(few, o.bytes, tenant(100))
    generate(many, o.bytes, tenant(5000))
    events, table = pathlib.Path(o.events).resolve(), pathlib.Path(o.table).read_text().strip()
    streams = {
        "plain": stream(),
        "gzip": stream(CompressionFormat="GZIP"),
        "lambda": stream(ProcessingConfiguration=processor("Lambda", LambdaArn=FUNCTION + ":$LATEST")),
        "partitions": stream(
            Prefix="!{partitionKeyFromQuery:tenant}/!{partitionKeyFromQuery:day}/", ErrorOutputPrefix="errors/",
            DynamicPartitioningConfiguration={"Enabled": True},
            ProcessingConfiguration=processor("MetadataExtraction", JsonParsingEngine="JQ-1.6",
                                              MetadataExtractionQuery='{tenant: .tenant, day: .ts | strftime("%Y-%m-%d")}')),
        "parquet": stream(DataFormatConversionConfiguration={
            "Enabled": True,
            "SchemaConfiguration": {"DatabaseName": "d", "TableName": "t", "Region": "us-east-1", "RoleARN": "arn:aws:iam::123456789012:role/r"},
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        }),
    }
    for name, s in streams.items():
        (work / f"{name}.json").write_text(json.dumps(s))

    def replay(name, file, *more):
        return [hydrant, "replay", "--quiet", "--input-format", "lines", "--rate", "100000/s", "--stream", f"{name}.json", "--out", out / "replay", *more, file]

    convert = [hydrant, "convert", "--quiet", "--schema", table, "--to", "parquet", "--out", f"{out}/convert/"]
    runs = {
        "pass-through, one core": (replay("plain", rows), "0"),
        "GZIP, one core": (replay("gzip", rows), "0"),
        "GZIP, two cores": (replay("gzip", rows), "0,1"),
        "the GZIP codec alone, one core": ([pathlib.Path(o.codec).resolve(), rows], "0"),
        "general in process, one core": (replay("lambda", rows, "--function", "f=builtin:general"), "0"),
        "apache-log-to-json in process, lines of 200 bytes, one core": (replay("lambda", logs, "--function", "f=builtin:apache-log-to-json"), "0"),
        "100 partitions, records of 1 KB, one core": (replay("partitions", few), "0"),
        "5,000 partitions, records of 1 KB, one core": (replay("partitions", many, "--active-partitions", "5000"), "0"),
        "Parquet conversion, records of 1 KB, one core": (replay("parquet", events, "--schema", table), "0"),
        "hydrant convert --to parquet, records of 1 KB, one core": ([*convert, events], "0"),
    }
    for f in (rows, logs, few, many, events):
        with open(f, "rb") as data:  # warm
            while data.read(1 << 24):
                pass
    best = {}
    for _ in range(o.rounds):
        for name, (command, cores) in runs.items():
            w, c, m = run(command, cores, work, out)
            b = best.setdefault(name, [w, c, m])
            b[0], b[1], b[2] = min(b[0], w), min(b[1], c), max(b[2], m)
    print(f"\n### Replays of {o.bytes / 1e6:.0f} MB, records of 500 bytes where nothing else is said, {o.rounds} rounds\n")
    print("| | wall s | CPU s | MB/s | MB/s by CPU | peak MB |\n|---|---|---|---|---|---|")
    speed = {}
    for name, (w, c, m) in best.items():
        size = (logs if "apache" in name else few if "partitions" in name else events if "1 KB" in name else rows).stat().st_size / 1e6
        speed[name] = size / w
        print(f"| {name} | {w:.2f} | {c:.2f} | {size / w:.0f} | {size / c:.0f} | {m:.0f} |")
    codec = speed["the GZIP codec alone, one core"]
    print(f"\nGZIP beside its codec on one core: {speed['GZIP, one core'] / codec:.2f} on one, {speed['GZIP, two cores'] / codec:.2f} on two; "
          f"conversion beside hydrant convert, by CPU: {best['hydrant convert --to parquet, records of 1 KB, one core'][1] / best['Parquet conversion, records of 1 KB, one core'][1]:.2f}"
          f"; 5,000 partitions beside 100: {best['5,000 partitions, records of 1 KB, one core'][0] / best['100 partitions, records of 1 KB, one core'][0]:.2f} times")


main()
