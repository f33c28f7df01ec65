package handover

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
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
	sweepEvery = time.Hour
	growTime   = 2 * time.Minute // how long a robot may take to write a receipt under its own name
)

// Options are what a Journal needs besides its Config. Now is required.
type Options struct {
	Now     func() time.Time
	Observe outbound.Observe // told of every Apply; nil: nobody listens
	Peer    *outbound.Peer   // the record's rules; nil: none
}

// Journal hands changes over in folders. It is safe for concurrent use, also by several processes.
type Journal struct {
	config  Config
	carrier carrier
	options Options

	mutex sync.Mutex
	swept time.Time            // when the halves of files were last looked for; zero: never
	torn  map[string]time.Time // receipts that are no JSON, by when they were first seen
}

var (
	_ ehr.Journal       = (*Journal)(nil)
	_ connector.Checker = (*Journal)(nil)
)

// New returns a Journal. The config must have its defaults; every problem of it is reported at once.
// It connects to nothing: whether the folders are there, Check tells.
func New(config Config, options Options) (*Journal, error) {
	problems := config.Validate()
	if options.Now == nil {
		problems = append(problems, errors.New("handover: Options.Now is required"))
	}

	if err := errors.Join(problems...); err != nil {
		return nil, err
	}

	if options.Observe == nil {
		options.Observe = func(string, string, string, float64) {}
	}

	j := &Journal{config: config, options: options, torn: map[string]time.Time{}, carrier: disk{sent: config.Sent, now: options.Now}}

	if config.SFTP != nil {
		server, err := newServer(config, options.Now)
		if err != nil {
			return nil, fmt.Errorf("hand-over: %w", err)
		}

		j.carrier = server
	}

	return j, nil
}

// Close ends the connection to the server, if there is one.
func (j *Journal) Close() { j.carrier.close() }

// Means are all: what a robot can do is a matter of the rules.
func (j *Journal) Means() []care.Means { return care.AllMeans() }

// Apply hands the change over, or tells what became of it. Pending: the robot has not answered yet.
// Rejected: it refused, with its words as a *care.Error; the next try hands over anew. Malformed: its
// receipt can't be read; one that is no JSON is given two minutes, because the robot may still be
// writing it. Unauthorized: the server is not the one of the settings, or refuses us. Unknown: the
// connection was lost when the change may have arrived; the next try looks.
func (j *Journal) Apply(ctx context.Context, change ehr.Change) (ehr.Receipt, error) {
	if change.Key == "" || change.Source.ID == "" || change.Citizen.IsZero() || !change.Planned.Valid() {
		return ehr.Receipt{}, failure("check", connector.Rejected,
			care.NewError(care.Invalid, "Besøget mangler borger, tid eller nøgle og kan ikke afleveres til journalen. Indlæs kørelisten igen."))
	}

	return j.deliver(ctx, change.Key, func() ([]byte, error) { return encodeChange(change) })
}

// deliver hands over what a key stands for, unless that was done, and tells what became of it.
func (j *Journal) deliver(ctx context.Context, key string, encode func() ([]byte, error)) (receipt ehr.Receipt, err error) {
	began, outcome := j.options.Now(), "ok"

	err = j.follow(ctx, func() error {
		if err := ctx.Err(); err != nil {
			return failure("apply", connector.Unavailable, err)
		}

		var err error

		receipt, err = j.apply(ctx, key, encode)

		return j.spoken(err)
	})
	if err != nil {
		outcome = connector.KindOf(err).String()
	}

	j.options.Observe(System, "apply", outcome, j.options.Now().Sub(began).Seconds())

	return receipt, err
}

// follow calls by the record's rules.
func (j *Journal) follow(ctx context.Context, call func() error) error {
	if j.options.Peer == nil {
		return call()
	}

	return j.options.Peer.Call(ctx, "apply", call)
}

func (j *Journal) apply(ctx context.Context, key string, encode func() ([]byte, error)) (ehr.Receipt, error) {
	name := fileName(key)

	receipt, err := j.receipt(ctx, name, key)
	if receipt.ID != "" || err != nil {
		return receipt, err
	}

	handed, err := j.wasHanded(ctx, name)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if !handed {
		if err := j.hand(ctx, name, encode); err != nil {
			return ehr.Receipt{}, err
		}
	}

	return ehr.Receipt{}, j.waiting()
}

func (j *Journal) waiting() error {
	waiting := failure("await_receipt", connector.Pending, nil)
	waiting.RetryAfter = j.config.Ask

	return waiting
}

// grows reports whether a receipt that is no JSON may be one that the robot is still writing.
func (j *Journal) grows(name string) bool {
	j.mutex.Lock()
	defer j.mutex.Unlock()

	now := j.options.Now()
	if _, known := j.torn[name]; !known {
		j.torn[name] = now
	}

	return now.Sub(j.torn[name]) < growTime
}

// fileName tells nobody anything, and is always the same for a key.
func fileName(key string) string {
	sum := sha256.Sum256([]byte(key))

	return hex.EncodeToString(sum[:16]) + ".json"
}

// receipt reads the robot's answer; the zero Receipt: there is none yet.
func (j *Journal) receipt(ctx context.Context, name, key string) (ehr.Receipt, error) {
	data, fresh, err := j.carrier.read(ctx, j.config.Receipts, name)
	found := fresh

	if err == nil && !fresh && j.config.Done != "" {
		data, found, err = j.carrier.read(ctx, j.config.Done, name)
	}

	if err != nil || !found {
		return ehr.Receipt{}, err
	}

	answer, err := decodeReceipt(data, key)
	if errors.Is(err, errNoObject) && j.grows(name) {
		return ehr.Receipt{}, j.waiting()
	}

	if err != nil {
		return ehr.Receipt{}, failure("read_receipt", connector.Malformed, &care.Error{
			Kind: care.Invalid, Message: "Robottens kvittering kan ikke læses. Se efter i journalen, og bed den, der passer robotten, om at rette den.", Err: err,
		})
	}

	if fresh {
		if err := j.clear(ctx, name, answer.Outcome == outcomeRefused); err != nil {
			return ehr.Receipt{}, err
		}
	}

	if answer.Outcome == outcomeRefused {
		return ehr.Receipt{}, failure("apply", connector.Rejected, care.NewError(care.Invalid, refusalText(answer.Text)))
	}

	if answer.ID == "" {
		answer.ID = strings.TrimSuffix(name, ".json")
	}

	return ehr.Receipt{ID: answer.ID, Version: answer.Version}, nil
}

// clear takes away what is not needed after an answer. The robot is done with the change, whose CPR number
// need not lie there any longer; of one that was refused all traces go, the receipt last: when a person
// has put right what was wrong and tries again, it is handed over again under the same key.
func (j *Journal) clear(ctx context.Context, name string, refused bool) error {
	if err := j.carrier.remove(ctx, j.config.Queue, name); err != nil {
		return err
	}

	if refused {
		if err := j.carrier.remove(ctx, j.config.Sent, name); err != nil {
			return err
		}

		return j.carrier.remove(ctx, j.config.Receipts, name)
	}

	if j.config.Done == "" {
		return nil
	}

	return j.carrier.move(ctx, j.config.Receipts, name, j.config.Done)
}

// refusalText are the robot's words without what must not be shown.
func refusalText(text string) string {
	text = strings.TrimSpace(outbound.Redact(text))
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}

	if text == "" || !utf8.ValidString(text) {
		return "Robotten kunne ikke skrive det i journalen. Skriv det i hånden."
	}

	return "Robotten afviser registreringen: " + text
}

func (j *Journal) wasHanded(ctx context.Context, name string) (bool, error) {
	for _, dir := range []string{j.config.Sent, j.config.Queue} {
		there, err := j.carrier.exists(ctx, dir, name)
		if there || err != nil {
			return there, err
		}
	}

	return false, nil
}

// hand puts the change into the queue and then a mark of it into sent.
func (j *Journal) hand(ctx context.Context, name string, encode func() ([]byte, error)) error {
	j.tidy(ctx)

	body, err := encode()
	if err != nil {
		return failure("encode", connector.Rejected, err)
	}

	if err := j.carrier.place(ctx, j.config.Queue, name, append(body, '\n')); err != nil {
		return err
	}

	if err := j.carrier.place(ctx, j.config.Sent, name, nil); err != nil {
		return failure("hand_over", connector.Unknown, err) // the change itself is there
	}

	return nil
}

// tidy deletes what processes that died left half written, which may hold a CPR number. It is tried again
// at the next change when it does not succeed.
func (j *Journal) tidy(ctx context.Context) {
	j.mutex.Lock()
	defer j.mutex.Unlock()

	now := j.options.Now()
	if now.Sub(j.swept) >= sweepEvery && j.carrier.sweep(ctx) == nil {
		j.swept = now
	}
}
