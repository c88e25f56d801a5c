package blueprints

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant"
)

// VPCFlow reads VPC flow log lines, of any version and any order of fields: the text, one or more lines a record, or the JSON
// document with the line as its "message" in which flow logs are put to a delivery stream.
type VPCFlow struct {
	// Fields are the fields of a line in their order, written as the flow log's format is: "${version} ${account-id} …", the braces
	// may be missing. Empty is the default format of version 2. A header line in a record goes before.
	Fields string

	columns []column
	err     error
}

const (
	vpcFields = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	vpcMore   = "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id " +
		"pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn " +
		"ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id " +
		"reject-reason resource-id encryption-status"
	vpcIntegers = "version srcport dstport protocol packets bytes start end tcp-flags traffic-path encryption-status"
)

// FromEnv reads the option FIELDS. A wrong one is kept, and the transform answers every invocation with it.
func (v VPCFlow) FromEnv(getenv func(string) string) VPCFlow {
	if f := getenv("FIELDS"); f != "" {
		v.Fields = f
	}
	return v
}

// JSON returns the transform of lines to JSON, each document with a newline: the members are the fields in their order, with _
// for -, numbers as numbers and - as null.
//
//	{"version":2,"account_id":"123456789010","interface_id":"eni-1235b8ca123456789","srcaddr":"172.31.16.139",…,"log_status":"OK"}
//
// A line that has not as many values as there are fields fails its record.
func (v VPCFlow) JSON() hydrant.Transform {
	names := strings.Fields(vpcFields)
	if v.Fields != "" {
		names = strings.Fields(strings.NewReplacer("${", " ", "}", " ", ",", " ").Replace(v.Fields))
	}
	var err error
	if v.columns, err = columnsOf(names, vpcIntegers, ""); err != nil {
		v.err = fmt.Errorf("option FIELDS: %w", err)
	}
	return transform(v.err, v.appendJSON)
}

func (v *VPCFlow) appendJSON(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	data := bytes.TrimSpace(r.Data)
	if len(data) > 0 && data[0] == '{' {
		message, ok := memberText(data, "message")
		if !ok {
			return dst, hydrant.ProcessingFailed
		}
		data = message
	}
	columns := v.columns
	var values [64][]byte
	out := dst
	for line := range hydrant.Lines(data) {
		words := values[:0]
		for word := range bytes.FieldsSeq(line) {
			words = append(words, word)
		}
		if len(words) == 0 {
			continue
		}
		if names := vpcHeader(words); names != nil {
			var err error
			if columns, err = columnsOf(names, vpcIntegers, ""); err != nil {
				return dst, hydrant.ProcessingFailed
			}
			continue
		}
		if len(words) != len(columns) {
			return dst, hydrant.ProcessingFailed
		}
		row := newRow(out)
		if !row.columns(columns, words) {
			return dst, hydrant.ProcessingFailed
		}
		out = append(row.dst, '\n')
	}
	if len(out) == len(dst) {
		return dst, hydrant.Dropped
	}
	return out, hydrant.OK
}

// vpcHeader returns the names of a header line, nil if it is none. A header has at least two fields, and only known ones.
func vpcHeader(words [][]byte) []string {
	if len(words) < 2 || !contains(vpcFields, string(words[0])) && !contains(vpcMore, string(words[0])) {
		return nil
	}
	names := make([]string, len(words))
	for i, w := range words {
		if names[i] = string(w); !contains(vpcFields, names[i]) && !contains(vpcMore, names[i]) {
			return nil
		}
	}
	return names
}
