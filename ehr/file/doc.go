// Package file is the adapter of the ehr port for driving lists that a person exports from
// the care record as CSV or XLSX (contracts/eoj.md §5), and for writing back through files.
//
// Source reads a list with every habit of real exports: columns by name and never by
// position, Danish dates and times, Excel serials, lost leading zeros, nights over the clock
// change. A row that can't be read becomes a problem with a Danish sentence and never stops
// the good ones; Total is always good rows plus faulty rows.
//
// Journal writes entries into the kept list. Per list it has one directory:
//
//	liste.json        which input file is current and which rows it has
//	ind/N-NAME        the input as it was kept, generation N
//	aendringer.jsonl  every change, one line each, oldest first: this is the truth
//	ud/NAME           the input again with category and comment changed, byte for byte else
//	ud/arbejdsliste.csv  what a person has to type into the record, per visit
//
// A change is durable when its line in aendringer.jsonl is on disk; the files under ud/ are
// made from the input and the log, so they can always be made again. They are replaced by
// rename: who watches the directory never sees half a file. Several goroutines and several
// processes on one host, or on a file system that honours flock, may share the directory.
package file
