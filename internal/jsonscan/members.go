package jsonscan

// Members calls f with each key of the object that begins at b[i], decoded, and the index of its value. The object is known to be
// well formed. The key is valid during the call. It returns the index behind the object.
func Members(b []byte, i int, f func(key []byte, v int)) (end int) {
	return Walk(b, i, func(key []byte, v int) int {
		f(key, v)
		return 0
	})
}

// Walk is Members for an f that may know where the value ends, and returns the index behind it, so that it isn't looked
// for once more; 0 where it doesn't.
func Walk(b []byte, i int, f func(key []byte, v int) int) (end int) {
	var buf [64]byte
	for i = Space(b, i+1); b[i] != '}'; {
		key, behind := AppendString(buf[:0], b, i+1)
		i = Space(b, Space(b, behind)+1) // behind the colon
		end := f(key, i)
		if end == 0 {
			end = Value(b, i)
		}
		if i = Space(b, end); b[i] == ',' {
			i = Space(b, i+1)
		}
	}
	return i + 1
}
