package care_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluse/sluse/scheduler/care"
)

func policy() care.IdentityPolicy {
	p := care.DefaultIdentityPolicy()
	p.Overrides = []care.IdentityOverride{
		{Units: []care.UnitID{"misbrug"}, Participants: []care.Party{care.TheCitizen}, Rule: care.IdentityRule{Methods: []care.IdentityMethod{care.ByMitID}, MinLevel: care.HighAssurance}},
		{Services: []string{"Sårpleje"}, Rule: care.IdentityRule{Methods: []care.IdentityMethod{care.ByCode, care.ByMitID}, Codeword: true}},
		{Participants: []care.Party{care.Party(care.Interpreter)}, Rule: care.IdentityRule{Methods: []care.IdentityMethod{care.VouchedByCitizen, care.WithStaff}}},
	}

	return p
}

func TestPolicy(t *testing.T) {
	t.Parallel()

	type methods = []care.IdentityMethod

	for name, c := range map[string]struct {
		of   care.IdentityCase
		want care.IdentityRule
	}{
		"a citizen": {
			care.IdentityCase{},
			care.IdentityRule{Methods: methods{care.ByMitID, care.ByEID, care.ByDevice, care.ByCode, care.KnownToStaff, care.WithStaff}, MinLevel: care.Substantial},
		},
		"a relative may be vouched for": {
			care.IdentityCase{Kind: care.Relative},
			care.IdentityRule{Methods: care.IdentityMethods(), MinLevel: care.Substantial},
		},
		"a unit's rule": {
			care.IdentityCase{Unit: "misbrug", Service: "Sårpleje"},
			care.IdentityRule{Methods: methods{care.ByMitID}, MinLevel: care.HighAssurance},
		},
		"the unit's rule is about the citizen": {
			care.IdentityCase{Unit: "misbrug", Kind: care.Authority},
			care.IdentityRule{Methods: care.IdentityMethods(), MinLevel: care.Substantial},
		},
		"a service's rule": {
			care.IdentityCase{Service: "Sårpleje"},
			care.IdentityRule{Methods: methods{care.ByMitID, care.ByCode}, Codeword: true},
		},
		"a kind's rule": {
			care.IdentityCase{Kind: care.Interpreter},
			care.IdentityRule{Methods: methods{care.WithStaff, care.VouchedByCitizen}},
		},
		"an outage opens more ways": {
			care.IdentityCase{Unit: "misbrug", Outage: true},
			care.IdentityRule{Methods: methods{care.ByMitID, care.ByCode, care.KnownToStaff, care.WithStaff}, MinLevel: care.HighAssurance, Outage: true},
		},
		"an outage is nothing to who needs no login": {
			care.IdentityCase{Kind: care.Interpreter, Outage: true},
			care.IdentityRule{Methods: methods{care.WithStaff, care.VouchedByCitizen}},
		},
		"MitID only": {
			care.IdentityCase{Setting: care.IdentitySetting{MitIDOnly: true}},
			care.IdentityRule{Methods: methods{care.ByMitID, care.ByEID}, MinLevel: care.Substantial},
		},
		"MitID only, and MitID is down": {
			care.IdentityCase{Setting: care.IdentitySetting{MitIDOnly: true}, Outage: true},
			care.IdentityRule{Methods: methods{care.ByMitID, care.ByEID, care.KnownToStaff, care.WithStaff}, MinLevel: care.Substantial, Outage: true},
		},
		"no SMS": {
			care.IdentityCase{Setting: care.IdentitySetting{NoSMS: true}, Outage: true},
			care.IdentityRule{Methods: methods{care.ByMitID, care.ByEID, care.ByDevice, care.KnownToStaff, care.WithStaff}, MinLevel: care.Substantial, Outage: true},
		},
		"chosen ways": {
			care.IdentityCase{Setting: care.IdentitySetting{Methods: methods{care.KnownToStaff, care.VouchedByCitizen}}},
			care.IdentityRule{Methods: methods{care.KnownToStaff}, MinLevel: care.Substantial},
		},
		"a citizen's setting is nothing to the relative": {
			care.IdentityCase{Kind: care.Relative, Setting: care.IdentitySetting{MitIDOnly: true, NoSMS: true}},
			care.IdentityRule{Methods: care.IdentityMethods(), MinLevel: care.Substantial},
		},
	} {
		if diff := cmp.Diff(c.want, policy().Rule(c.of)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestSettingsOnlyNarrow holds that a citizen's own setting never opens a way, and that nobody
// vouches for the citizen whatever is configured.
func TestSettingsOnlyNarrow(t *testing.T) {
	t.Parallel()

	some := rapid.SliceOf(rapid.SampledFrom(care.IdentityMethods()))

	rapid.Check(t, func(t *rapid.T) {
		p := care.IdentityPolicy{Default: care.IdentityRule{Methods: some.Draw(t, "default")}, Outage: some.Draw(t, "outage")}
		c := care.IdentityCase{Outage: rapid.Bool().Draw(t, "down")}
		open := p.Rule(c)
		c.Setting = care.IdentitySetting{MitIDOnly: rapid.Bool().Draw(t, "mitid"), NoSMS: rapid.Bool().Draw(t, "sms"), Methods: some.Draw(t, "own")}
		narrow := p.Rule(c)

		for _, m := range narrow.Methods {
			if !open.Allows(m) || m == care.VouchedByCitizen || m == care.ByCode && c.Setting.NoSMS || m == care.ByDevice && c.Setting.MitIDOnly {
				t.Fatalf("%s is allowed: open %v, narrow %v", m, open.Methods, narrow.Methods)
			}
		}
	})
}

func TestProofs(t *testing.T) {
	t.Parallel()

	rule := care.IdentityRule{Methods: care.IdentityMethods(), MinLevel: care.Substantial}
	few := care.IdentityRule{Methods: []care.IdentityMethod{care.ByMitID}, MinLevel: care.Substantial}

	for name, c := range map[string]struct {
		rule  care.IdentityRule
		proof care.Proof
		want  care.Kind // 0: it counts
	}{
		"MitID":                  {rule, care.Proof{Method: care.ByMitID, Provider: "mitid", Level: care.HighAssurance}, 0},
		"MitID, too low":         {rule, care.Proof{Method: care.ByMitID, Provider: "mitid", Level: care.LowAssurance}, care.Forbidden},
		"MitID of nobody":        {rule, care.Proof{Method: care.ByMitID, Level: care.Substantial}, care.Invalid},
		"a code":                 {rule, care.Proof{Method: care.ByCode}, 0},
		"a code where MitID is":  {few, care.Proof{Method: care.ByCode}, care.Forbidden},
		"known":                  {rule, care.Proof{Method: care.KnownToStaff, By: "MSK", Check: care.CalledNumber}, 0},
		"known by nobody":        {rule, care.Proof{Method: care.KnownToStaff, Check: care.CalledNumber}, care.Invalid},
		"known, nobody said how": {rule, care.Proof{Method: care.KnownToStaff, By: "MSK"}, care.Invalid},
		"known as if beside":     {rule, care.Proof{Method: care.KnownToStaff, By: "MSK", Check: care.BesidePerson}, care.Invalid},
		"nothing":                {rule, care.Proof{}, care.Forbidden},
	} {
		err := c.rule.Refused(c.proof)
		if c.want == 0 && err != nil || c.want != 0 && care.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
