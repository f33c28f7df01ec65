package mailsim_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluse/sluse/connector/message/mail/mailsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	from   = "skaerm@testby.dk"
	to     = "borger@example.dk"
	letter = "From: Testby Kommune <skaerm@testby.dk>\r\nTo: <borger@example.dk>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\n" +
		"Message-ID: <a1@testby.dk>\r\nSubject: =?UTF-8?q?Aftale_p=C3=A5_sk=C3=A6rm?=\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n" +
		"--a\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nSk=C3=A6rm\r\n..dot\r\n" +
		"--a\r\nContent-Type: text/calendar; method=REQUEST; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\nQkVHSU46VkNBTEVOREFS\r\n--a--\r\n" +
		"--m\r\nContent-Type: application/ics\r\nContent-Disposition: attachment; filename=aftale.ics\r\n\r\nx\r\n--m--\r\n"
)

func start(t *testing.T, o mailsim.Options) (*mailsim.Server, string) {
	t.Helper()

	o.Clock = func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

	s, err := mailsim.New(o)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = s.Close() })

	address, err := s.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	return s, address
}

// talk sends lines and returns the code of each answer. A line "." ends a letter.
func talk(t *testing.T, address string, lines ...string) []string {
	t.Helper()

	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}

	defer func() { _ = conn.Close() }()

	r := bufio.NewReader(conn)
	codes := []string{code(r)}

	for _, l := range lines {
		if _, err := fmt.Fprintf(conn, "%s\r\n", l); err != nil {
			return append(codes, "")
		}

		codes = append(codes, code(r))
	}

	return codes
}

// code reads one answer of any number of lines; empty when the connection is gone.
func code(r *bufio.Reader) string {
	for {
		l, err := r.ReadString('\n')
		if err != nil || len(l) < 4 {
			return ""
		}

		if l[3] == ' ' {
			return l[:3]
		}
	}
}

func TestLetterIsReadable(t *testing.T) {
	t.Parallel()

	s, address := start(t, mailsim.Options{Calm: true, Strict: true})
	if err := smtp.SendMail(address, nil, from, []string{to}, []byte(letter)); err != nil {
		t.Fatal(err)
	}

	got := s.Mailbox("BORGER@example.dk")
	if len(got) != 1 {
		t.Fatalf("%d letters", len(got))
	}

	l := got[0]
	if l.Subject != "Aftale på skærm" || l.Text != "Skærm\n..dot" || l.Calendar != "BEGIN:VCALENDAR" || l.CalendarMethod != "REQUEST" ||
		l.MessageID != "a1@testby.dk" || l.Sender != from || len(l.Attachments) != 1 || l.Problem != "" || string(l.Raw) != letter {
		t.Errorf("letter %+v", l)
	}

	if n := s.Copies()["a1@testby.dk"]; n != 1 {
		t.Errorf("%d copies", n)
	}
}

func TestProtocol(t *testing.T) {
	t.Parallel()

	_, address := start(t, mailsim.Options{Calm: true, Strict: true, MaxSize: 2000, Reject: []string{"@nowhere.dk"}})

	for name, c := range map[string]struct{ say, want string }{
		"order":         {"MAIL FROM:<a@b>|EHLO x|RCPT TO:<a@b>|DATA|MAIL FROM:<a@b>|MAIL FROM:<a@b>", "220 503 250 503 503 250 503"},
		"syntax":        {"EHLO|EHLO x|MAIL FROM:a@b|MAIL TO:<a@b>|MAIL FROM:<ab>|MAIL FROM:<>|RCPT TO:<>|FOO", "220 501 250 501 501 501 250 501 502"},
		"unknown":       {"EHLO x|MAIL FROM:<a@b>|RCPT TO:<c@NOWHERE.dk>|RCPT TO:<c@d>|RSET|DATA|NOOP|VRFY c|QUIT", "220 250 250 550 250 250 503 250 252 221"},
		"size":          {"EHLO x|MAIL FROM:<a@b> SIZE=2001|MAIL FROM:<a@b> SIZE=x|MAIL FROM:<a@b> SIZE=2000 BODY=8BITMIME", "220 250 552 552 250"},
		"incomplete":    {"HELO x|MAIL FROM:<a@b>|RCPT TO:<c@d>|DATA|From: a@b\r\n\r\nx\r\n.", "220 250 250 250 354 554"},
		"large":         {"HELO x|MAIL FROM:<a@b>|RCPT TO:<c@d>|DATA|" + strings.Repeat("x", 2001) + "\r\n.|NOOP", "220 250 250 250 354 552 250"},
		"bare LF":       {"EHLO x\nNOOP", "220 500"},
		"long line":     {"EHLO " + strings.Repeat("x", 5000), "220 500"},
		"no login here": {"EHLO x|AUTH PLAIN|STARTTLS", "220 250 503 503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := strings.Join(talk(t, address, strings.Split(c.say, "|")...), " "); got != c.want {
				t.Errorf("answers %s, want %s", got, c.want)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()

	s, address := start(t, mailsim.Options{Calm: true, STARTTLS: true, RequireTLS: true, Users: map[string]string{"sluse": "hemmelig"}})

	got := talk(t, address, "EHLO x", "AUTH PLAIN AHNsdXNlAGhlbW1lbGln", "MAIL FROM:<a@b>")
	if strings.Join(got, " ") != "220 250 530 530" {
		t.Errorf("in plain text: %v", got)
	}

	client, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}

	defer func() { _ = client.Close() }()

	if err := client.StartTLS(&tls.Config{RootCAs: s.Roots(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}); err != nil {
		t.Fatal(err)
	}

	if err := client.Mail(from); err == nil {
		t.Error("MAIL without login")
	}

	if err := client.Auth(smtp.PlainAuth("", "sluse", "hemmelig", "127.0.0.1")); err != nil {
		t.Fatal(err)
	}

	if err := client.Mail(from); err != nil {
		t.Error(err)
	}

	plain, address := start(t, mailsim.Options{Calm: true, Users: map[string]string{"sluse": "hemmelig"}})

	got = talk(t, address, "EHLO x", "AUTH LOGIN", "c2x1c2U=", "ZmFsc2s=", "AUTH LOGIN", "c2x1c2U=", "aGVtbWVsaWc=", "AUTH PLAIN x", "MAIL FROM:<a@b>")
	if strings.Join(got, " ") != "220 250 334 334 535 334 334 235 503 250" {
		t.Errorf("LOGIN: %v", got)
	}

	for _, e := range plain.History() {
		if strings.Contains(fmt.Sprint(e), "aGVt") {
			t.Errorf("the history holds a password: %+v", e)
		}
	}
}

func TestScriptedFaults(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		kind mailsim.FaultKind
		kept int
		fail bool
	}{
		{mailsim.FaultBusy, 0, true},
		{mailsim.FaultSenderLater, 0, true},
		{mailsim.FaultGreylist, 0, true},
		{mailsim.FaultResetBefore, 0, true},
		{mailsim.FaultLetterLater, 0, true},
		{mailsim.FaultResetAfter, 1, true},
		{mailsim.FaultSlow, 1, false},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()

			s, address := start(t, mailsim.Options{Calm: true, Faults: mailsim.Faults{Hang: time.Millisecond}})
			if err := s.Script(mailsim.Fault{Kind: c.kind}); err != nil {
				t.Fatal(err)
			}

			err := smtp.SendMail(address, nil, from, []string{to}, []byte(letter))
			if (err != nil) != c.fail || len(s.Letters()) != c.kept {
				t.Errorf("error %v, %d letters", err, len(s.Letters()))
			}

			if err := smtp.SendMail(address, nil, from, []string{to}, []byte(letter)); err != nil {
				t.Errorf("second try: %v", err)
			}

			if n := s.Copies()["a1@testby.dk"]; n != c.kept+1 {
				t.Errorf("%d copies", n)
			}
		})
	}
}

func TestSeededFaultsEnd(t *testing.T) {
	t.Parallel()

	const seed = 7

	_, address := start(t, mailsim.Options{Seed: seed, Faults: mailsim.Spread(0.9)})

	struck := 0

	for i := range 20 {
		receiver := fmt.Sprintf("borger%d@example.dk", i)

		for try := 0; ; try++ {
			if smtp.SendMail(address, nil, from, []string{receiver}, []byte(letter)) == nil {
				break
			}

			if struck++; try > 8 {
				t.Fatalf("seed %d: receiver %d meets faults without end", seed, i)
			}
		}
	}

	if struck == 0 {
		t.Errorf("seed %d: no fault in 20 letters", seed)
	}
}

func TestBounce(t *testing.T) {
	t.Parallel()

	s, address := start(t, mailsim.Options{Calm: true, Bounce: []string{to}})
	if err := smtp.SendMail(address, nil, from, []string{to}, []byte(letter)); err != nil {
		t.Fatal(err)
	}

	if got := s.Mailbox(to); len(got) != 1 || !got[0].Bounced {
		t.Errorf("mailbox %+v", got)
	}

	if got := s.Mailbox(from); len(got) != 1 || !strings.Contains(got[0].Text, "a1@testby.dk") {
		t.Errorf("the sender got %+v", got)
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()

	s, address := start(t, mailsim.Options{Calm: true})
	web := httptest.NewServer(s.Handler())
	t.Cleanup(web.Close)

	read := func(method, path, body string) (int, string) {
		t.Helper()

		req, err := http.NewRequestWithContext(t.Context(), method, web.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}

		resp, err := web.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}

		defer func() { _ = resp.Body.Close() }()

		var out strings.Builder
		if _, err := bufio.NewReader(resp.Body).WriteTo(&out); err != nil {
			t.Fatal(err)
		}

		if !strings.Contains(resp.Header.Get("Server"), "simulator") {
			t.Error("the server does not say what it is")
		}

		return resp.StatusCode, out.String()
	}

	if _, page := read("GET", "/", ""); !strings.Contains(page, "Der er ingen breve") {
		t.Error("no empty page")
	}

	with := strings.Replace(letter, "Sk=C3=A6rm", "G=C3=A5 til https://skaerm.testby.dk/b/x <b>", 1)
	if err := smtp.SendMail(address, nil, from, []string{to}, []byte(with)); err != nil {
		t.Fatal(err)
	}

	_, page := read("GET", "/?til="+to, "")
	for _, want := range []string{`href="https://skaerm.testby.dk/b/x"`, "Aftale på skærm", "&lt;b&gt;", "letters/1.ics"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}

	var letters []mailsim.Letter

	_, list := read("GET", "/letters", "")
	if err := json.Unmarshal([]byte(list), &letters); err != nil || len(letters) != 1 {
		t.Errorf("%v: %s", err, list)
	}

	for path, want := range map[string]string{
		"/letters/1.ics": "BEGIN:VCALENDAR", "/letters/1.eml": "Message-ID: <a1@testby.dk>", "/copies": `"a1@testby.dk":1`, "/history": `"RCPT"`,
	} {
		if status, body := read("GET", path, ""); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}

	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/letters/2.eml", "", 404},
		{"GET", "/letters/x.eml", "", 404},
		{"GET", "/letters/1.exe", "", 404},
		{"PUT", "/faults", `{"greylist":0.5}`, 204},
		{"PUT", "/faults", `{"greylist":5}`, 400},
		{"PUT", "/faults", `{"grey":1}`, 400},
		{"POST", "/script", `[{"kind":"busy"}]`, 204},
		{"POST", "/script", `[{"kind":"rain"}]`, 400},
		{"DELETE", "/letters", "", 204},
	} {
		if status, body := read(c.method, c.path, c.body); status != c.want {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, body)
		}
	}

	if _, list := read("GET", "/letters", ""); strings.TrimSpace(list) != "[]" {
		t.Errorf("letters after delete: %s", list)
	}
}

func TestGuardRails(t *testing.T) {
	t.Parallel()

	s, _ := start(t, mailsim.Options{Calm: true})
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:25", "example.com:25"} {
		if _, err := s.Listen(t.Context(), address); err == nil {
			t.Errorf("listens on %s", address)
		}
	}

	everywhere, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}

	if err := s.Serve(everywhere); err == nil {
		t.Error("serves beyond loopback")
	}

	clock := func() time.Time { return time.Unix(0, 0) }
	for name, o := range map[string]mailsim.Options{
		"clock":    {},
		"list":     {Clock: clock, Reject: []string{"borger"}},
		"tls":      {Clock: clock, RequireTLS: true},
		"rate":     {Clock: clock, Faults: mailsim.Faults{Busy: 2}},
		"rates":    {Clock: clock, Faults: mailsim.Faults{Busy: .6, Slow: .6}},
		"in a row": {Clock: clock, Faults: mailsim.Faults{MaxInRow: -1}},
	} {
		if _, err := mailsim.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestStart(t *testing.T) {
	t.Parallel()

	s, err := mailsim.New(mailsim.Options{Clock: time.Now, Calm: true, Latency: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}

	urls, err := s.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	if err := smtp.SendMail(urls.SMTP, nil, from, []string{to}, []byte(letter)); err != nil {
		t.Error(err)
	}

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	resp, err := client.Get(urls.Inbox)
	if err != nil {
		t.Fatal(err)
	}

	_ = resp.Body.Close()

	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}

	if _, err := s.Start(t.Context(), "127.0.0.1:0", "0.0.0.0:0"); err == nil {
		t.Error("the page is open to other machines")
	}
}

func TestWaitFor(t *testing.T) {
	t.Parallel()

	s, address := start(t, mailsim.Options{Calm: true})
	sent := make(chan error, 1)

	go func() { sent <- smtp.SendMail(address, nil, from, []string{to}, []byte(letter)) }()

	if err := s.WaitFor(t.Context(), func(l []mailsim.Letter) bool { return len(l) == 1 }); err != nil {
		t.Error(err)
	}

	if err := <-sent; err != nil {
		t.Error(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	if err := s.WaitFor(ctx, func([]mailsim.Letter) bool { return false }); err == nil {
		t.Error("an ended context is no error")
	}
}

// FuzzSession feeds any bytes to the server: it answers or hangs up, and lives on.
func FuzzSession(f *testing.F) {
	f.Add("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" + letter + ".\r\nQUIT\r\n")
	f.Add("AUTH PLAIN =\r\n\x00\n")
	f.Add("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n.\r\n")

	s, err := mailsim.New(mailsim.Options{Clock: func() time.Time { return time.Unix(0, 0) }, Calm: true, Limit: 10})
	if err != nil {
		f.Fatal(err)
	}

	f.Cleanup(func() { _ = s.Close() })

	address, err := s.Listen(f.Context(), "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}

	f.Fuzz(func(t *testing.T, bytes string) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}

		defer func() { _ = conn.Close() }()

		if _, err := conn.Write([]byte(bytes)); err != nil {
			return
		}

		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = bufio.NewReader(conn).WriteTo(&strings.Builder{})
	})
}
