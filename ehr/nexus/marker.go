package nexus

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// maxTags bounds our part of a text; the oldest go first.
const maxTags = 40

// marker is our part of a text that people write in too: "[skærmbesøg #k3f9a #m2p4x]". The tags
// are those of the entries that were written, oldest first.
type marker struct {
	word string
	tags []string
}

var markerLike = regexp.MustCompile(`\[([^\[\]#]*?)((?: ?#[a-z2-7]{5})+)\]`)

// tagOf is the short name of a key in texts that people read: 25 bits, among the few tags of one
// text.
func tagOf(key string) string {
	sum := sha256.Sum256([]byte(key))

	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:5]
}

// visitTag is the short name of a visit.
func visitTag(source care.SourceRef) string {
	return tagOf(strings.Join([]string{"visit", source.System, source.ID, source.Occurrence}, "\x1f"))
}

// parts splits a text into what people wrote before and after our part. When we have
// none, before is the whole text.
func parts(text string) (before string, own marker, after string) {
	at := markerLike.FindStringSubmatchIndex(text)
	if at == nil {
		return text, marker{}, ""
	}

	own.word = text[at[2]:at[3]]
	own.tags = strings.FieldsFunc(text[at[4]:at[5]], func(r rune) bool { return r == ' ' || r == '#' })

	// The blank before the bracket is ours: it is there whenever people's text is.
	return strings.TrimSuffix(text[:at[0]], " "), own, text[at[1]:]
}

// String is how people read it.
func (m marker) String() string {
	var b strings.Builder

	b.WriteString("[" + m.word)

	for i, tag := range m.tags {
		if i > 0 || m.word != "" {
			b.WriteByte(' ')
		}

		b.WriteString("#" + tag)
	}

	return b.String() + "]"
}

// put returns text with m as our part, where it stood before, else at the end. A marker without
// tags takes our part away.
func (m marker) put(text string) string {
	before, _, after := parts(text)

	switch {
	case len(m.tags) == 0:
		return before + after
	case before == "":
		return m.String() + after
	default:
		return before + " " + m.String() + after
	}
}

// add returns the marker with a tag as its newest.
func (m marker) add(tags ...string) marker {
	for _, tag := range tags {
		if !m.has(tag) {
			m.tags = append(slices.Clone(m.tags), tag)
		}
	}

	if extra := len(m.tags) - maxTags; extra > 0 {
		m.tags = m.tags[extra:]
	}

	return m
}

// drop returns the marker without a tag.
func (m marker) drop(tag string) marker {
	m.tags = slices.DeleteFunc(slices.Clone(m.tags), func(t string) bool { return t == tag })

	return m
}

func (m marker) has(tag string) bool { return slices.Contains(m.tags, tag) }

// markerIn returns our part of a text; the zero marker when there is none.
func markerIn(text string) marker {
	_, own, _ := parts(text)

	return own
}
