// An OpenID provider for the tests: npm's oidc-provider, with what tests need to lead it astray.
//   node provider.mjs PORT CALLBACK
// POST /control/people   {NAME: {claims}}: who can sign in; the password does not matter
// POST /control/tamper   {claims, header, by}: how ID tokens differ from what they should be
// POST /control/publish  [JWK]: what stands among its keys too
// POST /control/break    [PATH]: what answers with 500 from now on
// POST /control/rotate   other keys from now on
// POST /control/logout   {claims, header, by}: the logout token that differs so from an honest one
// POST /control/know     the client `key` by this JWKS
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import * as jose from 'jose';
import { Provider } from 'oidc-provider';

const [port, callback] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
let people = {};
let tamper = null;
let broken = [];
let published = [];
let known = { keys: [] };
let signing;
let handle;

async function makeKeys() {
  const made = await jose.generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await jose.exportJWK(made.privateKey)), alg: 'RS256', use: 'sig' };
  jwk.kid = await jose.calculateJwkThumbprint(jwk);
  signing = { ...made, jwk };
}

const encode = (value) => jose.base64url.encode(JSON.stringify(value));

async function tampered(token, tamper) {
  const claims = { ...jose.decodeJwt(token), ...tamper.claims };
  for (const name of Object.keys(claims)) if (claims[name] === null) delete claims[name];
  const header = { ...jose.decodeProtectedHeader(token), ...tamper.header };
  if (tamper.by === 'nobody') return `${encode(header)}.${encode(claims)}.`;
  if (tamper.by === 'public key') {
    const secret = new TextEncoder().encode(await jose.exportSPKI(signing.publicKey));
    return new jose.SignJWT(claims).setProtectedHeader(header).sign(secret);
  }
  if (tamper.by === 'shared secret') {
    const shared = published.find((each) => each.kty === 'oct');
    return new jose.SignJWT(claims).setProtectedHeader(header).sign(jose.base64url.decode(shared.k));
  }
  if (tamper.by.startsWith('no one in particular')) {
    const [head, , signature] = token.split('.');
    const shown = tamper.by.endsWith('header') ? encode(header) : head;
    return `${shown}.${encode(claims)}.${signature}`;
  }
  const other = await jose.generateKeyPair('RS256');
  const key = tamper.by === 'another key' ? other.privateKey : signing.privateKey;
  return new jose.SignJWT(claims).setProtectedHeader(header).sign(key);
}

async function logoutToken(wrong) {
  const issued = Math.floor(Date.now() / 1000);
  const honest = {
    iss: issuer,
    aud: 'basic',
    iat: issued,
    exp: issued + 120,
    jti: randomUUID(),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  const header = { alg: 'RS256', kid: signing.jwk.kid, typ: 'logout+jwt' };
  const token = await new jose.SignJWT(honest).setProtectedHeader(header).sign(signing.privateKey);
  return tampered(token, wrong);
}

function build() {
  const shared = {
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'refresh_token'],
    post_logout_redirect_uris: [new URL('/sign-in', callback).href],
    backchannel_logout_uri: callback.replace(/callback$/, 'backchannel-logout'),
    backchannel_logout_session_required: true,
  };
  const provider = new Provider(issuer, {
    jwks: { keys: [signing.jwk] },
    cookies: { keys: ['for tests only'] },
    clients: [
      { ...shared, client_id: 'basic', client_secret: 'a secret: 100% & more' },
      {
        ...shared,
        client_id: 'post',
        client_secret: 'another secret',
        token_endpoint_auth_method: 'client_secret_post',
      },
      known.keys.length > 0 && {
        ...shared,
        client_id: 'key',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: known,
      },
    ].filter(Boolean),
    findAccount: (ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username'],
      groups: ['groups'],
    },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
    loadExistingGrant: async (ctx) => {
      const { client, session, params } = ctx.oidc;
      const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope(params.scope);
      await grant.save();
      return grant;
    },
  });
  provider.use(async (ctx, next) => {
    if (broken.includes(ctx.path)) {
      ctx.status = 500;
      return;
    }
    await next();
    if (ctx.path === '/jwks') ctx.body.keys.push(...published);
    if (ctx.path === '/token' && tamper && ctx.body?.id_token) {
      ctx.body.id_token = await tampered(ctx.body.id_token, tamper);
    }
  });
  handle = provider.callback();
}

async function control(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const said = JSON.parse(Buffer.concat(parts).toString() || 'null');
  if (request.url === '/control/people') people = said;
  if (request.url === '/control/tamper') tamper = said;
  if (request.url === '/control/break') broken = said;
  if (request.url === '/control/publish') published = said;
  if (request.url === '/control/know') {
    known = said;
    build();
  }
  if (request.url === '/control/rotate') {
    await makeKeys();
    build();
  }
  response.end(request.url === '/control/logout' ? await logoutToken(said) : 'done');
}

await makeKeys();
build();
const server = http.createServer((request, response) =>
  request.url.startsWith('/control/') ? control(request, response) : handle(request, response),
);
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
console.log('ready');
