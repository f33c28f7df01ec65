package idpsim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Keys is a stage of the change from one signing key to the next.
type Keys string

// The stages of a rollover, in the order of a well-planned one, and the badly planned one.
const (
	KeysFirst       Keys = "first"       // only the first key exists
	KeysAnnounced   Keys = "announced"   // metadata lists both, the first signs
	KeysSwitched    Keys = "switched"    // metadata lists both, the second signs
	KeysSecond      Keys = "second"      // only the second is listed and signs
	KeysUnannounced Keys = "unannounced" // metadata lists the first, yet the second signs
)

// Down is how the provider fails to answer. Stop makes it refuse connections instead.
type Down string

// The ways to be down.
const (
	Up              Down = ""            // not down
	DownUnavailable Down = "unavailable" // every page answers 503
	DownSilent      Down = "silent"      // every connection is cut without an answer
)

// Binding is how logout messages travel.
type Binding string

// The bindings of logout.
const (
	LogoutRedirect Binding = "redirect" // HTTP-Redirect, the default
	LogoutPOST     Binding = "post"     // HTTP-POST only, as some AD FS set-ups
)

// State is what the control page changes. Empty fields of it mean the normal state.
type State struct {
	Down   Down    `json:"down"`
	Keys   Keys    `json:"keys"`
	Logout Binding `json:"logout"`
	// Partial makes the provider answer every logout with PartialLogout.
	Partial bool `json:"partial"`
}

// State returns the present state.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// SetState changes how the provider behaves from now on: outage, rollover, logout.
func (s *Server) SetState(state State) error {
	if state.Keys == "" {
		state.Keys = KeysFirst
	}
	if state.Logout == "" {
		state.Logout = LogoutRedirect
	}
	switch {
	case !slices.Contains([]Down{Up, DownUnavailable, DownSilent}, state.Down):
		return fmt.Errorf("idpsim: unknown outage %q", state.Down)
	case !slices.Contains([]Keys{KeysFirst, KeysAnnounced, KeysSwitched, KeysSecond, KeysUnannounced}, state.Keys):
		return fmt.Errorf("idpsim: unknown stage of keys %q", state.Keys)
	case state.Logout != LogoutRedirect && state.Logout != LogoutPOST:
		return fmt.Errorf("idpsim: unknown binding %q", state.Logout)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if state.Keys != KeysFirst && s.second.key == nil {
		second, err := newIdentity("idpsim second", s.opts.Now())
		if err != nil {
			return err
		}
		s.second = second
	}
	s.state = state
	return nil
}

// signer returns the key that signs now.
func (s *Server) signer() identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Keys == KeysFirst || s.state.Keys == KeysAnnounced {
		return s.own
	}
	return s.second
}

// published returns the keys that the metadata lists.
func (s *Server) published() []identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state.Keys {
	case KeysAnnounced, KeysSwitched:
		return []identity{s.own, s.second}
	case KeysSecond:
		return []identity{s.second}
	case KeysFirst, KeysUnannounced:
	}
	return []identity{s.own}
}

// available answers in place of the pages while the provider is down.
func (s *Server) available(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch s.State().Down {
		case DownUnavailable:
			http.Error(w, "Tjenesten er ikke tilgængelig", http.StatusServiceUnavailable)
		case DownSilent:
			panic(http.ErrAbortHandler) // net/http closes the connection without an answer
		case Up:
			next.ServeHTTP(w, r)
		}
	})
}

// controlState takes the form fields down, keys, logout and partial; a browser goes back
// to the start page.
func (s *Server) controlState(w http.ResponseWriter, r *http.Request) {
	err := s.SetState(State{
		Down: Down(r.PostFormValue("down")), Keys: Keys(r.PostFormValue("keys")),
		Logout: Binding(r.PostFormValue("logout")), Partial: r.PostFormValue("partial") != "",
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/control/", http.StatusSeeOther)
}

func (s *Server) controlReadState(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.State()) }

func (s *Server) controlPage(w http.ResponseWriter, _ *http.Request) {
	s.show(w, http.StatusOK, "control", page{State: s.State(), Users: s.loggedIn()})
}

// loggedIn returns the users with a session here, each once.
func (s *Server) loggedIn() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var users []User
	for _, one := range s.sessions {
		if !slices.ContainsFunc(users, func(u User) bool { return u.ID == one.user.ID }) {
			users = append(users, one.user)
		}
	}
	return users
}

func (s *Server) controlFault(w http.ResponseWriter, r *http.Request) {
	if err := s.SetFault(r.PostFormValue("fault")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// controlLogout ends a user's session here; a browser is sent on to the service provider.
func (s *Server) controlLogout(w http.ResponseWriter, r *http.Request) {
	message, err := s.LogoutMessage(r.PostFormValue("user"))
	if err != nil {
		s.refuse(w, http.StatusConflict, err)
		return
	}
	s.send(w, r, message, http.StatusSeeOther)
}

var errNoLogoutService = errors.New("idpsim: service provider has no logout service for this binding")
