import type {
  CostExplorer,
  GetCostAndUsageCommandInput,
  Group,
  ResultByTime,
} from "@aws-sdk/client-cost-explorer";
import type { CostLine, CostWindow } from "../provider.ts";
import { brokenAnswer } from "./errors.ts";
import { send } from "./send.ts";

const operation = "ce:GetCostAndUsage";

/** All in one request: the price is per request, $0.01, whatever the number of metrics. */
const request = {
  Granularity: "DAILY",
  Metrics: [
    "UnblendedCost",
    "NetUnblendedCost",
    "AmortizedCost",
    "NetAmortizedCost",
    "BlendedCost",
  ],
  // RECORD_TYPE keeps credits, refunds, tax and fees apart from usage.
  GroupBy: [
    { Type: "DIMENSION", Key: "SERVICE" },
    { Type: "DIMENSION", Key: "RECORD_TYPE" },
  ],
} satisfies Partial<GetCostAndUsageCommandInput>;

/**
 * Streams the account's daily costs by service and record type, a page of Cost Explorer at a time. Each page is a
 * request that the account pays $0.01 for.
 */
export async function* dailyCosts(
  costExplorer: CostExplorer,
  accountId: string,
  window: CostWindow,
  signal: AbortSignal,
): AsyncGenerator<CostLine[]> {
  const TimePeriod = { Start: window.start, End: window.end };
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const NextPageToken = token;
    const answer = await send(operation, signal, (options) =>
      costExplorer.getCostAndUsage({ ...request, TimePeriod, NextPageToken }, options),
    );
    token = answer.NextPageToken;
    if (token && seen.has(token)) throw brokenAnswer(operation, "AWS repeated a page token");
    if (token) seen.add(token);
    yield (answer.ResultsByTime ?? []).flatMap((day) => linesOfDay(day, accountId));
  } while (token);
}

function linesOfDay(day: ResultByTime, accountId: string): CostLine[] {
  return (day.Groups ?? []).map((group) => toLine(group, day, accountId));
}

/** Throws `PROVIDER_UNAVAILABLE` for a group without an amount: it must not pass as zero. */
function toLine(group: Group, day: ResultByTime, accountId: string): CostLine {
  const metrics = group.Metrics ?? {};
  const cost = metrics["UnblendedCost"];
  const date = day.TimePeriod?.Start;
  if (!cost?.Amount || !cost.Unit || !date) {
    throw brokenAnswer(operation, "AWS stated a cost without an amount, currency or day");
  }
  const [service, recordType] = group.Keys ?? [];
  return {
    provider: "aws",
    accountId,
    service: service ?? null,
    resourceId: null,
    cost: cost.Amount,
    currency: cost.Unit,
    date,
    // A bill of AWS is a calendar month in UTC.
    billingPeriod: date.slice(0, 7),
    metadata: {
      record_type: recordType ?? null,
      net_unblended_cost: metrics["NetUnblendedCost"]?.Amount ?? null,
      amortized_cost: metrics["AmortizedCost"]?.Amount ?? null,
      net_amortized_cost: metrics["NetAmortizedCost"]?.Amount ?? null,
      blended_cost: metrics["BlendedCost"]?.Amount ?? null,
      estimated: day.Estimated ?? false,
    },
  };
}
