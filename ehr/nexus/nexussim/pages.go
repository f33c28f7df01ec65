package nexussim

import "net/http"

func (s *Server) pages(*http.ServeMux) {}
