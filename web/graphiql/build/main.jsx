// The explorer on /graphql: queries by fetch, subscriptions by graphql-transport-ws, both to this very address.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createRoot } from "react-dom/client";
import "./page.css";

const endpoint = new URL(window.location.pathname, window.location.href);
const subscriptionUrl = new URL(endpoint);
subscriptionUrl.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

const WELCOME = `# Ekonte: Ctrl-Space completes, Ctrl-Enter runs.
# A token goes under Headers, for subscriptions too:
# { "Authorization": "Bearer …" }

{
  me {
    owner
    scopes
  }
}
`;

const fetcher = createGraphiQLFetcher({ url: endpoint.href, subscriptionUrl: subscriptionUrl.href });

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL fetcher={fetcher} defaultQuery={WELCOME} defaultEditorToolsVisibility="headers" />,
);
