package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/kpl"
)

// generators make records of a kind, the same every time.
var generators = []struct {
	kind string
	make func(i int) ([]byte, error)
}{
	{"apache", func(i int) ([]byte, error) { return []byte(apacheLine(i)), nil }},
	{"syslog", func(i int) ([]byte, error) {
		return fmt.Appendf(nil, "%s host%d sshd[%d]: Accepted publickey for user%d from 192.0.2.%d port %d ssh2",
			generatedAt(i).Format("Jan _2 15:04:05"), i%3, 1000+i, i%7, 1+i%250, 40000+i), nil
	}},
	{"json", func(i int) ([]byte, error) { return []byte(jsonEvent(i)), nil }},
	{"cloudwatch", cloudWatchMessage},
	{"kpl", func(i int) ([]byte, error) {
		var children []kpl.Child
		for n := range 5 {
			children = append(children, kpl.Child{PartitionKey: fmt.Sprintf("key-%d", n%2), Data: []byte(jsonEvent(5*i + n))})
		}
		return kpl.Append(nil, children), nil
	}},
	{"bytes", func(i int) ([]byte, error) { return bytes.Repeat([]byte{byte(i), 0xff, 0}, 1+i%20), nil }},
	{"empty", func(int) ([]byte, error) { return []byte{}, nil }},
	{"kinesis", func(i int) ([]byte, error) { return []byte(jsonEvent(i)), nil }},
	{"msk", func(i int) ([]byte, error) { return []byte(jsonEvent(i)), nil }},
}

// sources are where records of a kind were read from; those of other kinds were put directly.
var sources = map[string]struct {
	arn string
	msk bool
	at  func(i int) record.Source
}{
	"kinesis": {arn: "arn:aws:kinesis:us-east-1:123456789012:stream/hydrant", at: func(i int) record.Source {
		return record.Source{Shard: fmt.Sprintf("shardId-%012d", i%2), PartitionKey: fmt.Sprintf("c%d", i%5)}
	}},
	"msk": {arn: "arn:aws:kafka:us-east-1:123456789012:cluster/hydrant/00000000-0000-0000-0000-000000000000-1", msk: true, at: func(i int) record.Source {
		return record.Source{Partition: strconv.Itoa(i % 3), Offset: strconv.Itoa(i / 3)}
	}},
}

func kinds() string {
	var names []string
	for _, g := range generators {
		names = append(names, g.kind)
	}
	return strings.Join(names, ", ")
}

// generate makes n records of a kind.
func generate(kind string, n int) ([][]byte, error) {
	if n < 1 || n > 10000 {
		return nil, fmt.Errorf("--count is 1 to 10000, not %d", n)
	}
	for _, g := range generators {
		if g.kind != kind {
			continue
		}
		out := make([][]byte, n)
		for i := range out {
			var err error
			if out[i], err = g.make(i); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("there is no kind %s; kinds are %s", kind, kinds())
}

func generatedAt(i int) time.Time {
	return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second)
}

func apacheLine(i int) string {
	methods, statuses := []string{"GET", "GET", "POST", "HEAD"}, []int{200, 200, 304, 404, 500}
	return fmt.Sprintf(`203.0.113.%d - user%d [%s] "%s /page/%d?q=%d HTTP/1.1" %d %d "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64)"`,
		1+i%250, i%9, generatedAt(i).Format("02/Jan/2006:15:04:05 -0700"), methods[i%len(methods)], i, i*7, statuses[i%len(statuses)], 100+i*37)
}

func jsonEvent(i int) string {
	return fmt.Sprintf(`{"id":%d,"customer_id":"c%d","type":{"device":"%s"},"event_timestamp":%d,"price":%d.5,"tags":["a","b%d"]}`,
		i, i%5, []string{"mobile", "web", "tv"}[i%3], generatedAt(i).Unix(), i, i%4)
}

// cloudWatchMessage is a subscription's message of three log events; every tenth is a control message.
func cloudWatchMessage(i int) ([]byte, error) {
	var text string
	if i%10 == 9 {
		text = `{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1735689600000,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}`
	} else {
		var events []string
		for n := range 3 {
			events = append(events, fmt.Sprintf(`{"id":"%056d","timestamp":%d,"message":"%s"}`, 3*i+n, generatedAt(i).UnixMilli(), fmt.Sprintf("message %d of %d", n, i)))
		}
		text = `{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"group","logStream":"stream","subscriptionFilters":["filter"],"logEvents":[` + strings.Join(events, ",") + `]}`
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
