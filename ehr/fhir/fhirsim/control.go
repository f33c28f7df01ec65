package fhirsim

import (
	"encoding/json"
	"net/http"
	"time"
)

// ControlHandler serves the control plane, meant for a listener of its own:
//
//	GET  /totals, /visits, /requests, /categories, /active
//	POST /load     a Day object; answers the references of its Appointments
//	POST /faults   a Faults object: the seeded rates from now on
//	POST /script   a list of Fault objects
//	POST /calm     no more faults
//	POST /reject   a Refusal object
//	POST /forgive  no more refusals
//	POST /advance  {"seconds": 300}
//	POST /forget   empties the request history
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /totals", show(func() any { return s.Totals() }))
	mux.HandleFunc("GET /visits", show(func() any { return s.Visits() }))
	mux.HandleFunc("GET /requests", show(func() any { return s.Requests() }))
	mux.HandleFunc("GET /categories", show(func() any { return s.Categories() }))
	mux.HandleFunc("GET /active", show(func() any { return s.ActiveCounts() }))
	mux.HandleFunc("POST /load", s.loadDay)
	mux.HandleFunc("POST /faults", take(s.SetFaults))
	mux.HandleFunc("POST /script", take(func(f []Fault) error { return s.Script(f...) }))
	mux.HandleFunc("POST /reject", take(s.Reject))
	mux.HandleFunc("POST /calm", do(s.Calm))
	mux.HandleFunc("POST /forgive", do(s.Forgive))
	mux.HandleFunc("POST /forget", do(s.ForgetRequests))
	mux.HandleFunc("POST /advance", take(func(a struct {
		Seconds float64 `json:"seconds"`
	},
	) error {
		s.Advance(time.Duration(a.Seconds * float64(time.Second)))

		return nil
	}))

	return named(mux)
}

func show(value func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { write(w, jsonResponse(http.StatusOK, value())) }
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
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()

		var value T

		err := decoder.Decode(&value)
		if err == nil {
			err = act(value)
		}

		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)

			return
		}

		w.WriteHeader(http.StatusNoContent)
	}
}
