package care

import (
	"crypto/rand"
	"math/big"
	"strings"
	"time"
)

// Codewords are a pair of words that one citizen and one unit share, to recognise each other in a
// call, on the telephone and at the door (D19): the employee says theirs, the citizen answers with
// theirs. They open nothing and are never typed in. Both are stored encrypted.
type Codewords struct {
	Citizen CitizenID
	Unit    UnitID
	Version int    // the store's; 0: never stored
	Staff   Secret // the employee says it first
	Reply   Secret // the citizen answers with it
	Uses    int    // visits at which both were said
	By      EmployeeID
	At      time.Time // when they were made, UTC
}

// Made reports whether there are words.
func (w Codewords) Made() bool { return !w.Staff.IsZero() }

// Due reports whether the words were said so often that new ones should be made; never with most 0.
func (w Codewords) Due(most int) bool { return w.Made() && most > 0 && w.Uses >= most }

// Renew draws new words, at random from our own list of Danish nouns, so that each of about a
// million pairs is as likely as any other. The two words begin differently.
func (w Codewords) Renew(by EmployeeID, at time.Time) Codewords {
	words := strings.Fields(codewordList)
	staff, reply := draw(words), draw(words)

	for staff[:2] == reply[:2] || w.Made() && (staff == w.Staff.Reveal() || reply == w.Reply.Reveal()) {
		staff, reply = draw(words), draw(words)
	}

	w.Staff, w.Reply, w.Uses, w.By, w.At = NewSecret(staff), NewSecret(reply), 0, by, at

	return w
}

func draw(words []string) string {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(len(words))))
	if err != nil {
		panic(err) // crypto/rand never fails
	}

	return words[n.Int64()]
}
