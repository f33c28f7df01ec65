package nexussim

// testPerson is one of the official test citizens: number and name.
type testPerson struct{ cpr, name string }

// testPersons are the official Danish test citizens (eoj.md §4). The record has no others.
func testPersons() []testPerson {
	return []testPerson{
		{"0104909989", "Torre Mosebryggersen"},
		{"0104909995", "Sverre Mosebryggersen"},
		{"0107729995", "Max Berggren"},
		{"0108589995", "Schwendlund Mosebryggersen"},
		{"0108629996", "May June Moberg"},
		{"0201609995", "Einer Lauridsen"},
		{"0201609996", "Lonni Lauridsen"},
		{"0201919990", "Else Lauridsen"},
		{"0201919995", "EK Lauridsen"},
		{"0201919996", "Ellen Louise Lauridsen"},
		{"0211223989", "Åge Berggren"},
		{"0212159995", "Bo Vestergaard"},
		{"0504909989", "Rasmus Lauridsen"},
		{"0504909995", "Magnus Lauridsen"},
		{"0505059996", "Pia Berggren"},
		{"0505109990", "Gitte Nancy Berggren"},
		{"0505159995", "Lars Berggren"},
		{"0505209996", "Rikke Berggren"},
		{"0505239996", "Aya Berggren"},
		{"0506889996", "Sille June Mosebrygersen"},
		{"1007059995", "Muhammed Abdul"},
		{"1110109996", "Juliane Jørgensen"},
		{"1306249995", "Dreng Levendefødt"},
		{"1306249996", "Pige Levendefødt"},
		{"1310169995", "Dreng Levendefødt"},
		{"1310169996", "Pige Levendefødt"},
		{"1502779995", "Ruddi Berggren"},
		{"1502799995", "Odd Haugen Mosebryggersen"},
		{"1502829995", "Knut Odvar Mosebryggersen"},
		{"1509819996", "Brita Berggren"},
		{"2103009996", "Kaja Hansen"},
		{"2311143995", "Cæsar Østergård"},
		{"2509479989", "Bruno Elmer"},
		{"2512489996", "Nancy Ann Berggren"},
		{"2911829996", "Kirsten Berggren"},
		{"3001749995", "Niels Vendelboe"},
		{"3101229995", "Ali Jensen"},
		{"3103979995", "Anders Jensen"},
	}
}
