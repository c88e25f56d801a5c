package s3

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/hydrantkit/hydrant/harness/record"
)

// Memory is buckets in memory. Its zero value is empty.
type Memory struct {
	Objects []Object // in the order of delivery
}

// Put keeps a copy of o.
func (m *Memory) Put(_ context.Context, o Object) error {
	o.Body = bytes.Clone(o.Body)
	m.Objects = append(m.Objects, o)
	return nil
}

// keysFile lists a bucket's objects, one line each, so that a later run can tell them from other files.
const keysFile = ".keys.ndjson"

// partExtension is that of an object that is being written. No key has such a file.
const partExtension = ".part"

// A Directory is buckets under one directory: <dir>/<bucket>/<key>. Objects are written beside their
// final name and renamed, so that none is ever half there. Nothing outside of the directory can be touched,
// whatever a key holds: a part of a key that no folder name can hold is stored under a shortened, hashed name,
// and the true key stands in the bucket's .keys.ndjson.
type Directory struct {
	root    *os.Root
	buckets map[string]*folder
}

// A folder is a bucket's, and the one in it that the last object went to: both open, so that the way there isn't walked
// for every object.
type folder struct {
	*os.Root
	keys *os.File
	dir  string
	last *os.Root
}

// OpenDirectory opens dir, making it where it is not there.
func OpenDirectory(dir string) (*Directory, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Directory{root: root, buckets: map[string]*folder{}}, nil
}

// A keyLine is a line of .keys.ndjson.
type keyLine struct {
	Key             string `json:"key"`
	File            string `json:"file,omitempty"` // where it isn't the key
	Kind            string `json:"kind"`
	Bytes           int    `json:"bytes"`
	Records         int    `json:"records"`
	ContentType     string `json:"contentType"`
	ContentEncoding string `json:"contentEncoding,omitempty"`
}

// Clear removes the objects that an earlier run listed, and the folders that are empty then. others is the number of
// files that are left.
func (d *Directory) Clear() (others int, err error) {
	buckets, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return 0, err
	}
	for _, b := range buckets {
		if b.IsDir() {
			if err := d.clear(b.Name()); err != nil {
				return 0, err
			}
		}
	}
	err = fs.WalkDir(d.root.FS(), ".", func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			others++
		}
		return err
	})
	return others, err
}

func (d *Directory) clear(bucket string) error {
	name := bucket + "/" + keysFile
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var l keyLine
		line := in.Bytes() // perhaps behind one that was torn, by a run that was killed and went on
		if json.Unmarshal(line[max(bytes.LastIndex(line, []byte(`{"key":`)), 0):], &l) != nil {
			continue // torn: its object was not put
		}
		file := fileName(l.Key)
		if l.File != "" {
			file = l.File
		}
		file = path.Join(bucket, path.Join("/", file))
		if err := d.root.Remove(file); err != nil {
			if i, serr := d.root.Lstat(file); serr == nil && !i.IsDir() { // else it never came there
				return err
			}
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	folders := []string{}
	err = fs.WalkDir(d.root.FS(), bucket, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			folders = append(folders, name)
		case isPart(e.Name()): // what a run that was killed was writing
			return d.root.Remove(name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := d.root.Remove(name); err != nil {
		return err
	}
	for _, dir := range slices.Backward(folders) {
		_ = d.root.Remove(dir) // only where it is empty
	}
	return nil
}

// Put writes o. Its error is an outage: a full disk, a missing permission.
func (d *Directory) Put(_ context.Context, o Object) error {
	if err := d.put(o); err != nil {
		code := "InternalError"
		if errors.Is(err, fs.ErrPermission) {
			code = "S3.AccessDenied"
		}
		return &record.Outage{Code: code, Err: fmt.Errorf("put %s: %w", o.Key, err)}
	}
	return nil
}

func (d *Directory) put(o Object) error {
	bucket := fileName(o.Bucket)
	b, err := d.bucket(bucket)
	if err != nil {
		return err
	}
	if err = b.putSomewhere(&o); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	delete(d.buckets, bucket) // somebody removed a folder that is open
	if err := b.close(); err != nil {
		return err
	}
	if b, err = d.bucket(bucket); err != nil {
		return err
	}
	return b.putSomewhere(&o)
}

// putSomewhere puts an object where its key says, or, as a key may be another's folder (a and a/b are two objects, and no
// two files), beside.
func (b *folder) putSomewhere(o *Object) error {
	file := fileName(o.Key)
	err := b.put(file, o)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return b.put("~"+hash(o.Key), o)
}

// put writes an object beside its file, lists it, and then gives the file its name: a process that ends in between leaves a line without an
// object, and never an object without a line.
func (b *folder) put(file string, o *Object) error {
	dir, name := path.Split(file)
	in, err := b.in(dir)
	if err != nil {
		return err
	}
	tmp := "~" + hash(o.Key) + partExtension
	if err = write(in, tmp, o.Body); err == nil {
		if err = b.list(file, o); err == nil {
			err = in.Rename(tmp, name)
		}
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(in.Remove(tmp)))
	}
	return nil
}

// list adds an object's line to the bucket's.
func (b *folder) list(file string, o *Object) error {
	l := keyLine{Key: o.Key, Kind: o.Kind, Bytes: len(o.Body), Records: o.Records, ContentType: o.ContentType, ContentEncoding: o.ContentEncoding}
	if file != o.Key {
		l.File = file
	}
	line, err := json.Marshal(l)
	if err == nil {
		_, err = b.keys.Write(append(line, '\n'))
	}
	return err
}

// in opens a folder of the bucket, making it where it isn't there.
func (b *folder) in(dir string) (*os.Root, error) {
	if dir == "" {
		return b.Root, nil
	}
	if b.last != nil && b.dir == dir {
		return b.last, nil
	}
	at := b.Root
	for part := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		err := at.Mkdir(part, 0o777)
		var next *os.Root
		if err == nil || errors.Is(err, fs.ErrExist) {
			next, err = at.OpenRoot(part)
		}
		if at != b.Root {
			err = errors.Join(err, at.Close())
		}
		if err != nil {
			return nil, err
		}
		at = next
	}
	last := b.last
	b.dir, b.last = dir, at
	if last != nil {
		return at, last.Close()
	}
	return at, nil
}

// write makes a file, by pieces: some kernels take ten times as long for one write of 64 MiB as for 256 of 256 KiB.
func write(in *os.Root, name string, body []byte) error {
	f, err := in.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	const piece = 256 << 10
	for ; len(body) > piece && err == nil; body = body[piece:] {
		_, err = f.Write(body[:piece])
	}
	if err == nil {
		_, err = f.Write(body)
	}
	return errors.Join(err, f.Close())
}

// bucket is the open folder of a bucket.
func (d *Directory) bucket(name string) (*folder, error) {
	if b, ok := d.buckets[name]; ok {
		return b, nil
	}
	if err := d.root.MkdirAll(name, 0o777); err != nil {
		return nil, err
	}
	root, err := d.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	keys, err := root.OpenFile(keysFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	b := &folder{Root: root, keys: keys}
	d.buckets[name] = b
	return b, nil
}

// Close closes the buckets.
func (d *Directory) Close() error {
	var err error
	for _, b := range d.buckets {
		err = errors.Join(err, b.close())
	}
	return errors.Join(err, d.root.Close())
}

func (b *folder) close() error {
	var err error
	if b.last != nil {
		err = b.last.Close()
	}
	return errors.Join(err, b.keys.Close(), b.Root.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// maxName is the longest name of a file that file systems hold.
const maxName = 255

// notInNames are the characters that no name of a file may hold.
var notInNames = func() string {
	if runtime.GOOS == "windows" {
		return "\x00\\:*?\"<>|"
	}
	return "\x00"
}()

// fileName is the path, with slashes, under which a key is stored: the key itself where every part of it can
// be a name. No other key has the same.
func fileName(key string) string {
	parts := strings.Split(key, "/")
	for i, p := range parts {
		if p == "" || p == "." || p == ".." || p[0] == '~' || p == keysFile || len(p) > maxName || strings.ContainsAny(p, notInNames) {
			parts[i] = "~" + hash(p)
			if keep := strings.Map(plain, p); keep != "" {
				parts[i] += "-" + keep[:min(len(keep), 100)]
			}
		}
	}
	return strings.Join(parts, "/")
}

// plain keeps what may stand in any file name.
func plain(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '=' {
		return r
	}
	return -1
}

// isPart reports whether a file's name is that of an object being written.
func isPart(name string) bool {
	digits, ok := strings.CutSuffix(name, partExtension)
	digits, tilde := strings.CutPrefix(digits, "~")
	_, err := hex.DecodeString(digits)
	return ok && tilde && err == nil && len(digits) == len(hash(""))
}

func hash(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:8])
}
