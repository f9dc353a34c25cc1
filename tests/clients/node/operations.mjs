// The operations that every client runs, and how a check is told: one JSON object a line.
export const ME = "query Me { me { owner } }";
export const CREATE =
  "mutation Create($input: CreateAccountsInput!) { createAccounts(input: $input) { successCount accounts { name } } }";
export const UPLOAD = "mutation Send($file: Upload!) { uploadFile(file: $file) { file { bytes } } }";
export const PAGE =
  "query Page($after: String) { accounts(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }";
export const CHANGES = "subscription Changes { accountChanges { deletedAccountId account { id name } } }";
export const REFUSED = "query Refused { accounts(first: 100000) { totalCount } }";
export const REFUSED_STREAM = 'subscription RefusedStream { jobProgress(ids: ["job_1"]) { id } }';

export const [url, token] = process.argv.slice(2);
export const socketUrl = url.replace("http", "ws");
export const headers = { authorization: `Bearer ${token}` };
// A browser asks first whether a page may send it, so that no form of another site can upload.
export const preflight = { "graphql-require-preflight": "true" };
export const connectionParams = { authorization: headers.authorization };

export const account = (name) => ({ accounts: [{ name, type: "DOMESTIC", sessionId: `session-of-${name.replaceAll(" ", "-")}` }] });
// The smallest picture: one pixel.
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const picture = () => new File([Buffer.from(PNG, "base64")], "pixel.png", { type: "image/png" });
export const PICTURE_BYTES = Buffer.from(PNG, "base64").length;

const SECONDS = 100;

export function same(actual, expected) {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`got ${JSON.stringify(actual)}, wanted ${JSON.stringify(expected)}`);
}

export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${SECONDS} s`)), SECONDS * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function check(client, what, run) {
  let error = null;
  try {
    await within(run(), what);
  } catch (caught) {
    error = String(caught?.stack ?? caught) + " " + JSON.stringify(caught);
  }
  console.log(JSON.stringify({ client, check: what, error }));
}

// All pages by cursor; page(after) gives a connection.
export async function pages(page) {
  const seen = [];
  let after = null;
  do {
    const { nodes, pageInfo } = await page(after);
    seen.push(...nodes.map((node) => node.id));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  if (seen.length < 5 || new Set(seen).size !== seen.length) throw new Error(`pages gave ${seen}`);
}

// subscribe(next, error) starts a subscription and gives a function that ends it; resolves with its first result.
export function first(subscribe) {
  return new Promise((resolve, reject) => {
    let end = null;
    const settle = (done) => (value) => {
      done(value);
      setTimeout(() => end?.(), 0);
    };
    end = subscribe(settle(resolve), settle(reject));
  });
}

// Checks that go on over a restart of the server: each begins, all are told to be waiting, then each must have another
// result after the restart, which the reader of our output makes.
const restarts = [];
export function overRestart(client, what, subscribe) {
  restarts.push({ client, what, subscribe });
}
export async function runRestarts() {
  const running = restarts.map(({ client, what, subscribe }) => {
    let results = 0;
    let onResult = () => {};
    let failure = null;
    const end = subscribe(
      () => {
        results += 1;
        onResult();
      },
      (error) => {
        failure = error;
        onResult();
      },
    );
    const more = (count) =>
      new Promise((resolve, reject) => {
        onResult = () => (failure ? reject(failure) : results >= count && resolve());
        onResult();
      });
    return { client, what, end, more, count: () => results };
  });
  await Promise.all(running.map(({ more, what }) => within(more(1), what).catch(() => {})));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = running.map(({ count }) => count());
  console.log(JSON.stringify({ waiting: "restart" }));
  await new Promise((resolve) => process.stdin.once("data", resolve));
  await Promise.all(running.map(({ client, what, more }, i) => check(client, what, () => more(before[i] + 1))));
  running.forEach(({ end }) => end());
}
