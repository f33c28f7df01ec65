package api_test

import (
	"context"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fake) KLGatewayReport(_ context.Context, actor care.Actor, q scheduler.StatisticsQuery) (scheduler.ReportFile, error) {
	return scheduler.ReportFile{Data: []byte("{}\n"), Citizens: 1, LeftOut: 2}, f.note(actor, "KLGatewayReport %s %s %s", q.From, q.To, q.Unit)
}
