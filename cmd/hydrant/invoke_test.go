package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

func TestInvoke(t *testing.T) {
	line := "64.242.88.10 - - [07/Mar/2004:16:10:02 -0800] \"GET /x HTTP/1.1\" 200 6291\n"
	out, errs, status := command(t, t.TempDir(), line+"bad\n", "invoke", "--function", "builtin:apache-log-to-json", "-")
	if status != 0 || !strings.Contains(out, `  Ok  {"host":"64.242.88.10"`) || !strings.Contains(out, "  ProcessingFailed  \n") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	for _, kind := range []string{"apache", "syslog", "json", "cloudwatch", "kpl", "bytes", "empty", "kinesis", "msk"} {
		if out, errs, status := command(t, t.TempDir(), "", "invoke", "--function", "builtin:general", "--generate", kind, "--count", "12", "--json"); status != 0 || strings.Count(out, `"result":"Ok"`) != 12 {
			t.Errorf("%s: status %d\n%s%s", kind, status, out, errs)
		}
	}
}

// TestInvokeSources looks at made events with the eyes of a function.
func TestInvokeSources(t *testing.T) {
	for kind, want := range map[string]string{
		"kinesis": `"sourceKinesisStreamArn":"arn:aws:kinesis:us-east-1:123456789012:stream/hydrant","records":[{"recordId":"shardId-00000000000049000000000000000000000000000000000000000000000000000000000000000000","approximateArrivalTimestamp":1735689600000,"data":"eyJ`,
		"msk":     `"sourceMSKArn":"arn:aws:kafka:us-east-1:123456789012:cluster/hydrant/00000000-0000-0000-0000-000000000000-1","records":[{"recordId":"shardId-00000000000049000000000000000000000000000000000000000000000000000000000000000000","approximateArrivalTimestamp":1735689600000,"kafkaRecordValue":"eyJ`,
	} {
		event, err := invokeEvent(nil, &invokeFlags{generate: kind, count: 5}, nil)
		if err != nil || !strings.Contains(string(event), want) {
			t.Errorf("%s: %v\n%.400s\nwant\n%s", kind, err, event, want)
		}
		last := `"kinesisRecordMetadata":{"shardId":"shardId-000000000000","partitionKey":"c4","approximateArrivalTimestamp":1735689600004,"sequenceNumber":"49000000000000000000000000000000000000000000000000000004","subsequenceNumber":0}}]}`
		if kind == "msk" {
			last = `"mskRecordMetadata":{"offset":"1","partitionId":"1","approximateArrivalTimestamp":1735689600004}}]}`
		}
		if !strings.HasSuffix(string(event), last) {
			t.Errorf("%s ends\n%s\nwant\n%s", kind, event[max(0, len(event)-300):], last)
		}
		out, errs, status := command(t, t.TempDir(), "", "invoke", "--function", "builtin:"+kind+"-general", "--generate", kind, "--count", "5")
		if status != 0 || strings.Count(out, "  Ok  {") != 5 {
			t.Errorf("%s: status %d\n%s%s", kind, status, out, errs)
		}
	}
}

// bootstrap is a function as it can be written in any language: it speaks the Runtime API and nothing else.
const bootstrap = `import base64, json, os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as r:
        id, event = r.headers["Lambda-Runtime-Aws-Request-Id"], json.load(r)
    records = [{"recordId": e["recordId"], "result": "Ok", "data": base64.b64encode(base64.b64decode(e["data"]).upper()).decode()} for e in event["records"]]
    urllib.request.urlopen(api + id + "/response", json.dumps({"records": records[LOST:]}).encode()).close()
`

// TestInvokeBootstrap runs a bootstrap that isn't Go's, one that keeps the contract and one that doesn't.
func TestInvokeBootstrap(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here: a bootstrap in it is skipped")
	}
	dir := t.TempDir()
	for lost, want := range map[string]struct {
		status int
		last   string
	}{
		"0": {exitOK, "  Ok  B\n"},
		"1": {exitSetAside, "is not answered"},
	} {
		write(t, dir, "bootstrap.py", strings.Replace(bootstrap, "LOST", lost, 1))
		out, errs, status := command(t, dir, "a\nb\n", "invoke", "--function", "exec:"+python+" bootstrap.py", "-")
		if status != want.status || !strings.Contains(out+errs, want.last) || !strings.Contains(errs, " of answer, in ") {
			t.Errorf("%s lost: status %d\n%s%s", lost, status, out, errs)
		}
	}
}

// TestInvokeBreaches has an endpoint break the contract in every way: each is said, and the status is 3.
func TestInvokeBreaches(t *testing.T) {
	data := base64.StdEncoding.EncodeToString([]byte("x"))
	for _, tt := range []struct{ answer, want string }{
		{`{"records":[{"recordId":"a","result":"Ok","data":"` + data + `"}]}`, ""},
		{`{"records":[]}`, `breach: record "a" is not answered`},
		{`{"records":[{"recordId":"a","result":"Done"}]}`, `breach: the result of record "a" is "Done"`},
		{`{"records":[{"recordId":"a","result":"Dropped"},{"recordId":"z","result":"Dropped"}]}`, `breach: record "z" was not asked for`},
		{`nonsense`, "breach: the answer isn't that of a transform"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tt.answer) }))
		_, errs, status := command(t, t.TempDir(), `{"records":[{"recordId":"a","data":""}]}`, "invoke", "--function", s.URL, "--event", "-")
		s.Close()
		want := exitSetAside
		if tt.want == "" {
			want = exitOK
		}
		if status != want || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: status %d, %s", tt.answer, status, errs)
		}
	}
	for _, args := range [][]string{{}, {"--function", "builtin:general"}, {"--function", "builtin:none", "--generate", "json"}, {"--function", "builtin:general", "--generate", "x"},
		{"--function", "builtin:general", "--event", "nothere"}} {
		if _, errs, status := command(t, t.TempDir(), "", append([]string{"invoke"}, args...)...); status != exitUsage || errs == "" {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
}

func TestExplainQuery(t *testing.T) {
	in := "{\"c\":\"a\",\"ts\":1565382027}\n{\"ts\":1}\nx\n"
	out, _, status := command(t, t.TempDir(), in, "explain-query", `{c: .c, y: (.ts|strftime("%Y"))}`, "--prefix", "c=!{partitionKeyFromQuery:c}/y=!{partitionKeyFromQuery:y}/", "-")
	want := "stdin:1  c=a  y=2019  → c=a/y=2019/\nstdin:2  fails: the value of key \"c\" is null or empty\nstdin:3  fails: "
	if status != exitSetAside || !strings.HasPrefix(out, want) {
		t.Errorf("status %d\n%s", status, out)
	}
	out, _, status = command(t, t.TempDir(), `{"k":"a\nb\u001b[1m"}`+"\n"+`{"k":" x"}`+"\n"+`{"k":".."}`+"\n", "explain-query", `{k: .k, y: now|strftime("%F")}`,
		"--prefix", "!{partitionKeyFromQuery:k}/!{timestamp:yyyy}/!{partitionKeyFromQuery:y}/", "-")
	want = `stdin:1  k="a\nb\x1b[1m"  y=2025-01-01  → "a\nb\x1b[1m/2025/2025-01-01/"` + "\n" + `stdin:2  k=" x"  y=2025-01-01  → " x/2025/2025-01-01/"` + "\n" +
		"stdin:3  k=..  y=2025-01-01  → ../2025/2025-01-01/\n"
	if status != exitOK || out != want {
		t.Errorf("status %d\n%s", status, out)
	}
	long := `{"data":"` + base64.StdEncoding.EncodeToString([]byte(`{"k":"`+strings.Repeat("日", 340)+`"}`)) + `","approximateArrivalTimestamp":1700000000000}`
	out, _, status = command(t, t.TempDir(), long, "explain-query", `{k: .k}`, "--prefix", "!{partitionKeyFromQuery:k}/!{timestamp:yyyy}/", "-")
	if status != exitSetAside || !strings.Contains(out, "fails: the key is 10") {
		t.Errorf("status %d\n%s", status, out)
	}
	for _, tt := range []struct{ query, prefix, limit, want string }{
		{`{k: .k}`, "!{partitionKeyFromQuery:j}/", "0", "the query gives no key j; it gives k"},
		{`{k: .k, l: .l}`, "!{partitionKeyFromQuery:k}/", "0", "!{partitionKeyFromQuery:l} is missing"},
		{`{k: .k}`, "!{partitionKeyFromLambda:k}/", "0", "comes from a Lambda"},
		{`{k: .k}`, "!{partitionKeyFromQuery:k}/", "-1", "less than 0"},
		{`{k: "` + strings.Repeat("x", 5120) + `"}`, "!{partitionKeyFromQuery:k}/", "0", "at most 5120"},
	} {
		if _, errs, status := command(t, t.TempDir(), in, "explain-query", tt.query, "--prefix", tt.prefix, "--limit", tt.limit, "-"); status != exitUsage || !strings.Contains(errs, tt.want) {
			t.Errorf("%.30s %s: status %d, %s", tt.query, tt.prefix, status, errs)
		}
	}
	_, errs, status := command(t, t.TempDir(), in, "explain-query", `{c: .a // "x"}`, "-")
	if status != exitUsage || !strings.Contains(errs, `line 1, column 8: unexpected //`) || !strings.Contains(errs, `write {c: (.a // "x")}`) {
		t.Errorf("status %d, %s", status, errs)
	}
}

func TestBlueprints(t *testing.T) {
	out, _, status := command(t, t.TempDir(), "", "blueprints", "--json")
	if status != 0 || strings.Count(out, "\n") < 19 || !strings.Contains(out, `{"name":"apache-log-to-json","summary":`) {
		t.Errorf("status %d\n%s", status, out)
	}
	if _, errs, status := command(t, t.TempDir(), "", "blueprints", "nothing"); status != exitUsage || !strings.Contains(errs, "there is no blueprint nothing") {
		t.Errorf("status %d, %s", status, errs)
	}
}
