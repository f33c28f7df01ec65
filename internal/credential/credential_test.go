package credential_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/sluse/sluse/internal/credential"
	"github.com/sluse/sluse/internal/credential/passkeytest"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	site   = "https://skaerm.testby.dk"
	device = "5a9d3c1e-0000-4000-8000-000000000001"
)

func checker(tb testing.TB) *credential.Checker {
	tb.Helper()

	c, err := credential.New(site, "Testby Kommune")
	if err != nil {
		tb.Fatal(err)
	}

	return c
}

func authenticator() *passkeytest.Authenticator {
	return &passkeytest.Authenticator{Origin: site, RPID: "skaerm.testby.dk"}
}

// made returns a passkey of the authenticator and its record.
func made(tb testing.TB, c *credential.Checker, a *passkeytest.Authenticator) (record []byte, err error) {
	tb.Helper()

	options, state, err := c.OfferPasskey([]byte(device))
	if err != nil {
		tb.Fatal(err)
	}

	answer, err := a.Make(options)
	if err != nil {
		tb.Fatal(err)
	}

	return c.TakePasskey([]byte(device), state, answer)
}

func TestPasskey(t *testing.T) {
	t.Parallel()

	c, a := checker(t), authenticator()

	record, err := made(t, c, a)
	if err != nil {
		t.Fatal(err)
	}

	if bytes.Contains(record, []byte("clientDataJSON")) {
		t.Error("more is kept of a passkey than is needed")
	}

	clone := *a

	for i := range 3 {
		options, state, err := c.AskPasskey([]byte(device), record)
		if err != nil {
			t.Fatal(err)
		}

		answer, err := a.Use(options)
		if err != nil {
			t.Fatal(err)
		}

		updated, cloned, err := c.CheckPasskey([]byte(device), record, state, answer)
		if err != nil || cloned {
			t.Fatalf("use %d: %v, cloned %t", i, err, cloned)
		}

		record = updated
	}

	options, state, err := c.AskPasskey([]byte(device), record)
	if err != nil {
		t.Fatal(err)
	}

	answer, err := clone.Use(options)
	if err != nil {
		t.Fatal(err)
	}

	if _, cloned, err := c.CheckPasskey([]byte(device), record, state, answer); err != nil || !cloned {
		t.Errorf("a clone: %v, cloned %t", err, cloned)
	}
}

// TestOptionsAskForTheUser reads what browsers are asked for.
func TestOptionsAskForTheUser(t *testing.T) {
	t.Parallel()

	options, _, err := checker(t).OfferPasskey([]byte(device))
	if err != nil {
		t.Fatal(err)
	}

	var got struct {
		RP struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			Name string `json:"name"`
		} `json:"user"`
		Attestation string `json:"attestation"`
		Selection   struct {
			Verification string `json:"userVerification"`
			Resident     string `json:"residentKey"`
		} `json:"authenticatorSelection"`
	}
	if err := json.Unmarshal(options, &got); err != nil {
		t.Fatal(err)
	}

	if got.RP.ID != "skaerm.testby.dk" || got.User.Name != "Skærmbesøg" || got.Attestation != "none" || got.Selection.Verification != "required" || got.Selection.Resident != "discouraged" {
		t.Errorf("%+v", got)
	}
}

// TestPasskeyRefuses tries what is not a passkey's answer.
func TestPasskeyRefuses(t *testing.T) {
	t.Parallel()

	c := checker(t)

	for name, a := range map[string]*passkeytest.Authenticator{
		"other site":      {Origin: "https://skaerm.testby.dk.example.dk", RPID: "skaerm.testby.dk"},
		"other party":     {Origin: site, RPID: "testby.dk"},
		"user unverified": {Origin: site, RPID: "skaerm.testby.dk", Careless: true},
	} {
		if _, err := made(t, c, a); care.KindOf(err) != care.Invalid {
			t.Errorf("making, %s: %v", name, err)
		}
	}

	a := authenticator()

	record, err := made(t, c, a)
	if err != nil {
		t.Fatal(err)
	}

	_, stranger, err := c.AskPasskey([]byte(device), record)
	if err != nil {
		t.Fatal(err)
	}

	for name, spoil := range map[string]func(a *passkeytest.Authenticator, state, answer *[]byte){
		"other challenge": func(_ *passkeytest.Authenticator, state, _ *[]byte) { *state = stranger },
		"changed": func(_ *passkeytest.Authenticator, _, answer *[]byte) {
			*answer = bytes.Replace(*answer, []byte(`"signature":"M`), []byte(`"signature":"N`), 1)
		},
		"empty":     func(_ *passkeytest.Authenticator, _, answer *[]byte) { *answer = nil },
		"long":      func(_ *passkeytest.Authenticator, _, answer *[]byte) { *answer = bytes.Repeat([]byte(" "), 20_000) },
		"no object": func(_ *passkeytest.Authenticator, _, answer *[]byte) { *answer = []byte(`[]`) },
	} {
		options, state, err := c.AskPasskey([]byte(device), record)
		if err != nil {
			t.Fatal(err)
		}

		answer, err := a.Use(options)
		if err != nil {
			t.Fatal(err)
		}

		spoil(a, &state, &answer)

		if _, _, err := c.CheckPasskey([]byte(device), record, state, answer); care.KindOf(err) != care.Invalid {
			t.Errorf("using, %s: %v", name, err)
		}
	}

	options, state, err := c.AskPasskey([]byte(device), record)
	if err != nil {
		t.Fatal(err)
	}

	a.Careless = true

	answer, err := a.Use(options)
	if err != nil {
		t.Fatal(err)
	}

	if _, _, err := c.CheckPasskey([]byte(device), record, state, answer); care.KindOf(err) != care.Invalid {
		t.Errorf("using, user unverified: %v", err)
	}
}

// TestNoPasskeysWithoutName says what holds for an address without a host name.
func TestNoPasskeysWithoutName(t *testing.T) {
	t.Parallel()

	c, err := credential.New("http://127.0.0.1:8080", "Testby Kommune")
	if err != nil || c.MakesPasskeys() {
		t.Fatalf("%v, makes passkeys", err)
	}

	if _, _, err := c.OfferPasskey([]byte(device)); care.KindOf(err) != care.Conflict {
		t.Errorf("%v", err)
	}

	if c, err := credential.New("http://localhost:8080", "Testby Kommune"); err != nil || !c.MakesPasskeys() {
		t.Errorf("on localhost: %v", err)
	}

	if _, err := credential.New("skaerm", ""); err == nil {
		t.Error("an address that is none")
	}
}

func TestStretch(t *testing.T) {
	t.Parallel()

	c := checker(t)

	one := c.Stretch([]byte("a"), []byte("0123456789abcdef"))
	if len(one) != 32 || !bytes.Equal(one, c.Stretch([]byte("a"), []byte("0123456789abcdef"))) || bytes.Equal(one, c.Stretch([]byte("a"), []byte("0123456789abcdeg"))) {
		t.Errorf("%x", one)
	}
}

// FuzzPasskeyAnswers feeds browsers' answers of any kind: nothing but Invalid comes of them.
func FuzzPasskeyAnswers(f *testing.F) {
	c, a := checker(f), authenticator()

	record, err := made(f, c, a)
	if err != nil {
		f.Fatal(err)
	}

	creation, makingState, err := c.OfferPasskey([]byte(device))
	if err != nil {
		f.Fatal(err)
	}

	options, state, err := c.AskPasskey([]byte(device), record)
	if err != nil {
		f.Fatal(err)
	}

	other := authenticator()
	other.Careless = true

	for _, seed := range []func() ([]byte, error){
		func() ([]byte, error) { return other.Make(creation) },
		func() ([]byte, error) { return other.Use(options) },
		func() ([]byte, error) { return []byte(`{"id":"","rawId":"","type":"public-key","response":{}}`), nil },
	} {
		answer, err := seed()
		if err != nil {
			f.Fatal(err)
		}

		f.Add(answer)
	}

	f.Fuzz(func(t *testing.T, answer []byte) {
		if _, err := c.TakePasskey([]byte(device), makingState, answer); care.KindOf(err) != care.Invalid {
			t.Errorf("making: %v", err)
		}

		if _, _, err := c.CheckPasskey([]byte(device), record, state, answer); care.KindOf(err) != care.Invalid {
			t.Errorf("using: %v", err)
		}
	})
}
