package app

import (
	"context"
	"fmt"
	"net/url"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message/sms"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/vdx"
	"github.com/sluse/sluse/internal/web/hooks"
)

// videoPeer is the chosen video platform as this process meets it.
func videoPeer(p parts) (*outbound.Peer, error) {
	v := p.m.Video
	if v.Kind == config.Pexip {
		return v.Pexip.Peer(p.o.Clock)
	}

	return outbound.NewPeer(outbound.PeerOptions{
		Role: connector.VideoRole, System: vdx.System, Now: p.o.Clock, Limit: v.Concurrency, Rate: float64(v.Rate) / 60,
	})
}

// vdxAccess proves to the services of VDX who we are, and is shared by them; nil when none is used.
func (s *Site) vdxAccess(p parts) (*vdx.Access, error) {
	if !p.m.UsesVDX() {
		return nil, nil //nolint:nilnil // no service of VDX, no access
	}

	access, err := vdx.NewAccess(p.m.Video.VDX, s.vdxDeps(p, nil))
	if err != nil {
		return nil, fmt.Errorf("VDX: %w", err)
	}

	return access, nil
}

func (s *Site) vdxDeps(p parts, access *vdx.Access) vdx.Deps {
	return vdx.Deps{Now: p.o.Clock, Observe: p.observe, Log: p.log, Peer: s.monitor.peer(connector.VideoRole), Access: access}
}

// newVideo builds the chosen video platform.
func (s *Site) newVideo(p parts, access *vdx.Access) (video.Platform, error) {
	if p.m.Video.Kind == config.Pexip {
		return s.newPexip(p)
	}

	platform, err := vdx.New(p.m.Video.VDX, s.vdxDeps(p, access))
	if err != nil {
		return nil, fmt.Errorf("video platform: %w", err)
	}

	return platform, nil
}

func (s *Site) newPexip(p parts) (video.Platform, error) {
	deps := pexip.Deps{Now: p.o.Clock, Observe: p.observe, Log: p.log, Peer: s.monitor.peer(connector.VideoRole)}
	if s.store != nil { // doctor needs none
		deps.Events = s.store
	}

	if p.m.Video.Hook != nil {
		deps.Hook = p.m.PublicURL + hooks.Path(pexip.System, p.m.ID)
	}

	platform, err := pexip.New(p.m.Video.Pexip, deps)
	if err != nil {
		return nil, fmt.Errorf("video platform: %w", err)
	}

	// Asked once at the start, so that a node of a wrong version is told of before a visit needs it.
	s.verify = platform.Verify

	return platform, nil
}

// newHooks returns what outside systems may send to this municipality.
func (s *Site) newHooks() ([]hooks.Hook, error) {
	h := s.config.Video.Hook
	if h == nil {
		return nil, nil
	}

	from, err := h.Prefixes()
	if err != nil {
		return nil, fmt.Errorf("video.hook: %w", err)
	}

	return []hooks.Hook{{System: pexip.System, User: h.User, Password: h.Password, From: from, Receive: s.service.ReceiveEvents}}, nil
}

// hints are what outside systems may have us look into. VDX calls the address that stands in its
// settings of the organisation (smsCallbackUrl) when it knows what became of an SMS.
func (s *Site) hints() []hooks.Hint {
	if s.config.Messages.SMS == nil {
		return nil
	}

	return []hooks.Hint{{System: sms.System, Hear: func(ctx context.Context, query url.Values) error {
		told, err := sms.ParseCallback(query)
		if err != nil {
			return err
		}

		return s.service.HearOfMessage(ctx, told.Reference)
	}}}
}
