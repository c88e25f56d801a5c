"""Times programs beside each other on one file.

Every round runs each of them once, so that what else the machine does falls on all of them. A run is a process of its
own, pinned to one core; wall and CPU seconds and the peak of resident memory are the operating system's. The output of
each is compared with the first's. Prints a Markdown table.

    measure.py --file records.ndjson --rounds 5 --core 0 'hydrant=./jq QUERY FILE' 'jq=jq -c QUERY FILE'
"""

import argparse
import hashlib
import os
import shlex
import shutil
import statistics
import subprocess
import tempfile
import time


def measure(command, core):
    """Wall and CPU seconds, and the peak of resident memory in MB."""
    # What a process had before exec counts as its own: a small one in between keeps this one's memory out of it.
    between, report = [], None
    if shutil.which("time"):
        report = tempfile.NamedTemporaryFile()
        between = [shutil.which("time"), "-f", "%M", "-o", report.name]
    start = time.monotonic()
    p = subprocess.Popen(["taskset", "-c", str(core), *between, *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        raise SystemExit(f"ended with {p.returncode}: {' '.join(command)}")
    peak = float(report.read().split()[-1]) if report else usage.ru_maxrss
    return wall, usage.ru_utime + usage.ru_stime, peak / 1024


def digest(command):
    h = hashlib.sha256()
    p = subprocess.Popen(command, stdout=subprocess.PIPE)
    while block := p.stdout.read(1 << 16):
        h.update(block)
    p.wait()
    return h.hexdigest()


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--file", required=True)
    a.add_argument("--sample", required=True, help="a shorter file, whose output is compared")
    a.add_argument("--query", required=True)
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--core", type=int, default=0)
    a.add_argument("programs", nargs="+", metavar="NAME=COMMAND", help="QUERY and FILE stand for themselves")
    o = a.parse_args()

    def command(text, file):
        return [{"QUERY": o.query, "FILE": file}.get(word, word) for word in shlex.split(text)]

    programs = dict(p.split("=", 1) for p in o.programs)
    digests = {name: digest(command(text, o.sample)) for name, text in programs.items()}
    with open(o.file, "rb") as f:  # warm
        while f.read(1 << 24):
            pass
    runs = {name: [] for name in programs}
    for _ in range(o.rounds):
        for name, text in programs.items():
            runs[name].append(measure(command(text, o.file), o.core))

    size = os.path.getsize(o.file) / 1e6
    first = next(iter(programs))
    best = {name: [min(r[0] for r in rs), min(r[1] for r in rs), max(r[2] for r in rs)] for name, rs in runs.items()}
    median = {name: statistics.median(r[0] for r in rs) for name, rs in runs.items()}
    print(f"{size:.0f} MB, one core, {o.rounds} interleaved rounds, the best of each; ratios are of {first} to the peer.\n")
    print("| | wall s | MB/s | CPU s | peak RSS MB | output | best × | median × | CPU × |\n|---|---|---|---|---|---|---|---|---|")
    for name, (wall, cpu, rss) in best.items():
        same = "the same" if digests[name] == digests[first] else "other"
        print(
            f"| {name} | {wall:.2f} | {size / wall:.0f} | {cpu:.2f} | {rss:.0f} | {same} "
            f"| {wall / best[first][0]:.2f} | {median[name] / median[first]:.2f} | {cpu / best[first][1]:.2f} |"
        )


if __name__ == "__main__":
    main()
