package fhirpeer

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed validators
var validators embed.FS

// line is what goes to the validators and comes from them.
type line struct {
	Name     string          `json:"name"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Errors   []string        `json:"errors,omitempty"`
}

// Validate gives resources by name to both validators (npm fhir, and the JSON schema of FHIR R4)
// and returns the errors of each name that has some.
func Validate(t *testing.T, resources map[string][]byte) map[string][]string {
	t.Helper()

	program, err := fs.Sub(validators, "validators")
	if err != nil {
		t.Fatal(err)
	}

	home := Install(t, "fhir-validators", program)

	var input bytes.Buffer

	for name, resource := range resources {
		one, err := json.Marshal(line{Name: name, Resource: resource})
		if err != nil {
			t.Fatalf("%s is no JSON: %v", name, err)
		}

		input.Write(append(one, '\n'))
	}

	node := exec.CommandContext(t.Context(), "node", filepath.Join(home, "validate.mjs")) //nolint:gosec // our own script in the cache that was just filled
	node.Stdin, node.Stderr = &input, t.Output()

	output, err := node.Output()
	if err != nil {
		t.Fatalf("the validators: %v", err)
	}

	found := make(map[string][]string)
	answers := 0

	for decoder := json.NewDecoder(bytes.NewReader(output)); ; answers++ {
		var one line
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the validators answered %s: %v", output, err)
		}

		if len(one.Errors) > 0 {
			found[one.Name] = one.Errors
		}
	}

	if answers != len(resources) {
		t.Fatalf("the validators judged %d of %d resources", answers, len(resources))
	}

	return found
}
