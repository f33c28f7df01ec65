// Package klgateway makes the report of KL's Gateway (IG kl.dk.fhir.gateway 1.2.0, eoj.md §3.3) from
// screen visits: one Bundle klgateway-care-delivery-report per citizen. The care record's vendor
// sends this report in practice; ours is for control, so that a municipality can compare what the
// record told the Gateway with what took place.
//
//	visit                         Encounter.status   class
//	planned on screen             planned            Skærmbesøg
//	planned by telephone          planned            Telefonisk
//	held on screen                finished           Skærmbesøg
//	fell back to the telephone    finished           Telefonisk
//	a physical visit again        planned            HH
//	cancelled, not completed      entered-in-error   as it was planned
//
// The ids of resources are made from our own (UUIDv5), so that every report of a visit has the same.
// What we do not know is not told: the start of a grant is not on a driving list, so a planned
// intervention has the status unknown and begins on the first day of it that the report holds.
package klgateway
