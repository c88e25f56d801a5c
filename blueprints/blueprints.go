// Package blueprints holds record transformations as plain Go: those that the service's console offers, and those its
// users write again and again. Each is a type whose fields are its options; the zero value does exactly what the
// service's blueprint does, where there is one. FromEnv reads the options from the environment of a function.
//
//	lambda.Start(hydrant.NewHandler(blueprints.ApacheLog{}.FromEnv(os.Getenv).JSON()))
//
// A blueprint works on records, one log line a record, and knows nothing of buffers or destinations. Records it cannot read are
// ProcessingFailed. Blueprints may be used by several goroutines.
package blueprints

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant"
)

// A Blueprint describes a blueprint.
type Blueprint struct {
	Name    string // that of its folder in functions/
	Summary string
	Options []Option
	In, Out string // what a record holds before and after
}

// An Option is a variable of the function's environment.
type Option struct {
	Name, Default, Summary string
}

// Named returns the transform of the blueprint name, with the options that getenv knows.
// An option that is wrong does not make an error here: the transform answers with it. Nothing is put back unless the
// [hydrant.Handler] has a Reingester.
func Named(name string, getenv func(string) string) (hydrant.Transform, error) {
	switch name {
	case "general":
		return General{}.FromEnv(getenv).Records(), nil
	case "kinesis-general":
		return General{Source: true}.FromEnv(getenv).Records(), nil
	case "msk-general":
		return General{}.FromEnv(getenv).Records(), nil
	case "kpl-deaggregate":
		return General{}.FromEnv(getenv).KPL(), nil
	case "apache-log-to-json":
		return ApacheLog{}.FromEnv(getenv).JSON(), nil
	case "apache-log-to-csv":
		return ApacheLog{}.FromEnv(getenv).CSV(), nil
	case "apache-error-to-json":
		return ApacheError{}.FromEnv(getenv).JSON(), nil
	case "syslog-to-json":
		return Syslog{}.FromEnv(getenv).JSON(), nil
	case "syslog-to-csv":
		return Syslog{}.FromEnv(getenv).CSV(), nil
	case "cloudwatch-logs":
		return CloudWatchLogs{}.FromEnv(getenv), nil
	case "vpc-flow-logs":
		return VPCFlow{}.FromEnv(getenv).JSON(), nil
	case "cloudtrail":
		return CloudTrail{}.FromEnv(getenv).JSON(), nil
	case "load-balancer-logs":
		return LoadBalancer{}.FromEnv(getenv).JSON(), nil
	case "cloudfront-logs":
		return CloudFront{}.FromEnv(getenv).JSON(), nil
	case "s3-access-logs":
		return S3Access{}.FromEnv(getenv).JSON(), nil
	case "waf-logs":
		return WAF{}.FromEnv(getenv).JSON(), nil
	case "dynamodb-json":
		return DynamoDB{}.FromEnv(getenv).JSON(), nil
	case "rudderstack":
		return RudderStack{}.FromEnv(getenv).Rows(), nil
	case "json-map":
		return JSONMap{}.FromEnv(getenv).JSON(), nil
	}
	return nil, fmt.Errorf("no blueprint %q", name)
}

// List describes the blueprints that Named knows, in the order of the service's console, then by source.
func List() []Blueprint {
	newline := Option{"NEWLINE", "false", "end each document with a newline"}
	keepNewline := Option{"NEWLINE", "false", "end each record with a newline, unless it has one"}
	quote := Option{"QUOTE", "false", "quote fields as RFC 4180 does"}
	access := []Option{
		{"LENIENT", "false", "take host names, IPv6, sizes of - (null), empty requests"},
		{"FORMAT", "common", "common, combined (adds referer, agent) or vhost (adds vhost, port)"},
	}
	syslog := []Option{
		{"LENIENT", "false", "take a priority, ISO times, any program or none"},
		{"FORMAT", "rfc3164", "rfc3164, rfc5424 or auto"},
		{"OCTET_COUNTING", "false", "messages stand after their lengths (RFC 6587)"},
	}
	with := func(options []Option, more ...Option) []Option { return slices.Concat(options, more) }
	return []Blueprint{
		{"general", "Records as they came", []Option{keepNewline}, "anything", "the same"},
		{"kinesis-general", "Records of a Kinesis data stream as they came, their places logged", []Option{keepNewline}, "anything", "the same"},
		{"apache-log-to-json", "Apache access log to JSON", with(access, newline), "a line in common format, or more by option",
			"host, ident, authuser, request, response, bytes, verb, @timestamp, timezone, @timestamp_utc"},
		{"apache-log-to-csv", "Apache access log to CSV", with(access, quote), "a line in common format, or more by option",
			"host, ident, authuser, timestamp, request, response, bytes, and a newline"},
		{"apache-error-to-json", "Apache error log to JSON", nil, "lines of 2.0 to 2.4",
			"timestamp, @timestamp, module, severity, processid, threadid, client, message; a document a line"},
		{"syslog-to-json", "Syslog to JSON", with(syslog, newline), "a message of RFC 3164, or RFC 5424 by option",
			"timestamp, hostname, program, processid, message"},
		{"syslog-to-csv", "Syslog to CSV", with(syslog, quote), "a message of RFC 3164, or RFC 5424 by option",
			"timestamp, hostname, program, processid, message, and a newline"},
		{"cloudwatch-logs", "CloudWatch Logs processor", []Option{{"FORMAT", "lines", "lines: the messages; json: a document an event, with the envelope's fields"}},
			"a gzip-compressed message of a subscription", "its events, one a line; control messages are dropped"},
		{"vpc-flow-logs", "VPC flow logs to JSON", []Option{{"FIELDS", "those of version 2", "the format of the flow log, ${version} ${account-id} …"}},
			"lines of any version, with or without a header, or JSON with a message", "a document a line, members named as the fields with _ for -"},
		{"cloudtrail", "CloudTrail events, one a line", []Option{{"TEXT", "false", "requestParameters, responseElements and their like as texts"}},
			"a delivered file, an event, EventBridge's or CloudWatch Logs' envelope; gzip or not", "an event a line"},
		{"load-balancer-logs", "Load balancer access logs to JSON", nil, "lines of Application, Network and Classic Load Balancers", "a document a line, members as documented"},
		{"cloudfront-logs", "CloudFront access logs to JSON", []Option{{"FIELDS", "those of standard logs", "the fields of a real-time log, separated by commas"},
			{"DECODE", "false", "undo the percent-encoding of values once"}}, "lines of standard or real-time logs", "a document a line, cs_user_agent for cs(User-Agent)"},
		{"s3-access-logs", "S3 server access logs to JSON", nil, "lines of server access logs", "a document a line, the time as ISO 8601"},
		{"waf-logs", "WAF logs for tables", nil, "JSON documents", "the same with @timestamp, headers as an object, labels as names; one a line"},
		{"kpl-deaggregate", "The records that KPL aggregated, joined", []Option{keepNewline}, "an aggregate, or anything", "the data of its records"},
		{"dynamodb-json", "DynamoDB JSON to plain JSON", []Option{{"IMAGE", "all", "all: the change with plain items; new: the new item only"},
			{"STRINGS", "false", "numbers as strings"}}, "changes of a table's stream, exported or bare items", "a document a line"},
		{"rudderstack", "RudderStack events to rows", []Option{{"MAPPING", "", `where events belong, [{"from":"product added","to":"a"},{"from":"*","to":"b"}]`},
			{"DATABASE", "", "make Iceberg tables of this database of the destinations"}}, "an event", "a flat row, with its partition key or table"},
		{"json-map", "JSON flattened, renamed, redacted", []Option{{"MAP", "{}", `what to do, {"drop":[],"rename":{},"hash":[],"mask":{},"cast":{},"flatten":"_"}`},
			{"HASH_KEY", "", "the key of hashes"}}, "JSON documents", "a document a line"},
		{"msk-general", "Records of a topic as they came", []Option{keepNewline}, "anything", "the same"},
	}
}

// env reads options and keeps the first that is wrong.
type env struct {
	get func(string) string
	err error
}

func (e *env) bool(name string, to *bool) {
	v := e.get(name)
	if v == "" {
		return
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		e.fail(name, v, "true or false")
		return
	}
	*to = b
}

// choice returns the index of the option's value among names, or otherwise.
func (e *env) choice(name string, otherwise int, names ...string) int {
	v := e.get(name)
	if v == "" {
		return otherwise
	}
	i := slices.Index(names, v)
	if i < 0 {
		e.fail(name, v, "one of "+strings.Join(names, ", "))
		return otherwise
	}
	return i
}

func (e *env) fail(name, value, want string) {
	if e.err == nil {
		e.err = fmt.Errorf("option %s: %q is not %s", name, value, want)
	}
}
