package hydrant

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hydrantkit/hydrant/internal/b64"
	"github.com/hydrantkit/hydrant/internal/kpl"
)

// apply calls a transform outside of a Handler, as a test of a blueprint would.
func apply(t *testing.T, tr Transform, data ...string) string {
	t.Helper()
	records := make([]Record, len(data))
	for i, d := range data {
		records[i] = Record{ID: fmt.Sprint("r", i), Data: []byte(d)}
	}
	results, err := tr.Transform(context.Background(), records)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%v %q\n", r.Status, r.Data)
	}
	return b.String()
}

func TestTransforms(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("packed"))
	z.Close()
	aggregate := string(kpl.Append(nil, []kpl.Child{{PartitionKey: "a", Data: []byte("one")}, {PartitionKey: "b", Data: []byte("two")}}))
	odd := Func(func(_ context.Context, r Record) Result {
		switch string(r.Data) {
		case "drop":
			return DropResult()
		case "fail":
			return FailResult()
		case "key":
			return Result{Status: OK, Data: r.Data, PartitionKeys: map[string]string{"k": "v"}}
		}
		return OKResult(bytes.ToUpper(r.Data))
	})
	keys := Func(func(_ context.Context, r Record) Result {
		if r.Kinesis == nil {
			return OKResult(nil)
		}
		return OKResult(fmt.Appendf(nil, "%s/%d ", r.Kinesis.PartitionKey, r.Kinesis.Subsequence))
	})
	type order struct {
		ID    int    `json:"id"`
		Note  string `json:"note,omitempty"`
		Price float64
	}
	orders := JSON[order](func(_ context.Context, o *order) (Status, error) {
		switch o.ID {
		case 0:
			return OK, errors.New("no id")
		case 1:
			return Dropped, nil
		}
		o.Note += "<&>"
		return OK, nil
	})
	for _, tt := range []struct {
		name string
		t    Transform
		in   []string
		want string
	}{
		{"Func", odd, []string{"a", "drop", "fail"}, "Ok \"A\"\nDropped \"\"\nProcessingFailed \"\"\n"},
		{"Append", Append(func(_ context.Context, dst []byte, r Record) ([]byte, Status) {
			if string(r.Data) == "b" {
				return append(dst, "lost"...), Dropped
			}
			return append(append(dst, r.Data...), '!'), OK
		}), []string{"a", "b", "c"}, "Ok \"a!\"\nDropped \"\"\nOk \"c!\"\n"},
		{"JSON", orders, []string{`{"id":2,"more":1}`, `{"id":0}`, `{"id":1}`, `{"id":"x"}`, `{`},
			`Ok "{\"id\":2,\"note\":\"<&>\",\"Price\":0}"` + "\nProcessingFailed \"\"\nDropped \"\"\nProcessingFailed \"\"\nProcessingFailed \"\"\n"},
		{"Error", Error(errors.New("no")), []string{"a"}, "no"},
		{"EachLine", EachLine(odd), []string{"a\r\nb\n\n", "a\ndrop\nb", "drop", "", "a\nfail", "key\nkey", "a\nkey"},
			"Ok \"A\\nB\\n\"\nOk \"A\\nB\\n\"\nDropped \"\"\nDropped \"\"\nProcessingFailed \"\"\nOk \"key\\nkey\\n\"\nProcessingFailed \"\"\n"},
		{"Newline", Newline(odd), []string{"a", "a\n", "", "drop"}, "Ok \"A\\n\"\nOk \"A\\n\"\nOk \"\"\nDropped \"\"\n"},
		{"Decompress", Decompress(odd), []string{packed.String(), packed.String() + packed.String(), "plain", packed.String()[:20]},
			"Ok \"PACKED\"\nOk \"PACKEDPACKED\"\nProcessingFailed \"\"\nProcessingFailed \"\"\n"},
		{"composed", Newline(Decompress(EachLine(odd))), []string{packed.String(), "plain"}, "Ok \"PACKED\\n\"\nProcessingFailed \"\"\n"},
		{"Deaggregate", Deaggregate(keys), []string{aggregate, "plain", string(kpl.Append(nil, nil))}, "Ok \"a/0 b/1 \"\nOk \"\"\nDropped \"\"\n"},
		{"Split that panics", Split(odd, func(dst []Record, r Record) ([]Record, error) { return append(dst, r)[:len(r.Data)], nil }), []string{"a", ""},
			"Ok \"A\"\nProcessingFailed \"\"\n"},
		{"Split of a transform that miscounts", Split(results{{Status: OK}, {Status: OK}}, func(dst []Record, r Record) ([]Record, error) { return append(dst, r), nil }), []string{"a"},
			"ProcessingFailed \"\"\n"},
	} {
		if got := apply(t, tt.t, tt.in...); got != tt.want {
			t.Errorf("%s:\n%swant\n%s", tt.name, got, tt.want)
		}
		if _, wrong := tt.t.(wrong); wrong {
			continue
		}
		// The same inside of a Handler, whose memory is used again from event to event.
		h := NewHandler(tt.t)
		h.Log = slog.New(slog.DiscardHandler)
		var before string
		for range 3 {
			event := `{"records":[`
			for i, d := range tt.in {
				if i > 0 {
					event += ","
				}
				event += fmt.Sprintf(`{"recordId":"r%d","data":"%s"}`, i, b64.Append(nil, []byte(d)))
			}
			got, err := h.Invoke(context.Background(), []byte(event+"]}"))
			if err != nil {
				t.Fatal(err)
			}
			var a struct {
				Records []struct {
					Result string
					Data   []byte
				}
			}
			if err := json.Unmarshal(got, &a); err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, r := range a.Records {
				fmt.Fprintf(&b, "%v %q\n", r.Result, r.Data)
			}
			if b.String() != tt.want || before != "" && before != string(got) {
				t.Errorf("%s in a Handler:\n%swant\n%s", tt.name, &b, tt.want)
			}
			before = string(got)
		}
	}
}

func TestHalve(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"\n":               "",
		"one line\n":       "",
		"a\nb":             "a\n|b",
		"a\nb\n":           "a\n|b\n",
		"a\nbb\nccc\n":     "a\nbb\n|ccc\n",
		"a\nmuch longer\n": "a\n|much longer\n",
		"much longer\na":   "much longer\n|a",
		"\n\n\n\n":         "\n\n|\n\n",
	} {
		a, b, ok := Halve(Record{Data: []byte(in)})
		got := string(a) + "|" + string(b)
		if !ok {
			got = ""
		}
		if got != want || ok && (len(a) == 0 || len(b) == 0) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestDecompressIsBounded(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range MaxDecompressed>>20 + 1 {
		z.Write(zeros)
	}
	z.Close()
	if got := apply(t, Decompress(upper), b.String()); got != "ProcessingFailed \"\"\n" {
		t.Errorf("%.100s", got)
	}
}

func TestPassResult(t *testing.T) {
	pass := Func(func(_ context.Context, r Record) Result { return PassResult(r) })
	// What base64 says twice is passed as it came.
	got, _ := invoke(t, pass, `{"records":[{"recordId":"a","data":"YR=="},{"recordId":"b","data":""},{"recordId":"c","data":"Pz8\/"}]}`)
	if want := `{"records":[{"recordId":"a","result":"Ok","data":"YR=="},{"recordId":"b","result":"Ok","data":""},{"recordId":"c","result":"Ok","data":"Pz8/"}]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// A part of it isn't it.
	got, _ = invoke(t, EachLine(pass), `{"records":[{"recordId":"a","data":"YQo="}]}`)
	if want := `{"records":[{"recordId":"a","result":"Ok","data":"YQo="}]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRecords(t *testing.T) {
	at := time.UnixMilli
	kinesis := &KinesisMetadata{ShardID: "shardId-000000000000", PartitionKey: "k", Arrival: at(1507217624302), SequenceNumber: "495", Subsequence: 7}
	for _, tt := range []struct {
		name, event string
		e           Event
		want        []Record
	}{
		{"Kinesis", `{"invocationId":"i","sourceKinesisStreamArn":"s","deliveryStreamArn":"d","region":"r","records":[
			{"data":"YQ==","recordId":"1","approximateArrivalTimestamp":1507217624302,"kinesisRecordMetadata":{"shardId":"shardId-000000000000","partitionKey":"k","approximateArrivalTimestamp":1507217624302,"sequenceNumber":"495","subsequenceNumber":7}},
			{"data":"YQ==","recordId":"2","approximateArrivalTimestamp":"1507217624302","kinesisRecordMetadata":{"shardId":"shardId-000000000000","partitionKey":"k","approximateArrivalTimestamp":"1507217624302","sequenceNumber":495,"subsequenceNumber":"7"}},
			{"data":"YQ==","recordId":"3","approximateArrivalTimestamp":"2017-10-05T15:33:44.302Z","kinesisRecordMetadata":{"partitionKey":"k","subsequenceNumber":"","sequenceNumber":null}},
			{"data":"YQ==","recordId":"4","kinesisRecordMetadata":null,"approximateArrivalTimestamp":1507217624302.9}]}`,
			Event{"i", "d", "r", "s", ""},
			[]Record{{"1", []byte("a"), at(1507217624302), kinesis, nil}, {"2", []byte("a"), at(1507217624302), kinesis, nil},
				{"3", []byte("a"), at(1507217624302), &KinesisMetadata{PartitionKey: "k"}, nil}, {"4", []byte("a"), at(1507217624302), nil, nil}}},
		{"topic, members behind the records", `{"records":[{"recordId":"1","kafkaRecordValue":"YQ==","approximateArrivalTimestamp":"soon","mskRecordMetadata":{"offset":12,"partitionId":"1","approximateArrivalTimestamp":5}}],"sourceMSKArn":"m"}`,
			Event{SourceMSKARN: "m"}, []Record{{"1", []byte("a"), at(0), nil, &MSKMetadata{"12", "1", at(5)}}}},
	} {
		var e Event
		var got []Record
		invoke(t, around(func(ctx context.Context, records []Record) ([]Result, error) {
			e, _ = EventFrom(ctx)
			got = append([]Record(nil), records...)
			for i := range got {
				got[i].Data = bytes.Clone(got[i].Data)
			}
			return make([]Result, len(records)), nil
		}), tt.event)
		if e != tt.e || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v %+v", tt.name, e, got)
		}
	}
	if _, ok := EventFrom(context.Background()); ok {
		t.Error("an event without a Handler")
	}
}

// The samples that Lambda's tools and libraries ship.
func TestSampleEvents(t *testing.T) {
	files, _ := filepath.Glob("../shared/corpus/firehose-events/*irehose*.json")
	if len(files) == 0 {
		t.Skip("../shared not present: sample events not read")
	}
	for _, file := range files {
		event, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file, "response") {
			continue
		}
		event = bytes.ReplaceAll(event, []byte("{{{data}}}"), []byte("SGVsbG8="))
		answer, _ := invoke(t, upper, string(event))
		if b := breach(event, []byte(answer), MaxAnswer); b != "" || strings.Contains(answer, "Failed") {
			t.Errorf("%s: %s %s", file, b, answer)
		}
	}
}

func TestMetrics(t *testing.T) {
	const event = `{"invocationId":"i\"","deliveryStreamArn":"arn:aws:firehose:us-east-1:1:deliverystream/d","records":[{"recordId":"a","data":"YQ=="},{"recordId":"b","data":"?"},{"recordId":"c","data":"YWE="}]}`
	synctest.Test(t, func(t *testing.T) {
		var w, inner, log bytes.Buffer
		drop := Func(func(_ context.Context, r Record) Result {
			if len(r.Data) == 2 {
				return DropResult()
			}
			return OKResult(r.Data)
		})
		h := &Handler{Transform: Log(Metrics(drop, &inner, "Mine"), slog.New(slog.NewTextHandler(&log, nil))),
			Options: Options{Metrics: &w, Log: slog.New(slog.DiscardHandler)}}
		answer, err := h.Invoke(context.Background(), []byte(event))
		if err != nil {
			t.Fatal(err)
		}
		const metrics = `[{"Name":"Records","Unit":"Count"},{"Name":"Ok","Unit":"Count"},{"Name":"Dropped","Unit":"Count"},{"Name":"ProcessingFailed","Unit":"Count"},{"Name":"PutBack","Unit":"Count"},{"Name":"BytesIn","Unit":"Bytes"},{"Name":"BytesOut","Unit":"Bytes"}]`
		want := fmt.Sprintf(`{"_aws":{"Timestamp":946684800000,"CloudWatchMetrics":[{"Namespace":"Hydrant","Dimensions":[["DeliveryStream"]],"Metrics":%s}]},"DeliveryStream":"d","InvocationId":"i\"","Records":3,"Ok":1,"Dropped":1,"ProcessingFailed":1,"PutBack":0,"BytesIn":%d,"BytesOut":%d}`+"\n", metrics, len(event), len(answer))
		if w.String() != want || !json.Valid(w.Bytes()) {
			t.Errorf("%s, want %s", &w, want)
		}
		want = strings.NewReplacer("Hydrant", "Mine", `"Records":3`, `"Records":2`, `"ProcessingFailed":1`, `"ProcessingFailed":0`, fmt.Sprint(len(event)), "3", fmt.Sprint(len(answer)), "1").Replace(want)
		if inner.String() != want {
			t.Errorf("%s, want %s", &inner, want)
		}
		if !strings.Contains(log.String(), `msg=transform deliveryStream=d invocationId="i\"" records=2 ok=1 dropped=1 processingFailed=0 duration=0s`) {
			t.Errorf("log %s", &log)
		}
	})
}

func TestAllocations(t *testing.T) {
	event := []byte(`{"records":[{"recordId":"r","data":"YWJj"}`)
	for i := range 1000 {
		event = fmt.Appendf(event, `,{"recordId":"%060d","approximateArrivalTimestamp":1495072949453,"data":"YWJjYWJjYWJjYWJjYWJj"}`, i)
	}
	event = append(event, "]}"...)
	h := NewHandler(Append(func(_ context.Context, dst []byte, r Record) ([]byte, Status) { return append(dst, r.Data...), OK }))
	n := testing.AllocsPerRun(20, func() {
		if _, err := h.Invoke(context.Background(), event); err != nil {
			t.Fatal(err)
		}
	})
	if n > 40 {
		t.Errorf("%v allocations for 1001 records", n)
	}
}
