package lambda

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const event = `{"invocationId":"i","records":[{"recordId":"a","data":""},{"recordId":"b","data":""}]}`
	for _, tt := range []struct{ response, want string }{
		{`{"records":[{"recordId":"b","result":"Dropped"},{"recordId":"a","result":"Ok","data":"aGk="}]}`, ""},
		{`{"records":[{"recordId":"a","result":"Ok","data":""}]}`, `record "b" is not answered`},
		{`{"records":[{"recordId":"a","result":"Ok","data":""},{"recordId":"b","result":"Dropped"},{"recordId":"b","result":"Dropped"}]}`, `record "b" is answered more than once`},
		{`{"records":[{"recordId":"a","result":"Ok","data":""},{"recordId":"b","result":"Dropped"},{"recordId":"c","result":"Dropped"}]}`, `record "c" was not asked for`},
		{`{"records":[{"recordId":"a","result":"OK","data":""},{"recordId":"b","result":"Dropped"}]}`, `the result of record "a" is "OK"; it is Ok, Dropped or ProcessingFailed`},
		{`{"records":[{"recordId":"a","result":"Ok","data":"?"},{"recordId":"b","result":"Dropped"}]}`, `the data of record "a" is no base64: illegal base64 data at input byte 0`},
		{`{"records":[{"recordId":"a","result":"Ok"},{"recordId":"b","result":"Dropped"}]}`, `record "a" is Ok and has no data`},
		{`[]`, "the answer isn't that of a transform: the response isn't a JSON object with a list of records"},
	} {
		_, breaches := Check([]byte(event), []byte(tt.response))
		if got := strings.Join(breaches, "; "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.response, got, tt.want)
		}
	}
	if _, b := Check([]byte(event), []byte(`{"records":[`+strings.Repeat(" ", MaxPayload)+`]}`)); len(b) != 3 || !strings.Contains(b[0], "at most 6291456") {
		t.Errorf("%q", b)
	}
	for _, bad := range []string{"", "[]", "{}", `{"records":[]}`} {
		if _, b := Check([]byte(bad), []byte(`{}`)); len(b) != 1 || !strings.HasPrefix(b[0], "the event: ") {
			t.Errorf("%q: %q", bad, b)
		}
	}
}
