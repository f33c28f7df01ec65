package nexus

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// TestPeoplesTextIsUntouched (K67): our part comes once, changes in place and goes again, and every
// byte of people's text is as it was.
func TestPeoplesTextIsUntouched(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(
			rapid.StringOf(rapid.RuneFrom([]rune("abcæøå ;,\t\"'|#[]\r\n§•"))),
			rapid.SampledFrom([]string{"", " ", "skærmbesøg", "x, skærmbesøg", "[skærmbesøg]", "[#]", "a\nb", "  ", "[a #]"}),
			rapid.String(),
		).Filter(func(s string) bool { return !markerLike.MatchString(s) }).Draw(rt, "text")
		word := rapid.SampledFrom([]string{"skærmbesøg", "S", "video besøg", "Sluse"}).Draw(rt, "word")
		keys := rapid.SliceOfNDistinct(rapid.StringN(1, 20, -1), 1, 50, tagOf).Draw(rt, "keys")

		now, own := text, marker{word: word}

		for _, key := range keys {
			own = own.add(tagOf(key))
			now = own.put(now)

			if got := markerIn(now); !reflect.DeepEqual(got, own) {
				rt.Fatalf("in %q stands %v, want %v", now, got, own)
			}

			if again := own.put(now); again != now {
				rt.Fatalf("a repeat made %q of %q", again, now)
			}
		}

		if back := (marker{}).put(now); back != text {
			rt.Fatalf("what was taken back is %q, want %q", back, text)
		}
	})
}

// TestWhatPeopleWroteAround: people write on before and after our part, and it stays.
func TestWhatPeopleWroteAround(t *testing.T) {
	t.Parallel()

	own := marker{word: "skærmbesøg"}.add("abcde")

	for before, after := range map[string]string{
		"Hund [skærmbesøg #abcde] og kat": "Hund og kat", "[skærmbesøg #abcde]\nRing": "\nRing", " [skærmbesøg #abcde]": "",
		"[skærmbesøg #zzzzz #abcde]": "", "Ingen": "Ingen",
	} {
		if got := (marker{}).put(before); got != after {
			t.Errorf("%q became %q, want %q", before, got, after)
		}
	}

	if got := own.put("Hund [skærmbesøg #22222] og kat"); got != "Hund [skærmbesøg #abcde] og kat" {
		t.Errorf("our part moved: %q", got)
	}
}

func root(tb testing.TB, text string) *url.URL {
	tb.Helper()

	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}

	return u
}

// TestAddresses: whatever an href says, nothing but the configured host is ever called.
func TestAddresses(t *testing.T) {
	t.Parallel()

	base := root(t, "https://Testby.nexus.kmd.dk")

	for href, want := range map[string]string{
		"https://testby.nexus.kmd.dk/api/core/mobile/testby/v2/": "/api/core/mobile/testby/v2/",
		"https://TESTBY.nexus.kmd.dk:443/api/x?from=1&to=%C3%B8": "/api/x?from=1&to=%C3%B8",
		"/api/core/mobile/testby/v2/patients/4711":               "/api/core/mobile/testby/v2/patients/4711",
		"/api/a%2Fb/c%20d":                              "/api/a%2Fb/c%20d",
		"https://testby.nexus.kmd.dk./api":              "",
		"http://testby.nexus.kmd.dk/api":                "",
		"https://testby.nexus.kmd.dk:8443/api":          "",
		"https://user:pw@testby.nexus.kmd.dk/api":       "",
		"//thief.example/api":                           "",
		"https://thief.example/api":                     "",
		"https://testby.nexus.kmd.dk.thief.example/api": "",
		"https://thief.example\\@testby.nexus.kmd.dk/":  "",
		"https:testby.nexus.kmd.dk/api":                 "",
		"javascript:alert(1)":                           "",
		"file:///etc/passwd":                            "",
		"/api/../../etc":                                "/etc",
		"/api/%2e%2e/x":                                 "",
		"/api//x":                                       "",
		"/api?a=%zz":                                    "",
		"":                                              "",
		"https://testby.nexus.kmd.dk":                   "",
		"\thttps://testby.nexus.kmd.dk/api/x\n":         "/api/x",
		"https://testby.nexus.kmd.dk/api/x#frag":        "/api/x",
		"https://[::1]/api":                             "",
		"https://testby.nexus.kmd.dk:443:443/api":       "",
		"https://testby.nexus.kmd.dk/api/core/mobile/testby/v2/events?occurrence=": "/api/core/mobile/testby/v2/events?occurrence=",
	} {
		a, err := parseAddress(base, href)

		got := ""
		if err == nil {
			got = shown(a)
		}

		if got != want {
			t.Errorf("parseAddress(%q) = %q, %v; want %q", href, got, err, want)
		}
	}
}

func shown(a address) string {
	parts := make([]string, 0, len(a.path))
	for _, p := range a.path {
		parts = append(parts, url.PathEscape(p))
	}

	text := "/" + strings.Join(parts, "/")
	if a.slash {
		text += "/"
	}

	if len(a.query) > 0 {
		text += "?" + a.query.Encode()
	}

	return text
}

// TestConfigProblems tells every problem at once, by its key.
func TestConfigProblems(t *testing.T) {
	t.Parallel()

	c := Config{
		Instance: "a b", APIURL: "https://x.example/api", IAMURL: "ftp://x", ConnectTimeout: time.Hour, VideoFlag: "x", StrategyField: "a b",
		Lists: []string{"["}, Timeout: time.Hour, CalendarTimeout: time.Hour, AuthPath: "/", TestCitizen: care.NewSecret("12"),
	}

	text := errors.Join(c.Validate()...).Error()
	for _, key := range []string{
		"instance", "auth_path", "iam_url", "api_url", "client_id", "client_secret", "connect_timeout", "timeout", "calendar_timeout", "video_flag",
		"strategy_field", "intervention.create", "lists[0]", "test_citizen",
	} {
		if !strings.Contains("\n"+text, "\n"+key+": ") {
			t.Errorf("no problem of %s in:\n%s", key, text)
		}
	}

	c = Config{Instance: "testby", APIURL: "https://x.example", IAMURL: "https://y.example", ClientID: "c", ClientSecret: care.NewSecret("s")}
	c.SetDefaults()

	if problems := c.Validate(); len(problems) != 0 {
		t.Errorf("the defaults have problems: %v", problems)
	}
}

// FuzzAddress: an href of any bytes never leads elsewhere.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"https://testby.example/api", "//x", "/a/b?c=d", "https://testby.example:443/%2e%2e/x", "\x00"} {
		f.Add(s)
	}

	base := root(f, "https://testby.example")

	f.Fuzz(func(t *testing.T, href string) {
		a, err := parseAddress(base, href)
		if err != nil {
			return
		}

		for _, p := range a.path {
			if p == "" || p == "." || p == ".." {
				t.Errorf("%q has the segment %q", href, p)
			}
		}
	})
}

// FuzzObject: an answer of any bytes is an object or an error, and reading it never panics.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"id":4711,"version":7,"fullName":"Nancy","patientIdentifier":{"identifier":"251248-9996"},"patientState":{"name":"Indlagt"},"_links":{"self":{"href":"/x"},"a":[{"href":"/y"}]}}`))
	f.Add([]byte(`{"id":1,"originalDate":"2026-11-24T07:30:00.000Z","start":"2026-11-24T07:30:00.000Z","end":"2026-11-24T07:45:00.000Z","eventType":{"name":"x"},"comments":"a [s #abcde]","patientResourceList":[{"id":1,"grants":[{}]}],"changeStrategies":["THIS"]}`))
	f.Add([]byte(`{"items":[{"label":"a","type":"dropDown","possibleValues":[{"name":"b"}],"required":true}],"children":[[]],"_links":null}`))
	f.Add([]byte(`[{"a":1}]`))

	n := &Nexus{config: Config{Note: Note{TextLabel: "a"}, VideoFlag: VideoJudgement}}

	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = decodeObjects(data)

		o, err := decodeObject(data)
		if err != nil {
			return
		}

		p := n.person(o)
		if !p.cpr.IsZero() && p.verdict == care.CPRMalformed {
			t.Error("a malformed number was taken")
		}

		r := &reading{nexus: n, seen: map[string]bool{}, people: map[string]person{"": p}, period: care.DayOf(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)).Bounds()}
		r.take(object{"eventResources": append(append([]byte("["), o.encode()...), ']')})

		for _, row := range r.finish().Rows {
			if row.Source.ID == "" || !row.Planned.Valid() {
				t.Errorf("a partial visit: %v", row.Source)
			}
		}

		_ = n.fillForm(o, ehr.Change{Key: "k", Name: "x"})
		_, _ = o.href("self"), o.texts("changeStrategies")

		text := o.text("comments")
		if own := markerIn(text); len(own.tags) > 0 && !markerLike.MatchString(text) {
			t.Error("a marker out of nothing")
		}
	})
}
