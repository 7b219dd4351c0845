import { createVerify, randomUUID } from "node:crypto";
import type { Answer } from "./answer.ts";
import type { GcpState, ServiceAccount } from "./state.ts";

interface Claims {
  iss: string;
  iat: number;
  exp: number;
}

interface Assertion {
  claims: Claims;
  /** The part that is signed. */
  signed: string;
  signature: string;
}

/** Lifetime of an assertion that Google accepts, in seconds, and how far its clock may be off. */
const longestLife = 3600;
const tolerance = 300;

/** Exchanges a signed assertion for an access token, and refuses in the words of Google's token endpoint. */
export function exchangeToken(state: GcpState, form: Record<string, unknown>): Answer {
  if (form["grant_type"] !== "urn:ietf:params:oauth:grant-type:jwt-bearer") {
    return refused("unsupported_grant_type", `Invalid grant_type: ${String(form["grant_type"])}`);
  }
  const assertion = readAssertion(form["assertion"]);
  if (assertion === null) return refused("invalid_request", "Missing or malformed assertion");
  const account = state.serviceAccounts.get(assertion.claims.iss);
  if (account === undefined) return refused("invalid_grant", "Invalid grant: account not found");
  if (account.isRevoked || !isSignedBy(account, assertion)) {
    return refused("invalid_grant", "Invalid JWT Signature.");
  }
  if (!isTimely(assertion.claims, (Date.now() + state.clockAhead) / 1000)) {
    return refused(
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
    );
  }
  const token = `ya29.${randomUUID()}`;
  state.tokens.set(token, account.email);
  return { status: 200, body: { access_token: token, expires_in: 3599, token_type: "Bearer" } };
}

/** Who makes the assertion, whether or not it is good; null if it cannot be read. */
export function issuerOf(assertion: unknown): string | null {
  return readAssertion(assertion)?.claims.iss ?? null;
}

function readAssertion(text: unknown): Assertion | null {
  if (typeof text !== "string") return null;
  const [header, payload, signature] = text.split(".");
  if (header === undefined || payload === undefined || signature === undefined) return null;
  const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
  if (!isClaims(claims)) return null;
  return { claims, signed: `${header}.${payload}`, signature };
}

function isClaims(value: unknown): value is Claims {
  if (typeof value !== "object" || value === null) return false;
  return "iss" in value && typeof value.iss === "string" && "iat" in value && "exp" in value;
}

function isSignedBy({ publicKey }: ServiceAccount, { signed, signature }: Assertion): boolean {
  return createVerify("RSA-SHA256").update(signed).verify(publicKey, signature, "base64url");
}

function isTimely({ iat, exp }: Claims, now: number): boolean {
  return iat <= now + tolerance && exp >= now - tolerance && exp - iat <= longestLife;
}

function refused(error: string, error_description: string): Answer {
  return { status: 400, body: { error, error_description } };
}
