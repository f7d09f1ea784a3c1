// `node start.mjs own|shared`: make the subject, ready for its first request, and end.
import { make } from "./subject.mjs";

await make(process.argv[2] === "shared");
process.exit(0);
