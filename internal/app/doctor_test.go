package app_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/internal/app"
)

// A certificate that can't even be loaded is told in Danish too (M19).
func TestDoctorTellsOfACertificateThatCantBeLoaded(t *testing.T) {
	t.Parallel()

	b := setup(t)
	c := &b.config.Municipalities[0].Video.VDX
	c.Version, c.Auth, c.STSURL = vdx.Version1, vdx.AuthSTS, "https://sts.vconf-stage.dk/sts/service/sts"
	c.CertificateFile = filepath.Join(t.TempDir(), "own.cer")
	c.KeyFile = c.CertificateFile

	if err := os.WriteFile(c.CertificateFile, []byte("0\x82\x04"), 0o600); err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer

	err := app.Doctor(t.Context(), b.config, string(testby), b.clock.now, &out)
	if !errors.Is(err, app.ErrSick) || !strings.Contains(out.String(), "fejl      Certifikatet til VDX: Filen certificate_file indeholder ikke et certifikat i PEM-format.") {
		t.Errorf("got %v and\n%s", err, out.String())
	}
}
