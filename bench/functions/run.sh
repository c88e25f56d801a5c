#!/usr/bin/env bash
# The Apache access log blueprint beside the same written for Node, Python, Rust and with aws-lambda-go.
#
#   bench/functions/run.sh [flags of drive, such as -rounds 3]
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
peers=${PEERS:-$root/.conformance/peers}
out=$peers/functions
core=${CORE:-0}
mkdir -p "$out"

export CGO_ENABLED=0
build=(go build -trimpath -tags lambda.norpc -ldflags '-s -w')
(cd "$root" && "${build[@]}" -o "$out/hydrant" ./functions/apache-log-to-json)
"${build[@]}" -o "$out/plain" ./plain
"${build[@]}" -o "$out/transport" ./transport
go build -o "$out/drive" ./drive

functions=("hydrant=$out/hydrant")
versions=("hydrant $(git -C "$root" rev-parse --short HEAD)$(git -C "$root" diff --quiet HEAD -- '*.go' || echo ' with changes')" "$(go version | cut -d' ' -f3)")

if command -v cargo >/dev/null; then
	mkdir -p "$out/rust"
	cp -rp rust/. "$out/rust/"
	(cd "$out/rust" && nice -n 15 cargo build --release --quiet)
	functions+=("rust=$out/rust/target/release/bootstrap")
	for crate in lambda_runtime aws_lambda_events regex; do
		versions+=("$crate $(grep -A1 "^name = \"$crate\"$" "$out/rust/Cargo.lock" | sed -n 's/^version = "\(.*\)"/\1/p')")
	done
	versions+=("$(rustc --version | cut -d' ' -f1,2)")
else
	echo "no cargo: the Rust function is left out" >&2
fi

if command -v node >/dev/null; then
	functions+=("node=node $PWD/node/bootstrap.js@$PWD/node")
	versions+=("node $(node --version)")
else
	echo "no node: the Node function is left out" >&2
fi

functions+=("go=$out/plain")
versions+=("aws-lambda-go $(go list -m -f '{{.Version}}' github.com/aws/aws-lambda-go)")

python=${PYTHON:-python3.11}
if command -v "$python" >/dev/null; then
	venv=$peers/python
	test -x "$venv/bin/python" || "$python" -m venv "$venv"
	test -f "$venv/awslambdaric.ok" || { "$venv/bin/pip" install -q awslambdaric && touch "$venv/awslambdaric.ok"; }
	mkdir -p "$out/python"
	cp python/handler.py "$out/python/"
	export PYTHONPATH=$out/python
	functions+=("python=$venv/bin/python -m awslambdaric handler.lambda_handler@$PWD/python/handler.py")
	versions+=("$("$venv/bin/python" --version)" "awslambdaric $("$venv/bin/pip" show awslambdaric 2>/dev/null | sed -n 's/^Version: //p')")
else
	echo "no $python: the Python function is left out" >&2
fi

functions+=("transport=$out/transport")

printf '\n### Apache access log to JSON through the Lambda Runtime API, one core\n\n'
(IFS=,; printf '%s\n\n' "${versions[*]}" | sed 's/,/, /g')
taskset -c "$core" "$out/drive" -lines "$root/internal/sample/apache_access.log.gz" "$@" "${functions[@]}"
