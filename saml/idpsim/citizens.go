package idpsim

// DefaultCitizens are the official test persons of the Danish CPR office, those without a
// name of their own left out. Their ID is their CPR number. A professional stands last: an
// employee who logs in with MitID Erhverv, whom no service for citizens may let in.
func DefaultCitizens() []User {
	users := []User{
		citizen("0104909989", "Torre", "Mosebryggersen"),
		citizen("0104909995", "Sverre", "Mosebryggersen"),
		citizen("0107729995", "Max", "Berggren"),
		citizen("0108589995", "Schwendlund", "Mosebryggersen"),
		citizen("0108629996", "May June", "Moberg"),
		citizen("0201609995", "Einer", "Lauridsen"),
		citizen("0201609996", "Lonni", "Lauridsen"),
		citizen("0201919990", "Else", "Lauridsen"),
		citizen("0201919995", "EK", "Lauridsen"),
		citizen("0201919996", "Ellen Louise", "Lauridsen"),
		citizen("0211223989", "Åge", "Berggren"),
		citizen("0212159995", "Bo", "Vestergaard"),
		citizen("0504909989", "Rasmus", "Lauridsen"),
		citizen("0504909995", "Magnus", "Lauridsen"),
		citizen("0505059996", "Pia", "Berggren"),
		citizen("0505109990", "Gitte Nancy", "Berggren"),
		citizen("0505159995", "Lars", "Berggren"),
		citizen("0505209996", "Rikke", "Berggren"),
		citizen("0505239996", "Aya", "Berggren"),
		citizen("0506889996", "Sille June", "Mosebrygersen"),
		citizen("1007059995", "Muhammed", "Abdul"),
		citizen("1110109996", "Juliane", "Jørgensen"),
		citizen("1502779995", "Ruddi", "Berggren"),
		citizen("1502799995", "Odd Haugen", "Mosebryggersen"),
		citizen("1502829995", "Knut Odvar", "Mosebryggersen"),
		citizen("1509819996", "Brita", "Berggren"),
		citizen("2103009996", "Kaja", "Hansen"),
		citizen("2311143995", "Cæsar", "Østergård"),
		citizen("2509479989", "Bruno", "Elmer"),
		citizen("2512489996", "Nancy Ann", "Berggren"),
		citizen("2911829996", "Kirsten", "Berggren"),
		citizen("3001749995", "Niels", "Vendelboe"),
		citizen("3101229995", "Ali", "Jensen"),
		citizen("3103979995", "Anders", "Jensen"),
	}
	return append(users, staff("ANSAT", "Medarbejder med MitID Erhverv"))
}

func citizen(cpr, firstNames, lastName string) User {
	return User{
		ID: cpr, CPR: cpr, Title: "Borger", Name: firstNames + " " + lastName,
		FirstName: firstNames, LastName: lastName, Level: LevelSubstantial,
	}
}
