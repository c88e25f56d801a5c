package lambda

import (
	"errors"
	"fmt"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/b64"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// An answer is one entry of a response, as it stands in its bytes. Strings are JSON text with their quotes.
type answer struct {
	id       []byte // decoded
	result   []byte
	data     []byte // nil when absent or null
	keys     []byte // metadata.partitionKeys, from its brace on
	routes   []byte // metadata.otfMetadata, likewise
	hasValue bool
}

// match finds the answer of every record by its id and fills out by the outcome table of
// record-transformation.md §3. The order of the answers doesn't matter; the order of the records stays.
//
//	no JSON, or not the model          the whole batch fails, no retry
//	a result outside the enumeration   the whole batch fails, no retry
//	invalid base64                     the whole batch fails, and is retried
//	missing, duplicate, unknown id     one record fails, one record fails, ignored
func (t *Transform) match(out *record.Outcome, in []record.Record, response []byte) error {
	answers, err := parseResponse(response, t.opts.MSK, len(in))
	if err != nil {
		return &record.Outage{Code: CodeJSONProcessing, Message: textJSONProcessing, Final: true, Err: err}
	}
	size := 0
	for i := range answers {
		switch string(answers[i].result) {
		case "Ok":
			size += len(answers[i].data) * 3 / 4
		case "Dropped", "ProcessingFailed":
		default:
			return &record.Outage{Code: CodeFunctionError, Message: textBadResult, Final: true,
				Err: fmt.Errorf("the result of record %.100q is %.100q", answers[i].id, answers[i].result)}
		}
	}
	// Most functions answer in order, so the answer to the next record is looked for where it should be.
	byID := index{answers: answers}
	slab := make([]byte, 0, size)
	out.Out = make([]record.Record, 0, len(in))
	var id [128]byte
	for i := range in {
		r := in[i]
		a, times := byID.find(i, r.AppendID(id[:0]))
		switch {
		case times == 0:
			out.Failed = append(out.Failed, t.failure(r, CodeMissingRecordID, textMissingRecordID, 1, out.End))
		case times > 1:
			out.Failed = append(out.Failed, t.failure(r, CodeDuplicatedRecordID, textDuplicatedRecordID, 1, out.End))
		case a.result[0] == 'D':
			out.Dropped++
		case a.result[0] == 'P':
			out.Failed = append(out.Failed, t.failure(r, CodeProcessingFailed, textProcessingFailed, 1, out.End))
		case !a.hasValue:
			out.Failed = append(out.Failed, t.failure(r, CodeInvalidReturnFormat, textInvalidReturnFormat, 1, out.End))
		default:
			start := len(slab)
			if slab, err = b64.AppendDecode(slab, a.data); err != nil {
				*out = record.Outcome{End: out.End}
				return &record.Outage{Code: CodeFunctionError, Message: textFunctionError,
					Err: fmt.Errorf("the data of record %.100q is no base64: %w", a.id, err)}
			}
			r.Data = slab[start:len(slab):len(slab)]
			if len(t.opts.Keys) > 0 {
				r.Keys = &record.Keys{Lambda: t.partitionKeys(a.keys)}
			}
			if t.opts.Routes && a.routes != nil {
				r.Keys = route(a.routes)
			}
			out.Out = append(out.Out, r)
		}
	}
	// An answer to an id that nobody asked for is ignored, but not its data: bad base64 fails the batch.
	if n := len(out.Out); n < len(answers) {
		for i := range answers {
			a := &answers[i]
			if a.result[0] == 'O' && a.hasValue {
				if _, err := b64.AppendDecode(slab[len(slab):], a.data); err != nil {
					*out = record.Outcome{End: out.End}
					return &record.Outage{Code: CodeFunctionError, Message: textFunctionError,
						Err: fmt.Errorf("the data of record %.100q is no base64: %w", a.id, err)}
				}
			}
		}
	}
	return nil
}

// partitionKeys are the values of the keys that are wanted, in their order; those that are missing, or no strings,
// are empty.
func (t *Transform) partitionKeys(object []byte) []string {
	values := make([]string, len(t.opts.Keys))
	if object == nil {
		return values
	}
	jsonscan.Members(object, 0, func(key []byte, v int) {
		for i, name := range t.opts.Keys {
			if string(key) != name {
				continue
			}
			values[i] = "" // of equal keys the last counts
			if object[v] == '"' {
				s, _ := jsonscan.AppendString(nil, object, v+1)
				values[i] = string(s)
			}
		}
	})
	return values
}

// route is where a record goes in the destination (record-transformation.md §3). What is no string is absent.
func route(object []byte) *record.Keys {
	k := &record.Keys{}
	jsonscan.Members(object, 0, func(key []byte, v int) {
		if object[v] == '"' {
			text, _ := jsonscan.AppendString(nil, object, v+1)
			k.SetRoute(string(key), string(text))
		}
	})
	return k
}

// An index finds answers by id.
type index struct {
	answers []answer
	byID    map[string]entry // made at the first answer out of place
}

type entry struct{ at, times int }

// find returns the answer with this id and how many there are. at is where it stands if the answers are in order,
// and all ids differ as those of a batch do.
func (x *index) find(at int, id []byte) (*answer, int) {
	if x.byID == nil {
		if at < len(x.answers) && string(x.answers[at].id) == string(id) && at == 0 {
			if x.inOrder() {
				return &x.answers[at], 1
			}
		} else if at > 0 && at < len(x.answers) && string(x.answers[at].id) == string(id) {
			return &x.answers[at], 1
		}
		x.byID = make(map[string]entry, len(x.answers))
		for i := range x.answers {
			e := x.byID[string(x.answers[i].id)]
			if e.times++; e.times == 1 {
				e.at = i
			}
			x.byID[string(x.answers[i].id)] = e
		}
	}
	e := x.byID[string(id)]
	if e.times == 0 {
		return nil, 0
	}
	return &x.answers[e.at], e.times
}

// inOrder reports whether the ids ascend strictly, as those of a batch do, so that none is there twice.
func (x *index) inOrder() bool {
	for i := 1; i < len(x.answers); i++ {
		a, b := x.answers[i-1].id, x.answers[i].id
		if len(a) != len(b) || string(a) >= string(b) {
			return false
		}
	}
	return true
}

var errModel = errors.New("the response isn't a JSON object with a list of records")

// parseResponse reads the answers of a response. Unknown members are ignored; a member that occurs twice
// counts as it stands last. n is how many answers there may be.
func parseResponse(b []byte, msk bool, n int) ([]answer, error) {
	i := jsonscan.Space(b, 0)
	if end := jsonscan.Value(b, i); end < 0 {
		return nil, jsonscan.Explain(b, i)
	} else if jsonscan.Space(b, end) != len(b) {
		return nil, fmt.Errorf("text behind the response, at byte %d", end)
	}
	// From here on b is well formed.
	if b[i] != '{' {
		return nil, errModel
	}
	var answers []answer
	var bad error
	jsonscan.Walk(b, i, func(key []byte, v int) (behind int) {
		if string(key) != "records" {
			return 0
		}
		answers, bad = nil, nil
		switch b[v] {
		case 'n':
		case '[':
			e := jsonscan.Space(b, v+1)
			for b[e] != ']' {
				a, end, err := parseAnswer(b, e, msk)
				if err != nil && bad == nil {
					bad = fmt.Errorf("record %d of the response: %w", len(answers), err)
				}
				if answers == nil {
					answers = make([]answer, 0, n)
				}
				answers = append(answers, a)
				if e = jsonscan.Space(b, end); b[e] == ',' {
					e = jsonscan.Space(b, e+1)
				}
			}
			return e + 1
		default:
			bad = errModel
		}
		return 0
	})
	return answers, bad
}

// parseAnswer reads one answer, and returns the index behind it.
func parseAnswer(b []byte, i int, msk bool) (a answer, end int, err error) {
	if b[i] != '{' {
		return a, jsonscan.Value(b, i), errors.New("not an object")
	}
	data := "data"
	if msk {
		data = "kafkaRecordValue"
	}
	var bad error
	text := func(name string, v int) (s []byte, behind int) {
		if b[v] == 'n' {
			return nil, 0
		}
		if b[v] != '"' {
			bad = fmt.Errorf("%s is not a string", name)
			return nil, 0
		}
		if end := jsonscan.PlainString(b, v+1); end >= 0 {
			return b[v+1 : end], end + 1
		}
		return jsonscan.AppendString(nil, b, v+1)
	}
	end = jsonscan.Walk(b, i, func(key []byte, v int) (behind int) {
		switch string(key) {
		case "recordId":
			a.id, behind = text("recordId", v)
		case "result":
			a.result, behind = text("result", v)
		case data:
			a.data, behind = text(data, v)
			a.hasValue = b[v] == '"'
		case "metadata":
			if b[v] == '{' {
				jsonscan.Members(b, v, func(key []byte, v int) {
					if string(key) == "partitionKeys" && b[v] == '{' {
						a.keys = b[v:]
					}
					if string(key) == "otfMetadata" && b[v] == '{' {
						a.routes = b[v:]
					}
				})
			}
		}
		return behind
	})
	return a, end, bad
}
