package saml_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/saml/idpsim"
)

var update = flag.Bool("update", false, "write docs/saml-vectors.md")

// class is one class of hostile or odd input, and where it is proved: names of the simulator's
// catalogue (played by TestVectors) or of tests and fuzz targets of this package.
type class struct {
	id     string
	what   string
	accept bool
	proofs []string
}

func refuse(id, what string, proofs ...string) class { return class{id, what, false, proofs} }

func admit(id, what string, proofs ...string) class { return class{id, what, true, proofs} }

// classes lists identity.md §2.3. B2, B5 and N3 are not used there; XSW9 to XSW14 have no
// agreed meaning beyond the eight of SAML Raider and are ours.
func classes() []class {
	return slices.Concat(signatureClasses(), timeClasses(), contentClasses(), wrappingClasses(),
		encryptionClasses(), namespaceClasses(), knownAttacks())
}

func signatureClasses() []class {
	return []class{
		admit("A1", "only the assertion is signed", "TestPrincipal", "TestRefusalLeavesTheLoginOpen"),
		refuse("A2", "only the Response is signed", "response-signed-only"),
		refuse("A3", "Response signed by the provider, assertion by an unknown key", "unknown-key-inside"),
		refuse("A4", "nothing signed", "unsigned"),
		refuse("A5", "signed by an unknown key", "unknown-key"),
		refuse("A6", "assertion genuine, Response signed by an unknown key", "unknown-key-outside"),
		admit("A7", "Response and assertion signed", "both-signed"),
		refuse("A8", "changed attribute", "tampered-attribute", "tampered-name-id"),
		refuse("B1", "RSA-SHA1, digest of SHA-1", "sha1", "sha1-digest"),
		refuse("B3", "RSA-SHA512 (policy)", "sha512"),
		admit("B4", "no KeyInfo, one certificate", "no-key-info"),
		refuse("B6", "other canonicalisation", "c14n-with-comments", "c14n-inclusive"),
		admit("B7", "two certificates, KeyInfo", "TestProviderRollover"),
		admit("B8", "two certificates, no KeyInfo (rollover)", "TestProviderRollover"),
		refuse("B9", "pinned certificate is over", "TestProviderRollover"),
	}
}

func timeClasses() []class {
	return []class{
		admit("C1", "170 s past the end", "expired-170s"),
		refuse("C2", "190 s past the end", "expired-190s", "expired"),
		refuse("C3", "190 s past the end of the confirmation", "confirmation-expired-190s", "confirmation-expired"),
		admit("C4", "170 s before the beginning", "early-170s"),
		refuse("C5", "190 s before the beginning", "early-190s", "not-yet-valid"),
		admit("C6", "issued 95 s ago and more", "slow-clock"),
		refuse("C7", "issued in the future", "issued-in-future"),
		refuse("C8", "NotBefore in the confirmation", "confirmation-not-before"),
		refuse("C9", "valid for ten years", "valid-ten-years", "confirmation-ten-years"),
		refuse("C+", "issued long ago, session over, local time, stale login", "issued-long-ago", "session-over", "local-time", "stale-login"),
	}
}

func contentClasses() []class {
	return []class{
		refuse("D1", "wrong audience", "wrong-audience"),
		refuse("D2", "no AudienceRestriction", "no-audience"),
		admit("D3", "audiences: us and another", "two-audiences"),
		admit("D4", "audiences: another and us", "two-audiences-other-first"),
		refuse("D5", "two AudienceRestrictions, one without us", "second-restriction"),
		refuse("D6", "wrong Recipient", "wrong-recipient"),
		refuse("D7", "wrong Destination", "wrong-destination"),
		admit("D8", "no Destination, Response unsigned", "no-destination"),
		refuse("D9", "no Destination, Response signed", "no-destination-signed"),
		refuse("D10", "wrong InResponseTo of the Response", "wrong-in-response-to-outside", "wrong-in-response-to"),
		refuse("D11", "wrong InResponseTo of the confirmation", "wrong-in-response-to-inside", "unsolicited"),
		refuse("D12", "wrong Issuer", "wrong-issuer"),
		refuse("D13", "no SubjectConfirmation", "no-subject-confirmation"),
		refuse("D14", "holder-of-key", "holder-of-key"),
		refuse("D15", "no SubjectConfirmationData", "no-confirmation-data"),
		refuse("D16", "no Conditions", "no-conditions"),
		refuse("D17", "no Subject", "no-subject"),
		refuse("D18", "no AuthnStatement", "no-authn-statement", "no-attributes"),
		refuse("D19", "same answer twice", "TestReplayAndBinding"),
		refuse("D20", "two assertions", "two-assertions"),
		refuse("D21", "unsigned forged assertion before the genuine one", "xsw3"),
		refuse("E1", "DOCTYPE", "doctype", "doctype-inside"),
		refuse("E2", "comment inside NameID", "comment-in-name-id"),
		refuse("E3", "comment inside attributes, CPR number included", "comment-in-attributes", "comment-in-response"),
		refuse("E4", "processing instruction", "instruction"),
		admit("E5", "CDATA", "cdata"),
		refuse("E6", "ID attribute twice", "duplicate-id-attribute", "attribute-twice-raw"),
		refuse("E7", "names with a colon at either end", "colon-name", "colon-element", "name-with-colon-at-end"),
		refuse("E8", "second NameID", "appended-name-id", "second-name-id", "nested-name-id"),
		refuse("E9", "nested thousands of times", "deep", "wide", "large", "many-attributes"),
		refuse("E10", "nested a thousand times inside the assertion", "deep-inside", "encrypted-deep"),
	}
}

func wrappingClasses() []class {
	return []class{
		refuse("XSW1", "Response in Object of the signature", "xsw1"),
		refuse("XSW2", "Response before the signature", "xsw2"),
		refuse("XSW3", "forged assertion first", "xsw3"),
		refuse("XSW4", "genuine assertion inside the forged one", "xsw4"),
		refuse("XSW5", "genuine signature in the forged assertion", "xsw5"),
		refuse("XSW6", "genuine assertion inside the signature", "xsw6"),
		refuse("XSW7", "forged assertion in Extensions", "xsw7"),
		refuse("XSW8", "genuine assertion in Object", "xsw8"),
		refuse("XSW9", "two assertions of one ID", "xsw-same-id"),
		refuse("XSW10", "Response in Response", "nested-response"),
		refuse("XSW11", "two signatures", "xsw-two-signatures"),
		refuse("XSW12", "two SignedInfo", "xsw-two-signed-infos"),
		refuse("XSW13", "assertion of a foreign namespace beside", "foreign-assertion", "foreign-child"),
		refuse("XSW14", "signature of the Response taken from the assertion", "evil-only"),
		refuse("F1", "two References (CVE-2026-33487)", "two-references", "empty-reference"),
	}
}

func encryptionClasses() []class {
	return []class{
		admit("G1", "aes128-cbc, where allowed", "TestAlgorithms"),
		admit("G2", "aes256-cbc, where allowed", "TestAlgorithms"),
		refuse("G1–G2", "the same where not allowed", "encrypted-cbc"),
		admit("G3", "aes128-gcm, mgf1p", "encrypted-aes128-gcm"),
		admit("G4", "aes256-gcm, mgf1p", "TestAlgorithms"),
		admit("G5", "mgf1p with a digest of SHA-256", "encrypted-mgf1p-sha256", "TestSantuario"),
		refuse("G6", "digest URI of crewjam's dialect", "encrypted-wrong-digest"),
		admit("G7", "aes256-gcm, rsa-oaep, SHA-256, MGF1 SHA-256", "encrypted-aes256-gcm", "TestSantuario"),
		admit("G8", "aes256-cbc, rsa-oaep, where allowed", "TestAlgorithms"),
		refuse("G9", "RSA PKCS #1 v1.5", "encrypted-rsa15"),
		refuse("G10", "3DES", "encrypted-3des"),
		refuse("G11", "encrypted but not signed", "encrypted-unsigned"),
		refuse("G12", "CBC of 17 octets", "encrypted-short-cbc"),
		refuse("G13", "GCM of 3 octets", "encrypted-short-gcm", "encrypted-nothing"),
		refuse("G14", "plain text without an element", "encrypted-no-root"),
		refuse("G15", "plain text is not an assertion", "encrypted-other"),
		refuse("G16", "empty assertion", "encrypted-empty"),
		refuse("G17", "garbage", "encrypted-garbage"),
		refuse("G18", "random blocks", "encrypted-random-blocks"),
		refuse("G+", "wrapped key elsewhere, twice, or not at all", "TestWrappedKeyPlaces"),
		refuse("G9–G18", "tell nothing: same answer, about the same time", "TestDecryptionClassesLookAlike", "TestDecryptionTellsNothing"),
	}
}

func namespaceClasses() []class {
	return []class{
		refuse("N1", "NameID of a foreign namespace only", "foreign-name-id"),
		refuse("N2", "foreign NameID after the genuine one", "foreign-name-id-after", "foreign-name-id-before"),
		refuse("N4", "Audience of a foreign namespace", "foreign-audience"),
		refuse("N5", "Conditions of a foreign namespace", "foreign-conditions"),
		admit("H1", "RelayState with special characters", "TestRedirectEncoders", "TestReturnToStaysHere"),
		admit("H2", "our requests are signed with RSA-SHA256", "TestRedirectEncoders"),
		admit("H3", "our redirect LogoutRequest is signed", "TestRedirectEncoders"),
		admit("H4", "signed redirect LogoutResponse, any encoder", "TestLogoutFromHere", "TestRedirectEncoders"),
		refuse("H5", "redirect LogoutResponse without signature in the query", "TestLogoutTampered"),
		refuse("H6", "LogoutResponse to an unknown request", "TestRedirectEncoders"),
	}
}

// knownAttacks lists identity.md §4 where §2.3 has no class of its own.
func knownAttacks() []class {
	return []class{
		refuse("§4", "digest elsewhere (ruby-saml CVE-2024-45409)", "digest-elsewhere"),
		refuse("§4", "entities (ruby-saml CVE-2025-25291, GHES CVE-2025-23369)", "doctype-entity", "entity-in-id", "unknown-entity"),
		refuse("§4", "compression bombs (CVE-2023-28119, CVE-2025-25293)", "TestLogoutBomb"),
		refuse("§4", "void canonicalisation (CVE-2025-66568, The Fragile Lock)", "relative-namespace", "undeclared-prefix"),
		refuse("§4", "attribute pollution (The Fragile Lock)", "namespaced-id"),
		refuse("§4", "XML injection (samlify CVE-2026-46490)", "TestReturnToStaysHere", "TestValuesStayValues"),
		refuse("§4", "wrapped LogoutRequest (samlify #634)", "TestLogoutWrapping"),
		refuse("§4", "unsigned logout (node-saml #419, Rocket.Chat CVE-2026-58066)", "TestLogoutTampered", "TestLogoutWrapping"),
		refuse("§4", "attacker's encrypted assertion (Keycloak CVE-2026-2092)", "other-encrypted", "other-encrypted-first", "other-encrypted-only", "encrypted-twice"),
		refuse("§4", "nil dereference on malformed signatures (CVE-2020-7711)", "TestMutations", "TestMutationsInside", "TestFlippedBits", "TestLogoutMutations", "FuzzCallback", "FuzzDecrypt", "FuzzLogoutQuery", "FuzzLogoutPost"),
		refuse("§4", "names that do not survive a round trip (Mattermost, 2020)", "double-colon-name", "FuzzPrecheck"),
		refuse("§4", "login CSRF: no request, or another browser's", "unsolicited", "TestReplayAndBinding"),
		refuse("§4", "provider of another municipality", "TestOtherMunicipalitysProvider"),
		refuse("ours", "employee as citizen, citizen as employee", "professional-name", "person-name", "TestKindsOfPeople"),
		refuse("ours", "level missing, unknown, twice, too low", "no-level", "unknown-level", "two-levels", "low-level", "low-level-1", "level-5", "TestLevels"),
		refuse("ours", "CPR number missing, twice, not ten digits", "no-cpr", "two-cprs", "short-cpr", "wordy-cpr"),
		refuse("ours", "other organisation, or none", "other-cvr", "no-cvr", "no-organisation", "name-of-other-cvr"),
		refuse("ours", "names of KOMBIT that could be read in two ways", "no-serial", "two-serials", "serial-in-name", "no-kombit-version", "other-kombit-version"),
		refuse("ours", "privileges that cannot be read in one way", "privileges-not-base64", "two-privilege-lists", "privileges-under-both-names", "privileges-with-doctype", "privileges-foreign", "FuzzPrivileges"),
		admit("ours", "refusals of the provider leave the login open", "TestRefusalLeavesTheLoginOpen"),
		admit("ours", "encrypted for our next key", "encrypted-next-key", "TestOwnRollover"),
	}
}

// TestClasses checks that every class names proofs that exist and expect the same outcome, that
// every fault of the catalogue proves something, and that docs/saml-vectors.md says so.
func TestClasses(t *testing.T) {
	t.Parallel()
	tests := testNames(t)
	faults, cited := map[string]idpsim.Fault{}, map[string]bool{}
	for _, f := range idpsim.Faults() {
		faults[f.Name] = f
	}
	for _, c := range classes() {
		for _, proof := range c.proofs {
			fault, isFault := faults[proof]
			cited[proof] = true
			switch {
			case !isFault && !tests[proof]:
				t.Errorf("%s: there is no %s", c.id, proof)
			case isFault && fault.Harmless != c.accept:
				t.Errorf("%s: %s expects something else", c.id, proof)
			}
		}
	}
	for _, f := range idpsim.Faults() {
		if !cited[f.Name] && !f.Refusal && f.Name != idpsim.FaultReplay && !otherwiseTested(f.Name) {
			t.Errorf("no class for %s", f.Name)
		}
	}
	const file = "../docs/saml-vectors.md"
	got := classTable()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// otherwiseTested lists mistakes of a provider that are no class of attack.
func otherwiseTested(fault string) bool {
	return slices.Contains([]string{
		"status-failed-with-assertion", "status-success-without-assertion", "advice", "no-employee-id", "two-employee-ids",
		"attribute-twice", "no-spec-version", "other-spec-version", "other-old-spec-version", "name-with-tail",
		"other-name-format", "encrypted-tampered", "two-roots", "trailing-text", "truncated", "not-xml",
	}, fault)
}

func classTable() string {
	var b strings.Builder
	b.WriteString("# Hostile and odd messages\n\n" +
		"Made by `go test ./saml -run TestClasses -update`. Classes A to N are those of the project's measurements of what a plain service provider wrongly accepts; " +
		"§4 are published attacks; ours are rules of this program. " +
		"Names in small letters are entries of the simulator's catalogue (`saml/idpsim`), which TestVectors plays in the plain profile and for citizens, and in the other profiles as far as they are special to them; the others are tests and fuzz targets of package `saml`.\n\n" +
		"| class | what | outcome | proved by |\n|---|---|---|---|\n")
	for _, c := range classes() {
		outcome := "refused"
		if c.accept {
			outcome = "accepted"
		}
		b.WriteString("| " + c.id + " | " + c.what + " | " + outcome + " | " + strings.Join(c.proofs, ", ") + " |\n")
	}
	return b.String()
}

// testNames returns the tests and fuzz targets of this package.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			names[m[1]] = true
		}
	}
	return names
}
