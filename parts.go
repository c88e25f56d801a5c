package hydrant

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"sync"

	"github.com/hydrantkit/hydrant/internal/kpl"
)

// Split takes records apart, gives all the parts to t, and joins what became of the parts of each: their data, one after the other.
// Parts that are dropped leave nothing behind. A record fails if one of its parts does, or if they don't agree in their metadata: no
// record is delivered in part. It is dropped if all its parts are, or if it has none.
//
// parts appends the parts of r to dst; an error, or a panic, fails r.
func Split(t Transform, parts func(dst []Record, r Record) ([]Record, error)) Transform {
	return around(func(ctx context.Context, records []Record) ([]Result, error) {
		all := make([]Record, 0, len(records))
		ends := make([]int, len(records)) // where the parts of each end, ^end if they could not be had
		size := 0
		for i, r := range records {
			more, err := callParts(parts, all, r)
			grown := size
			for j := len(all); err == nil && j < len(more); j++ {
				grown += len(more[j].Data)
			}
			if err == nil && grown > maxParts {
				err = errTooMuch
			}
			if err != nil {
				Logger(ctx).Error("record cannot be taken apart", "recordId", r.ID, "cause", err.Error())
				ends[i] = ^len(all)
				continue
			}
			all, size = more, grown
			ends[i] = len(all)
		}
		var joined []Result
		if len(all) > 0 {
			var err error
			if joined, err = t.Transform(ctx, all); err != nil {
				return nil, err
			}
			if len(joined) != len(all) {
				Logger(ctx).Error("transform returned another number of results than records", "records", len(all), "results", len(joined))
				return make([]Result, len(records)), nil
			}
		}
		results := make([]Result, len(records))
		start := 0
		for i, end := range ends {
			if end < 0 {
				continue
			}
			results[i] = join(joined[start:end])
			start = end
		}
		return results, nil
	})
}

// maxParts is how many bytes of parts an invocation holds: more is no event's but an attack's.
const maxParts = 4 * MaxDecompressed

var errTooMuch = fmt.Errorf("over %d bytes of parts in one event", maxParts)

func callParts(parts func([]Record, Record) ([]Record, error), dst []Record, r Record) (out []Record, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = dst, fmt.Errorf("panic: %s at %s", cause(v), origin())
		}
	}()
	out, err = parts(dst, r)
	if err == nil && len(out) < len(dst) {
		err = errors.New("parts of other records are gone")
	}
	return out, err
}

// join makes one result of the results of a record's parts.
func join(parts []Result) Result {
	var whole Result
	size, n := 0, 0
	for i := range parts {
		p := &parts[i]
		switch {
		case p.Status == Dropped:
			continue
		case p.Status != OK:
			return FailResult()
		case n == 0:
			whole = *p
		case !maps.Equal(p.PartitionKeys, whole.PartitionKeys) || (p.OTF == nil) != (whole.OTF == nil) || p.OTF != nil && *p.OTF != *whole.OTF:
			return FailResult()
		}
		n++
		size += len(p.Data)
	}
	switch n {
	case 0:
		return DropResult()
	case 1:
		return whole
	}
	whole.Data = make([]byte, 0, size)
	for i := range parts {
		if parts[i].Status == OK {
			whole.Data = append(whole.Data, parts[i].Data...)
		}
	}
	return whole
}

// Lines returns the lines of data, each without its LF or CRLF. Data that ends in one has no line behind it.
func Lines(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			line, rest, _ := bytes.Cut(data, []byte{'\n'})
			if n := len(line); n > 0 && line[n-1] == '\r' && n < len(data) {
				line = line[:n-1]
			}
			if !yield(line[:len(line):len(line)]) {
				return
			}
			data = rest
		}
	}
}

// Halve cuts the data of a record at the end of a line, as near to the middle as there is one. It reports false for a record of one line.
// It is an [Options].Split for records of lines.
func Halve(r Record) (a, b []byte, ok bool) {
	if len(r.Data) == 0 {
		return nil, nil, false
	}
	end := len(r.Data) - 1 // the last byte ends no line but the last
	middle := end / 2
	before := bytes.LastIndexByte(r.Data[:middle], '\n')
	after := bytes.IndexByte(r.Data[middle:end], '\n')
	cut := before + 1
	if after >= 0 && (before < 0 || after < middle-before) {
		cut = middle + after + 1
	}
	if cut <= 0 {
		return nil, nil, false
	}
	return r.Data[:cut:cut], r.Data[cut:], true
}

// EachLine gives t each line of a record as a record of its own, and joins the results with a newline behind each: NDJSON in, NDJSON out.
// Blank lines are left out.
func EachLine(t Transform) Transform {
	return Split(Newline(t), func(dst []Record, r Record) ([]Record, error) {
		for line := range Lines(r.Data) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			part := r
			part.Data = line
			dst = append(dst, part)
		}
		return dst, nil
	})
}

// Newline ends each result of t with a newline, unless it has one. An empty result stays empty.
func Newline(t Transform) Transform {
	return around(func(ctx context.Context, records []Record) ([]Result, error) {
		results, err := t.Transform(ctx, records)
		if err != nil {
			return results, err
		}
		inv := invocationOf(ctx)
		scratch := inv.takeScratch()
		for i := range results {
			r := &results[i]
			n := len(r.Data)
			if r.Status != OK || n == 0 || r.Data[n-1] == '\n' {
				continue
			}
			start := len(scratch)
			scratch = append(append(scratch, r.Data...), '\n')
			r.Data = scratch[start:len(scratch):len(scratch)]
		}
		inv.giveScratch(scratch)
		return results, nil
	})
}

// MaxDecompressed is what Gunzip makes of one record at most.
const MaxDecompressed = 64 << 20

// Decompress gives t the records gunzipped; one that isn't gzip, or is over MaxDecompressed, fails.
func Decompress(t Transform) Transform {
	return Split(t, func(dst []Record, r Record) ([]Record, error) {
		data, err := Gunzip(nil, r.Data)
		if err != nil {
			return dst, err
		}
		r.Data = data
		return append(dst, r), nil
	})
}

var gunzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// Gunzip appends the contents of a gzip file, of one or more members, to dst: at most MaxDecompressed bytes.
func Gunzip(dst, data []byte) ([]byte, error) {
	z := gunzippers.Get().(*gzip.Reader)
	defer gunzippers.Put(z)
	if err := z.Reset(bytes.NewReader(data)); err != nil {
		return dst, fmt.Errorf("gunzip: %w", err)
	}
	b := bytes.NewBuffer(dst)
	n, err := b.ReadFrom(io.LimitReader(z, MaxDecompressed+1))
	if err == nil && n > MaxDecompressed {
		err = fmt.Errorf("over %d bytes", MaxDecompressed)
	}
	if err != nil {
		return dst, fmt.Errorf("gunzip: %w", err)
	}
	return b.Bytes(), nil
}

// Deaggregate gives t the records that the Kinesis Producer Library put into an aggregate, and joins the results. A record that isn't
// an aggregate passes as it is. A delivery stream with a Kinesis data stream as its source has done this already; what
// producers put to a direct stream it leaves as it is (sources.md §5).
func Deaggregate(t Transform) Transform {
	return Split(t, deaggregate)
}

// deaggregate appends the children of an aggregate, numbered as the service numbers them.
func deaggregate(dst []Record, r Record) ([]Record, error) {
	if !kpl.Is(r.Data) {
		return append(dst, r), nil
	}
	children, err := kpl.Parse(nil, r.Data)
	if err != nil {
		// The sum is right and the contents are not: no library wrote this.
		return append(dst, r), nil
	}
	for i, c := range children {
		part := r
		part.Data = c.Data
		m := KinesisMetadata{}
		if r.Kinesis != nil {
			m = *r.Kinesis
		}
		m.PartitionKey, m.Subsequence = c.PartitionKey, int64(i)
		part.Kinesis = &m
		dst = append(dst, part)
	}
	return dst, nil
}
