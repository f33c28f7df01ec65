package momentum

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// System is the name of this record system in errors and metrics.
const System = "momentum"

const (
	maxAnswer  = 8 << 20 // bytes of one answer
	searchSize = 20
)

// Options are what a Journal needs besides its Config. Now is required.
type Options struct {
	Now     func() time.Time
	TLS     *tls.Config      // roots; nil: the system's
	Observe outbound.Observe // nil: nobody listens
	Log     *slog.Logger     // nil: none
	Peer    *outbound.Peer   // what all clients of the system share; nil: no rules
}

// Journal writes notes. It is safe for concurrent use and keeps nothing between calls.
type Journal struct {
	config Config
	client *outbound.Client
}

var _ ehr.Journal = (*Journal)(nil)

// New returns a Journal. The config must have its defaults; every problem of it is reported at once.
func New(config Config, options Options) (*Journal, error) {
	if err := config.errConfig(); err != nil {
		return nil, err
	}

	common := outbound.Options{
		System: System, AllowPlain: config.AllowPlain, Now: options.Now, ConnectTimeout: config.ConnectTimeout, Timeout: config.Timeout,
		MaxBody: maxAnswer, TLS: options.TLS, Observe: options.Observe, Log: options.Log, Peer: options.Peer,
	}

	endpoint := common
	endpoint.BaseURL = config.TokenURL

	tokens, err := outbound.NewTokens(endpoint, outbound.Credentials{
		ClientID: config.ClientID, Secret: config.ClientSecret, Resource: config.Resource, InBody: true,
	})
	if err != nil {
		return nil, err
	}

	common.BaseURL, common.Auth = strings.TrimRight(config.BaseURL, "/"), tokens

	client, err := outbound.New(common)
	if err != nil {
		return nil, err
	}

	return &Journal{config: config, client: client}, nil
}

// Close drops idle connections.
func (j *Journal) Close() { j.client.Close() }

// Means is the journal's note, once the municipality turned writing on.
func (j *Journal) Means() []care.Means {
	if !j.config.Write {
		return nil
	}

	return []care.Means{care.ByJournal}
}

// Apply writes one note, unless the journal has it already. Errors are *connector.Error; Rejected and
// NotFound carry a *care.Error with a Danish sentence, and Unknown means that the note may have
// arrived: Apply with the same key finds out.
func (j *Journal) Apply(ctx context.Context, change ehr.Change) (ehr.Receipt, error) {
	switch {
	case !slices.Contains(j.Means(), change.Means):
		return ehr.Receipt{}, fail("check", connector.Unsupported, care.NewError(care.Invalid, "Der skrives ikke journalnotater i Momentum. Skriv det i hånden."))
	case change.Key == "" || change.Title == "" || change.Text == "":
		return ehr.Receipt{}, fail("check", connector.Rejected, care.NewError(care.Internal, "Notatet til Momentum er ikke helt. Skriv det i hånden."))
	case change.Citizen.CPR.IsZero():
		return ehr.Receipt{}, fail("check", connector.Rejected, care.NewError(care.Invalid, "Borgeren har intet CPR-nummer og kan ikke findes i Momentum. Skriv notatet i hånden."))
	}

	if err := care.CheckRecordText(change.Title + "\n" + change.Text); err != nil {
		return ehr.Receipt{}, fail("check", connector.Rejected, err)
	}

	citizen, err := j.citizen(ctx, change.Citizen.CPR)
	if err != nil {
		return ehr.Receipt{}, err
	}

	if receipt, err := j.find(ctx, citizen, change.Key); err != nil || receipt.ID != "" {
		return receipt, err
	}

	return j.write(ctx, citizen, change)
}

// found is one hit of the search.
type found struct {
	ID          id     `json:"id"`
	Category    string `json:"category"`
	Description string `json:"description"`
	CPR         string `json:"cpr"`
}

// citizen finds the citizen's reference. A hit counts only when it shows the very number.
func (j *Journal) citizen(ctx context.Context, cpr care.CPR) (string, error) {
	answer, err := j.do(ctx, outbound.Call{Op: "search", Method: http.MethodPost, Path: []string{"search"}, Safe: true, JSON: map[string]any{
		"term": cpr.Reveal(), "size": searchSize, "skip": 0, "allowedCategories": []string{"Citizen"}, "isActive": true, "includeInternalUsers": false,
	}})
	if err != nil {
		return "", err
	}

	var hits struct {
		Results []found `json:"results"`
	}
	if err := answer.JSON(&hits); err != nil {
		return "", err
	}

	var ids []string

	for _, hit := range hits.Results {
		shown := strings.ToUpper(strings.ReplaceAll(hit.CPR+" "+hit.Description, "-", "")) // replacement numbers have letters
		if hit.ID != "" && (hit.Category == "" || hit.Category == "Citizen") && strings.Contains(shown, cpr.Reveal()) && !slices.Contains(ids, string(hit.ID)) {
			ids = append(ids, string(hit.ID))
		}
	}

	switch len(ids) {
	case 0:
		return "", fail("search", connector.NotFound, care.NewError(care.NotFound, "Borgeren findes ikke i Momentum. Opret borgeren dér, eller skriv notatet i hånden."))
	case 1:
		return ids[0], nil
	default:
		return "", fail("search", connector.Rejected, care.NewError(care.Conflict, "Momentum har flere borgere med samme nummer. Skriv notatet i hånden, og meld fejlen til systemforvalteren."))
	}
}

// note is one note of a journal.
type note struct {
	ID    id     `json:"id"`
	Title string `json:"title"`
	Body  string `json:"body"`
}

// find looks whether the journal has the note of the key.
func (j *Journal) find(ctx context.Context, citizen, key string) (ehr.Receipt, error) {
	answer, err := j.do(ctx, outbound.Call{Op: "journal", Method: http.MethodGet, Path: []string{"journals", citizen}})
	if err != nil {
		return ehr.Receipt{}, err
	}

	notes, err := decodeNotes(answer.Body)
	if err != nil {
		return ehr.Receipt{}, answer.Broken(err.Error())
	}

	for _, n := range notes {
		if n.ID != "" && strings.HasSuffix(strings.TrimSpace(n.Body), tag(key)) {
			return ehr.Receipt{ID: string(n.ID)}, nil
		}
	}

	return ehr.Receipt{}, nil
}

// decodeNotes reads a journal: a list, or an object that holds one.
func decodeNotes(body []byte) ([]note, error) {
	var notes []note
	if json.Unmarshal(body, &notes) == nil {
		return notes, nil
	}

	var wrapped struct {
		Results  []note `json:"results"`
		Journals []note `json:"journals"`
	}
	if err := json.Unmarshal(body, &wrapped); err != nil {
		return nil, errors.New("no journal")
	}

	return slices.Concat(wrapped.Results, wrapped.Journals), nil
}

func (j *Journal) write(ctx context.Context, citizen string, change ehr.Change) (ehr.Receipt, error) {
	answer, err := j.do(ctx, outbound.Call{Op: "write_note", Method: http.MethodPost, Path: strings.Split(strings.Trim(j.config.NotesPath, "/"), "/"), JSON: map[string]any{
		"referenceId": citizen, "title": change.Title, "body": change.Text + "\n" + tag(change.Key), "journalTypeCode": change.Name,
	}})
	if err != nil {
		if connector.Is(err, connector.Unknown) { // it may be there: whoever asks again must not write it twice
			if receipt, lookErr := j.find(ctx, citizen, change.Key); lookErr == nil && receipt.ID != "" {
				return receipt, nil
			}
		}

		return ehr.Receipt{}, err
	}

	var made note
	if err := answer.JSON(&made); err == nil && made.ID != "" {
		return ehr.Receipt{ID: string(made.ID)}, nil
	}

	receipt, err := j.find(ctx, citizen, change.Key)
	if err == nil && receipt.ID == "" {
		err = fail("write_note", connector.Unknown, errors.New("the journal does not show what was written"))
	}

	return receipt, err
}

// do makes a call and turns a refusal into an error. Nothing of its body is read: it may quote citizens.
func (j *Journal) do(ctx context.Context, call outbound.Call) (*outbound.Answer, error) {
	call.Header = http.Header{"Apikey": {j.config.APIKey.Reveal()}}

	answer, err := j.client.Do(ctx, call)
	if err != nil {
		return nil, fmt.Errorf("momentum: %w", err)
	}

	if answer.OK() {
		return answer, nil
	}

	failure := answer.Fail("")

	switch failure.Kind {
	case connector.Rejected, connector.NotFound, connector.Conflict, connector.Unsupported:
		failure.Err = care.NewError(care.Invalid, "Momentum afviser notatet. Skriv det i hånden, og bed systemforvalteren om at se på opsætningen.")
	case connector.Unauthorized:
		failure.Err = care.NewError(care.Forbidden, "Momentum godkender ikke vores adgang. Bed systemforvalteren om at se på nøglerne.")
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Malformed:
	}

	return nil, failure
}

func fail(op string, kind connector.Kind, err error) *connector.Error {
	return &connector.Error{System: System, Op: op, Kind: kind, Err: err}
}

// tag is the end of every note: a short name of its key, 50 bits.
func tag(key string) string {
	sum := sha256.Sum256([]byte(key))

	return "[Sluse " + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:10] + "]"
}

// id is a key that the system writes as a number or as a text.
type id string

// UnmarshalJSON reads both.
func (i *id) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*i = id(text)

		return nil
	}

	var number json.Number
	if err := json.Unmarshal(data, &number); err != nil {
		return fmt.Errorf("no key: %w", err)
	}

	*i = id(number.String())

	return nil
}

// trouble says why Momentum can't be used, and which settings to look at.
func trouble(err error) string {
	text := connector.Explain(err)

	e, ok := errors.AsType[*connector.Error](err)
	if ok && e.Op == "token" {
		return "Microsofts logintjeneste giver os intet token. " + text + " Kontrollér token_url, client_id, client_secret og resource i record.momentum."
	}

	switch connector.Shown(err) {
	case connector.Unauthorized:
		return "Momentum afviser vores adgang. " + text + " Kontrollér api_key og resource i record.momentum."
	case connector.NotFound, connector.Malformed:
		return "Der er intet Momentum på adressen. " + text + " Kontrollér base_url i record.momentum."
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Conflict, connector.Rejected, connector.Unsupported:
	}

	return "Momentum kan ikke bruges. " + text + " Kontrollér base_url i record.momentum og firewallen, og prøv igen."
}

// Check looks whether we get in, and changes nothing.
func (j *Journal) Check(ctx context.Context) []connector.Finding {
	_, err := j.do(ctx, outbound.Call{Op: "search", Method: http.MethodPost, Path: []string{"search"}, Safe: true, JSON: map[string]any{
		"term": "-", "size": 1, "skip": 0, "allowedCategories": []string{"Caseworker"}, "isActive": true,
	}})

	out := []connector.Finding{{Level: connector.Fine, Subject: "KMD Momentum", Text: "Momentum svarer og godkender vores adgang."}}
	if err != nil {
		out[0] = connector.Finding{Level: connector.Failing, Subject: "KMD Momentum", Text: trouble(err)}
	}

	if j.config.Write {
		return append(out, connector.Finding{Level: connector.Notice, Subject: "Journalnotat i Momentum", Text: "Hvordan et notat skrives, er ikke offentligt kendt. Skriv ét notat på en fiktiv borger, og se efter i Momentum."})
	}

	return append(out, connector.Finding{Level: connector.Notice, Subject: "Journalnotat i Momentum", Text: "Der skrives ingen notater, før record.momentum.write er slået til."})
}
