import { z } from "zod";
import type { CostEntry } from "./account.ts";
import { AwsFailure } from "./failure.ts";
import { cutPage } from "./paging.ts";
import { type AwsCall, type AwsContext, type AwsService, pageSizeOf, textOf } from "./service.ts";

const requestSchema = z.object({
  TimePeriod: z.object({ Start: z.iso.date(), End: z.iso.date() }),
  Granularity: z.literal("DAILY"),
  Metrics: z.array(z.string()).min(1),
  GroupBy: z.array(z.object({ Key: z.enum(["SERVICE", "RECORD_TYPE"]) })).length(2),
});

/** Cost Explorer: JSON 1.1 with the operation in `X-Amz-Target`. */
export const costExplorer: AwsService = {
  contentType: "application/x-amz-json-1.1",
  read(request, body) {
    const target = String(request.headers["x-amz-target"]);
    const parameters = new Map(
      Object.entries(z.record(z.string(), z.unknown()).parse(JSON.parse(body.toString()))),
    );
    const token = textOf(parameters, "NextPageToken");
    return { action: target.split(".")[1] ?? "", token, pageSize: undefined, parameters };
  },
  answer(call, context) {
    if (call.action !== "GetCostAndUsage") {
      throw new AwsFailure(...costExplorer.errors.unknownAction, "No such operation");
    }
    return getCostAndUsage(call, context);
  },
  failure({ code, message }) {
    return JSON.stringify({ __type: code, message });
  },
  errors: {
    unknownKey: [400, "UnrecognizedClientException"],
    wrongSecret: [400, "InvalidSignatureException"],
    denied: [400, "AccessDeniedException"],
    throttled: [400, "LimitExceededException"],
    unknownAction: [400, "UnknownOperationException"],
  },
};

function getCostAndUsage(call: AwsCall, context: AwsContext): string {
  const request = requestSchema.safeParse(Object.fromEntries(call.parameters));
  if (!request.success) throw new AwsFailure(400, "ValidationException", "Malformed request");
  const { TimePeriod, Metrics, GroupBy } = request.data;
  if (TimePeriod.Start >= TimePeriod.End) {
    throw new AwsFailure(400, "ValidationException", "Start date should be before end date");
  }
  const entries = context.account.costs
    .filter(({ date }) => date >= TimePeriod.Start && date < TimePeriod.End)
    .toSorted((a, b) => a.date.localeCompare(b.date));
  const size = pageSizeOf(call, context, 5_000);
  const { items, next } = cutPage(entries, size, call.token, context.effect);
  const keys = GroupBy.map(({ Key }) => Key);
  return JSON.stringify({ ResultsByTime: byDay(items, keys, Metrics), NextPageToken: next });
}

function byDay(entries: CostEntry[], keys: ("SERVICE" | "RECORD_TYPE")[], metrics: string[]) {
  const days = [...new Set(entries.map(({ date }) => date))];
  return days.map((date) => {
    const ofDay = entries.filter((entry) => entry.date === date);
    return {
      TimePeriod: { Start: date, End: dayAfter(date) },
      Estimated: ofDay.some(({ estimated }) => estimated),
      Total: {},
      Groups: ofDay.map((entry) => toGroup(entry, keys, metrics)),
    };
  });
}

function toGroup(entry: CostEntry, keys: ("SERVICE" | "RECORD_TYPE")[], metrics: string[]) {
  const amount = { Amount: entry.amount, Unit: entry.currency };
  return {
    Keys: keys.map((key) => (key === "SERVICE" ? entry.service : entry.recordType)),
    Metrics: Object.fromEntries(metrics.map((metric) => [metric, amount])),
  };
}

function dayAfter(date: string): string {
  const next = new Date(`${date}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}
