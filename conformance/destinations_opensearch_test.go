package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// bulkStream is a description of a stream to a cluster.
func bulkStream(kind, typ, more string, retry int) string {
	return fmt.Sprintf(`{"DeliveryStreamName": "events", %q: {"RoleARN": "arn:aws:iam::123456789012:role/r", "ClusterEndpoint": "https://search.example.com",
		"IndexName": "events", "TypeName": %q, "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60}, "RetryOptions": {"DurationInSeconds": %d},
		"S3BackupMode": "AllDocuments"%s,
		"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed", "Prefix": "raw/"}}}`, kind, typ, retry, more)
}

var documentMembers = []string{"attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "esDocumentId", "esIndexName", "esTypeName", "rawData"}

// A node is a running node of OpenSearch or Elasticsearch.
type node struct {
	t   *testing.T
	url string
}

func startNode(t *testing.T, name string, settings ...string) *node {
	t.Helper()
	home := filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), "node-"+name)
	classpath, err := os.ReadFile(filepath.Join(home, "classpath"))
	if err != nil {
		t.Skipf("%s isn't here: run make conformance-destinations, with Maven", name)
	}
	dir, addr := t.TempDir(), freePort(t)
	_, port, _ := strings.Cut(addr, ":")
	args := []string{"java", "-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-cp", filepath.Join(home, "target", "classes") + ":" + strings.TrimSpace(string(classpath)), "Main", filepath.Join(dir, "home"), port}
	start(t, dir, []string{addr}, append(args, settings...)...)
	return &node{t, "http://" + addr}
}

// call calls the node's API and decodes its answer into v, if it isn't nil.
func (n *node) call(method, path, body string, v any) {
	n.t.Helper()
	r, err := http.NewRequest(method, n.url+path, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%d %s", res.StatusCode, text)
	}
	if err == nil && v != nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		n.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// documents are those of an index, without blanks, in order.
func (n *node) documents(index string) (ids, docs []string) {
	n.t.Helper()
	n.call("POST", "/"+index+"/_refresh", "", nil)
	var v struct {
		Hits struct {
			Hits []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	n.call("GET", "/"+index+"/_search?size=10000", "", &v)
	for _, h := range v.Hits.Hits {
		var b bytes.Buffer
		if err := json.Compact(&b, h.Source); err != nil {
			n.t.Fatal(err)
		}
		ids, docs = append(ids, h.ID), append(docs, b.String())
	}
	slices.Sort(ids)
	slices.Sort(docs)
	return ids, docs
}

// fresh removes all indices.
func (n *node) fresh() { n.call("DELETE", "/events*", "", nil) }

// A front stands before a node: it answers the first requests itself.
type front struct {
	away     atomic.Int64 // requests that are refused yet
	requests atomic.Int64
}

func (f *front) serve(t *testing.T, n *node) string {
	u, err := url.Parse(n.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		if f.away.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "no master")
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestDestinationOpenSearch delivers to nodes of OpenSearch and Elasticsearch, as they are and as they fail.
func TestDestinationOpenSearch(t *testing.T) {
	const opensearch, elasticsearch = "AmazonopensearchserviceDestinationConfiguration", "ElasticsearchDestinationConfiguration"
	for _, tt := range []struct{ node, kind, typ string }{
		{"opensearch-2.19.1", opensearch, ""},
		{"elasticsearch-7.10.2", elasticsearch, ""},
		{"elasticsearch-6.8.23", elasticsearch, "doc"},
	} {
		t.Run(tt.node, func(t *testing.T) {
			n := startNode(t, tt.node, "http.max_content_length=1mb")
			const index = "events-2025-01-01"
			stream := func(more string, retry int) string { return bulkStream(tt.kind, tt.typ, more, retry) }
			same := func(t *testing.T, lines []string) {
				t.Helper()
				want := slices.Clone(lines)
				slices.Sort(want)
				if _, got := n.documents(index); strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("the index has %d documents, want these %d", len(got), len(want))
				}
			}
			step := func(name string, f func(t *testing.T)) {
				t.Run(name, func(t *testing.T) {
					n.t = t
					defer n.fresh()
					f(t)
				})
			}
			step("success", func(t *testing.T) {
				lines := events(2000)
				d := deliver(t, 0, stream("", 300), n.url, lines)
				if d.Delivered != 2000 {
					t.Errorf("%+v", d.summary)
				}
				same(t, lines)
				d.checkBackup(t, lines)
				if ids, _ := n.documents(index); len(ids[0]) != 58 || !strings.HasSuffix(ids[0], ".0") {
					t.Errorf("id %s", ids[0])
				}
			})
			step("without ids", func(t *testing.T) {
				lines := events(10)
				deliver(t, 0, stream(`, "DocumentIdOptions": {"DefaultDocumentIdFormat": "NO_DOCUMENT_ID"}`, 300), n.url, lines)
				same(t, lines)
				if ids, _ := n.documents(index); len(ids[0]) > 30 {
					t.Errorf("id %s", ids[0])
				}
			})
			step("rotation", func(t *testing.T) {
				for period, want := range map[string]string{"NoRotation": "events", "OneHour": index + "-00", "OneWeek": "events-2025-w01", "OneMonth": "events-2025-01"} {
					deliver(t, 0, stream(`, "IndexRotationPeriod": "`+period+`"`, 300), n.url, events(3))
					if _, docs := n.documents(want); len(docs) != 3 {
						t.Errorf("%s has %d documents", want, len(docs))
					}
				}
			})
			step("documents that don't fit", func(t *testing.T) { // 400 for one in ten
				good := events(90)
				var bad, all []string
				for i, line := range good {
					if all = append(all, line); i%9 == 8 {
						bad = append(bad, fmt.Sprintf(`{"id":"word %d"}`, i))
						all = append(all, bad[len(bad)-1])
					}
				}
				d := deliver(t, 3, stream("", 300), n.url, all)
				if d.Delivered != 90 || d.Failures["400"] != 10 {
					t.Errorf("%+v", d.summary)
				}
				same(t, good)
				if got := failedLines(t, d.out, "AmazonOpenSearchService-failed", "400", documentMembers...); strings.Join(got, "\n") != strings.Join(bad, "\n") {
					t.Errorf("in the error output: %q", got)
				}
				d.checkBackup(t, all)
			})
			step("records that are no documents", func(t *testing.T) {
				good := []string{`{"a":1}`, `  {"a":2}  `}
				bad := []string{"", " ", "text", `[1]`, `"a"`, `1`, `null`, `{"a":`, `{"a":1}{"a":2}`, `{"index":{"_index":"x"}}x`, "\xff\xfe", `{"a":"` + "\xff" + `"}`}
				all := append(slices.Clone(good), bad...)
				d := deliver(t, 3, stream("", 0), n.url, all)
				_, docs := n.documents(index)
				if int(d.Delivered) != len(docs) || int(d.Delivered+d.Failed) != len(all) || d.Delivered < 2 {
					t.Errorf("%d documents: %+v", len(docs), d.summary)
				}
				t.Logf("%d of %d are indexed: %q", len(docs), len(all), docs)
				got := failedLines(t, d.out, "AmazonOpenSearchService-failed", "400", documentMembers...)
				for _, r := range got {
					if !slices.Contains(bad, r) {
						t.Errorf("%q failed", r)
					}
				}
				if len(got) != int(d.Failed) {
					t.Errorf("%d lines of %d", len(got), d.Failed)
				}
			})
			step("a type that there isn't, or must be", func(t *testing.T) { // a 400 for the request, where it matters
				typ, fails := "doc", tt.node == "opensearch-2.19.1"
				if tt.typ != "" {
					typ, fails = "", true
				}
				lines := events(20)
				if !fails {
					deliver(t, 0, bulkStream(tt.kind, typ, "", 0), n.url, lines)
					same(t, lines)
					return
				}
				deliver(t, 3, bulkStream(tt.kind, typ, "", 0), n.url, lines).checkFailed(t, "AmazonOpenSearchService-failed", "400", lines, documentMembers)
			})
			step("an index that is blocked", func(t *testing.T) { // 403 for each
				deliver(t, 0, stream("", 0), n.url, events(1))
				n.call("PUT", "/"+index+"/_settings", `{"index.blocks.write":true}`, nil)
				lines := events(20)
				deliver(t, 3, stream("", 600), n.url, lines).checkFailed(t, "AmazonOpenSearchService-failed", "403", lines, documentMembers)
			})
			step("an index that there isn't", func(t *testing.T) { // 404 for each
				n.call("PUT", "/_cluster/settings", `{"transient":{"action.auto_create_index":"false"}}`, nil)
				defer n.call("PUT", "/_cluster/settings", `{"transient":{"action.auto_create_index":null}}`, nil)
				lines := events(20)
				deliver(t, 3, stream("", 0), n.url, lines).checkFailed(t, "AmazonOpenSearchService-failed", "404", lines, documentMembers)
			})
			step("too large", func(t *testing.T) { // a bare 413
				var lines []string
				for i := range 20 {
					lines = append(lines, fmt.Sprintf(`{"id":%d,"msg":%q}`, i, strings.Repeat("x", 100_000)))
				}
				deliver(t, 3, stream("", 0), n.url, lines).checkFailed(t, "AmazonOpenSearchService-failed", "413", lines, documentMembers)
			})
			step("an outage within the budget", func(t *testing.T) { // attempts at 0, 5 and 10 minutes
				f, lines := &front{}, events(100)
				f.away.Store(2)
				d := deliver(t, 0, stream("", 600), f.serve(t, n), lines)
				if d.Delivered != 100 || f.requests.Load() != 3 {
					t.Errorf("%d requests, %+v", f.requests.Load(), d.summary)
				}
				same(t, lines)
			})
			step("an outage beyond it", func(t *testing.T) {
				f, lines := &front{}, events(100)
				f.away.Store(3)
				deliver(t, 3, stream("", 600), f.serve(t, n), lines).checkFailed(t, "AmazonOpenSearchService-failed", "503", lines, documentMembers)
				if f.requests.Load() != 3 {
					t.Errorf("%d requests", f.requests.Load())
				}
			})
			step("nobody there", func(t *testing.T) {
				lines := events(10)
				deliver(t, 3, stream("", 300), "http://"+freePort(t), lines).checkFailed(t, "AmazonOpenSearchService-failed", "InternalError", lines, documentMembers)
			})
			step("part of it is taken", func(t *testing.T) {
				lines := events(101)
				d := deliver(t, 0, stream("", 300), n.url, lines, "--fault", "opensearch:partial=1")
				if d.Delivered != 101 {
					t.Errorf("%+v", d.summary)
				}
				same(t, lines)
			})
			step("an answer is lost", func(t *testing.T) { // once more: the same documents by the same ids, or others
				lines := events(50)
				for more, times := range map[string]int{"": 1, `, "DocumentIdOptions": {"DefaultDocumentIdFormat": "NO_DOCUMENT_ID"}`: 2} {
					c := &cutter{swallow: 1}
					if d := deliver(t, 0, stream(more, 300), "http://"+c.listen(t, strings.TrimPrefix(n.url, "http://")), lines); d.Delivered != 50 {
						t.Errorf("%+v", d.summary)
					}
					if _, docs := n.documents(index); len(docs) != 50*times {
						t.Errorf("%d documents, want %d times 50", len(docs), times)
					}
					n.fresh()
				}
			})
		})
	}
}

// TestDestinationOpenSearchBusy delivers to a node with one thread and one place to wait for it, while others keep it busy: it
// rejects documents, and each is indexed in the end or in the error output.
func TestDestinationOpenSearchBusy(t *testing.T) {
	n := startNode(t, "opensearch-2.19.1", "thread_pool.write.size=1", "thread_pool.write.queue_size=1")
	flood := strings.Repeat(`{"index":{}}`+"\n"+`{"a":1}`+"\n", 4000)
	ctx, cancel := context.WithCancel(context.Background())
	var others sync.WaitGroup
	for range 8 {
		others.Add(1)
		go func() {
			defer others.Done()
			for ctx.Err() == nil {
				res, err := http.Post(n.url+"/busy/_bulk", "application/x-ndjson", strings.NewReader(flood))
				if err == nil {
					io.Copy(io.Discard, res.Body) //nolint:errcheck // it is rejected too
					res.Body.Close()
				}
			}
		}()
	}
	var rejected, retries int64
	all := events(150)
	for i := range 5 {
		lines := all[i*30 : i*30+30]
		stream := strings.Replace(bulkStream("AmazonopensearchserviceDestinationConfiguration", "", "", 900), `"IndexName": "events"`, fmt.Sprintf(`"IndexName": "events-%d"`, i), 1)
		status := 0
		dir := t.TempDir()
		out, errs, got := run(t, dir, hydrant(t), "replay", "--json", "--stream", write(t, dir, "s.json", stream), "--destination", "live", "--endpoint", n.url,
			"--out", filepath.Join(dir, "out"), "--input-format", "lines", write(t, dir, "in", strings.Join(lines, "\n")+"\n"))
		var s struct {
			summary
			Retries int64
		}
		if err := json.Unmarshal([]byte(out), &s); err != nil {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		if s.Failed > 0 {
			status = 3
			rejected += s.Failed
		}
		retries += s.Retries
		if got != status || s.Delivered+s.Failed != 30 || s.Failures["429"] != s.Failed {
			t.Errorf("status %d: %+v", got, s)
		}
		if s.Failed > 0 {
			if lines := failedLines(t, filepath.Join(dir, "out"), "AmazonOpenSearchService-failed", "429", documentMembers...); int64(len(lines)) != s.Failed {
				t.Errorf("%d lines, want %d", len(lines), s.Failed)
			}
		}
	}
	cancel()
	others.Wait()
	indexed := int64(0)
	for i := range 5 {
		var v struct{ Count int64 }
		n.call("POST", "/_refresh", "", nil)
		n.call("GET", fmt.Sprintf("/events-%d-*/_count", i), "", &v)
		indexed += v.Count
	}
	if indexed+rejected != 150 {
		t.Errorf("%d documents are indexed and %d rejected, of 150", indexed, rejected)
	}
	t.Logf("%d indexed, %d rejected to the end, %d attempts more", indexed, rejected, retries)
}
