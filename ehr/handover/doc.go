// Package handover is the journal for every record system without an interface of its own, and for
// software robots: an ehr.Journal that puts one JSON file per change into a queue folder and reads
// the robot's receipt from another one.
//
// A file's name is a hash of the change's key, so it tells nobody anything and a repeat has the same
// name. A change is handed over once: afterwards Apply returns Pending until the receipt is there.
// When the service dies at the wrong moment it is put into the queue a second time under the same
// name; a robot therefore looks whether it has done the key before. With the receipt our copy in the
// queue, which holds a CPR number, is deleted.
package handover
