package input

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// chunked reads everything by Chunk, one line of text for each record.
func chunked(t testing.TB, r io.Reader, f Format, size int) (string, error) {
	t.Helper()
	in, err := NewReader(r, "in", f)
	if err != nil {
		return "", err
	}
	defer in.Close()
	var b strings.Builder
	var c Chunk
	for {
		err := in.Chunk(&c, size)
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		if c.Len() == 0 {
			t.Fatal("a chunk without records")
		}
		for i := range c.Len() {
			line, offset := c.Place(i)
			fmt.Fprintf(&b, "%d %d %q\n", line, offset, c.Record(i))
		}
	}
}

// nexts reads everything by Next.
func nexts(t testing.TB, r io.Reader, f Format) (string, error) {
	t.Helper()
	in, err := NewReader(r, "in", f)
	if err != nil {
		return "", err
	}
	defer in.Close()
	var b strings.Builder
	for {
		rec, err := in.Next()
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%d %d %q\n", rec.Line, rec.Offset, rec.Data)
	}
}

var chunkInputs = map[Format][]string{
	Lines: {"", "a", "a\n", "a\nb", "\n", "\n\n", "a\r\nb\r\n\r\n", "\r", "a\rb\n", strings.Repeat("x", 100) + "\nb\n" + strings.Repeat("y", 70),
		"{\"a\":1}\n{\"a\":2}\n"},
	JSON:    {"", "1 2 3", `[{"a":1},{"b":[2]}] {"c":3}`, "{\"a\":1}{\"b\":\n2}\nbroken {\n{\"c\":3}"},
	Records: {`{"data":"YQ=="}` + "\n" + `{"text":"b"}` + "\n\n" + `{"text":""}`, `{"data":"YQ=="}` + "\nbroken"},
	Failed:  {`{"rawData":"YQ=="}`},
	Event:   {`{"records":[{"recordId":"1","data":"YQ=="},{"recordId":"2","data":"Yg=="}]}{"records":[]}`},
	File:    {"a\nb\n"},
}

// Chunks hold what Next returns, whatever their size and however the input comes.
func TestChunk(t *testing.T) {
	for f, texts := range chunkInputs {
		for _, text := range texts {
			want, wantErr := nexts(t, strings.NewReader(text), f)
			for _, size := range []int{1, 2, 3, 7, 64, 1 << 20} {
				for name, r := range map[string]io.Reader{
					"whole": strings.NewReader(text), "bytewise": iotest.OneByteReader(strings.NewReader(text)),
					"eof": iotest.DataErrReader(strings.NewReader(text)), "gzip": bytes.NewReader(zipped(t, text)),
				} {
					got, err := chunked(t, r, f, size)
					if got != want || (err == nil) != (wantErr == nil) {
						t.Errorf("%s, %q, %d bytes at a time, %s: %v\n%swant %v\n%s", f, text, size, name, err, got, wantErr, want)
					}
				}
			}
		}
	}
}

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whole records before an error are returned; the one that it cuts isn't.
func TestChunkErrors(t *testing.T) {
	broken := errors.New("bad sector")
	text := strings.Repeat("0123456789\n", 100) + "half a li"
	for _, size := range []int{1, 100, 1 << 20} {
		got, err := chunked(t, io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), Lines, size)
		if !errors.Is(err, broken) || strings.Count(got, "0123456789") != 100 || strings.Contains(got, "half") {
			t.Errorf("%d: %v, %s", size, err, got)
		}
		z := zipped(t, strings.Repeat(text, 100))
		if got, err = chunked(t, bytes.NewReader(z[:len(z)-9]), Lines, size); !errors.Is(err, io.ErrUnexpectedEOF) || strings.HasSuffix(got, "li\"\n") {
			t.Errorf("gzip, %d: %v", size, err)
		}
	}
	if _, err := chunked(t, strings.NewReader(strings.Repeat("x", MaxRecord+2)), Lines, 1<<20); err == nil {
		t.Error("a line over the limit")
	}
}

// Closing a compressed input that wasn't read to its end stops its goroutine.
func TestCloseEarly(t *testing.T) {
	z := zipped(t, strings.Repeat("0123456789\n", 1<<20))
	for _, n := range []int{0, 1, 3} {
		in, err := NewReader(bytes.NewReader(z), "in", Lines)
		if err != nil {
			t.Fatal(err)
		}
		var c Chunk
		for range n {
			if err := in.Chunk(&c, 1<<20); err != nil {
				t.Fatal(err)
			}
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzChunk(f *testing.F) {
	for format, texts := range chunkInputs {
		for _, text := range texts {
			f.Add(string(format), text, 7)
		}
	}
	f.Fuzz(func(t *testing.T, format, text string, size int) {
		p, err := ParseFormat(format)
		if err != nil || size < 1 || size > 1<<20 {
			return
		}
		want, wantErr := nexts(t, strings.NewReader(text), p)
		got, gotErr := chunked(t, strings.NewReader(text), p, size)
		if got != want || (wantErr == nil) != (gotErr == nil) {
			t.Errorf("%v\n%swant %v\n%s", gotErr, got, wantErr, want)
		}
	})
}
