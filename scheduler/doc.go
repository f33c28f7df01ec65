// Package scheduler is what the program does: import, choose, convert, book, invite, admit,
// observe, conclude, record, undo.
//
// Every effect outside follows one pattern: the intent is stored together with its job in one
// transaction; the job looks up by our own key when it is not the first try; it acts; it stores
// the result in a second transaction, which again stores the jobs that follow. No call goes out
// inside a transaction. Which jobs a change needs is decided in one place, jobsFor.
//
// The ports that this package needs are Store and Journal-like adapters; it knows no database,
// queue, web or vendor.
package scheduler
