// Command plain is the Apache access log blueprint as it is written with aws-lambda-go today.
package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

var line = regexp.MustCompile(`^([\d.]+) (\S+) (\S+) \[([\w:/]+)(\s[+-]\d{4})?\] "(.+?)" (\d{3}) (\d+)`)

type entry struct {
	Host         string `json:"host"`
	Ident        string `json:"ident"`
	AuthUser     string `json:"authuser"`
	Request      string `json:"request"`
	Response     int    `json:"response"`
	Bytes        int64  `json:"bytes"`
	Verb         string `json:"verb,omitempty"`
	Timestamp    string `json:"@timestamp"`
	TimeZone     string `json:"timezone,omitempty"`
	TimestampUTC string `json:"@timestamp_utc,omitempty"`
}

const iso = "2006-01-02T15:04:05.000Z"

func transform(data []byte) ([]byte, bool) {
	m := line.FindStringSubmatch(string(data))
	if m == nil {
		return nil, false
	}
	t, err := time.Parse("02/Jan/2006:15:04:05", m[4])
	if err != nil {
		return nil, false
	}
	e := entry{Host: m[1], Ident: m[2], AuthUser: m[3], Request: m[6], Timestamp: t.Format(iso)}
	if e.Response, err = strconv.Atoi(m[7]); err != nil {
		return nil, false
	}
	if e.Bytes, err = strconv.ParseInt(m[8], 10, 64); err != nil {
		return nil, false
	}
	if words := strings.Split(m[6], " "); len(words) > 1 {
		e.Verb = words[0]
	}
	if m[5] != "" {
		e.TimeZone = strings.TrimSpace(m[5])
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[4]+" "+e.TimeZone)
		if err != nil {
			return nil, false
		}
		e.TimestampUTC = at.UTC().Format(iso)
	}
	out, err := json.Marshal(e)
	return out, err == nil
}

func handle(_ context.Context, event events.KinesisFirehoseEvent) (events.KinesisFirehoseResponse, error) {
	var response events.KinesisFirehoseResponse
	for _, r := range event.Records {
		answer := events.KinesisFirehoseResponseRecord{RecordID: r.RecordID, Result: events.KinesisFirehoseTransformedStateOk}
		data, ok := transform(r.Data)
		if !ok {
			answer.Result, data = events.KinesisFirehoseTransformedStateProcessingFailed, r.Data
		}
		answer.Data = data
		response.Records = append(response.Records, answer)
	}
	return response, nil
}

func main() { lambda.Start(handle) }
