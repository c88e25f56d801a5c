# What each target is for stands in CONTRIBUTING.md.
GO ?= go
export CGO_ENABLED ?= 0

.PHONY: all build test race cover fuzz soak bench benchcmp lint conformance conformance-destinations clean

all: build
	$(GO) vet ./...
	$(GO) test -short ./...

build:
	$(GO) build -o hydrant ./cmd/hydrant

test:
	@test -d ../shared || echo "../shared is not here: its vectors and corpora are skipped, each test says which"
	$(GO) vet ./...
	$(GO) test ./...

# Functions of sam-template.yaml. sam build calls build-<LogicalID> with ARTIFACTS_DIR set.
GOARCH_LAMBDA ?= arm64

build-ApacheErrorToJson: FUNCTION = apache-error-to-json
build-ApacheLogToCsv: FUNCTION = apache-log-to-csv
build-ApacheLogToJson: FUNCTION = apache-log-to-json
build-CloudFrontLogs: FUNCTION = cloudfront-logs
build-CloudTrail: FUNCTION = cloudtrail
build-CloudWatchLogs: FUNCTION = cloudwatch-logs
build-DynamoDbJson: FUNCTION = dynamodb-json
build-General: FUNCTION = general
build-JsonMap: FUNCTION = json-map
build-KinesisGeneral: FUNCTION = kinesis-general
build-KplDeaggregate: FUNCTION = kpl-deaggregate
build-LoadBalancerLogs: FUNCTION = load-balancer-logs
build-MskGeneral: FUNCTION = msk-general
build-RudderStack: FUNCTION = rudderstack
build-S3AccessLogs: FUNCTION = s3-access-logs
build-SyslogToCsv: FUNCTION = syslog-to-csv
build-SyslogToJson: FUNCTION = syslog-to-json
build-VpcFlowLogs: FUNCTION = vpc-flow-logs
build-WafLogs: FUNCTION = waf-logs

build-%:
	@test -n "$(FUNCTION)" || { echo "sam-template.yaml has no function $*"; exit 1; }
	@test -n "$(ARTIFACTS_DIR)" || { echo "ARTIFACTS_DIR is not set"; exit 1; }
	GOOS=$(or $(GOOS),linux) GOARCH=$(or $(GOARCH),$(GOARCH_LAMBDA)) CGO_ENABLED=0 \
		$(GO) build -trimpath -tags lambda.norpc -ldflags="-s -w" -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(FUNCTION)

-include bench/bench.mk

# What isn't Go: foreign readers and tools, installed by name into a folder of their own.
CONFORMANCE ?= $(CURDIR)/.conformance
PYTHON ?= python3

$(CONFORMANCE)/venv/installed: conformance/requirements.txt
	$(PYTHON) -m venv $(CONFORMANCE)/venv
	$(CONFORMANCE)/venv/bin/pip install -q --disable-pip-version-check -r conformance/requirements.txt
	touch $@

# The independent reader of the test vectors (Java), where they are at hand and Maven is.
ORACLE_READER = $(CONFORMANCE)/reader/target/oracle-reader.jar

$(ORACLE_READER):
	@if test -d ../shared/oracle/reader && command -v mvn >/dev/null; then \
		rm -rf $(CONFORMANCE)/reader && cp -r ../shared/oracle/reader $(CONFORMANCE)/reader && chmod -R u+w $(CONFORMANCE)/reader && \
		cd $(CONFORMANCE)/reader && mvn -q -B package; \
	else echo "no ../shared or no mvn: files are not read by ORC Java and parquet-mr"; fi

# The readers of each compression (Java), where Maven is.
CODECS = $(CONFORMANCE)/codecs

$(CODECS): conformance/testdata/codecs/Main.java conformance/testdata/codecs/pom.xml
	@if command -v mvn >/dev/null; then \
		rm -rf $@ && mkdir -p $@/src/main/java && cp conformance/testdata/codecs/pom.xml $@ && cp $< $@/src/main/java && \
		cd $@ && mvn -q -B compile dependency:build-classpath -Dmdep.outputFile=classpath; \
	else echo "no mvn: compressed objects are not read by snappy-java and Hadoop"; fi

# An S3 server that checks signatures.
VERSITYGW = $(CONFORMANCE)/versitygw/versitygw

$(VERSITYGW):
	mkdir -p $(@D) && cd $(@D) && printf 'module local/versitygw\n\ngo 1.26\n' >go.mod && $(GO) get github.com/versity/versitygw@v1.8.0 && \
		$(GO) build -mod=mod -o $@ github.com/versity/versitygw/cmd/versitygw

# How long each target that reads untrusted input, or is held to another implementation, runs in conformance. Empty leaves it out:
# what chance finds would stop a change that it isn't about.
FUZZ_MINUTE ?= 1m
FUZZ_TARGETS = ^\./(convert/|read/|schema/|internal/jsonscan/|internal/jq/ FuzzTwins| FuzzContract)

conformance: build $(CONFORMANCE)/venv/installed $(ORACLE_READER) $(VERSITYGW) $(CODECS)
	HYDRANT_VERSITYGW=$(VERSITYGW) $(GO) test -count=1 ./harness/s3/endpoint
	cd conformance && HYDRANT_CONFORMANCE=$(CONFORMANCE) $(GO) test -count=1 -timeout 25m -v -skip '^TestDestination' ./...
	HYDRANT_PYTHON=$(CONFORMANCE)/venv/bin/python HYDRANT_ORACLE_READER=$$(ls $(ORACLE_READER) 2>/dev/null) \
		$(GO) test -count=1 -timeout 25m ./convert/parquet ./convert/orc ./convert/arrow ./read/...
	HYDRANT_JQ_FUZZ=1m HYDRANT_JQ_BATCH=200 $(GO) test -count=1 -v -run 'Binary|Batches' ./internal/jq
	@test -z "$(FUZZ_MINUTE)" || $(MAKE) fuzz FUZZTIME=$(FUZZ_MINUTE) FUZZ='$(FUZZ_TARGETS)'

# Servers that streams deliver to, each built as a module of its own; what else a destination needs is added here.
DESTINATIONS = $(CONFORMANCE)/collector/collector $(CONFORMANCE)/telegraf/telegraf

OTEL = github.com/open-telemetry/opentelemetry-collector-contrib
OTEL_VERSION = v0.128.0

$(CONFORMANCE)/collector/collector: conformance/testdata/collector/main.go
	mkdir -p $(@D) && cp $< $(@D)
	cd $(@D) && { test -f go.mod || $(GO) mod init local/collector; } && \
		$(GO) get $(OTEL)/receiver/splunkhecreceiver@$(OTEL_VERSION) $(OTEL)/receiver/awsfirehosereceiver@$(OTEL_VERSION) \
			$(OTEL)/extension/ackextension@$(OTEL_VERSION) $(OTEL)/exporter/fileexporter@$(OTEL_VERSION) \
			go.opentelemetry.io/collector/otelcol@$(OTEL_VERSION) go.opentelemetry.io/collector/confmap/provider/fileprovider@v1.34.0 && \
		$(GO) build -o collector .

$(CONFORMANCE)/telegraf/telegraf:
	mkdir -p $(@D)
	cd $(@D) && { test -f go.mod || $(GO) mod init local/telegraf; } && $(GO) get github.com/influxdata/telegraf@v1.37.2 && \
		$(GO) build -mod=mod -tags "custom,inputs.firehose,outputs.file,parsers.json,parsers.influx,serializers.json" -o telegraf github.com/influxdata/telegraf/cmd/telegraf

# Nodes of OpenSearch and Elasticsearch (Java), where Maven is: engine, version, the log4j that it starts with.
NODES = $(CONFORMANCE)/node-opensearch-2.19.1 $(CONFORMANCE)/node-elasticsearch-7.10.2 $(CONFORMANCE)/node-elasticsearch-6.8.23
LOG4J_opensearch-2.19.1 = 2.21.0
LOG4J_elasticsearch-7.10.2 = 2.11.1
LOG4J_elasticsearch-6.8.23 = 2.17.1

NODE6 = -e 's/prepareEnvironment(settings, .*/prepareEnvironment(settings, null, Map.of(), null), List.of(Netty4Plugin.class), false);/' \
	-e 's/transport.port/transport.tcp.port/' -e 's/^    public static void main/    @Override protected void registerDerivedNodeNameWithLogger(String name) {}\n\n&/'

$(NODES): $(CONFORMANCE)/node-%: conformance/testdata/node/Main.java conformance/testdata/node/pom.xml
	@if command -v mvn >/dev/null; then \
		rm -rf $@ && mkdir -p $@/src/main/java && cp conformance/testdata/node/pom.xml $@ && \
		sed -e 's/org.opensearch/org.$(firstword $(subst -, ,$*))/' $(if $(findstring -6.,$*),$(NODE6)) $< >$@/src/main/java/Main.java && \
		cd $@ && mvn -q -B -Dengine=$(firstword $(subst -, ,$*)) -Dengine.version=$(lastword $(subst -, ,$*)) -Dlog4j.version=$(LOG4J_$*) \
			compile dependency:build-classpath -Dmdep.outputFile=classpath; \
	else echo "no mvn: no node of $*"; fi

# Iceberg's REST catalog (Java), where Maven is, and pyiceberg, which reads the tables.
ICEBERG = $(CONFORMANCE)/iceberg/iceberg-open-api.jar $(CONFORMANCE)/iceberg/venv/installed

$(CONFORMANCE)/iceberg/iceberg-open-api.jar:
	@if command -v mvn >/dev/null; then \
		mvn -q -B dependency:copy -Dartifact=org.apache.iceberg:iceberg-open-api:1.9.2 -DoutputDirectory=$(@D) -Dmdep.stripVersion=true; \
	else echo "no mvn: no REST catalog of Iceberg"; fi

$(CONFORMANCE)/iceberg/venv/installed:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install -q --disable-pip-version-check "pyiceberg[pyarrow]==0.12.0"
	touch $@

# A server with Snowflake's SQL, and the module that links Snowflake's driver.
FAKESNOW = $(CONFORMANCE)/fakesnow/bin/fakesnow

$(FAKESNOW):
	$(PYTHON) -m venv $(CONFORMANCE)/fakesnow
	$(CONFORMANCE)/fakesnow/bin/pip install -q --disable-pip-version-check 'fakesnow[server]==0.12.1' 'snowflake-connector-python<4'

conformance-destinations: build $(VERSITYGW) $(FAKESNOW) $(DESTINATIONS) $(NODES) $(ICEBERG)
	cd conformance && HYDRANT_CONFORMANCE=$(CONFORMANCE) $(GO) test -count=1 -timeout 25m -v -run '^TestDestination' ./...
	cd conformance/snowflake && HYDRANT_FAKESNOW=$(FAKESNOW) $(GO) test -count=1 -v ./...

race:
	CGO_ENABLED=1 $(GO) test -race ./...

cover:
	$(GO) test -coverprofile=cover.out ./... && $(GO) tool cover -func=cover.out | tail -1

# Every fuzz target for FUZZTIME, PARALLEL of them at once on a core each; FUZZ is a pattern of the targets to run, as printed.
FUZZTIME ?= 1m
PARALLEL ?= 2
fuzz:
	@git grep -o '^func Fuzz[A-Za-z0-9]*' -- '*_test.go' | sed -E 's|^(.*/)?[^/]*:func (.*)|./\1 \2|' | grep -E '$(or $(FUZZ),.)' | \
		xargs -P $(PARALLEL) -L 1 sh -c 'out=$$(GOMAXPROCS=1 $(GO) test -run "^$$" -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s "$$0" 2>&1) && \
			echo "$$0 $$1: $$(echo "$$out" | grep execs: | tail -1)" || { echo "$$0 $$1"; echo "$$out"; exit 1; }'

soak: build $(CONFORMANCE)/venv/installed $(ORACLE_READER)
	HYDRANT_ORC_MATRIX=2000 HYDRANT_PYTHON=$(CONFORMANCE)/venv/bin/python HYDRANT_ORACLE_READER=$$(ls $(ORACLE_READER) 2>/dev/null) \
		$(GO) test -count=1 -timeout 2h ./convert/orc
	HYDRANT_JQ_FUZZ=10m HYDRANT_JQ_BATCH=400 $(GO) test -count=1 -timeout 1h -run 'Binary|Batches' ./internal/jq
	cd conformance && HYDRANT_CONFORMANCE=$(CONFORMANCE) HYDRANT_KILLS=200 HYDRANT_CONVERT_BYTES=20000000000 \
		$(GO) test -count=1 -timeout 2h -v -run 'Kill|TestConvertFlat' .
	$(MAKE) fuzz FUZZTIME=10m

bench:
	@mkdir -p bench
	$(GO) test -run '^$$' -bench . -benchmem -count 10 ./... | tee bench/new.txt

benchcmp:
	$(GO) run golang.org/x/perf/cmd/benchstat@latest bench/old.txt bench/new.txt

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@latest ./...

clean:
	rm -rf hydrant out cover.out .aws-sam .conformance
