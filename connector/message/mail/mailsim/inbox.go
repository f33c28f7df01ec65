package mailsim

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed inbox.html
var inboxPage string

// linkPattern finds the addresses in a letter that a reader would press.
var linkPattern = regexp.MustCompile(`https?://[^\s<>"]+`)

// Handler serves the mailboxes to people and programs:
//
//	GET    /                       page, newest first; ?til=ADDRESS shows one mailbox
//	GET    /letters                JSON list, oldest first; ?til=ADDRESS as above
//	GET    /letters/{number}.eml   the letter as it came
//	GET    /letters/{number}.ics   its calendar file
//	DELETE /letters                forget letters and history
//	GET    /copies                 JSON object: Message-ID to number of letters
//	GET    /history                JSON list of SMTP exchanges
//	PUT    /faults                 JSON Faults
//	POST   /script                 JSON list of Fault
//
// There is no login: serve it on loopback only.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /letters", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, s.selected(r)) })
	mux.HandleFunc("GET /letters/{file}", s.file)
	mux.HandleFunc("DELETE /letters", func(w http.ResponseWriter, _ *http.Request) {
		s.Clear()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /copies", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Copies()) })
	mux.HandleFunc("GET /history", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.History()) })
	mux.HandleFunc("PUT /faults", func(w http.ResponseWriter, r *http.Request) {
		var f Faults
		if readJSON(w, r, &f) {
			respond(w, s.SetFaults(f))
		}
	})
	mux.HandleFunc("POST /script", func(w http.ResponseWriter, r *http.Request) {
		var f []Fault
		if readJSON(w, r, &f) {
			respond(w, s.Script(f...))
		}
	})

	guard := http.NewCrossOriginProtection()

	return guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Server", "sluse-mailsim (simulator)")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
		mux.ServeHTTP(w, r)
	}))
}

func (s *Server) selected(r *http.Request) []Letter {
	letters := s.Letters()
	if to := r.URL.Query().Get("til"); to != "" {
		letters = s.Mailbox(to)
	}

	if letters == nil {
		letters = []Letter{}
	}

	return letters
}

// row is a letter on the page.
type row struct {
	Letter

	Time  string
	Lines []line
}

// line is one line of a letter, cut at its links.
type line []struct{ Text, Link string }

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	page, err := template.New("inbox").Parse(inboxPage)
	if err != nil {
		http.Error(w, "page", http.StatusInternalServerError)

		return
	}

	letters := s.selected(r)
	slices.Reverse(letters)

	rows := make([]row, 0, len(letters))
	for _, l := range letters {
		rows = append(rows, row{Letter: l, Time: l.At.Local().Format("15.04.05"), Lines: lines(l.Text)})
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, map[string]any{"Letters": rows, "To": r.URL.Query().Get("til")})
}

func lines(text string) []line {
	var out []line

	for l := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		var cut line

		at := 0
		for _, found := range linkPattern.FindAllStringIndex(l, -1) {
			cut = append(cut, struct{ Text, Link string }{Text: l[at:found[0]]}, struct{ Text, Link string }{Link: l[found[0]:found[1]]})
			at = found[1]
		}

		out = append(out, append(cut, struct{ Text, Link string }{Text: l[at:]}))
	}

	return out
}

func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name, kind, _ := strings.Cut(r.PathValue("file"), ".")
	number, err := strconv.Atoi(name)
	letters := s.Letters()
	i := slices.IndexFunc(letters, func(l Letter) bool { return err == nil && l.Number == number })

	var (
		body []byte
		as   string
	)

	if i >= 0 {
		switch kind {
		case "eml":
			body, as = letters[i].Raw, "message/rfc822"
		case "ics":
			body, as = []byte(letters[i].Calendar), "text/calendar; charset=utf-8"
		}
	}

	if len(body) == 0 {
		http.NotFound(w, r)

		return
	}

	w.Header().Set("Content-Type", as)
	w.Header().Set("Content-Disposition", `attachment; filename="brev-`+strconv.Itoa(number)+"."+kind+`"`)
	_, _ = w.Write(body)
}

func writeJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "json", http.StatusInternalServerError)

		return
	}

	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

// readJSON decodes a body of at most 1 MiB; unknown members are an error.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	d.DisallowUnknownFields()

	if err := d.Decode(v); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)

		return false
	}

	return true
}

func respond(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)

		return
	}

	w.WriteHeader(http.StatusNoContent)
}
