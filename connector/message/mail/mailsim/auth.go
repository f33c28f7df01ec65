package mailsim

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"strings"
)

func (s *session) startTLS() error {
	if s.server.tls == nil || s.encrypted {
		return s.answer("STARTTLS", "", "", 503, "5.5.1 not now")
	}

	if err := s.answer("STARTTLS", "", "", 220, "2.0.0 go ahead"); err != nil {
		return err
	}

	// What came before the handshake is thrown away (RFC 3207 §4.2): a new reader, a new session.
	secure := tls.Server(s.conn, s.server.tls)
	s.conn, s.reader, s.encrypted = secure, bufio.NewReaderSize(secure, 4096), true
	s.greeted, s.user = false, ""
	s.reset()

	return nil
}

// auth is RFC 4954 with PLAIN (RFC 4616) and LOGIN.
func (s *session) auth(rest string) error {
	mechanism, initial, _ := strings.Cut(rest, " ")

	switch {
	case s.server.options.Users == nil || !s.greeted || s.user != "":
		return s.answer("AUTH", "", "", 503, "5.5.1 not now")
	case s.server.options.RequireTLS && !s.encrypted:
		return s.answer("AUTH", "", "", 530, "5.7.0 STARTTLS first")
	}

	var name, password string

	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		reply, err := s.challenge(initial, "")
		if err != nil {
			return err
		}

		if parts := strings.Split(reply, "\x00"); len(parts) == 3 {
			name, password = parts[1], parts[2]
		}
	case "LOGIN":
		var err error
		if name, err = s.challenge(initial, "Username:"); err != nil {
			return err
		}

		if password, err = s.challenge("", "Password:"); err != nil {
			return err
		}
	default:
		return s.answer("AUTH", "", "", 504, "5.5.4 unknown mechanism")
	}

	if want, known := s.server.options.Users[name]; !known || want != password {
		return s.answer("AUTH", "", "", 535, "5.7.8 wrong name or password")
	}

	s.user = name

	return s.answer("AUTH", "", "", 235, "2.7.0 welcome")
}

// challenge returns the decoded reply of the client, asking for it when it is not there yet.
func (s *session) challenge(initial, prompt string) (string, error) {
	if initial == "" {
		if err := s.answer("AUTH", "", "", 334, base64.StdEncoding.EncodeToString([]byte(prompt))); err != nil {
			return "", err
		}

		line, err := s.line(maxLine)
		if err != nil {
			return "", err
		}

		initial = line
	}

	plain, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return "", nil //nolint:nilerr // what can't be read is a wrong password
	}

	return string(plain), nil
}
