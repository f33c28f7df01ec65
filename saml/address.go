package saml

// Address is where browsers are sent to log in, so that somebody can look whether anything answers
// there; empty while nothing is known of the identity provider.
func (p *Provider) Address() string {
	current := p.current.Load()
	if current == nil {
		return ""
	}

	return current.sso.url
}
