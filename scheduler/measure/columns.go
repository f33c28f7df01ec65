package measure

import "time"

func citizens() []Column {
	inWeek := func(r Row, f Fact) bool { return r.Week.Has(f.Day) }
	inBoth := func(r Row, f Fact) bool { return r.Fortnight.Has(f.Day) }
	person := func(f Fact) bool { return f.answered() && f.Citizen != "" }
	either := func(f Fact) bool { return f.Citizen != "" && (f.planned() || f.answered()) }

	return []Column{
		{
			Key: "citizens", Name: "Borgere med skærmbesøg", Group: Citizens, Kind: Count, Measure: 5, sums: true, open: either,
			Formula: "Antal forskellige borgere med et planlagt skærmbesøg eller et besvaret opkald i perioden.",
			value:   func(t *tally, _ Terms) Value { return known(float64(len(t.citizens))) },
		},
		{
			Key: "citizens_planned", Name: "Borgere med planlagt skærmbesøg", Group: Citizens, Kind: Count, sums: true,
			Formula: "Antal forskellige borgere med et planlagt skærmbesøg i perioden.", open: func(f Fact) bool { return f.Citizen != "" && f.planned() },
			value: func(t *tally, _ Terms) Value { return known(float64(len(t.intended))) },
		},
		{
			Key: "active", Name: "Aktive borgere (uge)", Group: Citizens, Kind: Count, Measure: 5, sums: true, open: person, when: inWeek,
			Formula: "Antal forskellige borgere med et besvaret opkald i ugen. Ugen er den seneste hele ISO-uge i perioden; for en række, der er en uge, er det ugen selv.",
			value:   func(t *tally, _ Terms) Value { return t.inWeek(float64(len(t.active))) },
		},
		{
			Key: "inactive", Name: "Inaktive borgere (uge)", Group: Citizens, Kind: Count, sums: true, when: inWeek, none: person,
			Formula: "Antal forskellige borgere, der havde et planlagt skærmbesøg eller et opkald i ugen, uden at et opkald blev besvaret.", open: func(f Fact) bool { return f.Citizen != "" && (f.planned() || f.called()) },
			value: func(t *tally, _ Terms) Value { return t.inWeek(float64(len(t.tried) - len(t.active))) },
		},
		{
			Key: "residents", Name: "Borgere på kørelisterne (uge)", Group: Citizens, Kind: Count, sums: true,
			Formula: "Antal forskellige borgere på de importerede kørelister i den samme uge.",
			value:   func(t *tally, _ Terms) Value { return t.ofWindow(t.week, t.residents) },
		},
		{
			Key: "residents_fortnight", Name: "Borgere på kørelisterne (14 dage)", Group: Citizens, Kind: Count, sums: true,
			Formula: "Antal forskellige borgere på de importerede kørelister i de 14 dage, der slutter med ugen.",
			value:   func(t *tally, _ Terms) Value { return t.ofWindow(t.fortnight, t.residents14) },
		},
		{
			Key: "active_fortnight", Name: "Aktive borgere (14 dage)", Group: Citizens, Kind: Count, sums: true, open: person, when: inBoth,
			Formula: "Antal forskellige borgere med et besvaret opkald i de 14 dage, der slutter med ugen.",
			value:   func(t *tally, _ Terms) Value { return t.inWeek(float64(len(t.active14))) },
		},
		{
			Key: "conversion_week", Name: "Omlægningsgrad (uge)", Group: Citizens, Kind: Percent, Measure: 5, rests: []string{"active", "residents"}, open: person, when: inWeek,
			Formula: "Aktive borgere i ugen ÷ borgere på kørelisterne i ugen.",
			value:   func(t *tally, s Terms) Value { return t.conversion(s, t.week, len(t.active), t.residents) },
		},
		{
			Key: "conversion_fortnight", Name: "Omlægningsgrad (14 dage)", Group: Citizens, Kind: Percent, Measure: 5, rests: []string{"active_fortnight", "residents_fortnight"}, open: person, when: inBoth,
			Formula: "Aktive borgere i de 14 dage, der slutter med ugen ÷ borgere på kørelisterne i de samme 14 dage.",
			value:   func(t *tally, s Terms) Value { return t.conversion(s, t.fortnight, len(t.active14), t.residents14) },
		},
		{
			Key: "usage", Name: "Anvendelsesgrad (uge)", Group: Citizens, Kind: Ratio, Measure: 5, rests: []string{"active", "answered_week"}, open: Fact.answered, when: inWeek,
			Formula: "Besvarede opkald i ugen ÷ aktive borgere i ugen ÷ 7: besvarede opkald pr. aktiv borger pr. dag.",
			value:   func(t *tally, _ Terms) Value { return t.usage() },
		},
		{
			Key: "target", Name: "Måltal (uge)", Group: Citizens, Kind: Ratio, Measure: 5, rests: []string{"active", "residents", "answered_week"}, open: person, when: inWeek,
			Formula: "Omlægningsgrad (uge) i procent × anvendelsesgrad (uge).",
			value: func(t *tally, s Terms) Value {
				c, u := t.conversion(s, t.week, len(t.active), t.residents), t.usage()

				return Value{Number: c.Number * u.Number, Known: c.Known && u.Known}
			},
		},
		change("conversion_change", "Ændring i omlægningsgrad", Points, "conversion_week"),
		change("usage_change", "Ændring i anvendelsesgrad", Ratio, "usage"),
	}
}

// change is how much a figure of a week differs from the week before.
func change(key, name string, kind Kind, of string) Column {
	return Column{
		Key: key, Name: name, Group: Citizens, Kind: kind, since: of, rests: []string{of},
		Formula: "Ugens tal − tallet for ugen før. Vises kun i rækker, der er en uge, og kun når ugen før er med i perioden.",
		value:   func(*tally, Terms) Value { return Value{} },
		after:   func(was, is Value) Value { return Value{Number: is.Number - was.Number, Known: is.Known && was.Known} },
	}
}

func durations() []Column {
	rests := []string{"timed"}
	of := func(n func(t *tally) int) func(key, name, formula string, value func(t *tally) float64) Column {
		return func(key, name, formula string, value func(t *tally) float64) Column {
			return Column{
				Key: key, Name: name, Formula: formula, Group: Duration, Kind: Minutes, Measure: 6, rests: rests, open: Fact.timed,
				value: func(t *tally, _ Terms) Value { return Value{Number: value(t), Known: n(t) > 0} },
			}
		}
	}
	told := of(func(t *tally) int { return len(t.actual) })
	toldOfPlan := of(func(t *tally) int { return t.plannedN }) // another vendor's calls were planned nowhere

	return []Column{
		count(Duration, 6, "timed", "Med kendt varighed", "Antal gennemførte skærmbesøg, hvor det vides, hvor længe begge sider var til stede samtidig.", Fact.timed),
		told("median", "Varighed, median", "Den midterste af de faktiske varigheder; er der to midterste, deres gennemsnit.", func(t *tally) float64 { return median(t.actual).Minutes() }),
		told("mean", "Varighed, gennemsnit", "Summen af de faktiske varigheder ÷ antal med kendt varighed.", func(t *tally) float64 { return (sum(t.actual) / time.Duration(max(1, len(t.actual)))).Minutes() }),
		told("p90", "Varighed, 90-percentil", "Den korteste varighed, som mindst 90 % af besøgene ikke overstiger.", func(t *tally) float64 { return percentile(t.actual, 90).Minutes() }),
		toldOfPlan("planned_mean", "Planlagt varighed, gennemsnit", "Summen af de planlagte varigheder ÷ antal, for de af besøgene med kendt varighed, der var planlagt.", func(t *tally) float64 { return (t.plannedOf / time.Duration(max(1, t.plannedN))).Minutes() }),
		{
			Key: "hours", Name: "Tid på skærm i alt", Group: Duration, Kind: Hours, Measure: 6, rests: rests, open: Fact.timed,
			Formula: "Summen af de faktiske varigheder for gennemførte skærmbesøg.",
			value:   func(t *tally, _ Terms) Value { return known(sum(t.actual).Hours()) },
		},
	}
}

func calls() []Column {
	return []Column{
		count(Calls, 0, "calls", "Opkald", "Antal opkald fra medarbejder til borger: skærmbesøg, der blev forsøgt, og importerede opkald fra andre systemer.", Fact.called),
		count(Calls, 0, "answered", "Besvarede opkald", "Antal opkald, der varede mere end 0 sekunder, eller hvor besøget er bekræftet gennemført.", Fact.answered),
		count(Calls, 0, "unanswered", "Ubesvarede opkald", "Opkald − besvarede opkald.", func(f Fact) bool { return f.called() && !f.answered() }),
		{
			Key: "call_mean", Name: "Opkald, gennemsnitlig længde", Group: Calls, Kind: Minutes, rests: []string{"answered"}, open: func(f Fact) bool { return f.answered() && f.Actual > 0 },
			Formula: "Summen af længden ÷ antal, for besvarede opkald med kendt længde.",
			value: func(t *tally, _ Terms) Value {
				return Value{Number: (t.talked / time.Duration(max(1, t.talks))).Minutes(), Known: t.talks > 0}
			},
		},
		{
			Key: "answered_week", Name: "Besvarede opkald (uge)", Group: Calls, Kind: Count, sums: true, open: Fact.answered,
			when:    func(r Row, f Fact) bool { return r.Week.Has(f.Day) },
			Formula: "Antal besvarede opkald i den uge, som anvendelsesgraden er for.",
			value:   func(t *tally, _ Terms) Value { return t.inWeek(float64(t.answered)) },
		},
	}
}

func saved() []Column {
	net := func(key, name string, kind Kind, formula string, per func(Savings) float64) Column {
		return Column{
			Key: key, Name: name, Formula: formula, Group: Saved, Kind: kind, Measure: 9, rests: []string{"replaced", "fallbacks"}, open: Fact.replaced,
			value: func(t *tally, s Terms) Value {
				return Value{Number: float64(t.n("replaced")-t.n("fallbacks")) * per(s.Savings), Known: per(s.Savings) > 0}
			},
		}
	}

	return []Column{
		count(Saved, 9, "replaced", "Skærmbesøg i stedet for kørsel", "Antal gennemførte skærmbesøg, der stod på en køreliste som fysiske besøg, og hvor videoplatformens oplysninger viser, at de blev gennemført. En medarbejders bekræftelse alene tæller ikke.", Fact.replaced),
		count(Saved, 9, "fallbacks", "Tilbage til fysisk besøg", "Antal planlagte skærmbesøg fra kørelisten, der alligevel måtte gives fysisk. De trækkes fra, for de koster en kørsel uden for ruten.", Fact.fellBack),
		net("saved_minutes", "Sparet køretid (skøn)", Minutes, "Skøn: (skærmbesøg i stedet for kørsel − tilbage til fysisk besøg) × kommunens køretid pr. besøg.", func(s Savings) float64 { return s.Road.Minutes() }),
		net("saved_km", "Sparede kilometer (skøn)", Kilometres, "Skøn: (skærmbesøg i stedet for kørsel − tilbage til fysisk besøg) × kommunens kilometer pr. besøg.", func(s Savings) float64 { return s.Kilometres }),
		net("saved_co2", "Sparet CO₂ (skøn)", Kilograms, "Skøn: sparede kilometer × kommunens udledning pr. kilometer.", func(s Savings) float64 { return s.Kilometres * s.GramsPerKm / 1000 }),
	}
}

func recorded() []Column {
	is := func(state RecordState) func(Fact) bool {
		return func(f Fact) bool { return f.planned() && f.Record == state }
	}
	spent := func(key, name, formula, rests string, of func(t *tally) []time.Duration, p int) Column {
		return Column{
			Key: key, Name: name, Formula: formula, Group: Recorded, Kind: Seconds, rests: []string{rests}, open: func(f Fact) bool { _, ok := f.staffTime(); return ok },
			value: func(t *tally, _ Terms) Value {
				all := of(t)
				v := Value{Number: percentile(all, p).Seconds(), Known: len(all) > 0}

				if p == 50 {
					v.Number = median(all).Seconds()
				}

				return v
			},
		}
	}
	wait := func(t *tally) []time.Duration { return t.journal }
	staff := func(t *tally) []time.Duration { return t.staff }

	return []Column{
		count(Recorded, 10, "record_confirmed", "Bekræftet af journalen", "Antal planlagte skærmbesøg, hvor journalen har kvitteret for alt, der skulle skrives.", is(Confirmed)),
		count(Recorded, 10, "record_pending", "Venter på at blive skrevet", "Antal planlagte skærmbesøg, hvor noget endnu venter på at blive skrevet i journalen.", is(Pending)),
		count(Recorded, 10, "record_failed", "Kunne ikke skrives", "Antal planlagte skærmbesøg, hvor journalen afviste noget, eller hvor det ikke kunne skrives.", is(Failed)),
		count(Recorded, 10, "record_differs", "Journalen viser noget andet", "Antal planlagte skærmbesøg, hvor afstemningen har fundet, at journalen viser noget andet, end der blev skrevet.", is(Differs)),
		count(Recorded, 10, "record_omitted", "Ikke muligt i journalen", "Antal planlagte skærmbesøg, som journalen ikke kan få at vide på nogen måde efter kommunens regler. De indgår ikke i andelen.", is(Omitted)),
		{
			Key: "record_share", Name: "Registreret i journalen", Group: Recorded, Kind: Percent, Measure: 10,
			Formula: "Bekræftet ÷ (bekræftet + venter + fejlet + afviger).",
			rests:   []string{"record_confirmed", "record_pending", "record_failed", "record_differs"}, open: is(Confirmed),
			value: func(t *tally, _ Terms) Value {
				ok := t.n("record_confirmed")

				return percent(ok, ok+t.n("record_pending")+t.n("record_failed")+t.n("record_differs"))
			},
		},
		count(Recorded, 0, "journalled", "Journalført, med kendt tid", "Antal gennemførte skærmbesøg, hvor det vides, hvornår samtalen sluttede, og hvornår journalen havde resultatet.", func(f Fact) bool { _, ok := f.journalled(); return ok }),
		count(Recorded, 0, "concluded", "Afsluttet, med kendt tid", "Antal gennemførte skærmbesøg, hvor det vides, hvornår samtalen sluttede, og hvornår besøget blev afsluttet.", func(f Fact) bool { _, ok := f.staffTime(); return ok }),
		spent("journal_median", "Til journalført, median", "Sekunder fra samtalens slutning, til journalen har resultatet; medianen.", "journalled", wait, 50),
		spent("journal_p90", "Til journalført, 90-percentil", "Sekunder fra samtalens slutning, til journalen har resultatet; 90-percentilen.", "journalled", wait, 90),
		spent("staff_median", "Medarbejdertid efter samtalen, median", "Sekunder fra samtalens slutning, til en medarbejder har afsluttet besøget; 0, når systemet afsluttede det selv; medianen.", "concluded", staff, 50),
		spent("staff_p90", "Medarbejdertid efter samtalen, 90-percentil", "Sekunder fra samtalens slutning, til en medarbejder har afsluttet besøget; 0, når systemet afsluttede det selv; 90-percentilen.", "concluded", staff, 90),
	}
}
