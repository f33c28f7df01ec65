package saml_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

// TestOtherMunicipalitysProvider lets a genuine provider that is not ours answer our request:
// the keys tried are those of the stored request's provider, whatever the message says.
func TestOtherMunicipalitysProvider(t *testing.T) {
	t.Parallel()
	ours := setup(t, ownIDP(idpsim.Options{}))
	theirs := setup(t, ownIDP(idpsim.Options{})) // calls itself the same, with keys of its own
	metadata, err := ours.provider.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.idp.Trust(metadata); err != nil {
		t.Fatal(err)
	}
	location := ours.begin(t)
	for _, fault := range []string{"", "no-key-info", "both-signed", "encrypted-aes256-gcm", "wrong-issuer"} {
		if _, _, err := ours.post(handle, theirs.answer(t, location, "PLAN", fault)); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("%q: %s", fault, explain(err))
		}
	}
	if _, _, err := ours.post(handle, ours.answer(t, location, "PLAN", "")); err != nil {
		t.Errorf("our own afterwards: %s", explain(err))
	}
	in, err := theirs.idp.SignedURL(ours.cfg.BaseURL+saml.PathLogout, "SAMLResponse", answerTo(ours, "_x"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ours.provider.HandleLogout(get(in), handle); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("logout: %s", explain(err))
	}
}

// TestKindsOfPeople makes sure that an employee never enters as a citizen nor the other way
// round, although NemLog-in vouches for both.
func TestKindsOfPeople(t *testing.T) {
	t.Parallel()
	citizens := setup(t, nemLogin)
	if _, _, err := citizens.post(handle, citizens.answer(t, citizens.begin(t), "ANSAT", "")); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("professional as a citizen: %s", explain(err))
	}
	employees := setup(t, func(b *bundle) {
		b.idp, b.cfg.Profile, b.cfg.CVR = nemLoginIDP(), saml.ProfileOIOSAML3, testCVR
	})
	if _, _, err := employees.post(handle, employees.answer(t, employees.begin(t), citizen, "")); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("citizen as a professional: %s", explain(err))
	}
	if who, _, err := employees.post(handle, employees.answer(t, employees.begin(t), "ANSAT", "")); err != nil || who.CPR.Reveal() != "" {
		t.Errorf("professional at NemLog-in: %s", explain(err))
	}
	for b, person := range map[*bundle]bool{citizens: false, employees: true} {
		if _, err := b.provider.Login(t.Context(), handle, saml.LoginRequest{ReturnTo: "/", Person: person}); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("login begun for the wrong kind: %v", err)
		}
	}
}

// TestLevels walks through what was asked for and what came: the answer decides, held
// against the higher of configuration and request.
func TestLevels(t *testing.T) {
	t.Parallel()
	b := setup(t, nemLogin)
	for level, want := range map[string]bool{idpsim.LevelLow: false, idpsim.LevelSubstantial: true, idpsim.LevelHigh: true} {
		answer, err := b.idp.LoginAs(t.Context(), b.begin(t), idpsim.Choice{User: citizen, Level: level})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.post(handle, answer); (err == nil) != want {
			t.Errorf("%s: %s", level, explain(err))
		}
	}
}

// TestProviderRollover covers B7 and B8: with both certificates pinned either key signs, with
// and without KeyInfo; an unannounced key is refused; B9: so is one whose certificate is over.
func TestProviderRollover(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	login := func(keys idpsim.Keys, fault string) error {
		if err := b.idp.SetState(idpsim.State{Keys: keys}); err != nil {
			t.Fatal(err)
		}
		_, _, err := b.post(handle, b.answer(t, b.begin(t), "PLAN", fault))
		return err
	}
	if err := login(idpsim.KeysUnannounced, ""); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("unannounced key: %s", explain(err))
	}
	if err := b.idp.SetState(idpsim.State{Keys: idpsim.KeysAnnounced}); err != nil {
		t.Fatal(err)
	}
	b.connect(t)
	for _, keys := range []idpsim.Keys{idpsim.KeysAnnounced, idpsim.KeysSwitched} {
		for _, fault := range []string{"", "no-key-info", "both-signed"} {
			if err := login(keys, fault); err != nil {
				t.Errorf("%s %q: %s", keys, fault, explain(err))
			}
		}
	}
	b.clock.advance(366 * 24 * time.Hour)
	if err := login(idpsim.KeysFirst, ""); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("certificate over: %s", explain(err))
	}
}

// TestOwnRollover encrypts for our next key while the present one still signs.
func TestOwnRollover(t *testing.T) {
	t.Parallel()
	certificate, key, err := saml.NewKeyPair("sluse next", start.AddDate(-1, 0, 0), start.AddDate(3, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	b := setup(t, oiosaml, func(b *bundle) {
		dir := filepath.Dir(b.cfg.KeyFile)
		b.cfg.NextCertificateFile, b.cfg.NextKeyFile = filepath.Join(dir, "next.crt"), filepath.Join(dir, "next.key")
		for name, data := range map[string][]byte{b.cfg.NextCertificateFile: certificate, b.cfg.NextKeyFile: key} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
	for _, fault := range []string{"", "encrypted-next-key"} {
		if _, _, err := b.post(handle, b.answer(t, b.begin(t), "PLAN", fault)); err != nil {
			t.Errorf("%q: %s", fault, explain(err))
		}
	}
	answer := b.answer(t, b.begin(t), "PLAN", "encrypted-next-key")
	b.cfg.NextCertificateFile, b.cfg.NextKeyFile = "", ""
	if b.provider, err = saml.New(b.cfg, b.store, b.clock.now); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.post(handle, answer); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("without the next key: %s", explain(err))
	}
}
