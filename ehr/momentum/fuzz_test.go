package momentum

import "testing"

// FuzzNotes: whatever stands where a journal should be, reading it ends.
func FuzzNotes(f *testing.F) {
	for _, body := range []string{`[{"id":17,"body":"x"}]`, `{"results":[{"id":"a"}]}`, `{"journals":null}`, `[]`, `17`} {
		f.Add([]byte(body))
	}

	f.Fuzz(func(_ *testing.T, body []byte) { _, _ = decodeNotes(body) })
}
