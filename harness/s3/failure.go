package s3

import (
	"encoding/base64"
	"strconv"

	"github.com/hydrantkit/hydrant/harness/record"
)

// AppendFailure appends the line of error output that a failure becomes, with its LF. Which members stand in
// which order differs by cause (firehose/README.md, error lines at a glance).
func AppendFailure(dst []byte, f *record.Failure) []byte {
	r := &f.Record
	switch f.Cause {
	case record.RedshiftFailed: // no line: the first of a batch has the entry of a manifest, the others nothing
		for _, m := range f.Members {
			dst = append(dst, m.JSON...)
		}
		return dst
	case record.ProcessingFailed, record.DecompressionFailed:
		dst = append(dst, `{"rawData":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, r.Raw)
		dst = append(dst, `","errorCode":`...)
		dst = record.AppendString(dst, f.Code)
		dst = append(dst, `,"errorMessage":`...)
		dst = record.AppendString(dst, f.Message)
		dst = appendTimes(append(dst, ','), f)
	case record.FormatConversionFailed:
		dst = append(dst, `{"attemptsMade":`...)
		dst = strconv.AppendInt(dst, int64(f.Attempts), 10)
		dst = append(dst, `,"arrivalTimestamp":`...)
		dst = strconv.AppendInt(dst, r.Arrival, 10)
		dst = append(dst, `,"lastErrorCode":`...)
		dst = record.AppendString(dst, f.Code)
		dst = append(dst, `,"lastErrorMessage":`...)
		dst = record.AppendString(dst, f.Message)
		dst = append(dst, `,"attemptEndingTimestamp":`...)
		dst = strconv.AppendInt(dst, f.At, 10)
		dst = append(dst, `,"rawData":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, r.Raw)
		dst = append(dst, `","sequenceNumber":"`...)
		dst = r.AppendSequence(dst)
		dst = append(dst, `","subSequenceNumber":`...)
		dst = strconv.AppendInt(dst, r.Subsequence(), 10)
	default:
		// the destinations: attempts and arrival first, the data behind
		dst = append(dst, `{"attemptsMade":`...)
		dst = strconv.AppendInt(dst, int64(f.Attempts), 10)
		dst = append(dst, `,"arrivalTimestamp":`...)
		dst = strconv.AppendInt(dst, r.Arrival, 10)
		dst = append(dst, `,"errorCode":`...)
		dst = record.AppendString(dst, f.Code)
		dst = append(dst, `,"errorMessage":`...)
		dst = record.AppendString(dst, f.Message)
		dst = append(dst, `,"attemptEndingTimestamp":`...)
		dst = strconv.AppendInt(dst, f.At, 10)
		if f.Cause == record.OpenSearchFailed {
			dst = appendMembers(dst, f)
		}
		dst = append(dst, `,"rawData":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, r.Raw)
		dst = append(dst, '"')
		if f.Cause == record.OpenSearchFailed {
			return append(dst, "}\n"...)
		}
	}
	return append(appendMembers(dst, f), "}\n"...)
}

func appendTimes(dst []byte, f *record.Failure) []byte {
	dst = append(dst, `"attemptsMade":`...)
	dst = strconv.AppendInt(dst, int64(f.Attempts), 10)
	dst = append(dst, `,"arrivalTimestamp":`...)
	dst = strconv.AppendInt(dst, f.Record.Arrival, 10)
	dst = append(dst, `,"attemptEndingTimestamp":`...)
	return strconv.AppendInt(dst, f.At, 10)
}

func appendMembers(dst []byte, f *record.Failure) []byte {
	for _, m := range f.Members {
		dst = append(dst, ',')
		dst = record.AppendString(dst, m.Name)
		dst = append(dst, ':')
		dst = append(dst, m.JSON...)
	}
	return dst
}
