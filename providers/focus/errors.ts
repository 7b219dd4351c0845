/** Stable codes of what is wrong with a FOCUS file. */
export type FocusFileCode =
  /** The path leaves the operator's folder, is absolute or no regular file. */
  | "PATH_REFUSED"
  | "NOT_FOUND"
  /** The file has no content at all. */
  | "EMPTY"
  /** Truncated, corrupt, or neither CSV, gzipped CSV nor parquet. */
  | "UNREADABLE"
  | "MISSING_COLUMN"
  /** A cell that is no number, date or text where there must be one. */
  | "BAD_VALUE";

/**
 * A FOCUS file that cannot be loaded. The whole file is refused, never a row of it. The fault is with whoever
 * exported, copied or named the file; trying again does not help.
 */
export class FocusFileError extends Error {
  override readonly name = "FocusFileError";
  readonly fault = "tenant";
  readonly code: FocusFileCode;
  /** The column at fault, by its FOCUS name. */
  readonly column: string | undefined;
  /** The data row at fault; 1 is the first below the header. */
  readonly row: number | undefined;

  constructor(
    code: FocusFileCode,
    message: string,
    facts: { column?: string; row?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.column = facts.column;
    this.row = facts.row;
  }
}
