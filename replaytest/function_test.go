package replaytest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/harness"
)

func TestSplitCommand(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{`node index.js`, []string{"node", "index.js"}},
		{`"a b" 'c "d"' e\ f ""`, []string{"a b", `c "d"`, "e f", ""}},
		{`x"y"z`, []string{"xyz"}},
		{`'open`, nil}, {` `, nil},
	} {
		got, err := splitCommand(tt.in)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) || (err == nil) != (tt.want != nil) {
			t.Errorf("%s: %q, %v", tt.in, got, err)
		}
	}
}

const interpretedTemplate = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Upper:
    Type: AWS::Serverless::Function
    Properties: { Runtime: %s, Handler: app.handler, CodeUri: src/, Environment: { Variables: { MARK: "!" } } }
  Bucket:
    Type: AWS::S3::Bucket
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Bucket.Arn
        RoleARN: arn:aws:iam::123456789012:role/r
        Prefix: out/
        ProcessingConfiguration:
          Enabled: true
          Processors: [{ Type: Lambda, Parameters: [{ ParameterName: LambdaArn, ParameterValue: !GetAtt Upper.Arn }] }]
`

// TestInterpreted runs functions in Python and Node, written in the ways that their authors use.
func TestInterpreted(t *testing.T) {
	const python = `import base64, os

def handler(event, context):
    assert context.get_remaining_time_in_millis() > 0
    out = []
    for r in event["records"]:
        data = base64.b64decode(r["data"])
        if data == b"raise":
            raise ValueError("on purpose")
        out.append({"recordId": r["recordId"], "result": "Ok", "data": base64.b64encode(data.upper() + os.environ["MARK"].encode()).decode()})
    return {"records": out}
`
	const body = `event.records.map((r) => {
  const data = Buffer.from(r.data, 'base64').toString();
  if (data === 'raise') throw new Error('on purpose');
  return { recordId: r.recordId, result: 'Ok', data: Buffer.from(data.toUpperCase() + process.env.MARK).toString('base64') };
})`
	for _, tt := range []struct{ name, interpreter, runtime, file, code string }{
		{"python", "python3", "python3.13", "app.py", python},
		{"node commonjs", "node", "nodejs22.x", "app.js", "exports.handler = async (event) => ({ records: " + body + " });"},
		{"node modules", "node", "nodejs22.x", "app.mjs", "export const handler = async (event) => ({ records: " + body + " });"},
		{"node callback", "node", "nodejs22.x", "app.js", "exports.handler = (event, context, callback) => { callback(null, { records: " + body + " }); };"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := exec.LookPath(tt.interpreter); err != nil {
				t.Skip(tt.interpreter + " is not here: functions that it runs are skipped")
			}
			dir := t.TempDir()
			for name, text := range map[string]string{
				"template.yaml": fmt.Sprintf(interpretedTemplate, tt.runtime), "src/" + tt.file: tt.code,
				"case/stream.yaml": "template: ../template.yaml\nonly: [bucket/out]\n", "case/records": "a\n", "case/expect/bucket/out/*/*/*/*/*": "A!\n",
				"error/stream.yaml": "template: ../template.yaml\nonly: [bucket/none]\n", "error/records": "raise\n", "error/expect/summary.json": `{"failures":{"Lambda.FunctionError":1}}`,
			} {
				if err := replace(filepath.Join(dir, name), []byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range []string{"case", "error"} {
				var log strings.Builder
				if res := RunFile(context.Background(), filepath.Join(dir, c), RunOptions{Log: &log}); !res.Passed() {
					t.Errorf("%s: %v %v\n%s", c, res.Err, res.Failures, log.String())
				}
			}
			if list, _ := os.ReadDir(filepath.Join(dir, "src")); len(list) != 1 {
				t.Errorf("the source has more files now: %v", list)
			}
			name := map[string]string{"python3": "requirements.txt", "node": "package.json"}[tt.interpreter]
			if err := os.WriteFile(filepath.Join(dir, "src", name), []byte(map[string]string{"python3": "requests\n", "node": `{"dependencies":{"x":"1"}}`}[tt.interpreter]), 0o644); err != nil {
				t.Fatal(err)
			}
			if res := RunFile(context.Background(), filepath.Join(dir, "case"), RunOptions{}); res.Err == nil || !strings.HasSuffix(res.Err.Error(), "run sam build") {
				t.Errorf("with packages: %v %v", res.Err, res.Failures)
			}
		})
	}
}

const streamWithFunction = `{"DeliveryStreamName":"s","ExtendedS3DestinationConfiguration":{"BucketARN":"arn:aws:s3:::b","RoleARN":"arn:aws:iam::123456789012:role/r",
	"ProcessingConfiguration":{"Enabled":true,"Processors":[{"Type":"Lambda","Parameters":[{"ParameterName":"LambdaArn","ParameterValue":"arn:aws:lambda:us-east-1:123456789012:function:f"}]}]}}}`

// TestBuiltinLog: a blueprint's log names the records that it is about, and holds nothing that differs from run to run.
func TestBuiltinLog(t *testing.T) {
	var log bytes.Buffer
	d, err := harness.Parse("s.json", []byte(streamWithFunction), harness.DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenFunction(t.Context(), d, FunctionOptions{How: []string{"f=builtin:apache-log-to-json"}, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Invoke(t.Context(), []byte(`{"records":[{"recordId":"r-1","data":"?"}]}`)); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.HasPrefix(got, "f: level=ERROR ") || !strings.Contains(got, "recordId=r-1") || strings.Contains(got, "time=") {
		t.Error(got)
	}
}

// TestLastWords: what a process prints before it dies is shown, though it ends no line.
func TestLastWords(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh: a process that dies is not run")
	}
	var log bytes.Buffer
	d, err := harness.Parse("s.json", []byte(streamWithFunction), harness.DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenFunction(t.Context(), d, FunctionOptions{How: []string{"f=exec:sh -c 'echo begun; printf no\\ memory >&2; exit 3'"}, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Invoke(t.Context(), []byte(`{"records":[]}`)); err == nil {
		t.Error("it answered")
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for _, line := range []string{"f: begun\n", "f: no memory\n"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("it lacks %q: %q", line, log.String())
		}
	}
}
