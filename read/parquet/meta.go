package parquet

import (
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The footer's messages, with the fields that are read here: fewer than parquet-go's own structs
// have, and as lenient as the specification, which lets a KeyValue have no value, knows exact
// bounds, and tells an empty minimum from none.

type fileMeta struct {
	Version      int32                              `thrift:"1,required"`
	Schema       thrift.Slice[format.SchemaElement] `thrift:"2,required"`
	NumRows      int64                              `thrift:"3,required"`
	RowGroups    thrift.Slice[rowGroup]             `thrift:"4,required"`
	KeyValues    thrift.Slice[keyValue]             `thrift:"5,optional"`
	CreatedBy    string                             `thrift:"6,optional"`
	Encryption   format.EncryptionAlgorithm         `thrift:"8,optional"`
	ColumnOrders thrift.Slice[format.ColumnOrder]   `thrift:"7,optional"`
}

type keyValue struct {
	Key   string `thrift:"1,required"`
	Value string `thrift:"2,optional"`
}

type rowGroup struct {
	Columns       thrift.Slice[columnChunk] `thrift:"1,required"`
	TotalByteSize int64                     `thrift:"2,required"`
	NumRows       int64                     `thrift:"3,required"`
}

type columnChunk struct {
	FilePath          string     `thrift:"1,optional"`
	MetaData          columnMeta `thrift:"3,optional"`
	OffsetIndexOffset int64      `thrift:"4,optional"`
	OffsetIndexLength int32      `thrift:"5,optional"`
	ColumnIndexOffset int64      `thrift:"6,optional"`
	ColumnIndexLength int32      `thrift:"7,optional"`
}

type columnMeta struct {
	Type              format.Type                            `thrift:"1,required"`
	Encodings         thrift.Slice[format.Encoding]          `thrift:"2,required"`
	Codec             format.CompressionCodec                `thrift:"4,required"`
	NumValues         int64                                  `thrift:"5,required"`
	Uncompressed      int64                                  `thrift:"6,required"`
	Compressed        int64                                  `thrift:"7,required"`
	DataPage          int64                                  `thrift:"9,required"`
	DictionaryPage    int64                                  `thrift:"11,optional"`
	Statistics        statistics                             `thrift:"12,optional"`
	EncodingStats     thrift.Slice[format.PageEncodingStats] `thrift:"13,optional"`
	BloomFilterOffset int64                                  `thrift:"14,optional"`
	BloomFilterLength int32                                  `thrift:"15,optional"`
}

type statistics struct {
	Max           []byte             `thrift:"1,optional"`
	Min           []byte             `thrift:"2,optional"`
	NullCount     thrift.Null[int64] `thrift:"3,optional"`
	DistinctCount thrift.Null[int64] `thrift:"4,optional"`
	MaxValue      []byte             `thrift:"5,optional"`
	MinValue      []byte             `thrift:"6,optional"`
	MaxExact      thrift.Null[bool]  `thrift:"7,optional"`
	MinExact      thrift.Null[bool]  `thrift:"8,optional"`
}
