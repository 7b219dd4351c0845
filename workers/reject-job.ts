import type { QueueName } from "../queues/contract.ts";
import { emptyJobRejection, type Rejection } from "../queues/raw-job.ts";
import { redactData, redactRawText } from "../runtime/redact.ts";
import { storableData, storableId, storableText } from "../runtime/storable.ts";
import { keepRejectedJob } from "../tables/rejected-jobs.ts";
import type { Services } from "./services.ts";

/** What BullMQ made of an entry of its list; of an entry that is no job it makes a job without a name. */
export interface DeliveredEntry {
  id?: string | undefined;
  name: unknown;
  timestamp: unknown;
  data: unknown;
}

/** How much of what was delivered is kept as text, in characters. */
const longestRaw = 16 * 1024;

/**
 * Refuses what is no job at all, such as a message that was pushed onto the list: keeps it in the ledger as rejected
 * and says why. Undefined for a job. Throws the driver's error when the ledger cannot be reached.
 */
export async function rejectEmptyJob(
  queue: QueueName,
  services: Pick<Services, "database">,
  entry: DeliveredEntry,
): Promise<Rejection | undefined> {
  const id = entry.id ?? "";
  const rejection = emptyJobRejection(id, entry.name, entry.timestamp);
  if (!rejection) return undefined;
  const hasTime = rejection.reason === "NAME_MISSING";
  const isGhost = !hasTime && typeof entry.name !== "string";
  const text = isGhost ? id : JSON.stringify(storableData(entry.data));
  await keepRejectedJob(services.database, {
    queue,
    jobId: storableId(redactRawText(id)),
    queuedAt: hasTime ? new Date(Number(entry.timestamp)) : null,
    reason: rejection.reason,
    message: rejection.message,
    payload: parse(text),
    raw: redactRawText(storableText(text.slice(0, longestRaw))),
    userId: null,
  });
  return rejection;
}

function parse(text: string): unknown {
  if (text.length > longestRaw) return null;
  try {
    return redactData(storableData(JSON.parse(text)));
  } catch {
    return null;
  }
}
