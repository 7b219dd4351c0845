import type { ServerResponse } from "node:http";
import { breakConnection, type FaultScript } from "../faults.ts";
import { type Answer, answerOf } from "./answer.ts";
import type { GcpState } from "./state.ts";
import { exchangeToken, issuerOf } from "./token.ts";

/** Records and answers a call of the token endpoint (`oauth2:token`); null if its connection was broken. */
export async function answerTokenCall(
  state: GcpState,
  faults: FaultScript,
  form: Record<string, unknown>,
  response: ServerResponse,
): Promise<Answer | null> {
  const principal = issuerOf(form["assertion"]);
  const effect = await faults.meet({ operation: "oauth2:token", region: null, principal, page: 1 });
  if (breakConnection(effect, response)) return null;
  return answerOf(effect, false) ?? exchangeToken(state, form);
}
