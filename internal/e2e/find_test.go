package e2e_test

import "testing"

// TestFind makes sure that the search for leaks is neither blind nor afraid of shadows.
func TestFind(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		text  string
		kind  kind
		value string
		found bool
	}{
		{"citizen 010490-9989 waits", cpr, "010490-9989", true},
		{"id=0104909989", cpr, "0104909989", true},
		{"x\x000104909989y", cpr, "0104909989", true},
		{"Bo Vestergaard", name, "Vestergaard", true},
		{"pin=482913&", pin, "482913", true},
		{`"482913"`, pin, "482913", true},
		{"\x06482913\x01", pin, "482913", true},
		{"4829130", pin, "482913", false},
		{"12:00:00.482913", pin, "482913", false},
		{"9a482913", pin, "482913", false},
		{"x4829130 482913", pin, "482913", true},
		{"to +4520000001.", phone, "20000001", true},
		{"to 20000001", phone, "20000001", true},
		{"004520000001", phone, "20000001", true},
		{"1795420000001000", phone, "20000001", false},
		{"200000012", phone, "20000001", false},
		{"/b/AbCdEf", locator, "AbCdEf", true},
	} {
		if at := find([]byte(c.text), c.kind, c.value); (at >= 0) != c.found {
			t.Errorf("find(%q, %s, %q) = %d", c.text, c.kind, c.value, at)
		}
	}
}
