package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		lacks(t, "%s isn't here: run make conformance-destinations, with Maven", name)
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

// documents are those of an index, without blanks, in order. Each was indexed as often as times says, by its version.
func (n *node) documents(index string, times int) (ids, docs []string) {
	n.t.Helper()
	n.call("POST", "/"+index+"/_refresh", "", nil)
	var v struct {
		Hits struct {
			Hits []struct {
				ID      string          `json:"_id"`
				Version int             `json:"_version"`
				Source  json.RawMessage `json:"_source"`
			}
		}
	}
	n.call("GET", "/"+index+"/_search?size=10000&version=true", "", &v)
	for _, h := range v.Hits.Hits {
		var b bytes.Buffer
		if err := json.Compact(&b, h.Source); err != nil {
			n.t.Fatal(err)
		}
		if ids, docs = append(ids, h.ID), append(docs, b.String()); h.Version != times {
			n.t.Errorf("the document %s was indexed %d times, want %d", h.ID, h.Version, times)
		}
	}
	slices.Sort(ids)
	slices.Sort(docs)
	return ids, docs
}

// fresh removes all indices.
func (n *node) fresh() { n.call("DELETE", "/events*", "", nil) }

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
				if _, got := n.documents(index, 1); strings.Join(got, "\n") != strings.Join(want, "\n") {
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
				if ids, _ := n.documents(index, 1); len(ids[0]) != 58 || !strings.HasSuffix(ids[0], ".0") {
					t.Errorf("id %s", ids[0])
				}
			})
			if tt.typ == "" && tt.kind == opensearch {
				step("a collection", func(t *testing.T) { // of OpenSearch Serverless, whose requests are the same
					const collection = `{"DeliveryStreamName": "events", "AmazonOpenSearchServerlessDestinationConfiguration": {"RoleARN": "arn:aws:iam::123456789012:role/r",
						"CollectionEndpoint": "https://c.us-east-1.aoss.amazonaws.com", "IndexName": "events", "RetryOptions": {"DurationInSeconds": 300}, "S3BackupMode": "AllDocuments",
						"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed", "Prefix": "raw/"}}}`
					all := append(events(20), `{"id":"word"}`)
					d := deliver(t, 3, collection, n.url, all)
					if _, docs := n.documents("events", 1); len(docs) != 20 || d.Delivered != 20 {
						t.Errorf("%d documents, %+v", len(docs), d.summary)
					}
					if got := failedLines(t, d.out, "AmazonOpenSearchService-failed", "400", "attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp",
						"osDocumentId", "osIndexName", "rawData"); strings.Join(got, "\n") != all[20] {
						t.Errorf("in the error output: %q", got)
					}
					d.checkBackup(t, all)
				})
			}
			step("without ids", func(t *testing.T) {
				lines := events(10)
				deliver(t, 0, stream(`, "DocumentIdOptions": {"DefaultDocumentIdFormat": "NO_DOCUMENT_ID"}`, 300), n.url, lines)
				same(t, lines)
				if ids, _ := n.documents(index, 1); len(ids[0]) > 30 {
					t.Errorf("id %s", ids[0])
				}
			})
			step("rotation", func(t *testing.T) {
				for _, tt := range []struct{ period, start, week, want string }{
					{"NoRotation", "2016-02-25T13:59:59Z", "us", "events"}, {"OneHour", "2016-02-25T13:59:59Z", "us", "events-2016-02-25-13"},
					{"OneDay", "2016-02-25T23:59:59Z", "us", "events-2016-02-25"}, {"OneMonth", "2016-02-29T23:59:59Z", "us", "events-2016-02"},
					{"OneWeek", "2016-02-25T13:00:00Z", "us", "events-2016-w09"}, {"OneWeek", "2016-02-25T13:00:00Z", "iso", "events-2016-w08"},
					{"OneWeek", "2015-12-28T00:00:00Z", "us", "events-2016-w01"}, {"OneWeek", "2015-12-28T00:00:00Z", "iso", "events-2015-w53"},
				} {
					deliver(t, 0, stream(`, "IndexRotationPeriod": "`+tt.period+`"`, 300), n.url, events(3), "--start", tt.start, "--compat", "week-rule="+tt.week)
					if _, docs := n.documents(tt.want, 1); len(docs) != 3 {
						t.Errorf("%v: %d documents", tt, len(docs))
					}
					n.fresh()
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
				d := deliver(t, 3, stream("", 0), n.url, append(slices.Clone(good), bad...))
				if _, docs := n.documents(index, 1); d.Delivered != 2 || strings.Join(docs, " ") != `{"a":1} {"a":2}` {
					t.Errorf("%q are indexed: %+v", docs, d.summary)
				}
				if got := failedLines(t, d.out, "AmazonOpenSearchService-failed", "400", documentMembers...); !slices.Equal(got, bad) {
					t.Errorf("%q failed", got)
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
			(&outage{server: n.url, stream: func(retry int) string { return stream("", retry) }, retry: 900,
				folder: "AmazonOpenSearchService-failed", code: "503", members: documentMembers,
				same: func(t *testing.T, lines []string) { n.t = t; same(t, lines); n.fresh() }}).try(t, events(600))
			step("an outage with documents that don't fit", func(t *testing.T) { // what was indexed before it has not failed
				good, bad := events(40), []string{`{"id":"word"}`, `{"id":"another"}`}
				f := &front{meets: func(n int) string { return []string{1: "", 2: "503"}[min(n, 2)] }}
				d := deliver(t, 3, stream("", 600), f.listen(t, n.url), append(good[:20:20], append(bad, good[20:]...)...))
				if d.Delivered != 40 || d.Failures["503"] != 2 || f.requests.Load() != 3 {
					t.Errorf("%d requests, %+v", f.requests.Load(), d.summary)
				}
				same(t, good)
				if got := failedLines(t, d.out, "AmazonOpenSearchService-failed", "503", documentMembers...); strings.Join(got, "\n") != strings.Join(bad, "\n") {
					t.Errorf("in the error output: %q", got)
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
			step("runs", func(t *testing.T) { // of one seed have the same documents, of another have others
				for times := 1; times <= 2; times++ {
					deliver(t, 0, stream("", 0), n.url, events(20))
					if _, docs := n.documents(index, times); len(docs) != 20 {
						t.Errorf("%d documents", len(docs))
					}
				}
				n.fresh()
				for i, seed := range []string{"1", "2", "3"} {
					deliver(t, 0, stream("", 0), n.url, events(20), "--seed", seed)
					if _, docs := n.documents(index, 1); len(docs) != 20*(i+1) {
						t.Errorf("%d documents after %d runs", len(docs), i+1)
					}
				}
			})
			step("an answer is lost", func(t *testing.T) { // once more: the same documents by the same ids, or others
				lines := events(50)
				for more, times := range map[string]int{"": 1, `, "DocumentIdOptions": {"DefaultDocumentIdFormat": "NO_DOCUMENT_ID"}`: 2} {
					c := &cutter{swallow: 1}
					if d := deliver(t, 0, stream(more, 300), "http://"+c.listen(t, strings.TrimPrefix(n.url, "http://")), lines); d.Delivered != 50 {
						t.Errorf("%+v", d.summary)
					}
					if _, docs := n.documents(index, 3-times); len(docs) != 50*times { // an id that comes again is another version
						t.Errorf("%d documents, want %d times 50", len(docs), times)
					}
					n.fresh()
				}
			})
		})
	}
}

// TestDestinationOpenSearchBusy delivers to a node with one thread and one place to wait for it, while somebody else keeps it busy: it rejects
// documents of a batch and takes others of it, and each is indexed once or in the error output.
func TestDestinationOpenSearchBusy(t *testing.T) {
	n := startNode(t, "opensearch-2.19.1", "thread_pool.write.size=1", "thread_pool.write.queue_size=1")
	n.call("PUT", "/_template/shards", `{"index_patterns":["events-*"],"settings":{"number_of_shards":8,"number_of_replicas":0}}`, nil) // a bulk request has a task for each
	flood := strings.Repeat(`{"index":{}}`+"\n"+`{"a":1}`+"\n", 4000)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			res, err := http.Post(n.url+"/busy/_bulk", "application/x-ndjson", strings.NewReader(flood))
			if err == nil {
				io.Copy(io.Discard, res.Body) //nolint:errcheck // it is rejected too
				res.Body.Close()
			}
		}
	}()
	var rejected []int // documents of each round that failed
	split := 0         // rounds of which the node took some and rejected some
	for rounds := 0; rounds < 5 || rounds < 20 && split == 0; rounds++ {
		lines := events(80)
		stream := strings.Replace(bulkStream("AmazonopensearchserviceDestinationConfiguration", "", "", 900), `"IndexName": "events"`, fmt.Sprintf(`"IndexName": "events-%d"`, rounds), 1)
		n.call("PUT", fmt.Sprintf("/events-%d-2025-01-01", rounds), "", nil)
		dir := t.TempDir()
		out := filepath.Join(dir, "out")
		s := replay(t, dir, 0, "--max-failed", "100%", "--stream", write(t, dir, "s.json", stream), "--destination", "live", "--endpoint", n.url,
			"--out", out, "--input-format", "lines", write(t, dir, "in", strings.Join(lines, "\n")+"\n"))
		if s.Delivered+s.Failed != 80 || s.Failures["429"] != s.Failed {
			t.Errorf("%+v", s)
		}
		var failed []string
		if s.Failed > 0 {
			failed = failedLines(t, out, "AmazonOpenSearchService-failed", "429", documentMembers...)
		}
		if len(failed) != int(s.Failed) {
			t.Errorf("%d lines, want %d", len(failed), s.Failed)
		}
		if s.Retries > 0 && s.Delivered > 0 {
			split++
		}
		rejected = append(rejected, len(failed))
	}
	cancel()
	<-ended
	for i, failed := range rejected {
		if _, docs := n.documents(fmt.Sprintf("events-%d-2025-01-01", i), 1); len(docs) != 80-failed {
			t.Errorf("round %d: %d documents are indexed and %d failed, of 80", i, len(docs), failed)
		}
	}
	if split == 0 {
		t.Error("no batch was taken in part")
	}
	t.Logf("documents of 80 that failed in the end, by batch: %v; %d batches were taken in part", rejected, split)
}
