// Command generate writes the data sets of the benchmarks: NDJSON on stdout, the same bytes for the
// same arguments on every machine.
//
//	go run ./generate -set events -bytes 500000000 > events.ndjson
//	go run ./generate -set events -schema          # its table, as a literal struct<…>
//
// The sets are events (21 top-level fields with nested ones, 28 leaves, 1 KB a row), wide (200 flat columns)
// and deep (structs in arrays in structs).
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
)

// A set is a data set: its table, and a function that appends row i.
type set struct {
	schema string
	row    func(g *generator, dst []byte, i int) []byte
}

func sets() map[string]set {
	return map[string]set{
		"events": {eventsSchema, (*generator).event},
		"wide":   {wideSchema(), (*generator).wide},
		"deep":   {deepSchema, (*generator).deep},
	}
}

func (s set) write(w io.Writer, size int64) error {
	g := newGenerator()
	out := bufio.NewWriterSize(w, 1<<20)
	var row []byte
	for i, written := 0, int64(0); written < size; i++ {
		row = append(s.row(g, row[:0], i), '\n')
		written += int64(len(row))
		if _, err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Flush()
}

func main() {
	name := flag.String("set", "events", "events, wide or deep")
	size := flag.Int64("bytes", 500_000_000, "how many bytes, to the end of a row")
	schema := flag.Bool("schema", false, "print the table instead")
	flag.Parse()
	s, ok := sets()[*name]
	if !ok {
		fmt.Fprintf(os.Stderr, "generate: no set %q; there are events, wide and deep\n", *name)
		os.Exit(2)
	}
	if *schema {
		fmt.Println(s.schema)
		return
	}
	if err := s.write(os.Stdout, *size); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// A generator draws values from vocabularies that are drawn first.
type generator struct {
	r                                    *rand.Rand
	words, agents, hosts, paths, cities  []string
	types, countries, currencies, labels []string
}

func newGenerator() *generator {
	g := &generator{r: rand.New(rand.NewPCG(1, 2))}
	const syllables = "ba co de fi gu ha je ki lo mu na po qui ra se ti vo wa xe zu ström ño é"
	parts := strings.Fields(syllables)
	word := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(parts[g.r.IntN(20)])
		}
		return b.String()
	}
	for range 3000 {
		w := word(1 + g.r.IntN(4))
		if g.r.IntN(40) == 0 {
			w += parts[20+g.r.IntN(3)]
		}
		g.words = append(g.words, w)
	}
	for range 400 {
		g.agents = append(g.agents, fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/%d.%d (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/%d.%d",
			pick(g, []string{"Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "iPhone; CPU iPhone OS 17_1 like Mac OS X"}),
			500+g.r.IntN(60), g.r.IntN(40), 80+g.r.IntN(60), g.r.IntN(6000), g.r.IntN(200), 500+g.r.IntN(60), g.r.IntN(40)))
	}
	for range 60 {
		g.hosts = append(g.hosts, word(3)+"."+pick(g, []string{"com", "org", "net", "example"}))
	}
	for range 5000 {
		g.paths = append(g.paths, "/"+word(2)+"/"+word(3)+"/"+word(2))
	}
	for range 500 {
		g.cities = append(g.cities, strings.ToUpper(word(1))+word(2))
	}
	for range 20 {
		g.types = append(g.types, word(2)+"_"+word(2))
	}
	for range 40 {
		g.labels = append(g.labels, word(3))
	}
	for range 60 {
		g.countries = append(g.countries, strings.ToUpper(word(1)[:2]))
	}
	g.currencies = []string{"EUR", "USD", "GBP", "JPY", "CHF", "SEK"}
	return g
}

func pick(g *generator, of []string) string { return of[g.r.IntN(len(of))] }

func (g *generator) text(b []byte, name, value string) []byte {
	return append(append(append(append(append(b, '"'), name...), `":"`...), value...), `",`...)
}

func (g *generator) int(b []byte, name string, x int64) []byte {
	b = append(append(append(b, '"'), name...), `":`...)
	return append(strconv.AppendInt(b, x, 10), ',')
}

func (g *generator) float(b []byte, name string, x float64, digits int) []byte {
	b = append(append(append(b, '"'), name...), `":`...)
	return append(strconv.AppendFloat(b, x, 'f', digits, 64), ',')
}

// end makes the last comma a closing brace.
func end(b []byte, c byte) []byte {
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, c)
}

func (g *generator) hex(b []byte, n int) []byte {
	for ; n > 0; n -= 16 {
		x := g.r.Uint64()
		for k := range min(n, 16) {
			b = append(b, "0123456789abcdef"[x>>(4*k)&15])
		}
	}
	return b
}

func (g *generator) uuid(b []byte) []byte {
	b = append(g.hex(b, 8), '-')
	b = append(g.hex(b, 4), '-', '4')
	b = append(g.hex(b, 3), '-', 'a')
	b = append(g.hex(b, 3), '-')
	return g.hex(b, 12)
}

// time appends yyyy-MM-dd HH:mm:ss.SSS of a day in January 2026.
func (g *generator) time(b []byte, i int) []byte {
	ms := int64(i)*37 + int64(g.r.IntN(1000))
	s := ms / 1000
	return fmt.Appendf(b, "2026-01-%02d %02d:%02d:%02d.%03d", 1+s/86400%31, s/3600%24, s/60%60, s%60, ms%1000)
}

const eventsSchema = "struct<event_id:string,event_time:timestamp,user_id:bigint,account_id:bigint,session_id:string,event_type:string," +
	"url:string,referrer:string,user_agent:string,ip:string,price:double,quantity:int,currency:string,is_mobile:boolean,country:string,latency_ms:int," +
	"geo:struct<city:string,lat:double,lon:double,postal:string>,device:struct<os:string,browser:string,version:string,width:int>," +
	"tags:array<string>,attributes:map<string,string>,message:string>"

func (g *generator) event(b []byte, i int) []byte {
	b = append(b, `{"event_id":"`...)
	b = append(g.uuid(b), `","event_time":"`...)
	b = append(g.time(b, i), `",`...)
	b = g.int(b, "user_id", 1_000_000+int64(g.r.ExpFloat64()*50_000))
	b = g.int(b, "account_id", 900_000_000_000+g.r.Int64N(100_000_000_000))
	b = append(b, `"session_id":"`...)
	b = append(g.hex(b, 32), `",`...)
	b = g.text(b, "event_type", pick(g, g.types))
	b = append(b, `"url":"https://`...)
	b = append(append(b, pick(g, g.hosts)...), pick(g, g.paths)...)
	b = append(b, "?utm="...)
	b = append(g.hex(b, 8), `",`...)
	if g.r.IntN(10) < 3 {
		b = append(b, `"referrer":null,`...)
	} else {
		b = append(b, `"referrer":"https://`...)
		b = append(append(append(b, pick(g, g.hosts)...), pick(g, g.paths)...), `",`...)
	}
	b = g.text(b, "user_agent", pick(g, g.agents))
	b = fmt.Appendf(b, `"ip":"%d.%d.%d.%d",`, 1+g.r.IntN(223), g.r.IntN(256), g.r.IntN(256), g.r.IntN(256))
	if g.r.IntN(2) == 0 {
		b = g.float(b, "price", g.r.Float64()*500, 2)
	}
	b = g.int(b, "quantity", 1+int64(g.r.ExpFloat64()*3))
	b = g.text(b, "currency", pick(g, g.currencies))
	b = append(b, `"is_mobile":`...)
	b = append(strconv.AppendBool(b, g.r.IntN(3) == 0), ',')
	b = g.text(b, "country", pick(g, g.countries))
	b = g.int(b, "latency_ms", int64(g.r.ExpFloat64()*180))
	b = append(b, `"geo":{`...)
	b = g.text(b, "city", pick(g, g.cities))
	b = g.float(b, "lat", g.r.Float64()*180-90, 6)
	b = g.float(b, "lon", g.r.Float64()*360-180, 6)
	b = append(b, `"postal":"`...)
	b = strconv.AppendInt(b, 10000+g.r.Int64N(89999), 10)
	b = append(b, `"},"device":{`...)
	b = g.text(b, "os", g.labels[g.r.IntN(6)])
	b = g.text(b, "browser", g.labels[6+g.r.IntN(8)])
	b = fmt.Appendf(b, `"version":"%d.%d.%d",`, g.r.IntN(30), g.r.IntN(10), g.r.IntN(10))
	b = end(g.int(b, "width", 320+80*g.r.Int64N(30)), '}')
	b = append(b, `,"tags":[`...)
	for range g.r.IntN(6) {
		b = append(append(append(b, '"'), pick(g, g.labels)...), `",`...)
	}
	b = append(end(b, ']'), `,"attributes":{`...)
	for k, n := g.r.IntN(8), 1+g.r.IntN(5); n > 0; n-- {
		b = g.text(b, g.labels[k], pick(g, g.words))
		k += 1 + g.r.IntN(5)
	}
	b = append(end(b, '}'), `,"message":"`...)
	for n := 18 + g.r.IntN(24); n > 0; n-- {
		b = append(b, pick(g, g.words)...)
		switch g.r.IntN(40) {
		case 0:
			b = append(b, `\n`...)
		case 1:
			b = append(b, `\"`...)
		case 2:
			b = append(b, `\u00e9`...)
		default:
			b = append(b, ' ')
		}
	}
	return append(b, `"}`...)
}

// wideColumns is how many columns a row of wide has, of six kinds in turn.
const wideColumns = 200

func wideSchema() string {
	kinds := []string{"bigint", "double", "string", "int", "boolean", "timestamp"}
	var b strings.Builder
	for i := range wideColumns {
		fmt.Fprintf(&b, ",c%03d_%s:%s", i, kinds[i%6], kinds[i%6])
	}
	return "struct<" + b.String()[1:] + ">"
}

func (g *generator) wide(b []byte, i int) []byte {
	b = append(b, '{')
	for k := range wideColumns {
		prefix := [3]byte{byte('0' + k/100), byte('0' + k/10%10), byte('0' + k%10)}
		name := "c" + string(prefix[:])
		switch k % 6 {
		case 0:
			b = g.int(b, name+"_bigint", g.r.Int64N(1<<(10+k%40)))
		case 1:
			b = g.float(b, name+"_double", g.r.Float64()*1000, 1+k%6)
		case 2:
			b = g.text(b, name+"_string", pick(g, g.words))
		case 3:
			b = g.int(b, name+"_int", int64(i%1000))
		case 4:
			b = append(append(append(b, '"'), name...), `_boolean":`...)
			b = append(strconv.AppendBool(b, g.r.IntN(2) == 0), ',')
		case 5:
			b = append(append(append(b, '"'), name...), `_timestamp":"`...)
			b = append(g.time(b, i), `",`...)
		}
	}
	return end(b, '}')
}

const deepSchema = "struct<id:bigint,root:struct<name:string,left:struct<name:string,values:array<struct<k:string,n:int,inner:array<double>>>," +
	"down:struct<name:string,down:struct<name:string,flags:map<string,bigint>,last:struct<a:int,b:string>>>>," +
	"right:struct<items:array<struct<sku:string,parts:array<struct<id:bigint,label:string>>>>>>>"

func (g *generator) deep(b []byte, i int) []byte {
	b = append(b, '{')
	b = append(g.int(b, "id", int64(i)), `"root":{`...)
	b = append(g.text(b, "name", pick(g, g.cities)), `"left":{`...)
	b = append(g.text(b, "name", pick(g, g.words)), `"values":[`...)
	for range g.r.IntN(4) {
		b = g.text(append(b, '{'), "k", pick(g, g.labels))
		b = append(g.int(b, "n", g.r.Int64N(1000)), `"inner":[`...)
		for range g.r.IntN(5) {
			b = append(strconv.AppendFloat(b, g.r.Float64(), 'f', 5, 64), ',')
		}
		b = append(end(b, ']'), "},"...)
	}
	b = append(end(b, ']'), `,"down":{`...)
	b = append(g.text(b, "name", pick(g, g.words)), `"down":{`...)
	b = append(g.text(b, "name", pick(g, g.words)), `"flags":{`...)
	for k, n := g.r.IntN(4), g.r.IntN(4); n > 0; n-- {
		b = g.int(b, g.labels[k], g.r.Int64N(1<<40))
		k += 1 + g.r.IntN(3)
	}
	b = append(end(b, '}'), `,"last":{`...)
	b = g.int(b, "a", g.r.Int64N(1<<30))
	b = append(end(g.text(b, "b", pick(g, g.words)), '}'), `}}},"right":{"items":[`...)
	for range 1 + g.r.IntN(3) {
		b = g.text(append(b, '{'), "sku", pick(g, g.paths))
		b = append(b, `"parts":[`...)
		for range g.r.IntN(4) {
			b = g.int(append(b, '{'), "id", g.r.Int64N(1<<32))
			b = append(end(g.text(b, "label", pick(g, g.labels)), '}'), ',')
		}
		b = append(end(b, ']'), "},"...)
	}
	return append(end(b, ']'), "}}}"...)
}
