import type { Effect } from "../faults.ts";

/** An HTTP answer before it is sent. */
export interface Answer {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

interface Problem {
  message: string;
  /** `reason` of the older error form. */
  reason: string;
  domain?: string;
  /** `status` of the newer error form. */
  status?: string;
  /** `reason` of google.rpc.ErrorInfo. */
  info?: string;
}

/** An error answer in Google's JSON; the parts that an API leaves out are left out here. */
export function problem(code: number, { message, reason, domain, status, info }: Problem): Answer {
  const error = {
    code,
    message,
    errors: [{ message, domain: domain ?? "global", reason }],
    ...(status === undefined ? {} : { status }),
    ...(info === undefined ? {} : { details: [errorInfo(info)] }),
  };
  return { status: code, body: { error } };
}

function errorInfo(reason: string): object {
  const type = "type.googleapis.com/google.rpc.ErrorInfo";
  return { "@type": type, reason, domain: "googleapis.com", metadata: {} };
}

/** As Google answers a call without a token that it knows. */
export const unauthenticated = problem(401, {
  message: "Request had invalid authentication credentials. Expected OAuth 2 access token.",
  reason: "authError",
  status: "UNAUTHENTICATED",
  info: "CREDENTIALS_MISSING",
});

/** Also Google's answer for a project that does not exist. */
export const permissionDenied = problem(403, {
  message: "The caller does not have permission",
  reason: "forbidden",
  status: "PERMISSION_DENIED",
});

/** The API is off in the project. */
export function serviceDisabled(api: string, projectNumber: string): Answer {
  return problem(403, {
    message: `${api} API has not been used in project ${projectNumber} before or it is disabled.`,
    reason: "accessNotConfigured",
    domain: "usageLimits",
    status: "PERMISSION_DENIED",
    info: "SERVICE_DISABLED",
  });
}

/** The project has no open billing account. */
export function billingDisabled(projectNumber: string): Answer {
  return problem(403, {
    message: `This API method requires billing to be enabled. Enable it on project #${projectNumber}.`,
    reason: "forbidden",
    status: "PERMISSION_DENIED",
    info: "BILLING_DISABLED",
  });
}

/** Compute throttles with 403 and no `status`, the newer APIs with 429. */
function throttled(code: 403 | 429 | 503): Answer {
  const message =
    "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute'";
  if (code === 503) return problem(503, { message: "Backend Error", reason: "backendError" });
  if (code === 403) {
    return problem(403, { message, reason: "rateLimitExceeded", domain: "usageLimits" });
  }
  return problem(429, {
    message,
    reason: "rateLimitExceeded",
    status: "RESOURCE_EXHAUSTED",
    info: "RATE_LIMIT_EXCEEDED",
  });
}

/** The answer that a scripted fault asks for; null where it only alters the normal one. */
export function answerOf(effect: Effect | null, isCompute: boolean): Answer | null {
  if (effect?.kind === "deny") return permissionDenied;
  if (effect?.kind === "error") {
    const reason = effect.code ?? "backendError";
    return problem(effect.status, { message: `Simulated: ${reason}`, reason });
  }
  if (effect?.kind !== "throttle") return null;
  const answer = throttled(effect.status ?? (isCompute ? 403 : 429));
  if (effect.retryAfterSeconds === undefined) return answer;
  return { ...answer, headers: { "retry-after": String(effect.retryAfterSeconds) } };
}
