package lexicon

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/sluse/sluse/scheduler/care"
)

//nolint:gochecknoglobals // a compiled pattern that never changes
var paragraphLike = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(\d+)(?:\s*([a-z])\b)?`) })

// Law reads the name of a legal basis as people and records write it (eoj.md §5.5): "SUL §138",
// "Sundhedslovens § 138", "Ældreloven", or a paragraph alone. What it does not know is LawUnknown.
func Law(text string) care.LegalBasis {
	s := strings.ToLower(norm.NFC.String(text))

	var acts []string
	if strings.Contains(s, "ældrelov") || strings.Contains(s, "aeldrelov") || hasWord(s, "æl", "ael") {
		acts = append(acts, "elder")
	}

	if strings.Contains(s, "sundhedslov") || hasWord(s, "sul") {
		acts = append(acts, "health")
	}

	if strings.Contains(s, "servicelov") || hasWord(s, "sel") {
		acts = append(acts, "social")
	}

	paragraph := ""
	if m := paragraphLike().FindStringSubmatch(s); m != nil {
		paragraph = m[1] + m[2]
	}

	switch len(acts) {
	case 0:
		return paragraphAlone(paragraph)
	case 1:
		return paragraphOf(acts[0], paragraph)
	default:
		return care.LawUnknown // two acts at once
	}
}

// paragraphAlone guesses the act of the paragraphs that home care is granted under.
func paragraphAlone(paragraph string) care.LegalBasis {
	switch paragraph {
	case "138":
		return care.SUL138
	case "83", "83a", "85":
		return paragraphOf("social", paragraph)
	}

	return care.LawUnknown
}

func paragraphOf(act, paragraph string) care.LegalBasis {
	switch {
	case act == "elder":
		return care.AEL
	case act == "health" && paragraph == "138":
		return care.SUL138
	case act == "health" || paragraph == "138":
		return care.LawUnknown
	case paragraph == "83":
		return care.SEL83
	case paragraph == "83a":
		return care.SEL83A
	case paragraph == "85":
		return care.SEL85
	default:
		return care.SELOther
	}
}

// hasWord reports whether one of the words stands in s by itself, digits and paragraph signs
// aside.
func hasWord(s string, words ...string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }),
		func(w string) bool { return slices.Contains(words, w) })
}
