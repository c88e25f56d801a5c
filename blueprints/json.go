package blueprints

import (
	"bytes"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// maxDepth is how deep the documents of blueprints may be nested. The walks below read a value once for every level.
const maxDepth = 100

// document returns the JSON value that data holds, without white space around it. It reports false unless data is one.
func document(data []byte) ([]byte, bool) {
	doc, rest, ok := cutDocument(data)
	return doc, ok && len(rest) == 0
}

// cutDocument returns the JSON value at the start of data, and what follows it, without white space around either.
func cutDocument(data []byte) (doc, rest []byte, ok bool) {
	i := jsonscan.Space(data, 0)
	end := jsonscan.Shallow(data, i, maxDepth)
	if end < 0 {
		return nil, data, false
	}
	return data[i:end], data[jsonscan.Space(data, end):], true
}

// members gives each member of object, which is well formed, to f: the key as it stands between its quotes, and the value. It stops when f
// reports false.
func members(object []byte, f func(key, value []byte) bool) bool {
	i := jsonscan.Space(object, 1)
	for object[i] == '"' {
		end := jsonscan.String(object, i)
		key := object[i+1 : end-1]
		i = jsonscan.Space(object, jsonscan.Space(object, end)+1)
		end = jsonscan.Value(object, i)
		if !f(key, object[i:end]) {
			return false
		}
		if i = jsonscan.Space(object, end); object[i] == ',' {
			i = jsonscan.Space(object, i+1)
		}
	}
	return true
}

// elements gives each element of array, which is well formed, to f. It stops when f reports false.
func elements(array []byte, f func(value []byte) bool) bool {
	i := jsonscan.Space(array, 1)
	for array[i] != ']' {
		end := jsonscan.Value(array, i)
		if !f(array[i:end]) {
			return false
		}
		if i = jsonscan.Space(array, end); array[i] == ',' {
			i = jsonscan.Space(array, i+1)
		}
	}
	return true
}

// member returns the value of object's member name, the last one of that name, nil if there is none.
func member(object []byte, name string) (value []byte) {
	members(object, func(key, v []byte) bool {
		if keyIs(key, name) {
			value = v
		}
		return true
	})
	return value
}

// keyIs tells whether the key that stands between its quotes as key is name.
func keyIs(key []byte, name string) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return string(key) == name
	}
	return string(unquote(key)) == name
}

// unquote returns the text of a string that stands between its quotes as s.
func unquote(s []byte) []byte {
	if bytes.IndexByte(s, '\\') < 0 {
		return s
	}
	dst, _ := jsonscan.AppendString(nil, append(s[:len(s):len(s)], '"'), 0)
	return dst
}

// stringOf returns the text of value if it is a string.
func stringOf(value []byte) (text []byte, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	return unquote(value[1 : len(value)-1]), true
}

// memberText returns the text of the string that is the member name of the document data.
func memberText(data []byte, name string) ([]byte, bool) {
	doc, ok := document(data)
	if !ok || doc[0] != '{' {
		return nil, false
	}
	return stringOf(member(doc, name))
}

// appendCompact appends a well-formed value without the white space between its tokens.
func appendCompact(dst, value []byte) []byte {
	for i := 0; i < len(value); {
		switch c := value[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '"':
			end := jsonscan.String(value, i)
			dst = append(dst, value[i:end]...)
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}
