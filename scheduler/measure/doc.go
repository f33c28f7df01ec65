// Package measure counts screen visits by the report set of eoj.md §6. It holds pure functions: a
// Fact is what is known of one visit or of one call of another vendor's product, a Table is what
// becomes of many of them. Names and formulas are fixed in Columns, which the page, the files, the
// API and docs/data-dictionary.md all read, so that a figure is the same wherever it is shown.
//
// Days are local days in Denmark, weeks are ISO weeks. A figure that leaves the unit goes through
// Table.Leaving, which takes small cells out.
package measure
