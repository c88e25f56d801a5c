package jsonrow

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
)

// A keySet holds the keys of the objects that are being read, as they are matched, to find one that an object
// has twice. It works as a stack: an object's keys lie behind those of the objects around it.
type keySet struct {
	text  []byte
	keys  []keyRef
	table []int32
	frame frame
}

type keyRef struct {
	hash   uint32
	lo, hi int32 // in text
}

// A frame is where the innermost object's parts begin. Its table is made when it has more than a few keys:
// table[start:] is of a power of two slots with numbers of keys + 1.
type frame struct {
	keys, text, table int
	hashed            bool
}

const fewKeys = 12

func (s *keySet) reset() {
	s.text, s.keys, s.table, s.frame = s.text[:0], s.keys[:0], s.table[:0], frame{}
}

// open begins an object and returns what close needs to end it.
func (s *keySet) open() frame {
	f := s.frame
	s.frame = frame{keys: len(s.keys), text: len(s.text), table: len(s.table)}
	return f
}

func (s *keySet) close(outer frame) {
	s.keys, s.text, s.table = s.keys[:s.frame.keys], s.text[:s.frame.text], s.table[:s.frame.table]
	s.frame = outer
}

// add puts the key b[lo:hi], as it is written, into the innermost object's set, and returns it as it is stored; ok is
// false when it is there already. The key is valid until the object ends.
func (s *keySet) add(r *Reader, b []byte, lo, hi int) (key []byte, ok bool) {
	start := len(s.text)
	s.text = append(s.text, b[lo:hi]...)
	for i, c := range s.text[start:] {
		if c >= utf8.RuneSelf || c == '\\' {
			s.text = append(s.text[:start], r.text(b[lo:hi])...)
			break
		}
		if r.Fold && c-'A' < 26 {
			s.text[start+i] = c | 0x20
		}
	}
	return s.text[start:], s.insert(start)
}

// addText puts a key into the innermost object's set that is given as it is stored.
func (s *keySet) addText(key []byte) bool {
	s.text = append(s.text, key...)
	return s.insert(len(s.text) - len(key))
}

// seed keeps who writes records from choosing keys that collide.
var seed = maphash.MakeSeed()

// insert puts the key s.text[start:] into the set, or returns false.
func (s *keySet) insert(start int) bool {
	key := s.text[start:]
	k := keyRef{uint32(maphash.Bytes(seed, key)), int32(start), int32(len(s.text))}
	if !s.frame.hashed {
		for _, k2 := range s.keys[s.frame.keys:] {
			if k2.hash == k.hash && bytes.Equal(s.text[k2.lo:k2.hi], key) {
				return false
			}
		}
		s.keys = append(s.keys, k)
		if len(s.keys)-s.frame.keys > fewKeys {
			s.frame.hashed = true
			s.grow()
		}
		return true
	}
	t := s.table[s.frame.table:]
	i := int(k.hash) & (len(t) - 1)
	for ; t[i] != 0; i = (i + 1) & (len(t) - 1) {
		if k2 := s.keys[t[i]-1]; k2.hash == k.hash && bytes.Equal(s.text[k2.lo:k2.hi], key) {
			return false
		}
	}
	s.keys = append(s.keys, k)
	t[i] = int32(len(s.keys))
	if 2*(len(s.keys)-s.frame.keys) > len(t) {
		s.grow()
	}
	return true
}

// grow makes the innermost object's table four times as large as it has keys.
func (s *keySet) grow() {
	n := 16
	for n < 4*(len(s.keys)-s.frame.keys) {
		n *= 2
	}
	s.table = append(s.table[:s.frame.table], make([]int32, n)...)
	t := s.table[s.frame.table:]
	for k := s.frame.keys; k < len(s.keys); k++ {
		i := int(s.keys[k].hash) & (n - 1)
		for ; t[i] != 0; i = (i + 1) & (n - 1) {
		}
		t[i] = int32(k + 1)
	}
}

// text returns a key of a map, or of an undeclared object, that isn't plain.
func (r *Reader) text(raw []byte) string {
	if r.Fold {
		return javatext.Lower(Unescape(raw))
	}
	return Unescape(raw)
}

// Unescape returns the text of what stands between the quotes of a well-formed string.
func Unescape(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	quoted := append(append(make([]byte, 0, len(raw)+1), raw...), '"')
	text, _ := jsonscan.AppendString(nil, quoted, 0)
	return string(text)
}
