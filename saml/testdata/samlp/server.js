'use strict';
// npm samlp as an identity provider for the tests of package saml. The test's directory holds
// keys and certificates; everything else is fixed here.
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const express = require('express');
const samlp = require('samlp');
const SessionParticipants = require('samlp/lib/sessionParticipants');

const dir = process.env.SLUSE_ISSUER_DIR;
const url = new URL(process.env.SLUSE_ISSUER_URL);
const sp = process.env.SLUSE_ISSUER_SP;
const oiosaml = process.env.SLUSE_ISSUER_PROFILE === 'oiosaml3';
const read = (name) => fs.readFileSync(path.join(dir, name), 'utf8');
const theirs = read('sp.crt');

const name = oiosaml
  ? 'https://data.gov.dk/model/core/eid/professional/uuid/c7b2a3a6-5f0e-4e52-9c0a-0d6f0e4b8f11'
  : 'stable-msk';
const persistent = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const claims = {
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn': 'MSK',
  'http://schemas.microsoft.com/identity/claims/displayname': 'Medarbejder Æøå & <Co>',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress': 'msk@testkommunen.example',
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups': ['sluse-caregiver', 'sluse-planner'],
  'https://data.gov.dk/model/core/specVersion': 'OIO-SAML-3.0',
  'https://data.gov.dk/concept/core/nsis/loa': 'Substantial',
  'https://data.gov.dk/model/core/eid/professional/uuid/persistent': 'c7b2a3a6-5f0e-4e52-9c0a-0d6f0e4b8f11',
  'https://data.gov.dk/model/core/eid/professional/cvr': '29189846',
  'https://data.gov.dk/model/core/eid/professional/orgName': 'Testkommunen',
  'https://data.gov.dk/model/core/eid/fullName': 'Medarbejder Æøå & <Co>',
};

const participants = new SessionParticipants();
const states = new Map();
const store = {
  save(req, state, done) {
    const id = crypto.randomUUID();
    states.set(id, state);
    done(null, id);
  },
  load(req, id, options, done) {
    const state = states.get(id);
    if (typeof options === 'function') return options(null, state);
    if (options.destroy) states.delete(id);
    return done(null, state);
  },
  update(req, id, state, done) {
    states.set(id, state);
    done(null);
  },
};
const common = {
  issuer: url.origin + '/idp', cert: read('idp.crt'), key: read('idp.key'), deflate: true,
  signatureAlgorithm: 'rsa-sha256', digestAlgorithm: 'sha256',
};

const app = express();
app.get('/ready', (req, res) => res.send('ready'));
app.get('/sso', (req, res, next) => {
  const sessionIndex = '_' + crypto.randomUUID();
  const options = {
    ...common,
    destination: sp + '/saml/acs', recipient: sp + '/saml/acs', signingCert: theirs, sessionIndex,
    lifetimeInSeconds: 300, signResponse: process.env.SLUSE_ISSUER_SIGN_RESPONSE === '1',
    typedAttributes: true, includeAttributeNameFormat: true,
    getPostURL: (audience, request, r, done) => done(null, sp + '/saml/acs'),
    getUserFromRequest: () => ({ id: name }),
    profileMapper: () => ({
      getClaims: () => claims,
      getNameIdentifier: () => {
        // Asked for once the request has been verified: the session begins here.
        participants._participants.push({
          serviceProviderId: sp + '/saml/metadata', sessionIndex, nameId: name, nameIdFormat: persistent, cert: theirs,
          serviceProviderLogoutURL: sp + '/saml/slo', binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
        });
        return { nameIdentifier: name, nameIdentifierFormat: persistent };
      },
    }),
  };
  if (process.env.SLUSE_ISSUER_ENCRYPT === '1') {
    options.encryptionCert = theirs;
    options.encryptionPublicKey = crypto.createPublicKey(theirs).export({ type: 'spki', format: 'pem' });
  }
  samlp.auth(options)(req, res, next);
});
app.get('/slo', express.urlencoded({ extended: false }), (req, res, next) => {
  req.body = req.body || {};
  samlp.logout({
    ...common, store, sessionParticipants: participants,
    protocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
  })(req, res, next);
});
app.use((err, req, res, next) => res.status(400).send('refused: ' + err.message)); // eslint-disable-line no-unused-vars

app.listen(Number(url.port), url.hostname);
