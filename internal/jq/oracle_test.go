package jq

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"
)

// A vector is one recorded run of jq 1.6. oracle/jq/README.md describes the members.
type vector struct {
	ID       string   `json:"id"`
	Category string   `json:"category"`
	Query    string   `json:"query"`
	Input    string   `json:"input"`
	Outputs  []string `json:"outputs"`
	Exit     any      `json:"exit"`
	Error    string   `json:"error"`
}

const oraclePath = "../../../shared/oracle/jq/jq16.jsonl"

func readVectors(t testing.TB) []vector {
	f, err := os.Open(filepath.FromSlash(oraclePath))
	if err != nil {
		t.Skip("../shared not present: the recorded jq 1.6 vectors")
	}
	defer f.Close()
	var all []vector
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var v vector
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// oracleOptions are the surroundings in which the vectors were recorded.
var oracleOptions = Options{
	Env: []string{"TZ=UTC", "LC_ALL=C.UTF-8", "HYDRANT_ZONE=zone-é/1"},
	Now: func() time.Time { return time.Unix(1717243205, 123456000) },
}

// A result is what the jq command shows of a run.
type result struct {
	outputs []string
	exit    any // 0, 3, 4, 5; "crash"; "timeout"
	message string

	messages []string // of every document
}

// maxCommandOutput bounds what command collects: there is a budget for each document, and there may be many.
const maxCommandOutput = 64 << 20

// command runs a query as the jq command does: a run-time error ends one document, a reader's error the input.
func command(query, input string) (r result) {
	q, err := oracleOptions.Compile(query)
	if err != nil {
		return result{exit: 3.0, message: err.Error()}
	}
	m := q.machine([]byte(input))
	defer q.release(m)
	r.exit = 0.0
	printed := 0
	for {
		doc, err := m.reader.read()
		if err != nil {
			r.exit, r.message = 4.0, err.Error()
			return r
		}
		if doc.kind == kindNone {
			return r
		}
		reader := m.reader
		m.start(nil, &q.opts)
		m.reader = reader
		err = userError(m.eval(q.main, &m.fr, doc, nil, func(v value, _ *path) error {
			text := appendUpTo(nil, v, maxCommandOutput)
			if printed += len(text) + 16; printed >= maxCommandOutput {
				return m.exceeded("output")
			}
			r.outputs = append(r.outputs, string(text))
			return nil
		}))
		var re *RuntimeError
		var le *LimitError
		switch {
		case err == nil:
			r.exit = 0.0
		case errors.As(err, &re) && re.Crash:
			r.exit, r.message = "crash", re.Message
			return r
		case errors.As(err, &re):
			r.exit, r.message = float64(re.Code), re.Message
			r.messages = append(r.messages, re.Message)
		case errors.As(err, &le):
			r.exit, r.message = "timeout", le.Error()
			return r
		default:
			r.exit, r.message = "?", err.Error()
			return r
		}
	}
}

var (
	atPosition = regexp.MustCompile(`^jq: error \(at [^)]*\)(?:: | )`)
)

// messageOf is the last error on stderr, without where it happened.
func messageOf(stderr string) string {
	stderr = strings.TrimSuffix(stderr, "\n")
	if i := strings.LastIndex(stderr, "\njq: error (at "); i >= 0 {
		stderr = stderr[i+1:]
	}
	stderr = strings.TrimPrefix(stderr, "parse error: ")
	return atPosition.ReplaceAllString(stderr, "")
}

func sameOutputs(a, b []string) bool {
	return strings.Join(a, "\n") == strings.Join(b, "\n") && len(a) == len(b)
}

// readDeviations reads testdata/deviations.txt: an id and a reason a line.
func readDeviations(t *testing.T) map[string]string {
	b, err := os.ReadFile("testdata/deviations.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		id, reason, _ := strings.Cut(line, " ")
		listed[id] = reason
	}
	return listed
}

// TestOracle runs every recorded vector. A difference must be listed in testdata/deviations.txt, and what is listed must differ.
func TestOracle(t *testing.T) {
	listed := readDeviations(t)
	total, same, texts, sameTexts := 0, 0, 0, 0
	count := map[string][2]int{}
	for _, v := range readVectors(t) {
		total++
		got := command(v.Query, v.Input)
		ok := got.exit == v.Exit && (v.Exit == "crash" || v.Exit == "timeout" || sameOutputs(got.outputs, v.Outputs))
		textOK := true
		if ok && (v.Exit == 4.0 || v.Exit == 5.0) && strings.Contains(v.Error, "error") {
			texts++
			if want := messageOf(v.Error); want != got.message {
				textOK = false
			} else {
				sameTexts++
			}
		}
		c := count[v.Category]
		c[1]++
		if ok {
			same++
			c[0]++
		}
		count[v.Category] = c
		reason, isListed := listed[v.ID]
		delete(listed, v.ID)
		switch {
		case ok && textOK && isListed:
			t.Errorf("%s agrees but is listed: %s", v.ID, reason)
		case !(ok && textOK) && !isListed:
			t.Errorf("%s (%s): %s\n input  %.200s\n got    %v %q %s\n want   %v %q %s", v.ID, v.Category, v.Query, v.Input,
				got.exit, got.outputs, got.message, v.Exit, v.Outputs, messageOf(v.Error))
		}
	}
	for id := range listed {
		t.Errorf("%s is listed but no vector has it", id)
	}
	var cats []string
	for c := range count {
		cats = append(cats, c)
	}
	sort.Strings(cats)
	for _, c := range cats {
		t.Logf("%-22s %4d of %4d", c, count[c][0], count[c][1])
	}
	t.Logf("values, exits and refusals: %d of %d agree (%.2f %%); error texts: %d of %d", same, total,
		100*float64(same)/float64(total), sameTexts, texts)
}
