package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sluse/sluse/saml"
)

// locatorLength is how many characters the secret part of a link has.
const locatorLength = 27

// apart makes sure that municipalities share nothing that would mix them up.
func (c Config) apart(k checker) {
	seen := map[string]string{}

	claim := func(key, what, value string) {
		if value == "" {
			return
		}

		if other, taken := seen[what+value]; taken {
			k.bad(true, key, "is the same as %s; municipalities share nothing", other)

			return
		}

		seen[what+value] = key
	}

	for i, m := range c.Municipalities {
		at := fmt.Sprintf("municipalities[%d].", i)
		claim(at+"id", "id:", string(m.ID))
		claim(at+"public_url", "url:", strings.ToLower(m.PublicURL))

		if m.Login.BaseURL != m.PublicURL {
			claim(at+"login.base_url", "url:", strings.ToLower(m.Login.BaseURL))
		}

		if m.Login.EntityID != m.Login.BaseURL+saml.PathMetadata {
			claim(at+"login.entity_id", "entity:", m.Login.EntityID)
		}

		for j, l := range m.CitizenLogin {
			if l.SAML != nil && l.SAML.EntityID != l.SAML.BaseURL+saml.PathPersonMetadata {
				claim(fmt.Sprintf("%scitizen_login[%d].saml.entity_id", at, j), "entity:", l.SAML.EntityID)
			}

			if l.OIDC != nil {
				claim(fmt.Sprintf("%scitizen_login[%d].oidc.client_id", at, j), "client:", l.OIDC.Issuer+" "+l.OIDC.ClientID)
			}
		}

		claim(at+"database.url", "db:", databaseName(m.Database.URL))
		claim(at+"keys.encryption", "key:", m.Keys.Encryption.Reveal())
		claim(at+"keys.lookup", "key:", m.Keys.Lookup.Reveal())
		claim(at+"keys.links", "key:", m.Keys.Links.Reveal())
		claim(at+"directory.scim_token", "key:", m.Directory.SCIMToken.Reveal())

		if m.Video.Kind == Pexip { // rooms are told apart by the first part of their names
			claim(at+"video.pexip.prefix", "rooms:", strings.ToLower(m.Video.Pexip.BaseURL)+" "+m.Video.Pexip.Prefix)
			claim(at+"video.pexip.link_key", "key:", m.Video.Pexip.LinkKey.Reveal())
		}

		if m.Record.Kind == "file" {
			claim(at+"record.file.dir", "dir:", absolute(m.Record.File.Dir))
		}

		for j, host := range m.Hosts {
			claim(fmt.Sprintf("%shosts[%d]", at, j), "host:", strings.ToLower(host))
		}
	}
}

// databaseName names a database, however its address is written: a file by its absolute path, a
// PostgreSQL database by host, port, name and schema. Symbolic links are not followed.
func databaseName(address string) string {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return absolute(path)
	}

	c, err := pgx.ParseConfig(address)
	if address == "" || err != nil {
		return "" // told elsewhere
	}

	return fmt.Sprintf("%s/%s?%s", net.JoinHostPort(strings.ToLower(c.Host), strconv.Itoa(int(c.Port))), c.Database, c.RuntimeParams["search_path"])
}

func absolute(path string) string {
	full, err := filepath.Abs(path)
	if path == "" || err != nil {
		return path
	}

	return full
}

// validateHosts checks the names under which the municipality is reached.
func (m Municipality) validateHosts(k checker) {
	k.bad(len(m.Hosts) == 0, "hosts", "must name at least one host")

	named := false

	for i, host := range m.Hosts {
		u, err := url.Parse("//" + host)
		good := err == nil && u.Host == host && u.Hostname() != "" && !regexp.MustCompile(`[^A-Za-z0-9.:\[\]-]`).MatchString(host)
		k.bad(!good, fmt.Sprintf("hosts[%d]", i), "must be a host name, with :port if not the standard one")

		named = named || strings.EqualFold("https://"+host, m.PublicURL) || strings.EqualFold("http://"+host, m.PublicURL)
	}

	if !isPublicURL(m.PublicURL) {
		k.bad(true, "public_url", "must be https (http on loopback only), without path or a slash at the end")
	} else {
		k.bad(len(m.Hosts) > 0 && !named, "public_url", "its host must stand in hosts, with the port if it has one")
	}
}

// isPublicURL reports whether s is scheme and host alone.
func isPublicURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || !strings.EqualFold(u.Scheme+"://"+u.Host, s) {
		return false
	}

	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()

	return u.Scheme == "https" || u.Scheme == "http" && loopback
}
