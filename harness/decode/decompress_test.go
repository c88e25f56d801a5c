package decode_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"testing"

	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/record"
)

const (
	envelope = `{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"g","logStream":"s","subscriptionFilters":["f"],` +
		`"logEvents":[{"id":"1","timestamp":1510109208016,"message":"one"},{"id":"2","timestamp":1510109208017,"message":""},` +
		`{"id":"3","timestamp":1510109208018,"message":"three \"3\"\n","extractedFields":{"n":"3"}}]}`
	control = `{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],` +
		`"logEvents":[{"id":"","timestamp":1510109208016,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}`
)

// stored is gzip of s without compression: quick to make, and as good as a bomb.
func stored(s string) string {
	b := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	for rest := s; ; {
		n := min(len(rest), 1<<16-1)
		last := byte(0)
		if n == len(rest) {
			last = 1
		}
		b = append(b, last, byte(n), byte(n>>8), ^byte(n), ^byte(n>>8))
		b, rest = append(b, rest[:n]...), rest[n:]
		if last == 1 {
			break
		}
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(s)))
	return string(binary.LittleEndian.AppendUint32(b, uint32(len(s))))
}

func TestDecompress(t *testing.T) {
	for _, tt := range []struct {
		name    string
		extract bool
		in      string
		want    string
		wantErr string // of the failure's message
	}{
		{name: "record-transformation.md §7: decompression alone emits the envelope", in: gzipped(envelope), want: envelope},
		{name: "record-transformation.md §7: decompression alone emits a control message too", in: gzipped(control), want: control},
		{name: "record-transformation.md §7: message and LF for each event, for an empty message too", extract: true, in: gzipped(envelope),
			want: "one\n\nthree \"3\"\n\n"},
		{name: "record-transformation.md §7 [probe]: a control message is an empty record", extract: true, in: gzipped(control), want: ""},
		{name: "record-transformation.md §7 [probe]: not gzip", in: envelope, wantErr: "invalid header"},
		{name: "record-transformation.md §7 [probe]: not gzip, with extraction", extract: true, in: envelope, wantErr: "invalid header"},
		{name: "an empty record is not gzip", in: "", wantErr: "unexpected EOF"},
		{name: "cut off", in: gzipped(envelope)[:100], wantErr: "unexpected EOF"},
		{name: "wrong sum", in: func() string {
			b := []byte(gzipped("abc"))
			b[len(b)-8] ^= 1
			return string(b)
		}(), wantErr: "invalid checksum"},
		{name: "what is no envelope decompresses", in: gzipped("plain"), want: "plain"},
		{name: "two members", in: gzipped("a") + gzipped("b"), want: "ab"},
		{name: "nothing compressed", in: gzipped(""), want: ""},
		{name: "two envelopes", extract: true, in: gzipped(envelope + "\n" + control + " " + envelope + "\n"), want: strings.Repeat("one\n\nthree \"3\"\n\n", 2)},
		{name: "no events", extract: true, in: gzipped(`{"messageType":"DATA_MESSAGE","logEvents":[]}`), want: ""},
		{name: "no message and null", extract: true, in: gzipped(`{"messageType":"DATA_MESSAGE","logEvents":[{},{"message":null}]}`), want: "\n\n"},
		{name: "a message that isn't text", extract: true, in: gzipped(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"a"},{"message":{"a":1}}]}`),
			wantErr: "the message of event 1 is not text"},
		{name: "not JSON", extract: true, in: gzipped("plain"), wantErr: "log message: "},
		{name: "nothing", extract: true, in: gzipped(""), wantErr: "log message: "},
		{name: "another type", extract: true, in: gzipped(`{"messageType":"NEWS"}`), wantErr: `unknown messageType "NEWS"`},
		{name: "no type", extract: true, in: gzipped(`{}`), wantErr: "no messageType"},
		{name: "a rest", extract: true, in: gzipped(envelope + "x"), wantErr: "log message: "},
		{name: "not UTF-8", extract: true, in: gzipped(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"` + "\xff" + `"}]}`), wantErr: "log message: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := records(gzipped("{\"messageType\":\"CONTROL_MESSAGE\"}"), tt.in)
			out := process(t, &decode.Decompress{DataMessageExtraction: tt.extract}, in)
			if tt.wantErr != "" {
				// record-transformation.md §7 [probe]: the code with its period, one attempt, the original bytes.
				if len(out.Failed) != 1 || len(out.Out) != 1 {
					t.Fatalf("outcome %+v", out)
				}
				f := out.Failed[0]
				if f.Cause.String() != "decompression-failed" || f.Code != "Decompression failed." || f.Attempts != 1 || f.Members != nil ||
					!same(f.Record.Raw, in[1].Raw) || !strings.Contains(f.Message, tt.wantErr) {
					t.Errorf("failure %+v, want message with %q", f, tt.wantErr)
				}
				return
			}
			if len(out.Out) != 2 || len(out.Failed) != 0 {
				t.Fatalf("outcome %+v", out)
			}
			r := out.Out[1]
			if string(r.Data) != tt.want || r.Data == nil {
				t.Errorf("data %q, want %q", r.Data, tt.want)
			}
			if !same(r.Raw, in[1].Raw) {
				t.Errorf("raw %q is not what came in", r.Raw)
			}
		})
	}
}

// A record past the limit fails alone; those around it keep their bytes.
func TestDecompressLimits(t *testing.T) {
	fits := strings.Repeat(stored(string(make([]byte, 1<<15))), decode.MaxDecompressed>>15)
	bomb := fits + gzipped("a")
	for _, extract := range []bool{false, true} {
		in := records(gzipped(control), bomb, gzipped(envelope))
		out := process(t, &decode.Decompress{DataMessageExtraction: extract}, in)
		if len(out.Out) != 2 || len(out.Failed) != 1 || !strings.Contains(out.Failed[0].Message, "exceeds the limit") {
			t.Errorf("extraction %v: %d out, failed %+v", extract, len(out.Out), out.Failed)
		}
	}
	if out := process(t, &decode.Decompress{}, records(fits)); len(out.Out) != 1 || len(out.Out[0].Data) != decode.MaxDecompressed {
		t.Errorf("a record of the limit: %+v", out.Failed)
	}
}

// A batch that was cancelled is as if it had not been tried.
func TestDecompressCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := (&decode.Decompress{}).Process(ctx, now, 1, records(gzipped("a")))
	if !errors.Is(err, context.Canceled) || len(out.Out)+len(out.Failed) > 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

// record-transformation.md §7: the parameters of Decompression and CloudWatchLogProcessing.
func TestDecompressParameters(t *testing.T) {
	for s, ok := range map[string]bool{"GZIP": true, "gzip": false, "Snappy": false, "": false} {
		if err := decode.ParseCompressionFormat(s); (err == nil) != ok {
			t.Errorf("ParseCompressionFormat(%q) = %v", s, err)
		}
	}
	for s, want := range map[string]string{"true": "true", "True": "true", "FALSE": "false", "yes": "", "": ""} {
		got, err := decode.ParseDataMessageExtraction(s)
		if (err == nil) != (want != "") || err == nil && fmt.Sprint(got) != want {
			t.Errorf("ParseDataMessageExtraction(%q) = %v, %v", s, got, err)
		}
	}
}

// Records keep their bytes when the slab moves, as it does when trailers say too little.
func TestDecompressMoves(t *testing.T) {
	var in []record.Record
	var want []string
	for i := range 60 {
		s := strings.Repeat(fmt.Sprint(i, " "), 60*i)
		want = append(want, s+"!")
		in = append(in, records(gzipped(s)+gzipped("!"))...)
		in[i].Seq = uint64(i)
	}
	out := process(t, &decode.Decompress{}, in)
	if got := texts(out.Out); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("records differ")
	}
}

func TestDecompressConcurrently(t *testing.T) {
	d := &decode.Decompress{DataMessageExtraction: true}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for range 50 {
				text := fmt.Sprint("worker ", w)
				out := process(t, d, records(gzipped(strings.Replace(envelope, "one", text, 1)), "bad", gzipped(control)))
				if len(out.Out) != 2 || !strings.HasPrefix(string(out.Out[0].Data), text+"\n") {
					t.Errorf("worker %d got %q", w, texts(out.Out))
				}
			}
		})
	}
	wg.Wait()
}

// messages is what extraction makes of a text, by encoding/json.
func messages(text []byte) (string, error) {
	var out strings.Builder
	for d := json.NewDecoder(bytes.NewReader(text)); d.More(); {
		var e struct {
			MessageType string
			LogEvents   []struct{ Message string }
		}
		if err := d.Decode(&e); err != nil {
			return "", err
		}
		if e.MessageType == "DATA_MESSAGE" {
			for _, v := range e.LogEvents {
				out.WriteString(v.Message + "\n")
			}
		}
	}
	return out.String(), nil
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte(envelope), []byte(gzipped(control)), uint8(3))
	f.Add([]byte(control+envelope), []byte(gzipped("a")+gzipped("b")), uint8(1))
	f.Add([]byte(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"\ud800\udc00\ud800"}]}`), []byte("\x1f\x8b\x08"), uint8(2))
	f.Add([]byte("{"), []byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, text, bytes []byte, order uint8) {
		in := records(stored(string(text)), string(bytes), stored(string(text))+string(bytes))
		if order&1 != 0 {
			in[0].Data, in[1].Data = in[1].Data, in[0].Data
			in[0].Raw, in[1].Raw = in[1].Raw, in[0].Raw
		}
		plain := process(t, &decode.Decompress{}, in)
		if got := plain.Out; len(got) == 0 || string(got[0].Data) != string(text) && (len(got) < 2 || string(got[1].Data) != string(text)) {
			t.Errorf("%q decompresses to %q", text, texts(got))
		}
		process(t, &decode.Decompress{DataMessageExtraction: order&2 != 0}, in)
	})
}

func BenchmarkDecompress(b *testing.B) {
	var events []string
	for i := range 400 {
		events = append(events, fmt.Sprintf(`{"id":"%056d","timestamp":%d,"message":"2024-05-01T10:%02d:%02d.%03dZ\tINFO\trequest %08x took %d ms\tuser=%d path=\"/v1/items/%d\""}`,
			i, 1510109208016+i, i/60%60, i%60, i*7%1000, i*2654435761, i*31%977, i*7919, i*104729%9973))
	}
	text := `{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[` + strings.Join(events, ",") + `]}`
	z := gzipped(text)
	var in []record.Record
	for i := range 64 {
		in = append(in, record.Record{Seq: uint64(i), Data: []byte(z), Raw: []byte(z)})
	}
	for _, extract := range []bool{false, true} {
		b.Run(fmt.Sprintf("extract=%v", extract), func(b *testing.B) {
			d := &decode.Decompress{DataMessageExtraction: extract}
			b.SetBytes(int64(len(in) * len(text)))
			b.ReportAllocs()
			b.ReportMetric(float64(len(text))/float64(len(z)), "ratio")
			for b.Loop() {
				out, _ := d.Process(b.Context(), now, 1, in)
				if len(out.Out) != len(in) {
					b.Fatal(out.Failed[0])
				}
			}
		})
	}
}
