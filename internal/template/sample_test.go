package template

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// walk calls f for every node of a tree.
func walk(n *Node, f func(*Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, item := range n.Items {
		walk(item, f)
	}
	for _, m := range n.Members {
		walk(m.Value, f)
	}
}

// Every template of the corpus loads: its resources, and how many values of them aren't known.
func TestCorpus(t *testing.T) {
	dir := "../../../shared/corpus"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared not present: the corpus of templates not read")
	}
	var files []string
	for _, d := range []string{"firehose-templates", "glue-schemas"} {
		all, err := filepath.Glob(filepath.Join(dir, d, "*"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, all...)
	}
	templates, documents, resources := 0, 0, 0
	for _, path := range files {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		if err != nil {
			continue // a directory
		}
		if strings.HasSuffix(name, ".gz") {
			zr, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if data, err = io.ReadAll(zr); err != nil {
				t.Fatal(err)
			}
			name = strings.TrimSuffix(name, ".gz")
		}
		switch filepath.Ext(name) {
		case ".yaml", ".yml", ".json":
		default:
			continue
		}
		doc, err := Parse(name, data)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		documents++
		lines := strings.Split(string(data), "\n")
		walk(doc, func(n *Node) { checkPlace(t, name, lines, n) })
		if !IsTemplate(doc) {
			continue
		}
		tmpl, err := Evaluate(doc, Options{})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		templates++
		resources += len(tmpl.Resources)
		var unknown []string
		for _, r := range tmpl.Resources {
			walk(r.Properties, func(n *Node) {
				if n.Kind == Unresolved {
					unknown = append(unknown, n.Err.Error())
				}
			})
		}
		t.Logf("%s: %d resources, %d values unresolved", name, len(tmpl.Resources), len(unknown))
		for _, u := range unknown {
			t.Logf("    %s", u)
		}
	}
	t.Logf("%d documents, %d templates, %d resources", documents, templates, resources)
	if templates < 10 {
		t.Errorf("only %d templates", templates)
	}
}

// checkPlace compares a scalar with what stands at its place.
func checkPlace(t *testing.T, name string, lines []string, n *Node) {
	if n.Pos.Line < 1 || n.Pos.Line > len(lines) {
		t.Fatalf("%s: %s is outside", name, n.Pos)
	}
	line := []rune(strings.TrimSuffix(lines[n.Pos.Line-1], "\r"))
	if n.Pos.Col < 1 || n.Pos.Col > len(line)+1 {
		t.Fatalf("%s: %s is outside", name, n.Pos)
	}
	if n.Kind != String && n.Kind != Number {
		return
	}
	at := string(line[n.Pos.Col-1:])
	switch {
	case n.Text == "" || strings.ContainsAny(at[:1], `"'|>!&`):
	case !strings.HasPrefix(at, strings.Fields(n.Text + " x")[0]):
		t.Errorf("%s: %s is %q, but the node is %q", name, n.Pos, at, n.Text)
	}
}

// Each leaf marked « » is broken in turn; whoever reads the values sees the break on its line.
const sample = `Parameters:
  Size:
    Type: Number
    Default: «64»
  Suffix:
    Type: String
    Default: «tail»
Mappings:
  Settings:
    dev:
      Interval: «300»
      Formats: [GZIP, «Snappy»]
Conditions:
  Dev: !Equals [a, a]
Globals:
  Function:
    Timeout: «60»
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: «logs»
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: fn
      Handler: «index.handler»
      Environment:
        Variables:
          A: !Sub
            - "${X}"
            - X: «seven»
  Stream:
    Type: «AWS::KinesisFirehose::DeliveryStream»
    Metadata:
      Note: «text»
    Properties:
      DeliveryStreamName: !Join
        - '-'
        - - a
          - !Ref Suffix
      ExtendedS3DestinationConfiguration:
        BucketARN: !Sub arn:aws:s3:::«x»${Bucket}
        Name: !Ref Bucket
        Prefix: !Sub "«year»=!{timestamp:yyyy}/"
        ErrorOutputPrefix: |
          «errors»/
        Tail: !Ref Suffix
        BufferingHints:
          SizeInMBs: !Ref Size
          IntervalInSeconds: !FindInMap [Settings, dev, Interval]
        Format: !Select [1, !FindInMap [Settings, dev, Formats]]
        ProcessingConfiguration: !If
          - Dev
          - Enabled: «true»
            Processors:
              - Type: "«Lambda»"
                Parameters:
                  - {ParameterName: LambdaArn, ParameterValue: !GetAtt «Function».Arn}
                  - ParameterName: Folded
                    ParameterValue: >-
                      a
                      «b»
          - !Ref AWS::NoValue
`

func TestEveryLeafKeepsItsLine(t *testing.T) {
	parts := strings.Split(sample, "«")
	t.Logf("%d leaves", len(parts)-1)
	for broken := 1; broken < len(parts); broken++ {
		var b strings.Builder
		b.WriteString(parts[0])
		line, leaf := 0, ""
		for i, part := range parts[1:] {
			value, rest, _ := strings.Cut(part, "»")
			if i+1 == broken {
				leaf = value
				line = 1 + strings.Count(b.String(), "\n")
				value = "BROKEN"
			}
			b.WriteString(value + rest)
		}
		found := ""
		tmpl, err := ParseTemplate("t.yaml", []byte(b.String()), Options{})
		if err != nil {
			found = err.Error() + "\n"
		} else {
			for _, r := range tmpl.Resources {
				if r.Type == "BROKEN" {
					found += fmt.Sprintln(r.TypePos.String() + ":")
				}
				see := func(n *Node) {
					if strings.Contains(n.Text, "BROKEN") || n.Kind == Unresolved {
						found += fmt.Sprintf("%s: %s\n", n.Pos, shown(n))
					}
				}
				walk(r.Properties, see)
				walk(r.Metadata, see)
			}
		}
		want := fmt.Sprintf("t.yaml:%d:", line)
		if strings.Contains(leaf, "b") && line > 60 {
			want = fmt.Sprintf("t.yaml:%d:", line-2) // a block scalar's place is its first line
		}
		if leaf == "errors" {
			want = fmt.Sprintf("t.yaml:%d:", line-1)
		}
		if !strings.Contains("\n"+found, "\n"+want) {
			t.Errorf("%s broken in line %d: found at\n%s", leaf, line, found)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(functionsHead + "!Ref Open\n"))
	f.Add([]byte(`{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": ["${A}${b}", {"b": {"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}}]}}}}}`))
	f.Add([]byte("a: &x [*x]\n<<: *x\n? - b\n: !Sub {c: !!int 1}\n"))
	f.Add([]byte("Globals: {Function: {A: [1]}}\nResources:\n  Fn::ForEach::L: [x, [a, b], {'F${x}': {Type: AWS::Serverless::Function, Properties: {A: [2], 'K&{x}': !GetAtt Fa.Arn}}}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		check := func(n *Node, err error) {
			if e, ok := err.(*Error); err != nil && (!ok || e.Pos.File != "f") {
				t.Fatalf("error %v (%T)", err, err)
			}
			walk(n, func(n *Node) {
				if n.Kind == Unresolved && n.Err == nil || n.Kind != Unresolved && n.Err != nil {
					t.Fatalf("%s with error %v", n.Kind, n.Err)
				}
			})
		}
		n, err := ParseYAML("f", data)
		check(n, err)
		js, jerr := ParseJSON("f", data)
		check(js, jerr)
		if jerr == nil {
			text, err := js.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ParseJSON("f", text)
			if err != nil || shown(again) != shown(js) {
				t.Fatalf("%s reads back as %s, %v", text, shown(again), err)
			}
		}
		tmpl, err := ParseTemplate("f", data, Options{})
		check(nil, err)
		if err != nil {
			return
		}
		for _, r := range tmpl.Resources {
			check(r.Properties, r.Err)
			check(r.Metadata, nil)
			check(r.Name, nil)
			check(r.ARN, nil)
		}
		check(tmpl.Outputs, nil)
	})
}
