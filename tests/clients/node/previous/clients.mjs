// Earlier versions that are still in use, unchanged, as their documentation says.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { getMainDefinition } from "@apollo/client/utilities/index.js";
import { Client as Urql5, fetchExchange as fetch5, subscriptionExchange as subscription5 } from "@urql/core";
import createUploadLink from "apollo-upload-client/createUploadLink.mjs";
import { createClient as createWs } from "graphql-ws";
import { Client as Urql4, fetchExchange as fetch4, subscriptionExchange as subscription4 } from "urql-core-4";
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

async function urql(name, Client, fetchExchange, subscriptionExchange) {
  const ws = sockets();
  const client = new Client({
    url,
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: ws.subscribe({ ...request, query: request.query ?? "" }, sink) }),
        }),
      }),
    ],
    fetchOptions: { headers: { ...headers, ...ops.preflight } },
  });
  const data = async (result) => {
    const { data, error } = await result;
    if (error) throw error;
    return data;
  };
  const follow = (client) => (next, error) =>
    client.subscription(ops.CHANGES, {}).subscribe((r) => (r.error ? error(r.error) : r.data && next(r.data))).unsubscribe;
  await check(name, "query", async () => same((await data(client.query(ops.ME, {}))).me.owner, "mira"));
  await check(name, "mutation", async () =>
    same((await data(client.mutation(ops.CREATE, { input: ops.account(name) }))).createAccounts.successCount, 1));
  await check(name, "upload", async () =>
    same((await data(client.mutation(ops.UPLOAD, { file: ops.picture() }))).uploadFile.file.bytes, ops.PICTURE_BYTES));
  await check(name, "paging", () => pages(async (after) => (await data(client.query(ops.PAGE, { after }))).accounts));
  await check(name, "errors", async () => {
    const { error } = await client.query(ops.REFUSED, {});
    same(error.graphQLErrors[0].extensions.code, "BAD_USER_INPUT");
  });
  await check(name, "websocket", () => first(follow(client)));
  const streams = new Client({ url, exchanges: [fetchExchange], fetchSubscriptions: true, fetchOptions: { headers } });
  await check(name, "sse", () => first(follow(streams)));
  overRestart(name, "reconnect", follow(client));
}

async function apollo() {
  const name = "Apollo Client 3";
  const link = ApolloLink.split(
    ({ query }) => getMainDefinition(query).operation === "subscription",
    new GraphQLWsLink(sockets()),
    createUploadLink({ uri: url, headers: { ...headers, ...ops.preflight } }),
  );
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const follow = (next, error) => {
    const s = client.subscribe({ query: gql(ops.CHANGES) }).subscribe({ next: (r) => next(r.data), error });
    return () => s.unsubscribe();
  };
  await check(name, "query", async () => same((await client.query({ query: gql(ops.ME) })).data.me.owner, "mira"));
  await check(name, "mutation", async () =>
    same((await client.mutate({ mutation: gql(ops.CREATE), variables: { input: ops.account("apollo3") } })).data.createAccounts.successCount, 1));
  await check(name, "upload", async () =>
    same((await client.mutate({ mutation: gql(ops.UPLOAD), variables: { file: ops.picture() } })).data.uploadFile.file.bytes, ops.PICTURE_BYTES));
  await check(name, "paging", () => pages(async (after) => (await client.query({ query: gql(ops.PAGE), variables: { after } })).data.accounts));
  await check(name, "errors", async () => {
    const error = await client.query({ query: gql(ops.REFUSED) }).catch((error) => error);
    same(error.graphQLErrors?.[0].extensions.code, "BAD_USER_INPUT");
  });
  await check(name, "websocket", () => first(follow));
  await check(name, "persisted", async () => {
    const seen = [];
    const counted = (input, init) => (seen.push(init.method), fetch(input, init));
    const persisted = createPersistedQueryLink({ sha256, useGETForHashedQueries: true });
    const client = new ApolloClient({
      link: persisted.concat(new HttpLink({ uri: url, headers, fetch: counted })), cache: new InMemoryCache(),
    });
    const document = { query: gql("query Apollo3Persisted { me { owner } }"), fetchPolicy: "network-only" };
    await client.query(document);
    await client.query(document);
    same(seen, ["GET", "POST", "GET"]);
  });
  overRestart(name, "reconnect", follow);
}

await urql("urql 4", Urql4, fetch4, subscription4);
await urql("urql 5", Urql5, fetch5, subscription5);
await apollo();
await ops.runRestarts();
process.exit(0);
