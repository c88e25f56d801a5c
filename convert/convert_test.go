package convert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/convert/orc"
	"github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/read"
	"github.com/hydrantkit/hydrant/schema"
)

func table(t testing.TB, columns ...[2]string) *schema.Table {
	t.Helper()
	tab, err := schema.NewTable(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// people is n records, of which every 97th doesn't fit.
func people(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		if i%97 == 96 {
			out[i] = fmt.Appendf(nil, `{"id":"no number %d"}`, i)
			continue
		}
		out[i] = fmt.Appendf(nil, `{"id":%d,"name":"name %x","tags":["t%d","t%d"],"at":"2026-01-02 03:04:%02d"}`, i, i*i*7919, i%7, i%11, i%60)
	}
	return out
}

var peopleColumns = [][2]string{{"id", "bigint"}, {"name", "string"}, {"tags", "array<string>"}, {"at", "timestamp"}}

// batches feeds records to Pull, size at a time.
func batches(records [][]byte, size int) func() (Chunk, error) {
	return func() (Chunk, error) {
		if len(records) == 0 {
			return nil, io.EOF
		}
		n := min(size, len(records))
		c := listed{n, func(at [][]byte) func(int) []byte { return func(i int) []byte { return at[i] } }(records[:n])}
		records = records[n:]
		return c, nil
	}
}

func rows(t testing.TB, file []byte) []string {
	t.Helper()
	f, err := read.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Rows(&b, nil, -1); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// The bytes of a file, its groups and the order of its failed records are the same for any number of workers.
func TestWorkersDontShow(t *testing.T) {
	tab := table(t, peopleColumns...)
	records := people(6000)
	for name, o := range map[string]Options{
		"parquet":    {Parquet: &parquet.Options{}},
		"dictionary": {Parquet: &parquet.Options{EnableDictionaryCompression: true, WriterVersion: "V2"}},
		"padding":    {Parquet: &parquet.Options{MaxPaddingBytes: 1 << 20}},
		"orc":        {ORC: &orc.Options{}},
	} {
		o.Memory = 60 << 10 // many groups
		var want []byte
		var wantBad string
		for _, n := range [][2]int{{1, 0}, {2, 0}, {3, 0}, {8, 0}, {3, 1}, {2, 5}} {
			workers := n[0]
			o.Workers = workers
			c, err := New(tab, o)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			f, err := c.Create(&b)
			if err != nil {
				t.Fatal(err)
			}
			f.Spare(n[1])
			var bad strings.Builder
			at := 0
			err = f.Pull(context.Background(), batches(records, 100), func(c Chunk, part []column.RowError) error {
				for _, e := range part {
					fmt.Fprintf(&bad, "%d %s %s\n", at+e.Record, e.Path, e.Value)
				}
				at += c.Len()
				return nil
			})
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				t.Fatalf("%s, %d workers: %v", name, workers, err)
			}
			if at != len(records) || f.Rows() != int64(len(records)-len(records)/97) {
				t.Errorf("%s, %d workers: %d records done, %d rows", name, workers, at, f.Rows())
			}
			if want == nil {
				want, wantBad = b.Bytes(), bad.String()
				if got := rows(t, want); int64(len(got)) != f.Rows() || got[0] != `{"id":0,"name":"name 0","tags":["t0","t0"],"at":"2026-01-02T03:04:00Z"}` {
					t.Errorf("%s: %d rows, the first %s", name, len(got), got[0])
				}
				if n := strings.Count(wantBad, "\n"); n != len(records)/97 {
					t.Errorf("%s: %d failed records", name, n)
				}
				continue
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("%s: the file of %d workers is another", name, workers)
			}
			if bad.String() != wantBad {
				t.Errorf("%s: failed records of %d workers:\n%s\nwant\n%s", name, workers, bad.String(), wantBad)
			}
		}
	}
}

// No more chunks are read ahead than Pull says, and none beyond one for each worker while their columns are large.
func TestAhead(t *testing.T) {
	wide := make([][2]string, 1000)
	for i := range wide {
		wide[i] = [2]string{fmt.Sprint("c", i), "timestamp"}
	}
	empty := make([][]byte, 20_000)
	for i := range empty {
		empty[i] = []byte("{}")
	}
	other := make([][]byte, 12) // of 17 MiB, which no column takes
	for i := range other {
		other[i] = append(append([]byte(`{"other":"`), bytes.Repeat([]byte("x"), 17<<20)...), `"}`...)
	}
	for _, workers := range []int{1, 2, 3} {
		for _, test := range []struct {
			name    string
			columns [][2]string
			records [][]byte
			size    int // of a chunk
			most    int
		}{
			{"small", peopleColumns, people(20_000), 10, workers + aheadPieces*min(workers-1, 1)},
			{"large", wide, empty, 4000, workers},
			{"other members", peopleColumns, other, 1, workers},
		} {
			c, err := New(table(t, test.columns...), Options{Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			f, err := c.Create(io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			next := batches(test.records, test.size)
			var out, most atomic.Int64
			err = f.Pull(context.Background(), func() (Chunk, error) {
				c, err := next()
				if err == nil {
					most.Store(max(most.Load(), out.Add(1)))
				}
				return c, err
			}, func(Chunk, []column.RowError) error {
				out.Add(-1)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if n := int(most.Load()); n > test.most {
				t.Errorf("%s, %d workers: %d chunks at once, of at most %d", test.name, workers, n, test.most)
			}
		}
	}
}

// What a callback panics with reaches who called, where there is one worker.
func TestPanic(t *testing.T) {
	c, err := New(table(t, peopleColumns...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Create(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if x := recover(); x != "broken" {
			t.Errorf("panic %v", x)
		}
	}()
	f.WriteFunc(context.Background(), 1, func(int) []byte { panic("broken") })
	t.Error("no panic")
}

// A chunk of many rows is converted in parts, and handed back once, whole.
func TestParts(t *testing.T) {
	tab := table(t, peopleColumns...)
	records := people(1000)
	whole, err := New(tab, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	if _, err := whole.Convert(context.Background(), &all, records); err != nil {
		t.Fatal(err)
	}
	wanted := rows(t, all.Bytes())
	for _, workers := range []int{1, 3} {
		for _, size := range []int{1, 10, 63, 64, 65, 1000} {
			c, err := New(tab, Options{Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			c.rows = 64
			var out bytes.Buffer
			f, err := c.Create(&out)
			if err != nil {
				t.Fatal(err)
			}
			seen, bad := 0, ""
			if err := f.Pull(context.Background(), batches(records, size), func(c Chunk, wrong []column.RowError) error {
				for _, e := range wrong {
					bad += fmt.Sprintln(seen+e.Record, string(c.Record(e.Record)))
				}
				seen += c.Len()
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			var want string
			for i, r := range records {
				if i%97 == 96 {
					want += fmt.Sprintln(i, string(r))
				}
			}
			if got := rows(t, out.Bytes()); len(got) != 990 || !slices.Equal(got, wanted) || seen != 1000 || bad != want {
				t.Errorf("%d workers, chunks of %d: %d rows, %d records, without\n%s", workers, size, len(got), seen, bad)
			}
		}
	}
}

// Rows without members make no more columns at once than others.
func TestSparse(t *testing.T) {
	var columns [][2]string
	for i := range 500 {
		columns = append(columns, [2]string{fmt.Sprint("c", i), "bigint"})
	}
	c, err := New(table(t, columns...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	f, err := c.Create(&out)
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("{}\n"), 100_000)
	ends := make([]int, 100_000)
	for i := range ends {
		ends[i] = 3 * (i + 1)
	}
	if bad, err := f.Write(context.Background(), data, ends); err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	if err := f.Close(); err != nil || f.Rows() != 100_000 {
		t.Error(f.Rows(), err)
	}
	p, ok := c.pieces.take() // as it isn't too large to be kept
	if !ok {
		t.Fatal("a piece became too large")
	}
	n := 0
	for i := range p.batch.Columns {
		n += 8 * cap(p.batch.Columns[i].Ints)
	}
	if n > 16*pieceValues {
		t.Errorf("%d bytes for columns at once", n)
	}
}

// Files of Roll are whole, have about the size, and are cut at the same places by any number of workers.
func TestRoll(t *testing.T) {
	tab := table(t, peopleColumns...)
	records := people(6000)
	const size = 40 << 10
	for _, o := range []Options{{Parquet: &parquet.Options{}}, {ORC: &orc.Options{}}} {
		var want []string
		for _, workers := range []int{1, 4} {
			o.Workers = workers
			c, err := New(tab, o)
			if err != nil {
				t.Fatal(err)
			}
			var files []*bytes.Buffer
			next := func() (io.Writer, error) {
				files = append(files, new(bytes.Buffer))
				return files[len(files)-1], nil
			}
			w, err := next()
			if err != nil {
				t.Fatal(err)
			}
			f, err := c.Roll(w, size, next)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Pull(context.Background(), batches(records, 50), func(Chunk, []column.RowError) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			var got []string
			n := 0
			for _, b := range files {
				got = append(got, b.String())
				n += len(rows(t, b.Bytes()))
				if b.Len() > 2*size {
					t.Errorf("a file of %d bytes", b.Len())
				}
			}
			if n != int(f.Rows()) || n != len(records)-len(records)/97 || len(files) < 3 {
				t.Errorf("%d rows in %d files, %d counted", n, len(files), f.Rows())
			}
			if want == nil {
				want = got
			} else if strings.Join(got, "") != strings.Join(want, "") || len(got) != len(want) {
				t.Errorf("%d workers make other files", workers)
			}
		}
	}
}

// A file in the memory of others has the bytes of one from a new converter; one that failed leaves nothing behind.
func TestMemoryOfClosedFiles(t *testing.T) {
	tab := table(t, peopleColumns...)
	for name, o := range map[string]Options{
		"parquet":    {Parquet: &parquet.Options{}},
		"dictionary": {Parquet: &parquet.Options{EnableDictionaryCompression: true, WriterVersion: "V2", MaxPaddingBytes: 1 << 20}},
		"orc":        {ORC: &orc.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			convert := func(c *Converter, records [][]byte) string {
				var b bytes.Buffer
				bad, err := c.Convert(context.Background(), &b, records)
				if err != nil || len(bad) != len(records)/97 {
					t.Error(len(bad), err)
				}
				return b.String()
			}
			new := func() *Converter {
				c, err := New(tab, o)
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			all := people(6000)
			parts := [][][]byte{all[:97], all, nil, all[:3007], all[2910:]}
			var want []string
			for _, p := range parts {
				want = append(want, convert(new(), p))
			}
			c := new()
			var wg sync.WaitGroup
			for turn := range 4 {
				wg.Go(func() {
					for i := range parts {
						n := (turn + i) % len(parts)
						if convert(c, parts[n]) != want[n] {
							t.Errorf("part %d isn't what a new converter makes of it", n)
						}
					}
				})
				if turn == 2 {
					if _, err := c.Convert(context.Background(), &failingWriter{100}, all); !errors.Is(err, errFull) {
						t.Error(err)
					}
				}
			}
			wg.Wait()
			if n, most := len(c.pieces.list), runtime.GOMAXPROCS(0); n < 1 || n > most || len(c.closed.list) > most {
				t.Errorf("%d pieces and %d files are kept", n, len(c.closed.list))
			}
		})
	}
}

// A failingWriter takes so many bytes.
type failingWriter struct{ left int }

var errFull = errors.New("no space left on device")

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		n := w.left
		w.left = 0
		return n, errFull
	}
	w.left -= len(p)
	return len(p), nil
}

type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(b []byte) (int, error) { return f(b) }

func TestErrors(t *testing.T) {
	tab := table(t, peopleColumns...)
	broken := errors.New("read error")
	for _, workers := range []int{1, 2, 5} {
		c, err := New(tab, Options{Workers: workers, Memory: 30 << 10})
		if err != nil {
			t.Fatal(err)
		}
		nothing := func(Chunk, []column.RowError) error { return nil }
		t.Run(fmt.Sprint("writer/", workers), func(t *testing.T) {
			f, err := c.Create(&failingWriter{100 << 10})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Pull(context.Background(), batches(people(20000), 50), nothing); !errors.Is(err, errFull) {
				t.Errorf("Pull: %v", err)
			}
			if err := f.Close(); !errors.Is(err, errFull) {
				t.Errorf("Close: %v", err)
			}
			if _, err := f.Write(context.Background(), nil, nil); !errors.Is(err, errFull) {
				t.Errorf("Write: %v", err)
			}
		})
		t.Run(fmt.Sprint("input/", workers), func(t *testing.T) {
			f, err := c.Create(io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			next, n := batches(people(1000), 10), 0
			done := 0
			err = f.Pull(context.Background(), func() (Chunk, error) {
				if n++; n == 20 {
					return nil, broken
				}
				return next()
			}, func(c Chunk, _ []column.RowError) error { done += c.Len(); return nil })
			if !errors.Is(err, broken) || done > 190 {
				t.Errorf("%v, %d records done", err, done)
			}
		})
		// Only the end of the input is an end: an error that has io.EOF in it isn't, nor are those of the writer.
		t.Run(fmt.Sprint("EOF/", workers), func(t *testing.T) {
			cut := fmt.Errorf("get the second input: %w", io.EOF)
			f, err := c.Create(io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			next, n := batches(people(1000), 10), 0
			err = f.Pull(context.Background(), func() (Chunk, error) {
				if n++; n == 20 {
					return nil, cut
				}
				return next()
			}, nothing)
			if err != cut {
				t.Errorf("input: %v", err)
			}
			if f, err = c.Create(writeFunc(func([]byte) (int, error) { return 0, io.EOF })); err != nil {
				t.Fatal(err)
			}
			if err := f.Pull(context.Background(), batches(people(20000), 50), nothing); !errors.Is(err, io.EOF) {
				t.Errorf("writer: %v", err)
			}
		})
		t.Run(fmt.Sprint("done/", workers), func(t *testing.T) {
			f, err := c.Create(io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Pull(context.Background(), batches(people(1000), 10), func(Chunk, []column.RowError) error { return broken }); !errors.Is(err, broken) {
				t.Error(err)
			}
		})
		// What was read when the context ended is done, and the file goes on.
		t.Run(fmt.Sprint("cancel/", workers), func(t *testing.T) {
			var b bytes.Buffer
			f, err := c.Create(&b)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			next, n, done := batches(people(1000), 10), 0, 0
			count := func(c Chunk, _ []column.RowError) error { done += c.Len(); return nil }
			err = f.Pull(ctx, func() (Chunk, error) {
				if n++; n == 20 {
					cancel()
				}
				return next()
			}, count)
			if !errors.Is(err, context.Canceled) || done != 200 {
				t.Errorf("%v, %d records done", err, done)
			}
			if err := f.Pull(context.Background(), next, count); err != nil || done != 1000 {
				t.Errorf("%v, %d records done", err, done)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if got := rows(t, b.Bytes()); len(got) != 990 || !strings.HasPrefix(got[200], `{"id":202,`) {
				t.Errorf("%d rows, %s", len(got), got[200])
			}
		})
	}
}

func TestNew(t *testing.T) {
	tab := table(t, [2]string{"a", "int"})
	for name, o := range map[string]Options{
		"both deserializers": {OpenX: &openx.Options{}, Hive: &hive.Options{}},
		"both serializers":   {Parquet: &parquet.Options{}, ORC: &orc.Options{}},
		"option":             {Parquet: &parquet.Options{PageSizeBytes: 1}},
		"pattern":            {Hive: &hive.Options{TimestampFormats: []string{"qqq"}}},
	} {
		if _, err := New(tab, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var unsupported *openx.UnsupportedTypeError
	if _, err := New(table(t, [2]string{"a", "binary"}), Options{}); !errors.As(err, &unsupported) {
		t.Errorf("binary: %v", err)
	}
}

// A record may hold several objects, or none that fits; white space around it doesn't count.
func TestWrite(t *testing.T) {
	for name, o := range map[string]Options{"openx": {OpenX: &openx.Options{}}, "hive": {Hive: &hive.Options{}}} {
		c, err := New(table(t, [2]string{"a", "int"}), o)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		f, err := c.Create(&b)
		if err != nil {
			t.Fatal(err)
		}
		bad, err := f.Write(context.Background(), []byte("{\"a\":1}\n{\"a\":2}{\"a\":3}\r\n\n{\"a\":[]}{\"a\":4}"), []int{8, 24, 25, 33, 40})
		if err != nil || len(bad) != 2 || bad[0].Record != 2 || bad[1].Record != 3 || bad[1].Offset != 5 {
			t.Errorf("%s: %v, %v", name, bad, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(rows(t, b.Bytes()), ""); got != `{"a":1}{"a":2}{"a":3}{"a":4}` || f.Rows() != 4 {
			t.Errorf("%s: %s, %d rows", name, got, f.Rows())
		}
		if err := f.Close(); err == nil {
			t.Errorf("%s: closed twice", name)
		}
	}
}

// A file without records is valid and has no rows.
func TestEmpty(t *testing.T) {
	for _, o := range []Options{{Parquet: &parquet.Options{}}, {ORC: &orc.Options{}}} {
		c, err := New(table(t, peopleColumns...), o)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if bad, err := c.Convert(context.Background(), &b, nil); err != nil || bad != nil {
			t.Fatal(bad, err)
		}
		if got := rows(t, b.Bytes()); len(got) != 1 || got[0] != "" {
			t.Errorf("%q", got)
		}
	}
}

func ExampleConverter() {
	tab, err := schema.NewTable([2]string{"id", "int"}, [2]string{"name", "string"})
	if err != nil {
		panic(err)
	}
	c, err := New(tab, Options{})
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	bad, err := c.Convert(context.Background(), &file, [][]byte{[]byte(`{"id":1,"name":"x"}`), []byte(`{"id":"one"}`)})
	if err != nil {
		panic(err)
	}
	for _, e := range bad {
		fmt.Printf("record %d: %s, want %s, seen %s\n", e.Record, e.Path, e.Want, e.Value)
	}
	// Output: record 1: /id, want int, seen "one"
}
