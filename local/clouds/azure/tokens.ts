import { randomUUID } from "node:crypto";

/** What a token says about its bearer. */
export interface TokenClaims {
  tenantId: string;
  clientId: string;
  /** Origin of the API that the token is good for. */
  audience: string;
  expiresAt: number;
}

/** Lifetime that the real authority gives to tokens of applications, in seconds. */
export const tokenLifetimeSeconds = 3_599;

/** Tokens that were given out. They stay good until they expire, even when their secret is revoked, as Azure's do. */
export class TokenLedger {
  private readonly claims = new Map<string, TokenClaims>();

  mint(tenantId: string, clientId: string, scope: string): string {
    const token = `simulated.${randomUUID()}`;
    const audience = scope.replace(/\/\.default$/, "");
    const expiresAt = Date.now() + tokenLifetimeSeconds * 1_000;
    this.claims.set(token, { tenantId, clientId, audience, expiresAt });
    return token;
  }

  /** The claims of the bearer token in an Authorization header; null if we did not give it out or it has expired. */
  read(authorization: string | undefined): TokenClaims | null {
    const claims = this.claims.get(authorization?.replace(/^Bearer /, "") ?? "");
    return claims !== undefined && claims.expiresAt > Date.now() ? claims : null;
  }
}
