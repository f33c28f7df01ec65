package saml

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSantuario opens what Apache Santuario encrypted (testdata/santuario/Make.java): an oracle
// for OAEP's digests and mask functions that shares nothing with Go.
func TestSantuario(t *testing.T) {
	t.Parallel()
	pem, err := os.ReadFile("testdata/santuario/key.pem")
	if err != nil {
		t.Fatal(err)
	}
	key, err := parseKeyPEM(pem)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/santuario/*.xml")
	if err != nil || len(files) != 8 {
		t.Fatalf("%d fixtures: %v", len(files), err)
	}
	for _, file := range files {
		document, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, _, err := parseMessage(document)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		opened, _, err := decryptAssertion(root, key, true)
		if err != nil || opened.text != "blåbærgrød" || opened.attr("ID") != "_santuario" {
			t.Errorf("%s: %v", file, err)
		}
		_, _, err = decryptAssertion(root, key, false)
		if cbc := strings.Contains(file, "cbc"); cbc != (err != nil) {
			t.Errorf("%s without CBC: %v", file, err)
		}
	}
}
