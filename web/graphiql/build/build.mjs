// Bundles GraphiQL into ../graphiql.js and ../graphiql.css, with the licences of all that is inside in ../LICENSES.txt.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const result = await build({
  absWorkingDir: here,
  entryPoints: { graphiql: "main.jsx" },
  outdir: "..",
  bundle: true,
  minify: true,
  metafile: true,
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".woff": "dataurl", ".woff2": "dataurl", ".ttf": "dataurl", ".svg": "dataurl" },
});

function packageOf(path) {
  const parts = path.split("/");
  const at = parts.lastIndexOf("node_modules");
  if (at < 0) return null;
  const length = parts[at + 1].startsWith("@") ? 3 : 2;
  return parts.slice(0, at + length).join("/");
}

// GraphiQL's style sheet holds these fonts without naming them in any package.json; their licences come from packages
// of the same fonts.
const FONTS = ["node_modules/@fontsource/roboto", "node_modules/@fontsource/fira-code"];

const folders = [...new Set(Object.keys(result.metafile.inputs).map(packageOf).filter(Boolean)), ...FONTS];
const entries = new Map();
for (const folder of folders) {
  const about = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
  const file = readdirSync(join(here, folder)).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(here, folder, file), "utf8").trim() : "(the package holds no licence file)";
  entries.set(`${about.name} ${about.version}`, `${about.name} ${about.version}: ${about.license}\n\n${text}\n`);
}
const rule = `\n${"-".repeat(100)}\n\n`;
const sorted = [...entries.keys()].sort().map((name) => entries.get(name));
writeFileSync(join(here, "..", "LICENSES.txt"), sorted.join(rule));
console.log(`${entries.size} packages bundled`);
