package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/colinmarc/hdfs/v2"
	"github.com/colinmarc/hdfs/v2/hadoopconf"
	azfile "github.com/xitongsys/parquet-go-source/azblob"
	gcsfile "github.com/xitongsys/parquet-go-source/gcs"
	hdfsfile "github.com/xitongsys/parquet-go-source/hdfs"
	httpfile "github.com/xitongsys/parquet-go-source/http"
	parquetfile "github.com/xitongsys/parquet-go/source"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
)

// A store has the objects of one scheme. What it opens is a ParquetFile of parquet-go-source, or what reads as one does where that
// has none; what it creates is an upload of the client below, because parquet-go-source's writers leave half objects behind:
// that of gcs makes an empty object first, that of azblob waits forever for an upload that failed, that of hdfs takes the final name
// at once and drops the errors of Close.
type store interface {
	// find returns what an address names: one object, or all below one that ends in /.
	find(ctx context.Context, a address) ([]found, error)
	// create begins an object. It is not there until it is committed.
	create(ctx context.Context, a address) (upload, error)
}

// found is an object. size is what it gives when it is read, or -1 where that isn't known.
type found struct {
	key  string
	size int64
	open func(ctx context.Context) (io.ReadCloser, error)
}

// store takes an address apart, and returns what has its objects.
func (r *remote) store(text string) (store, address, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	a := address{scheme: scheme}
	a.root, a.key, _ = strings.Cut(rest, "/")
	bad := func(why string) (store, address, error) { return nil, a, fmt.Errorf("%s: %s", shown(text), why) }
	if a.root == "" && scheme != "hdfs" {
		return bad("no bucket, container or host behind ://")
	}
	switch scheme {
	case "gs":
		return googleStore{r.google}, a, nil
	case "az":
		if strings.Contains(a.key, "?") {
			return bad("a token doesn't belong in the address; put it in AZURE_STORAGE_SAS_TOKEN")
		}
		if strings.Contains(a.root, ".") { // the account's host, then the container
			host := a.root
			if a.root, a.key, _ = strings.Cut(a.key, "/"); a.root == "" {
				return bad("no container behind the host")
			}
			return azureStore{host}, a, nil
		}
		return azureStore{}, a, nil
	case "hdfs":
		return hadoopStore{}, a, nil
	case "http", "https":
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" {
			return bad("no URL")
		}
		return webStore{u}, address{scheme, u.Host, strings.TrimPrefix(u.Path, "/")}, nil
	}
	return bad("no " + scheme + ":// inputs and outputs, only s3, gs, az, hdfs, http and https, and files")
}

// plain is an error without the address that was asked for, which may hold a secret, and without the body of the answer.
func plain(err error) error {
	var asked *url.Error
	if errors.As(err, &asked) {
		return asked.Err
	}
	var answer *azcore.ResponseError
	if errors.As(err, &answer) {
		return httpError(answer.StatusCode, answer.ErrorCode)
	}
	var google *googleapi.Error
	if errors.As(err, &google) {
		return httpError(google.Code, google.Message)
	}
	return err
}

func httpError(status int, more string) error {
	return errors.New(strings.TrimSpace(fmt.Sprintf("%d %s %s", status, http.StatusText(status), more)))
}

// wrongInput is the error of looking for an input, said as it is shown: wrong usage, unless the server failed or couldn't be asked, when
// another try may find it.
func wrongInput(said, err error) error {
	var network net.Error
	var answer interface{ HTTPStatusCode() int }
	var azure *azcore.ResponseError
	var google *googleapi.Error
	status := 0
	switch {
	case errors.As(err, &network):
		return said
	case errors.As(err, &answer):
		status = answer.HTTPStatusCode()
	case errors.As(err, &azure):
		status = azure.StatusCode
	case errors.As(err, &google):
		status = google.Code
	}
	if status >= http.StatusInternalServerError {
		return said
	}
	return usage(said)
}

// A webError is the status that a web server answers with.
type webError struct {
	text string
	code int
}

func (e *webError) Error() string       { return e.text }
func (e *webError) HTTPStatusCode() int { return e.code }

// storeSources are the inputs that an address names.
func (r *remote) storeSources(text string) ([]convertSource, error) {
	s, a, err := r.store(text)
	if err != nil {
		return nil, usage(err)
	}
	objects, err := s.find(r.ctx, a)
	if err != nil {
		return nil, wrongInput(fmt.Errorf("read %s: %w", shown(text), plain(err)), err)
	}
	var out []convertSource
	for _, o := range objects {
		name := shown(text)
		c := convertSource{rel: path.Base(name)}
		if isFolder(a.key) {
			c.rel = strings.TrimPrefix(o.key, a.key)
			name = strings.TrimSuffix(strings.TrimSuffix(name, a.key), "/") + "/" + o.key
		}
		c.name, c.size = name, max(o.size, 0)
		c.open = func() (io.ReadCloser, error) {
			// The client isn't told of an interrupt; who reads doesn't wait for it then.
			body, err := o.open(context.WithoutCancel(r.ctx))
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, plain(err))
			}
			return &wholeReader{r: body, name: name, left: o.size}, nil
		}
		out = append(out, c)
	}
	return out, nil
}

// storeUpload begins an output. What it asks for is not given up when the command is interrupted.
func (r *remote) storeUpload(text string) (upload, error) {
	s, a, err := r.store(text)
	if err != nil {
		return nil, err
	}
	u, err := s.create(context.WithoutCancel(r.ctx), a)
	if err != nil {
		return nil, plain(err)
	}
	return u, nil
}

// pieceBytes is what is asked for at a time of a ParquetFile that makes a request of every Read, and the size of a block of an upload
// to Azure, which has 50,000 at most.
const pieceBytes = 8 << 20

// pieces reads f in large pieces. Its size must be the one that was found.
func pieces(f parquetfile.ParquetFile, size int64) (io.ReadCloser, error) {
	n, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil && n != size {
		err = errChanged
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{bufio.NewReaderSize(io.LimitReader(f, size), int(min(max(size, 16), pieceBytes))), f}, nil
}

var errChanged = errors.New("it changed while it was read; run the command again")

// googleStore is Google Cloud Storage, with the credentials that its clients find: GOOGLE_APPLICATION_CREDENTIALS, gcloud's, the machine's.
type googleStore struct {
	client func() (*storage.Client, error)
}

func (s googleStore) find(ctx context.Context, a address) ([]found, error) {
	client, err := s.client()
	if err != nil {
		return nil, err
	}
	object := func(o *storage.ObjectAttrs) found {
		f := found{key: o.Name, size: o.Size}
		if strings.EqualFold(o.ContentEncoding, "gzip") {
			f.size = -1 // the service undoes it, or the client does
		}
		f.open = func(ctx context.Context) (io.ReadCloser, error) {
			return gcsfile.NewGcsFileReaderWithClient(ctx, client, "", a.root, o.Name)
		}
		return f
	}
	bucket := client.Bucket(a.root)
	if !isFolder(a.key) {
		o, err := bucket.Object(a.key).Attrs(ctx)
		if err != nil {
			return nil, err
		}
		return []found{object(o)}, nil
	}
	var out []found
	for it := bucket.Objects(ctx, &storage.Query{Prefix: a.key}); ; {
		o, err := it.Next()
		if err == iterator.Done {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(o.Name, "/") && o.Size == 0 {
			continue // a folder that a console made
		}
		out = append(out, object(o))
	}
}

func (s googleStore) create(ctx context.Context, a address) (upload, error) {
	client, err := s.client()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	return &googleUpload{client.Bucket(a.root).Object(a.key).NewWriter(ctx), cancel}, nil
}

// A googleUpload becomes an object when its writer is closed, unless its context was cancelled before.
type googleUpload struct {
	*storage.Writer
	cancel context.CancelFunc
}

func (u *googleUpload) Commit() error {
	defer u.cancel()
	return u.Close()
}

func (u *googleUpload) Discard() error {
	u.cancel()
	u.Close() //nolint:errcheck // that it was cancelled, or what it is discarded for
	return nil
}

// azureStore is Azure Blob Storage: az://container/blob of the account that the variables of its command line name, or
// az://account.blob.core.windows.net/container/blob.
type azureStore struct{ host string }

// client makes a client of a container.
func (s azureStore) client(name string, policies ...policy.Policy) (*container.Client, error) {
	o := &container.ClientOptions{}
	o.PerCallPolicies = policies
	account, key := os.Getenv("AZURE_STORAGE_ACCOUNT"), os.Getenv("AZURE_STORAGE_KEY")
	if text := os.Getenv("AZURE_STORAGE_CONNECTION_STRING"); text != "" && s.host == "" {
		c, err := container.NewClientFromConnectionString(text, name, o)
		if err != nil {
			return nil, errors.New("AZURE_STORAGE_CONNECTION_STRING is not understood") // its error may quote it
		}
		return c, nil
	}
	host := s.host
	if host == "" {
		if account == "" {
			return nil, errors.New("whose container is it? Set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN")
		}
		host = account + ".blob.core.windows.net"
	}
	where := "https://" + host + "/" + url.PathEscape(name)
	named, _, _ := strings.Cut(host, ".")
	if account != "" && account != named {
		key = "" // that of another account, which is none of this host's business, nor is its token
	} else if token := strings.TrimPrefix(os.Getenv("AZURE_STORAGE_SAS_TOKEN"), "?"); key == "" && token != "" {
		where += "?" + token
	}
	if key != "" {
		credential, err := container.NewSharedKeyCredential(named, key)
		if err != nil {
			return nil, errors.New("AZURE_STORAGE_KEY is no key: it isn't base64")
		}
		return container.NewClientWithSharedKeyCredential(where, credential, o)
	}
	return container.NewClientWithNoCredential(where, o)
}

func (s azureStore) find(ctx context.Context, a address) ([]found, error) {
	client, err := s.client(a.root)
	if err != nil {
		return nil, err
	}
	blob := func(key string, size *int64) found {
		f := found{key: key}
		if size != nil {
			f.size = *size
		}
		f.open = func(ctx context.Context) (io.ReadCloser, error) {
			client, err := s.client(a.root, &sameVersion{})
			if err != nil {
				return nil, err
			}
			b := client.NewBlockBlobClient(key)
			file, err := azfile.NewAzBlobFileReaderWithClient(ctx, b.URL(), b)
			if err != nil {
				return nil, err
			}
			return pieces(file, f.size)
		}
		return f
	}
	if !isFolder(a.key) {
		p, err := client.NewBlobClient(a.key).GetProperties(ctx, nil)
		if err != nil {
			return nil, err
		}
		return []found{blob(a.key, p.ContentLength)}, nil
	}
	var out []found
	pages := client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &a.key, Include: container.ListBlobsInclude{Metadata: true}})
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Segment.BlobItems {
			if b.Name == nil || b.Properties == nil || b.Metadata["hdi_isfolder"] != nil {
				continue // a folder of a hierarchical account
			}
			out = append(out, blob(*b.Name, b.Properties.ContentLength))
		}
	}
	return out, nil
}

// sameVersion has every request after the first ask for the version that the first one found. They ask for the bytes as they are stored:
// of a blob with a content encoding of gzip each piece would be taken for a file of its own.
type sameVersion struct{ etag string }

func (s *sameVersion) Do(r *policy.Request) (*http.Response, error) {
	r.Raw().Header.Set("Accept-Encoding", "identity")
	if s.etag != "" {
		r.Raw().Header.Set("If-Match", s.etag)
	}
	answer, err := r.Next()
	switch {
	case err == nil && s.etag == "":
		s.etag = answer.Header.Get("ETag")
	case err == nil && answer.StatusCode == http.StatusPreconditionFailed:
		err = errors.Join(errChanged, answer.Body.Close())
	}
	return answer, err
}

func (s azureStore) create(ctx context.Context, a address) (upload, error) {
	client, err := s.client(a.root)
	if err != nil {
		return nil, err
	}
	return &azureUpload{ctx: ctx, blob: client.NewBlockBlobClient(a.key), run: rand.Text()}, nil
}

// An azureUpload sends blocks, which become a blob when their list is committed; the service forgets blocks that aren't after a week.
type azureUpload struct {
	ctx    context.Context
	blob   *blockblob.Client
	run    string // keeps the blocks of two runs apart
	blocks []string
	buf    []byte
}

func (u *azureUpload) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), pieceBytes-len(u.buf))
		u.buf = append(u.buf, p[:k]...)
		if p = p[k:]; len(u.buf) == pieceBytes {
			if err := u.send(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (u *azureUpload) send() error {
	id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s%05d", u.run, len(u.blocks)))
	if _, err := u.blob.StageBlock(u.ctx, id, streaming.NopCloser(bytes.NewReader(u.buf)), nil); err != nil {
		return err
	}
	u.blocks, u.buf = append(u.blocks, id), u.buf[:0]
	return nil
}

func (u *azureUpload) Commit() error {
	if len(u.buf) > 0 {
		if err := u.send(); err != nil {
			return err
		}
	}
	_, err := u.blob.CommitBlockList(u.ctx, u.blocks, nil)
	return err
}

func (u *azureUpload) Discard() error { return nil }

// hadoopStore is HDFS: hdfs://user@namenode:8020/path, or hdfs:///path with what HADOOP_CONF_DIR says.
type hadoopStore struct{}

// hadoopOptions are those of the client of a cluster.
func hadoopOptions(root string, conf hadoopconf.HadoopConf) (hdfs.ClientOptions, error) {
	o := hdfs.ClientOptionsFromConf(conf)
	if o.KerberosClient != nil {
		return o, errors.New("the cluster's configuration asks for Kerberos, which hydrant doesn't speak; copy the file with hdfs dfs -get or -put")
	}
	i := strings.LastIndexByte(root, '@')
	host := root[i+1:]
	if i >= 0 {
		o.User, _, _ = strings.Cut(root[:i], ":")
	}
	service := strings.TrimSuffix(strings.TrimPrefix(conf["fs.defaultFS"], "hdfs://"), "/")
	if host == "" {
		host = service
	}
	// A name service is no host: its namenodes have addresses of their own.
	o.Addresses = slices.DeleteFunc(o.Addresses, func(a string) bool { return a == service })
	if host != service || len(o.Addresses) == 0 {
		if _, _, err := net.SplitHostPort(host); err != nil && host != "" {
			host = net.JoinHostPort(strings.Trim(host, "[]"), "8020")
		}
		o.Addresses = []string{host}
	}
	if host == "" {
		return o, errors.New("which namenode? Name it, hdfs://host:8020/path, or set HADOOP_CONF_DIR")
	}
	if o.User == "" {
		o.User = os.Getenv("HADOOP_USER_NAME")
	}
	if o.User == "" {
		u, err := user.Current()
		if err != nil {
			return o, fmt.Errorf("who asks? Set HADOOP_USER_NAME: %w", err)
		}
		o.User = u.Username
	}
	o.NamenodeDialFunc, o.DatanodeDialFunc = dialHadoop, dialHadoop
	return o, nil
}

func dialHadoop(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &hadoopConn{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

// A hadoopConn is one of which the client waits for an answer no longer than two minutes. When it closes, that is an error: the client
// takes the end of a connection for that of a block, and then asks for the rest of it for ever.
type hadoopConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *hadoopConn) Read(p []byte) (int, error) {
	if c.r.Buffered() == 0 {
		if err := c.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
			return 0, err
		}
	}
	n, err := c.r.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// A hadoopFile is read by less than a checksum is of, which is 512 bytes: of more, the client hands out what doesn't match before it
// turns to another replica.
type hadoopFile struct{ parquetfile.ParquetFile }

func (f hadoopFile) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = f.ParquetFile.Read(p[n:min(n+256, len(p))])
		n += k
	}
	return n, err
}

func (hadoopStore) client(a address) (*hdfs.Client, error) {
	conf, err := hadoopconf.LoadFromEnvironment()
	if err != nil {
		return nil, err
	}
	o, err := hadoopOptions(a.root, conf)
	if err != nil {
		return nil, err
	}
	return hdfs.NewClient(o)
}

func (s hadoopStore) find(_ context.Context, a address) (out []found, err error) {
	client, err := s.client(a)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	file := func(name string, size int64) found {
		return found{key: strings.TrimPrefix(name, "/"), size: size, open: func(context.Context) (io.ReadCloser, error) {
			client, err := s.client(a)
			if err != nil {
				return nil, err
			}
			r, err := client.Open(name)
			if err != nil {
				return nil, errors.Join(err, client.Close())
			}
			return pieces(hadoopFile{&hdfsfile.HdfsFile{Client: client, FilePath: name, FileReader: r}}, size)
		}}
	}
	if !isFolder(a.key) {
		info, err := client.Stat("/" + a.key)
		if err == nil && info.IsDir() {
			err = errors.New("it is a folder; with a / at the end all files below are read")
		}
		if err != nil {
			return nil, err
		}
		return []found{file("/"+a.key, info.Size())}, nil
	}
	err = client.Walk("/"+a.key, func(name string, info fs.FileInfo, err error) error {
		if err == nil && !info.IsDir() && !strings.HasPrefix(info.Name(), ".") && !strings.HasPrefix(info.Name(), "_") {
			out = append(out, file(name, info.Size()))
		}
		return err
	})
	return out, err
}

func (s hadoopStore) create(_ context.Context, a address) (upload, error) {
	client, err := s.client(a)
	if err != nil {
		return nil, err
	}
	name := "/" + a.key
	u := &hadoopUpload{client: client, name: name, part: path.Join(path.Dir(name), "."+path.Base(name)+"."+rand.Text()+".part")}
	if err = client.MkdirAll(path.Dir(name), 0o755); err == nil {
		u.FileWriter, err = client.Create(u.part)
	}
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return u, nil
}

// A hadoopUpload is a file beside its final name, which it gets when it is complete.
type hadoopUpload struct {
	*hdfs.FileWriter
	client     *hdfs.Client
	name, part string
	size       int64
}

func (u *hadoopUpload) Write(p []byte) (int, error) {
	n, err := u.FileWriter.Write(p)
	u.size += int64(n)
	return n, err
}

func (u *hadoopUpload) Commit() error {
	err := u.Close()
	for range 60 { // the namenode waits for the datanodes
		if !hdfs.IsErrReplicating(err) {
			break
		}
		time.Sleep(time.Second)
		err = u.Close()
	}
	if err == nil {
		var info fs.FileInfo
		if info, err = u.client.Stat(u.part); err == nil && info.Size() != u.size {
			err = fmt.Errorf("of %d bytes the file has %d", u.size, info.Size())
		}
	}
	if err == nil {
		err = u.client.Rename(u.part, u.name)
	}
	if err == nil {
		u.client.Close() //nolint:errcheck // the file has its name
	}
	return err
}

func (u *hadoopUpload) Discard() error {
	return errors.Join(u.client.Remove(u.part), u.client.Close())
}

// webStore is a file of a web server, read by ranges where the server has them.
type webStore struct{ u *url.URL }

var errReadOnly = errors.New("a web server's files can only be read; write a file, or to s3://, gs://, az:// or hdfs://")

func (webStore) create(context.Context, address) (upload, error) { return nil, errReadOnly }

// webBytes is what a file of a web server may have at most.
const webBytes = 1 << 40

// webClient asks a server for pieces; one takes five minutes at most. webStream is for whole files, which may take any time as long as
// something comes.
var webClient, webStream = func() (*http.Client, *http.Client) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	return &http.Client{Transport: ranges{t}, CheckRedirect: follow, Timeout: 5 * time.Minute}, &http.Client{Transport: t, CheckRedirect: follow}
}()

// follow goes on where a server sends it, but not from https to less.
func follow(r *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("more than 10 redirections")
	}
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return errors.New("the server sends on from https to " + r.URL.Scheme)
	}
	r.Header.Del("Referer") // its query may be a signature
	return nil
}

// ranges answers a request for a range with that range or an error: a ParquetFile takes whatever comes for the bytes it asked for.
type ranges struct{ transport http.RoundTripper }

func (t ranges) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		if answer.Header.Get("Location") != "" {
			return answer, nil // the client follows these, and hands on all others
		}
	}
	asked := strings.TrimPrefix(r.Header.Get("Range"), "bytes=")
	var from, to int64
	if _, err = fmt.Sscanf(asked, "%d-%d", &from, &to); err != nil {
		return nil, errors.Join(err, answer.Body.Close())
	}
	switch {
	case answer.StatusCode == http.StatusPreconditionFailed:
		err = errChanged
	case answer.StatusCode != http.StatusPartialContent:
		err = errors.New(answer.Status)
		if answer.StatusCode == http.StatusOK {
			err = errors.New("the server has no ranges any more")
		}
	case !strings.HasPrefix(answer.Header.Get("Content-Range"), "bytes "+asked+"/"):
		err = fmt.Errorf("the server answers bytes %s with %q", asked, answer.Header.Get("Content-Range"))
	}
	if err != nil {
		return nil, errors.Join(err, answer.Body.Close())
	}
	answer.Body = &wholeReader{r: answer.Body, name: "bytes " + asked, left: to - from + 1}
	return answer, nil
}

func (s webStore) find(ctx context.Context, a address) ([]found, error) {
	if isFolder(a.key) {
		return nil, errors.New("a web server has no folders; name the files")
	}
	// A request for one byte tells whether there are ranges, and the size.
	answer, err := s.get(ctx, "bytes=0-0")
	if err != nil {
		return nil, err
	}
	if err := answer.Body.Close(); err != nil {
		return nil, err
	}
	f := found{key: a.key, size: answer.ContentLength}
	version := map[string]string{}
	if etag := answer.Header.Get("ETag"); etag != "" && !strings.HasPrefix(etag, "W/") {
		version["If-Match"] = etag
	} else if at := answer.Header.Get("Last-Modified"); at != "" {
		version["If-Unmodified-Since"] = at
	}
	f.open = s.whole
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusPartialContent:
		_, total, _ := strings.Cut(answer.Header.Get("Content-Range"), "/")
		if f.size, err = strconv.ParseInt(total, 10, 64); err != nil || f.size < 1 {
			f.size = -1
		}
		if f.size < 0 || len(version) == 0 {
			break // nothing says that pieces are of one file
		}
		f.open = func(context.Context) (io.ReadCloser, error) {
			useWebClient()
			file, err := httpfile.NewHttpReader(s.u.String(), false, false, version)
			if err != nil {
				return nil, err
			}
			return pieces(file, f.size)
		}
	case http.StatusRequestedRangeNotSatisfiable: // of an empty file
		f.size = -1
	default:
		return nil, &webError{answer.Status, answer.StatusCode}
	}
	if f.size > webBytes {
		return nil, fmt.Errorf("it has %d bytes; %d is the most", f.size, int64(webBytes))
	}
	return []found{f}, nil
}

// useWebClient has parquet-go-source use our client: its own changes http.DefaultTransport.
var useWebClient = sync.OnceFunc(func() { httpfile.SetDefaultClient(webClient) })

// get asks for a range, or for all.
func (s webStore) get(ctx context.Context, span string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Encoding", "identity")
	if span != "" {
		r.Header.Set("Range", span)
	}
	return webStream.Do(r)
}

// whole reads a file in one go.
func (s webStore) whole(ctx context.Context) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	answer, err := s.get(ctx, "")
	if err != nil {
		cancel(nil)
		return nil, err
	}
	switch chunked := len(answer.TransferEncoding) > 0 || answer.ProtoMajor > 1; {
	case answer.StatusCode != http.StatusOK:
		err = errors.New(answer.Status)
	case answer.ContentLength < 0 && !chunked:
		err = errors.New("the server says neither how long it is nor where it ends, so a cut-off would go unseen; fetch it first, and name the file")
	}
	if err != nil {
		cancel(nil)
		return nil, errors.Join(err, answer.Body.Close())
	}
	stall := time.AfterFunc(webStall, func() { cancel(errStall) })
	return &watchedBody{ctx, answer.Body, cancel, stall, webBytes}, nil
}

const webStall = time.Minute

var errStall = errors.New("nothing came for a minute")

// A watchedBody is given up when nothing comes, or too much.
type watchedBody struct {
	ctx    context.Context
	body   io.ReadCloser
	cancel context.CancelCauseFunc
	timer  *time.Timer
	left   int64
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.timer.Reset(webStall)
	n, err := b.body.Read(p)
	b.timer.Stop() // what reads may be slow
	if cause := context.Cause(b.ctx); err != nil && cause != nil {
		err = cause
	}
	if b.left -= int64(n); b.left < 0 {
		err = fmt.Errorf("it has more than %d bytes", int64(webBytes))
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.body.Close()
}
