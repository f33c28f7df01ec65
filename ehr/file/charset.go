package file

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/sluse/sluse/connector"
)

// charset is how the letters of a CSV file are written.
type charset int

const (
	utf8Text charset = iota + 1
	windows1252
	utf16LE // Excel's "Unicode-tekst"
	utf16BE
)

// String returns the name that people see.
func (c charset) String() string {
	switch c {
	case utf8Text:
		return "UTF-8"
	case windows1252:
		return "Windows-1252"
	case utf16LE, utf16BE:
		return "UTF-16"
	}

	return ""
}

// decodeText finds out the charset (eoj.md §5.3) and returns the text in a form in which
// separators and quotes are single ASCII bytes: UTF-16 becomes UTF-8, the others stay.
func decodeText(data []byte) (charset, []byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return fromUTF16(data, utf16LE, unicode.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return fromUTF16(data, utf16BE, unicode.BigEndian)
	case bytes.IndexByte(data, 0) >= 0:
		return 0, nil, binaryFile(nil)
	case utf8.Valid(data):
		return utf8Text, data, nil
	default:
		return windows1252, data, nil
	}
}

func fromUTF16(data []byte, c charset, order unicode.Endianness) (charset, []byte, error) {
	body, err := unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(data)
	if err != nil || len(data)%2 != 0 || bytes.ContainsRune(body, utf8.RuneError) || bytes.IndexByte(body, 0) >= 0 {
		return 0, nil, binaryFile(err)
	}

	return c, body, nil
}

func binaryFile(cause error) error {
	return refuse("read", connector.Malformed,
		"Filen kan ikke læses som tekst. Eksportér kørelisten igen som CSV (UTF-8) eller Excel (.xlsx).", cause)
}

// decode turns a cell of the body into a Go string.
func (c charset) decode(cell string) string {
	if c != windows1252 || isASCII(cell) {
		return cell
	}

	var b strings.Builder
	for i := range len(cell) {
		b.WriteRune(charmap.Windows1252.DecodeByte(cell[i]))
	}

	return b.String()
}

// encode turns a Go string into bytes of the body; false when the charset lacks a letter.
func (c charset) encode(value string) (string, bool) {
	if c != windows1252 {
		return value, utf8.ValidString(value)
	}

	encoded, err := charmap.Windows1252.NewEncoder().String(value)

	return encoded, err == nil
}

// finish turns the body into the file.
func (c charset) finish(body []byte) ([]byte, error) {
	order := unicode.LittleEndian

	switch c {
	case utf16LE:
	case utf16BE:
		order = unicode.BigEndian
	case utf8Text, windows1252:
		return body, nil
	}

	data, err := unicode.UTF16(order, unicode.IgnoreBOM).NewEncoder().Bytes(body)
	if err != nil {
		return nil, binaryFile(err)
	}

	return data, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}

	return true
}
