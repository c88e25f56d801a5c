#!/usr/bin/env bash
# hydrant replay on streams that do one thing each, beside the codec and hydrant convert.
#
#   bench/replay/run.sh
#
# BYTES and ROUNDS say how much is read and how often.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
peers=${PEERS:-$root/.conformance/peers}
mkdir -p "$peers/replay"
export CGO_ENABLED=0
(cd "$root" && go build -o "$peers/replay/hydrant" ./cmd/hydrant)
go build -o "$peers/replay/codec" .
data=${BENCH_DATA:-$root/.conformance/bench}
test -f "$data/events.ndjson" || make -C "$root" bench-data BENCH_SETS=events
python3 measure.py --hydrant "$peers/replay/hydrant" --codec "$peers/replay/codec" --work "$peers/replay/work" \
	--events "$data/events.ndjson" --table "$data/events.struct" --bytes "${BYTES:-500000000}" --rounds "${ROUNDS:-5}"
