package main

import (
	"io"
	"net/smtp"
	"testing"
)

func TestMailIsReady(t *testing.T) {
	t.Parallel()
	ready := launch(t, "mail", "-calm", "-seed", "7", "-reject", "a@example.dk,@nowhere.dk")
	relay, _ := ready["smtp"].(string)
	for to, good := range map[string]bool{"borger@example.dk": true, "a@example.dk": false, "b@nowhere.dk": false} {
		err := smtp.SendMail(relay, nil, "skaerm@testby.dk", []string{to}, []byte("Subject: Aftale\r\n\r\nHej\r\n"))
		if (err == nil) != good {
			t.Errorf("%s: %v", to, err)
		}
	}
	inbox, _ := ready["inbox"].(string)
	if got := get(t, inbox); got != 200 {
		t.Errorf("inbox: %d", got)
	}
	if err := run(t.Context(), []string{"mail", "-bounce", "nobody"}, io.Discard, io.Discard); err == nil {
		t.Error("an address without @ is taken")
	}
}
