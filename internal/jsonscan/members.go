package jsonscan

// Members calls f with each key of the object that begins at b[i], decoded, and the index of its value. The object is known to be
// well formed. The key is valid during the call. It returns the index behind the object.
func Members(b []byte, i int, f func(key []byte, v int)) (end int) {
	var buf [64]byte
	for i = Space(b, i+1); b[i] != '}'; {
		key, end := AppendString(buf[:0], b, i+1)
		i = Space(b, Space(b, end)+1) // behind the colon
		f(key, i)
		if i = Space(b, Value(b, i)); b[i] == ',' {
			i = Space(b, i+1)
		}
	}
	return i + 1
}
