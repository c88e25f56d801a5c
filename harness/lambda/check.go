package lambda

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// Event returns the event that an invocation with these records, of which there is one at least, is called with.
func (t *Transform) Event(now time.Time, attempt int, in []record.Record) []byte {
	return t.appendEvent(nil, now, attempt, in)
}

// An Answer is one entry of a response, decoded.
type Answer struct {
	ID, Result string
	Data       []byte // nil where it is absent, null, or no base64
}

// Check holds a response to the contract (record-transformation.md §3): every id of the event answered once, no other, a
// result of the enumeration, base64, at most 6 MiB. What it returns of breaches is one sentence each.
func Check(event, response []byte) (answers []Answer, breaches []string) {
	breach := func(format string, args ...any) { breaches = append(breaches, fmt.Sprintf(format, args...)) }
	if len(event) > MaxPayload {
		breach("the event is %d bytes; an invocation takes at most %d", len(event), MaxPayload)
	}
	if len(response) > MaxPayload {
		breach("the answer is %d bytes; at most %d are allowed", len(response), MaxPayload)
	}
	ids, msk, err := eventIDs(event)
	if err != nil {
		breach("the event: %v", err)
		return nil, breaches
	}
	parsed, err := parseResponse(response, msk, 0)
	if err != nil {
		breach("the answer isn't that of a transform: %v", err)
		return nil, breaches
	}
	asked, times := map[string]int{}, map[string]int{}
	for _, id := range ids {
		asked[id]++
	}
	for i := range parsed {
		a := &parsed[i]
		out := Answer{ID: string(a.id), Result: string(a.result)}
		times[out.ID]++
		switch {
		case asked[out.ID] == 0:
			breach("record %q was not asked for", out.ID)
		case times[out.ID] == asked[out.ID]+1:
			breach("record %q is answered more than once", out.ID)
		}
		switch out.Result {
		case "Ok":
			if !a.hasValue {
				breach("record %q is Ok and has no data", out.ID)
				break
			}
			if out.Data, err = base64.StdEncoding.AppendDecode([]byte{}, a.data); err != nil {
				breach("the data of record %q is no base64: %v", out.ID, err)
				out.Data = nil
			}
		case "Dropped", "ProcessingFailed":
		default:
			breach("the result of record %q is %q; it is Ok, Dropped or ProcessingFailed", out.ID, out.Result)
		}
		answers = append(answers, out)
	}
	for _, id := range ids {
		if times[id] == 0 {
			breach("record %q is not answered", id)
			times[id]++ // once is enough
		}
	}
	return answers, breaches
}

// eventIDs are the record ids of an event, in order, and whether its source is MSK.
func eventIDs(b []byte) (ids []string, msk bool, err error) {
	i := jsonscan.Space(b, 0)
	if jsonscan.Value(b, i) < 0 {
		return nil, false, jsonscan.Explain(b, i)
	}
	if b[i] != '{' {
		return nil, false, fmt.Errorf("not a JSON object")
	}
	jsonscan.Members(b, i, func(key []byte, v int) {
		msk = msk || string(key) == "sourceMSKArn"
		if string(key) != "records" || b[v] != '[' {
			return
		}
		for e := jsonscan.Space(b, v+1); b[e] != ']'; {
			id := ""
			if b[e] == '{' {
				jsonscan.Members(b, e, func(key []byte, v int) {
					if string(key) == "recordId" && b[v] == '"' {
						s, _ := jsonscan.AppendString(nil, b, v+1)
						id = string(s)
					}
				})
			}
			ids = append(ids, id)
			if e = jsonscan.Space(b, jsonscan.Value(b, e)); b[e] == ',' {
				e = jsonscan.Space(b, e+1)
			}
		}
	})
	if len(ids) == 0 {
		return nil, msk, fmt.Errorf("it has no records")
	}
	return ids, msk, nil
}
