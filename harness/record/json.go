package record

import "github.com/hydrantkit/hydrant/internal/jsonscan"

// AppendString appends s as a JSON string the way the service's error lines have it: only quotes,
// backslashes and control characters are escaped; what is not UTF-8 becomes U+FFFD, as Java has it.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	return jsonscan.AppendQuoted(dst, s, jsonscan.EscapeShort)
}
