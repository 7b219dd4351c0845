const day = 24 * 60 * 60;

/**
 * How long Redis keeps finished jobs; BullMQ's default is for ever, which fills the memory of every installation
 * sooner or later. The ledger keeps the history. A finished job must stay longer than clocks of schedulers differ,
 * or a late replica enqueues the same slot again.
 */
export const retention = {
  removeOnComplete: { age: day, count: 5_000 },
  removeOnFail: { age: 14 * day, count: 50_000 },
};

/** Entries of a queue's event stream that Redis keeps. */
export const eventStreamLength = 10_000;
