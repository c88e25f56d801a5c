package partition

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/jq"
)

var now = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// TestProcess is dynamic-partitioning.md §2, §3 and §6.
func TestProcess(t *testing.T) {
	for _, tt := range []struct {
		name, query   string
		names, lambda []string
		data          string
		answered      []string // keys from the Lambda
		want          string   // lambda|query values, or the message
	}{
		{"guide sample", `{customer_id: .customer_id, device: .type.device, year: .event_timestamp|strftime("%Y")}`, []string{"customer_id", "device", "year"}, nil,
			`{"type":{"device":"mobile"},"customer_id":"1234567890","event_timestamp":1565382027}`, nil, "[]|[1234567890 mobile 2019]"},
		{"in the prefix's order", `{a: .a, b: .b}`, []string{"b", "a"}, nil, `{"a":1,"b":true}`, nil, "[]|[true 1]"},
		{"a double", `{a: .a}`, []string{"a"}, nil, `{"a":1234567890123456789}`, nil, "[]|[1234567890123456800]"},
		{"null", `{a: .a}`, []string{"a"}, nil, `{"b":1}`, nil, "partitionKeys values must not be null or empty"},
		{"empty", `{a: .a}`, []string{"a"}, nil, `{"a":""}`, nil, "partitionKeys values must not be null or empty"},
		{"an alternative", `{a: (.a // "none")}`, []string{"a"}, nil, `{}`, nil, "[]|[none]"},
		{"an object", `{a: .a}`, []string{"a"}, nil, `{"a":{}}`, nil, "The value of the partition key a is an object or an array"},
		{"several outputs", `{a: .a[]}`, []string{"a"}, nil, `{"a":[1,2]}`, nil, "The metadata extraction query gave more than one output"},
		{"no output", `empty`, []string{"a"}, nil, `{}`, nil, "The metadata extraction query gave no output"},
		{"no object", `.a`, []string{"a"}, nil, `{"a":1}`, nil, "The metadata extraction query gave an output that is no object"},
		{"not JSON", `{a: .a}`, []string{"a"}, nil, `a,b`, nil, "The record is not valid JSON."},
		{"an error", `{a: (.a|strftime("%Y"))}`, []string{"a"}, nil, `{"a":"x"}`, nil, "strftime"},
		{"both", `{a: .a}`, []string{"a"}, []string{"c"}, `{"a":1}`, []string{"x"}, "[x]|[1]"},
		{"no key from the Lambda", `{a: .a}`, []string{"a"}, []string{"c"}, `{"a":1}`, []string{""}, "partitionKeys values must not be null or empty"},
		{"a slash", `{a: .a}`, []string{"a"}, nil, `{"a":"x/y"}`, nil, "[]|[x/y]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := jq.Compile(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			k := New(q, nil, tt.names, tt.lambda)
			in := func() []record.Record {
				r := []record.Record{{Data: []byte(tt.data)}, {Data: []byte(tt.data)}}
				for i := range r {
					if tt.answered != nil {
						r[i].Keys = &record.Keys{Lambda: tt.answered}
					}
				}
				return r
			}
			o, err := k.Process(context.Background(), now, 1, in())
			if err != nil || len(o.Out)+len(o.Failed) != 2 {
				t.Fatalf("%+v, %v", o, err)
			}
			if len(o.Failed) > 0 {
				if f := o.Failed[0]; !strings.Contains(f.Message, tt.want) || f.Code != CodeExtraction || f.Cause != record.ProcessingFailed || f.Members != nil {
					t.Errorf("%+v, want %q", f, tt.want)
				}
				return
			}
			got := fmt.Sprintf("%v|%v", o.Out[0].Keys.Lambda, o.Out[0].Keys.Query)
			if got != tt.want || o.Out[0].Keys != o.Out[1].Keys {
				t.Errorf("%s, want %s; one partition: %v", got, tt.want, o.Out[0].Keys == o.Out[1].Keys)
			}
		})
	}
}

func BenchmarkProcess(b *testing.B) {
	q, err := jq.Compile(`{c: .customer, y: .ts|strftime("%Y"), d: .device.type}`)
	if err != nil {
		b.Fatal(err)
	}
	k := New(q, nil, []string{"c", "y", "d"}, nil)
	data := []byte(`{"customer":"c1","device":{"type":"mobile","os":"x"},"ts":1565382027,"text":"` + strings.Repeat("x", 900) + `"}`)
	in := make([]record.Record, 100)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(in) {
		for i := range in {
			in[i] = record.Record{Data: data}
		}
		if o, _ := k.Process(context.Background(), now, 1, in); len(o.Failed) > 0 {
			b.Fatal(o.Failed[0].Message)
		}
	}
}

// TestNow gives a query the stream's time.
func TestNow(t *testing.T) {
	var c Clock
	q, err := c.Compile(`{y: (now|strftime("%Y-%m-%d"))}`)
	if err != nil {
		t.Fatal(err)
	}
	o, err := New(q, &c, []string{"y"}, nil).Process(context.Background(), now, 1, []record.Record{{Data: []byte("{}")}})
	if err != nil || len(o.Out) != 1 || o.Out[0].Keys.Query[0] != "2025-01-01" {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestRoutes: a member without a value says nothing, and takes nothing from the others (destinations.md §6).
func TestRoutes(t *testing.T) {
	for _, tt := range []struct{ query, data, want string }{
		{`{destinationDatabaseName: .d, destinationTableName: .t, operation: .o}`, `{"d":"a","t":"b","o":"delete"}`, "a b delete"},
		{`{destinationDatabaseName: .d, destinationTableName: .t, operation: .o}`, `{"t":7,"o":true}`, " 7 true"},
		{`{destinationDatabaseName: .d, destinationTableName: .t, operation: .o}`, `{"d":1,"t":7,"o":true}`, "1 7 true"},
		{`{destinationDatabaseName: .d, destinationTableName: .t}`, `{"d":null,"t":"\u00e9\n"}`, " é\n "},
		{`{destinationDatabaseName: .d, destinationTableName: .t}`, `{"d":"","t":["x"]}`, "The value of the partition key destinationTableName is an object or an array"},
		{`{destinationDatabaseName: .d, destinationTableName: .t}`, `{"d":"a","t":["x"]}`, "The value of the partition key destinationTableName is an object or an array"},
		{`{destinationTableName: .t.x}`, `{"t":"x"}`, `Cannot index string with string "x"`},
	} {
		q, err := jq.Compile(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		o, _ := NewRoutes(q, nil).Process(context.Background(), now, 1, []record.Record{{Data: []byte(tt.data)}})
		got := ""
		if len(o.Failed) > 0 {
			got = o.Failed[0].Message
		} else {
			k := o.Out[0].Keys
			got = k.Database + " " + k.Table + " " + k.Operation
		}
		if got != tt.want {
			t.Errorf("%s of %s: %q, want %q", tt.query, tt.data, got, tt.want)
		}
	}
}
