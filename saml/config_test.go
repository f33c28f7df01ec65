package saml_test

import (
	"encoding/xml"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/saml"
)

func TestConfigReportsEveryProblem(t *testing.T) {
	t.Parallel()
	bad := saml.Config{
		BaseURL: "http://testkommunen.example/", Profile: "oio", MinLevel: "very high", CVR: "123",
		Skew: time.Hour, RequestLifetime: time.Second, MaxValidity: time.Second,
	}
	var fields []string
	for _, problem := range bad.Validate() {
		field, _, _ := strings.Cut(problem.Error(), ":")
		fields = append(fields, field)
	}
	want := []string{
		"base_url", "base_url", "profile", "idp_metadata_file", "certificate_file", "key_file",
		"min_level", "cvr", "skew", "request_lifetime", "max_validity",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Error(diff)
	}
	if b := setup(t); len(b.cfg.Validate()) != 0 {
		t.Error(b.cfg.Validate())
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*saml.Config){
		"no such file":   func(c *saml.Config) { c.KeyFile += ".missing" },
		"key for both":   func(c *saml.Config) { c.CertificateFile = c.KeyFile },
		"not metadata":   func(c *saml.Config) { c.IDPMetadata = "<a/>" },
		"no certificate": func(c *saml.Config) { c.IDPMetadata = strings.ReplaceAll(c.IDPMetadata, `"signing"`, `"encryption"`) },
		"broken": func(c *saml.Config) {
			c.IDPMetadata = strings.ReplaceAll(c.IDPMetadata, "Certificate>MII", "Certificate>XXX")
		},
		"no sign-on": func(c *saml.Config) {
			c.IDPMetadata = strings.ReplaceAll(c.IDPMetadata, "SingleSignOnService", "Other")
		},
		"service in clear":  func(c *saml.Config) { c.IDPMetadata = strings.ReplaceAll(c.IDPMetadata, "127.0.0.1", "idp.example") },
		"missing base":      func(c *saml.Config) { c.BaseURL = "" },
		"file and document": func(c *saml.Config) { c.IDPMetadataFile = c.KeyFile },
	}
	for name, change := range tests {
		cfg := setup(t).cfg
		change(&cfg)
		if _, err := saml.New(cfg, newMemory(), time.Now); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: the error quotes a file: %v", name, err)
		}
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	b := setup(t, oiosaml)
	document, err := b.provider.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	text := string(document)
	for _, want := range []string{
		`entityID="` + b.cfg.BaseURL + saml.PathMetadata + `"`, `AuthnRequestsSigned="true"`, `WantAssertionsSigned="true"`,
		b.cfg.BaseURL + saml.PathACS, b.cfg.BaseURL + saml.PathLogout,
		"xmlenc11#aes256-gcm", "xmlenc11#rsa-oaep", "https://data.gov.dk/concept/core/nsis/loa",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metadata lacks %s", want)
		}
	}
	for _, forbidden := range []string{"validUntil", "-cbc", "Artifact", "PRIVATE", "0001-01-01", `cacheDuration=""`} {
		if strings.Contains(text, forbidden) {
			t.Errorf("metadata has %s:\n%s", forbidden, text)
		}
	}
	var descriptor struct {
		XMLName xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	}
	if err := xml.Unmarshal(document, &descriptor); err != nil {
		t.Error(err)
	}
}

// TestMetadataOfPlainEnds is what AD FS goes by when it reads our metadata again.
func TestMetadataOfPlainEnds(t *testing.T) {
	t.Parallel()
	document, err := setup(t).provider.Metadata()
	if err != nil || !strings.Contains(string(document), `validUntil="2028-11-23`) {
		t.Errorf("%v in\n%s", err, document)
	}
}

// TestDangerousPartsOfTheLibraryStayUnused keeps the trust decision ours: see the contract
// identity.md §0.
func TestDangerousPartsOfTheLibraryStayUnused(t *testing.T) {
	t.Parallel()
	dangerous := regexp.MustCompile(
		`\bParse(XML)?(Artifact)?Response\(|crewjam/saml/(samlsp|xmlenc|samlidp)"|\bValidateLogout|crewjam\.(TimeNow|Clock|MaxClockSkew|MaxIssueDelay)`)
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := dangerous.Find(source); found != nil {
			t.Errorf("%s uses %s", file.Name(), found)
		}
	}
}

// TestFixedVersions holds the XML libraries at the versions that fixed CVE-2026-33487 and
// the nesting limit.
func TestFixedVersions(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, least := range map[string][3]int{
		"github.com/russellhaering/goxmldsig": {1, 6, 1}, "github.com/beevik/etree": {1, 8, 1},
	} {
		m := regexp.MustCompile(regexp.QuoteMeta(name) + ` v(\d+)\.(\d+)\.(\d+)`).FindStringSubmatch(string(module))
		if m == nil {
			t.Errorf("%s is not in go.mod", name)
			continue
		}
		var have [3]int
		for i := range have {
			have[i], _ = strconv.Atoi(m[i+1])
		}
		for i := range have {
			if have[i] != least[i] {
				if have[i] < least[i] {
					t.Errorf("%s %v is older than %v", name, have, least)
				}
				break
			}
		}
	}
}
