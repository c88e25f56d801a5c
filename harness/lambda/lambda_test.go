package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

var now = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

type invoke func(event []byte) ([]byte, error)

func (f invoke) Invoke(_ context.Context, event []byte) ([]byte, error) { return f(event) }

func batch(n int) []record.Record {
	in := make([]record.Record, n)
	for i := range in {
		d := fmt.Appendf(nil, "in%d", i)
		in[i] = record.Record{Seq: uint64(i), Data: d, Raw: d, Arrival: now.UnixMilli()}
	}
	return in
}

func id(seq uint64) string {
	r := record.Record{Seq: seq}
	return string(r.AppendID(nil))
}

func TestEvent(t *testing.T) {
	in := []record.Record{{Seq: 1, Data: []byte("Hello"), Arrival: 1495072949453}, {Seq: 2, Arrival: 1495072949453}}
	o := Options{FunctionARN: "arn:f", StreamARN: "arn:s", Region: "us-east-1", Seed: 1}
	for _, tt := range []struct {
		name string
		o    Options
		src  *record.Source
		want string // RecordID and InvocationID stand for themselves
	}{
		{"direct put", o, nil, `{"invocationId":"INV","deliveryStreamArn":"arn:s","region":"us-east-1","records":[` +
			`{"recordId":"R1","approximateArrivalTimestamp":1495072949453,"data":"SGVsbG8="},{"recordId":"R2","approximateArrivalTimestamp":1495072949453,"data":""}]}`},
		{"kinesis", Options{StreamARN: "arn:s", Region: "r", SourceARN: "arn:k"}, &record.Source{Shard: "shardId-000000000000", PartitionKey: "k\"", SequenceNumber: "49", Subsequence: 3, Arrival: 7},
			`{"invocationId":"INV","deliveryStreamArn":"arn:s","region":"r","sourceKinesisStreamArn":"arn:k","records":[` +
				`{"recordId":"R1","approximateArrivalTimestamp":1495072949453,"data":"SGVsbG8=","kinesisRecordMetadata":{"shardId":"shardId-000000000000","partitionKey":"k\"","approximateArrivalTimestamp":7,"sequenceNumber":"49","subsequenceNumber":3}},{"recordId":"R2","approximateArrivalTimestamp":1495072949453,"data":""}]}`},
		{"msk", Options{StreamARN: "arn:s", Region: "r", SourceARN: "arn:m", MSK: true}, &record.Source{Offset: "0", Partition: "1", Arrival: 7},
			`{"invocationId":"INV","deliveryStreamArn":"arn:s","region":"r","sourceMSKArn":"arn:m","records":[` +
				`{"recordId":"R1","approximateArrivalTimestamp":1495072949453,"kafkaRecordValue":"SGVsbG8=","mskRecordMetadata":{"offset":"0","partitionId":"1","approximateArrivalTimestamp":7}},{"recordId":"R2","approximateArrivalTimestamp":1495072949453,"kafkaRecordValue":""}]}`},
	} {
		in[0].Source = tt.src
		tr := New(nil, tt.o)
		first, second := string(tr.appendEvent(nil, now, 1, in)), string(tr.appendEvent(nil, now, 2, in))
		if first == second {
			t.Errorf("%s: a retry has the same invocation id", tt.name)
		}
		var e struct{ InvocationID string }
		if err := json.Unmarshal([]byte(first), &e); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := strings.NewReplacer(e.InvocationID, "INV", id(1), "R1", id(2), "R2").Replace(first)
		if got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestMatch is the outcome table of record-transformation.md §3. In responses, R0, R1… are record ids.
func TestMatch(t *testing.T) {
	ok := func(n int, data string) string {
		return fmt.Sprintf(`{"recordId":"R%d","result":"Ok","data":"%s"}`, n, base64.StdEncoding.EncodeToString([]byte(data)))
	}
	for _, tt := range []struct {
		name, response string
		out            string // data that goes on
		failed         string // seq:code
		dropped        int
		outage         string // code, "!" when final
	}{
		{"all well", `{"records":[` + ok(0, "a") + `,` + ok(1, "b") + `,` + ok(2, "c") + `]}`, "a b c", "", 0, ""},
		{"any order", `{"records":[` + ok(2, "c") + `,` + ok(0, "a") + `,` + ok(1, "b") + `]}`, "a b c", "", 0, ""},
		{"blanks, unknown members, the last of two", " {\"x\":[{}],\"records\" : [ " + ok(0, "a") + ` , {"recordId":"R1","result":"Dropped","result":"Ok","data":"Yg==","y":null},` + ok(2, "c") + " ] } ", "a b c", "", 0, ""},
		{"empty data is an empty record", `{"records":[` + ok(0, "a") + `,` + ok(1, "") + `,` + ok(2, "c") + `]}`, "a  c", "", 0, ""},
		{"null data", `{"records":[` + ok(0, "a") + `,{"recordId":"R1","result":"Ok","data":null},{"recordId":"R2","result":"Ok"}]}`, "a", "1:Lambda.InvalidReturnFormat 2:Lambda.InvalidReturnFormat", 0, ""},
		{"dropped and failed", `{"records":[{"recordId":"R0","result":"Dropped"},{"recordId":"R1","result":"ProcessingFailed","data":"!"},` + ok(2, "c") + `]}`, "c", "1:Lambda.ProcessingFailedStatus", 1, ""},
		{"missing", `{"records":[` + ok(0, "a") + `,` + ok(2, "c") + `]}`, "a c", "1:Lambda.MissingRecordId", 0, ""},
		{"duplicate", `{"records":[` + ok(0, "a") + `,` + ok(1, "b") + `,` + ok(1, "b") + `,` + ok(2, "c") + `]}`, "a c", "1:Lambda.DuplicatedRecordId", 0, ""},
		{"duplicate behind", `{"records":[` + ok(0, "a") + `,` + ok(1, "b") + `,` + ok(2, "c") + `,` + ok(0, "x") + `]}`, "b c", "0:Lambda.DuplicatedRecordId", 0, ""},
		{"unknown is ignored", `{"records":[` + ok(0, "a") + `,` + ok(1, "b") + `,` + ok(2, "c") + `,` + ok(7, "x") + `]}`, "a b c", "", 0, ""},
		{"no records", `{"records":[]}`, "", "0:Lambda.MissingRecordId 1:Lambda.MissingRecordId 2:Lambda.MissingRecordId", 0, ""},
		{"records absent", `{}`, "", "0:Lambda.MissingRecordId 1:Lambda.MissingRecordId 2:Lambda.MissingRecordId", 0, ""},
		{"records null", `{"records":null}`, "", "0:Lambda.MissingRecordId 1:Lambda.MissingRecordId 2:Lambda.MissingRecordId", 0, ""},
		{"a result of its own", `{"records":[` + ok(0, "a") + `,{"recordId":"R1","result":"ok","data":""},` + ok(2, "c") + `]}`, "", "", 0, "Lambda.FunctionError!"},
		{"no result", `{"records":[` + ok(0, "a") + `,{"recordId":"R1"},` + ok(2, "c") + `]}`, "", "", 0, "Lambda.FunctionError!"},
		{"bad base64", `{"records":[` + ok(0, "a") + `,{"recordId":"R1","result":"Ok","data":"a"},` + ok(2, "c") + `]}`, "", "", 0, "Lambda.FunctionError"},
		{"bad base64 of an unknown id", `{"records":[` + ok(0, "a") + `,` + ok(1, "b") + `,` + ok(2, "c") + `,{"recordId":"R9","result":"Ok","data":"a"}]}`, "", "", 0, "Lambda.FunctionError"},
		{"not JSON", `{"records":[`, "", "", 0, "Lambda.JsonProcessingException!"},
		{"empty", ``, "", "", 0, "Lambda.JsonProcessingException!"},
		{"null", `null`, "", "", 0, "Lambda.JsonProcessingException!"},
		{"more behind", `{"records":[]}{}`, "", "", 0, "Lambda.JsonProcessingException!"},
		{"an entry that is no object", `{"records":[1]}`, "", "", 0, "Lambda.JsonProcessingException!"},
		{"an id that is no string", `{"records":[{"recordId":1,"result":"Ok"}]}`, "", "", 0, "Lambda.JsonProcessingException!"},
		{"records that are no list", `{"records":{}}`, "", "", 0, "Lambda.JsonProcessingException!"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			response := tt.response
			for n := range 10 {
				response = strings.ReplaceAll(response, fmt.Sprintf(`"R%d"`, n), `"`+id(uint64(n))+`"`)
			}
			tr := New(invoke(func([]byte) ([]byte, error) { return []byte(response), nil }), Options{FunctionARN: "arn:f"})
			in := batch(3)
			got, err := tr.Process(context.Background(), now, 1, in)
			var o *record.Outage
			outage := ""
			if errors.As(err, &o) {
				if outage = o.Code; o.Final {
					outage += "!"
				}
			}
			var out, failed []string
			for _, r := range got.Out {
				out = append(out, string(r.Data))
				if string(r.Raw) != fmt.Sprintf("in%d", r.Seq) {
					t.Errorf("raw bytes of record %d became %q", r.Seq, r.Raw)
				}
			}
			for _, f := range got.Failed {
				failed = append(failed, fmt.Sprintf("%d:%s", f.Record.Seq, f.Code))
				if f.Attempts != 1 || f.At != now.UnixMilli() || len(f.Members) != 1 || f.Message == "" {
					t.Errorf("failure %+v", f)
				}
			}
			if strings.Join(out, " ") != tt.out || strings.Join(failed, " ") != tt.failed || got.Dropped != tt.dropped || outage != tt.outage {
				t.Errorf("got out %q failed %q dropped %d outage %q\nwant out %q failed %q dropped %d outage %q",
					out, failed, got.Dropped, outage, tt.out, tt.failed, tt.dropped, tt.outage)
			}
			if outage == "" && len(got.Out)+len(got.Failed)+got.Dropped != len(in) {
				t.Errorf("%d of %d records accounted for", len(got.Out)+len(got.Failed)+got.Dropped, len(in))
			}
		})
	}
}

func TestOutages(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		resp int
		code string
		end  time.Duration
	}{
		{"raised", &FunctionError{Type: "Error", Message: "no"}, 0, CodeFunctionError, 0},
		{"ran into its timeout", &FunctionError{Timeout: true, Elapsed: 3 * time.Second}, 0, CodeFunctionError, 3 * time.Second},
		{"ran for longer than the service waits", &FunctionError{Timeout: true, Elapsed: 15 * time.Minute}, 0, CodeFunctionTimeout, 5 * time.Minute},
		{"throttled", &InvokeError{CodeInvokeLimitExceeded, errors.New("429")}, 0, CodeInvokeLimitExceeded, 0},
		{"answer of 6 MiB and one", nil, MaxPayload + 1, CodeFunctionError, 0},
	} {
		tr := New(invoke(func([]byte) ([]byte, error) { return make([]byte, tt.resp), tt.err }), Options{})
		got, err := tr.Process(context.Background(), now, 1, batch(2))
		var o *record.Outage
		if !errors.As(err, &o) || o.Code != tt.code || o.Final || o.Text() == "" || got.End.Sub(now) != tt.end || len(got.Out) > 0 {
			t.Errorf("%s: %v, end %v", tt.name, err, got.End.Sub(now))
		}
		failed := tr.Failures(batch(2), o, 4, now)
		if len(failed) != 2 || failed[1].Code != tt.code || failed[1].Attempts != 4 || failed[1].Record.Seq != 1 {
			t.Errorf("%s: failures %+v", tt.name, failed)
		}
	}
}

// FuzzMatch holds every answer to the account: each record goes on, is dropped or fails, or the batch as a whole waits.
func FuzzMatch(f *testing.F) {
	f.Add([]byte(`{"records":[{"recordId":"` + id(0) + `","result":"Ok","data":"YQ=="},{"recordId":"` + id(1) + `","result":"Dropped"}]}`))
	f.Add([]byte(`{"records":[{"recordId":"\u0041","result":"Ok","data":null}]}`))
	f.Fuzz(func(t *testing.T, response []byte) {
		tr := New(invoke(func([]byte) ([]byte, error) { return response, nil }), Options{})
		got, err := tr.Process(context.Background(), now, 1, batch(3))
		if n := len(got.Out) + len(got.Failed) + got.Dropped; err == nil && n != 3 || err != nil && n != 0 {
			t.Errorf("%d of 3 records accounted for, error %v", n, err)
		}
		var o *record.Outage
		if err != nil && !errors.As(err, &o) {
			t.Errorf("error %v is no outage", err)
		}
	})
}
