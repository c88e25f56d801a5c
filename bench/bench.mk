# Targets of the root Makefile that need the data sets of bench/generate.
BENCH_DATA ?= $(CURDIR)/.conformance/bench
BENCH_VENV ?= $(CURDIR)/.conformance/venv
BENCH_SETS ?= events wide deep
BENCH_BYTES ?= 500000000
BENCH_RUNS ?= 5

.PHONY: bench-data bench-peers

bench-data: $(foreach set,$(BENCH_SETS),$(BENCH_DATA)/$(set).ndjson)

$(BENCH_DATA)/%.ndjson:
	mkdir -p $(BENCH_DATA)
	cd bench && $(GO) run ./generate -set $* -schema > $(BENCH_DATA)/$*.struct
	cd bench && $(GO) run ./generate -set $* -bytes $(BENCH_BYTES) > $@.part
	mv $@.part $@

$(BENCH_VENV)/bench.ok: bench/requirements.txt
	test -x $(BENCH_VENV)/bin/python || python3 -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install -q -r bench/requirements.txt
	touch $@

bench-peers: build bench-data $(BENCH_VENV)/bench.ok
	@for set in $(BENCH_SETS); do for cores in 1 2; do \
		$(BENCH_VENV)/bin/python bench/peers.py --hydrant ./hydrant --data $(BENCH_DATA) --set $$set --cores $$cores --runs $(BENCH_RUNS) || exit 1; \
	done; done
	@test -f $(BENCH_DATA)/events.ndjson.gz || gzip -k -6 $(BENCH_DATA)/events.ndjson
	@for cores in 1 2; do \
		$(BENCH_VENV)/bin/python bench/peers.py --hydrant ./hydrant --data $(BENCH_DATA) --gzip --cores $$cores --runs $(BENCH_RUNS) || exit 1; \
	done
	bench/functions/run.sh
	bench/jq/run.sh
	bench/orc/run.sh
	bench/replay/run.sh
