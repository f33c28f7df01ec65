package app

import (
	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/route"
)

// budgets turns the file's limits into the web's words.
func budgets(limits map[string]config.Limit) map[route.Class]web.Budget {
	out := make(map[route.Class]web.Budget, len(limits))
	for name, l := range limits {
		out[classOf(name)] = web.Budget(l)
	}

	return out
}

// classOf reads the name of a class in the file.
func classOf(name string) route.Class {
	if name == "ordinary" {
		return route.Ordinary
	}

	return route.Class(name)
}
