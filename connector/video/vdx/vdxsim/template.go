package vdxsim

import "time"

// roomTemplate is one row of scheduling templates (§1.9, §2.1). Without an organisation it is
// shared by all.
type roomTemplate struct {
	Template
	id                   int64
	organisation         string
	conferencingSysID    int64
	isDefault, isPool    bool
	deleted              bool // deletion is soft
	layout               layout
	directMedia          string
	createdBy, updatedBy person
	created, updated     time.Time
}

// addTemplate enters a template under a new id.
func (w *world) addTemplate(t *roomTemplate) {
	t.id = int64(len(w.templates) + 1)
	if t.layout == (layout{}) {
		t.layout = defaultLayout()
	}
	if t.directMedia == "" {
		t.directMedia = "never"
	}
	if t.isDefault {
		w.onlyDefault(t)
	}
	w.templates = append(w.templates, t)
}

// onlyDefault makes t its organisation's default and every other one not (§1.9).
func (w *world) onlyDefault(t *roomTemplate) {
	for _, other := range w.templates {
		if other.organisation == t.organisation {
			other.isDefault = false
		}
	}
	t.isDefault = true
}

// template finds an undeleted template.
func (w *world) template(id int64) *roomTemplate {
	if id < 1 || id > int64(len(w.templates)) || w.templates[id-1].deleted {
		return nil
	}
	return w.templates[id-1]
}

// templatesOf are the undeleted templates of exactly one organisation, oldest first.
func (w *world) templatesOf(code string) []*roomTemplate {
	var out []*roomTemplate
	for _, t := range w.templates {
		if !t.deleted && t.organisation == code {
			out = append(out, t)
		}
	}
	return out
}

// templateFor is the choice of §2.1: the one that was asked for if it is the organisation's
// own, the default of the organisation or its nearest ancestor, a shared one, and if there is
// none, a new shared one. A wrong id falls back in silence.
func (w *world) templateFor(code string, asked *int64) *roomTemplate {
	if asked != nil {
		if t := w.template(*asked); t != nil && t.organisation == code {
			return t
		}
	}
	for at := code; at != ""; {
		for _, t := range w.templatesOf(at) {
			if t.isDefault {
				return t
			}
		}
		org := w.organisations[at]
		if org == nil {
			break
		}
		at = org.Parent
	}
	if shared := w.templatesOf(""); len(shared) > 0 {
		return shared[0]
	}
	t := &roomTemplate{Template: w.completed("", Template{HostPINRequired: true})}
	w.addTemplate(t)
	return t
}

// poolTemplate is what the rooms of an organisation's pool are made of.
func (w *world) poolTemplate(code string) *roomTemplate {
	for _, t := range w.templatesOf(code) {
		if t.isPool {
			return t
		}
	}
	return w.templateFor(code, nil)
}

// checkTemplate are the rules for a template that is to be stored over old (nil for a new
// one). Storing the pool template again as a pool template fails too (§1.9).
func (w *world) checkTemplate(t *roomTemplate) *problem {
	bad := func(required bool, low, high int) bool {
		return (required || low != 0 || high != 0) && low >= high
	}
	switch {
	case t.URINumberLow >= t.URINumberHigh:
		return breach(ruleURIRange)
	case bad(t.GuestPINRequired, t.GuestPINLow, t.GuestPINHigh):
		return breach(ruleGuestPINRange)
	case bad(t.HostPINRequired, t.HostPINLow, t.HostPINHigh):
		return breach(ruleHostPINRange)
	}
	for _, other := range w.templatesOf(t.organisation) {
		if t.isPool && other.isPool {
			return breach(ruleSecondPoolTemplate)
		}
	}
	return nil
}
