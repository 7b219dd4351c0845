// Preloaded into our own processes. Their standard input is a pipe from whoever started them: it ends when that process
// ends, however it ends, and nobody is left who would stop them.
process.stdin.on("end", () => process.exit(1));
process.stdin.resume();
// It alone is no reason to stay.
process.stdin.unref();
