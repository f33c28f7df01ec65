// An independent provider of OpenID Connect (npm oidc-provider), for the tests of the client. It
// listens on loopback, logs one invented person in without asking, and knows three clients: with a
// secret, with a private key and pushed requests only, and with PS256.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const issuer = process.env.SLUSE_OIDC_ISSUER;
const redirect = process.env.SLUSE_OIDC_REDIRECT;
const home = process.env.SLUSE_OIDC_HOME;
const clientKeys = JSON.parse(process.env.SLUSE_OIDC_CLIENT_KEYS);
const acr = 'idporten-loa-substantial';

const jwk = (type, options, extra) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...extra,
});

const client = {
  redirect_uris: [redirect], post_logout_redirect_uris: [home], response_types: ['code'], grant_types: ['authorization_code'],
};

const provider = new Provider(issuer, {
  jwks: { keys: [
    jwk('rsa', { modulusLength: 2048 }, { kid: 'rsa' }),
    jwk('ec', { namedCurve: 'P-256' }, { kid: 'ec', alg: 'ES256' }),
  ] },
  clients: [
    { ...client, client_id: 'secret', client_secret: 'test-secret-of-the-provider-0123456789' },
    { ...client, client_id: 'key', token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256',
      id_token_signed_response_alg: 'ES256', require_pushed_authorization_requests: true, jwks: clientKeys },
    { ...client, client_id: 'pss', client_secret: 'test-secret-of-the-provider-9876543210', id_token_signed_response_alg: 'PS256' },
  ],
  acrValues: [acr],
  claims: { acr: null, auth_time: null, iss: null, sid: null, openid: ['sub'], profile: ['name'], nin: ['pid', 'nin', 'dk.cpr'] },
  scopes: ['openid', 'profile', 'nin'],
  conformIdTokenClaims: process.env.SLUSE_OIDC_USERINFO === '1',
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: async (ctx, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, name: 'Kari Prøve', pid: 'TEST-0001', nin: 'TEST-0001', 'dk.cpr': '2512489996' }),
  }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile nin');
    await grant.save();
    return grant;
  },
});

provider.on('server_error', (ctx, err) => console.error(err));
provider.on('grant.error', (ctx, err) => console.error(err.message, err.error_description, err.error_detail));
provider.on('authorization.error', (ctx, err) => console.error(err.message, err.error_description));
provider.on('pushed_authorization_request.error', (ctx, err) => console.error(err.message, err.error_description, err.error_detail));

const callback = provider.callback();

createServer(async (req, res) => {
  if (!req.url.startsWith('/interaction/')) {
    callback(req, res);
    return;
  }
  try {
    const cancel = process.env.SLUSE_OIDC_CANCEL === '1';
    await provider.interactionFinished(req, res,
      cancel ? { error: 'access_denied' } : { login: { accountId: 'kari', acr, remember: false } },
      { mergeWithLastSubmission: false });
  } catch (err) {
    console.error(err);
    res.writeHead(500).end();
  }
}).listen(Number(new URL(issuer).port), '127.0.0.1');
