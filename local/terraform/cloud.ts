import type { Fields } from "./value.ts";

/** Something that exists in the simulated clouds. */
export interface CloudObject {
  /** Terraform's resource type. */
  type: string;
  id: string;
  /** What a read answers. Changed by a test, it is drift. */
  attributes: Fields;
  createdAt: Date;
  /** Configuration of the provider that created it: region, credentials given in HCL. */
  configuration: Fields;
}

/** What exists, whatever terraform knows of it. Outlives every terraform process. */
export class FakeCloud {
  readonly #objects = new Map<string, CloudObject>();
  #created = 0;

  /** Everything, oldest first. */
  get objects(): CloudObject[] {
    return [...this.#objects.values()];
  }

  /** Objects of a type, oldest first. */
  ofType(type: string): CloudObject[] {
    return this.objects.filter((object) => object.type === type);
  }

  find(type: string, id: string): CloudObject | undefined {
    return this.#objects.get(`${type}/${id}`);
  }

  put(object: CloudObject): void {
    this.#objects.set(`${object.type}/${object.id}`, object);
  }

  /** Removes an object, as terraform does or as somebody behind terraform's back. */
  remove(type: string, id: string): void {
    this.#objects.delete(`${type}/${id}`);
  }

  /** The next number for ids, from 1. */
  nextNumber(): number {
    this.#created += 1;
    return this.#created;
  }
}
