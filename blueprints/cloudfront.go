package blueprints

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/hydrantkit/hydrant"
)

// CloudFront reads CloudFront access log lines, one or more a record: standard logs, with or without their header, and real-time logs.
type CloudFront struct {
	// Fields are the fields of a line in their order, separated by commas or spaces: those a real-time log is configured with. Empty
	// are those of standard logs. A #Fields header in a record goes before.
	Fields string

	// Decode undoes the percent-encoding of values once.
	Decode bool

	columns []column
	err     error
}

const (
	cloudFrontFields = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query " +
		"cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher " +
		"x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type " +
		"sc-content-type sc-content-len sc-range-start sc-range-end"
	cloudFrontIntegers = "sc-bytes sc-status cs-bytes c-port sc-content-len sc-range-start sc-range-end fle-encrypted-fields cs-header-names-count cs-headers-count asn"
	cloudFrontDecimals = "timestamp time-taken time-to-first-byte origin-fbl origin-lbl"
)

// FromEnv reads the options FIELDS and DECODE. The first wrong one is kept, and the transform answers every invocation with it.
func (c CloudFront) FromEnv(getenv func(string) string) CloudFront {
	e := env{get: getenv}
	if f := getenv("FIELDS"); f != "" {
		c.Fields = f
	}
	e.bool("DECODE", &c.Decode)
	c.err = e.err
	return c
}

// JSON returns the transform of lines to JSON, each document with a newline. The members are the fields in their order, named as
// cs_user_agent for cs(User-Agent); numbers are numbers and - is null. Header lines make no document.
func (c CloudFront) JSON() hydrant.Transform {
	names := strings.Fields(cloudFrontFields)
	if c.Fields != "" {
		names = strings.Fields(strings.ReplaceAll(c.Fields, ",", " "))
	}
	var err error
	if c.columns, err = columnsOf(names, cloudFrontIntegers, cloudFrontDecimals); err != nil && c.err == nil {
		c.err = fmt.Errorf("option FIELDS: %w", err)
	}
	return transform(c.err, c.appendJSON)
}

func (c *CloudFront) appendJSON(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	columns := c.columns
	var room [64][]byte
	out := dst
	for line := range hydrant.Lines(r.Data) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if line[0] == '#' {
			if fields, ok := bytes.CutPrefix(line, []byte("#Fields:")); ok {
				var err error
				if columns, err = columnsOf(strings.Fields(string(fields)), cloudFrontIntegers, cloudFrontDecimals); err != nil {
					return dst, hydrant.ProcessingFailed
				}
			}
			continue
		}
		values := room[:0]
		for v := range bytes.SplitSeq(line, []byte{'\t'}) {
			if c.Decode && bytes.IndexByte(v, '%') >= 0 {
				if s, err := url.PathUnescape(string(v)); err == nil {
					v = []byte(s)
				}
			}
			values = append(values, v)
		}
		if len(values) < 2 && len(columns) > 1 {
			return dst, hydrant.ProcessingFailed
		}
		row := newRow(out)
		if !row.columns(columns, values) {
			return dst, hydrant.ProcessingFailed
		}
		out = append(row.dst, '\n')
	}
	if len(out) == len(dst) {
		return dst, hydrant.Dropped
	}
	return out, hydrant.OK
}
