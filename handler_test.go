package hydrant

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"testing"
)

func invoke(t *testing.T, tr Transform, event string) (answer, log string) {
	t.Helper()
	var b bytes.Buffer
	h := NewHandler(tr)
	h.Log = slog.New(slog.NewTextHandler(&b, nil))
	got, err := h.Invoke(context.Background(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	return string(got), b.String()
}

var upper = Func(func(_ context.Context, r Record) Result { return OKResult(bytes.ToUpper(r.Data)) })

func TestInvoke(t *testing.T) {
	for _, tt := range []struct {
		name, event, want string
		t                 Transform
	}{
		{"direct put", `{"invocationId":"0b2","deliveryStreamArn":"arn:aws:firehose:us-east-1:123456789012:deliverystream/d","region":"us-east-1",
			"records":[{"recordId":"r1","approximateArrivalTimestamp":1495072949453,"data":"aGVsbG8="}]}`,
			`{"records":[{"recordId":"r1","result":"Ok","data":"SEVMTE8="}]}`, upper},
		{"topic", `{"records":[{"recordId":"r1","kafkaRecordValue":"aGVsbG8=","mskRecordMetadata":{"offset":"0","partitionId":"1","approximateArrivalTimestamp":1}}]}`,
			`{"records":[{"recordId":"r1","result":"Ok","kafkaRecordValue":"SEVMTE8="}]}`, upper},
		{"no records", `{"records":[]}`, `{"records":[]}`, upper},
		{"empty data", `{"records":[{"recordId":"r1","data":""}]}`, `{"records":[{"recordId":"r1","result":"Ok","data":""}]}`, upper},
		{"not base64, no data, the others", `{"records":[{"recordId":"a","data":"?"},{"recordId":"b","data":"YQ=="},{"recordId":"c","data":null},{"recordId":"d"},{"recordId":"e","data":"Yg=="}]}`,
			`{"records":[{"recordId":"a","result":"ProcessingFailed"},{"recordId":"b","result":"Ok","data":"QQ=="},{"recordId":"c","result":"ProcessingFailed"},{"recordId":"d","result":"ProcessingFailed"},{"recordId":"e","result":"Ok","data":"Qg=="}]}`, upper},
		{"ids that need escapes, twice the same", `{"records":[{"recordId":"a\"\u0041<\/","data":""},{"recordId":"x&é","data":""},{"recordId":"x&é","data":""},{"recordId":7,"data":""}]}`,
			`{"records":[{"recordId":"a\"A</","result":"Ok","data":""},{"recordId":"x&é","result":"Ok","data":""},{"recordId":"x&é","result":"Ok","data":""},{"recordId":"7","result":"Ok","data":""}]}`, upper},
		{"escaped base64", `{"records":[{"recordId":"a","data":"Pz8\/"}]}`, `{"records":[{"recordId":"a","result":"Ok","data":"Pz8/"}]}`, upper},
		{"panic", `{"records":[{"recordId":"a","data":"YQ=="},{"recordId":"b","data":""},{"recordId":"c","data":"Yw=="}]}`,
			`{"records":[{"recordId":"a","result":"Ok","data":"YQ=="},{"recordId":"b","result":"ProcessingFailed"},{"recordId":"c","result":"Ok","data":"Yw=="}]}`,
			Func(func(_ context.Context, r Record) Result { return OKResult(r.Data[:len(r.Data):1]) })},
		{"metadata", `{"records":[{"recordId":"a","data":""}]}`,
			`{"records":[{"recordId":"a","result":"Ok","data":"","metadata":{"partitionKeys":{"a":"<","b":"2"},"otfMetadata":{"destinationDatabaseName":"d","destinationTableName":"t","operation":"update"}}}]}`,
			Func(func(context.Context, Record) Result {
				return Result{Status: OK, PartitionKeys: map[string]string{"b": "2", "a": "<"}, OTF: &OTFMetadata{"d", "t", "update"}}
			})},
		{"dropped", `{"records":[{"recordId":"a","data":""}]}`, `{"records":[{"recordId":"a","result":"Dropped"}]}`,
			Func(func(context.Context, Record) Result { return DropResult() })},
		{"too few results", `{"records":[{"recordId":"a","data":""},{"recordId":"b","data":""}]}`,
			`{"records":[{"recordId":"a","result":"ProcessingFailed"},{"recordId":"b","result":"ProcessingFailed"}]}`, results{{Status: OK}}},
		{"too many results", `{"records":[{"recordId":"a","data":""}]}`,
			`{"records":[{"recordId":"a","result":"ProcessingFailed"}]}`, results{{Status: OK}, {Status: OK}}},
	} {
		if got, _ := invoke(t, tt.t, tt.event); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

type results []Result

func (r results) Transform(context.Context, []Record) ([]Result, error) { return r, nil }

func TestInvokeErrors(t *testing.T) {
	for event, want := range map[string]string{
		``:                         "event ends at byte 0, where an object is expected",
		`{}`:                       "event has no records: not an event of a delivery stream",
		`{"records":[{}]}`:         "event at byte 12: record 0 has no recordId",
		`{"records":[]} x`:         `event at byte 15: 'x' where the end of the event is expected`,
		`{"records":[{"data":1}]}`: `event at byte 20: '1' where a string is expected`,
	} {
		_, err := NewHandler(upper).Invoke(context.Background(), []byte(event))
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", event, err, want)
		}
	}
	broken := errors.New("option A is wrong")
	if _, err := NewHandler(Error(broken)).Invoke(context.Background(), []byte(`{"records":[{"recordId":"a","data":""}]}`)); err != broken {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestPanicIsLogged(t *testing.T) {
	_, log := invoke(t, Func(func(_ context.Context, r Record) Result { panic("secret " + string(r.Data)) }), `{"records":[{"recordId":"r1","data":"YQ=="}]}`)
	if strings.Contains(log, "secret") || !strings.Contains(log, "recordId=r1 cause=string at=") || !strings.Contains(log, "handler_test.go:") {
		t.Errorf("log %s", log)
	}
}

// A panic at the third record of five is that record's alone, whatever shape the transform has.
func TestPanicOfOne(t *testing.T) {
	event := `{"records":[`
	for i, text := range []string{"1", "2", "3", "4", "5"} {
		if i > 0 {
			event += ","
		}
		event += `{"recordId":"r` + text + `","data":"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"}`
	}
	event += "]}"
	one := func(_ context.Context, r Record) Result {
		if string(r.Data) == "3" {
			panic("on purpose")
		}
		return OKResult(r.Data)
	}
	for name, tr := range map[string]Transform{
		"Func": Func(one),
		"Append": Append(func(ctx context.Context, dst []byte, r Record) ([]byte, Status) {
			res := one(ctx, r)
			return append(dst, res.Data...), res.Status
		}),
		"JSON": JSON[int](func(ctx context.Context, v *int) (Status, error) {
			return one(ctx, Record{Data: fmt.Append(nil, *v)}).Status, nil
		}),
		"EachLine": EachLine(Func(one)),
		"Newline":  Newline(Func(one)),
		"composed": Log(Metrics(Deaggregate(EachLine(Func(one))), io.Discard, ""), slog.New(slog.DiscardHandler)),
	} {
		answer, log := invoke(t, tr, event)
		var a plainAnswer
		if err := json.Unmarshal([]byte(answer), &a); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range a.Records {
			got = append(got, r.RecordID+" "+r.Result)
		}
		if want := "r1 Ok, r2 Ok, r3 ProcessingFailed, r4 Ok, r5 Ok"; strings.Join(got, ", ") != want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, ", "), want)
		}
		if strings.Count(log, "panicked") != 1 || !strings.Contains(log, "recordId=r3") {
			t.Errorf("%s: log %s", name, log)
		}
	}
}

// What goes wrong with a record is logged with its id, and never with its data.
func TestLogHoldsNoData(t *testing.T) {
	const secret = "hunter2"
	type doc struct{ Password any }
	data := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	large := strings.Repeat(secret, 1000)
	for _, tt := range []struct {
		name, data, want string
		t                Transform
		o                Options
	}{
		{"not base64", secret + "!", "cannot be transformed", upper, Options{}},
		{"not JSON", data(`{"Password":"` + secret), "cannot be decoded", JSON[doc](func(context.Context, *doc) (Status, error) { return OK, nil }), Options{}},
		{"of another type", data(`"` + secret + `"`), "cannot be decoded", JSON[doc](func(context.Context, *doc) (Status, error) { return OK, nil }), Options{}},
		{"not to be encoded", data(`{"Password":"` + secret + `"}`), "cannot be encoded",
			JSON[doc](func(_ context.Context, d *doc) (Status, error) { d.Password = math.NaN(); return OK, nil }), Options{}},
		{"panic", data(secret), "panicked", Func(func(_ context.Context, r Record) Result { panic(string(r.Data)) }), Options{}},
		{"not gzip", data(secret), "", Decompress(upper), Options{}},
		{"over the budget", data(large), "over the budget", upper, Options{Budget: 1000}},
		{"not put back", data(large), "over the budget", upper, Options{Budget: 1000, Reingest: &stream{refuse: 1}}},
	} {
		var log bytes.Buffer
		h := &Handler{Transform: tt.t, Options: tt.o}
		h.Log = slog.New(slog.NewJSONHandler(&log, nil))
		answer, err := h.Invoke(context.Background(), []byte(`{"records":[{"recordId":"r1","data":"`+tt.data+`"}]}`))
		if err != nil || !strings.Contains(string(answer), `"ProcessingFailed"`) {
			t.Errorf("%s: %s, %v", tt.name, answer, err)
		}
		if text := strings.ToLower(log.String()); strings.Contains(text, secret) || !strings.Contains(text, tt.want) || tt.want != "" && !strings.Contains(text, `"recordid":"r1"`) {
			t.Errorf("%s: log %s", tt.name, text)
		}
	}
}

// Without a budget of its own a Handler keeps to the 6 MiB that Lambda returns.
func TestDefaultBudget(t *testing.T) {
	event := []byte(`{"records":[`)
	for i := range 8 {
		if i > 0 {
			event = append(event, ',')
		}
		event = fmt.Appendf(event, `{"recordId":"r%d","data":"%s"}`, i, strings.Repeat("YWFh", 256<<10))
	}
	event = append(event, "]}"...)
	answer, _ := invoke(t, upper, string(event))
	if b := breach(event, []byte(answer), 6<<20); b != "" {
		t.Error(b)
	}
	if ok := strings.Count(answer, `"Ok"`); ok != 5 {
		t.Errorf("%d results of a mebibyte each in an answer", ok)
	}
}

func TestBudget(t *testing.T) {
	h := NewHandler(upper)
	event := []byte(`{"records":[{"recordId":"a","data":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"},{"recordId":"b","data":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"},{"recordId":"c","data":"YQ=="}]}`)
	all, err := h.Invoke(context.Background(), event)
	if err != nil {
		t.Fatal(err)
	}
	for h.Budget = len(all) + 1; ; h.Budget-- {
		got, err := h.Invoke(context.Background(), event)
		if err != nil {
			if want := len(`{"records":[]}`) + 3*len(`,{"recordId":"a","result":"Ok","data":"YQ=="}`) - 1; h.Budget >= want+2 {
				t.Errorf("budget %d: %v", h.Budget, err)
			}
			break
		}
		if len(got) > h.Budget || h.Budget >= len(all) && !bytes.Equal(got, all) {
			t.Fatalf("budget %d: %s", h.Budget, got)
		}
	}
}
