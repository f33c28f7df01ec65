package handover

import (
	"errors"
	"path/filepath"
	"time"
)

// Config holds the folders of a hand-over.
type Config struct {
	Queue    string        `yaml:"queue" doc:"Folder in which every change is put as a JSON file; absolute, on the same file system as sent; required. The files hold CPR numbers: only the service and the robot may read them."`
	Receipts string        `yaml:"receipts" doc:"Folder in which the robot puts its receipts; absolute; required."`
	Sent     string        `yaml:"sent" doc:"Folder of our own marks of what was put into the queue, without personal data; absolute; required."`
	Ask      time.Duration `yaml:"ask" doc:"How long to wait before a receipt is looked for again; 1s to 1h, default 1m."`
}

// SetDefaults fills in what is not set.
func (c *Config) SetDefaults() {
	if c.Ask == 0 {
		c.Ask = time.Minute
	}
}

// Validate returns every problem at once.
func (c Config) Validate() []error {
	var problems []error

	for _, f := range []struct{ key, path string }{{"queue", c.Queue}, {"receipts", c.Receipts}, {"sent", c.Sent}} {
		if !filepath.IsAbs(f.path) {
			problems = append(problems, errors.New(f.key+": must be the absolute path of a folder"))
		}
	}

	if c.Queue != "" && (c.Queue == c.Receipts || c.Queue == c.Sent || c.Receipts == c.Sent) {
		problems = append(problems, errors.New("queue, receipts, sent: must be three folders"))
	}

	if c.Ask < time.Second || c.Ask > time.Hour {
		problems = append(problems, errors.New("ask: must be 1s to 1h"))
	}

	return problems
}
