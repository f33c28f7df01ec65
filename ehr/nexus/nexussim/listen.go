package nexussim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// URLs are the addresses of a started simulator.
type URLs struct {
	// API is the home resource, with a slash at the end.
	API string `json:"api"`
	// Token is the token endpoint.
	Token string `json:"token"`
	// IAM is the root of the identity service that the token endpoint belongs to.
	IAM string `json:"iam"`
	// Instance is the municipality's name in the record.
	Instance string `json:"instance"`
	// Page shows what the record holds.
	Page string `json:"page"`
	// Control is the base of the control plane, empty when it is not started.
	Control string `json:"control,omitempty"`
}

// Start serves the API and the pages on address, the token endpoint on another port of the
// same host and, unless control is empty, the control plane on control. Both must be loopback
// addresses such as "127.0.0.1:0": the record has no protection. The end of ctx does not stop
// it; Close does.
func (s *Server) Start(ctx context.Context, address, control string) (URLs, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return URLs{}, fmt.Errorf("nexussim: %w", err)
	}
	parts := []struct {
		address string
		handler http.Handler
	}{{address, s.Handler()}, {net.JoinHostPort(host, "0"), s.IAMHandler()}, {control, s.ControlHandler()}}
	listeners := make([]net.Listener, 0, len(parts))
	for _, p := range parts {
		if p.address == "" {
			continue
		}
		l, err := listen(ctx, p.address)
		if err != nil {
			for _, open := range listeners {
				err = errors.Join(err, open.Close())
			}
			return URLs{}, err
		}
		listeners = append(listeners, l)
	}
	roots := []string{"", "", ""}
	for i, l := range listeners {
		roots[i] = "http://" + l.Addr().String()
		s.run(l, parts[i].handler)
	}
	return URLs{
		API: roots[0] + s.base + "/", Page: roots[0] + "/", IAM: roots[1], Token: roots[1] + s.tokenPath(),
		Instance: s.options.Instance, Control: roots[2],
	}, nil
}

// Close stops what Start started, and waits for it. Connections are dropped.
func (s *Server) Close() error {
	s.mu.Lock()
	servers := s.servers
	s.servers = nil
	s.mu.Unlock()

	var problems []error
	for _, server := range servers {
		problems = append(problems, server.Close())
	}

	s.serving.Wait()

	return errors.Join(problems...)
}

func (s *Server) run(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}

	s.mu.Lock()
	s.servers = append(s.servers, server)
	s.mu.Unlock()

	s.serving.Go(func() { _ = server.Serve(listener) }) // ends with Close
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("nexussim: %w", err)
	}

	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("nexussim: %q is not a loopback address", host)
	}

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("nexussim: %w", err)
	}

	return listener, nil
}
