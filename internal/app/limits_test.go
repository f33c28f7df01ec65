package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/internal/web"
	"github.com/sluse/sluse/internal/web/route"
)

// TestLimitsOfTheFile: the file knows every class that is counted, and no other.
func TestLimitsOfTheFile(t *testing.T) {
	t.Parallel()

	var classes []route.Class
	for _, name := range config.LimitClasses() {
		classes = append(classes, classOf(name))
	}

	if diff := cmp.Diff(route.Classes(), classes); diff != "" {
		t.Error(diff)
	}

	got := budgets(map[string]config.Limit{"ordinary": {Own: 1, Per: time.Hour}, "door": {Network: 2, All: 3}})
	if len(got) != 2 || got[route.Ordinary] != (web.Budget{Own: 1, Per: time.Hour}) || got[route.Door] != (web.Budget{Network: 2, All: 3}) {
		t.Errorf("budgets %+v", got)
	}
}
