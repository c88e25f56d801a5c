package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/colinmarc/hdfs/v2/hadoopconf"
)

// A fakeStore answers as much of an object store's API as the command calls. Objects are by bucket/key; parts are what was sent of
// objects that aren't there yet.
type fakeStore struct {
	mu      sync.Mutex
	objects map[string][]byte
	parts   map[string][]byte
	refuse  func(r *http.Request) bool
	answer  func(s *fakeStore, w http.ResponseWriter, r *http.Request, body []byte)
}

func (s *fakeStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client gave up
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil && s.refuse(r) {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	s.answer(s, w, r, body)
}

// below are the keys of a bucket with a prefix.
func (s *fakeStore) below(bucket, prefix string) (keys []string) {
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		if key, ok := strings.CutPrefix(name, bucket+"/"); ok && strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys
}

// send writes an object, or the range that is asked for.
func send(w http.ResponseWriter, r *http.Request, object []byte) {
	span := r.Header.Get("Range")
	if span == "" {
		span = r.Header.Get("x-ms-range")
	}
	status := http.StatusOK
	var from, to int
	if n, _ := fmt.Sscanf(span, "bytes=%d-%d", &from, &to); n == 2 {
		to = min(to+1, len(object))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(object)))
		object, status = object[from:to], http.StatusPartialContent
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(object)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(object) //nolint:errcheck // the client went away
	}
}

// google answers as Google Cloud Storage.
func google(s *fakeStore, w http.ResponseWriter, r *http.Request, body []byte) {
	type object map[string]string
	q := r.URL.Query()
	describe := func(bucket, key string) object {
		o := object{"bucket": bucket, "name": key, "size": fmt.Sprint(len(s.objects[bucket+"/"+key])), "generation": "1"}
		if strings.HasSuffix(key, ".gz") {
			o["contentEncoding"] = "gzip"
		}
		return o
	}
	reply := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v) //nolint:errcheck // the client went away
	}
	if rest, ok := strings.CutPrefix(r.URL.Path, "/upload/storage/v1/b/"); ok {
		bucket, _, _ := strings.Cut(rest, "/")
		switch {
		case q.Get("uploadType") == "multipart":
			_, p, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
			parts := multipart.NewReader(bytes.NewReader(body), p["boundary"])
			var meta object
			if part, err := parts.NextPart(); err == nil {
				json.NewDecoder(part).Decode(&meta) //nolint:errcheck // an empty name shows
			}
			if part, err := parts.NextPart(); err == nil {
				s.objects[bucket+"/"+meta["name"]], _ = io.ReadAll(part)
			}
			reply(describe(bucket, meta["name"]))
		case !q.Has("upload_id"):
			var meta object
			json.Unmarshal(body, &meta) //nolint:errcheck
			s.parts[meta["name"]] = nil
			w.Header().Set("Location", "http://"+r.Host+r.URL.Path+"?upload_id="+url.QueryEscape(meta["name"]))
		default: // a chunk
			key := q.Get("upload_id")
			s.parts[key] = append(s.parts[key], body...)
			if strings.HasSuffix(r.Header.Get("Content-Range"), "/*") {
				w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", len(s.parts[key])-1))
				w.Header().Set("X-Http-Status-Code-Override", "308")
				return
			}
			s.objects[bucket+"/"+key] = s.parts[key]
			delete(s.parts, key)
			reply(describe(bucket, key))
		}
		return
	}
	rest, api := strings.CutPrefix(r.URL.Path, "/storage/v1/b/")
	if bucket, key, _ := strings.Cut(rest, "/o"); api && key == "" {
		var items []object
		for _, key := range s.below(bucket, q.Get("prefix")) {
			items = append(items, describe(bucket, key))
		}
		reply(map[string]any{"items": items})
		return
	} else if api {
		if rest = bucket + key; s.objects[rest] == nil {
			http.NotFound(w, r)
			return
		}
		reply(describe(bucket, key[1:]))
		return
	}
	o, ok := s.objects[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if strings.HasSuffix(r.URL.Path, ".gz") {
		w.Header().Set("Content-Encoding", "gzip")
	}
	send(w, r, o)
}

// azure answers as Azure Blob Storage, for the account acct.
func azure(s *fakeStore, w http.ResponseWriter, r *http.Request, body []byte) {
	q, name := r.URL.Query(), strings.TrimPrefix(r.URL.Path, "/acct/")
	if !strings.HasPrefix(r.Header.Get("Authorization"), "SharedKey acct:") {
		http.Error(w, "no signature", http.StatusForbidden)
		return
	}
	switch o, ok := s.objects[name]; {
	case q.Get("comp") == "list":
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, `<EnumerationResults><Blobs>`)
		for _, key := range s.below(name, q.Get("prefix")) {
			fmt.Fprintf(w, `<Blob><Name>%s</Name><Properties><Content-Length>%d</Content-Length></Properties></Blob>`, key, len(s.objects[name+"/"+key]))
		}
		if s.below(name, q.Get("prefix")+"b/") != nil { // a hierarchical account lists its folders too
			fmt.Fprintf(w, `<Blob><Name>%sb</Name><Properties><Content-Length>0</Content-Length></Properties>`, q.Get("prefix"))
			if q.Get("include") == "metadata" {
				fmt.Fprint(w, `<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>`)
			}
			fmt.Fprint(w, `</Blob>`)
		}
		fmt.Fprint(w, `</Blobs></EnumerationResults>`)
	case q.Get("comp") == "block":
		s.parts[q.Get("blockid")] = body
		w.WriteHeader(http.StatusCreated)
	case q.Get("comp") == "blocklist":
		var list struct{ Latest []string }
		if err := xml.Unmarshal(body, &list); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var whole []byte
		for _, id := range list.Latest {
			whole = append(whole, s.parts[id]...)
			delete(s.parts, id)
		}
		s.objects[name] = whole
		w.WriteHeader(http.StatusCreated)
	case !ok:
		w.Header().Set("x-ms-error-code", "BlobNotFound")
		w.WriteHeader(http.StatusNotFound)
	case r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != etag(o):
		w.WriteHeader(http.StatusPreconditionFailed)
	default:
		w.Header().Set("ETag", etag(o))
		if strings.HasSuffix(name, ".gz") {
			w.Header().Set("Content-Encoding", "gzip")
		}
		send(w, r, o)
	}
}

func etag(o []byte) string { return fmt.Sprintf(`"%d"`, len(o)) }

// stores begins a server for each kind of store.
func stores(t *testing.T) map[string]*fakeStore {
	t.Helper()
	all := map[string]*fakeStore{}
	for scheme, answer := range map[string]func(*fakeStore, http.ResponseWriter, *http.Request, []byte){"gs": google, "az": azure} {
		s := &fakeStore{objects: map[string][]byte{}, parts: map[string][]byte{}, answer: answer}
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		if all[scheme] = s; scheme == "gs" {
			t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
			continue
		}
		t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=acct;AccountKey="+base64.StdEncoding.EncodeToString([]byte("secret"))+";BlobEndpoint="+server.URL+"/acct;")
	}
	return all
}

func TestConvertStores(t *testing.T) {
	for scheme, s := range stores(t) {
		t.Run(scheme, func(t *testing.T) {
			s.objects["logs/in/a.json"] = []byte(people(3, 1))
			s.objects["logs/in/b/c.json.gz"] = []byte(gzipped(t, people(2000, -1))) // with a content encoding, which a transport would undo
			s.objects["logs/in/big.json"] = []byte(people(400_000, -1))             // more than a piece
			s.objects["logs/in/empty.json"] = []byte{}
			s.objects["logs/other"] = []byte("x")
			dir := t.TempDir()
			sum := printed[convertSummary](t, exitSetAside, dir, "", "convert", "--schema", idName, "--to", "parquet", "--out", scheme+"://lake/out/", "--json", scheme+"://logs/in/")
			if sum.Records != 402_003 || sum.Rows != 402_002 || len(sum.Files) != 4 || sum.Files[1].Path != scheme+"://lake/out/b/c.parquet" {
				t.Errorf("%+v", sum)
			}
			if n := len(s.objects["lake/out.errors.ndjson"]); n == 0 || listing(t, dir) != "" {
				t.Errorf("error lines of %d bytes, files %q", n, listing(t, dir))
			}
			for key, want := range map[string]string{"b/c": people(2000, -1), "big": people(400_000, -1)} {
				write(t, dir, "c", string(s.objects["lake/out/"+key+".parquet"]))
				if got := catAll(t, dir, "c"); got != want {
					t.Errorf("%s: %d bytes of rows, want %d", key, len(got), len(want))
				}
			}
			// one object, one output
			if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "orc", "--out", scheme+"://lake/one.orc", scheme+"://logs/in/b/c.json.gz"); status != exitOK || s.objects["lake/one.orc"] == nil {
				t.Errorf("%d %s", status, errs)
			}
			nothing := scheme + "://logs/nothing"
			if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "orc", "--out", "o", nothing); status != exitUsage || !strings.Contains(errs, "read "+nothing+": ") {
				t.Errorf("%d %s", status, errs)
			}
		})
	}
}

// What isn't complete is nothing: when the store refuses a part, when the input ends early, and when an upload is discarded.
func TestConvertStoresNothingHalf(t *testing.T) {
	in := people(1_100_000, -1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(in)+1))
		if r.Header.Get("Range") == "" {
			io.WriteString(w, in) //nolint:errcheck // the client went away
		}
	}))
	defer web.Close()
	for scheme, s := range stores(t) {
		t.Run(scheme, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "in.json", in)
			address := scheme + "://lake/o"
			convert := func(in string) (string, int) {
				_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "parquet", "--option", "Compression=UNCOMPRESSED", "--quiet", "--out", address, in)
				return errs, status
			}
			parts := 0
			s.refuse = func(r *http.Request) bool {
				if r.Method == http.MethodPut || r.URL.Query().Has("upload_id") {
					parts++
				}
				return parts > 1
			}
			if errs, status := convert("in.json"); status != exitFailed || len(s.objects) > 0 || !strings.Contains(errs, "write "+address+": ") || !strings.Contains(errs, "403 Forbidden") {
				t.Errorf("%d %s", status, errs)
			}
			s.refuse = nil
			if errs, status := convert(web.URL + "/in.json"); status != exitFailed || len(s.objects) > 0 || !strings.Contains(errs, "read "+web.URL+"/in.json: ") {
				t.Errorf("%d %s", status, errs)
			}
			for _, size := range []int{0, 10, 40 << 20} {
				ctx, cancel := context.WithCancel(t.Context())
				u, err := newRemote(ctx).upload(address)
				if err != nil {
					t.Fatal(err)
				}
				cancel() // an interrupt doesn't end what is in flight
				if _, err := u.Write(make([]byte, size)); err != nil {
					t.Error(err)
				}
				if err := u.Discard(); err != nil || len(s.objects) > 0 {
					t.Errorf("%d bytes: %v, objects %d", size, err, len(s.objects))
				}
			}
			clear(s.parts)
			if errs, status := convert("in.json"); status != exitOK || len(s.parts) > 0 {
				t.Fatalf("%d %s, %d parts are left", status, errs, len(s.parts))
			}
			write(t, dir, "o", string(s.objects["lake/o"]))
			if got := catAll(t, dir, "o"); got != in {
				t.Errorf("%d bytes of rows, want %d", len(got), len(in))
			}
		})
	}
}

// An object that isn't the one that was found any more is not read as if it were: neither what fits of it, nor as if nothing were amiss.
func TestStoresChanged(t *testing.T) {
	for scheme, s := range stores(t) {
		for now, says := range map[string]string{people(3, -1): "", people(2, -1): "the last", people(4, -1): "it changed"} {
			s.objects["logs/a"] = []byte(people(3, -1))
			sources, err := newRemote(t.Context()).sources(scheme + "://logs/a")
			if err != nil {
				t.Fatal(err)
			}
			s.objects["logs/a"] = []byte(now)
			var got []byte
			r, err := sources[0].open()
			if err == nil {
				got, err = io.ReadAll(r)
			}
			switch {
			case says == "" && (err != nil || string(got) != now):
				t.Errorf("%s: %q, %v", scheme, got, err)
			case says != "" && (err == nil || !strings.Contains(err.Error(), "read "+scheme+"://logs/a: ")):
				t.Errorf("%s: %q of %q: %v", scheme, got, now, err)
			}
		}
	}
}

// A file that changes between two of its pieces is not a mixture of both.
func TestAzureChanged(t *testing.T) {
	s := stores(t)["az"]
	s.objects["logs/a"] = []byte(people(500_000, -1))
	sources, err := newRemote(t.Context()).sources("az://logs/a")
	if err != nil {
		t.Fatal(err)
	}
	r, err := sources[0].open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	s.objects["logs/a"] = []byte(people(500_001, -1))
	if _, err := io.Copy(io.Discard, r); err == nil || !strings.Contains(err.Error(), "read az://logs/a: it changed") {
		t.Error(err)
	}
}

func TestConvertWeb(t *testing.T) {
	in := []byte(people(400_000, -1))
	whole := func(w http.ResponseWriter, r *http.Request) {
		if from := r.Header.Get("Referer"); from != "" {
			t.Errorf("the server that is sent to is told of %s", from)
		}
		r.Header.Del("Range")
		send(w, r, in)
	}
	pieces := 0
	tests := []struct {
		path   string
		handle http.HandlerFunc
		status int
		says   string
	}{
		{"ranges", func(w http.ResponseWriter, r *http.Request) {
			pieces++
			w.Header().Set("ETag", `"1"`)
			send(w, r, in)
		}, exitOK, ""},
		{"no-version", func(w http.ResponseWriter, r *http.Request) { send(w, r, in) }, exitOK, ""},
		{"no-ranges", whole, exitOK, ""},
		{"chunked", func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			w.Write(in) //nolint:errcheck
		}, exitOK, ""},
		{"moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/no-ranges", http.StatusFound) }, exitOK, ""},
		{"moved-nowhere", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "bytes=0-0" {
				w.WriteHeader(http.StatusFound)
				w.Write(in) //nolint:errcheck
				return
			}
			w.Header().Set("ETag", `"1"`)
			send(w, r, in)
		}, exitFailed, "302 Found"},
		{"choices", func(w http.ResponseWriter, r *http.Request) {
			if pieces++; pieces%2 == 0 { // the second time that one byte is asked for
				http.Error(w, "here or there", http.StatusMultipleChoices)
				return
			}
			w.Header().Set("ETag", `"1"`)
			send(w, r, in)
		}, exitFailed, "300 Multiple Choices"},
		{"longer-range", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			if r.Header.Get("Range") == "bytes=0-0" {
				send(w, r, in)
				return
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %s/%d", strings.TrimPrefix(r.Header.Get("Range"), "bytes="), len(in)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(in)               //nolint:errcheck
			io.WriteString(w, "more") //nolint:errcheck
		}, exitFailed, "it changed"},
		{"missing", http.NotFound, exitUsage, "404 Not Found"},
		{"busy", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusServiceUnavailable) }, exitFailed, "503 Service Unavailable"},
		{"changed", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-Match") != "" {
				w.WriteHeader(http.StatusPreconditionFailed)
				return
			}
			w.Header().Set("ETag", `"1"`)
			send(w, r, in)
		}, exitFailed, "it changed while it was read"},
		{"other-range", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "bytes=0-0" {
				r.Header.Set("Range", "bytes=5-50000000")
			}
			w.Header().Set("ETag", `"1"`)
			send(w, r, in)
		}, exitFailed, "the server answers bytes 0-"},
		{"page-later", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "bytes=0-0" {
				http.Error(w, `{"id":1}`, http.StatusInternalServerError)
				return
			}
			w.Header().Set("ETag", `"1"`)
			send(w, r, in)
		}, exitFailed, "500 Internal Server Error"},
		{"range-forgotten", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "bytes=0-0" {
				r.Header.Del("Range")
			}
			w.Header().Set("ETag", `"1"`)
			send(w, r, in)
		}, exitFailed, "the server has no ranges any more"},
		{"cut-off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(in)))
			w.Write(in[:len(in)/2]) //nolint:errcheck
		}, exitFailed, "EOF"},
		{"cut-off-piece", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			if r.Header.Get("Range") == "bytes=0-0" {
				send(w, r, in)
				return
			}
			var to int
			fmt.Sscanf(r.Header.Get("Range"), "bytes=0-%d", &to) //nolint:errcheck
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", to, len(in)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(in[:len(in)/4]) //nolint:errcheck
		}, exitFailed, "EOF"},
		{"endless", func(w http.ResponseWriter, r *http.Request) {
			c, b, err := w.(http.Hijacker).Hijack()
			if err == nil {
				fmt.Fprint(b, "HTTP/1.0 200 OK\r\n\r\n"+`{"id":1}`) //nolint:errcheck
				b.Flush()                                           //nolint:errcheck
				c.Close()
			}
		}, exitFailed, "the server says neither how long it is nor where it ends"},
		{"folder/", http.NotFound, exitUsage, "a web server has no folders"},
	}
	mux := http.NewServeMux()
	for _, tt := range tests {
		mux.Handle("/"+tt.path, tt.handle)
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			dir := t.TempDir()
			address := strings.Replace(server.URL, "://", "://user:hunter2@", 1) + "/" + tt.path + "?sig=hunter2"
			_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "parquet", "--out", "o", address)
			if status != tt.status || !strings.Contains(errs, tt.says) || strings.Contains(errs, "hunter2") {
				t.Fatalf("%d %s", status, errs)
			}
			if status != exitOK {
				if !strings.Contains(errs, "read "+server.URL+"/"+tt.path+": ") || listing(t, dir) != "" {
					t.Errorf("files %q: %s", listing(t, dir), errs)
				}
				return
			}
			if got := catAll(t, dir, "o"); got != string(in) {
				t.Errorf("%d bytes of rows, want %d", len(got), len(in))
			}
		})
	}
	if pieces != 2+2+(len(in)+pieceBytes-1)/pieceBytes {
		t.Errorf("%d requests for %d bytes", pieces, len(in))
	}
	insecure := httptest.NewTLSServer(mux) // nobody knows who signed its certificate
	defer insecure.Close()
	if _, errs, status := command(t, t.TempDir(), "", "convert", "--schema", idName, "--out", "o", insecure.URL+"/ranges"); status != exitFailed || !strings.Contains(errs, "certificate") {
		t.Errorf("%d %s", status, errs)
	}
}

// A server that says no more doesn't keep a command that is interrupted.
func TestConvertWebInterrupted(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	in := people(400_000, -1)
	for _, version := range []string{"", `"1"`} { // read in one go, and in pieces
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", version)
			if r.Header.Get("Range") == "bytes=0-0" {
				send(w, r, []byte(in))
				return
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(in)))
			w.(http.Flusher).Flush()
			cancel()
			<-end
		}))
		_, errs, status := commandFrom(ctx, nil, "convert", "--schema", idName, "--out", "o", server.URL+"/in")
		if status != exitInterrupt || listing(t, dir) != "" || !strings.Contains(errs, "interrupted: ") {
			t.Errorf("status %d, files %q, %s", status, listing(t, dir), errs)
		}
		close(end)
		server.CloseClientConnections()
		server.Close()
	}
}

func TestRemoteAddresses(t *testing.T) {
	t.Setenv("HADOOP_CONF_DIR", t.TempDir())
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "")
	for _, tt := range []struct{ in, out, says string }{
		{"i", "https://user:hunter2@h/x?sig=hunter2", "--out https://h/x: a web server's files can only be read"},
		{"i", "ftp://h/x", "--out ftp://h/x: no ftp:// inputs and outputs"},
		{"i", "gs:///x", "--out gs:///x: no bucket"},
		{"i", "az://c/x?sig=hunter2", "--out az://c/x: a token doesn't belong in the address"},
		{"az://c/x?sig=hunter2", "o", "az://c/x: a token doesn't belong in the address"},
		{"az://c/x", "o", "read az://c/x: whose container is it?"},
		{"az://a.blob.core.windows.net", "o", "no container behind the host"},
		{"hdfs:///x", "o", "read hdfs:///x: which namenode?"},
		{"hdfs://me:hunter2@127.0.0.1:1/x", "o", "read hdfs://127.0.0.1:1/x: "},
		{"http:///x", "o", "http:///x: no bucket, container or host"},
		{"https://user:hunter2/hunter2@h/x", "o", "https://…: no URL"},
		{"https://user:hunter2?hunter2@h/x", "o", "https://…: no URL"},
		{"ftp://user:hunter2?hunter2@h/x", "o", "ftp://…: no ftp:// inputs and outputs"},
	} {
		dir := t.TempDir()
		write(t, dir, "i", people(1, -1))
		_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--out", tt.out, tt.in)
		if status != exitUsage || !strings.Contains(errs, tt.says) || strings.Contains(errs, "hunter2") {
			t.Errorf("%s → %s: %d %s", tt.in, tt.out, status, errs)
		}
	}
}

// What is wrong with --errors is said before anything is read.
func TestRemoteErrors(t *testing.T) {
	for _, tt := range []struct{ errors, says string }{
		{"https://h/x", "--errors https://h/x: a web server's files can only be read"},
		{"ftp://h/x", "--errors ftp://h/x: no ftp:// inputs and outputs"},
		{"gs://lake/", "--errors gs://lake/: no name of an object"},
		{"s3://lake/x/", "--errors s3://lake/x/: no name of an object"},
	} {
		dir := t.TempDir()
		write(t, dir, "i", people(1, -1))
		_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--out", "o", "--errors", tt.errors, "i")
		if status != exitUsage || !strings.Contains(errs, tt.says) || listing(t, dir) != "i" {
			t.Errorf("%s: %d %s", tt.errors, status, errs)
		}
	}
}

// A whole bucket has no place beside it for the error lines, and a listing of one is of objects in it.
func TestConvertBuckets(t *testing.T) {
	for scheme, s := range stores(t) {
		s.objects["logs/a.json"] = []byte(people(3, 1))
		_, errs, status := command(t, t.TempDir(), "", "convert", "--schema", idName, "--out", scheme+"://lake/", "--max-failed", "1", scheme+"://logs")
		if status != exitOK || s.objects["lake/a.parquet"] == nil || !strings.Contains(string(s.objects["lake/errors.ndjson"]), scheme+`://logs/a.json"`) {
			t.Errorf("%s: %d %s, objects %q", scheme, status, errs, slices.Sorted(maps.Keys(s.objects)))
		}
		// a key can't lead out of a folder
		s.objects["logs/../b.json"] = []byte(people(1, -1))
		dir := t.TempDir()
		_, errs, status = command(t, dir, "", "convert", "--schema", idName, "--out", "o/", scheme+"://logs/")
		if status != exitUsage || !strings.Contains(errs, "a name with .. may lead out of o/") || listing(t, dir) != "" {
			t.Errorf("%s: %d %s", scheme, status, errs)
		}
	}
}

type failingUpload struct {
	write, commit error
	did           string
}

func (u *failingUpload) Write(p []byte) (int, error) { u.did += "w"; return len(p), u.write }
func (u *failingUpload) Commit() error               { u.did += "c"; return u.commit }
func (u *failingUpload) Discard() error              { u.did += "d"; return nil }

// What can't be written, be it the last of the buffer, is discarded, and once.
func TestTidyUpload(t *testing.T) {
	for _, tt := range []struct {
		u    failingUpload
		want string
	}{
		{failingUpload{}, "wc"},
		{failingUpload{write: io.ErrClosedPipe}, "wd"},
		{failingUpload{commit: io.ErrClosedPipe}, "wcd"},
	} {
		p := &pending{path: "gs://b/o"}
		p.u = &tidyUpload{u: &tt.u}
		p.w = bufio.NewWriter(p.u)
		if _, err := p.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		failed := tt.u.write != nil || tt.u.commit != nil
		if err := p.complete(); failed && (err == nil || p.abandon(err) != err) || tt.u.did != tt.want {
			t.Errorf("%v, did %s, want %s", err, tt.u.did, tt.want)
		}
	}
}

func TestWholeReader(t *testing.T) {
	checksum := errors.New("another checksum")
	for _, tt := range []struct {
		has  io.Reader
		size int64
		want string
		err  error
	}{
		{strings.NewReader("abc"), 3, "abc", nil},
		{strings.NewReader("abc"), -1, "abc", nil},
		{strings.NewReader("abc"), 4, "abc", io.ErrUnexpectedEOF},
		{strings.NewReader("abc"), 2, "ab", errChanged},
		{strings.NewReader("abc"), 0, "", errChanged},
		{iotest.DataErrReader(strings.NewReader("abc")), 3, "abc", nil},
		{iotest.OneByteReader(strings.NewReader("abc")), 3, "abc", nil},
		{io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(checksum)), 3, "abc", checksum},
	} {
		got, err := io.ReadAll(&wholeReader{r: io.NopCloser(tt.has), name: "x", left: tt.size})
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%d bytes: %q, %v", tt.size, got, err)
		}
	}
}

// A token goes to its own account, not to any host that an address names.
func TestAzureToken(t *testing.T) {
	for name, value := range map[string]string{"ACCOUNT": "mine", "KEY": "", "CONNECTION_STRING": "", "SAS_TOKEN": "?sig=hunter2"} {
		t.Setenv("AZURE_STORAGE_"+name, value)
	}
	for host, want := range map[string]string{
		"": "https://mine.blob.core.windows.net/c?sig=hunter2", "mine.blob.core.windows.net": "https://mine.blob.core.windows.net/c?sig=hunter2",
		"other.blob.core.windows.net": "https://other.blob.core.windows.net/c", "example.com": "https://example.com/c",
	} {
		c, err := azureStore{host}.client("c")
		if err != nil || c.URL() != want {
			t.Errorf("%s: %s, %v", host, c.URL(), err)
		}
	}
}

func TestHadoopOptions(t *testing.T) {
	t.Setenv("HADOOP_USER_NAME", "hadoop")
	conf := hadoopconf.HadoopConf{"fs.defaultFS": "hdfs://lake", "dfs.namenode.rpc-address.lake.1": "n1:9000", "dfs.namenode.rpc-address.lake.2": "n2:9000"}
	for _, tt := range []struct {
		root, user, namenodes string
		conf                  hadoopconf.HadoopConf
	}{
		{"n0", "hadoop", "n0:8020", nil},
		{"me@n0:9000", "me", "n0:9000", nil},
		{"[::1]", "hadoop", "[::1]:8020", nil},
		{"", "hadoop", "n1:9000 n2:9000", conf},
		{"lake", "hadoop", "n1:9000 n2:9000", conf},
		{"n0", "hadoop", "n0:8020", conf},
		{"", "hadoop", "n0:8020", hadoopconf.HadoopConf{"fs.defaultFS": "hdfs://n0/"}},
	} {
		o, err := hadoopOptions(tt.root, tt.conf)
		slices.Sort(o.Addresses)
		if got := strings.Join(o.Addresses, " "); err != nil || o.User != tt.user || got != tt.namenodes {
			t.Errorf("%q: %s at %s, %v", tt.root, o.User, got, err)
		}
	}
	if _, err := hadoopOptions("n0", hadoopconf.HadoopConf{"hadoop.security.authentication": "kerberos"}); err == nil || !strings.Contains(err.Error(), "Kerberos") {
		t.Error(err)
	}
}
