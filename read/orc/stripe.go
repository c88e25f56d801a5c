package orc

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// A stripeReader is an open stripe.
type stripeReader struct {
	f         *File
	d         compress.Decoder
	info      stripe
	streams   map[streamKey]place
	encodings []encoding
	zone      *time.Location
	base      int64 // epoch seconds of 2015-01-01 in the zone
	budget    int64 // bytes that the batch may still take
}

type streamKey struct{ column, kind int }

type place struct{ start, end int64 }

type encoding struct{ kind, dictionarySize int }

// A streamInfo is a Stream message.
type streamInfo struct {
	kind, column int
	length       int64
}

// A stripeFooter is the message of that name.
type stripeFooter struct {
	streams   []streamInfo
	encodings []encoding
	zone      string
}

func (f *File) stripeFooter(i int) (*stripeFooter, error) {
	info := &f.stripes[i]
	b, err := f.message(info.offset+info.index+info.data, info.footer)
	if err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	var sf stripeFooter
	limit := 10 * len(f.types) // a column has fewer kinds of streams
	err = eachField(b, func(p *field) error {
		switch p.number {
		case 1:
			var s streamInfo
			err := eachField(p.data, func(p *field) error {
				switch p.number {
				case 1:
					s.kind = int(min(p.x, 99))
				case 2:
					s.column = int(min(p.x, maxTypes))
				case 3:
					s.length = int64(min(p.x, math.MaxInt64))
				}
				return nil
			})
			if sf.streams = append(sf.streams, s); len(sf.streams) > limit {
				return errors.New("too many streams")
			}
			return err
		case 2:
			var e encoding
			err := eachField(p.data, func(p *field) error {
				switch p.number {
				case 1:
					e.kind = int(min(p.x, 99))
				case 2:
					e.dictionarySize = int(min(p.x, math.MaxInt32))
				}
				return nil
			})
			if sf.encodings = append(sf.encodings, e); len(sf.encodings) > limit {
				return errors.New("too many encodings")
			}
			return err
		case 3:
			sf.zone = string(p.data)
		case 4, 5:
			return errors.New("encrypted columns are not supported")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	left := info.index + info.data
	for _, s := range sf.streams {
		if s.length > left {
			return nil, errors.New("footer: its streams exceed the stripe")
		}
		left -= s.length
	}
	return &sf, nil
}

func (f *File) openStripe(i int) (*stripeReader, error) {
	sf, err := f.stripeFooter(i)
	if err != nil {
		return nil, err
	}
	s := &stripeReader{f: f, info: f.stripes[i], streams: map[streamKey]place{}, encodings: sf.encodings, zone: time.UTC}
	at := s.info.offset
	for _, x := range sf.streams {
		key := streamKey{x.column, x.kind}
		if _, twice := s.streams[key]; !twice {
			s.streams[key] = place{at, at + x.length}
		}
		at += x.length
	}
	// A timestamp is a wall clock and counts from 2015 on that of the writer's zone.
	if sf.zone != "" && sf.zone != "UTC" && sf.zone != "GMT" {
		if sf.zone == "Local" { // means this machine's to Go
			return nil, errors.New("the writer's time zone: unknown time zone Local")
		}
		if s.zone, err = time.LoadLocation(sf.zone); err != nil {
			return nil, fmt.Errorf("the writer's time zone: %w", err)
		}
	}
	s.base = time.Date(2015, 1, 1, 0, 0, 0, 0, s.zone).Unix()
	return s, nil
}

// open points st at a stream of the stripe and reports whether there is one; if not, st is empty.
func (s *stripeReader) open(st *stream, column, kind int) bool {
	p, ok := s.streams[streamKey{column, kind}]
	*st = stream{f: s.f, d: &s.d, start: p.start, end: p.end}
	st.seek(0) // that is in every stream
	return ok
}

func (s *stripeReader) encoding(column int) (encoding, error) {
	if column >= len(s.encodings) {
		return encoding{}, fmt.Errorf("column %s has no encoding", s.f.root.path(column))
	}
	return s.encodings[column], nil
}

// positions reads where a row group starts in the streams of a column.
func (s *stripeReader) positions(column, group int) ([]uint64, error) {
	p, ok := s.streams[streamKey{column, streamRowIndex}]
	if !ok {
		return nil, errors.New("there is none")
	}
	b, err := s.f.message(p.start, p.end-p.start)
	if err != nil {
		return nil, err
	}
	var out []uint64
	at := 0
	err = eachField(b, func(p *field) error {
		if p.number != 1 {
			return nil
		}
		if at++; at != group+1 {
			return nil
		}
		return eachField(p.data, func(p *field) (err error) {
			if p.number == 1 && len(out) < 100 {
				out, err = appendNumbers(out, p)
			}
			return err
		})
	})
	if err == nil && at <= group {
		err = fmt.Errorf("no row group %d", group)
	}
	return out, err
}
