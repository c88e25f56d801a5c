package conformance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A gateway is versitygw, an S3 server that checks signatures, and a proxy before it that has puts go wrong.
type gateway struct {
	server string // its own URL
	dir    string // of its buckets
	bucket string // --out, without the number of the run
	runs   int

	mu sync.Mutex
	// trouble says what becomes of a PUT, the n-th from 0 since it was set: it is answered with a code of S3's, "down" is no answer, "lost" is an
	// answer that is lost on its way; "" lets it through.
	trouble func(n int, path string) string
	puts    int
	acls    map[string]int // those of the PUTs, and how many had them
}

// s3Root is who owns the server.
var s3Root = account{"AKIDEXAMPLE", "secret"}

// openGateway starts a server with the bucket lake, and has hydrant deliver there through the proxy, without retries of the SDK's.
func openGateway(t *testing.T, flags ...string) *gateway {
	t.Helper()
	bin, addr, dir := server(t, "versitygw"), freePort(t), t.TempDir()
	g := &gateway{server: "http://" + addr, dir: filepath.Join(dir, "data"), bucket: "s3://lake/run", acls: map[string]int{}}
	if err := os.MkdirAll(filepath.Join(g.dir, "lake"), 0o777); err != nil {
		t.Fatal(err)
	}
	args := append([]string{bin, "--port", addr, "--access", s3Root.access, "--secret", s3Root.secret}, flags...)
	start(t, dir, []string{addr}, append(args, "posix", g.dir)...)
	proxy := httptest.NewServer(g)
	t.Cleanup(proxy.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", proxy.URL)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	g.sign(t, s3Root)
	return g
}

// sign has hydrant sign what it puts as somebody.
func (g *gateway) sign(t *testing.T, who account) {
	t.Setenv("AWS_ACCESS_KEY_ID", who.access)
	t.Setenv("AWS_SECRET_ACCESS_KEY", who.secret)
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := ""
	if r.Method == http.MethodPut {
		g.mu.Lock()
		if g.trouble != nil {
			what = g.trouble(g.puts, r.URL.Path)
		}
		g.puts++
		g.acls[r.Header.Get("x-amz-acl")]++
		g.mu.Unlock()
	}
	to, err := url.Parse(g.server)
	if err != nil {
		panic(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is signed
	}}
	switch what {
	case "":
		proxy.ServeHTTP(w, r)
	case "lost":
		proxy.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case "down":
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(map[string]int{"AccessDenied": 403, "SlowDown": 503}[what])
		fmt.Fprintf(w, `<Error><Code>%s</Code><Message>about %[1]s</Message></Error>`, what)
	}
}

// fails has puts go wrong from now on.
func (g *gateway) fails(trouble func(n int, path string) string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trouble, g.puts, g.acls = trouble, 0, map[string]int{}
}

// first has the first n puts go wrong.
func first(n int, what string) func(int, string) string {
	return func(i int, _ string) string {
		if i < n {
			return what
		}
		return ""
	}
}

// put replays lines to the bucket, below a prefix of their own, and returns what the command said.
func (g *gateway) put(t *testing.T, status int, stream string, lines []string, flags ...string) (summary, string) {
	t.Helper()
	dir := t.TempDir()
	g.runs++
	args := append([]string{hydrant(t), "replay", "--json", "--stream", write(t, dir, "s.json", stream), "--out", g.out(), "--input-format", "lines"}, flags...)
	out, errs, got := run(t, dir, append(args, write(t, dir, "in", strings.Join(lines, "\n")+"\n"))...)
	if got != status {
		t.Fatalf("status %d, want %d\n%s%s", got, status, out, errs)
	}
	var s summary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if s.In != int64(len(lines)) || s.In != s.Delivered+s.Failed+s.Lost+s.Held {
		t.Errorf("%d records were put; %+v", len(lines), s)
	}
	return s, errs
}

// out is where the run delivers.
func (g *gateway) out() string { return fmt.Sprintf("%s/%d", g.bucket, g.runs) }

// objects are the bodies below a folder of the run, by their keys there, and one after the other.
func (g *gateway) objects(t *testing.T, folder string) (bodies map[string]string, all string) {
	t.Helper()
	root := filepath.Join(g.dir, strings.TrimPrefix(g.out(), "s3://"), folder)
	bodies = map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) || err == nil && e.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		bodies[rel] = string(b)
		all += string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies, all
}

// failed are the original bytes of the records in the error output whose key holds folder.
func (g *gateway) failed(t *testing.T, folder string) (raw []string) {
	t.Helper()
	bodies, _ := g.objects(t, "")
	for key, body := range bodies {
		if !strings.Contains(key, folder) {
			continue
		}
		for _, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
			var l struct{ RawData []byte }
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			raw = append(raw, string(l.RawData))
		}
	}
	return raw
}

// An account is somebody at the server.
type account struct{ access, secret string }

// do makes a request of somebody's straight to the server, signed with Signature Version 4.
func (g *gateway) do(t *testing.T, who account, method, path, query, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequest(method, g.server+path+"?"+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Format("20060102T150405Z")
	sum := func(b string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(b))) }
	r.Header.Set("X-Amz-Date", now)
	r.Header.Set("X-Amz-Content-Sha256", sum(body))
	const signed = "host;x-amz-content-sha256;x-amz-date"
	request := strings.Join([]string{method, path, query, "host:" + r.Host, "x-amz-content-sha256:" + sum(body), "x-amz-date:" + now, "", signed, sum(body)}, "\n")
	scope := now[:8] + "/us-east-1/s3/aws4_request"
	key := []byte("AWS4" + who.secret)
	for _, part := range append(strings.Split(scope, "/"), "AWS4-HMAC-SHA256\n"+now+"\n"+scope+"\n"+sum(request)) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+who.access+"/"+scope+", SignedHeaders="+signed+", Signature="+hex.EncodeToString(key))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// s3Stream is a description of a stream to S3.
func s3Stream(more string) string {
	return `{"DeliveryStreamName": "events", "ExtendedS3DestinationConfiguration": {"BucketARN": "arn:aws:s3:::lake",
		"RoleARN": "arn:aws:iam::123456789012:role/r"` + more + `}}`
}

const s3Logged = `, "CloudWatchLoggingOptions": {"Enabled": true, "LogGroupName": "g", "LogStreamName": "s"}`

// TestDestinationS3Sample replays the sample to a server that answers every second PUT with 503 Slow Down: it holds what a folder holds, byte for
// byte.
func TestDestinationS3Sample(t *testing.T) {
	g := openGateway(t)
	root := absolute(t, "..")
	out := filepath.Join(t.TempDir(), "out")
	folder := replay(t, root, 0, "--out", out)
	g.fails(func(n int, path string) string {
		if n%2 == 0 && strings.Contains(path, "/bucket/") {
			return "SlowDown"
		}
		return ""
	})
	bucket := replay(t, root, 0, "--out", g.out())
	if folder.Delivered != bucket.Delivered || bucket.Lost != 0 || bucket.Retries != int64(len(bucket.Objects)) || g.puts != 2*len(folder.Objects)+1 { // and the error log
		t.Errorf("%d PUTs; %+v\n%+v", g.puts, bucket, folder)
	}
	got, _ := g.objects(t, "bucket")
	if len(got) == 0 || len(got) != len(folder.Objects) {
		t.Errorf("%d objects, %d in a folder", len(got), len(folder.Objects))
	}
	for name, body := range got {
		if want, err := os.ReadFile(filepath.Join(out, "bucket", name)); err != nil || body != string(want) {
			t.Errorf("%s: %d bytes, %d in a folder, %v", name, len(body), len(want), err)
		}
	}
}

// TestDestinationS3Outage: puts that are refused until the retries have lasted, and longer than they last.
func TestDestinationS3Outage(t *testing.T) {
	g := openGateway(t)
	lines := events(2000) // in 200 s: four objects; after an outage one of what was on its way, and one of what came meanwhile
	stream := s3Stream(s3Logged + `, "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}`)
	for _, tt := range []struct {
		name, what            string
		puts, logged, objects int
	}{
		{"none", "", 0, 0, 4}, {"slow down", "SlowDown", 500, 500, 2}, {"nobody there", "down", 500, 500, 2}, {"answers are lost", "lost", 5, 5, 4},
		{"denied", "AccessDenied", 500, 250, 2}, // each time once more without the ACL
	} {
		t.Run(tt.name, func(t *testing.T) {
			g.fails(first(tt.puts, tt.what))
			s, _ := g.put(t, 0, stream, lines, "--rate", "10/s")
			bodies, all := g.objects(t, "lake")
			if s.Delivered != 2000 || s.Retries != int64(tt.logged) || len(bodies) != tt.objects || len(s.Objects) != tt.objects || all != strings.Join(lines, "") {
				t.Errorf("%d objects, %d bytes; %+v", len(bodies), len(all), s)
			}
			if _, log := g.objects(t, "log.ndjson"); strings.Count(log, "\n") != tt.logged {
				t.Errorf("%d lines in the error log, want %d", strings.Count(log, "\n"), tt.logged)
			}
		})
	}
	t.Run("longer than 24 hours", func(t *testing.T) {
		for what, code := range map[string]string{"SlowDown": "InternalError", "AccessDenied": "S3.AccessDenied"} {
			g.fails(func(_ int, path string) string {
				if strings.HasSuffix(path, "/log.ndjson") {
					return ""
				}
				return what
			})
			s, errs := g.put(t, 3, stream, lines, "--rate", "10/s")
			if bodies, _ := g.objects(t, "lake"); s.Lost != 2000 || s.Delivered+s.Failed+s.Held != 0 || len(bodies)+len(s.Objects) != 0 {
				t.Errorf("%d objects; %+v", len(bodies), s)
			}
			if !strings.Contains(errs, "LOST: 2,000 records could not be written within 24 hours of stream time") {
				t.Errorf("the command says %s", errs)
			}
			if _, log := g.objects(t, "log.ndjson"); !strings.Contains(log, `"errorCode":"`+code+`"`) || strings.Count(log, code) != strings.Count(log, "\n") {
				t.Errorf("the error log says %.300s", log)
			}
		}
	})
	t.Run("longer than 24 hours for the oldest", func(t *testing.T) {
		lines := events(2000) // in 56 hours
		g.fails(first(1800, "SlowDown"))
		s, _ := g.put(t, 3, s3Stream(""), lines, "--rate", "0.01/s")
		_, all := g.objects(t, "lake")
		if s.Lost == 0 || s.Lost > 1000 || s.Delivered != 2000-s.Lost || all != strings.Join(lines[s.Lost:], "") {
			t.Errorf("%d bytes; %d delivered, %d lost", len(all), s.Delivered, s.Lost)
		}
		t.Logf("of 2000 records in 56 hours the oldest %d are lost", s.Lost)
	})
	t.Run("in real time", func(t *testing.T) {
		g.fails(first(2, "SlowDown"))
		began := time.Now()
		s, _ := g.put(t, 0, s3Stream(`, "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0}`), lines[:10], "--clock", "now")
		if _, all := g.objects(t, "lake"); s.Delivered != 10 || s.Retries != 2 || time.Since(began) < 3*time.Second || all != strings.Join(lines[:10], "") {
			t.Errorf("%v; %+v", time.Since(began), s)
		}
	})
	t.Run("in parts", func(t *testing.T) {
		var large []string
		for i := range 40 { // an object of three parts
			large = append(large, strings.Repeat(fmt.Sprintf("%09d ", i), 99<<10))
		}
		g.fails(func(n int, _ string) string { // the second part, the third, the first; then none
			return map[int]string{1: "SlowDown", 4: "lost", 5: "down"}[n]
		})
		s, _ := g.put(t, 0, s3Stream(`, "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60}`), large)
		if bodies, all := g.objects(t, "lake"); s.Delivered != 40 || s.Retries != 3 || len(bodies) != 1 || all != strings.Join(large, "") {
			t.Errorf("%d objects, %d bytes; %+v", len(bodies), len(all), s)
		}
	})
}

// TestDestinationS3Denied: some objects can't be put, and the others are.
func TestDestinationS3Denied(t *testing.T) {
	g := openGateway(t)
	stream := s3Stream(s3Logged + `, "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60}, "Prefix": "customer=!{partitionKeyFromQuery:c}/",
		"ErrorOutputPrefix": "errors/!{firehose:error-output-type}/", "DynamicPartitioningConfiguration": {"Enabled": true, "RetryOptions": {"DurationInSeconds": 300}},
		"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "MetadataExtraction", "Parameters": [
			{"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{c: .c}"}, {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"}]}]}`)
	var lines, denied, odd []string
	for i := range 300 {
		line := fmt.Sprintf(`{"c":"%c","n":%d}`, "abc"[i%3], i)
		if i%100 == 99 {
			line = "no JSON " + line
			odd = append(odd, line)
		} else if i%3 == 1 {
			denied = append(denied, line)
		}
		lines = append(lines, line)
	}
	below := func(folder, what string) func(int, string) string {
		return func(_ int, path string) string {
			if strings.Contains(path, folder) {
				return what
			}
			return ""
		}
	}
	t.Run("a partition", func(t *testing.T) {
		g.fails(below("/customer=b/", "AccessDenied"))
		s, _ := g.put(t, 3, stream, lines)
		if s.Delivered != 300-int64(len(denied)+len(odd)) || s.Failures["S3.AccessDenied"] != int64(len(denied)) || s.Failed != int64(len(denied)+len(odd)) || s.Lost != 0 {
			t.Errorf("%+v", s)
		}
		if a, _ := g.objects(t, "lake/customer=a"); len(a) != 1 {
			t.Errorf("%d objects of the partition a", len(a))
		}
		if b, _ := g.objects(t, "lake/customer=b"); len(b) != 0 {
			t.Errorf("%d objects of the partition b", len(b))
		}
		got := g.failed(t, "processing-failed")
		if sorted(got) != sorted(append(odd, denied...)) {
			t.Errorf("%d records are in the error output, want %d", len(got), len(odd)+len(denied))
		}
	})
	t.Run("a partition, for a while", func(t *testing.T) {
		n := 0
		g.fails(func(_ int, path string) string {
			if strings.Contains(path, "/customer=b/") {
				if n++; n <= 8 {
					return "SlowDown"
				}
			}
			return ""
		})
		if s, _ := g.put(t, 3, stream, lines); s.Delivered != 300-int64(len(odd)) || s.Failed != int64(len(odd)) || s.Retries != 8 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("the error output", func(t *testing.T) { // for 24 hours
		g.fails(below("/errors/", "AccessDenied"))
		s, errs := g.put(t, 3, stream, lines)
		if s.Delivered != 300-int64(len(odd)) || s.Lost != int64(len(odd)) || s.Failed != 0 || !strings.Contains(errs, fmt.Sprintf("LOST: %d records", len(odd))) {
			t.Errorf("%+v\n%s", s, errs)
		}
	})
	t.Run("the source backup", func(t *testing.T) {
		g.fails(below("/originals/", "AccessDenied"))
		s, errs := g.put(t, 3, s3Stream(`, "S3BackupMode": "Enabled", "S3BackupConfiguration": {"BucketARN": "arn:aws:s3:::originals",
			"RoleARN": "arn:aws:iam::123456789012:role/r"}`), lines)
		if _, all := g.objects(t, "lake"); s.Delivered != 300 || all != strings.Join(lines, "") || !strings.Contains(errs, "LOST from the source backup: 300 records") {
			t.Errorf("%+v\n%s", s, errs)
		}
	})
	t.Run("all", func(t *testing.T) {
		g.fails(below("/lake/", "AccessDenied"))
		if s, _ := g.put(t, 3, s3Stream(""), lines); s.Lost != 300 || s.Delivered+s.Failed != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestDestinationS3OtherAccount delivers to a bucket of another account: by its policy or not at all, and with the ACL that gives the objects to
// the bucket's owner.
func TestDestinationS3OtherAccount(t *testing.T) {
	g := openGateway(t, "--iam-dir", t.TempDir())
	stream, owner, other := account{"STREAM", "stream-secret"}, account{"OWNER", "owner-secret"}, account{"OTHER", "other-secret"}
	admin := func(args ...string) {
		t.Helper()
		command := []string{server(t, "versitygw"), "admin", "--access", s3Root.access, "--secret", s3Root.secret, "--endpoint-url", g.server}
		if out, errs, status := run(t, g.dir, append(command, args...)...); status != 0 {
			t.Fatalf("%v: %s%s", args, out, errs)
		}
	}
	for _, a := range []account{stream, owner, other} {
		admin("create-user", "--access", a.access, "--secret", a.secret, "--role", "user")
	}
	admin("create-bucket", "--owner", owner.access, "--bucket", "theirs")
	// policy sets the bucket's: its owner may do what an owner may (versitygw leaves that to the policy where there is one), and what statements say.
	policy := func(t *testing.T, statements string) {
		t.Helper()
		text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + owner.access + `"]},"Action":["s3:*"],
			"Resource":["arn:aws:s3:::theirs","arn:aws:s3:::theirs/*"]},` + statements + `]}`
		if status, answer := g.do(t, owner, "PUT", "/theirs", "policy=", text); status/100 != 2 {
			t.Fatalf("the policy: %d %s", status, answer)
		}
	}
	g.bucket = "s3://theirs"
	g.sign(t, stream)
	lines := events(100)
	bare := func() int {
		status, _ := g.do(t, stream, "PUT", "/theirs/bare", "", "x")
		return status
	}
	t.Run("no policy", func(t *testing.T) {
		s, errs := g.put(t, 3, s3Stream(""), lines)
		if bodies, _ := g.objects(t, "lake"); s.Lost != 100 || s.Delivered+s.Failed+s.Held != 0 || len(bodies) != 0 || !strings.Contains(errs, "LOST") {
			t.Errorf("%d objects; %+v\n%s", len(bodies), s, errs)
		}
	})
	allow := func(condition string) string {
		return `{"Effect":"Allow","Principal":{"AWS":["` + stream.access + `"]},"Action":["s3:PutObject"],"Resource":["arn:aws:s3:::theirs/*"]` + condition + `}`
	}
	delivers := func(t *testing.T, acls string) {
		t.Helper()
		g.fails(nil)
		s, _ := g.put(t, 0, s3Stream(""), lines)
		bodies, all := g.objects(t, "lake")
		if s.Delivered != 100 || len(bodies) != 1 || all != strings.Join(lines, "") || fmt.Sprint(g.acls) != acls {
			t.Errorf("%d objects, PUTs by their ACLs %v, want %s; %+v", len(bodies), g.acls, acls, s)
		}
		key := strings.TrimPrefix(g.out(), "s3:/") + "/lake/" + s.Objects[0].Key
		if status, body := g.do(t, owner, "GET", key, "", ""); status != 200 || body != all {
			t.Errorf("the bucket's owner reads %s: %d %.100s", key, status, body)
		}
		for _, who := range []account{stream, other} {
			if status, _ := g.do(t, who, "GET", key, "", ""); status != 403 {
				t.Errorf("%s reads the object: %d", who.access, status)
			}
		}
	}
	t.Run("a policy that wants the ACL", func(t *testing.T) {
		policy(t, allow(`,"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}`))
		if status := bare(); status != 403 {
			t.Errorf("without the ACL: %d", status)
		}
		delivers(t, "map[bucket-owner-full-control:1]")
	})
	t.Run("a policy that doesn't allow ACLs", func(t *testing.T) {
		policy(t, allow("")+`,{"Effect":"Deny","Principal":{"AWS":["`+stream.access+`"]},"Action":["s3:PutObject"],"Resource":["arn:aws:s3:::theirs/*"],
			"Condition":{"StringLike":{"s3:x-amz-acl":"*"}}}`)
		if status := bare(); status != 200 {
			t.Errorf("without the ACL: %d", status)
		}
		delivers(t, "map[:1 bucket-owner-full-control:1]")
	})
	t.Run("a policy for somebody else", func(t *testing.T) {
		policy(t, strings.ReplaceAll(allow(""), stream.access, other.access))
		if status := bare(); status != 403 {
			t.Errorf("another account's policy: %d", status)
		}
	})
}

// TestDestinationS3Where: endpoints, regions, credentials and buckets, from the environment.
func TestDestinationS3Where(t *testing.T) {
	g := openGateway(t, "--region", "eu-west-1", "--iam-dir", t.TempDir())
	lines := events(10)
	for _, tt := range []struct {
		name, env string
		run, says string // the message of a command that does nothing
	}{
		{"", "AWS_REGION=eu-west-1", "s3://lake/a", ""},
		{"an endpoint for all services", "AWS_REGION=eu-west-1 AWS_ENDPOINT_URL_S3= AWS_ENDPOINT_URL=" + g.server, "s3://lake/a", ""},
		{"another region", "", "s3://lake/b", "AuthorizationHeaderMalformed"},
		{"another secret", "AWS_REGION=eu-west-1 AWS_SECRET_ACCESS_KEY=wrong", "s3://lake/b", "SignatureDoesNotMatch"},
		{"nobody", "AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=NOBODY", "s3://lake/b", "InvalidAccessKeyId"},
		{"no bucket", "AWS_REGION=eu-west-1", "s3://nowhere/b", "NoSuchBucket"},
		{"nobody listens", "AWS_REGION=eu-west-1 AWS_ENDPOINT_URL_S3=http://" + freePort(t), "s3://lake/b", "connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, e := range strings.Fields(tt.env) {
				name, value, _ := strings.Cut(e, "=")
				t.Setenv(name, value)
			}
			g.bucket = tt.run
			if tt.says == "" {
				s, _ := g.put(t, 0, s3Stream(""), lines)
				if _, all := g.objects(t, "lake"); s.Delivered != 10 || all != strings.Join(lines, "") {
					t.Errorf("%+v", s)
				}
				return
			}
			dir := t.TempDir()
			out, errs, status := run(t, dir, hydrant(t), "replay", "--json", "--stream", write(t, dir, "s.json", s3Stream("")), "--out", tt.run, write(t, dir, "in", lines[0]))
			if status != 1 || out != "" || !strings.Contains(errs, tt.says) {
				t.Errorf("status %d, %s%s", status, out, errs)
			}
		})
	}
}
