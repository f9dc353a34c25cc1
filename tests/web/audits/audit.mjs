// Runs the audits of graphql-http against the address given and prints each one's outcome as a line of JSON.
import { auditServer } from "graphql-http";

for (const result of await auditServer({ url: process.argv[2] })) {
  console.log(JSON.stringify({ id: result.id, name: result.name, status: result.status, reason: result.reason ?? null }));
}
