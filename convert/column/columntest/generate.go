package columntest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/hydrantkit/hydrant/schema"
)

// EventTable is the table of Events: 21 columns, 28 leaves.
func EventTable() *schema.Table {
	t, err := schema.NewTable([][2]string{
		{"event_id", "string"}, {"event_time", "timestamp"}, {"user_id", "bigint"}, {"session_id", "string"}, {"event_type", "string"},
		{"url", "string"}, {"referrer", "string"}, {"user_agent", "string"}, {"ip", "string"}, {"country", "string"}, {"status", "int"},
		{"duration_ms", "int"}, {"bytes_sent", "bigint"}, {"price", "double"}, {"score", "double"}, {"is_mobile", "boolean"},
		{"device", "struct<os:string,os_version:string,model:string,width:int,height:int>"},
		{"geo", "struct<lat:double,lon:double,city:string>"}, {"tags", "array<string>"}, {"props", "map<string,string>"}, {"message", "string"},
	}...)
	if err != nil {
		panic(err)
	}
	return t
}

// An Event is the row of EventTable as encoding/json fills it.
type Event struct {
	EventID    string   `json:"event_id"`
	EventTime  string   `json:"event_time"`
	UserID     int64    `json:"user_id"`
	SessionID  string   `json:"session_id"`
	EventType  string   `json:"event_type"`
	URL        string   `json:"url"`
	Referrer   *string  `json:"referrer"`
	UserAgent  string   `json:"user_agent"`
	IP         string   `json:"ip"`
	Country    string   `json:"country"`
	Status     int32    `json:"status"`
	DurationMS int32    `json:"duration_ms"`
	BytesSent  int64    `json:"bytes_sent"`
	Price      *float64 `json:"price"`
	Score      float64  `json:"score"`
	IsMobile   bool     `json:"is_mobile"`
	Device     struct {
		OS        string `json:"os"`
		OSVersion string `json:"os_version"`
		Model     string `json:"model"`
		Width     int32  `json:"width"`
		Height    int32  `json:"height"`
	} `json:"device"`
	Geo struct {
		Lat  float64 `json:"lat"`
		Lon  float64 `json:"lon"`
		City string  `json:"city"`
	} `json:"geo"`
	Tags    []string          `json:"tags"`
	Props   map[string]string `json:"props"`
	Message string            `json:"message"`
}

// Events makes n records of about 1 KB, the same ones for the same seed.
func Events(n int, seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	words := strings.Fields("alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango")
	word := func() string { return words[r.IntN(len(words))] }
	out := make([][]byte, n)
	for i := range out {
		var b []byte
		add := func(format string, args ...any) { b = fmt.Appendf(b, format, args...) }
		add(`{"event_id":"%08x-%04x-4%03x-a%03x-%012x"`, r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48))
		add(`,"event_time":"2026-%02d-%02dT%02d:%02d:%02d.%03dZ"`, 1+i/20000%12, 1+i/700%28, i/30%24, r.IntN(60), r.IntN(60), r.IntN(1000))
		add(`,"user_id":%d,"session_id":"%016x%016x"`, r.Int64N(1<<40), r.Uint64(), r.Uint64())
		add(`,"event_type":"%s"`, pick("page_view", "click", "purchase", "scroll", "login", "logout", "search"))
		add(`,"url":"https://shop.example.com/%s/%s/%d?utm_source=%s&q=%s+%s"`, word(), word(), r.IntN(100000), pick("mail", "ads", "social"), word(), word())
		if r.IntN(10) < 3 {
			add(`,"referrer":null`)
		} else {
			add(`,"referrer":"https://www.example.org/search?q=%s+%s&page=%d"`, word(), word(), r.IntN(20))
		}
		add(`,"user_agent":"Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36"`,
			pick("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"), 100+r.IntN(40), r.IntN(7000), r.IntN(200))
		add(`,"ip":"%d.%d.%d.%d","country":"%s"`, r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), pick("DE", "US", "FR", "JP", "BR", "IN", "GB"))
		add(`,"status":%s,"duration_ms":%d,"bytes_sent":%d`, pick("200", "200", "200", "304", "404", "500"), r.IntN(30000), r.IntN(5000000))
		if r.IntN(2) == 0 {
			add(`,"price":%.2f`, r.Float64()*1000)
		}
		add(`,"score":%.6f,"is_mobile":%t`, r.Float64(), r.IntN(2) == 0)
		add(`,"device":{"os":"%s","os_version":"%d.%d","model":"%s %d","width":%d,"height":%d}`, pick("Android", "iOS", "Windows", "macOS"),
			8+r.IntN(10), r.IntN(10), pick("Pixel", "iPhone", "Galaxy"), r.IntN(20), 320+r.IntN(2000), 480+r.IntN(2000))
		add(`,"geo":{"lat":%.5f,"lon":%.5f,"city":"%s"}`, r.Float64()*180-90, r.Float64()*360-180, pick("Berlin", "New York", "São Paulo", "東京", "Paris"))
		add(`,"tags":[`)
		for k := range r.IntN(6) {
			if k > 0 {
				add(",")
			}
			add(`"%s"`, word())
		}
		add(`],"props":{`)
		for k := range 1 + r.IntN(5) {
			if k > 0 {
				add(",")
			}
			add(`"%s_%d":"%s"`, word(), k, word())
		}
		add(`},"message":"%s \"%s\" %s\n%s – %s`, word(), word(), word(), word(), pick("größer", "naïve", "plain"))
		for range 20 + r.IntN(25) {
			add(" %s", word())
		}
		add(`"}`)
		out[i] = b
	}
	return out
}

// scalars are JSON values that one type or another takes or refuses at its edges.
var scalars = strings.Split(`null true false 0 -0 1 -1 7 127 128 255 256 -128 -129 32767 32768 -32769 2147483647 2147483648 -2147483649 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 `+
	`1.0 1.5 -1.5 0.1 1e3 1E-3 1e400 -1e400 1e-400 16777217 3.4028236e38 0.30000000000000004 99999.995 99999999.99 99999999.995 12345678901234567890.123456789 1486480381 1486480381123 1486480381.123456 -999999999999 1e12 253402300799 253402300800 `+
	`"" "x" "é" "abc " "abcd" "true" "TRUE" "yes" "1" "+1" "007" "0x1F" "0X" "-0x1" "1.5" "1e3" "NaN" "-Infinity" "1d" ".5" "1." "1_0" "0x1p3" "nan" "\t1" "\u0031" "\n\"\\" "日本語" "😀" `+
	`"2017-02-07" "2017-2-7" "2017-02-30" "2017-02-32" "2017-13-01" "0000-01-01" "9999-12-31" "1582-10-04" "17-02-07" "2017-02-07T15:13:01Z" "2017-02-07T15:13:01" "2017-02-07T15:13:01.39256Z" `+
	`"2017-02-07T15:13:01+00:00" "2017-13-07T15:13:01Z" "2017-02-07T99:99:99.1" "1486480381" "1486480381000" "1486480381.5" "0001486480381" "99999999.994" "-0.005" [] {} [1] ["x"] [null] {"x":1} {"x":"2","y":"q"} {"k":1.5} {"1":2}`, " ")

func init() {
	scalars = append(scalars, `"2017-02-07 15:13:01"`, `"2017-02-07 15:13:01.123456789"`, `" 2017-02-07 15:13:01 "`, `"2017-2-7 1:2:3"`, `"2017-02-07 -1:00:00"`, `"2017-02-07  1:00:00"`,
		`"2017-02-07 15:13"`, `"2017-02-07 15:13:01."`, `"2017-02-07 15:13:01Z"`, `" "`, `" 1"`, `[1, "2" ,3]`, `[[1],{"x":2},null]`, `{ "x" : 1 , "y" : [ "a" ] }`, `{"X":1}`, `{"z":{"k":2}}`)
}

// Random makes a record whose values may or may not fit the columns, with keys in any case, keys that aren't declared and keys
// that come twice.
func Random(r *rand.Rand, columns []schema.Column) []byte {
	b := []byte("{")
	blank := func() {
		if r.IntN(12) == 0 {
			b = append(b, " \n\t\r"[r.IntN(4)])
		}
	}
	n := r.IntN(5)
	for k := range n {
		if k > 0 {
			b = append(b, ',')
		}
		blank()
		name := "undeclared"
		c := schema.Column{}
		if r.IntN(8) > 0 {
			c = columns[r.IntN(len(columns))]
			name = c.Name
		}
		if r.IntN(6) == 0 {
			name = strings.ToUpper(name)
		}
		b = fmt.Appendf(b, "%q", name)
		blank()
		b = append(b, ':')
		blank()
		b = value(b, r, c.Type)
		blank()
	}
	return append(b, '}')
}

// value appends a value that may be of type t.
func value(b []byte, r *rand.Rand, t *schema.Type) []byte {
	if t == nil || t.Kind.Primitive() || r.IntN(3) == 0 {
		return append(b, scalars[r.IntN(len(scalars))]...)
	}
	switch t.Kind {
	case schema.Array:
		b = append(b, '[')
		for k := range r.IntN(4) {
			if k > 0 {
				b = append(b, ',')
			}
			b = value(b, r, t.Elem)
		}
		return append(b, ']')
	case schema.Map:
		b = append(b, '{')
		for k := range r.IntN(4) {
			if k > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `"%s":`, []string{"1", "2", "k", "K", "01", "1.0", "+1"}[r.IntN(7)])
			b = value(b, r, t.Elem)
		}
		return append(b, '}')
	}
	return append(b, Random(r, t.Fields)...)
}
