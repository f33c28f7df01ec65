package web_test

import (
	"context"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) KLGatewayReport(_ context.Context, _ care.Actor, q scheduler.StatisticsQuery) (scheduler.ReportFile, error) {
	if q.Unit == "nat" {
		return scheduler.ReportFile{LeftOut: 1}, f.call("KLGatewayReport")
	}

	if q.To < q.From {
		return scheduler.ReportFile{}, care.NewError(care.Invalid, "Vælg en periode på højst 31 dage, med slutdato efter startdato.")
	}

	return scheduler.ReportFile{Data: []byte("{\"resourceType\":\"Bundle\"}\n"), Citizens: 1}, f.call("KLGatewayReport")
}

func (f *fakeUse) ReportUnits(care.Actor) []care.Unit {
	return []care.Unit{{ID: "oest", Name: "Hjemmeplejen Øst"}, {ID: "nat", Name: "Natholdet"}}
}
