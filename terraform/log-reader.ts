import { open } from "node:fs/promises";
import { isMissing } from "./missing-file.ts";

const newline = 0x0a;
const chunkBytes = 64 * 1024;

/**
 * Reads the complete lines that were added to a log file since the last call. A last line that is still
 * being written waits for its end. The offset can be stored and a later reader started from it.
 */
export class LogReader {
  readonly #path: string;
  /** Start of the first line that was not returned yet. */
  #offset: number;

  /** @param offset bytes of the file that were read before. */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** Bytes up to the end of the last complete line that was returned. */
  get offset(): number {
    return this.#offset;
  }

  /** The new complete lines, in order; none while the file does not exist. */
  async *lines(): AsyncGenerator<string> {
    const file = await open(this.#path, "r").catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (!file) return;
    try {
      let position = this.#offset;
      let pending: Buffer[] = [];
      for (;;) {
        const { bytesRead, buffer } = await file.read({
          buffer: Buffer.alloc(chunkBytes),
          position,
        });
        if (bytesRead === 0) return;
        position += bytesRead;
        let rest = buffer.subarray(0, bytesRead);
        for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
          const line = Buffer.concat([...pending, rest.subarray(0, end)]);
          pending = [];
          rest = rest.subarray(end + 1);
          this.#offset += line.length + 1;
          if (line.length > 0) yield line.toString("utf8");
        }
        if (rest.length > 0) pending.push(rest);
      }
    } finally {
      await file.close();
    }
  }
}
