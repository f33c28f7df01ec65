package nexussim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ControlHandler serves the control plane, meant for a listener of its own. {visit} is an
// occurrence key, escaped for a path.
//
//	GET    /totals, /visits, /citizens, /grants, /notes, /tasks, /active
//	GET    /visits/{visit}, /visits/{visit}/versions, /visits/{visit}/compare
//	POST   /load                      Day; answers the refs
//	POST   /visits/{visit}/{act}      move {"start","end"}, assign {"employee"}, category {"name"},
//	                                  comment {"text"}, deliver, cancel, delete, double, protect, unprotect
//	POST   /citizens                  Citizen: replaces what is known about the citizen of that number
//	POST   /citizens/{id}/{act}       admit, discharge, dead, hide, show
//	POST   /types EventType; /interventions Intervention; /tasktypes {"name"};
//	                                  /forms {"title","fields":[FormField]}
//	GET    /requests?op=…             DELETE forgets them
//	PUT    /quirks Quirks; PUT /rights {"client","rights"}
//	POST   /rels                      {"rel","act":"take|give|plant","root"}
//	POST   /clock {"advance":"10m"}; POST /tokens/expire
//	PUT    /faults Faults; POST /faults [Fault]; DELETE /faults
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	for path, value := range map[string]func() any{
		"/totals": func() any { return s.Totals() }, "/visits": func() any { return s.Visits() },
		"/citizens": func() any { return s.Citizens() }, "/grants": func() any { return s.Grants("") },
		"/notes": func() any { return s.Notes("") }, "/tasks": func() any { return s.Tasks("") },
		"/active": func() any { return s.ActiveCounts() },
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { send(w, ok(value())) })
	}
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, r *http.Request) { send(w, ok(s.Requests(r.URL.Query()["op"]...))) })
	mux.HandleFunc("DELETE /requests", do(s.ForgetRequests))
	mux.HandleFunc("GET /visits/{visit}", s.controlVisit)
	mux.HandleFunc("GET /visits/{visit}/{what}", s.controlVisit)
	mux.HandleFunc("POST /visits/{visit}/{act}", s.controlAct)
	mux.HandleFunc("POST /load", s.controlLoad)
	mux.HandleFunc("POST /citizens", take(func(c Citizen) error { return s.EditCitizen(c.CPR, func(v *Citizen) { *v = c }) }))
	mux.HandleFunc("POST /citizens/{id}/{act}", s.controlCitizen)
	mux.HandleFunc("POST /types", take(s.DefineType))
	mux.HandleFunc("POST /interventions", take(func(i Intervention) error { s.Offer(i); return nil }))
	mux.HandleFunc("POST /tasktypes", take(func(t struct {
		Name string `json:"name"`
	},
	) error {
		s.DefineTask(t.Name)
		return nil
	}))
	mux.HandleFunc("POST /forms", take(func(f struct {
		Title  string      `json:"title"`
		Fields []FormField `json:"fields"`
	},
	) error {
		return s.DefineForm(f.Title, f.Fields...)
	}))
	mux.HandleFunc("PUT /quirks", take(s.SetQuirks))
	mux.HandleFunc("PUT /rights", take(func(r struct {
		Client string  `json:"client"`
		Rights []Right `json:"rights"`
	},
	) error {
		return s.SetRights(r.Client, r.Rights...)
	}))
	mux.HandleFunc("POST /rels", take(s.controlRel))
	mux.HandleFunc("POST /tokens/expire", do(s.ExpireTokens))
	mux.HandleFunc("POST /clock", take(func(c struct {
		Advance string `json:"advance"`
	},
	) error {
		d, err := time.ParseDuration(c.Advance)
		if err == nil {
			s.Advance(d)
		}
		return err //nolint:wrapcheck // its text is what the caller needs
	}))
	mux.HandleFunc("PUT /faults", take(s.SetFaults))
	mux.HandleFunc("POST /faults", take(func(f []Fault) error { return s.Script(f...) }))
	mux.HandleFunc("DELETE /faults", do(s.Calm))
	return named(sameSite(mux))
}

// sameSite refuses changes that a foreign web page asks a local browser to make.
func sameSite(next http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(next)
}

func do(act func()) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		act()
		w.WriteHeader(http.StatusNoContent)
	}
}

// take decodes a strict JSON body and hands it on.
func take[T any](act func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := body[T](w, r)
		if err == nil {
			err = act(value)
		}
		done(w, err)
	}
}

func body[T any](w http.ResponseWriter, r *http.Request) (value T, err error) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&value)
	return value, err //nolint:wrapcheck // its text is what the caller needs
}

// done answers a control call that returns nothing.
func done(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrNoVisit), errors.Is(err, ErrNoCitizen):
		send(w, refuse(http.StatusNotFound, "%v", err))
	default:
		send(w, bad("%v", err))
	}
}

func (s *Server) controlLoad(w http.ResponseWriter, r *http.Request) {
	day, err := body[Day](w, r)
	if err != nil {
		done(w, err)
		return
	}
	refs, err := s.Load(day)
	if err != nil {
		done(w, err)
		return
	}
	send(w, ok(refs))
}

func (s *Server) controlVisit(w http.ResponseWriter, r *http.Request) {
	ref, err := ParseRef(r.PathValue("visit"))
	if err != nil {
		done(w, err)
		return
	}
	var value any
	switch r.PathValue("what") {
	case "":
		value, err = s.Visit(ref)
	case "versions":
		value = s.Versions(ref)
	case "compare":
		value, err = s.Compare(ref)
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		done(w, err)
		return
	}
	send(w, ok(value))
}

func (s *Server) controlAct(w http.ResponseWriter, r *http.Request) {
	ref, err := ParseRef(r.PathValue("visit"))
	if err != nil {
		done(w, err)
		return
	}
	var in struct {
		Start    time.Time `json:"start"`
		End      time.Time `json:"end"`
		Employee string    `json:"employee"`
		Name     string    `json:"name"`
		Text     string    `json:"text"`
	}
	if r.ContentLength != 0 {
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
			done(w, err)
			return
		}
	}
	switch r.PathValue("act") {
	case "move":
		err = s.Move(ref, in.Start, in.End)
	case "assign":
		err = s.Assign(ref, in.Employee)
	case "category":
		err = s.Categorise(ref, in.Name)
	case "comment":
		err = s.Remark(ref, in.Text)
	case "deliver":
		err = s.Deliver(ref)
	case "cancel":
		err = s.Cancel(ref)
	case "delete":
		err = s.Delete(ref)
	case "protect", "unprotect":
		err = s.Protect(ref, r.PathValue("act") == "protect")
	case "double":
		_, err = s.Double(ref)
	default:
		err = fmt.Errorf("nexussim: no act %q", r.PathValue("act"))
	}
	done(w, err)
}

func (s *Server) controlCitizen(w http.ResponseWriter, r *http.Request) {
	hide := func(hidden bool) func(string) error {
		return func(cpr string) error { return s.EditCitizen(cpr, func(c *Citizen) { c.Hidden = hidden }) }
	}
	acts := map[string]func(cpr string) error{
		"admit": s.Admit, "discharge": s.Discharge, "dead": s.MarkDead, "hide": hide(true), "show": hide(false),
	}
	act := acts[r.PathValue("act")]
	for _, c := range s.Citizens() {
		if strconv.Itoa(c.ID) == r.PathValue("id") && act != nil {
			done(w, act(c.CPR))
			return
		}
	}
	done(w, ErrNoCitizen)
}

func (s *Server) controlRel(in struct {
	Rel  string `json:"rel"`
	Act  string `json:"act"`
	Root string `json:"root"`
},
) error {
	switch in.Act {
	case "take":
		s.TakeAway(in.Rel)
	case "give":
		s.GiveBack(in.Rel)
	case "plant":
		s.Plant(in.Rel, in.Root)
	default:
		return fmt.Errorf("nexussim: no act %q", in.Act)
	}
	return nil
}
