import type { googleAuthLibrary } from "google-gax";
import type { ServiceAccountKey } from "./service-account.ts";

/** google-auth-library in the version that the generated clients use: they take no other's client. */
export type GoogleAuthClient = googleAuthLibrary.JWT;

/** Where google-auth-library exchanges a signed assertion for a token; built in, whatever the key file's token_uri says. */
const builtInTokenUrl = "https://oauth2.googleapis.com/token";

/** Reading is all we do. Compute and Storage do not take `cloud-platform.read-only`, so each is named. */
const scopes = [
  "https://www.googleapis.com/auth/cloud-platform.read-only",
  "https://www.googleapis.com/auth/compute.readonly",
  "https://www.googleapis.com/auth/devstorage.read_only",
];

export interface AuthOptions {
  /** The operator's token endpoint in place of Google's. */
  tokenUrl?: string | undefined;
  /** Milliseconds for each HTTP exchange made through this client, API calls included. */
  timeout: number;
}

/**
 * Makes an auth client with an empty token cache. Its transporter carries the generated clients' API calls too, and
 * is the one place where their time limit works: over REST they ignore `timeout` of gax call options.
 */
export async function openAuth(
  key: ServiceAccountKey,
  options: AuthOptions,
): Promise<GoogleAuthClient> {
  const { googleAuthLibrary } = await import("google-gax");
  const auth = new googleAuthLibrary.JWT({
    email: key.clientEmail,
    key: key.privateKey,
    ...(key.privateKeyId === null ? {} : { keyId: key.privateKeyId }),
    scopes,
    transporterOptions: {
      timeout: options.timeout,
      // The token exchange brings its own retry of three; ours (call.ts) is the only one.
      retryConfig: { retry: 0, noResponseRetries: 0 },
    },
  });
  redirectTokenExchange(auth, options.tokenUrl);
  return auth;
}

function redirectTokenExchange(auth: GoogleAuthClient, tokenUrl: string | undefined): void {
  if (tokenUrl === undefined) return;
  auth.transporter.interceptors.request.add({
    resolved: async (request) => {
      if (request.url.href === builtInTokenUrl) request.url = new URL(tokenUrl);
      return request;
    },
  });
}
