package scheduler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// NotesRefused tells of notes about citizens that the care record rejected, or holds twice.
const NotesRefused NoticeKind = "notes_refused"

// CitizenNoteRule is how the record is told of one topic about citizens, apart from visits (K63). The
// zero value: it is not told.
type CitizenNoteRule struct {
	Means  care.Means // care.ByNote or care.ByJournal; empty with Why: the record can't be told
	Why    string     // Danish: why the record can't be told; only without Means
	Name   string     // the form's title, or the type of the journal note
	Fields []ehr.Field
	Text   string // with the topic's placeholders; empty: the text of this program
	// Words are what {egnethed} or {hændelse} becomes in Fields, where the form has words of its own.
	Words map[string]string
}

// Off reports whether the record is not told.
func (r CitizenNoteRule) Off() bool { return r.Means == "" && r.Why == "" }

// NotePreview is what the record would be told, word by word.
type NotePreview struct {
	Off        bool   // the municipality does not tell its record
	Impossible string // Danish: why the record can't be told; the text is for whoever writes it by hand
	Where      string // Danish: "Skemaet »Omsorgsnotat«"
	Fields     []care.NoteField
	Text       string
	Author     string
}

// happening is what a note tells.
type happening struct {
	topic  care.NoteTopic
	about  string // tells apart what notes are made of; part of the key
	word   string // the verdict or event, as in the settings' words
	danish string // the same in Danish
	words  []string
	title  string
	text   string
	author string
	at     time.Time
}

// noteOf makes the note of something that happened, as the municipality's rule says; false: the record is
// not told of it.
func (s *Service) noteOf(citizen care.CitizenID, h happening) (care.CitizenNote, bool) {
	rule := s.set.Notes[h.topic]
	if rule.Off() {
		return care.CitizenNote{}, false
	}

	sum := sha256.Sum256([]byte(strings.Join([]string{string(citizen), string(h.topic), h.about}, "\x1f")))
	key := "note/" + hex.EncodeToString(sum[:16])
	n := care.CitizenNote{
		ID: care.NoteID(key[len("note/"):]), Citizen: citizen, Topic: h.topic, Means: rule.Means, State: care.EntryDue, Key: key,
		Name: rule.Name, Title: h.title, Text: h.text, Author: h.author, About: h.at, DueAt: s.now(),
	}

	if rule.Text != "" {
		n.Text = strings.NewReplacer(h.words...).Replace(rule.Text)
	}

	local := h.danish
	if own := rule.Words[h.word]; own != "" {
		local = own
	}

	// A replacer takes the first of equal places, so the form's own word goes before ours.
	fill := strings.NewReplacer(append([]string{care.PlaceVerdict, local, care.PlaceEvent, local}, h.words...)...)
	for _, f := range rule.Fields {
		if value := fill.Replace(f.Value); strings.TrimSpace(value) != "" {
			n.Fields = append(n.Fields, care.NoteField{Label: f.Label, Value: value})
		}
	}

	switch _, can := s.noteWriter(rule.Means); {
	case rule.Means == "":
		n.State, n.Failure = care.EntryOmitted, rule.Why
	case !can:
		n.State, n.Failure = care.EntryOmitted, "Journalen kan ikke få notater om borgere at vide på denne måde. Skriv notatet i hånden."
	default:
		if err := checkNote(n); err != nil {
			n.State, n.Failure = care.EntryRejected, care.MessageOf(err)
		}
	}

	return n, true
}

// checkNote refuses what must never stand in a care record (K64).
func checkNote(n care.CitizenNote) error {
	all := []string{n.Title, n.Text, n.Author}
	for _, f := range n.Fields {
		all = append(all, f.Value)
	}

	return care.CheckNoteText(strings.Join(all, "\n"))
}

// told adds a note and its job to what is stored with the event.
func told(e Effects, n care.CitizenNote) Effects {
	e.Notes = append(e.Notes, n)

	if n.State == care.EntryDue {
		e.Jobs = append(e.Jobs, Job{Kind: WriteNoteJob, Ref: string(n.ID)})
	}

	return e
}

// previewNote is what somebody reads before a note is made.
func (s *Service) previewNote(h happening) NotePreview {
	n, ok := s.noteOf("", h)
	if !ok {
		return NotePreview{Off: true}
	}

	out := NotePreview{Fields: n.Fields, Text: n.Text, Author: n.Author, Where: whereOf(n)}
	if n.State == care.EntryOmitted {
		out.Impossible = n.Failure
	}

	return out
}

// whereOf names where in the record a note goes.
func whereOf(n care.CitizenNote) string {
	switch n.Means {
	case care.ByNote:
		return "Skemaet »" + n.Name + "« i omsorgsjournalen"
	case care.ByJournal:
		return "Et journalnotat: »" + n.Title + "«"
	case care.OnList, care.ByIntervention, care.ByTask:
	}

	return ""
}

// noteWriter is where notes about citizens go by a means.
func (s *Service) noteWriter(m care.Means) (ehr.NoteWriter, bool) {
	for _, j := range []ehr.Journal{s.journal, s.notes} {
		if w, ok := j.(ehr.NoteWriter); ok && slices.Contains(w.NoteMeans(), m) {
			return w, true
		}
	}

	return nil, false
}

// writeNote makes one note in the care record. The notes of a citizen go in order.
func (s *Service) writeNote(ctx context.Context, job Job) error {
	n, err := s.store.CitizenNote(ctx, care.NoteID(job.Ref))
	if err != nil || n.State != care.EntryDue {
		return err
	}

	all, err := s.store.CitizenNotes(ctx, n.Citizen)
	if err != nil {
		return err
	}

	if slices.ContainsFunc(all, func(o care.CitizenNote) bool { return o.Seq < n.Seq && o.State == care.EntryDue }) {
		return s.later("write_note", patience(s.now().Sub(n.DueAt)))
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{n.Citizen})
	if err != nil {
		return err
	}

	w, can := s.noteWriter(n.Means)
	if !can {
		return s.noteRefused(ctx, n.ID, &connector.Error{System: "sluse", Op: "write_note", Kind: connector.Unsupported})
	}

	receipt, err := w.WriteNote(ctx, portNote(n, citizens[n.Citizen]))
	if err != nil {
		return s.noteRefused(ctx, n.ID, err)
	}

	err = s.store.UpdateCitizenNote(ctx, n.ID, func(n *care.CitizenNote) (Effects, error) {
		n.Done(receipt.ID, receipt.Version, s.now())

		if receipt.Doubles > 0 {
			n.Failure = "Notatet står dobbelt i journalen. Slet det ene dér."
		}

		return Effects{}, nil
	})
	if err != nil || receipt.Doubles == 0 {
		return err
	}

	return s.tellOfNotes(ctx)
}

func portNote(n care.CitizenNote, citizen care.Citizen) ehr.Note {
	out := ehr.Note{
		Key: n.Key, Topic: n.Topic, Citizen: citizen.Key(), Means: n.Means, Name: n.Name, Title: n.Title, Text: n.Text, Author: n.Author, At: n.About,
	}
	for _, f := range n.Fields {
		out.Fields = append(out.Fields, ehr.Field(f))
	}

	return out
}

// noteRefused keeps a refusal for a person to look at. What passes by itself goes on with the job.
func (s *Service) noteRefused(ctx context.Context, id care.NoteID, err error) error {
	switch connector.KindOf(err) {
	case connector.Rejected, connector.Conflict, connector.Malformed, connector.Unsupported, connector.NotFound:
		text := advice(err, "Omsorgsjournalen afviser notatet. Skriv det i hånden, eller bed systemforvalteren om at se på opsætningen.")

		stored := s.store.UpdateCitizenNote(ctx, id, func(n *care.CitizenNote) (Effects, error) {
			n.Refused(text)

			return Effects{}, nil
		})
		if stored != nil {
			return stored
		}

		if told := s.tellOfNotes(ctx); told != nil {
			return told
		}
	case connector.Unavailable, connector.Unknown, connector.RateLimited, connector.Unauthorized, connector.Pending:
	}

	return err
}

// tellOfNotes keeps the notice about notes that wait for a person as it must be.
func (s *Service) tellOfNotes(ctx context.Context) error {
	n, err := s.store.NotesWaiting(ctx)
	if err != nil {
		return err
	}

	if n == 0 {
		return s.store.ResolveNotice(ctx, NotesRefused, "", s.now(), Effects{})
	}

	text := "Journalen har afvist et notat om en borger eller har det to gange. Se det på borgerens side under Notater i journalen."
	if n > 1 {
		text = fmt.Sprintf("Journalen har afvist %d notater om borgere eller har dem to gange. Se dem på borgernes sider under Notater i journalen.", n)
	}

	_, err = s.store.RaiseNotice(ctx, Notice{Kind: NotesRefused, Level: connector.Notice, Text: text, RaisedAt: s.now()}, Effects{})

	return err
}

// RetryNote has a rejected note written once more. Needs JudgeSuitability or HandleTrouble in a unit that
// visits the citizen. Conflict: it is not rejected, or a later note of its topic is written already.
func (s *Service) RetryNote(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.NoteID) error {
	all, err := s.notesFor(ctx, actor, citizen)
	if err != nil {
		return err
	}

	return s.changeNote(ctx, actor, "retry_note", citizen, id, func(n *care.CitizenNote) ([]Job, error) {
		later := func(o care.CitizenNote) bool {
			return o.Seq > n.Seq && o.Topic == n.Topic && o.State == care.EntryWritten
		}
		if slices.ContainsFunc(all, later) {
			return nil, care.NewError(care.Conflict, "Et nyere notat er allerede skrevet i journalen, og det ældre må ikke stå som det nyeste. Markér det som klaret.")
		}

		return []Job{{Kind: WriteNoteJob, Ref: string(id), Urgent: true}}, n.Retry(s.now())
	})
}

// SettleNote records that a rejected or impossible note was written by hand, or one of two deleted. Needs what RetryNote needs.
func (s *Service) SettleNote(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.NoteID) error {
	if _, err := s.notesFor(ctx, actor, citizen); err != nil {
		return err
	}

	return s.changeNote(ctx, actor, "settle_note", citizen, id, func(n *care.CitizenNote) ([]Job, error) {
		return nil, n.Settle(actor.Employee, s.now())
	})
}

func (s *Service) notesFor(ctx context.Context, actor care.Actor, citizen care.CitizenID) ([]care.CitizenNote, error) {
	if _, err := s.linked(ctx, actor, citizen, care.JudgeSuitability, care.HandleTrouble); err != nil {
		return nil, err
	}

	return s.store.CitizenNotes(ctx, citizen)
}

func (s *Service) changeNote(ctx context.Context, actor care.Actor, action string, citizen care.CitizenID, id care.NoteID, change func(*care.CitizenNote) ([]Job, error)) error {
	err := s.store.UpdateCitizenNote(ctx, id, func(n *care.CitizenNote) (Effects, error) {
		if n.Citizen != citizen {
			return Effects{}, care.NewError(care.NotFound, "Notatet findes ikke.")
		}

		jobs, err := change(n)

		return Effects{Jobs: jobs, Audit: []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: action, Citizen: citizen, Detail: string(n.Topic)}}}, err
	})
	if err != nil {
		return err
	}

	return s.tellOfNotes(ctx)
}
