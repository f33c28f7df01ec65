// Package lexicon reads the Danish words that care records and driving lists use for laws and
// shift layers (eoj.md §5.1, §5.5), wherever they come from.
package lexicon
