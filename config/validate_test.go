package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestValues changes one value of the minimal file and wants the one problem that it makes.
func TestValues(t *testing.T) {
	t.Parallel()

	end := func(text string) []string {
		return []string{"      file: {dir: /tmp/lister}\n", "      file: {dir: /tmp/lister}\n" + text}
	}
	times := func(text string) []string { return end("    times: {" + text + "}\n") }
	rules := func(text string) []string { return end("    rules: {" + text + "}\n") }
	top := func(text string) []string { return []string{"municipalities:\n", text + "\nmunicipalities:\n"} }

	const mail = "      mail: {host: smtp.example, from: skaerm@testby.dk, from_name: Testby Kommune"

	sms := "      sms: {base_url: https://s.example, token_url: https://t.example, client_id: c, client_secret: {env: VDX}}\n"

	sessions := func(text string) []string { return end("    sessions: {" + text + "}\n") }
	identity := func(text string) []string { return end("    identity: {" + text + "}\n") }

	protection := func(text string) []string { return end("    protection: {" + text + "}\n") }
	codeOnly := func(text string) []string {
		return []string{"      file: {dir: /tmp/lister}\n", "      file: {dir: /tmp/lister}\n    protection: {" + text + "}\n", "      sender: Testby\n", "      sender: Testby\n      link_mode: code_only\n"}
	}

	const way = "must be mitid, eid, device, code, known_to_staff, with_staff or vouched_by_citizen"

	tests := map[string]struct {
		change []string
		want   string // "" when it is allowed
	}{
		"identity":             {identity("methods: [mitid, code], min_level: high, codeword: true, codeword_uses: 0, outage: [], overrides: [{units: [oest], participants: [citizen, relative], methods: [code], codeword: false}]"), ""},
		"sessions":             {sessions("idle: 30m, min_level: {administrator: substantial, auditor: high}, emergency: always"), ""},
		"short rest":           {sessions("idle: 29m"), "line 25: m.sessions.idle: must be 30m0s to 12h0m0s"},
		"long rest":            {sessions("idle: 13h"), "line 25: m.sessions.idle: must be 30m0s to 12h0m0s"},
		"emergency access":     {sessions("emergency: yes"), "line 25: m.sessions.emergency: must be outage, always or never"},
		"level of a role":      {sessions("min_level: {administrator: 3}"), "line 25: m.sessions.min_level.administrator: must be low, substantial or high"},
		"level of no role":     {sessions("min_level: {boss: high}"), "line 25: m.sessions.min_level.boss: is no role: planner, caregiver, leader, administrator, auditor or service_desk"},
		"protection":           {protection("short_address: testby.dk/skaerm, limits: {door: {network: 10, own: 5, all: 100, per: 2m}, ordinary: {own: 0}}"), ""},
		"short address":        {protection("short_address: https://testby.dk/skaerm"), "line 25: m.protection.short_address: must be a host name with a path, in small letters and without https://"},
		"limit of nothing":     {protection("limits: {doors: {own: 1}}"), "line 25: m.protection.limits.doors: is no class of calls"},
		"limit too high":       {protection("limits: {door: {own: 1000001}}"), "line 25: m.protection.limits.door.own: must be 0 to 1000000"},
		"window of a limit":    {protection("limits: {door: {own: 1, per: 25h}}"), "line 25: m.protection.limits.door.per: must be 1s to 24h0m0s"},
		"visit codes":          {codeOnly("short_address: testby.dk/skaerm"), ""},
		"visit codes abroad":   {codeOnly("short_address: testby.com/skaerm"), "line 26: m.protection.short_address: an SMS can't be written with it, sender and phone: invite: invalid: Adressen i beskeden skal høre under .dk."},
		"no way at all":        {identity("methods: []"), "line 25: m.identity.methods: must name at least one way; without any nobody comes in"},
		"unknown way":          {identity("methods: [mitid, nemid]"), "line 25: m.identity.methods[1]: " + way},
		"outage":               {identity("outage: [sms]"), "line 25: m.identity.outage[0]: " + way},
		"level":                {identity("min_level: betydelig"), "line 25: m.identity.min_level: must be low, substantial or high"},
		"codeword uses":        {identity("codeword_uses: 1001"), "line 25: m.identity.codeword_uses: must be 0 to 1000"},
		"override ways":        {identity("overrides: [{methods: []}]"), "line 25: m.identity.overrides[0].methods: must name at least one way; without any nobody comes in"},
		"override way":         {identity("overrides: [{methods: [pin]}]"), "line 25: m.identity.overrides[0].methods[0]: " + way},
		"override level":       {identity("overrides: [{min_level: \"4\"}]"), "line 25: m.identity.overrides[0].min_level: must be low, substantial or high"},
		"override unit":        {identity("overrides: [{units: [vest]}]"), "line 25: m.identity.overrides[0].units[0]: is no unit of this municipality"},
		"override who":         {identity("overrides: [{participants: [citizen, nabo]}]"), "line 25: m.identity.overrides[0].participants[1]: must be citizen, relative, interpreter or authority"},
		"listen":               {[]string{"listen: 127.0.0.1:0", "listen: 127.0.0.1"}, "line 1: listen: must be host:port"},
		"listen on a word":     {[]string{"listen: 127.0.0.1:0", "listen: 127.0.0.1:http"}, "line 1: listen: must be host:port"},
		"listen too high":      {[]string{"listen: 127.0.0.1:0", "listen: 127.0.0.1:70000"}, "line 1: listen: must be host:port"},
		"listen everywhere":    {[]string{"listen: 127.0.0.1:0", `listen: ":8080"`}, ""},
		"metrics":              {top("metrics_listen: here"), "line 2: metrics_listen: must be host:port"},
		"log level":            {top("log_level: trace"), "line 2: log_level: must be debug, info, warn or error"},
		"stop too soon":        {top("stop_timeout: 10ms"), "line 2: stop_timeout: must be 1s to 5m0s"},
		"stop too late":        {top("stop_timeout: 1h"), "line 2: stop_timeout: must be 1s to 5m0s"},
		"proxies":              {top(`trusted_proxies: [10.0.0.1, "10.0.0.0/8", "::1"]`), ""},
		"bad proxy":            {top("trusted_proxies: [10.0.0.1, proxy]"), "line 2: trusted_proxies[1]: must be an address or a network"},
		"id":                   {[]string{"id: testby", "id: Testby-1"}, "line 3: m.id: must be 2 to 31 small letters and digits, a letter first"},
		"id missing":           {[]string{"- id: testby\n    name", "- name"}, "line 3: m.id: must be 2 to 31 small letters and digits, a letter first"},
		"name":                 {[]string{"name: Testby Kommune", `name: ""`}, "line 4: m.name: must be set"},
		"no hosts":             {[]string{`hosts: ["127.0.0.1:8080"]`, "hosts: []"}, "line 5: m.hosts: must name at least one host"},
		"host with scheme":     {[]string{`hosts: ["127.0.0.1:8080"]`, `hosts: ["127.0.0.1:8080", "https://a.dk"]`}, "line 5: m.hosts[1]: must be a host name, with :port if not the standard one"},
		"host with path":       {[]string{`hosts: ["127.0.0.1:8080"]`, `hosts: ["127.0.0.1:8080", a.dk/b]`}, "line 5: m.hosts[1]: must be a host name, with :port if not the standard one"},
		"empty host":           {[]string{`hosts: ["127.0.0.1:8080"]`, `hosts: ["127.0.0.1:8080", ]`}, ""},
		"null host":            {[]string{`hosts: ["127.0.0.1:8080"]`, `hosts: ["127.0.0.1:8080", null]`}, "line 5: m.hosts[1]: must be a host name, with :port if not the standard one"},
		"IPv6 host":            {[]string{`hosts: ["127.0.0.1:8080"]`, `hosts: ["127.0.0.1:8080", "[::1]:8080"]`}, ""},
		"host twice":           {[]string{`hosts: ["127.0.0.1:8080"]`, `hosts: ["127.0.0.1:8080", "127.0.0.1:8080"]`}, "line 5: m.hosts[1]: is the same as m.hosts[0]; municipalities share nothing"},
		"url on another host":  {[]string{`hosts: ["127.0.0.1:8080"]`, `hosts: ["127.0.0.1:8081"]`}, "line 6: m.public_url: its host must stand in hosts, with the port if it has one"},
		"plain http":           {[]string{"127.0.0.1:8080", "skaerm.testby.dk"}, "line 6: m.public_url: must be https (http on loopback only), without path or a slash at the end"},
		"url with a slash":     {[]string{"public_url: http://127.0.0.1:8080", "public_url: http://127.0.0.1:8080/"}, "line 6: m.public_url: must be https (http on loopback only), without path or a slash at the end"},
		"url with a query":     {[]string{"public_url: http://127.0.0.1:8080", "public_url: http://127.0.0.1:8080?"}, "line 6: m.public_url: must be https (http on loopback only), without path or a slash at the end"},
		"url with a user":      {[]string{"public_url: http://127.0.0.1:8080", "public_url: http://u@127.0.0.1:8080"}, "line 6: m.public_url: must be https (http on loopback only), without path or a slash at the end"},
		"url with no dk":       {[]string{"http://127.0.0.1:8080", "https://a.com", "127.0.0.1:8080", "a.com"}, "line 6: m.public_url: an SMS can't be written with it, sender and phone: invite: invalid: Linket i beskeden skal være https, høre under .dk og må ikke have parametre."},
		"https":                {[]string{"http://127.0.0.1:8080", "https://skaerm.testby.dk", "127.0.0.1:8080", "skaerm.testby.dk"}, ""},
		"phone":                {[]string{`"89 00 00 00"`, "ring"}, "line 7: m.phone: must be a telephone number: digits, spaces, a + first"},
		"emergency":            {[]string{`"89 00 00 00"`, "\"89 00 00 00\"\n    emergency: læge"}, "line 8: m.emergency: must be a telephone number"},
		"database":             {[]string{"sqlite:/tmp/a.db", "mysql:x"}, "line 8: m.database.url: must begin with sqlite: or postgres://"},
		"pool":                 {[]string{`{url: "sqlite:/tmp/a.db"}`, `{url: "sqlite:/tmp/a.db", max_conns: 1}`}, "line 8: m.database.max_conns: must be at least 2"},
		"no encryption key":    {[]string{"      encryption: {env: ENCRYPTION}\n", ""}, "line 9: m.keys.encryption: must be set; sluse config keys makes one"},
		"no lookup key":        {[]string{"      lookup: {env: LOOKUP}\n", ""}, "line 9: m.keys.lookup: must be set; sluse config keys makes one"},
		"one key for two uses": {[]string{"lookup: {env: LOOKUP}", "lookup: {env: ENCRYPTION}"}, "line 11: m.keys.lookup: is the same as m.keys.encryption; municipalities share nothing"},
		"no units":             {[]string{"\n      - {id: oest, name: Øst, lists: [\"Øst*\"], live_from: \"2026-11-01\"}", " []", "unit: oest", `unit: "*"`}, "line 13: m.units: must name at least one unit"},
		"unit without id":      {[]string{"{id: oest, name: Øst", "{name: Øst", "unit: oest", `unit: "*"`}, "line 14: m.units[0].id: must be set and not *"},
		"every unit":           {[]string{"{id: oest, name: Øst", `{id: "*", name: Øst`, "unit: oest", `unit: "*"`}, "line 14: m.units[0].id: must be set and not *"},
		"unit twice":           {[]string{"    roles:", "      - {id: oest, name: To, lists: [b]}\n    roles:"}, "line 15: m.units[1].id: stands twice"},
		"unit without name":    {[]string{"name: Øst, ", ""}, "line 14: m.units[0].name: must be set"},
		"unit without lists":   {[]string{`lists: ["Øst*"], `, ""}, "line 14: m.units[0].lists: must name at least one driving list"},
		"scim":                 {end("    directory: {scim_key: local_part}\n"), ""},
		"scim shares a key":    {end("    directory: {scim_token: {env: LINKS}}\n"), "line 25: m.directory.scim_token: is the same as m.keys.links; municipalities share nothing"},
		"scim key":             {end("    directory: {scim_key: name}\n"), "line 25: m.directory.scim_key: must be user_name, local_part, external_id or employee_number"},
		"scim token":           {end("    directory: {scim_token: {env: VDX}}\n"), "line 25: m.directory.scim_token: must have 32 characters or more"},
		"unit below another":   {[]string{"    roles:", "      - {id: nord, name: Nord, parent: oest, lists: [b]}\n    roles:", `lists: ["Øst*"], `, ""}, ""},
		"unknown parent":       {[]string{"name: Øst, ", "name: Øst, parent: syd, "}, "line 14: m.units[0].parent: is no unit of this municipality"},
		"below itself":         {[]string{"name: Øst, ", "name: Øst, parent: oest, "}, "line 14: m.units[0].parent: is below the unit itself"},
		"bad pattern":          {[]string{`["Øst*"]`, `["Øst["]`}, "line 14: m.units[0].lists[0]: is no pattern"},
		"bad day":              {[]string{"2026-11-01", "01-11-2026"}, "line 14: m.units[0].live_from: must be a day like 2026-11-01"},
		"no roles":             {[]string{"\n      - {group: plan, role: planner, unit: oest}", ""}, "line 15: m.roles: must name at least one role"},
		"role without group":   {[]string{"{group: plan, ", "{"}, "line 16: m.roles[0].group: must be set, or privilege"},
		"privilege":            {[]string{"{group: plan, ", "{privilege: urn:plan, "}, ""},
		"privilege and group":  {[]string{"{group: plan, ", "{group: plan, privilege: urn:plan, "}, "line 16: m.roles[0].privilege: can't be set together with group"},
		"privilege in two":     {[]string{"{group: plan, ", "{privilege: urn:plan b, "}, "line 16: m.roles[0].privilege: must be one URI without blanks"},
		"unit's UUID":          {[]string{"name: Øst, ", "name: Øst, org_uuid: 1B1b1b1b-0000-4000-8000-000000000001, "}, ""},
		"no UUID":              {[]string{"name: Øst, ", "name: Øst, org_uuid: oest, "}, "line 14: m.units[0].org_uuid: must be a UUID"},
		"unknown role":         {[]string{"role: planner", "role: boss"}, "line 16: m.roles[0].role: must be planner, caregiver, leader, administrator, auditor or service_desk"},
		"unknown unit":         {[]string{"unit: oest", "unit: vest"}, "line 16: m.roles[0].unit: must be a unit's id or *"},
		"login":                {[]string{"key_file: k.pem", "min_level: top, key_file: k.pem"}, "line 17: m.login.min_level: must be none, low, substantial or high"},
		"video kind":           {[]string{"video:\n", "video:\n      kind: teams\n"}, "line 19: m.video.kind: must be vdx or pexip"},
		"concurrency":          {[]string{"video:\n", "video:\n      concurrency: 65\n"}, "line 19: m.video.concurrency: must be 1 to 64"},
		"participants":         {[]string{"video:\n", "video:\n      participants: 1\n"}, "line 19: m.video.participants: must be 2 to 20"},
		"vdx":                  {[]string{"base_url: https://v.example, ", "base_url: http://v.example, "}, "line 19: m.video.vdx.base_url: must be an https address without query"},
		"sender too long":      {[]string{"sender: Testby", "sender: Testby Kommune"}, "line 21: m.messages.sender: must be 1 to 11 characters"},
		"no channel":           {[]string{sms, ""}, "line 20: m.messages.sms: sms, sms_gateway or mail must be set"},
		"mail":                 {[]string{sms, mail + "}\n"}, ""},
		"mail without host":    {[]string{sms, strings.Replace(mail, "host: smtp.example, ", "", 1) + "}\n"}, "line 22: m.messages.mail.host: is required"},
		"mail in clear":        {[]string{sms, mail + ", tls: none}\n"}, "line 22: m.messages.mail.tls: none is allowed to a loopback host only"},
		"mail without a pass":  {[]string{sms, mail + ", username: u}\n"}, "line 22: m.messages.mail.username: and password are required with auth: plain"},
		"record kind":          {[]string{"record:\n", "record:\n      kind: vitae\n"}, "line 24: m.record.kind: must be file, fhir, nexus or handover"},
		"record concurrency":   {[]string{"record:\n", "record:\n      concurrency: -1\n"}, "line 24: m.record.concurrency: must be a whole number"},
		"nexus":                {[]string{"record:\n      file: {dir: /tmp/lister}", "record:\n      kind: nexus\n      nexus: {instance: testby, iam_url: https://iam.example, api_url: https://testby.example, client_id: sluse, client_secret: {env: VDX}, write_visit_type: true}"}, ""},
		"nexus without a way":  {[]string{"record:\n      file: {dir: /tmp/lister}", "record:\n      kind: nexus\n      nexus: {instance: testby, iam_url: https://iam.example, api_url: https://testby.example/v2, client_id: sluse, client_secret: {env: VDX}, write_visit_type: true}"}, "line 25: m.record.nexus.api_url: must be https://host without path, credentials or query"},
		"fhir":                 {[]string{"record:\n      file: {dir: /tmp/lister}", "record:\n      kind: fhir\n      fhir: {base_url: https://f.example}"}, ""},
		"fhir with bad alias":  {[]string{"record:\n      file: {dir: /tmp/lister}", "record:\n      kind: fhir\n      fhir: {base_url: https://f.example}\n      file: {aliases: {Vejr: [Sol]}}"}, `line 26: m.record.file.aliases: "Vejr" is not the name of a field`},
		"aliases":              {[]string{"{dir: /tmp/lister}", "{dir: /tmp/lister, aliases: {Vejr: [Sol]}}"}, `line 24: m.record.file.aliases: "Vejr" is not the name of a field`},
		"no directory":         {[]string{"{dir: /tmp/lister}", "{}"}, "line 24: m.record.file.dir: must name a directory"},
		"laws":                 {end("      by_law: {SUL_138: {comment: x}, SEL_83: {}, SEL_83A: {}, SEL_85: {}, SEL_OTHER: {}, AEL: {}, UNKNOWN: {}}\n"), ""},
		"suitability":          {rules("unknown_suitability: blue"), "line 25: m.rules.unknown_suitability: must be green, yellow or red"},
		"lead":                 {rules("minimum_lead: 72h"), "line 25: m.rules.minimum_lead: must be 0s to 48h0m0s"},
		"negative lead":        {rules("minimum_lead: -1h"), "line 25: m.rules.minimum_lead: must be 0s to 48h0m0s"},
		"both ways":            {rules("screen_services: [Tilsyn], physical_services: [tilsyn]"), `line 25: m.rules.physical_services: "tilsyn" stands in screen_services too`},
		"door":                 {times("door: 3h"), "line 25: m.times.door: must be 1m0s to 2h0m0s"},
		"grace":                {times("grace: 1s"), "line 25: m.times.grace: must be 1m0s to 4h0m0s"},
		"hard cap":             {times("hard_cap: 7h"), "line 25: m.times.hard_cap: must be 0s to 6h0m0s"},
		"together":             {times("together: 1s"), "line 25: m.times.together: must be 5s to 10m0s"},
		"room check":           {times("room_check: 2h"), "line 25: m.times.room_check: must be 30s to 1h0m0s"},
		"reminder":             {times("reminder: 49h"), "line 25: m.times.reminder: must be 0s to 48h0m0s"},
		"negative reminder":    {times("reminder: -1m"), "line 25: m.times.reminder: must be 0s to 48h0m0s"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var want []string
			if tt.want != "" {
				want = []string{tt.want}
			}

			if diff := cmp.Diff(want, faults(t, edit(t, minimal, tt.change...), secrets())); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMunicipalitiesShareNothing gives the second municipality what the first one has.
func TestMunicipalitiesShareNothing(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change []string
		want   []string
	}{
		"nothing": {nil, nil},
		"id":      {[]string{"id: proeveby", "id: testby"}, []string{"line 25: municipalities[1].id: is the same as m.id"}},
		"host":    {[]string{`hosts: ["localhost:8080"]`, `hosts: ["localhost:8080", "127.0.0.1:8080"]`}, []string{"line 27: municipalities[1].hosts[1]: is the same as m.hosts[0]"}},
		"case of host": {
			[]string{`hosts: ["127.0.0.1:8080"]`, `hosts: ["127.0.0.1:8080", a.dk]`, `hosts: ["localhost:8080"]`, `hosts: ["localhost:8080", A.DK]`},
			[]string{"line 27: municipalities[1].hosts[1]: is the same as m.hosts[1]"},
		},
		"address": {
			[]string{"http://localhost:8080", "http://127.0.0.1:8080", `["localhost:8080"]`, `["127.0.0.1:8080"]`},
			[]string{
				"line 27: municipalities[1].hosts[0]: is the same as m.hosts[0]", "line 28: municipalities[1].public_url: is the same as m.public_url",
			},
		},
		"entity":        {[]string{"{idp_metadata_file", "{entity_id: \"urn:x\", idp_metadata_file"}, []string{"line 34: municipalities[1].login.entity_id: is the same as m.login.entity_id"}},
		"database":      {[]string{"sqlite:/tmp/b.db", "sqlite:/tmp/a.db"}, []string{"line 30: municipalities[1].database.url: is the same as m.database.url"}},
		"other writing": {[]string{"sqlite:/tmp/b.db", "sqlite:/tmp/./x/../a.db"}, []string{"line 30: municipalities[1].database.url: is the same as m.database.url"}},
		"postgres": {
			[]string{"sqlite:/tmp/a.db", "postgres://a:x@DB:5432/sluse?sslmode=disable", "sqlite:/tmp/b.db", "postgresql://b:y@db/sluse?sslmode=require"},
			[]string{"line 30: municipalities[1].database.url: is the same as m.database.url"},
		},
		"schemas":    {[]string{"sqlite:/tmp/a.db", "postgres://db/sluse?search_path=a", "sqlite:/tmp/b.db", "postgres://db/sluse?search_path=b"}, nil},
		"encryption": {[]string{"{env: ENCRYPTION2}", "{env: ENCRYPTION}"}, []string{"line 31: municipalities[1].keys.encryption: is the same as m.keys.encryption"}},
		"lookup":     {[]string{"{env: LOOKUP2}", "{env: LOOKUP}"}, []string{"line 31: municipalities[1].keys.lookup: is the same as m.keys.lookup"}},
		"links":      {[]string{"{env: LINKS2}", "{env: LINKS}"}, []string{"line 31: municipalities[1].keys.links: is the same as m.keys.links"}},
		"directory":  {[]string{"/tmp/andre", "/tmp/lister/"}, []string{"line 41: municipalities[1].record.file.dir: is the same as m.record.file.dir"}},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for i := range tt.want {
				tt.want[i] += "; municipalities share nothing"
			}

			if diff := cmp.Diff(tt.want, faults(t, edit(t, minimal+second, tt.change...), secrets())); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
