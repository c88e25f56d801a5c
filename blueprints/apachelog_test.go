package blueprints

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant"
)

const accessVector = `64.242.88.10 - - [07/Mar/2004:16:10:02 -0800] "GET /x HTTP/1.1" 200 6291`

func TestApacheLogJSON(t *testing.T) {
	const want = `{"host":"64.242.88.10","ident":"-","authuser":"-","request":"GET /x HTTP/1.1","response":200,"bytes":6291,"verb":"GET","@timestamp":"2004-03-07T16:10:02.000Z","timezone":"-0800","@timestamp_utc":"2004-03-08T00:10:02.000Z"}`
	lenient := ApacheLog{Lenient: true}
	for _, tt := range []struct {
		name string
		a    ApacheLog
		line string
		want string // "" is ProcessingFailed
	}{
		{"service", ApacheLog{}, accessVector, want},
		{"combined", ApacheLog{}, accessVector + ` "-" "curl/8"`, want},
		{"newline", ApacheLog{Newline: true}, accessVector, want + "\n"},
		{"no offset", ApacheLog{}, `1.2 - - [07/Mar/2004:16:10:02] "GET" 200 0`,
			`{"host":"1.2","ident":"-","authuser":"-","request":"GET","response":200,"bytes":0,"@timestamp":"2004-03-07T16:10:02.000Z"}`},
		{"quotes in the request", ApacheLog{}, `1 - - [07/Mar/2004:16:10:02] "a" 200 "b" 404 7`,
			`{"host":"1","ident":"-","authuser":"-","request":"a\" 200 \"b","response":404,"bytes":7,"verb":"a\"","@timestamp":"2004-03-07T16:10:02.000Z"}`},
		{"not UTF-8", ApacheLog{}, "1 - \xff [07/Mar/2004:16:10:02] \"\xe2\x82\" 200 1",
			`{"host":"1","ident":"-","authuser":"` + "\uFFFD" + `","request":"` + "\uFFFD" + `","response":200,"bytes":1,"@timestamp":"2004-03-07T16:10:02.000Z"}`},
		{"host name", ApacheLog{}, `example.com - - [07/Mar/2004:16:10:02 -0800] "GET /x HTTP/1.1" 200 6291`, ""},
		{"IPv6", ApacheLog{}, `::1 - - [07/Mar/2004:16:10:02 -0800] "GET /x HTTP/1.1" 200 6291`, ""},
		{"size -", ApacheLog{}, `1.2.3.4 - - [07/Mar/2004:16:10:02 -0800] "GET /x HTTP/1.1" 304 -`, ""},
		{"empty request", ApacheLog{}, `1.2.3.4 - - [07/Mar/2004:16:10:02 -0800] "" 400 0`, ""},
		{"leading blank", ApacheLog{}, ` ` + accessVector, ""},
		{"no brackets", ApacheLog{}, `1.2.3.4 - - 07/Mar/2004:16:10:02 -0800 "GET" 200 1`, ""},
		{"no such day", ApacheLog{}, `1.2.3.4 - - [31/Apr/2004:16:10:02 -0800] "GET" 200 1`, ""},
		{"line break in the request", ApacheLog{}, "1 - - [07/Mar/2004:16:10:02] \"a\nb\" 200 1", ""},
		{"empty", ApacheLog{}, "", ""},

		{"lenient: IPv6, size -, empty request", lenient, ` ::1 - bob [07/Mar/2004:16:10:02 +0000] "" 408 - "-" "-"`,
			`{"host":"::1","ident":"-","authuser":"bob","request":"","response":408,"bytes":null,"@timestamp":"2004-03-07T16:10:02.000Z","timezone":"+0000","@timestamp_utc":"2004-03-07T16:10:02.000Z"}`},
		{"lenient: host name", lenient, `example.com - - [07/Mar/2004:16:10:02 -0800] "-" - 1`,
			`{"host":"example.com","ident":"-","authuser":"-","request":"-","response":null,"bytes":1,"@timestamp":"2004-03-07T16:10:02.000Z","timezone":"-0800","@timestamp_utc":"2004-03-08T00:10:02.000Z"}`},
		{"lenient: size -5", lenient, `1 - - [07/Mar/2004:16:10:02] "a" 200 -5`, ""},
	} {
		got, err := tt.a.JSON().Transform(context.Background(), []hydrant.Record{{ID: "r", Data: []byte(tt.line)}})
		if err != nil {
			t.Fatal(err)
		}
		if string(got[0].Data) != tt.want || (got[0].Status == hydrant.OK) != (tt.want != "") {
			t.Errorf("%s: %s\n got %v %s\nwant %s", tt.name, tt.line, got[0].Status, got[0].Data, tt.want)
		}
	}
}

// The service's own expression, which the scanner is the twin of.
var accessExpression = regexp.MustCompile(`^([\d.]+) ([^\s\v\pZ\x{FEFF}]+) ([^\s\v\pZ\x{FEFF}]+) \[([\w:/]+)( [+-]\d{4})?\] "([^\n\r\x{2028}\x{2029}]+?)" (\d{3}) (\d+)`)

// accessTwin is the blueprint as one would write it with the expression.
func accessTwin(line string) (string, bool) {
	m := accessExpression.FindStringSubmatch(line)
	if m == nil || len(m[4]) != 20 {
		return "", false
	}
	at, err := time.Parse("02/Jan/2006:15:04:05", m[4])
	if err != nil || m[4][3:6] != at.Month().String()[:3] {
		return "", false
	}
	text := func(s string) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.Encode(s)
		s = strings.TrimSuffix(b.String(), "\n")
		return strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(s)
	}
	digits := func(s string) string {
		if s = strings.TrimLeft(s, "0"); s == "" {
			return "0"
		}
		return s
	}
	out := `{"host":` + text(m[1]) + `,"ident":` + text(m[2]) + `,"authuser":` + text(m[3]) + `,"request":` + text(m[6]) +
		`,"response":` + digits(m[7]) + `,"bytes":` + digits(m[8])
	if verb, _, ok := strings.Cut(m[6], " "); ok {
		out += `,"verb":` + text(verb)
	}
	const iso = "2006-01-02T15:04:05.000Z"
	out += `,"@timestamp":"` + at.Format(iso) + `"`
	if m[5] != "" {
		h, _ := strconv.Atoi(m[5][2:4])
		min, _ := strconv.Atoi(m[5][4:])
		d := time.Duration(h)*time.Hour + time.Duration(min)*time.Minute
		if m[5][1] == '+' {
			d = -d
		}
		utc := at.Add(d)
		if y := utc.Year(); y < 0 || y > 9999 {
			return "", true // years that only JavaScript writes this way
		}
		out += `,"timezone":"` + m[5][1:] + `","@timestamp_utc":"` + utc.Format(iso) + `"`
	}
	return out + "}", true
}

func TestApacheLogCorpus(t *testing.T) {
	lines := corpus(t, "apache-access/elastic_apache_logs.log.gz")
	count := func(a ApacheLog) (ok int) {
		for _, line := range lines {
			got, status := a.appendJSON(context.Background(), nil, hydrant.Record{Data: []byte(line)})
			if !a.Lenient {
				if want, matches := accessTwin(line); matches != (status == hydrant.OK) || want != string(got) {
					t.Errorf("%s\n got %s\nwant %s", line, got, want)
				}
			}
			if status == hydrant.OK {
				if !json.Valid(got) {
					t.Errorf("%s: not JSON: %s", line, got)
				}
				ok++
			}
		}
		return ok
	}
	if got := count(ApacheLog{}); len(lines) != 10000 || got != 10000-669 {
		t.Errorf("%d of %d lines read, want 9331 of 10000", got, len(lines))
	}
	if got := count(ApacheLog{Lenient: true}); got != 10000 {
		t.Errorf("lenient: %d lines read, want all 10000", got)
	}
}

func FuzzApacheLog(f *testing.F) {
	f.Add(accessVector)
	f.Add(`1 - - [07/Mar/2004:16:10:02] "a" 200 "b" 404 7`)
	f.Add("1.2 - - [29/Feb/2000:00:00:00 +9999] \"\xe2\x80\xa8\" 000 00")
	f.Fuzz(func(t *testing.T, line string) {
		got, status := new(ApacheLog).appendJSON(context.Background(), nil, hydrant.Record{Data: []byte(line)})
		want, ok := accessTwin(strings.ToValidUTF8(line, "\uFFFD"))
		if ok != (status == hydrant.OK) {
			t.Fatalf("%q: %v, the expression says %v", line, status, ok)
		}
		if ok && !json.Valid(got) {
			t.Fatalf("%q: not JSON: %s", line, got)
		}
		if ok && want != "" && strings.ToValidUTF8(line, "") == line && want != string(got) {
			t.Fatalf("%q\n got %s\nwant %s", line, got, want)
		}
		lenient, status := (&ApacheLog{Lenient: true}).appendJSON(context.Background(), nil, hydrant.Record{Data: []byte(line)})
		if ok && string(lenient) != string(got) || status == hydrant.OK && !json.Valid(lenient) {
			t.Fatalf("%q: lenient %s, default %s", line, lenient, got)
		}
	})
}

func TestWrongOption(t *testing.T) {
	tr := ApacheLog{}.FromEnv(func(name string) string { return map[string]string{"LENIENT": "yes please"}[name] }).JSON()
	_, err := tr.Transform(context.Background(), []hydrant.Record{{ID: "r"}})
	if err == nil || err.Error() != `option LENIENT: "yes please" is not true or false` {
		t.Errorf("error %v", err)
	}
}

func TestAppendTime(t *testing.T) {
	for _, tt := range []struct {
		at     time.Time
		millis int
		want   string
	}{
		{time.Date(2004, 3, 7, 16, 10, 2, 0, time.UTC), 0, "2004-03-07T16:10:02.000Z"},
		{time.Date(2000, 2, 29, 23, 59, 59, 0, time.UTC), 987, "2000-02-29T23:59:59.987Z"},
		{time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), 5, "1969-12-31T23:59:59.005Z"},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), 0, "0000-01-01T00:00:00.000Z"},
		{time.Date(-1, 12, 31, 0, 0, 0, 0, time.UTC), 0, "-000001-12-31T00:00:00.000Z"},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), 0, "+010000-01-01T00:00:00.000Z"},
	} {
		if got := appendTime(nil, tt.at.Unix(), tt.millis); string(got) != tt.want {
			t.Errorf("%v: %s, want %s", tt.at, got, tt.want)
		}
	}
	for day := int64(-800000); day < 2900000; day += 37 {
		at := time.Unix(day*86400+day&86399, 0).UTC()
		if y := at.Year(); y < 0 || y > 9999 {
			continue
		}
		if got, want := string(appendTime(nil, at.Unix(), 0)), at.Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		if sec, ok := unix(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second()); !ok || sec != at.Unix() {
			t.Fatalf("%v: %d, %v", at, sec, ok)
		}
	}
}

func TestCSVIsUTF8(t *testing.T) {
	const line = "1.2.3.4 - \xff\xe2\x82 [07/Mar/2004:16:10:02 -0800] \"\xc3\xa9\x80,\"\" 200 1"
	for quote, want := range map[bool]string{
		false: "1.2.3.4,-,\uFFFD\uFFFD,07/Mar/2004:16:10:02 -0800,é\uFFFD,\",200,1\n",
		true:  "1.2.3.4,-,\uFFFD\uFFFD,07/Mar/2004:16:10:02 -0800,\"é\uFFFD,\"\"\",200,1\n",
	} {
		got, status := (&ApacheLog{Quote: quote}).appendCSV(context.Background(), nil, hydrant.Record{Data: []byte(line)})
		if status != hydrant.OK || string(got) != want {
			t.Errorf("quote %v: %v %q, want %q", quote, status, got, want)
		}
	}
}
