package hydrant_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

// reingests are the functions that put records back, and so link the SDK.
var reingests = []string{"cloudwatch-logs"}

func functions(t *testing.T) (names []string) {
	t.Helper()
	mains, err := filepath.Glob("functions/*/main.go")
	if err != nil || len(mains) == 0 {
		t.Fatal("no functions", err)
	}
	for _, m := range mains {
		names = append(names, filepath.Base(filepath.Dir(m)))
	}
	return names
}

// A function is a folder, and a blueprint of its name.
func TestFunctionNames(t *testing.T) {
	var list []string
	for _, b := range blueprints.List() {
		list = append(list, b.Name)
		if _, err := blueprints.Named(b.Name, func(string) string { return "" }); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(list)
	if names := functions(t); !slices.Equal(names, list) {
		t.Errorf("functions %v, blueprints %v", names, list)
	}
	if _, err := blueprints.Named("no-such", func(string) string { return "" }); err == nil {
		t.Error("no error for a name that isn't one")
	}
}

// Every function is built by the Makefile for a resource of the template, and has its place in docs/blueprints.md, with its options.
func TestFunctionPlaces(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	resources := map[string]string{} // by function
	for _, m := range regexp.MustCompile(`(?m)^build-(\w+): FUNCTION = (\S+)$`).FindAllStringSubmatch(read("Makefile"), -1) {
		resources[m[2]] = m[1]
	}
	template, sections := read("sam-template.yaml"), map[string]string{}
	parts := regexp.MustCompile(`(?m)^##+ `).Split(read("docs/blueprints.md"), -1)
	for _, part := range parts[1:] {
		title, text, _ := strings.Cut(part, "\n")
		for name := range strings.SplitSeq(title, ", ") {
			sections[name] = text
		}
	}
	for _, b := range blueprints.List() {
		resource := resources[b.Name]
		if resource == "" {
			t.Errorf("%s: the Makefile doesn't build it", b.Name)
		} else if !strings.Contains(template, "\n  "+resource+":\n    Type: AWS::Serverless::Function\n") {
			t.Errorf("%s: sam-template.yaml has no function %s", b.Name, resource)
		}
		text, ok := sections[b.Name]
		if !ok {
			t.Errorf("%s: docs/blueprints.md has no section", b.Name)
		}
		for _, o := range b.Options {
			if !strings.Contains(text, "`"+o.Name+"`") {
				t.Errorf("%s: docs/blueprints.md lacks its option %s", b.Name, o.Name)
			}
		}
	}
}

// What a function links decides its size and its cold start.
func TestFunctionImports(t *testing.T) {
	for _, name := range functions(t) {
		out, err := exec.Command("go", "list", "-deps", "./functions/"+name).Output()
		if err != nil {
			t.Fatalf("go list ./functions/%s: %v", name, err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			host, _, slash := strings.Cut(dep, "/")
			sdk := strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2/") || strings.HasPrefix(dep, "github.com/aws/smithy-go")
			switch {
			case !slash || !strings.Contains(host, "."), // the standard library
				strings.HasPrefix(dep, "github.com/aws/aws-lambda-go/"),
				strings.HasPrefix(dep, "github.com/hydrantkit/hydrant/functions/"),
				slices.Contains([]string{"github.com/hydrantkit/hydrant", "github.com/hydrantkit/hydrant/blueprints",
					"github.com/hydrantkit/hydrant/internal/b64", "github.com/hydrantkit/hydrant/internal/jsonscan", "github.com/hydrantkit/hydrant/internal/kpl", "github.com/hydrantkit/hydrant/internal/cwlogs"}, dep):
			case slices.Contains(reingests, name) && (sdk || slices.Contains([]string{"github.com/hydrantkit/hydrant/reingest", "github.com/hydrantkit/hydrant/internal/aws"}, dep)):
			default:
				t.Errorf("%s links %s", name, dep)
			}
		}
	}
}

// build builds a function as the Makefile does.
func build(t *testing.T, name, arch string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", to, "./functions/"+name)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s for %s: %v\n%s", name, arch, err, out)
	}
	return to
}

// checkSize holds a binary under 9 MB, one that puts records back under 12 MB.
func checkSize(t *testing.T, name, arch, bootstrap string) {
	t.Helper()
	limit := int64(9_000_000)
	if slices.Contains(reingests, name) {
		limit = 12_000_000
	}
	info, err := os.Stat(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s for %s: %d bytes", name, arch, info.Size())
	if info.Size() > limit {
		t.Errorf("%s for %s: %d bytes, the limit is %d", name, arch, info.Size(), limit)
	}
}

// The architecture that isn't this machine's: one function of each size.
func TestFunctionSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: binaries not built")
	}
	arch := "arm64"
	if runtime.GOARCH == arch {
		arch = "amd64"
	}
	for _, name := range append([]string{"apache-log-to-json"}, reingests...) {
		checkSize(t, name, arch, build(t, name, arch))
	}
}

// Every bootstrap answers an event over the Lambda Runtime API as its blueprint does in this process.
func TestBootstraps(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: binaries not built")
	}
	if runtime.GOOS != "linux" {
		t.Skip("bootstraps run on Linux")
	}
	for _, name := range functions(t) {
		event := bootstrapEvent(name)
		tr, err := blueprints.Named(name, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		want, err := hydrant.NewHandler(tr).Invoke(context.Background(), event)
		if err != nil {
			t.Fatal(err)
		}
		bootstrap := build(t, name, runtime.GOARCH)
		checkSize(t, name, runtime.GOARCH, bootstrap)
		got, took := once(t, bootstrap, event)
		t.Logf("%s: started and answered in %v", name, took)
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// bootstrapEvent is an event of the source that a function is for.
func bootstrapEvent(name string) []byte {
	source, data, metadata := "", "data", ""
	switch name {
	case "kinesis-general":
		source = `"sourceKinesisStreamArn":"arn:aws:kinesis:us-east-1:123456789012:stream/s",`
		metadata = `,"kinesisRecordMetadata":{"shardId":"shardId-000000000000","partitionKey":"k","approximateArrivalTimestamp":1495072949453,"sequenceNumber":"495","subsequenceNumber":0}`
	case "msk-general":
		source, data = `"sourceMSKArn":"arn:aws:kafka:us-east-1:123456789012:cluster/c/1",`, "kafkaRecordValue"
		metadata = `,"mskRecordMetadata":{"offset":"0","partitionId":"1","approximateArrivalTimestamp":1495072949453}`
	}
	event := []byte(`{"invocationId":"i","deliveryStreamArn":"arn:aws:firehose:us-east-1:123456789012:deliverystream/d","region":"us-east-1",` + source + `"records":[`)
	for i, text := range []string{
		`64.242.88.10 - - [07/Mar/2004:16:10:02 -0800] "GET /x HTTP/1.1" 200 6291`,
		`Oct 11 22:14:15 mymachine su[77]: 'su root' failed for x`,
		`{"eventVersion":"1.08","eventName":"A"}`,
		"",
	} {
		if i > 0 {
			event = append(event, ',')
		}
		event = fmt.Appendf(event, `{"recordId":"r%d","approximateArrivalTimestamp":1495072949453,"%s":"%s"%s}`, i, data, base64.StdEncoding.EncodeToString([]byte(text)), metadata)
	}
	return append(event, "]}"...)
}

// once runs a bootstrap for one event, and returns its answer and the time from its start to that.
func once(t *testing.T, bootstrap string, event []byte) (answer []byte, took time.Duration) {
	t.Helper()
	answers := make(chan []byte, 1)
	var asked int
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/invocation/next"):
			if asked++; asked > 1 {
				<-ended // no more events
				return
			}
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f")
			w.Write(event)
		default:
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusAccepted)
			answers <- body
		}
	})}
	go s.Serve(l)
	defer s.Close()
	defer close(ended)

	cmd := exec.Command(bootstrap)
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + l.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	select {
	case answer := <-answers:
		return answer, time.Since(start)
	case <-time.After(time.Minute):
		t.Fatalf("%s: no answer: %s", bootstrap, &out)
	}
	return nil, 0
}
