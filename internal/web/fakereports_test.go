package web_test

import (
	"context"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) KLGatewayReport(_ context.Context, _ care.Actor, q scheduler.StatisticsQuery) (scheduler.ReportFile, error) {
	if q.To < q.From {
		return scheduler.ReportFile{}, care.NewError(care.Invalid, "Vælg en periode på højst 31 dage, med slutdato efter startdato.")
	}

	return scheduler.ReportFile{Data: []byte("{\"resourceType\":\"Bundle\"}\n"), Citizens: 1}, f.call("KLGatewayReport")
}
