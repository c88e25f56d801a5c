package parquet

import (
	"fmt"
	"math"
	"strings"
)

// Options mirrors the API's ParquetSerDe, then adds what only files need. The zero value is the
// service's default (format-conversion.md §7).
type Options struct {
	// BlockSizeBytes is how much a row group holds, at least 64 MiB; 0 is 256 MiB. The writer
	// doesn't cut row groups: who fills them compares it with [Writer.Size].
	BlockSizeBytes int64
	// PageSizeBytes is how much a page holds before compression, at least 64 KiB; 0 is 1 MiB.
	// A page ends before the row that would exceed it, and holds at least one row. Where there are
	// many leaves, pages without a dictionary are smaller, except in LayoutHive.
	PageSizeBytes int64
	// Compression is UNCOMPRESSED, GZIP or SNAPPY, empty for SNAPPY, or ZSTD, which the service doesn't have.
	Compression string
	// EnableDictionaryCompression lets columns of few distinct values have a dictionary.
	EnableDictionaryCompression bool
	// MaxPaddingBytes is how many zero bytes may be spent so that a row group begins at a
	// multiple of BlockSizeBytes.
	MaxPaddingBytes int64
	// WriterVersion is V1 or V2, empty for V1: the kind of data pages and encodings.
	WriterVersion string

	// Layout is whose names, types and metadata the file has.
	Layout Layout
	// BloomFilterColumns are dotted paths of columns and members that get a bloom filter:
	// "id", "user.name", "tags.list.element". An array or map stands for all its leaves.
	BloomFilterColumns []string
	// BloomFilterFalsePositiveProbability is between 0 and 1, 0 for 0.05.
	BloomFilterFalsePositiveProbability float64
	// FieldIDs gives columns and members their Parquet field id, by dotted path as it stands in
	// the file ("tags", "tags.list.element"); table formats need them.
	FieldIDs map[string]int32
	// UTC are the timestamps of LayoutModern that are instants, by dotted path likewise; the others are wall clocks.
	UTC map[string]bool
	// CreatedBy replaces the writer's name in the footer.
	CreatedBy string
	// Timestamps is the unit of timestamps in LayoutModern; a finer part of a value is cut off.
	Timestamps TimestampUnit
}

// A Layout says whose names, types and metadata a file has.
type Layout uint8

const (
	// LayoutService is what the service's own writer makes: Hive's names (bag, array_element,
	// map), converted types and INT96 timestamps; in addition correct statistics, page indexes
	// and checksums, which older readers don't notice.
	LayoutService Layout = iota
	// LayoutModern has the specification's names, logical types, INT64 timestamps, and decimals
	// in the narrowest integer.
	LayoutModern
	// LayoutHive is nothing but what Hive 2.3 on parquet-mr 1.8.1 writes: the same footer, page
	// headers and pages before compression, and so the same file where nothing is compressed.
	// Dates and times before 1582-10-15 count in the Julian calendar, as they do there. What may differ:
	//
	//   - compressed bytes, and the sizes and offsets that follow from them;
	//   - where a chunk of more than one page is cut: parquet-mr looks at sizes every so many
	//     values, in V1 also within a row; here a page ends before the row that would exceed
	//     PageSizeBytes. Likewise who fills row groups decides where those end;
	//   - the order of the list of a chunk's encodings, which is that of a Java hash set and
	//     differs from one run of Hive to the next.
	LayoutHive
)

// String returns the name that [ParseLayout] reads.
func (l Layout) String() string {
	switch l {
	case LayoutService:
		return "service"
	case LayoutModern:
		return "modern"
	case LayoutHive:
		return "hive"
	}
	return fmt.Sprintf("layout(%d)", uint8(l))
}

// ParseLayout reads service, modern or hive.
func ParseLayout(name string) (Layout, error) {
	for l := LayoutService; l <= LayoutHive; l++ {
		if strings.EqualFold(name, l.String()) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("layout %q: it is service, modern or hive", name)
}

// A TimestampUnit is the unit of INT64 timestamps.
type TimestampUnit uint8

// Microseconds hold every year of a column.Vector; nanoseconds hold the years 1678 to 2261, and a
// value outside them is an error of Encode.
const (
	Micros TimestampUnit = iota
	Millis
	Nanos
)

const (
	defaultBlockSize = 256 << 20
	minBlockSize     = 64 << 20
	defaultPageSize  = 1 << 20
	minPageSize      = 64 << 10
	defaultFPP       = 0.05
)

// Check reports the first option outside the ranges of format-conversion.md §7.
func (o *Options) Check() error {
	switch {
	case o.BlockSizeBytes != 0 && o.BlockSizeBytes < minBlockSize:
		return fmt.Errorf("BlockSizeBytes %d: it is at least %d", o.BlockSizeBytes, minBlockSize)
	case o.PageSizeBytes != 0 && o.PageSizeBytes < minPageSize:
		return fmt.Errorf("PageSizeBytes %d: it is at least %d", o.PageSizeBytes, minPageSize)
	case o.PageSizeBytes > math.MaxInt32/2:
		return fmt.Errorf("PageSizeBytes %d: it is at most %d, or a page could outgrow the format", o.PageSizeBytes, math.MaxInt32/2)
	case o.MaxPaddingBytes < 0:
		return fmt.Errorf("MaxPaddingBytes %d: it is 0 or more", o.MaxPaddingBytes)
	}
	return o.check()
}

// check is Check without the service's minimums, which tests undercut to see many pages.
func (o *Options) check() error {
	if _, err := codecOf(o.Compression); err != nil {
		return err
	}
	switch o.WriterVersion {
	case "", "V1", "V2":
	default:
		return fmt.Errorf("WriterVersion %q: it is V1 or V2", o.WriterVersion)
	}
	switch p := o.BloomFilterFalsePositiveProbability; {
	case o.Layout > LayoutHive:
		return fmt.Errorf("unknown %s", o.Layout)
	case o.Layout == LayoutHive && len(o.BloomFilterColumns) > 0:
		return fmt.Errorf("BloomFilterColumns: Hive 2.3 writes no bloom filters")
	case !(p >= 0 && p < 1):
		return fmt.Errorf("BloomFilterFalsePositiveProbability %v: it is between 0 and 1", p)
	case o.Timestamps > Nanos:
		return fmt.Errorf("unknown unit of timestamps %d", o.Timestamps)
	}
	return nil
}

func (o *Options) blockSize() int64 {
	if o.BlockSizeBytes == 0 {
		return defaultBlockSize
	}
	return o.BlockSizeBytes
}

func (o *Options) pageSize() int {
	if o.PageSizeBytes <= 0 {
		return defaultPageSize
	}
	return int(o.PageSizeBytes)
}
