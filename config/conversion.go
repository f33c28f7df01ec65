package config

import "time"

// Conversion says when a conversion needs a second employee (C21).
type Conversion struct {
	ApproveFrom int           `yaml:"approve_from" doc:"A conversion of at least so many visits waits for another employee with the right to convert, and nothing is booked before; 2 to 2000, 0 (default): none does."`
	ApproveIn   time.Duration `yaml:"approve_in" doc:"How long a conversion waits for that, at most until its first visit begins; 15m to 168h, default 24h."`
}

func (c *Conversion) setDefaults() { or(&c.ApproveIn, 24*time.Hour) }

func (c Conversion) validate(k checker) {
	k.bad(c.ApproveFrom != 0 && (c.ApproveFrom < 2 || c.ApproveFrom > 2000), "approve_from", "must be 0, or 2 to 2000")
	k.span("approve_in", c.ApproveIn, 15*time.Minute, 7*24*time.Hour)
}
