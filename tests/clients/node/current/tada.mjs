// gql.tada takes the schema from the address, and TypeScript checks documents against it.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { check, headers, url } from "./operations.mjs";

const run = promisify(execFile);
const cwd = fileURLToPath(new URL("./tada", import.meta.url));
const bin = (name) => fileURLToPath(new URL(`./node_modules/.bin/${name}`, import.meta.url));

export async function tada() {
  await check("gql.tada 1", "types", async () => {
    const header = `authorization: ${headers.authorization}`;
    await run(bin("gql.tada"), ["generate-schema", url, "--header", header, "--output", "schema.graphql"], { cwd });
    await run(bin("gql.tada"), ["generate-output", "--output", "graphql-env.d.ts"], { cwd });
    await run(bin("tsc"), ["--project", "."], { cwd });
  });
}
