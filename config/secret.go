package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/sluse/sluse/scheduler/care"
)

// maxSecret bounds a secret's file, in bytes.
const maxSecret = 64 << 10

var errInFile = errors.New("a secret is given as {file: PATH} or {env: NAME}, never in the file itself")

// secret reads {file: PATH} or {env: NAME}. The errors never quote what was read.
func secret(text []byte, env Environment) (care.Secret, error) {
	var from struct {
		File string `yaml:"file"`
		Env  string `yaml:"env"`
	}

	if err := yaml.UnmarshalWithOptions(text, &from, yaml.Strict()); err != nil || (from.File == "") == (from.Env == "") {
		return care.Secret{}, errInFile
	}

	var (
		value string
		err   error
	)

	if from.File != "" {
		value, err = secretFile(from.File)
	} else if value, _ = env(from.Env); strings.TrimSpace(value) == "" {
		err = fmt.Errorf("the environment variable %s is not set or empty", from.Env)
	}

	if err != nil {
		return care.Secret{}, err
	}

	return care.NewSecret(strings.TrimRight(value, "\r\n")), nil
}

// secretFile reads a secret's file, which nobody but its owner and group may read: a file that
// everybody on the machine reads is no secret. The group may, because that is how containers and
// services hand secrets to an account.
func secretFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the secret's file %s can't be read", path)
	}
	defer file.Close()

	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("the secret's file %s is no file", path)
	}

	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("the secret's file %s is open to every user of the machine; chmod o= %s", path, path)
	}

	data, err := io.ReadAll(io.LimitReader(file, maxSecret+1))

	switch {
	case err != nil:
		return "", fmt.Errorf("the secret's file %s can't be read", path)
	case len(data) > maxSecret:
		return "", fmt.Errorf("the secret's file %s has more than %d bytes", path, maxSecret)
	case strings.TrimSpace(string(data)) == "":
		return "", fmt.Errorf("the secret's file %s is empty", path)
	}

	return string(data), nil
}
