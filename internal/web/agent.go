package web

import "strings"

// agentOf tells browser and system in a few fixed words, so that people know their own logins
// again. Of what the browser says nothing else is kept.
func agentOf(userAgent string) string {
	browser := firstOf(userAgent, "Ukendt browser", [][2]string{
		{"Edg", "Edge"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"OPR/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
	})

	system := firstOf(userAgent, "", [][2]string{
		{"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "Chromebook"}, {"Macintosh", "Mac"}, {"Linux", "Linux"},
	})
	if system == "" {
		return browser
	}

	return browser + " på " + system
}

// firstOf returns the word of the first mark that the text holds.
func firstOf(text, otherwise string, words [][2]string) string {
	for _, w := range words {
		if strings.Contains(text, w[0]) {
			return w[1]
		}
	}

	return otherwise
}
