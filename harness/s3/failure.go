package s3

import (
	"encoding/base64"
	"strconv"

	"github.com/hydrantkit/hydrant/harness/record"
)

// ErrorLines is what lines of error output are like where captures differ, or don't tell. The zero value is the CHOICE of each.
type ErrorLines struct {
	// Of2022 writes lines of processing-failed in the order, and with the lambdaArn, of samples up to 2022 (record-transformation.md §8).
	Of2022 bool
	// NullARN writes a lambdaARN of null where processing failed without a function's doing (dynamic-partitioning.md §6).
	NullARN bool
	// Transformed has what entered a conversion as its rawData, instead of what was put (format-conversion.md §9).
	Transformed bool
}

const memberARN = "lambdaARN"

// AppendFailure appends the line of error output that a failure becomes, with its LF. Which members stand in
// which order differs by cause (firehose/README.md, error lines at a glance).
func AppendFailure(dst []byte, f *record.Failure) []byte { return ErrorLines{}.Append(dst, f) }

// Append is AppendFailure for lines that are so.
func (l ErrorLines) Append(dst []byte, f *record.Failure) []byte {
	r, raw, members := &f.Record, f.Record.Raw, f.Members
	if l.Transformed && f.Cause == record.FormatConversionFailed {
		raw = r.Data
	}
	if f.Cause == record.ProcessingFailed {
		if l.NullARN && len(members) == 0 {
			members = []record.Member{{Name: memberARN, JSON: []byte("null")}}
		}
		if l.Of2022 && len(members) == 1 && members[0].Name == memberARN {
			members = []record.Member{{Name: "lambdaArn", JSON: members[0].JSON}}
		}
	}
	switch cause := f.Cause; {
	case cause == record.RedshiftFailed: // no line: the first of a batch has the entry of a manifest, the others nothing
		for _, m := range members {
			dst = append(dst, m.JSON...)
		}
		return dst
	case cause == record.ProcessingFailed && !l.Of2022, cause == record.DecompressionFailed:
		dst = append(dst, `{"rawData":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, raw)
		dst = append(dst, `","errorCode":`...)
		dst = record.AppendString(dst, f.Code)
		dst = append(dst, `,"errorMessage":`...)
		dst = record.AppendString(dst, f.Message)
		dst = appendTimes(append(dst, ','), f)
	case cause == record.FormatConversionFailed:
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
		dst = base64.StdEncoding.AppendEncode(dst, raw)
		dst = append(dst, `","sequenceNumber":"`...)
		dst = r.AppendSequence(dst)
		dst = append(dst, `","subSequenceNumber":`...)
		dst = strconv.AppendInt(dst, r.Subsequence(), 10)
	default:
		// the destinations, and processing as of 2022: attempts and arrival first, the data behind
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
			dst = appendMembers(dst, members)
		}
		dst = append(dst, `,"rawData":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, raw)
		dst = append(dst, '"')
		if f.Cause == record.OpenSearchFailed {
			return append(dst, "}\n"...)
		}
	}
	return append(appendMembers(dst, members), "}\n"...)
}

func appendTimes(dst []byte, f *record.Failure) []byte {
	dst = append(dst, `"attemptsMade":`...)
	dst = strconv.AppendInt(dst, int64(f.Attempts), 10)
	dst = append(dst, `,"arrivalTimestamp":`...)
	dst = strconv.AppendInt(dst, f.Record.Arrival, 10)
	dst = append(dst, `,"attemptEndingTimestamp":`...)
	return strconv.AppendInt(dst, f.At, 10)
}

func appendMembers(dst []byte, members []record.Member) []byte {
	for _, m := range members {
		dst = append(dst, ',')
		dst = record.AppendString(dst, m.Name)
		dst = append(dst, ':')
		dst = append(dst, m.JSON...)
	}
	return dst
}
