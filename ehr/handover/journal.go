package handover

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// System is the name of this record in errors and in the configuration.
const System = "handover"

const (
	maxReceipt = 64 << 10 // bytes
	maxText    = 500      // characters of a robot's refusal
)

// Journal hands changes over in folders. It is safe for concurrent use, also by several processes.
type Journal struct{ config Config }

var _ ehr.Journal = (*Journal)(nil)

// New returns a Journal on folders that exist. Every problem of the config is reported at once.
func New(config Config) (*Journal, error) {
	if err := errors.Join(config.Validate()...); err != nil {
		return nil, err
	}

	for _, dir := range []string{config.Queue, config.Receipts, config.Sent} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s is no folder", dir)
		}
	}

	return &Journal{config: config}, nil
}

// Means are all: what a robot can do is a matter of the rules.
func (j *Journal) Means() []care.Means { return care.AllMeans() }

// Apply hands the change over, or tells what became of it. Pending: the robot has not answered yet.
// Rejected: it refused, with its words as a *care.Error; the next try hands over anew. Malformed: its receipt can't be read.
func (j *Journal) Apply(ctx context.Context, change ehr.Change) (ehr.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return ehr.Receipt{}, failure("apply", connector.Unavailable, err)
	}

	if change.Key == "" || change.Source.ID == "" || change.Citizen.IsZero() || !change.Planned.Valid() {
		return ehr.Receipt{}, failure("check", connector.Rejected,
			care.NewError(care.Invalid, "Besøget mangler borger, tid eller nøgle og kan ikke afleveres til journalen. Indlæs kørelisten igen."))
	}

	name := fileName(change.Key)

	receipt, err := j.receipt(name, change.Key)
	if receipt.ID != "" || err != nil {
		return receipt, err
	}

	handed, err := j.wasHanded(name)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if !handed {
		if err := j.hand(name, change); err != nil {
			return ehr.Receipt{}, err
		}
	}

	waiting := failure("await_receipt", connector.Pending, nil)
	waiting.RetryAfter = j.config.Ask

	return ehr.Receipt{}, waiting
}

// fileName tells nobody anything, and is always the same for a key.
func fileName(key string) string {
	sum := sha256.Sum256([]byte(key))

	return hex.EncodeToString(sum[:16]) + ".json"
}

// receipt reads the robot's answer; the zero Receipt: there is none yet.
func (j *Journal) receipt(name, key string) (ehr.Receipt, error) {
	data, err := readFile(filepath.Join(j.config.Receipts, name))
	if errors.Is(err, fs.ErrNotExist) {
		return ehr.Receipt{}, nil
	}

	if err != nil {
		return ehr.Receipt{}, failure("read_receipt", connector.Unavailable, err)
	}

	answer, err := decodeReceipt(data, key)
	if err != nil {
		return ehr.Receipt{}, failure("read_receipt", connector.Malformed, &care.Error{
			Kind: care.Invalid, Message: "Robottens kvittering kan ikke læses. Se på besøget i journalen, og bed den, der passer robotten, om at rette den.", Err: err,
		})
	}

	// The robot is done with it; the CPR number need not lie there any longer.
	if err := os.Remove(filepath.Join(j.config.Queue, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ehr.Receipt{}, failure("clear_queue", connector.Unavailable, errors.New("a file of the queue can't be deleted"))
	}

	if answer.Outcome == "refused" {
		if err := j.forget(name); err != nil {
			return ehr.Receipt{}, err
		}

		return ehr.Receipt{}, failure("apply", connector.Rejected, care.NewError(care.Invalid, refusalText(answer.Text)))
	}

	if answer.ID == "" {
		answer.ID = strings.TrimSuffix(name, ".json")
	}

	return ehr.Receipt{ID: answer.ID, Version: answer.Version}, nil
}

// forget removes the traces of a change that was refused, the receipt last: when a person has put right
// what was wrong and tries again, the change is handed over again under the same key.
func (j *Journal) forget(name string) error {
	for _, dir := range []string{j.config.Sent, j.config.Receipts} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failure("forget", connector.Unavailable, errors.New("a refused change can't be cleared away"))
		}
	}

	return nil
}

// refusalText are the robot's words without what must not be shown.
func refusalText(text string) string {
	text = strings.TrimSpace(outbound.Redact(text))
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}

	if text == "" || !utf8.ValidString(text) {
		return "Robotten kunne ikke registrere besøget i journalen. Registrér det i hånden."
	}

	return "Robotten afviser registreringen: " + text
}

func (j *Journal) wasHanded(name string) (bool, error) {
	for _, dir := range []string{j.config.Sent, j.config.Queue} {
		_, err := os.Stat(filepath.Join(dir, name))
		if err == nil {
			return true, nil
		}

		if !errors.Is(err, fs.ErrNotExist) {
			return false, failure("look", connector.Unavailable, errors.New("the folders can't be read"))
		}
	}

	return false, nil
}

// hand puts the change into the queue and then a mark of it into sent.
func (j *Journal) hand(name string, change ehr.Change) error {
	body, err := encodeChange(change)
	if err != nil {
		return failure("encode", connector.Rejected, err)
	}

	if err := j.place(j.config.Queue, name, append(body, '\n')); err != nil {
		return failure("hand_over", connector.Unavailable, err)
	}

	if err := j.place(j.config.Sent, name, nil); err != nil {
		return failure("hand_over", connector.Unavailable, err)
	}

	return nil
}

// place writes a whole file or none: it is written beside, synced, and moved to its name. The group
// may read it, because a robot runs under an account of its own.
func (j *Journal) place(dir, name string, data []byte) error {
	file, err := os.CreateTemp(j.config.Sent, ".new-*")
	if err != nil {
		return errors.New("the folder can't be written to")
	}

	temporary := file.Name()
	defer os.Remove(temporary)

	_, err = file.Write(data)
	err = errors.Join(err, file.Chmod(0o640), file.Sync(), file.Close())

	if err == nil {
		err = os.Rename(temporary, filepath.Join(dir, name))
	}

	if err != nil {
		return errors.New("the file can't be written")
	}

	return nil
}

// readFile reads a receipt, which a robot may have made too large.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}

	if err != nil {
		return nil, errors.New("the receipt can't be opened")
	}
	defer file.Close()

	data, err := io.ReadAll(io.LimitReader(file, maxReceipt))
	if err != nil {
		return nil, errors.New("the receipt can't be read")
	}

	return data, nil
}

func failure(op string, kind connector.Kind, err error) *connector.Error {
	return &connector.Error{System: System, Op: op, Kind: kind, Err: err}
}
