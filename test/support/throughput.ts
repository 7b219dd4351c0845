import type { DataSource } from "typeorm";

/** Length of the windows in which jobs are counted: of 20 jobs a second, one more or less does not matter. */
const windowSeconds = 8;

/**
 * Jobs per second in the best eight seconds of a period, by the column `at` of the table `effects`. NaN when the period
 * is shorter. Times are those of PostgreSQL's clock.
 */
export async function bestRate(database: DataSource, from: Date, to: Date): Promise<number> {
  const [row]: { best: number | null }[] = await database.query(
    `SELECT max(n)::float / $3 AS best FROM (
       SELECT at, count(*) OVER (
         ORDER BY at RANGE BETWEEN CURRENT ROW AND make_interval(secs => $3) FOLLOWING
       ) AS n
       FROM effects WHERE at BETWEEN $1 AND $2
     ) AS windows
     WHERE at <= $2::timestamptz - make_interval(secs => $3)`,
    [from, to, windowSeconds],
  );
  return row?.best ?? Number.NaN;
}

/** Jobs whose effect and whose `done` in the ledger are not both there; each job has one of each. */
export async function countHalfWritten(database: DataSource): Promise<number> {
  const [row]: { n: number }[] = await database.query(
    `SELECT count(*)::integer AS n
     FROM effects FULL JOIN (SELECT credential_id FROM job_runs WHERE state = 'done') AS done
       ON done.credential_id = effects.run
     WHERE effects.run IS NULL OR done.credential_id IS NULL`,
  );
  return row?.n ?? Number.NaN;
}
