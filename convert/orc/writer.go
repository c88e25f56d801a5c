// Package orc writes ORC files: the OrcSerDe of a delivery stream's record format conversion.
//
// A [Writer] turns batches of column vectors into stripes and stripes into a file:
//
//	w, err := orc.New(file, table.Columns, orc.Options{})
//	var stripe orc.Stripe
//	for col := range table.Columns {
//		err = w.Encode(&stripe, batch, col) // on any goroutine, columns at once
//	}
//	if w.Size(&stripe) >= w.BlockSize() {
//		err = w.Append(&stripe) // in order
//	}
//	err = w.Close() // after a last Append
//
// # The file
//
//	"ORC"                      3 bytes
//	stripe 1 ... stripe n      see Stripe
//	Metadata                   statistics of the stripes      PostScript.metadataLength
//	Footer                     stripes, types, statistics     PostScript.footerLength
//	PostScript                 never compressed
//	length of PostScript       1 byte
//
// # Design
//
// A run-length encoded run ends with its row group, so that the index needs no place inside of a
// run and encoders keep no account of positions; that costs a few bytes per row group. PRESENT and
// boolean DATA, whose bits can't be padded, are gathered as bits and encoded at the stripe's end.
//
// Dates are proleptic and timestamps UTC (Footer.calendar, StripeFooter.writerTimezone). Statistics
// leave out what a reader could prune wrongly by: the range of floats among which is a NaN, sums
// that overflow, bytes that aren't UTF-8.
//
// Footer.writer is a code of hydrant's own with writerVersion 6, the first that the definition gives
// to writers other than ORC Java (orc-writer-notes.md §1).
package orc

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/hydrantkit/hydrant/schema"
)

// A Compression is a value of the API's Compression.
type Compression string

// The service's compressions. The zero Compression is the default, SNAPPY.
const (
	None   Compression = "NONE"
	Zlib   Compression = "ZLIB"
	Snappy Compression = "SNAPPY"
)

// The file versions, for Options.FormatVersion. Version 0.11 has the encodings that Hive 0.11 reads.
const (
	V0_11 = "V0_11"
	V0_12 = "V0_12"
)

// Options are the API's OrcSerDe. The zero value of each is the service's default
// (format-conversion.md §7).
type Options struct {
	StripeSizeBytes                     int64       // at least 8 MiB; default 64 MiB. The caller of Append keeps it, by Size
	BlockSizeBytes                      int64       // at least 64 MiB; default 256 MiB. What padding aligns to
	RowIndexStride                      int         // at least 1,000; default 10,000 rows
	EnablePadding                       bool        // align stripes to blocks
	PaddingTolerance                    *float64    // 0 to 1; default 0.05: how much of StripeSizeBytes padding may take
	Compression                         Compression // default SNAPPY
	BloomFilterColumns                  []string    // names of columns; a.b is member b of struct a
	BloomFilterFalsePositiveProbability *float64    // 0 to 1; default 0.05
	DictionaryKeyThreshold              *float64    // 0 to 1; default 0.8: distinct values to values, up to which text has a dictionary
	FormatVersion                       string      // V0_11 or V0_12, the default
}

// Check reports the first option that is out of its range.
func (o *Options) Check() error {
	switch {
	case o.StripeSizeBytes != 0 && o.StripeSizeBytes < 8<<20:
		return fmt.Errorf("StripeSizeBytes is %d, the least is %d", o.StripeSizeBytes, 8<<20)
	case o.BlockSizeBytes != 0 && o.BlockSizeBytes < 64<<20:
		return fmt.Errorf("BlockSizeBytes is %d, the least is %d", o.BlockSizeBytes, 64<<20)
	case o.RowIndexStride != 0 && o.RowIndexStride < 1000:
		return fmt.Errorf("RowIndexStride is %d, the least is 1000", o.RowIndexStride)
	}
	for _, r := range []struct {
		name string
		p    *float64
	}{
		{"PaddingTolerance", o.PaddingTolerance},
		{"BloomFilterFalsePositiveProbability", o.BloomFilterFalsePositiveProbability},
		{"DictionaryKeyThreshold", o.DictionaryKeyThreshold},
	} {
		if r.p != nil && !(*r.p >= 0 && *r.p <= 1) {
			return fmt.Errorf("%s is %v, must be 0 to 1", r.name, *r.p)
		}
	}
	switch o.Compression {
	case "", None, Zlib, Snappy:
	default:
		return fmt.Errorf("Compression is %q, must be NONE, ZLIB or SNAPPY", o.Compression)
	}
	switch o.FormatVersion {
	case "", V0_11, V0_12:
	default:
		return fmt.Errorf("FormatVersion is %q, must be V0_11 or V0_12", o.FormatVersion)
	}
	return nil
}

// blockSize is how many bytes a chunk of a stream holds: the reference writer's default.
const blockSize = 256 << 10

// writerCode is Footer.writer: no registered writer's (those are 0 to 5), 'h'.
const writerCode = 104

// A Writer writes one file. Encode, Finish and Size are about a Stripe and may run at once for
// different columns or stripes; Append and Close are for one goroutine.
type Writer struct {
	w       *bufio.Writer // flushed at the end of each stripe
	offset  int64
	err     error
	columns []schema.Column
	ids     []int      // type ids of columns
	types   []typeInfo // by id: the root struct, then the columns in pre-order
	hasTime bool

	mu    sync.Mutex
	spare []*scratch // that no column uses now

	codec                 codec
	compression           Compression
	version1              bool
	stride                int
	threshold             float64
	maxDictionary         int
	bloomWords            int
	bloomHashes           int
	stripeSize            int64
	padding               bool
	blockSize, maxPadding int64

	stripes  []stripeInfo
	metadata []byte       // the Metadata message so far
	stats    []statistics // of the file, by id
}

type typeInfo struct {
	typ      *schema.Type
	children []int
	bloom    bool
}

// A stripeInfo is a StripeInformation message.
type stripeInfo struct {
	offset, index, data, footer int64
	rows                        int
}

// New begins a file of these columns. It checks the options. Nothing is written to w before Append or
// Close.
func New(w io.Writer, columns []schema.Column, o Options) (*Writer, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	return newWriter(w, columns, o)
}

// newWriter is New without the ranges of the service.
func newWriter(dst io.Writer, columns []schema.Column, o Options) (*Writer, error) {
	or := func(p *float64, otherwise float64) float64 {
		if p != nil {
			return *p
		}
		return otherwise
	}
	w := &Writer{
		w:             bufio.NewWriterSize(dst, 2*pageSize),
		columns:       columns,
		compression:   o.Compression,
		version1:      o.FormatVersion == V0_11,
		stride:        o.RowIndexStride,
		threshold:     or(o.DictionaryKeyThreshold, 0.8),
		padding:       o.EnablePadding,
		maxDictionary: maxDictionary,
		stripeSize:    o.StripeSizeBytes,
		blockSize:     o.BlockSizeBytes,
	}
	if w.compression == "" {
		w.compression = Snappy
	}
	if w.version1 {
		w.threshold = 1 // Hive 0.11 reads text from dictionaries only
	}
	if w.stride == 0 {
		w.stride = 10_000
	}
	if w.blockSize == 0 {
		w.blockSize = 256 << 20
	}
	if w.stripeSize == 0 {
		w.stripeSize = 64 << 20
	}
	w.maxPadding = int64(or(o.PaddingTolerance, 0.05) * float64(w.stripeSize))
	w.codec = codec{compression: w.compression, scratch: new(scratch)}
	w.bloomWords, w.bloomHashes = bloomSize(w.stride, or(o.BloomFilterFalsePositiveProbability, 0.05))

	root := (&schema.Table{Columns: columns}).Struct()
	w.addType(root)
	for _, name := range o.BloomFilterColumns {
		if !w.selectBloom(0, name) {
			return nil, fmt.Errorf("BloomFilterColumns: no column %s", name)
		}
	}
	w.ids = w.types[0].children
	w.stats = make([]statistics, len(w.types))
	return w, w.write([]byte("ORC"))
}

// addType appends t and what is below it to types, in pre-order, and returns t's id.
func (w *Writer) addType(t *schema.Type) int {
	id := len(w.types)
	w.types = append(w.types, typeInfo{typ: t})
	add := func(t *schema.Type) {
		child := w.addType(t)
		w.types[id].children = append(w.types[id].children, child)
	}
	switch t.Kind {
	case schema.Array:
		add(t.Elem)
	case schema.Map:
		add(t.Key)
		add(t.Elem)
	case schema.Struct:
		for i := range t.Fields {
			add(t.Fields[i].Type)
		}
	case schema.Timestamp:
		w.hasTime = true
	}
	return id
}

// selectBloom gives bloom filters to the member of struct id by that name, and to all below it.
func (w *Writer) selectBloom(id int, name string) bool {
	t := &w.types[id]
	if t.typ.Kind != schema.Struct {
		return false
	}
	for i, f := range t.typ.Fields {
		if strings.EqualFold(f.Name, name) {
			w.setBloom(t.children[i])
			return true
		}
		if n := len(f.Name); len(name) > n && name[n] == '.' && strings.EqualFold(f.Name, name[:n]) &&
			w.selectBloom(t.children[i], name[n+1:]) {
			return true
		}
	}
	return false
}

// setBloom gives bloom filters to type id and those below it, as far as readers know how to ask
// them: not to booleans.
func (w *Writer) setBloom(id int) {
	k := w.types[id].typ.Kind
	w.types[id].bloom = k.Primitive() && k != schema.Boolean
	for _, child := range w.types[id].children {
		w.setBloom(child)
	}
}

// Reset begins another file on dst, of the same columns and options. Stripes that are empty may be used for it.
func (w *Writer) Reset(dst io.Writer) {
	w.w.Reset(dst)
	w.offset, w.err, w.stripes, w.metadata = 0, nil, nil, nil
	clear(w.stats)
	w.err = w.write([]byte("ORC"))
}

// fail remembers the first error: after it there is no file.
func (w *Writer) fail(err error) error {
	if w.err == nil {
		w.err = err
	}
	return err
}

// Close writes what follows the stripes. It doesn't close the underlying writer.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.err = fmt.Errorf("the file is closed")
	content := w.offset
	metadata := w.codec.appendMessage(nil, w.metadata)
	footer := w.codec.appendMessage(nil, w.footer(content))
	if err := w.write(metadata); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if err := w.write(footer); err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	ps := w.postScript(len(footer), len(metadata))
	if err := w.write(append(ps, byte(len(ps)))); err != nil {
		return fmt.Errorf("postscript: %w", err)
	}
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("postscript: %w", err)
	}
	return nil
}

func (w *Writer) postScript(footer, metadata int) []byte {
	dst := appendUint(nil, 1, uint64(footer))
	kind := map[Compression]uint64{None: 0, Zlib: 1, Snappy: 2}[w.compression]
	dst = appendUint(dst, 2, kind)
	if w.compression != None {
		dst = appendUint(dst, 3, blockSize)
	}
	version := []uint64{0, 12}
	if w.version1 {
		version[1] = 11
	}
	dst = appendPacked64(dst, 4, version)
	dst = appendUint(dst, 5, uint64(metadata))
	dst = appendUint(dst, 6, 6)
	return appendBytes(dst, 8000, "ORC") // last, so that it stands before the length
}

func (w *Writer) footer(content int64) []byte {
	dst := appendUint(nil, 1, 3)
	dst = appendUint(dst, 2, uint64(content))
	var at int
	rows := 0
	for _, s := range w.stripes {
		dst, at = openMessage(dst, 3)
		dst = appendUint(dst, 1, uint64(s.offset))
		dst = appendUint(dst, 2, uint64(s.index))
		dst = appendUint(dst, 3, uint64(s.data))
		dst = appendUint(dst, 4, uint64(s.footer))
		dst = appendUint(dst, 5, uint64(s.rows))
		dst = closeMessage(dst, at)
		rows += s.rows
	}
	for _, t := range w.types {
		dst, at = openMessage(dst, 4)
		dst = closeMessage(t.append(dst), at)
	}
	dst = appendUint(dst, 6, uint64(rows))
	for i := range w.stats {
		dst, at = openMessage(dst, 7)
		dst = closeMessage(w.stats[i].append(dst, w.types[i].typ), at)
	}
	dst = appendUint(dst, 8, uint64(w.stride))
	dst = appendUint(dst, 9, writerCode)
	dst = appendUint(dst, 11, 2) // PROLEPTIC_GREGORIAN
	return appendBytes(dst, 12, "hydrant")
}

// append appends a Type message's fields.
func (t *typeInfo) append(dst []byte) []byte {
	kind := [...]uint64{
		schema.Boolean: kindBoolean, schema.TinyInt: kindByte, schema.SmallInt: kindShort, schema.Int: kindInt,
		schema.BigInt: kindLong, schema.Float: kindFloat, schema.Double: kindDouble, schema.Decimal: kindDecimal,
		schema.String: kindString, schema.Char: kindChar, schema.VarChar: kindVarchar, schema.Binary: kindBinary,
		schema.Date: kindDate, schema.Timestamp: kindTimestamp,
		schema.Array: kindList, schema.Map: kindMap, schema.Struct: kindStruct,
	}[t.typ.Kind]
	dst = appendUint(dst, 1, kind)
	if len(t.children) > 0 {
		ids := make([]uint64, len(t.children))
		for i, id := range t.children {
			ids[i] = uint64(id)
		}
		dst = appendPacked64(dst, 2, ids)
	}
	switch t.typ.Kind {
	case schema.Struct:
		for _, f := range t.typ.Fields {
			dst = appendBytes(dst, 3, f.Name)
		}
	case schema.Char, schema.VarChar:
		dst = appendUint(dst, 4, uint64(t.typ.Length))
	case schema.Decimal:
		dst = appendUint(dst, 5, uint64(t.typ.Precision))
		dst = appendUint(dst, 6, uint64(t.typ.Scale))
	}
	return dst
}

// appendStripeStatistics appends one StripeStatistics to a Metadata message.
func (w *Writer) appendStripeStatistics(dst []byte, stats []statistics) []byte {
	dst, stripe := openMessage(dst, 1)
	var at int
	for i := range stats {
		s := stats[i]
		s.onDisk = 0 // in the footer only
		dst, at = openMessage(dst, 1)
		dst = closeMessage(s.append(dst, w.types[i].typ), at)
	}
	return closeMessage(dst, stripe)
}
