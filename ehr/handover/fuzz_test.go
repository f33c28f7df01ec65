package handover

import "testing"

// FuzzReceipt reads what a robot may leave.
func FuzzReceipt(f *testing.F) {
	f.Add([]byte(`{"schema":1,"key":"k","outcome":"refused","text":"nej"}`))
	f.Add([]byte(`{"schema":"1"}`))
	f.Add([]byte("\xff"))

	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeReceipt(data, "k")
		if err == nil && (r.Key != "k" || r.Schema != schemaVersion || refusalText(r.Text) == "") {
			t.Errorf("%+v", r)
		}
	})
}
