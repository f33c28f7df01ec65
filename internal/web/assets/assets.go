// Package assets holds what pages load: the styles of Det Fælles Designsystem (dkfds 11.2.0),
// its typeface and icons, htmx 2.0.11, and our own style sheet and script. Everything is served
// from our own host; files/licences tells what is whose.
package assets

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed files
var files embed.FS

// Prefix is where Handler is mounted. What follows is a hash of all files, so that browsers may
// keep them for ever.
const Prefix = "/assets/"

var version = sync.OnceValue(func() string {
	sum := sha256.New()

	_ = fs.WalkDir(files, "files", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, _ := files.ReadFile(name) // embedded: it is there
			sum.Write([]byte(name))
			sum.Write(data)
		}

		return nil
	})

	return hex.EncodeToString(sum.Sum(nil))[:12]
})

// URL returns the address of a file, for example "css/sluse.css".
func URL(name string) string { return Prefix + version() + "/" + name }

// Icon returns an icon of the design system as inline SVG, hidden from screen readers because a
// text stands beside it. An unknown name is a mistake in a template: it returns an error.
func Icon(name string) (template.HTML, error) {
	data, err := files.ReadFile("files/img/svg-icons/" + name + ".svg")
	if err != nil {
		return "", fmt.Errorf("icon %q: %w", name, err)
	}

	svg := strings.Replace(string(data), "<svg ", `<svg class="icon-svg" aria-hidden="true" focusable="false" `, 1)

	return template.HTML(svg), nil //nolint:gosec // G203: an embedded file of the design system, no input
}

// Serve answers a request for a file; name is what follows Prefix. It reports false when there
// is no such file.
func Serve(w http.ResponseWriter, name string) bool {
	hash, rest, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")

	data, err := files.ReadFile("files/" + path.Clean(rest))
	if err != nil || hash != version() {
		return false
	}

	h := w.Header()
	h.Set("Content-Type", contentType(rest))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)

	return true
}

func contentType(name string) string {
	if path.Ext(name) == ".woff2" {
		return "font/woff2"
	}

	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}

	return "text/plain; charset=utf-8"
}
