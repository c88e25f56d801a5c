#!/usr/bin/env bash
# JSON to ORC beside chdb, pyarrow, ORC Java fed by Jackson, and orc-tools; encoding alone beside pyarrow.
#
#   bench/orc/run.sh [flags of peers.py, such as --only chdb]
#
# BYTES and RUNS say how much is read and how often; HYDRANT is a command that is built already.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
peers=${PEERS:-$root/.conformance/peers}
data=${BENCH_DATA:-$root/.conformance/bench}
bytes=${BYTES:-500000000}
tools=orc-tools-2.1.2-uber.jar
out=$peers/orc
mkdir -p "$out/files" "$data"

hydrant=${HYDRANT:-$out/hydrant}
test -n "${HYDRANT:-}" || (cd "$root" && CGO_ENABLED=0 go build -o "$hydrant" ./cmd/hydrant)
versions=("hydrant $(git -C "$root" rev-parse --short HEAD)$(git -C "$root" diff --quiet HEAD -- '*.go' || echo ' with changes')" "$(go version | cut -d' ' -f3)")

# The data set of the other benchmarks, or one of another size.
file=$data/events.ndjson
test "$bytes" = 500000000 || file=$data/events-$bytes.ndjson
if [ ! -f "$file" ]; then
	(cd .. && go run ./generate -set events -bytes "$bytes") >"$file.part"
	mv "$file.part" "$file"
fi
schema=$(cd .. && go run ./generate -set events -schema)

venv=$peers/venv
test -x "$venv/bin/python" || "${PYTHON:-python3}" -m venv "$venv"
test -f "$venv/orc.ok" || { "$venv/bin/pip" install -q chdb pyarrow && touch "$venv/orc.ok"; }
versions+=("$("$venv/bin/pip" list 2>/dev/null | awk '$1 == "chdb" || $1 == "chdb-core" || $1 == "pyarrow" { printf "%s%s %s", sep, $1, $2; sep = ", " }')")

java=()
if command -v mvn >/dev/null && command -v java >/dev/null; then
	cp -rp java "$out/"
	test "$out/java/target/jackson-orc.jar" -nt java/src/main/java/JacksonOrc.java || (cd "$out/java" && nice -n 15 mvn -q -B package)
	test -f "$out/$tools" || nice -n 15 mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
		-Dartifact=org.apache.orc:orc-tools:2.1.2:jar:uber -DoutputDirectory="$out"
	java=(--java "$out/java/target/jackson-orc.jar:$out/java/target/lib/*" --tools "$out/$tools")
	versions+=("orc-core and orc-tools 2.1.2" "$(java -version 2>&1 | sed -n 1p)")
else
	echo "no mvn and java: the Jackson program and orc-tools are left out" >&2
fi

# Encoding alone has the data set where make bench-data puts it.
encode=()
if [ "$file" = "$root/.conformance/bench/events.ndjson" ]; then
	(cd "$root" && go test -c -o "$out/encode.test" ./convert/orc)
	encode=(--encode "$out/encode.test")
	test -f "${file%.ndjson}.struct" || echo "$schema" >"${file%.ndjson}.struct"
fi

printf '\n### JSON to ORC, one core\n\n'
(IFS=,; printf '%s\n\n' "${versions[*]}" | sed 's/, */, /g')
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" peers.py --hydrant "$hydrant" --data "$file" --schema "$schema" --out "$out/files" "${java[@]}" "${encode[@]}" \
	--runs "${RUNS:-5}" --core "${CORE:-0}" "$@"
