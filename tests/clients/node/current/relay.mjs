// Relay's runtime with the network layer of its documentation, and documents that its compiler has compiled.
import { Environment, Network, Observable, RecordSource, Store, commitMutation, fetchQuery, requestSubscription } from "relay-runtime";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import * as ops from "./operations.mjs";

const { check, same, first, pages, overRestart } = ops;
const compiled = async (name) => (await import(`./__generated__/${name}.graphql.js`)).default;

async function fetchGraphQL(request, variables, cacheConfig, uploadables) {
  const body = { query: request.text, variables };
  const init = { method: "POST", headers: { ...ops.headers } };
  if (uploadables) {
    const form = new FormData();
    form.append("operations", JSON.stringify(body));
    form.append("map", JSON.stringify(Object.fromEntries(Object.keys(uploadables).map((key) => [key, [`variables.${key}`]]))));
    for (const [key, file] of Object.entries(uploadables)) form.append(key, file);
    Object.assign(init.headers, ops.preflight);
    init.body = form;
  } else {
    init.headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  return await (await fetch(ops.url, init)).json();
}

export async function relay() {
  const name = "Relay 21";
  const ws = createClient({
    url: ops.socketUrl, webSocketImpl: WebSocket, connectionParams: ops.connectionParams, retryAttempts: 1000,
    shouldRetry: () => true, retryWait: () => new Promise((resolve) => setTimeout(resolve, 300)),
  });
  const subscribe = (operation, variables) =>
    Observable.create((sink) => ws.subscribe({ operationName: operation.name, query: operation.text, variables }, sink));
  const environment = new Environment({
    network: Network.create(fetchGraphQL, subscribe), store: new Store(new RecordSource()), relayFieldLogger: () => {},
  });
  const query = async (document, variables) => fetchQuery(environment, await compiled(document), variables).toPromise();
  const mutate = async (document, variables, uploadables) => {
    const mutation = await compiled(document);
    return new Promise((resolve, reject) =>
      commitMutation(environment, { mutation, variables, uploadables, onError: reject,
        onCompleted: (response, errors) => (errors ? reject(errors) : resolve(response)) }));
  };
  const changes = await compiled("clientsChangesSubscription");
  const follow = (next, error) => {
    const { dispose } = requestSubscription(environment, { subscription: changes, variables: {}, onNext: next, onError: error });
    return dispose;
  };
  // The compiler has checked the documents against the schema.
  await check(name, "types", async () => same(typeof changes.params.text, "string"));
  await check(name, "query", async () => same((await query("clientsMeQuery", {})).me.owner, "mira"));
  await check(name, "mutation", async () =>
    same((await mutate("clientsCreateMutation", { input: ops.account("relay") })).createAccounts.successCount, 1));
  await check(name, "upload", async () =>
    same((await mutate("clientsSendMutation", { file: null }, { file: ops.picture() })).uploadFile.file.bytes, ops.PICTURE_BYTES));
  await check(name, "paging", () => pages(async (after) => (await query("clientsPageQuery", { after })).accounts));
  await check(name, "errors", async () => {
    // Errors of mutations are the second argument of onCompleted; those of queries are thrown where a component reads
    // the field, with @throwOnFieldError.
    const errors = await mutate("clientsCreateMutation", { input: { accounts: [] } }).catch((errors) => errors);
    same(errors[0]?.extensions?.code, "BAD_USER_INPUT");
  });
  await check(name, "websocket", () => first(follow));
  overRestart(name, "reconnect", follow);
}
