import { Command, InvalidArgumentError, Option } from "commander";
import { storableText } from "../runtime/storable.ts";
import type { OutputFormat } from "./output.ts";

/** A command with the option that every command has. */
export function command(name: string, description: string): Command {
  const format = formatOption().default("text");
  return new Command(name).description(description).addOption(format).exitOverride();
}

/** A command that only holds others. Options before the name of an inner one are its own, those behind it are not. */
export function group(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(formatOption())
    .enablePositionalOptions()
    .exitOverride();
}

function formatOption(): Option {
  return new Option("-o, --output <format>", "how to print the result").choices(["text", "json"]);
}

/** Options of every command. */
export interface CommonOptions {
  output: OutputFormat;
}

/** Reads a database id. */
export function id(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 2_147_483_647) {
    throw new InvalidArgumentError("expected a positive integer.");
  }
  return value;
}

/** Reads a JSON object that PostgreSQL stores. */
export function jsonObject(text: string): Record<string, unknown> {
  const value = json(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError("expected a JSON object.");
  }
  JSON.parse(text, assertStorable);
  return { ...value };
}

function assertStorable(name: string, value: unknown): unknown {
  const texts = [name, value].filter((part) => typeof part === "string");
  if (texts.every((part) => storableText(part) === part)) return value;
  throw new InvalidArgumentError("NUL and halves of characters cannot be stored.");
}

/** Reads any JSON value. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("expected JSON.");
  }
}

/** Reads a number of seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 24 * 60 * 60)) {
    throw new InvalidArgumentError("expected a number of seconds, a day at most.");
  }
  return value;
}

/** Reads a text for a column of 255 characters. */
export function shortText(text: string): string {
  const problem = nameProblem(text, 255);
  if (problem) throw new InvalidArgumentError(`${problem}.`);
  return text;
}

/** What keeps a text from being stored as a name of so many characters, or null. */
export function nameProblem(text: string, longest: number): string | null {
  if (text.trim() === "") return "expected a text that is not empty";
  if (text.includes("\0")) return "NUL cannot be stored";
  return Array.from(text).length > longest ? `expected at most ${longest} characters` : null;
}
