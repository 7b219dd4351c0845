import { startServices } from "../../local/services.ts";

// A process that tests kill: it starts the services below the given folder, says where, and stays.
const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: hold-services.ts FOLDER");
const environment = {};
const services = await startServices({ folder, environment, temporary: true, fsync: false });
process.stdout.write(`${JSON.stringify(services)}\n`);
