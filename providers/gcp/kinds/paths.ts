/** `…/zones/europe-west1-b` → `europe-west1-b`; null stays null. */
export function lastSegment(url: string | null | undefined): string | null {
  if (url === null || url === undefined || url === "") return null;
  return url.slice(url.lastIndexOf("/") + 1);
}

/** `europe-west1-b` → `europe-west1`; zones such as `us-south1-ai1b` have longer endings than one letter. */
export function regionOfZone(zone: string): string {
  const end = zone.lastIndexOf("-");
  return end === -1 ? zone : zone.slice(0, end);
}

/** `https://compute.googleapis.com/compute/v1/projects/p/zones/z/disks/d` → `projects/p/zones/z/disks/d`. */
export function pathOfSelfLink(selfLink: string): string {
  const start = selfLink.indexOf("projects/");
  return start === -1 ? selfLink : selfLink.slice(start);
}

/** The region that a location names: `zones/europe-west1-b`, `regions/europe-west1`, with or without a longer path before. */
export function regionOfLocation(location: string): string {
  const name = lastSegment(location) ?? "global";
  return /(^|\/)zones\//.test(location) ? regionOfZone(name) : name;
}
