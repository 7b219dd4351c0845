/** Ids of jobs that the ledger made, as PostgreSQL writes them. Others, which it refuses, are ids of Redis alone. */
export const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
