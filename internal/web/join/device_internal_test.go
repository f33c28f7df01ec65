package join

import (
	"bytes"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/scheduler/care"
)

// FuzzScripts reads anything where scripts of the pages post: what is no message of theirs is
// Invalid, and what is one has what it needs.
func FuzzScripts(f *testing.F) {
	gin.SetMode(gin.ReleaseMode)

	for _, seed := range []string{`{"handle":"h","answer":{}}`, `{"kode":"ABC","noegle":"AAAA","underskrift":"AAAA"}`, `{"id":"t1","udfordring":"n","underskrift":"?"}`, "", "[", `{"id":1}`} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		posted := func() *gin.Context {
			c, _ := gin.CreateTestContext(httptest.NewRecorder())
			c.Request = httptest.NewRequestWithContext(t.Context(), "POST", "/", bytes.NewReader(body))

			return c
		}

		answer, err := readAnswer(posted())
		if err != nil && care.KindOf(err) != care.Invalid || err == nil && (answer.Handle.IsZero() || len(answer.Answer) == 0) {
			t.Errorf("an answer: %v", err)
		}

		for _, into := range []any{&enrolRequest{}, &proveRequest{}} {
			if err := decode(posted(), into); err != nil && care.KindOf(err) != care.Invalid {
				t.Errorf("%T: %v", into, err)
			}
		}
	})
}

func TestLabels(t *testing.T) {
	t.Parallel()

	for agent, want := range map[string]string{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)": "iPhone", "Mozilla/5.0 (Linux; Android 15; Pixel 9)": "Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)": "Mac", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)": "Windows-computer", "": "Ukendt enhed",
	} {
		if got := labelOf(agent); got != want {
			t.Errorf("%q: %s", agent, got)
		}
	}
}
