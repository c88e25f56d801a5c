package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
)

// TestOptions: what COPY takes, what it refuses, and what this dialect lacks.
func TestOptions(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"json 'auto'", ""}, {"JSON AS 'auto ignorecase' GZIP", ""}, {"format as json", ""}, {"FORMAT CSV QUOTE AS '%'", ""},
		{`delimiter '\t' IGNOREHEADER 1 NULL AS 'nil' EMPTYASNULL BLANKSASNULL TRIMBLANKS FILLRECORD`, ""},
		{`DELIMITER AS '\001' ESCAPE REMOVEQUOTES MAXERROR 10 ACCEPTINVCHARS AS '^' TRUNCATECOLUMNS`, ""},
		{"GZIP COMPUPDATE OFF STATUPDATE ON REGION 'us-east-1' TIMEFORMAT 'epochmillisecs' DATEFORMAT 'auto' ENCODING UTF8", ""},
		{"json 's3://b/paths.json'", "JSON 's3://b/paths.json' is not supported"},
		{"PARQUET", "PARQUET is not supported"}, {"FIXEDWIDTH 'a:1'", "FIXEDWIDTH is not supported"}, {"bzip2", "BZIP2 is not supported"},
		{"TIMEFORMAT 'MM.DD.YYYY'", "is not supported"}, {"ENCODING UTF16", "is not supported"},
		{"jsn 'auto'", "Redshift.SyntaxError"}, {"'auto'", "Redshift.SyntaxError"}, {"DELIMITER", "Redshift.SyntaxError"}, {"DELIMITER '||'", "Redshift.SyntaxError"},
		{"MAXERROR x", "Redshift.SyntaxError"}, {"NULL 'x", "Redshift.SyntaxError"},
		{"csv escape", "Redshift.IncorrectCopyOptions"}, {"json 'auto' delimiter '|'", "Redshift.IncorrectCopyOptions"}, {"GZIP gzip", "Redshift.IncorrectCopyOptions"},
		{"MANIFEST", "Redshift.IncorrectCopyOptions"}, {"IAM_ROLE 'x'", "Redshift.IncorrectCopyOptions"},
	} {
		_, err := parseOptions(tt.text)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
		}
		var unsupported *UnsupportedError
		if _, nerr := New("postgres://h/d", tt.text, nil); (nerr != nil) != errors.As(err, &unsupported) {
			t.Errorf("New with %s: %v", tt.text, nerr)
		}
	}
	for _, endpoint := range []string{"http://h/d", "postgres:d", "%"} {
		if _, err := New(endpoint, "", nil); err == nil {
			t.Errorf("New of %s: no error", endpoint)
		}
	}
}

// TestRows: what of an object becomes which rows.
func TestRows(t *testing.T) {
	abc := []column{{name: "a"}, {name: "b", text: true, length: 3}, {name: "c", time: true}}
	for _, tt := range []struct{ options, body, want string }{
		{"", "1|x|2025-01-01\n2||\n", "1\tx\t2025-01-01\n2\t\t\\N\n"},
		{"", "1|x|\r\n2|y|", "1\tx\t\\N\n2\ty\t\\N\n"},
		{"", `1|\N|` + "\n", "1\t\\N\t\\N\n"},
		{"", `1|a\b|`, `1	a\\b	\N` + "\n"},
		{"", "1|x\n", "error: row 1: delimiter not found: 2 columns where 3 are wanted"},
		{"", "1|x|\n2|x||y\n", "error: row 2: extra column(s) found: 4 columns where 3 are wanted"},
		{"FILLRECORD", "1\n", "1\t\\N\t\\N\n"},
		{"", "1|x|\n\n2|y|\n", "error: row 2: delimiter not found: 1 columns where 3 are wanted"},
		{"IGNOREBLANKLINES", "1|x|\n\n2|y|\n", "1\tx\t\\N\n2\ty\t\\N\n"},
		{"IGNOREHEADER 1", "a|b|c\n1|x|\n", "1\tx\t\\N\n"},
		{"ESCAPE", "1|x\\|y|\n2|a\\\nb|\n3|\\N|\n", "1\tx|y\t\\N\n2\ta\\nb\t\\N\n3\t\\N\t\\N\n"},
		{"REMOVEQUOTES", "1|\"x|y\"|\n2|'z'|\n", "1\tx|y\t\\N\n2\tz\t\\N\n"},
		{"EMPTYASNULL", "1||\n", "1\t\\N\t\\N\n"}, {"BLANKSASNULL", "1|  |\n", "1\t\\N\t\\N\n"}, {"TRIMBLANKS", "1|x  |\n", "1\tx\t\\N\n"},
		{"NULL AS 'nil'", "nil|nil|\n", "\\N\t\\N\t\\N\n"}, {`DELIMITER '\t'`, "1\tx\t\n", "1\tx\t\\N\n"},
		{"TRUNCATECOLUMNS", "1|xyzé|\n2|xyé|\n", "1\txyz\t\\N\n2\txy\t\\N\n"},
		{"", "1|\xff|\n", "error: row 1: column b: a value that is not UTF-8"}, {"ACCEPTINVCHARS", "1|\xff|\n", "1\t?\t\\N\n"},
		{"TIMEFORMAT 'epochmillisecs'", "1|x|1735689600500\n", "1\tx\t2025-01-01 00:00:00.5\n"}, {"TIMEFORMAT 'epochsecs'", "1|x|1735689600\n", "1\tx\t2025-01-01 00:00:00\n"},
		{"TIMEFORMAT 'epochsecs'", "1|x|nan\n", "error: row 1: column c: \"nan\" is no epochsecs"}, {"TIMEFORMAT 'epochsecs'", "1|x|1e300\n", "error: row 1: column c"},
		{"csv", "1,\"x,\"\"y\"\"\n\",\n", "1\tx,\"y\"\\n\t\\N\n"}, {"csv", "1,\"x\n", "error: row 1: a quoted field that doesn't end"},
		{"csv", "1,x,\r\n2,y,\r\n", "1\tx\t\\N\n2\ty\t\\N\n"}, {"csv quote '%' delimiter ';'", "1;%x;%;\n", "1\tx;\t\\N\n"},
		{"json 'auto'", `{"a":1,"b":"x","c":null}{"b":{"d": 1},"A":2}` + "\n", "1\tx\t\\N\n\\N\t{\"d\": 1}\t\\N\n"},
		{"json 'auto ignorecase'", `{"A":1,"B":true}`, "1\ttrue\t\\N\n"},
		{"json 'auto'", `{"a":1}` + "\nno", "error: row 2: invalid JSON"}, {"json 'auto'", `[1]`, "error: row 1: json: cannot unmarshal"},
		{"", "", ""}, {"csv", "", ""}, {"json 'auto'", " \n", ""},
	} {
		o, err := parseOptions(tt.options)
		if err != nil {
			t.Fatal(err)
		}
		l := &load{o: o, columns: abc, bodies: [][]byte{[]byte(tt.body)}}
		out, _, err := l.encode()
		got := string(out)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tt.want && !(err != nil && strings.HasPrefix(tt.want, "error") && strings.HasPrefix(got, tt.want)) {
			t.Errorf("%q of %q: %q, want %q", tt.options, tt.body, got, tt.want)
		}
	}
}

// TestLeftOut: MAXERROR leaves out a row that is no good, but never those behind it, of which it can't be told where they begin; and rows
// that IGNOREHEADER leaves out are counted.
func TestLeftOut(t *testing.T) {
	abc := []column{{name: "a"}, {name: "b", text: true}}
	for _, tt := range []struct {
		options, body string
		want          string
		out           int // rows that are left out; -1 where nothing can be loaded
	}{
		{"", "1|x\nno\n2|y\n", "1\tx\n2\ty\n", 1},
		{"IGNOREHEADER 2", "1|x\n2|y\nno\n3|z\n", "3\tz\n", 3},
		{"csv", "1,x\n2,\"y\n3,z\n", "", -1},
		{"csv IGNOREHEADER 1", "a,\"b\n1,x\n2,y\n", "", -1},
		{"json 'auto'", `{"a":1}[2]{"a":3}`, "1\t\\N\n3\t\\N\n", 1},
		{"json 'auto'", `{"a":1}` + "\nno\n" + `{"a":2}`, "", -1},
		{"json 'auto'", `{"a":1}` + "\n" + `{"a":"` + "\n" + `{"a":2}`, "", -1},
	} {
		o, err := parseOptions(tt.options + " MAXERROR 10")
		if err != nil {
			t.Fatal(err)
		}
		l := &load{o: o, columns: abc, bodies: [][]byte{[]byte(tt.body)}, rejected: map[int]bool{}}
		got := ""
		for range 9 {
			text, bad, err := l.encode()
			var re *rowError
			if errors.As(err, &re) && !re.rest {
				l.rejected[bad] = true
				continue
			}
			if got = string(text); (err != nil) != (tt.out < 0) {
				t.Errorf("%s of %q: %v", tt.options, tt.body, err)
			}
			break
		}
		if got != tt.want || tt.out >= 0 && l.leftOut() != tt.out {
			t.Errorf("%s of %q: %q and %d rows left out, want %q and %d", tt.options, tt.body, got, l.leftOut(), tt.want, tt.out)
		}
	}
}

// TestMissing: objects that are gone, and a server that nobody reaches, have Redshift's codes.
func TestMissing(t *testing.T) {
	c, err := New("postgres://u:hidden@127.0.0.1:1/d?connect_timeout=1", "GZIP", &s3.Memory{})
	if err != nil {
		t.Fatal(err)
	}
	var o *record.Outage
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := c.Copy(ctx, &sink.Copy{Table: "t", Options: "GZIP"}); !errors.As(err, &o) || o.Code != "Redshift.ConnectionFailed" || strings.Contains(err.Error()+o.Text(), "hidden") {
		t.Errorf("%v", err)
	}
	for manifest, want := range map[string]string{
		"s3://b/none": "Redshift.MissingS3File", "s3://b/bad": "Redshift.DataLoadFailed", "s3://b/gone": "Redshift.MissingS3File", "s3://b/plain": "Redshift.DataLoadFailed", "b": "Redshift.MissingS3File", "s3://b/optional": "",
	} {
		m := &s3.Memory{}
		for key, body := range map[string]string{"bad": "{", "gone": `{"entries":[{"url":"s3://b/x","mandatory":true}]}`, "plain": `{"entries":[{"url":"s3://b/bad"}]}`, "optional": `{"entries":[{"url":"s3://b/x"}]}`} {
			if err := m.Put(ctx, s3.Object{Bucket: "b", Key: key, Body: []byte(body)}); err != nil {
				t.Fatal(err)
			}
		}
		c.objects = m
		_, err := c.read(ctx, &sink.Copy{Manifest: manifest}, &options{gzip: true})
		if o = nil; want != "" && (!errors.As(err, &o) || o.Code != want) || want == "" && err != nil {
			t.Errorf("%s: %v, want %q", manifest, err, want)
		}
	}
}

// FuzzRows: no object makes rows of another number of fields than there are columns, or a panic.
func FuzzRows(f *testing.F) {
	f.Add("csv", []byte("a,\"b\n"))
	f.Add("escape removequotes", []byte("a|\"b\\"))
	f.Add("json 'auto'", []byte(`{"a":1}{`))
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		o, err := parseOptions(text)
		if err != nil {
			return
		}
		columns := []column{{name: "a"}, {name: "b", text: true, length: 3}, {name: "c", time: true}}
		l := &load{o: o, columns: columns, bodies: [][]byte{body}, rejected: map[int]bool{}}
		for range 10 {
			out, bad, err := l.encode()
			if err != nil {
				l.rejected[bad] = true
				continue
			}
			for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n"), "\n") {
				if n := strings.Count(line, "\t") + 1; len(out) > 0 && n != len(columns) {
					t.Errorf("%q: %d fields", line, n)
				}
			}
			return
		}
	})
}
