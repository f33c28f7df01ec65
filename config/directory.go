package config

import (
	"slices"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// Directory is how the municipality's own directory tells who works there.
type Directory struct {
	SCIMToken care.Secret   `yaml:"scim_token" doc:"Bearer token with which the municipality's directory (Entra ID, Okta) provisions employees and groups at /scim/v2, 32 characters or more; from a file or the environment. Empty (default): there is no such address."`
	SCIMKey   directory.Key `yaml:"scim_key" doc:"Which attribute of a SCIM user is the employee's id, as driving lists and logins have it: user_name (default), local_part (userName before the @), external_id or employee_number."`
}

func (d *Directory) setDefaults() { or(&d.SCIMKey, directory.KeyUserName) }

func (d Directory) validate(k checker) {
	k.bad(!d.SCIMToken.IsZero() && len([]rune(d.SCIMToken.Reveal())) < directory.LeastToken, "scim_token", "must have %d characters or more", directory.LeastToken)
	k.bad(!slices.Contains(directory.Keys(), d.SCIMKey), "scim_key", "must be user_name, local_part, external_id or employee_number")
}
