package vdx

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// maxSender is the longest name that a phone shows as an SMS' sender, in characters (vdx.md §8).
const maxSender = 11

// organisationWire is the part of an organisation's settings that matters to us (vdx.md §8).
type organisationWire struct {
	PoolSize    int    `json:"poolSize"`
	SenderName  string `json:"smsSenderName"`
	CallbackURL string `json:"smsCallbackUrl"`
}

// organisation looks at our organisation's settings for SMS and pool.
func (d *doctor) organisation(ctx context.Context) []connector.Finding {
	if d.organisations == nil {
		return nil
	}

	finding := func(level connector.Level, text string) []connector.Finding {
		return []connector.Finding{{Level: level, Subject: aboutSettings, Text: text}}
	}

	code := d.known(ctx).organisation
	if code == "" {
		return finding(connector.Notice, "Vi kan ikke se, hvilken organisation vi er hos VDX.")
	}

	segments := []string{code}
	if d.config.Version == Version1 {
		segments = strings.Split(code, "/") // a code may hold slashes, which stand in the path as they are
	}

	path := append(slices.Clip(d.api.dialect.organisation), segments...)

	answer, err := d.organisations.Do(ctx, outbound.Call{Op: "check", Method: http.MethodGet, Path: path})
	if err == nil && !answer.OK() {
		err = answer.Fail("")
	}

	var w organisationWire
	if err == nil {
		err = answer.JSON(&w)
	}

	switch {
	case connector.Is(err, connector.Unauthorized):
		return finding(connector.Notice, "Organisationens opsætning kan kun læses med rollen administrator ("+roleAdmin+").")
	case err != nil:
		return finding(connector.Notice, "Organisationens opsætning kunne ikke læses. Kontrollér organisation_url.")
	}

	texts := d.config.judgeOrganisation(w)
	if len(texts) == 0 {
		return finding(connector.Fine, "SMS-afsender og tilbagekald er sat op.")
	}

	var found []connector.Finding
	for _, text := range texts {
		found = append(found, finding(connector.Notice, text)...)
	}

	return found
}

func (c Config) judgeOrganisation(w organisationWire) []string {
	var texts []string

	switch n := utf8.RuneCountInString(w.SenderName); {
	case n == 0:
		texts = append(texts, "Organisationen har intet afsendernavn til SMS (smsSenderName). Borgerne kan ikke se, hvem beskeden er fra.")
	case n > maxSender:
		texts = append(texts, fmt.Sprintf("Afsendernavnet til SMS har %d tegn. Telefoner viser højst %d.", n, maxSender))
	}

	switch {
	case w.CallbackURL == "":
		texts = append(texts, "Organisationen har intet tilbagekald for SMS (smsCallbackUrl). Leveringsstatus bliver kun hentet med mellemrum.")
	case !strings.Contains(w.CallbackURL, "%reference%") || !strings.Contains(w.CallbackURL, "%status%"):
		texts = append(texts, "Tilbagekaldet for SMS (smsCallbackUrl) mangler %reference% eller %status%.")
	}

	if c.Pool && w.PoolSize == 0 {
		texts = append(texts, "Der skal tages rum fra en pulje (pool), men organisationens egen pulje er tom (poolSize 0). Det virker kun, hvis en overordnet organisation har en pulje.")
	}

	return texts
}
