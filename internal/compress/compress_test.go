package compress

import (
	"archive/zip"
	"bytes"
	stdflate "compress/flate"
	stdgzip "compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

const uuid = "5f0ff2cd-1d6a-4a2c-9d0e-0f3f5f3b7c11"

var written = []Format{Uncompressed, GZIP, ZIP, Snappy, HadoopSnappy}

// logLines makes n bytes that compress about as well as a log does.
func logLines(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima")
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, `{"id":%d,"word":"%s","value":%d,"path":"/a/%s"}`+"\n", i, words[r.IntN(len(words))], r.IntN(1e6), words[r.IntN(len(words))])
	}
	return b[:n]
}

func random(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func payloads() map[string][]byte {
	p := map[string][]byte{
		"empty": {}, "one": []byte("x"), "hello": []byte("hello"),
		"random": random(100_000), "zeros": make([]byte, 200_000), "log": logLines(300_000),
	}
	for _, n := range []int{snappyBlock - 1, snappyBlock, snappyBlock + 1, 2 * snappyBlock, 65535} {
		p[fmt.Sprintf("log%d", n)] = logLines(n)
	}
	return p
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		f                    Format
		name, ext, encodings string
	}{
		{Uncompressed, "UNCOMPRESSED", "", ""},
		{GZIP, "GZIP", ".gz", "gzip"},
		{ZIP, "ZIP", ".zip", "zip"},
		{Snappy, "Snappy", ".snappy", "snappy-java"},
		{HadoopSnappy, "HADOOP_SNAPPY", ".snappy", "hadoop-snappy"},
	} {
		f, ok := ParseFormat(tt.name)
		if !ok || f != tt.f || f.String() != tt.name || f.Extension() != tt.ext || f.ContentEncoding() != tt.encodings {
			t.Errorf("%s: %v %v %q %q", tt.name, f, ok, f.Extension(), f.ContentEncoding())
		}
	}
	for _, name := range []string{"", "gzip", "SNAPPY", "Zip", "zstd", "bzip2"} {
		if f, ok := ParseFormat(name); ok {
			t.Errorf("ParseFormat(%q) = %v", name, f)
		}
	}
	if s := Format(200).String() + Format(200).Extension() + Format(200).ContentEncoding(); s != "Format(200)" {
		t.Error(s)
	}
}

// The bytes that the reference gives for "hello", and what the formats make of nothing.
func TestAppendBytes(t *testing.T) {
	for _, tt := range []struct {
		f    Format
		src  string
		want []byte
	}{
		{Snappy, "hello", unhex("82534e41505059 00 00000001 00000001 00000007 05 10 68656c6c6f")},
		{Snappy, "", unhex("82534e41505059 00 00000001 00000001")},
		{HadoopSnappy, "hello", unhex("00000005 00000007 05 10 68656c6c6f")},
		{HadoopSnappy, "", unhex("00000000")},
		{Uncompressed, "hello", []byte("hello")},
	} {
		var e Encoder
		got, err := e.Append([]byte("dst"), []byte(tt.src), tt.f, "")
		if err != nil || !bytes.Equal(got, append([]byte("dst"), tt.want...)) {
			t.Errorf("%v of %q = %x, %v, want %x", tt.f, tt.src, got, err, tt.want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	var e Encoder
	for name, src := range payloads() {
		for _, f := range written {
			body, err := e.Append([]byte("dst"), src, f, uuid)
			if err != nil || !bytes.HasPrefix(body, []byte("dst")) {
				t.Fatalf("%v of %s: %v", f, name, err)
			}
			body = body[3:]
			got, detected, err := DecodeAll(body, len(src))
			if err != nil || detected != f || !bytes.Equal(got, src) {
				t.Errorf("%v of %s: detected %v, %d bytes of %d, %v", f, name, detected, len(got), len(src), err)
			}
			if _, _, err := DecodeAll(body, len(src)-1); len(src) > 0 && !errors.Is(err, ErrLimit) {
				t.Errorf("%v of %s, one byte too long: %v", f, name, err)
			}
			r, err := NewReaderOf(iotest.OneByteReader(bytes.NewReader(body)), f)
			if err != nil {
				t.Fatal(err)
			}
			got, err = io.ReadAll(iotest.HalfReader(r))
			if err != nil || !bytes.Equal(got, src) {
				t.Errorf("%v of %s in pieces: %d bytes of %d, %v", f, name, len(got), len(src), err)
			}
		}
	}
}

// Every format is the same bytes whatever came before and however Write divides them.
func TestDeterministic(t *testing.T) {
	for name, src := range payloads() {
		for _, f := range written {
			var first Encoder
			want, err := first.Append(nil, src, f, uuid)
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for seed := range uint64(3) {
				wg.Go(func() {
					var e Encoder
					r := rand.New(rand.NewPCG(seed, 5))
					if _, err := e.Append(nil, logLines(50_000+int(seed)), f, "other"); err != nil {
						t.Error(err)
					}
					if err := e.Begin(nil, f, uuid); err != nil {
						t.Error(err)
					}
					for rest := src; len(rest) > 0; {
						n := min(len(rest), r.IntN(1<<(4+6*seed)))
						if k, err := e.Write(rest[:n]); k != n || err != nil {
							t.Errorf("Write = %d, %v", k, err)
						}
						rest = rest[n:]
					}
					got, err := e.End()
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("%v of %s differs when written in pieces (%d bytes, %d), %v", f, name, len(got), len(want), err)
					}
				})
			}
			wg.Wait()
		}
	}
}

func TestAppendErrors(t *testing.T) {
	var e Encoder
	for _, tt := range []struct {
		f     Format
		entry string
		want  string
	}{
		{Zstd, "", "compress: zstd can only be read"},
		{ZIP, "", "compress: ZIP entry name of 0 bytes"},
		{ZIP, strings.Repeat("x", 65536), "compress: ZIP entry name of 65536 bytes"},
	} {
		got, err := e.Append([]byte("dst"), []byte("hello"), tt.f, tt.entry)
		if err == nil || err.Error() != tt.want || string(got) != "dst" {
			t.Errorf("%v: %q, %v, want %q", tt.f, got, err, tt.want)
		}
	}
	e.Begin(nil, ZIP, uuid)
	e.size = 1 << 32
	if _, err := e.End(); err == nil {
		t.Error("a ZIP of 4 GiB is written without its sizes")
	}
}

// What is written, read by the standard library.
func TestStandardLibraryReads(t *testing.T) {
	var e Encoder
	for name, src := range payloads() {
		body, _ := e.Append(nil, src, GZIP, "")
		z, err := stdgzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, src) || !z.ModTime.IsZero() || z.Name != "" {
			t.Errorf("gzip of %s: %v", name, err)
		}

		body, _ = e.Append(nil, src, ZIP, uuid)
		a, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil || len(a.File) != 1 || a.File[0].Name != uuid || a.File[0].UncompressedSize64 != uint64(len(src)) {
			t.Fatalf("zip of %s: %v", name, err)
		}
		entry, err := a.File[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(entry); err != nil || !bytes.Equal(got, src) {
			t.Errorf("zip of %s: %v", name, err)
		}

		for _, l := range []Level{-3, Fastest, ObjectLevel, 9, 12} {
			got, err := io.ReadAll(stdflate.NewReader(bytes.NewReader(e.AppendDeflate(nil, src, l))))
			if err != nil || !bytes.Equal(got, src) {
				t.Errorf("deflate of %s at level %d: %v", name, l, err)
			}
		}
	}
}

// What is written, read by the machine's own tools.
func TestToolsRead(t *testing.T) {
	dir := t.TempDir()
	src := logLines(300_000)
	var e Encoder
	object := func(f Format) []byte {
		b, err := e.Append(nil, src, f, uuid)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct {
		body []byte
		argv string
	}{
		{object(GZIP), "gzip -dc FILE"},
		{object(ZIP), "unzip -p FILE"},
		{e.AppendZstd(nil, src), "zstd -dc FILE"},
		{lz4Frame(src), "lz4 -dc FILE"},
	} {
		argv := strings.Fields(tt.argv)
		t.Run(argv[0], func(t *testing.T) {
			if _, err := exec.LookPath(argv[0]); err != nil {
				t.Skipf("%s not installed: its reading of our bodies not tested", argv[0])
			}
			file := filepath.Join(dir, argv[0])
			if err := os.WriteFile(file, tt.body, 0o600); err != nil {
				t.Fatal(err)
			}
			argv[2] = file
			got, err := exec.Command(argv[0], argv[1:]...).Output()
			if err != nil || !bytes.Equal(got, src) {
				t.Errorf("%d bytes of %d, %v", len(got), len(src), err)
			}
		})
	}
}

// lz4Frame wraps blocks of LZ4 in the legacy frame, which needs no checksums.
func lz4Frame(src []byte) []byte {
	b := unhex("02214c18")
	block := AppendLZ4Block(nil, src)
	b = append(b, byte(len(block)), byte(len(block)>>8), byte(len(block)>>16), byte(len(block)>>24))
	return append(b, block...)
}

// codecs are the block codecs, for tests that treat them alike.
func codecs() map[string]struct {
	encode func(dst, src []byte) []byte
	decode func(dst, src []byte, limit int) ([]byte, error)
} {
	var e Encoder
	var d Decoder
	type codec = struct {
		encode func(dst, src []byte) []byte
		decode func(dst, src []byte, limit int) ([]byte, error)
	}
	return map[string]codec{
		"gzip":    {func(dst, src []byte) []byte { return e.AppendGzip(dst, src, Fastest) }, d.Gzip},
		"deflate": {func(dst, src []byte) []byte { return e.AppendDeflate(dst, src, ObjectLevel) }, d.Deflate},
		"zstd":    {e.AppendZstd, d.Zstd},
		"snappy":  {AppendSnappyBlock, DecodeSnappyBlock},
		"lz4":     {AppendLZ4Block, DecodeLZ4Block},
	}
}

func TestBlocks(t *testing.T) {
	for codec, c := range codecs() {
		for name, src := range payloads() {
			block := c.encode([]byte("dst"), src)
			if !bytes.HasPrefix(block, []byte("dst")) {
				t.Fatalf("%s of %s: dst is gone", codec, name)
			}
			block = block[3:]
			if again := c.encode(nil, src); !bytes.Equal(again, block) {
				t.Errorf("%s of %s differs between runs", codec, name)
			}
			for _, limit := range []int{len(src), len(src) + 1, 1 << 30} {
				got, err := c.decode([]byte("dst"), block, limit)
				if err != nil || string(got[:3]) != "dst" || !bytes.Equal(got[3:], src) {
					t.Errorf("%s of %s with limit %d: %d bytes, %v", codec, name, limit, len(got)-3, err)
				}
			}
			for _, limit := range []int{len(src) - 1, len(src) / 2, 0, -1} {
				got, err := c.decode([]byte("dst"), block, limit)
				if len(src) > max(limit, 0) && (!errors.Is(err, ErrLimit) || string(got) != "dst") {
					t.Errorf("%s of %s with limit %d: %d bytes, %v", codec, name, limit, len(got), err)
				}
			}
			for _, cut := range []int{0, 1, len(block) / 2, len(block) - 1} {
				if cut >= len(block) {
					continue
				}
				got, err := c.decode([]byte("dst"), block[:cut], 1<<30)
				if codec == "zstd" && cut == 0 || codec == "lz4" && err == nil {
					continue // no frames, no content; an LZ4 block may end behind any literals
				}
				if err == nil || string(got) != "dst" {
					t.Errorf("%s of %s, %d bytes of %d: %d bytes, %v", codec, name, cut, len(block), len(got), err)
				}
			}
			if codec != "lz4" {
				if got, err := c.decode([]byte("dst"), append(block, 7), 1<<30); err == nil || string(got) != "dst" {
					t.Errorf("%s of %s and a byte behind it: %d bytes, %v", codec, name, len(got), err)
				}
			}
		}
	}
}

// Blocks that promise much and hold little must not cost what they promise.
func TestHostileBlocks(t *testing.T) {
	header := func(size uint64) []byte { // zstd: one segment of the given size, and no block
		b := unhex("28b52ffd e0")
		for i := range 8 {
			b = append(b, byte(size>>(8*i)))
		}
		return b
	}
	for _, tt := range []struct {
		codec string
		block []byte
	}{
		{"snappy", unhex("ffffffff07 00 61")},
		{"snappy", unhex("8080808008")},
		{"snappy", unhex("0a 00 61 0505")},
		{"snappy", nil},
		{"lz4", unhex("f0 ffffffffffff")},
		{"lz4", unhex("1f 61 0000 00")},
		{"lz4", unhex("1f 61 0200 00 00")},
		{"lz4", unhex("1f 61 01")},
		{"zstd", header(1 << 29)},
		{"zstd", header(1 << 62)},
		{"zstd", unhex("28b52ffd 00 a0")}, // a window of a gigabyte
		{"zstd", []byte("PAR1PAR1")},
		{"gzip", unhex("1f8b08")},
		{"deflate", unhex("07")},
	} {
		c := codecs()[tt.codec]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := c.decode(nil, tt.block, 1<<30)
		runtime.ReadMemStats(&after)
		if err == nil || len(got) > 0 {
			t.Errorf("%s of %x: %d bytes, %v", tt.codec, tt.block, len(got), err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%s of %x allocates %d MB", tt.codec, tt.block, n>>20)
		}
	}
}

func TestDetect(t *testing.T) {
	bz := unhex("425a6839314159265359193165 3d00000081000244a0002 19a68334d0733 8bb9229c28480c98b29e80")
	framed := &bytes.Buffer{}
	w := s2.NewWriter(framed, s2.WriterSnappyCompat())
	w.Write([]byte("hello\n"))
	w.Close()
	zs, _ := zstd.NewWriter(nil)
	frame := zs.EncodeAll([]byte("hello\n"), nil)
	skipped := append(unhex("5a2a4d18 03000000 616263"), frame...)
	for _, tt := range []struct {
		name string
		data []byte
		f    Format
		want string
	}{
		{"empty", nil, Uncompressed, ""},
		{"json", []byte(`{"a":1}`), Uncompressed, `{"a":1}`},
		{"short", []byte("x"), Uncompressed, "x"},
		{"bzip2", bz, Bzip2, "hello"},
		{"BZh text", []byte("BZh9 is how bzip2 begins"), Uncompressed, "BZh9 is how bzip2 begins"},
		{"zstd", frame, Zstd, "hello\n"},
		{"zstd twice", append(frame[:len(frame):len(frame)], frame...), Zstd, "hello\nhello\n"},
		{"zstd behind a skippable frame", skipped, Zstd, "hello\n"},
		{"framed snappy", framed.Bytes(), FramedSnappy, "hello\n"},
		{"zip without entries", unhex("504b0506 0000 0000 0000 0000 00000000 00000000 0000"), ZIP, ""},
		{"parquet", []byte("PAR1\x15\x04\x15\x10\x15\x14"), Uncompressed, "PAR1\x15\x04\x15\x10\x15\x14"},
		{"hadoop, empty", unhex("00000000"), HadoopSnappy, ""},
		{"hadoop, zero lengths anywhere", unhex("00000000 00000000 00000005 00000007 05 10 68656c6c6f 00000000"), HadoopSnappy, "hello"},
		{"hadoop, two blocks of one length", unhex("0000000a 00000007 05 10 68656c6c6f 00000007 05 10 68656c6c6f"), HadoopSnappy, "hellohello"},
		{"zeros", make([]byte, 100), Uncompressed, string(make([]byte, 100))},
		{"lengths that don't fit", unhex("00000004 00000007 05 10 68656c6c6f"), Uncompressed, "\x00\x00\x00\x04\x00\x00\x00\x07\x05\x10hello"},
		{"a block that doesn't decode", unhex("00000005 00000007 05 14 68656c6c6f"), Uncompressed, "\x00\x00\x00\x05\x00\x00\x00\x07\x05\x14hello"},
		{"xerial streams behind one another", unhex("82534e4150505900 00000001 00000001 00000007 05 10 68656c6c6f" +
			"82534e4150505900 00000001 00000001 00000007 05 10 68656c6c6f"), Snappy, "hellohello"},
	} {
		got, f, err := DecodeAll(tt.data, 1000)
		if err != nil || f != tt.f || string(got) != tt.want {
			t.Errorf("%s: %v, %q, %v, want %v, %q", tt.name, f, got, err, tt.f, tt.want)
		}
		r, f, err := NewReader(iotest.OneByteReader(bytes.NewReader(tt.data)))
		if err != nil || f != tt.f {
			t.Errorf("%s in single bytes: %v, %v", tt.name, f, err)
			continue
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != tt.want {
			t.Errorf("%s in single bytes: %q, %v", tt.name, got, err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: Close: %v", tt.name, err)
		}
	}
	gz := (&Encoder{}).AppendGzip(nil, []byte("a\n"), Fastest)
	if got, _, err := DecodeAll(append(gz, (&Encoder{}).AppendGzip(nil, []byte("b\n"), Fastest)...), 100); string(got) != "a\nb\n" {
		t.Errorf("two gzip members: %q, %v", got, err)
	}
}

// A stream that is cut off is an error, never a shorter content.
func TestTruncated(t *testing.T) {
	src := logLines(80_000)
	var e Encoder
	framed := &bytes.Buffer{}
	w := s2.NewWriter(framed, s2.WriterSnappyCompat())
	w.Write(src)
	w.Close()
	bodies := map[Format][]byte{Zstd: e.AppendZstd(nil, src), FramedSnappy: framed.Bytes()}
	for _, f := range written[1:] {
		bodies[f], _ = e.Append(nil, src, f, uuid)
	}
	for f, body := range bodies {
		for n := 11; n < len(body); n += 1 + len(body)/997 {
			r, err := NewReaderOf(bytes.NewReader(body[:n]), f)
			if err != nil {
				continue
			}
			got, err := io.ReadAll(r)
			if err != nil {
				continue
			}
			// The Snappy streams have no end mark, so they may end behind a block.
			if f >= Snappy && f != Zstd && len(got) > 0 && len(got)%snappyBlock == 0 {
				continue
			}
			t.Errorf("%v: %d bytes of %d are read as %d bytes of %d", f, n, len(body), len(got), len(src))
		}
	}
}

// A gzip stream of several members ends behind one of them, and nowhere within the next one's header.
func TestTruncatedMember(t *testing.T) {
	var body bytes.Buffer
	for range 2 {
		w := stdgzip.NewWriter(&body)
		w.Name, w.Comment = "access.log", "of today"
		if _, err := w.Write([]byte("a line\n")); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	all := body.Bytes()
	var d Decoder
	for n := range len(all) + 1 {
		want := ""
		if n == len(all)/2 || n == len(all) {
			want = strings.Repeat("a line\n", 2*n/len(all))
		}
		got, err := d.Gzip(nil, all[:n], 100)
		if (err == nil) != (want != "") || string(got) != want {
			t.Errorf("Gzip of %d bytes of %d: %q, %v", n, len(all), got, err)
		}
		r, err := NewReaderOf(bytes.NewReader(all[:n]), GZIP)
		if err == nil {
			var b bytes.Buffer
			_, err = io.Copy(&b, r)
			got = b.Bytes()
		}
		if (err == nil) != (want != "") || want != "" && string(got) != want {
			t.Errorf("a reader of %d bytes of %d: %q, %v", n, len(all), got, err)
		}
	}
}

func TestZipReader(t *testing.T) {
	src := logLines(100_000)
	archive := func(write func(w *zip.Writer)) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		write(w)
		w.Close()
		return b.Bytes()
	}
	deflated := archive(func(w *zip.Writer) {
		for _, part := range [][]byte{src[:30_000], nil, src[30_000:]} {
			f, _ := w.Create("a/b.json")
			f.Write(part)
		}
		w.Create("directory/")
		w.SetComment("PK")
	})
	stored := archive(func(w *zip.Writer) {
		for _, part := range [][]byte{src[:1], src[1:]} {
			f, _ := w.CreateRaw(&zip.FileHeader{Name: "s", Method: zip.Store, CRC32: crc32.ChecksumIEEE(part),
				CompressedSize64: uint64(len(part)), UncompressedSize64: uint64(len(part)), Extra: unhex("0900 0200 abcd")})
			f.Write(part)
		}
	})
	inParts := func(n int) string { return string(src[:n]) + "\n" + string(src[n:]) }
	for name, tt := range map[string]struct {
		body []byte
		want string
	}{
		"deflated":                    {deflated, inParts(30_000) + "\n"}, // the folder is an entry too
		"stored":                      {stored, inParts(1)},
		"archives behind one another": {append(deflated[:len(deflated):len(deflated)], stored...), inParts(30_000) + "\n" + inParts(1)},
	} {
		got, f, err := DecodeAll(tt.body, 1<<20)
		if f != ZIP || err != nil || string(got) != tt.want {
			t.Errorf("%s: %v, %d bytes of %d, %v", name, f, len(got), len(tt.want), err)
		}
	}

	edit := func(body []byte, at int, with ...byte) []byte {
		b := bytes.Clone(body)
		copy(b[at:], with)
		return b
	}
	for name, tt := range map[string]struct {
		body []byte
		want string
	}{
		"encrypted":               {edit(stored, 6, 1), `zip: entry "s" is encrypted`},
		"another method":          {edit(stored, 8, 93), `zip: entry "s": unknown method 93`},
		"wrong checksum":          {edit(stored, 14, ^stored[14]), `zip: entry "s": 1 bytes with checksum`},
		"stored without its size": {edit(edit(stored, 6, 8), 18, 0, 0, 0, 0), `zip: entry "s" is stored without its size`},
		"bytes behind the end":    {append(stored[:len(stored):len(stored)], "junk"...), "zip: bytes behind the end"},
		"no directory":            {deflated[:bytes.Index(deflated, []byte("PK\x01\x02"))], "zip: unexpected EOF"},
		"descriptor":              {edit(deflated, bytes.Index(deflated, []byte("PK\x07\x08"))+4, 1, 2, 3, 4), "zip: entry \"a/b.json\": no descriptor"},
	} {
		_, _, err := DecodeAll(tt.body, 1<<20)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

func TestZip64(t *testing.T) {
	// The local header of a stored entry whose sizes stand in its ZIP64 extra field, and the end
	// records of such an archive.
	src := "hello\n"
	b := unhex("504b0304 2d00 0000 0000 0000 2100")
	b = append(b, crcBytes(src)...)
	b = append(b, unhex("ffffffff ffffffff 0100 1400 61 0100 1000 0600000000000000 0600000000000000")...)
	b = append(b, src...)
	b = append(b, unhex("504b0606 2c00000000000000")...)
	b = append(b, make([]byte, 44)...)
	b = append(b, unhex("504b0607 00000000 0000000000000000 01000000")...)
	b = append(b, unhex("504b0506 ffff ffff ffff ffff ffffffff ffffffff 0000")...)
	if got, f, err := DecodeAll(b, 100); string(got) != src || f != ZIP || err != nil {
		t.Errorf("%q, %v, %v", got, f, err)
	}
}

func crcBytes(s string) []byte {
	c := crc32.ChecksumIEEE([]byte(s))
	return []byte{byte(c), byte(c >> 8), byte(c >> 16), byte(c >> 24)}
}

// Streams that promise much and hold little must not cost what they promise.
func TestHostileStreams(t *testing.T) {
	for name, data := range map[string][]byte{
		"xerial":        append([]byte(xerialMagic), unhex("00000001 00000001 7fffffff 00")...),
		"xerial, block": append([]byte(xerialMagic), unhex("00000001 00000001 00000007 ffffffff07 00 61")...),
		"xerial, newer": append([]byte(xerialMagic), unhex("00000002 00000002 00000007 05 10 68656c6c6f")...),
		"hadoop":        unhex("00ffffff 00f00000 ffffff07 f4 ff"),
		"zstd":          unhex("28b52ffd 00 f0 010000"),
		"zip":           unhex("504b0304 1400 0000 0000 0000 2100 00000000 ffffffff ffffffff ffff ffff"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, f, err := DecodeAll(data, 1<<30)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: read as %d bytes of %v", name, len(got), f)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%s allocates %d MB", name, n>>20)
		}
	}
}

// Bodies made by java.util.zip, snappy-java and Hadoop.
func TestVectors(t *testing.T) {
	dir := "../../../shared/oracle/codecs/"
	text, err := os.ReadFile(dir + "index.json")
	if err != nil {
		t.Skip("../shared not present: bodies made by Java not read")
	}
	var index []struct {
		Payload, SHA256 string
		Bytes           int
		Forms           []struct{ File, Format string }
	}
	if err := json.Unmarshal(text, &index); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, p := range index {
		for _, form := range p.Forms {
			body, err := os.ReadFile(dir + form.File)
			if err != nil {
				t.Fatal(err)
			}
			got, f, err := DecodeAll(body, p.Bytes)
			if err != nil || f.String() != form.Format || len(got) != p.Bytes {
				t.Errorf("%s: %v, %d bytes of %d, %v", form.File, f, len(got), p.Bytes, err)
			}
			if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != p.SHA256 {
				t.Errorf("%s: another content", form.File)
			}
			files++
		}
	}
	t.Logf("%d files read", files)
}

func TestReuseAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("run without the race detector: allocations not counted")
	}
	src := logLines(60_000)
	var e Encoder
	var buf []byte
	for _, f := range written {
		run := func() { buf, _ = e.Append(buf[:0], src, f, uuid) }
		run()
		if n := testing.AllocsPerRun(10, run); n > 1 {
			t.Errorf("%v: %v allocations per object", f, n)
		}
	}
	for name, c := range codecs() {
		block := c.encode(nil, src)
		run := func() {
			block = c.encode(block[:0], src)
			buf, _ = c.decode(buf[:0], block, len(src))
		}
		run()
		if n := testing.AllocsPerRun(10, run); n > 1 {
			t.Errorf("%s: %v allocations per block", name, n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range codecs() {
		f.Add(c.encode(nil, []byte("hello hello hello hello")))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		const limit = 10_000
		for name, c := range codecs() {
			got, err := c.decode([]byte("dst"), block, limit)
			if string(got[:3]) != "dst" || len(got) > 3+limit || err != nil && len(got) != 3 {
				t.Fatalf("%s: %d bytes, %v", name, len(got), err)
			}
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("hello hello hello hello"), 3)
	f.Fuzz(func(t *testing.T, src []byte, split int) {
		split = min(max(split, 0), len(src))
		for name, c := range codecs() {
			got, err := c.decode(nil, c.encode(nil, src), len(src))
			if err != nil || !bytes.Equal(got, src) {
				t.Fatalf("%s: %q, %v, want %q", name, got, err, src)
			}
		}
		var e Encoder
		for _, format := range written[1:] {
			if err := e.Begin(nil, format, uuid); err != nil {
				t.Fatal(err)
			}
			e.Write(src[:split])
			e.Write(src[split:])
			body, err := e.End()
			if err != nil {
				t.Fatal(err)
			}
			got, detected, err := DecodeAll(body, len(src))
			if err != nil || detected != format || !bytes.Equal(got, src) {
				t.Fatalf("%v: detected %v, %q, %v, want %q", format, detected, got, err, src)
			}
		}
	})
}

// No stream panics, reads more than its limit, or is read in another way in pieces.
func FuzzReader(f *testing.F) {
	var e Encoder
	for _, format := range written {
		body, _ := e.Append(nil, []byte("hello hello hello hello"), format, uuid)
		f.Add(body)
	}
	f.Add(e.AppendZstd(nil, []byte("hello hello hello hello")))
	f.Add(append(e.AppendGzip(nil, []byte("hello\n"), Fastest), e.AppendGzip(nil, []byte("hello\n"), ObjectLevel)...))
	f.Add(unhex("0000000a 00000007 05 10 68656c6c6f 00000007 05 10 68656c6c6f 00000000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 100_000
		got, format, err := DecodeAll(data, limit)
		if len(got) > limit {
			t.Fatalf("%v: %d bytes", format, len(got))
		}
		r, format2, err2 := NewReader(iotest.OneByteReader(bytes.NewReader(data)))
		if format != format2 {
			t.Fatalf("%v, and %v in single bytes", format, format2)
		}
		if err2 != nil {
			if err == nil {
				t.Fatalf("%v: %v in single bytes", format, err2)
			}
			return
		}
		defer r.Close()
		if err == nil {
			if got2, err := io.ReadAll(r); err != nil || !bytes.Equal(got, got2) {
				t.Fatalf("%v: %d bytes, and %d in single bytes, %v", format, len(got), len(got2), err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	src := logLines(4 << 20)
	for _, f := range written {
		b.Run(f.String(), func(b *testing.B) {
			var e Encoder
			var buf []byte
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = e.Append(buf[:0], src, f, uuid)
			}
			b.ReportMetric(float64(len(src))/float64(max(len(buf), 1)), "ratio")
		})
	}
}

func BenchmarkBlock(b *testing.B) {
	src := logLines(1 << 20)
	for name, c := range codecs() {
		block := c.encode(nil, src)
		var buf []byte
		b.Run(name+"/encode", func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				block = c.encode(block[:0], src)
			}
		})
		b.Run(name+"/decode", func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = c.decode(buf[:0], block, len(src))
			}
		})
	}
}

func Example() {
	var e Encoder
	object, err := e.Append(nil, []byte("hello"), Snappy, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%x\n", object)

	data, format, err := DecodeAll(object, 1<<20)
	fmt.Printf("%s %v %v\n", data, format, err)
	// Output:
	// 82534e4150505900000000010000000100000007051068656c6c6f
	// hello Snappy <nil>
}
