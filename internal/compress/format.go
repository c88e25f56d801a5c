// Package compress is the codecs: object bodies as Firehose compresses them, the blocks that
// Parquet pages and ORC streams are made of, and readers for whatever a file turns out to be.
//
// An Encoder makes whole objects (Append, or Begin, Write and End) in the five formats of the
// API's CompressionFormat, and blocks. A Decoder takes blocks apart; it never makes more bytes
// than its caller allows. NewReader recognises a compressed stream by its content and reads it
// in bounded memory. Encoder and Decoder keep their state for the next call, so each serves one
// goroutine at a time, and their zero values are ready.
//
// # Design
//
// The same bytes in give the same bytes out, on every run and however Write divides them: no
// header holds a time, and no encoder works in parallel. Replay depends on it.
//
// This package is the only importer of github.com/klauspost/compress. LZ4, which is only ever
// read, in files made elsewhere, is small enough to be written here.
package compress

import (
	"errors"
	"fmt"
)

// A Format is how an object is compressed. The first five are those of the API's
// CompressionFormat, in which Firehose writes; the others are only read.
type Format uint8

const (
	Uncompressed Format = iota
	GZIP
	ZIP
	Snappy       // the stream format of snappy-java ("xerial")
	HadoopSnappy // the block format of Hadoop's SnappyCodec
	Zstd
	Bzip2
	FramedSnappy // the framing format of Snappy's own specification
)

var formats = [...]struct{ name, extension, encoding string }{
	Uncompressed: {"UNCOMPRESSED", "", ""},
	GZIP:         {"GZIP", ".gz", "gzip"},
	ZIP:          {"ZIP", ".zip", "zip"},
	Snappy:       {"Snappy", ".snappy", "snappy-java"},
	HadoopSnappy: {"HADOOP_SNAPPY", ".snappy", "hadoop-snappy"},
	Zstd:         {"zstd", ".zst", ""},
	Bzip2:        {"bzip2", ".bz2", ""},
	FramedSnappy: {"framed snappy", ".snappy", ""},
}

// ParseFormat returns the Format of a value of CompressionFormat, whose case counts.
func ParseFormat(name string) (Format, bool) {
	for f := Uncompressed; f <= HadoopSnappy; f++ {
		if formats[f].name == name {
			return f, true
		}
	}
	return 0, false
}

// String returns the API's spelling, where the API has the format.
func (f Format) String() string {
	if int(f) >= len(formats) {
		return fmt.Sprintf("Format(%d)", uint8(f))
	}
	return formats[f].name
}

// Extension returns what the service appends to the key, "" for nothing. Both Snappy formats
// end in ".snappy", though the guide says ".hsnappy" of one (s3-delivery.md §6).
func (f Format) Extension() string {
	if int(f) >= len(formats) {
		return ""
	}
	return formats[f].extension
}

// ContentEncoding returns the object's Content-Encoding, "" for none (s3-delivery.md §6).
func (f Format) ContentEncoding() string {
	if int(f) >= len(formats) {
		return ""
	}
	return formats[f].encoding
}

// ErrLimit is the error of a decoder whose output would be longer than its caller allows.
var ErrLimit = errors.New("decompressed data exceeds the limit")

var errCorrupt = errors.New("corrupt input")

// A Level trades time for size in the formats made by Deflate: 1 is fastest, 9 smallest. Levels
// outside that range are taken as the nearest.
type Level int

const (
	// Fastest is for what is read back soon.
	Fastest Level = 1

	// ObjectLevel is that of objects. The service's is unknown, but the service is Java, and
	// Java's GZIPOutputStream and ZipOutputStream use zlib's default, 6. Level 6 here makes
	// bodies of nearly the same length as those (55,030 bytes for 54,856 of 300,000 of JSON),
	// so sizes seen locally are what a bucket would hold. Fastest takes a third of its time
	// and makes bodies a fifth longer.
	ObjectLevel Level = 6
)
