package api

import (
	"cmp"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"regexp"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// maxName is how many characters of an upload's name are kept: the last ones, with the extension.
const maxName = 120

// form is what an upload's parts hold.
type form struct {
	file ehr.File
	sent bool   // the file was there
	dry  string // "true", "false" or empty
}

// readForm reads the parts as they come, so that a driving list is never put into a temporary file.
func readForm(c *gin.Context) (form, error) {
	reader, err := c.Request.MultipartReader()
	if err != nil {
		return form{}, incomplete(err)
	}

	var out form

	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}

		if err != nil {
			return form{}, incomplete(err)
		}

		if err := out.take(part); err != nil {
			return form{}, err
		}
	}

	if len(out.file.Data) == 0 {
		return form{}, care.NewError(care.Invalid, "Send en køreliste, som ikke er tom, i feltet »file«.")
	}

	return out, nil
}

func (f *form) take(part *multipart.Part) error {
	switch name := part.FormName(); {
	case name == "file" && f.sent, name == "dry_run" && f.dry != "":
		return care.NewError(care.Invalid, quoted(theField, name)+" står der to gange.")
	case name == "file":
		data, err := readPart(part, maxFile)
		f.file, f.sent = ehr.File{Name: fileName(part.FileName()), Data: data}, true

		return err
	case name == "dry_run":
		data, err := readPart(part, maxWord)
		f.dry = cmp.Or(string(data), "(tom)")

		return err
	default:
		return care.NewError(care.Invalid, quoted(theField, name)+" kendes ikke.")
	}
}

func readPart(part io.Reader, limit int64) ([]byte, error) {
	data, err := readAll(io.LimitReader(part, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = &http.MaxBytesError{Limit: limit}
	}

	return data, err
}

// dryRun tells whether the caller wants a preview only. It may stand in the address or in the
// form, not in both, so that there is nothing to guess where the two differ.
func (f *form) dryRun(c *gin.Context) (bool, error) {
	query, inQuery := c.GetQuery("dry_run")
	if inQuery && f.dry != "" {
		return false, care.NewError(care.Invalid, "Angiv »dry_run« enten i adressen eller i formularen, ikke begge steder.")
	}

	text := f.dry
	if inQuery {
		text = cmp.Or(query, "(tom)")
	}

	word, err := word("dry_run", text, []string{"true", "false"})

	return word == "true", err
}

// numberLike is what could be a CPR number at the beginning of a text.
var numberLike = regexp.MustCompile(`^(\d{6})[-_. ]?(\d{4})`)

// maskNumbers masks the CPR numbers in a file's name, wherever one may begin.
func maskNumbers(s string) string {
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }

	for i := 0; i < len(s); i++ { // the text changes on the way
		if digit(i - 1) {
			continue
		}

		found := numberLike.FindStringSubmatch(s[i:])
		if found == nil || digit(i+len(found[0])) {
			continue
		}

		if cpr, verdict, _ := care.ParseCPR(found[1] + found[2]); verdict != care.CPRMalformed {
			s = s[:i] + cpr.Mask() + s[i+len(found[0]):]
		}
	}

	return s
}

// fileName makes an upload's name fit to be stored and shown: no path, no characters that hide or
// turn text, no CPR number. Old browsers send the whole path.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}

		return r
	}, name)

	runes := []rune(strings.TrimSpace(maskNumbers(name)))
	name = string(runes[max(0, len(runes)-maxName):])

	if strings.Trim(name, "./ ") == "" {
		return "koereliste"
	}

	return name
}
