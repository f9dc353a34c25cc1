// The present versions of the clients of JavaScript, unchanged, as their documentation says.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";
import { GraphQLClient } from "graphql-request";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";
import * as ops from "./operations.mjs";

const { check, same, first, pages, overRestart, url, headers } = ops;
// Browsers and Node.js from 22 on have it; Apollo's link looks for it.
globalThis.WebSocket ??= WebSocket;
const sha256 = async (text) => createHash("sha256").update(text).digest("hex");
const sockets = () =>
  createWs({
    url: ops.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: ops.connectionParams,
    retryAttempts: 1000,
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 300)),
  });
const counted = () => {
  const seen = [];
  return [seen, (input, init) => (seen.push({ input: String(input), method: init?.method ?? "GET" }), fetch(input, init))];
};

async function urql() {
  const ws = sockets();
  const client = new Client({
    url,
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: ws.subscribe({ ...request, query: request.query ?? "" }, sink) }),
        }),
      }),
    ],
    fetchOptions: { headers: { ...headers, ...ops.preflight } },
    preferGetMethod: false,
  });
  const data = async (result) => {
    const { data, error } = await result;
    if (error) throw error;
    return data;
  };
  const name = "urql 6";
  const follow = (client) => (next, error) =>
    client.subscription(ops.CHANGES, {}).subscribe((r) => (r.error ? error(r.error) : r.data && next(r.data))).unsubscribe;
  await check(name, "query", async () => same(await data(client.query(ops.ME, {})), { me: { owner: "mira", __typename: "Viewer" } }));
  await check(name, "mutation", async () =>
    same((await data(client.mutation(ops.CREATE, { input: ops.account("urql") }))).createAccounts.successCount, 1));
  await check(name, "upload", async () =>
    same((await data(client.mutation(ops.UPLOAD, { file: ops.picture() }))).uploadFile.file.bytes, ops.PICTURE_BYTES));
  await check(name, "paging", () => pages(async (after) => (await data(client.query(ops.PAGE, { after }))).accounts));
  await check(name, "errors", async () => {
    const { error } = await client.query(ops.REFUSED, {});
    same(error.graphQLErrors[0].extensions.code, "BAD_USER_INPUT");
  });
  await check(name, "websocket", () => first(follow(client)));
  const streams = new Client({ url, exchanges: [fetchExchange], fetchSubscriptions: true, fetchOptions: { headers }, preferGetMethod: false });
  await check(name, "sse", () => first(follow(streams)));
  await check(name, "persisted", async () => {
    const [seen, fetch] = counted();
    const client = new Client({
      url, fetch, exchanges: [persistedExchange({ preferGetForPersistedQueries: true, generateHash: sha256 }), fetchExchange],
      fetchOptions: { headers }, preferGetMethod: false,
    });
    const document = "query UrqlPersisted { me { owner } }";
    await data(client.query(document, {}));
    await data(client.query(document, {}, { requestPolicy: "network-only" }));
    // The hash, the hash with the document, and the hash again.
    same(seen.map(({ input }) => new URL(input).searchParams.has("query")), [false, true, false]);
  });
  overRestart(name, "reconnect", follow(client));
}

async function apollo() {
  const ws = sockets();
  const http = new UploadHttpLink({ uri: url, headers: { ...headers, ...ops.preflight } });
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, new GraphQLWsLink(ws), http);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const name = "Apollo Client 4";
  const follow = (next, error) => {
    const s = client.subscribe({ query: gql(ops.CHANGES) }).subscribe({ next: (r) => (r.error ? error(r.error) : next(r.data)), error });
    return () => s.unsubscribe();
  };
  await check(name, "query", async () => same((await client.query({ query: gql(ops.ME) })).data.me.owner, "mira"));
  await check(name, "mutation", async () =>
    same((await client.mutate({ mutation: gql(ops.CREATE), variables: { input: ops.account("apollo") } })).data.createAccounts.successCount, 1));
  await check(name, "upload", async () =>
    same((await client.mutate({ mutation: gql(ops.UPLOAD), variables: { file: ops.picture() } })).data.uploadFile.file.bytes, ops.PICTURE_BYTES));
  await check(name, "paging", () => pages(async (after) => (await client.query({ query: gql(ops.PAGE), variables: { after } })).data.accounts));
  await check(name, "errors", async () => {
    const error = await client.query({ query: gql(ops.REFUSED) }).catch((error) => error);
    same([CombinedGraphQLErrors.is(error), error.errors?.[0].extensions.code], [true, "BAD_USER_INPUT"]);
  });
  await check(name, "websocket", () => first(follow));
  await check(name, "persisted", async () => {
    const [seen, fetch] = counted();
    const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
    const client = new ApolloClient({ link: persisted.concat(new HttpLink({ uri: url, headers, fetch })), cache: new InMemoryCache() });
    const document = { query: gql("query ApolloPersisted { me { owner } }"), fetchPolicy: "network-only" };
    await client.query(document);
    await client.query(document);
    same(seen.map(({ method }) => method), ["GET", "POST", "GET"]);
  });
  overRestart(name, "reconnect", follow);
}

async function graphqlRequest() {
  const client = new GraphQLClient(url, { headers });
  const name = "graphql-request 7";
  await check(name, "query", async () => same(await client.request(ops.ME), { me: { owner: "mira" } }));
  await check(name, "mutation", async () =>
    same((await client.request(ops.CREATE, { input: ops.account("request") })).createAccounts.successCount, 1));
  await check(name, "paging", () => pages(async (after) => (await client.request(ops.PAGE, { after })).accounts));
  await check(name, "errors", async () => {
    const error = await client.request(ops.REFUSED).catch((error) => error);
    same(error.response.errors[0].extensions.code, "BAD_USER_INPUT");
  });
}

async function overProtocol(name, client, kind) {
  const once = (query, variables) =>
    new Promise((resolve, reject) => {
      let result;
      client.subscribe({ query, variables }, { next: (r) => (result = r), error: reject, complete: () => resolve(result) });
    });
  const follow = (next, error) => client.subscribe({ query: ops.CHANGES }, { next, error, complete: () => {} });
  await check(name, "query", async () => same((await once(ops.ME)).data, { me: { owner: "mira" } }));
  await check(name, "mutation", async () =>
    same((await once(ops.CREATE, { input: ops.account(kind) })).data.createAccounts.successCount, 1));
  await check(name, "paging", () => pages(async (after) => (await once(ops.PAGE, { after })).data.accounts));
  await check(name, "errors", async () => {
    same((await once(ops.REFUSED)).errors[0].extensions.code, "BAD_USER_INPUT");
    // Before the execution: a WebSocket's message `error`, a stream's only result.
    const invalid = await once("{ nope }").then((result) => result.errors, (errors) => errors);
    same(invalid[0].extensions.code, "BAD_USER_INPUT");
    const deep = await once("{ me " + "{ me ".repeat(30) + "}".repeat(31)).then((result) => result.errors, (errors) => errors);
    same(typeof deep[0].extensions.code, "string");
  });
  await check(name, kind, () => first(follow));
  overRestart(name, "reconnect", follow);
}

await urql();
await apollo();
await graphqlRequest();
await overProtocol("graphql-ws 6", sockets(), "websocket");
await overProtocol(
  "graphql-sse 2",
  createSse({ url, headers, retryAttempts: 1000, retry: () => new Promise((resolve) => setTimeout(resolve, 300)) }),
  "sse",
);
await (await import("./relay.mjs")).relay();
await (await import("./tada.mjs")).tada();
await ops.runRestarts();
process.exit(0);
