package main

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"
	"net"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A message of protocol buffers: numbers and bytes by the number of their field, those of fixed width as numbers.
type protoFields struct {
	numbers map[int]uint64
	bytes   map[int][]byte
}

func parseProto(b []byte) protoFields {
	m := protoFields{map[int]uint64{}, map[int][]byte{}}
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		b = b[n:]
		switch field := int(key >> 3); key & 7 {
		case 0:
			m.numbers[field], n = binary.Uvarint(b)
			b = b[n:]
		case 1:
			m.numbers[field], b = binary.LittleEndian.Uint64(b), b[8:]
		case 2:
			size, n := binary.Uvarint(b)
			m.bytes[field], b = b[n:n+int(size)], b[n+int(size):]
		case 5:
			m.numbers[field], b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		}
	}
	return m
}

func (m protoFields) sub(field int) protoFields { return parseProto(m.bytes[field]) }

func protoNumber(b []byte, field int, x uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3), x)
}

func protoBytes[T string | []byte](b []byte, field int, x T) []byte {
	return append(binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3|2), uint64(len(x))), x...)
}

func prefixed(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

func readPrefixed(r *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return b, err
}

// A hadoop is a namenode and a datanode, as far as the command calls them. Files are of blocks of blockBytes.
type hadoop struct {
	mu     sync.Mutex
	files  map[string][]byte // by path
	blocks [][]byte          // of files that are being written, by their number
	parts  map[string][]int  // the blocks of those files

	node, data net.Listener

	refuse  func(method string) bool       // of the namenode
	corrupt func(packet []byte)            // what is read, behind its checksums
	cut     func(number int) (close bool)  // before packet number of a read
	nack    func(number uint64) (bad bool) // of packet number of a write
}

const blockBytes = 1 << 20

func newHadoop(t *testing.T) *hadoop {
	t.Helper()
	t.Setenv("HADOOP_CONF_DIR", t.TempDir())
	h := &hadoop{files: map[string][]byte{}, parts: map[string][]int{}}
	for _, serve := range []struct {
		l      *net.Listener
		handle func(c net.Conn) error
	}{{&h.node, h.namenode}, {&h.data, h.datanode}} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*serve.l = l
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					serve.handle(c) //nolint:errcheck // the client went away
				}()
			}
		}()
	}
	return h
}

func (h *hadoop) address(name string) string { return "hdfs://me@" + h.node.Addr().String() + name }

// namenode: "hrpc", three bytes, then packets of a length and the messages of a call, each with its length.
func (h *hadoop) namenode(c net.Conn) error {
	r := bufio.NewReader(c)
	if _, err := io.CopyN(io.Discard, r, 7); err != nil {
		return err
	}
	for first := true; ; first = false {
		var size [4]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return err
		}
		p := bufio.NewReader(io.LimitReader(r, int64(binary.BigEndian.Uint32(size[:]))))
		var parts []protoFields
		for {
			b, err := readPrefixed(p)
			if err != nil {
				break
			}
			parts = append(parts, parseProto(b))
		}
		if first {
			continue // who it is
		}
		call := parts[0].numbers[3] >> 1 // zigzag
		head := protoNumber(protoNumber(nil, 1, call), 2, 0)
		answer, exception := h.call(string(parts[1].bytes[1]), parts[2])
		reply := prefixed(answer)
		if exception != "" {
			head, reply = protoBytes(protoBytes(protoNumber(protoNumber(nil, 1, call), 2, 1), 4, exception), 5, "no"), nil
		}
		reply = append(prefixed(head), reply...)
		if _, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(reply))), reply...)); err != nil {
			return err
		}
	}
}

func (h *hadoop) status(name string) []byte {
	kind := uint64(1)
	if _, ok := h.files[name]; ok {
		kind = 2
	}
	b := protoBytes(protoNumber(nil, 1, kind), 2, path.Base(name))
	b = protoBytes(protoNumber(b, 3, uint64(len(h.files[name]))), 4, protoNumber(nil, 1, 0o644))
	return protoNumber(protoNumber(protoNumber(protoBytes(protoBytes(b, 5, "me"), 6, "us"), 7, 0), 8, 0), 13, 7)
}

// located is where a block lies.
func (h *hadoop) located(number int, offset, size int) []byte {
	block := protoNumber(protoNumber(protoNumber(protoBytes(nil, 1, "pool"), 2, uint64(number)), 3, 1), 4, uint64(size))
	at := h.data.Addr().(*net.TCPAddr)
	id := protoBytes(protoBytes(protoBytes(nil, 1, at.IP.String()), 2, "localhost"), 3, "uuid")
	id = protoNumber(protoNumber(protoNumber(id, 4, uint64(at.Port)), 5, 0), 6, 0)
	datanode := protoBytes(nil, 1, id)
	token := protoBytes(protoBytes(protoBytes(protoBytes(nil, 1, ""), 2, ""), 3, ""), 4, "")
	b := protoBytes(protoNumber(protoBytes(nil, 1, block), 2, uint64(offset)), 3, datanode)
	if size > 0 { // a second replica
		b = protoBytes(b, 3, datanode)
	}
	return protoBytes(protoNumber(b, 4, 0), 5, token)
}

func (h *hadoop) newBlock(content []byte) int {
	h.blocks = append(h.blocks, content)
	return len(h.blocks) - 1
}

func (h *hadoop) call(method string, in protoFields) (answer []byte, exception string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil && h.refuse(method) {
		return nil, "org.apache.hadoop.security.AccessControlException"
	}
	src := string(in.bytes[1])
	yes := protoNumber(nil, 1, 1)
	switch method {
	case "getFileInfo":
		_, ok := h.files[src]
		for name := range h.files {
			ok = ok || strings.HasPrefix(name, strings.TrimRight(src, "/")+"/")
		}
		if !ok {
			return nil, ""
		}
		return protoBytes(nil, 1, h.status(src)), ""
	case "getListing":
		var list []byte
		seen := map[string]bool{}
		for _, name := range slices.Sorted(maps.Keys(h.files)) {
			rest, ok := strings.CutPrefix(name, strings.TrimRight(src, "/")+"/")
			rest, _, _ = strings.Cut(rest, "/")
			if ok && !seen[rest] {
				seen[rest] = true
				list = protoBytes(list, 1, h.status(path.Join(src, rest)))
			}
		}
		return protoBytes(nil, 1, protoNumber(list, 2, 0)), ""
	case "getServerDefaults":
		return protoBytes(nil, 1, protoNumber(protoNumber(protoNumber(protoNumber(protoNumber(nil, 1, blockBytes), 2, 512), 3, 65536), 4, 1), 5, 4096)), ""
	case "getBlockLocations":
		file := h.files[src]
		b := protoNumber(nil, 1, uint64(len(file)))
		for at := 0; at < len(file); at += blockBytes {
			piece := file[at:min(at+blockBytes, len(file))]
			b = protoBytes(b, 2, h.located(h.newBlock(piece), at, len(piece)))
		}
		return protoBytes(nil, 1, protoNumber(protoNumber(b, 3, 0), 5, 1)), ""
	case "create":
		h.files[src], h.parts[src] = nil, nil
		return protoBytes(nil, 1, h.status(src)), ""
	case "addBlock":
		n := h.newBlock(nil)
		h.parts[src] = append(h.parts[src], n)
		return protoBytes(nil, 1, h.located(n, 0, 0)), ""
	case "updateBlockForPipeline":
		return protoBytes(nil, 1, h.located(int(in.sub(1).numbers[2]), 0, 0)), ""
	case "complete":
		h.files[src] = nil
		for _, n := range h.parts[src] {
			h.files[src] = append(h.files[src], h.blocks[n]...)
		}
		return yes, ""
	case "rename2":
		h.files[string(in.bytes[2])] = h.files[src]
		delete(h.files, src)
	case "delete":
		delete(h.files, src)
		return yes, ""
	case "mkdirs":
		return yes, ""
	}
	return nil, ""
}

// datanode: the version, the operation, its message; then packets of a length, a header with its own, checksums and data.
func (h *hadoop) datanode(c net.Conn) error {
	r := bufio.NewReader(c)
	var op [3]byte
	if _, err := io.ReadFull(r, op[:]); err != nil {
		return err
	}
	b, err := readPrefixed(r)
	if err != nil {
		return err
	}
	in := parseProto(b)
	number := int(in.sub(1).sub(1).sub(1).numbers[2])
	ok := protoBytes(protoNumber(nil, 1, 0), 2, "")
	if op[2] == 0x50 {
		if _, err := c.Write(prefixed(ok)); err != nil {
			return err
		}
		return h.write(c, r, number)
	}
	h.mu.Lock()
	block := h.blocks[number]
	h.mu.Unlock()
	from := int(in.numbers[2]) / 512 * 512
	sums := protoNumber(protoBytes(nil, 1, protoNumber(protoNumber(nil, 1, 2), 2, 512)), 2, uint64(from))
	if _, err := c.Write(prefixed(protoBytes(ok, 4, sums))); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if h.cut != nil && h.cut(n) {
			return nil
		}
		piece := slices.Clone(block[from:min(from+65536, len(block))])
		var sums []byte
		for chunk := range slices.Chunk(piece, 512) {
			sums = binary.BigEndian.AppendUint32(sums, crc32.Checksum(chunk, crc32.MakeTable(crc32.Castagnoli)))
		}
		if h.corrupt != nil {
			h.corrupt(piece)
		}
		last := uint64(0)
		if len(piece) == 0 {
			last = 1
		}
		head := binary.LittleEndian.AppendUint64([]byte{1<<3 | 1}, uint64(from))
		head = binary.LittleEndian.AppendUint64(append(head, 2<<3|1), uint64(n))
		head = binary.LittleEndian.AppendUint32(append(protoNumber(head, 3, last), 4<<3|5), uint32(len(piece)))
		packet := binary.BigEndian.AppendUint32(nil, uint32(4+len(sums)+len(piece)))
		packet = append(binary.BigEndian.AppendUint16(packet, uint16(len(head))), head...)
		if _, err := c.Write(append(append(packet, sums...), piece...)); err != nil || last == 1 {
			return err
		}
		from += len(piece)
	}
}

// write takes a block, and acknowledges its packets.
func (h *hadoop) write(c net.Conn, r *bufio.Reader, number int) error {
	for {
		var size [6]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return err
		}
		b := make([]byte, binary.BigEndian.Uint16(size[4:]))
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
		head := parseProto(b)
		content := make([]byte, binary.BigEndian.Uint32(size[:])-4)
		if _, err := io.ReadFull(r, content); err != nil {
			return err
		}
		data := content[len(content)-int(head.numbers[4]):]
		h.mu.Lock()
		h.blocks[number] = append(h.blocks[number], data...)
		h.mu.Unlock()
		status := uint64(0)
		if h.nack != nil && h.nack(head.numbers[2]) {
			status = 1
		}
		ack := protoNumber(protoNumber(nil, 1, head.numbers[2]<<1), 2, status)
		ack = protoNumber(ack, 3, 1<<20) // no answer may be shorter than five bytes
		if _, err := c.Write(prefixed(ack)); err != nil || head.numbers[3] == 1 {
			return err
		}
	}
}

func TestConvertHadoop(t *testing.T) {
	h := newHadoop(t)
	in := people(100_000, -1) // several blocks
	h.files["/logs/in/a.json"] = []byte(in)
	h.files["/logs/in/b/c.json.gz"] = []byte(gzipped(t, people(2000, -1)))
	h.files["/logs/in/empty.json"] = []byte{}
	h.files["/logs/in/.part"] = []byte("x")
	dir := t.TempDir()
	_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--option", "Compression=UNCOMPRESSED", "--out", h.address("/lake/"), h.address("/logs/in/"))
	if status != exitOK || strings.Contains(errs, "me@") {
		t.Fatalf("%d %s", status, errs)
	}
	if got := strings.Join(slices.Sorted(maps.Keys(h.files)), " "); got != "/lake/a.parquet /lake/b/c.parquet /lake/empty.parquet /logs/in/.part /logs/in/a.json /logs/in/b/c.json.gz /logs/in/empty.json" {
		t.Error(got)
	}
	for name, want := range map[string]string{"/lake/a.parquet": in, "/lake/b/c.parquet": people(2000, -1), "/lake/empty.parquet": ""} {
		write(t, dir, "o", string(h.files[name]))
		if got := catAll(t, dir, "o"); got != want {
			t.Errorf("%s: %d bytes of rows, want %d", name, len(got), len(want))
		}
	}
}

// What Hadoop does badly is made good by another replica, or leaves nothing behind and is said.
func TestConvertHadoopFaults(t *testing.T) {
	in := people(100_000, -1)
	once := func() func(now bool) bool {
		done := false
		return func(now bool) bool {
			now = now && !done
			done = done || now
			return now
		}
	}
	for _, tt := range []struct {
		name, says string // nothing where it ends well
		fault      func(h *hadoop)
	}{
		{"a replica that is corrupt", "", func(h *hadoop) {
			first := once()
			h.corrupt = func(piece []byte) {
				if len(piece) > 3000 && first(true) {
					piece[3000] ^= 1
				}
			}
		}},
		{"replicas that are corrupt", "read hdfs://NODE/in: invalid checksum", func(h *hadoop) {
			h.corrupt = func(piece []byte) {
				if len(piece) > 3000 {
					piece[3000] ^= 1
				}
			}
		}},
		{"a datanode that goes away", "", func(h *hadoop) {
			first := once()
			h.cut = func(n int) bool { return first(n == 3) }
		}},
		{"datanodes that say nothing", "read hdfs://NODE/in: unexpected EOF", func(h *hadoop) { h.cut = func(n int) bool { return true } }},
		{"a packet that isn't stored", "write hdfs://NODE/out: Ack error", func(h *hadoop) { h.nack = func(n uint64) bool { return n == 4 } }},
		{"the last packet isn't stored", "write hdfs://NODE/out: Ack error", func(h *hadoop) { h.nack = func(n uint64) bool { return n > 16 } }},
		{"a block that is forgotten", "write hdfs://NODE/out: of ", func(h *hadoop) {
			h.refuse = func(method string) bool {
				if method == "complete" {
					h.blocks[len(h.blocks)-1] = nil
				}
				return false
			}
		}},
		{"no name", "write hdfs://NODE/out: rename", func(h *hadoop) { h.refuse = func(method string) bool { return method == "rename2" } }},
		{"no file", "write hdfs://NODE/out: create", func(h *hadoop) { h.refuse = func(method string) bool { return method == "create" } }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHadoop(t)
			h.files["/in"] = []byte(in)
			tt.fault(h)
			dir := t.TempDir()
			_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--quiet", "--option", "Compression=UNCOMPRESSED", "--out", h.address("/out"), h.address("/in"))
			if tt.says == "" {
				write(t, dir, "o", string(h.files["/out"]))
				if status != exitOK || catAll(t, dir, "o") != in {
					t.Errorf("status %d, %s, other rows than there are", status, errs)
				}
				return
			}
			if says := strings.ReplaceAll(tt.says, "NODE", h.node.Addr().String()); status != exitFailed || !strings.Contains(errs, says) {
				t.Errorf("status %d, %s, want %s", status, errs, says)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(h.files)), " "); got != "/in" {
				t.Errorf("files %s", got)
			}
		})
	}
}
