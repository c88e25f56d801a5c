package hydrant

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// plainEvent is an event as encoding/json sees it: the second implementation that judges the first.
type plainEvent struct {
	Records []struct {
		RecordID json.RawMessage `json:"recordId"`
		Data     json.RawMessage `json:"data"`
		Kafka    json.RawMessage `json:"kafkaRecordValue"`
	} `json:"records"`
}

type plainAnswer struct {
	Records []struct {
		RecordID string  `json:"recordId"`
		Result   string  `json:"result"`
		Data     *string `json:"data"`
		Kafka    *string `json:"kafkaRecordValue"`
		Metadata *struct {
			PartitionKeys map[string]string `json:"partitionKeys"`
			OTF           *struct {
				Database  string `json:"destinationDatabaseName"`
				Table     string `json:"destinationTableName"`
				Operation string `json:"operation"`
			} `json:"otfMetadata"`
		} `json:"metadata"`
	} `json:"records"`
}

// replaced makes one U+FFFD of several: encoding/json writes one for each byte that isn't UTF-8, which no event of the
// service's has, and the Handler one for each maximal part of a character, as most decoders do.
func replaced(id string) string {
	for strings.Contains(id, "\uFFFD\uFFFD") {
		id = strings.ReplaceAll(id, "\uFFFD\uFFFD", "\uFFFD")
	}
	return id
}

// breach says what is wrong with an answer to event, "" if nothing is.
func breach(event, answer []byte, budget int) string {
	if len(answer) > budget {
		return fmt.Sprintf("%d bytes, the budget is %d", len(answer), budget)
	}
	var e plainEvent
	if err := json.Unmarshal(event, &e); err != nil {
		return "an answer to what isn't JSON: " + err.Error()
	}
	var a plainAnswer
	d := json.NewDecoder(bytes.NewReader(answer))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return err.Error()
	}
	if len(a.Records) != len(e.Records) {
		return fmt.Sprintf("%d answers to %d records", len(a.Records), len(e.Records))
	}
	for i, r := range a.Records {
		var id string
		if err := json.Unmarshal(e.Records[i].RecordID, &id); err != nil {
			id = string(e.Records[i].RecordID)
		}
		if replaced(r.RecordID) != replaced(id) {
			return fmt.Sprintf("record %d: id %q, want %q", i, r.RecordID, id)
		}
		data := r.Data
		if r.Kafka != nil {
			data = r.Kafka
		}
		switch r.Result {
		case "Ok":
			if data == nil || r.Data != nil && r.Kafka != nil {
				return fmt.Sprintf("record %d: Ok without data, or with two", i)
			}
			if _, err := base64.StdEncoding.Strict().DecodeString(*data); err != nil {
				return fmt.Sprintf("record %d: %v", i, err)
			}
		case "Dropped", "ProcessingFailed":
			if data != nil || r.Metadata != nil {
				return fmt.Sprintf("record %d: %s with data or metadata", i, r.Result)
			}
		default:
			return fmt.Sprintf("record %d: result %q", i, r.Result)
		}
	}
	return ""
}

// A script is a transform, or a function of one record, that does what its bytes say, one byte a record.
type script struct {
	ops   []byte
	block func(ctx context.Context)
}

func (s script) op(i int) byte {
	if len(s.ops) == 0 {
		return 0
	}
	return s.ops[i%len(s.ops)]
}

func (s script) one(ctx context.Context, i int, r Record) Result {
	op := s.op(i)
	switch op % 12 {
	case 0:
		return OKResult(r.Data)
	case 1:
		return DropResult()
	case 2:
		return Result{}
	case 3:
		panic("no")
	case 4:
		_ = r.Data[len(r.Data)]
	case 5:
		return OKResult(bytes.Repeat([]byte{op}, int(op)*4))
	case 6:
		return Result{Status: Status(op)}
	case 7:
		return Result{Status: OK, PartitionKeys: map[string]string{"\xff<": r.ID, "": string(r.Data)}}
	case 8:
		return Result{Status: OK, Data: r.Data, OTF: &OTFMetadata{Database: "d\x00", Operation: "insert"}}
	case 9:
		s.block(ctx)
		return OKResult(r.Data)
	case 10:
		return Result{Status: Dropped, Data: r.Data, PartitionKeys: map[string]string{"a": "b"}}
	}
	return OKResult(nil)
}

func (s script) Transform(ctx context.Context, records []Record) ([]Result, error) {
	var results []Result
	for i, r := range records {
		results = append(results, s.one(ctx, i, r))
	}
	switch s.op(len(records)) % 5 {
	case 1:
		return results[:len(results)/2], nil
	case 2:
		return append(results, Result{Status: OK}), nil
	}
	return results, nil
}

// FuzzContract gives arbitrary events to arbitrary transforms: whatever they do, an answer keeps the contract.
func FuzzContract(f *testing.F) {
	const two = `{"records":[{"recordId":"a","data":"YQ=="},{"recordId":"b\u00e9","data":"Yg=="},{"recordId":3,"kafkaRecordValue":"Yg=="}]}`
	f.Add([]byte(two), []byte{0, 3, 5}, 200, byte(0))
	f.Add([]byte(two), []byte{9, 1, 9}, 1000, byte(1))
	f.Add([]byte(two), []byte{0, 0, 0, 1}, 1000, byte(2))
	f.Add([]byte(two), []byte{7, 8, 6}, 150, byte(3))
	f.Add([]byte(` {"records" : [ {"approximateArrivalTimestamp":"2012-04-23T18:25:43.511Z","recordId":"x","data":"Pz8\/","mskRecordMetadata":{"offset":1}} ], "a":[{}] } `), []byte{0}, 1000, byte(4))
	f.Fuzz(func(t *testing.T, event, ops []byte, budget int, how byte) {
		if budget %= 5000; budget <= 0 {
			budget = MaxAnswer
		}
		s := script{ops: ops, block: func(ctx context.Context) { <-ctx.Done() }}
		h := &Handler{Transform: s, Options: Options{Budget: budget, Log: slog.New(slog.DiscardHandler)}}
		i := -1
		switch how % 4 {
		case 1:
			h.Transform = Func(func(ctx context.Context, r Record) Result { i++; return s.one(ctx, i, r) })
		case 2:
			h.Transform = Append(func(ctx context.Context, dst []byte, r Record) ([]byte, Status) {
				i++
				res := s.one(ctx, i, r)
				return append(dst, res.Data...), res.Status
			})
		case 3:
			h.Transform = EachLine(s)
			h.Reingest = &stream{refuse: int(how >> 2)}
			h.Split = func(r Record) (a, b []byte, ok bool) {
				n := len(r.Data) / 2
				return r.Data[:n], r.Data[n:], how&128 == 0
			}
		}
		run := func(ctx context.Context) {
			answer, err := h.Invoke(ctx, bytes.Clone(event))
			if err != nil {
				return // nothing was promised
			}
			if b := breach(event, answer, budget); b != "" {
				t.Errorf("%s\nevent %s\nanswer %s", b, event, answer)
			}
		}
		if !slices.ContainsFunc(ops, func(op byte) bool { return op%12 == 9 }) {
			run(context.Background())
			return
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			run(ctx)
		})
	})
}

// FuzzEvent holds the decoder to encoding/json: what is JSON and an event is taken, what isn't JSON is not.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"invocationId":"i","deliveryStreamArn":"d","region":"r","sourceKinesisStreamArn":"k","records":[{"recordId":"r1","approximateArrivalTimestamp":1,"data":"YQ==","kinesisRecordMetadata":{"shardId":"s","partitionKey":"p","approximateArrivalTimestamp":"2","sequenceNumber":"3","subsequenceNumber":"4"}}]}`))
	f.Add([]byte(`{"records":[{"recordId":"r\ud83d\ude00\ud800","data":"YQ=="}],"x":[1,-0.5e+3,null,true,{"a":"\n"}]}`))
	f.Fuzz(func(t *testing.T, event []byte) {
		if twice(event) {
			return // what stands twice is read twice here, and once by encoding/json
		}
		b := new(batch)
		err := b.decode(bytes.Clone(event))
		want, ok := plainDecode(event)
		if (err == nil) != ok {
			t.Fatalf("%q: %v, encoding/json says %v", event, err, ok)
		}
		if err != nil {
			return
		}
		if len(want) != len(b.items) {
			t.Fatalf("%q: %d records, want %d", event, len(b.items), len(want))
		}
		for i, it := range b.items {
			var id string
			if json.Unmarshal(it.id, &id) != nil || id != want[i].id {
				t.Fatalf("%q: id %s, want %q", event, it.id, want[i].id)
			}
			if (it.fault == "") != want[i].ok {
				t.Fatalf("%q: fault %q, want %v", event, it.fault, want[i].ok)
			}
			if it.record >= 0 && (b.records[it.record].ID != id || string(b.records[it.record].Data) != want[i].data) {
				t.Fatalf("%q: %+v, want %+v", event, b.records[it.record], want[i])
			}
		}
	})
}

// twice tells whether an object in event has a member twice, or data in both ways.
func twice(event []byte) bool {
	if !json.Valid(event) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var walk func() bool
	walk = func() bool {
		tok, err := d.Token()
		if err != nil {
			return false
		}
		switch tok {
		case json.Delim('{'):
			seen := map[string]bool{}
			for d.More() {
				key, err := d.Token()
				if err != nil {
					return false
				}
				k := key.(string)
				if k == "kafkaRecordValue" {
					k = "data"
				}
				if seen[k] || walk() {
					return true
				}
				seen[k] = true
			}
			d.Token()
		case json.Delim('['):
			for d.More() {
				if walk() {
					return true
				}
			}
			d.Token()
		}
		return false
	}
	return walk()
}

type plainRecord struct {
	id, data string
	ok       bool
}

// plainDecode reads an event by encoding/json. Members that are skipped may not be nested too deep.
func plainDecode(event []byte) (records []plainRecord, ok bool) {
	var e map[string]json.RawMessage
	if json.Unmarshal(event, &e) != nil || e == nil || bytes.Count(event, []byte("["))+bytes.Count(event, []byte("{")) > maxDepth {
		return nil, false
	}
	for _, name := range []string{"invocationId", "deliveryStreamArn", "region", "sourceKinesisStreamArn", "sourceMSKArn"} {
		if !scalar(e[name]) {
			return nil, false
		}
	}
	var list []json.RawMessage
	if json.Unmarshal(e["records"], &list) != nil || list == nil {
		return nil, false
	}
	for _, raw := range list {
		var m map[string]json.RawMessage
		if json.Unmarshal(raw, &m) != nil || m == nil {
			return nil, false
		}
		var r plainRecord
		if id := m["recordId"]; id == nil || string(id) == "null" || !scalar(id) {
			return nil, false
		} else if json.Unmarshal(id, &r.id) != nil {
			r.id = string(id)
		}
		if !scalar(m["approximateArrivalTimestamp"]) || !metadata(m["kinesisRecordMetadata"], "shardId partitionKey approximateArrivalTimestamp sequenceNumber subsequenceNumber") ||
			!metadata(m["mskRecordMetadata"], "offset partitionId approximateArrivalTimestamp") {
			return nil, false
		}
		var data *string
		for _, name := range []string{"kafkaRecordValue", "data"} {
			if m[name] == nil || string(m[name]) == "null" {
				continue
			}
			if json.Unmarshal(m[name], &data) != nil {
				return nil, false
			}
		}
		if data != nil {
			b, err := base64.StdEncoding.DecodeString(*data)
			r.data, r.ok = string(b), err == nil
		}
		records = append(records, r)
	}
	return records, true
}

func scalar(v json.RawMessage) bool {
	return v == nil || string(v) == "null" || v[0] == '"' || v[0] == '-' || '0' <= v[0] && v[0] <= '9'
}

func metadata(v json.RawMessage, names string) bool {
	var m map[string]json.RawMessage
	if v == nil {
		return true
	}
	if json.Unmarshal(v, &m) != nil {
		return false
	}
	for _, name := range strings.Fields(names) {
		if !scalar(m[name]) {
			return false
		}
	}
	return true
}

// A stream is a Reingester: what is put back comes again, in another event.
type stream struct {
	records []Record
	refuse  int // every how many-th record is refused
	n       int
}

func (s *stream) PutBack(_ context.Context, _ Event, records []Record) []error {
	errs := make([]error, len(records))
	for i, r := range records {
		if s.n++; s.refuse > 0 && s.n%s.refuse == 0 {
			errs[i] = errors.New("slow down")
			continue
		}
		r.Data = bytes.Clone(r.Data)
		s.records = append(s.records, r)
	}
	return errs
}

// TestPuttingBackEnds runs batches of records whose results are of all sizes, on a small budget, until nothing is put back any more.
// Every pass settles a record, or halves one, so there are at most twice as many passes as there is data.
func TestPuttingBackEnds(t *testing.T) {
	const budget = 2000
	for _, sizes := range [][]int{{1}, {1000, 1000, 1000}, {5000}, {1, 1390, 1390, 1390, 1}, {1405, 1405}, {700, 20000, 3, 3000, 0, 9}, {1460, 1460, 1460}} {
		for _, refuse := range []int{0, 3} {
			back := &stream{refuse: refuse}
			var failed, log bytes.Buffer
			h := &Handler{
				// The result is the record; x marks one that can't be halved further.
				Transform: Func(func(_ context.Context, r Record) Result { return OKResult(r.Data) }),
				Options: Options{Budget: budget, Reingest: back, Log: slog.New(slog.NewTextHandler(&log, nil)),
					Split: func(r Record) (a, b []byte, ok bool) { n := len(r.Data) / 2; return r.Data[:n], r.Data[n:], true }},
			}
			total, delivered := 0, 0
			for i, n := range sizes {
				total += n
				back.records = append(back.records, Record{ID: fmt.Sprint("r", i), Data: bytes.Repeat([]byte{byte('a' + i)}, n)})
			}
			rounds, lost := 0, 0
			for len(back.records) > 0 {
				if rounds++; rounds > 2*(len(sizes)+total/500) {
					t.Fatalf("%v: still %d records after %d rounds", sizes, len(back.records), rounds)
				}
				event := bytes.NewBufferString(`{"deliveryStreamArn":"arn:aws:firehose:r:1:deliverystream/d","records":[`)
				sent := back.records
				for i, r := range sent {
					if i > 0 {
						event.WriteByte(',')
					}
					fmt.Fprintf(event, `{"recordId":"%d-%d","data":"%s"}`, rounds, i, base64.StdEncoding.EncodeToString(r.Data))
				}
				event.WriteString("]}")
				back.records = nil
				answer, err := h.Invoke(context.Background(), event.Bytes())
				if err != nil {
					t.Fatalf("%v: %v", sizes, err)
				}
				if b := breach(event.Bytes(), answer, budget); b != "" {
					t.Fatalf("%v: %s", sizes, b)
				}
				var a plainAnswer
				if err := json.Unmarshal(answer, &a); err != nil {
					t.Fatal(err)
				}
				for i, r := range a.Records {
					switch r.Result {
					case "Ok":
						b, _ := base64.StdEncoding.DecodeString(*r.Data)
						delivered += len(b)
					case "ProcessingFailed":
						failed.Write(sent[i].Data)
						lost++
					}
				}
			}
			if refuse == 0 && (delivered != total || lost > 0) || delivered+failed.Len() < total {
				t.Errorf("%v, every %d refused: %d bytes delivered and %d failed of %d\n%s", sizes, refuse, delivered, failed.Len(), total, &log)
			}
		}
	}
}

func TestDeadline(t *testing.T) {
	event := []byte(`{"records":[{"recordId":"a","data":"YQ=="},{"recordId":"b","data":"Yg=="},{"recordId":"c","data":"Yw=="}]}`)
	stuck := func(ctx context.Context, r Record) Result {
		if r.ID == "b" {
			<-ctx.Done()
			time.Sleep(time.Hour) // never looks at its context again
		}
		return OKResult(r.Data)
	}
	batch := around(func(ctx context.Context, records []Record) ([]Result, error) { <-ctx.Done(); return nil, ctx.Err() })
	const first = `{"recordId":"a","result":"Ok","data":"YQ=="}`
	for _, tt := range []struct {
		name    string
		h       Handler
		want    string // "" is an error
		putBack int
	}{
		{"fail", Handler{Transform: Func(stuck)}, `{"records":[` + first + `,{"recordId":"b","result":"ProcessingFailed"},{"recordId":"c","result":"ProcessingFailed"}]}`, 0},
		{"put back", Handler{Transform: Func(stuck), Options: Options{Unfinished: UnfinishedPutBack}}, `{"records":[` + first + `,{"recordId":"b","result":"ProcessingFailed"},{"recordId":"c","result":"Dropped"}]}`, 1},
		{"error", Handler{Transform: Func(stuck), Options: Options{Unfinished: UnfinishedError}}, "", 0},
		{"whole batch", Handler{Transform: batch}, `{"records":[{"recordId":"a","result":"ProcessingFailed"},{"recordId":"b","result":"ProcessingFailed"},{"recordId":"c","result":"ProcessingFailed"}]}`, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			back := new(stream)
			tt.h.Log, tt.h.Reingest = slog.New(slog.NewTextHandler(&log, nil)), back
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			start := time.Now()
			got, err := tt.h.Invoke(ctx, event)
			if string(got) != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%s: %s, %v", tt.name, got, err)
			}
			if took := time.Since(start); took != 9*time.Second {
				t.Errorf("%s: answered after %v", tt.name, took)
			}
			if len(back.records) != tt.putBack {
				t.Errorf("%s: %d put back", tt.name, len(back.records))
			}
			time.Sleep(2 * time.Hour) // the abandoned transform comes to its end
			if tt.putBack == 0 && err == nil && !strings.Contains(log.String(), `msg="record unfinished at the deadline" recordId=b`) {
				t.Errorf("%s: log %s", tt.name, &log)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	h := NewHandler(Func(func(ctx context.Context, r Record) Result { cancel(); <-ctx.Done(); return Result{} }))
	if _, err := h.Invoke(ctx, []byte(`{"records":[{"recordId":"a","data":""},{"recordId":"b","data":""}]}`)); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
