package care

import (
	"fmt"
	"slices"
	"time"
)

// Raise puts something on the exception list. What is there already, for the same thing and
// open, is not put there twice; its text is brought up to date.
func (v *Visit) Raise(kind ExceptionKind, about, text string, retry bool, at time.Time) {
	i := slices.IndexFunc(v.s.Exceptions, func(e Exception) bool { return e.Kind == kind && e.About == about && e.Open() })
	if i >= 0 {
		v.s.Exceptions[i].Text, v.s.Exceptions[i].Retry = text, retry

		return
	}

	v.s.Exceptions = append(v.s.Exceptions, Exception{
		ID:   ExceptionID(fmt.Sprintf("%s-x%d", v.s.ID, len(v.s.Exceptions)+1)),
		Kind: kind, About: about, Text: text, Retry: retry, RaisedAt: at,
	})
}

// Awaits reports whether an exception of the kind is open.
func (s Snapshot) Awaits(kind ExceptionKind) bool {
	return slices.ContainsFunc(s.Exceptions, func(e Exception) bool { return e.Kind == kind && e.Open() })
}

// ExceptionOf returns the exception with the given id.
func (s Snapshot) ExceptionOf(id ExceptionID) (Exception, bool) {
	i := slices.IndexFunc(s.Exceptions, func(e Exception) bool { return e.ID == id })
	if i < 0 {
		return Exception{}, false
	}

	return s.Exceptions[i], true
}

// Settle takes an exception off the list because a person has dealt with it.
func (v *Visit) Settle(id ExceptionID, by string, at time.Time) error {
	i := slices.IndexFunc(v.s.Exceptions, func(e Exception) bool { return e.ID == id })
	if i < 0 {
		return NewError(NotFound, "Punktet findes ikke på listen.")
	}

	if e := &v.s.Exceptions[i]; e.Open() {
		e.ResolvedAt, e.ResolvedBy = at, by
	}

	return nil
}

func (v *Visit) resolve(kind ExceptionKind, about string, at time.Time) {
	v.resolveBy(kind, about, "system", at)
}

func (v *Visit) resolveBy(kind ExceptionKind, about, by string, at time.Time) {
	for i := range v.s.Exceptions {
		if e := &v.s.Exceptions[i]; e.Kind == kind && e.About == about && e.Open() {
			e.ResolvedAt, e.ResolvedBy = at, by
		}
	}
}

func (v *Visit) resolveKind(kind ExceptionKind, by string, at time.Time) {
	for i := range v.s.Exceptions {
		if e := &v.s.Exceptions[i]; e.Kind == kind && e.Open() {
			e.ResolvedAt, e.ResolvedBy = at, by
		}
	}
}
