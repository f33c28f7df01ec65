package api

import (
	"context"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Deleter is what the routes about deleted visits call.
type Deleter interface {
	Tombstones(ctx context.Context, actor care.Actor, q scheduler.TombstoneQuery) (scheduler.TombstonesView, error)
	Tombstone(ctx context.Context, actor care.Actor, id care.VisitID) (care.Tombstone, error)
}

// maxStones is how many tombstones one answer has at most.
const maxStones = 500

type tombstone struct {
	Visit      care.VisitID      `json:"visit"`
	Rule       care.DeletionRule `json:"rule"`
	KeepDays   int               `json:"keep_days"`
	Unit       care.UnitID       `json:"unit"`
	Day        care.Day          `json:"day"`
	System     string            `json:"system"`
	SourceID   string            `json:"source_id"`
	Occurrence string            `json:"occurrence,omitempty"`
	Receipts   []stoneReceipt    `json:"receipts"`
	Proof      string            `json:"proof"`
	DeletedAt  string            `json:"deleted_at"`
}

type stoneReceipt struct {
	Entry     care.EntryKind `json:"entry"`
	Means     care.Means     `json:"means"`
	RecordID  string         `json:"record_id"`
	Version   string         `json:"version,omitempty"`
	WrittenAt string         `json:"written_at"`
}

func tombstoneOf(t care.Tombstone) tombstone {
	return tombstone{
		Visit: t.Visit, Rule: t.Rule, KeepDays: t.KeepDays, Unit: t.Unit, Day: t.Day, System: t.Source.System, SourceID: t.Source.ID, Occurrence: t.Source.Occurrence,
		Receipts: each(t.Receipts, func(e care.Entry) stoneReceipt {
			return stoneReceipt{Entry: e.Kind, Means: e.Means, RecordID: e.RecordID, Version: e.RecordVer, WrittenAt: stamp(e.WrittenAt)}
		}),
		Proof: t.Proof, DeletedAt: stamp(t.DeletedAt),
	}
}

// tombstones tells what stays of deleted visits, the newest first.
func (a api) tombstones(c *gin.Context) error {
	if err := parameters(c, "from", "to", "skip", "limit"); err != nil {
		return err
	}

	q := scheduler.TombstoneQuery{Limit: 100}

	for _, d := range []struct {
		key string
		to  *care.Day
	}{{"from", &q.From}, {"to", &q.To}} {
		if text := c.Query(d.key); text != "" {
			day, err := care.ParseDay(text)
			if err != nil {
				return err
			}

			*d.to = day
		}
	}

	for _, n := range []struct {
		key   string
		to    *int
		least int
		most  int
	}{{"skip", &q.Skip, 0, 1_000_000}, {"limit", &q.Limit, 1, maxStones}} {
		text := c.Query(n.key)
		if text == "" {
			continue
		}

		number, err := strconv.Atoi(text)
		if err != nil || number < n.least || number > n.most {
			return care.NewError(care.Invalid, "»"+n.key+"« skal være et tal fra "+strconv.Itoa(n.least)+" til "+strconv.Itoa(n.most)+".")
		}

		*n.to = number
	}

	view, err := a.Tombstones(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	return ok(c, items[tombstone]{each(view.List, tombstoneOf)})
}

// tombstone tells what stays of one visit.
func (a api) tombstone(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	t, err := a.Tombstone(c.Request.Context(), route.Actor(c), care.VisitID(id))
	if err != nil {
		return err
	}

	return ok(c, tombstoneOf(t))
}
