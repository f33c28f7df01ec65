package pexip

import "github.com/sluse/sluse/connector/video"

// MemoryLog lets tests from outside use the tests' event log.
type MemoryLog struct{ *eventLog }

// NewMemoryLog returns an empty log.
func NewMemoryLog() *MemoryLog { return &MemoryLog{newEventLog()} }

// SetComplete says what Complete tells.
func (l *MemoryLog) SetComplete(is bool) { l.complete = is }

// Len is how many events there are.
func (l *MemoryLog) Len() int { return len(l.events) }

// All are the events.
func (l *MemoryLog) All() []video.Event { return l.events }
