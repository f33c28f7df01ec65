package mail_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/message/mail"
	"github.com/sluse/sluse/scheduler/care"
)

func TestConfigDefaults(t *testing.T) {
	t.Parallel()

	c := mail.Config{Host: "relay.testby.dk", From: "skaerm@testby.dk", FromName: "Testby Kommune"}
	c.SetDefaults()

	want := mail.Config{
		Host: "relay.testby.dk", Port: 587, TLS: mail.STARTTLS, Auth: mail.NoAuth, From: "skaerm@testby.dk", FromName: "Testby Kommune",
		ReturnPath: "skaerm@testby.dk", MessageIDDomain: "testby.dk", Helo: "testby.dk", Timeout: 30 * time.Second,
	}
	if diff := cmp.Diff(want, c, cmp.Comparer(func(a, b care.Secret) bool { return a.Reveal() == b.Reveal() })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	if problems := c.Validate(); len(problems) != 0 {
		t.Errorf("problems %v", problems)
	}

	c = mail.Config{TLS: mail.Implicit, Username: "sluse"}
	c.SetDefaults()

	if c.Port != 465 || c.Auth != mail.Plain {
		t.Errorf("implicit TLS and a username: port %d, auth %s", c.Port, c.Auth)
	}
}

func TestConfigProblems(t *testing.T) {
	t.Parallel()

	bad := mail.Config{
		Port: 70000, TLS: "maybe", Auth: "guess", From: "Testby <skaerm@testby.dk>", FromName: "Test\nby", ReturnPath: "x",
		MessageIDDomain: "a b", Helo: "<>", Timeout: time.Hour,
	}
	problems := bad.Validate()

	for _, key := range []string{"host", "port", "tls", "auth", "username", "from ", "from_name", "return_path", "message_id_domain", "helo", "timeout"} {
		if !slices.ContainsFunc(problems, func(err error) bool { return strings.HasPrefix(err.Error(), key) }) {
			t.Errorf("no problem named %s in %v", key, problems)
		}
	}

	plain := mail.Config{Host: "relay.testby.dk", From: "skaerm@testby.dk", FromName: "Testby", TLS: mail.Plaintext, Password: care.NewSecret("x")}
	plain.SetDefaults()

	if problems := plain.Validate(); len(problems) != 2 {
		t.Errorf("plain text to a distant relay, password without user: %v", problems)
	}

	if _, err := mail.New(bad, mail.Options{}); err == nil || !strings.Contains(err.Error(), "Now") {
		t.Errorf("New: %v", err)
	}
}
