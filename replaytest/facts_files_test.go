package replaytest

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/read/orc"
	"github.com/hydrantkit/hydrant/read/parquet"
)

// deliver replays records through a stream of the facts of format-conversion.md, and returns the structure of the one file that
// is delivered, as hydrant inspect prints it.
func deliver(t *testing.T, stream, table, compat string, records ...string) string {
	t.Helper()
	o := Options{Schema: table}
	if compat != "" {
		o.Compat = []string{compat}
	}
	s := New(t, factDir+"/format-conversion/template.yaml#"+stream, o)
	s.Put(records...)
	s.Drain()
	if n := len(s.r.bucket.Objects); n != 1 {
		t.Fatalf("%d objects were delivered", n)
	}
	body := s.r.bucket.Objects[0].Body
	var info interface{ WriteText(w io.Writer) error }
	var err error
	if stream == "ORC" {
		var f *orc.File
		if f, err = orc.Open(bytes.NewReader(body), int64(len(body))); err == nil {
			info, err = f.Inspect()
		}
	} else {
		var f *parquet.File
		if f, err = parquet.Open(bytes.NewReader(body), int64(len(body))); err == nil {
			info, err = f.Inspect()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := info.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestFactTypes has the types that Hive's types become in delivered files (format-conversion.md §7).
func TestFactTypes(t *testing.T) {
	const table = "struct<bo:boolean,ti:tinyint,sm:smallint,i:int,bi:bigint,f:float,d:double," +
		"d5:decimal(5,2),d9:decimal(9,2),d18:decimal(18,2),d38:decimal(38,2),s:string,v:varchar(9),c:char(9),da:date,t:timestamp," +
		"a:array<int>,m:map<string,int>,st:struct<x:int>>"
	const scalars = `
message hive_schema {
  optional boolean bo;
  optional int32 ti (INT_8);
  optional int32 sm (INT_16);
  optional int32 i;
  optional int64 bi;
  optional float f;
  optional double d;
  optional fixed_len_byte_array(3) d5 (DECIMAL(5,2));
  optional fixed_len_byte_array(4) d9 (DECIMAL(9,2));
  optional fixed_len_byte_array(8) d18 (DECIMAL(18,2));
  optional fixed_len_byte_array(16) d38 (DECIMAL(38,2));
  optional byte_array s (UTF8);
  optional byte_array v (UTF8);
  optional byte_array c (UTF8);
  optional int32 da (DATE);
  optional int96 t;
`
	const nested = `  optional group a (LIST) {
    repeated group bag {
      optional int32 array_element;
    }
  }
  optional group m (MAP) {
    repeated group map (MAP_KEY_VALUE) {
      required byte_array key (UTF8);
      optional int32 value;
    }
  }
  optional group st {
    optional int32 x;
  }
}
`
	for _, tt := range []struct{ stream, table, compat, want string }{
		{"OpenX", table, "", scalars + nested},
		{"OpenX", table, "", "created by hydrant"},
		{"OpenX", table, "parquet-layout=hive", scalars + nested},
		{"OpenX", table, "parquet-layout=modern", "  optional group a (LIST) {\n    repeated group list {\n      optional int32 element;\n"},
		{"OpenX", table, "parquet-layout=modern", "  optional int64 t (TIMESTAMP"},
		{"Hive", "struct<a:int,b:binary>", "", "  optional byte_array b;\n"},
		{"ORC", table, "", "schema       " + table + "\n"},
	} {
		got := deliver(t, tt.stream, tt.table, tt.compat, `{}`)
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s %s: the file is\n%s\nwithout\n%s", tt.stream, tt.compat, got, tt.want)
		}
	}
}

// TestFactDictionaries: no column of a Parquet file has a dictionary by default; of an ORC file those of text whose values are
// distinct to 80 % at most.
func TestFactDictionaries(t *testing.T) {
	records := func(distinct int) (out []string) {
		for i := range 10 {
			out = append(out, fmt.Sprintf(`{"a":"%d"}`, i%distinct))
		}
		return out
	}
	if got := deliver(t, "OpenX", "struct<a:string>", "", records(1)...); strings.Contains(got, "DICTIONARY") {
		t.Errorf("there is a dictionary:\n%s", got)
	}
	for distinct, want := range map[int]string{8: "DICTIONARY_V2", 9: "DIRECT_V2"} {
		if got := deliver(t, "ORC", "struct<a:string>", "", records(distinct)...); !strings.Contains(got, want) {
			t.Errorf("%d distinct values of 10 are not %s:\n%s", distinct, want, got)
		}
	}
}

// TestFactFraming: what a body is made of that cases compare decompressed: one gzip member, one deflated entry whose name is a UUID of its own
// (s3-delivery.md §6); also of an object that is compressed in pieces.
func TestFactFraming(t *testing.T) {
	uuid := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	for _, n := range []int{1, 900_000} {
		for _, format := range []string{"GZIP", "ZIP"} {
			s := Parse(t, `{"DeliveryStreamName":"s","ExtendedS3DestinationConfiguration":{"BucketARN":"arn:aws:s3:::b","RoleARN":"arn:aws:iam::123456789012:role/r","CompressionFormat":"`+format+`"}}`, Options{})
			var want []byte
			for i := range 5 {
				record := bytes.Repeat([]byte{byte('a' + i)}, n)
				s.Put(string(record))
				want = append(want, record...)
			}
			s.Drain()
			if len(s.r.bucket.Objects) != 1 {
				t.Fatalf("%d objects", len(s.r.bucket.Objects))
			}
			o := s.r.bucket.Objects[0]
			body, left, err := unframe(o.Body, format, func(name string) {
				if uuid.FindString(name) != name || uuid.FindString(o.Key) == name {
					t.Errorf("the entry of %s is %s", o.Key, name)
				}
			})
			if err != nil || left != 0 || !bytes.Equal(body, want) {
				t.Errorf("%s of %d bytes: %v, %d of %d come back, %d bytes behind", format, 5*n, err, len(body), len(want), left)
			}
		}
	}
}

// unframe reads the first member, or the only entry, and says what is left behind it.
func unframe(b []byte, format string, entry func(name string)) (body []byte, left int, err error) {
	if format == "GZIP" {
		in := bufio.NewReader(bytes.NewReader(b))
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, 0, err
		}
		z.Multistream(false)
		if body, err = io.ReadAll(z); err != nil {
			return nil, 0, err
		}
		rest, err := io.ReadAll(in)
		return body, len(rest), err
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, 0, err
	}
	f := z.File[0]
	if entry(f.Name); f.Method != zip.Deflate {
		return nil, 0, fmt.Errorf("the method is %d", f.Method)
	}
	r, err := f.Open()
	if err != nil {
		return nil, 0, err
	}
	body, err = io.ReadAll(r)
	return body, len(z.File) - 1, err
}
