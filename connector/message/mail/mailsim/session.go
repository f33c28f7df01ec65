package mailsim

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Limits of RFC 5321 §4.5.3.1.
const (
	maxLine      = 2048 // octets of a command, AUTH included
	maxReceivers = 100
)

// errDrop ends a session without an answer.
var errDrop = errors.New("connection dropped")

// session is one SMTP connection.
type session struct {
	server *Server
	number int
	conn   net.Conn
	reader *bufio.Reader

	greeted   bool
	encrypted bool
	user      string
	mail      bool // MAIL was accepted
	sender    string
	receivers []string
}

func newSession(s *Server, conn net.Conn, number int) *session {
	return &session{server: s, number: number, conn: conn, reader: bufio.NewReaderSize(conn, 4096)}
}

// run speaks until the peer quits, an error, or Close.
func (s *session) run() {
	defer func() { _ = s.conn.Close() }()

	if fault := s.server.chaos.strikes("", FaultBusy); fault != "" {
		_ = s.answer("CONNECT", "", fault, 421, "4.3.2 mailsim is busy, try later")

		return
	}

	if s.answer("CONNECT", "", "", 220, "mailsim.localhost ESMTP Sluse mail simulator, delivers nothing") != nil {
		return
	}

	for {
		line, err := s.line(maxLine)
		if err != nil {
			return
		}

		verb, rest, _ := strings.Cut(line, " ")
		if err := s.command(strings.ToUpper(verb), strings.TrimSpace(rest)); err != nil {
			return
		}
	}
}

// line reads one line that ends in CRLF. A bare LF ends the session: it is how letters are
// smuggled (RFC 5321 §2.3.8).
func (s *session) line(limit int) (string, error) {
	if err := s.conn.SetReadDeadline(s.deadline()); err != nil {
		return "", fmt.Errorf("mailsim: %w", err)
	}

	var line []byte

	for {
		part, err := s.reader.ReadSlice('\n')
		line = append(line, part...)

		switch {
		case len(line) > limit:
			return "", s.reject(500, "5.5.2 line too long")
		case err == nil && !bytes.HasSuffix(line, []byte("\r\n")):
			return "", s.reject(500, "5.5.2 bare line feed")
		case err == nil:
			return string(line[:len(line)-2]), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", fmt.Errorf("mailsim: %w", err)
		}
	}
}

// deadline is real time: the operating system knows no other.
func (s *session) deadline() time.Time {
	return time.Now().Add(s.server.options.IdleTimeout) //nolint:forbidigo // deadlines of sockets are wall-clock time
}

// reject answers and ends the session.
func (s *session) reject(code int, text string) error {
	_ = s.answer("LINE", "", "", code, text)

	return errDrop
}

// answer writes a reply of one or more lines and records the exchange.
func (s *session) answer(command, address string, fault FaultKind, code int, lines ...string) error {
	s.wait(s.server.options.Latency)
	s.server.record(Exchange{Connection: s.number, Command: command, Address: address, Code: code, Fault: fault})

	var reply strings.Builder

	for i, line := range lines {
		mark := "-"
		if i == len(lines)-1 {
			mark = " "
		}

		reply.WriteString(strconv.Itoa(code) + mark + line + "\r\n")
	}

	if _, err := io.WriteString(s.conn, reply.String()); err != nil {
		return fmt.Errorf("mailsim: %w", err)
	}

	return nil
}

// drop ends the session without an answer, as a broken line would.
func (s *session) drop(command, address string, fault FaultKind) error {
	s.server.record(Exchange{Connection: s.number, Command: command, Address: address, Fault: fault})

	inner := s.conn
	if secure, ok := inner.(*tls.Conn); ok {
		inner = secure.NetConn()
	}

	if tcp, ok := inner.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not a polite end
	}

	return errDrop
}

func (s *session) command(verb, rest string) error {
	switch verb {
	case "EHLO", "HELO":
		return s.hello(verb, rest)
	case "STARTTLS":
		return s.startTLS()
	case "AUTH":
		return s.auth(rest)
	case "MAIL":
		return s.from(rest)
	case "RCPT":
		return s.to(rest)
	case "DATA":
		return s.data()
	case "RSET":
		s.reset()

		return s.answer(verb, "", "", 250, "2.0.0 ok")
	case "NOOP":
		return s.answer(verb, "", "", 250, "2.0.0 ok")
	case "VRFY":
		return s.answer(verb, "", "", 252, "2.0.0 send it and see")
	case "QUIT":
		_ = s.answer(verb, "", "", 221, "2.0.0 bye")

		return errDrop
	}

	return s.answer("OTHER", "", "", 502, "5.5.1 command not implemented")
}

func (s *session) reset() { s.mail, s.sender, s.receivers = false, "", nil }

func (s *session) hello(verb, name string) error {
	if name == "" {
		return s.answer(verb, "", "", 501, "5.5.4 say who you are")
	}

	s.reset()
	s.greeted = true

	if verb == "HELO" {
		return s.answer(verb, "", "", 250, "mailsim.localhost")
	}

	lines := []string{
		"mailsim.localhost", "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES", "SIZE " + strconv.Itoa(s.server.options.MaxSize),
	}
	if s.server.tls != nil && !s.encrypted {
		lines = append(lines, "STARTTLS")
	}

	if s.server.options.Users != nil && (s.encrypted || !s.server.options.RequireTLS) {
		lines = append(lines, "AUTH PLAIN LOGIN")
	}

	return s.answer(verb, "", "", 250, lines...)
}

func (s *session) from(rest string) error {
	address, params, ok := path(rest, "FROM:")

	switch {
	case !s.greeted || s.mail:
		return s.answer("MAIL", "", "", 503, "5.5.1 bad sequence")
	case s.server.options.RequireTLS && !s.encrypted:
		return s.answer("MAIL", "", "", 530, "5.7.0 STARTTLS first")
	case s.server.options.Users != nil && s.user == "":
		return s.answer("MAIL", "", "", 530, "5.7.0 authentication required")
	case !ok:
		return s.answer("MAIL", "", "", 501, "5.1.7 bad sender")
	}

	for _, p := range params {
		name, value, _ := strings.Cut(strings.ToUpper(p), "=")

		size, err := strconv.Atoi(value)
		if name == "SIZE" && (err != nil || size > s.server.options.MaxSize) {
			return s.answer("MAIL", address, "", 552, "5.3.4 too large")
		}
	}

	if fault := s.server.chaos.strikes("", FaultSenderLater); fault != "" {
		return s.answer("MAIL", address, fault, 451, "4.3.0 try later")
	}

	s.mail, s.sender = true, address

	return s.answer("MAIL", address, "", 250, "2.1.0 ok")
}

func (s *session) to(rest string) error {
	address, _, ok := path(rest, "TO:")

	switch {
	case !s.mail:
		return s.answer("RCPT", "", "", 503, "5.5.1 bad sequence")
	case !ok || address == "":
		return s.answer("RCPT", "", "", 501, "5.1.3 bad address")
	case len(s.receivers) >= maxReceivers:
		return s.answer("RCPT", address, "", 452, "4.5.3 too many receivers")
	case matches(s.server.options.Reject, address):
		return s.answer("RCPT", address, "", 550, "5.1.1 <"+address+">: no such mailbox")
	}

	if fault := s.server.chaos.strikes(address, FaultGreylist); fault != "" {
		return s.answer("RCPT", address, fault, 450, "4.2.0 greylisted, try later")
	}

	s.receivers = append(s.receivers, address)
	s.server.chaos.served("") // this connection got past the faults that come before a receiver

	return s.answer("RCPT", address, "", 250, "2.1.5 ok")
}

// path reads "FROM:<a@b> KEY=VALUE" (RFC 5321 §4.1.2). The empty path <> is a bounce.
func path(rest, label string) (address string, params []string, ok bool) {
	if len(rest) < len(label) || !strings.EqualFold(rest[:len(label)], label) {
		return "", nil, false
	}

	rest = strings.TrimSpace(rest[len(label):])

	end := strings.IndexByte(rest, '>')
	if !strings.HasPrefix(rest, "<") || end < 0 {
		return "", nil, false
	}

	address = rest[1:end]
	if address != "" && (!strings.Contains(address, "@") || strings.ContainsAny(address, " <\x00")) {
		return "", nil, false
	}

	return address, strings.Fields(rest[end+1:]), true
}

func (s *session) data() error {
	if len(s.receivers) == 0 {
		return s.answer("DATA", "", "", 503, "5.5.1 bad sequence")
	}

	if err := s.answer("DATA", "", "", 354, "go ahead"); err != nil {
		return err
	}

	receiver := s.receivers[0]
	fault := s.server.chaos.strikes(receiver, FaultResetBefore, FaultLetterLater, FaultResetAfter, FaultSlow)

	if fault == FaultResetBefore {
		if _, err := s.line(1 << 20); err != nil {
			return err
		}

		return s.drop("LETTER", receiver, fault)
	}

	raw, fits, err := s.letter()
	if err != nil {
		return err
	}

	defer s.reset()

	switch lacks := missing(raw); {
	case !fits:
		return s.answer("LETTER", receiver, "", 552, "5.3.4 too large")
	case s.server.options.Strict && lacks != "":
		return s.answer("LETTER", receiver, "", 554, "5.6.0 missing "+lacks)
	case fault == FaultLetterLater:
		return s.answer("LETTER", receiver, fault, 451, "4.3.0 try later")
	}

	l := readLetter(raw)
	l.Sender, l.Receivers, l.Encrypted, l.User = s.sender, s.receivers, s.encrypted, s.user
	s.server.take(l)

	if fault == FaultResetAfter {
		return s.drop("LETTER", receiver, fault)
	}

	if fault == FaultSlow {
		s.wait(s.server.chaos.hang())
	} else {
		s.server.chaos.served(receiver)
	}

	return s.answer("LETTER", receiver, fault, 250, "2.0.0 taken")
}

// wait holds an answer back, until Close at the longest.
func (s *session) wait(d time.Duration) {
	if d <= 0 {
		return
	}

	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-timer.C:
	case <-s.server.done:
	}
}

// letter reads up to the line with a single dot and takes the stuffed dots out (RFC 5321
// §4.5.2). A letter over the limit is read to its end and not kept.
func (s *session) letter() (raw []byte, fits bool, err error) {
	limit := s.server.options.MaxSize

	for {
		line, err := s.line(1 << 20)
		if err != nil {
			return nil, false, err
		}

		if line == "." {
			return raw, len(raw) <= limit, nil
		}

		if len(raw) <= limit {
			raw = append(append(raw, strings.TrimPrefix(line, ".")...), '\r', '\n')
		}
	}
}
