package blueprints

import (
	"context"
	"strings"

	"github.com/hydrantkit/hydrant"
)

// LoadBalancer reads access log lines of Application, Network and Classic Load Balancers, one or more a record. Which it is, each
// line says itself.
type LoadBalancer struct {
	err error
}

var (
	albColumns = []column{{"type", text}, {"time", text}, {"elb", text}, {"client", address}, {"target", address},
		{"request_processing_time", decimal}, {"target_processing_time", decimal}, {"response_processing_time", decimal},
		{"elb_status_code", integer}, {"target_status_code", integer}, {"received_bytes", integer}, {"sent_bytes", integer},
		{"request", request}, {"user_agent", text}, {"ssl_cipher", text}, {"ssl_protocol", text}, {"target_group_arn", text},
		{"trace_id", text}, {"domain_name", text}, {"chosen_cert_arn", text}, {"matched_rule_priority", integer},
		{"request_creation_time", text}, {"actions_executed", text}, {"redirect_url", text}, {"error_reason", text},
		{"target_port_list", text}, {"target_status_code_list", text}, {"classification", text}, {"classification_reason", text},
		{"conn_trace_id", text}, {"transformed_host", text}, {"transformed_uri", text}, {"request_transform_status", text}}
	nlbColumns = []column{{"type", text}, {"version", text}, {"time", text}, {"elb", text}, {"listener", text}, {"client", address},
		{"destination", address}, {"connection_time", integer}, {"tls_handshake_time", integer}, {"received_bytes", integer},
		{"sent_bytes", integer}, {"incoming_tls_alert", text}, {"chosen_cert_arn", text}, {"chosen_cert_serial", text},
		{"tls_cipher", text}, {"tls_protocol_version", text}, {"tls_named_group", text}, {"domain_name", text},
		{"alpn_fe_protocol", text}, {"alpn_be_protocol", text}, {"alpn_client_preference_list", text}, {"tls_connection_creation_time", text}}
	clbColumns = []column{{"time", text}, {"elb", text}, {"client", address}, {"backend", address},
		{"request_processing_time", decimal}, {"backend_processing_time", decimal}, {"response_processing_time", decimal},
		{"elb_status_code", integer}, {"backend_status_code", integer}, {"received_bytes", integer}, {"sent_bytes", integer},
		{"request", request}, {"user_agent", text}, {"ssl_cipher", text}, {"ssl_protocol", text}}
)

// FromEnv reads no options.
func (l LoadBalancer) FromEnv(func(string) string) LoadBalancer { return l }

// JSON returns the transform of lines to JSON, each document with a newline. The members are the fields under their documented names, but
// client:port becomes client_ip and client_port, and "request" request_verb, request_url and request_proto; numbers are numbers
// and - is null.
func (l LoadBalancer) JSON() hydrant.Transform { return lines(l.err, appendLoadBalancer) }

func appendLoadBalancer(_ context.Context, dst, line []byte) ([]byte, hydrant.Status) {
	var room [40][]byte
	values, ok := cutValues(room[:0], line)
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	columns, least := clbColumns, 12
	switch first := string(values[0]); {
	case contains("http https h2 grpcs ws wss", first):
		columns, least = albColumns, 21
	case first == "tls":
		columns, least = nlbColumns, 16
	case !isISODate(first):
		return dst, hydrant.ProcessingFailed
	}
	if len(values) < least {
		return dst, hydrant.ProcessingFailed
	}
	r := newRow(dst)
	if !r.columns(columns, values) {
		return dst, hydrant.ProcessingFailed
	}
	return r.dst, hydrant.OK
}

// isISODate tells whether s begins as 2015-05-13T.
func isISODate(s string) bool {
	return len(s) > 10 && s[4] == '-' && s[7] == '-' && s[10] == 'T' && strings.Trim(s[:10], "0123456789-") == ""
}
