package handover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	subjectCarrier = "Afleveringen til journalen"
	subjectFolder  = "Mappen record.handover.%s"
	subjectRobot   = "Robotten"
)

// lateAfter is when a change should have been taken, and a word about it helps.
const lateAfter = 24 * time.Hour

// Check implements connector.Checker. It makes one empty file among our own marks and deletes it again:
// nothing else tells whether we may.
func (j *Journal) Check(ctx context.Context) []connector.Finding {
	waiting, err := j.carrier.list(ctx, j.config.Queue)
	if err != nil && !errors.Is(err, errNoFolder) && !errors.Is(err, errNoRight) {
		return []connector.Finding{{Level: connector.Failing, Subject: subjectCarrier, Text: j.explain(err)}}
	}

	var found []connector.Finding

	for _, f := range j.config.folders() {
		found = append(found, j.checkFolder(ctx, f))
	}

	switch probed := j.carrier.probe(ctx); {
	case errors.Is(probed, errNoFolder): // which, was told above
	case probed != nil:
		found = append(found, connector.Finding{
			Level: connector.Failing, Subject: subjectCarrier, Text: "Der kan ikke lægges filer. " + j.explain(probed),
		})
	default:
		found = append(found, connector.Finding{Level: connector.Fine, Subject: subjectCarrier, Text: "Der kan lægges filer, og de kan slettes igen."})
	}

	if err != nil { // nobody knows what lies in a queue that can't be read
		return found
	}

	return append(found, j.checkRobot(waiting))
}

func (j *Journal) checkFolder(ctx context.Context, f folder) connector.Finding {
	finding := connector.Finding{Level: connector.Fine, Subject: fmt.Sprintf(subjectFolder, f.key), Text: "Mappen er der og kan læses."}

	if _, err := j.carrier.list(ctx, f.path); err != nil {
		finding.Level, finding.Text = connector.Failing, j.explain(err)
	}

	return finding
}

// checkRobot tells of changes that nobody takes.
func (j *Journal) checkRobot(waiting []listed) connector.Finding {
	late := 0

	for _, f := range waiting {
		if strings.HasSuffix(f.name, ".json") && j.options.Now().Sub(f.modified) > lateAfter {
			late++
		}
	}

	if late > 0 {
		return connector.Finding{
			Level: connector.Notice, Subject: subjectRobot,
			Text: fmt.Sprintf("%d ændringer har ligget i køen i over et døgn. Se, om robotten kører, og om den må læse mappen.", late),
		}
	}

	return connector.Finding{Level: connector.Fine, Subject: subjectRobot, Text: "Ingen ændring har ligget i køen i over et døgn."}
}

// spoken adds to a refusal of our access what a person has to know of it.
func (j *Journal) spoken(err error) error {
	if refused, ok := errors.AsType[*connector.Error](err); ok && refused.Kind == connector.Unauthorized {
		return failure(refused.Op, refused.Kind, &care.Error{Kind: care.Forbidden, Message: j.explain(err), Err: refused.Err})
	}

	return err
}

// explain says in Danish what is wrong and what to do.
func (j *Journal) explain(err error) string {
	if stranger, ok := errors.AsType[*strangerError](err); ok {
		return fmt.Sprintf("Serveren viser en anden nøgle end den, der står i opsætningen. Den viser %s; i opsætningen står %s. "+
			"Spørg den, der driver serveren, om nøglen er skiftet. Ret først record.handover.sftp.host_keys, når det er bekræftet.",
			stranger.shown, strings.Join(stranger.pinned, ", "))
	}

	for _, c := range []struct {
		err  error
		text string
	}{
		{errNoFolder, "Mappen findes ikke. Opret den, eller ret stien i record.handover."},
		{errNoRight, "Vi har ikke lov. Giv vores bruger ret til at læse, oprette, omdøbe og slette filer i mapperne."},
		{errFull, "Der er ikke plads til flere filer."},
		{errAway, "Serveren svarer ikke. Se på address i record.handover.sftp, på netværket og på, om serveren kører."},
		{errLogin, "Serveren afviser brugeren. Se på user, password og private_key i record.handover.sftp."},
		{errKeyKind, "Serveren har ingen nøgle af den slags, der står i record.handover.sftp.host_keys. Spørg den, der driver serveren, om nøglen er skiftet."},
		{errNoSFTP, "Serveren tillader ikke SFTP for vores bruger."},
		{errInsecure, "Der kom ingen sikker forbindelse i stand. Se, om der er en SFTP-server på adressen, og om den kan nutidig kryptering."},
		{errSlow, "Serveren svarer for langsomt. Prøv igen, og se på timeout i record.handover.sftp."},
		{errGone, "Forbindelsen til serveren blev afbrudt. Prøv igen, og se på netværket."},
	} {
		if errors.Is(err, c.err) {
			return c.text
		}
	}

	return "Filerne kan ikke læses eller skrives."
}
