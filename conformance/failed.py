"""Compares error lines of a replay with the input: each line whose size is "-", with its original bytes, in order."""
import base64, glob, gzip, json, re, sys

out, log = sys.argv[1:3]
size = re.compile(rb'^[\d.]+ \S+ \S+ \[[^\]]*\] ".*?" \d{3} \d+')
with gzip.open(log, "rb") as f:
    want = [l for l in f.read().split(b"\n") if l and not size.match(l)]
got = []
for name in sorted(glob.glob(out + "/**/processing-failed/**/*", recursive=True)):
    try:
        text = open(name).read()
    except IsADirectoryError:
        continue
    assert "." not in name.rsplit("/", 1)[1], name  # no extension
    for l in text.splitlines():
        e = json.loads(l)
        assert list(e) == ["rawData", "errorCode", "errorMessage", "attemptsMade", "arrivalTimestamp", "attemptEndingTimestamp", "lambdaARN"], list(e)
        assert e["errorCode"] == "Lambda.ProcessingFailedStatus" and e["attemptsMade"] == 1, e
        got.append(base64.b64decode(e["rawData"]))
assert len(want) == 669 and got == want, (len(want), len(got))
print(f"{len(got)} failed lines have their original bytes")
