#!/usr/bin/env bash
# A partition query of three keys, one by strftime, beside jq 1.6, jaq and gojq.
#
#   bench/jq/run.sh
#
# BYTES and ROUNDS say how much is read and how often.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
peers=${PEERS:-$root/.conformance/peers}
bytes=${BYTES:-100000000}
query='{customer_id: .customer_id, device: .type.device, day: (.event_timestamp|strftime("%Y-%m-%d"))}'
# The newest release whose modules can all be had.
gojq=v0.12.19
mkdir -p "$peers/jq"

export CGO_ENABLED=0
go build -o "$peers/jq/hydrant" .
file=$peers/jq/records-$bytes.ndjson
if [ ! -f "$file" ]; then
	go run ./generate -bytes "$bytes" >"$file.part"
	mv "$file.part" "$file"
fi
sample=$peers/jq/sample.ndjson
go run ./generate -bytes 1000000 >"$sample"

programs=("hydrant=$peers/jq/hydrant QUERY FILE" "hydrant, complete evaluator=$peers/jq/hydrant -run QUERY FILE")
versions=("hydrant $(git -C "$root" rev-parse --short HEAD)$(git -C "$root" diff --quiet HEAD -- '*.go' || echo ' with changes')" "$(go version | cut -d' ' -f3)")

if command -v jq >/dev/null; then
	programs+=("jq=jq -c QUERY FILE")
	versions+=("$(jq --version)")
else
	echo "no jq: it is left out" >&2
fi

if [ ! -x "$peers/jaq/bin/jaq" ] && command -v cargo >/dev/null; then
	nice -n 15 cargo install --quiet --locked --root "$peers/jaq" jaq
fi
if [ -x "$peers/jaq/bin/jaq" ]; then
	programs+=("jaq=$peers/jaq/bin/jaq -c QUERY FILE")
	versions+=("$("$peers/jaq/bin/jaq" --version)")
else
	echo "no cargo: jaq is left out" >&2
fi

test -x "$peers/bin/gojq" || GOBIN=$peers/bin nice -n 15 go install "github.com/itchyny/gojq/cmd/gojq@$gojq"
programs+=("gojq=$peers/bin/gojq -c QUERY FILE")
versions+=("$("$peers/bin/gojq" --version | cut -d' ' -f1,2)")

printf '\n### Three partition keys from records of a kilobyte, one core\n\n    %s\n\n' "$query"
(IFS=,; printf '%s\n\n' "${versions[*]}" | sed 's/,/, /g')
python3 measure.py --file "$file" --sample "$sample" --query "$query" --rounds "${ROUNDS:-5}" --core "${CORE:-0}" "${programs[@]}"
