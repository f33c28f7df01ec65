package handover

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config holds the folders of a hand-over, and where they lie.
type Config struct {
	Queue    string        `yaml:"queue" doc:"Folder in which every change is put as a JSON file; required. It is on the same file system as sent. The files hold CPR numbers: only the service and the robot may read them."`
	Receipts string        `yaml:"receipts" doc:"Folder in which the robot puts its receipts; required."`
	Sent     string        `yaml:"sent" doc:"Folder of our own marks of what was put into the queue, without personal data, and of what is on its way into it; required."`
	Done     string        `yaml:"done" doc:"Folder into which receipts are moved once they were read, on the same file system as receipts; default none: they stay where they are. A repeated change is still recognised by them, so they are kept as long as the visits."`
	Ask      time.Duration `yaml:"ask" doc:"How long to wait before a receipt is looked for again; 1s to 1h, default 1m."`
	SFTP     *SFTP         `yaml:"sftp" doc:"The server on which the folders lie; default none: they lie on this machine, with absolute paths."`
}

// SetDefaults fills in what is not set.
func (c *Config) SetDefaults() {
	if c.Ask == 0 {
		c.Ask = time.Minute
	}

	if c.SFTP != nil {
		c.SFTP.setDefaults()
	}
}

// Validate returns every problem at once.
func (c Config) Validate() []error {
	var problems []error

	folders := c.folders()

	for i, f := range folders {
		switch {
		case c.SFTP == nil && !filepath.IsAbs(f.path):
			problems = append(problems, fmt.Errorf("%s: must be the absolute path of a folder", f.key))
		case c.SFTP != nil && (f.path == "" || path.Clean(f.path) != f.path || slices.Contains(strings.Split(f.path, "/"), "..")):
			problems = append(problems, fmt.Errorf("%s: must be the path of a folder on the server, without .. and without a slash at its end", f.key))
		case slices.ContainsFunc(folders[:i], func(other folder) bool { return other.path == f.path }):
			problems = append(problems, fmt.Errorf("%s: must be a folder of its own", f.key))
		}
	}

	if c.Ask < time.Second || c.Ask > time.Hour {
		problems = append(problems, errors.New("ask: must be 1s to 1h"))
	}

	if c.SFTP != nil {
		for _, err := range c.SFTP.validate() {
			problems = append(problems, fmt.Errorf("sftp.%w", err))
		}
	}

	return problems
}

// folder is one of the config by its key.
type folder struct{ key, path string }

func (c Config) folders() []folder {
	all := []folder{{"queue", c.Queue}, {"receipts", c.Receipts}, {"sent", c.Sent}}
	if c.Done != "" {
		all = append(all, folder{"done", c.Done})
	}

	return all
}
