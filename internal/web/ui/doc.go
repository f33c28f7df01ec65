// Package ui is what employees see: the planner's day, import, conversion and exceptions, the
// caregiver's own day, and the leader's statistics.
//
// The table of every page with the permission it demands is Pages.Routes. Handlers decode, call a
// use case and render; what a unit's rules allow is decided by the use case.
package ui
